//! One transaction, opened for a scope.

use sqlx::{
    Any, AnyConnection, Executor, Transaction,
    any::{AnyArguments, AnyRow},
    query::Query,
};

use super::{Engine, Store, StoreError, audit::Trail, writer::Work};
use crate::domain::organization::Scope;

/// A transaction. Rows that belong to an organization are seen only inside the scope.
pub struct Tx {
    pub(super) connection: Transaction<'static, Any>,
    pub(super) scope: Scope,
    pub(super) engine: Engine,
    /// Audit events to be written; only the writer's transactions have a trail.
    pub(super) trail: Option<Trail>,
}

impl Store {
    /// Opens a transaction for reading.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read(&self, scope: Scope) -> Result<Tx, StoreError> {
        let connection = self.pool.begin().await?;
        Ok(Tx { connection, scope, engine: self.engine, trail: None })
    }
}

impl Tx {
    /// Narrows or widens what the rest of the transaction may see.
    pub fn set_scope(&mut self, scope: Scope) {
        self.scope = scope;
    }

    /// A pattern for `organizations.path`: rows whose organization's path is like it are seen.
    pub(super) fn path_pattern(&self) -> String {
        match &self.scope {
            Scope::Service => "%".to_owned(),
            Scope::Organization(id) => format!("%/{id}/%"),
        }
    }

    /// What ends a SELECT that locks its rows, in the order of their ids, against change until the
    /// end of the transaction. SQLite's writer is alone anyway.
    pub(super) fn locking(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => "ORDER BY id",
            Engine::Postgres => "ORDER BY id FOR SHARE",
        }
    }

    /// Runs a piece of work in a savepoint: an error undoes the piece and nothing else, also in the
    /// audit chain.
    ///
    /// # Errors
    /// The savepoint itself failed; nothing of the whole transaction may be kept. The inner error
    /// is the work's own.
    pub async fn piece<T, E>(
        &mut self,
        work: impl for<'t> FnOnce(&'t mut Self) -> Work<'t, Result<T, E>>,
    ) -> Result<Result<T, E>, StoreError> {
        let mark = self.trail.as_ref().map(Trail::mark);
        self.statement("SAVEPOINT piece").await?;
        let outcome = work(self).await;
        if outcome.is_err() {
            if let Some((trail, mark)) = self.trail.as_mut().zip(mark) {
                trail.back_to(mark);
            }
            self.statement("ROLLBACK TO SAVEPOINT piece").await?;
        }
        self.statement("RELEASE SAVEPOINT piece").await?;
        Ok(outcome)
    }

    pub(super) async fn execute(
        &mut self,
        query: Query<'_, Any, AnyArguments>,
    ) -> Result<u64, StoreError> {
        Ok(query.execute(self.connection()).await?.rows_affected())
    }

    /// Executes a change of exactly one row that was read before.
    pub(super) async fn change_one(
        &mut self,
        what: &'static str,
        query: Query<'_, Any, AnyArguments>,
    ) -> Result<(), StoreError> {
        if self.execute(query).await? == 1 { Ok(()) } else { Err(StoreError::Stale(what)) }
    }

    pub(super) async fn optional(
        &mut self,
        query: Query<'_, Any, AnyArguments>,
    ) -> Result<Option<AnyRow>, StoreError> {
        Ok(query.fetch_optional(self.connection()).await?)
    }

    pub(super) async fn all(
        &mut self,
        query: Query<'_, Any, AnyArguments>,
    ) -> Result<Vec<AnyRow>, StoreError> {
        Ok(query.fetch_all(self.connection()).await?)
    }

    pub(super) async fn statement(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.connection().execute(sql).await?;
        Ok(())
    }

    fn connection(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}
