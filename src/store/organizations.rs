//! Organizations and persons.

use sqlx::{any::AnyRow, query};

use super::{StoreError, columns::Columns, tx::Tx};
use crate::domain::{
    id::{OrganizationId, PersonId},
    organization::{Organization, Person},
    uscc::Uscc,
};

const ORGANIZATION: &str =
    "SELECT id, uscc, name, parent_id, created_at, ended_at FROM organizations ";

impl Tx {
    /// Enters an organization below its parent.
    ///
    /// # Errors
    /// The code is taken, the parent is not in scope, or the database fails.
    pub async fn insert_organization(&mut self, o: &Organization) -> Result<(), StoreError> {
        let parent = match &o.parent_id {
            Some(parent) => Some(self.organization_path(parent).await?),
            None => None,
        };
        let path = format!("{}{}/", parent.as_deref().unwrap_or("/"), o.id);
        self.execute(
            query(
                "INSERT INTO organizations (id, uscc, name, parent_id, path, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(o.id.to_string())
            .bind(o.uscc.as_str().to_owned())
            .bind(o.name.clone())
            .bind(o.parent_id.as_ref().map(ToString::to_string))
            .bind(path)
            .bind(o.created_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    async fn organization_path(&mut self, id: &OrganizationId) -> Result<String, StoreError> {
        let row = self
            .optional(
                query("SELECT path FROM organizations WHERE id = $1 AND path LIKE $2")
                    .bind(id.to_string())
                    .bind(self.path_pattern()),
            )
            .await?;
        let row = row.ok_or(StoreError::Stale("the parent organization"))?;
        Columns::of("organizations", &row).text("path")
    }

    /// The ids of an organization and all above it, the root first; empty if it is not in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn ancestry(
        &mut self,
        id: &OrganizationId,
    ) -> Result<Vec<OrganizationId>, StoreError> {
        let row = self
            .optional(
                query("SELECT path FROM organizations WHERE id = $1 AND path LIKE $2")
                    .bind(id.to_string())
                    .bind(self.path_pattern()),
            )
            .await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        let path = Columns::of("organizations", &row).text("path")?;
        path.split('/')
            .filter(|part| !part.is_empty())
            .map(|part| {
                OrganizationId::parse(part).map_err(|_| StoreError::Inconsistent {
                    table: "organizations",
                    column: "path",
                })
            })
            .collect()
    }

    /// An organization in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn organization(
        &mut self,
        id: &OrganizationId,
    ) -> Result<Option<Organization>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{ORGANIZATION} WHERE id = $1 AND path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        row.as_ref().map(organization).transpose()
    }

    /// Locks an organization against its end until the end of the transaction; whether it exists and
    /// has not ended.
    ///
    /// # Errors
    /// The database fails.
    pub async fn lock_organization(&mut self, id: &OrganizationId) -> Result<bool, StoreError> {
        let lock = query("UPDATE organizations SET name = name WHERE id = $1 AND ended_at IS NULL");
        Ok(self.execute(lock.bind(id.to_string())).await? == 1)
    }

    /// The organization in scope with a unified social credit code.
    ///
    /// # Errors
    /// The database fails.
    pub async fn organization_of_uscc(
        &mut self,
        uscc: &str,
    ) -> Result<Option<Organization>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{ORGANIZATION} WHERE uscc = $1 AND path LIKE $2"));
        let row = self.optional(query(sql).bind(uscc.to_owned()).bind(pattern)).await?;
        row.as_ref().map(organization).transpose()
    }

    /// Organizations in scope after a cursor, by id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn organizations(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Organization>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{ORGANIZATION} WHERE id > $1 AND path LIKE $2 ORDER BY id LIMIT $3"
        ));
        let rows = self.all(query(sql).bind(after.to_owned()).bind(pattern).bind(limit)).await?;
        rows.iter().map(organization).collect()
    }

    /// Enters a person.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_person(&mut self, p: &Person) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO persons (id, organization_id, name, created_at) \
                 VALUES ($1, $2, $3, $4)",
            )
            .bind(p.id.to_string())
            .bind(p.organization_id.to_string())
            .bind(p.name.clone())
            .bind(p.created_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// A person in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn person(&mut self, id: &PersonId) -> Result<Option<Person>, StoreError> {
        let pattern = self.path_pattern();
        let row = self
            .optional(
                query(
                    "SELECT p.id, p.organization_id, p.name, p.created_at FROM persons p \
                     JOIN organizations o ON o.id = p.organization_id \
                     WHERE p.id = $1 AND o.path LIKE $2",
                )
                .bind(id.to_string())
                .bind(pattern),
            )
            .await?;
        row.as_ref().map(person).transpose()
    }

    /// Persons in scope after a cursor, by id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn persons(&mut self, after: &str, limit: i64) -> Result<Vec<Person>, StoreError> {
        let pattern = self.path_pattern();
        let rows = self
            .all(
                query(
                    "SELECT p.id, p.organization_id, p.name, p.created_at FROM persons p \
                     JOIN organizations o ON o.id = p.organization_id \
                     WHERE p.id > $1 AND o.path LIKE $2 ORDER BY p.id LIMIT $3",
                )
                .bind(after.to_owned())
                .bind(pattern)
                .bind(limit),
            )
            .await?;
        rows.iter().map(person).collect()
    }
}

fn organization(row: &AnyRow) -> Result<Organization, StoreError> {
    let c = Columns::of("organizations", row);
    let id = |text: &str| OrganizationId::parse(text).ok();
    Ok(Organization {
        id: c.word("id", id)?,
        uscc: c.word("uscc", |text| Uscc::parse(text).ok())?,
        name: c.text("name")?,
        parent_id: c.optional_word("parent_id", id)?,
        created_at: c.time("created_at")?,
        ended_at: c.optional_time("ended_at")?,
    })
}

fn person(row: &AnyRow) -> Result<Person, StoreError> {
    let c = Columns::of("persons", row);
    Ok(Person {
        id: c.word("id", |text| PersonId::parse(text).ok())?,
        organization_id: c.word("organization_id", |text| OrganizationId::parse(text).ok())?,
        name: c.text("name")?,
        created_at: c.time("created_at")?,
    })
}
