//! Time-stamping authorities elsewhere (RFC 3161 §3.4): a query goes out, a response comes back.
//! What it says is judged by who asked.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde::Deserialize;
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig, TlsProvider},
};

/// A time-stamping authority.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TsaServer {
    /// Its address.
    pub url: String,
    /// How long it may take in all, milliseconds.
    #[serde(default = "timeout")]
    pub timeout_ms: u64,
    /// The root of its TLS certificate, PEM; the well-known ones if not set.
    #[serde(default)]
    pub tls_root: Option<PathBuf>,
}

fn timeout() -> u64 {
    5000
}

/// The longest response that is read, bytes.
const LONGEST_RESPONSE: u64 = 64 << 10;

/// Sends a query; blocks until there is an answer or the time is up.
///
/// # Errors
/// In words, without what the other side said.
pub fn post(server: &TsaServer, query: &[u8]) -> Result<Vec<u8>, String> {
    let agent = agent(server)?;
    let mut response = agent
        .post(&server.url)
        .content_type("application/timestamp-query")
        .header("accept", "application/timestamp-reply")
        .send(query)
        .map_err(|error| match error {
            ureq::Error::StatusCode(code) => format!("it answers with status {code}"),
            ureq::Error::Timeout(_) => "it does not answer in time".to_owned(),
            _ => "it cannot be reached".to_owned(),
        })?;
    let kind = response.body().mime_type();
    if kind.is_none_or(|kind| kind != "application/timestamp-reply") {
        return Err("its answer is of another type".to_owned());
    }
    let body = response.body_mut().with_config().limit(LONGEST_RESPONSE).read_to_vec();
    body.map_err(|_| "its answer is too long, or ends too early".to_owned())
}

fn agent(server: &TsaServer) -> Result<Agent, String> {
    let roots = match &server.tls_root {
        None => RootCerts::WebPki,
        Some(path) => {
            let unusable = || format!("{} is not a certificate in PEM", path.display());
            let pem = std::fs::read(path).map_err(|_| unusable())?;
            let root = Certificate::from_pem(&pem).map_err(|_| unusable())?;
            RootCerts::Specific(Arc::new(vec![root]))
        }
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(Duration::from_millis(server.timeout_ms)))
        // An authority is where the operator says it is, or nowhere.
        .max_redirects(0)
        .proxy(None)
        .user_agent(concat!("sealwright/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.into())
}
