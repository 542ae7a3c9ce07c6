//! Links with which an alert is taken by one press, without signing in: what they say is signed, and they end.
//!
//! Whoever has the message may acknowledge that one alert for a day, and do nothing else. The key is in the vault, made
//! with the first link.

use std::sync::Arc;

use ::secrets::{ExposeSecret as _, Vault};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Millis;
use engine::Clock;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use store::{AuditEntry, Holder, Logged, Place, SystemScope, TenantId};
use tokio::sync::OnceCell;

/// A link may be used for so long after its message was made.
const LASTS: Millis = 86_400_000;
/// Bytes of the key.
const KEY: usize = 32;

/// What a link lets somebody do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// Whose alert.
    pub tenant: TenantId,
    /// Its number.
    pub alert: u64,
    /// The channel through which the link went.
    pub channel: u64,
}

/// Makes links, and reads them.
pub struct AckLinks {
    vault: Arc<Vault>,
    system: SystemScope,
    clock: Clock,
    key: OnceCell<Vec<u8>>,
}

impl AckLinks {
    /// With a key in this vault.
    pub fn new(vault: Arc<Vault>, system: SystemScope, clock: Clock) -> AckLinks {
        AckLinks {
            vault,
            system,
            clock,
            key: OnceCell::new(),
        }
    }

    /// The token of a link; `None` when there can be no key.
    pub async fn token(&self, tenant: &TenantId, alert: u64, channel: u64, now: Millis) -> Option<String> {
        let said = format!("{}.{alert}.{channel}.{}", tenant.as_str(), now + LASTS);
        let sealed = seal(self.key().await?, &said)?;
        Some(format!("{said}.{sealed}"))
    }

    /// What a token says, if it is ours and has not ended.
    pub async fn read(&self, token: &str) -> Option<Ack> {
        let (said, sealed) = token.trim().rsplit_once('.')?;
        let mut parts = said.split('.');
        let (tenant, alert, channel, ends) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || token.len() > 300 {
            return None;
        }
        let given = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key().await?).ok()?;
        mac.update(said.as_bytes());
        mac.verify_slice(&given).ok()?;
        let ends: Millis = ends.parse().ok()?;
        (self.clock.now() < ends).then_some(())?;
        Some(Ack {
            tenant: TenantId::parse(tenant)?,
            alert: alert.parse().ok()?,
            channel: channel.parse().ok()?,
        })
    }

    async fn key(&self) -> Option<&[u8]> {
        let key = self.key.get_or_try_init(|| self.found_or_made()).await;
        key.inspect_err(|why| tracing::error!(why, "links that acknowledge cannot be signed"))
            .ok()
            .map(Vec::as_slice)
    }

    async fn found_or_made(&self) -> Result<Vec<u8>, String> {
        let told = |error: ::secrets::VaultError| error.to_string();
        if let Some(key) = self.found().await.map_err(told)? {
            return Ok(key);
        }
        let mut key = [0; KEY];
        getrandom::fill(&mut key).map_err(|error| error.to_string())?;
        let now = self.clock.now();
        let entry = AuditEntry {
            at: now,
            actor: "system".into(),
            address: String::new(),
            action: "link.key".into(),
            target: "ack".into(),
            detail: "a key for links that acknowledge".into(),
        };
        let audit = Logged {
            tenant: TenantId::default_tenant(),
            entry,
        };
        let holder = Holder::installation(&self.system);
        self.vault
            .put(&holder, &place(), &key, None, now, audit)
            .await
            .map_err(told)?;
        // What is there counts, also when another process was faster.
        let found = self.found().await.map_err(told)?;
        found.ok_or_else(|| "the key is not there".into())
    }

    async fn found(&self) -> Result<Option<Vec<u8>>, ::secrets::VaultError> {
        let holder = Holder::installation(&self.system);
        let key = self.vault.open(&holder, &place(), None).await?;
        Ok(key.map(|key| key.expose_secret().to_vec()))
    }
}

fn place() -> Place {
    Place {
        kind: "link".into(),
        owner: "ack".into(),
        field: "key".into(),
    }
}

fn seal(key: &[u8], said: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(said.as_bytes());
    Some(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}
