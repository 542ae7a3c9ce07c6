//! `/api/v1/keys`: the tenant's API keys. A key's text is told once, to whoever makes it.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use domain::Millis;
use ipnet::IpNet;
use protocol::filter::echo;
use protocol::view::{ApiKeys, KeyRow, MadeKey};
use store::{ApiKey, Scope, StoreError};

use super::super::page::Form;
use super::super::problem::{Problem, sentence};
use super::super::read::scope;
use super::input::{Fields, bad};
use super::{by, confirmed, conflict, last, refused};
use crate::auth::{self, Access, ManageError, NewKey, Whence};
use crate::state::Shared;

/// The longest time that a replaced key goes on counting, milliseconds.
const LONGEST_OVERLAP: Millis = 30 * 86_400_000;
/// The same when nothing is said.
const USUAL_OVERLAP: Millis = 86_400_000;
/// The furthest that the end of a key can be away, milliseconds.
const FURTHEST: Millis = 3_650 * 86_400_000;

/// `GET`: all of them.
pub async fn keys(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let form = Form::asked(&shared, &headers, &uri)?;
    form.write(&read(&shared, &access).await?)
}

/// What the answer says.
pub(crate) async fn read(shared: &Shared, access: &Access) -> Result<ApiKeys, Problem> {
    let as_of = shared.engine.clock().now();
    let keys = shared.keys.list(scope(access)?).await.map_err(refused)?;
    let rows = keys.into_iter().rev().map(|key| row(key, as_of));
    Ok(ApiKeys {
        as_of,
        keys: rows.collect(),
    })
}

fn row(key: ApiKey, now: Millis) -> KeyRow {
    let state = match &key {
        _ if key.revoked.is_some() => "revoked",
        _ if !key.counts(now) => "expired",
        _ if key.replaced_by.is_some() => "replaced",
        _ => "in use",
    };
    KeyRow {
        id: key.id,
        name: key.name,
        prefix: key.prefix,
        scopes: key.scopes.iter().map(|scope| scope.as_str().into()).collect(),
        state: state.into(),
        created: key.created,
        expires: key.expires,
        addresses: key.addresses,
        last_used: key.last_used,
    }
}

/// `POST {"name", "scopes", "expires", "addresses"}`: makes one.
pub async fn make_key(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let fields = Fields::read(body, &["name", "scopes", "expires", "addresses"])?;
    let now = shared.engine.clock().now();
    let wanted = Wanted {
        name: fields.text("name")?,
        scopes: fields.texts("scopes")?,
        expires: fields.number("expires", now + 1, now + FURTHEST)?,
        addresses: fields.texts("addresses")?,
    };
    let made = make(&shared, &access, &whence, wanted).await?;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// What a key is to be, in words.
pub(crate) struct Wanted<'a> {
    pub name: &'a str,
    pub scopes: Vec<&'a str>,
    /// Epoch milliseconds; for ever without one.
    pub expires: Option<Millis>,
    pub addresses: Vec<&'a str>,
}

/// Makes a key.
pub(crate) async fn make(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
    wanted: Wanted<'_>,
) -> Result<MadeKey, Problem> {
    let by = by(shared, access, whence);
    let scopes = wanted.scopes.into_iter().map(known_scope);
    let scopes = scopes.collect::<Result<Vec<Scope>, Problem>>()?;
    if scopes.is_empty() {
        return Err(bad(
            "scopes",
            format!("scopes: at least one of {}", scope_names()),
        ));
    }
    let addresses = wanted.addresses.into_iter().map(range);
    let addresses = addresses.collect::<Result<Vec<IpNet>, Problem>>()?;
    let new = NewKey {
        name: wanted.name,
        scopes: &scopes,
        expires: wanted.expires,
        addresses: &addresses,
    };
    confirmed(shared, access)?;
    let made = auth::create_key(shared.keys.as_ref(), scope(access)?, new, &by).await;
    let (text, key) = made.map_err(|error| match error {
        // Ids are random: only the name can be taken.
        ManageError::Store(StoreError::Conflict(_)) => {
            conflict("a key in use has this name already").with("field", "name".into())
        }
        error => not_made(error),
    })?;
    let key = row(key, by.at);
    Ok(MadeKey { text, key })
}

/// `POST /{key}/rotate {"overlap_ms"}`: a new one takes its place; the old one counts a while longer.
pub async fn replace_key(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let fields = Fields::read(body, &["overlap_ms"])?;
    let overlap = fields.number("overlap_ms", 0, LONGEST_OVERLAP)?;
    let overlap = overlap.unwrap_or(USUAL_OVERLAP);
    let made = replace(&shared, &access, &whence, last(&path)?, overlap).await?;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// Puts a new key into the place of one, which counts for `overlap` milliseconds more.
pub(crate) async fn replace(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
    id: &str,
    overlap: Millis,
) -> Result<MadeKey, Problem> {
    confirmed(shared, access)?;
    let by = by(shared, access, whence);
    let made = auth::rotate_key(shared.keys.as_ref(), scope(access)?, id, by.at + overlap, &by).await;
    let (text, key, _) = made.map_err(not_made)?.ok_or_else(Problem::not_found)?;
    let key = row(key, by.at);
    Ok(MadeKey { text, key })
}

/// `DELETE /{key}`: it counts no more, everywhere within 5 s, nor do those that it replaced.
pub async fn revoke(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<StatusCode, Problem> {
    end(&shared, &access, &whence, last(&path)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes a key.
pub(crate) async fn end(shared: &Shared, access: &Access, whence: &Whence, id: &str) -> Result<(), Problem> {
    let by = by(shared, access, whence);
    let revoked = auth::revoke_key(shared.keys.as_ref(), scope(access)?, id, &by).await;
    match revoked.map_err(refused)? {
        Some(_) => Ok(()),
        None => Err(Problem::not_found()),
    }
}

fn scope_names() -> String {
    Scope::ALL.map(Scope::as_str).join(", ")
}

fn known_scope(name: &str) -> Result<Scope, Problem> {
    let unknown = || format!("scopes: `{}` is none of {}", echo(name), scope_names());
    Scope::parse(name).ok_or_else(|| bad("scopes", unknown()))
}

/// `10.0.0.0/8`, or one address.
fn range(text: &str) -> Result<IpNet, Problem> {
    let text = text.trim();
    let network = text.parse::<IpNet>().map(|network| network.trunc());
    let found = network.or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    found.map_err(|_| {
        let text = echo(text);
        bad(
            "addresses",
            format!("addresses: `{text}` is no address range such as 10.0.0.0/8 or 2001:db8::7"),
        )
    })
}

fn not_made(error: ManageError) -> Problem {
    match error {
        ManageError::Name(why) => bad("name", sentence(&why)),
        ManageError::Addresses(_) => bad("addresses", sentence(&error.to_string())),
        ManageError::Store(error) => refused(error),
        ManageError::File { .. } | ManageError::Random(_) => {
            tracing::error!(%error, "a key could not be made");
            Problem::unavailable("A key cannot be made right now.", 2)
        }
    }
}
