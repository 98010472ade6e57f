//! From the outbox to the receivers: every event to every webhook that wants it, tried again until
//! it is taken or given up.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64ct::{Base64, Encoding};

use super::purpose;
use crate::{
    clients::webhook::{Call, Outcome, call},
    domain::{
        Timestamp,
        id::{DeliveryId, OrganizationId, WebhookId},
        organization::Scope,
        webhook::{Delivery, DeliveryState, Webhook},
    },
    service::{Error, Service},
    store::EVENT,
};

/// How many events or deliveries one turn looks at.
const MOST: i64 = 100;
/// How many deliveries are made at once.
const AT_ONCE: usize = 16;
/// How long a delivery that is being made is left alone by others, seconds.
const CLAIMED: i64 = 120;
/// How long what was delivered is kept, seconds.
const KEPT: i64 = 30 * 86_400;

impl Service {
    /// Gives new events to the webhooks that want them, then delivers what is due. Returns whether
    /// there may be more to do at once.
    ///
    /// # Errors
    /// The database or the token fails; what was not delivered waits.
    pub async fn deliver_events(&self) -> Result<bool, Error> {
        let more = self.spread_events().await?;
        let due = self.reading_service().await?.deliveries_due(self.now(), MOST).await?;
        let full = i64::try_from(due.len()).is_ok_and(|count| count == MOST);
        // One slow receiver does not hold up the others, and each is told in order.
        let mut by_webhook: BTreeMap<WebhookId, Vec<Delivery>> = BTreeMap::new();
        for delivery in due {
            by_webhook.entry(delivery.webhook_id.clone()).or_default().push(delivery);
        }
        let mut waiting = by_webhook.into_values();
        loop {
            let portion = waiting.by_ref().take(AT_ONCE).map(|one| self.deliver_in_order(one));
            let made = futures_util::future::join_all(portion).await;
            if made.is_empty() {
                break;
            }
        }
        Ok(more || full)
    }

    /// Delivers to one webhook, until it fails; the rest has its turn later.
    async fn deliver_in_order(&self, deliveries: Vec<Delivery>) {
        for delivery in deliveries {
            let id = delivery.id.clone();
            match self.deliver(delivery).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(delivery = %id, %error, "a delivery could not be made");
                    break;
                }
            }
        }
    }

    async fn spread_events(&self) -> Result<bool, Error> {
        let mut tx = self.reading_service().await?;
        let announced = tx.announced(EVENT, MOST).await?;
        drop(tx);
        let full = i64::try_from(announced.len()).is_ok_and(|count| count == MOST);
        for event in announced {
            let now = self.now();
            let text = |place: &str| event.message.pointer(place).and_then(|value| value.as_str());
            let kind = text("/type").unwrap_or_default().to_owned();
            let organization = text("/data/organization_id");
            let organization = organization.and_then(|text| OrganizationId::parse(text).ok());
            let unique = self.randomness::<10>()?;
            let body = event.message.to_string();
            self.store
                .write(Scope::Service, move |tx| {
                    Box::pin(async move {
                        let told = match &organization {
                            Some(organization) => tx.webhooks_above(organization).await?,
                            None => Vec::new(),
                        };
                        let told = told.into_iter().filter(|webhook| webhook.wants(&kind));
                        for (place, webhook) in told.enumerate() {
                            let mut unique = unique;
                            let order = u16::try_from(place).unwrap_or(u16::MAX).to_be_bytes();
                            unique.iter_mut().zip(order).for_each(|(byte, digit)| *byte ^= digit);
                            tx.insert_delivery(&Delivery {
                                id: DeliveryId::new(now, unique),
                                webhook_id: webhook.id,
                                event_id: event.id.clone(),
                                event_type: kind.clone(),
                                body: body.clone(),
                                state: DeliveryState::Pending,
                                attempts: 0,
                                next_at: now,
                                last_error: None,
                                delivered_at: None,
                            })
                            .await?;
                        }
                        Ok::<_, Error>(tx.delivered(&[event.id], now).await?)
                    })
                })
                .await?;
        }
        Ok(full)
    }

    /// Makes one delivery; returns whether the receiver took it. It is claimed first, so that another
    /// process does not make it, too.
    async fn deliver(&self, read: Delivery) -> Result<bool, Error> {
        let now = self.now();
        let claimed = Delivery { next_at: now.plus_seconds(CLAIMED), ..read.clone() };
        match self.move_delivery(read, claimed.clone()).await {
            Ok(()) => {}
            // Somebody else is faster.
            Err(Error::Conflict { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
        let webhook = self.reading_service().await?.webhook(&claimed.webhook_id).await?;
        let webhook = webhook.ok_or(Error::NotFound("the webhook"))?;
        let outcome = self.send(&webhook, &claimed).await?;
        let (taken, gone) = (outcome == Outcome::Taken, outcome == Outcome::Gone);
        let moved = self.after(&claimed, outcome, self.now());
        self.move_delivery(claimed, moved).await?;
        if gone {
            let now = self.now();
            self.store
                .write(Scope::Service, move |tx| {
                    Box::pin(
                        async move { Ok::<_, Error>(tx.disable_webhook(&webhook.id, now).await?) },
                    )
                })
                .await?;
        }
        Ok(taken)
    }

    async fn move_delivery(&self, read: Delivery, moved: Delivery) -> Result<(), Error> {
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move { Ok(tx.update_delivery(&read, &moved).await?) })
            })
            .await
    }

    async fn send(&self, webhook: &Webhook, delivery: &Delivery) -> Result<Outcome, Error> {
        if let Some(address) = webhook.url.strip_prefix("mailto:") {
            return self.send_mail(address.to_owned(), delivery.clone()).await;
        }
        let mut tx = self.reading_service().await?;
        let secret = tx.webhook_secret(&webhook.id).await?;
        let secret = secret.ok_or(Error::NotFound("the webhook's secret"))?;
        drop(tx);
        let key =
            self.reveal(&purpose(&webhook.id), &secret.ciphertext, &secret.data_key_id).await?;
        let (id, at) = (delivery.event_id.clone(), self.now().as_seconds().to_string());
        let signature = sign(&key, &id, &at, &delivery.body);
        let (url, body) = (webhook.url.clone(), delivery.body.clone());
        let timeout = std::time::Duration::from_millis(self.config.webhooks.timeout_ms);
        let private_addresses = self.config.webhooks.private_addresses;
        let called = tokio::task::spawn_blocking(move || {
            call(&Call {
                url: &url,
                headers: [
                    ("webhook-id", id),
                    ("webhook-timestamp", at),
                    ("webhook-signature", signature),
                ],
                body: &body,
                timeout,
                private_addresses,
            })
        });
        called.await.map_err(|error| Error::Internal(error.to_string()))
    }

    async fn send_mail(&self, address: String, delivery: Delivery) -> Result<Outcome, Error> {
        let server = self.config.mail.clone();
        let sent = tokio::task::spawn_blocking(move || {
            let (subject, text) = letter(&delivery);
            server.send(&address, &delivery.event_id, &subject, &text)
        });
        let sent = sent.await.map_err(|error| Error::Internal(error.to_string()))?;
        Ok(match sent {
            Ok(()) => Outcome::Taken,
            Err(why) => Outcome::Failed(why, None),
        })
    }

    /// The delivery after a try.
    fn after(&self, made: &Delivery, outcome: Outcome, now: Timestamp) -> Delivery {
        let attempts = made.attempts + 1;
        let tried = Delivery { attempts, next_at: now, ..made.clone() };
        match outcome {
            Outcome::Taken => Delivery {
                state: DeliveryState::Delivered,
                last_error: None,
                delivered_at: Some(now),
                ..tried
            },
            Outcome::Gone => Delivery {
                state: DeliveryState::Dead,
                last_error: Some("the receiver wants no more (410)".to_owned()),
                ..tried
            },
            Outcome::Failed(why, wait) => {
                let pauses = &self.config.webhooks.retry_seconds;
                let pause = usize::try_from(made.attempts).ok().and_then(|n| pauses.get(n));
                match pause {
                    None => Delivery { state: DeliveryState::Dead, last_error: Some(why), ..tried },
                    Some(pause) => {
                        // A receiver may ask for more time, up to a day.
                        let pause = u64::from(*pause).max(wait.unwrap_or(0).min(86_400));
                        let pause = i64::try_from(pause).unwrap_or(0);
                        Delivery {
                            state: DeliveryState::Pending,
                            last_error: Some(why),
                            next_at: now.plus_seconds(pause),
                            ..tried
                        }
                    }
                }
            }
        }
    }

    /// Deletes what was delivered long ago.
    ///
    /// # Errors
    /// The database fails.
    pub async fn prune_deliveries(&self) -> Result<(), Error> {
        let before = self.now().plus_seconds(-KEPT);
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move { Ok(tx.prune_deliveries(before).await.map(drop)?) })
            })
            .await
    }
}

/// `webhook-signature`: HMAC-SHA-256 over id, time and body.
fn sign(key: &[u8], id: &str, at: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let tag = hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", Base64::encode_string(tag.as_ref()))
}

/// What a person reads of an event.
fn letter(delivery: &Delivery) -> (String, String) {
    let body: serde_json::Value = serde_json::from_str(&delivery.body).unwrap_or_default();
    let data = body.get("data").and_then(|data| data.as_object());
    let name = data.and_then(|data| data.get("seal_name")).and_then(|name| name.as_str());
    let subject = match name {
        Some(name) => format!("Sealwright {} {name}", delivery.event_type),
        None => format!("Sealwright {}", delivery.event_type),
    };
    let mut text = format!(
        "电子印章系统通知 notice of the seal service\r\n\r\n{}\r\n{}\r\n",
        delivery.event_type,
        body.get("timestamp").and_then(|at| at.as_str()).unwrap_or_default()
    );
    for (key, value) in data.into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.push_str(&format!("{key}: {value}\r\n"));
    }
    (subject, text)
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64, Encoding};

    use super::sign;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the Standard Webhooks specification's libraries.
        let key = Base64::decode_vec("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature =
            sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
