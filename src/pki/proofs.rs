//! Proofs of existence (ETSI EN 319 102-1 §5.6.1): since when something is known to have been there.

use std::collections::HashMap;

use crate::{crypto::digest::sha256, domain::Timestamp};

/// Since when things are known to have existed: by good timestamps over them, else since now.
#[derive(Clone, Debug)]
pub struct Proofs {
    /// By SHA-256 of the thing.
    times: HashMap<[u8; 32], Timestamp>,
    now: Timestamp,
}

impl Proofs {
    /// Nothing is proven yet but that everything is there now.
    pub fn new(now: Timestamp) -> Self {
        Self { times: HashMap::new(), now }
    }

    /// Takes down that a thing existed at a time.
    pub fn add(&mut self, thing: &[u8], at: Timestamp) {
        let known = self.times.entry(sha256(thing)).or_insert(at);
        *known = at.min(*known);
    }

    /// The earliest time at which a thing is known to have existed.
    pub fn existed(&self, thing: &[u8]) -> Timestamp {
        self.times.get(&sha256(thing)).map_or(self.now, |at| self.now.min(*at))
    }
}
