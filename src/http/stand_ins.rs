//! `/v1/stand-ins`.

use axum::{Json as Body, extract::State};

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
    domain::review::StandIn,
    service::{Answer, applications::NewStandIn},
};

type Result<T> = std::result::Result<T, Problem>;

/// Have somebody decide in one's own place while one is absent 代审.
#[utoipa::path(post, path = "/v1/stand-ins", tag = "applications", params(IdempotencyKey),
    request_body = NewStandIn, responses((status = 201, body = StandIn), Problems),
    extensions(("x-action" = json!("name-own-stand-in"))))]
pub(super) async fn create(
    State(house): State<House>,
    Caller(act): Caller,
    Json(new): Json<NewStandIn>,
) -> Result<Answer> {
    Ok(house.service.name_stand_in(&act, None, new).await?)
}

/// Have somebody decide in the place of another reviewer, who is absent 代审.
#[utoipa::path(post, path = "/v1/principals/{id}/stand-ins", tag = "applications",
    params(Id, IdempotencyKey), request_body = NewStandIn,
    responses((status = 201, body = StandIn), Problems),
    extensions(("x-action" = json!("name-stand-in"))))]
pub(super) async fn create_for(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(new): Json<NewStandIn>,
) -> Result<Answer> {
    Ok(house.service.name_stand_in(&act, Some(&id), new).await?)
}

/// List stand-ins, of all times.
#[utoipa::path(get, path = "/v1/stand-ins", tag = "applications", params(PageQuery),
    responses((status = 200, body = List<StandIn>), Problems),
    extensions(("x-action" = json!("read-principal"))))]
pub(super) async fn stand_ins(
    State(house): State<House>,
    Caller(act): Caller,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<StandIn>>> {
    let page = page.page();
    let found = house.service.stand_ins(&act, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// End that somebody stands in, before its time.
#[utoipa::path(post, path = "/v1/stand-ins/{id}/end", tag = "applications",
    params(Id, IdempotencyKey), responses((status = 200, body = StandIn), Problems),
    extensions(("x-action" = json!("end-stand-in"))))]
pub(super) async fn end(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Answer> {
    Ok(house.service.end_stand_in(&act, &id).await?)
}
