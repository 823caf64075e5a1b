//! Calls of random pools against brute force and the walk word for word, and that how fast somebody
//! answers changes nothing.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::codec::Hash;
use crate::draw::commitment::{Commitment, Group, tests::sample as committed};
use crate::draw::pool::Leaf;
use crate::draw::seats::samples::{Sample, sample};
use crate::draw::seats::{self, BRANCH_LIMIT, Fixed, brute, literal};

const ALPHA: Hash = Hash([7; 32]);
const WINDOW: i64 = 1_800;

fn book(sample: &Sample, sites: &[u32], margin: u32) -> Option<CallBook> {
    let panel = seats::panel(&sample.plan, &sample.pool, &sample.order).ok()?.seated;
    let group = |(seats, site): (&u32, &u32)| Group { seats: *seats, site: *site };
    let commitment = Commitment {
        groups: sample.plan.seats.iter().zip(sites).map(group).collect(),
        margin,
        kept: vec![],
        unit_cap: sample.plan.unit_cap,
        window_minutes: 30,
        ..committed()
    };
    let leaf = |(n, person): (u8, &seats::Candidate)| Leaf {
        identity: Hash([n; 32]),
        groups: person.groups,
        lots: 1,
        unit: person.unit,
        relations: person.relations.clone(),
    };
    let leaves: Vec<Leaf> = (0u8..).zip(&sample.pool).map(leaf).collect();
    Some(CallBook::new(ALPHA, &commitment, &leaves, sample.order.clone(), panel))
}

/// What a reader keeps by hand: who is out, who was told which site, who signed in where.
#[derive(Default)]
struct Notes {
    out: BTreeSet<u32>,
    told: BTreeMap<u32, u32>,
    groups: BTreeMap<u32, u32>,
}

impl Notes {
    /// F of a settlement after `newly` went out.
    fn fixed(&self, sample: &Sample, sites: &[u32], panel: &[seats::Seated]) -> Vec<Fixed> {
        let members = panel.iter().map(|seat| seat.position).filter(|p| !self.out.contains(p));
        members
            .map(|position| {
                let own = sample.pool[position as usize].groups;
                let at = |site: u32| {
                    (0..sites.len()).filter(|g| sites[*g] == site).fold(0u32, |mask, g| mask | 1 << g)
                };
                let allowed = match (self.groups.get(&position), self.told.get(&position)) {
                    (Some(group), _) => 1 << (group - 1),
                    (None, Some(site)) => at(*site),
                    (None, None) => u32::MAX,
                };
                Fixed { position, groups: own & allowed }
            })
            .collect()
    }
}

fn answered(round: u32, position: u32, accepts: bool) -> Call {
    Call::Answered(Answered {
        alpha: ALPHA,
        round,
        position,
        answer: if accepts { Answer::Accepted } else { Answer::Declined },
        by: AnsweredBy::Expert,
        reason: None,
        receipt: None,
    })
}

fn left(position: u32) -> Call {
    Call::Vacated(Vacated {
        alpha: ALPHA,
        position,
        why: Why::Withdrawn,
        by: VacatedBy::Expert,
        receipt: None,
        actor: None,
        approver: None,
    })
}

/// One life: rounds, then somebody signs in and somebody leaves, until filled or a shortfall. `luck`
/// decides everything that people decide: 0 accepts and leaves, 1 declines, 2 is silent, else accepts.
fn live(sample: &Sample, sites: &[u32], margin: u32, luck: &[u8]) -> Result<(), TestCaseError> {
    let Some(mut book) = book(sample, sites, margin) else { return Ok(()) };
    let mut notes = Notes::default();
    let mut luck = luck.iter().copied().cycle();
    let mut next = || luck.next().unwrap_or(9);
    let mut now = 1_000_000;
    for _ in 0..12 {
        if let Some(invited) = book.due_invitation(now) {
            for invitee in &invited.invitees {
                prop_assert!(!notes.out.contains(&invitee.position) && !book.was_invited(invitee.position));
                notes.told.extend(invitee.site.map(|site| (invitee.position, site)));
            }
            let round = invited.round;
            let who: Vec<(u32, u8)> = invited.invitees.iter().map(|i| (i.position, next())).collect();
            book.apply(&Call::Invited(invited), now).unwrap();
            // The same answers, the other way round and at other times.
            let mut turned = book.clone();
            for (position, choice) in who.iter().rev().filter(|(_, choice)| *choice != 2) {
                turned.apply(&answered(round, *position, *choice != 1), now + WINDOW).unwrap();
            }
            for (n, (position, choice)) in (0i64..).zip(&who).filter(|(_, (_, choice))| *choice != 2) {
                book.apply(&answered(round, *position, *choice != 1), now + n).unwrap();
            }
            for (position, choice) in &who {
                if *choice == 0 {
                    turned.apply(&left(*position), now).unwrap();
                    book.apply(&left(*position), now).unwrap();
                }
                if *choice <= 2 {
                    notes.out.insert(*position);
                }
            }
            let silent = who.iter().any(|(_, choice)| *choice == 2);
            now += WINDOW + i64::from(silent);
            prop_assert_eq!(book.due_settlement(now), turned.due_settlement(now));
        } else if let Some(seat) = book.open_seats().is_empty().then(|| book.panel()[0]) {
            // Filled: the first member signs in or leaves, then whoever else.
            let group = u32::from(seat.group);
            let leaves = if next() % 2 == 0 && !book.signed_in(seat.position) {
                let site = sites[usize::from(seat.group) - 1];
                let signed = SignedIn { alpha: ALPHA, position: seat.position, group, site };
                book.apply(&Call::SignedIn(signed), now).unwrap();
                notes.groups.insert(seat.position, group);
                book.panel()[book.panel().len() - 1].position
            } else {
                seat.position
            };
            book.apply(&left(leaves), now).unwrap();
            notes.out.insert(leaves);
        }
        let Some(settled) = book.due_settlement(now) else {
            prop_assert!(book.shortfall().is_some());
            return Ok(());
        };
        let fixed = notes.fixed(sample, sites, book.panel());
        let expected = Sample { fixed, out: notes.out.clone(), ..sample.clone() };
        match &settled.outcome {
            Outcome::Seats { seats, branches } => {
                prop_assert_eq!(Some(seats.clone()), brute::panel(&expected, true));
                let members = seats.iter().map(|seat| seat.position).collect();
                prop_assert_eq!(
                    literal::walk(&expected, BRANCH_LIMIT),
                    literal::Outcome::Panel(members, *branches)
                );
            }
            Outcome::Shortfall(_) => prop_assert_eq!(brute::panel(&expected, true), None),
        }
        book.apply(&Call::Settled(settled), now).unwrap();
        for seat in book.panel().to_vec() {
            prop_assert!(book.shortfall().is_some() || !notes.out.contains(&seat.position));
            if book.accepted(seat.position) {
                notes.told.entry(seat.position).or_insert(sites[usize::from(seat.group) - 1]);
            }
        }
        let out: BTreeSet<u32> = book.out().into_iter().map(|(position, ..)| position).collect();
        prop_assert_eq!(&out, &notes.out);
    }
    Ok(())
}

#[test]
fn settlements_are_the_first_completion_and_do_not_depend_on_who_answers_first() {
    let sites = prop::collection::vec(1u32..=2, 3);
    let luck = prop::collection::vec(0u8..8, 1..24);
    proptest!(ProptestConfig::with_cases(1500), |(mut sample in sample(12), sites in sites, margin in 0u32..4, luck in luck)| {
        sample.fixed.clear();
        sample.out.clear();
        let groups = sample.plan.seats.len();
        live(&sample, &sites[..groups], margin, &luck)?;
    });
}

/// Any statement at all about a few positions, or what is due.
fn anything(book: &CallBook, now: i64, kind: u8, position: u32, small: u32) -> Option<Call> {
    let alpha = ALPHA;
    let round = if small < 6 { book.round() } else { small };
    let receipt = Some(Hash([9; 32]));
    Some(match kind {
        0 | 1 => Call::Invited(book.due_invitation(now)?),
        2 => Call::Settled(book.due_settlement(now)?),
        3 => Call::Settled(book.settlement()),
        4 => Call::Delivered(Delivered { alpha, round, position, receipt: Hash([9; 32]) }),
        5..=8 => {
            let answer = if kind == 5 { Answer::Declined } else { Answer::Accepted };
            let by = AnsweredBy::Channel;
            Call::Answered(Answered { alpha, round, position, answer, by, reason: None, receipt })
        }
        9 => {
            let why = Why::ALL[2 + small as usize % 5];
            let staff = why.is_staffs() && small != 7;
            let by = if staff { VacatedBy::Operator } else { VacatedBy::Channel };
            let receipt = receipt.filter(|_| !staff);
            let (actor, approver) = (staff.then(|| "A1".to_owned()), None);
            Call::Vacated(Vacated { alpha, position, why, by, receipt, actor, approver })
        }
        10 => {
            let seat = book.seat_of(position).or(book.panel().first().copied())?;
            let group = if small < 6 { u32::from(seat.group) } else { small };
            let site = book.site_of_group(group).unwrap_or(1);
            Call::SignedIn(SignedIn { alpha, position, group, site })
        }
        _ => {
            let reason = if small < 6 { StopReason::Shortfall } else { StopReason::SiteFailure };
            Call::Stopped(Stopped { alpha, reason, actor: "A1".into(), approver: "A2".into() })
        }
    })
}

/// What holds in every state that statements can reach.
fn sound(before: &CallBook, after: &CallBook, sample: &Sample) -> Result<(), TestCaseError> {
    let members: BTreeSet<u32> = after.panel().iter().map(|seat| seat.position).collect();
    prop_assert_eq!(members.len(), after.panel().len());
    for (group, seats) in (1u8..).zip(&sample.plan.seats) {
        let held: Vec<_> = after.panel().iter().filter(|seat| seat.group == group).collect();
        prop_assert_eq!(held.len(), *seats as usize);
        prop_assert!(held.iter().all(|s| sample.pool[s.position as usize].groups >> (group - 1) & 1 == 1));
    }
    let mut units: BTreeMap<_, u32> = BTreeMap::new();
    for position in &members {
        *units.entry(sample.pool[*position as usize].unit).or_default() += 1;
    }
    prop_assert!(units.values().all(|members| *members <= sample.plan.unit_cap));
    // Nobody comes back, leaves their told site, or leaves their group after sign-in.
    for (position, why, word) in before.out() {
        prop_assert!(after.out().contains(&(position, why, word)) && !after.accepted(position));
    }
    for position in 0..sample.pool.len() as u32 {
        let told = before.site_of(position);
        prop_assert!(told.is_none() || told == after.site_of(position));
        prop_assert!(!before.was_invited(position) || after.was_invited(position));
        if let (true, Some(now)) = (before.accepted(position), after.seat_of(position)) {
            let site = after.site_of_group(u32::from(now.group));
            prop_assert!(told.is_none() || before.seat_of(position).is_none() || told == site);
            let same = before.seat_of(position) == Some(now);
            prop_assert!(!before.signed_in(position) || same);
        }
    }
    let invitees = after.next_invitees();
    prop_assert!(invitees.iter().all(|invitee| !after.was_invited(invitee.position)));
    prop_assert!(after.shortfall().is_none() || (invitees.is_empty() && !after.is_filled()));
    prop_assert!(!after.may_be_unsealed() || (after.is_filled() && after.members() == after.panel()));
    Ok(())
}

#[test]
fn whatever_is_said_the_book_stays_sound_and_refusals_change_nothing() {
    let steps = prop::collection::vec((0u8..12, 0u32..12, 0u32..8, 0i64..3_000), 1..60);
    let sites = prop::collection::vec(1u32..=2, 3);
    let (accepted, refused) = (Cell::new(0u32), Cell::new(0u32));
    proptest!(ProptestConfig::with_cases(1500), |(mut sample in sample(12), sites in sites, margin in 0u32..4, steps in steps)| {
        sample.fixed.clear();
        sample.out.clear();
        let Some(mut book) = book(&sample, &sites[..sample.plan.seats.len()], margin) else { return Ok(()) };
        let mut now = 0;
        for (kind, position, small, later) in steps {
            now += later / 4;
            // A stop ends it; seldom.
            let kind = if kind == 11 && small > 0 { 8 } else { kind };
            let position = position % sample.pool.len() as u32;
            let Some(call) = anything(&book, now, kind, position, small) else { continue };
            let before = book.clone();
            match book.apply(&call, now) {
                Ok(()) => {
                    accepted.set(accepted.get() + 1);
                    sound(&before, &book, &sample)?;
                }
                Err(_) => {
                    refused.set(refused.get() + 1);
                    prop_assert_eq!(&book, &before);
                }
            }
        }
    });
    let (accepted, refused) = (accepted.get(), refused.get());
    assert!(accepted > 2_000 && refused > 2_000, "{accepted} accepted, {refused} refused");
}
