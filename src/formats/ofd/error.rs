//! What can be wrong with an OFD, and why it is not sealed.

/// Why an OFD cannot be read or sealed.
#[derive(Debug, thiserror::Error)]
pub enum OfdError {
    /// It is no OFD at all.
    #[error("the file is not an OFD document")]
    NotOfd,
    /// It is damaged or ambiguous.
    #[error("the OFD document is damaged or ambiguous: {0}")]
    Damaged(String),
    /// It needs a password.
    #[error("the OFD document is encrypted")]
    Encrypted,
    /// It is beyond a limit.
    #[error("the OFD document is beyond a limit: {0}")]
    Limit(String),
    /// An earlier signature forbids further ones.
    #[error("the document is closed by an earlier signature, which would break: {0}")]
    Closed(String),
    /// The place asked for is not there.
    #[error("{0}")]
    Placement(String),
    /// The medium fails.
    #[error("the document cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

impl OfdError {
    /// The stable code of a problem document.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotOfd => "ofd-not-an-ofd",
            Self::Damaged(_) => "ofd-damaged",
            Self::Encrypted => "ofd-encrypted",
            Self::Limit(_) => "ofd-limit-exceeded",
            Self::Closed(_) => "ofd-closed",
            Self::Placement(_) => "ofd-placement",
            Self::Io(_) => "ofd-unreadable",
        }
    }
}
