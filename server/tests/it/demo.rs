//! `fuseboard serve --demo`: shows something soon, says on every page that it is made up, lets nobody else in, and leaves
//! nothing behind.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::common::TestServer;
use crate::common::cli::{fuseboard, mode, text};
use crate::common::people::set_up;
use serde_json::Value;
use tokio::time::{Instant, sleep};

const NOTE: &str = "<aside class=\"demo\">";

/// The temporary folders that are there.
fn folders(home: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(home.join("tmp")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join("site/pkg")).unwrap();
    std::fs::create_dir(home.path().join("tmp")).unwrap();
    home
}

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_shows_trips_says_so_and_leaves_nothing() {
    let home = home();
    let mut demo = Demo(
        fuseboard(home.path())
            .env("TMPDIR", home.path().join("tmp"))
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--site-dir", "site"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let begun = Instant::now();
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    let url = line().strip_prefix("listening on ").unwrap().to_owned();
    assert!(line().contains("simulated"));
    let link = line();
    let token = link
        .split("#t=")
        .nth(1)
        .expect("no account is there by itself")
        .to_owned();
    let folder = folders(home.path());
    assert_eq!(folder.len(), 1);
    assert_eq!(mode(&folder[0]), 0o700);
    assert!(folder[0].join("fuseboard.db").exists());

    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let page = async |path: &str, cookie: &str| {
        let request = client.get(format!("{url}{path}")).header("accept", "text/html");
        request.header("cookie", cookie).send().await.unwrap()
    };
    assert_eq!(
        page("/", "").await.status(),
        303,
        "nobody gets in without an account"
    );
    assert!(page("/setup", "").await.text().await.unwrap().contains(NOTE));
    let cookie = set_up(&url, &token).await;
    for path in [
        "/",
        "/providers",
        "/breakers",
        "/explore",
        "/limits",
        "/connect",
        "/nothing",
    ] {
        let html = page(path, &cookie).await.text().await.unwrap();
        assert_eq!(html.matches(NOTE).count(), 1, "{path}");
        assert!(!html.contains(" style="), "{path}");
    }
    assert!(page("/login", "").await.text().await.unwrap().contains(NOTE));

    // Somebody who looks for a minute sees a breaker open and close again.
    let seen = loop {
        let answer = page("/api/v1/transitions?limit=1000", &cookie).await;
        let answer: Value = answer.json().await.unwrap();
        let changes: Vec<(&str, &str)> = answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|item| Some((item["from"].as_str()?, item["to"].as_str()?)))
            .collect();
        if changes.contains(&("closed", "open")) && changes.contains(&("half_open", "closed")) {
            break begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "{changes:?}");
        sleep(Duration::from_millis(500)).await;
    };
    println!("a trip and a recovery after {seen:?}");
    let metrics = page("/metrics", &cookie).await.text().await.unwrap();
    assert!(
        !metrics.contains("fuseboard_events_accepted_total 0\n"),
        "{metrics}"
    );

    let stopping = Instant::now();
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &demo.0.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    assert_eq!(demo.0.wait().unwrap().code(), Some(0));
    println!("stopped after {:?}", stopping.elapsed());
    assert_eq!(
        folders(home.path()),
        [] as [std::path::PathBuf; 0],
        "it is still there"
    );
    assert!(!home.path().join("data").exists());
}

#[test]
fn what_would_keep_something_or_let_others_in_is_refused() {
    let home = home();
    let refused = |words: &[&str], variables: &[(&str, &str)]| {
        let output = fuseboard(home.path())
            .env("TMPDIR", home.path().join("tmp"))
            .envs(variables.iter().copied())
            .args(["serve", "--demo", "--site-dir", "site"])
            .args(words)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?} {variables:?}");
        assert_eq!(text(&output.stdout), "");
        text(&output.stderr)
    };
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:3000"] {
        let told = refused(&["--listen", listen], &[]);
        assert!(
            told.contains("listens on this machine only") && told.contains(listen),
            "{told}"
        );
    }
    let postgres = "postgres://nobody@127.0.0.1:1/none";
    for (words, variables, key) in [
        (vec!["--data-dir", "kept"], vec![], "data.dir (flag --data-dir)"),
        (
            vec!["--database-url", postgres],
            vec![],
            "database.url (flag --database-url)",
        ),
        (
            vec![],
            vec![("DATABASE_URL", postgres)],
            "database.url (environment DATABASE_URL)",
        ),
        (
            vec![],
            vec![("FUSEBOARD__SERVER__EXTERNAL_URL", "https://board.example")],
            "server.external_url",
        ),
        (
            vec![],
            vec![
                ("FUSEBOARD__TLS__CERT_FILE", "c"),
                ("FUSEBOARD__TLS__KEY_FILE", "k"),
            ],
            "tls.cert_file",
        ),
    ] {
        let told = refused(&words, &variables);
        assert!(told.contains(key), "{told}");
    }
    assert_eq!(folders(home.path()), [] as [std::path::PathBuf; 0]);
    assert!(!home.path().join("kept").exists() && !home.path().join("data").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_none_does_not_say_so() {
    let server = TestServer::start().await;
    for path in ["/", "/login"] {
        let html = server
            .get(path)
            .header("accept", "text/html")
            .send()
            .await
            .unwrap();
        assert!(!html.text().await.unwrap().contains(NOTE), "{path}");
    }
    assert!(server.stop().await);
}
