//! Pictures of seals 印模: reading an uploaded PNG or SVG with limits, drawing a simple round seal, and
//! setting text in an embedded font.

mod draw;
mod typeset;
mod upload;
mod vector;

pub use draw::{DrawError, RoundSeal};
pub use typeset::{Typeset, qr_code, typeset};
pub use upload::{PictureError, Pixels, read_png};
pub use vector::{Vector, VectorError};
