//! OFD (GB/T 33190): finding the signatures of any package, and sealing by new parts in it.
//!
//! A package is read entry by entry from its archive; parts that sealing does not touch keep their
//! packed bytes.

mod document;
mod error;
mod inspect;
mod keyword;
mod list;
mod package;
pub mod path;
mod picture;
mod prepare;
mod signature_xml;
mod stamp;
mod xml;

pub use error::OfdError;
pub use inspect::{FoundSignature, Inspection, PartState, ProtectedPart, inspect};
pub use package::{Entry, Package, is_package};
pub use picture::picture;
pub use prepare::{Prepared, SealingRequest, prepare};
pub use signature_xml::{Reference, SignatureXml, StampAnnot};
