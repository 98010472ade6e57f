//! Webhooks, what is delivered to them, and what was reminded of.

use sqlx::{any::AnyRow, query};

use super::{
    StoreError,
    attachments::{Concealed, concealed},
    columns::{Columns, json},
    tx::Tx,
};
use crate::domain::{
    Timestamp,
    id::{DeliveryId, OrganizationId, PrincipalId, WebhookId},
    webhook::{Delivery, DeliveryState, Webhook},
};

const WEBHOOK: &str = "SELECT w.id, w.organization_id, w.url, w.events, w.created_by, \
     w.created_at, w.disabled_at FROM webhooks w JOIN organizations o ON o.id = w.organization_id ";
const DELIVERY: &str = "SELECT d.id, d.webhook_id, d.event_id, d.event_type, d.body, d.state, \
     d.attempts, d.next_at, d.last_error, d.delivered_at FROM deliveries d \
     JOIN webhooks w ON w.id = d.webhook_id JOIN organizations o ON o.id = w.organization_id ";

/// An event in the outbox.
#[derive(Clone, Debug)]
pub struct Announced {
    /// Its identifier.
    pub id: String,
    /// What is told, JSON.
    pub message: serde_json::Value,
}

impl Tx {
    /// Enters a webhook with its secret.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_webhook(
        &mut self,
        w: &Webhook,
        secret: &Concealed,
    ) -> Result<(), StoreError> {
        use base64ct::{Base64, Encoding};
        self.execute(
            query(
                "INSERT INTO webhooks (id, organization_id, url, events, secret, data_key_id, \
                 created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(w.id.to_string())
            .bind(w.organization_id.to_string())
            .bind(w.url.clone())
            .bind(json(&w.events))
            .bind(Base64::encode_string(&secret.ciphertext))
            .bind(secret.data_key_id.clone())
            .bind(w.created_by.to_string())
            .bind(w.created_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// A webhook in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn webhook(&mut self, id: &WebhookId) -> Result<Option<Webhook>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{WEBHOOK} WHERE w.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        row.as_ref().map(webhook).transpose()
    }

    /// Webhooks in scope after a cursor, by id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn webhooks(&mut self, after: &str, limit: i64) -> Result<Vec<Webhook>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{WEBHOOK} WHERE w.id > $1 AND o.path LIKE $2 ORDER BY w.id LIMIT $3"
        ));
        let rows = self.all(query(sql).bind(after.to_owned()).bind(pattern).bind(limit)).await?;
        rows.iter().map(webhook).collect()
    }

    /// The secret of a webhook.
    ///
    /// # Errors
    /// The database fails.
    pub async fn webhook_secret(
        &mut self,
        id: &WebhookId,
    ) -> Result<Option<Concealed>, StoreError> {
        let found = query("SELECT secret AS content, data_key_id FROM webhooks WHERE id = $1");
        let row = self.optional(found.bind(id.to_string())).await?;
        row.as_ref().map(|row| concealed("webhooks", row)).transpose()
    }

    /// Tells a webhook nothing any more; what waits for it is given up.
    ///
    /// # Errors
    /// It is told nothing already, or the database fails.
    pub async fn disable_webhook(
        &mut self,
        id: &WebhookId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let disabled =
            query("UPDATE webhooks SET disabled_at = $1 WHERE id = $2 AND disabled_at IS NULL");
        self.change_one("the webhook", disabled.bind(at.as_micros()).bind(id.to_string())).await?;
        self.execute(
            query(
                "UPDATE deliveries SET state = 'dead', last_error = 'the webhook was disabled' \
                 WHERE webhook_id = $1 AND state = 'pending'",
            )
            .bind(id.to_string()),
        )
        .await?;
        Ok(())
    }

    /// Whether anybody is to be told of anything.
    pub(super) async fn anybody_is_told(&mut self) -> Result<bool, StoreError> {
        let found = query("SELECT id FROM webhooks WHERE disabled_at IS NULL LIMIT 1");
        Ok(self.optional(found).await?.is_some())
    }

    /// Events in the outbox that were not given to webhooks yet, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn announced(
        &mut self,
        topic: &'static str,
        limit: i64,
    ) -> Result<Vec<Announced>, StoreError> {
        let found = query(
            "SELECT id, message FROM outbox WHERE topic = $1 AND delivered_at IS NULL \
             ORDER BY created_at, id LIMIT $2",
        );
        let rows = self.all(found.bind(topic).bind(limit)).await?;
        rows.iter()
            .map(|row| {
                let c = Columns::of("outbox", row);
                Ok(Announced { id: c.text("id")?, message: c.json("message")? })
            })
            .collect()
    }

    /// The webhooks that are told of events of an organization: its own and those above it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn webhooks_above(
        &mut self,
        organization: &OrganizationId,
    ) -> Result<Vec<Webhook>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{WEBHOOK} WHERE w.disabled_at IS NULL AND EXISTS (SELECT 1 FROM organizations below \
             WHERE below.id = $1 AND below.path LIKE '%/' || o.id || '/%') ORDER BY w.id"
        ));
        self.all(query(sql).bind(organization.to_string())).await?.iter().map(webhook).collect()
    }

    /// Enters what is to be delivered; what is there already stays as it is.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_delivery(&mut self, d: &Delivery) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO deliveries (id, webhook_id, event_id, event_type, body, state, \
                 attempts, next_at, created_at) VALUES ($1, $2, $3, $4, $5, 'pending', 0, $6, $6) \
                 ON CONFLICT (webhook_id, event_id) DO NOTHING",
            )
            .bind(d.id.to_string())
            .bind(d.webhook_id.to_string())
            .bind(d.event_id.clone())
            .bind(d.event_type.clone())
            .bind(d.body.clone())
            .bind(d.next_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// A delivery in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn delivery(&mut self, id: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{DELIVERY} WHERE d.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        row.as_ref().map(delivery).transpose()
    }

    /// Deliveries to a webhook after a cursor, by id, perhaps of one state.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deliveries(
        &mut self,
        webhook: &WebhookId,
        state: Option<DeliveryState>,
        (after, limit): (&str, i64),
    ) -> Result<Vec<Delivery>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{DELIVERY} WHERE d.id > $1 AND d.webhook_id = $2 AND ($3 = '' OR d.state = $3) \
             ORDER BY d.id LIMIT $4"
        ));
        let found = query(sql).bind(after.to_owned()).bind(webhook.to_string());
        let found = found.bind(state.map_or("", DeliveryState::as_str)).bind(limit);
        self.all(found).await?.iter().map(delivery).collect()
    }

    /// Deliveries whose time has come, the longest waiting first, at most 20 of one webhook: one that
    /// does not answer takes no other's place.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deliveries_due(
        &mut self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{DELIVERY} JOIN (SELECT p.id AS due, ROW_NUMBER() OVER (PARTITION BY p.webhook_id \
             ORDER BY p.next_at, p.id) AS place FROM deliveries p \
             WHERE p.state = 'pending' AND p.next_at <= $1) ranked ON ranked.due = d.id \
             WHERE ranked.place <= 20 AND w.disabled_at IS NULL \
             ORDER BY d.next_at, d.id LIMIT $2"
        ));
        let rows = self.all(query(sql).bind(now.as_micros()).bind(limit)).await?;
        rows.iter().map(delivery).collect()
    }

    /// Writes a delivery over the one that was read.
    ///
    /// # Errors
    /// Somebody else moved it meanwhile, or the database fails.
    pub async fn update_delivery(
        &mut self,
        read: &Delivery,
        moved: &Delivery,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the delivery",
            query(
                "UPDATE deliveries SET state = $1, attempts = $2, next_at = $3, last_error = $4, \
                 delivered_at = $5 WHERE id = $6 AND state = $7 AND next_at = $8",
            )
            .bind(moved.state.as_str())
            .bind(moved.attempts)
            .bind(moved.next_at.as_micros())
            .bind(moved.last_error.clone())
            .bind(moved.delivered_at.map(Timestamp::as_micros))
            .bind(read.id.to_string())
            .bind(read.state.as_str())
            .bind(read.next_at.as_micros()),
        )
        .await
    }

    /// Deletes what was delivered before a time, and events that all have been told; returns how many
    /// deliveries.
    ///
    /// # Errors
    /// The database fails.
    pub async fn prune_deliveries(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let told = query("DELETE FROM outbox WHERE delivered_at < $1").bind(before.as_micros());
        self.execute(told).await?;
        let done = "DELETE FROM deliveries WHERE state = 'delivered' AND delivered_at < $1";
        self.execute(query(done).bind(before.as_micros())).await
    }

    /// Remembers a reminder; `false` where it was given before.
    ///
    /// # Errors
    /// The database fails.
    pub async fn remind_once(&mut self, key: &str, at: Timestamp) -> Result<bool, StoreError> {
        let new =
            query("INSERT INTO reminders (key, at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING");
        Ok(self.execute(new.bind(key.to_owned()).bind(at.as_micros())).await? == 1)
    }
}

fn webhook(row: &AnyRow) -> Result<Webhook, StoreError> {
    let c = Columns::of("webhooks", row);
    Ok(Webhook {
        id: c.word("id", |text| WebhookId::parse(text).ok())?,
        organization_id: c.word("organization_id", |text| OrganizationId::parse(text).ok())?,
        url: c.text("url")?,
        events: c.json("events")?,
        created_by: c.word("created_by", |text| PrincipalId::parse(text).ok())?,
        created_at: c.time("created_at")?,
        disabled_at: c.optional_time("disabled_at")?,
    })
}

fn delivery(row: &AnyRow) -> Result<Delivery, StoreError> {
    let c = Columns::of("deliveries", row);
    Ok(Delivery {
        id: c.word("id", |text| DeliveryId::parse(text).ok())?,
        webhook_id: c.word("webhook_id", |text| WebhookId::parse(text).ok())?,
        event_id: c.text("event_id")?,
        event_type: c.text("event_type")?,
        body: c.text("body")?,
        state: c.word("state", DeliveryState::parse)?,
        attempts: c.integer("attempts")?,
        next_at: c.time("next_at")?,
        last_error: c.get("last_error")?,
        delivered_at: c.optional_time("delivered_at")?,
    })
}
