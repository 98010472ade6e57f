//! Types of licences, and permission for single uses.

use std::collections::HashMap;

use sqlx::{any::AnyRow, query};

use super::{
    StoreError,
    columns::{Columns, json},
    tx::Tx,
};
use crate::domain::{
    Timestamp,
    id::{
        LicenceTypeId, OrganizationId, PersonId, PrincipalId, SealId, SignatureId, UseApprovalId,
    },
    licence_type::{LicenceType, UseApproval, UseApprovalState, UseDecision},
};

const TYPE: &str = "SELECT t.id, t.organization_id, t.code, t.version, t.name, t.seal_id, \
     t.template, t.approvals, t.created_by, t.created_at, t.retired_at FROM licence_types t \
     JOIN organizations o ON o.id = t.organization_id ";
const APPROVAL: &str = "SELECT u.id, u.seal_id, u.document_type, u.document_digest, u.reason, \
     u.state, u.needed, u.requested_by, u.requester_person_id, u.requested_at, u.expires_at, \
     u.used_by FROM use_approvals u JOIN seals s ON s.id = u.seal_id \
     JOIN organizations o ON o.id = s.organization_id ";

impl Tx {
    /// Enters the next version of a type; the one before is retired. Its number is set.
    ///
    /// # Errors
    /// Somebody else does the same, or the database fails.
    pub async fn insert_licence_type(&mut self, new: &mut LicenceType) -> Result<(), StoreError> {
        let retire = query(
            "UPDATE licence_types SET retired_at = $1 \
             WHERE organization_id = $2 AND code = $3 AND retired_at IS NULL",
        );
        let retire = retire.bind(new.created_at.as_micros());
        self.execute(retire.bind(new.organization_id.to_string()).bind(new.code.clone())).await?;
        let newest = query(
            "SELECT COALESCE(MAX(version), 0) AS version FROM licence_types \
             WHERE organization_id = $1 AND code = $2",
        );
        let newest = newest.bind(new.organization_id.to_string()).bind(new.code.clone());
        new.version = match self.optional(newest).await? {
            None => 1,
            Some(row) => Columns::of("licence_types", &row).integer("version")? + 1,
        };
        self.execute(
            query(
                "INSERT INTO licence_types (id, organization_id, code, version, name, seal_id, \
                 template, approvals, created_by, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(new.id.to_string())
            .bind(new.organization_id.to_string())
            .bind(new.code.clone())
            .bind(new.version)
            .bind(new.name.clone())
            .bind(new.seal_id.to_string())
            .bind(json(&new.template))
            .bind(new.approvals)
            .bind(new.created_by.to_string())
            .bind(new.created_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// Takes a version out of force.
    ///
    /// # Errors
    /// It is not in force, or the database fails.
    pub async fn retire_licence_type(
        &mut self,
        id: &LicenceTypeId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let retired =
            query("UPDATE licence_types SET retired_at = $1 WHERE id = $2 AND retired_at IS NULL");
        self.change_one("the licence type", retired.bind(at.as_micros()).bind(id.to_string())).await
    }

    /// A version of a type, in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn licence_type(
        &mut self,
        id: &LicenceTypeId,
    ) -> Result<Option<LicenceType>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{TYPE} WHERE t.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        row.as_ref().map(licence_type).transpose()
    }

    /// The versions in force of a code, of whatever organizations in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn licence_types_in_force(
        &mut self,
        code: &str,
    ) -> Result<Vec<LicenceType>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{TYPE} WHERE t.code = $1 AND t.retired_at IS NULL AND o.path LIKE $2 ORDER BY t.id"
        ));
        let rows = self.all(query(sql).bind(code.to_owned()).bind(pattern)).await?;
        rows.iter().map(licence_type).collect()
    }

    /// Versions of types in scope after a cursor, by id; perhaps of one code.
    ///
    /// # Errors
    /// The database fails.
    pub async fn licence_types(
        &mut self,
        code: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<LicenceType>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{TYPE} WHERE t.id > $1 AND ($2 = '' OR t.code = $2) AND o.path LIKE $3 \
             ORDER BY t.id LIMIT $4"
        ));
        let found = query(sql).bind(after.to_owned()).bind(code.to_owned());
        self.all(found.bind(pattern).bind(limit)).await?.iter().map(licence_type).collect()
    }

    /// How many persons have to approve a use of a seal for a type of document, by the types of
    /// licences in force.
    ///
    /// # Errors
    /// The database fails.
    pub async fn approvals_needed(
        &mut self,
        seal: &SealId,
        document_type: &str,
    ) -> Result<i64, StoreError> {
        let found = query(
            "SELECT COALESCE(MAX(approvals), 0) AS approvals FROM licence_types \
             WHERE seal_id = $1 AND code = $2 AND retired_at IS NULL",
        );
        let found = found.bind(seal.to_string()).bind(document_type.to_owned());
        match self.optional(found).await? {
            None => Ok(0),
            Some(row) => Columns::of("licence_types", &row).integer("approvals"),
        }
    }

    /// For every seal and type of document whose single uses have to be approved by how many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn all_approvals_needed(
        &mut self,
    ) -> Result<HashMap<(SealId, String), i64>, StoreError> {
        let found = query(
            "SELECT seal_id, code, MAX(approvals) AS approvals FROM licence_types \
             WHERE retired_at IS NULL AND approvals > 0 GROUP BY seal_id, code",
        );
        let rows = self.all(found).await?;
        rows.iter()
            .map(|row| {
                let c = Columns::of("licence_types", row);
                let seal = c.word("seal_id", |text| SealId::parse(text).ok())?;
                Ok(((seal, c.text("code")?), c.integer("approvals")?))
            })
            .collect()
    }

    /// Locks the permission for a single use until the end of the transaction.
    ///
    /// # Errors
    /// The database fails.
    pub async fn lock_use(&mut self, id: &UseApprovalId) -> Result<(), StoreError> {
        let lock = query("UPDATE use_approvals SET state = state WHERE id = $1");
        self.execute(lock.bind(id.to_string())).await?;
        Ok(())
    }

    /// Enters a request for a single use.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_use_approval(&mut self, u: &UseApproval) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO use_approvals (id, seal_id, document_type, document_digest, reason, \
                 state, needed, requested_by, requester_person_id, requested_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            )
            .bind(u.id.to_string())
            .bind(u.seal_id.to_string())
            .bind(u.document_type.clone())
            .bind(u.document_digest.clone())
            .bind(u.reason.clone())
            .bind(u.state.as_str())
            .bind(u.needed)
            .bind(u.requested_by.to_string())
            .bind(u.requester_person_id.as_ref().map(ToString::to_string))
            .bind(u.requested_at.as_micros())
            .bind(u.expires_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// The permission for a single use, in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn use_approval(
        &mut self,
        id: &UseApprovalId,
    ) -> Result<Option<UseApproval>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{APPROVAL} WHERE u.id = $1 AND o.path LIKE $2"));
        match self.optional(query(sql).bind(id.to_string()).bind(pattern)).await? {
            None => Ok(None),
            Some(row) => self.whole_approval(&row).await.map(Some),
        }
    }

    /// Permissions for single uses in scope after a cursor, by id; perhaps of one state, or asked for
    /// by one principal.
    ///
    /// # Errors
    /// The database fails.
    pub async fn use_approvals(
        &mut self,
        state: Option<UseApprovalState>,
        requested_by: Option<&PrincipalId>,
        (after, limit): (&str, i64),
    ) -> Result<Vec<UseApproval>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{APPROVAL} WHERE u.id > $1 AND o.path LIKE $2 AND ($3 = '' OR u.state = $3) \
             AND ($4 = '' OR u.requested_by = $4) ORDER BY u.id LIMIT $5"
        ));
        let found = query(sql).bind(after.to_owned()).bind(pattern);
        let found = found.bind(state.map_or("", UseApprovalState::as_str));
        let found = found.bind(requested_by.map_or("", PrincipalId::as_str).to_owned()).bind(limit);
        let mut all = Vec::new();
        for row in &self.all(found).await? {
            all.push(self.whole_approval(row).await?);
        }
        Ok(all)
    }

    async fn whole_approval(&mut self, row: &AnyRow) -> Result<UseApproval, StoreError> {
        let c = Columns::of("use_approvals", row);
        let id = c.word("id", |text| UseApprovalId::parse(text).ok())?;
        let found = query(
            "SELECT person_id, principal_id, approved, reason, decided_at \
             FROM use_approval_decisions WHERE use_approval_id = $1 ORDER BY decided_at, person_id",
        );
        let decisions = self.all(found.bind(id.to_string())).await?;
        Ok(UseApproval {
            id,
            seal_id: c.word("seal_id", |text| SealId::parse(text).ok())?,
            document_type: c.text("document_type")?,
            document_digest: c.text("document_digest")?,
            reason: c.text("reason")?,
            state: c.word("state", UseApprovalState::parse)?,
            needed: c.integer("needed")?,
            requested_by: c.word("requested_by", |text| PrincipalId::parse(text).ok())?,
            requester_person_id: c
                .optional_word("requester_person_id", |text| PersonId::parse(text).ok())?,
            requested_at: c.time("requested_at")?,
            expires_at: c.time("expires_at")?,
            decisions: decisions.iter().map(use_decision).collect::<Result<_, _>>()?,
            used_by: c.optional_word("used_by", |text| SignatureId::parse(text).ok())?,
        })
    }

    /// Writes the newest decision on a single use.
    ///
    /// # Errors
    /// Somebody else decided it meanwhile, or the database fails.
    pub async fn decide_use(
        &mut self,
        read: &UseApproval,
        moved: &UseApproval,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the use approval",
            query("UPDATE use_approvals SET state = $1 WHERE id = $2 AND state = 'open'")
                .bind(moved.state.as_str())
                .bind(read.id.to_string()),
        )
        .await?;
        for d in moved.decisions.iter().skip(read.decisions.len()) {
            self.execute(
                query(
                    "INSERT INTO use_approval_decisions (use_approval_id, person_id, principal_id, \
                     approved, reason, decided_at) VALUES ($1, $2, $3, $4, $5, $6)",
                )
                .bind(read.id.to_string())
                .bind(d.person_id.to_string())
                .bind(d.principal_id.to_string())
                .bind(i64::from(d.approved))
                .bind(d.reason.clone())
                .bind(d.decided_at.as_micros()),
            )
            .await?;
        }
        Ok(())
    }

    /// Uses a permission up for a signature record; `false` where another one has it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn consume_use(
        &mut self,
        id: &UseApprovalId,
        by: &SignatureId,
    ) -> Result<bool, StoreError> {
        let used = query(
            "UPDATE use_approvals SET used_by = $1 \
             WHERE id = $2 AND state = 'approved' AND (used_by IS NULL OR used_by = $1)",
        );
        Ok(self.execute(used.bind(by.to_string()).bind(id.to_string())).await? == 1)
    }

    /// Gives the permission back that a record used up of which nothing came.
    ///
    /// # Errors
    /// The database fails.
    pub async fn return_use(&mut self, of: &SignatureId) -> Result<(), StoreError> {
        let returned = query("UPDATE use_approvals SET used_by = NULL WHERE used_by = $1");
        self.execute(returned.bind(of.to_string())).await?;
        Ok(())
    }
}

fn licence_type(row: &AnyRow) -> Result<LicenceType, StoreError> {
    let c = Columns::of("licence_types", row);
    Ok(LicenceType {
        id: c.word("id", |text| LicenceTypeId::parse(text).ok())?,
        organization_id: c.word("organization_id", |text| OrganizationId::parse(text).ok())?,
        code: c.text("code")?,
        version: c.integer("version")?,
        name: c.text("name")?,
        seal_id: c.word("seal_id", |text| SealId::parse(text).ok())?,
        template: c.json("template")?,
        approvals: c.integer("approvals")?,
        created_by: c.word("created_by", |text| PrincipalId::parse(text).ok())?,
        created_at: c.time("created_at")?,
        retired_at: c.optional_time("retired_at")?,
    })
}

fn use_decision(row: &AnyRow) -> Result<UseDecision, StoreError> {
    let c = Columns::of("use_approval_decisions", row);
    Ok(UseDecision {
        person_id: c.word("person_id", |text| PersonId::parse(text).ok())?,
        principal_id: c.word("principal_id", |text| PrincipalId::parse(text).ok())?,
        approved: c.boolean("approved")?,
        reason: c.get("reason")?,
        decided_at: c.time("decided_at")?,
    })
}
