//! Whom to trust, by role.

use std::path::Path;

use crate::{
    app::{AUTHORITIES, MAKERS, SIGNERS, load_trust},
    domain::Timestamp,
    pki::TrustStore,
    verification::Options,
};

/// Whom to trust, by role.
#[derive(Clone, Default)]
pub(in crate::cli) struct Trust {
    signers: TrustStore,
    makers: TrustStore,
    authorities: TrustStore,
}

impl Trust {
    /// Reads a trust directory.
    pub(in crate::cli) fn load(directory: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            signers: load_trust(directory, SIGNERS)?,
            makers: load_trust(directory, MAKERS)?,
            authorities: load_trust(directory, AUTHORITIES)?,
        })
    }

    /// A question for a time.
    pub(in crate::cli) fn options(&self, at: Timestamp) -> Options {
        Options {
            trust: self.signers.clone(),
            maker_trust: self.makers.clone(),
            tsa_trust: self.authorities.clone(),
            ..Options::trusting_nobody(at)
        }
    }
}
