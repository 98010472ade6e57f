//! Reminders 到期提醒: 90, 30, 15, 7 and 1 days before something ends, and once when it is overdue.

use super::message;
use crate::{
    domain::organization::Scope,
    service::{Error, Service, deadlines::Deadline},
    store::EVENT,
};

/// How many days before.
const DAYS: [i64; 5] = [90, 30, 15, 7, 1];
/// How many are looked at in one turn, of each kind.
const MOST: i64 = 10_000;

impl Service {
    /// Announces what is due soon or overdue, each as often as it shall be and no more.
    ///
    /// # Errors
    /// The database fails.
    pub async fn remind(&self) -> Result<(), Error> {
        let now = self.now();
        let until = now.plus_seconds(DAYS[0] * 86_400);
        let mut tx = self.reading_service().await?;
        let due = self.all_deadlines(&mut tx, (now, until), MOST).await?;
        drop(tx);
        for deadline in due {
            let left = deadline.due_at.as_seconds() - now.as_seconds();
            // Of several steps that were passed at once only the last is told.
            let step = DAYS.iter().rev().find(|days| left <= **days * 86_400);
            let step = if left <= 0 { Some(&0) } else { step };
            let Some(step) = step.copied() else { continue };
            let subject = subject(&deadline);
            let key = format!("{}|{subject}|{}|{step}", deadline.kind, deadline.due_at.as_micros());
            let kind = format!("reminder.{}", deadline.kind);
            let told = message(
                &kind,
                now,
                &deadline.organization_id,
                serde_json::json!({
                    "subject": subject,
                    "seal_name": deadline.seal_name,
                    "level_name": deadline.level_name,
                    "due_at": deadline.due_at,
                    "overdue": left <= 0,
                    "days": step,
                }),
            );
            let id = crate::domain::id::new_ulid(now, self.randomness()?);
            self.store
                .write(Scope::Service, move |tx| {
                    Box::pin(async move {
                        if tx.remind_once(&key, now).await? {
                            tx.post(id, EVENT, &told, now).await?;
                        }
                        Ok::<_, Error>(())
                    })
                })
                .await?;
        }
        Ok(())
    }
}

/// What a deadline is about.
fn subject(deadline: &Deadline) -> String {
    match (&deadline.application_id, &deadline.seal_id) {
        (Some(id), _) => format!("application:{id}"),
        (None, Some(id)) => format!("seal:{id}"),
        (None, None) => format!("authority:{}", deadline.seal_name),
    }
}
