//! Grants: who may use a seal, and how often it was used.

use sqlx::{any::AnyRow, query};

use super::{
    StoreError,
    columns::{Columns, json},
    tx::Tx,
};
use crate::domain::{
    Timestamp,
    id::{GrantId, PrincipalId, SealId, SignatureId},
    seal::Grant,
};

impl Tx {
    /// How many signatures were made with a seal, by all grants of all times.
    ///
    /// # Errors
    /// The database fails.
    pub async fn uses_of_seal(&mut self, id: &SealId) -> Result<i64, StoreError> {
        let found = query(
            "SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) AS uses FROM grants WHERE seal_id = $1",
        );
        match self.optional(found.bind(id.to_string())).await? {
            None => Ok(0),
            Some(row) => Columns::of("grants", &row).integer("uses"),
        }
    }

    /// Enters a grant.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_grant(&mut self, g: &Grant, at: Timestamp) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO grants (id, seal_id, principal_id, document_types, digests, quota, \
                 used, valid_from, valid_until, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9)",
            )
            .bind(g.id.to_string())
            .bind(g.seal_id.to_string())
            .bind(g.principal_id.to_string())
            .bind(json(&g.document_types))
            .bind(i64::from(g.digests))
            .bind(g.quota)
            .bind(g.valid_from.as_micros())
            .bind(g.valid_until.as_micros())
            .bind(at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// The grants of a seal, newest first; perhaps of one principal only.
    ///
    /// # Errors
    /// The database fails.
    pub async fn grants(
        &mut self,
        seal: &SealId,
        principal: Option<&PrincipalId>,
    ) -> Result<Vec<Grant>, StoreError> {
        let rows = self
            .all(
                query(
                    "SELECT id, seal_id, principal_id, document_types, digests, quota, used, \
                     valid_from, valid_until, revoked_at FROM grants \
                     WHERE seal_id = $1 AND ($2 = '' OR principal_id = $2) ORDER BY id DESC",
                )
                .bind(seal.to_string())
                .bind(principal.map(ToString::to_string).unwrap_or_default()),
            )
            .await?;
        rows.iter().map(grant).collect()
    }

    /// Withdraws a grant, once.
    ///
    /// # Errors
    /// It was withdrawn already, or the database fails.
    pub async fn revoke_grant(
        &mut self,
        seal: &SealId,
        id: &GrantId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the grant",
            query(
                "UPDATE grants SET revoked_at = $1 WHERE id = $2 AND seal_id = $3 \
                 AND revoked_at IS NULL",
            )
            .bind(at.as_micros())
            .bind(id.to_string())
            .bind(seal.to_string()),
        )
        .await
    }

    /// Takes uses of a grant that is in force; `false`, and none is taken, if its quota does not
    /// reach or it ended.
    ///
    /// # Errors
    /// The database fails.
    pub async fn use_grant(
        &mut self,
        id: &GrantId,
        uses: i64,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = self
            .execute(
                query(
                    "UPDATE grants SET used = used + $3 WHERE id = $1 AND revoked_at IS NULL \
                     AND valid_from <= $2 AND valid_until > $2 \
                     AND (quota IS NULL OR used + $3 <= quota)",
                )
                .bind(id.to_string())
                .bind(at.as_micros())
                .bind(uses),
            )
            .await?;
        Ok(changed == 1)
    }

    /// Gives one use of a grant back.
    ///
    /// # Errors
    /// The database fails.
    pub async fn return_grant(&mut self, id: &GrantId) -> Result<(), StoreError> {
        self.execute(
            query("UPDATE grants SET used = used - 1 WHERE id = $1 AND used > 0")
                .bind(id.to_string()),
        )
        .await?;
        Ok(())
    }

    /// Gives the use of a grant back that a record took.
    ///
    /// # Errors
    /// The database fails.
    pub async fn return_grant_of(&mut self, id: &SignatureId) -> Result<(), StoreError> {
        self.execute(
            query(
                "UPDATE grants SET used = used - 1 WHERE used > 0 \
                 AND id = (SELECT grant_id FROM signatures WHERE id = $1)",
            )
            .bind(id.to_string()),
        )
        .await?;
        Ok(())
    }
}

fn grant(row: &AnyRow) -> Result<Grant, StoreError> {
    let c = Columns::of("grants", row);
    Ok(Grant {
        id: c.word("id", |text| GrantId::parse(text).ok())?,
        seal_id: c.word("seal_id", |text| SealId::parse(text).ok())?,
        principal_id: c.word("principal_id", |text| PrincipalId::parse(text).ok())?,
        document_types: c.json("document_types")?,
        digests: c.boolean("digests")?,
        quota: c.get("quota")?,
        used: c.integer("used")?,
        valid_from: c.time("valid_from")?,
        valid_until: c.time("valid_until")?,
        revoked_at: c.optional_time("revoked_at")?,
    })
}
