//! What a period was like, for people who do not operate: figures with targets, what is left of a promise, what
//! unreliability cost, how much is known.
//!
//! Everything here is arithmetic on answers of [`crate::query`], stored transitions and alerts. Deliberately absent: reading
//! chunks, and HTML.

mod share;
mod sharing;
mod status;
mod status_check;
