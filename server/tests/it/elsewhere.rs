//! Alerts from elsewhere: bodies as Prometheus, an Alertmanager and Grafana document them, and what the Alertmanager's API
//! answers to its clients. Real programs send and ask in `elsewhere_real`.

use crate::common::{TestServer, cli, now};
use serde_json::{Value, json};
use store::Scope;

const PROMETHEUS: &str = "/am/api/v2/alerts";
const ALERTMANAGER: &str = "/api/v1/webhooks/alertmanager";
const GRAFANA: &str = "/api/v1/webhooks/grafana";

/// The status and what is said.
async fn said(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::from(text)))
}

async fn post(server: &TestServer, path: &str, key: &str, body: &Value) -> (u16, Value) {
    let request = server.client.post(server.url(path)).bearer_auth(key).json(body);
    said(request).await
}

async fn get(server: &TestServer, path: &str, key: &str) -> Value {
    let (status, told) = said(server.client.get(server.url(path)).bearer_auth(key)).await;
    assert_eq!(status, 200, "{path}: {told}");
    told
}

fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap().to_string()
}

/// What Prometheus posts each minute while a rule of its fires.
fn by_prometheus(name: &str, ends: i64) -> Value {
    json!({
        "annotations": { "summary": "p99 is 2.4 s", "description": "at checkout-7f", "runbook_url": "https://run.example/slow" },
        "endsAt": rfc3339(ends),
        "startsAt": rfc3339(now() - 300_000),
        "generatorURL": "http://prometheus:9090/graph?g0.expr=x&g0.tab=1",
        "labels": { "alertname": name, "instance": "10.0.0.7:9100", "severity": "page", "service": "checkout" },
    })
}

/// Version 4, as an Alertmanager sends it.
fn by_alertmanager(status: &str, ends: &str) -> Value {
    json!({
        "receiver": "fuseboard", "status": status, "notification_reason": "first",
        "alerts": [{
            "status": status,
            "labels": { "alertname": "DiskFull", "severity": "warning", "instance": "db-1" },
            "annotations": { "summary": "4% are left", "runbook": "javascript:alert(1)" },
            "startsAt": "2025-11-20T08:41:07.123Z", "endsAt": ends,
            "generatorURL": "javascript:alert(1)", "fingerprint": "a1b2c3d4e5f60718",
        }],
        "groupLabels": { "alertname": "DiskFull" }, "commonLabels": { "alertname": "DiskFull" },
        "commonAnnotations": {}, "externalURL": "http://alertmanager:9093",
        "version": "4", "groupKey": "{}:{alertname=\"DiskFull\"}", "truncatedAlerts": 0,
    })
}

/// Version 1, as Grafana's contact point sends it.
fn by_grafana(status: &str, ends: &str) -> Value {
    json!({
        "receiver": "ops", "status": status, "orgId": 1,
        "alerts": [{
            "status": status,
            "labels": { "alertname": "High memory", "grafana_folder": "payments", "zone": "eu-1" },
            "annotations": {},
            "startsAt": "2025-11-20T09:51:03.157076+02:00", "endsAt": ends,
            "generatorURL": "https://grafana.example/alerting/grafana/x/view?orgId=1", "fingerprint": "c6eadffa33fcdf37",
            "silenceURL": "https://grafana.example/alerting/silence/new", "dashboardURL": "", "panelURL": "",
            "values": { "B": 44.5, "C": 1 },
        }],
        "groupLabels": {}, "commonLabels": { "zone": "eu-1" }, "commonAnnotations": {},
        "externalURL": "https://grafana.example/", "version": "1", "groupKey": "{}:{}", "truncatedAlerts": 0,
        "title": "[FIRING:1]", "state": "alerting", "message": "**Firing**",
    })
}

const NEVER: &str = "0001-01-01T00:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn each_sender_has_its_own_words_and_the_same_life() {
    let server = TestServer::start().await;
    let writer = server.key_for(&[Scope::IngestWrite]).await;
    let (status, told) = post(
        &server,
        PROMETHEUS,
        &writer,
        &json!([by_prometheus("Slow", now() + 240_000)]),
    )
    .await;
    assert_eq!((status, told), (200, json!("")));
    let (status, told) = post(&server, ALERTMANAGER, &writer, &by_alertmanager("firing", NEVER)).await;
    assert_eq!((status, &told["raised"]), (200, &json!(1)), "{told}");
    let put = server.client.put(server.url(GRAFANA)).bearer_auth(&writer);
    let (status, told) = said(put.json(&by_grafana("firing", NEVER))).await;
    assert_eq!((status, &told["raised"]), (200, &json!(1)), "{told}");
    let (_, told) = post(&server, GRAFANA, &writer, &by_grafana("firing", NEVER)).await;
    assert_eq!((&told["raised"], &told["kept"]), (&json!(0), &json!(1)), "{told}");

    let list: Value = server.read("/api/v1/alerts").await;
    let found: Vec<[&str; 5]> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|alert| {
            ["source", "severity", "phase", "title", "summary"].map(|name| alert[name].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [
            [
                "prometheus",
                "critical",
                "firing",
                "Slow: checkout",
                "p99 is 2.4 s"
            ],
            [
                "alertmanager",
                "warning",
                "firing",
                "DiskFull: db-1",
                "4% are left"
            ],
            ["grafana", "warning", "firing", "High memory", "B = 44.5, C = 1"],
        ]
    );
    let disk = &list["items"][1];
    assert_eq!(
        (&disk["link"], &disk["runbook"]),
        (&Value::Null, &Value::Null),
        "no browser is led there"
    );
    assert_eq!(disk["since"], 1_763_628_067_123_i64);
    let of_grafana: Value = server
        .read("/api/v1/alerts?source=grafana,alertmanager&phase=firing")
        .await;
    assert_eq!(of_grafana["items"].as_array().unwrap().len(), 2);
    server.refusal("/api/v1/alerts?source=zabbix", 400).await;

    let page = server.html("/alerts?source=prometheus").await;
    assert!(
        page.contains("Slow: checkout") && !page.contains("DiskFull"),
        "{page}"
    );
    let page = server.html(&format!("/alerts/{}", list["items"][2]["id"])).await;
    for words in [
        "Prometheus via Alertmanager API",
        "at checkout-7f",
        "Where it was found",
        "https://run.example/slow",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let page = server.html("/alerts/elsewhere").await;
    let here = format!("http://{}/api/v1/webhooks/grafana", server.address);
    for words in ["path_prefix: /am", here.as_str(), "1 open"] {
        assert!(page.contains(words), "{words}: {page}");
    }

    // What was answered is there after a start, and its sender ends it.
    let server = server.restart().await;
    let list: Value = server.read("/api/v1/alerts?phase=firing").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    let over = rfc3339(now());
    let (_, told) = post(
        &server,
        ALERTMANAGER,
        &writer,
        &by_alertmanager("resolved", &over),
    )
    .await;
    assert_eq!(told["resolved"], 1, "{told}");
    let (_, told) = post(&server, GRAFANA, &writer, &by_grafana("resolved", &over)).await;
    assert_eq!(told["resolved"], 1, "{told}");
    let (status, _) = post(
        &server,
        PROMETHEUS,
        &writer,
        &json!([by_prometheus("Slow", now() - 1)]),
    )
    .await;
    assert_eq!(status, 200);
    let list: Value = server.read("/api/v1/alerts?phase=firing").await;
    assert_eq!(list["items"], json!([]));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_wrong_loses_none_of_the_others() {
    let server = TestServer::start().await;
    let writer = server.key_for(&[Scope::IngestWrite]).await;
    let mut nameless = by_prometheus("x", now() + 60_000);
    nameless["labels"] = json!({});
    let mut long = by_prometheus("y", now() + 60_000);
    long["labels"]["team"] = "t".repeat(1_025).into();
    let mut late = by_prometheus("z", now() + 60_000);
    late["startsAt"] = "yesterday".into();
    let all = json!([nameless, by_prometheus("Good", now() + 60_000), long, late, 7]);
    let (status, told) = post(&server, PROMETHEUS, &writer, &all).await;
    assert_eq!(status, 400);
    assert_eq!(
        told,
        "alerts[0].labels: must be 1 to 64, got 0; alerts[2].labels.team: must have 1 to 1024 characters, got 1025; \
         alerts[3].startsAt: must be a time as in RFC 3339, got `yesterday`; alerts[4]: must be an \
         object with `labels`",
        "a text of JSON, as an Alertmanager tells it"
    );
    let list: Value = server.read("/api/v1/alerts").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["rule_name"], "Good");

    let mut group = by_grafana("firing", NEVER);
    group["alerts"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "labels": { "a": "b" }, "status": "pending" }));
    let (status, told) = post(&server, GRAFANA, &writer, &group).await;
    assert_eq!(
        (status, &told["raised"], &told["refused_count"]),
        (200, &json!(1), &json!(1))
    );
    assert_eq!(
        told["refused"][0],
        json!({ "index": 1, "field": "status", "reason": "must be `firing` or `resolved`, got `pending`" })
    );
    for (path, body, why) in [
        (
            ALERTMANAGER,
            by_grafana("firing", NEVER),
            "version: must be \"4\", got `1` (Grafana sends to /api/v1/webhooks/grafana)",
        ),
        (
            GRAFANA,
            by_alertmanager("firing", NEVER),
            "version: must be \"1\", got `4` (an Alertmanager sends to /api/v1/webhooks/alertmanager)",
        ),
        (
            ALERTMANAGER,
            json!({ "text": "of one's own" }),
            "version: must be \"4\", got `nothing`",
        ),
        (
            ALERTMANAGER,
            json!({ "version": "4" }),
            "alerts: it is missing; a payload of one's own is not understood",
        ),
        (
            GRAFANA,
            json!({ "version": "1", "alerts": [{ "labels": {}, "status": "firing" }] }),
            "alerts[0].labels: must be 1 to 64, got 0",
        ),
    ] {
        let (status, told) = post(&server, path, &writer, &body).await;
        assert_eq!((status, &told["detail"]), (400, &json!(why)), "{path}");
    }
    let many: Vec<Value> = (0..2_001).map(|_| json!({ "labels": { "a": "b" } })).collect();
    let (status, told) = post(&server, PROMETHEUS, &writer, &Value::Array(many)).await;
    assert_eq!(
        (status, told),
        (
            400,
            json!("alerts: must be at most 2000 at a time, got 2001; nothing was taken")
        )
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_a_password_here_and_nowhere_else() {
    let server = TestServer::start().await;
    let writer = server.key_for(&[Scope::IngestWrite]).await;
    let reader = server.key_for(&[Scope::ApiRead]).await;
    let basic = |path: &str, key: &str| {
        let get = server.client.get(server.url(path));
        get.basic_auth("anybody", Some(key))
    };
    assert_eq!(said(basic("/am/api/v2/alerts", &reader)).await, (200, json!([])));
    assert_eq!(
        said(basic("/api/v1/alerts", &reader)).await.0,
        401,
        "elsewhere it is none"
    );
    let send = |key: &str, origin: Option<&str>| {
        let mut post = server
            .client
            .post(server.url(ALERTMANAGER))
            .basic_auth("", Some(key));
        if let Some(origin) = origin {
            post = post.header("origin", origin);
        }
        said(post.json(&by_alertmanager("firing", NEVER)))
    };
    assert_eq!(send(&writer, None).await.0, 200);
    assert_eq!(send(&reader, None).await.0, 403, "it looks and does not send");
    assert_eq!(
        send(&writer, Some("http://evil.example")).await.0,
        403,
        "a browser may send a password that nobody typed now"
    );
    let (status, told) = said(basic("/am/api/v2/alerts", &writer)).await;
    assert_eq!(
        (status, told),
        (403, json!("The key does not have the scope api:read."))
    );
    let (status, told) = said(basic("/am/api/v2/status", "fb_x")).await;
    assert_eq!(status, 401);
    assert!(told.as_str().unwrap().contains("not a Fuseboard key"), "{told}");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_an_alertmanager_read_and_silence() {
    let server = TestServer::start().await;
    let writer = server.key_for(&[Scope::IngestWrite]).await;
    let admin = server.key_for(&[Scope::ApiAdmin]).await;
    let reader = server.key_for(&[Scope::ApiRead]).await;
    let ends = (now() + 240_000) / 1_000 * 1_000;
    post(
        &server,
        PROMETHEUS,
        &writer,
        &json!([by_prometheus("Slow", ends)]),
    )
    .await;
    post(&server, GRAFANA, &writer, &by_grafana("firing", NEVER)).await;
    let all = get(&server, PROMETHEUS, &reader).await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    let slow = get(&server, "/am/api/v2/alerts?filter=alertname%3D%22Slow%22&filter=service%3D~chec.*&receiver=fuse.*&active=true", &reader).await;
    let [slow] = slow.as_array().unwrap().as_slice() else {
        panic!("{slow}")
    };
    assert_eq!(slow["endsAt"], rfc3339(ends));
    assert_eq!(slow["annotations"]["description"], "at checkout-7f");
    assert_eq!(
        slow["generatorURL"],
        "http://prometheus:9090/graph?g0.expr=x&g0.tab=1"
    );
    assert_eq!(
        slow["status"],
        json!({ "state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": [] })
    );
    for none in [
        "active=false",
        "receiver=email",
        "filter=alertname%3Dother",
        "receiver_matchers=team%3Dx",
    ] {
        assert_eq!(
            get(&server, &format!("{PROMETHEUS}?{none}"), &reader).await,
            json!([]),
            "{none}"
        );
    }
    for (query, why) in [
        ("active=maybe", "active: must be true or false"),
        ("filter=x", "filter: matchers: `x` has none of = != =~ !~"),
    ] {
        let request = server
            .client
            .get(server.url(&format!("{PROMETHEUS}?{query}")))
            .bearer_auth(&reader);
        assert_eq!(said(request).await, (400, json!(why)));
    }
    let groups = get(&server, "/am/api/v2/alerts/groups", &reader).await;
    assert_eq!(groups[1]["labels"], json!({ "alertname": "Slow" }));
    assert_eq!(
        get(&server, "/am/api/v2/receivers", &reader).await,
        json!([{ "name": "fuseboard" }])
    );
    let status = get(&server, "/am/api/v2/status", &reader).await;
    assert!(
        status["config"]["original"]
            .as_str()
            .unwrap()
            .contains("resolve_timeout: 5m")
    );

    let silence = json!({
        "matchers": [
            { "name": "alertname", "value": "Slow|Fast", "isRegex": true, "isEqual": true },
            { "name": "service", "value": "checkout", "isRegex": false },
        ],
        "startsAt": rfc3339(now() - 5_000), "endsAt": rfc3339(now() + 3_600_000),
        "createdBy": "ada", "comment": "known",
    });
    let silences = "/am/api/v2/silences";
    assert_eq!(post(&server, silences, &reader, &silence).await.0, 403);
    let (status, made) = post(&server, silences, &admin, &silence).await;
    assert_eq!(status, 200, "{made}");
    let id = made["silenceID"].as_str().unwrap();
    let hidden = get(&server, &format!("{PROMETHEUS}?active=false"), &reader).await;
    assert_eq!(hidden[0]["status"]["silencedBy"], json!([id]));
    assert_eq!(
        get(&server, &format!("{PROMETHEUS}?silenced=false"), &reader)
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let one = get(&server, &format!("/am/api/v2/silence/{id}"), &reader).await;
    assert_eq!(
        (&one["createdBy"], &one["status"]["state"]),
        (&json!("ada"), &json!("active"))
    );
    assert_eq!(
        one["matchers"][1],
        json!({ "name": "service", "value": "checkout", "isRegex": false, "isEqual": true })
    );
    let list: Value = server.read("/api/v1/silences").await;
    assert!(
        list["items"][0]["by"]["name"]
            .as_str()
            .unwrap()
            .starts_with("ada (key "),
        "{list}"
    );

    // With its id another takes its place.
    let mut longer = silence.clone();
    longer["id"] = id.into();
    longer["comment"] = "still".into();
    let (_, made) = post(&server, silences, &admin, &longer).await;
    let second = made["silenceID"].as_str().unwrap();
    assert_ne!(second, id);
    let states = get(
        &server,
        "/am/api/v2/silences?filter=service%3D%22checkout%22",
        &reader,
    )
    .await;
    let states: Vec<&str> = states
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["status"]["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["active", "expired"]);
    let expired = server
        .client
        .delete(server.url(&format!("/am/api/v2/silence/{second}")))
        .bearer_auth(&admin);
    assert_eq!(said(expired).await, (200, json!("")));
    let active = get(&server, &format!("{PROMETHEUS}?silenced=false"), &reader).await;
    assert_eq!(active.as_array().unwrap().len(), 2);

    for (field, value, why) in [
        ("matchers", json!([]), "matchers: must be 1 to 16, got 0"),
        (
            "comment",
            json!(""),
            "comment: must have 1 to 1024 characters, got 0",
        ),
        (
            "endsAt",
            json!(rfc3339(now() - 1_000)),
            "ends: must not have passed",
        ),
        (
            "endsAt",
            json!("soon"),
            "endsAt: must be a time as in RFC 3339, got `soon`",
        ),
        (
            "annotations",
            json!({ "ticket": "1" }),
            "annotations: Fuseboard's silences have none; say it in the comment",
        ),
    ] {
        let mut bad = silence.clone();
        bad[field] = value;
        assert_eq!(
            post(&server, silences, &admin, &bad).await,
            (400, json!(why)),
            "{field}"
        );
    }
    longer["id"] = "00000000-0000-8000-8000-0000000000ff".into();
    assert_eq!(post(&server, silences, &admin, &longer).await.0, 404);
    assert!(server.stop().await);
}

#[test]
fn the_terminal_names_who_found_it() {
    let folder = tempfile::tempdir().unwrap();
    let serving = cli::Serving::start(folder.path());
    let run = |words: &[&str]| {
        let mut all = vec![
            "alerts",
            words[0],
            "--url",
            serving.url.as_str(),
            "--key-file",
            "data/local.key",
        ];
        all.extend(&words[1..]);
        cli::run(folder.path(), &all)
    };
    let key = std::fs::read_to_string(folder.path().join("data/local.key")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let sent = runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let post = client
            .post(format!("{}{GRAFANA}", serving.url))
            .bearer_auth(key.trim());
        said(post.json(&by_grafana("firing", NEVER))).await
    });
    assert_eq!(sent.0, 200, "{}", sent.1);
    let listed = run(&["ls", "--source", "grafana"]);
    let text = cli::text(&listed.stdout);
    assert!(
        text.ends_with("High memory · B = 44.5, C = 1 · from grafana"),
        "{text} {}",
        cli::text(&listed.stderr)
    );
    assert_eq!(cli::text(&run(&["ls", "--source", "rule"]).stdout), "");
    let told = run(&["ls", "--json"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["items"][0]["source"], "grafana");
    let wrong = run(&["ls", "--source", "zabbix"]);
    assert_eq!(wrong.status.code(), Some(2), "wrong usage");
    assert!(
        cli::text(&wrong.stderr).contains("source: `zabbix` is none"),
        "{}",
        cli::text(&wrong.stderr)
    );
    let refused = run(&["ack", "1"]);
    assert_eq!(refused.status.code(), Some(1), "the key does not act");
    assert!(
        cli::text(&refused.stderr).contains("api:admin"),
        "{}",
        cli::text(&refused.stderr)
    );
    serving.stop();
}
