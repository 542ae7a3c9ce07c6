//! The fuse panel: breakers as switches on a rail per provider.
//!
//! `rails` decides which fuse sits where and which are folded, `words` what a fuse says; both are pure. `fuse` and
//! `panel` draw.

mod fuse;
mod panel;
mod rails;
mod words;

pub use panel::{focus_fuse, panel};
#[cfg(test)]
pub(crate) use words::tests;
pub use words::{FuseWords, agreement, fuse_words, percent_limit, retry_words};
