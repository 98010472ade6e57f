//! Two pictures of a page, point by point: where they differ, and whether ink of the first cannot be
//! seen in the second.

use crate::pictures::Pixels;

/// How far a point may be off in each colour, of 255: less can be seen by nobody.
const TOLERANCE: u8 = 12;
/// From one point to the next, a step in brightness that makes an edge of ink.
const EDGE: i16 = 48;
/// A step that is none any more.
const FLAT: i16 = 12;
/// The side of the squares in which lost ink is counted, points: about 4 mm, two digits of a line.
const SQUARE: u32 = 16;
/// The least edges of a square that has ink.
const LEAST: u32 = 20;
/// Squares of which four fifths are lost, wherever they lie: up to so many are what the solid star
/// of a seal over text takes.
const TOLERATED: usize = 360;
/// The same where nothing but paper is left: no seal does that. A short word is more.
const TOLERATED_PALE: usize = 64;
/// The least brightness of paper.
const PAPER: i16 = 230;

/// The smallest area `[left, top, right, bottom)` around all points that differ, in points; `None`
/// where none does.
pub(super) fn different(then: &Pixels, now: &Pixels) -> Option<[u32; 4]> {
    if (then.width, then.height) != (now.width, now.height) {
        return Some([0, 0, then.width.max(now.width), then.height.max(now.height)]);
    }
    if then.rgba == now.rgba {
        return None;
    }
    let mut area: Option<[u32; 4]> = None;
    let points = then.rgba.chunks_exact(4).zip(now.rgba.chunks_exact(4));
    for ((a, b), place) in points.zip(0_u32..) {
        if a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= TOLERANCE) {
            continue;
        }
        let (x, y) = (place % then.width, place / then.width);
        area = Some(match area {
            None => [x, y, x + 1, y + 1],
            Some([l, t, r, b]) => [l.min(x), t.min(y), r.max(x + 1), b.max(y + 1)],
        });
    }
    area
}

/// Whether edges of ink that the first picture has are gone in the second, in more than a spot. A
/// seal that lies over text lets most of it be seen; a patch does not.
pub(super) fn hides(then: &Pixels, now: &Pixels) -> bool {
    if (then.width, then.height) != (now.width, now.height) {
        return true;
    }
    let (before, after) = (brightness(then), brightness(now));
    let mut edges = Sums::over(then.width, then.height);
    let mut lost = Sums::over(then.width, then.height);
    let mut pale = Sums::over(then.width, then.height);
    for y in 0..then.height {
        for x in 0..then.width {
            let edge = x > 0 && y > 0 && step(&before, then.width, x, y) >= EDGE;
            edges.add(x, y, edge);
            let gone = edge && step(&after, then.width, x, y) <= FLAT;
            lost.add(x, y, gone);
            let left = after.get((y * then.width + x) as usize);
            pale.add(x, y, gone && left.is_some_and(|left| *left >= PAPER));
        }
    }
    let (mut emptied, mut emptied_pale) = (0, 0);
    for y in 0..=then.height.saturating_sub(SQUARE) {
        for x in 0..=then.width.saturating_sub(SQUARE) {
            let edges = edges.square(x, y);
            let most = |of: &Sums| {
                let of = of.square(x, y);
                usize::from(of >= LEAST && of * 5 >= edges * 4)
            };
            emptied += most(&lost);
            emptied_pale += most(&pale);
        }
    }
    emptied > TOLERATED || emptied_pale > TOLERATED_PALE
}

/// For every place how many points are counted above and left of it.
struct Sums {
    across: u32,
    sums: Vec<u32>,
}

impl Sums {
    fn over(width: u32, height: u32) -> Self {
        let across = width + 1;
        Self { across, sums: vec![0; (across as usize) * (height as usize + 1)] }
    }

    fn at(&self, x: u32, y: u32) -> u32 {
        self.sums.get((y * self.across + x) as usize).copied().unwrap_or(0)
    }

    /// Counts a point or does not; row by row, from left to right.
    fn add(&mut self, x: u32, y: u32, counts: bool) {
        let sum = self.at(x, y + 1) + self.at(x + 1, y) + u32::from(counts) - self.at(x, y);
        if let Some(place) = self.sums.get_mut(((y + 1) * self.across + x + 1) as usize) {
            *place = sum;
        }
    }

    fn square(&self, x: u32, y: u32) -> u32 {
        let (right, bottom) = (x + SQUARE, y + SQUARE);
        self.at(right, bottom) + self.at(x, y) - self.at(right, y) - self.at(x, bottom)
    }
}

/// The larger of the steps from the left and from above.
fn step(brightness: &[i16], width: u32, x: u32, y: u32) -> i16 {
    let at = |x: u32, y: u32| brightness.get((y * width + x) as usize).copied().unwrap_or(0);
    let here = at(x, y);
    (here - at(x - 1, y)).abs().max((here - at(x, y - 1)).abs())
}

fn brightness(picture: &Pixels) -> Vec<i16> {
    let of = |point: &[u8]| match point {
        [r, g, b, ..] => (i16::from(*r) * 3 + i16::from(*g) * 6 + i16::from(*b)) / 10,
        _ => 0,
    };
    picture.rgba.chunks_exact(4).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A white page with lines of small dark strokes, as text has.
    fn text(width: u32, height: u32) -> Pixels {
        let mut page = Pixels { width, height, rgba: vec![255; (width * height * 4) as usize] };
        for y in (20..height).filter(|y| y % 20 < 9) {
            for x in (10..width - 10).filter(|x| x % 4 < 2) {
                paint(&mut page, x, y, [0, 0, 0]);
            }
        }
        page
    }

    fn paint(page: &mut Pixels, x: u32, y: u32, colour: [u8; 3]) {
        let at = ((y * page.width + x) * 4) as usize;
        page.rgba[at..at + 3].copy_from_slice(&colour);
    }

    #[test]
    fn a_single_point_is_a_difference() {
        let then = text(200, 100);
        assert_eq!(different(&then, &then.clone()), None);
        let mut now = then.clone();
        paint(&mut now, 7, 3, [255, 255, 250]);
        assert_eq!(different(&then, &now), None, "nobody sees it");
        paint(&mut now, 7, 3, [200, 255, 255]);
        assert_eq!(different(&then, &now), Some([7, 3, 8, 4]));
        paint(&mut now, 199, 99, [0, 0, 0]);
        assert_eq!(different(&then, &now), Some([7, 3, 200, 100]));
        assert_eq!(different(&then, &text(201, 100)), Some([0, 0, 201, 100]));
    }

    #[test]
    fn a_patch_hides_text_and_a_seal_does_not() {
        let then = text(400, 300);
        assert!(!hides(&then, &then.clone()));
        for colour in [[255, 255, 255], [0, 0, 0], [200, 0, 0]] {
            let mut patched = then.clone();
            for y in 100..130 {
                for x in 100..160 {
                    paint(&mut patched, x, y, colour);
                }
            }
            assert!(hides(&then, &patched), "{colour:?}");
        }
        // Four digits of small print, behind white.
        let mut patched = then.clone();
        for y in 98..112 {
            for x in 100..128 {
                paint(&mut patched, x, y, [255, 255, 255]);
            }
        }
        assert!(hides(&then, &patched));
        let mut sealed = then.clone();
        for y in 50..250_u32 {
            for x in 100..300_u32 {
                let (across, down) = (f64::from(x) - 200.0, f64::from(y) - 150.0);
                // The sides of a star of 14 mm: a point of it is beyond one of them at most.
                let beyond = (0..5_u8).filter(|side| {
                    let (sin, cos) = (f64::from(*side) * 72.0 + 54.0).to_radians().sin_cos();
                    across * cos + down * sin > 26.5 * 0.309
                });
                if (90.0..97.0).contains(&across.hypot(down)) || beyond.count() <= 1 {
                    paint(&mut sealed, x, y, [220, 0, 0]);
                }
            }
        }
        assert!(!hides(&then, &sealed));
        // Ink upon white hides nothing.
        let mut filled = Pixels { width: 400, height: 300, rgba: vec![255; 480_000] };
        let empty = filled.clone();
        for x in 100..200 {
            paint(&mut filled, x, 100, [0, 0, 0]);
        }
        assert!(!hides(&empty, &filled));
    }
}
