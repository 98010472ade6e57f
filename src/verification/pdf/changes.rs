//! Which changes after a signature are allowed (ISO 32000-2 §12.8.2.2, §12.8.2.4). What nobody has
//! allowed and nobody has forbidden is not known, and never a pass.

use crate::{
    domain::report::{Check, CheckName, Modification, ModificationKind, ModificationLevel},
    formats::pdf::{Change, ChangeKind, History, Permissions},
    verification::answers::check,
};

/// The question whose answer is given here.
/// What is to be said of the time after a signature.
pub(super) struct Judged {
    pub(super) check: Check,
    pub(super) level: Option<ModificationLevel>,
    pub(super) modifications: Vec<Modification>,
    /// Whether there is more than signatures, timestamps and data for validation.
    pub(super) beyond_signing: bool,
}

/// Judges what came after a signature; `Ok(None)` where the file ends with it. `signed` are the
/// fields whose signatures are verified as well, `at_most` is how far the validation policy lets a
/// file be changed by what its own rules allow.
pub(super) fn judge(
    history: Result<Option<&History>, &str>,
    signed: &[&str],
    at_most: ModificationLevel,
) -> Judged {
    let mut judged = judge_by_rules(history, signed);
    if let Some(level) = judged.level.filter(|level| *level > at_most)
        && judged.check.passed == Some(true)
    {
        let text = format!(
            "changed after signing as the file itself allows: {level}; the validation policy \
             allows no more than: {at_most}"
        );
        judged.check = check(CheckName::ChangesAfterSigning, None, text);
    }
    judged
}

fn judge_by_rules(history: Result<Option<&History>, &str>, signed: &[&str]) -> Judged {
    let unknown = |why: &str| Judged {
        check: check(CheckName::ChangesAfterSigning, None, why),
        level: None,
        modifications: Vec::new(),
        beyond_signing: false,
    };
    match history {
        Err(why) => unknown(why),
        Ok(None) => Judged {
            check: check(
                CheckName::ChangesAfterSigning,
                Some(true),
                "nothing was added after signing",
            ),
            level: Some(ModificationLevel::None),
            modifications: Vec::new(),
            beyond_signing: false,
        },
        Ok(Some(history)) => judge_history(history, signed),
    }
}

fn kind(of: &ChangeKind) -> ModificationKind {
    match of {
        ChangeKind::Metadata => ModificationKind::Metadata,
        ChangeKind::Validation => ModificationKind::ValidationData,
        ChangeKind::Timestamp { .. } => ModificationKind::DocumentTimestamp,
        ChangeKind::Signature { .. } => ModificationKind::Signature,
        ChangeKind::FormFilling { .. } => ModificationKind::FormFilling,
        ChangeKind::Annotation(_) => ModificationKind::Annotation,
        ChangeKind::Other => ModificationKind::Other,
    }
}

fn judge_history(history: &History, signed: &[&str]) -> Judged {
    let changes = &history.difference.changes;
    let mut modifications: Vec<_> = changes
        .iter()
        .map(|change| Modification {
            kind: kind(&change.kind),
            what: change.what.clone(),
            allowed: is_allowed(&change.kind, &history.permissions, signed),
        })
        .collect();
    if !history.belongs {
        modifications.push(Modification {
            kind: ModificationKind::Other,
            what:
                "the revision that the signature covers does not have the signature in this field"
                    .to_owned(),
            allowed: Some(false),
        });
    }
    modifications.extend(history.findings.iter().map(|finding| Modification {
        kind: ModificationKind::Other,
        what: format!("at byte {}: {}", finding.offset, finding.what),
        allowed: Some(false),
    }));
    if let Some(why) = &history.difference.unclear {
        let kind = ModificationKind::Other;
        modifications.push(Modification { kind, what: why.clone(), allowed: None });
    }
    let level = level(history);
    let first = |verdict: Option<bool>| modifications.iter().find(|m| m.allowed == verdict);
    let answer = if let Some(forbidden) = first(Some(false)) {
        check(
            CheckName::ChangesAfterSigning,
            Some(false),
            format!("changed after signing: {}", forbidden.what),
        )
    } else if let Some(unclear) = first(None) {
        let what = &unclear.what;
        check(
            CheckName::ChangesAfterSigning,
            None,
            format!("whether a change after signing is harmless is open: {what}"),
        )
    } else {
        let certified = history.permissions.certified();
        let by = certified.map_or(String::new(), |p| format!(" by the certification (level {p})"));
        let text = match level {
            Some(ModificationLevel::None) => "nothing was changed after signing".to_owned(),
            Some(level) => format!("changed after signing as is allowed{by}: {level}"),
            None => return unknown_level(modifications),
        };
        check(CheckName::ChangesAfterSigning, Some(true), text)
    };
    let beyond_signing = changes.iter().any(|change| {
        !matches!(
            change.kind,
            ChangeKind::Metadata
                | ChangeKind::Validation
                | ChangeKind::Timestamp { .. }
                | ChangeKind::Signature { .. }
        )
    });
    Judged { check: answer, level, modifications, beyond_signing }
}

fn unknown_level(modifications: Vec<Modification>) -> Judged {
    let check = check(
        CheckName::ChangesAfterSigning,
        None,
        "what was changed after signing cannot be told",
    );
    Judged { check, level: None, modifications, beyond_signing: true }
}

fn is_allowed(kind: &ChangeKind, permissions: &Permissions, verified: &[&str]) -> Option<bool> {
    let level = permissions.certified();
    match kind {
        ChangeKind::Metadata | ChangeKind::Validation => Some(true),
        ChangeKind::Timestamp { field } => Some(verified.contains(&field.as_str())),
        // What says that it is a signature must be one that is verified.
        ChangeKind::Signature { field, signed: true, .. }
            if !verified.contains(&field.as_str()) =>
        {
            Some(false)
        }
        ChangeKind::Signature { field, new, visible, .. } => {
            let drawn_anew = *new && *visible && level.is_some();
            Some(!permissions.locks(field) && !drawn_anew && level.is_none_or(|p| p >= 2))
        }
        ChangeKind::FormFilling { field, fresh } => {
            if permissions.locks(field) || level.is_some_and(|p| p < 2) {
                return Some(false);
            }
            fresh.then_some(true)
        }
        ChangeKind::Annotation(annotation) => {
            if level.is_some_and(|p| p < 3) {
                return Some(false);
            }
            annotation.harmless.then_some(true)
        }
        ChangeKind::Other => Some(false),
    }
}

/// The level of all changes together; none where the analysis is not complete.
fn level(history: &History) -> Option<ModificationLevel> {
    if history.difference.unclear.is_some() {
        return None;
    }
    if !history.findings.is_empty() || !history.belongs {
        return Some(ModificationLevel::Other);
    }
    let of = |change: &Change| match change.kind {
        ChangeKind::Metadata | ChangeKind::Validation | ChangeKind::Timestamp { .. } => {
            ModificationLevel::LongTermValidation
        }
        ChangeKind::Signature { .. } | ChangeKind::FormFilling { .. } => {
            ModificationLevel::FormFilling
        }
        ChangeKind::Annotation(_) => ModificationLevel::Annotations,
        ChangeKind::Other => ModificationLevel::Other,
    };
    Some(history.difference.changes.iter().map(of).max().unwrap_or(ModificationLevel::None))
}
