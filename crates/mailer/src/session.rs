//! One talk with a server.

use std::time::Duration;

use channels::{Mail, Verdict, judge_smtp};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::line;
use crate::reply::{Pending, Reply};

/// How long a server may take to hear that we leave. The mail is sent by then.
const GOODBYE: Duration = Duration::from_secs(1);

/// How far it came.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The server has heard the mail, or some of it, and has not said what it makes of it.
    pub may_have_it: bool,
    /// What it made of it.
    pub verdict: Option<Verdict>,
}

/// Something to talk over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why it did not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the mail server says {} {}", .0.code, .0.text())]
    Says(Reply),
    #[error("the connection to the mail server broke: {0}")]
    Broken(String),
    #[error("the mail server took longer than {} s", .0.as_secs_f64())]
    Slow(Duration),
    #[error("what answers there does not speak SMTP")]
    NotSmtp,
    #[error("the mail server does not offer STARTTLS, and nothing is told without it")]
    NoStartTls,
    #[error("somebody on the way spoke before the encryption; nothing was told")]
    TooEarly,
    #[error("the mail server's encryption cannot be trusted: {0}")]
    Tls(String),
    #[error("no password is sent without encryption")]
    Unprotected,
    #[error("the mail server offers no login that is known here (PLAIN, LOGIN)")]
    NoLogin,
    #[error("an address of the mail cannot stand in an envelope")]
    Address,
}

impl Fault {
    /// What follows from it.
    pub fn verdict(self, may_have_it: bool) -> Verdict {
        match &self {
            Fault::Says(reply) => judge_smtp(reply.code, &reply.text()),
            Fault::Unprotected | Fault::NoLogin => Verdict::Gone {
                words: self.to_string(),
            },
            Fault::Address => Verdict::Refused {
                words: self.to_string(),
            },
            _ => Verdict::Retry {
                after_ms: None,
                words: words(&self, may_have_it),
            },
        }
    }
}

/// On one line and not long: TLS and systems say much.
fn words(fault: &Fault, may_have_it: bool) -> String {
    let told: String = fault
        .to_string()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(240)
        .collect();
    let after = if may_have_it { "; it may have the mail" } else { "" };
    format!("{told}{after}")
}

/// A connection on which replies are read.
pub(crate) struct Session<S> {
    stream: S,
    pending: Pending,
    /// What the server can do, in capitals.
    offers: Vec<String>,
}

impl<S: Stream> Session<S> {
    pub fn new(stream: S) -> Session<S> {
        Session {
            stream,
            pending: Pending::default(),
            offers: Vec::new(),
        }
    }

    /// Hears the greeting and answers it.
    pub async fn greet(&mut self, name: &str) -> Result<(), Fault> {
        let greeting = self.pending.reply(&mut self.stream).await?;
        positive(greeting)?;
        self.hello(name).await
    }

    /// Says who is calling and hears what the server can do.
    pub async fn hello(&mut self, name: &str) -> Result<(), Fault> {
        let reply = positive(self.command(&format!("EHLO {name}")).await?)?;
        self.offers = reply
            .lines
            .iter()
            .skip(1)
            .map(|line| line.to_ascii_uppercase())
            .collect();
        Ok(())
    }

    /// The words after the name of something that the server can do.
    fn offer(&self, name: &str) -> Option<Vec<&str>> {
        self.offers.iter().find_map(|line| {
            // `AUTH=PLAIN` is an old way to write it.
            let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
            (words.next() == Some(name)).then(|| words.collect())
        })
    }

    /// Logs in.
    pub async fn login(&mut self, user: &str, password: &SecretString) -> Result<(), Fault> {
        let ways = self.offer("AUTH").unwrap_or_default();
        let reply = if ways.contains(&"PLAIN") {
            let plain = line::plain(user, password);
            self.command(&format!("AUTH PLAIN {plain}")).await?
        } else if ways.contains(&"LOGIN") {
            let mut reply = self.command("AUTH LOGIN").await?;
            for text in [user, password.expose_secret()] {
                if reply.code == 334 {
                    reply = self.command(&line::login(text)).await?;
                }
            }
            reply
        } else {
            return Err(Fault::NoLogin);
        };
        match reply.code {
            235 => Ok(()),
            // It asks for more, though all was said.
            334 => Err(Fault::NotSmtp),
            _ => Err(Fault::Says(reply)),
        }
    }

    /// Sender, receivers, the mail, goodbye.
    pub async fn deliver(&mut self, mail: &Mail, state: &mut State) -> Result<(), Fault> {
        if !std::iter::once(&mail.from)
            .chain(&mail.to)
            .all(|address| line::is_address(address))
        {
            return Err(Fault::Address);
        }
        positive(self.command(&format!("MAIL FROM:<{}>", mail.from)).await?)?;
        let mut refused: Vec<Reply> = Vec::new();
        for to in &mail.to {
            let reply = self.command(&format!("RCPT TO:<{to}>")).await?;
            if !reply.is_positive() {
                refused.push(reply);
            }
        }
        let count = mail.to.len();
        if refused.len() == count {
            // One that may take it later makes it worth another attempt.
            let later = refused.iter().position(|reply| reply.code < 500).unwrap_or(0);
            return if refused.is_empty() {
                Err(Fault::Address)
            } else {
                Err(Fault::Says(refused.swap_remove(later)))
            };
        }
        let go = self.command("DATA").await?;
        if go.code != 354 {
            return Err(Fault::Says(go));
        }
        state.may_have_it = true;
        self.write(&line::data(&mail.raw)).await?;
        let reply = self.pending.reply(&mut self.stream).await?;
        let verdict = judge_smtp(reply.code, &reply.text());
        state.verdict = Some(match (verdict, refused.first()) {
            (Verdict::Delivered { handle, words }, Some(first)) => {
                let why = judge_smtp(first.code, &first.text());
                let words = format!(
                    "{} of {count} receivers refused, {}; {words}",
                    refused.len(),
                    why.words()
                );
                Verdict::Delivered { handle, words }
            }
            (verdict, _) => verdict,
        });
        let _ = timeout(GOODBYE, self.command("QUIT")).await;
        Ok(())
    }

    async fn command(&mut self, command: &str) -> Result<Reply, Fault> {
        self.write(format!("{command}\r\n").as_bytes()).await?;
        self.pending.reply(&mut self.stream).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let broken = |error: std::io::Error| Fault::Broken(error.to_string());
        self.stream.write_all(bytes).await.map_err(broken)?;
        self.stream.flush().await.map_err(broken)
    }
}

impl Session<TcpStream> {
    /// Asks for encryption. What comes back is the bare connection, on which nothing waits to be read.
    pub async fn starttls(mut self) -> Result<TcpStream, Fault> {
        if self.offer("STARTTLS").is_none() {
            return Err(Fault::NoStartTls);
        }
        let reply = self.command("STARTTLS").await?;
        if reply.code != 220 {
            return Err(Fault::Says(reply));
        }
        // Whatever stands behind the reply was not said by whom the encryption will prove (CVE-2011-0411).
        if !self.pending.is_empty() {
            return Err(Fault::TooEarly);
        }
        Ok(self.stream)
    }
}

fn positive(reply: Reply) -> Result<Reply, Fault> {
    if reply.is_positive() {
        Ok(reply)
    } else {
        Err(Fault::Says(reply))
    }
}
