//! The draw (抽取): from a seed to lots (签), from lots to an order, from the order to the panel
//! (评审小组).
//!
//! Everything here is a function of its arguments: what the log commits and what the contributions
//! reveal goes in, positions of the pool (候选池) come out. No person, name or registry record is
//! known here. Specification: `api-spec/draw-v1.md`.
//!
//! *Invariant:* no I/O, no clock, no randomness, no floating point; whoever repeats a call anywhere
//! gets the same bytes.
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod lots;
pub mod seats;
