//! The push format, as its users see it. The number of cases per property is `PROPTEST_CASES`, 256 by default.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod common;
mod contents;
mod forms;
mod generate;
mod hostile;
mod limits;
mod mistakes;
mod print;
mod properties;
mod sdk;
