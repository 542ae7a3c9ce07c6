//! The client against a real HTTP server on a loopback socket.
#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]
#![expect(
    clippy::disallowed_methods,
    reason = "these tests measure real time, as the client's users would"
)]

mod bounds;
mod closing;
mod delivery;
mod logs;
mod retries;
mod server;
