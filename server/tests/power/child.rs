//! The server as a process of its own: under strace, so that all it does to its files is recorded; or without, on what a
//! power cut left.
//!
//! The product itself is recorded wherever possible. Where the clock has to be moved, or where commits must not wait for
//! the disk, the process is this test program, which starts the same server with such a clock or such an option:
//! [`serve_for_the_recorder`].

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use domain::Millis;
use engine::Clock;
use server::config::{Config, Flag, Sources};
use server::lifecycle::{self, Options};
use store_sql::SqliteOptions;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use crate::process;

/// How long a start or a stop may take; strace makes both slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than anything the server writes to a file at once.
const LONGEST: &str = "8388608";

/// How the server is started.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// The product.
    Product,
    /// This program, on a clock that goes this much faster, from then on.
    Clock { start: Millis, times: i64 },
    /// This program; commits do not wait for the disk.
    Hasty,
}

/// A running server.
pub struct Server {
    child: Child,
    /// The server's own process, which is strace's child.
    process: u32,
    log: PathBuf,
}

impl Server {
    /// Starts it on a folder, recorded to this file.
    pub async fn record(kind: Kind, place: &Place, port: u16, trace: &Path) -> Server {
        let mut command = Command::new("strace");
        command
            .args(["-f", "--seccomp-bpf", "-xx", "-s", LONGEST, "-o"])
            .arg(trace)
            .args(["-e", &format!("trace={}", process::CALLS), "--"]);
        match kind {
            Kind::Product => {
                command
                    .arg(env!("CARGO_BIN_EXE_fuseboard"))
                    .args(place.words(port));
            }
            Kind::Clock { .. } | Kind::Hasty => {
                command
                    .arg(std::env::current_exe().unwrap())
                    .args([
                        "child::serve_for_the_recorder",
                        "--exact",
                        "--ignored",
                        "--nocapture",
                    ])
                    .env("POWER_PLACE", &place.home)
                    .env("POWER_PORT", port.to_string());
            }
        }
        match kind {
            Kind::Product => {}
            Kind::Clock { start, times } => {
                command
                    .env("POWER_CLOCK", start.to_string())
                    .env("POWER_TIMES", times.to_string());
            }
            Kind::Hasty => {
                command.env("POWER_HASTY", "1");
            }
        }
        let mut server = Server::spawn(command, place, port).await;
        // The first to be traced is the process itself; all others are its threads.
        let text = std::fs::read(trace).unwrap();
        let first = text.split(|byte| *byte == b' ').next().unwrap_or_default();
        server.process = String::from_utf8_lossy(first)
            .parse()
            .expect("a trace begins with a process");
        server
    }

    /// Starts the product on a folder, unrecorded.
    pub async fn start(place: &Place, port: u16) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fuseboard"));
        command.args(place.words(port));
        Server::spawn(command, place, port).await
    }

    async fn spawn(mut command: Command, place: &Place, port: u16) -> Server {
        let log = place.home.join("log");
        let file = File::options().create(true).append(true).open(&log).unwrap();
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        let child = command.spawn().unwrap();
        let process = child.id();
        let mut server = Server { child, process, log };
        let ready = format!("http://127.0.0.1:{port}/readyz");
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let since = Instant::now();
        while !client
            .get(&ready)
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
        {
            let ended = server.child.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "the server ended with {ended:?} at start:\n{}",
                server.log()
            );
            assert!(
                since.elapsed() < PATIENCE,
                "not ready after {PATIENCE:?}:\n{}",
                server.log()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server
    }

    /// SIGKILL to the server; the recorder ends with it.
    pub async fn kill(self) {
        self.end("KILL", false).await;
    }

    /// SIGTERM, as an operator would.
    pub async fn stop(self) {
        self.end("TERM", true).await;
    }

    async fn end(mut self, signal: &str, clean: bool) {
        // `kill` is a word of every shell; std cannot send signals other than SIGKILL, and that only to its own child.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {}", self.process)])
            .status()
            .unwrap();
        assert!(sent.success());
        let since = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                since.elapsed() < PATIENCE,
                "SIG{signal} was not heeded:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        assert_eq!(
            status.success(),
            clean,
            "SIG{signal} ended it with {status}:\n{}",
            self.log()
        );
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already: its number may be another's by now.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // Killed with strace alone, the server would live on.
        let _ = Command::new("sh")
            .args(["-c", &format!("kill -KILL {}", self.process)])
            .stderr(Stdio::null())
            .status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where an installation lies: what is modelled, and beside it what is not.
#[derive(Debug, Clone)]
pub struct Place {
    home: PathBuf,
}

impl Place {
    /// Below this folder, which exists.
    pub fn new(home: &Path) -> Place {
        let place = Place {
            home: home.to_owned(),
        };
        for folder in ["disk", "site"] {
            std::fs::create_dir_all(home.join(folder)).unwrap();
        }
        place
    }

    /// The root of what is modelled. The server makes `data` in it.
    pub fn disk(&self) -> PathBuf {
        self.home.join("disk")
    }

    pub fn data(&self) -> PathBuf {
        self.home.join("disk/data")
    }

    fn words(&self, port: u16) -> Vec<String> {
        let flags = self.flags(port).into_iter();
        let flags = flags.flat_map(|flag| [flag.name.to_owned(), flag.value]);
        ["serve".to_owned(), "--local-key".to_owned()]
            .into_iter()
            .chain(flags)
            .collect()
    }

    fn flags(&self, port: u16) -> Vec<Flag> {
        let flag = |key: &'static str, name: &'static str, value: String| Flag { key, name, value };
        let shown = |path: PathBuf| path.display().to_string();
        vec![
            flag("server.listen", "--listen", format!("127.0.0.1:{port}")),
            flag("data.dir", "--data-dir", shown(self.data())),
            flag("server.site_dir", "--site-dir", shown(self.home.join("site"))),
        ]
    }

    /// For a server in this process; port 0 is any free one.
    pub fn config(&self, port: u16) -> Config {
        let sources = Sources {
            flags: self.flags(port),
            ..Sources::default()
        };
        server::config::load(&sources).unwrap()
    }
}

pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "no test: what the recorder starts under strace"]
async fn serve_for_the_recorder() {
    let home = PathBuf::from(std::env::var_os("POWER_PLACE").expect("the recorder starts this"));
    let port = number("POWER_PORT").unwrap() as u16;
    let times = number("POWER_TIMES");
    let clock = match number("POWER_CLOCK") {
        Some(start) => Clock::manual(start),
        None => Clock::system(),
    };
    let options = Options {
        local_key: true,
        clock: Some(clock.clone()),
        sqlite: SqliteOptions {
            wait_for_disk: number("POWER_HASTY").is_none(),
            ..SqliteOptions::default()
        },
        ..Options::default()
    };
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let running = lifecycle::start(&Place::new(&home).config(port), options)
        .await
        .unwrap();
    let mut every = tokio::time::interval(Duration::from_millis(10));
    loop {
        tokio::select! {
            _ = every.tick() => clock.advance(10 * times.unwrap_or(0)),
            _ = terminate.recv() => break,
        }
    }
    assert!(running.stop().await, "not a clean stop");
}

/// A number from the environment of the test run.
pub fn number(variable: &str) -> Option<i64> {
    std::env::var_os(variable)?.to_str()?.parse().ok()
}
