//! The mark of a seal that is for tests only 测试.

use super::{
    DrawError,
    canvas::Canvas,
    letters::{Letters, Place},
};

/// What is written over it.
const MARK: &str = "测试";
/// Neither red nor black, so that nobody takes it for a part of the seal.
const GREY: &str = "#606060";

/// Writes 测试 over a seal that was drawn here, an SVG of the given size, millimetres.
///
/// # Errors
/// The font lacks a character, or the SVG is not one of ours.
pub fn mark_for_test(svg: &str, (wide, high): (f64, f64)) -> Result<String, DrawError> {
    let letters = Letters::load()?;
    let mut canvas = Canvas::new(wide, high);
    let height = (wide.min(high) * 30.0) as f32;
    let step = height * 1.1;
    letters.along(&mut canvas, MARK, height, step, |index| Place {
        x: (index as f32 - 0.5) * step,
        y: 0.0,
        turn: 0.0,
    })?;
    let whole = svg.strip_suffix("</svg>").ok_or(DrawError::Encoding)?;
    Ok(format!("{whole}<g fill=\"{GREY}\">{}</g></svg>", canvas.into_body()))
}
