//! The only error that `http`, `jobs` and `cli` see of a verb.

use crate::{
    crypto::random::NoRandomness,
    devices::DeviceError,
    domain::{
        application::ReviewError, keeper::InvalidKeeping, proposal::ProposalError,
        register::ImportReport, seal_state::InvalidTransition,
    },
    formats::{ofd::OfdError, pdf::PdfError},
    policy::Denied,
    store::StoreError,
};

/// Why a verb did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or it is outside of what the principal may see.
    #[error("{0} was not found")]
    NotFound(&'static str),
    /// Policy says no.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The access key is not known, expired or withdrawn.
    #[error("the access key is missing, unknown, expired or withdrawn")]
    Unauthenticated,
    /// The law of a seal version does not know the move.
    #[error(transparent)]
    InvalidTransition(#[from] InvalidTransition),
    /// The application cannot be decided like this.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// Something is in the way; the code says what.
    #[error("{detail}")]
    Conflict {
        /// A stable code.
        code: &'static str,
        /// In words.
        detail: String,
    },
    /// `If-Match` names another version than the present one.
    #[error("the record was changed since it was read; read it again")]
    Stale,
    /// Rows of a list are faulty; nothing of it was taken in.
    #[error("the list of {} rows has {} faults; nothing was taken in", .0.rows, .0.fault_count)]
    FaultyList(Box<ImportReport>),
    /// The request says something that cannot be; the code says what.
    #[error("{detail}")]
    Invalid {
        /// A stable code.
        code: &'static str,
        /// In words.
        detail: String,
    },
    /// The document cannot be sealed.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// The document cannot be sealed.
    #[error(transparent)]
    Ofd(#[from] OfdError),
    /// No time-stamping authority gave a timestamp.
    #[error("no timestamp was to be had, so nothing was released: {0}")]
    NoTimestamp(String),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyMismatch,
    /// The request with this idempotency key is still under way.
    #[error("a request with this idempotency key is under way; ask again in a moment")]
    InFlight,
    /// A signature was made, but the seal was no longer active: nothing was released.
    #[error("the seal was taken out of use while signing; the signature was withheld")]
    Withheld,
    /// Too many at once.
    #[error("too many requests at once; try again in a moment")]
    Overloaded,
    /// The database failed.
    #[error("the database failed")]
    Store(#[source] StoreError),
    /// A fault of the service.
    #[error("a fault of the service: {0}")]
    Internal(String),
}

impl From<ProposalError> for Error {
    fn from(error: ProposalError) -> Self {
        let code = match error {
            ProposalError::NotOpen(_) => "proposal-decided",
            ProposalError::TooEarly(_) => "waiting-time-not-over",
        };
        Self::conflict(code, error.to_string())
    }
}

impl From<InvalidKeeping> for Error {
    fn from(error: InvalidKeeping) -> Self {
        Self::conflict("invalid-keeping", error.to_string())
    }
}

impl Error {
    /// The request says something that cannot be.
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid { code, detail: detail.into() }
    }

    /// Something is in the way.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }
}

impl From<NoRandomness> for Error {
    fn from(error: NoRandomness) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale(what) => Self::Conflict {
                code: "changed-meanwhile",
                detail: format!("{what} was changed by somebody else meanwhile; read it again"),
            },
            other => Self::Store(other),
        }
    }
}
