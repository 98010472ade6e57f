//! A seal across the edges of pages 骑缝章: which slice of the picture lies where.

use super::{PdfError, page::Page, stamp::Drawing};
use crate::domain::placement::{AcrossPages, Edge};

/// One drawing per page, in the order of the pages.
pub(super) fn slices(
    pages: &[Page],
    across: &AcrossPages,
    size_mm: (f64, f64),
) -> Result<Vec<Drawing>, PdfError> {
    if pages.len() < 2 {
        return Err(PdfError::OnePage);
    }
    let mut drawings = Vec::with_capacity(pages.len());
    let mut rest = pages;
    for group in groups(pages.len(), across.most_slices as usize) {
        let (these, others) = rest.split_at(group.min(rest.len()));
        rest = others;
        let shares = shares(group, across.first_slice_percent);
        for (page, share) in these.iter().zip(shares) {
            drawings.push(slice(page, across, size_mm, share)?);
        }
    }
    Ok(drawings)
}

/// Sizes of groups of at most `most` pages, as even as can be. No page is left alone, even if a
/// group gets one page more.
fn groups(pages: usize, most: usize) -> Vec<usize> {
    let count = pages.div_ceil(most.max(2)).min(pages / 2).max(1);
    (0..count).map(|group| pages / count + usize::from(group < pages % count)).collect()
}

/// The part of the picture on each page of a group: from and to, of 1.
fn shares(pages: usize, first_percent: Option<f64>) -> Vec<(f64, f64)> {
    let first = first_percent.map_or(1.0 / pages as f64, |percent| percent / 100.0);
    let other = (1.0 - first) / (pages.max(2) - 1) as f64;
    let end = |index: usize| if index == 0 { 0.0 } else { first + other * (index - 1) as f64 };
    (0..pages).map(|index| (end(index), end(index + 1))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_is_left_alone() {
        assert_eq!(groups(9, 20), [9]);
        assert_eq!(groups(41, 20), [14, 14, 13]);
        assert_eq!(groups(3, 2), [3]);
        assert_eq!(groups(5, 2), [3, 2]);
        for pages in 2..300 {
            for most in 2..30 {
                let groups = groups(pages, most);
                assert_eq!(groups.iter().sum::<usize>(), pages);
                assert!(groups.iter().all(|size| (2..=most.max(3)).contains(size)));
            }
        }
    }

    #[test]
    fn shares_are_the_whole_picture() {
        for (pages, first) in [(2, None), (9, Some(30.0)), (7, None)] {
            let shares = shares(pages, first);
            assert_eq!(shares.first().unwrap().0, 0.0);
            assert!((shares.last().unwrap().1 - 1.0).abs() < 1e-9);
            assert!(shares.windows(2).all(|pair| pair[0].1 == pair[1].0));
        }
        assert!((shares(9, Some(30.0))[0].1 - 0.3).abs() < 1e-9);
    }
}
