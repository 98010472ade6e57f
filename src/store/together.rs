//! Doing the same thing for many callers at once: whoever comes while the writer is busy is
//! gathered, and all who wait are served by one piece of work, in statements over many rows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::{
    Store, StoreError,
    tx::Tx,
    writer::{Job, Work},
};
use crate::domain::organization::Scope;

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
    let gathered = Gathered::<T> {
        waiting,
        items: Arc::default(),
        senders: Vec::new(),
        answers: Vec::new(),
        settled: false,
    };
    store.hand_over(Box::new(gathered)).await;
}

/// All who waited when the writer came to them.
struct Gathered<T: Together> {
    waiting: Waiting<T>,
    items: Arc<Vec<T::Item>>,
    senders: Vec<oneshot::Sender<Answer<T>>>,
    answers: Vec<Answer<T>>,
    settled: bool,
}

impl<T: Together> Drop for Gathered<T> {
    /// Where the writer ended without a word, nobody is left waiting behind somebody who is gone.
    fn drop(&mut self) {
        if !self.settled {
            self.gather();
        }
    }
}

impl<T: Together> Gathered<T> {
    fn gather(&mut self) {
        if self.items.is_empty() {
            let waiting = std::mem::take(&mut *lock(&self.waiting));
            let (items, senders): (Vec<_>, _) = waiting.into_iter().unzip();
            (self.items, self.senders) = (Arc::new(items), senders);
        }
    }

    async fn run_hastily(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        match T::run(tx, &self.items).await {
            Ok(answers) if answers.len() == self.items.len() => {
                self.answers = answers;
                Ok(())
            }
            // The reason will be found again, and told, with care.
            Ok(_) | Err(_) => Err(StoreError::Closed),
        }
    }

    async fn run_carefully(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        self.answers.clear();
        if self.items.len() > 1 {
            let all = Arc::clone(&self.items);
            let together = tx.piece(move |tx| Box::pin(async move { T::run(tx, &all).await }));
            if let Ok(answers) = together.await?
                && answers.len() == self.items.len()
            {
                self.answers = answers;
                return Ok(());
            }
        }
        for place in 0..self.items.len() {
            let all = Arc::clone(&self.items);
            let alone = tx
                .piece(move |tx| {
                    Box::pin(async move {
                        let one = all.get(place..=place).unwrap_or_default();
                        let mut answers = T::run(tx, one).await?;
                        answers.pop().ok_or_else(|| T::Error::from(StoreError::Closed))?
                    })
                })
                .await?;
            self.answers.push(alone);
        }
        Ok(())
    }
}

impl<T: Together> Job for Gathered<T> {
    fn run<'a>(&'a mut self, tx: &'a mut Tx, careful: bool) -> Work<'a, Result<(), StoreError>> {
        Box::pin(async move {
            tx.set_scope(Scope::Service);
            self.gather();
            if careful { self.run_carefully(tx).await } else { self.run_hastily(tx).await }
        })
    }

    fn can_repeat(&self) -> bool {
        true
    }

    fn settle(mut self: Box<Self>, committed: Result<(), StoreError>) {
        // Where it never ran, its callers still wait in the queue.
        self.gather();
        self.settled = true;
        let senders = std::mem::take(&mut self.senders);
        match committed {
            Ok(()) => {
                for (sender, answer) in senders.into_iter().zip(std::mem::take(&mut self.answers)) {
                    let _ = sender.send(answer);
                }
            }
            Err(error) => {
                let unknown = matches!(error, StoreError::CommitUnknown);
                let mut error = Some(error);
                for sender in senders {
                    let again =
                        if unknown { StoreError::CommitUnknown } else { StoreError::Closed };
                    let _ = sender.send(Err(T::Error::from(error.take().unwrap_or(again))));
                }
            }
        }
    }
}
