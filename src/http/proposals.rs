//! Dual control 双人控制: `/v1/proposals`, and what is proposed about a seal.

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
    domain::proposal::{Proposal, ProposalState},
    service::{
        Answer,
        seals::{NewDestruction, NewExOfficio, NewWaiver},
    },
};

type Result<T> = std::result::Result<T, Problem>;

/// Propose to revoke a seal whose owner does not act 依职权注销; another person confirms it.
#[utoipa::path(post, path = "/v1/seals/{id}/revoke-ex-officio", tag = "seals",
    params(Id, IdempotencyKey), request_body = NewExOfficio,
    responses((status = 201, body = Proposal), Problems),
    extensions(("x-action" = json!("propose-revocation"))))]
pub(super) async fn revoke_ex_officio(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(new): Json<NewExOfficio>,
) -> Result<Answer> {
    Ok(house.service.propose_revocation(&act, &id, new).await?)
}

/// Propose to destroy the keys of a version that is at its end 销毁密钥; another person confirms it
/// after the waiting time.
#[utoipa::path(post, path = "/v1/seals/{id}/destroy-key", tag = "seals",
    params(Id, IdempotencyKey), request_body = NewDestruction,
    responses((status = 201, body = Proposal), Problems),
    extensions(("x-action" = json!("propose-key-destruction"))))]
pub(super) async fn destroy_key(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(new): Json<NewDestruction>,
) -> Result<Answer> {
    Ok(house.service.propose_key_destruction(&act, &id, new).await?)
}

/// Propose to let a certificate through a gate that refuses it 例外放行; another person confirms it,
/// then making with this certificate goes through.
#[utoipa::path(post, path = "/v1/seals/{id}/waivers", tag = "seals",
    params(Id, IdempotencyKey), request_body = NewWaiver,
    responses((status = 201, body = Proposal), Problems),
    extensions(("x-action" = json!("propose-waiver"))))]
pub(super) async fn waive_gate(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(new): Json<NewWaiver>,
) -> Result<Answer> {
    Ok(house.service.propose_waiver(&act, &id, new).await?)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ProposalQuery {
    /// Only proposals in this state.
    #[param(value_type = Option<String>, example = "open")]
    state: Option<ProposalState>,
}

/// List proposals.
#[utoipa::path(get, path = "/v1/proposals", tag = "seals", params(ProposalQuery, PageQuery),
    responses((status = 200, body = List<Proposal>), Problems),
    extensions(("x-action" = json!("read-organization"))))]
pub(super) async fn proposals(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<ProposalQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<Proposal>>> {
    let page = page.page();
    let found = house.service.proposals(&act, query.state, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Confirm what another person proposed; it is carried out.
#[utoipa::path(post, path = "/v1/proposals/{id}/confirm", tag = "seals",
    params(Id, IdempotencyKey), responses((status = 200, body = Proposal), Problems),
    extensions(("x-action" = json!("confirm-proposal"))))]
pub(super) async fn confirm(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Answer> {
    Ok(house.service.confirm_proposal(&act, &id).await?)
}

/// Take a proposal back, or refuse it.
#[utoipa::path(post, path = "/v1/proposals/{id}/withdraw", tag = "seals",
    params(Id, IdempotencyKey), responses((status = 200, body = Proposal), Problems),
    extensions(("x-action" = json!("withdraw-proposal"))))]
pub(super) async fn withdraw(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Answer> {
    Ok(house.service.withdraw_proposal(&act, &id).await?)
}
