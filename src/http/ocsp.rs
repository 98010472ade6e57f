//! `/public/ocsp/{ca}`: the OCSP responder of the built-in CA over HTTP (RFC 6960 appendix A, RFC 5019).

use std::net::SocketAddr;

use axum::{
    body::to_bytes,
    extract::{ConnectInfo, Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use base64ct::{Base64, Encoding};

use super::{House, extract::Path, problem::Problem, responses::Problems};
use crate::{crypto::Scheme, service::Error};

const REPLY: &str = "application/ocsp-response";
/// The longest question, bytes.
const LONGEST_QUESTION: usize = 4096;

/// Ask whether certificates of the built-in CA are revoked (RFC 6960). A refusal is an OCSP response,
/// too.
#[utoipa::path(post, path = "/public/ocsp/{ca}", tag = "public",
    params(("ca" = String, Path, description = "The CA: p256 or sm2.")),
    request_body(content = Vec<u8>, content_type = "application/ocsp-request"),
    responses((status = 200, body = Vec<u8>, content_type = "application/ocsp-response"), Problems),
    security(()), extensions(("x-action" = json!("read-public"))))]
pub(super) async fn ask(
    State(house): State<House>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(ca): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let scheme = admitted(&house, peer, &ca)?;
    let question = to_bytes(request.into_body(), LONGEST_QUESTION).await;
    let question = question.map_err(|_| Problem::too_large(LONGEST_QUESTION as u64))?;
    Ok(answer(house.service.answer_ocsp(scheme, &question).await))
}

/// The same, with the question in the address: base64, with `/`, `+` and `=` encoded.
#[utoipa::path(get, path = "/public/ocsp/{ca}/{question}", tag = "public",
    params(("ca" = String, Path, description = "The CA: p256 or sm2."),
        ("question" = String, Path, description = "The OCSP request, base64.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/ocsp-response"), Problems),
    security(()), extensions(("x-action" = json!("read-public"))))]
pub(super) async fn ask_by_address(
    State(house): State<House>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((ca, question)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let scheme = admitted(&house, peer, &ca)?;
    // What is no base64 is no question, and answered as such.
    let question = Base64::decode_vec(question.trim()).unwrap_or_default();
    Ok(answer(house.service.answer_ocsp(scheme, &question).await))
}

fn admitted(house: &House, peer: SocketAddr, ca: &str) -> Result<Scheme, Problem> {
    house.ocsp_throttle.pass(peer.ip(), house.service.now())?;
    Ok(Scheme::parse(ca).ok_or(Error::NotFound("the certification authority"))?)
}

fn answer(reply: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, REPLY), (header::CACHE_CONTROL, "no-store")], reply).into_response()
}
