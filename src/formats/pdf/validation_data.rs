//! Validation data that a document carries (`/DSS`, ISO 32000-2 §12.8.4.3, ETSI EN 319 142-1 §5.4.2):
//! certificates, revocation lists and answers of OCSP responders, as bytes. What they are worth is
//! told elsewhere.

use super::{
    PdfError,
    prefix::Prefix,
    raw::{Document, Object},
};
use crate::domain::source::ReadAt;

/// The most pieces of each kind that are read.
const MOST: usize = 512;
/// No more is read when there are so many bytes.
const ENOUGH: usize = 32 << 20;

/// What a document carries for its validation.
#[derive(Clone, Debug, Default)]
pub struct ValidationData {
    /// Certificates, DER.
    pub certificates: Vec<Vec<u8>>,
    /// Revocation lists, DER.
    pub crls: Vec<Vec<u8>>,
    /// Answers of OCSP responders, DER.
    pub responses: Vec<Vec<u8>>,
}

/// The validation data of the revision that ends at `end`; nothing where it is no document that can
/// be read, or none is there.
///
/// # Errors
/// The medium fails.
pub fn validation_data(source: &dyn ReadAt, end: u64) -> Result<ValidationData, PdfError> {
    let revision = Prefix { source, size: end };
    match read(&revision) {
        Err(error @ PdfError::Io(_)) => Err(error),
        other => Ok(other.unwrap_or_default()),
    }
}

fn read(revision: &Prefix<'_>) -> Result<ValidationData, PdfError> {
    let mut document = Document::open(revision)?;
    let trailer = document.trailer().clone();
    let catalog = document.dictionary_at(&trailer, "Root")?;
    let Object::Dictionary(store) = document.resolve(catalog.get("DSS"))? else {
        return Ok(ValidationData::default());
    };
    let mut read = 0;
    let mut all = |key: &str| {
        let list = document.resolve(store.get(key))?;
        let mut pieces = Vec::new();
        for piece in list.as_array().unwrap_or_default().iter().take(MOST) {
            if let Some(id) = piece.as_reference().filter(|_| read < ENOUGH)
                && let Some(bytes) = document.stream_data(id)?
            {
                read += bytes.len();
                pieces.push(bytes);
            }
        }
        Ok::<_, PdfError>(pieces)
    };
    Ok(ValidationData { certificates: all("Certs")?, crls: all("CRLs")?, responses: all("OCSPs")? })
}
