//! The decision on a checkpoint (C2SP tlog-witness `add-checkpoint`): newest head and request → cosign, or why
//! not. Pure.
//!
//! Looked at in the order of the specification: shape (400), log (404), signatures (403), old size against
//! new (400), old size against the newest head (409), root of an empty tree, root at the same size, consistency (422).
//! The specification's version 1.0.0 had a 409 for another root at the same size, its text of July 2026 a 422: a 409
//! would name the client the very size that it asked with.
//! Extension lines of other people's checkpoints are kept and cosigned with the rest; ours have none.
//!
//! *Invariant:* [`decide`] answers [`Decision::Cosign`] only for a tree of which the newest head is a prefix.

use base64ct::{Base64, Encoding};

use super::logs::Logs;
use super::refusal::Refusal;
use super::state::Head;
use crate::codec::Hash;
use crate::log::merkle::{empty_root, verify_consistency};
use crate::log::{MAX_SIZE, NoteError, SignedNote};

/// The longest request, in bytes.
pub const BODY_LIMIT: usize = 256 << 10;
/// The longest text of a checkpoint, in bytes: extension lines are somebody else's, and are stored.
const TEXT_LIMIT: usize = 16 << 10;
/// The most lines of a proof.
const PROOF_LIMIT: usize = 63;

/// A request: old size, proof, checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    old: u64,
    proof: Vec<Hash>,
    note: SignedNote,
    /// The log's name.
    pub origin: String,
    /// Size of the tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Cosign: the tree has grown, or nothing was cosigned yet.
    Cosign,
    /// The tree of the newest head: nothing new is claimed.
    Again,
}

impl Asked {
    /// Reads a request. Errors: [`Refusal::Shape`], [`Refusal::TooLarge`].
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        if body.len() > BODY_LIMIT {
            return Err(Refusal::TooLarge);
        }
        let text = std::str::from_utf8(body).map_err(|_| shape("UTF-8"))?;
        let (head, note) = text.split_once("\n\n").ok_or_else(|| shape("empty line"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(size);
        let old = old.ok_or_else(|| shape("old size line"))?;
        let proof: Option<Vec<Hash>> = lines.map(hash).collect();
        let proof = proof.filter(|proof| proof.len() <= PROOF_LIMIT).ok_or_else(|| shape("proof lines"))?;
        let note = SignedNote::parse(note.as_bytes()).map_err(|error| shape(&error.to_string()))?;
        let text = note.text();
        if text.len() > TEXT_LIMIT {
            return Err(shape("checkpoint longer than 16 KiB"));
        }
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or_else(|| shape("origin line"))?;
        let size = lines.next().and_then(size).ok_or_else(|| shape("tree size line"))?;
        let root = lines.next().and_then(hash).ok_or_else(|| shape("root line"))?;
        if lines.any(str::is_empty) {
            return Err(shape("empty extension line"));
        }
        Ok(Self { old, proof, origin: origin.to_owned(), size, root, note })
    }

    /// Checks the log's signatures and answers the checkpoint with those lines only. Errors:
    /// [`Refusal::UnknownLog`], [`Refusal::NotSigned`].
    pub fn signed_by(&self, logs: &Logs) -> Result<SignedNote, Refusal> {
        let keys = logs.keys_of(&self.origin).ok_or(Refusal::UnknownLog)?;
        for key in keys {
            match self.note.verify(key) {
                Ok(()) | Err(NoteError::NotSigned(_)) => {}
                Err(_) => return Err(Refusal::NotSigned),
            }
        }
        let known = self.note.signatures().iter().filter(|line| keys.iter().any(|key| line.is_by(key)));
        let mut lines: Vec<_> = known.cloned().collect();
        lines.dedup();
        // A note without a signature line is no note.
        SignedNote::new(self.note.text(), lines).map_err(|_| Refusal::NotSigned)
    }

    /// Holds the request against the newest head. Errors: [`Refusal::Shape`], [`Refusal::OldSize`],
    /// [`Refusal::Inconsistent`].
    pub fn decide(&self, newest: Option<&Head>) -> Result<Decision, Refusal> {
        if self.old > self.size {
            return Err(shape("old size above the checkpoint's"));
        }
        let (size, root) = newest.map_or((0, empty_root()), |head| (head.size, head.root));
        if self.old != size {
            return Err(Refusal::OldSize(size));
        }
        if self.size == 0 && self.root != empty_root() {
            return Err(Refusal::Inconsistent("the root of an empty tree is the hash of nothing"));
        }
        if self.old == self.size && self.root != root {
            return Err(Refusal::Inconsistent("another root at the same size"));
        }
        verify_consistency(size, self.size, &root, &self.root, &self.proof)
            .map_err(|_| Refusal::Inconsistent("the consistency proof does not verify"))?;
        let same = newest.is_some() && self.size == size;
        Ok(if same { Decision::Again } else { Decision::Cosign })
    }
}

fn shape(what: &str) -> Refusal {
    Refusal::Shape(what.to_owned())
}

/// A size without leading zeros, at most 2^53 − 1.
fn size(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if canonical && digits { text.parse().ok().filter(|n| *n <= MAX_SIZE) } else { None }
}

/// Exactly 32 bytes in their one base64 spelling.
fn hash(text: &str) -> Option<Hash> {
    let bytes = Base64::decode_vec(text).ok()?;
    if Base64::encode_string(&bytes) == text { Hash::from_slice(&bytes) } else { None }
}
