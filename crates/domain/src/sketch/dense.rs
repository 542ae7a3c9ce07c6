//! A sketch to sum up in: a full table instead of a sorted list, so that adding a bin is one addition.
//!
//! Queries merge thousands of stored sketches into few results; there the 10 KB of a table pay. Everything that is
//! kept, sent or stored is a [`Sketch`].

use super::{BINS, Sketch, estimate};

/// A distribution of durations under construction.
#[derive(Debug, Clone)]
pub struct DenseSketch {
    counts: Vec<u64>,
    total: u64,
    /// The bins in use lie in `low..high`.
    low: usize,
    high: usize,
}

impl Default for DenseSketch {
    fn default() -> Self {
        DenseSketch {
            counts: vec![0; BINS],
            total: 0,
            low: BINS,
            high: 0,
        }
    }
}

impl DenseSketch {
    /// Adds `count` to a bin; a bin outside the mapping is left out, because no sketch has one.
    #[inline]
    pub fn add(&mut self, bin: u16, count: u64) {
        self.add_run(bin, std::iter::once(count));
    }

    /// Adds counts to neighbouring bins from `first` on.
    #[inline]
    pub fn add_run(&mut self, first: u16, counts: impl Iterator<Item = u64>) {
        let first = usize::from(first);
        let Some(bins) = self.counts.get_mut(first..) else {
            return;
        };
        let mut used = 0;
        for (bin, count) in bins.iter_mut().zip(counts) {
            *bin = bin.saturating_add(count);
            self.total = self.total.saturating_add(count);
            used += 1;
        }
        if used > 0 {
            self.low = self.low.min(first);
            self.high = self.high.max(first + used);
        }
    }

    /// Adds everything a sketch holds.
    pub fn merge(&mut self, sketch: &Sketch) {
        for (bin, count) in sketch.cells() {
            self.add(bin, count);
        }
    }

    /// How many values it holds.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// Forgets everything; the table stays.
    pub fn clear(&mut self) {
        if self.low < self.high {
            self.counts[self.low..self.high].fill(0);
        }
        (self.total, self.low, self.high) = (0, BINS, 0);
    }

    /// As [`Sketch::quantile`].
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.total == 0 || q.is_nan() {
            return None;
        }
        let rank = (q.clamp(0.0, 1.0) * (self.total - 1) as f64) as u64;
        let mut below = 0u64;
        for (bin, count) in self.counts[self.low..self.high].iter().enumerate() {
            below = below.saturating_add(*count);
            if below > rank {
                return Some(estimate((self.low + bin) as u64));
            }
        }
        None
    }

    /// The same distribution as a [`Sketch`].
    pub fn to_sketch(&self) -> Sketch {
        let mut sketch = Sketch::new();
        if self.low < self.high {
            for (bin, count) in self.counts[self.low..self.high].iter().enumerate() {
                sketch.add_cell((self.low + bin) as u16, *count);
            }
        }
        sketch
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BINS, DenseSketch, Sketch};

    fn sketch() -> impl Strategy<Value = Sketch> {
        proptest::collection::vec((0u64..100_000_000, 1u64..1_000), 0..60).prop_map(|values| {
            let mut sketch = Sketch::new();
            for (micros, count) in values {
                sketch.add(micros, count);
            }
            sketch
        })
    }

    proptest! {
        #[test]
        fn sums_up_as_sketches_do(parts in proptest::collection::vec(sketch(), 0..6), q in 0.0f64..1.0) {
            let mut sparse = Sketch::new();
            let mut dense = DenseSketch::default();
            dense.add(7, 3);
            dense.clear();
            for part in &parts {
                sparse.merge(part);
                dense.merge(part);
            }
            prop_assert_eq!(dense.count(), sparse.count());
            prop_assert_eq!(dense.quantile(q), sparse.quantile(q));
            prop_assert_eq!(dense.to_sketch(), sparse);
        }
    }

    #[test]
    fn bins_outside_the_mapping_are_left_out() {
        let mut dense = DenseSketch::default();
        dense.add(BINS as u16, 1);
        dense.add_run(BINS as u16 - 1, [1, 1, 1].into_iter());
        assert_eq!(dense.count(), 1);
        assert!(dense.quantile(1.0).is_some());
        assert_eq!(dense.quantile(f64::NAN), None);
        dense.clear();
        assert_eq!(dense.quantile(0.5), None);
        assert!(dense.to_sketch().is_empty());
    }
}
