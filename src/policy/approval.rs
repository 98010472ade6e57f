//! How many must agree, and in what order.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::{
    application::ApplicationKind, ca_class::CaClass, cause::RemakeCause, id::OrganizationId,
    review::ReviewLevel, seal::SealKind,
};

/// `policies/approval.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRules {
    create: Rule,
    renew: Rule,
    change: Rule,
    revoke: Rule,
    /// Making a seal again by the simplified flow; as `renew` if there is none.
    remake: Option<Rule>,
    #[serde(default)]
    keys: KeyRules,
    #[serde(default)]
    organizations: OrganizationRules,
    #[serde(default)]
    authorities: AuthorityRules,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    levels: Vec<Level>,
    #[serde(default = "five")]
    days: u16,
    /// How many days before the end of validity it may be applied for; none: any time.
    window_days: Option<u16>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Level {
    Name(String),
    Full(FullLevel),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FullLevel {
    name: String,
    /// Whose reviewers decide: 0 the owner's own, 1 those of the organization above it, and so on.
    above: Option<usize>,
    #[serde(default = "one")]
    quorum: u16,
    days: Option<u16>,
}

/// What becomes of the key when a seal is renewed or changed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyRules {
    #[serde(default)]
    reuse: bool,
}

/// How long the seals of a renamed or ended organization may wait.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganizationRules {
    days: u16,
}

/// Which classes of certification authorities may certify which seals.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorityRules {
    /// By the first character of the owner's unified social credit code.
    #[serde(default)]
    owners: BTreeMap<String, Vec<CaClass>>,
    /// By the kind of seal.
    #[serde(default)]
    kinds: BTreeMap<String, Vec<CaClass>>,
}

impl Default for OrganizationRules {
    fn default() -> Self {
        Self { days: 20 }
    }
}

fn five() -> u16 {
    5
}

fn one() -> u16 {
    1
}

impl Level {
    fn full(&self) -> FullLevel {
        match self {
            Self::Full(level) => level.clone(),
            Self::Name(name) => {
                FullLevel { name: name.clone(), above: None, quorum: 1, days: None }
            }
        }
    }
}

impl ApprovalRules {
    /// Reads and checks the rules.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rules: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let kinds =
            ApplicationKind::ALL.iter().map(|kind| (kind.as_str(), rules.rule(*kind, None)));
        if let Some(word) =
            rules.authorities.kinds.keys().find(|word| SealKind::parse(word).is_none())
        {
            return Err(format!("authorities.kinds: {word} is not a kind of seal"));
        }
        let remake = rules.remake.iter().map(|rule| ("remake", rule));
        for (name, rule) in kinds.chain(remake) {
            if !(1..=9).contains(&rule.levels.len()) {
                return Err(format!("{name}: one to nine levels of review are needed"));
            }
            for level in rule.levels.iter().map(Level::full) {
                if !(1..=365).contains(&level.days.unwrap_or(rule.days)) {
                    return Err(format!("{name}: a level has 1 to 365 working days"));
                }
                if !(1..=9).contains(&level.quorum) {
                    return Err(format!("{name}: a level's quorum is 1 to 9"));
                }
                if level.name.trim().is_empty() {
                    return Err(format!("{name}: a level has a name"));
                }
            }
        }
        Ok(rules)
    }

    /// The levels of review for an application of an organization, in order. `ancestry` is the
    /// organization and all above it, the root first. Levels of organizations that are not there,
    /// because the tree is not so high at this place, are left out; the last one never is: the
    /// highest organization decides it.
    pub fn levels(
        &self,
        kind: ApplicationKind,
        remake: Option<RemakeCause>,
        ancestry: &[OrganizationId],
    ) -> Vec<ReviewLevel> {
        let rule = self.rule(kind, remake);
        let last = rule.levels.len().saturating_sub(1);
        let resolve = |(place, level): (usize, &Level)| {
            let level = level.full();
            let organization = match level.above {
                None => None,
                Some(above) => match ancestry.iter().rev().nth(above) {
                    Some(id) => Some(id.clone()),
                    None if place == last => ancestry.first().cloned(),
                    None => return None,
                },
            };
            Some(ReviewLevel {
                name: level.name,
                organization_id: organization,
                quorum: level.quorum,
                days: level.days.unwrap_or(rule.days),
            })
        };
        rule.levels.iter().enumerate().filter_map(resolve).collect()
    }

    /// How many days before the end of validity a renewal may be applied for; none: any time. What
    /// is made again for a cause waits for nothing.
    pub fn renewal_window_days(&self, remake: Option<RemakeCause>) -> Option<u16> {
        self.renew.window_days.filter(|_| remake.is_none())
    }

    /// Whether a renewed or changed seal may keep its key.
    pub fn keys_may_be_reused(&self) -> bool {
        self.keys.reuse
    }

    /// The classes of certification authorities that may certify a seal of an owner, by its unified
    /// social credit code, and of a kind.
    pub fn ca_classes(&self, uscc: &str, kind: SealKind) -> Vec<CaClass> {
        let owner = uscc.get(..1).and_then(|first| self.authorities.owners.get(first));
        let rules = [owner, self.authorities.kinds.get(kind.as_str())];
        let allowed = |class: &&CaClass| rules.iter().flatten().all(|rule| rule.contains(class));
        CaClass::ALL.iter().filter(allowed).copied().collect()
    }

    /// How many working days there are to change or revoke the seals of an organization that was
    /// renamed, merged, split or ended.
    pub fn organization_days(&self) -> u16 {
        self.organizations.days
    }

    fn rule(&self, kind: ApplicationKind, remake: Option<RemakeCause>) -> &Rule {
        match (kind, remake, &self.remake) {
            (ApplicationKind::Renew, Some(_), Some(rule)) => rule,
            (ApplicationKind::Create, ..) => &self.create,
            (ApplicationKind::Renew, ..) => &self.renew,
            (ApplicationKind::Change, ..) => &self.change,
            (ApplicationKind::Revoke, ..) => &self.revoke,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    const RULES: &str = r#"
        [create]
        levels = [
            { name = "county", above = 0, quorum = 2 },
            { name = "city", above = 1, days = 3 },
            { name = "province", above = 2 },
        ]
        [renew]
        levels = ["unit"]
        window_days = 30
        [change]
        levels = ["unit"]
        [revoke]
        levels = ["unit"]
        [remake]
        levels = ["short"]
        days = 1
    "#;

    fn organizations(count: u8) -> Vec<OrganizationId> {
        (0..count).map(|n| OrganizationId::new(Timestamp::from_seconds(1), [n; 10])).collect()
    }

    #[test]
    fn levels_follow_the_tree_of_organizations() {
        let rules = ApprovalRules::parse(RULES).unwrap();
        let levels = |ancestry: &[OrganizationId]| -> Vec<_> {
            let levels = rules.levels(ApplicationKind::Create, None, ancestry);
            levels.into_iter().map(|level| (level.name, level.organization_id)).collect()
        };
        let tree = organizations(3);
        let of = |name: &str, place: usize| (name.to_owned(), tree.get(place).cloned());
        assert_eq!(levels(&tree), [of("county", 2), of("city", 1), of("province", 0)]);
        let city = &tree[..2];
        assert_eq!(levels(city), [of("county", 1), of("city", 0), of("province", 0)]);
        let province = &tree[..1];
        assert_eq!(levels(province), [of("county", 0), of("province", 0)]);
    }

    #[test]
    fn quorum_days_and_the_short_way_are_read() {
        let rules = ApprovalRules::parse(RULES).unwrap();
        let levels = rules.levels(ApplicationKind::Create, None, &organizations(3));
        let numbers: Vec<_> = levels.iter().map(|level| (level.quorum, level.days)).collect();
        assert_eq!(numbers, [(2, 5), (1, 3), (1, 5)]);
        let damaged = Some(RemakeCause::CarrierDamaged);
        let short = rules.levels(ApplicationKind::Renew, damaged, &organizations(3));
        assert_eq!((short[0].name.as_str(), short[0].days), ("short", 1));
        assert_eq!(rules.renewal_window_days(None), Some(30));
        assert_eq!(rules.renewal_window_days(damaged), None);
    }

    #[test]
    fn nonsense_is_refused() {
        let with = |from: &str, to: &str| ApprovalRules::parse(&RULES.replacen(from, to, 1));
        assert!(with("quorum = 2", "quorum = 0").is_err());
        assert!(with("days = 3", "days = 366").is_err());
        assert!(with("levels = [\"unit\"]", "levels = []").is_err());
        assert!(with("above = 1", "below = 1").is_err());
    }
}
