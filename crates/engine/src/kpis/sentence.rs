//! The period in one sentence or two: what customers got against what was promised, then what saved it or what is missing.
//!
//! Deliberately absent: spend against plan. It stands here as soon as there are plans.

use protocol::view::Said;

/// Fewer requests than that are too few to judge anything by.
const FEW: u64 = 100;
/// Under the promise by no more than this is "just under".
const JUST: f64 = 0.001;

/// What the sentence is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    /// Anything ever came.
    pub ever: bool,
    /// The period: "November so far".
    pub words: &'a str,
    /// Calls that count.
    pub calls: u64,
    /// Requests that *answered* is a share of.
    pub requests: u64,
    pub answered: Option<f64>,
    pub target: Option<f64>,
    pub saved: u64,
    /// Hours of which nothing is known though something should be.
    pub missing_hours: u64,
}

/// The sentence.
pub(super) fn of(facts: &Facts<'_>) -> Vec<Said> {
    let mut said = Words::default();
    if !facts.ever {
        said.plain("Nothing has come in yet, so there is nothing to tell.");
        return said.0;
    }
    let Some(answered) = facts.answered.filter(|_| facts.requests > 0) else {
        let what = match facts.calls {
            0 => "No calls came in this period",
            _ => "No requests came in this period that count",
        };
        said.plain(&format!(
            "{what} ({}), so nothing can be said about it.",
            facts.words
        ));
        missing(&mut said, facts.missing_hours, " ");
        return said.0;
    };
    if facts.requests < FEW {
        let requests = match facts.requests {
            1 => "1 request".to_owned(),
            requests => format!("{requests} requests"),
        };
        said.plain("Customers got an answer to ");
        said.strong(&share(answered, facts.target));
        said.plain(&format!(" of {requests}, too few to judge"));
        match facts.target {
            Some(target) => said.plain(&format!(" the {} promise by.", promise(target))),
            None => said.plain(" anything by."),
        }
    } else {
        said.plain("Customers got an answer ");
        said.strong(&share(answered, facts.target));
        said.plain(" of the time");
        if let Some(target) = facts.target {
            let promise = promise(target);
            let short = target - answered;
            match short {
                short if short <= 0.0 => said.plain(&format!(", keeping the {promise} promise")),
                short if short <= JUST => said.plain(&format!(", just under the {promise} promise")),
                short => said.plain(&format!(
                    ", short of the {promise} promise by {} points",
                    trimmed(short * 100.0)
                )),
            }
        }
        said.plain(".");
    }
    match facts.saved {
        0 => missing(&mut said, facts.missing_hours, " "),
        saved => {
            said.plain(" Fallback saved ");
            said.strong(&thousands(saved));
            said.plain(match saved {
                1 => " call that would have failed",
                _ => " calls that would have failed",
            });
            match facts.missing_hours {
                0 => said.plain("."),
                hours => said.plain(&format!("; nothing is known of {}.", hours_of(hours))),
            }
        }
    }
    said.0
}

fn missing(said: &mut Words, hours: u64, before: &str) {
    if hours > 0 {
        said.plain(&format!("{before}Nothing is known of {} of it.", hours_of(hours)));
    }
}

fn hours_of(hours: u64) -> String {
    match hours {
        1 => "1 hour".to_owned(),
        hours => format!("{} hours", thousands(hours)),
    }
}

#[derive(Default)]
struct Words(Vec<Said>);

impl Words {
    fn plain(&mut self, words: &str) {
        match self.0.last_mut() {
            Some(last) if !last.strong => last.words.push_str(words),
            _ => self.add(words, false),
        }
    }

    fn strong(&mut self, words: &str) {
        self.add(words, true);
    }

    fn add(&mut self, words: &str, strong: bool) {
        let words = words.to_owned();
        self.0.push(Said { words, strong });
    }
}

/// A share in percent. Never rounded up to the promise, nor to all of it.
fn share(value: f64, target: Option<f64>) -> String {
    let percent = value * 100.0;
    let rounded = (percent * 100.0).round() / 100.0;
    let missed = |limit: f64| percent < limit && rounded >= limit;
    let shown = match missed(100.0) || target.is_some_and(|target| missed(target * 100.0)) {
        true => (percent * 100.0).floor() / 100.0,
        false => rounded,
    };
    match shown {
        100.0 => "100%".to_owned(),
        shown => format!("{shown:.2}%"),
    }
}

/// A promise as it was made: "99.5%".
fn promise(target: f64) -> String {
    format!("{}%", trimmed(target * 100.0))
}

/// At most three decimals, and no more than it takes.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// With commas: "18,204".
fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Facts<'_> = Facts {
        ever: true,
        words: "November so far",
        calls: 3_100_000,
        requests: 3_000_000,
        answered: Some(0.9946),
        target: Some(0.995),
        saved: 18_204,
        missing_hours: 0,
    };

    #[track_caller]
    fn says(facts: Facts<'_>, expected: &str) {
        let said = of(&facts);
        let text: String = said.iter().map(|piece| piece.words.as_str()).collect();
        assert_eq!(text, expected);
    }

    #[test]
    fn the_sentences() {
        says(
            USUAL,
            "Customers got an answer 99.46% of the time, just under the 99.5% promise. Fallback saved 18,204 calls that \
             would have failed.",
        );
        says(
            Facts { ever: false, ..USUAL },
            "Nothing has come in yet, so there is nothing to tell.",
        );
        let nothing = Facts {
            calls: 0,
            requests: 0,
            answered: None,
            saved: 0,
            ..USUAL
        };
        says(
            nothing,
            "No calls came in this period (November so far), so nothing can be said about it.",
        );
        says(
            Facts {
                missing_hours: 512,
                ..nothing
            },
            "No calls came in this period (November so far), so nothing can be said about it. Nothing is known of 512 \
             hours of it.",
        );
        says(
            Facts {
                answered: Some(0.999_1),
                saved: 0,
                ..USUAL
            },
            "Customers got an answer 99.91% of the time, keeping the 99.5% promise.",
        );
        says(
            Facts {
                answered: Some(1.0),
                saved: 1,
                ..USUAL
            },
            "Customers got an answer 100% of the time, keeping the 99.5% promise. Fallback saved 1 call that would have \
             failed.",
        );
        says(
            Facts {
                answered: Some(0.98),
                saved: 0,
                ..USUAL
            },
            "Customers got an answer 98.00% of the time, short of the 99.5% promise by 1.5 points.",
        );
        says(
            Facts {
                answered: Some(0.98),
                target: None,
                saved: 0,
                ..USUAL
            },
            "Customers got an answer 98.00% of the time.",
        );
        says(
            Facts {
                requests: 42,
                answered: Some(0.976),
                saved: 0,
                ..USUAL
            },
            "Customers got an answer to 97.60% of 42 requests, too few to judge the 99.5% promise by.",
        );
        says(
            Facts {
                missing_hours: 12,
                ..USUAL
            },
            "Customers got an answer 99.46% of the time, just under the 99.5% promise. Fallback saved 18,204 calls that \
             would have failed; nothing is known of 12 hours.",
        );
        says(
            Facts {
                missing_hours: 1,
                saved: 0,
                ..USUAL
            },
            "Customers got an answer 99.46% of the time, just under the 99.5% promise. Nothing is known of 1 hour of it.",
        );
    }

    #[test]
    fn nothing_is_rounded_up_to_what_it_did_not_reach() {
        assert_eq!(share(0.999_999, None), "99.99%");
        assert_eq!(share(0.994_999, Some(0.995)), "99.49%");
        assert_eq!(share(0.995_04, Some(0.995)), "99.50%");
    }

    #[test]
    fn figures_are_strong() {
        let strong: Vec<String> = of(&USUAL)
            .into_iter()
            .filter(|piece| piece.strong)
            .map(|piece| piece.words)
            .collect();
        assert_eq!(strong, ["99.46%", "18,204"]);
    }
}
