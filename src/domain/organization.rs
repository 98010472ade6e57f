//! Organizations 机构 and persons 自然人.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    id::{OrganizationId, PersonId},
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
