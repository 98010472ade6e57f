//! Applications 申请: submitted, decided level by level, withdrawn.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Act, Answer, Error, Service,
    act::Once,
    administration::{
        Page, ancestry,
        organizations::{name, organization_id},
    },
};
use crate::{
    domain::{
        Timestamp,
        application::{Application, ApplicationKind, ApplicationState, Decision, Verdict},
        id::{ApplicationId, OrganizationId, SealId},
        seal::{Seal, SealKind},
    },
    policy::{Action, Permit, Resource},
    store::Payload,
};

/// An application to be submitted.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApplication {
    /// The organization that applies; for a seal that exists, its owner.
    pub organization_id: String,
    /// What is asked for.
    #[schema(value_type = String, example = "create")]
    pub kind: ApplicationKind,
    /// The seal concerned; none for `create`.
    #[serde(default)]
    pub seal_id: Option<String>,
    /// The kind of seal; only for `create`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "legal-name")]
    pub seal_kind: Option<SealKind>,
    /// The name on the seal; only for `create`.
    #[serde(default)]
    pub seal_name: Option<String>,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

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

/// What is corrected in a returned application; what is left out stays as it was.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The kind of seal; only for `create`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "legal-name")]
    pub seal_kind: Option<SealKind>,
    /// The name on the seal; only for `create`.
    #[serde(default)]
    pub seal_name: Option<String>,
    /// Why it is asked for.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: Option<String>,
}

/// Checks a reason.
pub(super) fn reason(text: &str) -> Result<String, Error> {
    let trimmed = text.trim();
    if (1..=1000).contains(&trimmed.chars().count()) && !trimmed.contains('\0') {
        Ok(trimmed.to_owned())
    } else {
        Err(Error::invalid("invalid-reason", "a reason of 1 to 1000 characters is needed"))
    }
}

fn application_id(text: &str) -> Result<ApplicationId, Error> {
    ApplicationId::parse(text).map_err(|error| Error::invalid("invalid-id", error.to_string()))
}

impl Service {
    /// Submits an application.
    ///
    /// # Errors
    /// The application is not complete, the seal is not in scope, or policy says no.
    pub async fn apply(&self, act: &Act, new: NewApplication) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "apply", &new);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let organization = organization_id(&new.organization_id)?;
        let above = self.ancestry_of(act, &organization).await?;
        let permit =
            self.permit(act, Action::Apply, Resource::Organization { ancestry: &above })?;
        let (seal_id, seal_kind, seal_name) =
            self.seal_applied_for(act, &new, &organization).await?;
        let now = self.now();
        let application = Application {
            id: ApplicationId::new(now, self.randomness()?),
            organization_id: organization,
            kind: new.kind,
            state: ApplicationState::Submitted,
            revision: 1,
            seal_id,
            seal_kind,
            seal_name,
            reason: reason(&new.reason)?,
            applicant_id: act.principal()?.id.clone(),
            applicant_person_id: act.person()?.clone(),
            levels: self.policy.approval().levels(new.kind).to_vec(),
            round: 1,
            decisions: Vec::new(),
            due_at: Some(self.decision_due(new.kind, now)),
            used: false,
            created_at: now,
        };
        let act = act.clone();
        self.once(&act.clone(), once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.insert_application(&application).await?;
                let subject = format!("application:{}", application.id);
                let event =
                    act.event(now, &application.organization_id, "apply", subject, &decision);
                tx.record(event).await?;
                Ok(application)
            })
        })
        .await
    }

    /// The seal an application is about: one that exists, or the particulars of a new one.
    async fn seal_applied_for(
        &self,
        act: &Act,
        new: &NewApplication,
        organization: &OrganizationId,
    ) -> Result<(Option<SealId>, SealKind, String), Error> {
        match (new.kind, &new.seal_id, new.seal_kind, &new.seal_name) {
            (ApplicationKind::Create, None, Some(kind), Some(text)) => {
                Ok((None, kind, name(text)?))
            }
            (ApplicationKind::Create, ..) => Err(Error::invalid(
                "invalid-application",
                "an application to create a seal names seal_kind and seal_name, and no seal_id",
            )),
            (_, Some(id), None, None) => {
                let id = SealId::parse(id)
                    .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
                let seal: Option<Seal> = self.reading(act).await?.seal(&id).await?;
                let seal = seal
                    .filter(|seal| seal.organization_id == *organization)
                    .ok_or(Error::NotFound("the seal"))?;
                Ok((Some(seal.id), seal.kind, seal.name))
            }
            _ => Err(Error::invalid(
                "invalid-application",
                "an application about a seal that exists names seal_id, and no seal_kind or seal_name",
            )),
        }
    }

    /// Takes the next level's decision.
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
        let resource = Resource::Application { ancestry: &above, application: &application };
        let permit = self.permit(act, Action::Review, resource)?;
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
        let now = self.now();
        let level = application.next_level();
        let stated = new.reason.as_deref().filter(|text| !text.trim().is_empty());
        let decision = Decision {
            round: application.round,
            level: i64::try_from(level).unwrap_or(i64::MAX),
            level_name: application.levels.get(level - 1).cloned().unwrap_or_default(),
            verdict: new.verdict,
            reason: stated.map(reason).transpose()?,
            principal_id: act.principal()?.id.clone(),
            person_id: act.person()?.clone(),
            decided_at: now,
        };
        let mut moved = application.clone().decide(decision)?;
        let open = moved.state == ApplicationState::Submitted;
        moved.due_at = open.then(|| self.decision_due(moved.kind, now));
        let created = self.seal_created_by(act, &moved).await?;
        if let Some(seal) = &created {
            moved.seal_id = Some(seal.id.clone());
        }
        let act = act.clone();
        self.once(&act.clone(), once, move |tx| {
            Box::pin(async move {
                let decided = permit.consume(now).ok_or(Error::Overloaded)?;
                if let Some(seal) = &created {
                    tx.insert_seal(seal, now).await?;
                }
                tx.update_application(&application, &moved).await?;
                let subject = format!("application:{}", moved.id);
                let mut event = act.event(now, &moved.organization_id, "review", subject, &decided);
                event.payload = Payload::Here(
                    serde_json::json!({ "level": level, "verdict": new.verdict }).to_string(),
                );
                tx.record(event).await?;
                Ok(Application { revision: application.revision + 1, ..moved })
            })
        })
        .await
    }

    /// The seal that comes into being with the last approval of an application to create one. It
    /// has no version yet.
    async fn seal_created_by(&self, act: &Act, moved: &Application) -> Result<Option<Seal>, Error> {
        if moved.kind != ApplicationKind::Create || moved.state != ApplicationState::Approved {
            return Ok(None);
        }
        let mut tx = self.reading(act).await?;
        let owner = tx.organization(&moved.organization_id).await?;
        let owner = owner.ok_or(Error::NotFound("the organization"))?;
        // Area code of the owner's unified social credit code, and a random serial number.
        let area: String = owner.uscc.as_str().chars().skip(2).take(6).collect();
        let serial = u64::from_be_bytes(self.randomness()?) % 100_000_000;
        Ok(Some(Seal {
            id: SealId::new(self.now(), self.randomness()?),
            code: format!("{area}{serial:08}"),
            organization_id: moved.organization_id.clone(),
            kind: moved.seal_kind,
            name: moved.seal_name.clone(),
            versions: Vec::new(),
        }))
    }

    /// By when a level that is reached now has to decide.
    fn decision_due(&self, kind: ApplicationKind, now: Timestamp) -> Timestamp {
        self.policy.working_days().deadline(now, self.policy.approval().days(kind))
    }

    /// Corrects a returned application and submits it again.
    ///
    /// # Errors
    /// It was not returned, the correction does not fit its kind, or policy says no.
    pub async fn resubmit(
        &self,
        act: &Act,
        id: &str,
        correction: Correction,
    ) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "resubmit", &(id, &correction));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let (application, above) = self.find_application(act, id).await?;
        let resource = Resource::Application { ancestry: &above, application: &application };
        let permit = self.permit(act, Action::Resubmit, resource)?;
        act.check_revision(application.revision)?;
        let Correction { seal_kind, seal_name, reason: stated } = correction;
        if application.kind != ApplicationKind::Create
            && (seal_kind.is_some() || seal_name.is_some())
        {
            return Err(Error::invalid(
                "invalid-application",
                "kind and name of a seal that exists cannot be corrected here",
            ));
        }
        let now = self.now();
        let mut moved = application.clone().resubmit()?;
        moved.due_at = Some(self.decision_due(moved.kind, now));
        moved.seal_kind = seal_kind.unwrap_or(moved.seal_kind);
        moved.seal_name = seal_name.as_deref().map(name).transpose()?.unwrap_or(moved.seal_name);
        moved.reason = stated.as_deref().map(reason).transpose()?.unwrap_or(moved.reason);
        self.move_application(act, once, permit, (application, moved), "resubmit").await
    }

    /// Writes a moved application and the event of it.
    async fn move_application(
        &self,
        act: &Act,
        once: Once,
        permit: Permit,
        (application, moved): (Application, Application),
        verb: &'static str,
    ) -> Result<Answer, Error> {
        let (act, now) = (act.clone(), self.now());
        self.once(&act.clone(), once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.update_application(&application, &moved).await?;
                let subject = format!("application:{}", moved.id);
                tx.record(act.event(now, &moved.organization_id, verb, subject, &decision)).await?;
                Ok(Application { revision: application.revision + 1, ..moved })
            })
        })
        .await
    }

    /// Takes an application back.
    ///
    /// # Errors
    /// It is neither under review nor returned, or policy says no.
    pub async fn withdraw(&self, act: &Act, id: &str) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "withdraw", &id);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let (application, above) = self.find_application(act, id).await?;
        let resource = Resource::Application { ancestry: &above, application: &application };
        let permit = self.permit(act, Action::Withdraw, resource)?;
        act.check_revision(application.revision)?;
        let moved = application.clone().withdraw()?;
        self.move_application(act, once, permit, (application, moved), "withdraw").await
    }

    /// An application.
    ///
    /// # Errors
    /// It is not in scope, or policy says no.
    pub async fn application(&self, act: &Act, id: &str) -> Result<Application, Error> {
        let (application, above) = self.find_application(act, id).await?;
        let resource = Resource::Application { ancestry: &above, application: &application };
        let _ = self.permit(act, Action::ReadApplication, resource)?;
        Ok(application)
    }

    /// A page of applications, perhaps of one state.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn applications(
        &self,
        act: &Act,
        state: Option<ApplicationState>,
        page: &Page,
    ) -> Result<Vec<Application>, Error> {
        let mut tx = self.own_organization(act, Action::ReadOrganization).await?;
        let found = tx.applications(state, page.after(), page.limit()).await?;
        let mut allowed = Vec::new();
        for application in found {
            let above = ancestry(&mut tx, &application.organization_id).await?;
            let resource = Resource::Application { ancestry: &above, application: &application };
            let _ = self.permit(act, Action::ReadApplication, resource)?;
            allowed.push(application);
        }
        Ok(allowed)
    }

    /// An application in scope with the organizations above it.
    pub(super) async fn find_application(
        &self,
        act: &Act,
        id: &str,
    ) -> Result<(Application, Vec<OrganizationId>), Error> {
        let id = application_id(id)?;
        let mut tx = self.reading(act).await?;
        let application = tx.application(&id).await?.ok_or(Error::NotFound("the application"))?;
        let above = ancestry(&mut tx, &application.organization_id).await?;
        Ok((application, above))
    }
}
