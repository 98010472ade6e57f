//! Outbound HTTP: time limits, size limits and redirects in one place. Who calls a client waits in a
//! thread of his own.

pub mod fetch;
pub mod guard;
pub mod mail;
pub mod sealwright;
pub mod tsa;
pub mod webhook;

use std::{path::PathBuf, sync::Arc, time::Duration};

use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig, TlsProvider},
};

/// Whoever asks others: no redirects, no proxy, TLS by `root` or by the well-known roots. Answers of
/// any status are answers.
fn agent(root: Option<&PathBuf>, timeout: Duration) -> Result<Agent, String> {
    let roots = match root {
        None => RootCerts::WebPki,
        Some(path) => {
            let unusable = || format!("{} is not a certificate in PEM", path.display());
            let pem = std::fs::read(path).map_err(|_| unusable())?;
            let root = Certificate::from_pem(&pem).map_err(|_| unusable())?;
            RootCerts::Specific(Arc::new(vec![root]))
        }
    };
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        // A service is where the operator says it is, or nowhere.
        .max_redirects(0)
        .proxy(None)
        .user_agent(concat!("sealwright/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.into())
}
