//! The walk over the drawn order, and the groups of those it seats.
//!
//! *Invariant:* whoever is passed over without a search would have been passed over with it, without
//! a branch: a class (mask, unit) that the flow refuses once is refused for the rest of the walk,
//! because the later walk has fewer people and more of them seated; and a mask refused even without
//! any unit is refused for every unit.

use std::collections::{BTreeMap, BTreeSet};

use super::flow::{self, Sitting, feasible, groups_of};
use super::relations::Field;
use super::search::{Branches, LimitReached, completable};
use super::shortlist::{Shortlist, key};
use super::{Candidate, Fixed, MAX_GROUPS, MAX_RELATIONS, MAX_SEATS, NoPanel, Panel, Plan, Seated, explain};

/// All that a walk depends on.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) plan: &'a Plan,
    pub(super) pool: &'a [Candidate],
    pub(super) order: &'a [u32],
    /// F.
    pub(super) fixed: &'a [Fixed],
    /// U.
    pub(super) out: &'a BTreeSet<u32>,
    pub(super) limit: u64,
}

impl Job<'_> {
    /// Holds plan, pool, order, F and U against what their types promise.
    pub(super) fn check(&self) -> Result<(), NoPanel> {
        let groups = self.plan.seats.len();
        let sum = self.plan.seats.iter().fold(0u32, |sum, n| sum.saturating_add(*n));
        if !(1..=MAX_GROUPS).contains(&groups) || self.plan.seats.contains(&0) || sum > MAX_SEATS {
            return Err(NoPanel::Input("1 to 32 groups of at least 1 seat and at most 64 seats together"));
        }
        if self.plan.unit_cap == 0 {
            return Err(NoPanel::Input("a unit cap of at least 1"));
        }
        let known = u32::MAX >> (MAX_GROUPS - groups);
        let is_mask = |mask: u32| mask != 0 && mask & !known == 0;
        if !self.pool.iter().all(|p| {
            is_mask(p.groups) && p.relations.len() <= MAX_RELATIONS && p.relations.is_sorted_by(|a, b| a < b)
        }) {
            return Err(NoPanel::Input("masks within the groups, and at most 8 relation tags, ascending"));
        }
        let mut seen = vec![0u64; self.pool.len().div_ceil(64)];
        let is_new = |position: &u32| {
            let bit = 1u64 << (position & 63);
            let known = (*position as usize) < self.pool.len();
            seen.get_mut((position >> 6) as usize).is_some_and(|word| {
                let new = known && *word & bit == 0;
                *word |= bit;
                new
            })
        };
        if self.order.len() != self.pool.len() || !self.order.iter().all(is_new) {
            return Err(NoPanel::Input("every pool position once in the order"));
        }
        let mut named = self.out.clone();
        let in_pool = |position: u32| (position as usize) < self.pool.len();
        if !self.out.iter().all(|p| in_pool(*p))
            || !self
                .fixed
                .iter()
                .all(|f| in_pool(f.position) && is_mask(f.groups) && named.insert(f.position))
        {
            return Err(NoPanel::Input("members seated or removed beforehand from the pool, each once"));
        }
        Ok(())
    }

    /// The members seated beforehand, as the flow sees them.
    pub(super) fn beforehand(&self) -> Vec<Sitting> {
        let unit = |f: &Fixed| self.pool.get(f.position as usize).map(|p| key(&p.unit));
        self.fixed.iter().map(|f| Sitting { groups: f.groups, unit: unit(f) }).collect()
    }
}

/// The panel of a checked job.
pub(super) fn walk(job: &Job<'_>, list: &Shortlist) -> Result<Panel, NoPanel> {
    let plan = job.plan;
    let mut seated = job.beforehand();
    let mut field = Field::new(job, list);
    // Counts alone first: what they refuse, no walk can mend, and a walk would count no branch.
    if !feasible(&plan.seats, plan.unit_cap, &seated, field.all()) {
        return Err(explain::refusal(job));
    }
    let fixed: BTreeMap<u32, u32> = job.fixed.iter().map(|f| (f.position, f.groups)).collect();
    for position in fixed.keys() {
        if let Some(person) = job.pool.get(*position as usize) {
            field.remove_conflicts_of(&person.relations, key(&person.unit));
        }
    }
    field.settle();
    let mut test = Test {
        plan,
        branches: Branches { counted: 0, limit: job.limit },
        refused_masks: BTreeSet::new(),
        refused_classes: BTreeSet::new(),
    };
    let seats = plan.seats.iter().sum::<u32>() as usize;
    let mut chosen: BTreeMap<u32, u32> = fixed.clone();
    let mut listed = (0u32..).zip(&list.people).peekable();
    for (rank, position) in (0u32..).zip(job.order) {
        if seated.len() >= seats {
            break;
        }
        let id = listed.next_if(|(_, person)| person.rank == rank).map(|(id, _)| id);
        if fixed.contains_key(position) || job.out.contains(position) {
            continue;
        }
        let Some(person) = job.pool.get(*position as usize) else { continue };
        let conflicts_with_seated = id.is_some_and(|id| !field.is_left(id));
        // No longer a later candidate, whatever the test says.
        if let Some(id) = id {
            field.remove(id);
            field.settle();
        }
        if !conflicts_with_seated && test.run(person, &mut seated, &mut field).map_err(|_| NoPanel::Limit)? {
            chosen.insert(*position, person.groups);
        }
    }
    let branches = test.branches.counted;
    if seated.len() < seats {
        return Err(NoPanel::Relations { branches });
    }
    let members: Vec<(u32, u32)> =
        job.order.iter().filter_map(|p| chosen.get(p).map(|groups| (*p, *groups))).collect();
    Ok(Panel { seated: groups(plan, &members), branches })
}

/// The test of one candidate after another.
struct Test<'a> {
    plan: &'a Plan,
    branches: Branches,
    refused_masks: BTreeSet<u32>,
    refused_classes: BTreeSet<(u32, u128)>,
}

impl Test<'_> {
    /// Whether somebody in conflict with nobody seated can be seated; seats them if so: they are in
    /// `seated` then, and who conflicts with them has left the field.
    fn run(
        &mut self,
        person: &Candidate,
        seated: &mut Vec<Sitting>,
        field: &mut Field,
    ) -> Result<bool, LimitReached> {
        let Plan { seats, unit_cap } = self.plan;
        let (mask, unit) = (person.groups, key(&person.unit));
        if self.refused_masks.contains(&mask) || self.refused_classes.contains(&(mask, unit)) {
            return Ok(false);
        }
        seated.push(Sitting { groups: mask, unit: Some(unit) });
        if !feasible(seats, *unit_cap, seated, field.all()) {
            seated.pop();
            seated.push(Sitting { groups: mask, unit: None });
            if !feasible(seats, *unit_cap, seated, field.all()) {
                self.refused_masks.insert(mask);
            }
            seated.pop();
            self.refused_classes.insert((mask, unit));
            return Ok(false);
        }
        let before = field.mark();
        field.remove_conflicts_of(&person.relations, unit);
        if completable(self.plan, seated, field, &mut self.branches)? {
            field.settle();
            return Ok(true);
        }
        field.undo(before);
        seated.pop();
        Ok(false)
    }
}

/// The group of each member: in drawn order, the lowest-numbered one that leaves the rest assignable.
/// `members` are (position, mask) in drawn order and fill the plan.
fn groups(plan: &Plan, members: &[(u32, u32)]) -> Vec<Seated> {
    let mut open = plan.seats.clone();
    let mut rest: &[(u32, u32)] = members;
    let mut seated = Vec::with_capacity(members.len());
    while let Some(((position, mask), others)) = rest.split_first() {
        rest = others;
        let masks: Vec<u32> = others.iter().map(|(_, mask)| *mask).collect();
        for group in groups_of(*mask) {
            let Some(left) = open.get_mut(usize::from(group)).filter(|left| **left > 0) else { continue };
            *left -= 1;
            if flow::assignable(&open, &masks) {
                seated.push(Seated { position: *position, group: group + 1 });
                break;
            }
            if let Some(left) = open.get_mut(usize::from(group)) {
                *left += 1;
            }
        }
    }
    debug_assert_eq!(seated.len(), members.len());
    seated
}
