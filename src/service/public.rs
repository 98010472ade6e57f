//! What anybody may ask: the status of a seal.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Act, Error, Service};
use crate::{
    domain::{Timestamp, ca_class::CaClass, cause::RevocationCause, organization::Scope},
    policy::{Action, Resource},
    store::SealFilter,
};

/// The published status of a seal 印章状态.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SealStatus {
    /// The public seal code.
    pub code: String,
    /// The name on the seal.
    pub name: String,
    /// The kind of seal.
    pub kind: String,
    /// The owner's name.
    pub organization: String,
    /// The owner's unified social credit code.
    pub uscc: String,
    /// The version in question.
    pub version: i64,
    /// Its state.
    pub state: String,
    /// What the authority above its certificate may stand for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "e-government")]
    pub ca_class: Option<CaClass>,
    /// Whether it is for tests only 测试章.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
    /// Whether it is for the organization's internal business only 仅供内部使用.
    pub internal_only: bool,
    /// The cause of its revocation 注销原因.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub cause: Option<RevocationCause>,
    /// Last moment of its validity.
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Timestamp>,
    /// When this was said.
    #[schema(value_type = String)]
    pub as_of: Timestamp,
}

impl Service {
    /// The status of a seal that was registered at least once.
    ///
    /// # Errors
    /// There is no such seal.
    pub async fn seal_status(&self, code: &str) -> Result<SealStatus, Error> {
        let _ = self.permit(&Act::default(), Action::ReadPublic, Resource::Service)?;
        let mut tx = self.store.read(Scope::Service).await?;
        let filter = SealFilter { code: Some(code.to_owned()), ..SealFilter::default() };
        let missing = Error::NotFound("the seal");
        let code_is_empty = code.is_empty();
        let Some(seal) = tx.seals(&filter, "", 1).await?.pop().filter(|_| !code_is_empty) else {
            return Err(missing);
        };
        let changes = tx.state_changes(&seal.id).await?;
        let registered =
            changes.iter().any(|change| change.to == crate::domain::seal_state::SealState::Active);
        let (Some(version), true) = (seal.current_version(), registered) else {
            return Err(missing);
        };
        let owner = tx.organization(&seal.organization_id).await?.ok_or(missing)?;
        Ok(SealStatus {
            code: seal.code.clone(),
            name: seal.name.clone(),
            kind: seal.kind.to_string(),
            organization: owner.name,
            uscc: owner.uscc.as_str().to_owned(),
            version: version.number,
            state: version.state.to_string(),
            sandbox: seal.sandbox,
            ca_class: version.ca_class,
            internal_only: version.ca_class == Some(CaClass::Internal),
            cause: changes
                .iter()
                .rev()
                .find(|change| change.seal_version_id == version.id)
                .and_then(|change| change.cause),
            valid_until: version.valid_until,
            as_of: self.now(),
        })
    }
}
