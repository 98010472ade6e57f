//! Access keys: they authenticate a principal and carry no right of their own.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    id::{AccessKeyId, PrincipalId},
};
use crate::crypto::digest::{hex, sha256, unhex};

/// An access key as the service knows it: never its secret, only a digest.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct AccessKey {
    /// The identifier; it is the readable part of the key's text.
    #[schema(value_type = String)]
    pub id: AccessKeyId,
    /// Whom it authenticates.
    #[schema(value_type = String)]
    pub principal_id: PrincipalId,
    /// Actions the key is limited to; empty for all that the principal may do.
    pub actions: Vec<String>,
    /// When it stops to work.
    #[schema(value_type = String)]
    pub expires_at: Timestamp,
    /// When it was withdrawn.
    #[schema(value_type = Option<String>)]
    pub revoked_at: Option<Timestamp>,
    /// When it was issued.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// The text of an access key, `swk_<id>_<64 hexadecimal digits>`. `Debug` hides the secret.
pub struct AccessKeyText {
    id: AccessKeyId,
    secret: zeroize::Zeroizing<[u8; 32]>,
}

impl AccessKeyText {
    /// A new key from 32 random bytes.
    pub fn new(id: AccessKeyId, secret: [u8; 32]) -> Self {
        Self { id, secret: zeroize::Zeroizing::new(secret) }
    }

    /// Reads what a client sent; `None` if it is not the text of a key.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix("swk_")?.split_once('_')?;
        let secret = zeroize::Zeroizing::new(unhex(secret)?);
        Some(Self {
            id: AccessKeyId::parse(id).ok()?,
            secret: zeroize::Zeroizing::new(secret.as_slice().try_into().ok()?),
        })
    }

    /// The identifier under which the digest is stored.
    pub fn id(&self) -> &AccessKeyId {
        &self.id
    }

    /// SHA-256 over identifier and secret, to know the text again without keeping it.
    pub fn fingerprint(&self) -> [u8; 32] {
        let secret = sha256(self.secret.as_slice());
        sha256(&[self.id.as_str().as_bytes(), &secret].concat())
    }

    /// The digest to store. The secret has 256 random bits, so a plain digest is enough.
    pub fn digest(&self) -> String {
        hex(&sha256(self.secret.as_slice()))
    }

    /// The text to hand out, once.
    pub fn reveal(&self) -> String {
        format!("swk_{}_{}", self.id, hex(self.secret.as_slice()))
    }
}

impl std::fmt::Debug for AccessKeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessKeyText({}, …)", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_garbage_is_refused() {
        let key =
            AccessKeyText::new(AccessKeyId::new(Timestamp::from_seconds(1), [3; 10]), [9; 32]);
        let again = AccessKeyText::parse(&key.reveal()).unwrap();
        assert_eq!(again.digest(), key.digest());
        assert_eq!(again.id(), key.id());
        assert!(!format!("{key:?}").contains("0909"));
        for bad in ["", "swk_", "swk_x_00", &key.reveal()[..60]] {
            assert!(AccessKeyText::parse(bad).is_none());
        }
    }
}
