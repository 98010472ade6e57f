//! `/v1/audit`.

use axum::{Json as Body, extract::State};

use super::{
    House, caller::Caller, extract::Query, page::PageQuery, problem::Problem, responses::Problems,
};
use crate::store::AuditPage;

/// Read the audit trail of one's part of the tree.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(PageQuery),
    responses((status = 200, body = AuditPage), Problems),
    extensions(("x-action" = json!("read-audit"))))]
pub(super) async fn audit(
    State(house): State<House>,
    Caller(act): Caller,
    Query(page): Query<PageQuery>,
) -> Result<Body<AuditPage>, Problem> {
    Ok(Body(house.service.audit(&act, &page.page()).await?))
}
