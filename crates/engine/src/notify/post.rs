//! What the notifier needs of the outside: somebody who keeps secrets, and somebody who sends.

use async_trait::async_trait;
use channels::{Prepared, Secrets, Verdict};
use secrecy::SecretString;
use store::{AuditEntry, TenantId, TenantScope};

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// An answer over HTTP, whatever its status.
    Http {
        /// Its status.
        status: u16,
        /// Its headers; names in lower case.
        headers: Vec<(String, String)>,
        /// Its body.
        body: Vec<u8>,
    },
    /// Whoever spoke to the mail server says what came of it.
    Mail(Verdict),
    /// No answer: it may work later. Nobody knows whether it arrived.
    Failed(String),
    /// It may not be sent there; nothing was.
    Forbidden(String),
}

/// Keeps the secrets of channels, and sends. The server has one on its vault and its one door out.
#[async_trait]
pub trait Post: Send + Sync + 'static {
    /// The secrets of a channel by name, for use at `destination`.
    ///
    /// # Errors
    /// They cannot be opened, in words.
    async fn secrets(
        &self,
        tenant: &TenantId,
        channel: u64,
        names: &[String],
        destination: Option<&str>,
    ) -> Result<Secrets, String>;

    /// Keeps a secret of a channel, for `destination` alone.
    ///
    /// # Errors
    /// It cannot be kept, in words; what was there is there still.
    async fn keep(
        &self,
        scope: &TenantScope,
        channel: u64,
        name: &str,
        secret: &SecretString,
        destination: Option<&str>,
        audit: AuditEntry,
    ) -> Result<(), String>;

    /// Removes a secret of a channel, if it has it.
    ///
    /// # Errors
    /// It cannot be removed, in words.
    async fn forget(
        &self,
        scope: &TenantScope,
        channel: u64,
        name: &str,
        audit: AuditEntry,
    ) -> Result<(), String>;

    /// Sends. Takes no longer than the notifier's patience, which ends it.
    async fn send(&self, prepared: Prepared) -> Sent;

    /// The address of a page of a tenant for people, if it is known where the board is seen: `/alerts/12`.
    fn link(&self, tenant: &TenantId, path: &str) -> Option<String>;

    /// A link that takes an alert with one click, signed, for as long as it makes sense.
    async fn ack_link(&self, tenant: &TenantId, alert: u64, channel: u64, now: i64) -> Option<String>;
}

/// Nobody: for engines that tell nobody, as in tests and benchmarks.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPost;

const NOBODY: &str = "this process can send nothing";

#[async_trait]
impl Post for NoPost {
    async fn secrets(&self, _: &TenantId, _: u64, _: &[String], _: Option<&str>) -> Result<Secrets, String> {
        Err(NOBODY.into())
    }

    async fn keep(
        &self,
        _: &TenantScope,
        _: u64,
        _: &str,
        _: &SecretString,
        _: Option<&str>,
        _: AuditEntry,
    ) -> Result<(), String> {
        Err(NOBODY.into())
    }

    async fn forget(&self, _: &TenantScope, _: u64, _: &str, _: AuditEntry) -> Result<(), String> {
        Err(NOBODY.into())
    }

    async fn send(&self, _: Prepared) -> Sent {
        Sent::Failed(NOBODY.into())
    }

    fn link(&self, _: &TenantId, _: &str) -> Option<String> {
        None
    }

    async fn ack_link(&self, _: &TenantId, _: u64, _: u64, _: i64) -> Option<String> {
        None
    }
}
