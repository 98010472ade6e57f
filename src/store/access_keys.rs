//! Access keys: digests of secrets, never secrets.

use std::collections::BTreeSet;

use sqlx::{any::AnyRow, query};

use super::{
    StoreError,
    columns::{Columns, json},
    tx::Tx,
};
use crate::domain::{
    Timestamp,
    access_key::{AccessKey, AccessKeyText},
    id::{AccessKeyId, PrincipalId},
};

const ACCESS_KEY: &str = "SELECT k.id, k.principal_id, k.secret_digest, k.actions, k.expires_at, \
     k.revoked_at, k.created_at FROM access_keys k \
     JOIN principals p ON p.id = k.principal_id \
     JOIN organizations o ON o.id = p.organization_id ";

impl Tx {
    /// Enters an access key by its digest.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_access_key(
        &mut self,
        key: &AccessKey,
        text: &AccessKeyText,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO access_keys (id, principal_id, secret_digest, actions, expires_at, \
                 revoked_at, created_at) VALUES ($1, $2, $3, $4, $5, NULL, $6)",
            )
            .bind(key.id.to_string())
            .bind(key.principal_id.to_string())
            .bind(text.digest())
            .bind(json(&key.actions))
            .bind(key.expires_at.as_micros())
            .bind(key.created_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// The access key that a text is, if its secret is right. Whether it still works is for the
    /// caller to judge.
    ///
    /// # Errors
    /// The database fails.
    pub async fn access_key_of(
        &mut self,
        text: &AccessKeyText,
    ) -> Result<Option<AccessKey>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{ACCESS_KEY} WHERE k.id = $1"));
        let Some(row) = self.optional(query(sql).bind(text.id().to_string())).await? else {
            return Ok(None);
        };
        let stored = Columns::of("access_keys", &row).text("secret_digest")?;
        // Digests of 256-bit secrets: comparing them early-out tells nothing of use.
        if stored == text.digest() { access_key(&row).map(Some) } else { Ok(None) }
    }

    /// Access keys in scope after a cursor, by id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn access_keys(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<AccessKey>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{ACCESS_KEY} WHERE k.id > $1 AND o.path LIKE $2 ORDER BY k.id LIMIT $3"
        ));
        let rows = self.all(query(sql).bind(after.to_owned()).bind(pattern).bind(limit)).await?;
        rows.iter().map(access_key).collect()
    }

    /// An access key in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn access_key(&mut self, id: &AccessKeyId) -> Result<Option<AccessKey>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{ACCESS_KEY} WHERE k.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        row.as_ref().map(access_key).transpose()
    }

    /// Withdraws an access key, once.
    ///
    /// # Errors
    /// It was withdrawn already, or the database fails.
    pub async fn revoke_access_key(
        &mut self,
        id: &AccessKeyId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the access key",
            query("UPDATE access_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
                .bind(at.as_micros())
                .bind(id.to_string()),
        )
        .await
    }

    /// Those of several access keys that work at a time; their rows are locked against withdrawal
    /// until the end of the transaction.
    ///
    /// # Errors
    /// The database fails.
    pub async fn working_access_keys(
        &mut self,
        ids: BTreeSet<&AccessKeyId>,
        at: Timestamp,
    ) -> Result<BTreeSet<AccessKeyId>, StoreError> {
        let ids = ids.into_iter().map(|id| [id.to_string().into()]).collect();
        let locking = self.locking();
        let sql = [
            "SELECT id FROM access_keys WHERE revoked_at IS NULL AND expires_at > $1 AND id IN",
            locking,
        ];
        let rows = self.among(sql, Some(at.as_micros().into()), ids).await?;
        let id = |text: &str| AccessKeyId::parse(text).ok();
        rows.iter().map(|row| Columns::of("access_keys", row).word("id", id)).collect()
    }
}

fn access_key(row: &AnyRow) -> Result<AccessKey, StoreError> {
    let c = Columns::of("access_keys", row);
    Ok(AccessKey {
        id: c.word("id", |text| AccessKeyId::parse(text).ok())?,
        principal_id: c.word("principal_id", |text| PrincipalId::parse(text).ok())?,
        actions: c.json("actions")?,
        expires_at: c.time("expires_at")?,
        revoked_at: c.optional_time("revoked_at")?,
        created_at: c.time("created_at")?,
    })
}
