//! One entry: its local header compared with the directory, and its content inflated.

use flate2::{Decompress, FlushDecompress, Status};

use super::{
    OfdError,
    directory::{Fields, check_extra, piece},
};
use crate::domain::source::{ReadAt, for_each_chunk};

/// Encrypted, sizes behind the content: what both headers must say alike.
const SAME_FLAGS: u64 = 1 | 8;
/// Names are in UTF-8, which makes no difference to plain letters.
const UTF8: u64 = 1 << 11;

/// How a content is packed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Method {
    Stored,
    Deflated,
}

/// A file or directory of the package.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name as it stands.
    pub name: String,
    pub(super) method: Method,
    pub(super) flags: u16,
    pub(super) crc: u32,
    /// Bytes as packed.
    pub(super) packed: u64,
    /// Bytes inflated.
    pub size: u64,
    /// Where its local header begins in the source.
    pub(super) header: u64,
    /// Where its content begins.
    pub(super) data: u64,
    /// Where it ends, with the data descriptor if it has one.
    pub(super) end: u64,
    /// Its record in the central directory, as it stands.
    pub(super) record: Vec<u8>,
}

impl Entry {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.name.ends_with(['/', '\\'])
    }

    /// Reads the local header; what it says otherwise than the directory is a finding: a reader
    /// that goes by local headers would see another package.
    pub(super) fn read_local(
        &mut self,
        source: &dyn ReadAt,
        findings: &mut Vec<String>,
    ) -> Result<(), OfdError> {
        let head = piece(source, self.header, 30)?;
        let mut fields = Fields(&head);
        if fields.bytes(4)? != b"PK\x03\x04" {
            return Err(OfdError::Damaged(format!("{} has no local header", self.name)));
        }
        fields.short()?;
        let (flags, method) = (fields.short()?, fields.short()?);
        fields.word()?;
        let (crc, packed, size) = (fields.word()?, fields.word()?, fields.word()?);
        let (name_length, extra_length) = (fields.short()?, fields.short()?);
        let name = piece(source, self.header + 30, name_length)?;
        let extra = piece(source, self.header + 30 + name_length, extra_length)?;
        check_extra(&self.name, &extra, findings);
        self.data = self.header + 30 + name_length + extra_length;
        let packed_end = self.data + self.packed;
        let streamed = flags & 8 != 0;
        let must_agree = SAME_FLAGS | if self.name.is_ascii() { 0 } else { UTF8 };
        let known = !streamed || (crc, packed, size) != (0, 0, 0);
        let same = String::from_utf8_lossy(&name) == self.name
            && method == if self.method == Method::Stored { 0 } else { 8 }
            && flags & must_agree == u64::from(self.flags) & must_agree
            && (!known || (crc, packed, size) == (u64::from(self.crc), self.packed, self.size));
        if !same {
            let text = "the archive's directory and local header of {} disagree";
            findings.push(text.replace("{}", &self.name));
        }
        self.end = packed_end;
        if streamed {
            let (length, same) = self.descriptor(source, packed_end)?;
            self.end += length;
            if !same {
                findings.push(format!("the size behind {} is another than its own", self.name));
            }
        }
        if self.end > source.size() {
            return Err(OfdError::Damaged(format!("{} is cut off", self.name)));
        }
        Ok(())
    }

    /// The length of the data descriptor, which may have a mark or not, and whether it says the
    /// same as the directory.
    fn descriptor(&self, source: &dyn ReadAt, at: u64) -> Result<(u64, bool), OfdError> {
        let marked = piece(source, at, 4)? == b"PK\x07\x08";
        let skip = if marked { 4 } else { 0 };
        let bytes = piece(source, at + skip, 12)?;
        let mut fields = Fields(&bytes);
        let stated = (fields.word()?, fields.word()?, fields.word()?);
        Ok((skip + 12, stated == (u64::from(self.crc), self.packed, self.size)))
    }

    /// Hands the content to `sink` in pieces.
    ///
    /// # Errors
    /// It is damaged, or not of the size and checksum that the directory says.
    pub(super) fn inflate(
        &self,
        source: &dyn ReadAt,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<(), OfdError> {
        let damaged = || OfdError::Damaged(format!("the content of {} is damaged", self.name));
        let mut crc = crc32fast::Hasher::new();
        let mut count = 0_u64;
        let mut take = |bytes: &[u8]| {
            crc.update(bytes);
            count += bytes.len() as u64;
            sink(bytes);
        };
        let end = self.data + self.packed;
        match self.method {
            Method::Stored => for_each_chunk(source, self.data, end, take)?,
            Method::Deflated => {
                let mut inflater = Decompress::new(false);
                let mut out = vec![0; 64 << 10];
                let (mut ended, mut failed) = (false, false);
                for_each_chunk(source, self.data, end, |mut chunk| {
                    while !failed && !ended {
                        let (before_in, before_out) = (inflater.total_in(), inflater.total_out());
                        let state = inflater.decompress(chunk, &mut out, FlushDecompress::None);
                        let used = usize::try_from(inflater.total_in() - before_in);
                        let made = usize::try_from(inflater.total_out() - before_out);
                        let (used, made) = (used.unwrap_or_default(), made.unwrap_or_default());
                        take(out.get(..made).unwrap_or_default());
                        chunk = chunk.get(used..).unwrap_or_default();
                        failed = state.is_err() || inflater.total_out() > self.size;
                        ended = matches!(state, Ok(Status::StreamEnd));
                        if made < out.len() && chunk.is_empty() {
                            break;
                        }
                        failed |= used == 0 && made == 0 && !ended;
                    }
                })?;
                if failed || !ended || inflater.total_in() != self.packed {
                    return Err(damaged());
                }
            }
        }
        if count != self.size || crc.finalize() != self.crc {
            return Err(damaged());
        }
        Ok(())
    }
}
