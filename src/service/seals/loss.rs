//! Loss 挂失 and recovery: reported by one, undone by two others.

use super::{SealMove, find, numbered_or_current, reread};
use crate::{
    domain::seal_state::SealEvent,
    policy::Action,
    service::{Act, Answer, Error, Service, applications::reason},
};

impl Service {
    /// Reports a seal lost; it is frozen at once.
    ///
    /// # Errors
    /// The seal is not in use, the reason is missing, or policy says no.
    pub async fn report_loss(&self, act: &Act, id: &str, asked: SealMove) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "report-loss", &(id, &asked));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_current(asked.version), self.now()).await?;
        drop(tx);
        let permit = found.permit(self, act, Action::ReportLoss)?;
        let now = self.now();
        let stated = reason(asked.reason.as_deref().unwrap_or_default())?;
        let change = found.change(act, SealEvent::ReportLoss, Some(stated), now)?;
        let reporter = act.person()?.clone();
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.note_loss(&found.version, Some(&reporter), None).await?;
                tx.move_version(&found.version, &change).await?;
                let subject = format!("seal-version:{}", found.version.id);
                let organization = &found.seal.organization_id;
                tx.record(actor.event(now, organization, "report-loss", subject, &decision))
                    .await?;
                reread(tx, &found.seal.id).await
            })
        })
        .await
    }

    /// Confirms that a lost seal was found. The first confirmation is remembered; the second, by
    /// another person, leaves the seal suspended, to be resumed. Neither may be the reporter.
    ///
    /// # Errors
    /// The seal is not lost, or policy says no.
    pub async fn recover(&self, act: &Act, id: &str, asked: SealMove) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "recover", &(id, &asked));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_current(asked.version), self.now()).await?;
        drop(tx);
        let permit = found.permit(self, act, Action::Recover)?;
        let now = self.now();
        let stated = reason(asked.reason.as_deref().unwrap_or_default())?;
        let change = found.change(act, SealEvent::Recover, Some(stated), now)?;
        let confirmer = act.person()?.clone();
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                // Of two confirmations at the same time one finds another revision and is refused.
                let first = found.version.recovery_confirmed_by.is_none();
                let reporter = found.version.loss_reported_by.as_ref();
                tx.note_loss(&found.version, reporter, Some(&confirmer)).await?;
                let subject = format!("seal-version:{}", found.version.id);
                let organization = &found.seal.organization_id;
                let action = if first { "confirm-recovery" } else { "recover" };
                if first {
                    tx.touch_version(&found.version).await?;
                } else {
                    tx.move_version(&found.version, &change).await?;
                }
                tx.record(actor.event(now, organization, action, subject, &decision)).await?;
                reread(tx, &found.seal.id).await
            })
        })
        .await
    }
}
