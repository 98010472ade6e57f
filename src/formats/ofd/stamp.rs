//! Where the picture of a seal lies: boundaries on pages, and slices of it across their edges.

use super::{
    OfdError, Package,
    document::{Area, OfdDocument, OfdPage},
    keyword,
    signature_xml::StampAnnot,
};
use crate::domain::placement::{AcrossPages, Corner, Edge, Pages, Position, Target};

/// A stamp without its identifier, and where its centre would be.
pub(super) struct Stamp {
    pub(super) page: String,
    pub(super) boundary: [f64; 4],
    pub(super) clip: Option<[f64; 4]>,
}

impl Stamp {
    /// As it stands in a Signature.xml.
    pub(super) fn annotation(&self, id: String) -> StampAnnot {
        StampAnnot {
            id,
            page: self.page.clone(),
            boundary: numbers(&self.boundary),
            clip: self.clip.as_ref().map(numbers),
        }
    }
}

/// Millimetres to the micrometre, without zeros behind.
fn numbers(all: &[f64; 4]) -> String {
    let one = |value: &f64| {
        let text = format!("{value:.3}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if text == "-0" { "0".to_owned() } else { text.to_owned() }
    };
    all.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The stamps that a placement asks for.
pub(super) fn stamps(
    package: &Package<'_>,
    document: &OfdDocument,
    target: &Target,
    across: Option<(&AcrossPages, &Pages)>,
    size_mm: (f64, f64),
) -> Result<Vec<Stamp>, OfdError> {
    let mut all = Vec::new();
    match target {
        Target::Invisible => {}
        Target::Field(..) => {
            let text = "an OFD document has no signature fields; place the seal on a page";
            return Err(OfdError::Placement(text.to_owned()));
        }
        Target::At(pages, position) => {
            for page in chosen(package, document, pages)? {
                all.push(at(&page, from_upper_left(&page.area, position), size_mm)?);
            }
        }
        Target::Keyword(wanted) => {
            let pages = chosen(package, document, &wanted.pages)?;
            let (page, x, y) = keyword::find(package, pages, wanted)?;
            let centre = (x + wanted.right_mm, y + wanted.down_mm);
            all.push(at(&page, centre, size_mm)?);
        }
    }
    if let Some((across, pages)) = across {
        let pages = chosen(package, document, pages)?;
        let shares = across.shares(pages.len()).ok_or_else(|| {
            OfdError::Placement("a seal across pages needs two pages at least".to_owned())
        })?;
        for (page, share) in pages.iter().zip(shares) {
            all.push(slice(page, across, size_mm, share)?);
        }
    }
    Ok(all)
}

/// The pages that are meant.
fn chosen(
    package: &Package<'_>,
    document: &OfdDocument,
    pages: &Pages,
) -> Result<Vec<OfdPage>, OfdError> {
    let count = document.page_count();
    if let Some(missing) = pages.missing(count) {
        let text = format!("there is no page {missing}; the document has {count}");
        return Err(OfdError::Placement(text));
    }
    (1..=count)
        .filter(|number| pages.has(*number) || (*number == count && pages.has_last()))
        .map(|number| document.page(package, number))
        .collect()
}

/// A position as distances from the upper left corner of the page.
fn from_upper_left(area: &Area, position: &Position) -> (f64, f64) {
    let (x, y) = (position.x_mm, position.y_mm);
    match position.from {
        Corner::TopLeft => (x, y),
        Corner::TopRight => (area.width - x, y),
        Corner::BottomLeft => (x, area.height - y),
        Corner::BottomRight => (area.width - x, area.height - y),
    }
}

fn off_page(area: &Area) -> OfdError {
    OfdError::Placement(format!(
        "the seal would not lie on the page, which is {:.1} mm wide and {:.1} mm high",
        area.width, area.height
    ))
}

fn at(page: &OfdPage, centre: (f64, f64), size_mm: (f64, f64)) -> Result<Stamp, OfdError> {
    let (left, top) = (centre.0 - size_mm.0 / 2.0, centre.1 - size_mm.1 / 2.0);
    let area = &page.area;
    let inside = left >= -1e-6
        && top >= -1e-6
        && left + size_mm.0 <= area.width + 1e-6
        && top + size_mm.1 <= area.height + 1e-6;
    if !inside {
        return Err(off_page(area));
    }
    let boundary = [area.x + left, area.y + top, size_mm.0, size_mm.1];
    Ok(Stamp { page: page.id.clone(), boundary, clip: None })
}

/// A slice: the whole picture lies partly beyond the page, and the clip is what lies on it.
fn slice(
    page: &OfdPage,
    across: &AcrossPages,
    (width, height): (f64, f64),
    (from, to): (f64, f64),
) -> Result<Stamp, OfdError> {
    let area = &page.area;
    let upright = matches!(across.edge, Edge::Left | Edge::Right);
    let (along, length) = if upright { (area.height, height) } else { (area.width, width) };
    let (across_page, whole) = if upright { (area.width, width) } else { (area.height, height) };
    let start = across.position_mm.unwrap_or(along / 2.0) - length / 2.0;
    if start < -1e-6 || start + length > along + 1e-6 || (to - from) * whole > across_page {
        return Err(off_page(area));
    }
    let (left, top) = match across.edge {
        Edge::Right => (area.width - to * width, start),
        Edge::Left => (-from * width, start),
        Edge::Top => (start, -from * height),
        Edge::Bottom => (start, area.height - to * height),
    };
    let clip = if upright {
        [from * width, 0.0, (to - from) * width, height]
    } else {
        [0.0, from * height, width, (to - from) * height]
    };
    let boundary = [area.x + left, area.y + top, width, height];
    Ok(Stamp { page: page.id.clone(), boundary, clip: Some(clip) })
}
