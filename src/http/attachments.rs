//! `/v1/attachments`, and the files of an application.

use axum::{
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    House,
    caller::Caller,
    extract::{Path, Query},
    openapi::IdempotencyKey,
    problem::Problem,
    responses::Problems,
};
use crate::{
    domain::attachment::Attachment,
    service::{Answer, applications::NewAttachment},
};

type Result<T> = std::result::Result<T, Problem>;

/// The largest file, bytes.
const LARGEST: usize = 10 << 20;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AttachmentQuery {
    /// The organization that will apply.
    organization_id: String,
    /// What it is: a word of `policies/forms.toml`.
    #[param(example = "registration-certificate")]
    kind: String,
}

/// Upload a file for an application 附件: PDF, OFD, PNG or JPEG, at most 10 MiB. It is kept encrypted
/// and waits a day for its application.
#[utoipa::path(post, path = "/v1/attachments", tag = "applications",
    params(AttachmentQuery, IdempotencyKey),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Attachment), Problems),
    extensions(("x-action" = json!("apply"))))]
pub(super) async fn upload(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<AttachmentQuery>,
    body: Body,
) -> Result<Answer> {
    let content = to_bytes(body, LARGEST).await;
    let content = content.map_err(|_| Problem::too_large(LARGEST as u64))?.to_vec();
    let AttachmentQuery { organization_id, kind } = query;
    Ok(house.service.attach(&act, NewAttachment { organization_id, kind, content }).await?)
}

/// Download a file of an application.
#[utoipa::path(get, path = "/v1/applications/{id}/attachments/{attachment}", tag = "applications",
    params(("id" = String, Path, description = "The application."),
        ("attachment" = String, Path, description = "The file.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), Problems),
    extensions(("x-action" = json!("read-application-details"))))]
pub(super) async fn download(
    State(house): State<House>,
    Caller(act): Caller,
    Path((application, id)): Path<(String, String)>,
) -> Result<Response> {
    let (attachment, content) = house.service.attached(&act, (&application, &id)).await?;
    let mut response = content.into_response();
    let headers = response.headers_mut();
    // Somebody's file is shown by no browser as a page of this service.
    let kind = HeaderValue::from_static(attachment.media_type.as_str());
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}
