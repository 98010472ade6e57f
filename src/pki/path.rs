//! Certification paths, first form: names, signatures, dates, CA bits, path length, revocation
//! lists at hand. A certificate with a critical extension that is not understood here (policies
//! and name constraints among them) is "cannot judge", never "good".

use const_oid::db::rfc5280;

use super::{Certificate, TrustStore, crl::Status};
use crate::{crypto::VerifyError, domain::Timestamp};

/// Paths longer than this are not searched.
const LONGEST: usize = 8;

/// The most certificates of a signature that are considered.
const MOST_CANDIDATES: usize = 64;
/// The most signatures of certificates that are verified in one search.
const MOST_VERIFICATIONS: usize = 256;

/// Why no path was found to be good.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PathError {
    /// No path leads to a trusted root.
    #[error("no path leads from the certificate to a trusted root")]
    NoTrustedRoot,
    /// A certificate of the path was not valid at the time.
    #[error("{subject} is valid from {from} to {until} only")]
    OutOfDates {
        /// Whose.
        subject: String,
        /// First moment of validity.
        from: Timestamp,
        /// Last moment of validity.
        until: Timestamp,
    },
    /// A certificate stands as an issuer though it is none, or above too long a path.
    #[error("{0} may not issue the certificate below it")]
    NotAnIssuer(String),
    /// A critical extension is not understood.
    #[error("{subject} has the critical extension {extension}, which is not evaluated here")]
    CriticalExtension {
        /// Whose.
        subject: String,
        /// Its object identifier.
        extension: String,
    },
    /// A certificate of the path was revoked.
    #[error("{subject} was revoked at {at}")]
    Revoked {
        /// Whose.
        subject: String,
        /// Since when.
        at: Timestamp,
        /// Whether it is the certificate asked about, not one of its issuers.
        leaf: bool,
    },
    /// A certificate names a revocation source, and no list at hand tells its status.
    #[error("the revocation status of {0} is not known: no revocation list at hand covers it")]
    RevocationUnknown(String),
}

/// Finds and checks a path from `leaf` to a root of `trust`, at a time, with the help of `others`.
/// The path is returned leaf first.
///
/// # Errors
/// The first reason why the path is not good. Where several paths exist, the reason of the last.
pub fn validate(
    leaf: &Certificate,
    others: &[Certificate],
    trust: &TrustStore,
    at: Timestamp,
) -> Result<Vec<Certificate>, PathError> {
    search(leaf, others, trust, at, false)
}

/// As [`validate`], where a certificate whose status no list at hand tells is as good as any other: a
/// certificate fresh from its authority need not be covered yet.
///
/// # Errors
/// As [`validate`].
pub fn validate_fresh(
    leaf: &Certificate,
    others: &[Certificate],
    trust: &TrustStore,
    at: Timestamp,
) -> Result<Vec<Certificate>, PathError> {
    search(leaf, others, trust, at, true)
}

fn search(
    leaf: &Certificate,
    others: &[Certificate],
    trust: &TrustStore,
    at: Timestamp,
    fresh: bool,
) -> Result<Vec<Certificate>, PathError> {
    let mut last = PathError::NoTrustedRoot;
    let mut open = vec![vec![leaf.clone()]];
    // The count of steps bounds the search in a thicket of cross-certificates.
    let mut verifications = 0;
    for _ in 0..256 {
        let Some(path) = open.pop() else { break };
        let Some(tip) = path.last() else { break };
        if trust.contains(tip) {
            match check(&path, trust, at) {
                Ok(()) => return Ok(path),
                Err(PathError::RevocationUnknown(_)) if fresh => return Ok(path),
                Err(reason) => last = reason,
            }
            continue;
        }
        if path.len() == LONGEST {
            continue;
        }
        for candidate in others.iter().take(MOST_CANDIDATES).chain(&trust.roots) {
            let named = candidate.subject() == tip.issuer()
                && !path.iter().any(|known| known.der() == candidate.der());
            if !named || verifications >= MOST_VERIFICATIONS {
                continue;
            }
            verifications += 1;
            let fits = tip.verify_signed_by(candidate) == Ok::<(), VerifyError>(());
            if fits {
                open.push(path.iter().chain([candidate]).cloned().collect());
            }
        }
    }
    Err(last)
}

fn check(path: &[Certificate], trust: &TrustStore, at: Timestamp) -> Result<(), PathError> {
    // Not knowing the status of one certificate excuses nothing else.
    let mut unknown = None;
    for (depth, certificate) in path.iter().enumerate() {
        let subject = certificate.subject().to_string();
        if !certificate.is_valid_at(at) {
            return Err(PathError::OutOfDates {
                subject,
                from: certificate.not_before(),
                until: certificate.not_after(),
            });
        }
        if depth > 0 && !may_issue(certificate, path.get(1..depth).unwrap_or_default()) {
            return Err(PathError::NotAnIssuer(subject));
        }
        if let Some(extension) = unknown_critical(certificate) {
            return Err(PathError::CriticalExtension { subject, extension });
        }
        if let Some(issuer) = path.get(depth + 1) {
            match check_revocation(certificate, issuer, depth == 0, trust, at) {
                Err(error @ PathError::RevocationUnknown(_)) => {
                    unknown.get_or_insert(error);
                }
                other => other?,
            }
        }
    }
    unknown.map_or(Ok(()), Err)
}

fn check_revocation(
    certificate: &Certificate,
    issuer: &Certificate,
    leaf: bool,
    trust: &TrustStore,
    at: Timestamp,
) -> Result<(), PathError> {
    let subject = certificate.subject().to_string();
    let mut known = false;
    for status in trust.crls.iter().filter_map(|crl| crl.status(certificate, issuer, at)) {
        match status {
            Status::Revoked(since) => {
                return Err(PathError::Revoked { subject, at: since, leaf });
            }
            Status::Good => known = true,
        }
    }
    // A certificate that names no source offers no status to anybody; that is its issuer's choice.
    if known || !certificate.names_revocation_source() {
        Ok(())
    } else {
        Err(PathError::RevocationUnknown(subject))
    }
}

/// Whether a certificate may stand above `between` intermediates (RFC 5280 §6.1.4 k to n).
fn may_issue(certificate: &Certificate, between: &[Certificate]) -> bool {
    let Some(constraints) = certificate.basic_constraints() else { return false };
    let intermediates = between.iter().filter(|c| !c.is_self_issued()).count();
    let short_enough =
        constraints.path_len_constraint.is_none_or(|longest| intermediates <= usize::from(longest));
    let signs = certificate.key_usage().is_none_or(|usage| usage.key_cert_sign());
    constraints.ca && short_enough && signs
}

fn unknown_critical(certificate: &Certificate) -> Option<String> {
    const KNOWN: [const_oid::ObjectIdentifier; 3] =
        [rfc5280::ID_CE_BASIC_CONSTRAINTS, rfc5280::ID_CE_KEY_USAGE, rfc5280::ID_CE_EXT_KEY_USAGE];
    certificate
        .extension_ids()
        .find(|(id, critical)| *critical && !KNOWN.contains(id))
        .map(|(id, _)| id.to_string())
}
