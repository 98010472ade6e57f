//! `/tsa`: the built-in time-stamping authority over HTTP (RFC 3161 §3.4).

use std::net::SocketAddr;

use axum::{
    body::to_bytes,
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{House, problem::Problem, responses::Problems};

const QUERY: &str = "application/timestamp-query";
const REPLY: &str = "application/timestamp-reply";
/// The longest query, bytes.
const LONGEST_QUERY: usize = 4096;

/// Ask for a timestamp 时间戳 (RFC 3161). A refusal is a time-stamp response, too.
#[utoipa::path(post, path = "/tsa", tag = "public",
    request_body(content = Vec<u8>, content_type = "application/timestamp-query"),
    responses((status = 200, body = Vec<u8>, content_type = "application/timestamp-reply"), Problems),
    security(()), extensions(("x-action" = json!("read-public"))))]
pub(super) async fn stamp(
    State(house): State<House>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Result<Response, Problem> {
    house.tsa_throttle.pass(peer.ip(), house.service.now())?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case(QUERY)) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "timestamp-query-expected",
            "Another kind of body is expected",
            "send a time-stamp query as Content-Type: application/timestamp-query",
        ));
    }
    let query = to_bytes(request.into_body(), LONGEST_QUERY).await;
    let query = query.map_err(|_| Problem::too_large(LONGEST_QUERY as u64))?;
    let reply = house.service.answer_timestamp_query(&query).await;
    Ok(([(header::CONTENT_TYPE, REPLY)], reply).into_response())
}
