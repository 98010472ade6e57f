//! The list of signatures, Signatures.xml (GB/T 33190 §18.1). It is the one part that may have to
//! stay open to change, so it is read strictly: nothing may stand in it that another reader could
//! take for something.

use std::collections::BTreeSet;

use roxmltree::Node;

use super::{
    OfdError, Package,
    inspect::locate,
    xml::{self, attribute, children, is_ofd},
};

/// The most signatures of a package.
pub(super) const MOST_SIGNATURES: usize = 64;
/// The largest list, bytes.
const LARGEST: u64 = 1 << 20;

/// An entry of the list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Listed {
    pub(super) id: String,
    /// Whether it is called a seal; else a plain signature.
    pub(super) is_seal: bool,
    /// The path of its Signature.xml.
    pub(super) path: String,
}

/// The bytes of a list.
pub(super) fn read_bytes(package: &Package<'_>, list: &str) -> Result<Vec<u8>, OfdError> {
    package.read_up_to(list, LARGEST)
}

/// Reads the entries of a list.
pub(super) fn read(
    package: &Package<'_>,
    list: &str,
    root: Node<'_, '_>,
) -> Result<Vec<Listed>, OfdError> {
    let damaged = |what: &str| OfdError::Damaged(format!("{list} {what}"));
    if root.tag_name().name() != "Signatures" || !is_ofd(root) {
        return Err(damaged("is no list of signatures"));
    }
    for part in root.children() {
        let known = ["MaxSignId", "Signature"].contains(&part.tag_name().name());
        let blank = part.text().is_none_or(|text| text.trim().is_empty());
        if (part.is_element() && !known) || (part.is_text() && !blank) || part.is_pi() {
            return Err(damaged("holds something else than signatures"));
        }
    }
    let mut all: Vec<Listed> = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in children(root, "Signature")? {
        let known = ["ID", "Type", "BaseLoc", "Relative"];
        let strange = entry.attributes().any(|attribute| !known.contains(&attribute.name()));
        if strange
            || entry.children().any(|part| !part.is_text())
            || !xml::own_text(entry)?.is_empty()
        {
            return Err(damaged("has an entry with something else in it"));
        }
        let location = attribute(entry, "BaseLoc")?.unwrap_or_default();
        let path = locate(package, list, &location)?;
        let id = attribute(entry, "ID")?.unwrap_or_default();
        if !seen.insert(path.clone()) || all.iter().any(|other| other.id == id) {
            return Err(damaged("names a signature twice"));
        }
        let is_seal = match attribute(entry, "Type")?.as_deref() {
            None | Some("Seal") => true,
            Some("Sign") => false,
            Some(_) => return Err(damaged("has an entry of an unknown type")),
        };
        all.push(Listed { id, is_seal, path });
        if all.len() > MOST_SIGNATURES {
            return Err(OfdError::Limit("over 64 signatures".to_owned()));
        }
    }
    Ok(all)
}
