//! An installation without a server: its data, its vault, and the program's commands on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use secrets::{ExposeSecret as _, Vault};
use server::config::{Config, Flag, Sources};
use server::stores::{self, OpenKeys};
use store::{AuditEntry, Holder, Logged, Place, TenantId};
use tempfile::TempDir;

use crate::common::cli;

pub struct Home {
    pub folder: TempDir,
    pub url: Option<String>,
}

impl Home {
    pub fn new(url: Option<String>) -> Home {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("site")).unwrap();
        Home { folder, url }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn key_file(&self) -> PathBuf {
        self.data().join("master.key")
    }

    pub fn config(&self) -> Config {
        config(&self.data(), self.url.as_deref())
    }

    /// The program with these words, on this data.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = cli::fuseboard(self.folder.path());
        command.args(words).arg("--data-dir").arg(self.data());
        if let Some(url) = &self.url {
            command.env("DATABASE_URL", url);
        }
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// What a command printed that must succeed.
    pub fn ask(&self, words: &[&str]) -> serde_json::Value {
        let output = self.run(words);
        assert!(
            output.status.success(),
            "{words:?}: {}",
            cli::text(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The vault, as another process has it.
    pub async fn open(&self) -> (OpenKeys, Vault) {
        let config = self.config();
        let opened = stores::open_keys(&config).await.unwrap();
        let vault = server::secrets::vault(&config, opened.secrets.clone(), opened.system());
        (opened, vault)
    }
}

pub fn config(data: &Path, url: Option<&str>) -> Config {
    let flag = |name, key, value: String| Flag { name, key, value };
    let mut flags = vec![
        flag("--data-dir", "data.dir", data.display().to_string()),
        flag("--listen", "server.listen", "127.0.0.1:0".into()),
        flag(
            "--site-dir",
            "server.site_dir",
            data.with_file_name("site").display().to_string(),
        ),
    ];
    flags.extend(url.map(|url| flag("--database-url", "database.url", url.into())));
    server::config::load(&Sources {
        flags,
        ..Sources::default()
    })
    .unwrap()
}

/// Two tenants and the installation.
pub fn holders(opened: &OpenKeys) -> [Holder; 3] {
    let tenant = |slug| Holder::tenant(&server::auth::by_command_line(TenantId::parse(slug).unwrap()));
    [
        tenant("default"),
        tenant("other"),
        Holder::installation(&opened.system()),
    ]
}

pub fn place(n: u64) -> Place {
    Place {
        kind: "channel".into(),
        owner: format!("{n:06}"),
        field: "token".into(),
    }
}

/// What the place of a holder holds.
pub fn secret(holder: &Holder, n: u64) -> String {
    format!("the secret {n} of <{}>", holder.as_str())
}

pub fn logged(action: &str) -> Logged {
    Logged {
        tenant: TenantId::default_tenant(),
        entry: AuditEntry {
            action: action.into(),
            ..AuditEntry::default()
        },
    }
}

/// Puts one.
pub async fn put(vault: &Vault, holder: &Holder, n: u64) {
    let (place, text) = (place(n), secret(holder, n));
    let log = Logged {
        tenant: holder
            .of_tenant()
            .cloned()
            .unwrap_or_else(TenantId::default_tenant),
        ..logged("secret.put")
    };
    let put = vault.put(holder, &place, text.as_bytes(), None, 1, log);
    put.await.unwrap();
}

/// Puts the first `count` of each holder.
pub async fn fill(opened: &OpenKeys, vault: &Vault, count: u64) {
    for holder in holders(opened) {
        for n in 0..count {
            put(vault, &holder, n).await;
        }
    }
}

/// Every `step`th of the first `count` of each holder is what was put.
pub async fn check(opened: &OpenKeys, vault: &Vault, count: u64, step: usize) {
    for holder in holders(opened) {
        for n in (0..count).step_by(step) {
            let found = vault.open(&holder, &place(n), None).await.unwrap();
            let found = found.unwrap_or_else(|| panic!("secret {n} of {:?} is lost", holder.as_str()));
            assert_eq!(found.expose_secret(), secret(&holder, n).as_bytes());
        }
    }
}
