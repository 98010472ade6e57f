//! Whether the clock may be relied upon: it must not run backwards, nor jump against the monotonic
//! clock of the machine.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::domain::{Clock, Timestamp};

/// The jump that is taken for a correction, not a leap.
const TOLERANCE: Duration = Duration::from_millis(500);
/// How long no time is told after a leap.
const HOLD: Duration = Duration::from_secs(60);

/// What was seen of the clock.
#[derive(Default)]
pub(in crate::service) struct Steady(Mutex<Seen>);

#[derive(Clone, Copy, Default)]
struct Seen {
    last: Option<(Timestamp, Instant)>,
    leapt: Option<Instant>,
}

impl Steady {
    /// Looks at the clock; the answer is its time, if that may be told.
    pub(super) fn tell(&self, clock: &dyn Clock) -> Option<Timestamp> {
        // Under the lock: whoever looked earlier must not be judged later.
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, instant) = look(clock);
        let (next, good) = judge(*seen, now, instant);
        if next.leapt != seen.leapt && next.leapt.is_some() {
            tracing::error!("the clock leapt; no timestamps are given for a minute");
        }
        *seen = next;
        good.then_some(now)
    }
}

/// Both clocks at the same moment, as nearly as a busy machine lets us see.
#[expect(clippy::disallowed_methods, reason = "the monotonic clock judges the other")]
fn look(clock: &dyn Clock) -> (Timestamp, Instant) {
    let mut best: Option<(Duration, Timestamp, Instant)> = None;
    for _ in 0..10 {
        let before = Instant::now();
        let now = clock.now();
        let apart = before.elapsed();
        if best.is_none_or(|(least, ..)| apart < least) {
            best = Some((apart, now, before));
        }
        if apart < Duration::from_millis(20) {
            break;
        }
    }
    best.map_or_else(|| (clock.now(), Instant::now()), |(_, now, instant)| (now, instant))
}

fn judge(seen: Seen, now: Timestamp, instant: Instant) -> (Seen, bool) {
    let mut leapt = seen.leapt;
    if let Some((last, then)) = seen.last {
        let passed = i64::try_from(instant.saturating_duration_since(then).as_micros());
        let shown = now.as_micros().saturating_sub(last.as_micros());
        let off = shown.saturating_sub(passed.unwrap_or(i64::MAX)).unsigned_abs();
        // Clocks are slewed by up to one part in two thousand.
        let slewed = shown.unsigned_abs() / 1000;
        if off > u64::try_from(TOLERANCE.as_micros()).unwrap_or(u64::MAX).saturating_add(slewed) {
            leapt = Some(instant);
        }
    }
    let held = leapt.is_some_and(|at| instant.saturating_duration_since(at) < HOLD);
    if !held {
        leapt = None;
    }
    (Seen { last: Some((now, instant)), leapt }, !held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn a_leap_in_either_direction_holds_for_a_minute() {
        let (start, wall) = (Instant::now(), Timestamp::from_seconds(1_000_000));
        for leap in [-3600, -1, 1, 3600] {
            let at = |seconds: i64| start + Duration::from_secs(seconds.unsigned_abs());
            let (seen, good) = judge(Seen::default(), wall, start);
            assert!(good);
            let (seen, good) = judge(seen, wall.plus_seconds(10), at(10));
            assert!(good, "time passes");
            let (seen, good) = judge(seen, wall.plus_seconds(20 + leap), at(20));
            assert!(!good, "leap by {leap}");
            let (seen, good) = judge(seen, wall.plus_seconds(50 + leap), at(50));
            assert!(!good, "still held");
            let (_, good) = judge(seen, wall.plus_seconds(90 + leap), at(90));
            assert!(good, "the new time has proven steady");
        }
    }
}
