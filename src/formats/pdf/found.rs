//! One signature dictionary as it stands in a file: facts, no judgement.

use super::{
    PdfError,
    fields::text,
    prefix::Prefix,
    raw::{Dictionary, Document, Lexer, Object, PdfString, Tape},
};
use crate::{
    crypto::ForeignDigest,
    domain::source::{ReadAt, for_each_chunk},
    pki::ber,
};

/// Where a signature's value sits in the file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gap {
    /// Offset of the opening angle bracket.
    pub start: u64,
    /// Offset behind the closing angle bracket.
    pub end: u64,
    /// Offset behind the last covered byte.
    pub end_of_range: u64,
}

/// One signature dictionary.
#[derive(Clone, Debug)]
pub struct FoundSignature {
    /// The fully qualified field name; none where no field of the form leads to it.
    pub field: Option<String>,
    /// `/SubFilter`.
    pub sub_filter: String,
    /// `/M`, as it stands.
    pub claimed_time: Option<String>,
    /// `/ByteRange`, as far as it is whole numbers.
    pub byte_range: Vec<i64>,
    /// `/Contents`.
    pub contents: Option<PdfString>,
    /// The gap, if range and contents are as they must be; else why not.
    pub gap: Result<Gap, &'static str>,
    /// Whether the file up to the end of the range is a whole document by itself.
    pub ends_a_revision: bool,
}

/// Describes a signature dictionary of a document.
pub(super) fn describe(
    document: &mut Document<'_>,
    source: &dyn ReadAt,
    field: Option<String>,
    dictionary: &Dictionary,
) -> Result<FoundSignature, PdfError> {
    let mut plain = dictionary.clone();
    for key in ["SubFilter", "M", "ByteRange"] {
        plain.set(key, document.resolve(dictionary.get(key))?);
    }
    let mut found = of_dictionary(source, field, &plain);
    found.ends_a_revision = found
        .gap
        .is_ok_and(|gap| Document::open(&Prefix { source, size: gap.end_of_range }).is_ok());
    Ok(found)
}

/// Describes what looks like a signature dictionary at an offset, in a file that is no document.
pub(super) fn describe_plainly(
    source: &dyn ReadAt,
    offset: u64,
) -> Result<Option<FoundSignature>, PdfError> {
    /// The largest signature that is looked for like this, bytes.
    const LARGEST: u64 = 1 << 20;
    let beginning = Prefix { source, size: source.size().min(offset.saturating_add(LARGEST)) };
    let read = Tape::new(&beginning).read(offset, |bytes| Lexer::new(bytes, Some(offset)).object());
    let dictionary = match read {
        Ok(Object::Dictionary(dictionary)) => Some(dictionary),
        Err(PdfError::Io(error)) => return Err(error.into()),
        _ => None,
    };
    let dictionary = dictionary.filter(|d| d.has("ByteRange") && d.has("Contents"));
    Ok(dictionary.map(|dictionary| of_dictionary(source, None, &dictionary)))
}

fn of_dictionary(
    source: &dyn ReadAt,
    field: Option<String>,
    dictionary: &Dictionary,
) -> FoundSignature {
    let sub_filter = dictionary.get("SubFilter").as_name().unwrap_or_default();
    let range = dictionary.get("ByteRange").as_array().unwrap_or_default();
    let byte_range: Vec<i64> = range.iter().filter_map(Object::as_integer).collect();
    // Only a direct string has a place in the file that the range can spare out.
    let contents = dictionary.get("Contents").as_string().cloned();
    FoundSignature {
        field,
        sub_filter: String::from_utf8_lossy(sub_filter).into_owned(),
        claimed_time: dictionary.get("M").as_string().map(|string| text(&string.bytes)),
        gap: gap(&byte_range, contents.as_ref(), source.size()),
        byte_range,
        contents,
        ends_a_revision: false,
    }
}

/// Checks that the range is two pieces from the very beginning, and that what it spares out is the
/// `/Contents` string and nothing else.
fn gap(range: &[i64], contents: Option<&PdfString>, size: u64) -> Result<Gap, &'static str> {
    let contents = contents.ok_or("there is no Contents string in the signature dictionary")?;
    if contents.bytes.is_empty() {
        return Err("the Contents string is empty");
    }
    let numbers: Option<Vec<u64>> = range.iter().map(|n| u64::try_from(*n).ok()).collect();
    let Some([first, first_length, second, second_length]) = numbers.as_deref() else {
        return Err("the ByteRange is not four numbers");
    };
    let end = second.checked_add(*second_length).ok_or("the ByteRange is out of bounds")?;
    if *first != 0 {
        return Err("the ByteRange does not begin at the beginning of the file");
    }
    if first_length >= second {
        return Err("the pieces of the ByteRange overlap");
    }
    if end > size || *second_length == 0 {
        return Err("the ByteRange is out of bounds");
    }
    if !contents.hexadecimal {
        return Err("the Contents string is not hexadecimal");
    }
    if contents.span != Some((*first_length, *second)) {
        return Err("the gap of the ByteRange is not exactly the Contents string");
    }
    Ok(Gap { start: *first_length, end: *second, end_of_range: end })
}

impl FoundSignature {
    /// The signature blob: the first value of `/Contents`, in definite lengths, without the zeros
    /// behind it. Empty where there is none.
    pub fn blob(&self) -> Vec<u8> {
        ber::to_definite(self.contents()).map_or_else(Vec::new, |(blob, _)| blob)
    }

    /// Whether only zeros stand behind the blob.
    pub fn padding_is_zero(&self) -> bool {
        let length = ber::to_definite(self.contents()).map_or(0, |(_, length)| length);
        self.contents().iter().skip(length).all(|byte| *byte == 0)
    }

    fn contents(&self) -> &[u8] {
        self.contents.as_ref().map_or(&[][..], |contents| contents.bytes.as_slice())
    }

    /// The digest of what the range covers, perhaps with other bytes `before` it.
    ///
    /// # Errors
    /// The range is not as it must be, or the file cannot be read.
    pub fn digest(
        &self,
        source: &dyn ReadAt,
        algorithm: ForeignDigest,
        before: &[u8],
    ) -> Result<Vec<u8>, PdfError> {
        let gap = self.gap.map_err(PdfError::damaged)?;
        let mut hasher = algorithm.hasher();
        hasher.update(before);
        for_each_chunk(source, 0, gap.start, |chunk| hasher.update(chunk))?;
        for_each_chunk(source, gap.end, gap.end_of_range, |chunk| hasher.update(chunk))?;
        Ok(hasher.finish())
    }
}
