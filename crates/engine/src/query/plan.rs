//! Which steps an answer has and which rungs they are read from.

use domain::Millis;
use domain::rollup::Rung;
use protocol::query::MAX_POINTS;

use super::gaps::Gap;
use crate::RungLimits;

/// What one asks for when nothing is said: about one point per two pixels of a chart.
const DEFAULT_POINTS: usize = 400;

/// Steps that people can read, milliseconds.
pub(crate) const STEPS: [Millis; 18] = [
    10_000,
    20_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    2 * 3_600_000,
    3 * 3_600_000,
    6 * 3_600_000,
    12 * 3_600_000,
    DAY,
    7 * DAY,
    30 * DAY,
    90 * DAY,
];

const DAY: Millis = 86_400_000;

/// How wide the steps are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// So many milliseconds; rounded up to what a rung can give.
    Step(Millis),
    /// At most so many points. One point is the whole range, to the 10 s.
    MaxPoints(usize),
}

impl Default for Resolution {
    fn default() -> Self {
        Resolution::MaxPoints(DEFAULT_POINTS)
    }
}

/// A stretch of time that is read from one rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub rung: Rung,
    pub from: Millis,
    pub to: Millis,
}

/// The steps of an answer and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub from: Millis,
    pub to: Millis,
    pub step: Millis,
    pub steps: usize,
    /// The edges of steps that are not equally long, one more than there are steps; empty where they are. `step` is the
    /// longest of them then.
    pub edges: Vec<Millis>,
    /// In order of time, without overlap.
    pub stretches: Vec<Stretch>,
    /// A part of the range is older than what any rung keeps.
    pub partial: bool,
    /// What is left out of it; no stretch reaches over an edge of one.
    pub gaps: Vec<Gap>,
}

/// Where the plan looks what there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground<'a> {
    pub now: Millis,
    /// The tenant's zone, ahead of UTC.
    pub offset: Millis,
    pub limits: &'a [RungLimits; 4],
}

impl Ground<'_> {
    /// From when on a rung has everything; with a chunk's span of slack, because chunks are dropped whole.
    pub(super) fn kept_since(&self, rung: Rung) -> Millis {
        let limits = self.limits.iter().find(|limits| limits.rung == rung);
        match limits.and_then(|limits| limits.kept) {
            Some(kept) => self.now.saturating_sub(kept),
            None => Millis::MIN,
        }
    }

    pub(super) fn floor(&self, time: Millis, step: Millis) -> Millis {
        time - time.saturating_add(self.offset).rem_euclid(step)
    }

    pub(super) fn ceil(&self, time: Millis, step: Millis) -> Millis {
        self.floor(time.saturating_add(step - 1), step)
    }
}

impl Plan {
    /// The points are too many when `Err`, with how many there would be.
    pub fn make(from: Millis, to: Millis, resolution: Resolution, ground: Ground<'_>) -> Result<Plan, usize> {
        if resolution == Resolution::MaxPoints(1) {
            return Ok(Plan::whole(from, to, ground));
        }
        let wanted = match resolution {
            Resolution::Step(step) => readable(step.max(1)),
            Resolution::MaxPoints(points) => {
                let least = (to - from) / points.clamp(1, MAX_POINTS) as Millis;
                let found = STEPS.into_iter().find(|step| *step >= least);
                found.unwrap_or_else(|| readable(least))
            }
        };
        let (rung, step, partial) = rung_for(from, wanted, ground);
        let (from, to) = (ground.floor(from, step), ground.ceil(to, step));
        let steps = usize::try_from((to - from) / step).unwrap_or(usize::MAX);
        if steps > MAX_POINTS {
            return Err(steps);
        }
        Ok(Plan {
            from,
            to,
            step,
            steps,
            edges: Vec::new(),
            stretches: vec![Stretch { rung, from, to }],
            partial,
            gaps: Vec::new(),
        })
    }

    /// One step: whole days where they fit, finer rungs at the edges.
    fn whole(from: Millis, to: Millis, ground: Ground<'_>) -> Plan {
        let finest = Rung::TenSeconds.nominal_width();
        let (from, to) = (ground.floor(from, finest), ground.ceil(to, finest));
        let mut stretches = Vec::new();
        let mut partial = false;
        cover(from, to, &Rung::ALL, ground, &mut stretches, &mut partial);
        Plan {
            from,
            to,
            step: to - from,
            steps: 1,
            edges: Vec::new(),
            stretches,
            partial,
            gaps: Vec::new(),
        }
    }

    /// Steps between edges, such as the days of a zone that changes its clocks: each step is exact, and read from the
    /// coarsest buckets that lie in it whole. Edges are rounded down to the 10 s, the last one up; one that does not rise
    /// makes a step of nothing. Too many are an `Err`.
    pub fn between(edges: &[Millis], ground: Ground<'_>) -> Result<Plan, usize> {
        let finest = Rung::TenSeconds.nominal_width();
        let last = edges.len().saturating_sub(1);
        if last > MAX_POINTS {
            return Err(last);
        }
        let mut reached = Millis::MIN;
        let rounded = |(nth, edge): (usize, &Millis)| {
            let edge = match nth == last {
                true => ground.ceil(*edge, finest),
                false => ground.floor(*edge, finest),
            };
            reached = reached.max(edge);
            reached
        };
        let edges: Vec<Millis> = edges.iter().enumerate().map(rounded).collect();
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut partial = false;
        for step in edges.windows(2) {
            let mut within = Vec::new();
            cover(step[0], step[1], &Rung::ALL, ground, &mut within, &mut partial);
            for next in within {
                match stretches.last_mut() {
                    // Read together: a chunk holds many steps.
                    Some(last) if last.rung == next.rung && last.to == next.from => last.to = next.to,
                    _ => stretches.push(next),
                }
            }
        }
        let from = edges.first().copied().unwrap_or_default();
        let longest = edges.windows(2).map(|step| step[1] - step[0]).max();
        Ok(Plan {
            from,
            to: edges.last().copied().unwrap_or(from),
            step: longest.unwrap_or(finest),
            steps: last,
            edges,
            stretches,
            gaps: Vec::new(),
            partial,
        })
    }

    /// When a step begins; of the one behind the last, when that ends.
    pub fn start_of(&self, step: usize) -> Millis {
        match self.edges.get(step) {
            Some(edge) => *edge,
            None => self.from + step as Millis * self.step,
        }
    }

    /// The step that a moment lies in; `None` outside of all.
    pub fn step_at(&self, at: Millis) -> Option<usize> {
        if at < self.from {
            return None;
        }
        let step = match self.edges.is_empty() {
            true => usize::try_from((at - self.from) / self.step).ok()?,
            // The first edge is not after it.
            false => self.edges.partition_point(|edge| *edge <= at) - 1,
        };
        (step < self.steps).then_some(step)
    }

    /// The rungs that are read, as the answer names them.
    pub fn rung_names(&self) -> String {
        let mut rungs: Vec<Rung> = self.stretches.iter().map(|stretch| stretch.rung).collect();
        rungs.sort();
        rungs.dedup();
        rungs.into_iter().map(rung_name).collect::<Vec<_>>().join("+")
    }
}

/// A rung's name in answers.
pub(super) fn rung_name(rung: Rung) -> &'static str {
    match rung {
        Rung::TenSeconds => "10s",
        Rung::Minute => "1m",
        Rung::Hour => "1h",
        Rung::Day => "1d",
    }
}

/// The smallest multiple of 10 s that a step can be.
fn readable(step: Millis) -> Millis {
    let finest = Rung::TenSeconds.nominal_width();
    step.saturating_add(finest - 1) / finest * finest
}

/// The coarsest rung whose buckets fill the step, and the step, widened when only a coarser rung goes back so far.
fn rung_for(from: Millis, step: Millis, ground: Ground<'_>) -> (Rung, Millis, bool) {
    let fits = |rung: &Rung| step % rung.nominal_width() == 0;
    let finest = Rung::ALL.into_iter().rev().find(fits).unwrap_or(Rung::TenSeconds);
    for rung in Rung::ALL.into_iter().filter(|rung| *rung >= finest) {
        if ground.kept_since(rung) <= from {
            let width = rung.nominal_width();
            return (rung, step.saturating_add(width - 1) / width * width, false);
        }
    }
    // Nothing goes back so far: the coarsest shows the most.
    let width = Rung::Day.nominal_width();
    (Rung::Day, step.saturating_add(width - 1) / width * width, true)
}

/// Covers a range with the coarsest buckets that lie in it whole; `rungs` are those that may be used, finest first.
pub(super) fn cover(
    from: Millis,
    to: Millis,
    rungs: &[Rung],
    ground: Ground<'_>,
    stretches: &mut Vec<Stretch>,
    partial: &mut bool,
) {
    if from >= to {
        return;
    }
    let Some((rung, finer)) = rungs.split_last() else {
        *partial = true;
        return;
    };
    let width = rung.nominal_width();
    let (inner_from, inner_to) = (ground.ceil(from, width), ground.floor(to, width));
    if inner_from >= inner_to {
        cover(from, to, finer, ground, stretches, partial);
        return;
    }
    cover(from, inner_from, finer, ground, stretches, partial);
    let kept = ground.ceil(ground.kept_since(*rung).clamp(inner_from, inner_to), width);
    *partial |= kept > inner_from;
    if kept < inner_to {
        stretches.push(Stretch {
            rung: *rung,
            from: kept,
            to: inner_to,
        });
    }
    cover(inner_to, to, finer, ground, stretches, partial);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Millis = 1_763_640_000_000;
    const HOUR: Millis = 3_600_000;

    fn ground(limits: &[RungLimits; 4], offset: Millis) -> Ground<'_> {
        Ground {
            now: NOW,
            offset,
            limits,
        }
    }

    fn plan(back: Millis, resolution: Resolution) -> Plan {
        let limits = RungLimits::defaults();
        Plan::make(NOW - back, NOW, resolution, ground(&limits, 0)).unwrap()
    }

    #[test]
    fn the_coarsest_rung_that_fills_a_step_is_read() {
        for (back, resolution, step, rung) in [
            (HOUR, Resolution::MaxPoints(400), 10_000, "10s"),
            (6 * HOUR, Resolution::MaxPoints(400), 60_000, "1m"),
            (30 * DAY, Resolution::MaxPoints(800), HOUR, "1h"),
            (30 * DAY, Resolution::Step(HOUR), HOUR, "1h"),
            (30 * DAY, Resolution::Step(90 * 60_000), 90 * 60_000, "1m"),
            (365 * DAY, Resolution::MaxPoints(400), DAY, "1d"),
            (HOUR, Resolution::Step(1), 10_000, "10s"),
            (HOUR, Resolution::Step(25_000), 30_000, "10s"),
        ] {
            let plan = plan(back, resolution);
            assert_eq!(
                (plan.step, plan.rung_names().as_str()),
                (step, rung),
                "{resolution:?} of {back}"
            );
            assert!(!plan.partial);
        }
    }

    #[test]
    fn what_a_rung_no_longer_keeps_is_read_from_a_coarser_one() {
        let plan = plan(20 * DAY, Resolution::Step(10 * 60_000));
        assert_eq!((plan.step, plan.rung_names().as_str()), (600_000, "1m"));
        let plan = super::tests::plan(60 * DAY, Resolution::Step(600_000));
        assert_eq!((plan.step, plan.rung_names().as_str()), (HOUR, "1h"));
        let plan = super::tests::plan(800 * DAY, Resolution::Step(HOUR));
        assert_eq!((plan.step, plan.rung_names().as_str()), (DAY, "1d"));
        assert!(!plan.partial, "days are kept for ever");
    }

    #[test]
    fn steps_between_edges_are_exact_and_read_from_what_lies_in_them_whole() {
        let limits = RungLimits::defaults();
        let midnight = NOW - NOW.rem_euclid(DAY);
        // Two days of the zone, a day in which clocks go back, and a running one.
        let edges = [
            midnight - 4 * DAY,
            midnight - 3 * DAY,
            midnight - 2 * DAY + HOUR,
            midnight + HOUR,
            midnight + 2 * HOUR + 12_345,
        ];
        let plan = Plan::between(&edges, ground(&limits, 0)).unwrap();
        assert_eq!((plan.steps, plan.partial), (4, false));
        assert_eq!(
            (plan.start_of(2), plan.start_of(4)),
            (edges[2], midnight + 2 * HOUR + 20_000)
        );
        let mut at = plan.from;
        for stretch in &plan.stretches {
            assert_eq!(stretch.from, at, "without gap");
            at = stretch.to;
        }
        assert_eq!(at, plan.to);
        assert_eq!(plan.rung_names(), "10s+1h+1d");
        for (at, step) in [
            (edges[0] - 1, None),
            (edges[0], Some(0)),
            (edges[2] - 1, Some(1)),
            (edges[2], Some(2)),
            (plan.to - 1, Some(3)),
            (plan.to, None),
        ] {
            assert_eq!(plan.step_at(at), step, "{at}");
        }
        assert_eq!(Plan::between(&[], ground(&limits, 0)).unwrap().steps, 0);
        let fallen = [midnight, midnight + HOUR, midnight, midnight + 2 * HOUR];
        let plan = Plan::between(&fallen, ground(&limits, 0)).unwrap();
        assert_eq!(
            (plan.steps, plan.step_at(midnight + HOUR)),
            (3, Some(2)),
            "the step of nothing is passed by"
        );
    }

    #[test]
    fn too_many_points_are_refused() {
        let limits = RungLimits::defaults();
        let asked = Plan::make(NOW - 13 * DAY, NOW, Resolution::Step(10_000), ground(&limits, 0));
        assert_eq!(asked, Err(13 * 8_640));
    }

    #[test]
    fn days_align_to_the_zone() {
        let limits = RungLimits::defaults();
        let offset = 330 * 60_000;
        let plan = Plan::make(NOW - 3 * DAY, NOW, Resolution::Step(DAY), ground(&limits, offset)).unwrap();
        assert_eq!((plan.from + offset).rem_euclid(DAY), 0);
        assert_eq!(plan.steps, 4);
    }

    proptest! {
        #[test]
        fn one_point_covers_the_range_without_gap_or_overlap(
            back in 0i64..400 * DAY, length in 1i64..60 * DAY, offset in -12i64..=14,
        ) {
            let limits = RungLimits::defaults().map(|limits| RungLimits { kept: None, ..limits });
            let offset = offset * HOUR + 1_800_000;
            let from = NOW - back;
            let plan = Plan::make(from, from + length, Resolution::MaxPoints(1), ground(&limits, offset)).unwrap();
            let mut at = plan.from;
            for stretch in &plan.stretches {
                prop_assert_eq!(stretch.from, at);
                prop_assert!(stretch.from < stretch.to);
                let width = stretch.rung.nominal_width();
                prop_assert_eq!((stretch.from + offset).rem_euclid(width), 0);
                prop_assert_eq!((stretch.to + offset).rem_euclid(width), 0);
                at = stretch.to;
            }
            prop_assert_eq!(at, plan.to);
            prop_assert!(plan.from <= from && plan.to >= from + length);
            prop_assert!(plan.to - plan.from < length + 20_000);
            prop_assert!(!plan.partial);
        }

        #[test]
        fn steps_cover_what_was_asked(back in 1i64..400 * DAY, points in 2usize..2_000) {
            let limits = RungLimits::defaults();
            let plan = Plan::make(NOW - back, NOW, Resolution::MaxPoints(points), ground(&limits, 0)).unwrap();
            prop_assert!(plan.from <= NOW - back && plan.to >= NOW);
            prop_assert_eq!(plan.to - plan.from, plan.step * plan.steps as i64);
            prop_assert!(plan.steps <= points + 2, "{} steps for {} points", plan.steps, points);
        }
    }
}
