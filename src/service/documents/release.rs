//! Step 8 of the signing cycle, transaction 2: the versions are looked at again under lock; only
//! what an active one signed is put on record, and only after that commit may it leave.

use std::sync::Arc;

use super::signing_cycle::Recorded;
use crate::{
    crypto::digest::sha256,
    domain::{Timestamp, seal_state::SealState, signing::SigningState},
    service::{Error, seals::check_kept},
    store::{Answers, Appended, AuditEvent, Completion, Payload, Together, Tx, Work},
};

/// A checked signature, to be put on record.
pub(in crate::service) struct Releasing {
    /// The act, its record in state `completed`.
    pub(super) recorded: Arc<Recorded>,
    /// What is kept for the same answer again: encrypted, and the data key's id.
    pub(super) kept: Option<Appended>,
    pub(super) at: Timestamp,
}

/// What became of a signature.
pub(in crate::service) enum Released {
    /// It is on record and may leave.
    Completed,
    /// The version is not active any more, or nobody keeps the seal: nothing leaves.
    Withheld,
}

/// Transaction 2.
pub(in crate::service) struct Release;

impl Together for Release {
    type Item = Releasing;
    type Outcome = Released;
    type Error = Error;

    fn run<'t>(tx: &'t mut Tx, items: &'t [Releasing]) -> Work<'t, Answers<Self>> {
        Box::pin(release(tx, items))
    }
}

async fn release(tx: &mut Tx, items: &[Releasing]) -> Answers<Release> {
    let now = items.iter().map(|item| item.at).max().unwrap_or(Timestamp::from_micros(0));
    let versions = items.iter().map(|item| &item.recorded.signer.version.id).collect();
    let states = tx.lock_states(versions).await?;
    let active = |item: &Releasing| {
        let standing = states.get(&item.recorded.signer.version.id);
        standing.is_some_and(|(state, kept)| {
            *state == SealState::Active && check_kept(*kept, now).is_ok()
        })
    };
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        if active(item) {
            answers.push(Ok(Released::Completed));
        } else {
            withhold(tx, &item.recorded, now).await?;
            answers.push(Ok(Released::Withheld));
        }
    }
    let leaving: Vec<_> = items.iter().filter(|item| active(item)).collect();
    complete(tx, &leaving, now).await?;
    Ok(answers)
}

async fn withhold(tx: &mut Tx, recorded: &Recorded, now: Timestamp) -> Result<(), Error> {
    recorded.end(tx, SigningState::Withheld, now).await?;
    tx.record(recorded.event("withheld", now)).await?;
    Ok(())
}

async fn complete(tx: &mut Tx, items: &[&Releasing], now: Timestamp) -> Result<(), Error> {
    let mut completions = Vec::with_capacity(items.len());
    for Releasing { recorded, .. } in items {
        let leaf = serde_json::to_string(&recorded.signature)
            .map_err(|error| Error::Internal(error.to_string()))?;
        completions.push(Completion {
            signature: &recorded.signature,
            // An attempt that recovery has closed meanwhile is not ours any more.
            attempt: &recorded.attempt,
            leaf,
            at: recorded.signature.completed_at.unwrap_or(now),
        });
    }
    tx.complete_signatures(&completions).await?;
    if let Some(first) = items.first() {
        let ids: Vec<_> = items.iter().map(|item| &item.recorded.signature.id).collect();
        let notice = serde_json::json!({ "signatures": ids });
        tx.post(first.recorded.attempt.to_string(), "signatures-completed", &notice, now).await?;
    }
    // The trail holds the digest of the leaf, which stands beside the record.
    let events = items.iter().zip(&completions).map(|(item, completion)| AuditEvent {
        payload: Payload::Elsewhere(sha256(completion.leaf.as_bytes())),
        ..item.recorded.event("completed", completion.at)
    });
    tx.record_all(events.collect()).await?;
    let kept = items.iter().zip(completions).filter_map(|(item, completion)| {
        let claim = item.recorded.claim.as_ref()?;
        Some((claim, completion.leaf, item.kept.clone()))
    });
    tx.keep_answers(201, kept.collect()).await?;
    Ok(())
}
