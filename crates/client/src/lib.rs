//! The Rust SDK of Fuseboard: report LLM calls, circuit-breaker transitions and rate-limit headroom.
//!
//! ```no_run
//! use std::time::Duration;
//! use fuseboard_client::{CallEvent, Client, Outcome, State, TransitionEvent};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder("http://127.0.0.1:3000", "fb_…")
//!     .service("checkout")
//!     .environment("prod")
//!     .build()?;
//!
//! // One event per attempt at a provider, when it ends.
//! client.call(
//!     CallEvent::new("openai", "gpt-5", Outcome::Ok)
//!         .duration(Duration::from_millis(812))
//!         .ttft(Duration::from_millis(240))
//!         .input_tokens(320)
//!         .output_tokens(95)
//!         .breaker("gpt-5"),
//! );
//!
//! // One event per change of a breaker's state. It leaves at once.
//! client.transition(
//!     TransitionEvent::new("gpt-5", State::Open)
//!         .from(State::Closed)
//!         .provider("openai")
//!         .cause("overloaded", 24)
//!         .failure_rate(0.62)
//!         .failure_threshold(0.5),
//! );
//!
//! // At the end of the program.
//! client.shutdown(Duration::from_secs(5)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! - **It never blocks.** Reporting an event serialises it and puts it into a bounded queue; a background task sends.
//! - **Memory is bounded** in events and in bytes, whatever the server does ([`Builder::queue`], [`Builder::queue_bytes`]).
//!   When the queue is full, the oldest call goes first: what happens now matters more to a live board than what
//!   happened before, and a transition matters more than a call.
//! - **Nothing is lost silently.** Every event ends as accepted, duplicate, refused or dropped, and
//!   [`Client::health`] counts each; `reported = queued + accepted + duplicates + refused + dropped` at every moment.
//! - **Nothing counts twice.** Each event carries an id and each batch an idempotency key; a batch whose answer was
//!   lost is sent again, byte for byte, under the same key.
//! - **It is a polite sender.** Retries back off exponentially with full jitter and honour `Retry-After`; the log gets
//!   one line when the connection breaks and one when it is back, not one per failure.
//!
//! # Deliberately absent
//!
//! A spool on disk (a process that must not lose reports should write its own log), compression (batches are small
//! and the server is near), a blocking interface, sampling, and prices: those are the caller's or the server's.

mod builder;
mod client;
mod event;
mod health;
mod outside;
mod queue;
mod retry;
mod shared;
mod transport;
mod worker;

pub use builder::{BuildError, Builder};
pub use client::{CheckError, Client, Unsent};
pub use event::{
    BreakerKind, CallEvent, HeadroomEvent, MarkerEvent, MarkerKind, Operation, Outcome, State, StatsEvent,
    Tier, TransitionEvent,
};
pub use health::{Health, Link};
