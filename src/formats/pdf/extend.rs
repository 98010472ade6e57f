//! Keeping a sealed document for the time when its certificates have ended (ETSI EN 319 142-1 §5.4.2,
//! §5.4.3): a revision with validation data (`/DSS`), and one with a document timestamp. Both may always
//! follow a signature (ISO 32000-2 §12.8.2.2), whatever it forbids.

use super::{
    PdfError, ValidationData,
    fields::signature_fields,
    form, page,
    prepare::annotations_with,
    raw::{Dictionary, Document, Object, ObjectId},
    revision::Revision,
    sealed::{Prepared, digest_and_close, write_signature},
};
use crate::{
    crypto::{
        DigestAlgorithm, ForeignDigest,
        digest::{hex, sha256},
    },
    domain::source::{ReadAt, Received},
};

/// What is put behind a document, and with what.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    /// The document's password, the user's or the owner's.
    pub password: Option<&'a str>,
    /// 32 random bytes, for the encryption of what is written into an encrypted document.
    pub seed: [u8; 32],
}

/// The revision that adds validation data to what the document has already, and for each signature
/// what is known (`/VRI`) where that is wanted; `None` where nothing is new.
///
/// # Errors
/// See [`PdfError`]; nothing is written anywhere.
pub fn add_validation_data(
    received: &Received,
    data: &ValidationData,
    by_signature: bool,
    extension: &Extension<'_>,
) -> Result<Option<Vec<u8>>, PdfError> {
    let source = &received.source;
    let mut document = Document::open_with(source, extension.password)?;
    let security = document.security().cloned();
    let (root, mut catalog) = catalog(&mut document)?;
    let holder = catalog.get("DSS").clone();
    let mut store = match document.resolve(&holder)? {
        Object::Null => Dictionary::default(),
        Object::Dictionary(store) => store,
        _ => return Err(PdfError::damaged("/DSS is not a dictionary")),
    };
    let signatures = if by_signature { contents(&mut document)? } else { Vec::new() };
    let mut revision = Revision::new(&document, source.size(), security.as_ref(), extension.seed);
    let kinds = [("Certs", &data.certificates), ("CRLs", &data.crls), ("OCSPs", &data.responses)];
    let mut known: Dictionary = [("Type", Object::name("VRI"))].into_iter().collect();
    let mut new = false;
    for (key, pieces) in kinds {
        let (all, named) = merged(&mut document, &mut revision, store.get(key), pieces)?;
        new |= all.len() > document.resolve(store.get(key))?.as_array().unwrap_or_default().len();
        if !all.is_empty() {
            store.set(key, Object::Array(all));
        }
        let key = key.strip_suffix('s').unwrap_or(key);
        if !named.is_empty() {
            known.set(key, Object::Array(named));
        }
    }
    let mut each = match document.resolve(store.get("VRI"))? {
        Object::Dictionary(each) => each,
        _ => Dictionary::default(),
    };
    for content in signatures {
        let key = hex(&ForeignDigest::Sha1.digest(&content)).to_uppercase();
        if !each.has(&key) {
            let id = revision.reserve();
            revision.write(id, Object::Dictionary(known.clone()))?;
            each.set(&key, Object::Reference(id));
            store.set("VRI", Object::Dictionary(each.clone()));
            new = true;
        }
    }
    if !new {
        return Ok(None);
    }
    match holder {
        Object::Reference(id) => revision.write(id, Object::Dictionary(store))?,
        _ => {
            let id = revision.reserve();
            revision.write(id, Object::Dictionary(store))?;
            catalog.set("DSS", Object::Reference(id));
            revision.write(root, Object::Dictionary(catalog))?;
        }
    }
    revision.finish(&document).map(Some)
}

/// A document with a hole for a document timestamp behind it; `unique` is a word that no other field
/// of the document bears, `room` how many bytes the token takes at most.
///
/// # Errors
/// See [`PdfError`]; nothing is written anywhere.
pub fn prepare_timestamp(
    received: &Received,
    unique: &str,
    room: usize,
    extension: &Extension<'_>,
) -> Result<Prepared, PdfError> {
    let algorithm = DigestAlgorithm::Sha256;
    let source = &received.source;
    let mut document = Document::open_with(source, extension.password)?;
    let security = document.security().cloned();
    let (root, mut catalog) = catalog(&mut document)?;
    let page = page::one(&mut document, &catalog, 1)?;
    let mut revision = Revision::new(&document, source.size(), security.as_ref(), extension.seed);
    let signature = revision.reserve();
    let entries: Dictionary = [
        ("Type", Object::name("DocTimeStamp")),
        ("Filter", Object::name("Adobe.PPKLite")),
        ("SubFilter", Object::name("ETSI.RFC3161")),
    ]
    .into_iter()
    .collect();
    let hole = write_signature(&mut revision, signature, source.size(), entries, room)?;
    let name = format!("Timestamp-{unique}");
    let widget = revision.reserve();
    let dictionary = form::widget(&name, page.id, [0.0; 4], Some((signature, None)));
    revision.write(widget, Object::Dictionary(dictionary))?;
    let annotations = annotations_with(&mut document, &page, &[widget])?;
    match page.dictionary.get("Annots") {
        Object::Reference(id) => revision.write(*id, annotations)?,
        _ => {
            let mut changed = page.dictionary.clone();
            changed.set("Annots", annotations);
            revision.write(page.id, Object::Dictionary(changed))?;
        }
    }
    if form::add_fields(&mut document, &mut revision, &mut catalog, &[widget])? {
        revision.write(root, Object::Dictionary(catalog))?;
    }
    let tail = revision.finish(&document)?;
    let (content_digest, tail) = digest_and_close(received, tail, hole, algorithm)?;
    let received = received.clone();
    Ok(Prepared { received, tail, hole, content_digest, algorithm, signature, security })
}

fn catalog(document: &mut Document<'_>) -> Result<(ObjectId, Dictionary), PdfError> {
    let root = document.trailer().get("Root").as_reference();
    let root = root.ok_or_else(|| PdfError::damaged("/Root is not a reference"))?;
    match document.object(root)? {
        Object::Dictionary(catalog) => Ok((root, catalog)),
        _ => Err(PdfError::damaged("the catalog is not a dictionary")),
    }
}

/// The values of all signatures, as they stand in the document.
fn contents(document: &mut Document<'_>) -> Result<Vec<Vec<u8>>, PdfError> {
    let fields = signature_fields(document)?;
    let mut all = Vec::new();
    for (value, _) in fields.into_iter().filter_map(|field| field.value) {
        if let Some(text) = document.resolve(value.get("Contents"))?.as_string() {
            all.push(text.bytes.clone());
        }
    }
    Ok(all)
}

/// What is there and what is new, as an array of references; and those of them that are wanted.
fn merged(
    document: &mut Document<'_>,
    revision: &mut Revision<'_>,
    there: &Object,
    pieces: &[Vec<u8>],
) -> Result<(Vec<Object>, Vec<Object>), PdfError> {
    let mut all = match document.resolve(there)? {
        Object::Null => Vec::new(),
        Object::Array(all) => all,
        _ => return Err(PdfError::damaged("an entry of /DSS is not an array")),
    };
    let mut known = Vec::new();
    for id in all.iter().filter_map(Object::as_reference).collect::<Vec<_>>() {
        if let Some(bytes) = document.stream_data(id)? {
            known.push((sha256(&bytes), id));
        }
    }
    let mut named = Vec::new();
    for piece in pieces {
        let digest = sha256(piece);
        let there = known.iter().find(|(known, _)| *known == digest).map(|(_, id)| *id);
        let id = match there {
            Some(id) => id,
            None => {
                let id = revision.reserve();
                revision.write_stream(id, Dictionary::default(), piece)?;
                all.push(Object::Reference(id));
                known.push((digest, id));
                id
            }
        };
        named.push(Object::Reference(id));
    }
    Ok((all, named))
}
