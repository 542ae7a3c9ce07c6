//! The server as a child process.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

/// How long a start may take. Measured starts are far below; a slow machine gets its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the data lives.
#[derive(Debug, Clone)]
pub enum Database {
    Sqlite,
    /// By URL.
    Postgres(String),
}

/// One installation and, most of the time, its running process.
pub struct Fuseboard {
    home: TempDir,
    port: u16,
    database: Database,
    child: Option<Child>,
    /// How long each restart took until ready, milliseconds.
    pub ready_ms: Vec<u128>,
}

impl Fuseboard {
    /// A fresh installation, started.
    pub async fn start(database: Database) -> Fuseboard {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("site")).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut server = Fuseboard {
            home,
            port,
            database,
            child: None,
            ready_ms: Vec::new(),
        };
        server.restart().await;
        server.ready_ms.clear();
        server
    }

    /// `http://127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The API key `local`.
    pub fn key(&self) -> String {
        std::fs::read_to_string(self.data().join("local.key"))
            .unwrap()
            .trim()
            .to_owned()
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        assert!(
            child.try_wait().unwrap().is_none(),
            "the server had ended by itself:\n{}",
            self.log()
        );
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts it on what is there and waits until it is ready.
    pub async fn restart(&mut self) {
        let since = Instant::now();
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_path())
            .unwrap();
        let mut command = self.command(&["serve", "--local-key"]);
        command.args(["--listen", &format!("127.0.0.1:{}", self.port), "--site-dir"]);
        command
            .arg(self.home.path().join("site"))
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let mut child = command.spawn().unwrap();
        let ready = format!("{}/readyz", self.address());
        let client = reqwest::Client::new();
        while !client
            .get(&ready)
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
        {
            let ended = child.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "the server ended with {ended:?} at start:\n{}",
                self.log()
            );
            assert!(
                since.elapsed() < PATIENCE,
                "not ready after {PATIENCE:?}:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.ready_ms.push(since.elapsed().as_millis());
        self.child = Some(child);
    }

    /// SIGTERM, as an operator would: it flushes and ends with 0.
    pub async fn stop(&mut self) {
        let mut child = self.child.take().expect("it runs");
        // `kill` is a word of every shell; std cannot send signals other than SIGKILL.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", child.id())])
            .status()
            .unwrap();
        assert!(sent.success());
        let since = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(
                since.elapsed() < PATIENCE,
                "SIGTERM was not heeded:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(
            status.success(),
            "SIGTERM ended it with {status}:\n{}",
            self.log()
        );
    }

    /// Runs another command of the binary on the same data; returns what it printed.
    pub async fn ask(&self, words: &[&str]) -> String {
        let mut command = self.command(words);
        command.stderr(Stdio::piped()).stdout(Stdio::piped());
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .unwrap()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success(),
            "{words:?} ended with {}: {complaint}",
            output.status
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fuseboard"));
        command
            .args(words)
            .arg("--data-dir")
            .arg(self.data())
            .stdin(Stdio::null());
        if let Database::Postgres(url) = &self.database {
            command.args(["--database-url", url]);
        }
        command
    }

    fn log_path(&self) -> PathBuf {
        self.home.path().join("log")
    }

    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.log_path()).unwrap_or_default();
        log.lines()
            .rev()
            .take(30)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Drop for Fuseboard {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The middle of the values.
pub fn median(values: &[u128]) -> u128 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}
