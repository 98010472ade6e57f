//! Writing a revision behind the bytes that are there, with a cross-reference of the same kind.

use super::{
    PdfError,
    raw::{Dictionary, Document, Object, ObjectId, Security, XrefKind, write_object},
};
use crate::crypto::digest::sha256;

/// A revision under way: bytes that will stand behind the document.
pub(super) struct Revision<'s> {
    /// The length of the document before.
    base: u64,
    /// What stands behind it.
    pub(super) tail: Vec<u8>,
    written: Vec<(ObjectId, u64)>,
    next: u32,
    security: Option<&'s Security>,
    vectors: Vectors,
}

/// Initialisation vectors for encryption: unpredictable as long as the seed is.
struct Vectors {
    seed: [u8; 32],
    count: u64,
}

impl Vectors {
    fn next(&mut self) -> [u8; 16] {
        self.count += 1;
        let digest = sha256(&[&self.seed[..], &self.count.to_be_bytes()].concat());
        std::array::from_fn(|at| digest.get(at).copied().unwrap_or(0))
    }
}

impl<'s> Revision<'s> {
    /// Begins behind a document of `base` bytes; what is written is encrypted as the document is.
    /// `seed` is 32 random bytes.
    pub(super) fn new(
        document: &Document<'_>,
        base: u64,
        security: Option<&'s Security>,
        seed: [u8; 32],
    ) -> Self {
        Self {
            base,
            tail: b"\n".to_vec(),
            written: Vec::new(),
            next: document.first_free_number(),
            security,
            vectors: Vectors { seed, count: 0 },
        }
    }

    /// A fresh object number.
    pub(super) fn reserve(&mut self) -> ObjectId {
        let id = ObjectId { number: self.next, generation: 0 };
        self.next = self.next.saturating_add(1);
        id
    }

    /// Writes an object.
    pub(super) fn write(&mut self, id: ObjectId, object: Object) -> Result<(), PdfError> {
        let object = self.encrypted(id, object)?;
        self.begin(id);
        write_object(&mut self.tail, &object);
        self.tail.extend_from_slice(b"\nendobj\n");
        self.check_size()
    }

    /// An object with its strings as they will stand in the file.
    pub(super) fn encrypted(
        &mut self,
        id: ObjectId,
        mut object: Object,
    ) -> Result<Object, PdfError> {
        if let Some(security) = self.security {
            let vectors = &mut self.vectors;
            security
                .encrypt_strings(id, &mut object, || vectors.next())
                .ok_or_else(|| PdfError::damaged("a string cannot be encrypted"))?;
        }
        Ok(object)
    }

    /// Writes a stream; `/Length` is seen to.
    pub(super) fn write_stream(
        &mut self,
        id: ObjectId,
        mut dictionary: Dictionary,
        data: &[u8],
    ) -> Result<(), PdfError> {
        let encrypted = match self.security {
            None => None,
            Some(security) => Some(
                security
                    .encrypt_stream(id, data, self.vectors.next())
                    .ok_or_else(|| PdfError::damaged("a stream cannot be encrypted"))?,
            ),
        };
        let data = encrypted.as_deref().unwrap_or(data);
        dictionary.set("Length", Object::Integer(data.len() as i64));
        let dictionary = self.encrypted(id, Object::Dictionary(dictionary))?;
        self.begin(id);
        write_object(&mut self.tail, &dictionary);
        self.tail.extend_from_slice(b"\nstream\n");
        self.tail.extend_from_slice(data);
        self.tail.extend_from_slice(b"\nendstream\nendobj\n");
        self.check_size()
    }

    /// What is appended stays in memory; a document cannot make it grow without end.
    fn check_size(&self) -> Result<(), PdfError> {
        const LARGEST: usize = 64 << 20;
        if self.tail.len() > LARGEST {
            return Err(PdfError::Limit("over 64 MiB would have to be appended".to_owned()));
        }
        Ok(())
    }

    /// Writes `N G obj` and remembers the place.
    pub(super) fn begin(&mut self, id: ObjectId) {
        self.written.push((id, self.base + self.tail.len() as u64));
        self.tail.extend_from_slice(format!("{} {} obj\n", id.number, id.generation).as_bytes());
    }

    /// Writes the cross-reference and the end.
    ///
    /// # Errors
    /// An object was written twice: two things that a seal changes are one in the document.
    pub(super) fn finish(mut self, document: &Document<'_>) -> Result<Vec<u8>, PdfError> {
        self.written.sort();
        if self.written.windows(2).any(|pair| match pair {
            [(a, _), (b, _)] => a.number == b.number,
            _ => false,
        }) {
            return Err(PdfError::damaged("one object serves as two parts of the document"));
        }
        let mut trailer = Dictionary::default();
        for key in ["Root", "Info", "ID", "Encrypt"] {
            if document.trailer().has(key) {
                trailer.set(key, document.trailer().get(key).clone());
            }
        }
        let previous = i64::try_from(document.xref_offset())
            .map_err(|_| PdfError::damaged("an offset is too large"))?;
        trailer.set("Prev", Object::Integer(previous));
        let start = match document.xref_kind() {
            XrefKind::Table => self.write_table(trailer)?,
            XrefKind::Stream => self.write_xref_stream(trailer),
        };
        self.tail.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
        Ok(self.tail)
    }

    fn write_table(&mut self, mut trailer: Dictionary) -> Result<u64, PdfError> {
        let start = self.base + self.tail.len() as u64;
        self.tail.extend_from_slice(b"xref\n");
        for run in self.runs() {
            let first = run.first().map_or(0, |(id, _)| id.number);
            self.tail.extend_from_slice(format!("{first} {}\n", run.len()).as_bytes());
            for (id, offset) in run {
                if offset > 9_999_999_999 {
                    return Err(PdfError::Limit(
                        "the file is too large for a cross-reference table".to_owned(),
                    ));
                }
                let line = format!("{offset:010} {:05} n\r\n", id.generation);
                self.tail.extend_from_slice(line.as_bytes());
            }
        }
        trailer.set("Size", Object::Integer(self.next.into()));
        self.tail.extend_from_slice(b"trailer\n");
        write_object(&mut self.tail, &Object::Dictionary(trailer));
        self.tail.push(b'\n');
        Ok(start)
    }

    fn write_xref_stream(&mut self, mut trailer: Dictionary) -> u64 {
        let own = self.reserve();
        let start = self.base + self.tail.len() as u64;
        self.begin(own);
        let mut index = Vec::new();
        let mut data = Vec::new();
        for run in self.runs() {
            index.push(Object::Integer(run.first().map_or(0, |(id, _)| id.number).into()));
            index.push(Object::Integer(run.len() as i64));
            for (id, offset) in run {
                data.push(1);
                data.extend_from_slice(&offset.to_be_bytes());
                data.extend_from_slice(&id.generation.to_be_bytes());
            }
        }
        trailer.set("Type", Object::name("XRef"));
        trailer.set("Size", Object::Integer(self.next.into()));
        trailer.set("W", Object::Array([1, 8, 2].map(Object::Integer).to_vec()));
        trailer.set("Index", Object::Array(index));
        trailer.set("Length", Object::Integer(data.len() as i64));
        write_object(&mut self.tail, &Object::Dictionary(trailer));
        self.tail.extend_from_slice(b"\nstream\n");
        self.tail.extend_from_slice(&data);
        self.tail.extend_from_slice(b"\nendstream\nendobj\n");
        start
    }

    /// What was written, by number, in runs without gaps.
    fn runs(&self) -> Vec<Vec<(ObjectId, u64)>> {
        self.written
            .chunk_by(|(a, _), (b, _)| a.number.checked_add(1) == Some(b.number))
            .map(<[_]>::to_vec)
            .collect()
    }
}
