//! The outermost layer: gives each request an id, writes problems out, dresses the answer, counts and logs.
//!
//! Logged are method, path, status, time and id. Never a header, a query or a body: they hold keys and people's texts. Of the
//! address of a share only that it is one: its path holds the secret.

use std::any::Any;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rand::Rng;
use serde_json::Value;
use tokio::time::Instant;
use tracing::Instrument;

use super::elsewhere;
use super::problem::Problem;
use crate::edge;
use crate::state::Shared;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Runs the request and finishes its answer.
pub async fn finish(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    // Ours alone: a client's own id could be anything, and would end up in the log.
    let id = format!("{:016x}", rand::rng().random::<u64>());
    let method = request.method().clone();
    let path = logged(request.uri().path());
    let https_only = shared.origins.https_only(request.headers());
    let span = tracing::info_span!("request", id = %id);
    let began = Instant::now();
    let mut response = next.run(request).instrument(span).await;
    let problem = response.extensions_mut().remove::<Box<Problem>>();
    if let Some(problem) = problem {
        match elsewhere::speaks_alertmanager(&path) {
            true => write_text(&mut response, &problem),
            false => write_out(&mut response, &problem, &id),
        }
    }
    edge::dress(response.headers_mut(), https_only);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status();
    shared.counts.count(status);
    let ms = began.elapsed().as_millis() as u64;
    if status.is_server_error() {
        tracing::warn!(id, %method, path, status = status.as_u16(), ms, "answered");
    } else {
        tracing::debug!(id, %method, path, status = status.as_u16(), ms, "answered");
    }
    response
}

fn logged(path: &str) -> String {
    match path.starts_with("/s/") {
        true => "/s/…".to_owned(),
        false => path.chars().take(256).collect(),
    }
}

fn write_out(response: &mut Response, problem: &Problem, id: &str) {
    let text = problem.body(id).to_string();
    put(
        response,
        text,
        HeaderValue::from_static("application/problem+json"),
    );
}

/// As an Alertmanager tells it: clients of its API read nothing else.
fn write_text(response: &mut Response, problem: &Problem) {
    let text = Value::from(problem.words()).to_string();
    put(response, text, HeaderValue::from_static("application/json"));
}

fn put(response: &mut Response, text: String, kind: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    *response.body_mut() = Body::from(text);
}

/// What a panic in a handler becomes: 503, because it is us and trying again may work. Its message goes to the log
/// only; it may hold anything.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    tracing::error!(message, "a handler panicked");
    Problem::unavailable(
        "Something went wrong on our side; it was logged under this request's id.",
        1,
    )
    .into_response()
}
