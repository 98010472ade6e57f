//! `/v1/verifications`.

use axum::{
    extract::{Request, State},
    response::Response,
};
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    House, caller::Caller, extract::Query, problem::Problem, report::Wanted, responses::Problems,
    upload::Upload,
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
    /// The name of the validation policy; the one of the configuration if not given.
    policy: Option<String>,
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

/// Verify a document 验章. `Accept` chooses JSON, a page, plain text, or XML by ETSI TS 119 102-2;
/// `Accept-Language` Chinese or English for page and text.
#[utoipa::path(post, path = "/v1/verifications", tag = "verification", params(VerificationQuery),
    request_body(content((DocumentBody = "multipart/form-data"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 200, content((Report = "application/json"), (String = "text/html"), (String = "text/plain"),
        (String = "application/xml"))), Problems),
    extensions(("x-action" = json!("verify"))))]
pub(super) async fn create(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<VerificationQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let wanted = Wanted::of(request.headers());
    let http = &house.service.config.http;
    let upload = Upload::read(request, http, http.largest_document).await?;
    let beside = VerificationRequest::of(&upload)?;
    let VerificationQuery { at, policy, pictures } = query;
    let (file, anew) = (upload.file, wanted.anew);
    let question = Question { file, signature: beside, at, policy, pictures, anew };
    Ok(wanted.answer(house.service.verify(&act, upload.document, question).await?))
}
