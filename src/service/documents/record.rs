//! What all kinds of sealing begin with: the record of the act and the level of the signature.

use super::signing_cycle::Signer;
use crate::{
    domain::{
        Timestamp,
        id::SignatureId,
        signing::{DocumentFormat, Signature, SigningState},
    },
    policy::Level,
    service::{Act, Error, Service},
};

/// What an act is about, for its record.
pub(super) struct NewRecord {
    pub(super) id: SignatureId,
    pub(super) document_type: String,
    pub(super) business_number: Option<String>,
    pub(super) format: DocumentFormat,
    /// Whether only a digest is seen.
    pub(super) content_unseen: bool,
    /// SHA-256 of the document before sealing, hexadecimal.
    pub(super) document_digest: String,
    pub(super) at: Timestamp,
}

impl Service {
    /// The record of an act, in state `intended`.
    pub(super) fn new_record(
        &self,
        act: &Act,
        signer: &Signer,
        about: NewRecord,
    ) -> Result<Signature, Error> {
        Ok(Signature {
            id: about.id,
            organization_id: signer.seal.organization_id.clone(),
            seal_id: signer.seal.id.clone(),
            seal_version_id: signer.version.id.clone(),
            principal_id: act.principal()?.id.clone(),
            business_number: about.business_number,
            document_type: about.document_type,
            format: about.format,
            scheme: signer.credential.scheme,
            content_unseen: about.content_unseen,
            state: SigningState::Intended,
            document_digest: about.document_digest,
            sealed_digest: None,
            signature_digest: None,
            policy_digest: self.policy.digest().to_owned(),
            created_at: about.at,
            completed_at: None,
            voided: None,
        })
    }

    /// The level that policy gives to the signatures of a seal.
    pub(super) fn level(&self, signer: &Signer) -> Level {
        self.policy.levels().of(signer.seal.kind, signer.seal.code.as_str())
    }
}
