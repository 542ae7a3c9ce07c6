//! One installation: its database, its keys, its processes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, Connection as _, postgres::PgConnectOptions};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::receivers::{KINDS, Receivers};

const PATIENCE: Duration = Duration::from_secs(40);

pub struct Place {
    home: TempDir,
    pub database: Option<String>,
    allow: String,
}

/// What the ledger says in the end.
#[derive(Default)]
pub struct Told {
    pub names: Vec<String>,
    /// Kind and breaker of what may have been told twice.
    pub unsure: BTreeSet<(String, String)>,
    /// How often somebody had one tried again that was given up.
    pub replayed: usize,
}

/// The name of the nth breaker: of the same length, so that none is the beginning of another.
pub fn breaker(n: usize) -> String {
    format!("breaker-{n:04}")
}

impl Place {
    pub fn new(database: Option<String>, receivers: &Receivers) -> Place {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("site")).unwrap();
        std::fs::write(home.path().join("authority.pem"), &receivers.authority).unwrap();
        Place {
            home,
            database,
            allow: receivers.allow(),
        }
    }

    fn command(&self, words: &[&str], data: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fuseboard"));
        command
            .args(words)
            .arg("--data-dir")
            .arg(data)
            .env("FUSEBOARD__OUTBOUND__ALLOW", &self.allow)
            // The machine's own list of authorities, as far as this process is concerned.
            .env("SSL_CERT_FILE", self.home.path().join("authority.pem"))
            .env_remove("SSL_CERT_DIR")
            // The same keys for every process: they share secrets and the audit log.
            .env(
                "FUSEBOARD__SECRETS__KEY_FILE",
                self.home.path().join("keys/master.key"),
            )
            .env(
                "FUSEBOARD__AUDIT__KEY_FILE",
                self.home.path().join("keys/audit.key"),
            )
            .stdin(Stdio::null());
        if let Some(url) = &self.database {
            command.args(["--database-url", url]);
        }
        command
    }

    /// Makes one channel of each kind.
    pub async fn channels(&self, process: &Process, receivers: &Receivers) {
        let made = self
            .command(
                &["keys", "create", "--name", "outbox", "--scope", "api:admin"],
                &process.data,
            )
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        std::fs::write(self.home.path().join("key"), &key).unwrap();
        for kind in KINDS {
            let base = receivers.url(kind);
            let (settings, secrets) = match kind {
                "pagerduty" => (
                    json!({ "api_url": base }),
                    json!({ "routing_key": "0123456789abcdef0123456789abcdef" }),
                ),
                "telegram" => (
                    json!({ "api_url": base, "chat_id": "-100123" }),
                    json!({ "token": "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }),
                ),
                "webhook" => (
                    json!({}),
                    json!({ "url": base, "secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" }),
                ),
                _ => (json!({}), json!({ "url": base })),
            };
            let body = json!({
                "name": kind, "kind": kind, "settings": settings, "secrets": secrets, "digest_from": 0,
                "acknowledged": false, "resolved": false, "only": ["breaker=~\"breaker-.*\""],
            });
            let url = format!("{}/api/v1/channels", process.url);
            let answer = Client::new()
                .post(url)
                .bearer_auth(&key)
                .json(&body)
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 201, "{kind}: {}", answer.text().await.unwrap());
        }
    }

    /// Opens so many breakers, and waits until each has its alert.
    pub async fn trip(&self, process: &Process, count: usize) {
        let client = Client::new();
        let local = std::fs::read_to_string(process.data.join("local.key")).unwrap();
        let _: Value = self.ask(process, "/api/v1/rules").await.expect("rules are made");
        let to = |n: usize, state: &str| json!({ "type": "breaker", "breaker": breaker(n), "to": state, "instance": "a" });
        let events: Vec<Value> = (0..count)
            .flat_map(|n| [to(n, "closed"), to(n, "open")])
            .collect();
        let answer = client
            .post(format!("{}/api/v1/events", process.url))
            .bearer_auth(local.trim())
            .json(&json!({ "events": events }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let since = Instant::now();
        loop {
            let list = self.ask(process, "/api/v1/alerts?limit=1000").await;
            let there = list.map_or(0, |list| list["items"].as_array().map_or(0, Vec::len));
            if there >= count {
                return;
            }
            assert!(since.elapsed() < PATIENCE, "{there} of {count} alerts");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until everything is told, and reads the ledger.
    pub async fn all_told(&self, process: &mut Process, total: usize) -> Told {
        // Longer than the second step of the ladder, for what was unlucky twice.
        let patience = Duration::from_secs(if total > 1_000 { 2_400 } else { 420 });
        let since = Instant::now();
        let mut replayed = 0;
        loop {
            let waiting = self
                .ask(process, "/api/v1/deliveries?state=waiting&limit=1")
                .await;
            let left = waiting.map_or(1, |list| list["items"].as_array().map_or(1, Vec::len));
            if left == 0 {
                let again = self.try_dead_again(process).await;
                replayed += again;
                if again == 0 {
                    let told = self.told(process).await;
                    if told.names.len() >= total {
                        return Told { replayed, ..told };
                    }
                }
            }
            assert!(since.elapsed() < patience, "not everything was told");
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// What was sent elsewhere is given up, loudly; somebody looks after the receiver and has it tried again.
    async fn try_dead_again(&self, process: &Process) -> usize {
        let dead = self.ask(process, "/api/v1/deliveries?state=dead&limit=200").await;
        let items = dead.map(|list| list["items"].as_array().unwrap().clone());
        let items = items.unwrap_or_default();
        for item in &items {
            let key = std::fs::read_to_string(self.home.path().join("key")).unwrap();
            let url = format!("{}/api/v1/deliveries/{}/replay", process.url, item["id"]);
            let answer = Client::new().post(url).bearer_auth(key).send().await.unwrap();
            assert_eq!(answer.status(), 202, "{item}");
        }
        items.len()
    }

    async fn told(&self, process: &Process) -> Told {
        let mut told = Told::default();
        let mut cursor = String::new();
        loop {
            let page = self
                .ask(process, &format!("/api/v1/deliveries?limit=200{cursor}"))
                .await;
            let page = page.expect("the ledger can be read");
            for item in page["items"].as_array().unwrap() {
                if item["notice"] != "fired" {
                    continue;
                }
                assert_eq!(item["state"], "delivered", "{item}");
                told.names.push(item["notification"].as_str().unwrap().to_owned());
                if item["unsure"] == true {
                    let title = item["title"].as_str().unwrap();
                    let about = title[title.find("breaker-").unwrap()..].to_owned();
                    told.unsure
                        .insert((item["channel_name"].as_str().unwrap().to_owned(), about));
                }
            }
            match page["next"].as_u64() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return told,
            }
        }
    }

    async fn ask(&self, process: &Process, path: &str) -> Option<Value> {
        let key = std::fs::read_to_string(self.home.path().join("key")).unwrap();
        let url = format!("{}{path}", process.url);
        let answer = Client::new().get(url).bearer_auth(key).send().await.ok()?;
        answer.status().is_success().then_some(())?;
        answer.json().await.ok()
    }

    /// Cuts every session of the database but our own.
    pub async fn cut_sessions(&self) {
        let Some(url) = &self.database else { return };
        let options: PgConnectOptions = url.parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        connection.close().await.unwrap();
    }
}

/// A server as a child process.
pub struct Process {
    pub url: String,
    pub data: PathBuf,
    port: u16,
    child: Child,
}

impl Process {
    pub async fn start(place: &Place) -> Process {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let data = place.home.path().join(format!("data-{port}"));
        Process::run(place, port, data).await
    }

    async fn run(place: &Place, port: u16, data: PathBuf) -> Process {
        let listen = format!("127.0.0.1:{port}");
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(place.home.path().join(format!("log-{port}")))
            .unwrap();
        let child = place
            .command(&["serve", "--local-key", "--listen", &listen], &data)
            .arg("--site-dir")
            .arg(place.home.path().join("site"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut process = Process {
            url: format!("http://{listen}"),
            data,
            port,
            child,
        };
        let since = Instant::now();
        let client = Client::new();
        let ready = format!("{}/readyz", process.url);
        while !client
            .get(&ready)
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
        {
            let ended = process.child.try_wait().unwrap();
            assert!(
                ended.is_none() && since.elapsed() < PATIENCE,
                "not ready: {ended:?} {}",
                process.log(place)
            );
            sleep(Duration::from_millis(20)).await;
        }
        process
    }

    fn log(&self, place: &Place) -> String {
        let log = std::fs::read_to_string(place.home.path().join(format!("log-{}", self.port)));
        let log = log.unwrap_or_default();
        log.lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }

    /// SIGKILL, and a new start on the same data.
    pub async fn kill_and_start(&mut self, place: &Place) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        *self = Process::run(place, self.port, self.data.clone()).await;
    }

    /// A new start, if it has ended by itself within the last moment or before.
    pub async fn start_if_ended(&mut self, place: &Place) {
        if self.child.try_wait().unwrap().is_some() {
            *self = Process::run(place, self.port, self.data.clone()).await;
        }
    }

    /// SIGSTOP, for so long.
    pub async fn pause(&self, pause: Duration) {
        self.signal("STOP");
        sleep(pause).await;
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    pub fn stop(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
