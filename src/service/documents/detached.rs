//! Two-phase sealing 不出域签章: the document stays with the caller, who makes the hole, sends the
//! digest of everything else, and puts the answer into the hole. The service builds what is signed.

use std::sync::Arc;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    receipt::Receipt,
    record::NewRecord,
    seal::business_number,
    signing_cycle::{Intent, Keepsake},
};
use crate::{
    containers::cms,
    crypto::{DigestAlgorithm, Scheme, digest::unhex},
    domain::{
        id::SignatureId,
        signing::{DocumentFormat, Signature, SignatureForm},
    },
    policy::Action,
    service::{Act, Error, Service, seals::grants::is_document_type},
};

/// The digest of a prepared document.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DetachedRequest {
    /// The seal.
    pub seal_id: String,
    /// The type of document, in the words of the grant.
    pub document_type: String,
    /// SHA-256 of what the ByteRange covers, 64 hexadecimal digits.
    pub digest: String,
    /// SHA-256 of the document before sealing, 64 hexadecimal digits; the record can be found by it.
    pub document_digest: String,
    /// The business number 业务流水号, unique per caller and seal for ever.
    #[serde(default)]
    pub business_number: Option<String>,
}

/// What goes into the hole.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DetachedSignature {
    /// The record; `content_unseen` is true.
    pub signature: Signature,
    /// CMS `SignedData` in DER, base64.
    pub container: String,
    /// The signed receipt.
    pub receipt: Receipt,
    /// Whether the same answer was given before.
    #[serde(skip)]
    pub replayed: bool,
}

/// What a caller needs to prepare a document.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SealingKit {
    /// The seal.
    pub seal_id: String,
    /// Its version in use.
    pub version: i64,
    /// The name on it, for `/Name`.
    pub name: String,
    /// The picture 印模: PNG, base64.
    pub picture: String,
    /// The picture as SVG, where it is one of outlines; then that is drawn.
    pub svg: Option<String>,
    /// Width of the picture on paper, millimetres.
    pub width_mm: f64,
    /// Height of the picture on paper, millimetres.
    pub height_mm: f64,
    /// Bytes to keep for the container.
    pub room: usize,
    /// The digest algorithm.
    #[schema(value_type = String, example = "sha256")]
    pub digest: DigestAlgorithm,
}

impl Service {
    /// What a caller who may use the seal needs to prepare a document himself.
    ///
    /// # Errors
    /// Policy says no, or the seal is not active.
    pub async fn sealing_kit(
        &self,
        act: &Act,
        seal: &str,
        document_type: &str,
    ) -> Result<SealingKit, Error> {
        let signer = self.signer(act, seal, Scheme::P256, document_type, false).await?;
        let _ = self.may_use(act, &signer, Action::Use, document_type)?;
        let mut tx = self.store.read(crate::domain::organization::Scope::Service).await?;
        let picture = tx.picture(&signer.version.id).await?;
        let picture = picture.ok_or(Error::NotFound("the picture of the seal"))?;
        Ok(SealingKit {
            seal_id: signer.seal.id.to_string(),
            version: signer.version.number,
            name: signer.seal.name.clone(),
            picture: Base64::encode_string(&picture.png),
            svg: picture.svg,
            width_mm: picture.width_mm,
            height_mm: picture.height_mm,
            room: self.container_room(&signer, SignatureForm::Cades)?,
            digest: signer.credential.scheme.digest(),
        })
    }

    /// Signs the digest of a document that stays with the caller.
    ///
    /// # Errors
    /// As for sealing a document.
    pub async fn seal_detached(
        &self,
        act: &Act,
        request: DetachedRequest,
    ) -> Result<DetachedSignature, Error> {
        let digest = check(&request)?;
        let claim = act.claim(self, "use", &("detached", &request));
        if let Some((answer, kept)) = self.kept_release(claim.as_ref()).await? {
            let signature: Signature = serde_json::from_str(&answer.body)
                .map_err(|_| Error::Internal("a kept answer does not read back".to_owned()))?;
            let receipt = self.receipt_of(&signature).await?;
            let container = Base64::encode_string(&kept);
            return Ok(DetachedSignature { signature, container, receipt, replayed: true });
        }
        let kind = request.document_type.clone();
        let signer = self.signer(act, &request.seal_id, Scheme::P256, &kind, false).await?;
        let permit = self.may_use(act, &signer, Action::Use, &kind)?;
        let now = self.now();
        let level = self.level(&signer);
        let unsigned = cms::begin(&digest, &signer.chain, signer.credential.scheme)
            .ok_or_else(|| Error::Internal("the seal has no certificate".to_owned()))?;
        let to_be_signed = unsigned
            .digest()
            .ok_or_else(|| Error::Internal("the certificate has no usable key".to_owned()))?;
        let about = NewRecord {
            id: SignatureId::new(now, self.randomness()?),
            document_type: kind,
            business_number: request.business_number,
            format: DocumentFormat::Pdf,
            content_unseen: true,
            document_digest: request.document_digest.to_ascii_lowercase(),
            at: now,
        };
        let signature = self.new_record(act, &signer, about)?;
        let act = Arc::new(act.clone());
        let intent = Intent { act, signer, permit, claim, signature, to_be_signed };
        let signed = self.sign_on_record(intent).await?;
        let (signed, timestamp) = self.timestamped(signed, level).await?;
        let container = unsigned.finish(&signed.value, timestamp.as_deref());
        let keepsake = Keepsake { sealed_digest: None, appended: container.clone() };
        let (signature, signer) = self.release(signed, keepsake).await?;
        let receipt = self.receipt(&signature, &signer.seal, &signer.version).await?;
        let container = Base64::encode_string(&container);
        Ok(DetachedSignature { signature, container, receipt, replayed: false })
    }
}

fn check(request: &DetachedRequest) -> Result<Vec<u8>, Error> {
    business_number(&request.business_number)?;
    if !is_document_type(&request.document_type) {
        return Err(Error::invalid(
            "invalid-document-type",
            "a document type has 1 to 64 letters, digits, -, _ or .",
        ));
    }
    let digest = |text: &str| unhex(text).filter(|digest| digest.len() == 32);
    let both = digest(&request.digest).zip(digest(&request.document_digest));
    both.map(|(digest, _)| digest).ok_or_else(|| {
        Error::invalid("invalid-digest", "a SHA-256 digest has 64 hexadecimal digits")
    })
}
