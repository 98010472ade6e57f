//! Signed PDF files changed by chance, byte by byte and object by object: never valid with another
//! meaning, and never a fault of the program.

mod support;

use std::collections::BTreeSet;

use sealwright::{
    domain::report::{Conclusion, ModificationLevel},
    formats::pdf::{
        inspect,
        raw::{Document, Object},
    },
};
use support::{
    chance::Chance,
    parties::{Parties, complaints},
    revision::{Revision, object, with, written},
};

const FILES: [&str; 6] = [
    "contract-b",
    "contract-lta",
    "contract-twice",
    "contract-certified-2",
    "objstm-lta",
    "linear-b",
];

/// Whether a byte is under a signature.
fn covered(file: &[u8]) -> Vec<(usize, usize)> {
    let signatures = inspect(&file).unwrap().signatures;
    let ranges = signatures.iter().map(|signature| signature.gap.unwrap());
    let whole = |offset: u64| usize::try_from(offset).unwrap();
    ranges
        .flat_map(|gap| [(0, whole(gap.start)), (whole(gap.end), whole(gap.end_of_range))])
        .collect()
}

#[test]
fn five_thousand_changed_bytes() {
    let parties = Parties::new();
    let mut chance = Chance::new(20_261_122);
    let mut wrong = Vec::new();
    for name in FILES {
        let file = parties.file(name);
        assert_eq!(parties.judge(&file).conclusion, Conclusion::Valid, "{name}");
        let covered = covered(&file);
        for _ in 0..5_000 / FILES.len() + 1 {
            let at = chance.below(file.len());
            let byte = u8::try_from(chance.below(256)).unwrap();
            let mut mutated = file.clone();
            let kind = *chance.one_of(&["change", "deletion", "insertion"]);
            match kind {
                "change" if byte == file[at] => continue,
                "change" => mutated[at] = byte,
                "deletion" => drop(mutated.remove(at)),
                _ => mutated.insert(at, byte),
            }
            let report = parties.judge(&mutated);
            if report.conclusion != Conclusion::Valid {
                continue;
            }
            // Between the signatures stand their values, and behind the last of them data for
            // validation: there, what is still valid must still say the same.
            let under = covered.iter().any(|(start, end)| (*start..*end).contains(&at));
            let levels = report.signatures.iter().map(|s| s.modification_level);
            let further = levels.max().flatten() > Some(ModificationLevel::FormFilling);
            if under || further {
                wrong.push(format!("{name}: {kind} at {at} with {byte:#04x}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every object that what is shown, or done, depends on: all that the catalog leads to, but for
/// metadata and data for validation.
fn meaningful(file: &[u8]) -> BTreeSet<u32> {
    let mut document = Document::open(&file).unwrap();
    let mut open = vec![document.trailer().get("Root").clone()];
    let mut seen = BTreeSet::new();
    while let Some(next) = open.pop() {
        let next = match next.as_reference() {
            Some(id) if !seen.insert(id.number) => continue,
            Some(id) => document.object(id).unwrap(),
            None => next,
        };
        match &next {
            Object::Array(elements) => open.extend(elements.iter().cloned()),
            Object::Dictionary(d) | Object::Stream(d, _) => {
                let entries = d.iter().filter(|(key, _)| ![&b"Metadata"[..], b"DSS"].contains(key));
                open.extend(entries.map(|(_, value)| value.clone()));
            }
            _ => {}
        }
    }
    seen
}

/// What rules allow to be changed, of whatever object.
const ALLOWED: [&str; 18] = [
    "V",
    "AP",
    "AS",
    "M",
    "I",
    "RV",
    "Ff",
    "F",
    "MK",
    "P",
    "StructParent",
    "DSS",
    "Metadata",
    "Version",
    "Extensions",
    "SigFlags",
    "PieceInfo",
    "Length",
];

/// One change of an object; none where chance hit nothing that means anything.
fn edit(chance: &mut Chance, file: &[u8], number: u32, all: &[u32]) -> Option<(String, String)> {
    let found = object(file, number);
    if let Object::Stream(dictionary, _) = &found
        && chance.below(2) == 0
    {
        let body = with(
            &Object::Dictionary(dictionary.clone()),
            &[("Length", "3"), ("Filter", "null"), ("DecodeParms", "null")],
        );
        return Some(("other data".to_owned(), format!("{body}\nstream\nq Q\nendstream")));
    }
    let other = format!("{} 0 R", chance.one_of(all));
    let value =
        (*chance.one_of(&["(x)", "/Name", "7", "[1 2]", "<</A 1>>", "true", &other])).to_owned();
    match &found {
        Object::Dictionary(dictionary) => {
            let keys: Vec<String> = dictionary
                .iter()
                .map(|(key, _)| String::from_utf8(key.to_vec()).unwrap())
                .filter(|key| !ALLOWED.contains(&key.as_str()))
                .collect();
            let key = match chance.below(4) {
                0 => "Unheard".to_owned(),
                _ if keys.is_empty() => return None,
                _ => chance.one_of(&keys).clone(),
            };
            let value =
                if key != "Unheard" && chance.below(3) == 0 { "null" } else { value.as_str() };
            let is = dictionary.get(&key);
            let nothing = |text: &str| ["null", "[]"].contains(&text.trim());
            if written(is) == value || nothing(&written(is)) && nothing(value) {
                return None;
            }
            Some((format!("{key} is {value}"), with(&found, &[(&key, value)])))
        }
        Object::Array(elements) => {
            let mut elements = elements.clone();
            match chance.below(2) {
                0 if elements.len() > 1 => drop(elements.remove(chance.below(elements.len()))),
                _ => elements.push(Object::Integer(7)),
            }
            Some(("another array".to_owned(), written(&Object::Array(elements))))
        }
        Object::Stream(..) => None,
        _ => Some((format!("is {value}"), value)),
    }
}

#[test]
fn a_thousand_changed_objects() {
    let parties = Parties::new();
    let mut chance = Chance::new(20_261_123);
    let (mut made, mut wrong) = (0, Vec::new());
    for name in FILES {
        let file = parties.file(name);
        let all: Vec<u32> = meaningful(&file).into_iter().collect();
        let mut left = 1_000 / FILES.len() + 1;
        while left > 0 {
            let number = *chance.one_of(&all);
            let mut revision = Revision::of(&file);
            let what = if chance.below(8) == 0 {
                revision.free(number);
                "freed".to_owned()
            } else {
                let Some((what, body)) = edit(&mut chance, &file, number, &all) else { continue };
                revision.set(number, &body);
                what
            };
            (left, made) = (left - 1, made + 1);
            let report = parties.judge(&revision.finish());
            if report.conclusion == Conclusion::Valid {
                let before = written(&object(&file, number));
                wrong.push(format!("{name}: object {number} {what}, it was {before:.300}"));
            } else {
                assert!(!complaints(&report).is_empty(), "{name}: object {number} {what}");
            }
        }
    }
    assert!(made >= 1_000, "{made}");
    assert!(wrong.is_empty(), "{} of {made}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The same, in files with nothing of one's own: whatever follows, nothing panics.
#[test]
fn truncated_files_are_answered() {
    let parties = Parties::new();
    let mut chance = Chance::new(20_261_124);
    for name in FILES {
        let file = parties.file(name);
        for _ in 0..60 {
            let end = chance.below(file.len());
            let report = parties.judge(&file[..end]);
            // A beginning that is a document may be good by itself: an earlier revision.
            if report.conclusion == Conclusion::Valid {
                let beginning = &file[..end];
                assert!(Document::open(&beginning).is_ok(), "{name} up to {end}");
            }
        }
    }
}
