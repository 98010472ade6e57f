//! Seals 印章, their versions, credentials and pictures.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    ca_class::CaClass,
    cause::RevocationCause,
    id::{
        ApplicationId, CredentialId, GrantId, KeyId, OrganizationId, PersonId, PrincipalId, SealId,
        SealVersionId,
    },
    seal_state::{SealEvent, SealState, words},
};
use crate::crypto::Scheme;

words! {
    /// The kinds of seal 印章类型.
    SealKind {
        /// 法定名称章: the seal with the legal name.
        LegalName => "legal-name",
        /// 内设机构章: the seal of a department.
        Department => "department",
        /// 分支机构章: the seal of a branch.
        Branch => "branch",
        /// 业务专用章: a seal for one kind of business.
        Business => "business",
        /// 财务专用章.
        Finance => "finance",
        /// 发票专用章.
        Invoice => "invoice",
        /// 合同专用章.
        Contract => "contract",
        /// 电子名章: the name seal of a person.
        PersonalName => "personal-name",
    }
}

words! {
    /// Where the private key of a credential is and what computes with it.
    Custody {
        /// In the token; it never leaves the device.
        Hsm => "hsm",
        /// Kept as a ciphertext that only the token opens, and computed with in this process: a
        /// software key under the token's lock.
        HsmWrapped => "hsm-wrapped",
    }
}

words! {
    /// What a key in the token is for. One key, one purpose.
    KeyPurpose {
        /// Signs as a seal.
        Seal => "seal",
        /// Signs certificates and revocation lists of the built-in CA.
        Ca => "ca",
        /// Signs receipts.
        Receipt => "receipt",
        /// Signs timestamps.
        Tsa => "tsa",
        /// Signs answers about the status of certificates (RFC 6960).
        Ocsp => "ocsp",
        /// Signs electronic seals as their maker 制章人.
        Maker => "maker",
        /// Wraps the data keys of documents kept for idempotency.
        DocumentWrapping => "document-wrapping",
        /// Wraps SM2 keys for tokens without SM2.
        CredentialWrapping => "credential-wrapping",
    }
}

/// A key in a token, as the register of keys knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The identifier; its 26 characters are also the object's `CKA_ID`.
    pub id: KeyId,
    /// What it may be used for.
    pub purpose: KeyPurpose,
    /// Its scheme; `None` for a wrapping key.
    pub scheme: Option<Scheme>,
    /// The uncompressed public point; empty for a wrapping key and before generation.
    pub public_point: Vec<u8>,
    /// The key itself, where the token does not hold it but wraps it.
    pub wrapped: Option<WrappedSecret>,
}

/// A private key as a ciphertext.
#[derive(Clone, Debug, PartialEq)]
pub struct WrappedSecret {
    /// The key in the token that made the ciphertext and opens it.
    pub wrapping: KeyId,
    /// Initialisation vector, ciphertext and tag (AES-256-GCM).
    pub ciphertext: Vec<u8>,
}

impl Key {
    /// Where the key is and what computes with it.
    pub fn custody(&self) -> Custody {
        if self.wrapped.is_some() { Custody::HsmWrapped } else { Custody::Hsm }
    }
}

/// One legal seal, over all its versions.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Seal {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: SealId,
    /// The public code 印章编码: stable over all versions.
    pub code: String,
    /// The owner.
    #[schema(value_type = String)]
    pub organization_id: OrganizationId,
    /// Its kind.
    #[schema(value_type = String, example = "legal-name")]
    pub kind: SealKind,
    /// The name on it.
    pub name: String,
    /// Whether it is for tests only 测试章; what it seals verifies as such.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
    /// Its versions, oldest first.
    pub versions: Vec<SealVersion>,
}

/// One version of a seal.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct SealVersion {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: SealVersionId,
    /// Its number, from 1.
    pub number: i64,
    /// The name on it; a change may give the next version another one.
    pub name: String,
    /// Its state.
    #[schema(value_type = String, example = "active")]
    pub state: SealState,
    /// Grows by one with every change; the value of `ETag`.
    pub revision: i64,
    /// The application it came of.
    #[schema(value_type = String)]
    pub application_id: ApplicationId,
    /// SHA-256 of its picture 印模; set when made.
    pub picture_digest: Option<String>,
    /// First moment of validity; set when made.
    #[schema(value_type = Option<String>)]
    pub valid_from: Option<Timestamp>,
    /// Last moment of validity; set when made.
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Timestamp>,
    /// What the authority above its certificates may stand for, the least of them; set when made. A
    /// seal under an internal one is for the organization's internal business only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "e-government")]
    pub ca_class: Option<CaClass>,
    /// Who reported its loss, while it is lost.
    #[schema(value_type = Option<String>)]
    pub loss_reported_by: Option<PersonId>,
    /// The first of the two persons who confirm that it was found again.
    #[schema(value_type = Option<String>)]
    pub recovery_confirmed_by: Option<PersonId>,
    /// Its credentials.
    pub credentials: Vec<Credential>,
}

/// A key with its certificate.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Credential {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: CredentialId,
    /// Curve, signature algorithm and digest.
    #[schema(value_type = String, example = "p256")]
    pub scheme: Scheme,
    /// Where the private key is.
    #[schema(value_type = String, example = "hsm")]
    pub custody: Custody,
    /// The key.
    #[schema(value_type = String)]
    pub key_id: KeyId,
    /// The certificate request (PKCS #10), PEM.
    pub certificate_request: String,
    /// The certificate and its chain, leaf first, PEM; empty before the seal is made.
    pub certificate_chain: Vec<String>,
    /// The certificate for encryption 加密证书, where the authority issued two, PEM; it is kept, not
    /// used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_certificate: Option<String>,
    /// When the key was destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub key_destroyed_at: Option<Timestamp>,
}

/// A change of state, kept for ever, so that the state as of any moment can be told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct StateChange {
    /// The version concerned.
    #[schema(value_type = String)]
    pub seal_version_id: SealVersionId,
    /// The state before; none for the first.
    #[schema(value_type = Option<String>)]
    pub from: Option<SealState>,
    /// What happened; none for the first.
    #[schema(value_type = Option<String>)]
    pub event: Option<SealEvent>,
    /// The state after.
    #[schema(value_type = String)]
    pub to: SealState,
    /// Why.
    pub reason: Option<String>,
    /// The cause of a revocation 注销原因.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub cause: Option<RevocationCause>,
    /// Who; none where the clock did it.
    #[schema(value_type = Option<String>)]
    pub principal_id: Option<PrincipalId>,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Who may use a seal, for what, how often and until when 授权.
#[derive(Clone, Debug, Deserialize, Hash, PartialEq, Serialize, ToSchema)]
pub struct Grant {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: GrantId,
    /// The seal.
    #[schema(value_type = String)]
    pub seal_id: SealId,
    /// Who may use it.
    #[schema(value_type = String)]
    pub principal_id: PrincipalId,
    /// Document types it may seal; empty for any.
    pub document_types: Vec<String>,
    /// Whether bare digests may be signed, content unseen.
    pub digests: bool,
    /// How many signatures in all; none for no limit.
    pub quota: Option<i64>,
    /// How many of them are used.
    pub used: i64,
    /// First moment.
    #[schema(value_type = String)]
    pub valid_from: Timestamp,
    /// Last moment.
    #[schema(value_type = String)]
    pub valid_until: Timestamp,
    /// When it was withdrawn.
    #[schema(value_type = Option<String>)]
    pub revoked_at: Option<Timestamp>,
}

/// A picture 印模 with its true size.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The PNG as uploaded, or made from the SVG.
    pub png: Vec<u8>,
    /// The SVG as uploaded or drawn, where the picture is one of outlines.
    pub svg: Option<String>,
    /// Width on paper, millimetres.
    pub width_mm: f64,
    /// Height on paper, millimetres.
    pub height_mm: f64,
}

impl Seal {
    /// The version that is in use or would be: the newest that was registered and is not yet
    /// terminal, else the newest.
    pub fn current_version(&self) -> Option<&SealVersion> {
        self.versions
            .iter()
            .rev()
            .find(|v| matches!(v.state, SealState::Active | SealState::Suspended | SealState::Lost))
            .or(self.versions.last())
    }

    /// Whether the seal is at its end for good: nothing is in use or in the making, and what was
    /// last in use is revoked or invalidated, or nothing ever was.
    pub fn is_over(&self) -> bool {
        let going = |version: &SealVersion| !version.state.is_terminal();
        if self.versions.is_empty() || self.versions.iter().any(going) {
            return false;
        }
        let last = self.versions.iter().rev().find(|v| v.state != SealState::Abandoned);
        last.is_none_or(|v| matches!(v.state, SealState::Revoked | SealState::Invalidated))
    }
}
