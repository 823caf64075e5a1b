//! The seed: what all contributions together decide.
//!
//! H("seed"; alpha ‖ u8 count ‖ for each contribution in committed order: u8 kind ‖ its bytes). The
//! kind fixes the length. Kinds: nonce 1 (32 bytes), operator 2 (64, exactly once), witness 3 (64),
//! beacon 4 (32, at most once); the committed order ascends by kind (`api-spec/draw-v1.md` §5).
//! Never a proof, a signature or a time: only what its maker could not choose.

use crate::codec::{Hash, LabelledHash};

/// What one contributor adds to the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contribution {
    /// A supervisor's nonce.
    Nonce([u8; 32]),
    /// The operator's VRF output over alpha.
    Operator([u8; 64]),
    /// A witness's VRF output over alpha.
    Witness([u8; 64]),
    /// SHA-256 of a beacon round's signature.
    Beacon([u8; 32]),
}

impl Contribution {
    /// Kind number in the seed.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Nonce(_) => 1,
            Self::Operator(_) => 2,
            Self::Witness(_) => 3,
            Self::Beacon(_) => 4,
        }
    }

    /// The bytes that enter the seed.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Nonce(bytes) | Self::Beacon(bytes) => bytes,
            Self::Operator(bytes) | Self::Witness(bytes) => bytes,
        }
    }
}

/// A list of contributions that can be no seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// Kinds not ascending, no or two operators, two beacons, or more than 255.
    #[error("contributions must ascend by kind, hold the operator once and a beacon at most once")]
    Contributions,
}

/// Whether kinds stand in an order that a commitment may list.
pub fn kinds_allowed(kinds: &[u8]) -> bool {
    let count = |kind| kinds.iter().filter(|k| **k == kind).count();
    kinds.is_sorted()
        && kinds.len() <= 255
        && kinds.iter().all(|kind| (1..=4).contains(kind))
        && count(2) == 1
        && count(4) <= 1
}

/// The alpha of a draw: H("alpha"; u64 index ‖ leaf hash) of its commitment.
pub fn alpha(index: u64, leaf: &Hash) -> Hash {
    LabelledHash::new("alpha").u64(index).fixed(leaf.as_bytes()).finish()
}

/// The seed of a draw.
pub fn seed(alpha: &Hash, contributions: &[Contribution]) -> Result<Hash, SeedError> {
    let kinds: Vec<u8> = contributions.iter().map(Contribution::kind).collect();
    let count = u8::try_from(kinds.len()).map_err(|_| SeedError::Contributions)?;
    if !kinds_allowed(&kinds) {
        return Err(SeedError::Contributions);
    }
    let mut hash = LabelledHash::new("seed").fixed(alpha.as_bytes()).u8(count);
    for contribution in contributions {
        hash = hash.u8(contribution.kind()).fixed(contribution.bytes());
    }
    Ok(hash.finish())
}

/// A further use of the seed: H("sub"; u32 length ‖ name ‖ seed).
pub fn sub_seed(name: &str, seed: &Hash) -> Hash {
    LabelledHash::new("sub").variable(name.as_bytes()).fixed(seed.as_bytes()).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lists_in_committed_order_make_a_seed() {
        for good in [&[2][..], &[1, 1, 2], &[2, 3, 3, 4]] {
            assert!(kinds_allowed(good), "{good:?}");
        }
        for bad in [&[][..], &[1], &[2, 2], &[3, 2], &[2, 4, 4], &[0, 2], &[2, 5]] {
            assert!(!kinds_allowed(bad), "{bad:?}");
        }
        let alpha = alpha(4, &Hash([1; 32]));
        let one = seed(&alpha, &[Contribution::Operator([5; 64])]).unwrap();
        let two = seed(&alpha, &[Contribution::Operator([5; 64]), Contribution::Witness([6; 64])]).unwrap();
        assert_ne!(one, two);
        assert_ne!(sub_seed("a", &one), one);
        assert_eq!(seed(&alpha, &[]), Err(SeedError::Contributions));
    }
}
