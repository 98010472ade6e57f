//! Text as glyphs of an embedded subset font, and QR codes as squares.

use std::collections::BTreeMap;

use qrcode::{Color, EcLevel, QrCode};
use subsetter::GlyphRemapper;
use ttf_parser::Face;

use super::{DrawError, font::chinese_font};

/// Lines of text with the font that holds their glyphs and no others.
#[derive(Clone, Debug)]
pub struct Typeset {
    /// The font program: the CFF table alone, or a TrueType font.
    pub program: Vec<u8>,
    /// Whether it is CFF.
    pub cff: bool,
    /// Ascent, descent (negative) and bounding box, in thousandths of the size.
    pub ascent: f64,
    /// See `ascent`.
    pub descent: f64,
    /// See `ascent`: left, bottom, right, top.
    pub bounds: [f64; 4],
    /// By glyph: the character and the width in thousandths of the size.
    pub glyphs: BTreeMap<u16, (char, f64)>,
    /// The lines, as glyphs.
    pub lines: Vec<Vec<u16>>,
}

/// Sets lines of text.
///
/// # Errors
/// There is no font, or it lacks a character.
pub fn typeset(lines: &[String]) -> Result<Typeset, DrawError> {
    let font = chinese_font()?;
    let (data, index) = (&font.data, font.index);
    let face = Face::parse(data, index).map_err(|_| DrawError::NoFont)?;
    let thousandths = |units: f64| units * 1000.0 / f64::from(face.units_per_em());
    let mut remapper = GlyphRemapper::new();
    let mut glyphs = BTreeMap::new();
    let mut set = Vec::new();
    for line in lines {
        let mut placed = Vec::new();
        for character in line.chars() {
            let glyph = face.glyph_index(character).ok_or(DrawError::MissingGlyph(character))?;
            let own = remapper.remap(glyph.0);
            let width = f64::from(face.glyph_hor_advance(glyph).unwrap_or(0));
            glyphs.insert(own, (character, thousandths(width)));
            placed.push(own);
        }
        set.push(placed);
    }
    let subset = subsetter::subset(data, index, &remapper).map_err(|_| DrawError::Encoding)?;
    let raw = ttf_parser::RawFace::parse(&subset, 0).map_err(|_| DrawError::Encoding)?;
    let cff = raw.table(ttf_parser::Tag::from_bytes(b"CFF ")).map(<[u8]>::to_vec);
    let bounds = face.global_bounding_box();
    let bounds = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max];
    Ok(Typeset {
        cff: cff.is_some(),
        program: cff.unwrap_or(subset),
        ascent: thousandths(face.ascender().into()),
        descent: thousandths(face.descender().into()),
        bounds: bounds.map(|units| thousandths(units.into())),
        glyphs,
        lines: set,
    })
}

/// A QR code as rows of dark and light squares, without its quiet zone.
///
/// # Errors
/// The text is too long.
pub fn qr_code(text: &str) -> Result<Vec<Vec<bool>>, DrawError> {
    let code =
        QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| DrawError::Encoding)?;
    let colours = code.to_colors();
    Ok(colours
        .chunks(code.width())
        .map(|row| row.iter().map(|colour| *colour == Color::Dark).collect())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subset_holds_its_own_glyphs_only() {
        let lines = ["示例市 2026".to_owned(), "示例".to_owned()];
        let set = typeset(&lines).unwrap();
        assert_eq!(set.glyphs.len(), "示例市 206".chars().count());
        assert_eq!(set.lines[1], set.lines[0][..2]);
        assert!(set.program.len() < 40_000, "{} bytes", set.program.len());
        let private = typeset(&["\u{e000}".to_owned()]);
        assert!(matches!(private, Err(DrawError::MissingGlyph('\u{e000}'))));
        let rows = qr_code("https://example.org/1").unwrap();
        assert!(rows.len() >= 21 && rows.iter().all(|row| row.len() == rows.len()));
    }
}
