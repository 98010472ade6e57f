//! Opens a token, keeps its workers, and opens it anew when it was lost.
//!
//! Opening may hang in the module, so it happens in a thread of its own. A PIN that was refused
//! is not tried again until its source holds another PIN or the token was unlocked.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use cryptoki::{
    context::Pkcs11,
    error::{Error, RvError},
    session::{Session, UserType},
    slot::Slot,
    types::AuthPin,
};

use super::{
    BACKOFF, Shared, State,
    error::{is_pin_refusal, name},
    module::Module,
    now,
    probe::{self, ProbeResult},
    worker::{self, Event, Seat, Watch},
};
use crate::crypto::{Pin, Scheme};

const TICK: Duration = Duration::from_millis(50);

/// Ends the supervisor when the last [`super::Token`] is dropped.
pub(crate) struct Life {
    events: Sender<Event>,
    supervisor: Option<JoinHandle<()>>,
}

impl Drop for Life {
    /// Waits until no thread of ours is in the module: some modules crash when the process ends
    /// under a call.
    fn drop(&mut self) {
        let _ = self.events.send(Event::End);
        if let Some(supervisor) = self.supervisor.take() {
            let _ = supervisor.join();
        }
    }
}

/// What opening a token yields.
struct Opened {
    module: Module,
    sentinel: Session,
    seats: Vec<Seat>,
    schemes: Vec<Scheme>,
    label: String,
    serial: String,
}

/// Why opening failed.
enum Refusal {
    /// The PIN was refused; its digest tells whether another one is there.
    Pin { reason: String, digest: [u8; 32] },
    /// Anything else; worth another attempt.
    Other(String),
}

/// The workers of one opening.
struct Crew {
    /// Keeps the library in use.
    _module: Module,
    sentinel: Session,
    /// Dropping it makes idle workers leave.
    stop: Option<Sender<()>>,
    workers: Vec<(Arc<Watch>, JoinHandle<()>)>,
}

/// Starts the supervisor and waits for its first attempt to end.
pub(super) fn start(shared: &Arc<Shared>) -> Life {
    let (events, inbox) = crossbeam_channel::unbounded();
    let (first, first_done) = crossbeam_channel::bounded::<()>(1);
    let supervisor = Supervisor {
        shared: Arc::clone(shared),
        events: events.clone(),
        inbox,
        generation: 0,
        crew: None,
        retired: None,
        backoff: BACKOFF.0,
        refused_pin: None,
        away: 0,
        opening: false,
        first: Some(first),
        next_probe: now(),
    };
    let supervisor = thread::spawn(move || supervisor.run());
    let _ = first_done.recv();
    Life { events, supervisor: Some(supervisor) }
}

struct Supervisor {
    shared: Arc<Shared>,
    events: Sender<Event>,
    inbox: Receiver<Event>,
    generation: u64,
    crew: Option<Crew>,
    /// The last crew, to be logged out before the next one logs in; that call may hang too.
    retired: Option<Crew>,
    backoff: Duration,
    refused_pin: Option<[u8; 32]>,
    /// Workers that hang in the module and were given up.
    away: usize,
    /// Whether an attempt to open that was given up is still in the module.
    opening: bool,
    first: Option<Sender<()>>,
    next_probe: Instant,
}

impl Supervisor {
    fn run(mut self) {
        loop {
            self.reopen_if_due();
            self.probe_if_due();
            self.retire_hung_workers();
            self.drain_queue_while_down();
            match self.inbox.recv_timeout(TICK) {
                Ok(Event::Lost { generation, reason }) if generation == self.generation => {
                    tracing::warn!(reason, "token lost; opening it anew");
                    self.close(reason);
                }
                Ok(Event::Opened { refused }) => {
                    self.opening = false;
                    self.refused_pin = refused.or(self.refused_pin);
                }
                Ok(Event::Returned) => self.away = self.away.saturating_sub(1),
                Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Event::Lost { .. }) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn close(&mut self, reason: String) {
        self.retired = self.crew.take().or(self.retired.take());
        self.generation += 1;
        self.shared.set_state(State::Down { reason, next_attempt: now() });
    }

    fn reopen_if_due(&mut self) {
        let state = self.shared.state();
        let State::Down { reason, next_attempt } = &*state else { return };
        if now() < *next_attempt {
            return;
        }
        let reason = match self.attempt() {
            Ok(opened) => {
                self.install(opened);
                self.backoff = BACKOFF.0;
                return self.first_attempt_is_over();
            }
            Err(None) => reason.clone(),
            Err(Some(new)) => {
                if new != *reason {
                    tracing::error!(reason = new, "token cannot be opened");
                }
                new
            }
        };
        self.shared.set_state(State::Down { reason, next_attempt: now() + self.backoff });
        self.backoff = (self.backoff * 2).min(BACKOFF.1);
        self.first_attempt_is_over();
    }

    fn first_attempt_is_over(&mut self) {
        if let Some(first) = self.first.take() {
            let _ = first.send(());
        }
    }

    /// Opens the token in a thread; `Err(None)` keeps the reason that is already known.
    fn attempt(&mut self) -> Result<Opened, Option<String>> {
        // A login that is still under way may be counting against the PIN.
        if self.opening || self.away > self.shared.config.sessions {
            return Err(Some("calls into the token do not return".to_owned()));
        }
        let pin = self.shared.config.pin.read().map_err(Some)?;
        let known_bad = self.refused_pin == Some(pin.digest());
        let shared = Arc::clone(&self.shared);
        let (done, result) = crossbeam_channel::bounded(1);
        let (events, restart) = (self.events.clone(), self.away == 0);
        let retired = self.retired.take();
        thread::spawn(move || {
            drop(retired);
            let opened = open(&shared, &pin, known_bad, restart);
            if let Err(late) = done.send(opened) {
                let refused = match late.into_inner() {
                    Err(Refusal::Pin { digest, .. }) => Some(digest),
                    _ => None,
                };
                let _ = events.send(Event::Opened { refused });
            }
        });
        match result.recv_timeout(self.shared.config.deadline()) {
            Ok(Ok(opened)) => {
                self.refused_pin = None;
                Ok(opened)
            }
            Ok(Err(Refusal::Pin { reason, digest })) => {
                self.refused_pin = Some(digest);
                Err(Some(reason))
            }
            Ok(Err(Refusal::Other(reason))) => Err(Some(reason)),
            Err(_) => {
                self.opening = true;
                Err(Some("the token does not answer".to_owned()))
            }
        }
    }

    fn install(&mut self, opened: Opened) {
        let (stop, stopped) = crossbeam_channel::bounded(0);
        let mut workers = Vec::new();
        for seat in opened.seats {
            let seen = Arc::clone(&seat.watch);
            let (queue, stop, events) =
                (self.shared.queue.clone(), stopped.clone(), self.events.clone());
            let generation = self.generation;
            let thread = thread::spawn(move || {
                worker::run(seat, generation, &queue, &stop, &events);
            });
            workers.push((seen, thread));
        }
        let Opened { module, sentinel, schemes, label, serial, .. } = opened;
        tracing::info!(label, serial, ?schemes, "token open");
        self.crew = Some(Crew { _module: module, sentinel, stop: Some(stop), workers });
        self.next_probe = now() + Duration::from_millis(self.shared.config.probe_interval_ms);
        self.shared.set_state(State::Up { schemes, label, serial });
    }

    /// Queues a real signature, fresh from the token's own object, so that a token that vanished
    /// is noticed while nobody asks for anything.
    fn probe_if_due(&mut self) {
        if self.crew.is_none() || now() < self.next_probe {
            return;
        }
        self.next_probe = now() + Duration::from_millis(self.shared.config.probe_interval_ms);
        let job = worker::Job::new(|seat| match seat.beside_others(probe::run) {
            Ok(_) => Ok(()),
            Err(failure) => failure.verdict(),
        });
        // A full queue is proof enough of life, or the hung-worker watch deals with it.
        let _ = self.shared.jobs.try_send(job);
    }

    /// Opens everything anew when a worker is far over the deadline; the hung thread is left
    /// behind, as nothing can end it.
    fn retire_hung_workers(&mut self) {
        let Some(crew) = &self.crew else { return };
        let limit = self.shared.config.deadline();
        let hung = crew
            .workers
            .iter()
            .filter_map(|(watch, _)| watch.busy_since())
            .filter(|since| now().saturating_duration_since(*since) > limit)
            .count();
        if hung > 0 {
            tracing::error!(hung, "calls into the token do not return; opening it anew");
            for (watch, _) in &crew.workers {
                if watch.busy_since().is_some() {
                    self.away += 1;
                    watch.give_up();
                }
            }
            self.close("calls into the token do not return".to_owned());
        }
    }

    /// What waits in the queue of a token that is down is answered now, not at its deadline.
    fn drain_queue_while_down(&self) {
        if self.crew.is_none() {
            while self.shared.queue.try_recv().is_ok() {}
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        drop(self.stop.take());
        for (watch, thread) in self.workers.drain(..) {
            if !watch.is_given_up() {
                let _ = thread.join();
            }
        }
        // Login belongs to the application, not to a session; dropping it with the crew makes the
        // next opening log in again, and notice a changed PIN.
        let _ = self.sentinel.logout();
    }
}

fn open(shared: &Shared, pin: &Pin, known_bad: bool, may_restart: bool) -> Result<Opened, Refusal> {
    let module = Module::open(&shared.config.module).map_err(|e| Refusal::Other(name(&e)))?;
    match open_sessions(shared, &module, pin, known_bad) {
        Ok((sentinel, seats, schemes, label, serial)) => {
            Ok(Opened { module, sentinel, seats, schemes, label, serial })
        }
        Err(Refusal::Other(reason)) if may_restart => {
            // Some modules look for their tokens only when they are initialised.
            module.restart().map_err(|e| Refusal::Other(name(&e)))?;
            let (sentinel, seats, schemes, label, serial) = open_sessions(
                shared, &module, pin, known_bad,
            )
            .map_err(|refusal| match refusal {
                Refusal::Other(again) if again != reason => Refusal::Other(again),
                Refusal::Other(_) => Refusal::Other(reason),
                pin => pin,
            })?;
            Ok(Opened { module, sentinel, seats, schemes, label, serial })
        }
        Err(refusal) => Err(refusal),
    }
}

type Sessions = (Session, Vec<Seat>, Vec<Scheme>, String, String);

fn open_sessions(
    shared: &Shared,
    module: &Module,
    pin: &Pin,
    known_bad: bool,
) -> Result<Sessions, Refusal> {
    let other = |error: Error| Refusal::Other(name(&error));
    let context = module.context();
    let (slot, label, serial, locked) = find_slot(shared, context)?;
    let refusal = |reason: String| Refusal::Pin { reason, digest: pin.digest() };
    if locked {
        let text = "the PIN is locked; unlock it with the security officer's PIN";
        return Err(Refusal::Other(text.to_owned()));
    }
    if known_bad {
        return Err(refusal(
            "the PIN was refused; put the right PIN in its source, it is then tried by itself"
                .to_owned(),
        ));
    }
    let sentinel = context.open_rw_session(slot).map_err(other)?;
    match sentinel.login(UserType::User, Some(&AuthPin::new(pin.expose().into()))) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
        Err(error) if is_pin_refusal(&error) => {
            return Err(refusal(format!("the PIN was refused ({})", name(&error))));
        }
        Err(error) => return Err(other(error)),
    }
    let mut seats = Vec::new();
    let gate = Arc::default();
    for _ in 0..shared.config.sessions {
        match context.open_rw_session(slot) {
            Ok(session) => seats.push(Seat::new(session, shared.config.clone(), Arc::clone(&gate))),
            // Fewer sessions than asked for are slower, not wrong.
            Err(Error::Pkcs11(RvError::SessionCount, _)) if !seats.is_empty() => {
                tracing::warn!(opened = seats.len(), "the token allows no more sessions");
                break;
            }
            Err(error) => return Err(other(error)),
        }
    }
    let probed = match seats.first_mut() {
        Some(seat) => probe::run(seat)
            .map_err(|failure| Refusal::Other(failure.to_device_error().to_string()))?,
        None => ProbeResult::default(),
    };
    let schemes: Vec<_> =
        probed.schemes.iter().filter(|probe| probe.offered).map(|probe| probe.scheme).collect();
    if schemes.is_empty() {
        return Err(Refusal::Other("the token offers no scheme that verifies".to_owned()));
    }
    Ok((sentinel, seats, schemes, label, serial))
}

fn find_slot(shared: &Shared, context: &Pkcs11) -> Result<(Slot, String, String, bool), Refusal> {
    let slots = context.get_slots_with_token().map_err(|e| Refusal::Other(name(&e)))?;
    let mut found = Vec::new();
    for slot in slots {
        let Ok(info) = context.get_token_info(slot) else { continue };
        let wanted = shared.config.serial.as_deref();
        if info.label() == shared.config.label
            && wanted.is_none_or(|serial| serial == info.serial_number())
        {
            let (label, serial) = (info.label().to_owned(), info.serial_number().to_owned());
            found.push((slot, label, serial, info.user_pin_locked()));
        }
    }
    match found.len() {
        1 => found.pop().ok_or_else(|| Refusal::Other(String::new())),
        0 => Err(Refusal::Other(format!("no token with label {:?}", shared.config.label))),
        _ => Err(Refusal::Other(format!(
            "several tokens have the label {:?}; set token.serial",
            shared.config.label
        ))),
    }
}
