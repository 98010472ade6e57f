//! Times as makers of seals write them: `UTCTime`, `GeneralizedTime`, or text of several shapes.

use crate::domain::Timestamp;

/// A time as it stands and, where it can be read, as a point in time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SesTime {
    /// As it stands.
    pub text: String,
    /// The point in time. A text without a zone is taken for Beijing time, UTC+8.
    pub at: Option<Timestamp>,
}

impl SesTime {
    /// Reads `UTCTime` (two digits of the year) or anything longer.
    pub(crate) fn read(text: &[u8], short_year: bool) -> Self {
        let text = String::from_utf8_lossy(text).into_owned();
        let full = if short_year {
            let early =
                text.get(..2).and_then(|year| year.parse::<u8>().ok()).is_some_and(|y| y < 50);
            format!("{}{text}", if early { "20" } else { "19" })
        } else {
            text.clone()
        };
        Self { at: parse(&full), text }
    }

    /// Reads text of any of the shapes that documents hold.
    pub fn from_text(text: &str) -> Self {
        Self { text: text.to_owned(), at: parse(text.trim()) }
    }
}

/// Year to second as digits with anything between, perhaps a fraction, perhaps a zone.
fn parse(text: &str) -> Option<Timestamp> {
    let mut digits = String::new();
    let mut rest = text;
    while digits.len() < 14 {
        let mut chars = rest.chars();
        match chars.next()? {
            digit if digit.is_ascii_digit() => digits.push(digit),
            '-' | '/' | ':' | 'T' | ' ' | '.' if !digits.is_empty() => {}
            _ => return None,
        }
        rest = chars.as_str();
    }
    let fraction = rest.strip_prefix(['.', ',']);
    let zone = fraction.map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let zone = match zone.trim() {
        "" => "+08:00".to_owned(),
        "Z" | "z" => "Z".to_owned(),
        other => {
            let plain = other.replace(':', "");
            let (hours, minutes) = plain.split_at_checked(3)?;
            format!("{hours}:{}", if minutes.is_empty() { "00" } else { minutes })
        }
    };
    let part = |range: std::ops::Range<usize>| digits.get(range);
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}{zone}",
        part(0..4)?,
        part(4..6)?,
        part(6..8)?,
        part(8..10)?,
        part(10..12)?,
        part(12..14)?
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_of_the_field() {
        let utc = Timestamp::parse("2020-07-23T13:09:07Z").unwrap();
        for text in [
            "20200723130907Z",
            "20200723130907.763Z",
            "2020-07-23 21:09:07",
            "2020-07-23T13:09:07Z",
            "2020-07-23T21:09:07+08:00",
            "20200723210907+0800",
            "20200723210907",
        ] {
            assert_eq!(SesTime::from_text(text).at, Some(utc), "{text}");
        }
        assert_eq!(SesTime::read(b"200723130907Z", true).at, Some(utc));
        for text in ["", "yesterday", "2020", "20201399000000Z", "20200723130907+8"] {
            assert_eq!(SesTime::from_text(text).at, None, "{text}");
        }
    }
}
