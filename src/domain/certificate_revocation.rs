//! Revocations that a certification authority elsewhere has to carry out, followed until it did.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    id::{CertificateRevocationId, PrincipalId, SealId},
};

/// A certificate of a seal that its authority has to revoke.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct CertificateRevocation {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: CertificateRevocationId,
    /// The seal.
    #[schema(value_type = String)]
    pub seal_id: SealId,
    /// The certificate, PEM, with its issuer as far as it is known.
    pub certificate: String,
    /// The reason to be given, by its number in RFC 5280 §5.3.1 (`CRLReason`).
    pub reason: i64,
    /// Since when it is to be revoked.
    #[schema(value_type = String)]
    pub asked_at: Timestamp,
    /// By when: the end of a working day 工作日.
    #[schema(value_type = String)]
    pub due_at: Timestamp,
    /// When the authority did it, as far as is known here.
    #[schema(value_type = Option<String>)]
    pub done_at: Option<Timestamp>,
    /// What the authority answered, or that its list says so.
    pub reference: Option<String>,
    /// Who entered that; none where the list said it.
    #[schema(value_type = Option<String>)]
    pub done_by: Option<PrincipalId>,
}
