//! A seal across the edges of pages 骑缝章: which slice of the picture lies where.

use super::{PdfError, page::Page, stamp::Drawing};
use crate::domain::placement::{AcrossPages, Edge};

/// One drawing per page, in the order of the pages.
pub(super) fn slices(
    pages: &[Page],
    across: &AcrossPages,
    size_mm: (f64, f64),
) -> Result<Vec<Drawing>, PdfError> {
    let shares = across.shares(pages.len()).ok_or(PdfError::OnePage)?;
    pages.iter().zip(shares).map(|(page, share)| slice(page, across, size_mm, share)).collect()
}

fn slice(
    page: &Page,
    across: &AcrossPages,
    size_mm: (f64, f64),
    (from, to): (f64, f64),
) -> Result<Drawing, PdfError> {
    let scale = page.units_per_mm();
    let (wide, high) = page.shown_size();
    let (width, height) = (size_mm.0 * scale, size_mm.1 * scale);
    let upright = matches!(across.edge, Edge::Left | Edge::Right);
    let (along, length) = if upright { (high, height) } else { (wide, width) };
    let centre = across.position_mm.map_or(along / 2.0, |mm| mm * scale);
    let depth = (to - from) * if upright { width } else { height };
    let fits = centre - length / 2.0 >= -1e-6
        && centre + length / 2.0 <= along + 1e-6
        && depth <= if upright { wide } else { high };
    if !fits {
        return Err(PdfError::OffPage { width_mm: wide / scale, height_mm: high / scale });
    }
    let (x, y) = match across.edge {
        Edge::Right => (wide - to * width, high - centre - height / 2.0),
        Edge::Left => (-from * width, high - centre - height / 2.0),
        Edge::Top => (centre - width / 2.0, high + from * height - height),
        Edge::Bottom => (centre - width / 2.0, (to - 1.0) * height),
    };
    let clip = match across.edge {
        Edge::Right => [wide - depth, y, wide, y + height],
        Edge::Left => [0.0, y, depth, y + height],
        Edge::Top => [x, high - depth, x + width, high],
        Edge::Bottom => [x, 0.0, x + width, depth],
    };
    Ok(Drawing { corner: (x, y), clip: Some(clip) })
}
