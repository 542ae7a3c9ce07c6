//! What the page says.

use protocol::Level;
use protocol::view::ProviderPage;

use crate::{
    features::bar::Sentence,
    format::{NOTHING, grouped, latency, money, percent, percent_fine, tokens_rate},
};

/// The sentence of the bar. `old` figures prove nothing.
pub fn sentence(figures: Option<&ProviderPage>, old: bool, nobody: bool) -> Sentence {
    let say = |level, lead: String, rest: String| Sentence { level, lead, rest };
    let Some(figures) = figures else {
        let lead = match (nobody, old) {
            (true, _) => "No such provider.",
            (false, true) => "No figures.",
            (false, false) => "Asking for the figures.",
        };
        return say(None, lead.to_owned(), String::new());
    };
    if old {
        return say(
            Some(Level::Unknown),
            "Figures are out of date.".to_owned(),
            String::new(),
        );
    }
    let row = &figures.row;
    let name = &row.name[..];
    let lead = match (row.said.level, row.said.words.as_str()) {
        (Level::Act, _) => [name, " is failing."].concat(),
        (Level::Attention, "slow") => [name, " is slow."].concat(),
        (Level::Attention, _) => [name, " needs a look."].concat(),
        (Level::Ok, _) => [name, " is ok."].concat(),
        (Level::Unknown, words) => [name, ": ", words, "."].concat(),
    };
    let rest = match (row.said.level, row.breakers_open) {
        (Level::Act | Level::Attention, 0) if row.said.words != "slow" => {
            [&row.said.words[..], " over the last 5 min."].concat()
        }
        (_, 0) => String::new(),
        (_, 1) => "1 of its breakers is open.".to_owned(),
        (_, open) => format!("{open} of its breakers are open."),
    };
    say(Some(row.said.level), lead, rest)
}

/// "1,284 attempts, 3 models".
pub fn attempts(figures: &ProviderPage) -> String {
    let count = grouped(figures.row.attempts);
    let models = crate::features::providers::models(&figures.row);
    match models.is_empty() {
        true => [&count[..], " attempts"].concat(),
        false => [&count[..], " attempts, ", &models].concat(),
    }
}

/// What users felt.
pub fn answered(figures: &ProviderPage) -> String {
    percent_fine(figures.answered).text()
}

/// Of attempts; as fine as what users felt beside it.
pub fn attempt_success(figures: &ProviderPage) -> String {
    percent_fine(figures.row.success).text()
}

/// A duration.
pub fn time(ms: Option<f64>) -> String {
    latency(ms).text()
}

/// Something per second.
pub fn rate(per_second: Option<f64>) -> String {
    match per_second {
        Some(rate) if rate < 1_000.0 => crate::format::rate(rate),
        rate => tokens_rate(rate).text(),
    }
}

/// Known costs; "≥" where some calls have no price.
pub fn spent(figures: &ProviderPage) -> String {
    match (figures.spent, figures.row.unpriced) {
        (Some(_), Some(_)) => ["≥ ", &money(figures.spent)].concat(),
        (spent, _) => money(spent),
    }
}

/// "120, 3.1%"
pub fn retries(figures: &ProviderPage) -> String {
    share(figures.retries, figures.row.attempts)
}

/// "120, 3.1%"
pub fn refused(figures: &ProviderPage) -> String {
    share(figures.refused, figures.row.attempts + figures.refused)
}

fn share(count: u64, of: u64) -> String {
    match (count, of) {
        (_, 0) => NOTHING.to_owned(),
        (0, _) => "0".to_owned(),
        (count, of) => [
            &grouped(count)[..],
            ", ",
            &percent(Some(count as f64 / of as f64)),
        ]
        .concat(),
    }
}

/// Its answers that stood in for another.
pub fn stand_in(figures: &ProviderPage) -> String {
    match figures.stand_in {
        Some(0.0) => "0".to_owned(),
        share => percent(share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_share() {
        assert_eq!(share(120, 4_000), "120, 3.0%");
        assert_eq!((share(0, 5), share(0, 0)), ("0".to_owned(), "—".to_owned()));
    }
}
