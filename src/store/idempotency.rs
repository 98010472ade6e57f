//! Answers kept for idempotency keys.

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
    /// What was appended to the document, encrypted, and the data key's id.
    pub appended: Option<(Vec<u8>, String)>,
}

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

    /// Claims a key for a request; an expired claim is taken over.
    ///
    /// # Errors
    /// The key is claimed, or the database fails.
    pub async fn claim(
        &mut self,
        claim: &Claim,
        signature: Option<&SignatureId>,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "DELETE FROM idempotency_keys WHERE principal_id = $1 AND idempotency_key = $2 \
                 AND expires_at <= $3",
            )
            .bind(claim.principal_id.to_string())
            .bind(claim.key.clone())
            .bind(claim.at.as_micros()),
        )
        .await?;
        self.execute(
            query(
                "INSERT INTO idempotency_keys (principal_id, idempotency_key, fingerprint, \
                 signature_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(claim.principal_id.to_string())
            .bind(claim.key.clone())
            .bind(claim.fingerprint.clone())
            .bind(signature.map(ToString::to_string))
            .bind(claim.at.as_micros())
            .bind(claim.expires_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// Keeps the answer to a claimed request.
    ///
    /// # Errors
    /// The key is not claimed, or the database fails.
    pub async fn keep_answer(
        &mut self,
        claim: &Claim,
        status: u16,
        body: String,
        appended: Option<(Vec<u8>, String)>,
    ) -> Result<(), StoreError> {
        let (appended, data_key) = appended.unzip();
        self.change_one(
            "the idempotency key",
            query(
                "UPDATE idempotency_keys SET status = $1, body = $2, appended = $3, \
                 data_key_id = $4 WHERE principal_id = $5 AND idempotency_key = $6 \
                 AND status IS NULL",
            )
            .bind(i64::from(status))
            .bind(body)
            .bind(appended.map(|bytes| Base64::encode_string(&bytes)))
            .bind(data_key)
            .bind(claim.principal_id.to_string())
            .bind(claim.key.clone()),
        )
        .await
    }

    /// Gives a claim back after a request that failed, so that it may be tried again.
    ///
    /// # Errors
    /// The database fails.
    pub async fn release_claim(&mut self, claim: &Claim) -> Result<(), StoreError> {
        self.execute(
            query(
                "DELETE FROM idempotency_keys WHERE principal_id = $1 AND idempotency_key = $2 \
                 AND status IS NULL",
            )
            .bind(claim.principal_id.to_string())
            .bind(claim.key.clone()),
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
