//! What the page says: one sentence on top, and the words of cells.

use protocol::Level;
use protocol::view::{ProviderRow, Providers};

use crate::{
    features::bar::Sentence,
    format::{Figure, NOTHING, grouped, money, percent},
};

/// The sentence of the bar. `old` figures prove nothing.
pub fn sentence(figures: Option<&Providers>, old: bool) -> Sentence {
    let Some(figures) = figures else {
        let lead = if old {
            "No figures."
        } else {
            "Asking for the figures."
        };
        return say(None, lead, String::new());
    };
    if old {
        return say(Some(Level::Unknown), "Figures are out of date.", String::new());
    }
    if figures.rows.is_empty() {
        return say(None, "No provider has been called.", String::new());
    }
    let with = |level: Level| -> Vec<&ProviderRow> {
        figures
            .rows
            .iter()
            .filter(|row| row.said.level == level)
            .collect()
    };
    let (act, attention, ok) = (with(Level::Act), with(Level::Attention), with(Level::Ok));
    let failing = |rows: &[&ProviderRow]| match rows {
        [one] => [&one.name, " is failing."].concat(),
        rows => [&named(rows), " are failing."].concat(),
    };
    let shaky = |rows: &[&ProviderRow]| match rows {
        [one] if one.said.words == "slow" => [&one.name, " is slow."].concat(),
        [one] => [&one.name, " needs a look."].concat(),
        rows if rows.iter().all(|row| row.said.words == "slow") => [&named(rows), " are slow."].concat(),
        rows => [&named(rows), " need a look."].concat(),
    };
    match (act.as_slice(), attention.as_slice()) {
        ([one], []) => say(Some(Level::Act), failing(&act), now(one)),
        ([_, ..], []) => say(Some(Level::Act), failing(&act), String::new()),
        ([_, ..], rows) => say(Some(Level::Act), failing(&act), shaky(rows)),
        ([], [one]) => say(Some(Level::Attention), shaky(&attention), now(one)),
        ([], [_, ..]) => say(Some(Level::Attention), shaky(&attention), String::new()),
        ([], []) if figures.rows.iter().all(|row| row.said.words == "no calls") => say(
            Some(Level::Unknown),
            "No calls over the last 5 min.",
            String::new(),
        ),
        ([], []) if ok.is_empty() => say(Some(Level::Unknown), "Too few calls to tell.", String::new()),
        ([], []) if ok.len() == figures.rows.len() => {
            say(Some(Level::Ok), "All providers ok.", String::new())
        }
        ([], []) => {
            let rest = format!("Too few calls to tell of {}.", figures.rows.len() - ok.len());
            say(Some(Level::Ok), format!("{} ok.", counted(ok.len())), rest)
        }
    }
}

/// "38% ok over the last 5 min."; nothing where the lead has said it.
fn now(row: &ProviderRow) -> String {
    match row.said.words.as_str() {
        "slow" => String::new(),
        words => {
            let mut chars = words.chars();
            let first: String = chars
                .next()
                .map(|c| c.to_uppercase().collect())
                .unwrap_or_default();
            [&first, chars.as_str(), " over the last 5 min."].concat()
        }
    }
}

fn named(rows: &[&ProviderRow]) -> String {
    match rows {
        [one, other] => [&one.name, " and ", &other.name].concat(),
        rows => counted(rows.len()),
    }
}

fn counted(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} provider{plural}")
}

fn say(level: Option<Level>, lead: impl Into<String>, rest: String) -> Sentence {
    Sentence {
        level,
        lead: lead.into(),
        rest,
    }
}

/// "3 models"; nothing where there are none, or too many to count.
pub fn models(row: &ProviderRow) -> String {
    match row.models {
        None | Some(0) => String::new(),
        Some(1) => "1 model".to_owned(),
        Some(count) => format!("{count} models"),
    }
}

/// Success as a table needs it: two digits after the nines begin, "99.97%", "91.2%", "100%".
pub fn success(row: &ProviderRow) -> String {
    let figure = crate::format::percent_fine(row.success);
    match row.success {
        Some(share) if share < 0.99 => tenths(&figure),
        _ => figure.text(),
    }
}

/// 91.23% as 91.2%: cut, not rounded, so that nothing looks better than it is.
fn tenths(figure: &Figure) -> String {
    let number = figure.number.strip_suffix(|digit: char| digit.is_ascii_digit());
    [number.unwrap_or(&figure.number), figure.unit].concat()
}

/// Per thousand answers; "≥" where some calls have no price.
pub(super) fn cost(row: &ProviderRow) -> String {
    match (row.cost_per_1k, row.unpriced) {
        (None, _) => NOTHING.to_owned(),
        (cost, Some(_)) => ["≥ ", &money(cost)].concat(),
        (cost, None) => money(cost),
    }
}

/// What a figure of cost leaves out, for `title`; nothing where it is whole.
pub(super) fn cost_title(row: &ProviderRow) -> String {
    match (row.unpriced, row.cost_per_1k) {
        (None, _) => String::new(),
        (_, None) => "No call has a price".to_owned(),
        (unpriced, _) => [&percent(unpriced), " of calls with tokens have no price"].concat(),
    }
}

/// "1 of 3 open", "3"; a dash where there are none.
pub(super) fn breakers(row: &ProviderRow) -> String {
    match (row.breakers_open, row.breakers) {
        (_, 0) => NOTHING.to_owned(),
        (0, all) => grouped(all.into()),
        (open, all) => format!("{open} of {all} open"),
    }
}

/// What a strip shows, for those who listen: "ok in 46 of 48 parts, 2 failing".
pub fn strip(row: &ProviderRow) -> String {
    let count = |letter: char| row.strip.matches(letter).count();
    let mut words = format!("ok in {} of {} parts", count('k'), row.strip.len());
    for (letter, what) in [
        ('x', "failing"),
        ('a', "shaky"),
        ('u', "too few to tell"),
        ('-', "without calls"),
    ] {
        match count(letter) {
            0 => {}
            some => words.push_str(&format!(", {some} {what}")),
        }
    }
    words
}

#[cfg(test)]
pub(super) mod tests {
    use protocol::view::CallsSay;

    use super::*;

    pub fn row(name: &str, level: Level, words: &str) -> ProviderRow {
        ProviderRow {
            id: "p_0000000000000001".into(),
            name: name.into(),
            said: CallsSay {
                level,
                words: words.into(),
            },
            models: Some(2),
            attempts: 100,
            rate: Some(1.0),
            success: Some(0.999),
            success_level: Some(Level::Ok),
            p50_ms: Some(400.0),
            p95_ms: Some(900.0),
            p99_ms: Some(1_900.0),
            ttft_p95_ms: None,
            tokens_per_second: None,
            cost_per_1k: Some(2.9),
            unpriced: None,
            breakers: 3,
            breakers_open: 0,
            strip: "k".repeat(48),
        }
    }

    fn said(rows: Vec<ProviderRow>) -> (Option<Level>, String) {
        let figures = Providers {
            rows,
            ..Providers::default()
        };
        let Sentence { level, lead, rest } = sentence(Some(&figures), false);
        (level, [&lead, " ", &rest].concat().trim_end().to_owned())
    }

    #[test]
    fn the_sentence_names_who_is_failing() {
        use Level::{Act, Attention, Ok, Unknown};
        let a = || row("anthropic", Act, "38% ok");
        let g = || row("google", Attention, "slow");
        let m = || row("mistral", Attention, "97% ok");
        let o = || row("openai", Ok, "ok");
        let u = || row("unused", Unknown, "no calls");
        for (rows, level, words) in [
            (
                vec![a(), o()],
                Act,
                "anthropic is failing. 38% ok over the last 5 min.",
            ),
            (
                vec![row("x", Act, "all refused")],
                Act,
                "x is failing. All refused over the last 5 min.",
            ),
            (vec![a(), g(), o()], Act, "anthropic is failing. google is slow."),
            (vec![a(), a()], Act, "anthropic and anthropic are failing."),
            (
                vec![a(), a(), a(), g(), m()],
                Act,
                "3 providers are failing. google and mistral need a look.",
            ),
            (vec![g(), o()], Attention, "google is slow."),
            (
                vec![m(), o()],
                Attention,
                "mistral needs a look. 97% ok over the last 5 min.",
            ),
            (vec![g(), g(), g()], Attention, "3 providers are slow."),
            (vec![o(), o()], Ok, "All providers ok."),
            (vec![o(), u()], Ok, "1 provider ok. Too few calls to tell of 1."),
            (
                vec![u(), row("few", Unknown, "few calls")],
                Unknown,
                "Too few calls to tell.",
            ),
            (vec![u(), u()], Unknown, "No calls over the last 5 min."),
        ] {
            assert_eq!(said(rows), (Some(level), words.to_owned()));
        }
        assert_eq!(said(vec![]), (None, "No provider has been called.".to_owned()));
        let old = sentence(Some(&Providers::default()), true);
        assert_eq!(old.level, Some(Unknown), "old figures are never green");
    }

    #[test]
    fn cells_say_what_is_known() {
        let mut row = row("a", Level::Ok, "ok");
        let words = |row: &ProviderRow| [success(row), cost(row), breakers(row), models(row)];
        assert_eq!(words(&row), ["99.90%", "$2.90", "3", "2 models"]);
        (row.success, row.unpriced, row.breakers_open, row.models) = (Some(0.9199), Some(0.02), 1, Some(1));
        assert_eq!(words(&row), ["91.9%", "≥ $2.90", "1 of 3 open", "1 model"]);
        assert_eq!(cost_title(&row), "2.0% of calls with tokens have no price");
        (row.success, row.cost_per_1k, row.breakers, row.models) = (None, None, 0, None);
        assert_eq!(words(&row), ["—", "—", "—", ""]);
        row.success = Some(1.0);
        assert_eq!(success(&row), "100%");
    }

    #[test]
    fn a_strip_can_be_heard() {
        let mut row = row("a", Level::Ok, "ok");
        assert_eq!(strip(&row), "ok in 48 of 48 parts");
        row.strip = ["-".repeat(40), "kkkkxxau".to_owned()].concat();
        assert_eq!(
            strip(&row),
            "ok in 4 of 48 parts, 2 failing, 1 shaky, 1 too few to tell, 40 without calls"
        );
    }
}
