//! What requests may do with which table. Whatever is not said here they may not.

/// Rights on a table: whole rows, and single columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rights {
    /// Privileges on all columns, in the order of [`PRIVILEGES`].
    pub(super) whole: &'static [&'static str],
    /// A privilege on some columns, by name.
    pub(super) columns: &'static [(&'static str, &'static [&'static str])],
}

/// Every privilege that a table knows and a newer Postgres does not give by itself.
pub(super) const PRIVILEGES: [&str; 7] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "REFERENCES",
    "TRIGGER",
];

const fn whole(whole: &'static [&'static str]) -> Rights {
    Rights { whole, columns: &[] }
}

const NOTHING: Rights = whole(&[]);
const READ: Rights = whole(&["SELECT"]);
const ALL: Rights = whole(&["SELECT", "INSERT", "UPDATE", "DELETE"]);

/// The rights on one of our tables. A new table of tenants can be read and written, because policies guard its rows; one
/// that is no tenant's cannot, until it is said here.
pub(super) fn of(table: &str, has_tenant: bool) -> Rights {
    match table {
        // The pipeline's; requests only look. Partitions are reached through the table above them.
        "journal_batch" | "idempotency" => READ,
        "series" | "rollup_partial" | "rollup_chunk" | "rollup_head" | "breaker_transition" | "keyframe" => {
            READ
        }
        "recent_id" | "checkpoint" | "live_second" | "audit_unsealed" => NOTHING,
        // What erased something stays on record.
        "correction" => whole(&["SELECT", "INSERT", "UPDATE"]),
        "audit" => whole(&["SELECT", "INSERT"]),
        "api_key" => whole(&["SELECT", "INSERT", "UPDATE"]),
        // To lock the row, one column must be open to change.
        "tenant" => Rights {
            whole: &["SELECT"],
            columns: &[("UPDATE", &["name"])],
        },
        // People join by way of the system: by a link, at the first start, with a new tenant.
        "member" => whole(&["SELECT", "UPDATE", "DELETE"]),
        "link" => whole(&["SELECT", "INSERT", "DELETE"]),
        // Keys are wrapped under master keys, which are no tenant's.
        "data_key" => READ,
        "secret" => ALL,
        // The tenant's members only (migration 0010), and not their passwords.
        "account" => Rights {
            whole: &[],
            columns: &[(
                "SELECT",
                &[
                    "created",
                    "disabled",
                    "email",
                    "id",
                    "last_login",
                    "name",
                    "platform_admin",
                ],
            )],
        },
        // Whoever loses a role is signed out. What opens a session cannot be read.
        "session" => Rights {
            whole: &["DELETE"],
            columns: &[("SELECT", &["account", "id"])],
        },
        _ if has_tenant => ALL,
        _ => NOTHING,
    }
}
