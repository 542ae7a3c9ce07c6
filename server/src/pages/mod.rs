//! Pages: rendered on the server with the numbers of this moment, so that the first paint is already the board.
//!
//! What a page needs is put into a [`Seed`] and travels with it; hydration starts from the same value. Nothing here
//! depends on `LEPTOS_*` variables: the options are made in code. Figures over a range are read from the store before the
//! page is rendered.

mod cookies;
mod plain;

pub use cookies::{theme, utc_offset_min, zone};
pub use plain::{go, plain};

use std::net::SocketAddr;

use app::AlertsBeside;
use app::seed::{Seed, Site};
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use engine::PageError;
use leptos::config::{Env, LeptosOptions};
use leptos::nonce::Nonce;
use leptos::prelude::provide_context;
use protocol::view::Board;
use protocol::{Range, Span};
use serde::Serialize;
use store::{Role, TenantId, TenantScope};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::auth::{self, Access};
use crate::base::page_of;
use crate::desk;
use crate::edge::{self, Via};
use crate::http::{Problem, breakers, explore_question, limits_of, page_ends, providers, range};
use crate::state::Shared;

/// Pages made at the same time; further ones wait for their turn.
pub const AT_ONCE: usize = 16;
/// A board with thousands of breakers is a few MiB of HTML.
const PAGE_LIMIT: usize = 64 << 20;

/// A page's handler.
pub async fn page(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    request: Request,
) -> Response {
    render(&shared, &access, request).await
}

/// Whether the client would rather see a page than a problem: a browser that was pointed at an address.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
        && !auth::has_credentials(headers)
}

/// The page for an address that leads nowhere. It shows the verdict of the visitor's tenant, as every page does.
pub async fn missing(shared: &Shared, access: &Access, request: Request) -> Response {
    // An address that is no route of the interface, whatever was asked for: it must not show the board.
    let (mut parts, body) = request.into_parts();
    parts.uri = Uri::from_static("/-/missing");
    let mut response = render(shared, access, Request::from_parts(parts, body)).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

async fn render(shared: &Shared, access: &Access, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let Some((seed, status)) = seed(shared, access, &parts).await else {
        return Problem::not_found().into_response();
    };
    let nonce = Nonce::new();
    let policy = edge::page_policy(&nonce);
    let options = options(shared.port);
    let demo = shared.demo;
    let beside = desk::beside(shared, access, &seed, &parts).await;
    let context = move || {
        if let Some(beside) = &beside {
            provide_context::<AlertsBeside>(beside.clone());
        }
        if demo {
            provide_context(app::Demo);
        }
        provide_context(nonce.clone());
        provide_context(seed.clone());
    };
    let render = leptos_axum::render_app_async_with_context(context, move || app::shell(options.clone()));
    // The page's router knows addresses as browsers see them.
    if let Some(uri) = shared.base.put_on(&parts.uri) {
        parts.uri = uri;
    }
    // A page has no use for a body.
    let request = Request::from_parts(parts, Body::empty());
    let mut response = match alone(shared, move || render(request)).await {
        Ok(response) => response,
        Err(problem) => return problem.into_response(),
    };
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    // An acknowledgement without a script is a form: under "no-referrer" its origin would be "null".
    let referrer = HeaderValue::from_static("same-origin");
    response.headers_mut().insert(REFERRER_POLICY, referrer);
    if status != StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}

/// Renders a page from beginning to end on a thread that does nothing else meanwhile.
///
/// Leptos finds a page's signals through a variable of the thread, and yields once before it reads the page's title
/// (leptos_meta 0.8, `inject_meta_context`). On a shared worker another page may have run in between: then the title is
/// looked up in the wrong page's signals, or there are none and it panics. Rendering is also pure computation, which
/// would keep a worker from its sockets.
async fn alone<F>(shared: &Shared, render: impl FnOnce() -> F + Send + 'static) -> Result<Response, Problem>
where
    F: Future<Output = Response>,
{
    let busy = || Problem::unavailable("Too many pages are being made.", 1);
    let turn = shared.renders.clone().acquire_owned().await.map_err(|_| busy())?;
    let runtime = Handle::current();
    let rendered = spawn_blocking(move || {
        // Kept until the page is made, even if its client goes away before.
        let _turn = turn;
        runtime.block_on(async {
            let (parts, body) = render().await.into_parts();
            to_bytes(body, PAGE_LIMIT)
                .await
                .map(|html| Response::from_parts(parts, Body::from(html)))
        })
    });
    match rendered.await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => {
            tracing::error!(%error, "a page could not be made");
            Err(Problem::unavailable("The page could not be made.", 1))
        }
        // Its own message is in the log already.
        Err(_) => Err(Problem::unavailable("The page could not be made.", 1)),
    }
}

/// Everything the first paint needs, at this moment, and what it is sent with.
async fn seed(shared: &Shared, access: &Access, request: &Parts) -> Option<(Seed, StatusCode)> {
    let scope = access.scope()?;
    let range = range(request.uri.query().unwrap_or_default()).unwrap_or_default();
    let may_make_keys = matches!(access, Access::Person(person) if person.role >= Role::Admin);
    let base = shared.base.at(&request.uri, scope.tenant());
    let origin = match request.extensions.get::<Via>() {
        Some(via) => via.origin.clone(),
        None => {
            let scheme = if shared.tls.is_some() { "https" } else { "http" };
            format!("{scheme}://127.0.0.1:{}", shared.port)
        }
    };
    let site = Site {
        build: shared.build.clone(),
        root: shared.base.as_str().to_owned(),
        base,
        origin,
        // Whoever may only read must not find a key that may write, nor whoever is an admin of another tenant than the
        // key's.
        local_key: shared
            .local_key
            .clone()
            .filter(|_| may_make_keys && *scope.tenant() == TenantId::default_tenant()),
        may_make_keys,
        theme: cookies::theme(&request.headers),
        utc_offset_min: cookies::utc_offset_min(&request.headers).unwrap_or(shared.utc_offset_min),
    };
    let uri = &request.uri;
    let path = page_of(uri, scope.tenant());
    let is_board = matches!(path, Some("" | "/"));
    let (replay, refused, board) = match is_board.then(|| asked_moment(shared, uri)).flatten() {
        None => (None, None, shared.engine.board(scope, range)),
        Some(asked) => replayed(shared, scope, range, asked).await,
    };
    let figures = match path {
        Some(path) => figures(shared, scope, path, uri).await,
        None => Paint::Without,
    };
    let status = match figures {
        Paint::Nobody => StatusCode::NOT_FOUND,
        Paint::With(_) | Paint::Without => StatusCode::OK,
    };
    let seed = Seed {
        nobody: matches!(figures, Paint::Nobody),
        figures: match figures {
            Paint::With(figures) => Some(figures),
            Paint::Nobody | Paint::Without => None,
        },
        activity: if is_board {
            packed(shared.engine.activity(scope).await)
        } else {
            None
        },
        replay,
        refused,
        present: shared.engine.clock().now(),
        board,
        connect: shared.engine.connect(scope),
        site,
    };
    Some((seed, status))
}

/// What a page of history is painted with.
enum Paint {
    /// Its figures.
    With(Vec<u8>),
    /// None: the page asks by itself, and tells what is wrong.
    Without,
    /// None, because there is nobody of this id; the page says so.
    Nobody,
}

/// The figures of a page of history.
async fn figures(shared: &Shared, scope: &TenantScope, path: &str, uri: &Uri) -> Paint {
    let engine = &shared.engine;
    let id = |list: &str| path.strip_prefix(list).filter(|id| !id.is_empty());
    if let Some(id) = id("/providers/") {
        let (from, to) = page_ends(uri, providers::USUAL);
        return match engine.provider(scope, id, &from, &to).await.transpose() {
            Some(page) => Paint::of(page),
            None => Paint::Nobody,
        };
    }
    if let Some(id) = id("/breakers/") {
        let (from, to) = page_ends(uri, breakers::USUAL);
        return match engine.breaker_page(scope, id, &from, &to).await {
            Err(PageError::NoBreaker(_)) => Paint::Nobody,
            page => Paint::of(page),
        };
    }
    let figures = match path {
        "/providers" => {
            let (from, to) = page_ends(uri, providers::USUAL);
            packed(engine.providers(scope, &from, &to).await)
        }
        "/breakers" => {
            let (from, to) = page_ends(uri, breakers::USUAL);
            packed(engine.breakers(scope, &from, &to, None).await)
        }
        "/explore" => packed(engine.explore(scope, explore_question(uri)).await),
        "/limits" => packed(limits_of(shared, scope).await.map_err(PageError::Store)),
        _ => None,
    };
    figures.map_or(Paint::Without, Paint::With)
}

impl Paint {
    fn of<T: Serialize>(page: Result<T, PageError>) -> Paint {
        packed(page).map_or(Paint::Without, Paint::With)
    }
}

fn packed<T: Serialize>(answer: Result<T, PageError>) -> Option<Vec<u8>> {
    match answer {
        Ok(figures) => postcard::to_allocvec(&figures).ok(),
        Err(error) => {
            tracing::debug!(%error, "a page is sent without figures");
            None
        }
    }
}

/// The moment that the address of the board asks for.
fn asked_moment(shared: &Shared, uri: &Uri) -> Option<Result<i64, String>> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    let (_, text) = pairs
        .into_iter()
        .find(|(name, value)| name == "at" && !value.is_empty())?;
    let moment = Span::moment(&text, shared.engine.clock().now(), shared.utc_offset_min);
    Some(moment.map_err(|error| error.to_string()))
}

/// The board of a moment; when it cannot be shown, the live board and the reason.
async fn replayed(
    shared: &Shared,
    scope: &TenantScope,
    range: Range,
    asked: Result<i64, String>,
) -> (Option<i64>, Option<String>, Board) {
    let shown = match asked {
        Ok(at) => match shared.engine.board_at(scope, range, at).await {
            Ok(board) => Ok((at, board)),
            Err(error) => {
                tracing::debug!(%error, "the page is painted with the live board");
                Err(error.detail())
            }
        },
        Err(refused) => Err(refused),
    };
    match shown {
        Ok((at, board)) => (Some(at), None, board),
        Err(refused) => (None, Some(refused), shared.engine.board(scope, range)),
    }
}

fn options(port: u16) -> LeptosOptions {
    LeptosOptions::builder()
        .output_name("fuseboard")
        .site_pkg_dir("pkg")
        .env(Env::PROD)
        .site_addr(SocketAddr::from(([127, 0, 0, 1], port)))
        .build()
}
