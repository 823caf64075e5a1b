//! One-time codes (RFC 6238): HMAC-SHA-1, steps of 30 seconds, six digits, one step to either side.
//!
//! SHA-1 because every authenticator app knows it and HMAC does not need its collision resistance
//! (RFC 6238 §1.2). Secrets are 20 random bytes (RFC 4226 §4 R6), shown once as base32 and otpauth URI.
//!
//! *Invariant:* a code is never taken twice (RFC 6238 §5.2): [`accept`] answers only steps after the
//! last one taken.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Bytes of a secret.
pub(super) const SECRET: usize = 20;
/// Seconds of a step.
const STEP: i64 = 30;
/// Steps before and after the present one that are taken, for clocks that differ.
const SKEW: i64 = 1;

/// The step whose code this is, if it is one of now and later than the last one taken.
pub(super) fn accept(secret: &[u8], code: &str, now: i64, last: i64) -> Option<i64> {
    let present = now / STEP;
    let mut taken = None;
    for step in present - SKEW..=present + SKEW {
        // All three are computed and compared whole, whichever matches.
        let expected = format!("{:06}", number(secret, step, 6));
        let differs = expected.bytes().zip(code.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
        if differs == 0 && code.len() == expected.len() && step > last {
            taken = Some(step);
        }
    }
    taken
}

/// The code of a step as a number (RFC 4226 §5.3).
fn number(secret: &[u8], step: i64, digits: u32) -> u32 {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return u32::MAX };
    mac.update(&step.to_be_bytes());
    let tag = mac.finalize().into_bytes();
    let offset = usize::from(tag[19] & 0x0f);
    let word = tag.get(offset..offset + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    (u32::from_be_bytes(word.unwrap_or_default()) & 0x7fff_ffff) % 10u32.pow(digits)
}

/// Base 32 without padding (RFC 4648 §6).
pub(super) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut text, mut held, mut bits) = (String::new(), 0u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(held << (5 - bits) & 31) as usize]));
    }
    text
}

/// What an authenticator app reads (Google's Key Uri Format). Logins and issuers are plain ASCII.
pub(super) fn uri(login: &str, secret: &str) -> String {
    format!(
        "otpauth://totp/expert-draw:{login}?secret={secret}&issuer=expert-draw&algorithm=SHA1&digits=6&period=30"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: &[u8] = b"12345678901234567890";

    #[test]
    fn the_vectors_of_rfc_6238_appendix_b_hold() {
        for (time, code) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(number(RFC, time / 30, 8), code, "{time}");
            assert!(accept(RFC, &format!("{:06}", code % 1_000_000), time, 0).is_some(), "{time}");
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_or_late_and_never_twice() {
        let code = "287082";
        assert_eq!(accept(RFC, code, 59, 0), Some(1));
        assert_eq!(accept(RFC, code, 59, 1), None);
        assert_eq!(accept(RFC, code, 89, 0), Some(1));
        assert_eq!(accept(RFC, code, 90, 0), None);
        assert_eq!(accept(RFC, code, 0, 0), Some(1));
        for wrong in ["287083", "28708", "2870820", "", "abcdef"] {
            assert_eq!(accept(RFC, wrong, 59, 0), None, "{wrong}");
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
    }
}
