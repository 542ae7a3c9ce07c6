//! Labels that are dimensions of series: which of them are kept, and which of their values.
//!
//! A label can have any number of values, and each may make a series of its own. So a tenant keeps few labels, each of
//! them the first values that come; what comes later counts as [`SeriesKey::OTHER`].
//!
//! A [`TrafficKind`] is kept whatever the setting says, and is none of those few: it never folds.
//!
//! Deliberately absent: forgetting a value. It would come back under another name in the same chart.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use super::{SeriesKey, TrafficKind};
use crate::event::Labels;

/// What no name may have, besides control characters: filters and lists of dimensions could not name it.
const BREAKS_NAMES: [char; 3] = [':', '"', ','];

/// The names of the labels that are kept: sorted, each once, at most [`KeptLabels::MOST`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptLabels(Vec<String>);

/// Why labels cannot be kept; reads on behind what they were given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptLabelsError {
    /// More than [`KeptLabels::MOST`].
    TooMany(usize),
    /// A name without a character.
    Empty,
    /// A name of so many characters, more than [`KeptLabels::LONGEST`].
    TooLong(usize),
    /// A name that filters could not name, and the character that is in the way.
    Character(String, char),
    /// A name that is there already.
    Repeated(String),
}

impl KeptLabels {
    /// So many labels may be kept.
    pub const MOST: usize = 4;
    /// So many values of each.
    pub const MOST_VALUES: usize = 200;
    /// So many characters a name or a value may have; a longer value counts as [`SeriesKey::OTHER`].
    pub const LONGEST: usize = 128;

    /// Checks names.
    ///
    /// # Errors
    /// See [`KeptLabelsError`]; the first that is found.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<KeptLabels, KeptLabelsError> {
        let mut kept: Vec<String> = names.into_iter().map(Into::into).collect();
        if kept.len() > Self::MOST {
            return Err(KeptLabelsError::TooMany(kept.len()));
        }
        kept.iter().try_for_each(|name| check(name))?;
        kept.sort_unstable();
        match kept.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(KeptLabelsError::Repeated(pair[0].clone())),
            None => Ok(KeptLabels(kept)),
        }
    }

    /// The names, sorted.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

fn check(name: &str) -> Result<(), KeptLabelsError> {
    let breaks = |c: &char| c.is_control() || c.is_whitespace() || BREAKS_NAMES.contains(c);
    match (name.chars().count(), name.chars().find(breaks)) {
        (0, _) => Err(KeptLabelsError::Empty),
        (length, _) if length > KeptLabels::LONGEST => Err(KeptLabelsError::TooLong(length)),
        (_, Some(found)) => Err(KeptLabelsError::Character(name.to_owned(), found)),
        _ => Ok(()),
    }
}

impl fmt::Display for KeptLabelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeptLabelsError::TooMany(got) => {
                write!(f, "may name at most {} labels, got {got}", KeptLabels::MOST)
            }
            KeptLabelsError::Empty => f.write_str("names a label without a character"),
            KeptLabelsError::TooLong(got) => write!(
                f,
                "names a label of {got} characters, at most {}",
                KeptLabels::LONGEST
            ),
            KeptLabelsError::Character(name, found) => write!(
                f,
                "names the label {name:?}: a name may not have {found:?}, because filters could not name it \
                 (no space, colon, comma, quote or control character)"
            ),
            KeptLabelsError::Repeated(name) => write!(f, "names the label {name:?} twice"),
        }
    }
}

impl std::error::Error for KeptLabelsError {}

/// The kept labels of a tenant with the values that each has, and what did not fit.
#[derive(Debug, Clone, Default)]
pub struct LabelValues {
    kept: Vec<Kept>,
    /// Names that series have which are not kept any more.
    former: BTreeSet<String>,
}

/// One label.
#[derive(Debug, Clone, Default)]
struct Kept {
    name: String,
    values: HashSet<String>,
    folded: u64,
}

impl Kept {
    /// What a value counts as.
    fn shown<'a>(&self, value: &'a str) -> &'a str {
        // Only a full label looks at what it has: until then every value is one of them, or becomes one.
        let fits = self.values.len() < KeptLabels::MOST_VALUES || self.values.contains(value);
        // No more bytes than that are no more characters.
        let short = value.len() <= KeptLabels::LONGEST || value.chars().count() <= KeptLabels::LONGEST;
        if fits && short { value } else { SeriesKey::OTHER }
    }

    fn of<'a>(&self, labels: &'a Labels) -> Option<&'a str> {
        let place = labels
            .binary_search_by(|(name, _)| name.as_str().cmp(&self.name))
            .ok()?;
        labels
            .get(place)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

impl LabelValues {
    /// Nothing has come yet.
    pub fn new(kept: &KeptLabels) -> LabelValues {
        let kept = kept.0.iter().map(|name| Kept {
            name: name.clone(),
            ..Kept::default()
        });
        LabelValues {
            kept: kept.collect(),
            former: BTreeSet::new(),
        }
    }

    /// Shows the kept labels that a call has, by name, with what their values count as; counts those that fold.
    pub fn count(&mut self, labels: &Labels, mut show: impl FnMut(&str, &str)) {
        if labels.is_empty() {
            return;
        }
        let kind = TrafficKind::of(labels);
        let mut due = kind;
        for label in &mut self.kept {
            if let Some(kind) = due.take_if(|_| label.name.as_str() >= TrafficKind::LABEL) {
                show(TrafficKind::LABEL, kind.as_str());
            }
            if kind.is_some() && label.name == TrafficKind::LABEL {
                continue;
            }
            if let Some(value) = label.of(labels) {
                let shown = label.shown(value);
                label.folded += u64::from(shown == SeriesKey::OTHER && value != SeriesKey::OTHER);
                show(&label.name, shown);
            }
        }
        if let Some(kind) = due {
            show(TrafficKind::LABEL, kind.as_str());
        }
    }

    /// The kept labels that a call has, as a series has them.
    pub fn of(&self, labels: &Labels) -> Box<[(String, String)]> {
        let kind = TrafficKind::of(labels);
        let of = |label: &Kept| {
            let value = label.of(labels)?;
            Some((label.name.clone(), label.shown(value).to_owned()))
        };
        let plain = |label: &&Kept| kind.is_none() || label.name != TrafficKind::LABEL;
        let mut all: Vec<(String, String)> = self.kept.iter().filter(plain).filter_map(of).collect();
        if let Some(kind) = kind {
            let place = all.partition_point(|(name, _)| name.as_str() < TrafficKind::LABEL);
            all.insert(place, kind.label());
        }
        all.into()
    }

    /// Takes the values of a series that there is from now on.
    pub fn know(&mut self, series: &SeriesKey) {
        for (name, value) in &series.labels {
            if TrafficKind::is_said_by(name, value) {
                continue;
            }
            match self.kept.iter_mut().find(|label| label.name == *name) {
                Some(_) if value == SeriesKey::OTHER => {}
                Some(label) => _ = label.values.insert(value.clone()),
                None => _ = self.former.insert(name.clone()),
            }
        }
    }

    /// Of each kept label its name, how many values it has, and how many calls had others.
    pub fn kept(&self) -> impl Iterator<Item = (&str, usize, u64)> {
        self.kept
            .iter()
            .map(|label| (label.name.as_str(), label.values.len(), label.folded))
    }

    /// The names of all labels that some series may have, sorted: the kept ones, and those that were kept before.
    pub fn names(&self) -> Vec<String> {
        let kept = self.kept.iter().map(|label| &label.name);
        let all: BTreeSet<&String> = kept.chain(&self.former).collect();
        all.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    fn kept(names: &[&str]) -> LabelValues {
        LabelValues::new(&KeptLabels::new(names.iter().copied()).unwrap())
    }

    fn know(values: &mut LabelValues, pairs: &[(&str, &str)]) {
        values.know(&SeriesKey {
            labels: labels(pairs).into(),
            ..SeriesKey::default()
        });
    }

    #[test]
    fn names_are_checked_and_sorted() {
        let good = KeptLabels::new(["team", "app.kubernetes.io/name", "région"]).unwrap();
        assert_eq!(good.names(), ["app.kubernetes.io/name", "région", "team"]);
        assert!(KeptLabels::new(["é".repeat(128)]).is_ok());
        for (names, words) in [
            (vec!["a", "b", "c", "d", "e"], "may name at most 4 labels, got 5"),
            (vec!["a", ""], "names a label without a character"),
            (vec!["a", "b", "a"], "names the label \"a\" twice"),
            (vec!["a b"], "may not have ' '"),
            (vec!["a:b"], "may not have ':'"),
            (vec!["a\n"], "may not have '\\n'"),
            (vec!["a\"b"], "may not have '\"'"),
            (vec!["a,b"], "may not have ','"),
        ] {
            let error = KeptLabels::new(names).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert_eq!(
            KeptLabels::new(["é".repeat(129)]).unwrap_err().to_string(),
            "names a label of 129 characters, at most 128"
        );
    }

    #[test]
    fn a_call_shows_the_kept_labels_it_has() {
        let mut values = kept(&["team", "region"]);
        let call = labels(&[("a", "x"), ("region", "eu"), ("zone", "1")]);
        assert_eq!(*values.of(&call), [("region".to_owned(), "eu".to_owned())]);
        let mut shown = Vec::new();
        values.count(&call, |name, value| shown.push([name, value].concat()));
        assert_eq!(shown, ["regioneu"]);
        assert!(values.of(&Labels::new()).is_empty());
        assert!(values.of(&labels(&[("team", "")])).is_empty());
        assert!(kept(&[]).of(&call).is_empty());
    }

    #[test]
    fn a_kind_is_kept_whatever_the_setting_and_never_folds() {
        let call = labels(&[("a", "x"), (TrafficKind::LABEL, "drill"), ("team", "t")]);
        for names in [
            &[][..],
            &["a"],
            &["team"],
            &["a", "team"],
            &["a", TrafficKind::LABEL, "team"],
        ] {
            let mut values = kept(names);
            let of = values.of(&call);
            assert!(
                of.is_sorted() && of.contains(&TrafficKind::Drill.label()),
                "{names:?}"
            );
            let others = names.iter().filter(|name| **name != TrafficKind::LABEL);
            assert_eq!(of.len(), 1 + others.count(), "{names:?}");
            let mut shown = Vec::new();
            values.count(&call, |name, value| {
                shown.push((name.to_owned(), value.to_owned()))
            });
            assert_eq!(shown, of.to_vec(), "both say the same, in the same order");
        }
        let mut full = kept(&[TrafficKind::LABEL]);
        for nth in 0..KeptLabels::MOST_VALUES {
            know(&mut full, &[(TrafficKind::LABEL, &nth.to_string())]);
        }
        know(&mut full, &[(TrafficKind::LABEL, "probe")]);
        assert_eq!(full.of(&labels(&[(TrafficKind::LABEL, "probe")]))[0].1, "probe");
        assert_eq!(
            full.of(&labels(&[(TrafficKind::LABEL, "other")]))[0].1,
            SeriesKey::OTHER
        );
        assert_eq!(
            full.kept().collect::<Vec<_>>(),
            [(TrafficKind::LABEL, KeptLabels::MOST_VALUES, 0)]
        );
        let mut none = kept(&[]);
        know(&mut none, &[(TrafficKind::LABEL, "probe")]);
        assert!(none.names().is_empty(), "it is no label that was kept once");
    }

    #[test]
    fn values_beyond_the_first_fold_and_are_counted() {
        let mut values = kept(&["team"]);
        for nth in 0..KeptLabels::MOST_VALUES {
            let value = nth.to_string();
            assert_eq!(values.of(&labels(&[("team", &value)]))[0].1, value);
            know(&mut values, &[("team", &value)]);
            know(&mut values, &[("team", SeriesKey::OTHER)]);
        }
        for (value, shown) in [
            ("0", "0"),
            ("199", "199"),
            ("200", "__other__"),
            ("x", "__other__"),
        ] {
            let call = labels(&[("team", value)]);
            assert_eq!(values.of(&call)[0].1, shown);
            values.count(&call, |_, counted| assert_eq!(counted, shown));
        }
        values.count(&labels(&[("team", SeriesKey::OTHER)]), |_, _| {});
        assert_eq!(values.kept().collect::<Vec<_>>(), [("team", 200, 2)]);
    }

    #[test]
    fn long_values_fold() {
        let values = kept(&["team"]);
        for (length, folds) in [(128, false), (129, true)] {
            let value = "é".repeat(length);
            let shown = values.of(&labels(&[("team", &value)]))[0].1 == SeriesKey::OTHER;
            assert_eq!(shown, folds, "{length}");
        }
    }

    #[test]
    fn a_label_that_is_not_kept_any_more_keeps_its_name() {
        let mut values = kept(&["team"]);
        know(&mut values, &[("region", "eu"), ("team", "a")]);
        assert_eq!(values.names(), ["region", "team"]);
        assert_eq!(values.kept().count(), 1);
    }
}
