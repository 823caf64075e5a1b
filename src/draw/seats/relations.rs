//! The later candidates while conflicts count: who is left, who is in R, who are twins.
//!
//! Two people conflict when they share a relation tag, or one's relation tag is the other's unit tag.
//! The field holds the candidates later in the order, not removed in the current branch and in
//! conflict with nobody seated; R are those of them in conflict with another of them. Removing people
//! is logged, so a branch is undone step by step and costs what it touches, not the pool.
//!
//! *Invariant:* after [`Field::undo`] to a mark the field is what it was at the mark.

use std::collections::{BTreeMap, BTreeSet};

use super::Tag;
use super::flow::{Sitting, Supply};
use super::shortlist::{Shortlist, key};
use super::walk::Job;

/// Index of a person in the field, ascending in drawn order.
pub(super) type Id = u32;

/// The later candidates.
pub(super) struct Field {
    people: Vec<Person>,
    tags: Vec<TagUse>,
    tag_ids: BTreeMap<u128, u32>,
    /// What twins are told by; made at the first branch, which most walks never see.
    twinship: Option<Twinship>,
    /// R, in drawn order.
    entangled: BTreeSet<Id>,
    all: Supply,
    without_r: Supply,
    log: Vec<Change>,
}

/// A state to return to.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize);

/// People by what twins share, and people left by unit.
struct Twinship {
    kin: BTreeMap<(u32, Vec<u32>), Vec<Id>>,
    units: BTreeMap<u128, u32>,
}

struct Person {
    groups: u32,
    unit: u128,
    /// The unit as a relation tag, if it is one anywhere in the pool.
    unit_tag: Option<u32>,
    relations: Vec<u32>,
    left: bool,
}

/// Who carries a tag, as a relation or as their unit, and how many of them are left.
#[derive(Default)]
struct TagUse {
    carriers: Vec<Id>,
    carriers_left: u32,
    members: Vec<Id>,
    members_left: u32,
}

enum Change {
    Removed { id: Id, was_entangled: bool },
    Disentangled(Id),
}

impl Field {
    /// The field of all kept people, absent ones apart.
    pub(super) fn new(job: &Job<'_>, list: &Shortlist) -> Self {
        let tag_ids: BTreeMap<u128, u32> = list.relation_tags.iter().copied().zip(0u32..).collect();
        let mut field = Self {
            people: Vec::with_capacity(list.people.len()),
            tags: list.relation_tags.iter().map(|_| TagUse::default()).collect(),
            tag_ids,
            twinship: None,
            entangled: BTreeSet::new(),
            all: Supply::default(),
            without_r: Supply::default(),
            log: Vec::new(),
        };
        for (id, listed) in (0u32..).zip(&list.people) {
            // A position beyond the pool was refused by the check of the job.
            let Some(candidate) = job.pool.get(listed.position as usize) else { continue };
            let unit = key(&candidate.unit);
            let relations: Vec<u32> =
                candidate.relations.iter().filter_map(|tag| field.tag_ids.get(&key(tag)).copied()).collect();
            let unit_tag = field.tag_ids.get(&unit).copied();
            let left = !job.out.contains(&listed.position);
            if left {
                for tag in &relations {
                    if let Some(tag) = field.tags.get_mut(*tag as usize) {
                        tag.carriers.push(id);
                        tag.carriers_left += 1;
                    }
                }
                if let Some(tag) = unit_tag.and_then(|tag| field.tags.get_mut(tag as usize)) {
                    tag.members.push(id);
                    tag.members_left += 1;
                }
                field.all.add(candidate.groups, unit);
            }
            field.people.push(Person { groups: candidate.groups, unit, unit_tag, relations, left });
        }
        for (id, person) in (0u32..).zip(&field.people).filter(|(_, person)| person.left) {
            if field.in_conflict(person) {
                field.entangled.insert(id);
            } else {
                field.without_r.add(person.groups, person.unit);
            }
        }
        field
    }

    /// All people left.
    pub(super) fn all(&self) -> &Supply {
        &self.all
    }

    /// The people left outside R.
    pub(super) fn without_r(&self) -> &Supply {
        &self.without_r
    }

    /// The first of R in drawn order.
    pub(super) fn first_of_r(&self) -> Option<Id> {
        self.entangled.first().copied()
    }

    /// Whether somebody is still among the later candidates in conflict with nobody seated.
    pub(super) fn is_left(&self, id: Id) -> bool {
        self.people.get(id as usize).is_some_and(|p| p.left)
    }

    /// Mask and unit of somebody.
    pub(super) fn sitting(&self, id: Id) -> Option<Sitting> {
        self.people.get(id as usize).map(|p| Sitting { groups: p.groups, unit: Some(p.unit) })
    }

    /// The twins of somebody in R, themselves included: same mask and relation tags, and the same
    /// unit, or each the only one of its unit among the seated and those left, the unit being on no
    /// relation tag in the whole pool.
    pub(super) fn twins(&mut self, id: Id, seated: &[Sitting]) -> Vec<Id> {
        let twinship = match self.twinship.take() {
            Some(twinship) => twinship,
            None => self.twinship(),
        };
        let alone = |p: &Person| {
            p.unit_tag.is_none()
                && twinship.units.get(&p.unit) == Some(&1)
                && seated.iter().all(|s| s.unit != Some(p.unit))
        };
        let mut twins = Vec::new();
        if let Some(person) = self.people.get(id as usize) {
            let is_alone = alone(person);
            let is_twin = |other: &Person| other.unit == person.unit || (is_alone && alone(other));
            let kin = twinship.kin.get(&(person.groups, person.relations.clone()));
            for other in kin.into_iter().flatten().filter(|other| self.entangled.contains(other)) {
                twins.extend(self.people.get(*other as usize).filter(|o| is_twin(o)).map(|_| *other));
            }
        }
        self.twinship = Some(twinship);
        twins
    }

    fn twinship(&self) -> Twinship {
        let mut twinship = Twinship { kin: BTreeMap::new(), units: BTreeMap::new() };
        for (id, person) in (0u32..).zip(&self.people) {
            if person.unit_tag.is_some() || !person.relations.is_empty() {
                twinship.kin.entry((person.groups, person.relations.clone())).or_default().push(id);
            }
            if person.left {
                *twinship.units.entry(person.unit).or_default() += 1;
            }
        }
        twinship
    }

    /// The present state.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.log.len())
    }

    /// Makes the present state the oldest one that can be returned to.
    pub(super) fn settle(&mut self) {
        self.log.clear();
    }

    /// Removes all who conflict with somebody (who is not in the field, or about to be removed).
    /// `relations` and `unit` are the tags of that person.
    pub(super) fn remove_conflicts_of(&mut self, relations: &[Tag], unit: u128) {
        let relations: Vec<u32> =
            relations.iter().filter_map(|t| self.tag_ids.get(&key(t)).copied()).collect();
        let unit_tag = self.tag_ids.get(&unit).copied();
        self.remove_rivals(&relations, unit_tag);
    }

    /// Removes somebody and all who conflict with them: they are seated.
    pub(super) fn seat(&mut self, id: Id) {
        self.remove(id);
        let Some(person) = self.people.get(id as usize) else { return };
        if person.unit_tag.is_some() || !person.relations.is_empty() {
            let (relations, unit_tag) = (person.relations.clone(), person.unit_tag);
            self.remove_rivals(&relations, unit_tag);
        }
    }

    /// Removes somebody from the later candidates; nothing if they are removed already.
    pub(super) fn remove(&mut self, id: Id) {
        let Some(person) = self.people.get_mut(id as usize).filter(|p| p.left) else { return };
        person.left = false;
        let (relations, unit_tag) = (std::mem::take(&mut person.relations), person.unit_tag);
        self.all.take(person.groups, person.unit);
        let was_entangled = self.entangled.remove(&id);
        if !was_entangled {
            self.without_r.take(person.groups, person.unit);
        }
        if let Some(twinship) = &mut self.twinship {
            twinship.units.entry(person.unit).and_modify(|count| *count -= 1);
        }
        self.log.push(Change::Removed { id, was_entangled });
        for tag in &relations {
            if let Some(tag) = self.tags.get_mut(*tag as usize) {
                tag.carriers_left -= 1;
            }
        }
        if let Some(tag) = unit_tag.and_then(|tag| self.tags.get_mut(tag as usize)) {
            tag.members_left -= 1;
        }
        for tag in &relations {
            self.release(*tag, true);
        }
        if let Some(tag) = unit_tag {
            self.release(tag, false);
        }
        if let Some(person) = self.people.get_mut(id as usize) {
            person.relations = relations;
        }
    }

    /// Returns to a state.
    pub(super) fn undo(&mut self, mark: Mark) {
        while self.log.len() > mark.0 {
            match self.log.pop() {
                Some(Change::Disentangled(id)) => {
                    self.entangled.insert(id);
                    if let Some(person) = self.people.get(id as usize) {
                        self.without_r.take(person.groups, person.unit);
                    }
                }
                Some(Change::Removed { id, was_entangled }) => self.put_back(id, was_entangled),
                None => return,
            }
        }
    }

    fn put_back(&mut self, id: Id, was_entangled: bool) {
        let Some(person) = self.people.get_mut(id as usize) else { return };
        person.left = true;
        self.all.add(person.groups, person.unit);
        if was_entangled {
            self.entangled.insert(id);
        } else {
            self.without_r.add(person.groups, person.unit);
        }
        if let Some(twinship) = &mut self.twinship {
            *twinship.units.entry(person.unit).or_default() += 1;
        }
        for tag in &person.relations {
            if let Some(tag) = self.tags.get_mut(*tag as usize) {
                tag.carriers_left += 1;
            }
        }
        if let Some(tag) = person.unit_tag.and_then(|tag| self.tags.get_mut(tag as usize)) {
            tag.members_left += 1;
        }
    }

    /// After a carrier or a member of a tag has gone: takes out of R whoever was there only because
    /// of them. Two carriers keep each other and all members in R, and two members the carrier, so
    /// a tag is searched a few times in a walk and not once per person.
    fn release(&mut self, tag: u32, carrier: bool) {
        let Some(tag) = self.tags.get(tag as usize) else { return };
        if tag.carriers_left > 1 || (!carrier && tag.members_left > 1) {
            return;
        }
        let touched = tag.carriers.iter().chain(&tag.members).copied();
        let free = |id: &Id| {
            self.entangled.contains(id)
                && self.people.get(*id as usize).is_some_and(|person| !self.in_conflict(person))
        };
        let freed: BTreeSet<Id> = touched.filter(free).collect();
        for id in freed {
            self.entangled.remove(&id);
            self.log.push(Change::Disentangled(id));
            if let Some(person) = self.people.get(id as usize) {
                self.without_r.add(person.groups, person.unit);
            }
        }
    }

    fn remove_rivals(&mut self, relations: &[u32], unit_tag: Option<u32>) {
        let mut rivals = BTreeSet::new();
        for tag in relations.iter().filter_map(|tag| self.tags.get(*tag as usize)) {
            rivals.extend(tag.carriers.iter().chain(&tag.members).copied());
        }
        if let Some(tag) = unit_tag.and_then(|tag| self.tags.get(tag as usize)) {
            rivals.extend(tag.carriers.iter().copied());
        }
        for rival in rivals {
            self.remove(rival);
        }
    }

    /// Whether somebody who is left conflicts with another who is left.
    fn in_conflict(&self, person: &Person) -> bool {
        let shared = person.relations.iter().any(|id| {
            let own_unit = u32::from(person.unit_tag == Some(*id));
            self.tags
                .get(*id as usize)
                .is_some_and(|tag| tag.carriers_left >= 2 || tag.members_left > own_unit)
        });
        shared
            || person.unit_tag.is_some_and(|id| {
                let own = u32::from(person.relations.contains(&id));
                self.tags.get(id as usize).is_some_and(|tag| tag.carriers_left > own)
            })
    }
}
