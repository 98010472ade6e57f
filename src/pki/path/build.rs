//! Finding paths: from a certificate upwards by names and signatures, until a trusted root.

use certval::compare_names;

use crate::pki::{Certificate, TrustStore, effort::Effort};

/// Paths longer than this are not searched.
const LONGEST: usize = 12;
/// The most certificates beside the roots that are considered.
const MOST_CANDIDATES: usize = 256;
/// The most beginnings of paths that are followed in one search.
const MOST_STEPS: usize = 256;

/// All paths from `leaf` to a root of `trust`, with the help of `others`: leaf first, root last, each
/// certificate signed by the next. Bounded, with what is left of `effort` as well, so that no thicket of
/// cross-certificates takes long.
pub fn paths<'a>(
    leaf: &'a Certificate,
    others: &'a [Certificate],
    trust: &'a TrustStore,
    effort: &'a Effort,
) -> impl Iterator<Item = Vec<&'a Certificate>> {
    search(leaf, others, trust, effort, |one, issuer| one.verify_signed_by(issuer).is_ok())
}

/// The same, with certificates as well that were signed by algorithms which are not strong enough any
/// more: who asks sees to it that they were when they were used.
pub fn paths_even_weak<'a>(
    leaf: &'a Certificate,
    others: &'a [Certificate],
    trust: &'a TrustStore,
    effort: &'a Effort,
) -> impl Iterator<Item = Vec<&'a Certificate>> {
    search(leaf, others, trust, effort, Certificate::is_signed_by_even_weakly)
}

fn search<'a>(
    leaf: &'a Certificate,
    others: &'a [Certificate],
    trust: &'a TrustStore,
    effort: &'a Effort,
    signed_by: fn(&Certificate, &Certificate) -> bool,
) -> Search<'a> {
    Search { others, trust, effort, signed_by, open: vec![vec![leaf]], steps: 0 }
}

struct Search<'a> {
    others: &'a [Certificate],
    trust: &'a TrustStore,
    effort: &'a Effort,
    signed_by: fn(&Certificate, &Certificate) -> bool,
    /// Beginnings of paths; the last is followed first.
    open: Vec<Vec<&'a Certificate>>,
    steps: usize,
}

impl<'a> Iterator for Search<'a> {
    type Item = Vec<&'a Certificate>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.steps < MOST_STEPS {
            self.steps += 1;
            let path = self.open.pop()?;
            let tip = *path.last()?;
            if self.trust.contains(tip) {
                return Some(path);
            }
            if path.len() < LONGEST {
                self.go_on(&path, tip);
            }
        }
        None
    }
}

impl<'a> Search<'a> {
    fn go_on(&mut self, path: &[&'a Certificate], tip: &'a Certificate) {
        let candidates = self.others.iter().take(MOST_CANDIDATES).chain(&self.trust.roots);
        let mut issuers: Vec<_> = candidates
            .filter(|candidate| {
                compare_names(candidate.subject(), tip.issuer())
                    && !path.iter().any(|known| is_same(known, candidate))
            })
            .collect();
        // Those whose key is the one that is named are followed first, roots before others.
        issuers.sort_by_key(|candidate| is_named(tip, candidate));
        for issuer in issuers {
            if self.effort.take(tip.der().len()) && (self.signed_by)(tip, issuer) {
                self.open.push(path.iter().copied().chain([issuer]).collect());
            }
        }
    }
}

/// Whether both are of the same subject and key: a path with both would go round in a circle.
fn is_same(a: &Certificate, b: &Certificate) -> bool {
    a.der() == b.der() || (a.subject() == b.subject() && a.spki_der() == b.spki_der())
}

/// Whether a certificate names the key of another one as that of its issuer.
fn is_named(certificate: &Certificate, issuer: &Certificate) -> bool {
    let named = certificate.authority_key_identifier();
    named.is_some() && named == issuer.key_identifier()
}
