//! Organizations, persons, principals and access keys.

pub mod access_keys;
pub mod audit;
pub mod organization_changes;
pub mod organizations;
pub mod principals;

use super::{Error, Service};
use crate::{domain::id::OrganizationId, store::Tx};

/// How many records a page holds at most.
const LARGEST_PAGE: i64 = 200;

/// Where a page begins, and how much of it is wanted.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The cursor: the id after which the page begins.
    pub after: Option<String>,
    /// How many records.
    pub limit: Option<i64>,
}

impl Page {
    /// The cursor; empty for the beginning.
    pub fn after(&self) -> &str {
        self.after.as_deref().unwrap_or_default()
    }

    /// The count, within its limits.
    pub fn limit(&self) -> i64 {
        self.limit.unwrap_or(50).clamp(1, LARGEST_PAGE)
    }
}

/// The organization concerned and all above it.
///
/// # Errors
/// It is not in scope.
pub(super) async fn ancestry(
    tx: &mut Tx,
    id: &OrganizationId,
) -> Result<Vec<OrganizationId>, Error> {
    let ancestry = tx.ancestry(id).await?;
    if ancestry.is_empty() { Err(Error::NotFound("the organization")) } else { Ok(ancestry) }
}

impl Service {
    /// The ancestry of an organization in the actor's scope, read outside of a writing transaction.
    pub(super) async fn ancestry_of(
        &self,
        act: &super::Act,
        id: &OrganizationId,
    ) -> Result<Vec<OrganizationId>, Error> {
        ancestry(&mut self.reading(act).await?, id).await
    }
}
