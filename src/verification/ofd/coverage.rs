//! What of a package each signature protects, and what not.

use std::collections::BTreeSet;

use super::Facts;
use crate::{
    domain::report::{Check, CheckName, Coverage},
    formats::ofd::Inspection,
    verification::answers::check,
};

/// What a signature leaves open.
pub(super) struct Covered {
    pub(super) coverage: Coverage,
    /// Parts that are not protected, beside what has to be open.
    pub(super) uncovered: Vec<String>,
    /// What looks like a signature, stands in no list and was protected: it was taken out.
    removed: Vec<String>,
    /// Others that look like signatures and stand in no list.
    stray: Vec<String>,
}

/// The files that a signature consists of. A seal beside it counts only where it is the very seal
/// that it was signed with: anything could be called a seal.
fn own<'a>(facts: &'a Facts<'_>) -> Vec<&'a str> {
    let found = facts.found;
    let mut own = vec![found.path.as_str(), found.value_path.as_str()];
    let same = found.seal_file.as_ref().filter(|(_, content)| {
        facts.seal().is_some_and(|signature| signature.seal.raw == *content)
    });
    own.extend(same.map(|(path, _)| path.as_str()));
    own
}

/// What every signature leaves open, in their order.
pub(super) fn covered(inspection: &Inspection, all: &[Facts<'_>]) -> Vec<Covered> {
    let owned: BTreeSet<&str> = all.iter().flat_map(own).collect();
    all.iter()
        .map(|facts| {
            let found = facts.found;
            let of_itself = own(facts);
            let mut uncovered = Vec::new();
            let mut is_followed = false;
            for file in &inspection.files {
                let open = inspection.lists.contains(file) || of_itself.contains(&file.as_str());
                if open || found.protected.contains(file) {
                    continue;
                }
                if owned.contains(file.as_str()) {
                    is_followed = true;
                } else {
                    uncovered.push(file.clone());
                }
            }
            let coverage = if !uncovered.is_empty() || found.parts.is_empty() {
                Coverage::Partial
            } else if is_followed {
                Coverage::EarlierRevision
            } else {
                Coverage::WholeFile
            };
            let (removed, stray) = inspection
                .unlisted
                .iter()
                .cloned()
                .partition(|file| found.protected.contains(file));
            Covered { coverage, uncovered, removed, stray }
        })
        .collect()
}

impl Covered {
    pub(super) fn check(&self) -> Check {
        const NAME: CheckName = CheckName::Coverage;
        match self.coverage {
            Coverage::WholeFile => {
                check(NAME, Some(true), "every part of the document is protected")
            }
            Coverage::EarlierRevision => check(
                NAME,
                Some(true),
                "every part of the document is protected but the signatures that came after",
            ),
            Coverage::Partial => check(
                NAME,
                None,
                format!(
                    "these parts are not protected, and could be changed unnoticed 未受保护: {}",
                    self.uncovered.join(", ")
                ),
            ),
        }
    }

    /// Whether the list names every signature that is there.
    pub(super) fn list_check(&self) -> Check {
        const NAME: CheckName = CheckName::SignatureList;
        if !self.removed.is_empty() {
            let removed = self.removed.join(", ");
            let text = format!("an earlier signature was taken out of the list: {removed}");
            return check(NAME, Some(false), text);
        }
        if !self.stray.is_empty() {
            let stray = self.stray.join(", ");
            let text = format!("what looks like a signature stands in no list: {stray}");
            return check(NAME, None, text);
        }
        check(NAME, Some(true), "the list names every signature that is there")
    }
}
