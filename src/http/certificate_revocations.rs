//! `/v1/certificate-revocations`.

use axum::{Json as Body, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    House,
    caller::Caller,
    extract::{Json, Path, Query},
    openapi::{Id, IdempotencyKey},
    page::{List, PageQuery, list},
    problem::Problem,
    responses::Problems,
};
use crate::{
    domain::certificate_revocation::CertificateRevocation,
    service::{Answer, seals::RevocationDone},
};

type Result<T> = std::result::Result<T, Problem>;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RevocationQuery {
    /// Whether only those that are not done are listed; all if not given.
    open: Option<bool>,
}

/// List the certificates that authorities elsewhere have to revoke.
#[utoipa::path(get, path = "/v1/certificate-revocations", tag = "seals",
    params(RevocationQuery, PageQuery),
    responses((status = 200, body = List<CertificateRevocation>), Problems),
    extensions(("x-action" = json!("read-organization"))))]
pub(super) async fn revocations(
    State(house): State<House>,
    Caller(act): Caller,
    Query(query): Query<RevocationQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Body<List<CertificateRevocation>>> {
    let page = page.page();
    let open = query.open.unwrap_or(false);
    let found = house.service.certificate_revocations(&act, open, &page).await?;
    Ok(list(found, &page, |record| record.id.to_string()))
}

/// Enter that an authority revoked a certificate.
#[utoipa::path(post, path = "/v1/certificate-revocations/{id}/done", tag = "seals",
    params(Id, IdempotencyKey), request_body = RevocationDone,
    responses((status = 200, body = CertificateRevocation), Problems),
    extensions(("x-action" = json!("end-certificate-revocation"))))]
pub(super) async fn done(
    State(house): State<House>,
    Caller(act): Caller,
    Path(id): Path<String>,
    Json(done): Json<RevocationDone>,
) -> Result<Answer> {
    Ok(house.service.end_certificate_revocation(&act, &id, done).await?)
}
