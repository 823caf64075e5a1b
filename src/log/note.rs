//! Signed notes (C2SP signed-note): a text and the lines of its signatures.
//!
//! Limits: 1 MiB in all, 64 signature lines. Stricter than the specification in one point: if a
//! line names a known key and its signature does not verify, the note is refused (there SHOULD).
//!
//! *Invariants:* a [`SignedNote`] writes back to the bytes it was read from; its text ends with a
//! newline and holds no other control character; a known key is one whose name *and* id match.
//! Lines of unknown keys are kept and count for nothing.

use std::fmt;

use super::base64;
use super::key::{Algorithm, KeyName, VerifierKey};

/// The longest note, in bytes.
pub const NOTE_LIMIT: usize = 1 << 20;
/// The most signature lines.
pub const SIGNATURE_LIMIT: usize = 64;

/// Em dash and space, the mark of a signature line.
const MARK: &str = "\u{2014} ";

/// Why a note was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than 1 MiB or with more than 64 signatures.
    #[error("note too large: at most 1 MiB and 64 signatures")]
    TooLarge,
    /// Not UTF-8, a control character, no final newline, no blank line, or no signature line.
    #[error("not a signed note: text, blank line, signature lines")]
    Shape,
    /// A line after the blank line that is not `— name base64`; lines count from 1.
    #[error("signature line {0} is malformed")]
    SignatureLine(usize),
    /// The key is of an algorithm that does not sign note texts as such.
    #[error("the key {0} does not sign notes of this kind")]
    WrongAlgorithm(KeyName),
    /// No line of this key (name and id).
    #[error("no signature by the key {0}")]
    NotSigned(KeyName),
    /// A line of this key whose signature does not verify.
    #[error("bad signature by the key {0}")]
    BadSignature(KeyName),
}

/// One signature line: who, and the bytes after the key id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    /// The signer's name.
    pub name: KeyName,
    /// The signer's key id.
    pub key_id: [u8; 4],
    /// The signature: 64 bytes for Ed25519, 72 (time, signature) for cosignatures, any length else.
    pub signature: Vec<u8>,
}

impl SignatureLine {
    /// A line of this key.
    pub fn by(key: &VerifierKey, signature: Vec<u8>) -> Self {
        Self { name: key.name().clone(), key_id: key.id(), signature }
    }

    /// Reads one line without its newline; `None` if it is not `— name base64`.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, bytes) = line.strip_prefix(MARK)?.split_once(' ')?;
        let bytes = base64::decode(bytes)?;
        let (key_id, signature) = bytes.split_first_chunk::<4>()?;
        if signature.is_empty() {
            return None;
        }
        Some(Self { name: KeyName::new(name).ok()?, key_id: *key_id, signature: signature.to_vec() })
    }

    /// Whether name and id are this key's.
    pub fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == *key.name() && self.key_id == key.id()
    }
}

impl fmt::Display for SignatureLine {
    /// The line without its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.as_slice(), &self.signature].concat();
        write!(f, "{MARK}{} {}", self.name, base64::encode(&bytes))
    }
}

/// A text with its signature lines, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl SignedNote {
    /// A note from its parts. Errors: [`NoteError::Shape`] for a text that does not end with a
    /// newline, holds another control character, or has no signature; [`NoteError::TooLarge`].
    pub fn new(text: impl Into<String>, signatures: Vec<SignatureLine>) -> Result<Self, NoteError> {
        let text = text.into();
        if !text.ends_with('\n') || has_control(&text) || signatures.is_empty() {
            return Err(NoteError::Shape);
        }
        let note = Self { text, signatures };
        note.within_limits()?;
        Ok(note)
    }

    /// Reads a note. Errors: [`NoteError::TooLarge`], [`NoteError::Shape`],
    /// [`NoteError::SignatureLine`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_LIMIT {
            return Err(NoteError::TooLarge);
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Shape)?;
        // The last blank line separates; the text may hold blank lines of its own.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::Shape)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Shape)?;
        if lines.split('\n').count() > SIGNATURE_LIMIT {
            return Err(NoteError::TooLarge);
        }
        let signatures = lines
            .split('\n')
            .zip(1..)
            .map(|(line, number)| SignatureLine::parse(line).ok_or(NoteError::SignatureLine(number)))
            .collect::<Result<_, _>>()?;
        Self::new(format!("{text}\n"), signatures)
    }

    /// The text, final newline included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Adds a signature line at the end. Error: [`NoteError::TooLarge`], the note then unchanged.
    pub fn add(&mut self, line: SignatureLine) -> Result<(), NoteError> {
        self.signatures.push(line);
        let fits = self.within_limits();
        if fits.is_err() {
            self.signatures.pop();
        }
        fits
    }

    /// Checks that an Ed25519 key (0x01) signed the text: at least one line is by the key, and
    /// every line by it verifies. Errors: [`NoteError::WrongAlgorithm`], [`NoteError::NotSigned`],
    /// [`NoteError::BadSignature`].
    pub fn verify(&self, key: &VerifierKey) -> Result<(), NoteError> {
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(NoteError::WrongAlgorithm(key.name().clone()));
        }
        let mut signed = false;
        for line in self.signatures.iter().filter(|line| line.is_by(key)) {
            let signature = line.signature.as_slice().try_into();
            if !signature.is_ok_and(|signature| key.accepts(self.text.as_bytes(), signature)) {
                return Err(NoteError::BadSignature(key.name().clone()));
            }
            signed = true;
        }
        if signed { Ok(()) } else { Err(NoteError::NotSigned(key.name().clone())) }
    }

    fn within_limits(&self) -> Result<(), NoteError> {
        // Mark, name, space, base64 of id and signature, newline.
        let line = |l: &SignatureLine| {
            MARK.len() + l.name.as_str().len() + 2 + (l.signature.len() + 4).div_ceil(3) * 4
        };
        let length = self.text.len() + 1 + self.signatures.iter().map(line).sum::<usize>();
        let fits = length <= NOTE_LIMIT && self.signatures.len() <= SIGNATURE_LIMIT;
        if fits { Ok(()) } else { Err(NoteError::TooLarge) }
    }
}

impl fmt::Display for SignedNote {
    /// The whole note.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Signs a text with an Ed25519 key (0x01); `sign` gets the text's bytes and answers the signature.
/// Errors: [`NoteError::WrongAlgorithm`]; [`NoteError::Shape`] and [`NoteError::TooLarge`] as
/// [`SignedNote::new`]; [`NoteError::BadSignature`] if the answer is not by the key.
pub fn sign_note(
    text: &str,
    key: &VerifierKey,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> Result<SignedNote, NoteError> {
    if key.algorithm() != Algorithm::Ed25519 {
        return Err(NoteError::WrongAlgorithm(key.name().clone()));
    }
    let signature = sign(text.as_bytes());
    let note = SignedNote::new(text, vec![SignatureLine::by(key, signature.to_vec())])?;
    // A mistaken key file must not produce a note that nobody can verify.
    note.verify(key)?;
    Ok(note)
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 && byte != b'\n')
}

#[cfg(test)]
mod tests {
    use super::super::samples::{TestKey, field, text, vector};
    use super::*;
    use crate::codec::from_hex;

    #[test]
    fn the_published_notes_read_verify_and_write_back() {
        let file = vector("c2sp_notes.json");
        for case in field(&file, "notes").as_list().unwrap() {
            let note = SignedNote::parse(text(case, "note").as_bytes()).unwrap();
            assert_eq!(note.to_string(), text(case, "note"));
            if let Some(vkey) = case.as_map().unwrap().get("vkey") {
                note.verify(&vkey.as_str().unwrap().parse().unwrap()).unwrap();
            }
        }
    }

    #[test]
    fn every_changed_bit_of_a_note_is_refused() {
        let key = TestKey::new("log.example/x", Algorithm::Ed25519, 1);
        let note = sign_note("a\n\nb\n", &key.public, |m| key.sign(m)).unwrap();
        let bytes = note.to_string().into_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let result = SignedNote::parse(&changed).and_then(|note| note.verify(&key.public));
            assert!(result.is_err(), "bit {bit}");
        }
        assert_eq!(SignedNote::parse(&bytes).unwrap(), note);
    }

    #[test]
    fn the_last_blank_line_separates_text_and_signatures() {
        let key = TestKey::new("log.example/x", Algorithm::Ed25519, 1);
        let text = "one\n\n\u{2014} log.example/x AAAAAAA=\n\nthree\n";
        let note = sign_note(text, &key.public, |m| key.sign(m)).unwrap();
        let read = SignedNote::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(read.text(), text);
        read.verify(&key.public).unwrap();
    }

    #[test]
    fn malformed_notes_are_named_by_their_fault() {
        let line = "\u{2014} k AAAAAAA=";
        assert!(SignedNote::parse(format!("t\n\n{line}\n").as_bytes()).is_ok());
        for bad in [
            format!("t\n{line}\n"),
            format!("t\n\n{line}"),
            format!("{line}\n"),
            format!("t\t\n\n{line}\n"),
            format!("t\r\n\n{line}\n"),
            "t\n".into(),
            String::new(),
        ] {
            assert_eq!(SignedNote::parse(bad.as_bytes()), Err(NoteError::Shape), "{bad:?}");
        }
        for bad in
            ["x", "- k AAAAAAA=", "\u{2014} k  AAAAAAA=", "\u{2014} k AAAAAA==", "\u{2014} k+k AAAAAAA=", ""]
        {
            let note = format!("t\n\n{line}\n{bad}\n");
            assert!(SignedNote::parse(note.as_bytes()).is_err(), "{bad}");
        }
        let note = format!("t\n\n{line}\n{line} \n");
        assert_eq!(SignedNote::parse(note.as_bytes()), Err(NoteError::SignatureLine(2)));
        assert_eq!(SignedNote::parse(b"\xff\n\n\n"), Err(NoteError::Shape));
        let parsed = SignatureLine::parse(line).unwrap();
        assert_eq!(SignedNote::new("no newline", vec![parsed.clone()]), Err(NoteError::Shape));
        assert_eq!(SignedNote::new("bell\u{7}\n", vec![parsed]), Err(NoteError::Shape));
        assert_eq!(SignedNote::new("t\n", vec![]), Err(NoteError::Shape));
        let many = |n: usize| format!("t\n\n{}", format!("{line}\n").repeat(n));
        assert!(SignedNote::parse(many(64).as_bytes()).is_ok());
        assert_eq!(SignedNote::parse(many(65).as_bytes()), Err(NoteError::TooLarge));
        let mut full = SignedNote::parse(many(64).as_bytes()).unwrap();
        assert_eq!(full.add(SignatureLine::parse(line).unwrap()), Err(NoteError::TooLarge));
        assert_eq!(full.signatures().len(), 64);
        assert_eq!(SignedNote::parse(&vec![b'a'; NOTE_LIMIT + 1]), Err(NoteError::TooLarge));
    }

    #[test]
    fn the_computed_length_of_a_note_is_its_length() {
        // The largest note that is accepted writes to a note that is accepted again.
        let line = SignatureLine::parse("\u{2014} kk AAAAAAA=").unwrap();
        let rest = line.to_string().len() + 2;
        let text = |n: usize| format!("{}\n", "x".repeat(n - rest - 1));
        let note = SignedNote::new(text(NOTE_LIMIT), vec![line.clone()]).unwrap();
        assert_eq!(note.to_string().len(), NOTE_LIMIT);
        assert_eq!(SignedNote::new(text(NOTE_LIMIT + 1), vec![line]), Err(NoteError::TooLarge));
    }

    #[test]
    fn keys_that_share_a_name_or_an_id_are_not_confused() {
        let key = TestKey::new("log.example/x", Algorithm::Ed25519, 1);
        let namesake = TestKey::new("log.example/x", Algorithm::Ed25519, 2);
        let mut note = sign_note("t\n", &key.public, |m| key.sign(m)).unwrap();
        assert_eq!(note.verify(&namesake.public), Err(NoteError::NotSigned(key.public.name().clone())));
        // The namesake's line holds a signature that is not the key's: unknown to the key itself.
        note.add(SignatureLine::by(&namesake.public, vec![0; 64])).unwrap();
        note.verify(&key.public).unwrap();
        assert!(matches!(note.verify(&namesake.public), Err(NoteError::BadSignature(_))));
        // A second, bad line by the key spoils the note.
        note.add(SignatureLine::by(&key.public, vec![0; 64])).unwrap();
        assert!(matches!(note.verify(&key.public), Err(NoteError::BadSignature(_))));
        let refused = sign_note("t\n", &key.public, |m| namesake.sign(m));
        assert!(matches!(refused, Err(NoteError::BadSignature(_))));
        let cosigner = TestKey::new("w", Algorithm::CosignatureV1, 3);
        assert!(matches!(
            sign_note("t\n", &cosigner.public, |m| cosigner.sign(m)),
            Err(NoteError::WrongAlgorithm(_))
        ));
    }

    #[test]
    fn a_signature_with_an_unreduced_scalar_is_refused() {
        let key = TestKey::new("log.example/x", Algorithm::Ed25519, 1);
        let mut signature = key.sign(b"t\n");
        // s + q, q = 2^252 + 27742317777372353535851937790883648493, little-endian.
        let mut order = [0; 32];
        order[..16].copy_from_slice(&from_hex("edd3f55c1a631258d69cf7a2def9de14").unwrap());
        order[31] = 0x10;
        let mut carry = 0u16;
        for (s, q) in signature[32..].iter_mut().zip(order) {
            carry += u16::from(*s) + u16::from(q);
            *s = carry as u8;
            carry >>= 8;
        }
        let note = SignedNote::new("t\n", vec![SignatureLine::by(&key.public, signature.to_vec())]).unwrap();
        assert!(matches!(note.verify(&key.public), Err(NoteError::BadSignature(_))));
    }
}
