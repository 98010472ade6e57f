//! `/v1/verifications`.

use axum::{
    Json as Body,
    extract::{Request, State},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    House, caller::Caller, extract::Query, problem::Problem, responses::Problems, upload::Upload,
};
use crate::domain::{Timestamp, report::Report};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AtTime {
    /// The time for which the question is asked; now if not given.
    #[param(value_type = Option<String>)]
    pub(super) at: Option<Timestamp>,
}

/// The multipart body of a verification; the raw body works as well.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(super) struct DocumentBody {
    /// The document.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    document: Vec<u8>,
}

/// Verify a document 验章.
#[utoipa::path(post, path = "/v1/verifications", tag = "verification", params(AtTime),
    request_body(content((DocumentBody = "multipart/form-data"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 200, body = Report), Problems),
    extensions(("x-action" = json!("verify"))))]
pub(super) async fn create(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<AtTime>,
    request: Request,
) -> Result<Body<Report>, Problem> {
    let http = &house.service.config.http;
    let upload = Upload::read(request, http, http.largest_document).await?;
    Ok(Body(house.service.verify(&act, upload.document.source, upload.file, query.at).await?))
}
