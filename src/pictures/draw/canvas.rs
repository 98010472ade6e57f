//! An SVG under way: outlines in one colour.

use tiny_skia::Path;

use crate::pictures::path_data::data;

/// Official red.
const COLOUR: &str = "#d01010";

/// A picture whose origin is its middle.
pub(super) struct Canvas {
    size_mm: (f64, f64),
    body: String,
}

impl Canvas {
    pub(super) fn new(width_mm: f64, height_mm: f64) -> Self {
        Self { size_mm: (width_mm, height_mm), body: String::new() }
    }

    /// A ring whose outer edge is the edge of the picture; the answer is its inner half axes.
    pub(super) fn ring(&mut self, stroke: f32) -> (f32, f32) {
        let (wide, high) = self.half();
        self.body.push_str(&format!(
            "<ellipse rx=\"{}\" ry=\"{}\" fill=\"none\" stroke=\"{COLOUR}\" \
             stroke-width=\"{stroke}\"/>",
            wide - stroke / 2.0,
            high - stroke / 2.0
        ));
        (wide - stroke, high - stroke)
    }

    /// A frame whose outer edge is the edge of the picture; the answer is its inner half sides.
    pub(super) fn frame(&mut self, stroke: f32) -> (f32, f32) {
        let (wide, high) = self.half();
        let (x, y) = (wide - stroke / 2.0, high - stroke / 2.0);
        self.body.push_str(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" \
             stroke=\"{COLOUR}\" stroke-width=\"{stroke}\"/>",
            -x,
            -y,
            2.0 * x,
            2.0 * y
        ));
        (wide - stroke, high - stroke)
    }

    /// Fills an outline.
    pub(super) fn fill(&mut self, path: &Path) {
        self.body.push_str(&format!("<path d=\"{}\"/>", data(path)));
    }

    /// Puts in what was drawn elsewhere, its middle at ours.
    pub(super) fn put(&mut self, elements: &str, (width, height): (f64, f64)) {
        let (x, y) = (-width / 2.0, -height / 2.0);
        self.body.push_str(&format!("<g transform=\"translate({x:.3} {y:.3})\">{elements}</g>"));
    }

    /// What was drawn, without the frame of a file.
    pub(super) fn into_body(self) -> String {
        self.body
    }

    pub(super) fn finish(self) -> String {
        let (width_mm, height_mm) = self.size_mm;
        let (width, height) = (width_mm * 100.0, height_mm * 100.0);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width_mm}mm\" \
             height=\"{height_mm}mm\" viewBox=\"{} {} {width} {height}\"><g \
             fill=\"{COLOUR}\">{}</g></svg>",
            -width / 2.0,
            -height / 2.0,
            self.body
        )
    }

    fn half(&self) -> (f32, f32) {
        ((self.size_mm.0 * 50.0) as f32, (self.size_mm.1 * 50.0) as f32)
    }
}
