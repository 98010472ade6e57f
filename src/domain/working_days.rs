//! Working days 工作日 in China and deadlines counted in them. The calendar is data: see
//! `policies/working-days.toml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use time::{Date, Weekday, format_description::well_known::Iso8601};

use super::Timestamp;

/// China Standard Time is UTC+8 all year, seconds.
const OFFSET: i64 = 8 * 3600;
const DAY: i64 = 86_400;

/// Which days are worked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, Year>")]
pub struct WorkingDays {
    holidays: BTreeSet<Date>,
    working: BTreeSet<Date>,
    years: BTreeSet<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    holidays: Vec<String>,
    working: Vec<String>,
}

impl TryFrom<BTreeMap<String, Year>> for WorkingDays {
    type Error = String;

    fn try_from(years: BTreeMap<String, Year>) -> Result<Self, String> {
        let mut all = Self::default();
        for (name, year) in years {
            let number: i32 = name.parse().map_err(|_| format!("{name} is not a year"))?;
            all.years.insert(number);
            for span in &year.holidays {
                let (first, last) = span.split_once('/').unwrap_or((span, span));
                let (mut day, last) = (date(first)?, date(last)?);
                if last < day || (last - day).whole_days() > 30 {
                    return Err(format!("{span} is not a span of days"));
                }
                while day <= last {
                    all.holidays.insert(day);
                    day = day.next_day().ok_or_else(|| format!("{span} is too late"))?;
                }
            }
            for text in &year.working {
                let day = date(text)?;
                if !is_weekend(day) || all.holidays.contains(&day) {
                    return Err(format!("{text} is not a Saturday or Sunday that is worked"));
                }
                all.working.insert(day);
            }
        }
        Ok(all)
    }
}

fn date(text: &str) -> Result<Date, String> {
    Date::parse(text, &Iso8601::DATE).map_err(|_| format!("{text} is not a date"))
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

impl WorkingDays {
    /// The last year whose calendar is known; days after it go by Monday to Friday.
    pub fn last_year(&self) -> Option<i32> {
        self.years.last().copied()
    }

    /// Whether a day is worked.
    fn is_working(&self, day: Date) -> bool {
        self.working.contains(&day) || !(is_weekend(day) || self.holidays.contains(&day))
    }

    /// The end of the n-th working day after the day of a point in time, both in China: midnight.
    pub fn deadline(&self, from: Timestamp, days: u16) -> Timestamp {
        let mut number = (from.as_seconds() + OFFSET).div_euclid(DAY);
        let mut left = days;
        while left > 0 {
            number += 1;
            // A day beyond the calendar of `time` ends the count; there are 9999 years before it.
            let Some(day) = day_of(number) else { break };
            left -= u16::from(self.is_working(day));
        }
        Timestamp::from_seconds((number + 1) * DAY - OFFSET)
    }
}

/// The date with a number of days since 1970-01-01.
fn day_of(number: i64) -> Option<Date> {
    let epoch = i64::from(time::OffsetDateTime::UNIX_EPOCH.to_julian_day());
    Date::from_julian_day(i32::try_from(epoch + number).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> WorkingDays {
        toml::from_str(include_str!("../../policies/working-days.toml")).unwrap()
    }

    #[track_caller]
    fn check(from: &str, days: u16, due: &str) {
        let due = Timestamp::parse(due).unwrap();
        assert_eq!(calendar().deadline(Timestamp::parse(from).unwrap(), days), due);
    }

    #[test]
    fn an_ordinary_week_passes_over_its_end() {
        // Thursday; one working day is Friday, which ends at midnight in China.
        check("2026-11-19T10:00:00+08:00", 1, "2026-11-21T00:00:00+08:00");
        check("2026-11-19T10:00:00+08:00", 2, "2026-11-24T00:00:00+08:00");
        // No day: the day itself.
        check("2026-11-19T10:00:00+08:00", 0, "2026-11-20T00:00:00+08:00");
    }

    #[test]
    fn the_day_is_that_of_china() {
        // 17:00 in UTC is the next day, a Friday, in China.
        check("2026-11-19T17:00:00Z", 1, "2026-11-24T00:00:00+08:00");
        check("2026-11-19T15:59:59Z", 1, "2026-11-21T00:00:00+08:00");
    }

    #[test]
    fn national_day_is_passed_over_and_work_made_up_for_counts() {
        // Wednesday 30 September; holidays to 7 October; 8 and 9 are worked, and Saturday 10.
        check("2026-09-30T09:00:00+08:00", 1, "2026-10-09T00:00:00+08:00");
        check("2026-09-30T09:00:00+08:00", 3, "2026-10-11T00:00:00+08:00");
        check("2026-09-30T09:00:00+08:00", 4, "2026-10-13T00:00:00+08:00");
        // Sunday 20 September is worked.
        check("2026-09-18T09:00:00+08:00", 1, "2026-09-21T00:00:00+08:00");
    }

    #[test]
    fn spring_festival_is_passed_over_and_work_made_up_for_counts() {
        // Friday 13 February; Saturday 14 is worked; holidays 15 to 23; Saturday 28 is worked.
        check("2026-02-13T09:00:00+08:00", 1, "2026-02-15T00:00:00+08:00");
        check("2026-02-13T09:00:00+08:00", 2, "2026-02-25T00:00:00+08:00");
        check("2026-02-13T09:00:00+08:00", 6, "2026-03-01T00:00:00+08:00");
        check("2025-01-27T09:00:00+08:00", 1, "2025-02-06T00:00:00+08:00");
    }

    #[test]
    fn a_year_without_a_table_goes_by_the_week() {
        assert!(calendar().last_year() < Some(2040));
        check("2040-02-10T09:00:00+08:00", 1, "2040-02-14T00:00:00+08:00");
    }

    #[test]
    fn nonsense_is_refused() {
        let read = |text: &str| toml::from_str::<WorkingDays>(text).map(drop);
        for text in [
            "[x]\nholidays = []\nworking = []",
            "[2026]\nholidays = [\"2026-02-30\"]\nworking = []",
            "[2026]\nholidays = [\"2026-10-07/2026-10-01\"]\nworking = []",
            "[2026]\nholidays = [\"2026-01-01/2026-12-31\"]\nworking = []",
            "[2026]\nholidays = []\nworking = [\"2026-10-12\"]",
            "[2026]\nholidays = [\"2026-10-10\"]\nworking = [\"2026-10-10\"]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
