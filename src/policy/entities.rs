//! Who asks and what about, as Cedar entities.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};

use super::set::PolicyError;
use crate::domain::{
    application::Application,
    id::{OrganizationId, PrincipalId},
    principal::Principal,
    review::StandingIn,
    seal::Grant,
};

/// Who asks.
#[derive(Clone, Debug, Hash)]
pub enum Subject<'a> {
    /// Somebody without an access key.
    Anonymous,
    /// An authenticated principal.
    Principal {
        /// Who.
        principal: &'a Principal,
        /// The actions that the access key is limited to; empty for no limit.
        key_actions: &'a [String],
    },
}

/// What is known of a seal for the question.
#[derive(Clone, Debug, Default, Hash)]
pub struct SealFacts {
    /// The seal's id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// The state of the version in question.
    pub state: String,
    /// The person who applied for that version.
    pub applicant_person: String,
    /// The persons who decided on the application, in whatever round.
    pub reviewers: Vec<String>,
    /// Who reported its loss.
    pub loss_reported_by: String,
    /// Who first confirmed its recovery.
    pub recovery_confirmed_by: String,
    /// The persons who keep it now.
    pub keepers: Vec<String>,
    /// Those of them who only stand in.
    pub stand_ins: Vec<String>,
    /// The person whose keeping is in question.
    pub named_keeper: String,
    /// The person who made the proposal in question.
    pub proposed_by: String,
    /// What it proposes.
    pub proposal_kind: String,
}

/// What is known of the grant that would be used.
#[derive(Clone, Debug, Hash)]
pub struct GrantFacts<'a> {
    /// The grant, if one names the principal and the seal.
    pub grant: Option<&'a Grant>,
    /// The type of the document.
    pub document_type: &'a str,
}

/// What the question is about. `ancestry` is the organization concerned and all above it, the root
/// first.
#[derive(Clone, Debug, Hash)]
pub enum Resource<'a> {
    /// The service itself.
    Service,
    /// An organization.
    Organization {
        /// It and all above it.
        ancestry: &'a [OrganizationId],
    },
    /// An application.
    Application {
        /// Its organization and all above it.
        ancestry: &'a [OrganizationId],
        /// The application.
        application: &'a Application,
        /// Who stands in for a reviewer now.
        standing_in: &'a [StandingIn],
    },
    /// A seal, perhaps to be used.
    Seal {
        /// Its organization and all above it.
        ancestry: &'a [OrganizationId],
        /// The seal.
        facts: &'a SealFacts,
        /// The grant, where the seal is to be used.
        using: Option<GrantFacts<'a>>,
    },
    /// A signature record.
    Signature {
        /// Its organization and all above it.
        ancestry: &'a [OrganizationId],
        /// The record's id.
        id: &'a str,
        /// Who had it made.
        owner: &'a PrincipalId,
    },
}

type Attributes = HashMap<String, RestrictedExpression>;

pub(super) fn uid(kind: &str, id: &str) -> Result<EntityUid, PolicyError> {
    let kind: EntityTypeName = kind.parse().map_err(PolicyError::entity)?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.into_iter().map(text))
}

fn entity(
    kind: &str,
    id: &str,
    attributes: Attributes,
    parents: HashSet<EntityUid>,
) -> Result<Entity, PolicyError> {
    Entity::new(uid(kind, id)?, attributes, parents).map_err(PolicyError::entity)
}

fn named<const N: usize>(pairs: [(&str, RestrictedExpression); N]) -> Attributes {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The chain of organizations as entities, each in the one above.
fn organizations(ancestry: &[OrganizationId], into: &mut Vec<Entity>) -> Result<(), PolicyError> {
    let mut above: Option<EntityUid> = None;
    for id in ancestry {
        let own = uid("Organization", id.as_str())?;
        if !into.iter().any(|known| known.uid() == own) {
            let parents = above.into_iter().collect();
            into.push(entity("Organization", id.as_str(), Attributes::new(), parents)?);
        }
        above = Some(own);
    }
    Ok(())
}

impl Subject<'_> {
    /// The entities of the subject; the first is itself.
    pub(super) fn entities(&self) -> Result<Vec<Entity>, PolicyError> {
        match self {
            Self::Anonymous => {
                Ok(vec![entity("Anonymous", "anybody", Attributes::new(), HashSet::new())?])
            }
            Self::Principal { principal, .. } => {
                let scope = uid("Organization", principal.organization_id.as_str())?;
                let person = principal.person_id.as_ref().map_or("", |id| id.as_str());
                let attributes = named([
                    ("person", text(person)),
                    ("scope", RestrictedExpression::new_entity_uid(scope)),
                    ("kind", text(principal.kind.as_str())),
                ]);
                let mut parents = HashSet::new();
                for role in &principal.roles {
                    parents.insert(uid("Role", role.as_str())?);
                }
                Ok(vec![entity("Principal", principal.id.as_str(), attributes, parents)?])
            }
        }
    }

    /// Whether the access key's own limits let an action through.
    pub(super) fn key_allows(&self, action: &str) -> bool {
        match self {
            Self::Anonymous => true,
            Self::Principal { key_actions, .. } => {
                key_actions.is_empty() || key_actions.iter().any(|known| known == action)
            }
        }
    }
}

impl Resource<'_> {
    /// What the question is about, as `kind:id`.
    pub fn subject(&self) -> String {
        match self {
            Self::Service => "service".to_owned(),
            Self::Organization { ancestry } => {
                format!("organization:{}", ancestry.last().map_or("", OrganizationId::as_str))
            }
            Self::Application { application, .. } => format!("application:{}", application.id),
            Self::Seal { facts, .. } => format!("seal:{}", facts.id),
            Self::Signature { id, .. } => format!("signature:{id}"),
        }
    }

    /// The entities of the resource; the last is itself.
    pub(super) fn entities(&self) -> Result<Vec<Entity>, PolicyError> {
        let mut all = Vec::new();
        let (ancestry, kind, id, attributes) = match self {
            Self::Service => {
                return Ok(vec![entity("Service", "service", Attributes::new(), HashSet::new())?]);
            }
            Self::Organization { ancestry } => {
                organizations(ancestry, &mut all)?;
                return Ok(all);
            }
            Self::Application { ancestry, application, standing_in } => {
                let stand_ins = application.stand_ins(standing_in, ancestry);
                let mut attributes = named([
                    ("state", text(application.state.as_str())),
                    ("kind", text(application.kind.as_str())),
                    ("standIns", texts(stand_ins.map(|one| one.person_id.as_str()))),
                    ("applicantPerson", text(application.applicant_person_id.as_str())),
                    ("approvers", texts(application.approvers().map(|id| id.as_str()))),
                    ("reviewers", texts(application.reviewers().map(|id| id.as_str()))),
                ]);
                if let Some(decides) = application.level().and_then(|l| l.organization_id.as_ref())
                {
                    let decides = uid("Organization", decides.as_str())?;
                    let decides = RestrictedExpression::new_entity_uid(decides);
                    attributes.insert("levelOrganization".to_owned(), decides);
                }
                (*ancestry, "Application", application.id.as_str(), attributes)
            }
            Self::Seal { ancestry, facts, .. } => {
                let attributes = named([
                    ("kind", text(&facts.kind)),
                    ("state", text(&facts.state)),
                    ("applicantPerson", text(&facts.applicant_person)),
                    ("reviewers", texts(facts.reviewers.iter().map(String::as_str))),
                    ("lossReportedBy", text(&facts.loss_reported_by)),
                    ("recoveryConfirmedBy", text(&facts.recovery_confirmed_by)),
                    ("keepers", texts(facts.keepers.iter().map(String::as_str))),
                    ("standIns", texts(facts.stand_ins.iter().map(String::as_str))),
                    ("namedKeeper", text(&facts.named_keeper)),
                    ("proposedBy", text(&facts.proposed_by)),
                    ("proposalKind", text(&facts.proposal_kind)),
                ]);
                (*ancestry, "Seal", facts.id.as_str(), attributes)
            }
            Self::Signature { ancestry, id, owner } => {
                let owner = uid("Principal", owner.as_str())?;
                let attributes = named([("owner", RestrictedExpression::new_entity_uid(owner))]);
                (*ancestry, "Signature", *id, attributes)
            }
        };
        organizations(ancestry, &mut all)?;
        let mut parents = HashSet::new();
        if let Some(own) = ancestry.last() {
            parents.insert(uid("Organization", own.as_str())?);
        }
        all.push(entity(kind, id, attributes, parents)?);
        Ok(all)
    }

    /// What the context says beyond the common part.
    pub(super) fn context(&self) -> Vec<(String, RestrictedExpression)> {
        let Self::Seal { using: Some(using), .. } = self else { return Vec::new() };
        let mut pairs = vec![("documentType".to_owned(), text(using.document_type))];
        let Some(grant) = using.grant else { return pairs };
        let long = |value: i64| RestrictedExpression::new_long(value);
        let record = RestrictedExpression::new_record([
            ("validFrom".to_owned(), long(grant.valid_from.as_micros())),
            ("validUntil".to_owned(), long(grant.valid_until.as_micros())),
            (
                "anyDocumentType".to_owned(),
                RestrictedExpression::new_bool(grant.document_types.is_empty()),
            ),
            ("documentTypes".to_owned(), texts(grant.document_types.iter().map(String::as_str))),
            ("digests".to_owned(), RestrictedExpression::new_bool(grant.digests)),
        ]);
        // Names of a record's fields are distinct, which is all that can be wrong with it.
        pairs.extend(record.map(|record| ("grant".to_owned(), record)));
        pairs
    }
}
