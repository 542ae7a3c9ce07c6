//! What a part may be called. A name is taken apart and put together again, never used as a path.

use std::fmt;

/// Every part is compressed.
const PACKED: &str = ".zst";

/// A part of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartName {
    /// `sqlite/fuseboard.db.zst`: everything but the journal.
    MainFile,
    /// `sqlite/journal/YYYYMMDD.db.zst`: a day of the journal, by its eight digits.
    DayFile(String),
    /// `postgres/NAME.copy.zst`: the rows of a table, as binary COPY.
    Table(String),
}

impl PartName {
    /// A day of the journal.
    pub fn day(digits: &str) -> Option<PartName> {
        let good = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| PartName::DayFile(digits.to_owned()))
    }

    /// A table: a letter or `_`, then letters, digits and `_`, all small, 63 at most.
    pub fn table(name: &str) -> Option<PartName> {
        is_word(name).then(|| PartName::Table(name.to_owned()))
    }

    /// The part with this name.
    pub fn parse(text: &str) -> Option<PartName> {
        let name = text.strip_suffix(PACKED)?;
        if name == "sqlite/fuseboard.db" {
            return Some(PartName::MainFile);
        }
        if let Some(day) = name.strip_prefix("sqlite/journal/") {
            return PartName::day(day.strip_suffix(".db")?);
        }
        PartName::table(name.strip_prefix("postgres/")?.strip_suffix(".copy")?)
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PartName::MainFile => write!(f, "sqlite/fuseboard.db{PACKED}"),
            PartName::DayFile(day) => write!(f, "sqlite/journal/{day}.db{PACKED}"),
            PartName::Table(name) => write!(f, "postgres/{name}.copy{PACKED}"),
        }
    }
}

/// Whether it is a name as our tables and columns have: safe within a statement.
pub(crate) fn is_word(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 63
        && bytes
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in [
            PartName::MainFile,
            PartName::day("20261121").unwrap(),
            PartName::table("journal_batch_20261121").unwrap(),
        ] {
            assert_eq!(PartName::parse(&name.to_string()), Some(name));
        }
    }

    #[test]
    fn anything_else_is_no_name() {
        for text in [
            "",
            "/etc/passwd",
            "../fuseboard.db.zst",
            "sqlite/../fuseboard.db.zst",
            "sqlite/fuseboard.db",
            "sqlite/./fuseboard.db.zst",
            "sqlite/journal/../../x.db.zst",
            "sqlite/journal/2026112.db.zst",
            "sqlite/journal/2026112x.db.zst",
            "sqlite/journal/20261121.db-wal.zst",
            "sqlite\\fuseboard.db.zst",
            "postgres/a b.copy.zst",
            "postgres/a\".copy.zst",
            "postgres/A.copy.zst",
            "postgres/.copy.zst",
            "postgres/1a.copy.zst",
            "postgres/../a.copy.zst",
            "local.key.zst",
        ] {
            assert_eq!(PartName::parse(text), None, "{text}");
        }
    }
}
