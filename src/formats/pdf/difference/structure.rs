//! The structure of a tagged document (ISO 32000-2 §14.7): it says for reading aloud what the parts of
//! pages are, and draws nothing. It may grow by elements for annotations and fields, and in nothing
//! else. What grew so is marked as compared; the rest is left to those who look at references.

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
/// What may be said of them.
const KEYS: [&[u8]; 9] = [b"Type", b"S", b"P", b"K", b"Pg", b"T", b"ID", b"Lang", b"Alt"];

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
    let nodes = nodes_of_parent_tree(pair, tree.get("ParentTree"))?;
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
            (Object::Array(_), Object::Array(_)) => are_kids_grown(pair, &a, &b, &mut new)?,
            _ => false,
        };
        if fits {
            pair.set_loose(number);
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

/// The numbers of all nodes of the tree that leads from annotations to elements, as it was signed.
fn nodes_of_parent_tree(
    pair: &mut Pair<'_, '_, '_>,
    top: &Object,
) -> Result<BTreeSet<u32>, PdfError> {
    let (mut nodes, mut open) = (BTreeSet::new(), vec![top.clone()]);
    while let Some(node) = open.pop() {
        let Some(id) = node.as_reference() else { continue };
        if nodes.len() < MOST_NODES && nodes.insert(id.number) {
            let node = pair.then.object(id)?;
            let kids = node.as_dictionary().map(|node| node.get("Kids").clone());
            let kids = pair.then.resolve(&kids.unwrap_or(Object::Null))?;
            open.extend(kids.as_array().unwrap_or_default().iter().cloned());
        }
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
        if !matches!(key.as_slice(), b"Nums" | b"Limits")
            && !pair.is_same(then.value(&key), now.value(&key))?
        {
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
/// elements for annotations.
fn are_kids_grown(
    pair: &mut Pair<'_, '_, '_>,
    then: &Object,
    now: &Object,
    new: &mut usize,
) -> Result<bool, PdfError> {
    let list = |kids: &Object| match kids {
        Object::Null => Vec::new(),
        Object::Array(kids) => kids.clone(),
        one => vec![one.clone()],
    };
    // A number alone need not be a part of a page: dictionaries of other kinds have such a key.
    if then.as_number().is_some() || matches!(then, Object::Boolean(_)) {
        return Ok(false);
    }
    let (then, now) = (list(then), list(now));
    let Some(added) = rest(pair, &then, &now)? else { return Ok(false) };
    for kid in added {
        if !is_new_element(pair, kid, new, 0)? && !is_for_an_annotation(pair, kid)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a reference leads to a new element that is for annotations only.
fn is_new_element(
    pair: &mut Pair<'_, '_, '_>,
    element: &Object,
    new: &mut usize,
    depth: usize,
) -> Result<bool, PdfError> {
    let Some(reference) = element.as_reference() else { return Ok(false) };
    if pair.then.entry(reference.number)? != Entry::Free || depth > DEEPEST || *new == 0 {
        return Ok(false);
    }
    *new -= 1;
    let Object::Dictionary(element) = pair.now.object(reference)? else { return Ok(false) };
    let kind = element.get("S").as_name().unwrap_or_default();
    if !is_element(&element)
        || !TYPES.contains(&kind)
        || !element.iter().all(|(key, _)| KEYS.contains(&key))
    {
        return Ok(false);
    }
    let kids = match pair.now.resolve(element.get("K"))? {
        Object::Array(kids) => kids,
        Object::Null => Vec::new(),
        _ => vec![element.get("K").clone()],
    };
    for kid in &kids {
        if !is_for_an_annotation(pair, kid)? && !is_new_element(pair, kid, new, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether this is a reference of structure to an annotation (ISO 32000-2 table 358): nothing else of
/// it can be meant.
fn is_for_an_annotation(pair: &mut Pair<'_, '_, '_>, kid: &Object) -> Result<bool, PdfError> {
    if let Some(id) = kid.as_reference()
        && pair.then.entry(id.number)? != Entry::Free
    {
        return Ok(false);
    }
    let Object::Dictionary(kid) = pair.now.resolve(kid)? else { return Ok(false) };
    let known = kid.iter().all(|(key, _)| matches!(key, b"Type" | b"Obj" | b"Pg"));
    Ok(known && kid.is_name("Type", "OBJR") && kid.get("Obj").as_reference().is_some())
}
