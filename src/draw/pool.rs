//! The pool (候选池) and the table of exclusions: two ordered trees of salted leaves.
//!
//! Pool leaf: identity commitment 32 ‖ groups u32 ‖ lots u8 ‖ unit tag 16 ‖ relation tags 16 each,
//! ascending, at most 8: 53 bytes and one SHA-256 block without relations. Leaves ascend strictly by
//! identity commitment; the root is the RFC 6962 root (`api-spec/draw-v1.md` §4).
//!
//! *Invariant:* a [`Leaf`] has a non-zero mask, 1 to 8 lots and strictly ascending relation tags.

use std::collections::BTreeMap;

use super::identity::{DrawKey, Tag, identity, own_unit, reasons_digest};
use super::lots;
use super::parts::{in_parts, part_length};
use crate::codec::{Hash, LabelledHash, sha256};
use crate::log::merkle;

/// The most candidates of one draw.
pub const POOL_LIMIT: usize = 4_000_000;
/// The most relation tags on one leaf.
pub const RELATION_LIMIT: usize = 8;
/// The most lots of one candidate.
pub const LOTS_LIMIT: u8 = 8;
const BARE_LEAF: usize = 53;
/// Up to how many leaves one thread hashes alone (3 ms).
const HASHED_ALONE: usize = 16_384;

/// One candidate as the pool shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Identity commitment.
    pub identity: Hash,
    /// Bit g−1 set: can fill group g.
    pub groups: u32,
    /// Lots in the urn, 1 to 8.
    pub lots: u8,
    /// Tag of the unit.
    pub unit: Tag,
    /// Relation tags, strictly ascending, at most 8.
    pub relations: Box<[Tag]>,
}

/// Why a pool cannot be built or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// A leaf's bytes have no such length or content.
    #[error("pool leaf {position}: {rule}")]
    Leaf {
        /// Position of the leaf.
        position: usize,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// A person would need a ninth relation tag.
    #[error("an expert stands in more than 8 relations within the pool")]
    TooManyRelations,
    /// More than [`POOL_LIMIT`] candidates.
    #[error("more than 4000000 candidates")]
    TooLarge,
}

impl Leaf {
    /// The leaf's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BARE_LEAF + 16 * self.relations.len());
        bytes.extend_from_slice(self.identity.as_bytes());
        bytes.extend_from_slice(&self.groups.to_be_bytes());
        bytes.push(self.lots);
        bytes.extend_from_slice(&self.unit);
        self.relations.iter().for_each(|tag| bytes.extend_from_slice(tag));
        bytes
    }

    /// The RFC 6962 leaf hash, without building the bytes where there are no relations.
    pub fn hash(&self) -> Hash {
        let (groups, lots) = (self.groups.to_be_bytes(), [self.lots]);
        if self.relations.is_empty() {
            sha256(&[&[0], self.identity.as_bytes(), &groups, &lots, &self.unit])
        } else {
            merkle::leaf_hash(&self.to_bytes())
        }
    }

    /// Reads a leaf; the error names the broken rule.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let (identity, rest) = bytes.split_first_chunk::<32>().ok_or("shorter than 53 bytes")?;
        let (groups, rest) = rest.split_first_chunk::<4>().ok_or("shorter than 53 bytes")?;
        let ([lots], rest) = rest.split_first_chunk::<1>().ok_or("shorter than 53 bytes")?;
        let (unit, rest) = rest.split_first_chunk::<16>().ok_or("shorter than 53 bytes")?;
        let (relations, left_over) = rest.as_chunks::<16>();
        let leaf = Self {
            identity: Hash(*identity),
            groups: u32::from_be_bytes(*groups),
            lots: *lots,
            unit: *unit,
            relations: relations.into(),
        };
        if !left_over.is_empty() || relations.len() > RELATION_LIMIT {
            return Err("not 53 bytes and 0 to 8 tags of 16");
        }
        if !leaf.relations.is_sorted_by(|a, b| a < b) {
            return Err("relation tags not strictly ascending");
        }
        if leaf.groups == 0 {
            return Err("fills no group");
        }
        if !(1..=LOTS_LIMIT).contains(&leaf.lots) {
            return Err("lots not 1 to 8");
        }
        Ok(leaf)
    }
}

/// One candidate before the pool is sealed: what the service knows about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Expert number.
    pub number: String,
    /// Digest of the private after-image.
    pub image: Hash,
    /// Log index of the registry entry that holds that digest.
    pub registry: u64,
    /// Groups the person can fill, bit g−1 for group g.
    pub groups: u32,
    /// Lots, 1 to L.
    pub lots: u8,
    /// Id of the employer listed first; `None`: a unit of their own.
    pub unit: Option<String>,
    /// Ids of further employers.
    pub further_units: Vec<String>,
}

/// A pool: leaves in order, and where each input candidate went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Leaves, strictly ascending by identity commitment; the index is the pool position.
    pub leaves: Vec<Leaf>,
    /// For each pool position the index of the candidate in the input of [`build`].
    pub origin: Vec<usize>,
}

/// Builds the pool. `related` are pairs of expert numbers; a pair counts only when both are in.
/// The input's order does not matter.
pub fn build(
    key: &DrawKey,
    candidates: &[Candidate],
    related: &[(String, String)],
) -> Result<Pool, PoolError> {
    Ok(sorted(leaves(key, candidates, related)?))
}

/// The leaves of [`build`] in the input's order: tags and identity commitments, not yet a pool.
pub fn leaves(
    key: &DrawKey,
    candidates: &[Candidate],
    related: &[(String, String)],
) -> Result<Vec<Leaf>, PoolError> {
    if candidates.len() > POOL_LIMIT {
        return Err(PoolError::TooLarge);
    }
    let tags = relation_tags(key, candidates, related);
    let identities = in_parts(candidates, part_length(candidates.len(), HASHED_ALONE), |_, part| {
        let identity = |person: &Candidate| {
            identity(&key.candidate_salt(&person.number), &person.image, person.registry)
        };
        part.iter().map(identity).collect::<Vec<Hash>>()
    });
    let mut units: BTreeMap<&str, Tag> = BTreeMap::new();
    let mut leaves = Vec::with_capacity(candidates.len());
    for (person, identity) in candidates.iter().zip(identities.into_iter().flatten()) {
        let unit = match &person.unit {
            Some(id) => *units.entry(id).or_insert_with(|| key.unit_tag(id)),
            None => key.unit_tag(&own_unit(&person.number)),
        };
        let mut relations = tags.get(person.number.as_str()).cloned().unwrap_or_default();
        relations.extend(person.further_units.iter().map(|id| key.unit_tag(id)));
        relations.sort_unstable();
        relations.dedup();
        if relations.len() > RELATION_LIMIT {
            return Err(PoolError::TooManyRelations);
        }
        let (groups, lots) = (person.groups, person.lots);
        leaves.push(Leaf { identity, groups, lots, unit, relations: relations.into() });
    }
    Ok(leaves)
}

/// The pool of these leaves: in order of their identity commitments.
pub fn sorted(mut leaves: Vec<Leaf>) -> Pool {
    // Commitments are uniform, so their first 4 bytes tell nearly all of them apart. Indices are sorted;
    // then each leaf moves once, in place, because fresh memory for large pools costs more than that.
    let prefix = |leaf: &Leaf| leaf.identity.0.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    let keys = leaves.iter().map(prefix).zip(0u32..).collect();
    let mut order = lots::sorted(keys, |i| leaves.get(i as usize).map(|leaf| leaf.identity));
    let origin = order.iter().map(|i| *i as usize).collect();
    for start in 0u32..leaves.len() as u32 {
        // Along the cycle of `start`; a place that has its leaf is its own origin.
        let mut here = start;
        while let Some(from) = order.get_mut(here as usize).map(|from| std::mem::replace(from, here))
            && from != start
        {
            leaves.swap(here as usize, from as usize);
            here = from;
        }
    }
    Pool { leaves, origin }
}

/// Relation tags of pairs of which both are candidates, by expert number.
fn relation_tags<'a>(
    key: &DrawKey,
    candidates: &'a [Candidate],
    related: &[(String, String)],
) -> BTreeMap<&'a str, Vec<Tag>> {
    let mut tags: BTreeMap<&str, Vec<Tag>> = BTreeMap::new();
    if related.is_empty() {
        return tags;
    }
    let numbers: BTreeMap<&str, ()> = candidates.iter().map(|c| (c.number.as_str(), ())).collect();
    for (one, other) in related {
        let found = (numbers.get_key_value(one.as_str()), numbers.get_key_value(other.as_str()));
        if let (Some((one, ())), Some((other, ()))) = found
            && one != other
        {
            let tag = key.relation_tag(one, other);
            tags.entry(one).or_default().push(tag);
            tags.entry(other).or_default().push(tag);
        }
    }
    tags
}

/// The RFC 6962 root over leaves.
pub fn root(leaves: &[Leaf]) -> Hash {
    // Every part but the last is a perfect subtree of one height, so the root over the roots of the
    // parts is the root over the leaves.
    let part_root = |_, part: &[Leaf]| {
        let mut tree = merkle::Frontier::new();
        tree.extend(part.iter().map(Leaf::hash));
        tree.root()
    };
    merkle::root(&in_parts(leaves, part_length(leaves.len(), HASHED_ALONE), part_root))
}

/// Checks what a reader of a published pool can check without any opening: strictly ascending, masks
/// within `groups` groups, lots within L.
pub fn check(leaves: &[Leaf], groups: u32, lots: u8) -> Result<(), PoolError> {
    let allowed = u32::MAX.checked_shr(32u32.saturating_sub(groups)).unwrap_or(0);
    let mut before: Option<&Hash> = None;
    for (position, leaf) in leaves.iter().enumerate() {
        let wrong = |rule| Err(PoolError::Leaf { position, rule });
        if before.is_some_and(|before| *before >= leaf.identity) {
            return wrong("not strictly ascending by identity commitment");
        }
        if leaf.groups & !allowed != 0 {
            return wrong("fills a group that the commitment does not have");
        }
        if leaf.lots > lots {
            return wrong("more lots than the commitment allows");
        }
        before = Some(&leaf.identity);
    }
    Ok(())
}

/// One excluded person: who would have been a candidate but for these rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// Expert number.
    pub number: String,
    /// Digest of the private after-image.
    pub image: Hash,
    /// Log index of the registry entry that holds that digest.
    pub registry: u64,
    /// Names of the rules that exclude the person, ascending.
    pub rules: Vec<String>,
}

/// The leaves of the tree of exclusions in its order: identity commitment and digest of the reasons, with
/// the place of each in `people`.
pub fn excluded_leaves(key: &DrawKey, people: &[Excluded]) -> Vec<(Hash, Hash, usize)> {
    let leaf = |(at, person): (usize, &Excluded)| {
        let identity = identity(&key.candidate_salt(&person.number), &person.image, person.registry);
        (identity, reasons_digest(&key.reasons_salt(&person.number), &person.rules), at)
    };
    let mut leaves: Vec<(Hash, Hash, usize)> = people.iter().enumerate().map(leaf).collect();
    leaves.sort_unstable();
    leaves
}

/// The RFC 6962 leaf hash of an exclusion.
pub fn excluded_leaf(identity: &Hash, reasons: &Hash) -> Hash {
    sha256(&[&[0], identity.as_bytes(), reasons.as_bytes()])
}

/// The digest that the commitment carries for the table of exclusions:
/// H("excluded"; salt 32 ‖ u32 count ‖ root), leaf = identity commitment ‖ reasons digest.
pub fn excluded_digest(key: &DrawKey, people: &[Excluded]) -> Hash {
    let leaves = excluded_leaves(key, people);
    let hashes: Vec<Hash> =
        leaves.iter().map(|(identity, reasons, _)| excluded_leaf(identity, reasons)).collect();
    LabelledHash::new("excluded")
        .fixed(&key.excluded_salt())
        .u32(u32::try_from(people.len()).unwrap_or(u32::MAX))
        .fixed(merkle::root(&hashes).as_bytes())
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: &str) -> Candidate {
        Candidate {
            number: number.into(),
            image: sha256(&[number.as_bytes()]),
            registry: 3,
            groups: 1,
            lots: 1,
            unit: Some("U".into()),
            further_units: vec![],
        }
    }

    #[test]
    fn the_pool_does_not_depend_on_the_order_of_its_input() {
        let key = DrawKey([1; 32]);
        let people: Vec<_> = ["E1", "E2", "E3", "E4"].map(person).into();
        let mut turned = people.clone();
        turned.reverse();
        let pairs = [("E1".to_owned(), "E3".to_owned()), ("E1".to_owned(), "E9".to_owned())];
        let pool = build(&key, &people, &pairs).unwrap();
        assert_eq!(pool.leaves, build(&key, &turned, &pairs).unwrap().leaves);
        assert_eq!(check(&pool.leaves, 1, 1), Ok(()));
        assert_eq!(pool.leaves.iter().filter(|leaf| !leaf.relations.is_empty()).count(), 2);
        for leaf in &pool.leaves {
            assert_eq!(Leaf::from_bytes(&leaf.to_bytes()).as_ref(), Ok(leaf));
            assert_eq!(leaf.hash(), merkle::leaf_hash(&leaf.to_bytes()));
        }
    }

    #[test]
    fn a_large_pool_has_the_order_and_root_of_the_definition() {
        let key = DrawKey([1; 32]);
        let mut people: Vec<_> = (0..40_000).map(|n| person(&format!("E{n}"))).collect();
        people[14321].further_units = vec!["V".into()];
        let leaves = leaves(&key, &people, &[]).unwrap();
        for size in [511, 1024, 16_384, 16_385, 32_768, 40_000] {
            let pool = sorted(leaves[..size].to_vec());
            assert_eq!(check(&pool.leaves, 1, 1), Ok(()));
            assert!(pool.leaves.iter().zip(&pool.origin).all(|(leaf, origin)| *leaf == leaves[*origin]));
            assert_eq!(root(&pool.leaves), merkle::root_of_leaves(pool.leaves.iter().map(Leaf::to_bytes)));
        }
        // Leaves that agree in their first bytes, as hardly any two commitments do.
        let close = |n: usize| Leaf {
            identity: Hash([[7; 31].as_slice(), &[n as u8]].concat().try_into().unwrap()),
            ..leaves[n].clone()
        };
        let pool = sorted((0..200).rev().map(close).collect());
        assert_eq!(check(&pool.leaves, 1, 1), Ok(()));
        assert_eq!(pool.origin[..3], [199, 198, 197]);
    }

    #[test]
    fn a_ninth_relation_tag_is_refused() {
        let mut loaded = person("E1");
        loaded.further_units = (0..8).map(|n| format!("U{n}")).collect();
        assert!(build(&DrawKey([1; 32]), &[loaded.clone()], &[]).is_ok());
        loaded.further_units.push("U9".into());
        assert_eq!(build(&DrawKey([1; 32]), &[loaded], &[]), Err(PoolError::TooManyRelations));
    }

    #[test]
    fn leaves_and_pools_that_break_a_rule_are_named() {
        let pool = build(&DrawKey([1; 32]), &["E1", "E2"].map(person), &[]).unwrap();
        let good = pool.leaves[0].to_bytes();
        assert!(Leaf::from_bytes(&good[1..]).is_err());
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            Leaf::from_bytes(&bytes)
        };
        assert_eq!(with(35, 0), Err("fills no group"));
        assert_eq!(with(36, 9), Err("lots not 1 to 8"));
        assert_eq!(with(36, 0), Err("lots not 1 to 8"));
        assert!(check(&pool.leaves, 0, 1).is_err());
        let twice = [pool.leaves[0].clone(), pool.leaves[0].clone()];
        assert!(check(&twice, 1, 1).is_err());
        let mut tags = pool.leaves[0].clone();
        tags.relations = vec![[2; 16], [2; 16]].into();
        assert_eq!(Leaf::from_bytes(&tags.to_bytes()), Err("relation tags not strictly ascending"));
        let wide = Leaf { groups: u32::MAX, ..pool.leaves[0].clone() };
        assert_eq!(check(&[wide], 32, 1), Ok(()));
    }
}
