//! What OCSP responders say of a certificate (RFC 6960), and who may answer.

use const_oid::{
    ObjectIdentifier,
    db::{rfc5280::ID_KP_OCSP_SIGNING, rfc6960::ID_PKIX_OCSP_NOCHECK},
};
use x509_cert::ext::pkix::CrlReason;

use super::{
    DEEPEST, Entry, Sources, Status, Unknown, is_trusted,
    ocsp::{Known, OcspResponse},
};
use crate::{domain::Timestamp, pki::Certificate};

/// How long an answer counts that does not say so: the responder has newer ones all the time (RFC
/// 6960 §4.2.2.1), seconds.
const LASTS: i64 = 3600;

pub(super) fn ask(
    certificate: &Certificate,
    issuer: &Certificate,
    sources: Sources<'_>,
    open: &[&[u8]],
) -> Status {
    let mut found = Status::Unknown(Unknown::NotCovered);
    let mut newest: Option<Timestamp> = None;
    for response in &sources.evidence.responses {
        let Some(answer) = response.answer(certificate, issuer) else { continue };
        let until = answer.next_update.unwrap_or_else(|| answer.this_update.plus_seconds(LASTS));
        let is_stale = until < sources.at;
        let said = match answer.status {
            _ if !may_answer(response, issuer, sources, open) => Err(Unknown::Signer),
            _ if !sources.is_proven(response.der()) => Err(Unknown::NotProven),
            Known::Unknown => Err(Unknown::NotKnown),
            // What was revoked later was good then; and only what is on hold can become good again.
            Known::Revoked(entry)
                if entry.since <= sources.at && (!is_stale || is_final(entry)) =>
            {
                Ok(Status::Revoked(entry))
            }
            Known::Revoked(_) | Known::Good if is_stale => Err(Unknown::Stale(until)),
            Known::Revoked(_) | Known::Good => Ok(Status::Good { until }),
        };
        match (said, &mut found) {
            // That is for ever.
            (Ok(status @ Status::Revoked(entry)), _) if is_final(entry) => return status,
            (Ok(status), _) if newest.is_none_or(|newest| newest < answer.this_update) => {
                newest = Some(answer.this_update);
                found = status;
            }
            (Ok(_), _) => {}
            (Err(why), Status::Unknown(before)) => *before = why.max(*before),
            (Err(_), _) => {}
        }
    }
    found
}

fn is_final(entry: Entry) -> bool {
    entry.reason != Some(CrlReason::CertificateHold)
}

/// Whether it is by the issuer itself, or by whom the issuer has made its responder (RFC 6960
/// §4.2.2.2).
fn may_answer(
    response: &OcspResponse,
    issuer: &Certificate,
    sources: Sources<'_>,
    open: &[&[u8]],
) -> bool {
    if response.is_by(issuer, sources.effort) {
        return true;
    }
    let candidates = response.certificates.iter().chain(sources.others);
    let mut responders = candidates.filter(|candidate| {
        let usages = candidate.extended_key_usage().unwrap_or_default();
        usages.contains(&ID_KP_OCSP_SIGNING)
            && candidate.is_valid_at(response.produced_at)
            && response.is_by(candidate, sources.effort)
            && sources.effort.take()
            && candidate.verify_signed_by(issuer).is_ok()
    });
    responders.any(|responder| {
        let never_asked = |(id, _): (ObjectIdentifier, bool)| id == ID_PKIX_OCSP_NOCHECK;
        if responder.extension_ids().any(never_asked) {
            return true;
        }
        if open.len() >= DEEPEST || open.iter().any(|one| std::ptr::eq(*one, response.der())) {
            return false;
        }
        let open: Vec<_> = open.iter().copied().chain([response.der()]).collect();
        is_trusted(responder, Sources { at: response.produced_at, ..sources }, &open)
    })
}
