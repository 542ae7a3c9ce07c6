//! What a backup says about itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::name::{PartName, is_word};

/// The version of the archive's own form.
pub const FORMAT: u64 = 1;

/// Said in every manifest, so that nobody looks for it in a backup after the fire.
pub const NOT_INCLUDED: [&str; 3] = [
    "the master key and every other key file",
    "local.key and other private files of the data folder",
    "the configuration",
];

/// A part may unpack to so many times what it takes packed, and [`ROOM`] more. Databases of ours do not compress
/// nearly as well, as most of what they hold is compressed.
const RATIO: u64 = 1_024;
const ROOM: u64 = 16 << 20;

/// Which database a backup is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseKind {
    /// A folder.
    Sqlite,
    /// A Postgres database.
    Postgres,
}

impl DatabaseKind {
    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            DatabaseKind::Sqlite => "SQLite",
            DatabaseKind::Postgres => "Postgres",
        }
    }
}

/// Batches of the journal that are in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalRange {
    /// Who wrote them.
    pub writer: u32,
    /// The first sequence; none when there is no batch.
    pub first: Option<u64>,
    /// The last sequence.
    pub last: Option<u64>,
}

/// A counter of a Postgres table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// The table.
    pub table: String,
    /// The column that it numbers.
    pub column: String,
    /// The last number given; none when none was.
    pub last: Option<i64>,
}

/// What a part holds, as the database told it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Rows by table.
    pub tables: BTreeMap<String, u64>,
    /// Columns in the order they are in, for a table of Postgres.
    pub columns: Vec<String>,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its name in the archive.
    pub name: String,
    /// Rows by table.
    pub tables: BTreeMap<String, u64>,
    /// Columns in the order they are in, for a table of Postgres.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Its size, unpacked.
    pub bytes: u64,
    /// BLAKE3 of it, unpacked.
    pub blake3: String,
    /// Its size in the archive.
    pub packed_bytes: u64,
    /// BLAKE3 of it as it lies in the archive.
    pub packed_blake3: String,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u64,
    /// The version of the program that wrote it.
    pub program: String,
    /// Which database it is of.
    pub database: DatabaseKind,
    /// The version of its schema.
    pub schema: i64,
    /// When the backup began, milliseconds since 1970.
    pub created: i64,
    /// Whose data is in it.
    pub tenants: Vec<String>,
    /// Which batches are.
    pub journal: JournalRange,
    /// Counters of Postgres.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<Sequence>,
    /// What is not in it, in words.
    pub not_included: Vec<String>,
    /// The parts, in the order they are in.
    pub parts: Vec<Part>,
}

impl Manifest {
    /// A manifest without parts.
    pub fn new(program: &str, database: DatabaseKind, schema: i64, created: i64) -> Manifest {
        Manifest {
            format: FORMAT,
            program: program.to_owned(),
            database,
            schema,
            created,
            tenants: Vec::new(),
            journal: JournalRange::default(),
            sequences: Vec::new(),
            not_included: NOT_INCLUDED.map(str::to_owned).to_vec(),
            parts: Vec::new(),
        }
    }

    /// What all parts take, unpacked.
    pub fn bytes(&self) -> u64 {
        self.parts
            .iter()
            .fold(0, |sum, part| sum.saturating_add(part.bytes))
    }

    /// Rows by table, over all parts.
    pub fn rows(&self) -> BTreeMap<&str, u64> {
        let mut rows = BTreeMap::new();
        for (table, count) in self.parts.iter().flat_map(|part| &part.tables) {
            let sum: &mut u64 = rows.entry(table.as_str()).or_default();
            *sum = sum.saturating_add(*count);
        }
        rows
    }

    /// What is wrong with it, and with which part.
    pub(crate) fn mistake(&self) -> Option<(&str, String)> {
        let mut seen = BTreeSet::new();
        for part in &self.parts {
            let told = |why: &str| Some((part.name.as_str(), why.to_owned()));
            let kind = match PartName::parse(&part.name) {
                None => return Some(("manifest.json", format!("{:?} is no name of a part", part.name))),
                Some(PartName::MainFile | PartName::DayFile(_)) => DatabaseKind::Sqlite,
                Some(PartName::Table(_)) => DatabaseKind::Postgres,
            };
            if kind != self.database {
                return told("it belongs to another kind of database");
            }
            if !seen.insert(&part.name) {
                return told("it is there twice");
            }
            if !part.tables.keys().chain(&part.columns).all(|name| is_word(name)) {
                return told("it names a table or a column that cannot be");
            }
            if part.bytes > part.packed_bytes.saturating_mul(RATIO).saturating_add(ROOM) {
                return told("it claims to unpack to far more than such a part can");
            }
        }
        let words = self.sequences.iter().flat_map(|one| [&one.table, &one.column]);
        if !words.into_iter().all(|word| is_word(word)) {
            return Some(("manifest.json", "a sequence has a name that cannot be".into()));
        }
        let main = PartName::MainFile.to_string();
        if self.database == DatabaseKind::Sqlite && !seen.contains(&main) {
            return Some(("manifest.json", format!("{main} is not in it")));
        }
        None
    }
}
