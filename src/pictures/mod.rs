//! Pictures of seals 印模: reading an uploaded PNG or SVG with limits, drawing official seals, and
//! setting text in an embedded font.

mod draw;
mod font;
mod path_data;
mod typeset;
mod upload;
mod vector;

pub use draw::{DrawError, Emblem, OvalSeal, Rank, RoundSeal, SquareSeal};
pub use typeset::{Typeset, qr_code, typeset};
pub use upload::{PictureError, Pixels, read_png};
pub use vector::{Vector, VectorError};
