//! What a breaker core looks back on: judged calls, by count or by time.

use std::collections::VecDeque;

use super::settings::WindowKind;
use crate::{Millis, Outcome};

/// Judged calls, added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) calls: u32,
    pub(crate) failures: u32,
    pub(crate) slow: u32,
    /// Failures by outcome.
    by_outcome: [u32; Outcome::COUNT],
}

impl Tally {
    pub(crate) fn add(&mut self, call: Judged) {
        self.calls = self.calls.saturating_add(1);
        self.slow = self.slow.saturating_add(u32::from(call.slow));
        if call.failed {
            self.failures = self.failures.saturating_add(1);
            let count = &mut self.by_outcome[call.outcome.index()];
            *count = count.saturating_add(1);
        }
    }

    fn take_one(&mut self, gone: Judged) {
        self.calls = self.calls.saturating_sub(1);
        self.slow = self.slow.saturating_sub(u32::from(gone.slow));
        if gone.failed {
            self.failures = self.failures.saturating_sub(1);
            let count = &mut self.by_outcome[gone.outcome.index()];
            *count = count.saturating_sub(1);
        }
    }

    fn take(&mut self, gone: &Tally) {
        self.calls = self.calls.saturating_sub(gone.calls);
        self.failures = self.failures.saturating_sub(gone.failures);
        self.slow = self.slow.saturating_sub(gone.slow);
        for (mine, theirs) in self.by_outcome.iter_mut().zip(gone.by_outcome) {
            *mine = mine.saturating_sub(theirs);
        }
    }

    /// Share of failures; `None` without calls.
    pub(crate) fn failure_rate(&self) -> Option<f64> {
        (self.calls > 0).then(|| f64::from(self.failures) / f64::from(self.calls))
    }

    /// Share of slow calls; `None` without calls.
    pub(crate) fn slow_rate(&self) -> Option<f64> {
        (self.calls > 0).then(|| f64::from(self.slow) / f64::from(self.calls))
    }

    /// Failures by outcome, most first, then in stored order.
    pub(crate) fn causes(&self) -> Vec<(Outcome, u32)> {
        let counts = Outcome::ALL.into_iter().zip(self.by_outcome);
        let mut causes: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
        causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        causes
    }
}

/// One call that counts for or against the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) outcome: Outcome,
    pub(crate) failed: bool,
    pub(crate) slow: bool,
}

/// The calls a breaker core looks back on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    kind: WindowKind,
    total: Tally,
    /// Count window: the calls, oldest first.
    calls: VecDeque<Judged>,
    /// Time window: calls by number of step, oldest first.
    steps: VecDeque<(Millis, Tally)>,
}

impl Window {
    pub(crate) fn new(kind: WindowKind) -> Window {
        Window {
            kind,
            total: Tally::default(),
            calls: VecDeque::new(),
            steps: VecDeque::new(),
        }
    }

    pub(crate) fn kind(&self) -> WindowKind {
        self.kind
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Window::new(self.kind);
    }

    pub(crate) fn add(&mut self, call: Judged, now: Millis) {
        self.total.add(call);
        match self.kind {
            WindowKind::Count(size) => {
                self.calls.push_back(call);
                while self.calls.len() > size as usize {
                    if let Some(gone) = self.calls.pop_front() {
                        self.total.take_one(gone);
                    }
                }
            }
            WindowKind::Time { ms } => {
                // Time that goes back counts as the newest time seen.
                let step = now.div_euclid(width(ms));
                let step = self.steps.back().map_or(step, |(newest, _)| step.max(*newest));
                match self.steps.back_mut() {
                    Some((newest, tally)) if *newest == step => tally.add(call),
                    _ => {
                        let mut tally = Tally::default();
                        tally.add(call);
                        self.steps.push_back((step, tally));
                    }
                }
                while self
                    .steps
                    .front()
                    .is_some_and(|(oldest, _)| *oldest <= step - steps(ms))
                {
                    if let Some((_, gone)) = self.steps.pop_front() {
                        self.total.take(&gone);
                    }
                }
            }
        }
    }

    /// What the window holds at `now`.
    pub(crate) fn tally(&self, now: Millis) -> Tally {
        let mut tally = self.total;
        if let WindowKind::Time { ms } = self.kind {
            let oldest = now.div_euclid(width(ms)).saturating_sub(steps(ms));
            for (_, gone) in self.steps.iter().take_while(|(step, _)| *step <= oldest) {
                tally.take(gone);
            }
        }
        tally
    }
}

/// The width of a step of a time window: a second, or a tenth of a window shorter than 10 s.
fn width(ms: Millis) -> Millis {
    (ms / 10).clamp(1, 1_000)
}

/// How many steps a time window has; the current one counts, complete or not.
fn steps(ms: Millis) -> Millis {
    (ms.max(1) + width(ms) - 1) / width(ms)
}
