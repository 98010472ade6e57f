//! The one task that writes: it commits pieces of work in groups, each in a savepoint of its own,
//! and answers after the commit. So a hundred signatures cost one flush of the disk.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use sqlx::AnyPool;
use tokio::sync::{mpsc, oneshot};

use super::{
    Engine, Store, StoreError,
    audit::{ChainHead, Trail},
    tx::Tx,
};
use crate::domain::organization::Scope;

/// The most pieces of work in one commit.
const LARGEST_GROUP: usize = 64;

/// A piece of work inside a transaction.
pub type Work<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

/// Runs inside the group's transaction; `true` keeps what it did.
type Run = Box<dyn for<'t> FnOnce(&'t mut Tx) -> Work<'t, bool> + Send>;
/// Tells the caller what became of the commit.
type Settle = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

struct Job {
    scope: Scope,
    /// Whether the writer surrounds it with a savepoint; else the work does so itself.
    guarded: bool,
    run: Run,
    settle: Settle,
}

/// The way to the writing task. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
    task: Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>,
    stop: Arc<tokio::sync::Notify>,
}

impl Store {
    /// Runs a piece of work in a transaction and returns after it is durable. An error undoes the
    /// piece of work and nothing else.
    ///
    /// # Errors
    /// What the work returns, or what the database says.
    pub async fn write<T, E>(
        &self,
        scope: Scope,
        work: impl for<'t> FnOnce(&'t mut Tx) -> Work<'t, Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.hand_over(scope, true, work).await
    }

    /// As [`Store::write`] in the scope of the service, for work that puts all it does in pieces of
    /// its own ([`Tx::piece`]): an error of the work undoes the whole transaction, with whatever
    /// else is in it.
    pub(super) async fn write_pieces<T, E>(
        &self,
        work: impl for<'t> FnOnce(&'t mut Tx) -> Work<'t, Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.hand_over(Scope::Service, false, work).await
    }

    async fn hand_over<T, E>(
        &self,
        scope: Scope,
        guarded: bool,
        work: impl for<'t> FnOnce(&'t mut Tx) -> Work<'t, Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let slot = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&slot);
        let run: Run = Box::new(move |tx| {
            Box::pin(async move {
                let outcome = work(tx).await;
                let keep = outcome.is_ok();
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
                keep
            })
        });
        let settle: Settle = Box::new(move |committed| {
            let outcome = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            let _ = answer.send(match (outcome, committed) {
                // The work's own refusal stands whatever became of the others.
                (Some(Err(refusal)), _) => Err(refusal),
                (_, Err(error)) => Err(E::from(error)),
                (Some(Ok(value)), Ok(())) => Ok(value),
                (None, Ok(())) => Err(E::from(StoreError::Closed)),
            });
        });
        let job = Job { scope, guarded, run, settle };
        self.writer.jobs.send(job).await.map_err(|_| E::from(StoreError::Closed))?;
        answered.await.map_err(|_| E::from(StoreError::Closed))?
    }
}

impl Writer {
    pub(super) fn start(pool: AnyPool, engine: Engine, instance: String) -> Self {
        let (jobs, inbox) = mpsc::channel(1024);
        let stop = Arc::new(tokio::sync::Notify::new());
        let stopped = Arc::clone(&stop);
        let task = tokio::spawn(run(pool, engine, instance, inbox, stopped));
        Self { jobs, task: Arc::new(Mutex::new(Some(task))), stop }
    }

    /// Commits what is queued and ends the task.
    pub(super) async fn stop(&self) {
        self.stop.notify_one();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

async fn run(
    pool: AnyPool,
    engine: Engine,
    instance: String,
    mut inbox: mpsc::Receiver<Job>,
    stop: Arc<tokio::sync::Notify>,
) {
    let mut epoch = 1;
    let mut chain = ChainHead::new(&instance, epoch);
    loop {
        let first = tokio::select! {
            biased;
            job = inbox.recv() => match job { Some(job) => job, None => break },
            () = stop.notified() => {
                inbox.close();
                continue;
            }
        };
        // Those who are about to come shall come along.
        tokio::task::yield_now().await;
        let mut group = vec![first];
        while group.len() < LARGEST_GROUP
            && let Ok(job) = inbox.try_recv()
        {
            group.push(job);
        }
        match commit_group(&pool, engine, group, chain.clone()).await {
            Some(head) => chain = head,
            None => {
                // Nobody knows what the old chain's last row is; it is closed where it stands.
                epoch += 1;
                chain = ChainHead::new(&instance, epoch);
            }
        }
    }
    pool.close().await;
}

/// Runs and commits a group; returns the chain's new head, or `None` if that is not known.
async fn commit_group(
    pool: &AnyPool,
    engine: Engine,
    group: Vec<Job>,
    chain: ChainHead,
) -> Option<ChainHead> {
    let begin = match engine {
        // Taking the write lock at once: a reader that turns writer could be refused half-way.
        Engine::Sqlite => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN",
    };
    let connection = match pool.begin_with(begin).await {
        Ok(connection) => connection,
        Err(error) => {
            let mut error = Some(StoreError::from(error));
            for job in group {
                (job.settle)(Err(error.take().unwrap_or(StoreError::Closed)));
            }
            return Some(chain);
        }
    };
    let before = chain.clone();
    let mut tx = Tx { connection, scope: Scope::Service, engine, trail: Some(Trail::after(chain)) };
    let mut settles: Vec<Settle> = Vec::new();
    let mut broken = None;
    for job in group {
        if broken.is_none() {
            match run_one(&mut tx, job.scope, job.guarded, job.run).await {
                Ok(()) => {}
                Err(error) => broken = Some(error),
            }
        }
        settles.push(job.settle);
    }
    let head = match broken {
        None => tx.write_trail().await.unwrap_or_else(|error| {
            broken = Some(error);
            None
        }),
        Some(_) => None,
    };
    if broken.is_some() {
        // The connection failed between pieces: nothing of the group is kept.
        let _ = tx.connection.rollback().await;
        for settle in settles {
            settle(Err(broken.take().unwrap_or(StoreError::Closed)));
        }
        return Some(before);
    }
    let committed = tx.connection.commit().await.is_ok();
    for settle in settles {
        settle(if committed { Ok(()) } else { Err(StoreError::CommitUnknown) });
    }
    if committed { head } else { None }
}

/// Runs one piece of work.
async fn run_one(tx: &mut Tx, scope: Scope, guarded: bool, run: Run) -> Result<(), StoreError> {
    tx.set_scope(scope);
    if !guarded {
        return if run(tx).await { Ok(()) } else { Err(StoreError::Closed) };
    }
    let _: Result<(), ()> = tx
        .piece(|tx| Box::pin(async move { if run(tx).await { Ok(()) } else { Err(()) } }))
        .await?;
    Ok(())
}
