//! Work that keeps a processor busy: as much at a time as there are processors, in threads apart
//! from those that answer. More at once would only take each other's caches and memory.

use tokio::sync::Semaphore;

use super::Error;

/// Places at which such work is done.
pub(super) struct Workbench(Semaphore);

impl Default for Workbench {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self(Semaphore::new(processors.max(2)))
    }
}

impl Workbench {
    /// Waits for a place and does a piece of work there.
    ///
    /// # Errors
    /// The work panicked; `what` says what it was.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _place = self.0.acquire().await.map_err(|_| Error::Overloaded)?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| Error::Internal(format!("{what} was interrupted")))
    }
}
