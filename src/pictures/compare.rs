//! A picture beside the physical impression 实物印模, both in the same scale, and one upon the other.

use tiny_skia::{FilterQuality, IntSize, Pixmap, PixmapPaint, Transform};

use super::{PictureError, Pixels, upload::read_any_png};

/// Dots per millimetre of the comparison: 300 dpi.
const DOTS: f64 = 300.0 / 25.4;
/// The ground between and around, millimetres.
const GAP: f64 = 5.0;

/// Draws the impression, the picture, and the picture upon the impression, from left to right on
/// white, as a PNG at 300 dpi.
///
/// # Errors
/// The impression is no PNG, or beyond the limits.
pub fn compare(impression: (&[u8], f64), picture: (&Pixels, f64)) -> Result<Vec<u8>, PictureError> {
    let (scan, scan_wide) = (read_any_png(impression.0)?, impression.1);
    let (pixels, wide) = picture;
    let high =
        |pixels: &Pixels, wide: f64| wide * f64::from(pixels.height) / f64::from(pixels.width);
    let cell = (scan_wide.max(wide), high(&scan, scan_wide).max(high(pixels, wide)));
    let dots = |length: f64| (length * DOTS).ceil() as u32;
    let side = (dots(cell.0 * 3.0 + GAP * 4.0), dots(cell.1 + GAP * 2.0));
    let mut sheet = Pixmap::new(side.0, side.1).ok_or(PictureError::Side)?;
    sheet.fill(tiny_skia::Color::WHITE);
    let scan = (pixmap(scan)?, scan_wide);
    let drawn = (pixmap(pixels.clone())?, wide);
    let middle = |column: f64| (GAP + cell.0 / 2.0 + column * (cell.0 + GAP), GAP + cell.1 / 2.0);
    put(&mut sheet, &scan, middle(0.0), 1.0);
    put(&mut sheet, &drawn, middle(1.0), 1.0);
    put(&mut sheet, &scan, middle(2.0), 0.5);
    put(&mut sheet, &drawn, middle(2.0), 0.5);
    sheet.encode_png().map_err(|_| PictureError::Side)
}

/// Draws one about a middle, millimetres.
fn put(sheet: &mut Pixmap, (what, wide): &(Pixmap, f64), middle: (f64, f64), opacity: f32) {
    let scale = wide * DOTS / f64::from(what.width());
    let left = middle.0 * DOTS - f64::from(what.width()) * scale / 2.0;
    let top = middle.1 * DOTS - f64::from(what.height()) * scale / 2.0;
    let place =
        Transform::from_scale(scale as f32, scale as f32).post_translate(left as f32, top as f32);
    let paint = PixmapPaint { opacity, quality: FilterQuality::Bilinear, ..PixmapPaint::default() };
    sheet.draw_pixmap(0, 0, what.as_ref(), &paint, place, None);
}

/// Colours are multiplied by their opacity, as drawing wants them.
fn pixmap(mut pixels: Pixels) -> Result<Pixmap, PictureError> {
    for pixel in pixels.rgba.chunks_exact_mut(4) {
        if let [r, g, b, alpha] = pixel {
            let by = u16::from(*alpha);
            for part in [r, g, b] {
                *part = u8::try_from((u16::from(*part) * by + 127) / 255).unwrap_or(u8::MAX);
            }
        }
    }
    let size = IntSize::from_wh(pixels.width, pixels.height).ok_or(PictureError::Side)?;
    Pixmap::from_vec(pixels.rgba, size).ok_or(PictureError::Side)
}
