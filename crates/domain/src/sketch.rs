//! Mergeable quantiles of durations: the DDSketch algorithm (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable
//! quantile sketch with relative-error guarantees", VLDB 2019) with one fixed mapping.
//!
//! Bin `i` holds the values in (γ^(i−1), γ^i] with γ = (1 + α) / (1 − α), α = 1%; a quantile is answered with
//! 2γ^i / (γ + 1), which is within 1% of every value in the bin. The mapping covers 1 µs to 1 day: shorter is zero,
//! longer is a day. Since everybody uses the same edges, merging is adding counts, and no answer depends on the order.
//!
//! Deliberately absent: other accuracies, collapsing of bins (the range is bounded, so the number of bins is), min, max
//! and sum (buckets keep their own sum).

mod bytes;
mod dense;

pub use dense::DenseSketch;

use crate::Micros;
use crate::sparse::Sparse;

/// α: how far a quantile may be from the exact one, relative.
pub const RELATIVE_ERROR: f64 = 0.01;

/// The longest duration told apart, one day; longer ones count as this long.
pub const LONGEST: Micros = 86_400_000_000;

const GAMMA: f64 = (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR);

/// Bin 0 is zero, bin `i` ends at γ^(i−1): the last one is the first to reach [`LONGEST`].
const BINS: usize = 1_262;

/// Upper edges, found by repeated multiplication so that every platform has the same bits.
static EDGES: [f64; BINS] = edges();

const fn edges() -> [f64; BINS] {
    let mut edges = [0.0; BINS];
    let mut edge = 1.0;
    let mut bin = 1;
    while bin < BINS {
        edges[bin] = edge;
        edge *= GAMMA;
        bin += 1;
    }
    edges
}

/// A distribution of durations; 24 bytes when empty, and 8 more per bin in use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sketch {
    bins: Sparse<11>,
}

impl Sketch {
    /// How many bins the mapping has; the last is the day.
    pub const BINS: usize = BINS;

    /// An empty one.
    pub const fn new() -> Sketch {
        Sketch { bins: Sparse::new() }
    }

    /// Counts `count` values of `micros` microseconds.
    pub fn add(&mut self, micros: Micros, count: u64) {
        self.bins.add(u64::from(Sketch::bin(micros)), count);
    }

    /// The number of the bin that holds a value.
    pub fn bin(micros: Micros) -> u16 {
        // Up to one day every integer is exact in an f64.
        let value = micros.min(LONGEST) as f64;
        EDGES.partition_point(|edge| *edge < value) as u16
    }

    /// Adds everything `other` holds. Associative and commutative; counts per bin saturate at 2^53 − 1.
    pub fn merge(&mut self, other: &Sketch) {
        self.bins.merge(&other.bins);
    }

    /// Takes away what `other` holds: the inverse of [`Sketch::merge`]. Never below zero.
    pub fn subtract(&mut self, other: &Sketch) {
        self.bins.subtract(&other.bins);
    }

    /// How many values it holds.
    pub fn count(&self) -> u64 {
        self.bins.total()
    }

    /// It holds no value.
    pub fn is_empty(&self) -> bool {
        self.bins.is_empty()
    }

    /// The `q`-quantile in microseconds, within 1% of the value of rank ⌊q (n − 1)⌋, ranks from 0; `q` is clamped to
    /// 0…1. `None` when empty or when `q` is not a number.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let count = self.count();
        if count == 0 || q.is_nan() {
            return None;
        }
        let rank = (q.clamp(0.0, 1.0) * (count - 1) as f64) as u64;
        let mut below = 0u64;
        for (bin, held) in self.bins.iter() {
            below = below.saturating_add(held);
            if below > rank {
                return Some(estimate(bin));
            }
        }
        self.bins.iter().next_back().map(|(bin, _)| estimate(bin))
    }

    /// Bins in use as (lower, upper, count), shortest first: `count` values `v` with `lower < v ≤ upper` microseconds.
    /// The bin of zeros is (0, 0).
    pub fn bins(&self) -> impl Iterator<Item = (Micros, Micros, u64)> + '_ {
        self.bins
            .iter()
            .map(|(bin, count)| (edge(bin.saturating_sub(1)), edge(bin), count))
    }

    /// Bins in use as (number, count), shortest first: for encoders.
    pub fn cells(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        self.bins.iter().map(|(bin, count)| (bin as u16, count))
    }

    /// Adds `count` to a bin by its number: for decoders. False when there is no such bin.
    pub fn add_cell(&mut self, bin: u16, count: u64) -> bool {
        let known = usize::from(bin) < BINS;
        if known {
            self.bins.add(u64::from(bin), count);
        }
        known
    }

    /// How many values lie in `lower ≤ v < upper` microseconds, at the sketch's accuracy: a bin counts where its
    /// estimate lies, so adjacent ranges share no value and lose none. `u64::MAX` as `upper` means no end.
    pub fn count_between(&self, lower: Micros, upper: Micros) -> u64 {
        let range = lower as f64..if upper == Micros::MAX {
            f64::INFINITY
        } else {
            upper as f64
        };
        let inside = self
            .bins
            .iter()
            .filter(|(bin, _)| range.contains(&estimate(*bin)));
        inside.fold(0, |sum: u64, (_, count)| sum.saturating_add(count))
    }
}

/// The value a bin stands for.
fn estimate(bin: u64) -> f64 {
    EDGES[bin as usize] * (2.0 / (GAMMA + 1.0))
}

fn edge(bin: u64) -> Micros {
    EDGES[bin as usize] as Micros
}

#[cfg(test)]
mod tests {
    use super::{BINS, EDGES, LONGEST, Sketch};

    #[test]
    fn the_edges_cover_a_day_and_no_more() {
        assert!(EDGES[BINS - 1] >= LONGEST as f64);
        assert!(EDGES[BINS - 2] < LONGEST as f64);
        assert!(EDGES.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn extremes_have_a_place() {
        let mut sketch = Sketch::new();
        sketch.add(0, 1);
        sketch.add(1, 1);
        sketch.add(u64::MAX, 2);
        assert_eq!(sketch.count(), 4);
        assert_eq!(sketch.quantile(0.0), Some(0.0));
        assert!((sketch.quantile(0.34).unwrap() - 1.0).abs() <= 0.01);
        let longest = sketch.quantile(1.0).unwrap();
        assert!((longest - LONGEST as f64).abs() <= LONGEST as f64 * 0.01);
        let bins: Vec<_> = sketch.bins().collect();
        assert_eq!(bins[..2], [(0, 0, 1), (0, 1, 1)]);
        assert!(bins[2].0 < LONGEST && bins[2].1 >= LONGEST && bins[2].2 == 2);
    }

    #[test]
    fn an_empty_one_has_no_quantile() {
        assert_eq!(Sketch::new().quantile(0.5), None);
        let mut one = Sketch::new();
        one.add(10, 1);
        assert_eq!(one.quantile(f64::NAN), None);
        assert_eq!(one.quantile(-3.0), one.quantile(0.0));
        one.add(10, 0);
        assert_eq!(one.count(), 1);
    }

    #[test]
    fn adjacent_ranges_share_nothing_and_lose_nothing() {
        let mut sketch = Sketch::new();
        for micros in (0..3_000_000).step_by(997) {
            sketch.add(micros, 1);
        }
        let edges = [0, 50_000, 80_000, 125_000, 800_000, 1_250_000, u64::MAX];
        let rows: Vec<u64> = edges
            .windows(2)
            .map(|pair| sketch.count_between(pair[0], pair[1]))
            .collect();
        assert_eq!(rows.iter().sum::<u64>(), sketch.count());
        let exact = (0..3_000_000)
            .step_by(997)
            .filter(|micros| (125_000..800_000).contains(micros))
            .count();
        assert!(
            (rows[3] as f64 - exact as f64).abs() < exact as f64 * 0.02,
            "{} of {exact}",
            rows[3]
        );
    }

    #[test]
    fn few_distinct_values_cost_little() {
        assert!(size_of::<Sketch>() <= 24);
        let mut sketch = Sketch::new();
        sketch.add(1_500_000, 1_000_000);
        sketch.add(1_500_100, 1);
        assert_eq!(sketch.bins().count(), 1);
        assert!(sketch.to_bytes().len() <= 8);
    }
}
