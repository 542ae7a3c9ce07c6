//! Connections without HTTP, for mail: the same judgement, and a stream at the end.

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use std::net::SocketAddr;

use crate::client::Outbound;
use crate::error::{OutboundError, Phase};
use crate::rules::Rules;
use crate::target::Target;

impl Outbound {
    /// Judges a host and a port as [`Outbound::connect`] will, and connects to nothing. Good for telling somebody who
    /// types it; whoever connects later is judged again.
    pub async fn check_target(&self, host: &str, port: u16) -> Result<Target, OutboundError> {
        let target = self.guard.host(host, port)?;
        self.judged_addresses(&target, &Rules::default()).await?;
        Ok(target)
    }

    /// Connects to a host, which may be an address in any spelling. Takes as long as a connection may take by the
    /// default [`Rules`]. What is sent then, and whether it is encrypted, is the caller's business.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, OutboundError> {
        let rules = Rules::default();
        let end = Instant::now() + rules.connect;
        let target = self.guard.host(host, port)?;
        let addresses = self.judged_addresses(&target, &rules).await?;
        #[cfg(test)]
        crate::guard::must_be_this_machine(&addresses);
        let mut last = None;
        for (index, address) in addresses.iter().enumerate() {
            // One that does not answer leaves the others their share of the time.
            let left = end.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(addresses.len() - index).unwrap_or(1);
            match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return self.judged_stream(stream, target, &addresses),
                Ok(Err(error)) => last = Some(error.to_string()),
                Err(_) => {}
            }
        }
        Err(match last {
            Some(cause) => OutboundError::Connect { target, cause },
            None => OutboundError::Timeout {
                target,
                phase: Phase::Connect,
                limit: rules.connect,
                status: None,
            },
        })
    }

    fn judged_stream(
        &self,
        stream: TcpStream,
        target: Target,
        addresses: &[SocketAddr],
    ) -> Result<TcpStream, OutboundError> {
        if self.guard.is_judged(stream.peer_addr().ok(), addresses) {
            Ok(stream)
        } else {
            Err(OutboundError::Peer { target })
        }
    }
}
