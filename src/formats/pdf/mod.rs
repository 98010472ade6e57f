//! PDF (ISO 32000): sealing by an appended revision, and finding the signatures of any file.
//!
//! `raw` is our own lazy reader, which keeps offsets; nothing else decides what was signed.

mod appearance;
mod caption;
mod error;
mod fields;
mod form;
mod inspect;
mod keyword;
mod page;
mod prepare;
pub mod raw;
mod restrictions;
mod revision;
mod sealed;
mod slices;
mod stamp;

pub use appearance::Appearance;
pub use caption::CaptionText;
pub use error::PdfError;
pub use inspect::{FoundSignature, Gap, Inspection, inspect};
pub use prepare::{SealingRequest, prepare};
pub use raw::is_pdf;
pub use sealed::Prepared;
