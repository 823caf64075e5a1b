//! Bytes: canonical JSON both ways, labelled hashes, hexadecimal.
//!
//! The only code of the crate that feeds a hash. Specification: `api-spec/draw-v1.md` §1 and
//! RFC 8785 (canonical JSON), FIPS 180-4 (SHA-256), RFC 2104 (HMAC).
//!
//! *Invariant:* a [`json::Json`] value can always be written canonically, and what it is written to
//! parses back to the same value: there is no null, boolean or fraction to lose.
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod fields;
mod hash;
mod hex;
pub mod json;

pub use fields::{Fields, ShapeError, object};
pub use hash::{Hash, LabelledHash, hmac_sha256, sha256};
pub use hex::{from_hex, to_hex};
pub use json::{Json, JsonError, MAX_INTEGER, Object};
