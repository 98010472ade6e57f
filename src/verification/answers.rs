//! Checks and what a conclusion needs of them beyond yes and no.

use crate::{
    domain::{
        Timestamp,
        report::{Check, Coverage},
    },
    pki::path::PathError,
};

/// The answers to all questions about one signature.
pub(super) struct Answers {
    pub(super) checks: Vec<Check>,
    pub(super) coverage: Option<Coverage>,
    pub(super) path: Result<(), PathError>,
    /// The time that a good timestamp proves.
    pub(super) proven_time: Option<Timestamp>,
}

impl Answers {
    /// The answer to a question: yes, no, or not known; not known, too, where it was not asked.
    pub(super) fn get(&self, name: &str) -> Option<bool> {
        self.checks.iter().find(|check| check.name == name).and_then(|check| check.passed)
    }

    /// Whether the question was asked and the answer is no.
    pub(super) fn failed(&self, name: &str) -> bool {
        self.get(name) == Some(false)
    }

    /// Whether the question was asked and could not be answered.
    pub(super) fn unknown(&self, name: &str) -> bool {
        self.checks.iter().any(|check| check.name == name && check.passed.is_none())
    }
}

/// One answer.
pub(super) fn check(name: &str, passed: Option<bool>, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), passed, detail: detail.into() }
}
