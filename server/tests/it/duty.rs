//! People on call: over JSON, by forms, and at the foot of every page.

use serde_json::{Value, json};
use store::{AuditEntry, Role, Tenant, TenantId};

use crate::common::hands::{self, form, send as ask, send_with};
use crate::common::people::member;
use crate::common::{TestServer, call, now};

const HOUR: i64 = 3_600_000;

/// A page that is there.
async fn page(server: &TestServer, path: &str, cookie: &str) -> String {
    let (status, html) = hands::page(server, path, cookie).await;
    assert_eq!(status, 200, "{path}");
    html
}

fn primary(people: &[u64]) -> Value {
    json!({
        "name": "Primary",
        "zone": "Europe/Berlin",
        "layers": [{ "people": people, "starts": "2025-01-06T09:00", "every": 1, "unit": "weeks" }],
    })
}

/// Two people without channels, and a schedule on which they take turns.
async fn staffed(server: &TestServer) {
    for name in ["Ada", "Bob"] {
        let (status, made) = ask(
            server,
            "POST",
            "/api/v1/responders",
            &server.cookie,
            json!({ "name": name }),
        )
        .await;
        assert_eq!(status, 201, "{made}");
    }
    let (status, made) = ask(
        server,
        "POST",
        "/api/v1/schedules",
        &server.cookie,
        primary(&[1, 2]),
    )
    .await;
    assert_eq!(
        (status, &made["id"], &made["version"]),
        (201, &json!(1), &json!(1)),
        "{made}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_kept_with_versions_and_name_what_is_wrong() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    staffed(&server).await;
    let wrong = [
        (
            "/api/v1/responders",
            json!({ "name": "Eve", "channels": [7] }),
            "channels",
        ),
        ("/api/v1/responders", json!({ "name": " " }), "name"),
        (
            "/api/v1/responders",
            json!({ "name": "Eve", "account": "id-nobody" }),
            "account",
        ),
        (
            "/api/v1/schedules",
            json!({ "name": "x", "zone": "Mars/Olympus", "layers": [] }),
            "zone",
        ),
        (
            "/api/v1/schedules",
            json!({ "name": "x", "zone": "UTC", "layers": [] }),
            "layers",
        ),
        (
            "/api/v1/schedules",
            json!({ "name": "x", "zone": "UTC", "layers": [{ "people": [9], "starts": "2025-01-06T09:00", "every": 1, "unit": "weeks" }] }),
            "layers[0].people",
        ),
        (
            "/api/v1/schedules",
            json!({ "name": "x", "zone": "UTC", "layers": [{ "people": [1], "starts": "soon", "every": 1, "unit": "weeks" }] }),
            "layers[0].starts",
        ),
        (
            "/api/v1/schedules",
            json!({ "name": "x", "zone": "UTC", "layers": [{ "people": [1], "starts": "2025-01-06T09:00", "every": 1, "unit": "weeks",
                "hours": [{ "days": ["mon"], "from": "8", "to": "20:00" }] }] }),
            "layers[0].hours.from",
        ),
        (
            "/api/v1/escalations",
            json!({ "name": "x", "steps": [] }),
            "steps",
        ),
        (
            "/api/v1/escalations",
            json!({ "name": "x", "steps": [{ "tell": { "schedules": [4] } }] }),
            "steps[0].tell.schedules",
        ),
        (
            "/api/v1/escalations",
            json!({ "name": "x", "steps": [{ "tell": { "schedules": [1] } }], "repeat": 10, "again_after_ms": 60_000 }),
            "repeat",
        ),
    ];
    for (path, body, field) in wrong {
        let (status, told) = ask(&server, "POST", path, &owner, body.clone()).await;
        assert_eq!((status, &told["field"]), (400, &json!(field)), "{body} {told}");
    }

    let mut another = primary(&[2]);
    another["name"] = json!("Primary 2");
    let put = ("PUT", "/api/v1/schedules/1");
    let (status, _) = send_with(&server, put.0, put.1, &owner, another.clone(), Some("\"7\"")).await;
    assert_eq!(status, 412);
    let (status, changed) = send_with(&server, put.0, put.1, &owner, another, Some("\"1\"")).await;
    assert_eq!((status, &changed["version"]), (200, &json!(2)), "{changed}");
    let (status, _) = ask(&server, "DELETE", "/api/v1/responders/2", &owner, Value::Null).await;
    assert_eq!(status, 409, "a schedule needs them");
    let (status, _) = ask(&server, "DELETE", "/api/v1/responders/1", &owner, Value::Null).await;
    assert_eq!(status, 204);
    let (status, _) = ask(&server, "GET", "/api/v1/schedules/9", &owner, Value::Null).await;
    assert_eq!(status, 404);
    let log: Value = {
        let request = server.client.get(server.url("/api/v1/audit?action=schedule"));
        request
            .header("cookie", &owner)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    };
    let actions: Vec<&str> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["schedule.change", "schedule.create"]);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_takes_a_shift_and_a_viewer_looks() {
    let server = TestServer::start().await;
    staffed(&server).await;
    let carol = member(server.running(), "carol", Role::Operator, "default").await;
    let eve = member(server.running(), "eve", Role::Viewer, "default").await;
    let overrides = "/api/v1/schedules/1/overrides";
    let from = now();
    let shift = json!({ "from": from, "to": from + HOUR });
    let (status, _) = ask(&server, "POST", overrides, &eve, shift.clone()).await;
    assert_eq!(status, 403);
    let (status, told) = ask(&server, "POST", overrides, &carol, shift.clone()).await;
    assert_eq!(
        (status, &told["field"]),
        (400, &json!("responder")),
        "nobody knows how to tell her: {told}"
    );
    let (status, own) = ask(
        &server,
        "PUT",
        "/api/v1/responders/me",
        &carol,
        json!({ "channels": [] }),
    )
    .await;
    assert_eq!(
        (status, &own["name"], &own["account"]),
        (200, &json!("carol"), &json!("id-carol")),
        "{own}"
    );
    let (status, told) = ask(&server, "POST", overrides, &carol, shift).await;
    assert_eq!(status, 200, "{told}");
    let now_on: Value = server.read("/api/v1/oncall").await;
    assert_eq!(now_on["items"][0]["name"], "carol");
    assert_eq!(now_on["items"][0]["until"], from + HOUR);

    let path = format!(
        "/api/v1/schedules/1/shifts?from={}&to={}",
        from - HOUR,
        from + 400 * HOUR
    );
    let shifts: Value = server.read(&path).await;
    let shifts = shifts["items"].as_array().unwrap();
    assert_eq!(shifts[0]["from"], from - HOUR);
    assert_eq!(shifts.last().unwrap()["to"], from + 400 * HOUR);
    for pair in shifts.windows(2) {
        assert_eq!(pair[0]["to"], pair[1]["from"], "no gap");
    }
    assert!(
        shifts
            .iter()
            .any(|shift| shift["taken"] == json!(0) && shift["name"] == "carol")
    );

    // A board that has heard nothing says how to begin, and has no rail.
    server.accept(&call("a")).await;
    for path in [
        "/alerts/schedules",
        "/alerts/schedules/1",
        "/settings",
        "/alerts",
        "/alerts/rail",
        "/",
    ] {
        let html = page(&server, path, &eve).await;
        assert!(html.contains("On call") && html.contains("carol"), "{path}");
    }
    let looked = page(&server, "/alerts/schedules/1", &eve).await;
    assert!(!looked.contains("I take this shift") && looked.contains("Europe/Berlin"));
    let (status, _) = ask(
        &server,
        "DELETE",
        &format!("{overrides}?responder=3&from={from}&to={}", from + HOUR),
        &carol,
        Value::Null,
    )
    .await;
    assert_eq!(status, 200);
    let now_on: Value = server.read("/api/v1/oncall").await;
    assert_ne!(now_on["items"][0]["name"], "carol");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_on_call_for_themselves() {
    let server = TestServer::start().await;
    staffed(&server).await;
    let people = &server.shared().people;
    let acme = Tenant {
        id: TenantId::parse("acme").unwrap(),
        name: "Acme".into(),
        created: 0,
    };
    let owner = "id-owner";
    let made = people
        .accounts
        .create_tenant(&people.system, acme, owner, AuditEntry::default());
    made.await.unwrap();
    let zoe = member(server.running(), "zoe", Role::Admin, "acme").await;
    let (status, list) = ask(&server, "GET", "/t/acme/api/v1/schedules", &zoe, Value::Null).await;
    assert_eq!((status, &list["items"]), (200, &json!([])));
    let (status, _) = ask(&server, "GET", "/t/acme/api/v1/schedules/1", &zoe, Value::Null).await;
    assert_eq!(status, 404);
    let (status, told) = ask(&server, "POST", "/t/acme/api/v1/schedules", &zoe, primary(&[1])).await;
    assert_eq!(
        (status, &told["field"]),
        (400, &json!("layers[0].people")),
        "others’ people: {told}"
    );
    let html = page(&server, "/t/acme/alerts/schedules", &zoe).await;
    assert!(html.contains("Nobody is on call."), "an empty page says so");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_do_what_the_requests_do() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    let person = [("do", "person"), ("name", "Ada"), ("account", "")];
    let (status, to, _) = form(&server, "/alerts/schedules", &owner, &person).await;
    assert_eq!((status, to.as_str()), (303, "/alerts/schedules"));
    let mut fields = vec![
        ("do", "schedule"),
        ("name", "Nights"),
        ("zone", "Europe/Berlin"),
        ("about", ""),
        ("layers.0.people", "ada, nobody"),
        ("layers.0.starts", "2025-01-06T20:00"),
        ("layers.0.name", ""),
        ("layers.0.every", "1"),
        ("layers.0.unit", "days"),
        ("layers.0.hours.0.days", "mon"),
        ("layers.0.hours.0.days", "tue"),
        ("layers.0.hours.0.from", "20:00"),
        ("layers.0.hours.0.to", "08:00"),
        ("layers.1.people", ""),
        ("layers.1.starts", "2025-01-06T09:00"),
        ("layers.1.every", "1"),
        ("layers.1.unit", "weeks"),
    ];
    let (status, _, html) = form(&server, "/alerts/schedules", &owner, &fields).await;
    assert_eq!(status, 422);
    assert!(
        html.contains("there is nobody named nobody") && html.contains("ada, nobody"),
        "what was sent is kept"
    );
    fields[4].1 = "ada";
    let (status, to, _) = form(&server, "/alerts/schedules", &owner, &fields).await;
    assert_eq!((status, to.as_str()), (303, "/alerts/schedules/1"));
    let made: Value = server.read("/api/v1/schedules/1").await;
    assert_eq!(
        made["layers"],
        json!([{ "name": "", "people": [1], "starts": "2025-01-06T20:00", "every": 1, "unit": "days",
            "hours": [{ "days": ["mon", "tue"], "from": "20:00", "to": "08:00" }] }])
    );
    let taken = [
        ("do", "take"),
        ("responder", "1"),
        ("from", "2030-01-01T09:00"),
        ("to", "2030-01-01T08:00"),
    ];
    let (status, _, html) = form(&server, "/alerts/schedules/1", &owner, &taken).await;
    assert_eq!(status, 422);
    assert!(html.contains("must be after from"), "the field and the limit");
    let taken = [
        ("do", "take"),
        ("responder", "1"),
        ("from", "2030-07-01T09:00"),
        ("to", "2030-07-01T10:00"),
    ];
    let (status, _, _) = form(&server, "/alerts/schedules/1", &owner, &taken).await;
    assert_eq!(status, 303);
    let made: Value = server.read("/api/v1/schedules/1").await;
    // 9:00 in Berlin in summer.
    assert_eq!(made["overrides"][0]["from"], 1_909_119_600_000_i64);

    let policy = [
        ("do", "save"),
        ("name", "Nights"),
        ("about", ""),
        ("steps.0.after", "5"),
        ("steps.0.tell", "schedule:1"),
        ("steps.1.after", "10"),
        ("steps.1.tell", "responder:1"),
        ("steps.2.after", "15"),
        ("repeat", "1"),
        ("again", "20"),
        ("default", "yes"),
    ];
    let (status, to, html) = form(&server, "/alerts/escalations", &owner, &policy).await;
    assert_eq!((status, to.as_str()), (303, "/alerts/escalations"), "{html}");
    let made: Value = server.read("/api/v1/escalations/1").await;
    assert_eq!(
        made["steps"].as_array().unwrap().len(),
        2,
        "a step that tells nobody is left out"
    );
    let html = page(&server, "/alerts/escalations", &owner).await;
    assert!(html.contains("When nobody has taken it for 5 min, it tells whoever is on call of Nights."));
    assert!(html.contains("After that it begins anew once more, each time after 20 min."));

    // Rules as a file name their policy, and come back as they were.
    let rules: Value = server.read("/api/v1/rules").await;
    let first = &rules["items"][0];
    let mut doc = first["rule"].clone();
    doc["escalation"] = json!("Nights");
    let path = format!("/api/v1/rules/{}", first["id"]);
    let (status, told) = ask(&server, "PUT", &path, &owner, doc).await;
    assert_eq!(status, 200, "{told}");
    let file = server
        .client
        .get(server.url("/api/v1/rules/export"))
        .header("cookie", &owner);
    let yaml = file.send().await.unwrap().text().await.unwrap();
    assert_eq!(yaml.matches("escalation: Nights").count(), 1, "{yaml}");
    let import = |yaml: String| {
        ask(
            &server,
            "POST",
            "/api/v1/rules/import",
            &owner,
            json!({ "yaml": yaml }),
        )
    };
    let (status, told) = import(yaml.clone()).await;
    assert_eq!((status, &told["unchanged"]), (200, &json!(8)), "{told}");
    let (status, told) = import(yaml.replace("escalation: Nights", "escalation: Days")).await;
    assert_eq!(status, 400);
    assert!(
        told["detail"]
            .as_str()
            .unwrap()
            .contains("there is none named `Days`"),
        "{told}"
    );
    assert!(server.stop().await);
}
