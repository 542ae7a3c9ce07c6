//! Fake providers: one real HTTP listener each on a loopback socket, with the status codes, streams and rate-limit
//! headers of the provider that it plays. The request and answer bodies are of the OpenAI-compatible kind for all four.

mod limits;
mod plan;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::time::sleep;

use self::limits::{Bucket, Left};
use self::plan::{Answer, Usage, plan};
use super::clock::Clock;
use super::fleet::{BREAKERS, Breaker, PROVIDERS, Provider};
use super::scenario::Scenario;

/// The request's id, as the caller gave it; the answer depends on it and on the seed.
pub const REQUEST_ID: &str = "x-client-request-id";

/// How often a fake looks whether it should be reachable.
const LOOK: Duration = Duration::from_millis(50);

/// One fake provider.
pub struct Fake {
    provider: &'static Provider,
    /// Where it listens, and will listen again after an outage.
    pub address: SocketAddr,
    world: Weatherman,
    /// Requests and tokens left, per breaker slug.
    buckets: Mutex<HashMap<&'static str, (Bucket, Bucket)>>,
}

/// What all fakes know about the simulated world.
#[derive(Debug, Clone, Copy)]
pub struct Weatherman {
    /// The time.
    pub clock: Clock,
    /// What happens.
    pub scenario: Scenario,
    /// Where chance comes from.
    pub seed: u64,
    /// Users' requests per second in all; limits are in proportion.
    pub rate: f64,
}

impl Fake {
    /// Binds the provider with this index to a free loopback port.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn bind(index: usize, world: Weatherman) -> std::io::Result<(Arc<Fake>, TcpListener)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let fake = Fake {
            provider: &PROVIDERS[index],
            address,
            world,
            buckets: Mutex::default(),
        };
        Ok((Arc::new(fake), listener))
    }

    /// Answers for ever. While the scenario says that the provider is down, nobody listens at its address and open
    /// connections end with the answer that is under way.
    pub async fn serve(self: Arc<Fake>, listener: TcpListener) {
        let router = Router::new()
            .route("/{slug}/v1/{*operation}", post(answer))
            .with_state(self.clone());
        let mut listener = Some(listener);
        loop {
            self.until(false).await;
            let bound = match listener.take() {
                Some(bound) => bound,
                None => match TcpListener::bind(self.address).await {
                    Ok(bound) => bound,
                    Err(error) => {
                        tracing::warn!(%error, provider = self.provider.name, "the port is taken; trying again");
                        sleep(Duration::from_secs(1)).await;
                        continue;
                    }
                },
            };
            let down = self.clone();
            let served = axum::serve(bound, router.clone())
                .with_graceful_shutdown(async move { down.until(true).await })
                .await;
            if let Err(error) = served {
                tracing::warn!(%error, provider = self.provider.name, "the fake provider stopped; starting again");
            }
        }
    }

    async fn until(&self, down: bool) {
        while self
            .world
            .scenario
            .is_down(self.provider.name, self.world.clock.elapsed())
            != down
        {
            sleep(LOOK).await;
        }
    }

    /// Takes one request out of the limits, and says whether that was possible.
    fn take(&self, breaker: &Breaker, squeeze: f64) -> (bool, Left, Left) {
        let now = self.world.clock.now_ms();
        // Four times the usual load and a little more, so that fallbacks and quiet hours do not hit it.
        let usual = self.world.rate * breaker.share * 4.0 + 2.0;
        let (requests, tokens) = (usual * squeeze, usual * squeeze * 2_500.0);
        let mut buckets = self.buckets.lock();
        let (first, second) = buckets
            .entry(breaker.slug)
            .or_insert_with(|| (Bucket::full(requests, now), Bucket::full(tokens, now)));
        let (enough, requests_left) = first.take(1.0, requests, now);
        let used = if enough { 1_000.0 } else { 0.0 };
        let (_, tokens_left) = second.take(used, tokens, now);
        (enough, requests_left, tokens_left)
    }
}

async fn answer(
    State(fake): State<Arc<Fake>>,
    Path((slug, _)): Path<(String, String)>,
    headers: HeaderMap,
    _body: Bytes,
) -> Response {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let Some(breaker) = BREAKERS.iter().find(|breaker| breaker.slug == slug) else {
        return error(404, "not_found_error");
    };
    // `chat-api/api-3`: who calls, as a provider may know it from a key or an address.
    let instance = text("user-agent")
        .split('/')
        .nth(1)
        .unwrap_or_default()
        .to_owned();
    let id = text(REQUEST_ID).to_owned();
    let world = &fake.world;
    let weather = world
        .scenario
        .weather(fake.provider.name, breaker.name, &instance, world.clock.elapsed());
    let (enough, requests, tokens) = fake.take(breaker, weather.limit);
    let mut response = if enough {
        let plan = plan(world.seed, &id, breaker, weather);
        sleep(plan.wait).await;
        match plan.answer {
            Answer::Error(status, code) => error(status, code),
            Answer::Whole(usage) => json(
                StatusCode::OK,
                format!(r#"{{"data":[],"usage":{}}}"#, usage_json(usage)),
            ),
            Answer::Stream {
                chunks,
                lasting,
                breaks_after,
                finish,
                usage,
            } => stream(chunks, lasting, breaks_after, finish, usage),
        }
    } else {
        sleep(Duration::from_millis(15)).await;
        let mut response = error(429, "rate_limit_exceeded");
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        response
    };
    limits::write(
        response.headers_mut(),
        fake.provider.limits,
        requests,
        tokens,
        world.clock.now_ms(),
    );
    if let Ok(id) = header::HeaderValue::from_str(&format!("req_{id}")) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn error(status: u16, code: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(
        status,
        format!(r#"{{"error":{{"message":"simulated","type":"{code}","code":"{code}"}}}}"#),
    )
}

fn usage_json(usage: Usage) -> String {
    format!(
        r#"{{"prompt_tokens":{},"completion_tokens":{},"prompt_tokens_details":{{"cached_tokens":{}}},"completion_tokens_details":{{"reasoning_tokens":{}}}}}"#,
        usage.input, usage.output, usage.cached, usage.reasoning
    )
}

/// Server-sent events, spread evenly over `lasting`. A break ends the connection without the end of the body.
fn stream(
    chunks: u32,
    lasting: Duration,
    breaks_after: Option<u32>,
    finish: &'static str,
    usage: Usage,
) -> Response {
    let pause = lasting / chunks.max(1);
    let events = futures::stream::unfold(0, move |sent| async move {
        if breaks_after == Some(sent) {
            return Some((
                Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
                u32::MAX,
            ));
        }
        let text = match sent {
            0 => r#"data: {"choices":[{"delta":{"content":"so"}}]}"#.to_owned(),
            sent if sent < chunks => {
                sleep(pause).await;
                r#"data: {"choices":[{"delta":{"content":" it goes on, and on, and on"}}]}"#.to_owned()
            }
            sent if sent == chunks => {
                sleep(pause).await;
                format!(
                    r#"data: {{"choices":[{{"delta":{{}},"finish_reason":"{finish}"}}],"usage":{}}}"#,
                    usage_json(usage)
                )
            }
            sent if sent == chunks + 1 => "data: [DONE]".to_owned(),
            _ => return None,
        };
        Some((Ok::<_, std::io::Error>(Bytes::from(text + "\n\n")), sent + 1))
    });
    (
        [(header::CONTENT_TYPE, "text/event-stream")],
        Body::from_stream(events),
    )
        .into_response()
}
