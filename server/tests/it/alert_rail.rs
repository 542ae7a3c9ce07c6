//! What is pushed of alerts, and the rail beside the board: told at once, to who may hear it, with what each may do.

use std::time::Duration;

use crate::common::people::member;
use crate::common::{Socket, TestServer, transition};
use protocol::view::Alerts;
use reqwest::Response;
use serde_json::{Value, json};
use store::{AuditEntry, Role, Tenant, TenantId};
use tokio::time::Instant;

/// How soon everybody must have heard.
const SOON: Duration = Duration::from_secs(1);

/// The first look of a socket.
async fn watching(mut socket: Socket) -> Socket {
    socket.subscribe("alerts").await;
    socket.until(|replica| replica.alerts().is_some()).await;
    socket
}

fn seen(socket: &Socket) -> Alerts {
    *socket.replica.alerts().unwrap()
}

/// Waits until a socket was told so; how long it took.
async fn told(socket: &mut Socket, since: Instant, so: impl Fn(&Alerts) -> bool) -> Duration {
    socket.until(|replica| replica.alerts().is_some_and(&so)).await;
    since.elapsed()
}

async fn post(server: &TestServer, path: &str, cookie: &str, form: &str) -> Response {
    server
        .client
        .post(server.url(path))
        .header("origin", format!("http://{}", server.address))
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.to_owned())
        .send()
        .await
        .unwrap()
}

async fn rail(server: &TestServer, path: &str, cookie: &str) -> String {
    let asked = server.client.get(server.url(path)).header("cookie", cookie);
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

async fn make_acme(server: &TestServer) -> String {
    let people = &server.shared().people;
    let owner = people
        .accounts
        .by_email(&people.system, "owner@example.com")
        .await;
    let acme = Tenant {
        id: TenantId::parse("acme").unwrap(),
        name: "Acme".into(),
        created: 0,
    };
    let id = owner.unwrap().unwrap().account.id;
    let made = people
        .accounts
        .create_tenant(&people.system, acme, &id, AuditEntry::default())
        .await;
    made.unwrap();
    member(server.running(), "zoe", Role::Owner, "acme").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trip_and_its_acknowledgement_are_told_within_a_second_and_to_nobody_else() {
    let server = TestServer::start().await;
    let zoe = make_acme(&server).await;
    let ada = member(server.running(), "ada", Role::Operator, "default").await;
    let mut page = watching(server.browser_socket().await).await;
    let mut program = watching(server.socket().await).await;
    let mut stranger = watching(server.socket_of(&zoe).await).await;
    let before = seen(&stranger);
    assert_eq!((before.need, before.rules), (0, 8));

    let since = Instant::now();
    server.accept(&transition("sonnet", "open")).await;
    let accepted = Instant::now();
    let fired = told(&mut page, accepted, |alerts| alerts.need == 1).await;
    told(&mut program, accepted, |alerts| alerts.need == 1).await;
    assert!(fired < SOON, "the trip took {fired:?}");
    let version = seen(&page).version;

    let list: Value = server.read("/api/v1/alerts").await;
    let path = format!("/api/v1/alerts/{}/ack", list["items"][0]["id"]);
    let sent = Instant::now();
    let acked = server
        .client
        .post(server.url(&path))
        .header("origin", format!("http://{}", server.address))
        .header("cookie", &ada)
        .json(&json!({}));
    assert_eq!(acked.send().await.unwrap().status(), 200);
    let answered = sent.elapsed();
    let taken = told(&mut page, sent, |alerts| (alerts.need, alerts.held) == (0, 1)).await;
    assert!(taken < SOON, "the acknowledgement took {taken:?}");
    assert!(seen(&page).version > version);
    println!(
        "told {fired:?} after a trip was accepted, {taken:?} after an acknowledgement was sent ({answered:?} to its answer); \
         {:?} in all",
        since.elapsed()
    );

    // Beats go on, and nothing of it reached the other tenant.
    for _ in 0..3 {
        stranger.take().await;
    }
    assert_eq!(seen(&stranger), before);
    let html = rail(&server, "/alerts/rail", &zoe).await;
    assert!(
        html.contains("Nothing needs anybody") && !html.contains("sonnet"),
        "{html}"
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_watches_alerts_is_cut_off_with_the_session() {
    let server = TestServer::start().await;
    let mut page = watching(server.browser_socket().await).await;
    let people = &server.shared().people;
    let owner = people
        .accounts
        .by_email(&people.system, "owner@example.com")
        .await;
    let id = owner.unwrap().unwrap().account.id;
    let ended = server
        .client
        .delete(server.url("/api/v1/me/sessions"))
        .header("origin", format!("http://{}", server.address))
        .header("cookie", crate::common::people::owner(server.running()).await)
        .header("content-type", "application/json");
    let answer = ended.send().await.unwrap();
    assert_eq!(answer.status(), 204, "{id}: {}", answer.text().await.unwrap());
    let (bye, code) = tokio::time::timeout(Duration::from_secs(7), page.end())
        .await
        .unwrap();
    assert_eq!((bye.unwrap().code, code), (4401, Some(4401)));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rail_shows_each_what_they_may_do_and_one_of_two_wins() {
    let server = TestServer::start().await;
    let running = server.running();
    let ada = member(running, "ada", Role::Operator, "default").await;
    let bob = member(running, "bob", Role::Operator, "default").await;
    let eve = member(running, "eve", Role::Viewer, "default").await;
    let mut page = watching(server.browser_socket().await).await;
    server.accept(&transition("sonnet", "open")).await;
    told(&mut page, Instant::now(), |alerts| alerts.need == 1).await;

    let html = rail(&server, "/alerts/rail", &ada).await;
    assert!(
        html.contains("1 needs somebody") && html.contains(r#"data-key="a""#),
        "{html}"
    );
    let version = format!("data-version=\"{}\"", seen(&page).version);
    assert!(html.contains(&version), "{version}: {html}");
    let looked = rail(&server, "/t/default/alerts/rail", &eve).await;
    assert!(
        looked.contains("/t/default/alerts/1") && !looked.contains("<button"),
        "{looked}"
    );
    let board = server.html("/").await;
    assert!(board.contains("<alert-rail><section") && board.contains("Breaker open: sonnet"));
    assert!(board.contains("nav-count") && board.contains("1<span class=\"vh\"> needs somebody"));

    let ack = "do=ack&back=rail";
    assert_eq!(post(&server, "/alerts/1", &eve, ack).await.status(), 403);
    let (first, second) = tokio::join!(
        post(&server, "/alerts/1", &ada, ack),
        post(&server, "/alerts/1", &bob, ack),
    );
    let (won, lost, winner) = match first.status().as_u16() {
        200 => (first, second, "ada"),
        _ => (second, first, "bob"),
    };
    assert_eq!((won.status().as_u16(), lost.status().as_u16()), (200, 422));
    let (won, lost) = (won.text().await.unwrap(), lost.text().await.unwrap());
    assert!(won.contains("You") && !won.contains("data-why"), "{won}");
    let why = format!("data-why=\"Already acknowledged by {winner}.\"");
    assert!(lost.contains(&why) && lost.contains("data-wrong=\"1\""), "{lost}");
    assert!(
        lost.contains(&format!("data-who=\"{winner}\"")),
        "the true owner: {lost}"
    );

    // Without a script the form leads back to the board.
    server.accept(&transition("haiku", "open")).await;
    told(&mut page, Instant::now(), |alerts| alerts.need == 1).await;
    let plain = post(&server, "/t/default/alerts/2", &ada, "do=ack&back=board").await;
    assert_eq!(plain.status(), 303);
    assert_eq!(plain.headers()["location"], "/t/default/");
    assert!(server.stop().await);
}
