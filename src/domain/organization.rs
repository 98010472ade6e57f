//! Organizations 机构 and persons 自然人.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    cause::RevocationCause,
    id::{OrganizationChangeId, OrganizationId, PersonId, PrincipalId, SealId},
    uscc::Uscc,
};

/// An owner of seals. Organizations form a tree.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Organization {
    /// Its identifier.
    #[schema(value_type = String)]
    pub id: OrganizationId,
    /// Its unified social credit code 统一社会信用代码.
    #[schema(value_type = String)]
    pub uscc: Uscc,
    /// Its legal name 法定名称.
    pub name: String,
    /// The organization above it, if any.
    #[schema(value_type = Option<String>)]
    pub parent_id: Option<OrganizationId>,
    /// When it was entered.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it ceased to be; none while it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
}

/// An organization was renamed, merged, split or ended; its seals have to be changed or revoked.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct OrganizationChange {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: OrganizationChangeId,
    /// The organization.
    #[schema(value_type = String)]
    pub organization_id: OrganizationId,
    /// What happened.
    #[schema(value_type = String, example = "rename")]
    pub cause: RevocationCause,
    /// Its name before.
    pub old_name: String,
    /// Its name from now on, where it was renamed.
    pub new_name: Option<String>,
    /// The organization that goes on in its place.
    #[schema(value_type = Option<String>)]
    pub successor_id: Option<OrganizationId>,
    /// Why.
    pub reason: String,
    /// By when its seals have to be handled: the end of a working day 工作日.
    #[schema(value_type = String)]
    pub due_at: Timestamp,
    /// Who entered it.
    #[schema(value_type = String)]
    pub principal_id: PrincipalId,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The seals of before that are still to be changed or revoked.
    #[schema(value_type = Vec<String>)]
    pub open_seals: Vec<SealId>,
}

/// A natural person. "Another person" is judged by this record, not by account.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Person {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// The organization that entered the person.
    #[schema(value_type = String)]
    pub organization_id: OrganizationId,
    /// The name.
    pub name: String,
    /// When the person was entered.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// What part of the tree of organizations a transaction may see.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scope {
    /// Everything: the service itself, and public answers.
    Service,
    /// One organization and all below it.
    Organization(OrganizationId),
}

/// Whether a name of a person, an organization or a seal is acceptable: 1 to `max` characters,
/// no control characters, no leading or trailing white space.
pub fn is_acceptable_name(name: &str, max: usize) -> bool {
    let length = name.chars().count();
    (1..=max).contains(&length) && !name.chars().any(char::is_control) && name.trim() == name
}
