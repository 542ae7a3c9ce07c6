//! `GET /api/v1/query` and its pickers over a real socket.

use crate::common::TestServer;
use serde_json::{Value, json};
use server::lifecycle::Options;

async fn filled() -> TestServer {
    let server = TestServer::start().await;
    let call = |provider: &str, model: &str, outcome: &str, duration: u64| {
        json!({
            "type": "call", "provider": provider, "model": model, "service": "checkout", "outcome": outcome,
            "duration_ms": duration, "output_tokens": 10, "cost_usd": 0.25,
        })
    };
    let events = json!([
        call("openai", "gpt-5", "ok", 100),
        call("openai", "gpt-5", "ok", 300),
        call("openai", "meta/llama:70b", "timeout", 900),
        call("=cmd", "a,\"b\"", "ok", 50),
    ]);
    assert_eq!(server.accept(&events).await["accepted"], 4);
    server
}

async fn answer(server: &TestServer, query: &str) -> Value {
    let response = server
        .get(&format!("/api/v1/query?{query}"))
        .send()
        .await
        .unwrap();
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(status, 200, "{body}");
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_what_was_just_sent() {
    let server = filled().await;
    let found = answer(&server, "metric=requests&group_by=provider,model&max_points=1").await;
    assert_eq!(
        (found["unit"].as_str(), found["open"].as_bool()),
        (Some("count"), Some(true))
    );
    assert_eq!(found["group_by"], json!(["provider", "model"]));
    let groups: Vec<(&Value, &Value)> = found["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|series| (&series["group"]["model"], &series["points"][0][1]))
        .collect();
    assert_eq!(
        groups,
        [
            (&json!("a,\"b\""), &json!(1.0)),
            (&json!("gpt-5"), &json!(2.0)),
            (&json!("meta/llama:70b"), &json!(1.0)),
        ]
    );
    let found = answer(&server, "metric=latency_p100&filter=model:gpt-5&max_points=1").await;
    let slowest = found["series"][0]["points"][0][1].as_f64().unwrap();
    assert!((slowest - 300.0).abs() <= 3.0, "{slowest}");
    let found = answer(
        &server,
        "metric=attempt_success&filter=model:meta/llama:70b&max_points=1&compare=previous",
    )
    .await;
    assert_eq!(found["series"][0]["points"][0][1], json!(0.0));
    assert_eq!(found["previous"]["series"], json!([]));
    let found = answer(&server, "metric=cost&step=10s&from=now-5m").await;
    let points = found["series"][0]["points"].as_array().unwrap();
    let total: f64 = points.iter().filter_map(|point| point[1].as_f64()).sum();
    assert!(
        (total - 1.0).abs() < 1e-9 && points.len() >= 30,
        "{total} in {} points",
        points.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_and_ndjson() {
    let server = filled().await;
    let path = "/api/v1/query?metric=requests&group_by=provider,model&max_points=1";
    let response = server.get(&[path, "&format=csv"].concat()).send().await.unwrap();
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    let text = response.text().await.unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], "time,provider,model,requests");
    assert_eq!(lines.len(), 5, "{text}");
    let formula = lines.iter().find(|line| line.contains("cmd")).unwrap();
    assert!(formula.contains(",'=cmd,\"a,\"\"b\"\"\",1"), "{formula}");
    let response = server
        .get(path)
        .header("accept", "application/x-ndjson")
        .send()
        .await
        .unwrap();
    let text = response.text().await.unwrap();
    let rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 3);
    assert!(
        rows.iter()
            .all(|row| row["time"].is_i64() && row["group"]["provider"].is_string())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_told() {
    let server = filled().await;
    for (query, status, word) in [
        ("", 400, "metric"),
        ("metric=speed", 400, "`speed`"),
        ("metric=requests&group_by=colour", 400, "`colour`"),
        ("metric=requests&filter=colour:red", 400, "colour"),
        ("metric=requests&from=yesterday", 400, "from"),
        ("metric=requests&to=now-2h", 400, "from"),
        ("metric=requests&step=soon", 400, "step"),
        ("metric=requests&step=1m&max_points=4", 400, "max_points"),
        ("metric=requests&max_points=99999", 400, "11000"),
        ("metric=requests&compare=next", 400, "previous"),
        ("metric=requests&format=xml", 400, "csv"),
        ("metric=requests&fitler=a", 400, "fitler"),
        ("metric=latency_p95&group_by=outcome", 400, "outcome"),
        ("metric=requests&from=now-10d&step=10s", 422, "points"),
    ] {
        let response = server
            .get(&format!("/api/v1/query?{query}"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{query}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json",
            "{query}"
        );
        let problem: Value = response.json().await.unwrap();
        assert!(
            problem["detail"].as_str().unwrap().contains(word),
            "{query}: {problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pickers_know_what_there_is() {
    let server = filled().await;
    let known: Value = server
        .get("/api/v1/series")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(known["count"], 3);
    assert_eq!(known["dimensions"]["provider"], json!(["=cmd", "openai"]));
    assert_eq!(known["dimensions"]["service"], json!(["checkout"]));
    let metrics: Value = server
        .get("/api/v1/metrics")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    for metric in metrics["items"].as_array().unwrap() {
        let name = metric["name"].as_str().unwrap();
        answer(&server, &format!("metric={name}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_survives_a_restart() {
    let server = filled().await;
    let query = "metric=output_tokens&group_by=provider&max_points=1&from=now-1h";
    let values = |body: &Value| -> Vec<Value> {
        body["series"]
            .as_array()
            .unwrap()
            .iter()
            .map(|series| series["points"][0][1].clone())
            .collect()
    };
    let before = values(&answer(&server, query).await);
    assert!(server.shared().engine.compact().await);
    assert_eq!(values(&answer(&server, query).await), before);
    let server = server.restart().await;
    assert_eq!(values(&answer(&server, query).await), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_say_how_near_we_are() {
    let server = filled().await;
    assert!(server.shared().engine.compact().await);
    let limits: Value = server
        .get("/api/v1/limits")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let of = |name: &str| {
        let items = limits["items"].as_array().unwrap();
        items
            .iter()
            .find(|item| item["name"] == name)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(
        (&of("series")["used"], &of("series")["cap"]),
        (&json!(3), &json!(2_000))
    );
    for name in [
        "journal_bytes",
        "rung_10s_bytes",
        "rung_1m_bytes",
        "rung_1h_bytes",
        "rung_1d_bytes",
    ] {
        let limit = of(name);
        let (used, cap) = (limit["used"].as_u64().unwrap(), limit["cap"].as_u64().unwrap());
        assert!(used > 0 && used < cap, "{limit}");
        assert!(limit["oldest"].is_i64(), "{limit}");
    }
    assert_eq!(of("rung_1d_bytes")["kept_ms"], Value::Null, "for ever");
    assert_eq!(limits["folded_calls"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn transitions_are_listed_page_by_page() {
    let server = TestServer::start().await;
    let change = |instance: u32, to: &str| {
        json!({
            "type": "breaker", "breaker": "main", "provider": "openai", "service": "checkout", "to": to,
            "instance": format!("host-{instance}"), "reason": "tried",
        })
    };
    for to in ["closed", "open", "half_open"] {
        let events: Vec<Value> = (0..7).map(|instance| change(instance, to)).collect();
        server.accept(&json!(events)).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/api/v1/transitions?limit=4".to_owned());
    loop {
        let page: Value = server.get(&path).send().await.unwrap().json().await.unwrap();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 4);
        seen.extend(
            items
                .iter()
                .map(|item| (item["time"].as_i64().unwrap(), item["id"].as_u64().unwrap())),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/transitions?limit=4&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 21);
    assert!(
        seen.windows(2).all(|pair| pair[0] > pair[1]),
        "newest first, each once"
    );
    let get = async |path: &str| -> Value { server.get(path).send().await.unwrap().json().await.unwrap() };
    let one = get("/api/v1/transitions?filter=instance:host-3").await;
    let states: Vec<&str> = one["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["to"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["half_open", "open", "closed"]);
    let id = one["items"][0]["breaker_id"].as_str().unwrap();
    let of_breaker = get(&format!("/api/v1/breakers/{id}/transitions?limit=1000")).await;
    assert_eq!(of_breaker["items"].as_array().unwrap().len(), 21);
    assert_eq!(of_breaker["next"], Value::Null);
    let text = server
        .get("/api/v1/transitions?format=csv&limit=1")
        .send()
        .await
        .unwrap();
    assert!(text.headers().contains_key("x-next-cursor"));
    assert!(
        text.text()
            .await
            .unwrap()
            .starts_with("time,breaker,provider,service")
    );
    for (path, status) in [
        ("/api/v1/transitions?cursor=nonsense", 400),
        ("/api/v1/transitions?filter=model:x", 400),
        ("/api/v1/transitions?limit=1001", 400),
        ("/api/v1/breakers/nonsense/transitions", 404),
    ] {
        assert_eq!(server.get(path).send().await.unwrap().status(), status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_lines_are_refused_before_they_take_memory() {
    let server = TestServer::start().await;
    let call = |n: u32| json!({"type": "call", "provider": "p", "model": format!("m-{n}"), "outcome": "ok", "duration_ms": 1});
    let events: Vec<Value> = (0..201).map(call).collect();
    server.accept(&json!(events)).await;
    for query in [
        "metric=requests&group_by=model",
        "metric=latency_p95&group_by=model&max_points=1",
        "metric=outcomes&group_by=model",
    ] {
        let response = server
            .get(&format!("/api/v1/query?{query}"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 422, "{query}");
        let problem: Value = response.json().await.unwrap();
        assert!(
            problem["detail"].as_str().unwrap().contains("at most 200"),
            "{problem}"
        );
    }
    let few = answer(&server, "metric=requests&group_by=model&filter=model:~m-10").await;
    assert_eq!(few["series"].as_array().unwrap().len(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_real_can_be_left_out() {
    let server = TestServer::start().await;
    let call = |kind: &str, attempt: u8, outcome: &str, cost: f64| {
        json!({
            "type": "call", "provider": "openai", "model": "m", "outcome": outcome, "attempt": attempt,
            "duration_ms": 100, "cost_usd": cost, "labels": {"fuseboard.kind": kind},
        })
    };
    let events = json!([
        call("real", 1, "timeout", 0.5),
        call("real", 2, "ok", 0.25),
        call("real", 1, "cancelled", 0.125),
        call("drill", 1, "timeout", 64.0),
        call("simulated", 2, "ok", 32.0),
    ]);
    assert_eq!(server.accept(&events).await["accepted"], 5);
    for (metric, all, real) in [
        ("cost", 96.875, 0.875),
        ("failed_cost", 64.625, 0.625),
        ("retry_cost", 32.25, 0.25),
        ("neutral", 1.0, 1.0),
        ("requests", 3.0, 2.0),
    ] {
        for (counting, expected) in [("", all), ("&counting=1", real), ("&filter=kind:%22%22", real)] {
            let query = format!("metric={metric}&max_points=1{counting}");
            let found = answer(&server, &query).await;
            let value = found["series"][0]["points"][0][1].as_f64().unwrap();
            assert!((value - expected).abs() < 1e-9, "{query}: {value}");
        }
    }
    let found = answer(&server, "metric=requests&group_by=kind&max_points=1").await;
    let kinds: Vec<&Value> = found["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|series| &series["group"]["kind"])
        .collect();
    assert_eq!(kinds, ["", "drill", "simulated"]);
    let calls: Value = server.read("/api/v1/calls?filter=kind:drill").await;
    assert_eq!(calls["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_that_are_kept_are_dimensions() {
    let configured = "[series]\nkept_labels = [\"team\", \"region\"]\n";
    let server = TestServer::start_configured(configured, Options::default()).await;
    let call = |labels: Value| json!({"type": "call", "provider": "openai", "model": "m", "outcome": "ok", "duration_ms": 100, "labels": labels});
    let events = json!([
        call(json!({"team": "payments", "region": "eu", "user": "u1"})),
        call(json!({"team": "payments", "region": 7})),
        call(json!({"team": "=search"})),
        call(json!({})),
    ]);
    assert_eq!(server.accept(&events).await["accepted"], 4);
    let by_team = "metric=requests&group_by=label.team&max_points=1";
    let sums = |found: &Value| -> Vec<(String, Value)> {
        let series = found["series"].as_array().unwrap().iter();
        let one = |series: &Value| {
            let team = series["group"]["label.team"].as_str().unwrap().to_owned();
            (team, series["points"][0][1].clone())
        };
        series.map(one).collect()
    };
    let expected = [("", 1.0), ("=search", 1.0), ("payments", 2.0)]
        .map(|(team, sum)| (team.to_owned(), json!(sum)))
        .to_vec();
    assert_eq!(sums(&answer(&server, by_team).await), expected);
    let filtered = answer(&server, &[by_team, "&filter=label.region:7"].concat()).await;
    assert_eq!(sums(&filtered), [("payments".to_owned(), json!(1.0))]);

    let csv = server.get(&["/api/v1/query?", by_team, "&format=csv"].concat());
    let text = csv.send().await.unwrap().text().await.unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], "time,label.team,requests");
    assert!(lines.iter().any(|line| line.ends_with(",'=search,1")), "{text}");
    let ndjson = server.get(&["/api/v1/query?", by_team, "&format=ndjson"].concat());
    let text = ndjson.send().await.unwrap().text().await.unwrap();
    assert!(text.contains(r#""group":{"label.team":"payments"}"#), "{text}");

    let series: Value = server.read("/api/v1/series").await;
    assert_eq!(series["kept_labels"], json!(["region", "team"]));
    assert_eq!(series["dimensions"]["label.team"], json!(["=search", "payments"]));
    assert_eq!(series["dimensions"]["label.region"], json!(["7", "eu"]));
    let metrics: Value = server.read("/api/v1/metrics").await;
    let dimensions = |name: &str| {
        let items = metrics["items"].as_array().unwrap();
        let found = items.iter().find(|item| item["name"] == name).unwrap();
        found["group_by"].to_string()
    };
    assert!(dimensions("requests").ends_with(r#""outcome","label.region","label.team"]"#));
    assert!(!dimensions("openings").contains("label."));
    let limits: Value = server.read("/api/v1/limits").await;
    let limit = |name: &str| {
        let items = limits["items"].as_array().unwrap();
        let found = items.iter().find(|item| item["name"] == name).unwrap();
        (
            found["used"].clone(),
            found["cap"].clone(),
            found["folded_calls"].clone(),
        )
    };
    assert_eq!(limit("kept_labels"), (json!(2), json!(4), Value::Null));
    assert_eq!(limit("label_values.team"), (json!(2), json!(200), json!(0)));

    for (query, words) in [
        (
            "group_by=label.user",
            "group_by: the label `user` is not kept; those are region, team, and the setting series.kept_labels",
        ),
        ("filter=label.user:u1", "filter: the label `user` is not kept"),
    ] {
        let response = server
            .get(&["/api/v1/query?metric=requests&", query].concat())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 400, "{query}");
        let problem: Value = response.json().await.unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
    let calls: Value = server.read("/api/v1/calls?filter=label.user:u1").await;
    assert_eq!(calls["items"].as_array().unwrap().len(), 1, "{calls}");

    let server = server.restart().await;
    assert_eq!(sums(&answer(&server, by_team).await), expected);
    assert!(server.stop().await);
}
