//! Finding a page, and where on it a seal lies as a reader sees it.

use super::{
    PdfError,
    raw::{Dictionary, Document, Object, ObjectId},
};
use crate::domain::placement::{Corner, Placement};

/// The most nodes of a page tree that are walked.
const MOST_NODES: usize = 200_000;

/// A page with what it inherits.
pub(super) struct Page {
    pub(super) id: ObjectId,
    pub(super) dictionary: Dictionary,
    /// The visible box in user space: left, bottom, right, top.
    visible: [f64; 4],
    /// Clockwise rotation when shown: 0, 90, 180 or 270.
    pub(super) rotate: i64,
    /// Points per unit of user space.
    user_unit: f64,
}

#[derive(Clone, Default)]
struct Inherited {
    media_box: Option<[f64; 4]>,
    crop_box: Option<[f64; 4]>,
    rotate: Option<i64>,
}

/// Finds a page by number, from 1.
pub(super) fn find(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    wanted: u32,
) -> Result<Page, PdfError> {
    let mut open = vec![(catalog.get("Pages").clone(), Inherited::default())];
    let mut pages = 0;
    let mut seen = std::collections::HashSet::new();
    while let Some((node, inherited)) = open.pop() {
        let id = node.as_reference().ok_or_else(|| {
            PdfError::damaged("the page tree holds something other than references")
        })?;
        if !seen.insert(id) {
            return Err(PdfError::damaged("the page tree runs in a circle"));
        }
        if seen.len() > MOST_NODES {
            return Err(PdfError::Limit("over 200000 nodes in the page tree".to_owned()));
        }
        let Object::Dictionary(dictionary) = document.object(id)? else {
            return Err(PdfError::damaged("a node of the page tree is not a dictionary"));
        };
        let inherited = inherit(document, &dictionary, inherited)?;
        if dictionary.has("Kids") {
            let kids = document.resolve(dictionary.get("Kids"))?;
            let kids = kids.as_array().ok_or_else(|| PdfError::damaged("/Kids is not an array"))?;
            open.extend(kids.iter().rev().map(|kid| (kid.clone(), inherited.clone())));
            continue;
        }
        pages += 1;
        if pages == wanted {
            return page(document, id, dictionary, &inherited);
        }
    }
    Err(PdfError::NoSuchPage { wanted, pages })
}

fn inherit(
    document: &mut Document<'_>,
    node: &Dictionary,
    mut inherited: Inherited,
) -> Result<Inherited, PdfError> {
    if node.has("MediaBox") {
        inherited.media_box = Some(rectangle(document, node.get("MediaBox"))?);
    }
    if node.has("CropBox") {
        inherited.crop_box = Some(rectangle(document, node.get("CropBox"))?);
    }
    if node.has("Rotate") {
        let rotate = document.resolve(node.get("Rotate"))?.as_integer();
        let rotate = rotate.filter(|angle| angle % 90 == 0);
        inherited.rotate =
            Some(rotate.ok_or_else(|| PdfError::damaged("/Rotate is not a multiple of 90"))?);
    }
    Ok(inherited)
}

fn rectangle(document: &mut Document<'_>, object: &Object) -> Result<[f64; 4], PdfError> {
    let array = document.resolve(object)?;
    let mut numbers = Vec::new();
    for element in array.as_array().unwrap_or_default() {
        numbers.extend(document.resolve(element)?.as_number());
    }
    match numbers[..] {
        [a, b, c, d] => Ok([a.min(c), b.min(d), a.max(c), b.max(d)]),
        _ => Err(PdfError::damaged("a page box is not four numbers")),
    }
}

fn page(
    document: &mut Document<'_>,
    id: ObjectId,
    dictionary: Dictionary,
    inherited: &Inherited,
) -> Result<Page, PdfError> {
    let media = inherited.media_box.ok_or_else(|| PdfError::damaged("a page has no /MediaBox"))?;
    let [left, bottom, right, top] = media;
    let visible = match inherited.crop_box {
        Some([l, b, r, t]) => [l.max(left), b.max(bottom), r.min(right), t.min(top)],
        None => media,
    };
    let user_unit = match dictionary.get("UserUnit") {
        Object::Null => 1.0,
        other => document.resolve(other)?.as_number().filter(|unit| *unit > 0.0).unwrap_or(1.0),
    };
    let rotate = inherited.rotate.unwrap_or(0).rem_euclid(360);
    Ok(Page { id, dictionary, visible, rotate, user_unit })
}

impl Page {
    /// Units of user space per millimetre.
    pub(super) fn units_per_mm(&self) -> f64 {
        72.0 / 25.4 / self.user_unit
    }

    /// The rectangle of a seal of the given size in user space, upright for the reader.
    pub(super) fn place(&self, at: &Placement, size_mm: (f64, f64)) -> Result<[f64; 4], PdfError> {
        let scale = self.units_per_mm();
        let [left, bottom, right, top] = self.visible;
        let turned = self.rotate % 180 != 0;
        let (wide, high) =
            if turned { (top - bottom, right - left) } else { (right - left, top - bottom) };
        // The centre, from the top left corner of the page as shown.
        let (x, y) = (at.x_mm * scale, at.y_mm * scale);
        let across =
            if matches!(at.from, Corner::TopLeft | Corner::BottomLeft) { x } else { wide - x };
        let down = if matches!(at.from, Corner::TopLeft | Corner::TopRight) { y } else { high - y };
        let (half_width, half_height) = (size_mm.0 * scale / 2.0, size_mm.1 * scale / 2.0);
        let inside = across - half_width >= -1e-6
            && across + half_width <= wide + 1e-6
            && down - half_height >= -1e-6
            && down + half_height <= high + 1e-6;
        if !inside {
            return Err(PdfError::OffPage { width_mm: wide / scale, height_mm: high / scale });
        }
        let (centre_x, centre_y) = match self.rotate {
            90 => (left + down, bottom + across),
            180 => (right - across, bottom + down),
            270 => (right - down, top - across),
            _ => (left + across, top - down),
        };
        let (half_x, half_y) =
            if turned { (half_height, half_width) } else { (half_width, half_height) };
        Ok([centre_x - half_x, centre_y - half_y, centre_x + half_x, centre_y + half_y])
    }
}
