//! `/v1/webhooks`.

use axum::{Json as Body, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    House,
    caller::Caller,
    extract::{Json, Path, Query},
    openapi::{Id, IdempotencyKey},
    page::{List, PageQuery, list},
    problem::Problem,
    responses::Problems,
};
use crate::{
    domain::webhook::{Delivery, DeliveryState, Webhook},
    service::{
        Answer,
        webhooks::{IssuedWebhook, NewWebhook},
    },
};

type Result<T> = std::result::Result<T, Problem>;

/// Have events told by HTTP (Standard Webhooks) or e-mail. The secret is in this answer only; no
/// Idempotency-Key is taken.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", request_body = NewWebhook,
    responses((status = 201, body = IssuedWebhook), Problems),
    extensions(("x-action" = json!("create-webhook"))))]
pub(super) async fn create(
    State(house): State<House>,
    Caller(act): Caller,
    Json(new): Json<NewWebhook>,
) -> Result<(StatusCode, Body<IssuedWebhook>)> {
    Ok((StatusCode::CREATED, Body(house.service.create_webhook(&act, new).await?)))
}

/// List webhooks, without their secrets.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", params(PageQuery),
    responses((status = 200, body = List<Webhook>), Problems),
    extensions(("x-action" = json!("read-webhook"))))]
pub(super) async fn webhooks(
    State(house): State<House>,
    Caller(act): Caller,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<Webhook>>> {
    let page = page.page();
    let found = house.service.webhooks(&act, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Tell a webhook nothing any more; what waits for it is given up.
#[utoipa::path(post, path = "/v1/webhooks/{id}/disable", tag = "webhooks",
    params(Id, IdempotencyKey), responses((status = 200, body = Webhook), Problems),
    extensions(("x-action" = json!("disable-webhook"))))]
pub(super) async fn disable(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Answer> {
    Ok(house.service.disable_webhook(&act, &id).await?)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryQuery {
    /// Only deliveries in this state.
    #[param(value_type = Option<String>, example = "dead")]
    state: Option<DeliveryState>,
}

/// List what was or is to be delivered to a webhook.
#[utoipa::path(get, path = "/v1/webhooks/{id}/deliveries", tag = "webhooks",
    params(Id, DeliveryQuery, PageQuery),
    responses((status = 200, body = List<Delivery>), Problems),
    extensions(("x-action" = json!("read-webhook"))))]
pub(super) async fn deliveries(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Query(query): Query<DeliveryQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<Delivery>>> {
    let page = page.page();
    let found = house.service.deliveries(&act, &id, query.state, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Deliver something once more, dead letters above all; it keeps its `webhook-id`.
#[utoipa::path(post, path = "/v1/webhooks/{id}/deliveries/{delivery}/replay", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook."),
        ("delivery" = String, Path, description = "The delivery."), IdempotencyKey),
    responses((status = 200, body = Delivery), Problems),
    extensions(("x-action" = json!("replay-delivery"))))]
pub(super) async fn replay(
    State(house): State<House>,
    Caller(act): Caller,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<Answer> {
    Ok(house.service.replay_delivery(&act, (&id, &delivery)).await?)
}
