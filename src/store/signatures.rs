//! Signature records, their attempts, instances and their leases.

use sqlx::{any::AnyRow, query};

use super::{StoreError, columns::Columns, tx::Tx};
use crate::{
    crypto::{Scheme, digest::hex},
    domain::{
        Timestamp,
        id::{AttemptId, GrantId, OrganizationId, PrincipalId, SealId, SealVersionId, SignatureId},
        signing::{DocumentFormat, Signature, SigningState, Voided},
    },
};

/// A record as it comes into being.
#[derive(Clone, Copy, Debug)]
pub struct NewSignature<'a> {
    /// The record.
    pub signature: &'a Signature,
    /// The grant it is made under.
    pub grant_id: &'a GrantId,
}

/// An attempt as it comes into being.
#[derive(Clone, Copy, Debug)]
pub struct NewAttempt<'a> {
    /// Its identifier.
    pub id: &'a AttemptId,
    /// The record.
    pub signature_id: &'a SignatureId,
    /// Which attempt of the record it is, from 1.
    pub number: i64,
    /// The digest that goes to the device.
    pub to_be_signed_digest: &'a [u8; 32],
    /// The process that makes it.
    pub instance_id: &'a str,
    /// When.
    pub at: Timestamp,
}

/// A record as it is completed.
#[derive(Clone, Debug)]
pub struct Completion<'a> {
    /// The record, in its new state.
    pub signature: &'a Signature,
    /// The attempt that succeeded.
    pub attempt: &'a AttemptId,
    /// The leaf that the evidence log will hold.
    pub leaf: String,
    /// When it was completed, as the record and the leaf say.
    pub at: Timestamp,
}

/// What a search for signature records asks for.
#[derive(Clone, Debug, Default)]
pub struct SignatureFilter {
    /// Only records with this business number.
    pub business_number: Option<String>,
    /// Only records of this document: SHA-256 before or after sealing, hexadecimal.
    pub document_digest: Option<String>,
    /// Only the record of this signature value: SHA-256, hexadecimal.
    pub signature_digest: Option<String>,
    /// Only records in this state.
    pub state: Option<SigningState>,
}

const SIGNATURE: &str = "SELECT s.id, s.organization_id, s.seal_id, s.seal_version_id, \
     s.principal_id, s.business_number, s.document_type, s.format, s.scheme, s.content_unseen, \
     s.state, s.document_digest, s.sealed_digest, s.signature_digest, s.policy_digest, \
     s.created_at, s.completed_at, s.voided_at, s.void_reason, s.void_successor \
     FROM signatures s JOIN organizations o ON o.id = s.organization_id ";

impl Tx {
    /// Enters records as intended.
    ///
    /// # Errors
    /// A business number is taken, or the database fails.
    pub async fn insert_signatures(
        &mut self,
        new: impl Iterator<Item = NewSignature<'_>>,
    ) -> Result<(), StoreError> {
        let rows = new
            .map(|NewSignature { signature: s, grant_id }| {
                [
                    (&s.id).into(),
                    (&s.organization_id).into(),
                    (&s.seal_id).into(),
                    (&s.seal_version_id).into(),
                    (&s.principal_id).into(),
                    grant_id.into(),
                    s.business_number.clone().into(),
                    s.document_type.clone().into(),
                    s.format.as_str().into(),
                    s.scheme.as_str().into(),
                    i64::from(s.content_unseen).into(),
                    SigningState::Intended.as_str().into(),
                    s.document_digest.clone().into(),
                    s.policy_digest.clone().into(),
                    s.created_at.as_micros().into(),
                ]
            })
            .collect();
        let sql = "INSERT INTO signatures (id, organization_id, seal_id, seal_version_id, \
                   principal_id, grant_id, business_number, document_type, format, scheme, \
                   content_unseen, state, document_digest, policy_digest, created_at)";
        self.insert_rows(sql, rows).await?;
        Ok(())
    }

    /// Takes a record that came to nothing up again, under the version and policy of now.
    ///
    /// # Errors
    /// It is under way or completed, or the database fails.
    pub async fn reopen_signature(
        &mut self,
        s: &Signature,
        grant: &GrantId,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the signature record",
            query(
                "UPDATE signatures SET state = 'intended', seal_version_id = $1, \
                 policy_digest = $2, grant_id = $3 WHERE id = $4 AND state IN ('unresolved', 'failed', 'withheld')",
            )
            .bind(s.seal_version_id.to_string())
            .bind(s.policy_digest.clone())
            .bind(grant.to_string())
            .bind(s.id.to_string()),
        )
        .await
    }

    /// How many attempts of a record there were.
    ///
    /// # Errors
    /// The database fails.
    pub async fn attempts(&mut self, id: &SignatureId) -> Result<i64, StoreError> {
        let sql = query("SELECT COUNT(*) AS count FROM attempts WHERE signature_id = $1");
        let row = self.optional(sql.bind(id.to_string())).await?;
        row.map_or(Ok(0), |row| Columns::of("attempts", &row).integer("count"))
    }

    /// Enters attempts.
    ///
    /// # Errors
    /// Another attempt of a record is under way, or the database fails.
    pub async fn insert_attempts(
        &mut self,
        new: impl Iterator<Item = NewAttempt<'_>>,
    ) -> Result<(), StoreError> {
        let rows = new
            .map(|a| {
                [
                    a.id.into(),
                    a.signature_id.into(),
                    a.number.into(),
                    SigningState::Intended.as_str().into(),
                    hex(a.to_be_signed_digest).into(),
                    a.instance_id.into(),
                    a.at.as_micros().into(),
                ]
            })
            .collect();
        let sql = "INSERT INTO attempts (id, signature_id, number, state, to_be_signed_digest, \
                   instance_id, created_at)";
        self.insert_rows(sql, rows).await?;
        Ok(())
    }

    /// Ends an attempt that is still under way; an error means that somebody else closed it, and
    /// nothing of it may be released.
    ///
    /// # Errors
    /// It is not under way any more, or the database fails.
    pub async fn end_attempt(
        &mut self,
        attempt: &AttemptId,
        state: SigningState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the attempt",
            query(
                "UPDATE attempts SET state = $1, ended_at = $2 WHERE id = $3 AND state = 'intended'",
            )
            .bind(state.as_str())
            .bind(at.as_micros())
            .bind(attempt.to_string()),
        )
        .await
    }

    /// Ends a record without a release.
    ///
    /// # Errors
    /// It is not under way any more, or the database fails.
    pub async fn end_signature(
        &mut self,
        id: &SignatureId,
        state: SigningState,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the signature record",
            query("UPDATE signatures SET state = $1 WHERE id = $2 AND state = 'intended'")
                .bind(state.as_str())
                .bind(id.to_string()),
        )
        .await
    }

    /// Completes records with their attempts and enters the leaves that the evidence log will hold:
    /// after this commit the signatures may be released.
    ///
    /// # Errors
    /// One is not under way any more, a signature value is on record already, or the database
    /// fails.
    pub async fn complete_signatures(
        &mut self,
        completions: &[Completion<'_>],
    ) -> Result<(), StoreError> {
        let all = completions.len() as u64;
        let rows = completions.iter().map(|c| [c.attempt.into(), c.at.as_micros().into()]);
        let ended = self
            .update_rows(
                "WITH done (id, at) AS (VALUES",
                rows.collect(),
                ") UPDATE attempts SET state = 'completed', ended_at = done.at FROM done \
                 WHERE attempts.id = done.id AND attempts.state = 'intended'",
            )
            .await?;
        if ended != all {
            return Err(StoreError::Stale("the attempt"));
        }
        let rows = completions.iter().map(|c| {
            let s = c.signature;
            [
                (&s.id).into(),
                s.sealed_digest.clone().into(),
                s.signature_digest.clone().into(),
                c.at.as_micros().into(),
            ]
        });
        let completed = self
            .update_rows(
                "WITH done (id, sealed_digest, signature_digest, at) AS (VALUES",
                rows.collect(),
                ") UPDATE signatures SET state = 'completed', \
                 sealed_digest = done.sealed_digest, signature_digest = done.signature_digest, \
                 completed_at = done.at FROM done \
                 WHERE signatures.id = done.id AND signatures.state = 'intended'",
            )
            .await?;
        if completed != all {
            return Err(StoreError::Stale("the signature record"));
        }
        let rows = completions
            .iter()
            .map(|c| [(&c.signature.id).into(), c.leaf.clone().into(), c.at.as_micros().into()]);
        let sql = "INSERT INTO evidence_leaves (signature_id, leaf, created_at)";
        self.insert_rows(sql, rows.collect()).await?;
        Ok(())
    }

    /// The records in scope that bear business numbers, each of a principal and a seal.
    ///
    /// # Errors
    /// The database fails.
    pub async fn numbered(
        &mut self,
        numbers: Vec<(&PrincipalId, &SealId, &str)>,
    ) -> Result<Vec<Signature>, StoreError> {
        let before = format!("{SIGNATURE} WHERE (s.principal_id, s.seal_id, s.business_number) IN");
        let rows = numbers
            .into_iter()
            .map(|(p, s, n)| [p.to_string().into(), s.to_string().into(), n.into()]);
        let rows = self.among([&before, ""], None, rows.collect()).await?;
        rows.iter().map(signature).collect()
    }

    /// Voids a completed record, once.
    ///
    /// # Errors
    /// It is not completed, voided already, or the database fails.
    pub async fn void_signature(
        &mut self,
        id: &SignatureId,
        voided: &Voided,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the signature record",
            query(
                "UPDATE signatures SET voided_at = $1, void_reason = $2, void_successor = $3 \
                 WHERE id = $4 AND state = 'completed' AND voided_at IS NULL",
            )
            .bind(voided.at.as_micros())
            .bind(voided.reason.clone())
            .bind(voided.successor.as_ref().map(ToString::to_string))
            .bind(id.to_string()),
        )
        .await
    }

    /// A record in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn signature(&mut self, id: &SignatureId) -> Result<Option<Signature>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{SIGNATURE} WHERE s.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        row.as_ref().map(signature).transpose()
    }

    /// Records in scope after a cursor, by id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn signatures(
        &mut self,
        filter: &SignatureFilter,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Signature>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{SIGNATURE} WHERE s.id > $1 AND o.path LIKE $2 \
             AND ($3 = '' OR s.business_number = $3) \
             AND ($4 = '' OR s.document_digest = $4 OR s.sealed_digest = $4) \
             AND ($5 = '' OR s.signature_digest = $5) AND ($6 = '' OR s.state = $6) \
             ORDER BY s.id LIMIT $7"
        ));
        let rows = self
            .all(
                query(sql)
                    .bind(after.to_owned())
                    .bind(pattern)
                    .bind(filter.business_number.clone().unwrap_or_default())
                    .bind(filter.document_digest.clone().unwrap_or_default())
                    .bind(filter.signature_digest.clone().unwrap_or_default())
                    .bind(filter.state.map_or("", SigningState::as_str))
                    .bind(limit),
            )
            .await?;
        rows.iter().map(signature).collect()
    }

    /// Enters a running process of the service, or renews its lease.
    ///
    /// # Errors
    /// The database fails.
    pub async fn renew_lease(
        &mut self,
        instance: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO instances (id, started_at, lease_until) VALUES ($1, $2, $3) \
                 ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until",
            )
            .bind(instance.to_owned())
            .bind(now.as_micros())
            .bind(until.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// Closes the attempts of processes whose lease is over, or, where `alone` says that no other
    /// process can be alive, of every other process; of this process only those begun before
    /// `stuck`, which no signing under way can be. Their records become unresolved; nothing is
    /// signed and no key is touched. Returns the records.
    ///
    /// # Errors
    /// The database fails.
    pub async fn close_orphans(
        &mut self,
        instance: &str,
        alone: bool,
        (now, stuck): (Timestamp, Timestamp),
    ) -> Result<Vec<SignatureId>, StoreError> {
        let rows = self
            .all(
                query(
                    "SELECT a.id, a.signature_id FROM attempts a \
                     JOIN instances i ON i.id = a.instance_id WHERE a.state = 'intended' \
                     AND ((i.id <> $1 AND ($2 = 1 OR i.lease_until < $3)) \
                     OR (i.id = $1 AND a.created_at < $4)) ORDER BY a.id",
                )
                .bind(instance.to_owned())
                .bind(i64::from(alone))
                .bind(now.as_micros())
                .bind(stuck.as_micros()),
            )
            .await?;
        let mut closed = Vec::new();
        for row in &rows {
            let c = Columns::of("attempts", row);
            let attempt = c.word("id", |text| AttemptId::parse(text).ok())?;
            let record = c.word("signature_id", |text| SignatureId::parse(text).ok())?;
            self.end_attempt(&attempt, SigningState::Unresolved, now).await?;
            self.end_signature(&record, SigningState::Unresolved).await?;
            closed.push(record);
        }
        Ok(closed)
    }
}

fn signature(row: &AnyRow) -> Result<Signature, StoreError> {
    let c = Columns::of("signatures", row);
    let id = |text: &str| SignatureId::parse(text).ok();
    let voided = match c.optional_time("voided_at")? {
        None => None,
        Some(at) => Some(Voided {
            at,
            reason: c.get::<Option<String>>("void_reason")?.unwrap_or_default(),
            successor: c.optional_word("void_successor", id)?,
        }),
    };
    Ok(Signature {
        id: c.word("id", id)?,
        organization_id: c.word("organization_id", |text| OrganizationId::parse(text).ok())?,
        seal_id: c.word("seal_id", |text| SealId::parse(text).ok())?,
        seal_version_id: c.word("seal_version_id", |text| SealVersionId::parse(text).ok())?,
        principal_id: c.word("principal_id", |text| PrincipalId::parse(text).ok())?,
        business_number: c.get("business_number")?,
        document_type: c.text("document_type")?,
        format: c.word("format", DocumentFormat::parse)?,
        scheme: c.word("scheme", Scheme::parse)?,
        content_unseen: c.boolean("content_unseen")?,
        state: c.word("state", SigningState::parse)?,
        document_digest: c.text("document_digest")?,
        sealed_digest: c.get("sealed_digest")?,
        signature_digest: c.get("signature_digest")?,
        policy_digest: c.text("policy_digest")?,
        created_at: c.time("created_at")?,
        completed_at: c.optional_time("completed_at")?,
        voided,
    })
}
