//! The one door out of Fuseboard: every request that somebody's setting can cause (webhooks, OIDC, pulls, probes) goes
//! through [`Outbound`], and mail's connections through [`Outbound::connect`], so that no setting can make the server
//! talk to itself, to its neighbours or to a cloud's metadata (ADR 0023).
//!
//! A call is made in this order, and the order is the point:
//!
//! 1. The text of the target is read as WHATWG reads URLs, so that `0x7f.1` is 127.0.0.1, and judged: scheme, user
//!    name, fragment, port, characters, length ([`Target`]).
//! 2. Its host is looked up, once. **All** of its addresses must be permitted ([`AddressKind`], [`Allowed`]), else
//!    nothing is sent.
//! 3. The connection is made to these very addresses and to nothing else; no name is looked up a second time.
//! 4. The peer must be one of them; else its answer is thrown away.
//!
//! Deliberately absent: redirects, proxies of the environment, cookies, decompression, connections that are kept for
//! the next call, retries (whoever sends knows better when), wildcards in the allow-list, and the clock.
//!
//! What it cannot see: a public address that is this machine's own or that a firewall leads inside, and NAT64 with a
//! prefix of a network's own.

mod address;
mod allowed;
mod answer;
mod client;
mod error;
mod guard;
mod raw;
mod request;
mod resolver;
mod rules;
mod target;
mod tls;

#[cfg(test)]
mod tests;

pub use address::AddressKind;
pub use allowed::{Allowed, AllowedError, MOST_ENTRIES};
pub use answer::{Answer, MOST_ANSWER_HEADER_BYTES, MOST_ANSWER_HEADERS};
pub use client::Outbound;
pub use error::{OutboundError, Phase, Refusal};
pub use request::{MOST_BODY, MOST_HEADER_BYTES, MOST_HEADERS, Request};
pub use reqwest::StatusCode;
pub use reqwest::header;
pub use rules::{LONGEST_TOTAL, MOST_ANSWER, Rules};
pub use target::{LONGEST_URL, Target, changed_target};
