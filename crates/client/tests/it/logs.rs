//! One line per change of state, not one per failure.

use std::collections::HashMap;
use std::sync::{Mutex, Once};
use std::thread::{self, ThreadId};
use std::time::Duration;

use fuseboard_client::{CallEvent, Outcome};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::server::{Server, run, status};

/// Keeps level and message of our own lines per thread; each test and its client live on one.
struct Recorder;

type Lines = HashMap<ThreadId, Vec<(Level, String)>>;

static LINES: Mutex<Option<Lines>> = Mutex::new(None);

/// Starts recording. Before any test logs, or tracing would remember that nobody listens.
pub fn record() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Recorder).unwrap());
}

/// What this thread has logged since the last look.
fn lines() -> Vec<(Level, String)> {
    LINES
        .lock()
        .unwrap()
        .get_or_insert_default()
        .remove(&thread::current().id())
        .unwrap_or_default()
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("fuseboard_client")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let mut lines = LINES.lock().unwrap();
        let lines = lines
            .get_or_insert_default()
            .entry(thread::current().id())
            .or_default();
        lines.push((*event.metadata().level(), message.0));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn each_change_is_told_once() {
    let call = || CallEvent::new("openai", "gpt-5", Outcome::Ok).duration(Duration::from_millis(12));
    run(async {
        let server = Server::always(status(503)).await;
        let client = server.client().queue(10).build().unwrap();
        client.call(call());
        server.wait_for(5).await; // Many failures …
        for _ in 0..100 {
            client.call(call()); // … and many drops …
        }
        server.recover();
        client.flush(Duration::from_secs(5)).await.unwrap();
        let told = lines();
        let expected = [
            (Level::WARN, "not reachable"),
            (Level::WARN, "the queue is full"),
            (Level::INFO, "reachable again"),
            (Level::INFO, "the queue has room again"),
        ];
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for ((level, text), (expected_level, expected_text)) in told.iter().zip(expected) {
            assert_eq!(*level, expected_level, "{told:?}");
            assert!(text.contains(expected_text), "{told:?}"); // … one line each.
        }

        let refusing = Server::always(status(401)).await;
        let client = refusing.client().batch(1).build().unwrap();
        for _ in 0..5 {
            client.call(call());
        }
        client.flush(Duration::from_secs(5)).await.unwrap();
        let told = lines();
        assert_eq!(told.len(), 1, "{told:?}");
    });
}
