//! Appending revisions to PDF files, good ones and bad ones.

use std::collections::BTreeMap;

use sealwright::formats::pdf::raw::{Dictionary, Document, Object, ObjectId, write_object};

/// An object of a file that is looked at.
pub fn object(file: &[u8], number: u32) -> Object {
    let mut document = Document::open(&file).unwrap();
    document.object(ObjectId { number, generation: 0 }).unwrap()
}

/// Follows keys (and places in arrays) from the trailer; with the number of the last object on the
/// way that stands by itself.
pub fn find(file: &[u8], path: &str) -> Option<(u32, Object)> {
    let mut document = Document::open(&file).unwrap();
    let mut at = Object::Dictionary(document.trailer().clone());
    let mut holder = 0;
    for step in path.split('/') {
        let next = match (&at, step.parse::<usize>()) {
            (Object::Array(elements), Ok(place)) => elements.get(place)?.clone(),
            (other, _) => other.as_dictionary()?.get(step).clone(),
        };
        if let Some(id) = next.as_reference() {
            holder = id.number;
        }
        at = document.resolve(&next).unwrap();
        if at == Object::Null {
            return None;
        }
    }
    Some((holder, at))
}

/// An object as it is written.
pub fn written(object: &Object) -> String {
    let mut out = Vec::new();
    write_object(&mut out, object);
    // Bytes above ASCII stand for themselves.
    out.into_iter().map(char::from).collect()
}

/// A revision that is being written.
pub struct Revision {
    file: Vec<u8>,
    size: u32,
    trailer: Dictionary,
    offsets: BTreeMap<u32, (usize, u16, char)>,
    prev: u64,
}

impl Revision {
    pub fn of(file: &[u8]) -> Self {
        let document = Document::open(&file).unwrap();
        let mut bytes = file.to_vec();
        bytes.push(b'\n');
        Self {
            size: document.first_free_number(),
            trailer: document.trailer().clone(),
            prev: document.xref_offset(),
            file: bytes,
            offsets: BTreeMap::new(),
        }
    }

    /// Defines an object.
    pub fn set(&mut self, number: u32, body: &str) -> &mut Self {
        self.set_at(number, 0, body)
    }

    pub fn set_at(&mut self, number: u32, generation: u16, body: &str) -> &mut Self {
        self.offsets.insert(number, (self.file.len(), generation, 'n'));
        self.size = self.size.max(number + 1);
        self.raw(&format!("{number} {generation} obj\n{body}\nendobj\n"))
    }

    /// Bytes that no cross-reference leads to.
    pub fn raw(&mut self, text: &str) -> &mut Self {
        self.file.extend(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()));
        self
    }

    /// A new object.
    pub fn add(&mut self, body: &str) -> u32 {
        let number = self.size;
        self.set(number, body);
        number
    }

    pub fn free(&mut self, number: u32) -> &mut Self {
        self.offsets.insert(number, (0, 1, 'f'));
        self
    }

    /// An entry that leads anywhere.
    pub fn point(&mut self, number: u32, offset: usize) -> &mut Self {
        self.offsets.insert(number, (offset, 0, 'n'));
        self
    }

    /// An entry of the trailer; `null` takes it away.
    pub fn trailer(&mut self, key: &str, value: Object) -> &mut Self {
        self.trailer.set(key, value);
        self
    }

    /// The offset of the cross-reference that this revision continues.
    pub fn prev(&mut self, offset: u64) -> &mut Self {
        self.prev = offset;
        self
    }

    /// How many bytes there are so far.
    pub fn length(&self) -> usize {
        self.file.len()
    }

    /// The bytes so far, without a cross-reference.
    pub fn file(&self) -> Vec<u8> {
        self.file.clone()
    }

    pub fn finish(&mut self) -> Vec<u8> {
        let start = self.file.len();
        let mut text = "xref\n".to_owned();
        for (number, (offset, generation, kind)) in &self.offsets {
            text.push_str(&format!("{number} 1\n{offset:010} {generation:05} {kind} \n"));
        }
        let mut trailer = Dictionary::default();
        for key in ["Root", "Info", "ID", "Encrypt", "Extra", "XRefStm"] {
            if self.trailer.has(key) {
                trailer.set(key, self.trailer.get(key).clone());
            }
        }
        trailer.set("Size", Object::Integer(self.size.into()));
        trailer.set("Prev", Object::Integer(i64::try_from(self.prev).unwrap()));
        let trailer = written(&Object::Dictionary(trailer));
        text.push_str(&format!("trailer\n{trailer}\nstartxref\n{start}\n%%EOF\n"));
        self.raw(&text);
        self.file.clone()
    }
}

/// A stream with a dictionary's entries.
pub fn stream(entries: &str, data: &str) -> String {
    format!("<<{entries} /Length {}>>\nstream\n{data}\nendstream", data.chars().count())
}

/// A dictionary with entries set anew; `null` takes one away.
pub fn with(object: &Object, entries: &[(&str, &str)]) -> String {
    let mut dictionary = object.as_dictionary().unwrap().clone();
    let mut text = String::new();
    for (key, value) in entries {
        dictionary.remove(key);
        if *value != "null" {
            text.push_str(&format!(" /{key} {value}"));
        }
    }
    let all = written(&Object::Dictionary(dictionary));
    format!("{}{text}>>", all.trim_end().strip_suffix(">>").unwrap())
}

/// A reference to an object.
pub fn reference(number: u32) -> Object {
    Object::Reference(ObjectId { number, generation: 0 })
}

/// Changes the list at a path, in the object that holds it.
pub fn relist(
    file: &[u8],
    revision: &mut Revision,
    path: &str,
    change: impl FnOnce(&mut Vec<Object>),
) -> Option<()> {
    let mut all = find(file, path)?.1.as_array()?.to_vec();
    change(&mut all);
    put(file, revision, path, &written(&Object::Array(all)))
}

/// Sets what stands at a path, in the object that holds it.
fn put(file: &[u8], revision: &mut Revision, path: &str, body: &str) -> Option<()> {
    let (holder, _) = find(file, path)?;
    match path.rsplit_once('/') {
        Some((above, key)) if find(file, above)?.0 == holder => {
            let above_body = with(&find(file, above)?.1, &[(key, body)]);
            put(file, revision, above, &above_body)
        }
        _ => {
            revision.set(holder, body);
            Some(())
        }
    }
}
