//! The six key figures in words: which unit each has, how its change reads, and whether that change is good news.

use protocol::view::{Kpi, KpiId};

use super::{Figure, MINUS, fixed, latency, money, percent, percent_fine, rate, tokens_rate};

/// A change of latency under this share is noise and stays grey.
const NOTABLE_LATENCY: f64 = 0.10;
/// A change of success under this difference of fractions (a tenth of a point) stays grey.
const NOTABLE_SUCCESS: f64 = 0.001;

/// What a change means to those who use the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Neither, or too little to say.
    Plain,
    /// Better than before.
    Good,
    /// Worse than before.
    Bad,
}

impl Tone {
    /// The name in the style sheet.
    pub const fn as_str(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Bad => "bad",
        }
    }
}

/// A key figure ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KpiText {
    /// The value.
    pub figure: Figure,
    /// What is to be known before believing the value.
    pub about: Option<String>,
    /// Against an hour ago, or the pace of spending; empty when there is no history.
    pub change: String,
    /// The colour of `change`.
    pub tone: Tone,
}

/// Its name on screen.
pub const fn kpi_name(id: KpiId) -> &'static str {
    match id {
        KpiId::Requests => "Requests",
        KpiId::Success => "Success",
        KpiId::LatencyP95 => "Latency p95",
        KpiId::TtftP95 => "First token p95",
        KpiId::TokensOut => "Tokens out",
        KpiId::SpendToday => "Spend today",
    }
}

/// The words of one key figure.
pub fn kpi_text(kpi: &Kpi) -> KpiText {
    let unpriced = kpi.unpriced.filter(|share| *share > 0.0 && kpi.value.is_some());
    let figure = match kpi.id {
        KpiId::Requests => match kpi.value {
            Some(value) => Figure {
                number: rate(value),
                unit: "/s",
            },
            None => Figure::nothing(),
        },
        KpiId::Success => percent_fine(kpi.value),
        KpiId::LatencyP95 | KpiId::TtftP95 => latency(kpi.value),
        KpiId::TokensOut => tokens_rate(kpi.value),
        KpiId::SpendToday => Figure {
            number: match unpriced {
                // At least so much: what has no price is not in it.
                Some(_) => ["≥ ", &money(kpi.value)].concat(),
                None => money(kpi.value),
            },
            unit: "",
        },
    };
    let about = unpriced.map(|share| [&percent(Some(share)), " of calls with tokens have no price"].concat());
    let (change, tone) = match (kpi.id, kpi.change) {
        (_, None) => (String::new(), Tone::Plain),
        (KpiId::SpendToday, Some(per_hour)) => ([&money(Some(per_hour)), " /h"].concat(), Tone::Plain),
        (KpiId::Success, Some(difference)) => (
            [&signed(difference * 100.0, 2), " pt"].concat(),
            tone(-difference, NOTABLE_SUCCESS),
        ),
        (KpiId::LatencyP95 | KpiId::TtftP95, Some(change)) => {
            ([&relative(change), "%"].concat(), tone(change, NOTABLE_LATENCY))
        }
        (KpiId::Requests, Some(change)) => ([&relative(change), "% vs. hour ago"].concat(), Tone::Plain),
        (KpiId::TokensOut, Some(change)) => ([&relative(change), "%"].concat(), Tone::Plain),
    };
    KpiText {
        figure,
        about,
        change,
        tone,
    }
}

/// Up is bad: pass the negative of what is good when it rises.
fn tone(rise: f64, notable: f64) -> Tone {
    if rise >= notable {
        Tone::Bad
    } else if rise <= -notable {
        Tone::Good
    } else {
        Tone::Plain
    }
}

/// A relative change in whole percent; beyond tenfold nobody reads the digits.
fn relative(change: f64) -> String {
    if change > 9.99 {
        ">+999".to_owned()
    } else {
        signed(change * 100.0, 0)
    }
}

fn signed(value: f64, decimals: u32) -> String {
    let text = fixed(value, decimals);
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    match text.starts_with(MINUS) {
        true => text,
        false if zero => ["±", &text].concat(),
        false => ["+", &text].concat(),
    }
}

#[cfg(test)]
mod tests {
    use protocol::Level;

    use super::*;

    fn text(id: KpiId, value: Option<f64>, change: Option<f64>) -> KpiText {
        kpi_text(&Kpi {
            id,
            value,
            change,
            level: Level::Ok,
            spark: Vec::new(),
            unpriced: None,
        })
    }

    #[test]
    fn without_data_there_is_a_dash_and_no_change() {
        for id in [
            KpiId::Requests,
            KpiId::Success,
            KpiId::LatencyP95,
            KpiId::TokensOut,
            KpiId::SpendToday,
        ] {
            let words = text(id, None, None);
            assert_eq!(words.figure.number, "—");
            assert_eq!((words.figure.unit, words.change.as_str()), ("", ""));
        }
    }

    #[test]
    fn changes_read_as_drawn() {
        assert_eq!(
            text(KpiId::Requests, Some(1_284.0), Some(0.03)).change,
            "+3% vs. hour ago"
        );
        assert_eq!(
            text(KpiId::Success, Some(0.9921), Some(-0.0061)).change,
            "−0.61 pt"
        );
        assert_eq!(text(KpiId::LatencyP95, Some(2_410.0), Some(0.38)).change, "+38%");
        assert_eq!(
            text(KpiId::SpendToday, Some(291.0), Some(24.8)).change,
            "$24.80 /h"
        );
        assert_eq!(text(KpiId::TokensOut, Some(48_100.0), Some(0.0)).change, "±0%");
        assert_eq!(
            text(KpiId::Requests, Some(9.0), Some(50.0)).change,
            ">+999% vs. hour ago"
        );
    }

    #[test]
    fn colour_follows_meaning_and_only_when_notable() {
        assert_eq!(text(KpiId::LatencyP95, Some(1.0), Some(0.38)).tone, Tone::Bad);
        assert_eq!(text(KpiId::LatencyP95, Some(1.0), Some(-0.38)).tone, Tone::Good);
        assert_eq!(text(KpiId::LatencyP95, Some(1.0), Some(0.02)).tone, Tone::Plain);
        assert_eq!(text(KpiId::Success, Some(1.0), Some(-0.0061)).tone, Tone::Bad);
        assert_eq!(text(KpiId::Success, Some(1.0), Some(0.0061)).tone, Tone::Good);
        assert_eq!(text(KpiId::Requests, Some(1.0), Some(5.0)).tone, Tone::Plain);
    }

    #[test]
    fn a_sum_without_all_prices_is_a_least() {
        let mut kpi = Kpi {
            id: KpiId::SpendToday,
            value: Some(291.0),
            change: Some(24.8),
            level: Level::Ok,
            spark: Vec::new(),
            unpriced: Some(0.02),
        };
        let text = kpi_text(&kpi);
        assert_eq!(text.figure.number, "≥ $291");
        assert_eq!(
            text.about.as_deref(),
            Some("2.0% of calls with tokens have no price")
        );
        kpi.unpriced = Some(0.0);
        assert_eq!(kpi_text(&kpi).figure.number, "$291");
        (kpi.value, kpi.unpriced) = (None, Some(1.0));
        assert_eq!(kpi_text(&kpi).figure.number, "—");
    }
}
