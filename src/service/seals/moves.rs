//! Suspending, resuming, giving up, revoking and invalidating: one event of the law each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{find, numbered_or_current, numbered_or_newest, settled};
use crate::{
    domain::{
        application::{Application, ApplicationKind, ApplicationState},
        id::ApplicationId,
        seal::Seal,
        seal_state::SealEvent,
    },
    policy::Action,
    service::{Act, Answer, Error, Service, applications::reason},
    store::Payload,
};

/// An event that is asked for.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealMove {
    /// Why. Required for everything but registering and resuming.
    #[serde(default)]
    pub reason: Option<String>,
    /// The number of the version; the one in question if not given.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub version: Option<i64>,
    /// The approved application to revoke the seal; only for revoking.
    #[serde(default)]
    pub application_id: Option<String>,
}

impl Service {
    /// Moves a version of a seal by an event of the law that needs nothing but permission and a
    /// reason; for revoking also an approved application.
    ///
    /// # Errors
    /// The law does not know the move, the reason or the application is missing, or policy says no.
    pub async fn move_seal(
        &self,
        act: &Act,
        id: &str,
        event: SealEvent,
        asked: SealMove,
    ) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, event.as_str(), &(id, &asked));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let mut tx = self.reading(act).await?;
        let found = if event == SealEvent::Abandon {
            find(&mut tx, id, numbered_or_newest(asked.version), self.now()).await?
        } else {
            find(&mut tx, id, numbered_or_current(asked.version), self.now()).await?
        };
        drop(tx);
        let permit = found.permit(self, act, action(event)?)?;
        let now = self.now();
        let stated = match (event, &asked.reason) {
            (SealEvent::Resume, None) => None,
            (_, text) => Some(reason(text.as_deref().unwrap_or_default())?),
        };
        let change = found.change(act, event, stated.clone(), now)?;
        let application = match event {
            SealEvent::Revoke => Some(self.revocation(act, &asked, &found.seal).await?),
            _ => None,
        };
        let ends = matches!(event, SealEvent::Revoke | SealEvent::Invalidate);
        let cause = application.as_ref().and_then(|application| application.details.cause);
        let ending = match ends {
            true => Some(self.ending(act, &found, event, (stated.unwrap_or_default(), cause))?),
            false => None,
        };
        let actor = act.clone();
        let answer = self
            .once(act, once, move |tx| {
                Box::pin(async move {
                    let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                    if let Some(application) = &application {
                        let used = Application { used: true, ..application.clone() };
                        tx.update_application(application, &used).await?;
                    }
                    let seal = match ending {
                        Some(ending) => ending.carry_out(tx, now).await?,
                        None => {
                            tx.move_version(&found.version, &change).await?;
                            settled(tx, &found.seal.id, now).await?
                        }
                    };
                    let subject = format!("seal-version:{}", found.version.id);
                    let organization = &found.seal.organization_id;
                    let mut entry =
                        actor.event(now, organization, event.as_str(), subject, &decision);
                    entry.payload =
                        Payload::Here(serde_json::json!({ "reason": change.reason }).to_string());
                    tx.record(entry).await?;
                    Ok(seal)
                })
            })
            .await?;
        if ends {
            self.publish_crls_at_once().await;
        }
        Ok(answer)
    }

    /// The approved application that a revocation carries out.
    async fn revocation(
        &self,
        act: &Act,
        asked: &SealMove,
        seal: &Seal,
    ) -> Result<Application, Error> {
        let missing = || {
            Error::invalid(
                "application-required",
                "a seal is revoked by an approved application; name its application_id",
            )
        };
        let id = ApplicationId::parse(asked.application_id.as_deref().ok_or_else(missing)?)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let application = tx.application(&id).await?.ok_or(Error::NotFound("the application"))?;
        let fits = application.kind == ApplicationKind::Revoke
            && application.seal_id.as_ref() == Some(&seal.id);
        if !fits {
            return Err(Error::conflict(
                "application-for-something-else",
                "the application is not to revoke this seal",
            ));
        }
        if application.state != ApplicationState::Approved || application.used {
            return Err(Error::conflict(
                "application-not-approved",
                "the application is not approved, or was carried out already",
            ));
        }
        Ok(application)
    }
}

fn action(event: SealEvent) -> Result<Action, Error> {
    Ok(match event {
        SealEvent::Abandon => Action::Abandon,
        SealEvent::Suspend => Action::Suspend,
        SealEvent::Resume => Action::Resume,
        SealEvent::Revoke => Action::Revoke,
        SealEvent::Invalidate => Action::Invalidate,
        other => return Err(Error::Internal(format!("{other} has a verb of its own"))),
    })
}
