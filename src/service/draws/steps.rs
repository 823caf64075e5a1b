//! The only writes of a draw's row: each is a step of the table `registry::draw_table`, looked up before it
//! is written. A step that is not there is a fault of the program; nothing of its write stands.

use super::state;
use crate::draw::calls::Call;
use crate::registry::draw_table::DRAW;
use crate::registry::lifecycle::BEGINNING;
use crate::store::draw::Draw;
use crate::store::{self, StoreError, Tx};

/// A draw that begins: planned, or committed at once.
pub(in crate::service) fn begin(tx: &mut Tx<'_>, new: &Draw, event: &str) -> Result<(), StoreError> {
    look_up(BEGINNING, event, &new.state, &new.id)?;
    store::draw::insert(tx, new)
}

/// A draw that moves, or stays where it is with something said about it: `changed` carries the new state, its
/// version is one more than that of `before`.
pub(in crate::service) fn step(
    tx: &mut Tx<'_>,
    before: (&str, i64),
    changed: &Draw,
    event: &str,
) -> Result<(), StoreError> {
    let (from, version) = before;
    look_up(from, event, &changed.state, &changed.id)?;
    store::draw::update(tx, changed, version)
}

/// The event that a statement of calls is. With a settlement every seat may have been taken; who leaves may
/// leave a seat, or nothing but a place in the line.
pub(in crate::service) fn of_call(call: &Call, from: &str, to: &str) -> &'static str {
    match call {
        Call::Invited(_) => "invite",
        Call::Delivered(_) => "deliver",
        Call::Answered(_) => "answer",
        Call::Settled(_) if from == state::CALLING && to == state::FILLED => "fill",
        Call::Settled(_) => "settle",
        Call::Vacated(_) if to == state::CALLING => "vacate",
        Call::Vacated(_) => "leave_standby",
        Call::SignedIn(_) => "sign_in",
        Call::Stopped(_) => "stop",
    }
}

fn look_up(from: &str, event: &str, to: &str, id: &str) -> Result<(), StoreError> {
    let known = DRAW.transitions.iter().any(|row| (row.from, row.event, row.to) == (from, event, to));
    if known {
        return Ok(());
    }
    Err(StoreError::Statement(format!("draw {id}: no step {event} leads from {from} to {to}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::registry::lifecycle::Party;
    use crate::service::actor::{Action, Actor, PERMISSIONS};

    fn from(event: &str) -> BTreeSet<&'static str> {
        DRAW.transitions.iter().filter(|row| row.event == event).map(|row| row.from).collect()
    }

    #[test]
    fn the_table_has_the_states_of_the_database_and_no_others() {
        let states: BTreeSet<&str> = DRAW.states().into_iter().collect();
        assert_eq!(states, BTreeSet::from(state::ALL));
        let ends: BTreeSet<&str> = states.iter().copied().filter(|state| DRAW.is_final(state)).collect();
        let mut expected = BTreeSet::from(state::ENDED_WITHOUT);
        expected.insert(state::UNSEALED);
        assert_eq!(ends, expected);
    }

    #[test]
    fn a_draw_that_stands_can_be_stopped_and_one_that_is_committed_voided() {
        let standing = BTreeSet::from(state::STANDING);
        assert_eq!((from("stop"), from("propose_stop")), (standing.clone(), standing.clone()));
        let mut open = standing;
        open.insert(state::COMMITTED);
        assert_eq!((from("void"), from("propose_void")), (open.clone(), open));
    }

    #[test]
    fn who_may_is_who_the_table_of_permissions_says() {
        let held = [
            ("plan", Action::RequestDraw),
            ("commit", Action::RequestDraw),
            ("withdraw", Action::RequestDraw),
            ("accept", Action::AcceptForcedSeats),
            ("propose_void", Action::ProposeVoid),
            ("propose_stop", Action::ProposeVoid),
            ("void", Action::ConfirmVoid),
            ("stop", Action::ConfirmVoid),
            ("unseal", Action::Unseal),
            ("begin", Action::RunDay),
            ("sign_report", Action::RunDay),
            ("sign_in", Action::KeepDesk),
        ];
        for (event, action) in held {
            let (_, grants) = PERMISSIONS.iter().find(|(known, _)| *known == action).unwrap();
            let mut may = BTreeSet::new();
            for grant in *grants {
                let mut actor = Actor::of_role("A", grant.role);
                if let Some(right) = grant.right {
                    actor.rights = vec![right];
                }
                may.extend(actor.parties());
            }
            for row in DRAW.transitions.iter().filter(|row| row.event == event) {
                let by: BTreeSet<Party> = row.by.iter().copied().collect();
                assert_eq!(by, may, "{} {event}", row.from);
            }
        }
    }
}
