//! The whole tree in memory: roots of every size, so that heads and evidence files of any time can be held
//! against the entries that were read (RFC 9162 §2.1).

use super::merkle::{empty_root, node_hash};
use crate::codec::Hash;

/// Every perfect subtree's hash, level by level; 64 bytes for an entry.
#[derive(Default)]
pub struct GrownTree {
    levels: Vec<Vec<Hash>>,
}

impl GrownTree {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            let Some(row) = self.levels.get_mut(level) else { return };
            row.push(hash);
            match row.as_slice() {
                [.., left, right] if row.len() % 2 == 0 => hash = node_hash(left, right),
                _ => return,
            }
        }
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |row| row.len() as u64)
    }

    /// The leaf hash at an index.
    pub fn leaf(&self, index: u64) -> Option<&Hash> {
        self.levels.first()?.get(usize::try_from(index).ok()?)
    }

    /// The root of the first `size` leaves; `None` if there are fewer.
    pub fn root(&self, size: u64) -> Option<Hash> {
        if size > self.size() {
            return None;
        }
        if size == 0 {
            return Some(empty_root());
        }
        // The perfect subtrees of the size, from the smallest: the right edge is folded to the left.
        let mut root: Option<Hash> = None;
        for level in 0..64 {
            if size >> level & 1 == 1 {
                let index = usize::try_from((size >> level) - 1).ok()?;
                let peak = self.levels.get(level)?.get(index)?;
                root = Some(root.map_or(*peak, |right| node_hash(peak, &right)));
            }
        }
        root
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::merkle::{leaf_hash, root};

    #[test]
    fn every_size_has_the_root_of_rfc_9162() {
        let leaves: Vec<Hash> = (0..200u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let mut tree = GrownTree::default();
        for leaf in &leaves {
            tree.push(*leaf);
        }
        for size in 0..=leaves.len() {
            assert_eq!(tree.root(size as u64), Some(root(&leaves[..size])), "{size}");
        }
        assert_eq!(tree.root(201), None);
        assert_eq!(tree.leaf(7), Some(&leaves[7]));
    }
}
