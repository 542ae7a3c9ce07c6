//! The routes of the KPI page's figures over JSON.

use axum::routing::get;
use tower_http::compression::CompressionLayer;

use super::super::kpis;
use super::super::routes::{GET, Route, route};
use crate::edge::Policy;

pub(super) const ROUTES: &[Route] = &[
    route("/api/v1/kpis", Policy::Read, GET, || {
        get(kpis::kpis).layer(CompressionLayer::new())
    }),
    route("/t/{slug}/api/v1/kpis", Policy::Read, GET, || {
        get(kpis::kpis).layer(CompressionLayer::new())
    }),
];
