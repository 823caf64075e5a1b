//! Lives of draws with calls, on the log of the fixture: who is invited, answers, leaves, signs in. The
//! book says what is due; a life says what people do.

use expert_draw::codec::{Hash, Object};
use expert_draw::draw::calls::{
    Answer, Answered, AnsweredBy, Call, CallBook, Delivered, Reason, SignedIn, StopReason, Stopped, Vacated,
    VacatedBy, Why,
};
use expert_draw::draw::identity::DrawKey;
use expert_draw::draw::statements::{Unsealed, Void, VoidReason};

use crate::fixture::{Attempt, Draw, Person, bytes, exclusion, person};

/// A draw whose calls go on.
pub struct Called {
    pub draw: Draw,
    pub book: CallBook,
}

/// How the life of a called draw goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// One round, everybody accepts.
    Filled,
    /// Two rounds with declines, silence and the margin; signed in, unsealed.
    Unsealed,
    /// A round was settled, the next has not begun.
    Settled,
    /// A round is open.
    Calling,
    /// Absent after others signed in; replaced, unsealed.
    Vacated,
    /// Nobody of the third group accepts, until there is no panel.
    Shortfall,
    /// The same, stopped.
    Stopped,
    /// Filled, then a site fails.
    SiteFailure,
    /// Voided while a round is open.
    Voided,
    /// The stopped draw's successor.
    Supplementary,
}

impl Called {
    /// The life on the fixture's log.
    pub fn new(fate: Fate) -> Self {
        Self::on(Draw::committed(44, 40), fate)
    }

    /// The life of a committed draw.
    pub fn on(mut draw: Draw, fate: Fate) -> Self {
        draw.draw_now();
        let mut called = Self { book: book(&draw), draw };
        called.live(fate);
        called.end()
    }

    /// The life of a draw that is drawn already.
    pub fn after(draw: Draw, fate: Fate) -> Self {
        let mut called = Self { book: book(&draw), draw };
        called.live(fate);
        called.end()
    }

    fn end(mut self) -> Self {
        self.draw.look();
        self.draw.members = Some(self.book.members());
        self
    }

    fn live(&mut self, fate: Fate) {
        match fate {
            Fate::Filled | Fate::SiteFailure => {
                self.round(|_, _| Some(Answer::Accepted));
                if fate == Fate::SiteFailure {
                    self.stop(StopReason::SiteFailure);
                }
            }
            Fate::Unsealed => {
                self.some_decline();
                self.round(|_, _| Some(Answer::Accepted));
                self.sign_in();
                self.unseal();
            }
            Fate::Settled => self.some_decline(),
            Fate::Calling => {
                self.some_decline();
                self.invite();
                let first = self.book.next_invitee();
                self.answer(first, Answer::Accepted, AnsweredBy::Expert);
            }
            Fate::Vacated => {
                self.round(|_, _| Some(Answer::Accepted));
                let seats = self.book.panel().to_vec();
                for seat in &seats[1..] {
                    self.sign_in_one(seat.position);
                }
                self.vacate(seats[0].position, Why::Absent, Some("A-bureau"));
                self.settle();
                self.vacate(seats[2].position, Why::Recused, None);
                self.settle();
                while !self.book.is_filled() {
                    self.round(|_, _| Some(Answer::Accepted));
                }
                self.sign_in();
                self.unseal();
            }
            Fate::Shortfall | Fate::Stopped | Fate::Supplementary => {
                self.until_shortfall();
                if fate != Fate::Shortfall {
                    self.stop(StopReason::Shortfall);
                }
                if fate == Fate::Supplementary {
                    self.succeed(|_, _| {});
                    self.round(|_, _| Some(Answer::Accepted));
                    self.sign_in();
                    self.unseal();
                }
            }
            Fate::Voided => {
                self.invite();
                let first = self.book.next_invitee();
                self.answer(first, Answer::Declined, AnsweredBy::Expert);
                let void = |approver: Option<&str>| Void {
                    alpha: self.draw.alpha,
                    reason: VoidReason::ProcurementEnded,
                    actor: "A-agency".into(),
                    approver: approver.map(str::to_owned),
                };
                let (proposed, confirmed) = (void(None), void(Some("A-bureau")));
                self.note(Void::PROPOSED, proposed.fields());
                self.note(Void::CONFIRMED, confirmed.fields());
            }
        }
    }

    /// A round in which one member declines, one is silent, one is silent though reached, and one of
    /// the margin accepts first.
    fn some_decline(&mut self) {
        let invitees = self.invite();
        let seats: Vec<u32> = self.book.panel().iter().map(|seat| seat.position).collect();
        let margin: Vec<u32> = invitees.into_iter().filter(|p| !seats.contains(p)).collect();
        self.answer(margin[1], Answer::Accepted, AnsweredBy::Channel);
        self.answer(seats[0], Answer::Declined, AnsweredBy::Expert);
        self.deliver(seats[2]);
        self.answer(margin[0], Answer::Declined, AnsweredBy::Channel);
        self.answer(seats[3], Answer::Accepted, AnsweredBy::Expert);
        self.answer(seats[4], Answer::Accepted, AnsweredBy::Channel);
        self.settle();
    }

    /// The members of group 3 decline one after the other; one of the others signs in before.
    fn until_shortfall(&mut self) {
        let mut first = true;
        while self.book.shortfall().is_none() {
            let third = |position: u32, book: &CallBook| {
                let seat = book.seat_of(position);
                seat.is_none_or(|seat| seat.group == 3)
            };
            self.round(|position, book| {
                Some(if third(position, book) { Answer::Declined } else { Answer::Accepted })
            });
            if first {
                let seat = self.book.panel().iter().find(|seat| seat.group == 2).copied();
                self.sign_in_one(seat.unwrap().position);
                first = false;
            }
        }
    }

    /// Commits to the next attempt: those out are excluded, all remaining members kept, new
    /// people of the third group recorded.
    ///
    /// `meddle` changes the attempt and the numbers of those who were out.
    pub fn succeed(&mut self, meddle: impl FnOnce(&mut Attempt, &mut Vec<String>)) {
        let fresh: Vec<Person> = [46, 50, 54, 58, 62].map(|n| person(&mut self.draw.log, n)).into();
        let number =
            |position: u32| self.draw.people[self.draw.pool.origin[position as usize]].number.clone();
        let kept = self.book.remaining();
        let mut attempt = Attempt {
            number: 2,
            predecessor: Some(self.draw.alpha),
            kept: kept.iter().map(|m| (number(m.position), m.site.unwrap(), m.group)).collect(),
            key: DrawKey(bytes("second draw key")),
        };
        let mut gone = self.book.out().iter().map(|(position, ..)| number(*position)).collect();
        meddle(&mut attempt, &mut gone);
        let before = std::mem::replace(&mut self.draw, Draw::committed(5, 5));
        let size = before.pool.leaves.len();
        let mut excluded = before.excluded;
        let (mut inside, mut outside) = (fresh, vec![]);
        for (n, one) in before.people.into_iter().enumerate() {
            if gone.contains(&one.number) {
                excluded.push(exclusion(&one, &["no_repeat_in_draw"]));
                outside.push(one);
            } else if n < size {
                inside.push(one);
            } else {
                outside.push(one);
            }
        }
        let pool = inside.len();
        inside.extend(outside);
        self.draw = Draw::commit(before.log, inside, pool, excluded, attempt);
        self.draw.draw_now();
        self.book = book(&self.draw);
    }

    /// One whole round: everybody answers as `choose` says, or is silent; then the settlement.
    pub fn round(&mut self, choose: impl Fn(u32, &CallBook) -> Option<Answer>) {
        for position in self.invite() {
            if let Some(answer) = choose(position, &self.book) {
                self.answer(position, answer, AnsweredBy::Expert);
            }
        }
        self.settle();
    }

    pub fn invite(&mut self) -> Vec<u32> {
        let invited = self.book.due_invitation(self.draw.log.next_time()).unwrap();
        let invitees = invited.invitees.iter().map(|invitee| invitee.position).collect();
        self.say(Call::Invited(invited));
        invitees
    }

    pub fn deliver(&mut self, position: u32) {
        let receipt = Hash(bytes(&format!("delivered {position}")));
        let (alpha, round) = (self.draw.alpha, self.book.round());
        self.say(Call::Delivered(Delivered { alpha, round, position, receipt }));
    }

    pub fn answer(&mut self, position: u32, answer: Answer, by: AnsweredBy) {
        let channel = by == AnsweredBy::Channel;
        self.say(Call::Answered(Answered {
            alpha: self.draw.alpha,
            round: self.book.round(),
            position,
            answer,
            by,
            reason: (answer == Answer::Declined).then_some(Reason::Busy),
            receipt: channel.then(|| Hash(bytes(&format!("answered {position}")))),
        }));
    }

    pub fn vacate(&mut self, position: u32, why: Why, approver: Option<&str>) {
        self.say(Call::Vacated(Vacated {
            alpha: self.draw.alpha,
            position,
            why,
            by: VacatedBy::Operator,
            receipt: None,
            actor: Some("A-venue".into()),
            approver: approver.map(str::to_owned),
        }));
    }

    /// Waits for the end of the window if somebody has not answered, and settles.
    pub fn settle(&mut self) {
        if let Some(window) = self.book.window().filter(|window| window.unanswered > 0) {
            self.draw.log.waited += window.closes + 1 - self.draw.log.next_time();
        }
        let due = self.book.due_settlement(self.draw.log.next_time()).unwrap();
        self.say(Call::Settled(due));
    }

    pub fn sign_in_one(&mut self, position: u32) {
        let group = u32::from(self.book.seat_of(position).unwrap().group);
        let site = self.draw.commitment.groups[group as usize - 1].site;
        self.say(Call::SignedIn(SignedIn { alpha: self.draw.alpha, position, group, site }));
    }

    pub fn sign_in(&mut self) {
        for seat in self.book.panel().to_vec() {
            if !self.book.signed_in(seat.position) {
                self.sign_in_one(seat.position);
            }
        }
    }

    pub fn stop(&mut self, reason: StopReason) {
        let alpha = self.draw.alpha;
        let (actor, approver) = ("A-agency".into(), "A-bureau".into());
        self.say(Call::Stopped(Stopped { alpha, reason, actor, approver }));
    }

    pub fn unseal(&mut self) {
        assert!(self.book.may_be_unsealed());
        let unsealed = Unsealed { alpha: self.draw.alpha, announcement: "岳采公告2026-17".into() };
        self.note(Unsealed::TYPE, unsealed.fields());
    }

    /// Says what the book accepts.
    pub fn say(&mut self, call: Call) {
        self.book.apply(&call, self.draw.log.next_time()).unwrap();
        self.note(call.kind(), call.fields());
    }

    /// Puts a statement of the draw into the log, whatever the book says of it.
    pub fn note(&mut self, kind: &str, fields: Object) {
        let index = self.draw.log.say(kind, fields);
        self.draw.entries.push(index);
    }
}

fn book(draw: &Draw) -> CallBook {
    let drawn = draw.drawn.as_ref().unwrap();
    CallBook::of_drawn(&draw.commitment, &draw.pool.leaves, drawn).unwrap()
}

/// Something to ask a book in these lives.
trait Ask {
    fn next_invitee(&self) -> u32;
}

impl Ask for CallBook {
    /// The first member with an open seat.
    fn next_invitee(&self) -> u32 {
        self.open_seats()[0].position
    }
}
