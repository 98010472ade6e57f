//! The life of a seal 印章, one story a file.

mod card;
mod certificate_revocations;
mod certify;
mod destroy_key;
mod ending;
mod expire;
mod export;
mod find;
mod gates;
mod generate_key;
pub mod grants;
mod import;
mod keepers;
mod loss;
mod make;
mod moves;
mod picture;
mod proposals;
mod register;
mod structure;

pub use card::SealCard;
pub use certificate_revocations::RevocationDone;
pub use find::{CredentialDetails, SealQuery, SealTimeline};
pub use generate_key::NewKey;
pub use import::SealList;
pub(in crate::service) use import::free_code;
pub(in crate::service) use keepers::check_kept;
pub use keepers::{KeepingEnd, NewKeeper};
pub use make::Making;
pub use moves::SealMove;
pub use picture::{NewEmblem, NewPicture, PictureComparison, PictureForm};
pub use proposals::{NewDestruction, NewExOfficio, NewWaiver};

use super::{Act, Error, Service, administration::ancestry};
use crate::{
    domain::{
        Timestamp,
        application::Application,
        id::{OrganizationId, SealId},
        keeper::Keeper,
        seal::{Seal, SealVersion, StateChange},
        seal_state::SealEvent,
    },
    policy::{Action, Permit, Resource, SealFacts},
    store::Tx,
};

/// A seal with the version in question, as read for a decision.
pub(super) struct Found {
    pub(super) seal: Seal,
    pub(super) application: Application,
    pub(super) version: SealVersion,
    pub(super) above: Vec<OrganizationId>,
    pub(super) facts: SealFacts,
}

fn seal_id(text: &str) -> Result<SealId, Error> {
    SealId::parse(text).map_err(|error| Error::invalid("invalid-id", error.to_string()))
}

/// Reads a seal in scope with the version that `choose` picks.
pub(super) async fn find(
    tx: &mut Tx,
    id: &str,
    choose: impl FnOnce(&Seal) -> Option<&SealVersion>,
    now: Timestamp,
) -> Result<Found, Error> {
    let seal = tx.seal(&seal_id(id)?).await?.ok_or(Error::NotFound("the seal"))?;
    let above = ancestry(tx, &seal.organization_id).await?;
    let version = choose(&seal).cloned().ok_or(Error::NotFound("the version of the seal"))?;
    let application = tx.application(&version.application_id).await?;
    let application = application.ok_or(Error::NotFound("the application"))?;
    let person = |id: &Option<crate::domain::id::PersonId>| {
        id.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    let keepers = tx.keepers(&seal.id).await?;
    let persons = |which: &dyn Fn(&Keeper) -> bool| -> Vec<String> {
        let kept = keepers.iter().filter(|keeper| keeper.keeps_at(now) && which(keeper));
        kept.map(|keeper| keeper.person_id.to_string()).collect()
    };
    let facts = SealFacts {
        id: seal.id.to_string(),
        kind: seal.kind.to_string(),
        state: version.state.to_string(),
        applicant_person: application.applicant_person_id.to_string(),
        reviewers: application.reviewers().map(ToString::to_string).collect(),
        loss_reported_by: person(&version.loss_reported_by),
        recovery_confirmed_by: person(&version.recovery_confirmed_by),
        keepers: persons(&|_| true),
        stand_ins: persons(&|k| k.stand_in),
        named_keeper: String::new(),
        proposed_by: String::new(),
        proposal_kind: String::new(),
    };
    Ok(Found { seal, application, version, above, facts })
}

/// The version of a number, or the newest one.
pub(super) fn numbered_or_newest(
    number: Option<i64>,
) -> impl FnOnce(&Seal) -> Option<&SealVersion> {
    move |seal| match number {
        Some(number) => seal.versions.iter().find(|version| version.number == number),
        None => seal.versions.last(),
    }
}

/// The version of a number, or the one in use.
pub(super) fn numbered_or_current(
    number: Option<i64>,
) -> impl FnOnce(&Seal) -> Option<&SealVersion> {
    move |seal| match number {
        Some(number) => seal.versions.iter().find(|version| version.number == number),
        None => seal.current_version(),
    }
}

impl Found {
    /// The seal as the resource of a question.
    pub(super) fn resource(&self) -> Resource<'_> {
        Resource::Seal { ancestry: &self.above, facts: &self.facts, using: None }
    }

    /// Asks policy and compares `If-Match`.
    pub(super) fn permit(
        &self,
        service: &Service,
        act: &Act,
        action: Action,
    ) -> Result<Permit, Error> {
        let permit = service.permit(act, action, self.resource())?;
        act.check_revision(self.version.revision)?;
        Ok(permit)
    }

    /// The change of state by an event.
    ///
    /// # Errors
    /// The law does not know the move.
    pub(super) fn change(
        &self,
        act: &Act,
        event: SealEvent,
        reason: Option<String>,
        at: Timestamp,
    ) -> Result<StateChange, Error> {
        change(&self.version, Some(act), event, reason, at)
    }
}

/// The change of state of a version by an event; without an actor it is the clock's doing.
pub(super) fn change(
    version: &SealVersion,
    act: Option<&Act>,
    event: SealEvent,
    reason: Option<String>,
    at: Timestamp,
) -> Result<StateChange, Error> {
    Ok(StateChange {
        seal_version_id: version.id.clone(),
        from: Some(version.state),
        event: Some(event),
        to: version.state.after(event)?,
        reason,
        cause: None,
        principal_id: act.and_then(|act| act.principal.as_ref()).map(|p| p.id.clone()),
        at,
    })
}

/// Reads a seal that came nearer to its end inside the transaction, for the answer, and notes where
/// that is its end for good.
pub(super) async fn settled(tx: &mut Tx, id: &SealId, now: Timestamp) -> Result<Seal, Error> {
    let seal = reread(tx, id).await?;
    if seal.is_over() {
        tx.close_seal(id, now).await?;
    }
    Ok(seal)
}

/// Reads a seal again inside the transaction that changed it, for the answer.
pub(super) async fn reread(tx: &mut Tx, id: &SealId) -> Result<Seal, Error> {
    tx.seal(id).await?.ok_or(Error::NotFound("the seal"))
}
