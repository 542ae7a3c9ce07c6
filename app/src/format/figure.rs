//! Figures with a unit: durations of calls, rates, shares, money. The unit stands apart, because it is set smaller.

use super::{NOTHING, fixed};

/// A number and its unit, to be set in two sizes. The unit is empty where the number says it all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// `2.41`
    pub number: String,
    /// `s`
    pub unit: &'static str,
}

impl Figure {
    fn new(number: String, unit: &'static str) -> Figure {
        Figure { number, unit }
    }

    /// "—".
    pub fn nothing() -> Figure {
        Figure {
            number: NOTHING.to_owned(),
            unit: "",
        }
    }

    /// In one piece: a space before a unit, none before `%` and `/s`.
    pub fn text(&self) -> String {
        let gap = if self.unit.is_empty() || self.unit.starts_with(['%', '/']) {
            ""
        } else {
            " "
        };
        [&self.number, gap, self.unit].concat()
    }
}

/// A duration of a call in milliseconds: `612 ms`, `2.41 s`, `12.8 s`, `3.2 min`. From 999.5 ms on it is seconds.
pub fn latency(ms: Option<f64>) -> Figure {
    let Some(ms) = ms else { return Figure::nothing() };
    if ms < 9.95 {
        Figure::new(fixed(ms, 1), "ms")
    } else if ms < 999.5 {
        Figure::new(fixed(ms, 0), "ms")
    } else if ms < 9_995.0 {
        Figure::new(fixed(ms / 1e3, 2), "s")
    } else if ms < 119_950.0 {
        Figure::new(fixed(ms / 1e3, 1), "s")
    } else {
        Figure::new(fixed(ms / 6e4, 1), "min")
    }
}

/// A duration of a call where room is scarce: `612 ms`, `6.8 s`, `31 s`.
pub fn latency_short(ms: Option<f64>) -> String {
    match ms {
        Some(ms) if ms >= 9_950.0 => [&fixed(ms / 1e3, 0), " s"].concat(),
        Some(ms) if ms >= 999.5 => [&fixed(ms / 1e3, 1), " s"].concat(),
        ms => latency(ms).text(),
    }
}

/// Something per second, without the unit: `1,284`, `12.8`, `0.42`, `<0.01`, `0`.
pub fn rate(per_second: f64) -> String {
    match per_second {
        v if v <= 0.0 => "0".to_owned(),
        v if v < 0.005 => "<0.01".to_owned(),
        v if v < 0.995 => fixed(v, 2),
        v if v < 99.95 => fixed(v, 1),
        v => fixed(v, 0),
    }
}

/// Tokens per second with the thousands in the unit: `48.1 k/s`, `1.2 M/s`, `812 /s`.
pub fn tokens_rate(per_second: Option<f64>) -> Figure {
    match per_second {
        None => Figure::nothing(),
        Some(v) if v < 999.5 => Figure::new(rate(v), "/s"),
        Some(v) if v < 999_950.0 => Figure::new(fixed(v / 1e3, 1), "k/s"),
        Some(v) => Figure::new(fixed(v / 1e6, 1), "M/s"),
    }
}

/// A share as a reader of a fuse needs it: `0.2%`, `4.1%`, `11%`, `62%`. A little is never shown as nothing and almost
/// all never as all.
pub fn percent(fraction: Option<f64>) -> String {
    let Some(fraction) = fraction else {
        return NOTHING.to_owned();
    };
    match fraction * 100.0 {
        p if p <= 0.0 => "0.0%".to_owned(),
        p if p < 0.05 => "<0.1%".to_owned(),
        p if p < 9.95 => [&fixed(p, 1), "%"].concat(),
        p if (99.5..100.0).contains(&p) => ">99%".to_owned(),
        p => [&fixed(p, 0), "%"].concat(),
    }
}

/// A share to the hundredth of a percent, the sign as the unit: `99.21` `%`. Anything under 1 stays under `100`.
pub fn percent_fine(fraction: Option<f64>) -> Figure {
    let Some(fraction) = fraction else {
        return Figure::nothing();
    };
    if fraction >= 1.0 {
        return Figure::new("100".to_owned(), "%");
    }
    Figure::new(fixed((fraction * 100.0).clamp(0.0, 99.99), 2), "%")
}

/// US dollars: `$0`, `$0.0031`, `$0.42`, `$24.80`, `$291`, `$1,284`.
pub fn money(dollars: Option<f64>) -> String {
    let Some(dollars) = dollars else {
        return NOTHING.to_owned();
    };
    let amount = match dollars {
        v if v <= 0.0 => "0".to_owned(),
        v if v < 0.000_05 => return "<$0.0001".to_owned(),
        v if v < 0.099_95 => fixed(v, 4),
        v if v < 99.995 => fixed(v, 2),
        v => fixed(v, 0),
    };
    ["$", &amount].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency_text(ms: f64) -> String {
        latency(Some(ms)).text()
    }

    #[test]
    fn latency_changes_its_unit_without_a_seam() {
        assert_eq!(latency(None).text(), "—");
        assert_eq!(latency_text(0.0), "0.0 ms");
        assert_eq!(latency_text(8.04), "8.0 ms");
        assert_eq!(latency_text(612.0), "612 ms");
        assert_eq!(latency_text(999.4), "999 ms");
        assert_eq!(latency_text(999.6), "1.00 s", "never 1000 ms");
        assert_eq!(latency_text(2_410.0), "2.41 s");
        assert_eq!(latency_text(9_994.0), "9.99 s");
        assert_eq!(latency_text(9_996.0), "10.0 s");
        assert_eq!(latency_text(192_000.0), "3.2 min");
    }

    #[test]
    fn short_latency_has_one_decimal_at_most() {
        assert_eq!(latency_short(None), "—");
        assert_eq!(latency_short(Some(612.0)), "612 ms");
        assert_eq!(latency_short(Some(999.6)), "1.0 s");
        assert_eq!(latency_short(Some(6_800.0)), "6.8 s");
        assert_eq!(latency_short(Some(9_960.0)), "10 s");
    }

    #[test]
    fn rates_keep_a_tiny_one_apart_from_none() {
        assert_eq!(rate(0.0), "0");
        assert_eq!(rate(0.001), "<0.01");
        assert_eq!(rate(0.42), "0.42");
        assert_eq!(rate(0.996), "1.0");
        assert_eq!(rate(12.84), "12.8");
        assert_eq!(rate(1_284.3), "1,284");
    }

    #[test]
    fn tokens_carry_the_thousands_in_the_unit() {
        assert_eq!(tokens_rate(Some(812.0)).text(), "812/s");
        assert_eq!(tokens_rate(Some(48_100.0)).text(), "48.1 k/s");
        assert_eq!(tokens_rate(Some(999_960.0)).text(), "1.0 M/s");
        assert_eq!(tokens_rate(None).text(), "—");
    }

    #[test]
    fn percentages_have_no_space_and_no_false_ends() {
        assert_eq!(percent(None), "—");
        assert_eq!(percent(Some(0.0)), "0.0%");
        assert_eq!(percent(Some(0.0001)), "<0.1%");
        assert_eq!(percent(Some(0.002)), "0.2%");
        assert_eq!(percent(Some(0.0996)), "10%");
        assert_eq!(percent(Some(0.62)), "62%");
        assert_eq!(percent(Some(0.998)), ">99%");
        assert_eq!(percent(Some(1.0)), "100%");
    }

    #[test]
    fn success_under_one_is_never_a_hundred() {
        assert_eq!(percent_fine(Some(0.9921)).text(), "99.21%");
        assert_eq!(percent_fine(Some(0.999_99)).text(), "99.99%");
        assert_eq!(percent_fine(Some(1.0)).text(), "100%");
        assert_eq!(percent_fine(Some(0.0)).text(), "0.00%");
        assert_eq!(percent_fine(None).text(), "—");
    }

    #[test]
    fn money_shows_what_matters() {
        assert_eq!(money(None), "—");
        assert_eq!(money(Some(0.0)), "$0");
        assert_eq!(money(Some(0.000_01)), "<$0.0001");
        assert_eq!(money(Some(0.0031)), "$0.0031");
        assert_eq!(money(Some(0.42)), "$0.42");
        assert_eq!(money(Some(24.8)), "$24.80");
        assert_eq!(money(Some(99.996)), "$100");
        assert_eq!(money(Some(1_291.4)), "$1,291");
    }
}
