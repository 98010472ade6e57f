//! What a document brings along for the time when its certificates have ended: validation data, and
//! the document timestamps that prove since when it was there (ETSI EN 319 102-1 §5.6).

use std::cmp::Reverse;

use super::facts::{Blob, Facts};
use crate::{
    containers::timestamp::TimestampToken,
    domain::{Timestamp, source::ReadAt},
    formats::pdf::{self, Gap, ValidationData},
    pki::{
        Certificate,
        revocation::{Crl, Evidence, OcspResponse},
    },
    verification::{Options, standing::Known},
};

/// The most certificates of the document that are considered.
const MOST_CERTIFICATES: usize = 256;
/// The most document timestamps, from the last one, that are asked what they prove.
const MOST_STAMPS: usize = 32;

/// Reads the validation data of the file, and takes from its document timestamps, the last first, what
/// they prove.
pub(super) fn gather(
    source: &dyn ReadAt,
    facts: &[Facts<'_>],
    options: &Options,
) -> (Known, Stamps) {
    let mut data = pdf::validation_data(source, None).unwrap_or_default();
    for pieces in [&mut data.certificates, &mut data.crls, &mut data.responses] {
        pieces.sort_unstable();
        pieces.dedup();
    }
    let certificates = data.certificates.iter().filter_map(|der| Certificate::from_der(der).ok());
    let certificates = certificates.take(MOST_CERTIFICATES).collect();
    let evidence = Evidence {
        crls: data.crls.iter().filter_map(|der| Crl::from_der(der)).collect(),
        responses: data.responses.iter().filter_map(|der| OcspResponse::from_der(der)).collect(),
    };
    let mut good = Stamps(Vec::new());
    let mut known = Known::new(certificates, evidence, options.at);
    let mut stamps: Vec<_> = facts.iter().filter_map(stamp).collect();
    stamps.sort_by_key(|(gap, _)| Reverse(gap.end_of_range));
    for (gap, token) in stamps.into_iter().take(MOST_STAMPS) {
        if known.judge_token(token, options).is_ok() {
            let data = pdf::validation_data(source, Some(gap)).unwrap_or_default();
            prove(&mut known, &data, gap, facts, token.info.at);
            good.0.push((gap, token.info.at));
        }
    }
    (known, good)
}

/// The good document timestamps of a file.
pub(super) struct Stamps(Vec<(Gap, Timestamp)>);

impl Stamps {
    /// When a signature was certainly not there yet: it covers a timestamp of that time.
    pub(super) fn made_after(&self, facts: &Facts<'_>) -> Option<Timestamp> {
        let own = facts.found.gap.ok()?;
        let covered = |(stamp, _): &&(Gap, Timestamp)| {
            stamp.end_of_range < own.end_of_range
                && (stamp.end <= own.start || stamp.start >= own.end)
        };
        self.0.iter().filter(covered).map(|(_, at)| *at).max()
    }
}

/// Everything within a revision existed when it was stamped.
fn prove(known: &mut Known, data: &ValidationData, stamp: Gap, facts: &[Facts<'_>], at: Timestamp) {
    let ValidationData { certificates, crls, responses } = data;
    certificates.iter().chain(crls).for_each(|der| known.proofs.add(der, at));
    for response in responses.iter().filter_map(|der| OcspResponse::from_der(der)) {
        known.proofs.add(response.der(), at);
    }
    // What stands in the gap of the stamp itself was filled in later.
    let is_within = |facts: &&Facts<'_>| {
        facts.found.gap.is_ok_and(|gap| {
            gap.end_of_range < stamp.end_of_range
                && (gap.end <= stamp.start || gap.start >= stamp.end)
        })
    };
    for facts in facts.iter().filter(is_within) {
        facts.value().into_iter().for_each(|value| known.proofs.add(value, at));
        let mut certificates: Vec<_> = facts.others().iter().chain(&facts.certificate).collect();
        let stamped = facts.timestamp.as_ref().and_then(|token| token.as_ref().ok());
        let own = match &facts.blob {
            Ok(Blob::Timestamp(token)) => Some(token.as_ref()),
            _ => None,
        };
        for token in stamped.into_iter().chain(own) {
            known.proofs.add(&token.der, at);
            certificates.extend(std::iter::once(&token.certificate).chain(&token.others));
        }
        certificates.into_iter().for_each(|one| known.proofs.add(one.der(), at));
    }
}

/// The gap of a document timestamp that is over what it says, and the token.
fn stamp<'f>(facts: &'f Facts<'_>) -> Option<(Gap, &'f TimestampToken)> {
    let Ok(Blob::Timestamp(token)) = &facts.blob else { return None };
    let gap = facts.found.gap.ok()?;
    let holds = facts.digest_matches == Some(true) && facts.found.ends_a_revision;
    holds.then_some((gap, token))
}
