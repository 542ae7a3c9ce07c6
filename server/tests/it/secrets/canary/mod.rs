//! Canaries: secrets of every kind there is, used as they are used, while the server writes all the log lines it can.
//! Then everything that it wrote or answered is searched for them: the log, the metrics, bodies and headers, frames, the
//! database's files, what is in the journal, a backup, and what commands print. Each may be found where it was asked for,
//! and nowhere else.

mod hay;
mod server;

use serde_json::json;

use crate::common::{call, cli};
use crate::secrets::database;
use crate::secrets::home::{Home, logged};
use hay::{Canary, Haystacks, contains};
use server::Server;

const PASSWORD: &str = "Kestrel-owner-9157 over the weir";
const WRONG: &str = "Kestrel-typo-2210 over the weir";
const NEW: &str = "Kestrel-newer-7731 under the weir";
const GUEST: &str = "Kestrel-guest-4406 beside the weir";
const ADMIN: &str = "Kestrel-admin-6083 before the weir";
const SEALED: &str = "Kestrel-sealed-5512-bot-token";
const DATABASE: &str = "Kestrel-database-8824";
const CLIENT: &str = "Kestrel-client-3398 of the provider";
const CODE: &str = "Kestrel-code-1177-of-the-provider";
/// No secrets: they show that the search finds what is there.
const CONTROL: &str = "control-heron";
const CONTROL_PATH: &str = "/control-heron-path";

/// Connect shows an admin how to send something, with the key `local`; their other pages have it for when they go there.
/// Nobody else's have it: see [`people`].
const PAGES_OF_ADMINS: &[&str] = &[
    "/",
    "/connect",
    "/providers",
    "/limits",
    "/breakers",
    "/explore",
    CONTROL_PATH,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_canary_is_found_with_sqlite() {
    search(Home::new(None), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_canary_is_found_with_postgres() {
    let Some(database) = database().await else { return };
    // This server asks nobody for a password; the program does not know.
    let mut url = url::Url::parse(&database.url).unwrap();
    url.set_password(Some(DATABASE)).unwrap();
    search(Home::new(Some(url.into())), true).await;
    database.drop().await;
}

/// `configured`: the first account comes from the configuration, else from the link of a new installation.
async fn search(home: Home, configured: bool) {
    let admin = home.folder.path().join("admin-password");
    std::fs::write(&admin, format!("{ADMIN}\n")).unwrap();
    let environment = [
        ("FUSEBOARD__ADMIN__EMAIL", "ada@example.com"),
        ("FUSEBOARD__ADMIN__PASSWORD_FILE", admin.to_str().unwrap()),
    ];
    // Nobody may be asked there: what is searched for is what the server does with its own secret, and with a code.
    let provider = [
        ("FUSEBOARD__OIDC__ISSUER", "https://127.0.0.1:1"),
        ("FUSEBOARD__OIDC__CLIENT_ID", "fuseboard"),
        ("FUSEBOARD__OIDC__CLIENT_SECRET", CLIENT),
    ];
    let first_account = if configured { &environment[..] } else { &[] };
    let environment = &[first_account, &provider[..]].concat()[..];
    let mut server = Server::start(&home, environment, configured);
    let mut canaries = Vec::new();
    canaries.push(Canary::new("our secret at the provider", CLIENT, &[]));
    canaries.push(Canary::new("a code of the provider", CODE, &[]));
    let first = if configured {
        canaries.push(Canary::new("the first account's password", ADMIN, &[]));
        canaries.push(Canary::new("the database's password", DATABASE, &[]));
        ADMIN
    } else {
        let token = std::fs::read_to_string(home.data().join("setup-token")).unwrap();
        canaries.push(Canary::new(
            "setup token",
            token.trim(),
            &["standard output", "form /setup"],
        ));
        server.get("/setup", 200).await;
        let fields = [
            ("token", token.trim()),
            ("email", "ada@example.com"),
            ("password", "short"),
        ];
        server.form("/setup", &fields, 422).await;
        let fields = [
            ("token", token.trim()),
            ("email", "ada@example.com"),
            ("password", PASSWORD),
        ];
        server.form("/setup", &fields, 303).await;
        PASSWORD
    };
    server.form("/login/oidc", &[("next", "/")], 503).await;
    let back = format!("/login/oidc/callback?state={CODE}&code={CODE}&error={CODE}");
    server.get(&back, 403).await;
    people(&home, &mut server, &mut canaries, first).await;
    programs(&home, &mut server, &mut canaries).await;
    sealed(&home, &mut server, &mut canaries).await;
    everything_else(&mut server).await;

    let Server { said, .. } = &mut server;
    said.files(&home.data(), "while it runs");
    let file = home.folder.path().join("one.fbbackup");
    let shown = |said: &mut Haystacks, words: &[&str]| {
        let mut command = home.command(words);
        let output = command.envs(environment.iter().copied()).output().unwrap();
        assert!(
            output.status.success(),
            "{words:?}: {}",
            cli::text(&output.stderr)
        );
        said.add(words.join(" "), [output.stdout, output.stderr].concat());
    };
    shown(said, &["backup", "--to", file.to_str().unwrap()]);
    said.backup(&file);
    for words in [
        &["check-config"][..],
        &["keys", "list", "--json"],
        &["secrets", "list", "--json"],
        &["secrets", "verify"],
        &["audit", "export"],
    ] {
        shown(said, words);
    }
    server.stop();
    let Server { said, stdout, .. } = &mut server;
    shown(said, &["journal", "export"]);
    said.files(&home.data(), "after it");
    said.add("standard output", stdout.lock().unwrap().clone());
    said.add("log", std::fs::read(home.folder.path().join("log")).unwrap());
    judge(said, &canaries, home.url.is_none());
}

/// Accounts, sessions and links.
async fn people(home: &Home, server: &mut Server, canaries: &mut Vec<Canary>, first: &str) {
    canaries.push(Canary::new("a wrong password", WRONG, &[]));
    canaries.push(Canary::new("a new password", NEW, &[]));
    canaries.push(Canary::new("a guest's password", GUEST, &[]));
    if first == PASSWORD {
        canaries.push(Canary::new("password", PASSWORD, &[]));
    }
    server.cookie.clear();
    server.get("/login", 200).await;
    for (password, status) in [(WRONG, 422), (first, 303)] {
        let fields = [
            ("email", "ada@example.com"),
            ("password", password),
            ("next", "/"),
        ];
        server.form("/login", &fields, status).await;
    }
    canaries.push(session("session", server));
    server
        .post("/api/v1/me/confirm", json!({ "password": WRONG }), 403)
        .await;
    server
        .post("/api/v1/me/confirm", json!({ "password": first }), 204)
        .await;
    canaries.push(session("confirmed session", server));
    server
        .post(
            "/api/v1/me/password",
            json!({ "current": WRONG, "new": NEW }),
            403,
        )
        .await;
    server
        .post(
            "/api/v1/me/password",
            json!({ "current": first, "new": NEW }),
            204,
        )
        .await;
    let request = server.client.patch(format!("{}/api/v1/me", server.url));
    let request = request.header("content-type", "application/json");
    let request = request.body(json!({ "name": CONTROL }).to_string());
    server.send("PATCH /api/v1/me", request, 204).await;

    second_factor(server, canaries).await;
    let invite = json!({ "email": "bob@example.com", "role": "viewer" });
    let invited = server.post("/api/v1/invitations", invite, 201).await;
    let token = token_of(&invited);
    canaries.push(Canary::new(
        "invite token",
        &token,
        &["POST /api/v1/invitations", "form /invite"],
    ));
    let owner = std::mem::take(&mut server.cookie);
    let fields = [("token", token.as_str()), ("name", "Bob"), ("password", "short")];
    server.form("/invite", &fields, 422).await;
    let fields = [("token", token.as_str()), ("name", "Bob"), ("password", GUEST)];
    server.form("/invite", &fields, 303).await;
    canaries.push(session("a guest's session", server));
    for path in ["/", "/connect"] {
        let request = server.client.get(format!("{}{path}", server.url));
        let name = format!("a viewer's {path}");
        server
            .send(&name, request.header("accept", "text/html"), 200)
            .await;
    }
    let output = home.run(&["admin", "reset-password", "bob@example.com"]);
    let token = token_of(&cli::text(&output.stdout));
    canaries.push(Canary::new("reset token", &token, &["form /reset"]));
    server.cookie.clear();
    server
        .form("/reset", &[("token", token.as_str()), ("password", "short")], 422)
        .await;
    server
        .form("/reset", &[("token", token.as_str()), ("password", GUEST)], 303)
        .await;
    server.cookie = owner;
    server.get("/api/v1/me", 200).await;
}

/// A seed and recovery codes, each told once, and a code that is wrong. It is removed again.
async fn second_factor(server: &mut Server, canaries: &mut Vec<Canary>) {
    const BEGIN: &str = "POST /api/v1/me/second-factor";
    const ENABLE: &str = "POST /api/v1/me/second-factor/enable";
    let path = "/api/v1/me/second-factor";
    let begun: serde_json::Value = serde_json::from_str(&server.post(path, json!({}), 201).await).unwrap();
    let secret = begun["secret"].as_str().unwrap();
    canaries.push(Canary::new("seed of a second factor", secret, &[BEGIN]));
    let seed = crate::common::unbase32(secret);
    let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    canaries.push(Canary::key("the seed's bytes", &hex));
    let enable = format!("{path}/enable");
    server.post(&enable, json!({ "code": "000000" }), 403).await;
    let code = ::server::auth::totp::code_of(&seed, crate::common::now() / 30_000);
    let enabled = server
        .post(&enable, json!({ "code": format!("{code:06}") }), 200)
        .await;
    let enabled: serde_json::Value = serde_json::from_str(&enabled).unwrap();
    let recovery = enabled["recovery_codes"][0].as_str().unwrap();
    canaries.push(Canary::new("recovery code", recovery, &[ENABLE]));
    canaries.push(Canary::new(
        "recovery code without dashes",
        &recovery.replace('-', ""),
        &[],
    ));
    // The second form carries a token that opens nothing by itself.
    let owner = std::mem::take(&mut server.cookie);
    let fields = [("email", "ada@example.com"), ("password", NEW)];
    let form = server.post_form("/login", &fields, 200).await;
    let rest = form.split("name=\"half\" value=\"").nth(1).unwrap();
    let half = rest.split('"').next().unwrap().to_owned();
    canaries.push(Canary::new(
        "half of a session",
        &half,
        &["form /login", "form /login/code"],
    ));
    let fields = [("half", half.as_str()), ("code", "000000")];
    server.form("/login/code", &fields, 422).await;
    let fields = [("half", half.as_str()), ("code", recovery)];
    server.form("/login/code", &fields, 303).await;
    server.cookie = owner;
    let request = server.client.delete(format!("{}{path}", server.url));
    let request = request.header("content-type", "application/json");
    server.send("DELETE second factor", request, 204).await;
}

/// What a cookie holds now.
fn session(name: &'static str, server: &Server) -> Canary {
    Canary::new(name, server.cookie.split_once('=').unwrap().1, &[])
}

/// The token in a link.
fn token_of(text: &str) -> String {
    let rest = text.split("#t=").nth(1).unwrap();
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// The part of an API key that is secret.
fn secret_of(key: &str) -> &str {
    key.trim().split('_').nth(3).unwrap()
}

/// Keys of programs.
async fn programs(home: &Home, server: &mut Server, canaries: &mut Vec<Canary>) {
    let words = [
        "keys",
        "create",
        "--name",
        "canary",
        "--scope",
        "ingest:write",
        "--scope",
        "api:read",
    ];
    let key = cli::text(&home.run(&words).stdout);
    canaries.push(Canary::new("API key", secret_of(&key), &[]));
    let local = std::fs::read_to_string(home.data().join("local.key")).unwrap();
    canaries.push(Canary::new("local key", secret_of(&local), PAGES_OF_ADMINS));
    let owner = std::mem::take(&mut server.cookie);
    let mut event = call("one");
    event["provider"] = CONTROL.into();
    for key in [key.trim(), local.trim()] {
        let push = |body: String| {
            let request = server
                .client
                .post(format!("{}/api/v1/events", server.url))
                .bearer_auth(key);
            request.header("content-type", "application/json").body(body)
        };
        let (good, bad) = (push(json!([event]).to_string()), push("nonsense".into()));
        server.send("push", good, 200).await;
        server.send("bad push", bad, 400).await;
        let crooked = server
            .client
            .get(format!("{}/api/v1/board", server.url))
            .bearer_auth(format!("{key}x"));
        server.send("crooked key", crooked, 401).await;
    }
    let board = server
        .client
        .get(format!("{}/api/v1/board", server.url))
        .bearer_auth(key.trim());
    server.send("board by key", board, 200).await;
    server.socket(Some(key.trim())).await;
    server.cookie = owner;
    server.socket(None).await;
    server.post("/api/v1/events", json!([event]), 401).await;
}

/// A sealed secret and its keys, also while they are replaced.
async fn sealed(home: &Home, server: &mut Server, canaries: &mut Vec<Canary>) {
    let (opened, vault) = home.open().await;
    let [own, ..] = crate::secrets::home::holders(&opened);
    let at = crate::secrets::home::place(1);
    let put = vault.put(&own, &at, SEALED.as_bytes(), None, 1, logged("secret.put"));
    put.await.unwrap();
    drop(vault);
    opened.close().await;
    canaries.push(Canary::new("sealed secret", SEALED, &[]));
    let output = home.run(&["secrets", "rotate"]);
    assert!(output.status.success());
    server
        .said
        .add("secrets rotate", [output.stdout, output.stderr].concat());
    let ring = std::fs::read_to_string(home.key_file()).unwrap();
    let keys: Vec<&str> = ring.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(keys.len(), 2);
    canaries.push(Canary::key("old master key", keys[0]));
    canaries.push(Canary::key("master key", keys[1]));
    let audit = std::fs::read_to_string(home.data().join("audit.key")).unwrap();
    canaries.push(Canary::key("audit key", audit.trim()));
}

/// Whatever answers.
async fn everything_else(server: &mut Server) {
    for path in [
        "/",
        "/connect",
        "/providers",
        "/limits",
        "/breakers",
        "/explore",
        "/healthz",
        "/livez",
        "/readyz",
        "/version",
        "/metrics",
        "/api/v1/board",
        "/api/v1/providers",
        "/api/v1/calls",
        "/api/v1/series",
        "/api/v1/limits",
        "/api/v1/audit",
        "/api/v1/me",
        "/api/v1/members",
        "/api/v1/keys",
        "/api/v1/tenants",
    ] {
        server.get(path, 200).await;
    }
    server.get(CONTROL_PATH, 404).await;
    server.get("/logout", 200).await;
    server.form("/logout", &[], 303).await;
}

fn judge(said: &Haystacks, canaries: &[Canary], sqlite: bool) {
    assert!(canaries.len() >= 12, "{} canaries", canaries.len());
    let mut found = Vec::new();
    for canary in canaries {
        let places = said.with(|hay| canary.is_in(hay));
        for told in canary.told {
            assert!(
                places.contains(told),
                "{} is told in {told}, and not found there",
                canary.name
            );
        }
        let elsewhere = places.into_iter().filter(|place| !canary.told.contains(place));
        found.extend(elsewhere.map(|place| format!("{} in {place}", canary.name)));
    }
    assert!(found.is_empty(), "found: {found:#?}");

    // The search finds what is there: in what is stored, what is answered and what is logged.
    let with = said.with(|hay| contains(hay, CONTROL.as_bytes()));
    let mut expected = vec!["/api/v1/members", "/api/v1/providers", "journal export", "log"];
    if sqlite {
        expected.extend(["file fuseboard.db after it", "backup sqlite/fuseboard.db"]);
    } else {
        expected.push("backup postgres/account");
    }
    for place in expected {
        assert!(
            with.iter().any(|name| name.contains(place)),
            "{CONTROL} is not in {place}: {with:#?}"
        );
    }
    let logged = said.with(|hay| contains(hay, CONTROL_PATH.as_bytes()));
    assert!(logged.contains(&"log"), "{logged:?}");
    for level in ["TRACE", "DEBUG", "INFO"] {
        assert!(
            said.with(|hay| contains(hay, level.as_bytes())).contains(&"log"),
            "no {level} in the log"
        );
    }
    for name in ["log", "/metrics", "backup as it is"] {
        let (_, hay) = said.0.iter().find(|(known, _)| known == name).unwrap();
        for canary in canaries {
            for needle in &canary.needles {
                let planted = [hay, needle, &b"\n"[..]].concat();
                assert!(
                    canary.is_in(&planted),
                    "{} would not be found in {name}",
                    canary.name
                );
            }
        }
    }
    let bytes: usize = said.0.iter().map(|(_, hay)| hay.len()).sum();
    println!(
        "{} canaries, {} places with {bytes} bytes: none found where it does not belong",
        canaries.len(),
        said.0.len()
    );
}
