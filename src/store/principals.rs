//! Principals.

use sqlx::{any::AnyRow, query};

use super::{
    StoreError,
    columns::{Columns, json},
    tx::Tx,
};
use crate::domain::{
    id::{OrganizationId, PersonId, PrincipalId},
    principal::{Principal, PrincipalKind, Role},
};

const PRINCIPAL: &str = "SELECT p.id, p.organization_id, p.kind, p.person_id, p.name, p.roles, \
     p.created_at FROM principals p JOIN organizations o ON o.id = p.organization_id ";

impl Tx {
    /// Enters a principal.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_principal(&mut self, p: &Principal) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO principals (id, organization_id, kind, person_id, name, roles, \
                 created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(p.id.to_string())
            .bind(p.organization_id.to_string())
            .bind(p.kind.as_str())
            .bind(p.person_id.as_ref().map(ToString::to_string))
            .bind(p.name.clone())
            .bind(json(&p.roles))
            .bind(p.created_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// A principal in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn principal(&mut self, id: &PrincipalId) -> Result<Option<Principal>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{PRINCIPAL} WHERE p.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        row.as_ref().map(principal).transpose()
    }

    /// The roles of all accounts of a person, in whatever organization.
    ///
    /// # Errors
    /// The database fails.
    pub async fn roles_of_person(&mut self, id: &PersonId) -> Result<Vec<Role>, StoreError> {
        let found = query("SELECT roles FROM principals WHERE person_id = $1").bind(id.to_string());
        let mut all = Vec::new();
        for row in &self.all(found).await? {
            all.extend(Columns::of("principals", row).json::<Vec<Role>>("roles")?);
        }
        Ok(all)
    }

    /// Principals in scope after a cursor, by id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn principals(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Principal>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{PRINCIPAL} WHERE p.id > $1 AND o.path LIKE $2 ORDER BY p.id LIMIT $3"
        ));
        let rows = self.all(query(sql).bind(after.to_owned()).bind(pattern).bind(limit)).await?;
        rows.iter().map(principal).collect()
    }
}

fn principal(row: &AnyRow) -> Result<Principal, StoreError> {
    let c = Columns::of("principals", row);
    Ok(Principal {
        id: c.word("id", |text| PrincipalId::parse(text).ok())?,
        organization_id: c.word("organization_id", |text| OrganizationId::parse(text).ok())?,
        kind: c.word("kind", PrincipalKind::parse)?,
        person_id: c.optional_word("person_id", |text| PersonId::parse(text).ok())?,
        name: c.text("name")?,
        roles: c.json("roles")?,
        created_at: c.time("created_at")?,
    })
}
