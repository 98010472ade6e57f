//! The trailer and the catalog: what stands in the middle of a document, key by key.

use super::{change::ChangeKind, form, page, pair::Pair, structure};
use crate::formats::pdf::{
    PdfError,
    raw::{Dictionary, Object},
};

/// Keys of a trailer that say how the file is written, not what is in it.
const WRITING: [&str; 10] =
    ["Size", "Prev", "XRefStm", "Type", "W", "Index", "Length", "Filter", "DecodeParms", "DL"];

/// Compares both documents from the top.
pub(super) fn compare(pair: &mut Pair<'_, '_, '_>) -> Result<(), PdfError> {
    let (then, now) = (pair.then.trailer().clone(), pair.now.trailer().clone());
    trailer(pair, &then, &now)?;
    let Some(root) = then.get("Root").as_reference() else {
        return Err(PdfError::damaged("/Root is not a reference"));
    };
    if now.get("Root").as_reference() != Some(root) {
        pair.other("the document has another catalog");
        return Ok(());
    }
    let then = pair.then.dictionary_at(&then, "Root")?;
    let now = pair.now.dictionary_at(&now, "Root")?;
    pair.set_loose(root.number);
    catalog(pair, root.number, &then, &now)?;
    let pages = page::compare(pair, &then, &now)?;
    let form = form::compare(pair, root.number, &then, &now, &pages)?;
    page::compare_annotations(pair, &pages, &form)?;
    structure::compare(pair, root.number, &then, &now)
}

fn trailer(
    pair: &mut Pair<'_, '_, '_>,
    then: &Dictionary,
    now: &Dictionary,
) -> Result<(), PdfError> {
    let rules = [&WRITING[..], &["Root", "Info", "ID"]].concat();
    pair.rest_must_be_same("the trailer", then, now, &rules)?;
    let (a, b) = (pair.then.resolve(then.get("Info"))?, pair.now.resolve(now.get("Info"))?);
    if !pair.is_same(&a, &b)? {
        pair.change(ChangeKind::Metadata, "the document information was changed");
    }
    let (a, b) = (pair.then.resolve(then.get("ID"))?, pair.now.resolve(now.get("ID"))?);
    let first = |id: &Object| id.as_array().and_then(|id| id.first().cloned());
    let is_same = match (first(&a), first(&b)) {
        (Some(a), Some(b)) => pair.is_same(&a, &b)?,
        (None, _) => true,
        (Some(_), None) => false,
    };
    if !is_same {
        pair.change(ChangeKind::Metadata, "the document's identifier was changed");
    }
    Ok(())
}

fn catalog(
    pair: &mut Pair<'_, '_, '_>,
    root: u32,
    then: &Dictionary,
    now: &Dictionary,
) -> Result<(), PdfError> {
    const METADATA: [(&str, &str); 3] = [
        ("Metadata", "the metadata were changed"),
        ("Version", "the version of PDF was changed"),
        ("Extensions", "the list of extensions was changed"),
    ];
    // Whatever else refers to the catalog must find nothing in it that could be drawn or run.
    let typed = |object: &Object, type_name: &str, subtype: &str| match object {
        Object::Null | Object::Name(_) => true,
        Object::Stream(stream, _) => {
            stream.is_name("Type", type_name) && stream.is_name("Subtype", subtype)
        }
        Object::Dictionary(inner) => subtype.is_empty() && has_only_inner(inner),
        _ => false,
    };
    for (key, subtype) in [("Metadata", "XML"), ("Version", ""), ("Extensions", ""), ("DSS", "")] {
        let value = pair.now.resolve(now.get(key))?;
        let same = !is_other_value(pair, then.get(key), now.get(key))?;
        if !same && !typed(&value, key, subtype) {
            pair.other(format!("the catalog: /{key} is of another kind"));
        }
    }
    for (key, what) in METADATA {
        if is_other_value(pair, then.get(key), now.get(key))? {
            pair.change(ChangeKind::Metadata, what);
        }
        pair.explain(Some(root), key, now.get(key));
    }
    if is_other_value(pair, then.get("DSS"), now.get("DSS"))? {
        pair.change(ChangeKind::Validation, "data for validation were added or changed (DSS)");
    }
    pair.explain(Some(root), "DSS", now.get("DSS"));
    dss(pair, root, now)?;
    if pair.has_changed(root) {
        // A form, and the structure, have rules of their own.
        let rules = ["Metadata", "Version", "Extensions", "DSS", "AcroForm", "StructTreeRoot"];
        pair.rest_must_be_same("the catalog", then, now, &rules)?;
    }
    Ok(())
}

/// Whether a dictionary holds nothing but dictionaries and lists, each by a name of its own that no
/// resource has.
fn has_only_inner(dictionary: &Dictionary) -> bool {
    const RESOURCES: [&str; 6] = ["SMask", "Font", "OCGs", "Names", "Kids", "CharProcs"];
    dictionary.iter().all(|(key, value)| {
        let inner =
            matches!(value, Object::Dictionary(_) | Object::Array(_) | Object::Reference(_));
        (inner || key == b"Type") && !RESOURCES.iter().any(|name| name.as_bytes() == key)
    })
}

/// The lists of a DSS that is there are extended in place by some programs.
fn dss(pair: &mut Pair<'_, '_, '_>, root: u32, catalog: &Dictionary) -> Result<(), PdfError> {
    let held = catalog.get("DSS");
    let holder = held.as_reference().map_or(root, |id| id.number);
    let dss = pair.now.resolve(held)?;
    let Some(dss) = dss.as_dictionary() else { return Ok(()) };
    let mut changed = false;
    for key in ["Certs", "OCSPs", "CRLs", "VRI"] {
        let list = dss.get(key);
        changed |= list.as_reference().is_some_and(|id| pair.has_changed(id.number));
        pair.explain(Some(holder), &format!("DSS/{key}"), list);
    }
    if let Some(id) = dss.get("VRI").as_reference().map(|id| id.number).or(Some(holder)) {
        let vri = pair.now.resolve(dss.get("VRI"))?;
        for (key, value) in vri.as_dictionary().into_iter().flat_map(Dictionary::iter) {
            changed |= value.as_reference().is_some_and(|id| pair.has_changed(id.number));
            pair.explain(Some(id), &format!("VRI/{}", String::from_utf8_lossy(key)), value);
        }
    }
    if changed {
        pair.change(ChangeKind::Validation, "data for validation were added or changed (DSS)");
    }
    Ok(())
}

/// Whether a value is written in another way, or what it refers to differs.
pub(super) fn is_other_value(
    pair: &mut Pair<'_, '_, '_>,
    then: &Object,
    now: &Object,
) -> Result<bool, PdfError> {
    let changed = now.as_reference().is_some_and(|id| pair.has_changed(id.number));
    Ok(changed || !pair.is_same(then, now)?)
}
