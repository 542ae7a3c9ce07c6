//! One open socket: the viewer's outbox goes out, the client's frames come in, and somebody looks whether the other
//! end is still there and still allowed.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use engine::{Frame, Out, ViewerHandle};
use protocol::codec::{Codec, FrameError};
use protocol::{Bye, ClientFrame, ServerFrame, json};
use rand::Rng;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::auth::Access;
use crate::state::Shared;

/// A ping goes out this often.
const PING: Duration = Duration::from_secs(15);
/// A client that said nothing for so long, not even a pong, is gone.
const SILENCE: Duration = Duration::from_secs(45);
/// A frame that could not be sent within this is never going to be.
const SEND: Duration = Duration::from_secs(30);
/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);
/// A key is asked for again this often, so that a revoked one ends its sockets within 5 s.
const RECHECK: Duration = Duration::from_secs(2);
/// Messages a client may send per second.
const MESSAGES_PER_SECOND: u32 = 20;

/// How a socket ends.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// The other side closed it, or the line broke.
    Gone,
    /// We close it.
    Close {
        code: u16,
        reason: String,
        retry_after_ms: u32,
    },
}

impl End {
    fn close(code: u16, reason: &str) -> End {
        End::Close {
            code,
            reason: reason.into(),
            retry_after_ms: 1_000,
        }
    }

    /// The server goes away. Each client is told another time to come back, so that they do not come all at once.
    fn restart() -> End {
        let retry_after_ms = rand::rng().random_range(250..2_000);
        End::Close {
            code: 1001,
            reason: "the server restarts".into(),
            retry_after_ms,
        }
    }
}

/// What a socket needs to run.
pub struct Session {
    shared: Shared,
    access: Access,
    codec: Codec,
}

impl Session {
    /// For a socket that was agreed on.
    pub fn new(shared: Shared, access: Access, codec: Codec) -> Session {
        Session {
            shared,
            access,
            codec,
        }
    }

    /// Runs the socket to its end.
    pub async fn run(self, mut socket: WebSocket) {
        let end = self.serve(&mut socket).await;
        self.say_goodbye(&mut socket, end).await;
    }

    /// Ends a socket that is one too many.
    pub async fn refuse(self, mut socket: WebSocket) {
        self.say_goodbye(
            &mut socket,
            End::Close {
                code: 4009,
                reason: "too many sockets are open".into(),
                retry_after_ms: 30_000,
            },
        )
        .await;
    }

    async fn serve(&self, socket: &mut WebSocket) -> End {
        let Some(scope) = self.access.scope() else {
            return End::close(4403, "nothing to see");
        };
        let (viewer, mut outbox) = self.shared.engine.attach(scope, self.codec);
        let mut heard = Heard::new(Instant::now());
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut recheck = interval(RECHECK);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                () = self.shared.leaving.cancelled() => Err(End::restart()),
                out = outbox.next() => match out {
                    Out::Frame(frame) => self.send(socket, message(frame)).await,
                    Out::Close { code, reason } => Err(End::close(code, &reason)),
                },
                received = socket.recv() => self.received(socket, &viewer, &mut heard, received).await,
                _ = ping.tick() => {
                    if heard.silent(Instant::now()) {
                        Err(End::close(4408, "nothing was heard from the client"))
                    } else {
                        self.send(socket, Message::Ping(bytes::Bytes::new())).await
                    }
                }
                _ = recheck.tick() => self.still_allowed().await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Sends, but neither for ever nor beyond a shutdown.
    async fn send(&self, socket: &mut WebSocket, message: Message) -> Result<(), End> {
        tokio::select! {
            sent = timeout(SEND, socket.send(message)) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(End::Gone),
                Err(_) => Err(End::close(4008, "the client does not read what it is sent")),
            },
            () = self.shared.leaving.cancelled() => Err(End::restart()),
        }
    }

    async fn received(
        &self,
        socket: &mut WebSocket,
        viewer: &ViewerHandle,
        heard: &mut Heard,
        received: Option<Result<Message, axum::Error>>,
    ) -> Result<(), End> {
        let message = match received {
            None => return Err(End::Gone),
            Some(Err(error)) => {
                tracing::debug!(%error, "a socket broke");
                // Too large, not UTF-8, not masked…: the other side may still read why.
                return Err(End::close(1002, "the message breaks the protocol or its limits"));
            }
            Some(Ok(message)) => message,
        };
        if !heard.another(Instant::now()) {
            return Err(End::close(1008, "too many messages"));
        }
        let frame = match message {
            Message::Text(text) => json::decode_client(&text),
            Message::Binary(bytes) if self.codec == Codec::Postcard => protocol::codec::decode_client(&bytes),
            Message::Binary(_) => Err(FrameError::bad("this socket speaks JSON: send text messages")),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(End::Gone),
        };
        let served = match frame {
            Ok(ClientFrame::Subscribe { view, range, replay }) => {
                let opened = match replay {
                    Some(moment) => viewer.replay(&view, range, moment.at, moment.speed),
                    None => viewer.subscribe(&view, range),
                };
                opened.map_err(|error| ServerFrame::Error {
                    code: error.code.into(),
                    detail: error.detail,
                })
            }
            Ok(ClientFrame::Unsubscribe { view }) => {
                viewer.unsubscribe(&view);
                Ok(())
            }
            Ok(ClientFrame::Pause { on }) => {
                viewer.pause(on);
                Ok(())
            }
            Err(error) => Err(error.into()),
        };
        match served {
            Ok(()) => Ok(()),
            Err(refusal) => self.send(socket, message_of(self.codec, &refusal)).await,
        }
    }

    /// A key may have been revoked since. When the database cannot be asked, the socket stays as it is.
    async fn still_allowed(&self) -> Result<(), End> {
        let Access::Key { hash, .. } = &self.access else {
            return Ok(());
        };
        match self.shared.lookup.find_hash(hash).await {
            Ok(None) => Err(End::close(4401, "the key was revoked")),
            Ok(Some(_)) | Err(_) => Ok(()),
        }
    }

    async fn say_goodbye(&self, socket: &mut WebSocket, end: End) {
        let End::Close {
            code,
            reason,
            retry_after_ms,
        } = end
        else {
            return;
        };
        let bye = ServerFrame::Bye(Bye {
            code,
            reason: reason.clone(),
            retry_after_ms,
        });
        let goodbye = async {
            // Whatever fails here, the socket is dropped next.
            let _ = socket.send(message_of(self.codec, &bye)).await;
            let _ = socket
                .send(Message::Close(Some(CloseFrame {
                    code,
                    reason: reason.into(),
                })))
                .await;
            // The client's own close; dropping earlier could cut off what it has not read yet.
            while let Some(Ok(message)) = socket.recv().await {
                if matches!(message, Message::Close(_)) {
                    break;
                }
            }
        };
        let _ = timeout(GOODBYE, goodbye).await;
    }
}

fn message(frame: Frame) -> Message {
    match frame {
        Frame::Text(bytes) => match Utf8Bytes::try_from(bytes) {
            Ok(text) => Message::Text(text),
            // The encoder writes UTF-8 only; an empty text is ignored by every client.
            Err(_) => Message::Text(Utf8Bytes::default()),
        },
        Frame::Binary(bytes) => Message::Binary(bytes),
    }
}

fn message_of(codec: Codec, frame: &ServerFrame) -> Message {
    message(Frame::encode(codec, frame))
}

/// When the client was last heard, and how often within this second.
struct Heard {
    last: Instant,
    second: Instant,
    count: u32,
}

impl Heard {
    fn new(now: Instant) -> Heard {
        Heard {
            last: now,
            second: now,
            count: 0,
        }
    }

    /// One more message; false when there are too many.
    fn another(&mut self, now: Instant) -> bool {
        self.last = now;
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            self.second = now;
            self.count = 0;
        }
        self.count += 1;
        self.count <= MESSAGES_PER_SECOND
    }

    fn silent(&self, now: Instant) -> bool {
        now.duration_since(self.last) > SILENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_per_second() {
        let now = Instant::now();
        let mut heard = Heard::new(now);
        for _ in 0..MESSAGES_PER_SECOND {
            assert!(heard.another(now));
        }
        assert!(!heard.another(now));
        assert!(heard.another(now + Duration::from_secs(1)));
    }

    #[test]
    fn silence_counts_from_the_last_message() {
        let now = Instant::now();
        let mut heard = Heard::new(now);
        assert!(!heard.silent(now + SILENCE));
        assert!(heard.another(now + SILENCE));
        assert!(!heard.silent(now + SILENCE * 2));
        assert!(heard.silent(now + SILENCE * 2 + Duration::from_millis(1)));
    }

    #[test]
    fn restarts_are_spread() {
        let times: std::collections::BTreeSet<u32> = (0..50)
            .map(|_| match End::restart() {
                End::Close {
                    code: 1001,
                    retry_after_ms,
                    ..
                } => retry_after_ms,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(times.len() > 10);
    }
}
