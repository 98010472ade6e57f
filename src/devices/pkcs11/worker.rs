//! A thread that owns one session and works off the common queue.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use crossbeam_channel::{Receiver, Sender};
use cryptoki::{
    object::{Attribute, ObjectClass, ObjectHandle},
    session::Session,
};

use parking_lot::RwLock;

use super::{
    config::TokenConfig,
    error::{Failure, Verdict},
    now,
};
use crate::domain::id::KeyId;

type Work = Box<dyn FnOnce(&mut Seat) -> Result<(), Verdict> + Send>;

/// One piece of work for whichever session is free.
pub(super) struct Job(Work);

impl Job {
    pub(super) fn new(
        work: impl FnOnce(&mut Seat) -> Result<(), Verdict> + Send + 'static,
    ) -> Self {
        Self(Box::new(work))
    }
}

/// A session with what it remembers.
pub(super) struct Seat {
    pub(super) session: Session,
    pub(super) config: TokenConfig,
    /// Objects come and go under the write lock only. Where one session makes an object, be it a
    /// copy for itself, while another looks for one, SoftHSM answers `CKR_GENERAL_ERROR` or shows
    /// the half-made object beside the one that was looked for.
    gate: Arc<RwLock<()>>,
    /// Where the supervisor sees since when a call into the token lasts.
    pub(super) watch: Arc<Watch>,
    /// Handles by which keys are used: copies in the session, or the token's own objects.
    handles: HashMap<KeyId, ObjectHandle>,
}

impl Seat {
    pub(super) fn new(session: Session, config: TokenConfig, gate: Arc<RwLock<()>>) -> Self {
        Self { session, config, gate, watch: Arc::default(), handles: HashMap::new() }
    }

    /// Works beside the other sessions; makes and destroys no object.
    ///
    /// # Errors
    /// The work's own, or another session's call does not return.
    pub(super) fn beside_others<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let gate = Arc::clone(&self.gate);
        let deadline = self.config.deadline();
        let _beside_others = gate.try_read_for(deadline).ok_or(Failure::Blocked)?;
        self.watched(work)
    }

    /// Works while no other session does.
    ///
    /// # Errors
    /// As for work beside others.
    pub(super) fn alone<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let gate = Arc::clone(&self.gate);
        let _alone = gate.try_write_for(self.config.deadline()).ok_or(Failure::Blocked)?;
        self.watched(work)
    }

    /// Who waits at the gate does not hang in the token; who works there may.
    fn watched<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.watch.set(Some(now()));
        let done = work(self);
        self.watch.set(None);
        done
    }

    /// Uses a key beside the other sessions, by a handle that is found once and then remembered.
    pub(super) fn with_key<T>(
        &mut self,
        key: &KeyId,
        class: ObjectClass,
        work: impl FnOnce(&Self, ObjectHandle) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let handle = match self.handles.get(key) {
            Some(handle) => *handle,
            None => self.alone(|seat| seat.remember(key, class))?,
        };
        self.beside_others(|seat| work(seat, handle))
    }

    fn remember(&mut self, key: &KeyId, class: ObjectClass) -> Result<ObjectHandle, Failure> {
        let original = self.find(key.as_str().as_bytes(), class)?;
        let original = original.ok_or_else(|| Failure::KeyMissing(key.clone()))?;
        // A copy that lives in the session spares SoftHSM a look at its files at every use. A
        // token that refuses copies is used by its own object.
        let handle = if class == ObjectClass::PRIVATE_KEY && self.config.session_copies {
            self.session.copy_object(original, &[Attribute::Token(false)]).unwrap_or(original)
        } else {
            original
        };
        self.handles.insert(key.clone(), handle);
        Ok(handle)
    }

    /// Looks in the token for the object with an identifier.
    pub(super) fn find(
        &self,
        id: &[u8],
        class: ObjectClass,
    ) -> Result<Option<ObjectHandle>, Failure> {
        let template =
            [Attribute::Class(class), Attribute::Token(true), Attribute::Id(id.to_vec())];
        match self.session.find_objects(&template)?.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            _ => Err(Failure::Fault("two objects of the token bear the same CKA_ID".to_owned())),
        }
    }
}

/// What the supervisor sees of a worker.
#[derive(Default)]
pub(super) struct Watch {
    busy_since: Mutex<Option<Instant>>,
    given_up: AtomicBool,
}

impl Watch {
    /// Since when the worker has been at the same piece of work.
    pub(super) fn busy_since(&self) -> Option<Instant> {
        *self.busy_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the worker to itself; it tells when its call came back.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::SeqCst);
    }

    /// Whether nobody waits for the worker any more.
    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::SeqCst)
    }

    fn set(&self, since: Option<Instant>) {
        *self.busy_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

/// What a worker tells the supervisor.
pub(super) enum Event {
    /// The session is lost.
    Lost { generation: u64, reason: String },
    /// A worker that was given up has come back.
    Returned,
    /// An opening that was given up has ended; with the digest of a PIN that it found refused.
    Opened { refused: Option<[u8; 32]> },
    /// The last user of the token is gone.
    End,
}

/// Works until the queue or the generation ends.
pub(super) fn run(
    mut seat: Seat,
    generation: u64,
    queue: &Receiver<Job>,
    stop: &Receiver<()>,
    events: &Sender<Event>,
) {
    loop {
        let job = crossbeam_channel::select_biased! {
            recv(stop) -> _ => return,
            recv(queue) -> job => match job { Ok(job) => job, Err(_) => return },
        };
        let verdict = (job.0)(&mut seat);
        if seat.watch.is_given_up() {
            let _ = events.send(Event::Returned);
            return;
        }
        if let Err(Verdict::Reopen(reason)) = verdict {
            let _ = events.send(Event::Lost { generation, reason });
            return;
        }
    }
}
