//! Certification paths (RFC 5280 §6) without revocation: finding them from a certificate up to a
//! trusted root, the rules for what certificates may stand above others, and the dates.

mod build;
mod rules;

use const_oid::ObjectIdentifier;

use super::Certificate;
use crate::domain::Timestamp;
pub use build::{paths, paths_even_weak};
pub use rules::check as check_rules;

/// Why a path is not good.
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
        /// Whether it is the certificate asked about, and is known not to have been revoked until it
        /// ended.
        not_revoked: bool,
    },
    /// A certificate, or the key of the one above it, is not strong enough.
    #[error("the certificate of {subject} was signed with {what}, which {}", no_longer(*until))]
    TooWeak {
        /// Whose.
        subject: String,
        /// The digest or the key.
        what: String,
        /// Until when it was enough, if it ever was.
        until: Option<Timestamp>,
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
    /// A name lies outside of what the issuers above may certify (RFC 5280 §4.2.1.10).
    #[error("{0} is a name that the issuers above it may not certify")]
    NameNotPermitted(String),
    /// The policies of the path (RFC 5280 §4.2.1.4) do not contain one that is asked for, by us or
    /// by a certificate of the path.
    #[error("{0} is not issued under a policy that is asked for")]
    PolicyNotMet(String),
    /// A certificate does not say clearly what it says.
    #[error("the certificate of {0} is malformed")]
    Malformed(String),
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
    /// A certificate of the path is on hold (`certificateHold`): revoked for the time being.
    #[error("{subject} is on hold since {at}")]
    OnHold {
        /// Whose.
        subject: String,
        /// Since when.
        at: Timestamp,
    },
    /// A certificate names a revocation source, and nothing at hand tells its status.
    #[error("the revocation status of {subject} is not known: {why}")]
    RevocationUnknown {
        /// Whose.
        subject: String,
        /// What is missing.
        why: String,
    },
}

impl PathError {
    /// How far a path came: what fails later is told rather than what fails earlier.
    pub(super) fn stage(&self) -> u8 {
        match self {
            Self::NoTrustedRoot => 0,
            Self::Malformed(_)
            | Self::NotAnIssuer(_)
            | Self::CriticalExtension { .. }
            | Self::NameNotPermitted(_)
            | Self::PolicyNotMet(_) => 1,
            Self::OutOfDates { .. } => 2,
            Self::TooWeak { .. } => 3,
            Self::Revoked { .. } => 4,
            Self::OnHold { .. } => 5,
            Self::RevocationUnknown { .. } => 6,
        }
    }
}

/// That something is not strong enough at a time, in words.
pub fn no_longer(until: Option<Timestamp>) -> String {
    match until {
        Some(until) => format!("is not strong enough since {until}"),
        None => "is not strong enough".to_owned(),
    }
}

/// What is asked of the policies of a path (RFC 5280 §6.1.1 c, e to g). By default any will do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PolicyInputs {
    /// The policies of which one is wanted; none for any.
    pub wanted: Vec<ObjectIdentifier>,
    /// Whether there has to be one, whatever the certificates say.
    pub explicit: bool,
    /// Whether policies may not be mapped to others.
    pub inhibit_mapping: bool,
    /// Whether `anyPolicy` counts for none.
    pub inhibit_any: bool,
}

/// Whether every certificate of a path is valid at a time.
///
/// # Errors
/// [`PathError::OutOfDates`] for the first that is not.
pub fn check_dates(path: &[&Certificate], at: Timestamp) -> Result<(), PathError> {
    match path.iter().find(|certificate| !certificate.is_valid_at(at)) {
        None => Ok(()),
        Some(certificate) => Err(out_of_dates(certificate)),
    }
}

/// That a certificate is not valid at a time.
pub(super) fn out_of_dates(certificate: &Certificate) -> PathError {
    PathError::OutOfDates {
        subject: certificate.subject().to_string(),
        from: certificate.not_before(),
        until: certificate.not_after(),
        not_revoked: false,
    }
}
