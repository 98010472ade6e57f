//! `/v1/seals`.

use axum::{
    Json as Body,
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    House,
    caller::Caller,
    extract::{Json, Path, Query},
    page::{List, PageQuery, etag, list},
    problem::Problem,
    responses::Problems,
};
use crate::{
    crypto::Scheme,
    domain::{
        Timestamp,
        seal::{Grant, Seal, SealKind},
        seal_state::{SealEvent, SealState},
    },
    service::{
        Answer,
        seals::{
            CredentialDetails, Making, NewKey, NewPicture, PictureComparison, PictureForm,
            SealMove, SealQuery, SealTimeline, grants::NewGrant,
        },
    },
};

type Result<T> = std::result::Result<T, Problem>;

/// The answers about a seal bear the revision of the version in question as `ETag`.
fn tagged(answer: Answer) -> Response {
    let seal: Option<Seal> = serde_json::from_str(&answer.body).ok();
    let tag = seal.as_ref().and_then(Seal::current_version).and_then(|v| etag(v.revision));
    let mut response = answer.into_response();
    response.headers_mut().extend(tag.map(|tag| (ETAG, tag)));
    response
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SealParameters {
    /// Only seals of this kind.
    #[param(value_type = Option<String>, example = "legal-name")]
    kind: Option<SealKind>,
    /// Only seals that have a version in this state.
    #[param(value_type = Option<String>, example = "active")]
    state: Option<SealState>,
    /// Only the seal with this public code.
    code: Option<String>,
    /// Only seals of this organization itself, not of those below it.
    organization_id: Option<String>,
    /// Only seals whose name has this in it.
    #[param(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Only seals whose version in use ends until this time.
    #[param(value_type = Option<String>)]
    ends_until: Option<Timestamp>,
}

/// List seals 印章.
#[utoipa::path(get, path = "/v1/seals", tag = "seals", params(SealParameters, PageQuery),
    responses((status = 200, body = List<Seal>), Problems),
    extensions(("x-action" = json!("read-seal"))))]
pub(super) async fn seals(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<SealParameters>,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<Seal>>> {
    let page = page.page();
    let query = SealQuery {
        kind: query.kind,
        state: query.state,
        code: query.code,
        organization_id: query.organization_id,
        name: query.name,
        ends_until: query.ends_until,
    };
    let found = house.service.seals(&act, query, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Read a seal with its versions.
#[utoipa::path(get, path = "/v1/seals/{id}", tag = "seals", params(super::openapi::Id),
    responses((status = 200, body = Seal), Problems),
    extensions(("x-action" = json!("read-seal"))))]
pub(super) async fn seal(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let seal = house.service.seal(&act, &id).await?;
    let tag = seal.current_version().and_then(|version| etag(version.revision));
    let mut response = Body(seal).into_response();
    response.headers_mut().extend(tag.map(|tag| (ETAG, tag)));
    Ok(response)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AsOf {
    /// The time for which the states are told; now if not given.
    #[param(value_type = Option<String>)]
    at: Option<Timestamp>,
}

/// Read every change of state of a seal, and its state as of a time.
#[utoipa::path(get, path = "/v1/seals/{id}/timeline", tag = "seals", params(super::openapi::Id, AsOf),
    responses((status = 200, body = SealTimeline), Problems),
    extensions(("x-action" = json!("read-seal"))))]
pub(super) async fn timeline(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Query(query): Query<AsOf>,
) -> Result<Body<SealTimeline>> {
    Ok(Body(house.service.seal_timeline(&act, &id, query.at).await?))
}

/// Read the credentials of the version in use.
#[utoipa::path(get, path = "/v1/seals/{id}/credentials", tag = "seals", params(super::openapi::Id),
    responses((status = 200, body = Vec<CredentialDetails>), Problems),
    extensions(("x-action" = json!("read-seal"))))]
pub(super) async fn credentials(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Body<Vec<CredentialDetails>>> {
    Ok(Body(house.service.credentials(&act, &id).await?))
}

/// Generate the key of a new version in the token; the answer holds its certificate request.
#[utoipa::path(post, path = "/v1/seals/{id}/key", tag = "seals",
    params(super::openapi::Id, super::openapi::IdempotencyKey),
    request_body = NewKey, responses((status = 201, body = Seal), Problems),
    extensions(("x-action" = json!("generate-key"))))]
pub(super) async fn generate_key(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(new): Json<NewKey>,
) -> Result<Response> {
    Ok(tagged(house.service.generate_key(&act, &id, new).await?))
}

/// Which of a version's credentials is meant.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct OfScheme {
    /// The scheme: p256 if not given, or sm2.
    #[param(value_type = Option<String>)]
    scheme: Option<Scheme>,
}

/// Read the certificate request of the newest version, PEM.
#[utoipa::path(get, path = "/v1/seals/{id}/key", tag = "seals", params(super::openapi::Id, OfScheme),
    responses((status = 200, body = String, content_type = "application/pkcs10"), Problems),
    extensions(("x-action" = json!("read-seal"))))]
pub(super) async fn certificate_request(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Query(of): Query<OfScheme>,
) -> Result<Response> {
    let scheme = of.scheme.unwrap_or(Scheme::P256);
    let request = house.service.certificate_request(&act, &id, scheme).await?;
    Ok(([(CONTENT_TYPE, "application/pkcs10")], request).into_response())
}

/// Read the electronic seal 电子印章 of the version in use (GB/T 38540), DER, as it stands in an
/// `.esl` file. Only an SM2 credential has one.
#[utoipa::path(get, path = "/v1/seals/{id}/structure", tag = "seals", params(super::openapi::Id),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), Problems),
    extensions(("x-action" = json!("read-seal"))))]
pub(super) async fn structure(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let structure = house.service.exported_structure(&act, &id).await?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], structure).into_response())
}

/// Make the newest version 制作: bind certificates and picture.
#[utoipa::path(post, path = "/v1/seals/{id}/make", tag = "seals",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    request_body = Making, responses((status = 200, body = Seal), Problems),
    extensions(("x-action" = json!("make"))))]
pub(super) async fn make(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(making): Json<Making>,
) -> Result<Response> {
    Ok(tagged(house.service.make(&act, &id, making).await?))
}

/// See the picture that making would bind 印模预览, as a PNG at 600 dpi. Nothing is changed.
#[utoipa::path(post, path = "/v1/seals/{id}/picture-preview", tag = "seals",
    params(super::openapi::Id), request_body = NewPicture,
    responses((status = 200, body = Vec<u8>, content_type = "image/png"), Problems),
    extensions(("x-action" = json!("make"))))]
pub(super) async fn preview_picture(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(picture): Json<NewPicture>,
) -> Result<Response> {
    let png = house.service.preview_picture(&act, &id, picture).await?;
    Ok(([(CONTENT_TYPE, "image/png")], png).into_response())
}

/// See the picture that making would bind beside the impression of the physical seal 实物印模: both in
/// one scale, and one upon the other, as a PNG at 300 dpi. Nothing is changed.
#[utoipa::path(post, path = "/v1/seals/{id}/picture-comparison", tag = "seals",
    params(super::openapi::Id), request_body = PictureComparison,
    responses((status = 200, body = Vec<u8>, content_type = "image/png"), Problems),
    extensions(("x-action" = json!("make"))))]
pub(super) async fn compare_picture(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(asked): Json<PictureComparison>,
) -> Result<Response> {
    let png = house.service.compare_picture(&act, &id, asked).await?;
    Ok(([(CONTENT_TYPE, "image/png")], png).into_response())
}

/// Which form of a picture is wanted.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedForm {
    /// png if not given, svg, or ofd.
    #[param(value_type = Option<String>, example = "png")]
    form: Option<PictureForm>,
}

/// Read the picture 印模 of the version in question: PNG at 600 dpi, the SVG master, or its outlines as
/// an OFD page.
#[utoipa::path(get, path = "/v1/seals/{id}/picture", tag = "seals",
    params(super::openapi::Id, WantedForm),
    responses((status = 200, body = Vec<u8>, content_type = "image/png"), Problems),
    extensions(("x-action" = json!("read-seal"))))]
pub(super) async fn picture(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Query(wanted): Query<WantedForm>,
) -> Result<Response> {
    let form = wanted.form.unwrap_or(PictureForm::Png);
    let bytes = house.service.seal_picture(&act, &id, form).await?;
    let kind = match form {
        PictureForm::Png => "image/png",
        PictureForm::Svg => "image/svg+xml",
        PictureForm::Ofd => "application/ofd",
    };
    let safe = [(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, "attachment")];
    Ok((safe, bytes).into_response())
}

/// Register the newest version 备案; a version in use is superseded by it.
#[utoipa::path(post, path = "/v1/seals/{id}/register", tag = "seals",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    request_body = SealMove, responses((status = 200, body = Seal), Problems),
    extensions(("x-action" = json!("register"))))]
pub(super) async fn register(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(asked): Json<SealMove>,
) -> Result<Response> {
    Ok(tagged(house.service.register(&act, &id, asked).await?))
}

/// Report a seal lost 挂失; it is frozen at once.
#[utoipa::path(post, path = "/v1/seals/{id}/report-loss", tag = "seals",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    request_body = SealMove, responses((status = 200, body = Seal), Problems),
    extensions(("x-action" = json!("report-loss"))))]
pub(super) async fn report_loss(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(asked): Json<SealMove>,
) -> Result<Response> {
    Ok(tagged(house.service.report_loss(&act, &id, asked).await?))
}

/// Confirm that a lost seal was found 解除挂失; two other persons must.
#[utoipa::path(post, path = "/v1/seals/{id}/recover", tag = "seals",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    request_body = SealMove, responses((status = 200, body = Seal), Problems),
    extensions(("x-action" = json!("recover"))))]
pub(super) async fn recover(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(asked): Json<SealMove>,
) -> Result<Response> {
    Ok(tagged(house.service.recover(&act, &id, asked).await?))
}

/// Give a version up before it is registered.
#[utoipa::path(post, path = "/v1/seals/{id}/abandon", tag = "seals",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    request_body = SealMove, responses((status = 200, body = Seal), Problems),
    extensions(("x-action" = json!("abandon"))))]
pub(super) async fn abandon(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(asked): Json<SealMove>,
) -> Result<Response> {
    Ok(tagged(house.service.move_seal(&act, &id, SealEvent::Abandon, asked).await?))
}

/// Suspend a seal 暂停.
#[utoipa::path(post, path = "/v1/seals/{id}/suspend", tag = "seals",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    request_body = SealMove, responses((status = 200, body = Seal), Problems),
    extensions(("x-action" = json!("suspend"))))]
pub(super) async fn suspend(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(asked): Json<SealMove>,
) -> Result<Response> {
    Ok(tagged(house.service.move_seal(&act, &id, SealEvent::Suspend, asked).await?))
}

/// Resume a suspended seal 恢复.
#[utoipa::path(post, path = "/v1/seals/{id}/resume", tag = "seals",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    request_body = SealMove, responses((status = 200, body = Seal), Problems),
    extensions(("x-action" = json!("resume"))))]
pub(super) async fn resume(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(asked): Json<SealMove>,
) -> Result<Response> {
    Ok(tagged(house.service.move_seal(&act, &id, SealEvent::Resume, asked).await?))
}

/// Revoke a seal 注销 by an approved application.
#[utoipa::path(post, path = "/v1/seals/{id}/revoke", tag = "seals",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    request_body = SealMove, responses((status = 200, body = Seal), Problems),
    extensions(("x-action" = json!("revoke"))))]
pub(super) async fn revoke(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(asked): Json<SealMove>,
) -> Result<Response> {
    Ok(tagged(house.service.move_seal(&act, &id, SealEvent::Revoke, asked).await?))
}

/// Mark a seal as unlawfully made 标识为无效.
#[utoipa::path(post, path = "/v1/seals/{id}/invalidate", tag = "seals",
    params(super::openapi::Id, super::openapi::IdempotencyKey, super::openapi::IfMatch),
    request_body = SealMove, responses((status = 200, body = Seal), Problems),
    extensions(("x-action" = json!("invalidate"))))]
pub(super) async fn invalidate(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(asked): Json<SealMove>,
) -> Result<Response> {
    Ok(tagged(house.service.move_seal(&act, &id, SealEvent::Invalidate, asked).await?))
}

/// Grant the use of a seal 授权.
#[utoipa::path(post, path = "/v1/seals/{id}/grants", tag = "seals",
    params(super::openapi::Id, super::openapi::IdempotencyKey),
    request_body = NewGrant, responses((status = 201, body = Grant), Problems),
    extensions(("x-action" = json!("create-grant"))))]
pub(super) async fn create_grant(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(new): Json<NewGrant>,
) -> Result<Answer> {
    Ok(house.service.create_grant(&act, &id, new).await?)
}

/// List the grants of a seal.
#[utoipa::path(get, path = "/v1/seals/{id}/grants", tag = "seals", params(super::openapi::Id),
    responses((status = 200, body = Vec<Grant>), Problems),
    extensions(("x-action" = json!("read-grant"))))]
pub(super) async fn grants(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
) -> Result<Body<Vec<Grant>>> {
    Ok(Body(house.service.grants(&act, &id).await?))
}

/// Withdraw a grant.
#[utoipa::path(post, path = "/v1/seals/{id}/grants/{grant}/revoke", tag = "seals",
    params(("id" = String, Path, description = "The seal."), ("grant" = String, Path, description = "The grant."), super::openapi::IdempotencyKey),
    responses((status = 200, body = Grant), Problems),
    extensions(("x-action" = json!("revoke-grant"))))]
pub(super) async fn revoke_grant(
    State(house): State<House>,
    Caller(act): Caller,
    Path((id, grant)): Path<(String, String)>,
) -> Result<Answer> {
    Ok(house.service.revoke_grant(&act, &id, &grant).await?)
}
