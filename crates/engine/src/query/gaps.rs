//! Times that do not count, as a plan leaves them out.
//!
//! A mark is moved outward to whole buckets of the finest rung that still has what lies around its edges, in the tenant's
//! zone: 10 s while those are kept, then a minute, an hour, at last a whole local day. The stretches of the plan are cut
//! there: what lies in a mark of everything is not read; where a mark has a filter, the series that pass it are left out.
//! What is left of a coarse bucket is read from finer ones.
//!
//! Deliberately absent: which marks there are (`record::marks`).

use domain::Millis;
use domain::breaker::BreakerKey;
use domain::rollup::{Rung, SeriesKey};
use protocol::Filter;

use super::groups::dimension_of;
use super::plan::{Ground, Plan, Stretch, cover};
use crate::RungLimits;
use crate::names::Names;

/// A time that is left out, over whole buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    pub from: Millis,
    pub to: Millis,
    /// What is left out; empty is everything.
    pub filter: Filter,
}

impl Gap {
    fn is_of_everything(&self) -> bool {
        self.filter.is_empty()
    }

    fn takes(&self, key: &SeriesKey) -> bool {
        let get = |dimension: &str| Some(dimension_of(key, dimension));
        // Such a filter has no text, which alone would ask for all values.
        self.filter.matches(get, || [""; 0])
    }
}

impl Ground<'_> {
    /// The width to which an edge is moved: that of the finest rung which has the rest of the coarser bucket that the edge
    /// lies in, and so up the ladder.
    fn grain(&self, edge: Millis) -> Millis {
        let has_rest = |pair: &[Rung]| {
            let [rung, coarser] = pair else { return true };
            self.kept_since(*rung) <= self.floor(edge, coarser.nominal_width())
        };
        let finest = (0..Rung::ALL.len()).find(|place| Rung::ALL[*place..].windows(2).all(has_rest));
        finest.map_or(Rung::Day, |place| Rung::ALL[place]).nominal_width()
    }
}

impl Plan {
    /// The same, without what is marked: from, to and what of it.
    pub fn leaving_out(self, marks: &[(Millis, Millis, Filter)], ground: Ground<'_>) -> Plan {
        let gaps: Vec<Gap> = marks
            .iter()
            .map(|(from, to, filter)| Gap {
                from: ground.floor(*from, ground.grain(*from)),
                to: ground.ceil(*to, ground.grain(*to)),
                filter: filter.clone(),
            })
            .filter(|gap| gap.from < self.to && self.from < gap.to)
            .collect();
        if gaps.is_empty() {
            return self;
        }
        let mut edges: Vec<Millis> = gaps.iter().flat_map(|gap| [gap.from, gap.to]).collect();
        edges.sort_unstable();
        edges.dedup();
        // What is kept was looked at already: by the plan for its rung, by the grain for finer ones.
        let limits = ground.limits.map(|limits| RungLimits { kept: None, ..limits });
        let ground = Ground {
            limits: &limits,
            ..ground
        };
        let mut partial = self.partial;
        let mut stretches = Vec::new();
        for stretch in &self.stretches {
            let finer = &Rung::ALL[..stretch.rung as usize];
            let mut at = stretch.from;
            let inside = edges
                .iter()
                .filter(|edge| (stretch.from + 1..stretch.to).contains(*edge));
            for edge in inside.chain([&stretch.to]) {
                let left_out = |gap: &Gap| gap.is_of_everything() && gap.from <= at && *edge <= gap.to;
                if !gaps.iter().any(left_out) {
                    cover(at, *edge, finer, ground, &mut stretches, &mut partial);
                }
                at = *edge;
            }
        }
        Plan {
            stretches,
            partial,
            gaps,
            ..self
        }
    }

    /// Nothing of a step counts.
    pub fn is_blank(&self, step: usize) -> bool {
        self.is_covered(step, Gap::is_of_everything)
    }

    /// Something is marked at every moment of a step.
    pub fn is_marked(&self, step: usize) -> bool {
        self.is_covered(step, |_| true)
    }

    fn is_covered(&self, step: usize, by: impl Fn(&Gap) -> bool) -> bool {
        if self.gaps.is_empty() {
            return false;
        }
        let from = self.start_of(step);
        let mut gaps: Vec<(Millis, Millis)> = self
            .gaps
            .iter()
            .filter(|gap| by(gap))
            .map(|gap| (gap.from, gap.to))
            .collect();
        gaps.sort_unstable();
        let reached = gaps
            .iter()
            .fold(from, |reached, (start, end)| match *start <= reached {
                true => reached.max(*end),
                false => reached,
            });
        reached >= self.start_of(step + 1)
    }

    /// What is left out of a stretch, besides what is not read at all.
    pub fn left_out<'a>(&'a self, stretch: &Stretch) -> LeftOut<'a> {
        let (from, to) = (stretch.from, stretch.to);
        let gaps = self.gaps.iter().filter(|gap| gap.from < to && from < gap.to);
        LeftOut(gaps.collect())
    }

    /// When an instance of a breaker does not count, in order of time and without overlap.
    pub fn gaps_of(&self, key: &BreakerKey, provider: &str, instance: &str) -> Vec<(Millis, Millis)> {
        let names = Names {
            key,
            provider,
            instance,
        };
        let of = |gap: &&Gap| gap.is_of_everything() || names.pass(&gap.filter);
        let mut gaps: Vec<(Millis, Millis)> = Vec::new();
        let mut found: Vec<(Millis, Millis)> = self
            .gaps
            .iter()
            .filter(of)
            .map(|gap| (gap.from, gap.to))
            .collect();
        found.sort_unstable();
        for (from, to) in found {
            match gaps.last_mut() {
                Some((_, end)) if from <= *end => *end = to.max(*end),
                _ => gaps.push((from, to)),
            }
        }
        gaps
    }
}

/// What is left out of a stretch.
pub(super) struct LeftOut<'a>(Vec<&'a Gap>);

impl LeftOut<'_> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a series, under the names it has, is among it.
    pub fn takes(&self, key: &SeriesKey) -> bool {
        self.0.iter().any(|gap| gap.takes(key))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::plan::Resolution;
    use super::*;

    const NOW: Millis = 1_763_640_000_000;
    const HOUR: Millis = 3_600_000;
    const DAY: Millis = 24 * HOUR;

    fn planned(
        from: Millis,
        to: Millis,
        resolution: Resolution,
        offset: Millis,
        marks: &[(Millis, Millis)],
    ) -> Plan {
        let limits = RungLimits::defaults();
        let ground = Ground {
            now: NOW,
            offset,
            limits: &limits,
        };
        let marks: Vec<_> = marks
            .iter()
            .map(|(from, to)| (*from, *to, Filter::default()))
            .collect();
        Plan::make(from, to, resolution, ground)
            .unwrap()
            .leaving_out(&marks, ground)
    }

    #[test]
    fn an_edge_goes_to_the_finest_bucket_that_is_kept() {
        let widths = [
            (2 * HOUR, 10_000),
            (20 * DAY, 60_000),
            (100 * DAY, HOUR),
            (900 * DAY, DAY),
        ];
        for (back, width) in widths {
            let at = NOW - back + 1_234;
            let plan = planned(
                NOW - 1_000 * DAY,
                NOW,
                Resolution::Step(DAY),
                HOUR,
                &[(at, at + 1)],
            );
            let gap = &plan.gaps[0];
            assert_eq!(
                (gap.to - gap.from, (gap.from + HOUR).rem_euclid(width)),
                (width, 0)
            );
            assert!(gap.from <= at && gap.to > at);
        }
    }

    #[test]
    fn a_step_is_blank_when_marks_cover_it_together() {
        let marks = [(NOW - HOUR, NOW - HOUR / 2), (NOW - HOUR / 2, NOW)];
        let plan = planned(NOW - 2 * HOUR, NOW, Resolution::Step(HOUR), 0, &marks);
        assert_eq!((plan.is_blank(0), plan.is_blank(1)), (false, true));
        assert!(plan.stretches.iter().all(|stretch| stretch.to <= NOW - HOUR));
    }

    proptest! {
        /// Stretches and gaps together are the plan, none twice; stretches lie on whole buckets, and in steps.
        #[test]
        fn what_is_left_and_what_is_left_out_are_everything(
            marks in proptest::collection::vec((0i64..40 * DAY, 1i64..3 * DAY), 1..6),
            back in 1i64..40 * DAY,
            step in prop_oneof![Just(10 * 60_000i64), Just(HOUR), Just(DAY), Just(0)],
            offset in -11i64..=12,
        ) {
            let offset = offset * HOUR + HOUR / 2;
            let marks: Vec<_> = marks.iter().map(|(back, length)| (NOW - back, NOW - back + length)).collect();
            let resolution = if step == 0 { Resolution::MaxPoints(1) } else { Resolution::Step(step) };
            let plan = planned(NOW - back, NOW, resolution, offset, &marks);
            let mut at = plan.from;
            let mut stretches = plan.stretches.iter().peekable();
            while at < plan.to {
                if let Some(stretch) = stretches.next_if(|stretch| stretch.from == at) {
                    let width = stretch.rung.nominal_width();
                    prop_assert_eq!((stretch.from + offset).rem_euclid(width), 0);
                    prop_assert_eq!((stretch.to + offset).rem_euclid(width), 0);
                    prop_assert!(plan.steps == 1 || plan.step % width == 0);
                    prop_assert!(plan.gaps.iter().all(|gap| gap.to <= stretch.from || stretch.to <= gap.from));
                    at = stretch.to;
                } else {
                    let next = stretches.peek().map_or(plan.to, |stretch| stretch.from);
                    prop_assert!(next > at);
                    while at < next {
                        let over = plan.gaps.iter().filter(|gap| gap.from <= at).map(|gap| gap.to).max();
                        // What is no longer kept is in neither.
                        let over = over.filter(|to| *to > at).or_else(|| plan.partial.then_some(next));
                        prop_assert!(over.is_some_and(|to| to > at), "a hole at {}", at);
                        at = over.unwrap().min(next);
                    }
                }
            }
            for (from, to) in &marks {
                prop_assert!(plan.stretches.iter().all(|stretch| stretch.to <= *from || *to <= stretch.from));
            }
        }
    }
}
