//! What each channel is sent, byte for byte and at its limits, and what answers mean.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod answers;
mod golden;
mod hostile;
mod limits;
mod secrecy_kept;
mod settings;
mod setup;
mod signatures;
mod slack_press;
mod template;
