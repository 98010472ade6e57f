//! `/v1/verifications`.

use axum::{
    Json as Body,
    extract::{Request, State},
};
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    House, caller::Caller, extract::Query, problem::Problem, responses::Problems, upload::Upload,
};
use crate::{
    domain::{Timestamp, report::Report},
    service::documents::Question,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VerificationQuery {
    /// The time for which the question is asked; now if not given.
    #[param(value_type = Option<String>)]
    at: Option<Timestamp>,
    /// Whether the report shall carry pictures of pages that look different than signed: at most
    /// four for a signature.
    #[serde(default)]
    pictures: bool,
}

/// The multipart body of a verification; the raw body works as well.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(super) struct DocumentBody {
    /// What is given beside the document.
    request: Option<VerificationRequest>,
    /// The document.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    document: Vec<u8>,
}

/// What is given beside a document.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerificationRequest {
    /// The signature, base64, where it stands beside the document.
    signature: Option<String>,
}

impl VerificationRequest {
    /// The signature that was sent beside the document, if one was.
    pub(super) fn of(upload: &Upload) -> Result<Option<Vec<u8>>, Problem> {
        if !upload.has_request() {
            return Ok(None);
        }
        let asked: Self = upload.request()?;
        let decode = |text: String| Base64::decode_vec(&text);
        asked.signature.map(decode).transpose().map_err(|_| {
            Problem::bad_request("malformed-request-part", "the signature is not base64")
        })
    }
}

/// Verify a document 验章.
#[utoipa::path(post, path = "/v1/verifications", tag = "verification", params(VerificationQuery),
    request_body(content((DocumentBody = "multipart/form-data"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 200, body = Report), Problems),
    extensions(("x-action" = json!("verify"))))]
pub(super) async fn create(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<VerificationQuery>,
    request: Request,
) -> Result<Body<Report>, Problem> {
    let http = &house.service.config.http;
    let upload = Upload::read(request, http, http.largest_document).await?;
    let beside = VerificationRequest::of(&upload)?;
    let VerificationQuery { at, pictures } = query;
    let question = Question { file: upload.file, signature: beside, at, pictures };
    Ok(Body(house.service.verify(&act, upload.document.source, question).await?))
}
