//! Sending a mail: SMTP (RFC 5321) over one connection, which [`outbound`] judges and makes.
//!
//! A mail goes in this order, and nothing of the next step is told before the one before is done:
//!
//! 1. The connection, by [`outbound::Outbound::connect`].
//! 2. TLS from the first byte, or STARTTLS (RFC 3207), or neither, as the channel says. A server that does not offer
//!    STARTTLS is told nothing more; what it has said too early, before the encryption, is an error and not its answer.
//! 3. The login (`AUTH PLAIN`, else `LOGIN`; RFC 4954), when there is one. A password goes over TLS, or to this machine.
//! 4. Sender, receivers, the mail. A mail that one receiver takes is sent; who does not get it is told.
//!
//! All of it takes 30 s at most. What a reply means is [`channels::judge_smtp`]'s business.
//!
//! Why not a library: the one that the mails are written with keeps what came before STARTTLS for what came after.
//!
//! Deliberately absent: connections that are kept for the next mail, XOAUTH2, addresses in other alphabets (SMTPUTF8),
//! pipelining, and looking up who takes mail for a domain (a server of one's own does that).

mod line;
mod reply;
mod session;
mod tls;

use std::net::IpAddr;
use std::time::Duration;

use channels::{Mail, MailTls, Secrets, Verdict, redact};
use outbound::{Outbound, OutboundError};
use rustls::ClientConfig;
use secrecy::SecretString;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::session::{Fault, Session, State, Stream};
use crate::tls::Tls;

/// From the look-up of the server to its last word.
pub const LONGEST: Duration = Duration::from_secs(30);

/// Sends mails. One per process is enough; it holds no connections.
#[derive(Debug)]
pub struct Mailer {
    tls: Tls,
    longest: Duration,
}

impl Mailer {
    /// With the root certificates of this machine.
    pub fn new() -> Mailer {
        Mailer {
            tls: Tls::of_the_system(),
            longest: LONGEST,
        }
    }

    /// With these settings of TLS.
    pub fn with_tls(config: ClientConfig) -> Mailer {
        Mailer {
            tls: Tls::of(config),
            longest: LONGEST,
        }
    }

    /// With less time than [`LONGEST`].
    pub fn within(mut self, longest: Duration) -> Mailer {
        self.longest = longest.min(LONGEST);
        self
    }

    /// Sends a mail. An error means that there was no connection; whatever happened on one is a verdict, whose words hold
    /// no password.
    pub async fn send(&self, outbound: &Outbound, mail: &Mail) -> Result<Verdict, OutboundError> {
        // How far it came is kept outside of what may be given up.
        let mut state = State::default();
        let fault = match timeout(self.longest, self.talk(outbound, mail, &mut state)).await {
            Ok(Ok(())) => None,
            Ok(Err(Ended::Outbound(error))) => return Err(error),
            Ok(Err(Ended::Fault(fault))) => Some(fault),
            Err(_) => Some(Fault::Slow(self.longest)),
        };
        // What comes after the server's word does not change it.
        let verdict = match (state.verdict, fault) {
            (Some(verdict), _) => verdict,
            (None, fault) => fault.unwrap_or(Fault::NotSmtp).verdict(state.may_have_it),
        };
        Ok(without_secrets(verdict, mail))
    }

    async fn talk(&self, outbound: &Outbound, mail: &Mail, state: &mut State) -> Result<(), Ended> {
        let stream = outbound
            .connect(&mail.host, mail.port)
            .await
            .map_err(Ended::Outbound)?;
        let name = hello_name(&stream);
        let is_here = stream.peer_addr().is_ok_and(|address| address.ip().is_loopback());
        let mut session: Session<Box<dyn Stream>> = match mail.tls {
            MailTls::Tls => {
                let mut session = Session::new(self.tls.connect(&mail.host, stream).await?);
                session.greet(&name).await?;
                session
            }
            MailTls::None => {
                let stream: Box<dyn Stream> = Box::new(stream);
                let mut session = Session::new(stream);
                session.greet(&name).await?;
                session
            }
            MailTls::StartTls => {
                let mut plain = Session::new(stream);
                plain.greet(&name).await?;
                let stream = plain.starttls().await?;
                let mut session = Session::new(self.tls.connect(&mail.host, stream).await?);
                session.hello(&name).await?;
                session
            }
        };
        if let (Some(user), Some(password)) = (&mail.user, &mail.password) {
            if mail.tls == MailTls::None && !is_here {
                return Err(Fault::Unprotected.into());
            }
            session.login(user, password).await?;
        }
        Ok(session.deliver(mail, state).await?)
    }
}

impl Default for Mailer {
    fn default() -> Mailer {
        Mailer::new()
    }
}

/// Why a talk ended before its end.
enum Ended {
    Outbound(OutboundError),
    Fault(Fault),
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Ended {
        Ended::Fault(fault)
    }
}

/// Who is calling: an address, which every server takes (RFC 5321 §4.1.3), and not the name of this machine.
fn hello_name(stream: &TcpStream) -> String {
    match stream.local_addr().map(|address| address.ip()) {
        Ok(IpAddr::V4(address)) => format!("[{address}]"),
        Ok(IpAddr::V6(address)) => format!("[IPv6:{address}]"),
        Err(_) => "[127.0.0.1]".to_owned(),
    }
}

/// A server may repeat what it was sent.
fn without_secrets(mut verdict: Verdict, mail: &Mail) -> Verdict {
    let mut secrets = Secrets::new();
    if let (Some(user), Some(password)) = (&mail.user, &mail.password) {
        secrets.insert("password".into(), password.clone());
        secrets.insert("plain".into(), SecretString::from(line::plain(user, password)));
    }
    let (Verdict::Delivered { words, .. }
    | Verdict::Retry { words, .. }
    | Verdict::Lost { words }
    | Verdict::Refused { words }
    | Verdict::Gone { words }) = &mut verdict;
    *words = redact(words, &secrets).chars().take(300).collect();
    verdict
}
