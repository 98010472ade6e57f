//! The signing cycle: the numbered steps stand here and in `docs/signing-cycle.md` alike.
//!
//! Steps 1 to 3 belong to what is sealed (`seal`, `sign_digest`); this file has steps 4 to 8, the
//! same for every kind of document: write what will be signed (`intend`), sign, check, write what
//! was signed (`release`).

use std::sync::Arc;

use serde::Serialize;

use super::{
    failpoint,
    intend::Intention,
    release::{Released, Releasing},
};
use crate::{
    containers::ses::SesVersion,
    crypto::{
        Scheme,
        digest::{hex, sha256},
        verify_digest,
    },
    domain::{
        Timestamp,
        id::{AttemptId, OrganizationId, PrincipalId, UseApprovalId},
        seal::{Credential, Grant, Key, KeyPurpose, Seal, SealVersion},
        seal_state::SealState,
        signing::{DocumentFormat, Signature, SigningState},
    },
    pki::Certificate,
    policy::{Action, Decision, Level, Permit},
    service::{Act, Answer, Error, Service, authority::fault},
    store::{AuditEvent, Claim, Payload, Tx},
};

/// Step 1's result: what is sealed with.
#[derive(Clone, Debug)]
pub(in crate::service) struct Signer {
    pub(super) seal: Seal,
    pub(super) version: SealVersion,
    pub(super) credential: Credential,
    pub(super) key: Key,
    pub(super) chain: Vec<Certificate>,
    /// The electronic seal of the credential, DER, where it has one.
    pub(super) structure: Option<(SesVersion, Vec<u8>)>,
    pub(super) grant: Grant,
    /// How many persons have to approve every single use, by the type of licence.
    pub(super) approvals_needed: i64,
    pub(super) above: Vec<OrganizationId>,
}

/// Who uses which seal for what: what a [`Signer`] depends on.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(in crate::service) struct SignerKey {
    pub(super) principal: PrincipalId,
    pub(super) seal: String,
    pub(super) scheme: Scheme,
    pub(super) document_type: String,
    pub(super) digests: bool,
}

impl Signer {
    /// Refuses a use without permission where every single one has to be approved.
    pub(super) fn check_free_use(&self) -> Result<(), Error> {
        if self.approvals_needed == 0 { Ok(()) } else { Err(approval_required()) }
    }

    /// Whether the version and the grant are in their time; everything else that can change is
    /// looked at in transaction 1.
    pub(super) fn is_in_time(&self, now: Timestamp) -> bool {
        self.version.valid_until.is_some_and(|until| now <= until)
            && self.grant.valid_from <= now
            && now < self.grant.valid_until
    }
}

/// Every single use has to be approved.
pub(super) fn approval_required() -> Error {
    Error::conflict(
        "use-approval-required",
        "every use of the seal for this licence type has to be approved; ask for it at \
         /v1/use-approvals with the document's SHA-256 and send its use_approval_id with the \
         licence_type to /v1/signatures",
    )
}

/// An act that is permitted and prepared, not yet recorded.
pub(super) struct Intent {
    pub(super) act: Arc<Act>,
    pub(super) signer: Arc<Signer>,
    pub(super) permit: Permit,
    pub(super) claim: Option<Claim>,
    /// The permission for this use, where one is needed or shown.
    pub(super) use_approval: Option<UseApprovalId>,
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
pub(in crate::service) struct Recorded {
    pub(super) act: Arc<Act>,
    pub(super) signer: Arc<Signer>,
    pub(super) decision: Decision,
    pub(super) claim: Option<Claim>,
    pub(super) signature: Signature,
    pub(super) attempt: AttemptId,
}

/// What is to be kept for giving the same answer again.
pub(super) struct Keepsake {
    /// SHA-256 of the sealed document.
    pub(super) sealed_digest: Option<Vec<u8>>,
    /// What the caller cannot make again: the appended bytes, or the signature value.
    pub(super) appended: Vec<u8>,
}

impl Recorded {
    /// An audit event about the act.
    pub(super) fn event(&self, outcome: &'static str, now: Timestamp) -> AuditEvent {
        event(&self.act, &self.signer, &self.signature, outcome, &self.decision, now)
    }

    /// Ends the act without a release: nothing came of it, and it may be asked for again.
    pub(super) async fn end(
        &self,
        tx: &mut Tx,
        state: SigningState,
        now: Timestamp,
    ) -> Result<(), Error> {
        tx.end_attempt(&self.attempt, state, now).await?;
        tx.end_signature(&self.signature.id, state).await?;
        tx.return_grant(&self.signer.grant.id).await?;
        tx.return_use(&self.signature.id).await?;
        if let Some(claim) = &self.claim {
            tx.give_up_claim(claim, &self.signature.id).await?;
        }
        Ok(())
    }
}

impl Service {
    /// 6, its end: the timestamp over the signature, where the level asks for one.
    pub(super) async fn timestamped(
        &self,
        signed: Signed,
        level: Level,
    ) -> Result<(Signed, Option<Vec<u8>>), Error> {
        let token = match level {
            Level::Basic => None,
            Level::Timestamped | Level::LongTerm | Level::Archived => match self
                .timestamp_signature(&signed.value, signed.intent.signer.credential.scheme.digest())
                .await
            {
                Ok(token) => Some(token),
                Err(error) => return Err(self.abort(signed, error).await),
            },
        };
        failpoint!("after-timestamp");
        Ok((signed, token))
    }

    /// Steps 4 to 6.
    pub(super) async fn sign_on_record(&self, intent: Intent) -> Result<Signed, Error> {
        failpoint!("before-intend");
        let (recorded, digest) = self.intend(intent).await?;
        failpoint!("after-intend");
        let key = &recorded.signer.key;
        // 5. The device signs, outside of any transaction, with a deadline. A late answer goes to
        //    nobody.
        let signed = self.devices.sign(key, KeyPurpose::Seal, digest, self.now()).await;
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
        let Intent { act, signer, permit, claim, use_approval, signature, to_be_signed } = intent;
        let now = self.now();
        let attempt = AttemptId::new(now, self.randomness()?);
        let intention = Intention {
            act: Arc::clone(&act),
            signer: Arc::clone(&signer),
            permit,
            claim: claim.clone(),
            use_approval,
            signature,
            attempt: attempt.clone(),
            to_be_signed,
            instance: Arc::clone(&self.instance),
            at: now,
        };
        let (signature, decision) = self.intentions.submit(&self.store, intention).await?;
        Ok((Recorded { act, signer, decision, claim, signature, attempt }, to_be_signed))
    }

    /// 8. Transaction 2: the version is looked at again under lock; only if it is still active is
    ///    the signature put on record, and only after that commit may it leave.
    pub(super) async fn release(
        &self,
        signed: Signed,
        keepsake: Keepsake,
    ) -> Result<(Signature, Arc<Signer>), Error> {
        failpoint!("before-release");
        let Signed { intent: mut recorded, value } = signed;
        let now = self.now();
        recorded.signature.state = SigningState::Completed;
        recorded.signature.signature_digest = Some(hex(&sha256(&value)));
        recorded.signature.sealed_digest = keepsake.sealed_digest.as_deref().map(hex);
        recorded.signature.completed_at = Some(now);
        let kept = match &recorded.claim {
            Some(claim) => self.conceal(&kept_purpose(claim), keepsake.appended).await.map(Some),
            None => Ok(None),
        };
        let kept = match kept {
            Ok(kept) => kept,
            Err(error) => return Err(self.fail(recorded, error).await),
        };
        let recorded = Arc::new(recorded);
        let releasing = Releasing { recorded: Arc::clone(&recorded), kept, at: now };
        let released = self.releases.submit(&self.store, releasing).await?;
        failpoint!("after-release");
        match released {
            Released::Completed => Ok((recorded.signature.clone(), Arc::clone(&recorded.signer))),
            Released::Withheld => Err(Error::Withheld),
        }
    }

    /// Ends an act after the document failed in step 7; nothing was released.
    pub(super) async fn abort(&self, signed: Signed, error: Error) -> Error {
        self.fail(signed.intent, error).await
    }

    /// Writes down that nothing came of it; the reason is handed through.
    async fn fail(&self, recorded: Recorded, error: Error) -> Error {
        let now = self.now();
        let written = self
            .store
            .write(recorded.act.scope(), move |tx| {
                Box::pin(async move {
                    recorded.end(tx, SigningState::Failed, now).await?;
                    tx.record(recorded.event("failed", now)).await?;
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

/// The seal cannot be used in this state.
pub(super) fn not_active(state: SealState) -> Error {
    Error::conflict("seal-not-active", format!("the seal is {state}; only an active seal seals"))
}

/// What the audit trail holds of an act.
#[derive(Serialize)]
struct About<'a> {
    seal: &'a str,
    version: i64,
    document: &'a str,
    signature: Option<&'a str>,
}

/// An audit event about an act.
pub(super) fn event(
    act: &Act,
    signer: &Signer,
    signature: &Signature,
    outcome: &'static str,
    decision: &Decision,
    now: Timestamp,
) -> AuditEvent {
    let subject = format!("signature:{}", signature.id);
    let organization = &signer.seal.organization_id;
    let action = match signature.format {
        DocumentFormat::Digest => Action::SignDigest,
        DocumentFormat::Pdf | DocumentFormat::Ofd | DocumentFormat::File => Action::Use,
    };
    let mut event = act.event(now, organization, action.as_str(), subject, decision);
    event.outcome = outcome;
    let about = About {
        seal: signer.seal.code.as_str(),
        version: signer.version.number,
        document: &signature.document_digest,
        signature: signature.signature_digest.as_deref(),
    };
    event.payload = Payload::Here(serde_json::to_string(&about).unwrap_or_default());
    event
}
