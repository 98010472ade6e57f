//! `/v1/signatures/detached` and what prepares for it: documents that stay with the caller.

use std::sync::Arc;

use axum::{
    Json as Body,
    extract::State,
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    House,
    caller::Caller,
    extract::{Json, Path, Query},
    problem::Problem,
    responses::Problems,
};
use crate::crypto::Scheme;
use crate::domain::signing::{DocumentFormat, SignatureForm};
use crate::service::{
    Error,
    documents::{Asked, DetachedRequest, DetachedSignature, SealingKit},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Kind {
    /// The type of document, in the words of the grant.
    document_type: String,
    /// The format: pdf if not given, or ofd.
    #[param(value_type = Option<String>)]
    format: Option<DocumentFormat>,
    /// The scheme, as for sealing a document.
    #[param(value_type = Option<String>)]
    scheme: Option<Scheme>,
    /// What the signature will be made as, as for sealing a document.
    #[param(value_type = Option<String>)]
    signature_form: Option<SignatureForm>,
}

/// Read what a caller needs to prepare a document that stays with him: picture, name, room.
#[utoipa::path(get, path = "/v1/seals/{id}/sealing-kit", tag = "signatures",
    params(super::openapi::Id, Kind), responses((status = 200, body = SealingKit), Problems),
    extensions(("x-action" = json!("use"))))]
pub(super) async fn kit(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Query(kind): Query<Kind>,
) -> Result<Body<SealingKit>, Problem> {
    let Kind { document_type, format, scheme, signature_form } = kind;
    let asked = Asked { format, scheme, signature_form };
    Ok(Body(house.service.sealing_kit(&act, &id, (&document_type, asked)).await?))
}

/// Seal a document that stays with the caller 不出域签章: its digest comes in, the signature
/// container for its hole goes out. The receipt says that the content was not seen.
#[utoipa::path(post, path = "/v1/signatures/detached", tag = "signatures",
    params(super::openapi::IdempotencyKey), request_body = DetachedRequest,
    responses((status = 201, body = DetachedSignature), Problems),
    extensions(("x-action" = json!("use"))))]
pub(super) async fn create(
    State(house): State<House>,
    Caller(act): Caller,
    Json(asked): Json<DetachedRequest>,
) -> Result<Response, Problem> {
    // A task of its own: a caller who goes away does not leave a signing half-done.
    let service = Arc::clone(&house.service);
    let cycle = tokio::spawn(async move { service.seal_detached(&act, asked).await });
    let signed = cycle.await.map_err(|_| Error::Internal("signing was interrupted".to_owned()))?;
    house.metrics.sealing(signed.as_ref().err());
    let signed = signed?;
    let replayed = signed.replayed;
    let mut response = (StatusCode::CREATED, Body(signed)).into_response();
    if replayed {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}
