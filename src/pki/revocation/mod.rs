//! Whether a certificate is revoked, by what is at hand: revocation lists, complete, partial, delta
//! and indirect (RFC 5280 §6.3), and answers of OCSP responders (RFC 6960). Nothing is fetched here.
//! What somebody says counts only after his right to say it was shown.

mod answers;
mod crl;
mod lists;
mod ocsp;
mod request;
mod scope;

use x509_cert::time::Time;

pub use x509_cert::ext::pkix::CrlReason;

use super::{
    Certificate, TrustStore,
    certificate::timestamp,
    effort::Effort,
    path::{PolicyInputs, check_dates, check_rules, paths},
    proofs::Proofs,
    tlv::Tlv,
};
use crate::domain::Timestamp;
pub use crl::{Crl, Entry};
use der::Decode;
pub use ocsp::OcspResponse;
pub use request::ocsp_request;
use scope::reasons_told;

/// How deep those who speak of revocation are asked about in turn.
const DEEPEST: usize = 4;

/// Revocation information that came with a document, or was fetched for it.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Revocation lists.
    pub crls: Vec<Crl>,
    /// Answers of OCSP responders.
    pub responses: Vec<OcspResponse>,
}

/// What is at hand says of a certificate, at a time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Status {
    /// It was not revoked.
    Good,
    /// It was.
    Revoked(Entry),
    /// Nothing tells.
    Unknown(Unknown),
}

/// Why nothing tells.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, thiserror::Error)]
pub enum Unknown {
    /// Nothing at hand is about it.
    #[error("nothing at hand tells it")]
    NotCovered,
    /// What is at hand could have been made by whoever had the key after it was no longer to be
    /// trusted.
    #[error("nothing proves that what is at hand was made while its signer was to be trusted")]
    NotProven,
    /// What is at hand was issued when the certificate had ended, and need not tell any more that it
    /// was revoked.
    #[error("what is at hand is from after its end")]
    Ended,
    /// Who signed what is at hand is not to be trusted with it.
    #[error("who signed what is at hand may not do so: no good path leads from it")]
    Signer,
    /// The responder does not know the certificate.
    #[error("the responder does not know the certificate")]
    NotKnown,
    /// Lists at hand are about it, but not for all reasons.
    #[error("the revocation lists at hand cover some reasons only")]
    SomeReasons,
    /// What is at hand should have been followed by something newer.
    #[error("the newest at hand is out of date since {0}")]
    Stale(Timestamp),
}

/// Whom and what to ask about certificates of one path.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Certificates at hand beside the roots.
    pub others: &'a [Certificate],
    /// The roots, and the lists that were given with them.
    pub trust: &'a TrustStore,
    /// What else is at hand.
    pub evidence: &'a Evidence,
    /// The root at the end of the path.
    pub root: &'a Certificate,
    /// The time that is asked about.
    pub at: Timestamp,
    /// How old what tells it may be, seconds.
    pub oldest: Option<i64>,
    /// What may still be spent on it.
    pub effort: &'a Effort,
    /// Until when the signers may have made what is at hand, and what proves when it existed; where
    /// it is not given, they are to be trusted at any time.
    pub proven_by: Option<(&'a Proofs, Timestamp)>,
}

impl<'a> Sources<'a> {
    fn lists(&self) -> impl Iterator<Item = &'a Crl> {
        self.trust.crls.iter().chain(&self.evidence.crls)
    }

    /// Until when something counts that was issued then.
    fn fresh_until(&self, issued: Timestamp, until: Timestamp) -> Timestamp {
        self.oldest.map_or(until, |seconds| until.min(issued.plus_seconds(seconds)))
    }

    /// When something was made at the latest.
    fn made(&self, der: &[u8]) -> Timestamp {
        self.proven_by.map_or(self.at, |(proofs, _)| proofs.existed(der))
    }

    /// Whether something existed in time.
    fn is_proven(&self, der: &[u8]) -> bool {
        self.proven_by.is_none_or(|(proofs, until)| proofs.existed(der) <= until)
    }
}

/// The status of `certificate`, which `issuer` issued.
pub fn status(certificate: &Certificate, issuer: &Certificate, sources: Sources<'_>) -> Status {
    ask(certificate, issuer, sources, &[])
}

/// What is at hand about a certificate that `issuer` issued.
pub fn about<'a>(
    certificate: &Certificate,
    issuer: &Certificate,
    trust: &'a TrustStore,
    evidence: &'a Evidence,
) -> (Vec<&'a Crl>, Vec<&'a OcspResponse>) {
    let lists = trust.crls.iter().chain(&evidence.crls);
    let lists = lists.filter(|list| !reasons_told(list, certificate).is_empty());
    let answers = evidence.responses.iter();
    let answers = answers.filter(|one| one.answers(certificate, issuer).next().is_some());
    (lists.collect(), answers.collect())
}

/// The same, while the signers of what is `open` are being asked about.
fn ask(
    certificate: &Certificate,
    issuer: &Certificate,
    sources: Sources<'_>,
    open: &[&[u8]],
) -> Status {
    let by_lists = lists::ask(certificate, issuer, sources, open);
    let by_answers = answers::ask(certificate, issuer, sources, open);
    match (by_lists, by_answers) {
        (Status::Revoked(entry), _) | (_, Status::Revoked(entry)) => Status::Revoked(entry),
        (Status::Good, _) | (_, Status::Good) => Status::Good,
        (Status::Unknown(a), Status::Unknown(b)) => Status::Unknown(a.max(b)),
    }
}

/// Whether a certificate leads to the same root and is not revoked, so that what it signed counts.
fn is_trusted(signer: &Certificate, sources: Sources<'_>, open: &[&[u8]]) -> bool {
    paths(signer, sources.others, sources.trust, sources.effort).any(|path| {
        path.last().is_some_and(|root| root.der() == sources.root.der())
            && check_rules(&path, &PolicyInputs::default()).is_ok()
            && check_dates(&path, sources.at).is_ok()
            && path.windows(2).all(|pair| match pair {
                [one, above] => match ask(one, above, sources, open) {
                    Status::Good => true,
                    Status::Revoked(_) => false,
                    // One whose own status nobody offers is as good as its issuer.
                    Status::Unknown(Unknown::NotCovered) => !one.names_revocation_source(),
                    Status::Unknown(_) => false,
                },
                _ => false,
            })
    })
}

/// Whether a certificate leads to the same root, by the rules.
fn leads_to_root(signer: &Certificate, sources: Sources<'_>) -> bool {
    let rules = PolicyInputs::default();
    let mut all = paths(signer, sources.others, sources.trust, sources.effort);
    all.any(|path| {
        path.last().is_some_and(|root| root.der() == sources.root.der())
            && check_rules(&path, &rules).is_ok()
    })
}

/// `UTCTime` or `GeneralizedTime`.
fn time(value: Tlv<'_>) -> Option<Timestamp> {
    Time::from_der(value.raw).ok().map(|time| timestamp(&time))
}
