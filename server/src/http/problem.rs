//! Errors as `application/problem+json` (RFC 9457).
//!
//! A problem travels to the outermost layer as a response extension; [`super::finish`] writes its body there, because
//! only that layer knows the request's id.

use std::net::IpAddr;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use store::Scope;

use crate::auth::Refused;

/// An error as told to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    /// Ends the problem's `type`; stable.
    code: &'static str,
    title: &'static str,
    detail: String,
    retry_after: Option<u32>,
    challenge: Option<String>,
    extra: Map<String, Value>,
}

impl Problem {
    /// A problem of this kind; `code` is stable, `title` is the same for every problem of the kind.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        Problem {
            status,
            code,
            title,
            detail: detail.into(),
            retry_after: None,
            challenge: None,
            extra: Map::new(),
        }
    }

    /// Come back after so many seconds.
    pub fn retry_after(mut self, seconds: u32) -> Problem {
        self.retry_after = Some(seconds);
        self
    }

    /// A further member of the body.
    pub fn with(mut self, name: &str, value: Value) -> Problem {
        self.extra.insert(name.into(), value);
        self
    }

    /// 401: no key, or none that counts.
    pub fn unauthorized(refused: &Refused, in_query: bool) -> Problem {
        let (detail, error) = match refused {
            Refused::Invalid(why) => (sentence(why), ", error=\"invalid_token\""),
            _ if in_query => {
                ("A key goes into the Authorization header; in an address it is not accepted (addresses are logged).".into(), "")
            }
            _ => ("Send the header: Authorization: Bearer fb_…".into(), ""),
        };
        let mut problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "No valid key", detail);
        problem.challenge = Some(format!("Bearer realm=\"fuseboard\"{error}"));
        problem
    }

    /// 401: nobody is signed in.
    pub fn signed_out(key_in_query: bool) -> Problem {
        let mut problem = Problem::unauthorized(&Refused::Missing, key_in_query);
        if !key_in_query {
            problem.code = "signed-out";
            problem.title = "Nobody is signed in";
            problem.detail = "Sign in at /login; programs send the header: Authorization: Bearer fb_…".into();
        }
        problem
    }

    /// 403: the person may not do this.
    pub fn lacks_role(role: &str) -> Problem {
        Problem::new(
            StatusCode::FORBIDDEN,
            "insufficient-role",
            "You may not do this",
            format!("This takes the role {role}."),
        )
    }

    /// 403: no key may do this.
    pub fn people_only() -> Problem {
        Problem::new(
            StatusCode::FORBIDDEN,
            "people-only",
            "A key may not do this",
            "This is for somebody who is signed in.",
        )
    }

    /// 415: a change that is not JSON.
    pub fn not_json() -> Problem {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            "The body must be JSON",
            "Send the header: Content-Type: application/json",
        )
    }

    /// 403: the key may not do this.
    pub fn lacks_scope(scope: Scope) -> Problem {
        let detail = format!("The key does not have the scope {}.", scope.as_str());
        let mut problem = Problem::new(
            StatusCode::FORBIDDEN,
            "insufficient-scope",
            "The key may not do this",
            detail,
        );
        problem.challenge = Some(format!(
            "Bearer realm=\"fuseboard\", error=\"insufficient_scope\", scope=\"{}\"",
            scope.as_str()
        ));
        problem
    }

    /// 403: the key does not count from there.
    pub fn wrong_address(from: Option<IpAddr>) -> Problem {
        let from = from.map_or_else(
            || "an unknown address".to_owned(),
            |from| from.to_canonical().to_string(),
        );
        Problem::new(
            StatusCode::FORBIDDEN,
            "address-not-allowed",
            "The key does not count from here",
            format!("The request came from {from}, which is in none of the key's address ranges."),
        )
    }

    /// 403: not a browser on this machine, on our own page.
    pub fn foreign(why: &str) -> Problem {
        Problem::new(
            StatusCode::FORBIDDEN,
            "foreign-request",
            "Refused to protect this machine's browser",
            format!("{why}."),
        )
    }

    /// 404.
    pub fn not_found() -> Problem {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "There is nothing here",
            "No such address or object.",
        )
    }

    /// 503: it is us, not the client.
    pub fn unavailable(detail: impl Into<String>, seconds: u32) -> Problem {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not possible right now",
            detail,
        )
        .retry_after(seconds)
    }

    /// What went wrong, a sentence.
    pub fn words(&self) -> &str {
        &self.detail
    }

    /// The field or parameter that it is about; empty when it is about none.
    pub fn field(&self) -> &str {
        let named = self.extra.get("field").or_else(|| self.extra.get("parameter"));
        named.and_then(Value::as_str).unwrap_or_default()
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its body; `instance` names the one request.
    pub fn body(&self, request_id: &str) -> Value {
        let mut body = Map::new();
        body.insert(
            "type".into(),
            format!("urn:fuseboard:problem:{}", self.code).into(),
        );
        body.insert("title".into(), self.title.into());
        body.insert("status".into(), self.status.as_u16().into());
        body.insert("detail".into(), self.detail.clone().into());
        body.insert(
            "instance".into(),
            json!(format!("urn:fuseboard:request:{request_id}")),
        );
        body.extend(self.extra.clone());
        Value::Object(body)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self
            .challenge
            .as_deref()
            .and_then(|text| HeaderValue::from_str(text).ok())
        {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(Box::new(self));
        response
    }
}

/// A sentence of these words: upper case at the start, something that ends it at the end.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    let end = if text.ends_with(['.', '…', '?', '!']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{end}", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        assert_eq!(sentence("the body is empty"), "The body is empty.");
        assert_eq!(sentence("it must read: Bearer fb_…"), "It must read: Bearer fb_…");
        assert_eq!(sentence(""), ".");
    }

    #[test]
    fn a_body_has_the_members_of_rfc_9457_and_its_own() {
        let body = Problem::not_found().with("code", "x".into()).body("17");
        assert_eq!(body["type"], "urn:fuseboard:problem:not-found");
        assert_eq!(body["instance"], "urn:fuseboard:request:17");
        assert_eq!((&body["status"], &body["code"]), (&json!(404), &json!("x")));
    }
}
