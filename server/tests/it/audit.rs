//! Keys with limits, and the log of what is done with them: over HTTP and from the command line.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use server::auth::{NewKey, create_key, rotate_key};
use server::stores::OpenKeys;
use store::{Scope, TenantId};
use tokio::time::Instant;

use crate::common::TestServer;
use crate::common::cli::{run, text};

fn json(folder: &Path, words: &[&str]) -> Value {
    let output = run(folder, words);
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn lines(folder: &Path, words: &[&str]) -> Vec<Value> {
    let output = run(folder, words);
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn keys_of(server: &TestServer) -> OpenKeys {
    let config = crate::common::config(server.data_dir().parent().unwrap());
    server::stores::open_keys(&config).await.unwrap()
}

async fn make(opened: &OpenKeys, wanted: NewKey<'_>) -> String {
    let scope = server::auth::by_command_line(TenantId::default_tenant());
    let made = create_key(
        opened.keys.as_ref(),
        &scope,
        wanted,
        &server::auth::By::here("test", crate::common::now()),
    )
    .await;
    made.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wider_scope_covers_a_narrower_one() {
    let server = TestServer::start().await;
    let opened = keys_of(&server).await;
    for (scope, expected) in [
        (Scope::IngestWrite, [200, 403, 403]),
        (Scope::MetricsRead, [403, 200, 403]),
        (Scope::ApiRead, [403, 200, 403]),
        (Scope::ApiAdmin, [403, 200, 200]),
    ] {
        let wanted = NewKey {
            name: scope.as_str(),
            scopes: &[scope],
            ..NewKey::default()
        };
        let key = make(&opened, wanted).await;
        let push = server
            .client
            .post(server.url("/api/v1/events"))
            .json(&serde_json::json!([]));
        let asked = [push, server.get("/api/v1/board"), server.get("/api/v1/audit")];
        let mut found = Vec::new();
        for request in asked {
            found.push(request.bearer_auth(&key).send().await.unwrap().status().as_u16());
        }
        assert_eq!(found, expected, "{}", scope.as_str());
    }
    opened.close().await;
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_counts_in_its_time_and_from_its_addresses() {
    let server = TestServer::start().await;
    let opened = keys_of(&server).await;
    let scopes = [Scope::MetricsRead];
    let limited = |name, expires, addresses| NewKey {
        name,
        scopes: &scopes,
        expires,
        addresses,
    };
    let status = async |key: &str| {
        let answer = server.get("/api/v1/board").bearer_auth(key).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let here = ["127.0.0.0/8".parse().unwrap()];
    let elsewhere = ["203.0.113.0/24".parse().unwrap(), "::1/128".parse().unwrap()];
    let near = make(&opened, limited("near", None, &here)).await;
    let far = make(&opened, limited("far", None, &elsewhere)).await;
    let late = make(&opened, limited("late", Some(crate::common::now() - 1), &[])).await;
    let soon = make(&opened, limited("soon", Some(crate::common::now() + 700), &[])).await;
    assert_eq!(status(&near).await.0, 200);
    let (refused, why) = status(&far).await;
    assert_eq!(refused, 403);
    assert!(
        why.contains("127.0.0.1") && why.contains("address-not-allowed"),
        "{why}"
    );
    // What a sender says about itself is not believed.
    let told = server
        .get("/api/v1/board")
        .bearer_auth(&far)
        .header("x-forwarded-for", "203.0.113.7");
    assert_eq!(told.send().await.unwrap().status(), 403);
    assert_eq!(status(&late).await.0, 401);
    let since = Instant::now();
    assert_eq!(status(&soon).await.0, 200);
    while status(&soon).await.0 == 200 {
        assert!(
            since.elapsed() < Duration::from_secs(5),
            "an expired key still works"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    opened.close().await;
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_key_counts_until_its_overlap_ends() {
    let server = TestServer::start().await;
    let opened = keys_of(&server).await;
    let wanted = NewKey {
        name: "checkout",
        scopes: &[Scope::MetricsRead],
        ..NewKey::default()
    };
    let old = make(&opened, wanted).await;
    let status = async |key: &str| {
        let answer = server.get("/api/v1/board").bearer_auth(key).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!(status(&old).await, 200);
    let scope = server::auth::by_command_line(TenantId::default_tenant());
    let keys = opened.keys.as_ref();
    let until = crate::common::now() + 3_000;
    let made = rotate_key(
        keys,
        &scope,
        "checkout",
        until,
        &server::auth::By::here("test", crate::common::now()),
    )
    .await
    .unwrap();
    let (new, _, replaced) = made.unwrap();
    assert_eq!(replaced.expires, Some(until));
    assert_eq!((status(&old).await, status(&new).await), (200, 200));
    let since = Instant::now();
    while status(&old).await == 200 {
        assert!(
            since.elapsed() < Duration::from_secs(8),
            "a replaced key still works"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(status(&new).await, 200);
    // When they were seen is stored at the latest when the server stops.
    assert!(server.stop().await);
    let seen = opened.keys.list(&scope).await.unwrap();
    let named = seen.iter().filter(|key| key.name == "checkout");
    assert!(named.clone().all(|key| key.last_used.is_some()) && named.count() == 2);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_in_pages_and_by_question() {
    let server = TestServer::start().await;
    let opened = keys_of(&server).await;
    let named = |name, scopes| NewKey {
        name,
        scopes,
        ..NewKey::default()
    };
    let admin = make(&opened, named("admin", &[Scope::ApiAdmin])).await;
    for name in ["a", "b", "=cmd()"] {
        make(&opened, named(name, &[Scope::IngestWrite])).await;
    }
    opened.close().await;
    let ask = async |query: &str| {
        let path = format!("/api/v1/audit{query}");
        server.get(&path).bearer_auth(&admin).send().await.unwrap()
    };
    let first: Value = ask("?limit=3").await.json().await.unwrap();
    let numbers = |list: &Value| -> Vec<u64> {
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["n"].as_u64().unwrap()).collect()
    };
    // The key `local`, the owner and their session came first.
    assert_eq!(numbers(&first), [7, 6, 5]);
    let item = &first["items"][2];
    assert_eq!(
        (&item["actor"], &item["action"]),
        (&"test".into(), &"key.create".into())
    );
    assert_eq!(item["detail"], "key a with ingest:write");
    let rest: Value = ask("?limit=4&cursor=5").await.json().await.unwrap();
    assert_eq!((numbers(&rest), &rest["next"]), (vec![4, 3, 2, 1], &Value::Null));
    let system: Value = ask("?actor=system&action=key").await.json().await.unwrap();
    assert_eq!(numbers(&system), [1]);
    let csv = ask("?format=csv&limit=1").await.text().await.unwrap();
    assert!(csv.contains("key =cmd() with") && !csv.contains(",=cmd"), "{csv}");
    for bad in [
        "?cursor=x",
        "?limit=0",
        "?limit=1001",
        "?wrong=1",
        "?from=yesterday",
    ] {
        assert_eq!(ask(bad).await.status(), 400, "{bad}");
    }
    assert!(server.stop().await);
}

#[test]
fn a_log_that_was_changed_is_found_and_one_that_was_cut_off_by_its_head() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for name in ["a", "b", "c"] {
        let made = run(at, &["keys", "create", "--name", name, "--scope", "ingest:write"]);
        assert!(made.status.success(), "{}", text(&made.stderr));
    }
    let heads = run(at, &["audit", "head"]);
    std::fs::write(at.join("heads"), &heads.stdout).unwrap();
    let verified = json(at, &["audit", "verify", "--json", "--heads", "heads"]);
    assert_eq!(
        (&verified["ok"], &verified["entries"], &verified["heads"]),
        (&true.into(), &3.into(), &1.into())
    );
    let listed = lines(at, &["audit", "list", "--json", "--limit", "2"]);
    assert_eq!((&listed[0]["n"], &listed[1]["n"]), (&3.into(), &2.into()));
    let exported = lines(at, &["audit", "export"]);
    assert_eq!(exported.len(), 3);
    assert_eq!(
        exported[2]["hash"],
        serde_json::from_slice::<Value>(&heads.stdout).unwrap()["hash"]
    );

    crate::common::cli::edit(&at.join("data/fuseboard.db"), "DROP TRIGGER audit_is_not_removed");
    crate::common::cli::edit(&at.join("data/fuseboard.db"), "DELETE FROM audit WHERE n = 3");
    let alone = run(at, &["audit", "verify"]);
    assert_eq!(
        alone.status.code(),
        Some(0),
        "a chain alone cannot show that its end is gone"
    );
    let cut = run(at, &["audit", "verify", "--heads", "heads"]);
    assert_eq!(cut.status.code(), Some(1));
    assert!(
        text(&cut.stdout).contains("ends at entry 2"),
        "{}",
        text(&cut.stdout)
    );

    crate::common::cli::edit(&at.join("data/fuseboard.db"), "DROP TRIGGER audit_is_not_changed");
    crate::common::cli::edit(
        &at.join("data/fuseboard.db"),
        "UPDATE audit SET actor = 'nobody' WHERE n = 1",
    );
    let changed = run(at, &["audit", "verify"]);
    assert_eq!(changed.status.code(), Some(1));
    assert!(
        text(&changed.stdout).contains("entry 1 was changed"),
        "{}",
        text(&changed.stdout)
    );
    let none = run(at, &["audit", "verify", "--heads", "fuseboard.toml"]);
    assert_eq!(none.status.code(), Some(2), "{}", text(&none.stderr));
}

#[test]
fn a_lost_key_stops_the_log_until_it_is_sealed_anew() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let create = ["keys", "create", "--name", "a", "--scope", "ingest:write"];
    assert!(run(at, &create).status.success());
    let key = at.join("data/audit.key");
    assert_eq!(crate::common::cli::mode(&key), 0o600);
    std::fs::rename(&key, at.join("lost")).unwrap();
    for words in [
        &["keys", "list"][..],
        &["audit", "verify"],
        &["serve", "--listen", "127.0.0.1:0"],
    ] {
        let refused = run(at, words);
        assert_eq!(refused.status.code(), Some(69), "{words:?}");
        let why = text(&refused.stderr);
        assert!(why.contains("audit.key") && why.contains("audit reseal"), "{why}");
        assert!(!key.exists(), "a key that fits nothing must not stay");
    }
    assert_eq!(
        run(at, &["audit", "reseal"]).status.code(),
        Some(2),
        "it must be said"
    );
    let resealed = run(at, &["audit", "reseal", "--the-key-is-lost"]);
    assert!(resealed.status.success(), "{}", text(&resealed.stderr));
    assert_eq!(json(at, &["audit", "verify", "--json"])["entries"], 2);
    let newest = &lines(at, &["audit", "list", "--json", "--limit", "1"])[0];
    assert_eq!(newest["action"], "audit.reseal");
    // The key of before is now the wrong one.
    std::fs::rename(at.join("lost"), &key).unwrap();
    assert_eq!(run(at, &["audit", "verify"]).status.code(), Some(69));
    std::fs::write(&key, "not a key\n").unwrap();
    let malformed = run(at, &["keys", "list"]);
    assert!(
        text(&malformed.stderr).contains("64 hexadecimal digits"),
        "{}",
        text(&malformed.stderr)
    );
}

#[test]
fn keys_are_replaced_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let create = [
        "keys",
        "create",
        "--name",
        "checkout",
        "--scope",
        "ingest:write",
        "--expires",
        "90d",
        "--from",
        "10.1.2.3/8",
        "--json",
    ];
    let old = json(at, &create);
    assert_eq!(old["addresses"], serde_json::json!(["10.0.0.0/8"]));
    let new = json(at, &["keys", "rotate", "checkout", "--overlap", "1h", "--json"]);
    assert_eq!(new["replaces"]["id"], old["id"]);
    assert_eq!(
        (&new["name"], &new["scopes"], &new["addresses"]),
        (&old["name"], &old["scopes"], &old["addresses"])
    );
    assert_ne!(new["key"], old["key"]);
    let listed = text(&run(at, &["keys", "list"]).stdout);
    assert!(
        listed.contains("replaced") && listed.contains("never used"),
        "{listed}"
    );
    let id = old["id"].as_str().unwrap();
    let again = run(at, &["keys", "rotate", id]);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        text(&again.stderr).contains("replaced before"),
        "{}",
        text(&again.stderr)
    );
    assert_eq!(run(at, &["keys", "rotate", "nobody"]).status.code(), Some(1));
    assert_eq!(run(at, &["keys", "revoke", "checkout"]).status.code(), Some(0));
    let listed = text(&run(at, &["keys", "list"]).stdout);
    assert_eq!(
        listed.matches("revoked").count(),
        2,
        "what it replaced ends with it: {listed}"
    );
    for wrong in [["--expires", "1w"], ["--from", "example.com"]] {
        let words = [
            &["keys", "create", "--name", "x", "--scope", "api:read"][..],
            &wrong,
        ]
        .concat();
        assert_eq!(run(at, &words).status.code(), Some(2), "{wrong:?}");
    }
}
