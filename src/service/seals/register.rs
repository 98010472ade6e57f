//! Registering a seal version 备案: from here on it may be used, and its predecessor no more.

use super::{SealMove, change, find, numbered_or_newest, reread};
use crate::{
    domain::seal_state::{SealEvent, SealState},
    policy::Action,
    service::{Act, Answer, Error, Service},
};

impl Service {
    /// Registers the newest version of a seal. A version in use is superseded in the same
    /// transaction: never two, never none.
    ///
    /// # Errors
    /// The version is not made or its validity is over, the predecessor is lost, or policy says no.
    pub async fn register(&self, act: &Act, id: &str, asked: SealMove) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "register", &(id, &asked));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_newest(asked.version), self.now()).await?;
        drop(tx);
        let permit = found.permit(self, act, Action::Register)?;
        let now = self.now();
        let activation = found.change(act, SealEvent::Register, asked.reason, now)?;
        if found.version.valid_until.is_none_or(|until| until <= now) {
            return Err(Error::conflict("certificate-expired", "the version's validity is over"));
        }
        let predecessor = found.seal.versions.iter().find(|version| {
            matches!(version.state, SealState::Active | SealState::Suspended | SealState::Lost)
        });
        let superseded = match predecessor {
            None => None,
            Some(version) => {
                let reason = Some(format!("superseded by version {}", found.version.number));
                let event = change(version, Some(act), SealEvent::Supersede, reason, now)?;
                Some((version.clone(), event))
            }
        };
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                if let Some((version, event)) = &superseded {
                    tx.move_version(version, event).await?;
                }
                tx.move_version(&found.version, &activation).await?;
                let subject = format!("seal-version:{}", found.version.id);
                let organization = &found.seal.organization_id;
                tx.record(actor.event(now, organization, "register", subject, &decision)).await?;
                reread(tx, &found.seal.id).await
            })
        })
        .await
    }
}
