//! Every setting there is: its key, what it may be, what it is when nobody says. `check-config`, the file, the
//! environment and the flags are all read through this one table, so none of them can know a setting the others do not.

/// What a setting may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `127.0.0.1:3000`.
    Address,
    /// A folder.
    Path,
    /// A Postgres URL, or empty for SQLite.
    DatabaseUrl,
    /// The name of a role of Postgres.
    Role,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A filter of log lines, `info` or `info,engine=debug`.
    LogFilter,
    /// A whole number within bounds, both included.
    Integer(i64, i64),
    /// Names of labels, separated by commas; in a file a list.
    Labels,
    /// Scheme, host and port of a page, or nothing.
    Origin,
    /// Address ranges, separated by commas; in a file a list.
    Networks,
    /// `true` or `false`.
    Flag,
    /// An email address, or nothing.
    Email,
    /// Anything.
    Text,
    /// Hosts and addresses inside that may be asked; in a file a list.
    Targets,
    /// The issuer of a provider, or nothing.
    Issuer,
    /// Words, `openid` among them, separated by spaces.
    Scopes,
    /// A short name on one line.
    Name,
    /// Values of a claim and the roles they are, `value=role`; in a file a list.
    Roles,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// `section.name`.
    pub key: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// Used when nobody says otherwise, in text form.
    pub default: &'static str,
    /// Shown masked.
    pub secret: bool,
    /// One sentence.
    pub help: &'static str,
}

const fn setting(key: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Setting {
    Setting {
        key,
        kind,
        default,
        secret: false,
        help,
    }
}

/// The site folder: embedded in the one-file product, a folder otherwise.
const SITE_DIR: &str = if cfg!(feature = "embed") {
    ""
} else {
    "target/site"
};

/// By section, then by importance.
pub const SETTINGS: [Setting; 45] = [
    setting(
        "server.listen",
        Kind::Address,
        "127.0.0.1:3000",
        "Where to listen. Beyond this machine browsers need server.external_url.",
    ),
    setting(
        "server.external_url",
        Kind::Origin,
        "",
        "Where browsers see this server, as https://board.example or, below a path, https://example.org/fuseboard; empty means this machine only.",
    ),
    setting(
        "server.trusted_proxies",
        Kind::Networks,
        "",
        "Address ranges of proxies that are believed whom they forward for, like 10.0.0.0/8.",
    ),
    setting(
        "server.allow_insecure_http",
        Kind::Flag,
        "false",
        "Let people sign in over http from elsewhere: whoever is on the way can read their passwords.",
    ),
    setting(
        "server.site_dir",
        Kind::Path,
        SITE_DIR,
        "The folder with the page's script, style and fonts; empty means the copy inside the program.",
    ),
    setting(
        "tls.cert_file",
        Kind::Path,
        "",
        "The certificate and those above it, PEM: with it and tls.key_file the server speaks https, and nothing else.",
    ),
    setting(
        "tls.key_file",
        Kind::Path,
        "",
        "The certificate's private key, PEM, without a passphrase. Both files may be replaced while the server runs.",
    ),
    setting(
        "data.dir",
        Kind::Path,
        "./data",
        "Where SQLite files, the journal and local.key live; created with mode 0700.",
    ),
    Setting {
        key: "database.url",
        kind: Kind::DatabaseUrl,
        default: "",
        secret: true,
        help: "postgres://user:password@host/database; empty means SQLite in data.dir. Alias: DATABASE_URL.",
    },
    setting(
        "database.app_role",
        Kind::Role,
        "fuseboard_app",
        "The role of Postgres that requests run as; on a server that others use too, a name of your own.",
    ),
    setting(
        "admin.email",
        Kind::Email,
        "",
        "Makes the first account at the start, when there is none; with admin.password (better: …PASSWORD_FILE).",
    ),
    Setting {
        key: "admin.password",
        kind: Kind::Text,
        default: "",
        secret: true,
        help: "The first account's password; not looked at once there is an account.",
    },
    setting(
        "session.idle_hours",
        Kind::Integer(1, 720),
        "12",
        "A session that nobody uses ends after so many hours.",
    ),
    setting(
        "session.max_days",
        Kind::Integer(1, 90),
        "7",
        "A session ends after so many days in any case.",
    ),
    setting(
        "audit.key_file",
        Kind::Path,
        "",
        "The key that seals the audit log; empty means audit.key in data.dir, made at the first start.",
    ),
    setting(
        "secrets.key_file",
        Kind::Path,
        "",
        "The master keys that open the secrets in the database; empty means master.key in data.dir, made when needed.",
    ),
    setting(
        "outbound.allow",
        Kind::Targets,
        "",
        "Hosts and addresses inside that settings may make the server ask, like idp.lan:8443, 192.168.7.0/24.",
    ),
    Setting {
        key: "alerts.heartbeat_url",
        kind: Kind::Text,
        default: "",
        secret: true,
        help: "Asked every minute while alerts are looked after; whoever is behind it raises the alarm when it is not.",
    },
    setting(
        "alerts.heartbeat_seconds",
        Kind::Integer(1, 3_600),
        "60",
        "How often it is asked.",
    ),
    setting(
        "oidc.issuer",
        Kind::Issuer,
        "",
        "Lets people sign in with this OpenID Connect provider, like https://idp.example/realms/team.",
    ),
    setting(
        "oidc.client_id",
        Kind::Text,
        "",
        "The name that the provider knows this server by.",
    ),
    Setting {
        key: "oidc.client_secret",
        kind: Kind::Text,
        default: "",
        secret: true,
        help: "The secret that goes with it (better: …CLIENT_SECRET_FILE); empty for a public client.",
    },
    setting(
        "oidc.name",
        Kind::Name,
        "",
        "What the button calls the provider; empty means the issuer's host.",
    ),
    setting(
        "oidc.scopes",
        Kind::Scopes,
        "openid email profile",
        "What the provider is asked to tell of somebody.",
    ),
    setting(
        "oidc.only",
        Kind::Flag,
        "false",
        "Nobody signs in with a password any more; the first account and links to it are made on the host.",
    ),
    setting(
        "oidc.sign_up",
        Kind::Flag,
        "false",
        "Whoever has a proved address and a role of oidc.roles gets an account without an invitation.",
    ),
    setting(
        "oidc.roles_claim",
        Kind::Text,
        "",
        "The claim that says what somebody is, like groups or realm_access.roles.",
    ),
    setting(
        "oidc.roles",
        Kind::Roles,
        "",
        "What its values are in the tenant default, like fuseboard-admins=admin; *=viewer is everybody.",
    ),
    setting(
        "retention.journal_days",
        Kind::Integer(1, 3_650),
        "7",
        "Journal days that are kept.",
    ),
    setting(
        "retention.journal_max_mib",
        Kind::Integer(64, 1 << 30),
        "10240",
        "The journal may take so much disk, MiB.",
    ),
    setting(
        "retention.rung_10s_days",
        Kind::Integer(1, 3_650),
        "14",
        "Days that 10 s buckets are kept.",
    ),
    setting(
        "retention.rung_10s_max_mib",
        Kind::Integer(16, 1 << 30),
        "8192",
        "10 s buckets of a tenant may take so much disk, MiB.",
    ),
    setting(
        "retention.rung_1m_days",
        Kind::Integer(1, 3_650),
        "30",
        "Days that 1 min buckets are kept.",
    ),
    setting(
        "retention.rung_1m_max_mib",
        Kind::Integer(16, 1 << 30),
        "4096",
        "1 min buckets of a tenant may take so much disk, MiB.",
    ),
    setting(
        "retention.rung_1h_days",
        Kind::Integer(1, 36_500),
        "396",
        "Days that 1 h buckets are kept.",
    ),
    setting(
        "retention.rung_1h_max_mib",
        Kind::Integer(16, 1 << 30),
        "4096",
        "1 h buckets of a tenant may take so much disk, MiB.",
    ),
    setting(
        "retention.rung_1d_max_mib",
        Kind::Integer(16, 1 << 30),
        "1024",
        "Daily buckets of a tenant, kept for ever, may take so much disk, MiB.",
    ),
    setting(
        "limits.in_flight_mib",
        Kind::Integer(6, 65_536),
        "64",
        "Request bodies being worked on, MiB; above it 503.",
    ),
    setting(
        "limits.series",
        Kind::Integer(1, 50_000),
        "2000",
        "Series of each tenant without a quota of its own; further ones fold into one.",
    ),
    setting(
        "limits.events_per_second",
        Kind::Integer(0, 1_000_000),
        "0",
        "Events that each tenant may send per second, ten seconds of them at once; 0 is no limit. Above it 429.",
    ),
    setting(
        "limits.stored_mib",
        Kind::Integer(0, 1 << 30),
        "0",
        "MiB that each tenant may store of events, buckets and keyframes; 0 is no limit. Above it 429.",
    ),
    setting(
        "series.kept_labels",
        Kind::Labels,
        "",
        "Labels of calls that are dimensions of history, like team, region; at most 4.",
    ),
    setting(
        "tenant.utc_offset_min",
        Kind::Integer(-14 * 60, 14 * 60),
        "0",
        "Where the day of \"Spend today\" starts, minutes east of UTC.",
    ),
    setting(
        "log.level",
        Kind::LogFilter,
        "info",
        "Which log lines are written. Alias: RUST_LOG.",
    ),
    setting(
        "log.format",
        Kind::Choice(&["text", "json"]),
        "text",
        "How they are written.",
    ),
];

/// The setting with this key.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// Keys that look like `wrong`, best first, at most three.
pub fn near(wrong: &str) -> Vec<&'static str> {
    let name = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let mut ranked: Vec<(usize, &'static str)> = SETTINGS
        .iter()
        .map(|setting| {
            let whole = distance(wrong, setting.key);
            // The right name in the wrong section is a near miss too.
            let same_name = if name(wrong) == name(setting.key) {
                1
            } else {
                usize::MAX
            };
            (whole.min(same_name), setting.key)
        })
        .filter(|(distance, key)| *distance <= 2.max(key.len() / 4))
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().take(3).map(|(_, key)| key).collect()
}

/// Levenshtein distance in bytes: the fewest insertions, deletions and substitutions from one to the other.
fn distance(left: &str, right: &str) -> usize {
    let right = right.as_bytes();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_valid_and_every_key_has_a_section() {
        for setting in SETTINGS {
            assert!(
                super::super::value::check(&setting, setting.default).is_ok(),
                "{}",
                setting.key
            );
            assert_eq!(setting.key.split('.').count(), 2, "{}", setting.key);
        }
    }

    #[test]
    fn near_misses() {
        assert_eq!(near("server.listn"), ["server.listen"]);
        assert_eq!(near("http.listen"), ["server.listen"]);
        assert_eq!(near("log.levl").first(), Some(&"log.level"));
        assert!(near("wholly.different.thing.altogether").is_empty());
    }

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
