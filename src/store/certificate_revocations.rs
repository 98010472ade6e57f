//! Certificates that authorities elsewhere have to revoke.

use sqlx::{any::AnyRow, query};

use super::{StoreError, columns::Columns, tx::Tx};
use crate::domain::{
    Timestamp,
    certificate_revocation::CertificateRevocation,
    id::{CertificateRevocationId, PrincipalId, SealId},
};

const REVOCATION: &str = "SELECT r.id, r.seal_id, r.certificate, r.reason, r.asked_at, r.due_at, \
     r.done_at, r.reference, r.done_by FROM certificate_revocations r \
     JOIN seals s ON s.id = r.seal_id JOIN organizations o ON o.id = s.organization_id ";

impl Tx {
    /// Enters that an authority has to revoke a certificate.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_certificate_revocation(
        &mut self,
        r: &CertificateRevocation,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO certificate_revocations (id, seal_id, certificate, reason, asked_at, \
                 due_at) VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(r.id.to_string())
            .bind(r.seal_id.to_string())
            .bind(r.certificate.clone())
            .bind(r.reason)
            .bind(r.asked_at.as_micros())
            .bind(r.due_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// One of them in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn certificate_revocation(
        &mut self,
        id: &CertificateRevocationId,
    ) -> Result<Option<CertificateRevocation>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{REVOCATION} WHERE r.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        row.as_ref().map(revocation).transpose()
    }

    /// Those in scope after a cursor, by id; perhaps only what is not done.
    ///
    /// # Errors
    /// The database fails.
    pub async fn certificate_revocations(
        &mut self,
        open: bool,
        after: &str,
        limit: i64,
    ) -> Result<Vec<CertificateRevocation>, StoreError> {
        let pattern = self.path_pattern();
        let only = if open { "AND r.done_at IS NULL" } else { "" };
        let sql = sqlx::AssertSqlSafe(format!(
            "{REVOCATION} WHERE r.id > $1 AND o.path LIKE $2 {only} ORDER BY r.id LIMIT $3"
        ));
        let rows = self.all(query(sql).bind(after.to_owned()).bind(pattern).bind(limit)).await?;
        rows.iter().map(revocation).collect()
    }

    /// Writes that an authority did it.
    ///
    /// # Errors
    /// That was written before, or the database fails.
    pub async fn end_certificate_revocation(
        &mut self,
        r: &CertificateRevocation,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the revocation",
            query(
                "UPDATE certificate_revocations SET done_at = $1, reference = $2, done_by = $3 \
                 WHERE id = $4 AND done_at IS NULL",
            )
            .bind(r.done_at.map(Timestamp::as_micros))
            .bind(r.reference.clone())
            .bind(r.done_by.as_ref().map(ToString::to_string))
            .bind(r.id.to_string()),
        )
        .await
    }
}

fn revocation(row: &AnyRow) -> Result<CertificateRevocation, StoreError> {
    let c = Columns::of("certificate_revocations", row);
    Ok(CertificateRevocation {
        id: c.word("id", |text| CertificateRevocationId::parse(text).ok())?,
        seal_id: c.word("seal_id", |text| SealId::parse(text).ok())?,
        certificate: c.text("certificate")?,
        reason: c.integer("reason")?,
        asked_at: c.time("asked_at")?,
        due_at: c.time("due_at")?,
        done_at: c.optional_time("done_at")?,
        reference: c.get("reference")?,
        done_by: c.optional_word("done_by", |text| PrincipalId::parse(text).ok())?,
    })
}
