//! Outlines as path objects of an OFD (GB/T 33190 §9): the vector form of a picture.

use tiny_skia::{PathSegment, Transform};

use super::{Vector, VectorError};

impl Vector {
    /// The outlines as `PathObject` elements of a page of the given size, millimetres; identifiers
    /// count on from `first`.
    ///
    /// # Errors
    /// An outline cannot be scaled to the page.
    pub fn ofd_objects(
        &self,
        (wide, high): (f64, f64),
        first: usize,
    ) -> Result<String, VectorError> {
        let scale = (wide / self.width, high / self.height);
        let larger = Transform::from_scale(scale.0 as f32, scale.1 as f32);
        let line = (scale.0 + scale.1) / 2.0;
        let colour = |[r, g, b]: [u8; 3]| format!("{r} {g} {b}");
        let mut text = String::new();
        for (number, shape) in self.shapes.iter().enumerate() {
            let path = shape.path.clone().transform(larger).ok_or(VectorError::TooLarge)?;
            let fill = shape.fill.is_some();
            let mut attributes = format!(
                "ID=\"{}\" Boundary=\"0 0 {wide} {high}\" Fill=\"{fill}\" Stroke=\"{}\"",
                first + number,
                shape.stroke.is_some(),
            );
            if let Some((_, true)) = shape.fill {
                attributes.push_str(" Rule=\"Even-Odd\"");
            }
            let mut colours = String::new();
            if let Some((ink, stroke)) = &shape.stroke {
                let join = match stroke.line_join {
                    tiny_skia::LineJoin::Round => "Round",
                    tiny_skia::LineJoin::Bevel => "Bevel",
                    _ => "Miter",
                };
                let cap = match stroke.line_cap {
                    tiny_skia::LineCap::Butt => "Butt",
                    tiny_skia::LineCap::Round => "Round",
                    tiny_skia::LineCap::Square => "Square",
                };
                attributes.push_str(&format!(
                    " LineWidth=\"{:.4}\" Join=\"{join}\" Cap=\"{cap}\" MiterLimit=\"{}\"",
                    f64::from(stroke.width) * line,
                    stroke.miter_limit,
                ));
                colours = format!("<ofd:StrokeColor Value=\"{}\"/>", colour(*ink));
            }
            if let Some((ink, _)) = shape.fill {
                colours.push_str(&format!("<ofd:FillColor Value=\"{}\"/>", colour(ink)));
            }
            text.push_str(&format!(
                "<ofd:PathObject {attributes}>{colours}<ofd:AbbreviatedData>{}</ofd:AbbreviatedData>\
                 </ofd:PathObject>\n",
                abbreviated(&path)
            ));
        }
        Ok(text)
    }
}

/// `AbbreviatedData`: M begins, L and B and Q draw, C closes.
fn abbreviated(path: &tiny_skia::Path) -> String {
    let parts = path.segments().map(|segment| match segment {
        PathSegment::MoveTo(p) => format!("M {:.4} {:.4}", p.x, p.y),
        PathSegment::LineTo(p) => format!("L {:.4} {:.4}", p.x, p.y),
        PathSegment::QuadTo(c, p) => format!("Q {:.4} {:.4} {:.4} {:.4}", c.x, c.y, p.x, p.y),
        PathSegment::CubicTo(a, b, p) => {
            format!("B {:.4} {:.4} {:.4} {:.4} {:.4} {:.4}", a.x, a.y, b.x, b.y, p.x, p.y)
        }
        PathSegment::Close => "C".to_owned(),
    });
    parts.collect::<Vec<_>>().join(" ")
}
