//! Oval seals 椭圆章, as for invoices: the name along the upper arc, lines in the middle and below.

use super::{
    DrawError,
    canvas::Canvas,
    fits,
    letters::{Letters, Place},
};

/// What is drawn.
#[derive(Clone, Debug)]
pub struct OvalSeal<'a> {
    /// The name along the arc, 2 to 30 characters.
    pub name: &'a str,
    /// Width and height on paper, millimetres; 20 to 60 and 15 to 45, wider than high.
    pub size_mm: (f64, f64),
    /// A line in the middle, such as a tax number; up to 20 characters.
    pub middle: Option<&'a str>,
    /// A line below, such as 发票专用章; up to 12 characters.
    pub line: Option<&'a str>,
}

impl OvalSeal<'_> {
    /// Draws the seal; the answer is an SVG of outlines, in hundredths of a millimetre.
    ///
    /// # Errors
    /// See [`DrawError`].
    pub fn draw(&self) -> Result<String, DrawError> {
        let (width, height) = self.size_mm;
        if !(20.0..=60.0).contains(&width) || !(15.0..=45.0).contains(&height) || width <= height {
            return Err(DrawError::Size(
                "an oval seal is 20 to 60 mm wide, 15 to 45 mm high, and wider than high",
            ));
        }
        fits("a name to be drawn", self.name, 2, 30)?;
        let letters = Letters::load()?;
        let mut canvas = Canvas::new(width, height);
        let high = (height * 50.0) as f32;
        let (a, b) = canvas.ring(high * 0.07);
        let letter = high * 0.27;
        let gap = high * 0.06 + letter / 2.0;
        let path = Ellipse::new(a - gap, b - gap);
        let count = self.name.chars().count() as f32;
        let natural = letter * 1.35 * (count - 1.0);
        let length = natural.max(path.whole() * 0.3).min(path.whole() * 0.62);
        let step = length / (count - 1.0).max(1.0);
        letters.along(&mut canvas, self.name, letter, step, |index| {
            path.at(index as f32 * step - length / 2.0)
        })?;
        if let Some(middle) = self.middle {
            fits("the middle line of a seal", middle, 1, 20)?;
            letters.line(&mut canvas, middle, high * 0.08, high * 0.2, a * 1.2)?;
        }
        if let Some(line) = self.line {
            fits("the line of a seal", line, 2, 12)?;
            letters.line(&mut canvas, line, high * 0.5, high * 0.24, a)?;
        }
        Ok(canvas.finish())
    }
}

/// An ellipse that can be walked along.
struct Ellipse {
    half: (f32, f32),
    /// The length from the top clockwise, at equal steps of the parameter.
    lengths: Vec<f32>,
}

const STEPS: usize = 3600;

impl Ellipse {
    fn new(a: f32, b: f32) -> Self {
        let point = |step: usize| {
            let t = step as f32 / STEPS as f32 * std::f32::consts::TAU;
            (a * t.sin(), -b * t.cos())
        };
        let mut sum = 0.0;
        let mut lengths = vec![0.0];
        for step in 1..=STEPS {
            let ((x0, y0), (x1, y1)) = (point(step - 1), point(step));
            sum += (x1 - x0).hypot(y1 - y0);
            lengths.push(sum);
        }
        Self { half: (a, b), lengths }
    }

    fn whole(&self) -> f32 {
        self.lengths.last().copied().unwrap_or_default()
    }

    /// The place at a length from the top, clockwise.
    fn at(&self, length: f32) -> Place {
        let wanted = length.rem_euclid(self.whole());
        let step = self.lengths.partition_point(|seen| *seen < wanted);
        let t = step as f32 / STEPS as f32 * std::f32::consts::TAU;
        let (a, b) = self.half;
        let (x, y) = (a * t.sin(), -b * t.cos());
        // The normal of the curve.
        let turn = (x / (a * a)).atan2(-y / (b * b));
        Place { x, y, turn }
    }
}
