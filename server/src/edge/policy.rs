//! Who may use a route. Every route names its policy where it is declared ([`crate::http::ROUTES`]); the policy is
//! enforced before the handler runs and before any of the body is read.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use store::{Scope, TenantId};

use super::browser::{self, Foreign, Need};
use crate::auth::{self, Access, Refused};
use crate::http::Problem;
use crate::pages;
use crate::state::Shared;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Anybody, whatever the `Host`: an orchestrator asks whether we live. Says yes or no, nothing else.
    Probe,
    /// Files of the interface, and addresses that do not exist: a browser on this machine, or a program with a key.
    Asset,
    /// Pages: a browser on this machine (others may link to them), or a key with `metrics:read`.
    Page,
    /// Data: a browser on this machine from our own pages, or a key with `metrics:read`.
    Read,
    /// As [`Policy::Read`], and a browser must name its origin.
    Socket,
    /// A key with `ingest:write`.
    Ingest,
    /// A key with `api:admin`.
    Admin,
}

/// The layer that enforces a policy: lets the request through with an [`Access`], or answers with a problem.
pub async fn enforce(
    State((shared, policy)): State<(Shared, Policy)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(&shared, policy, &parts).await {
        Ok(access) => {
            parts.extensions.insert(access);
            next.run(Request::from_parts(parts, body)).await
        }
        // Reached only after the checks of a browser on this machine: without a key nothing comes before the tenant.
        Err(problem)
            if policy == Policy::Page
                && problem.status() == StatusCode::NOT_FOUND
                && !auth::has_credentials(&parts.headers) =>
        {
            pages::missing(&shared, Request::from_parts(parts, body)).await
        }
        Err(problem) => {
            discard(body).await;
            problem.into_response()
        }
    }
}

/// What the request is under this policy.
///
/// # Errors
/// The answer, when it may not use the route.
pub async fn admit(shared: &Shared, policy: Policy, request: &Parts) -> Result<Access, Problem> {
    let headers = &request.headers;
    let with_key = auth::has_credentials(headers);
    // A key is shown on purpose; a cookie, or nothing, may come from a page that somebody was lured to.
    let ambient = browser::has_cookie(headers) || !with_key;
    let need = match policy {
        Policy::Probe => return Ok(Access::Anyone),
        Policy::Asset | Policy::Page => Need::Open,
        Policy::Read => Need::Own,
        Policy::Socket => Need::Socket,
        // Without a key the answer is 401 for everybody: it tells nothing.
        Policy::Ingest | Policy::Admin if !with_key => {
            return Err(Problem::unauthorized(
                &Refused::Missing,
                query_holds_key(&request.uri),
            ));
        }
        Policy::Ingest | Policy::Admin => Need::Own,
    };
    if ambient {
        browser::check(headers, &request.uri, shared.port, need).map_err(foreign)?;
    }
    let tenant = addressed(&request.uri)?;
    match policy {
        Policy::Probe | Policy::Asset => Ok(Access::Anyone),
        Policy::Page | Policy::Read | Policy::Socket if !with_key => {
            Ok(auth::by_browser(tenant.unwrap_or_else(TenantId::default_tenant)))
        }
        Policy::Page | Policy::Read | Policy::Socket => {
            by_key(shared, request, Scope::MetricsRead, tenant.as_ref()).await
        }
        Policy::Ingest => by_key(shared, request, Scope::IngestWrite, tenant.as_ref()).await,
        Policy::Admin => by_key(shared, request, Scope::ApiAdmin, tenant.as_ref()).await,
    }
}

async fn by_key(
    shared: &Shared,
    request: &Parts,
    wanted: Scope,
    tenant: Option<&TenantId>,
) -> Result<Access, Problem> {
    // The other end of the connection itself: what a proxy says about it is not believed.
    let from = request.extensions.get::<ConnectInfo<SocketAddr>>();
    let from = from.map(|ConnectInfo(peer)| peer.ip());
    auth::by_key(&shared.lookup, &request.headers, wanted, tenant, from)
        .await
        .map_err(|refused| match refused {
            Refused::Tenant => Problem::not_found(),
            Refused::Unavailable(detail) => {
                tracing::warn!(%detail, "a key could not be looked up");
                Problem::unavailable("the database cannot be asked right now", 2)
            }
            Refused::Scope(scope) => Problem::lacks_scope(scope),
            Refused::Address(from) => Problem::wrong_address(from),
            refused => Problem::unauthorized(&refused, false),
        })
}

/// The tenant that the path names (`/t/{slug}/…`), if it names one.
fn addressed(uri: &Uri) -> Result<Option<TenantId>, Problem> {
    let Some(rest) = uri.path().strip_prefix("/t/") else {
        return Ok(None);
    };
    let slug = rest.split('/').next().unwrap_or_default();
    auth::known_tenant(slug).map(Some).ok_or_else(Problem::not_found)
}

/// Whether somebody put a key into the address. It is not accepted there, but the answer should say why.
fn query_holds_key(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.contains("fb_"))
}

fn foreign(what: Foreign) -> Problem {
    Problem::foreign(match what {
        Foreign::Host => {
            "the Host is not 127.0.0.1, [::1] or localhost with this server's port; programs use a key instead"
        }
        Foreign::Origin => "the Origin is not this server's own",
        Foreign::Site => "another site's page may not read this",
        Foreign::Forwarded => {
            "the request came through a proxy: this version serves browsers on its own machine only; \
             use an SSH tunnel, or a key"
        }
    })
}

/// Reads away a little of a body that nobody wants, so that its sender gets to read the answer instead of a reset.
pub async fn discard(body: Body) {
    const AT_MOST: usize = 8 << 20;
    const FOR: Duration = Duration::from_millis(500);
    let reading = async {
        let mut seen = 0;
        let mut stream = body.into_data_stream();
        while let Some(Ok(chunk)) = stream.next().await {
            seen += chunk.len();
            if seen > AT_MOST {
                break;
            }
        }
    };
    // Whether it was all or not, the answer goes out now.
    let _ = tokio::time::timeout(FOR, reading).await;
}
