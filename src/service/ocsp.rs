//! The OCSP responder of the built-in CA (RFC 6960): what the register of issued certificates says now.

use super::{Error, Service, authority::sign_bytes};
use crate::{
    crypto::Scheme,
    domain::organization::Scope,
    pki::{
        Certificate,
        ocsp::{CertStatus, OcspQuestion, OcspRefusal, OcspTemplate},
    },
};

impl Service {
    /// Answers a question about certificates of the CA of a scheme, both DER. A refusal is an answer,
    /// too.
    pub async fn answer_ocsp(&self, scheme: Scheme, question: &[u8]) -> Vec<u8> {
        let question = match OcspQuestion::from_der(question) {
            Ok(question) => question,
            Err(refusal) => return refusal.to_der(),
        };
        let issuer = &self.authority.ca(scheme).1;
        if !question.certificates.iter().all(|one| one.is_of(issuer)) {
            return OcspRefusal::Unauthorized.to_der();
        }
        self.tell(scheme, &question).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the status of a certificate could not be told");
            OcspRefusal::InternalError.to_der()
        })
    }

    async fn tell(&self, scheme: Scheme, question: &OcspQuestion) -> Result<Vec<u8>, Error> {
        let mut tx = self.store.read(Scope::Service).await?;
        let issuer = self.authority.ca(scheme).1.subject();
        let mut answers = Vec::new();
        for asked in &question.certificates {
            let known = tx.issued_certificate(scheme, &asked.serial).await?;
            let is_own = |one: &Certificate| one.serial() == asked.serial && one.issuer() == issuer;
            let status = match known {
                // The service's own are in another table, and in use as long as it is.
                None if self.authority.certificates().any(is_own) => CertStatus::Good,
                None => CertStatus::Unknown,
                Some(None) => CertStatus::Good,
                Some(Some(revoked)) => CertStatus::Revoked(revoked.at, revoked.reason),
            };
            answers.push((asked, status));
        }
        drop(tx);
        let now = self.now();
        let (key, certificate) = self.authority.responder(scheme);
        let template = OcspTemplate {
            responder: certificate,
            now,
            next_update: now.plus_seconds(i64::from(self.config.ca.crl_hours) * 3600),
            keeps_ended_since: self.authority.ca(scheme).1.not_before(),
            answers,
            nonce: question.nonce.as_deref(),
        };
        let to_be_signed = template.to_be_signed();
        let signature = sign_bytes(&self.devices, key, &to_be_signed, now).await?;
        Ok(template.finish(to_be_signed, scheme, &signature))
    }
}
