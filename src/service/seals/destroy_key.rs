//! Destroying the keys of a version that is at its end 销毁密钥: put on record first, then the token
//! does it, then it is written that it was done. Where the token fails in between, confirming once
//! more goes on with it.

use super::Found;
use crate::{
    domain::{
        id::KeyId,
        proposal::{Proposal, ProposalState},
        seal::{Custody, Seal, SealVersion},
    },
    policy::Permit,
    service::{Act, Answer, Error, Service, act::Once},
};

/// Whether the keys of a version may be destroyed.
pub(super) fn check(seal: &Seal, version: &SealVersion) -> Result<(), Error> {
    if !version.state.is_terminal() {
        let state = version.state;
        let text =
            format!("the version is {state}; only keys of versions at their end are destroyed");
        return Err(Error::conflict("key-in-use", text));
    }
    let keys: Vec<&KeyId> = version.credentials.iter().map(|c| &c.key_id).collect();
    let others = seal.versions.iter().filter(|v| !v.state.is_terminal());
    let shared = others.flat_map(|v| &v.credentials).any(|c| keys.contains(&&c.key_id));
    if shared {
        let text = "a later version of the seal uses the key";
        return Err(Error::conflict("key-in-use", text));
    }
    Ok(())
}

impl Service {
    /// Carries out what two persons decided.
    pub(super) async fn confirm_key_destruction(
        &self,
        act: &Act,
        once: Once,
        permit: Permit,
        (proposal, found): (Proposal, Found),
    ) -> Result<Answer, Error> {
        check(&found.seal, &found.version)?;
        let now = self.now();
        let keys: Vec<(KeyId, Custody)> =
            found.version.credentials.iter().map(|c| (c.key_id.clone(), c.custody)).collect();
        // Where the token failed after two persons decided, confirming once more goes on with it.
        if proposal.state != ProposalState::Confirmed {
            let by = act.principal()?.id.clone();
            let decided = proposal.clone().decide(ProposalState::Confirmed, by, now)?;
            let (actor, keys, version) = (act.clone(), keys.clone(), found.version.clone());
            let organization = found.seal.organization_id.clone();
            self.store
                .write(act.scope(), move |tx| {
                    Box::pin(async move {
                        let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                        // Somebody may be about to renew with this very key.
                        tx.lock_keepers(&decided.seal_id).await?;
                        let seal = super::reread(tx, &decided.seal_id).await?;
                        check(&seal, &version)?;
                        tx.decide_proposal(&decided).await?;
                        for (key, _) in &keys {
                            tx.begin_key_destruction(key, &decided.id).await?;
                        }
                        let subject = format!("proposal:{}", decided.id);
                        let event =
                            actor.event(now, &organization, "confirm-proposal", subject, &decision);
                        tx.record(event).await?;
                        Ok::<_, Error>(())
                    })
                })
                .await?;
        }
        self.forget_what_was_read();
        for (key, custody) in &keys {
            if *custody == Custody::Hsm {
                self.devices.token().destroy(key).await?;
            }
        }
        let (actor, organization) = (act.clone(), found.seal.organization_id.clone());
        let id = proposal.id.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                for (key, _) in &keys {
                    if tx.end_key_destruction(key, now).await? {
                        let mut event = crate::store::AuditEvent {
                            at: now,
                            principal_id: None,
                            organization_id: Some(organization.clone()),
                            action: "destroy-key",
                            subject: format!("key:{key}"),
                            outcome: "done",
                            decision: "{}".to_owned(),
                            payload: crate::store::Payload::None,
                        };
                        event.principal_id = actor.principal.as_ref().map(|p| p.id.clone());
                        tx.record(event).await?;
                    }
                }
                tx.proposal(&id).await?.ok_or(Error::NotFound("the proposal"))
            })
        })
        .await
    }
}
