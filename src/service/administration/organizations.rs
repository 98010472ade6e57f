//! Organizations 机构 and persons.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{Page, ancestry};
use crate::{
    domain::{
        id::{OrganizationId, PersonId},
        organization::{Organization, Person, is_acceptable_name},
        uscc::Uscc,
    },
    policy::{Action, Resource},
    service::{Act, Answer, Error, Service},
    store::Payload,
};

/// An organization to be entered.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganization {
    /// The unified social credit code 统一社会信用代码.
    #[schema(example = "91990100MAEXAMPLEN")]
    pub uscc: String,
    /// The legal name 法定名称.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The organization above it.
    #[schema(example = "01JQZ0000000000000000000AA")]
    pub parent_id: String,
}

/// A person to be entered.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// The organization.
    pub organization_id: String,
    /// The name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
}

/// Checks a name of a record.
pub(in crate::service) fn name(text: &str) -> Result<String, Error> {
    if is_acceptable_name(text, 100) {
        Ok(text.to_owned())
    } else {
        Err(Error::invalid(
            "invalid-name",
            "a name has 1 to 100 characters, no control characters and no white space at its ends",
        ))
    }
}

/// Reads an identifier of an organization.
pub(in crate::service) fn organization_id(text: &str) -> Result<OrganizationId, Error> {
    OrganizationId::parse(text).map_err(|error| Error::invalid("invalid-id", error.to_string()))
}

impl Service {
    /// Enters an organization below another.
    ///
    /// # Errors
    /// The code or the name is unfit, the code is taken, or policy says no.
    pub async fn create_organization(
        &self,
        act: &Act,
        new: NewOrganization,
    ) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "create-organization", &new);
        let uscc = Uscc::parse(&new.uscc)
            .map_err(|error| Error::invalid("invalid-uscc", error.to_string()))?;
        let parent = organization_id(&new.parent_id)?;
        let above = self.ancestry_of(act, &parent).await?;
        let permit = self.permit(
            act,
            Action::CreateOrganization,
            Resource::Organization { ancestry: &above },
        )?;
        let now = self.now();
        let organization = Organization {
            id: OrganizationId::new(now, self.randomness()?),
            uscc,
            name: name(&new.name)?,
            parent_id: Some(parent),
            created_at: now,
            ended_at: None,
        };
        let act = act.clone();
        self.once(&act.clone(), once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.insert_organization(&organization).await.map_err(|error| {
                    if error.is_taken("organizations_uscc_unique", "organizations.uscc") {
                        Error::conflict(
                            "uscc-taken",
                            "an organization with this code is entered already",
                        )
                    } else {
                        error.into()
                    }
                })?;
                let subject = format!("organization:{}", organization.id);
                let event =
                    act.event(now, &organization.id, "create-organization", subject, &decision);
                tx.record(event).await?;
                Ok(organization)
            })
        })
        .await
    }

    /// An organization.
    ///
    /// # Errors
    /// It is not in scope, or policy says no.
    pub async fn organization(&self, act: &Act, id: &str) -> Result<Organization, Error> {
        let id = organization_id(id)?;
        let mut tx = self.reading(act).await?;
        let above = ancestry(&mut tx, &id).await?;
        let resource = Resource::Organization { ancestry: &above };
        let _ = self.permit(act, Action::ReadOrganization, resource)?.consume(self.now());
        tx.organization(&id).await?.ok_or(Error::NotFound("the organization"))
    }

    /// A page of organizations.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn organizations(&self, act: &Act, page: &Page) -> Result<Vec<Organization>, Error> {
        let mut tx = self.own_organization(act, Action::ReadOrganization).await?;
        Ok(tx.organizations(page.after(), page.limit()).await?)
    }

    /// Asks policy for an action on the principal's own organization, for lists.
    pub(in crate::service) async fn own_organization(
        &self,
        act: &Act,
        action: Action,
    ) -> Result<crate::store::Tx, Error> {
        let own = act.principal()?.organization_id.clone();
        let mut tx = self.reading(act).await?;
        let above = ancestry(&mut tx, &own).await?;
        let _ = self.permit(act, action, Resource::Organization { ancestry: &above })?;
        Ok(tx)
    }

    /// Enters a person.
    ///
    /// # Errors
    /// The name is unfit, or policy says no.
    pub async fn create_person(&self, act: &Act, new: NewPerson) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "create-person", &new);
        let organization = organization_id(&new.organization_id)?;
        let above = self.ancestry_of(act, &organization).await?;
        let permit =
            self.permit(act, Action::CreatePerson, Resource::Organization { ancestry: &above })?;
        let now = self.now();
        let person = Person {
            id: PersonId::new(now, self.randomness()?),
            organization_id: organization,
            name: name(&new.name)?,
            created_at: now,
        };
        let act = act.clone();
        self.once(&act.clone(), once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.insert_person(&person).await?;
                let subject = format!("person:{}", person.id);
                let mut event =
                    act.event(now, &person.organization_id, "create-person", subject, &decision);
                event.payload = Payload::Here(json!({ "name": person.name }).to_string());
                tx.record(event).await?;
                Ok(person)
            })
        })
        .await
    }

    /// A page of persons.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn persons(&self, act: &Act, page: &Page) -> Result<Vec<Person>, Error> {
        let mut tx = self.own_organization(act, Action::ReadPerson).await?;
        Ok(tx.persons(page.after(), page.limit()).await?)
    }
}
