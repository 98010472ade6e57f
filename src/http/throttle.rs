//! How often one address may ask without an access key.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use super::problem::Problem;
use crate::domain::Timestamp;

/// The most addresses remembered; beyond it the table begins anew.
const MOST_ADDRESSES: usize = 100_000;

/// Counts of requests by address in the minute under way.
pub(super) struct Throttle {
    per_minute: u32,
    minute: Mutex<(i64, HashMap<IpAddr, u32>)>,
}

impl Throttle {
    pub(super) fn new(per_minute: u32) -> Self {
        Self { per_minute, minute: Mutex::default() }
    }

    /// Lets a request through or refuses it.
    pub(super) fn pass(&self, address: IpAddr, now: Timestamp) -> Result<(), Problem> {
        let minute = now.as_seconds().div_euclid(60);
        let mut state = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0 != minute || state.1.len() > MOST_ADDRESSES {
            *state = (minute, HashMap::new());
        }
        let count = state.1.entry(address).or_default();
        *count = count.saturating_add(1);
        if *count > self.per_minute { Err(Problem::too_many_requests()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_above_the_limit_until_the_next_minute() {
        let throttle = Throttle::new(2);
        let address = IpAddr::from([127, 0, 0, 1]);
        let now = Timestamp::from_seconds(600);
        assert!(throttle.pass(address, now).is_ok());
        assert!(throttle.pass(address, now).is_ok());
        assert!(throttle.pass(address, now).is_err());
        assert!(throttle.pass(IpAddr::from([127, 0, 0, 2]), now).is_ok());
        assert!(throttle.pass(address, now.plus_seconds(60)).is_ok());
    }
}
