//! What a log says to a witness and what it hears (C2SP tlog-witness, `add-checkpoint`): an old size, a
//! consistency proof and a checkpoint go there; signature lines, or the size that the witness knows, come back.
//!
//! *Invariant:* an [`AddCheckpoint`] writes back to the bytes it was read from. Whether the proof proves
//! anything and whether a signature verifies is not said here.

use std::fmt;

use super::base64;
use super::checkpoint::{Checkpoint, CheckpointError};
use super::cosignature::cosigned_at;
use super::key::VerifierKey;
use super::merkle::MAX_SIZE;
use super::note::{NOTE_LIMIT, NoteError, SIGNATURE_LIMIT, SignatureLine, SignedNote};
use crate::codec::Hash;

/// The most lines of a consistency proof that a client may send.
const PROOF_LIMIT: usize = 63;
/// Old size and the longest proof, in bytes, generously.
const HEAD_LIMIT: usize = 4096;

/// Why a request is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddCheckpointError {
    /// Not an old size line, hashes, an empty line and a note.
    #[error("not a request to add a checkpoint: old size, proof lines, empty line, checkpoint")]
    Shape,
    /// The old size is not a decimal number without leading zeros up to 2^53 − 1.
    #[error("bad old size")]
    OldSize,
    /// A line of the proof is not the base64 of 32 bytes, or there are more than 63.
    #[error("bad consistency proof")]
    Proof,
    /// What follows the empty line is not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the checkpoint that the witness cosigned last, as the client believes; 0 if none.
    pub old: u64,
    /// Proof that the tree of `old` leaves is the beginning of the checkpoint's.
    pub proof: Vec<Hash>,
    /// The checkpoint, signed by the log.
    pub note: SignedNote,
}

impl AddCheckpoint {
    /// Reads a body and the checkpoint in it. Checks neither proof nor signature.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Checkpoint), AddCheckpointError> {
        if bytes.len() > NOTE_LIMIT + HEAD_LIMIT {
            return Err(NoteError::TooLarge.into());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| AddCheckpointError::Shape)?;
        let (head, note) = text.split_once("\n\n").ok_or(AddCheckpointError::Shape)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).ok_or(AddCheckpointError::Shape)?;
        let old = base64::decimal(old).filter(|n| *n <= MAX_SIZE).ok_or(AddCheckpointError::OldSize)?;
        let proof: Option<Vec<Hash>> = lines.map(base64::decode_hash).collect();
        let proof = proof.filter(|proof| proof.len() <= PROOF_LIMIT).ok_or(AddCheckpointError::Proof)?;
        let note = SignedNote::parse(note.as_bytes())?;
        let checkpoint = Checkpoint::from_note(&note)?;
        Ok((Self { old, proof, note }, checkpoint))
    }
}

impl fmt::Display for AddCheckpoint {
    /// The whole body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", base64::encode(hash.as_bytes())))?;
        write!(f, "\n{}", self.note)
    }
}

/// Reads the body of a 409: the size that the witness cosigned last, and a newline.
pub fn size_line(body: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(body).ok()?.strip_suffix('\n')?;
    base64::decimal(text).filter(|size| *size <= MAX_SIZE)
}

/// Reads the body of a 200: one or more signature lines, each with its newline; at most 64.
pub fn signature_lines(body: &[u8]) -> Option<Vec<SignatureLine>> {
    let lines = std::str::from_utf8(body).ok()?.strip_suffix('\n')?.split('\n');
    let lines: Option<Vec<SignatureLine>> = lines.map(SignatureLine::parse).collect();
    lines.filter(|lines| lines.len() <= SIGNATURE_LIMIT)
}

/// Looks for a cosignature of a checkpoint's text by one key among answered lines, and answers it with its
/// time; the earliest, if there are several. Lines of other keys are passed over. Errors:
/// [`NoteError::NotSigned`] if no line is by the key; [`NoteError::BadSignature`] if one that is does not
/// verify; [`NoteError::WrongAlgorithm`] for a key that is no cosigner's; [`NoteError::Shape`].
pub fn cosignature_by(
    key: &VerifierKey,
    text: &str,
    lines: Vec<SignatureLine>,
) -> Result<(SignatureLine, i64), NoteError> {
    let mut found: Option<(SignatureLine, i64)> = None;
    for line in lines.into_iter().filter(|line| line.is_by(key)) {
        let time = cosigned_at(&SignedNote::new(text, vec![line.clone()])?, key)?;
        if found.as_ref().is_none_or(|(_, earliest)| time < *earliest) {
            found = Some((line, time));
        }
    }
    found.ok_or_else(|| NoteError::NotSigned(key.name().clone()))
}

#[cfg(test)]
mod tests {
    use super::super::cosignature::cosign;
    use super::super::merkle::{consistency_proof, root};
    use super::super::note::sign_note;
    use super::super::samples::{TestKey, numbered};
    use super::*;
    use crate::log::{Algorithm, Origin};

    fn request() -> (AddCheckpoint, Checkpoint) {
        let (key, leaves) = (TestKey::new("log.example/x", Algorithm::Ed25519, 1), numbered(11));
        let head =
            Checkpoint { origin: Origin::new("log.example/x").unwrap(), size: 11, root: root(&leaves) };
        let note = sign_note(&head.to_text(), &key.public, |m| key.sign(m)).unwrap();
        (AddCheckpoint { old: 4, proof: consistency_proof(&leaves, 4).unwrap(), note }, head)
    }

    #[test]
    fn a_request_has_the_lines_of_the_specification_and_reads_back() {
        let (request, head) = request();
        let text = request.to_string();
        assert!(text.starts_with("old 4\n"));
        let (lines, note) = text.split_once("\n\n").unwrap();
        assert_eq!(lines.lines().count(), 1 + request.proof.len());
        assert_eq!(note, request.note.to_string());
        assert_eq!(AddCheckpoint::parse(text.as_bytes()), Ok((request, head)));
        let first = AddCheckpoint { old: 0, proof: vec![], ..self::request().0 };
        assert!(first.to_string().starts_with("old 0\n\nlog.example/x\n11\n"));
        assert_eq!(AddCheckpoint::parse(first.to_string().as_bytes()).unwrap().0, first);
    }

    #[test]
    fn every_other_shape_is_named() {
        let good = request().0.to_string();
        let read = |text: String| AddCheckpoint::parse(text.as_bytes()).map(|_| ()).unwrap_err();
        assert_eq!(read(good.replace("old 4", "new 4")), AddCheckpointError::Shape);
        assert_eq!(read(good.replace("old 4", "old 04")), AddCheckpointError::OldSize);
        assert_eq!(read(good.replace("old 4", "old 9007199254740992")), AddCheckpointError::OldSize);
        assert_eq!(read(good.replace("old 4\n", "old 4\nAAAA\n")), AddCheckpointError::Proof);
        let line = format!("{}\n", base64::encode(&[0; 32]));
        assert_eq!(
            read(good.replace("old 4\n", &format!("old 4\n{}", line.repeat(63)))),
            AddCheckpointError::Proof
        );
        assert_eq!(read(good.trim_end().to_owned()), AddCheckpointError::Note(NoteError::Shape));
        assert_eq!(
            read(good.replace("\n11\n", "\n011\n")),
            AddCheckpointError::Checkpoint(CheckpointError::Size)
        );
        assert_eq!(read("old 4\n".into()), AddCheckpointError::Shape);
        assert_eq!(AddCheckpoint::parse(&[0xff; 9]), Err(AddCheckpointError::Shape));
    }

    #[test]
    fn sizes_and_lines_of_an_answer_are_read_strictly() {
        assert_eq!(size_line(b"20852014\n"), Some(20_852_014));
        for bad in ["", "\n", "7", "07\n", "7\n\n", "7 \n", "-1\n", "9007199254740992\n", "<html>\n"] {
            assert_eq!(size_line(bad.as_bytes()), None, "{bad:?}");
        }
        let line = "\u{2014} w.example/1 AAAAAAA=\n";
        assert_eq!(signature_lines(line.repeat(64).as_bytes()).map(|lines| lines.len()), Some(64));
        for bad in [String::new(), "\n".into(), line.trim_end().into(), line.repeat(65), format!("{line}x\n")]
        {
            assert_eq!(signature_lines(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn only_a_verified_cosignature_of_the_pinned_key_counts() {
        let (_, head) = request();
        let witness = TestKey::new("w.example/1", Algorithm::CosignatureV1, 2);
        let other = TestKey::new("w.example/2", Algorithm::CosignatureV1, 3);
        let line = |key: &TestKey, time| cosign(&head, time, &key.public, |m| key.sign(m)).unwrap();
        let found = |lines| cosignature_by(&witness.public, &head.to_text(), lines);
        let (late, early) = (line(&witness, 9), line(&witness, 7));
        assert_eq!(found(vec![line(&other, 1), late, early.clone()]), Ok((early.clone(), 7)));
        assert!(matches!(found(vec![line(&other, 1)]), Err(NoteError::NotSigned(_))));
        assert!(matches!(found(vec![]), Err(NoteError::NotSigned(_))));
        let mut broken = early.clone();
        broken.signature[20] ^= 1;
        assert!(matches!(found(vec![early, broken]), Err(NoteError::BadSignature(_))));
        let of_another_head = Checkpoint { size: 10, ..head.clone() };
        let wrong = cosign(&of_another_head, 7, &witness.public, |m| witness.sign(m)).unwrap();
        assert!(matches!(found(vec![wrong]), Err(NoteError::BadSignature(_))));
    }
}
