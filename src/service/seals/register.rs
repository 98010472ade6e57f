//! Registering a seal version 备案: from here on it may be used, and its predecessor no more.

use super::{
    SealMove, change,
    ending::{crl_reason, revoke_certificates},
    find, numbered_or_newest, reread,
};
use crate::{
    domain::{
        cause::{RemakeCause, RevocationCause},
        id::new_ulid,
        seal::StateChange,
        seal_state::{SealEvent, SealState},
    },
    policy::Action,
    service::{
        Act, Answer, Error, Service, administration::organization_changes::check_exists,
        applications::duplicate,
    },
};

impl Service {
    /// Registers the newest version of a seal. A version in use is superseded in the same
    /// transaction: never two, never none.
    ///
    /// # Errors
    /// The version is not made or its validity is over, the predecessor is lost and the version was
    /// not made for that, the name was given to another seal, or policy says no.
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
        // What others may have the key of is revoked, not followed.
        let cause = match found.application.details.remake {
            Some(RemakeCause::Loss) => Some(RevocationCause::Loss),
            Some(RemakeCause::KeyCompromise) => Some(RevocationCause::KeyCompromise),
            _ => None,
        };
        let event = if cause.is_some() { SealEvent::Revoke } else { SealEvent::Supersede };
        let ended = match predecessor {
            None => None,
            Some(version) => {
                let reason = Some(format!("followed by version {}", found.version.number));
                let change = change(version, Some(act), event, reason, now)?;
                Some((version.clone(), StateChange { cause, ..change }))
            }
        };
        let certificates = match (&ended, cause) {
            (Some((version, _)), Some(cause)) => {
                self.to_revoke(&found.seal, version, crl_reason(cause))?
            }
            _ => Vec::new(),
        };
        let message = new_ulid(now, self.randomness()?);
        let renamed = found.version.name != found.seal.name;
        let actor = act.clone();
        let answer = self
            .once(act, once, move |tx| {
                Box::pin(async move {
                    let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                    check_exists(tx, &found.seal.organization_id).await?;
                    tx.lock_keepers(&found.seal.id).await?;
                    if reread(tx, &found.seal.id).await?.is_over() {
                        return Err(Error::conflict("seal-ended", "the seal is at its end"));
                    }
                    if let Some((version, event)) = &ended {
                        tx.move_version(version, event).await?;
                    }
                    if let Some(cause) = cause {
                        let revoked = (certificates.as_slice(), crl_reason(cause));
                        revoke_certificates(tx, revoked, message, now).await?;
                    }
                    if renamed {
                        let (seal, name) = (&found.seal, &found.version.name);
                        let same = tx.seal_of_name(&seal.organization_id, seal.kind, name).await?;
                        if same.is_some_and(|id| id != seal.id) {
                            return Err(duplicate());
                        }
                        tx.rename_seal(&seal.id, name).await?;
                    }
                    tx.move_version(&found.version, &activation).await?;
                    let subject = format!("seal-version:{}", found.version.id);
                    let organization = &found.seal.organization_id;
                    tx.record(actor.event(now, organization, "register", subject, &decision))
                        .await?;
                    reread(tx, &found.seal.id).await
                })
            })
            .await?;
        if cause.is_some() {
            self.publish_crls_at_once().await;
        }
        Ok(answer)
    }
}
