//! The binary itself, as a child.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

pub fn fuseboard(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fuseboard"));
    command.env_clear().current_dir(folder);
    command
}

pub fn run(folder: &Path, words: &[&str]) -> Output {
    fuseboard(folder).args(words).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// A server as a child; it is stopped by SIGTERM, or killed when the test fails.
pub struct Serving {
    pub child: Child,
    pub url: String,
}

impl Serving {
    pub fn start(folder: &Path) -> Serving {
        let site = folder.join("site");
        std::fs::create_dir_all(&site).unwrap();
        let mut child = fuseboard(folder)
            .args(["serve", "--listen", "127.0.0.1:0", "--local-key", "--site-dir"])
            .arg(site)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("{line:?}"))
            .to_owned();
        Serving { child, url }
    }

    pub fn signal(&self) {
        signal(self.child.id());
    }

    pub fn stop(mut self) {
        self.signal();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// SIGTERM, as an operator would.
pub fn signal(process: u32) {
    let done = Command::new("kill")
        .args(["-TERM", &process.to_string()])
        .status()
        .unwrap();
    assert!(done.success());
}

/// Changes a database file behind the program's back, with the SQLite that the program has inside.
pub fn edit(file: &Path, sql: &str) {
    use sqlx::Connection as _;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
}

/// Who may read a file.
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
