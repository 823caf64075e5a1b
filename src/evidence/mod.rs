//! Evidence: the file of one draw that a stranger verifies, and the verifier.
//!
//! Specification: `api-spec/evidence-v1.md`, and `evidence-v2.md` for draws with calls. [`bundle`] and [`openings`] are the file's shape both
//! ways; [`verify`] recomputes everything from the raw parts and believes nothing.
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod bundle;
mod later_keys;
pub mod membership;
pub mod openings;
pub mod parties;
pub mod said;
pub mod sites;
pub mod verify;

pub use bundle::{Audience, Evidence, EvidenceEntry, Format, Shared};
pub use openings::Openings;
