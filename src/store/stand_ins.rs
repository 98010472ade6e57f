//! Who decides in the place of absent reviewers.

use sqlx::{any::AnyRow, query};

use super::{StoreError, columns::Columns, tx::Tx};
use crate::domain::{
    Timestamp,
    id::{OrganizationId, PersonId, PrincipalId, StandInId},
    review::{StandIn, StandingIn},
};

const STAND_IN: &str = "SELECT s.id, s.principal_id, s.person_id, s.valid_from, s.valid_until, \
     s.reason, s.named_by, s.named_at, s.ended_at FROM review_stand_ins s \
     JOIN principals p ON p.id = s.principal_id \
     JOIN organizations o ON o.id = p.organization_id ";

impl Tx {
    /// Enters that somebody stands in.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_stand_in(&mut self, s: &StandIn) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO review_stand_ins (id, principal_id, person_id, valid_from, \
                 valid_until, reason, named_by, named_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(s.id.to_string())
            .bind(s.principal_id.to_string())
            .bind(s.person_id.to_string())
            .bind(s.valid_from.as_micros())
            .bind(s.valid_until.as_micros())
            .bind(s.reason.clone())
            .bind(s.named_by.to_string())
            .bind(s.named_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// A stand-in in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn stand_in(&mut self, id: &StandInId) -> Result<Option<StandIn>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{STAND_IN} WHERE s.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        row.as_ref().map(stand_in).transpose()
    }

    /// Stand-ins in scope after a cursor, by id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn stand_ins(&mut self, after: &str, limit: i64) -> Result<Vec<StandIn>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{STAND_IN} WHERE s.id > $1 AND o.path LIKE $2 ORDER BY s.id LIMIT $3"
        ));
        let rows = self.all(query(sql).bind(after.to_owned()).bind(pattern).bind(limit)).await?;
        rows.iter().map(stand_in).collect()
    }

    /// Ends that somebody stands in.
    ///
    /// # Errors
    /// It is over already, or the database fails.
    pub async fn end_stand_in(&mut self, id: &StandInId, at: Timestamp) -> Result<(), StoreError> {
        self.change_one(
            "the stand-in",
            query("UPDATE review_stand_ins SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL")
                .bind(at.as_micros())
                .bind(id.to_string()),
        )
        .await
    }

    /// For whom a person stands in at a time: reviewers only.
    ///
    /// # Errors
    /// The database fails.
    pub async fn standing_in(
        &mut self,
        person: &PersonId,
        at: Timestamp,
    ) -> Result<Vec<StandingIn>, StoreError> {
        let found = query(
            "SELECT s.person_id, p.person_id AS absent_person_id, p.organization_id \
             FROM review_stand_ins s JOIN principals p ON p.id = s.principal_id \
             WHERE s.person_id = $1 AND s.valid_from <= $2 AND s.valid_until > $2 \
             AND s.ended_at IS NULL AND p.roles LIKE '%\"reviewer\"%' ORDER BY s.id",
        );
        let rows = self.all(found.bind(person.to_string()).bind(at.as_micros())).await?;
        rows.iter()
            .map(|row| {
                let c = Columns::of("review_stand_ins", row);
                let person = |text: &str| PersonId::parse(text).ok();
                Ok(StandingIn {
                    person_id: c.word("person_id", person)?,
                    absent_person_id: c.word("absent_person_id", person)?,
                    organization_id: c
                        .word("organization_id", |text| OrganizationId::parse(text).ok())?,
                })
            })
            .collect()
    }
}

fn stand_in(row: &AnyRow) -> Result<StandIn, StoreError> {
    let c = Columns::of("review_stand_ins", row);
    Ok(StandIn {
        id: c.word("id", |text| StandInId::parse(text).ok())?,
        principal_id: c.word("principal_id", |text| PrincipalId::parse(text).ok())?,
        person_id: c.word("person_id", |text| PersonId::parse(text).ok())?,
        valid_from: c.time("valid_from")?,
        valid_until: c.time("valid_until")?,
        reason: c.text("reason")?,
        named_by: c.word("named_by", |text| PrincipalId::parse(text).ok())?,
        named_at: c.time("named_at")?,
        ended_at: c.optional_time("ended_at")?,
    })
}
