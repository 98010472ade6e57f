//! Dual control 双人控制: what one person proposes and only another one carries out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    cause::RevocationCause,
    id::{PersonId, PrincipalId, ProposalId, SealId, SealVersionId},
    seal_state::words,
};

words! {
    /// What is proposed.
    ProposalKind {
        /// To revoke a seal whose owner does not act 依职权注销.
        RevokeExOfficio => "revoke-ex-officio",
        /// To destroy the keys of a version that is at its end 销毁密钥.
        DestroyKey => "destroy-key",
        /// To let a certificate through a gate that refuses it 例外放行.
        WaiveGate => "waive-gate",
    }
}

words! {
    /// Where a proposal stands.
    ProposalState {
        /// Waits for another person 待确认.
        Open => "open",
        /// Another person confirmed it, and it was carried out or may be 已确认.
        Confirmed => "confirmed",
        /// Taken back, or refused by the other person 已撤回.
        Withdrawn => "withdrawn",
    }
}

/// Something proposed by one person, to be confirmed by another.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Proposal {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: ProposalId,
    /// What is proposed.
    #[schema(value_type = String, example = "destroy-key")]
    pub kind: ProposalKind,
    /// Where it stands.
    #[schema(value_type = String, example = "open")]
    pub state: ProposalState,
    /// The seal.
    #[schema(value_type = String)]
    pub seal_id: SealId,
    /// The version.
    #[schema(value_type = String)]
    pub seal_version_id: SealVersionId,
    /// Why.
    pub reason: String,
    /// For `revoke-ex-officio` the cause.
    #[schema(value_type = Option<String>)]
    pub cause: Option<RevocationCause>,
    /// For `waive-gate` the code of the refusal that is waived.
    pub code: Option<String>,
    /// For `waive-gate` the SHA-256 of the certificate that is let through, hexadecimal.
    pub certificate: Option<String>,
    /// Before this moment it cannot be confirmed.
    #[schema(value_type = Option<String>)]
    pub not_before: Option<Timestamp>,
    /// The account that proposed it.
    #[schema(value_type = String)]
    pub proposed_by: PrincipalId,
    /// The person behind it.
    #[schema(value_type = String)]
    pub proposer_person_id: PersonId,
    /// When.
    #[schema(value_type = String)]
    pub proposed_at: Timestamp,
    /// Who confirmed or withdrew it.
    #[schema(value_type = Option<String>)]
    pub decided_by: Option<PrincipalId>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub decided_at: Option<Timestamp>,
}

/// Why a proposal cannot be decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProposalError {
    /// It was decided already.
    #[error("the proposal is {0}, not open")]
    NotOpen(ProposalState),
    /// The waiting time is not over.
    #[error("the proposal can be confirmed from {0} on")]
    TooEarly(Timestamp),
}

impl Proposal {
    /// Decides an open proposal.
    ///
    /// # Errors
    /// It was decided already, or is confirmed before its time.
    pub fn decide(
        mut self,
        to: ProposalState,
        by: PrincipalId,
        now: Timestamp,
    ) -> Result<Self, ProposalError> {
        if self.state != ProposalState::Open {
            return Err(ProposalError::NotOpen(self.state));
        }
        match self.not_before {
            Some(from) if to == ProposalState::Confirmed && now < from => {
                return Err(ProposalError::TooEarly(from));
            }
            _ => {}
        }
        self.state = to;
        self.decided_by = Some(by);
        self.decided_at = Some(now);
        Ok(self)
    }
}
