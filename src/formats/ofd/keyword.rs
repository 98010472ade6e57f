//! Where words stand in the text of a page, for seals that are put on a keyword. It says where a
//! seal goes, never what was signed.

use roxmltree::Node;
use unicode_normalization::UnicodeNormalization;

use super::{
    OfdError, Package,
    document::{Area, OfdPage},
    xml::{self, attribute, children},
};
use crate::domain::placement::Keyword;

/// The most characters of all pages that are searched.
const MOST_CHARACTERS: usize = 2_000_000;
/// The most XML of all pages that are searched, bytes.
const MOST_BYTES: u64 = 64 << 20;

/// A character where it is shown, millimetres from the page's upper left corner.
struct Shown {
    character: char,
    left: f64,
    baseline: f64,
    right: f64,
    size: f64,
}

/// Finds an occurrence of a keyword: its page and its centre, millimetres from the page's upper
/// left corner. Occurrences are counted page by page, from top to bottom and left to right.
pub(super) fn find(
    package: &Package<'_>,
    pages: Vec<OfdPage>,
    keyword: &Keyword,
) -> Result<(OfdPage, f64, f64), OfdError> {
    let wanted: Vec<char> = keyword.text.nfkc().filter(|c| !c.is_whitespace()).collect();
    let (mut left, mut found) = (keyword.occurrence, 0_u32);
    let (mut characters, mut bytes) = (MOST_CHARACTERS, MOST_BYTES);
    for page in pages {
        bytes = bytes.checked_sub(package.size(&page.path)).ok_or_else(too_much)?;
        let shown = text_of(package, &page, characters)?;
        characters = characters.checked_sub(shown.len()).ok_or_else(too_much)?;
        let mut places = occurrences(&shown, &wanted);
        places.sort_by(|a, b| {
            (a.1, a.0).partial_cmp(&(b.1, b.0)).unwrap_or(std::cmp::Ordering::Equal)
        });
        found += u32::try_from(places.len()).unwrap_or(u32::MAX);
        match places.get(usize::try_from(left - 1).unwrap_or(usize::MAX)) {
            Some((x, y)) => return Ok((page, *x, *y)),
            None => left -= u32::try_from(places.len()).unwrap_or(left - 1),
        }
    }
    Err(OfdError::Placement(format!(
        "the keyword was found {found} times; occurrence {} was asked for",
        keyword.occurrence
    )))
}

fn too_much() -> OfdError {
    OfdError::Limit("keywords are searched in two million characters at most".to_owned())
}

/// The centres of all occurrences.
fn occurrences(shown: &[Shown], wanted: &[char]) -> Vec<(f64, f64)> {
    let is_here = |run: &[Shown]| {
        run.iter().map(|shown| shown.character).eq(wanted.iter().copied())
            && run.windows(2).all(|pair| match pair {
                [one, next] => (one.baseline - next.baseline).abs() < one.size / 2.0,
                _ => true,
            })
    };
    let centre = |run: &[Shown]| {
        let left = run.iter().map(|s| s.left).fold(f64::INFINITY, f64::min);
        let right = run.iter().map(|s| s.right).fold(f64::NEG_INFINITY, f64::max);
        let first = run.first()?;
        // Between the top and the foot of a character, as they stand in common faces.
        Some(((left + right) / 2.0, first.baseline - 0.38 * first.size))
    };
    shown.windows(wanted.len().max(1)).filter(|run| is_here(run)).filter_map(centre).collect()
}

fn text_of(package: &Package<'_>, page: &OfdPage, most: usize) -> Result<Vec<Shown>, OfdError> {
    let bytes = package.read(&page.path)?;
    let content = xml::parse(xml::text(&bytes, &page.path)?, &page.path)?;
    let mut all = Vec::new();
    let objects = content.descendants().filter(|node| node.tag_name().name() == "TextObject");
    for object in objects.filter(|object| xml::is_ofd(*object)) {
        read_object(object, &page.area, &mut all, most)?;
        if all.len() > most {
            return Err(too_much());
        }
    }
    Ok(all)
}

/// Reads a TextObject (GB/T 33190 §11); one without place or size shows nothing.
fn read_object(
    object: Node<'_, '_>,
    area: &Area,
    all: &mut Vec<Shown>,
    most: usize,
) -> Result<(), OfdError> {
    let number = |node: Node<'_, '_>, name: &str| -> Result<Option<f64>, OfdError> {
        let value = attribute(node, name)?.and_then(|text| text.parse::<f64>().ok());
        Ok(value.filter(|number| number.is_finite()))
    };
    let boundary = attribute(object, "Boundary")?.and_then(|text| Area::parse(&text));
    let (Some(boundary), Some(size)) = (boundary, number(object, "Size")?) else { return Ok(()) };
    let matrix = attribute(object, "CTM")?.map(|text| {
        text.split_whitespace().filter_map(|n| n.parse::<f64>().ok()).collect::<Vec<_>>()
    });
    let place = |x: f64, y: f64| {
        let (x, y) = match matrix.as_deref() {
            Some([a, b, c, d, e, f]) => (a * x + c * y + e, b * x + d * y + f),
            _ => (x, y),
        };
        (boundary.x + x - area.x, boundary.y + y - area.y)
    };
    for code in children(object, "TextCode")? {
        let (mut x, mut y) = (number(code, "X")?.unwrap_or(0.0), number(code, "Y")?.unwrap_or(0.0));
        let text = xml::own_text(code)?;
        let right = deltas(attribute(code, "DeltaX")?.as_deref(), text.len());
        let down = deltas(attribute(code, "DeltaY")?.as_deref(), text.len());
        for (index, character) in text.chars().enumerate() {
            let wide = if character.is_ascii() { size / 2.0 } else { size };
            let ((left, baseline), (end, _)) = (place(x, y), place(x + wide, y));
            for plain in character.nfkc().filter(|c| !c.is_whitespace()) {
                all.push(Shown { character: plain, left, baseline, right: end, size });
            }
            if all.len() > most {
                return Err(too_much());
            }
            x += right.get(index).copied().unwrap_or(if down.is_empty() { wide } else { 0.0 });
            y += down.get(index).copied().unwrap_or(0.0);
        }
    }
    Ok(())
}

/// Distances between characters: numbers, of which `g n d` is n times d.
fn deltas(text: Option<&str>, most: usize) -> Vec<f64> {
    let mut words = text.unwrap_or_default().split_whitespace();
    let mut all = Vec::new();
    while let Some(word) = words.next().filter(|_| all.len() < most) {
        if word == "g" {
            let count = words.next().and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
            let distance = words.next().and_then(|n| n.parse().ok()).unwrap_or(0.0);
            all.extend(std::iter::repeat_n(distance, count.min(most)));
        } else {
            all.extend(word.parse::<f64>().ok());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_may_be_repeated() {
        assert_eq!(deltas(Some("g 3 5 2.5"), 10), [5.0, 5.0, 5.0, 2.5]);
        assert_eq!(deltas(Some("g 99999999999 5"), 2), [5.0, 5.0]);
        assert!(deltas(None, 4).is_empty());
    }
}
