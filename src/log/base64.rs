//! Strict standard base64 (RFC 4648 §4): padded, no line breaks, unused bits zero. So one value has
//! one spelling.

use base64ct::{Base64, Encoding};

use crate::codec::Hash;

/// Writes bytes with padding.
pub fn encode(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// Reads the one spelling that [`encode`] writes; `None` for any other.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = Base64::decode_vec(text).ok()?;
    // The decoder is strict already; comparing keeps it so under any version of it.
    (encode(&bytes) == text).then_some(bytes)
}

/// Reads exactly 32 bytes.
pub fn decode_hash(text: &str) -> Option<Hash> {
    Hash::from_slice(&decode(text)?)
}

/// A decimal number without sign or leading zeros, as tree sizes, indices and times are written.
pub fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if canonical && digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_read() {
        assert_eq!(decode("Zm9vYg=="), Some(b"foob".to_vec()));
        assert_eq!(decode(""), Some(vec![]));
        for bad in ["Zm9vYg", "Zm9vYg=", "Zm9vYh==", "Zm9v\nYg==", " Zm9v", "Zm9v-_==", "Zm9vYg===", "=", "é"]
        {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn decimals_have_no_sign_space_or_leading_zero() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        for bad in ["", "00", "01", "+1", "-1", " 1", "1 ", "18446744073709551616", "1_0", "１"] {
            assert_eq!(decimal(bad), None, "{bad}");
        }
    }
}
