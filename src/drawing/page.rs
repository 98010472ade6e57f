//! One page as `hayro` draws it, in a picture of bounded size.

use std::sync::Arc;

use hayro::{
    PixmapSettings, RenderCache, RenderSettings,
    hayro_interpret::{
        InterpreterSettings, RenderContent,
        font::{FontData, FontQuery},
    },
    hayro_syntax::page::Page,
    render,
    vello_cpu::color::palette::css::WHITE,
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

/// Draws a page on white: all of it, or without what lies upon it.
pub(super) fn draw<'a>(
    page: &'a Page<'a>,
    cache: &RenderCache<'a>,
    scale: f32,
    annotations: bool,
) -> Pixels {
    let settings = InterpreterSettings {
        font_resolver: Arc::new(font),
        render_content: if annotations { RenderContent::all() } else { RenderContent::PAGE },
        ..InterpreterSettings::default()
    };
    let form = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let drawn = render(page, cache, &settings, &RenderSettings::default(), &form);
    Pixels {
        width: u32::from(drawn.width()),
        height: u32::from(drawn.height()),
        rgba: drawn.data_as_u8_slice().to_vec(),
    }
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
