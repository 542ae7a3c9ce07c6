//! Flags that set what the configuration also can.

use std::path::PathBuf;

use clap::Args;

use crate::config::{self, Config, ConfigError, Flag, Sources};

/// Where the data is.
#[derive(Debug, Clone, Default, Args)]
pub struct DataFlags {
    /// The configuration file; `fuseboard.toml` in this folder is read when there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where SQLite files, the journal and local.key live [default: ./data].
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// Postgres instead of SQLite; better given as DATABASE_URL or FUSEBOARD__DATABASE__URL_FILE, which `ps` cannot see.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

/// What only the server needs.
#[derive(Debug, Clone, Default, Args)]
pub struct ServerFlags {
    #[command(flatten)]
    data: DataFlags,
    /// Where to listen [default: 127.0.0.1:3000].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The folder with the page's script, style and fonts.
    #[arg(long, value_name = "FOLDER")]
    site_dir: Option<String>,
    /// Which log lines: info, debug, info,engine=debug…
    #[arg(long, value_name = "FILTER")]
    log_level: Option<String>,
    /// text or json.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
}

impl DataFlags {
    /// The configuration with these flags on top.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(&self) -> Result<Config, ConfigError> {
        config::load(&self.sources())
    }

    fn sources(&self) -> Sources {
        let flags = [
            ("--data-dir", "data.dir", &self.data_dir),
            ("--database-url", "database.url", &self.database_url),
        ];
        Sources {
            file: self.config.clone(),
            environment: config::environment(),
            flags: given(&flags),
        }
    }
}

impl ServerFlags {
    /// The configuration with these flags on top.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let mut sources = self.data.sources();
        sources.flags.extend(given(&[
            ("--listen", "server.listen", &self.listen),
            ("--site-dir", "server.site_dir", &self.site_dir),
            ("--log-level", "log.level", &self.log_level),
            ("--log-format", "log.format", &self.log_format),
        ]));
        config::load(&sources)
    }
}

fn given(flags: &[(&'static str, &'static str, &Option<String>)]) -> Vec<Flag> {
    flags
        .iter()
        .filter_map(|(name, key, value)| {
            Some(Flag {
                name,
                key,
                value: value.as_ref()?.clone(),
            })
        })
        .collect()
}
