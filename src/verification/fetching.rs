//! Getting what tells the status of certificates and is not at hand. Whoever asks hands in who goes;
//! what comes is kept until the next one is due, and counts only after its signer was shown to be right.

use std::{collections::HashSet, sync::Arc};

use quick_cache::{OptionsBuilder, Weighter, sync::Cache};

use crate::{
    crypto::digest::sha256,
    domain::{
        Clock, Timestamp,
        report::{Fetched, FetchedKind},
    },
    pki::{
        Certificate, bundle,
        revocation::{Crl, Evidence, OcspResponse, ocsp_request},
    },
};

/// The most that is fetched for one document.
const MOST_ERRANDS: usize = 16;
/// For how long things are fetched for one document, seconds.
const LONGEST: i64 = 20;
/// How long something counts as current that does not say so, seconds.
const LASTS: i64 = 3600;
/// How long nobody tries again after a failure, seconds.
const RESTS: i64 = 60;
/// About how many things are kept, and how many bytes of them at most.
const MOST_KEPT: usize = 10_000;
const MOST_BYTES: u64 = 256 << 20;
/// For how long something is kept at most, whatever it says, seconds: who signed it is not known yet.
const LONGEST_KEPT: i64 = 86_400;

/// Something to be fetched.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Errand {
    /// Where.
    pub url: String,
    /// The question to an OCSP responder; without it the resource itself is wanted.
    pub question: Option<Vec<u8>>,
    /// What it is.
    pub kind: FetchedKind,
}

/// Who goes; in words why there is nothing.
pub type Go = dyn Fn(&Errand) -> Result<Vec<u8>, String> + Send + Sync;

/// Who fetches, and what was fetched.
pub struct Fetching {
    go: Box<Go>,
    clock: Arc<dyn Clock>,
    /// Whether certificates of issuers are fetched, from where a certificate says that nobody trusts
    /// yet.
    issuers: bool,
    kept: Cache<[u8; 32], Kept, Bytes>,
}

#[derive(Clone)]
struct Kept {
    until: Timestamp,
    what: Result<Arc<[u8]>, String>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<[u8; 32], Kept> for Bytes {
    fn weight(&self, _: &[u8; 32], kept: &Kept) -> u64 {
        (size_of::<Kept>() + kept.what.as_ref().map_or(0, |bytes| bytes.len())) as u64
    }
}

impl std::fmt::Debug for Fetching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetching").field("issuers", &self.issuers).finish_non_exhaustive()
    }
}

impl Fetching {
    /// Somebody who fetches by `go`.
    pub fn new(go: Box<Go>, clock: Arc<dyn Clock>, issuers: bool) -> Self {
        // In one piece, so that the largest list finds room.
        let room = OptionsBuilder::new()
            .estimated_items_capacity(MOST_KEPT)
            .weight_capacity(MOST_BYTES)
            .shards(1)
            .build();
        let kept = match room {
            Ok(room) => Cache::with_options(room, Bytes, Default::default(), Default::default()),
            Err(_) => Cache::with_weighter(MOST_KEPT, MOST_BYTES, Bytes),
        };
        Self { go, clock, issuers, kept }
    }

    /// Whether certificates of issuers are fetched.
    pub(super) fn fetches_issuers(&self) -> bool {
        self.issuers
    }

    /// Fetches, or takes what was fetched before and is not followed by a newer one yet.
    fn get(&self, errand: &Errand) -> Result<Arc<[u8]>, String> {
        let question = errand.question.as_deref().unwrap_or_default();
        let kind = [errand.kind as u8, 0];
        let key = sha256(&[&kind, errand.url.as_bytes(), &[0], question].concat());
        let now = self.clock.now();
        if let Some(kept) = self.kept.get(&key).filter(|kept| kept.until > now) {
            return kept.what;
        }
        let what = (self.go)(errand).map(Arc::from);
        let until = match &what {
            Ok(bytes) => match follower(errand, bytes, now) {
                Some(until) => until.min(now.plus_seconds(LONGEST_KEPT)),
                // What cannot be read is not worth keeping.
                None => return what,
            },
            Err(_) => now.plus_seconds(RESTS),
        };
        self.kept.insert(key, Kept { until, what: what.clone() });
        what
    }
}

/// When the next one is due; none of what cannot be read.
fn follower(errand: &Errand, bytes: &[u8], now: Timestamp) -> Option<Timestamp> {
    let said = match errand.kind {
        FetchedKind::Crl => Crl::from_der(bytes)?.next_update(),
        FetchedKind::Ocsp => OcspResponse::from_der(bytes)?.next_update(),
        FetchedKind::Certificate => {
            bundle::of_bytes(bytes).ok()?;
            None
        }
    };
    Some(said.unwrap_or_else(|| now.plus_seconds(LASTS)))
}

/// What is fetched for one document.
#[derive(Default)]
pub(super) struct Trip {
    done: HashSet<Errand>,
    began: Option<Timestamp>,
    pub(super) told: Vec<Fetched>,
}

impl Trip {
    /// Asks for the status of a certificate: its OCSP responders first, its lists where they do not
    /// answer. `true` if there is something that was not there before.
    pub(super) fn status(
        &mut self,
        fetching: &Fetching,
        certificate: &Certificate,
        issuer: &Certificate,
        evidence: &mut Evidence,
    ) -> bool {
        for url in certificate.responders() {
            let question = Some(ocsp_request(certificate, issuer));
            let errand = Errand { url, question, kind: FetchedKind::Ocsp };
            if let Some(response) = self.run(fetching, errand, OcspResponse::from_der) {
                evidence.responses.push(response);
                return true;
            }
        }
        for url in certificate.list_locations() {
            let errand = Errand { url, question: None, kind: FetchedKind::Crl };
            if let Some(list) = self.run(fetching, errand, Crl::from_der) {
                evidence.crls.push(list);
                return true;
            }
        }
        false
    }

    /// Asks for the certificates of issuers. `true` if there are some.
    pub(super) fn issuers(
        &mut self,
        fetching: &Fetching,
        certificate: &Certificate,
        all: &mut Vec<Certificate>,
    ) -> bool {
        for url in certificate.issuer_locations() {
            let errand = Errand { url, question: None, kind: FetchedKind::Certificate };
            if let Some(found) = self.run(fetching, errand, |bytes| bundle::of_bytes(bytes).ok()) {
                all.extend(found);
                return true;
            }
        }
        false
    }

    /// Runs an errand, each once for a document.
    fn run<T>(
        &mut self,
        fetching: &Fetching,
        errand: Errand,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Option<T> {
        if self.done.contains(&errand) {
            return None;
        }
        let now = fetching.clock.now();
        let began = *self.began.get_or_insert(now);
        let too_much = self.done.len() >= MOST_ERRANDS || now > began.plus_seconds(LONGEST);
        let got = if too_much {
            Err("there is more to be fetched than is, for one document".to_owned())
        } else {
            fetching.get(&errand)
        };
        let got = got.and_then(|bytes| {
            read(&bytes).ok_or_else(|| "what it answers cannot be read".to_owned())
        });
        let (url, kind) = (errand.url.clone(), errand.kind);
        self.done.insert(errand);
        self.told.push(Fetched { url, kind, error: got.as_ref().err().cloned() });
        got.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::domain::FixedClock;

    #[test]
    fn what_failed_is_not_tried_again_at_once_and_what_came_is_kept() {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        let clock = Arc::new(FixedClock::new(Timestamp::from_seconds(1_000_000)));
        let go = |errand: &Errand| {
            CALLS.fetch_add(1, Ordering::Relaxed);
            let root = include_bytes!("../../test-vectors/sealed/sm2-root.pem");
            if errand.url.ends_with("bad") { Err("no".to_owned()) } else { Ok(root.to_vec()) }
        };
        let fetching = Fetching::new(Box::new(go), Arc::clone(&clock) as Arc<dyn Clock>, false);
        let errand = |url: &str| Errand {
            url: url.to_owned(),
            question: None,
            kind: FetchedKind::Certificate,
        };
        for _ in 0..3 {
            assert!(fetching.get(&errand("bad")).is_err());
            assert!(fetching.get(&errand("good")).is_ok());
        }
        assert_eq!(CALLS.load(Ordering::Relaxed), 2);
        clock.set(clock.now().plus_seconds(RESTS + 1));
        assert!(fetching.get(&errand("bad")).is_err() && fetching.get(&errand("good")).is_ok());
        assert_eq!(CALLS.load(Ordering::Relaxed), 3);
        clock.set(clock.now().plus_seconds(LASTS));
        assert!(fetching.get(&errand("good")).is_ok());
        assert_eq!(CALLS.load(Ordering::Relaxed), 4);
    }
}
