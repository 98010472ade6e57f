//! Filling in a form: a value where there was none, and a look that shows it and hides nothing.

use super::{
    change::ChangeKind,
    form::Node,
    look::{Look, look},
    pair::{Pair, collect},
};
use crate::formats::pdf::{PdfError, raw::Object};

/// `/Ff` bit 1: the field cannot be filled any more.
pub(super) const READ_ONLY: i64 = 1;
/// `/Ff` bit 17: a button that holds no value.
const PUSH_BUTTON: i64 = 1 << 16;

/// How an appearance differs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Drawn {
    /// Not at all.
    Same,
    /// It shows text where nothing was written, and paints no more than before.
    Fresh,
    /// In another way.
    Other,
}

/// Compares value and look of a node of a field that is no signature field.
pub(super) fn compare(pair: &mut Pair<'_, '_, '_>, was: &Node, is: &Node) -> Result<(), PdfError> {
    let name = &is.name;
    let mut drawn = appearance(pair, was, is)?;
    if is.kind == b"Btn" && drawn == Drawn::Fresh {
        // A button shows one of the looks that it came with.
        drawn = Drawn::Other;
    }
    let values = (pair.then.resolve(&was.value)?, pair.now.resolve(&is.value)?);
    let (before, after) = (&values.0, &values.1);
    let same_value = pair.is_same(before, after)?;
    let own = (was.dictionary.get("V").clone(), is.dictionary.get("V").clone());
    pair.explain(Some(is.id.number), "V", &own.1);
    if !same_value && !is_plain(after) {
        pair.other(format!("the form field {name:?} got a value of another kind"));
    }
    if !is.named && !pair.is_same(&own.0, &own.1)? {
        pair.other(format!("a widget of the field {name:?} got a value of its own"));
    }
    let mut fresh = is_empty(before) && !is_empty(after);
    let mut changed = !same_value || drawn != Drawn::Same;
    for key in ["AS", "RV", "I"] {
        let (then, now) = (was.dictionary.get(key), is.dictionary.get(key));
        pair.explain(Some(is.id.number), key, now);
        let (then, now) = (pair.then.resolve(then)?, pair.now.resolve(now)?);
        if pair.is_same(&then, &now)? {
            continue;
        }
        changed = true;
        fresh &= match (key, &now) {
            ("AS", Object::Name(state)) => is.kind == b"Btn" && (state == b"Off" || now == *after),
            ("RV", Object::String(_)) => true,
            ("I", Object::Array(places)) => places.iter().all(|p| p.as_integer().is_some()),
            _ => false,
        };
    }
    if !changed {
        return Ok(());
    }
    if was.kind == b"Btn" && was.flags & PUSH_BUTTON != 0 {
        pair.other(format!("the button {name:?} was changed"));
    }
    fresh &= drawn != Drawn::Other && was.flags & READ_ONLY == 0;
    let what = match (fresh, same_value) {
        (true, _) => format!("the form field {name:?} was filled in"),
        (false, false) => {
            format!("the form field {name:?} got another value, or a look of its own")
        }
        (false, true) => format!("the look of the form field {name:?} was changed"),
    };
    pair.change(ChangeKind::FormFilling { field: name.to_string(), fresh }, what);
    Ok(())
}

/// Whether a value is one that a person can have entered.
fn is_plain(value: &Object) -> bool {
    match value {
        Object::Null | Object::Name(_) | Object::String(_) => true,
        Object::Array(elements) => elements.iter().all(|e| e.as_string().is_some()),
        _ => false,
    }
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

/// Compares the appearances of a node. Those that are replaced in place may be used by nothing
/// else, so every reference to them is explained here.
pub(super) fn appearance(
    pair: &mut Pair<'_, '_, '_>,
    was: &Node,
    is: &Node,
) -> Result<Drawn, PdfError> {
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
    if !changed {
        return Ok(Drawn::Same);
    }
    let framed = pair.then.resolve(was.dictionary.get("MK"))?;
    let framed = framed.as_dictionary().is_some_and(|mk| mk.has("BG") || mk.has("BC"));
    let (before, after) = (look(pair.then, then)?, look(pair.now, now)?);
    let may_paint = framed || before.paints;
    let fresh = |before: Look, after: Look| {
        before.known && after.known && !before.writes && (!after.paints || may_paint)
    };
    if !after.known && after.is_there {
        let what = format!("the look of the field {:?} cannot be read", is.name);
        pair.change(ChangeKind::FormFilling { field: is.name.to_string(), fresh: false }, what);
    }
    Ok(if fresh(before, after) { Drawn::Fresh } else { Drawn::Other })
}
