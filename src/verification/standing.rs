//! How certificates stand: now, else as of when they are proven to have been used (ETSI EN 319 102-1
//! §5.5, §5.6.2).

use std::cell::RefCell;

use super::{Fetching, Material, Options, fetching::Trip};
use crate::{
    containers::timestamp::TimestampToken,
    crypto::ForeignDigest,
    domain::{Timestamp, report::Fetched},
    pki::{
        Certificate, TrustStore,
        effort::Effort,
        path::{PathError, PolicyInputs, check_rules, paths},
        proofs::Proofs,
        revocation::{Evidence, about},
        validation::{Demands, Question, validate, validate_past},
    },
};

/// How a certificate stands, and as of when that was told: of the time that is asked about, or of the
/// time when it is proven to have been used.
pub(super) struct Standing {
    pub(super) path: Result<(), PathError>,
    pub(super) as_of: Timestamp,
    /// Why it is not good any more, where it was when it was used.
    pub(super) since_then: Option<PathError>,
    /// Whether only the signer states when that was.
    pub(super) only_stated: bool,
}

impl Standing {
    /// How it stood at a time that was asked about.
    pub(super) fn at(as_of: Timestamp, path: Result<(), PathError>) -> Self {
        Self { path, as_of, since_then: None, only_stated: false }
    }
}

/// When a certificate was used.
#[derive(Clone, Copy, Default)]
pub(super) struct Used {
    /// As is proven.
    pub(super) proven: Option<Timestamp>,
    /// As the signer states.
    pub(super) stated: Option<Timestamp>,
}

/// As what a certificate is to be trusted.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// As a signer, with a certificate alone.
    Signer,
    /// As a signer with an electronic seal.
    Sealer,
    /// As a time-stamping authority.
    Authority,
}

impl Role {
    fn rules(self, options: &Options) -> (&TrustStore, &Demands) {
        match self {
            Self::Signer => (&options.trust, &options.policy.demands),
            Self::Sealer => (&options.seal_trust, &options.policy.demands),
            Self::Authority => (&options.tsa_trust, &options.policy.others_demands),
        }
    }
}

/// The most certificates above one whose issuers are looked for.
const MOST_ABOVE: usize = 32;
/// The most paths whose certificates are asked about.
const MOST_PATHS: usize = 4;

/// A certificate about which something is missing.
#[derive(Clone, Copy)]
struct Wants<'a> {
    certificate: &'a Certificate,
    beside: &'a [Certificate],
    trust: &'a TrustStore,
}

impl<'a> Wants<'a> {
    /// The certificates above it whose issuer is not at hand.
    fn tips(self) -> Vec<&'a Certificate> {
        let mut seen = vec![self.certificate];
        let mut tips = Vec::new();
        let mut next = 0;
        while let Some(tip) = seen.get(next).copied() {
            next += 1;
            let all = self.beside.iter().chain(&self.trust.roots);
            let above: Vec<_> = all.filter(|one| one.subject() == tip.issuer()).collect();
            if above.is_empty() {
                tips.push(tip);
            }
            for one in above {
                let known = seen.iter().any(|seen| seen.der() == one.der());
                if !known && seen.len() < MOST_ABOVE {
                    seen.push(one);
                }
            }
        }
        tips
    }
}

/// Adds a piece that is not there yet.
fn put(all: &mut Vec<Vec<u8>>, piece: Vec<u8>) {
    if !all.contains(&piece) {
        all.push(piece);
    }
}

/// What is known beside what a signature carries itself.
pub(super) struct Known {
    certificates: RefCell<Vec<Certificate>>,
    evidence: RefCell<Evidence>,
    trip: RefCell<Trip>,
    material: RefCell<Material>,
    pub(super) proofs: Proofs,
    effort: Effort,
}

impl Known {
    /// Certificates and revocation information, of which nothing is proven yet.
    pub(super) fn new(certificates: Vec<Certificate>, evidence: Evidence, now: Timestamp) -> Self {
        Self {
            certificates: RefCell::new(certificates),
            evidence: RefCell::new(evidence),
            trip: RefCell::default(),
            material: RefCell::default(),
            proofs: Proofs::new(now),
            effort: Effort::default(),
        }
    }

    /// Nothing.
    pub(super) fn nothing(options: &Options) -> Self {
        Self::new(Vec::new(), Evidence::default(), options.at)
    }

    /// What was fetched and what could not be had, and what the answers rest upon.
    pub(super) fn end(self) -> (Vec<Fetched>, Material) {
        (self.trip.into_inner().told, self.material.into_inner())
    }

    /// Takes down what an answer rests upon.
    fn keep(&self, path: &[Certificate], trust: &TrustStore, evidence: &Evidence) {
        let mut material = self.material.borrow_mut();
        for pair in path.windows(2) {
            let [certificate, issuer] = pair else { continue };
            let (lists, answers) = about(certificate, issuer, trust, evidence);
            lists.into_iter().for_each(|list| put(&mut material.crls, list.der().to_vec()));
            answers.into_iter().for_each(|one| put(&mut material.responses, one.to_der()));
        }
        path.iter().for_each(|one| put(&mut material.certificates, one.der().to_vec()));
    }

    /// Since when a thing existed, where something proves it.
    pub(super) fn proven(&self, thing: &[u8], options: &Options) -> Option<Timestamp> {
        Some(self.proofs.existed(thing)).filter(|at| *at < options.at)
    }

    /// Whether the authority of a token is trusted, now or when it is proven to have been there.
    pub(super) fn judge_token(
        &self,
        token: &TimestampToken,
        options: &Options,
    ) -> Result<(), PathError> {
        let used = Used { proven: self.proven(&token.der, options), stated: None };
        let certificate = Some(&token.certificate);
        self.judge(certificate, &token.others, Role::Authority, used, options).path?;
        let at = used.proven.unwrap_or(options.at);
        let algorithms = &options.policy.algorithms;
        let imprint = ForeignDigest::Accepted(token.info.algorithm);
        for verdict in
            [algorithms.judge(token.strength(), at), algorithms.judge_digest(imprint, at)]
        {
            if let Some((what, until)) = verdict.shortcoming() {
                let subject = "the timestamp".to_owned();
                return Err(PathError::TooWeak { subject, what, until });
            }
        }
        Ok(())
    }

    /// How a certificate stands now; else how it stood when it was used, if that is proven. What is
    /// missing for an answer is fetched, where somebody does.
    pub(super) fn judge(
        &self,
        certificate: Option<&Certificate>,
        others: &[Certificate],
        role: Role,
        used: Used,
        options: &Options,
    ) -> Standing {
        let Some(certificate) = certificate else {
            return Standing::at(options.at, Err(PathError::NoTrustedRoot));
        };
        loop {
            let beside = self.beside(others);
            let standing = self.ask(certificate, &beside, role, used, options);
            let (Some(fetching), Err(error)) = (&options.fetching, &standing.path) else {
                return standing;
            };
            let wants = Wants { certificate, beside: &beside, trust: role.rules(options).0 };
            if !self.fetch(fetching, wants, error) {
                return standing;
            }
        }
    }

    /// All certificates at hand, each once.
    fn beside(&self, others: &[Certificate]) -> Vec<Certificate> {
        let known = self.certificates.borrow();
        let mut all: Vec<_> = others.iter().chain(known.iter()).cloned().collect();
        all.sort_by(|a, b| a.der().cmp(b.der()));
        all.dedup();
        all
    }

    /// Fetches what an answer lacks; `false` if there is nothing new.
    fn fetch(&self, fetching: &Fetching, wants: Wants<'_>, error: &PathError) -> bool {
        let mut trip = self.trip.borrow_mut();
        if matches!(error, PathError::NoTrustedRoot) {
            if wants.trust.roots.is_empty() || !fetching.fetches_issuers() {
                return false;
            }
            let tips = wants.tips();
            let mut all = self.certificates.borrow_mut();
            return tips.into_iter().any(|tip| trip.issuers(fetching, tip, &mut all));
        }
        if !may_have_been_good(error) {
            return false;
        }
        // Only where a trusted root says so does anybody go anywhere.
        let rules = PolicyInputs::default();
        let all = paths(wants.certificate, wants.beside, wants.trust, &self.effort)
            .filter(|path| check_rules(path, &rules).is_ok());
        let all: Vec<_> = all.take(MOST_PATHS).collect();
        let mut evidence = self.evidence.borrow_mut();
        let pairs = all.iter().flat_map(|path| path.windows(2));
        let pairs = pairs.filter(|pair| match (error, pair) {
            (PathError::RevocationUnknown { subject, .. }, [one, _]) => {
                one.subject().to_string() == *subject
            }
            // Nothing makes it good again; what it was worth before may hang on those above it.
            (PathError::Revoked { subject, .. }, [one, _]) => one.subject().to_string() != *subject,
            _ => true,
        });
        let mut new = false;
        for pair in pairs {
            let [one, issuer] = pair else { continue };
            new |= trip.status(fetching, one, issuer, &mut evidence);
        }
        new
    }

    /// How a certificate stands by what is at hand.
    fn ask(
        &self,
        certificate: &Certificate,
        others: &[Certificate],
        role: Role,
        used: Used,
        options: &Options,
    ) -> Standing {
        let at_present = |path| Standing::at(options.at, path);
        let evidence = self.evidence.borrow();
        let (trust, demands) = role.rules(options);
        let question = Question {
            evidence: &evidence,
            effort: Some(&self.effort),
            demands,
            ..Question::new(others, trust, options.at)
        };
        let error = match validate(certificate, question) {
            Ok(path) => {
                self.keep(&path, trust, &evidence);
                return at_present(Ok(()));
            }
            Err(error) => error,
        };
        // What was revoked could state any time before: it has to be known until its end that it was
        // not, or nobody offers to tell.
        let unoffered = !certificate.names_revocation_source();
        let stated = used.stated.filter(|stated| {
            let ended = matches!(error, PathError::OutOfDates { not_revoked, .. } if not_revoked || unoffered);
            options.policy.times.believe_stated && ended && *stated < options.at
        });
        let only_stated = used.proven.is_none();
        let Some(used) = used.proven.filter(|_| may_have_been_good(&error)).or(stated) else {
            return at_present(Err(error));
        };
        match validate_past(certificate, used, question, &self.proofs) {
            Ok(path) => {
                self.keep(&path, trust, &evidence);
                Standing { path: Ok(()), as_of: used, since_then: Some(error), only_stated }
            }
            Err(_) => at_present(Err(error)),
        }
    }
}

/// Whether time alone may have brought it about.
fn may_have_been_good(error: &PathError) -> bool {
    matches!(
        error,
        PathError::OutOfDates { .. }
            | PathError::TooWeak { .. }
            | PathError::Revoked { .. }
            | PathError::OnHold { .. }
            | PathError::RevocationUnknown { .. }
    )
}
