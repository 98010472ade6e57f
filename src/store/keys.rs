//! The register of keys in the token, the service's own certificates, the CA's issued ones, its
//! revocation lists, and wrapped data keys.

use base64ct::{Base64, Encoding};
use sqlx::{any::AnyRow, query};

use super::{StoreError, columns::Columns, tx::Tx};
use crate::{
    crypto::{
        Scheme,
        digest::{hex, unhex},
    },
    domain::{
        Timestamp,
        id::{KeyId, ProposalId},
        seal::{Key, KeyPurpose, WrappedSecret},
    },
    pki::{
        Certificate,
        crl::{Reason, Revoked},
    },
};

/// Where the making of a key stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyState {
    /// Written before the token is asked.
    Intended,
    /// The token holds it.
    Present,
    /// Its making failed half-way; it was never used.
    Abandoned,
}

impl KeyState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Present => "present",
            Self::Abandoned => "abandoned",
        }
    }
}

impl Tx {
    /// Enters a key before the token is asked to make it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_key(&mut self, key: &Key, at: Timestamp) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO keys (id, purpose, scheme, state, public_point, created_at) \
                 VALUES ($1, $2, $3, 'intended', '', $4)",
            )
            .bind(key.id.to_string())
            .bind(key.purpose.as_str())
            .bind(key.scheme.map(Scheme::as_str))
            .bind(at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// Says what became of a key's making, with its ciphertext where the token only wraps it.
    ///
    /// # Errors
    /// It was said already, or the database fails.
    pub async fn settle_key(
        &mut self,
        id: &KeyId,
        state: KeyState,
        (point, wrapped): (&[u8], Option<&WrappedSecret>),
    ) -> Result<(), StoreError> {
        if let Some(wrapped) = wrapped {
            self.execute(
                query(
                    "INSERT INTO wrapped_keys (key_id, wrapping_key_id, ciphertext) \
                     VALUES ($1, $2, $3)",
                )
                .bind(id.to_string())
                .bind(wrapped.wrapping.to_string())
                .bind(Base64::encode_string(&wrapped.ciphertext)),
            )
            .await?;
        }
        self.change_one(
            "the key",
            query(
                "UPDATE keys SET state = $1, public_point = $2 WHERE id = $3 AND state = 'intended'",
            )
            .bind(state.as_str())
            .bind(hex(point))
            .bind(id.to_string()),
        )
        .await
    }

    /// Writes that a key is about to be destroyed; from here on nothing finds it any more.
    ///
    /// # Errors
    /// It is not there, or the database fails.
    pub async fn begin_key_destruction(
        &mut self,
        id: &KeyId,
        by: &ProposalId,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the key",
            query(
                "UPDATE keys SET state = 'destroying', destroyed_by = $1 \
                 WHERE id = $2 AND state = 'present'",
            )
            .bind(by.to_string())
            .bind(id.to_string()),
        )
        .await
    }

    /// Writes that a key is destroyed, with its ciphertext where it was wrapped; `false` where that
    /// was written before.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_key_destruction(
        &mut self,
        id: &KeyId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let ended = query(
            "UPDATE keys SET state = 'destroyed', destroyed_at = $1 \
             WHERE id = $2 AND state = 'destroying'",
        );
        if self.execute(ended.bind(at.as_micros()).bind(id.to_string())).await? != 1 {
            return Ok(false);
        }
        let wrapped = query("DELETE FROM wrapped_keys WHERE key_id = $1").bind(id.to_string());
        self.execute(wrapped).await?;
        Ok(true)
    }

    /// A key that the token holds.
    ///
    /// # Errors
    /// The database fails.
    pub async fn key(&mut self, id: &KeyId) -> Result<Option<Key>, StoreError> {
        let row = self
            .optional(
                query(
                    "SELECT k.id, k.purpose, k.scheme, k.public_point, w.wrapping_key_id, \
                     w.ciphertext FROM keys k LEFT JOIN wrapped_keys w ON w.key_id = k.id \
                     WHERE k.id = $1 AND k.state = 'present'",
                )
                .bind(id.to_string()),
            )
            .await?;
        row.as_ref().map(key).transpose()
    }

    /// The newest key of a purpose.
    ///
    /// # Errors
    /// The database fails.
    pub async fn key_for(&mut self, purpose: KeyPurpose) -> Result<Option<Key>, StoreError> {
        let row = self
            .optional(
                query(
                    "SELECT k.id, k.purpose, k.scheme, k.public_point, w.wrapping_key_id, \
                     w.ciphertext FROM keys k LEFT JOIN wrapped_keys w ON w.key_id = k.id \
                     WHERE k.purpose = $1 AND k.state = 'present' ORDER BY k.id DESC LIMIT 1",
                )
                .bind(purpose.as_str()),
            )
            .await?;
        row.as_ref().map(key).transpose()
    }

    /// The service's own certificate and key for a purpose.
    ///
    /// # Errors
    /// The database fails.
    pub async fn service_certificate(
        &mut self,
        purpose: KeyPurpose,
        scheme: Scheme,
    ) -> Result<Option<(Key, Certificate)>, StoreError> {
        let row = self
            .optional(
                query(
                    "SELECT k.id, k.purpose, k.scheme, k.public_point, w.wrapping_key_id, \
                     w.ciphertext, c.certificate \
                     FROM service_certificates c JOIN keys k ON k.id = c.key_id \
                     LEFT JOIN wrapped_keys w ON w.key_id = k.id \
                     WHERE c.purpose = $1 AND c.scheme = $2",
                )
                .bind(purpose.as_str())
                .bind(scheme.as_str()),
            )
            .await?;
        row.map(|row| {
            let c = Columns::of("service_certificates", &row);
            Ok((key(&row)?, c.word("certificate", certificate)?))
        })
        .transpose()
    }

    /// Enters a certificate of the service itself.
    ///
    /// # Errors
    /// There is one already, or the database fails.
    pub async fn insert_service_certificate(
        &mut self,
        key: &Key,
        scheme: Scheme,
        certificate: &Certificate,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO service_certificates (purpose, scheme, key_id, certificate, \
                 created_at) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(key.purpose.as_str())
            .bind(scheme.as_str())
            .bind(key.id.to_string())
            .bind(certificate.to_pem())
            .bind(at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// Records a certificate that the built-in CA issued.
    ///
    /// # Errors
    /// The serial was used before, or the database fails.
    pub async fn insert_issued_certificate(
        &mut self,
        certificate: &Certificate,
        scheme: Scheme,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO issued_certificates (serial, scheme, certificate, issued_at, \
                 revoked_at) VALUES ($1, $2, $3, $4, NULL)",
            )
            .bind(hex(certificate.serial()))
            .bind(scheme.as_str())
            .bind(certificate.to_pem())
            .bind(at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// Whether the built-in CA issued a certificate.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_issued_certificate(
        &mut self,
        certificate: &Certificate,
    ) -> Result<bool, StoreError> {
        let found =
            query("SELECT serial FROM issued_certificates WHERE serial = $1 AND certificate = $2");
        let found = found.bind(hex(certificate.serial())).bind(certificate.to_pem());
        Ok(self.optional(found).await?.is_some())
    }

    /// Marks a certificate of the built-in CA as revoked; `false` if it is not one of its own.
    ///
    /// # Errors
    /// The database fails.
    pub async fn revoke_issued_certificate(
        &mut self,
        certificate: &Certificate,
        reason: Reason,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = self
            .execute(
                query(
                    "UPDATE issued_certificates SET revoked_at = $1, revocation_reason = $2 \
                     WHERE serial = $3 AND certificate = $4 AND revoked_at IS NULL",
                )
                .bind(at.as_micros())
                .bind(i64::from(reason.number()))
                .bind(hex(certificate.serial()))
                .bind(certificate.to_pem()),
            )
            .await?;
        Ok(changed == 1)
    }

    /// What is known of a certificate of the built-in CA by its serial number: nothing if none was
    /// issued, else whether it is revoked.
    ///
    /// # Errors
    /// The database fails.
    pub async fn issued_certificate(
        &mut self,
        scheme: Scheme,
        serial: &[u8],
    ) -> Result<Option<Option<Revoked>>, StoreError> {
        let row = self
            .optional(
                query(
                    "SELECT serial, revoked_at, revocation_reason FROM issued_certificates \
                     WHERE serial = $1 AND scheme = $2",
                )
                .bind(hex(serial))
                .bind(scheme.as_str()),
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let at: Option<i64> = Columns::of("issued_certificates", &row).get("revoked_at")?;
        Ok(Some(at.map(|_| revoked(&row)).transpose()?))
    }

    /// All certificates of the built-in CA that are revoked.
    ///
    /// # Errors
    /// The database fails.
    pub async fn revoked_certificates(
        &mut self,
        scheme: Scheme,
    ) -> Result<Vec<Revoked>, StoreError> {
        let rows = self
            .all(
                query(
                    "SELECT serial, revoked_at, revocation_reason FROM issued_certificates \
                     WHERE scheme = $1 AND revoked_at IS NOT NULL ORDER BY serial",
                )
                .bind(scheme.as_str()),
            )
            .await?;
        rows.iter().map(revoked).collect()
    }

    /// The newest revocation list: number, DER, next update.
    ///
    /// # Errors
    /// The database fails.
    pub async fn newest_crl(
        &mut self,
        scheme: Scheme,
    ) -> Result<Option<(i64, Vec<u8>, Timestamp)>, StoreError> {
        let row = self
            .optional(
                query(
                    "SELECT number, list, next_update FROM crls WHERE scheme = $1 \
                     ORDER BY number DESC LIMIT 1",
                )
                .bind(scheme.as_str()),
            )
            .await?;
        row.map(|row| {
            let c = Columns::of("crls", &row);
            let list = c.word("list", |text| Base64::decode_vec(text).ok())?;
            Ok((c.integer("number")?, list, c.time("next_update")?))
        })
        .transpose()
    }

    /// Publishes a revocation list.
    ///
    /// # Errors
    /// The number was used before, or the database fails.
    pub async fn insert_crl(
        &mut self,
        scheme: Scheme,
        number: i64,
        list: &[u8],
        validity: (Timestamp, Timestamp),
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO crls (scheme, number, list, this_update, next_update) \
                 VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(scheme.as_str())
            .bind(number)
            .bind(Base64::encode_string(list))
            .bind(validity.0.as_micros())
            .bind(validity.1.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// Enters a wrapped data key.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_data_key(
        &mut self,
        id: &str,
        key: &KeyId,
        wrapped: &[u8],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO data_keys (id, key_id, wrapped, created_at) VALUES ($1, $2, $3, $4)",
            )
            .bind(id.to_owned())
            .bind(key.to_string())
            .bind(Base64::encode_string(wrapped))
            .bind(at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// A wrapped data key and the key that wraps it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn data_key(&mut self, id: &str) -> Result<Option<(Key, Vec<u8>)>, StoreError> {
        let row = self
            .optional(
                query(
                    "SELECT k.id, k.purpose, k.scheme, k.public_point, w.wrapping_key_id, \
                     w.ciphertext, d.wrapped FROM data_keys d \
                     JOIN keys k ON k.id = d.key_id \
                     LEFT JOIN wrapped_keys w ON w.key_id = k.id WHERE d.id = $1",
                )
                .bind(id.to_owned()),
            )
            .await?;
        row.map(|row| {
            let c = Columns::of("data_keys", &row);
            Ok((key(&row)?, c.word("wrapped", |text| Base64::decode_vec(text).ok())?))
        })
        .transpose()
    }
}

fn key(row: &AnyRow) -> Result<Key, StoreError> {
    let c = Columns::of("keys", row);
    let wrapping = c.optional_word("wrapping_key_id", |text| KeyId::parse(text).ok())?;
    let ciphertext = c.optional_word("ciphertext", |text| Base64::decode_vec(text).ok())?;
    let pair = wrapping.zip(ciphertext);
    Ok(Key {
        wrapped: pair.map(|(wrapping, ciphertext)| WrappedSecret { wrapping, ciphertext }),
        id: c.word("id", |text| KeyId::parse(text).ok())?,
        purpose: c.word("purpose", KeyPurpose::parse)?,
        scheme: c.optional_word("scheme", Scheme::parse)?,
        public_point: c.word("public_point", unhex)?,
    })
}

fn certificate(pem: &str) -> Option<Certificate> {
    Certificate::from_pem(pem).ok()?.pop()
}

/// A certificate that is revoked.
fn revoked(row: &AnyRow) -> Result<Revoked, StoreError> {
    let c = Columns::of("issued_certificates", row);
    let reason: Option<i64> = c.get("revocation_reason")?;
    Ok(Revoked {
        serial: c.word("serial", unhex)?,
        at: c.time("revoked_at")?,
        reason: reason.and_then(Reason::of),
    })
}
