//! Finding seals and telling their history.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::seal_id;
use crate::{
    crypto::{Scheme, digest::hex, sm2},
    domain::{
        Timestamp,
        seal::{Credential, Seal, SealKind, StateChange},
        seal_state::SealState,
    },
    policy::{Action, Resource, SealFacts},
    service::{
        Act, Error, Service,
        administration::{Page, ancestry, organizations::organization_id},
    },
    store::SealFilter,
};

/// What a search for seals asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SealQuery {
    /// Only seals of this kind.
    pub kind: Option<SealKind>,
    /// Only seals that have a version in this state.
    pub state: Option<SealState>,
    /// Only the seal with this public code.
    pub code: Option<String>,
    /// Only seals of this organization itself.
    pub organization_id: Option<String>,
    /// Only seals whose name has this in it, 1 to 100 characters.
    pub name: Option<String>,
    /// Only seals whose version in use ends until this time.
    pub ends_until: Option<Timestamp>,
}

/// A credential with what is needed to compute what it signs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CredentialDetails {
    /// The credential.
    #[serde(flatten)]
    pub credential: Credential,
    /// The uncompressed public point, hexadecimal.
    pub public_point: String,
    /// For SM2 Z = SM3(ENTL ‖ ID ‖ …) with the identity 1234567812345678, hexadecimal.
    pub z: Option<String>,
}

/// The history of a seal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SealTimeline {
    /// Every change of state, oldest first.
    pub changes: Vec<StateChange>,
    /// The state of each version as of the time asked for, by number.
    #[schema(value_type = Vec<(i64, Option<String>)>)]
    pub states: Vec<(i64, Option<SealState>)>,
}

impl Service {
    /// A seal.
    ///
    /// # Errors
    /// It is not in scope, or policy says no.
    pub async fn seal(&self, act: &Act, id: &str) -> Result<Seal, Error> {
        let mut tx = self.reading(act).await?;
        let seal = tx.seal(&seal_id(id)?).await?.ok_or(Error::NotFound("the seal"))?;
        let above = ancestry(&mut tx, &seal.organization_id).await?;
        let facts = SealFacts { id: seal.id.to_string(), ..SealFacts::default() };
        let resource = Resource::Seal { ancestry: &above, facts: &facts, using: None };
        let _ = self.permit(act, Action::ReadSeal, resource)?;
        Ok(seal)
    }

    /// A page of seals.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn seals(
        &self,
        act: &Act,
        query: SealQuery,
        page: &Page,
    ) -> Result<Vec<Seal>, Error> {
        let mut tx = self.own_organization(act, Action::ReadOrganization).await?;
        let organization = query.organization_id.as_deref().map(organization_id).transpose()?;
        let fits = |name: &String| (1..=100).contains(&name.chars().count());
        if query.name.as_ref().is_some_and(|name| !fits(name)) {
            return Err(Error::invalid("invalid-name", "what is sought has 1 to 100 characters"));
        }
        let filter = SealFilter {
            kind: query.kind,
            state: query.state,
            code: query.code,
            organization,
            name: query.name,
            ends_until: query.ends_until,
        };
        let found = tx.seals(&filter, page.after(), page.limit()).await?;
        for seal in &found {
            let above = ancestry(&mut tx, &seal.organization_id).await?;
            let facts = SealFacts { id: seal.id.to_string(), ..SealFacts::default() };
            let resource = Resource::Seal { ancestry: &above, facts: &facts, using: None };
            let _ = self.permit(act, Action::ReadSeal, resource)?;
        }
        Ok(found)
    }

    /// The credentials of the version in use.
    ///
    /// # Errors
    /// There is none, or policy says no.
    pub async fn credentials(&self, act: &Act, id: &str) -> Result<Vec<CredentialDetails>, Error> {
        let seal = self.seal(act, id).await?;
        let version = seal.current_version().ok_or(Error::NotFound("the version of the seal"))?;
        let mut tx = self.reading(act).await?;
        let mut all = Vec::new();
        for credential in &version.credentials {
            let key = tx.key(&credential.key_id).await?.ok_or(Error::NotFound("the key"))?;
            let of_sm2 = credential.scheme == Scheme::Sm2;
            all.push(CredentialDetails {
                credential: credential.clone(),
                z: of_sm2.then(|| sm2::z(&key.public_point)).flatten().map(|z| hex(&z)),
                public_point: hex(&key.public_point),
            });
        }
        Ok(all)
    }

    /// The history of a seal, and its state as of a time.
    ///
    /// # Errors
    /// It is not in scope, or policy says no.
    pub async fn seal_timeline(
        &self,
        act: &Act,
        id: &str,
        at: Option<Timestamp>,
    ) -> Result<SealTimeline, Error> {
        let seal = self.seal(act, id).await?;
        let at = at.unwrap_or_else(|| self.now());
        let mut tx = self.reading(act).await?;
        let mut states = Vec::new();
        for version in &seal.versions {
            states.push((version.number, tx.state_at(&version.id, at).await?));
        }
        Ok(SealTimeline { changes: tx.state_changes(&seal.id).await?, states })
    }
}
