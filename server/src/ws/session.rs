//! One open socket: the viewer's outbox goes out, the client's frames come in, and somebody looks whether the other
//! end is still there and still allowed.

use std::time::Duration;

use engine::{Frame, Out, ViewerHandle};
use protocol::codec::{Codec, FrameError};
use protocol::{Bye, ClientFrame, ServerFrame, json};
use rand::Rng;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::WaitForCancellationFuture;

use super::socket::Socket;
use crate::auth::{Access, Person};
use crate::state::Shared;

/// A ping goes out this often.
const PING: Duration = Duration::from_secs(15);
/// A client that said nothing for so long, not even a pong, is gone.
const SILENCE: Duration = Duration::from_secs(45);
/// A frame that could not be sent within this is never going to be.
const SEND: Duration = Duration::from_secs(30);
/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);
/// A key or a session is asked for again this often, so that one that was ended ends its sockets within 5 s: what is
/// believed is up to 2 s old.
const RECHECK: Duration = Duration::from_secs(3);
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
    pub async fn run(self, mut socket: Socket) {
        let end = self.serve(&mut socket).await;
        self.say_goodbye(&mut socket, end).await;
    }

    /// Ends a socket that is one too many.
    pub async fn refuse(self, mut socket: Socket) {
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

    async fn serve(&self, socket: &mut Socket) -> End {
        let Some(scope) = self.access.scope() else {
            return End::close(4401, "nobody is signed in");
        };
        let (viewer, mut outbox) = self.shared.engine.attach(scope, self.codec);
        outbox.write_to(socket.direct());
        let mut heard = Heard::new(Instant::now());
        let mut ping = every(PING);
        let mut recheck = every(RECHECK);
        // Registered once, not for every frame: all sockets share it.
        let leaving = self.shared.leaving.cancelled();
        tokio::pin!(leaving);
        loop {
            let step = tokio::select! {
                () = leaving.as_mut() => Err(End::restart()),
                out = outbox.next() => match out {
                    Out::Frame(frame) => sent(socket.send(&frame), leaving.as_mut()).await,
                    Out::Flush => sent(socket.flush(), leaving.as_mut()).await,
                    Out::Close { code, reason } => Err(End::close(code, &reason)),
                },
                received = socket.next() => match self.received(&viewer, &mut heard, received) {
                    Ok(None) => Ok(()),
                    Ok(Some(answer)) => sent(socket.send(&answer), leaving.as_mut()).await,
                    Err(end) => Err(end),
                },
                _ = ping.tick() => {
                    if heard.silent(Instant::now()) {
                        Err(End::close(4408, "nothing was heard from the client"))
                    } else {
                        sent(socket.ping(), leaving.as_mut()).await
                    }
                }
                _ = recheck.tick() => self.still_allowed().await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Does what the client says; the answer is a frame for it alone.
    fn received(
        &self,
        viewer: &ViewerHandle,
        heard: &mut Heard,
        received: Option<Result<Message, Error>>,
    ) -> Result<Option<Frame>, End> {
        let message = match received {
            None
            | Some(Err(
                Error::ConnectionClosed
                | Error::AlreadyClosed
                | Error::Io(_)
                | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
            )) => return Err(End::Gone),
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
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return Ok(None),
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
        Ok(served.err().map(|refusal| Frame::encode(self.codec, &refusal)))
    }

    /// A key may have been revoked since, a session ended, a member sent away. When the database cannot be asked, the
    /// socket stays as it is.
    async fn still_allowed(&self) -> Result<(), End> {
        match &self.access {
            Access::Anyone => Ok(()),
            Access::Key { hash, .. } => match self.shared.lookup.find_hash(hash).await {
                Ok(None) => Err(End::close(4401, "the key was revoked")),
                Ok(Some(_)) | Err(_) => Ok(()),
            },
            Access::Person(person) => match self.shared.people.goes_on(person).await {
                Ok(None) => Err(End::close(4401, "the session has ended")),
                Ok(Some(now)) => {
                    let tenant = Some(person.scope.tenant());
                    match Person::of(now, person.hash, tenant) {
                        Some(_) => Ok(()),
                        None => Err(End::close(4403, "no longer a member of this tenant")),
                    }
                }
                Err(_) => Ok(()),
            },
        }
    }

    async fn say_goodbye(&self, socket: &mut Socket, end: End) {
        let End::Close {
            code,
            reason,
            retry_after_ms,
        } = end
        else {
            // The client closed: tungstenite has the answer ready. To who is gone it cannot be sent.
            let _ = timeout(GOODBYE, socket.flush()).await;
            return;
        };
        let bye = ServerFrame::Bye(Bye {
            code,
            reason: reason.clone(),
            retry_after_ms,
        });
        let goodbye = async {
            // Whatever fails here, the socket is dropped next.
            let _ = socket.send(&Frame::encode(self.codec, &bye)).await;
            let _ = socket.close(code, &reason).await;
            // The client's own close; dropping earlier could cut off what it has not read yet.
            while let Some(Ok(message)) = socket.next().await {
                if matches!(message, Message::Close(_)) {
                    break;
                }
            }
        };
        let _ = timeout(GOODBYE, goodbye).await;
    }
}

/// Waits for a sending, but neither for ever nor beyond a shutdown.
async fn sent(
    sending: impl Future<Output = Result<(), Error>>,
    leaving: std::pin::Pin<&mut WaitForCancellationFuture<'_>>,
) -> Result<(), End> {
    tokio::select! {
        biased;
        sent = sending => sent.map_err(|_| End::Gone),
        () = leaving => Err(End::restart()),
        () = sleep(SEND) => Err(End::close(4008, "the client does not read what it is sent")),
    }
}

/// Ticks from one period on.
fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
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
