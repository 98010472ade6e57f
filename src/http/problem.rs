//! Problem documents (RFC 9457): the one map from errors to status codes. Codes are frozen.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    devices::DeviceError, domain::register::ImportReport, policy::Decision, service::Error,
};

/// A problem document, `application/problem+json`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:sealwright:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The kind of problem in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// This very problem in words: what happened, and what to do.
    detail: String,
    /// A stable code for programs.
    code: &'static str,
    /// Whether the same request may succeed later.
    retryable: bool,
    /// How policy decided, where it said no.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    decision: Option<Decision>,
    /// What is wrong with a list, row by row.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ImportReport>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:sealwright:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            code,
            retryable: false,
            decision: None,
            report: None,
            retry_after: None,
        }
    }

    pub(super) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, "The request is malformed", detail)
    }

    pub(super) fn too_large(largest: u64) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            "The body is too large",
            format!("at most {largest} bytes are accepted here"),
        )
    }

    pub(super) fn too_many_requests() -> Self {
        let text = "this address made too many requests; try again in a minute";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", "Too many requests", text)
            .later(60)
    }

    fn later(mut self, seconds: u64) -> Self {
        self.retryable = true;
        self.retry_after = Some(seconds);
        self
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        use StatusCode as S;
        let detail = error.to_string();
        match error {
            Error::NotFound(_) => Self::new(S::NOT_FOUND, "not-found", "Not found", detail),
            Error::Denied(denied) => {
                let mut problem =
                    Self::new(S::FORBIDDEN, "denied-by-policy", "Policy does not allow it", detail);
                problem.decision = Some(denied.decision);
                problem
            }
            Error::Unauthenticated => Self::new(
                S::UNAUTHORIZED,
                "unauthenticated",
                "An access key is needed",
                "send a valid access key as Authorization: Bearer …",
            ),
            Error::InvalidTransition(_) => {
                Self::new(S::CONFLICT, "invalid-transition", "The state does not allow it", detail)
            }
            Error::Review(_) => {
                Self::new(S::CONFLICT, "invalid-review", "The review does not allow it", detail)
            }
            Error::Conflict { code, .. } => {
                Self::new(S::CONFLICT, code, "Something is in the way", detail)
            }
            Error::Stale => {
                Self::new(S::PRECONDITION_FAILED, "stale", "Changed since it was read", detail)
            }
            Error::FaultyList(report) => {
                let title = "The list is faulty";
                let mut problem = Self::new(S::UNPROCESSABLE_ENTITY, "faulty-list", title, detail);
                problem.report = Some(*report);
                problem
            }
            Error::Invalid { code, .. } => Self::new(
                S::UNPROCESSABLE_ENTITY,
                code,
                "The request cannot be carried out",
                detail,
            ),
            Error::Pdf(error) => unsealable(error.code(), detail),
            Error::Ofd(error) => unsealable(error.code(), detail),
            Error::Device(error) => device(&error, detail),
            Error::NoTimestamp(_) => {
                let title = "There is no timestamp";
                Self::new(S::SERVICE_UNAVAILABLE, "timestamp-unavailable", title, detail).later(5)
            }
            Error::IdempotencyMismatch => Self::new(
                S::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The idempotency key was used otherwise",
                detail,
            ),
            Error::InFlight => {
                Self::new(S::CONFLICT, "request-in-flight", "Still under way", detail).later(1)
            }
            Error::Withheld => {
                Self::new(S::CONFLICT, "signature-withheld", "Nothing was released", detail)
            }
            Error::Overloaded => {
                Self::new(S::SERVICE_UNAVAILABLE, "overloaded", "Too much at once", detail).later(1)
            }
            Error::Store(error) => {
                // The cause may speak of rows; it is for the operator's log only.
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, cause, "the database failed");
                let detail = "the database cannot be used now; try again in a moment";
                Self::new(S::SERVICE_UNAVAILABLE, "database-unavailable", "Not available", detail)
                    .later(2)
            }
            Error::Internal(what) => {
                tracing::error!(what, "a fault of the service");
                let detail = "a fault of the service; the request id tells the operator which";
                Self::new(S::INTERNAL_SERVER_ERROR, "internal", "A fault of the service", detail)
            }
        }
    }
}

fn unsealable(code: &'static str, detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, "The document cannot be sealed", detail)
}

fn device(error: &DeviceError, detail: String) -> Problem {
    use StatusCode as S;
    let problem = |status, code| Problem::new(status, code, "The token cannot do it now", detail);
    match error {
        DeviceError::Busy => problem(S::SERVICE_UNAVAILABLE, "token-busy").later(1),
        DeviceError::Unavailable { retry_after, .. } => {
            problem(S::SERVICE_UNAVAILABLE, "token-unavailable").later(*retry_after)
        }
        DeviceError::Timeout => problem(S::SERVICE_UNAVAILABLE, "token-timeout").later(5),
        DeviceError::KeyMissing(_) => problem(S::SERVICE_UNAVAILABLE, "key-missing").later(30),
        DeviceError::SchemeNotOffered(_) => problem(S::UNPROCESSABLE_ENTITY, "scheme-not-offered"),
        DeviceError::Fault(_) => problem(S::SERVICE_UNAVAILABLE, "token-fault").later(5),
        DeviceError::WrongPurpose { .. } => {
            tracing::error!(%error, "a key was asked to do what it is not for");
            problem(S::INTERNAL_SERVER_ERROR, "internal")
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The answer where no endpoint is.
pub(super) async fn no_such_path() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-such-path",
        "Not found",
        "there is nothing here; see /docs",
    )
}

/// The answer where the endpoint has other methods.
pub(super) async fn no_such_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "no-such-method",
        "Method not allowed",
        "this path has other methods; see /docs",
    )
}
