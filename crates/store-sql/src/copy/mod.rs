//! From SQLite into Postgres, all of it, in a way that can be killed at any moment and run again.
//!
//! First the source is read once: how many rows each part has, and the sum of their digests. That plan is stored in the
//! target. Then the rows go over, a step at a time, each in one transaction with how far it got. A copy that is run again
//! makes the plan anew and compares: a source that has changed meanwhile is refused. At the end every table of the target
//! is read back and must have the rows and the sum that were planned; only then does the target count as a database.
//!
//! Which tables there are is read from both schemas. One that has no counterpart on the other side, and is none of the
//! journal's, is refused, and a test looks for it: a later migration cannot be forgotten here.
//!
//! Deliberately absent: the other direction, a source that is being written to (the folder's lock is taken), and versions
//! of the schema other than this program's.

mod row;

pub(crate) use row::{HEAD, Kind, RowWriter, Splitter, Sum, TAIL};

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures::TryStreamExt as _;

use crate::postgres::PgTarget;
use crate::sqlite::{OF_THE_JOURNAL, Part, SqliteSource};
use crate::{OpenError, TransferError};

/// Rows of one step.
const ROWS: u64 = 2_000;
/// Bytes after which a step is large enough.
const BYTES: usize = 1 << 20;

/// A column that rows are written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the databases.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Rows on their way.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The schemas do not fit.
    #[error("{table} has no counterpart on the other side: {why}")]
    NoCounterpart {
        /// Which table.
        table: String,
        /// What is missing.
        why: String,
    },
    /// The target holds the beginning of a copy of something else.
    #[error(
        "the copy in {target} was begun from data that was different in {part}; make a new database and copy into that one"
    )]
    OtherSource {
        /// The target's name.
        target: String,
        /// Where it shows first.
        part: String,
    },
    /// What arrived is not what was sent.
    #[error(
        "{table} of the target does not have what was copied into it ({found} rows, {wanted} wanted, or others); the \
         target is not used"
    )]
    Differs {
        /// Which table.
        table: String,
        /// Rows of the source.
        wanted: u64,
        /// Rows of the target.
        found: u64,
    },
}

/// What was copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// Rows by table of the target.
    pub tables: BTreeMap<String, u64>,
    /// Rows that an earlier run had copied already.
    pub before: u64,
}

/// Copies the folder into the database, and says after each step how many rows are there of how many.
///
/// # Errors
/// See [`CopyError`]. What was copied stays in the target and is not copied again; no server starts on it.
pub async fn copy(
    data_dir: &Path,
    url: &str,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<Copied, CopyError> {
    let mut source = SqliteSource::open(data_dir).await?;
    let mut target = PgTarget::open(url).await?;
    let tables = target.tables().await?;
    let mut columns = BTreeMap::new();
    for table in &tables {
        columns.insert(table.clone(), target.columns(table).await?);
    }
    let parts = parts(&source, &tables, &columns)?;

    let mut sums = Vec::with_capacity(parts.len());
    for part in &parts {
        let mut sum = Sum::default();
        let mut rows = source.rows(part, &columns[part.table()]).await?;
        while let Some(row) = rows.try_next().await? {
            sum.add(&row);
        }
        sums.push((part.name(), sum));
    }
    let planned = target.planned().await?;
    if planned.is_empty() {
        let arrivals = source.arrivals().await?;
        target.plan(&sums, &arrivals).await?;
    }
    let begun: BTreeMap<String, (Sum, u64)> = planned
        .into_iter()
        .map(|part| (part.name, (part.sum, part.copied)))
        .collect();
    compare(&begun, &sums, target.name())?;

    let all: u64 = sums.iter().map(|(_, sum)| sum.rows).sum();
    let before: u64 = begun.values().map(|(_, copied)| copied).sum();
    let mut there = before;
    for (part, (name, sum)) in parts.iter().zip(&sums) {
        let done = begun.get(name).map_or(0, |(_, copied)| *copied);
        if done == sum.rows {
            continue;
        }
        let columns = &columns[part.table()];
        let mut rows = source.rows(part, columns).await?;
        for _ in 0..done {
            rows.try_next().await?;
        }
        let (mut step, mut from, mut at) = (Vec::new(), done, done);
        loop {
            let row = rows.try_next().await?;
            let ended = row.is_none();
            if let Some(row) = row {
                step.extend_from_slice(&row);
                at += 1;
            }
            if at > from && (ended || at - from >= ROWS || step.len() >= BYTES) {
                target
                    .step(name, part.table(), columns, &step, (from, at))
                    .await?;
                there += at - from;
                from = at;
                step.clear();
                progress(there, all);
            }
            if ended {
                break;
            }
        }
    }

    let mut wanted: BTreeMap<&str, Sum> = BTreeMap::new();
    for (part, (_, sum)) in parts.iter().zip(&sums) {
        wanted.entry(part.table()).or_default().join(sum);
    }
    let mut copied = Copied {
        before,
        ..Copied::default()
    };
    for table in &tables {
        let wanted = wanted.get(table.as_str()).copied().unwrap_or_default();
        let found = target.sum(table, &columns[table]).await?;
        if found != wanted {
            return Err(CopyError::Differs {
                table: table.clone(),
                wanted: wanted.rows,
                found: found.rows,
            });
        }
        copied.tables.insert(table.clone(), found.rows);
    }
    target.finish(&tables).await?;
    Ok(copied)
}

/// Everything that is copied, in the order of the target's tables.
fn parts(
    source: &SqliteSource,
    tables: &[String],
    columns: &BTreeMap<String, Vec<Column>>,
) -> Result<Vec<Part>, CopyError> {
    fit(source.tables(), tables, columns)?;
    let of_tables = tables
        .iter()
        .filter(|table| !OF_THE_JOURNAL.contains(&table.as_str()))
        .map(|table| Part::Table(table.clone()));
    Ok(of_tables.chain(source.journal()).collect())
}

/// Whether every table of each side has a counterpart with the same columns.
fn fit(
    source: &BTreeMap<String, Vec<String>>,
    tables: &[String],
    columns: &BTreeMap<String, Vec<Column>>,
) -> Result<(), CopyError> {
    let missing = |table: &str, why: String| CopyError::NoCounterpart {
        table: table.to_owned(),
        why,
    };
    for table in source.keys() {
        if !tables.contains(table) || OF_THE_JOURNAL.contains(&table.as_str()) {
            return Err(missing(table, "Postgres has no such table".into()));
        }
    }
    for table in tables
        .iter()
        .filter(|table| !OF_THE_JOURNAL.contains(&table.as_str()))
    {
        let Some(own) = source.get(table) else {
            return Err(missing(table, "SQLite has no such table".into()));
        };
        let own: BTreeSet<&str> = own.iter().map(String::as_str).collect();
        let theirs = columns.get(table).map(Vec::as_slice).unwrap_or_default();
        let theirs: BTreeSet<&str> = theirs.iter().map(|column| column.name.as_str()).collect();
        if own != theirs {
            return Err(missing(
                table,
                format!("its columns are {own:?}, and there {theirs:?}"),
            ));
        }
    }
    Ok(())
}

/// Whether the copy that was begun is one of this source.
fn compare(
    begun: &BTreeMap<String, (Sum, u64)>,
    sums: &[(String, Sum)],
    target: &str,
) -> Result<(), CopyError> {
    if begun.is_empty() {
        return Ok(());
    }
    let other = |part: &str| CopyError::OtherSource {
        target: target.to_owned(),
        part: part.to_owned(),
    };
    for (name, sum) in sums {
        if begun.get(name).is_none_or(|(planned, _)| planned != sum) {
            return Err(other(name));
        }
    }
    let names: BTreeSet<&str> = sums.iter().map(|(name, _)| name.as_str()).collect();
    match begun.keys().find(|name| !names.contains(name.as_str())) {
        Some(gone) => Err(other(gone)),
        None => Ok(()),
    }
}
