//! Filling in a form: a value where there was none, and a look that shows it and hides nothing.

use super::{
    change::ChangeKind,
    form::Node,
    look::{self, Look},
    pair::{Pair, collect},
};
use crate::formats::pdf::{PdfError, fields::text, raw::Object};

/// `/Ff` bit 1: the field cannot be filled any more.
pub(super) const READ_ONLY: i64 = 1;
/// `/Ff` bit 25: the characters stand in places of equal width.
const COMB: i64 = 1 << 24;
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
    if !same_value && !is_plain(after, is.kind == b"Btn") {
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
            // A button that showed one state shows another only if nothing was chosen before.
            ("AS", Object::Name(state)) => {
                is.kind == b"Btn" && is_empty(&then) && (state == b"Off" || now == *after)
            }
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
fn is_plain(value: &Object, is_button: bool) -> bool {
    match value {
        Object::Null | Object::String(_) => true,
        Object::Name(_) => is_button,
        Object::Array(elements) => elements.iter().all(|e| e.as_string().is_some()),
        _ => false,
    }
}

fn is_empty(value: &Object) -> bool {
    match value {
        Object::Null => true,
        Object::Name(name) => name == b"Off" || name.is_empty(),
        Object::String(string) => text(&string.bytes).trim().is_empty(),
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
    let framed = framed.as_dictionary().is_some_and(|mk| mk.has("BG") || mk.has("BC"))
        || was.dictionary.has("BS")
        || was.dictionary.has("Border")
        // Lists mark what is chosen, combs divide their places.
        || was.kind == b"Ch"
        || was.flags & COMB != 0;
    let (before, after) = (look::before(pair, then)?, look::after(pair, now)?);
    let says = says_its_value(pair, is, &after)?;
    let may_paint = framed || before.paints;
    let fresh = before.known
        && before.text.is_empty()
        && after.known
        && says
        && (!after.paints || may_paint);
    Ok(if fresh { Drawn::Fresh } else { Drawn::Other })
}

/// Whether a look shows the field's value and nothing else; lists show more than what is chosen.
fn says_its_value(pair: &mut Pair<'_, '_, '_>, is: &Node, look: &Look) -> Result<bool, PdfError> {
    if !look.is_there || look.text.is_empty() {
        return Ok(true);
    }
    let value = match pair.now.resolve(&is.value)? {
        Object::String(value) => text(&value.bytes),
        _ => return Ok(false),
    };
    let plain: String = value.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes: Option<Vec<u8>> =
        plain.chars().map(|c| u8::try_from(c).ok().filter(u8::is_ascii)).collect();
    Ok(bytes.is_some_and(|bytes| bytes == look.text))
}
