//! Names and public keys of note signers, in the vkey form of C2SP signed-note.
//!
//! A vkey is `<name>+<8 hex digits: key id>+<base64: algorithm byte ‖ key>`, the key id the first
//! four bytes of SHA-256(name ‖ "\n" ‖ algorithm byte ‖ key).
//!
//! *Invariant:* a [`VerifierKey`] is a canonical encoding of a point that is not of small order,
//! and its id belongs to its name and key. Deliberately absent: ECDSA, RFC 6962 and ML-DSA keys;
//! a vkey of these is refused by its algorithm byte, not skipped.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, VerifyingKey};

use super::base64;
use crate::codec::{from_hex, sha256, to_hex};

/// The longest name, in bytes.
const NAME_LIMIT: usize = 255;
/// The longest origin, so that `<origin>/statements` is a name too.
const ORIGIN_LIMIT: usize = 200;

/// Why a name, a key or a vkey was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Empty, longer than 255 bytes, or with a space, a plus sign or a control character.
    #[error("not a key name: 1 to 255 bytes without spaces, plus signs and control characters")]
    Name,
    /// Not a key name of at most 200 ASCII characters.
    #[error("not an origin: 1 to 200 printable ASCII characters without spaces and plus signs")]
    Origin,
    /// Not `name+id+base64`.
    #[error("not a verifier key: expected name+keyid+base64")]
    Shape,
    /// An algorithm other than 0x01 and 0x04.
    #[error("unsupported key algorithm 0x{0:02x}")]
    Algorithm(u8),
    /// The id does not belong to the name and key.
    #[error("key id does not belong to this name and key")]
    Id,
    /// Not the canonical encoding of a point of large order.
    #[error("not a usable Ed25519 public key")]
    Key,
}

/// Name of a key: 1–255 bytes of UTF-8 without Unicode spaces,
/// `+` and control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// Checks a name. Error: [`KeyError::Name`].
    pub fn new(name: impl Into<String>) -> Result<Self, KeyError> {
        let name = name.into();
        let wrong = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.len() > NAME_LIMIT || name.chars().any(wrong) {
            return Err(KeyError::Name);
        }
        Ok(Self(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A log's origin: a key name of 1–200 printable ASCII characters (`api-spec/log-v1.md` §1.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(KeyName);

impl Origin {
    /// Checks an origin. Error: [`KeyError::Origin`].
    pub fn new(origin: impl Into<String>) -> Result<Self, KeyError> {
        let name = KeyName::new(origin).map_err(|_| KeyError::Origin)?;
        let fits = name.0.is_ascii() && name.0.len() <= ORIGIN_LIMIT;
        if fits { Ok(Self(name)) } else { Err(KeyError::Origin) }
    }

    /// The origin as text.
    pub fn as_str(&self) -> &str {
        &self.0.0
    }

    /// The name of the key that signs checkpoints: the origin itself.
    pub fn log_key_name(&self) -> &KeyName {
        &self.0
    }

    /// The name of the key that signs statements: `<origin>/statements`.
    pub fn statements_key_name(&self) -> KeyName {
        KeyName(format!("{}/statements", self.0))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a key signs: the algorithm byte of signed-note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// 0x01: Ed25519 over the note's text. Logs and statements.
    Ed25519,
    /// 0x04: timestamped Ed25519 cosignature of a checkpoint (tlog-cosignature v1). Witnesses.
    CosignatureV1,
}

impl Algorithm {
    /// The byte that stands for it.
    pub fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }

    fn from_byte(byte: u8) -> Result<Self, KeyError> {
        match byte {
            0x01 => Ok(Self::Ed25519),
            0x04 => Ok(Self::CosignatureV1),
            other => Err(KeyError::Algorithm(other)),
        }
    }
}

/// A public key with its name and purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    algorithm: Algorithm,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Checks the 32 bytes of an Ed25519 public key. Error: [`KeyError::Key`] for an encoding that
    /// is no point, is not canonical, or is of small order (such a key accepts forged signatures).
    pub fn new(name: KeyName, algorithm: Algorithm, key: [u8; 32]) -> Result<Self, KeyError> {
        let key_point = VerifyingKey::from_bytes(&key).map_err(|_| KeyError::Key)?;
        if key_point.is_weak() || key_point.to_edwards().compress().to_bytes() != key {
            return Err(KeyError::Key);
        }
        Ok(Self { name, algorithm, key: key_point })
    }

    /// The key's name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What the key signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw public key, 32 bytes.
    pub fn key_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// The four-byte id. Ids collide; never tell keys apart by them.
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.name, self.algorithm, self.key.as_bytes())
    }

    /// Checks a bare signature with `verify_strict`.
    pub(super) fn accepts(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    /// The vkey.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let material = [&[self.algorithm.byte()], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, to_hex(&self.id()), base64::encode(&material))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    /// Reads a vkey. The base64 part may itself hold plus signs; name and id may not.
    fn from_str(vkey: &str) -> Result<Self, KeyError> {
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Shape);
        };
        let name = KeyName::new(name)?;
        let id = from_hex(id).filter(|id| id.len() == 4).ok_or(KeyError::Shape)?;
        let material = base64::decode(material).ok_or(KeyError::Shape)?;
        let (algorithm, key) = material.split_first().ok_or(KeyError::Shape)?;
        let algorithm = Algorithm::from_byte(*algorithm)?;
        let key = Self::new(name, algorithm, key.try_into().map_err(|_| KeyError::Key)?)?;
        if id == key.id() { Ok(key) } else { Err(KeyError::Id) }
    }
}

fn key_id(name: &KeyName, algorithm: Algorithm, key: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&[name.as_str().as_bytes(), b"\n", &[algorithm.byte()], key]).0;
    [a, b, c, d]
}

/// The algorithm byte of schemes that C2SP gives no byte: the scheme's name follows it.
const FOREIGN: u8 = 0xff;

/// The key id of a key of a scheme without a byte of its own (`api-spec/log-v2.md` §6).
pub fn foreign_key_id(name: &KeyName, scheme: &str, key: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&[name.as_str().as_bytes(), b"\n", &[FOREIGN], scheme.as_bytes(), key]).0;
    [a, b, c, d]
}

/// The vkey of such a key. Readers of C2SP refuse it in a policy: they do not know the scheme.
pub fn foreign_vkey(name: &KeyName, scheme: &str, key: &[u8]) -> String {
    let material = [&[FOREIGN], scheme.as_bytes(), key].concat();
    let id = to_hex(&foreign_key_id(name, scheme, key));
    format!("{name}+{id}+{}", base64::encode(&material))
}

#[cfg(test)]
mod tests {
    use super::super::samples::TestKey;
    use super::*;

    #[test]
    fn the_published_vkey_reads_and_writes_back() {
        let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        let key: VerifierKey = vkey.parse().unwrap();
        assert_eq!(key.to_string(), vkey);
        assert_eq!(key.name().as_str(), "example.com/foo");
        assert_eq!(key.algorithm(), Algorithm::Ed25519);
    }

    #[test]
    fn names_hold_no_spaces_plus_signs_or_control_characters() {
        for bad in ["", "a b", "a+b", "a\u{3000}b", "a\u{a0}b", "a\nb", "a\u{1}", "a\u{7f}", &"x".repeat(256)]
        {
            assert_eq!(KeyName::new(bad), Err(KeyError::Name), "{bad:?}");
        }
        assert!(KeyName::new("例.cn/抽取").is_ok());
        assert!(KeyName::new("x".repeat(255)).is_ok());
    }

    #[test]
    fn an_origin_is_plain_and_leaves_room_for_the_statements_key() {
        for bad in ["例.cn", "a b", "", &"x".repeat(201)] {
            assert_eq!(Origin::new(bad), Err(KeyError::Origin), "{bad}");
        }
        let longest = Origin::new("x".repeat(200)).unwrap();
        let name = longest.statements_key_name();
        assert_eq!(KeyName::new(name.as_str()), Ok(name.clone()));
        assert_ne!(&name, longest.log_key_name());
    }

    #[test]
    fn every_kind_of_wrong_vkey_is_named() {
        let good = TestKey::new("w.example/1", Algorithm::CosignatureV1, 7).public;
        let vkey = good.to_string();
        assert_eq!(vkey.parse::<VerifierKey>().unwrap(), good);
        let remade = |material: &[u8]| {
            let id = sha256(&[b"w.example/1\n", material]).to_hex();
            format!("w.example/1+{}+{}", &id[..8], base64::encode(material)).parse::<VerifierKey>()
        };
        assert_eq!(remade(&[&[4], good.key_bytes().as_slice()].concat()), Ok(good.clone()));
        assert_eq!(remade(&[&[6], good.key_bytes().as_slice()].concat()), Err(KeyError::Algorithm(6)));
        assert_eq!(remade(&[&[1], &good.key_bytes()[1..]].concat()), Err(KeyError::Key));
        // The identity accepts forged signatures.
        let mut identity = [0u8; 33];
        (identity[0], identity[1]) = (1, 1);
        assert_eq!(remade(&identity), Err(KeyError::Key));
        assert_eq!(vkey.replacen("w.example/1", "w.example/2", 1).parse::<VerifierKey>(), Err(KeyError::Id));
        for bad in ["", "a", "a+b", "a+00+AA==", "a+0000000G+AA==", "a+00000000+", "a+00000000+AA="] {
            assert_eq!(bad.parse::<VerifierKey>(), Err(KeyError::Shape), "{bad}");
        }
    }

    #[test]
    fn a_key_in_a_second_spelling_is_refused() {
        let name = KeyName::new("k").unwrap();
        let mut accepted_by_the_curve_alone = 0;
        // y = p + i for i < 19 is the second spelling of y = i.
        for i in 0..19u8 {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (0xed + i, 0x7f);
            accepted_by_the_curve_alone += usize::from(VerifyingKey::from_bytes(&bytes).is_ok());
            assert_eq!(VerifierKey::new(name.clone(), Algorithm::Ed25519, bytes), Err(KeyError::Key));
        }
        assert!(accepted_by_the_curve_alone > 0, "the check would be untested");
    }
}
