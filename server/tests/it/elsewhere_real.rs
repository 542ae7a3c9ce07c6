//! Alerts from real programs: Prometheus takes us for an Alertmanager, an Alertmanager sends its groups, and `amtool` reads
//! and silences. Prometheus and `amtool` are unpacked from Debian's packages, an Alertmanager has to be installed; without them
//! the tests say that they were skipped.

#![expect(
    clippy::print_stdout,
    reason = "which programs were spoken to is part of the proof"
)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::common::{TestServer, now};
use serde_json::Value;
use store::Scope;

/// Where `cargo xtask test` puts the programs.
const SENDERS: &str = "FUSEBOARD_TEST_SENDERS";

/// The program of this name, where it is to be had.
fn program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os(SENDERS).into_iter();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = folders.map(PathBuf::from).chain(std::env::split_paths(&path));
    let found = all.map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        println!(
            "SKIPPED: there is no {name}; {SENDERS} names its folder (Debian: prometheus, prometheus-alertmanager)"
        );
    }
    found
}

/// A program that runs until the test is over.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(program: &Path, words: &[String]) -> Running {
    let child = Command::new(program)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Running(child.unwrap())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// The first alert in this phase, within half a minute.
async fn alert(server: &TestServer, phase: &str) -> Value {
    for _ in 0..300 {
        let list: Value = server.read(&format!("/api/v1/alerts?phase={phase}")).await;
        if let Some(alert) = list["items"].as_array().unwrap().first() {
            return alert.clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no alert is {phase} within half a minute")
}

#[tokio::test(flavor = "multi_thread")]
async fn amtool_takes_us_for_an_alertmanager() {
    let Some(amtool) = program("amtool") else { return };
    let server = TestServer::start().await;
    let key = server.key_for(&[Scope::IngestWrite, Scope::ApiAdmin]).await;
    let url = format!("--alertmanager.url=http://amtool:{key}@{}/am", server.address);
    let ask = |words: &[&str]| {
        let mut command = Command::new(&amtool);
        command
            .env("HOME", server.folder())
            .arg(&url)
            .arg("--output=json");
        let done = command.args(words).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        assert!(
            done.status.success(),
            "{words:?}: {} {}",
            text(&done.stdout),
            text(&done.stderr)
        );
        text(&done.stdout)
    };
    let json = |words: &[&str]| -> Value { serde_json::from_str(&ask(words)).unwrap() };
    ask(&[
        "alert",
        "add",
        "alertname=Slow",
        "severity=critical",
        "service=checkout",
        "--annotation=summary=p99 is 2 s",
    ]);
    let found = json(&["alert", "query", "service=~check.+", "severity!=info"]);
    assert_eq!(found[0]["labels"]["alertname"], "Slow");
    assert_eq!(found[0]["annotations"]["summary"], "p99 is 2 s");
    assert_eq!(found[0]["status"]["state"], "active");
    let here = alert(&server, "firing").await;
    assert_eq!(
        (&here["source"], &here["severity"]),
        (&Value::from("prometheus"), &Value::from("critical"))
    );

    let id = ask(&[
        "silence",
        "add",
        "Slow",
        "--comment=known",
        "--duration=2h",
        "--author=ada",
    ]);
    assert_eq!(
        json(&["alert", "query"]),
        serde_json::json!([]),
        "only those that are active"
    );
    assert_eq!(
        json(&["alert", "query", "--silenced"])[0]["status"]["silencedBy"][0],
        id.as_str()
    );
    assert_eq!(alert(&server, "suppressed").await["id"], here["id"]);
    let silences = json(&["silence", "query", "alertname=Slow"]);
    assert_eq!(silences[0]["createdBy"], "ada");
    let longer = json(&["silence", "update", "--duration=3h", &id]);
    let second = longer[0]["id"].as_str().unwrap();
    assert_ne!(second, id);
    assert_eq!(json(&["silence", "query"]).as_array().unwrap().len(), 1);
    ask(&["silence", "expire", second]);
    assert_eq!(json(&["silence", "query"]), serde_json::json!([]));
    assert_eq!(
        json(&["silence", "query", "--expired"]).as_array().unwrap().len(),
        2
    );
    assert_eq!(json(&["alert", "query"]).as_array().unwrap().len(), 1);
    assert!(ask(&["config", "show"]).contains("receiver: fuseboard"));
    let over = "2025-01-01T00:00:00Z";
    ask(&[
        "alert",
        "add",
        "alertname=Slow",
        "severity=critical",
        "service=checkout",
        "--start=2024-12-31T23:00:00Z",
        &format!("--end={over}"),
    ]);
    assert_eq!(alert(&server, "resolved").await["id"], here["id"]);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_points_at_us() {
    let Some(prometheus) = program("prometheus") else {
        return;
    };
    let server = TestServer::start().await;
    let folder = server.folder();
    std::fs::write(
        folder.join("sender.key"),
        server.key_for(&[Scope::IngestWrite]).await,
    )
    .unwrap();
    let rule = |expression: &str| {
        let text = format!(
            "groups:\n- name: g\n  rules:\n  - alert: Slow\n    expr: {expression}\n    labels: {{severity: page, service: \
             checkout}}\n    annotations: {{summary: 'is {{{{ $value }}}}'}}\n"
        );
        std::fs::write(folder.join("rules.yml"), text).unwrap();
    };
    rule("vector(7)");
    let config = format!(
        "global: {{evaluation_interval: 1s}}\nrule_files: [rules.yml]\nalerting:\n  alertmanagers:\n  - scheme: http\n    \
         path_prefix: /am\n    authorization: {{credentials_file: sender.key}}\n    static_configs: [{{targets: ['{}']}}]\n",
        server.address
    );
    std::fs::write(folder.join("prometheus.yml"), config).unwrap();
    let words = [
        format!("--config.file={}", folder.join("prometheus.yml").display()),
        format!("--storage.tsdb.path={}", folder.join("tsdb").display()),
        format!("--web.listen-address=127.0.0.1:{}", free_port()),
        // What it sends first finds nobody: it takes five seconds to learn where to send.
        "--rules.alert.resend-delay=5s".to_owned(),
    ];
    let running = run(&prometheus, &words);
    let fired = alert(&server, "firing").await;
    assert_eq!(fired["title"], "Slow: checkout");
    assert_eq!(fired["summary"], "is 7");
    assert_eq!(fired["severity"], "critical");
    assert!(
        fired["link"].as_str().unwrap().contains("/graph?g0.expr=vector"),
        "{fired}"
    );
    assert!(fired["ends"].as_i64().unwrap() > now(), "{fired}");
    // Its rule clears: Prometheus says so.
    rule("vector(7) > 8");
    let reload = Command::new("kill")
        .args(["-HUP", &running.0.id().to_string()])
        .status();
    assert!(reload.unwrap().success());
    let over = alert(&server, "resolved").await;
    assert_eq!(over["id"], fired["id"]);
    assert_eq!(over["resolution"], "its sender says that it is over");
    drop(running);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alertmanager_sends_its_groups() {
    // Debian's finds its templates where its package puts them, and nowhere else.
    let name = match Path::new("/usr/share/prometheus/alertmanager/default.tmpl").is_file() {
        true => "prometheus-alertmanager",
        false => "alertmanager",
    };
    let Some(alertmanager) = program(name) else {
        return;
    };
    let server = TestServer::start().await;
    let folder = server.folder();
    std::fs::write(
        folder.join("sender.key"),
        server.key_for(&[Scope::IngestWrite]).await,
    )
    .unwrap();
    let config = format!(
        "route: {{receiver: fuseboard, group_by: [alertname], group_wait: 0s, group_interval: 1s}}\nreceivers:\n- name: \
         fuseboard\n  webhook_configs:\n  - url: {}\n    http_config: {{authorization: {{credentials_file: sender.key}}}}\n",
        server.url("/api/v1/webhooks/alertmanager")
    );
    std::fs::write(folder.join("alertmanager.yml"), config).unwrap();
    let port = free_port();
    let words = [
        format!("--config.file={}", folder.join("alertmanager.yml").display()),
        format!("--storage.path={}", folder.join("am").display()),
        format!("--web.listen-address=127.0.0.1:{port}"),
        "--cluster.listen-address=".to_owned(),
    ];
    let _running = run(&alertmanager, &words);
    let post = async |ends: &str| {
        let ends = if ends.is_empty() {
            String::new()
        } else {
            format!(",\"endsAt\":\"{ends}\"")
        };
        let body = format!(
            "[{{\"labels\":{{\"alertname\":\"DiskFull\",\"instance\":\"db-1\"}},\"startsAt\":\"2025-01-01T00:00:00Z\"{ends}}}]"
        );
        for _ in 0..100 {
            let request = server
                .client
                .post(format!("http://127.0.0.1:{port}/api/v2/alerts"));
            let sent = request
                .header("content-type", "application/json")
                .body(body.clone())
                .send()
                .await;
            if sent.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the Alertmanager does not answer")
    };
    post("").await;
    let fired = alert(&server, "firing").await;
    assert_eq!(
        (&fired["title"], &fired["source"]),
        (&Value::from("DiskFull: db-1"), &Value::from("alertmanager"))
    );
    assert_eq!(fired["ends"], Value::Null);
    post("2025-01-02T00:00:00Z").await;
    assert_eq!(alert(&server, "resolved").await["id"], fired["id"]);
    assert!(server.stop().await);
}
