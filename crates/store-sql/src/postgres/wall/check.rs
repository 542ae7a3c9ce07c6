//! Whether the wall stands: what the catalogue says of every table, and what it should say.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::postgres::PgConnection;

use super::super::journal::partitions;
use super::super::snapshot::quoted;
use super::super::tables::made_by_migrations;
use super::rights::{PRIVILEGES, Rights, of};
use super::{AppRole, Mend};

/// Tables without a `tenant_id` that have a policy all the same: they show a tenant its members.
const OF_MEMBERS: [&str; 2] = ["account", "session"];

/// The name of our policies.
const POLICY: &str = "tenant";

/// The policy of a table with a `tenant_id`, as Postgres tells it. No tenant is no row: a setting that was set once in a
/// session is empty afterwards, and the installation's own secrets have an empty tenant.
const OF_TENANT: &str = "(tenant_id = NULLIF(current_setting('fuseboard.tenant'::text, true), ''::text))";

/// All that matters, as it is.
pub(super) struct Found {
    pub(super) schema: String,
    may_use_schema: bool,
    tables: Vec<Table>,
}

/// A table of our schema.
struct Table {
    name: String,
    /// A migration made it, it is a day of the journal, or what remembers the migrations.
    ours: bool,
    partition: bool,
    has_tenant: bool,
    enabled: bool,
    forced: bool,
    /// Its owner passes by policies, and so does the user of this connection: it may be forced on the owner.
    may_be_forced: bool,
    /// The role may do what the owner may.
    owned_by_role: bool,
    /// Policies hide rows from the user of this connection.
    hidden_from_us: bool,
    /// What the role may do with whole rows.
    whole: Vec<String>,
    /// What it may do with single columns besides.
    columns: BTreeMap<String, Vec<String>>,
    policies: Vec<Policy>,
}

struct Policy {
    name: String,
    /// For all commands and everybody, and not one that only narrows what others allow.
    usual: bool,
    shows: Option<String>,
    takes: Option<String>,
}

impl Table {
    /// Whether a policy has to guard its rows.
    fn is_walled(&self) -> bool {
        !self.partition && (self.has_tenant || OF_MEMBERS.contains(&self.name.as_str()))
    }

    fn is_used_by_role(&self) -> bool {
        !self.whole.is_empty() || !self.columns.is_empty()
    }

    /// What the role should be able to do.
    fn rights(&self) -> Rights {
        match self.partition {
            true => Rights {
                whole: &[],
                columns: &[],
            },
            false => of(&self.name, self.has_tenant),
        }
    }

    fn has_its_rights(&self) -> bool {
        let rights = self.rights();
        let columns: BTreeMap<&str, Vec<&str>> = rights
            .columns
            .iter()
            .map(|(privilege, columns)| (*privilege, columns.to_vec()))
            .collect();
        let mine: BTreeMap<&str, Vec<&str>> = self
            .columns
            .iter()
            .map(|(privilege, columns)| (privilege.as_str(), columns.iter().map(String::as_str).collect()))
            .collect();
        self.whole == rights.whole && mine == columns
    }

    /// What is wrong with its policies.
    fn hole(&self) -> Option<String> {
        let name = &self.name;
        if !self.enabled {
            return Some(format!("row-level security is off on {name}"));
        }
        let ours = self.policies.iter().find(|policy| policy.name == POLICY);
        let as_it_was = |policy: &Policy| {
            let same = |text: &Option<String>| text.as_deref().is_none_or(|text| text == OF_TENANT);
            let by_tenant = policy.shows.is_some() && same(&policy.shows) && same(&policy.takes);
            policy.usual && (by_tenant || !self.has_tenant)
        };
        match (ours, self.policies.len()) {
            (None, _) => Some(format!(
                "{name} has no policy that hides the rows of other tenants"
            )),
            (Some(policy), _) if !as_it_was(policy) => Some(format!(
                "the policy {POLICY} of {name} is not the one that belongs there"
            )),
            (Some(_), 1) => None,
            (Some(_), _) => Some(format!("{name} has policies that do not belong there")),
        }
    }
}

/// Reads the catalogue.
pub(super) async fn look(connection: &mut PgConnection, role: &AppRole) -> Result<Found, sqlx::Error> {
    let known = made_by_migrations();
    let (schema, may_use_schema): (String, bool) = sqlx::query_as(
        "SELECT n.nspname::text, has_schema_privilege($1, n.oid, 'USAGE') FROM pg_namespace n
         WHERE n.oid = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('_sqlx_migrations'))",
    )
    .bind(role.as_str())
    .fetch_one(&mut *connection)
    .await?;
    let mut policies = policies(connection).await?;
    let rows = sqlx::query(
        "SELECT c.relname::text AS name, c.relispartition AS partition, c.relrowsecurity AS enabled,
            c.relforcerowsecurity AS forced, pg_has_role($1, c.relowner, 'MEMBER') AS owned,
            row_security_active(c.oid) AS hidden,
            (SELECT bool_and(rolsuper OR rolbypassrls) FROM pg_roles
             WHERE oid = c.relowner OR rolname = current_user) AS may_be_forced,
            EXISTS (SELECT FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS has_tenant,
            ARRAY(SELECT p FROM unnest($2::text[]) WITH ORDINALITY AS w (p, place)
                  WHERE has_table_privilege($1, c.oid, p) ORDER BY place) AS whole,
            ARRAY(SELECT p || ' ' || a.attname FROM unnest($3::text[]) AS w (p), pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                     AND has_column_privilege($1, c.oid, a.attnum, p) AND NOT has_table_privilege($1, c.oid, p)
                  ORDER BY 1) AS columns
         FROM pg_class c
         WHERE c.relkind IN ('r', 'p')
            AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('_sqlx_migrations'))
         ORDER BY c.relname",
    )
    .bind(role.as_str())
    .bind(&PRIVILEGES[..])
    .bind(&["SELECT", "INSERT", "UPDATE", "REFERENCES"][..])
    .fetch_all(connection)
    .await?;
    let mut tables = Vec::with_capacity(rows.len());
    for row in &rows {
        let name: String = row.try_get("name")?;
        // A day that retention has taken off is no partition any more, and still one of the journal's.
        let day = partitions::day_of(&name).is_some();
        let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for column in row.try_get::<Vec<String>, _>("columns")? {
            if let Some((privilege, column)) = column.split_once(' ') {
                columns
                    .entry(privilege.to_owned())
                    .or_default()
                    .push(column.to_owned());
            }
        }
        columns.values_mut().for_each(|names| names.sort());
        tables.push(Table {
            ours: day || known.contains(&name) || name == "_sqlx_migrations",
            partition: day || row.try_get("partition")?,
            has_tenant: row.try_get("has_tenant")?,
            enabled: row.try_get("enabled")?,
            forced: row.try_get("forced")?,
            may_be_forced: row.try_get("may_be_forced")?,
            owned_by_role: row.try_get("owned")?,
            hidden_from_us: row.try_get("hidden")?,
            whole: row.try_get("whole")?,
            columns,
            policies: policies.remove(&name).unwrap_or_default(),
            name,
        });
    }
    Ok(Found {
        schema,
        may_use_schema,
        tables,
    })
}

/// The policies of our schema, by table.
async fn policies(connection: &mut PgConnection) -> Result<BTreeMap<String, Vec<Policy>>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT c.relname::text AS table, p.polname::text AS name,
            p.polcmd = '*' AND p.polpermissive AND p.polroles = '{0}' AS usual,
            pg_get_expr(p.polqual, p.polrelid) AS shows, pg_get_expr(p.polwithcheck, p.polrelid) AS takes
         FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
         WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('_sqlx_migrations'))",
    )
    .fetch_all(connection)
    .await?;
    let mut policies: BTreeMap<String, Vec<Policy>> = BTreeMap::new();
    for row in &rows {
        policies.entry(row.try_get("table")?).or_default().push(Policy {
            name: row.try_get("name")?,
            usual: row.try_get("usual")?,
            shows: row.try_get("shows")?,
            takes: row.try_get("takes")?,
        });
    }
    Ok(policies)
}

/// What may be put right without asking: rights, and whether policies hold for the owner as well.
pub(super) fn mends(found: &Found, role: &AppRole) -> Vec<Mend> {
    let mut mends = Vec::new();
    let who = role.as_str();
    if !found.may_use_schema {
        mends.push(Mend {
            sql: format!("GRANT USAGE ON SCHEMA {} TO {role}", quoted(&found.schema)),
            fault: format!("{who} may not use the schema {}", found.schema),
        });
    }
    for table in found.tables.iter().filter(|table| table.ours) {
        let name = quoted(&table.name);
        if !table.has_its_rights() {
            let rights = table.rights();
            let mut sql = format!("REVOKE ALL ON TABLE {name} FROM {role}");
            if !rights.whole.is_empty() {
                sql += &format!("; GRANT {} ON TABLE {name} TO {role}", rights.whole.join(", "));
            }
            for (privilege, columns) in rights.columns {
                sql += &format!(
                    "; GRANT {privilege} ({}) ON TABLE {name} TO {role}",
                    columns.join(", ")
                );
            }
            mends.push(Mend {
                sql,
                fault: format!(
                    "{who} has other rights on {} than belong to it, by way of PUBLIC or of another role",
                    table.name
                ),
            });
        }
        let wanted = table.is_walled() && table.may_be_forced;
        if table.forced != wanted {
            let no = if wanted { "" } else { "NO " };
            mends.push(Mend {
                sql: format!("ALTER TABLE {name} {no}FORCE ROW LEVEL SECURITY"),
                fault: format!(
                    "FORCE ROW LEVEL SECURITY is {} on {}",
                    if wanted { "off" } else { "on" },
                    table.name
                ),
            });
        }
    }
    mends
}

/// What only a person may put right.
pub(super) fn faults(found: &Found, role: &AppRole) -> Vec<String> {
    let mut faults = Vec::new();
    for table in &found.tables {
        let name = &table.name;
        // Tables of others are theirs, unless requests may use them.
        let concerns_us = table.ours || (table.has_tenant && table.is_used_by_role());
        if !concerns_us {
            continue;
        }
        if table.is_walled() {
            faults.extend(table.hole());
        }
        if table.owned_by_role {
            faults.push(format!("{} has the rights of the owner of {name}", role.as_str()));
        }
        if table.ours && table.hidden_from_us {
            faults.push(format!(
                "this user does not own {name}, and does not see its rows"
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, policies: Vec<Policy>) -> Table {
        Table {
            name: name.to_owned(),
            ours: true,
            partition: false,
            has_tenant: true,
            enabled: true,
            forced: false,
            may_be_forced: false,
            owned_by_role: false,
            hidden_from_us: false,
            whole: Vec::new(),
            columns: BTreeMap::new(),
            policies,
        }
    }

    fn policy(shows: Option<&str>, takes: Option<&str>) -> Policy {
        Policy {
            name: POLICY.to_owned(),
            usual: true,
            shows: shows.map(str::to_owned),
            takes: takes.map(str::to_owned),
        }
    }

    #[test]
    fn only_the_policy_that_belongs_there_is_no_hole() {
        assert_eq!(table("t", vec![policy(Some(OF_TENANT), None)]).hole(), None);
        assert_eq!(
            table("t", vec![policy(Some(OF_TENANT), Some(OF_TENANT))]).hole(),
            None
        );
        let wrong = [
            vec![],
            vec![policy(None, None)],
            vec![policy(Some("true"), None)],
            vec![policy(Some(OF_TENANT), Some("true"))],
            vec![policy(Some(OF_TENANT), None), policy(Some("true"), None)],
            vec![Policy {
                usual: false,
                ..policy(Some(OF_TENANT), None)
            }],
        ];
        for policies in wrong {
            assert!(table("t", policies).hole().is_some());
        }
        let mut off = table("t", vec![policy(Some(OF_TENANT), None)]);
        off.enabled = false;
        assert!(off.hole().is_some_and(|hole| hole.contains("is off on t")));
    }

    #[test]
    fn rights_are_compared_whole_and_by_column() {
        let mut audit = table("audit", Vec::new());
        assert!(!audit.has_its_rights());
        audit.whole = vec!["SELECT".into(), "INSERT".into()];
        assert!(audit.has_its_rights());
        audit.columns.insert("UPDATE".into(), vec!["at".into()]);
        assert!(!audit.has_its_rights());
        let mut day = table("journal_batch_20260101", Vec::new());
        day.partition = true;
        assert!(day.has_its_rights());
        day.whole = vec!["SELECT".into()];
        assert!(!day.has_its_rights());
    }
}
