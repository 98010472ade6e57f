//! Grants 授权: who may use a seal, for what, how often, until when.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{find, keepers::still_keeps, numbered_or_current};
use crate::{
    domain::{
        Timestamp,
        id::{GrantId, PrincipalId},
        seal::Grant,
    },
    policy::Action,
    service::{Act, Answer, Error, Service},
    store::Payload,
};

/// A grant to be given.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// Who may use the seal.
    pub principal_id: String,
    /// Document types it may seal; empty for any.
    #[serde(default)]
    pub document_types: Vec<String>,
    /// Whether bare digests may be signed, content unseen.
    #[serde(default)]
    pub digests: bool,
    /// How many signatures in all; none for no limit.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub quota: Option<i64>,
    /// First moment; now if not given.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub valid_from: Option<Timestamp>,
    /// Last moment; at most three years after the first.
    #[schema(value_type = String, example = "2027-01-01T00:00:00Z")]
    pub valid_until: Timestamp,
}

/// The longest life of a grant, seconds.
const LONGEST: i64 = 3 * 366 * 86_400;

/// Whether a text may name a type of document: 1 to 64 of letters, digits, `-`, `_`, `.`.
pub(in crate::service) fn is_document_type(text: &str) -> bool {
    (1..=64).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

impl Service {
    /// Grants the use of a seal.
    ///
    /// # Errors
    /// The principal is not in scope, the particulars are unfit, or policy says no.
    pub async fn create_grant(&self, act: &Act, id: &str, new: NewGrant) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "create-grant", &(id, &new));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let principal = PrincipalId::parse(&new.principal_id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_current(None), self.now()).await?;
        tx.principal(&principal).await?.ok_or(Error::NotFound("the principal"))?;
        drop(tx);
        let permit = self.permit(act, Action::CreateGrant, found.resource())?;
        let now = self.now();
        let valid_from = new.valid_from.unwrap_or(now);
        let lasts = new.valid_until.as_seconds() - valid_from.as_seconds();
        if !(1..=LONGEST).contains(&lasts) || new.valid_until <= now {
            return Err(Error::invalid(
                "invalid-validity",
                "a grant ends in the future, at most three years after it begins",
            ));
        }
        if new.quota.is_some_and(|quota| quota < 1) {
            return Err(Error::invalid("invalid-quota", "a quota is at least 1"));
        }
        if !new.document_types.iter().all(|text| is_document_type(text)) {
            return Err(Error::invalid(
                "invalid-document-type",
                "a document type has 1 to 64 letters, digits, -, _ or .",
            ));
        }
        let grant = Grant {
            id: GrantId::new(now, self.randomness()?),
            seal_id: found.seal.id.clone(),
            principal_id: principal,
            document_types: new.document_types,
            digests: new.digests,
            quota: new.quota,
            used: 0,
            valid_from,
            valid_until: new.valid_until,
            revoked_at: None,
        };
        let (actor, person) = (act.clone(), act.person()?.clone());
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                still_keeps(tx, &grant.seal_id, &person, now).await?;
                tx.insert_grant(&grant, now).await?;
                let subject = format!("grant:{}", grant.id);
                let organization = &found.seal.organization_id;
                let mut event = actor.event(now, organization, "create-grant", subject, &decision);
                let payload =
                    serde_json::json!({ "seal": grant.seal_id, "to": grant.principal_id });
                event.payload = Payload::Here(payload.to_string());
                tx.record(event).await?;
                Ok(grant)
            })
        })
        .await
    }

    /// The grants of a seal.
    ///
    /// # Errors
    /// The seal is not in scope, or policy says no.
    pub async fn grants(&self, act: &Act, id: &str) -> Result<Vec<Grant>, Error> {
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_current(None), self.now()).await?;
        let _ = self.permit(act, Action::ReadGrant, found.resource())?;
        Ok(tx.grants(&found.seal.id, None).await?)
    }

    /// Withdraws a grant.
    ///
    /// # Errors
    /// There is none, it was withdrawn already, or policy says no.
    pub async fn revoke_grant(&self, act: &Act, id: &str, grant: &str) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "revoke-grant", &(id, grant));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let grant = GrantId::parse(grant)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_current(None), self.now()).await?;
        let all = tx.grants(&found.seal.id, None).await?;
        drop(tx);
        let held = all.into_iter().find(|known| known.id == grant);
        let held = held.ok_or(Error::NotFound("the grant"))?;
        let permit = self.permit(act, Action::RevokeGrant, found.resource())?;
        let now = self.now();
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.revoke_grant(&found.seal.id, &held.id, now).await?;
                let subject = format!("grant:{}", held.id);
                let organization = &found.seal.organization_id;
                tx.record(actor.event(now, organization, "revoke-grant", subject, &decision))
                    .await?;
                Ok(Grant { revoked_at: Some(now), ..held })
            })
        })
        .await
    }
}
