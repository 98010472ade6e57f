//! Proof that policy allowed one act.

use serde::Serialize;

use crate::domain::Timestamp;

/// How a question was decided, for audit and problem documents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// The ids of the policies that decided; empty where none permitted.
    pub policies: Vec<String>,
    /// SHA-256 of the policy set, hexadecimal.
    pub policy_digest: String,
}

/// Proof that policy allowed one act. Only [`super::PolicySet::evaluate`] makes it; the act
/// consumes it.
#[must_use]
#[derive(Debug)]
pub struct Permit {
    decision: Decision,
    expires_at: Timestamp,
}

/// Policy said no.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("policy does not allow {action}")]
pub struct Denied {
    /// What was asked.
    pub action: &'static str,
    /// How it was decided.
    pub decision: Decision,
}

/// A permit is for now: seconds until it expires.
const LIFETIME: i64 = 30;

impl Permit {
    pub(super) fn new(decision: Decision, now: Timestamp) -> Self {
        Self { decision, expires_at: now.plus_seconds(LIFETIME) }
    }

    /// How it was decided, for an act that owns the permit and uses it up when it ends; `None` if
    /// the permit expired.
    pub fn decision(&self, now: Timestamp) -> Option<&Decision> {
        (now < self.expires_at).then_some(&self.decision)
    }

    /// Uses the permit up; `None` if it expired.
    pub fn consume(self, now: Timestamp) -> Option<Decision> {
        (now < self.expires_at).then_some(self.decision)
    }
}
