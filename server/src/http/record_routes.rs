//! The routes of the record: its page, and corrections over JSON. A part of the table in [`super::routes`].

use axum::routing::{MethodRouter, get, post};

use super::routes::{GET_POST, POST, Route, form_limit, route};
use super::{alerts, corrections};
use crate::edge::Policy;
use crate::settings;
use crate::state::Shared;

const GET_DELETE: &[&str] = &["GET", "DELETE"];

pub(super) const ROUTES: &[Route] = &[
    route("/api/v1/corrections", Policy::Admin, GET_POST, all),
    route("/t/{slug}/api/v1/corrections", Policy::Admin, GET_POST, all),
    route("/api/v1/corrections/preview", Policy::Admin, POST, preview),
    route(
        "/t/{slug}/api/v1/corrections/preview",
        Policy::Admin,
        POST,
        preview,
    ),
    route("/api/v1/corrections/{correction}", Policy::Admin, GET_DELETE, one),
    route(
        "/t/{slug}/api/v1/corrections/{correction}",
        Policy::Admin,
        GET_DELETE,
        one,
    ),
    route("/settings/record", Policy::AdminPage, GET_POST, page),
    route("/t/{slug}/settings/record", Policy::AdminPage, GET_POST, page),
];

fn all() -> MethodRouter<Shared> {
    get(corrections::corrections)
        .post(corrections::make_correction)
        .layer(alerts::limit())
}

fn preview() -> MethodRouter<Shared> {
    post(corrections::preview_correction).layer(alerts::limit())
}

fn one() -> MethodRouter<Shared> {
    get(corrections::correction).delete(corrections::undo_correction)
}

fn page() -> MethodRouter<Shared> {
    get(settings::record_page)
        .post(settings::record_form)
        .layer(form_limit())
}
