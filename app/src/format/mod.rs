//! Figures and times as people read them: en-US numbers, 24 h clock, units always.
//!
//! Every function here is pure: no clock, no locale, no zone. What it needs is an argument, so that the server and the
//! browser write the same characters and hydration finds the text it expects. Fixed-point arithmetic on integers
//! instead of float formatting keeps the WASM small.

mod figure;
mod kpi;
mod number;
mod time;
mod unit;

pub use figure::{Figure, latency, latency_short, money, percent, percent_fine, rate, tokens_rate};
pub use kpi::{KpiText, Tone, kpi_name, kpi_text};
pub use number::{fixed, grouped};
pub use time::{ago, clock, date_clock, day, full, iso, moment, span, span_short};
pub use unit::{bytes, tick, unit_word, value};

/// Shown where there is nothing to tell.
pub const NOTHING: &str = "—";

/// The minus sign of typography, as wide as a plus; a hyphen is not a minus.
pub const MINUS: char = '\u{2212}';
