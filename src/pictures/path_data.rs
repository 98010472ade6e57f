//! Outlines in the words of SVG.

use tiny_skia::{Path, PathSegment};

/// The data of an SVG path.
pub(super) fn data(path: &Path) -> String {
    let mut text = String::new();
    for segment in path.segments() {
        text.push_str(&match segment {
            PathSegment::MoveTo(p) => format!("M{:.2} {:.2}", p.x, p.y),
            PathSegment::LineTo(p) => format!("L{:.2} {:.2}", p.x, p.y),
            PathSegment::QuadTo(c, p) => format!("Q{:.2} {:.2} {:.2} {:.2}", c.x, c.y, p.x, p.y),
            PathSegment::CubicTo(a, b, p) => {
                format!("C{:.2} {:.2} {:.2} {:.2} {:.2} {:.2}", a.x, a.y, b.x, b.y, p.x, p.y)
            }
            PathSegment::Close => "Z".to_owned(),
        });
    }
    text
}
