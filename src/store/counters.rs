//! Numbers that are given one after the other: of applications, of seals.

use sqlx::query;

use super::{StoreError, columns::Columns, tx::Tx};

impl Tx {
    /// The next number of a name, from 1. Who takes one makes others who want one of the same name
    /// wait until the end of the transaction; what is rolled back gives its number back.
    ///
    /// # Errors
    /// The database fails.
    pub async fn next_number(&mut self, name: &str) -> Result<i64, StoreError> {
        let row = self
            .optional(
                query(
                    "INSERT INTO counters (name, value) VALUES ($1, 1) ON CONFLICT (name) \
                     DO UPDATE SET value = counters.value + 1 RETURNING value",
                )
                .bind(name.to_owned()),
            )
            .await?;
        let missing = StoreError::Inconsistent { table: "counters", column: "value" };
        Columns::of("counters", &row.ok_or(missing)?).integer("value")
    }
}
