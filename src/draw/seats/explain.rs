//! Why groups and cap allow no full panel: Hall's condition, told in counts.
//!
//! For a set of groups: needed − seated − usable, where usable is the sum over units of the smaller of
//! the unit's available people who can fill one of them and the cap left to the unit. The largest such
//! shortage is what the flow leaves empty, and the sets that reach it have a least one.
//!
//! *Invariant:* conflicts do not enter, not even those with members seated beforehand; where counts
//! would do and conflicts do not, the refusal is `relations`.
//!
//! Not here: who may see which of these numbers.

use std::collections::BTreeMap;

use super::flow::{self, Fill, groups_of};
use super::shortlist::{everybody, key};
use super::walk::Job;
use super::{Explanation, NoPanel, Tag};

/// The refusal of a job that counts alone make impossible.
pub(super) fn refusal(job: &Job<'_>) -> NoPanel {
    let plan = job.plan;
    let beforehand = job.beforehand();
    let supply = everybody(job);
    let fill = |cap: u32| flow::fill(&plan.seats, cap, &beforehand, &supply);
    let Fill::Short { groups, shortage } = fill(plan.unit_cap) else { return NoPanel::Fixed };
    let can_fill = |mask: u32| mask & groups != 0;
    let seats = (0u8..).zip(&plan.seats).filter(|(group, _)| can_fill(flow::bit(*group)));
    let units = units(job, groups);
    // A cap of as many as there are seats binds nobody, so the search ends there.
    let all: u32 = plan.seats.iter().sum();
    let relaxed_cap = (plan.unit_cap.saturating_add(1)..=all).find(|cap| fill(*cap) == Fill::Full);
    NoPanel::Infeasible(Explanation {
        groups: groups_of(groups).map(|group| group + 1).collect(),
        shortage,
        needed: seats.map(|(_, n)| *n).sum(),
        seated: job.fixed.iter().filter(|f| can_fill(f.groups)).fold(0, |n, _| n + 1),
        candidates: units.values().map(|unit| unit.available).sum(),
        binding_units: units
            .iter()
            .filter(|(_, unit)| unit.available > plan.unit_cap.saturating_sub(unit.beforehand))
            .map(|(tag, _)| **tag)
            .collect(),
        relaxed_cap,
    })
}

/// A unit's people: available ones who can fill one of the groups, and members seated beforehand.
#[derive(Default)]
struct Unit {
    available: u32,
    beforehand: u32,
}

/// The units with available people for the groups, ascending by tag.
fn units<'a>(job: &Job<'a>, groups: u32) -> BTreeMap<&'a Tag, Unit> {
    let beforehand: BTreeMap<u32, u128> = job
        .fixed
        .iter()
        .filter_map(|f| job.pool.get(f.position as usize).map(|p| (f.position, key(&p.unit))))
        .collect();
    let mut units: BTreeMap<&Tag, Unit> = BTreeMap::new();
    for (position, person) in (0u32..).zip(job.pool) {
        let absent = job.out.contains(&position) || beforehand.contains_key(&position);
        if person.groups & groups != 0 && !absent {
            units.entry(&person.unit).or_default().available += 1;
        }
    }
    for unit in beforehand.values() {
        if let Some(unit) = units.get_mut(&unit.to_be_bytes()) {
            unit.beforehand += 1;
        }
    }
    units
}
