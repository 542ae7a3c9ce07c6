//! A receiver on this machine that answers as it is told, and keeps what it got.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::Value;

/// How the next request is answered.
#[derive(Debug, Clone)]
pub enum Say {
    /// With this status.
    Status(u16),
    /// With this status and this body.
    Json(u16, Value),
    /// 429, and come back after so many seconds.
    Later(u64),
    /// Not at all, for so long.
    Nothing(Duration),
}

/// What came.
#[derive(Debug, Clone)]
pub struct Got {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name);
        value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    }
}

#[derive(Default)]
struct Book {
    got: Vec<Got>,
    say: VecDeque<Say>,
}

/// The receiver.
#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

impl Receiver {
    #[expect(clippy::disallowed_methods, reason = "a test starts its own tasks")]
    pub async fn start() -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Receiver {
            address: listener.local_addr().unwrap(),
            book: Arc::default(),
        };
        let router = Router::new()
            .route("/{*path}", any(take))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        receiver
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// What it says to the next ones; after that 200.
    pub fn say(&self, say: impl IntoIterator<Item = Say>) {
        self.book.lock().unwrap().say.extend(say);
    }

    pub fn got(&self) -> Vec<Got> {
        self.book.lock().unwrap().got.clone()
    }

    /// Once so many have come, within ten seconds.
    pub async fn wait_for(&self, count: usize) -> Vec<Got> {
        for _ in 0..400 {
            if self.got().len() >= count {
                return self.got();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{} of {count} came: {:?}", self.got().len(), self.got());
    }
}

async fn take(
    State(receiver): State<Receiver>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let say = {
        let mut book = receiver.book.lock().unwrap();
        book.got.push(Got { path, headers, body });
        book.say.pop_front()
    };
    match say {
        None => StatusCode::OK.into_response(),
        Some(Say::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Say::Json(status, body)) => {
            (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
        }
        Some(Say::Later(seconds)) => (
            StatusCode::TOO_MANY_REQUESTS,
            [("retry-after", seconds.to_string())],
        )
            .into_response(),
        Some(Say::Nothing(pause)) => {
            tokio::time::sleep(pause).await;
            StatusCode::OK.into_response()
        }
    }
}
