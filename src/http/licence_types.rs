//! `/v1/licence-types` and `/v1/use-approvals`.

use axum::{Json as Body, extract::State};
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
    domain::licence_type::{LicenceType, UseApproval, UseApprovalState},
    service::{
        Answer,
        licence_types::NewLicenceType,
        use_approvals::{NewUseApproval, NewUseDecision},
    },
};

type Result<T> = std::result::Result<T, Problem>;

/// Enter a type of licence 证照类型, or its next version: which seal, where it goes, who approves.
#[utoipa::path(post, path = "/v1/licence-types", tag = "signatures", params(IdempotencyKey),
    request_body = NewLicenceType, responses((status = 201, body = LicenceType), Problems),
    extensions(("x-action" = json!("create-licence-type"))))]
pub(super) async fn create(
    State(house): State<House>,
    Caller(act): Caller,
    Json(new): Json<NewLicenceType>,
) -> Result<Answer> {
    Ok(house.service.create_licence_type(&act, new).await?)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TypeQuery {
    /// Only versions of the type with this code.
    code: Option<String>,
}

/// List types of licences, every version.
#[utoipa::path(get, path = "/v1/licence-types", tag = "signatures", params(TypeQuery, PageQuery),
    responses((status = 200, body = List<LicenceType>), Problems),
    extensions(("x-action" = json!("read-organization"))))]
pub(super) async fn licence_types(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<TypeQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<LicenceType>>> {
    let page = page.page();
    let found = house.service.licence_types(&act, query.code.as_deref(), &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Take a type of licence out of force.
#[utoipa::path(post, path = "/v1/licence-types/{id}/retire", tag = "signatures",
    params(Id, IdempotencyKey), responses((status = 200, body = LicenceType), Problems),
    extensions(("x-action" = json!("retire-licence-type"))))]
pub(super) async fn retire(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Answer> {
    Ok(house.service.retire_licence_type(&act, &id).await?)
}

/// Ask for a single use of a seal on one document 用印审批.
#[utoipa::path(post, path = "/v1/use-approvals", tag = "signatures", params(IdempotencyKey),
    request_body = NewUseApproval, responses((status = 201, body = UseApproval), Problems),
    extensions(("x-action" = json!("request-use"))))]
pub(super) async fn request_use(
    State(house): State<House>,
    Caller(act): Caller,
    Json(new): Json<NewUseApproval>,
) -> Result<Answer> {
    Ok(house.service.request_use(&act, new).await?)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ApprovalQuery {
    /// Only those in this state.
    #[param(value_type = Option<String>, example = "open")]
    state: Option<UseApprovalState>,
}

/// List permissions for single uses.
#[utoipa::path(get, path = "/v1/use-approvals", tag = "signatures",
    params(ApprovalQuery, PageQuery),
    responses((status = 200, body = List<UseApproval>), Problems),
    extensions(("x-action" = json!("read-organization"))))]
pub(super) async fn use_approvals(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<ApprovalQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<UseApproval>>> {
    let page = page.page();
    let found = house.service.use_approvals(&act, query.state, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Decide on a single use; who asked does not decide.
#[utoipa::path(post, path = "/v1/use-approvals/{id}/decisions", tag = "signatures",
    params(Id, IdempotencyKey), request_body = NewUseDecision,
    responses((status = 200, body = UseApproval), Problems),
    extensions(("x-action" = json!("approve-use"))))]
pub(super) async fn decide_use(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(new): Json<NewUseDecision>,
) -> Result<Answer> {
    Ok(house.service.decide_use(&act, &id, new).await?)
}
