//! Who acts, and doing a thing once.

use serde::Serialize;

use super::{Error, Service};
use crate::{
    crypto::digest::{hex, sha256},
    domain::{
        Timestamp,
        access_key::AccessKeyText,
        id::{AccessKeyId, OrganizationId, PersonId},
        organization::Scope,
        principal::Principal,
    },
    policy::Decision,
    store::{AuditEvent, Claim, Payload, Tx, Work},
};

/// Who acts, and how the request wants to be treated.
#[derive(Clone, Debug, Default)]
pub struct Act {
    /// Who; none for somebody without an access key.
    pub principal: Option<Principal>,
    /// The access key that was shown.
    pub access_key: Option<AccessKeyId>,
    /// The actions that the access key is limited to.
    pub key_actions: Vec<String>,
    /// The `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The revision that `If-Match` names.
    pub if_match: Option<i64>,
}

/// An answer that may be given again, word for word.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, JSON.
    pub body: String,
    /// Whether it was given before.
    pub replayed: bool,
}

impl Act {
    /// The principal.
    ///
    /// # Errors
    /// Nobody was authenticated.
    pub fn principal(&self) -> Result<&Principal, Error> {
        self.principal.as_ref().ok_or(Error::Unauthenticated)
    }

    /// The person behind the account.
    ///
    /// # Errors
    /// The principal is a caller, or nobody was authenticated.
    pub fn person(&self) -> Result<&PersonId, Error> {
        self.principal()?
            .person_id
            .as_ref()
            .ok_or_else(|| Error::invalid("person-required", "only a person may do this"))
    }

    /// Whether the access key's own limits let an action through.
    pub fn key_allows(&self, action: &str) -> bool {
        self.key_actions.is_empty() || self.key_actions.iter().any(|known| known == action)
    }

    /// What part of the tree the principal may see.
    pub fn scope(&self) -> Scope {
        match &self.principal {
            Some(principal) => Scope::Organization(principal.organization_id.clone()),
            None => Scope::Service,
        }
    }

    /// Compares `If-Match` with the present revision.
    ///
    /// # Errors
    /// They differ.
    pub fn check_revision(&self, revision: i64) -> Result<(), Error> {
        if self.if_match.is_none_or(|wanted| wanted == revision) {
            Ok(())
        } else {
            Err(Error::Stale)
        }
    }

    /// An audit event of this actor.
    pub fn event(
        &self,
        at: Timestamp,
        organization: &OrganizationId,
        action: &'static str,
        subject: String,
        decision: &Decision,
    ) -> AuditEvent {
        AuditEvent {
            at,
            principal_id: self.principal.as_ref().map(|principal| principal.id.clone()),
            organization_id: Some(organization.clone()),
            action,
            subject,
            outcome: "done",
            decision: serde_json::to_string(decision).unwrap_or_default(),
            payload: Payload::None,
        }
    }

    /// The claim on the idempotency key, for an action with its parameters.
    pub(super) fn claim(
        &self,
        service: &Service,
        action: &str,
        parameters: &impl Serialize,
    ) -> Option<Claim> {
        // A key limited to other actions is not given earlier answers either.
        if !self.key_allows(action) {
            return None;
        }
        let key = self.idempotency_key.clone()?;
        let canonical = serde_json::to_string(&(action, parameters)).unwrap_or_default();
        let now = service.now();
        let kept = i64::from(service.config.sealing.idempotency_hours) * 3600;
        Some(Claim {
            principal_id: self.principal.as_ref()?.id.clone(),
            key,
            fingerprint: hex(&sha256(canonical.as_bytes())),
            at: now,
            expires_at: now.plus_seconds(kept),
        })
    }
}

impl Service {
    /// Finds out who shows an access key.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], or the database fails.
    pub async fn authenticate(&self, text: &str) -> Result<Act, Error> {
        let text = AccessKeyText::parse(text).ok_or(Error::Unauthenticated)?;
        let (shown, now) = (text.fingerprint(), self.now());
        if let Some(known) = self.authentications.get(&shown, now) {
            return Ok(known);
        }
        let begun = self.authentications.begin();
        let mut tx = self.store.read(Scope::Service).await?;
        let key = tx.access_key_of(&text).await?.ok_or(Error::Unauthenticated)?;
        if key.revoked_at.is_some() || key.expires_at <= now {
            return Err(Error::Unauthenticated);
        }
        let principal = tx.principal(&key.principal_id).await?.ok_or(Error::Unauthenticated)?;
        let act = Act {
            principal: Some(principal),
            access_key: Some(key.id),
            key_actions: key.actions,
            ..Act::default()
        };
        self.authentications.keep(shown, act.clone(), now, begun);
        Ok(act)
    }

    /// Does a piece of work once for its idempotency key, in one transaction with the record that
    /// it was done; without a key, does it plainly. The work's result is the answer's body.
    ///
    /// # Errors
    /// The key was used for another request, or what the work returns.
    pub(super) async fn once<T: Serialize + Send>(
        &self,
        act: &Act,
        once: Once,
        work: impl for<'t> FnOnce(&'t mut Tx) -> Work<'t, Result<T, Error>> + Send + 'static,
    ) -> Result<Answer, Error> {
        let Once { claim, status } = once;
        let answer = self
            .store
            .write(act.scope(), move |tx| {
                Box::pin(async move {
                    if let Some(claim) = &claim {
                        if let Some(answer) = replay(tx, claim).await? {
                            return Ok(answer);
                        }
                        tx.claim_all(vec![(claim, None)], claim.at).await?;
                    }
                    let result = work(tx).await?;
                    let body = serde_json::to_string(&result)
                        .map_err(|error| Error::Internal(error.to_string()))?;
                    if let Some(claim) = &claim {
                        tx.keep_answers(status, vec![(claim, body.clone(), None)]).await?;
                    }
                    Ok(Answer { status, body, replayed: false })
                })
            })
            .await;
        self.forget_what_was_read();
        answer
    }

    /// The claim and the status of an answer for [`Service::once`].
    pub(super) fn once_for(
        &self,
        act: &Act,
        status: u16,
        action: &str,
        parameters: &impl Serialize,
    ) -> Once {
        Once { claim: act.claim(self, action, parameters), status }
    }

    /// The answer that was given to the same request before, if there is one.
    ///
    /// # Errors
    /// The key was used for another request, or the database fails.
    pub(super) async fn earlier_answer(&self, once: &Once) -> Result<Option<Answer>, Error> {
        let Some(claim) = &once.claim else { return Ok(None) };
        let mut tx = self.store.read(Scope::Service).await?;
        replay(&mut tx, claim).await
    }
}

/// How an answer is kept.
pub(super) struct Once {
    pub(super) claim: Option<Claim>,
    pub(super) status: u16,
}

/// The answer kept under a key; an error where the key is in other use.
async fn replay(tx: &mut Tx, claim: &Claim) -> Result<Option<Answer>, Error> {
    match tx.kept_answer(claim).await? {
        None => Ok(None),
        Some(kept) if kept.fingerprint != claim.fingerprint => Err(Error::IdempotencyMismatch),
        Some(kept) => match kept.answer {
            Some((status, body)) => Ok(Some(Answer { status, body, replayed: true })),
            None => Err(Error::InFlight),
        },
    }
}
