//! One request to the server, and what its answer means for the batch. Never retries by itself.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;

use crate::retry::retry_after;

/// More of an answer is not read. The longest one of the contract (100 refusals) has about 60 KiB.
const LONGEST_ANSWER: usize = 256 * 1024;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What became of a batch.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The server took what it could; `refused` counts what it would not take, `note` says why.
    Settled {
        accepted: u64,
        duplicates: u64,
        refused: u64,
        note: Option<String>,
    },
    /// The server will never take this batch.
    Refused(String),
    /// The batch is larger than the server, or something before it, allows.
    TooLarge(String),
    /// Not now, or nobody knows: send the same again, not before so long.
    Again(Option<Duration>, String),
}

/// Sends to one address with one key.
pub(crate) struct Transport {
    http: reqwest::Client,
    url: Url,
    authorization: HeaderValue,
}

impl Transport {
    pub fn new(http: reqwest::Client, url: Url, mut authorization: HeaderValue) -> Transport {
        authorization.set_sensitive(true);
        Transport {
            http,
            url,
            authorization,
        }
    }

    /// Sends one batch of `events` events; `key` makes a repetition harmless.
    pub async fn post(&self, key: Option<&str>, body: Bytes, events: u64) -> Verdict {
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(Ok(key)) = key.map(HeaderValue::from_str) {
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        let response = match self
            .http
            .post(self.url.clone())
            .headers(headers)
            .body(body)
            .send()
            .await
        {
            Ok(response) => response,
            Err(error) => return Verdict::Again(None, describe(error)),
        };
        let status = response.status();
        let later = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(retry_after);
        match read(response).await {
            Ok(answer) => judge(status, later, &answer, events),
            // The status came, the rest did not. Only 200 says something that would be lost with the body.
            Err(note) if status == StatusCode::OK => Verdict::Again(None, note),
            Err(_) => judge(status, later, &[], events),
        }
    }
}

/// The figures of a 200.
#[derive(Deserialize)]
struct Answer {
    accepted: u64,
    duplicates: u64,
    #[serde(default)]
    refused: Vec<Refusal>,
}

/// One refused event.
#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: String,
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    reason: String,
}

/// What we read of an `application/problem+json` (RFC 9457).
#[derive(Deserialize, Default)]
struct Problem {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<Refusal>,
}

fn judge(status: StatusCode, later: Option<Duration>, body: &[u8], events: u64) -> Verdict {
    if status == StatusCode::OK {
        let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
            return Verdict::Again(
                later,
                "200 without the expected body: is this address really Fuseboard?".into(),
            );
        };
        let accepted = answer.accepted.min(events);
        let duplicates = answer.duplicates.min(events - accepted);
        let refused = events - accepted - duplicates;
        return Verdict::Settled {
            accepted,
            duplicates,
            refused,
            note: first_refusal(&answer.refused, refused),
        };
    }
    let note = explain(status, body);
    match status.as_u16() {
        413 => Verdict::TooLarge(note),
        // 408 and 425 come from proxies; 409 says that the first request with this key is still under way; of the
        // 5xx the server sends only 503, and what a proxy means by the others nobody knows.
        408 | 409 | 425 | 429 | 500..=599 => Verdict::Again(later, note),
        _ => Verdict::Refused(note),
    }
}

fn first_refusal(refused: &[Refusal], count: u64) -> Option<String> {
    if count == 0 {
        return None;
    }
    let first = refused.first().map(|first| match &first.field {
        Some(field) => format!("; the first: {} {} ({})", field, first.reason, first.code),
        None => format!("; the first: {} ({})", first.reason, first.code),
    });
    Some(format!("{count} events refused{}", first.unwrap_or_default()))
}

fn explain(status: StatusCode, body: &[u8]) -> String {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let mut note = status.to_string();
    for part in [
        Some(problem.title),
        problem.detail,
        first_refusal(&problem.errors, problem.errors.len() as u64),
    ] {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            note.push_str(": ");
            note.extend(part.chars().take(300));
        }
    }
    note
}

async fn read(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(describe)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err("the answer is longer than Fuseboard's ever is".into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error with its causes, without the address (which may hold more than a log should see).
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str) -> Verdict {
        judge(
            StatusCode::from_u16(status).unwrap(),
            Some(Duration::from_secs(2)),
            body.as_bytes(),
            10,
        )
    }

    #[test]
    fn a_200_is_read_to_the_last_event() {
        let body = r#"{"accepted":6,"duplicates":3,"refused_count":1,"ignored_fields":[],
            "refused":[{"index":4,"code":"out_of_range","field":"duration_ms","reason":"must be ≥ 0, got -1"}]}"#;
        let note =
            Some("1 events refused; the first: duration_ms must be ≥ 0, got -1 (out_of_range)".to_owned());
        assert_eq!(
            judged(200, body),
            Verdict::Settled {
                accepted: 6,
                duplicates: 3,
                refused: 1,
                note
            }
        );
        let replayed = r#"{"accepted":10,"duplicates":0,"refused_count":0,"refused":[],"replayed":true}"#;
        let all = Verdict::Settled {
            accepted: 10,
            duplicates: 0,
            refused: 0,
            note: None,
        };
        assert_eq!(judged(200, replayed), all);
        let too_many = r#"{"accepted":90,"duplicates":9}"#;
        assert_eq!(judged(200, too_many), all, "counts never exceed what was sent");
    }

    #[test]
    fn a_200_from_somebody_else_proves_nothing() {
        assert!(matches!(judged(200, "<html>welcome</html>"), Verdict::Again(..)));
    }

    #[test]
    fn statuses_are_sorted_into_now_later_and_never() {
        for status in [408, 409, 425, 429, 500, 502, 503, 504] {
            assert!(
                matches!(judged(status, ""), Verdict::Again(Some(_), _)),
                "{status}"
            );
        }
        for status in [204, 301, 400, 401, 403, 404, 415, 422] {
            assert!(matches!(judged(status, ""), Verdict::Refused(_)), "{status}");
        }
        assert!(matches!(judged(413, ""), Verdict::TooLarge(_)));
    }

    #[test]
    fn a_problem_is_told_in_its_own_words() {
        let body = r#"{"type":"about:blank","title":"Unknown key","status":401,"detail":"no such API key"}"#;
        assert_eq!(
            judged(401, body),
            Verdict::Refused("401 Unauthorized: Unknown key: no such API key".into())
        );
    }
}
