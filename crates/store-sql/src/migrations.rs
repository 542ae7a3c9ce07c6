//! The schema's versions, embedded. The same numbers and names in both databases.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// For `fuseboard.db`.
pub(crate) fn sqlite() -> Vec<Migration> {
    vec![
        migration(
            1,
            "foundation",
            include_str!("../../../migrations/sqlite/0001_foundation.sql"),
        ),
        migration(
            2,
            "chunks",
            include_str!("../../../migrations/sqlite/0002_chunks.sql"),
        ),
        migration(
            3,
            "keyframes",
            include_str!("../../../migrations/sqlite/0003_keyframes.sql"),
        ),
        migration(
            4,
            "seconds",
            include_str!("../../../migrations/sqlite/0004_seconds.sql"),
        ),
        migration(
            5,
            "series_labels",
            include_str!("../../../migrations/sqlite/0005_series_labels.sql"),
        ),
        migration(
            6,
            "audit_chain",
            include_str!("../../../migrations/sqlite/0006_audit_chain.sql"),
        ),
        migration(
            7,
            "accounts",
            include_str!("../../../migrations/sqlite/0007_accounts.sql"),
        ),
        migration(
            8,
            "secrets",
            include_str!("../../../migrations/sqlite/0008_secrets.sql"),
        ),
        migration(
            9,
            "second_factors",
            include_str!("../../../migrations/sqlite/0009_second_factors.sql"),
        ),
        migration(
            10,
            "wall",
            include_str!("../../../migrations/sqlite/0010_wall.sql"),
        ),
        migration(
            11,
            "identities",
            include_str!("../../../migrations/sqlite/0011_identities.sql"),
        ),
        migration(
            12,
            "alerts",
            include_str!("../../../migrations/sqlite/0012_alerts.sql"),
        ),
        migration(
            13,
            "deliveries",
            include_str!("../../../migrations/sqlite/0013_deliveries.sql"),
        ),
        migration(
            14,
            "silences_repeat",
            include_str!("../../../migrations/sqlite/0014_silences_repeat.sql"),
        ),
        migration(
            15,
            "corrections",
            include_str!("../../../migrations/sqlite/0015_corrections.sql"),
        ),
        migration(
            16,
            "quotas",
            include_str!("../../../migrations/sqlite/0016_quotas.sql"),
        ),
        migration(
            17,
            "duty",
            include_str!("../../../migrations/sqlite/0017_duty.sql"),
        ),
        migration(
            18,
            "documents",
            include_str!("../../../migrations/sqlite/0018_documents.sql"),
        ),
        migration(
            19,
            "shares",
            include_str!("../../../migrations/sqlite/0019_shares.sql"),
        ),
    ]
}

/// For Postgres.
pub(crate) fn postgres() -> Vec<Migration> {
    vec![
        migration(
            1,
            "foundation",
            include_str!("../../../migrations/postgres/0001_foundation.sql"),
        ),
        migration(
            2,
            "chunks",
            include_str!("../../../migrations/postgres/0002_chunks.sql"),
        ),
        migration(
            3,
            "keyframes",
            include_str!("../../../migrations/postgres/0003_keyframes.sql"),
        ),
        migration(
            4,
            "seconds",
            include_str!("../../../migrations/postgres/0004_seconds.sql"),
        ),
        migration(
            5,
            "series_labels",
            include_str!("../../../migrations/postgres/0005_series_labels.sql"),
        ),
        migration(
            6,
            "audit_chain",
            include_str!("../../../migrations/postgres/0006_audit_chain.sql"),
        ),
        migration(
            7,
            "accounts",
            include_str!("../../../migrations/postgres/0007_accounts.sql"),
        ),
        migration(
            8,
            "secrets",
            include_str!("../../../migrations/postgres/0008_secrets.sql"),
        ),
        migration(
            9,
            "second_factors",
            include_str!("../../../migrations/postgres/0009_second_factors.sql"),
        ),
        migration(
            10,
            "wall",
            include_str!("../../../migrations/postgres/0010_wall.sql"),
        ),
        migration(
            11,
            "identities",
            include_str!("../../../migrations/postgres/0011_identities.sql"),
        ),
        migration(
            12,
            "alerts",
            include_str!("../../../migrations/postgres/0012_alerts.sql"),
        ),
        migration(
            13,
            "deliveries",
            include_str!("../../../migrations/postgres/0013_deliveries.sql"),
        ),
        migration(
            14,
            "silences_repeat",
            include_str!("../../../migrations/postgres/0014_silences_repeat.sql"),
        ),
        migration(
            15,
            "corrections",
            include_str!("../../../migrations/postgres/0015_corrections.sql"),
        ),
        migration(
            16,
            "quotas",
            include_str!("../../../migrations/postgres/0016_quotas.sql"),
        ),
        migration(
            17,
            "duty",
            include_str!("../../../migrations/postgres/0017_duty.sql"),
        ),
        migration(
            18,
            "documents",
            include_str!("../../../migrations/postgres/0018_documents.sql"),
        ),
        migration(
            19,
            "shares",
            include_str!("../../../migrations/postgres/0019_shares.sql"),
        ),
    ]
}

fn migration(version: i64, name: &'static str, sql: &'static str) -> Migration {
    Migration::new(
        version,
        name.into(),
        MigrationType::Simple,
        sql.into_sql_str(),
        false,
    )
}

/// The newest version of a list.
pub(crate) fn newest(migrations: &[Migration]) -> i64 {
    migrations
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// What applies a list.
pub(crate) fn migrator(migrations: &[Migration]) -> Migrator {
    Migrator::with_migrations(migrations.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_versions_and_names() {
        let names = |migrations: Vec<Migration>| -> Vec<(i64, String)> {
            migrations
                .into_iter()
                .map(|one| (one.version, one.description.into_owned()))
                .collect()
        };
        assert_eq!(names(sqlite()), names(postgres()));
        for (folder, known) in [("sqlite", sqlite()), ("postgres", postgres())] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../migrations")
                .join(folder);
            let mut files: Vec<String> = std::fs::read_dir(path)
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            let expected: Vec<String> = known
                .iter()
                .map(|one| format!("{:04}_{}.sql", one.version, one.description))
                .collect();
            assert_eq!(files, expected, "every file of migrations/{folder} is embedded");
        }
    }
}
