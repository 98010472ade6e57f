//! The form: its own dictionary, and the tree of its fields.

use std::collections::{HashMap, HashSet};

use super::{change::ChangeKind, field, page::Pages, pair::Pair};
use crate::formats::pdf::{
    PdfError,
    fields::text,
    raw::{Dictionary, Document, Object, ObjectId},
};

/// The most nodes of a field tree.
const MOST_NODES: usize = 50_000;

/// What the form has told of widgets, for the rules of annotations.
#[derive(Default)]
pub(super) struct Form {
    /// The widgets of new fields, with the field's name.
    pub(super) new_widgets: HashMap<ObjectId, String>,
    known: HashSet<ObjectId>,
    drawn: HashSet<ObjectId>,
}

impl Form {
    /// Whether the form compares this annotation.
    pub(super) fn knows(&self, id: &ObjectId) -> bool {
        self.known.contains(id)
    }

    /// Whether a new widget is drawn, so that it must be on a page.
    pub(super) fn is_drawn(&self, id: &ObjectId) -> bool {
        self.drawn.contains(id)
    }
}

/// One node of the field tree: a field, or a widget of the field above it.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) id: ObjectId,
    pub(super) dictionary: Dictionary,
    /// The fully qualified name of the field it belongs to.
    pub(super) name: String,
    /// `/FT`, its own or inherited.
    pub(super) kind: Vec<u8>,
    /// `/V`, its own or inherited.
    pub(super) value: Object,
    /// The node above it.
    parent: Option<ObjectId>,
}

/// Compares the forms.
pub(super) fn compare(
    pair: &mut Pair<'_, '_, '_>,
    root: u32,
    then: &Dictionary,
    now: &Dictionary,
    pages: &Pages,
) -> Result<Form, PdfError> {
    let mut form = Form::default();
    if pair.is_unchanged() {
        return Ok(form);
    }
    let held = now.get("AcroForm");
    pair.explain(Some(root), "AcroForm", held);
    let (a, b) = (then.get("AcroForm").clone(), held.clone());
    let (a, b) = (dictionary(pair.then, &a)?, dictionary(pair.now, &b)?);
    let (Some(b), a) = (b, a.clone().unwrap_or_default()) else {
        if a.is_some() {
            pair.other("the form was removed");
        }
        return Ok(form);
    };
    let holder = held.as_reference().map_or(root, |id| id.number);
    pair.set_loose(holder);
    own_entries(pair, holder, &a, &b)?;
    let (before, after) = (tree(pair.then, &a)?, tree(pair.now, &b)?);
    let old: HashMap<ObjectId, &Node> = before.iter().map(|node| (node.id, node)).collect();
    let kept: HashSet<ObjectId> = after.iter().map(|node| node.id).collect();
    for node in before.iter().filter(|node| !kept.contains(&node.id)) {
        pair.other(format!("the form field {:?} was removed", node.name));
    }
    let survivors = |all: &[Node], with: &dyn Fn(&ObjectId) -> bool| {
        all.iter().map(|node| node.id).filter(with).collect::<Vec<_>>()
    };
    let in_old = |id: &ObjectId| old.contains_key(id);
    let in_kept = |id: &ObjectId| kept.contains(id);
    if survivors(&before, &in_kept) != survivors(&after, &in_old) {
        pair.other("the fields of the form are in another order");
    }
    let names: HashSet<&str> = before.iter().map(|node| node.name.as_str()).collect();
    for node in &after {
        let holder = node.parent.map_or(holder, |id| id.number);
        pair.explain(
            Some(holder),
            &format!("field {}", node.id.number),
            &Object::Reference(node.id),
        );
        form.known.insert(node.id);
        match old.get(&node.id) {
            Some(was) if was.name != node.name || was.kind != node.kind => {
                pair.other(format!("the form field {:?} has another name or kind", was.name));
            }
            Some(was) => field::compare(pair, was, node, pages)?,
            None if names.contains(node.name.as_str()) => {
                pair.other(format!("another widget was put into the form field {:?}", node.name));
            }
            None => {
                let drawn = field::added(pair, node)?;
                form.new_widgets.insert(node.id, node.name.clone());
                if drawn {
                    form.drawn.insert(node.id);
                }
            }
        }
    }
    Ok(form)
}

fn dictionary(
    document: &mut Document<'_>,
    object: &Object,
) -> Result<Option<Dictionary>, PdfError> {
    Ok(document.resolve(object)?.as_dictionary().cloned())
}

/// The entries of the form's own dictionary but its fields.
fn own_entries(
    pair: &mut Pair<'_, '_, '_>,
    holder: u32,
    then: &Dictionary,
    now: &Dictionary,
) -> Result<(), PdfError> {
    pair.explain(Some(holder), "Fields", now.get("Fields"));
    let fields = pair.now.resolve(now.get("Fields"))?;
    let direct = fields.as_array().unwrap_or_default().iter().any(|f| f.as_reference().is_none());
    if direct && !is_equal_array(pair, then, now)? {
        pair.other("the form holds fields that are no objects of their own");
    }
    let flags = |form: &Dictionary| form.get("SigFlags").as_integer().unwrap_or(0);
    if flags(then) & !flags(now) != 0 {
        pair.other("the form no longer says that the document is signed");
    }
    if now.get("NeedAppearances") == &Object::Boolean(true)
        && then.get("NeedAppearances") != now.get("NeedAppearances")
    {
        pair.change(
            ChangeKind::FormFilling { field: String::new(), fresh: false },
            "the appearance of all fields is to be made anew by the reader (NeedAppearances)",
        );
    }
    pair.explain(Some(holder), "DR", now.get("DR"));
    resources(pair, holder, then.get("DR"), now.get("DR"))?;
    let rules = ["Fields", "SigFlags", "NeedAppearances", "DR", "DA", "Q"];
    pair.rest_must_be_same("the form", then, now, &rules)?;
    for key in ["DA", "Q"] {
        // What a field says itself goes before; what nothing said may be said now.
        if then.has(key) {
            let label = format!("the form: entry /{key}");
            pair.must_be_same(&label, then.get(key), now.get(key))?;
        }
    }
    Ok(())
}

fn is_equal_array(
    pair: &mut Pair<'_, '_, '_>,
    then: &Dictionary,
    now: &Dictionary,
) -> Result<bool, PdfError> {
    let a = pair.then.resolve(then.get("Fields"))?;
    let b = pair.now.resolve(now.get("Fields"))?;
    pair.is_same(&a, &b)
}

/// Default resources may gain entries; those that were there stay what they were.
fn resources(
    pair: &mut Pair<'_, '_, '_>,
    holder: u32,
    then: &Object,
    now: &Object,
) -> Result<(), PdfError> {
    let number = |object: &Object, above| object.as_reference().map_or(above, |id| id.number);
    let holder = number(now, holder);
    let (a, b) = (dictionary(pair.then, then)?, dictionary(pair.now, now)?);
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    for (key, was) in a.iter() {
        let (key_text, is) = (String::from_utf8_lossy(key), b.value(key));
        pair.explain(Some(holder), &format!("DR/{key_text}"), is);
        let inner = (dictionary(pair.then, was)?, dictionary(pair.now, is)?);
        let (Some(was), Some(is)) = inner else {
            let label = format!("the form's resources: entry /{key_text}");
            pair.must_be_same(&label, was, is)?;
            continue;
        };
        for (name, was) in was.iter() {
            let label = format!("the form's resources: /{key_text} {}", text(name));
            pair.must_be_same(&label, was, is.value(name))?;
        }
    }
    Ok(())
}

/// Every node of the field tree that is an object of its own.
fn tree(document: &mut Document<'_>, form: &Dictionary) -> Result<Vec<Node>, PdfError> {
    struct Above {
        name: String,
        kind: Vec<u8>,
        value: Object,
        parent: Option<ObjectId>,
    }
    let root = Above { name: String::new(), kind: Vec::new(), value: Object::Null, parent: None };
    let mut found: Vec<Node> = Vec::new();
    let mut seen = HashSet::new();
    let fields = document.resolve(form.get("Fields"))?;
    let root = std::rc::Rc::new(root);
    let mut open: Vec<_> = fields.as_array().unwrap_or_default().iter().rev().cloned().collect();
    let mut open: Vec<_> = open.drain(..).map(|node| (node, std::rc::Rc::clone(&root))).collect();
    while let Some((node, above)) = open.pop() {
        let Some(id) = node.as_reference() else { continue };
        if !seen.insert(id) {
            return Err(PdfError::damaged("the form holds a field twice"));
        }
        if seen.len() > MOST_NODES {
            return Err(PdfError::Limit("over 50000 form fields".to_owned()));
        }
        let Some(dictionary) = document.object(id)?.as_dictionary().cloned() else { continue };
        let part = document.resolve(dictionary.get("T"))?;
        let name = match part.as_string().map(|part| text(&part.bytes)) {
            Some(part) if above.name.is_empty() => part,
            Some(part) => format!("{}.{part}", above.name),
            None => above.name.clone(),
        };
        let kind = document.resolve(dictionary.get("FT"))?;
        let kind = kind.as_name().map_or_else(|| above.kind.clone(), <[u8]>::to_vec);
        let value = dictionary.get("V").clone();
        let value = if value == Object::Null { above.value.clone() } else { value };
        let kids = document.resolve(dictionary.get("Kids"))?;
        let here = std::rc::Rc::new(Above {
            name: name.clone(),
            kind: kind.clone(),
            value: value.clone(),
            parent: Some(id),
        });
        let kids = kids.as_array().unwrap_or_default().iter().rev();
        open.extend(kids.map(|kid| (kid.clone(), std::rc::Rc::clone(&here))));
        found.push(Node { id, dictionary, name, kind, value, parent: above.parent });
    }
    Ok(found)
}
