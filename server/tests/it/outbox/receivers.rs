//! Receivers of every kind on this machine: three in ten requests fail, in the ways in which services do.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

pub const KINDS: [&str; 6] = ["webhook", "slack", "discord", "teams", "pagerduty", "telegram"];

/// A request that came.
#[derive(Debug, Clone)]
pub struct Came {
    pub kind: String,
    /// The breaker that it is about.
    pub about: String,
    /// What names it: the header, the key, or where there is none the body itself.
    pub name: String,
    /// It was answered with yes.
    pub taken: bool,
}

struct Book {
    came: Vec<Came>,
    random: StdRng,
    /// Which were sent away with a 5xx already: a second one would make them wait for minutes.
    put_off: BTreeSet<(String, String)>,
}

#[derive(Clone)]
pub struct Receivers {
    pub address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

impl Receivers {
    #[expect(clippy::disallowed_methods, reason = "a test starts its own tasks")]
    pub async fn start(seed: u64) -> Receivers {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let book = Book {
            came: Vec::new(),
            random: StdRng::seed_from_u64(seed),
            put_off: BTreeSet::new(),
        };
        let receivers = Receivers {
            address: listener.local_addr().unwrap(),
            book: Arc::new(Mutex::new(book)),
        };
        let router = Router::new()
            .route("/{kind}", any(take))
            .route("/{kind}/{*rest}", any(take_below))
            .with_state(receivers.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        receivers
    }

    fn came(&self, kind: &str) -> Vec<Came> {
        let book = self.book.lock().unwrap();
        book.came.iter().filter(|one| one.kind == kind).cloned().collect()
    }

    pub fn taken(&self, kind: &str) -> Vec<Came> {
        let mut taken = self.came(kind);
        taken.retain(|one| one.taken);
        taken
    }

    /// By breaker, the names under which it came.
    pub fn names(&self, kind: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for one in self.came(kind) {
            names.entry(one.about).or_default().insert(one.name);
        }
        names
    }

    /// How many of these kinds were taken more than once under the same name.
    pub fn repeats(&self, kinds: &[&str]) -> usize {
        let mut repeats = 0;
        for kind in kinds {
            let taken = self.taken(kind);
            let names: BTreeSet<&String> = taken.iter().map(|one| &one.name).collect();
            repeats += taken.len() - names.len();
        }
        repeats
    }

    pub fn requests(&self) -> usize {
        self.book.lock().unwrap().came.len()
    }

    pub fn failed(&self) -> usize {
        let book = self.book.lock().unwrap();
        book.came.iter().filter(|one| !one.taken).count()
    }
}

async fn take(
    State(receivers): State<Receivers>,
    Path(kind): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&receivers, kind, &headers, &body).await
}

async fn take_below(
    State(receivers): State<Receivers>,
    Path((kind, _)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&receivers, kind, &headers, &body).await
}

async fn answer(receivers: &Receivers, kind: String, headers: &HeaderMap, body: &Bytes) -> Response {
    let text = String::from_utf8_lossy(body).into_owned();
    let start = text.find("breaker-").expect("it is about a breaker");
    let about: String = text[start..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let told: Value = serde_json::from_slice(body).unwrap();
    let name = match kind.as_str() {
        "webhook" => headers["webhook-id"].to_str().unwrap().to_owned(),
        "pagerduty" => told["dedup_key"].as_str().unwrap().to_owned(),
        // No key: the same words at every attempt.
        _ => text,
    };
    let (status, pause) = {
        let mut book = receivers.book.lock().unwrap();
        let pause = Duration::from_millis(book.random.random_range(1..120));
        let place = (kind.clone(), about.clone());
        let status = match book.random.random_range(0..10) {
            0 if book.put_off.insert(place.clone()) => StatusCode::SERVICE_UNAVAILABLE,
            0..=2 => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::OK,
        };
        let taken = status == StatusCode::OK;
        book.came.push(Came {
            kind: kind.clone(),
            about,
            name,
            taken,
        });
        (status, pause)
    };
    // Time in which the sender may be killed, after the receiver has decided.
    tokio::time::sleep(pause).await;
    if status != StatusCode::OK {
        let after = [("retry-after", "1")];
        return (status, after, "not now").into_response();
    }
    match kind.as_str() {
        "slack" => "ok".into_response(),
        "teams" => StatusCode::ACCEPTED.into_response(),
        "pagerduty" => {
            let taken =
                json!({ "status": "success", "message": "Event processed", "dedup_key": told["dedup_key"] });
            (StatusCode::ACCEPTED, axum::Json(taken)).into_response()
        }
        "telegram" => axum::Json(json!({ "ok": true, "result": { "message_id": 7 } })).into_response(),
        "discord" => axum::Json(json!({ "id": "112233" })).into_response(),
        _ => StatusCode::OK.into_response(),
    }
}
