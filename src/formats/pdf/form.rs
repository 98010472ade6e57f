//! Entering signature fields in a form, and signing those that are there (ISO 32000-2 §12.7).

use super::{
    PdfError,
    fields::{Field, signature_fields, text},
    page,
    raw::{Dictionary, Document, Object, ObjectId},
    revision::Revision,
};

const PRINT: i64 = 4;
const LOCKED: i64 = 128;
const HIDDEN: i64 = 2;
const NO_VIEW: i64 = 32;
/// Signatures exist; append only (ISO 32000-2 table 225).
const SIGNATURE_FLAGS: i64 = 1 | 2;

/// A widget by which a field is drawn.
pub(super) fn widget(
    name: &str,
    page: ObjectId,
    rect: [f64; 4],
    value: Option<(ObjectId, Option<ObjectId>)>,
) -> Dictionary {
    let mut dictionary: Dictionary = [
        ("Type", Object::name("Annot")),
        ("Subtype", Object::name("Widget")),
        ("FT", Object::name("Sig")),
        ("T", Object::text(name)),
        ("Rect", Object::Array(rect.map(Object::real).to_vec())),
        ("P", Object::Reference(page)),
    ]
    .into_iter()
    .collect();
    match value {
        None => dictionary.set("F", Object::Integer(PRINT)),
        Some((signature, appearance)) => sign_widget(&mut dictionary, Some(signature), appearance),
    }
    dictionary
}

/// Gives a widget its signature (where the widget is the field as well) and its picture.
fn sign_widget(widget: &mut Dictionary, signature: Option<ObjectId>, appearance: Option<ObjectId>) {
    if let Some(signature) = signature {
        widget.set("V", Object::Reference(signature));
    }
    match appearance {
        Some(form) => {
            let normal: Dictionary = [("N", Object::Reference(form))].into_iter().collect();
            widget.set("AP", Object::Dictionary(normal));
            let flags = widget.get("F").as_integer().unwrap_or(0);
            widget.set("F", Object::Integer((flags | PRINT | LOCKED) & !HIDDEN));
        }
        None => {
            // Nothing is drawn, whatever was prepared to be.
            widget.remove("AP");
            widget.set("F", Object::Integer(PRINT | LOCKED));
        }
    }
}

/// Enters fields in the form; `true` if the catalog must be written anew.
pub(super) fn add_fields(
    document: &mut Document<'_>,
    revision: &mut Revision<'_>,
    catalog: &mut Dictionary,
    added: &[ObjectId],
) -> Result<bool, PdfError> {
    let holder = catalog.get("AcroForm").clone();
    let mut form = match document.resolve(&holder)? {
        Object::Null => Dictionary::default(),
        Object::Dictionary(form) => form,
        _ => return Err(PdfError::damaged("/AcroForm is not a dictionary")),
    };
    let fields = form.get("Fields").clone();
    if !added.is_empty() {
        let mut elements = match document.resolve(&fields)? {
            Object::Null => Vec::new(),
            Object::Array(elements) => elements,
            _ => return Err(PdfError::damaged("/Fields is not an array")),
        };
        elements.extend(added.iter().copied().map(Object::Reference));
        match &fields {
            Object::Reference(id) => revision.write(*id, Object::Array(elements))?,
            _ => form.set("Fields", Object::Array(elements)),
        }
    } else if !form.has("Fields") {
        return Err(PdfError::damaged("the form has no fields"));
    }
    let flags = document.resolve(form.get("SigFlags"))?.as_integer().unwrap_or(0);
    let complete = flags & SIGNATURE_FLAGS == SIGNATURE_FLAGS;
    let unchanged = complete && (added.is_empty() || fields.as_reference().is_some());
    if unchanged {
        return Ok(false);
    }
    form.set("SigFlags", Object::Integer(flags | SIGNATURE_FLAGS));
    match holder {
        Object::Reference(id) => {
            revision.write(id, Object::Dictionary(form))?;
            Ok(false)
        }
        _ => {
            catalog.set("AcroForm", Object::Dictionary(form));
            Ok(true)
        }
    }
}

/// An empty signature field that is there, with its only widget.
pub(super) struct EmptyField {
    field: Field,
    id: ObjectId,
    /// The widget, where it is not the field itself.
    apart: Option<(ObjectId, Dictionary)>,
    /// Where it is drawn, user space; `None` where it is not.
    pub(super) rect: Option<[f64; 4]>,
    /// The page; `None` where no page shows it.
    pub(super) page: Option<page::Page>,
    /// Fields that are locked by signing here, as `/Reference` of the signature wants it.
    pub(super) lock: Option<Dictionary>,
}

/// Finds an empty signature field by its full name.
pub(super) fn empty_field(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    fields: &[Field],
    name: &str,
) -> Result<EmptyField, PdfError> {
    let unusable = |why: &str| PdfError::Field(format!("{name}: {why}"));
    let mut named = fields.iter().filter(|field| field.name == name);
    let field = match (named.next(), named.next()) {
        (Some(field), None) => field.clone(),
        (None, _) => return Err(unusable(&there_is_none(fields))),
        (Some(_), Some(_)) => return Err(unusable("several fields bear this name")),
    };
    if field.value.is_some() {
        return Err(unusable("it is signed already"));
    }
    let id = field.id.ok_or_else(|| unusable("it is no object of its own"))?;
    let kids = document.resolve(field.dictionary.get("Kids"))?;
    let apart = match kids.as_array().unwrap_or_default() {
        [] => None,
        [one] => {
            let id = one.as_reference().ok_or_else(|| unusable("its widget is no object"))?;
            let kid = document.resolve(one)?.as_dictionary().cloned().unwrap_or_default();
            if kid.has("T") {
                return Err(unusable("it has fields below it"));
            }
            Some((id, kid))
        }
        _ => return Err(unusable("it is drawn in several places")),
    };
    check_seed_value(document, &field, &unusable)?;
    let (widget_id, widget) =
        apart.as_ref().map_or((id, &field.dictionary), |(id, widget)| (*id, widget));
    let rect = match widget.get("Rect") {
        Object::Null => None,
        rect => Some(page::rectangle(document, rect)?),
    };
    let rect = rect.filter(|[left, bottom, right, top]| left < right && bottom < top);
    let flags = document.resolve(widget.get("F"))?.as_integer().unwrap_or(0);
    if flags & (HIDDEN | NO_VIEW) != 0 {
        return Err(unusable("it is hidden"));
    }
    let page = page::of_annotation(document, catalog, widget_id)?;
    if rect.is_some() && page.is_none() {
        return Err(unusable("it is on no page"));
    }
    let lock = match document.resolve(field.dictionary.get("Lock"))? {
        Object::Dictionary(lock) => Some(lock),
        _ => None,
    };
    Ok(EmptyField { field, id, apart, rect, page, lock })
}

fn there_is_none(fields: &[Field]) -> String {
    let empty: Vec<_> =
        fields.iter().filter(|f| f.value.is_none()).map(|f| f.name.as_str()).take(10).collect();
    if empty.is_empty() {
        "there is no such field, and no other empty one".to_owned()
    } else {
        format!("there is no such field; empty ones are: {}", empty.join(", "))
    }
}

/// A seed value that demands what a seal does not do is not passed over (ISO 32000-2 table 238).
fn check_seed_value(
    document: &mut Document<'_>,
    field: &Field,
    unusable: &dyn Fn(&str) -> PdfError,
) -> Result<(), PdfError> {
    const FILTER: i64 = 1;
    const SUB_FILTER: i64 = 2;
    const DIGEST_METHOD: i64 = 64;
    let Object::Dictionary(seed) = document.resolve(field.dictionary.get("SV"))? else {
        return Ok(());
    };
    let demanded = document.resolve(seed.get("Ff"))?.as_integer().unwrap_or(0);
    if demanded & !(FILTER | SUB_FILTER | DIGEST_METHOD) != 0 {
        return Err(unusable("its seed value demands more than a seal can answer"));
    }
    let filter = document.resolve(seed.get("Filter"))?;
    let filter_fits = filter.as_name().is_none_or(|name| name == b"Adobe.PPKLite");
    let mut names = |key: &str| -> Result<Option<Vec<String>>, PdfError> {
        let Object::Array(values) = document.resolve(seed.get(key))? else { return Ok(None) };
        let word = |value: &Object| match value {
            Object::Name(name) => text(name),
            Object::String(string) => text(&string.bytes),
            _ => String::new(),
        };
        Ok(Some(values.iter().map(word).collect()))
    };
    let allows = |names: Option<Vec<String>>, ours: &str| {
        names.is_none_or(|names| names.iter().any(|name| name == ours))
    };
    let fits = (demanded & FILTER == 0 || filter_fits)
        && (demanded & SUB_FILTER == 0 || allows(names("SubFilter")?, "ETSI.CAdES.detached"))
        && (demanded & DIGEST_METHOD == 0 || allows(names("DigestMethod")?, "SHA256"));
    if fits { Ok(()) } else { Err(unusable("its seed value demands another kind of signature")) }
}

impl EmptyField {
    /// Writes the field with its signature and picture.
    pub(super) fn sign(
        self,
        revision: &mut Revision<'_>,
        signature: ObjectId,
        appearance: Option<ObjectId>,
    ) -> Result<(), PdfError> {
        let mut field = self.field.dictionary;
        match self.apart {
            None => sign_widget(&mut field, Some(signature), appearance),
            Some((id, mut widget)) => {
                sign_widget(&mut widget, None, appearance);
                revision.write(id, Object::Dictionary(widget))?;
                field.set("V", Object::Reference(signature));
            }
        }
        revision.write(self.id, Object::Dictionary(field))
    }
}

/// Whether a name is free for a new field of the form.
pub(super) fn is_free(document: &mut Document<'_>, name: &str) -> Result<bool, PdfError> {
    Ok(signature_fields(document)?.iter().all(|field| field.name != name))
}
