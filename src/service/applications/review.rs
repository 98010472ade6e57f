//! Review 审核: the decisions of the levels, one after the other.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{reason, submit::duplicate};
use crate::{
    domain::{
        application::{Application, ApplicationKind, ApplicationState, Decision, Verdict},
        id::{PersonId, SealId},
        review::StandingIn,
        seal::Seal,
    },
    policy::{Action, Resource},
    service::{
        Act, Answer, Error, Service, administration::organization_changes::check_exists,
        seals::free_code,
    },
    store::Payload,
};

/// A decision to be taken.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    /// Approve, reject or return.
    #[schema(value_type = String, example = "approve")]
    pub verdict: Verdict,
    /// Why; required unless the verdict is approve.
    #[serde(default)]
    pub reason: Option<String>,
    /// The round of review that is decided, so that nobody approves what was corrected since he read
    /// it; from the second round on, this or `If-Match` is required.
    #[serde(default)]
    pub round: Option<i64>,
}

impl Service {
    /// Takes a decision at the level that is reached.
    ///
    /// # Errors
    /// The application is not under review, a rejection or return has no reason, or policy says no: the
    /// reviewer must be neither the applicant nor a reviewer of an earlier level.
    pub async fn decide(&self, act: &Act, id: &str, new: NewDecision) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "review", &(id, &new));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let (application, above) = self.find_application(act, id).await?;
        let standing_in = self.standing_in(act).await?;
        let resource = Resource::Application {
            ancestry: &above,
            application: &application,
            standing_in: &standing_in,
        };
        let permit = self.permit(act, Action::Review, resource.clone())?;
        act.check_revision(application.revision)?;
        let seen = new
            .round
            .or((application.round == 1 || act.if_match.is_some()).then_some(application.round));
        if seen != Some(application.round) {
            return Err(Error::conflict(
                "round-changed",
                "the application was corrected; read it again and decide with its round",
            ));
        }
        let without =
            Resource::Application { ancestry: &above, application: &application, standing_in: &[] };
        // Who may decide by himself does so in nobody's place.
        let for_person_id = match self.allows(act, Action::Review, without)? {
            true => None,
            false => absent(application.stand_ins(&standing_in, &above)),
        };
        let now = self.now();
        let level = application.next_level();
        let stated = new.reason.as_deref().filter(|text| !text.trim().is_empty());
        let decision = Decision {
            round: application.round,
            level: i64::try_from(level).unwrap_or(i64::MAX),
            level_name: application.level().map(|level| level.name.clone()).unwrap_or_default(),
            verdict: new.verdict,
            reason: stated.map(reason).transpose()?,
            principal_id: act.principal()?.id.clone(),
            person_id: act.person()?.clone(),
            for_person_id,
            decided_at: now,
        };
        let mut moved = application.clone().decide(decision)?;
        if moved.next_level() != level || moved.state != ApplicationState::Submitted {
            moved.due_at = self.decision_due(&moved, now);
        }
        let created = self.seal_created_by(&moved)?;
        if let Some(seal) = &created {
            moved.seal_id = Some(seal.id.clone());
        }
        let (act, scheme) =
            (act.clone(), self.config.register.seal_code_scheme().map_err(Error::Internal)?);
        self.once(&act.clone(), once, move |tx| {
            Box::pin(async move {
                let decided = permit.consume(now).ok_or(Error::Overloaded)?;
                if moved.state == ApplicationState::Approved
                    && moved.kind != ApplicationKind::Revoke
                {
                    check_exists(tx, &moved.organization_id).await?;
                }
                if let Some(mut seal) = created {
                    let (organization, kind) = (&seal.organization_id, seal.kind);
                    if tx.seal_of_name(organization, kind, &seal.name).await?.is_some() {
                        return Err(duplicate());
                    }
                    let owner = tx.organization(&seal.organization_id).await?;
                    let owner = owner.ok_or(Error::NotFound("the organization"))?;
                    seal.code = free_code(tx, owner.uscc.area(), &scheme).await?;
                    tx.insert_seal(&seal, now).await?;
                }
                tx.update_application(&application, &moved).await?;
                let subject = format!("application:{}", moved.id);
                let mut event = act.event(now, &moved.organization_id, "review", subject, &decided);
                event.payload = Payload::Here(
                    serde_json::json!({ "level": level, "verdict": new.verdict }).to_string(),
                );
                tx.record(event).await?;
                tx.application(&moved.id).await?.ok_or(Error::NotFound("the application"))
            })
        })
        .await
    }

    /// The seal that comes into being with the last approval of an application to create one. It
    /// has no version yet, and no code.
    fn seal_created_by(&self, moved: &Application) -> Result<Option<Seal>, Error> {
        if moved.kind != ApplicationKind::Create || moved.state != ApplicationState::Approved {
            return Ok(None);
        }
        Ok(Some(Seal {
            id: SealId::new(self.now(), self.randomness()?),
            code: String::new(),
            organization_id: moved.organization_id.clone(),
            kind: moved.seal_kind,
            name: moved.seal_name.clone(),
            sandbox: moved.details.sandbox,
            versions: Vec::new(),
        }))
    }
}

/// In whose place it is decided: that of the first.
fn absent<'a>(mut stand_ins: impl Iterator<Item = &'a StandingIn>) -> Option<PersonId> {
    stand_ins.next().map(|one| one.absent_person_id.clone())
}
