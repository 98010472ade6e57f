//! What earlier signatures and the encryption allow (ISO 32000-2 §12.8.2, §7.6.4.2): a seal never
//! breaks a signature that is there.

use super::{
    PdfError,
    fields::{Field, text},
    raw::{Dictionary, Document, Object},
};

/// What binds a further seal.
pub(super) struct Rules {
    /// Whether there is a signature at all.
    pub(super) signed: bool,
    permissions: Permissions,
}

/// What the signatures of a document allow to be changed after them.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// The level of the certification, 1 to 3.
    certified: Option<i64>,
    locks: Vec<Lock>,
}

/// Fields that a signature has locked (FieldMDP).
#[derive(Clone, Debug)]
struct Lock {
    action: Vec<u8>,
    fields: Vec<String>,
}

impl Lock {
    fn read(document: &mut Document<'_>, holder: &Dictionary) -> Result<Self, PdfError> {
        let action = document.resolve(holder.get("Action"))?;
        let names = document.resolve(holder.get("Fields"))?;
        let mut fields = Vec::new();
        for name in names.as_array().unwrap_or_default() {
            fields.extend(document.resolve(name)?.as_string().map(|string| text(&string.bytes)));
        }
        Ok(Self { action: action.as_name().unwrap_or(b"All").to_vec(), fields })
    }

    /// A field is meant by its own name or by that of a field above it.
    fn covers(&self, name: &str) -> bool {
        let named = self.fields.iter().any(|known| {
            name.strip_prefix(known.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        match self.action.as_slice() {
            b"Include" => named,
            b"Exclude" => !named,
            _ => true,
        }
    }
}

/// Reads the rules of a document.
pub(super) fn rules(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    fields: &[Field],
) -> Result<Rules, PdfError> {
    let form = document.resolve(catalog.get("AcroForm"))?;
    if form.as_dictionary().is_some_and(|form| form.has("XFA")) {
        return Err(PdfError::Xfa);
    }
    let held = document.resolve(catalog.get("Perms"))?;
    if held.as_dictionary().is_some_and(|held| held.has("UR") || held.has("UR3")) {
        return Err(PdfError::Restricted(
            "it grants usage rights (UR3), which end when the document is changed".to_owned(),
        ));
    }
    let certified = held.as_dictionary().is_some_and(|held| held.has("DocMDP"));
    let signed = certified || fields.iter().any(|field| field.value.is_some());
    Ok(Rules { signed, permissions: permissions(document, catalog, fields)? })
}

/// Reads what the signatures of a document allow.
pub(super) fn permissions(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    fields: &[Field],
) -> Result<Permissions, PdfError> {
    let (mut certified, mut locks) = (None, Vec::new());
    for (value, _) in fields.iter().filter_map(|field| field.value.as_ref()) {
        let level = read_references(document, value, &mut locks)?;
        certified = strictest(certified, level);
    }
    let held = document.resolve(catalog.get("Perms"))?;
    if let Some(held) = held.as_dictionary().filter(|held| held.has("DocMDP")) {
        let value = document.dictionary_at(held, "DocMDP")?;
        let level = read_references(document, &value, &mut locks)?;
        // ISO 32000-2 table 257: form filling, where nothing is said.
        certified = strictest(certified, level.or(Some(2)));
    }
    Ok(Permissions { certified, locks })
}

fn strictest(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    a.into_iter().chain(b).min()
}

/// A level as a number; what is none allows nothing.
fn level_of(object: &Object) -> Option<i64> {
    match object {
        Object::Null => None,
        other => Some(other.as_number().map_or(1, |level| level as i64)),
    }
}

/// Reads `/Reference` of a signature: locks go to `locks`, the level of a certification is returned.
fn read_references(
    document: &mut Document<'_>,
    signature: &Dictionary,
    locks: &mut Vec<Lock>,
) -> Result<Option<i64>, PdfError> {
    let references = document.resolve(signature.get("Reference"))?;
    let mut level = None;
    for reference in references.as_array().unwrap_or_default() {
        let Object::Dictionary(reference) = document.resolve(reference)? else { continue };
        let parameters = document.resolve(reference.get("TransformParams"))?;
        let parameters = parameters.as_dictionary().cloned().unwrap_or_default();
        match document.resolve(reference.get("TransformMethod"))?.as_name() {
            Some(b"DocMDP") => {
                // ISO 32000-2 table 257: form filling, where nothing is said.
                let p = level_of(&document.resolve(parameters.get("P"))?).unwrap_or(2);
                level = strictest(level, Some(p));
            }
            Some(b"FieldMDP") => {
                locks.push(Lock::read(document, &parameters)?);
                // ISO 32000-2: a lock may restrict the whole document as well.
                let p = level_of(&document.resolve(parameters.get("P"))?);
                level = strictest(level, p);
            }
            _ => {}
        }
    }
    Ok(level)
}

impl Permissions {
    /// The level of the certification (DocMDP), 1 to 3; none where nothing is certified.
    pub fn certified(&self) -> Option<i64> {
        self.certified
    }

    /// Whether a field is locked (FieldMDP).
    pub fn locks(&self, field: &str) -> bool {
        self.locks.iter().any(|lock| lock.covers(field))
    }
}

impl Rules {
    /// A new signature field, drawn on a page or not.
    pub(super) fn new_field(&self, visible: bool, name: &str) -> Result<(), PdfError> {
        if self.permissions.locks(name) {
            return Err(PdfError::Restricted("it locks all other fields, new ones too".to_owned()));
        }
        match self.permissions.certified {
            Some(level) if level <= 1 => Err(nothing_allowed()),
            Some(_) if visible => Err(PdfError::Restricted(
                "it is certified, so a seal may only be put into an empty signature field that is \
                 there already (`field`), or be invisible"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// A signature in a field that is there.
    pub(super) fn fill(&self, name: &str) -> Result<(), PdfError> {
        if self.permissions.certified.is_some_and(|level| level <= 1) {
            return Err(nothing_allowed());
        }
        if self.permissions.locks(name) {
            return Err(PdfError::Restricted(format!("it locks the field {name}")));
        }
        Ok(())
    }

    /// Something that only the first signature may do.
    pub(super) fn unsigned(&self, what: &'static str) -> Result<(), PdfError> {
        if self.signed { Err(PdfError::AlreadySigned(what)) } else { Ok(()) }
    }
}

fn nothing_allowed() -> PdfError {
    PdfError::Restricted("it is certified, and allows no changes".to_owned())
}

/// What whoever has only the user password may do (ISO 32000-2 table 22).
pub(super) fn check_permissions(
    document: &Document<'_>,
    fills_a_field: bool,
    changes_pages: bool,
) -> Result<(), PdfError> {
    const MODIFY: u32 = 4;
    const ANNOTATE: u32 = 6;
    const FILL_IN: u32 = 9;
    let Some(security) = document.security() else { return Ok(()) };
    if changes_pages && !security.permits(MODIFY) {
        return Err(PdfError::NotPermitted("changes of its pages"));
    }
    let may = if fills_a_field {
        security.permits(ANNOTATE) || (!security.is_revision_2() && security.permits(FILL_IN))
    } else {
        security.permits(ANNOTATE) && security.permits(MODIFY)
    };
    if may { Ok(()) } else { Err(PdfError::NotPermitted("signature fields")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_cover_fields_and_what_lies_below_them() {
        let lock = |action: &str| Lock {
            action: action.as_bytes().to_vec(),
            fields: vec!["form.a".to_owned()],
        };
        let all = ["form.a", "form.a.b", "form.ab", "other"];
        let covered = |action| all.map(|name| lock(action).covers(name));
        assert_eq!(covered("Include"), [true, true, false, false]);
        assert_eq!(covered("Exclude"), [false, false, true, true]);
        assert_eq!(covered("All"), [true; 4]);
    }
}
