//! P6: from an event to the frame that shows it, at 1,000 events a second.
//!
//! Every 10 ms one request with 10 calls is due, on one connection; every tenth also carries a transition of a breaker.
//! One viewer has the board (postcard, as the page). A transition is there when the feed of a frame has it; calls are
//! there when a frame says that the last event is not older than theirs. The time runs from the moment when the request
//! was due, whether or not the one before was answered by then, so that a server that stalls cannot hide it. It thus
//! holds the way in and the commit, too; from the answer on (which is after the commit) is told besides.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Result, bail};
use engine::Clock;
use hdrhistogram::Histogram;
use protocol::codec::decode_server;
use protocol::{DeltaBody, ServerFrame};
use tokio::time::{Instant, sleep_until};

use crate::context::Bench;
use crate::figure::{Bar, Better, Figure, Samples};
use crate::load::calls::{Calls, Once};
use crate::machine::watch::Watch;
use crate::repeat::{Repetition, interleaved};
use crate::subject::fuseboard::Fuseboard;
use crate::subject::{Side, viewer};
use crate::wire::http::Connection;
use crate::wire::socket::Socket;

const EVERY: Duration = Duration::from_millis(10);
const BATCH: usize = 10;
/// Requests between two transitions.
const TRANSITION: u64 = 10;
const BREAKERS: u64 = 13;

/// 99th percentiles, milliseconds.
struct Told {
    transitions: f64,
    figures: f64,
    transitions_from_answer: f64,
    figures_from_answer: f64,
}

/// A request on its way to the viewer.
struct Pending {
    /// The time its events carry, epoch milliseconds.
    time: i64,
    due: Instant,
    answered: Option<Instant>,
    /// It holds a transition that no frame has shown yet.
    transition: bool,
    /// A frame had its figures.
    counted: bool,
}

/// What was seen of one kind.
struct Seen {
    from_due: Histogram<u64>,
    from_answer: Histogram<u64>,
}

impl Seen {
    fn new() -> Result<Seen> {
        Ok(Seen {
            from_due: Histogram::new(3)?,
            from_answer: Histogram::new(3)?,
        })
    }

    fn note(&mut self, pending: &Pending, now: Instant) -> Result<()> {
        self.from_due.record((now - pending.due).as_micros() as u64)?;
        // A frame may overtake the answer.
        let answered = pending.answered.unwrap_or(now).min(now);
        self.from_answer.record((now - answered).as_micros() as u64)?;
        Ok(())
    }
}

fn p99(times: &Histogram<u64>) -> f64 {
    times.value_at_quantile(0.99) as f64 / 1e3
}

/// Measures.
pub async fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut taken = interleaved(bench, &[Side::Fuseboard], async |_| once(bench).await).await?;
    let ours = taken.pop().unwrap_or_default();
    let of = |pick: fn(&Told) -> f64| Samples::of(&ours, pick);
    let from_answer = |samples: &Samples| {
        format!(
            "from the answer, thus from after the commit: {:.1} ms (median)",
            samples.median().unwrap_or_default()
        )
    };
    Ok(vec![
        Figure::new(
            "P6",
            "transition → frame, p99 at 1,000 events/s, from when its request was due",
            "ms",
            Better::Less,
            of(|told| told.transitions),
        )
        .bars(Some(Bar::Value(50.0)), Some(Bar::Value(20.0)))
        .noting(from_answer(&of(|told| told.transitions_from_answer))),
        Figure::new(
            "P6",
            "call → frame with its figures, p99 at 1,000 events/s, from when its request was due",
            "ms",
            Better::Less,
            of(|told| told.figures),
        )
        .bars(Some(Bar::Value(150.0)), Some(Bar::Value(110.0)))
        .noting(from_answer(&of(|told| told.figures_from_answer))),
    ])
}

async fn once(bench: &Bench) -> Result<Repetition<Told>> {
    let server = Fuseboard::start(bench, &bench.folder("frames")?).await?;
    let running = &server.running;
    let path = viewer::path(&server).await?;
    let socket = viewer::open(running.address, 0, &path, &server.key).await?;
    let connection = Connection::open(running.address).await?;
    let pending = RefCell::new(VecDeque::new());
    let watch = Watch::start(&[running.pid])?;
    let end = Instant::now() + bench.seconds(30, 3);
    let sending = send(connection, &server.key, end, &pending);
    let ((), (transitions, figures)) =
        futures::future::try_join(sending, receive(socket, end, &pending)).await?;
    let seen = watch.stop()?;
    server.running.stop().await?;
    if pending
        .borrow()
        .iter()
        .any(|pending| pending.answered.is_some() && pending.transition)
    {
        bail!("a transition was acknowledged and never shown");
    }
    let told = Told {
        transitions: p99(&transitions.from_due),
        figures: p99(&figures.from_due),
        transitions_from_answer: p99(&transitions.from_answer),
        figures_from_answer: p99(&figures.from_answer),
    };
    Ok(Repetition::new(told, &seen))
}

async fn send(
    mut connection: Connection,
    key: &str,
    end: Instant,
    pending: &RefCell<VecDeque<Pending>>,
) -> Result<()> {
    let clock = Clock::system();
    let mut calls = Calls::new(0, BATCH, Once::Ids);
    let headers = format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n");
    let start = Instant::now();
    for number in 0_u64.. {
        let due = start + EVERY * number as u32;
        if due >= end {
            break;
        }
        sleep_until(due).await;
        let time = clock.now();
        let (_, body) = calls.next(time)?;
        let mut body = body.to_vec();
        let turn = number / TRANSITION;
        let transition = number.is_multiple_of(TRANSITION);
        if transition {
            let to = if (turn / BREAKERS).is_multiple_of(2) {
                "open"
            } else {
                "closed"
            };
            body.pop();
            body.extend_from_slice(
                format!(
                    r#",{{"type":"breaker","time":{time},"breaker":"breaker-{}","provider":"openai","instance":"host-00","to":"{to}"}}]"#,
                    turn % BREAKERS
                )
                .as_bytes(),
            );
        }
        pending.borrow_mut().push_back(Pending {
            time,
            due,
            answered: None,
            // The first report of a breaker is no transition.
            transition: transition && turn >= BREAKERS,
            counted: false,
        });
        connection.post("/api/v1/events", &headers, &body).await?.good()?;
        let answered = Instant::now();
        if let Some(pending) = pending
            .borrow_mut()
            .iter_mut()
            .rev()
            .find(|pending| pending.due == due)
        {
            pending.answered = Some(answered);
        }
    }
    Ok(())
}

/// Reads a little longer than is sent, for what is still on its way.
async fn receive(
    mut socket: Socket,
    end: Instant,
    pending: &RefCell<VecDeque<Pending>>,
) -> Result<(Seen, Seen)> {
    let (mut transitions, mut figures) = (Seen::new()?, Seen::new()?);
    let end = end + Duration::from_secs(1);
    loop {
        let Ok(message) = tokio::time::timeout_at(end, socket.next()).await else {
            return Ok((transitions, figures));
        };
        let now = Instant::now();
        let ServerFrame::Delta(delta) = decode_server(&message?)? else {
            continue;
        };
        let DeltaBody::Board(delta) = delta.body else {
            continue;
        };
        let mut pending = pending.borrow_mut();
        for shown in &delta.feed {
            if let Some(found) = pending
                .iter_mut()
                .find(|pending| pending.time == shown.at && pending.transition)
            {
                transitions.note(found, now)?;
                found.transition = false;
            }
        }
        let Some(last) = delta.last_event else { continue };
        for shown in pending
            .iter_mut()
            .filter(|pending| pending.time <= last && !pending.counted)
        {
            shown.counted = true;
            figures.note(shown, now)?;
        }
        // What carries a transition stays until that was shown too.
        pending.retain(|pending| !pending.counted || pending.transition);
    }
}
