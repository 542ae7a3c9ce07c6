//! The authorisation matrix: every route × everybody who could ask × own, foreign and missing tenants and objects, on both
//! databases. What must come out is worked out here from the policy that the route declares, not from the code that
//! enforces it.

#![expect(clippy::print_stdout, reason = "the number of cells is part of the proof")]

use crate::common::people::member;
use crate::common::postgres;
use crate::common::{Said, TestServer};
use crate::sharing;
use protocol::ServerFrame;
use reqwest::header::LOCATION;
use serde_json::{Value, json};
use server::auth::{self, NewKey, create_key};
use server::edge::Policy;
use server::http::{ROUTES, Route};
use server::lifecycle::Options;
use store::{AuditEntry, Role, Scope, Tenant, TenantId};
use tokio_tungstenite::tungstenite::Error;

/// Somebody, or a program.
struct Principal {
    name: String,
    shows: Shows,
    /// Whose member, or whose key, it is now; nobody's when it does not count any more.
    of: Option<(&'static str, May)>,
}

enum Shows {
    Nothing,
    Cookie(String),
    Key(String),
}

#[derive(Clone, Copy)]
enum May {
    Be(Role),
    Do(Scope),
}

/// What an answer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The handler answered, and it has what was asked for.
    In,
    /// Sent to the door.
    Door,
    /// 401.
    Unknown,
    /// 403.
    Forbidden,
    /// 404.
    Nothing,
}

/// Ids of a breaker, a provider, a key and a member of a tenant.
struct Objects {
    breaker: String,
    provider: String,
    key: String,
    account: &'static str,
    /// Of a link.
    token: String,
    /// A page for the public.
    page: &'static str,
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_is_declared_on_sqlite() {
    prove("sqlite", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_is_declared_on_postgres() {
    let Some(database) = postgres::create().await else {
        println!("SKIPPED: FUSEBOARD_TEST_POSTGRES names no server; `cargo xtask test` provides one");
        return;
    };
    prove("postgres", &format!("[database]\nurl = \"{}\"\n", database.url)).await;
    database.drop().await;
}

async fn prove(name: &str, toml: &str) {
    let server = TestServer::start_configured(toml, Options::default()).await;
    make_acme(&server).await;
    let principals = principals(&server).await;
    let own = fill(&server, "default", "openai").await;
    let foreign = fill(&server, "acme", "anthropic").await;
    let mut wrong = Vec::new();
    let mut cells = 0;
    for route in ROUTES.iter() {
        let tenants: &[&str] = match route.path.contains("{slug}") {
            true => &["default", "acme", "missing"],
            false => &[""],
        };
        for tenant in tenants {
            for principal in &principals {
                for (verb, object) in asked(route) {
                    let objects = match object {
                        "default" => Some(&own),
                        "acme" => Some(&foreign),
                        _ => None,
                    };
                    let path = filled(route.path, tenant, objects);
                    let got = ask(&server, route.policy, verb, &path, principal).await;
                    let must = expected(route, verb, principal, tenant, object);
                    cells += 1;
                    if got != must {
                        wrong.push(format!(
                            "{verb} {path} as {}: {got:?}, must be {must:?}",
                            principal.name
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {cells}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!(
        "{name}: {cells} cells, {} routes, {} principals: all as declared",
        ROUTES.len(),
        principals.len()
    );
    assert!(server.stop().await);
}

/// With which methods a route is asked, and for whose objects. Forms at the door have tests of their own: to send one
/// would end the session that asks. Members are sent away in the tests of people: here the next who asks would find
/// nobody.
fn asked(route: &Route) -> Vec<(&'static str, &'static str)> {
    let objects: &[&str] = match names_object(route.path) {
        true => &["default", "acme", "missing"],
        false => &["default"],
    };
    let verbs = route.verbs.iter().copied();
    let verbs = verbs.filter(|verb| route.policy != Policy::Door || *verb == "GET");
    let all = verbs.flat_map(|verb| objects.iter().map(move |object| (verb, *object)));
    let sends_away = |verb: &str| verb == "DELETE" && route.path.contains("{account}");
    all.filter(|(verb, object)| !sends_away(verb) || *object == "missing")
        .collect()
}

/// Whether the address names something that belongs to a tenant.
fn names_object(path: &str) -> bool {
    ["{id}", "{key}", "{account}", "{token}", "{page}"]
        .iter()
        .any(|name| path.contains(name))
        || names_nothing(path)
}

/// Whether the address names something of which there is none.
fn names_nothing(path: &str) -> bool {
    [
        "{invitation}",
        "{session}",
        "{alert}",
        "{rule}",
        "{silence}",
        "{schedule}",
        "{kpi}",
        "{slo}",
        "{escalation}",
        "{price_list}",
        "{invoice}",
        "{responder}",
        "{correction}",
        "{channel}",
        "{delivery}",
        "{share}",
        "{status_page}",
    ]
    .iter()
    .any(|name| path.contains(name))
}

/// Only what the table says: the router names the methods that it takes in its answer to another one.
#[tokio::test(flavor = "multi_thread")]
async fn routes_take_the_methods_that_they_declare() {
    let server = TestServer::start().await;
    for route in ROUTES.iter() {
        let url = server.url(&filled(route.path, "default", None));
        let answer = server
            .client
            .request("TRACE".parse().unwrap(), url)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 405, "{}", route.path);
        let allowed = answer.headers()["allow"].to_str().unwrap().to_owned();
        let mut allowed: Vec<&str> = allowed.split(',').filter(|verb| *verb != "HEAD").collect();
        let alike = ROUTES.iter().filter(|other| other.path == route.path);
        let mut declared: Vec<&str> = alike.flat_map(|other| other.verbs).copied().collect();
        allowed.sort_unstable();
        declared.sort_unstable();
        assert_eq!(allowed, declared, "{}", route.path);
    }
    assert!(server.stop().await);
}

/// What must come out.
fn expected(route: &Route, verb: &str, principal: &Principal, tenant: &str, object: &str) -> Outcome {
    let (policy, path) = (route.policy, route.path);
    let with_key = matches!(principal.shows, Shows::Key(_));
    match policy {
        // Whoever asks: what counts is the address.
        Policy::Shared | Policy::Public if object == "missing" => return Outcome::Nothing,
        Policy::Shared | Policy::Public => return Outcome::In,
        Policy::Probe | Policy::Asset | Policy::Door => return Outcome::In,
        // Neither a cookie nor a key is a signature.
        Policy::Signed => return Outcome::Unknown,
        Policy::Ingest if !with_key => return Outcome::Unknown,
        _ => {}
    }
    let Some((home, may)) = principal.of else {
        return match policy {
            // Who is signed in, but a member of nothing, is told that there is nothing.
            _ if principal.name == "member of nothing" => Outcome::Nothing,
            policy if policy.is_page() && !with_key => Outcome::Door,
            _ => Outcome::Unknown,
        };
    };
    let addressed = if tenant.is_empty() { home } else { tenant };
    let is_there = addressed == home;
    // A change that says nothing is answered before anything is looked for. Invitations and other sessions there are none.
    let says_nothing = verb == "PATCH";
    let object_is_there =
        says_nothing || !names_object(path) || (object == addressed && !names_nothing(path));
    match may {
        May::Do(scope) => {
            let wanted = match policy {
                Policy::Page | Policy::Read | Policy::Socket => Scope::MetricsRead,
                Policy::ReadApi => Scope::ApiRead,
                Policy::Ingest => Scope::IngestWrite,
                Policy::Admin | Policy::Operate => Scope::ApiAdmin,
                _ => return Outcome::Forbidden,
            };
            // Each of these may do what the ones before it may; to send events is apart.
            let ladder = [Scope::MetricsRead, Scope::ApiRead, Scope::ApiAdmin];
            let rung = |scope| ladder.iter().position(|rung| *rung == scope);
            let may = match (rung(scope), rung(wanted)) {
                (Some(own), Some(least)) => own >= least,
                _ => scope == wanted,
            };
            match (may, is_there && object_is_there) {
                (false, _) => Outcome::Forbidden,
                (true, false) => Outcome::Nothing,
                (true, true) => Outcome::In,
            }
        }
        May::Be(_) if !is_there => Outcome::Nothing,
        May::Be(role) => {
            let enough = match policy {
                Policy::Operate | Policy::OperatePage => role >= Role::Operator,
                Policy::Admin | Policy::AdminPage => role >= Role::Admin,
                Policy::Platform | Policy::PlatformPage => principal.name == "owner",
                _ => true,
            };
            match (enough, object_is_there) {
                (false, _) => Outcome::Forbidden,
                (true, false) => Outcome::Nothing,
                (true, true) => Outcome::In,
            }
        }
    }
}

async fn ask(server: &TestServer, policy: Policy, verb: &str, path: &str, principal: &Principal) -> Outcome {
    if policy == Policy::Socket {
        return open(server, path, principal).await;
    }
    let url = server.url(path);
    let mut request = server.client.request(verb.parse().unwrap(), url);
    if verb != "GET" {
        let body = if policy == Policy::Ingest { "[]" } else { "{}" };
        let (kind, body) = match policy.is_page() {
            true => ("application/x-www-form-urlencoded", "do=nothing"),
            false => ("application/json", body),
        };
        request = request
            .header("origin", format!("http://{}", server.address))
            .header("content-type", kind)
            .body(body);
    }
    request = match &principal.shows {
        Shows::Nothing => request,
        Shows::Cookie(cookie) => request.header("cookie", cookie),
        Shows::Key(key) => request.bearer_auth(key),
    };
    let answer = request
        .header("accept", "text/html, application/json")
        .send()
        .await
        .unwrap();
    let location = answer.headers().get(LOCATION).map(|to| to.to_str().unwrap());
    match answer.status().as_u16() {
        303 if policy != Policy::Door && location.is_some_and(|to| to.starts_with("/login")) => Outcome::Door,
        401 => Outcome::Unknown,
        403 => Outcome::Forbidden,
        404 => Outcome::Nothing,
        // Let in; that nothing sensible was asked is another matter.
        200 | 201 | 204 | 303 | 400 | 409 | 422 | 503 => Outcome::In,
        other => panic!("{path} as {}: {other}", principal.name),
    }
}

/// A socket is in when it shows a board.
async fn open(server: &TestServer, path: &str, principal: &Principal) -> Outcome {
    let uri = format!("ws://{}{path}", server.address).parse().unwrap();
    let origin = format!("http://{}", server.address).parse().unwrap();
    let opened = server
        .socket_with(|request| {
            *request.uri_mut() = uri;
            let headers = request.headers_mut();
            headers.insert("origin", origin);
            match &principal.shows {
                Shows::Nothing => {}
                Shows::Cookie(cookie) => drop(headers.insert("cookie", cookie.parse().unwrap())),
                Shows::Key(key) => {
                    let value = format!("Bearer {key}").parse().unwrap();
                    headers.insert("authorization", value);
                }
            }
        })
        .await;
    let mut socket = match opened {
        Ok(socket) => socket,
        Err(Error::Http(answer)) => {
            return match answer.status().as_u16() {
                401 => Outcome::Unknown,
                403 => Outcome::Forbidden,
                404 => Outcome::Nothing,
                other => panic!("{path} as {}: {other}", principal.name),
            };
        }
        Err(error) => panic!("{path} as {}: {error}", principal.name),
    };
    match socket.next().await {
        Said::Frame(ServerFrame::Bye(bye)) => match bye.code {
            4401 => Outcome::Unknown,
            other => panic!("{path} as {}: closed with {other}", principal.name),
        },
        Said::Frame(_) => Outcome::In,
        Said::Closed(frame) => panic!("{path} as {}: {frame:?}", principal.name),
    }
}

fn filled(path: &str, tenant: &str, objects: Option<&Objects>) -> String {
    let of_provider = path.contains("/providers/");
    let id = match objects {
        Some(objects) if of_provider => objects.provider.as_str(),
        Some(objects) => objects.breaker.as_str(),
        None if of_provider => "p_0000000000000000",
        None => "b_0000000000000000",
    };
    let nothing = "0000000000";
    let key = objects.map_or(nothing, |objects| objects.key.as_str());
    let account = objects.map_or(nothing, |objects| objects.account);
    path.replace("{slug}", tenant)
        .replace("{id}", id)
        .replace("{key}", key)
        .replace("{account}", account)
        .replace("{tenant}", "default")
        .replace("{invitation}", nothing)
        .replace("{session}", nothing)
        .replace("{alert}", "0")
        .replace("{rule}", "0")
        .replace("{silence}", "0")
        .replace("{schedule}", "0")
        .replace("{kpi}", "0")
        .replace("{price_list}", "0")
        .replace("{invoice}", "0")
        .replace("{slo}", "0")
        .replace("{chart}", "unreliability.svg")
        .replace("{escalation}", "0")
        .replace("{responder}", "0")
        .replace("{correction}", "0")
        .replace("{channel}", "0")
        .replace("{delivery}", "0")
        .replace("{share}", "0")
        .replace("{status_page}", "0")
        .replace("{incident}", "0")
        .replace("{figure}", "answered.svg")
        .replace(
            "{token}",
            objects.map_or(nothing, |objects| objects.token.as_str()),
        )
        .replace("{page}", objects.map_or(nothing, |objects| objects.page))
        .replace("{do}", "ack")
        .replace("{*file}", "fuseboard.js")
}

async fn make_acme(server: &TestServer) {
    let people = &server.shared().people;
    let owner = people
        .accounts
        .by_email(&people.system, "owner@example.com")
        .await
        .unwrap();
    let acme = Tenant {
        id: TenantId::parse("acme").unwrap(),
        name: "Acme".into(),
        created: 0,
    };
    let id = owner.unwrap().account.id;
    let made = people
        .accounts
        .create_tenant(&people.system, acme, &id, AuditEntry::default())
        .await;
    made.unwrap();
    // Somebody else owns it; the platform's owner is no member.
    member(server.running(), "zoe", Role::Owner, "acme").await;
    let scope = auth::by_command_line(TenantId::parse("acme").unwrap());
    people
        .accounts
        .set_role(&scope, &id, None, AuditEntry::default())
        .await
        .unwrap();
}

async fn key(
    server: &TestServer,
    tenant: &str,
    name: &str,
    scopes: &[Scope],
    expires: Option<i64>,
) -> String {
    let scope = auth::by_command_line(TenantId::parse(tenant).unwrap());
    let opened = server::stores::open_keys(&crate::common::config(server.folder()))
        .await
        .unwrap();
    let wanted = NewKey {
        name,
        scopes,
        expires,
        ..NewKey::default()
    };
    let made = create_key(
        opened.keys.as_ref(),
        &scope,
        wanted,
        &auth::By::here("test", crate::common::now()),
    )
    .await;
    if name == "revoked" {
        let audit = AuditEntry::default();
        opened.keys.revoke(&scope, name, 1, audit).await.unwrap();
    }
    opened.close().await;
    made.unwrap().0
}

async fn principals(server: &TestServer) -> Vec<Principal> {
    let mut all = vec![Principal {
        name: "nobody".into(),
        shows: Shows::Nothing,
        of: None,
    }];
    let running = server.running();
    let people = &running.shared.people;
    let default = auth::by_command_line(TenantId::default_tenant());
    for (name, tenant, role) in [
        ("viewer", "default", Role::Viewer),
        ("operator", "default", Role::Operator),
        ("admin", "default", Role::Admin),
        ("owner", "default", Role::Owner),
        ("zoe", "acme", Role::Owner),
    ] {
        all.push(Principal {
            name: name.into(),
            shows: Shows::Cookie(member(running, name, role, tenant).await),
            of: Some((tenant, May::Be(role))),
        });
    }
    // Both are taken away what they were let in with.
    member(running, "gone", Role::Viewer, "default").await;
    people
        .accounts
        .set_role(&default, "id-gone", None, AuditEntry::default())
        .await
        .unwrap();
    all.push(Principal {
        name: "member of nothing".into(),
        shows: Shows::Cookie(member(running, "gone", Role::Viewer, "default").await),
        of: None,
    });
    let left = member(running, "left", Role::Owner, "default").await;
    people
        .accounts
        .set_role(&default, "id-left", None, AuditEntry::default())
        .await
        .unwrap();
    all.push(Principal {
        name: "whose session ended".into(),
        shows: Shows::Cookie(left),
        of: None,
    });
    for tenant in ["default", "acme"] {
        for scope in Scope::ALL {
            all.push(Principal {
                name: format!("a key of {tenant} with {}", scope.as_str()),
                shows: Shows::Key(key(server, tenant, scope.as_str(), &[scope], None).await),
                of: Some((tenant, May::Do(scope))),
            });
        }
    }
    for (name, expires) in [("revoked", None), ("expired", Some(1))] {
        all.push(Principal {
            name: format!("a key that is {name}"),
            shows: Shows::Key(key(server, "default", name, &Scope::ALL, expires).await),
            of: None,
        });
    }
    // Of a link that counts: where no link is asked for it is nothing.
    let token = sharing::link_of(server, "default", &sharing::share("Held")).await;
    all.push(Principal {
        name: "the holder of a link".into(),
        shows: Shows::Key(token),
        of: None,
    });
    all.push(Principal {
        name: "a key that is none".into(),
        shows: Shows::Key("fb_default_nonsense".into()),
        of: None,
    });
    all
}

/// A call and a trip of a provider, and their ids.
async fn fill(server: &TestServer, tenant: &str, provider: &str) -> Objects {
    let scopes = [Scope::IngestWrite, Scope::MetricsRead];
    key(server, tenant, "spare", &scopes, None).await;
    let key = key(server, tenant, "fill", &scopes, None).await;
    let events = json!([
        {"type": "call", "provider": provider, "model": "m", "outcome": "ok", "duration_ms": 5},
        {"type": "breaker", "breaker": provider, "provider": provider, "to": "open", "instance": "i"},
    ]);
    let pushed = server
        .client
        .post(server.url("/api/v1/events"))
        .bearer_auth(&key)
        .json(&events)
        .send()
        .await
        .unwrap();
    assert_eq!(pushed.status(), 200);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let read = async |path: &str| -> Value {
        let asked = server
            .client
            .get(server.url(path))
            .bearer_auth(&key)
            .send()
            .await
            .unwrap();
        assert_eq!(asked.status(), 200, "{path}");
        asked.json().await.unwrap()
    };
    let breakers = read("/api/v1/breakers").await;
    let providers = read("/api/v1/providers").await;
    let id = |list: &Value, prefix: &str| {
        let text = list.to_string();
        let at = text.find(prefix).unwrap_or_else(|| panic!("no id in {text}"));
        text[at + 1..].split('"').next().unwrap().to_owned()
    };
    let page = if tenant == "acme" {
        "acme-page"
    } else {
        "default-page"
    };
    sharing::publish(server, tenant, page).await;
    let spare = server
        .shared()
        .keys
        .list(&auth::by_command_line(TenantId::parse(tenant).unwrap()))
        .await
        .unwrap();
    let spare = spare.into_iter().find(|key| key.name == "spare").unwrap();
    Objects {
        breaker: id(&breakers, "\"b_"),
        provider: id(&providers, "\"p_"),
        key: spare.id,
        token: sharing::link_of(server, tenant, &sharing::share("Matrix")).await,
        page,
        account: if tenant == "acme" { "id-zoe" } else { "id-viewer" },
    }
}
