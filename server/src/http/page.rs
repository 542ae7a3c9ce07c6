//! What the answers of pages of history have in common: JSON for everybody; postcard for our own page, which names its
//! build, because postcard can only be read by the build that wrote it.

use axum::extract::Query;
use axum::http::header::{ACCEPT, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use engine::{PageError, TransitionsError};
use serde::Serialize;

use super::params::{Params, bad};
use super::problem::Problem;
use super::query;
use crate::state::Shared;

/// What our own page asks for.
const POSTCARD: &str = "application/vnd.fuseboard.postcard";

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For everybody.
    Json,
    /// For the page of this build.
    Postcard,
}

impl Form {
    /// What the request wants.
    ///
    /// # Errors
    /// 409 when it is our own page, of another build: it reloads, or asks for JSON.
    pub fn negotiate(shared: &Shared, headers: &HeaderMap, params: &Params) -> Result<Form, Problem> {
        let mut accepted = headers.get_all(ACCEPT).iter();
        let postcard = accepted.any(|value| value.to_str().is_ok_and(|text| text.trim() == POSTCARD));
        match postcard {
            false => Ok(Form::Json),
            true if params.get("build") == Some(shared.build.as_str()) => Ok(Form::Postcard),
            true => Err(Problem::new(
                StatusCode::CONFLICT,
                "other-build",
                "The page is of another build",
                "Postcard is for the page of this server's build: reload the page, or ask for application/json.",
            )),
        }
    }

    /// What a request wants that has no parameters of its own.
    ///
    /// # Errors
    /// As [`Form::negotiate`]; 400 when there are other parameters.
    pub fn asked(shared: &Shared, headers: &HeaderMap, uri: &Uri) -> Result<Form, Problem> {
        Form::negotiate(shared, headers, &Params::read(uri, &["build"])?)
    }

    /// The answer.
    ///
    /// # Errors
    /// 503 when it cannot be written, which no type of ours can bring about.
    pub fn write<T: Serialize>(self, page: &T) -> Result<Response, Problem> {
        let mut response = match self {
            Form::Json => Json(page).into_response(),
            Form::Postcard => {
                let bytes = postcard::to_allocvec(page).map_err(|error| {
                    tracing::error!(%error, "a page's figures could not be written");
                    Problem::unavailable("The figures could not be written.", 5)
                })?;
                ([(CONTENT_TYPE, POSTCARD)], bytes).into_response()
            }
        };
        response.headers_mut().append(VARY, ACCEPT.into());
        Ok(response)
    }
}

/// The two ends of a range, as asked for.
pub fn ends<'a>(params: &'a Params, usual_from: &'a str) -> (&'a str, &'a str) {
    (
        params.get("from").unwrap_or(usual_from),
        params.get("to").unwrap_or("now"),
    )
}

/// The range that a page's address asks for. What else stands in it is the page's.
pub fn page_ends(uri: &Uri, usual_from: &str) -> (String, String) {
    let pairs = pairs(uri);
    let get = |name: &str, usual: &str| {
        let found = pairs
            .iter()
            .find(|(known, value)| known == name && !value.is_empty());
        found.map_or_else(|| usual.to_owned(), |(_, value)| value.clone())
    };
    (get("from", usual_from), get("to", "now"))
}

/// The parameters of a page's address, decoded. None where they cannot be: the page says so later.
pub fn pairs(uri: &Uri) -> Vec<(String, String)> {
    Query::<Vec<(String, String)>>::try_from_uri(uri).map_or_else(|_| Vec::new(), |Query(pairs)| pairs)
}

/// Why there is no answer.
pub fn problem(error: PageError) -> Problem {
    match error {
        PageError::Span(error) => {
            let detail = error.to_string();
            let name = if detail.starts_with("to:") { "to" } else { "from" };
            bad(name, detail)
        }
        PageError::Query(error) => query::problem(error),
        PageError::Transitions(TransitionsError::Store(error)) | PageError::Store(error) => {
            tracing::error!(%error, "a page could not be filled");
            Problem::unavailable("The store cannot be read right now.", 5)
        }
        // Its questions are our own: what can be wrong with them is their size.
        PageError::Transitions(error) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too-much",
            "The answer would be too large",
            error.to_string(),
        ),
        PageError::Parameter { field, .. } => bad(field, error.to_string()),
        PageError::TooWide { .. } => bad("from", error.to_string()),
        PageError::NoBreaker(_) => Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "There is nothing here",
            "No breaker of this id has ever been seen; ids look like b_0123456789abcdef.",
        ),
    }
}
