//! What OCSP responders say of a certificate (RFC 6960), and who may answer.

use const_oid::{
    ObjectIdentifier,
    db::{rfc5280::ID_KP_OCSP_SIGNING, rfc6960::ID_PKIX_OCSP_NOCHECK},
};
use x509_cert::ext::pkix::CrlReason;

use super::{
    DEEPEST, Entry, Sources, Status, Unknown, is_trusted, leads_to_root,
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
    let mut why = Unknown::NotCovered;
    let mut found: Option<(Timestamp, Status)> = None;
    for response in &sources.evidence.responses {
        let mut answers = response.answers(certificate, issuer).peekable();
        if answers.peek().is_none() {
            continue;
        }
        if !may_answer(response, issuer, sources, open) {
            why = why.max(Unknown::Signer);
            continue;
        }
        for answer in answers {
            let until =
                answer.next_update.unwrap_or_else(|| answer.this_update.plus_seconds(LASTS));
            let until = sources.fresh_until(answer.this_update, until);
            let said = match answer.status {
                // That is for ever, whenever it was said. What was revoked later was good then; and
                // only what is on hold can become good again.
                Known::Revoked(entry) if entry.since <= sources.at && is_final(entry) => {
                    return Status::Revoked(entry);
                }
                _ if !sources.is_proven(response.der()) => Err(Unknown::NotProven),
                _ if until < sources.at => Err(Unknown::Stale(until)),
                Known::Unknown => Err(Unknown::NotKnown),
                Known::Revoked(entry) if entry.since <= sources.at => Ok(Status::Revoked(entry)),
                _ if !answer.keeps(certificate) => Err(Unknown::Ended),
                Known::Revoked(_) | Known::Good => Ok(Status::Good),
            };
            match said {
                Err(reason) => why = why.max(reason),
                Ok(status) if found.as_ref().is_none_or(|(at, _)| *at < answer.this_update) => {
                    found = Some((answer.this_update, status));
                }
                Ok(_) => {}
            }
        }
    }
    found.map_or(Status::Unknown(why), |(_, status)| status)
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
    let made = sources.made(response.der());
    let candidates = response.certificates.iter().chain(sources.others);
    let mut responders = candidates.filter(|candidate| {
        let usages = candidate.extended_key_usage().unwrap_or_default();
        // Whoever has the key of a responder that has ended may say when he says it.
        usages.contains(&ID_KP_OCSP_SIGNING)
            && candidate.not_before() <= response.produced_at
            && candidate.is_valid_at(made)
            && response.is_by(candidate, sources.effort)
            && sources.effort.take(candidate.der().len())
            && candidate.verify_signed_by(issuer).is_ok()
    });
    responders.any(|responder| {
        let never_asked = |(id, _): (ObjectIdentifier, bool)| id == ID_PKIX_OCSP_NOCHECK;
        let sources = Sources { at: made, ..sources };
        if responder.extension_ids().any(never_asked) {
            return leads_to_root(responder, sources);
        }
        if open.len() >= DEEPEST || open.contains(&response.der()) {
            return false;
        }
        let open: Vec<_> = open.iter().copied().chain([response.der()]).collect();
        is_trusted(responder, sources, &open)
    })
}
