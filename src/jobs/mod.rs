//! What runs by the clock: leases, recovery, expiry, revocation lists, forgetting what is out of
//! date. A job that fails is tried again at its next turn; the failure is logged.

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::service::{Error, Service};

/// Everything that runs by the clock.
#[derive(Clone, Copy, Debug)]
enum Job {
    RenewLease,
    RecoverSignings { alone: bool },
    ExpireSeals,
    PublishCrl,
    FollowRevocations,
    DeliverEvents,
    Remind,
    RenewArchive,
    Prune,
}

/// The running jobs.
pub struct Jobs {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Job {
    /// How long it rests between two turns.
    fn pause(self, service: &Service) -> Duration {
        let lease = Duration::from_secs(u64::from(service.config.sealing.lease_seconds));
        match self {
            Self::RenewLease => lease / 3,
            Self::RecoverSignings { .. } => lease,
            Self::ExpireSeals | Self::PublishCrl | Self::FollowRevocations | Self::RenewArchive => {
                Duration::from_secs(60)
            }
            // The turns end where nothing is due; what fails waits by its own time.
            Self::DeliverEvents => Duration::from_millis(500),
            Self::Remind => Duration::from_secs(300),
            Self::Prune => Duration::from_secs(600),
        }
    }

    async fn run(self, service: &Service) -> Result<(), Error> {
        match self {
            Self::RenewLease => service.renew_lease().await,
            Self::RecoverSignings { alone } => service.recover_signings(alone).await.map(|_| ()),
            Self::ExpireSeals => service.expire_seals().await.map(|_| ()),
            Self::FollowRevocations => service.follow_certificate_revocations().await,
            Self::PublishCrl => service.publish_crls_if_due().await.map(|_| ()),
            Self::DeliverEvents => {
                // A turn has an end, so that the service can be stopped between two.
                for _ in 0..20 {
                    if !service.deliver_events().await? {
                        break;
                    }
                }
                Ok(())
            }
            Self::Remind => service.remind().await,
            Self::RenewArchive => service.renew_archive().await,
            Self::Prune => {
                service.prune_idempotency().await?;
                service.prune_deliveries().await?;
                service.prune_attachments().await
            }
        }
    }
}

impl Jobs {
    /// Starts every job. `alone` says that no other process can be alive on the database.
    pub fn start(service: Arc<Service>, alone: bool) -> Self {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let all = [
            Job::RenewLease,
            Job::RecoverSignings { alone },
            Job::ExpireSeals,
            Job::PublishCrl,
            Job::FollowRevocations,
            Job::DeliverEvents,
            Job::Remind,
            Job::RenewArchive,
            Job::Prune,
        ];
        for job in all {
            tracker.spawn(turns(job, Arc::clone(&service), stop.clone()));
        }
        tracker.close();
        Self { tracker, stop }
    }

    /// Ends every job after its turn under way.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tracker.wait().await;
    }
}

async fn turns(job: Job, service: Arc<Service>, stop: CancellationToken) {
    loop {
        if let Err(error) = job.run(&service).await {
            tracing::warn!(?job, %error, "a job failed; it is tried again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(job.pause(&service)) => {}
        }
    }
}
