//! Finding the signatures of a PDF: facts, no judgement.

use super::{
    PdfError,
    fields::{signature_fields, text},
    raw::{Dictionary, Document, Object, ObjectId, PdfString},
};
use crate::{
    crypto::{DigestAlgorithm, Hasher},
    domain::source::{ReadAt, for_each_chunk},
};

/// The most objects that are looked through for signatures outside the form.
const MOST_OBJECTS_SEARCHED: usize = 100_000;
/// The most signatures that are looked at: each costs a pass over the file.
const MOST_SIGNATURES: usize = 64;

/// What was found in a file.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The signatures, by where their range ends, the earliest first.
    pub signatures: Vec<FoundSignature>,
    /// Whether the file is encrypted.
    pub encrypted: bool,
    /// Whether every object was looked through.
    pub complete: bool,
}

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
    /// Whether `/Reference` restricts later changes (DocMDP, FieldMDP).
    pub has_reference: bool,
}

/// Finds every signature of a file.
///
/// # Errors
/// The file cannot be read strictly; then nothing can be said of what a reader would show.
pub fn inspect(source: &dyn ReadAt) -> Result<Inspection, PdfError> {
    let mut document = Document::open(source)?;
    let encrypted = document.trailer().has("Encrypt");
    let mut found: Vec<(Option<ObjectId>, FoundSignature)> = Vec::new();
    for field in signature_fields(&mut document)? {
        let Some((value, id)) = field.value else { continue };
        if !found.iter().any(|(known, _)| known.is_some() && *known == id) {
            found.push((id, describe(&mut document, source, Some(field.name), &value)?));
            check_count(found.len())?;
        }
    }
    let ids = document.object_ids(MOST_OBJECTS_SEARCHED)?;
    let complete = ids.len() < MOST_OBJECTS_SEARCHED;
    for id in ids {
        if found.iter().any(|(known, _)| *known == Some(id)) {
            continue;
        }
        let Object::Dictionary(dictionary) = document.object(id)? else { continue };
        if dictionary.has("ByteRange") && dictionary.has("Contents") {
            found.push((Some(id), describe(&mut document, source, None, &dictionary)?));
            check_count(found.len())?;
        }
    }
    let mut signatures: Vec<_> = found.into_iter().map(|(_, signature)| signature).collect();
    signatures.sort_by_key(|s| s.gap.map_or(u64::MAX, |gap| gap.end_of_range));
    Ok(Inspection { signatures, encrypted, complete })
}

fn check_count(signatures: usize) -> Result<(), PdfError> {
    if signatures > MOST_SIGNATURES {
        return Err(PdfError::Limit("over 64 signatures".to_owned()));
    }
    Ok(())
}

pub(super) fn describe(
    document: &mut Document<'_>,
    source: &dyn ReadAt,
    field: Option<String>,
    dictionary: &Dictionary,
) -> Result<FoundSignature, PdfError> {
    let sub_filter = document.resolve(dictionary.get("SubFilter"))?;
    let sub_filter = String::from_utf8_lossy(sub_filter.as_name().unwrap_or_default()).into_owned();
    let claimed = document.resolve(dictionary.get("M"))?;
    let range = document.resolve(dictionary.get("ByteRange"))?;
    let byte_range: Vec<i64> =
        range.as_array().unwrap_or_default().iter().filter_map(Object::as_integer).collect();
    // Only a direct string has a place in the file that the range can spare out.
    let contents = dictionary.get("Contents").as_string().cloned();
    let gap = gap(&byte_range, contents.as_ref(), source.size());
    let ends_a_revision =
        gap.is_ok_and(|gap| Document::open(&Prefix { source, size: gap.end_of_range }).is_ok());
    Ok(FoundSignature {
        field,
        sub_filter,
        claimed_time: claimed.as_string().map(|string| text(&string.bytes)),
        byte_range,
        contents,
        gap,
        ends_a_revision,
        has_reference: dictionary.has("Reference"),
    })
}

/// Checks that the range is two pieces from the very beginning, and that what it spares out is the
/// `/Contents` string and nothing else.
fn gap(range: &[i64], contents: Option<&PdfString>, size: u64) -> Result<Gap, &'static str> {
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
    let contents = contents.ok_or("there is no Contents string in the signature dictionary")?;
    if !contents.hexadecimal {
        return Err("the Contents string is not hexadecimal");
    }
    if contents.span != Some((*first_length, *second)) {
        return Err("the gap of the ByteRange is not exactly the Contents string");
    }
    Ok(Gap { start: *first_length, end: *second, end_of_range: end })
}

impl FoundSignature {
    /// The signature blob: the first DER value of `/Contents`, without the zeros behind it.
    pub fn blob(&self) -> &[u8] {
        let bytes = self.contents.as_ref().map_or(&[][..], |contents| contents.bytes.as_slice());
        crate::pki::tlv::Reader::new(bytes).read().map_or(&[], |value| value.raw)
    }

    /// Whether only zeros stand behind the blob.
    pub fn padding_is_zero(&self) -> bool {
        let bytes = self.contents.as_ref().map_or(&[][..], |contents| contents.bytes.as_slice());
        bytes.iter().skip(self.blob().len()).all(|byte| *byte == 0)
    }

    /// The digest of what the range covers, perhaps with other bytes `before` it.
    ///
    /// # Errors
    /// The range is not as it must be, or the file cannot be read.
    pub fn digest(
        &self,
        source: &dyn ReadAt,
        algorithm: DigestAlgorithm,
        before: &[u8],
    ) -> Result<Vec<u8>, PdfError> {
        let gap = self.gap.map_err(PdfError::damaged)?;
        let mut hasher = Hasher::new(algorithm);
        hasher.update(before);
        for_each_chunk(source, 0, gap.start, |chunk| hasher.update(chunk))?;
        for_each_chunk(source, gap.end, gap.end_of_range, |chunk| hasher.update(chunk))?;
        Ok(hasher.finish())
    }
}

/// The beginning of a document.
struct Prefix<'a> {
    source: &'a dyn ReadAt,
    size: u64,
}

impl ReadAt for Prefix<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        if offset.saturating_add(buffer.len() as u64) > self.size {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.source.read_exact_at(buffer, offset)
    }
}
