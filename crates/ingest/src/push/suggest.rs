//! What a misspelt word was probably meant to be.

/// Longer words are not compared: nobody misspells a name of ours into 48 characters.
const LONGEST: usize = 48;

/// The candidate that `word` was probably meant to be: the same letters in another case or with other separators, a
/// synonym, or a slip of one or two letters. Synonyms are written in lower case without separators.
pub(super) fn closest(
    word: &str,
    candidates: impl Iterator<Item = &'static str> + Clone,
    synonyms: &[(&str, &'static str)],
) -> Option<&'static str> {
    let word = letters(word)?;
    if let Some(same) = candidates
        .clone()
        .find(|candidate| letters(candidate).as_ref() == Some(&word))
    {
        return Some(same);
    }
    if let Some((_, meant)) = synonyms.iter().find(|(synonym, _)| *synonym == word) {
        return Some(meant);
    }
    candidates
        .filter_map(|candidate| Some((distance(&word, &letters(candidate)?), candidate)))
        .filter(|(distance, candidate)| *distance <= slips_allowed(candidate.len().min(word.len())))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Whether `word` was probably meant to be `name` or one of its synonyms.
pub(super) fn resembles(word: &str, name: &'static str, synonyms: &[(&str, &'static str)]) -> bool {
    let own = synonyms.iter().filter(|(_, meant)| *meant == name);
    letters(word).is_some_and(|word| own.into_iter().any(|(synonym, _)| *synonym == word))
        || closest(word, std::iter::once(name), &[]).is_some()
}

/// Lower case, without separators: `rate-limited`, `RateLimited` and `rate_limited` are the same.
fn letters(word: &str) -> Option<String> {
    if word.len() > LONGEST {
        return None;
    }
    let letters: String = word
        .chars()
        .filter(|ch| ch.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    (!letters.is_empty()).then_some(letters)
}

/// In a short word one slip already makes another word.
const fn slips_allowed(length: usize) -> usize {
    match length {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    }
}

/// Levenshtein distance in bytes: insertions, deletions and replacements.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let candidates = ["ok", "rate_limited", "timeout", "cancelled", "open"];
        let synonyms = [("success", "ok"), ("throttled", "rate_limited")];
        for (word, meant) in [
            ("rate-limited", Some("rate_limited")),
            ("RateLimited", Some("rate_limited")),
            ("OK", Some("ok")),
            ("canceled", Some("cancelled")),
            ("time out", Some("timeout")),
            ("timeuot", Some("timeout")),
            ("Success", Some("ok")),
            ("throttled", Some("rate_limited")),
            ("opne", None),
            ("opens", Some("open")),
            ("no", None),
            ("zzz", None),
            ("", None),
            ("---", None),
            ("😀", None),
        ] {
            assert_eq!(closest(word, candidates.into_iter(), &synonyms), meant, "{word}");
        }
        assert_eq!(
            closest(&"a".repeat(1_000_000), candidates.into_iter(), &synonyms),
            None
        );
    }

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
        ] {
            assert_eq!(distance(a, b), expected);
        }
    }

    #[test]
    fn field_names() {
        let synonyms = [("latency", "duration_ms"), ("vendor", "provider")];
        assert!(resembles("durationMs", "duration_ms", &synonyms));
        assert!(resembles("latency", "duration_ms", &synonyms));
        assert!(!resembles("latency", "provider", &synonyms));
        assert!(!resembles("modelx9", "provider", &synonyms));
    }
}
