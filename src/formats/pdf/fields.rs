//! The signature fields of a form (ISO 32000-2 §12.7), signed and empty.

use std::collections::HashSet;

use super::{
    PdfError,
    raw::{Dictionary, Document, Object, ObjectId},
};

/// The most nodes of the field tree.
const MOST_FIELDS: usize = 50_000;
/// The most bytes of all names of fields together.
const MOST_LETTERS: usize = 16 << 20;
/// The longest field name.
const LONGEST_NAME: usize = 4096;

/// A signature field.
#[derive(Clone)]
pub(super) struct Field {
    /// None where the form holds it as a direct object.
    pub(super) id: Option<ObjectId>,
    pub(super) dictionary: Dictionary,
    /// The fully qualified name.
    pub(super) name: String,
    /// The signature dictionary, and its id where it is an object by itself.
    pub(super) value: Option<(Dictionary, Option<ObjectId>)>,
}

/// Walks the field tree and returns every signature field.
pub(super) fn signature_fields(document: &mut Document<'_>) -> Result<Vec<Field>, PdfError> {
    let catalog = document.trailer().clone();
    let catalog = match document.resolve(catalog.get("Root"))? {
        Object::Dictionary(catalog) => catalog,
        _ if document.is_locked() => return Ok(Vec::new()),
        _ => return Err(PdfError::damaged("/Root is not a dictionary")),
    };
    if !catalog.has("AcroForm") {
        return Ok(Vec::new());
    }
    let form = match document.resolve(catalog.get("AcroForm"))? {
        Object::Dictionary(form) => form,
        _ if document.is_locked() => return Ok(Vec::new()),
        _ => return Err(PdfError::damaged("/AcroForm is not a dictionary")),
    };
    let fields = document.resolve(form.get("Fields"))?;
    let mut open: Vec<_> = fields
        .as_array()
        .unwrap_or_default()
        .iter()
        .rev()
        .map(|field| (field.clone(), String::new(), false))
        .collect();
    let (mut seen, mut letters) = (HashSet::new(), 0);
    let mut found = Vec::new();
    while let Some((node, parent, inherited)) = open.pop() {
        if node.as_reference().is_some_and(|id| !seen.insert(id)) {
            return Err(PdfError::damaged("the field tree runs in a circle"));
        }
        if seen.len() > MOST_FIELDS {
            return Err(PdfError::Limit("over 50000 form fields".to_owned()));
        }
        let Object::Dictionary(dictionary) = document.resolve(&node)? else { continue };
        let named = dictionary.has("T");
        let name = match document.resolve(dictionary.get("T"))?.as_string() {
            Some(part) if parent.is_empty() => text(&part.bytes),
            Some(part) => format!("{parent}.{}", text(&part.bytes)),
            None => parent,
        };
        letters += name.len();
        if name.chars().count() > LONGEST_NAME || letters > MOST_LETTERS {
            return Err(PdfError::Limit("the names of fields are too long".to_owned()));
        }
        let is_signature = match document.resolve(dictionary.get("FT"))?.as_name() {
            Some(kind) => kind == b"Sig",
            None => inherited,
        };
        for kid in document.resolve(dictionary.get("Kids"))?.as_array().unwrap_or_default() {
            open.push((kid.clone(), name.clone(), is_signature));
        }
        let value = match document.resolve(dictionary.get("V"))? {
            Object::Dictionary(value) => Some((value, dictionary.get("V").as_reference())),
            _ => None,
        };
        // A kid without a name is one of its parent's widgets, unless it claims a value.
        if is_signature && (named || value.is_some()) {
            found.push(Field { id: node.as_reference(), dictionary, name, value });
        }
    }
    Ok(found)
}

/// PDFDocEncoding where it is not Latin-1 (ISO 32000-2 table D.2): 0x18 to 0x1f, 0x80 to 0xa0.
const LOW: [char; 8] =
    ['\u{2d8}', '\u{2c7}', '\u{2c6}', '\u{2d9}', '\u{2dd}', '\u{2db}', '\u{2da}', '\u{2dc}'];
const HIGH: [char; 33] = [
    '\u{2022}', '\u{2020}', '\u{2021}', '\u{2026}', '\u{2014}', '\u{2013}', '\u{192}', '\u{2044}',
    '\u{2039}', '\u{203a}', '\u{2212}', '\u{2030}', '\u{201e}', '\u{201c}', '\u{201d}', '\u{2018}',
    '\u{2019}', '\u{201a}', '\u{2122}', '\u{fb01}', '\u{fb02}', '\u{141}', '\u{152}', '\u{160}',
    '\u{178}', '\u{17d}', '\u{131}', '\u{142}', '\u{153}', '\u{161}', '\u{17e}', '\u{fffd}',
    '\u{20ac}',
];

/// A character of PDFDocEncoding.
fn of_doc_encoding(byte: u8) -> char {
    let in_table = match byte {
        0x18..=0x1f => LOW.get(usize::from(byte - 0x18)),
        0x80..=0xa0 => HIGH.get(usize::from(byte - 0x80)),
        _ => None,
    };
    in_table.copied().unwrap_or_else(|| char::from(byte))
}

/// A text string: UTF-16BE or UTF-8 with byte order mark, else PDFDocEncoding
/// (ISO 32000-2 §7.9.2.2).
pub(super) fn text(bytes: &[u8]) -> String {
    if let Some(units) = bytes.strip_prefix(&[0xfe, 0xff]) {
        let units = units.chunks_exact(2).map(|pair| match pair {
            [high, low] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        });
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    } else if let Some(rest) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        String::from_utf8_lossy(rest).into_owned()
    } else {
        bytes.iter().map(|byte| of_doc_encoding(*byte)).collect()
    }
}
