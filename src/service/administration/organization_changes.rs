//! Organizations that get another name 更名, merge 合并, split 分立 or cease to be: every seal of theirs
//! has to be changed or revoked, and is listed until it is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ancestry,
    organizations::{name, organization_id},
};
use crate::{
    domain::{
        cause::RevocationCause,
        id::{OrganizationChangeId, OrganizationId},
        organization::OrganizationChange,
    },
    policy::{Action, Resource},
    service::{Act, Answer, Error, Service, applications::reason},
    store::{Payload, Tx},
};

/// What happened to an organization.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganizationChange {
    /// `rename` with a new name, or `merger`, `split`, `dissolution`, `abolition`, `bankruptcy` or
    /// `licence-revoked`, after which the organization is no more.
    #[schema(value_type = String, example = "rename")]
    pub cause: RevocationCause,
    /// The new legal name; only for `rename`.
    #[serde(default)]
    pub new_name: Option<String>,
    /// The organization that goes on in its place; only for `merger` and `split`.
    #[serde(default)]
    pub successor_id: Option<String>,
    /// Why, for example the decision.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

impl Service {
    /// Enters that an organization was renamed, merged, split or ended. Its seals stay as they are;
    /// those that have to be changed or revoked are in the answer.
    ///
    /// # Errors
    /// What is given does not fit the cause, the organization ended before, or policy says no.
    pub async fn change_organization(
        &self,
        act: &Act,
        id: &str,
        new: NewOrganizationChange,
    ) -> Result<Answer, Error> {
        use RevocationCause as C;
        let once = self.once_for(act, 201, "change-organization", &(id, &new));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let id = organization_id(id)?;
        let mut tx = self.reading(act).await?;
        let above = ancestry(&mut tx, &id).await?;
        let resource = Resource::Organization { ancestry: &above };
        let permit = self.permit(act, Action::ChangeOrganization, resource)?;
        let before = tx.organization(&id).await?.ok_or(Error::NotFound("the organization"))?;
        let successor = new.successor_id.as_deref().map(organization_id).transpose()?;
        if let Some(successor) = &successor {
            tx.organization(successor).await?.ok_or(Error::NotFound("the successor"))?;
        }
        drop(tx);
        let unfit = |text: &str| Err(Error::invalid("invalid-organization-change", text));
        match new.cause {
            C::OwnWish | C::Loss | C::CarrierDamaged | C::KeyCompromise => {
                return unfit("this happens to seals, not to organizations");
            }
            cause if (cause == C::Rename) != new.new_name.is_some() => {
                return unfit("a rename, and nothing else, has a new_name");
            }
            C::Merger | C::Split => {}
            _ if successor.is_some() => return unfit("only a merger or split has a successor"),
            _ => {}
        }
        if successor.as_ref() == Some(&id) {
            return unfit("an organization does not go on in its own place");
        }
        if before.ended_at.is_some() {
            return Err(ended());
        }
        let now = self.now();
        let days = self.policy.approval().organization_days();
        let change = OrganizationChange {
            id: OrganizationChangeId::new(now, self.randomness()?),
            organization_id: id,
            cause: new.cause,
            old_name: before.name,
            new_name: new.new_name.as_deref().map(name).transpose()?,
            successor_id: successor,
            reason: reason(&new.reason)?,
            due_at: self.policy.working_days().deadline(now, days),
            principal_id: act.principal()?.id.clone(),
            at: now,
            open_seals: Vec::new(),
        };
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.change_organization(&change).await?;
                let organization = &change.organization_id;
                let subject = format!("organization:{organization}");
                let mut event =
                    actor.event(now, organization, "change-organization", subject, &decision);
                let what =
                    serde_json::json!({ "cause": change.cause, "new_name": change.new_name });
                event.payload = Payload::Here(what.to_string());
                tx.record(event).await?;
                let written = tx.organization_changes(organization).await?.pop();
                written.ok_or(Error::NotFound("the change"))
            })
        })
        .await
    }

    /// What happened to an organization, with the seals that still wait to be handled for it.
    ///
    /// # Errors
    /// It is not in scope, or policy says no.
    pub async fn organization_changes(
        &self,
        act: &Act,
        id: &str,
    ) -> Result<Vec<OrganizationChange>, Error> {
        let id = organization_id(id)?;
        let mut tx = self.reading(act).await?;
        let above = ancestry(&mut tx, &id).await?;
        let resource = Resource::Organization { ancestry: &above };
        let _ = self.permit(act, Action::ReadOrganization, resource)?;
        Ok(tx.organization_changes(&id).await?)
    }
}

/// Refuses what only an organization that exists may do; it cannot end until the transaction does.
pub(in crate::service) async fn check_exists(
    tx: &mut Tx,
    id: &OrganizationId,
) -> Result<(), Error> {
    if tx.lock_organization(id).await? { Ok(()) } else { Err(ended()) }
}

/// The organization is no more.
pub(in crate::service) fn ended() -> Error {
    Error::conflict("organization-ended", "the organization is no more; its seals are only revoked")
}
