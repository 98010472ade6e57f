//! How many must agree, and in what order.

use serde::Deserialize;

use crate::domain::application::ApplicationKind;

/// `policies/approval.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRules {
    create: Rule,
    renew: Rule,
    change: Rule,
    revoke: Rule,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    levels: Vec<String>,
    #[serde(default = "five")]
    days: u16,
}

fn five() -> u16 {
    5
}

impl ApprovalRules {
    /// Reads and checks the rules.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rules: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for kind in ApplicationKind::ALL {
            if !(1..=9).contains(&rules.levels(*kind).len()) {
                return Err(format!("{kind}: one to nine levels of review are needed"));
            }
            if !(1..=365).contains(&rules.days(*kind)) {
                return Err(format!("{kind}: a level has 1 to 365 working days"));
            }
        }
        Ok(rules)
    }

    /// The names of the levels for a kind of application, in order.
    pub fn levels(&self, kind: ApplicationKind) -> &[String] {
        &self.rule(kind).levels
    }

    /// How many working days each level has.
    pub fn days(&self, kind: ApplicationKind) -> u16 {
        self.rule(kind).days
    }

    fn rule(&self, kind: ApplicationKind) -> &Rule {
        match kind {
            ApplicationKind::Create => &self.create,
            ApplicationKind::Renew => &self.renew,
            ApplicationKind::Change => &self.change,
            ApplicationKind::Revoke => &self.revoke,
        }
    }
}
