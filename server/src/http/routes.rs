//! Every route there is, with who may use it. A route cannot be written down without a policy, and nothing else adds
//! routes; a test asks each of them without and with the wrong credentials.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use super::finish::{finish, panicked};
use super::{
    Problem, activity, audit, breakers, calls, events, explore, markers, ops, providers, query, read,
    transitions,
};
use crate::edge::{self, Policy};
use crate::state::Shared;
use crate::{assets, door, pages, ws};

/// One route.
#[derive(Clone, Copy)]
pub struct Route {
    /// As axum writes it.
    pub path: &'static str,
    /// Who may use it.
    pub policy: Policy,
    /// What answers.
    pub methods: fn() -> MethodRouter<Shared>,
}

/// The table.
pub const ROUTES: [Route; 60] = [
    Route {
        path: "/livez",
        policy: Policy::Probe,
        methods: || get(ops::livez),
    },
    Route {
        path: "/readyz",
        policy: Policy::Probe,
        methods: || get(ops::readyz),
    },
    Route {
        path: "/healthz",
        policy: Policy::Probe,
        methods: || get(ops::readyz),
    },
    Route {
        path: "/version",
        policy: Policy::Read,
        methods: || get(ops::version),
    },
    Route {
        path: "/metrics",
        policy: Policy::Read,
        methods: || get(ops::metrics),
    },
    Route {
        path: "/api/v1/events",
        policy: Policy::Ingest,
        methods: || post(events::push),
    },
    Route {
        path: "/api/v1/board",
        policy: Policy::Read,
        methods: || get(read::board).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/breakers",
        policy: Policy::Read,
        methods: || get(breakers::breakers).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/breakers/{id}",
        policy: Policy::Read,
        methods: || get(breakers::breaker).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/breakers/{id}/whatif",
        policy: Policy::Read,
        methods: || get(breakers::whatif).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/breakers/{id}/around",
        policy: Policy::Read,
        methods: || get(breakers::around).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/breakers/{id}/transitions",
        policy: Policy::Read,
        methods: || get(transitions::of_breaker).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/transitions",
        policy: Policy::Read,
        methods: || get(transitions::all).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/calls",
        policy: Policy::Read,
        methods: || get(calls::calls).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/audit",
        policy: Policy::Admin,
        methods: || get(audit::audit).layer(CompressionLayer::new()),
    },
    Route {
        path: "/t/{slug}/api/v1/audit",
        policy: Policy::Admin,
        methods: || get(audit::audit).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/limits",
        policy: Policy::Read,
        methods: || get(read::limits).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/query",
        policy: Policy::Read,
        methods: || get(query::query).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/metrics",
        policy: Policy::Read,
        methods: || get(query::metrics).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/series",
        policy: Policy::Read,
        methods: || get(query::series).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/providers",
        policy: Policy::Read,
        methods: || get(providers::providers).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/explore",
        policy: Policy::Read,
        methods: || get(explore::explore).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/markers",
        policy: Policy::Read,
        methods: || get(markers::markers).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/providers/{id}",
        policy: Policy::Read,
        methods: || get(providers::provider).layer(CompressionLayer::new()),
    },
    Route {
        path: "/api/v1/activity",
        policy: Policy::Read,
        methods: || get(activity::activity).layer(CompressionLayer::new()),
    },
    // Pages of a tenant ask under its own address.
    Route {
        path: "/t/{slug}/api/v1/activity",
        policy: Policy::Read,
        methods: || get(activity::activity).layer(CompressionLayer::new()),
    },
    Route {
        path: "/t/{slug}/api/v1/limits",
        policy: Policy::Read,
        methods: || get(read::limits).layer(CompressionLayer::new()),
    },
    Route {
        path: "/t/{slug}/api/v1/providers/{id}",
        policy: Policy::Read,
        methods: || get(providers::provider).layer(CompressionLayer::new()),
    },
    Route {
        path: "/t/{slug}/api/v1/explore",
        policy: Policy::Read,
        methods: || get(explore::explore).layer(CompressionLayer::new()),
    },
    Route {
        path: "/t/{slug}/api/v1/query",
        policy: Policy::Read,
        methods: || get(query::query).layer(CompressionLayer::new()),
    },
    Route {
        path: "/t/{slug}/api/v1/providers",
        policy: Policy::Read,
        methods: || get(providers::providers).layer(CompressionLayer::new()),
    },
    Route {
        path: "/t/{slug}/api/v1/breakers",
        policy: Policy::Read,
        methods: || get(breakers::breakers).layer(CompressionLayer::new()),
    },
    Route {
        path: "/t/{slug}/api/v1/breakers/{id}",
        policy: Policy::Read,
        methods: || get(breakers::breaker).layer(CompressionLayer::new()),
    },
    Route {
        path: "/t/{slug}/api/v1/breakers/{id}/whatif",
        policy: Policy::Read,
        methods: || get(breakers::whatif).layer(CompressionLayer::new()),
    },
    Route {
        path: "/t/{slug}/api/v1/breakers/{id}/around",
        policy: Policy::Read,
        methods: || get(breakers::around).layer(CompressionLayer::new()),
    },
    Route {
        path: "/ws/v1",
        policy: Policy::Socket,
        methods: || get(ws::open),
    },
    Route {
        path: "/t/{slug}/ws/v1",
        policy: Policy::Socket,
        methods: || get(ws::open),
    },
    Route {
        path: "/login",
        policy: Policy::Door,
        methods: || get(door::sign_in_page).post(door::sign_in).layer(form_limit()),
    },
    Route {
        path: "/logout",
        policy: Policy::Door,
        methods: || get(door::sign_out_page).post(door::sign_out),
    },
    Route {
        path: "/setup",
        policy: Policy::Door,
        methods: || get(door::set_up_page).post(door::set_up).layer(form_limit()),
    },
    Route {
        path: "/invite",
        policy: Policy::Door,
        methods: || get(door::accept_page).post(door::accept).layer(form_limit()),
    },
    Route {
        path: "/reset",
        policy: Policy::Door,
        methods: || get(door::reset_page).post(door::reset).layer(form_limit()),
    },
    Route {
        path: "/",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/connect",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/providers",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/limits",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/breakers",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/t/{slug}/limits",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/breakers/{id}",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/explore",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/t/{slug}/breakers",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/t/{slug}/explore",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/t/{slug}/breakers/{id}",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/t/{slug}/providers",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/providers/{id}",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/t/{slug}/providers/{id}",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/t/{slug}",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/t/{slug}/",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/t/{slug}/connect",
        policy: Policy::Page,
        methods: page,
    },
    Route {
        path: "/pkg/{*file}",
        policy: Policy::Asset,
        methods: || get(assets::file),
    },
];

/// The largest form that people send.
fn form_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(16 << 10)
}

fn page() -> MethodRouter<Shared> {
    get(pages::page).layer(CompressionLayer::new())
}

/// The router over the whole table.
pub fn router(shared: Shared) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let guarded =
            (route.methods)().route_layer(from_fn_with_state((shared.clone(), route.policy), edge::enforce));
        router = router.route(route.path, guarded);
    }
    router
        .method_not_allowed_fallback(wrong_method)
        .fallback(elsewhere)
        .with_state(shared.clone())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(shared.counts.clone(), finish))
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
        let paths: BTreeSet<&str> = ROUTES.iter().map(|route| route.path).collect();
        assert_eq!(paths.len(), ROUTES.len());
        for route in ROUTES {
            let data =
                route.path.contains("/api/") || route.path.contains("/ws/") || route.path == "/metrics";
            let open = matches!(route.policy, Policy::Probe | Policy::Asset | Policy::Page);
            assert!(!(data && open), "{}", route.path);
        }
    }
}
