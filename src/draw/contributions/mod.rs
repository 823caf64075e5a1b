//! Contributions of others to the seed: what supervisors, witnesses and a beacon state, and the texts
//! that they sign (`api-spec/draw-v3.md`).
//!
//! The operator cannot know them when it commits; that is what lifts a draw above the level `operator`.
//! Deliberately not here: whom an auditor holds for independent (`evidence::parties`), BLS
//! (`draw::beacon`), private keys.

pub mod judge;
pub mod statements;
pub mod texts;
pub mod voids;

use super::vrf::{Proof, VrfPublic};
use crate::log::VrfCheck;

pub use judge::{Fault, Judge};
pub use statements::{Answer, BeaconRound, NonceCommitted, NotReleased, Reveal, Share};
pub use voids::{VoidFault, may_void};

/// What the book of keys asks about VRF keys.
pub const VRF_KEYS: VrfCheck = VrfCheck {
    is_key: |key| VrfPublic::from_bytes(*key).is_ok(),
    proves: |key, text, proof| {
        let (key, proof) = (VrfPublic::from_bytes(*key), Proof::from_slice(proof));
        key.is_ok_and(|key| proof.is_ok_and(|proof| key.verify(text, &proof).is_ok()))
    },
};
