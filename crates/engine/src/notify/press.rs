//! Presses of buttons in a channel: whether the service sent them.

use store::TenantScope;

use super::ChannelError;
use crate::Engine;

/// The secret with which Slack signs.
const SIGNING: &str = "signing_secret";

impl Engine {
    /// Whether Slack signed what came, by the secret that this channel has: its headers `x-slack-request-timestamp` and
    /// `x-slack-signature`, and the body. A channel that is not there, or has no such secret, believes nothing.
    ///
    /// # Errors
    /// The store cannot be read, or the secret cannot be opened.
    pub async fn is_signed_by_slack(
        &self,
        scope: &TenantScope,
        channel: u64,
        signed: (&str, &str),
        body: &[u8],
    ) -> Result<bool, ChannelError> {
        let channel = match self.usable(scope, channel).await {
            Err(ChannelError::Missing) => return Ok(false),
            channel => channel?,
        };
        let named = channel.body.secrets.iter().any(|name| name == SIGNING);
        if channel.kind != channels::Kind::SlackBot || !named {
            return Ok(false);
        }
        let (names, destination) = ([SIGNING.to_owned()], channel.body.destination.as_deref());
        let post = &self.notifier().post;
        let opened = post.secrets(scope.tenant(), channel.stored.id, &names, destination);
        let secrets = opened.await.map_err(ChannelError::Secrets)?;
        let now_s = self.clock().now().div_euclid(1_000);
        Ok(secrets
            .get(SIGNING)
            .is_some_and(|secret| channels::verify_slack(secret, signed, body, now_s).is_ok()))
    }
}
