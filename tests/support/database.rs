//! A fresh database for one test, on either engine.

use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// The engines that every story is told on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// The URL of a fresh database. PostgreSQL's cluster is started by `scripts/postgres.sh`, which
/// tells its place in `SEALWRIGHT_TEST_POSTGRES`.
pub fn fresh(engine: Engine, directory: &Path) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    match engine {
        Engine::Sqlite => format!("sqlite://{}/test.db?mode=rwc", directory.display()),
        Engine::Postgres => {
            let server = std::env::var("SEALWRIGHT_TEST_POSTGRES")
                .expect("`make test` starts PostgreSQL; or: eval $(scripts/postgres.sh start)");
            let count = COUNT.fetch_add(1, Ordering::SeqCst);
            let name = format!("test_{}_{count}", std::process::id());
            super::run(Command::new("psql").args([
                "-q",
                &format!("{server}/postgres"),
                "-c",
                &format!("CREATE DATABASE {name}"),
            ]));
            format!("{server}/{name}")
        }
    }
}
