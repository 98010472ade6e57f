//! Applications and decisions on them.

use sqlx::{any::AnyRow, query};

use super::{
    StoreError,
    columns::{Columns, json},
    tx::Tx,
};
use crate::domain::{
    Timestamp,
    application::{Application, ApplicationKind, ApplicationState, Decision, Verdict},
    attachment::Attachment,
    id::{ApplicationId, OrganizationId, PersonId, PrincipalId, SealId},
    review::ReviewLevel,
    seal::SealKind,
};

const APPLICATION: &str = "SELECT a.id, a.organization_id, a.kind, a.state, a.revision, \
     a.seal_id, a.seal_kind, a.seal_name, a.reason, a.applicant_id, a.applicant_person_id, \
     a.levels, a.round, a.due_at, a.used, a.created_at, a.number, a.details, a.declaration FROM applications a \
     JOIN organizations o ON o.id = a.organization_id ";

impl Tx {
    /// Enters an application.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_application(&mut self, a: &Application) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO applications (id, organization_id, kind, state, revision, seal_id, \
                 seal_kind, seal_name, reason, applicant_id, applicant_person_id, levels, round, \
                 due_at, used, created_at, number, details, declaration) VALUES ($1, $2, $3, $4, \
                 $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15, $16, $17, $18)",
            )
            .bind(a.id.to_string())
            .bind(a.organization_id.to_string())
            .bind(a.kind.as_str())
            .bind(a.state.as_str())
            .bind(a.revision)
            .bind(a.seal_id.as_ref().map(ToString::to_string))
            .bind(a.seal_kind.as_str())
            .bind(a.seal_name.clone())
            .bind(a.reason.clone())
            .bind(a.applicant_id.to_string())
            .bind(a.applicant_person_id.to_string())
            .bind(json(&a.levels))
            .bind(a.round)
            .bind(a.due_at.map(Timestamp::as_micros))
            .bind(a.created_at.as_micros())
            .bind(a.number.clone())
            .bind(json(&a.details))
            .bind(a.declaration.as_ref().map(json)),
        )
        .await?;
        self.take_attachments(a).await
    }

    /// An application in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn application(
        &mut self,
        id: &ApplicationId,
    ) -> Result<Option<Application>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{APPLICATION} WHERE a.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        match row {
            None => Ok(None),
            Some(row) => self.whole_application(&row).await.map(Some),
        }
    }

    /// Applications in scope after a cursor, by id, perhaps of one state.
    ///
    /// # Errors
    /// The database fails.
    pub async fn applications(
        &mut self,
        state: Option<ApplicationState>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Application>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{APPLICATION} WHERE a.id > $1 AND o.path LIKE $2 AND ($3 = '' OR a.state = $3) \
             ORDER BY a.id LIMIT $4"
        ));
        let state = state.map_or("", ApplicationState::as_str);
        let found = query(sql).bind(after.to_owned()).bind(pattern).bind(state).bind(limit);
        let rows = self.all(found).await?;
        self.whole_applications(&rows).await
    }

    async fn whole_applications(
        &mut self,
        rows: &[AnyRow],
    ) -> Result<Vec<Application>, StoreError> {
        let mut list = Vec::new();
        for row in rows {
            list.push(self.whole_application(row).await?);
        }
        Ok(list)
    }

    async fn whole_application(&mut self, row: &AnyRow) -> Result<Application, StoreError> {
        let id =
            Columns::of("applications", row).word("id", |text| ApplicationId::parse(text).ok())?;
        let parts = (self.decisions(&id).await?, self.attachments(&id).await?);
        application(row, parts)
    }

    /// Applications in scope whose next decision is due until a time, the soonest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn applications_due(
        &mut self,
        until: Timestamp,
        limit: i64,
    ) -> Result<Vec<Application>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{APPLICATION} WHERE a.due_at <= $1 AND o.path LIKE $2 ORDER BY a.due_at, a.id LIMIT $3"
        ));
        let rows = self.all(query(sql).bind(until.as_micros()).bind(pattern).bind(limit)).await?;
        self.whole_applications(&rows).await
    }

    /// Writes a moved application over the one that was read, with its newest decision.
    ///
    /// # Errors
    /// Somebody else moved it meanwhile, or the database fails.
    pub async fn update_application(
        &mut self,
        read: &Application,
        moved: &Application,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the application",
            query(
                "UPDATE applications SET state = $1, revision = revision + 1, seal_id = $2, \
                 used = $3, round = $4, due_at = $5, seal_kind = $6, seal_name = $7, reason = $8, \
                 details = $9, declaration = $10 \
                 WHERE id = $11 AND revision = $12 AND state = $13",
            )
            .bind(moved.state.as_str())
            .bind(moved.seal_id.as_ref().map(ToString::to_string))
            .bind(i64::from(moved.used))
            .bind(moved.round)
            .bind(moved.due_at.map(Timestamp::as_micros))
            .bind(moved.seal_kind.as_str())
            .bind(moved.seal_name.clone())
            .bind(moved.reason.clone())
            .bind(json(&moved.details))
            .bind(moved.declaration.as_ref().map(json))
            .bind(read.id.to_string())
            .bind(read.revision)
            .bind(read.state.as_str()),
        )
        .await?;
        for decision in moved.decisions.iter().skip(read.decisions.len()) {
            self.insert_decision(&read.id, decision).await?;
        }
        self.take_attachments(moved).await
    }

    async fn insert_decision(
        &mut self,
        id: &ApplicationId,
        d: &Decision,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO application_decisions (application_id, round, level, level_name, \
                 verdict, reason, principal_id, person_id, decided_at, for_person_id) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(id.to_string())
            .bind(d.round)
            .bind(d.level)
            .bind(d.level_name.clone())
            .bind(d.verdict.as_str())
            .bind(d.reason.clone())
            .bind(d.principal_id.to_string())
            .bind(d.person_id.to_string())
            .bind(d.decided_at.as_micros())
            .bind(d.for_person_id.as_ref().map(ToString::to_string)),
        )
        .await?;
        Ok(())
    }

    async fn decisions(&mut self, id: &ApplicationId) -> Result<Vec<Decision>, StoreError> {
        let rows = self
            .all(
                query(
                    "SELECT round, level, level_name, verdict, reason, principal_id, person_id, \
                     for_person_id, decided_at FROM application_decisions \
                     WHERE application_id = $1 ORDER BY round, level, decided_at, person_id",
                )
                .bind(id.to_string()),
            )
            .await?;
        rows.iter().map(decision).collect()
    }
}

/// A level as it is kept; before there were organizations and quorums it was its name alone.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum KeptLevel {
    Name(String),
    Level(ReviewLevel),
}

impl From<KeptLevel> for ReviewLevel {
    fn from(kept: KeptLevel) -> Self {
        match kept {
            KeptLevel::Level(level) => level,
            KeptLevel::Name(name) => Self { name, organization_id: None, quorum: 1, days: 5 },
        }
    }
}

fn application(
    row: &AnyRow,
    (decisions, attachments): (Vec<Decision>, Vec<Attachment>),
) -> Result<Application, StoreError> {
    let c = Columns::of("applications", row);
    Ok(Application {
        id: c.word("id", |text| ApplicationId::parse(text).ok())?,
        organization_id: c.word("organization_id", |text| OrganizationId::parse(text).ok())?,
        kind: c.word("kind", ApplicationKind::parse)?,
        state: c.word("state", ApplicationState::parse)?,
        revision: c.integer("revision")?,
        seal_id: c.optional_word("seal_id", |text| SealId::parse(text).ok())?,
        seal_kind: c.word("seal_kind", SealKind::parse)?,
        seal_name: c.text("seal_name")?,
        reason: c.text("reason")?,
        applicant_id: c.word("applicant_id", |text| PrincipalId::parse(text).ok())?,
        applicant_person_id: c.word("applicant_person_id", |text| PersonId::parse(text).ok())?,
        number: c.text("number")?,
        details: c.json("details")?,
        attachments,
        declaration: c.optional_word("declaration", |text| serde_json::from_str(text).ok())?,
        levels: c.json::<Vec<KeptLevel>>("levels")?.into_iter().map(ReviewLevel::from).collect(),
        round: c.integer("round")?,
        decisions,
        due_at: c.optional_time("due_at")?,
        used: c.boolean("used")?,
        created_at: c.time("created_at")?,
    })
}

fn decision(row: &AnyRow) -> Result<Decision, StoreError> {
    let c = Columns::of("application_decisions", row);
    Ok(Decision {
        round: c.integer("round")?,
        level: c.integer("level")?,
        level_name: c.text("level_name")?,
        verdict: c.word("verdict", Verdict::parse)?,
        reason: c.get("reason")?,
        principal_id: c.word("principal_id", |text| PrincipalId::parse(text).ok())?,
        person_id: c.word("person_id", |text| PersonId::parse(text).ok())?,
        for_person_id: c.optional_word("for_person_id", |text| PersonId::parse(text).ok())?,
        decided_at: c.time("decided_at")?,
    })
}
