//! `/v1/digests`.

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
    extract::{Json, Query},
    problem::Problem,
    responses::Problems,
};
use crate::service::{
    Error,
    documents::{DigestRequest, SignedDigest},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Form {
    /// `der` (default) or `raw` for r‖s.
    #[param(example = "der")]
    form: Option<String>,
}

/// Sign a bare digest. Off unless a grant says so; the receipt says that the content was not seen.
#[utoipa::path(post, path = "/v1/digests", tag = "signatures", params(Form, super::openapi::IdempotencyKey),
    request_body = DigestRequest, responses((status = 201, body = SignedDigest), Problems),
    extensions(("x-action" = json!("sign-digest"))))]
pub(super) async fn create(
    State(house): State<House>,
    Caller(act): Caller,
    Query(form): Query<Form>,
    Json(asked): Json<DigestRequest>,
) -> Result<Response, Problem> {
    let raw = match form.form.as_deref() {
        None | Some("der") => false,
        Some("raw") => true,
        Some(_) => return Err(Problem::bad_request("invalid-query", "form is der or raw")),
    };
    // A task of its own: a caller who goes away does not leave a signing half-done.
    let service = Arc::clone(&house.service);
    let cycle = tokio::spawn(async move { service.sign_digest(&act, asked, raw).await });
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
