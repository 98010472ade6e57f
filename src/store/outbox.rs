//! Messages to be delivered after the commit that caused them, and evidence leaves.

use sqlx::query;

use super::{
    StoreError,
    audit::AuditEvent,
    columns::{Columns, json},
    tx::Tx,
};
use crate::domain::Timestamp;

/// The topic of what webhooks are told.
pub const EVENT: &str = "event";

impl Tx {
    /// Leaves word of a recorded act for webhooks, where anybody is to be told. What is told says who
    /// did what to which record; what the record holds is read with an access key.
    pub(super) async fn announce(
        &mut self,
        id: String,
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        let Some(organization) = &event.organization_id else { return Ok(()) };
        if event.outcome != "done" || !self.anybody_is_told().await? {
            return Ok(());
        }
        let group = event.subject.split(':').next().unwrap_or_default();
        let told = serde_json::json!({
            "type": format!("{group}.{}", event.action),
            "timestamp": event.at,
            "data": {
                "organization_id": organization,
                "subject": event.subject,
                "principal_id": event.principal_id,
            },
        });
        self.post(id, EVENT, &told, event.at).await
    }

    /// Leaves a message in the outbox.
    ///
    /// # Errors
    /// The database fails.
    pub async fn post(
        &mut self,
        id: String,
        topic: &'static str,
        message: &serde_json::Value,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO outbox (id, topic, message, created_at) VALUES ($1, $2, $3, $4)";
        let row = query(sql).bind(id).bind(topic).bind(json(message)).bind(at.as_micros());
        self.execute(row).await?;
        Ok(())
    }

    /// The ids of undelivered messages of a topic, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn undelivered(&mut self, topic: &'static str) -> Result<Vec<String>, StoreError> {
        let rows = self
            .all(
                query(
                    "SELECT id FROM outbox WHERE topic = $1 AND delivered_at IS NULL \
                     ORDER BY id LIMIT 1000",
                )
                .bind(topic),
            )
            .await?;
        rows.iter().map(|row| Columns::of("outbox", row).text("id")).collect()
    }

    /// Marks messages as delivered.
    ///
    /// # Errors
    /// The database fails.
    pub async fn delivered(&mut self, ids: &[String], at: Timestamp) -> Result<(), StoreError> {
        for id in ids {
            self.execute(
                query("UPDATE outbox SET delivered_at = $1 WHERE id = $2 AND delivered_at IS NULL")
                    .bind(at.as_micros())
                    .bind(id.clone()),
            )
            .await?;
        }
        Ok(())
    }
}
