//! Reading a PNG from outside.

/// The largest picture, pixels on a side.
const LARGEST_SIDE: u32 = 4096;
/// The largest file, bytes.
pub(crate) const LARGEST_FILE: usize = 2 << 20;

/// Why a picture is not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PictureError {
    /// The file is too large.
    #[error("the picture is over 2 MiB")]
    TooLarge,
    /// It cannot be decoded.
    #[error("the picture is not a PNG that can be decoded")]
    NotPng,
    /// It has too many or too few pixels.
    #[error("the picture must be 16 to 4096 pixels on each side")]
    Side,
    /// Its ground is not transparent.
    #[error("the picture has no transparent ground; text under the seal would be hidden")]
    Opaque,
    /// There is nothing on it.
    #[error("the picture is empty: every pixel is transparent")]
    Empty,
}

/// Rows of red, green, blue, alpha, 8 bits each.
#[derive(Clone, Debug)]
pub struct Pixels {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The bytes.
    pub rgba: Vec<u8>,
}

/// Decodes a PNG of any colour type to 8-bit RGBA.
///
/// # Errors
/// See [`PictureError`].
pub fn read_png(bytes: &[u8]) -> Result<Pixels, PictureError> {
    if bytes.len() > LARGEST_FILE {
        return Err(PictureError::TooLarge);
    }
    let bad = |_| PictureError::NotPng;
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::ALPHA | png::Transformations::STRIP_16);
    decoder.set_limits(png::Limits { bytes: 128 << 20 });
    let mut reader = decoder.read_info().map_err(bad)?;
    let (width, height) = (reader.info().width, reader.info().height);
    if !(16..=LARGEST_SIDE).contains(&width) || !(16..=LARGEST_SIDE).contains(&height) {
        return Err(PictureError::Side);
    }
    let mut buffer = vec![0; reader.output_buffer_size().ok_or(PictureError::NotPng)?];
    let frame = reader.next_frame(&mut buffer).map_err(bad)?;
    let data = buffer.get(..frame.buffer_size()).ok_or(PictureError::NotPng)?;
    let rgba: Vec<u8> = match frame.color_type {
        png::ColorType::Rgba => data.to_vec(),
        png::ColorType::GrayscaleAlpha => data
            .chunks_exact(2)
            .flat_map(|pixel| match pixel {
                [grey, alpha] => [*grey, *grey, *grey, *alpha],
                _ => [0; 4],
            })
            .collect(),
        _ => return Err(PictureError::NotPng),
    };
    let alphas = || rgba.iter().skip(3).step_by(4);
    if alphas().all(|alpha| *alpha == 0) {
        return Err(PictureError::Empty);
    }
    if alphas().all(|alpha| *alpha == 255) {
        return Err(PictureError::Opaque);
    }
    Ok(Pixels { width, height, rgba })
}
