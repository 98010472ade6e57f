//! What commands that judge signatures are told: whom to trust, by which policy, and what may be fetched.

use std::{path::Path, sync::Arc};

use super::exit::Wrong;
use crate::{
    app::{
        self,
        trust::{self, TrustDirectory},
    },
    clients::guard::Network,
    config::FetchingConfig,
    domain::{SystemClock, Timestamp},
    pki::TrustStore,
    verification::{Options, ValidationPolicies, ValidationPolicy, ValidationPolicyError},
};

/// How signatures are judged.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Validation {
    /// The validation policy: `default`, `cn-eseal`, `en-319-102-1`, or a file (`*.toml`).
    #[arg(long, default_value = ValidationPolicies::DEFAULT)]
    policy: String,
    /// Fetch nothing: only what is at hand tells the status of certificates.
    #[arg(long)]
    offline: bool,
    /// Networks that may be called beside the public internet, such as 10.20.0.0/16.
    #[arg(long, value_name = "NETWORK", conflicts_with = "offline")]
    allow: Vec<Network>,
}

impl Validation {
    /// A question for a time, of somebody who trusts so.
    pub(super) fn options(&self, trust: &Trust, at: Timestamp) -> anyhow::Result<Options> {
        let fetching = FetchingConfig {
            enabled: !self.offline,
            networks: self.allow.clone(),
            issuers: true,
            ..FetchingConfig::default()
        };
        Ok(Options {
            policy: load_policy(&self.policy)?,
            fetching: app::fetching(&fetching, Arc::new(SystemClock)),
            ..trust.options(at)
        })
    }
}

/// The validation policy of a name, or of a file.
fn load_policy(name: &str) -> anyhow::Result<Arc<ValidationPolicy>> {
    let wrong = |error: ValidationPolicyError| Wrong(format!("--policy: {error}"));
    if Path::new(name).extension().is_none_or(|extension| extension != "toml") {
        return Ok(ValidationPolicies::with([]).and_then(|all| all.named(name)).map_err(wrong)?);
    }
    let text = std::fs::read_to_string(name)
        .map_err(|error| Wrong(format!("--policy {name}: {error}")))?;
    Ok(Arc::new(ValidationPolicy::from_toml(&text).map_err(wrong)?))
}

/// Whom to trust, by role.
#[derive(Clone, Default)]
pub(super) struct Trust {
    sealers: TrustStore,
    /// Those above seals, and those above persons.
    signers: TrustStore,
    makers: TrustStore,
    authorities: TrustStore,
}

impl Trust {
    /// Reads a trust directory.
    pub(super) fn load(directory: &Path) -> anyhow::Result<Self> {
        let all = TrustDirectory::load(directory)?;
        Ok(Self {
            sealers: all.trust(trust::SEALERS),
            signers: all.trust(&[trust::SEALERS, trust::PERSONS].concat()),
            makers: all.trust(trust::MAKERS),
            authorities: all.trust(trust::AUTHORITIES),
        })
    }

    /// A question for a time.
    pub(super) fn options(&self, at: Timestamp) -> Options {
        Options {
            trust: self.signers.clone(),
            seal_trust: self.sealers.clone(),
            maker_trust: self.makers.clone(),
            tsa_trust: self.authorities.clone(),
            ..Options::trusting_nobody(at)
        }
    }
}
