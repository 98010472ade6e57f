//! Attacks on signed PDF files, by class. Each takes the signed contract of `pdf_parties.py` and
//! makes of it what an attacker would; the word is what the report has to say.

use sealwright::{
    containers::cms::SignedData,
    formats::pdf::{
        inspect,
        raw::{Document, Object, ObjectId},
    },
    pki::tlv::{self, Reader},
};

use super::revision::{Revision, find, object, reference, relist, stream, with, written};

mod annotations;
mod contents;
mod revisions;
mod signatures;

type Attack = Box<dyn Fn(&[u8]) -> Option<Vec<u8>>>;

/// An attack: what it is, a word that the report has to say, and how it is made; none where it does
/// not make sense for a file.
pub struct Named {
    pub name: &'static str,
    pub word: &'static str,
    pub make: Attack,
}

fn attack(
    name: &'static str,
    word: &'static str,
    make: impl Fn(&[u8]) -> Option<Vec<u8>> + 'static,
) -> Named {
    Named { name, word, make: Box::new(make) }
}

/// A revision that sets an object found by its path to what `change` makes of it.
fn change(
    name: &'static str,
    word: &'static str,
    path: &'static str,
    change: impl Fn(&mut Revision, &Object) -> String + 'static,
) -> Named {
    attack(name, word, move |file| {
        let (number, found) = find(file, path)?;
        let mut revision = Revision::of(file);
        let body = change(&mut revision, &found);
        Some(revision.set(number, &body).finish())
    })
}

/// A revision that sets entries of a dictionary found by its path.
fn entries(
    name: &'static str,
    word: &'static str,
    path: &'static str,
    entries: &'static [(&'static str, &'static str)],
) -> Named {
    change(name, word, path, move |_, object| with(object, entries))
}

const PAGE: &str = "Root/Pages/Kids/0";
const ANNOTATIONS: &str = "Root/Pages/Kids/0/Annots";
const FIELDS: &str = "Root/AcroForm/Fields";
const FORGED: &str = "BT /F1 14 Tf 72 700 Td (Page 1: the rent is 9000 a month) Tj ET";

fn forged() -> String {
    stream("", FORGED)
}

/// The number of a form field's object by its name.
fn field(file: &[u8], name: &str) -> Option<(u32, Object)> {
    let mut document = Document::open(&file).unwrap();
    (1..document.first_free_number()).find_map(|number| {
        let found = document.object(ObjectId { number, generation: 0 }).ok()?;
        let title = found.as_dictionary()?.get("T").as_string()?.bytes.clone();
        let is_field = found.as_dictionary()?.has("FT");
        (is_field && title == name.as_bytes()).then_some((number, found))
    })
}

/// The first signed field: its number, itself, and its signature's number.
fn signed_field(file: &[u8]) -> Option<(u32, Object, u32)> {
    let mut document = Document::open(&file).unwrap();
    (1..document.first_free_number()).find_map(|number| {
        let found = document.object(ObjectId { number, generation: 0 }).ok()?;
        let dictionary = found.as_dictionary()?;
        let value = dictionary.get("V").as_reference()?;
        (dictionary.is_name("FT", "Sig")).then_some((number, found.clone(), value.number))
    })
}

/// What an annotation of one's own looks like that covers a rectangle with a text.
fn cover(revision: &mut Revision, subtype: &str, more: &str) -> u32 {
    let look = stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 400 30] /Resources <</Font <</F1 8 0 R>>>>",
        "1 g 0 0 400 30 re f 0 g BT /F1 14 Tf 0 8 Td (Page 1: the rent is 9000 a month) Tj ET",
    );
    let look = revision.add(&look);
    revision.add(&format!(
        "<</Type /Annot /Subtype /{subtype} /F 4 /Rect [72 692 472 722] /AP <</N {look} 0 R>>{more}>>"
    ))
}

/// Puts something among the annotations of the first page.
fn annotate(file: &[u8], make: impl Fn(&mut Revision) -> u32) -> Option<Vec<u8>> {
    let mut revision = Revision::of(file);
    let new = make(&mut revision);
    relist(file, &mut revision, ANNOTATIONS, |all| all.push(reference(new)))?;
    Some(revision.finish())
}

/// Puts something among the fields of the form.
fn enlist(file: &[u8], revision: &mut Revision, new: u32) -> Option<()> {
    relist(file, revision, FIELDS, |all| all.push(reference(new)))
}

/// The signature dictionary that is seen last, with entries set anew.
fn signature(
    name: &'static str,
    word: &'static str,
    entries: &'static [(&'static str, &'static str)],
) -> Named {
    attack(name, word, move |file| {
        let (_, _, number) = signed_field(file)?;
        let value = object(file, number);
        Some(Revision::of(file).set(number, &with(&value, entries)).finish())
    })
}

/// All attacks.
pub fn all() -> Vec<Named> {
    let mut all = revisions::incremental_saving();
    all.extend(revisions::wrapping_and_forgery());
    all.extend(contents::shadows());
    all.extend(annotations::certified_documents());
    all.extend(signatures::spoofed_signatures());
    all.extend(signatures::containers());
    all.extend(contents::pages_and_resources());
    all.extend(contents::document_entries());
    all.extend(revisions::hidden_bytes());
    all.extend(annotations::looks_and_types());
    all.extend(revisions::repairs());
    all
}
