//! Validating a certificate: a path that keeps the rules, valid at the time, with nothing revoked.

use super::{
    Certificate, TrustStore,
    algorithms::{Algorithms, Strength},
    effort::Effort,
    path::{
        PathError, PolicyInputs, check_dates, check_rules, out_of_dates, paths, paths_even_weak,
    },
    proofs::Proofs,
    revocation::{self, CrlReason, Entry, Evidence, Sources, Status, Unknown},
};
use crate::domain::Timestamp;

/// Of which certificates the status must be known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum StatusDemand {
    /// Of all but the root.
    Always,
    /// Of those that say where it can be asked; that others do not is their issuer's choice.
    #[default]
    WhereOffered,
    /// Of none: a certificate fresh from its authority need not be covered yet. What is known to be
    /// revoked is, all the same.
    Never,
}

impl StatusDemand {
    fn is_of(self, certificate: &Certificate) -> bool {
        match self {
            Self::Always => true,
            Self::WhereOffered => certificate.names_revocation_source(),
            Self::Never => false,
        }
    }
}

/// What is asked of a path beside trust and time.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// Of its policies.
    pub policies: PolicyInputs,
    /// Of revocation.
    pub status: StatusDemand,
    /// How old what tells the status may be, seconds, however long it says that it is the newest.
    pub oldest_status: Option<i64>,
    /// Which algorithms and keys are strong enough, and until when; where it is not given, those that
    /// are today.
    pub algorithms: Option<Algorithms>,
}

impl Demands {
    /// Any policy will do.
    const fn usual(status: StatusDemand) -> Self {
        let policies = PolicyInputs {
            wanted: Vec::new(),
            explicit: false,
            inhibit_mapping: false,
            inhibit_any: false,
        };
        Self { policies, status, oldest_status: None, algorithms: None }
    }
}

/// What is asked about a certificate, and with the help of what.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Certificates at hand beside the roots.
    pub others: &'a [Certificate],
    /// Whom to trust.
    pub trust: &'a TrustStore,
    /// Revocation information beside that of `trust`.
    pub evidence: &'a Evidence,
    /// The time that is asked about.
    pub at: Timestamp,
    /// What else is asked of a path.
    pub demands: &'a Demands,
    /// What may be spent, where several questions are asked of one document.
    pub effort: Option<&'a Effort>,
}

impl<'a> Question<'a> {
    /// A question about a certificate fresh from its authority.
    pub fn fresh(others: &'a [Certificate], trust: &'a TrustStore, at: Timestamp) -> Self {
        static FRESH: Demands = Demands::usual(StatusDemand::Never);
        Self { demands: &FRESH, ..Self::new(others, trust, at) }
    }

    /// The usual question, without evidence.
    pub fn new(others: &'a [Certificate], trust: &'a TrustStore, at: Timestamp) -> Self {
        static NOTHING: Evidence = Evidence { crls: Vec::new(), responses: Vec::new() };
        static USUAL: Demands = Demands::usual(StatusDemand::WhereOffered);
        Self { others, trust, evidence: &NOTHING, at, demands: &USUAL, effort: None }
    }
}

/// Finds a good path from `leaf` to a trusted root. It is returned leaf first.
///
/// # Errors
/// Why there is none: of several paths the reason of the one that came furthest.
pub fn validate(leaf: &Certificate, question: Question<'_>) -> Result<Vec<Certificate>, PathError> {
    let own = Effort::default();
    let effort = question.effort.unwrap_or(&own);
    best(leaf, question, effort, |path| {
        let Some(root) = path.last() else { return Ok(()) };
        let sources = sources(question, root, effort);
        check_dates(path, question.at).map_err(|error| when_it_ended(error, path, sources))?;
        check_strength(path, question, |_| question.at)?;
        // Not knowing the status of one certificate excuses nothing else.
        let mut unknown = None;
        for (depth, pair) in path.windows(2).enumerate() {
            match check_status(pair, depth, sources, question.demands.status) {
                Err(error @ PathError::RevocationUnknown { .. }) => {
                    unknown.get_or_insert(error);
                }
                other => other?,
            }
        }
        unknown.map_or(Ok(()), Err)
    })
}

/// Finds a path from `leaf` to a trusted root that was good when the certificate was used, at `used`,
/// though it need not be at the time that is asked about: past certificate validation with validation
/// time sliding (ETSI EN 319 102-1 §5.6.2.2, §5.6.2.3). From the root down, each issuer is trusted
/// until it ends, is revoked, or is no longer spoken of; what it signed counts if `proofs` tell that
/// it existed by then.
///
/// # Errors
/// As [`validate`].
pub fn validate_past(
    leaf: &Certificate,
    used: Timestamp,
    question: Question<'_>,
    proofs: &Proofs,
) -> Result<Vec<Certificate>, PathError> {
    let own = Effort::default();
    let effort = question.effort.unwrap_or(&own);
    best(leaf, question, effort, |path| {
        let Some(root) = path.last() else { return Ok(()) };
        check_strength(path, question, |certificate| proofs.existed(certificate.der()))?;
        let mut trusted = Trusted { until: question.at, since_then: None };
        trusted.ends_with(root);
        for pair in path.windows(2).skip(1).rev() {
            let [issuer, above] = pair else { continue };
            trusted.vouches_for(issuer, proofs)?;
            let proven_by = Some((proofs, trusted.until));
            trusted.ends_with(issuer);
            let sources =
                Sources { at: trusted.until, proven_by, ..sources(question, root, effort) };
            trusted.is_spoken_of(issuer, above, sources, question.demands.status)?;
        }
        if let Some(reason) = trusted.since_then.clone().filter(|_| used > trusted.until) {
            return Err(reason);
        }
        trusted.vouches_for(leaf, proofs)?;
        // Until when its issuers are to be trusted was told before; a renewed one may be younger.
        check_dates(path.get(..1).unwrap_or_default(), used)?;
        let proven_by = Some((proofs, trusted.until));
        let sources = Sources { at: used, proven_by, ..sources(question, root, effort) };
        path.get(..2).map_or(Ok(()), |pair| check_status(pair, 0, sources, question.demands.status))
    })
}

/// Since when a certificate, or one above it, is revoked or on hold, whatever became of their dates.
pub fn revoked_since(leaf: &Certificate, question: Question<'_>) -> Option<Timestamp> {
    let effort = Effort::default();
    all_paths(leaf, question, &effort)
        .filter(|path| check_rules(path, &question.demands.policies).is_ok())
        .filter_map(|path| {
            let sources = sources(question, path.last()?, &effort);
            let since = |pair: &[&Certificate]| {
                let [certificate, issuer] = pair else { return None };
                match revocation::status(certificate, issuer, sources) {
                    Status::Revoked(entry) => Some(entry.since),
                    _ => None,
                }
            };
            path.windows(2).filter_map(since).min()
        })
        .min()
}

/// Until when an issuer is to be trusted.
struct Trusted {
    until: Timestamp,
    /// Why not any longer.
    since_then: Option<PathError>,
}

impl Trusted {
    fn end(&mut self, at: Timestamp, reason: PathError) {
        if at < self.until {
            self.until = at;
            self.since_then = Some(reason);
        }
    }

    fn ends_with(&mut self, issuer: &Certificate) {
        self.end(issuer.not_after(), out_of_dates(issuer));
    }

    /// Whether a certificate that the issuer signed existed while it was to be trusted.
    fn vouches_for(&self, certificate: &Certificate, proofs: &Proofs) -> Result<(), PathError> {
        match &self.since_then {
            Some(reason) if proofs.existed(certificate.der()) > self.until => Err(reason.clone()),
            _ => Ok(()),
        }
    }

    /// Ends with what is known of the revocation of an issuer.
    fn is_spoken_of(
        &mut self,
        issuer: &Certificate,
        above: &Certificate,
        sources: Sources<'_>,
        demand: StatusDemand,
    ) -> Result<(), PathError> {
        let subject = issuer.subject().to_string();
        match revocation::status(issuer, above, sources) {
            Status::Good => {}
            Status::Revoked(Entry { since: at, .. }) => {
                self.end(at, PathError::Revoked { subject, at, leaf: false });
            }
            // What was the newest until then was so until then.
            Status::Unknown(why @ Unknown::Stale(last)) if demand.is_of(issuer) => {
                self.end(last, PathError::RevocationUnknown { subject, why: why.to_string() });
            }
            Status::Unknown(why) if demand.is_of(issuer) => {
                return Err(PathError::RevocationUnknown { subject, why: why.to_string() });
            }
            Status::Unknown(_) => {}
        }
        Ok(())
    }
}

fn best(
    leaf: &Certificate,
    question: Question<'_>,
    effort: &Effort,
    check: impl Fn(&[&Certificate]) -> Result<(), PathError>,
) -> Result<Vec<Certificate>, PathError> {
    let mut furthest = PathError::NoTrustedRoot;
    let demands = question.demands;
    for path in all_paths(leaf, question, effort) {
        match check_rules(&path, &demands.policies).and_then(|()| check(&path)) {
            // What was not verified any more could have told something else.
            Ok(()) if effort.is_spent() => {
                let subject = leaf.subject().to_string();
                let why = "there is more at hand than can be verified".to_owned();
                return Err(PathError::RevocationUnknown { subject, why });
            }
            Ok(()) => return Ok(path.into_iter().cloned().collect()),
            Err(error) if error.stage() >= furthest.stage() => furthest = error,
            Err(_) => {}
        }
    }
    Err(furthest)
}

/// All paths, with certificates that were signed weakly where algorithms are judged by rules.
fn all_paths<'a>(
    leaf: &'a Certificate,
    question: Question<'a>,
    effort: &'a Effort,
) -> Box<dyn Iterator<Item = Vec<&'a Certificate>> + 'a> {
    let Question { others, trust, demands, .. } = question;
    match &demands.algorithms {
        None => Box::new(paths(leaf, others, trust, effort)),
        Some(_) => Box::new(paths_even_weak(leaf, others, trust, effort)),
    }
}

fn sources<'a>(question: Question<'a>, root: &'a Certificate, effort: &'a Effort) -> Sources<'a> {
    let Question { others, trust, evidence, at, demands, .. } = question;
    let oldest = demands.oldest_status;
    Sources { others, trust, evidence, root, at, oldest, effort, proven_by: None }
}

/// Whether everything on a path was strong enough when it is known to have existed. The signature of
/// a root by itself protects nothing.
fn check_strength(
    path: &[&Certificate],
    question: Question<'_>,
    existed: impl Fn(&Certificate) -> Timestamp,
) -> Result<(), PathError> {
    let Some(algorithms) = &question.demands.algorithms else { return Ok(()) };
    for pair in path.windows(2) {
        let [certificate, issuer] = pair else { continue };
        let strength = Strength::of_certificate(certificate, issuer);
        if let Some((what, until)) = algorithms.judge(strength, existed(certificate)).shortcoming()
        {
            let subject = certificate.subject().to_string();
            return Err(PathError::TooWeak { subject, what, until });
        }
    }
    Ok(())
}

/// Tells of a certificate that has ended whether it was revoked before.
fn when_it_ended(error: PathError, path: &[&Certificate], sources: Sources<'_>) -> PathError {
    let (PathError::OutOfDates { subject, from, until, .. }, [leaf, issuer, ..]) = (&error, path)
    else {
        return error;
    };
    if leaf.not_after() >= sources.at || *until != leaf.not_after() {
        return error;
    }
    let (subject, from, until) = (subject.clone(), *from, *until);
    match revocation::status(leaf, issuer, Sources { at: until, ..sources }) {
        Status::Good => PathError::OutOfDates { subject, from, until, not_revoked: true },
        Status::Revoked(entry) if entry.reason != Some(CrlReason::CertificateHold) => {
            PathError::Revoked { subject, at: entry.since, leaf: true }
        }
        Status::Revoked(entry) => PathError::OnHold { subject, at: entry.since },
        Status::Unknown(_) => error,
    }
}

/// Asks whether the first of two certificates, which the second issued, is revoked.
fn check_status(
    pair: &[&Certificate],
    depth: usize,
    sources: Sources<'_>,
    demand: StatusDemand,
) -> Result<(), PathError> {
    let [certificate, issuer] = pair else { return Ok(()) };
    let subject = certificate.subject().to_string();
    match revocation::status(certificate, issuer, sources) {
        Status::Good => Ok(()),
        Status::Revoked(entry) if entry.reason == Some(CrlReason::CertificateHold) => {
            Err(PathError::OnHold { subject, at: entry.since })
        }
        Status::Revoked(entry) => {
            Err(PathError::Revoked { subject, at: entry.since, leaf: depth == 0 })
        }
        // Whatever lists somebody brings along.
        Status::Unknown(why) if demand.is_of(certificate) => {
            Err(PathError::RevocationUnknown { subject, why: why.to_string() })
        }
        Status::Unknown(_) => Ok(()),
    }
}
