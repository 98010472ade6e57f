//! `/v1/applications`.

use axum::{
    Json as Body,
    extract::State,
    http::header::ETAG,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    House,
    caller::Caller,
    extract::{Json, Path, Query},
    page::{List, PageQuery, etag, list},
    problem::Problem,
    responses::Problems,
};
use crate::{
    domain::application::{Application, ApplicationState},
    service::{
        Answer,
        applications::{Correction, NewApplication, NewDecision},
    },
};

type Result<T> = std::result::Result<T, Problem>;

/// Submit an application 申请.
#[utoipa::path(post, path = "/v1/applications", tag = "applications", params(super::openapi::IdempotencyKey),
    request_body = NewApplication, responses((status = 201, body = Application), Problems),
    extensions(("x-action" = json!("apply"))))]
pub(super) async fn apply(
    State(house): State<House>,
    Caller(act): Caller,
    Json(new): Json<NewApplication>,
) -> Result<Answer> {
    Ok(house.service.apply(&act, new).await?)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ApplicationQuery {
    /// Only applications in this state.
    #[param(value_type = Option<String>, example = "submitted")]
    state: Option<ApplicationState>,
}

/// List applications.
#[utoipa::path(get, path = "/v1/applications", tag = "applications", params(ApplicationQuery, PageQuery),
    responses((status = 200, body = List<Application>), Problems),
    extensions(("x-action" = json!("read-application"))))]
pub(super) async fn applications(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<ApplicationQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<Application>>> {
    let page = page.page();
    let found = house.service.applications(&act, query.state, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Read an application with its decisions.
#[utoipa::path(get, path = "/v1/applications/{id}", tag = "applications", params(super::openapi::Id),
    responses((status = 200, body = Application), Problems),
    extensions(("x-action" = json!("read-application"))))]
pub(super) async fn application(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let application = house.service.application(&act, &id).await?;
    let tag = etag(application.revision);
    let mut response = Body(application).into_response();
    response.headers_mut().extend(tag.map(|tag| (ETAG, tag)));
    Ok(response)
}

/// Take the next level's decision 审核.
#[utoipa::path(post, path = "/v1/applications/{id}/decisions", tag = "applications",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    request_body = NewDecision, responses((status = 200, body = Application), Problems),
    extensions(("x-action" = json!("review"))))]
pub(super) async fn decide(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(new): Json<NewDecision>,
) -> Result<Answer> {
    Ok(house.service.decide(&act, &id, new).await?)
}

/// Correct a returned application and submit it again 补正; review begins anew at the first level.
#[utoipa::path(post, path = "/v1/applications/{id}/resubmit", tag = "applications",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    request_body = Correction, responses((status = 200, body = Application), Problems),
    extensions(("x-action" = json!("resubmit"))))]
pub(super) async fn resubmit(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(correction): Json<Correction>,
) -> Result<Answer> {
    Ok(house.service.resubmit(&act, &id, correction).await?)
}

/// Take an application back 撤回.
#[utoipa::path(post, path = "/v1/applications/{id}/withdraw", tag = "applications",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    responses((status = 200, body = Application), Problems),
    extensions(("x-action" = json!("withdraw"))))]
pub(super) async fn withdraw(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Answer> {
    Ok(house.service.withdraw(&act, &id).await?)
}
