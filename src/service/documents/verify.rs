//! Verifying a document, with what our own register knows of the seals in it.

use std::sync::Arc;

use super::kept::OutcomeKey;
use crate::{
    crypto::digest::{hex, sha256},
    domain::{
        Timestamp,
        organization::Scope,
        report::{Report, SealReport},
        seal::{Credential, SealVersion},
        signing::DocumentFormat,
        source::Received,
    },
    drawing::Drawing,
    pki::{Certificate, TrustStore, revocation::Crl},
    policy::{Action, Resource},
    service::{Act, Error, Service},
    store::SignatureFilter,
    verification::{self, Options, RegisterFacts},
};

/// The most pages of a signature of which a report carries pictures.
const MOST_PICTURES: usize = 4;

/// What is asked of a document.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The name of the file, for the report.
    pub file: Option<String>,
    /// The signature, where it stands beside the document.
    pub signature: Option<Vec<u8>>,
    /// The time for which the question is asked; now if not given.
    pub at: Option<Timestamp>,
    /// The name of the validation policy; the one of the configuration if not given.
    pub policy: Option<String>,
    /// Whether the report shall carry pictures of pages that look different than signed.
    pub pictures: bool,
    /// Whether an answer that is kept shall not do.
    pub anew: bool,
}

/// The answer to a question.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The report.
    pub report: Report,
    /// How old what it says of the document is, seconds; none where the document was judged for this
    /// answer. What it says of seals of the register is always of the present.
    pub age_seconds: Option<i64>,
}

impl Service {
    /// Verifies a document, of any kind where its signature stands beside it. Whoever has no access
    /// key gets the same answer, within tight limits that the HTTP server sets.
    ///
    /// # Errors
    /// Policy says no, or the database fails; a bad document is not an error but an answer.
    pub async fn verify(
        &self,
        act: &Act,
        document: Received,
        question: Question,
    ) -> Result<Answered, Error> {
        let action = if act.principal.is_some() { Action::Verify } else { Action::VerifyPublicly };
        let _ = self.permit(act, action, Resource::Service)?;
        let file = question.file.clone();
        // The past does not change, but is rarely asked about; pictures are large.
        let may_be_kept = question.at.is_none() && !question.pictures;
        let anew = question.anew;
        let newest = self.newest_crls().await?;
        let options = self.options(question, &newest)?;
        let policy = Arc::clone(&options.policy);
        let now = options.at;
        let kept = Arc::clone(&self.kept_outcomes);
        let answering = move || {
            let key = OutcomeKey::about(&document.digest(), &newest, &options);
            if may_be_kept
                && !anew
                && let Some(outcome) = kept.get(key, now)
            {
                let age = now.as_seconds() - outcome.report.verified_at.as_seconds();
                return (outcome, Some(age));
            }
            let outcome = verification::verify(&document.source, &options);
            if may_be_kept {
                kept.keep(key, &outcome);
            }
            (outcome, None)
        };
        let (outcome, age_seconds) = tokio::task::spawn_blocking(answering)
            .await
            .map_err(|_| Error::Internal("verification was interrupted".to_owned()))?;
        let (mut report, values) = (outcome.report, outcome.signature_values);
        report.file = file;
        for (index, value) in values.into_iter().enumerate() {
            if let Some(facts) = self.register_facts(&report, index, value).await? {
                verification::add_seal(&mut report, facts, &policy);
            }
        }
        Ok(Answered { report, age_seconds })
    }

    /// A question with everything that this service trusts and knows, and the newest lists of its CA.
    pub(super) fn options(&self, question: Question, newest: &[Crl]) -> Result<Options, Error> {
        let mut trust = self.seal_trust();
        trust.crls.extend(newest.iter().cloned());
        let mut tsa_trust = self.tsa_trust.clone();
        tsa_trust.roots.extend(self.authority.roots());
        tsa_trust.crls.clone_from(&trust.crls);
        let is_new = |list: &&Crl| trust.crls.iter().all(|known| known.der() != list.der());
        tsa_trust.crls.extend(self.tsa_trust.crls.iter().filter(is_new).cloned());
        // Its own maker by name, and those that the operator named; others by what their
        // certificates say.
        let mut roots = self.maker_trust.roots.clone();
        roots.push(self.authority.seal_maker.1.clone());
        let maker_trust = TrustStore { roots, crls: trust.crls.clone() };
        let seal_trust = trust.clone();
        trust.roots.extend(self.person_roots.iter().cloned());
        let Question { file, signature, at, policy, pictures, anew: _ } = question;
        let name = policy.as_deref().unwrap_or(&self.config.policy.validation);
        let policy = self.validation_policies.named(name).map_err(|error| Error::Invalid {
            code: "unknown-validation-policy",
            detail: error.to_string(),
        })?;
        let at = at.unwrap_or_else(|| self.now());
        let pictures = if pictures { MOST_PICTURES } else { 0 };
        let drawer = self.drawer.clone();
        let drawing = drawer.map(|drawer| Drawing { drawer, pictures });
        Ok(Options {
            file,
            signature,
            trust,
            seal_trust,
            maker_trust,
            tsa_trust,
            fetching: self.fetching.clone(),
            policy,
            at,
            drawing,
        })
    }

    /// What the register knows of the seal behind a signature; `None` if it is not one of ours.
    async fn register_facts(
        &self,
        report: &Report,
        index: usize,
        value: Option<Vec<u8>>,
    ) -> Result<Option<RegisterFacts>, Error> {
        let signature = report.signatures.get(index);
        let Some(fingerprint) = signature.and_then(|s| s.signer.fingerprint.as_deref()) else {
            return Ok(None);
        };
        let mut tx = self.store.read(Scope::Service).await?;
        let Some((seal, version_id)) = tx.seal_of_certificate(fingerprint).await? else {
            return Ok(None);
        };
        let Some(version) = seal.versions.iter().find(|v| v.id == version_id) else {
            return Ok(None);
        };
        let filter = SignatureFilter {
            signature_digest: value.map(|value| hex(&sha256(&value))),
            ..SignatureFilter::default()
        };
        let record = match filter.signature_digest {
            Some(_) => tx.signatures(&filter, "", 1).await?.pop(),
            None => None,
        };
        let record = record.filter(|record| record.seal_version_id == version_id);
        let completed = record.as_ref().and_then(|record| record.completed_at);
        let claimed = signature.and_then(|s| s.signing_time);
        // Our own record proves when it sealed; the signer's claim is second best.
        let state_then = match completed.or(claimed) {
            Some(at) => tx.state_at(&version_id, at).await?,
            None => None,
        };
        Ok(Some(RegisterFacts {
            index,
            custody: custody(version, fingerprint).to_owned(),
            // What was made elsewhere signs elsewhere; no record is to be expected.
            on_record: record.is_some() || version.credentials.is_empty(),
            bare_digest: record
                .as_ref()
                .is_some_and(|record| record.format == DocumentFormat::Digest),
            state_then,
            state_now: version.state,
            seal: SealReport {
                code: Some(seal.code.clone()),
                name: version.name.clone(),
                kind: Some(seal.kind.to_string()),
                version: Some(version.number),
                state_then: state_then.map(|state| state.to_string()),
                state_now: Some(version.state.to_string()),
                voided: record.and_then(|record| record.voided),
                structure: None,
            },
        }))
    }
}

/// Custody of the credential with this certificate.
fn custody(version: &SealVersion, fingerprint: &str) -> &'static str {
    let has = |credential: &&Credential| {
        let leaf = credential.certificate_chain.first();
        let leaf = leaf.and_then(|pem| Certificate::from_pem(pem).ok()?.pop());
        leaf.is_some_and(|leaf| leaf.fingerprint() == fingerprint)
    };
    version.credentials.iter().find(has).map_or("unknown", |credential| credential.custody.as_str())
}
