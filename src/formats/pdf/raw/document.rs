//! A document: its cross-reference chain, and objects on demand.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    LARGEST_OBJECT, LARGEST_STREAM, LARGEST_SUM, MOST_PARSED, filter,
    lexer::{LexError, Lexer, is_space},
    object::{Dictionary, Object, ObjectId},
    section::{Entry, XrefKind},
    security::Security,
    xref::{self, Chain},
};
use crate::{domain::source::ReadAt, formats::pdf::PdfError};

/// An offset that a cross-reference names, with the object that is said to stand there; none for
/// sections of the cross-reference itself.
pub(super) type Named = (u64, Option<(u32, u16)>);

/// A PDF opened by its `startxref` chain, strictly: nothing is repaired.
pub struct Document<'a> {
    pub(super) source: &'a dyn ReadAt,
    pub(super) chain: Chain,
    pub(super) security: Option<Security>,
    /// Whether it is encrypted and no password that was given opens it.
    pub(super) locked: bool,
    /// Object streams decoded so far, as (number, size, object) in order.
    pub(super) streams: BTreeMap<u32, Vec<(u32, u64, Object)>>,
    /// How many bytes were decoded so far.
    pub(super) decoded: usize,
    /// How many bytes of objects were parsed so far.
    pub(super) parsed: u64,
}

/// Whether a reader of PDF may take it for one: they look for the mark in the first kilobyte.
pub fn is_pdf(source: &dyn ReadAt) -> bool {
    let mut head = vec![0; usize::try_from(source.size().min(1024)).unwrap_or_default()];
    source.read_exact_at(&mut head, 0).is_ok() && head.windows(5).any(|five| five == b"%PDF-")
}

impl<'a> Document<'a> {
    /// Opens a document. Where it is encrypted and the empty password does not open it, only what
    /// stands outside of object streams can be read, and its strings stay encrypted.
    ///
    /// # Errors
    /// The file is not a PDF, or its structure is not as the standard wants it.
    pub fn open(source: &'a dyn ReadAt) -> Result<Self, PdfError> {
        let mut document = Self::open_locked(source)?;
        if document.trailer().has("Encrypt") {
            document.security = document.unlock("").ok().flatten();
            document.locked = document.security.is_none();
        }
        Ok(document)
    }

    /// Opens a document with a password, the user's or the owner's; one that is not encrypted needs
    /// none.
    ///
    /// # Errors
    /// As [`Document::open`], or the password does not open the document.
    pub fn open_with(source: &'a dyn ReadAt, password: Option<&str>) -> Result<Self, PdfError> {
        let mut document = Self::open_locked(source)?;
        if document.trailer().has("Encrypt") {
            let mut opened = document.unlock(password.unwrap_or_default())?;
            if opened.is_none() && password.is_some() {
                opened = document.unlock("")?;
            }
            document.security = Some(opened.ok_or(match password {
                Some(_) => {
                    PdfError::Encrypted("the password is neither the user's nor the owner's")
                }
                None => PdfError::Encrypted("it opens with a password, and none was given"),
            })?);
        }
        Ok(document)
    }

    fn open_locked(source: &'a dyn ReadAt) -> Result<Self, PdfError> {
        let mut head = [0; 5];
        if source.size() < 32 || source.read_exact_at(&mut head, 0).is_err() || head != *b"%PDF-" {
            return Err(PdfError::NotPdf);
        }
        let start = start_xref(source)?;
        let chain = xref::read_chain(source, start)?;
        Ok(Self {
            source,
            chain,
            security: None,
            locked: false,
            streams: BTreeMap::new(),
            decoded: 0,
            parsed: 0,
        })
    }

    fn unlock(&mut self, password: &str) -> Result<Option<Security>, PdfError> {
        let trailer = self.chain.trailer.clone();
        let encrypt = self.dictionary_at(&trailer, "Encrypt")?;
        let id = self.resolve(trailer.get("ID"))?;
        let first = id.as_array().and_then(<[_]>::first).and_then(Object::as_string);
        Security::open(&encrypt, first.map_or(&[], |id| id.bytes.as_slice()), password)
    }

    /// Whether it is encrypted and was not opened, so that only what stands outside of object streams
    /// can be read.
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Opens a document that continues one whose encryption is known.
    ///
    /// # Errors
    /// As [`Document::open`].
    pub(crate) fn open_as(
        source: &'a dyn ReadAt,
        security: Option<Security>,
    ) -> Result<Self, PdfError> {
        let mut document = Self::open_locked(source)?;
        document.security = security;
        Ok(document)
    }

    /// The encryption, where there is one and it is open.
    pub fn security(&self) -> Option<&Security> {
        self.security.as_ref()
    }

    /// The newest trailer.
    pub fn trailer(&self) -> &Dictionary {
        &self.chain.trailer
    }

    /// The kind of the newest cross-reference section.
    pub fn xref_kind(&self) -> XrefKind {
        self.chain.kind
    }

    /// The offset of the newest cross-reference section.
    pub fn xref_offset(&self) -> u64 {
        self.chain.offsets.first().copied().unwrap_or(0)
    }

    /// How many cross-reference sections there are.
    pub fn sections(&self) -> usize {
        self.chain.offsets.len()
    }

    /// Whether an object stands at a number that `/Size` says there is none.
    ///
    /// # Errors
    /// The cross-reference is damaged.
    pub fn reaches_beyond_size(&self) -> Result<bool, PdfError> {
        self.chain.reaches_beyond_size(self.source)
    }

    /// A number above every object number in use, and above what `/Size` claims.
    pub fn first_free_number(&self) -> u32 {
        let size = self.chain.trailer.get("Size").as_integer();
        let size = size.and_then(|value| u32::try_from(value).ok()).unwrap_or(0);
        size.max(self.chain.highest.saturating_add(1))
    }

    /// The numbers that revisions behind an earlier one define or free; `None` where this document
    /// does not continue that one.
    pub(crate) fn numbers_since(&self, earlier: &Document<'_>) -> Option<BTreeSet<u32>> {
        self.chain.numbers_since(&earlier.chain)
    }

    /// Whether a revision behind an earlier one has a cross-reference of two halves.
    pub(crate) fn is_hybrid_since(&self, earlier: &Document<'_>) -> bool {
        self.chain.is_hybrid_since(&earlier.chain)
    }

    /// Whether all tables behind an earlier revision are written so that every reader takes them
    /// alike.
    pub(crate) fn is_exact_since(&self, earlier: &Document<'_>) -> bool {
        self.chain.is_exact_since(&earlier.chain)
    }

    /// Where an object is.
    ///
    /// # Errors
    /// The cross-reference is damaged.
    pub(crate) fn entry(&self, number: u32) -> Result<Entry, PdfError> {
        self.chain.entry(self.source, number)
    }

    /// Offsets of all cross-reference sections, the newest first.
    pub(crate) fn xref_offsets(&self) -> &[u64] {
        &self.chain.offsets
    }

    /// Offsets of all cross-references, and of all objects that those behind an offset name with
    /// number and generation, in order.
    ///
    /// # Errors
    /// The cross-reference is damaged.
    pub(super) fn named_offsets(&self, from: u64) -> Result<Vec<Named>, PdfError> {
        self.chain.named_offsets(self.source, from)
    }

    /// The bytes of a document.
    pub(crate) fn source(&self) -> &'a dyn ReadAt {
        self.source
    }

    /// Where the data of a stream begin and end in the file.
    ///
    /// # Errors
    /// The stream has no length, or reaches beyond the file.
    pub(crate) fn stream_place(
        &mut self,
        dictionary: &Dictionary,
        start: u64,
    ) -> Result<(u64, u64), PdfError> {
        let length = self.resolve(dictionary.get("Length"))?.as_integer();
        let end = length.and_then(|length| start.checked_add(u64::try_from(length).ok()?));
        end.filter(|end| *end <= self.source.size())
            .map(|end| (start, end))
            .ok_or_else(|| PdfError::damaged("a stream has no length that fits"))
    }

    /// The object of an identifier; [`Object::Null`] where there is none.
    ///
    /// # Errors
    /// Something else stands where the cross-reference says the object stands.
    pub fn object(&mut self, id: ObjectId) -> Result<Object, PdfError> {
        match self.chain.entry(self.source, id.number)? {
            Entry::Free => Ok(Object::Null),
            Entry::InFile(_, generation) if generation != id.generation => Ok(Object::Null),
            Entry::InFile(offset, _) => {
                let (found, mut object, end) =
                    Window::new(self.source, offset)?.indirect_object()?;
                self.parsed = within_parsed(self.parsed, end - offset)?;
                if found != id {
                    return Err(misplaced(found, id));
                }
                // ISO 32000-2 §7.6.2: what tells how to decrypt is not encrypted.
                let plain = self.chain.trailer.get("Encrypt").as_reference() == Some(id)
                    || object.as_dictionary().is_some_and(|d| d.is_name("Type", "XRef"));
                if let Some(security) = self.security.as_ref().filter(|_| !plain) {
                    security
                        .decrypt_strings(id, &mut object)
                        .ok_or_else(|| PdfError::damaged("a string does not decrypt"))?;
                }
                Ok(object)
            }
            Entry::InStream(..) if self.locked => Ok(Object::Null),
            Entry::InStream(stream, index) => self.object_in_stream(id.number, stream, index),
        }
    }

    /// Follows a reference, or several, to the object; anything else is handed back.
    ///
    /// # Errors
    /// As [`Document::object`], or the references run in a circle.
    pub fn resolve(&mut self, object: &Object) -> Result<Object, PdfError> {
        let mut object = object.clone();
        for _ in 0..16 {
            let Object::Reference(id) = object else { return Ok(object) };
            object = self.object(id)?;
        }
        Err(PdfError::damaged("references run in a circle"))
    }

    /// The dictionary behind a key of a dictionary.
    ///
    /// # Errors
    /// It is no dictionary.
    pub fn dictionary_at(
        &mut self,
        holder: &Dictionary,
        key: &str,
    ) -> Result<Dictionary, PdfError> {
        match self.resolve(holder.get(key))? {
            Object::Dictionary(dictionary) => Ok(dictionary),
            _ => Err(PdfError::damaged(format!("/{key} is not a dictionary"))),
        }
    }

    /// The beginning of the decoded data of a stream that is not encrypted, at most `most` bytes;
    /// empty where it uses a filter other than Flate. However often it is asked, it takes no more
    /// than its bytes.
    ///
    /// # Errors
    /// The medium fails, or the stream reaches beyond the file.
    pub(crate) fn stream_beginning(
        &mut self,
        dictionary: &Dictionary,
        offset: u64,
        most: usize,
    ) -> Result<Vec<u8>, PdfError> {
        if !filter::is_simple(dictionary) || self.security.is_some() {
            return Ok(Vec::new());
        }
        let (start, end) = self.stream_place(dictionary, offset)?;
        let packed = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX).min(most);
        let mut bytes = vec![0; packed];
        self.source.read_exact_at(&mut bytes, start)?;
        Ok(filter::beginning(dictionary, &bytes, most))
    }

    /// The decoded data of a stream; `None` where it uses a filter other than Flate.
    ///
    /// # Errors
    /// It is no stream, or its data are damaged or too large.
    pub fn stream_data(&mut self, id: ObjectId) -> Result<Option<Vec<u8>>, PdfError> {
        let Object::Stream(dictionary, offset) = self.object(id)? else {
            return Err(PdfError::damaged(format!("object {} is not a stream", id.number)));
        };
        if !filter::is_simple(&dictionary) {
            return Ok(None);
        }
        let length = self.resolve(dictionary.get("Length"))?.as_integer();
        let mut bytes = raw_data(self.source, offset, length)?;
        if let Some(security) = &self.security {
            bytes = security
                .decrypt_stream(id, &bytes)
                .ok_or_else(|| PdfError::damaged("a stream does not decrypt"))?;
        }
        let bytes = filter::decode(&dictionary, &bytes)?;
        self.decoded = within_sum(self.decoded, bytes.len())?;
        Ok(Some(bytes))
    }
}

/// Adds to the count of bytes that were parsed, up to the limit.
pub(super) fn within_parsed(sum: u64, more: u64) -> Result<u64, PdfError> {
    let sum = sum.saturating_add(more);
    if sum > MOST_PARSED {
        return Err(PdfError::Limit("over 512 MiB of objects would be read".to_owned()));
    }
    Ok(sum)
}

pub(super) fn misplaced(found: ObjectId, id: ObjectId) -> PdfError {
    let (found, wanted) = (found.number, id.number);
    PdfError::damaged(format!("object {found} stands where object {wanted} should"))
}

/// The offset that `startxref` at the end of the file names. Only white space may stand behind
/// the last `%%EOF`, all of it in the last kilobyte: there, every reader looks for it.
fn start_xref(source: &dyn ReadAt) -> Result<u64, PdfError> {
    let size = source.size();
    let length = size.min(1024);
    let mut tail = vec![0; usize::try_from(length).unwrap_or(0)];
    source.read_exact_at(&mut tail, size - length)?;
    let trimmed = tail.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
    let tail = tail.get(..trimmed).unwrap_or_default();
    let bad = || PdfError::damaged("the file does not end with startxref, an offset and %%EOF");
    let before = tail.strip_suffix(b"%%EOF").ok_or_else(bad)?;
    let at = before.windows(9).rposition(|window| window == b"startxref").ok_or_else(bad)?;
    let number = before.get(at + 9..).unwrap_or_default();
    let text = std::str::from_utf8(number).map_err(|_| bad())?;
    let text = text.trim_matches(|c: char| u8::try_from(c).is_ok_and(is_space));
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|offset| digits && *offset < size).ok_or_else(bad)
}

/// The data of a stream as they stand in the file.
pub(super) fn raw_data(
    source: &dyn ReadAt,
    offset: u64,
    length: Option<i64>,
) -> Result<Vec<u8>, PdfError> {
    let length = length
        .and_then(|value| usize::try_from(value).ok())
        .ok_or_else(|| PdfError::damaged("a structure stream has no length"))?;
    if length > LARGEST_STREAM {
        return Err(PdfError::Limit("a structure stream is over 64 MiB".to_owned()));
    }
    if offset.saturating_add(length as u64) > source.size() {
        return Err(PdfError::damaged("a structure stream reaches beyond the file"));
    }
    let mut data = vec![0; length];
    source.read_exact_at(&mut data, offset)?;
    Ok(data)
}

/// Adds to the count of decoded bytes, up to the limit.
pub(super) fn within_sum(sum: usize, more: usize) -> Result<usize, PdfError> {
    let sum = sum.saturating_add(more);
    if sum > LARGEST_SUM {
        return Err(PdfError::Limit("structure streams decode to over 256 MiB".to_owned()));
    }
    Ok(sum)
}

/// A growing piece of the file from an offset, for reading one object.
pub(super) struct Window<'a> {
    source: &'a dyn ReadAt,
    offset: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    pub(super) fn new(source: &'a dyn ReadAt, offset: u64) -> Result<Self, PdfError> {
        if offset >= source.size() {
            return Err(PdfError::damaged("an offset points beyond the file"));
        }
        Ok(Self { source, offset, bytes: Vec::new() })
    }

    /// Runs a reading, with more bytes as long as it asks for more.
    pub(super) fn parse<T>(
        &mut self,
        read: impl Fn(&mut Lexer<'_>) -> Result<T, LexError>,
    ) -> Result<T, PdfError> {
        let available = usize::try_from(self.source.size() - self.offset).unwrap_or(usize::MAX);
        let mut wanted = self.bytes.len().max(2048);
        loop {
            let length = wanted.min(available);
            let have = self.bytes.len();
            if length > have {
                self.bytes.resize(length, 0);
                let fresh = self.bytes.get_mut(have..).unwrap_or_default();
                self.source.read_exact_at(fresh, self.offset + have as u64)?;
            }
            match read(&mut Lexer::new(&self.bytes, Some(self.offset))) {
                Ok(value) => return Ok(value),
                Err(LexError::Bad(what)) => {
                    return Err(PdfError::damaged(format!("at byte {}: {what}", self.offset)));
                }
                Err(LexError::More) if length == available => {
                    return Err(PdfError::damaged("the file ends within an object"));
                }
                Err(LexError::More) if length >= LARGEST_OBJECT => {
                    return Err(PdfError::Limit("an object is over 8 MiB".to_owned()));
                }
                Err(LexError::More) => wanted = length.saturating_mul(4),
            }
        }
    }

    /// Reads `N G obj … endobj`, or up to the data of a stream; with the offset behind.
    pub(super) fn indirect_object(&mut self) -> Result<(ObjectId, Object, u64), PdfError> {
        let base = self.offset;
        self.parse(|lexer| {
            lexer.skip_space()?;
            let id = lexer.object_header()?;
            let object = lexer.object()?;
            lexer.skip_space()?;
            let object = match (object, lexer.peek()?) {
                (Object::Dictionary(dictionary), b's') => {
                    lexer.keyword("stream")?;
                    // ISO 32000-2 §7.3.8.1: CR LF or LF, not CR alone.
                    if lexer.peek()? == b'\r' {
                        lexer.keyword("\r\n")?;
                    } else {
                        lexer.keyword("\n")?;
                    }
                    Object::Stream(dictionary, base + lexer.position() as u64)
                }
                (object, _) => {
                    lexer.keyword("endobj")?;
                    object
                }
            };
            Ok((id, object, base + lexer.position() as u64))
        })
    }
}
