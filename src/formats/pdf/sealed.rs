//! A prepared document and its end: the digest of everything but the hole, the blob in the hole, and
//! the result read back as a stranger would.

use std::io::{self, Read};

use super::{
    PdfError,
    fields::signature_fields,
    inspect::{Gap, describe},
    raw::{Document, ObjectId, Security},
};
use crate::{
    crypto::DigestAlgorithm,
    domain::source::{Checksum, ReadAt, Received},
};

/// Digits of a number in `/ByteRange`, as many as a cross-reference table has for an offset.
pub(super) const WIDTH: usize = 10;

/// A document with a hole in it. Filling it consumes it.
#[derive(Debug)]
pub struct Prepared {
    pub(super) received: Received,
    pub(super) tail: Vec<u8>,
    /// Where the hexadecimal digits of `/Contents` begin in the tail, and how many bytes they hold.
    pub(super) hole: (usize, usize),
    pub(super) content_digest: Vec<u8>,
    pub(super) algorithm: DigestAlgorithm,
    pub(super) signature: ObjectId,
    pub(super) security: Option<Security>,
}

/// A sealed document: the original bytes, and what stands behind them.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The document as it came.
    pub received: Received,
    /// The revision appended to it.
    pub tail: Vec<u8>,
}

/// Fills in the last number of the byte range and digests everything but the hole.
pub(super) fn digest_and_close(
    received: &Received,
    mut tail: Vec<u8>,
    hole: (usize, usize),
    algorithm: DigestAlgorithm,
) -> Result<(Vec<u8>, Vec<u8>), PdfError> {
    let bad = || PdfError::damaged("the hole is not where it was made");
    let behind = hole.0 + 2 * hole.1 + 1;
    let last = tail.len().checked_sub(behind).ok_or_else(bad)?;
    let number_end = hole.0.checked_sub("]/Contents <".len()).ok_or_else(bad)?;
    let number = number_end.checked_sub(WIDTH).ok_or_else(bad)?;
    let slot = tail.get_mut(number..number_end).ok_or_else(bad)?;
    slot.copy_from_slice(format!("{last:0WIDTH$}").as_bytes());

    let mut hasher = received.hasher(algorithm)?;
    hasher.update(tail.get(..hole.0 - 1).ok_or_else(bad)?);
    hasher.update(tail.get(behind..).ok_or_else(bad)?);
    Ok((hasher.finish(), tail))
}

impl Prepared {
    /// The digest of everything but the hole: what the signature blob has to vouch for.
    pub fn content_digest(&self) -> &[u8] {
        &self.content_digest
    }

    /// Fills the hole, then opens the result as a stranger would and compares what the new
    /// signature covers with what was digested. Whether the medium still holds the original is
    /// seen when it is read for the last time, see [`Sealed::into_reader`].
    ///
    /// # Errors
    /// The blob is too large, or the document does not read back as it was written.
    pub fn embed(mut self, blob: &[u8]) -> Result<Sealed, PdfError> {
        let (start, room) = self.hole;
        if blob.len() > room {
            return Err(PdfError::HoleTooSmall { needed: blob.len(), room });
        }
        let digits = crate::crypto::digest::hex(blob);
        if let Some(slot) = self.tail.get_mut(start..start + digits.len()) {
            slot.copy_from_slice(digits.as_bytes());
        }
        let sealed = Sealed { received: self.received, tail: self.tail };
        let unlike = || PdfError::damaged("the sealed document does not read back as written");
        let mut document = Document::open_as(&sealed, self.security)?;
        let fields = signature_fields(&mut document)?;
        let newest = fields.into_iter().filter_map(|field| field.value);
        let newest = newest.into_iter().find(|(_, id)| *id == Some(self.signature));
        let (value, _) = newest.ok_or_else(unlike)?;
        let signature = describe(&mut document, &sealed, None, &value)?;
        let gap = signature.gap.ok().filter(|gap| gap.end_of_range == sealed.size());
        let gap = gap.ok_or_else(unlike)?;
        if signature.blob() != blob
            || sealed.covered_digest(gap, self.algorithm)?.ok_or_else(unlike)?
                != self.content_digest
        {
            return Err(unlike());
        }
        Ok(sealed)
    }
}

impl Sealed {
    /// SHA-256 of the sealed document.
    pub fn digest(&self) -> Vec<u8> {
        let mut hasher = self.received.sha256();
        hasher.update(&self.tail);
        hasher.finish()
    }

    /// The sealed document from its beginning to its end. What was appended comes only after the
    /// original has been read as it was received: a medium that lost it makes no sealed document.
    pub fn into_reader(self) -> SealedReader {
        SealedReader { sealed: self, at: 0, seen: Some(Checksum::default()) }
    }

    /// The digest of everything but a gap behind the original, which was digested when it came;
    /// `None` if the gap is elsewhere.
    fn covered_digest(
        &self,
        gap: Gap,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<Vec<u8>>, PdfError> {
        let base = self.received.source.size();
        let part = |start: u64, end: u64| {
            let start = usize::try_from(start.checked_sub(base)?).ok()?;
            self.tail.get(start..usize::try_from(end.checked_sub(base)?).ok()?)
        };
        let parts = part(base, gap.start).zip(part(gap.end, gap.end_of_range));
        let Some((before, behind)) = parts else { return Ok(None) };
        let mut hasher = self.received.hasher(algorithm)?;
        hasher.update(before);
        hasher.update(behind);
        Ok(Some(hasher.finish()))
    }
}

/// Reads a sealed document; see [`Sealed::into_reader`].
#[derive(Debug)]
pub struct SealedReader {
    sealed: Sealed,
    at: u64,
    /// What was read of the original; none after it was compared.
    seen: Option<Checksum>,
}

impl Read for SealedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let received = &self.sealed.received;
        let base = received.source.size();
        if self.at == base
            && let Some(seen) = self.seen.take()
        {
            seen.compare(received.checksum())?;
        }
        let end = if self.at < base { base } else { self.sealed.size() };
        let left = usize::try_from(end - self.at).unwrap_or(usize::MAX);
        let length = left.min(buffer.len());
        let Some(piece) = buffer.get_mut(..length) else { return Ok(0) };
        self.sealed.read_exact_at(piece, self.at)?;
        if self.at < base
            && let Some(seen) = &mut self.seen
        {
            seen.update(piece);
        }
        self.at += length as u64;
        Ok(length)
    }
}

impl ReadAt for Sealed {
    fn size(&self) -> u64 {
        self.received.source.size() + self.tail.len() as u64
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let base = self.received.source.size();
        let in_source = usize::try_from(base.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (first, second) = buffer.split_at_mut(in_source.min(buffer.len()));
        if !first.is_empty() {
            self.received.source.read_exact_at(first, offset)?;
        }
        if second.is_empty() {
            return Ok(());
        }
        self.tail.as_slice().read_exact_at(second, offset.max(base) - base)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::domain::source::Source;

    fn sealed() -> (std::fs::File, Sealed) {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(&[7; 100_000], 0).unwrap();
        let source = Source::file(file.try_clone().unwrap()).unwrap();
        let received = Received::read(source).unwrap();
        (file, Sealed { received, tail: b"the seal".to_vec() })
    }

    #[test]
    fn a_sealed_document_is_read_to_its_end() {
        let (_file, sealed) = sealed();
        let mut read = Vec::new();
        sealed.clone().into_reader().read_to_end(&mut read).unwrap();
        assert_eq!(read.len() as u64, sealed.size());
        assert!(read.ends_with(b"\x07the seal"));
    }

    #[test]
    fn a_medium_that_lost_a_bit_yields_no_seal() {
        let (file, sealed) = sealed();
        file.write_all_at(&[6], 70_000).unwrap();
        let mut read = Vec::new();
        let error = sealed.into_reader().read_to_end(&mut read).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(read.len(), 100_000, "nothing of what was appended");
    }
}
