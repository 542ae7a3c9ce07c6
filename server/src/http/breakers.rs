//! Breakers over a range: `GET /api/v1/breakers` (also for deploy gates), `/breakers/{id}`, `/breakers/{id}/whatif` and
//! `/breakers/{id}/around`.

use std::hash::Hasher;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use protocol::view::Breakers;
use serde::Deserialize;

use super::page::{Form, ends, problem};
use super::params::Params;
use super::problem::Problem;
use super::read::{self, scope};
use crate::auth::Access;
use crate::state::Shared;

/// The beginning of the range where none is named.
pub const USUAL: &str = "now-7d";

/// The breaker in an address; a tenant's slug may stand before it.
#[derive(Deserialize)]
pub struct Named {
    /// As `b_0123456789abcdef`.
    pub id: String,
}

/// `GET /api/v1/breakers?name=claude-sonnet&from=now-7d&to=now`. As JSON it has an `ETag` over the states, so that a gate
/// that asks every few seconds is answered 304 until one changes.
pub async fn breakers(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["name", "from", "to", "build"])?;
    let form = Form::negotiate(&shared, &headers, &params)?;
    let (from, to) = ends(&params, USUAL);
    let page = shared
        .engine
        .breakers(scope(&access)?, from, to, params.get("name"))
        .await
        .map_err(problem)?;
    if form == Form::Postcard {
        return form.write(&page);
    }
    let tag = states_tag(&page);
    let mut response = if is_known(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        form.write(&page)?
    };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, value);
    }
    Ok(response)
}

/// `GET /api/v1/breakers/{id}?from=now-7d&to=now`; with `at=`, what it was at that moment.
pub async fn breaker(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(Named { id }): Path<Named>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["from", "to", "build", "at"])?;
    let form = Form::negotiate(&shared, &headers, &params)?;
    if let Some(at) = read::at(&shared, &params)? {
        let detail = shared.engine.breaker_at(scope(&access)?, &id, at).await;
        let detail = detail.map_err(read::no_replay)?;
        return form.write(&detail.ok_or_else(Problem::not_found)?);
    }
    let (from, to) = ends(&params, USUAL);
    let page = shared.engine.breaker_page(scope(&access)?, &id, from, to).await;
    form.write(&page.map_err(problem)?)
}

/// `GET /api/v1/breakers/{id}/whatif?from=now-7d&to=now`.
pub async fn whatif(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(Named { id }): Path<Named>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["from", "to", "build"])?;
    let form = Form::negotiate(&shared, &headers, &params)?;
    let (from, to) = ends(&params, USUAL);
    let replays = shared.engine.limit_replays(scope(&access)?, &id, from, to).await;
    form.write(&replays.map_err(problem)?)
}

/// `GET /api/v1/breakers/{id}/around?from=1763640000000&to=1763640060000`: the calls behind a trip.
pub async fn around(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(Named { id }): Path<Named>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["from", "to", "build"])?;
    let form = Form::negotiate(&shared, &headers, &params)?;
    let (from, to) = ends(&params, "now-1m");
    let calls = shared.engine.calls_around(scope(&access)?, &id, from, to).await;
    form.write(&calls.map_err(problem)?)
}

/// Weak, because rates, ages and figures over the range move without it: it changes with the states of breakers and of
/// their instances, and with since when they hold.
fn states_tag(page: &Breakers) -> String {
    let mut hash = Fnv::default();
    for row in &page.rows {
        hash.write_u64(row.breaker.key);
        hash.write(row.breaker.state.as_str().as_bytes());
        hash.write_i64(row.breaker.since);
        for (state, count) in &row.breaker.counts {
            hash.write(state.as_str().as_bytes());
            hash.write_u32(*count);
        }
        for instance in &row.instances {
            hash.write(instance.instance.as_bytes());
            hash.write(instance.state.as_str().as_bytes());
        }
        hash.write(b"\n");
    }
    format!("W/\"{:016x}\"", hash.finish())
}

/// One of the tags that a client has, compared weakly (RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let values = headers.get_all(IF_NONE_MATCH).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim() == "*" || opaque(known) == opaque(tag))
}

/// FNV-1a: the same on every machine and in every build, which std's hasher does not promise.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let with =
            |value: &'static str| HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(value))]);
        for (value, known) in [
            ("W/\"a\"", true),
            ("\"a\"", true),
            ("\"b\", W/\"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
        ] {
            assert_eq!(is_known(&with(value), "W/\"a\""), known, "{value}");
        }
        assert!(!is_known(&HeaderMap::new(), "W/\"a\""));
    }
}
