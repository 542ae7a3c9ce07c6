//! The KPI page, its charts as files, and the same over JSON and CSV.

use axum::routing::{MethodRouter, get};
use tower_http::compression::CompressionLayer;

use super::super::kpis;
use super::super::routes::{GET, Route, route};
use crate::edge::Policy;
use crate::kpis::{kpis_chart, kpis_page};
use crate::state::Shared;

pub(super) const ROUTES: &[Route] = &[
    route("/kpis", Policy::OwnPage, GET, page),
    route("/kpis/charts/{chart}", Policy::OwnPage, GET, chart),
    route("/api/v1/kpis", Policy::Read, GET, figures),
    route("/t/{slug}/kpis", Policy::OwnPage, GET, page),
    route("/t/{slug}/kpis/charts/{chart}", Policy::OwnPage, GET, chart),
    route("/t/{slug}/api/v1/kpis", Policy::Read, GET, figures),
];

fn page() -> MethodRouter<Shared> {
    get(kpis_page).layer(CompressionLayer::new())
}

fn chart() -> MethodRouter<Shared> {
    get(kpis_chart).layer(CompressionLayer::new())
}

fn figures() -> MethodRouter<Shared> {
    get(kpis::kpis).layer(CompressionLayer::new())
}
