//! The pages and what is put onto them: pages stay as they are, annotations have rules.

use std::collections::{HashMap, HashSet};

use super::{
    change::{Annotation, ChangeKind},
    form::Form,
    mark::{Tinted, is_harmless},
    pair::{Pair, direct_elements},
};
use crate::formats::pdf::{
    PdfError,
    fields::text,
    raw::{Dictionary, Document, Object, ObjectId},
};

/// The most nodes of a page tree.
const MOST_NODES: usize = 1 << 20;

/// The pages of both documents, which are the same ones.
#[derive(Default)]
pub(super) struct Pages {
    /// In their order; the number of a page is its place here and one.
    ids: Vec<ObjectId>,
    all: HashSet<ObjectId>,
    /// Whether both have the same pages; else no page is looked at any further.
    same: bool,
}

impl Pages {
    /// The page that an annotation says it is on.
    pub(super) fn has(&self, page: &Object) -> bool {
        page.as_reference().is_some_and(|id| self.all.contains(&id))
    }
}

/// Compares the page trees and everything of the pages but their annotations.
pub(super) fn compare(
    pair: &mut Pair<'_, '_, '_>,
    then: &Dictionary,
    now: &Dictionary,
) -> Result<Pages, PdfError> {
    let (then, nodes) = walk(pair.then, then)?;
    let (now, _) = walk(pair.now, now)?;
    for node in &nodes {
        pair.set_loose(node.number);
    }
    let pages: HashSet<ObjectId> = then.iter().copied().collect();
    for node in nodes.into_iter().filter(|node| !pages.contains(node)) {
        if pair.has_changed(node.number) {
            let what = format!("node {} of the page tree", node.number);
            let (a, b) = both(pair, node)?;
            pair.rest_must_be_same(&what, &a, &b, &[])?;
        }
    }
    if then != now {
        tell_moved(pair, &then, &now);
        return Ok(Pages { ids: then, all: pages, same: false });
    }
    for (place, id) in then.iter().enumerate() {
        if !pair.has_changed(id.number) {
            continue;
        }
        let (a, b) = both(pair, *id)?;
        // When a page was last changed says nothing of what is on it.
        let rules = ["Annots", "LastModified", "Tabs", "StructParents"];
        pair.rest_must_be_same(&format!("page {}", place + 1), &a, &b, &rules)?;
        for key in ["LastModified", "Tabs", "StructParents"] {
            if pair.is_same(a.get(key), b.get(key))? {
                continue;
            }
            // Whatever else refers to the page must find nothing in it that could be drawn.
            let typed = match (key, pair.now.resolve(b.get(key))?) {
                ("LastModified", Object::String(_)) => true,
                ("Tabs", Object::Name(order)) => order.len() == 1,
                _ => false,
            };
            // A place in the structure may be added, as it is not drawn; not changed.
            let added =
                key == "StructParents" && !a.has(key) && matches!(b.get(key), Object::Integer(_));
            let what = format!("page {}: /{key} was changed", place + 1);
            if typed || added {
                pair.change(ChangeKind::Metadata, what);
            } else {
                pair.other(what);
            }
        }
    }
    Ok(Pages { ids: then, all: pages, same: true })
}

fn tell_moved(pair: &mut Pair<'_, '_, '_>, then: &[ObjectId], now: &[ObjectId]) {
    let (before, after): (HashSet<_>, HashSet<_>) = (then.iter().collect(), now.iter().collect());
    let mut told = false;
    for (place, _) in now.iter().enumerate().filter(|(_, id)| !before.contains(id)).take(20) {
        pair.other(format!("page {} was added", place + 1));
        told = true;
    }
    for (place, _) in then.iter().enumerate().filter(|(_, id)| !after.contains(id)).take(20) {
        pair.other(format!("page {} was removed", place + 1));
        told = true;
    }
    if !told {
        pair.other("the pages are in another order");
    }
}

fn both(pair: &mut Pair<'_, '_, '_>, id: ObjectId) -> Result<(Dictionary, Dictionary), PdfError> {
    let a = pair.then.object(id)?.as_dictionary().cloned().unwrap_or_default();
    let b = pair.now.object(id)?.as_dictionary().cloned().unwrap_or_default();
    Ok((a, b))
}

/// All pages in their order, and all nodes, pages included.
fn walk(
    document: &mut Document<'_>,
    catalog: &Dictionary,
) -> Result<(Vec<ObjectId>, Vec<ObjectId>), PdfError> {
    let mut open = vec![catalog.get("Pages").clone()];
    let (mut pages, mut nodes, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    while let Some(node) = open.pop() {
        let Some(id) = node.as_reference() else {
            return Err(PdfError::damaged("the page tree holds something other than references"));
        };
        if !seen.insert(id) {
            return Err(PdfError::damaged("the page tree holds a node twice"));
        }
        if seen.len() > MOST_NODES {
            return Err(PdfError::Limit("over a million nodes of the page tree".to_owned()));
        }
        let object = document.object(id)?;
        let Some(dictionary) = object.as_dictionary() else { continue };
        nodes.push(id);
        if dictionary.has("Kids") {
            let kids = document.resolve(dictionary.get("Kids"))?;
            open.extend(kids.as_array().unwrap_or_default().iter().rev().cloned());
        } else {
            pages.push(id);
        }
    }
    Ok((pages, nodes))
}

/// Compares what is put onto the pages.
pub(super) fn compare_annotations(
    pair: &mut Pair<'_, '_, '_>,
    pages: &Pages,
    form: &Form,
) -> Result<(), PdfError> {
    if !pages.same || pair.is_unchanged() {
        return Ok(());
    }
    let mut homes: HashMap<ObjectId, usize> = HashMap::new();
    for (place, id) in pages.ids.iter().enumerate() {
        let (a, b) = both(pair, *id)?;
        let (held_a, held_b) = (a.get("Annots"), b.get("Annots"));
        pair.explain(Some(id.number), "Annots", held_b);
        let then = elements(pair.then.resolve(held_a)?);
        let now = pair.now.resolve(held_b)?;
        if now != Object::Null && now.as_array().is_none() {
            pair.other(format!("the annotations of page {} are no list", place + 1));
        }
        let now = elements(now);
        list(pair, place + 1, &then, &now, form, &mut homes)?;
        // The elements are explained as elements of whatever holds them now.
        let holder = held_b.as_reference().unwrap_or(*id);
        for (index, element) in now.iter().enumerate() {
            pair.explain(Some(holder.number), &format!("Annots[{index}]"), element);
        }
    }
    for (widget, name) in &form.new_widgets {
        if !homes.contains_key(widget) && form.is_drawn(widget) {
            pair.other(format!("a widget of the new field {name:?} is on no page"));
        }
    }
    Ok(())
}

fn elements(array: Object) -> Vec<Object> {
    if let Object::Array(elements) = array { elements } else { Vec::new() }
}

/// Compares the annotations of one page.
fn list(
    pair: &mut Pair<'_, '_, '_>,
    page: usize,
    then: &[Object],
    now: &[Object],
    form: &Form,
    homes: &mut HashMap<ObjectId, usize>,
) -> Result<(), PdfError> {
    let ids = |all: &[Object]| all.iter().filter_map(Object::as_reference).collect::<Vec<_>>();
    let plain = |all: &[Object]| direct_elements(&Object::Array(all.to_vec()));
    pair.must_be_same(&format!("annotations of page {page}"), &plain(then), &plain(now))?;
    let (before, after) = (ids(then), ids(now));
    let (old, new): (HashSet<_>, HashSet<_>) =
        (before.iter().copied().collect(), after.iter().copied().collect());
    let kept_before: Vec<_> = before.iter().filter(|id| new.contains(id)).collect();
    let kept_after: Vec<_> = after.iter().filter(|id| old.contains(id)).collect();
    // What is drawn later covers what was drawn before.
    if kept_before != kept_after {
        pair.other(format!("the annotations of page {page} are in another order"));
    }
    for id in before.iter().filter(|id| !new.contains(id)) {
        let annotation = pair.then.object(*id)?;
        let annotation = annotation.as_dictionary().cloned().unwrap_or_default();
        if annotation.is_name("Subtype", "Widget") {
            pair.other(format!("a form field was taken off page {page}"));
        } else {
            tell(pair, page, &annotation, false, "was removed");
        }
    }
    let mut tinted = Tinted::default();
    for id in &after {
        if homes.insert(*id, page).is_some() && !old.contains(id) {
            pair.other(format!("an annotation of page {page} is on another page as well"));
        }
        if !old.contains(id) {
            added(pair, page, *id, form, &mut tinted)?;
        } else if pair.has_changed(id.number) && !form.knows(id) {
            changed(pair, page, *id)?;
        }
    }
    Ok(())
}

fn added(
    pair: &mut Pair<'_, '_, '_>,
    page: usize,
    id: ObjectId,
    form: &Form,
    tinted: &mut Tinted,
) -> Result<(), PdfError> {
    if form.new_widgets.contains_key(&id) {
        // The rules of the form have told of it.
        return Ok(());
    }
    let annotation = pair.now.object(id)?.as_dictionary().cloned().unwrap_or_default();
    if !pair.has_changed(id.number) || pair.then.object(id)? != Object::Null {
        // What was there all the time, unseen, was made to be shown later.
        pair.other(format!("an object of the signed revision was put onto page {page}"));
    } else if annotation.is_name("Subtype", "Widget") || annotation.has("FT") {
        pair.other(format!("a form field was put onto page {page}, but not into the form"));
    } else {
        let harmless = is_harmless(pair, &annotation, tinted)?;
        tell(pair, page, &annotation, harmless, "was added");
    }
    Ok(())
}

fn changed(pair: &mut Pair<'_, '_, '_>, page: usize, id: ObjectId) -> Result<(), PdfError> {
    let (then, now) = both(pair, id)?;
    pair.set_loose(id.number);
    for key in ["Subtype", "A", "AA", "FT", "T", "Kids"] {
        // The title of a note is its author's name.
        if key == "T" && !then.is_name("Subtype", "Widget") {
            continue;
        }
        let label = format!("annotation {} of page {page}: entry /{key}", id.number);
        pair.must_be_same(&label, then.get(key), now.get(key))?;
    }
    tell(pair, page, &then, false, "was changed");
    Ok(())
}

fn tell(
    pair: &mut Pair<'_, '_, '_>,
    page: usize,
    annotation: &Dictionary,
    harmless: bool,
    what: &str,
) {
    let subtype = annotation.get("Subtype").as_name().unwrap_or_default();
    let subtype = text(subtype);
    let what = format!("an annotation ({subtype}) of page {page} {what}");
    if annotation.has("A") || annotation.has("AA") || annotation.has("Dest") {
        pair.other(format!("{what}, which acts on its own or on a click"));
    }
    pair.change(ChangeKind::Annotation(Annotation { page, subtype, harmless }), what);
}
