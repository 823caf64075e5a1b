//! The Merkle tree of RFC 6962 §2.1: hashes, inclusion and consistency proofs, and their checks.
//!
//! Proofs are made in two steps: [`inclusion_ranges`] and [`consistency_ranges`] say of which
//! ranges of leaves the proof holds the roots, and a caller that has the leaves (here) or tiles
//! (`tiles`) hashes them. Checking follows RFC 9162 §2.1.3.2 and §2.1.4.2 to the letter.
//!
//! *Invariant:* a proof of another length than the sizes ask for is refused, so one fact has one
//! proof. Nothing recurses.

use crate::codec::{Hash, sha256};

pub use super::frontier::{Frontier, root, root_of_leaves};

/// The largest tree: 2^53 − 1 leaves, because an index must fit an integer of a statement.
pub const MAX_SIZE: u64 = 9_007_199_254_740_991;

/// Why a proof was refused or could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MerkleError {
    /// The index is not below the size, the old size is above the new one, or a size is beyond
    /// [`MAX_SIZE`].
    #[error("index or size out of range")]
    OutOfRange,
    /// More or fewer hashes than this index and these sizes need.
    #[error("proof has the wrong length")]
    WrongLength,
    /// The proof does not lead to the (new) root.
    #[error("proof does not lead to the root")]
    RootMismatch,
    /// The consistency proof does not lead to the old root.
    #[error("proof does not lead to the old root")]
    OldRootMismatch,
}

/// Hash of a leaf: SHA-256(0x00 ‖ leaf).
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    sha256(&[&[0], leaf])
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// Root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// A run of consecutive leaves whose root is part of a proof: leaves `start .. start + length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafRange {
    /// Index of the first leaf; a multiple of the smallest power of two not below `length`.
    pub start: u64,
    /// Number of leaves, at least 1.
    pub length: u64,
}

/// The ranges whose roots are the inclusion proof of `index` in a tree of `size` leaves, in the
/// order of the proof (RFC 9162 §2.1.3.1). Error: [`MerkleError::OutOfRange`].
pub fn inclusion_ranges(size: u64, index: u64) -> Result<Vec<LeafRange>, MerkleError> {
    if index >= size || size > MAX_SIZE {
        return Err(MerkleError::OutOfRange);
    }
    let mut here = LeafRange { start: 0, length: size };
    let mut ranges = Vec::new();
    while let Some((left, right)) = split(here) {
        let (inside, sibling) = if index < right.start { (left, right) } else { (right, left) };
        ranges.push(sibling);
        here = inside;
    }
    ranges.reverse();
    Ok(ranges)
}

/// The ranges whose roots are the consistency proof from `old` to `new` leaves, in the order of the
/// proof (RFC 9162 §2.1.4.1). Empty when `old` is 0 or equals `new`.
/// Error: [`MerkleError::OutOfRange`].
pub fn consistency_ranges(old: u64, new: u64) -> Result<Vec<LeafRange>, MerkleError> {
    if old > new || new > MAX_SIZE {
        return Err(MerkleError::OutOfRange);
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut here = LeafRange { start: 0, length: new };
    let mut ranges = Vec::new();
    // Walk towards the border between old and new until a subtree ends exactly at it.
    while here.start + here.length != old {
        let Some((left, right)) = split(here) else { break };
        let (inside, sibling) = if old <= right.start { (left, right) } else { (right, left) };
        ranges.push(sibling);
        here = inside;
    }
    // A subtree that starts at 0 and ends at the border is the whole old tree, whose root the
    // reader has.
    if here.start != 0 {
        ranges.push(here);
    }
    ranges.reverse();
    Ok(ranges)
}

/// The inclusion proof of the leaf at `index`, sibling of the leaf first.
/// Error: [`MerkleError::OutOfRange`].
pub fn inclusion_proof(leaf_hashes: &[Hash], index: u64) -> Result<Vec<Hash>, MerkleError> {
    roots_of(leaf_hashes, inclusion_ranges(length(leaf_hashes), index)?)
}

/// The proof that the first `old` of these leaves are a prefix of all of them.
/// Error: [`MerkleError::OutOfRange`].
pub fn consistency_proof(leaf_hashes: &[Hash], old: u64) -> Result<Vec<Hash>, MerkleError> {
    roots_of(leaf_hashes, consistency_ranges(old, length(leaf_hashes))?)
}

/// Checks that a leaf stands at `index` of the tree with this size and root (RFC 9162 §2.1.3.2).
/// Errors: every kind but [`MerkleError::OldRootMismatch`].
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf_hash: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), MerkleError> {
    if index >= size || size > MAX_SIZE {
        return Err(MerkleError::OutOfRange);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf_hash;
    for sibling in proof {
        if last == 0 {
            return Err(MerkleError::WrongLength);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(MerkleError::WrongLength);
    }
    if hash == *root { Ok(()) } else { Err(MerkleError::RootMismatch) }
}

/// Checks that the tree of `old` leaves is a prefix of the tree of `new` leaves (RFC 9162
/// §2.1.4.2). Everything extends the empty tree: for `old` = 0 the proof must be empty and the old
/// root [`empty_root`]; the new root is then taken as given.
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), MerkleError> {
    if old > new || new > MAX_SIZE {
        return Err(MerkleError::OutOfRange);
    }
    if old == 0 || old == new {
        if !proof.is_empty() {
            return Err(MerkleError::WrongLength);
        }
        if old == 0 && *old_root != empty_root() {
            return Err(MerkleError::OldRootMismatch);
        }
        if old == new && old_root != new_root {
            return Err(MerkleError::RootMismatch);
        }
        return Ok(());
    }
    let mut steps = proof.iter();
    // An old tree that is one perfect subtree is its own first step.
    let first =
        if old.is_power_of_two() { old_root } else { steps.next().ok_or(MerkleError::WrongLength)? };
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for step in steps {
        if last == 0 {
            return Err(MerkleError::WrongLength);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(step, &old_hash);
            new_hash = node_hash(step, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, step);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(MerkleError::WrongLength);
    }
    if old_hash != *old_root {
        return Err(MerkleError::OldRootMismatch);
    }
    if new_hash == *new_root { Ok(()) } else { Err(MerkleError::RootMismatch) }
}

/// Left and right subtree; `None` for a single leaf. The left one is the largest perfect subtree
/// that is smaller than the whole.
fn split(range: LeafRange) -> Option<(LeafRange, LeafRange)> {
    let left = 1 << range.length.checked_sub(1)?.checked_ilog2()?;
    Some((
        LeafRange { start: range.start, length: left },
        LeafRange { start: range.start + left, length: range.length - left },
    ))
}

fn roots_of(leaf_hashes: &[Hash], ranges: Vec<LeafRange>) -> Result<Vec<Hash>, MerkleError> {
    ranges
        .into_iter()
        .map(|range| {
            let start = usize::try_from(range.start).ok()?;
            let length = usize::try_from(range.length).ok()?;
            leaf_hashes.get(start..start.checked_add(length)?).map(root)
        })
        .collect::<Option<_>>()
        .ok_or(MerkleError::OutOfRange)
}

fn length(leaf_hashes: &[Hash]) -> u64 {
    u64::try_from(leaf_hashes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{field, ints, numbered, vector};
    use super::*;
    use crate::codec::{Json, from_hex};

    fn hashes(json: &Json) -> Vec<Hash> {
        json.as_list().unwrap().iter().map(|h| Hash::from_hex(h.as_str().unwrap()).unwrap()).collect()
    }

    fn published() -> (Json, Vec<Hash>, Vec<Hash>) {
        let file = vector("rfc6962_tree.json");
        let leaves = field(&file, "leaves").as_list().unwrap().iter();
        let leaves = leaves.map(|l| leaf_hash(&from_hex(l.as_str().unwrap()).unwrap())).collect();
        let roots = hashes(field(&file, "roots"));
        (file, leaves, roots)
    }

    #[test]
    fn roots_and_proofs_agree_with_the_published_tree() {
        let (file, leaves, roots) = published();
        for (size, expected) in roots.iter().enumerate() {
            assert_eq!(root(&leaves[..size]), *expected, "size {size}");
        }
        for case in field(&file, "inclusion").as_list().unwrap() {
            let [index, size] = ints(case, ["index", "size"]);
            let proof = hashes(field(case, "proof"));
            let tree = &leaves[..size as usize];
            assert_eq!(inclusion_proof(tree, index).unwrap(), proof);
            verify_inclusion(index, size, &leaves[index as usize], &proof, &roots[size as usize]).unwrap();
        }
        for case in field(&file, "consistency").as_list().unwrap() {
            let [old, new] = ints(case, ["old", "new"]);
            let proof = hashes(field(case, "proof"));
            assert_eq!(consistency_proof(&leaves[..new as usize], old).unwrap(), proof);
            verify_consistency(old, new, &roots[old as usize], &roots[new as usize], &proof).unwrap();
        }
    }

    #[test]
    fn every_proof_of_small_trees_holds_and_no_other_length_does() {
        let leaves = numbered(67);
        for size in 1..=67u64 {
            let tree = &leaves[..size as usize];
            let root = root(tree);
            for index in 0..size {
                let mut proof = inclusion_proof(tree, index).unwrap();
                let leaf = &tree[index as usize];
                assert_eq!(verify_inclusion(index, size, leaf, &proof, &root), Ok(()));
                proof.push(root);
                assert_eq!(verify_inclusion(index, size, leaf, &proof, &root), Err(MerkleError::WrongLength));
                proof.pop();
                if proof.pop().is_some() {
                    let refused = verify_inclusion(index, size, leaf, &proof, &root);
                    assert_eq!(refused, Err(MerkleError::WrongLength));
                }
            }
            for old in 0..=size {
                let old_root = super::root(&tree[..old as usize]);
                let mut proof = consistency_proof(tree, old).unwrap();
                assert_eq!(verify_consistency(old, size, &old_root, &root, &proof), Ok(()), "{old} {size}");
                proof.push(root);
                let refused = verify_consistency(old, size, &old_root, &root, &proof);
                assert_eq!(refused, Err(MerkleError::WrongLength));
                proof.pop();
                if proof.pop().is_some() {
                    let refused = verify_consistency(old, size, &old_root, &root, &proof);
                    assert_eq!(refused, Err(MerkleError::WrongLength));
                }
            }
        }
    }

    #[test]
    fn every_changed_bit_of_a_proof_is_refused() {
        let leaves = numbered(45);
        let flips = |hash: &Hash| {
            let hash = *hash;
            (0..256).map(move |bit: usize| {
                let mut bytes = hash.0;
                bytes[bit / 8] ^= 1 << (bit % 8);
                Hash(bytes)
            })
        };
        for (size, index, old) in [(45u64, 0u64, 13u64), (45, 44, 32), (44, 17, 40), (33, 32, 31), (32, 5, 6)]
        {
            let tree = &leaves[..size as usize];
            let (root, old_root) = (root(tree), super::root(&tree[..old as usize]));
            let leaf = &tree[index as usize];
            let proof = inclusion_proof(tree, index).unwrap();
            for place in 0..proof.len() {
                for flipped in flips(&proof[place]) {
                    let mut changed = proof.clone();
                    changed[place] = flipped;
                    assert!(verify_inclusion(index, size, leaf, &changed, &root).is_err());
                }
            }
            assert!(flips(leaf).all(|leaf| verify_inclusion(index, size, &leaf, &proof, &root).is_err()));
            assert!(flips(&root).all(|root| verify_inclusion(index, size, leaf, &proof, &root).is_err()));
            let proof = consistency_proof(tree, old).unwrap();
            for place in 0..proof.len() {
                for flipped in flips(&proof[place]) {
                    let mut changed = proof.clone();
                    changed[place] = flipped;
                    assert!(verify_consistency(old, size, &old_root, &root, &changed).is_err());
                }
            }
            let check = |a: &Hash, b: &Hash| verify_consistency(old, size, a, b, &proof);
            assert!(flips(&old_root).all(|old_root| check(&old_root, &root).is_err()));
            assert!(flips(&root).all(|root| check(&old_root, &root).is_err()));
        }
    }

    #[test]
    fn another_index_or_size_does_not_fit_a_proof() {
        let leaves = numbered(29);
        let root = root(&leaves);
        let proof = inclusion_proof(&leaves, 11).unwrap();
        for index in (0..40).filter(|i| *i != 11) {
            assert!(verify_inclusion(index, 29, &leaves[11], &proof, &root).is_err(), "{index}");
        }
        assert_eq!(inclusion_proof(&leaves, 29), Err(MerkleError::OutOfRange));
        assert_eq!(consistency_proof(&leaves, 30), Err(MerkleError::OutOfRange));
        assert_eq!(verify_inclusion(0, 0, &root, &[], &root), Err(MerkleError::OutOfRange));
        assert_eq!(verify_inclusion(0, MAX_SIZE + 1, &root, &[], &root), Err(MerkleError::OutOfRange));
        assert_eq!(verify_consistency(0, 5, &root, &root, &[]), Err(MerkleError::OldRootMismatch));
        assert_eq!(verify_consistency(5, 5, &root, &leaves[0], &[]), Err(MerkleError::RootMismatch));
    }

    #[test]
    fn a_second_implementation_makes_the_same_roots_and_proofs() {
        use ct_merkle::mem_backed_tree::MemoryBackedTree;
        for size in [1u64, 2, 3, 7, 8, 9, 31, 100, 255, 256, 257, 1000] {
            let mut other = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
            let leaves: Vec<Vec<u8>> = (0..size).map(|i| i.to_be_bytes().to_vec()).collect();
            leaves.iter().for_each(|leaf| other.push(leaf.clone()));
            let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
            assert_eq!(other.root().as_bytes().as_slice(), root(&hashes).as_bytes());
            let flat = |proof: Vec<Hash>| proof.iter().flat_map(|h| h.0).collect::<Vec<u8>>();
            for index in (0..size).step_by(17) {
                let theirs = other.prove_inclusion(index as usize);
                assert_eq!(theirs.as_bytes(), flat(inclusion_proof(&hashes, index).unwrap()));
            }
            for old in (1..=size).step_by(13) {
                let theirs = other.prove_consistency((size - old) as usize);
                assert_eq!(theirs.as_bytes(), flat(consistency_proof(&hashes, old).unwrap()));
            }
        }
    }
}
