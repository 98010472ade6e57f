//! Lists of seals 印章清单: what a row says, for taking a stock of seals in and giving it out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A row of a list of seals, as CSV column by column or as a JSON object. The same rows go out and
/// come in.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealRow {
    /// The owner's unified social credit code.
    pub uscc: String,
    /// The kind of seal.
    #[schema(example = "legal-name")]
    pub kind: String,
    /// The name on it.
    pub name: String,
    /// Its public code; empty for one of this register's own scheme.
    #[serde(default)]
    pub code: String,
    /// active, suspended, lost, revoked, expired or invalidated; empty for active.
    #[serde(default)]
    pub state: String,
    /// Since when it is in that state; empty for now.
    #[serde(default)]
    pub state_since: String,
    /// The cause of a revocation.
    #[serde(default)]
    pub cause: String,
    /// First moment of validity, RFC 3339.
    pub valid_from: String,
    /// Last moment of validity, RFC 3339.
    pub valid_until: String,
    /// Its certificate, PEM or base64 of DER; empty where it is not known.
    #[serde(default)]
    pub certificate: String,
}

/// What is wrong with a row.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Fault {
    /// The row, from 1; the heading of CSV is not counted.
    pub row: u64,
    /// The column.
    pub column: String,
    /// What is wrong, as a word.
    pub code: String,
    /// What is wrong, in words.
    pub detail: String,
}

/// What became of a list.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct ImportReport {
    /// How many rows there are.
    pub rows: u64,
    /// How many seals were taken in; none at a dry run.
    pub imported: u64,
    /// Whether it was a dry run.
    pub dry_run: bool,
    /// What is wrong, row by row, at most 1000 faults.
    pub faults: Vec<Fault>,
    /// How many faults there are in all.
    pub fault_count: u64,
}
