//! A lazy, strict, offset-keeping reader of PDF structure: the `startxref` chain, objects on
//! demand, nothing repaired and nothing guessed. Memory is bounded by the limits in this file,
//! not by the size of the document.

mod document;
mod filter;
mod layout;
mod lexer;
mod object;
mod object_stream;
mod pass;
mod section;
mod security;
mod skim;
mod writer;
mod xref;

pub use document::{Document, is_pdf};
pub use layout::Finding;
pub(crate) use lexer::{Lexer, is_space};
pub use object::{Dictionary, Object, ObjectId, PdfString};
pub use section::{Entry, XrefKind};
pub use security::Security;
pub(crate) use skim::Tape;
pub use writer::write_object;

/// The largest single object (without its stream data), bytes.
pub(crate) const LARGEST_OBJECT: usize = 8 << 20;
/// The most data one stream may decode to, bytes.
pub(crate) const LARGEST_STREAM: usize = 64 << 20;
/// The most data that all structure streams of a document together may decode to, bytes, each time
/// that one is decoded.
pub(crate) const LARGEST_SUM: usize = 256 << 20;
/// The most cross-reference sections.
pub(crate) const MOST_SECTIONS: usize = 1024;
/// The most objects.
pub(crate) const MOST_OBJECTS: usize = 4 << 20;
/// The most runs of consecutive numbers in all sections together.
pub(crate) const MOST_RUNS: usize = 100_000;
/// The most bytes of objects that are parsed for one document, the same one again included.
pub(crate) const MOST_PARSED: u64 = 512 << 20;
/// The most elements of one object, those of its arrays and dictionaries included.
pub(crate) const MOST_ELEMENTS: usize = 500_000;
/// The deepest nesting of arrays and dictionaries.
pub(crate) const DEEPEST: usize = 64;
