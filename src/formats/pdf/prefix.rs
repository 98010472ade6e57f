//! The beginning of a document, as a document of its own: an earlier revision.

use std::io;

use crate::domain::source::ReadAt;

/// The beginning of a document.
pub(super) struct Prefix<'a> {
    pub(super) source: &'a dyn ReadAt,
    pub(super) size: u64,
}

impl ReadAt for Prefix<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        if offset.saturating_add(buffer.len() as u64) > self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.source.read_exact_at(buffer, offset)
    }
}
