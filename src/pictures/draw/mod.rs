//! Drawing official seals 印章图样: round with the name along the arc, oval, and square name seals.
//! Each is an SVG of outlines in hundredths of a millimetre, its origin in the middle.
//!
//! Sizes follow 国发〔1999〕25号: the diameter tells the rank of the organization.

mod canvas;
mod letters;
mod oval;
mod round;
mod square;
mod test_mark;

pub use oval::OvalSeal;
pub use round::{Emblem, Rank, RoundSeal};
pub use square::SquareSeal;
pub use test_mark::mark_for_test;

/// Why a seal cannot be drawn.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DrawError {
    /// No font on this machine has Chinese characters.
    #[error(
        "no font with Chinese characters is installed; install one, such as Debian's fonts-noto-cjk"
    )]
    NoFont,
    /// The font lacks a character; a seal with a blank box would be worse than none.
    #[error("the font has no character {0:?}")]
    MissingGlyph(char),
    /// A text does not fit.
    #[error("{what} has {least} to {most} characters")]
    Length {
        /// Which text.
        what: &'static str,
        /// The fewest characters.
        least: usize,
        /// The most characters.
        most: usize,
    },
    /// The size is not one of such a seal.
    #[error("{0}")]
    Size(&'static str),
    /// The emblem cannot be read.
    #[error("the emblem: {0}")]
    Emblem(#[from] super::VectorError),
    /// The picture could not be encoded.
    #[error("the picture could not be made")]
    Encoding,
}

/// Checks how many characters a text has.
fn fits(what: &'static str, text: &str, least: usize, most: usize) -> Result<(), DrawError> {
    if (least..=most).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(DrawError::Length { what, least, most })
    }
}
