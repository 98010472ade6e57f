//! What is due 期限: decisions on applications, the end of validity of seals, terms of keepers.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Act, Error, Service, administration::ancestry};
use crate::{
    domain::{
        Timestamp,
        id::{ApplicationId, OrganizationId, SealId},
        seal::Seal,
        seal_state::words,
    },
    pki::Certificate,
    policy::{Action, Resource, SealFacts},
    store::Tx,
};

words! {
    /// What is due.
    DeadlineKind {
        /// A level of review has to decide on an application 审核时限.
        Review => "review",
        /// The version of a seal that is in use ends 有效期届满.
        SealExpiry => "seal-expiry",
        /// The term of a keeper or stand-in ends 保管期届满.
        KeeperTerm => "keeper-term",
        /// An authority elsewhere has to revoke a certificate of a seal that is at its end.
        CertificateRevocation => "certificate-revocation",
        /// The certificate of an authority that the service itself uses, or trusts above seals, ends.
        AuthorityExpiry => "authority-expiry",
        /// The seal of an organization that was renamed or ended has to be changed or revoked.
        OrganizationChange => "organization-change",
    }
}

/// Something that is due.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Deadline {
    /// What is due.
    #[schema(value_type = String, example = "review")]
    pub kind: DeadlineKind,
    /// When: the end of a working day 工作日 in China, or the end of validity.
    #[schema(value_type = String)]
    pub due_at: Timestamp,
    /// Whether the time has passed.
    pub overdue: bool,
    /// The organization concerned.
    #[schema(value_type = String)]
    pub organization_id: OrganizationId,
    /// The name of the seal concerned; for `authority-expiry` that of the authority.
    pub seal_name: String,
    /// The application to be decided.
    #[schema(value_type = Option<String>)]
    pub application_id: Option<ApplicationId>,
    /// The level that decides.
    pub level_name: Option<String>,
    /// The seal, where there is one yet.
    #[schema(value_type = Option<String>)]
    pub seal_id: Option<SealId>,
}

/// The most days that can be looked ahead.
const FARTHEST: i64 = 1000;

impl Service {
    /// What is due within a number of days, and what is overdue, the soonest first; at most `limit`.
    /// What policy does not let one see is left out.
    ///
    /// # Errors
    /// The number of days is out of range, or policy says no.
    pub async fn deadlines(
        &self,
        act: &Act,
        within_days: i64,
        limit: i64,
    ) -> Result<Vec<Deadline>, Error> {
        if !(0..=FARTHEST).contains(&within_days) {
            let range = format!("within_days is 0 to {FARTHEST}");
            return Err(Error::invalid("invalid-within-days", range));
        }
        let now = self.now();
        let until = now.plus_seconds(within_days * 86_400);
        let mut tx = self.own_organization(act, Action::ReadOrganization).await?;
        let mut due = Vec::new();
        for mut deadline in self.all_deadlines(&mut tx, (now, until), limit).await? {
            if self.may_see(act, &mut tx, &mut deadline).await? {
                due.push(deadline);
            }
        }
        due.sort_by_key(|deadline| deadline.due_at);
        due.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(due)
    }

    /// Whether policy lets one see a deadline.
    async fn may_see(
        &self,
        act: &Act,
        tx: &mut Tx,
        deadline: &mut Deadline,
    ) -> Result<bool, Error> {
        if deadline.kind == DeadlineKind::AuthorityExpiry {
            // The service's own authorities concern everybody who sees to seals.
            deadline.organization_id = act.principal()?.organization_id.clone();
            return Ok(true);
        }
        let above = ancestry(tx, &deadline.organization_id).await?;
        if let Some(id) = &deadline.application_id {
            let application = tx.application(id).await?;
            let application = application.ok_or(Error::NotFound("the application"))?;
            let resource = Resource::Application {
                ancestry: &above,
                application: &application,
                standing_in: &[],
            };
            return self.allows(act, Action::ReadApplication, resource);
        }
        let id = deadline.seal_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let facts = SealFacts { id, ..SealFacts::default() };
        let resource = Resource::Seal { ancestry: &above, facts: &facts, using: None };
        self.allows(act, Action::ReadSeal, resource)
    }

    /// Everything in the transaction's scope that is due until a time or overdue, at most `limit` of
    /// each kind.
    pub(super) async fn all_deadlines(
        &self,
        tx: &mut Tx,
        (now, until): (Timestamp, Timestamp),
        limit: i64,
    ) -> Result<Vec<Deadline>, Error> {
        let mut due = Vec::new();
        for application in tx.applications_due(until, limit).await? {
            let Some(due_at) = application.due_at else { continue };
            due.push(Deadline {
                kind: DeadlineKind::Review,
                due_at,
                overdue: due_at <= now,
                level_name: application.level().map(|level| level.name.clone()),
                organization_id: application.organization_id,
                seal_name: application.seal_name,
                application_id: Some(application.id),
                seal_id: application.seal_id,
            });
        }
        for (kind, seal, due_at) in of_seals(tx, (now, until), limit).await? {
            due.push(Deadline {
                kind,
                due_at,
                overdue: due_at <= now,
                organization_id: seal.organization_id,
                seal_name: seal.name,
                application_id: None,
                level_name: None,
                seal_id: Some(seal.id),
            });
        }
        let root = tx.organizations("", 1).await?.pop();
        let ends = |authority: &&Certificate| authority.not_after() <= until;
        let elsewhere = self.external_trust.roots.iter().chain(&self.person_roots);
        let all = self.authority.certificates().chain(elsewhere);
        for (authority, root) in all.filter(ends).filter_map(|one| Some((one, root.as_ref()?))) {
            due.push(Deadline {
                kind: DeadlineKind::AuthorityExpiry,
                due_at: authority.not_after(),
                overdue: authority.not_after() <= now,
                organization_id: root.id.clone(),
                seal_name: authority.subject().to_string(),
                application_id: None,
                level_name: None,
                seal_id: None,
            });
        }
        Ok(due)
    }
}

/// What is due of seals: validities, terms of keepers, what authorities have to revoke, and what
/// changes of organizations ask for.
async fn of_seals(
    tx: &mut Tx,
    (now, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<(DeadlineKind, Seal, Timestamp)>, Error> {
    let mut due = Vec::new();
    for (seal, due_at) in tx.seals_ending(until, limit).await? {
        due.push((DeadlineKind::SealExpiry, seal, due_at));
    }
    for keeper in tx.keepers_ending((now, until), limit).await? {
        let seal = tx.seal(&keeper.seal_id).await?;
        let found = seal.zip(keeper.until);
        due.extend(found.map(|(seal, until)| (DeadlineKind::KeeperTerm, seal, until)));
    }
    for open in tx.certificate_revocations(true, "", limit).await? {
        if open.due_at <= until {
            let seal = tx.seal(&open.seal_id).await?;
            let kind = DeadlineKind::CertificateRevocation;
            due.extend(seal.map(|seal| (kind, seal, open.due_at)));
        }
    }
    for change in tx.organization_changes_due(until, limit).await? {
        for seal in &change.open_seals {
            let seal = tx.seal(seal).await?;
            let kind = DeadlineKind::OrganizationChange;
            due.extend(seal.map(|seal| (kind, seal, change.due_at)));
        }
    }
    Ok(due)
}
