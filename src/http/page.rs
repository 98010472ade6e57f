//! Pages and answers.

use axum::{
    Json,
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::service::{Answer, administration::Page};

/// Where a page begins, and how much of it is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// The `next` of the page before.
    after: Option<String>,
    /// How many records, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

impl PageQuery {
    pub(super) fn page(&self) -> Page {
        Page { after: self.after.clone(), limit: self.limit }
    }
}

/// A page of records.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    /// The records, oldest first.
    items: Vec<T>,
    /// What to send as `after` for the next page; none at the end.
    next: Option<String>,
}

/// A page from records in order of their identifiers.
pub(super) fn list<T: Serialize>(
    items: Vec<T>,
    page: &Page,
    id: impl Fn(&T) -> String,
) -> Json<List<T>> {
    let full = i64::try_from(items.len()).is_ok_and(|count| count == page.limit());
    let next = items.last().filter(|_| full).map(id);
    Json(List { items, next })
}

/// A page with a cursor of its own.
pub(super) fn list_with<T>(items: Vec<T>, next: Option<String>) -> Json<List<T>> {
    Json(List { items, next })
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let tag = serde_json::from_str::<Revised>(&self.body).ok();
        let mut response = (status, Body::from(self.body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(tag) = tag.and_then(|tag| etag(tag.revision)) {
            headers.insert(header::ETAG, tag);
        }
        if self.replayed {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}

#[derive(Deserialize)]
struct Revised {
    revision: i64,
}

/// The entity tag of a revision.
pub(super) fn etag(revision: i64) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{revision}\"")).ok()
}
