//! Pictures of seals 印模: reading an uploaded PNG or SVG with limits, drawing official seals, and
//! setting text in an embedded font.

mod compare;
mod draw;
mod font;
mod ofd_objects;
mod path_data;
mod typeset;
mod upload;
mod vector;

pub use compare::compare;
pub use draw::{DrawError, Emblem, OvalSeal, Rank, RoundSeal, SquareSeal, mark_for_test};
pub use font::{Font, chinese_font};
pub use typeset::{Typeset, qr_code, typeset};
pub use upload::{PictureError, Pixels, read_png};
pub use vector::{Vector, VectorError};
