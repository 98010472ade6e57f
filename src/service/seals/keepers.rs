//! Keepers 保管人: named, accepted by themselves, handed over with both confirming, ended.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Found, find, numbered_or_newest};
use crate::{
    domain::{
        Timestamp,
        id::{KeeperId, PersonId, SealId},
        keeper::{Keeper, KeeperEvent, KeeperState},
    },
    policy::Action,
    service::{Act, Answer, Error, Service, applications::reason},
    store::{Payload, Tx},
};

/// A keeper to be named.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeeper {
    /// The person; another than the one who names.
    pub person_id: String,
    /// The keeping that is handed over 移交; it ends when the new keeper accepts.
    #[serde(default)]
    pub replaces: Option<String>,
    /// For an absence only 代管; needs an end.
    #[serde(default)]
    pub stand_in: bool,
    /// The end of the term; none: without end.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
}

/// Why a keeping ends or is declined.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepingEnd {
    /// The reason.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// Refuses the use of a seal that nobody keeps.
pub(in crate::service) fn check_kept(
    kept_until: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    if kept_until.is_some_and(|until| now < until) {
        return Ok(());
    }
    Err(Error::conflict(
        "seal-without-keeper",
        "nobody keeps the seal; a keeper has to be named and to accept",
    ))
}

fn keeper_id(text: &str) -> Result<KeeperId, Error> {
    KeeperId::parse(text).map_err(|error| Error::invalid("invalid-id", error.to_string()))
}

impl Service {
    /// Names a keeper of a seal, who then has to accept.
    ///
    /// # Errors
    /// The person is unknown, is the one who names or keeps the seal already; the term is over; or
    /// policy says no.
    pub async fn name_keeper(&self, act: &Act, id: &str, new: NewKeeper) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "name-keeper", &(id, &new));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let unfit = |why: &str| Error::invalid("invalid-keeper", why);
        let person = PersonId::parse(&new.person_id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let replaces = new.replaces.as_deref().map(keeper_id).transpose()?;
        let mut tx = self.reading(act).await?;
        let mut found = find(&mut tx, id, numbered_or_newest(None), self.now()).await?;
        let keepers = tx.keepers(&found.seal.id).await?;
        let own = act.person()?.clone();
        // Whose keeping it is about: the one handed over, or one's own that is stood in for.
        let handed = keepers.iter().find(|keeper| Some(&keeper.id) == replaces.as_ref());
        found.facts.named_keeper = match handed {
            Some(handed) => handed.person_id.to_string(),
            None if new.stand_in => own.to_string(),
            None => String::new(),
        };
        let permit = self.permit(act, Action::NameKeeper, found.resource())?;
        let person = tx.person(&person).await?.ok_or(Error::NotFound("the person"))?;
        drop(tx);
        let now = self.now();
        if own == person.id {
            return Err(unfit("keepers are named by another person"));
        }
        if new.stand_in && replaces.is_some() {
            return Err(unfit("a stand-in takes nothing over; leave out replaces or stand_in"));
        }
        if new.until.is_some_and(|until| until <= now) || (new.stand_in && new.until.is_none()) {
            return Err(unfit("a term ends in the future, and a stand-in has a term"));
        }
        let same = |k: &&Keeper| k.person_id == person.id;
        let open = |k: &Keeper| k.state == KeeperState::Designated || k.keeps_at(now);
        if keepers.iter().filter(same).any(open) {
            return Err(already());
        }
        // A term that is over is closed, so that the person can be named again.
        let lapsed = keepers.iter().filter(same).find(|k| k.state == KeeperState::Keeping).cloned();
        if replaces.is_some() && handed.is_none() {
            return Err(Error::NotFound("the keeper that is replaced"));
        }
        if handed.is_some_and(|handed| !handed.keeps_at(now)) {
            return Err(unfit("only a keeper who keeps the seal hands it over"));
        }
        let mine = keepers.iter().find(|k| k.person_id == own && k.keeps_at(now));
        let end = |until: Option<Timestamp>| until.unwrap_or(Timestamp::from_micros(i64::MAX));
        let longest = handed.into_iter().chain(mine).map(|keeper| end(keeper.until)).min();
        if longest.is_some_and(|longest| end(new.until) > longest) {
            return Err(unfit("what is handed over does not last longer than it was given"));
        }
        let keeps = mine.is_some();
        let keeper = Keeper {
            id: KeeperId::new(now, self.randomness()?),
            seal_id: found.seal.id.clone(),
            person_id: person.id,
            state: KeeperState::Designated,
            stand_in: new.stand_in,
            until: new.until,
            replaces,
            designated_by: act.principal()?.id.clone(),
            designated_at: now,
            accepted_at: None,
            ended_at: None,
            end_reason: None,
        };
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                if keeps {
                    still_keeps(tx, &keeper.seal_id, &own, now).await?;
                }
                if let Some(lapsed) = lapsed {
                    let why = Some("任期届满 term over".to_owned());
                    let over = lapsed.clone().after(KeeperEvent::End, why, now)?;
                    tx.update_keeper(&lapsed, &over).await?;
                }
                tx.insert_keeper(&keeper).await.map_err(|error| {
                    let columns = "seal_keepers.seal_id, seal_keepers.person_id";
                    if error.is_taken("seal_keepers_once", columns) {
                        already()
                    } else {
                        error.into()
                    }
                })?;
                let subject = format!("keeper:{}", keeper.id);
                let organization = &found.seal.organization_id;
                let mut event = actor.event(now, organization, "name-keeper", subject, &decision);
                event.payload = payload(&keeper);
                tx.record(event).await?;
                Ok(keeper)
            })
        })
        .await
    }

    /// Accepts, declines or ends a keeping. With an accepted handover the other keeping ends.
    ///
    /// # Errors
    /// There is none, its state does not allow it, or policy says no: only the named person accepts
    /// or declines; a keeper of the seal or the registrar ends.
    pub async fn move_keeper(
        &self,
        act: &Act,
        (id, keeper): (&str, &str),
        event: KeeperEvent,
        why: Option<&str>,
    ) -> Result<Answer, Error> {
        let (action, verb) = match event {
            KeeperEvent::Accept => (Action::AcceptKeeping, "accept-keeping"),
            KeeperEvent::Decline => (Action::AcceptKeeping, "decline-keeping"),
            KeeperEvent::End => (Action::EndKeeping, "end-keeping"),
        };
        let once = self.once_for(act, 200, verb, &(id, keeper, why));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let keeper = keeper_id(keeper)?;
        let mut tx = self.reading(act).await?;
        let mut found = find(&mut tx, id, numbered_or_newest(None), self.now()).await?;
        let keepers = tx.keepers(&found.seal.id).await?;
        drop(tx);
        let read = keepers.iter().find(|known| known.id == keeper).cloned();
        let read = read.ok_or(Error::NotFound("the keeper"))?;
        // Who named somebody may take the naming back like his own.
        let withdrawn = event == KeeperEvent::End
            && read.state == KeeperState::Designated
            && read.designated_by == act.principal()?.id;
        let about = if withdrawn { act.person()? } else { &read.person_id };
        found.facts.named_keeper = about.to_string();
        let permit = self.permit(act, action, found.resource())?;
        let now = self.now();
        let moved = read.clone().after(event, why.map(reason).transpose()?, now)?;
        let over = match (event, &read.replaces) {
            (KeeperEvent::Accept, Some(id)) => Some(handed_over(&keepers, id, now)?),
            _ => None,
        };
        if event == KeeperEvent::Accept && !moved.keeps_at(now) {
            return Err(Error::conflict("invalid-keeping", "the term is over"));
        }
        let was_kept = event == KeeperEvent::End && read.state == KeeperState::Keeping;
        let actor = act.clone();
        let Found { seal, .. } = found;
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.update_keeper(&read, &moved).await?;
                if let Some((before, after)) = &over {
                    tx.update_keeper(before, after).await?;
                }
                let ended = over.as_ref().map(|(_, after)| after);
                if let Some(ended) = ended.or(was_kept.then_some(&moved)) {
                    let why = "指定人不再保管 who named keeps the seal no more";
                    tx.end_namings_after(ended, why, now).await?;
                }
                tx.update_kept_until(&seal.id).await?;
                let subject = format!("keeper:{}", moved.id);
                let mut event = actor.event(now, &seal.organization_id, verb, subject, &decision);
                event.payload = payload(&moved);
                tx.record(event).await?;
                Ok(moved)
            })
        })
        .await
    }

    /// The keepers of a seal, of all times, newest first.
    ///
    /// # Errors
    /// The seal is not in scope, or policy says no.
    pub async fn keepers(&self, act: &Act, id: &str) -> Result<Vec<Keeper>, Error> {
        let seal = self.seal(act, id).await?;
        Ok(self.reading(act).await?.keepers(&seal.id).await?)
    }
}

/// The keeping that ends with an accepted handover, before and after.
fn handed_over(
    keepers: &[Keeper],
    id: &KeeperId,
    now: Timestamp,
) -> Result<(Keeper, Keeper), Error> {
    let before = keepers
        .iter()
        .find(|k| k.id == *id && k.keeps_at(now))
        .ok_or_else(|| Error::conflict("invalid-keeping", "what would be handed over is over"))?;
    let after = before.clone().after(KeeperEvent::End, Some("移交 handed over".to_owned()), now)?;
    Ok((before.clone(), after))
}

/// Looks again, under lock, whether a person keeps a seal: who was dismissed since policy was asked
/// must not act.
pub(super) async fn still_keeps(
    tx: &mut Tx,
    seal: &SealId,
    person: &PersonId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.lock_keepers(seal).await?;
    let keepers = tx.keepers(seal).await?;
    if keepers.iter().any(|keeper| keeper.person_id == *person && keeper.keeps_at(now)) {
        return Ok(());
    }
    Err(Error::conflict("invalid-keeping", "the keeping ended meanwhile"))
}

fn already() -> Error {
    Error::conflict("keeper-already", "the person keeps the seal already, or is named")
}

fn payload(keeper: &Keeper) -> Payload {
    let told = serde_json::json!({ "seal": keeper.seal_id, "replaces": keeper.replaces });
    Payload::Here(told.to_string())
}
