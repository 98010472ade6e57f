//! Sealing 签章 as a record: the act, its attempts and what became of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    id::{OrganizationId, PrincipalId, SealId, SealVersionId, SignatureId},
    seal_state::words,
};
use crate::crypto::Scheme;

words! {
    /// Where a signature record stands.
    SigningState {
        /// Written before the device is asked; nothing was released.
        Intended => "intended",
        /// The signature was released and its record is durable.
        Completed => "completed",
        /// A signature was made, but the seal was no longer active: nothing was released.
        Withheld => "withheld",
        /// The device or the document failed: nothing was released.
        Failed => "failed",
        /// The process died in between; nothing was released. The same idempotency key opens the
        /// next attempt.
        Unresolved => "unresolved",
    }
}

words! {
    /// What was sealed.
    DocumentFormat {
        /// A PDF file.
        Pdf => "pdf",
        /// An OFD file (GB/T 33190).
        Ofd => "ofd",
        /// A file of any kind: the signature stands beside or around it.
        File => "file",
        /// A bare digest, content unseen.
        Digest => "digest",
    }
}

words! {
    /// What a signature is made as.
    SignatureForm {
        /// CMS with the attributes of CAdES (ETSI EN 319 122-1): what PDF readers know.
        Cades => "cades",
        /// SignedData of GB/T 35275, without a picture in OFD.
        GmCms => "gm-cms",
        /// The seal signature of GB/T 38540, with the electronic seal in it.
        GmSeal => "gm-seal",
    }
}

words! {
    /// How a signature of a file of any kind goes with it.
    FileSignature {
        /// The signature is a file of its own.
        Detached => "detached",
        /// The file stands in the signature.
        Enveloping => "enveloping",
    }
}

impl FileSignature {
    /// The media type of such a signature (RFC 8551 §3.2.1).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Detached => "application/pkcs7-signature",
            Self::Enveloping => "application/pkcs7-mime",
        }
    }
}

impl DocumentFormat {
    /// The media type of such a file.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Ofd => "application/ofd",
            Self::File | Self::Digest => "application/octet-stream",
        }
    }
}

/// A document withdrawn though its signature stays intact 作废.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Voided {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// The document that takes its place, by signature record.
    #[schema(value_type = Option<String>)]
    pub successor: Option<SignatureId>,
}

/// One act of sealing and its durable record 签章记录.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Signature {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: SignatureId,
    /// The owner of the seal.
    #[schema(value_type = String)]
    pub organization_id: OrganizationId,
    /// The seal.
    #[schema(value_type = String)]
    pub seal_id: SealId,
    /// Its version at the time.
    #[schema(value_type = String)]
    pub seal_version_id: SealVersionId,
    /// Who had it sealed.
    #[schema(value_type = String)]
    pub principal_id: PrincipalId,
    /// The business number 业务流水号 of the caller, unique per caller and seal.
    pub business_number: Option<String>,
    /// The type of document, in the words of the grant.
    pub document_type: String,
    /// What was sealed.
    #[schema(value_type = String, example = "pdf")]
    pub format: DocumentFormat,
    /// Curve, signature algorithm and digest.
    #[schema(value_type = String, example = "p256")]
    pub scheme: Scheme,
    /// Whether only a digest was seen.
    pub content_unseen: bool,
    /// Where it stands.
    #[schema(value_type = String, example = "completed")]
    pub state: SigningState,
    /// SHA-256 of the document before sealing; of the digest itself for a bare digest.
    pub document_digest: String,
    /// SHA-256 of the sealed document.
    pub sealed_digest: Option<String>,
    /// SHA-256 of the signature value.
    pub signature_digest: Option<String>,
    /// Digest of the policy set that allowed it.
    pub policy_digest: String,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it was released.
    #[schema(value_type = Option<String>)]
    pub completed_at: Option<Timestamp>,
    /// Set when the document was withdrawn.
    pub voided: Option<Voided>,
}
