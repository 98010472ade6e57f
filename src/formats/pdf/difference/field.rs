//! One field of the form, or one widget of it: what signing and filling may change.

use super::{
    change::ChangeKind,
    fill::{self, Drawn, READ_ONLY},
    form::Node,
    page::Pages,
    pair::{Pair, direct_elements},
};
use crate::formats::pdf::{
    PdfError,
    raw::{Dictionary, Document, Object},
};

/// `/F` bit 2: neither shown nor printed.
const HIDDEN: i64 = 2;

/// What a field is, as far as the rules go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Standing {
    /// A signature field that was signed: nothing of it may change.
    Signed,
    /// A signature field that gets its signature.
    BeingSigned,
    /// A signature field without signature.
    Empty,
    /// Any other field.
    Fillable,
}

/// Compares a node that was there before.
pub(super) fn compare(
    pair: &mut Pair<'_, '_, '_>,
    was: &Node,
    is: &Node,
    pages: &Pages,
) -> Result<(), PdfError> {
    // Whatever refers to a field, only what the rules below allow changes in it.
    pair.set_loose(is.id.number);
    let standing = standing(pair, was, is)?;
    if standing == Standing::Signed {
        if pair.has_changed(is.id.number) {
            let label = format!("the signed field {:?}", is.name);
            pair.rest_must_be_same(&label, &was.dictionary, &is.dictionary, &[])?;
        }
        return Ok(());
    }
    kids(pair, was, is)?;
    if pair.has_changed(is.id.number) {
        entries(pair, was, is, standing, pages)?;
    }
    match standing {
        Standing::BeingSigned => {
            fill::appearance(pair, was, is)?;
            pair.explain(Some(is.id.number), "V", is.dictionary.get("V"));
            signed(pair, is, false)
        }
        Standing::Empty => {
            let unchanged = fill::appearance(pair, was, is)? == Drawn::Same
                && pair.now.resolve(&is.value)? == Object::Null
                && pair.is_same(was.dictionary.get("AS"), is.dictionary.get("AS"))?;
            if !unchanged {
                pair.other(format!("the unsigned field {:?} was changed", is.name));
            }
            Ok(())
        }
        _ => fill::compare(pair, was, is),
    }
}

/// A new node; tells whether it is drawn.
pub(super) fn added(pair: &mut Pair<'_, '_, '_>, is: &Node) -> Result<bool, PdfError> {
    /// What a field has that is nothing else besides: a new node below an old one must not be read
    /// as a page, a name tree or a font.
    const KNOWN: [&str; 33] = [
        "Type",
        "Subtype",
        "FT",
        "T",
        "TU",
        "TM",
        "Ff",
        "V",
        "DV",
        "Parent",
        "Kids",
        "Rect",
        "P",
        "F",
        "NM",
        "M",
        "AP",
        "AS",
        "MK",
        "BS",
        "Border",
        "C",
        "CA",
        "ca",
        "BM",
        "Lang",
        "DA",
        "Q",
        "DS",
        "StructParent",
        "Lock",
        "SV",
        "H",
    ];
    let name = &is.name;
    if !pair.has_changed(is.id.number) || pair.then.object(is.id)? != Object::Null {
        pair.other(format!("an object of the signed revision was made the form field {name:?}"));
    }
    let unknown = is.dictionary.iter().find(|(key, _)| !KNOWN.iter().any(|k| k.as_bytes() == *key));
    if let Some((key, _)) = unknown {
        let key = String::from_utf8_lossy(key);
        pair.other(format!("the new form field {name:?} has the entry /{key}"));
    }
    let widget = is.dictionary.get("Subtype");
    if is.dictionary.has("Subtype") && widget.as_name() != Some(b"Widget") {
        pair.other(format!("the new form field {name:?} is something else besides"));
    }
    let visible = is_visible(pair, &is.dictionary)?;
    if is.kind != b"Sig" {
        pair.other(format!("the form field {name:?} was added"));
        return Ok(visible);
    }
    match pair.now.resolve(&is.value)? {
        Object::Dictionary(_) => signed(pair, is, true)?,
        Object::Null if *is.value == Object::Null => {
            let kind = ChangeKind::Signature {
                field: name.to_string(),
                new: true,
                visible,
                signed: false,
            };
            pair.change(kind, format!("the empty signature field {name:?} was added"));
            // A reader may draw a background and a border by itself.
            if is.dictionary.has("AP") || is.dictionary.has("MK") || is.dictionary.has("BS") {
                pair.other(format!("the unsigned new field {name:?} draws something"));
            }
        }
        _ => pair.other(format!("the new field {name:?} has a value that is no signature")),
    }
    Ok(visible)
}

fn standing(pair: &mut Pair<'_, '_, '_>, was: &Node, is: &Node) -> Result<Standing, PdfError> {
    if is.kind != b"Sig" {
        return Ok(Standing::Fillable);
    }
    Ok(if pair.then.resolve(&was.value)? != Object::Null {
        Standing::Signed
    } else if matches!(pair.now.resolve(&is.value)?, Object::Dictionary(_)) {
        Standing::BeingSigned
    } else {
        Standing::Empty
    })
}

fn signed(pair: &mut Pair<'_, '_, '_>, is: &Node, new: bool) -> Result<(), PdfError> {
    /// Entries by which a reader could take a signature for something else.
    const OTHERS: [&str; 9] =
        ["Subtype", "OCGs", "VE", "Limits", "Names", "Nums", "Kids", "S", "CharProcs"];
    let visible = is_visible(pair, &is.dictionary)?;
    let value = pair.now.resolve(&is.value)?;
    let value = value.as_dictionary().cloned().unwrap_or_default();
    let stamp = value.is_name("SubFilter", "ETSI.RFC3161");
    let (field, name) = (is.name.to_string(), &is.name);
    let is_new = match is.value.as_reference() {
        Some(id) => pair.has_changed(id.number) && pair.then.object(id)? == Object::Null,
        None => pair.has_changed(is.id.number),
    };
    let typed = !value.has("Type")
        || value.is_name("Type", "Sig")
        || (stamp && value.is_name("Type", "DocTimeStamp"));
    if !is_new {
        pair.other(format!("the field {name:?} got a signature that was there before"));
    } else if !value.has("Contents") || !value.has("ByteRange") || !typed {
        pair.other(format!("the field {name:?} got a value that is no signature"));
    } else if OTHERS.iter().any(|key| value.has(key)) {
        pair.other(format!("the signature in the field {name:?} is something else besides"));
    } else if stamp && !visible {
        let what = format!("a document timestamp was added (field {name:?})");
        pair.change(ChangeKind::Timestamp { field }, what);
    } else {
        let kind = ChangeKind::Signature { field, new, visible, signed: true };
        let what = if new { "a signature in a new field was added" } else { "a field was signed" };
        pair.change(kind, format!("{what} ({name:?}{})", if visible { ", drawn" } else { "" }));
    }
    Ok(())
}

/// Whether a widget is drawn: it has a rectangle of some size, and is not hidden.
fn is_visible(pair: &mut Pair<'_, '_, '_>, widget: &Dictionary) -> Result<bool, PdfError> {
    let rectangle = pair.now.resolve(widget.get("Rect"))?;
    let corners: Vec<f64> =
        rectangle.as_array().unwrap_or_default().iter().filter_map(Object::as_number).collect();
    let [left, bottom, right, top] = corners.as_slice() else {
        return Ok(rectangle != Object::Null);
    };
    let flags = pair.now.resolve(widget.get("F"))?.as_integer().unwrap_or(0);
    // Seen in print counts.
    Ok((right - left).abs() * (top - bottom).abs() > 0.01 && flags & HIDDEN == 0)
}

/// The entries of a changed node.
fn entries(
    pair: &mut Pair<'_, '_, '_>,
    was: &Node,
    is: &Node,
    standing: Standing,
    pages: &Pages,
) -> Result<(), PdfError> {
    let label = format!("the form field {:?}", is.name);
    let (then, now) = (&was.dictionary, &is.dictionary);
    let mut rules = vec!["V", "AP", "AS", "M", "Ff", "Kids", "P", "StructParent", "MK", "DA"];
    match standing {
        Standing::BeingSigned => rules.push("F"),
        Standing::Fillable => rules.extend(["I", "RV"]),
        Standing::Signed | Standing::Empty => {}
    }
    pair.rest_must_be_same(&label, then, now, &rules)?;
    if was.flags | READ_ONLY != is.flags | READ_ONLY || was.flags & !is.flags != 0 {
        pair.other(format!("{label}: its flags were changed"));
    }
    if was.flags != is.flags {
        let kind = ChangeKind::FormFilling { field: is.name.to_string(), fresh: true };
        pair.change(kind, format!("{label}: it cannot be changed any more"));
    }
    if standing != Standing::BeingSigned {
        let (then, now) = (frame(pair.then, then)?, frame(pair.now, now)?);
        pair.must_be_same(&format!("{label}: entry /MK"), &then, &now)?;
    }
    if !pair.is_same(then.get("DA"), now.get("DA"))? {
        if then.has("DA") || !matches!(now.get("DA"), Object::String(_)) {
            pair.must_be_same(&format!("{label}: entry /DA"), then.get("DA"), now.get("DA"))?;
        }
        let kind = ChangeKind::FormFilling { field: is.name.to_string(), fresh: false };
        pair.change(kind, format!("{label}: how it is to be drawn was changed (DA)"));
    }
    // Whatever else refers to the field must find nothing in it that could be drawn or run.
    let is_typed = |key: &str, value: &Object| {
        matches!(
            (key, value),
            (_, Object::Null)
                | ("M", Object::String(_))
                | ("Ff" | "StructParent", Object::Integer(_))
                | ("AP" | "MK", Object::Dictionary(_))
        )
    };
    for key in ["M", "Ff", "StructParent", "AP", "MK"] {
        if !is_typed(key, &pair.now.resolve(now.get(key))?) {
            pair.other(format!("{label}: /{key} is of another kind"));
        }
    }
    if let Object::Dictionary(icons) = pair.now.resolve(now.get("MK"))?
        && ["I", "RI", "IX", "Type", "Subtype"].iter().any(|key| icons.has(key))
        && !pair.is_same(then.get("MK"), now.get("MK"))?
    {
        pair.other(format!("{label}: its button got a picture"));
    }
    if !pair.is_same(then.get("M"), now.get("M"))? {
        let kind = ChangeKind::FormFilling { field: is.name.to_string(), fresh: true };
        pair.change(kind, format!("{label}: its date was changed"));
    }
    for key in ["P", "StructParent"] {
        if then.has(key) {
            pair.must_be_same(&format!("{label}: entry /{key}"), then.get(key), now.get(key))?;
        }
    }
    if now.has("P") && !then.has("P") && !pages.has(now.get("P")) {
        pair.other(format!("{label}: it is on something that is no page"));
    }
    Ok(())
}

/// What is below a node may gain new fields; those that were there are nodes of their own.
fn kids(pair: &mut Pair<'_, '_, '_>, was: &Node, is: &Node) -> Result<(), PdfError> {
    let label = format!("the form field {:?}", is.name);
    let (then, now) = (was.dictionary.get("Kids"), is.dictionary.get("Kids"));
    pair.explain(Some(is.id.number), "Kids", now);
    let (a, b) = (pair.then.resolve(then)?, pair.now.resolve(now)?);
    let label = format!("{label}: entry /Kids");
    pair.must_be_same(&label, &direct_elements(&a), &direct_elements(&b))?;
    if a.as_array().is_some() != b.as_array().is_some()
        || (b != Object::Null && b.as_array().is_none())
    {
        pair.other(format!("{label} was changed"));
    }
    Ok(())
}

/// `/MK` without what says nothing.
fn frame(document: &mut Document<'_>, widget: &Dictionary) -> Result<Object, PdfError> {
    match document.resolve(widget.get("MK"))? {
        Object::Dictionary(mut frame) => {
            if frame.get("R").as_integer() == Some(0) {
                frame.remove("R");
            }
            let is_empty = frame.iter().next().is_none();
            Ok(if is_empty { Object::Null } else { Object::Dictionary(frame) })
        }
        other => Ok(other),
    }
}
