//! `/v1/deadlines`.

use axum::{Json as Body, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{House, caller::Caller, extract::Query, problem::Problem, responses::Problems};
use crate::service::deadlines::Deadline;

/// The most that one answer holds.
const MOST: i64 = 500;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeadlineQuery {
    /// How many days to look ahead, 0 to 1000; 90 if nothing is said.
    #[param(minimum = 0, maximum = 1000)]
    within_days: Option<i64>,
}

/// What is due.
#[derive(Serialize, ToSchema)]
pub(super) struct Deadlines {
    /// The soonest first; what is overdue stands at the beginning. At most 500.
    items: Vec<Deadline>,
}

/// List what is due 期限: decisions on applications, seals that end.
#[utoipa::path(get, path = "/v1/deadlines", tag = "deadlines", params(DeadlineQuery),
    responses((status = 200, body = Deadlines), Problems),
    extensions(("x-action" = json!("read-organization"))))]
pub(super) async fn deadlines(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<DeadlineQuery>,
) -> Result<Body<Deadlines>, Problem> {
    let days = query.within_days.unwrap_or(90);
    Ok(Body(Deadlines { items: house.service.deadlines(&act, days, MOST).await? }))
}
