//! Receipts 回执: signed JSON (JWS, RFC 7515, ES256) that says what was sealed, when, by which seal
//! and where its key is.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    crypto::{der_to_rs, digest::sha256, verify_digest},
    domain::{
        organization::Scope,
        seal::{KeyPurpose, Seal, SealVersion},
        signing::Signature,
    },
    service::{Act, Error, Service, authority::fault},
};

/// A receipt in compact serialisation: header, payload and signature, each base64url.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Receipt(pub String);

impl Service {
    /// Signs the receipt of a completed record.
    pub(super) async fn receipt(
        &self,
        signature: &Signature,
        seal: &Seal,
        version: &SealVersion,
    ) -> Result<Receipt, Error> {
        let (key, certificate) = &self.authority.receipt;
        let credential = version.credentials.iter().find(|c| c.scheme == signature.scheme);
        let header = json!({
            "alg": "ES256",
            "typ": "sealwright-receipt+jwt",
            "x5c": [
                Base64::encode_string(certificate.der()),
                Base64::encode_string(self.authority.ca.1.der()),
            ],
        });
        let payload = json!({
            "iss": self.config.http.public_url,
            "signature_id": signature.id,
            "seal_code": seal.code,
            "seal_name": seal.name,
            "seal_version": version.number,
            "scheme": signature.scheme,
            "custody": credential.map(|credential| credential.custody),
            "format": signature.format,
            "content_unseen": signature.content_unseen,
            "business_number": signature.business_number,
            "document_type": signature.document_type,
            "document_sha256": signature.document_digest,
            "sealed_sha256": signature.sealed_digest,
            "signature_sha256": signature.signature_digest,
            "policy_sha256": signature.policy_digest,
            "completed_at": signature.completed_at,
        });
        let part = |value: &serde_json::Value| {
            Base64UrlUnpadded::encode_string(value.to_string().as_bytes())
        };
        let signed = format!("{}.{}", part(&header), part(&payload));
        let digest = sha256(signed.as_bytes());
        let value = self.token.sign(key, KeyPurpose::Receipt, digest).await?;
        let scheme = crate::crypto::Scheme::P256;
        verify_digest(scheme, certificate.public_key(), &digest, &value)
            .map_err(|_| fault("the token's signature does not verify"))?;
        let rs = der_to_rs(&value).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Receipt(format!("{signed}.{}", Base64UrlUnpadded::encode_string(&rs))))
    }

    /// Signs the receipt of a record anew.
    pub(super) async fn receipt_of(&self, signature: &Signature) -> Result<Receipt, Error> {
        let mut tx = self.store.read(Scope::Service).await?;
        let seal = tx.seal(&signature.seal_id).await?.ok_or(Error::NotFound("the seal"))?;
        drop(tx);
        let version = seal.versions.iter().find(|v| v.id == signature.seal_version_id);
        let version = version.ok_or(Error::NotFound("the version of the seal"))?;
        self.receipt(signature, &seal, version).await
    }

    /// The receipt of a completed record.
    ///
    /// # Errors
    /// The record is not in scope or not completed, or policy says no.
    pub async fn signature_receipt(&self, act: &Act, id: &str) -> Result<Receipt, Error> {
        let signature = self.signature(act, id).await?;
        if signature.completed_at.is_none() {
            return Err(Error::conflict(
                "signature-not-completed",
                format!(
                    "the signature record is {}; only a completed one has a receipt",
                    signature.state
                ),
            ));
        }
        self.receipt_of(&signature).await
    }
}
