//! Pictures of seals 印模: reading an uploaded PNG with limits, and drawing a simple round seal.

mod draw;
mod upload;

pub use draw::{DrawError, RoundSeal};
pub use upload::{PictureError, Pixels, read_png};
