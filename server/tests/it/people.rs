//! People over JSON: one's own account, members, invitations, keys and tenants.

use std::time::Duration;

use crate::common::TestServer;
use crate::common::people::{PASSWORD, cookie, member, sign_in, with_password};
use protocol::view::{ApiKeys, AuditPage, Invited, KeyRow, MadeKey, Me, Members, Tenants};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use server::auth::Whence;
use store::{Role, TenantId};

/// A change by a browser on our own page.
async fn send(server: &TestServer, verb: &str, path: &str, cookie: &str, body: Value) -> Response {
    let request = server.client.request(verb.parse().unwrap(), server.url(path));
    request
        .header("origin", format!("http://{}", server.address))
        .header("cookie", cookie)
        .json(&body)
        .send()
        .await
        .unwrap()
}

async fn read<T: serde::de::DeserializeOwned>(server: &TestServer, path: &str, cookie: &str) -> T {
    let asked = server.client.get(server.url(path)).header("cookie", cookie);
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

#[track_caller]
fn is(answer: &Response, status: u16) {
    assert_eq!(answer.status().as_u16(), status, "{answer:?}");
}

async fn refused(answer: Response, status: u16) -> (String, String, String) {
    assert_eq!(answer.status().as_u16(), status, "{answer:?}");
    let body: Value = answer.json().await.unwrap();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let kind = text("type").rsplit(':').next().unwrap().to_owned();
    (kind, text("field"), text("detail"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_its_owners_to_change() {
    let server = TestServer::start().await;
    let ada = with_password(server.running(), "ada", Role::Viewer).await;
    let other = sign_in(server.running(), "ada@example.com").await;
    let me: Me = read(&server, "/api/v1/me", &ada).await;
    assert_eq!(
        (me.account.email.as_str(), me.role.as_str()),
        ("ada@example.com", "viewer")
    );
    assert_eq!(
        (me.tenant.as_str(), me.has_password, me.platform_admin),
        ("default", true, false)
    );
    assert_eq!(me.sessions.len(), 2);
    assert_eq!(me.sessions.iter().filter(|session| session.current).count(), 1);

    is(
        &send(&server, "PATCH", "/api/v1/me", &ada, json!({"name": "Ada L."})).await,
        204,
    );
    let me: Me = read(&server, "/api/v1/me", &ada).await;
    assert_eq!(me.account.name, "Ada L.");
    let long = json!({"name": "x".repeat(81)});
    let (kind, field, _) = refused(send(&server, "PATCH", "/api/v1/me", &ada, long).await, 400).await;
    assert_eq!((kind.as_str(), field.as_str()), ("bad-field", "name"));

    let elsewhere = me.sessions.iter().find(|session| !session.current).unwrap();
    let path = format!("/api/v1/me/sessions/{}", elsewhere.id);
    is(&send(&server, "DELETE", &path, &ada, json!({})).await, 204);
    is(&send(&server, "DELETE", &path, &ada, json!({})).await, 404);
    is(&send(&server, "GET", "/api/v1/me", &other, json!({})).await, 401);

    let _third = sign_in(server.running(), "ada@example.com").await;
    is(
        &send(&server, "DELETE", "/api/v1/me/sessions", &ada, json!({})).await,
        204,
    );
    let me: Me = read(&server, "/api/v1/me", &ada).await;
    assert_eq!(me.sessions.len(), 1);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_by_who_knows_it() {
    let server = TestServer::start().await;
    let ada = with_password(server.running(), "ada", Role::Viewer).await;
    let other = sign_in(server.running(), "ada@example.com").await;
    let new = "quite another umbrella";
    let change = |current: &str, new: &str| json!({"current": current, "new": new});
    let path = "/api/v1/me/password";
    let wrong = send(&server, "POST", path, &ada, change("not it at all", new)).await;
    assert_eq!(refused(wrong, 403).await.0, "wrong-password");
    let weak = send(&server, "POST", path, &ada, change(PASSWORD, "short")).await;
    assert_eq!(refused(weak, 400).await.1, "password");
    is(
        &send(&server, "POST", path, &ada, change(PASSWORD, new)).await,
        204,
    );
    is(&send(&server, "GET", "/api/v1/me", &other, json!({})).await, 401);
    is(&send(&server, "GET", "/api/v1/me", &ada, json!({})).await, 200);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lets_others_in_asks_for_the_password_again() {
    let server = TestServer::start().await;
    let ada = with_password(server.running(), "ada", Role::Owner).await;
    // A quarter of an hour later.
    let me: Me = read(&server, "/api/v1/me", &ada).await;
    let people = &server.shared().people;
    let text = {
        let session = &me.sessions[0].id;
        let hash = store_hash("x".repeat(43).as_str());
        let log = people.logged(
            &TenantId::default_tenant(),
            "test",
            &me.account.id,
            "",
            &Whence::default(),
            "",
        );
        people
            .sessions
            .confirm(&people.system, session, &hash, 1, log)
            .await
            .unwrap();
        "x".repeat(43)
    };
    let ada = cookie(server.address.port(), &text);
    people.lookup.forget(&me.account.id);
    let key = json!({"name": "ci", "scopes": ["ingest:write"]});
    let asked = send(&server, "POST", "/api/v1/keys", &ada, key.clone()).await;
    assert_eq!(refused(asked, 403).await.0, "confirm-password");
    for (verb, path, body) in [
        (
            "POST",
            "/api/v1/invitations",
            json!({"email": "b@example.com", "role": "viewer"}),
        ),
        ("DELETE", &format!("/api/v1/members/{}", me.account.id), json!({})),
        ("POST", "/api/v1/tenants", json!({"slug": "beta"})),
    ] {
        let asked = send(&server, verb, path, &ada, body).await;
        let kind = refused(asked, 403).await.0;
        // Ada is no platform admin: she is told that first.
        assert!(
            ["confirm-password", "insufficient-role"].contains(&kind.as_str()),
            "{path}"
        );
    }
    let wrong = send(
        &server,
        "POST",
        "/api/v1/me/confirm",
        &ada,
        json!({"password": "no no no no"}),
    )
    .await;
    assert_eq!(refused(wrong, 403).await.0, "wrong-password");
    let confirmed = send(
        &server,
        "POST",
        "/api/v1/me/confirm",
        &ada,
        json!({"password": PASSWORD}),
    )
    .await;
    is(&confirmed, 204);
    let set = confirmed.headers()["set-cookie"].to_str().unwrap();
    assert!(set.contains("HttpOnly"), "{set}");
    let fresh = set.split(';').next().unwrap().to_owned();
    is(
        &send(&server, "POST", "/api/v1/keys", &ada, key.clone()).await,
        401,
    );
    is(&send(&server, "POST", "/api/v1/keys", &fresh, key).await, 201);
    assert!(server.stop().await);
}

fn store_hash(text: &str) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_stays_open_when_its_session_goes_on_with_another_cookie() {
    let server = TestServer::start().await;
    let ada = with_password(server.running(), "ada", Role::Viewer).await;
    let mut socket = server.socket_of(&ada).await;
    let confirmed = send(
        &server,
        "POST",
        "/api/v1/me/confirm",
        &ada,
        json!({"password": PASSWORD}),
    )
    .await;
    is(&confirmed, 204);
    let fresh = confirmed.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    // Sockets ask each three seconds.
    let closed = tokio::time::timeout(Duration::from_secs(7), socket.end()).await;
    assert!(closed.is_err(), "{closed:?}");
    is(
        &send(&server, "DELETE", "/api/v1/me/sessions", &fresh, json!({})).await,
        204,
    );
    let me: Me = read(&server, "/api/v1/me", &fresh).await;
    let path = format!("/api/v1/me/sessions/{}", me.sessions[0].id);
    is(&send(&server, "DELETE", &path, &fresh, json!({})).await, 204);
    let closed = tokio::time::timeout(Duration::from_secs(7), socket.end()).await;
    assert_eq!(closed.unwrap().1, Some(4401));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_change_and_go() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    let invite = json!({"email": " Bo@Example.com", "role": "operator"});
    let made = send(&server, "POST", "/api/v1/invitations", &owner, invite).await;
    is(&made, 201);
    let invited: Invited = made.json().await.unwrap();
    let begins = format!("http://{}/invite#t=", server.address);
    assert!(invited.link.starts_with(&begins), "{}", invited.link);
    let listed: Members = read(&server, "/api/v1/members", &owner).await;
    assert_eq!(listed.invitations.len(), 1);
    assert_eq!(listed.roles, ["viewer", "operator", "admin", "owner"]);

    let token = invited.link.strip_prefix(&begins).unwrap();
    let people = &server.shared().people;
    let text = people
        .accept(token, "Bo", PASSWORD, &Whence::default())
        .await
        .unwrap();
    let bo = cookie(server.address.port(), &text.session().unwrap());
    let listed: Members = read(&server, "/api/v1/members", &owner).await;
    assert!(listed.invitations.is_empty());
    let row = listed
        .members
        .iter()
        .find(|row| row.account.email == "bo@example.com")
        .unwrap();
    assert_eq!(row.role, "operator");
    let path = format!("/api/v1/members/{}", row.account.id);
    is(
        &send(&server, "GET", "/api/v1/members", &bo, json!({})).await,
        403,
    );
    is(
        &send(&server, "PATCH", &path, &owner, json!({"role": "admin"})).await,
        204,
    );
    is(
        &send(&server, "GET", "/api/v1/members", &bo, json!({})).await,
        200,
    );

    // An admin makes no owner, and unmakes none.
    let (kind, ..) = refused(
        send(&server, "PATCH", &path, &bo, json!({"role": "owner"})).await,
        403,
    )
    .await;
    assert_eq!(kind, "insufficient-role");
    is(
        &send(
            &server,
            "PATCH",
            "/api/v1/members/id-owner",
            &bo,
            json!({"role": "viewer"}),
        )
        .await,
        403,
    );
    is(
        &send(&server, "DELETE", "/api/v1/members/id-owner", &bo, json!({})).await,
        403,
    );
    let asked = json!({"email": "c@example.com", "role": "owner"});
    is(
        &send(&server, "POST", "/api/v1/invitations", &bo, asked).await,
        403,
    );

    // Somebody must be able to let others in.
    let last = send(
        &server,
        "PATCH",
        "/api/v1/members/id-owner",
        &owner,
        json!({"role": "admin"}),
    )
    .await;
    assert_eq!(refused(last, 409).await.0, "conflict");
    let (_, field, _) = refused(
        send(&server, "PATCH", &path, &owner, json!({"role": "king"})).await,
        400,
    )
    .await;
    assert_eq!(field, "role");

    is(&send(&server, "DELETE", &path, &owner, json!({})).await, 204);
    is(&send(&server, "DELETE", &path, &owner, json!({})).await, 404);
    is(&send(&server, "GET", "/api/v1/me", &bo, json!({})).await, 401);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_are_taken_back() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    let invite = json!({"email": "bo@example.com", "role": "viewer"});
    let invited: Invited = send(&server, "POST", "/api/v1/invitations", &owner, invite)
        .await
        .json()
        .await
        .unwrap();
    let listed: Members = read(&server, "/api/v1/members", &owner).await;
    let path = format!("/api/v1/invitations/{}", listed.invitations[0].id);
    is(&send(&server, "DELETE", &path, &owner, json!({})).await, 204);
    is(&send(&server, "DELETE", &path, &owner, json!({})).await, 404);
    let token = invited.link.split("#t=").nth(1).unwrap();
    assert!(server.shared().people.invitation(token).await.is_err());
    for (body, field) in [
        (json!({"email": "nonsense", "role": "viewer"}), "email"),
        (json!({"email": "a@b"}), "role"),
        (json!({"role": "viewer"}), "email"),
        (json!({"email": "a@b", "role": "viewer", "x": 1}), "x"),
    ] {
        let answer = send(&server, "POST", "/api/v1/invitations", &owner, body).await;
        assert_eq!(refused(answer, 400).await.1, field);
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_shown_once_replaced_and_revoked() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    let wanted =
        json!({"name": "checkout", "scopes": ["ingest:write", "metrics:read"], "addresses": ["127.0.0.0/8"]});
    let made = send(&server, "POST", "/api/v1/keys", &owner, wanted.clone()).await;
    is(&made, 201);
    let made: MadeKey = made.json().await.unwrap();
    assert_eq!(made.key.addresses, ["127.0.0.0/8"]);
    let board = async |key: &str| {
        let asked = server.client.get(server.url("/api/v1/board")).bearer_auth(key);
        asked.send().await.unwrap().status()
    };
    assert_eq!(board(&made.text).await, StatusCode::OK);
    let listed = async || -> ApiKeys { read(&server, "/api/v1/keys", &owner).await };
    let named =
        |keys: &ApiKeys, id: &str| -> KeyRow { keys.keys.iter().find(|key| key.id == id).unwrap().clone() };
    let keys = listed().await;
    assert!(!serde_json::to_string(&keys).unwrap().contains(&made.text));
    assert_eq!(named(&keys, &made.key.id).state, "in use");
    let twice = send(&server, "POST", "/api/v1/keys", &owner, wanted).await;
    assert_eq!(refused(twice, 409).await.0, "conflict");

    let path = format!("/api/v1/keys/{}/rotate", made.key.id);
    let fresh = send(&server, "POST", &path, &owner, json!({"overlap_ms": 60_000})).await;
    is(&fresh, 201);
    let fresh: MadeKey = fresh.json().await.unwrap();
    assert_eq!(
        (board(&made.text).await, board(&fresh.text).await),
        (StatusCode::OK, StatusCode::OK)
    );
    assert_eq!(named(&listed().await, &made.key.id).state, "replaced");
    is(&send(&server, "POST", &path, &owner, json!({})).await, 409);

    let path = format!("/api/v1/keys/{}", fresh.key.id);
    is(&send(&server, "DELETE", &path, &owner, json!({})).await, 204);
    assert_eq!(named(&listed().await, &fresh.key.id).state, "revoked");
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    assert_eq!(board(&fresh.text).await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        board(&made.text).await,
        StatusCode::UNAUTHORIZED,
        "and the one that it replaced"
    );
    is(
        &send(&server, "DELETE", "/api/v1/keys/0000000000", &owner, json!({})).await,
        404,
    );

    for (body, field) in [
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["all"]}), "scopes"),
        (json!({"name": "", "scopes": ["api:read"]}), "name"),
        (json!({"scopes": ["api:read"]}), "name"),
        (
            json!({"name": "x", "scopes": ["api:read"], "expires": 1}),
            "expires",
        ),
        (
            json!({"name": "x", "scopes": ["api:read"], "addresses": ["10.0.0.0/33"]}),
            "addresses",
        ),
    ] {
        let answer = send(&server, "POST", "/api/v1/keys", &owner, body.clone()).await;
        assert_eq!(refused(answer, 400).await.1, field, "{body}");
    }
    let page: AuditPage = read(&server, "/api/v1/audit", &owner).await;
    let actions: Vec<&str> = page.items.iter().map(|item| item.action.as_str()).collect();
    for action in ["key.create", "key.rotate", "key.revoke"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    let made_by = page
        .items
        .iter()
        .find(|item| item.action == "key.rotate")
        .unwrap();
    assert_eq!(
        (made_by.actor.as_str(), made_by.address.as_str()),
        ("account:id-owner", "127.0.0.1")
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_administers_as_an_admin() {
    let server = TestServer::start().await;
    let wanted = json!({"name": "robot", "scopes": ["api:admin"]});
    let owner = server.cookie.clone();
    let robot: MadeKey = send(&server, "POST", "/api/v1/keys", &owner, wanted)
        .await
        .json()
        .await
        .unwrap();
    let by_key = async |verb: &str, path: &str, body: Value| {
        let request = server.client.request(verb.parse().unwrap(), server.url(path));
        request.bearer_auth(&robot.text).json(&body).send().await.unwrap()
    };
    let wanted = json!({"name": "made by a robot", "scopes": ["ingest:write"]});
    is(&by_key("POST", "/api/v1/keys", wanted).await, 201);
    let invite = |role: &str| json!({"email": "bo@example.com", "role": role});
    let made = by_key("POST", "/api/v1/invitations", invite("admin")).await;
    is(&made, 201);
    let invited: Invited = made.json().await.unwrap();
    assert!(invited.link.starts_with("http://127.0.0.1:"), "{}", invited.link);
    is(&by_key("POST", "/api/v1/invitations", invite("owner")).await, 403);
    is(&by_key("GET", "/api/v1/me", json!({})).await, 403);
    is(&by_key("GET", "/api/v1/tenants", json!({})).await, 403);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_made_by_a_platform_admin_and_lie_apart() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    is(
        &send(
            &server,
            "POST",
            "/api/v1/tenants",
            &owner,
            json!({"slug": "acme", "name": "Acme"}),
        )
        .await,
        201,
    );
    is(
        &send(
            &server,
            "POST",
            "/api/v1/tenants",
            &owner,
            json!({"slug": "acme"}),
        )
        .await,
        409,
    );
    for slug in ["", "Acme", "9lives", "a b", "../x"] {
        let answer = send(&server, "POST", "/api/v1/tenants", &owner, json!({"slug": slug})).await;
        assert_eq!(refused(answer, 400).await.1, "slug", "{slug}");
    }
    let tenants: Tenants = read(&server, "/api/v1/tenants", &owner).await;
    let slugs: Vec<&str> = tenants
        .tenants
        .iter()
        .map(|tenant| tenant.slug.as_str())
        .collect();
    assert_eq!(slugs, ["acme", "default"]);

    let bo = member(server.running(), "bo", Role::Admin, "acme").await;
    let wanted = json!({"name": "acme's", "scopes": ["metrics:read"]});
    let made = send(&server, "POST", "/t/acme/api/v1/keys", &bo, wanted).await;
    let key: MadeKey = made.json().await.unwrap();
    assert!(key.text.starts_with("fb_acme"), "{}", key.key.prefix);
    for verb in ["DELETE", "POST"] {
        let path = match verb {
            "DELETE" => format!("/t/default/api/v1/keys/{}", key.key.id),
            _ => format!("/t/default/api/v1/keys/{}/rotate", key.key.id),
        };
        is(&send(&server, verb, &path, &bo, json!({})).await, 404);
        is(&send(&server, verb, &path, &owner, json!({})).await, 404);
    }
    is(
        &send(&server, "DELETE", "/api/v1/members/id-bo", &owner, json!({})).await,
        404,
    );
    is(
        &send(&server, "GET", "/t/default/api/v1/members", &bo, json!({})).await,
        404,
    );
    is(
        &send(&server, "GET", "/t/acme/api/v1/members", &owner, json!({})).await,
        200,
    );
    is(
        &send(&server, "GET", "/api/v1/tenants", &bo, json!({})).await,
        403,
    );
    assert!(server.stop().await);
}
