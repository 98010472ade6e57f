//! Signing a bare digest: a separate act, off unless a grant says so, marked in the receipt.

use std::sync::Arc;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    receipt::Receipt,
    record::NewRecord,
    request::business_number,
    signing_cycle::{Intent, Keepsake},
};
use crate::{
    crypto::{
        Scheme, der_to_rs,
        digest::{hex, sha256, unhex},
    },
    domain::{
        id::SignatureId,
        seal_state::words,
        signing::{DocumentFormat, Signature},
    },
    policy::Action,
    service::{Act, Error, Service, seals::grants::is_document_type},
};

/// A digest to be signed.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DigestRequest {
    /// The seal.
    pub seal_id: String,
    /// What is signed, 64 hexadecimal digits: SHA-256 of the content for p256, e = SM3(Z‖M) for
    /// sm2. Z of a credential is at `/v1/seals/{id}/credentials`.
    pub digest: String,
    /// The scheme: p256 if not given, or sm2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "sm2")]
    pub scheme: Option<Scheme>,
    /// What kind of digest it is: `sha256` for p256; for sm2 `e` has to be said, so that nobody
    /// takes a plain SM3 for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "e")]
    pub digest_kind: Option<DigestKind>,
    /// The type of document, in the words of the grant.
    pub document_type: String,
    /// The business number 业务流水号, unique per caller and seal for ever.
    #[serde(default)]
    pub business_number: Option<String>,
}

words! {
    /// What kind of digest is signed.
    DigestKind {
        /// SHA-256 of the content.
        Sha256 => "sha256",
        /// e = SM3(Z‖M), GB/T 32918.2 §6.1.
        E => "e",
    }
}

/// A signed digest.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignedDigest {
    /// The record; `content_unseen` is true.
    pub signature: Signature,
    /// The signature value, base64: DER, or r‖s where asked.
    pub value: String,
    /// The signed receipt.
    pub receipt: Receipt,
    /// Whether the same answer was given before.
    #[serde(skip)]
    pub replayed: bool,
}

impl Service {
    /// Signs a bare digest; `raw` asks for r‖s instead of DER.
    ///
    /// # Errors
    /// As for sealing a document.
    pub async fn sign_digest(
        &self,
        act: &Act,
        request: DigestRequest,
        raw: bool,
    ) -> Result<SignedDigest, Error> {
        business_number(&request.business_number)?;
        let digest: Option<[u8; 32]> =
            unhex(&request.digest).and_then(|bytes| bytes.try_into().ok());
        let digest = digest.ok_or_else(|| {
            Error::invalid("invalid-digest", "a digest has 64 hexadecimal digits")
        })?;
        let scheme = request.scheme.unwrap_or(Scheme::P256);
        match (scheme, request.digest_kind) {
            (Scheme::P256, None | Some(DigestKind::Sha256))
            | (Scheme::Sm2, Some(DigestKind::E)) => {}
            _ => {
                let text = "p256 signs digest_kind sha256, sm2 signs digest_kind e = SM3(Z‖M)";
                return Err(Error::invalid("invalid-digest-kind", text));
            }
        }
        if !is_document_type(&request.document_type) {
            return Err(Error::invalid(
                "invalid-document-type",
                "a document type has 1 to 64 letters, digits, -, _ or .",
            ));
        }
        let claim = act.claim(self, "sign-digest", &request);
        if let Some((answer, value)) = self.kept_release(claim.as_ref()).await? {
            let signature: Signature = serde_json::from_str(&answer.body)
                .map_err(|_| Error::Internal("a kept answer does not read back".to_owned()))?;
            let receipt = self.receipt_of(&signature).await?;
            let value = form(&value, raw)?;
            return Ok(SignedDigest { signature, value, receipt, replayed: true });
        }
        let kind = &request.document_type;
        let signer = self.signer(act, &request.seal_id, scheme, kind, true).await?;
        let permit = self.may_use(act, &signer, Action::SignDigest, kind)?;
        signer.check_free_use()?;
        let now = self.now();
        let about = NewRecord {
            id: SignatureId::new(now, self.randomness()?),
            document_type: request.document_type,
            business_number: request.business_number,
            format: DocumentFormat::Digest,
            content_unseen: true,
            document_digest: hex(&sha256(&digest)),
            at: now,
        };
        let signature = self.new_record(act, &signer, about)?;
        let intent = Intent {
            act: Arc::new(act.clone()),
            signer,
            permit,
            claim,
            use_approval: None,
            signature,
            to_be_signed: digest,
        };
        let signed = self.sign_on_record(intent).await?;
        let value = signed.value.clone();
        let keepsake = Keepsake { sealed_digest: None, appended: value.clone() };
        let (signature, signer) = self.release(signed, keepsake).await?;
        let receipt = self.receipt(&signature, &signer.seal, &signer.version).await?;
        Ok(SignedDigest { signature, value: form(&value, raw)?, receipt, replayed: false })
    }
}

fn form(value: &[u8], raw: bool) -> Result<String, Error> {
    if !raw {
        return Ok(Base64::encode_string(value));
    }
    let rs = der_to_rs(value).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Base64::encode_string(&rs))
}
