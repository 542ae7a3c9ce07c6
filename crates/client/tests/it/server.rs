//! A server that answers as told and remembers what it was sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use fuseboard_client::{Builder, Client};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub at: Instant,
    pub key: Option<String>,
    pub authorization: String,
    pub content_type: String,
    pub body: Bytes,
}

impl Arrived {
    pub fn events(&self) -> Vec<Value> {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["events"].as_array().unwrap().clone()
    }
}

/// How to answer one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// 200, everything accepted.
    Accept,
    /// This status with these headers and this body.
    Status(u16, Vec<(&'static str, String)>, String),
    /// The request is read, and no answer ever comes.
    Silence,
}

#[derive(Default)]
struct Told {
    script: VecDeque<Reply>,
    otherwise: Option<Reply>,
    arrived: Vec<Arrived>,
}

/// See the module. Stops when dropped.
pub struct Server {
    pub address: SocketAddr,
    told: Arc<Mutex<Told>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Answers with `script`, then accepts.
    pub async fn start(script: impl IntoIterator<Item = Reply>) -> Server {
        Server::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), script).await
    }

    pub async fn start_at(address: SocketAddr, script: impl IntoIterator<Item = Reply>) -> Server {
        let told = Arc::new(Mutex::new(Told {
            script: script.into_iter().collect(),
            ..Told::default()
        }));
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/api/v1/events", post(answer))
            .with_state(told.clone());
        let task = tokio::task::spawn_local(async move { axum::serve(listener, router).await.unwrap() });
        Server { address, told, task }
    }

    /// Answers everything after the script like this.
    pub async fn always(reply: Reply) -> Server {
        let server = Server::start([]).await;
        server.told.lock().unwrap().otherwise = Some(reply);
        server
    }

    /// From now on it accepts.
    pub fn recover(&self) {
        self.told.lock().unwrap().otherwise = None;
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.told.lock().unwrap().arrived.clone()
    }

    /// Waits until so many requests have arrived.
    pub async fn wait_for(&self, requests: usize) -> Vec<Arrived> {
        for _ in 0..1_000 {
            let arrived = self.arrived();
            if arrived.len() >= requests {
                return arrived;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("only {} of {requests} requests arrived", self.arrived().len());
    }

    /// A client of this server that retries fast and sends soon.
    pub fn client(&self) -> Builder {
        client_of(self.address)
    }
}

pub fn client_of(address: SocketAddr) -> Builder {
    Client::builder(format!("http://{address}"), "fb_test")
        .flush_every(Duration::from_millis(20))
        .backoff(Duration::from_millis(5), Duration::from_millis(20))
}

async fn answer(State(told): State<Arc<Mutex<Told>>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let arrived = Arrived {
        at: Instant::now(),
        key: text("idempotency-key"),
        authorization: text("authorization").unwrap_or_default(),
        content_type: text("content-type").unwrap_or_default(),
        body,
    };
    let events = arrived.events().len();
    let reply = {
        let mut told = told.lock().unwrap();
        told.arrived.push(arrived);
        told.script
            .pop_front()
            .or_else(|| told.otherwise.clone())
            .unwrap_or(Reply::Accept)
    };
    match reply {
        Reply::Accept => accepted(events).into_response(),
        Reply::Status(status, headers, body) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        Reply::Silence => std::future::pending().await,
    }
}

fn accepted(events: usize) -> String {
    format!(r#"{{"accepted":{events},"duplicates":0,"refused_count":0,"refused":[],"ignored_fields":[]}}"#)
}

pub fn status(status: u16) -> Reply {
    Reply::Status(status, Vec::new(), String::new())
}

/// Runs a test on a runtime that can host the server beside it.
pub fn run(test: impl Future<Output = ()>) {
    crate::logs::record();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test);
}
