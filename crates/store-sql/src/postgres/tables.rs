//! Which tables are ours. A schema may hold tables of others too; those are never touched.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::postgres::PgConnection;

use super::journal::partitions;
use crate::migrations;

/// The tables that the migrations make, partitions of the journal aside.
pub(super) fn made_by_migrations() -> BTreeSet<String> {
    let migrations = migrations::postgres();
    let lines = migrations.iter().flat_map(|one| one.sql.as_str().lines());
    let mut made = BTreeSet::new();
    for line in lines.map(str::trim) {
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            let rest = rest.strip_prefix("IF NOT EXISTS ").unwrap_or(rest);
            made.extend(
                rest.split([' ', '('])
                    .find(|word| !word.is_empty())
                    .map(str::to_owned),
            );
        }
        // One that was made is called otherwise from then on.
        let renamed = line
            .strip_prefix("ALTER TABLE ")
            .and_then(|rest| rest.split_once(" RENAME TO "));
        if let Some((before, now)) = renamed {
            made.remove(before);
            made.insert(now.trim_end_matches(';').to_owned());
        }
    }
    made
}

/// Our tables that hold rows themselves, partitions among them, and those above partitions not. A table comes after all
/// that it refers to.
pub(super) async fn ours(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let known = made_by_migrations();
    let found: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT c.relname::text, p.relname::text
         FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
         WHERE c.relkind = 'r'
            AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('_sqlx_migrations'))
         ORDER BY c.relname",
    )
    .fetch_all(&mut *connection)
    .await?;
    let is_ours = |name: &str, parent: Option<&str>| match parent {
        // What retention has detached and not dropped yet has no parent, and is gone already for all who read.
        Some(parent) => known.contains(parent) && partitions::day_of(name).is_some(),
        None => known.contains(name),
    };
    let names: BTreeSet<String> = found
        .into_iter()
        .filter(|(name, parent)| is_ours(name, parent.as_deref()))
        .map(|(name, _)| name)
        .collect();
    let references: Vec<(String, String)> = sqlx::query_as(
        "SELECT a.relname::text, b.relname::text FROM pg_constraint k
         JOIN pg_class a ON a.oid = k.conrelid JOIN pg_class b ON b.oid = k.confrelid
         WHERE k.contype = 'f' AND a.oid <> b.oid",
    )
    .fetch_all(connection)
    .await?;
    Ok(in_order(names, references))
}

/// By name, but each after those it refers to.
fn in_order(names: BTreeSet<String>, references: Vec<(String, String)>) -> Vec<String> {
    let mut needs: BTreeMap<String, BTreeSet<String>> =
        names.iter().map(|name| (name.clone(), BTreeSet::new())).collect();
    for (from, to) in references {
        if let Some(needs) = needs.get_mut(&from)
            && names.contains(&to)
        {
            needs.insert(to);
        }
    }
    let mut ordered: Vec<String> = Vec::with_capacity(names.len());
    while !needs.is_empty() {
        let free = needs
            .iter()
            .find(|(_, needs)| needs.iter().all(|name| ordered.contains(name)))
            .or_else(|| needs.iter().next())
            .map(|(name, _)| name.clone());
        let Some(next) = free else { break };
        needs.remove(&next);
        ordered.push(next);
    }
    ordered
}

/// The columns of a table that rows are written with, in order.
pub(super) async fn columns(connection: &mut PgConnection, table: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT attname::text FROM pg_attribute
         WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_found_in_the_migrations() {
        let made = made_by_migrations();
        for name in [
            "series",
            "journal_batch",
            "rollup_chunk",
            "keyframe",
            "live_second",
            "audit",
        ] {
            assert!(made.contains(name), "{name} in {made:?}");
        }
        assert!(
            made.iter()
                .all(|name| !name.contains(|c: char| !(c.is_ascii_lowercase() || c == '_')))
        );
    }

    #[test]
    fn a_table_comes_after_what_it_refers_to() {
        let names = ["a", "b", "c", "d"].map(str::to_owned).into();
        let refer = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let references = vec![refer("a", "c"), refer("c", "d"), refer("b", "elsewhere")];
        assert_eq!(in_order(names, references), ["b", "d", "c", "a"]);
        // A circle has no order; nothing is left out for it.
        let names = ["a", "b"].map(str::to_owned).into();
        assert_eq!(in_order(names, vec![refer("a", "b"), refer("b", "a")]).len(), 2);
    }
}
