//! Searching the register of seals, and taking seals in that were made elsewhere.

use std::collections::BTreeSet;

use sqlx::query;

use super::{
    Engine, StoreError,
    columns::Columns,
    rows::{self, Cell},
    tx::Tx,
};
use crate::domain::{
    Timestamp,
    cause::RevocationCause,
    id::{ApplicationId, OrganizationId, PersonId, PrincipalId, SealId, SealVersionId},
    seal::{Seal, SealKind},
    seal_state::SealState,
};

/// What a search for seals asks for.
#[derive(Clone, Debug, Default)]
pub struct SealFilter {
    /// Only seals of this kind.
    pub kind: Option<SealKind>,
    /// Only seals that have a version in this state.
    pub state: Option<SealState>,
    /// Only the seal with this public code.
    pub code: Option<String>,
    /// Only seals of this organization itself.
    pub organization: Option<OrganizationId>,
    /// Only seals whose name has this in it.
    pub name: Option<String>,
    /// Only seals whose version in use ends until this time.
    pub ends_until: Option<Timestamp>,
}

/// A seal that was made elsewhere.
#[derive(Clone, Debug)]
pub struct ImportedSeal {
    /// Its identifiers.
    pub ids: (SealId, SealVersionId, ApplicationId),
    /// The owner.
    pub organization: OrganizationId,
    /// Its public code.
    pub code: String,
    /// Its kind.
    pub kind: SealKind,
    /// The name on it.
    pub name: String,
    /// The state it is in, since when, and the cause of a revocation.
    pub state: (SealState, Timestamp, Option<RevocationCause>),
    /// Its validity.
    pub validity: (Timestamp, Timestamp),
    /// Fingerprint and PEM of its certificate, where that was given.
    pub certificate: Option<(String, String)>,
}

/// The most grams of a name that a search looks at.
const MOST_GRAMS: usize = 8;
/// After this many seals at once PostgreSQL's statistics would mislead its planner until it looks
/// again by itself.
const MANY: usize = 1000;
/// How far the hits of a gram are counted to find the rarest.
const COUNTED: i64 = 2000;

/// Pairs of neighbouring characters of a name, in lower case, and its last character.
fn grams(name: &str) -> BTreeSet<String> {
    let letters: Vec<char> = name.to_lowercase().chars().collect();
    (0..letters.len()).map(|at| letters.iter().skip(at).take(2).collect()).collect()
}

/// A statement that grows with what is asked for.
struct Search {
    sql: String,
    cells: Vec<Cell>,
}

impl Search {
    fn and(&mut self, before: &str, cell: impl Into<Cell>, after: &str) {
        self.cells.push(cell.into());
        self.sql.push_str(&format!(" AND {before}${}{after}", self.cells.len()));
    }
}

impl Tx {
    /// Seals in scope after a cursor, by id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn seals(
        &mut self,
        filter: &SealFilter,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Seal>, StoreError> {
        let sought = filter.name.as_deref().unwrap_or_default().to_lowercase();
        let one = sought.chars().count() == 1;
        let mut wanted: Vec<String> = grams(&sought).into_iter().collect();
        // The last character stands alone only where a name ends with it.
        wanted.retain(|gram| one || gram.chars().count() == 2);
        let rarest = self.rarest(&wanted).await?;
        // SQLite keeps to the order of cross joins: the search walks along the index that promises the
        // fewest, in the order of the seals, and looks at no more of them than it gives.
        let gram = rarest.filter(|_| !one);
        let (from, place) = match (&gram, filter.state) {
            (Some(_), _) => {
                ("SELECT g.seal_id AS id FROM seal_name_grams g CROSS JOIN seals s", "g.seal_id")
            }
            (None, Some(_)) => (
                "SELECT DISTINCT v.seal_id AS id FROM seal_versions v CROSS JOIN seals s",
                "v.seal_id",
            ),
            (None, None) => ("SELECT s.id FROM seals s", "s.id"),
        };
        let mut search = Search {
            sql: format!("{from} CROSS JOIN organizations o WHERE o.id = s.organization_id"),
            cells: Vec::new(),
        };
        if place != "s.id" {
            search.sql.push_str(&format!(" AND s.id = {place}"));
        }
        search.and(&format!("{place} > "), after, "");
        if let Some(gram) = gram {
            search.and("g.gram = ", gram, "");
        }
        search.and("o.path LIKE ", self.path_pattern(), "");
        if !sought.is_empty() {
            let mark = |c: char| match c {
                '%' | '_' | '\\' => format!("\\{c}"),
                other => other.to_string(),
            };
            let pattern: String = sought.chars().map(mark).collect();
            search.and("lower(s.name) LIKE ", format!("%{pattern}%"), " ESCAPE '\\'");
        }
        if let Some(kind) = filter.kind {
            search.and("s.kind = ", kind.as_str(), "");
        }
        if let Some(code) = &filter.code {
            search.and("s.code = ", code.as_str(), "");
        }
        if let Some(organization) = &filter.organization {
            search.and("s.organization_id = ", organization.as_str(), "");
        }
        match filter.state {
            Some(state) if place == "v.seal_id" => search.and("v.state = ", state.as_str(), ""),
            Some(state) => {
                let version = "EXISTS (SELECT 1 FROM seal_versions v WHERE v.seal_id = s.id \
                     AND v.state = ";
                search.and(version, state.as_str(), ")");
            }
            None => {}
        }
        if let Some(until) = filter.ends_until {
            let version = "s.id IN (SELECT v.seal_id FROM seal_versions v \
                 WHERE v.state IN ('active', 'suspended') AND v.valid_until <= ";
            search.and(version, until.as_micros(), ")");
        }
        search.cells.push(limit.into());
        search.sql.push_str(&format!(" ORDER BY {place} LIMIT ${}", search.cells.len()));
        let statement = query(sqlx::AssertSqlSafe(search.sql));
        let found = self.all(search.cells.into_iter().fold(statement, rows::bind)).await?;
        let mut seals = Vec::new();
        for row in &found {
            let id = Columns::of("seals", row).word("id", |text| SealId::parse(text).ok())?;
            seals.extend(self.seal(&id).await?);
        }
        Ok(seals)
    }

    /// The pair of characters that the fewest names have.
    async fn rarest(&mut self, wanted: &[String]) -> Result<Option<String>, StoreError> {
        let mut rarest: Option<(i64, String)> = None;
        for gram in wanted.iter().take(MOST_GRAMS) {
            let row = self
                .optional(
                    query(
                        "SELECT COUNT(*) AS hits FROM (SELECT 1 FROM seal_name_grams \
                         WHERE gram = $1 LIMIT $2) AS counted",
                    )
                    .bind(gram.clone())
                    .bind(COUNTED),
                )
                .await?;
            let Some(row) = row else { continue };
            let hits = Columns::of("seal_name_grams", &row).integer("hits")?;
            if rarest.as_ref().is_none_or(|(fewest, _)| hits < *fewest) {
                rarest = Some((hits, gram.clone()));
            }
        }
        Ok(rarest.map(|(_, gram)| gram))
    }

    /// Makes a name findable, in the place of the one before.
    pub(super) async fn index_name(&mut self, id: &SealId, name: &str) -> Result<(), StoreError> {
        let before = query("DELETE FROM seal_name_grams WHERE seal_id = $1").bind(id.to_string());
        self.execute(before).await?;
        self.insert_rows(GRAMS, gram_rows(id, name)).await
    }

    /// Takes seals in that were made elsewhere; whoever does it stands as their applicant.
    ///
    /// # Errors
    /// A code, name or certificate is taken, or the database fails.
    pub async fn import_seals(
        &mut self,
        seals: &[ImportedSeal],
        (principal, person): (&PrincipalId, &PersonId),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut rows = ImportRows::default();
        for seal in seals {
            rows.add(seal, (principal, person), now);
        }
        self.insert_rows(
            "INSERT INTO seals (id, code, organization_id, kind, name, created_at, closed_at)",
            rows.seals,
        )
        .await?;
        self.insert_rows(GRAMS, rows.grams).await?;
        self.insert_rows(
            "INSERT INTO applications (id, number, organization_id, kind, state, revision, seal_id, \
             seal_kind, seal_name, reason, applicant_id, applicant_person_id, levels, used, \
             created_at)",
            rows.applications,
        )
        .await?;
        self.insert_rows(
            "INSERT INTO seal_versions (id, seal_id, number, name, state, revision, \
             application_id, valid_from, valid_until, loss_reported_by, imported, created_at)",
            rows.versions,
        )
        .await?;
        self.insert_rows(
            "INSERT INTO state_changes (seal_version_id, revision, from_state, event, to_state, \
             reason, principal_id, at, cause)",
            rows.changes,
        )
        .await?;
        self.insert_rows(
            "INSERT INTO imported_certificates (fingerprint, seal_version_id, certificate)",
            rows.certificates,
        )
        .await?;
        if self.engine == Engine::Postgres && seals.len() >= MANY {
            self.execute(query("ANALYZE seals, seal_name_grams, seal_versions")).await?;
        }
        Ok(())
    }

    /// Of some codes those that seals have already.
    ///
    /// # Errors
    /// The database fails.
    pub async fn taken_codes(&mut self, codes: &[String]) -> Result<BTreeSet<String>, StoreError> {
        let list = codes.iter().map(|code| [Cell::from(code.as_str())]).collect();
        let found = self.among(["SELECT code FROM seals WHERE code IN", ""], None, list).await?;
        found.iter().map(|row| Columns::of("seals", row).text("code")).collect()
    }

    /// The certificate of a version that was made elsewhere, PEM.
    ///
    /// # Errors
    /// The database fails.
    pub async fn imported_certificate(
        &mut self,
        version: &SealVersionId,
    ) -> Result<Option<String>, StoreError> {
        let found =
            query("SELECT certificate FROM imported_certificates WHERE seal_version_id = $1");
        let row = self.optional(found.bind(version.to_string())).await?;
        row.map(|row| Columns::of("imported_certificates", &row).text("certificate")).transpose()
    }
}

const GRAMS: &str = "INSERT INTO seal_name_grams (gram, seal_id)";

fn gram_rows(id: &SealId, name: &str) -> Vec<[Cell; 2]> {
    grams(name).into_iter().map(|gram| [gram.into(), id.into()]).collect()
}

/// What is inserted, table by table.
#[derive(Default)]
struct ImportRows {
    seals: Vec<[Cell; 7]>,
    grams: Vec<[Cell; 2]>,
    applications: Vec<[Cell; 15]>,
    versions: Vec<[Cell; 12]>,
    changes: Vec<[Cell; 9]>,
    certificates: Vec<[Cell; 3]>,
}

impl ImportRows {
    fn add(
        &mut self,
        one: &ImportedSeal,
        (principal, person): (&PrincipalId, &PersonId),
        now: Timestamp,
    ) {
        let (seal, version, application) = &one.ids;
        let (state, since, cause) = one.state;
        let ended = matches!(state, SealState::Revoked | SealState::Invalidated);
        let revision: i64 = if state == SealState::Active { 1 } else { 2 };
        self.seals.push([
            seal.into(),
            one.code.as_str().into(),
            (&one.organization).into(),
            one.kind.as_str().into(),
            one.name.as_str().into(),
            now.as_micros().into(),
            Cell::Number(ended.then(|| since.as_micros())),
        ]);
        self.grams.extend(gram_rows(seal, &one.name));
        self.applications.push([
            application.into(),
            application.into(),
            (&one.organization).into(),
            "create".into(),
            "approved".into(),
            1.into(),
            seal.into(),
            one.kind.as_str().into(),
            one.name.as_str().into(),
            "taken over from a list 存量导入".into(),
            principal.into(),
            person.into(),
            "[]".into(),
            1.into(),
            now.as_micros().into(),
        ]);
        let reporter = (state == SealState::Lost).then(|| person.to_string());
        self.versions.push([
            version.into(),
            seal.into(),
            1.into(),
            one.name.as_str().into(),
            state.as_str().into(),
            revision.into(),
            application.into(),
            one.validity.0.as_micros().into(),
            one.validity.1.as_micros().into(),
            reporter.into(),
            1.into(),
            now.as_micros().into(),
        ]);
        let mut change = |revision: i64, from: Option<&str>, to: SealState, at: Timestamp| {
            self.changes.push([
                version.into(),
                revision.into(),
                from.map(str::to_owned).into(),
                Cell::Maybe(None),
                to.as_str().into(),
                "taken over from a list 存量导入".into(),
                principal.into(),
                at.as_micros().into(),
                cause.filter(|_| to == state).map(|cause| cause.to_string()).into(),
            ]);
        };
        let used_since = if state == SealState::Active { since } else { one.validity.0 };
        change(1, None, SealState::Active, used_since);
        if state != SealState::Active {
            change(2, Some("active"), state, since);
        }
        self.certificates.extend(one.certificate.iter().map(|(fingerprint, pem)| {
            [fingerprint.as_str().into(), version.into(), pem.as_str().into()]
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::grams;

    #[test]
    fn names_are_told_by_pairs_of_characters() {
        let found: Vec<_> = grams("公章AB").into_iter().collect();
        assert_eq!(found, ["ab", "b", "公章", "章a"]);
        assert!(grams("").is_empty());
    }
}
