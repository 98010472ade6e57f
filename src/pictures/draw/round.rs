//! Round seals: a ring, an emblem, the name along the upper arc, perhaps a line below the emblem and
//! a number along the lower arc.

use std::f32::consts::PI;

use serde::{Deserialize, Serialize};
use tiny_skia::{Path, PathBuilder};
use utoipa::ToSchema;

use super::{
    DrawError,
    canvas::Canvas,
    fits,
    letters::{Letters, Place},
};
use crate::pictures::Vector;

/// Names up to this length stand on one arc, longer ones on two.
const ONE_ARC: usize = 20;

/// The rank of an organization, which tells the diameter of its seal (国发〔1999〕25号).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rank {
    /// 国务院: 60 mm.
    StateCouncil,
    /// 省、自治区、直辖市人民政府, 国务院组成部门: 50 mm.
    Province,
    /// 副部级, 部委管理的国家局: 45 mm.
    ViceMinistry,
    /// 地级市、州、县、区人民政府: 45 mm.
    City,
    /// 乡镇人民政府, 街道办事处: 42 mm.
    Township,
    /// 事业单位、企业、社会团体: 42 mm.
    Institution,
    /// 专用章: 38 mm.
    Special,
}

impl Rank {
    /// The diameter of the seal, millimetres.
    pub fn diameter_mm(self) -> f64 {
        match self {
            Self::StateCouncil => 60.0,
            Self::Province => 50.0,
            Self::ViceMinistry | Self::City => 45.0,
            Self::Township | Self::Institution => 42.0,
            Self::Special => 38.0,
        }
    }
}

/// What stands in the middle.
#[derive(Clone, Debug, Default)]
pub enum Emblem {
    /// The five-pointed star 五角星.
    #[default]
    Star,
    /// Nothing.
    None,
    /// A picture of one's own, such as the national emblem 国徽.
    Own(Box<Vector>),
}

/// What is drawn.
#[derive(Clone, Debug)]
pub struct RoundSeal<'a> {
    /// The name along the arc, left to right, 2 to 40 characters.
    pub name: &'a str,
    /// The diameter on paper, millimetres, 30 to 60.
    pub diameter_mm: f64,
    /// What stands in the middle.
    pub emblem: Emblem,
    /// A line below the emblem, such as 业务专用章; up to 16 characters.
    pub line: Option<&'a str>,
    /// A number along the lower arc 防伪编码, up to 20 characters.
    pub number: Option<&'a str>,
}

impl RoundSeal<'_> {
    /// Draws the seal; the answer is an SVG of outlines, in hundredths of a millimetre.
    ///
    /// # Errors
    /// See [`DrawError`].
    pub fn draw(&self) -> Result<String, DrawError> {
        if !(30.0..=60.0).contains(&self.diameter_mm) {
            return Err(DrawError::Size("a round seal is 30 to 60 mm wide"));
        }
        fits("a name to be drawn", self.name, 2, 40)?;
        let letters = Letters::load()?;
        let mut canvas = Canvas::new(self.diameter_mm, self.diameter_mm);
        let radius = (self.diameter_mm * 50.0) as f32;
        // 1.2 mm at 42 mm.
        let (inner, _) = canvas.ring(radius * 0.057);
        let free = inner - radius * 0.045;

        let characters: Vec<char> = self.name.chars().collect();
        let two = characters.len() > ONE_ARC;
        let widest: f32 = if self.line.is_some() || self.number.is_some() { 240.0 } else { 270.0 };
        if two {
            // The outer arc is longer and takes more.
            let (outer, inside) = characters.split_at((characters.len() * 3).div_ceil(5));
            let height = radius * 0.21;
            arc(&letters, &mut canvas, outer, free - height / 2.0, height, widest)?;
            let widest = if self.line.is_some() { 190.0 } else { 230.0 };
            arc(&letters, &mut canvas, inside, free - height * 1.65, height, widest)?;
        } else {
            let height = radius * if characters.len() > 12 { 0.27 } else { 0.3 };
            arc(&letters, &mut canvas, &characters, free - height / 2.0, height, widest)?;
        }
        self.emblem(&mut canvas, radius * if two { 0.21 } else { 1.0 / 3.0 })?;
        if let Some(line) = self.line {
            fits("the line of a seal", line, 2, 16)?;
            let y = if two { 0.44 } else { 0.55 };
            letters.line(&mut canvas, line, radius * y, radius * 0.2, radius * 1.05)?;
        }
        if let Some(number) = self.number {
            fits("the number of a seal", number, 1, 20)?;
            let number: Vec<char> = number.chars().collect();
            lower_arc(&letters, &mut canvas, &number, inner, radius)?;
        }
        Ok(canvas.finish())
    }

    fn emblem(&self, canvas: &mut Canvas, radius: f32) -> Result<(), DrawError> {
        match &self.emblem {
            Emblem::Star => {
                if let Some(star) = star(radius) {
                    canvas.fill(&star);
                }
            }
            Emblem::Own(emblem) => {
                let scale = f64::from(radius) * 2.0 / emblem.width.max(emblem.height);
                let size = (emblem.width * scale, emblem.height * scale);
                canvas.put(&emblem.elements(scale)?, size);
            }
            Emblem::None => {}
        }
        Ok(())
    }
}

/// A star about the middle, one point up.
fn star(radius: f32) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for point in 0..10 {
        // The inner points of a regular pentagram lie at 0.381966 of the radius.
        let length = if point % 2 == 0 { radius } else { radius * 0.381_966 };
        let angle = (point as f32) * PI / 5.0;
        let (px, py) = (length * angle.sin(), -length * angle.cos());
        if point == 0 { builder.move_to(px, py) } else { builder.line_to(px, py) }
    }
    builder.close();
    builder.finish()
}

/// Sets a name along an upper arc about the middle, its characters' feet inward.
fn arc(
    letters: &Letters,
    canvas: &mut Canvas,
    characters: &[char],
    radius: f32,
    height: f32,
    widest: f32,
) -> Result<(), DrawError> {
    let count = characters.len() as f32;
    // Few characters stand as far apart as they are wide; many share the widest arc.
    let natural = (height * 1.35 / radius) * (count - 1.0);
    let sweep = natural.max(if count > 3.0 { 1.9 } else { 0.0 }).min(widest.to_radians());
    let turn = sweep / (count - 1.0).max(1.0);
    let text: String = characters.iter().collect();
    letters.along(canvas, &text, height, turn * radius, |index| {
        let turn = index as f32 * turn - sweep / 2.0;
        Place { x: radius * turn.sin(), y: -radius * turn.cos(), turn }
    })
}

/// Sets a number along the lower edge, left to right, its characters' feet outward.
fn lower_arc(
    letters: &Letters,
    canvas: &mut Canvas,
    characters: &[char],
    inner: f32,
    radius: f32,
) -> Result<(), DrawError> {
    let height = radius * 0.08;
    let radius = inner - radius * 0.025 - height / 2.0;
    let text: String = characters.iter().collect();
    let step = height * 0.72;
    let turn = step / radius;
    let first = turn * (characters.len() as f32 - 1.0) / 2.0;
    letters.along(canvas, &text, height, step, |index| {
        let turn = first - index as f32 * turn;
        Place { x: -radius * turn.sin(), y: radius * turn.cos(), turn }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(name: &str) -> RoundSeal<'_> {
        RoundSeal { name, diameter_mm: 42.0, emblem: Emblem::Star, line: None, number: None }
    }

    #[test]
    fn a_missing_character_is_an_error_and_never_a_blank_box() {
        let private = "示例市\u{e123}局";
        assert_eq!(seal(private).draw().unwrap_err(), DrawError::MissingGlyph('\u{e123}'));
    }

    #[test]
    fn names_of_two_to_forty_characters_are_drawn() {
        for count in [2, 4, 12, 20, 21, 40] {
            let name = "章".repeat(count);
            let drawn = seal(&name).draw().unwrap();
            // The star, and every character once.
            assert_eq!(drawn.matches("<path").count(), count + 1);
        }
        for count in [1, 41] {
            let name = "章".repeat(count);
            assert!(matches!(seal(&name).draw(), Err(DrawError::Length { .. })));
        }
    }
}
