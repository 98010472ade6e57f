//! Messages to be delivered after the commit that caused them, and evidence leaves.

use sqlx::query;

use super::{
    StoreError,
    columns::{Columns, json},
    tx::Tx,
};
use crate::domain::Timestamp;

impl Tx {
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
        self.post_all(topic, vec![(id, json(message))], at).await
    }

    /// Leaves several messages of a topic in the outbox, each with its id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn post_all(
        &mut self,
        topic: &'static str,
        messages: Vec<(String, String)>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let row = |(id, message): (String, String)| {
            [id.into(), topic.into(), message.into(), at.as_micros().into()]
        };
        let rows = messages.into_iter().map(row).collect();
        let sql = "INSERT INTO outbox (id, topic, message, created_at)";
        self.insert_rows(sql, rows).await?;
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
