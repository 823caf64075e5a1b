//! A witness (见证): the small server by which a provincial bureau, an audit office or another city holds the
//! operator's log to one history (C2SP tlog-witness), and contributes to draws that name it
//! (`api-spec/witness-v1.md`).
//!
//! Pure: [`logs`] (whose checkpoints), [`add_checkpoint`] (head and request → decision), [`answer`] (request and
//! head → may it be answered), [`record`] and [`state`] (what is kept, and what it adds up to),
//! `pace` (how fast heads are taken), [`refusal`]. Then
//! [`keys`] and [`journal`] on disk, [`witness`] which joins them under one lock, and [`server`], HTTP.
//!
//! *Invariants:* check and store are one step under one lock; nothing that the keys signed leaves before its
//! record, and the mark beside the keys that counts it, are on disk; so whatever is killed or restored, no
//! two heads that contradict each other are cosigned and no draw is answered twice or after a refusal.
//!
//! Deliberately not here: the operator's side (`outside`, `service`), other cosigners' lines, `sign-subtree`,
//! ML-DSA, pruning (every head is kept).
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod add_checkpoint;
pub mod answer;
pub mod journal;
pub mod keys;
pub mod logs;
mod pace;
pub mod record;
pub mod refusal;
pub mod server;
pub mod state;
#[allow(clippy::module_inception)]
mod witness;

pub use witness::Witness;
