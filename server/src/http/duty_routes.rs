//! The routes of people on call: pages, responders, schedules, escalation policies. A part of the table in
//! [`super::routes`].

use axum::routing::{MethodRouter, get, post, put};
use protocol::duty::{EscalationDoc, ResponderDoc, ScheduleDoc};
use tower_http::compression::CompressionLayer;

use super::routes::{GET, POST, POST_DELETE, PUT, PUT_DELETE, Route, form_limit, route};
use super::{alerts, documents, people};
use crate::desk;
use crate::edge::Policy;
use crate::state::Shared;

/// Who looks and who acts have different policies: an address may stand here once for each.
pub(super) const ROUTES: &[Route] = &[
    route("/alerts/schedules", Policy::OwnPage, GET, schedules_page),
    route("/alerts/schedules", Policy::AdminPage, POST, schedules_form),
    route("/alerts/schedules/me", Policy::OperatePage, POST, tell_me_form),
    route(
        "/alerts/schedules/{schedule}",
        Policy::OwnPage,
        GET,
        schedule_page,
    ),
    route(
        "/alerts/schedules/{schedule}",
        Policy::OperatePage,
        POST,
        schedule_form,
    ),
    route("/alerts/escalations", Policy::OwnPage, GET, escalations_page),
    route("/alerts/escalations", Policy::AdminPage, POST, escalations_form),
    route("/api/v1/oncall", Policy::ReadApi, GET, on_call),
    route("/api/v1/responders", Policy::Operate, GET, responders),
    route("/api/v1/responders", Policy::Admin, POST, new_responder),
    route("/api/v1/responders/me", Policy::Operate, PUT, tell_me),
    route(
        "/api/v1/responders/{responder}",
        Policy::Operate,
        GET,
        one_responder,
    ),
    route(
        "/api/v1/responders/{responder}",
        Policy::Admin,
        PUT_DELETE,
        another_responder,
    ),
    route("/api/v1/schedules", Policy::ReadApi, GET, schedules),
    route("/api/v1/schedules", Policy::Admin, POST, new_schedule),
    route("/api/v1/schedules/{schedule}", Policy::ReadApi, GET, one_schedule),
    route(
        "/api/v1/schedules/{schedule}",
        Policy::Admin,
        PUT_DELETE,
        another_schedule,
    ),
    route(
        "/api/v1/schedules/{schedule}/shifts",
        Policy::ReadApi,
        GET,
        shifts,
    ),
    route(
        "/api/v1/schedules/{schedule}/overrides",
        Policy::Operate,
        POST_DELETE,
        overrides,
    ),
    route("/api/v1/escalations", Policy::ReadApi, GET, escalations),
    route("/api/v1/escalations", Policy::Admin, POST, new_escalation),
    route(
        "/api/v1/escalations/{escalation}",
        Policy::ReadApi,
        GET,
        one_escalation,
    ),
    route(
        "/api/v1/escalations/{escalation}",
        Policy::Admin,
        PUT_DELETE,
        another_escalation,
    ),
    route("/t/{slug}/alerts/schedules", Policy::OwnPage, GET, schedules_page),
    route(
        "/t/{slug}/alerts/schedules",
        Policy::AdminPage,
        POST,
        schedules_form,
    ),
    route(
        "/t/{slug}/alerts/schedules/me",
        Policy::OperatePage,
        POST,
        tell_me_form,
    ),
    route(
        "/t/{slug}/alerts/schedules/{schedule}",
        Policy::OwnPage,
        GET,
        schedule_page,
    ),
    route(
        "/t/{slug}/alerts/schedules/{schedule}",
        Policy::OperatePage,
        POST,
        schedule_form,
    ),
    route(
        "/t/{slug}/alerts/escalations",
        Policy::OwnPage,
        GET,
        escalations_page,
    ),
    route(
        "/t/{slug}/alerts/escalations",
        Policy::AdminPage,
        POST,
        escalations_form,
    ),
    route("/t/{slug}/api/v1/oncall", Policy::ReadApi, GET, on_call),
    route("/t/{slug}/api/v1/responders", Policy::Operate, GET, responders),
    route("/t/{slug}/api/v1/responders", Policy::Admin, POST, new_responder),
    route("/t/{slug}/api/v1/responders/me", Policy::Operate, PUT, tell_me),
    route(
        "/t/{slug}/api/v1/responders/{responder}",
        Policy::Operate,
        GET,
        one_responder,
    ),
    route(
        "/t/{slug}/api/v1/responders/{responder}",
        Policy::Admin,
        PUT_DELETE,
        another_responder,
    ),
    route("/t/{slug}/api/v1/schedules", Policy::ReadApi, GET, schedules),
    route("/t/{slug}/api/v1/schedules", Policy::Admin, POST, new_schedule),
    route(
        "/t/{slug}/api/v1/schedules/{schedule}",
        Policy::ReadApi,
        GET,
        one_schedule,
    ),
    route(
        "/t/{slug}/api/v1/schedules/{schedule}",
        Policy::Admin,
        PUT_DELETE,
        another_schedule,
    ),
    route(
        "/t/{slug}/api/v1/schedules/{schedule}/shifts",
        Policy::ReadApi,
        GET,
        shifts,
    ),
    route(
        "/t/{slug}/api/v1/schedules/{schedule}/overrides",
        Policy::Operate,
        POST_DELETE,
        overrides,
    ),
    route("/t/{slug}/api/v1/escalations", Policy::ReadApi, GET, escalations),
    route(
        "/t/{slug}/api/v1/escalations",
        Policy::Admin,
        POST,
        new_escalation,
    ),
    route(
        "/t/{slug}/api/v1/escalations/{escalation}",
        Policy::ReadApi,
        GET,
        one_escalation,
    ),
    route(
        "/t/{slug}/api/v1/escalations/{escalation}",
        Policy::Admin,
        PUT_DELETE,
        another_escalation,
    ),
];

fn schedules_page() -> MethodRouter<Shared> {
    get(desk::schedules_page)
}

fn schedules_form() -> MethodRouter<Shared> {
    post(desk::schedules_form).layer(form_limit())
}

fn tell_me_form() -> MethodRouter<Shared> {
    post(desk::tell_me_form).layer(form_limit())
}

fn schedule_page() -> MethodRouter<Shared> {
    get(desk::schedule_page)
}

fn schedule_form() -> MethodRouter<Shared> {
    post(desk::schedule_form).layer(form_limit())
}

fn escalations_page() -> MethodRouter<Shared> {
    get(desk::escalations_page)
}

fn escalations_form() -> MethodRouter<Shared> {
    post(desk::escalations_form).layer(form_limit())
}

fn on_call() -> MethodRouter<Shared> {
    get(alerts::on_call)
}

fn responders() -> MethodRouter<Shared> {
    get(documents::documents::<ResponderDoc>).layer(CompressionLayer::new())
}

fn new_responder() -> MethodRouter<Shared> {
    post(documents::make_document::<ResponderDoc>).layer(people::limit())
}

fn one_responder() -> MethodRouter<Shared> {
    get(documents::document::<ResponderDoc>)
}

fn another_responder() -> MethodRouter<Shared> {
    put(documents::change_document::<ResponderDoc>)
        .delete(documents::delete_document::<ResponderDoc>)
        .layer(people::limit())
}

fn schedules() -> MethodRouter<Shared> {
    get(documents::documents::<ScheduleDoc>).layer(CompressionLayer::new())
}

fn new_schedule() -> MethodRouter<Shared> {
    post(documents::make_document::<ScheduleDoc>).layer(people::limit())
}

fn one_schedule() -> MethodRouter<Shared> {
    get(documents::document::<ScheduleDoc>)
}

fn another_schedule() -> MethodRouter<Shared> {
    put(documents::change_document::<ScheduleDoc>)
        .delete(documents::delete_document::<ScheduleDoc>)
        .layer(people::limit())
}

fn escalations() -> MethodRouter<Shared> {
    get(documents::documents::<EscalationDoc>).layer(CompressionLayer::new())
}

fn new_escalation() -> MethodRouter<Shared> {
    post(documents::make_document::<EscalationDoc>).layer(people::limit())
}

fn one_escalation() -> MethodRouter<Shared> {
    get(documents::document::<EscalationDoc>)
}

fn another_escalation() -> MethodRouter<Shared> {
    put(documents::change_document::<EscalationDoc>)
        .delete(documents::delete_document::<EscalationDoc>)
        .layer(people::limit())
}

fn tell_me() -> MethodRouter<Shared> {
    put(alerts::tell_me).layer(people::limit())
}

fn shifts() -> MethodRouter<Shared> {
    get(alerts::shifts).layer(CompressionLayer::new())
}

fn overrides() -> MethodRouter<Shared> {
    post(alerts::take_over)
        .delete(alerts::give_back)
        .layer(people::limit())
}
