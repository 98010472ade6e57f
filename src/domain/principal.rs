//! Principals: who acts, and in which roles.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    id::{OrganizationId, PersonId, PrincipalId},
    seal_state::words,
};

words! {
    /// The roles a principal may hold. What a role may do is said in `policies/`.
    Role {
        /// Applies for seals 申请人.
        Applicant => "applicant",
        /// Reviews applications 审核人.
        Reviewer => "reviewer",
        /// Makes seals 制章人.
        Maker => "maker",
        /// Keeps the register of seals 备案人.
        Registrar => "registrar",
        /// Keeps a seal 保管人.
        Keeper => "keeper",
        /// A business system that has documents sealed 业务系统.
        Caller => "caller",
        /// Reads everything, changes nothing 审计员.
        Auditor => "auditor",
        /// Enters organizations, persons and principals 系统管理员.
        SystemAdministrator => "system-administrator",
        /// Issues and revokes access keys 安全管理员.
        SecurityAdministrator => "security-administrator",
        /// Reads and exports the audit trail 审计管理员.
        AuditAdministrator => "audit-administrator",
    }
}

words! {
    /// What a principal is.
    PrincipalKind {
        /// An account of a natural person.
        Person => "person",
        /// Another system.
        Caller => "caller",
    }
}

/// Who acts.
#[derive(Clone, Debug, Deserialize, Hash, PartialEq, Serialize, ToSchema)]
pub struct Principal {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: PrincipalId,
    /// The organization whose part of the tree the principal may see.
    #[schema(value_type = String)]
    pub organization_id: OrganizationId,
    /// Person or caller.
    #[schema(value_type = String, example = "person")]
    pub kind: PrincipalKind,
    /// The natural person behind an account; none for a caller.
    #[schema(value_type = Option<String>)]
    pub person_id: Option<PersonId>,
    /// A name for people to read.
    pub name: String,
    /// The roles held.
    #[schema(value_type = Vec<String>)]
    pub roles: Vec<Role>,
    /// When the principal was entered.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}
