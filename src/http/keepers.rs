//! `/v1/seals/{id}/keepers`.

use axum::{Json as Body, extract::State};

use super::{
    House,
    caller::Caller,
    extract::{Json, Path},
    openapi::{Id, IdempotencyKey},
    problem::Problem,
    responses::Problems,
};
use crate::{
    domain::keeper::{Keeper, KeeperEvent},
    service::{
        Answer,
        seals::{KeepingEnd, NewKeeper},
    },
};

type Result<T> = std::result::Result<T, Problem>;

/// Name a keeper 指定保管人, who then has to accept.
#[utoipa::path(post, path = "/v1/seals/{id}/keepers", tag = "seals", params(Id, IdempotencyKey),
    request_body = NewKeeper, responses((status = 201, body = Keeper), Problems),
    extensions(("x-action" = json!("name-keeper"))))]
pub(super) async fn name_keeper(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(new): Json<NewKeeper>,
) -> Result<Answer> {
    Ok(house.service.name_keeper(&act, &id, new).await?)
}

/// List the keepers of a seal 保管人, of all times, newest first.
#[utoipa::path(get, path = "/v1/seals/{id}/keepers", tag = "seals", params(Id),
    responses((status = 200, body = Vec<Keeper>), Problems),
    extensions(("x-action" = json!("read-seal"))))]
pub(super) async fn keepers(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Body<Vec<Keeper>>> {
    Ok(Body(house.service.keepers(&act, &id).await?))
}

/// Accept to keep a seal 确认接收; a keeping that is handed over ends at once.
#[utoipa::path(post, path = "/v1/seals/{id}/keepers/{keeper}/accept", tag = "seals",
    params(("id" = String, Path, description = "The seal."), ("keeper" = String, Path, description = "The keeping."), IdempotencyKey),
    responses((status = 200, body = Keeper), Problems),
    extensions(("x-action" = json!("accept-keeping"))))]
pub(super) async fn accept_keeping(
    State(house): State<House>,
    Caller(act): Caller,
    Path((id, keeper)): Path<(String, String)>,
) -> Result<Answer> {
    Ok(house.service.move_keeper(&act, (&id, &keeper), KeeperEvent::Accept, None).await?)
}

/// Decline to keep a seal.
#[utoipa::path(post, path = "/v1/seals/{id}/keepers/{keeper}/decline", tag = "seals",
    params(("id" = String, Path, description = "The seal."), ("keeper" = String, Path, description = "The keeping."), IdempotencyKey),
    request_body = KeepingEnd, responses((status = 200, body = Keeper), Problems),
    extensions(("x-action" = json!("accept-keeping"))))]
pub(super) async fn decline_keeping(
    State(house): State<House>,
    Caller(act): Caller,
    Path((id, keeper)): Path<(String, String)>,
    Json(end): Json<KeepingEnd>,
) -> Result<Answer> {
    let why = Some(end.reason.as_str());
    Ok(house.service.move_keeper(&act, (&id, &keeper), KeeperEvent::Decline, why).await?)
}

/// End a keeping, or take a naming back. A seal that nobody keeps cannot be used.
#[utoipa::path(post, path = "/v1/seals/{id}/keepers/{keeper}/end", tag = "seals",
    params(("id" = String, Path, description = "The seal."), ("keeper" = String, Path, description = "The keeping."), IdempotencyKey),
    request_body = KeepingEnd, responses((status = 200, body = Keeper), Problems),
    extensions(("x-action" = json!("end-keeping"))))]
pub(super) async fn end_keeping(
    State(house): State<House>,
    Caller(act): Caller,
    Path((id, keeper)): Path<(String, String)>,
    Json(end): Json<KeepingEnd>,
) -> Result<Answer> {
    let why = Some(end.reason.as_str());
    Ok(house.service.move_keeper(&act, (&id, &keeper), KeeperEvent::End, why).await?)
}
