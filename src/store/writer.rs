//! The one task that writes: it commits jobs in groups and answers after the commit, so that a
//! hundred signatures cost one flush of the disk. What goes wrong with one is undone alone.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use sqlx::{Any, AnyPool, Transaction};
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

/// Something to be done in a commit.
pub(super) trait Job: Send {
    /// Does it. Where `careful`, an error means that nothing of the whole transaction may be kept:
    /// what goes wrong with the job itself is undone by it in a [`Tx::piece`]. Where not, every
    /// error is answered by undoing the transaction and running everything in it again, carefully.
    fn run<'a>(&'a mut self, tx: &'a mut Tx, careful: bool) -> Work<'a, Result<(), StoreError>>;

    /// Whether it may be run without care first.
    fn can_repeat(&self) -> bool;

    /// Tells whoever waits what became of the commit.
    fn settle(self: Box<Self>, committed: Result<(), StoreError>);
}

/// One caller's piece of work.
struct Piece<T, E, W> {
    scope: Scope,
    work: Option<W>,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, W> Job for Piece<T, E, W>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    W: for<'t> FnOnce(&'t mut Tx) -> Work<'t, Result<T, E>> + Send + 'static,
{
    fn run<'a>(&'a mut self, tx: &'a mut Tx, _: bool) -> Work<'a, Result<(), StoreError>> {
        Box::pin(async move {
            tx.set_scope(self.scope.clone());
            if let Some(work) = self.work.take() {
                self.outcome = Some(tx.piece(work).await?);
            }
            Ok(())
        })
    }

    fn can_repeat(&self) -> bool {
        false
    }

    fn settle(self: Box<Self>, committed: Result<(), StoreError>) {
        let _ = self.answer.send(match (self.outcome, committed) {
            // The work's own refusal stands whatever became of the others.
            (Some(Err(refusal)), _) => Err(refusal),
            (_, Err(error)) => Err(E::from(error)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(E::from(StoreError::Closed)),
        });
    }
}

/// The way to the writing task. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
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
        let (answer, answered) = oneshot::channel();
        self.hand_over(Box::new(Piece { scope, work: Some(work), outcome: None, answer })).await;
        answered.await.map_err(|_| E::from(StoreError::Closed))?
    }

    /// Hands a job to the writer.
    pub(super) async fn hand_over(&self, job: Box<dyn Job>) {
        if let Err(refused) = self.writer.jobs.send(job).await {
            refused.0.settle(Err(StoreError::Closed));
        }
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
    mut inbox: mpsc::Receiver<Box<dyn Job>>,
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
    mut group: Vec<Box<dyn Job>>,
    chain: ChainHead,
) -> Option<ChainHead> {
    // A group of nothing but jobs that can be repeated goes without savepoints first.
    let hasty = group.iter().all(|job| job.can_repeat());
    let mut done = attempt(pool, engine, &mut group, &chain, !hasty).await;
    if hasty && done.is_err() {
        done = attempt(pool, engine, &mut group, &chain, true).await;
    }
    let (connection, head) = match done {
        Ok(done) => done,
        Err(error) => {
            let mut error = Some(error);
            for job in group {
                job.settle(Err(error.take().unwrap_or(StoreError::Closed)));
            }
            return Some(chain);
        }
    };
    let committed = connection.commit().await.is_ok();
    for job in group {
        job.settle(if committed { Ok(()) } else { Err(StoreError::CommitUnknown) });
    }
    if committed { head } else { None }
}

/// Runs a group in a transaction that is ready to be committed; on an error it is undone.
async fn attempt(
    pool: &AnyPool,
    engine: Engine,
    group: &mut [Box<dyn Job>],
    chain: &ChainHead,
    careful: bool,
) -> Result<(Transaction<'static, Any>, Option<ChainHead>), StoreError> {
    let begin = match engine {
        // Taking the write lock at once: a reader that turns writer could be refused half-way.
        Engine::Sqlite => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN",
    };
    let connection = pool.begin_with(begin).await?;
    let trail = Some(Trail::after(chain.clone()));
    let mut tx = Tx { connection, scope: Scope::Service, engine, trail };
    match run_group(&mut tx, group, careful).await {
        Ok(head) => Ok((tx.connection, head)),
        Err(error) => {
            let _ = tx.connection.rollback().await;
            Err(error)
        }
    }
}

async fn run_group(
    tx: &mut Tx,
    group: &mut [Box<dyn Job>],
    careful: bool,
) -> Result<Option<ChainHead>, StoreError> {
    for job in group {
        job.run(tx, careful).await?;
    }
    tx.write_trail().await
}
