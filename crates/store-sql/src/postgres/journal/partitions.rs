//! Partitions of the journal: one per UTC day, named `journal_batch_YYYYMMDD`.
//!
//! A partition is made apart and then attached, which only takes a lock that readers and appends do not mind. It is
//! made in a step of its own before the append that needs it. The next day's is made during the day, so that midnight,
//! when everybody's jobs begin, costs nothing.

use std::collections::BTreeSet;

use domain::Millis;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use store::day;

use super::PgJournal;

const PREFIX: &str = "journal_batch_";

/// The name of a day's partition: letters, digits and underscores only, so it is safe within a statement.
pub(in crate::postgres) fn name(day: i64) -> String {
    format!("{PREFIX}{}", day::name(day))
}

/// The day of a partition.
pub(in crate::postgres) fn day_of(name: &str) -> Option<i64> {
    day::parse(name.strip_prefix(PREFIX)?)
}

/// The days that have an attached partition.
pub(super) async fn attached(connection: &mut PgConnection) -> Result<BTreeSet<i64>, sqlx::Error> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = to_regclass('journal_batch') AND NOT i.inhdetachpending",
    )
    .fetch_all(connection)
    .await?;
    Ok(names.iter().filter_map(|name| day_of(name)).collect())
}

/// How far into a day the next day's partition is made.
const AHEAD_AFTER: Millis = 3_600_000;

impl PgJournal {
    /// Makes sure that arrivals at these times have a partition.
    pub(super) async fn ensure_partitions(
        &self,
        connection: &mut PgConnection,
        arrivals: impl Iterator<Item = Millis>,
    ) -> Result<(), sqlx::Error> {
        // From an hour into a day on, the next day is wanted as well.
        let wanted: BTreeSet<i64> = arrivals
            .flat_map(|time| {
                [
                    day::of(time),
                    day::of(time.saturating_add(day::LENGTH - AHEAD_AFTER)),
                ]
            })
            .collect();
        let missing: Vec<i64> = wanted.difference(&self.days.lock()).copied().collect();
        for day in missing {
            make(connection, day).await?;
            self.days.lock().insert(day);
        }
        Ok(())
    }
}

/// Makes a day's partition, unless it is attached.
pub(in crate::postgres) async fn make(connection: &mut PgConnection, day: i64) -> Result<(), sqlx::Error> {
    let name = name(day);
    let is_attached: Option<bool> =
        sqlx::query_scalar("SELECT relispartition FROM pg_class WHERE oid = to_regclass($1)")
            .bind(&name)
            .fetch_optional(&mut *connection)
            .await?;
    if is_attached == Some(true) {
        return Ok(());
    }
    let (from, to) = (day::start(day), day::end(day));
    let mut transaction = connection.begin().await?;
    // A table that is there without being attached is what retention had taken off when its process died.
    for sql in [
        format!("DROP TABLE IF EXISTS {name}"),
        format!(
            "CREATE TABLE {name} (LIKE journal_batch INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)"
        ),
        format!("ALTER TABLE journal_batch ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to})"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    tracing::debug!(partition = name, "a new journal partition");
    Ok(())
}
