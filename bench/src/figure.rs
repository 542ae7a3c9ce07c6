//! A figure: what was measured of us and of the peers, and what it should be.

use serde_json::{Value, json};

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    More,
    /// Less is better.
    Less,
}

/// What a goal asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bar {
    /// So many times what a peer reaches.
    Times(f64, &'static str),
    /// So much.
    Value(f64),
}

/// One repetition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// What was measured.
    pub value: f64,
    /// What others used of the machine meanwhile, as a share.
    pub foreign: f64,
}

/// All repetitions of one side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples(pub Vec<Sample>);

/// Above this a repetition counts as disturbed.
pub const DISTURBED: f64 = 0.05;

impl Samples {
    /// One figure out of each repetition.
    pub fn of<T>(repetitions: &[crate::repeat::Repetition<T>], pick: impl Fn(&T) -> f64) -> Samples {
        let sample = |repetition: &crate::repeat::Repetition<T>| Sample {
            value: pick(&repetition.value),
            foreign: repetition.foreign,
        };
        Samples(repetitions.iter().map(sample).collect())
    }

    fn sorted(&self) -> Vec<f64> {
        let mut values: Vec<f64> = self.0.iter().map(|sample| sample.value).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// The middle one; of an even number the mean of both.
    pub fn median(&self) -> Option<f64> {
        let values = self.sorted();
        let upper = values.get(values.len() / 2)?;
        let lower = values.get((values.len() - 1) / 2)?;
        Some((upper + lower) / 2.0)
    }

    /// The smallest.
    pub fn min(&self) -> Option<f64> {
        self.sorted().first().copied()
    }

    /// The largest.
    pub fn max(&self) -> Option<f64> {
        self.sorted().last().copied()
    }

    /// How many repetitions had to share the machine.
    pub fn disturbed(&self) -> usize {
        self.0.iter().filter(|sample| sample.foreign > DISTURBED).count()
    }

    fn json(&self) -> Value {
        let sample = |sample: &Sample| json!({"value": sample.value, "foreign_cpu": sample.foreign});
        json!({
            "median": self.median(), "min": self.min(), "max": self.max(), "disturbed": self.disturbed(),
            "repetitions": self.0.iter().map(sample).collect::<Vec<_>>(),
        })
    }
}

/// A figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Which goal, `P1`.
    pub goal: &'static str,
    /// What it is.
    pub what: String,
    /// In what.
    pub unit: &'static str,
    /// Which way is good.
    pub better: Better,
    /// What it must reach.
    pub must: Option<Bar>,
    /// What it should reach.
    pub aim: Option<Bar>,
    /// Ours.
    pub ours: Samples,
    /// Each peer's, of the same run.
    pub peers: Vec<(&'static str, Samples)>,
    /// What a reader must know besides.
    pub note: String,
}

impl Figure {
    /// Without goals and peers.
    pub fn new(
        goal: &'static str,
        what: impl Into<String>,
        unit: &'static str,
        better: Better,
        ours: Samples,
    ) -> Figure {
        Figure {
            goal,
            what: what.into(),
            unit,
            better,
            must: None,
            aim: None,
            ours,
            peers: Vec::new(),
            note: String::new(),
        }
    }

    /// What it must and should reach.
    pub fn bars(mut self, must: Option<Bar>, aim: Option<Bar>) -> Figure {
        (self.must, self.aim) = (must, aim);
        self
    }

    /// A peer that did the same work.
    pub fn beside(mut self, peer: &'static str, samples: Samples) -> Figure {
        if !samples.0.is_empty() {
            self.peers.push((peer, samples));
        }
        self
    }

    /// What a reader must know besides.
    pub fn noting(mut self, note: impl Into<String>) -> Figure {
        self.note = note.into();
        self
    }

    /// Our median as a multiple of a peer's.
    pub fn ratio(&self, peer: &str) -> Option<f64> {
        let (_, samples) = self.peers.iter().find(|(name, _)| *name == peer)?;
        let theirs = samples.median()?;
        (theirs != 0.0).then_some(self.ours.median()? / theirs)
    }

    /// Whether the bar is reached; `None` when that peer was not there.
    pub fn reaches(&self, bar: Bar) -> Option<bool> {
        let (reached, wanted) = match bar {
            Bar::Times(factor, peer) => (self.ratio(peer)?, factor),
            Bar::Value(value) => (self.ours.median()?, value),
        };
        Some(match self.better {
            Better::More => reached >= wanted,
            Better::Less => reached <= wanted,
        })
    }

    /// For the file.
    pub fn json(&self) -> Value {
        let bar =
            |bar: Option<Bar>| bar.map(|bar| json!({"bar": self.words(bar), "reached": self.reaches(bar)}));
        let peers: serde_json::Map<String, Value> = self
            .peers
            .iter()
            .map(|(name, samples)| {
                let mut value = samples.json();
                value["ratio"] = json!(self.ratio(name));
                ((*name).to_owned(), value)
            })
            .collect();
        json!({
            "goal": self.goal, "what": self.what, "unit": self.unit, "ours": self.ours.json(), "peers": peers,
            "must": bar(self.must), "aim": bar(self.aim), "note": self.note,
        })
    }

    /// `≥ 2 × prometheus`.
    pub fn words(&self, bar: Bar) -> String {
        let sign = match self.better {
            Better::More => '≥',
            Better::Less => '≤',
        };
        match bar {
            Bar::Times(factor, peer) => format!("{sign} {factor} × {peer}"),
            Bar::Value(value) => format!("{sign} {value} {}", self.unit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[f64]) -> Samples {
        Samples(
            values
                .iter()
                .map(|value| Sample {
                    value: *value,
                    foreign: 0.0,
                })
                .collect(),
        )
    }

    #[test]
    fn medians() {
        assert_eq!(samples(&[3.0, 1.0, 2.0]).median(), Some(2.0));
        assert_eq!(samples(&[4.0, 1.0, 2.0, 3.0]).median(), Some(2.5));
        assert_eq!(samples(&[]).median(), None);
    }

    #[test]
    fn a_bar_is_reached_or_not_or_unknown() {
        let figure =
            Figure::new("P0", "x", "ms", Better::Less, samples(&[5.0])).beside("peer", samples(&[10.0]));
        assert_eq!(figure.ratio("peer"), Some(0.5));
        assert_eq!(figure.reaches(Bar::Times(0.5, "peer")), Some(true));
        assert_eq!(figure.reaches(Bar::Times(0.4, "peer")), Some(false));
        assert_eq!(figure.reaches(Bar::Times(0.4, "nobody")), None);
        assert_eq!(figure.reaches(Bar::Value(4.9)), Some(false));
        assert_eq!(figure.words(Bar::Times(0.5, "peer")), "≤ 0.5 × peer");
    }

    #[test]
    fn a_peer_that_was_not_there_is_not_named() {
        let figure = Figure::new("P0", "x", "ms", Better::Less, samples(&[5.0])).beside("peer", samples(&[]));
        assert!(figure.peers.is_empty());
    }
}
