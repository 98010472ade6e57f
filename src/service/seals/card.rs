//! Everything on the card of a seal 印章卡片.

use crate::{
    domain::{
        keeper::Keeper,
        organization::Organization,
        seal::{Picture, Seal, StateChange},
    },
    service::{Act, Error, Service},
    store::Tx,
};

/// The card of a seal.
#[derive(Clone, Debug)]
pub struct SealCard {
    /// The seal.
    pub seal: Seal,
    /// Its owner.
    pub organization: Organization,
    /// The picture of the version in question, where it is known.
    pub picture: Option<Picture>,
    /// Every change of state with the name of who did it, oldest first.
    pub changes: Vec<(StateChange, String)>,
    /// Its keepers of all times with their names, newest first.
    pub keepers: Vec<(Keeper, String)>,
    /// How many documents it sealed.
    pub signatures: i64,
}

impl Service {
    /// The card of a seal.
    ///
    /// # Errors
    /// It is not in scope, or policy says no.
    pub async fn seal_card(&self, act: &Act, id: &str) -> Result<SealCard, Error> {
        let seal = self.seal(act, id).await?;
        let mut tx = self.reading_service().await?;
        let organization = tx.organization(&seal.organization_id).await?;
        let organization = organization.ok_or(Error::NotFound("the organization"))?;
        let picture = match seal.current_version() {
            Some(version) => tx.picture(&version.id).await?,
            None => None,
        };
        let mut changes = Vec::new();
        for change in tx.state_changes(&seal.id).await? {
            let name = match &change.principal_id {
                Some(principal) => tx.principal(principal).await?.map(|found| found.name),
                None => Some("系统 the clock".to_owned()),
            };
            changes.push((change, name.unwrap_or_default()));
        }
        let mut keepers = Vec::new();
        for keeper in tx.keepers(&seal.id).await? {
            let name = person_name(&mut tx, &keeper.person_id).await?;
            keepers.push((keeper, name));
        }
        let signatures = tx.uses_of_seal(&seal.id).await?;
        Ok(SealCard { seal, organization, picture, changes, keepers, signatures })
    }
}

async fn person_name(tx: &mut Tx, id: &crate::domain::id::PersonId) -> Result<String, Error> {
    Ok(tx.person(id).await?.map(|person| person.name).unwrap_or_default())
}
