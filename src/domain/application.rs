//! Applications 申请: the only door to create, change, renew or revoke a seal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    id::{ApplicationId, OrganizationId, PersonId, PrincipalId, SealId},
    seal::SealKind,
    seal_state::words,
};

words! {
    /// What an application asks for.
    ApplicationKind {
        /// A new seal 新制.
        Create => "create",
        /// A new version with a new validity 续期.
        Renew => "renew",
        /// A new version with other particulars 变更.
        Change => "change",
        /// The end of a seal 注销.
        Revoke => "revoke",
    }
}

words! {
    /// Where an application stands.
    ApplicationState {
        /// Under review 审核中.
        Submitted => "submitted",
        /// Given back to the applicant to be corrected 退回补正.
        Returned => "returned",
        /// Every level approved 已通过.
        Approved => "approved",
        /// A level rejected it, with a reason 已驳回.
        Rejected => "rejected",
        /// The applicant took it back 已撤回.
        Withdrawn => "withdrawn",
    }
}

words! {
    /// What a reviewer decides.
    Verdict {
        /// The level agrees 通过.
        Approve => "approve",
        /// The level refuses; a reason is required 驳回.
        Reject => "reject",
        /// The applicant has to correct something, the reason says what 退回补正.
        Return => "return",
    }
}

/// One reviewer's decision at one level.
#[derive(Clone, Debug, Deserialize, Hash, PartialEq, Serialize, ToSchema)]
pub struct Decision {
    /// The round of review, from 1; correcting an application begins another.
    pub round: i64,
    /// The level, from 1.
    pub level: i64,
    /// The name of the level.
    pub level_name: String,
    /// Approve, reject or return.
    #[schema(value_type = String, example = "approve")]
    pub verdict: Verdict,
    /// Why; required unless the verdict is approve.
    pub reason: Option<String>,
    /// Who decided.
    #[schema(value_type = String)]
    pub principal_id: PrincipalId,
    /// The person behind the account.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// When.
    #[schema(value_type = String)]
    pub decided_at: Timestamp,
}

/// An application.
#[derive(Clone, Debug, Deserialize, Hash, PartialEq, Serialize, ToSchema)]
pub struct Application {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: ApplicationId,
    /// The organization that applies.
    #[schema(value_type = String)]
    pub organization_id: OrganizationId,
    /// What is asked for.
    #[schema(value_type = String, example = "create")]
    pub kind: ApplicationKind,
    /// Where it stands.
    #[schema(value_type = String, example = "submitted")]
    pub state: ApplicationState,
    /// Grows by one with every change; the value of `ETag`.
    pub revision: i64,
    /// The seal concerned; for `create`, the seal that came of it.
    #[schema(value_type = Option<String>)]
    pub seal_id: Option<SealId>,
    /// The kind of seal asked for; for other than `create`, that of the seal.
    #[schema(value_type = String, example = "legal-name")]
    pub seal_kind: SealKind,
    /// The name on the seal.
    pub seal_name: String,
    /// Why it is asked for.
    pub reason: String,
    /// The account that applied.
    #[schema(value_type = String)]
    pub applicant_id: PrincipalId,
    /// The person who applied.
    #[schema(value_type = String)]
    pub applicant_person_id: PersonId,
    /// The names of the levels of review, in order.
    pub levels: Vec<String>,
    /// The round of review, from 1; correcting an application begins another at the first level.
    pub round: i64,
    /// The decisions so far, of all rounds.
    pub decisions: Vec<Decision>,
    /// By when the next decision is due, the end of a working day 工作日 in China; none while nobody
    /// has to decide.
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Timestamp>,
    /// Whether the approved act was carried out.
    pub used: bool,
    /// When it was submitted.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// Why a decision cannot be taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReviewError {
    /// The application is not under review any more.
    #[error("the application is {0}, not submitted")]
    NotSubmitted(ApplicationState),
    /// Only what was returned can be corrected.
    #[error("the application is {0}, not returned")]
    NotReturned(ApplicationState),
    /// Whoever does not approve says why.
    #[error("a rejection or return needs a reason")]
    ReasonMissing,
}

impl Application {
    /// The level that decides next, from 1.
    pub fn next_level(&self) -> usize {
        self.this_round().count() + 1
    }

    fn this_round(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().filter(|decision| decision.round == self.round)
    }

    /// Adds a decision and moves the state.
    ///
    /// # Errors
    /// The application is not under review, or a rejection or return has no reason.
    pub fn decide(mut self, decision: Decision) -> Result<Self, ReviewError> {
        if self.state != ApplicationState::Submitted {
            return Err(ReviewError::NotSubmitted(self.state));
        }
        match decision.verdict {
            Verdict::Reject | Verdict::Return
                if decision.reason.as_deref().is_none_or(|r| r.trim().is_empty()) =>
            {
                return Err(ReviewError::ReasonMissing);
            }
            Verdict::Reject => self.state = ApplicationState::Rejected,
            Verdict::Return => self.state = ApplicationState::Returned,
            Verdict::Approve if self.next_level() >= self.levels.len() => {
                self.state = ApplicationState::Approved;
            }
            Verdict::Approve => {}
        }
        self.decisions.push(decision);
        Ok(self)
    }

    /// Takes the application back.
    ///
    /// # Errors
    /// It is neither under review nor returned.
    pub fn withdraw(mut self) -> Result<Self, ReviewError> {
        if !matches!(self.state, ApplicationState::Submitted | ApplicationState::Returned) {
            return Err(ReviewError::NotSubmitted(self.state));
        }
        self.state = ApplicationState::Withdrawn;
        self.due_at = None;
        Ok(self)
    }

    /// Submits a returned application again, for another round of review from the first level.
    ///
    /// # Errors
    /// It was not returned.
    pub fn resubmit(mut self) -> Result<Self, ReviewError> {
        if self.state != ApplicationState::Returned {
            return Err(ReviewError::NotReturned(self.state));
        }
        self.state = ApplicationState::Submitted;
        self.round += 1;
        Ok(self)
    }

    /// The persons who decided, in whatever round and however.
    pub fn reviewers(&self) -> impl Iterator<Item = &PersonId> {
        self.decisions.iter().map(|decision| &decision.person_id)
    }

    /// The persons who approved in this round of review.
    pub fn approvers(&self) -> impl Iterator<Item = &PersonId> {
        self.this_round().filter(|d| d.verdict == Verdict::Approve).map(|d| &d.person_id)
    }
}
