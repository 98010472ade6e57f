//! The one map from PKCS#11 return codes to [`DeviceError`], and what a worker does next.

use cryptoki::{
    context::Function,
    error::{Error, RvError},
};

use super::super::DeviceError;
use crate::{crypto::Scheme, domain::id::KeyId};

/// Why one piece of work failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The module said so.
    Module(Error),
    /// The key is not there.
    KeyMissing(KeyId),
    /// The device answered nonsense.
    Fault(String),
    /// The scheme has no mechanism here.
    NoMechanism(Scheme),
    /// Another session's call does not return.
    Blocked,
}

/// What a worker does after a failure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// The session is as good as before.
    KeepSession,
    /// Session, login or token are gone: open everything anew.
    Reopen(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Module(error)
    }
}

impl Failure {
    /// What the caller is told.
    pub(super) fn to_device_error(&self) -> DeviceError {
        match self {
            Self::KeyMissing(key) => DeviceError::KeyMissing(key.clone()),
            Self::Fault(what) => DeviceError::Fault(what.clone()),
            Self::Blocked => DeviceError::Timeout,
            Self::NoMechanism(scheme) => DeviceError::SchemeNotOffered(*scheme),
            Self::Module(error) if is_lost(error) => {
                DeviceError::Unavailable { reason: name(error), retry_after: 1 }
            }
            Self::Module(error) => DeviceError::Fault(name(error)),
        }
    }

    /// What the worker does.
    pub(super) fn verdict(&self) -> Result<(), Verdict> {
        Err(match self {
            Self::Module(error) if is_lost(error) => Verdict::Reopen(name(error)),
            _ => Verdict::KeepSession,
        })
    }
}

/// A short name of an error, such as `CKR DeviceRemoved in Sign`; the library's own texts are
/// paragraphs.
pub(super) fn name(error: &Error) -> String {
    match error {
        Error::Pkcs11(code, function) => format!("CKR {code:?} in {function:?}"),
        Error::LibraryLoading(_) => "the module cannot be loaded".to_owned(),
        other => other.to_string(),
    }
}

/// Whether a PIN was refused, so that trying again would count against it.
pub(super) fn is_pin_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::PinIncorrect
                | RvError::PinLocked
                | RvError::PinExpired
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::UserPinNotInitialized,
            _
        )
    )
}

/// Whether session, login or token are gone. A stale handle counts: after a token was
/// re-initialised elsewhere it is the only sign there is.
fn is_lost(error: &Error) -> bool {
    // SoftHSM says this of a ciphertext that was changed.
    if matches!(error, Error::Pkcs11(RvError::GeneralError, Function::Decrypt)) {
        return false;
    }
    matches!(
        error,
        Error::Pkcs11(
            RvError::CryptokiNotInitialized
                | RvError::DeviceError
                | RvError::DeviceMemory
                | RvError::DeviceRemoved
                | RvError::GeneralError
                | RvError::HostMemory
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid
                | RvError::SessionClosed
                | RvError::SessionHandleInvalid
                | RvError::SlotIdInvalid
                | RvError::TokenNotPresent
                | RvError::TokenNotRecognized
                | RvError::UserNotLoggedIn,
            _
        )
    )
}
