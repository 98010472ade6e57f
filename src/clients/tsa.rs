//! Time-stamping authorities elsewhere (RFC 3161 §3.4): a query goes out, a response comes back.
//! What it says is judged by who asked.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

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
    let timeout = Duration::from_millis(server.timeout_ms);
    let agent = super::agent(server.tls_root.as_ref(), timeout)?;
    let mut response = agent
        .post(&server.url)
        .content_type("application/timestamp-query")
        .header("accept", "application/timestamp-reply")
        .send(query)
        .map_err(|error| match error {
            ureq::Error::Timeout(_) => "it does not answer in time".to_owned(),
            _ => "it cannot be reached".to_owned(),
        })?;
    if response.status() != 200 {
        return Err(format!("it answers with status {}", response.status().as_u16()));
    }
    let kind = response.body().mime_type();
    if kind.is_none_or(|kind| kind != "application/timestamp-reply") {
        return Err("its answer is of another type".to_owned());
    }
    let body = response.body_mut().with_config().limit(LONGEST_RESPONSE).read_to_vec();
    body.map_err(|_| "its answer is too long, or ends too early".to_owned())
}
