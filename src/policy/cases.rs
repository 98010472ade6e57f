//! Golden decisions: questions with the answers that policy must give.

use serde::Deserialize;

use super::{Action, GrantFacts, PolicySet, Question, Resource, SealFacts, Subject};
use crate::{
    crypto::digest::sha256,
    domain::{
        Timestamp,
        application::{Application, ApplicationKind, ApplicationState, Decision, Details, Verdict},
        id::{ApplicationId, GrantId, OrganizationId, PersonId, PrincipalId, SealId, new_ulid},
        principal::{Principal, PrincipalKind, Role},
        review::{ReviewLevel, StandingIn},
        seal::{Grant, SealKind},
    },
};

/// What became of a file of cases.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How many cases.
    pub count: usize,
    /// What failed, in words.
    pub failures: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

/// One question. Organizations, persons and principals are named by words; the same word is the
/// same record.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// None for somebody without an access key.
    principal: Option<Who>,
    action: Action,
    resource: What,
    expect: Expectation,
    /// The policies that decide; not compared if not given.
    policies: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    name: String,
    /// None for a caller.
    person: Option<String>,
    scope: String,
    roles: Vec<Role>,
    #[serde(default)]
    key_actions: Vec<String>,
}

#[expect(clippy::large_enum_variant, reason = "a few are read from a file and soon gone")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "kind")]
enum What {
    Service,
    Organization {
        organizations: Vec<String>,
    },
    Application {
        organizations: Vec<String>,
        applicant: String,
        #[serde(default)]
        approvers: Vec<String>,
        /// The organization whose reviewers decide now.
        level_organization: Option<String>,
        #[serde(default)]
        standing_in: Vec<StandingInCase>,
    },
    Seal {
        organizations: Vec<String>,
        #[serde(default = "active")]
        state: String,
        #[serde(default)]
        applicant: String,
        #[serde(default)]
        approvers: Vec<String>,
        #[serde(default)]
        loss_reported_by: String,
        #[serde(default)]
        recovery_confirmed_by: String,
        #[serde(default)]
        keepers: Vec<String>,
        #[serde(default)]
        stand_ins: Vec<String>,
        #[serde(default)]
        named_keeper: String,
        #[serde(default)]
        proposed_by: String,
        #[serde(default)]
        proposal_kind: String,
        document_type: Option<String>,
        grant: Option<GrantCase>,
    },
    Signature {
        organizations: Vec<String>,
        owner: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StandingInCase {
    person: String,
    absent: String,
    organization: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantCase {
    #[serde(default)]
    document_types: Vec<String>,
    #[serde(default)]
    digests: bool,
    /// Seconds from now.
    #[serde(default)]
    begins_in: i64,
    /// Seconds from now.
    #[serde(default = "an_hour")]
    ends_in: i64,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Expectation {
    Allow,
    Deny,
}

fn active() -> String {
    "active".to_owned()
}

fn an_hour() -> i64 {
    3600
}

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// The identifier that a word stands for.
fn id_text(word: &str) -> String {
    let digest = sha256(word.as_bytes());
    let mut random = [0; 10];
    random.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    new_ulid(NOW, random)
}

macro_rules! id {
    ($kind:ident, $word:expr) => {
        $kind::parse(&id_text($word)).map_err(|error| error.to_string())
    };
}

/// Puts every question of a file.
///
/// # Errors
/// The file is not as it should be.
pub fn run(set: &PolicySet, text: &str) -> Result<Outcome, String> {
    let cases: Cases = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut outcome = Outcome::default();
    for case in cases.case {
        outcome.count += 1;
        if let Some(failure) = put(set, &case)? {
            outcome.failures.push(format!("{}: {failure}", case.name));
        }
    }
    Ok(outcome)
}

/// Puts one question; returns what is wrong with the answer.
fn put(set: &PolicySet, case: &Case) -> Result<Option<String>, String> {
    let principal = case.principal.as_ref().map(principal).transpose()?;
    let no_limit = Vec::new();
    let key_actions = case.principal.as_ref().map_or(&no_limit, |who| &who.key_actions);
    let subject = match &principal {
        None => Subject::Anonymous,
        Some(principal) => Subject::Principal { principal, key_actions },
    };
    let ancestry = match &case.resource {
        What::Service => Vec::new(),
        What::Organization { organizations }
        | What::Application { organizations, .. }
        | What::Seal { organizations, .. }
        | What::Signature { organizations, .. } => organizations
            .iter()
            .map(|word| id!(OrganizationId, word))
            .collect::<Result<Vec<_>, _>>()?,
    };
    let (application, facts, grant, owner) = parts(&case.resource, ancestry.last())?;
    let standing_in = standing_in(&case.resource)?;
    let resource = match &case.resource {
        What::Service => Resource::Service,
        What::Organization { .. } => Resource::Organization { ancestry: &ancestry },
        What::Application { .. } => Resource::Application {
            ancestry: &ancestry,
            application: application.as_ref().ok_or("no application")?,
            standing_in: &standing_in,
        },
        What::Seal { document_type, .. } => Resource::Seal {
            ancestry: &ancestry,
            facts: &facts,
            using: document_type
                .as_deref()
                .map(|document_type| GrantFacts { grant: grant.as_ref(), document_type }),
        },
        What::Signature { .. } => Resource::Signature {
            ancestry: &ancestry,
            id: "signature",
            owner: owner.as_ref().ok_or("no owner")?,
        },
    };
    let question = Question { subject, action: case.action, resource, now: NOW };
    let (answer, decision) = match set.evaluate(&question).map_err(|error| error.to_string())? {
        Ok(permit) => (Expectation::Allow, permit.consume(NOW).ok_or("the permit expired")?),
        Err(denied) => (Expectation::Deny, denied.decision),
    };
    Ok(if answer != case.expect {
        Some(format!("expected {:?}, got {answer:?} by {:?}", case.expect, decision.policies))
    } else if case.policies.as_ref().is_some_and(|wanted| *wanted != decision.policies) {
        Some(format!("decided by {:?}", decision.policies))
    } else {
        None
    })
}

fn principal(who: &Who) -> Result<Principal, String> {
    Ok(Principal {
        id: id!(PrincipalId, &who.name)?,
        organization_id: id!(OrganizationId, &who.scope)?,
        kind: if who.person.is_some() { PrincipalKind::Person } else { PrincipalKind::Caller },
        person_id: who.person.as_deref().map(|word| id!(PersonId, word)).transpose()?,
        name: who.name.clone(),
        roles: who.roles.clone(),
        created_at: NOW,
    })
}

type Parts = (Option<Application>, SealFacts, Option<Grant>, Option<PrincipalId>);

fn parts(what: &What, organization: Option<&OrganizationId>) -> Result<Parts, String> {
    let person = |word: &str| if word.is_empty() { String::new() } else { id_text(word) };
    let mut parts = (None, SealFacts::default(), None, None);
    match what {
        What::Service | What::Organization { .. } => {}
        What::Application { applicant, approvers, level_organization, .. } => {
            let organization = organization.ok_or("an application needs organizations")?;
            let mut application = application(organization, applicant, approvers)?;
            // Whoever approved did so at levels before the one that decides now.
            application.levels = vec![level(level_organization.as_deref())?; approvers.len() + 1];
            parts.0 = Some(application);
        }
        What::Seal {
            state,
            applicant,
            approvers,
            loss_reported_by,
            recovery_confirmed_by,
            keepers,
            stand_ins,
            named_keeper,
            proposed_by,
            proposal_kind,
            grant,
            ..
        } => {
            parts.1 = SealFacts {
                id: id_text("seal"),
                kind: SealKind::LegalName.to_string(),
                state: state.clone(),
                applicant_person: person(applicant),
                reviewers: approvers.iter().map(|word| person(word)).collect(),
                loss_reported_by: person(loss_reported_by),
                recovery_confirmed_by: person(recovery_confirmed_by),
                keepers: keepers.iter().map(|word| person(word)).collect(),
                stand_ins: stand_ins.iter().map(|word| person(word)).collect(),
                named_keeper: person(named_keeper),
                proposed_by: person(proposed_by),
                proposal_kind: proposal_kind.clone(),
            };
            parts.2 = grant.as_ref().map(grant_of).transpose()?;
        }
        What::Signature { owner, .. } => parts.3 = Some(id!(PrincipalId, owner)?),
    }
    Ok(parts)
}

fn level(organization: Option<&str>) -> Result<ReviewLevel, String> {
    Ok(ReviewLevel {
        name: String::new(),
        organization_id: organization.map(|word| id!(OrganizationId, word)).transpose()?,
        quorum: 1,
        days: 1,
    })
}

fn standing_in(what: &What) -> Result<Vec<StandingIn>, String> {
    let What::Application { standing_in, .. } = what else { return Ok(Vec::new()) };
    let one = |case: &StandingInCase| -> Result<StandingIn, String> {
        Ok(StandingIn {
            person_id: id!(PersonId, &case.person)?,
            absent_person_id: id!(PersonId, &case.absent)?,
            organization_id: id!(OrganizationId, &case.organization)?,
        })
    };
    standing_in.iter().map(one).collect()
}

fn application(
    organization: &OrganizationId,
    applicant: &str,
    approvers: &[String],
) -> Result<Application, String> {
    let mut decisions = Vec::new();
    for (level, word) in approvers.iter().enumerate() {
        decisions.push(Decision {
            round: 1,
            level: i64::try_from(level + 1).unwrap_or(1),
            level_name: String::new(),
            verdict: Verdict::Approve,
            reason: None,
            principal_id: id!(PrincipalId, word)?,
            person_id: id!(PersonId, word)?,
            for_person_id: None,
            decided_at: NOW,
        });
    }
    Ok(Application {
        id: id!(ApplicationId, "application")?,
        number: String::new(),
        organization_id: organization.clone(),
        kind: ApplicationKind::Create,
        state: ApplicationState::Submitted,
        revision: 1,
        seal_id: None,
        seal_kind: SealKind::LegalName,
        seal_name: String::new(),
        reason: String::new(),
        applicant_id: id!(PrincipalId, applicant)?,
        applicant_person_id: id!(PersonId, applicant)?,
        details: Details::default(),
        attachments: Vec::new(),
        declaration: None,
        levels: Vec::new(),
        round: 1,
        decisions,
        due_at: None,
        used: false,
        created_at: NOW,
    })
}

fn grant_of(case: &GrantCase) -> Result<Grant, String> {
    Ok(Grant {
        id: id!(GrantId, "grant")?,
        seal_id: id!(SealId, "seal")?,
        principal_id: id!(PrincipalId, "caller")?,
        document_types: case.document_types.clone(),
        digests: case.digests,
        quota: None,
        used: 0,
        valid_from: NOW.plus_seconds(case.begins_in),
        valid_until: NOW.plus_seconds(case.ends_in),
        revoked_at: None,
    })
}
