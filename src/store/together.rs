//! Doing the same thing for many callers at once: whoever comes while the writer is busy is
//! gathered, and all who wait are served by one piece of work, in statements over many rows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::{Store, StoreError, tx::Tx, writer::Work};

/// How many turns of the scheduler whoever comes first waits for others at most.
const LONGEST_WAIT: usize = 32;

/// What is done for each of several items in one go.
pub trait Together: Send + Sync + 'static {
    /// One caller's part.
    type Item: Send + Sync + 'static;
    /// What the caller gets.
    type Outcome: Send + 'static;
    /// Why one does not get it.
    type Error: From<StoreError> + Send + 'static;

    /// Does it for all items; the answers are in the order of the items. An inner error refuses one
    /// item, for which nothing was written; an outer error undoes all of them, and each is then
    /// done by itself, so that only whoever is at fault bears it.
    fn run<'t>(tx: &'t mut Tx, items: &'t [Self::Item]) -> Work<'t, Answers<Self>>;
}

/// The answer for one item.
pub type Answer<T> = Result<<T as Together>::Outcome, <T as Together>::Error>;
/// The answers for all items, or why there are none.
pub type Answers<T> = Result<Vec<Answer<T>>, <T as Together>::Error>;

type Waiting<T> = Arc<Mutex<Vec<(<T as Together>::Item, oneshot::Sender<Answer<T>>)>>>;

/// Where callers wait for each other.
pub struct Gathering<T: Together> {
    waiting: Waiting<T>,
}

impl<T: Together> Default for Gathering<T> {
    fn default() -> Self {
        Self { waiting: Arc::default() }
    }
}

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Together> Gathering<T> {
    /// Has an item done together with those of others, and returns after it is durable.
    ///
    /// # Errors
    /// What the law of `T` says, or the database fails.
    pub async fn submit(&self, store: &Store, item: T::Item) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        let first = {
            let mut waiting = lock(&self.waiting);
            waiting.push((item, reply));
            waiting.len() == 1
        };
        if first {
            // Whoever comes first sees to it that all are served; in a task of its own, as others
            // depend on it.
            tokio::spawn(serve::<T>(store.clone(), Arc::clone(&self.waiting)));
        }
        answer.await.map_err(|_| T::Error::from(StoreError::Closed))?
    }
}

async fn serve<T: Together>(store: Store, waiting: Waiting<T>) {
    // As long as others keep coming while everybody who can run has run, it pays to let them.
    let mut before = 0;
    for _ in 0..LONGEST_WAIT {
        let now = lock(&waiting).len();
        if now == before {
            break;
        }
        before = now;
        tokio::task::yield_now().await;
    }
    let replies = Arc::new(Mutex::new(Vec::new()));
    let (queue, kept) = (Arc::clone(&waiting), Arc::clone(&replies));
    let served: Result<Vec<_>, StoreError> = store
        .write_pieces(move |tx| {
            Box::pin(async move {
                let (items, senders): (Vec<_>, Vec<_>) =
                    std::mem::take(&mut *lock(&queue)).into_iter().unzip();
                *lock(&kept) = senders;
                run_all::<T>(tx, items).await
            })
        })
        .await;
    // Where the work never ran, its callers still wait in the queue.
    let mut senders = std::mem::take(&mut *lock(&replies));
    match served {
        Ok(outcomes) => {
            for (sender, outcome) in senders.into_iter().zip(outcomes) {
                let _ = sender.send(outcome);
            }
        }
        Err(error) => {
            if senders.is_empty() {
                senders.extend(std::mem::take(&mut *lock(&waiting)).into_iter().map(|(_, s)| s));
            }
            let unknown = matches!(error, StoreError::CommitUnknown);
            let mut error = Some(error);
            for sender in senders {
                let again = if unknown { StoreError::CommitUnknown } else { StoreError::Closed };
                let _ = sender.send(Err(T::Error::from(error.take().unwrap_or(again))));
            }
        }
    }
}

async fn run_all<T: Together>(
    tx: &mut Tx,
    items: Vec<T::Item>,
) -> Result<Vec<Answer<T>>, StoreError> {
    let items = Arc::new(items);
    if items.len() > 1 {
        let all = Arc::clone(&items);
        let together = tx.piece(move |tx| Box::pin(async move { T::run(tx, &all).await })).await?;
        if let Ok(answers) = together
            && answers.len() == items.len()
        {
            return Ok(answers);
        }
    }
    let mut answers = Vec::with_capacity(items.len());
    for place in 0..items.len() {
        let all = Arc::clone(&items);
        let alone = tx
            .piece(move |tx| {
                Box::pin(async move {
                    let one = all.get(place..=place).unwrap_or_default();
                    let mut answers = T::run(tx, one).await?;
                    answers.pop().ok_or_else(|| T::Error::from(StoreError::Closed))?
                })
            })
            .await?;
        answers.push(alone);
    }
    Ok(answers)
}
