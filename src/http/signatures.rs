//! `/v1/signatures`.

use std::sync::Arc;

use axum::{
    Json as Body,
    body::Body as Stream,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    House,
    caller::Caller,
    download::Download,
    extract::{Json, Path, Query},
    page::{List, PageQuery, list_with},
    problem::Problem,
    responses::Problems,
    upload::Upload,
};
use crate::{
    domain::{
        signing::{FileSignature, Signature, SigningState},
        source::ReadAt,
    },
    service::{
        Answer, Error,
        documents::{NewVoid, SealOrder, SealedDocument, SignatureQuery},
    },
};

type Result<T> = std::result::Result<T, Problem>;

/// The multipart body of a sealing.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(super) struct SealingBody {
    /// What is asked for: everything, or the code of a licence type that says it.
    request: SealOrder,
    /// The PDF or OFD.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    document: Vec<u8>,
}

/// Seal a PDF or an OFD 签章. The answer is the sealed document; `Location` names its record and
/// `Sealwright-Receipt` is its receipt.
#[utoipa::path(post, path = "/v1/signatures", tag = "signatures", params(super::openapi::IdempotencyKey),
    request_body(content = SealingBody, content_type = "multipart/form-data"),
    responses((status = 201, body = Vec<u8>, content_type = "application/pdf"), Problems),
    extensions(("x-action" = json!("use"))))]
pub(super) async fn create(
    State(house): State<House>,
    Caller(act): Caller,
    request: Request,
) -> Result<Response> {
    let http = &house.service.config.http;
    let upload = Upload::read(request, http, http.largest_document).await?;
    let asked = order(&upload)?;
    // A task of its own: a caller who goes away does not leave a signing half-done.
    let (service, document) = (Arc::clone(&house.service), upload.document);
    let media_type = match &asked {
        SealOrder::Full(request) => request.as_file.map(FileSignature::media_type),
        SealOrder::Licence(_) => None,
    };
    let cycle = tokio::spawn(async move { service.seal_document(&act, document, asked).await });
    let sealed = cycle.await.map_err(|_| Error::Internal("signing was interrupted".to_owned()))?;
    house.metrics.sealing(sealed.as_ref().err());
    answer(sealed?, media_type)
}

/// Reads which of the two was sent by the field that only one of them has.
fn order(upload: &Upload) -> Result<SealOrder> {
    let plain: serde_json::Value = upload.request()?;
    Ok(match plain.get("licence_type") {
        Some(_) => SealOrder::Licence(upload.request()?),
        None => SealOrder::Full(Box::new(upload.request()?)),
    })
}

fn answer(sealed: SealedDocument, media_type: Option<&'static str>) -> Result<Response> {
    let fault = |_| Problem::from(Error::Internal("a header could not be made".to_owned()));
    let location = format!("/v1/signatures/{}", sealed.signature.id);
    let size = sealed.sealed.size();
    let media_type = media_type.unwrap_or(sealed.signature.format.media_type());
    let mut response =
        (StatusCode::CREATED, Stream::from_stream(Download::new(sealed.sealed))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    headers.insert(header::LOCATION, HeaderValue::from_str(&location).map_err(fault)?);
    let receipt = HeaderValue::from_str(&sealed.receipt.0).map_err(fault)?;
    headers.insert("sealwright-receipt", receipt);
    if sealed.replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SignatureParameters {
    /// Only records with this business number.
    business_number: Option<String>,
    /// Only records of this document: SHA-256 before or after sealing, hexadecimal.
    document_sha256: Option<String>,
    /// Only the record of this signature value: SHA-256, hexadecimal.
    signature_sha256: Option<String>,
    /// Only records in this state.
    #[param(value_type = Option<String>, example = "completed")]
    state: Option<SigningState>,
}

/// List signature records 签章记录.
#[utoipa::path(get, path = "/v1/signatures", tag = "signatures", params(SignatureParameters, PageQuery),
    responses((status = 200, body = List<Signature>), Problems),
    extensions(("x-action" = json!("read-signature"))))]
pub(super) async fn signatures(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<SignatureParameters>,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<Signature>>> {
    let query = SignatureQuery {
        business_number: query.business_number,
        document_sha256: query.document_sha256,
        signature_sha256: query.signature_sha256,
        state: query.state,
    };
    let (found, next) = house.service.signatures(&act, query, &page.page()).await?;
    Ok(list_with(found, next))
}

/// Read a signature record.
#[utoipa::path(get, path = "/v1/signatures/{id}", tag = "signatures", params(super::openapi::Id),
    responses((status = 200, body = Signature), Problems),
    extensions(("x-action" = json!("read-signature"))))]
pub(super) async fn signature(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Body<Signature>> {
    Ok(Body(house.service.signature(&act, &id).await?))
}

/// Read the receipt 回执 of a signature: SD-JWT in compact serialisation.
#[utoipa::path(get, path = "/v1/signatures/{id}/receipt", tag = "signatures", params(super::openapi::Id),
    responses((status = 200, body = String, content_type = "application/sd-jwt"), Problems),
    extensions(("x-action" = json!("read-signature"))))]
pub(super) async fn receipt(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let receipt = house.service.signature_receipt(&act, &id).await?;
    Ok(([(header::CONTENT_TYPE, "application/sd-jwt")], receipt.0).into_response())
}

/// Void a sealed document 作废.
#[utoipa::path(post, path = "/v1/signatures/{id}/void", tag = "signatures",
    params(super::openapi::Id, super::openapi::IdempotencyKey),
    request_body = NewVoid, responses((status = 200, body = Signature), Problems),
    extensions(("x-action" = json!("void"))))]
pub(super) async fn void(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(new): Json<NewVoid>,
) -> Result<Answer> {
    Ok(house.service.void(&act, &id, new).await?)
}
