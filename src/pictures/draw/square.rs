//! Square name seals 电子名章: the name in columns from right to left.

use super::{
    DrawError,
    canvas::Canvas,
    fits,
    letters::{Letters, Place},
};

/// What is drawn.
#[derive(Clone, Debug)]
pub struct SquareSeal<'a> {
    /// The name, 2 to 12 characters.
    pub name: &'a str,
    /// The side on paper, millimetres, 10 to 40.
    pub side_mm: f64,
}

impl SquareSeal<'_> {
    /// Draws the seal; the answer is an SVG of outlines, in hundredths of a millimetre.
    ///
    /// # Errors
    /// See [`DrawError`].
    pub fn draw(&self) -> Result<String, DrawError> {
        if !(10.0..=40.0).contains(&self.side_mm) {
            return Err(DrawError::Size("a square seal is 10 to 40 mm wide"));
        }
        fits("a name to be drawn", self.name, 2, 12)?;
        let letters = Letters::load()?;
        let mut canvas = Canvas::new(self.side_mm, self.side_mm);
        let half = (self.side_mm * 50.0) as f32;
        let (inner, _) = canvas.frame(half * 0.09);
        let side = 2.0 * (inner - half * 0.06);
        let mut rest: Vec<char> = self.name.chars().collect();
        let columns = match rest.len() {
            2 => 1,
            3..=6 => 2,
            _ => 3,
        };
        let wide = side / columns as f32;
        for column in 0..columns {
            // What does not come out even makes the columns on the left longer: the family name
            // of a person with three characters has the right one to itself.
            let here: Vec<char> = rest.drain(..rest.len() / (columns - column)).collect();
            let high = side / here.len().max(1) as f32;
            let x = side / 2.0 - wide * (column as f32 + 0.5);
            for (row, character) in here.iter().enumerate() {
                let y = high * (row as f32 + 0.5) - side / 2.0;
                let place = Place { x, y, turn: 0.0 };
                letters.cell(&mut canvas, *character, place, (wide * 0.94, high * 0.94))?;
            }
        }
        Ok(canvas.finish())
    }
}
