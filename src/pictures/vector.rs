//! Pictures as outlines: read from SVG, strictly, and turned into pixels where those are needed.
//! Nothing outside of the file is read, and what is not outlines in plain colours is refused.

use tiny_skia::{Color, Paint, PathSegment, Pixmap, Transform};
use usvg::{ImageHrefResolver, Node, Options, tiny_skia_path};

use super::path_data::data;

/// The largest SVG, bytes.
const LARGEST_FILE: usize = 1 << 20;
/// The most outlines.
const MOST_SHAPES: usize = 10_000;
/// The most points of all outlines.
const MOST_POINTS: usize = 500_000;
/// The most elements; they are counted before anything is made of them.
const MOST_ELEMENTS: usize = 40_000;
/// The most pixels that all outlines may cover together at 600 dpi.
const MOST_PIXELS: f64 = 5e8;
/// 600 dots per inch.
const DOTS_PER_MM: f64 = 600.0 / 25.4;

/// Why an SVG is not accepted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VectorError {
    /// The file is too large.
    #[error("the SVG is over 1 MiB, or has over 10000 outlines or 500000 points")]
    TooLarge,
    /// It cannot be read.
    #[error("the SVG cannot be read")]
    NotSvg,
    /// It holds something other than outlines in plain colours.
    #[error("the SVG holds {0}; a seal is made of outlines in plain, opaque colours")]
    Unsupported(&'static str),
    /// There is nothing to be seen.
    #[error("the SVG is empty")]
    Empty,
}

/// An outline with its colours.
#[derive(Clone, Debug)]
pub struct Shape {
    pub(super) path: tiny_skia_path::Path,
    /// Red, green, blue; and whether the even-odd rule tells inside from outside.
    pub(super) fill: Option<([u8; 3], bool)>,
    pub(super) stroke: Option<([u8; 3], tiny_skia_path::Stroke)>,
}

impl Shape {
    /// How wide its line is; none is 0.
    fn line_width(&self) -> f64 {
        self.stroke.as_ref().map_or(0.0, |(_, stroke)| f64::from(stroke.width))
    }
}

/// A picture of outlines.
#[derive(Clone, Debug)]
pub struct Vector {
    /// Width of the picture in its own units.
    pub width: f64,
    /// Height of the picture in its own units.
    pub height: f64,
    pub(super) shapes: Vec<Shape>,
}

impl Vector {
    /// Reads an SVG.
    ///
    /// # Errors
    /// See [`VectorError`].
    pub fn read(text: &str) -> Result<Self, VectorError> {
        if text.len() > LARGEST_FILE {
            return Err(VectorError::TooLarge);
        }
        refuse_elements(text)?;
        let options = Options {
            image_href_resolver: ImageHrefResolver {
                resolve_data: Box::new(|_, _, _| None),
                resolve_string: Box::new(|_, _| None),
            },
            ..Options::default()
        };
        let tree = usvg::Tree::from_str(text, &options).map_err(|_| VectorError::NotSvg)?;
        let mut shapes = Vec::new();
        collect(tree.root(), &mut shapes)?;
        let points: usize = shapes.iter().map(|shape| shape.path.points().len()).sum();
        if shapes.len() > MOST_SHAPES || points > MOST_POINTS {
            return Err(VectorError::TooLarge);
        }
        if shapes.is_empty() {
            return Err(VectorError::Empty);
        }
        let size = tree.size();
        Ok(Self { width: size.width().into(), height: size.height().into(), shapes })
    }

    /// The picture as a PNG at 600 dpi, when it is `width_mm` wide.
    ///
    /// # Errors
    /// It is too large.
    pub fn to_png(&self, width_mm: f64) -> Result<Vec<u8>, VectorError> {
        let scale = width_mm * DOTS_PER_MM / self.width;
        let side = |length: f64| (length * scale).ceil() as u32;
        let mut pixmap =
            Pixmap::new(side(self.width), side(self.height)).ok_or(VectorError::TooLarge)?;
        let transform = Transform::from_scale(scale as f32, scale as f32);
        let area = |shape: &Shape| {
            let (bounds, line) = (shape.path.bounds(), shape.line_width());
            let wide = (f64::from(bounds.width()) + line).min(self.width);
            let high = (f64::from(bounds.height()) + line).min(self.height);
            wide * high * scale * scale
        };
        if self.shapes.iter().map(area).sum::<f64>() > MOST_PIXELS {
            return Err(VectorError::TooLarge);
        }
        for shape in &self.shapes {
            let paint = |[r, g, b]: [u8; 3]| {
                let mut paint = Paint { anti_alias: true, ..Paint::default() };
                paint.set_color(Color::from_rgba8(r, g, b, 255));
                paint
            };
            if let Some((colour, even_odd)) = shape.fill {
                let rule = match even_odd {
                    true => tiny_skia::FillRule::EvenOdd,
                    false => tiny_skia::FillRule::Winding,
                };
                pixmap.fill_path(&shape.path, &paint(colour), rule, transform, None);
            }
            if let Some((colour, stroke)) = &shape.stroke {
                pixmap.stroke_path(&shape.path, &paint(*colour), stroke, transform, None);
            }
        }
        match self.only_ink() {
            Some(ink) => encode_in_one_ink(&pixmap, ink),
            None => pixmap.encode_png().map_err(|_| VectorError::TooLarge),
        }
    }

    /// The colour of all shapes, if they have the same.
    fn only_ink(&self) -> Option<[u8; 3]> {
        let fills = self.shapes.iter().filter_map(|shape| Some(shape.fill?.0));
        let strokes = self.shapes.iter().filter_map(|shape| Some(shape.stroke.as_ref()?.0));
        let mut inks = fills.chain(strokes);
        let first = inks.next()?;
        inks.all(|ink| ink == first).then_some(first)
    }

    /// The outlines as elements of an SVG, larger by a scale, to stand in another picture.
    ///
    /// # Errors
    /// Something stands beyond the picture's edge, where it would not be seen here but there.
    pub(super) fn elements(&self, scale: f64) -> Result<String, VectorError> {
        let colour = |[r, g, b]: [u8; 3]| format!("#{r:02x}{g:02x}{b:02x}");
        let mut text = String::new();
        for shape in &self.shapes {
            let fill = shape.fill.map_or("none".to_owned(), |(rgb, _)| colour(rgb));
            let even_odd = matches!(shape.fill, Some((_, true)));
            let (bounds, half) = (shape.path.bounds(), shape.line_width() / 2.0);
            let beyond = |from: f32, to: f32, side: f64| {
                f64::from(from) - half < -0.01 * side || f64::from(to) + half > 1.01 * side
            };
            if beyond(bounds.left(), bounds.right(), self.width)
                || beyond(bounds.top(), bounds.bottom(), self.height)
            {
                return Err(VectorError::Unsupported("outlines beyond its edge"));
            }
            let larger = Transform::from_scale(scale as f32, scale as f32);
            let path = shape.path.clone().transform(larger).ok_or(VectorError::TooLarge)?;
            text.push_str(&format!("<path d=\"{}\" fill=\"{fill}\"", data(&path)));
            if even_odd {
                text.push_str(" fill-rule=\"evenodd\"");
            }
            if let Some((rgb, stroke)) = &shape.stroke {
                let cap = match stroke.line_cap {
                    tiny_skia_path::LineCap::Butt => "butt",
                    tiny_skia_path::LineCap::Round => "round",
                    tiny_skia_path::LineCap::Square => "square",
                };
                let join = match stroke.line_join {
                    tiny_skia_path::LineJoin::Round => "round",
                    tiny_skia_path::LineJoin::Bevel => "bevel",
                    _ => "miter",
                };
                text.push_str(&format!(
                    " stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"{cap}\" \
                     stroke-linejoin=\"{join}\" stroke-miterlimit=\"{}\"",
                    colour(*rgb),
                    f64::from(stroke.width) * scale,
                    stroke.miter_limit
                ));
            }
            text.push_str("/>");
        }
        Ok(text)
    }

    /// The operators of a PDF that draw it in a box of the given size, its origin at the bottom left
    /// (ISO 32000-2 §8.5).
    pub fn operators(&self, (wide, high): (f64, f64)) -> String {
        let (x, y) = (wide / self.width, high / self.height);
        let mut text = format!("{x:.6} 0 0 {:.6} 0 {high:.4} cm\n", -y);
        let part = |value: u8| format!("{:.4}", f64::from(value) / 255.0);
        for shape in &self.shapes {
            if let Some(([r, g, b], _)) = shape.fill {
                text.push_str(&format!("{} {} {} rg\n", part(r), part(g), part(b)));
            }
            if let Some(([r, g, b], stroke)) = &shape.stroke {
                text.push_str(&format!("{} {} {} RG\n", part(*r), part(*g), part(*b)));
                let cap = stroke.line_cap as u8;
                let join = match stroke.line_join {
                    tiny_skia_path::LineJoin::Round => 1,
                    tiny_skia_path::LineJoin::Bevel => 2,
                    _ => 0,
                };
                text.push_str(&format!(
                    "{} w {cap} J {join} j {} M\n",
                    stroke.width, stroke.miter_limit
                ));
            }
            outline(&shape.path, &mut text);
            text.push_str(match (shape.fill, &shape.stroke) {
                (Some((_, true)), Some(_)) => "B*\n",
                (Some((_, false)), Some(_)) => "B\n",
                (Some((_, true)), None) => "f*\n",
                (Some((_, false)), None) => "f\n",
                (None, _) => "S\n",
            });
        }
        text
    }
}

fn outline(path: &tiny_skia_path::Path, text: &mut String) {
    let mut last = (0.0_f32, 0.0_f32);
    for segment in path.segments() {
        match segment {
            PathSegment::MoveTo(p) => {
                text.push_str(&format!("{:.3} {:.3} m ", p.x, p.y));
                last = (p.x, p.y);
            }
            PathSegment::LineTo(p) => {
                text.push_str(&format!("{:.3} {:.3} l ", p.x, p.y));
                last = (p.x, p.y);
            }
            PathSegment::QuadTo(c, p) => {
                // A quadratic curve as a cubic one.
                let third = |from: f32, to: f32| from + (to - from) * 2.0 / 3.0;
                text.push_str(&format!(
                    "{:.3} {:.3} {:.3} {:.3} {:.3} {:.3} c ",
                    third(last.0, c.x),
                    third(last.1, c.y),
                    third(p.x, c.x),
                    third(p.y, c.y),
                    p.x,
                    p.y
                ));
                last = (p.x, p.y);
            }
            PathSegment::CubicTo(a, b, p) => {
                text.push_str(&format!(
                    "{:.3} {:.3} {:.3} {:.3} {:.3} {:.3} c ",
                    a.x, a.y, b.x, b.y, p.x, p.y
                ));
                last = (p.x, p.y);
            }
            PathSegment::Close => text.push_str("h "),
        }
    }
}

/// Refuses what would be passed over in silence, and what makes much of little: styles are matched
/// against every element, and references multiply elements.
fn refuse_elements(text: &str) -> Result<(), VectorError> {
    let refused = [
        ("text", "text (turn it into outlines)"),
        ("image", "an image"),
        ("script", "a script"),
        ("foreignObject", "a foreign object"),
        ("style", "a style sheet (use attributes)"),
        ("use", "a reference (draw it where it stands)"),
        ("symbol", "a symbol"),
        ("pattern", "a pattern"),
        ("marker", "a marker"),
        ("filter", "a filter"),
        ("mask", "a mask"),
        ("clipPath", "a clip path"),
        ("switch", "a switch"),
    ];
    for (count, part) in text.split('<').skip(1).enumerate() {
        if count > MOST_ELEMENTS {
            return Err(VectorError::TooLarge);
        }
        if part.starts_with("!DOCTYPE") || part.starts_with("!ENTITY") {
            return Err(VectorError::Unsupported("a document type"));
        }
        let end = part.find(|c: char| c.is_whitespace() || c == '>' || c == '/');
        let name = part.get(..end.unwrap_or(part.len())).unwrap_or_default();
        let local = name.rsplit(':').next().unwrap_or_default();
        if local.starts_with("animate") {
            return Err(VectorError::Unsupported("an animation"));
        }
        if let Some((_, what)) = refused.iter().find(|(name, _)| *name == local) {
            return Err(VectorError::Unsupported(what));
        }
    }
    Ok(())
}

fn collect(group: &usvg::Group, shapes: &mut Vec<Shape>) -> Result<(), VectorError> {
    use VectorError::Unsupported;
    if group.opacity().get() < 1.0 {
        return Err(Unsupported("something translucent"));
    }
    if group.clip_path().is_some() || group.mask().is_some() {
        return Err(Unsupported("a clip path or mask"));
    }
    if !group.filters().is_empty() || group.blend_mode() != usvg::BlendMode::Normal {
        return Err(Unsupported("a filter or blend mode"));
    }
    for node in group.children() {
        match node {
            Node::Group(inner) => collect(inner, shapes)?,
            Node::Path(path) => shapes.extend(shape(path)?),
            _ => return Err(Unsupported("something other than outlines")),
        }
        if shapes.len() > MOST_SHAPES {
            return Err(VectorError::TooLarge);
        }
    }
    Ok(())
}

fn shape(path: &usvg::Path) -> Result<Option<Shape>, VectorError> {
    use VectorError::Unsupported;
    if !path.is_visible() {
        return Ok(None);
    }
    let colour = |paint: &usvg::Paint, opacity: f32| match paint {
        usvg::Paint::Color(colour) if opacity >= 1.0 => Ok([colour.red, colour.green, colour.blue]),
        usvg::Paint::Color(_) => Err(Unsupported("something translucent")),
        _ => Err(Unsupported("a gradient or pattern")),
    };
    let transform = path.abs_transform();
    let fill = match path.fill() {
        Some(fill) => {
            let even_odd = fill.rule() == usvg::FillRule::EvenOdd;
            Some((colour(fill.paint(), fill.opacity().get())?, even_odd))
        }
        None => None,
    };
    let stroke = match path.stroke() {
        Some(stroke) => {
            if stroke.dasharray().is_some() {
                return Err(Unsupported("a dashed line"));
            }
            let (across, down) = transform.get_scale();
            if (across - down).abs() > 0.01 * across.abs().max(down.abs()) {
                return Err(Unsupported("a line that is distorted"));
            }
            let mut plain = stroke.to_tiny_skia();
            plain.width *= across;
            Some((colour(stroke.paint(), stroke.opacity().get())?, plain))
        }
        None => None,
    };
    if fill.is_none() && stroke.is_none() {
        return Ok(None);
    }
    let path = path.data().clone().transform(transform).ok_or(VectorError::NotSvg)?;
    Ok(Some(Shape { path, fill, stroke }))
}

/// A picture in one ink: sixteen steps of transparency, four bits each. An electronic seal holds its
/// picture, and every signature holds the seal twice over.
fn encode_in_one_ink(pixmap: &Pixmap, ink: [u8; 3]) -> Result<Vec<u8>, VectorError> {
    let steps = |alpha: u8| (u16::from(alpha) * 15 + 127) / 255;
    let row = |pixels: &[tiny_skia::PremultipliedColorU8]| {
        let pair = |pair: &[tiny_skia::PremultipliedColorU8]| {
            let step = |at: usize| pair.get(at).map_or(0, |pixel| steps(pixel.alpha()));
            u8::try_from(step(0) << 4 | step(1)).unwrap_or(0)
        };
        pixels.chunks(2).map(pair).collect::<Vec<u8>>()
    };
    let width = usize::try_from(pixmap.width()).unwrap_or(usize::MAX);
    let data: Vec<u8> = pixmap.pixels().chunks(width).flat_map(row).collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, pixmap.width(), pixmap.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Four);
    encoder.set_palette(ink.repeat(16));
    encoder.set_trns((0..16).map(|step| step * 17).collect::<Vec<u8>>());
    // Steps next to each other are not near to each other; filters would only disturb.
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&data)?;
        writer.finish()
    });
    written.map(|()| out).map_err(|_| VectorError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inside: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             viewBox=\"0 0 100 100\" width=\"100\" height=\"100\">{inside}</svg>"
        )
    }

    #[test]
    fn outlines_become_operators_and_pixels() {
        let text = svg(
            "<g transform=\"scale(2)\"><circle cx=\"25\" cy=\"25\" r=\"20\" fill=\"none\" \
             stroke=\"#d01010\" stroke-width=\"2\"/></g><path d=\"M10 10h20v20z\" fill=\"#d01010\"/>",
        );
        let vector = Vector::read(&text).unwrap();
        let operators = vector.operators((50.0, 50.0));
        assert!(operators.starts_with("0.500000 0 0 -0.500000 0 50.0000 cm\n"), "{operators}");
        assert!(operators.contains("4 w 0 J 0 j") && operators.contains(" S\n"), "{operators}");
        assert!(operators.contains("10.000 10.000 m 30.000 10.000 l"), "{operators}");
        let pixels = super::super::read_png(&vector.to_png(40.0).unwrap()).unwrap();
        assert_eq!((pixels.width, pixels.height), (945, 945));
    }

    #[test]
    fn what_is_not_outlines_in_plain_colours_is_refused() {
        for inside in [
            "<text x=\"1\" y=\"9\">章</text>",
            "<image xlink:href=\"/etc/passwd\" width=\"9\" height=\"9\"/>",
            "<rect width=\"9\" height=\"9\" opacity=\"0.5\"/>",
            "<linearGradient id=\"g\"><stop stop-color=\"red\"/><stop offset=\"1\" \
             stop-color=\"blue\"/></linearGradient><rect width=\"9\" height=\"9\" fill=\"url(#g)\"/>",
            "<clipPath id=\"c\"><rect width=\"5\" height=\"5\"/></clipPath><rect width=\"9\" \
             height=\"9\" clip-path=\"url(#c)\"/>",
            "<path d=\"M0 0L9 9\" stroke=\"red\" stroke-dasharray=\"1 1\"/>",
            "",
            "<rect",
        ] {
            assert!(Vector::read(&svg(inside)).is_err(), "{inside}");
        }
        let bomb =
            "<!DOCTYPE svg [<!ENTITY a \"aaaa\">]><svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert!(matches!(Vector::read(bomb), Err(VectorError::Unsupported(_))));
    }
}
