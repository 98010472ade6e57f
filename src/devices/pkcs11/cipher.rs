//! Encrypting small secrets under a wrapping key: AES-256-GCM inside the token.

use cryptoki::{
    mechanism::{Mechanism, aead::GcmParams},
    object::ObjectClass,
};

use zeroize::Zeroizing;

use super::{Token, error::Failure};
use crate::{
    devices::DeviceError,
    domain::seal::{Key, KeyPurpose},
};

/// Bytes of the initialisation vector, which stands before the ciphertext.
const IV: usize = 12;

impl Token {
    /// Encrypts under a wrapping key. `iv` must never repeat under the same key; 12 random bytes
    /// are right for the few data keys there are.
    ///
    /// # Errors
    /// The key is for another purpose or missing, or the token fails.
    pub async fn wrap(
        &self,
        key: &Key,
        purpose: KeyPurpose,
        iv: [u8; IV],
        aad: Vec<u8>,
        secret: Zeroizing<Vec<u8>>,
    ) -> Result<Vec<u8>, DeviceError> {
        check(key, purpose)?;
        let id = key.id.clone();
        self.ask(move |seat| {
            seat.with_key(&id, ObjectClass::SECRET_KEY, |seat, handle| {
                let mut nonce = iv;
                let parameters = GcmParams::new(&mut nonce, &aad, 128.into())?;
                let mechanism = Mechanism::AesGcm(parameters);
                let sealed = seat.session.encrypt(&mechanism, handle, &secret)?;
                Ok([&iv[..], &sealed].concat())
            })
        })
        .await
    }

    /// Decrypts what [`Token::wrap`] made under the same key and the same additional data.
    ///
    /// # Errors
    /// As for wrapping; [`DeviceError::Fault`] where the ciphertext was changed.
    pub async fn unwrap(
        &self,
        key: &Key,
        purpose: KeyPurpose,
        aad: Vec<u8>,
        wrapped: Vec<u8>,
    ) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        check(key, purpose)?;
        let id = key.id.clone();
        self.ask(move |seat| {
            let (iv, sealed) = wrapped
                .split_at_checked(IV)
                .ok_or_else(|| Failure::Fault("the wrapped data key is too short".to_owned()))?;
            seat.with_key(&id, ObjectClass::SECRET_KEY, |seat, handle| {
                let mut nonce = iv.to_vec();
                let parameters = GcmParams::new(&mut nonce, &aad, 128.into())?;
                Ok(seat.session.decrypt(&Mechanism::AesGcm(parameters), handle, sealed)?.into())
            })
        })
        .await
    }
}

fn check(key: &Key, purpose: KeyPurpose) -> Result<(), DeviceError> {
    if key.purpose == purpose && key.scheme.is_none() {
        Ok(())
    } else {
        Err(DeviceError::WrongPurpose { key: key.id.clone(), is: key.purpose, asked: purpose })
    }
}
