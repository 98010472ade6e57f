//! JSON bodies and query strings, refused as problem documents.

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The largest JSON body, bytes: a picture in base64 with room to spare.
const LARGEST_JSON: usize = 4 << 20;

/// A JSON body.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "json-expected",
                "Another kind of body is expected",
                "send the body as Content-Type: application/json",
            ));
        }
        let bytes = to_bytes(request.into_body(), LARGEST_JSON)
            .await
            .map_err(|_| Problem::too_large(LARGEST_JSON as u64))?;
        parse_json(&bytes).map(Self)
    }
}

/// Reads JSON or says where it is wrong. The text itself is never repeated: it may hold secrets.
pub(super) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Not every database can keep it, and no name or reason has it.
    if bytes.windows(6).any(|window| window == b"\\u0000") {
        return Err(nul());
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        if error.is_data() {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-body",
                "The body is not as documented",
                format!("{} (line {line}, column {column})", describe(&error)),
            )
        } else {
            let text = format!("the body is not JSON (line {line}, column {column})");
            Problem::bad_request("malformed-json", text)
        }
    })
}

fn nul() -> Problem {
    Problem::bad_request("nul-character", "the request contains the character NUL")
}

/// What serde says of a field, without the values it quotes.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let names_fields = ["missing field", "unknown field", "duplicate field", "unknown variant"];
    if names_fields.iter().any(|start| text.starts_with(start)) {
        text.split(", expected").next().unwrap_or_default().chars().take(200).collect()
    } else {
        "a value is of another type than documented".to_owned()
    }
}

/// A query string.
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(nul());
        }
        axum::extract::Query::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|_| {
            Problem::bad_request("invalid-query", "a query parameter is not as documented")
        })
    }
}

/// A path segment.
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.uri.path().contains("%00") {
            return Err(nul());
        }
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|_| Problem::bad_request("invalid-path", "a part of the path is not text"))
    }
}
