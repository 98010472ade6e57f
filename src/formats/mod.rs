//! Where the signature blob sits: a document goes in, a document with a hole comes out, the blob
//! fills the hole. What the blob is, is told by `containers`; the two exchange bytes and sizes.

pub mod file;
pub mod ofd;
pub mod pdf;
mod sealed;
pub mod written;

pub use sealed::{Sealed, SealedReader};
