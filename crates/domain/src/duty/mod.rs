//! Who is on duty, and who is told when nobody takes an alert.
//!
//! ```text
//! layers (whose turn it is) + overrides → Schedule::on_call(at) → a responder
//! Escalation: wait, tell step 1, wait, tell step 2, … and the ladder once more
//! ```
//!
//! A [`Schedule`] answers for every instant who is on call, by the clock on a wall: hand-overs stay at their time of the
//! day when clocks are put forward or back. An [`Escalation`] says whom to tell after how long; where an alert stands on
//! that ladder is kept by the store.
//!
//! Deliberately absent: how a responder is reached (channels), names, and when anything is sent.

mod escalation;
mod rotation;
mod schedule;

pub use escalation::{Escalation, MAX_STEPS, Step};
pub use rotation::{Length, Rotation};
pub use schedule::{Duty, Layer, MAX_OVERRIDES, Override, Schedule, Shift, Source, Zone};
