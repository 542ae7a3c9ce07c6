//! Every route there is, with who may use it. A route cannot be written down without a policy, and nothing else adds
//! routes; a test asks each of them without and with the wrong credentials.

use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, patch, post};
use tower::util::MapRequestLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutBody;

use super::finish::{finish, panicked};
use super::{
    Problem, activity, audit, breakers, calls, elsewhere, events, explore, markers, ops, people, providers,
    query, read, transitions,
};
use super::{alert_routes, duty_routes, kpi_routes, record_routes};
use crate::base::Base;
use crate::edge::{self, Policy};
use crate::state::Shared;
use crate::{assets, door, pages, settings, ws};

/// One route.
#[derive(Clone, Copy)]
pub struct Route {
    /// As axum writes it.
    pub path: &'static str,
    /// Who may use it.
    pub policy: Policy,
    /// With which methods. What reads is also asked with HEAD.
    pub verbs: &'static [&'static str],
    /// What answers.
    pub methods: fn() -> MethodRouter<Shared>,
}

pub(super) const fn route(
    path: &'static str,
    policy: Policy,
    verbs: &'static [&'static str],
    methods: fn() -> MethodRouter<Shared>,
) -> Route {
    Route {
        path,
        policy,
        verbs,
        methods,
    }
}

pub(super) const GET: &[&str] = &["GET"];
pub(super) const POST: &[&str] = &["POST"];
pub(super) const DELETE: &[&str] = &["DELETE"];
pub(super) const GET_POST: &[&str] = &["GET", "POST"];
const PATCH: &[&str] = &["PATCH"];
const PATCH_DELETE: &[&str] = &["PATCH", "DELETE"];
pub(super) const PUT: &[&str] = &["PUT"];
pub(super) const POST_DELETE: &[&str] = &["POST", "DELETE"];
pub(super) const PUT_DELETE: &[&str] = &["PUT", "DELETE"];

/// The table.
pub static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let tables = [
        REST,
        alert_routes::ROUTES,
        duty_routes::ROUTES,
        elsewhere::ROUTES,
        record_routes::ROUTES,
    ];
    [&tables, kpi_routes::TABLES].concat().concat()
});

/// All but those of alerts, of people on call and of the record.
const REST: &[Route] = &[
    route("/livez", Policy::Probe, GET, || get(ops::livez)),
    route("/readyz", Policy::Probe, GET, || get(ops::readyz)),
    route("/healthz", Policy::Probe, GET, || get(ops::readyz)),
    route("/version", Policy::Read, GET, || get(ops::version)),
    route("/metrics", Policy::Read, GET, || get(ops::metrics)),
    route("/api/v1/events", Policy::Ingest, POST, || post(events::push)),
    route("/api/v1/board", Policy::Read, GET, || {
        get(read::board).layer(CompressionLayer::new())
    }),
    route("/api/v1/breakers", Policy::Read, GET, || {
        get(breakers::breakers).layer(CompressionLayer::new())
    }),
    route("/api/v1/breakers/{id}", Policy::Read, GET, || {
        get(breakers::breaker).layer(CompressionLayer::new())
    }),
    route("/api/v1/breakers/{id}/whatif", Policy::Read, GET, || {
        get(breakers::whatif).layer(CompressionLayer::new())
    }),
    route("/api/v1/breakers/{id}/around", Policy::Read, GET, || {
        get(breakers::around).layer(CompressionLayer::new())
    }),
    route("/api/v1/breakers/{id}/transitions", Policy::Read, GET, || {
        get(transitions::of_breaker).layer(CompressionLayer::new())
    }),
    route("/api/v1/transitions", Policy::Read, GET, || {
        get(transitions::all).layer(CompressionLayer::new())
    }),
    route("/api/v1/calls", Policy::Read, GET, || {
        get(calls::calls).layer(CompressionLayer::new())
    }),
    route("/api/v1/audit", Policy::Admin, GET, || {
        get(audit::audit).layer(CompressionLayer::new())
    }),
    route("/t/{slug}/api/v1/audit", Policy::Admin, GET, || {
        get(audit::audit).layer(CompressionLayer::new())
    }),
    route("/api/v1/limits", Policy::Read, GET, || {
        get(read::limits).layer(CompressionLayer::new())
    }),
    route("/api/v1/query", Policy::Read, GET, || {
        get(query::query).layer(CompressionLayer::new())
    }),
    route("/api/v1/metrics", Policy::Read, GET, || {
        get(query::metrics).layer(CompressionLayer::new())
    }),
    route("/api/v1/series", Policy::Read, GET, || {
        get(query::series).layer(CompressionLayer::new())
    }),
    route("/api/v1/providers", Policy::Read, GET, || {
        get(providers::providers).layer(CompressionLayer::new())
    }),
    route("/api/v1/explore", Policy::Read, GET, || {
        get(explore::explore).layer(CompressionLayer::new())
    }),
    route("/api/v1/markers", Policy::Read, GET, || {
        get(markers::markers).layer(CompressionLayer::new())
    }),
    route("/api/v1/providers/{id}", Policy::Read, GET, || {
        get(providers::provider).layer(CompressionLayer::new())
    }),
    route("/api/v1/activity", Policy::Read, GET, || {
        get(activity::activity).layer(CompressionLayer::new())
    }),
    // Pages of a tenant ask under its own address.
    route("/t/{slug}/api/v1/activity", Policy::Read, GET, || {
        get(activity::activity).layer(CompressionLayer::new())
    }),
    route("/t/{slug}/api/v1/limits", Policy::Read, GET, || {
        get(read::limits).layer(CompressionLayer::new())
    }),
    route("/t/{slug}/api/v1/providers/{id}", Policy::Read, GET, || {
        get(providers::provider).layer(CompressionLayer::new())
    }),
    route("/t/{slug}/api/v1/explore", Policy::Read, GET, || {
        get(explore::explore).layer(CompressionLayer::new())
    }),
    route("/t/{slug}/api/v1/query", Policy::Read, GET, || {
        get(query::query).layer(CompressionLayer::new())
    }),
    route("/t/{slug}/api/v1/providers", Policy::Read, GET, || {
        get(providers::providers).layer(CompressionLayer::new())
    }),
    route("/t/{slug}/api/v1/breakers", Policy::Read, GET, || {
        get(breakers::breakers).layer(CompressionLayer::new())
    }),
    route("/t/{slug}/api/v1/breakers/{id}", Policy::Read, GET, || {
        get(breakers::breaker).layer(CompressionLayer::new())
    }),
    route("/t/{slug}/api/v1/breakers/{id}/whatif", Policy::Read, GET, || {
        get(breakers::whatif).layer(CompressionLayer::new())
    }),
    route(
        "/t/{slug}/api/v1/breakers/{id}/transitions",
        Policy::Read,
        GET,
        || get(transitions::of_breaker).layer(CompressionLayer::new()),
    ),
    route("/t/{slug}/api/v1/breakers/{id}/around", Policy::Read, GET, || {
        get(breakers::around).layer(CompressionLayer::new())
    }),
    route("/api/v1/me", Policy::Own, &["GET", "PATCH"], || {
        get(people::me).patch(people::rename).layer(people::limit())
    }),
    route("/api/v1/me/password", Policy::Own, POST, || {
        post(people::change_password).layer(people::limit())
    }),
    route("/api/v1/me/confirm", Policy::Own, POST, || {
        post(people::confirm).layer(people::limit())
    }),
    route("/api/v1/me/sessions", Policy::Own, DELETE, || {
        delete(people::end_others)
    }),
    route("/api/v1/me/sessions/{session}", Policy::Own, DELETE, || {
        delete(people::end_session)
    }),
    route("/api/v1/members", Policy::Admin, GET, || get(people::members)),
    route("/api/v1/members/{account}", Policy::Admin, PATCH_DELETE, member),
    route("/api/v1/invitations", Policy::Admin, POST, || {
        post(people::invite).layer(people::limit())
    }),
    route("/api/v1/invitations/{invitation}", Policy::Admin, DELETE, || {
        delete(people::withdraw)
    }),
    route("/api/v1/keys", Policy::Admin, GET_POST, keys),
    route("/api/v1/keys/{key}", Policy::Admin, DELETE, || {
        delete(people::revoke)
    }),
    route("/api/v1/keys/{key}/rotate", Policy::Admin, POST, || {
        post(people::replace_key).layer(people::limit())
    }),
    route("/t/{slug}/api/v1/me", Policy::Own, GET, || get(people::me)),
    route("/t/{slug}/api/v1/members", Policy::Admin, GET, || {
        get(people::members)
    }),
    route(
        "/t/{slug}/api/v1/members/{account}",
        Policy::Admin,
        PATCH_DELETE,
        member,
    ),
    route("/t/{slug}/api/v1/invitations", Policy::Admin, POST, || {
        post(people::invite).layer(people::limit())
    }),
    route(
        "/t/{slug}/api/v1/invitations/{invitation}",
        Policy::Admin,
        DELETE,
        || delete(people::withdraw),
    ),
    route("/t/{slug}/api/v1/keys", Policy::Admin, GET_POST, keys),
    route("/t/{slug}/api/v1/keys/{key}", Policy::Admin, DELETE, || {
        delete(people::revoke)
    }),
    route("/t/{slug}/api/v1/keys/{key}/rotate", Policy::Admin, POST, || {
        post(people::replace_key).layer(people::limit())
    }),
    route("/api/v1/tenants", Policy::Platform, GET_POST, || {
        get(people::tenants)
            .post(people::make_tenant)
            .layer(people::limit())
    }),
    route("/api/v1/tenants/{tenant}", Policy::Platform, PATCH, || {
        patch(people::change_quota).layer(people::limit())
    }),
    route("/ws/v1", Policy::Socket, GET, || get(ws::open)),
    route("/t/{slug}/ws/v1", Policy::Socket, GET, || get(ws::open)),
    route("/login", Policy::Door, GET_POST, || {
        get(door::sign_in_page).post(door::sign_in).layer(form_limit())
    }),
    route("/login/code", Policy::Door, GET_POST, || {
        get(door::code_page).post(door::code).layer(form_limit())
    }),
    route("/login/oidc", Policy::Door, GET_POST, || {
        get(door::provider_page)
            .post(door::to_provider)
            .layer(form_limit())
    }),
    route("/login/oidc/callback", Policy::Door, GET, || {
        get(door::from_provider)
    }),
    route("/logout", Policy::Door, GET_POST, || {
        get(door::sign_out_page).post(door::sign_out)
    }),
    route("/setup", Policy::Door, GET_POST, || {
        get(door::set_up_page).post(door::set_up).layer(form_limit())
    }),
    route("/invite", Policy::Door, GET_POST, || {
        get(door::accept_page).post(door::accept).layer(form_limit())
    }),
    route("/reset", Policy::Door, GET_POST, || {
        get(door::reset_page).post(door::reset).layer(form_limit())
    }),
    route("/ack", Policy::Door, GET_POST, || {
        get(door::ack_page).post(door::ack).layer(form_limit())
    }),
    route("/", Policy::Page, GET, page),
    route("/connect", Policy::Page, GET, page),
    route("/providers", Policy::Page, GET, page),
    route("/limits", Policy::Page, GET, page),
    route("/breakers", Policy::Page, GET, page),
    route("/t/{slug}/limits", Policy::Page, GET, page),
    route("/breakers/{id}", Policy::Page, GET, page),
    route("/explore", Policy::Page, GET, page),
    route("/t/{slug}/breakers", Policy::Page, GET, page),
    route("/t/{slug}/explore", Policy::Page, GET, page),
    route("/t/{slug}/breakers/{id}", Policy::Page, GET, page),
    route("/t/{slug}/providers", Policy::Page, GET, page),
    route("/providers/{id}", Policy::Page, GET, page),
    route("/t/{slug}/providers/{id}", Policy::Page, GET, page),
    route("/t/{slug}", Policy::Page, GET, page),
    route("/t/{slug}/", Policy::Page, GET, page),
    route("/t/{slug}/connect", Policy::Page, GET, page),
    route("/settings", Policy::OwnPage, GET_POST, || {
        get(settings::you_page)
            .post(settings::you_form)
            .layer(form_limit())
    }),
    route("/settings/members", Policy::AdminPage, GET_POST, || {
        get(settings::members_page)
            .post(settings::members_form)
            .layer(form_limit())
    }),
    route("/settings/keys", Policy::AdminPage, GET_POST, || {
        get(settings::keys_page)
            .post(settings::keys_form)
            .layer(form_limit())
    }),
    route("/settings/tenants", Policy::PlatformPage, GET_POST, || {
        get(settings::tenants_page)
            .post(settings::tenants_form)
            .layer(form_limit())
    }),
    route("/settings/audit", Policy::AdminPage, GET, || {
        get(settings::audit_page).layer(CompressionLayer::new())
    }),
    route("/t/{slug}/settings", Policy::OwnPage, GET_POST, || {
        get(settings::you_page)
            .post(settings::you_form)
            .layer(form_limit())
    }),
    route("/t/{slug}/settings/members", Policy::AdminPage, GET_POST, || {
        get(settings::members_page)
            .post(settings::members_form)
            .layer(form_limit())
    }),
    route("/t/{slug}/settings/keys", Policy::AdminPage, GET_POST, || {
        get(settings::keys_page)
            .post(settings::keys_form)
            .layer(form_limit())
    }),
    route(
        "/t/{slug}/settings/tenants",
        Policy::PlatformPage,
        GET_POST,
        || {
            get(settings::tenants_page)
                .post(settings::tenants_form)
                .layer(form_limit())
        },
    ),
    route("/t/{slug}/settings/audit", Policy::AdminPage, GET, || {
        get(settings::audit_page).layer(CompressionLayer::new())
    }),
    route("/pkg/{*file}", Policy::Asset, GET, || get(assets::file)),
    route(
        "/api/v1/me/second-factor",
        Policy::Own,
        &["GET", "POST", "DELETE"],
        || {
            get(people::second_factor)
                .post(people::begin_second_factor)
                .delete(people::remove_second_factor)
                .layer(people::limit())
        },
    ),
    route("/api/v1/me/identities", Policy::Own, DELETE, || {
        delete(people::unlink).layer(people::limit())
    }),
    route("/api/v1/me/second-factor/enable", Policy::Own, POST, || {
        post(people::enable_second_factor).layer(people::limit())
    }),
    route(
        "/api/v1/me/second-factor/recovery-codes",
        Policy::Own,
        POST,
        || post(people::new_recovery_codes).layer(people::limit()),
    ),
];

fn member() -> MethodRouter<Shared> {
    patch(people::change_role)
        .delete(people::send_away)
        .layer(people::limit())
}

fn keys() -> MethodRouter<Shared> {
    get(people::keys).post(people::make_key).layer(people::limit())
}

/// The largest form that people send.
pub(super) fn form_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(16 << 10)
}

fn page() -> MethodRouter<Shared> {
    get(pages::page).layer(CompressionLayer::new())
}

/// The router over the whole table. Below a base, addresses with it and without it are the same.
pub fn router(shared: Shared) -> Router {
    let mut router = Router::new();
    for route in ROUTES.iter() {
        let guarded =
            (route.methods)().route_layer(from_fn_with_state((shared.clone(), route.policy), edge::enforce));
        router = router.route(route.path, guarded);
    }
    let base = shared.base.clone();
    // A little longer than those wait who read bodies themselves: they say why.
    let gap = shared.patience.gap * 3 / 2;
    let patient = MapRequestLayer::new(move |request: Request| {
        request.map(|body| Body::new(TimeoutBody::new(gap, body)))
    });
    let router = router
        .method_not_allowed_fallback(wrong_method)
        .fallback(elsewhere)
        .with_state(shared.clone())
        .layer(patient)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(shared, finish));
    if base == Base::default() {
        return router;
    }
    let inside = MapRequestLayer::new(move |mut request: Request| {
        if let Some(uri) = base.taken_off(request.uri()) {
            *request.uri_mut() = uri;
        }
        request
    });
    // Layers of a router come after it has chosen a route: this one stands around another.
    Router::new().fallback_service(router).layer(inside)
}

/// The `Allow` header is added by the router.
async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "The address does not take this method",
        "See the Allow header.",
    )
}

/// No route: a file of the site, or nothing. The host is checked here too, so that a foreign page learns nothing.
async fn elsewhere(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let via = match edge::admit(&shared, Policy::Asset, &parts).await {
        Ok((_, via)) => via,
        Err(denied) => {
            edge::discard(body).await;
            return denied.problem.into_response();
        }
    };
    let may_be_file = matches!(parts.method, Method::GET | Method::HEAD);
    if may_be_file && let Some(response) = assets::find(&shared, &parts).await {
        return response;
    }
    if may_be_file && pages::is_wanted(&parts.headers) {
        return match edge::at_home(&shared, &parts, via.as_ref()).await {
            Ok(Some(access)) => pages::missing(&shared, &access, Request::from_parts(parts, body)).await,
            Ok(None) => door::go_in(&shared, &parts.uri).await,
            Err(problem) => problem.into_response(),
        };
    }
    edge::discard(body).await;
    Problem::not_found().into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_route_stands_twice_and_data_is_never_open() {
        let verbs = |route: &'static Route| route.verbs.iter().map(|verb| (route.path, *verb));
        let all: Vec<(&str, &str)> = ROUTES.iter().flat_map(verbs).collect();
        let each: BTreeSet<(&str, &str)> = all.iter().copied().collect();
        assert_eq!(all.len(), each.len());
        for route in ROUTES.iter() {
            let data =
                route.path.contains("/api/") || route.path.contains("/ws/") || route.path == "/metrics";
            let open = matches!(route.policy, Policy::Probe | Policy::Asset) || route.policy.is_page();
            assert!(!(data && open), "{}", route.path);
        }
    }
}
