//! Plain numbers: a fixed count of decimals, thousands apart.

use super::MINUS;

/// `value` with exactly `decimals` (0 to 9) decimals, thousands separated, rounded half away from zero. What is not
/// finite or has more than 15 digits is clamped: nothing on the board is meant to get there.
pub fn fixed(value: f64, decimals: u32) -> String {
    let scale = 10_i64.pow(decimals.min(9));
    let value = if value.is_finite() {
        value.clamp(-1e15, 1e15)
    } else {
        0.0
    };
    // The cast saturates; beyond the clamp there is nothing to lose.
    let scaled = (value * scale as f64).round() as i64;
    let digits = scaled.unsigned_abs();
    let mut text = String::new();
    if scaled < 0 {
        text.push(MINUS);
    }
    text.push_str(&grouped(digits / scale.unsigned_abs()));
    if decimals > 0 {
        let fraction = (digits % scale.unsigned_abs()).to_string();
        text.push('.');
        for _ in fraction.len()..decimals as usize {
            text.push('0');
        }
        text.push_str(&fraction);
    }
    text
}

/// `1284` as `1,284`.
pub fn grouped(value: u64) -> String {
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

    #[test]
    fn thousands_are_separated() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(41_208), "41,208");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn decimals_are_kept_and_rounded() {
        assert_eq!(fixed(0.0, 2), "0.00");
        assert_eq!(fixed(99.214, 2), "99.21");
        assert_eq!(fixed(1.005e3, 0), "1,005");
        assert_eq!(fixed(2.5, 0), "3");
        assert_eq!(fixed(0.05, 1), "0.1");
        assert_eq!(fixed(1284.4, 0), "1,284");
    }

    #[test]
    fn the_minus_is_a_minus() {
        assert_eq!(fixed(-0.61, 2), "−0.61");
        assert_eq!(fixed(-0.001, 2), "0.00", "a rounded zero has no sign");
    }

    #[test]
    fn what_is_not_a_number_does_not_leak_onto_the_page() {
        assert_eq!(fixed(f64::NAN, 1), "0.0");
        assert_eq!(fixed(f64::INFINITY, 0), "0");
    }
}
