//! What a signed document holds beside what it shows: things that nothing leads to and that a later
//! revision could bring forth, hidden layers, things that act, bytes between the objects. Whoever
//! signed it signed all of that, so none of it is a failure; a person should know of it.

use std::collections::BTreeSet;

use super::{
    PdfError,
    prefix::Prefix,
    raw::{Dictionary, Document, Entry, Object, ObjectId},
};
use crate::domain::source::ReadAt;

/// The largest document that is looked through, bytes.
const LARGEST: u64 = 8 << 20;
/// The highest object number up to which it is looked through.
const MOST_OBJECTS: u32 = 20_000;
/// The most numbers that are told of one kind.
const MOST_TOLD: usize = 10;
/// How much of a stream is looked at for text and lines, bytes.
const LOOKED_AT: usize = 16 << 10;
/// The most streams that are looked at.
const MOST_STREAMS: usize = 500;

/// Warns of what a beginning of a file holds, in words. Documents that are large, that cannot be
/// read, or that open with a password only are not looked through.
///
/// # Errors
/// The medium fails.
pub fn warnings(source: &dyn ReadAt, end: u64) -> Result<Vec<String>, PdfError> {
    if end > LARGEST {
        return Ok(Vec::new());
    }
    match look_through(&Prefix { source, size: end }) {
        Err(PdfError::Io(error)) => Err(error.into()),
        other => Ok(other.unwrap_or_default()),
    }
}

fn look_through(signed: &Prefix<'_>) -> Result<Vec<String>, PdfError> {
    let mut document = Document::open(signed)?;
    let numbers = document.first_free_number();
    if document.is_locked() || numbers > MOST_OBJECTS {
        return Ok(Vec::new());
    }
    let mut seen = Seen::default();
    let mut open = seen.take(&Object::Dictionary(document.trailer().clone()));
    while let Some(id) = open.pop() {
        if seen.numbers.insert(id.number) {
            open.extend(seen.take(&document.object(id)?));
        }
    }
    let mut warnings = seen.warnings();
    let unseen = unseen(&mut document, &seen, numbers)?;
    for (what, numbers) in unseen {
        let shown: Vec<_> = numbers.iter().take(MOST_TOLD).map(u32::to_string).collect();
        let more = if numbers.len() > MOST_TOLD { ", …" } else { "" };
        let shown = shown.join(", ");
        warnings.push(format!("nothing leads to {what} that were signed (objects {shown}{more})"));
    }
    let findings = document.findings(behind_header(signed)?, signed.size)?;
    warnings.extend(findings.iter().map(|f| format!("at byte {}: {}", f.offset, f.what)));
    Ok(warnings)
}

/// The offset behind the line that says that it is a PDF.
fn behind_header(signed: &Prefix<'_>) -> Result<u64, PdfError> {
    let mut first = [0; 32];
    let first = first.get_mut(..usize::try_from(signed.size).unwrap_or(32).min(32));
    let first = first.unwrap_or_default();
    signed.read_exact_at(first, 0)?;
    let end = first.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    Ok(end.unwrap_or_default() as u64)
}

/// What the trailer leads to.
#[derive(Default)]
struct Seen {
    numbers: BTreeSet<u32>,
    /// Actions by their type, and other things that act.
    acts: BTreeSet<&'static str>,
}

impl Seen {
    /// Takes note of what an object does; the references in it.
    fn take(&mut self, object: &Object) -> Vec<ObjectId> {
        let mut references = Vec::new();
        object.each(&mut |part| match part {
            Object::Reference(id) => references.push(*id),
            Object::Dictionary(dictionary) | Object::Stream(dictionary, _) => {
                self.acts.extend(act(dictionary));
                if matches!(part, Object::Stream(..)) && dictionary.has("F") {
                    self.acts.insert("shows what stands in another file");
                }
            }
            _ => {}
        });
        references
    }

    fn warnings(&self) -> Vec<String> {
        self.acts.iter().map(|act| format!("the document {act}")).collect()
    }
}

/// What a dictionary makes a reader do, or show one time and not the other.
fn act(dictionary: &Dictionary) -> Option<&'static str> {
    Some(match dictionary.get("S").as_name() {
        Some(b"JavaScript") => "runs JavaScript",
        Some(b"Launch") => "starts programs",
        Some(b"SubmitForm" | b"ImportData") => "sends or fetches form data",
        Some(b"SetOCGState" | b"Hide") => "hides and shows parts of itself",
        _ if dictionary.has("OCGs") && dictionary.has("D") => "has layers that readers may hide",
        _ if dictionary.get("NeedAppearances") == &Object::Boolean(true) => {
            "lets the reader draw its form fields"
        }
        _ if dictionary.has("XFA") => "has a second form (XFA) that some readers show instead",
        _ => return None,
    })
}

/// What could be shown and is not, by kind.
fn unseen(
    document: &mut Document<'_>,
    seen: &Seen,
    numbers: u32,
) -> Result<Vec<(&'static str, Vec<u32>)>, PdfError> {
    let mut unseen: Vec<(&'static str, Vec<u32>)> = Vec::new();
    let mut streams = MOST_STREAMS;
    for number in (1..numbers).filter(|number| !seen.numbers.contains(number)) {
        let generation = match document.entry(number)? {
            Entry::Free => continue,
            Entry::InFile(_, generation) => generation,
            Entry::InStream(..) => 0,
        };
        let id = ObjectId { number, generation };
        let object = document.object(id)?;
        let Some(kind) = kind(document, &object, &mut streams)? else { continue };
        match unseen.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, numbers)) => numbers.push(number),
            None => unseen.push((kind, vec![number])),
        }
    }
    Ok(unseen)
}

/// What could be shown of an object.
fn kind(
    document: &mut Document<'_>,
    object: &Object,
    streams: &mut usize,
) -> Result<Option<&'static str>, PdfError> {
    let (dictionary, data) = match object {
        Object::Dictionary(dictionary) => (dictionary, None),
        Object::Stream(dictionary, data) => (dictionary, Some(*data)),
        _ => return Ok(None),
    };
    let named = dictionary.get("Subtype").as_name().filter(|_| data.is_some());
    Ok(match (dictionary.get("Type").as_name(), named, data) {
        (Some(b"Page" | b"Pages"), ..) => Some("pages"),
        (Some(b"Catalog"), ..) => Some("other roots of the document"),
        (Some(b"Font"), ..) => Some("fonts"),
        (_, Some(b"Image"), _) => Some("images"),
        (_, Some(b"Form"), _) => Some("forms to be drawn"),
        (None, None, Some(data)) => {
            draws(document, dictionary, data, streams)?.then_some("contents of pages")
        }
        _ => None,
    })
}

/// Whether the data of a stream look like what is drawn on a page.
fn draws(
    document: &mut Document<'_>,
    dictionary: &Dictionary,
    offset: u64,
    streams: &mut usize,
) -> Result<bool, PdfError> {
    if *streams == 0 {
        return Ok(false);
    }
    *streams -= 1;
    let data = match document.stream_beginning(dictionary, offset, LOOKED_AT) {
        Err(PdfError::Io(error)) => return Err(error.into()),
        other => other.unwrap_or_default(),
    };
    let mut words = data.split(|byte| byte.is_ascii_whitespace());
    Ok(words.any(|word| matches!(word, b"Tj" | b"TJ" | b"Do" | b"re" | b"BT")))
}
