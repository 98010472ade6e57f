//! Two pictures of a page, point by point: where they differ, and whether ink of the first cannot be
//! seen in the second.

use crate::pictures::Pixels;

/// How far a point may be off in each colour, of 255: less can be seen by nobody.
const TOLERANCE: u8 = 12;
/// From one point to the next, a step in brightness that makes an edge of ink.
const EDGE: i16 = 48;
/// A step that is none any more.
const FLAT: i16 = 12;
/// Of 255, what hides what lies below.
const OPAQUE: u8 = 200;
/// The side of the squares in which lost ink is counted, points: about 4 mm, two digits of a line.
const SQUARE: u32 = 16;
/// The least edges of a square that has ink.
const LEAST: u32 = 20;
/// The highest line, points: one that is printed to be written upon, dotted ones as well.
const LINE: u32 = 4;
/// Squares of which four fifths are hidden, wherever they lie: up to so many are what the solid star
/// of a seal over text takes.
const TOLERATED: usize = 600;
/// The same where what hides is not of a colour as ink of seals is: less than a short word.
const TOLERATED_PALE: usize = 64;
/// The least difference between the colours of such ink.
const COLOUR: u8 = 60;

/// A page as it was signed.
pub(super) struct Signed<'p> {
    /// All of it.
    pub(super) all: &'p Pixels,
    /// Without what lies upon it.
    pub(super) content: &'p Pixels,
    /// How much what lies upon it covers.
    pub(super) cover: &'p [u8],
    /// Where fields are open.
    pub(super) open: &'p [[u32; 4]],
}

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

/// Whether edges of ink that were to be seen when signed are gone, or lie under what covers them now
/// and did not then, whatever is drawn upon that, in more than a spot. A seal that lies over text lets
/// most of it be seen; a patch does not. The looks of open fields and printed lines are there to be
/// written over.
pub(super) fn hides(signed: &Signed<'_>, now: &Pixels, cover: &[u8]) -> bool {
    let then = signed.all;
    let same = |other: &Pixels| (then.width, then.height) == (other.width, other.height);
    if !same(now) || !same(signed.content) {
        return true;
    }
    let (all, content) = (brightness(then), brightness(signed.content));
    let after = brightness(now);
    let open = areas(signed.open, then);
    let mut edges = Sums::over(then.width, then.height);
    let mut lost = Sums::over(then.width, then.height);
    let mut pale = Sums::over(then.width, then.height);
    for y in 0..then.height {
        for x in 0..then.width {
            let place = (y * then.width + x) as usize;
            let before = if open.get(place) == Some(&true) { &content } else { &all };
            let edge = x > 0 && y > 0 && step(before, then.width, x, y) >= EDGE;
            edges.add(x, y, edge);
            let is_opaque = |cover: &[u8]| cover.get(place).is_some_and(|c| *c >= OPAQUE);
            let covered = is_opaque(cover) && !is_opaque(signed.cover);
            let gone = edge && (covered || step(&after, then.width, x, y) <= FLAT);
            lost.add(x, y, gone);
            pale.add(x, y, gone && !has_colour(now.rgba.get(place * 4..place * 4 + 3)));
        }
    }
    let (mut emptied, mut emptied_pale) = (0, 0);
    for y in 0..=then.height.saturating_sub(SQUARE) {
        for x in 0..=then.width.saturating_sub(SQUARE) {
            let all = edges.square(x, y);
            let most = |of: &Sums| {
                let of = of.square(x, y);
                of >= LEAST && of * 5 >= all * 4
            };
            if most(&lost) && !edges.is_line(x, y) {
                emptied += 1;
                emptied_pale += usize::from(most(&pale));
            }
        }
    }
    emptied > TOLERATED || emptied_pale > TOLERATED_PALE
}

/// For every point of a picture, whether it lies in one of these areas, their edges included.
fn areas(areas: &[[u32; 4]], picture: &Pixels) -> Vec<bool> {
    let (width, height) = (picture.width, picture.height);
    let mut within = vec![false; (width as usize) * (height as usize)];
    for [left, top, right, bottom] in areas {
        for y in *top..bottom.saturating_add(1).min(height) {
            let place = |x: u32| (y * width + x.min(width)) as usize;
            if let Some(row) = within.get_mut(place(*left)..place(right.saturating_add(1))) {
                row.fill(true);
            }
        }
    }
    within
}

fn has_colour(point: Option<&[u8]>) -> bool {
    let range = point.and_then(|point| Some(point.iter().max()? - point.iter().min()?));
    range.is_some_and(|range| range >= COLOUR)
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
        self.band(x, y, SQUARE)
    }

    /// So many rows of a square.
    fn band(&self, x: u32, y: u32, rows: u32) -> u32 {
        let (right, bottom) = (x + SQUARE, y + rows);
        self.at(right, bottom) + self.at(x, y) - self.at(right, y) - self.at(x, bottom)
    }

    /// Whether what is counted in a square lies in a few rows.
    fn is_line(&self, x: u32, y: u32) -> bool {
        let all = self.square(x, y);
        (0..=SQUARE - LINE).any(|row| self.band(x, y + row, LINE) * 10 >= all * 9)
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

    /// What hides a page when something of one colour is laid upon it.
    fn covered(
        then: &Pixels,
        open: &[[u32; 4]],
        colour: [u8; 3],
        on: impl Fn(u32, u32) -> bool,
    ) -> bool {
        let (mut now, nothing) = (then.clone(), vec![0; then.rgba.len() / 4]);
        let mut cover = nothing.clone();
        for y in 0..then.height {
            for x in (0..then.width).filter(|x| on(*x, y)) {
                paint(&mut now, x, y, colour);
                cover[(y * then.width + x) as usize] = 255;
            }
        }
        let signed = Signed { all: then, content: then, cover: &nothing, open };
        hides(&signed, &now, &cover)
    }

    #[test]
    fn a_patch_hides_text_and_a_seal_does_not() {
        let then = text(400, 300);
        let patch = |x: u32, y: u32| (100..160).contains(&x) && (98..128).contains(&y);
        for colour in [[255, 255, 255], [220, 220, 220], [0, 0, 0], [200, 0, 0]] {
            assert!(covered(&then, &[], colour, patch), "{colour:?}");
        }
        // Four digits of small print, behind white.
        let digits = |x: u32, y: u32| (100..128).contains(&x) && (98..112).contains(&y);
        assert!(covered(&then, &[], [255, 255, 255], digits));
        assert!(!covered(&then, &[], [255, 255, 255], |_, _| false));
        // An opaque seal of 42 mm: the sides of its star, of which a point is beyond one at most.
        let seal = |x: u32, y: u32| {
            let (across, down) = (f64::from(x) - 200.0, f64::from(y) - 150.0);
            let beyond = (0..5_u8).filter(|side| {
                let (sin, cos) = (f64::from(*side) * 72.0 + 54.0).to_radians().sin_cos();
                across * cos + down * sin > 26.5 * 0.309
            });
            (73.0..79.0).contains(&across.hypot(down)) || beyond.count() <= 1
        };
        assert!(!covered(&then, &[], [220, 0, 0], seal));
        assert!(covered(&then, &[], [220, 220, 220], seal), "no seal is grey");
    }

    #[test]
    fn what_is_there_to_be_written_upon_may_be_covered() {
        let mut lines = Pixels { width: 400, height: 100, rgba: vec![255; 160_000] };
        for x in 20..380 {
            paint(&mut lines, x, 50, [0, 0, 0]);
            if x % 4 < 2 {
                paint(&mut lines, x, 80, [0, 0, 0]);
            }
        }
        assert!(!covered(&lines, &[], [255, 255, 255], |x, _| (40..300).contains(&x)));
        // A hint in the look of an open field, and the same words on the page.
        let (hint, page) = (text(400, 100), Pixels { rgba: vec![255; 160_000], ..text(400, 100) });
        let (nothing, cover) = (vec![0; 40_000], vec![255; 40_000]);
        let field = [[0, 0, 400, 100]];
        for (content, open, hidden) in
            [(&page, &field[..], false), (&page, &[][..], true), (&hint, &field[..], true)]
        {
            let signed = Signed { all: &hint, content, cover: &nothing, open };
            assert_eq!(hides(&signed, &page, &cover), hidden);
        }
    }
}
