//! Further cases of `tests/vectors/calls.json`: what a reader of `api-spec/draw-v2.md` asked, each answered
//! by one case. Kept members of first and later attempts, who may say why somebody is out, people on standby,
//! what waits for a settlement, the order of rules, and whom a successor keeps.

use expert_draw::draw::calls::{Answer, Call, Outcome, Settled, StopReason, Vacated, VacatedBy, Why};
use expert_draw::draw::commitment::Kept;
use expert_draw::draw::seats::Seated;

use crate::call_vectors::{AFTER, ALPHA, Case, START, Setup, example, setup, signed, stopped, vacated};

/// Said by the expert themselves, or by a channel with its receipt.
fn said_by(position: u32, why: Why, by: VacatedBy) -> Call {
    let receipt = (by == VacatedBy::Channel).then_some(ALPHA);
    Call::Vacated(Vacated { alpha: ALPHA, position, why, by, receipt, actor: None, approver: None })
}

fn why_says_who_may_say_it() -> Case {
    let mut case =
        Case::new("absent, unfit and conflict are the operator's to say", setup(&[(2, 1)], 1, &[1; 4]));
    case.invite(START);
    // Before everything else, also of somebody who has not accepted.
    case.refuse(START, said_by(0, Why::Conflict, VacatedBy::Expert), "by");
    for position in 0..3 {
        case.answer(START, position, Answer::Accepted);
    }
    case.settle(START);
    for why in [Why::Absent, Why::Unfit, Why::Conflict] {
        for by in [VacatedBy::Expert, VacatedBy::Channel] {
            case.refuse(AFTER, said_by(0, why, by), "by");
        }
    }
    case.say(AFTER, said_by(0, Why::Recused, VacatedBy::Channel));
    case.refuse(AFTER, said_by(0, Why::Unfit, VacatedBy::Expert), "by");
    case.refuse(AFTER, vacated(0, Why::Unfit, None), "is_out");
    case.say(AFTER, vacated(1, Why::Conflict, None))
        .say(AFTER, said_by(2, Why::Withdrawn, VacatedBy::Expert));
    case
}

fn standby_in_conflict() -> Case {
    let mut case = Case::new(
        "a conflict of somebody on standby, not settled, is no hindrance to unsealing",
        setup(&[(1, 1)], 1, &[1; 3]),
    );
    case.invite(START).answer(START, 0, Answer::Accepted).answer(START, 1, Answer::Accepted).settle(START);
    for why in [Why::Absent, Why::Recused, Why::Unfit] {
        case.refuse(START, vacated(1, why, Some("A-2")), "not_seated");
    }
    case.say(START, vacated(1, Why::Conflict, Some("A-2")));
    case
}

fn nobody_is_next_before_a_settlement() -> Case {
    let mut case =
        Case::new("nobody is next while somebody out is not settled", setup(&[(2, 1)], 0, &[1; 4]));
    case.invite(START).answer(START, 0, Answer::Declined).answer(START, 1, Answer::Accepted).settle(START);
    assert_eq!(case.book.next_invitees().len(), 1);
    case.say(START, said_by(1, Why::Withdrawn, VacatedBy::Expert));
    case
}

/// One kept at a site, one in a group.
fn kept(attempt: u32) -> Setup {
    let mut setup = setup(&[(1, 1), (1, 2), (1, 2)], 1, &[3, 6, 6, 1, 6]);
    setup.attempt = attempt;
    setup.kept = vec![Kept::Site { position: 1, site: 2 }, Kept::Group { position: 2, group: 3 }];
    setup
}

fn first_attempt_before_anybody_is_invited() -> Case {
    let mut case = Case::new("kept in a first attempt: told, and neither accepted nor signed in", kept(1));
    case.refuse(START, signed(2, 3, 2), "not_accepted");
    case.refuse(START, vacated(1, Why::Withdrawn, None), "not_accepted");
    case.with_remaining()
}

fn first_attempt_absent() -> Case {
    let mut case = Case::new("kept with a group in a first attempt: may be absent, may sign in", kept(1));
    case.invite(START);
    for position in 0..4 {
        case.answer(START, position, Answer::Accepted);
    }
    case.settle(START).say(AFTER, vacated(2, Why::Absent, Some("A-2"))).say(AFTER, signed(1, 2, 2));
    case.with_remaining()
}

fn first_attempt_stays_in_the_group() -> Case {
    // In group 1 the kept member could make room for whoever fills group 2; they may not.
    let mut fixed = setup(&[(1, 1), (1, 1)], 0, &[3, 1, 2]);
    fixed.kept = vec![Kept::Group { position: 0, group: 2 }];
    let mut case = Case::new("kept with a group in a first attempt: stays in it at every settlement", fixed);
    case.invite(START).answer(START, 0, Answer::Accepted).answer(START, 1, Answer::Declined).settle(START);
    assert!(case.book.shortfall().is_some());
    case.with_remaining()
}

fn later_attempt_absent() -> Case {
    let mut case = Case::new("kept with a group in a later attempt: counts as signed in", kept(2));
    case.refuse(START, vacated(2, Why::Absent, Some("A-2")), "signed_in");
    case.say(START, vacated(1, Why::Absent, Some("A-2")));
    case.with_remaining()
}

fn rules_have_an_order() -> Case {
    let mut case =
        Case::new("is_out before not_accepted, not_seated before is_out", setup(&[(2, 1)], 1, &[1; 5]));
    case.invite(START).answer(START, 0, Answer::Declined);
    case.refuse(START, vacated(0, Why::Withdrawn, None), "is_out");
    case.refuse(START, vacated(0, Why::Absent, None), "is_out");
    // Out, and of a seat until the settlement; then of none.
    case.refuse(START, signed(0, 1, 1), "is_out");
    case.answer(START, 1, Answer::Accepted).answer(START, 2, Answer::Accepted).settle(START);
    case.refuse(START, signed(0, 1, 1), "not_seated").refuse(START, signed(4, 1, 1), "not_seated");
    case.refuse(START, vacated(4, Why::Absent, None), "not_accepted");
    case
}

fn who_was_told_nothing_may_move() -> Case {
    let mut case = Case::new(
        "who was seated and told nothing may fill any group",
        setup(&[(1, 1), (1, 2)], 0, &[1, 2, 3, 1]),
    );
    case.invite(START).answer(START, 0, Answer::Declined).answer(START, 1, Answer::Accepted).settle(START);
    assert_eq!(case.book.panel()[1], Seated { position: 2, group: 1 });
    case.say(START, said_by(1, Why::Withdrawn, VacatedBy::Expert)).settle(START);
    assert_eq!(case.book.panel()[0], Seated { position: 2, group: 2 });
    case
}

fn seats_of_another_number() -> Case {
    let mut case = Case::new("seats of another number are other seats", example());
    case.invite(START).answer(START, 1, Answer::Accepted).answer(START, 3, Answer::Accepted);
    let due = case.book.due_settlement(AFTER).unwrap();
    let Outcome::Seats { seats, branches } = due.outcome.clone() else { panic!("a panel") };
    let other = |seats: Vec<Seated>| {
        Call::Settled(Settled { outcome: Outcome::Seats { seats, branches }, ..due.clone() })
    };
    case.refuse(AFTER, other(vec![]), "seats").refuse(AFTER, other(seats[..2].to_vec()), "seats");
    case.refuse(AFTER, other([&seats[..], &seats[..1]].concat()), "seats");
    case.say(AFTER, Call::Settled(due));
    case
}

fn who_remains_has_accepted() -> Case {
    let mut case = Case::new("who remains are members who have accepted", example());
    case.invite(START);
    for position in [3, 1, 0] {
        case.answer(START, position, Answer::Accepted);
    }
    // 2 has not answered, 3 holds no seat.
    case.say(START, signed(1, 1, 1)).say(START, stopped(StopReason::SiteFailure));
    case.with_remaining()
}

/// The cases, after those of `call_vectors`.
pub fn cases() -> Vec<Case> {
    vec![
        why_says_who_may_say_it(),
        standby_in_conflict(),
        nobody_is_next_before_a_settlement(),
        first_attempt_before_anybody_is_invited(),
        first_attempt_absent(),
        first_attempt_stays_in_the_group(),
        later_attempt_absent(),
        rules_have_an_order(),
        who_was_told_nothing_may_move(),
        seats_of_another_number(),
        who_remains_has_accepted(),
    ]
}
