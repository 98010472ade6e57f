//! Checks and what a conclusion needs of them beyond yes and no.

use crate::{
    domain::{
        Timestamp,
        report::{Check, CheckName, Consequence, Coverage},
    },
    pki::{algorithms::Verdict, path::PathError},
};

/// The answers to all questions about one signature.
pub(super) struct Answers {
    pub(super) checks: Vec<Check>,
    pub(super) coverage: Option<Coverage>,
    pub(super) path: Result<(), PathError>,
    /// The time that a good timestamp proves.
    pub(super) proven_time: Option<Timestamp>,
    /// When it was certainly not there yet: it holds a timestamp of that time.
    pub(super) made_after: Option<Timestamp>,
    /// Whether what was signed is not at hand.
    pub(super) signed_data_missing: bool,
    /// Whether digest, algorithm and key were strong enough.
    pub(super) strength: Verdict,
}

impl Answers {
    /// The answer to a question: yes, no, or not known; not known, too, where it was not asked.
    pub(super) fn get(&self, name: CheckName) -> Option<bool> {
        self.checks.iter().find(|check| check.name == name).and_then(|check| check.passed)
    }

    /// Whether the question was asked and the answer is no.
    pub(super) fn failed(&self, name: CheckName) -> bool {
        self.get(name) == Some(false)
    }

    /// Whether the question was asked and could not be answered.
    pub(super) fn unknown(&self, name: CheckName) -> bool {
        self.checks.iter().any(|check| check.name == name && check.passed.is_none())
    }
}

/// One answer.
pub(super) fn check(name: CheckName, passed: Option<bool>, detail: impl Into<String>) -> Check {
    Check { name, passed, consequence: Consequence::Fail, detail: detail.into() }
}
