//! One attempt at a provider over HTTP: what came back, how long it took, what it cost.

use std::net::SocketAddr;
use std::time::Duration;

use domain::Outcome;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use tokio::time::{Instant, timeout};

use super::fleet::{Breaker, Price, Work};
use super::provider::REQUEST_ID;

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// In our words.
    pub outcome: Outcome,
    /// From the request to its end.
    pub duration: Duration,
    /// To the first token.
    pub ttft: Option<Duration>,
    /// HTTP status, where one came.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
    /// The provider's id for it.
    pub request_id: Option<String>,
    /// Tokens, where the provider told.
    pub usage: Option<Tokens>,
    /// Rate-limit and retry headers.
    pub headers: HeaderMap,
}

/// Tokens as an OpenAI-compatible provider tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Tokens {
    /// Input, cached included.
    #[serde(rename = "prompt_tokens")]
    pub input: u32,
    /// Output, reasoning included.
    #[serde(rename = "completion_tokens", default)]
    pub output: u32,
    #[serde(rename = "prompt_tokens_details", default)]
    input_details: InputDetails,
    #[serde(rename = "completion_tokens_details", default)]
    output_details: OutputDetails,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
struct InputDetails {
    #[serde(default)]
    cached_tokens: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
struct OutputDetails {
    #[serde(default)]
    reasoning_tokens: u32,
}

impl Tokens {
    /// Input read from the cache.
    pub fn cached(&self) -> u32 {
        self.input_details.cached_tokens
    }

    /// Reasoning, part of the output.
    pub fn reasoning(&self) -> u32 {
        self.output_details.reasoning_tokens
    }

    /// US dollars.
    pub fn cost(&self, price: Price) -> f64 {
        let fresh = f64::from(self.input.saturating_sub(self.cached()));
        let dollars_per_million = fresh * price.input
            + f64::from(self.cached()) * price.cached
            + f64::from(self.output) * price.output;
        dollars_per_million / 1e6
    }
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
struct Delta {
    content: Option<String>,
}

impl Ended {
    fn after(outcome: Outcome, duration: Duration) -> Ended {
        Ended {
            outcome,
            duration,
            ttft: None,
            status: None,
            error: None,
            request_id: None,
            usage: None,
            headers: HeaderMap::new(),
        }
    }

    /// The user gave up after this long.
    pub fn cancelled(duration: Duration) -> Ended {
        Ended::after(Outcome::Cancelled, duration)
    }
}

/// What a body has told so far.
#[derive(Debug, Default)]
struct Read {
    ttft: Option<Duration>,
    usage: Option<Tokens>,
    filtered: bool,
    pending: Vec<u8>,
}

/// Calls `breaker`'s model at `address` as `instance`. Gives up after the breaker's timeout.
pub async fn attempt(
    http: &reqwest::Client,
    address: SocketAddr,
    breaker: &Breaker,
    instance: &str,
    id: &str,
) -> Ended {
    let start = Instant::now();
    let mut ended = Ended::after(Outcome::Timeout, Duration::ZERO);
    let limit = Duration::from_millis(breaker.timeout_ms());
    let mut read = Read::default();
    let result = timeout(
        limit,
        exchange(http, address, breaker, instance, id, start, &mut ended, &mut read),
    )
    .await;
    ended.duration = start.elapsed();
    ended.ttft = read.ttft;
    ended.usage = read.usage;
    match result {
        Err(_) => ended.error = Some(format!("no complete answer within {} ms", limit.as_millis())),
        Ok(Err(error)) => {
            ended.outcome = Outcome::Network;
            ended.error = Some(root_cause(&error));
        }
        Ok(Ok(outcome)) => {
            ended.outcome = if read.filtered {
                Outcome::ContentFiltered
            } else {
                outcome
            }
        }
    }
    ended
}

#[expect(
    clippy::too_many_arguments,
    reason = "one exchange, split off so that one timeout covers all of it"
)]
async fn exchange(
    http: &reqwest::Client,
    address: SocketAddr,
    breaker: &Breaker,
    instance: &str,
    id: &str,
    start: Instant,
    ended: &mut Ended,
    read: &mut Read,
) -> Result<Outcome, reqwest::Error> {
    let (path, streams) = match breaker.work {
        Work::Chat { .. } => ("chat/completions", true),
        Work::Embedding { .. } => ("embeddings", false),
        Work::Rerank { .. } => ("rerank", false),
    };
    let mut response = http
        .post(format!("http://{address}/{}/v1/{path}", breaker.slug))
        .header(
            reqwest::header::USER_AGENT,
            format!("{}/{instance}", breaker.service),
        )
        .header(REQUEST_ID, id)
        .json(&serde_json::json!({"model": breaker.model, "stream": streams}))
        .send()
        .await?;
    let status = response.status().as_u16();
    ended.status = Some(status);
    ended.headers = response.headers().clone();
    ended.request_id = response
        .headers()
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    if status != 200 {
        let body = response.text().await?;
        ended.error = Some(error_code(&body).unwrap_or_else(|| format!("HTTP {status}")));
        return Ok(classify(status, &body));
    }
    while let Some(bytes) = response.chunk().await? {
        read.take(&bytes, streams, start);
    }
    if !streams {
        read.whole();
    }
    Ok(Outcome::Ok)
}

impl Read {
    fn take(&mut self, bytes: &[u8], streams: bool, start: Instant) {
        self.pending.extend_from_slice(bytes);
        while streams && let Some(end) = self.pending.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = self.pending.drain(..end + 2).collect();
            let Some(chunk) = event
                .strip_prefix(b"data: ")
                .and_then(|data| serde_json::from_slice::<Chunk>(data.trim_ascii()).ok())
            else {
                continue;
            };
            for choice in &chunk.choices {
                if choice
                    .delta
                    .content
                    .as_ref()
                    .is_some_and(|content| !content.is_empty())
                {
                    self.ttft.get_or_insert_with(|| start.elapsed());
                }
                self.filtered |= choice.finish_reason.as_deref() == Some("content_filter");
            }
            self.usage = chunk.usage.or(self.usage);
        }
    }

    fn whole(&mut self) {
        self.usage = serde_json::from_slice::<Chunk>(&self.pending)
            .ok()
            .and_then(|body| body.usage);
    }
}

fn error_code(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    body["error"]["code"].as_str().map(str::to_owned)
}

/// An error status in our words.
fn classify(status: u16, body: &str) -> Outcome {
    match status {
        429 if error_code(body).is_some_and(|code| code == "insufficient_quota") => Outcome::Quota,
        429 => Outcome::RateLimited,
        402 => Outcome::Quota,
        401 | 403 => Outcome::Auth,
        408 | 504 => Outcome::Timeout,
        503 | 529 => Outcome::Overloaded,
        500..=599 => Outcome::ServerError,
        _ => Outcome::BadRequest,
    }
}

/// The innermost cause says most ("Connection refused"), the outer ones repeat the address.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_become_outcomes() {
        for (status, body, outcome) in [
            (429, "", Outcome::RateLimited),
            (429, r#"{"error":{"code":"insufficient_quota"}}"#, Outcome::Quota),
            (402, "", Outcome::Quota),
            (401, "", Outcome::Auth),
            (403, "", Outcome::Auth),
            (400, "", Outcome::BadRequest),
            (404, "", Outcome::BadRequest),
            (408, "", Outcome::Timeout),
            (504, "", Outcome::Timeout),
            (503, "", Outcome::Overloaded),
            (529, "", Outcome::Overloaded),
            (500, "", Outcome::ServerError),
        ] {
            assert_eq!(classify(status, body), outcome, "{status} {body}");
        }
    }

    #[tokio::test]
    async fn a_stream_is_read_across_chunk_borders() {
        let text = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"choices\":[{\"delta\":{},\
            \"finish_reason\":\"content_filter\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\
            \"prompt_tokens_details\":{\"cached_tokens\":5}}}\n\ndata: [DONE]\n\n";
        for size in [1, 7, 1_000] {
            let mut read = Read::default();
            for piece in text.as_bytes().chunks(size) {
                read.take(piece, true, Instant::now());
            }
            let usage = read.usage.unwrap();
            assert_eq!(
                (usage.input, usage.cached(), usage.output, usage.reasoning()),
                (9, 5, 4, 0)
            );
            assert!(read.ttft.is_some() && read.filtered && read.pending.is_empty());
        }
    }

    #[test]
    fn cost_counts_cached_input_apart() {
        let tokens: Tokens = serde_json::from_str(
            r#"{"prompt_tokens":1000,"completion_tokens":200,"prompt_tokens_details":{"cached_tokens":600}}"#,
        )
        .unwrap();
        let cost = tokens.cost(Price {
            input: 1.0,
            cached: 0.1,
            output: 5.0,
        });
        assert!((cost - 0.001_46).abs() < 1e-12, "{cost}");
    }
}
