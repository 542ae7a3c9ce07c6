//! Why nothing went out, or nothing came back. The texts are for the person who set the target up; they name scheme,
//! host, port and address, and never the user name, path, query or fragment of a URL, nor a header's value: a webhook's
//! path is its password.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::StatusCode;
use url::ParseError;

use crate::address::{AddressKind, Opener};
use crate::answer::{MOST_ANSWER_HEADER_BYTES, MOST_ANSWER_HEADERS};
use crate::request::{MOST_BODY, MOST_HEADER_BYTES, MOST_HEADERS};
use crate::target::{LONGEST_URL, Target};

/// What became of a call that did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// It was not made, and will not be as long as settings are what they are.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The host has no addresses, or nobody could be asked.
    #[error("{target}: the host cannot be looked up: {cause}")]
    LookUp {
        /// Where to.
        target: Target,
        /// In the resolver's words.
        cause: String,
    },
    /// There is no connection, or no agreement on TLS.
    #[error("{target}: no connection: {cause}")]
    Connect {
        /// Where to.
        target: Target,
        /// In the words of the system, or of TLS.
        cause: String,
    },
    /// The connection led elsewhere than to the addresses that were judged. What came back was thrown away.
    #[error("{target}: the connection leads to an address that was not judged")]
    Peer {
        /// Where to.
        target: Target,
    },
    /// It took too long.
    #[error("{target}: {phase} took longer than {} s", .limit.as_secs_f64())]
    Timeout {
        /// Where to.
        target: Target,
        /// How far it came.
        phase: Phase,
        /// How long it might have taken.
        limit: Duration,
        /// The answer's status, if that had come.
        status: Option<StatusCode>,
    },
    /// The connection broke, or what came is not HTTP.
    #[error("{target}: no whole answer: {cause}")]
    Broken {
        /// Where to.
        target: Target,
        /// What happened.
        cause: String,
        /// The answer's status, if that had come.
        status: Option<StatusCode>,
    },
    /// The answer has more headers than anybody needs.
    #[error(
        "{target}: answered {status} with more than {MOST_ANSWER_HEADERS} headers or {MOST_ANSWER_HEADER_BYTES} bytes of them"
    )]
    AnswerHeaders {
        /// Where to.
        target: Target,
        /// The answer's status.
        status: StatusCode,
    },
    /// The answer's body is longer than the caller wants to read.
    #[error("{target}: answered {status} with more than {limit} bytes")]
    AnswerTooLong {
        /// Where to.
        target: Target,
        /// The answer's status.
        status: StatusCode,
        /// The most that is read.
        limit: usize,
    },
    /// This machine has no root certificates, so that nobody's certificate could be trusted.
    #[error("{target}: https is not possible on this machine: {cause}")]
    NoTls {
        /// Where to.
        target: Target,
        /// Why.
        cause: String,
    },
    /// The HTTP client could not be made.
    #[error("the HTTP client could not start: {0}")]
    Client(String),
}

impl OutboundError {
    /// The status of an answer that came, though not as a whole or not as it should. A webhook that was answered 200
    /// has arrived, whatever became of the rest.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            OutboundError::Timeout { status, .. } | OutboundError::Broken { status, .. } => *status,
            OutboundError::AnswerHeaders { status, .. } | OutboundError::AnswerTooLong { status, .. } => {
                Some(*status)
            }
            _ => None,
        }
    }

    /// Whether the same call will be refused again until somebody changes a setting.
    pub fn is_refusal(&self) -> bool {
        matches!(self, OutboundError::Refused(_))
    }
}

/// How far a call came before time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// The host was being looked up.
    LookUp,
    /// There was no connection yet.
    Connect,
    /// The request was on its way, or the answer had not begun.
    Wait,
    /// The answer had begun.
    Read,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Phase::LookUp => "looking the host up",
            Phase::Connect => "connecting",
            Phase::Wait => "waiting for the answer",
            Phase::Read => "reading the answer",
        })
    }
}

/// Why a call is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// See [`LONGEST_URL`].
    #[error("the URL is longer than {LONGEST_URL} bytes")]
    UrlTooLong,
    /// White space, line breaks, control characters and backslashes have no place in a URL, and parsers disagree on
    /// them.
    #[error("the target has a space, a line break, a control character or a backslash in it")]
    Character,
    /// It is not a URL.
    #[error("the target is not a URL: {0}")]
    Url(ParseError),
    /// Neither https nor http.
    #[error("the URL must begin with https://")]
    Scheme,
    /// `http:` to a target for which that is not permitted.
    #[error(
        "{target}: http is only for targets that the allow-list names; use https, or let an administrator add this host"
    )]
    Http {
        /// Where to.
        target: Target,
    },
    /// A user name or a password stands in the URL.
    #[error("{target}: the URL has a user name or a password in it; give them as a header")]
    UserInfo {
        /// Where to.
        target: Target,
    },
    /// A fragment stands in the URL; it would never be sent.
    #[error("{target}: the URL has a fragment (#…); take it away")]
    Fragment {
        /// Where to.
        target: Target,
    },
    /// Nobody listens on port 0.
    #[error("the port must be between 1 and 65535")]
    Port,
    /// It is no name and no address.
    #[error("the host is neither a name of letters, digits, hyphens and dots nor an address")]
    Host,
    /// An address of the host is not one to talk to.
    #[error("{target}: {address} is {kind}, which is refused: {}", hint(.kind))]
    Address {
        /// Where to.
        target: Target,
        /// The address.
        address: IpAddr,
        /// What it is.
        kind: AddressKind,
    },
    /// The resolver answers with an address of one interface only.
    #[error("{target}: {address} counts on one interface only (it has a zone), which is refused")]
    Zone {
        /// Where to.
        target: Target,
        /// The address.
        address: IpAddr,
    },
    /// A method that this client does not send.
    #[error("the method must be GET, HEAD, POST, PUT, PATCH or DELETE")]
    Method,
    /// The name of a header is none.
    #[error("a header's name is not valid")]
    HeaderName,
    /// The value of a header has a line break or another control character in it.
    #[error("the value of the header {name} has a line break or another character that no header may have")]
    HeaderValue {
        /// Which one.
        name: String,
    },
    /// A header that the client itself decides about.
    #[error("the header {name} cannot be set")]
    HeaderKept {
        /// Which one.
        name: String,
    },
    /// Too many headers, or too long ones.
    #[error("the request has more than {MOST_HEADERS} headers or {MOST_HEADER_BYTES} bytes of them")]
    Headers,
    /// See [`MOST_BODY`].
    #[error("the request's body is longer than {MOST_BODY} bytes")]
    Body,
    /// The caller's rules go further than rules may.
    #[error("`{field}` must be {limit}")]
    Rule {
        /// Which of [`crate::Rules`].
        field: &'static str,
        /// What it may be.
        limit: String,
    },
}

fn hint(kind: &AddressKind) -> &'static str {
    match kind.opened_by() {
        Opener::NameOrRange => "neither the host nor a range with this address is on the allow-list",
        Opener::Range if *kind == AddressKind::Nat64 => {
            "the allow-list needs a range with this address, and what lies behind it must be permitted too"
        }
        Opener::Range => "no range on the allow-list contains it, and a host's name does not open it",
        Opener::Address => "only this one address on the allow-list would open it",
        Opener::Nothing => "nothing opens it",
    }
}
