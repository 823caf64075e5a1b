//! The log: Merkle tree and proofs, tiles, signed notes, checkpoints, cosignatures, policies, and
//! the envelope of a statement.
//!
//! Everything but the envelope treats leaves as opaque bytes. Specifications: RFC 6962 §2.1 and
//! RFC 9162 §2.1 (tree), C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof,
//! tlog-policy, tlog-tiles and tlog-witness; `api-spec/log-v1.md` says where we are stricter.
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

mod add_checkpoint;
mod base64;
mod checkpoint;
mod cosignature;
mod entries;
mod frontier;
mod grown;
mod key;
mod key_book;
mod key_statements;
pub mod merkle;
mod note;
pub mod opened;
mod policy;
mod policy_file;
mod proof;
mod statement;
mod tile_path;
mod tiles;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod vector_tests;

pub use add_checkpoint::{AddCheckpoint, AddCheckpointError, cosignature_by, signature_lines, size_line};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosignature::{cosign, cosigned_at};
pub use entries::{EntriesError, pack_entries, unpack_entries};
pub use frontier::Frontier;
pub use grown::GrownTree;
pub use key::{Algorithm, KeyError, KeyName, Origin, VerifierKey, foreign_key_id, foreign_vkey};
pub use key_book::{KeyBook, KeyRefusal, RegisteredKey, VrfCheck, is_ed25519_key, signed};
pub use key_statements::{KEY_USES, KeyRegistered, KeyRetired, KeyUse, MovedTag, RetiredBecause, TagsMoved};
pub use merkle::{MAX_SIZE, MerkleError};
pub use note::{NOTE_LIMIT, NoteError, SIGNATURE_LIMIT, SignatureLine, SignedNote, sign_note};
pub use policy::{HeadError, HeadTime, PolicyOutcome, WitnessTime};
pub use policy_file::{Policy, PolicyError, PolicyFault, Witness};
pub use proof::{LogProof, ProofError};
pub use statement::{Statement, StatementError, key_digest, open_statement_note, sign_statement};
pub use tile_path::{TILE_WIDTH, TileName, TilePath};
pub use tiles::{
    NodeSource, TileError, TileUpdate, append_tiles, consistency_from_tiles, frontier_from_tiles,
    inclusion_from_tiles, root_from_tiles, tile_width,
};
