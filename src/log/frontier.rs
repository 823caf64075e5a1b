//! The right edge of a Merkle tree: all that is needed to append leaves and know the root.
//!
//! A tree of `size` leaves is a row of perfect subtrees, one for each bit set in `size`, the
//! largest first; their roots are the peaks. *Invariant:* there are as many peaks as bits set in
//! `size`, and `size` ≤ [`MAX_SIZE`] when read from bytes. Deliberately absent: leaves and inner
//! nodes, which are the tiles' business.

use crate::codec::Hash;

use super::merkle::{MAX_SIZE, empty_root, leaf_hash, node_hash};

/// A tree that only grows: its size and the roots of its perfect subtrees, largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf_hash: Hash) {
        let mut node = leaf_hash;
        // Each trailing one bit of the size is a perfect subtree that the new node completes.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root (RFC 6962 §2.1); of no leaves, SHA-256 of nothing.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => empty_root(),
            Some(smallest) => peaks.fold(*smallest, |right, left| node_hash(left, &right)),
        }
    }

    /// The peaks one after another, largest subtree first: 32 bytes for each bit set in the size.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.iter().flat_map(|peak| peak.0).collect()
    }

    /// Reads back what [`Frontier::to_bytes`] wrote for a tree of `size` leaves; `None` if the
    /// number of peaks does not fit the size or the size is beyond [`MAX_SIZE`].
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let expected = usize::try_from(size.count_ones()).ok()?.checked_mul(32)?;
        if size > MAX_SIZE || bytes.len() != expected {
            return None;
        }
        let peaks = bytes.chunks_exact(32).map(Hash::from_slice).collect::<Option<_>>()?;
        Some(Self { size, peaks })
    }

    /// A frontier from its peaks, largest first; `None` as in [`Frontier::from_bytes`].
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        let fits = usize::try_from(size.count_ones()).is_ok_and(|n| n == peaks.len());
        (fits && size <= MAX_SIZE).then_some(Self { size, peaks })
    }
}

impl Extend<Hash> for Frontier {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaf_hashes: I) {
        leaf_hashes.into_iter().for_each(|hash| self.push(hash));
    }
}

/// The root over leaf hashes, in one pass and with memory for one hash per level.
pub fn root(leaf_hashes: &[Hash]) -> Hash {
    let mut tree = Frontier::new();
    tree.extend(leaf_hashes.iter().copied());
    tree.root()
}

/// The root over leaves as bytes, taken one by one.
///
/// ```
/// use expert_draw::log::merkle::{leaf_hash, root, root_of_leaves};
/// assert_eq!(root_of_leaves(["a", "b"]), root(&[leaf_hash(b"a"), leaf_hash(b"b")]));
/// ```
pub fn root_of_leaves<L: AsRef<[u8]>>(leaves: impl IntoIterator<Item = L>) -> Hash {
    let mut tree = Frontier::new();
    tree.extend(leaves.into_iter().map(|leaf| leaf_hash(leaf.as_ref())));
    tree.root()
}

#[cfg(test)]
mod tests {
    use super::super::samples::numbered;
    use super::*;

    /// The definition of RFC 6962 §2.1, word for word.
    fn by_definition(leaf_hashes: &[Hash]) -> Hash {
        match leaf_hashes {
            [] => empty_root(),
            [one] => *one,
            many => {
                let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
                node_hash(&by_definition(left), &by_definition(right))
            }
        }
    }

    #[test]
    fn the_frontier_has_the_root_of_the_definition_at_every_size() {
        let leaves = numbered(300);
        let mut tree = Frontier::new();
        for size in 0..leaves.len() {
            assert_eq!(tree.root(), by_definition(&leaves[..size]), "size {size}");
            assert_eq!(tree.size(), size as u64);
            tree.push(leaves[size]);
        }
    }

    #[test]
    fn a_frontier_survives_its_bytes_and_goes_on_growing() {
        let leaves = numbered(100);
        for size in [0u64, 1, 2, 3, 63, 64, 99] {
            let mut tree = Frontier::new();
            tree.extend(leaves[..size as usize].iter().copied());
            let mut read = Frontier::from_bytes(size, &tree.to_bytes()).unwrap();
            assert_eq!(read, tree);
            read.push(leaves[size as usize]);
            assert_eq!(read.root(), root(&leaves[..size as usize + 1]));
            assert_eq!(Frontier::from_bytes(size, &[tree.to_bytes(), vec![0; 32]].concat()), None);
        }
        assert_eq!(Frontier::from_bytes(3, &[0; 32]), None, "three leaves have two peaks");
        assert_eq!(Frontier::from_peaks(3, vec![leaves[0]]), None);
        assert_eq!(Frontier::from_bytes(1, &[0; 31]), None);
        assert_eq!(Frontier::from_bytes(1 << 53, &[0; 32]), None);
    }

    #[test]
    fn a_million_leaves_take_a_blink_and_no_stack() {
        let leaf = leaf_hash(b"x");
        let mut tree = Frontier::new();
        tree.extend(std::iter::repeat_n(leaf, 1 << 20));
        // A tree of equal leaves doubles level by level.
        let expected = (0..20).fold(leaf, |node, _| node_hash(&node, &node));
        assert_eq!(tree.root(), expected);
        assert_eq!(tree.to_bytes().len(), 32);
    }
}
