//! Where words stand in the text of a page, for seals that are put on a keyword. Text is read by
//! `hayro-interpret`; it says where a seal goes, never what was signed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, SoftMask,
    font::{Glyph, GlyphRun},
    hayro_cmap::BfString,
    hayro_syntax::Pdf,
    interpret_page,
    kurbo::{Affine, BezPath, Rect, Shape},
};
use unicode_normalization::UnicodeNormalization;

use super::{
    PdfError,
    page::{self, Page},
    raw::{Dictionary, Document},
};
use crate::domain::{
    placement::{Corner, Keyword, Position},
    source::ReadAt,
};

/// The largest document whose text is searched: it is read as a whole.
const LARGEST: u64 = 128 << 20;
/// The most glyphs, outlines, images and clippings of all pages that are searched.
const MOST_WORK: usize = 2_000_000;

/// Finds an occurrence of a keyword, and where the centre of a seal on it lies. Occurrences are
/// counted page by page, from top to bottom and left to right.
pub(super) fn find(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    source: &dyn ReadAt,
    password: Option<&str>,
    keyword: &Keyword,
) -> Result<(Page, Position), PdfError> {
    if source.size() > LARGEST {
        return Err(PdfError::Limit("keywords are searched in files of up to 128 MiB".to_owned()));
    }
    let pages = page::find(document, catalog, &keyword.pages)?;
    let mut bytes = vec![0; usize::try_from(source.size()).unwrap_or(0)];
    source.read_exact_at(&mut bytes, 0)?;
    // A reader of other people's fonts may stumble over them; that is no reason to fall.
    let searched =
        catch_unwind(AssertUnwindSafe(|| search(Arc::new(bytes), password, &pages, keyword)));
    let (place, found) = searched
        .ok()
        .flatten()
        .ok_or_else(|| PdfError::Damaged("the text of its pages cannot be read".to_owned()))?;
    let Some((number, x, y)) = place else {
        return Err(PdfError::NoSuchKeyword { found, wanted: keyword.occurrence });
    };
    let page = pages.into_iter().find(|page| page.number == number);
    let page = page.ok_or(PdfError::NoSuchPage { wanted: number, pages: 0 })?;
    let (scale, (wide, high)) = (page.units_per_mm(), page.shown_size());
    let position = Position {
        x_mm: x.clamp(0.0, wide) / scale + keyword.right_mm,
        y_mm: (high - y.clamp(0.0, high)) / scale + keyword.down_mm,
        from: Corner::TopLeft,
    };
    Ok((page, position))
}

/// Page and centre of the occurrence, as shown, and how many were passed; `None` where the document
/// cannot be read.
type Search = Option<(Option<(u32, f64, f64)>, u32)>;

fn search(
    bytes: Arc<Vec<u8>>,
    password: Option<&str>,
    pages: &[Page],
    keyword: &Keyword,
) -> Search {
    let pdf = match Pdf::new_with_password(Arc::clone(&bytes), password.unwrap_or_default()) {
        Ok(pdf) => pdf,
        Err(_) => Pdf::new(bytes).ok()?,
    };
    let wanted: Vec<char> = plain(&keyword.text).collect();
    let cache = InterpreterCache::new();
    let (mut found, mut work) = (0, 0);
    for page in pages {
        let theirs = pdf.pages().get(usize::try_from(page.number).ok()?.checked_sub(1)?)?;
        let settings = InterpreterSettings::default();
        let bounds = Rect::new(0.0, 0.0, 1.0, 1.0);
        let mut context = Context::new(Affine::IDENTITY, bounds, &cache, pdf.xref(), settings);
        let mut text = Text { placed: Vec::new(), work };
        interpret_page(theirs, &mut context, &mut text);
        work = text.work;
        for (x, y) in occurrences(page, &text.placed, &wanted) {
            found += 1;
            if found == keyword.occurrence {
                return Some((Some((page.number, x, y)), found));
            }
        }
    }
    Some((None, found))
}

/// A character and the box around it in user space.
type Placed = (char, Rect);

/// The centres of all occurrences as shown, in reading order.
fn occurrences(page: &Page, text: &[Placed], wanted: &[char]) -> Vec<(f64, f64)> {
    let mut centres: Vec<(f64, f64)> = text
        .windows(wanted.len().max(1))
        .filter(|window| window.iter().map(|(c, _)| c).eq(wanted))
        .filter_map(|window| window.iter().map(|(_, area)| *area).reduce(|a, b| a.union(b)))
        .map(|area| page.to_shown(area.center().x, area.center().y))
        .collect();
    let line = |y: f64| (y / (3.0 * page.units_per_mm())).round();
    centres.sort_by(|a, b| line(b.1).total_cmp(&line(a.1)).then(a.0.total_cmp(&b.0)));
    // Writers draw the same letters twice, a little apart, to make them look bold.
    centres.dedup_by(|a, b| (a.0 - b.0).hypot(a.1 - b.1) < page.units_per_mm());
    centres
}

/// Text as it is compared: compatibility forms resolved, without white space.
fn plain(text: &str) -> impl Iterator<Item = char> {
    text.nfkc().filter(|c| !c.is_whitespace())
}

/// Collects characters.
struct Text {
    placed: Vec<Placed>,
    /// What was drawn so far, on pages before as well.
    work: usize,
}

impl Text {
    /// Counts what is drawn. Content can draw itself again and again; there is no other way to stop
    /// it than to leave it.
    fn count(&mut self, drawn: usize) {
        self.work = self.work.saturating_add(drawn);
        if self.work > MOST_WORK {
            std::panic::resume_unwind(Box::new("too much is drawn"));
        }
    }
}

impl<'a> Device<'a> for Text {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        self.count(1 + run.glyphs().len());
        for glyph in run.glyphs() {
            let text = match glyph.as_unicode() {
                Some(BfString::Char(c)) => c.to_string(),
                Some(BfString::String(text)) => text,
                None => continue,
            };
            let outline = match &**glyph {
                Glyph::Outline(outline) => outline.outline().bounding_box(),
                Glyph::Type3(_) => Rect::ZERO,
            };
            // What has no outline is taken for a letter of middle size.
            let outline = match outline.area() > 0.0 {
                true => outline,
                false => Rect::new(0.0, 0.0, 500.0, 700.0),
            };
            let area = (props.transform * glyph.transform()).transform_rect_bbox(outline);
            self.placed.extend(plain(&text).filter(|_| area.is_finite()).map(|c| (c, area)));
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {
        self.count(1);
    }

    fn push_clip_path(&mut self, _: &ClipPath) {
        self.count(1);
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {
        self.count(1);
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {
        self.count(1);
    }

    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
