//! Reading the audit trail.

use super::Page;
use crate::{
    policy::{Action, Resource},
    service::{Act, Error, Service},
    store::AuditPage,
};

impl Service {
    /// A page of the trail of the principal's part of the tree.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn audit(&self, act: &Act, page: &Page) -> Result<AuditPage, Error> {
        let _ = self.permit(act, Action::ReadAudit, Resource::Service)?;
        let mut tx = self.reading(act).await?;
        Ok(tx.audit_page(page.after.as_deref(), page.limit()).await?)
    }
}
