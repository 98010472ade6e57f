//! Step 4 of the signing cycle, transaction 1: everything is looked at again under lock, then the
//! intent is written; together for all who come at the same time.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::signing_cycle::{Signer, approval_required, event, not_active};
use crate::{
    domain::{
        Timestamp,
        id::{AccessKeyId, AttemptId, SealId, SealVersionId, UseApprovalId},
        seal_state::SealState,
        signing::{Signature, SigningState},
    },
    policy::{Decision, Permit},
    service::{Act, Error, seals::check_kept},
    store::{Answers, Claim, NewAttempt, NewSignature, Together, Tx, Work},
};

/// An act that is permitted and prepared, to be put on record.
pub(in crate::service) struct Intention {
    pub(super) act: Arc<Act>,
    pub(super) signer: Arc<Signer>,
    pub(super) permit: Permit,
    pub(super) claim: Option<Claim>,
    /// The permission for this use, where one is needed or shown.
    pub(super) use_approval: Option<UseApprovalId>,
    /// The record as it will be entered, in state `intended`.
    pub(super) signature: Signature,
    pub(super) attempt: AttemptId,
    /// The digest that goes to the device.
    pub(super) to_be_signed: [u8; 32],
    pub(super) instance: Arc<str>,
    pub(super) at: Timestamp,
}

/// An intent on record: the record, which may be an earlier one taken up again, and how policy
/// decided.
pub(in crate::service) type Intended = (Signature, Decision);

/// Transaction 1.
pub(in crate::service) struct Intend;

impl Together for Intend {
    type Item = Intention;
    type Outcome = Intended;
    type Error = Error;

    fn run<'t>(tx: &'t mut Tx, items: &'t [Intention]) -> Work<'t, Answers<Self>> {
        Box::pin(intend(tx, items))
    }
}

/// What the database says of all items.
struct Facts {
    now: Timestamp,
    states: HashMap<SealVersionId, (SealState, Option<Timestamp>)>,
    access_keys: BTreeSet<AccessKeyId>,
    claimed: HashSet<(String, String)>,
    /// Records under the business numbers of the items.
    numbered: Vec<Signature>,
    /// How many persons approve every single use, by seal and type of document, where any.
    approvals: HashMap<(SealId, String), i64>,
}

async fn intend(tx: &mut Tx, items: &[Intention]) -> Answers<Intend> {
    let facts = look(tx, items).await?;
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        answers.push(examine(tx, item, &facts).await?);
    }
    let good: Vec<_> = items.iter().zip(&answers).filter_map(with_ok).collect();
    write(tx, &good, facts.now).await?;
    Ok(answers.into_iter().map(|answer| answer.map(|taken| taken.intended)).collect())
}

fn with_ok<'a, T, U, E>((item, answer): (&'a T, &'a Result<U, E>)) -> Option<(&'a T, &'a U)> {
    answer.as_ref().ok().map(|value| (item, value))
}

async fn look(tx: &mut Tx, items: &[Intention]) -> Result<Facts, Error> {
    let now = items.iter().map(|item| item.at).max().unwrap_or(Timestamp::from_micros(0));
    let versions = items.iter().map(|item| &item.signer.version.id).collect();
    let states = tx.lock_states(versions).await?;
    let shown = items.iter().filter_map(|item| item.act.access_key.as_ref()).collect();
    let access_keys = tx.working_access_keys(shown, now).await?;
    let claims: Vec<_> = items.iter().filter_map(|item| item.claim.as_ref()).collect();
    let claimed = tx.claimed(&claims, now).await?;
    let numbers = items.iter().filter_map(|Intention { signature: s, .. }| {
        Some((&s.principal_id, &s.seal_id, s.business_number.as_deref()?))
    });
    let numbered = tx.numbered(numbers.collect()).await?;
    let approvals = tx.all_approvals_needed().await?;
    Ok(Facts { now, states, access_keys, claimed, numbered, approvals })
}

/// An item that nothing speaks against.
struct Taken {
    intended: Intended,
    /// Whether the record is an earlier one that came to nothing.
    again: bool,
    /// Which attempt at the record this is, from 1.
    number: i64,
}

/// Judges one item; the outer error is the database's.
async fn examine(
    tx: &mut Tx,
    item: &Intention,
    facts: &Facts,
) -> Result<Result<Taken, Error>, Error> {
    let Some(decision) = item.permit.decision(facts.now).cloned() else {
        return Ok(Err(Error::Overloaded));
    };
    let earlier = match earlier(tx, item, facts).await? {
        Ok(earlier) => earlier,
        Err(refusal) => return Ok(Err(refusal)),
    };
    match facts.states.get(&item.signer.version.id) {
        Some((SealState::Active, kept_until)) => {
            if let Err(refusal) = check_kept(*kept_until, facts.now) {
                return Ok(Err(refusal));
            }
        }
        Some((state, _)) => return Ok(Err(not_active(*state))),
        None => return Ok(Err(Error::NotFound("the seal"))),
    }
    if item.act.access_key.as_ref().is_some_and(|key| !facts.access_keys.contains(key)) {
        return Ok(Err(Error::Unauthenticated));
    }
    if let Some(refusal) = use_refused(tx, item, earlier.as_ref(), facts).await? {
        return Ok(Err(refusal));
    }
    let mut signature = item.signature.clone();
    let Some(record) = earlier else {
        return Ok(Ok(Taken { intended: (signature, decision), again: false, number: 1 }));
    };
    signature.id = record.id;
    signature.created_at = record.created_at;
    // An unresolved record kept its use of a grant; it is given back to the very grant, and the one
    // that applies now is asked like any other time.
    if record.state == SigningState::Unresolved {
        tx.return_grant_of(&signature.id).await?;
    }
    let number = tx.attempts(&signature.id).await? + 1;
    Ok(Ok(Taken { intended: (signature, decision), again: true, number }))
}

/// Whether a record is of the same act: what a request means may change between two tries.
fn is_alike(record: &Signature, item: &Intention) -> bool {
    let wanted = &item.signature;
    record.seal_id == wanted.seal_id
        && record.organization_id == wanted.organization_id
        && record.scheme == wanted.scheme
        && record.format == wanted.format
        && record.document_type == wanted.document_type
        && record.document_digest == wanted.document_digest
        && record.content_unseen == wanted.content_unseen
}

/// Whether the permission for this use does not permit it any more.
async fn use_refused(
    tx: &mut Tx,
    item: &Intention,
    earlier: Option<&Signature>,
    facts: &Facts,
) -> Result<Option<Error>, Error> {
    let wanted = &item.signature;
    let about = (wanted.seal_id.clone(), wanted.document_type.clone());
    let needed = facts.approvals.get(&about).copied().unwrap_or(0);
    let Some(id) = &item.use_approval else {
        return Ok((needed > 0).then(approval_required));
    };
    let about = (&wanted.seal_id, wanted.document_type.as_str(), wanted.document_digest.as_str());
    let why = match tx.use_approval(id).await? {
        None => Some("it is not there any more"),
        Some(approval) if approval.approvers() < needed => {
            Some("more persons have to approve by now; ask for it again")
        }
        Some(approval) if approval.requested_by != wanted.principal_id => {
            Some("another one asked for it")
        }
        Some(approval) if approval.is_decided_by(item.act.principal()?.person_id.as_ref()) => {
            Some("who approved it does not use it")
        }
        Some(approval) => approval.refuses(about, earlier.map(|record| &record.id), facts.now),
    };
    Ok(why.map(|why| Error::conflict("use-approval-unfit", why)))
}

/// The record that this request takes up again, if an earlier attempt at it came to nothing.
async fn earlier(
    tx: &mut Tx,
    item: &Intention,
    facts: &Facts,
) -> Result<Result<Option<Signature>, Error>, Error> {
    if let Some(claim) = &item.claim
        && facts.claimed.contains(&(claim.principal_id.to_string(), claim.key.clone()))
        && let Some(kept) = tx.kept_answer(claim).await?
    {
        if kept.fingerprint != claim.fingerprint {
            return Ok(Err(Error::IdempotencyMismatch));
        }
        let record = match kept.signature_id {
            Some(id) => tx.signature(&id).await?,
            None => None,
        };
        // A completed one is told to the caller who asks again: its answer is kept by now.
        return Ok(match record {
            Some(record)
                if record.state == SigningState::Unresolved && !is_alike(&record, item) =>
            {
                Err(Error::conflict(
                    "request-changed",
                    "what the licence type says changed since the first try; send the request with \
                     another Idempotency-Key",
                ))
            }
            Some(record) if record.state == SigningState::Unresolved => Ok(Some(record)),
            _ => Err(Error::InFlight),
        });
    }
    let wanted = &item.signature;
    let Some(number) = &wanted.business_number else { return Ok(Ok(None)) };
    let same = |record: &&Signature| {
        record.business_number.as_ref() == Some(number)
            && record.principal_id == wanted.principal_id
            && record.seal_id == wanted.seal_id
    };
    Ok(match facts.numbered.iter().find(same) {
        None => Ok(None),
        Some(record)
            if record.document_digest == wanted.document_digest
                && record.format == wanted.format
                && record.document_type == wanted.document_type
                && record.content_unseen == wanted.content_unseen
                && !matches!(record.state, SigningState::Intended | SigningState::Completed) =>
        {
            Ok(Some(record.clone()))
        }
        Some(record) => Err(Error::conflict(
            "business-number-taken",
            format!("the business number was used for signature {}", record.id),
        )),
    })
}

async fn write(tx: &mut Tx, good: &[(&Intention, &Taken)], now: Timestamp) -> Result<(), Error> {
    let mut uses = BTreeMap::new();
    for (item, _) in good {
        *uses.entry(&item.signer.grant.id).or_insert(0_i64) += 1;
    }
    for (grant, count) in uses {
        if !tx.use_grant(grant, count, now).await? {
            return Err(Error::conflict(
                "quota-used-up",
                "the grant's quota is used up, or the grant ended",
            ));
        }
    }
    for (item, taken) in good.iter().filter(|(_, taken)| taken.again) {
        tx.reopen_signature(&taken.intended.0, &item.signer.grant.id).await?;
        if let Some(claim) = &item.claim {
            tx.give_up_claim(claim, &taken.intended.0.id).await?;
        }
    }
    let fresh = good.iter().filter(|(_, taken)| !taken.again).map(|(item, taken)| NewSignature {
        signature: &taken.intended.0,
        grant_id: &item.signer.grant.id,
    });
    tx.insert_signatures(fresh).await?;
    for (item, taken) in good {
        if let Some(id) = &item.use_approval
            && !tx.consume_use(id, &taken.intended.0.id).await?
        {
            return Err(Error::conflict("use-approval-unfit", "it was used up"));
        }
    }
    let claims = good.iter().filter_map(|(item, taken)| {
        item.claim.as_ref().map(|claim| (claim, Some(&taken.intended.0.id)))
    });
    tx.claim_all(claims.collect(), now).await?;
    let attempts = good.iter().map(|(item, taken)| NewAttempt {
        id: &item.attempt,
        signature_id: &taken.intended.0.id,
        number: taken.number,
        to_be_signed_digest: &item.to_be_signed,
        instance_id: &item.instance,
        at: now,
    });
    tx.insert_attempts(attempts).await?;
    let events = good.iter().map(|(item, taken)| {
        let (signature, decision) = &taken.intended;
        event(&item.act, &item.signer, signature, "intended", decision, now)
    });
    tx.record_all(events.collect()).await?;
    Ok(())
}
