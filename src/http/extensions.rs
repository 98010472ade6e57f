//! `/v1/signatures/{id}/extend`.

use std::sync::Arc;

use axum::{
    body::Body as Stream,
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    House,
    caller::Caller,
    download::Download,
    extract::{Path, Query},
    openapi::Id,
    problem::Problem,
    responses::Problems,
    upload::Upload,
};
use crate::{
    domain::{signing::DocumentFormat, source::ReadAt},
    service::{
        Error,
        documents::{ExtensionLevel, ExtensionOrder},
    },
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExtensionQuery {
    /// How far: `B-LT` or `B-LTA`, which is the default.
    #[serde(default)]
    #[param(inline)]
    level: ExtensionLevel,
    /// Whether the document shall say for each signature what its validation rests upon (`/VRI`).
    #[serde(default)]
    vri: bool,
}

/// The multipart body of an extension; the raw body works as well.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(super) struct SealedBody {
    /// The sealed document.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    document: Vec<u8>,
}

/// Extend a sealed PDF for the time when its certificates have ended 长期验证: validation data and, for
/// `B-LTA`, a document timestamp are put behind it. What was extended before is renewed. The answer is
/// the document.
#[utoipa::path(post, path = "/v1/signatures/{id}/extend", tag = "signatures", params(Id, ExtensionQuery),
    request_body(content((SealedBody = "multipart/form-data"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), Problems),
    extensions(("x-action" = json!("read-signature"))))]
pub(super) async fn extend(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Query(query): Query<ExtensionQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let http = &house.service.config.http;
    let upload = Upload::read(request, http, http.largest_document).await?;
    let (service, document) = (Arc::clone(&house.service), upload.document);
    let order = ExtensionOrder { level: query.level, by_signature: query.vri };
    let work = tokio::spawn(async move { service.extend(&act, &id, document, order).await });
    let sealed =
        work.await.map_err(|_| Error::Internal("extending was interrupted".to_owned()))??;
    let size = sealed.size();
    let mut response = Stream::from_stream(Download::new(sealed)).into_response();
    let media_type = HeaderValue::from_static(DocumentFormat::Pdf.media_type());
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    Ok(response)
}
