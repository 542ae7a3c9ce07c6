//! Whoever comes without an account: the holder of a link, and the public of a page that was published.
//!
//! A link is looked up with every request and nothing of that is kept: who takes it back, or lets it end, is obeyed at once.
//! A link that is unknown, has ended or was taken back is answered alike. What is shown is the share's alone: its period, its
//! calls, without what it hides. No cookie is read or set.
//!
//! Deliberately absent: sharing what is set up and done (alerts, rules, people), and any way to ask for more.

mod badge;
mod feeds;
mod kept;
mod pace;
mod page;
mod redact;
mod status;
mod v2;
mod xml;

use app::kpis::no_share;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use engine::AlertError;
use protocol::documents::DocumentItem;
use protocol::kpis::share::ShareDoc;
use protocol::kpis::status::StatusView;
use protocol::view::KpiPage;
use store::{ShareHash, ShareLink, StoreError, TenantId, TenantScope};

use self::kept::Kept;
use self::pace::Pace;
use crate::auth::{self, Whence, share_hash};
use crate::edge::Policy;
use crate::http::Problem;
use crate::pages::plain;
use crate::state::Shared;

pub use badge::badge;
pub use page::{data, embed, page};
pub use status::{components, feed_json, feed_rss, incidents, page as status_page, status, summary};

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
/// An opening is noted once a minute.
const NOTED: i64 = 60_000;

/// What is remembered of strangers.
#[derive(Default)]
pub struct Strangers {
    pace: Pace,
    /// By tenant, share and version.
    figures: Kept<(TenantId, u64, u64), KpiPage>,
    /// By what a page is found by.
    pages: Kept<ShareHash, StatusView>,
}

impl Strangers {
    /// A page for the public was changed: what is remembered of it is not shown again.
    pub fn forget_pages(&self) {
        self.pages.forget();
    }
}

/// A link that counts.
#[derive(Clone)]
pub struct Held {
    /// What the link opens; used for the one share that it names.
    scope: TenantScope,
    /// As it stands in the address.
    token: String,
    /// What it shows.
    item: DocumentItem<ShareDoc>,
}

/// Lets a stranger in, or answers.
///
/// # Errors
/// The answer: too often, no link that counts, or the database cannot be asked.
pub async fn enter(
    shared: &Shared,
    policy: Policy,
    request: &Parts,
    whence: &Whence,
) -> Result<Option<Held>, Box<Response>> {
    if let Err(wait) = shared.strangers.pace.take(whence.address) {
        let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(1);
        let problem = Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-often",
            "Too many requests from this address",
            "Ask again in a moment.",
        );
        return Err(Box::new(problem.retry_after(seconds).into_response()));
    }
    if policy != Policy::Shared {
        return Ok(None);
    }
    match held(shared, request, whence).await {
        Ok(Some(held)) => Ok(Some(held)),
        Ok(None) => Err(Box::new(nothing(shared, request))),
        Err(error) => {
            tracing::warn!(%error, "a link could not be looked up");
            Err(Box::new(
                Problem::unavailable("The database cannot be asked right now.", 2).into_response(),
            ))
        }
    }
}

async fn held(shared: &Shared, request: &Parts, whence: &Whence) -> Result<Option<Held>, StoreError> {
    let engine = &shared.engine;
    let token = request.uri.path().split('/').nth(2).unwrap_or_default();
    let Some(hash) = share_hash(token) else {
        return Ok(None);
    };
    let Some(link) = engine.share_by_hash(&hash).await? else {
        return Ok(None);
    };
    let scope = auth::by_share(&link);
    let item = match engine.document::<ShareDoc>(&scope, link.document).await {
        Ok(item) => item,
        Err(AlertError::Store(error)) => return Err(error),
        Err(_) => return Ok(None),
    };
    let now = engine.clock().now();
    if now >= item.doc.expires {
        return Ok(None);
    }
    note(shared, &scope, &link, whence, now).await?;
    Ok(Some(Held {
        scope,
        token: token.to_owned(),
        item,
    }))
}

/// Notes the opening before anything is shown: what cannot be in the audit log is not shown.
async fn note(
    shared: &Shared,
    scope: &TenantScope,
    link: &ShareLink,
    whence: &Whence,
    now: i64,
) -> Result<(), StoreError> {
    if link
        .opened
        .is_some_and(|opened| (0..NOTED).contains(&(now - opened)))
    {
        return Ok(());
    }
    shared.engine.share_opened(scope, link, &whence.text()).await
}

/// The answer to every link that does not count.
fn nothing(shared: &Shared, request: &Parts) -> Response {
    let path = request.uri.path();
    if path.ends_with(".json") || path.ends_with(".svg") {
        return private(Problem::not_found().into_response(), &[]);
    }
    nothing_here(shared)
}

/// The page for every address that leads nowhere.
fn nothing_here(shared: &Shared) -> Response {
    private(plain(StatusCode::NOT_FOUND, no_share(shared.base.as_str())), &[])
}

/// What no memory keeps, no search engine finds and no page shows in a frame but those that are named.
fn private(mut response: Response, frames: &[String]) -> Response {
    let ancestors = match frames {
        [] => "'none'".to_owned(),
        frames => frames.join(" "),
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; style-src-attr 'none'; img-src 'self' data:; font-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors {ancestors}"
    );
    let headers = response.headers_mut();
    // Origins are checked when they are written; one that no header can carry closes the frame.
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(
        "default-src 'none'; frame-ancestors 'none'",
    ));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, private"));
    response
}
