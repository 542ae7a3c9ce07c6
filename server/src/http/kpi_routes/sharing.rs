//! The routes of sharing: its pages, links and pages for the public over JSON, and what strangers see. A part of the table in
//! [`super::super::routes`].

use axum::routing::{MethodRouter, get, post, put};
use protocol::kpis::share::ShareDoc;
use protocol::kpis::status::StatusPageDoc;
use tower_http::compression::CompressionLayer;

use super::super::routes::{GET, POST, PUT_DELETE, Route, form_limit, route};
use super::super::{alerts, documents, people, shares};
use crate::edge::Policy;
use crate::state::Shared;
use crate::{kpis, strangers};

/// What strangers see has no tenant in its address: a link and a published name say whose it is.
pub(super) const ROUTES: &[Route] = &[
    route("/kpis/sharing", Policy::OwnPage, GET, sharing_page),
    route("/t/{slug}/kpis/sharing", Policy::OwnPage, GET, sharing_page),
    route("/kpis/sharing", Policy::AdminPage, POST, sharing_form),
    route("/t/{slug}/kpis/sharing", Policy::AdminPage, POST, sharing_form),
    route(
        "/kpis/sharing/{status_page}",
        Policy::OwnPage,
        GET,
        status_page_page,
    ),
    route(
        "/t/{slug}/kpis/sharing/{status_page}",
        Policy::OwnPage,
        GET,
        status_page_page,
    ),
    route(
        "/kpis/sharing/{status_page}",
        Policy::AdminPage,
        POST,
        status_page_form,
    ),
    route(
        "/t/{slug}/kpis/sharing/{status_page}",
        Policy::AdminPage,
        POST,
        status_page_form,
    ),
    route("/api/v1/shares", Policy::ReadApi, GET, all_shares),
    route("/t/{slug}/api/v1/shares", Policy::ReadApi, GET, all_shares),
    route("/api/v1/shares", Policy::Admin, POST, new_share),
    route("/t/{slug}/api/v1/shares", Policy::Admin, POST, new_share),
    route("/api/v1/shares/{share}", Policy::ReadApi, GET, one_share),
    route("/t/{slug}/api/v1/shares/{share}", Policy::ReadApi, GET, one_share),
    route("/api/v1/shares/{share}", Policy::Admin, PUT_DELETE, another_share),
    route(
        "/t/{slug}/api/v1/shares/{share}",
        Policy::Admin,
        PUT_DELETE,
        another_share,
    ),
    route("/api/v1/status-pages", Policy::ReadApi, GET, status_pages),
    route(
        "/t/{slug}/api/v1/status-pages",
        Policy::ReadApi,
        GET,
        status_pages,
    ),
    route("/api/v1/status-pages", Policy::Admin, POST, new_status_page),
    route(
        "/t/{slug}/api/v1/status-pages",
        Policy::Admin,
        POST,
        new_status_page,
    ),
    route(
        "/api/v1/status-pages/{status_page}",
        Policy::ReadApi,
        GET,
        one_status_page,
    ),
    route(
        "/t/{slug}/api/v1/status-pages/{status_page}",
        Policy::ReadApi,
        GET,
        one_status_page,
    ),
    route(
        "/api/v1/status-pages/{status_page}",
        Policy::Admin,
        PUT_DELETE,
        another_status_page,
    ),
    route(
        "/t/{slug}/api/v1/status-pages/{status_page}",
        Policy::Admin,
        PUT_DELETE,
        another_status_page,
    ),
    route(
        "/api/v1/status-pages/{status_page}/incidents",
        Policy::Admin,
        POST,
        new_incident,
    ),
    route(
        "/t/{slug}/api/v1/status-pages/{status_page}/incidents",
        Policy::Admin,
        POST,
        new_incident,
    ),
    route(
        "/api/v1/status-pages/{status_page}/incidents/{incident}",
        Policy::Admin,
        POST,
        more_of_incident,
    ),
    route(
        "/t/{slug}/api/v1/status-pages/{status_page}/incidents/{incident}",
        Policy::Admin,
        POST,
        more_of_incident,
    ),
    route("/s/{token}", Policy::Shared, GET, shared_page),
    route("/s/{token}/data.json", Policy::Shared, GET, shared_data),
    route("/s/{token}/embed", Policy::Shared, GET, shared_embed),
    route("/s/{token}/badge/{figure}", Policy::Shared, GET, shared_badge),
    route("/status/{page}", Policy::Public, GET, public_page),
    route("/status/{page}/feed.rss", Policy::Public, GET, public_rss),
    route("/status/{page}/feed.json", Policy::Public, GET, public_feed),
    route(
        "/status/{page}/api/v2/summary.json",
        Policy::Public,
        GET,
        public_summary,
    ),
    route(
        "/status/{page}/api/v2/status.json",
        Policy::Public,
        GET,
        public_status,
    ),
    route(
        "/status/{page}/api/v2/components.json",
        Policy::Public,
        GET,
        public_components,
    ),
    route(
        "/status/{page}/api/v2/incidents.json",
        Policy::Public,
        GET,
        public_incidents,
    ),
];

fn sharing_page() -> MethodRouter<Shared> {
    get(kpis::sharing_page)
}

fn sharing_form() -> MethodRouter<Shared> {
    post(kpis::sharing_form).layer(form_limit())
}

fn status_page_page() -> MethodRouter<Shared> {
    get(kpis::status_page_page)
}

fn status_page_form() -> MethodRouter<Shared> {
    post(kpis::status_page_form).layer(form_limit())
}

fn all_shares() -> MethodRouter<Shared> {
    get(documents::documents::<ShareDoc>).layer(CompressionLayer::new())
}

fn new_share() -> MethodRouter<Shared> {
    post(shares::make_share).layer(people::limit())
}

fn one_share() -> MethodRouter<Shared> {
    get(documents::document::<ShareDoc>)
}

fn another_share() -> MethodRouter<Shared> {
    put(shares::change_share)
        .delete(shares::revoke_share)
        .layer(people::limit())
}

fn status_pages() -> MethodRouter<Shared> {
    get(documents::documents::<StatusPageDoc>).layer(CompressionLayer::new())
}

fn new_status_page() -> MethodRouter<Shared> {
    post(shares::make_status_page).layer(alerts::limit())
}

fn one_status_page() -> MethodRouter<Shared> {
    get(documents::document::<StatusPageDoc>)
}

fn another_status_page() -> MethodRouter<Shared> {
    put(shares::change_status_page)
        .delete(shares::remove_status_page)
        .layer(alerts::limit())
}

fn new_incident() -> MethodRouter<Shared> {
    post(shares::add_incident).layer(people::limit())
}

fn more_of_incident() -> MethodRouter<Shared> {
    post(shares::update_incident).layer(people::limit())
}

fn shared_page() -> MethodRouter<Shared> {
    get(strangers::page).layer(CompressionLayer::new())
}

fn shared_data() -> MethodRouter<Shared> {
    get(strangers::data).layer(CompressionLayer::new())
}

fn shared_embed() -> MethodRouter<Shared> {
    get(strangers::embed).layer(CompressionLayer::new())
}

fn shared_badge() -> MethodRouter<Shared> {
    get(strangers::badge)
}

fn public_page() -> MethodRouter<Shared> {
    get(strangers::status_page).layer(CompressionLayer::new())
}

fn public_rss() -> MethodRouter<Shared> {
    get(strangers::feed_rss).layer(CompressionLayer::new())
}

fn public_feed() -> MethodRouter<Shared> {
    get(strangers::feed_json).layer(CompressionLayer::new())
}

fn public_summary() -> MethodRouter<Shared> {
    get(strangers::summary).layer(CompressionLayer::new())
}

fn public_status() -> MethodRouter<Shared> {
    get(strangers::status)
}

fn public_components() -> MethodRouter<Shared> {
    get(strangers::components).layer(CompressionLayer::new())
}

fn public_incidents() -> MethodRouter<Shared> {
    get(strangers::incidents).layer(CompressionLayer::new())
}
