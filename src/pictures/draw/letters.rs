//! Characters as outlines, set along curves and lines or stretched into cells.

use std::sync::Arc;

use tiny_skia::{Path, PathBuilder, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::{DrawError, canvas::Canvas};
use crate::pictures::font::{Font, chinese_font};

/// Characters are narrowed to this part of their height before they are made smaller.
const NARROWEST: f32 = 0.5;
/// How far the square of a Chinese character reaches below the baseline, in parts of its height.
const BELOW: f32 = 0.12;

/// The font in which seals are cut.
pub(super) struct Letters(Arc<Font>);

/// Where a character stands: its middle and the direction of its feet, radians clockwise from down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) turn: f32,
}

impl Letters {
    pub(super) fn load() -> Result<Self, DrawError> {
        Ok(Self(chinese_font()?))
    }

    fn face(&self) -> Result<Face<'_>, DrawError> {
        Face::parse(&self.0.data, self.0.index).map_err(|_| DrawError::NoFont)
    }

    /// Sets characters evenly on places `step` apart, in letters of at most the given height.
    pub(super) fn along(
        &self,
        canvas: &mut Canvas,
        text: &str,
        height: f32,
        step: f32,
        place: impl Fn(usize) -> Place,
    ) -> Result<(), DrawError> {
        let wide = (step * 0.9).min(height);
        let high = height.min(wide / NARROWEST);
        for (index, character) in text.chars().enumerate() {
            self.cell(canvas, character, place(index), (wide, high))?;
        }
        Ok(())
    }

    /// Sets a line of text about a middle, not wider than `widest`.
    pub(super) fn line(
        &self,
        canvas: &mut Canvas,
        text: &str,
        y: f32,
        height: f32,
        widest: f32,
    ) -> Result<(), DrawError> {
        let advances: Vec<f32> =
            text.chars().map(|c| Ok(self.advance(c)? * 1.06)).collect::<Result<_, DrawError>>()?;
        let natural: f32 = advances.iter().sum();
        let narrowed = (widest / (natural * height)).min(1.0);
        let high = height * (narrowed / NARROWEST).min(1.0);
        let unit = (narrowed * height / high).min(1.0) * high;
        let mut x = -natural * unit / 2.0;
        for (character, advance) in text.chars().zip(advances) {
            let wide = advance * unit;
            let place = Place { x: x + wide / 2.0, y, turn: 0.0 };
            self.cell(canvas, character, place, (wide / 1.06, high))?;
            x += wide;
        }
        Ok(())
    }

    /// Stretches a character into a box.
    pub(super) fn cell(
        &self,
        canvas: &mut Canvas,
        character: char,
        place: Place,
        (wide, high): (f32, f32),
    ) -> Result<(), DrawError> {
        let face = self.face()?;
        let glyph = glyph(&face, character)?;
        let em = f32::from(face.units_per_em());
        let advance = f32::from(face.glyph_hor_advance(glyph).unwrap_or(face.units_per_em()));
        let transform = Transform::from_translate(place.x, place.y)
            .pre_rotate(place.turn.to_degrees())
            .pre_scale(wide / advance, -high / em)
            .pre_translate(-advance / 2.0, (BELOW - 0.5) * em);
        let mut outline = Outline(PathBuilder::new());
        face.outline_glyph(glyph, &mut outline);
        if let Some(path) = outline.0.finish().and_then(|path: Path| path.transform(transform)) {
            canvas.fill(&path);
        }
        Ok(())
    }

    /// How wide a character is, in parts of its height.
    fn advance(&self, character: char) -> Result<f32, DrawError> {
        let face = self.face()?;
        let advance = face.glyph_hor_advance(glyph(&face, character)?);
        Ok(f32::from(advance.unwrap_or(face.units_per_em())) / f32::from(face.units_per_em()))
    }
}

fn glyph(face: &Face<'_>, character: char) -> Result<GlyphId, DrawError> {
    face.glyph_index(character).ok_or(DrawError::MissingGlyph(character))
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
