//! The form: its own dictionary, and the tree of its fields.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use super::{
    change::ChangeKind,
    field,
    page::Pages,
    pair::{Pair, direct_elements},
};
use crate::formats::pdf::{
    PdfError,
    fields::text,
    raw::{Dictionary, Document, Lexer, Object, ObjectId},
};

/// The most nodes of a field tree.
const MOST_NODES: usize = 50_000;
/// The most bytes of all names of fields together.
const MOST_LETTERS: usize = 16 << 20;
/// The most elements of all fields together.
const MOST_ELEMENTS: usize = 4 << 20;

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
    pub(super) name: Rc<str>,
    /// `/FT`, its own or inherited.
    pub(super) kind: Vec<u8>,
    /// Whether it has a `/T` of its own: it is a field, and not only a widget of one.
    pub(super) named: bool,
    /// `/V`, its own or inherited.
    pub(super) value: Rc<Object>,
    /// `/Ff`, its own or inherited.
    pub(super) flags: i64,
    /// The object that holds the reference to it; none where that is the form or its list.
    holder: Option<u32>,
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
    let (before, after) = (tree(pair.then, &a)?, tree(pair.now, &b)?);
    own_entries(pair, holder, &a, &b, &before)?;
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
    let list = b.get("Fields").as_reference().map_or(holder, |id| id.number);
    let names: HashSet<&str> = before.iter().map(|node| &*node.name).collect();
    for node in &after {
        let holder = node.holder.unwrap_or(list);
        pair.explain(
            Some(holder),
            &format!("field {}", node.id.number),
            &Object::Reference(node.id),
        );
        form.known.insert(node.id);
        match old.get(&node.id) {
            Some(was)
                if was.name != node.name || was.kind != node.kind || was.named != node.named =>
            {
                pair.other(format!("the form field {:?} has another name or kind", was.name));
            }
            Some(was) => field::compare(pair, was, node, pages)?,
            None if names.contains(&*node.name) => {
                pair.other(format!("another widget was put into the form field {:?}", node.name));
            }
            None => {
                let drawn = field::added(pair, node)?;
                form.new_widgets.insert(node.id, node.name.to_string());
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
    fields: &[Node],
) -> Result<(), PdfError> {
    pair.explain(Some(holder), "Fields", now.get("Fields"));
    let (a, b) = (pair.then.resolve(then.get("Fields"))?, pair.now.resolve(now.get("Fields"))?);
    if b != Object::Null && b.as_array().is_none() {
        pair.other("the fields of the form are no list");
    }
    let (a, b) = (direct_elements(&a), direct_elements(&b));
    pair.must_be_same("fields that are no objects of their own", &a, &b)?;
    let (a, b) = (pair.then.resolve(then.get("SigFlags"))?, pair.now.resolve(now.get("SigFlags"))?);
    let flags = |object: &Object| object.as_integer().unwrap_or(0);
    if flags(&a) & !flags(&b) != 0 || (b != Object::Null && b.as_integer().is_none()) {
        pair.other("the form no longer says that the document is signed");
    }
    const ANEW: &str = "NeedAppearances";
    let (a, b) = (pair.then.resolve(then.get(ANEW))?, pair.now.resolve(now.get(ANEW))?);
    let means = |object: &Object| *object == Object::Boolean(true);
    if means(&a) != means(&b) || (b != Object::Null && !matches!(b, Object::Boolean(_))) {
        pair.change(
            ChangeKind::FormFilling { field: String::new(), fresh: false },
            "whether readers make the looks of all fields anew was changed (NeedAppearances)",
        );
    }
    pair.explain(Some(holder), "DR", now.get("DR"));
    let used = default_looks(pair, then, fields)?;
    resources(pair, holder, then.get("DR"), now.get("DR"), &used)?;
    pair.rest_must_be_same("the form", then, now, &["Fields", "SigFlags", ANEW, "DR", "DA", "Q"])?;
    for key in ["DA", "Q"] {
        // What nothing said may be said now, if no field would be drawn by it.
        let label = format!("the form: entry /{key}");
        let drawn = fields.iter().any(|field| [&b"Tx"[..], b"Ch"].contains(&field.kind.as_slice()));
        let value = pair.now.resolve(now.get(key))?;
        let typed = matches!(value, Object::Null | Object::String(_) | Object::Integer(_));
        if then.has(key) || drawn || !typed {
            pair.must_be_same(&label, then.get(key), now.get(key))?;
        }
    }
    Ok(())
}

/// All names in default appearances `/DA`.
fn default_looks(
    pair: &mut Pair<'_, '_, '_>,
    form: &Dictionary,
    fields: &[Node],
) -> Result<HashSet<Vec<u8>>, PdfError> {
    let mut all = HashSet::new();
    let mut bytes = 0;
    for holder in fields.iter().map(|field| &field.dictionary).chain([form]) {
        let Object::String(look) = pair.then.resolve(holder.get("DA"))? else { continue };
        bytes += look.bytes.len();
        if bytes > MOST_LETTERS {
            return Err(PdfError::Limit("the form is too large to be compared".to_owned()));
        }
        let padded = [&look.bytes[..], b" "].concat();
        let mut lexer = Lexer::new(&padded, None);
        while lexer.position() < look.bytes.len() {
            match lexer.skip_space().and_then(|()| lexer.object()) {
                Ok(Object::Name(name)) => drop(all.insert(name)),
                Ok(_) => {}
                // An operator, or something that is none.
                Err(_) => lexer.skip_word(),
            }
        }
    }
    Ok(all)
}

/// Default resources may gain entries that nothing has asked for; those that were there stay what
/// they were.
fn resources(
    pair: &mut Pair<'_, '_, '_>,
    holder: u32,
    then: &Object,
    now: &Object,
    used: &HashSet<Vec<u8>>,
) -> Result<(), PdfError> {
    const KNOWN: [&str; 9] = [
        "Font",
        "XObject",
        "ExtGState",
        "Encoding",
        "ColorSpace",
        "Pattern",
        "Shading",
        "Properties",
        "ProcSet",
    ];
    let number = |object: &Object, above| object.as_reference().map_or(above, |id| id.number);
    let holder = number(now, holder);
    let value = pair.now.resolve(now)?;
    if !matches!(value, Object::Null | Object::Dictionary(_)) {
        pair.other("the form's resources are no dictionary");
    }
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
    for (key, is) in b.iter() {
        if !KNOWN.iter().any(|known| known.as_bytes() == key) && a.value(key) == &Object::Null {
            pair.other(format!("the form's resources: /{} was added", text(key)));
        }
        let before = dictionary(pair.then, a.value(key))?.unwrap_or_default();
        let after = dictionary(pair.now, is)?.unwrap_or_default();
        for (name, _) in after.iter().filter(|(name, _)| *before.value(name) == Object::Null) {
            if used.contains(name) {
                pair.other(format!("the form's resources: a field's own {} was added", text(name)));
            }
        }
    }
    Ok(())
}

/// Every node of the field tree that is an object of its own.
fn tree(document: &mut Document<'_>, form: &Dictionary) -> Result<Vec<Node>, PdfError> {
    struct Above {
        name: Rc<str>,
        kind: Vec<u8>,
        value: Rc<Object>,
        flags: i64,
    }
    let odd = || PdfError::damaged("the form holds something that is no field");
    let root = Rc::new(Above {
        name: "".into(),
        kind: Vec::new(),
        value: Rc::new(Object::Null),
        flags: 0,
    });
    let mut found: Vec<Node> = Vec::new();
    let mut seen = HashSet::new();
    let (mut letters, mut weight) = (0, 0);
    let fields = document.resolve(form.get("Fields"))?;
    let fields = fields.as_array().unwrap_or_default().iter().rev();
    let mut open: Vec<_> = fields.map(|node| (node.clone(), Rc::clone(&root), None)).collect();
    while let Some((node, above, holder)) = open.pop() {
        let Some(id) = node.as_reference() else { continue };
        if !seen.insert(id) {
            return Err(PdfError::damaged("the form holds a field twice"));
        }
        if seen.len() > MOST_NODES {
            return Err(PdfError::Limit("over 50000 form fields".to_owned()));
        }
        let dictionary = match document.object(id)? {
            Object::Dictionary(dictionary) => dictionary,
            Object::Null => continue,
            _ => return Err(odd()),
        };
        let part = document.resolve(dictionary.get("T"))?;
        let named = part.as_string().is_some();
        let name: Rc<str> = match part.as_string().map(|part| text(&part.bytes)) {
            Some(part) if above.name.is_empty() => part.into(),
            Some(part) => format!("{}.{part}", above.name).into(),
            None => Rc::clone(&above.name),
        };
        letters += if named { name.len() } else { 0 };
        weight += elements(&dictionary);
        if letters > MOST_LETTERS || weight > MOST_ELEMENTS {
            return Err(PdfError::Limit("the form is too large to be compared".to_owned()));
        }
        let kind = document.resolve(dictionary.get("FT"))?;
        let kind = kind.as_name().map_or_else(|| above.kind.clone(), <[u8]>::to_vec);
        let value = match dictionary.get("V") {
            Object::Null => Rc::clone(&above.value),
            own => Rc::new(own.clone()),
        };
        let flags = document.resolve(dictionary.get("Ff"))?.as_integer().unwrap_or(above.flags);
        let kids = document.resolve(dictionary.get("Kids"))?;
        let list = dictionary.get("Kids").as_reference().map_or(id.number, |list| list.number);
        let here = Rc::new(Above {
            name: Rc::clone(&name),
            kind: kind.clone(),
            value: Rc::clone(&value),
            flags,
        });
        let kids = kids.as_array().unwrap_or_default().iter().rev();
        open.extend(kids.map(|kid| (kid.clone(), Rc::clone(&here), Some(list))));
        found.push(Node { id, dictionary, name, kind, named, value, flags, holder });
    }
    Ok(found)
}

fn elements(dictionary: &Dictionary) -> usize {
    fn of(object: &Object) -> usize {
        match object {
            Object::Array(all) => 1 + all.iter().map(of).sum::<usize>(),
            Object::Dictionary(inner) | Object::Stream(inner, _) => elements(inner),
            _ => 1,
        }
    }
    1 + dictionary.iter().map(|(_, value)| of(value)).sum::<usize>()
}
