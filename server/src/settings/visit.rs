//! Who looks at a page of the settings, and how: what every page needs to know of a request.

use app::seed::Theme;
use app::settings::{Frame, Section, Wrong};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use protocol::duty::OnCallItem;
use store::{Role, TenantScope};

use super::sent::Sent;
use crate::auth::{Access, Person, Whence};
use crate::edge::Via;
use crate::http::{Problem, is_confirmed};
use crate::pages::{self, go};
use crate::state::Shared;

/// What was done, by the name that the address carries: only these sentences can be said.
const DONE: [(&str, &str); 21] = [
    ("name", "Your name is changed."),
    (
        "password",
        "Your password is changed. Every other session has ended.",
    ),
    ("end", "That session has ended."),
    ("end_others", "Every other session has ended."),
    ("theme", "Saved in this browser."),
    ("confirm", "Unlocked for 15 minutes."),
    ("role", "The role is changed."),
    ("remove", "They are no longer a member."),
    ("withdraw", "The invitation is taken back."),
    ("revoke", "The key is revoked."),
    ("make", "The tenant is made."),
    ("quota", "The quota holds from now on."),
    ("link", "Linked. It lets you in from now on."),
    ("unlink", "No longer linked. Every other session has ended."),
    (
        "second_remove",
        "Signing in asks for the password alone from now on.",
    ),
    ("hide", "It is hidden."),
    ("forget", "It is forgotten until it reports again."),
    ("undo", "It is undone."),
    ("erase", "It is being erased. This page says when it is done."),
    (
        "uncount",
        "It does not count any more. Undo it below at any time.",
    ),
    (
        "rename",
        "It is called otherwise from now on. Undo it below at any time.",
    ),
];

/// A request for a page of the settings.
pub struct Visit {
    /// What the edge found the request to be.
    pub access: Access,
    /// The same, as the person it is.
    pub person: Person,
    /// From where.
    pub whence: Whence,
    /// As what the browser sees us.
    pub via: Via,
    /// What stands before our paths: empty, or `/fuseboard`.
    pub root: String,
    /// What stands before the tenant's: the root, or `{root}/t/{slug}`.
    pub base: String,
    /// The parameters of the address.
    pub query: Sent,
    /// As they came.
    pub headers: HeaderMap,
    pub(crate) theme: Option<Theme>,
    pub(crate) utc_offset_min: i32,
    pub(crate) now: i64,
    locked: bool,
    pub(crate) demo: bool,
    /// Who is on call, for the foot of every page.
    pub(crate) on_call: Vec<OnCallItem>,
}

impl FromRequestParts<Shared> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Visit, Problem> {
        let extensions = &parts.extensions;
        let (Some(access), Some(whence), Some(via)) = (
            extensions.get::<Access>(),
            extensions.get::<Whence>(),
            extensions.get::<Via>(),
        ) else {
            return Err(Problem::people_only());
        };
        let Access::Person(person) = access else {
            return Err(Problem::people_only());
        };
        let on_call = on_call(shared, &person.scope).await;
        Ok(Visit {
            root: shared.base.as_str().to_owned(),
            base: shared.base.at(&parts.uri, person.scope.tenant()),
            query: Sent::of_query(&parts.uri),
            headers: parts.headers.clone(),
            theme: pages::theme(&parts.headers),
            utc_offset_min: pages::utc_offset_min(&parts.headers).unwrap_or(shared.utc_offset_min),
            now: shared.engine.clock().now(),
            locked: !is_confirmed(shared, access),
            demo: shared.demo,
            on_call,
            person: person.clone(),
            access: access.clone(),
            whence: whence.clone(),
            via: via.clone(),
        })
    }
}

/// Who is on call, as far as the store answers: no page waits for it.
pub(crate) async fn on_call(shared: &Shared, scope: &TenantScope) -> Vec<OnCallItem> {
    let found = shared.engine.on_call(scope).await;
    let told = |error: &engine::AlertError| tracing::debug!(%error, "a page is sent without who is on call");
    found.inspect_err(told).unwrap_or_default()
}

impl Visit {
    /// The frame of a page.
    pub fn frame(&self, section: Section, wrong: Option<Wrong>) -> Frame {
        let (account, role) = (&self.person.signed_in.account, self.person.role);
        let done = self.query.get("done");
        let done = DONE.iter().find(|(name, _)| *name == done);
        let asks = section != Section::Audit;
        Frame {
            section,
            root: self.root.clone(),
            base: self.base.clone(),
            tenant: self.person.scope.tenant().to_string(),
            name: account.name.clone(),
            role: role.as_str().into(),
            is_admin: role >= Role::Admin,
            is_platform_admin: account.platform_admin,
            theme: self.theme,
            utc_offset_min: self.utc_offset_min,
            now: self.now,
            locked: self.locked && asks,
            via: Some(self.person.signed_in.session.via.clone()).filter(|via| !via.is_empty()),
            demo: self.demo,
            on_call: self.on_call.clone(),
            // What went wrong since is of more interest.
            done: done.filter(|_| wrong.is_none()).map(|(_, words)| *words),
            wrong,
        }
    }

    /// Back to a page, which says what was done.
    pub fn done(&self, section: Section, done: &str) -> Response {
        go(&[&self.page(section), "?done=", done].concat())
    }

    /// The address of a page.
    pub fn page(&self, section: Section) -> String {
        [&self.base, section.path()].concat()
    }

    /// From where, and as what the browser sees us, for what leads elsewhere.
    pub fn leads(&self) -> (&Via, &Whence, &HeaderMap) {
        (&self.via, &self.whence, &self.headers)
    }
}

/// What is wrong with a form that was sent, for the page that shows it again. What is not about the form stays a problem.
///
/// # Errors
/// The store cannot be asked: the page could not be made either.
pub fn wrong(problem: Problem, form: &str, sent: &Sent) -> Result<Wrong, Problem> {
    if problem.status().is_server_error() {
        return Err(problem);
    }
    Ok(Wrong {
        form: form.to_owned(),
        field: problem.field().to_owned(),
        why: problem.words().to_owned(),
        sent: sent.without_passwords(),
    })
}

/// The status of a page: 422 when it shows what could not be done.
pub fn status(wrong: Option<&Wrong>) -> StatusCode {
    match wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    }
}
