//! Types of licences 证照类型: which seal, where it goes, in what form, and whether every single use
//! has to be approved 用印审批.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    caption::Caption,
    id::{
        LicenceTypeId, OrganizationId, PersonId, PrincipalId, SealId, SignatureId, UseApprovalId,
    },
    placement::{AcrossPages, Certification, LaterField, Placement},
    seal_state::words,
    signing::SignatureForm,
};
use crate::crypto::Scheme;

/// What a request to seal says of every licence of a type.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealTemplate {
    /// Where the seal is drawn.
    pub placement: Placement,
    /// The scheme of the signature; that of the format if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "sm2")]
    pub scheme: Option<Scheme>,
    /// What the signature is made as; that of the format if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "gm-seal")]
    pub signature_form: Option<SignatureForm>,
    /// Whether nobody may seal after this (OFD only).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
    /// A seal across the edges of pages 骑缝章, beside the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub across_pages: Option<AcrossPages>,
    /// What is written below the seal, with a QR code or without. In `text` and `qr_code`
    /// `{business_number}` stands for the number of the licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<Caption>,
    /// Certifies the document: what may still change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certify: Option<Certification>,
    /// Empty signature fields for those who seal later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later_fields: Vec<LaterField>,
    /// Why it is sealed; stands in the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One version of a type of licence.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct LicenceType {
    /// The identifier of this version.
    #[schema(value_type = String)]
    pub id: LicenceTypeId,
    /// The organization that issues such licences.
    #[schema(value_type = String)]
    pub organization_id: OrganizationId,
    /// The type's code 证照类型代码; grants name it as a document type.
    pub code: String,
    /// The number of the version, from 1; the newest that is not retired is in force.
    pub version: i64,
    /// What people call it.
    pub name: String,
    /// The seal.
    #[schema(value_type = String)]
    pub seal_id: SealId,
    /// What a request to seal says.
    pub template: SealTemplate,
    /// How many persons have to approve every single use; none for 0.
    #[schema(minimum = 0, maximum = 9)]
    pub approvals: i64,
    /// Who entered it.
    #[schema(value_type = String)]
    pub created_by: PrincipalId,
    /// When.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// Since when it is not in force any more.
    #[schema(value_type = Option<String>)]
    pub retired_at: Option<Timestamp>,
}

words! {
    /// Where the permission for a single use stands.
    UseApprovalState {
        /// To be decided 待审批.
        Open => "open",
        /// Enough persons approved 已批准.
        Approved => "approved",
        /// A person refused it 已拒绝.
        Rejected => "rejected",
    }
}

/// One person's decision on a single use.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct UseDecision {
    /// Who decided.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The account.
    #[schema(value_type = String)]
    pub principal_id: PrincipalId,
    /// Whether it was approved.
    pub approved: bool,
    /// Why; required for a refusal.
    pub reason: Option<String>,
    /// When.
    #[schema(value_type = String)]
    pub decided_at: Timestamp,
}

/// Permission to seal one document once 用印审批.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct UseApproval {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: UseApprovalId,
    /// The seal.
    #[schema(value_type = String)]
    pub seal_id: SealId,
    /// The type of document.
    pub document_type: String,
    /// SHA-256 of the document, hexadecimal.
    pub document_digest: String,
    /// Why it shall be sealed.
    pub reason: String,
    /// Where it stands.
    #[schema(value_type = String, example = "approved")]
    pub state: UseApprovalState,
    /// How many persons have to approve.
    pub needed: i64,
    /// Who asked.
    #[schema(value_type = String)]
    pub requested_by: PrincipalId,
    /// The person behind the account; none where another system asked.
    #[schema(value_type = Option<String>)]
    pub requester_person_id: Option<PersonId>,
    /// When.
    #[schema(value_type = String)]
    pub requested_at: Timestamp,
    /// Until when it can be used.
    #[schema(value_type = String)]
    pub expires_at: Timestamp,
    /// The decisions so far.
    pub decisions: Vec<UseDecision>,
    /// The signature that used it up.
    #[schema(value_type = Option<String>)]
    pub used_by: Option<SignatureId>,
}

impl UseApproval {
    /// Adds a decision.
    ///
    /// # Errors
    /// A sentence that says why it cannot be taken.
    pub fn decide(mut self, decision: UseDecision) -> Result<Self, &'static str> {
        if self.state != UseApprovalState::Open {
            return Err("it was decided already");
        }
        if decision.decided_at >= self.expires_at {
            return Err("it expired");
        }
        if self.decisions.iter().any(|known| known.person_id == decision.person_id) {
            return Err("the person decided already");
        }
        if !decision.approved && decision.reason.as_deref().is_none_or(|r| r.trim().is_empty()) {
            return Err("a refusal needs a reason");
        }
        let refused = !decision.approved;
        self.decisions.push(decision);
        let count = i64::try_from(self.decisions.len()).unwrap_or(i64::MAX);
        if refused {
            self.state = UseApprovalState::Rejected;
        } else if count >= self.needed {
            self.state = UseApprovalState::Approved;
        }
        Ok(self)
    }

    /// How many persons approved.
    pub fn approvers(&self) -> i64 {
        let count = self.decisions.iter().filter(|decision| decision.approved).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// Whether a person is among those who decided.
    pub fn is_decided_by(&self, person: Option<&PersonId>) -> bool {
        self.decisions.iter().any(|decision| Some(&decision.person_id) == person)
    }

    /// Why it does not permit to seal a document, if it does not. `record` is the record that it may
    /// have been used up by at an earlier try.
    pub fn refuses(
        &self,
        (seal, document_type, digest): (&SealId, &str, &str),
        record: Option<&SignatureId>,
        now: Timestamp,
    ) -> Option<&'static str> {
        if self.state != UseApprovalState::Approved {
            return Some("it is not approved");
        }
        if self.seal_id != *seal || self.document_type != document_type {
            return Some("it is for another seal or type of document");
        }
        if self.document_digest != digest {
            return Some("it is for another document");
        }
        if now >= self.expires_at {
            return Some("it expired");
        }
        match &self.used_by {
            Some(used_by) if Some(used_by) != record => Some("it was used up"),
            _ => None,
        }
    }
}
