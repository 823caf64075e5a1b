//! Groups and unit cap as a flow: can the open seats be filled, conflicts left aside?
//!
//! Source → unit (cap) → class of candidates (group mask, unit; as many as there are) → group (its
//! seats) → sink. The seated hang on the source directly and use up their unit's cap, so an augmenting
//! path may move them from group to group and never remove them. Once all seated stand, the flow fills
//! every seat exactly if a selection exists (augmenting keeps source arcs saturated).
//!
//! *Invariant:* the answer depends on masks, units and counts only, never on the order in which
//! classes are looked at; so it may be computed in any way.
//!
//! Not here: conflicts ([`super::relations`]), the meaning of a shortage ([`super::explain`]).

use std::collections::{BTreeMap, VecDeque};

/// Somebody who has a seat already: the groups they may fill, and their unit (`None` for a probe
/// without any).
#[derive(Clone, Copy, Debug)]
pub(super) struct Sitting {
    pub(super) groups: u32,
    pub(super) unit: Option<u128>,
}

/// Candidates by class: group mask, unit, number of people.
#[derive(Clone, Debug, Default)]
pub(super) struct Supply(BTreeMap<u32, BTreeMap<u128, u32>>);

impl Supply {
    /// One more person of a class.
    pub(super) fn add(&mut self, groups: u32, unit: u128) {
        *self.0.entry(groups).or_default().entry(unit).or_default() += 1;
    }

    /// One person fewer. An empty class vanishes, so that whoever is listed can be had.
    pub(super) fn take(&mut self, groups: u32, unit: u128) {
        if let Some(units) = self.0.get_mut(&groups)
            && let Some(count) = units.get_mut(&unit)
        {
            *count -= 1;
            if *count == 0 {
                units.remove(&unit);
            }
        }
    }
}

/// What a flow came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// Every seat of every group is filled.
    Full,
    /// Seats stay open: how many, and the inclusion-minimal set of groups with that shortage.
    Short { groups: u32, shortage: u32 },
    /// Those already seated do not fit into the groups, or exceed the cap among themselves.
    Overfull,
}

/// Whether the seated and some of the supply fill every group exactly.
pub(super) fn feasible(seats: &[u32], cap: u32, seated: &[Sitting], supply: &Supply) -> bool {
    let mut flow = Flow::new(seats, cap, supply);
    seated.iter().all(|s| flow.place(*s)) && flow.open_groups().into_iter().all(|g| flow.fill(g))
}

/// The same with the reason when it cannot be done.
pub(super) fn fill(seats: &[u32], cap: u32, seated: &[Sitting], supply: &Supply) -> Fill {
    let mut flow = Flow::new(seats, cap, supply);
    if !seated.iter().all(|s| flow.place(*s)) {
        return Fill::Overfull;
    }
    for group in flow.open_groups() {
        flow.fill(group);
    }
    // No path is left. The groups from which an open seat could be reached backwards are the
    // sink's side of the smallest minimum cut: the least set with the largest shortage.
    let mut groups = 0;
    let mut shortage = 0;
    for group in flow.open_groups() {
        shortage += 1;
        groups |= flow.path(group).err().unwrap_or(0);
    }
    if shortage == 0 { Fill::Full } else { Fill::Short { groups, shortage } }
}

/// Whether people with these group masks can take exactly the seats given, one each.
pub(super) fn assignable(seats: &[u32], people: &[u32]) -> bool {
    let nobody = Supply::default();
    let seated: Vec<Sitting> = people.iter().map(|&groups| Sitting { groups, unit: None }).collect();
    feasible(seats, u32::MAX, &seated, &nobody)
}

/// The bit of a group, groups counted from 0.
pub(super) fn bit(group: u8) -> u32 {
    1u32.checked_shl(u32::from(group)).unwrap_or(0)
}

/// Somebody standing in a group; `fixed` if they may be moved but not removed.
#[derive(Clone, Copy)]
struct Pick {
    groups: u32,
    unit: Option<u128>,
    group: u8,
    fixed: bool,
}

/// How a group loses one person, to the group searched from.
#[derive(Clone, Copy)]
enum Step {
    /// This pick moves over.
    Move(usize),
    /// This pick goes, and another person of the same unit (mask, unit) enters the other group.
    Swap(usize, u32, u128),
}

struct Flow<'a> {
    seats: &'a [u32],
    cap: u32,
    supply: &'a Supply,
    picks: Vec<Pick>,
}

/// The steps of one augmenting path: (group vacated, group served, how), the last step first.
type Path = (Vec<(u8, u8, Step)>, u8, u32, u128);

impl<'a> Flow<'a> {
    fn new(seats: &'a [u32], cap: u32, supply: &'a Supply) -> Self {
        Self { seats, cap, supply, picks: Vec::with_capacity(16) }
    }

    /// Each group once for each seat it has open.
    fn open_groups(&self) -> Vec<u8> {
        let mut open = Vec::new();
        for (group, seats) in (0u8..).zip(self.seats) {
            for _ in self.standing(group)..*seats {
                open.push(group);
            }
        }
        open
    }

    fn standing(&self, group: u8) -> u32 {
        count(self.picks.iter().filter(|p| p.group == group))
    }

    fn has_room(&self, group: u8) -> bool {
        self.seats.get(usize::from(group)).is_some_and(|seats| self.standing(group) < *seats)
    }

    fn used(&self, unit: u128) -> u32 {
        count(self.picks.iter().filter(|p| p.unit == Some(unit)))
    }

    /// Seats somebody for good, moving others if need be; false if there is no way.
    fn place(&mut self, who: Sitting) -> bool {
        if who.unit.is_some_and(|unit| self.used(unit) >= self.cap) {
            return false;
        }
        // Forward search over groups: a full group passes one of its people on.
        let mut came: Vec<(u8, Option<(u8, usize)>)> = Vec::new();
        let mut reached = 0u32;
        let mut queue = VecDeque::new();
        for group in groups_of(who.groups) {
            reached |= bit(group);
            came.push((group, None));
            queue.push_back(group);
        }
        while let Some(group) = queue.pop_front() {
            if self.has_room(group) {
                let mut here = group;
                while let Some((_, Some((from, pick)))) = came.iter().find(|(g, _)| *g == here).copied() {
                    if let Some(pick) = self.picks.get_mut(pick) {
                        pick.group = here;
                    }
                    here = from;
                }
                self.picks.push(Pick { groups: who.groups, unit: who.unit, group: here, fixed: true });
                return true;
            }
            for (index, pick) in self.picks.iter().enumerate().filter(|(_, p)| p.group == group) {
                for next in groups_of(pick.groups & !reached) {
                    reached |= bit(next);
                    came.push((next, Some((group, index))));
                    queue.push_back(next);
                }
            }
        }
        false
    }

    /// Fills one open seat of a group from the supply; false if there is no way.
    fn fill(&mut self, group: u8) -> bool {
        let Ok((came, last, groups, unit)) = self.path(group) else { return false };
        let mut here = last;
        self.picks.push(Pick { groups, unit: Some(unit), group: here, fixed: false });
        while here != group {
            let Some((_, to, step)) = came.iter().find(|(vacated, ..)| *vacated == here).copied() else {
                break;
            };
            match step {
                Step::Move(index) => {
                    if let Some(pick) = self.picks.get_mut(index) {
                        pick.group = to;
                    }
                }
                Step::Swap(index, groups, unit) => {
                    if let Some(pick) = self.picks.get_mut(index) {
                        *pick = Pick { groups, unit: Some(unit), group: to, fixed: false };
                    }
                }
            }
            here = to;
        }
        true
    }

    /// Backward search from an open seat: the steps to somebody free, or all groups reached.
    ///
    /// Groups and saturated units are entered once each, so no path uses a person or a unit twice.
    fn path(&self, root: u8) -> Result<Path, u32> {
        let mut came = Vec::new();
        let mut reached = bit(root);
        let mut units = Vec::new();
        let mut queue = VecDeque::from([root]);
        while let Some(group) = queue.pop_front() {
            for (mask, people) in self.supply.0.iter().filter(|(mask, _)| **mask & bit(group) != 0) {
                // At most as many units are passed over as people stand: an untouched one is taken.
                for (unit, available) in people {
                    let taken =
                        self.picks.iter().filter(|p| !p.fixed && p.groups == *mask && p.unit == Some(*unit));
                    if count(taken) >= *available {
                        continue;
                    }
                    if self.used(*unit) < self.cap {
                        return Ok((came, group, *mask, *unit));
                    }
                    if units.contains(unit) {
                        continue;
                    }
                    units.push(*unit);
                    for (index, pick) in self.picks.iter().enumerate() {
                        if !pick.fixed && pick.unit == Some(*unit) && reached & bit(pick.group) == 0 {
                            reached |= bit(pick.group);
                            came.push((pick.group, group, Step::Swap(index, *mask, *unit)));
                            queue.push_back(pick.group);
                        }
                    }
                }
            }
            for (index, pick) in self.picks.iter().enumerate() {
                if pick.groups & bit(group) != 0 && reached & bit(pick.group) == 0 {
                    reached |= bit(pick.group);
                    came.push((pick.group, group, Step::Move(index)));
                    queue.push_back(pick.group);
                }
            }
        }
        Err(reached)
    }
}

/// The groups of a mask, ascending, counted from 0.
pub(super) fn groups_of(mask: u32) -> impl Iterator<Item = u8> {
    (0..32u8).filter(move |g| mask & bit(*g) != 0)
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    items.fold(0, |n, _| n + 1)
}
