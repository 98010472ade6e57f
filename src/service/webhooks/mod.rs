//! Telling others of events: webhooks (Standard Webhooks) and e-mail, entered by administrators,
//! delivered from the outbox until the receiver has them, replayed on demand.

mod deliver;
mod reminders;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Act, Answer, Error, Service,
    administration::{Page, ancestry, organizations::organization_id},
};
use crate::{
    clients::mail,
    domain::{
        Timestamp,
        id::{DeliveryId, OrganizationId, WebhookId},
        webhook::{Delivery, DeliveryState, Webhook, is_event_pattern},
    },
    policy::{Action, Permit, Resource},
    store::{Concealed, Payload},
};

/// Somebody to be told of events.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Events of this organization and of those below it are told.
    pub organization_id: String,
    /// Where: `https://…`, or `mailto:` and an address.
    #[schema(example = "https://licences.example/hooks/seals")]
    pub url: String,
    /// The types of events, such as `seal-version.revoke`, or `reminder.*`; all if empty.
    #[serde(default)]
    pub events: Vec<String>,
}

/// A webhook with its secret, which is told this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IssuedWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// What deliveries are authenticated with: `whsec_` and base64, as Standard Webhooks has it.
    pub secret: String,
}

/// What the secret of a webhook is encrypted for.
fn purpose(id: &WebhookId) -> String {
    format!("webhook:{id}")
}

impl Service {
    /// Enters a webhook. Its secret is in this answer only.
    ///
    /// # Errors
    /// The address or an event type is unfit, or policy says no.
    pub async fn create_webhook(&self, act: &Act, new: NewWebhook) -> Result<IssuedWebhook, Error> {
        let organization = organization_id(&new.organization_id)?;
        let above = self.ancestry_of(act, &organization).await?;
        let resource = Resource::Organization { ancestry: &above };
        let permit = self.permit(act, Action::CreateWebhook, resource)?;
        self.check_url(&new.url)?;
        if new.events.len() > 50 || !new.events.iter().all(|event| is_event_pattern(event)) {
            let text = "an event type is two words with a point, such as seal-version.revoke or \
                 reminder.*; at most 50";
            return Err(Error::invalid("invalid-event-type", text));
        }
        let now = self.now();
        let webhook = Webhook {
            id: WebhookId::new(now, self.randomness()?),
            organization_id: organization,
            url: new.url,
            events: new.events,
            created_by: act.principal()?.id.clone(),
            created_at: now,
            disabled_at: None,
        };
        let secret = self.randomness::<32>()?.to_vec();
        let told = format!("whsec_{}", Base64::encode_string(&secret));
        let (ciphertext, data_key_id) = self.conceal(&purpose(&webhook.id), secret).await?;
        let concealed = Concealed { ciphertext, data_key_id };
        let (actor, kept) = (act.clone(), webhook.clone());
        self.store
            .write(act.scope(), move |tx| {
                Box::pin(async move {
                    let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                    tx.insert_webhook(&kept, &concealed).await?;
                    let subject = format!("webhook:{}", kept.id);
                    let organization = &kept.organization_id;
                    let event =
                        actor.event(now, organization, "create-webhook", subject, &decision);
                    Ok::<_, Error>(tx.record(event).await?)
                })
            })
            .await?;
        Ok(IssuedWebhook { webhook, secret: told })
    }

    fn check_url(&self, url: &str) -> Result<(), Error> {
        let refuse = |text: &str| Err(Error::invalid("invalid-webhook-url", text));
        if url.len() > 2000 || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return refuse("the address is too long or has characters that addresses do not have");
        }
        if let Some(address) = url.strip_prefix("mailto:") {
            if self.config.mail.server.is_none() {
                return refuse("no mail server is configured");
            }
            return match mail::is_address(address) {
                true => Ok(()),
                false => refuse("mailto: takes one address"),
            };
        }
        let plain = self.config.webhooks.plain_http && url.starts_with("http://");
        if !plain && !url.starts_with("https://") {
            return refuse("the address begins with https:// or mailto:");
        }
        // Secrets in addresses end up in logs; the signature proves who calls.
        let host = url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
        if host.is_none_or(|host| host.is_empty() || host.contains('@')) {
            return refuse("the address names a host, and no user or password");
        }
        Ok(())
    }

    /// A page of webhooks.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn webhooks(&self, act: &Act, page: &Page) -> Result<Vec<Webhook>, Error> {
        let mut tx = self.own_organization(act, Action::ReadWebhook).await?;
        Ok(tx.webhooks(page.after(), page.limit()).await?)
    }

    async fn find_webhook(
        &self,
        act: &Act,
        id: &str,
        action: Action,
    ) -> Result<(Webhook, Permit), Error> {
        let id = WebhookId::parse(id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let webhook = tx.webhook(&id).await?.ok_or(Error::NotFound("the webhook"))?;
        let above = ancestry(&mut tx, &webhook.organization_id).await?;
        let permit = self.permit(act, action, Resource::Organization { ancestry: &above })?;
        Ok((webhook, permit))
    }

    /// Tells a webhook nothing any more.
    ///
    /// # Errors
    /// It is told nothing already, or policy says no.
    pub async fn disable_webhook(&self, act: &Act, id: &str) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "disable-webhook", &id);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let (webhook, permit) = self.find_webhook(act, id, Action::DisableWebhook).await?;
        let (actor, now) = (act.clone(), self.now());
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.disable_webhook(&webhook.id, now).await?;
                let subject = format!("webhook:{}", webhook.id);
                let organization = &webhook.organization_id;
                tx.record(actor.event(now, organization, "disable-webhook", subject, &decision))
                    .await?;
                Ok(Webhook { disabled_at: Some(now), ..webhook })
            })
        })
        .await
    }

    /// A page of what was or is to be delivered to a webhook, perhaps of one state.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn deliveries(
        &self,
        act: &Act,
        id: &str,
        state: Option<DeliveryState>,
        page: &Page,
    ) -> Result<Vec<Delivery>, Error> {
        let (webhook, _) = self.find_webhook(act, id, Action::ReadWebhook).await?;
        let mut tx = self.reading(act).await?;
        Ok(tx.deliveries(&webhook.id, state, (page.after(), page.limit())).await?)
    }

    /// Delivers something once more from the beginning, dead letters above all.
    ///
    /// # Errors
    /// It waits to be delivered anyway, its webhook is disabled, or policy says no.
    pub async fn replay_delivery(
        &self,
        act: &Act,
        (webhook, id): (&str, &str),
    ) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "replay-delivery", &(webhook, id));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let (webhook, permit) = self.find_webhook(act, webhook, Action::ReplayDelivery).await?;
        let id = DeliveryId::parse(id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let read = tx.delivery(&id).await?.filter(|one| one.webhook_id == webhook.id);
        let read = read.ok_or(Error::NotFound("the delivery"))?;
        drop(tx);
        if read.state == DeliveryState::Pending || webhook.disabled_at.is_some() {
            let text = "it waits to be delivered, or nobody is told any more";
            return Err(Error::conflict("delivery-not-replayable", text));
        }
        let (actor, now) = (act.clone(), self.now());
        let moved = Delivery {
            state: DeliveryState::Pending,
            attempts: 0,
            next_at: now,
            delivered_at: None,
            ..read.clone()
        };
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.update_delivery(&read, &moved).await?;
                let subject = format!("delivery:{}", moved.id);
                let organization = &webhook.organization_id;
                let mut event =
                    actor.event(now, organization, "replay-delivery", subject, &decision);
                let what = serde_json::json!({ "event": moved.event_id });
                event.payload = Payload::Here(what.to_string());
                tx.record(event).await?;
                Ok(moved)
            })
        })
        .await
    }
}

/// What is told of an event.
fn message(
    kind: &str,
    at: Timestamp,
    organization: &OrganizationId,
    data: serde_json::Value,
) -> serde_json::Value {
    let mut whole = serde_json::json!({ "organization_id": organization });
    if let (Some(whole), serde_json::Value::Object(data)) = (whole.as_object_mut(), data) {
        whole.extend(data);
    }
    serde_json::json!({ "type": kind, "timestamp": at, "data": whole })
}
