//! Which algorithms and keys are strong enough, and until when. The rules are data; they come with the
//! validation policy.

use std::collections::BTreeMap;

use const_oid::ObjectIdentifier;

use super::Certificate;
use crate::{
    crypto::{ForeignDigest, KeyFamily, KeyStrength, foreign_digest_named_by},
    domain::Timestamp,
};

/// Until when something is strong enough.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Until {
    /// Until then.
    Moment(Timestamp),
    /// For good, as far as is known.
    Always,
}

/// What is strong enough; what is not named never is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Algorithms {
    /// Digests, by their names.
    pub digests: BTreeMap<String, Until>,
    /// Keys by family: from so many bits on, until when.
    pub keys: BTreeMap<KeyFamily, BTreeMap<usize, Until>>,
}

/// What a signature was made with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Strength {
    /// The digest that the signature names and the one that binds what was signed; `None` where the
    /// scheme has one of its own.
    pub digests: [Option<ForeignDigest>; 2],
    /// The key; `None` where it is of a kind that is not known here.
    pub key: Option<KeyStrength>,
}

/// Whether something is strong enough.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is.
    Enough,
    /// It was, until then.
    NotSince(Timestamp, String),
    /// It never was.
    Never(String),
}

impl std::fmt::Display for Strength {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [named, bound_by] = self.digests;
        for digest in named.into_iter().chain(bound_by.filter(|_| bound_by != named)) {
            write!(f, "{digest}, ")?;
        }
        match self.key {
            Some(key) => key.fmt(f),
            None => f.write_str("unknown key"),
        }
    }
}

impl Verdict {
    /// What is not strong enough, and until when it was, if it ever was.
    pub fn shortcoming(self) -> Option<(String, Option<Timestamp>)> {
        match self {
            Self::Enough => None,
            Self::NotSince(until, what) => Some((what, Some(until))),
            Self::Never(what) => Some((what, None)),
        }
    }
}

impl Strength {
    /// What `certificate` was signed with by `issuer`.
    pub(super) fn of_certificate(certificate: &Certificate, issuer: &Certificate) -> Self {
        let (algorithm, digest_of_pss) = certificate.signed_with();
        let named = foreign_digest_named_by(algorithm);
        let digest = named.or(digest_of_pss.map(ForeignDigest::Accepted));
        Self { digests: [digest, None], key: KeyStrength::of(&issuer.spki_der()) }
    }

    /// What a signature was made with that names its digest apart.
    pub fn of_signature(
        algorithm: ObjectIdentifier,
        digest: Option<ForeignDigest>,
        certificate: &Certificate,
    ) -> Self {
        Self {
            digests: [foreign_digest_named_by(algorithm), digest],
            key: KeyStrength::of(&certificate.spki_der()),
        }
    }
}

impl Algorithms {
    /// Whether what a signature was made with was strong enough at a time.
    pub fn judge(&self, strength: Strength, at: Timestamp) -> Verdict {
        let digests = strength.digests.iter().flatten();
        let mut verdicts: Vec<_> = digests.map(|digest| self.judge_digest(*digest, at)).collect();
        verdicts.push(match strength.key {
            None => Verdict::Never("the key".to_owned()),
            Some(key) => {
                let families = self.keys.get(&key.family);
                let known = families.and_then(|sizes| sizes.range(..=key.bits).next_back());
                verdict(known.map(|(_, until)| *until), &key, at)
            }
        });
        let worst = |wanted: fn(&Verdict) -> bool| verdicts.iter().find(|one| wanted(one)).cloned();
        worst(|one| matches!(one, Verdict::Never(_)))
            .or(worst(|one| matches!(one, Verdict::NotSince(..))))
            .unwrap_or(Verdict::Enough)
    }

    /// Whether a digest was strong enough at a time.
    pub fn judge_digest(&self, digest: ForeignDigest, at: Timestamp) -> Verdict {
        verdict(self.digests.get(digest.as_str()).copied(), &digest, at)
    }
}

fn verdict(until: Option<Until>, what: &dyn std::fmt::Display, at: Timestamp) -> Verdict {
    match until {
        None => Verdict::Never(what.to_string()),
        Some(Until::Moment(until)) if at > until => Verdict::NotSince(until, what.to_string()),
        Some(_) => Verdict::Enough,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::DigestAlgorithm;

    fn rules() -> Algorithms {
        let at = |text| Until::Moment(Timestamp::parse(text).unwrap());
        Algorithms {
            digests: [
                ("sha-256".to_owned(), Until::Always),
                ("sha-1".to_owned(), at("2012-08-01T00:00:00Z")),
            ]
            .into(),
            keys: [(
                KeyFamily::Rsa,
                [(1024, at("2010-01-01T00:00:00Z")), (2048, Until::Always)].into(),
            )]
            .into(),
        }
    }

    fn judge(digest: ForeignDigest, family: KeyFamily, bits: usize, at: &str) -> Verdict {
        let strength =
            Strength { digests: [Some(digest), None], key: Some(KeyStrength { family, bits }) };
        rules().judge(strength, Timestamp::parse(at).unwrap())
    }

    #[test]
    fn digest_and_key_have_to_be_strong_enough_at_the_time() {
        let sha256 = ForeignDigest::Accepted(DigestAlgorithm::Sha256);
        let rsa = KeyFamily::Rsa;
        let now = "2026-01-01T00:00:00Z";
        assert_eq!(judge(sha256, rsa, 4096, now), Verdict::Enough);
        assert!(matches!(judge(sha256, rsa, 2047, now), Verdict::NotSince(..)));
        assert_eq!(judge(sha256, rsa, 1024, "2009-06-01T00:00:00Z"), Verdict::Enough);
        assert!(matches!(judge(sha256, rsa, 1023, "2009-06-01T00:00:00Z"), Verdict::Never(_)));
        assert!(matches!(judge(sha256, KeyFamily::Ecdsa, 521, now), Verdict::Never(_)));
        assert!(matches!(judge(ForeignDigest::Sha1, rsa, 2048, now), Verdict::NotSince(..)));
        assert_eq!(judge(ForeignDigest::Sha1, rsa, 2048, "2012-08-01T00:00:00Z"), Verdict::Enough);
        // The weaker of two digests counts.
        let key = Some(KeyStrength { family: rsa, bits: 2048 });
        let both = Strength { digests: [Some(sha256), Some(ForeignDigest::Sha1)], key };
        let verdict = rules().judge(both, Timestamp::parse(now).unwrap());
        assert!(matches!(verdict, Verdict::NotSince(..)));
        let sm3 = ForeignDigest::Accepted(DigestAlgorithm::Sm3);
        assert!(matches!(judge(sm3, rsa, 2048, now), Verdict::Never(_)));
    }
}
