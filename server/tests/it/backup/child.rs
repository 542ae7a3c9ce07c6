//! An installation: a folder, perhaps a database, and the binary run on them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::Instant;

/// How long a start may take. Measured starts are far below; a slow machine gets its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// One installation and, perhaps, its running server.
pub struct Fuseboard {
    home: TempDir,
    /// Postgres instead of files.
    url: Option<String>,
    port: u16,
    child: Option<Child>,
}

impl Fuseboard {
    /// With nothing in it yet.
    pub fn new(url: Option<String>) -> Fuseboard {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("site")).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        Fuseboard {
            home,
            url,
            port,
            child: None,
        }
    }

    /// `http://127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The API key `local`.
    pub fn key(&self) -> String {
        let key = std::fs::read_to_string(self.data().join("local.key")).unwrap();
        key.trim().to_owned()
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// A folder for backups.
    pub fn backups(&self) -> PathBuf {
        let folder = self.home.path().join("backups");
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Starts the server and waits until it is ready.
    pub async fn start(&mut self) {
        let since = Instant::now();
        let mut command = self.command(
            Path::new(env!("CARGO_BIN_EXE_fuseboard")),
            &["serve", "--local-key"],
        );
        command.args(["--listen", &format!("127.0.0.1:{}", self.port), "--site-dir"]);
        command
            .arg(self.home.path().join("site"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let ready = format!("{}/readyz", self.address());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        while !client
            .get(&ready)
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
        {
            assert!(
                child.try_wait().unwrap().is_none(),
                "the server ended at its start"
            );
            assert!(since.elapsed() < PATIENCE, "not ready after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
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
        let status = tokio::task::spawn_blocking(move || child.wait()).await.unwrap();
        assert!(status.unwrap().success());
    }

    /// Runs another command of the binary on the same data.
    pub async fn run(&self, words: &[&str]) -> Output {
        self.run_as(Path::new(env!("CARGO_BIN_EXE_fuseboard")), words)
            .await
    }

    /// The same, with files that may have no more than so many blocks of 512 bytes: what a full disk looks like.
    pub async fn run_cramped(&self, blocks: u32, words: &[&str]) -> Output {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let binary = env!("CARGO_BIN_EXE_fuseboard");
        let words = [&["-c", &script, binary], words].concat();
        self.run_as(Path::new("sh"), &words).await
    }

    async fn run_as(&self, program: &Path, words: &[&str]) -> Output {
        let mut command = self.command(program, words);
        command.stderr(Stdio::piped()).stdout(Stdio::piped());
        tokio::task::spawn_blocking(move || command.output())
            .await
            .unwrap()
            .unwrap()
    }

    /// Runs a command that must succeed; returns what it printed.
    pub async fn ask(&self, words: &[&str]) -> String {
        let output = self.run(words).await;
        assert!(
            output.status.success(),
            "{words:?} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail with this code; returns what it complained about.
    pub async fn refused(&self, code: i32, words: &[&str]) -> String {
        let output = self.run(words).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {told}");
        told
    }

    /// What the server answers.
    pub async fn get(&self, path: &str) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(format!("{}{path}", self.address()));
        let response = request.bearer_auth(self.key()).send().await.unwrap();
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    fn command(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null());
        let here = words.contains(&"--verify") || words.contains(&"--data-dir");
        if !here {
            command.arg("--data-dir").arg(self.data());
        }
        if let Some(url) = &self.url
            && !here
        {
            command.args(["--database-url", url]);
        }
        command
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
