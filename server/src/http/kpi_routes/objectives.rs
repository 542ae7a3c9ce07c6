//! The routes of objectives: pages, documents, how they stand, files. A part of the table in [`super::TABLES`].

use axum::routing::{MethodRouter, get, post, put};
use protocol::kpis::slo::SloDoc;
use tower_http::compression::CompressionLayer;

use super::super::routes::{GET, POST, PUT_DELETE, Route, form_limit, route};
use super::super::{alerts, documents, people};
use super::slos as json;
use crate::edge::Policy;
use crate::kpis;
use crate::state::Shared;

/// Who looks and who acts have different policies: an address may stand here once for each.
pub(super) const ROUTES: &[Route] = &[
    route("/kpis/objectives", Policy::OwnPage, GET, objectives_page),
    route("/kpis/objectives", Policy::AdminPage, POST, objectives_form),
    route("/kpis/objectives/{slo}", Policy::OwnPage, GET, objective_page),
    route("/kpis/objectives/{slo}", Policy::AdminPage, POST, objective_form),
    route("/api/v1/slos", Policy::ReadApi, GET, slos),
    route("/api/v1/slos", Policy::Admin, POST, new_slo),
    route("/api/v1/slos/export", Policy::ReadApi, GET, slo_file),
    route("/api/v1/slos/import", Policy::Admin, POST, slos_from_file),
    route("/api/v1/slos/preview", Policy::Operate, POST, would_have_held),
    route("/api/v1/slos/{slo}", Policy::ReadApi, GET, one_slo),
    route("/api/v1/slos/{slo}", Policy::Admin, PUT_DELETE, another_slo),
    route("/api/v1/slos/{slo}/status", Policy::Read, GET, slo_status),
    route("/api/v1/slos/{slo}/rule", Policy::Admin, POST, slo_rule),
    route("/t/{slug}/kpis/objectives", Policy::OwnPage, GET, objectives_page),
    route(
        "/t/{slug}/kpis/objectives",
        Policy::AdminPage,
        POST,
        objectives_form,
    ),
    route(
        "/t/{slug}/kpis/objectives/{slo}",
        Policy::OwnPage,
        GET,
        objective_page,
    ),
    route(
        "/t/{slug}/kpis/objectives/{slo}",
        Policy::AdminPage,
        POST,
        objective_form,
    ),
    route("/t/{slug}/api/v1/slos", Policy::ReadApi, GET, slos),
    route("/t/{slug}/api/v1/slos", Policy::Admin, POST, new_slo),
    route("/t/{slug}/api/v1/slos/export", Policy::ReadApi, GET, slo_file),
    route(
        "/t/{slug}/api/v1/slos/import",
        Policy::Admin,
        POST,
        slos_from_file,
    ),
    route(
        "/t/{slug}/api/v1/slos/preview",
        Policy::Operate,
        POST,
        would_have_held,
    ),
    route("/t/{slug}/api/v1/slos/{slo}", Policy::ReadApi, GET, one_slo),
    route(
        "/t/{slug}/api/v1/slos/{slo}",
        Policy::Admin,
        PUT_DELETE,
        another_slo,
    ),
    route(
        "/t/{slug}/api/v1/slos/{slo}/status",
        Policy::Read,
        GET,
        slo_status,
    ),
    route("/t/{slug}/api/v1/slos/{slo}/rule", Policy::Admin, POST, slo_rule),
];

fn objectives_page() -> MethodRouter<Shared> {
    get(kpis::objectives_page).layer(CompressionLayer::new())
}

fn objectives_form() -> MethodRouter<Shared> {
    post(kpis::objectives_form).layer(form_limit())
}

fn objective_page() -> MethodRouter<Shared> {
    get(kpis::objective_page).layer(CompressionLayer::new())
}

fn objective_form() -> MethodRouter<Shared> {
    post(kpis::objective_form).layer(form_limit())
}

fn slos() -> MethodRouter<Shared> {
    get(documents::documents::<SloDoc>).layer(CompressionLayer::new())
}

fn new_slo() -> MethodRouter<Shared> {
    post(documents::make_document::<SloDoc>).layer(people::limit())
}

fn one_slo() -> MethodRouter<Shared> {
    get(documents::document::<SloDoc>)
}

fn another_slo() -> MethodRouter<Shared> {
    put(documents::change_document::<SloDoc>)
        .delete(json::remove)
        .layer(people::limit())
}

fn slo_status() -> MethodRouter<Shared> {
    get(json::status).layer(CompressionLayer::new())
}

fn slo_rule() -> MethodRouter<Shared> {
    post(json::rule).layer(people::limit())
}

fn would_have_held() -> MethodRouter<Shared> {
    post(json::preview).layer(people::limit())
}

fn slo_file() -> MethodRouter<Shared> {
    get(json::export).layer(CompressionLayer::new())
}

fn slos_from_file() -> MethodRouter<Shared> {
    post(json::import).layer(alerts::limit())
}
