//! Expiry 到期: what the clock does.

use super::{change, reread};
use crate::{
    domain::{
        organization::Scope,
        seal_state::{SealEvent, SealState},
    },
    service::{Error, Service},
    store::{AuditEvent, Payload},
};

impl Service {
    /// Expires every version whose validity is over; returns how many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn expire_seals(&self) -> Result<usize, Error> {
        let now = self.now();
        let due = self.store.read(Scope::Service).await?.versions_due(now).await?;
        let count = due.len();
        for id in due {
            self.store
                .write(Scope::Service, move |tx| {
                    Box::pin(async move {
                        let seal = reread(tx, &id).await?;
                        let over = seal.versions.iter().filter(|version| {
                            matches!(version.state, SealState::Active | SealState::Suspended)
                                && version.valid_until.is_some_and(|until| until < now)
                        });
                        for version in over {
                            let event = change(version, None, SealEvent::Expire, None, now)?;
                            tx.move_version(version, &event).await?;
                            tx.record(AuditEvent {
                                at: now,
                                principal_id: None,
                                organization_id: Some(seal.organization_id.clone()),
                                action: "expire",
                                subject: format!("seal-version:{}", version.id),
                                outcome: "done",
                                decision: "{}".to_owned(),
                                payload: Payload::None,
                            })
                            .await?;
                        }
                        Ok::<_, Error>(())
                    })
                })
                .await?;
        }
        self.forget_what_was_read();
        Ok(count)
    }
}
