//! Membership (本人抽取情况证明): the file by which one expert shows that they were in the pool of a draw,
//! at which position and whether seated, or by which rules they were excluded.
//!
//! Specification: `api-spec/membership-v1.md`. `file` is its shape both ways, `verify` its named checks.
//!
//! *Invariant:* it opens one person and nobody else: what it holds of others are hashes.

mod file;
mod verify;

pub use file::{FORMAT, Membership, Person, Place, Quoted, Seat};
pub use verify::{CHECKS, Check, Facts, Report, is_membership, verify};
