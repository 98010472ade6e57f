//! Access keys: issued, shown once, withdrawn.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{Page, ancestry};
use crate::{
    domain::{
        Timestamp,
        access_key::{AccessKey, AccessKeyText},
        id::{AccessKeyId, PrincipalId},
    },
    policy::{Action, Resource},
    service::{Act, Error, Service},
    store::Payload,
};

/// An access key to be issued.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccessKey {
    /// Whom it authenticates.
    pub principal_id: String,
    /// Actions it is limited to; empty for all that the principal may do.
    #[serde(default)]
    pub actions: Vec<String>,
    /// When it stops to work; at most two years ahead.
    #[schema(value_type = String, example = "2027-01-01T00:00:00Z")]
    pub expires_at: Timestamp,
}

/// An access key with its text, which is never shown again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IssuedAccessKey {
    /// The key as the service knows it.
    #[serde(flatten)]
    pub key: AccessKey,
    /// The text to send as `Authorization: Bearer …`.
    pub access_key: String,
}

/// The longest life of an access key, seconds.
const LONGEST: i64 = 2 * 366 * 86_400;

impl Service {
    /// Issues an access key. Its text is in this answer and nowhere else, so the answer cannot be
    /// given again: an idempotency key is not taken here.
    ///
    /// # Errors
    /// The principal is not in scope, the actions are unknown, or policy says no.
    pub async fn issue_access_key(
        &self,
        act: &Act,
        new: NewAccessKey,
    ) -> Result<IssuedAccessKey, Error> {
        if act.idempotency_key.is_some() {
            return Err(Error::invalid(
                "idempotency-not-offered",
                "an access key is shown once; this request does not take an Idempotency-Key",
            ));
        }
        let id = PrincipalId::parse(&new.principal_id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let holder = tx.principal(&id).await?.ok_or(Error::NotFound("the principal"))?;
        let above = ancestry(&mut tx, &holder.organization_id).await?;
        drop(tx);
        let permit =
            self.permit(act, Action::IssueAccessKey, Resource::Organization { ancestry: &above })?;
        if let Some(unknown) = new.actions.iter().find(|word| Action::parse(word).is_none()) {
            return Err(Error::invalid(
                "unknown-action",
                format!("there is no action {unknown:?}"),
            ));
        }
        // A limited key does not make one that may do more.
        let more = |word: &String| !act.key_allows(word);
        if !act.key_actions.is_empty() && (new.actions.is_empty() || new.actions.iter().any(more)) {
            return Err(Error::invalid(
                "actions-beyond-own",
                "an access key limited to actions issues only keys limited to some of them",
            ));
        }
        let now = self.now();
        if new.expires_at <= now || new.expires_at > now.plus_seconds(LONGEST) {
            return Err(Error::invalid(
                "invalid-expiry",
                "expires_at must lie in the future, at most two years ahead",
            ));
        }
        let key = AccessKey {
            id: AccessKeyId::new(now, self.randomness()?),
            principal_id: id,
            actions: new.actions,
            expires_at: new.expires_at,
            revoked_at: None,
            created_at: now,
        };
        let text = AccessKeyText::new(key.id.clone(), self.randomness()?);
        let access_key = text.reveal();
        let (actor, kept) = (act.clone(), key.clone());
        self.store
            .write(act.scope(), move |tx| {
                Box::pin(async move {
                    let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                    tx.insert_access_key(&kept, &text).await?;
                    let subject = format!("access-key:{}", kept.id);
                    let organization = &holder.organization_id;
                    let mut event =
                        actor.event(now, organization, "issue-access-key", subject, &decision);
                    event.payload =
                        Payload::Here(json!({ "principal": kept.principal_id }).to_string());
                    tx.record(event).await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        Ok(IssuedAccessKey { key, access_key })
    }

    /// A page of access keys, without their texts.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn access_keys(&self, act: &Act, page: &Page) -> Result<Vec<AccessKey>, Error> {
        let mut tx = self.own_organization(act, Action::ReadAccessKey).await?;
        Ok(tx.access_keys(page.after(), page.limit()).await?)
    }

    /// Withdraws an access key.
    ///
    /// # Errors
    /// It is not in scope or withdrawn already, or policy says no.
    pub async fn revoke_access_key(
        &self,
        act: &Act,
        id: &str,
    ) -> Result<crate::service::Answer, Error> {
        let once = self.once_for(act, 200, "revoke-access-key", &id);
        let id = AccessKeyId::parse(id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let key = tx.access_key(&id).await?.ok_or(Error::NotFound("the access key"))?;
        let holder =
            tx.principal(&key.principal_id).await?.ok_or(Error::NotFound("the principal"))?;
        let above = ancestry(&mut tx, &holder.organization_id).await?;
        drop(tx);
        let permit =
            self.permit(act, Action::RevokeAccessKey, Resource::Organization { ancestry: &above })?;
        let now = self.now();
        let act = act.clone();
        self.once(&act.clone(), once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.revoke_access_key(&id, now).await?;
                let subject = format!("access-key:{id}");
                let organization = &holder.organization_id;
                tx.record(act.event(now, organization, "revoke-access-key", subject, &decision))
                    .await?;
                Ok(AccessKey { revoked_at: Some(now), ..key })
            })
        })
        .await
    }
}
