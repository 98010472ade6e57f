//! What may stand in words beside a seal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Timestamp;

/// Lines below a seal, and a QR code 二维码.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Caption {
    /// The name on the seal.
    pub name: bool,
    /// The time of sealing, Chinese standard time.
    pub time: bool,
    /// The reason, if one was given.
    pub reason: bool,
    /// A line of one's own: up to 40 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What a QR code says: up to 300 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qr_code: Option<String>,
}

impl Caption {
    /// Checks it.
    ///
    /// # Errors
    /// It is empty or too long; the reason is for the caller's eyes.
    pub fn check(&self) -> Result<(), &'static str> {
        let plain = |text: &String| {
            (1..=40).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        if !self.text.as_ref().is_none_or(plain) {
            return Err("the text of a caption has 1 to 40 characters, none of them of control");
        }
        if self.qr_code.as_ref().is_some_and(|code| code.is_empty() || code.len() > 300) {
            return Err("a QR code of a caption says 1 to 300 bytes");
        }
        if *self == Self::default() {
            return Err("a caption says something");
        }
        Ok(())
    }

    /// The lines.
    pub fn lines(&self, name: &str, at: Timestamp, reason: Option<&str>) -> Vec<String> {
        let mut lines = Vec::new();
        if self.name {
            lines.push(name.to_owned());
        }
        if self.time {
            let (year, month, day, hour, minute, second) = at.plus_seconds(8 * 3600).parts();
            lines.push(format!(
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} +08:00"
            ));
        }
        if self.reason {
            lines.extend(reason.map(|text| text.chars().take(40).collect()));
        }
        lines.extend(self.text.clone());
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_in_order_and_time_is_chinese() {
        let all = Caption {
            name: true,
            time: true,
            reason: true,
            text: Some("第2份".to_owned()),
            qr_code: None,
        };
        let at = Timestamp::parse("2026-03-01T20:30:00Z").unwrap();
        let lines = all.lines("某局", at, Some("签发"));
        assert_eq!(lines, ["某局", "2026-03-02 04:30:00 +08:00", "签发", "第2份"]);
        assert!(all.check().is_ok());
        let long = Caption { text: Some("字".repeat(41)), ..Caption::default() };
        for wrong in [Caption::default(), long] {
            assert!(wrong.check().is_err());
        }
    }
}
