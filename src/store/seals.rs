//! Seals, versions, pictures, states and grants.

use std::collections::{BTreeSet, HashMap};

use base64ct::{Base64, Encoding};
use sqlx::{any::AnyRow, query};

use super::{StoreError, columns::Columns, credentials::Binding, tx::Tx};
use crate::domain::{
    Timestamp,
    ca_class::CaClass,
    cause::RevocationCause,
    id::{ApplicationId, OrganizationId, PersonId, PrincipalId, SealId, SealVersionId},
    seal::{Credential, Picture, Seal, SealKind, SealVersion, StateChange},
    seal_state::{SealEvent, SealState},
};

/// A version as it comes into being.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// Its identifier.
    pub id: SealVersionId,
    /// The seal.
    pub seal_id: SealId,
    /// Its number.
    pub number: i64,
    /// The name on it.
    pub name: String,
    /// The application it comes of.
    pub application_id: ApplicationId,
    /// Its credentials.
    pub credentials: Vec<Credential>,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub principal_id: PrincipalId,
}

const SEAL: &str = "SELECT s.id, s.code, s.organization_id, s.kind, s.name, s.sandbox FROM seals s \
     JOIN organizations o ON o.id = s.organization_id ";
const VERSION: &str = "SELECT id, seal_id, number, name, state, revision, application_id, \
     picture_digest, valid_from, valid_until, ca_class, loss_reported_by, \
     recovery_confirmed_by \
     FROM seal_versions ";

impl Tx {
    /// Enters a seal.
    ///
    /// # Errors
    /// The code is taken, or the database fails.
    pub async fn insert_seal(&mut self, seal: &Seal, at: Timestamp) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO seals (id, code, organization_id, kind, name, created_at, sandbox) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(seal.id.to_string())
            .bind(seal.code.clone())
            .bind(seal.organization_id.to_string())
            .bind(seal.kind.as_str())
            .bind(seal.name.clone())
            .bind(at.as_micros())
            .bind(i64::from(seal.sandbox)),
        )
        .await?;
        self.index_name(&seal.id, &seal.name).await
    }

    /// The seal of an organization with a kind and name that is not at its end.
    ///
    /// # Errors
    /// The database fails.
    pub async fn seal_of_name(
        &mut self,
        organization: &OrganizationId,
        kind: SealKind,
        name: &str,
    ) -> Result<Option<SealId>, StoreError> {
        let found = query(
            "SELECT id FROM seals WHERE organization_id = $1 AND kind = $2 AND name = $3 \
             AND closed_at IS NULL",
        );
        let found = found.bind(organization.to_string()).bind(kind.as_str()).bind(name.to_owned());
        let row = self.optional(found).await?;
        row.map(|row| Columns::of("seals", &row).word("id", |text| SealId::parse(text).ok()))
            .transpose()
    }

    /// The seal that a version is of.
    ///
    /// # Errors
    /// The database fails.
    pub async fn seal_of_version(
        &mut self,
        id: &SealVersionId,
    ) -> Result<Option<SealId>, StoreError> {
        let found = query("SELECT seal_id FROM seal_versions WHERE id = $1").bind(id.to_string());
        let row = self.optional(found).await?;
        let seal = |row| {
            Columns::of("seal_versions", &row).word("seal_id", |text| SealId::parse(text).ok())
        };
        row.map(seal).transpose()
    }

    /// Whether a seal has this code.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_seal_code_taken(&mut self, code: &str) -> Result<bool, StoreError> {
        let found = query("SELECT id FROM seals WHERE code = $1").bind(code.to_owned());
        Ok(self.optional(found).await?.is_some())
    }

    /// Gives a seal the name of the version that is registered now.
    ///
    /// # Errors
    /// Another seal has it, or the database fails.
    pub async fn rename_seal(&mut self, id: &SealId, name: &str) -> Result<(), StoreError> {
        let renamed = query("UPDATE seals SET name = $1 WHERE id = $2");
        self.change_one("the seal", renamed.bind(name.to_owned()).bind(id.to_string())).await?;
        self.index_name(id, name).await
    }

    /// Notes that a seal is at its end: its name may be given to another one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn close_seal(&mut self, id: &SealId, at: Timestamp) -> Result<(), StoreError> {
        let closed = query("UPDATE seals SET closed_at = $1 WHERE id = $2 AND closed_at IS NULL");
        self.execute(closed.bind(at.as_micros()).bind(id.to_string())).await?;
        Ok(())
    }

    /// Enters a version whose key is ready, with its credential.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_version(&mut self, new: &NewVersion) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO seal_versions (id, seal_id, number, state, revision, \
                 application_id, created_at, name) VALUES ($1, $2, $3, 'key-ready', 1, $4, $5, $6)",
            )
            .bind(new.id.to_string())
            .bind(new.seal_id.to_string())
            .bind(new.number)
            .bind(new.application_id.to_string())
            .bind(new.at.as_micros())
            .bind(new.name.clone()),
        )
        .await?;
        for credential in &new.credentials {
            self.insert_credential(&new.id, credential).await?;
        }
        let first = StateChange {
            seal_version_id: new.id.clone(),
            from: None,
            event: None,
            to: SealState::KeyReady,
            reason: None,
            cause: None,
            principal_id: Some(new.principal_id.clone()),
            at: new.at,
        };
        self.insert_state_change(&first, 1).await
    }

    /// Moves a version by an event of the law and keeps the change.
    ///
    /// # Errors
    /// It is not as it was read, or the database fails.
    pub async fn move_version(
        &mut self,
        version: &SealVersion,
        change: &StateChange,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the seal version",
            query(
                "UPDATE seal_versions SET state = $1, revision = revision + 1 \
                 WHERE id = $2 AND revision = $3 AND state = $4",
            )
            .bind(change.to.as_str())
            .bind(version.id.to_string())
            .bind(version.revision)
            .bind(version.state.as_str()),
        )
        .await?;
        self.insert_state_change(change, version.revision + 1).await
    }

    async fn insert_state_change(
        &mut self,
        change: &StateChange,
        revision: i64,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO state_changes (seal_version_id, revision, from_state, event, \
                 to_state, reason, principal_id, at, cause) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(change.seal_version_id.to_string())
            .bind(revision)
            .bind(change.from.map(SealState::as_str))
            .bind(change.event.map(SealEvent::as_str))
            .bind(change.to.as_str())
            .bind(change.reason.clone())
            .bind(change.principal_id.as_ref().map(ToString::to_string))
            .bind(change.at.as_micros())
            .bind(change.cause.map(RevocationCause::as_str)),
        )
        .await?;
        Ok(())
    }

    /// Binds certificates and picture to a version whose key is ready.
    ///
    /// # Errors
    /// It is not as it was read, or the database fails.
    pub async fn complete_version(
        &mut self,
        version: &SealVersion,
        maker: &PersonId,
        picture: (&str, &Picture),
        bindings: &[Binding],
    ) -> Result<(), StoreError> {
        let micrometres = |millimetres: f64| (millimetres * 1000.0).round() as i64;
        self.change_one(
            "the seal version",
            query(
                "UPDATE seal_versions SET picture_digest = $1, picture_width_um = $2, \
                 picture_height_um = $3, valid_from = $4, valid_until = $5, made_by = $6, \
                 ca_class = $7 WHERE id = $8 AND revision = $9 AND state = 'key-ready'",
            )
            .bind(picture.0.to_owned())
            .bind(micrometres(picture.1.width_mm))
            .bind(micrometres(picture.1.height_mm))
            .bind(version.valid_from.map(Timestamp::as_micros))
            .bind(version.valid_until.map(Timestamp::as_micros))
            .bind(maker.to_string())
            .bind(version.ca_class.map(CaClass::as_str))
            .bind(version.id.to_string())
            .bind(version.revision),
        )
        .await?;
        for binding in bindings {
            self.bind_credential(binding).await?;
        }
        Ok(())
    }

    /// Remembers who reported a loss, and who first confirmed a recovery.
    ///
    /// # Errors
    /// It is not as it was read, or the database fails.
    pub async fn note_loss(
        &mut self,
        version: &SealVersion,
        reported_by: Option<&PersonId>,
        recovery_confirmed_by: Option<&PersonId>,
    ) -> Result<(), StoreError> {
        self.change_one(
            "the seal version",
            query(
                "UPDATE seal_versions SET loss_reported_by = $1, recovery_confirmed_by = $2 \
                 WHERE id = $3 AND revision = $4 AND state = $5",
            )
            .bind(reported_by.map(ToString::to_string))
            .bind(recovery_confirmed_by.map(ToString::to_string))
            .bind(version.id.to_string())
            .bind(version.revision)
            .bind(version.state.as_str()),
        )
        .await
    }

    /// Counts a change of a version that does not move its state.
    ///
    /// # Errors
    /// It is not as it was read, or the database fails.
    pub async fn touch_version(&mut self, version: &SealVersion) -> Result<(), StoreError> {
        self.change_one(
            "the seal version",
            query(
                "UPDATE seal_versions SET revision = revision + 1 \
                 WHERE id = $1 AND revision = $2 AND state = $3",
            )
            .bind(version.id.to_string())
            .bind(version.revision)
            .bind(version.state.as_str()),
        )
        .await
    }

    /// Keeps a picture under its digest; a picture that is there already is the same one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn keep_picture(
        &mut self,
        digest: &str,
        picture: &Picture,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO pictures (digest, png, svg, created_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (digest) DO NOTHING",
            )
            .bind(digest.to_owned())
            .bind(Base64::encode_string(&picture.png))
            .bind(picture.svg.clone())
            .bind(at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// The picture of a version.
    ///
    /// # Errors
    /// The database fails.
    pub async fn picture(
        &mut self,
        version: &SealVersionId,
    ) -> Result<Option<Picture>, StoreError> {
        let row = self
            .optional(
                query(
                    "SELECT p.png, p.svg, v.picture_width_um, v.picture_height_um FROM seal_versions v \
                     JOIN pictures p ON p.digest = v.picture_digest WHERE v.id = $1",
                )
                .bind(version.to_string()),
            )
            .await?;
        row.map(|row| {
            let c = Columns::of("pictures", &row);
            Ok(Picture {
                png: c.word("png", |text| Base64::decode_vec(text).ok())?,
                svg: c.get("svg")?,
                width_mm: c.integer("picture_width_um")? as f64 / 1000.0,
                height_mm: c.integer("picture_height_um")? as f64 / 1000.0,
            })
        })
        .transpose()
    }

    /// A seal in scope, with all its versions.
    ///
    /// # Errors
    /// The database fails.
    pub async fn seal(&mut self, id: &SealId) -> Result<Option<Seal>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{SEAL} WHERE s.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        match row {
            None => Ok(None),
            Some(row) => self.with_versions(&row).await.map(Some),
        }
    }

    /// Seals in scope with a version in use or suspended whose validity ends until a time, and when,
    /// the soonest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn seals_ending(
        &mut self,
        until: Timestamp,
        limit: i64,
    ) -> Result<Vec<(Seal, Timestamp)>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{SEAL} JOIN seal_versions v ON v.seal_id = s.id \
             WHERE v.state IN ('active', 'suspended') AND v.valid_until <= $1 AND o.path LIKE $2 \
             ORDER BY v.valid_until, s.id LIMIT $3"
        ));
        let rows = self.all(query(sql).bind(until.as_micros()).bind(pattern).bind(limit)).await?;
        let mut ending = Vec::new();
        for row in &rows {
            let seal = self.with_versions(row).await?;
            let ends = seal.current_version().and_then(|version| version.valid_until);
            ending.extend(ends.map(|ends| (seal, ends)));
        }
        Ok(ending)
    }

    async fn with_versions(&mut self, row: &AnyRow) -> Result<Seal, StoreError> {
        let c = Columns::of("seals", row);
        let id = c.word("id", |text| SealId::parse(text).ok())?;
        let sql = sqlx::AssertSqlSafe(format!("{VERSION} WHERE seal_id = $1 ORDER BY number"));
        let rows = self.all(query(sql).bind(id.to_string())).await?;
        let mut versions = Vec::new();
        for row in &rows {
            let mut version = version(row)?;
            version.credentials = self.credentials(&version.id).await?;
            versions.push(version);
        }
        Ok(Seal {
            id,
            code: c.text("code")?,
            organization_id: c.word("organization_id", |text| OrganizationId::parse(text).ok())?,
            kind: c.word("kind", SealKind::parse)?,
            name: c.text("name")?,
            sandbox: c.boolean("sandbox")?,
            versions,
        })
    }

    /// The states of versions and until when somebody keeps their seals, locked against change until
    /// the end of the transaction.
    ///
    /// # Errors
    /// The database fails.
    pub async fn lock_states(
        &mut self,
        ids: BTreeSet<&SealVersionId>,
    ) -> Result<HashMap<SealVersionId, (SealState, Option<Timestamp>)>, StoreError> {
        let ids = ids.into_iter().map(|id| [id.to_string().into()]).collect();
        let locking = self.locking();
        let sql = [
            "SELECT v.id AS id, v.state, s.kept_until FROM seal_versions v \
             JOIN seals s ON s.id = v.seal_id WHERE v.id IN",
            locking,
        ];
        let rows = self.among(sql, None, ids).await?;
        rows.iter()
            .map(|row| {
                let c = Columns::of("seal_versions", row);
                let id = c.word("id", |text| SealVersionId::parse(text).ok())?;
                Ok((id, (c.word("state", SealState::parse)?, c.optional_time("kept_until")?)))
            })
            .collect()
    }

    /// The person who made a version, if it is made.
    ///
    /// # Errors
    /// The database fails.
    pub async fn maker(&mut self, id: &SealVersionId) -> Result<Option<PersonId>, StoreError> {
        let found = query("SELECT made_by FROM seal_versions WHERE id = $1").bind(id.to_string());
        match self.optional(found).await? {
            None => Ok(None),
            Some(row) => Columns::of("seal_versions", &row)
                .optional_word("made_by", |text| PersonId::parse(text).ok()),
        }
    }

    /// The changes of state of a seal's versions, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn state_changes(&mut self, seal: &SealId) -> Result<Vec<StateChange>, StoreError> {
        let rows = self
            .all(
                query(
                    "SELECT c.seal_version_id, c.from_state, c.event, c.to_state, c.reason, \
                     c.principal_id, c.at, c.cause FROM state_changes c \
                     JOIN seal_versions v ON v.id = c.seal_version_id WHERE v.seal_id = $1 \
                     ORDER BY c.at, v.number, c.revision",
                )
                .bind(seal.to_string()),
            )
            .await?;
        rows.iter().map(state_change).collect()
    }

    /// The state that a version had at a time.
    ///
    /// # Errors
    /// The database fails.
    pub async fn state_at(
        &mut self,
        version: &SealVersionId,
        at: Timestamp,
    ) -> Result<Option<SealState>, StoreError> {
        let row = self
            .optional(
                query(
                    "SELECT to_state FROM state_changes WHERE seal_version_id = $1 AND at <= $2 \
                     ORDER BY revision DESC LIMIT 1",
                )
                .bind(version.to_string())
                .bind(at.as_micros()),
            )
            .await?;
        row.map(|row| Columns::of("state_changes", &row).word("to_state", SealState::parse))
            .transpose()
    }

    /// Versions in use whose validity is over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn versions_due(&mut self, now: Timestamp) -> Result<Vec<SealId>, StoreError> {
        let rows = self
            .all(
                query(
                    "SELECT seal_id FROM seal_versions \
                     WHERE state IN ('active', 'suspended') AND valid_until < $1",
                )
                .bind(now.as_micros()),
            )
            .await?;
        rows.iter()
            .map(|row| {
                Columns::of("seal_versions", row).word("seal_id", |text| SealId::parse(text).ok())
            })
            .collect()
    }
}

fn version(row: &AnyRow) -> Result<SealVersion, StoreError> {
    let c = Columns::of("seal_versions", row);
    let person = |text: &str| PersonId::parse(text).ok();
    Ok(SealVersion {
        id: c.word("id", |text| SealVersionId::parse(text).ok())?,
        number: c.integer("number")?,
        name: c.text("name")?,
        state: c.word("state", SealState::parse)?,
        revision: c.integer("revision")?,
        application_id: c.word("application_id", |text| ApplicationId::parse(text).ok())?,
        picture_digest: c.get("picture_digest")?,
        valid_from: c.optional_time("valid_from")?,
        valid_until: c.optional_time("valid_until")?,
        ca_class: c.optional_word("ca_class", CaClass::parse)?,
        loss_reported_by: c.optional_word("loss_reported_by", person)?,
        recovery_confirmed_by: c.optional_word("recovery_confirmed_by", person)?,
        credentials: Vec::new(),
    })
}

fn state_change(row: &AnyRow) -> Result<StateChange, StoreError> {
    let c = Columns::of("state_changes", row);
    Ok(StateChange {
        seal_version_id: c.word("seal_version_id", |text| SealVersionId::parse(text).ok())?,
        from: c.optional_word("from_state", SealState::parse)?,
        event: c.optional_word("event", SealEvent::parse)?,
        to: c.word("to_state", SealState::parse)?,
        reason: c.get("reason")?,
        cause: c.optional_word("cause", RevocationCause::parse)?,
        principal_id: c.optional_word("principal_id", |text| PrincipalId::parse(text).ok())?,
        at: c.time("at")?,
    })
}
