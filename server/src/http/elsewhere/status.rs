//! `/am/api/v2/status` and `/am/api/v2/receivers`: what we are, in the Alertmanager's words.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Json, Response};
use domain::alert::SENT_LASTS;
use jiff::Timestamp;
use serde_json::json;

/// The one that everything goes to; our channels decide who is told.
pub(super) const RECEIVER: &str = "fuseboard";

/// About when the process started: when it was first asked.
static SINCE: LazyLock<Timestamp> = LazyLock::new(Timestamp::now);

/// `GET /am/api/v2/status`: the version is our own, the configuration says what holds.
pub(super) async fn status() -> Response {
    let minutes = SENT_LASTS / 60_000;
    let original = format!(
        "# This is Fuseboard. Who is told of what is decided by its channels, on its page Alerts, Channels.\n\
         global:\n  resolve_timeout: {minutes}m\nroute:\n  receiver: {RECEIVER}\nreceivers:\n- name: {RECEIVER}\n"
    );
    let told = json!({
        "cluster": { "name": "", "status": "disabled", "peers": [] },
        "versionInfo": {
            "version": env!("CARGO_PKG_VERSION"),
            "revision": "",
            "branch": "",
            "buildUser": "fuseboard",
            "buildDate": "",
            "goVersion": "",
        },
        "config": { "original": original },
        "uptime": SINCE.to_string(),
    });
    Json(told).into_response()
}

/// `GET /am/api/v2/receivers`
pub(super) async fn receivers() -> Response {
    Json(json!([{ "name": RECEIVER }])).into_response()
}
