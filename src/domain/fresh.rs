//! What was found out a moment ago, kept in memory for a second. It spares reading and judging the
//! same thing again and again; what a signature depends on is looked at under lock all the same.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::Timestamp;

/// How long something is fresh, in microseconds. Another process that shares the database may have
/// changed it for as long.
const LIFETIME: i64 = 1_000_000;
/// The most things kept.
const MOST: usize = 4096;

/// Things that are fresh.
pub struct Fresh<K, V> {
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    generation: u64,
    kept: HashMap<K, (Timestamp, V)>,
}

/// When a reading began: what was read before something changed is not kept.
#[derive(Clone, Copy, Debug)]
pub struct Begun(u64);

impl<K, V> Default for Fresh<K, V> {
    fn default() -> Self {
        Self { state: Mutex::new(State { generation: 0, kept: HashMap::new() }) }
    }
}

impl<K: Eq + Hash, V: Clone> Fresh<K, V> {
    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept under a key and fresh.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let state = self.state();
        let (at, value) = state.kept.get(key)?;
        let age = now.as_micros() - at.as_micros();
        (0..LIFETIME).contains(&age).then(|| value.clone())
    }

    /// To be asked before reading what is then kept.
    pub fn begin(&self) -> Begun {
        Begun(self.state().generation)
    }

    /// Keeps what was read, unless something changed since the reading began.
    pub fn keep(&self, key: K, value: V, now: Timestamp, begun: Begun) {
        let mut state = self.state();
        if state.generation != begun.0 {
            return;
        }
        if state.kept.len() >= MOST {
            state.kept.clear();
        }
        state.kept.insert(key, (now, value));
    }

    /// Forgets everything: something changed.
    pub fn forget(&self) {
        let mut state = self.state();
        state.generation += 1;
        state.kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_for_a_second_and_not_into_the_past() {
        let fresh = Fresh::default();
        let now = Timestamp::from_seconds(100);
        fresh.keep("key", 7, now, fresh.begin());
        assert_eq!(fresh.get(&"key", now), Some(7));
        assert_eq!(fresh.get(&"key", now.plus_seconds(1)), None);
        assert_eq!(fresh.get(&"key", now.plus_seconds(-1)), None);
    }

    #[test]
    fn does_not_keep_what_was_read_before_a_change() {
        let fresh = Fresh::default();
        let now = Timestamp::from_seconds(100);
        let begun = fresh.begin();
        fresh.forget();
        fresh.keep("key", 7, now, begun);
        assert_eq!(fresh.get(&"key", now), None);
    }
}
