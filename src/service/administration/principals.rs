//! Principals: accounts of persons, and callers.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    Page,
    organizations::{name, organization_id},
};
use crate::{
    domain::{
        id::{PersonId, PrincipalId},
        principal::{Principal, PrincipalKind, Role},
    },
    policy::{Action, Resource},
    service::{Act, Answer, Error, Service},
    store::Payload,
};

/// A principal to be entered.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrincipal {
    /// The organization whose part of the tree it may see.
    pub organization_id: String,
    /// The person behind an account; none for a caller.
    #[serde(default)]
    pub person_id: Option<String>,
    /// A name for people to read.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The roles.
    #[schema(value_type = Vec<String>, example = json!(["applicant"]))]
    pub roles: Vec<Role>,
}

/// Whether one of the roles runs or watches the service. Policy forbids sealing to an account with
/// such a role; that a person does not get around it by a second account is seen to here.
fn administers(roles: &[Role]) -> bool {
    roles.iter().any(|role| {
        matches!(
            role,
            Role::Auditor
                | Role::SystemAdministrator
                | Role::SecurityAdministrator
                | Role::AuditAdministrator
        )
    })
}

/// Whether one of the roles lets a person use seals.
fn uses(roles: &[Role]) -> bool {
    roles.contains(&Role::Keeper)
}

impl Service {
    /// Enters a principal.
    ///
    /// # Errors
    /// The person is not in scope, the roles do not fit the kind, or policy says no.
    pub async fn create_principal(&self, act: &Act, new: NewPrincipal) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "create-principal", &new);
        let organization = organization_id(&new.organization_id)?;
        let person = new
            .person_id
            .as_deref()
            .map(PersonId::parse)
            .transpose()
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let above = self.ancestry_of(act, &organization).await?;
        let permit =
            self.permit(act, Action::CreatePrincipal, Resource::Organization { ancestry: &above })?;
        let kind = if person.is_some() { PrincipalKind::Person } else { PrincipalKind::Caller };
        let only_calls = new.roles.iter().all(|role| *role == Role::Caller);
        if (kind == PrincipalKind::Caller) != only_calls || new.roles.is_empty() {
            return Err(Error::invalid(
                "invalid-roles",
                "a caller has the role caller only; an account of a person has other roles",
            ));
        }
        let now = self.now();
        let principal = Principal {
            id: PrincipalId::new(now, self.randomness()?),
            organization_id: organization,
            kind,
            person_id: person,
            name: name(&new.name)?,
            roles: new.roles,
            created_at: now,
        };
        let act = act.clone();
        self.once(&act.clone(), once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                if let Some(person) = &principal.person_id
                    && tx.person(person).await?.is_none()
                {
                    return Err(Error::NotFound("the person"));
                }
                if let Some(person) = &principal.person_id {
                    let others = tx.roles_of_person(person).await?;
                    if administers(&others) && uses(&principal.roles)
                        || uses(&others) && administers(&principal.roles)
                    {
                        return Err(Error::conflict(
                            "separation-of-duties",
                            "the person has another account: who runs or watches the service does \
                             not use seals under another name",
                        ));
                    }
                }
                tx.insert_principal(&principal).await?;
                let subject = format!("principal:{}", principal.id);
                let organization = &principal.organization_id;
                let mut event =
                    act.event(now, organization, "create-principal", subject, &decision);
                event.payload = Payload::Here(json!({ "roles": principal.roles }).to_string());
                tx.record(event).await?;
                Ok(principal)
            })
        })
        .await
    }

    /// A page of principals.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn principals(&self, act: &Act, page: &Page) -> Result<Vec<Principal>, Error> {
        let mut tx = self.own_organization(act, Action::ReadPrincipal).await?;
        Ok(tx.principals(page.after(), page.limit()).await?)
    }
}
