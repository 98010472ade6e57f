//! The OpenAPI document: generated from the code, committed as `docs/openapi.json`.

use serde::Deserialize;
use utoipa::{
    IntoParams, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// The identifier in a path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(super) struct Id {
    /// The identifier of the record.
    id: String,
}

/// Doing a thing once.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(super) struct IdempotencyKey {
    /// The same key with the same request gives the same answer; 1 to 255 visible characters.
    #[serde(rename = "Idempotency-Key")]
    #[param(rename = "Idempotency-Key", pattern = "^[!-~]{1,255}$")]
    idempotency_key: Option<String>,
}

/// Changing only what was read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(super) struct IfMatch {
    /// The `ETag` of the record as it was read.
    #[serde(rename = "If-Match")]
    #[param(rename = "If-Match", pattern = "^\"[0-9]{1,18}\"$")]
    if_match: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sealwright 电子印章与电子签名服务",
        description = "Electronic seals and signatures whose private keys live in a hardware \
            security module. Errors are problem documents (RFC 9457) with stable codes.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    security(("access-key" = [])),
    tags(
        (name = "administration", description = "Organizations 机构, persons, principals, access keys"),
        (name = "applications", description = "Applications 申请 and review 审核"),
        (name = "seals", description = "The life of a seal 印章"),
        (name = "signatures", description = "Sealing 签章, voiding 作废, receipts 回执"),
        (name = "verification", description = "Verification 验章"),
        (name = "deadlines", description = "What is due 期限"),
        (name = "webhooks", description = "Telling others of events by HTTP or e-mail"),
        (name = "audit", description = "The audit trail"),
        (name = "public", description = "What anybody may ask"),
        (name = "operations", description = "Health, metrics, documentation"),
    )
)]
struct Frame;

/// The document without endpoints.
pub(super) fn frame() -> utoipa::openapi::OpenApi {
    let mut document = Frame::openapi();
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An access key, swk_…"))
        .build();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("access-key", SecurityScheme::Http(scheme));
    document
}

/// The whole document.
pub fn document() -> utoipa::openapi::OpenApi {
    let (_, document) = super::endpoints().split_for_parts();
    document
}
