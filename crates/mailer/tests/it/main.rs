//! Mails to servers on this machine: ones that keep to a script, and `aiosmtpd`, which is somebody else's.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod real;
mod script;
mod scripted;
mod setup;
