//! Routes of definitions of figures: their page, and the same over JSON. A part of the table in [`super`].

use axum::routing::{MethodRouter, get, post, put};
use protocol::kpis::kpi::KpiDoc;
use tower_http::compression::CompressionLayer;

use super::super::routes::{GET, POST, PUT_DELETE, Route, route};
use super::super::{alerts, documents, people};
use super::figure_files;
use crate::edge::Policy;
use crate::kpis;
use crate::state::Shared;

/// Who looks and who changes have different policies: an address may stand here once for each.
pub(super) const ROUTES: &[Route] = &[
    route("/kpis/figures", Policy::OwnPage, GET, page),
    route("/kpis/figures", Policy::AdminPage, POST, form),
    route("/api/v1/kpis/preview", Policy::Admin, POST, preview),
    route("/api/v1/kpi-definitions", Policy::ReadApi, GET, all),
    route("/api/v1/kpi-definitions", Policy::Admin, POST, new),
    route("/api/v1/kpi-definitions/export", Policy::ReadApi, GET, export),
    route("/api/v1/kpi-definitions/import", Policy::Admin, POST, import),
    route("/api/v1/kpi-definitions/{kpi}", Policy::ReadApi, GET, one),
    route(
        "/api/v1/kpi-definitions/{kpi}",
        Policy::Admin,
        PUT_DELETE,
        another,
    ),
    route("/t/{slug}/kpis/figures", Policy::OwnPage, GET, page),
    route("/t/{slug}/kpis/figures", Policy::AdminPage, POST, form),
    route("/t/{slug}/api/v1/kpis/preview", Policy::Admin, POST, preview),
    route("/t/{slug}/api/v1/kpi-definitions", Policy::ReadApi, GET, all),
    route("/t/{slug}/api/v1/kpi-definitions", Policy::Admin, POST, new),
    route(
        "/t/{slug}/api/v1/kpi-definitions/export",
        Policy::ReadApi,
        GET,
        export,
    ),
    route(
        "/t/{slug}/api/v1/kpi-definitions/import",
        Policy::Admin,
        POST,
        import,
    ),
    route(
        "/t/{slug}/api/v1/kpi-definitions/{kpi}",
        Policy::ReadApi,
        GET,
        one,
    ),
    route(
        "/t/{slug}/api/v1/kpi-definitions/{kpi}",
        Policy::Admin,
        PUT_DELETE,
        another,
    ),
];

fn page() -> MethodRouter<Shared> {
    get(kpis::figures_page)
}

/// A file of definitions may be in it.
fn form() -> MethodRouter<Shared> {
    post(kpis::figures_form).layer(alerts::limit())
}

fn preview() -> MethodRouter<Shared> {
    post(figure_files::preview).layer(people::limit())
}

fn all() -> MethodRouter<Shared> {
    get(documents::documents::<KpiDoc>).layer(CompressionLayer::new())
}

fn new() -> MethodRouter<Shared> {
    post(documents::make_document::<KpiDoc>).layer(people::limit())
}

fn one() -> MethodRouter<Shared> {
    get(documents::document::<KpiDoc>)
}

fn another() -> MethodRouter<Shared> {
    put(documents::change_document::<KpiDoc>)
        .delete(documents::delete_document::<KpiDoc>)
        .layer(people::limit())
}

fn export() -> MethodRouter<Shared> {
    get(figure_files::export).layer(CompressionLayer::new())
}

fn import() -> MethodRouter<Shared> {
    post(figure_files::import).layer(alerts::limit())
}
