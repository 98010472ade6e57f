//! What a seal looks like on the page: a picture of pixels with its transparency as a soft mask, or
//! of outlines.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};

use super::{
    PdfError,
    raw::{Dictionary, Object, ObjectId},
    revision::Revision,
};
use crate::pictures::Vector;

/// Points, 1/72 inch, per millimetre.
pub(super) const POINTS_PER_MM: f64 = 72.0 / 25.4;

/// A picture ready to be written into any number of documents.
#[derive(Clone, Debug)]
pub struct Appearance {
    kind: Kind,
    size_mm: (f64, f64),
}

#[derive(Clone, Debug)]
enum Kind {
    /// Pixels, compressed once: colours, and how much of them covers.
    Pixels { width: u32, height: u32, colour: Vec<u8>, alpha: Vec<u8> },
    /// Outlines.
    Vector(Vector),
}

/// Why a picture cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the picture has no pixels or another count of bytes than its size needs")]
pub struct PixelError;

impl Appearance {
    /// From rows of red, green, blue, alpha, 8 bits each, and the true size on paper.
    ///
    /// # Errors
    /// The count of bytes does not fit the size.
    pub fn new(
        width: u32,
        height: u32,
        rgba: &[u8],
        size_mm: (f64, f64),
    ) -> Result<Self, PixelError> {
        let expected = u64::from(width) * u64::from(height) * 4;
        if expected == 0 || rgba.len() as u64 != expected {
            return Err(PixelError);
        }
        let colour: Vec<u8> =
            rgba.chunks_exact(4).flat_map(|pixel| pixel.iter().copied().take(3)).collect();
        let alpha: Vec<u8> =
            rgba.chunks_exact(4).filter_map(|pixel| pixel.last().copied()).collect();
        let (colour, alpha) = (deflate(&colour), deflate(&alpha));
        Ok(Self { kind: Kind::Pixels { width, height, colour, alpha }, size_mm })
    }

    /// From outlines, and the true size on paper.
    pub fn vector(vector: Vector, size_mm: (f64, f64)) -> Self {
        Self { kind: Kind::Vector(vector), size_mm }
    }

    /// Width and height on paper, millimetres.
    pub fn size_mm(&self) -> (f64, f64) {
        self.size_mm
    }

    /// Writes what every form of the picture uses.
    pub(super) fn write_image(&self, revision: &mut Revision<'_>) -> Result<ObjectId, PdfError> {
        let (width, height, colour, alpha) = match &self.kind {
            Kind::Pixels { width, height, colour, alpha } => (width, height, colour, alpha),
            Kind::Vector(vector) => return self.write_outlines(revision, vector),
        };
        let [image, mask] = std::array::from_fn(|_| revision.reserve());
        let mut dictionary = image_dictionary("DeviceRGB", *width, *height);
        dictionary.set("SMask", Object::Reference(mask));
        revision.write_stream(image, dictionary, colour)?;
        revision.write_stream(mask, image_dictionary("DeviceGray", *width, *height), alpha)?;
        Ok(image)
    }

    /// Outlines as a group (ISO 32000-2 §11.6.6) in a square of one unit, as an image is: they cover
    /// each other like paint, and only all of them together are ink.
    fn write_outlines(
        &self,
        revision: &mut Revision<'_>,
        vector: &Vector,
    ) -> Result<ObjectId, PdfError> {
        let group = [
            ("S", Object::name("Transparency")),
            ("CS", Object::name("DeviceRGB")),
            ("I", Object::Boolean(true)),
        ];
        let size = [0.0, 0.0, vector.width, vector.height];
        let shrink = [1.0 / vector.width, 0.0, 0.0, 1.0 / vector.height, 0.0, 0.0];
        let fine = |number: f64| Object::Real(format!("{number:.9}"));
        let dictionary = [
            ("Type", Object::name("XObject")),
            ("Subtype", Object::name("Form")),
            ("BBox", Object::Array(size.map(Object::real).to_vec())),
            ("Matrix", Object::Array(shrink.map(fine).to_vec())),
            ("Group", Object::Dictionary(group.into_iter().collect())),
            ("Filter", Object::name("FlateDecode")),
        ];
        let form = revision.reserve();
        let content = deflate(vector.operators((vector.width, vector.height)).as_bytes());
        revision.write_stream(form, dictionary.into_iter().collect(), &content)?;
        Ok(form)
    }

    /// The appearance stream: the picture in a box of the given size in user space, turned so that
    /// it is upright on a page that is shown rotated.
    pub(super) fn form(
        &self,
        image: ObjectId,
        units_per_mm: f64,
        rotate: i64,
    ) -> (Dictionary, Vec<u8>) {
        let (width, height) = (self.size_mm.0 * units_per_mm, self.size_mm.1 * units_per_mm);
        let numbers =
            |values: &[f64]| Object::Array(values.iter().copied().map(Object::real).collect());
        // Ink, not paint: black text beneath stays black.
        let ink: Dictionary =
            [("Type", Object::name("ExtGState")), ("BM", Object::name("Multiply"))]
                .into_iter()
                .collect();
        let states: Dictionary = [("Ink", Object::Dictionary(ink))].into_iter().collect();
        let x_objects: Dictionary = [("Seal", Object::Reference(image))].into_iter().collect();
        let resources: Dictionary =
            [("XObject", Object::Dictionary(x_objects)), ("ExtGState", Object::Dictionary(states))]
                .into_iter()
                .collect();
        let content =
            format!("q /Ink gs {width:.4} 0 0 {height:.4} 0 0 cm /Seal Do Q").into_bytes();
        let dictionary = [
            ("Type", Object::name("XObject")),
            ("Subtype", Object::name("Form")),
            ("BBox", numbers(&[0.0, 0.0, width, height])),
            ("Matrix", upright(rotate)),
            ("Resources", Object::Dictionary(resources)),
        ];
        (dictionary.into_iter().collect(), content)
    }
}

fn image_dictionary(colour_space: &str, width: u32, height: u32) -> Dictionary {
    [
        ("Type", Object::name("XObject")),
        ("Subtype", Object::name("Image")),
        ("Width", Object::Integer(width.into())),
        ("Height", Object::Integer(height.into())),
        ("ColorSpace", Object::name(colour_space)),
        ("BitsPerComponent", Object::Integer(8)),
        ("Filter", Object::name("FlateDecode")),
    ]
    .into_iter()
    .collect()
}

/// The matrix that turns an appearance so that it is upright on a page that is shown rotated.
fn upright(rotate: i64) -> Object {
    let (cos, sin) = match rotate {
        90 => (0, 1),
        180 => (-1, 0),
        270 => (0, -1),
        _ => (1, 0),
    };
    Object::Array([cos, sin, -sin, cos, 0, 0].map(Object::Integer).to_vec())
}

/// An appearance stream with another form in the middle of a box of `wide` × `high`.
pub(super) fn centred(
    inner: ObjectId,
    (width, height): (f64, f64),
    (wide, high): (f64, f64),
    rotate: i64,
) -> (Dictionary, Vec<u8>) {
    let forms: Dictionary = [("Inner", Object::Reference(inner))].into_iter().collect();
    let resources: Dictionary = [("XObject", Object::Dictionary(forms))].into_iter().collect();
    let (x, y) = ((wide - width) / 2.0, (high - height) / 2.0);
    let content = format!("q 1 0 0 1 {x:.4} {y:.4} cm /Inner Do Q").into_bytes();
    let dictionary = [
        ("Type", Object::name("XObject")),
        ("Subtype", Object::name("Form")),
        ("BBox", Object::Array([0.0, 0.0, wide, high].map(Object::real).to_vec())),
        ("Matrix", upright(rotate)),
        ("Resources", Object::Dictionary(resources)),
    ];
    (dictionary.into_iter().collect(), content)
}

/// An appearance stream of a seal with a caption below it, in points: the seal's form at its place, and
/// the operators of the caption.
pub(super) fn captioned(
    seal: ObjectId,
    font: ObjectId,
    content: &str,
    (wide, high): (f64, f64),
    (units_per_point, rotate): (f64, i64),
) -> (Dictionary, Vec<u8>) {
    let forms: Dictionary = [("Inner", Object::Reference(seal))].into_iter().collect();
    let fonts: Dictionary = [("Text", Object::Reference(font))].into_iter().collect();
    let resources: Dictionary =
        [("XObject", Object::Dictionary(forms)), ("Font", Object::Dictionary(fonts))]
            .into_iter()
            .collect();
    let content = format!("q {units_per_point:.6} 0 0 {units_per_point:.6} 0 0 cm\n{content}Q\n");
    let size = [0.0, 0.0, wide * units_per_point, high * units_per_point];
    let dictionary = [
        ("Type", Object::name("XObject")),
        ("Subtype", Object::name("Form")),
        ("BBox", Object::Array(size.map(Object::real).to_vec())),
        ("Matrix", upright(rotate)),
        ("Resources", Object::Dictionary(resources)),
    ];
    (dictionary.into_iter().collect(), content.into_bytes())
}

/// Compresses data for `/FlateDecode`.
pub(super) fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let _ = encoder.write_all(data);
    encoder.finish().unwrap_or_default()
}
