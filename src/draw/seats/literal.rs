//! The specification once more, word for word: sets rebuilt at every node, nothing remembered,
//! nothing skipped, recursion. Slow; fixes the number of branches.

use std::collections::BTreeSet;

use super::brute::conflict;
use super::samples::Sample;

/// What a walk comes to: members in the order of seating (F first) and branches, or how it failed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::draw) enum Outcome {
    Panel(BTreeSet<u32>, u64),
    None(u64),
    Limit,
}

struct Walk<'a> {
    sample: &'a Sample,
    /// Every relation tag of the whole pool.
    tags: BTreeSet<super::Tag>,
    branches: u64,
    limit: u64,
}

/// The walk of a sample.
pub(in crate::draw) fn walk(sample: &Sample, limit: u64) -> Outcome {
    let tags = sample.pool.iter().flat_map(|p| p.relations.iter().copied()).collect();
    let mut walk = Walk { sample, tags, branches: 0, limit };
    let mut seated: Vec<u32> = sample.fixed.iter().map(|f| f.position).collect();
    let walkers: Vec<u32> =
        sample.order.iter().copied().filter(|p| !seated.contains(p) && !sample.out.contains(p)).collect();
    let seats = sample.plan.seats.iter().sum::<u32>() as usize;
    for (i, candidate) in walkers.iter().enumerate() {
        if seated.len() >= seats {
            break;
        }
        if seated.iter().any(|s| walk.conflict(*s, *candidate)) {
            continue;
        }
        seated.push(*candidate);
        match walk.completable(&seated, &walkers[i + 1..]) {
            None => return Outcome::Limit,
            Some(true) => {}
            Some(false) => drop(seated.pop()),
        }
    }
    if seated.len() == seats && walk.flow(&seated, &[]) {
        Outcome::Panel(seated.into_iter().collect(), walk.branches)
    } else {
        Outcome::None(walk.branches)
    }
}

impl Walk<'_> {
    fn conflict(&self, a: u32, b: u32) -> bool {
        conflict(&self.sample.pool[a as usize], &self.sample.pool[b as usize])
    }

    /// `later`: the later candidates not removed in this branch. `None`: the limit.
    fn completable(&mut self, seated: &[u32], later: &[u32]) -> Option<bool> {
        let later: Vec<u32> =
            later.iter().copied().filter(|p| !seated.iter().any(|s| self.conflict(*s, *p))).collect();
        let is_in_r = |p: &u32| later.iter().any(|q| q != p && self.conflict(*p, *q));
        let (r, free): (Vec<u32>, Vec<u32>) = later.iter().partition(|p| is_in_r(p));
        if !self.flow(seated, &later) {
            return Some(false);
        }
        if self.flow(seated, &free) {
            return Some(true);
        }
        self.branches += 1;
        if self.branches > self.limit {
            return None;
        }
        let first = r[0];
        let without: Vec<u32> = later
            .iter()
            .copied()
            .filter(|p| *p != first && !(r.contains(p) && self.twins(first, *p, seated, &later)))
            .collect();
        if self.completable(seated, &without)? {
            return Some(true);
        }
        let others: Vec<u32> = later.iter().copied().filter(|p| *p != first).collect();
        self.completable(&[seated, &[first]].concat(), &others)
    }

    fn twins(&self, a: u32, b: u32, seated: &[u32], later: &[u32]) -> bool {
        let person = |p: u32| &self.sample.pool[p as usize];
        let alone = |p: u32| {
            let unit = person(p).unit;
            let colleagues = seated.iter().chain(later).filter(|q| **q != p && person(**q).unit == unit);
            colleagues.count() == 0 && !self.tags.contains(&unit)
        };
        person(a).groups == person(b).groups
            && person(a).relations == person(b).relations
            && (person(a).unit == person(b).unit || (alone(a) && alone(b)))
    }

    /// Whether all of `seated` and some of `later` fill the groups exactly within the cap.
    fn flow(&self, seated: &[u32], later: &[u32]) -> bool {
        self.fill(seated, later, &mut self.sample.plan.seats.clone(), &mut vec![])
    }

    fn fill(&self, seated: &[u32], later: &[u32], open: &mut Vec<u32>, taken: &mut Vec<super::Tag>) -> bool {
        let (next, seated, later, forced) = match (seated, later) {
            ([], _) if open.iter().all(|n| *n == 0) => return true,
            ([next, rest @ ..], _) => (*next, rest, later, true),
            ([], [next, rest @ ..]) => (*next, seated, rest, false),
            ([], []) => return false,
        };
        let person = &self.sample.pool[next as usize];
        let fixed = self.sample.fixed.iter().find(|f| f.position == next);
        let mask = fixed.map_or(person.groups, |f| f.groups);
        if taken.iter().filter(|unit| **unit == person.unit).count() < self.sample.plan.unit_cap as usize {
            taken.push(person.unit);
            for g in 0..open.len() {
                if mask >> g & 1 == 1 && open[g] > 0 {
                    open[g] -= 1;
                    let found = self.fill(seated, later, open, taken);
                    open[g] += 1;
                    if found {
                        taken.pop();
                        return true;
                    }
                }
            }
            taken.pop();
        }
        !forced && self.fill(seated, later, open, taken)
    }
}
