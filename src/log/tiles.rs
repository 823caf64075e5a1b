//! The Merkle tree as tiles (C2SP tlog-tiles): proofs and roots out of stored tiles, and which
//! tiles change when leaves are appended.
//!
//! Tile (level, index) holds up to 256 hashes; at level 0 they are leaf hashes, above it the roots
//! of full tiles of the level below. A store keeps the hashes by (level, index); the right-most
//! tile of each level grows in place.
//!
//! *Invariants:* a tile is asked for at most once per proof, and only with a width that the tree
//! of the given size has; what the source answers is not trusted: a reader checks the proof or
//! root against a signed head.

use std::collections::BTreeMap;

use super::frontier::{Frontier, root};
use super::merkle::{LeafRange, MAX_SIZE, MerkleError, consistency_ranges, inclusion_ranges};
use super::tile_path::TILE_WIDTH;
use crate::codec::Hash;

/// The power of two that a tile is wide: 256 = 2^8.
const TILE_HEIGHT: u32 = 8;

/// Where tiles come from.
pub trait NodeSource {
    /// Why a tile could not be had.
    type Error;

    /// The first `width` hashes of tile (`level`, `index`), 1 ≤ `width` ≤ 256; a source that holds
    /// a wider tile answers its beginning.
    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Self::Error>;
}

/// Why nothing could be computed from tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError<E> {
    /// The source failed.
    #[error("tile source: {0}")]
    Source(E),
    /// The source answered another number of hashes than was asked for.
    #[error("tile {level}/{index} is not {width} hashes wide")]
    Width {
        /// Level of the tile.
        level: u8,
        /// Index within the level.
        index: u64,
        /// The width asked for.
        width: u16,
    },
    /// Index or size out of range.
    #[error(transparent)]
    Range(MerkleError),
}

/// A tile that an append has changed or made: all its hashes, 1 to 256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileUpdate {
    /// Level; 0 holds leaf hashes.
    pub level: u8,
    /// Index within the level.
    pub index: u64,
    /// The whole new content.
    pub hashes: Vec<Hash>,
}

/// The number of hashes, 0 to 256, in tile (`level`, `index`) of a tree of `size` leaves; 0 if
/// there is no such tile. Entry bundles have the widths of level 0.
pub fn tile_width(size: u64, level: u8, index: u64) -> u16 {
    let hashes = size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0);
    let before = index.saturating_mul(u64::from(TILE_WIDTH));
    let width = hashes.saturating_sub(before).min(u64::from(TILE_WIDTH));
    u16::try_from(width).unwrap_or(TILE_WIDTH)
}

/// The inclusion proof of leaf `index` in the tree of `size` leaves.
pub fn inclusion_from_tiles<S: NodeSource>(
    source: &S,
    size: u64,
    index: u64,
) -> Result<Vec<Hash>, TileError<S::Error>> {
    Tree::new(source, size)?.roots(inclusion_ranges(size, index).map_err(TileError::Range)?)
}

/// The consistency proof from `old` to `new` leaves.
pub fn consistency_from_tiles<S: NodeSource>(
    source: &S,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, TileError<S::Error>> {
    Tree::new(source, new)?.roots(consistency_ranges(old, new).map_err(TileError::Range)?)
}

/// The root of the tree of `size` leaves.
pub fn root_from_tiles<S: NodeSource>(source: &S, size: u64) -> Result<Hash, TileError<S::Error>> {
    Ok(frontier_from_tiles(source, size)?.root())
}

/// The frontier of the tree of `size` leaves, to go on appending to it.
pub fn frontier_from_tiles<S: NodeSource>(source: &S, size: u64) -> Result<Frontier, TileError<S::Error>> {
    Tree::new(source, size)?.frontier(LeafRange { start: 0, length: size })
}

/// The tiles that change when leaves with these hashes are appended to a tree of `size` leaves:
/// each tile once, with its whole content, level by level, indices ascending. The source is asked
/// only for the right-most tile of each level that the append touches, and only if it is partial.
pub fn append_tiles<S: NodeSource>(
    source: &S,
    size: u64,
    leaf_hashes: &[Hash],
) -> Result<Vec<TileUpdate>, TileError<S::Error>> {
    let added = u64::try_from(leaf_hashes.len()).unwrap_or(u64::MAX);
    if size.saturating_add(added) > MAX_SIZE {
        return Err(TileError::Range(MerkleError::OutOfRange));
    }
    let mut updates = Vec::new();
    let mut items = leaf_hashes.to_vec();
    let mut level = 0u8;
    while !items.is_empty() {
        let before = size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0);
        let mut index = before / u64::from(TILE_WIDTH);
        let width = tile_width(size, level, index);
        let mut hashes = if width == 0 { Vec::new() } else { fetch(source, level, index, width)? };
        let mut completed = Vec::new();
        for item in items {
            hashes.push(item);
            if hashes.len() == usize::from(TILE_WIDTH) {
                completed.push(root(&hashes));
                updates.push(TileUpdate { level, index, hashes: std::mem::take(&mut hashes) });
                index += 1;
            }
        }
        // What is left over is news only if something was pushed into it, which is so whenever it
        // is not empty: a partial tile that was fetched takes the first item.
        if !hashes.is_empty() {
            updates.push(TileUpdate { level, index, hashes });
        }
        items = completed;
        level += 1;
    }
    Ok(updates)
}

/// A tree of a given size over a source, remembering the tiles it has seen.
struct Tree<'s, S> {
    source: &'s S,
    size: u64,
    seen: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl<'s, S: NodeSource> Tree<'s, S> {
    fn new(source: &'s S, size: u64) -> Result<Self, TileError<S::Error>> {
        if size > MAX_SIZE {
            return Err(TileError::Range(MerkleError::OutOfRange));
        }
        Ok(Self { source, size, seen: BTreeMap::new() })
    }

    fn roots(&mut self, ranges: Vec<LeafRange>) -> Result<Vec<Hash>, TileError<S::Error>> {
        ranges.into_iter().map(|range| Ok(self.frontier(range)?.root())).collect()
    }

    /// The perfect subtrees of a range, largest first.
    fn frontier(&mut self, range: LeafRange) -> Result<Frontier, TileError<S::Error>> {
        let mut peaks = Vec::new();
        let (mut start, mut left) = (range.start, range.length);
        while let Some(height) = left.checked_ilog2() {
            peaks.push(self.perfect(height, start)?);
            start += 1 << height;
            left -= 1 << height;
        }
        Frontier::from_peaks(range.length, peaks).ok_or(TileError::Range(MerkleError::OutOfRange))
    }

    /// The root of the perfect subtree of 2^height leaves that begins at leaf `start`, a multiple
    /// of 2^height. Its nodes at the next tile level below lie in one tile.
    fn perfect(&mut self, height: u32, start: u64) -> Result<Hash, TileError<S::Error>> {
        let level = u8::try_from(height / TILE_HEIGHT).unwrap_or(u8::MAX);
        let first = start >> (height / TILE_HEIGHT * TILE_HEIGHT);
        let index = first / u64::from(TILE_WIDTH);
        let offset = usize::try_from(first % u64::from(TILE_WIDTH)).unwrap_or_default();
        let width = tile_width(self.size, level, index);
        let hashes = match self.seen.entry((level, index)) {
            std::collections::btree_map::Entry::Occupied(seen) => seen.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(fetch(self.source, level, index, width)?)
            }
        };
        let nodes = hashes.get(offset..offset + (1 << (height % TILE_HEIGHT)));
        nodes.map(root).ok_or(TileError::Width { level, index, width })
    }
}

fn fetch<S: NodeSource>(
    source: &S,
    level: u8,
    index: u64,
    width: u16,
) -> Result<Vec<Hash>, TileError<S::Error>> {
    let hashes = source.tile(level, index, width).map_err(TileError::Source)?;
    let fits = hashes.len() == usize::from(width);
    if fits { Ok(hashes) } else { Err(TileError::Width { level, index, width }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::merkle::{
        consistency_proof, empty_root, inclusion_proof, verify_consistency, verify_inclusion,
    };
    use super::super::samples::numbered;
    use super::*;

    /// Tiles in memory; a tile that is not there is an error, a wider one answers its beginning.
    #[derive(Default)]
    struct Memory(BTreeMap<(u8, u64), Vec<Hash>>);

    impl NodeSource for Memory {
        type Error = String;

        fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, String> {
            let tile = self.0.get(&(level, index)).ok_or(format!("no tile {level}/{index}"))?;
            Ok(tile[..tile.len().min(width.into())].to_vec())
        }
    }

    impl Memory {
        fn append(&mut self, size: u64, leaves: &[Hash]) {
            for update in append_tiles(self, size, leaves).unwrap() {
                self.0.insert((update.level, update.index), update.hashes);
            }
        }

        fn of(leaves: &[Hash]) -> Self {
            let mut tiles = Self::default();
            tiles.append(0, leaves);
            tiles
        }
    }

    #[test]
    fn the_tiles_of_the_published_sizes_have_the_published_widths() {
        let widths = |size: u64| {
            let of = |level| (0..).map(move |i| tile_width(size, level, i)).take_while(|w| *w > 0);
            (0..4).map(|level| of(level).collect::<Vec<u16>>()).collect::<Vec<_>>()
        };
        let seventy = widths(70_000);
        assert_eq!((seventy[0].len(), seventy[0][273]), (274, 112));
        assert!(seventy[0][..273].iter().all(|w| *w == 256));
        assert_eq!(seventy[1..], [vec![256, 17], vec![1], vec![]]);
        assert_eq!(widths(256), [vec![256], vec![1], vec![], vec![]]);
        assert_eq!(tile_width(u64::MAX, 8, 0), 0);
        assert_eq!(tile_width(5, 0, u64::MAX), 0);
        let tiles = Memory::of(&numbered(70_000)).0;
        assert_eq!(tiles.len(), 274 + 2 + 1);
        assert!(tiles.iter().all(|((l, n), t)| t.len() == usize::from(tile_width(70_000, *l, *n))));
    }

    #[test]
    fn proofs_and_roots_from_tiles_are_those_from_the_leaves() {
        let leaves = numbered(70_000);
        let tiles = Memory::of(&leaves);
        let borders = [1u64, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 70_000];
        for size in borders {
            let tree = &leaves[..size as usize];
            let expected = root(tree);
            assert_eq!(root_from_tiles(&tiles, size).unwrap(), expected, "{size}");
            for index in [0, size / 3, size - 1] {
                let proof = inclusion_from_tiles(&tiles, size, index).unwrap();
                assert_eq!(proof, inclusion_proof(tree, index).unwrap());
            }
        }
        proptest!(ProptestConfig::with_cases(24), |(size in 1..=70_000u64, a in any::<u64>(), b in any::<u64>())| {
            let tree = &leaves[..size as usize];
            let (index, old) = (a % size, b % (size + 1));
            let (head, old_head) = (root(tree), root(&tree[..old as usize]));
            prop_assert_eq!(root_from_tiles(&tiles, size).unwrap(), head);
            let proof = inclusion_from_tiles(&tiles, size, index).unwrap();
            prop_assert_eq!(&proof, &inclusion_proof(tree, index).unwrap());
            prop_assert_eq!(verify_inclusion(index, size, &tree[index as usize], &proof, &head), Ok(()));
            let proof = consistency_from_tiles(&tiles, old, size).unwrap();
            prop_assert_eq!(&proof, &consistency_proof(tree, old).unwrap());
            prop_assert_eq!(verify_consistency(old, size, &old_head, &head, &proof), Ok(()));
        });
    }

    #[test]
    fn appending_in_any_portions_makes_the_same_tiles() {
        let leaves = numbered(3000);
        proptest!(ProptestConfig::with_cases(32), |(portions in prop::collection::vec(0..700usize, 1..9))| {
            let mut tiles = Memory::default();
            let mut size = 0;
            for portion in portions {
                let end = (size + portion).min(leaves.len());
                tiles.append(size as u64, &leaves[size..end]);
                size = end;
                let frontier = frontier_from_tiles(&tiles, size as u64).unwrap();
                prop_assert_eq!(frontier.root(), root(&leaves[..size]));
                prop_assert_eq!(frontier.size(), size as u64);
            }
            prop_assert_eq!(&tiles.0, &Memory::of(&leaves[..size]).0);
        });
    }

    #[test]
    fn an_append_touches_each_changed_tile_once_and_no_other() {
        let leaves = numbered(600);
        let tiles = Memory::of(&leaves[..511]);
        let touched = |leaves: &[Hash]| {
            let updates = append_tiles(&tiles, 511, leaves).unwrap();
            updates.iter().map(|u| (u.level, u.index, u.hashes.len())).collect::<Vec<_>>()
        };
        assert_eq!(touched(&leaves[511..512]), [(0, 1, 256), (1, 0, 2)]);
        assert_eq!(touched(&leaves[511..514]), [(0, 1, 256), (0, 2, 2), (1, 0, 2)]);
        assert_eq!(touched(&[]), []);
    }

    #[test]
    fn a_source_that_fails_or_answers_too_little_is_named() {
        let mut tiles = Memory::of(&numbered(300));
        assert_eq!(root_from_tiles(&Memory::default(), 0), Ok(empty_root()));
        let missing = TileError::Source("no tile 0/2".to_owned());
        assert_eq!(root_from_tiles(&tiles, 513), Err(TileError::Width { level: 1, index: 0, width: 2 }));
        assert_eq!(
            inclusion_from_tiles(&tiles, 513, 512),
            Err(TileError::Width { level: 1, index: 0, width: 2 })
        );
        tiles.0.get_mut(&(1, 0)).unwrap().push(Hash([0; 32]));
        assert_eq!(root_from_tiles(&tiles, 513), Err(missing));
        assert_eq!(
            append_tiles(&tiles, 301, &numbered(1)),
            Err(TileError::Width { level: 0, index: 1, width: 45 })
        );
        let range = TileError::Range(MerkleError::OutOfRange);
        assert_eq!(inclusion_from_tiles(&tiles, 5, 5), Err(range.clone()));
        assert_eq!(consistency_from_tiles(&tiles, 6, 5), Err(range.clone()));
        assert_eq!(root_from_tiles(&tiles, MAX_SIZE + 1), Err(range.clone()));
        assert_eq!(append_tiles(&tiles, MAX_SIZE, &numbered(1)), Err(range));
    }
}
