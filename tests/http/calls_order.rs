//! Whatever the order and the speed of answers: the same answers, the same seats. Lives of calls with
//! answers, silences and withdrawals by a seed, each played several times in other orders and at other
//! moments of the window; each ends with the evidence verified, so the seats are the book's too.

use std::collections::{BTreeMap, BTreeSet};

use expert_draw::codec::sha256;
use expert_draw::service::calls::InvitationState;

use crate::calls::Called;
use crate::support::{Kind, on_both};

on_both! { the_same_answers_give_the_same_seats_whatever_their_order_and_speed }

/// The window in seconds, and the rounds after which a life ends.
const WINDOW: i64 = 3600;
const ROUNDS: usize = 5;

/// What somebody does: to one seed always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Accept,
    AcceptAndWithdraw,
    Decline,
    Nothing,
}

fn does(seed: u8, number: &str) -> Does {
    match sha256(&[&[seed], number.as_bytes()]).0[0] % 10 {
        0..=4 => Does::Accept,
        5 => Does::AcceptAndWithdraw,
        6..=7 => Does::Decline,
        _ => Does::Nothing,
    }
}

/// What a life came to, without anything that depends on when it was said.
#[derive(Debug, PartialEq, Eq)]
struct Came {
    /// Group by member, at the end.
    seats: BTreeMap<String, u64>,
    /// Who was out at the end, and why.
    out: BTreeSet<(String, &'static str)>,
    /// Whom each round invited.
    rounds: Vec<BTreeSet<String>>,
    state: String,
}

fn play(kind: Kind, seed: u8, order: u8) -> Came {
    let called = Called::new(kind, 18);
    let app = &called.app;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let mut open = called.who(InvitationState::Open);
        if open.is_empty() {
            break;
        }
        rounds.push(open.iter().cloned().collect::<BTreeSet<_>>());
        let moment = |number: &str| sha256(&[&[order, round as u8], number.as_bytes()]).0;
        open.sort_by_key(|number| moment(number));
        // The last answer settles the round; who takes theirs back does so before, in every order.
        let leaves = |number: &String| does(seed, number) == Does::AcceptAndWithdraw;
        if !open.iter().all(leaves) {
            while open.last().is_some_and(leaves) {
                open.rotate_right(1);
            }
        }
        let opened = app.service.now().0;
        for number in &open {
            // Somewhere in what is left of the window.
            let left = opened + WINDOW - app.service.now().0;
            app.clock.advance(left * i64::from(moment(number)[1]) / 1024);
            match does(seed, number) {
                Does::Accept => drop(called.accept(number)),
                Does::AcceptAndWithdraw => {
                    called.accept(number);
                    called.withdraw(number);
                }
                Does::Decline => drop(called.decline(number)),
                Does::Nothing => {}
            }
        }
        let rest = opened + WINDOW + 1 - app.service.now().0;
        if called.calls()["rounds"].as_array().unwrap().len() == rounds.len() {
            app.clock.advance(rest.max(0));
        }
        app.service.run_due_often().unwrap();
    }
    called.verified();
    called.is_sound();
    let of = called.positions();
    let seats = called.seats().into_iter().map(|(position, group)| (of[&position].clone(), group));
    let out = called.invitations().into_iter().filter_map(|(number, view)| match view.state {
        InvitationState::Out(why) => Some((number, why.name())),
        _ => None,
    });
    let state = called.calls()["state"].as_str().unwrap().to_owned();
    Came { seats: seats.collect(), out: out.collect(), rounds, state }
}

fn the_same_answers_give_the_same_seats_whatever_their_order_and_speed(kind: Kind) {
    let mut states = BTreeSet::new();
    for seed in 0..4 {
        let first = play(kind, seed, 0);
        assert!(!first.rounds.is_empty());
        for order in 1..3 {
            assert_eq!(play(kind, seed, order), first, "seed {seed}, order {order}");
        }
        states.insert((first.state, first.rounds.len()));
    }
    assert!(states.len() > 1, "every life was the same: {states:?}");
}
