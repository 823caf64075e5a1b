//! Small pools for the tests: overlapping groups, shared units, couples, second employers.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Candidate, Fixed, Plan, Tag};

/// A whole input of the walk.
#[derive(Clone, Debug)]
pub(in crate::draw) struct Sample {
    pub(in crate::draw) plan: Plan,
    pub(in crate::draw) pool: Vec<Candidate>,
    pub(in crate::draw) order: Vec<u32>,
    pub(in crate::draw) fixed: Vec<Fixed>,
    pub(in crate::draw) out: BTreeSet<u32>,
}

/// A tag with a number in its first byte.
pub(in crate::draw) fn tag(n: u8) -> Tag {
    let mut tag = [0; 16];
    tag[0] = n;
    tag
}

/// A candidate whose tags are numbers; units below 100, other relations from 100.
pub(in crate::draw) fn person(groups: u32, unit: u8, relations: &[u8]) -> Candidate {
    let relations: BTreeSet<Tag> = relations.iter().map(|n| tag(*n)).collect();
    Candidate { groups, unit: tag(unit), relations: relations.into_iter().collect() }
}

/// Pools of up to `people`, with members seated and removed beforehand in one of three.
pub(in crate::draw) fn sample(people: usize) -> impl Strategy<Value = Sample> {
    let plan = (prop::collection::vec(1u32..=3, 1..=3), 1u32..=3)
        .prop_filter("few seats", |(seats, _)| seats.iter().sum::<u32>() <= 6);
    // Few units make the cap bind; many make people the only ones of their unit.
    (plan, 1..=people, prop_oneof![2u8..5, 5u8..30]).prop_flat_map(|((seats, unit_cap), n, units)| {
        let masks = 1u32..1 << seats.len();
        let relation = prop_oneof![3 => 100u8..104, 2 => 0..units];
        let relations = prop_oneof![
            2 => Just(vec![]),
            2 => prop::collection::vec(relation, 1..3),
        ];
        let candidate = (masks.clone(), 0..units, relations).prop_map(|(g, u, r)| person(g, u, &r));
        let role = prop::collection::vec((0u8..9, masks), n);
        (
            prop::collection::vec(candidate, n),
            Just((0..n as u32).collect::<Vec<_>>()).prop_shuffle(),
            prop_oneof![2 => Just(None), 1 => role.prop_map(Some)],
        )
            .prop_map(move |(pool, order, roles)| {
                let mut sample = Sample {
                    plan: Plan { seats: seats.clone(), unit_cap },
                    pool,
                    order,
                    fixed: vec![],
                    out: BTreeSet::new(),
                };
                for (position, (role, groups)) in (0u32..).zip(roles.into_iter().flatten()) {
                    match role {
                        0 | 1 => sample.fixed.push(Fixed { position, groups }),
                        2 => drop(sample.out.insert(position)),
                        _ => {}
                    }
                }
                sample
            })
    })
}
