//! The expert's own: the invitations to the person whose account this is, and what they answer.
//!
//! An answer counts while its window is open; how fast it comes changes nothing. Who has accepted in another
//! review at the same time cannot accept here: the slot is theirs once. Who accepted and cannot come
//! withdraws; from the cut-off on that is late, and recorded as such.
//!
//! *Invariant:* a view shows the person's own invitation and no one else: no project, no members, no number
//! of seats, and not before a settlement whether there is a seat.

use super::super::engagements::Engagements;
use super::trail::{Ended, Trail};
use super::turn::{Act, Decided, Turn};
use crate::codec::Object;
use crate::draw::calls::{Answer, Answered, AnsweredBy, Call, Reason, Vacated, VacatedBy, Why};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::draws::state;
use crate::service::idempotency::IdempotencyKey;
use crate::service::listing::{Listed, Paging};
use crate::service::looks::line;
use crate::service::refusal::{Kind, Refusal};
use crate::time::Timestamp;

const NOTE_MAX: usize = 200;

/// How an invitation stands, as its expert is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationState {
    /// Waits for the answer.
    Open,
    /// The window has closed without an answer; its settlement is to come.
    Closed,
    /// Accepted; whether there is a seat is told when the window is settled.
    Accepted,
    /// Accepted, with a seat.
    Seated,
    /// Accepted, without a seat so far (候补).
    Standby,
    /// Signed in.
    SignedIn,
    /// Out, for this reason.
    Out(Why),
    /// The review is off, or goes on without this draw.
    Cancelled,
}

impl InvitationState {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Accepted => "accepted",
            Self::Seated => "seated",
            Self::Standby => "standby",
            Self::SignedIn => "signed_in",
            Self::Out(why) => why.name(),
            Self::Cancelled => "cancelled",
        }
    }
}

/// An invitation as its expert sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationView {
    /// Its id.
    pub id: String,
    /// How it stands.
    pub state: InvitationState,
    /// Start of the review.
    pub start: Timestamp,
    /// Expected hours.
    pub hours: u32,
    /// Until when to sign in.
    pub sign_in_by: Timestamp,
    /// The cities in question.
    pub cities: Vec<String>,
    /// The place, once there is a seat and if it is told beforehand.
    pub place: Option<String>,
    /// When the invitation was made; none for a member kept from an earlier attempt.
    pub invited: Option<Timestamp>,
    /// Until when an answer counts.
    pub answer_by: Option<Timestamp>,
    /// The answer as it was recorded: what, by which way, when, why.
    pub answered: Option<(Answer, AnsweredBy, Timestamp, Option<Reason>)>,
    /// From when on a withdrawal is late.
    pub cutoff: Timestamp,
}

/// A no.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decline {
    /// A word of the closed list.
    pub reason: Option<Reason>,
    /// Own words, kept sealed.
    pub note: Option<String>,
}

impl Service {
    /// The invitations to the expert whose account this is, open and past.
    pub fn my_invitations(&self, actor: &Actor, paging: &Paging) -> Result<Listed<InvitationView>, Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = self.own_number(actor)?;
        let now = self.clock.now();
        let mut views: Vec<InvitationView> = {
            let engagements = self.engagements()?;
            engagements
                .of(&number)
                .filter_map(|(trail, position)| view(trail, position, &number, now))
                .collect()
        };
        views.sort_by(|a, b| a.id.cmp(&b.id));
        let after = paging.after.clone().unwrap_or_default();
        let rows = views.into_iter().filter(|view| view.id > after);
        let page =
            paging.read(|page| Ok(rows.take(page.limit as usize).collect()), |view| &view.id, |view| view)?;
        Ok(page)
    }

    /// One invitation to the expert whose account this is.
    pub fn my_invitation(&self, actor: &Actor, id: &str) -> Result<InvitationView, Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = self.own_number(actor)?;
        let now = self.clock.now();
        let engagements = self.engagements()?;
        let (trail, position) = own(&engagements, &number, id)?;
        view(trail, position, &number, now).ok_or_else(no_invitation)
    }

    /// Comes.
    pub fn accept_invitation(
        &self,
        actor: &Actor,
        id: &str,
        key: &IdempotencyKey,
    ) -> Result<InvitationView, Refusal> {
        self.own_step(actor, id, key, |turn, position, taken| {
            if taken {
                return Err(slot_taken());
            }
            Ok(self.answered(turn, position, Answer::Accepted, None))
        })
    }

    /// Does not come.
    pub fn decline_invitation(
        &self,
        actor: &Actor,
        id: &str,
        decline: &Decline,
        key: &IdempotencyKey,
    ) -> Result<InvitationView, Refusal> {
        check_note(decline.note.as_deref())?;
        self.own_step(actor, id, key, |turn, position, _| {
            let mut act = self.answered(turn, position, Answer::Declined, decline.reason);
            act.image = Some(image(actor, decline.note.as_deref()).into());
            Ok(act)
        })
    }

    /// Had accepted and cannot come after all.
    pub fn withdraw_acceptance(
        &self,
        actor: &Actor,
        id: &str,
        note: Option<&str>,
        key: &IdempotencyKey,
    ) -> Result<InvitationView, Refusal> {
        check_note(note)?;
        self.own_step(actor, id, key, |turn, position, _| {
            // Who sits at a workstation leaves by the desk, or recuses themselves: both stop the review.
            if self.is_present(&turn.row.id, position)? {
                let en = "has signed in; leave by the desk of the venue, or recuse yourself";
                return Err(Refusal::new(Kind::Conflict, "signed_in", "已签到，须经场所报告或申请回避", en));
            }
            let said = Vacated {
                alpha: turn.alpha,
                position,
                why: Why::Withdrawn,
                by: VacatedBy::Expert,
                receipt: None,
                actor: None,
                approver: None,
            };
            let mut act = Act::new("withdraw", actor.account.clone(), Call::Vacated(said));
            let late = self.is_late(turn);
            act.image = Some(image(actor, note).with("late", if late { "yes" } else { "no" }).into());
            Ok(act)
        })
    }

    /// Whether a withdrawal now is late.
    pub(super) fn is_late(&self, turn: &Turn) -> bool {
        self.clock.now().0 >= turn.trail.terms.cutoff(&turn.trail.request)
    }

    fn answered(&self, turn: &Turn, position: u32, answer: Answer, reason: Option<Reason>) -> Act {
        let said = Answered {
            alpha: turn.alpha,
            round: turn.trail.people.get(&position).map_or(0, |person| person.round),
            position,
            answer,
            by: AnsweredBy::Expert,
            reason,
            receipt: None,
        };
        Act::new("answer", "", Call::Answered(said))
    }

    /// One step of the expert's own, once per key; then what is due.
    fn own_step(
        &self,
        actor: &Actor,
        id: &str,
        key: &IdempotencyKey,
        step: impl Fn(&Turn, u32, bool) -> Result<Act, Refusal>,
    ) -> Result<InvitationView, Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = self.own_number(actor)?;
        let draw = {
            let engagements = self.engagements()?;
            own(&engagements, &number, id)?.0.id.clone()
        };
        let change = || {
            self.turn(
                &draw,
                || self.slot_of(&number, &draw),
                |turn, (engaged_at, taken)| {
                    let position = turn.trail.position(&number).ok_or_else(no_invitation)?;
                    if turn.trail.ended.is_some() || turn.row.state == state::REVIEWED {
                        return Err(ended());
                    }
                    let mut act = step(turn, position, taken)?;
                    act.actor.clone_from(&actor.account);
                    act.idempotency = Some(self.idempotency_row(actor, Some(key), id, 200));
                    let accepts =
                        matches!(&act.call, Call::Answered(said) if said.answer == Answer::Accepted);
                    act.engaged_at = accepts.then_some(engaged_at);
                    Ok(Decided::Say(Box::new(act), ()))
                },
            )?;
            self.advance_calls_or_leave(&draw);
            Ok(())
        };
        self.once(actor, Some(key), |_| Ok(()), change)?;
        self.my_invitation(actor, id)
    }

    /// Whether the slot that a draw asks for is taken by another acceptance of this expert, with the position
    /// of the engagements that say so.
    pub(super) fn slot_of(&self, number: &str, draw: &str) -> Result<(u64, bool), Refusal> {
        let engagements = self.engagements()?;
        let trail = engagements.trail(draw).ok_or_else(no_invitation)?;
        // The way there and back is in the slot of the other, as `availability` counts it: once.
        let (from, to) = trail.terms.hours_of(&trail.request);
        let accepted = |slot: &super::super::engagements::Slot| {
            slot.draw != draw
                && slot.package != trail.package
                && slot.hold != super::super::engagements::Hold::Invited
                && slot.from < to
                && from < slot.to
        };
        Ok((engagements.position(), engagements.slots(number).iter().any(accepted)))
    }
}

/// What is kept of an answer.
fn image(actor: &Actor, note: Option<&str>) -> Object {
    Object::new().with("v", 1u32).with("account", actor.account.as_str()).with_some("note", note)
}

fn check_note(note: Option<&str>) -> Result<(), Refusal> {
    note.map_or(Ok(()), |note| line("note", note, NOTE_MAX))
        .map_err(|problem| Refusal::invalid(vec![problem]))
}

fn own<'a>(engagements: &'a Engagements, number: &'a str, id: &str) -> Result<(&'a Trail, u32), Refusal> {
    let found = engagements.of(number).find(|(trail, _)| trail.invitation_id(number) == id);
    found.ok_or_else(no_invitation)
}

fn view(trail: &Trail, position: u32, number: &str, now: Timestamp) -> Option<InvitationView> {
    let person = trail.people.get(&position)?;
    let waits = person.answered.is_none() && !person.kept;
    let state = match (person.out, trail.ended) {
        (Some(why), _) => InvitationState::Out(why),
        (None, Some(Ended::Voided | Ended::Stopped(_))) => InvitationState::Cancelled,
        (None, _) if waits && person.closes < now.0 => InvitationState::Closed,
        (None, _) if waits => InvitationState::Open,
        (None, _) if person.signed_in.is_some() => InvitationState::SignedIn,
        (None, _) if trail.seat_of(position).is_some() && (person.told_seat || person.kept) => {
            InvitationState::Seated
        }
        (None, _) if person.told_standby => InvitationState::Standby,
        (None, _) => InvitationState::Accepted,
    };
    let seated = matches!(state, InvitationState::Seated | InvitationState::SignedIn);
    Some(InvitationView {
        id: trail.invitation_id(number),
        state,
        start: Timestamp(trail.request.review_start),
        hours: trail.terms.hours,
        sign_in_by: Timestamp(trail.terms.sign_in_by),
        cities: trail.cities(position),
        place: person.site.filter(|_| seated).and_then(|site| trail.terms.place(site)),
        invited: (!person.kept).then_some(Timestamp(person.invited)),
        answer_by: (!person.kept).then_some(Timestamp(person.closes)),
        answered: person.answered.map(|told| (told.answer, told.by, Timestamp(told.time), told.reason)),
        cutoff: Timestamp(trail.terms.cutoff(&trail.request)),
    })
}

/// No such invitation, or somebody else's.
fn no_invitation() -> Refusal {
    Refusal::not_found("邀请", "invitation")
}

/// The person has accepted another review at this time.
pub(super) fn slot_taken() -> Refusal {
    let en = "another review at this time was accepted; withdraw from it first, or decline";
    Refusal::new(Kind::Conflict, "slot_taken", "同一时段已接受其他评审，请先退出该评审或不参加本次评审", en)
}

/// The draw has ended.
pub(super) fn ended() -> Refusal {
    Refusal::new(Kind::Conflict, "wrong_state", "该评审已取消或已结束", "the review is off, or over")
}
