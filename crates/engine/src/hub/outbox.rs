//! A viewer's queue of frames, bounded: who does not drain it loses it and gets one fresh snapshot instead.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use protocol::ServerFrame;
use protocol::codec::{Codec, Encoded};
use tokio::sync::Notify;

/// More than so many frames, or bytes, and the viewer has fallen behind. At ten frames a second this is six seconds.
const MAX_FRAMES: usize = 64;
const MAX_BYTES: usize = 1 << 20;
/// So few frames are on their way soon.
const LIGHT: usize = 2;

/// An encoded frame; cloning shares the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text message; UTF-8.
    Text(Bytes),
    /// A binary message.
    Binary(Bytes),
}

impl Frame {
    /// Encodes a frame.
    pub fn encode(codec: Codec, frame: &ServerFrame) -> Frame {
        match codec.encode(frame) {
            Encoded::Text(text) => Frame::Text(text.into()),
            Encoded::Binary(bytes) => Frame::Binary(bytes.into()),
        }
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Frame::Text(bytes) | Frame::Binary(bytes) => bytes.len(),
        }
    }

    /// It holds nothing; no frame is ever empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A connection that can be written to without waiting. While its viewer has nothing queued, the hub writes there
/// itself: waking a task for each frame of each viewer would cost more than the frame.
pub trait Direct: Send + Sync {
    /// Writes as much of a frame as there is room for.
    fn try_send(&self, frame: &Frame) -> Tried;
}

/// What became of a frame that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// It is on its way.
    Sent,
    /// The connection has taken it, and part of it waits there for room.
    Begun,
    /// The connection has taken nothing of it.
    Refused,
}

/// What a viewer's socket does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// Send this.
    Frame(Frame),
    /// See that what the hub has begun is sent.
    Flush,
    /// Close with this code; nothing follows.
    Close {
        /// 1001, 4008.
        code: u16,
        /// In words.
        reason: String,
    },
}

/// The viewer's end.
pub struct Outbox {
    queue: Arc<Queue>,
}

impl Outbox {
    pub(super) fn new(queue: Arc<Queue>) -> Outbox {
        Outbox { queue }
    }

    /// From now on the hub may write to the connection by itself.
    pub fn write_to(&self, direct: Arc<dyn Direct>) {
        self.queue.state.lock().direct = Some(direct);
    }

    /// The next thing to do. Calling it says that everything before was sent. Cancel-safe.
    pub async fn next(&mut self) -> Out {
        loop {
            let notified = self.queue.notify.notified();
            {
                let mut state = self.queue.state.lock();
                if std::mem::take(&mut state.begun) {
                    state.idle = false;
                    return Out::Flush;
                }
                if let Some(frame) = state.frames.pop_front() {
                    state.bytes -= frame.len();
                    state.idle = false;
                    return Out::Frame(frame);
                }
                state.idle = true;
                if let Some((code, reason)) = state.closing.clone() {
                    return Out::Close { code, reason };
                }
            }
            notified.await;
        }
    }
}

/// What hub and viewer share.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    notify: Notify,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Frame>,
    bytes: usize,
    /// The socket has sent everything it took and waits for more.
    idle: bool,
    /// The hub has written part of a frame.
    begun: bool,
    direct: Option<Arc<dyn Direct>>,
    closing: Option<(u16, String)>,
}

impl Queue {
    /// Adds a frame; false when the viewer has fallen behind: then its queue is gone.
    pub fn push(&self, frame: &Frame) -> bool {
        {
            let mut state = self.state.lock();
            if state.closing.is_some() {
                return true;
            }
            if state.idle
                && !state.begun
                && state.frames.is_empty()
                && let Some(direct) = &state.direct
            {
                match direct.try_send(frame) {
                    Tried::Sent => return true,
                    Tried::Begun => {
                        state.begun = true;
                        drop(state);
                        self.notify.notify_one();
                        return true;
                    }
                    Tried::Refused => {}
                }
            }
            if state.frames.len() >= MAX_FRAMES
                || state.bytes + frame.len() > MAX_BYTES && !state.frames.is_empty()
            {
                state.frames.clear();
                state.bytes = 0;
                return false;
            }
            state.bytes += frame.len();
            state.frames.push_back(frame.clone());
        }
        self.notify.notify_one();
        true
    }

    /// At most a few frames wait.
    pub fn is_light(&self) -> bool {
        self.state.lock().frames.len() <= LIGHT
    }

    /// The socket has caught up with everything.
    pub fn drained(&self) -> bool {
        let state = self.state.lock();
        state.idle && !state.begun && state.frames.is_empty()
    }

    /// Nothing more will come after what is queued.
    pub fn close(&self, code: u16, reason: &str) {
        {
            let mut state = self.state.lock();
            state.closing.get_or_insert_with(|| (code, reason.to_owned()));
        }
        self.notify.notify_one();
    }

    /// The viewer is gone; whoever still waits is released.
    pub fn end(&self) {
        self.close(1000, "detached");
        self.state.lock().direct = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: usize) -> Frame {
        Frame::Binary(vec![0; length].into())
    }

    #[tokio::test]
    async fn frames_come_out_in_order_and_then_the_close() {
        let queue = Arc::new(Queue::default());
        let mut outbox = Outbox::new(Arc::clone(&queue));
        assert!(queue.push(&frame(1)));
        assert!(queue.push(&frame(2)));
        queue.close(1001, "bye");
        assert_eq!(outbox.next().await, Out::Frame(frame(1)));
        assert_eq!(outbox.next().await, Out::Frame(frame(2)));
        assert_eq!(
            outbox.next().await,
            Out::Close {
                code: 1001,
                reason: "bye".into()
            }
        );
    }

    #[tokio::test]
    async fn a_slow_viewer_loses_its_queue_and_is_drained_only_after_it_asked_again() {
        let queue = Arc::new(Queue::default());
        let mut outbox = Outbox::new(Arc::clone(&queue));
        assert!(queue.push(&frame(1)));
        assert_eq!(outbox.next().await, Out::Frame(frame(1)));
        for _ in 0..MAX_FRAMES {
            assert!(queue.push(&frame(1)));
        }
        assert!(!queue.push(&frame(1)), "the queue is full");
        assert!(!queue.drained(), "the socket still sends the first frame");
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(20), outbox.next()).await;
        assert!(waiting.is_err(), "the queue was cleared");
        assert!(queue.drained());
    }

    /// Takes frames until it is full, the last one in part.
    struct Room(Mutex<Vec<Frame>>, usize);

    impl Direct for Room {
        fn try_send(&self, frame: &Frame) -> Tried {
            let mut taken = self.0.lock();
            if taken.len() > self.1 {
                return Tried::Refused;
            }
            taken.push(frame.clone());
            if taken.len() > self.1 {
                Tried::Begun
            } else {
                Tried::Sent
            }
        }
    }

    #[tokio::test]
    async fn an_idle_viewer_is_written_to_at_once_and_in_order() {
        let queue = Arc::new(Queue::default());
        let mut outbox = Outbox::new(Arc::clone(&queue));
        let room = Arc::new(Room(Mutex::default(), 2));
        outbox.write_to(Arc::clone(&room) as Arc<dyn Direct>);
        let taken = || room.0.lock().len();
        let wait = std::time::Duration::from_millis(20);

        queue.push(&frame(1));
        assert_eq!(taken(), 0, "nobody has said yet that the socket waits");
        assert_eq!(outbox.next().await, Out::Frame(frame(1)));
        queue.push(&frame(2));
        assert_eq!(taken(), 0, "the first one may still be under way");
        assert_eq!(outbox.next().await, Out::Frame(frame(2)));
        assert!(tokio::time::timeout(wait, outbox.next()).await.is_err());

        queue.push(&frame(3));
        queue.push(&frame(4));
        assert_eq!(taken(), 2);
        assert!(queue.drained());
        assert!(tokio::time::timeout(wait, outbox.next()).await.is_err());
        queue.push(&frame(5));
        queue.push(&frame(6));
        assert_eq!(taken(), 3, "the fifth is begun, the sixth waits behind it");
        assert!(!queue.drained());
        assert_eq!(outbox.next().await, Out::Flush);
        assert!(!queue.drained());
        assert_eq!(outbox.next().await, Out::Frame(frame(6)));
    }

    #[test]
    fn a_frame_larger_than_the_byte_limit_still_passes_alone() {
        let queue = Queue::default();
        assert!(queue.push(&frame(MAX_BYTES + 1)));
        assert!(!queue.push(&frame(1)));
    }
}
