//! Calls computed by hand: rounds, margin, silence, sites, sign-in, shortfall, kept members, and what is
//! refused by name.

use super::*;
use crate::codec::{Hash, Json};
use crate::draw::commitment::{Commitment, Group, Kept, tests::sample};
use crate::draw::pool::Leaf;
use crate::draw::seats::{self, Seated};

const ALPHA: Hash = Hash([7; 32]);
const START: i64 = 1_000;

/// A commitment of groups (seats, site) with a margin, windows of half an hour and nobody kept.
fn commitment(groups: &[(u32, u32)], margin: u32) -> Commitment {
    let groups = groups.iter().map(|(seats, site)| Group { seats: *seats, site: *site }).collect();
    Commitment { groups, margin, kept: vec![], window_minutes: 30, unit_cap: 1, ..sample() }
}

/// Leaves with these masks, each of a unit of their own.
fn leaves(masks: &[u32]) -> Vec<Leaf> {
    let leaf = |(n, groups): (u8, &u32)| Leaf {
        identity: Hash([n; 32]),
        groups: *groups,
        lots: 1,
        unit: [n; 16],
        relations: Box::new([]),
    };
    (0u8..).zip(masks).map(leaf).collect()
}

/// The book of the panel that the order 0, 1, 2, … gives.
fn book(commitment: &Commitment, masks: &[u32]) -> CallBook {
    let leaves = leaves(masks);
    let order: Vec<u32> = (0..masks.len() as u32).collect();
    let empty = CallBook::new(ALPHA, commitment, &leaves, order.clone(), vec![]);
    let panel = seats::panel(&empty.plan, &empty.pool, &order).unwrap().seated;
    CallBook::new(ALPHA, commitment, &leaves, order, panel)
}

fn seats_of(seats: &[Seated]) -> Vec<(u32, u8)> {
    seats.iter().map(|seat| (seat.position, seat.group)).collect()
}

fn invite(book: &mut CallBook, time: i64) -> Vec<(u32, Option<u32>)> {
    let invited = book.due_invitation(time).unwrap();
    let who = invited.invitees.iter().map(|invitee| (invitee.position, invitee.site)).collect();
    book.apply(&Call::Invited(invited), time).unwrap();
    who
}

fn answer(book: &mut CallBook, position: u32, answer: Answer, time: i64) -> Result<(), Violation> {
    let by = AnsweredBy::Expert;
    let (reason, receipt, round) = (None, None, book.round());
    book.apply(&Call::Answered(Answered { alpha: ALPHA, round, position, answer, by, reason, receipt }), time)
}

fn vacate(book: &mut CallBook, position: u32, why: Why, approver: Option<&str>) -> Result<(), Violation> {
    book.apply(&Call::Vacated(vacated(position, why, approver)), START)
}

fn vacated(position: u32, why: Why, approver: Option<&str>) -> Vacated {
    Vacated {
        alpha: ALPHA,
        position,
        why,
        by: VacatedBy::Operator,
        receipt: None,
        actor: Some("A1".into()),
        approver: approver.map(str::to_owned),
    }
}

fn settle(book: &mut CallBook, time: i64) -> Settled {
    let due = book.due_settlement(time).unwrap();
    book.apply(&Call::Settled(due.clone()), time).unwrap();
    due
}

fn sign_in(book: &mut CallBook, position: u32, group: u32, site: u32) -> Result<(), Violation> {
    book.apply(&Call::SignedIn(SignedIn { alpha: ALPHA, position, group, site }), START)
}

#[test]
fn a_panel_that_accepts_is_filled_in_one_round_and_the_margin_is_not_needed() {
    let mut book = book(&commitment(&[(2, 1), (1, 2)], 1), &[1, 1, 2, 3, 1, 2]);
    assert_eq!(seats_of(book.panel()), [(0, 1), (1, 1), (2, 2)]);
    assert_eq!(invite(&mut book, START), [(0, Some(1)), (1, Some(1)), (2, Some(2)), (3, None)]);
    assert_eq!(book.window(), Some(Invitation { round: 1, closes: START + 1800, unanswered: 4 }));
    for position in 0..3 {
        assert!(!book.is_filled());
        answer(&mut book, position, Answer::Accepted, START + 1800).unwrap();
    }
    // Filled, but the margin may still answer, so the round is not settled and nothing is unsealed.
    assert!(book.is_filled() && !book.may_be_unsealed());
    assert_eq!(book.due_settlement(START + 1800), None);
    answer(&mut book, 3, Answer::Accepted, START + 1800).unwrap();
    let settled = settle(&mut book, START + 1800);
    assert_eq!(settled.out, []);
    assert!(
        matches!(&settled.outcome, Outcome::Seats { seats, branches: 0 } if seats_of(seats) == [(0, 1), (1, 1), (2, 2)])
    );
    assert!(book.may_be_unsealed());
    assert_eq!((book.standby(), book.due_invitation(START)), (vec![3], None));
}

#[test]
fn vacancies_are_settled_together_and_a_margin_invitee_who_accepted_needs_no_new_invitation() {
    let mut book = book(&commitment(&[(2, 1), (1, 2)], 1), &[1, 1, 2, 3, 1, 2]);
    invite(&mut book, START);
    answer(&mut book, 3, Answer::Accepted, START + 1).unwrap();
    answer(&mut book, 0, Answer::Declined, START + 2).unwrap();
    answer(&mut book, 1, Answer::Accepted, START + 3).unwrap();
    assert_eq!(book.due_settlement(START + 1800), None);
    // 1 remains for group 1. 3 is next, and with 4 in group 1 takes group 2.
    let settled = settle(&mut book, START + 1801);
    let out = |position, why| NewlyOut { position, why };
    assert_eq!(settled.out, [out(0, Why::Declined), out(2, Why::NoAnswer)]);
    assert_eq!(seats_of(book.panel()), [(1, 1), (3, 2), (4, 1)]);
    assert_eq!(book.site_of(3), Some(2));
    assert_eq!((book.passed_over_on_operators_word(), book.out_on_own_pages()), (1, 1));
    assert_eq!(seats_of(&book.open_seats()), [(4, 1)]);
    // Nobody else can fill group 1, so the margin is empty.
    assert_eq!(invite(&mut book, START + 2000), [(4, Some(1))]);
    answer(&mut book, 4, Answer::Declined, START + 2001).unwrap();
    let settled = settle(&mut book, START + 2001);
    assert_eq!(settled.outcome, Outcome::Shortfall(Shortfall::Infeasible));
    assert_eq!((book.next_invitees(), book.due_settlement(START + 9999)), (vec![], None));
    let remaining = |position, site| Remaining { position, site: Some(site), group: None };
    assert_eq!(book.remaining(), [remaining(1, 1), remaining(3, 2)]);
    let stop = |reason| Stopped { alpha: ALPHA, reason, actor: "A1".into(), approver: "A2".into() };
    book.apply(&Call::Stopped(stop(StopReason::Shortfall)), START + 2002).unwrap();
    assert_eq!(book.stopped(), Some(StopReason::Shortfall));
    assert_eq!(vacate(&mut book, 1, Why::Withdrawn, None), Err(Violation::Stopped));
}

#[test]
fn silence_counts_on_the_operators_word_unless_a_receipt_shows_that_the_invitation_arrived() {
    let mut book = book(&commitment(&[(2, 1)], 0), &[1, 1, 1, 1]);
    invite(&mut book, START);
    let delivered = |position| Delivered { alpha: ALPHA, round: 1, position, receipt: Hash([1; 32]) };
    book.apply(&Call::Delivered(delivered(1)), START + 1800).unwrap();
    let again = book.apply(&Call::Delivered(delivered(1)), START + 1800);
    assert_eq!(again, Err(Violation::DeliveredBefore(1)));
    let late = book.apply(&Call::Delivered(delivered(0)), START + 1801);
    assert_eq!(late, Err(Violation::Late(START + 1800)));
    settle(&mut book, START + 1801);
    let out = [(0, Why::NoAnswer, Word::Operator), (1, Why::NoAnswer, Word::Receipt)];
    assert_eq!(book.out(), out);
    assert_eq!(seats_of(book.panel()), [(2, 1), (3, 1)]);
}

#[test]
fn a_member_keeps_to_the_site_that_they_were_told_and_after_sign_in_to_their_group() {
    let filled = |sites: [u32; 2]| {
        let mut book = book(&commitment(&[(1, sites[0]), (1, sites[1])], 0), &[3, 2, 1, 2]);
        assert_eq!(seats_of(book.panel()), [(0, 1), (1, 2)]);
        invite(&mut book, START);
        answer(&mut book, 0, Answer::Accepted, START).unwrap();
        answer(&mut book, 1, Answer::Accepted, START).unwrap();
        settle(&mut book, START);
        book
    };
    // Both groups at one site, not signed in: 0 moves to group 2, and 2 takes group 1.
    let mut moves = filled([1, 1]);
    vacate(&mut moves, 1, Why::Absent, Some("A2")).unwrap();
    assert!(!moves.is_filled());
    assert_eq!(moves.due_invitation(START), None);
    settle(&mut moves, START);
    assert_eq!(seats_of(moves.panel()), [(0, 2), (2, 1)]);
    assert_eq!(moves.passed_over_on_operators_word(), 0);
    // Signed in: 0 stays in group 1, and 3 is the next for group 2.
    let mut signed = filled([1, 1]);
    sign_in(&mut signed, 0, 1, 1).unwrap();
    vacate(&mut signed, 1, Why::Absent, None).unwrap();
    settle(&mut signed, START);
    assert_eq!(seats_of(signed.panel()), [(0, 1), (3, 2)]);
    assert_eq!(signed.passed_over_on_operators_word(), 1);
    // At two sites the site holds them without a sign-in.
    let mut apart = filled([1, 2]);
    vacate(&mut apart, 1, Why::Recused, Some("A2")).unwrap();
    settle(&mut apart, START);
    assert_eq!(seats_of(apart.panel()), [(0, 1), (3, 2)]);
    // The new member is invited in a second round.
    assert_eq!(invite(&mut apart, START + 5), [(3, Some(2))]);
}

#[test]
fn a_vacancy_while_a_round_is_open_waits_for_its_end() {
    let mut book = book(&commitment(&[(2, 1)], 0), &[1, 1, 1, 1]);
    invite(&mut book, START);
    answer(&mut book, 0, Answer::Accepted, START).unwrap();
    vacate(&mut book, 0, Why::Withdrawn, None).unwrap();
    assert_eq!(book.due_settlement(START), None);
    answer(&mut book, 1, Answer::Accepted, START).unwrap();
    let settled = settle(&mut book, START);
    assert_eq!(settled.out, [NewlyOut { position: 0, why: Why::Withdrawn }]);
    assert_eq!(seats_of(book.panel()), [(1, 1), (2, 1)]);
}

#[test]
fn kept_members_of_a_later_attempt_have_accepted_and_those_of_a_first_have_not() {
    let mut later = commitment(&[(1, 1), (1, 2)], 0);
    later.kept = vec![Kept::Site { position: 0, site: 2 }];
    let masks = [3, 3, 1];
    let panel = vec![Seated { position: 0, group: 2 }, Seated { position: 1, group: 1 }];
    let order = vec![0, 1, 2];
    let mut first = CallBook::new(ALPHA, &later, &leaves(&masks), order.clone(), panel.clone());
    assert_eq!(invite(&mut first, START), [(0, Some(2)), (1, Some(1))]);
    later.attempt = 2;
    later.kept = vec![Kept::Group { position: 0, group: 2 }];
    let mut second = CallBook::new(ALPHA, &later, &leaves(&masks), order, panel);
    assert!(second.accepted(0) && second.signed_in(0));
    assert_eq!(sign_in(&mut second, 0, 2, 2), Err(Violation::SignedIn(0)));
    assert_eq!(invite(&mut second, START), [(1, Some(1))]);
    answer(&mut second, 1, Answer::Declined, START).unwrap();
    settle(&mut second, START);
    assert_eq!(seats_of(second.panel()), [(0, 2), (2, 1)]);
    // Who was kept may leave before anybody is invited: settled at once, after round 0.
    vacate(&mut second, 0, Why::Unfit, Some("A2")).unwrap();
    assert_eq!(settle(&mut second, START).outcome, Outcome::Shortfall(Shortfall::Infeasible));
}

#[test]
fn what_may_not_be_said_is_refused_by_name_and_changes_nothing() {
    let mut book = book(&commitment(&[(1, 1), (1, 2)], 1), &[1, 2, 3, 3, 3]);
    let refused = |book: &CallBook, call: Call, time: i64| {
        let mut copy = book.clone();
        let name = copy.apply(&call, time).unwrap_err().name();
        assert_eq!(copy, *book, "{name} changed the book");
        name
    };
    let invited = book.due_invitation(START).unwrap();
    let with = |change: &dyn Fn(&mut Invited)| {
        let mut said = invited.clone();
        change(&mut said);
        Call::Invited(said)
    };
    assert_eq!(refused(&book, with(&|i| i.alpha = Hash([8; 32])), START), "other_draw");
    assert_eq!(refused(&book, with(&|i| i.round = 2), START), "round");
    assert_eq!(refused(&book, with(&|_| {}), START + 1), "closes");
    assert_eq!(refused(&book, with(&|i| i.invitees.truncate(2)), START), "invitees");
    assert_eq!(refused(&book, with(&|i| i.invitees[0].site = Some(2)), START), "invitees");
    let answered = |round, position| {
        Call::Answered(Answered {
            alpha: ALPHA,
            round,
            position,
            answer: Answer::Accepted,
            by: AnsweredBy::Channel,
            reason: None,
            receipt: Some(Hash([1; 32])),
        })
    };
    assert_eq!(refused(&book, answered(1, 0), START), "no_round");
    let nothing =
        Settled { alpha: ALPHA, round: 0, out: vec![], outcome: Outcome::Shortfall(Shortfall::Limit) };
    assert_eq!(refused(&book, Call::Settled(nothing), START), "nothing_to_settle");
    assert_eq!(refused(&book, Call::Vacated(vacated(0, Why::Absent, None)), START), "not_accepted");
    assert_eq!(invite(&mut book, START), [(0, Some(1)), (1, Some(2)), (2, None)]);
    assert_eq!(refused(&book, with(&|_| {}), START), "round_open");
    assert_eq!(refused(&book, answered(2, 0), START), "round");
    assert_eq!(refused(&book, answered(1, 3), START), "not_invited");
    assert_eq!(refused(&book, answered(1, 0), START + 1801), "late");
    book.apply(&answered(1, 0), START + 1800).unwrap();
    assert_eq!(refused(&book, answered(1, 0), START + 1800), "answered_before");
    book.apply(&answered(1, 2), START + 1800).unwrap();
    assert_eq!(refused(&book, Call::Vacated(vacated(2, Why::Absent, None)), START), "not_seated");
    let due = book.settlement();
    assert_eq!(refused(&book, Call::Settled(due.clone()), START + 1800), "window_open");
    let other = |change: &dyn Fn(&mut Settled)| {
        let mut said = due.clone();
        change(&mut said);
        Call::Settled(said)
    };
    let after = START + 1801;
    assert_eq!(refused(&book, other(&|s| s.round = 2), after), "round");
    assert_eq!(refused(&book, other(&|s| s.out.clear()), after), "out");
    assert_eq!(refused(&book, other(&|s| s.out[0].why = Why::Declined), after), "out");
    let none = Outcome::Shortfall(Shortfall::Relations);
    assert_eq!(refused(&book, other(&|s| s.outcome = none.clone()), after), "outcome");
    let Outcome::Seats { seats, branches } = due.outcome.clone() else { panic!("a panel") };
    let turned = Outcome::Seats { seats: seats.iter().rev().copied().collect(), branches };
    assert_eq!(refused(&book, other(&|s| s.outcome = turned.clone()), after), "seats");
    let more = Outcome::Seats { seats, branches: branches + 1 };
    assert_eq!(refused(&book, other(&|s| s.outcome = more.clone()), after), "branches");
    book.apply(&Call::Settled(due), after).unwrap();
    assert_eq!(seats_of(book.panel()), [(0, 1), (2, 2)]);
    assert_eq!(refused(&book, with(&|i| i.round = 2), after), "no_open_seat");
    let signed = |position, group, site| Call::SignedIn(SignedIn { alpha: ALPHA, position, group, site });
    assert_eq!(refused(&book, signed(1, 2, 2), after), "not_seated");
    assert_eq!(refused(&book, signed(2, 1, 2), after), "group");
    assert_eq!(refused(&book, signed(2, 2, 1), after), "site");
    book.apply(&signed(2, 2, 2), after).unwrap();
    assert_eq!(refused(&book, signed(2, 2, 2), after), "signed_in");
    assert_eq!(refused(&book, Call::Vacated(vacated(2, Why::Absent, None)), after), "signed_in");
    let theirs = |why| Vacated { by: VacatedBy::Expert, actor: None, ..vacated(2, why, None) };
    for why in [Why::Absent, Why::Conflict, Why::Unfit] {
        assert_eq!(refused(&book, Call::Vacated(theirs(why)), after), "by");
    }
    book.apply(&Call::Vacated(vacated(2, Why::Conflict, None)), after).unwrap();
    assert_eq!(refused(&book, Call::Vacated(vacated(2, Why::Unfit, None)), after), "is_out");
    assert_eq!(refused(&book, with(&|i| i.round = 2), after), "unsettled");
    let stop =
        |reason| Call::Stopped(Stopped { alpha: ALPHA, reason, actor: "A1".into(), approver: "A2".into() });
    assert_eq!(refused(&book, stop(StopReason::Shortfall), after), "no_shortfall");
    book.apply(&stop(StopReason::SiteFailure), after).unwrap();
    assert_eq!(refused(&book, stop(StopReason::SiteFailure), after), "stopped");
}

#[test]
fn statements_of_calls_read_back_and_their_shapes_are_closed() {
    let invitee = |position, site| Invitee { position, site };
    let all = [
        Call::Invited(Invited {
            alpha: ALPHA,
            round: 1,
            closes: 9,
            invitees: vec![invitee(1, Some(2)), invitee(4, None)],
        }),
        Call::Delivered(Delivered { alpha: ALPHA, round: 1, position: 4, receipt: Hash([3; 32]) }),
        Call::Answered(Answered {
            alpha: ALPHA,
            round: 1,
            position: 4,
            answer: Answer::Declined,
            by: AnsweredBy::Channel,
            reason: Some(Reason::Ill),
            receipt: Some(Hash([3; 32])),
        }),
        Call::Vacated(vacated(3, Why::Absent, Some("A2"))),
        Call::Settled(Settled {
            alpha: ALPHA,
            round: 0,
            out: vec![NewlyOut { position: 1, why: Why::NoAnswer }],
            outcome: Outcome::Seats { seats: vec![Seated { position: 1, group: 1 }], branches: 3 },
        }),
        Call::Settled(Settled {
            alpha: ALPHA,
            round: 2,
            out: vec![],
            outcome: Outcome::Shortfall(Shortfall::Limit),
        }),
        Call::SignedIn(SignedIn { alpha: ALPHA, position: 1, group: 1, site: 1 }),
        Call::Stopped(Stopped {
            alpha: ALPHA,
            reason: StopReason::SiteFailure,
            actor: "A1".into(),
            approver: "A2".into(),
        }),
    ];
    let refused = |kind: &str, json: Json| Call::read(kind, &json).unwrap().unwrap_err().path;
    for call in &all {
        assert!(Call::TYPES.contains(&call.kind()));
        assert_eq!(Call::read(call.kind(), &call.fields().into()), Some(Ok(call.clone())));
        assert_eq!(refused(call.kind(), call.fields().with("name", "张三").into()), "name");
    }
    assert_eq!(Call::read("draw.drawn", &Json::from(0u32)), None);
    let answered = all[2].fields();
    assert_eq!(refused("draw.answered", answered.clone().with("by", "expert").into()), "receipt");
    assert_eq!(refused("draw.answered", answered.with("answer", "accepted").into()), "reason");
    let vacated = all[3].fields();
    assert_eq!(refused("draw.vacated", vacated.clone().with("why", "no_answer").into()), "why");
    assert_eq!(refused("draw.vacated", vacated.clone().with("approver", "A1").into()), "approver");
    assert_eq!(refused("draw.vacated", vacated.with("by", "expert").into()), "actor");
    assert_eq!(refused("draw.stopped", all[7].fields().with("approver", "A1").into()), "approver");
    assert_eq!(refused("draw.settled", all[4].fields().with("shortfall", "limit").into()), "branches");
    let Call::Invited(invited) = &all[0] else { panic!("invited") };
    let mut turned = invited.clone();
    turned.invitees.reverse();
    assert_eq!(refused("draw.invited", turned.fields().into()), "invitees");
}
