//! What can go wrong at a device, in words a caller can act on.

use crate::{crypto::Scheme, domain::id::KeyId, domain::seal::KeyPurpose};

/// Why a device did not do what was asked. None of these is a reason to delete a key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DeviceError {
    /// The queue is full; try again after a moment.
    #[error("the token's queue is full")]
    Busy,
    /// The token cannot be used now; the service keeps trying by itself.
    #[error("the token is not available: {reason}")]
    Unavailable {
        /// Why, without secrets.
        reason: String,
        /// When to try again, seconds.
        retry_after: u64,
    },
    /// The token did not answer within the deadline. A late answer is thrown away.
    #[error("the token did not answer in time")]
    Timeout,
    /// The key is not in the token. A question for a person: it may be another token, or a
    /// restored one.
    #[error("key {0} is not in the token")]
    KeyMissing(KeyId),
    /// The token cannot do this scheme, or what it does under that name is something else.
    #[error("the token does not offer the scheme {0}")]
    SchemeNotOffered(Scheme),
    /// A key was asked to do what it is not for.
    #[error("key {key} is for {is}, not for {asked}")]
    WrongPurpose {
        /// The key.
        key: KeyId,
        /// What it is for.
        is: KeyPurpose,
        /// What it was asked to do.
        asked: KeyPurpose,
    },
    /// The device answered, but wrongly: garbage, or a signature that does not verify.
    #[error("the token is at fault: {0}")]
    Fault(String),
}
