//! Two-phase sealing 不出域签章: the document stays with the caller, who makes the hole, sends the
//! digest of everything else, and puts the answer into the hole. The service builds what is signed.

use std::sync::Arc;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    binding::{BYTE_RANGE, Unsigned, choose, sub_filter},
    receipt::Receipt,
    record::NewRecord,
    request::business_number,
    signing_cycle::{Intent, Keepsake},
};
use crate::{
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
    /// The format: pdf if not given, or ofd.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "ofd")]
    pub format: Option<DocumentFormat>,
    /// The scheme, as for sealing a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "sm2")]
    pub scheme: Option<Scheme>,
    /// What the signature is made as, as for sealing a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "gm-seal")]
    pub signature_form: Option<SignatureForm>,
    /// The path of the new Signature.xml in an OFD, as `/Doc_0/Signs/Sign_0/Signature.xml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// The digest of what is signed, 64 hexadecimal digits: of what the ByteRange covers, or of
    /// Signature.xml; SHA-256 for p256, SM3 for sm2.
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
    /// CMS `SignedData`, or the seal signature, in DER, base64.
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
    /// The electronic seal, DER, base64; for gm-seal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<String>,
    /// `/SubFilter` of the signature in a PDF.
    pub sub_filter: String,
    /// Bytes to keep for the container.
    pub room: usize,
    /// The digest algorithm.
    #[schema(value_type = String, example = "sha256")]
    pub digest: DigestAlgorithm,
}

/// What kind of signature is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// The format: PDF if not given.
    pub format: Option<DocumentFormat>,
    /// The scheme.
    pub scheme: Option<Scheme>,
    /// The form.
    pub signature_form: Option<SignatureForm>,
}

impl Asked {
    fn format(&self) -> DocumentFormat {
        self.format.unwrap_or(DocumentFormat::Pdf)
    }

    fn choose(&self) -> Result<(Scheme, SignatureForm), Error> {
        let format = self.format();
        if !matches!(format, DocumentFormat::Pdf | DocumentFormat::Ofd) {
            return Err(Error::invalid("invalid-format", "the format is pdf or ofd"));
        }
        choose(format, self.scheme, self.signature_form)
    }
}

/// What a seal signature names as signed.
fn property(request: &DetachedRequest, form: SignatureForm) -> Result<String, Error> {
    let is_ofd = request.format == Some(DocumentFormat::Ofd);
    match (&request.property, is_ofd && form == SignatureForm::GmSeal) {
        (None, false) => Ok(BYTE_RANGE.to_owned()),
        (Some(path), true)
            if path.starts_with('/')
                && path.ends_with("/Signature.xml")
                && path.is_ascii()
                && path.len() <= 1024
                && !path.chars().any(char::is_control) =>
        {
            Ok(path.clone())
        }
        _ => Err(Error::invalid(
            "invalid-property",
            "property is the path of the new Signature.xml, for gm-seal in an OFD and nothing else",
        )),
    }
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
        (document_type, asked): (&str, Asked),
    ) -> Result<SealingKit, Error> {
        let (scheme, form) = asked.choose()?;
        let signer = self.signer(act, seal, scheme, document_type, false).await?;
        let _ = self.may_use(act, &signer, Action::Use, document_type)?;
        signer.check_free_use()?;
        let mut tx = self.store.read(crate::domain::organization::Scope::Service).await?;
        let picture = tx.picture(&signer.version.id).await?;
        let picture = picture.ok_or(Error::NotFound("the picture of the seal"))?;
        Ok(SealingKit {
            seal_id: signer.seal.id.to_string(),
            version: signer.version.number,
            name: signer.version.name.clone(),
            picture: Base64::encode_string(&picture.png),
            svg: picture.svg,
            width_mm: picture.width_mm,
            height_mm: picture.height_mm,
            structure: match form {
                SignatureForm::GmSeal => Some(Base64::encode_string(signer.seal_structure()?.1)),
                _ => None,
            },
            sub_filter: sub_filter(form).to_owned(),
            room: self.container_room(&signer, form)?,
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
        let asked = Asked {
            format: request.format,
            scheme: request.scheme,
            signature_form: request.signature_form,
        };
        let (scheme, form) = asked.choose()?;
        let property = property(&request, form)?;
        let signer = self.signer(act, &request.seal_id, scheme, &kind, false).await?;
        let permit = self.may_use(act, &signer, Action::Use, &kind)?;
        signer.check_free_use()?;
        let now = self.now();
        let level = self.level_in(&signer, form);
        let unsigned = Unsigned::over(form, (&digest, &property), &signer, now)?;
        let to_be_signed = unsigned.digest()?;
        let about = NewRecord {
            id: SignatureId::new(now, self.randomness()?),
            document_type: kind,
            business_number: request.business_number,
            format: asked.format(),
            content_unseen: true,
            document_digest: request.document_digest.to_ascii_lowercase(),
            at: now,
        };
        let signature = self.new_record(act, &signer, about)?;
        let act = Arc::new(act.clone());
        let intent =
            Intent { act, signer, permit, claim, use_approval: None, signature, to_be_signed };
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
    both.map(|(digest, _)| digest)
        .ok_or_else(|| Error::invalid("invalid-digest", "a digest has 64 hexadecimal digits"))
}
