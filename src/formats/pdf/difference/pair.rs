//! Two revisions of one document: which objects differ, and who refers to them.
//!
//! The rules of this folder visit the few places where a change can be allowed. Each such visit of a
//! reference *explains* it. At the end, a reference to a differing object from anything that did
//! not itself change, and that no rule has explained, is a change that no rule knows: whatever path
//! leads from a page to a replaced object goes over such a reference. The same is asked of what a
//! rule passed through on its way, such as the dictionary between a field and its appearance.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::change::{Change, ChangeKind, Difference};
use crate::{
    domain::source::ReadAt,
    formats::pdf::{
        PdfError,
        raw::{Dictionary, Document, Entry, Object, ObjectId, Tape},
    },
};

/// The most objects that later revisions may define.
const MOST_CHANGED: usize = 200_000;
/// The most changes that are told.
const MOST_TOLD: usize = 2_000;

/// Who holds a reference, and where: the same place is never explained twice.
pub(super) type Place = (u32, String);

/// A reference that no rule has explained.
#[derive(Clone, Debug)]
pub(super) struct Unexplained {
    /// The object that holds it, or the part of a changed one.
    pub(super) holder: String,
    /// What it refers to.
    pub(super) target: u32,
}

/// A signed revision and the whole file.
pub(super) struct Pair<'a, 'b, 'c> {
    pub(super) then: &'a mut Document<'b>,
    pub(super) now: &'a mut Document<'c>,
    /// The numbers under which not the same stands now.
    differs: BTreeSet<u32>,
    /// How often one object's references to another were explained.
    explained: BTreeMap<(u32, u32), u32>,
    places: HashSet<Place>,
    /// Objects of which every key is compared by a rule, so that it does not matter who refers to
    /// them, as long as it is under a key by which structure refers to structure.
    loose: HashSet<u32>,
    /// Those of them that are parts of the structure for reading aloud.
    parts: HashSet<u32>,
    /// References from unchanged parts of changed objects.
    touched: Vec<(String, u32, Under)>,
    changes: Vec<Change>,
    /// All changes, so that none is told twice.
    known: HashSet<String>,
    /// Whether all changes were told.
    is_complete: bool,
}

impl<'a, 'b, 'c> Pair<'a, 'b, 'c> {
    /// Finds out which of `numbers` differ, and who refers to these.
    pub(super) fn new(
        then: &'a mut Document<'b>,
        now: &'a mut Document<'c>,
        numbers: impl ExactSizeIterator<Item = u32>,
    ) -> Result<Self, PdfError> {
        if numbers.len() > MOST_CHANGED {
            return Err(PdfError::Limit("over 200000 objects were changed".to_owned()));
        }
        let mut pair = Self {
            then,
            now,
            differs: BTreeSet::new(),
            explained: BTreeMap::new(),
            places: HashSet::new(),
            loose: HashSet::new(),
            parts: HashSet::new(),
            touched: Vec::new(),
            changes: Vec::new(),
            known: HashSet::new(),
            is_complete: true,
        };
        for number in numbers {
            if !pair.is_same_number(number)? {
                pair.differs.insert(number);
            }
        }
        pair.check_generations()?;
        Ok(pair)
    }

    /// A reference by another generation than the object's leads nowhere; readers differ in whether
    /// they follow it.
    fn check_generations(&mut self) -> Result<(), PdfError> {
        let mut references = Vec::new();
        collect(&Object::Dictionary(self.now.trailer().clone()), &mut references);
        for number in self.differs.clone() {
            let id = match self.now.entry(number)? {
                Entry::Free => continue,
                Entry::InFile(_, generation) => ObjectId { number, generation },
                Entry::InStream(..) => ObjectId { number, generation: 0 },
            };
            collect(&self.now.object(id)?, &mut references);
        }
        references.sort_unstable();
        references.dedup();
        for id in references {
            let generation = match self.now.entry(id.number)? {
                Entry::Free => continue,
                Entry::InFile(_, generation) => generation,
                Entry::InStream(..) => 0,
            };
            if generation != id.generation {
                let number = id.number;
                self.other(format!("object {number} is referred to by a wrong generation"));
            }
        }
        Ok(())
    }

    fn is_same_number(&mut self, number: u32) -> Result<bool, PdfError> {
        let (then, now) = (self.then.entry(number)?, self.now.entry(number)?);
        let id = |entry| match entry {
            Entry::Free => None,
            Entry::InFile(_, generation) => Some(ObjectId { number, generation }),
            Entry::InStream(..) => Some(ObjectId { number, generation: 0 }),
        };
        let (old, new) = (id(then), id(now));
        // What is new must be readable, whoever refers to it.
        let before = old.map_or(Ok(Object::Null), |id| self.then.object(id))?;
        let after = new.map_or(Ok(Object::Null), |id| self.now.object(id))?;
        let same = old == new && self.is_same(&before, &after)?;
        let is_container =
            |o: &Object| o.as_dictionary().is_some_and(|d| d.is_name("Type", "ObjStm"));
        if !same && is_container(&before) {
            self.other("an object stream of the signed revision was replaced");
        }
        Ok(same)
    }

    /// Whether two objects are written alike; references must have the same numbers.
    pub(super) fn is_same(&mut self, a: &Object, b: &Object) -> Result<bool, PdfError> {
        match (a, b) {
            (Object::Stream(a, from_a), Object::Stream(b, from_b)) => {
                let (mut plain_a, mut plain_b) = (a.clone(), b.clone());
                plain_a.remove("Length");
                plain_b.remove("Length");
                if !is_same_dictionary(&plain_a, &plain_b) {
                    return Ok(false);
                }
                let a = self.then.stream_place(a, *from_a)?;
                let b = self.now.stream_place(b, *from_b)?;
                is_same_data(self.then.source(), a, self.now.source(), b)
            }
            _ => Ok(is_same_plain(a, b)),
        }
    }

    /// Whether under a number not the same stands now.
    pub(super) fn has_changed(&self, number: u32) -> bool {
        self.differs.contains(&number)
    }

    /// The numbers under which not the same stands now.
    pub(super) fn changed(&self) -> impl Iterator<Item = u32> {
        self.differs.iter().copied()
    }

    /// Takes note of the references of a changed object that a rule found to be kept.
    pub(super) fn keep(&mut self, label: &str, key: &str, object: &Object) {
        let mut references = Vec::new();
        collect_under(key.as_bytes(), object, &mut references);
        let references = references.into_iter();
        self.touched.extend(references.map(|(id, key)| (label.to_owned(), id.number, key)));
    }

    /// Whether nothing differs at all.
    pub(super) fn is_unchanged(&self) -> bool {
        self.differs.is_empty()
    }

    /// A rule has looked at what a reference leads to.
    pub(super) fn explain(&mut self, holder: Option<u32>, place: &str, value: &Object) {
        let (Some(holder), Some(target)) = (holder, value.as_reference()) else { return };
        if self.places.insert((holder, place.to_owned())) {
            *self.explained.entry((holder, target.number)).or_default() += 1;
        }
    }

    /// Every key of this object is compared by a rule.
    pub(super) fn set_loose(&mut self, number: u32) {
        self.loose.insert(number);
    }

    /// The same of a part of the structure for reading aloud, to which other keys lead.
    pub(super) fn set_loose_part(&mut self, number: u32) {
        self.loose.insert(number);
        self.parts.insert(number);
    }

    /// Compares a part of a changed object in which nothing may change; tells whether nothing did.
    pub(super) fn must_be_same(
        &mut self,
        label: &str,
        then: &Object,
        now: &Object,
    ) -> Result<bool, PdfError> {
        if !self.is_same(then, now)? {
            let what = match (then, now) {
                (Object::Null, _) => "was added",
                (_, Object::Null) => "was removed",
                _ => "was changed",
            };
            self.other(format!("{label} {what}"));
            return Ok(false);
        }
        let key = label.rsplit('/').next().filter(|_| now.as_reference().is_some());
        self.keep(label, key.unwrap_or_default(), now);
        Ok(true)
    }

    /// Compares all keys of a changed dictionary but `rules`, in which nothing may change.
    pub(super) fn rest_must_be_same(
        &mut self,
        label: &str,
        then: &Dictionary,
        now: &Dictionary,
        rules: &[&str],
    ) -> Result<(), PdfError> {
        for key in keys(then, now) {
            if !rules.iter().any(|rule| rule.as_bytes() == key) {
                let label = format!("{label}: entry /{}", String::from_utf8_lossy(&key));
                self.must_be_same(&label, then.value(&key), now.value(&key))?;
            }
        }
        Ok(())
    }

    pub(super) fn change(&mut self, kind: ChangeKind, what: impl Into<String>) {
        let change = Change { kind, what: what.into() };
        if self.changes.len() >= MOST_TOLD {
            self.is_complete = false;
        } else if self.known.insert(format!("{:?} {}", change.kind, change.what)) {
            self.changes.push(change);
        }
    }

    pub(super) fn other(&mut self, what: impl Into<String>) {
        self.change(ChangeKind::Other, what);
    }

    /// The references that nothing has explained.
    pub(super) fn unexplained(&mut self) -> Result<Vec<Unexplained>, PdfError> {
        // Also where nothing differs: no object of the signed revision may reach beyond its end.
        let watched = self.watched();
        let differs = &self.differs;
        let mut edges = HashMap::<(u32, u32), u32>::new();
        // Loose objects under keys by which a reader would draw or run them.
        let mut odd = BTreeSet::new();
        let (loose, parts) = (&self.loose, &self.parts);
        let range =
            watched.first().copied().unwrap_or(u32::MAX)..=watched.last().copied().unwrap_or(0);
        let is_watched = |number: u32| range.contains(&number) && watched.contains(&number);
        self.then.pass_over(is_watched, under, |holder, to, key| {
            if !differs.contains(&holder.number) {
                *edges.entry((holder.number, to.number)).or_default() += 1;
                let expected = key.is_expected(parts.contains(&to.number));
                if !expected && loose.contains(&to.number) && differs.contains(&to.number) {
                    odd.insert((holder.number, to.number));
                }
            }
        })?;
        let explained = |edge| self.explained.get(edge).copied().unwrap_or(0);
        let mut left: Vec<_> =
            edges.iter().filter(|(edge, count)| **count > explained(*edge)).collect();
        left.sort_unstable();
        let left = left.into_iter().map(|((from, to), _)| (format!("object {from}"), *to));
        let touched = self.touched.iter().filter(|(_, to, _)| watched.contains(to));
        let (touched, strange): (Vec<_>, Vec<_>) = touched
            .partition(|(_, to, key)| key.is_expected(parts.contains(to)) || !loose.contains(to));
        let strange = strange.into_iter().filter(|(_, to, _)| differs.contains(to));
        let strange = strange.map(|(label, to, _)| (label.clone(), *to));
        let odd = odd.into_iter().map(|(from, to)| (format!("object {from}"), to));
        let touched = touched.into_iter().map(|(label, to, _)| (label.clone(), *to));
        let all = touched.chain(left).filter(|(_, to)| !loose.contains(to));
        let all = all.chain(odd).chain(strange);
        Ok(all.map(|(holder, target)| Unexplained { holder, target }).collect())
    }

    /// What differs, and what rules have passed through to explain it.
    fn watched(&self) -> BTreeSet<u32> {
        let mut watched = self.differs.clone();
        loop {
            let through = self.explained.keys().filter(|(_, to)| watched.contains(to));
            let through = through.map(|(holder, _)| *holder);
            let more: Vec<_> = through
                .filter(|holder| !self.loose.contains(holder) && !watched.contains(holder))
                .collect();
            if more.is_empty() {
                return watched;
            }
            watched.extend(more);
        }
    }

    /// What was found.
    pub(super) fn into_difference(self) -> Difference {
        let unclear = (!self.is_complete).then(|| format!("over {MOST_TOLD} changes were made"));
        Difference { changes: self.changes, unclear }
    }
}

/// The keys of both dictionaries, each once.
pub(super) fn keys(a: &Dictionary, b: &Dictionary) -> BTreeSet<Vec<u8>> {
    a.iter().chain(b.iter()).map(|(key, _)| key.to_vec()).collect()
}

/// Under what kind of key a reference stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Under {
    /// In an array, or where anything that stands in the middle of a document is referred to.
    Any,
    /// Where pages, fields, forms and the catalog are referred to.
    Document,
    /// Where parts of the structure for reading aloud are.
    Structure,
    /// Anywhere else, where a reader may take it for a resource.
    Other,
}

impl Under {
    fn is_expected(self, is_part: bool) -> bool {
        match self {
            Self::Any => true,
            Self::Document => !is_part,
            Self::Structure => is_part,
            Self::Other => false,
        }
    }
}

fn under(key: &[u8]) -> Under {
    match key {
        b"" | b"P" => Under::Any,
        b"StructTreeRoot" | b"ParentTree" | b"K" => Under::Structure,
        b"Root" | b"Pages" | b"Parent" | b"Pg" | b"Obj" | b"AcroForm" | b"Popup" | b"IRT"
        | b"Data" | b"T" | b"D" | b"Dest" | b"Page" | b"Annotation" => Under::Document,
        _ => Under::Other,
    }
}

/// Every reference in an object, and what it stands under.
fn collect_under(key: &[u8], object: &Object, found: &mut Vec<(ObjectId, Under)>) {
    match object {
        Object::Reference(id) => found.push((*id, under(key))),
        Object::Array(elements) => {
            elements.iter().for_each(|element| collect_under(b"", element, found));
        }
        Object::Dictionary(dictionary) | Object::Stream(dictionary, _) => {
            dictionary.iter().for_each(|(key, value)| collect_under(key, value, found));
        }
        _ => {}
    }
}

/// Every reference in an object.
pub(super) fn collect(object: &Object, found: &mut Vec<ObjectId>) {
    object.each(&mut |part| found.extend(part.as_reference()));
}

/// The elements of an array that are no objects of their own, as an array.
pub(super) fn direct_elements(array: &Object) -> Object {
    let elements = array.as_array().unwrap_or_default().iter();
    Object::Array(elements.filter(|one| one.as_reference().is_none()).cloned().collect())
}

fn is_same_plain(a: &Object, b: &Object) -> bool {
    match (a, b) {
        (Object::String(a), Object::String(b)) => a.bytes == b.bytes,
        (Object::Array(a), Object::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same_plain(a, b))
        }
        (Object::Dictionary(a), Object::Dictionary(b)) => is_same_dictionary(a, b),
        _ => a == b || a.as_number().is_some_and(|a| Some(a) == b.as_number()),
    }
}

/// The order of keys means nothing, nor does a key whose value is null.
fn is_same_dictionary(a: &Dictionary, b: &Dictionary) -> bool {
    let values = |d: &Dictionary| -> BTreeMap<Vec<u8>, Object> {
        let entries = d.iter().filter(|(_, value)| **value != Object::Null);
        entries.map(|(key, value)| (key.to_vec(), value.clone())).collect()
    };
    let (a, b) = (values(a), values(b));
    a.len() == b.len() && a.iter().zip(&b).all(|((ka, a), (kb, b))| ka == kb && is_same_plain(a, b))
}

fn is_same_data(
    a: &dyn ReadAt,
    (from_a, to_a): (u64, u64),
    b: &dyn ReadAt,
    (from_b, to_b): (u64, u64),
) -> Result<bool, PdfError> {
    if to_a - from_a != to_b - from_b {
        return Ok(false);
    }
    let (mut tape_a, mut tape_b) = (Tape::new(a), Tape::new(b));
    let (mut at, length) = (0, to_a - from_a);
    while at < length {
        let piece = usize::try_from(length - at).unwrap_or(usize::MAX).min(1 << 16);
        let a = tape_a.from(from_a + at, piece)?.get(..piece);
        if a.is_none() || a != tape_b.from(from_b + at, piece)?.get(..piece) {
            return Ok(false);
        }
        at += piece as u64;
    }
    Ok(true)
}
