//! Text that fits: cleaned of what is not text, shortened as the service counts, escaped on the way.

use std::borrow::Cow;

/// What stands for the rest of a text that is cut.
pub(crate) const MORE: char = '…';

/// As services count: UTF-16 code units. Also where one only says "characters": nothing counts more of them, bytes aside.
pub(crate) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Not text: control characters, and what turns the direction of writing so that a text reads as another.
fn is_noise(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// As much of a text as can be left of it, so that a book costs no more than a page.
fn start(text: &str, most: usize) -> &str {
    let end = text
        .char_indices()
        .nth(most.saturating_mul(4))
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// One line of at most so much.
pub(crate) fn line_of(text: &str, most: usize) -> String {
    fit(&line(start(text, most)), most).into_owned()
}

/// Lines of at most so much together.
pub(crate) fn lines_of(text: &str, most: usize) -> String {
    fit(&lines(start(text, most)), most).into_owned()
}

/// One line: noise and runs of space become one space.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| is_noise(c) || c.is_whitespace()) {
        if word.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Lines, without empty ones at the ends and never two empty ones in a row.
pub(crate) fn lines(text: &str) -> String {
    let text = text
        .replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for one in text.split('\n').map(line) {
        if one.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        out.push_str(&one);
    }
    out
}

/// At most `most` UTF-16 code units, with `…` for what is cut.
pub(crate) fn fit(text: &str, most: usize) -> Cow<'_, str> {
    if length(text) <= most {
        return Cow::Borrowed(text);
    }
    Cow::Owned(fit_escaped(text, most, |c, out| out.push(c)))
}

/// The same of what is left when each character is escaped; no escape is cut in two.
pub(crate) fn fit_escaped(text: &str, most: usize, escape: impl Fn(char, &mut String)) -> String {
    let room = most.saturating_sub(MORE.len_utf16());
    let mut out = String::with_capacity(text.len().min(most.saturating_mul(4)));
    // Where a cut would be made, and how much stands before it.
    let (mut cut, mut used) = (0, 0);
    let mut one = String::new();
    for c in text.chars() {
        one.clear();
        escape(c, &mut one);
        used += length(&one);
        if used > most {
            out.truncate(cut);
            let kept = out.trim_end_matches(['\u{200d}', '\u{fe0f}', ' ', '\n']).len();
            out.truncate(kept);
            if MORE.len_utf16() <= most {
                out.push(MORE);
            }
            return out;
        }
        out.push_str(&one);
        if used <= room {
            cut = out.len();
        }
    }
    out
}

/// `&`, `<`, `>` and quotes, for HTML.
pub(crate) fn html(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        c => out.push(c),
    }
}

/// All of a text, escaped.
pub(crate) fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        escape(c, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn noise_is_not_text() {
        assert_eq!(line(" a\r\n\tb\u{0}c \u{202e}d\u{85} "), "a b c d");
        assert_eq!(lines("a\r\n\r\n\r\nb \u{7} \nc\n"), "a\n\nb\nc");
        assert_eq!(lines("\u{2028}a\u{2029}b"), "a\nb");
    }

    #[test]
    fn a_cut_is_told_and_hits_no_character() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdefg", 6), "abcde…");
        assert_eq!(fit("😀😀😀", 5), "😀😀…");
        assert_eq!(fit("😀😀😀", 4), "😀…");
        assert_eq!(fit("👩\u{200d}👩 etc", 4), "👩…");
        assert_eq!(fit_escaped("a<b", 6, html), "a&lt;b");
        assert_eq!(fit_escaped("a<b", 5, html), "a…");
        assert_eq!(fit("abc", 0), "");
    }

    proptest! {
        #[test]
        fn what_is_cut_fits(text in "\\PC{0,80}", most in 0usize..60) {
            let cut = fit(&text, most);
            prop_assert!(length(&cut) <= most);
            if length(&text) <= most {
                prop_assert_eq!(&cut, &text);
            } else if most >= 1 {
                prop_assert!(cut.ends_with(MORE));
                prop_assert!(text.starts_with(cut.trim_end_matches(MORE)));
            }
        }

        #[test]
        fn what_is_escaped_and_cut_fits(text in "[a-z<>&\"'😀é]{0,40}", most in 3usize..60) {
            let cut = fit_escaped(&text, most, html);
            prop_assert!(length(&cut) <= most);
            let all = escaped(&text, html);
            prop_assert!(all == cut || all.starts_with(cut.trim_end_matches(MORE)));
            // No half of an escape.
            prop_assert!(cut.rsplit('&').next().is_none_or(|last| last.contains(';') || !cut.contains('&')));
        }

        #[test]
        fn a_line_is_one(text in any::<String>()) {
            let turns = '\u{202e}';
            let is_noise = |c: char| c.is_control() || c == turns;
            prop_assert_eq!(line(&text).find(is_noise), None);
            prop_assert_eq!(lines(&text).replace('\n', "").find(is_noise), None);
        }
    }
}
