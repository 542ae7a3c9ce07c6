//! What could come next in a filter: keys, then the values that a key has lately.

use protocol::view::KnownValues;

/// So many are offered at once.
const MOST: usize = 8;

/// Something to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What is offered.
    pub shown: String,
    /// The whole filter with it.
    pub text: String,
    /// The term is complete with it.
    pub complete: bool,
}

/// What could come next, behind what is written.
pub fn suggest(text: &str, known: &[KnownValues]) -> Vec<Suggestion> {
    let (head, word) = text.split_at(last_word(text));
    let found: Vec<Suggestion> = match word.split_once(':') {
        None => {
            let keys = known.iter().filter(|known| known.key.starts_with(word));
            let key = |known: &KnownValues| Suggestion {
                shown: [&known.key, ":"].concat(),
                text: [head, &known.key, ":"].concat(),
                complete: false,
            };
            keys.take(MOST).map(key).collect()
        }
        Some((key, given)) => {
            let Some(known) = known.iter().find(|known| known.key == key) else {
                return Vec::new();
            };
            let bare = given.trim_start_matches(['!', '~']);
            let sign = &given[..given.len() - bare.len()];
            let sought = bare.trim_matches('"').to_lowercase();
            let values = known.values.iter();
            let values = values.filter(|value| value.to_lowercase().contains(&sought));
            let value = |value: &String| Suggestion {
                shown: value.clone(),
                text: [head, key, ":", sign, &quoted(value), " "].concat(),
                complete: true,
            };
            values.take(MOST).map(value).collect()
        }
    };
    // What is already there needs no offer.
    found
        .into_iter()
        .filter(|one| one.text.trim_end() != text.trim_end() || text.is_empty())
        .collect()
}

/// Where the last word begins; what is in quotes is one word.
fn last_word(text: &str) -> usize {
    let (mut start, mut quoted) = (0, false);
    for (at, letter) in text.char_indices() {
        if letter == '"' {
            quoted = !quoted;
        } else if letter.is_whitespace() && !quoted {
            start = at + letter.len_utf8();
        }
    }
    start
}

fn quoted(value: &str) -> String {
    let bare = |letter: char| !letter.is_whitespace() && letter != '"';
    if !value.is_empty() && !value.starts_with(['!', '~']) && value.chars().all(bare) {
        return value.to_owned();
    }
    ["\"", &value.replace('\\', "\\\\").replace('"', "\\\""), "\""].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(text: &str) -> Vec<String> {
        let known = |key: &str, values: &[&str]| KnownValues {
            key: key.into(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let known = [
            known("provider", &["anthropic", "openai"]),
            known("model", &["gpt-5", "my model", "!odd"]),
        ];
        suggest(text, &known).into_iter().map(|one| one.text).collect()
    }

    #[test]
    fn keys_come_first_then_values() {
        assert_eq!(offered(""), ["provider:", "model:"]);
        assert_eq!(offered("pro"), ["provider:"]);
        assert_eq!(offered("provider:"), ["provider:anthropic ", "provider:openai "]);
        assert_eq!(offered("provider:OPEN"), ["provider:openai "]);
        assert_eq!(offered("provider:openai mo"), ["provider:openai model:"]);
        assert_eq!(
            offered("provider:openai "),
            ["provider:openai provider:", "provider:openai model:"]
        );
        assert!(offered("nonsense:x").is_empty());
        assert!(offered("provider:openai").is_empty(), "it is there");
    }

    #[test]
    fn signs_stay_and_odd_values_are_quoted() {
        assert_eq!(offered("model:!gpt"), ["model:!gpt-5 "]);
        assert_eq!(offered("model:my"), ["model:\"my model\" "]);
        assert_eq!(offered("model:\"my m"), ["model:\"my model\" "]);
        assert_eq!(offered("model:odd"), ["model:\"!odd\" "]);
    }
}
