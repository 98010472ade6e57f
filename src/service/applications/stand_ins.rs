//! Stand-ins of absent reviewers 代审.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reason;
use crate::{
    domain::{
        Timestamp,
        id::{PersonId, PrincipalId, StandInId},
        principal::Role,
        review::StandIn,
    },
    policy::{Action, Resource},
    service::{
        Act, Answer, Error, Service,
        administration::{Page, ancestry},
    },
};

/// Somebody who shall decide in the place of an absent reviewer.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStandIn {
    /// Who stands in; another person.
    pub person_id: String,
    /// From when; now if not given.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub valid_from: Option<Timestamp>,
    /// Until when.
    #[schema(value_type = String)]
    pub valid_until: Timestamp,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

impl Service {
    /// Has somebody decide in the place of a reviewer for a time: at the reviewer's own wish, or, for
    /// an account that is named, at that of a security administrator.
    ///
    /// # Errors
    /// The absent one is no reviewer, the term is over, the person is unknown or the reviewer's own;
    /// or policy says no.
    pub async fn name_stand_in(
        &self,
        act: &Act,
        absent: Option<&str>,
        new: NewStandIn,
    ) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "name-stand-in", &(absent, &new));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let bad_id =
            |error: crate::domain::id::IdError| Error::invalid("invalid-id", error.to_string());
        let own = act.principal()?.id.clone();
        let absent = match absent {
            None => own.clone(),
            Some(text) => PrincipalId::parse(text).map_err(bad_id)?,
        };
        let person = PersonId::parse(&new.person_id).map_err(bad_id)?;
        let mut tx = self.reading(act).await?;
        let absent = tx.principal(&absent).await?.ok_or(Error::NotFound("the principal"))?;
        let above = ancestry(&mut tx, &absent.organization_id).await?;
        let action = if absent.id == own { Action::NameOwnStandIn } else { Action::NameStandIn };
        let permit = self.permit(act, action, Resource::Organization { ancestry: &above })?;
        tx.person(&person).await?.ok_or(Error::NotFound("the person"))?;
        drop(tx);
        let unfit = |why: &str| Err(Error::invalid("invalid-stand-in", why));
        if !absent.roles.contains(&Role::Reviewer) {
            return unfit("only reviewers are stood in for");
        }
        if absent.person_id.as_ref() == Some(&person) || act.person()? == &person {
            return unfit("nobody stands in for himself, nor names himself");
        }
        let now = self.now();
        let valid_from = new.valid_from.unwrap_or(now);
        if new.valid_until <= valid_from.max(now) {
            return unfit("the term ends in the future, after it began");
        }
        let stand_in = StandIn {
            id: StandInId::new(now, self.randomness()?),
            principal_id: absent.id,
            person_id: person,
            valid_from,
            valid_until: new.valid_until,
            reason: reason(&new.reason)?,
            named_by: own,
            named_at: now,
            ended_at: None,
        };
        let (actor, organization) = (act.clone(), absent.organization_id);
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.insert_stand_in(&stand_in).await?;
                let subject = format!("stand-in:{}", stand_in.id);
                let event = actor.event(now, &organization, "name-stand-in", subject, &decision);
                tx.record(event).await?;
                Ok(stand_in)
            })
        })
        .await
    }

    /// Ends that somebody stands in, before its time: by the absent reviewer or a security
    /// administrator.
    ///
    /// # Errors
    /// It is over, or policy says no.
    pub async fn end_stand_in(&self, act: &Act, id: &str) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "end-stand-in", &id);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let id = StandInId::parse(id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let stand_in = tx.stand_in(&id).await?.ok_or(Error::NotFound("the stand-in"))?;
        let absent = tx.principal(&stand_in.principal_id).await?;
        let absent = absent.ok_or(Error::NotFound("the principal"))?;
        let above = ancestry(&mut tx, &absent.organization_id).await?;
        drop(tx);
        let own = absent.person_id.as_ref() == Some(act.person()?);
        let action = if own { Action::NameOwnStandIn } else { Action::EndStandIn };
        let permit = self.permit(act, action, Resource::Organization { ancestry: &above })?;
        let (actor, now) = (act.clone(), self.now());
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.end_stand_in(&stand_in.id, now).await?;
                let subject = format!("stand-in:{}", stand_in.id);
                let organization = &absent.organization_id;
                let event = actor.event(now, organization, "end-stand-in", subject, &decision);
                tx.record(event).await?;
                Ok(StandIn { ended_at: Some(now), ..stand_in })
            })
        })
        .await
    }

    /// A page of stand-ins, of all times.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn stand_ins(&self, act: &Act, page: &Page) -> Result<Vec<StandIn>, Error> {
        let mut tx = self.own_organization(act, Action::ReadPrincipal).await?;
        Ok(tx.stand_ins(page.after(), page.limit()).await?)
    }
}
