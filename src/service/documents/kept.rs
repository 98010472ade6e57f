//! Outcomes of verifications, kept for a while: who asks again about the same document, by the same
//! policy, gets the same answer, which says of what time it is. What the register of seals says is never
//! kept.

use quick_cache::{Weighter, sync::Cache};

use crate::{
    crypto::digest::sha256,
    domain::{Timestamp, report::Report},
    pki::revocation::Crl,
    verification::{Material, Options, Outcome},
};

/// How many bytes are kept at most.
const MOST_BYTES: u64 = 64 << 20;
/// About how many outcomes that is.
const ABOUT: usize = 8192;

/// What an outcome depends on beside the time: the document, a signature beside it, the policy, and the
/// newest revocation lists of the built-in CA. Whom the service trusts else is the same while it runs.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct OutcomeKey([u8; 32]);

impl OutcomeKey {
    /// About a document with this SHA-256.
    pub(super) fn about(document: &[u8], newest: &[Crl], options: &Options) -> Self {
        let mut all = sha256(document).to_vec();
        all.extend(options.signature.as_deref().map_or([0; 32], sha256));
        all.extend(sha256(options.policy.digest().as_bytes()));
        newest.iter().for_each(|list| all.extend(sha256(list.der())));
        Self(sha256(&all))
    }
}

#[derive(Clone)]
struct Kept {
    at: Timestamp,
    report: std::sync::Arc<[u8]>,
    values: Vec<Option<Vec<u8>>>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<OutcomeKey, Kept> for Bytes {
    fn weight(&self, _: &OutcomeKey, kept: &Kept) -> u64 {
        let values: usize = kept.values.iter().flatten().map(Vec::len).sum();
        (size_of::<Kept>() + kept.report.len() + values) as u64
    }
}

/// Outcomes of verifications.
pub(in crate::service) struct KeptOutcomes {
    seconds: i64,
    all: Cache<OutcomeKey, Kept, Bytes>,
}

impl KeptOutcomes {
    /// Keeps each for so many seconds; for none nothing is kept.
    pub(in crate::service) fn new(seconds: u32) -> Self {
        Self { seconds: i64::from(seconds), all: Cache::with_weighter(ABOUT, MOST_BYTES, Bytes) }
    }

    /// What was answered not long ago.
    pub(super) fn get(&self, asked: OutcomeKey, now: Timestamp) -> Option<Outcome> {
        let kept = self.all.get(&asked)?;
        let age = now.as_seconds() - kept.at.as_seconds();
        if !(0..self.seconds).contains(&age) {
            return None;
        }
        let report = serde_json::from_slice(&kept.report).ok()?;
        let signature_values = kept.values;
        Some(Outcome { report, signature_values, material: Material::default() })
    }

    /// Keeps an answer, unless it may be another at the next try: something could not be had, drawn or
    /// read.
    pub(super) fn keep(&self, asked: OutcomeKey, outcome: &Outcome) {
        let Report { fetched, verified_at, detail, signatures, .. } = &outcome.report;
        let not_had = fetched.iter().any(|one| one.error.is_some());
        let looks = signatures.iter().filter_map(|one| one.appearance.as_ref());
        let not_drawn = looks.into_iter().any(|look| look.detail.is_some());
        if self.seconds == 0 || not_had || not_drawn || detail.is_some() {
            return;
        }
        if let Ok(report) = serde_json::to_vec(&outcome.report) {
            let values = outcome.signature_values.clone();
            self.all.insert(asked, Kept { at: *verified_at, report: report.into(), values });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            report::{Fetched, FetchedKind},
            source::Source,
        },
        verification::verify,
    };

    #[test]
    fn an_answer_is_kept_for_its_time_and_only_for_the_same_question() {
        let now = Timestamp::from_seconds(1_000_000);
        let options = Options::trusting_nobody(now);
        let licence = include_bytes!("../../../test-vectors/samples/licence.pdf");
        let mut outcome = verify(&Source::memory(licence.to_vec()), &options);
        let asked = OutcomeKey::about(b"digest", &[], &options);
        let kept = KeptOutcomes::new(60);
        kept.keep(asked, &outcome);
        let report = |now| kept.get(asked, now).map(|outcome| outcome.report);
        assert_eq!(report(now.plus_seconds(59)), Some(outcome.report.clone()));
        assert_eq!(report(now.plus_seconds(60)), None);
        assert_eq!(report(now.plus_seconds(-1)), None);
        let beside = Options { signature: Some(Vec::new()), ..options.clone() };
        for other in [
            OutcomeKey::about(b"another", &[], &options),
            OutcomeKey::about(b"digest", &[], &beside),
        ] {
            assert!(kept.get(other, now).is_none());
        }
        let none = KeptOutcomes::new(0);
        none.keep(asked, &outcome);
        assert!(none.get(asked, now).is_none());
        let failed =
            Fetched { url: String::new(), kind: FetchedKind::Crl, error: Some(String::new()) };
        outcome.report.fetched.push(failed);
        let other = OutcomeKey::about(b"another", &[], &options);
        kept.keep(other, &outcome);
        assert!(kept.get(other, now).is_none());
    }
}
