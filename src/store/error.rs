//! What can go wrong with the database.

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not a URL of a supported engine.
    #[error("the database URL must begin with sqlite:// or postgres://")]
    Url,
    /// The engine or the connection failed.
    #[error("the database failed")]
    Driver(#[source] sqlx::Error),
    /// A migration failed, or the schema is of another release.
    #[error("the database schema cannot be brought up to date: {0}")]
    Migration(String),
    /// The database may forget what it committed.
    #[error("the database is not durable: {setting} is {value}")]
    NotDurable {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: String,
    },
    /// A named constraint says no.
    #[error("constraint {0} refuses the change")]
    Constraint(String),
    /// The row is not as it was when it was read.
    #[error("{0} was changed by somebody else meanwhile")]
    Stale(&'static str),
    /// A row holds what no release of the service writes.
    #[error("inconsistent value in {table}.{column}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Nobody knows whether the commit took place.
    #[error("the commit failed and may or may not have taken place")]
    CommitUnknown,
    /// The service is shutting down.
    #[error("the database is closed")]
    Closed,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match constraint(database.as_ref()) {
                Some(name) => Self::Constraint(name),
                None => Self::Driver(error),
            },
            sqlx::Error::PoolClosed => Self::Closed,
            _ => Self::Driver(error),
        }
    }
}

/// The constraint a database error speaks of. SQLite names CHECK constraints but tells of unique
/// ones only the columns, as `table.column, table.column`.
fn constraint(error: &dyn sqlx::error::DatabaseError) -> Option<String> {
    if let Some(name) = error.constraint() {
        return Some(name.to_owned());
    }
    let message = error.message();
    ["UNIQUE constraint failed: ", "CHECK constraint failed: "]
        .iter()
        .find_map(|prefix| message.strip_prefix(prefix))
        .map(str::to_owned)
}

impl StoreError {
    /// Whether a unique constraint of `table` refuses, over `columns` in this order, or by the
    /// constraint's `name`: the engines tell one or the other.
    pub fn is_taken(&self, name: &str, columns: &str) -> bool {
        matches!(self, Self::Constraint(found) if found == name || found == columns)
    }
}
