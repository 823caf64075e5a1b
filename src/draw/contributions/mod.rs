//! Contributions of others to the seed: what supervisors, witnesses and a beacon state, and the texts
//! that they sign (`api-spec/draw-v3.md`).
//!
//! The operator cannot know them when it commits; that is what lifts a draw above the level `operator`.
//! Deliberately not here: whom an auditor holds for independent (`evidence::parties`), BLS
//! (`draw::beacon`), private keys.

pub mod statements;
pub mod texts;

pub use statements::{Answer, BeaconRound, NonceCommitted, NotReleased, Reveal, Share};
