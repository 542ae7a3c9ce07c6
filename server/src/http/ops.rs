//! What operators and orchestrators ask: are you alive, are you ready, which build, which figures.

use axum::Extension;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;

use super::exposition::{self, Sample};
use crate::auth::Access;
use crate::edge::{self, Policy};
use crate::state::Shared;
use crate::tls::Tls;

/// The process answers. Says nothing about the database: restarting would not help it.
pub async fn livez() -> Response {
    Json(json!({ "status": "alive" })).into_response()
}

/// Work can be done: the database answers, nobody else writes to it, and we are not going away. Why not is told only
/// to those who may read.
pub async fn readyz(State(shared): State<Shared>, parts: Parts) -> Response {
    let mut reasons = Vec::new();
    if shared.draining() {
        reasons.push("shutting down".to_owned());
    } else {
        reasons.extend(shared.engine.health().await.reasons);
    }
    let ready = reasons.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let mut body = json!({ "status": if ready { "ready" } else { "not ready" } });
    if !ready && edge::admit(&shared, Policy::Read, &parts).await.is_ok() {
        body["reasons"] = json!(reasons);
    }
    (status, Json(body)).into_response()
}

/// Which build this is.
pub async fn version(State(shared): State<Shared>, Extension(_): Extension<Access>) -> Response {
    Json(json!({ "name": "fuseboard", "version": env!("CARGO_PKG_VERSION"), "build": shared.build }))
        .into_response()
}

/// Of TLS.
fn certificate(tls: &Tls) -> [Sample<'static>; 3] {
    let gauge = |name, help, value| Sample {
        name,
        help,
        counter: false,
        values: vec![(None, value)],
    };
    [
        gauge(
            "fuseboard_tls_certificate_expires_seconds",
            "When the certificate that is shown expires, seconds since the Unix epoch.",
            tls.expires().div_euclid(1_000) as f64,
        ),
        gauge(
            "fuseboard_tls_certificate_stale",
            "1 while the certificate's files hold something that cannot be used, and the one before is shown.",
            f64::from(u8::from(tls.is_stale())),
        ),
        Sample {
            name: "fuseboard_tls_handshakes_failed",
            help: "Connections that came to no TLS.",
            counter: true,
            values: vec![(None, tls.failed() as f64)],
        },
    ]
}

/// Figures about ourselves: OpenMetrics where asked for, else the older text form.
pub async fn metrics(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let open = headers.get_all(ACCEPT).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|text| text.contains("application/openmetrics-text"))
    });
    let engine = shared.engine.metrics();
    let mut samples: Vec<Sample<'_>> = engine
        .families()
        .iter()
        .map(|family| Sample {
            name: family.name,
            help: family.help,
            counter: family.kind == engine::metrics::Kind::Counter,
            values: vec![(None, family.value)],
        })
        .collect();
    samples.push(Sample {
        name: "fuseboard_http_answers",
        help: "Answers over HTTP by class of status.",
        counter: true,
        values: shared
            .counts
            .read()
            .into_iter()
            .map(|(class, n)| (Some(("class", class)), n as f64))
            .collect(),
    });
    samples.push(Sample {
        name: "fuseboard_sockets",
        help: "Open WebSockets.",
        counter: false,
        values: vec![(None, shared.sockets.open() as f64)],
    });
    if let Some(tls) = &shared.tls {
        samples.extend(certificate(tls));
    }
    let (kind, text) = exposition::write(&samples, open);
    ([(CONTENT_TYPE, kind)], text).into_response()
}
