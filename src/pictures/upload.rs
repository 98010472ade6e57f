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
    /// Its ink is of another colour.
    #[error("the ink of a seal is red; say any_colour if this one is not")]
    NotRed,
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

/// Decodes a PNG of any colour type with a transparent ground to 8-bit RGBA.
///
/// # Errors
/// See [`PictureError`].
pub fn read_png(bytes: &[u8]) -> Result<Pixels, PictureError> {
    let pixels = read_any_png(bytes)?;
    let alphas = || pixels.rgba.iter().skip(3).step_by(4);
    if alphas().all(|alpha| *alpha == 0) {
        return Err(PictureError::Empty);
    }
    if alphas().all(|alpha| *alpha == 255) {
        return Err(PictureError::Opaque);
    }
    Ok(pixels)
}

impl Pixels {
    /// Encodes them as a PNG, fast.
    ///
    /// # Errors
    /// The bytes are not as many as the sides say.
    pub fn to_png(&self) -> Result<Vec<u8>, PictureError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let written = encoder.write_header().and_then(|mut w| w.write_image_data(&self.rgba));
        written.map_err(|_| PictureError::Side)?;
        Ok(bytes)
    }

    /// Refuses ink that is not red 朱红, taken over everything that is not transparent.
    ///
    /// # Errors
    /// See [`PictureError`].
    pub fn check_red(&self) -> Result<(), PictureError> {
        let mut sums = [0_u64; 3];
        for pixel in self.rgba.chunks_exact(4) {
            if let [r, g, b, alpha] = pixel {
                let weight = u64::from(*alpha);
                let parts = [r, g, b].map(|part| u64::from(*part) * weight);
                sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
            }
        }
        let [r, g, b] = sums;
        if r > 0 && r * 2 >= g.max(b) * 3 { Ok(()) } else { Err(PictureError::NotRed) }
    }
}

/// Decodes a PNG of any colour type to 8-bit RGBA, whatever its ground.
pub(super) fn read_any_png(bytes: &[u8]) -> Result<Pixels, PictureError> {
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
    Ok(Pixels { width, height, rgba })
}
