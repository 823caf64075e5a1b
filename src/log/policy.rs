//! Judging a signed checkpoint by a trust policy: whose log it is, who cosigned it, since when it
//! may be believed.
//!
//! The time of a head is the smallest t at which the quorum has cosigned with times ≤ t. Lines of
//! keys outside the policy are reported and count for nothing; a line that names a key of the
//! policy and does not verify spoils the whole note. A log's key counts only on checkpoints whose
//! origin is its name.

use super::checkpoint::{Checkpoint, CheckpointError};
use super::cosignature::cosigned_at;
use super::key::VerifierKey;
use super::note::{NoteError, SignatureLine, SignedNote};
use super::policy_file::Policy;

/// Why a checkpoint was refused under a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The note's text is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A line by a key of the policy does not verify.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// No log of the policy with this origin signed it.
    #[error("not signed by a log of the policy")]
    NoLog,
    /// The witnesses that cosigned do not make the quorum.
    #[error("the policy's quorum has not cosigned")]
    NoQuorum,
}

/// Since when a head is vouched for by the policy's quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadTime {
    /// The quorum is met; Unix seconds of the cosignature that completed it.
    At(i64),
    /// The policy asks for no cosignature, so no time follows.
    NotAsked,
    /// The quorum is not met.
    NotMet,
}

/// A witness of the policy whose cosignature verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessTime {
    /// Name inside the policy, opaque bytes.
    pub name: Vec<u8>,
    /// The witness's key.
    pub key: VerifierKey,
    /// The earliest verified time, Unix seconds.
    pub time: i64,
}

/// What a policy says of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyOutcome {
    /// The checkpoint that was judged.
    pub checkpoint: Checkpoint,
    /// The key of the log that signed it; `None` if no log of the policy did.
    pub log: Option<VerifierKey>,
    /// The witnesses that cosigned it, in the order of the policy.
    pub witnesses: Vec<WitnessTime>,
    /// Whether and when the quorum was met.
    pub time: HeadTime,
    /// The lines that count for nothing, in the order of the note.
    pub unknown: Vec<SignatureLine>,
}

impl PolicyOutcome {
    /// Whether a log of the policy signed and the quorum is met or not asked for.
    pub fn accepted(&self) -> bool {
        self.log.is_some() && self.time != HeadTime::NotMet
    }
}

impl Policy {
    /// Judges a note. Errors only for what spoils it: [`HeadError::Checkpoint`], or
    /// [`HeadError::Note`] with a line by a key of the policy that does not verify; a missing
    /// signature is an outcome.
    pub fn judge(&self, note: &SignedNote) -> Result<PolicyOutcome, HeadError> {
        let checkpoint = Checkpoint::from_note(note)?;
        let logs = self.logs().iter().filter(|key| key.name() == checkpoint.origin.log_key_name());
        let mut log = None;
        for key in logs.clone() {
            match note.verify(key) {
                Ok(()) => log = log.or_else(|| Some(key.clone())),
                Err(NoteError::NotSigned(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut times = Vec::with_capacity(self.witnesses().len());
        for witness in self.witnesses() {
            times.push(match cosigned_at(note, &witness.key) {
                Ok(time) => Some(time),
                Err(NoteError::NotSigned(_)) => None,
                Err(error) => return Err(error.into()),
            });
        }
        let time = match self.quorum_time(&times) {
            Some(time) => HeadTime::At(time),
            None if self.asks_for_no_witness() => HeadTime::NotAsked,
            None => HeadTime::NotMet,
        };
        let known: Vec<&VerifierKey> = logs.chain(self.witnesses().iter().map(|w| &w.key)).collect();
        let is_unknown = |line: &&SignatureLine| !known.iter().any(|key| line.is_by(key));
        let unknown = note.signatures().iter().filter(is_unknown).cloned().collect();
        let cosigned = self.witnesses().iter().zip(times);
        let witnesses = cosigned
            .filter_map(|(w, time)| {
                Some(WitnessTime { name: w.name.clone(), key: w.key.clone(), time: time? })
            })
            .collect();
        Ok(PolicyOutcome { checkpoint, log, witnesses, time, unknown })
    }

    /// Judges a note and refuses what the policy does not accept: [`HeadError::NoLog`],
    /// [`HeadError::NoQuorum`], and the errors of [`Policy::judge`].
    pub fn accept(&self, note: &SignedNote) -> Result<PolicyOutcome, HeadError> {
        let outcome = self.judge(note)?;
        if outcome.log.is_none() {
            return Err(HeadError::NoLog);
        }
        if outcome.accepted() { Ok(outcome) } else { Err(HeadError::NoQuorum) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cosignature::cosign;
    use super::super::merkle::leaf_hash;
    use super::super::note::sign_note;
    use super::super::samples::TestKey;
    use super::*;
    use crate::log::{Algorithm, Origin};

    struct World {
        log: TestKey,
        witnesses: Vec<TestKey>,
        checkpoint: Checkpoint,
    }

    impl World {
        fn new() -> Self {
            let witness = |i: u8| TestKey::new(&format!("w.example/{i}"), Algorithm::CosignatureV1, 10 + i);
            Self {
                log: TestKey::new("log.example/x", Algorithm::Ed25519, 1),
                witnesses: (0..3).map(witness).collect(),
                checkpoint: Checkpoint {
                    origin: Origin::new("log.example/x").unwrap(),
                    size: 1,
                    root: leaf_hash(b""),
                },
            }
        }

        fn policy(&self, quorum: &str) -> Policy {
            let mut file = format!("log {}\n", self.log.public);
            for (i, witness) in self.witnesses.iter().enumerate() {
                file += &format!("witness w{i} {}\n", witness.public);
            }
            Policy::parse(format!("{file}group two 2 w0 w1 w2\nquorum {quorum}\n").as_bytes()).unwrap()
        }

        fn note(&self, times: &[(usize, i64)]) -> SignedNote {
            let text = self.checkpoint.to_text();
            let mut note = sign_note(&text, &self.log.public, |m| self.log.sign(m)).unwrap();
            for (i, time) in times {
                let key = &self.witnesses[*i];
                note.add(cosign(&self.checkpoint, *time, &key.public, |m| key.sign(m)).unwrap()).unwrap();
            }
            note
        }
    }

    #[test]
    fn the_time_of_a_head_is_that_of_the_cosignature_that_completes_the_quorum() {
        let world = World::new();
        let policy = world.policy("two");
        let outcome = policy.accept(&world.note(&[(2, 300), (0, 100), (1, 200)])).unwrap();
        assert_eq!(outcome.time, HeadTime::At(200));
        assert_eq!(outcome.log, Some(world.log.public.clone()));
        assert_eq!(outcome.witnesses.iter().map(|w| w.time).collect::<Vec<_>>(), [100, 200, 300]);
        assert_eq!(outcome.checkpoint, world.checkpoint);
        let outcome = policy.judge(&world.note(&[(1, 200), (1, 100)])).unwrap();
        assert_eq!((outcome.time, outcome.accepted()), (HeadTime::NotMet, false));
        assert_eq!(policy.accept(&world.note(&[(1, 200)])), Err(HeadError::NoQuorum));
        let outcome = world.policy("none").accept(&world.note(&[])).unwrap();
        assert_eq!(outcome.time, HeadTime::NotAsked);
    }

    #[test]
    fn strangers_are_reported_and_count_for_nothing() {
        let world = World::new();
        let stranger = TestKey::new("w.example/0", Algorithm::CosignatureV1, 77);
        let mut note = world.note(&[(0, 100)]);
        note.add(cosign(&world.checkpoint, 50, &stranger.public, |m| stranger.sign(m)).unwrap()).unwrap();
        let outcome = world.policy("two").judge(&note).unwrap();
        assert_eq!(outcome.time, HeadTime::NotMet);
        assert_eq!(outcome.unknown, [note.signatures()[2].clone()]);
        assert_eq!(outcome.witnesses.len(), 1);
    }

    #[test]
    fn a_bad_line_by_a_key_of_the_policy_spoils_the_note() {
        let world = World::new();
        let mut note = world.note(&[(0, 100), (1, 100)]);
        note.add(SignatureLine::by(&world.witnesses[2].public, vec![0; 72])).unwrap();
        assert!(matches!(
            world.policy("two").accept(&note),
            Err(HeadError::Note(NoteError::BadSignature(_)))
        ));
        let mut note = world.note(&[(0, 100), (1, 100)]);
        note.add(SignatureLine::by(&world.log.public, vec![0; 64])).unwrap();
        assert!(matches!(
            world.policy("none").accept(&note),
            Err(HeadError::Note(NoteError::BadSignature(_)))
        ));
    }

    #[test]
    fn a_log_key_counts_only_for_its_own_origin() {
        let world = World::new();
        let other = Checkpoint { origin: Origin::new("log.example/y").unwrap(), ..world.checkpoint.clone() };
        let note = sign_note(&other.to_text(), &world.log.public, |m| world.log.sign(m)).unwrap();
        let outcome = world.policy("none").judge(&note).unwrap();
        assert_eq!((outcome.log, outcome.unknown.len()), (None, 1));
        assert_eq!(world.policy("none").accept(&note), Err(HeadError::NoLog));
        let note = sign_note("not a checkpoint\n", &world.log.public, |m| world.log.sign(m)).unwrap();
        assert_eq!(world.policy("none").judge(&note), Err(CheckpointError::Lines.into()));
    }
}
