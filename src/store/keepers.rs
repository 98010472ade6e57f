//! Keepers of seals.

use sqlx::{any::AnyRow, query};

use super::{StoreError, columns::Columns, tx::Tx};
use crate::domain::{
    Timestamp,
    id::{KeeperId, PersonId, PrincipalId, SealId},
    keeper::{Keeper, KeeperState},
};

const KEEPER: &str = "SELECT k.id, k.seal_id, k.person_id, k.state, k.stand_in, k.until, \
     k.replaces, k.designated_by, k.designated_at, k.accepted_at, k.ended_at, k.end_reason \
     FROM seal_keepers k ";

impl Tx {
    /// Enters a keeping.
    ///
    /// # Errors
    /// The person has one already, or the database fails.
    pub async fn insert_keeper(&mut self, k: &Keeper) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO seal_keepers (id, seal_id, person_id, state, stand_in, until, \
                 replaces, designated_by, designated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(k.id.to_string())
            .bind(k.seal_id.to_string())
            .bind(k.person_id.to_string())
            .bind(k.state.as_str())
            .bind(i64::from(k.stand_in))
            .bind(k.until.map(Timestamp::as_micros))
            .bind(k.replaces.as_ref().map(ToString::to_string))
            .bind(k.designated_by.to_string())
            .bind(k.designated_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// The keepings of a seal, of all times, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn keepers(&mut self, seal: &SealId) -> Result<Vec<Keeper>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{KEEPER} WHERE k.seal_id = $1 ORDER BY k.id DESC"));
        self.all(query(sql).bind(seal.to_string())).await?.iter().map(keeper).collect()
    }

    /// Keepings in scope, of seals that are not at their end, whose term ends in a span of time, the
    /// soonest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn keepers_ending(
        &mut self,
        (from, until): (Timestamp, Timestamp),
        limit: i64,
    ) -> Result<Vec<Keeper>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!(
            "{KEEPER} JOIN seals s ON s.id = k.seal_id \
             JOIN organizations o ON o.id = s.organization_id \
             WHERE k.state = 'keeping' AND k.until > $1 AND k.until <= $2 AND o.path LIKE $3 \
             AND EXISTS (SELECT 1 FROM seal_versions v WHERE v.seal_id = s.id \
             AND v.state IN ('key-ready', 'made', 'active', 'suspended', 'lost')) \
             ORDER BY k.until, k.id LIMIT $4"
        ));
        let found = query(sql).bind(from.as_micros()).bind(until.as_micros());
        let found = found.bind(pattern).bind(limit);
        self.all(found).await?.iter().map(keeper).collect()
    }

    /// Writes a moved keeping over the one that was read.
    ///
    /// # Errors
    /// Somebody else moved it meanwhile, or the database fails.
    pub async fn update_keeper(&mut self, read: &Keeper, moved: &Keeper) -> Result<(), StoreError> {
        self.change_one(
            "the keeper",
            query(
                "UPDATE seal_keepers SET state = $1, accepted_at = $2, ended_at = $3, \
                 end_reason = $4 WHERE id = $5 AND state = $6",
            )
            .bind(moved.state.as_str())
            .bind(moved.accepted_at.map(Timestamp::as_micros))
            .bind(moved.ended_at.map(Timestamp::as_micros))
            .bind(moved.end_reason.clone())
            .bind(read.id.to_string())
            .bind(read.state.as_str()),
        )
        .await
    }

    /// Ends the namings of a seal that nobody accepted yet and that a person made or would have
    /// handed over, after that person's own keeping ended.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_namings_after(
        &mut self,
        ended: &Keeper,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "UPDATE seal_keepers SET state = 'ended', ended_at = $1, end_reason = $2 \
                 WHERE seal_id = $3 AND state = 'designated' AND (replaces = $4 \
                 OR designated_by IN (SELECT id FROM principals WHERE person_id = $5))",
            )
            .bind(at.as_micros())
            .bind(reason.to_owned())
            .bind(ended.seal_id.to_string())
            .bind(ended.id.to_string())
            .bind(ended.person_id.to_string()),
        )
        .await?;
        Ok(())
    }

    /// Locks a seal against changes of its keepers until the end of the transaction.
    ///
    /// # Errors
    /// The database fails.
    pub async fn lock_keepers(&mut self, seal: &SealId) -> Result<(), StoreError> {
        let lock = query("UPDATE seals SET kept_until = kept_until WHERE id = $1");
        self.execute(lock.bind(seal.to_string())).await?;
        Ok(())
    }

    /// Works out anew until when somebody keeps a seal, from its keepings.
    ///
    /// # Errors
    /// The database fails.
    pub async fn update_kept_until(&mut self, seal: &SealId) -> Result<(), StoreError> {
        // Locked first, so that the next statement sees what others changed.
        self.lock_keepers(seal).await?;
        self.execute(
            query(
                "UPDATE seals SET kept_until = (SELECT MAX(COALESCE(until, $2)) FROM seal_keepers \
                 WHERE seal_id = $1 AND state = 'keeping') WHERE id = $1",
            )
            .bind(seal.to_string())
            .bind(i64::MAX),
        )
        .await?;
        Ok(())
    }

    /// Until when somebody keeps a seal; none: nobody does.
    ///
    /// # Errors
    /// The database fails.
    pub async fn kept_until(&mut self, seal: &SealId) -> Result<Option<Timestamp>, StoreError> {
        let found = query("SELECT kept_until FROM seals WHERE id = $1").bind(seal.to_string());
        match self.optional(found).await? {
            None => Ok(None),
            Some(row) => Columns::of("seals", &row).optional_time("kept_until"),
        }
    }
}

fn keeper(row: &AnyRow) -> Result<Keeper, StoreError> {
    let c = Columns::of("seal_keepers", row);
    Ok(Keeper {
        id: c.word("id", |text| KeeperId::parse(text).ok())?,
        seal_id: c.word("seal_id", |text| SealId::parse(text).ok())?,
        person_id: c.word("person_id", |text| PersonId::parse(text).ok())?,
        state: c.word("state", KeeperState::parse)?,
        stand_in: c.boolean("stand_in")?,
        until: c.optional_time("until")?,
        replaces: c.optional_word("replaces", |text| KeeperId::parse(text).ok())?,
        designated_by: c.word("designated_by", |text| PrincipalId::parse(text).ok())?,
        designated_at: c.time("designated_at")?,
        accepted_at: c.optional_time("accepted_at")?,
        ended_at: c.optional_time("ended_at")?,
        end_reason: c.get("end_reason")?,
    })
}
