//! Organizations that get another name, merge, split or cease to be, and what becomes of their seals.

use sqlx::{any::AnyRow, query};

use super::{StoreError, columns::Columns, tx::Tx};
use crate::domain::{
    Timestamp,
    cause::RevocationCause,
    id::{OrganizationChangeId, OrganizationId, PrincipalId, SealId},
    organization::OrganizationChange,
};

const CHANGE: &str = "SELECT c.id, c.organization_id, c.cause, c.old_name, c.new_name, \
     c.successor_id, c.reason, c.due_at, c.principal_id, c.at FROM organization_changes c \
     JOIN organizations o ON o.id = c.organization_id ";

impl Tx {
    /// Enters a change; the organization gets its new name, or its end.
    ///
    /// # Errors
    /// The organization ended already, or the database fails.
    pub async fn change_organization(&mut self, c: &OrganizationChange) -> Result<(), StoreError> {
        let changed = match &c.new_name {
            Some(name) => {
                query("UPDATE organizations SET name = $1 WHERE id = $2 AND ended_at IS NULL")
                    .bind(name.clone())
            }
            None => {
                query("UPDATE organizations SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL")
                    .bind(c.at.as_micros())
            }
        };
        self.change_one("the organization", changed.bind(c.organization_id.to_string())).await?;
        self.execute(
            query(
                "INSERT INTO organization_changes (id, organization_id, cause, old_name, new_name, \
                 successor_id, reason, due_at, principal_id, at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(c.id.to_string())
            .bind(c.organization_id.to_string())
            .bind(c.cause.as_str())
            .bind(c.old_name.clone())
            .bind(c.new_name.clone())
            .bind(c.successor_id.as_ref().map(ToString::to_string))
            .bind(c.reason.clone())
            .bind(c.due_at.as_micros())
            .bind(c.principal_id.to_string())
            .bind(c.at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// The changes of an organization, oldest first, each with the seals that wait to be changed or
    /// revoked for it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn organization_changes(
        &mut self,
        id: &OrganizationId,
    ) -> Result<Vec<OrganizationChange>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{CHANGE} WHERE c.organization_id = $1 AND o.path LIKE $2 ORDER BY c.id"
        ));
        let rows = self.all(query(sql).bind(id.to_string()).bind(pattern)).await?;
        self.with_open_seals(&rows).await
    }

    /// Changes in scope whose seals have to be handled until a time, the soonest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn organization_changes_due(
        &mut self,
        until: Timestamp,
        limit: i64,
    ) -> Result<Vec<OrganizationChange>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{CHANGE} WHERE c.due_at <= $1 AND o.path LIKE $2 AND EXISTS (SELECT 1 \
             FROM seals s JOIN seal_versions v ON v.seal_id = s.id \
             WHERE s.organization_id = c.organization_id AND v.created_at < c.at \
             AND v.state IN ('made', 'active', 'suspended', 'lost')) \
             ORDER BY c.due_at, c.id LIMIT $3"
        ));
        let rows = self.all(query(sql).bind(until.as_micros()).bind(pattern).bind(limit)).await?;
        self.with_open_seals(&rows).await
    }

    async fn with_open_seals(
        &mut self,
        rows: &[AnyRow],
    ) -> Result<Vec<OrganizationChange>, StoreError> {
        let mut changes = Vec::new();
        for row in rows {
            let mut change = change(row)?;
            let seals = query(
                "SELECT DISTINCT s.id FROM seals s JOIN seal_versions v ON v.seal_id = s.id \
                 WHERE s.organization_id = $1 AND v.created_at < $2 \
                 AND v.state IN ('made', 'active', 'suspended', 'lost') ORDER BY s.id",
            );
            let seals = seals.bind(change.organization_id.to_string()).bind(change.at.as_micros());
            for row in &self.all(seals).await? {
                let id = Columns::of("seals", row).word("id", |text| SealId::parse(text).ok())?;
                change.open_seals.push(id);
            }
            changes.push(change);
        }
        Ok(changes)
    }
}

fn change(row: &AnyRow) -> Result<OrganizationChange, StoreError> {
    let c = Columns::of("organization_changes", row);
    let organization = |text: &str| OrganizationId::parse(text).ok();
    Ok(OrganizationChange {
        id: c.word("id", |text| OrganizationChangeId::parse(text).ok())?,
        organization_id: c.word("organization_id", organization)?,
        cause: c.word("cause", RevocationCause::parse)?,
        old_name: c.text("old_name")?,
        new_name: c.get("new_name")?,
        successor_id: c.optional_word("successor_id", organization)?,
        reason: c.text("reason")?,
        due_at: c.time("due_at")?,
        principal_id: c.word("principal_id", |text| PrincipalId::parse(text).ok())?,
        at: c.time("at")?,
        open_seals: Vec::new(),
    })
}
