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
    structure::compare(pair, &then, &now)?;
    let pages = page::compare(pair, &then, &now)?;
    let form = form::compare(pair, root.number, &then, &now, &pages)?;
    page::compare_annotations(pair, &pages, &form)
}

fn trailer(
    pair: &mut Pair<'_, '_, '_>,
    then: &Dictionary,
    now: &Dictionary,
) -> Result<(), PdfError> {
    pair.must_be_same("the trailer: entry /Encrypt", then.get("Encrypt"), now.get("Encrypt"))?;
    // Programs keep notes of their own there, such as /DocChecksum, which the next one drops.
    let own = |trailer: &Dictionary| -> Vec<(Vec<u8>, Object)> {
        let known = [&WRITING[..], &["Root", "Info", "ID", "Encrypt"]].concat();
        let own = trailer.iter().filter(|(key, _)| !known.iter().any(|k| k.as_bytes() == *key));
        own.map(|(key, value)| (key.to_vec(), value.clone())).collect()
    };
    if own(then) != own(now) {
        pair.change(ChangeKind::Metadata, "notes in the trailer were changed");
    }
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
    for key in ["Metadata", "Version", "Extensions", "DSS"] {
        if is_other_value(pair, then.get(key), now.get(key))? && !is_typed(pair, key, now.get(key))?
        {
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
        // The form has rules of its own.
        let rules = ["Metadata", "Version", "Extensions", "DSS", "AcroForm"];
        pair.rest_must_be_same("the catalog", then, now, &rules)?;
    }
    Ok(())
}

/// Whether an entry is what it should be: whatever else refers to the catalog must find nothing in
/// it that could be drawn or run.
fn is_typed(pair: &mut Pair<'_, '_, '_>, key: &str, value: &Object) -> Result<bool, PdfError> {
    let value = pair.now.resolve(value)?;
    Ok(match (key, &value) {
        (_, Object::Null) => true,
        ("Metadata", Object::Stream(stream, _)) => {
            stream.is_name("Type", "Metadata") && stream.is_name("Subtype", "XML")
        }
        ("Version", Object::Name(name)) => {
            matches!(name.as_slice(), [a, b'.', b] if a.is_ascii_digit() && b.is_ascii_digit())
        }
        ("DSS", Object::Dictionary(dss)) => dss
            .iter()
            .all(|(key, _)| [&b"Type"[..], b"VRI", b"Certs", b"OCSPs", b"CRLs"].contains(&key)),
        ("Extensions", Object::Dictionary(all)) => {
            let mut typed = true;
            for (prefix, value) in all.iter() {
                typed &= match pair.now.resolve(value)? {
                    Object::Name(_) => prefix == b"Type" && all.is_name("Type", "Extensions"),
                    Object::Dictionary(one) => is_extension(&one),
                    Object::Array(some) => {
                        some.iter().all(|one| one.as_dictionary().is_some_and(is_extension))
                    }
                    _ => false,
                };
            }
            typed
        }
        _ => false,
    })
}

/// A developer extension (ISO 32000-2 table 50).
fn is_extension(dictionary: &Dictionary) -> bool {
    const KNOWN: [&str; 5] = ["Type", "BaseVersion", "ExtensionLevel", "URL", "ExtensionRevision"];
    let typed = !dictionary.has("Type") || dictionary.is_name("Type", "DeveloperExtensions");
    typed && dictionary.iter().all(|(key, _)| KNOWN.iter().any(|known| known.as_bytes() == key))
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
