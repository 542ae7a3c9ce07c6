//! Seeded random views, and boards that change the way boards do. One generator for the property tests of this crate,
//! of the server's hub and of the page's signals: the same seed gives the same frames everywhere.
//!
//! Values are odd on purpose (empty and long texts, absent figures, extreme numbers), never invalid. Decimal figures
//! have at most 15 significant digits, so that JSON carries them exactly.
//!
//! Deliberately absent: anything plausible to look at; `fuseboard simulate` is for that.

mod story;

pub use story::Story;

use crate::diff::{diff, normalise};
use crate::frame::{Bye, Delta, DeltaBody, Hello, ServerFrame, Snapshot, ViewBody};
use crate::view::{
    Alerts, Board, Breaker, BreakerDetail, CallRow, ChartPoint, Connect, Feed, InstanceRow, Kpi, KpiId,
    Level, Provider, Range, RefusalRow, SourceRow, State, Trip, Verdict,
};

const KPIS: [KpiId; 6] = [
    KpiId::Requests,
    KpiId::Success,
    KpiId::LatencyP95,
    KpiId::TtftP95,
    KpiId::TokensOut,
    KpiId::SpendToday,
];
const LEVELS: [Level; 4] = [Level::Ok, Level::Unknown, Level::Attention, Level::Act];
const STATES: [State; 7] = [
    State::Closed,
    State::Open,
    State::HalfOpen,
    State::ForcedOpen,
    State::Disabled,
    State::MetricsOnly,
    State::Unknown,
];
const TEXTS: [&str; 8] = [
    "",
    "openai",
    "anthropic/claude-sonnet",
    "eu · gpt-5",
    "\"quoted\"\n\t\\",
    "žluťoučký kůň 🐴",
    "a",
    "0",
];

/// The source of everything (SplitMix64).
#[derive(Debug, Clone)]
pub struct Gen(u64);

impl Gen {
    /// The same seed gives the same values.
    pub fn new(seed: u64) -> Gen {
        Gen(seed)
    }

    /// Any number.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is above zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits() % bound
    }

    fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap_or(0)
    }

    /// True once in `n`.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Gen) -> T) -> Option<T> {
        if self.once_in(3) { None } else { Some(make(self)) }
    }

    fn many<T>(&mut self, most: usize, mut make: impl FnMut(&mut Gen) -> T) -> Vec<T> {
        let count = self.index(most + 1);
        (0..count).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> String {
        if self.once_in(50) {
            "x".repeat(256)
        } else {
            self.pick(&TEXTS).to_owned()
        }
    }

    fn number(&mut self) -> f64 {
        let digits = self.below(1_000_000_000_000_000) as f64;
        let divisor = self.pick(&[1.0, 10.0, 1e3, 1e6, 1e9, 1e15]);
        let sign = if self.once_in(10) { -1.0 } else { 1.0 };
        sign * digits / divisor
    }

    fn single(&mut self) -> f32 {
        self.below(16_000_000) as f32 / self.pick(&[1.0, 8.0, 1024.0])
    }

    fn time(&mut self) -> i64 {
        if self.once_in(20) {
            self.pick(&[0, -1, i64::MAX, i64::MIN])
        } else {
            1_700_000_000_000 + self.below(1 << 32) as i64
        }
    }

    fn count(&mut self) -> u32 {
        (self.bits() >> self.pick(&[32, 48, 60])) as u32
    }

    fn strip(&mut self) -> String {
        (0..30)
            .map(|_| self.pick(&['c', 'o', 'h', 'f', 'd', 'm', '-']))
            .collect()
    }

    /// A sentence.
    pub fn verdict(&mut self) -> Verdict {
        Verdict {
            level: self.pick(&LEVELS),
            lead: self.text(),
            rest: self.text(),
        }
    }

    fn kpi(&mut self, id: KpiId) -> Kpi {
        Kpi {
            id,
            value: self.maybe(Gen::number),
            change: self.maybe(Gen::number),
            level: self.pick(&LEVELS),
            spark: (0..40).map(|_| self.maybe(Gen::single)).collect(),
            unpriced: self.maybe(Gen::number),
        }
    }

    fn provider(&mut self, id: u64) -> Provider {
        Provider {
            id,
            name: self.text(),
            level: self.pick(&LEVELS),
            rate: self.number(),
            p95_ms: self.maybe(Gen::number),
            cost_per_call: self.maybe(Gen::number),
            success: self.maybe(Gen::number),
        }
    }

    fn breaker(&mut self, key: u64) -> Breaker {
        Breaker {
            key,
            id: format!("b_{key:016x}"),
            breaker: self.text(),
            environment: self.text(),
            service: self.text(),
            deployment: self.text(),
            provider: self.text(),
            model: self.text(),
            state: self.pick(&STATES),
            since: self.time(),
            counts: self.many(4, |g| (g.pick(&STATES), g.count())),
            agree: self.once_in(2),
            dissent: self.many(5, Gen::text),
            failure_rate: self.maybe(Gen::number),
            failure_threshold: self.maybe(Gen::number),
            calls: self.count(),
            retry_at: self.maybe(Gen::time),
            trials_done: self.maybe(Gen::count),
            trials_needed: self.maybe(Gen::count),
            reason: self.text(),
            shared: self.once_in(2),
            degraded: self.once_in(2),
            strip: self.strip(),
        }
    }

    fn feed(&mut self, id: u64) -> Feed {
        Feed {
            id,
            at: self.time(),
            breaker_key: self.bits(),
            breaker: self.text(),
            provider: self.text(),
            service: self.text(),
            instance: self.text(),
            from: self.maybe(|g| g.pick(&STATES)),
            to: self.pick(&STATES),
            cause: self.text(),
            lasted_ms: self.maybe(Gen::time),
            inferred: self.once_in(2),
        }
    }

    fn point(&mut self, t: i64) -> ChartPoint {
        ChartPoint {
            t,
            p50: self.maybe(Gen::single),
            p95: self.maybe(Gen::single),
            p99: self.maybe(Gen::single),
            bands: std::array::from_fn(|_| self.single()),
            heat: std::array::from_fn(|_| self.count()),
        }
    }

    /// Any board, in the order of [`normalise`]. Ids are small numbers, so that two boards share some.
    pub fn board(&mut self) -> Board {
        let range = self.pick(&Range::ALL);
        let step = range.step_seconds() * 1000;
        let start = (1_700_000_000_000 / step + self.below(200) as i64) * step;
        let length = self.below(95) as i64;
        let mut board = Board {
            now: start + length * step,
            range,
            verdict: self.verdict(),
            kpis: KPIS.into_iter().map(|id| self.kpi(id)).collect(),
            providers: self.many(8, |g| {
                let id = g.below(12);
                g.provider(id)
            }),
            breakers: self.many(30, |g| {
                let key = g.below(40);
                g.breaker(key)
            }),
            feed: self.many(70, |g| {
                let id = g.below(90);
                g.feed(id)
            }),
            points: (0..length).map(|n| self.point(start + n * step)).collect(),
            last_event: self.maybe(Gen::time),
            simulated: self.once_in(2),
        };
        normalise(&mut board);
        board
    }

    /// Changes a board a little, the way a second of traffic does; once in a long while in a way that no delta can tell.
    pub fn evolve(&mut self, board: &mut Board) {
        let step = board.range.step_seconds() * 1000;
        board.now += 100 + self.below(2_000) as i64;
        for _ in 0..=self.below(4) {
            match self.below(12) {
                0 => board.verdict = self.verdict(),
                1 => {
                    let id = self.pick(&KPIS);
                    let kpi = self.kpi(id);
                    board.kpis.push(kpi);
                }
                2 => {
                    let id = self.below(12);
                    let provider = self.provider(id);
                    board.providers.push(provider);
                }
                3 if !board.providers.is_empty() => {
                    let index = self.index(board.providers.len());
                    board.providers.remove(index);
                }
                4 | 5 => {
                    let key = self.below(40);
                    let breaker = self.breaker(key);
                    board.breakers.push(breaker);
                }
                6 if !board.breakers.is_empty() => {
                    let index = self.index(board.breakers.len());
                    board.breakers.remove(index);
                }
                7 => {
                    let newest = board.feed.first().map_or(0, |entry| entry.id);
                    let id = newest + 1 + self.below(3);
                    let entry = self.feed(id);
                    board.feed.push(entry);
                }
                8 if !board.feed.is_empty() => {
                    let index = self.index(board.feed.len());
                    board.feed[index].lasted_ms = self.maybe(Gen::time);
                }
                9 | 10 => {
                    let next = board
                        .points
                        .last()
                        .map_or(board.now / step * step, |point| point.t + step);
                    let point = self.point(next);
                    board.points.push(point);
                    board
                        .points
                        .retain(|point| point.t > next - board.range.seconds() * 1000);
                }
                11 if self.once_in(40) => {
                    let now = board.now;
                    *board = self.board();
                    board.now = board.now.max(now);
                }
                _ => board.last_event = Some(board.now),
            }
        }
        normalise(board);
    }

    /// Any detail of a breaker.
    pub fn detail(&mut self) -> BreakerDetail {
        BreakerDetail {
            breaker: {
                let key = self.bits();
                self.breaker(key)
            },
            instances: self.many(6, |g| InstanceRow {
                instance: g.text(),
                state: g.pick(&STATES),
                since: g.time(),
                failure_rate: g.maybe(Gen::number),
                window_calls: g.maybe(Gen::count),
                last_seen: g.time(),
                shared: g.once_in(2),
                strip: g.strip(),
            }),
            transitions: self.many(10, |g| {
                let id = g.bits();
                g.feed(id)
            }),
            trip: self.maybe(|g| Trip {
                at: g.time(),
                instance: g.text(),
                cause: g.text(),
                calls: g.many(20, |g| CallRow {
                    at: g.time(),
                    provider: g.text(),
                    model: g.text(),
                    outcome: g.text(),
                    duration_ms: g.maybe(Gen::number),
                    status: g.maybe(|g| g.count() as u16),
                    instance: g.text(),
                    error: g.text(),
                }),
            }),
            not_permitted: self.maybe(Gen::bits),
        }
    }

    /// Any Connect page.
    pub fn connect(&mut self) -> Connect {
        Connect {
            last_event: self.maybe(Gen::time),
            sources: self.many(5, |g| SourceRow {
                id: g.bits(),
                name: g.text(),
                key_name: g.text(),
                key_prefix: g.text(),
                last: g.maybe(Gen::time),
                events_1h: g.bits(),
                refused_1h: g.bits(),
                refusals: g.many(5, |g| RefusalRow {
                    at: g.time(),
                    index: g.count(),
                    field: g.text(),
                    reason: g.text(),
                }),
            }),
        }
    }

    /// Any counts of alerts.
    pub fn alerts(&mut self) -> Alerts {
        Alerts {
            version: self.bits(),
            need: self.bits(),
            oldest: self.maybe(Gen::time),
            held: self.bits(),
            silences: self.bits(),
            rules: self.bits(),
        }
    }

    /// Any frame; a delta need not follow from anything.
    pub fn frame(&mut self) -> ServerFrame {
        match self.below(8) {
            0 => ServerFrame::Hello(Hello {
                protocol: self.count() as u16,
                build: self.text(),
                now: self.time(),
                tenant: self.text(),
            }),
            1 | 2 => {
                let body = match self.below(4) {
                    0 => ViewBody::Board(Box::new(self.board())),
                    1 => ViewBody::Breaker(self.maybe(|g| Box::new(g.detail()))),
                    2 => ViewBody::Connect(self.connect()),
                    _ => ViewBody::Alerts(self.maybe(Gen::alerts)),
                };
                let (view, seq, now) = (self.text(), self.bits(), self.time());
                ServerFrame::Snapshot(Box::new(Snapshot { view, seq, now, body }))
            }
            3 | 4 => {
                let body = match self.below(5) {
                    0 => DeltaBody::Beat,
                    1 => {
                        let old = self.board();
                        let mut new = old.clone();
                        self.evolve(&mut new);
                        DeltaBody::Board(Box::new(diff(&old, &new).unwrap_or_default()))
                    }
                    2 => DeltaBody::Breaker(self.maybe(|g| Box::new(g.detail()))),
                    3 => DeltaBody::Connect(self.connect()),
                    _ => DeltaBody::Alerts(self.maybe(Gen::alerts)),
                };
                let (view, seq, now) = (self.text(), self.bits(), self.time());
                ServerFrame::Delta(Box::new(Delta { view, seq, now, body }))
            }
            5 => ServerFrame::Resync { view: self.text() },
            6 => ServerFrame::Bye(Bye {
                code: self.count() as u16,
                reason: self.text(),
                retry_after_ms: self.count(),
            }),
            _ => ServerFrame::Error {
                code: self.text(),
                detail: self.text(),
            },
        }
    }
}
