//! PDF (ISO 32000): sealing by an appended revision, and finding the signatures of any file.
//!
//! `raw` is our own lazy reader, which keeps offsets; nothing else decides what was signed.

mod appearance;
mod caption;
mod difference;
mod error;
mod extend;
mod fields;
mod form;
mod found;
mod history;
mod inspect;
mod keyword;
mod page;
mod prefix;
mod prepare;
pub mod raw;
mod restrictions;
mod revision;
mod sealed;
mod shadow;
mod slices;
mod stamp;
mod validation_data;

pub use appearance::Appearance;
pub use caption::CaptionText;
pub use difference::{Annotation, Change, ChangeKind, Difference, compare};
pub use error::PdfError;
pub use extend::{Extension, add_validation_data, prepare_timestamp};
pub use found::{FoundSignature, Gap};
pub use history::{History, history};
pub use inspect::{Damage, Inspection, inspect};
pub use prepare::{SealingRequest, prepare};
pub use raw::{Finding, is_pdf};
pub use restrictions::Permissions;
pub use sealed::Prepared;
pub use shadow::warnings;
pub use validation_data::{ValidationData, validation_data};
