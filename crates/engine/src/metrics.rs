//! What the engine counts about itself, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters, shared by all parts of the engine.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub accepted: AtomicU64,
    pub duplicates: AtomicU64,
    pub refused: AtomicU64,
    pub batches: AtomicU64,
    pub commits: AtomicU64,
    pub commit_failures: AtomicU64,
    pub overloaded: AtomicU64,
    pub flushes: AtomicU64,
    pub flush_failures: AtomicU64,
    pub frames: AtomicU64,
    pub frame_bytes: AtomicU64,
    pub resyncs: AtomicU64,
    pub slow_closed: AtomicU64,
    pub viewers: AtomicU64,
    pub folded: AtomicU64,
    pub journal_freed: AtomicU64,
    pub compactions: AtomicU64,
    pub merges: AtomicU64,
    pub rollups_freed: AtomicU64,
    pub evaluations: AtomicU64,
    pub evaluation_failures: AtomicU64,
    pub alerts_dropped: AtomicU64,
    pub deliveries: AtomicU64,
    pub delivered: AtomicU64,
    pub retried: AtomicU64,
    pub dead_letters: AtomicU64,
    pub notify_failures: AtomicU64,
}

impl Counters {
    pub fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }

    pub fn sub(counter: &AtomicU64, by: u64) {
        counter.fetch_sub(by, Ordering::Relaxed);
    }
}

/// What kind of metric a family is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only rises; its OpenMetrics sample ends in `_total`.
    Counter,
    /// Rises and falls.
    Gauge,
}

/// One metric family with its one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Without `_total`.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its value now.
    pub value: f64,
}

/// All of the engine's metrics at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    families: Vec<Family>,
}

impl Metrics {
    pub(crate) fn read(counters: &Counters, gauges: Vec<Family>) -> Metrics {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        let counter = |name, help, value: &AtomicU64| Family {
            name,
            help,
            kind: Kind::Counter,
            value: get(value),
        };
        let mut families = vec![
            counter(
                "fuseboard_events_accepted",
                "Events that were accepted and are durable.",
                &counters.accepted,
            ),
            counter(
                "fuseboard_events_duplicate",
                "Events whose id was known already.",
                &counters.duplicates,
            ),
            counter(
                "fuseboard_events_refused",
                "Events that were refused.",
                &counters.refused,
            ),
            counter(
                "fuseboard_batches_committed",
                "Batches committed to the journal.",
                &counters.batches,
            ),
            counter(
                "fuseboard_journal_commits",
                "Journal transactions.",
                &counters.commits,
            ),
            counter(
                "fuseboard_journal_commit_failures",
                "Journal transactions that failed.",
                &counters.commit_failures,
            ),
            counter(
                "fuseboard_intake_overloaded",
                "Requests answered with 503 for lack of room.",
                &counters.overloaded,
            ),
            counter(
                "fuseboard_flushes",
                "Flushes of partials, transitions and checkpoint.",
                &counters.flushes,
            ),
            counter(
                "fuseboard_flush_failures",
                "Flushes that failed and will be repeated.",
                &counters.flush_failures,
            ),
            counter(
                "fuseboard_frames_sent",
                "Frames queued for sockets.",
                &counters.frames,
            ),
            counter(
                "fuseboard_frame_bytes_sent",
                "Bytes of frames queued for sockets.",
                &counters.frame_bytes,
            ),
            counter(
                "fuseboard_resyncs",
                "Times a slow socket lost its queue.",
                &counters.resyncs,
            ),
            counter(
                "fuseboard_slow_sockets_closed",
                "Sockets closed because they did not drain.",
                &counters.slow_closed,
            ),
            counter(
                "fuseboard_calls_folded",
                "Calls whose series was above the cap.",
                &counters.folded,
            ),
            counter(
                "fuseboard_journal_freed_bytes",
                "Bytes that retention freed.",
                &counters.journal_freed,
            ),
            counter(
                "fuseboard_compactions",
                "Times that flushed rows became chunks.",
                &counters.compactions,
            ),
            counter(
                "fuseboard_chunk_merges",
                "Times that small chunks became a larger one.",
                &counters.merges,
            ),
            counter(
                "fuseboard_rollups_freed_bytes",
                "Bytes of rollups that retention freed.",
                &counters.rollups_freed,
            ),
            counter(
                "fuseboard_rule_evaluations",
                "Rules about calls that were evaluated.",
                &counters.evaluations,
            ),
            counter(
                "fuseboard_evaluation_failures",
                "Evaluations that failed; the next turn tries again.",
                &counters.evaluation_failures,
            ),
            counter(
                "fuseboard_alerts_dropped",
                "Alerts that were not raised because too many are open.",
                &counters.alerts_dropped,
            ),
            counter(
                "fuseboard_deliveries",
                "Deliveries that came up: one per channel and notice.",
                &counters.deliveries,
            ),
            counter(
                "fuseboard_deliveries_delivered",
                "Deliveries that a receiver took.",
                &counters.delivered,
            ),
            counter(
                "fuseboard_deliveries_retried",
                "Attempts that failed and are tried again.",
                &counters.retried,
            ),
            counter(
                "fuseboard_deliveries_dead",
                "Deliveries that nobody tries any more.",
                &counters.dead_letters,
            ),
            counter(
                "fuseboard_notify_failures",
                "Turns of the notifier that could not read or write the store.",
                &counters.notify_failures,
            ),
        ];
        let viewers = counters.viewers.load(Ordering::Relaxed) as f64;
        families.push(Family {
            name: "fuseboard_viewers",
            help: "Open sockets.",
            kind: Kind::Gauge,
            value: viewers,
        });
        families.extend(gauges);
        Metrics { families }
    }

    /// The families, each with one sample.
    pub fn families(&self) -> &[Family] {
        &self.families
    }
}
