//! Package tags across rotations of the tag key: which tags are one package (`api-spec/log-v2.md` §3).
//!
//! A fold of `tags.moved` in the order of the log. That a pair of tags belongs to one package is the
//! operator's word until the package's number is opened: then anybody checks both proofs.
//!
//! *Invariant:* a tag has at most one successor under a pair of keys and is the successor of at most one.

use std::collections::{BTreeMap, BTreeSet};

use super::tags::package_input;
use super::vrf::{Proof, VrfPublic};
use crate::codec::Hash;
use crate::log::{KeyBook, KeyUse, MovedTag, TagsMoved};

/// A tag, 64 bytes.
pub type Tag = [u8; 64];

/// Why a `tags.moved` is refused (`api-spec/log-v2.md` §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MovedRefusal {
    /// `to` is not the tag key in force, or `from` not the one before it.
    #[error("not the tag key in force and the one before it")]
    UnknownKey,
    /// A tag was moved before, or is the successor of another.
    #[error("a tag was moved before")]
    MovedBefore,
    /// A proof does not give its tag.
    #[error("a proof does not give its tag")]
    Proof,
}

impl MovedRefusal {
    /// The word of the rule.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown_key",
            Self::MovedBefore => "moved_before",
            Self::Proof => "proof",
        }
    }
}

/// One move as a statement told it.
#[derive(Clone, Debug)]
struct Move {
    from_key: Hash,
    to_key: Hash,
    moved: MovedTag,
}

/// Tags by their successors.
#[derive(Clone, Debug, Default)]
pub struct MovedTags {
    /// Tag, and the keys between which it was moved; where to.
    next: BTreeMap<(Tag, Hash, Hash), Tag>,
    /// The move by which a tag came to be.
    before: BTreeMap<Tag, Move>,
}

impl MovedTags {
    /// Adds a statement at an index above all before. The order of its packages is part of its shape.
    pub fn apply(&mut self, index: u64, said: &TagsMoved, book: &KeyBook) -> Result<(), MovedRefusal> {
        let mut keys = book.all().iter().rev().filter(|key| key.usage == KeyUse::TagVrf && key.index < index);
        let named = (keys.next().map(|key| key.digest), keys.next().map(|key| key.digest));
        if named != (Some(said.to), Some(said.from)) {
            return Err(MovedRefusal::UnknownKey);
        }
        let (mut from, mut to) = (BTreeSet::new(), BTreeSet::new());
        for moved in &said.packages {
            let twice = !from.insert(moved.from) || !to.insert(moved.to);
            let earlier = self.next.contains_key(&(moved.from, said.from, said.to));
            if twice || earlier || self.before.contains_key(&moved.to) {
                return Err(MovedRefusal::MovedBefore);
            }
        }
        let gives = |proof: &[u8; 80], tag: &Tag| Proof(*proof).to_beta().is_ok_and(|beta| beta.0 == *tag);
        let proven =
            |moved: &MovedTag| gives(&moved.from_proof, &moved.from) && gives(&moved.to_proof, &moved.to);
        if !said.packages.iter().all(proven) {
            return Err(MovedRefusal::Proof);
        }
        for moved in &said.packages {
            self.next.insert((moved.from, said.from, said.to), moved.to);
            let told = Move { from_key: said.from, to_key: said.to, moved: moved.clone() };
            self.before.insert(moved.to, told);
        }
        Ok(())
    }

    /// The tag that a package had first: equal for all tags of one package.
    pub fn first(&self, tag: &Tag) -> Tag {
        let (mut tag, mut steps) = (*tag, 0);
        // A ring cannot be told by honest proofs; a log that tells one must not hold its reader up.
        while let Some(before) = self.before.get(&tag).filter(|_| steps <= self.before.len()) {
            tag = before.moved.from;
            steps += 1;
        }
        tag
    }

    /// Whether every move that joins this tag with others is of this plan's package: both its proofs verify
    /// under the two keys over the opened number. Until a number is opened a move is the operator's word.
    pub fn are_of(&self, tag: &Tag, book: &KeyBook, plan: &str, package: &str) -> bool {
        let input = package_input(plan, package);
        let opens = |digest: &Hash, proof: &[u8; 80], tag: &Tag| {
            let key = book.find(digest).and_then(|found| VrfPublic::from_bytes(found.key).ok());
            let beta = key.and_then(|key| key.verify(&input, &Proof(*proof)).ok());
            beta.is_some_and(|beta| beta.0 == *tag)
        };
        self.joined(tag).into_iter().all(|Move { from_key, to_key, moved }| {
            opens(from_key, &moved.from_proof, &moved.from) && opens(to_key, &moved.to_proof, &moved.to)
        })
    }

    /// The moves by which a tag hangs together with others, each once.
    fn joined(&self, tag: &Tag) -> Vec<&Move> {
        let (mut moves, mut seen, mut open) = (Vec::new(), BTreeSet::from([*tag]), vec![*tag]);
        while let Some(tag) = open.pop() {
            let earlier = self.before.get(&tag).map(|told| told.moved.from);
            let all = (tag, Hash([0; 32]), Hash([0; 32]))..=(tag, Hash([255; 32]), Hash([255; 32]));
            let later = self.next.range(all).map(|(_, to)| *to);
            open.extend(earlier.into_iter().chain(later).filter(|tag| seen.insert(*tag)));
            moves.extend(self.before.get(&tag));
        }
        moves
    }
}
