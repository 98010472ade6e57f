//! `/healthz` and `/readyz`: they tell the truth.

use axum::{extract::State, http::StatusCode};

use super::{House, problem::Problem};

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
    house.service.check_ready().await.map_err(|error| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-ready",
            "The service cannot do its work now",
            error.to_string(),
        )
    })?;
    Ok("ready\n")
}
