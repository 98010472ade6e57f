//! What revocation lists say of a certificate (RFC 5280 §6.3.3).

use std::cmp::Reverse;

use x509_cert::ext::pkix::{CrlReason, crl::dp::ReasonFlags};

use super::{
    DEEPEST, Sources, Status, Unknown,
    crl::{Crl, Entry},
    is_trusted,
    scope::{all_reasons, reasons_told},
};
use crate::{domain::Timestamp, pki::Certificate};

pub(super) fn ask(
    certificate: &Certificate,
    issuer: &Certificate,
    sources: Sources<'_>,
    open: &[&[u8]],
) -> Status {
    let mut why = Unknown::NotCovered;
    let mut told = ReasonFlags::default();
    let mut shortest: Option<Timestamp> = None;
    let mut lists: Vec<_> = sources
        .lists()
        .filter(|list| list.is_understood() && list.base.is_none())
        .filter(|list| !reasons_told(list, certificate).is_empty())
        .collect();
    lists.sort_by_key(|list| Reverse(list.this_update));
    for list in lists {
        let reasons = reasons_told(list, certificate);
        if (reasons - told).is_empty() {
            continue;
        }
        let Some(signer) = signer_of(list, issuer, sources, open) else {
            why = why.max(Unknown::Signer);
            continue;
        };
        if !sources.is_proven(list.der()) {
            why = why.max(Unknown::NotProven);
            continue;
        }
        let delta = delta_of(list, signer, sources);
        let newest = delta.unwrap_or(list);
        let entry = match delta.and_then(|delta| delta.entry(certificate)) {
            Some(Entry { reason: Some(CrlReason::RemoveFromCRL), .. }) => None,
            Some(entry) => Some(entry),
            None => list.entry(certificate),
        };
        // One that was issued after the time in question is as good as any; RFC 5280 §5.1.2.5 wants
        // each to say until when it is the newest.
        let until = newest.next_update.unwrap_or(newest.this_update).max(newest.this_update);
        let is_stale = until < sources.at;
        // What was revoked later was good then; and only what is on hold can become good again.
        let holds = |entry: &Entry| !is_stale || entry.reason != Some(CrlReason::CertificateHold);
        if let Some(entry) = entry.filter(|entry| entry.since <= sources.at && holds(entry)) {
            return Status::Revoked(entry);
        }
        if is_stale {
            why = why.max(Unknown::Stale(until));
            continue;
        }
        told |= reasons;
        shortest = Some(shortest.map_or(until, |shortest| shortest.min(until)));
    }
    match shortest {
        Some(until) if told == all_reasons() => Status::Good { until },
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
            && sources.is_proven(delta.der())
            && sources.effort.take()
            && delta.verify_signed_by(signer).is_ok()
    };
    let deltas = sources.lists().filter(fits);
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
    open: &[&[u8]],
) -> Option<&'a Certificate> {
    let fits = |candidate: &&Certificate| {
        list.names(candidate.subject())
            && candidate.key_usage().is_none_or(|usage| usage.crl_sign())
            && sources.effort.take()
            && list.verify_signed_by(candidate).is_ok()
    };
    if let Some(issuer) = [issuer].into_iter().find(fits) {
        return Some(issuer);
    }
    let mut candidates = sources.others.iter().chain(&sources.trust.roots).filter(fits);
    // Where a list is the one that tells whether its own signer was revoked, that is what it is
    // asked for; everything else about the signer is being asked already.
    if open.iter().any(|one| std::ptr::eq(*one, list.der())) {
        return candidates.next();
    }
    if open.len() >= DEEPEST {
        return None;
    }
    let open: Vec<_> = open.iter().copied().chain([list.der()]).collect();
    candidates.find(|candidate| is_trusted(candidate, sources, &open))
}
