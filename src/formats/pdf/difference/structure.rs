//! The structure of a tagged document (ISO 32000-2 §14.7): it says for reading aloud what the parts of
//! pages are, and draws nothing. It may grow by elements for new annotations and fields, and in
//! nothing else. What grew so is marked as compared; the rest is left to those who look at references.
//!
//! A part of the structure may be something else as well where an attacker prepared it: so only
//! entries grow whose values no other kind of object has, and arrays only where they stand directly
//! in such an entry.

use std::collections::BTreeSet;

use super::{
    change::ChangeKind,
    pair::{Pair, keys},
};
use crate::formats::pdf::{
    PdfError,
    raw::{Dictionary, Entry, Object, ObjectId},
};

/// The most nodes of the tree that leads from annotations to elements.
const MOST_NODES: usize = 4096;
/// The most new elements.
const MOST_NEW: usize = 10_000;
/// How deep new elements stand in each other.
const DEEPEST: usize = 8;
/// What the new elements may be.
const TYPES: [&[u8]; 8] =
    [b"Form", b"Annot", b"Link", b"Note", b"Sect", b"Div", b"Part", b"NonStruct"];
/// What may be said of them: no words.
const KEYS: [&[u8]; 5] = [b"Type", b"S", b"P", b"K", b"Pg"];

/// Marks all parts of the structure that grew as they may.
pub(super) fn compare(
    pair: &mut Pair<'_, '_, '_>,
    then: &Dictionary,
    now: &Dictionary,
) -> Result<(), PdfError> {
    let held = then.get("StructTreeRoot");
    let Some(root) = held.as_reference().filter(|_| held == now.get("StructTreeRoot")) else {
        return Ok(());
    };
    let changed: Vec<_> = pair.changed().collect();
    if changed.is_empty() {
        return Ok(());
    }
    let Object::Dictionary(tree) = pair.then.object(root)? else { return Ok(()) };
    let mut nodes = nodes_of(pair, tree.get("ParentTree"))?;
    // The labels of pages stand in a tree of the same kind.
    let labels = nodes_of(pair, then.get("PageLabels"))?;
    nodes.retain(|node| !labels.contains(node));
    let mut new = MOST_NEW;
    let mut grew = false;
    for number in changed {
        let (Some(a), Some(b)) =
            (id(pair.then.entry(number)?, number), id(pair.now.entry(number)?, number))
        else {
            continue;
        };
        let (a, b) = (pair.then.object(a)?, pair.now.object(b)?);
        let fits = match (&a, &b) {
            (Object::Dictionary(a), Object::Dictionary(b)) if number == root.number => {
                has_grown(pair, a, b, &["K", "ParentTree", "ParentTreeNextKey"], &mut new)?
            }
            (Object::Dictionary(a), Object::Dictionary(b)) if nodes.contains(&number) => {
                is_node_grown(pair, a, b, &mut new)?
            }
            (Object::Dictionary(a), Object::Dictionary(b)) if is_element(a) => {
                has_grown(pair, a, b, &["K"], &mut new)?
            }
            _ => false,
        };
        if fits {
            pair.set_loose_part(number);
            pair.keep("the structure", "", &a);
            grew = true;
        }
    }
    if grew {
        let what = "the structure of the document was extended for fields or annotations";
        pair.change(ChangeKind::Metadata, what);
    }
    Ok(())
}

/// The object of a number, where there is one.
fn id(entry: Entry, number: u32) -> Option<ObjectId> {
    match entry {
        Entry::Free => None,
        Entry::InFile(_, generation) => Some(ObjectId { number, generation }),
        Entry::InStream(..) => Some(ObjectId { number, generation: 0 }),
    }
}

fn is_element(dictionary: &Dictionary) -> bool {
    let typed = !dictionary.has("Type") || dictionary.is_name("Type", "StructElem");
    typed && dictionary.get("S").as_name().is_some() && dictionary.get("P").as_reference().is_some()
}

/// The numbers of all nodes of a number tree, as it was signed.
fn nodes_of(pair: &mut Pair<'_, '_, '_>, top: &Object) -> Result<BTreeSet<u32>, PdfError> {
    let (mut nodes, mut open) = (BTreeSet::new(), vec![top.clone()]);
    while let Some(node) = open.pop() {
        if let Some(id) = node.as_reference()
            && (nodes.len() >= MOST_NODES || !nodes.insert(id.number))
        {
            continue;
        }
        let node = pair.then.resolve(&node)?;
        let kids = node.as_dictionary().map(|node| node.get("Kids").clone());
        let kids = pair.then.resolve(&kids.unwrap_or(Object::Null))?;
        open.extend(kids.as_array().unwrap_or_default().iter().cloned());
    }
    Ok(nodes)
}

/// Whether nothing of a dictionary is different but these entries, and these grew as they may.
fn has_grown(
    pair: &mut Pair<'_, '_, '_>,
    then: &Dictionary,
    now: &Dictionary,
    grows: &[&str],
    new: &mut usize,
) -> Result<bool, PdfError> {
    for key in keys(then, now) {
        let (a, b) = (then.value(&key), now.value(&key));
        let fits = pair.is_same(a, b)?
            || match grows.iter().find(|grows| grows.as_bytes() == key) {
                Some(&"K") => are_kids_grown(pair, a, b, new)?,
                Some(&"ParentTree") => match (a, b) {
                    (Object::Dictionary(a), Object::Dictionary(b)) => {
                        is_node_grown(pair, a, b, new)?
                    }
                    _ => false,
                },
                Some(&"ParentTreeNextKey") => {
                    let (a, b) = (a.as_integer().unwrap_or(0), b.as_integer());
                    b.is_some_and(|b| b >= a)
                }
                _ => false,
            };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a node of the tree has the same pairs as before, and behind them new ones that lead to
/// new elements.
fn is_node_grown(
    pair: &mut Pair<'_, '_, '_>,
    then: &Dictionary,
    now: &Dictionary,
    new: &mut usize,
) -> Result<bool, PdfError> {
    for key in keys(then, now) {
        let (a, b) = (then.value(&key), now.value(&key));
        let fits = match key.as_slice() {
            b"Nums" => true,
            b"Limits" => is_range_grown(a, b),
            _ => pair.is_same(a, b)?,
        };
        if !fits {
            return Ok(false);
        }
    }
    let (a, b) = (then.get("Nums"), now.get("Nums"));
    if a.as_reference().is_some() {
        return Ok(a == b);
    }
    let (a, b) = (a.as_array().unwrap_or_default(), b.as_array().unwrap_or_default());
    let last = a.chunks(2).filter_map(|pair| pair.first()?.as_integer()).max().unwrap_or(-1);
    let Some(added) = rest(pair, a, b)? else { return Ok(false) };
    for entry in added.chunks(2) {
        let [Object::Integer(key), value] = entry else { return Ok(false) };
        if *key <= last || !is_new_element(pair, value, new, 0)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a range of keys begins where it did, and ends there or behind.
fn is_range_grown(then: &Object, now: &Object) -> bool {
    match (then.as_array(), now.as_array()) {
        (
            Some([Object::Integer(first), Object::Integer(last)]),
            Some([Object::Integer(now_first), Object::Integer(now_last)]),
        ) => first == now_first && last <= now_last,
        (None, None) => true,
        _ => false,
    }
}

/// What stands behind the elements of the first array in the second; `None` where it does not begin
/// with them.
fn rest<'o>(
    pair: &mut Pair<'_, '_, '_>,
    then: &[Object],
    now: &'o [Object],
) -> Result<Option<&'o [Object]>, PdfError> {
    let Some((same, added)) = now.split_at_checked(then.len()) else { return Ok(None) };
    for (a, b) in then.iter().zip(same) {
        if !pair.is_same(a, b)? {
            return Ok(None);
        }
    }
    Ok(Some(added))
}

/// Whether the kids of an element are the same as before, in their order, and behind them new
/// elements for annotations. Nothing else has an array, or a reference to a dictionary, under `/K`.
fn are_kids_grown(
    pair: &mut Pair<'_, '_, '_>,
    then: &Object,
    now: &Object,
    new: &mut usize,
) -> Result<bool, PdfError> {
    let one = [then.clone()];
    let then = match then {
        Object::Array(kids) => kids.as_slice(),
        one_kid => match pair.then.resolve(one_kid)? {
            Object::Dictionary(_) => &one,
            _ => return Ok(false),
        },
    };
    let Some(added) = rest(pair, then, now.as_array().unwrap_or_default())? else {
        return Ok(false);
    };
    for kid in added {
        if !is_new_element(pair, kid, new, 0)? && !is_for_an_annotation(pair, kid)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a reference leads to a new element that is for new annotations, and for nothing else.
fn is_new_element(
    pair: &mut Pair<'_, '_, '_>,
    element: &Object,
    new: &mut usize,
    depth: usize,
) -> Result<bool, PdfError> {
    if !is_new(pair, element)? || depth > DEEPEST || *new == 0 {
        return Ok(false);
    }
    *new -= 1;
    let Object::Dictionary(element) = pair.now.resolve(element)? else { return Ok(false) };
    let kind = element.get("S").as_name().unwrap_or_default();
    // The prefix of a page's label stands under the same key as the parent of an element.
    let parent = pair.now.resolve(element.get("P"))?;
    if !element.is_name("Type", "StructElem")
        || !matches!(parent, Object::Dictionary(_))
        || !TYPES.contains(&kind)
        || !element.iter().all(|(key, _)| KEYS.contains(&key))
    {
        return Ok(false);
    }
    let kids = match pair.now.resolve(element.get("K"))? {
        Object::Array(kids) => kids,
        _ => vec![element.get("K").clone()],
    };
    for kid in &kids {
        if !is_for_an_annotation(pair, kid)? && !is_new_element(pair, kid, new, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(!kids.is_empty())
}

/// Whether this is a reference of structure (ISO 32000-2 table 358) to a new annotation.
fn is_for_an_annotation(pair: &mut Pair<'_, '_, '_>, kid: &Object) -> Result<bool, PdfError> {
    if kid.as_reference().is_some() && !is_new(pair, kid)? {
        return Ok(false);
    }
    let Object::Dictionary(kid) = pair.now.resolve(kid)? else { return Ok(false) };
    let known = kid.iter().all(|(key, _)| matches!(key, b"Type" | b"Obj" | b"Pg"));
    if !known || !kid.is_name("Type", "OBJR") || !is_new(pair, kid.get("Obj"))? {
        return Ok(false);
    }
    let annotation = pair.now.resolve(kid.get("Obj"))?;
    Ok(annotation.as_dictionary().is_some_and(|annotation| annotation.has("Subtype")))
}

/// Whether this is a reference to what was not there when the document was signed.
fn is_new(pair: &mut Pair<'_, '_, '_>, reference: &Object) -> Result<bool, PdfError> {
    let Some(id) = reference.as_reference() else { return Ok(false) };
    Ok(pair.then.entry(id.number)? == Entry::Free)
}
