//! Bringing the schema up to date. Migrations are append-only, one change each.

use sqlx::{
    SqlStr,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{Engine, Store, StoreError};

/// Version, name, SQL.
type Step = (i64, &'static str, &'static str);

const COMMON: &[Step] = &[
    (1, "create organizations", include_str!("migrations/0001_create_organizations.sql")),
    (2, "create keys", include_str!("migrations/0002_create_keys.sql")),
    (3, "create seals", include_str!("migrations/0003_create_seals.sql")),
    (4, "create signatures", include_str!("migrations/0004_create_signatures.sql")),
    (5, "create audit", include_str!("migrations/0005_create_audit.sql")),
    (7, "drop unused indexes", include_str!("migrations/0007_drop_unused_indexes.sql")),
    (12, "keep seals", include_str!("migrations/0012_keep_seals.sql")),
    (13, "wrap keys", include_str!("migrations/0013_wrap_keys.sql")),
    (10, "keep vector pictures", include_str!("migrations/0010_keep_vector_pictures.sql")),
    (16, "complete applications", include_str!("migrations/0016_complete_applications.sql")),
    (18, "control by two", include_str!("migrations/0018_control_by_two.sql")),
    (20, "know authorities", include_str!("migrations/0020_know_authorities.sql")),
    (21, "search register", include_str!("migrations/0021_search_register.sql")),
    (23, "call webhooks", include_str!("migrations/0023_call_webhooks.sql")),
    (24, "type licences", include_str!("migrations/0024_type_licences.sql")),
    (25, "mark tests", include_str!("migrations/0025_mark_tests.sql")),
];
const SQLITE: &[Step] = &[
    (6, "protect trails", include_str!("migrations/0006_protect_trails.sqlite.sql")),
    (8, "cluster trails", include_str!("migrations/0008_cluster_trails.sqlite.sql")),
    (9, "know timestamp keys", include_str!("migrations/0009_know_timestamp_keys.sqlite.sql")),
    (11, "return applications", include_str!("migrations/0011_return_applications.sqlite.sql")),
    (14, "know SM2 keys", include_str!("migrations/0014_know_sm2_keys.sqlite.sql")),
    (15, "seal OFD and files", include_str!("migrations/0015_seal_ofd_and_files.sqlite.sql")),
    (17, "decide together", include_str!("migrations/0017_decide_together.sqlite.sql")),
    (19, "destroy keys", include_str!("migrations/0019_destroy_keys.sqlite.sql")),
    (22, "take seals in", include_str!("migrations/0022_take_seals_in.sqlite.sql")),
    (26, "know OCSP keys", include_str!("migrations/0026_know_ocsp_keys.sqlite.sql")),
];
const POSTGRES: &[Step] = &[
    (6, "protect trails", include_str!("migrations/0006_protect_trails.postgres.sql")),
    (9, "know timestamp keys", include_str!("migrations/0009_know_timestamp_keys.postgres.sql")),
    (11, "return applications", include_str!("migrations/0011_return_applications.postgres.sql")),
    (14, "know SM2 keys", include_str!("migrations/0014_know_sm2_keys.postgres.sql")),
    (15, "seal OFD and files", include_str!("migrations/0015_seal_ofd_and_files.postgres.sql")),
    (17, "decide together", include_str!("migrations/0017_decide_together.postgres.sql")),
    (19, "destroy keys", include_str!("migrations/0019_destroy_keys.postgres.sql")),
    (22, "take seals in", include_str!("migrations/0022_take_seals_in.postgres.sql")),
    (26, "know OCSP keys", include_str!("migrations/0026_know_ocsp_keys.postgres.sql")),
];

impl Store {
    /// Applies the migrations that are missing.
    ///
    /// # Errors
    /// A migration fails, or an applied one differs from ours.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let own = match self.engine {
            Engine::Sqlite => SQLITE,
            Engine::Postgres => POSTGRES,
        };
        let steps = COMMON.iter().chain(own).map(|(version, name, sql)| {
            let sql = SqlStr::from_static(sql);
            Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
        });
        let mut steps: Vec<_> = steps.collect();
        steps.sort_by_key(|step| step.version);
        Migrator::with_migrations(steps)
            .run(&self.pool)
            .await
            .map_err(|error| StoreError::Migration(error.to_string()))
    }
}
