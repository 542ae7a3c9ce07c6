//! The binary itself: exit codes, what goes to standard output, signals.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::common::cli::{Serving, fuseboard, run, text};

#[test]
fn wrong_usage_and_bad_configuration_have_their_own_codes() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        run(folder.path(), &["serve", "--nonsense"]).status.code(),
        Some(2)
    );
    assert_eq!(
        run(
            folder.path(),
            &["keys", "create", "--name", "x", "--scope", "root"]
        )
        .status
        .code(),
        Some(2)
    );

    std::fs::write(
        folder.path().join("fuseboard.toml"),
        "[server]\nlistn = \"127.0.0.1:1\"\n",
    )
    .unwrap();
    for words in [&["check-config"][..], &["serve"], &["keys", "list"]] {
        let output = run(folder.path(), words);
        assert_eq!(output.status.code(), Some(64), "{words:?}");
        assert!(
            text(&output.stderr).contains("did you mean server.listen?"),
            "{}",
            text(&output.stderr)
        );
    }
    let output = run(folder.path(), &["check-config", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["ok"], false);
    assert_eq!(answer["problems"].as_array().unwrap().len(), 1);
    std::fs::remove_file(folder.path().join("fuseboard.toml")).unwrap();

    let output = run(folder.path(), &["serve", "--listen", "localhost"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(
        text(&output.stderr).contains("must be an address and a port"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn the_effective_configuration_is_shown_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let output = fuseboard(folder.path())
        .args(["check-config", "--json", "--listen", "127.0.0.1:4000"])
        .env("DATABASE_URL", "postgres://me:hunter2@db/fuse")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output.stdout);
    assert!(!shown.contains("hunter2"), "{shown}");
    let answer: Value = serde_json::from_str(&shown).unwrap();
    let settings = &answer["settings"];
    assert_eq!(
        settings["server.listen"],
        json!({ "value": "127.0.0.1:4000", "source": "flag --listen" })
    );
    assert_eq!(settings["database.url"]["value"], "postgres://***@db/fuse");
    assert_eq!(settings["database.url"]["source"], "environment DATABASE_URL");
    assert_eq!(settings["log.level"]["source"], "default");
}

#[test]
fn what_is_not_there_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was free a moment ago: nobody answers there.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{free}");
    assert_eq!(
        run(folder.path(), &["healthcheck", "--url", &url]).status.code(),
        Some(69)
    );
    assert_eq!(
        run(folder.path(), &["tail", "--url", &url, "--key", "x"])
            .status
            .code(),
        Some(69)
    );
    assert_eq!(
        run(folder.path(), &["tail", "--url", &url]).status.code(),
        Some(2),
        "a key is needed"
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(folder.path(), &["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(69));
    assert!(
        text(&output.stderr).contains(&address),
        "{}",
        text(&output.stderr)
    );
    assert!(
        !folder.path().join("data").exists(),
        "a taken port is told before anything is touched"
    );
}

#[test]
fn keys_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["keys", "create", "--name", "checkout", "--scope", "ingest:write"];
    let output = run(folder.path(), &words);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let key = text(&output.stdout);
    assert!(server::auth::well_formed(&key), "the key alone is printed: {key}");
    assert_eq!(
        run(folder.path(), &words).status.code(),
        Some(1),
        "the name is taken"
    );

    let listed: Value =
        serde_json::from_slice(&run(folder.path(), &["keys", "list", "--json"]).stdout).unwrap();
    assert_eq!(listed[0]["name"], "checkout");
    assert_eq!(listed[0]["scopes"], json!(["ingest:write"]));
    assert!(listed[0]["revoked"].is_null());
    let secret = key.split('_').nth(3).unwrap();
    assert!(
        !listed.to_string().contains(secret),
        "the secret is never shown again"
    );

    assert_eq!(
        run(folder.path(), &["keys", "revoke", "checkout"]).status.code(),
        Some(0)
    );
    assert_eq!(
        run(folder.path(), &["keys", "revoke", "checkout"]).status.code(),
        Some(1)
    );
    assert!(text(&run(folder.path(), &["keys", "list"]).stdout).contains("revoked"));
    for entry in std::fs::read_dir(folder.path().join("data")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(secret.len()).any(|part| part == secret.as_bytes()),
                "{}",
                path.display()
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn data_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    let mode = |name: &str| {
        std::fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/local.key"), 0o600);
    serving.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_event_to_the_exported_journal() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    assert_eq!(
        run(folder.path(), &["healthcheck", "--url", &serving.url])
            .status
            .code(),
        Some(0)
    );
    let key = std::fs::read_to_string(folder.path().join("data/local.key")).unwrap();
    let mut tail = fuseboard(folder.path())
        .args([
            "tail",
            "--url",
            &serving.url,
            "--key-file",
            "data/local.key",
            "--json",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let push = async |events: &Value| {
        let request = client
            .post(format!("{}/api/v1/events", serving.url))
            .bearer_auth(key.trim());
        let response = request
            .header("content-type", "application/json")
            .body(events.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
    };
    let weighted = json!({
        "type": "call", "provider": "openai", "model": "m", "outcome": "ok", "duration_ms": 5, "weight": 7, "id": "w",
    });
    push(&json!([
        crate::common::call("a"),
        weighted,
        crate::common::transition("chat", "open")
    ]))
    .await;
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!((&line["breaker"], &line["to"]), (&json!("chat"), &json!("open")));

    // While it runs nobody else may have the folder, except for the keys.
    let output = run(folder.path(), &["journal", "verify"]);
    assert_eq!(output.status.code(), Some(69), "{}", text(&output.stdout));
    assert_eq!(run(folder.path(), &["keys", "list"]).status.code(), Some(0));
    serving.stop();
    tail.kill().unwrap();
    tail.wait().unwrap();

    let output = run(folder.path(), &["journal", "verify"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert_eq!(report["ok"], true, "{report}");
    for (name, expected) in [
        ("events", 3),
        ("ids", 2),
        ("duplicate_ids", 0),
        ("weighted_calls", 8),
        ("partials_calls", 8),
        ("batches", 1),
    ] {
        assert_eq!(report[name], expected, "{name} in {report}");
    }
    assert_eq!(
        report["applied"], report["head"],
        "a clean stop leaves nothing to replay"
    );

    let output = run(folder.path(), &["journal", "export"]);
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["id"], &lines[1]["weight"]), (&json!("a"), &json!(7)));
    assert_eq!(
        (&lines[2]["type"], &lines[2]["to"]),
        (&json!("breaker"), &json!("open"))
    );
}

#[test]
fn a_second_signal_stops_at_once_and_the_data_survives() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path());
    serving.signal();
    serving.signal();
    let code = serving.child.wait().unwrap().code();
    assert!(code == Some(0) || code == Some(1), "{code:?}");
    let output = run(folder.path(), &["journal", "verify"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}
