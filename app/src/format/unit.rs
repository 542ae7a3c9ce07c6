//! A value of a metric by its unit: in full for tables and tooltips, in few letters for axes.

use protocol::query::Unit;

use super::{NOTHING, fixed, grouped, latency, money, percent_fine, rate, span};

/// From here on lengths of time are added-up ones, not durations of calls: an hour.
const LONG_MS: f64 = 3_600_000.0;

/// `1,284`, `99.21%`, `612 ms`, `2 h 40 min`, `$24.80`, `48.1/s`; "—" where there is none.
pub fn value(unit: Unit, value: Option<f64>) -> String {
    let Some(v) = value else { return NOTHING.to_owned() };
    match unit {
        Unit::Count | Unit::Tokens => count(v),
        Unit::Fraction => percent_fine(value).text(),
        Unit::Milliseconds if v >= LONG_MS => span(v as i64),
        Unit::Milliseconds if v == 0.0 => "0 ms".to_owned(),
        Unit::Milliseconds => latency(value).text(),
        Unit::TokensPerSecond => [&rate(v), "/s"].concat(),
        Unit::Usd => money(value),
    }
}

/// `0`, `950`, `1.2 k`, `3.4 M`; `99.5%`; `500 ms`, `1.5 s`, `5 min`, `3 h`; `$0.5`.
pub fn tick(unit: Unit, v: f64) -> String {
    match unit {
        Unit::Count | Unit::Tokens => thousands(v),
        Unit::TokensPerSecond => trimmed(v, 1),
        Unit::Fraction => [&trimmed(v * 100.0, 2), "%"].concat(),
        Unit::Milliseconds if v == 0.0 => "0".to_owned(),
        Unit::Milliseconds if v < 1e3 => [&trimmed(v, 1), " ms"].concat(),
        Unit::Milliseconds if v < 1.2e5 => [&trimmed(v / 1e3, 1), " s"].concat(),
        Unit::Milliseconds if v < 2.0 * LONG_MS => [&trimmed(v / 6e4, 1), " min"].concat(),
        Unit::Milliseconds => [&trimmed(v / LONG_MS, 1), " h"].concat(),
        Unit::Usd if v < 1e3 => ["$", &trimmed(v, 4)].concat(),
        Unit::Usd => ["$", &thousands(v)].concat(),
    }
}

/// `812 B`, `3.4 KiB`, `512 MiB`, `1.5 GiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = [" B", " KiB", " MiB", " GiB", " TiB"];
    let (mut size, mut unit) = (count as f64, 0);
    while size >= 1_023.95 && unit + 1 < UNITS.len() {
        size /= 1_024.0;
        unit += 1;
    }
    let decimals = u32::from(unit > 0 && size < 99.95);
    [&trimmed(size, decimals)[..], UNITS[unit]].concat()
}

/// What the numbers are, in a word: beside the name of a chart.
pub fn unit_word(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Fraction => "%",
        Unit::Milliseconds => "duration",
        Unit::Tokens => "tokens",
        Unit::TokensPerSecond => "tokens/s",
        Unit::Usd => "US dollars",
    }
}

/// A sum of weights: whole, except where a mean made it otherwise.
fn count(v: f64) -> String {
    match v {
        v if v >= 1e9 => thousands(v),
        v if v.fract() == 0.0 || v >= 100.0 => grouped(v.round() as u64),
        v => trimmed(v, 1),
    }
}

fn thousands(v: f64) -> String {
    match v {
        v if v < 1e3 => trimmed(v, 1),
        v if v < 1e6 => [&trimmed(v / 1e3, 1), " k"].concat(),
        v if v < 1e9 => [&trimmed(v / 1e6, 1), " M"].concat(),
        v => [&trimmed(v / 1e9, 1), " G"].concat(),
    }
}

/// With at most so many decimals, and none that is zero at the end.
fn trimmed(v: f64, decimals: u32) -> String {
    let text = fixed(v, decimals);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_say_their_unit() {
        for (unit, v, text) in [
            (Unit::Count, 1_284.0, "1,284"),
            (Unit::Count, 0.0, "0"),
            (Unit::Count, 2.5, "2.5"),
            (Unit::Tokens, 12_345_678_901.0, "12.3 G"),
            (Unit::Fraction, 0.9921, "99.21%"),
            (Unit::Fraction, 1.0, "100%"),
            (Unit::Milliseconds, 612.0, "612 ms"),
            (Unit::Milliseconds, 0.0, "0 ms"),
            (Unit::Milliseconds, 9_600_000.0, "2 h 40 min"),
            (Unit::TokensPerSecond, 48.12, "48.1/s"),
            (Unit::Usd, 24.8, "$24.80"),
        ] {
            assert_eq!(value(unit, Some(v)), text);
        }
        assert_eq!(value(Unit::Usd, None), "—");
    }

    #[test]
    fn bytes_have_a_unit() {
        for (count, text) in [
            (0, "0 B"),
            (1_023, "1,023 B"),
            (1_024, "1 KiB"),
            (3_482, "3.4 KiB"),
            (512 << 20, "512 MiB"),
            (1 << 30, "1 GiB"),
            (u64::MAX, "16,777,216 TiB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn axes_have_few_letters() {
        for (unit, v, text) in [
            (Unit::Count, 1_500.0, "1.5 k"),
            (Unit::Tokens, 3_000_000.0, "3 M"),
            (Unit::Fraction, 0.995, "99.5%"),
            (Unit::Fraction, 1.0, "100%"),
            (Unit::Milliseconds, 0.0, "0"),
            (Unit::Milliseconds, 500.0, "500 ms"),
            (Unit::Milliseconds, 1_500.0, "1.5 s"),
            (Unit::Milliseconds, 300_000.0, "5 min"),
            (Unit::Milliseconds, 10_800_000.0, "3 h"),
            (Unit::Usd, 0.5, "$0.5"),
            (Unit::Usd, 1_500.0, "$1.5 k"),
        ] {
            assert_eq!(tick(unit, v), text);
        }
    }
}
