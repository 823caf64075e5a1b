//! Hashes: SHA-256 values, labelled hashing `H(label; parts)`, HMAC.
//!
//! `H(label; parts)` = SHA-256("expert-draw/v1/" ‖ label ‖ "\n" ‖ parts). A part of fixed length
//! stands as it is, a part of variable length has its u32 big-endian length before it, and integers
//! are big-endian (`api-spec/draw-v1.md` §1.3). So no two lists of parts give the same bytes.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::hex::{from_hex, to_hex};

/// A SHA-256 value, 32 bytes; shown and read as 64 lower-case hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Reads 64 lower-case hexadecimal characters; `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        Self::from_slice(&from_hex(text)?)
    }

    /// Takes exactly 32 bytes; `None` for another length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal characters.
    pub fn to_hex(&self) -> String {
        to_hex(&self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// A labelled hash under construction.
///
/// ```
/// use expert_draw::codec::{LabelledHash, sha256};
/// let h = LabelledHash::new("example").u64(7).variable(b"ab").finish();
/// assert_eq!(h, sha256(&[b"expert-draw/v1/example\n", &[0, 0, 0, 0, 0, 0, 0, 7], &[0, 0, 0, 2], b"ab"]));
/// ```
#[derive(Clone)]
pub struct LabelledHash(Sha256);

impl LabelledHash {
    /// Starts `H(label; …)`.
    pub fn new(label: &str) -> Self {
        let mut state = Sha256::new();
        state.update(b"expert-draw/v1/");
        state.update(label.as_bytes());
        state.update(b"\n");
        Self(state)
    }

    /// A part whose length the specification fixes: a digest, a salt, a key.
    pub fn fixed(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    /// A part of variable length: its u32 big-endian length, then the bytes.
    pub fn variable(mut self, bytes: &[u8]) -> Self {
        // Every input of the crate is bounded far below 4 GiB; a longer one would saturate, and
        // its length prefix then differs from its bytes, never from another input's encoding.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.update(length.to_be_bytes());
        self.0.update(bytes);
        self
    }

    /// One byte.
    pub fn u8(self, n: u8) -> Self {
        self.fixed(&[n])
    }

    /// A 32-bit number, big-endian.
    pub fn u32(self, n: u32) -> Self {
        self.fixed(&n.to_be_bytes())
    }

    /// A 64-bit number, big-endian.
    pub fn u64(self, n: u64) -> Self {
        self.fixed(&n.to_be_bytes())
    }

    /// The value.
    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

/// Plain SHA-256 over the concatenation of the parts. For the RFC 6962 tree, file digests and key
/// digests; everything that is the project's own uses [`LabelledHash`].
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut state = Sha256::new();
    for part in parts {
        state.update(part);
    }
    Hash(state.finalize().into())
}

/// HMAC-SHA-256 (RFC 2104) under a 32-byte key over the concatenation of the parts.
pub fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC pads a key shorter than its 64-byte block with zeros; padding here makes the length a type.
    let mut block = [0u8; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_and_hmac_agree_with_the_published_examples() {
        // FIPS 180-4 example "abc"; RFC 4231 test case 2 uses a short key, so its case 3-like
        // 32-byte form is taken from RFC 4231 §4.2 padded with zeros (HMAC pads keys with zeros).
        assert_eq!(
            sha256(&[b"a", b"bc"]).to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let mut key = [0u8; 32];
        key.iter_mut().zip(b"Jefe").for_each(|(k, b)| *k = *b);
        assert_eq!(
            to_hex(&hmac_sha256(&key, &[b"what do ya want ", b"for nothing?"])),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn parts_cannot_be_shifted_across_their_border() {
        let one = LabelledHash::new("t").variable(b"ab").variable(b"c").finish();
        let other = LabelledHash::new("t").variable(b"a").variable(b"bc").finish();
        assert_ne!(one, other);
    }

    #[test]
    fn a_hash_reads_only_its_own_spelling() {
        let hash = sha256(&[b"x"]);
        assert_eq!(Hash::from_hex(&hash.to_hex()), Some(hash));
        assert_eq!(Hash::from_hex(&hash.to_hex().to_uppercase()), None);
        assert_eq!(Hash::from_hex("00"), None);
    }
}
