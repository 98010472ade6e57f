//! Annotations that can neither hide nor say anything on the page: notes, and bright tints.

use super::pair::Pair;
use crate::formats::pdf::{
    PdfError,
    raw::{Dictionary, Object},
};

/// A tint of at least this brightness lets black text through.
const BRIGHT: f64 = 0.6;
/// The largest side of the icon of a note, points.
const LARGEST_ICON: f64 = 40.0;
/// The most stripes of one highlight.
const MOST_STRIPES: usize = 200;

/// Left, bottom, right, top.
type Area = [f64; 4];

/// The tints that new highlights have put onto one page.
#[derive(Default)]
pub(super) struct Tinted(Vec<Area>);

/// Whether a new annotation is harmless. Whatever brings an appearance of its own can show anything,
/// anywhere, whatever it says that it is; tints over tints become dark.
pub(super) fn is_harmless(
    pair: &mut Pair<'_, '_, '_>,
    annotation: &Dictionary,
    tinted: &mut Tinted,
) -> Result<bool, PdfError> {
    let subtype = annotation.get("Subtype").as_name().unwrap_or_default();
    if annotation.has("BG") || pair.now.resolve(annotation.get("AP"))? != Object::Null {
        return Ok(false);
    }
    let Some(area) = numbers(pair, annotation.get("Rect"))?.and_then(|rect| area(&rect)) else {
        return Ok(false);
    };
    match subtype {
        b"Popup" => Ok(true),
        b"Text" => Ok(area[2] - area[0] <= LARGEST_ICON && area[3] - area[1] <= LARGEST_ICON),
        b"Highlight" => {
            let Some(stripes) = numbers(pair, annotation.get("QuadPoints"))? else {
                return Ok(false);
            };
            let tint = pair.now.resolve(annotation.get("C"))?;
            let bright = tint == Object::Null
                || numbers(pair, annotation.get("C"))?.is_some_and(|tint| is_bright(&tint));
            Ok(bright && lies_alone(&stripes, area, tinted))
        }
        _ => Ok(false),
    }
}

/// An array of nothing but numbers.
fn numbers(pair: &mut Pair<'_, '_, '_>, object: &Object) -> Result<Option<Vec<f64>>, PdfError> {
    let Object::Array(elements) = pair.now.resolve(object)? else { return Ok(None) };
    Ok(elements.iter().map(Object::as_number).collect())
}

fn area(corners: &[f64]) -> Option<Area> {
    match corners {
        [a, b, c, d] => Some([a.min(*c), b.min(*d), a.max(*c), b.max(*d)]),
        _ => None,
    }
}

fn is_bright(tint: &[f64]) -> bool {
    let part = |value: &f64| value.clamp(0.0, 1.0);
    match tint {
        [] => true,
        [gray] => part(gray) >= BRIGHT,
        [r, g, b] => 0.3 * part(r) + 0.59 * part(g) + 0.11 * part(b) >= BRIGHT,
        _ => false,
    }
}

/// Whether the stripes of a highlight lie within its rectangle and on nothing that is tinted, one on
/// the other included.
fn lies_alone(stripes: &[f64], rect: Area, tinted: &mut Tinted) -> bool {
    const NEAR: f64 = 2.0;
    let whole = stripes.chunks_exact(8);
    if stripes.is_empty() || !whole.remainder().is_empty() || whole.len() > MOST_STRIPES {
        return false;
    }
    for stripe in whole {
        let (mut low, mut high) = ([f64::MAX; 2], [f64::MIN; 2]);
        for point in stripe.chunks_exact(2) {
            for ((low, high), value) in low.iter_mut().zip(&mut high).zip(point) {
                *low = low.min(*value);
                *high = high.max(*value);
            }
        }
        let [left, bottom] = low;
        let [right, top] = high;
        let within = left >= rect[0] - NEAR
            && bottom >= rect[1] - NEAR
            && right <= rect[2] + NEAR
            && top <= rect[3] + NEAR;
        let meets = |other: &Area| {
            left + NEAR < other[2]
                && other[0] + NEAR < right
                && bottom + NEAR < other[3]
                && other[1] + NEAR < top
        };
        if !within || tinted.0.iter().any(meets) {
            return false;
        }
        tinted.0.push([left, bottom, right, top]);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tints_do_not_lie_upon_each_other() {
        let stripe = [10.0, 20.0, 110.0, 20.0, 10.0, 10.0, 110.0, 10.0];
        let rect = [10.0, 10.0, 110.0, 20.0];
        let mut tinted = Tinted::default();
        assert!(lies_alone(&stripe, rect, &mut tinted));
        assert!(!lies_alone(&stripe, rect, &mut tinted));
        let twice = [stripe, stripe].concat();
        assert!(!lies_alone(&twice, rect, &mut Tinted::default()));
        assert!(!lies_alone(&stripe, [0.0, 0.0, 5.0, 5.0], &mut Tinted::default()));
        assert!(!lies_alone(&stripe[..7], rect, &mut Tinted::default()));
    }

    #[test]
    fn brightness_is_what_is_seen() {
        assert!(is_bright(&[]) && is_bright(&[1.0, 1.0, 0.0]));
        assert!(!is_bright(&[0.0]) && !is_bright(&[9.0, 0.0, 0.0]) && !is_bright(&[1.0; 4]));
    }
}
