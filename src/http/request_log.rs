//! One line for each request, its id, and its count. Neither bodies nor headers nor query strings
//! are logged: they may hold secrets and personal data.

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

use super::House;
use crate::domain::id::new_ulid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(super) async fn log(State(house): State<House>, request: Request, next: Next) -> Response {
    let begun = house.service.now();
    let id = request_id(&house, &request);
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "unmatched".to_owned());
    let span = tracing::info_span!("request", id, method, route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let microseconds = house.service.now().as_micros() - begun.as_micros();
    span.in_scope(|| tracing::info!(status, microseconds, "answered"));
    house.metrics.request(&method, &route, status, microseconds as f64 / 1e6);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The caller's request id if it is a harmless word, else a new one.
fn request_id(house: &House, request: &Request) -> String {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    match given.filter(harmless) {
        Some(text) => text.to_owned(),
        None => new_ulid(house.service.now(), house.service.randomness().unwrap_or_default()),
    }
}
