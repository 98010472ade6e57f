//! Work that keeps a processor busy: as much at a time as there are processors, in threads apart
//! from those that answer. More at once would only take each other's caches and memory.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::Error;

/// Places at which such work is done.
pub(super) struct Workbench(Arc<Semaphore>);

impl Default for Workbench {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self::with(processors.max(2))
    }
}

impl Workbench {
    /// A workbench with so many places.
    pub(super) fn with(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// Waits for a place and does a piece of work there.
    ///
    /// # Errors
    /// The work panicked; `what` says what it was.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(|_| Error::Overloaded)?;
        let work = move || {
            // A caller who goes away leaves the place to the work that goes on.
            let _place = place;
            work()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| Error::Internal(format!("{what} was interrupted")))
    }
}
