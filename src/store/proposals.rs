//! Proposals: what one person wants and another has to confirm.

use sqlx::{any::AnyRow, query};

use super::{StoreError, columns::Columns, tx::Tx};
use crate::domain::{
    Timestamp,
    cause::RevocationCause,
    id::{PersonId, PrincipalId, ProposalId, SealId, SealVersionId},
    proposal::{Proposal, ProposalKind, ProposalState},
};

const PROPOSAL: &str = "SELECT p.id, p.kind, p.state, p.seal_id, p.seal_version_id, p.reason, \
     p.cause, p.code, p.certificate, p.not_before, p.proposed_by, p.proposer_person_id, \
     p.proposed_at, p.decided_by, p.decided_at FROM proposals p \
     JOIN seals s ON s.id = p.seal_id JOIN organizations o ON o.id = s.organization_id ";

impl Tx {
    /// Enters a proposal.
    ///
    /// # Errors
    /// There is an open one of the kind for the version, or the database fails.
    pub async fn insert_proposal(&mut self, p: &Proposal) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO proposals (id, kind, state, seal_id, seal_version_id, reason, cause, \
                 code, certificate, not_before, proposed_by, proposer_person_id, proposed_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            )
            .bind(p.id.to_string())
            .bind(p.kind.as_str())
            .bind(p.state.as_str())
            .bind(p.seal_id.to_string())
            .bind(p.seal_version_id.to_string())
            .bind(p.reason.clone())
            .bind(p.cause.map(RevocationCause::as_str))
            .bind(p.code.clone())
            .bind(p.certificate.clone())
            .bind(p.not_before.map(Timestamp::as_micros))
            .bind(p.proposed_by.to_string())
            .bind(p.proposer_person_id.to_string())
            .bind(p.proposed_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// A proposal in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn proposal(&mut self, id: &ProposalId) -> Result<Option<Proposal>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{PROPOSAL} WHERE p.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        row.as_ref().map(proposal).transpose()
    }

    /// Proposals in scope after a cursor, by id, perhaps of one state.
    ///
    /// # Errors
    /// The database fails.
    pub async fn proposals(
        &mut self,
        state: Option<ProposalState>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Proposal>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{PROPOSAL} WHERE p.id > $1 AND o.path LIKE $2 AND ($3 = '' OR p.state = $3) \
             ORDER BY p.id LIMIT $4"
        ));
        let found = query(sql).bind(after.to_owned()).bind(pattern);
        let found = found.bind(state.map_or("", ProposalState::as_str)).bind(limit);
        self.all(found).await?.iter().map(proposal).collect()
    }

    /// Writes that an open proposal was decided.
    ///
    /// # Errors
    /// Somebody else decided it meanwhile, or the database fails.
    pub async fn decide_proposal(&mut self, decided: &Proposal) -> Result<(), StoreError> {
        self.change_one(
            "the proposal",
            query(
                "UPDATE proposals SET state = $1, decided_by = $2, decided_at = $3 \
                 WHERE id = $4 AND state = 'open'",
            )
            .bind(decided.state.as_str())
            .bind(decided.decided_by.as_ref().map(ToString::to_string))
            .bind(decided.decided_at.map(Timestamp::as_micros))
            .bind(decided.id.to_string()),
        )
        .await
    }

    /// Whether two persons let a certificate (SHA-256, hexadecimal) of a version through a gate.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_waived(
        &mut self,
        version: &SealVersionId,
        code: &str,
        certificate: &str,
    ) -> Result<bool, StoreError> {
        let found = query(
            "SELECT id FROM proposals WHERE kind = 'waive-gate' AND state = 'confirmed' \
             AND seal_version_id = $1 AND code = $2 AND certificate = $3",
        );
        let found = found.bind(version.to_string()).bind(code.to_owned());
        Ok(self.optional(found.bind(certificate.to_owned())).await?.is_some())
    }
}

fn proposal(row: &AnyRow) -> Result<Proposal, StoreError> {
    let c = Columns::of("proposals", row);
    let principal = |text: &str| PrincipalId::parse(text).ok();
    Ok(Proposal {
        id: c.word("id", |text| ProposalId::parse(text).ok())?,
        kind: c.word("kind", ProposalKind::parse)?,
        state: c.word("state", ProposalState::parse)?,
        seal_id: c.word("seal_id", |text| SealId::parse(text).ok())?,
        seal_version_id: c.word("seal_version_id", |text| SealVersionId::parse(text).ok())?,
        reason: c.text("reason")?,
        cause: c.optional_word("cause", RevocationCause::parse)?,
        code: c.get("code")?,
        certificate: c.get("certificate")?,
        not_before: c.optional_time("not_before")?,
        proposed_by: c.word("proposed_by", principal)?,
        proposer_person_id: c.word("proposer_person_id", |text| PersonId::parse(text).ok())?,
        proposed_at: c.time("proposed_at")?,
        decided_by: c.optional_word("decided_by", principal)?,
        decided_at: c.optional_time("decided_at")?,
    })
}
