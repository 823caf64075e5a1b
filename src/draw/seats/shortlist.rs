//! The short list: the few candidates that can matter to completability.
//!
//! *Special* people are kept one by one: those with relation tags, and everybody whose unit is the
//! unit of such a person or stands on a relation tag. All others are *plain*: in conflict with
//! nobody, twins of nobody. Of the plain people of one mask only the last in the drawn order are
//! kept, up to as many units as there are seats and min(cap, seats) people of each. That is exact for
//! every suffix of the order: in a full panel the other members stand in fewer units than there are
//! seats, so a plain member who is not kept can be exchanged for one who is, of a unit that the
//! panel does not touch, or of the same unit.
//!
//! *Invariant:* for every suffix of the order and whoever is seated, the flow over the kept people of
//! that suffix fills the seats exactly when the flow over all people of that suffix does.

use std::collections::{BTreeMap, BTreeSet};

use super::flow::Supply;
use super::walk::Job;
use super::{Candidate, Tag};

/// The kept people, by rank in the drawn order, and all relation tags of the pool.
pub(super) struct Shortlist {
    /// Ascending by rank.
    pub(super) people: Vec<Person>,
    /// Every relation tag in the whole pool, whoever carries it, ascending.
    pub(super) relation_tags: Vec<u128>,
}

/// One kept person.
pub(super) struct Person {
    /// Index in the drawn order.
    pub(super) rank: u32,
    /// Pool position.
    pub(super) position: u32,
}

/// A tag as a number of the same order, which compares faster.
pub(super) fn key(tag: &Tag) -> u128 {
    u128::from_be_bytes(*tag)
}

/// Chooses the kept people of a checked job; `slack` more units and people per unit than needed,
/// for walks that leave out as many.
pub(super) fn build(job: &Job<'_>, slack: u32) -> Shortlist {
    let (relation_tags, watched) = tags(job.pool);
    let special = special(job.pool, watched);
    let seats: u32 = job.plan.seats.iter().sum();
    let units = seats + slack;
    let per_unit = job.plan.unit_cap.min(seats) + slack;
    let absent: BTreeSet<u32> = job.fixed.iter().map(|f| f.position).chain(job.out.iter().copied()).collect();
    // Backwards through the order; once nobody plain can be kept any more, the pool itself is not
    // touched for them.
    let mut unseen = masks(job.pool);
    let mut waiting = unseen.len();
    let mut kept: BTreeMap<u32, BTreeMap<u128, u32>> = BTreeMap::new();
    let mut people = Vec::new();
    let mut rank = job.order.len() as u32;
    for &position in job.order.iter().rev() {
        rank -= 1;
        let is_special = special.contains(position);
        if waiting == 0 && special.is_empty() {
            break;
        }
        if waiting == 0 && !is_special {
            continue;
        }
        let Some(person) = job.pool.get(position as usize) else { continue };
        let is_absent = !absent.is_empty() && absent.contains(&position);
        let mut keep = is_special && !is_absent;
        if let Some(left) = unseen.get_mut(&person.groups)
            && *left > 0
        {
            *left -= 1;
            if !is_special && !is_absent {
                let of_mask = kept.entry(person.groups).or_default();
                let of_unit = of_mask.entry(key(&person.unit)).or_default();
                keep = *of_unit < per_unit;
                *of_unit += u32::from(keep);
                if of_mask.len() >= units as usize {
                    *left = 0;
                }
            }
            waiting -= usize::from(*left == 0);
        }
        if keep {
            people.push(Person { rank, position });
        }
    }
    people.reverse();
    Shortlist { people, relation_tags }
}

/// How many people the pool has of each mask.
fn masks(pool: &[Candidate]) -> BTreeMap<u32, u32> {
    let mut masks = BTreeMap::new();
    for run in pool.chunk_by(|a, b| a.groups == b.groups) {
        if let Some(first) = run.first() {
            *masks.entry(first.groups).or_default() += run.iter().fold(0u32, |n, _| n + 1);
        }
    }
    masks
}

/// All people of a pool who are not absent, by class; for explanations, where every one counts.
pub(super) fn everybody(job: &Job<'_>) -> Supply {
    let absent: BTreeSet<u32> = job.fixed.iter().map(|f| f.position).chain(job.out.iter().copied()).collect();
    let mut supply = Supply::default();
    for (_, person) in (0u32..).zip(job.pool).filter(|(position, _)| !absent.contains(position)) {
        supply.add(person.groups, key(&person.unit));
    }
    supply
}

/// All relation tags, and with them the units of those who carry any; both ascending.
fn tags(pool: &[Candidate]) -> (Vec<u128>, Vec<u128>) {
    let mut relation_tags = Vec::new();
    let mut watched = Vec::new();
    for person in pool.iter().filter(|p| !p.relations.is_empty()) {
        watched.push(key(&person.unit));
        relation_tags.extend(person.relations.iter().map(key));
    }
    watched.extend(&relation_tags);
    for list in [&mut relation_tags, &mut watched] {
        list.sort_unstable();
        list.dedup();
    }
    (relation_tags, watched)
}

/// The positions of the special people, given their units.
fn special(pool: &[Candidate], units: Vec<u128>) -> Positions {
    let mut special = Positions { bits: Vec::new(), any: !units.is_empty() };
    if special.any {
        let watched = Watched::new(units);
        let word = |people: &[Candidate]| {
            let bit = |(i, person): (u32, &Candidate)| u64::from(watched.contains(key(&person.unit))) << i;
            (0u32..).zip(people).map(bit).fold(0, |word, bit| word | bit)
        };
        special.bits = pool.chunks(64).map(word).collect();
    }
    special
}

/// A set of pool positions.
struct Positions {
    bits: Vec<u64>,
    any: bool,
}

impl Positions {
    fn is_empty(&self) -> bool {
        !self.any
    }

    fn contains(&self, position: u32) -> bool {
        self.any
            && self.bits.get((position >> 6) as usize).is_some_and(|word| word >> (position & 63) & 1 == 1)
    }
}

/// A set of tags that says "no" quickly: one bit per value of the first 16 bits, then the list.
struct Watched {
    bits: Vec<u64>,
    tags: Vec<u128>,
}

impl Watched {
    fn new(tags: Vec<u128>) -> Self {
        let mut bits = vec![0u64; 1024];
        for tag in &tags {
            let (word, bit) = Self::place(*tag);
            if let Some(word) = bits.get_mut(word) {
                *word |= bit;
            }
        }
        Self { bits, tags }
    }

    fn contains(&self, tag: u128) -> bool {
        let (word, bit) = Self::place(tag);
        self.bits.get(word).is_some_and(|word| word & bit != 0) && self.tags.binary_search(&tag).is_ok()
    }

    fn place(tag: u128) -> (usize, u64) {
        let top = (tag >> 112) as u16;
        (usize::from(top >> 6), 1 << (top & 63))
    }
}
