//! Words below a seal: lines in an embedded subset font with its map back to text, and a QR code.

use super::{
    PdfError,
    appearance::POINTS_PER_MM,
    raw::{Dictionary, Object, ObjectId},
    revision::Revision,
};
use crate::pictures::Typeset;

/// The size of the font, points.
const SIZE: f64 = 7.5;
/// From one line to the next, points.
const LEADING: f64 = 9.5;
/// Between the seal and what is below it, points.
const GAP: f64 = 3.0;
/// The side of a QR code with its quiet zone, points: 20 mm.
const CODE: f64 = 20.0 * POINTS_PER_MM;
/// Light squares around a QR code (ISO/IEC 18004).
const QUIET: usize = 4;

/// What is written below a seal.
#[derive(Clone, Debug)]
pub struct CaptionText {
    /// The lines.
    pub text: Typeset,
    /// A QR code, as rows of dark and light squares.
    pub code: Option<Vec<Vec<bool>>>,
}

impl CaptionText {
    /// Width and height, millimetres.
    pub(super) fn size_mm(&self) -> (f64, f64) {
        let widest = self.text.lines.iter().map(|line| self.width(line)).fold(0.0, f64::max);
        let lines = self.text.lines.len() as f64 * LEADING;
        let (wide, high) = match self.code {
            Some(_) => (widest.max(CODE), lines + CODE),
            None => (widest, lines),
        };
        (wide / POINTS_PER_MM, (GAP + high) / POINTS_PER_MM)
    }

    /// The width of a line, points.
    fn width(&self, line: &[u16]) -> f64 {
        let width = |glyph: &u16| self.text.glyphs.get(glyph).map_or(0.0, |(_, width)| *width);
        line.iter().map(width).sum::<f64>() * SIZE / 1000.0
    }

    /// The operators that draw it, in points, centred on `x` and down from `top`.
    pub(super) fn operators(&self, x: f64, top: f64) -> String {
        let mut content = String::from("q 0 g\n");
        let mut below = top - GAP;
        for line in &self.text.lines {
            let left = x - self.width(line) / 2.0;
            let baseline = below - SIZE;
            let glyphs: String = line.iter().map(|glyph| format!("{glyph:04X}")).collect();
            content.push_str(&format!(
                "BT /Text {SIZE} Tf {left:.3} {baseline:.3} Td <{glyphs}> Tj ET\n"
            ));
            below -= LEADING;
        }
        if let Some(rows) = &self.code {
            let square = CODE / (rows.len() + 2 * QUIET) as f64;
            let (left, top) = (x - CODE / 2.0, below);
            // The ground is painted: a code on a picture could not be read.
            let bottom = top - CODE;
            content.push_str(&format!("1 g {left:.3} {bottom:.3} {CODE:.3} {CODE:.3} re f 0 g\n"));
            for (row, squares) in rows.iter().enumerate() {
                for (column, _) in squares.iter().enumerate().filter(|(_, dark)| **dark) {
                    let x = left + (column + QUIET) as f64 * square;
                    let y = top - (row + QUIET + 1) as f64 * square;
                    content.push_str(&format!("{x:.3} {y:.3} {square:.3} {square:.3} re\n"));
                }
            }
            content.push_str("f\n");
        }
        content.push_str("Q\n");
        content
    }

    /// Writes the font (ISO 32000-2 §9.7); returns the Type 0 font.
    pub(super) fn write_font(&self, revision: &mut Revision<'_>) -> Result<ObjectId, PdfError> {
        const SYMBOLIC: i64 = 4;
        let [font, descendant, descriptor, program, unicode] =
            std::array::from_fn(|_| revision.reserve());
        let text = &self.text;
        // A tag of six letters says that it is a subset.
        let name = || Object::name("SEALED+CaptionSubset");
        let number = |value: f64| Object::real(value);
        let (subtype, file) =
            if text.cff { ("CIDFontType0", "FontFile3") } else { ("CIDFontType2", "FontFile2") };
        let mut program_entries = Dictionary::default();
        if text.cff {
            program_entries.set("Subtype", Object::name("CIDFontType0C"));
        } else {
            program_entries.set("Length1", Object::Integer(text.program.len() as i64));
        }
        let deflated = super::appearance::deflate(&text.program);
        program_entries.set("Filter", Object::name("FlateDecode"));
        revision.write_stream(program, program_entries, &deflated)?;
        revision.write_stream(unicode, Dictionary::default(), self.to_unicode().as_bytes())?;
        let entries = [
            ("Type", Object::name("FontDescriptor")),
            ("FontName", name()),
            ("Flags", Object::Integer(SYMBOLIC)),
            ("FontBBox", Object::Array(text.bounds.map(number).to_vec())),
            ("ItalicAngle", Object::Integer(0)),
            ("Ascent", number(text.ascent)),
            ("Descent", number(text.descent)),
            ("CapHeight", number(text.ascent)),
            ("StemV", Object::Integer(80)),
            (file, Object::Reference(program)),
        ];
        revision.write(descriptor, Object::Dictionary(entries.into_iter().collect()))?;
        let widths = text.glyphs.iter().flat_map(|(glyph, (_, width))| {
            [Object::Integer((*glyph).into()), Object::Array(vec![number(*width)])]
        });
        let system = [
            ("Registry", Object::text("Adobe")),
            ("Ordering", Object::text("Identity")),
            ("Supplement", Object::Integer(0)),
        ];
        let mut entries: Dictionary = [
            ("Type", Object::name("Font")),
            ("Subtype", Object::name(subtype)),
            ("BaseFont", name()),
            ("CIDSystemInfo", Object::Dictionary(system.into_iter().collect())),
            ("FontDescriptor", Object::Reference(descriptor)),
            ("DW", Object::Integer(1000)),
            ("W", Object::Array(widths.collect())),
        ]
        .into_iter()
        .collect();
        if !text.cff {
            entries.set("CIDToGIDMap", Object::name("Identity"));
        }
        revision.write(descendant, Object::Dictionary(entries))?;
        let entries = [
            ("Type", Object::name("Font")),
            ("Subtype", Object::name("Type0")),
            ("BaseFont", name()),
            ("Encoding", Object::name("Identity-H")),
            ("DescendantFonts", Object::Array(vec![Object::Reference(descendant)])),
            ("ToUnicode", Object::Reference(unicode)),
        ];
        revision.write(font, Object::Dictionary(entries.into_iter().collect()))?;
        Ok(font)
    }

    /// The map from glyphs to text (ISO 32000-2 §9.10.3).
    fn to_unicode(&self) -> String {
        let mut map = String::from(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
             /CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n\
             /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
             1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
        );
        let entries: Vec<_> = self.text.glyphs.iter().collect();
        for hundred in entries.chunks(100) {
            map.push_str(&format!("{} beginbfchar\n", hundred.len()));
            for (glyph, (character, _)) in hundred {
                let mut units = [0; 2];
                let units = character.encode_utf16(&mut units);
                let text: String = units.iter().map(|unit| format!("{unit:04X}")).collect();
                map.push_str(&format!("<{glyph:04X}> <{text}>\n"));
            }
            map.push_str("endbfchar\n");
        }
        map.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
        map
    }
}
