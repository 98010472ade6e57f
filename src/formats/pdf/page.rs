//! Finding a page, and where on it a seal lies as a reader sees it.

use std::sync::Arc;

use super::{
    PdfError,
    raw::{Dictionary, Document, Object, ObjectId},
};
use crate::domain::placement::{Corner, Pages, Position};

/// The most nodes of a page tree that are walked.
const MOST_NODES: usize = 200_000;

/// A page with what it inherits.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) number: u32,
    pub(super) id: ObjectId,
    pub(super) dictionary: Dictionary,
    /// `/Resources`, its own or inherited, not resolved.
    pub(super) resources: Arc<Object>,
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
    resources: Option<Arc<Object>>,
}

/// The most pages that are changed at once.
const MOST_CHANGED: usize = 5_000;

/// Finds one page by its number, from 1.
pub(super) fn one(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    wanted: u32,
) -> Result<Page, PdfError> {
    let mut found = find(document, catalog, &Pages::one(wanted))?;
    found.pop().ok_or(PdfError::NoSuchPage { wanted, pages: 0 })
}

/// Finds pages, in their order.
pub(super) fn find(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    wanted: &Pages,
) -> Result<Vec<Page>, PdfError> {
    let mut found = Vec::new();
    let mut last = None;
    let pages = walk(document, catalog, |document, number, id, dictionary, inherited| {
        if wanted.has(number) {
            if found.len() >= MOST_CHANGED {
                return Err(PdfError::Limit("over 5000 pages would be changed".to_owned()));
            }
            found.push(page(document, number, id, dictionary, inherited)?);
            last = None;
        } else if wanted.has_last() {
            last = Some((number, id, dictionary, inherited.clone()));
        }
        Ok(wanted.end() == Some(number))
    })?;
    if let Some((number, id, dictionary, inherited)) = last {
        found.push(page(document, number, id, dictionary, &inherited)?);
    }
    match (wanted.missing(pages), found.is_empty()) {
        (Some(wanted), _) => Err(PdfError::NoSuchPage { wanted, pages }),
        (None, true) => Err(PdfError::NoSuchPage { wanted: pages.saturating_add(1), pages }),
        (None, false) => Ok(found),
    }
}

/// Finds the page whose annotations name an object.
pub(super) fn of_annotation(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    annotation: ObjectId,
) -> Result<Option<Page>, PdfError> {
    let mut found = None;
    walk(document, catalog, |document, number, id, dictionary, inherited| {
        let annotations = document.resolve(dictionary.get("Annots"))?;
        let wanted = Object::Reference(annotation);
        if annotations.as_array().is_some_and(|all| all.contains(&wanted)) {
            found = Some(page(document, number, id, dictionary, inherited)?);
        }
        Ok(found.is_some())
    })?;
    Ok(found)
}

/// Shows every page in its order to `visit`, until it says that it has seen enough; returns how many
/// pages were shown.
fn walk(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    mut visit: impl FnMut(
        &mut Document<'_>,
        u32,
        ObjectId,
        Dictionary,
        &Inherited,
    ) -> Result<bool, PdfError>,
) -> Result<u32, PdfError> {
    let mut open = vec![(catalog.get("Pages").clone(), Inherited::default())];
    let mut pages = 0_u32;
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
        pages = pages.saturating_add(1);
        if visit(document, pages, id, dictionary, &inherited)? {
            break;
        }
    }
    Ok(pages)
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
    if node.has("Resources") {
        inherited.resources = Some(Arc::new(node.get("Resources").clone()));
    }
    Ok(inherited)
}

pub(super) fn rectangle(
    document: &mut Document<'_>,
    object: &Object,
) -> Result<[f64; 4], PdfError> {
    let array = document.resolve(object)?;
    let mut numbers = Vec::new();
    for element in array.as_array().filter(|all| all.len() == 4).unwrap_or_default() {
        numbers.extend(document.resolve(element)?.as_number());
    }
    match numbers[..] {
        [a, b, c, d] => Ok([a.min(c), b.min(d), a.max(c), b.max(d)]),
        _ => Err(PdfError::damaged("a page box is not four numbers")),
    }
}

fn page(
    document: &mut Document<'_>,
    number: u32,
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
    let resources = inherited.resources.clone().unwrap_or(Arc::new(Object::Null));
    Ok(Page { number, id, dictionary, resources, visible, rotate, user_unit })
}

impl Page {
    /// Units of user space per millimetre.
    pub(super) fn units_per_mm(&self) -> f64 {
        72.0 / 25.4 / self.user_unit
    }

    /// Width and height of the page as shown, in units of user space.
    pub(super) fn shown_size(&self) -> (f64, f64) {
        let [left, bottom, right, top] = self.visible;
        let turned = self.rotate % 180 != 0;
        if turned { (top - bottom, right - left) } else { (right - left, top - bottom) }
    }

    /// The matrix from the page as shown (origin at its bottom left, upright, units of user space)
    /// to user space: a, b, c, d, e, f of ISO 32000-2 §8.3.3.
    pub(super) fn matrix_of_shown(&self) -> [f64; 6] {
        let [left, bottom, right, top] = self.visible;
        match self.rotate {
            90 => [0.0, 1.0, -1.0, 0.0, right, bottom],
            180 => [-1.0, 0.0, 0.0, -1.0, right, top],
            270 => [0.0, -1.0, 1.0, 0.0, left, top],
            _ => [1.0, 0.0, 0.0, 1.0, left, bottom],
        }
    }

    /// The rectangle of something of the given size, as shown: left, bottom, right, top.
    pub(super) fn place_shown(
        &self,
        at: &Position,
        size_mm: (f64, f64),
    ) -> Result<[f64; 4], PdfError> {
        let scale = self.units_per_mm();
        let (wide, high) = self.shown_size();
        let (x, y) = (at.x_mm * scale, at.y_mm * scale);
        let across =
            if matches!(at.from, Corner::TopLeft | Corner::BottomLeft) { x } else { wide - x };
        let up = if matches!(at.from, Corner::TopLeft | Corner::TopRight) { high - y } else { y };
        let (half_width, half_height) = (size_mm.0 * scale / 2.0, size_mm.1 * scale / 2.0);
        let inside = across - half_width >= -1e-6
            && across + half_width <= wide + 1e-6
            && up - half_height >= -1e-6
            && up + half_height <= high + 1e-6;
        if !inside {
            return Err(PdfError::OffPage { width_mm: wide / scale, height_mm: high / scale });
        }
        Ok([across - half_width, up - half_height, across + half_width, up + half_height])
    }

    /// A point of user space as shown.
    pub(super) fn to_shown(&self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d, e, f] = self.matrix_of_shown();
        // The matrix only turns, so its inverse is its transpose.
        let (x, y) = (x - e, y - f);
        (a * x + b * y, c * x + d * y)
    }

    /// A rectangle as shown, in user space.
    pub(super) fn to_user_space(&self, shown: [f64; 4]) -> [f64; 4] {
        let [a, b, c, d, e, f] = self.matrix_of_shown();
        let point = |x: f64, y: f64| (a * x + c * y + e, b * x + d * y + f);
        let [left, bottom, right, top] = shown;
        let ((x1, y1), (x2, y2)) = (point(left, bottom), point(right, top));
        [x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2)]
    }
}
