//! Applications 申请: the only door to create, change, renew or revoke a seal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    attachment::{Attachment, Declaration},
    cause::{RemakeCause, RevocationCause},
    id::{ApplicationId, OrganizationId, PersonId, PrincipalId, SealId},
    review::{ReviewLevel, StandingIn},
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
    /// The absent reviewer in whose place it was decided 代审.
    #[schema(value_type = Option<String>)]
    pub for_person_id: Option<PersonId>,
    /// When.
    #[schema(value_type = String)]
    pub decided_at: Timestamp,
}

/// What only some kinds of applications ask for.
#[derive(Clone, Debug, Default, Deserialize, Hash, PartialEq, Serialize, ToSchema)]
pub struct Details {
    /// Why the seal is made again, by the simplified flow; only for `renew`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "carrier-damaged")]
    pub remake: Option<RemakeCause>,
    /// Why the seal is cancelled; only for `revoke`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "own-wish")]
    pub cause: Option<RevocationCause>,
    /// Whether the seal is for tests only 测试章; only for `create`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
    /// The name that the seal shall bear from the next version on; only for `change`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
}

/// An application.
#[derive(Clone, Debug, Deserialize, Hash, PartialEq, Serialize, ToSchema)]
pub struct Application {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: ApplicationId,
    /// The number that people use 申请编号: area code, day in China, serial number of the day.
    pub number: String,
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
    /// What only this kind of application asks for.
    #[serde(flatten)]
    pub details: Details,
    /// The files that go with it.
    pub attachments: Vec<Attachment>,
    /// What the applicant declared when submitting it last; none where nothing has to be declared.
    pub declaration: Option<Declaration>,
    /// The levels of review, in order.
    pub levels: Vec<ReviewLevel>,
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

/// Whether any of some persons is this one.
fn among<'a>(mut persons: impl Iterator<Item = &'a PersonId>, person: &PersonId) -> bool {
    persons.any(|known| known == person)
}

impl Application {
    /// The level that decides next, from 1; one more than there are where all have approved.
    pub fn next_level(&self) -> usize {
        let enough = |level: usize| {
            let number = i64::try_from(level + 1).unwrap_or(i64::MAX);
            let quorum = self.levels.get(level).map_or(1, |level| usize::from(level.quorum));
            self.approvals().filter(|decision| decision.level == number).count() >= quorum
        };
        (0..self.levels.len()).find(|level| !enough(*level)).unwrap_or(self.levels.len()) + 1
    }

    /// The level that decides now, while the application is under review.
    pub fn level(&self) -> Option<&ReviewLevel> {
        let open = self.state == ApplicationState::Submitted;
        self.levels.get(self.next_level() - 1).filter(|_| open)
    }

    fn approvals(&self) -> impl Iterator<Item = &Decision> {
        let this_round = self.decisions.iter().filter(|decision| decision.round == self.round);
        this_round.filter(|decision| decision.verdict == Verdict::Approve)
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
            Verdict::Approve => {}
        }
        self.decisions.push(decision);
        if self.state == ApplicationState::Submitted && self.next_level() > self.levels.len() {
            self.state = ApplicationState::Approved;
        }
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

    /// The persons who decided, in whatever round and however, and those in whose place it was.
    pub fn reviewers(&self) -> impl Iterator<Item = &PersonId> {
        self.decisions.iter().flat_map(|d| std::iter::once(&d.person_id).chain(&d.for_person_id))
    }

    /// The persons who approved in this round of review, and those in whose place it was.
    pub fn approvers(&self) -> impl Iterator<Item = &PersonId> {
        self.approvals().flat_map(|d| std::iter::once(&d.person_id).chain(&d.for_person_id))
    }

    /// Of those who stand in for reviewers whoever may decide at this level now: the absent one
    /// might, was not heard in this round, and is not the applicant.
    pub fn stand_ins<'a>(
        &'a self,
        all: &'a [StandingIn],
        above: &'a [OrganizationId],
    ) -> impl Iterator<Item = &'a StandingIn> {
        let decides = self.level().and_then(|level| level.organization_id.as_ref());
        all.iter().filter(move |one| {
            let fits = match decides {
                Some(organization) => one.organization_id == *organization,
                None => above.contains(&one.organization_id),
            };
            fits && one.absent_person_id != self.applicant_person_id
                && !among(self.approvers(), &one.absent_person_id)
        })
    }
}

#[cfg(test)]
mod tests;
