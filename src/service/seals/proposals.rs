//! Dual control 双人控制: revoking ex officio 依职权注销, destroying keys 销毁密钥, letting a certificate
//! through a gate. One person proposes, another confirms.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Found, find, gates, numbered_or_current, numbered_or_newest};
use crate::{
    domain::{
        cause::RevocationCause,
        id::ProposalId,
        proposal::{Proposal, ProposalKind, ProposalState},
        seal::SealVersion,
        seal_state::SealEvent,
    },
    pki::Certificate,
    policy::Action,
    service::{Act, Answer, Error, Service, act::Once, administration::Page, applications::reason},
    store::Payload,
};

/// The refusals of the gates that two persons may waive.
pub(super) const WAIVABLE: [&str; 2] = [gates::SUBJECT_MISMATCH, gates::CLASS_UNFIT];

/// A seal to be revoked without an application 依职权注销.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExOfficio {
    /// The cause of cancellation 注销原因.
    #[schema(value_type = String, example = "dissolution")]
    pub cause: RevocationCause,
    /// The opinion of the issuing department 处置意见.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// Keys to be destroyed.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDestruction {
    /// The number of the version, which is at its end.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// A certificate to be let through a gate.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWaiver {
    /// The code of the refusal: `certificate-subject-mismatch` or `certificate-class-unfit`.
    #[schema(example = "certificate-subject-mismatch")]
    pub code: String,
    /// The certificate, PEM; the waiver is for this one alone.
    pub certificate: String,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

impl Service {
    /// Proposes to revoke a seal whose owner does not act.
    ///
    /// # Errors
    /// The seal is not in use, it is proposed already, or policy says no.
    pub async fn propose_revocation(
        &self,
        act: &Act,
        id: &str,
        new: NewExOfficio,
    ) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "propose-revocation", &(id, &new));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_current(None), self.now()).await?;
        drop(tx);
        found.version.state.after(SealEvent::Revoke)?;
        let proposal = self.proposal(act, &found.version, &found, ProposalKind::RevokeExOfficio)?;
        let proposal =
            Proposal { cause: Some(new.cause), reason: reason(&new.reason)?, ..proposal };
        self.propose(act, once, (found, Action::ProposeRevocation), proposal).await
    }

    /// Proposes to destroy the keys of a version that is at its end, after the waiting time.
    ///
    /// # Errors
    /// The version is not at its end, its keys are in use by another, it is proposed already, or
    /// policy says no.
    pub async fn propose_key_destruction(
        &self,
        act: &Act,
        id: &str,
        new: NewDestruction,
    ) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "propose-key-destruction", &(id, &new));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_newest(Some(new.version)), self.now()).await?;
        let changes = tx.state_changes(&found.seal.id).await?;
        drop(tx);
        super::destroy_key::check(&found.seal, &found.version)?;
        let ended = changes.iter().rev().find(|c| c.seal_version_id == found.version.id);
        let waits = i64::from(self.config.register.key_destruction_days) * 86_400;
        let proposal = self.proposal(act, &found.version, &found, ProposalKind::DestroyKey)?;
        let proposal = Proposal {
            not_before: ended.map(|ended| ended.at.plus_seconds(waits)),
            reason: reason(&new.reason)?,
            ..proposal
        };
        self.propose(act, once, (found, Action::ProposeKeyDestruction), proposal).await
    }

    /// Proposes to let a certificate through a gate that refuses it.
    ///
    /// # Errors
    /// The gate cannot be waived, the certificate is malformed, the version is not being made, or
    /// policy says no.
    pub async fn propose_waiver(
        &self,
        act: &Act,
        id: &str,
        new: NewWaiver,
    ) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "propose-waiver", &(id, &new));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_newest(None), self.now()).await?;
        drop(tx);
        found.version.state.after(SealEvent::Make)?;
        if !WAIVABLE.contains(&new.code.as_str()) {
            let text = format!("only these refusals can be waived: {}", WAIVABLE.join(", "));
            return Err(Error::invalid("refusal-not-waivable", text));
        }
        let leaf = Certificate::from_pem(&new.certificate)
            .map_err(|error| Error::invalid("certificate-malformed", error.to_string()))?;
        let leaf = leaf.first().map(Certificate::fingerprint);
        let proposal = self.proposal(act, &found.version, &found, ProposalKind::WaiveGate)?;
        let proposal = Proposal {
            code: Some(new.code),
            certificate: leaf,
            reason: reason(&new.reason)?,
            ..proposal
        };
        self.propose(act, once, (found, Action::ProposeWaiver), proposal).await
    }

    fn proposal(
        &self,
        act: &Act,
        version: &SealVersion,
        found: &Found,
        kind: ProposalKind,
    ) -> Result<Proposal, Error> {
        let now = self.now();
        Ok(Proposal {
            id: ProposalId::new(now, self.randomness()?),
            kind,
            state: ProposalState::Open,
            seal_id: found.seal.id.clone(),
            seal_version_id: version.id.clone(),
            reason: String::new(),
            cause: None,
            code: None,
            certificate: None,
            not_before: None,
            proposed_by: act.principal()?.id.clone(),
            proposer_person_id: act.person()?.clone(),
            proposed_at: now,
            decided_by: None,
            decided_at: None,
        })
    }

    async fn propose(
        &self,
        act: &Act,
        once: Once,
        (found, action): (Found, Action),
        proposal: Proposal,
    ) -> Result<Answer, Error> {
        let permit = found.permit(self, act, action)?;
        let (actor, now) = (act.clone(), self.now());
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                let kind = ("proposals_one_open", "proposals.seal_version_id, proposals.kind");
                tx.insert_proposal(&proposal).await.map_err(|error| {
                    if error.is_taken(kind.0, kind.1) {
                        let text = "this is proposed already and waits for another person";
                        return Error::conflict("already-proposed", text);
                    }
                    error.into()
                })?;
                let subject = format!("proposal:{}", proposal.id);
                let organization = &found.seal.organization_id;
                tx.record(actor.event(now, organization, action.as_str(), subject, &decision))
                    .await?;
                Ok(proposal)
            })
        })
        .await
    }

    /// A proposal with its seal, for a question of policy.
    pub(super) async fn find_proposal(
        &self,
        act: &Act,
        id: &str,
    ) -> Result<(Proposal, Found), Error> {
        let id = ProposalId::parse(id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let proposal = tx.proposal(&id).await?.ok_or(Error::NotFound("the proposal"))?;
        let version = proposal.seal_version_id.clone();
        let choose = move |seal: &'_ crate::domain::seal::Seal| {
            seal.versions.iter().position(|one| one.id == version)
        };
        let seal = tx.seal(&proposal.seal_id).await?.ok_or(Error::NotFound("the seal"))?;
        let number = choose(&seal).and_then(|place| seal.versions.get(place)).map(|v| v.number);
        let choose = numbered_or_newest(number);
        let mut found = find(&mut tx, seal.id.as_str(), choose, self.now()).await?;
        found.facts.proposed_by = proposal.proposer_person_id.to_string();
        found.facts.proposal_kind = proposal.kind.to_string();
        Ok((proposal, found))
    }

    /// Confirms what another person proposed; it is carried out.
    ///
    /// # Errors
    /// It was decided already, its waiting time is not over, the seal moved meanwhile, or policy
    /// says no: nobody confirms what he proposed himself.
    pub async fn confirm_proposal(&self, act: &Act, id: &str) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "confirm-proposal", &id);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let (proposal, found) = self.find_proposal(act, id).await?;
        let permit = self.permit(act, Action::ConfirmProposal, found.resource())?;
        if proposal.kind == ProposalKind::DestroyKey {
            return self.confirm_key_destruction(act, once, permit, (proposal, found)).await;
        }
        let now = self.now();
        let decided =
            proposal.decide(ProposalState::Confirmed, act.principal()?.id.clone(), now)?;
        let ending = match decided.kind {
            ProposalKind::RevokeExOfficio => {
                let why = (decided.reason.clone(), decided.cause);
                Some(self.ending(act, &found, SealEvent::Revoke, why)?)
            }
            _ => None,
        };
        let (actor, ends) = (act.clone(), ending.is_some());
        let answer = self
            .once(act, once, move |tx| {
                Box::pin(async move {
                    let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                    tx.decide_proposal(&decided).await?;
                    if let Some(ending) = ending {
                        ending.carry_out(tx, now).await?;
                    }
                    let subject = format!("proposal:{}", decided.id);
                    let organization = &found.seal.organization_id;
                    let mut event =
                        actor.event(now, organization, "confirm-proposal", subject, &decision);
                    let what = serde_json::json!({
                        "kind": decided.kind, "seal_version": decided.seal_version_id,
                        "reason": decided.reason,
                    });
                    event.payload = Payload::Here(what.to_string());
                    tx.record(event).await?;
                    Ok(decided)
                })
            })
            .await?;
        if ends {
            self.publish_crls_at_once().await;
        }
        Ok(answer)
    }

    /// Takes a proposal back, or refuses it.
    ///
    /// # Errors
    /// It was decided already, or policy says no.
    pub async fn withdraw_proposal(&self, act: &Act, id: &str) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "withdraw-proposal", &id);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let (proposal, found) = self.find_proposal(act, id).await?;
        let permit = self.permit(act, Action::WithdrawProposal, found.resource())?;
        let now = self.now();
        let decided =
            proposal.decide(ProposalState::Withdrawn, act.principal()?.id.clone(), now)?;
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.decide_proposal(&decided).await?;
                let subject = format!("proposal:{}", decided.id);
                let organization = &found.seal.organization_id;
                let event = actor.event(now, organization, "withdraw-proposal", subject, &decision);
                tx.record(event).await?;
                Ok(decided)
            })
        })
        .await
    }

    /// A page of proposals, perhaps of one state.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn proposals(
        &self,
        act: &Act,
        state: Option<ProposalState>,
        page: &Page,
    ) -> Result<Vec<Proposal>, Error> {
        let mut tx = self.own_organization(act, Action::ReadOrganization).await?;
        Ok(tx.proposals(state, page.after(), page.limit()).await?)
    }
}
