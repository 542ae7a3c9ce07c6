//! A folder that is read as a whole, row by row, while nobody else uses it: as rows of Postgres' tables.
//!
//! `fuseboard.db` is seen as of one moment; of the journal's files nobody but a server writes to any, and the folder's
//! lock keeps servers away.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use domain::Millis;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use store::recent::{RECENT_KEPT, RECENT_LIMIT};
use store::{IDEMPOTENCY_KEPT, StoreError, codec, day};

use super::main_db::FILE;
use super::schema::schema_version;
use super::snapshot::days_in;
use super::{SqliteOptions, WRITER, files, journal};
use crate::copy::{Column, Kind, RowWriter};
use crate::error::store_error;
use crate::shared::unsigned;
use crate::{OpenError, TransferError, migrations};

/// The version of a day's file.
const DAY_VERSION: i64 = 1;

/// Rows of one kind, from one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// A table of `fuseboard.db`.
    Table(String),
    /// The batches of a day's file.
    Batches(i64),
    /// Its idempotency keys that still count.
    Keys(i64),
    /// The journal's head, which SQLite does not store.
    Head,
    /// Ids seen lately, which SQLite has in the batches.
    Recent,
}

impl Part {
    /// Names it in the target for good.
    pub(crate) fn name(&self) -> String {
        match self {
            Part::Table(name) => name.clone(),
            Part::Batches(day) => format!("journal_batch {}", day::name(*day)),
            Part::Keys(day) => format!("idempotency {}", day::name(*day)),
            Part::Head => "journal_head".into(),
            Part::Recent => "recent_id".into(),
        }
    }

    /// The table of Postgres that takes the rows.
    pub(crate) fn table(&self) -> &str {
        match self {
            Part::Table(name) => name,
            Part::Batches(_) => "journal_batch",
            Part::Keys(_) => "idempotency",
            Part::Head => "journal_head",
            Part::Recent => "recent_id",
        }
    }
}

/// The tables that only Postgres has: SQLite keeps the same in the journal's files.
pub(crate) const OF_THE_JOURNAL: [&str; 4] = ["journal_batch", "idempotency", "journal_head", "recent_id"];

/// What one file of the journal is.
struct Day {
    path: PathBuf,
    first_seq: i64,
    last_seq: Option<i64>,
    latest: Option<Millis>,
}

/// The folder.
pub(crate) struct SqliteSource {
    main: SqliteConnection,
    name: String,
    tables: BTreeMap<String, Vec<String>>,
    days: BTreeMap<i64, Day>,
    applied: i64,
    options: SqliteOptions,
    /// The file of the journal that is being read.
    open: Option<SqliteConnection>,
    _lock: File,
}

impl SqliteSource {
    /// Takes the folder.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when a server is running on it, [`OpenError::Missing`] when there is nothing,
    /// [`OpenError::NotMigrated`] when its schema is not this program's.
    pub(crate) async fn open(data_dir: &Path) -> Result<SqliteSource, OpenError> {
        let path = data_dir.join(FILE);
        let name = path.display().to_string();
        let failed = || OpenError::database(&name);
        if !tokio::fs::try_exists(&path).await.map_err(OpenError::io(&path))? {
            return Err(OpenError::Missing(name));
        }
        let lock = files::lock(data_dir)?;
        super::restore::settle(data_dir).await?;
        let options = SqliteOptions::default();
        let mut main = SqliteConnection::connect_with(&files::reading(&path, &options))
            .await
            .map_err(failed())?;
        let known = migrations::newest(&migrations::sqlite());
        match schema_version(&mut main).await.map_err(failed())? {
            None => return Err(OpenError::Missing(name)),
            Some(found) if found == known => {}
            Some(found) if found > known => {
                return Err(OpenError::Newer {
                    database: name,
                    found,
                    known,
                });
            }
            Some(_) => return Err(OpenError::NotMigrated(name)),
        }
        // From the first statement on it shows one moment, whatever the command line does meanwhile.
        sqlx::raw_sql("BEGIN")
            .execute(&mut main)
            .await
            .map_err(failed())?;
        let tables = tables(&mut main).await.map_err(failed())?;
        let applied: Option<i64> =
            sqlx::query_scalar("SELECT max(applied) FROM checkpoint WHERE writer = $1")
                .bind(i64::from(WRITER))
                .fetch_one(&mut main)
                .await
                .map_err(failed())?;
        let mut days = BTreeMap::new();
        for (day, path) in days_in(&data_dir.join(journal::FOLDER)).await? {
            if let Some(found) = Day::read(path, &options).await? {
                days.insert(day, found);
            }
        }
        Ok(SqliteSource {
            main,
            name,
            tables,
            days,
            applied: applied.unwrap_or(0),
            options,
            open: None,
            _lock: lock,
        })
    }

    /// The tables of `fuseboard.db`, with their columns.
    pub(crate) fn tables(&self) -> &BTreeMap<String, Vec<String>> {
        &self.tables
    }

    /// Everything there is, but for tables: those are the caller's choice.
    pub(crate) fn journal(&self) -> Vec<Part> {
        let days = self.days.keys();
        days.flat_map(|day| [Part::Batches(*day), Part::Keys(*day)])
            .chain([Part::Recent, Part::Head])
            .collect()
    }

    /// The UTC days on which batches arrived.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) async fn arrivals(&mut self) -> Result<BTreeSet<i64>, OpenError> {
        let mut arrivals = BTreeSet::new();
        for found in self.days.values() {
            let mut file = found.connect(&self.options).await?;
            // Not by dividing: days before 1970 would be rounded the other way.
            let times: Vec<(Option<Millis>, Option<Millis>)> =
                sqlx::query_as("SELECT min(received), max(received) FROM batch GROUP BY received / $1")
                    .bind(day::LENGTH)
                    .fetch_all(&mut file)
                    .await
                    .map_err(OpenError::database(found.path.display().to_string()))?;
            let times = times.into_iter().flat_map(|(first, last)| [first, last]);
            arrivals.extend(times.flatten().map(day::of));
        }
        Ok(arrivals)
    }

    /// The rows of a part, always in the same order, as binary COPY has them.
    ///
    /// # Errors
    /// They cannot be read; later errors are in the stream.
    pub(crate) async fn rows<'a>(
        &'a mut self,
        part: &Part,
        columns: &'a [Column],
    ) -> Result<BoxStream<'a, Result<Vec<u8>, TransferError>>, TransferError> {
        let (sql, path) = match part {
            Part::Table(table) => {
                let order = primary_key(&mut self.main, table)
                    .await
                    .map_err(self.failed(table))?;
                let sql = select(table, columns, "", &order, |_| None);
                let failed = self.failed(table);
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut self.main);
                return Ok(rows
                    .map(move |row| row.and_then(|row| encode(&row, columns)).map_err(&failed))
                    .boxed());
            }
            Part::Batches(day) => {
                // Postgres knows by it whose commit it was; nobody will ask about these.
                let no_session = |column: &str| (column == "session").then_some("0");
                let sql = select("batch", columns, "", &["seq".to_owned()], no_session);
                (sql, self.path(*day)?)
            }
            Part::Keys(day) => {
                let latest = self.days.values().filter_map(|day| day.latest).max();
                let since = latest.unwrap_or(0).saturating_sub(IDEMPOTENCY_KEPT);
                let order = ["tenant_id", "key_id", "idem_key"].map(str::to_owned);
                let counts = format!("WHERE received > {since}");
                (
                    select("idempotency", columns, &counts, &order, |_| None),
                    self.path(*day)?,
                )
            }
            Part::Head => {
                let head = self.head();
                return Ok(stream::iter([Ok(plain(columns, |column| match column {
                    "writer" => Some(Value::Int(i64::from(WRITER))),
                    "seq" => Some(Value::Int(head)),
                    _ => None,
                })?)])
                .boxed());
            }
            Part::Recent => {
                let recent = self.recent().await.map_err(OpenError::stored(&self.name))?;
                let rows: Vec<Vec<u8>> = recent
                    .into_iter()
                    .map(|(n, tenant, received, id)| {
                        plain(columns, |column| match column {
                            "tenant_id" => Some(Value::Bytes(tenant.as_bytes())),
                            "id" => Some(Value::Bytes(&id)),
                            "received" => Some(Value::Int(received)),
                            "n" => Some(Value::Int(n)),
                            _ => None,
                        })
                    })
                    .collect::<Result<_, _>>()?;
                return Ok(stream::iter(rows.into_iter().map(Ok)).boxed());
            }
        };
        let name = path.display().to_string();
        let file = SqliteConnection::connect_with(&files::reading(&path, &self.options))
            .await
            .map_err(OpenError::database(&name))?;
        let failed = move |source| TransferError::Database {
            database: name.clone(),
            table: "the journal".into(),
            source,
        };
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch(self.open.insert(file));
        Ok(rows
            .map(move |row| row.and_then(|row| encode(&row, columns)).map_err(&failed))
            .boxed())
    }

    /// The last sequence that was given.
    fn head(&self) -> i64 {
        let last = self.days.last_key_value().map(|(_, day)| day);
        let stored = last.map_or(0, |day| day.last_seq.unwrap_or(day.first_seq - 1));
        stored.max(self.applied)
    }

    /// The ids of the last hour before the newest arrival, as many per tenant as are remembered, in their order. A number
    /// that rises, the tenant, the arrival, the id's hash.
    async fn recent(&self) -> Result<Vec<(i64, String, Millis, [u8; 16])>, StoreError> {
        let latest = self.days.values().filter_map(|day| day.latest).max();
        let since = latest.unwrap_or(0).saturating_sub(RECENT_KEPT);
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut known: HashSet<(String, [u8; 16])> = HashSet::new();
        let mut found = Vec::new();
        for day in self.days.values().rev() {
            let mut file = day
                .connect(&self.options)
                .await
                .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
            let mut batches = sqlx::query_as::<_, (String, Millis, Vec<u8>)>(
                "SELECT tenant_id, received, bytes FROM batch WHERE received > $1 ORDER BY seq DESC",
            )
            .bind(since)
            .fetch(&mut file);
            while let Some((tenant, received, bytes)) = batches.try_next().await.map_err(store_error)? {
                let count = counts.entry(tenant.clone()).or_default();
                if *count >= RECENT_LIMIT {
                    continue;
                }
                for id in codec::decode_ids(&bytes)?.iter().rev() {
                    let id = store::recent::id_hash(id);
                    if known.insert((tenant.clone(), id)) {
                        *count += 1;
                        found.push((0, tenant.clone(), received, id));
                    }
                }
            }
        }
        found.reverse();
        for (number, row) in (1..).zip(&mut found) {
            row.0 = number;
        }
        Ok(found)
    }

    fn path(&self, day: i64) -> Result<PathBuf, OpenError> {
        let found = self.days.get(&day).map(|day| day.path.clone());
        found.ok_or_else(|| OpenError::Missing(day::name(day)))
    }

    fn failed(&self, table: &str) -> impl Fn(sqlx::Error) -> TransferError + Send + Sync + 'static {
        let (database, table) = (self.name.clone(), table.to_owned());
        move |source| TransferError::Database {
            database: database.clone(),
            table: table.clone(),
            source,
        }
    }
}

impl Day {
    /// `None` when the process died while it made the file: nothing was acknowledged from it.
    async fn read(path: PathBuf, options: &SqliteOptions) -> Result<Option<Day>, OpenError> {
        let mut day = Day {
            path,
            first_seq: 0,
            last_seq: None,
            latest: None,
        };
        let name = day.path.display().to_string();
        let failed = || OpenError::database(&name);
        let mut file = day.connect(options).await?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&mut file)
            .await
            .map_err(failed())?;
        match version {
            0 => return Ok(None),
            DAY_VERSION => {}
            found => {
                return Err(OpenError::Newer {
                    database: name,
                    found,
                    known: DAY_VERSION,
                });
            }
        }
        (day.first_seq, day.last_seq, day.latest) = sqlx::query_as(
            "SELECT first_seq, (SELECT max(seq) FROM batch), (SELECT max(received) FROM batch) FROM file",
        )
        .fetch_one(&mut file)
        .await
        .map_err(failed())?;
        unsigned::<u64>(day.first_seq).map_err(OpenError::stored(&name))?;
        Ok(Some(day))
    }

    async fn connect(&self, options: &SqliteOptions) -> Result<SqliteConnection, OpenError> {
        SqliteConnection::connect_with(&files::reading(&self.path, options))
            .await
            .map_err(OpenError::database(self.path.display().to_string()))
    }
}

/// Our tables with their columns.
async fn tables(main: &mut SqliteConnection) -> Result<BTreeMap<String, Vec<String>>, sqlx::Error> {
    let found: Vec<(String, String)> = sqlx::query_as(
        "SELECT s.name, c.name FROM sqlite_schema AS s JOIN pragma_table_info(s.name) AS c
         WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND s.name <> '_sqlx_migrations'",
    )
    .fetch_all(main)
    .await?;
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in found {
        tables.entry(table).or_default().push(column);
    }
    Ok(tables)
}

async fn primary_key(main: &mut SqliteConnection, table: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk")
        .bind(table)
        .fetch_all(main)
        .await
}

/// The statement that reads rows in order. `instead` says what stands for a column that is not there.
fn select(
    table: &str,
    columns: &[Column],
    counts: &str,
    order: &[String],
    instead: impl Fn(&str) -> Option<&'static str>,
) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| instead(&column.name).map_or_else(|| quoted(&column.name), str::to_owned))
        .collect();
    let order: Vec<String> = order.iter().map(|name| quoted(name)).collect();
    format!(
        "SELECT {} FROM {} {counts} ORDER BY {}",
        columns.join(", "),
        quoted(table),
        order.join(", ")
    )
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A row of SQLite. A value of another kind than its column's is an error.
fn encode(row: &SqliteRow, columns: &[Column]) -> Result<Vec<u8>, sqlx::Error> {
    let mut bytes = RowWriter::new(columns.len());
    for (index, column) in columns.iter().enumerate() {
        match column.kind {
            Kind::Int => bytes.int(row.try_get(index)?),
            Kind::Bool => bytes.bool(row.try_get(index)?),
            Kind::Text => bytes.field(row.try_get::<Option<&str>, _>(index)?.map(str::as_bytes)),
            Kind::Bytes => bytes.field(row.try_get::<Option<&[u8]>, _>(index)?),
        }
    }
    Ok(bytes.finish())
}

enum Value<'a> {
    Int(i64),
    Bytes(&'a [u8]),
}

/// A row that no table has.
fn plain<'a>(
    columns: &[Column],
    value: impl Fn(&str) -> Option<Value<'a>>,
) -> Result<Vec<u8>, TransferError> {
    let mut bytes = RowWriter::new(columns.len());
    for column in columns {
        match value(&column.name) {
            Some(Value::Int(number)) => bytes.int(Some(number)),
            Some(Value::Bytes(text)) => bytes.field(Some(text)),
            None => {
                return Err(TransferError::Rows {
                    table: column.name.clone(),
                    why: "nothing is known for this column",
                });
            }
        }
    }
    Ok(bytes.finish())
}
