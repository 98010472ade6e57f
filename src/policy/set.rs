//! The active policies: read, validated strictly, digested, asked.

use std::{
    hash::{Hash, Hasher},
    path::Path,
    str::FromStr,
    sync::Arc,
};

use cedar_policy::{
    Authorizer, Context, Entities, PolicyId, Request, RestrictedExpression, Schema, ValidationMode,
    Validator,
};

use super::{
    Action, ApprovalRules, Decision, Denied, Forms, LevelRules, Permit, Resource, Subject,
    entities::uid,
};
use crate::{
    crypto::digest::{hex, sha256},
    domain::{Timestamp, fresh::Fresh, working_days::WorkingDays},
};

/// The policies that come with the program.
const BUNDLED: [(&str, &str); 5] = [
    ("access.cedar", include_str!("../../policies/access.cedar")),
    ("administration.cedar", include_str!("../../policies/administration.cedar")),
    ("applications.cedar", include_str!("../../policies/applications.cedar")),
    ("sealing.cedar", include_str!("../../policies/sealing.cedar")),
    ("seals.cedar", include_str!("../../policies/seals.cedar")),
];
const BUNDLED_SCHEMA: &str = include_str!("../../policies/schema.cedarschema");
const BUNDLED_APPROVAL: &str = include_str!("../../policies/approval.toml");
const BUNDLED_FORMS: &str = include_str!("../../policies/forms.toml");
const BUNDLED_LEVELS: &str = include_str!("../../policies/levels.toml");
const BUNDLED_DAYS: &str = include_str!("../../policies/working-days.toml");

/// Why policies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file cannot be read.
    #[error("{0}")]
    File(String),
    /// A policy has no `@id`, or an id is used twice.
    #[error("{file}: every policy needs an @id of its own ({id})")]
    Id {
        /// The file.
        file: String,
        /// The id, or the number of the policy.
        id: String,
    },
    /// The policies do not hold against the schema; warnings count.
    #[error("the policies do not hold against the schema: {0}")]
    Validation(String),
    /// A question could not be put to Cedar: a fault of the service.
    #[error("the question could not be put: {0}")]
    Question(String),
}

impl PolicyError {
    pub(super) fn entity(error: impl std::fmt::Display) -> Self {
        Self::Question(error.to_string())
    }
}

/// The texts beside the Cedar policies.
struct Rules {
    schema: String,
    approval: String,
    forms: String,
    levels: String,
    days: String,
}

/// The active policies.
#[derive(Clone)]
pub struct PolicySet {
    policies: cedar_policy::PolicySet,
    schema: Schema,
    digest: String,
    approval: ApprovalRules,
    forms: Forms,
    working_days: WorkingDays,
    levels: LevelRules,
    /// Answers of the last second, by fingerprint of the question.
    answers: Arc<Fresh<[u8; 32], Result<Decision, Denied>>>,
}

/// May `subject` do `action` to `resource` now?
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Who asks.
    pub subject: Subject<'a>,
    /// What is to be done.
    pub action: Action,
    /// To what.
    pub resource: Resource<'a>,
    /// When.
    pub now: Timestamp,
}

impl Question<'_> {
    /// SHA-256 over everything that is asked, but for the time. It is fed by the derived `Hash`, so
    /// no field can be forgotten.
    fn fingerprint(&self) -> [u8; 32] {
        let mut written = Written::default();
        self.subject.hash(&mut written);
        self.action.as_str().hash(&mut written);
        self.resource.hash(&mut written);
        sha256(&written.0)
    }
}

/// Writes down what would be hashed.
#[derive(Default)]
struct Written(Vec<u8>);

impl Hasher for Written {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Not used: what was written counts.
    fn finish(&self) -> u64 {
        0
    }
}

impl PolicySet {
    /// The policies that come with the program.
    ///
    /// # Errors
    /// They do not hold; a test proves that they do.
    pub fn bundled() -> Result<Self, PolicyError> {
        let files: Vec<_> =
            BUNDLED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let rules = Rules {
            schema: BUNDLED_SCHEMA.to_owned(),
            approval: BUNDLED_APPROVAL.to_owned(),
            forms: BUNDLED_FORMS.to_owned(),
            levels: BUNDLED_LEVELS.to_owned(),
            days: BUNDLED_DAYS.to_owned(),
        };
        Self::parse(&files, &rules)
    }

    /// The policies of a directory: every `*.cedar`, `schema.cedarschema`, `approval.toml`,
    /// `forms.toml`, `levels.toml` and `working-days.toml`; the last is a fact rather than a rule and may be
    /// missing, the one that came with the program is taken then.
    ///
    /// # Errors
    /// A file cannot be read, or the policies do not hold.
    pub fn load(directory: &Path) -> Result<Self, PolicyError> {
        let file = |path: &Path| {
            std::fs::read_to_string(path)
                .map_err(|error| PolicyError::File(format!("{}: {error}", path.display())))
        };
        let listing = std::fs::read_dir(directory)
            .map_err(|error| PolicyError::File(format!("{}: {error}", directory.display())))?;
        let mut files = Vec::new();
        for path in listing.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "cedar") {
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
                files.push((name.unwrap_or_default(), file(&path)?));
            }
        }
        files.sort();
        let days = directory.join("working-days.toml");
        let rules = Rules {
            schema: file(&directory.join("schema.cedarschema"))?,
            approval: file(&directory.join("approval.toml"))?,
            forms: file(&directory.join("forms.toml"))?,
            levels: file(&directory.join("levels.toml"))?,
            days: if days.exists() { file(&days)? } else { BUNDLED_DAYS.to_owned() },
        };
        Self::parse(&files, &rules)
    }

    fn parse(files: &[(String, String)], rules: &Rules) -> Result<Self, PolicyError> {
        let invalid = |file: &'static str| {
            move |error: String| PolicyError::Validation(format!("{file}: {error}"))
        };
        let mut policies = cedar_policy::PolicySet::new();
        for (name, text) in files {
            let parsed = cedar_policy::PolicySet::from_str(text)
                .map_err(|error| PolicyError::Validation(format!("{name}: {error}")))?;
            for policy in parsed.policies() {
                // Cedar numbers policies by place; audit and problems need names that stay.
                let id = policy.annotation("id").map(str::to_owned);
                let bad = |id: String| PolicyError::Id { file: name.clone(), id };
                let id = id.ok_or_else(|| bad(policy.id().to_string()))?;
                policies.add(policy.new_id(PolicyId::new(&id))).map_err(|_| bad(id))?;
            }
        }
        let (schema_fragment, warnings) = Schema::from_cedarschema_str(&rules.schema)
            .map_err(|error| PolicyError::Validation(format!("schema: {error}")))?;
        let warnings: Vec<_> = warnings.map(|warning| warning.to_string()).collect();
        let result =
            Validator::new(schema_fragment.clone()).validate(&policies, ValidationMode::Strict);
        let complaints: Vec<_> = warnings
            .into_iter()
            .chain(result.validation_errors().map(ToString::to_string))
            .chain(result.validation_warnings().map(ToString::to_string))
            .collect();
        if !complaints.is_empty() {
            return Err(PolicyError::Validation(complaints.join("; ")));
        }
        let approval = ApprovalRules::parse(&rules.approval).map_err(invalid("approval.toml"))?;
        let forms = Forms::parse(&rules.forms).map_err(invalid("forms.toml"))?;
        let levels = LevelRules::parse(&rules.levels).map_err(invalid("levels.toml"))?;
        let working_days = toml::from_str(&rules.days)
            .map_err(|error| invalid("working-days.toml")(error.to_string()))?;
        let mut digested = Vec::new();
        for (name, text) in files {
            digested.extend([name.as_bytes(), text.as_bytes()]);
        }
        let Rules { schema, approval: text, forms: form, levels: level, days } = rules;
        digested.extend([schema, text, form, level, days].map(|text| text.as_bytes()));
        let leaves: Vec<u8> = digested.iter().flat_map(|part| sha256(part)).collect();
        Ok(Self {
            policies,
            schema: schema_fragment,
            digest: hex(&sha256(&leaves)),
            approval,
            forms,
            levels,
            working_days,
            answers: Arc::default(),
        })
    }

    /// SHA-256 over all files, hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// How many must agree, and in what order.
    pub fn approval(&self) -> &ApprovalRules {
        &self.approval
    }

    /// What an application has to hold.
    pub fn forms(&self) -> &Forms {
        &self.forms
    }

    /// Which days are worked.
    pub fn working_days(&self) -> &WorkingDays {
        &self.working_days
    }

    /// Which level of PAdES a seal's signatures get.
    pub fn levels(&self) -> &LevelRules {
        &self.levels
    }

    /// The ids of all policies, sorted.
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = self.policies.policies().map(|p| p.id().to_string()).collect();
        ids.sort();
        ids
    }

    /// Asks. Nothing is allowed unless a policy permits it and none forbids it. The same question
    /// within a second gets the same answer: time runs in seconds for policies.
    ///
    /// # Errors
    /// `Ok(Err(…))` is a no; `Err(…)` is a fault of the service, to be treated as a no.
    pub fn evaluate(&self, question: &Question<'_>) -> Result<Result<Permit, Denied>, PolicyError> {
        let fingerprint = question.fingerprint();
        let answer = match self.answers.get(&fingerprint, question.now) {
            Some(known) => known,
            None => {
                let begun = self.answers.begin();
                let answer = self.decide(question)?;
                self.answers.keep(fingerprint, answer.clone(), question.now, begun);
                answer
            }
        };
        Ok(answer.map(|decision| Permit::new(decision, question.now)))
    }

    fn decide(&self, question: &Question<'_>) -> Result<Result<Decision, Denied>, PolicyError> {
        let action = question.action.as_str();
        let mut entities = question.subject.entities()?;
        let principal = entities.first().map(cedar_policy::Entity::uid);
        let mut resource_entities = question.resource.entities()?;
        let resource = resource_entities.last().map(cedar_policy::Entity::uid);
        resource_entities.retain(|e| !entities.iter().any(|known| known.uid() == e.uid()));
        entities.append(&mut resource_entities);
        let missing = || PolicyError::Question("a resource without an organization".to_owned());
        let entities =
            Entities::from_entities(entities, Some(&self.schema)).map_err(PolicyError::entity)?;
        let mut pairs = question.resource.context();
        let allows = question.subject.key_allows(action);
        pairs.push(("keyAllows".to_owned(), RestrictedExpression::new_bool(allows)));
        let now = RestrictedExpression::new_long(question.now.as_micros());
        pairs.push(("now".to_owned(), now));
        let request = Request::new(
            principal.ok_or_else(missing)?,
            uid("Action", action)?,
            resource.ok_or_else(missing)?,
            Context::from_pairs(pairs).map_err(PolicyError::entity)?,
            Some(&self.schema),
        )
        .map_err(PolicyError::entity)?;
        let answer = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        // A policy that fails to evaluate must not count as one that did not forbid.
        if let Some(error) = answer.diagnostics().errors().next() {
            return Err(PolicyError::Question(error.to_string()));
        }
        let mut ids: Vec<_> = answer.diagnostics().reason().map(ToString::to_string).collect();
        ids.sort();
        let decision = Decision { policies: ids, policy_digest: self.digest.clone() };
        Ok(match answer.decision() {
            cedar_policy::Decision::Allow => Ok(decision),
            cedar_policy::Decision::Deny => Err(Denied { action, decision }),
        })
    }
}
