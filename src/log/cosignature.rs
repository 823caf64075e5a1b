//! Timestamped Ed25519 cosignatures of checkpoints (C2SP tlog-cosignature, algorithm 0x04).
//!
//! A witness signs `cosignature/v1`, a line `time <seconds>` and the checkpoint's text; its line
//! holds the time as u64 big-endian and the signature. Times are Unix seconds from 1 to 2^63 − 1:
//! time 0 would say "at no time", and a head without a time is of no use here.
//!
//! Deliberately absent: ML-DSA-44 cosignatures (0x06); their lines count as unknown.

use super::checkpoint::Checkpoint;
use super::key::{Algorithm, VerifierKey};
use super::note::{NoteError, SignatureLine, SignedNote};

/// Cosigns a checkpoint at `time`; `sign` gets the message and answers the signature.
/// Errors: [`NoteError::WrongAlgorithm`] for a key that is no cosigner's;
/// [`NoteError::BadSignature`] if the time is not positive or the answer is not by the key.
pub fn cosign(
    checkpoint: &Checkpoint,
    time: i64,
    key: &VerifierKey,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> Result<SignatureLine, NoteError> {
    cosigner(key)?;
    let signature = sign(message(time, &checkpoint.to_text()).as_bytes());
    let bytes = [time.to_be_bytes().as_slice(), &signature].concat();
    time_of(&checkpoint.to_text(), &bytes, key)?;
    Ok(SignatureLine::by(key, bytes))
}

/// Checks a cosigner's lines on a note and answers the earliest of their times, in Unix seconds.
/// Every line by the key must verify. Errors: [`NoteError::WrongAlgorithm`],
/// [`NoteError::NotSigned`], [`NoteError::BadSignature`].
pub fn cosigned_at(note: &SignedNote, key: &VerifierKey) -> Result<i64, NoteError> {
    cosigner(key)?;
    let lines = note.signatures().iter().filter(|line| line.is_by(key));
    let times =
        lines.map(|line| time_of(note.text(), &line.signature, key)).collect::<Result<Vec<_>, _>>()?;
    times.into_iter().min().ok_or_else(|| NoteError::NotSigned(key.name().clone()))
}

/// The signed message: header, time, and the checkpoint's text with its final newline.
fn message(time: i64, checkpoint_text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{checkpoint_text}")
}

fn cosigner(key: &VerifierKey) -> Result<(), NoteError> {
    match key.algorithm() {
        Algorithm::CosignatureV1 => Ok(()),
        Algorithm::Ed25519 => Err(NoteError::WrongAlgorithm(key.name().clone())),
    }
}

/// The time in the bytes of a line whose signature verifies.
fn time_of(text: &str, bytes: &[u8], key: &VerifierKey) -> Result<i64, NoteError> {
    let verified = || {
        let (time, signature) = bytes.split_first_chunk::<8>()?;
        let time = i64::from_be_bytes(*time);
        let accepted = time > 0 && key.accepts(message(time, text).as_bytes(), signature.try_into().ok()?);
        accepted.then_some(time)
    };
    verified().ok_or_else(|| NoteError::BadSignature(key.name().clone()))
}

#[cfg(test)]
mod tests {
    use super::super::merkle::{empty_root, leaf_hash};
    use super::super::note::sign_note;
    use super::super::samples::{TestKey, field, text, vector};
    use super::*;
    use crate::log::Origin;

    fn cosigned() -> (TestKey, TestKey, SignedNote) {
        let log = TestKey::new("log.example/x", Algorithm::Ed25519, 1);
        let witness = TestKey::new("w.example/1", Algorithm::CosignatureV1, 2);
        let checkpoint =
            Checkpoint { origin: Origin::new("log.example/x").unwrap(), size: 1, root: leaf_hash(b"") };
        let mut note = sign_note(&checkpoint.to_text(), &log.public, |m| log.sign(m)).unwrap();
        note.add(cosign(&checkpoint, 1_700_000_000, &witness.public, |m| witness.sign(m)).unwrap()).unwrap();
        (log, witness, note)
    }

    #[test]
    fn the_published_cosignature_has_the_published_message() {
        let file = vector("c2sp_notes.json");
        let case = field(&file, "cosignature");
        let note = SignedNote::parse(text(case, "note").as_bytes()).unwrap();
        let line = note.signatures().iter().find(|l| l.name.as_str() == text(case, "witness")).unwrap();
        assert_eq!(line.signature.len(), 72);
        let time = i64::from_be_bytes(line.signature[..8].try_into().unwrap());
        assert_eq!(message(time, note.text()), text(case, "message"));
        assert_eq!(Checkpoint::from_note(&note).unwrap().size, 20_852_163);
        for published in field(&file, "witness_lines").as_list().unwrap() {
            let published = published.as_str().unwrap();
            assert_eq!(SignatureLine::parse(published).unwrap().to_string(), published);
        }
    }

    #[test]
    fn a_cosignature_verifies_and_every_changed_bit_of_its_line_is_refused() {
        let (log, witness, note) = cosigned();
        assert_eq!(cosigned_at(&note, &witness.public), Ok(1_700_000_000));
        let good = note.signatures()[1].clone();
        for bit in 0..72 * 8 {
            let mut line = good.clone();
            line.signature[bit / 8] ^= 1 << (bit % 8);
            let changed = SignedNote::new(note.text(), vec![line]).unwrap();
            assert!(
                matches!(cosigned_at(&changed, &witness.public), Err(NoteError::BadSignature(_))),
                "{bit}"
            );
        }
        let without = SignedNote::new(note.text(), vec![note.signatures()[0].clone()]).unwrap();
        assert!(matches!(cosigned_at(&without, &witness.public), Err(NoteError::NotSigned(_))));
        assert!(matches!(cosigned_at(&note, &log.public), Err(NoteError::WrongAlgorithm(_))));
        assert!(matches!(note.verify(&witness.public), Err(NoteError::WrongAlgorithm(_))));
    }

    #[test]
    fn the_earliest_of_several_times_counts_and_a_bad_line_spoils_all() {
        let (_, witness, mut note) = cosigned();
        let checkpoint = Checkpoint::from_note(&note).unwrap();
        let at = |time| cosign(&checkpoint, time, &witness.public, |m| witness.sign(m));
        note.add(at(1_600_000_000).unwrap()).unwrap();
        note.add(at(1_800_000_000).unwrap()).unwrap();
        assert_eq!(cosigned_at(&note, &witness.public), Ok(1_600_000_000));
        note.add(SignatureLine::by(&witness.public, vec![1; 72])).unwrap();
        assert!(matches!(cosigned_at(&note, &witness.public), Err(NoteError::BadSignature(_))));
        for time in [0, -1, i64::MIN] {
            assert!(matches!(at(time), Err(NoteError::BadSignature(_))), "{time}");
        }
        assert!(at(i64::MAX).is_ok());
    }

    #[test]
    fn a_cosignature_does_not_carry_over_to_another_checkpoint() {
        let (_, witness, note) = cosigned();
        let other = Checkpoint { origin: Origin::new("log.example/x").unwrap(), size: 0, root: empty_root() };
        let moved = SignedNote::new(other.to_text(), note.signatures().to_vec()).unwrap();
        assert!(matches!(cosigned_at(&moved, &witness.public), Err(NoteError::BadSignature(_))));
    }
}
