//! Points in time. Time is an argument everywhere; the one place that asks the system is here.

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A point in time: microseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// Why a text is not a point in time.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an RFC 3339 time such as 2026-03-01T08:00:00Z")]
pub struct TimestampError;

impl Timestamp {
    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From seconds since the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This time plus a number of seconds, which may be negative.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Reads RFC 3339 with any offset.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let when = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimestampError)?;
        // With an offset, the first and the last year reach into some that have no four digits.
        let in_utc = when.checked_to_offset(UtcOffset::UTC);
        if in_utc.is_none_or(|when| !(0..=9999).contains(&when.year())) {
            return Err(TimestampError);
        }
        i64::try_from(when.unix_timestamp_nanos() / 1000).map(Self).map_err(|_| TimestampError)
    }

    /// Calendar parts in UTC: year, month, day, hour, minute, second.
    pub fn parts(self) -> (i32, u8, u8, u8, u8, u8) {
        let when = self.offset();
        (when.year(), when.month().into(), when.day(), when.hour(), when.minute(), when.second())
    }

    /// The day in China (UTC+8), as 20260301.
    pub fn day_in_china(self) -> String {
        let (year, month, day, ..) = self.plus_seconds(8 * 3600).parts();
        format!("{year:04}{month:02}{day:02}")
    }

    /// The time without parts of seconds, RFC 3339.
    pub fn to_the_second(self) -> Self {
        Self::from_seconds(self.as_seconds())
    }

    /// The time in China (UTC+8), as people read it: 2026-03-01 16:00:00.
    pub fn in_china(self) -> String {
        let (year, month, day, hour, minute, second) = self.plus_seconds(8 * 3600).parts();
        format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }

    fn offset(self) -> OffsetDateTime {
        let when = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000);
        let writable = when.ok().filter(|when| (0..=9999).contains(&when.year()));
        writable.unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.offset().format(&Rfc3339).map_err(|_| std::fmt::Error)?)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;
    fn try_from(text: String) -> Result<Self, TimestampError> {
        Self::parse(&text)
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_string()
    }
}

/// Where the present comes from.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system is asked")]
    fn now(&self) -> Timestamp {
        let since =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands until it is moved, for tests and for `--at`.
#[derive(Debug)]
pub struct FixedClock(std::sync::atomic::AtomicI64);

impl FixedClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(now.0.into())
    }

    /// Moves the clock.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_offsets_and_writes_utc() {
        let noon = Timestamp::parse("2026-03-01T20:00:00+08:00").unwrap();
        assert_eq!(noon.to_string(), "2026-03-01T12:00:00Z");
        assert_eq!(noon.parts(), (2026, 3, 1, 12, 0, 0));
        assert_eq!(Timestamp::parse("yesterday"), Err(TimestampError));
        for beyond in ["0000-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"] {
            assert_eq!(Timestamp::parse(beyond), Err(TimestampError), "{beyond}");
        }
        // Whatever is stated can be written.
        for beyond in [i64::MIN, i64::MAX, -62_167_219_200_000_001] {
            assert!(!Timestamp::from_micros(beyond).to_string().is_empty());
        }
    }
}
