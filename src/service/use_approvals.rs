//! Permission for single uses 用印审批: asked for with the digest of the document, given by persons who
//! keep the seal, used up by the signature.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Act, Answer, Error, Service,
    administration::Page,
    applications::reason,
    seals::{find, grants::is_document_type, numbered_or_current},
};
use crate::{
    domain::{
        id::UseApprovalId,
        licence_type::{UseApproval, UseApprovalState, UseDecision},
        principal::Role,
    },
    policy::{Action, Resource},
};

/// How long a permission may last, hours.
const LONGEST_HOURS: i64 = 24 * 30;

/// A single use that is asked for.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUseApproval {
    /// The seal.
    pub seal_id: String,
    /// The type of document, or the code of the licence type.
    pub document_type: String,
    /// SHA-256 of the document, hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub document_sha256: String,
    /// Why it shall be sealed.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
    /// How long the permission lasts, hours; 72 if not given.
    #[serde(default = "three_days")]
    #[schema(minimum = 1, maximum = 720)]
    pub hours: i64,
}

fn three_days() -> i64 {
    72
}

/// A decision on a single use.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUseDecision {
    /// Whether it is approved.
    pub approved: bool,
    /// Why; required for a refusal.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Service {
    /// Asks for a single use of a seal.
    ///
    /// # Errors
    /// What is given is unfit, or policy says no.
    pub async fn request_use(&self, act: &Act, new: NewUseApproval) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "request-use", &new);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let unfit = |text: &str| Err(Error::invalid("invalid-use-approval", text));
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if new.document_sha256.len() != 64 || !new.document_sha256.chars().all(hex) {
            return unfit("document_sha256 is 64 hexadecimal digits in lower case");
        }
        if !is_document_type(&new.document_type) || !(1..=LONGEST_HOURS).contains(&new.hours) {
            return unfit("the document type is none, or hours are not 1 to 720");
        }
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, &new.seal_id, numbered_or_current(None), self.now()).await?;
        let needed = tx.approvals_needed(&found.seal.id, &new.document_type).await?;
        drop(tx);
        let permit = self.permit(act, Action::RequestUse, found.resource())?;
        let now = self.now();
        let approval = UseApproval {
            id: UseApprovalId::new(now, self.randomness()?),
            seal_id: found.seal.id.clone(),
            document_type: new.document_type,
            document_digest: new.document_sha256,
            reason: reason(&new.reason)?,
            state: UseApprovalState::Open,
            needed: needed.max(1),
            requested_by: act.principal()?.id.clone(),
            requester_person_id: act.principal()?.person_id.clone(),
            requested_at: now,
            expires_at: now.plus_seconds(new.hours * 3600),
            decisions: Vec::new(),
            used_by: None,
        };
        let (actor, organization) = (act.clone(), found.seal.organization_id);
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.insert_use_approval(&approval).await?;
                let subject = format!("use-approval:{}", approval.id);
                let event = actor.event(now, &organization, "request-use", subject, &decision);
                tx.record(event).await?;
                Ok(approval)
            })
        })
        .await
    }

    /// Decides on a single use.
    ///
    /// # Errors
    /// It was decided, it expired, or policy says no: who asked does not decide.
    pub async fn decide_use(
        &self,
        act: &Act,
        id: &str,
        new: NewUseDecision,
    ) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "approve-use", &(id, &new));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let id = UseApprovalId::parse(id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let read = tx.use_approval(&id).await?.ok_or(Error::NotFound("the use approval"))?;
        let choose = numbered_or_current(None);
        let mut found = find(&mut tx, read.seal_id.as_str(), choose, self.now()).await?;
        drop(tx);
        let requester = read.requester_person_id.as_ref().map(ToString::to_string);
        found.facts.proposed_by = requester.unwrap_or_default();
        let resource = Resource::Seal { ancestry: &found.above, facts: &found.facts, using: None };
        let permit = self.permit(act, Action::ApproveUse, resource)?;
        let now = self.now();
        let stated = new.reason.as_deref().filter(|text| !text.trim().is_empty());
        let decision = UseDecision {
            person_id: act.person()?.clone(),
            principal_id: act.principal()?.id.clone(),
            approved: new.approved,
            reason: stated.map(reason).transpose()?,
            decided_at: now,
        };
        let (actor, organization) = (act.clone(), found.seal.organization_id);
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decided = permit.consume(now).ok_or(Error::Overloaded)?;
                // Read again under a lock: several may decide at the same time.
                tx.lock_use(&read.id).await?;
                let present = tx.use_approval(&read.id).await?;
                let present = present.ok_or(Error::NotFound("the use approval"))?;
                let moved = present.clone().decide(decision);
                let moved = moved.map_err(|why| Error::conflict("use-approval-unfit", why))?;
                tx.decide_use(&present, &moved).await?;
                let subject = format!("use-approval:{}", moved.id);
                let event = actor.event(now, &organization, "approve-use", subject, &decided);
                tx.record(event).await?;
                tx.use_approval(&moved.id).await?.ok_or(Error::NotFound("the use approval"))
            })
        })
        .await
    }

    /// A page of permissions for single uses, perhaps of one state: one's own, or all in scope for
    /// those who see to seals.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn use_approvals(
        &self,
        act: &Act,
        state: Option<UseApprovalState>,
        page: &Page,
    ) -> Result<Vec<UseApproval>, Error> {
        let mut tx = self.own_organization(act, Action::ReadOrganization).await?;
        let principal = act.principal()?;
        let sees_all = [Role::Keeper, Role::Registrar, Role::Auditor];
        let sees_all = sees_all.iter().any(|role| principal.roles.contains(role));
        let own = (!sees_all).then_some(&principal.id);
        Ok(tx.use_approvals(state, own, (page.after(), page.limit())).await?)
    }
}
