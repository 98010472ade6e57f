//! `/healthz` and `/readyz`: they tell the truth.

use axum::{extract::State, http::StatusCode};

use super::{House, problem::Problem};
use crate::domain::Timestamp;

/// The last answer of `/readyz`, kept for a second: anybody may ask, and the token has other work.
#[derive(Default)]
pub(super) struct Readiness(tokio::sync::Mutex<Option<(Timestamp, Result<(), String>)>>);

/// Whether the process runs.
#[utoipa::path(get, path = "/healthz", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain")), security(()),
    extensions(("x-action" = json!("observe"))))]
pub(super) async fn healthz() -> &'static str {
    "running\n"
}

/// Whether the service can do its work now: the database answers, and the token makes a signature
/// that verifies.
#[utoipa::path(get, path = "/readyz", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 503, body = Problem, content_type = "application/problem+json")), security(()),
    extensions(("x-action" = json!("observe"))))]
pub(super) async fn readyz(State(house): State<House>) -> Result<&'static str, Problem> {
    // Whoever comes while the token is asked waits for that answer.
    let mut last = house.readiness.0.lock().await;
    let now = house.service.now();
    let fresh = |at: &Timestamp| (0..1_000_000).contains(&(now.as_micros() - at.as_micros()));
    let answer = match last.take().filter(|(at, _)| fresh(at)) {
        Some((at, answer)) => {
            *last = Some((at, answer.clone()));
            answer
        }
        None => {
            let answer = house.service.check_ready().await.map_err(|error| error.to_string());
            *last = Some((house.service.now(), answer.clone()));
            answer
        }
    };
    answer.map_err(|reason| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-ready",
            "The service cannot do its work now",
            reason,
        )
    })?;
    Ok("ready\n")
}
