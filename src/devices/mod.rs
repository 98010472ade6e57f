//! Who computes the raw signature. A digest goes down, a signature comes up, nothing else.

pub mod error;
pub mod pkcs11;
pub mod wrapped_sm2;

use std::sync::Arc;

pub use error::DeviceError;
pub use pkcs11::Token;

use crate::{
    crypto::Scheme,
    domain::{
        Timestamp,
        id::KeyId,
        seal::{Custody, Key, KeyPurpose, WrappedSecret},
    },
};
use wrapped_sm2::OpenKeys;

/// The devices of the service: a token, and what is open of the keys that it wraps.
#[derive(Clone)]
pub struct Devices {
    token: Token,
    open: Arc<OpenKeys>,
}

impl Devices {
    /// Around a token.
    pub fn new(token: Token) -> Self {
        Self { token, open: Arc::default() }
    }

    /// The token.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Where a new key of the scheme will be. A token that is configured for SM2 keeps SM2 keys
    /// itself, and where it then does not prove what it says there is no other way round.
    pub fn custody(&self, scheme: Scheme) -> Custody {
        if scheme == Scheme::P256 || self.token.is_configured_for(scheme) {
            Custody::Hsm
        } else {
            Custody::HsmWrapped
        }
    }

    /// Makes a signing key in the token; returns its uncompressed point.
    ///
    /// # Errors
    /// The scheme is not offered, or the token fails.
    pub async fn generate(
        &self,
        id: &KeyId,
        purpose: KeyPurpose,
        scheme: Scheme,
    ) -> Result<Vec<u8>, DeviceError> {
        self.token.generate(id, purpose, scheme).await
    }

    /// Makes an SM2 key that `wrapping` keeps; returns its uncompressed point and the ciphertext.
    ///
    /// # Errors
    /// `wrapping` is for another purpose, or the token fails.
    pub async fn generate_wrapped(
        &self,
        id: &KeyId,
        purpose: KeyPurpose,
        wrapping: &Key,
    ) -> Result<(Vec<u8>, WrappedSecret), DeviceError> {
        wrapped_sm2::generate(&self.token, (id, purpose), wrapping).await
    }

    /// Signs a digest of 32 bytes: SHA-256 for P-256, e = SM3(Z‖M) for SM2. The answer is DER.
    ///
    /// The signature is not verified here; whoever asked verifies it against the certificate.
    ///
    /// # Errors
    /// The key is for another purpose or missing, the scheme is not offered, or the token fails.
    pub async fn sign(
        &self,
        key: &Key,
        purpose: KeyPurpose,
        digest: [u8; 32],
        now: Timestamp,
    ) -> Result<Vec<u8>, DeviceError> {
        let Some(wrapped) = &key.wrapped else {
            return self.token.sign(key, purpose, digest).await;
        };
        if key.purpose != purpose {
            let (key, is) = (key.id.clone(), key.purpose);
            return Err(DeviceError::WrongPurpose { key, is, asked: purpose });
        }
        self.open.sign(&self.token, (key, wrapped), &digest, now).await
    }

    /// Forgets every key that is open: a seal may have been put out of use.
    pub fn close_keys(&self) {
        self.open.close_all();
    }
}
