//! Alerts from elsewhere: what others send and ask in their own words.
//!
//! Below `/am` stands the Alertmanager's API v2, so that Prometheus (`path_prefix: /am`) and `amtool`
//! (`--alertmanager.url …/am`) take us for one; `/api/v1/webhooks/…` take what an Alertmanager and Grafana send. Whose
//! alerts they are follows from the key. These programs can often show a password only, so here a key counts as one too.
//!
//! Deliberately absent: routes, receivers and inhibition of an Alertmanager; who is told is decided by our channels.

mod api;
mod list;
mod read;
mod silences;
mod status;
mod webhook;

use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, post};
use tower_http::compression::CompressionLayer;

use super::ops;
use super::routes::{DELETE, GET, POST, Route, route};
use crate::edge::Policy;
use crate::state::Shared;

/// Where the Alertmanager's API stands.
const ALERTMANAGER: &str = "/am/";
/// Where webhooks are taken.
const WEBHOOKS: &str = "/api/v1/webhooks/";
/// The largest body, as for events.
const LARGEST: usize = super::body::LIMIT;

/// The routes; a part of the table in [`super::routes`].
pub(super) const ROUTES: &[Route] = &[
    route("/am/-/healthy", Policy::Probe, GET, || get(ops::livez)),
    route("/am/-/ready", Policy::Probe, GET, || get(ops::readyz)),
    route("/am/api/v2/status", Policy::ReadApi, GET, || get(status::status)),
    route("/am/api/v2/receivers", Policy::ReadApi, GET, || {
        get(status::receivers)
    }),
    route("/am/api/v2/alerts", Policy::ReadApi, GET, alerts),
    route("/am/api/v2/alerts", Policy::Ingest, POST, more_alerts),
    route("/am/api/v2/alerts/groups", Policy::ReadApi, GET, || {
        get(api::groups).layer(CompressionLayer::new())
    }),
    route("/am/api/v2/silences", Policy::ReadApi, GET, || get(silences::all)),
    route("/am/api/v2/silences", Policy::Operate, POST, a_silence),
    route("/am/api/v2/silence/{silence}", Policy::ReadApi, GET, || {
        get(silences::one)
    }),
    route("/am/api/v2/silence/{silence}", Policy::Operate, DELETE, || {
        axum::routing::delete(silences::end)
    }),
    route(
        "/api/v1/webhooks/alertmanager",
        Policy::Ingest,
        POST,
        of_alertmanager,
    ),
    route(
        "/api/v1/webhooks/grafana",
        Policy::Ingest,
        &["POST", "PUT"],
        of_grafana,
    ),
];

/// Whether a key may be shown as a password at this address.
pub fn takes_passwords(path: &str) -> bool {
    path.starts_with(ALERTMANAGER) || path.starts_with(WEBHOOKS)
}

/// Whether errors are told there as an Alertmanager tells them: as a text of JSON.
pub(super) fn speaks_alertmanager(path: &str) -> bool {
    path.starts_with(ALERTMANAGER)
}

fn alerts() -> MethodRouter<Shared> {
    get(api::alerts).layer(CompressionLayer::new())
}

fn more_alerts() -> MethodRouter<Shared> {
    post(api::take).layer(DefaultBodyLimit::max(LARGEST))
}

fn a_silence() -> MethodRouter<Shared> {
    post(silences::make).layer(super::people::limit())
}

fn of_alertmanager() -> MethodRouter<Shared> {
    post(webhook::alertmanager).layer(DefaultBodyLimit::max(LARGEST))
}

fn of_grafana() -> MethodRouter<Shared> {
    post(webhook::grafana)
        .put(webhook::grafana)
        .layer(DefaultBodyLimit::max(LARGEST))
}
