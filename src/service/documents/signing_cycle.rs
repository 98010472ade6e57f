//! The signing cycle: the numbered steps stand here and in `docs/signing-cycle.md` alike.
//!
//! Steps 1 to 3 belong to what is sealed (`seal`, `sign_digest`); this file has steps 4 to 8, the
//! same for every kind of document: write what will be signed, sign, check, write what was signed.

use serde_json::json;

use super::failpoint;
use crate::{
    crypto::{
        digest::{hex, sha256},
        verify_digest,
    },
    domain::{
        id::{AttemptId, OrganizationId, SignatureId},
        seal::{Credential, Grant, Key, KeyPurpose, Seal, SealVersion},
        seal_state::SealState,
        signing::{Signature, SigningState},
    },
    pki::Certificate,
    policy::{Action, Decision, Permit},
    service::{Act, Answer, Error, Service, authority::fault},
    store::{AuditEvent, Claim, NewAttempt, NewSignature, SignatureFilter, Tx},
};

/// Step 1's result: what is sealed with.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    pub(super) seal: Seal,
    pub(super) version: SealVersion,
    pub(super) credential: Credential,
    pub(super) key: Key,
    pub(super) chain: Vec<Certificate>,
    pub(super) grant: Grant,
    pub(super) above: Vec<OrganizationId>,
}

/// An act that is permitted and prepared, not yet recorded.
pub(super) struct Intent {
    pub(super) act: Act,
    pub(super) signer: Signer,
    pub(super) permit: Permit,
    pub(super) claim: Option<Claim>,
    /// The record as it will be entered, in state `intended`.
    pub(super) signature: Signature,
    /// The digest that goes to the device.
    pub(super) to_be_signed: [u8; 32],
}

/// A signature that was made and checked, not yet on record: nothing may leave.
pub(super) struct Signed {
    intent: Recorded,
    /// DER.
    pub(super) value: Vec<u8>,
}

/// An act on record, under way.
struct Recorded {
    act: Act,
    signer: Signer,
    decision: Decision,
    claim: Option<Claim>,
    signature: Signature,
    attempt: AttemptId,
}

/// What is to be kept for giving the same answer again.
pub(super) struct Release {
    /// SHA-256 of the sealed document.
    pub(super) sealed_digest: Option<Vec<u8>>,
    /// What the caller cannot make again: the appended bytes, or the signature value.
    pub(super) appended: Vec<u8>,
}

/// What became of step 8.
enum Outcome {
    Completed,
    Withheld,
}

impl Service {
    /// Steps 4 to 6.
    pub(super) async fn sign_on_record(&self, intent: Intent) -> Result<Signed, Error> {
        failpoint!("before-intend");
        let (recorded, digest) = self.intend(intent).await?;
        failpoint!("after-intend");
        let key = &recorded.signer.key;
        // 5. The device signs, outside of any transaction, with a deadline. A late answer goes to
        //    nobody.
        let signed = self.token.sign(key, KeyPurpose::Seal, digest).await;
        failpoint!("after-sign");
        // 6. A device that lies is a fault: nothing unverified goes on.
        let checked = signed.map_err(Error::from).and_then(|value| {
            let point = recorded.signer.chain.first().map_or(&[][..], Certificate::public_key);
            verify_digest(recorded.signer.credential.scheme, point, &digest, &value)
                .map_err(|_| fault("the token's signature does not verify"))?;
            Ok(value)
        });
        failpoint!("after-verify");
        match checked {
            Ok(value) => Ok(Signed { intent: recorded, value }),
            Err(error) => Err(self.fail(recorded, error).await),
        }
    }

    /// 4. Transaction 1: everything is looked at again under lock, then the intent is written.
    async fn intend(&self, intent: Intent) -> Result<(Recorded, [u8; 32]), Error> {
        let Intent { act, signer, permit, claim, mut signature, to_be_signed } = intent;
        let now = self.now();
        let attempt = AttemptId::new(now, self.randomness()?);
        let instance = self.instance.clone();
        let (actor, locked, id) = (act.clone(), signer.clone(), attempt.clone());
        let (signature, decision, claim) = self
            .store
            .write(act.scope(), move |tx| {
                Box::pin(async move {
                    let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                    let reopened = reopen(tx, claim.as_ref(), &signature).await?;
                    require_active(tx, &locked).await?;
                    if let Some(key) = &actor.access_key
                        && !tx.access_key_works(key, now).await?
                    {
                        return Err(Error::Unauthenticated);
                    }
                    // An unresolved record kept its use of a grant; it is given back to the very
                    // grant, and the one that applies now is asked like any other time.
                    if let Some(record) =
                        reopened.as_ref().filter(|r| r.state == SigningState::Unresolved)
                    {
                        tx.return_grant_of(&record.id).await?;
                    }
                    if !tx.use_grant(&locked.grant.id, now).await? {
                        return Err(Error::conflict(
                            "quota-used-up",
                            "the grant's quota is used up, or the grant ended",
                        ));
                    }
                    match reopened {
                        Some(record) => {
                            signature.id = record.id;
                            signature.created_at = record.created_at;
                            tx.reopen_signature(&signature, &locked.grant.id).await?;
                        }
                        None => {
                            let grant_id = locked.grant.id.clone();
                            let new = NewSignature { signature: signature.clone(), grant_id };
                            tx.insert_signature(&new).await?;
                        }
                    }
                    if let Some(claim) = &claim {
                        tx.release_claim(claim).await?;
                        tx.claim(claim, Some(&signature.id)).await?;
                    }
                    tx.insert_attempt(&NewAttempt {
                        id,
                        signature_id: signature.id.clone(),
                        to_be_signed_digest: to_be_signed,
                        instance_id: instance,
                        at: now,
                    })
                    .await?;
                    tx.record(event(&actor, &locked, &signature, "intended", &decision, now))
                        .await?;
                    Ok::<_, Error>((signature, decision, claim))
                })
            })
            .await?;
        Ok((Recorded { act, signer, decision, claim, signature, attempt }, to_be_signed))
    }

    /// 8. Transaction 2: the version is looked at again under lock; only if it is still active is
    ///    the signature put on record, and only after that commit may it leave.
    pub(super) async fn release(
        &self,
        signed: Signed,
        release: Release,
    ) -> Result<(Signature, Signer), Error> {
        failpoint!("before-release");
        let Signed { intent, value } = signed;
        let now = self.now();
        let Recorded { act, signer, decision, claim, mut signature, attempt } = intent;
        signature.state = SigningState::Completed;
        signature.signature_digest = Some(hex(&sha256(&value)));
        signature.sealed_digest = release.sealed_digest.as_deref().map(hex);
        signature.completed_at = Some(now);
        let (kept, message) = match self.keepsake(claim.as_ref(), release.appended).await {
            Ok(kept) => kept,
            Err(error) => {
                let recorded = Recorded { act, signer, decision, claim, signature, attempt };
                return Err(self.fail(recorded, error).await);
            }
        };
        let (record, locked) = (signature.clone(), signer.clone());
        let outcome = self
            .store
            .write(act.scope(), move |tx| {
                Box::pin(async move {
                    // An attempt that recovery has closed meanwhile is not ours any more.
                    if tx.lock_state(&locked.version.id).await? != Some(SealState::Active) {
                        end(tx, &record.id, &attempt, SigningState::Withheld, now).await?;
                        if let Some(claim) = &claim {
                            tx.release_claim(claim).await?;
                        }
                        tx.return_grant(&locked.grant.id).await?;
                        tx.record(event(&act, &locked, &record, "withheld", &decision, now))
                            .await?;
                        return Ok::<_, Error>(Outcome::Withheld);
                    }
                    tx.end_attempt(&attempt, SigningState::Completed, now).await?;
                    tx.complete_signature(&record).await?;
                    let body = serde_json::to_string(&record)
                        .map_err(|error| Error::Internal(error.to_string()))?;
                    tx.insert_evidence_leaf(&record.id, body.clone(), now).await?;
                    let notice = json!({ "signature": record.id });
                    tx.post(message, "signature-completed", &notice, now).await?;
                    if let Some(claim) = &claim {
                        tx.keep_answer(claim, 201, body, kept).await?;
                    }
                    tx.record(event(&act, &locked, &record, "completed", &decision, now)).await?;
                    Ok(Outcome::Completed)
                })
            })
            .await?;
        failpoint!("after-release");
        match outcome {
            Outcome::Completed => Ok((signature, signer)),
            Outcome::Withheld => Err(Error::Withheld),
        }
    }

    /// What is kept for the same answer again, encrypted, and the name of the outbox message.
    async fn keepsake(
        &self,
        claim: Option<&Claim>,
        appended: Vec<u8>,
    ) -> Result<(Option<(Vec<u8>, String)>, String), Error> {
        let message = crate::domain::id::new_ulid(self.now(), self.randomness()?);
        Ok(match claim {
            Some(claim) => (Some(self.conceal(&kept_purpose(claim), appended).await?), message),
            None => (None, message),
        })
    }

    /// Ends an act after the document failed in step 7; nothing was released.
    pub(super) async fn abort(&self, signed: Signed, error: Error) -> Error {
        self.fail(signed.intent, error).await
    }

    /// Writes down that nothing came of it; the reason is handed through.
    async fn fail(&self, recorded: Recorded, error: Error) -> Error {
        let now = self.now();
        let Recorded { act, signer, decision, claim, signature, attempt } = recorded;
        let written = self
            .store
            .write(act.scope(), move |tx| {
                Box::pin(async move {
                    end(tx, &signature.id, &attempt, SigningState::Failed, now).await?;
                    tx.return_grant(&signer.grant.id).await?;
                    if let Some(claim) = &claim {
                        tx.release_claim(claim).await?;
                    }
                    tx.record(event(&act, &signer, &signature, "failed", &decision, now)).await?;
                    Ok::<_, Error>(())
                })
            })
            .await;
        if let Err(second) = written {
            tracing::error!(%second, "a failed signing could not be closed; recovery will");
        }
        error
    }

    /// The answer that was given to the same request before: the record and what was kept beside.
    pub(super) async fn kept_release(
        &self,
        claim: Option<&Claim>,
    ) -> Result<Option<(Answer, Vec<u8>)>, Error> {
        let Some(claim) = claim else { return Ok(None) };
        let kept = self
            .store
            .read(crate::domain::organization::Scope::Service)
            .await?
            .kept_answer(claim)
            .await?;
        let Some(kept) = kept else { return Ok(None) };
        if kept.fingerprint != claim.fingerprint {
            return Err(Error::IdempotencyMismatch);
        }
        match (kept.answer, kept.appended) {
            (Some((status, body)), Some((concealed, data_key))) => {
                let plain = self.reveal(&kept_purpose(claim), &concealed, &data_key).await?;
                Ok(Some((Answer { status, body, replayed: true }, plain)))
            }
            (Some(_), None) => Err(Error::IdempotencyMismatch),
            // Under way, or left over from a process that died: transaction 1 tells which.
            (None, _) => Ok(None),
        }
    }
}

fn kept_purpose(claim: &Claim) -> String {
    format!("idempotency {} {}", claim.principal_id, claim.key)
}

/// The record that this request takes up again, if an earlier attempt at it came to nothing.
async fn reopen(
    tx: &mut Tx,
    claim: Option<&Claim>,
    wanted: &Signature,
) -> Result<Option<Signature>, Error> {
    if let Some(claim) = claim
        && let Some(kept) = tx.kept_answer(claim).await?
    {
        if kept.fingerprint != claim.fingerprint {
            return Err(Error::IdempotencyMismatch);
        }
        let earlier = match kept.signature_id {
            Some(id) => tx.signature(&id).await?,
            None => None,
        };
        // A completed one is told to the caller who asks again: its answer is kept by now.
        return match earlier {
            Some(record) if record.state == SigningState::Unresolved => Ok(Some(record)),
            _ => Err(Error::InFlight),
        };
    }
    let Some(number) = &wanted.business_number else { return Ok(None) };
    let filter =
        SignatureFilter { business_number: Some(number.clone()), ..SignatureFilter::default() };
    let earlier = tx.signatures(&filter, "", 200).await?.into_iter().find(|record| {
        record.principal_id == wanted.principal_id && record.seal_id == wanted.seal_id
    });
    match earlier {
        None => Ok(None),
        Some(record)
            if record.document_digest == wanted.document_digest
                && record.format == wanted.format
                && record.document_type == wanted.document_type
                && !matches!(record.state, SigningState::Intended | SigningState::Completed) =>
        {
            Ok(Some(record))
        }
        Some(record) => Err(Error::conflict(
            "business-number-taken",
            format!("the business number was used for signature {}", record.id),
        )),
    }
}

async fn require_active(tx: &mut Tx, signer: &Signer) -> Result<(), Error> {
    match tx.lock_state(&signer.version.id).await? {
        Some(SealState::Active) => Ok(()),
        Some(state) => Err(not_active(state)),
        None => Err(Error::NotFound("the seal")),
    }
}

/// The seal cannot be used in this state.
pub(super) fn not_active(state: SealState) -> Error {
    Error::conflict("seal-not-active", format!("the seal is {state}; only an active seal seals"))
}

async fn end(
    tx: &mut Tx,
    id: &SignatureId,
    attempt: &AttemptId,
    state: SigningState,
    now: crate::domain::Timestamp,
) -> Result<(), Error> {
    tx.end_attempt(attempt, state, now).await?;
    tx.end_signature(id, state).await?;
    Ok(())
}

fn event(
    act: &Act,
    signer: &Signer,
    signature: &Signature,
    outcome: &'static str,
    decision: &Decision,
    now: crate::domain::Timestamp,
) -> AuditEvent {
    let subject = format!("signature:{}", signature.id);
    let organization = &signer.seal.organization_id;
    let action = if signature.content_unseen { Action::SignDigest } else { Action::Use };
    let mut event = act.event(now, organization, action.as_str(), subject, decision);
    event.outcome = outcome;
    event.payload = json!({
        "seal": signer.seal.code,
        "version": signer.version.number,
        "document": signature.document_digest,
        "signature": signature.signature_digest,
    });
    event
}
