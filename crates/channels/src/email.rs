//! Mail: what is written, and for which server. RFC 5322, 2045 to 2049, 3834, 6409.
//!
//! Text and HTML of the same content, the HTML with a cell of colour and no pictures, which mail programs leave out.
//! `Message-ID` comes from the message's id, so that an attempt that is made again is the same mail; all mails of a topic
//! refer to one name, which makes them a thread. A subject has at most the 78 characters that RFC 5322 §2.1.1 advises.
//! What is told can begin no line of a header, because it is one line before it gets there.

use std::fmt;

use lettre::message::{Mailbox, Mailboxes};
use secrecy::SecretString;
use url::Host;

use crate::field::{Field, Input};
use crate::letter::Letter;
use crate::message::Message;
use crate::prepared::{Attempt, Prepared};
use crate::settings::{Given, Wrong};

pub(crate) const FIELDS: &[Field] = &[
    Field::new("host", "SMTP server", "Its name: smtp.example.com.", Input::Host).required(),
    Field::new(
        "port",
        "Port",
        "587 with STARTTLS, 465 with TLS.",
        Input::Number {
            least: 1,
            most: 65_535,
        },
    )
    .or("587"),
    Field::new(
        "tls",
        "Encryption",
        "Without it nothing is secret, and no password is sent.",
        Input::Choice(&[("starttls", "STARTTLS"), ("tls", "TLS"), ("none", "None")]),
    )
    .or("starttls"),
    Field::new(
        "user",
        "User",
        "Only if the server asks for one.",
        Input::Text { most: 254 },
    ),
    Field::new(
        "password",
        "Password",
        "Of that user.",
        Input::Text { most: 1_000 },
    )
    .secret(),
    Field::new("from", "From", "Fuseboard <alerts@example.com>", Input::Email).required(),
    Field::new(
        "to",
        "To",
        "Up to 50 addresses, separated by commas.",
        Input::Emails,
    )
    .required(),
];

/// Receivers of one channel.
const MOST_TO: usize = 50;
/// Characters of a field of addresses.
const LONGEST: usize = 4_000;

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailTls {
    /// Begins in the clear and is encrypted before anything is told; a server that cannot is not told anything.
    StartTls,
    /// From the first byte.
    Tls,
    /// Not at all. Nobody is logged in this way, except on this machine.
    None,
}

impl MailTls {
    /// Its name in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            MailTls::StartTls => "starttls",
            MailTls::Tls => "tls",
            MailTls::None => "none",
        }
    }
}

/// A mail, and through which server it goes.
#[derive(Clone)]
pub struct Mail {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// Who logs in.
    pub user: Option<String>,
    /// With what.
    pub password: Option<SecretString>,
    /// The sender of the envelope, without a name.
    pub from: String,
    /// The receivers of the envelope, without names.
    pub to: Vec<String>,
    /// The whole mail as it is sent.
    pub raw: Vec<u8>,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Its HTML.
    pub html: String,
}

/// Where it goes and how long it is.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("to", &self.to.len())
            .field("raw", &self.raw.len())
            .finish_non_exhaustive()
    }
}

pub(crate) fn must_be_host(text: &str) -> Option<String> {
    let address = text.parse::<std::net::Ipv6Addr>().is_ok();
    let host = !text.contains('%') && text.len() <= 253 && Host::parse(text).is_ok();
    (!address && !host).then(|| "be the name of a machine, without scheme and port".into())
}

pub(crate) fn must_be_address(text: &str) -> Option<String> {
    let read = (text.len() <= LONGEST)
        .then(|| text.parse::<Mailbox>().ok())
        .flatten();
    (!read.is_some_and(|mailbox| is_plain(&mailbox)))
        .then(|| "be a mail address, such as Fuseboard <alerts@example.com>".into())
}

pub(crate) fn must_be_addresses(text: &str) -> Option<String> {
    let read = (text.len() <= LONGEST)
        .then(|| text.parse::<Mailboxes>().ok())
        .flatten();
    let all: Vec<Mailbox> = read.into_iter().flatten().collect();
    if all.is_empty() || !all.iter().all(is_plain) {
        return Some("be mail addresses, separated by commas".into());
    }
    (all.len() > MOST_TO).then(|| format!("be at most {MOST_TO} addresses"))
}

/// Addresses in other alphabets need servers that most are not (RFC 6531).
fn is_plain(mailbox: &Mailbox) -> bool {
    let address: &str = mailbox.email.as_ref();
    address.len() <= 254 && address.bytes().all(|b| b.is_ascii_graphic())
}

pub(crate) fn check(given: Given<'_>, wrong: &mut Vec<Wrong>) {
    match (given.some("user"), given.some("password")) {
        (Some(_), None) => wrong.push(Wrong::new("password", "be given for the user")),
        (None, Some(_)) => wrong.push(Wrong::new("user", "be given for the password")),
        (Some(_), Some(_)) if tls(given) == MailTls::None && !is_this_machine(given.text("host")) => {
            wrong.push(Wrong::new("tls", "be starttls or tls where a password is sent"));
        }
        _ => {}
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    address.map_or(host.eq_ignore_ascii_case("localhost"), |address| {
        address.is_loopback()
    })
}

fn tls(given: Given<'_>) -> MailTls {
    match given.text("tls") {
        "none" => MailTls::None,
        "tls" => MailTls::Tls,
        _ => MailTls::StartTls,
    }
}

pub(crate) fn destination(given: Given<'_>) -> Option<String> {
    let scheme = match tls(given) {
        MailTls::StartTls => "smtp+starttls",
        MailTls::Tls => "smtps",
        MailTls::None => "smtp",
    };
    let host = given.some("host")?.to_ascii_lowercase();
    Some(format!("{scheme}://{host}:{}", given.text("port")))
}

pub(crate) fn prepare(given: Given<'_>, attempt: &Attempt<'_>) -> Result<Prepared, Wrong> {
    let from: Mailbox = given
        .text("from")
        .parse()
        .map_err(|_| Wrong::new("from", "be a mail address"))?;
    let to: Mailboxes = given
        .text("to")
        .parse()
        .map_err(|_| Wrong::new("to", "be mail addresses"))?;
    let to: Vec<Mailbox> = to.into_iter().collect();
    let port = given
        .text("port")
        .parse()
        .map_err(|_| Wrong::new("port", "be a number from 1 to 65535"))?;
    let letter = Letter::of(attempt.message);
    let raw = letter
        .raw(attempt.message, &from, &to)
        .map_err(|_| Wrong::new("from", "be an address that a mail can be written from"))?;
    Ok(Prepared::Mail(Mail {
        host: given.text("host").to_owned(),
        port,
        tls: tls(given),
        user: given.some("user").map(str::to_owned),
        password: given.some("password").map(SecretString::from),
        from: from.email.to_string(),
        to: to.iter().map(|mailbox| mailbox.email.to_string()).collect(),
        raw,
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
    }))
}

pub(crate) fn preview(message: &Message) -> String {
    let letter = Letter::of(message);
    format!("Subject: {}\n\n{}", letter.subject, letter.text)
}
