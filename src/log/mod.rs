//! The log: Merkle tree and proofs, tiles, signed notes, checkpoints, cosignatures, policies, and
//! the envelope of a statement.
//!
//! Everything but the envelope treats leaves as opaque bytes. Specifications: RFC 6962 §2.1 and
//! RFC 9162 §2.1 (tree), C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof,
//! tlog-policy and tlog-tiles; `api-spec/log-v1.md` says where we are stricter.
//!
//! *Invariants:* a parsed value writes back to the very bytes it was read from (policies excepted,
//! which are only read); Ed25519 is checked by `verify_strict` and nothing else; no size or index
//! exceeds [`MAX_SIZE`], so arithmetic on them cannot overflow.
//!
//! Deliberately absent: extension lines of checkpoints, `extra` in proofs, ML-DSA, private keys
//! (a signature comes from a closure that the caller passes in).
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod base64;
mod checkpoint;
mod frontier;
mod key;
pub mod merkle;
mod note;

#[cfg(test)]
mod samples;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use frontier::Frontier;
pub use key::{Algorithm, KeyError, KeyName, Origin, VerifierKey};
pub use merkle::{MAX_SIZE, MerkleError};
pub use note::{NoteError, SignatureLine, SignedNote, sign_note};
