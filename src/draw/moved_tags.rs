//! Package tags across rotations of the tag key: which tags are one package (`api-spec/log-v2.md` §3).
//!
//! A fold of `tags.moved` in the order of the log. That a pair of tags belongs to one package is the
//! operator's word until the package's number is opened: then anybody checks both proofs.
//!
//! *Invariant:* a tag has at most one successor under a pair of keys and is the successor of at most one.

use std::collections::{BTreeMap, BTreeSet};

use super::vrf::Proof;
use crate::codec::Hash;
use crate::log::{KeyBook, KeyUse, TagsMoved};

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

/// Tags by their successors.
#[derive(Clone, Debug, Default)]
pub struct MovedTags {
    next: BTreeMap<(Hash, Hash, Tag), Tag>,
    before: BTreeMap<Tag, Tag>,
    taken: BTreeSet<Tag>,
}

impl MovedTags {
    /// Adds a statement at an index above all before. The order of its packages is part of its shape.
    pub fn apply(&mut self, index: u64, said: &TagsMoved, book: &KeyBook) -> Result<(), MovedRefusal> {
        let mut keys = book.all().iter().rev().filter(|key| key.usage == KeyUse::TagVrf && key.index < index);
        let named = (keys.next().map(|key| key.digest), keys.next().map(|key| key.digest));
        if named != (Some(said.to), Some(said.from)) {
            return Err(MovedRefusal::UnknownKey);
        }
        let mut after = self.clone();
        for moved in &said.packages {
            let first = after.next.insert((said.from, said.to, moved.from), moved.to).is_none();
            if !first || !after.taken.insert(moved.to) {
                return Err(MovedRefusal::MovedBefore);
            }
            after.before.insert(moved.to, moved.from);
        }
        let gives = |proof: &[u8; 80], tag: &Tag| Proof(*proof).to_beta().is_ok_and(|beta| beta.0 == *tag);
        let proven = |moved: &crate::log::MovedTag| {
            gives(&moved.from_proof, &moved.from) && gives(&moved.to_proof, &moved.to)
        };
        if !said.packages.iter().all(proven) {
            return Err(MovedRefusal::Proof);
        }
        *self = after;
        Ok(())
    }

    /// The tag that a package had first: equal for all tags of one package.
    pub fn first(&self, tag: &Tag) -> Tag {
        let (mut tag, mut steps) = (*tag, 0);
        // A ring cannot be told by honest proofs; a log that tells one must not hold its reader up.
        while let Some(before) = self.before.get(&tag).filter(|_| steps <= self.before.len()) {
            tag = *before;
            steps += 1;
        }
        tag
    }
}
