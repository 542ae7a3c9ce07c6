//! One connection of `tail`: open, subscribe, print what comes.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use protocol::codec::DecodeError;
use protocol::replica::{Changes, Replica};
use protocol::{ClientFrame, Range, SUBPROTOCOL_JSON, ServerFrame, json};
use rustls::ClientConfig;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

use super::print::Printer;

/// The server sends something every second; silence for this long means that the line is dead.
const SILENCE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(10);
/// A board with thousands of breakers is a few MiB.
const MESSAGE_LIMIT: usize = 32 << 20;
const VIEW: &str = "board";

/// Where to connect, and with which key.
pub struct Target {
    address: String,
    authorization: HeaderValue,
    /// Whose certificates are believed, where not the system's alone.
    tls: Option<Arc<ClientConfig>>,
}

/// How a connection ended.
pub enum Ended {
    /// Trying again cannot help.
    Refused(String),
    /// It may come back, not before the given time.
    Lost(String, Duration),
    /// Nobody reads what is printed.
    OutputClosed,
}

impl Target {
    /// Checks both.
    ///
    /// # Errors
    /// In words what is wrong.
    pub fn new(url: &str, key: &str, tls: Option<Arc<ClientConfig>>) -> Result<Target, String> {
        let url = url.trim_end_matches('/');
        let address = match url.split_once("://") {
            Some(("http", rest)) => format!("ws://{rest}/ws/v1"),
            Some(("https", rest)) => format!("wss://{rest}/ws/v1"),
            _ => return Err(format!("--url must start with http:// or https://, got {url}")),
        };
        let mut authorization = HeaderValue::from_str(&format!("Bearer {key}"))
            .map_err(|_| "the key is not plain text".to_owned())?;
        authorization.set_sensitive(true);
        Ok(Target {
            address,
            authorization,
            tls,
        })
    }

    /// For messages.
    pub fn shown(&self) -> &str {
        &self.address
    }

    fn request(&self) -> Result<Request<()>, Error> {
        let mut request = self.address.as_str().into_client_request()?;
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.authorization.clone());
        request
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL_JSON));
        Ok(request)
    }
}

/// Connects and prints until the connection ends; also says whether it ever stood.
pub async fn follow(target: &Target, printer: &mut Printer) -> (Ended, bool) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_LIMIT))
        .max_frame_size(Some(MESSAGE_LIMIT));
    let request = match target.request() {
        Ok(request) => request,
        Err(error) => return (Ended::Refused(error.to_string()), false),
    };
    let connector = target.tls.clone().map(Connector::Rustls);
    let connecting = connect_async_tls_with_config(request, Some(config), true, connector);
    let mut socket = match timeout(CONNECT, connecting).await {
        Err(_) => return (lost("no answer"), false),
        Ok(Err(Error::Http(response))) if response.status().is_client_error() => {
            return (
                Ended::Refused(refusal(response.status().as_u16(), response.body().as_deref())),
                false,
            );
        }
        Ok(Err(error)) => return (lost(&error.to_string()), false),
        Ok(Ok((socket, _))) => socket,
    };
    let subscribe = ClientFrame::Subscribe {
        view: VIEW.into(),
        range: Range::M5,
        replay: None,
    };
    let mut replica = Replica::new();
    let mut wanted = Some(subscribe.clone());
    loop {
        if let Some(frame) = wanted.take()
            && let Err(error) = socket.send(Message::text(json::encode_client(&frame))).await
        {
            return (lost(&error.to_string()), true);
        }
        let message = match timeout(SILENCE, socket.next()).await {
            Err(_) => return (lost("silence"), true),
            Ok(None) => return (lost("closed"), true),
            Ok(Some(Err(error))) => return (lost(&error.to_string()), true),
            Ok(Some(Ok(message))) => message,
        };
        let frame = match message {
            Message::Text(text) => json::decode_server(&text),
            Message::Close(frame) => {
                let reason = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                return (lost(if reason.is_empty() { "closed" } else { &reason }), true);
            }
            _ => continue,
        };
        match take(&mut replica, frame) {
            Taken::Nothing => {}
            Taken::Again => wanted = Some(subscribe.clone()),
            Taken::End(ended) => return (ended, true),
            Taken::Feed => {
                if let Some(board) = replica.board()
                    && !printer.show(&board.feed)
                {
                    return (Ended::OutputClosed, true);
                }
            }
        }
    }
}

enum Taken {
    Nothing,
    /// The feed may have new entries.
    Feed,
    /// We lost the thread: subscribe again.
    Again,
    End(Ended),
}

fn take(replica: &mut Replica, frame: Result<ServerFrame, DecodeError>) -> Taken {
    let frame = match frame {
        Ok(frame) => frame,
        // A newer server may say things we do not know.
        Err(DecodeError::UnknownFrame(_)) => return Taken::Nothing,
        Err(error) => return Taken::End(lost(&error.to_string())),
    };
    match replica.apply(frame) {
        Err(_) => Taken::Again,
        Ok(Changes::Reset { .. }) => Taken::Feed,
        Ok(Changes::Board { changes, .. }) if changes.feed => Taken::Feed,
        Ok(Changes::Bye(bye)) if matches!(bye.code, 4401 | 4403) => Taken::End(Ended::Refused(bye.reason)),
        Ok(Changes::Bye(bye)) => Taken::End(Ended::Lost(
            bye.reason,
            Duration::from_millis(u64::from(bye.retry_after_ms)),
        )),
        Ok(Changes::Refused { code, detail }) => Taken::End(Ended::Refused(format!("{code}: {detail}"))),
        Ok(_) => Taken::Nothing,
    }
}

fn lost(why: &str) -> Ended {
    Ended::Lost(why.to_owned(), Duration::ZERO)
}

/// The detail of the problem that the server answered with.
fn refusal(status: u16, body: Option<&[u8]>) -> String {
    let detail = body
        .and_then(|body| serde_json::from_slice::<serde_json::Value>(body).ok())
        .and_then(|problem| problem["detail"].as_str().map(ToOwned::to_owned));
    match detail {
        Some(detail) => format!("refused ({status}): {detail}"),
        None => format!("refused with status {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let address = |url: &str| Target::new(url, "k", None).map(|target| target.address);
        assert_eq!(
            address("http://127.0.0.1:3000/").unwrap(),
            "ws://127.0.0.1:3000/ws/v1"
        );
        assert_eq!(address("https://h/t/default").unwrap(), "wss://h/t/default/ws/v1");
        assert!(address("127.0.0.1:3000").is_err());
        assert!(Target::new("http://h", "line\nbreak", None).is_err());
    }

    #[test]
    fn a_refusal_says_why() {
        assert_eq!(refusal(401, Some(br#"{"detail":"No."}"#)), "refused (401): No.");
        assert_eq!(refusal(403, Some(b"<html>")), "refused with status 403");
    }
}
