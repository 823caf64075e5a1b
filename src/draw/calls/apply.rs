//! The fold: one statement after another, each held against the state before it.
//!
//! *Invariant:* a refused statement changes nothing; the rules are those of `api-spec/draw-v2.md` §4 and
//! nobody decides anything else.

use super::book::{CallBook, Gone, Progress, Round, Word};
use super::day::{SignedIn, Stopped, Vacated};
use super::statements::{Answered, Call, Delivered, Invited, Outcome, Settled};
use super::violation::Violation;
use super::words::{Answer, AnsweredBy, StopReason, VacatedBy, Why};

impl CallBook {
    /// Takes the next statement, with the time of its log entry in Unix seconds.
    ///
    /// # Errors
    /// The rule that it breaks; the book is as it was before.
    pub fn apply(&mut self, call: &Call, time: i64) -> Result<(), Violation> {
        if *call.alpha() != self.alpha {
            return Err(Violation::OtherDraw);
        }
        if self.stopped.is_some() {
            return Err(Violation::Stopped);
        }
        match call {
            Call::Invited(said) => self.invite(said, time),
            Call::Delivered(said) => self.deliver(said, time),
            Call::Answered(said) => self.answer(said, time),
            Call::Vacated(said) => self.vacate(said),
            Call::Settled(said) => self.settle(said, time),
            Call::SignedIn(said) => self.sign_in(said),
            Call::Stopped(said) => self.stop(said),
        }
    }

    fn invite(&mut self, said: &Invited, time: i64) -> Result<(), Violation> {
        if self.shortfall.is_some() {
            return Err(Violation::AfterShortfall);
        }
        if self.open.is_some() {
            return Err(Violation::RoundOpen(self.round));
        }
        if self.is_unsettled() {
            return Err(Violation::Unsettled);
        }
        let due = self.due_invitation(time).ok_or(Violation::NoOpenSeat)?;
        if said.round != due.round {
            return Err(Violation::Round(due.round));
        }
        if said.closes != due.closes {
            return Err(Violation::Closes(due.closes));
        }
        if said.invitees != due.invitees {
            let differs = said.invitees.iter().zip(&due.invitees).find(|(a, b)| a != b).map(|(a, _)| a);
            let longer = said.invitees.get(due.invitees.len()).or(due.invitees.get(said.invitees.len()));
            return Err(Violation::Invitees(differs.or(longer).map_or(0, |invitee| invitee.position)));
        }
        self.round = due.round;
        self.invited.extend(due.invitees.iter().map(|invitee| invitee.position));
        self.told.extend(due.invitees.iter().filter_map(|i| i.site.map(|site| (i.position, site))));
        let invitees = due.invitees.iter().map(|invitee| (invitee.position, Progress::default())).collect();
        self.open = Some(Round { closes: due.closes, invitees });
        Ok(())
    }

    /// The invitee of the open round whom a statement of that round is about.
    fn invitee(&mut self, round: u32, position: u32, time: i64) -> Result<&mut Progress, Violation> {
        let number = self.round;
        let open = self.open.as_mut().ok_or(Violation::NoRound)?;
        if round != number {
            return Err(Violation::Round(number));
        }
        if time > open.closes {
            return Err(Violation::Late(open.closes));
        }
        open.invitees.get_mut(&position).ok_or(Violation::NotInvited(position))
    }

    fn deliver(&mut self, said: &Delivered, time: i64) -> Result<(), Violation> {
        let invitee = self.invitee(said.round, said.position, time)?;
        if invitee.delivered {
            return Err(Violation::DeliveredBefore(said.position));
        }
        invitee.delivered = true;
        Ok(())
    }

    fn answer(&mut self, said: &Answered, time: i64) -> Result<(), Violation> {
        let invitee = self.invitee(said.round, said.position, time)?;
        if invitee.answered {
            return Err(Violation::AnsweredBefore(said.position));
        }
        invitee.answered = true;
        let word = match said.by {
            AnsweredBy::Expert => Word::OwnPage,
            AnsweredBy::Channel => Word::Receipt,
        };
        match said.answer {
            Answer::Accepted => drop(self.accepted.insert(said.position)),
            Answer::Declined => {
                self.gone.insert(said.position, Gone { why: Why::Declined, word, settled: false });
            }
        }
        Ok(())
    }

    fn vacate(&mut self, said: &Vacated) -> Result<(), Violation> {
        let position = said.position;
        // Whoever says that somebody else is out must be counted by it (draw-v2 §5).
        if said.why.is_staffs() && said.by != VacatedBy::Operator {
            return Err(Violation::By(said.why.name()));
        }
        if self.gone.contains_key(&position) {
            return Err(Violation::IsOut(position));
        }
        if !self.accepted.contains(&position) {
            return Err(Violation::NotAccepted(position));
        }
        let standby = matches!(said.why, Why::Withdrawn | Why::Conflict);
        if !standby && self.seat_of(position).is_none() {
            return Err(Violation::NotSeated(position));
        }
        if said.why == Why::Absent && self.signed.contains(&position) {
            return Err(Violation::SignedIn(position));
        }
        let word = match (said.by, &said.approver) {
            (VacatedBy::Expert, _) => Word::OwnPage,
            (VacatedBy::Channel, _) => Word::Receipt,
            (VacatedBy::Operator, Some(_)) => Word::TwoPeople,
            (VacatedBy::Operator, None) => Word::Operator,
        };
        self.gone.insert(position, Gone { why: said.why, word, settled: false });
        Ok(())
    }

    fn settle(&mut self, said: &Settled, time: i64) -> Result<(), Violation> {
        self.may_settle(time)?;
        let due = self.settlement();
        if said.round != due.round {
            return Err(Violation::Round(due.round));
        }
        if said.out != due.out {
            let differs = said.out.iter().zip(&due.out).find(|(a, b)| a != b).map(|(a, _)| a);
            let longer = said.out.get(due.out.len()).or(due.out.get(said.out.len()));
            return Err(Violation::Out(differs.or(longer).map_or(0, |out| out.position)));
        }
        match (&said.outcome, &due.outcome) {
            (Outcome::Seats { seats: said, .. }, Outcome::Seats { seats: due, .. }) if said != due => {
                return Err(Violation::Seats);
            }
            (Outcome::Seats { branches: said, .. }, Outcome::Seats { branches: counted, .. })
                if said != counted =>
            {
                return Err(Violation::Branches { counted: *counted, said: *said });
            }
            (said, due) if said == due => {}
            (_, Outcome::Seats { .. }) => return Err(Violation::Outcome("a full panel")),
            (_, Outcome::Shortfall(shortfall)) => return Err(Violation::Outcome(shortfall.name())),
        }
        self.close(due);
        Ok(())
    }

    /// Takes a settlement that is the computed one.
    fn close(&mut self, due: Settled) {
        for gone in self.gone.values_mut() {
            gone.settled = true;
        }
        for (position, invitee) in self.open.take().into_iter().flat_map(|open| open.invitees) {
            if !invitee.answered {
                let word = if invitee.delivered { Word::Receipt } else { Word::Operator };
                self.gone.insert(position, Gone { why: Why::NoAnswer, word, settled: true });
            }
        }
        match due.outcome {
            Outcome::Shortfall(shortfall) => self.shortfall = Some(shortfall),
            Outcome::Seats { seats, .. } => {
                self.panel = seats;
                // Who had accepted and is seated needs no new invitation: this tells them their site.
                for seat in self.panel.iter().filter(|seat| self.accepted.contains(&seat.position)) {
                    let site = usize::from(seat.group).checked_sub(1).and_then(|i| self.sites.get(i));
                    if let Some(site) = site {
                        self.told.entry(seat.position).or_insert(*site);
                    }
                }
            }
        }
    }

    fn sign_in(&mut self, said: &SignedIn) -> Result<(), Violation> {
        let position = said.position;
        let seat = self.seat_of(position).ok_or(Violation::NotSeated(position))?;
        if self.gone.contains_key(&position) {
            return Err(Violation::IsOut(position));
        }
        if !self.accepted.contains(&position) {
            return Err(Violation::NotAccepted(position));
        }
        if self.signed.contains(&position) {
            return Err(Violation::SignedIn(position));
        }
        let group = u32::from(seat.group);
        if said.group != group {
            return Err(Violation::Group(group));
        }
        let site = self.site_of_group(group).unwrap_or_default();
        if said.site != site {
            return Err(Violation::Site(site));
        }
        self.signed.insert(position);
        self.groups.insert(position, group);
        Ok(())
    }

    fn stop(&mut self, said: &Stopped) -> Result<(), Violation> {
        if said.reason == StopReason::Shortfall && self.shortfall.is_none() {
            return Err(Violation::NoShortfall);
        }
        self.stopped = Some(said.reason);
        Ok(())
    }
}
