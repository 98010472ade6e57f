//! `/public` and `/.well-known`: what anybody may ask, within tight limits.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Json as Body,
    extract::{ConnectInfo, Request, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    House,
    extract::{Path, Query},
    problem::Problem,
    report::Wanted,
    responses::Problems,
    upload::Upload,
    verifications::{DocumentBody, VerificationRequest},
};
use crate::{
    crypto::Scheme,
    domain::report::Report,
    service::{Act, Error, documents::Question, public::SealStatus},
};

type Result<T> = std::result::Result<T, Problem>;
type Peer = ConnectInfo<SocketAddr>;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PublicVerificationQuery {
    /// The name of the validation policy; the one of the configuration if not given.
    policy: Option<String>,
    /// Whether the report shall carry pictures of pages that look different than signed: at most
    /// four for a signature.
    #[serde(default)]
    pictures: bool,
}

/// Verify a document without an access key 公开验章; the forms of the answer are those of
/// `/v1/verifications`.
#[utoipa::path(post, path = "/public/verify", tag = "public", params(PublicVerificationQuery),
    request_body(content((DocumentBody = "multipart/form-data"), (Vec<u8> = "application/octet-stream"))),
    responses((status = 200, content((Report = "application/json"), (String = "text/html"), (String = "text/plain"),
        (String = "application/xml"))), Problems), security(()),
    extensions(("x-action" = json!("verify-publicly"))))]
pub(super) async fn verify(
    State(house): State<House>,
    ConnectInfo(peer): Peer,
    Query(query): Query<PublicVerificationQuery>,
    request: Request,
) -> Result<Response> {
    let wanted = Wanted::of(request.headers());
    house.throttle.pass(peer.ip(), house.service.now())?;
    let place = Arc::clone(&house.public_gate).try_acquire_owned();
    let place = place.map_err(|_| Error::Overloaded)?;
    let limit = Duration::from_secs(house.service.config.http.public_timeout_seconds);
    // A task of its own: what goes on after the time is up keeps its place until it ends.
    let work = tokio::spawn(async move {
        let _place = place;
        let http = &house.service.config.http;
        let upload = Upload::read(request, http, http.largest_public_document);
        let upload = tokio::time::timeout(limit, upload).await.map_err(|_| Error::Overloaded)??;
        let act = Act::default();
        let beside = VerificationRequest::of(&upload)?;
        let PublicVerificationQuery { policy, pictures } = query;
        let (file, signature) = (upload.file, beside);
        let anew = wanted.anew;
        let question = Question { file, signature, at: None, policy, pictures, anew };
        Ok(wanted.answer(house.service.verify(&act, upload.document, question).await?))
    });
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Error::Internal("verification was interrupted".to_owned()).into()),
        Err(_) => Err(Error::Overloaded.into()),
    }
}

/// Read the published status of a seal by its public code 印章状态.
#[utoipa::path(get, path = "/public/seals/{code}/status", tag = "public",
    params(("code" = String, Path, description = "The public seal code 印章编码.")),
    responses((status = 200, body = SealStatus), Problems), security(()),
    extensions(("x-action" = json!("read-public"))))]
pub(super) async fn seal_status(
    State(house): State<House>,
    ConnectInfo(peer): Peer,
    Path(code): Path<String>,
) -> Result<Body<SealStatus>> {
    house.throttle.pass(peer.ip(), house.service.now())?;
    Ok(Body(house.service.seal_status(&code).await?))
}

/// Read the revocation list of the built-in CA, DER.
#[utoipa::path(get, path = "/public/crl/{ca}", tag = "public",
    params(("ca" = String, Path, description = "The CA with .crl behind it: p256.crl or sm2.crl.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/pkix-crl"), Problems), security(()),
    extensions(("x-action" = json!("read-public"))))]
pub(super) async fn crl(State(house): State<House>, Path(ca): Path<String>) -> Result<Response> {
    let scheme = ca.strip_suffix(".crl").and_then(Scheme::parse);
    let scheme = scheme.ok_or(Error::NotFound("the revocation list"))?;
    let list = house.service.newest_crl(scheme).await?;
    Ok(([(CONTENT_TYPE, "application/pkix-crl")], list).into_response())
}

/// Who this service is.
#[derive(Serialize, ToSchema)]
pub(super) struct WellKnown {
    /// The product and its version.
    software: String,
    /// The address under which others reach it.
    public_url: String,
    /// The roots above its seals, seal maker, receipts and timestamps, PEM.
    root_certificates: Vec<String>,
    /// The OpenAPI document.
    openapi: String,
}

/// Read who this service is.
#[utoipa::path(get, path = "/.well-known/sealwright", tag = "public",
    responses((status = 200, body = WellKnown)), security(()),
    extensions(("x-action" = json!("read-public"))))]
pub(super) async fn well_known(State(house): State<House>) -> Body<WellKnown> {
    let public_url = house.service.config.http.public_url.clone();
    Body(WellKnown {
        software: concat!("sealwright ", env!("CARGO_PKG_VERSION")).to_owned(),
        openapi: format!("{public_url}/openapi.json"),
        public_url,
        root_certificates: house.service.authority.roots().iter().map(|c| c.to_pem()).collect(),
    })
}
