//! Credentials of seal versions: keys with their certificates and electronic seals.

use base64ct::{Base64, Encoding};
use sqlx::{any::AnyRow, query};

use super::{
    StoreError,
    columns::{Columns, json},
    tx::Tx,
};
use crate::{
    crypto::Scheme,
    domain::{
        id::{CredentialId, KeyId, SealId, SealVersionId},
        seal::{Credential, Custody, Seal},
    },
    pki::Certificate,
};

/// What making binds to a credential.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The credential.
    pub credential: CredentialId,
    /// The certificate and its chain, leaf first.
    pub chain: Vec<Certificate>,
    /// The certificate for encryption, where the authority issues two.
    pub encryption: Option<Certificate>,
    /// The electronic seal (GB/T 38540), DER, where the scheme has one.
    pub seal_structure: Option<Vec<u8>>,
}

impl Tx {
    /// Enters a credential whose key is ready.
    pub(super) async fn insert_credential(
        &mut self,
        version: &SealVersionId,
        credential: &Credential,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO credentials (id, seal_version_id, scheme, custody, key_id, \
                 certificate_request, certificate_chain) VALUES ($1, $2, $3, $4, $5, $6, '[]')",
            )
            .bind(credential.id.to_string())
            .bind(version.to_string())
            .bind(credential.scheme.as_str())
            .bind(credential.custody.as_str())
            .bind(credential.key_id.to_string())
            .bind(credential.certificate_request.clone()),
        )
        .await?;
        Ok(())
    }

    /// Binds certificate and electronic seal to a credential.
    pub(super) async fn bind_credential(&mut self, binding: &Binding) -> Result<(), StoreError> {
        let pem: Vec<String> = binding.chain.iter().map(Certificate::to_pem).collect();
        self.change_one(
            "the credential",
            query(
                "UPDATE credentials SET certificate_chain = $1, fingerprint = $2, \
                 seal_structure = $3, encryption_certificate = $4 WHERE id = $5",
            )
            .bind(json(&pem))
            .bind(binding.chain.first().map(Certificate::fingerprint))
            .bind(binding.seal_structure.as_deref().map(Base64::encode_string))
            .bind(binding.encryption.as_ref().map(Certificate::to_pem))
            .bind(binding.credential.to_string()),
        )
        .await
    }

    pub(super) async fn credentials(
        &mut self,
        id: &SealVersionId,
    ) -> Result<Vec<Credential>, StoreError> {
        let rows = self
            .all(
                query(
                    "SELECT c.id, c.scheme, c.custody, c.key_id, c.certificate_request, \
                     c.certificate_chain, c.encryption_certificate, k.destroyed_at FROM credentials c \
                     JOIN keys k ON k.id = c.key_id \
                     WHERE c.seal_version_id = $1 ORDER BY c.scheme",
                )
                .bind(id.to_string()),
            )
            .await?;
        rows.iter().map(credential).collect()
    }

    /// The electronic seal of a credential, DER; none for P-256 and before the seal is made.
    ///
    /// # Errors
    /// The database fails.
    pub async fn seal_structure(
        &mut self,
        id: &CredentialId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self
            .optional(
                query("SELECT seal_structure FROM credentials WHERE id = $1").bind(id.to_string()),
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        Columns::of("credentials", &row)
            .optional_word("seal_structure", |text| Base64::decode_vec(text).ok())
    }

    /// The seal and version whose credential has this certificate (SHA-256, hexadecimal).
    ///
    /// # Errors
    /// The database fails.
    pub async fn seal_of_certificate(
        &mut self,
        fingerprint: &str,
    ) -> Result<Option<(Seal, SealVersionId)>, StoreError> {
        let row = self
            .optional(
                query(
                    "SELECT v.seal_id, v.id FROM credentials c \
                     JOIN seal_versions v ON v.id = c.seal_version_id WHERE c.fingerprint = $1",
                )
                .bind(fingerprint.to_owned()),
            )
            .await?;
        let row = match row {
            Some(row) => Some(row),
            None => {
                let elsewhere = query(
                    "SELECT v.seal_id, v.id FROM imported_certificates c \
                     JOIN seal_versions v ON v.id = c.seal_version_id WHERE c.fingerprint = $1",
                );
                self.optional(elsewhere.bind(fingerprint.to_owned())).await?
            }
        };
        let Some(row) = row else { return Ok(None) };
        let c = Columns::of("seal_versions", &row);
        let seal = c.word("seal_id", |text| SealId::parse(text).ok())?;
        let version = c.word("id", |text| SealVersionId::parse(text).ok())?;
        Ok(self.seal(&seal).await?.map(|seal| (seal, version)))
    }
}

fn credential(row: &AnyRow) -> Result<Credential, StoreError> {
    let c = Columns::of("credentials", row);
    Ok(Credential {
        id: c.word("id", |text| CredentialId::parse(text).ok())?,
        scheme: c.word("scheme", Scheme::parse)?,
        custody: c.word("custody", Custody::parse)?,
        key_id: c.word("key_id", |text| KeyId::parse(text).ok())?,
        certificate_request: c.text("certificate_request")?,
        certificate_chain: c.json("certificate_chain")?,
        encryption_certificate: c.get("encryption_certificate")?,
        key_destroyed_at: c.optional_time("destroyed_at")?,
    })
}
