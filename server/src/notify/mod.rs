//! What the engine's notifier needs of the outside: secrets of channels in the vault, the one door out, mail, and links
//! that people can press.
//!
//! Deliberately absent: formats (the crate `channels`), and when anything is sent (the engine).

mod heartbeat;
mod links;

use std::sync::Arc;

use ::secrets::{Destination, ExposeSecret as _, Vault};
use async_trait::async_trait;
use channels::{HttpRequest, Prepared, Secrets};
use engine::{Clock, Post, Sent};
use mailer::Mailer;
use outbound::{Outbound, OutboundError, Request, Rules};
use secrecy::SecretString;
use store::{AuditEntry, Holder, Logged, Place, SystemScope, TenantId, TenantScope};
use url::Url;

use crate::base::below;

pub use heartbeat::Heartbeat;
pub use links::{Ack, AckLinks};

/// What secrets of channels are in the vault.
const KIND: &str = "channel";

/// Sends for the notifier.
pub struct Courier {
    vault: Arc<Vault>,
    system: SystemScope,
    clock: Clock,
    door: Outbound,
    mailer: Mailer,
    /// Where people see us: `https://board.example`, or `https://example.org/fuseboard`.
    url: String,
    links: Arc<AckLinks>,
}

impl Courier {
    /// Sends through `door`, and tells people of the board at `url`.
    pub fn new(
        vault: Arc<Vault>,
        system: SystemScope,
        clock: Clock,
        door: Outbound,
        url: String,
        links: Arc<AckLinks>,
    ) -> Courier {
        Courier {
            vault,
            system,
            clock,
            door,
            mailer: Mailer::new(),
            url,
            links,
        }
    }

    async fn send_http(&self, request: HttpRequest) -> Sent {
        let mut sent = Request::new(request.method, &request.url).body(request.body);
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        match self.door.send(&sent, &Rules::default()).await {
            Ok(answer) => {
                let told = answer.headers.iter().filter_map(|(name, value)| {
                    Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
                });
                Sent::Http {
                    status: answer.status.as_u16(),
                    headers: told.collect(),
                    body: answer.body.to_vec(),
                }
            }
            Err(error) => failed(&error),
        }
    }
}

/// What came of a request without a whole answer. An answer whose status came counts, whatever became of the rest.
fn failed(error: &OutboundError) -> Sent {
    match error.status() {
        Some(status) => Sent::Http {
            status: status.as_u16(),
            headers: Vec::new(),
            body: Vec::new(),
        },
        None if error.is_refusal() => Sent::Forbidden(error.to_string()),
        None => Sent::Failed(error.to_string()),
    }
}

fn place(channel: u64, name: &str) -> Place {
    Place {
        kind: KIND.into(),
        owner: channel.to_string(),
        field: name.to_owned(),
    }
}

/// `https://hooks.example.com:443`, `smtp+tls://mail.example.com:465`.
fn destination(text: Option<&str>) -> Option<Destination> {
    let text = text?;
    if text.starts_with("http") {
        return Destination::of(&Url::parse(text).ok()?);
    }
    let (scheme, rest) = text.split_once("://")?;
    let (host, port) = rest.rsplit_once(':')?;
    Destination::at(scheme, host, port.parse().ok()?)
}

fn logged(tenant: &TenantId, entry: AuditEntry) -> Logged {
    Logged {
        tenant: tenant.clone(),
        entry,
    }
}

#[async_trait]
impl Post for Courier {
    async fn secrets(
        &self,
        tenant: &TenantId,
        channel: u64,
        names: &[String],
        bound: Option<&str>,
    ) -> Result<Secrets, String> {
        let holder = Holder::named(&self.system, tenant.as_str()).ok_or("there is no such tenant")?;
        let bound = destination(bound);
        let mut secrets = Secrets::new();
        for name in names {
            let opened = self
                .vault
                .open(&holder, &place(channel, name), bound.as_ref())
                .await;
            let opened = opened.map_err(|error| error.to_string())?;
            let secret = opened.ok_or_else(|| format!("{name} is not there"))?;
            let text = String::from_utf8(secret.expose_secret().to_vec());
            let text = text.map_err(|_| format!("{name} is no text"))?;
            secrets.insert(name.clone(), SecretString::from(text));
        }
        Ok(secrets)
    }

    async fn keep(
        &self,
        scope: &TenantScope,
        channel: u64,
        name: &str,
        secret: &SecretString,
        bound: Option<&str>,
        audit: AuditEntry,
    ) -> Result<(), String> {
        let (holder, bound) = (Holder::tenant(scope), destination(bound));
        let place = place(channel, name);
        let kept = self.vault.put(
            &holder,
            &place,
            secret.expose_secret().as_bytes(),
            bound.as_ref(),
            self.clock.now(),
            logged(scope.tenant(), audit),
        );
        kept.await.map_err(|error| error.to_string())
    }

    async fn forget(
        &self,
        scope: &TenantScope,
        channel: u64,
        name: &str,
        audit: AuditEntry,
    ) -> Result<(), String> {
        let (holder, place) = (Holder::tenant(scope), place(channel, name));
        let audit = logged(scope.tenant(), audit);
        let removed = self.vault.remove(&holder, &place, audit).await;
        removed.map(drop).map_err(|error| error.to_string())
    }

    async fn send(&self, prepared: Prepared) -> Sent {
        match prepared {
            Prepared::Http(request) => self.send_http(request).await,
            Prepared::Mail(mail) => match self.mailer.send(&self.door, &mail).await {
                Ok(verdict) => Sent::Mail(verdict),
                Err(error) => failed(&error),
            },
            Prepared::Skip(why) => Sent::Failed(why.to_owned()),
        }
    }

    fn link(&self, tenant: &TenantId, path: &str) -> Option<String> {
        Some([self.url.as_str(), &below(tenant), path].concat())
    }

    async fn ack_link(&self, tenant: &TenantId, alert: u64, channel: u64, now: i64) -> Option<String> {
        let token = self.links.token(tenant, alert, channel, now).await?;
        // Behind the `#`: no log and no preview of a messenger sees it.
        Some(format!("{}/ack#t={token}", self.url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_of_webs_and_of_mail_are_told_apart() {
        let told = |text: &str| destination(Some(text)).map(|found| found.as_str().to_owned());
        assert_eq!(
            told("https://hooks.example.com:443").as_deref(),
            Some("https://hooks.example.com:443")
        );
        assert_eq!(
            told("smtp://mail.example.com:25").as_deref(),
            Some("smtp://mail.example.com:25")
        );
        assert_ne!(
            told("smtps://mail.example.com:465"),
            told("smtp://mail.example.com:465")
        );
        assert_eq!(told("mail.example.com"), None);
        assert_eq!(destination(None), None);
    }
}
