//! `/v1/organizations`, `/v1/persons`, `/v1/principals`, `/v1/access-keys`.

use axum::{Json as Body, extract::State, http::StatusCode};

use super::{
    House,
    caller::Caller,
    extract::{Json, Path, Query},
    page::{List, PageQuery, list},
    problem::Problem,
    responses::Problems,
};
use crate::{
    domain::{
        access_key::AccessKey,
        organization::{Organization, OrganizationChange, Person},
        principal::Principal,
    },
    service::{
        Answer,
        administration::{
            access_keys::{IssuedAccessKey, NewAccessKey},
            organization_changes::NewOrganizationChange,
            organizations::{NewOrganization, NewPerson},
            principals::NewPrincipal,
        },
    },
};

type Result<T> = std::result::Result<T, Problem>;

/// Enter an organization 机构 below another.
#[utoipa::path(post, path = "/v1/organizations", tag = "administration", params(super::openapi::IdempotencyKey),
    request_body = NewOrganization, responses((status = 201, body = Organization), Problems),
    extensions(("x-action" = json!("create-organization"))))]
pub(super) async fn create_organization(
    State(house): State<House>,
    Caller(act): Caller,
    Json(new): Json<NewOrganization>,
) -> Result<Answer> {
    Ok(house.service.create_organization(&act, new).await?)
}

/// List organizations of one's part of the tree.
#[utoipa::path(get, path = "/v1/organizations", tag = "administration", params(PageQuery),
    responses((status = 200, body = List<Organization>), Problems),
    extensions(("x-action" = json!("read-organization"))))]
pub(super) async fn organizations(
    State(house): State<House>,
    Caller(act): Caller,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<Organization>>> {
    let page = page.page();
    let found = house.service.organizations(&act, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Read an organization.
#[utoipa::path(get, path = "/v1/organizations/{id}", tag = "administration", params(super::openapi::Id),
    responses((status = 200, body = Organization), Problems),
    extensions(("x-action" = json!("read-organization"))))]
pub(super) async fn organization(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Body<Organization>> {
    Ok(Body(house.service.organization(&act, &id).await?))
}

/// Enter that an organization was renamed 更名, merged 合并, split 分立 or ended. Its seals stay as they
/// are; those that have to be changed or revoked are in the answer.
#[utoipa::path(post, path = "/v1/organizations/{id}/changes", tag = "administration",
    params(super::openapi::Id, super::openapi::IdempotencyKey),
    request_body = NewOrganizationChange,
    responses((status = 201, body = OrganizationChange), Problems),
    extensions(("x-action" = json!("change-organization"))))]
pub(super) async fn change_organization(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(new): Json<NewOrganizationChange>,
) -> Result<Answer> {
    Ok(house.service.change_organization(&act, &id, new).await?)
}

/// Read what happened to an organization, with the seals that still wait to be handled for it.
#[utoipa::path(get, path = "/v1/organizations/{id}/changes", tag = "administration",
    params(super::openapi::Id),
    responses((status = 200, body = Vec<OrganizationChange>), Problems),
    extensions(("x-action" = json!("read-organization"))))]
pub(super) async fn organization_changes(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Body<Vec<OrganizationChange>>> {
    Ok(Body(house.service.organization_changes(&act, &id).await?))
}

/// Enter a person.
#[utoipa::path(post, path = "/v1/persons", tag = "administration", params(super::openapi::IdempotencyKey),
    request_body = NewPerson, responses((status = 201, body = Person), Problems),
    extensions(("x-action" = json!("create-person"))))]
pub(super) async fn create_person(
    State(house): State<House>,
    Caller(act): Caller,
    Json(new): Json<NewPerson>,
) -> Result<Answer> {
    Ok(house.service.create_person(&act, new).await?)
}

/// List persons.
#[utoipa::path(get, path = "/v1/persons", tag = "administration", params(PageQuery),
    responses((status = 200, body = List<Person>), Problems),
    extensions(("x-action" = json!("read-person"))))]
pub(super) async fn persons(
    State(house): State<House>,
    Caller(act): Caller,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<Person>>> {
    let page = page.page();
    let found = house.service.persons(&act, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Enter a principal: an account of a person, or a caller.
#[utoipa::path(post, path = "/v1/principals", tag = "administration", params(super::openapi::IdempotencyKey),
    request_body = NewPrincipal, responses((status = 201, body = Principal), Problems),
    extensions(("x-action" = json!("create-principal"))))]
pub(super) async fn create_principal(
    State(house): State<House>,
    Caller(act): Caller,
    Json(new): Json<NewPrincipal>,
) -> Result<Answer> {
    Ok(house.service.create_principal(&act, new).await?)
}

/// List principals.
#[utoipa::path(get, path = "/v1/principals", tag = "administration", params(PageQuery),
    responses((status = 200, body = List<Principal>), Problems),
    extensions(("x-action" = json!("read-principal"))))]
pub(super) async fn principals(
    State(house): State<House>,
    Caller(act): Caller,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<Principal>>> {
    let page = page.page();
    let found = house.service.principals(&act, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Issue an access key. Its text is in this answer only; no Idempotency-Key is taken.
#[utoipa::path(post, path = "/v1/access-keys", tag = "administration",
    request_body = NewAccessKey, responses((status = 201, body = IssuedAccessKey), Problems),
    extensions(("x-action" = json!("issue-access-key"))))]
pub(super) async fn issue_access_key(
    State(house): State<House>,
    Caller(act): Caller,
    Json(new): Json<NewAccessKey>,
) -> Result<(StatusCode, Body<IssuedAccessKey>)> {
    Ok((StatusCode::CREATED, Body(house.service.issue_access_key(&act, new).await?)))
}

/// List access keys, without their texts.
#[utoipa::path(get, path = "/v1/access-keys", tag = "administration", params(PageQuery),
    responses((status = 200, body = List<AccessKey>), Problems),
    extensions(("x-action" = json!("read-access-key"))))]
pub(super) async fn access_keys(
    State(house): State<House>,
    Caller(act): Caller,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<AccessKey>>> {
    let page = page.page();
    let found = house.service.access_keys(&act, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Withdraw an access key.
#[utoipa::path(post, path = "/v1/access-keys/{id}/revoke", tag = "administration",
    params(super::openapi::Id, super::openapi::IdempotencyKey),
    responses((status = 200, body = AccessKey), Problems),
    extensions(("x-action" = json!("revoke-access-key"))))]
pub(super) async fn revoke_access_key(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Answer> {
    Ok(house.service.revoke_access_key(&act, &id).await?)
}
