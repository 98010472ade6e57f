//! Whether a certificate is revoked, by what is at hand: revocation lists, complete, partial, delta
//! and indirect (RFC 5280 §6.3). Nothing is fetched here. What a list says counts only after the
//! path of its signer was validated to the same root.

mod crl;
mod scope;

pub use x509_cert::ext::pkix::CrlReason;

use super::{
    Certificate, TrustStore,
    path::{PolicyInputs, check_dates, check_rules, paths},
};
use crate::domain::Timestamp;
pub use crl::{Crl, Entry};
use scope::{all_reasons, reasons_told};
use x509_cert::ext::pkix::crl::dp::ReasonFlags;

/// How deep the signers of lists are asked for in turn.
const DEEPEST: usize = 4;

/// What is at hand says of a certificate, at a time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Status {
    /// It was not revoked.
    Good {
        /// When the oldest of what tells so was issued.
        this_update: Timestamp,
    },
    /// It was.
    Revoked(Entry),
    /// Nothing tells.
    Unknown(Unknown),
}

/// Why nothing tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unknown {
    /// Nothing at hand is about it.
    #[error("no revocation list at hand covers it")]
    NotCovered,
    /// Lists at hand are about it, but not for all reasons.
    #[error("the revocation lists at hand cover some reasons only")]
    SomeReasons,
    /// What is at hand should have been followed by something newer.
    #[error("the newest revocation list at hand is out of date since {0}")]
    Stale(Timestamp),
    /// Who signed what is at hand is not to be trusted with it.
    #[error("who signed the revocation list at hand may not do so: no good path leads from it")]
    Signer,
}

/// Whom and what to ask about certificates of one path.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Certificates at hand beside the roots.
    pub others: &'a [Certificate],
    /// The roots and the lists.
    pub trust: &'a TrustStore,
    /// The root at the end of the path.
    pub root: &'a Certificate,
    /// The time that is asked about.
    pub at: Timestamp,
}

/// The status of `certificate`, which `issuer` issued.
pub fn status(certificate: &Certificate, issuer: &Certificate, sources: Sources<'_>) -> Status {
    ask(certificate, issuer, sources, &[])
}

/// The same, where the signers of `open` lists are being asked about.
fn ask(
    certificate: &Certificate,
    issuer: &Certificate,
    sources: Sources<'_>,
    open: &[&Crl],
) -> Status {
    let mut why = Unknown::NotCovered;
    let mut told = ReasonFlags::default();
    let mut oldest: Option<Timestamp> = None;
    let mut lists: Vec<_> = sources
        .trust
        .crls
        .iter()
        .filter(|list| list.is_understood() && list.base.is_none())
        .filter(|list| !reasons_told(list, certificate).is_empty())
        .collect();
    lists.sort_by_key(|list| std::cmp::Reverse(list.this_update));
    for list in lists {
        let reasons = reasons_told(list, certificate);
        if (reasons - told).is_empty() {
            continue;
        }
        let Some(signer) = signer_of(list, issuer, sources, open) else {
            why = Unknown::Signer;
            continue;
        };
        let delta = delta_of(list, signer, sources);
        let newest = delta.unwrap_or(list);
        // One that was issued after the time in question is as good as any; RFC 5280 §5.1.2.5 wants
        // each to say until when it is the newest.
        let until = newest.next_update.unwrap_or(newest.this_update);
        if until < sources.at {
            why = Unknown::Stale(until);
            continue;
        }
        let entry = match delta.and_then(|delta| delta.entry(certificate)) {
            Some(Entry { reason: Some(CrlReason::RemoveFromCRL), .. }) => None,
            Some(entry) => Some(entry),
            None => list.entry(certificate),
        };
        // What was revoked later was good then.
        if let Some(entry) = entry.filter(|entry| entry.since <= sources.at) {
            return Status::Revoked(entry);
        }
        told |= reasons;
        oldest = Some(oldest.map_or(newest.this_update, |old| old.min(newest.this_update)));
    }
    match oldest {
        Some(this_update) if told == all_reasons() => Status::Good { this_update },
        Some(_) => Status::Unknown(Unknown::SomeReasons),
        None => Status::Unknown(why),
    }
}

/// The newest delta that goes with a complete list (RFC 5280 §6.3.3 c).
fn delta_of<'a>(list: &Crl, signer: &Certificate, sources: Sources<'a>) -> Option<&'a Crl> {
    let number = list.number.as_deref()?;
    let point = |list: &Crl| list.point.as_ref().map(|(_, bytes)| bytes.clone());
    let fits = |delta: &&Crl| {
        let base = delta.base.as_deref().is_some_and(|base| !is_less(number, base));
        let newer = delta.number.as_deref().is_some_and(|newer| is_less(number, newer));
        base && newer
            && delta.is_understood()
            && delta.names(&list.issuer)
            && point(delta) == point(list)
            && delta.authority_key == list.authority_key
            && delta.verify_signed_by(signer).is_ok()
    };
    let deltas = sources.trust.crls.iter().filter(fits);
    deltas.max_by_key(|delta| delta.this_update)
}

/// Of two numbers, big-endian without leading zeros.
fn is_less(a: &[u8], b: &[u8]) -> bool {
    (a.len(), a) < (b.len(), b)
}

/// The certificate whose key signed a list, where it may sign lists and is to be trusted: the issuer
/// on the path itself, or one that leads to the same root and is not revoked.
fn signer_of<'a>(
    list: &Crl,
    issuer: &'a Certificate,
    sources: Sources<'a>,
    open: &[&Crl],
) -> Option<&'a Certificate> {
    let fits = |candidate: &&Certificate| {
        list.names(candidate.subject())
            && candidate.key_usage().is_none_or(|usage| usage.crl_sign())
            && list.verify_signed_by(candidate).is_ok()
    };
    if let Some(issuer) = [issuer].into_iter().find(fits) {
        return Some(issuer);
    }
    let mut candidates = sources.others.iter().chain(&sources.trust.roots).filter(fits);
    // Where a list is the one that tells whether its own signer was revoked, that is what it is
    // asked for; everything else about the signer is being asked already.
    if open.iter().any(|one| std::ptr::eq(*one, list)) {
        return candidates.next();
    }
    if open.len() >= DEEPEST {
        return None;
    }
    let open: Vec<_> = open.iter().copied().chain([list]).collect();
    candidates.find(|candidate| is_trusted(candidate, sources, &open))
}

fn is_trusted(signer: &Certificate, sources: Sources<'_>, open: &[&Crl]) -> bool {
    paths(signer, sources.others, sources.trust).any(|path| {
        path.last().is_some_and(|root| root.der() == sources.root.der())
            && check_rules(&path, &PolicyInputs::default()).is_ok()
            && check_dates(&path, sources.at).is_ok()
            && path.windows(2).all(|pair| match pair {
                [one, above] => match ask(one, above, sources, open) {
                    Status::Good { .. } => true,
                    Status::Revoked(_) => false,
                    // A signer of lists whose own status nobody offers is as good as its issuer.
                    Status::Unknown(Unknown::NotCovered) => !one.names_revocation_source(),
                    Status::Unknown(_) => false,
                },
                _ => false,
            })
    })
}
