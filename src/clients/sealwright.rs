//! Another instance of this service, as its callers see it: sealing over HTTP.

use std::{
    fs::File,
    io::{Cursor, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use ureq::{Agent, Body, SendBody, http::Response};

/// Where the service is, and the access key for it.
pub struct Remote {
    agent: Agent,
    url: String,
    key: SecretString,
}

/// Why a request came to nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RemoteError {
    /// The service says no; the words are its own.
    #[error("{detail} ({code})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The stable code of the problem.
        code: String,
        /// In words.
        detail: String,
        /// How long to wait before it may be tried again, seconds; `None` where that is of no use.
        retry_after: Option<u64>,
    },
    /// There is no answer, or none that can be read.
    #[error("the service at {0} {1}")]
    Unreachable(String, String),
}

/// A sealed document under way: its record, its receipt and its bytes.
pub struct SealedAnswer {
    /// The id of the record.
    pub record: String,
    /// The receipt.
    pub receipt: String,
    /// Whether the same answer was given before.
    pub replayed: bool,
    body: Body,
}

impl SealedAnswer {
    /// The document.
    pub fn into_reader(self) -> impl Read {
        self.body.into_with_config().limit(u64::MAX).reader()
    }
}

/// The longest JSON answer that is read, bytes.
const LONGEST_JSON: u64 = 16 << 20;
/// Between the parts of a multipart body. It cannot be in what is sent: the parts' lengths are told.
const BOUNDARY: &str = "sealwright-7MA4YWxkTrZu0gW";

impl Remote {
    /// A service at `url`; `tls_root` is the root of its TLS certificate, where it is not well known.
    ///
    /// # Errors
    /// The root cannot be read.
    pub fn new(
        url: &str,
        key: SecretString,
        tls_root: Option<&Path>,
        timeout: Duration,
    ) -> Result<Self, String> {
        let agent = super::agent(tls_root.map(PathBuf::from).as_ref(), timeout)?;
        Ok(Self { agent, url: url.trim_end_matches('/').to_owned(), key })
    }

    /// Has a document sealed; `request` is the JSON of a sealing.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub fn seal(
        &self,
        request: &str,
        document: File,
        idempotency_key: &str,
    ) -> Result<SealedAnswer, RemoteError> {
        let size = document.metadata().map_err(|error| self.unreachable(&error))?.len();
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"request\"\r\n\
             Content-Type: application/json\r\n\r\n{request}\r\n--{BOUNDARY}\r\n\
             Content-Disposition: form-data; name=\"document\"; filename=\"document.pdf\"\r\n\
             Content-Type: application/pdf\r\n\r\n"
        );
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        let length = head.len() as u64 + size + end.len() as u64;
        let mut body = Cursor::new(head).chain(document.take(size)).chain(Cursor::new(end));
        let response = self
            .agent
            .post(format!("{}/v1/signatures", self.url))
            .header("authorization", self.bearer())
            .header("idempotency-key", idempotency_key)
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .header("content-length", length.to_string())
            // A no comes before the document is sent; without this it would be lost with the
            // connection.
            .header("expect", "100-continue")
            .send(SendBody::from_reader(&mut body));
        let response = self.judge(response)?;
        let header = |name: &str| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        Ok(SealedAnswer {
            record: header("location").rsplit('/').next().unwrap_or_default().to_owned(),
            receipt: header("sealwright-receipt"),
            replayed: header("idempotent-replayed") == "true",
            body: response.into_body(),
        })
    }

    /// Asks for a JSON document.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub fn get(&self, path: &str) -> Result<serde_json::Value, RemoteError> {
        let request = self.agent.get(format!("{}{path}", self.url));
        let response = request.header("authorization", self.bearer()).call();
        self.json(response)
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub fn post(
        &self,
        path: &str,
        body: &str,
        idempotency_key: &str,
    ) -> Result<serde_json::Value, RemoteError> {
        let request = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("authorization", self.bearer())
            .header("idempotency-key", idempotency_key)
            .header("content-type", "application/json");
        self.json(request.send(body))
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.key.expose_secret())
    }

    fn unreachable(&self, why: &dyn std::fmt::Display) -> RemoteError {
        RemoteError::Unreachable(self.url.clone(), why.to_string())
    }

    fn json(
        &self,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<serde_json::Value, RemoteError> {
        let mut response = self.judge(response)?;
        let bytes = response.body_mut().with_config().limit(LONGEST_JSON).read_to_vec();
        let bytes = bytes.map_err(|_| self.unreachable(&"breaks its answer off"))?;
        serde_json::from_slice(&bytes)
            .map_err(|_| self.unreachable(&"answers with something else than JSON"))
    }

    /// An answer that is good, or why it is none.
    fn judge(
        &self,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, RemoteError> {
        let mut response = response.map_err(|error| match error {
            ureq::Error::Timeout(_) => self.unreachable(&"does not answer in time"),
            error => self.unreachable(&format_args!("cannot be reached: {error}")),
        })?;
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(response);
        }
        let waits = response.headers().get("retry-after").and_then(|v| v.to_str().ok());
        let retry_after = waits.and_then(|seconds| seconds.parse().ok());
        let bytes = response.body_mut().with_config().limit(LONGEST_JSON).read_to_vec();
        let problem: serde_json::Value =
            serde_json::from_slice(&bytes.unwrap_or_default()).unwrap_or_default();
        let text = |key: &str| problem.get(key).and_then(|value| value.as_str()).map(str::to_owned);
        Err(RemoteError::Refused {
            status,
            code: text("code").unwrap_or_else(|| format!("status-{status}")),
            detail: text("detail").unwrap_or_else(|| format!("the service answers {status}")),
            retry_after,
        })
    }
}
