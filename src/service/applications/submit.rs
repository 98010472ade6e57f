//! Submitting an application 申请, and submitting it again after it was returned 补正.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Moved, complete::Given, reason, resource};
use crate::{
    domain::{
        Timestamp,
        application::{Application, ApplicationKind, ApplicationState, Details},
        cause::{RemakeCause, RevocationCause},
        id::{ApplicationId, OrganizationId, SealId},
        seal::{Seal, SealKind},
        seal_state::SealState,
    },
    policy::{Action, Resource},
    service::{
        Act, Answer, Error, Service,
        administration::{
            ancestry,
            organization_changes::{check_exists, ended},
            organizations::{name, organization_id},
        },
    },
};

/// An application to be submitted.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApplication {
    /// The organization that applies.
    pub organization_id: String,
    /// What is asked for.
    #[schema(value_type = String, example = "create")]
    pub kind: ApplicationKind,
    /// The seal concerned; for all kinds but `create`.
    #[serde(default)]
    pub seal_id: Option<String>,
    /// The kind of seal; only for `create`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "legal-name")]
    pub seal_kind: Option<SealKind>,
    /// The name on the seal; only for `create`.
    #[serde(default)]
    pub seal_name: Option<String>,
    /// Whether the seal is for tests only 测试章: 测试 is written over it and what it seals verifies as
    /// a test; only for `create`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
    /// The name that the seal shall bear from now on; only for `change`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// Why the seal is made again by the simplified flow 重新制作; only for `renew`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "carrier-damaged")]
    pub remake: Option<RemakeCause>,
    /// The cause of cancellation 注销原因; required for `revoke`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "own-wish")]
    pub cause: Option<RevocationCause>,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
    /// What the form asks for, by the words of `policies/forms.toml`; kept encrypted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub particulars: BTreeMap<String, String>,
    /// The files that go with it, uploaded before (`POST /v1/attachments`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// Whether the applicant declares what `policies/forms.toml` says.
    #[serde(default)]
    pub declared: bool,
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
    /// The name that the seal shall bear from now on; only for `change`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// Why it is asked for.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: Option<String>,
    /// All particulars anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub particulars: Option<BTreeMap<String, String>>,
    /// More files; those of before stay with the application.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// Whether the applicant declares it for what is submitted now.
    #[serde(default)]
    pub declared: bool,
}

impl Service {
    /// Submits an application.
    ///
    /// # Errors
    /// The application is not complete, the seal is not in scope or not in a state for it, there is
    /// one of the same name, or policy says no.
    pub async fn apply(&self, act: &Act, new: NewApplication) -> Result<Answer, Error> {
        let once = self.once_for(act, 201, "apply", &new);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let organization = organization_id(&new.organization_id)?;
        let mut tx = self.reading(act).await?;
        let above = ancestry(&mut tx, &organization).await?;
        let owner = tx.organization(&organization).await?;
        drop(tx);
        let owner = owner.ok_or(Error::NotFound("the organization"))?;
        let permit =
            self.permit(act, Action::Apply, Resource::Organization { ancestry: &above })?;
        if owner.ended_at.is_some() && new.kind != ApplicationKind::Revoke {
            return Err(ended());
        }
        let details = details(&new)?;
        let (seal_id, seal_kind, seal_name) =
            self.seal_applied_for(act, &new, &organization).await?;
        let now = self.now();
        let mut application = Application {
            id: ApplicationId::new(now, self.randomness()?),
            number: String::new(),
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
            levels: self.policy.approval().levels(new.kind, details.remake, &above),
            details,
            attachments: Vec::new(),
            declaration: None,
            round: 1,
            decisions: Vec::new(),
            due_at: None,
            used: false,
            created_at: now,
        };
        application.due_at = self.decision_due(&application, now);
        let given = Given {
            particulars: Some(new.particulars),
            attachments: new.attachments,
            declared: new.declared,
        };
        let particulars = self.complete(act, &mut application, given).await?;
        let series = format!("application:{}-{}", owner.uscc.area(), now.day_in_china());
        let act = act.clone();
        self.once(&act.clone(), once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                if application.kind != ApplicationKind::Revoke {
                    check_exists(tx, &application.organization_id).await?;
                }
                let serial = tx.next_number(&series).await?;
                let (_, begins) = series.split_once(':').unwrap_or_default();
                application.number = format!("{begins}-{serial:04}");
                tx.insert_application(&application).await?;
                if let Some(particulars) = &particulars {
                    tx.keep_particulars(&application.id, particulars).await?;
                }
                let subject = format!("application:{}", application.id);
                let event =
                    act.event(now, &application.organization_id, "apply", subject, &decision);
                tx.record(event).await?;
                tx.application(&application.id).await?.ok_or(Error::NotFound("the application"))
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
                let name = name(text)?;
                let mut tx = self.reading(act).await?;
                if tx.seal_of_name(organization, kind, &name).await?.is_some() {
                    return Err(duplicate());
                }
                Ok((None, kind, name))
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
                self.check_open_for(&seal, new)?;
                Ok((Some(seal.id), seal.kind, seal.name))
            }
            _ => Err(Error::invalid(
                "invalid-application",
                "an application about a seal that exists names seal_id, and no seal_kind or seal_name",
            )),
        }
    }

    /// Whether the seal is in a state in which this can be applied for.
    fn check_open_for(&self, seal: &Seal, new: &NewApplication) -> Result<(), Error> {
        let version = seal.current_version();
        let state = version.map(|version| version.state);
        let in_use = matches!(state, Some(SealState::Active | SealState::Suspended));
        let fits = match new.kind {
            ApplicationKind::Create => true,
            ApplicationKind::Revoke => in_use || state == Some(SealState::Lost),
            // A seal that is lost is not renewed but made again, and only for that reason.
            ApplicationKind::Renew if new.remake == Some(RemakeCause::Expiry) => {
                state == Some(SealState::Expired)
            }
            ApplicationKind::Renew => {
                let lost =
                    matches!(new.remake, Some(RemakeCause::Loss | RemakeCause::KeyCompromise));
                in_use
                    || state == Some(SealState::Expired)
                    || (lost && state == Some(SealState::Lost))
            }
            ApplicationKind::Change => in_use || state == Some(SealState::Expired),
        };
        if !fits {
            let state = state.map_or("without a version", SealState::as_str);
            return Err(Error::conflict(
                "seal-state-unfit",
                format!("the seal is {state}; this cannot be applied for"),
            ));
        }
        let window = self.policy.approval().renewal_window_days(new.remake);
        let until = version.and_then(|version| version.valid_until);
        if let (ApplicationKind::Renew, Some(days), Some(until)) = (new.kind, window, until) {
            let opens = until.plus_seconds(-i64::from(days) * 86_400);
            if self.now() < opens {
                return Err(Error::conflict(
                    "renewal-too-early",
                    format!(
                        "a renewal is applied for at most {days} days before the end, from {opens}"
                    ),
                ));
            }
        }
        Ok(())
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
        let (read, above) = self.find_application(act, id).await?;
        let permit = self.permit(act, Action::Resubmit, resource(&above, &read))?;
        act.check_revision(read.revision)?;
        let now = self.now();
        let moved = read.clone().resubmit()?;
        let (mut moved, given) = self.corrected(act, moved, correction, now).await?;
        let particulars = self.complete(act, &mut moved, given).await?;
        let moved = Moved { read, moved, particulars };
        self.move_application(act, once, permit, moved, "resubmit").await
    }

    async fn corrected(
        &self,
        act: &Act,
        mut moved: Application,
        correction: Correction,
        now: Timestamp,
    ) -> Result<(Application, Given), Error> {
        let Correction { seal_kind, seal_name, new_name, reason: stated, .. } = correction;
        let creates = moved.kind == ApplicationKind::Create;
        if !creates && (seal_kind.is_some() || seal_name.is_some()) {
            return Err(Error::invalid(
                "invalid-application",
                "kind and name of a seal that exists cannot be corrected here",
            ));
        }
        if moved.kind != ApplicationKind::Change && new_name.is_some() {
            return Err(Error::invalid("invalid-application", "only a change has a new_name"));
        }
        moved.due_at = self.decision_due(&moved, now);
        moved.seal_kind = seal_kind.unwrap_or(moved.seal_kind);
        moved.seal_name = seal_name.as_deref().map(name).transpose()?.unwrap_or(moved.seal_name);
        let new_name = new_name.as_deref().map(name).transpose()?;
        moved.details.new_name = new_name.or(moved.details.new_name);
        moved.reason = stated.as_deref().map(reason).transpose()?.unwrap_or(moved.reason);
        if creates {
            let mut tx = self.reading(act).await?;
            let (organization, kind) = (&moved.organization_id, moved.seal_kind);
            if tx.seal_of_name(organization, kind, &moved.seal_name).await?.is_some() {
                return Err(duplicate());
            }
        }
        let given = Given {
            particulars: correction.particulars,
            attachments: correction.attachments,
            declared: correction.declared,
        };
        Ok((moved, given))
    }
}

/// There is a seal of this kind and name already.
pub(in crate::service) fn duplicate() -> Error {
    Error::conflict(
        "seal-duplicate",
        "the organization has a seal of this kind and name; change or revoke that one, or number \
         them apart",
    )
}

/// What only some kinds ask for, where it belongs and nowhere else.
fn details(new: &NewApplication) -> Result<Details, Error> {
    let refuse = |text: &str| Err(Error::invalid("invalid-application", text));
    if new.remake.is_some() && new.kind != ApplicationKind::Renew {
        return refuse("only a renewal has a cause of re-making (remake)");
    }
    if new.sandbox && new.kind != ApplicationKind::Create {
        return refuse("only a new seal is made for tests");
    }
    if new.new_name.is_some() && new.kind != ApplicationKind::Change {
        return refuse("only a change has a new_name");
    }
    if new.cause.is_some() != (new.kind == ApplicationKind::Revoke) {
        return refuse("an application to revoke a seal, and no other, names the cause");
    }
    Ok(Details {
        remake: new.remake,
        cause: new.cause,
        sandbox: new.sandbox,
        new_name: new.new_name.as_deref().map(name).transpose()?,
    })
}
