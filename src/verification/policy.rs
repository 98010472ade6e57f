//! Validation policies: what is asked of a signature beyond what no policy can waive. They are data,
//! `policies/validation/*.toml`; reading the files is left to others.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use const_oid::ObjectIdentifier;
use serde::Deserialize;

use crate::{
    crypto::{
        ForeignDigest, KeyFamily,
        digest::{hex, sha256},
    },
    domain::{
        Timestamp,
        report::{CheckName, Consequence, ModificationLevel, PolicyReport, TwoLanguages},
    },
    pki::{
        algorithms::{Algorithms, Until},
        path::PolicyInputs,
        validation::{Demands, StatusDemand},
    },
};

/// The policies that come with the program.
const BUNDLED: [&str; 3] = [
    include_str!("../../policies/validation/default.toml"),
    include_str!("../../policies/validation/cn-eseal.toml"),
    include_str!("../../policies/validation/en-319-102-1.toml"),
];

/// Questions that a policy can make milder; all others fail wherever the answer is not yes.
const MILDER: [CheckName; 11] = [
    CheckName::SignedAttributes,
    CheckName::AppearanceAfterSigning,
    CheckName::KeyUsage,
    CheckName::ProvenTime,
    CheckName::Timestamp,
    CheckName::ContentTimestamp,
    CheckName::SealTimestamp,
    CheckName::SealDates,
    CheckName::Times,
    CheckName::SignatureOnRecord,
    CheckName::ContentSeen,
];

/// Why a text is not a validation policy.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ValidationPolicyError {
    /// It is not as it should be.
    #[error("validation policy: {0}")]
    Malformed(String),
    /// It makes something milder that a signature stands and falls with.
    #[error("validation policy: the question {0} cannot be made milder")]
    NotToBeWaived(CheckName),
    /// Two policies have the same name.
    #[error("there are two validation policies with the name {0:?}")]
    Twice(String),
    /// There is none of this name.
    #[error("there is no validation policy {0:?}; there are {1}")]
    Unknown(String, String),
}

/// What is asked of a signature.
#[derive(Clone, Debug)]
pub struct ValidationPolicy {
    pub(super) report: PolicyReport,
    /// What is asked of the certificates of signers.
    pub(super) demands: Demands,
    /// What is asked of those of time-stamping authorities.
    pub(super) others_demands: Demands,
    /// What is asked of those of makers of seals, who state themselves when it was: nothing that was
    /// strong enough once is now.
    pub(super) maker_demands: Demands,
    /// What is strong enough, and until when.
    pub(super) algorithms: Algorithms,
    pub(super) times: TimeRules,
    pub(super) changes: ChangeRules,
    checks: BTreeMap<CheckName, Consequences>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TimeRules {
    /// Whether what has ended may be judged as of the time that the signer states.
    pub(super) believe_stated: bool,
    pub(super) clocks_differ_seconds: i64,
    pub(super) stamped_within_seconds: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ChangeRules {
    pub(super) at_most: ModificationLevel,
}

#[derive(Clone, Copy, Debug)]
struct Consequences {
    failed: Consequence,
    unknown: Consequence,
}

impl ValidationPolicy {
    /// SHA-256 of its text, hexadecimal.
    pub fn digest(&self) -> &str {
        &self.report.digest
    }

    /// The policy that is used where none is named.
    pub fn strict() -> Arc<Self> {
        #[expect(clippy::expect_used, reason = "the text is part of the program; a test reads it")]
        static STRICT: LazyLock<Arc<ValidationPolicy>> = LazyLock::new(|| {
            Arc::new(ValidationPolicy::from_toml(BUNDLED[0]).expect("the bundled policy"))
        });
        Arc::clone(&STRICT)
    }

    /// Reads a policy.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn from_toml(text: &str) -> Result<Self, ValidationPolicyError> {
        let malformed = |what: String| ValidationPolicyError::Malformed(what);
        let file: File = toml::from_str(text).map_err(|error| malformed(error.to_string()))?;
        let mut checks = BTreeMap::new();
        for (name, consequence) in file.checks {
            if !MILDER.contains(&name) {
                return Err(ValidationPolicyError::NotToBeWaived(name));
            }
            checks.insert(name, consequence.into());
        }
        let algorithms = file.algorithms.read().map_err(malformed)?;
        let Certificates { status, oldest_status_hours, policies } = file.certificates;
        let wanted: Result<Vec<_>, _> =
            policies.iter().map(|text| ObjectIdentifier::new(text)).collect();
        let wanted =
            wanted.map_err(|error| malformed(format!("certificates.policies: {error}")))?;
        let explicit = !wanted.is_empty();
        let demands = Demands {
            policies: PolicyInputs { wanted, explicit, ..PolicyInputs::default() },
            status: status.into(),
            oldest_status: oldest_status_hours.map(|hours| i64::from(hours) * 3600),
            algorithms: Some(algorithms.clone()),
        };
        let others_demands = Demands { policies: PolicyInputs::default(), ..demands.clone() };
        let maker_demands = Demands { algorithms: None, ..others_demands.clone() };
        let digest = hex(&sha256(text.as_bytes()));
        let report = PolicyReport { name: file.name, title: file.title, digest };
        let (times, changes) = (file.times, file.changes);
        Ok(Self {
            report,
            demands,
            others_demands,
            maker_demands,
            algorithms,
            times,
            changes,
            checks,
        })
    }

    /// What it means that a question is not answered with yes.
    pub(super) fn consequence(&self, name: CheckName, passed: Option<bool>) -> Consequence {
        let known = self.checks.get(&name);
        known.map_or(Consequence::Fail, |known| match passed {
            Some(_) => known.failed,
            None => known.unknown,
        })
    }
}

/// The validation policies at hand, by their names.
#[derive(Clone, Debug)]
pub struct ValidationPolicies(BTreeMap<String, Arc<ValidationPolicy>>);

impl ValidationPolicies {
    /// The name of the policy that is used where none is named.
    pub const DEFAULT: &'static str = "default";

    /// Those that come with the program, and others beside them or in their place.
    ///
    /// # Errors
    /// A text is not a policy, or two of `others` have the same name.
    pub fn with<'a>(
        others: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ValidationPolicyError> {
        let mut all = BTreeMap::new();
        for text in BUNDLED {
            let policy = ValidationPolicy::from_toml(text)?;
            all.insert(policy.report.name.clone(), Arc::new(policy));
        }
        let mut own = Vec::new();
        for text in others {
            let policy = ValidationPolicy::from_toml(text)?;
            let name = policy.report.name.clone();
            if own.contains(&name) {
                return Err(ValidationPolicyError::Twice(name));
            }
            own.push(name.clone());
            all.insert(name, Arc::new(policy));
        }
        Ok(Self(all))
    }

    /// The policy of a name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(&self, name: &str) -> Result<Arc<ValidationPolicy>, ValidationPolicyError> {
        self.0.get(name).cloned().ok_or_else(|| {
            let all: Vec<_> = self.0.keys().map(String::as_str).collect();
            ValidationPolicyError::Unknown(name.to_owned(), all.join(", "))
        })
    }

    /// The names and titles of all.
    pub fn list(&self) -> impl Iterator<Item = &PolicyReport> {
        self.0.values().map(|policy| &policy.report)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    title: TwoLanguages,
    certificates: Certificates,
    times: TimeRules,
    changes: ChangeRules,
    algorithms: AlgorithmTables,
    #[serde(default)]
    checks: BTreeMap<CheckName, OneOrBoth>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Certificates {
    status: Status,
    oldest_status_hours: Option<u32>,
    #[serde(default)]
    policies: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Always,
    WhereOffered,
    Never,
}

impl From<Status> for StatusDemand {
    fn from(status: Status) -> Self {
        match status {
            Status::Always => Self::Always,
            Status::WhereOffered => Self::WhereOffered,
            Status::Never => Self::Never,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlgorithmTables {
    digests: BTreeMap<String, String>,
    keys: BTreeMap<KeyFamily, BTreeMap<String, String>>,
}

impl AlgorithmTables {
    fn read(self) -> Result<Algorithms, String> {
        let mut all = Algorithms::default();
        for (name, until) in self.digests {
            if !ForeignDigest::ALL.iter().any(|digest| digest.as_str() == name) {
                return Err(format!("algorithms.digests: {name:?} is not known"));
            }
            all.digests.insert(name, read_until(&until)?);
        }
        for (family, sizes) in self.keys {
            let sizes: Result<BTreeMap<_, _>, String> = sizes
                .into_iter()
                .map(|(bits, until)| {
                    let bits =
                        bits.parse().map_err(|_| format!("{bits:?} is no number of bits"))?;
                    Ok((bits, read_until(&until)?))
                })
                .collect();
            all.keys.insert(family, sizes?);
        }
        Ok(all)
    }
}

/// `always`, or a day, of which the last second counts.
fn read_until(text: &str) -> Result<Until, String> {
    if text == "always" {
        return Ok(Until::Always);
    }
    let moment = Timestamp::parse(&format!("{text}T23:59:59Z"));
    let moment = moment.map_err(|_| format!("{text:?} is neither a day nor \"always\""))?;
    Ok(Until::Moment(moment))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrBoth {
    One(Consequence),
    Both(Both),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    failed: Consequence,
    unknown: Consequence,
}

impl From<OneOrBoth> for Consequences {
    fn from(given: OneOrBoth) -> Self {
        match given {
            OneOrBoth::One(one) => Self { failed: one, unknown: one },
            OneOrBoth::Both(Both { failed, unknown }) => Self { failed, unknown },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_policies_are_read_and_named_with_their_digest() {
        let all = ValidationPolicies::with([]).unwrap();
        let names: Vec<_> = all.list().map(|policy| policy.name.as_str()).collect();
        assert_eq!(names, ["cn-eseal", "default", "en-319-102-1"]);
        let digest = hex(&sha256(BUNDLED[0].as_bytes()));
        assert_eq!(all.named("default").unwrap().report.digest, digest);
        assert!(matches!(all.named("mild"), Err(ValidationPolicyError::Unknown(..))));
    }

    #[test]
    fn what_a_signature_stands_and_falls_with_cannot_be_made_milder() {
        for name in ["digest", "signature", "coverage", "revocation", "certificate-chain"] {
            let text = BUNDLED[0].replace("proven-time =", &format!("{name} ="));
            let error = ValidationPolicy::from_toml(&text).unwrap_err();
            assert!(matches!(error, ValidationPolicyError::NotToBeWaived(_)), "{name}: {error}");
        }
    }

    #[test]
    fn nothing_in_a_policy_is_passed_over() {
        let wrong = [
            ("status = \"where-offered\"", "status = \"sometimes\""),
            ("sm3 = \"always\"", "sm4 = \"always\""),
            ("2048 = \"always\"", "2048 = \"2030-13-31\""),
            ("2048 = \"always\"", "many = \"always\""),
            ("policies = []", "policies = [\"x\"]"),
            ("proven-time = \"inform\"", "no-such-question = \"inform\""),
            ("believe-stated = false", "believe-stated = false\nbelieve = true"),
        ];
        for (from, to) in wrong {
            let text = BUNDLED[0].replacen(from, to, 1);
            assert_ne!(text, BUNDLED[0]);
            assert!(ValidationPolicy::from_toml(&text).is_err(), "{to}");
        }
        assert!(matches!(
            ValidationPolicies::with([BUNDLED[1], BUNDLED[1]]),
            Err(ValidationPolicyError::Twice(_))
        ));
    }
}
