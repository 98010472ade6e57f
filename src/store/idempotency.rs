//! Answers kept for idempotency keys.

use std::collections::HashSet;

use base64ct::{Base64, Encoding};
use sqlx::query;

use super::{StoreError, columns::Columns, tx::Tx};
use crate::domain::{
    Timestamp,
    id::{PrincipalId, SignatureId},
};

/// A caller's claim on an idempotency key.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose key.
    pub principal_id: PrincipalId,
    /// The key.
    pub key: String,
    /// SHA-256 over the canonical parameters and the document digest, hexadecimal.
    pub fingerprint: String,
    /// When the claim was made.
    pub at: Timestamp,
    /// Until when the answer is kept.
    pub expires_at: Timestamp,
}

/// What is kept under an idempotency key.
#[derive(Clone, Debug)]
pub struct KeptAnswer {
    /// The fingerprint of the request it was made for.
    pub fingerprint: String,
    /// The record of the sealing, if it is one.
    pub signature_id: Option<SignatureId>,
    /// Status and body; none while under way.
    pub answer: Option<(u16, String)>,
    /// What was appended to the document.
    pub appended: Option<Appended>,
}

/// What was appended to a document, encrypted, and the data key's id.
pub type Appended = (Vec<u8>, String);

impl Tx {
    /// What is kept under a key, unless it is out of date.
    ///
    /// # Errors
    /// The database fails.
    pub async fn kept_answer(&mut self, claim: &Claim) -> Result<Option<KeptAnswer>, StoreError> {
        let row = self
            .optional(
                query(
                    "SELECT fingerprint, signature_id, status, body, appended, data_key_id \
                     FROM idempotency_keys WHERE principal_id = $1 AND idempotency_key = $2 \
                     AND expires_at > $3",
                )
                .bind(claim.principal_id.to_string())
                .bind(claim.key.clone())
                .bind(claim.at.as_micros()),
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let c = Columns::of("idempotency_keys", &row);
        let status = c.get::<Option<i64>>("status")?.and_then(|s| u16::try_from(s).ok());
        let body: Option<String> = c.get("body")?;
        let appended = c.optional_word("appended", |text| Base64::decode_vec(text).ok())?;
        Ok(Some(KeptAnswer {
            fingerprint: c.text("fingerprint")?,
            signature_id: c.optional_word("signature_id", |t| SignatureId::parse(t).ok())?,
            answer: status.zip(body),
            appended: appended.zip(c.get("data_key_id")?),
        }))
    }

    /// Which of several claims find their key in use, whatever for.
    ///
    /// # Errors
    /// The database fails.
    pub async fn claimed(
        &mut self,
        claims: &[&Claim],
        now: Timestamp,
    ) -> Result<HashSet<(String, String)>, StoreError> {
        let sql = [
            "SELECT principal_id, idempotency_key FROM idempotency_keys WHERE expires_at > $1 \
             AND (principal_id, idempotency_key) IN",
            "",
        ];
        let pairs =
            claims.iter().map(|c| [(&c.principal_id).into(), c.key.clone().into()]).collect();
        let rows = self.among(sql, Some(now.as_micros().into()), pairs).await?;
        rows.iter()
            .map(|row| {
                let c = Columns::of("idempotency_keys", row);
                Ok((c.text("principal_id")?, c.text("idempotency_key")?))
            })
            .collect()
    }

    /// Claims keys for requests; claims that are out of date are taken over.
    ///
    /// # Errors
    /// A key is claimed, also by another process meanwhile, or the database fails.
    pub async fn claim_all(
        &mut self,
        claims: Vec<(&Claim, Option<&SignatureId>)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let pairs =
            claims.iter().map(|(c, _)| [(&c.principal_id).into(), c.key.clone().into()]).collect();
        let sql = [
            "DELETE FROM idempotency_keys WHERE expires_at <= $1 \
             AND (principal_id, idempotency_key) IN",
            "",
        ];
        self.among(sql, Some(now.as_micros().into()), pairs).await?;
        let row = |(c, signature): (&Claim, Option<&SignatureId>)| {
            [
                (&c.principal_id).into(),
                c.key.clone().into(),
                c.fingerprint.clone().into(),
                signature.map(ToString::to_string).into(),
                c.at.as_micros().into(),
                c.expires_at.as_micros().into(),
            ]
        };
        let rows = claims.into_iter().map(row).collect();
        let sql = "INSERT INTO idempotency_keys (principal_id, idempotency_key, fingerprint, \
                   signature_id, created_at, expires_at)";
        self.insert_rows(sql, rows).await?;
        Ok(())
    }

    /// Keeps the answers to claimed requests: the body, and perhaps what was appended, encrypted,
    /// with the data key's id.
    ///
    /// # Errors
    /// A key is not claimed or has an answer, or the database fails.
    pub async fn keep_answers(
        &mut self,
        status: u16,
        answers: Vec<(&Claim, String, Option<Appended>)>,
    ) -> Result<(), StoreError> {
        let count = answers.len() as u64;
        let row = |(c, body, appended): (&Claim, String, Option<Appended>)| {
            let (appended, data_key) = appended.unzip();
            [
                (&c.principal_id).into(),
                c.key.clone().into(),
                c.fingerprint.clone().into(),
                i64::from(status).into(),
                body.into(),
                appended.map(|bytes| Base64::encode_string(&bytes)).into(),
                data_key.into(),
            ]
        };
        let rows = answers.into_iter().map(row).collect();
        let kept = self
            .update_rows(
                "WITH kept (principal_id, idempotency_key, fingerprint, status, body, appended, data_key_id) \
                 AS (VALUES",
                rows,
                ") UPDATE idempotency_keys SET status = kept.status, body = kept.body, \
                 appended = kept.appended, data_key_id = kept.data_key_id FROM kept \
                 WHERE idempotency_keys.principal_id = kept.principal_id \
                 AND idempotency_keys.idempotency_key = kept.idempotency_key \
                 AND idempotency_keys.fingerprint = kept.fingerprint \
                 AND idempotency_keys.status IS NULL",
            )
            .await?;
        if kept == count { Ok(()) } else { Err(StoreError::Stale("the idempotency key")) }
    }

    /// Gives up the claim of a record that came to nothing, so that its next attempt may claim the
    /// key; a claim of anything else stays.
    ///
    /// # Errors
    /// The database fails.
    pub async fn give_up_claim(
        &mut self,
        claim: &Claim,
        signature: &SignatureId,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "DELETE FROM idempotency_keys WHERE principal_id = $1 AND idempotency_key = $2 \
                 AND status IS NULL AND signature_id = $3",
            )
            .bind(claim.principal_id.to_string())
            .bind(claim.key.clone())
            .bind(signature.to_string()),
        )
        .await?;
        Ok(())
    }

    /// Forgets answers that are out of date; returns how many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn prune_idempotency(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        self.execute(
            query("DELETE FROM idempotency_keys WHERE expires_at <= $1").bind(now.as_micros()),
        )
        .await
    }
}
