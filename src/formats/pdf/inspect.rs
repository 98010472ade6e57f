//! Finding the signatures of a PDF: facts, no judgement.

use super::{
    PdfError,
    fields::signature_fields,
    found::{FoundSignature, describe, describe_plainly},
    prefix::Prefix,
    raw::{Document, Object, ObjectId},
};
use crate::domain::source::{ReadAt, for_each_chunk};

/// The most signatures that are looked at: each costs a pass over the file.
const MOST_SIGNATURES: usize = 64;
/// The most ends of revisions that are tried where a file is damaged.
const MOST_ENDS: usize = 32;

/// What was found in a file.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The signatures, by where their range ends, the earliest first.
    pub signatures: Vec<FoundSignature>,
    /// Whether the file is encrypted, and opens with a password or a key only.
    pub locked: bool,
    /// Set where the file as a whole is damaged, and something of it was found all the same.
    pub damage: Option<Damage>,
}

/// What is wrong with a file that a strict reader refuses.
#[derive(Clone, Debug)]
pub struct Damage {
    /// Why it refuses.
    pub reason: String,
    /// The length of the longest beginning that is sound; 0 where there is none.
    pub sound: u64,
    /// Whether something stands behind this beginning that a reader which repairs files could take
    /// for a part of the document.
    pub lures: bool,
    /// The numbers of the objects that stand there, at most ten.
    pub objects: Vec<u32>,
}

/// Finds every signature of a file. Where the file is damaged, those of its longest beginning that
/// is sound; where there is none, what looks like signatures.
///
/// # Errors
/// The file cannot be read strictly, and nothing like a signature is in it.
pub fn inspect(source: &dyn ReadAt) -> Result<Inspection, PdfError> {
    let error = match inspect_strictly(source) {
        Err(error @ PdfError::Damaged(_)) => error,
        Ok(mut inspection) if inspection.signatures.is_empty() => {
            // A later revision may hide that an earlier one was signed.
            if let Some((earlier, _)) = signed_beginning(source)? {
                inspection.signatures = earlier.signatures;
            }
            return Ok(inspection);
        }
        other => return other,
    };
    if let Some((mut inspection, end)) = signed_beginning(source)? {
        let lures = has_lures(source, end)?;
        let objects = objects_from(source, end)?;
        let reason = error.to_string();
        inspection.damage = Some(Damage { reason, sound: end, lures, objects });
        return Ok(inspection);
    }
    let signatures = look_for_signatures(source)?;
    if signatures.is_empty() {
        return Err(error);
    }
    let reason = error.to_string();
    let damage = Damage { reason, sound: 0, lures: true, objects: Vec::new() };
    Ok(Inspection { signatures, locked: false, damage: Some(damage) })
}

/// The longest beginning that is a document with signatures, and its length.
fn signed_beginning(source: &dyn ReadAt) -> Result<Option<(Inspection, u64)>, PdfError> {
    for end in ends_of_revisions(source)?.into_iter().rev().take(MOST_ENDS) {
        let size = behind_space(source, end)?;
        match inspect_strictly(&Prefix { source, size }) {
            Ok(inspection) if !inspection.signatures.is_empty() => {
                return Ok(Some((inspection, size)));
            }
            _ => {}
        }
    }
    Ok(None)
}

fn inspect_strictly(source: &dyn ReadAt) -> Result<Inspection, PdfError> {
    let mut document = Document::open(source)?;
    let mut found: Vec<(Option<ObjectId>, FoundSignature)> = Vec::new();
    for field in signature_fields(&mut document)? {
        let Some((value, id)) = field.value else { continue };
        if !found.iter().any(|(known, _)| known.is_some() && *known == id) {
            found.push((id, describe(&mut document, source, Some(field.name), &value)?));
            check_count(found.len())?;
        }
    }
    for id in objects_around(source, b"/ByteRange")? {
        if found.iter().any(|(known, _)| *known == Some(id)) {
            continue;
        }
        let Ok(Object::Dictionary(dictionary)) = document.object(id) else { continue };
        if dictionary.has("ByteRange") && dictionary.has("Contents") {
            found.push((Some(id), describe(&mut document, source, None, &dictionary)?));
            check_count(found.len())?;
        }
    }
    let mut signatures: Vec<_> = found.into_iter().map(|(_, signature)| signature).collect();
    signatures.sort_by_key(|s| s.gap.map_or(u64::MAX, |gap| gap.end_of_range));
    Ok(Inspection { signatures, locked: document.is_locked(), damage: None })
}

fn check_count(signatures: usize) -> Result<(), PdfError> {
    if signatures > MOST_SIGNATURES {
        return Err(PdfError::Limit("over 64 signatures".to_owned()));
    }
    Ok(())
}

/// The offset behind the end of the line that stands at an offset.
fn behind_space(source: &dyn ReadAt, end: u64) -> Result<u64, PdfError> {
    let mut line = vec![0; usize::try_from(source.size() - end).unwrap_or(2).min(2)];
    source.read_exact_at(&mut line, end)?;
    Ok(match line.as_slice() {
        [b'\r', b'\n'] => end + 2,
        [b'\r' | b'\n', ..] => end + 1,
        _ => end,
    })
}

/// The offsets behind every `%%EOF`.
fn ends_of_revisions(source: &dyn ReadAt) -> Result<Vec<u64>, PdfError> {
    occurrences(source, 0, b"%%EOF")
        .map(|found| found.into_iter().map(|at| at + b"%%EOF".len() as u64).collect())
}

/// Whether anything from an offset on could be taken for a part of a document.
fn has_lures(source: &dyn ReadAt, from: u64) -> Result<bool, PdfError> {
    for word in [&b"obj"[..], b"xref", b"trailer", b"stream", b"%PDF"] {
        if !occurrences(source, from, word)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The numbers of what looks like objects from an offset on, at most ten.
fn objects_from(source: &dyn ReadAt, from: u64) -> Result<Vec<u32>, PdfError> {
    let mut numbers = Vec::new();
    for at in occurrences(source, from, b" obj")?.into_iter().take(10) {
        numbers.extend(header_before(source, at)?.map(|id| id.number));
    }
    numbers.dedup();
    Ok(numbers)
}

/// The numbers `N G` before an offset.
fn header_before(source: &dyn ReadAt, at: u64) -> Result<Option<ObjectId>, PdfError> {
    let start = at.saturating_sub(20);
    let mut before = vec![0; usize::try_from(at - start).unwrap_or_default()];
    source.read_exact_at(&mut before, start)?;
    let text = String::from_utf8_lossy(&before);
    let mut words = text.split_ascii_whitespace().rev();
    let generation = words.next().and_then(|word| word.parse().ok());
    let number = words.next().and_then(|word| word.parse().ok());
    Ok(number.zip(generation).map(|(number, generation)| ObjectId { number, generation }))
}

/// Where a word occurs from an offset on, at most ten thousand times.
fn occurrences(source: &dyn ReadAt, from: u64, word: &[u8]) -> Result<Vec<u64>, PdfError> {
    const MOST: usize = 10_000;
    let (mut found, mut tail, mut at) = (Vec::new(), Vec::<u8>::new(), from);
    for_each_chunk(source, from, source.size(), |chunk| {
        let base = at - tail.len() as u64;
        tail.extend_from_slice(chunk);
        let places = memchr::memmem::find_iter(&tail, word);
        found
            .extend(places.map(|place| base + place as u64).take(MOST.saturating_sub(found.len())));
        at += chunk.len() as u64;
        let keep = tail.len().saturating_sub(word.len().saturating_sub(1));
        tail.drain(..keep);
    })?;
    Ok(found)
}

/// Dictionaries that look like signatures, in a file of which nothing is sound.
fn look_for_signatures(source: &dyn ReadAt) -> Result<Vec<FoundSignature>, PdfError> {
    let mut found = Vec::new();
    for (_, body) in headers_before(source, b"/ByteRange")? {
        if found.len() >= MOST_SIGNATURES {
            break;
        }
        found.extend(describe_plainly(source, body)?);
    }
    Ok(found)
}

/// The objects in which a word stands, as far as this can be told by the bytes before it.
fn objects_around(source: &dyn ReadAt, word: &[u8]) -> Result<Vec<ObjectId>, PdfError> {
    let headers = headers_before(source, word)?.into_iter();
    Ok(headers.filter_map(|(id, _)| id).collect())
}

/// For every place of a word, the header `N G obj` that stands before it, each once, and the offset
/// behind it.
fn headers_before(
    source: &dyn ReadAt,
    word: &[u8],
) -> Result<Vec<(Option<ObjectId>, u64)>, PdfError> {
    /// How far the header is looked for, bytes: signature values stand between.
    const FAR: u64 = 256 << 10;
    let mut found: Vec<(Option<ObjectId>, u64)> = Vec::new();
    for at in occurrences(source, 0, word)?.into_iter().take(8 * MOST_SIGNATURES) {
        let start = at.saturating_sub(FAR);
        let mut before = vec![0; usize::try_from(at - start).unwrap_or_default()];
        source.read_exact_at(&mut before, start)?;
        let Some(place) = memchr::memmem::rfind(&before, b"obj") else { continue };
        let body = start + place as u64 + 3;
        if found.iter().any(|(_, known)| *known == body) {
            continue;
        }
        found.push((header_before(source, body - 3)?, body));
    }
    Ok(found)
}
