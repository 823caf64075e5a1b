//! The draw (抽取): request, pool, seed, lots, seats, and the statements that swear to them.
//!
//! Specification: `api-spec/draw-v1.md`; every byte that a second implementation must reproduce is
//! fixed there and in `tests/vectors`. Pure: what it decides is integers, bytes and sets.
//!
//! *Invariant:* nothing here picks, prefers or removes a person by hand; there is no function to
//! call for it.
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod beacon;
pub mod calls;
pub mod commitment;
pub mod contributions;
pub mod decide;
pub mod identity;
pub mod lots;
pub mod moved_tags;
pub(crate) mod parts;
pub mod pool;
pub mod request;
pub mod seats;
pub mod seed;
pub mod sites;
pub mod statements;
pub mod tags;
pub mod vrf;
pub mod workstations;
