//! The drawing index: the registry in memory, so that a pool costs what matches and not what exists.
//!
//! Built at start from journal images (checked against their digests by the caller) and advanced by
//! journal number, for this process's own writes and other processes' alike. Bitmaps by speciality
//! and by review region, ancestors included; the facts of each expert beside them. The rules have
//! the last word: the bitmaps only narrow down whom they are asked about.
//!
//! *Invariant:* [`DrawingIndex::position`] is the newest registry entry that the index has applied,
//! and a draw reads the index at exactly the position that its commitment names.

use std::collections::BTreeMap;
use std::ops::Bound;

use roaring::RoaringBitmap;

use super::name_index::NameIndex;
use crate::codec::Hash;
use crate::codes::{Region, Speciality};
use crate::registry::{Expert, Unit};
use crate::rules::people_facts::PersonKeys;
use crate::rules::unit_graph::UnitGraph;
use crate::rules::{Requirement, SameUnits};

/// An expert as of one registry entry.
#[derive(Clone, Debug)]
pub struct Indexed {
    /// The facts.
    pub expert: Expert,
    /// Keyed hashes by which the person and declared relatives are found among key persons of units.
    pub keys: PersonKeys,
    /// Digest of the image that the entry holds.
    pub image: Hash,
    /// Index of the entry.
    pub registry: u64,
}

/// The registry, ready to be drawn from.
#[derive(Default)]
pub struct DrawingIndex {
    next: u64,
    position: Option<u64>,
    /// By slot; empty where somebody was erased.
    slots: Vec<Option<Indexed>>,
    by_number: BTreeMap<String, u32>,
    specialities: BTreeMap<Speciality, RoaringBitmap>,
    regions: BTreeMap<&'static str, RoaringBitmap>,
    units: UnitGraph,
    names: NameIndex,
}

impl DrawingIndex {
    /// The journal number from which entries have not been applied yet.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The newest registry entry applied.
    pub fn position(&self) -> Option<u64> {
        self.position
    }

    /// Experts in the index.
    pub fn len(&self) -> usize {
        self.by_number.len()
    }

    /// Everybody, in no order that means anything.
    pub fn all(&self) -> impl Iterator<Item = &Indexed> {
        self.slots.iter().flatten()
    }

    /// Whether there are no experts.
    pub fn is_empty(&self) -> bool {
        self.by_number.is_empty()
    }

    /// Applies an expert's newest image.
    pub fn apply(&mut self, indexed: Indexed) {
        let number = indexed.expert.number().as_str().to_owned();
        let fresh = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let slot = *self.by_number.entry(number).or_insert(fresh);
        if let Some(before) = self.slots.get_mut(slot as usize).and_then(Option::take) {
            self.mark(&before.expert, slot, false);
        }
        self.mark(&indexed.expert, slot, true);
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = Some(indexed),
            None => self.slots.push(Some(indexed)),
        }
    }

    /// Keeps the place of somebody whose entry was closed by an erasure, so that others have the same
    /// slots before and after a start.
    pub(super) fn reserve(&mut self, number: &str) {
        if !self.by_number.contains_key(number) {
            let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
            self.by_number.insert(number.to_owned(), slot);
            self.slots.push(None);
        }
    }

    /// Forgets somebody who was erased; nothing of them stays in memory.
    pub fn forget(&mut self, number: &str) {
        let Some(slot) = self.by_number.remove(number) else { return };
        if let Some(before) = self.slots.get_mut(slot as usize).and_then(Option::take) {
            self.mark(&before.expert, slot, false);
        }
    }

    /// The expert with a number.
    pub fn find(&self, number: &str) -> Option<&Indexed> {
        self.by_number.get(number).and_then(|slot| self.slots.get(*slot as usize)?.as_ref())
    }

    /// Everybody whose number comes after this one, by number.
    pub fn after(&self, number: Option<&str>) -> impl Iterator<Item = &Indexed> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = number.map_or(Unbounded, Excluded);
        let slots = self.by_number.range::<str, _>((from, Unbounded));
        slots.filter_map(|(_, slot)| self.slots.get(*slot as usize)?.as_ref())
    }

    /// Applies a unit's newest image: edges, key persons, whether its record went into another.
    pub fn apply_unit(&mut self, unit: &Unit) {
        self.units.apply(unit);
    }

    /// Units and how they hang together.
    pub fn units(&self) -> &UnitGraph {
        &self.units
    }

    /// Which codes are one unit.
    pub fn same(&self) -> &SameUnits {
        self.units.same()
    }

    /// Notes that everything below `next` was applied and which registry entry is the newest.
    pub fn advanced(&mut self, next: u64, position: Option<u64>) {
        self.next = next;
        self.position = position.or(self.position);
    }

    /// Everybody who may match one of the requirements; the rules decide who does.
    pub fn possible(&self, requirements: &[Requirement]) -> Vec<&Indexed> {
        let mut all = RoaringBitmap::new();
        for requirement in requirements {
            let Some(skilled) = self.specialities.get(&requirement.speciality) else { continue };
            let mut near = RoaringBitmap::new();
            for region in &requirement.within {
                if let Some(there) = self.regions.get(region.as_str()) {
                    near |= there;
                }
            }
            all |= skilled & near;
        }
        all.iter().filter_map(|slot| self.slots.get(slot as usize)?.as_ref()).collect()
    }

    /// The expert in a slot; slots are in the order of registration and never change.
    pub(super) fn slot(&self, slot: u32) -> Option<&Indexed> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The slot of a number.
    pub(super) fn slot_of(&self, number: &str) -> Option<u32> {
        self.by_number.get(number).copied()
    }

    /// Slots in the order of numbers, after one.
    pub(super) fn slots_after<'a>(&'a self, after: Option<&'a str>) -> impl Iterator<Item = u32> + 'a {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_number.range::<str, _>((from, Bound::Unbounded)).map(|(_, slot)| *slot)
    }

    /// Slots of those with a speciality or one below it.
    pub(super) fn skilled(&self, speciality: Speciality) -> RoaringBitmap {
        self.specialities.get(&speciality).cloned().unwrap_or_default()
    }

    /// Slots of those who review in a region or a part of it.
    pub(super) fn reviewing(&self, region: Region) -> RoaringBitmap {
        self.regions.get(region.as_str()).cloned().unwrap_or_default()
    }

    /// Slots of those whose names have all these characters.
    pub(super) fn named(&self, text: &str) -> RoaringBitmap {
        self.names.candidates(text)
    }

    fn mark(&mut self, expert: &Expert, slot: u32, set: bool) {
        self.names.mark(expert.name(), slot, set);
        for claim in expert.specialities() {
            claim.ancestors().for_each(|code| put(&mut self.specialities, code, slot, set));
        }
        for region in expert.regions() {
            region.ancestors().for_each(|code: Region| put(&mut self.regions, code.as_str(), slot, set));
        }
    }
}

fn put<K: Ord>(map: &mut BTreeMap<K, RoaringBitmap>, key: K, slot: u32, set: bool) {
    let bitmap = map.entry(key).or_default();
    if set {
        bitmap.insert(slot)
    } else {
        bitmap.remove(slot)
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::samples;

    fn keys() -> PersonKeys {
        PersonKeys { id_hash: Hash([2; 32]), name_hash: Hash([3; 32]), kin: Vec::new() }
    }

    fn requirement(speciality: &str, within: &str) -> Requirement {
        Requirement {
            speciality: Speciality::parse(speciality).unwrap(),
            within: vec![Region::parse(within).unwrap()],
            except: vec![],
        }
    }

    #[test]
    fn a_place_kept_for_somebody_erased_moves_nobody() {
        let expert =
            |byte| samples::draft().check(crate::registry::ExpertNumber::from_random([byte; 10])).unwrap();
        let indexed =
            |byte| Indexed { expert: expert(byte), keys: keys(), image: Hash([1; 32]), registry: 4 };
        let (first, second) = (expert(9).number().to_string(), expert(1).number().to_string());
        let (mut before, mut after) = (DrawingIndex::default(), DrawingIndex::default());
        before.apply(indexed(9));
        before.apply(indexed(1));
        before.forget(&first);
        after.reserve(&first);
        after.reserve(&first);
        after.apply(indexed(1));
        after.forget(&first);
        for index in [before, after] {
            assert_eq!((index.len(), index.slot_of(&first), index.slot_of(&second)), (1, None, Some(1)));
            assert!(index.slot(0).is_none() && index.slot(1).is_some());
            assert_eq!(index.named("王").len(), 1, "nothing of the name stays");
        }
    }

    #[test]
    fn ancestors_find_an_expert_and_an_amendment_replaces_the_marks() {
        let expert = samples::draft().check(crate::registry::ExpertNumber::from_random([7; 10])).unwrap();
        let mut index = DrawingIndex::default();
        let indexed = Indexed { expert: expert.clone(), keys: keys(), image: Hash([1; 32]), registry: 4 };
        index.apply(indexed.clone());
        index.apply(Indexed { registry: 9, ..indexed });
        index.advanced(10, Some(9));
        assert_eq!((index.len(), index.position(), index.next()), (1, Some(9), 10));
        let claim = expert.specialities()[0];
        let region = expert.regions()[0];
        let top = claim.ancestors().last().unwrap();
        let province = region.ancestors().last().unwrap();
        let found = index.possible(&[requirement(top.as_str(), province.as_str())]);
        assert_eq!(found.iter().map(|e| e.registry).collect::<Vec<_>>(), [9]);
        assert!(index.possible(&[requirement(top.as_str(), "110000")]).is_empty());
        index.forget(expert.number().as_str());
        assert!(index.is_empty());
        assert!(index.possible(&[requirement(top.as_str(), province.as_str())]).is_empty());
    }
}
