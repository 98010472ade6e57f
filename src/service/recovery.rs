//! Closing what a process that died left under way. Nothing is signed and no key is deleted.

use super::{Error, Service};
use crate::{
    domain::organization::Scope,
    store::{AuditEvent, Payload},
};

impl Service {
    /// Renews this process's lease: others leave its attempts alone for as long.
    ///
    /// # Errors
    /// The database fails.
    pub async fn renew_lease(&self) -> Result<(), Error> {
        let now = self.now();
        let until = now.plus_seconds(i64::from(self.config.sealing.lease_seconds));
        let instance = self.instance.clone();
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move { Ok(tx.renew_lease(&instance, now, until).await?) })
            })
            .await
    }

    /// Closes the attempts of processes whose lease is over; `alone` says that no other process can
    /// be alive. Returns how many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn recover_signings(&self, alone: bool) -> Result<usize, Error> {
        let now = self.now();
        let instance = self.instance.clone();
        let deadline = i64::try_from(self.config.token.deadline_ms / 1000).unwrap_or(600);
        let stuck = now.plus_seconds(-(2 * deadline + 120));
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move {
                    let closed = tx.close_orphans(&instance, alone, (now, stuck)).await?;
                    for id in &closed {
                        tracing::warn!(signature = %id, "a signing was left under way; unresolved");
                        tx.record(AuditEvent {
                            at: now,
                            principal_id: None,
                            organization_id: None,
                            action: "recover-signing",
                            subject: format!("signature:{id}"),
                            outcome: "unresolved",
                            decision: "{}".to_owned(),
                            payload: Payload::None,
                        })
                        .await?;
                    }
                    Ok(closed.len())
                })
            })
            .await
    }

    /// Forgets answers kept for idempotency keys that are out of date.
    ///
    /// # Errors
    /// The database fails.
    pub async fn prune_idempotency(&self) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(Scope::Service, move |tx| {
                Box::pin(async move { Ok(tx.prune_idempotency(now).await.map(|_| ())?) })
            })
            .await
    }
}
