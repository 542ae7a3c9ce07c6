//! The routes of prices and invoices.

use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, post, put};
use protocol::kpis::invoice::InvoiceDoc;
use protocol::kpis::price_list::PriceListDoc;
use tower_http::compression::CompressionLayer;

use super::super::routes::{GET, POST, PUT_DELETE, Route, route};
use super::super::{documents, people, prices};
use crate::edge::Policy;
use crate::kpis;
use crate::state::Shared;

pub(super) const ROUTES: &[Route] = &[
    route("/kpis/prices", Policy::OwnPage, GET, page),
    route("/kpis/prices", Policy::AdminPage, POST, form),
    route("/api/v1/price-lists", Policy::ReadApi, GET, lists),
    route("/api/v1/price-lists", Policy::Admin, POST, new_list),
    route("/api/v1/price-lists/import", Policy::Admin, POST, import),
    route("/api/v1/price-lists/{price_list}", Policy::ReadApi, GET, one_list),
    route(
        "/api/v1/price-lists/{price_list}",
        Policy::Admin,
        PUT_DELETE,
        another_list,
    ),
    route("/api/v1/invoices", Policy::ReadApi, GET, invoices),
    route("/api/v1/invoices", Policy::Admin, POST, new_invoice),
    route("/api/v1/invoices/{invoice}", Policy::ReadApi, GET, one_invoice),
    route(
        "/api/v1/invoices/{invoice}",
        Policy::Admin,
        PUT_DELETE,
        another_invoice,
    ),
    route("/t/{slug}/kpis/prices", Policy::OwnPage, GET, page),
    route("/t/{slug}/kpis/prices", Policy::AdminPage, POST, form),
    route("/t/{slug}/api/v1/price-lists", Policy::ReadApi, GET, lists),
    route("/t/{slug}/api/v1/price-lists", Policy::Admin, POST, new_list),
    route("/t/{slug}/api/v1/price-lists/import", Policy::Admin, POST, import),
    route(
        "/t/{slug}/api/v1/price-lists/{price_list}",
        Policy::ReadApi,
        GET,
        one_list,
    ),
    route(
        "/t/{slug}/api/v1/price-lists/{price_list}",
        Policy::Admin,
        PUT_DELETE,
        another_list,
    ),
    route("/t/{slug}/api/v1/invoices", Policy::ReadApi, GET, invoices),
    route("/t/{slug}/api/v1/invoices", Policy::Admin, POST, new_invoice),
    route(
        "/t/{slug}/api/v1/invoices/{invoice}",
        Policy::ReadApi,
        GET,
        one_invoice,
    ),
    route(
        "/t/{slug}/api/v1/invoices/{invoice}",
        Policy::Admin,
        PUT_DELETE,
        another_invoice,
    ),
];

fn page() -> MethodRouter<Shared> {
    get(kpis::prices_page).layer(CompressionLayer::new())
}

/// A file in a form is longer than the file: quotes and braces are written as three characters.
fn form() -> MethodRouter<Shared> {
    post(kpis::prices_form).layer(DefaultBodyLimit::max(2 * prices::FILE))
}

fn lists() -> MethodRouter<Shared> {
    get(documents::documents::<PriceListDoc>).layer(CompressionLayer::new())
}

fn new_list() -> MethodRouter<Shared> {
    post(prices::make).layer(prices::list_limit())
}

fn import() -> MethodRouter<Shared> {
    post(prices::import).layer(prices::file_limit())
}

fn one_list() -> MethodRouter<Shared> {
    get(documents::document::<PriceListDoc>).layer(CompressionLayer::new())
}

fn another_list() -> MethodRouter<Shared> {
    put(prices::change)
        .delete(documents::delete_document::<PriceListDoc>)
        .layer(prices::list_limit())
}

fn invoices() -> MethodRouter<Shared> {
    get(documents::documents::<InvoiceDoc>).layer(CompressionLayer::new())
}

fn new_invoice() -> MethodRouter<Shared> {
    post(documents::make_document::<InvoiceDoc>).layer(people::limit())
}

fn one_invoice() -> MethodRouter<Shared> {
    get(documents::document::<InvoiceDoc>)
}

fn another_invoice() -> MethodRouter<Shared> {
    put(documents::change_document::<InvoiceDoc>)
        .delete(documents::delete_document::<InvoiceDoc>)
        .layer(people::limit())
}
