//! Codes of an authenticator app: RFC 6238 with SHA-1, six digits and steps of 30 seconds, which is what every app has.
//! And recovery codes, for when the app is gone.
//!
//! Deliberately absent: remembering which code was used (the store), and the seed's place (the vault).

use domain::Millis;
use fast_qr::{ECL, QRBuilder};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use super::key::{random_text, sha256};

/// 160 bits, as long as what SHA-1 gives.
pub const SEED: usize = 20;
/// Digits of a code.
pub const DIGITS: usize = 6;
/// The length of a step.
const STEP: Millis = 30_000;
/// Steps that a clock may be off, each way.
const OFF: i64 = 1;

/// RFC 4648.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// What is hard to confuse, in lower case.
const RECOVERY: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 120 bits.
const RECOVERY_LENGTH: usize = 24;
/// Letters between two dashes.
const GROUP: usize = 6;

/// What somebody typed where a code is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Six digits.
    Code(u32),
    /// The hash of a recovery code.
    Recovery([u8; 32]),
}

/// Reads it; blanks and dashes do not count. `None`: it is neither.
pub fn read(text: &str) -> Option<Typed> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(RECOVERY_LENGTH + 1)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if plain.len() == DIGITS && plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return plain.parse().ok().map(Typed::Code);
    }
    let letters = plain.bytes().all(|byte| RECOVERY.contains(&byte));
    (plain.len() == RECOVERY_LENGTH && letters).then(|| Typed::Recovery(sha256(&plain)))
}

/// A recovery code as it is shown, in four groups, and its hash.
pub fn recovery_code() -> Result<(String, [u8; 32]), getrandom::Error> {
    let plain = random_text(RECOVERY, RECOVERY_LENGTH)?;
    let mut shown = String::with_capacity(RECOVERY_LENGTH + RECOVERY_LENGTH / GROUP);
    for (place, letter) in plain.chars().enumerate() {
        if place > 0 && place % GROUP == 0 {
            shown.push('-');
        }
        shown.push(letter);
    }
    Ok((shown, sha256(&plain)))
}

/// The step whose code this is, if it is one of now, the one before or the next.
pub fn step_of(seed: &[u8], code: u32, now: Millis) -> Option<i64> {
    let present = now.div_euclid(STEP);
    // Each is looked at, so that the answer takes the same time whichever it is.
    let mut found = None;
    for step in present - OFF..=present + OFF {
        if bool::from(code_of(seed, step).ct_eq(&code)) {
            found = Some(step);
        }
    }
    found
}

/// The code of a step.
pub fn code_of(seed: &[u8], step: i64) -> u32 {
    truncated(seed, step) % 10_u32.pow(DIGITS as u32)
}

/// RFC 4226, 5.3: 31 bits of the HMAC, from where its last four bits say.
fn truncated(seed: &[u8], step: i64) -> u32 {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(seed) else {
        // HMAC takes keys of any length.
        return 0;
    };
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let from = usize::from(hash[19] & 15);
    let four = hash[from..from + 4].iter();
    four.fold(0, |sum, byte| sum << 8 | u32::from(*byte)) & 0x7fff_ffff
}

/// The seed as apps take it by hand.
pub fn base32(seed: &[u8]) -> String {
    let mut text = String::with_capacity(seed.len().div_ceil(5) * 8);
    for chunk in seed.chunks(5) {
        let mut five = [0; 5];
        five[..chunk.len()].copy_from_slice(chunk);
        let bits = five.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        let letters = (chunk.len() * 8).div_ceil(5);
        for place in 0..letters {
            text.push(BASE32[(bits >> (35 - 5 * place) & 31) as usize] as char);
        }
    }
    text
}

/// The address that apps read from a QR code. `at` is the host of the board, so that two boards are told apart.
pub fn address(seed: &[u8], email: &str, at: &str) -> String {
    let encoded = |text: &str| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
        let one = |byte: u8| match plain(byte) {
            true => (byte as char).to_string(),
            false => format!("%{byte:02X}"),
        };
        text.bytes().map(one).collect()
    };
    let issuer = encoded(&format!("Fuseboard {at}"));
    format!(
        "otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={}",
        encoded(email),
        base32(seed),
        STEP / 1_000
    )
}

/// A QR code as SVG: dark on light whatever the theme, because readers want it so, and no styles, which the policy of
/// our pages would ignore. `None` for what is too long for one.
pub fn qr_svg(text: &str) -> Option<String> {
    /// Light modules around it, as the standard asks for.
    const QUIET: usize = 4;
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let size = code.size;
    let mut path = String::new();
    for (row, modules) in code.data.chunks(size).take(size).enumerate() {
        for (column, module) in modules.iter().enumerate() {
            if module.value() {
                path.push_str(&format!("M{} {}h1v1h-1z", column + QUIET, row + QUIET));
            }
        }
    }
    let side = size + 2 * QUIET;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"QR code\" \
         shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path fill=\"#000\" \
         d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1; ours are the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let seed = b"12345678901234567890";
        for (seconds, eight) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000_i64, 65_353_130),
        ] {
            let step = seconds / 30;
            assert_eq!(truncated(seed, step) % 100_000_000, eight, "{seconds}");
            assert_eq!(code_of(seed, step), eight % 1_000_000, "{seconds}");
            assert_eq!(step_of(seed, eight % 1_000_000, seconds * 1_000), Some(step));
        }
    }

    /// RFC 4226, appendix D.
    #[test]
    fn codes_of_counters_are_those_of_the_standard() {
        let expected = [
            755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489,
        ];
        for (step, code) in (0..).zip(expected) {
            assert_eq!(code_of(b"12345678901234567890", step), code);
        }
    }

    #[test]
    fn a_clock_may_be_off_by_a_step_and_no_more() {
        let seed = b"12345678901234567890";
        let now = 1_111_111_111_000;
        let step = now / STEP;
        for (shift, counts) in [
            (-3, false),
            (-2, false),
            (-1, true),
            (0, true),
            (1, true),
            (2, false),
        ] {
            let found = step_of(seed, code_of(seed, step + shift), now);
            assert_eq!(found, counts.then_some(step + shift), "{shift}");
        }
        assert_eq!(step_of(seed, code_of(seed, step) ^ 1, now), None);
        // From the first to the last millisecond of a step.
        assert_eq!(
            step_of(seed, code_of(seed, step - 1), step * STEP + STEP - 1),
            Some(step - 1)
        );
        assert_eq!(step_of(seed, code_of(seed, step - 1), (step + 1) * STEP), None);
    }

    /// RFC 4648, section 10, without the padding, which apps do not want.
    #[test]
    fn base32_is_that_of_the_standard() {
        for (plain, coded) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), coded);
        }
        assert_eq!(base32(&[0xff; SEED]).len(), 32);
    }

    #[test]
    fn what_is_typed_is_read_generously() {
        assert_eq!(read("012345"), Some(Typed::Code(12_345)));
        assert_eq!(read(" 012 345\n"), Some(Typed::Code(12_345)));
        let (shown, hash) = recovery_code().unwrap();
        assert_eq!(shown.len(), 27);
        let variants = [
            shown.clone(),
            shown.to_uppercase(),
            shown.replace('-', ""),
            format!("  {} ", shown.replace('-', " ")),
        ];
        for variant in &variants {
            assert_eq!(read(variant), Some(Typed::Recovery(hash)), "{variant}");
        }
        let long = "a".repeat(10_000);
        for wrong in [
            "",
            "12345",
            "1234567",
            "12345a",
            "０１２３４５",
            &shown[1..],
            &format!("{shown}a"),
            &long,
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let (other, _) = recovery_code().unwrap();
        assert_ne!(shown, other);
    }

    #[test]
    fn an_app_gets_the_address_it_wants() {
        let address = address(b"12345678901234567890", "ada+a@example.com", "board.example:3000");
        assert_eq!(
            address,
            "otpauth://totp/Fuseboard%20board.example%3A3000:ada%2Ba@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Fuseboard%20board.example%3A3000&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_qr_code_is_an_image_without_styles() {
        let svg = qr_svg(&address(&[7; SEED], "ada@example.com", "board.example")).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
        assert!(!svg.contains("style") && !svg.contains("script"));
        // The three finders: a dark corner each, with light around.
        let side: usize = svg
            .split("0 0 ")
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        for (column, row) in [(4, 4), (side - 5, 4), (4, side - 5)] {
            assert!(svg.contains(&format!("M{column} {row}h1")), "{column} {row}");
        }
        assert!(!svg.contains(&format!("M{} {}h1", 3, 4)));
        assert!(qr_svg(&"x".repeat(5_000)).is_none());
    }
}
