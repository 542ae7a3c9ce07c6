//! The names of fields that nobody reads, so that a typing error in a sender is noticed.

use std::collections::BTreeSet;

use super::MAX_IGNORED_FIELDS;
use super::text;

/// Each name once, the first [`MAX_IGNORED_FIELDS`] met.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    names: BTreeSet<String>,
}

impl Ignored {
    /// Remembers a name, cut to 128 characters and without control characters.
    pub(super) fn insert(&mut self, name: &str) {
        if self.names.len() >= MAX_IGNORED_FIELDS || self.names.contains(name) {
            return;
        }
        let tame = |ch: char| {
            if ch.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                ch
            }
        };
        self.names
            .insert(name.chars().take(text::NAME).map(tame).collect());
    }

    pub(super) fn into_sorted(self) -> Vec<String> {
        self.names.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_sorted_and_tame() {
        let mut ignored = Ignored::default();
        ignored.insert(&"é".repeat(1_000_000));
        ignored.insert("b\n");
        ignored.insert("a");
        ignored.insert("a");
        let names = ignored.into_sorted();
        assert_eq!(names, ["a".to_owned(), "b\u{fffd}".to_owned(), "é".repeat(128)]);

        let mut ignored = Ignored::default();
        for i in 0..1_000 {
            ignored.insert(&format!("n{i}"));
        }
        assert_eq!(ignored.into_sorted().len(), MAX_IGNORED_FIELDS);
    }
}
