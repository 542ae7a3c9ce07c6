//! Who may use a route. Every route names its policy where it is declared ([`crate::http::ROUTES`]); the policy is
//! enforced before the handler runs and before any of the body is read.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use store::{Role, Scope, SessionHash, SignedIn, TenantId};

use super::origins::{self, Foreign, Need, Via};
use crate::auth::{self, Access, Denial, Person, Refused, Whence, devices};
use crate::http::{Problem, takes_passwords};
use crate::state::Shared;
use crate::{door, pages, strangers};

/// Who may use a route. A person's role, or a key's scope, in the tenant that the address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Anybody, whatever the `Host`: an orchestrator asks whether we live. Says yes or no, nothing else.
    Probe,
    /// Files of the interface, and addresses that do not exist: anybody with a browser that sees us, or a key.
    Asset,
    /// Where people come in: anybody with a browser that sees us.
    Door,
    /// Services that sign what they send: anybody, and the handler believes nothing before it has checked the signature.
    Signed,
    /// The holder of a link, who has no account: what the link shows, and nothing else. No cookie and no key counts.
    Shared,
    /// What was published: anybody, without an account.
    Public,
    /// Pages: a viewer (others may link to them), or a key with `metrics:read`.
    Page,
    /// Figures, calls and states of breakers: a viewer on our own pages, or a key with `metrics:read`.
    Read,
    /// What people have set up and done, such as rules and alerts: a viewer, or a key with `api:read`.
    ReadApi,
    /// As [`Policy::Read`], and a browser must name its origin.
    Socket,
    /// A key with `ingest:write`.
    Ingest,
    /// Somebody's own account: whoever is signed in.
    Own,
    /// An operator, or a key with `api:admin`: acknowledging, silencing.
    Operate,
    /// An admin, or a key with `api:admin`.
    Admin,
    /// A platform admin.
    Platform,
    /// As [`Policy::Own`], for pages and their forms.
    OwnPage,
    /// Forms for an operator; no key gets in.
    OperatePage,
    /// Pages and forms for an admin; no key gets in.
    AdminPage,
    /// As [`Policy::Platform`], for pages and their forms.
    PlatformPage,
}

impl Policy {
    /// The least role of a person; `None` where no person gets in as a member.
    pub const fn role(self) -> Option<Role> {
        match self {
            Policy::Page
            | Policy::Read
            | Policy::ReadApi
            | Policy::Socket
            | Policy::Own
            | Policy::Platform
            | Policy::OwnPage
            | Policy::PlatformPage => Some(Role::Viewer),
            Policy::Operate | Policy::OperatePage => Some(Role::Operator),
            Policy::Admin | Policy::AdminPage => Some(Role::Admin),
            Policy::Probe
            | Policy::Asset
            | Policy::Door
            | Policy::Signed
            | Policy::Shared
            | Policy::Public
            | Policy::Ingest => None,
        }
    }

    /// The scope of a key; `None` where no key gets in.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Policy::Page | Policy::Read | Policy::Socket => Some(Scope::MetricsRead),
            Policy::ReadApi => Some(Scope::ApiRead),
            Policy::Ingest => Some(Scope::IngestWrite),
            Policy::Admin | Policy::Operate => Some(Scope::ApiAdmin),
            Policy::Probe
            | Policy::Asset
            | Policy::Door
            | Policy::Signed
            | Policy::Shared
            | Policy::Public
            | Policy::Own
            | Policy::Platform
            | Policy::OwnPage
            | Policy::OperatePage
            | Policy::AdminPage
            | Policy::PlatformPage => None,
        }
    }

    /// Whether people look at it: others may link to it, and who is not signed in is led to the door.
    pub const fn is_page(self) -> bool {
        matches!(
            self,
            Policy::Page | Policy::OwnPage | Policy::OperatePage | Policy::AdminPage | Policy::PlatformPage
        )
    }

    const fn is_for_platform_admins(self) -> bool {
        matches!(self, Policy::Platform | Policy::PlatformPage)
    }
}

/// The layer that enforces a policy: lets the request through with an [`Access`] and a [`Whence`], and for a browser
/// with a [`Via`], or answers.
pub async fn enforce(
    State((shared, policy)): State<(Shared, Policy)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut whence = whence(&shared, &parts);
    match admit(&shared, policy, &parts).await {
        Ok((_, via)) if matches!(policy, Policy::Shared | Policy::Public) => {
            if let Some(via) = via {
                parts.extensions.insert(via);
            }
            match strangers::enter(&shared, policy, &parts, &whence).await {
                Ok(Some(held)) => drop(parts.extensions.insert(held)),
                Ok(None) => {}
                Err(answer) => {
                    discard(body).await;
                    return *answer;
                }
            }
            next.run(Request::from_parts(parts, body)).await
        }
        Ok((access, via)) => {
            let device = via
                .as_ref()
                .and_then(|via| devices::read(via.cookie, &parts.headers));
            whence.device = device.map(str::to_owned);
            parts.extensions.insert(access);
            parts.extensions.insert(whence);
            if let Some(via) = via {
                parts.extensions.insert(via);
            }
            next.run(Request::from_parts(parts, body)).await
        }
        Err(denied) => {
            let by_browser = policy.is_page() && !auth::has_credentials(&parts.headers);
            match denied.problem.status() {
                StatusCode::UNAUTHORIZED if by_browser => {
                    discard(body).await;
                    return door::go_in(&shared, &parts.uri).await;
                }
                // A browser shows the code of a closed socket to the page, but not the status of a refused handshake.
                StatusCode::UNAUTHORIZED if denied.is_own_page => {
                    parts.extensions.insert(Access::Anyone);
                    return next.run(Request::from_parts(parts, body)).await;
                }
                StatusCode::NOT_FOUND if by_browser => {
                    if let Some(access) = denied.home {
                        return pages::missing(&shared, &access, Request::from_parts(parts, body)).await;
                    }
                }
                _ => {}
            }
            denied.note(&shared, &parts, &whence);
            if by_browser && denied.problem.status() == StatusCode::FORBIDDEN {
                discard(body).await;
                return door::not_for_you(&shared, &parts.headers, &denied.problem);
            }
            discard(body).await;
            denied.problem.into_response()
        }
    }
}

/// Why a request does not get in, and who it was, for the log.
#[derive(Debug)]
pub struct Denied {
    /// The answer.
    pub problem: Problem,
    /// Who it is at home, where they asked for something that is not theirs.
    home: Option<Access>,
    who: Option<(TenantId, String)>,
    /// A socket for one of our own pages, where nobody is signed in.
    is_own_page: bool,
}

impl From<Problem> for Denied {
    fn from(problem: Problem) -> Denied {
        Denied {
            problem,
            home: None,
            who: None,
            is_own_page: false,
        }
    }
}

impl Denied {
    /// Counts it for the audit log: those who are known and may not, and keys that do not count.
    fn note(&self, shared: &Shared, request: &Parts, whence: &Whence) {
        let Some((tenant, actor)) = &self.who else {
            return;
        };
        let route = request.extensions.get::<MatchedPath>();
        let route = route.map_or("an address that does not exist", MatchedPath::as_str);
        shared.people.denials.note(Denial {
            tenant: tenant.clone(),
            actor: actor.clone(),
            address: whence.text(),
            action: "access.denied",
            target: format!("{} {route}", request.method),
        });
    }
}

/// What the request is under this policy.
///
/// # Errors
/// The answer, when it may not use the route.
pub async fn admit(
    shared: &Shared,
    policy: Policy,
    request: &Parts,
) -> Result<(Access, Option<Via>), Denied> {
    let headers = &request.headers;
    let with_key = auth::has_credentials(headers);
    let need = match policy {
        // No cookie and no key counts, so that there is nothing to be lured to.
        Policy::Probe | Policy::Signed => return Ok((Access::Anyone, None)),
        // Others may link to it, and show it in a frame where the share says so. Who is signed in is nobody here.
        Policy::Shared | Policy::Public => {
            let via = shared.origins.check(headers, &request.uri, Need::Open);
            return Ok((Access::Anyone, Some(via.map_err(foreign)?)));
        }
        // Without a key the answer is 401 for everybody: it tells nothing.
        Policy::Ingest if !with_key => {
            let missing = Problem::unauthorized(&Refused::Missing, query_holds_key(&request.uri));
            return Err(missing.into());
        }
        _ if origins::changes(&request.method) => Need::Change,
        Policy::Asset | Policy::Door => Need::Open,
        policy if policy.is_page() => Need::Open,
        Policy::Socket => Need::Socket,
        _ => Need::Own,
    };
    // A key is shown on purpose; a cookie, or nothing, may come from a page that somebody was lured to.
    // At the door a key is nothing. A password that was typed into a browser once may be sent along by it ever after.
    let by_habit = auth::has_password(headers) && origins::by_browser(headers);
    let ambient = origins::has_cookie(headers) || !with_key || by_habit || policy == Policy::Door;
    let via = match ambient {
        true => Some(
            shared
                .origins
                .check(headers, &request.uri, need)
                .map_err(foreign)?,
        ),
        false => None,
    };
    if matches!(policy, Policy::Asset | Policy::Door) {
        return Ok((Access::Anyone, via));
    }
    if with_key {
        let access = by_key(shared, request, policy).await?;
        return Ok((access, via));
    }
    // Pages send forms; that they are our own is known from where they say they come from.
    if need == Need::Change && !policy.is_page() {
        check_json(&request.method, headers)?;
    }
    let access = by_session(shared, request, policy, via.as_ref()).await?;
    Ok((access, via))
}

async fn by_session(
    shared: &Shared,
    request: &Parts,
    policy: Policy,
    via: Option<&Via>,
) -> Result<Access, Denied> {
    let Some(needed) = policy.role() else {
        return Err(Problem::signed_out(query_holds_key(&request.uri)).into());
    };
    let Some((signed_in, hash)) = session(shared, &request.headers, via).await? else {
        return Err(Denied {
            is_own_page: policy == Policy::Socket,
            ..Problem::signed_out(query_holds_key(&request.uri)).into()
        });
    };
    shared.people.lookup.note(&signed_in.session.id);
    let tenant = addressed(&request.uri);
    let home = Person::of(Arc::clone(&signed_in), hash, None);
    let at_home = home.as_ref().map(|home| home.scope.tenant().clone());
    let who = |tenant: Option<TenantId>| {
        let tenant = tenant.or_else(|| at_home.clone());
        let tenant = tenant.unwrap_or_else(TenantId::default_tenant);
        Some((tenant, auth::actor(&signed_in.account.id)))
    };
    let person = match &tenant {
        Addressed::Home => home.clone(),
        Addressed::Tenant(tenant) => Person::of(Arc::clone(&signed_in), hash, Some(tenant)),
        Addressed::Nonsense => None,
    };
    let Some(person) = person else {
        return Err(Denied {
            problem: Problem::not_found(),
            home: home.map(Access::Person),
            who: who(None),
            is_own_page: false,
        });
    };
    let lacks = if policy.is_for_platform_admins() && !signed_in.account.platform_admin {
        Some("a platform admin")
    } else if person.role < needed {
        Some(needed.as_str())
    } else {
        None
    };
    match lacks {
        None => Ok(Access::Person(person)),
        Some(role) => Err(Denied {
            problem: Problem::lacks_role(role),
            home: None,
            who: who(Some(person.scope.tenant().clone())),
            is_own_page: false,
        }),
    }
}

/// Who is signed in, if somebody is.
async fn session(
    shared: &Shared,
    headers: &HeaderMap,
    via: Option<&Via>,
) -> Result<Option<(Arc<SignedIn>, SessionHash)>, Problem> {
    let Some(hash) = via.and_then(|via| via.cookie.read(headers)) else {
        return Ok(None);
    };
    match shared.people.lookup.find(&hash).await {
        Ok(found) => Ok(found.map(|found| (found, hash))),
        Err(error) => {
            tracing::warn!(%error, "a session could not be looked up");
            Err(Problem::unavailable("the database cannot be asked right now", 2))
        }
    }
}

/// Who is signed in at home, for addresses that are no route.
///
/// # Errors
/// The database cannot be asked.
pub async fn at_home(shared: &Shared, request: &Parts, via: Option<&Via>) -> Result<Option<Access>, Problem> {
    let found = session(shared, &request.headers, via).await?;
    let person = found.and_then(|(signed_in, hash)| Person::of(signed_in, hash, None));
    Ok(person.map(Access::Person))
}

async fn by_key(shared: &Shared, request: &Parts, policy: Policy) -> Result<Access, Denied> {
    let tenant = match addressed(&request.uri) {
        Addressed::Home => None,
        Addressed::Tenant(tenant) => Some(tenant),
        Addressed::Nonsense => return Err(Problem::not_found().into()),
    };
    let from = whence(shared, request).address;
    // A key that could never get in must count all the same: others learn nothing.
    let wanted = policy.scope().unwrap_or(Scope::ApiAdmin);
    // Where no key gets in, it does not matter whose it is.
    let tenant = tenant.filter(|_| policy.scope().is_some());
    let headers = (&request.headers, takes_passwords(request.uri.path()));
    let found = auth::by_key(&shared.lookup, headers, wanted, tenant.as_ref(), from).await;
    let known = |key: &store::ApiKey| Some((key.tenant.clone(), format!("key:{}", key.id)));
    let (problem, who) = match found {
        Ok(access) if policy.scope().is_some() => return Ok(access),
        Ok(Access::Key { key, .. }) => (Problem::people_only(), known(&key)),
        Ok(_) => (Problem::not_found(), None),
        Err((refused, key)) => {
            let key = key.as_deref().and_then(known);
            match refused {
                Refused::Tenant => (Problem::not_found(), key),
                Refused::Unavailable(detail) => {
                    tracing::warn!(%detail, "a key could not be looked up");
                    (
                        Problem::unavailable("the database cannot be asked right now", 2),
                        None,
                    )
                }
                Refused::Scope(_) if policy.scope().is_none() => (Problem::people_only(), key),
                Refused::Scope(scope) => (Problem::lacks_scope(scope), key),
                Refused::Address(from) => (Problem::wrong_address(from), key),
                refused => {
                    let anyone = (TenantId::default_tenant(), "anyone".to_owned());
                    (Problem::unauthorized(&refused, false), Some(anyone))
                }
            }
        }
    };
    Err(Denied {
        problem,
        home: None,
        who,
        is_own_page: false,
    })
}

/// Where the request comes from.
fn whence(shared: &Shared, request: &Parts) -> Whence {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer: Option<IpAddr> = peer.map(|ConnectInfo(peer)| peer.ip());
    let agent = request.headers.get(USER_AGENT);
    Whence {
        address: shared.origins.client(&request.headers, peer),
        agent: agent
            .and_then(|agent| agent.to_str().ok())
            .unwrap_or_default()
            .into(),
        device: None,
    }
}

/// What the path says of a tenant.
enum Addressed {
    Home,
    Tenant(TenantId),
    Nonsense,
}

fn addressed(uri: &Uri) -> Addressed {
    let Some(rest) = uri.path().strip_prefix("/t/") else {
        return Addressed::Home;
    };
    let slug = rest.split('/').next().unwrap_or_default();
    TenantId::parse(slug).map_or(Addressed::Nonsense, Addressed::Tenant)
}

/// A change by a browser is JSON, which no form of another site can send without being asked about it first.
fn check_json(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if json || *method == Method::DELETE {
        return Ok(());
    }
    Err(Problem::not_json())
}

/// Whether somebody put a key into the address. It is not accepted there, but the answer should say why.
fn query_holds_key(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.contains("fb_"))
}

fn foreign(what: Foreign) -> Problem {
    Problem::foreign(&match what {
        Foreign::Host => {
            "the Host is neither server.external_url nor 127.0.0.1, [::1] or localhost with this server's \
             port; a browser elsewhere needs server.external_url, programs use a key instead"
                .to_owned()
        }
        Foreign::Origin => "the Origin is not this server's own, or is missing".to_owned(),
        Foreign::Site => "another site's page may not do this".to_owned(),
        Foreign::Forwarded(told) => {
            let url = told.unwrap_or_else(|| "https://its.public.name".to_owned());
            format!(
                "the request came through a proxy, and server.external_url is not set; if browsers see this server at \
                 that address, set server.external_url = \"{url}\" (FUSEBOARD__SERVER__EXTERNAL_URL) and let the proxy \
                 pass the Host header on"
            )
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
