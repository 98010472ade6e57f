//! SQL and nothing but: a pool, transactions with a scope, one file per group of tables. The same
//! SQL runs on SQLite and on PostgreSQL; where the engines differ it is said in this file.
//!
//! Reading happens in a [`Tx`] of [`Store::read`]. All writing goes through one task, which commits
//! groups of pieces of work together, a savepoint each, and owns this process's audit chain.

mod access_keys;
mod applications;
mod attachments;
mod audit;
mod certificate_revocations;
mod columns;
mod counters;
mod credentials;
mod error;
mod grants;
mod idempotency;
mod keepers;
mod keys;
mod licence_types;
mod migrate;
mod organization_changes;
mod organizations;
mod outbox;
mod principals;
mod proposals;
mod register;
mod rows;
mod seals;
mod signatures;
mod stand_ins;
mod together;
mod tx;
mod webhooks;
mod writer;

use std::{str::FromStr, time::Duration};

use sqlx::{
    AnyPool, ConnectOptions, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
};

pub use attachments::Concealed;
pub use audit::{AuditEntry, AuditEvent, AuditPage, ChainFault, Payload};
pub use credentials::Binding;
pub use error::StoreError;
pub use idempotency::{Appended, Claim, KeptAnswer};
pub use keys::KeyState;
pub use outbox::EVENT;
pub use register::{ImportedSeal, SealFilter};
pub use seals::NewVersion;
pub use signatures::{Completion, NewAttempt, NewSignature, SignatureFilter};
pub use together::{Answers, Gathering, Together};
pub use tx::Tx;
pub use webhooks::Announced;
pub use writer::{Work, Writer};

/// The engine behind a URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Engine {
    /// SQLite, one file, one machine.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    engine: Engine,
    writer: Writer,
}

impl Store {
    /// Opens a database: `sqlite:///path/to/file` or `postgres://…`. `instance` names this process
    /// in its audit chain.
    ///
    /// # Errors
    /// The URL is malformed, the database cannot be reached, or it would not keep what it commits.
    pub async fn open(url: &str, instance: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let engine = match url.split_once(':') {
            Some(("sqlite", _)) => Engine::Sqlite,
            Some(("postgres" | "postgresql", _)) => Engine::Postgres,
            _ => return Err(StoreError::Url),
        };
        let options = AnyConnectOptions::from_str(url)
            .map_err(|_| StoreError::Url)?
            .disable_statement_logging();
        let pool = connect(&options, engine, 16).await?;
        // The writer has a connection of its own: what it knows of the pages stays true, as nobody
        // else writes, and its statements stay prepared.
        let writing = connect(&options, engine, 1).await?;
        let writer = Writer::start(writing, engine, instance.to_owned());
        let store = Self { pool, engine, writer };
        store.check_durability().await?;
        Ok(store)
    }

    /// The engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Waits for what is under way and closes all connections.
    pub async fn close(&self) {
        self.writer.stop().await;
        self.pool.close().await;
    }

    /// Refuses a database that may forget what it committed.
    ///
    /// # Errors
    /// [`StoreError::NotDurable`] names the setting.
    pub async fn check_durability(&self) -> Result<(), StoreError> {
        let wanted: &[(&'static str, &'static str, &[&str])] = match self.engine {
            Engine::Sqlite => &[
                ("journal_mode", "PRAGMA journal_mode", &["wal"]),
                ("synchronous", "PRAGMA synchronous", &["2", "3"]),
            ],
            Engine::Postgres => &[
                ("synchronous_commit", "SHOW synchronous_commit", &["on", "remote_apply"]),
                ("fsync", "SHOW fsync", &["on"]),
                ("full_page_writes", "SHOW full_page_writes", &["on"]),
            ],
        };
        for (name, question, good) in wanted {
            let row = sqlx::query(*question).fetch_one(&self.pool).await?;
            let value = columns::first_as_text(&row)?;
            if !good.contains(&value.as_str()) {
                return Err(StoreError::NotDurable { setting: name, value });
            }
        }
        Ok(())
    }
}

async fn connect(
    options: &AnyConnectOptions,
    engine: Engine,
    connections: u32,
) -> Result<AnyPool, StoreError> {
    let pool = AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        // A file does not go away between two uses as a server may.
        .test_before_acquire(engine == Engine::Postgres)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                for setting in settings(engine) {
                    connection.execute(*setting).await?;
                }
                Ok(())
            })
        })
        .connect_with(options.clone())
        .await?;
    Ok(pool)
}

/// What every connection is told when it is made.
fn settings(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &[
            "PRAGMA busy_timeout = 10000",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            // What savepoints would undo stays in memory; 16 MiB of pages; 32 MiB of log before it
            // is carried over.
            "PRAGMA temp_store = MEMORY",
            "PRAGMA cache_size = -16384",
            "PRAGMA wal_autocheckpoint = 8192",
        ],
        // A name is common or rare: one plan for both would sort what it could walk along.
        Engine::Postgres => {
            &["SET synchronous_commit = on", "SET plan_cache_mode = force_custom_plan"]
        }
    }
}
