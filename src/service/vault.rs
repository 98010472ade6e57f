//! Keeping what may be read by nobody else: data keys of this process, wrapped by a token key.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::{Error, Service};
use crate::domain::{id::new_ulid, organization::Scope, seal::KeyPurpose};

const NONCE: usize = 12;
const PURPOSE: KeyPurpose = KeyPurpose::DocumentWrapping;

/// Data keys at hand.
#[derive(Default)]
pub(super) struct Vault {
    own: tokio::sync::OnceCell<String>,
    keys: Mutex<HashMap<String, Zeroizing<Vec<u8>>>>,
}

impl Service {
    /// Encrypts under this process's data key; returns the ciphertext and the data key's id.
    /// `purpose` must be given again to decrypt.
    pub(super) async fn conceal(
        &self,
        purpose: &str,
        plain: Vec<u8>,
    ) -> Result<(Vec<u8>, String), Error> {
        let id = self.vault.own.get_or_try_init(|| self.make_data_key()).await?;
        let key = self.data_key(id).await?;
        let nonce: [u8; NONCE] = self.randomness()?;
        let mut sealed = plain;
        cipher(&key)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| Error::Internal("encryption failed".to_owned()))?;
        Ok(([&nonce[..], &sealed].concat(), id.clone()))
    }

    /// Decrypts what [`Service::conceal`] made.
    pub(super) async fn reveal(
        &self,
        purpose: &str,
        concealed: &[u8],
        id: &str,
    ) -> Result<Vec<u8>, Error> {
        let bad = || Error::Internal("a kept answer does not decrypt".to_owned());
        let key = self.data_key(id).await?;
        let (nonce, sealed) = concealed.split_at_checked(NONCE).ok_or_else(bad)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| bad())?;
        let mut plain = sealed.to_vec();
        let length = cipher(&key)?
            .open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut plain)
            .map_err(|_| bad())?
            .len();
        plain.truncate(length);
        Ok(plain)
    }

    async fn make_data_key(&self) -> Result<String, Error> {
        let now = self.now();
        let id = new_ulid(now, self.randomness()?);
        let secret = Zeroizing::new(self.randomness::<32>()?.to_vec());
        let wrapping = self.authority.wrapping.clone();
        let iv = self.randomness()?;
        let aad = id.as_bytes().to_vec();
        let wrapped =
            self.devices.token().wrap(&wrapping, PURPOSE, iv, aad, secret.clone()).await?;
        let kept = id.clone();
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move {
                    Ok::<_, Error>(tx.insert_data_key(&kept, &wrapping.id, &wrapped, now).await?)
                })
            })
            .await?;
        self.remember(&id, secret);
        Ok(id)
    }

    async fn data_key(&self, id: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let known = self.vault.keys.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(secret) = known {
            return Ok(secret);
        }
        let mut tx = self.store.read(Scope::Service).await?;
        let (key, wrapped) = tx.data_key(id).await?.ok_or(Error::NotFound("the data key"))?;
        drop(tx);
        let secret =
            self.devices.token().unwrap(&key, PURPOSE, id.as_bytes().to_vec(), wrapped).await?;
        self.remember(id, secret.clone());
        Ok(secret)
    }

    fn remember(&self, id: &str, secret: Zeroizing<Vec<u8>>) {
        let mut keys = self.vault.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= 64 {
            keys.clear();
        }
        keys.insert(id.to_owned(), secret);
    }
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, Error> {
    UnboundKey::new(&AES_256_GCM, key)
        .map(LessSafeKey::new)
        .map_err(|_| Error::Internal("a data key has the wrong length".to_owned()))
}
