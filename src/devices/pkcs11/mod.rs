//! A PKCS#11 token: sessions owned by threads behind a bounded queue, one login with a sentinel
//! session, cached object handles, and recovery without a restart.
//!
//! One operation, one file. The only room that names `cryptoki`.

mod cipher;
pub mod config;
mod error;
mod generate;
mod module;
mod probe;
mod sign;
mod supervisor;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

pub use config::TokenConfig;
pub use probe::{ProbeResult, SchemeProbe};

use super::DeviceError;
use crate::crypto::Scheme;
use error::Failure;
use worker::{Job, Seat};

/// A token in use. Cheap to clone; the last clone's drop ends its threads.
#[derive(Clone)]
pub struct Token {
    shared: Arc<Shared>,
    _life: Arc<supervisor::Life>,
}

/// What the supervisor, the workers and the callers see together.
pub(crate) struct Shared {
    config: TokenConfig,
    jobs: Sender<Job>,
    queue: Receiver<Job>,
    state: Mutex<Arc<State>>,
}

/// Whether the token can be asked.
#[derive(Clone, Debug)]
enum State {
    /// Sessions are open; these schemes were proven.
    Up { schemes: Vec<Scheme>, label: String, serial: String },
    /// No session; the next attempt is due at the instant.
    Down { reason: String, next_attempt: Instant },
}

/// What a token says of itself.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TokenDescription {
    /// The token label.
    pub label: String,
    /// The token serial.
    pub serial: String,
    /// The schemes that were proven by a signature that verifies.
    pub schemes: Vec<Scheme>,
}

impl Token {
    /// Whether the configuration says how this token does a scheme. Whether it really does is told
    /// by the probe.
    pub fn is_configured_for(&self, scheme: Scheme) -> bool {
        scheme == Scheme::P256 || self.shared.config.sm2.is_some()
    }

    /// Starts the threads of a token and waits for the first attempt to open it. A token that
    /// cannot be opened now is kept trying for; [`Token::describe`] tells.
    pub fn start(config: TokenConfig) -> Self {
        let (jobs, queue) = crossbeam_channel::bounded(config.queue);
        let state = State::Down { reason: "not opened yet".to_owned(), next_attempt: now() };
        let shared = Arc::new(Shared { config, jobs, queue, state: Mutex::new(Arc::new(state)) });
        let life = supervisor::start(&shared);
        Self { shared, _life: Arc::new(life) }
    }

    /// What the token says of itself, or why it cannot be used.
    ///
    /// # Errors
    /// [`DeviceError::Unavailable`] while it is down.
    pub fn describe(&self) -> Result<TokenDescription, DeviceError> {
        match &*self.shared.state() {
            State::Up { schemes, label, serial } => Ok(TokenDescription {
                label: label.clone(),
                serial: serial.clone(),
                schemes: schemes.clone(),
            }),
            State::Down { reason, next_attempt } => {
                let reason = reason.clone();
                let wait = next_attempt.saturating_duration_since(now());
                Err(DeviceError::Unavailable { reason, retry_after: wait.as_secs().clamp(1, 30) })
            }
        }
    }

    /// Refuses a scheme that was not proven.
    fn require(&self, scheme: Scheme) -> Result<(), DeviceError> {
        match &*self.shared.state() {
            State::Up { schemes, .. } if schemes.contains(&scheme) => Ok(()),
            State::Up { .. } => Err(DeviceError::SchemeNotOffered(scheme)),
            State::Down { .. } => self.describe().map(|_| ()),
        }
    }

    /// As [`Token::ask`], for work that makes or destroys objects of the token.
    async fn ask_alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Seat) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, DeviceError> {
        self.ask(move |seat| seat.alone(work)).await
    }

    /// Hands one piece of work to a session and waits for its answer until the deadline.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Seat) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, DeviceError> {
        if let State::Down { .. } = *self.shared.state() {
            self.describe()?;
        }
        let (answer, answered) = tokio::sync::oneshot::channel();
        let job = Job::new(move |seat: &mut Seat| {
            if answer.is_closed() {
                return Ok(());
            }
            let (outcome, verdict) = match work(seat) {
                Ok(value) => (Ok(value), Ok(())),
                Err(failure) => (Err(failure.to_device_error()), failure.verdict()),
            };
            // A caller who no longer waits has already been told that the token was too late.
            let _ = answer.send(outcome);
            verdict
        });
        self.shared.jobs.try_send(job).map_err(|_| DeviceError::Busy)?;
        match tokio::time::timeout(self.shared.config.deadline(), answered).await {
            Ok(Ok(outcome)) => outcome,
            // The job was dropped unanswered: its worker was retired.
            Ok(Err(_)) => Err(self.describe().err().unwrap_or(DeviceError::Timeout)),
            Err(_) => Err(DeviceError::Timeout),
        }
    }
}

impl Shared {
    fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_state(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
    }
}

/// The monotonic clock, for deadlines and backoff only; never recorded.
#[expect(clippy::disallowed_methods, reason = "monotonic waiting, not a point in time")]
fn now() -> Instant {
    Instant::now()
}

/// The shortest and the longest pause between two attempts to open a token.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
