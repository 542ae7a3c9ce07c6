//! The client: one call, one look-up, one connection.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode, redirect, retry};
use tokio::time::{Instant, timeout_at};

use crate::allowed::Allowed;
use crate::answer::{Answer, MOST_ANSWER_HEADER_BYTES, MOST_ANSWER_HEADERS};
use crate::error::{OutboundError, Phase};
use crate::guard::Guard;
use crate::request::Request;
use crate::resolver::{Pinned, Resolver, System};
use crate::rules::Rules;
use crate::target::{Scheme, Target};
use crate::tls::Tls;

/// Who is calling. Without a version: strangers need not know which of our mistakes they may count on.
const USER_AGENT: &str = "Fuseboard";

/// See the crate. One per process is enough; it holds no connections.
pub struct Outbound {
    pub(crate) guard: Guard,
    pub(crate) resolver: Box<dyn Resolver>,
    tls: Tls,
    /// What a test has the HTTP client told instead of the judged addresses, as if something below had gone wrong.
    #[cfg(test)]
    pub(crate) misled_to: Option<SocketAddr>,
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound")
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}

impl Outbound {
    /// With the administrator's list. Reads the root certificates of the machine.
    pub fn new(allowed: Allowed) -> Outbound {
        Outbound::with(Guard::new(allowed), Box::new(System), Tls::of_the_system())
    }

    pub(crate) fn with(guard: Guard, resolver: Box<dyn Resolver>, tls: Tls) -> Outbound {
        Outbound {
            guard,
            resolver,
            tls,
            #[cfg(test)]
            misled_to: None,
        }
    }

    /// Why `https:` is not possible on this machine, if it is not. Worth a warning at the start.
    pub fn tls_problem(&self) -> Option<&str> {
        self.tls.problem()
    }

    /// Judges a URL as [`Outbound::send`] will, its addresses included, and connects to nothing. Good for telling
    /// somebody who types it; whoever sends later is judged again.
    pub async fn check_url(&self, url: &str, rules: &Rules) -> Result<Target, OutboundError> {
        rules.check()?;
        let (_, target) = self.guard.url(url, rules)?;
        self.judged_addresses(&target, rules).await?;
        Ok(target)
    }

    /// Sends a request and reads the answer to its end.
    pub async fn send(&self, request: &Request, rules: &Rules) -> Result<Answer, OutboundError> {
        let start = Instant::now();
        rules.check()?;
        let (url, target) = self.guard.url(&request.url, rules)?;
        let (method, headers, body) = request.judged()?;
        let addresses = self.judged_addresses(&target, rules).await?;
        #[cfg(test)]
        crate::guard::must_be_this_machine(&addresses);
        let left = rules.connect.saturating_sub(start.elapsed());
        let client = self.client_for(&target, &addresses, left)?;

        let mut message = reqwest::Request::new(method, url);
        *message.headers_mut() = headers;
        if !body.is_empty() {
            *message.body_mut() = Some(body.into());
        }
        let call = Call {
            target: &target,
            rules,
            end: start + rules.total,
        };
        let response = call.within(Phase::Wait, None, client.execute(message)).await?;
        if !self.guard.is_judged(response.remote_addr(), &addresses) {
            return Err(OutboundError::Peer { target });
        }
        call.read(response).await
    }

    /// Asks for what is there.
    pub async fn get(&self, url: &str, rules: &Rules) -> Result<Answer, OutboundError> {
        self.send(&Request::get(url), rules).await
    }

    /// The addresses of a target, each of them judged.
    pub(crate) async fn judged_addresses(
        &self,
        target: &Target,
        rules: &Rules,
    ) -> Result<Vec<SocketAddr>, OutboundError> {
        let found = self.guard.addresses(self.resolver.as_ref(), target);
        match timeout_at(Instant::now() + rules.connect, found).await {
            Ok(addresses) => addresses,
            Err(_) => Err(OutboundError::Timeout {
                target: target.clone(),
                phase: Phase::LookUp,
                limit: rules.connect,
                status: None,
            }),
        }
    }

    /// A client for one call, which knows one name and the addresses that were judged for it. Making it costs
    /// microseconds; and so no connection of another call, under other rules, is ever used again.
    fn client_for(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        connect: Duration,
    ) -> Result<reqwest::Client, OutboundError> {
        let https = target.scheme == Some(Scheme::Https);
        let problem = self.tls.problem().filter(|_| https).map(str::to_owned);
        let config = match (problem, self.tls.config()) {
            (None, Some(config)) => config,
            (problem, _) => {
                return Err(OutboundError::NoTls {
                    target: target.clone(),
                    cause: problem.unwrap_or_default(),
                });
            }
        };
        let pinned = Pinned {
            name: target.host(),
            addresses: self.to_pin(addresses),
        };
        let mut defaults = HeaderMap::with_capacity(1);
        defaults.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .dns_resolver(pinned)
            .connect_timeout(connect.max(Duration::from_millis(1)))
            .https_only(https)
            .http1_only()
            .http1_max_headers(MOST_ANSWER_HEADERS)
            .pool_max_idle_per_host(0)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .user_agent(USER_AGENT)
            .default_headers(defaults)
            .build()
            .map_err(|error| OutboundError::Client(root_cause(error)))
    }

    #[cfg(not(test))]
    fn to_pin(&self, addresses: &[SocketAddr]) -> Vec<SocketAddr> {
        addresses.to_vec()
    }

    #[cfg(test)]
    fn to_pin(&self, addresses: &[SocketAddr]) -> Vec<SocketAddr> {
        self.misled_to
            .map_or_else(|| addresses.to_vec(), |elsewhere| vec![elsewhere])
    }
}

/// A call that is under way.
struct Call<'a> {
    target: &'a Target,
    rules: &'a Rules,
    end: Instant,
}

impl Call<'_> {
    /// One step of the call, which ends at the latest when the call does.
    async fn within<T>(
        &self,
        phase: Phase,
        status: Option<StatusCode>,
        step: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, OutboundError> {
        match timeout_at(self.end, step).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.told(error, status)),
            Err(_) => Err(OutboundError::Timeout {
                target: self.target.clone(),
                phase,
                limit: self.rules.total,
                status,
            }),
        }
    }

    /// Reads headers and body, and never more of the body than the rules say.
    async fn read(&self, mut response: Response) -> Result<Answer, OutboundError> {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let bytes: usize = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        if headers.len() > MOST_ANSWER_HEADERS || bytes > MOST_ANSWER_HEADER_BYTES {
            return Err(OutboundError::AnswerHeaders {
                target: self.target.clone(),
                status,
            });
        }
        let limit = self.rules.most_answer;
        let too_long = || OutboundError::AnswerTooLong {
            target: self.target.clone(),
            status,
            limit,
        };
        if response
            .content_length()
            .is_some_and(|length| length > limit as u64)
        {
            return Err(too_long());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = self.within(Phase::Read, Some(status), response.chunk()).await? {
            if body.len() + chunk.len() > limit {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers,
            body: Bytes::from(body),
        })
    }

    fn told(&self, error: reqwest::Error, status: Option<StatusCode>) -> OutboundError {
        let target = self.target.clone();
        if error.is_connect() && error.is_timeout() {
            return OutboundError::Timeout {
                target,
                phase: Phase::Connect,
                limit: self.rules.connect,
                status,
            };
        }
        if error.is_connect() {
            let cause = root_cause(error);
            return OutboundError::Connect { target, cause };
        }
        OutboundError::Broken {
            target,
            cause: root_cause(error),
            status,
        }
    }
}

/// The innermost reason, without the address: that is told by us, and its path not at all.
fn root_cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
