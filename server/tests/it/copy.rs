//! `fuseboard copy`: from the files of a server that was killed into Postgres, itself killed again and again; then a server
//! on the copy answers what the first one did.

use crate::common::urlencoded;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::common::cli::{Serving, edit, fuseboard, run, text};
use crate::common::people::set_up;
use crate::common::postgres::{self, OwnDatabase};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::time::{Instant, sleep};

/// So often a copy is killed.
const KILLS: u32 = 11;

/// A client that keeps nothing.
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// What a server answers to this key and to this cookie, but for what depends on the moment.
async fn answers(url: &str, key: &str, cookie: &str, span: &str) -> Value {
    let get = async |path: &str| {
        let answer = client()
            .get(format!("{url}{path}"))
            .bearer_auth(key)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    };
    let mut board = get("/api/v1/board").await;
    let breakers: Vec<Value> = board["breakers"]
        .as_array_mut()
        .unwrap()
        .iter()
        .map(|row| {
            json!([
                row["id"],
                row["breaker"],
                row["state"],
                row["since"],
                row["counts"]
            ])
        })
        .collect();
    let page = client()
        .get(format!("{url}/api/v1/audit"))
        .header("cookie", cookie)
        .header("host", url.trim_start_matches("http://"))
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 200, "the session counts");
    let audit: Value = page.json().await.unwrap();
    let seen = json!({
        "breakers": breakers,
        "transitions": get("/api/v1/transitions?limit=1000").await["items"],
        "calls": get(&format!("/api/v1/calls?{span}&limit=500")).await["items"],
        "calls by provider": get(&format!("/api/v1/query?metric=requests&group_by=provider&{span}&step=1d")).await["series"],
        "audit": audit["items"],
    });
    for (what, found) in seen.as_object().unwrap() {
        assert!(
            found.as_array().is_some_and(|found| !found.is_empty()),
            "no {what}: {found}"
        );
    }
    seen
}

/// A folder with something of everything that a server stores, and the cookie of somebody who is signed in. The server was
/// killed: nothing was tidied up.
async fn source(folder: &Path, span: &str) -> (String, Value) {
    let mut serving = Serving::start(folder);
    let mut url = serving.url.clone();
    let key = std::fs::read_to_string(folder.join("data/local.key"))
        .unwrap()
        .trim()
        .to_owned();
    let token = std::fs::read_to_string(folder.join("data/setup-token")).unwrap();
    let cookie = set_up(&url, token.trim()).await;
    // The port, and with it the name of a cookie over http, is another one later.
    let cookie = cookie.split_once('=').unwrap().1.to_owned();
    for batch in 0..40 {
        if batch == 20 {
            // What came until here is written to its last place; what comes is in the journal alone.
            serving.stop();
            serving = Serving::start(folder);
            url = serving.url.clone();
        }
        let events: Vec<Value> = (0..200)
            .flat_map(|n| {
                let id = format!("{batch}-{n}");
                let breaker = format!("breaker {}", n % 20);
                [
                    json!({ "type": "call", "id": id, "provider": format!("p{}", n % 3), "model": "m\u{2013}1", "outcome": "ok", "duration_ms": n, "labels": { "team": format!("t{}", n % 5) } }),
                    json!({ "type": "breaker", "breaker": breaker, "provider": "p1", "instance": format!("i{}", n % 4), "from": "closed", "to": if batch % 2 == 0 { "open" } else { "closed" } }),
                ]
            })
            .collect();
        let answer = client()
            .post(format!("{url}/api/v1/events"))
            .bearer_auth(&key)
            .header("idempotency-key", format!("batch-{batch}"))
            .json(&events)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let told: Value = answer.json().await.unwrap();
        assert_eq!(told["accepted"], 400, "{told}");
    }
    for words in [
        &["keys", "create", "--name", "reader", "--scope", "metrics:read"][..],
        &["keys", "create", "--name", "gone", "--scope", "ingest:write"],
        &["keys", "revoke", "gone"],
    ] {
        assert_eq!(run(folder, words).status.code(), Some(0), "{words:?}");
    }
    // The board is made anew every second.
    sleep(Duration::from_secs(2)).await;
    let seen = answers(&url, &key, &named(&url, &cookie), span).await;
    drop(serving);
    (cookie, seen)
}

fn named(url: &str, cookie: &str) -> String {
    format!("fb_sid_{}={cookie}", url.rsplit(':').next().unwrap())
}

fn copying(folder: &Path, url: &str) -> Command {
    let mut command = fuseboard(folder);
    command
        .args(["copy", "--from", "data", "--json"])
        .env("DATABASE_URL", url);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn to_the_end(folder: &Path, url: &str) -> Output {
    let mut command = copying(folder, url);
    tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap()
}

async fn scalar(connection: &mut PgConnection, sql: &str) -> Option<i64> {
    // A table that is not there yet counts as nothing.
    let found = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_one(connection)
        .await;
    found.ok().flatten()
}

async fn database() -> Option<OwnDatabase> {
    let made = postgres::create().await;
    if made.is_none() {
        eprintln!("SKIPPED: FUSEBOARD_TEST_POSTGRES names no server; `cargo xtask test` provides one");
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_killed_goes_on_and_is_the_same() {
    let Some(target) = database().await else { return };
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let now = jiff::Timestamp::now();
    let span = format!(
        "from={}&to={}",
        now - jiff::SignedDuration::from_hours(24),
        now + jiff::SignedDuration::from_hours(1)
    );
    let (cookie, before) = source(folder, &span).await;
    let mut watch = PgConnection::connect(&target.url).await.unwrap();
    let copied = "SELECT sum(copied)::bigint FROM copy_unfinished";

    let mut points = Vec::new();
    let mut slowed = false;
    for kill in 0..KILLS {
        let mut child = copying(folder, &target.url).spawn().unwrap();
        let since = Instant::now();
        let at = loop {
            assert!(since.elapsed() < Duration::from_secs(60), "it does not get on");
            assert!(
                child.try_wait().unwrap().is_none(),
                "kill {kill}: it has ended already"
            );
            let there = scalar(&mut watch, copied).await;
            // The first as soon as anything is there, each later one after another step.
            if there.is_some_and(|there| points.last().is_none_or(|last| there > *last)) {
                break there.unwrap();
            }
            sleep(Duration::from_millis(2)).await;
        };
        child.kill().unwrap();
        child.wait().unwrap();
        // What it was doing may still be committed.
        let at = scalar(&mut watch, copied).await.unwrap_or(at);
        points.push(at);
        if !slowed {
            // From now on each step takes a while: a kill lands where it should.
            slowed = true;
            for sql in [
                "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.15); RETURN NEW; END $$",
                "CREATE TRIGGER slow BEFORE UPDATE ON copy_unfinished FOR EACH ROW EXECUTE FUNCTION slow()",
            ] {
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                    .execute(&mut watch)
                    .await
                    .unwrap();
            }
            // A server does not take it for its own, nor does a backup.
            let words = ["--database-url", target.url.as_str(), "--data-dir", "data"];
            for command in [
                &["serve", "--site-dir", "site", "--listen", "127.0.0.1:0"][..],
                &["backup", "--to", "b"],
                &["keys", "list"],
            ] {
                let refused = run(folder, &[command, &words[..]].concat());
                assert!(!refused.status.success(), "{command:?}");
                let told = text(&refused.stderr);
                assert!(
                    told.contains("holds a copy that was not finished"),
                    "{command:?}: {told}"
                );
            }
        }
    }
    println!("killed after {points:?} rows");
    let all = scalar(&mut watch, "SELECT sum(rows)::bigint FROM copy_unfinished")
        .await
        .unwrap();
    assert!(
        points.windows(2).all(|pair| pair[0] < pair[1]),
        "it began anew: {points:?}"
    );
    assert!(*points.last().unwrap() < all, "the last kill came too late");
    sqlx::raw_sql("DROP TRIGGER slow ON copy_unfinished; DROP FUNCTION slow")
        .execute(&mut watch)
        .await
        .unwrap();

    let done = to_the_end(folder, &target.url).await;
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(told["rows_before"].as_i64(), points.last().copied());
    assert_eq!(told["rows"].as_i64(), Some(all));
    assert_eq!(told["verify"]["ok"], true, "{told}");
    assert_eq!(told["verify"]["events"], 16_000, "{told}");
    assert!(told["audit_entries"].as_u64().unwrap() > 4, "{told}");
    println!("{told}");

    // The same data folder has the keys; what is stored comes from Postgres.
    std::fs::rename(folder.join("data/fuseboard.db"), folder.join("fuseboard.db.old")).unwrap();
    std::fs::rename(folder.join("data/journal"), folder.join("journal.old")).unwrap();
    std::fs::write(
        folder.join("fuseboard.toml"),
        format!("[database]\nurl = \"{}\"\n", target.url),
    )
    .unwrap();
    let serving = Serving::start(folder);
    let key = std::fs::read_to_string(folder.join("data/local.key"))
        .unwrap()
        .trim()
        .to_owned();
    let after = answers(&serving.url, &key, &named(&serving.url, &cookie), &span).await;
    for (what, wanted) in before.as_object().unwrap() {
        if what == "audit" {
            // Signing in anew is not needed; what the newer log has more is its own start.
            let (old, new) = (wanted.as_array().unwrap(), after[what].as_array().unwrap());
            assert!(new.ends_with(old), "{new:?}\n{old:?}");
        } else {
            assert_eq!(&after[what], wanted, "{what}");
        }
    }
    // A batch that was sent before is known, one that was not is new; the counters go on.
    let again = async |name: &str| {
        let answer = client()
            .post(format!("{}/api/v1/events", serving.url))
            .bearer_auth(&key)
            .json(
                &json!([{ "type": "call", "id": name, "provider": "p1", "model": "m", "outcome": "ok", "duration_ms": 1 }]),
            )
            .send()
            .await
            .unwrap();
        answer.json::<Value>().await.unwrap()["accepted"].as_u64()
    };
    assert_eq!(again("39-7").await, Some(0), "an id from before the copy");
    assert_eq!(again("after the copy").await, Some(1));
    let login = "an umbrella in march";
    let form = [("email", "ada@example.com"), ("password", login), ("next", "/")];
    let body = urlencoded(&form);
    let entered = client()
        .post(format!("{}/login", serving.url))
        .header("origin", &serving.url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(entered.status(), 303, "the password counts");
    serving.stop();
    for words in [&["audit", "verify"][..], &["journal", "verify"]] {
        let done = run(folder, words);
        assert_eq!(done.status.code(), Some(0), "{words:?}: {}", text(&done.stderr));
    }
    target.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_sources_and_targets_are_refused() {
    let Some(target) = database().await else { return };
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let refused = async |code: i32, words: &str| {
        let output = to_the_end(folder, &target.url).await;
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.contains(words), "{words}: {told}");
    };
    refused(69, "there is no data at data").await;
    let serving = Serving::start(folder);
    refused(69, "another fuseboard process is using the folder").await;
    serving.stop();
    let here = run(folder, &["copy", "--from", "data", "--to", "sqlite://elsewhere"]);
    assert_eq!(here.status.code(), Some(64));
    assert!(
        text(&here.stderr).contains("must start with postgres://"),
        "{}",
        text(&here.stderr)
    );

    let mut other = PgConnection::connect(&target.url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE somebody_else (n INT)")
        .execute(&mut other)
        .await
        .unwrap();
    refused(69, "is not empty (somebody_else is there)").await;
    sqlx::raw_sql("DROP TABLE somebody_else")
        .execute(&mut other)
        .await
        .unwrap();

    // An audit log that somebody has changed is not copied as if it were whole.
    let file = folder.join("data/fuseboard.db");
    let change = "DROP TRIGGER audit_is_not_changed; UPDATE audit SET target = 'x' WHERE n = 1";
    tokio::task::spawn_blocking(move || edit(&file, change))
        .await
        .unwrap();
    refused(1, "the audit log of the source is not as it was written").await;
    target.drop().await;
}
