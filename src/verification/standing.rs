//! How certificates stand: now, else as of when they are proven to have been used (ETSI EN 319 102-1
//! §5.5, §5.6.2).

use super::Options;
use crate::{
    containers::timestamp::TimestampToken,
    domain::Timestamp,
    pki::{
        Certificate, TrustStore,
        effort::Effort,
        path::PathError,
        proofs::Proofs,
        revocation::Evidence,
        validation::{Question, validate, validate_past},
    },
};

/// How a certificate stands, and as of when that was told: of the time that is asked about, or of the
/// time when it is proven to have been used.
pub(super) struct Standing {
    pub(super) path: Result<(), PathError>,
    pub(super) as_of: Timestamp,
    /// Why it is not good any more, where it was when it was used.
    pub(super) since_then: Option<PathError>,
}

impl Standing {
    /// How it stood at a time that was asked about.
    pub(super) fn at(as_of: Timestamp, path: Result<(), PathError>) -> Self {
        Self { path, as_of, since_then: None }
    }
}

/// What is known beside what a signature carries itself.
pub(super) struct Known {
    certificates: Vec<Certificate>,
    evidence: Evidence,
    pub(super) proofs: Proofs,
    effort: Effort,
}

impl Known {
    /// Certificates and revocation information, of which nothing is proven yet.
    pub(super) fn new(certificates: Vec<Certificate>, evidence: Evidence, now: Timestamp) -> Self {
        Self { certificates, evidence, proofs: Proofs::new(now), effort: Effort::default() }
    }

    /// Nothing.
    pub(super) fn nothing(options: &Options) -> Self {
        Self::new(Vec::new(), Evidence::default(), options.at)
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
        let used = self.proven(&token.der, options);
        let certificate = Some(&token.certificate);
        self.judge(certificate, &token.others, &options.tsa_trust, used, options).path
    }

    /// How a certificate stands now; else how it stood when it was used, if that is proven.
    pub(super) fn judge(
        &self,
        certificate: Option<&Certificate>,
        others: &[Certificate],
        trust: &TrustStore,
        used: Option<Timestamp>,
        options: &Options,
    ) -> Standing {
        let at_present = |path| Standing::at(options.at, path);
        let Some(certificate) = certificate else {
            return at_present(Err(PathError::NoTrustedRoot));
        };
        let mut others: Vec<_> = others.iter().chain(&self.certificates).cloned().collect();
        others.sort_by(|a, b| a.der().cmp(b.der()));
        others.dedup();
        let question = Question {
            evidence: &self.evidence,
            effort: Some(&self.effort),
            ..Question::new(&others, trust, options.at)
        };
        let (error, used) = match (validate(certificate, question), used) {
            (Err(error), Some(used)) if may_have_been_good(&error) => (error, used),
            (now, _) => return at_present(now.map(drop)),
        };
        match validate_past(certificate, used, question, &self.proofs) {
            Ok(_) => Standing { path: Ok(()), as_of: used, since_then: Some(error) },
            Err(_) => at_present(Err(error)),
        }
    }
}

/// Whether time alone may have brought it about.
fn may_have_been_good(error: &PathError) -> bool {
    matches!(
        error,
        PathError::OutOfDates { .. }
            | PathError::Revoked { .. }
            | PathError::OnHold { .. }
            | PathError::RevocationUnknown { .. }
    )
}
