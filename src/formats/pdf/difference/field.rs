//! One field of the form, or one widget of it: what signing and filling may change.

use super::{
    change::ChangeKind,
    form::Node,
    page::Pages,
    pair::{Pair, collect},
};
use crate::formats::pdf::{
    PdfError,
    raw::{Dictionary, Object},
};

/// `/Ff` bit 1: the field cannot be filled any more.
const READ_ONLY: i64 = 1;
/// `/F` bits 2 (Hidden) and 6 (NoView).
const UNSEEN: i64 = 2 | 32;

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
    let drawn = appearance(pair, was, is)?;
    let valued = value(pair, was, is)?;
    if pair.has_changed(is.id.number) {
        entries(pair, was, is, standing, pages)?;
    }
    let kind = |fresh| ChangeKind::FormFilling { field: is.name.clone(), fresh };
    match (standing, valued) {
        (Standing::BeingSigned, _) => signed(pair, is, false)?,
        (Standing::Empty, _) if drawn != Drawn::Same => {
            let what = format!("the appearance of the unsigned field {:?} was changed", is.name);
            pair.change(kind(drawn == Drawn::New), what);
        }
        (Standing::Fillable, Valued::Filled) => {
            pair.change(kind(true), format!("the form field {:?} was filled in", is.name));
        }
        (Standing::Fillable, Valued::Replaced) => {
            let what = format!("the form field {:?} got another value", is.name);
            pair.change(kind(false), what);
        }
        (Standing::Fillable, Valued::Same) if drawn != Drawn::Same => {
            let what = format!("the appearance of the field {:?} was changed", is.name);
            // A widget of a field that was filled in follows the field's value.
            let follows = drawn == Drawn::New || is.value != was.value;
            pair.change(kind(follows), what);
        }
        _ => {}
    }
    Ok(())
}

/// A new node; tells whether it is drawn.
pub(super) fn added(pair: &mut Pair<'_, '_, '_>, is: &Node) -> Result<bool, PdfError> {
    if !pair.has_changed(is.id.number) || pair.then.object(is.id)? != Object::Null {
        pair.other(format!(
            "an object of the signed revision was made the form field {:?}",
            is.name
        ));
    }
    let visible = is_visible(pair, &is.dictionary)?;
    if is.dictionary.has("A") || is.dictionary.has("AA") {
        pair.other(format!("the new form field {:?} acts on its own", is.name));
    }
    if is.kind != b"Sig" {
        pair.other(format!("the form field {:?} was added", is.name));
        return Ok(visible);
    }
    let value = pair.now.resolve(&is.value)?;
    if value.as_dictionary().is_some() {
        signed(pair, is, true)?;
    } else if is.value != Object::Null {
        pair.other(format!("the new field {:?} refers to a signature that is not there", is.name));
    } else {
        let kind = ChangeKind::Signature { field: is.name.clone(), new: true, visible };
        pair.change(kind, format!("the empty signature field {:?} was added", is.name));
        let drawn = pair.now.resolve(is.dictionary.get("AP"))?;
        if visible && drawn.as_dictionary().is_some_and(|ap| ap.iter().next().is_some()) {
            pair.other(format!("the unsigned new field {:?} draws something", is.name));
        }
    }
    Ok(visible)
}

fn standing(pair: &mut Pair<'_, '_, '_>, was: &Node, is: &Node) -> Result<Standing, PdfError> {
    if is.kind != b"Sig" {
        return Ok(Standing::Fillable);
    }
    Ok(if pair.then.resolve(&was.value)? != Object::Null {
        Standing::Signed
    } else if pair.now.resolve(&is.value)?.as_dictionary().is_some() {
        Standing::BeingSigned
    } else {
        Standing::Empty
    })
}

fn signed(pair: &mut Pair<'_, '_, '_>, is: &Node, new: bool) -> Result<(), PdfError> {
    let visible = is_visible(pair, &is.dictionary)?;
    let value = pair.now.resolve(&is.value)?;
    let value = value.as_dictionary().cloned().unwrap_or_default();
    let stamp = value.is_name("Type", "DocTimeStamp") || value.is_name("SubFilter", "ETSI.RFC3161");
    let (field, name) = (is.name.clone(), &is.name);
    let held = is.value.as_reference();
    let is_new = match held {
        Some(id) => pair.has_changed(id.number) && pair.then.object(id)? == Object::Null,
        None => pair.has_changed(is.id.number),
    };
    if !is_new {
        pair.other(format!("the field {name:?} got a signature that was there before"));
    } else if !value.has("Contents") || !value.has("ByteRange") {
        pair.other(format!("the field {name:?} got a value that is no signature"));
    } else if stamp && !visible {
        pair.change(
            ChangeKind::Validation,
            format!("a document timestamp was added (field {name:?})"),
        );
    } else {
        let kind = ChangeKind::Signature { field, new, visible };
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
    let flags = widget.get("F").as_integer().unwrap_or(0);
    Ok((right - left).abs() * (top - bottom).abs() > 0.01 && flags & UNSEEN == 0)
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
    let mut rules = vec!["V", "AP", "AS", "M", "I", "RV", "Ff", "Kids", "P", "StructParent"];
    if standing == Standing::BeingSigned {
        rules.extend(["F", "MK"]);
    }
    pair.rest_must_be_same(&label, then, now, &rules)?;
    let flags = |d: &Dictionary| d.get("Ff").as_integer().unwrap_or(0);
    if flags(then) | READ_ONLY != flags(now) | READ_ONLY || flags(then) & !flags(now) != 0 {
        pair.other(format!("{label}: its flags were changed"));
    }
    for key in ["P", "StructParent"] {
        if then.has(key) {
            pair.must_be_same(&format!("{label}: entry /{key}"), then.get(key), now.get(key))?;
        }
    }
    if now.has("P") && !then.has("P") && !pages.has(now.get("P")) {
        pair.other(format!("{label}: it is on something that is no page"));
    }
    kids(pair, &label, then.get("Kids"), now.get("Kids"))
}

/// What is below a node may gain new fields; those that were there are nodes of their own.
fn kids(
    pair: &mut Pair<'_, '_, '_>,
    label: &str,
    then: &Object,
    now: &Object,
) -> Result<(), PdfError> {
    let (a, b) = (pair.then.resolve(then)?, pair.now.resolve(now)?);
    let direct = |array: &Object| {
        let elements = array.as_array().unwrap_or_default().iter();
        Object::Array(elements.filter(|e| e.as_reference().is_none()).cloned().collect())
    };
    pair.must_be_same(&format!("{label}: entry /Kids"), &direct(&a), &direct(&b))?;
    if a != Object::Null && b == Object::Null {
        pair.other(format!("{label}: entry /Kids was removed"));
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Valued {
    Same,
    Filled,
    Replaced,
}

/// Compares the node's own value.
fn value(pair: &mut Pair<'_, '_, '_>, was: &Node, is: &Node) -> Result<Valued, PdfError> {
    let mut valued = Valued::Same;
    for key in ["V", "AS", "RV", "I"] {
        let (then, now) = (was.dictionary.get(key), is.dictionary.get(key));
        pair.explain(Some(is.id.number), key, now);
        let (a, b) = (pair.then.resolve(then)?, pair.now.resolve(now)?);
        if pair.is_same(&a, &b)? {
            continue;
        }
        let default = pair.then.resolve(was.dictionary.get("DV"))?;
        let fresh = is_empty(&a) || pair.is_same(&a, &default)?;
        valued =
            if fresh && valued != Valued::Replaced { Valued::Filled } else { Valued::Replaced };
    }
    Ok(valued)
}

fn is_empty(value: &Object) -> bool {
    match value {
        Object::Null => true,
        Object::Name(name) => name == b"Off" || name.is_empty(),
        Object::String(string) => string.bytes.is_empty() || string.bytes == [0xfe, 0xff],
        Object::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Drawn {
    Same,
    New,
    Other,
}

/// Compares the appearances of a node. Those that are replaced in place may be used by nothing
/// else, so every reference to them is explained here.
fn appearance(pair: &mut Pair<'_, '_, '_>, was: &Node, is: &Node) -> Result<Drawn, PdfError> {
    let (then, now) = (was.dictionary.get("AP"), is.dictionary.get("AP"));
    let mut changed = !pair.is_same(then, now)?;
    let mut open = vec![(is.id.number, "AP".to_owned(), now.clone())];
    while let Some((holder, place, object)) = open.pop() {
        let mut references = Vec::new();
        collect(&object, &mut references);
        changed |= references.iter().any(|id| pair.has_changed(id.number));
        pair.explain(Some(holder), &place, &object);
        // The appearance, its states, and the streams: no deeper.
        if place.matches('/').count() >= 3 {
            continue;
        }
        let holder = object.as_reference().map_or(holder, |id| id.number);
        if let Object::Dictionary(inner) = pair.now.resolve(&object)? {
            for (key, value) in inner.iter() {
                let place = format!("{place}/{}", String::from_utf8_lossy(key));
                open.push((holder, place, value.clone()));
            }
        }
    }
    let before = pair.then.resolve(then)?;
    let had = before.as_dictionary().is_some_and(|ap| ap.iter().next().is_some());
    Ok(match (changed, had) {
        (false, _) => Drawn::Same,
        (true, false) => Drawn::New,
        (true, true) => Drawn::Other,
    })
}
