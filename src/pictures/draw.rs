//! A simple round seal: ring, five-pointed star, the name along the upper arc.

use std::sync::{Arc, Mutex, PoisonError};

use fontdb::{Database, Family, Query};
use tiny_skia::{Path, PathBuilder, PathSegment, Transform};
use ttf_parser::{Face, OutlineBuilder};

/// Why a seal cannot be drawn.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DrawError {
    /// No font on this machine has Chinese characters.
    #[error(
        "no font with Chinese characters is installed; install one, such as Debian's fonts-noto-cjk"
    )]
    NoFont,
    /// The font lacks a character; a seal with a blank box would be worse than none.
    #[error("the font has no character {0:?}")]
    MissingGlyph(char),
    /// The name does not fit.
    #[error("a seal name to be drawn has 2 to 40 characters")]
    Length,
    /// The size is not one of a round seal.
    #[error("a round seal is 30 to 60 mm wide")]
    Size,
    /// The picture could not be encoded.
    #[error("the picture could not be made")]
    Encoding,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub struct RoundSeal<'a> {
    /// The name along the arc.
    pub name: &'a str,
    /// The diameter on paper, millimetres.
    pub diameter_mm: f64,
}

impl RoundSeal<'_> {
    /// Draws the seal; the answer is an SVG of outlines, in hundredths of a millimetre.
    ///
    /// # Errors
    /// See [`DrawError`].
    pub fn draw(&self) -> Result<String, DrawError> {
        if !(30.0..=60.0).contains(&self.diameter_mm) {
            return Err(DrawError::Size);
        }
        let count = self.name.chars().count();
        if !(2..=40).contains(&count) {
            return Err(DrawError::Length);
        }
        let side = self.diameter_mm * 100.0;
        let (middle, ring) = ((side / 2.0) as f32, (side * 0.028) as f32);
        let radius = middle - ring / 2.0;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}mm\" height=\"{0}mm\" \
             viewBox=\"0 0 {side} {side}\"><g fill=\"#d01010\"><circle cx=\"{middle}\" \
             cy=\"{middle}\" r=\"{radius}\" fill=\"none\" stroke=\"#d01010\" \
             stroke-width=\"{ring}\"/>",
            self.diameter_mm
        );
        let star = star(middle, middle, middle * 0.3);
        for path in star.into_iter().chain(arc_text(self.name, middle, radius - ring)?) {
            svg.push_str(&format!("<path d=\"{}\"/>", data(&path)));
        }
        svg.push_str("</g></svg>");
        Ok(svg)
    }
}

/// The data of an SVG path.
fn data(path: &Path) -> String {
    let mut text = String::new();
    for segment in path.segments() {
        text.push_str(&match segment {
            PathSegment::MoveTo(p) => format!("M{:.1} {:.1}", p.x, p.y),
            PathSegment::LineTo(p) => format!("L{:.1} {:.1}", p.x, p.y),
            PathSegment::QuadTo(c, p) => format!("Q{:.1} {:.1} {:.1} {:.1}", c.x, c.y, p.x, p.y),
            PathSegment::CubicTo(a, b, p) => {
                format!("C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}", a.x, a.y, b.x, b.y, p.x, p.y)
            }
            PathSegment::Close => "Z".to_owned(),
        });
    }
    text
}

fn star(x: f32, y: f32, radius: f32) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for point in 0..10 {
        // The inner points of a regular pentagram lie at 0.381966 of the radius.
        let length = if point % 2 == 0 { radius } else { radius * 0.381_966 };
        let angle = (point as f32) * std::f32::consts::PI / 5.0;
        let (px, py) = (x + length * angle.sin(), y - length * angle.cos());
        if point == 0 { builder.move_to(px, py) } else { builder.line_to(px, py) }
    }
    builder.close();
    builder.finish()
}

/// The outlines of the characters along the upper arc, evenly spaced, from left to right.
fn arc_text(name: &str, middle: f32, inner: f32) -> Result<Vec<Path>, DrawError> {
    let font = chinese_font()?;
    let face = Face::parse(&font.data, font.index).map_err(|_| DrawError::NoFont)?;
    let characters: Vec<char> = name.chars().collect();
    let count = characters.len() as f32;
    // The arc widens with the name up to 260 degrees; characters shrink after that.
    let sweep = (count * 22.0).clamp(100.0, 260.0).to_radians();
    let height = (inner * 0.3).min(sweep * inner * 0.85 / count);
    let baseline = inner - height * 1.05;
    let step = sweep / (count - 1.0).max(1.0);
    let mut paths = Vec::new();
    for (place, character) in characters.iter().enumerate() {
        let glyph = face.glyph_index(*character).ok_or(DrawError::MissingGlyph(*character))?;
        let scale = height / f32::from(face.units_per_em());
        let advance = f32::from(face.glyph_hor_advance(glyph).unwrap_or(face.units_per_em()));
        let angle = -sweep / 2.0 + step * place as f32;
        let transform = Transform::from_translate(middle, middle)
            .pre_rotate(angle.to_degrees())
            .pre_translate(-advance * scale / 2.0, -baseline)
            .pre_scale(scale, -scale);
        let mut outline = Outline(PathBuilder::new());
        face.outline_glyph(glyph, &mut outline);
        paths.extend(outline.0.finish().and_then(|path| path.transform(transform)));
    }
    Ok(paths)
}

/// The bytes and the index of a font that has Chinese characters; a serif face (宋体) where there
/// is one, as official seals are cut.
pub(super) fn chinese_font() -> Result<Arc<Font>, DrawError> {
    /// Fonts are large and searching for them takes long; they do not change while we run.
    static FOUND: Mutex<Option<Arc<Font>>> = Mutex::new(None);
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(font) = &*found {
        return Ok(Arc::clone(font));
    }
    Ok(Arc::clone(found.insert(Arc::new(find_font()?))))
}

/// A font file, and which of the fonts in it is meant.
pub(super) struct Font {
    pub(super) data: Vec<u8>,
    pub(super) index: u32,
}

fn find_font() -> Result<Font, DrawError> {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    let preferred = [
        "Noto Serif CJK SC",
        "Source Han Serif SC",
        "SimSun",
        "AR PL UMing CN",
        "Noto Sans CJK SC",
        "WenQuanYi Micro Hei",
    ];
    let named = preferred.iter().find_map(|name| {
        fonts.query(&Query { families: &[Family::Name(name)], ..Query::default() })
    });
    let candidates = named.into_iter().chain(fonts.faces().map(|face| face.id));
    for id in candidates {
        let found = fonts.with_face_data(id, |data, index| {
            let has = Face::parse(data, index).is_ok_and(|face| face.glyph_index('章').is_some());
            has.then(|| Font { data: data.to_vec(), index })
        });
        if let Some(Some(font)) = found {
            return Ok(font);
        }
    }
    Err(DrawError::NoFont)
}

struct Outline(PathBuilder);

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }
    fn close(&mut self) {
        self.0.close();
    }
}
