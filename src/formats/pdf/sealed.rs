//! A prepared document and its end: the digest of everything but the hole, the blob in the hole, and
//! the result read back as a stranger would.

use super::{
    PdfError,
    fields::signature_fields,
    found::{Gap, describe},
    raw::{Dictionary, Document, Object, ObjectId, Security, write_object},
    revision::Revision,
};
use crate::{
    crypto::DigestAlgorithm,
    domain::source::{ReadAt, Received},
    formats::sealed::Sealed,
};

/// Digits of a number in `/ByteRange`, as many as a cross-reference table has for an offset.
const WIDTH: usize = 10;

/// Writes the signature dictionary with all offsets known but the file's end; returns the hole.
pub(super) fn write_signature(
    revision: &mut Revision<'_>,
    id: ObjectId,
    base: u64,
    entries: Dictionary,
    room: usize,
) -> Result<(usize, usize), PdfError> {
    let entries = revision.encrypted(id, Object::Dictionary(entries))?;
    revision.begin(id);
    let out = &mut revision.tail;
    write_object(out, &entries);
    out.truncate(out.len() - 2); // reopen the dictionary for the two fixed-width entries
    out.extend_from_slice(b"/ByteRange [0 ");
    // The numbers have a fixed width; the third is filled in when the end is known.
    let behind = (3 * WIDTH + 2 + "]/Contents ".len()) as u64;
    let gap_start = base + out.len() as u64 + behind;
    let gap_end = gap_start + 2 * room as u64 + 2;
    let numbers = format!("{gap_start:0WIDTH$} {gap_end:0WIDTH$} {:0WIDTH$}]/Contents ", 0);
    out.extend_from_slice(numbers.as_bytes());
    out.push(b'<');
    let digits = out.len();
    out.resize(digits + 2 * room, b'0');
    out.extend_from_slice(b">>>\nendobj\n");
    Ok((digits, room))
}

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
        let sealed = Sealed { received: self.received, dropped: Vec::new(), tail: self.tail };
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
            || covered_digest(&sealed, gap, self.algorithm)?.ok_or_else(unlike)?
                != self.content_digest
        {
            return Err(unlike());
        }
        Ok(sealed)
    }
}

/// The digest of everything but a gap behind the original, which was digested when it came; `None`
/// if the gap is elsewhere.
fn covered_digest(
    sealed: &Sealed,
    gap: Gap,
    algorithm: DigestAlgorithm,
) -> Result<Option<Vec<u8>>, PdfError> {
    let base = sealed.received.source.size();
    let part = |start: u64, end: u64| {
        let start = usize::try_from(start.checked_sub(base)?).ok()?;
        sealed.tail.get(start..usize::try_from(end.checked_sub(base)?).ok()?)
    };
    let parts = part(base, gap.start).zip(part(gap.end, gap.end_of_range));
    let Some((before, behind)) = parts else { return Ok(None) };
    let mut hasher = sealed.received.hasher(algorithm)?;
    hasher.update(before);
    hasher.update(behind);
    Ok(Some(hasher.finish()))
}
