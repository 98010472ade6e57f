//! Finding the central directory and reading it, and the local headers that it points at.

use super::{Entry, MOST_ENTRIES, OfdError, entry::Method};
use crate::domain::source::ReadAt;

/// The end record is at most this far from the end: its comment has at most 65,535 bytes.
const FARTHEST_END: u64 = 22 + 65_535;
/// The longest central directory, bytes.
const LONGEST_DIRECTORY: u64 = 16 << 20;

/// What the central directory says.
pub(super) struct Directory {
    pub(super) entries: Vec<Entry>,
    pub(super) findings: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// Little-endian numbers one after another.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], OfdError> {
        let (bytes, rest) =
            self.0.split_at_checked(count).ok_or_else(|| damaged("a record of the archive"))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn number(&mut self, width: usize) -> Result<u64, OfdError> {
        Ok(self.bytes(width)?.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    pub(super) fn short(&mut self) -> Result<u64, OfdError> {
        self.number(2)
    }

    pub(super) fn word(&mut self) -> Result<u64, OfdError> {
        self.number(4)
    }
}

fn damaged(what: &str) -> OfdError {
    OfdError::Damaged(format!("{what} is cut off"))
}

/// A piece of the source in memory.
pub(super) fn piece(source: &dyn ReadAt, at: u64, length: u64) -> Result<Vec<u8>, OfdError> {
    if at.checked_add(length).is_none_or(|end| end > source.size()) {
        return Err(damaged("the archive"));
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| damaged("the archive"))?];
    source.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

/// Whether the source ends as an archive does.
pub(super) fn has_end(source: &dyn ReadAt) -> bool {
    find_end(source).is_ok()
}

/// The place of the end record, and the bytes behind its mark.
fn find_end(source: &dyn ReadAt) -> Result<(u64, Vec<u8>), OfdError> {
    let tail_length = source.size().min(FARTHEST_END);
    let tail_start = source.size() - tail_length;
    let tail = piece(source, tail_start, tail_length)?;
    // The end record whose comment reaches exactly to the end of the file.
    let fits = |at: &usize| {
        let comment = tail.len() - at - 22;
        tail.get(*at..at + 4) == Some(b"PK\x05\x06")
            && tail.get(at + 20..at + 22).is_some_and(|length| {
                length.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)) == comment
            })
    };
    let at = (0..tail.len().saturating_sub(21)).rev().find(fits).ok_or(OfdError::NotOfd)?;
    Ok((tail_start + at as u64, tail.get(at + 4..).unwrap_or_default().to_vec()))
}

/// Reads the directory of an archive.
pub(super) fn read(source: &dyn ReadAt) -> Result<Directory, OfdError> {
    let (end_record, record) = find_end(source)?;
    let mut end = Fields(&record);
    let (disk, start_disk) = (end.short()?, end.short()?);
    let (here, count) = (end.short()?, end.short()?);
    let (size, offset) = (end.word()?, end.word()?);
    if disk != 0 || start_disk != 0 || here != count {
        return Err(OfdError::Damaged("the archive is in several pieces".to_owned()));
    }
    if count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff {
        return Err(OfdError::Limit("archives in the 64-bit form are not read".to_owned()));
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count > MOST_ENTRIES || size > LONGEST_DIRECTORY {
        return Err(OfdError::Limit(format!("the archive has {count} entries")));
    }
    let at = end_record.checked_sub(size).ok_or_else(|| damaged("the archive"))?;
    // Some makers put bytes before the archive and do not count them in its offsets.
    let start = at.checked_sub(offset).ok_or_else(|| damaged("the archive"))?;
    let (mut findings, mut notes) = (Vec::new(), Vec::new());
    if start > 0 {
        let text = format!("{start} bytes stand before the archive");
        // Readers that take offsets as they stand would look for the directory elsewhere.
        let elsewhere = piece(source, offset, 4).is_ok_and(|mark| mark == CENTRAL);
        let misleads = elsewhere || hides_something(source, 0, start)?;
        if misleads { findings.push(text) } else { notes.push(text) }
    }
    // Some readers take the last end record of the file, whatever its comment says.
    match record.get(18..).unwrap_or_default() {
        [] => {}
        comment if comment.windows(2).any(|two| two == b"PK") => {
            findings.push("the archive's comment looks like an archive".to_owned());
        }
        comment => notes.push(format!("the archive has a comment of {} bytes", comment.len())),
    }
    let bytes = piece(source, at, size)?;
    let mut fields = Fields(&bytes);
    let mut entries = Vec::new();
    for _ in 0..count {
        let mut entry = read_entry(&mut fields, start, &mut findings)?;
        entry.read_local(source, &mut findings)?;
        entries.push(entry);
    }
    if !fields.0.is_empty() {
        findings.push("the archive's directory holds more than its entries".to_owned());
    }
    let mut places: Vec<_> = entries.iter().map(|e: &Entry| (e.header, e.end)).collect();
    places.sort_unstable();
    places.push((at, at));
    let mut reached = start;
    for (from, to) in places {
        if from < reached {
            findings.push("entries of the archive overlap".to_owned());
        } else if from > reached {
            let text = format!("{} bytes of the archive belong to no entry", from - reached);
            let hidden = hides_something(source, reached, from)?;
            if hidden { findings.push(text) } else { notes.push(text) }
        }
        reached = reached.max(to);
    }
    if reached > at {
        return Err(OfdError::Damaged("an entry reaches into the archive's directory".to_owned()));
    }
    Ok(Directory { entries, findings, notes })
}

const CENTRAL: &[u8] = b"PK\x01\x02";
/// What a reader may look for: records of archives, and the mark of a PDF.
const MARKS: [&[u8]; 6] =
    [CENTRAL, b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"%PDF"];

/// Whether bytes of no entry hold something that another reader would take for a document.
fn hides_something(source: &dyn ReadAt, from: u64, to: u64) -> Result<bool, OfdError> {
    if to - from > LONGEST_DIRECTORY {
        return Ok(true);
    }
    Ok(piece(source, from, to - from)?.windows(4).any(|four| MARKS.contains(&four)))
}

/// What extra fields say: another name, other sizes or nothing that can be read is a finding.
pub(super) fn check_extra(name: &str, extra: &[u8], findings: &mut Vec<String>) {
    let mut fields = Fields(extra);
    while !fields.0.is_empty() {
        let one = fields.short().and_then(|id| {
            let length = fields.short()?;
            fields.bytes(usize::try_from(length).unwrap_or(usize::MAX)).map(|_| id)
        });
        match one {
            Ok(0x7075 | 0x6375 | 0x0001) => {
                findings.push(format!("{name} has another name or size in an extra field"));
            }
            Ok(_) => {}
            Err(_) => {
                findings.push(format!("the extra fields of {name} cannot be read"));
                return;
            }
        }
    }
}

fn read_entry(
    fields: &mut Fields<'_>,
    start: u64,
    findings: &mut Vec<String>,
) -> Result<Entry, OfdError> {
    let before = fields.0;
    if fields.bytes(4)? != CENTRAL {
        return Err(OfdError::Damaged("the archive's directory is not one".to_owned()));
    }
    let made_by = fields.short()?;
    fields.short()?;
    let (flags, method) = (fields.short()?, fields.short()?);
    fields.word()?;
    let (crc, packed, size) = (fields.word()?, fields.word()?, fields.word()?);
    let (name, extra, comment) = (fields.short()?, fields.short()?, fields.short()?);
    fields.short()?;
    fields.short()?;
    let attributes = fields.word()?;
    let header = fields.word()?;
    let mut take = |length: u64| fields.bytes(usize::try_from(length).unwrap_or(usize::MAX));
    let name = String::from_utf8_lossy(take(name)?).into_owned();
    check_extra(&name, take(extra)?, findings);
    if !take(comment)?.is_empty() {
        findings.push(format!("{name} has a comment, which could hide records"));
    }
    let record = before.get(..before.len() - fields.0.len()).unwrap_or_default().to_vec();
    if [packed, size, header].contains(&0xffff_ffff) {
        return Err(OfdError::Limit("archives in the 64-bit form are not read".to_owned()));
    }
    let mode = attributes >> 16;
    if made_by >> 8 == 3 && mode & 0o170_000 == 0o120_000 {
        return Err(OfdError::Damaged(format!("{name} is a symbolic link")));
    }
    if flags & 0x41 != 0 {
        return Err(OfdError::Encrypted);
    }
    let method = match method {
        0 => Method::Stored,
        8 => Method::Deflated,
        other => {
            return Err(OfdError::Damaged(format!("{name} is packed by method {other}")));
        }
    };
    if method == Method::Stored && packed != size {
        return Err(OfdError::Damaged(format!("{name} is stored in another size than its own")));
    }
    Ok(Entry {
        name,
        method,
        flags: u16::try_from(flags).unwrap_or_default(),
        crc: u32::try_from(crc).unwrap_or_default(),
        packed,
        size,
        header: start + header,
        data: 0,
        end: 0,
        record,
    })
}
