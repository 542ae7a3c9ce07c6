//! What each tenant may send and store: who says it, what happens above it, and that others do not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use protocol::view::{AuditPage, MadeKey, Tenants};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use server::http::quota;
use store::Role;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::common::cli::{run, text};
use crate::common::people::member;
use crate::common::{TestServer, call, problem, urlencoded};

/// A change by a browser on our own page.
async fn send(server: &TestServer, verb: &str, path: &str, cookie: &str, body: Value) -> Response {
    let request = server.client.request(verb.parse().unwrap(), server.url(path));
    let request = request.header("origin", format!("http://{}", server.address));
    request.header("cookie", cookie).json(&body).send().await.unwrap()
}

/// Makes the tenant acme; returns a key of it that may send and look.
async fn acme(server: &TestServer) -> String {
    let made = send(
        server,
        "POST",
        "/api/v1/tenants",
        &server.cookie,
        json!({"slug": "acme"}),
    )
    .await;
    assert_eq!(made.status(), 201);
    let scopes = json!({"name": "acme's", "scopes": ["ingest:write", "metrics:read"]});
    let made = send(server, "POST", "/t/acme/api/v1/keys", &server.cookie, scopes).await;
    assert_eq!(made.status(), 201);
    made.json::<MadeKey>().await.unwrap().text
}

async fn give(server: &TestServer, tenant: &str, quota: Value) -> Response {
    send(
        server,
        "PATCH",
        &format!("/api/v1/tenants/{tenant}"),
        &server.cookie,
        quota,
    )
    .await
}

async fn push(client: &Client, url: &str, key: &str, body: String) -> Response {
    let request = client
        .post(url)
        .bearer_auth(key)
        .header("content-type", "application/json");
    request.body(body).send().await.unwrap()
}

fn batch(name: &str, events: usize) -> Value {
    json!(
        (0..events)
            .map(|n| call(&format!("{name}-{n}")))
            .collect::<Vec<_>>()
    )
}

fn limit<'a>(limits: &'a Value, name: &str) -> &'a Value {
    let items = limits["items"].as_array().unwrap();
    items.iter().find(|item| item["name"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_one_tenant_is_refused_and_the_other_does_not_notice() {
    let server = TestServer::start().await;
    let key = acme(&server).await;
    let given = give(&server, "acme", json!({"events_per_second": 50})).await;
    assert_eq!(given.status(), 204);
    let url = server.url("/api/v1/events");
    let flooding = Instant::now();
    let (refused, taken) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut flood = JoinSet::new();
    for sender in 0..4 {
        let (client, url, key) = (server.client.clone(), url.clone(), key.clone());
        let (refused, taken) = (Arc::clone(&refused), Arc::clone(&taken));
        flood.spawn(async move {
            let mut n = 0;
            while flooding.elapsed() < Duration::from_secs(4) {
                n += 1;
                let body = batch(&format!("{sender}-{n}"), 1_000).to_string();
                match push(&client, &url, &key, body).await.status().as_u16() {
                    200 => taken.fetch_add(1, Ordering::Relaxed),
                    429 => refused.fetch_add(1, Ordering::Relaxed),
                    other => panic!("{other}"),
                };
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
    }
    let mut pushed = 0;
    while flooding.elapsed() < Duration::from_secs(4) {
        let answer = server.accept(&batch(&format!("default-{pushed}"), 20)).await;
        assert_eq!(answer["accepted"], 20);
        pushed += 1;
    }
    flood.join_all().await;
    let (refused, taken) = (refused.load(Ordering::Relaxed), taken.load(Ordering::Relaxed));
    assert!(pushed > 5 && refused > 20, "{pushed} pushed, {refused} refused");
    // Whoever asked before the first was charged came in; then the debt of these is far from paid.
    assert!(
        (1..=8).contains(&taken),
        "{taken} batches of 1,000 at 50 events per second"
    );
    let last = push(&server.client, &url, &key, batch("last", 1).to_string()).await;
    assert!(last.headers().contains_key("retry-after"));
    let (status, body) = problem(last).await;
    assert_eq!(status, 429);
    assert!(body["type"].as_str().unwrap().ends_with(":over-quota"), "{body}");
    assert_eq!(
        (&body["quota"], &body["limit"]),
        (&json!("events_per_second"), &json!(50))
    );
    let limits: Value = server.read("/t/acme/api/v1/limits").await;
    let events = limit(&limits, "events_per_second");
    assert_eq!(
        (&events["cap"], &events["setting"]),
        (&json!(50), &json!("fuseboard tenants quota"))
    );
    let limits: Value = server.read("/api/v1/limits").await;
    let names: Vec<&Value> = limits["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["name"])
        .collect();
    assert!(!names.contains(&&json!("events_per_second")), "{names:?}");
    assert!(server.stop().await);
}

/// Text that does not pack.
fn noise(n: u64) -> String {
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = (0..12).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    });
    words.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stores_too_much_waits_and_loses_nothing() {
    let mut server = TestServer::start().await;
    let key = acme(&server).await;
    let url = server.url("/api/v1/events");
    let mut accepted = 0;
    let noisy = |part: u64| {
        let events = (0..5_000).map(|n| {
            let mut call = call(&format!("{part}-{n}"));
            call["error"] = noise(part * 10_000 + n).into();
            call["outcome"] = "server_error".into();
            call
        });
        Value::Array(events.collect()).to_string()
    };
    for part in 0..4 {
        let answer = push(&server.client, &url, &key, noisy(part)).await;
        assert_eq!(answer.status(), 200);
        accepted += answer.json::<Value>().await.unwrap()["accepted"]
            .as_u64()
            .unwrap();
    }
    let given = give(&server, "acme", json!({"stored_mib": 1})).await;
    assert_eq!(given.status(), 204);
    // What the task does every half a minute.
    quota::measure(server.shared()).await.unwrap();
    let refused = push(&server.client, &url, &key, batch("more", 1).to_string()).await;
    assert!(refused.headers().contains_key("retry-after"));
    let (status, body) = problem(refused).await;
    assert_eq!((status, &body["quota"]), (429, &json!("stored_bytes")), "{body}");
    let used = body["used"].as_u64().unwrap();
    assert!(body["limit"] == 1 << 20 && used > 1 << 20, "{body}");
    let detail = body["detail"].as_str().unwrap();
    assert!(detail.contains(" MiB and may store 1.0 MiB"), "{detail}");
    server.accept(&batch("default", 20)).await;
    let limits: Value = server.read("/t/acme/api/v1/limits").await;
    let stored = limit(&limits, "stored_bytes");
    assert_eq!((&stored["used"], &stored["cap"]), (&json!(used), &json!(1 << 20)));

    // All that was acknowledged is there, also for the next process, which refuses as well.
    server = server.restart().await;
    let query = "/t/acme/api/v1/query?metric=requests&from=now-1h&to=now&max_points=1";
    let asked: Value = server.read(query).await;
    let found = asked["series"][0]["points"][0][1].as_f64();
    assert_eq!(found, Some(accepted as f64), "{asked}");
    quota::measure(server.shared()).await.unwrap();
    let url = server.url("/api/v1/events");
    let again = push(&server.client, &url, &key, batch("more", 1).to_string()).await;
    assert_eq!(again.status(), 429);
    assert_eq!(
        give(&server, "acme", json!({"stored_mib": 0})).await.status(),
        204
    );
    let let_in = push(&server.client, &url, &key, batch("more", 1).to_string()).await;
    assert_eq!(
        let_in.json::<Value>().await.unwrap()["accepted"],
        1,
        "nothing of it was kept before"
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_of_series_folds_and_survives_a_restart() {
    let mut server = TestServer::start().await;
    acme(&server).await;
    assert_eq!(give(&server, "default", json!({"series": 3})).await.status(), 204);
    let models = |from: usize, to: usize| {
        let calls = (from..to).map(|n| {
            let mut call = call(&format!("m{n}"));
            call["model"] = format!("model-{n}").into();
            call
        });
        Value::Array(calls.collect())
    };
    server.accept(&models(0, 10)).await;
    let check = async |server: &TestServer, requests: f64| {
        let limits: Value = server.read("/api/v1/limits").await;
        let series = limit(&limits, "series");
        assert_eq!((&series["used"], &series["cap"]), (&json!(3), &json!(3)));
        assert_eq!(series["setting"], "fuseboard tenants quota");
        let other: Value = server.read("/t/acme/api/v1/limits").await;
        assert_eq!(limit(&other, "series")["cap"], 2_000);
        let query = "/api/v1/query?metric=requests&from=now-1h&to=now&max_points=1";
        let asked: Value = server.read(query).await;
        let found = asked["series"][0]["points"][0][1].as_f64();
        assert_eq!(found, Some(requests), "none is lost: {asked}");
    };
    check(&server, 10.0).await;
    server = server.restart().await;
    server.accept(&models(10, 20)).await;
    check(&server, 20.0).await;
    assert_eq!(
        give(&server, "default", json!({"series": null})).await.status(),
        204
    );
    server.accept(&models(20, 30)).await;
    let limits: Value = server.read("/api/v1/limits").await;
    assert_eq!(limit(&limits, "series")["used"], 13);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_are_the_installations_owners_to_give() {
    let server = TestServer::start().await;
    let key = acme(&server).await;
    let bo = member(server.running(), "bo", Role::Owner, "acme").await;
    let path = "/api/v1/tenants/acme";
    let wish = json!({"events_per_second": 7});
    assert_eq!(
        send(&server, "PATCH", path, &bo, wish.clone()).await.status(),
        403
    );
    let by_key = server
        .client
        .patch(server.url(path))
        .bearer_auth(&key)
        .json(&wish);
    assert_eq!(by_key.send().await.unwrap().status(), 403);
    assert_eq!(give(&server, "nobody", wish.clone()).await.status(), 404);
    for (body, field, says) in [
        (json!({}), "", "changes nothing"),
        (json!({"events": 7}), "events", "not a field"),
        (
            json!({"events_per_second": -1}),
            "events_per_second",
            "0 to 1000000",
        ),
        (json!({"series": 0}), "series", "1 to 50000"),
        (json!({"stored_mib": "much"}), "stored_mib", "0 to 1073741824"),
    ] {
        let (status, told) = problem(give(&server, "acme", body.clone()).await).await;
        assert_eq!((status, &told["field"]), (400, &json!(field)), "{body}: {told}");
        assert!(told["detail"].as_str().unwrap().contains(says), "{body}: {told}");
    }
    assert_eq!(give(&server, "acme", wish).await.status(), 204);
    assert_eq!(give(&server, "acme", json!({"series": 9})).await.status(), 204);
    let tenants: Tenants = server.read("/api/v1/tenants").await;
    let acme = tenants
        .tenants
        .iter()
        .find(|tenant| tenant.slug == "acme")
        .unwrap();
    assert_eq!(
        (
            acme.quota.events_per_second,
            acme.quota.series,
            acme.quota.stored_mib
        ),
        (Some(7), Some(9), None)
    );
    assert_eq!(
        (tenants.usual.events_per_second, tenants.usual.series),
        (Some(0), Some(2_000))
    );

    let log: AuditPage = server.read("/t/acme/api/v1/audit").await;
    let entries: Vec<(&str, &str)> = log
        .items
        .iter()
        .filter(|entry| entry.action == "tenant.quota")
        .map(|entry| (entry.target.as_str(), entry.detail.as_str()))
        .collect();
    assert_eq!(
        entries,
        [
            ("acme", "events per second 7, series 9, stored MiB as usual"),
            (
                "acme",
                "events per second 7, series as usual, stored MiB as usual"
            ),
        ]
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_tenants_shows_and_changes_quotas() {
    let server = TestServer::start().await;
    acme(&server).await;
    let page = server.html("/settings/tenants?quota=acme").await;
    assert!(
        page.contains("data-form=\"quota\"") && page.contains("of acme; an empty field is as usual"),
        "{page}"
    );
    assert!(page.contains("without limit"), "{page}");
    let form = async |fields: &[(&str, &str)]| {
        let all = [&[("do", "quota"), ("tenant", "acme")][..], fields].concat();
        let body = urlencoded(&all);
        let request = server.client.post(server.url("/settings/tenants"));
        let request = request
            .header("origin", format!("http://{}", server.address))
            .header("cookie", &server.cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send().await.unwrap()
    };
    let done = form(&[
        ("events_per_second", "1500"),
        ("series", ""),
        ("stored_mib", "2048"),
    ])
    .await;
    assert_eq!(done.status(), 303);
    let page = server.html("/settings/tenants?done=quota").await;
    assert!(
        page.contains("The quota holds from now on.") && !page.contains("data-form=\"quota\""),
        "{page}"
    );
    assert!(page.contains("1,500") && page.contains("2 GiB"), "{page}");
    let wrong = form(&[("events_per_second", "many"), ("series", "4"), ("stored_mib", "")]).await;
    assert_eq!(wrong.status(), 422);
    let page = wrong.text().await.unwrap();
    assert!(
        page.contains("must be a whole number of 0 to 1000000") && page.contains("value=\"many\""),
        "{page}"
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_gives_quotas_that_a_running_server_takes() {
    let server = TestServer::start().await;
    acme(&server).await;
    // The data is in the folder's `data`, where the program looks by itself.
    let fuseboard = |args: &[&str]| {
        let done = run(server.folder(), args);
        (done.status.code(), text(&[done.stdout, done.stderr].concat()))
    };
    let quota = ["tenants", "quota", "acme"];
    let (code, told) = fuseboard(&[&quota[..], &["--events-per-second", "9", "--series", "40"]].concat());
    assert_eq!(
        (code, told.as_str()),
        (
            Some(0),
            "acme  events per second 9, series 40, stored MiB as usual"
        )
    );
    let (_, told) = fuseboard(&[&quota[..], &["--series", "usual", "--json"]].concat());
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        told["quota"],
        json!({"events_per_second": 9, "series": null, "stored_mib": null})
    );
    let (_, all) = fuseboard(&["tenants", "list"]);
    assert!(
        all.contains("default  events per second as usual") && all.contains("acme  events per second 9"),
        "{all}"
    );
    for (args, wanted) in [
        (&["nobody", "--series", "4"][..], 1),
        (&["acme", "--series", "0"][..], 2),
        (&["Acme"][..], 2),
    ] {
        let (code, told) = fuseboard(&[&["tenants", "quota"][..], args].concat());
        assert_eq!(code, Some(wanted), "{told}");
    }
    let begun = Instant::now();
    loop {
        let limits: Value = server.read("/t/acme/api/v1/limits").await;
        if limits["items"][0]["cap"] == 9 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{limits}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let log: AuditPage = server.read("/t/acme/api/v1/audit").await;
    let by = log
        .items
        .iter()
        .find(|entry| entry.action == "tenant.quota")
        .unwrap();
    assert!(by.actor.starts_with("cli:"), "{by:?}");
    assert!(server.stop().await);
}
