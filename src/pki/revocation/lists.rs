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
    let mut good = Vec::new();
    for list in sources.lists() {
        let reasons = reasons_told(list, certificate);
        if reasons.is_empty() || list.base.is_some() || !list.is_understood() {
            continue;
        }
        let Some(signer) = signer_of(list, issuer, sources, open) else {
            why = why.max(Unknown::Signer);
            continue;
        };
        // One that was issued after the time in question is as good as any; RFC 5280 §5.1.2.5 wants
        // each to say until when it is the newest.
        let until = list.next_update.unwrap_or(list.this_update).max(list.this_update);
        let deltas = deltas_of(list, signer, sources);
        // What one has as revoked counts whenever it was made; what makes good again does not.
        let proven = deltas.iter().copied().filter(|delta| sources.is_proven(delta.der()));
        let newest = proven.max_by_key(|delta| delta.this_update);
        let until = newest.and_then(|delta| delta.next_update).unwrap_or(until);
        let issued = newest.map_or(list.this_update, |delta| delta.this_update);
        let until = sources.fresh_until(issued, until);
        let said = |list: &Crl| list.entry(certificate).filter(|entry| entry.since <= sources.at);
        let released = newest.is_some_and(|delta| {
            let entry = delta.entry(certificate);
            entry.is_some_and(|entry| entry.reason == Some(CrlReason::RemoveFromCRL))
        });
        let entries = deltas.iter().copied().chain([list]).filter_map(said);
        for entry in entries.filter(|entry| entry.reason != Some(CrlReason::RemoveFromCRL)) {
            // Whoever signs a list, and whenever: what it has as revoked is so for ever. Only what is
            // on hold can become good again. What was revoked later was good then.
            if entry.reason != Some(CrlReason::CertificateHold) {
                return Status::Revoked(entry);
            }
            if until >= sources.at && !released {
                good.push((list.this_update, reasons, Some(entry)));
            }
        }
        if !sources.is_proven(list.der()) {
            why = why.max(Unknown::NotProven);
        } else if until < sources.at {
            why = why.max(Unknown::Stale(until));
        } else if !list.keeps(certificate) {
            why = why.max(Unknown::Ended);
        } else {
            good.push((list.this_update, reasons, None));
        }
    }
    conclude(good, why)
}

/// What lists tell together, the newest for each reason: nothing, or that it is on hold.
fn conclude(mut said: Vec<(Timestamp, ReasonFlags, Option<Entry>)>, why: Unknown) -> Status {
    said.sort_by_key(|(issued, _, what)| (Reverse(*issued), what.is_none()));
    let mut told = ReasonFlags::default();
    for (_, reasons, what) in said {
        if (reasons - told).is_empty() {
            continue;
        }
        match what {
            Some(entry) => return Status::Revoked(entry),
            None => told |= reasons,
        }
    }
    if told == all_reasons() {
        Status::Good
    } else if told.is_empty() {
        Status::Unknown(why)
    } else {
        Status::Unknown(Unknown::SomeReasons)
    }
}

/// The deltas that go with a complete list (RFC 5280 §6.3.3 c).
fn deltas_of<'a>(list: &Crl, signer: &Certificate, sources: Sources<'a>) -> Vec<&'a Crl> {
    let Some(number) = list.number.as_deref() else { return Vec::new() };
    let point = |list: &Crl| list.point.as_ref().map(|(_, bytes)| bytes.clone());
    let fits = |delta: &&Crl| {
        let base = delta.base.as_deref().is_some_and(|base| !is_less(number, base));
        let newer = delta.number.as_deref().is_some_and(|newer| is_less(number, newer));
        base && newer
            && delta.is_understood()
            && delta.names(&list.issuer)
            && point(delta) == point(list)
            && delta.authority_key == list.authority_key
            && sources.effort.take(delta.der().len())
            && delta.verify_signed_by(signer).is_ok()
    };
    sources.lists().filter(fits).collect()
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
            && sources.effort.take(list.der().len())
            && list.verify_signed_by(candidate).is_ok()
    };
    if let Some(issuer) = [issuer].into_iter().find(fits) {
        return Some(issuer);
    }
    let mut candidates = sources.others.iter().chain(&sources.trust.roots).filter(fits);
    // Where a list is the one that tells whether its own signer was revoked, that is what it is
    // asked for; everything else about the signer is being asked already.
    if open.contains(&list.der()) {
        return candidates.next();
    }
    if open.len() >= DEEPEST {
        return None;
    }
    let open: Vec<_> = open.iter().copied().chain([list.der()]).collect();
    let sources = Sources { at: sources.made(list.der()), ..sources };
    candidates.find(|candidate| is_trusted(candidate, sources, &open))
}
