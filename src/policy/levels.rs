//! Which level of PAdES a seal's signatures get.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::domain::seal::SealKind;

/// The level of a signature (ETSI EN 319 142-1 §6).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub enum Level {
    /// The signature alone.
    #[serde(rename = "B-B")]
    Basic,
    /// With a timestamp that proves when it was there at the latest.
    #[default]
    #[serde(rename = "B-T")]
    Timestamped,
    /// With what its validation rests upon, in PDF; elsewhere as `B-T`.
    #[serde(rename = "B-LT")]
    LongTerm,
    /// And with a document timestamp over that.
    #[serde(rename = "B-LTA")]
    Archived,
}

/// `policies/levels.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LevelRules {
    default: Level,
    kinds: HashMap<SealKind, Level>,
    seals: BTreeMap<String, Level>,
}

impl LevelRules {
    /// Reads the rules.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// The level for a seal, by its code or else by its kind.
    pub fn of(&self, kind: SealKind, code: &str) -> Level {
        let known = self.seals.get(code).or_else(|| self.kinds.get(&kind));
        known.copied().unwrap_or(self.default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_goes_before_the_kind_and_the_kind_before_the_default() {
        let text = "default = \"B-T\"\n[kinds]\ncontract = \"B-B\"\n[seals]\n\"99\" = \"B-T\"\n";
        let rules = LevelRules::parse(text).unwrap();
        assert_eq!(rules.of(SealKind::Finance, "1"), Level::Timestamped);
        assert_eq!(rules.of(SealKind::Contract, "1"), Level::Basic);
        assert_eq!(rules.of(SealKind::Contract, "99"), Level::Timestamped);
        for wrong in ["default = \"B-XL\"", "[kinds]\nother = \"B-B\"", "x = 1"] {
            assert!(LevelRules::parse(wrong).is_err(), "{wrong}");
        }
    }
}
