//! Validating a certificate: a path that keeps the rules, valid at the time, with nothing revoked.

use super::{
    Certificate, TrustStore,
    path::{PathError, PolicyInputs, check_dates, check_rules, paths},
    revocation::{self, CrlReason, Sources, Status},
};
use crate::domain::Timestamp;

/// Of which certificates the status must be known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum StatusDemand {
    /// Of all but the root.
    Always,
    /// Of those that say where it can be asked; that others do not is their issuer's choice.
    #[default]
    WhereOffered,
    /// Of none: a certificate fresh from its authority need not be covered yet. What is known to be
    /// revoked is, all the same.
    Never,
}

/// What is asked of a path beside trust and time.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// Of its policies.
    pub policies: PolicyInputs,
    /// Of revocation.
    pub status: StatusDemand,
}

impl Demands {
    /// What is asked of a certificate fresh from its authority.
    pub fn fresh() -> Self {
        Self { status: StatusDemand::Never, ..Self::default() }
    }
}

/// Finds a good path from `leaf` to a root of `trust`, at a time, with the help of `others`. It is
/// returned leaf first.
///
/// # Errors
/// Why there is none: of several paths the reason of the one that came furthest.
pub fn validate(
    leaf: &Certificate,
    others: &[Certificate],
    trust: &TrustStore,
    at: Timestamp,
    demands: &Demands,
) -> Result<Vec<Certificate>, PathError> {
    let mut furthest = PathError::NoTrustedRoot;
    for path in paths(leaf, others, trust) {
        match check(&path, others, trust, at, demands) {
            Ok(()) => return Ok(path.into_iter().cloned().collect()),
            Err(error) if error.stage() >= furthest.stage() => furthest = error,
            Err(_) => {}
        }
    }
    Err(furthest)
}

fn check(
    path: &[&Certificate],
    others: &[Certificate],
    trust: &TrustStore,
    at: Timestamp,
    demands: &Demands,
) -> Result<(), PathError> {
    check_rules(path, &demands.policies)?;
    check_dates(path, at)?;
    let Some(root) = path.last() else { return Ok(()) };
    let sources = Sources { others, trust, root, at };
    // Not knowing the status of one certificate excuses nothing else.
    let mut unknown = None;
    for (depth, pair) in path.windows(2).enumerate() {
        let [certificate, issuer] = pair else { continue };
        let subject = certificate.subject().to_string();
        match revocation::status(certificate, issuer, sources) {
            Status::Good { .. } => {}
            Status::Revoked(entry) if entry.reason == Some(CrlReason::CertificateHold) => {
                return Err(PathError::OnHold { subject, at: entry.since });
            }
            Status::Revoked(entry) => {
                return Err(PathError::Revoked { subject, at: entry.since, leaf: depth == 0 });
            }
            Status::Unknown(why) => {
                let asked = match demands.status {
                    StatusDemand::Always => true,
                    StatusDemand::WhereOffered => certificate.names_revocation_source(),
                    StatusDemand::Never => false,
                };
                if asked {
                    let why = why.to_string();
                    unknown.get_or_insert(PathError::RevocationUnknown { subject, why });
                }
            }
        }
    }
    unknown.map_or(Ok(()), Err)
}
