//! The site's files: script, WASM, style, fonts. From a folder while developing, from inside the program in the
//! product.
//!
//! A file comes precompressed where the build made a `.br` or `.gz` beside it; nothing is compressed here. Every answer
//! has an `ETag`; addresses that carry this build (`?v=`) may be kept for ever, all others are asked for again.

mod name;
mod source;

use axum::extract::State;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::http::Problem;
use crate::state::Shared;
use source::{File, Source};

pub use name::site_name;

/// The site's files.
pub struct Assets {
    source: Source,
}

impl Assets {
    /// Files of a folder; `None` for those inside the program.
    pub fn new(folder: Option<std::path::PathBuf>) -> Assets {
        Assets {
            source: Source::new(folder),
        }
    }

    /// Names the files that a page runs: changes when one of them changes. Empty when there are none.
    pub async fn fingerprint(&self) -> String {
        let mut parts = String::new();
        for name in ["pkg/fuseboard.js", "pkg/fuseboard_bg.wasm"] {
            if let Some(hash) = self.source.hash(name).await {
                parts.push_str(&hash);
            }
        }
        if parts.is_empty() {
            parts
        } else {
            source::hash(parts.as_bytes())[..8].to_owned()
        }
    }
}

/// A route's handler: the file at this address, or 404.
pub async fn file(State(shared): State<Shared>, parts: Parts) -> Response {
    match find(&shared, &parts).await {
        Some(response) => response,
        None => Problem::not_found().into_response(),
    }
}

/// The file at this address, if there is one.
pub async fn find(shared: &Shared, request: &Parts) -> Option<Response> {
    let name = site_name(request.uri.path())?;
    let (file, coding) = best(&shared.assets.source, &name, &request.headers).await?;
    let query = request.uri.query().unwrap_or_default();
    let kept_for_ever = query
        .split('&')
        .any(|pair| pair.strip_prefix("v=") == Some(&shared.build));
    Some(answer(&name, file, coding, kept_for_ever, request))
}

/// The smallest form of the file that the client takes.
async fn best(source: &Source, name: &str, headers: &HeaderMap) -> Option<(File, Option<&'static str>)> {
    for (coding, suffix) in [("br", ".br"), ("gzip", ".gz")] {
        if accepts(headers, coding)
            && let Some(file) = source.read(&format!("{name}{suffix}")).await
        {
            return Some((file, Some(coding)));
        }
    }
    source.read(name).await.map(|file| (file, None))
}

/// Whether `Accept-Encoding` names the coding and does not switch it off with `q=0`.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
            let off = parts.any(|part| {
                part.strip_prefix("q=")
                    .and_then(|q| q.trim().parse::<f32>().ok())
                    .is_some_and(|q| q <= 0.0)
            });
            named && !off
        })
}

fn answer(
    name: &str,
    file: File,
    coding: Option<&'static str>,
    kept_for_ever: bool,
    request: &Parts,
) -> Response {
    let tag = format!("\"{}\"", &file.hash[..24]);
    let known = request
        .headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|candidate| candidate.trim().trim_start_matches("W/") == tag || candidate.trim() == "*");
    let length = file.bytes.len();
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else if request.method == Method::HEAD {
        let mut response = StatusCode::OK.into_response();
        response
            .headers_mut()
            .insert(axum::http::header::CONTENT_LENGTH, HeaderValue::from(length));
        response
    } else {
        file.bytes.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(name::media_type(name)));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    if let Some(coding) = coding
        && !known
    {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    let keep = if kept_for_ever {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings() {
        let accepts = |value: &'static str, coding| {
            accepts(
                &HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]),
                coding,
            )
        };
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("GZIP;q=0.5", "gzip"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("brotli", "br"));
        assert!(!accepts("*", "br"));
    }
}
