//! The configuration: file (TOML) < environment (`FUSEBOARD__SECTION__KEY`, or `…_FILE` naming a file that holds the
//! value) < flags. An unknown key is an error that names the near misses; all errors are told at once.
//!
//! Deliberately absent: reloading while running (what is in the certificate's files is, see `tls`), and any setting that
//! would switch a safeguard off.

mod env;
mod layers;
mod oidc;
mod table;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;

use domain::rollup::{KeptLabels, Rung};
use engine::RungLimits;
use ipnet::IpNet;
use outbound::Allowed;
use secrecy::SecretString;
use store_sql::AppRole;

use crate::auth::Lifetime;
use crate::edge::External;
use crate::http::Usual;

pub use env::{environment, no_color, user};
pub use layers::{Flag, Sources, load};
pub use oidc::{Oidc, Roles};
pub use table::{Kind, SETTINGS, Setting};

/// The effective configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where browsers see this server, when that is not this machine.
    pub external: Option<External>,
    /// Who may say whom a request is forwarded for.
    pub trusted_proxies: Vec<IpNet>,
    /// People may sign in over http from elsewhere.
    pub insecure_http: bool,
    /// Hosts and addresses inside that may be asked.
    pub allowed: Allowed,
    /// Who is told that alerts are looked after: the address and how often, in seconds.
    pub heartbeat: Option<(SecretString, u32)>,
    /// Who signs people in besides us.
    pub oidc: Option<Oidc>,
    /// Where the certificate is, when we speak TLS ourselves.
    pub tls: Option<TlsFiles>,
    /// The first account, when there is none.
    pub admin: Option<FirstAccount>,
    /// How long sessions last.
    pub sessions: Lifetime,
    /// The site folder; `None` for the copy inside the program.
    pub site_dir: Option<PathBuf>,
    /// Where SQLite files, the journal and `local.key` live.
    pub data_dir: PathBuf,
    /// Postgres, where not SQLite.
    pub database_url: Option<DatabaseUrl>,
    /// What requests run as on Postgres.
    pub app_role: AppRole,
    /// The key that seals the audit log, where it is not in the data folder.
    pub audit_key_file: Option<PathBuf>,
    /// The file with the master keys, where it is not in the data folder.
    pub master_key_file: Option<PathBuf>,
    /// Journal days that are kept.
    pub journal_days: u32,
    /// The journal may take so many bytes.
    pub journal_max_bytes: u64,
    /// How long each rung is kept and how much it may take.
    pub rungs: [RungLimits; 4],
    /// Bodies being worked on, bytes.
    pub in_flight_bytes: usize,
    /// Series of a tenant that has no quota of its own.
    pub series_cap: usize,
    /// What such a tenant may send and store.
    pub usual: Usual,
    /// Labels that are dimensions of history.
    pub kept_labels: KeptLabels,
    /// Minutes east of UTC.
    pub utc_offset_min: i32,
    /// Which log lines.
    pub log_level: String,
    /// JSON instead of text.
    pub log_json: bool,
    /// Every setting with where it came from, in table order.
    pub effective: Vec<Effective>,
}

/// The first account, as it was configured. It has no `Display` and a masked `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct FirstAccount {
    /// Its address.
    pub email: String,
    /// Its password.
    pub password: String,
}

impl std::fmt::Debug for FirstAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FirstAccount")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

/// Where the certificate is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those above it.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A URL that may hold a password: it has no `Display` and a masked `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL, for the one who connects.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseUrl(***)")
    }
}

/// One setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// `section.name`.
    pub key: &'static str,
    /// As it may be shown.
    pub shown: String,
    /// `default`, `file fuseboard.toml`, `environment FUSEBOARD__…`, `flag --listen`.
    pub source: String,
}

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// `https` when we speak TLS ourselves.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Where people find this server: `server.external_url`, or the address it listens on.
    pub fn url(&self, listening: SocketAddr) -> String {
        External::told(self.external.as_ref(), self.tls.is_some(), listening)
    }

    /// Builds it from checked values: `get` returns the text of a setting.
    fn build(get: impl Fn(&str) -> String, effective: Vec<Effective>) -> Result<Config, ConfigError> {
        let bad = |key: &str| ConfigError(vec![format!("{key} cannot be used")]);
        let number = |key: &str| get(key).parse::<i64>().map_err(|_| bad(key));
        let listen: SocketAddr = get("server.listen").parse().map_err(|_| bad("server.listen"))?;
        let admin = match (get("admin.email"), get("admin.password")) {
            (email, password) if email.is_empty() && password.is_empty() => None,
            (email, password) if !email.is_empty() && !password.is_empty() => {
                Some(FirstAccount { email, password })
            }
            _ => {
                let why =
                    "admin.email and admin.password make the first account together: one of them is missing";
                return Err(ConfigError(vec![why.into()]));
            }
        };
        let external = value::origin(&get("server.external_url")).map_err(|_| bad("server.external_url"))?;
        let tls = match (get("tls.cert_file"), get("tls.key_file")) {
            (cert, key) if cert.is_empty() && key.is_empty() => None,
            (cert, key) if !cert.is_empty() && !key.is_empty() => Some(TlsFiles {
                cert: cert.into(),
                key: key.into(),
            }),
            _ => {
                let why = "tls.cert_file and tls.key_file belong together: one of them is missing";
                return Err(ConfigError(vec![why.into()]));
            }
        };
        if tls.is_some() && external.as_ref().is_some_and(|external| !external.https) {
            let why = "server.external_url must begin with https:// when tls.cert_file is set";
            return Err(ConfigError(vec![why.into()]));
        }
        let site_dir = get("server.site_dir");
        if site_dir.is_empty() && !cfg!(feature = "embed") {
            return Err(ConfigError(vec![
                "server.site_dir is empty, but this build has no copy of the site inside; `cargo xtask dist` makes one"
                    .into(),
            ]));
        }
        let url = get("database.url");
        let mib = 1_u64 << 20;
        let retention = |name: &str| number(&["retention.", name].concat());
        let rung = |rung, days: Option<&str>, max: &str| -> Result<RungLimits, ConfigError> {
            Ok(RungLimits {
                rung,
                kept: days.map(retention).transpose()?.map(|days| days * 86_400_000),
                max_bytes: retention(max)? as u64 * mib,
            })
        };
        Ok(Config {
            listen,
            external,
            trusted_proxies: value::networks(&get("server.trusted_proxies"))
                .map_err(|_| bad("server.trusted_proxies"))?,
            insecure_http: get("server.allow_insecure_http") == "true",
            allowed: value::targets(&get("outbound.allow")).map_err(|_| bad("outbound.allow"))?,
            heartbeat: heartbeat(&get, number("alerts.heartbeat_seconds")?)?,
            oidc: oidc::build(&get)?,
            tls,
            admin,
            sessions: Lifetime {
                idle: number("session.idle_hours")? * 3_600_000,
                most: number("session.max_days")? * 86_400_000,
            },
            site_dir: (!site_dir.is_empty()).then(|| site_dir.into()),
            data_dir: get("data.dir").into(),
            database_url: (!url.is_empty()).then_some(DatabaseUrl(url)),
            app_role: AppRole::parse(&get("database.app_role")).map_err(|_| bad("database.app_role"))?,
            audit_key_file: Some(get("audit.key_file"))
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            master_key_file: Some(get("secrets.key_file"))
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            journal_days: number("retention.journal_days")? as u32,
            journal_max_bytes: number("retention.journal_max_mib")? as u64 * mib,
            rungs: [
                rung(Rung::TenSeconds, Some("rung_10s_days"), "rung_10s_max_mib")?,
                rung(Rung::Minute, Some("rung_1m_days"), "rung_1m_max_mib")?,
                rung(Rung::Hour, Some("rung_1h_days"), "rung_1h_max_mib")?,
                rung(Rung::Day, None, "rung_1d_max_mib")?,
            ],
            in_flight_bytes: number("limits.in_flight_mib")? as usize * mib as usize,
            series_cap: number("limits.series")? as usize,
            usual: Usual {
                events_per_second: number("limits.events_per_second")? as u32,
                stored_mib: number("limits.stored_mib")? as u32,
            },
            kept_labels: value::labels(&get("series.kept_labels")).map_err(|_| bad("series.kept_labels"))?,
            utc_offset_min: number("tenant.utc_offset_min")? as i32,
            log_level: get("log.level"),
            log_json: get("log.format") == "json",
            effective,
        })
    }
}

/// Who is told that alerts are looked after.
fn heartbeat(get: &impl Fn(&str) -> String, every: i64) -> Result<Option<(SecretString, u32)>, ConfigError> {
    let url = get("alerts.heartbeat_url");
    if url.is_empty() {
        return Ok(None);
    }
    // What is wrong with it is not said by repeating it: it may hold a secret.
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        let why = "alerts.heartbeat_url must begin with https://, or with http:// for what is inside";
        return Err(ConfigError(vec![why.into()]));
    }
    Ok(Some((SecretString::from(url), every as u32)))
}
