//! A thread that owns one session and works off the common queue.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use crossbeam_channel::{Receiver, Sender};
use cryptoki::{
    object::{Attribute, ObjectClass, ObjectHandle},
    session::Session,
};

use super::{
    config::TokenConfig,
    error::{Failure, Verdict},
    now,
};
use crate::domain::id::KeyId;

type Work = Box<dyn FnOnce(&mut Seat) -> Result<(), Verdict> + Send>;

/// One piece of work for whichever session is free.
pub(super) struct Job {
    work: Work,
    exclusive: bool,
}

impl Job {
    pub(super) fn new(
        work: impl FnOnce(&mut Seat) -> Result<(), Verdict> + Send + 'static,
    ) -> Self {
        Self { work: Box::new(work), exclusive: false }
    }

    /// Lets nothing else run beside it in the token.
    pub(super) fn alone(self) -> Self {
        Self { exclusive: true, ..self }
    }
}

/// A session with what it remembers.
pub(super) struct Seat {
    pub(super) session: Session,
    pub(super) config: TokenConfig,
    /// Objects come and go under the write lock only: SoftHSM answers `CKR_GENERAL_ERROR` where one
    /// session makes an object while another looks for one.
    gate: Arc<RwLock<()>>,
    /// Handles by which keys are used: copies in the session, or the token's own objects.
    handles: HashMap<KeyId, ObjectHandle>,
}

impl Seat {
    pub(super) fn new(session: Session, config: TokenConfig, gate: Arc<RwLock<()>>) -> Self {
        Self { session, config, gate, handles: HashMap::new() }
    }

    /// The handle to use a key by; found once, then remembered.
    pub(super) fn handle(
        &mut self,
        key: &KeyId,
        class: ObjectClass,
        copy: bool,
    ) -> Result<ObjectHandle, Failure> {
        if let Some(handle) = self.handles.get(key) {
            return Ok(*handle);
        }
        let original = self.find(key.as_str().as_bytes(), class)?;
        let original = original.ok_or_else(|| Failure::KeyMissing(key.clone()))?;
        // A copy that lives in the session spares SoftHSM a look at its files at every use. A
        // token that refuses copies is used by its own object.
        let handle = if copy && self.config.session_copies {
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
    watch: &Arc<Watch>,
    events: &Sender<Event>,
) {
    loop {
        let job = crossbeam_channel::select_biased! {
            recv(stop) -> _ => return,
            recv(queue) -> job => match job { Ok(job) => job, Err(_) => return },
        };
        watch.set(Some(now()));
        let gate = Arc::clone(&seat.gate);
        let verdict = if job.exclusive {
            let _alone = gate.write().unwrap_or_else(PoisonError::into_inner);
            (job.work)(&mut seat)
        } else {
            let _beside_others = gate.read().unwrap_or_else(PoisonError::into_inner);
            (job.work)(&mut seat)
        };
        watch.set(None);
        if watch.is_given_up() {
            let _ = events.send(Event::Returned);
            return;
        }
        if let Err(Verdict::Reopen(reason)) = verdict {
            let _ = events.send(Event::Lost { generation, reason });
            return;
        }
    }
}
