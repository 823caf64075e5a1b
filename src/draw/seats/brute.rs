//! What the walk must find, by trying everything: no walk, no flow, no branches.

use std::collections::BTreeMap;

use super::samples::Sample;
use super::{Candidate, Seated};

/// Whether two people conflict.
pub(in crate::draw) fn conflict(a: &Candidate, b: &Candidate) -> bool {
    a.relations.iter().any(|tag| b.relations.contains(tag) || *tag == b.unit) || b.relations.contains(&a.unit)
}

/// All ways to give the people of these masks exactly these seats, as group numbers from 1, in
/// lexicographic order.
fn assignments(seats: &[u32], masks: &[u32]) -> Vec<Vec<u8>> {
    let Some((mask, rest)) = masks.split_first() else {
        return if seats.iter().all(|n| *n == 0) { vec![vec![]] } else { vec![] };
    };
    let mut all = vec![];
    for g in (0..seats.len()).filter(|g| mask >> g & 1 == 1 && seats[*g] > 0) {
        let mut left = seats.to_vec();
        left[g] -= 1;
        for tail in assignments(&left, rest) {
            all.push([&[g as u8 + 1][..], &tail].concat());
        }
    }
    all
}

/// The mask that counts for somebody: their leaf's, or the one fixed beforehand.
fn mask(sample: &Sample, position: u32) -> u32 {
    let fixed = sample.fixed.iter().find(|f| f.position == position);
    fixed.map_or(sample.pool[position as usize].groups, |f| f.groups)
}

/// The first assignment if these people (in drawn order) are a full panel, conflicts left aside or not.
pub(in crate::draw) fn full(sample: &Sample, members: &[u32], conflicts: bool) -> Option<Vec<u8>> {
    let person = |p: u32| &sample.pool[p as usize];
    let mut units: BTreeMap<_, u32> = BTreeMap::new();
    for p in members {
        *units.entry(person(*p).unit).or_default() += 1;
    }
    if units.values().any(|n| *n > sample.plan.unit_cap) {
        return None;
    }
    let is_fixed = |p: u32| sample.fixed.iter().any(|f| f.position == p);
    for (i, a) in members.iter().enumerate() {
        for b in &members[..i] {
            let excused = is_fixed(*a) && is_fixed(*b);
            if conflicts && !excused && conflict(person(*a), person(*b)) {
                return None;
            }
        }
    }
    let masks: Vec<u32> = members.iter().map(|p| mask(sample, *p)).collect();
    assignments(&sample.plan.seats, &masks).into_iter().next()
}

/// The lexicographically first full panel in drawn order, with its seats.
pub(in crate::draw) fn panel(sample: &Sample, conflicts: bool) -> Option<Vec<Seated>> {
    let is_fixed = |p: &u32| sample.fixed.iter().any(|f| f.position == *p);
    let others: Vec<u32> =
        sample.order.iter().copied().filter(|p| !is_fixed(p) && !sample.out.contains(p)).collect();
    let seats = sample.plan.seats.iter().sum::<u32>() as usize;
    let open = seats.checked_sub(sample.fixed.len())?;
    choose(&others, open, &mut vec![], &mut |chosen| {
        let members: Vec<u32> =
            sample.order.iter().copied().filter(|p| is_fixed(p) || chosen.contains(p)).collect();
        let groups = full(sample, &members, conflicts)?;
        Some(members.into_iter().zip(groups).map(|(position, group)| Seated { position, group }).collect())
    })
}

/// Tries all choices of `open` from `others` in lexicographic order until one is taken.
fn choose<T>(
    others: &[u32],
    open: usize,
    chosen: &mut Vec<u32>,
    take: &mut impl FnMut(&[u32]) -> Option<T>,
) -> Option<T> {
    if open == 0 {
        return take(chosen);
    }
    for (i, p) in others.iter().enumerate() {
        chosen.push(*p);
        let found = choose(&others[i + 1..], open - 1, chosen, take);
        chosen.pop();
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Needed − seated − usable of a set of groups (mask), by Hall's counting.
pub(in crate::draw) fn shortage(sample: &Sample, groups: u32, cap: u32) -> i64 {
    let needed: u32 =
        (0..).zip(&sample.plan.seats).filter(|(g, _)| groups >> g & 1 == 1).map(|(_, n)| *n).sum();
    let seated = sample.fixed.iter().filter(|f| f.groups & groups != 0).count();
    let mut units: BTreeMap<_, i64> = BTreeMap::new();
    for (position, person) in (0u32..).zip(&sample.pool) {
        let absent = sample.out.contains(&position) || sample.fixed.iter().any(|f| f.position == position);
        if person.groups & groups != 0 && !absent {
            *units.entry(person.unit).or_default() += 1;
        }
    }
    let left = |unit| {
        let used = sample.fixed.iter().filter(|f| sample.pool[f.position as usize].unit == unit).count();
        i64::from(cap) - used as i64
    };
    let usable: i64 = units.iter().map(|(unit, n)| left(*unit).min(*n)).sum();
    i64::from(needed) - seated as i64 - usable
}
