//! Validation data that a document carries (`/DSS`, ISO 32000-2 §12.8.4.3, ETSI EN 319 142-1 §5.4.2):
//! certificates, revocation lists and answers of OCSP responders, as bytes. What they are worth is
//! told elsewhere.

use std::io;

use super::{
    PdfError,
    found::Gap,
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

/// The validation data of the file, or only those that a signature covers, whose gap is given; nothing
/// where it is no document that can be read, or none is there.
///
/// # Errors
/// The medium fails.
pub fn validation_data(
    source: &dyn ReadAt,
    covered: Option<Gap>,
) -> Result<ValidationData, PdfError> {
    let size = covered.map_or(source.size(), |gap| gap.end_of_range);
    let hole = covered.map_or((0, 0), |gap| (gap.start, gap.end));
    match read(&Covered { source, size, hole }) {
        Err(error @ PdfError::Io(_)) => Err(error),
        other => Ok(other.unwrap_or_default()),
    }
}

/// What a signature covers: its gap is a hole, so that nothing which was filled in later is read.
struct Covered<'a> {
    source: &'a dyn ReadAt,
    size: u64,
    hole: (u64, u64),
}

impl ReadAt for Covered<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        if offset.saturating_add(buffer.len() as u64) > self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.source.read_exact_at(buffer, offset)?;
        for (byte, at) in buffer.iter_mut().zip(offset..) {
            if (self.hole.0..self.hole.1).contains(&at) {
                *byte = b'0';
            }
        }
        Ok(())
    }
}

fn read(revision: &Covered<'_>) -> Result<ValidationData, PdfError> {
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
            let Some(id) = piece.as_reference().filter(|_| read < ENOUGH) else { continue };
            match document.stream_data(id) {
                Ok(Some(bytes)) => {
                    read += bytes.len();
                    pieces.push(bytes);
                }
                // A piece that cannot be read is simply not there.
                Ok(None) | Err(PdfError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok::<_, PdfError>(pieces)
    };
    Ok(ValidationData { certificates: all("Certs")?, crls: all("CRLs")?, responses: all("OCSPs")? })
}
