//! One page as `hayro` draws it, in a picture of bounded size.

use std::sync::Arc;

use hayro::{
    RenderCache, RenderSettings,
    hayro_interpret::{
        InterpreterSettings, RenderContent,
        font::{FontData, FontQuery},
        util::{RectExt, TransformExt},
    },
    hayro_syntax::{
        object::{Array, Dict, Name, Rect},
        page::Page,
    },
    kurbo::{self, Affine},
    render_into,
    vello_cpu::{
        Pixmap, RenderContext, Resources,
        color::{
            AlphaColor, Srgb,
            palette::css::{BLACK, WHITE},
        },
    },
};

use crate::pictures::{Pixels, chinese_font};

/// Picture points per inch of the page.
const DOTS: f32 = 96.0;
/// The longest side of a picture, points; larger pages are drawn smaller.
const LONGEST: f32 = 2400.0;

/// How many picture points a unit of the page is. Both pages of a comparison are drawn alike.
pub(super) fn scale(then: &Page<'_>, now: &Page<'_>) -> f32 {
    let ((a, b), (c, d)) = (then.render_dimensions(), now.render_dimensions());
    let longest = a.max(b).max(c).max(d).max(1.0);
    (DOTS / 72.0).min(LONGEST / longest)
}

/// What of a page is drawn.
#[derive(Clone, Copy)]
pub(super) enum What {
    /// All of it.
    All,
    /// Without what lies upon it.
    Content,
    /// What lies upon it alone.
    Annotations,
}

/// Draws a page on white.
pub(super) fn draw<'a>(
    page: &'a Page<'a>,
    cache: &RenderCache<'a>,
    scale: f32,
    what: What,
) -> Pixels {
    draw_on(page, cache, scale, what, WHITE)
}

fn draw_on<'a>(
    page: &'a Page<'a>,
    cache: &RenderCache<'a>,
    scale: f32,
    what: What,
    ground: AlphaColor<Srgb>,
) -> Pixels {
    let settings = InterpreterSettings {
        font_resolver: Arc::new(font),
        render_content: match what {
            What::All => RenderContent::all(),
            What::Content => RenderContent::PAGE,
            What::Annotations => RenderContent::ANNOTATIONS,
        },
        ..InterpreterSettings::default()
    };
    let shown = placed(page, scale);
    let (width, height) = page.render_dimensions();
    // As the renderer's own `render` has it, but with paper that was painted: upon what a picture is
    // only cleared to, blend modes have no effect.
    let mut context = RenderContext::new((width * scale) as u16, (height * scale) as u16);
    let paper = kurbo::Rect::new(0.0, 0.0, context.width().into(), context.height().into());
    context.set_paint(ground);
    context.fill_rect(&paper);
    render_into(page, cache, &settings, &RenderSettings::default(), &mut context, shown);
    context.flush();
    let mut drawn = Pixmap::new(context.width(), context.height());
    context.render(&mut drawn, &mut Resources::default());
    Pixels {
        width: u32::from(drawn.width()),
        height: u32::from(drawn.height()),
        rgba: drawn.data_as_u8_slice().to_vec(),
    }
}

/// How places of a page become places of its picture.
fn placed(page: &Page<'_>, scale: f32) -> Affine {
    Affine::scale(f64::from(scale)) * page.initial_transform(true).to_kurbo()
}

/// How much of the page each point of what lies upon it covers, 0 to 255: the colour that lets the
/// most through counts, so that ink that is multiplied covers nothing.
pub(super) fn cover<'a>(page: &'a Page<'a>, cache: &RenderCache<'a>, scale: f32) -> Vec<u8> {
    let light = draw_on(page, cache, scale, What::Annotations, WHITE);
    let dark = draw_on(page, cache, scale, What::Annotations, BLACK);
    let points = light.rgba.chunks_exact(4).zip(dark.rgba.chunks_exact(4));
    let through = points.map(|(light, dark)| {
        light.iter().zip(dark).take(3).map(|(light, dark)| light.abs_diff(*dark)).max()
    });
    through.map(|through| 255 - through.unwrap_or_default()).collect()
}

/// Where fields without a value stand in the picture of a page, `[left, top, right, bottom)`: their
/// looks are there to be replaced.
pub(super) fn open_fields(page: &Page<'_>, scale: f32) -> Vec<[u32; 4]> {
    let shown = placed(page, scale);
    let mut areas = Vec::new();
    for annotation in annotations(page) {
        let has_value = |field: &Dict<'_>| field.contains_key("V");
        let above = annotation.get::<Dict<'_>>("Parent").is_some_and(|field| has_value(&field));
        let is_open = !has_value(&annotation) && !above;
        let is_widget =
            annotation.get::<Name<'_>>("Subtype").is_some_and(|kind| kind.as_ref() == b"Widget");
        if let Some(area) = annotation.get::<Rect>("Rect").filter(|_| is_open && is_widget) {
            let area = shown.transform_rect_bbox(area.to_kurbo());
            // A number beyond what a picture can have is as good as its edge.
            let place = |at: f64| at.round().clamp(0.0, f64::from(u16::MAX)) as u32;
            areas.push([place(area.x0), place(area.y0), place(area.x1), place(area.y1)]);
        }
    }
    areas
}

/// Whether the page or what lies upon it is written differently.
pub(super) fn seems_changed(then: &Page<'_>, now: &Page<'_>) -> bool {
    let (a, b) = (annotations(then), annotations(now));
    then.raw().data() != now.raw().data()
        || a.len() != b.len()
        || a.iter().zip(&b).any(|(a, b)| a.data() != b.data())
}

fn annotations<'a>(page: &Page<'a>) -> Vec<Dict<'a>> {
    let list = page.raw().get::<Array<'a>>("Annots");
    list.map(|list| list.iter::<Dict<'a>>().collect()).unwrap_or_default()
}

/// A font for text whose own font is not in the file: this machine's Chinese one for the character
/// collections of East Asia, else the renderer's.
fn font(query: &FontQuery) -> Option<(FontData, u32)> {
    match query {
        FontQuery::Standard(standard) => Some(standard.get_font_data()),
        FontQuery::Fallback(fallback) if fallback.character_collection.is_some() => {
            let font = chinese_font().ok()?;
            let index = font.index;
            Some((font, index))
        }
        FontQuery::Fallback(fallback) => Some(fallback.pick_standard_font().get_font_data()),
    }
}
