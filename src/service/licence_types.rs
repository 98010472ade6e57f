//! Types of licences 证照类型, version by version.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Act, Answer, Error, Service,
    administration::{
        Page, ancestry,
        organizations::{name, organization_id},
    },
    documents::check_template,
    seals::grants::is_document_type,
};
use crate::{
    domain::{
        id::{LicenceTypeId, SealId},
        licence_type::{LicenceType, SealTemplate},
    },
    policy::{Action, Resource},
};

/// A type of licence, or its next version.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLicenceType {
    /// The organization that issues such licences.
    pub organization_id: String,
    /// The type's code 证照类型代码; grants name it as a document type.
    #[schema(example = "11100000000013127D011")]
    pub code: String,
    /// What people call it.
    #[schema(min_length = 1, max_length = 100, example = "营业执照")]
    pub name: String,
    /// The seal, of this organization.
    pub seal_id: String,
    /// What a request to seal says.
    pub template: SealTemplate,
    /// How many persons have to approve every single use.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 9)]
    pub approvals: i64,
}

impl Service {
    /// Enters a type of licence, or the next version of one, which is in force from now on.
    ///
    /// # Errors
    /// The code, name or template is unfit, the seal is another's, or policy says no.
    pub async fn create_licence_type(
        &self,
        act: &Act,
        new: NewLicenceType,
    ) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "create-licence-type", &new);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let organization = organization_id(&new.organization_id)?;
        let above = self.ancestry_of(act, &organization).await?;
        let resource = Resource::Organization { ancestry: &above };
        let permit = self.permit(act, Action::CreateLicenceType, resource)?;
        if !is_document_type(&new.code) {
            let text = "a code has 1 to 64 lower or upper case letters, digits, points and hyphens";
            return Err(Error::invalid("invalid-licence-type", text));
        }
        if !(0..=9).contains(&new.approvals) {
            return Err(Error::invalid("invalid-licence-type", "approvals are 0 to 9"));
        }
        let seal = SealId::parse(&new.seal_id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let seal = tx.seal(&seal).await?.filter(|seal| seal.organization_id == organization);
        let seal = seal.ok_or(Error::NotFound("the seal"))?;
        drop(tx);
        check_template(&seal.id, &new.template, &new.code)?;
        let now = self.now();
        let mut kind = LicenceType {
            id: LicenceTypeId::new(now, self.randomness()?),
            organization_id: organization,
            code: new.code,
            version: 0,
            name: name(&new.name)?,
            seal_id: seal.id,
            template: new.template,
            approvals: new.approvals,
            created_by: act.principal()?.id.clone(),
            created_at: now,
            retired_at: None,
        };
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.insert_licence_type(&mut kind).await?;
                let subject = format!("licence-type:{}", kind.id);
                let organization = &kind.organization_id;
                let event =
                    actor.event(now, organization, "create-licence-type", subject, &decision);
                tx.record(event).await?;
                Ok(kind)
            })
        })
        .await
    }

    /// Takes a type out of force.
    ///
    /// # Errors
    /// This version is not in force, or policy says no.
    pub async fn retire_licence_type(&self, act: &Act, id: &str) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "retire-licence-type", &id);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let id = LicenceTypeId::parse(id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let kind = tx.licence_type(&id).await?.ok_or(Error::NotFound("the licence type"))?;
        let above = ancestry(&mut tx, &kind.organization_id).await?;
        drop(tx);
        let resource = Resource::Organization { ancestry: &above };
        let permit = self.permit(act, Action::RetireLicenceType, resource)?;
        let (actor, now) = (act.clone(), self.now());
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.retire_licence_type(&kind.id, now).await?;
                let subject = format!("licence-type:{}", kind.id);
                let organization = &kind.organization_id;
                let event =
                    actor.event(now, organization, "retire-licence-type", subject, &decision);
                tx.record(event).await?;
                Ok(LicenceType { retired_at: Some(now), ..kind })
            })
        })
        .await
    }

    /// A page of versions of types, perhaps of one code.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn licence_types(
        &self,
        act: &Act,
        code: Option<&str>,
        page: &Page,
    ) -> Result<Vec<LicenceType>, Error> {
        let mut tx = self.own_organization(act, Action::ReadOrganization).await?;
        Ok(tx.licence_types(code.unwrap_or_default(), page.after(), page.limit()).await?)
    }
}
