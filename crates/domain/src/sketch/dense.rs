//! A sketch to sum up in: a full table instead of a sorted list, so that adding a bin is one addition.
//!
//! Queries merge thousands of stored sketches into few results; there the 10 KB of a table pay. Everything that is
//! kept, sent or stored is a [`Sketch`].

use std::convert::Infallible;

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
        let Ok(()) = self.add_run(bin, 1, || Ok::<u64, Infallible>(count));
    }

    /// Adds what `next` gives to `length` neighbouring bins from `first` on; bins outside the mapping are left out.
    ///
    /// # Errors
    /// That of `next`, which is then not asked again; what it gave before is added.
    #[inline]
    pub fn add_run<E>(
        &mut self,
        first: u16,
        length: usize,
        mut next: impl FnMut() -> Result<u64, E>,
    ) -> Result<(), E> {
        let first = usize::from(first).min(BINS);
        let end = (first + length).min(BINS);
        if first == end {
            return Ok(());
        }
        self.low = self.low.min(first);
        self.high = self.high.max(end);
        for bin in &mut self.counts[first..end] {
            let count = next()?;
            *bin = bin.saturating_add(count);
            self.total = self.total.saturating_add(count);
        }
        Ok(())
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
        let below = (q.clamp(0.0, 1.0) * (self.total - 1) as f64) as u64;
        let above = (self.total - 1).saturating_sub(below);
        let bins = self.counts[self.low..self.high].iter().enumerate();
        // From the nearer end: what charts ask for is p95 and p99, a few bins from the top.
        let found = if above < below {
            past(bins.rev(), above)
        } else {
            past(bins, below)
        };
        found.map(|bin| estimate((self.low + bin) as u64))
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

/// The bin of the value that `skipped` values come before.
fn past<'a>(mut bins: impl Iterator<Item = (usize, &'a u64)>, skipped: u64) -> Option<usize> {
    let mut seen = 0u64;
    let found = bins.find(|(_, count)| {
        seen = seen.saturating_add(**count);
        seen > skipped
    });
    found.map(|(bin, _)| bin)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BINS, DenseSketch, Infallible, Sketch};

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
        let Ok(()) = dense.add_run(BINS as u16 - 1, 3, || Ok::<u64, Infallible>(1));
        assert_eq!(dense.count(), 1);
        assert!(dense.quantile(1.0).is_some());
        assert_eq!(dense.quantile(f64::NAN), None);
        dense.clear();
        assert_eq!(dense.quantile(0.5), None);
        assert!(dense.to_sketch().is_empty());
    }
}
