//! The walk against brute force and against the specification word for word.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::samples::{Sample, person, sample, tag};
use super::*;

fn run(sample: &Sample, limit: u64) -> Result<Panel, NoPanel> {
    complete_within(&sample.plan, &sample.pool, &sample.order, &sample.fixed, &sample.out, limit)
}

fn plain(seats: &[u32], unit_cap: u32, pool: Vec<Candidate>) -> Sample {
    let order = (0..pool.len() as u32).collect();
    let plan = Plan { seats: seats.to_vec(), unit_cap };
    Sample { plan, pool, order, fixed: vec![], out: BTreeSet::new() }
}

fn positions(panel: &Panel) -> Vec<u32> {
    panel.seated.iter().map(|s| s.position).collect()
}

#[test]
fn the_panel_is_the_lexicographically_first_full_one_and_is_found_whenever_one_exists() {
    proptest!(ProptestConfig::with_cases(4000), |(sample in sample(10))| {
        let expected = brute::panel(&sample, true);
        match run(&sample, BRANCH_LIMIT) {
            Ok(panel) => prop_assert_eq!(Some(panel.seated), expected),
            Err(_) => prop_assert_eq!(None, expected),
        }
    });
}

#[test]
fn branches_are_counted_as_the_specification_says_word_for_word() {
    proptest!(ProptestConfig::with_cases(4000), |(sample in sample(14), limit in prop_oneof![0u64..4, Just(BRANCH_LIMIT)])| {
        let members = |panel: &Panel| panel.seated.iter().map(|s| s.position).collect();
        let outcome = match run(&sample, limit) {
            Ok(panel) => literal::Outcome::Panel(members(&panel), panel.branches),
            Err(NoPanel::Relations { branches }) => literal::Outcome::None(branches),
            Err(NoPanel::Limit) => literal::Outcome::Limit,
            Err(_) => literal::Outcome::None(0),
        };
        prop_assert_eq!(outcome, literal::walk(&sample, limit));
    });
}

#[test]
fn the_explanation_is_the_least_set_of_groups_with_the_largest_shortage() {
    proptest!(ProptestConfig::with_cases(3000), |(sample in sample(8))| {
        let counts_allow = brute::panel(&sample, false).is_some();
        match run(&sample, BRANCH_LIMIT) {
            Ok(_) | Err(NoPanel::Relations { .. }) => prop_assert!(counts_allow),
            Err(NoPanel::Fixed) => {
                // Not even with any number of people of everybody's kind and of units of their own.
                let mut rich = sample.clone();
                for unit in 200u8..206 {
                    rich.order.push(rich.pool.len() as u32);
                    rich.pool.push(person((1 << rich.plan.seats.len()) - 1, unit, &[]));
                }
                prop_assert_eq!(brute::panel(&rich, false), None);
            }
            Err(NoPanel::Infeasible(why)) => {
                prop_assert!(!counts_allow);
                let cap = sample.plan.unit_cap;
                let all = 1u32 << sample.plan.seats.len();
                let most = (1..all).map(|set| brute::shortage(&sample, set, cap)).max().unwrap();
                let least = (1..all).filter(|set| brute::shortage(&sample, *set, cap) == most)
                    .min_by_key(|set| set.count_ones()).unwrap();
                let mask = why.groups.iter().fold(0, |mask, g| mask | 1 << (g - 1));
                prop_assert_eq!(mask, least);
                prop_assert_eq!(i64::from(why.shortage), most);
                let feasible = |cap: u32| {
                    let mut relaxed = sample.clone();
                    relaxed.plan.unit_cap = cap;
                    brute::panel(&relaxed, false).is_some()
                };
                prop_assert_eq!(why.relaxed_cap, (cap..=10).find(|cap| feasible(*cap)));
                let within = |p: u32| sample.pool[p as usize].groups & mask != 0
                    && !sample.out.contains(&p) && sample.fixed.iter().all(|f| f.position != p);
                let able: Vec<u32> = (0..sample.pool.len() as u32).filter(|p| within(*p)).collect();
                prop_assert_eq!(why.candidates as usize, able.len());
                let units: BTreeSet<Tag> = able.iter().map(|p| sample.pool[*p as usize].unit).collect();
                let binding: Vec<Tag> = units.into_iter().filter(|unit| {
                    let of_unit = |p: &u32| sample.pool[*p as usize].unit == *unit;
                    let kept = sample.fixed.iter().filter(|f| of_unit(&f.position)).count();
                    able.iter().filter(|p| of_unit(p)).count() + kept > cap as usize
                }).collect();
                prop_assert_eq!(why.binding_units, binding);
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    });
}

#[test]
fn forced_are_those_without_whom_there_is_no_full_panel() {
    proptest!(ProptestConfig::with_cases(2000), |(mut sample in sample(9))| {
        sample.out.clear();
        sample.order.sort_unstable();
        let expected: Option<Vec<u32>> = brute::panel(&sample, true).map(|panel| {
            let mut sits: Vec<u32> = panel.iter().map(|s| s.position).collect();
            sits.retain(|p| sample.fixed.iter().all(|f| f.position != *p));
            sits.retain(|p| {
                let mut without = sample.clone();
                without.out.insert(*p);
                brute::panel(&without, true).is_none()
            });
            sits
        });
        prop_assert_eq!(forced_with(&sample.plan, &sample.pool, &sample.fixed).ok(), expected);
    });
}

#[test]
fn a_short_list_changes_nothing_on_pools_with_many_of_a_kind() {
    // Two masks and many units: most people are not on the short list.
    let people =
        (1u32..4, 0u8..12, prop_oneof![9 => Just(vec![]), 1 => prop::collection::vec(100u8..103, 1..2)]);
    let pool = prop::collection::vec(people, 30..60);
    proptest!(ProptestConfig::with_cases(400), |(pool in pool, cap in 1u32..3, seats in prop::collection::vec(1u32..3, 2))| {
        let sample = plain(&seats, cap, pool.iter().map(|(g, u, r)| person(*g, *u, r)).collect());
        let expected = literal::walk(&sample, 1000);
        let outcome = match run(&sample, 1000) {
            Ok(panel) => literal::Outcome::Panel(positions(&panel).into_iter().collect(), panel.branches),
            Err(NoPanel::Limit) => literal::Outcome::Limit,
            Err(NoPanel::Relations { branches }) => literal::Outcome::None(branches),
            Err(_) => literal::Outcome::None(0),
        };
        prop_assert_eq!(outcome, expected);
    });
}

#[test]
fn two_couples_cost_a_branch_per_test_counted_by_hand() {
    // Couple 0–1 for group 1 (one seat), and 2 for group 2. Test of 0: 1 conflicts and leaves; R is
    // empty: yes, no branch. Then 2 is seated without a branch either.
    let sample = plain(&[1, 1], 1, vec![person(1, 1, &[100]), person(1, 2, &[100]), person(2, 3, &[])]);
    let panel = run(&sample, 0).unwrap();
    assert_eq!((positions(&panel), panel.branches), (vec![0, 2], 0));
    // The same with the couple last. Test of 0: R = {1, 2}, who alone fill group 1, so one branch, on
    // 1: their twin 2 (each alone in a unit) goes with them: no; with 1 seated: yes. Then test of 1:
    // 2 leaves: yes.
    let sample = plain(&[1, 1], 1, vec![person(2, 3, &[]), person(1, 1, &[100]), person(1, 2, &[100])]);
    let panel = run(&sample, 1).unwrap();
    assert_eq!((positions(&panel), panel.branches), (vec![0, 1], 1));
    assert_eq!(run(&sample, 0), Err(NoPanel::Limit));
    // With group 1 of two seats nobody fits: tests of 0, 1 and 2. Test of 0: one branch, both sides
    // no. Test of 1: 2 leaves, no by the flow. Test of 2: the same.
    let sample = plain(&[2, 1], 1, sample.pool);
    assert_eq!(run(&sample, 1), Err(NoPanel::Relations { branches: 1 }));
}

#[test]
fn twins_leave_together_only_while_their_units_are_their_own() {
    // Person 0 for group 2; 1, 2, 3 share a relation and fill group 1. Twins: one branch.
    let three = |units: [u8; 3], extra: Option<Candidate>| {
        let mut pool = vec![person(2, 9, &[])];
        pool.extend(units.map(|u| person(1, u, &[100])));
        pool.extend(extra);
        plain(&[1, 1], 1, pool)
    };
    assert_eq!(run(&three([1, 2, 3], None), 99).unwrap().branches, 1);
    // All of one unit: twins as well.
    assert_eq!(run(&three([1, 1, 1], None), 99).unwrap().branches, 1);
    // A colleague of 1 and 2 for group 2, later than they are: first 1 alone leaves (2 and 3 keep
    // each other in R, so the branch goes on), then 2 with 3? Units 1 and 2 differ and 1 has a
    // colleague: 1 has no twin; 2 and 3 are twins. Branch on 1, within it branch on 2: no without
    // both, yes with 2.
    assert_eq!(run(&three([1, 2, 3], Some(person(2, 1, &[]))), 99).unwrap().branches, 2);
    // Unit 1 stands on a relation tag somewhere in the pool, even of somebody removed beforehand.
    let mut sample = three([1, 2, 3], Some(person(2, 8, &[1])));
    sample.out.insert(4);
    assert_eq!(run(&sample, 99).unwrap().branches, 2);
}

#[test]
fn a_relation_to_ones_own_unit_is_no_conflict_with_oneself() {
    let sample = plain(&[1], 1, vec![person(1, 5, &[5])]);
    assert_eq!(positions(&run(&sample, 0).unwrap()), [0]);
    let sample = plain(&[2], 2, vec![person(1, 5, &[5]), person(1, 5, &[])]);
    assert_eq!(run(&sample, 9), Err(NoPanel::Relations { branches: 0 }));
}

#[test]
fn an_unlucky_cap_is_explained_by_its_unit() {
    let sample = plain(&[3], 1, (0..5).map(|_| person(1, 7, &[])).collect());
    let why = Explanation {
        groups: vec![1],
        shortage: 2,
        needed: 3,
        seated: 0,
        candidates: 5,
        binding_units: vec![tag(7)],
        relaxed_cap: Some(3),
    };
    assert_eq!(run(&sample, 9), Err(NoPanel::Infeasible(why)));
}

#[test]
fn conflicts_inside_the_members_seated_beforehand_are_not_examined_again() {
    let mut sample = plain(
        &[2, 1],
        2,
        vec![person(1, 1, &[100]), person(1, 2, &[100]), person(2, 3, &[100]), person(2, 4, &[])],
    );
    sample.fixed = vec![Fixed { position: 1, groups: 1 }, Fixed { position: 0, groups: 1 }];
    assert_eq!(positions(&run(&sample, 9).unwrap()), [0, 1, 3]);
    sample.out.insert(3);
    assert_eq!(run(&sample, 9), Err(NoPanel::Relations { branches: 0 }));
    sample.fixed.push(Fixed { position: 2, groups: 1 });
    sample.out.clear();
    assert_eq!(run(&sample, 9), Err(NoPanel::Fixed));
}

#[test]
fn input_that_is_no_walk_is_refused() {
    let good = plain(&[1], 1, vec![person(1, 1, &[]), person(1, 2, &[3, 4])]);
    let refused = |change: &dyn Fn(&mut Sample)| {
        let mut sample = good.clone();
        change(&mut sample);
        matches!(run(&sample, 9), Err(NoPanel::Input(_)))
    };
    assert!(!refused(&|_| {}));
    assert!(refused(&|s| s.plan.seats = vec![]));
    assert!(refused(&|s| s.plan.seats = vec![1, 0]));
    assert!(refused(&|s| s.plan.seats = vec![60, 5]));
    assert!(refused(&|s| s.plan.seats = vec![1; 33]));
    assert!(refused(&|s| s.plan.unit_cap = 0));
    assert!(refused(&|s| s.pool[0].groups = 0));
    assert!(refused(&|s| s.pool[0].groups = 2));
    assert!(refused(&|s| s.pool[1].relations = [tag(4), tag(3)].into()));
    assert!(refused(&|s| s.pool[1].relations = [tag(4), tag(4)].into()));
    assert!(refused(&|s| s.order = vec![0]));
    assert!(refused(&|s| s.order = vec![0, 0]));
    assert!(refused(&|s| s.order = vec![0, 2]));
    assert!(refused(&|s| s.out = BTreeSet::from([2])));
    assert!(refused(&|s| s.fixed = vec![Fixed { position: 0, groups: 0 }]));
    assert!(refused(&|s| s.fixed = vec![Fixed { position: 0, groups: 1 }, Fixed { position: 0, groups: 1 }]));
    assert!(refused(&|s| {
        s.fixed = vec![Fixed { position: 0, groups: 1 }];
        s.out.insert(0);
    }));
}

#[test]
fn the_margin_is_the_next_people_for_groups_with_an_open_seat() {
    let pool =
        vec![person(1, 1, &[]), person(2, 2, &[]), person(3, 3, &[]), person(1, 4, &[]), person(2, 5, &[])];
    let order = [4, 3, 2, 1, 0];
    let panel = [Seated { position: 4, group: 2 }, Seated { position: 3, group: 1 }];
    let none = BTreeSet::new();
    assert_eq!(open_groups(&panel, &none), 3);
    assert_eq!(margin(&pool, &order, &panel, &none, 3, 2), [2, 1]);
    let accepted = BTreeSet::from([4]);
    assert_eq!(open_groups(&panel, &accepted), 1);
    assert_eq!(margin(&pool, &order, &panel, &none, 1, 9), [2, 0]);
    assert_eq!(margin(&pool, &order, &panel, &BTreeSet::from([2]), 1, 9), [0]);
    let closed = open_groups(&panel, &BTreeSet::from([3, 4]));
    assert!(margin(&pool, &order, &panel, &none, closed, 9).is_empty());
}
