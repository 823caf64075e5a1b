//! Offline proofs that a leaf is in the log (C2SP tlog-proof, version 1).
//!
//! Stricter than the specification: no `extra` line, since nothing here would need it and it is
//! not authenticated. *Invariant:* a [`LogProof`] writes back to the bytes it was read from.

use std::fmt;

use super::base64;
use super::checkpoint::{Checkpoint, CheckpointError};
use super::merkle::{MAX_SIZE, MerkleError, verify_inclusion};
use super::note::{NOTE_LIMIT, NoteError, SignedNote};
use super::policy::{HeadError, PolicyOutcome};
use super::policy_file::Policy;
use crate::codec::Hash;

/// First line of every proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A tree of at most 2^53 − 1 leaves has no longer path.
const PATH_LIMIT: usize = 53;
/// Header, index and the longest path, in bytes, generously.
const HEAD_LIMIT: usize = 4096;

/// Why a proof was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not the lines of a proof: header, index, hashes, blank line, checkpoint.
    #[error("not a proof of version 1 without extra data")]
    Shape,
    /// The index is not a decimal number without leading zeros up to 2^53 − 1.
    #[error("bad index")]
    Index,
    /// A line of the path is not the base64 of 32 bytes, or there are more than 53.
    #[error("bad inclusion path")]
    Path,
    /// The note after the blank line was refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The policy does not accept the checkpoint.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The path does not lead from the leaf to the checkpoint's root.
    #[error(transparent)]
    Merkle(#[from] MerkleError),
}

/// An inclusion proof with the signed checkpoint that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Index of the leaf.
    pub index: u64,
    /// Inclusion path, sibling of the leaf first.
    pub path: Vec<Hash>,
    /// The checkpoint with its signatures and cosignatures.
    pub checkpoint: SignedNote,
}

impl LogProof {
    /// Reads a proof. Errors: [`ProofError::Shape`], [`ProofError::Index`], [`ProofError::Path`],
    /// [`ProofError::Note`], [`ProofError::Checkpoint`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > NOTE_LIMIT + HEAD_LIMIT {
            return Err(NoteError::TooLarge.into());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ProofError::Shape)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ProofError::Shape)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(ProofError::Shape);
        }
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or(ProofError::Shape)?;
        let index = base64::decimal(index).filter(|n| *n <= MAX_SIZE).ok_or(ProofError::Index)?;
        let path: Option<Vec<Hash>> = lines.map(base64::decode_hash).collect();
        let path = path.filter(|path| path.len() <= PATH_LIMIT).ok_or(ProofError::Path)?;
        let checkpoint = SignedNote::parse(checkpoint.as_bytes())?;
        Checkpoint::from_note(&checkpoint)?;
        Ok(Self { index, path, checkpoint })
    }

    /// Checks that the leaf with this hash stands at the index of a tree that the policy accepts,
    /// and answers what the policy says of the tree's head. Errors: [`ProofError::Head`],
    /// [`ProofError::Merkle`].
    pub fn verify(&self, leaf_hash: &Hash, policy: &Policy) -> Result<PolicyOutcome, ProofError> {
        let outcome = policy.accept(&self.checkpoint)?;
        let head = &outcome.checkpoint;
        verify_inclusion(self.index, head.size, leaf_hash, &self.path, &head.root)?;
        Ok(outcome)
    }
}

impl fmt::Display for LogProof {
    /// The whole proof.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\nindex {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", base64::encode(hash.as_bytes())))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::super::merkle::{inclusion_proof, root};
    use super::super::note::sign_note;
    use super::super::samples::{TestKey, numbered};
    use super::*;
    use crate::log::{Algorithm, Origin};

    fn sample() -> (Vec<Hash>, LogProof, Policy) {
        let leaves = numbered(21);
        let key = TestKey::new("log.example/x", Algorithm::Ed25519, 1);
        let origin = Origin::new("log.example/x").unwrap();
        let checkpoint = Checkpoint { origin, size: 21, root: root(&leaves) };
        let note = sign_note(&checkpoint.to_text(), &key.public, |m| key.sign(m)).unwrap();
        let proof = LogProof { index: 17, path: inclusion_proof(&leaves, 17).unwrap(), checkpoint: note };
        let policy = Policy::parse(format!("log {}\nquorum none\n", key.public).as_bytes()).unwrap();
        (leaves, proof, policy)
    }

    #[test]
    fn a_proof_writes_reads_and_verifies_for_its_leaf_only() {
        let (leaves, proof, policy) = sample();
        let read = LogProof::parse(proof.to_string().as_bytes()).unwrap();
        assert_eq!(read, proof);
        assert_eq!(read.verify(&leaves[17], &policy).unwrap().checkpoint.size, 21);
        for (i, leaf) in leaves.iter().enumerate().filter(|(i, _)| *i != 17) {
            assert_eq!(read.verify(leaf, &policy), Err(MerkleError::RootMismatch.into()), "{i}");
        }
        let stranger = TestKey::new("log.example/x", Algorithm::Ed25519, 2).public;
        let other = Policy::parse(format!("log {stranger}\nquorum none\n").as_bytes()).unwrap();
        assert_eq!(read.verify(&leaves[17], &other), Err(HeadError::NoLog.into()));
    }

    #[test]
    fn every_changed_bit_of_a_proof_is_refused() {
        let (leaves, proof, policy) = sample();
        let bytes = proof.to_string().into_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let verdict = LogProof::parse(&changed).and_then(|proof| proof.verify(&leaves[17], &policy));
            assert!(verdict.is_err(), "bit {bit}");
        }
    }

    #[test]
    fn every_kind_of_malformed_proof_is_named() {
        let (_, proof, _) = sample();
        let good = proof.to_string();
        let hash = base64::encode(&[7; 32]);
        for (bad, fault) in [
            (good.replacen("@v1", "@v2", 1), ProofError::Shape),
            (good.replacen("index 17", "extra AAAA\nindex 17", 1), ProofError::Shape),
            (good.replacen("index 17", "index  17", 1), ProofError::Index),
            (good.replacen("index 17", "index 017", 1), ProofError::Index),
            (good.replacen("index 17", "index 9007199254740992", 1), ProofError::Index),
            (good.replacen("index 17", "index 17\nAAAA", 1), ProofError::Path),
            (
                good.replacen("index 17", &format!("index 17{}", format!("\n{hash}").repeat(53)), 1),
                ProofError::Path,
            ),
            (good.replacen("index 17", "index 17\r", 1), ProofError::Index),
            (good.replacen("\n\n", "\n", 1), ProofError::Path),
            (good.replacen("\n\n", "\n\n\n", 1), ProofError::Checkpoint(CheckpointError::Lines)),
        ] {
            assert_eq!(LogProof::parse(bad.as_bytes()), Err(fault), "{bad}");
        }
    }
}
