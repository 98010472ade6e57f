//! Sealing: a new revision with a signature field and a hole, then the blob in the hole.

use super::{
    Appearance, PdfError,
    inspect::{Gap, inspect},
    page,
    raw::{Dictionary, Document, Object, ObjectId, write_object},
    revision::Revision,
};
use crate::{
    crypto::DigestAlgorithm,
    domain::{
        Timestamp,
        placement::Placement,
        source::{ReadAt, Received},
    },
};

/// Digits of a number in `/ByteRange`, as many as a cross-reference table has for an offset.
const WIDTH: usize = 10;

/// What is to be put into the document.
#[derive(Clone, Copy, Debug)]
pub struct SealingRequest<'a> {
    /// Where the seal is drawn.
    pub placement: &'a Placement,
    /// How it looks.
    pub appearance: &'a Appearance,
    /// The name of the signer, `/Name`.
    pub name: &'a str,
    /// Why it is sealed, `/Reason`.
    pub reason: Option<&'a str>,
    /// The claimed time, `/M`.
    pub signing_time: Timestamp,
    /// A word that no other field of the document bears, for the field's name.
    pub unique: &'a str,
    /// Bytes to keep for the signature blob.
    pub room: usize,
    /// The digest of the signature scheme.
    pub digest: DigestAlgorithm,
}

/// A document with a hole in it. Filling it consumes it.
#[derive(Debug)]
pub struct Prepared {
    received: Received,
    tail: Vec<u8>,
    /// Where the hexadecimal digits of `/Contents` begin in the tail, and how many bytes they hold.
    hole: (usize, usize),
    content_digest: Vec<u8>,
    algorithm: DigestAlgorithm,
}

/// A sealed document: the original bytes, and what stands behind them.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The document as it came.
    pub received: Received,
    /// The revision appended to it.
    pub tail: Vec<u8>,
}

/// Prepares a document for sealing.
///
/// # Errors
/// See [`PdfError`]; nothing is written anywhere.
pub fn prepare(received: &Received, request: &SealingRequest<'_>) -> Result<Prepared, PdfError> {
    let source = &received.source;
    if source.size() > 9_000_000_000 {
        return Err(PdfError::Limit("the file is over 9 GB".to_owned()));
    }
    let mut document = Document::open(source)?;
    if document.trailer().has("Encrypt") {
        return Err(PdfError::Encrypted);
    }
    let root = document
        .trailer()
        .get("Root")
        .as_reference()
        .ok_or_else(|| PdfError::damaged("/Root is not a reference"))?;
    let Object::Dictionary(mut catalog) = document.object(root)? else {
        return Err(PdfError::damaged("the catalog is not a dictionary"));
    };
    refuse_restrictions(source, &mut document, &catalog)?;
    let target = page::find(&mut document, &catalog, request.placement.page)?;
    let rect = target.place(request.placement, request.appearance.size_mm())?;

    let mut revision = Revision::new(&document, source.size());
    let [signature, widget, form, image, mask] = std::array::from_fn(|_| revision.reserve());
    let hole = write_signature(&mut revision, signature, source.size(), request);
    let (dictionary, content) =
        request.appearance.form(image, target.units_per_mm(), target.rotate);
    revision.write_stream(form, dictionary, &content);
    let (dictionary, data) = request.appearance.image(mask);
    revision.write_stream(image, dictionary, data);
    let (dictionary, data) = request.appearance.mask();
    revision.write_stream(mask, dictionary, data);
    revision.write(widget, &widget_object(request, rect, target.id, signature, form));
    add_annotation(&mut document, &mut revision, &target, widget)?;
    if add_field(&mut document, &mut revision, &mut catalog, widget)? {
        revision.write(root, &Object::Dictionary(catalog));
    }
    let tail = revision.finish(&document)?;
    digest_and_close(received, tail, hole, request.digest)
}

/// Refuses documents in which a new signature would break an earlier one's rules.
fn refuse_restrictions(
    source: &dyn ReadAt,
    document: &mut Document<'_>,
    catalog: &Dictionary,
) -> Result<(), PdfError> {
    if catalog.has("Perms") {
        return Err(PdfError::Restricted("DocMDP"));
    }
    if catalog.has("AcroForm") && document.dictionary_at(catalog, "AcroForm")?.has("XFA") {
        return Err(PdfError::Xfa);
    }
    if inspect(source)?.signatures.iter().any(|signature| signature.has_reference) {
        return Err(PdfError::Restricted("signature reference"));
    }
    Ok(())
}

/// Writes the signature dictionary with all offsets known but the file's end; returns the hole.
fn write_signature(
    revision: &mut Revision,
    id: ObjectId,
    base: u64,
    request: &SealingRequest<'_>,
) -> (usize, usize) {
    let (year, month, day, hour, minute, second) = request.signing_time.parts();
    let date = format!("D:{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    let mut entries: Dictionary = [
        ("Type", Object::name("Sig")),
        ("Filter", Object::name("Adobe.PPKLite")),
        ("SubFilter", Object::name("ETSI.CAdES.detached")),
        ("M", Object::text(&date)),
        ("Name", Object::text(request.name)),
    ]
    .into_iter()
    .collect();
    if let Some(reason) = request.reason {
        entries.set("Reason", Object::text(reason));
    }
    revision.begin(id);
    let out = &mut revision.tail;
    write_object(out, &Object::Dictionary(entries));
    out.truncate(out.len() - 2); // reopen the dictionary for the two fixed-width entries
    out.extend_from_slice(b"/ByteRange [0 ");
    // The numbers have a fixed width; the third is filled in when the end is known.
    let behind = (3 * WIDTH + 2 + "]/Contents ".len()) as u64;
    let gap_start = base + out.len() as u64 + behind;
    let gap_end = gap_start + 2 * request.room as u64 + 2;
    let numbers = format!("{gap_start:0WIDTH$} {gap_end:0WIDTH$} {:0WIDTH$}]/Contents ", 0);
    out.extend_from_slice(numbers.as_bytes());
    out.push(b'<');
    let digits = out.len();
    out.resize(digits + 2 * request.room, b'0');
    out.extend_from_slice(b">>>\nendobj\n");
    (digits, request.room)
}

fn widget_object(
    request: &SealingRequest<'_>,
    rect: [f64; 4],
    page: ObjectId,
    signature: ObjectId,
    form: ObjectId,
) -> Object {
    const PRINT_AND_LOCKED: i64 = 4 | 128;
    let appearance: Dictionary = [("N", Object::Reference(form))].into_iter().collect();
    let dictionary: Dictionary = [
        ("Type", Object::name("Annot")),
        ("Subtype", Object::name("Widget")),
        ("FT", Object::name("Sig")),
        ("T", Object::text(&format!("Seal-{}", request.unique))),
        ("V", Object::Reference(signature)),
        ("F", Object::Integer(PRINT_AND_LOCKED)),
        ("Rect", Object::Array(rect.map(Object::real).to_vec())),
        ("P", Object::Reference(page)),
        ("AP", Object::Dictionary(appearance)),
    ]
    .into_iter()
    .collect();
    Object::Dictionary(dictionary)
}

fn add_annotation(
    document: &mut Document<'_>,
    revision: &mut Revision,
    page: &page::Page,
    widget: ObjectId,
) -> Result<(), PdfError> {
    let annotations = page.dictionary.get("Annots");
    let mut elements = match document.resolve(annotations)? {
        Object::Null => Vec::new(),
        Object::Array(elements) => elements,
        _ => return Err(PdfError::damaged("/Annots is not an array")),
    };
    elements.push(Object::Reference(widget));
    match annotations {
        Object::Reference(id) => revision.write(*id, &Object::Array(elements)),
        _ => {
            let mut dictionary = page.dictionary.clone();
            dictionary.set("Annots", Object::Array(elements));
            revision.write(page.id, &Object::Dictionary(dictionary));
        }
    }
    Ok(())
}

/// Enters the field in the form; `true` if the catalog must be written anew.
fn add_field(
    document: &mut Document<'_>,
    revision: &mut Revision,
    catalog: &mut Dictionary,
    widget: ObjectId,
) -> Result<bool, PdfError> {
    const SIGNATURES_EXIST_APPEND_ONLY: i64 = 1 | 2;
    let holder = catalog.get("AcroForm").clone();
    let mut form = match document.resolve(&holder)? {
        Object::Null => Dictionary::default(),
        Object::Dictionary(form) => form,
        _ => return Err(PdfError::damaged("/AcroForm is not a dictionary")),
    };
    let fields = form.get("Fields").clone();
    let mut elements = match document.resolve(&fields)? {
        Object::Null => Vec::new(),
        Object::Array(elements) => elements,
        _ => return Err(PdfError::damaged("/Fields is not an array")),
    };
    elements.push(Object::Reference(widget));
    let flags = form.get("SigFlags").as_integer().unwrap_or(0);
    form.set("SigFlags", Object::Integer(flags | SIGNATURES_EXIST_APPEND_ONLY));
    match fields {
        Object::Reference(id) => revision.write(id, &Object::Array(elements)),
        _ => form.set("Fields", Object::Array(elements)),
    }
    match holder {
        Object::Reference(id) => {
            revision.write(id, &Object::Dictionary(form));
            Ok(false)
        }
        _ => {
            catalog.set("AcroForm", Object::Dictionary(form));
            Ok(true)
        }
    }
}

/// Fills in the last number of the byte range and digests everything but the hole.
fn digest_and_close(
    received: &Received,
    mut tail: Vec<u8>,
    hole: (usize, usize),
    algorithm: DigestAlgorithm,
) -> Result<Prepared, PdfError> {
    let bad = || PdfError::damaged("the hole is not where it was made");
    let behind = hole.0 + 2 * hole.1 + 1;
    let last = tail.len().checked_sub(behind).ok_or_else(bad)?;
    let number_end = hole.0.checked_sub("]/Contents <".len()).ok_or_else(bad)?;
    let number = number_end.checked_sub(WIDTH).ok_or_else(bad)?;
    let slot = tail.get_mut(number..number_end).ok_or_else(bad)?;
    slot.copy_from_slice(format!("{last:0WIDTH$}").as_bytes());

    let mut hasher = received.hasher(algorithm)?;
    hasher.update(tail.get(..hole.0 - 1).ok_or_else(bad)?);
    hasher.update(tail.get(behind..).ok_or_else(bad)?);
    let content_digest = hasher.finish();
    Ok(Prepared { received: received.clone(), tail, hole, content_digest, algorithm })
}

impl Prepared {
    /// The digest of everything but the hole: what the signature blob has to vouch for.
    pub fn content_digest(&self) -> &[u8] {
        &self.content_digest
    }

    /// Fills the hole, then opens the result as a stranger would and compares what the new
    /// signature covers with what was digested.
    ///
    /// # Errors
    /// The blob is too large, or the document does not read back as it was written.
    pub fn embed(mut self, blob: &[u8]) -> Result<Sealed, PdfError> {
        let (start, room) = self.hole;
        if blob.len() > room {
            return Err(PdfError::HoleTooSmall { needed: blob.len(), room });
        }
        let digits = crate::crypto::digest::hex(blob);
        if let Some(slot) = self.tail.get_mut(start..start + digits.len()) {
            slot.copy_from_slice(digits.as_bytes());
        }
        let sealed = Sealed { received: self.received, tail: self.tail };
        let inspection = inspect(&sealed)?;
        let unlike = || PdfError::damaged("the sealed document does not read back as written");
        let newest = inspection
            .signatures
            .iter()
            .find_map(|signature| {
                let gap = signature.gap.ok().filter(|gap| gap.end_of_range == sealed.size())?;
                Some((gap, signature))
            })
            .ok_or_else(unlike)?;
        let (gap, signature) = newest;
        if signature.blob() != blob
            || sealed.covered_digest(gap, self.algorithm)?.ok_or_else(unlike)?
                != self.content_digest
        {
            return Err(unlike());
        }
        Ok(sealed)
    }
}

impl Sealed {
    /// SHA-256 of the sealed document.
    pub fn digest(&self) -> Vec<u8> {
        let mut hasher = self.received.sha256();
        hasher.update(&self.tail);
        hasher.finish()
    }

    /// The digest of everything but a gap behind the original, which was digested when it came;
    /// `None` if the gap is elsewhere.
    fn covered_digest(
        &self,
        gap: Gap,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<Vec<u8>>, PdfError> {
        let base = self.received.source.size();
        let part = |start: u64, end: u64| {
            let start = usize::try_from(start.checked_sub(base)?).ok()?;
            self.tail.get(start..usize::try_from(end.checked_sub(base)?).ok()?)
        };
        let parts = part(base, gap.start).zip(part(gap.end, gap.end_of_range));
        let Some((before, behind)) = parts else { return Ok(None) };
        let mut hasher = self.received.hasher_of_what_is_there(algorithm)?;
        hasher.update(before);
        hasher.update(behind);
        Ok(Some(hasher.finish()))
    }
}

impl ReadAt for Sealed {
    fn size(&self) -> u64 {
        self.received.source.size() + self.tail.len() as u64
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        let base = self.received.source.size();
        let in_source = usize::try_from(base.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (first, second) = buffer.split_at_mut(in_source.min(buffer.len()));
        if !first.is_empty() {
            self.received.source.read_exact_at(first, offset)?;
        }
        if second.is_empty() {
            return Ok(());
        }
        self.tail.as_slice().read_exact_at(second, offset.max(base) - base)
    }
}
