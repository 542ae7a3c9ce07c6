//! Notification channels: what each kind of channel is sent, and what its answer means.
//!
//! ```text
//! Message + Settings + Secrets ─ prepare → HttpRequest | Mail | Skip        (sent by somebody else)
//!                                          Answer ─ judge → Delivered | Retry | Refused | Gone | Lost
//! ```
//!
//! A [`Message`] says what is told, once, in words of ours. [`prepare`] writes it as the channel of a [`Kind`] wants it:
//! shortened to the limits that the service documents and never in the middle of a character, with everything escaped
//! that the service would take for more than text. The same message makes the same request at every attempt, the
//! signature of a webhook aside. [`judge`] and [`judge_smtp`] say what an answer means. What a channel is set up with is
//! described by [`Kind::fields`], from which forms and the API are made, and checked by [`check`].
//!
//! Secrets come in apart from other settings and are in nothing that is printed: neither in `Debug`, nor in a [`Wrong`],
//! nor in the words of a [`Verdict`], for which [`redact`] takes them out of what a service echoes.
//!
//! Deliberately absent: sockets, the clock, queues and when to try again (who sends knows those), whether an address may
//! be talked to at all (the one door out), translations, and charts. A [`Template`] has names and no language.

mod check;
mod discord;
mod email;
mod facts;
mod field;
mod judge;
mod key;
mod kind;
mod letter;
mod message;
mod opsgenie;
mod pagerduty;
mod prepared;
mod redact;
mod settings;
mod slack;
mod slack_bot;
mod slack_press;
mod teams;
mod telegram;
mod template;
mod text;
mod twilio;
mod url_check;
mod webhook;

pub use check::{check, destination};
pub use email::{Mail, MailTls};
pub use facts::lasted;
pub use field::{Field, Input};
pub use judge::{Answer, LONGEST_WAIT_MS, Verdict, judge, judge_smtp};
pub use kind::Kind;
pub use message::{Message, Notice, Severity};
pub use prepared::{Attempt, HttpRequest, Prepared, prepare, preview};
pub use redact::{REDACTED, redact};
pub use settings::{Secrets, Settings, Wrong};
pub use slack_press::{Pressed, read_press, verify_slack};
pub use template::{
    LABEL_PLACEHOLDER, LONGEST_TEXT_TEMPLATE, LONGEST_TITLE_TEMPLATE, PLACEHOLDERS, Template,
};
pub use webhook::{TOLERANCE_S, Unverified, new_signing_secret, verify};
