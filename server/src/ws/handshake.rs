//! The server's side of RFC 6455 §4: what a request must ask for, and what agrees to it.
//!
//! Not axum's extractor: it keeps the stream below to itself, and thousands of viewers are cheap only when one encoded
//! frame is written to all of them as it is ([`super::socket`]). Deliberately absent: WebSockets over HTTP/2, which this
//! server does not speak.

use axum::extract::FromRequestParts;
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::http::Problem;

/// A request that asks for a WebSocket as it should.
pub struct Handshake {
    key: HeaderValue,
    offered: Vec<String>,
    on_upgrade: OnUpgrade,
}

/// Why a request is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoHandshake {
    /// It does not ask for this protocol in this version: one that does is needed.
    NotAsked,
    /// It asks, and lacks what an answer needs.
    Incomplete,
}

impl Handshake {
    /// The subprotocols offered, in their order.
    pub fn offered(&self) -> impl Iterator<Item = &str> {
        self.offered.iter().map(String::as_str)
    }

    /// What agrees, naming a subprotocol or none; and the connection, once the answer was sent.
    pub fn accept(self, named: Option<&'static str>) -> (Response, OnUpgrade) {
        let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(self.key.as_bytes())) {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let Some(named) = named {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(named));
        }
        (response, self.on_upgrade)
    }
}

impl<S: Sync> FromRequestParts<S> for Handshake {
    type Rejection = NoHandshake;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Handshake, NoHandshake> {
        let headers = &parts.headers;
        if !has(headers, &CONNECTION, "upgrade")
            || !has(headers, &UPGRADE, "websocket")
            || !has(headers, &SEC_WEBSOCKET_VERSION, "13")
        {
            return Err(NoHandshake::NotAsked);
        }
        let offered = words(headers, &SEC_WEBSOCKET_PROTOCOL)
            .map(str::to_owned)
            .collect();
        let key = headers.get(SEC_WEBSOCKET_KEY).cloned();
        let on_upgrade = parts.extensions.remove::<OnUpgrade>();
        match (key, on_upgrade) {
            (Some(key), Some(on_upgrade)) => Ok(Handshake {
                key,
                offered,
                on_upgrade,
            }),
            _ => Err(NoHandshake::Incomplete),
        }
    }
}

/// The comma-separated words of a header, which may come in several lines.
fn words<'a>(headers: &'a HeaderMap, name: &'a HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers
        .get_all(name)
        .into_iter()
        .filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',').map(str::trim))
}

fn has(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    words(headers, name).any(|found| found.eq_ignore_ascii_case(word))
}

impl IntoResponse for NoHandshake {
    fn into_response(self) -> Response {
        let status = match self {
            NoHandshake::NotAsked => StatusCode::UPGRADE_REQUIRED,
            NoHandshake::Incomplete => StatusCode::BAD_REQUEST,
        };
        let detail = "This address speaks WebSocket (version 13); the handshake is not one.";
        let mut response = Problem::new(
            status,
            "not-a-websocket",
            "A WebSocket handshake is needed",
            detail,
        )
        .into_response();
        if status == StatusCode::UPGRADE_REQUIRED {
            let headers = response.headers_mut();
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn read(headers: &[(&str, &str)]) -> Option<NoHandshake> {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        Handshake::from_request_parts(&mut parts, &()).await.err()
    }

    #[tokio::test]
    async fn what_is_missing_decides_the_answer() {
        let upgrade = ("connection", "keep-alive, Upgrade");
        let websocket = ("upgrade", "WebSocket");
        let version = ("sec-websocket-version", "13");
        let key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(read(&[]).await, Some(NoHandshake::NotAsked));
        assert_eq!(
            read(&[websocket, version, key]).await,
            Some(NoHandshake::NotAsked)
        );
        assert_eq!(read(&[upgrade, version, key]).await, Some(NoHandshake::NotAsked));
        let old = ("sec-websocket-version", "8");
        assert_eq!(
            read(&[upgrade, websocket, old, key]).await,
            Some(NoHandshake::NotAsked)
        );
        assert_eq!(
            read(&[upgrade, websocket, version]).await,
            Some(NoHandshake::Incomplete)
        );
        // Made by hand, it comes over no connection that could be upgraded.
        assert_eq!(
            read(&[upgrade, websocket, version, key]).await,
            Some(NoHandshake::Incomplete)
        );
    }

    #[test]
    fn words_come_from_all_lines() {
        let mut headers = HeaderMap::new();
        headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("a, b"));
        headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("c"));
        assert!(words(&headers, &SEC_WEBSOCKET_PROTOCOL).eq(["a", "b", "c"]));
    }
}
