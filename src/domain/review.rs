//! Review 审核: levels, who decides at each, and stand-ins 代审.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    id::{OrganizationId, PersonId, PrincipalId, StandInId},
};

/// A level of review 审核级次 of one application.
#[derive(Clone, Debug, Deserialize, Hash, PartialEq, Serialize, ToSchema)]
pub struct ReviewLevel {
    /// Its name.
    pub name: String,
    /// The organization whose reviewers decide; none: any reviewer in whose scope the applying
    /// organization is.
    #[schema(value_type = Option<String>)]
    pub organization_id: Option<OrganizationId>,
    /// How many persons must approve.
    #[schema(minimum = 1, maximum = 9)]
    pub quorum: u16,
    /// How many working days 工作日 it has.
    pub days: u16,
}

/// Somebody decides in the place of an absent reviewer for a time.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct StandIn {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: StandInId,
    /// The account of the absent reviewer.
    #[schema(value_type = String)]
    pub principal_id: PrincipalId,
    /// Who stands in.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// From when.
    #[schema(value_type = String)]
    pub valid_from: Timestamp,
    /// Until when.
    #[schema(value_type = String)]
    pub valid_until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who named the stand-in.
    #[schema(value_type = String)]
    pub named_by: PrincipalId,
    /// When.
    #[schema(value_type = String)]
    pub named_at: Timestamp,
    /// When it was ended before its time.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
}

/// Who stands in for whom now.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct StandingIn {
    /// Who stands in.
    pub person_id: PersonId,
    /// The absent reviewer.
    pub absent_person_id: PersonId,
    /// The organization of the absent reviewer's account.
    pub organization_id: OrganizationId,
}
