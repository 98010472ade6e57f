//! Words for objects that were replaced: where in the document a person would meet them.

use std::collections::{HashMap, HashSet, VecDeque};

use super::pair::{Pair, Unexplained};
use crate::formats::pdf::{
    PdfError,
    raw::{Dictionary, Object, ObjectId},
};

/// The most objects that are visited in search of words.
const MOST_VISITED: usize = 20_000;
/// The most replaced objects that get words of their own.
const MOST_TOLD: usize = 50;

/// What is to be said of references that no rule has explained.
pub(super) fn of_references(
    pair: &mut Pair<'_, '_, '_>,
    unexplained: &[Unexplained],
) -> Result<Vec<String>, PdfError> {
    let mut targets: Vec<u32> = unexplained.iter().map(|one| one.target).collect();
    targets.sort_unstable();
    targets.dedup();
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let places = places(pair, &targets)?;
    let mut words = Vec::new();
    for target in targets.iter().take(MOST_TOLD) {
        let id = ObjectId { number: *target, generation: 0 };
        let what =
            match (pair.then.object(id)? != Object::Null, pair.now.object(id)? != Object::Null) {
                (false, _) => "something was put where there was nothing",
                (true, true) => "was replaced",
                (true, false) => "was removed",
            };
        let holder = unexplained.iter().find(|one| one.target == *target);
        let holder = holder.map(|one| one.holder.as_str()).unwrap_or_default();
        let place = places.get(target).cloned();
        let place = place.unwrap_or_else(|| format!("what {holder} refers to"));
        words.push(format!("{place}: {what} (object {target})"));
    }
    if targets.len() > MOST_TOLD {
        words.push(format!("{} more objects were replaced", targets.len() - MOST_TOLD));
    }
    Ok(words)
}

/// For each target the first place from which it is met, pages before anything else.
fn places(pair: &mut Pair<'_, '_, '_>, targets: &[u32]) -> Result<HashMap<u32, String>, PdfError> {
    let mut found = HashMap::new();
    let mut seen = HashSet::new();
    let mut open: VecDeque<(String, Object)> = VecDeque::new();
    let trailer = pair.then.trailer().clone();
    let Ok(catalog) = pair.then.dictionary_at(&trailer, "Root") else { return Ok(found) };
    let mut pages = vec![catalog.get("Pages").clone()];
    let (mut number, mut visited) = (0, 0);
    while let Some(node) = pages.pop() {
        visited += 1;
        let Some(dictionary) = pair.then.resolve(&node)?.as_dictionary().cloned() else { continue };
        if visited > MOST_VISITED {
            break;
        }
        if let Some(id) = node.as_reference() {
            seen.insert(id);
        }
        if dictionary.has("Kids") {
            let kids = pair.then.resolve(dictionary.get("Kids"))?;
            pages.extend(kids.as_array().unwrap_or_default().iter().rev().cloned());
            push(&mut open, "all pages", &dictionary);
        } else {
            number += 1;
            push(&mut open, &format!("page {number}"), &dictionary);
        }
    }
    push(&mut open, "the catalog", &catalog);
    while let Some((path, object)) = open.pop_front() {
        visited += 1;
        if visited > MOST_VISITED * 2 || found.len() == targets.len() {
            break;
        }
        if let Some(id) = object.as_reference().filter(|id| targets.contains(&id.number)) {
            found.entry(id.number).or_insert_with(|| path.clone());
        }
        let object = match object.as_reference() {
            Some(id) if !seen.insert(id) => continue,
            Some(_) => pair.then.resolve(&object)?,
            None => object,
        };
        match &object {
            Object::Dictionary(inner) | Object::Stream(inner, _) => push(&mut open, &path, inner),
            Object::Array(elements) => {
                open.extend(elements.iter().map(|element| (path.clone(), element.clone())));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The entries of a dictionary, but what leads back up.
fn push(open: &mut VecDeque<(String, Object)>, path: &str, dictionary: &Dictionary) {
    for (key, value) in dictionary.iter() {
        let nothing =
            !matches!(value, Object::Reference(_) | Object::Array(_) | Object::Dictionary(_));
        if nothing || [&b"Parent"[..], b"P", b"Pages", b"Kids"].contains(&key) || path.len() > 200 {
            continue;
        }
        open.push_back((format!("{path} /{}", String::from_utf8_lossy(key)), value.clone()));
    }
}
