//! The process that draws: its bounds, what it reads and what it says. It has no configuration, no
//! token and no network of its own; its worst end is that it says nothing.

use std::{
    io::{self, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use base64ct::{Base64, Encoding};
use hayro::{RenderCache, hayro_syntax::Pdf};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::{
    Bounds, Line, Order,
    ink::{self, Signed},
    page::{self, What},
};
use crate::{
    domain::report::{PageArea, PageDifference, PagePictures},
    pictures::Pixels,
};

/// Reads a file from `from`, draws it as ordered, and says what it saw, a line of JSON each, as soon
/// as it is known: who runs out of time has said what came before. First of all it gives away what
/// it might take more.
///
/// # Errors
/// The bounds cannot be set, or a pipe breaks.
pub fn draw(order: &Order, mut from: impl Read, mut to: impl Write) -> io::Result<()> {
    confine(order.bounds)?;
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    let mut say = |line: &Line| {
        serde_json::to_writer(&mut to, line)?;
        to.write_all(b"\n")?;
        to.flush()
    };
    let bytes = Arc::new(bytes);
    let up_to = |end: usize| Pdf::new(Arc::new(Beginning { bytes: Arc::clone(&bytes), end }));
    let Ok(shown) = up_to(bytes.len()) else { return Ok(()) };
    let mut revisions = Vec::new();
    for (revision, end) in order.ends.iter().enumerate() {
        if let Some(Ok(signed)) = usize::try_from(*end).ok().map(up_to) {
            let pages = signed.pages().len();
            let changed = (0..pages).filter(|index| changes(&signed, &shown, *index)).count();
            say(&Line::Pages { revision, signed: pages, shown: shown.pages().len(), changed })?;
            revisions.push((revision, signed));
        }
    }
    let mut atelier = Atelier {
        caches: revisions.iter().map(|_| RenderCache::new()).collect(),
        revisions: &revisions,
        shown: &shown,
        shown_cache: RenderCache::new(),
        pictures: vec![order.pictures; order.ends.len()],
    };
    // What was changed first: it must be seen.
    let (first, rest): (Vec<_>, Vec<_>) = (0..shown.pages().len())
        .partition(|index| revisions.iter().any(|(_, signed)| changes(signed, &shown, *index)));
    for index in first.into_iter().chain(rest) {
        // A page over which the renderer stumbles is not compared; the others are.
        let lines = catch_unwind(AssertUnwindSafe(|| atelier.compare(index)));
        lines.unwrap_or_default().iter().try_for_each(&mut say)?;
    }
    Ok(())
}

/// Whether a page of both seems to be changed.
fn changes(signed: &Pdf, shown: &Pdf, index: usize) -> bool {
    let pages = signed.pages().get(index).zip(shown.pages().get(index));
    pages.is_some_and(|(then, now)| page::seems_changed(then, now))
}

/// The beginning of the file; revisions share its bytes.
struct Beginning {
    bytes: Arc<Vec<u8>>,
    end: usize,
}

impl AsRef<[u8]> for Beginning {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.end).unwrap_or_default()
    }
}

/// The file and the revisions of it that are drawn, each under its number, with their fonts and
/// glyphs.
struct Atelier<'a> {
    revisions: &'a [(usize, Pdf)],
    caches: Vec<RenderCache<'a>>,
    shown: &'a Pdf,
    shown_cache: RenderCache<'a>,
    /// For how many pages of each revision pictures are still wanted.
    pictures: Vec<usize>,
}

impl Atelier<'_> {
    /// Compares a page with that of each revision.
    fn compare(&mut self, index: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        let Some(now) = self.shown.pages().get(index) else { return lines };
        // Drawn once for all revisions, as long as none of them has another size.
        let mut drawn: Option<(f32, Pixels)> = None;
        for ((revision, signed), cache) in self.revisions.iter().zip(&self.caches) {
            let revision = *revision;
            let Some(then) = signed.pages().get(index) else { continue };
            let scale = page::scale(then, now);
            let after = match drawn.take() {
                Some((of, picture)) if of.to_bits() == scale.to_bits() => picture,
                _ => page::draw(now, &self.shown_cache, scale, What::All),
            };
            let before = page::draw(then, cache, scale, What::All);
            lines.push(match ink::different(&before, &after) {
                None => Line::Same { revision },
                Some(area) => {
                    let plain = page::draw(then, cache, scale, What::Content);
                    let plain_now = page::draw(now, &self.shown_cache, scale, What::Content);
                    let signed = Signed {
                        all: &before,
                        content: &plain,
                        cover: &page::cover(then, cache, scale),
                        open: &page::open_fields(then, scale),
                    };
                    let cover = page::cover(now, &self.shown_cache, scale);
                    let wanted = take_one(self.pictures.get_mut(revision));
                    let page = PageDifference {
                        number: index + 1,
                        area: millimetres(area, scale),
                        content: ink::different(&plain, &plain_now).is_some(),
                        hidden: ink::hides(&signed, &after, &cover),
                        pictures: wanted.then(|| pictures_of(&before, &after)).flatten(),
                    };
                    Line::Different { revision, page }
                }
            });
            drawn = Some((scale, after));
        }
        lines
    }
}

/// Whether there was one left.
fn take_one(left: Option<&mut usize>) -> bool {
    left.is_some_and(|left| {
        let any = *left > 0;
        *left = left.saturating_sub(1);
        any
    })
}

/// Bounds that nothing in this process can widen again.
fn confine(bounds: Bounds) -> io::Result<()> {
    let limit = |resource, most: u64| {
        let both = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, both).map_err(io::Error::from)
    };
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::Cpu, bounds.seconds.max(1))?;
    limit(Resource::As, bounds.memory)
}

fn pictures_of(signed: &Pixels, shown: &Pixels) -> Option<PagePictures> {
    let encode = |picture: &Pixels| picture.to_png().ok().map(|png| Base64::encode_string(&png));
    Some(PagePictures { signed: encode(signed)?, shown: encode(shown)? })
}

/// From `[left, top, right, bottom)` in picture points.
fn millimetres([left, top, right, bottom]: [u32; 4], scale: f32) -> PageArea {
    let of = |points: u32| {
        let millimetres = f64::from(points) / f64::from(scale) / 72.0 * 25.4;
        (millimetres * 10.0).round() / 10.0
    };
    PageArea {
        left_mm: of(left),
        top_mm: of(top),
        width_mm: of(right - left),
        height_mm: of(bottom - top),
    }
}
