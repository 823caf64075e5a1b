//! The member's own day, under the invitation: the code for the desk, the discipline, the suppliers after the
//! sign-in, the declaration, the vote for the chair.
//!
//! *Invariants:* project, purchaser and suppliers are shown to nobody who has not signed in and acknowledged
//! the discipline; other members are workstations here, never names.

use super::body::{Arrival, Day};
use super::conflicts::taking_part;
use super::desk::{interrupt, leave};
use super::{Step, not_now};
use crate::codec::Hash;
use crate::draw::calls::{Call, Vacated, VacatedBy, Why};
use crate::draw::request::Organisation;
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::calls::Turn;
use crate::service::cases::Case;
use crate::service::conduct::own_number;
use crate::service::draws::state;
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::Refusal;

/// One's own seat on the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatView {
    /// Id of the invitation.
    pub invitation: String,
    /// State of the day.
    pub state: String,
    /// First and last second of signing in.
    pub sign_in: (i64, i64),
    /// The code to show at the desk; none once signed in.
    pub code: Option<String>,
    /// Site and name of the workstation, once signed in.
    pub workstation: Option<(u32, String)>,
    /// The discipline, once signed in.
    pub discipline: Option<String>,
    /// When it was acknowledged, the suppliers were shown, nothing to recuse from was declared.
    pub steps: (Option<i64>, Option<i64>, Option<i64>),
    /// Workstations of those who are present, once the declaration is made: for the vote.
    pub others: Vec<(u32, String)>,
    /// Workstation of the chair.
    pub chair: Option<(u32, String)>,
    /// Why the seat is no longer one's own.
    pub left: Option<String>,
}

/// What is shown after the discipline was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Plan and package number.
    pub numbers: (String, String),
    /// Purchaser and agency.
    pub parties: (Organisation, Organisation),
    /// All suppliers.
    pub suppliers: Vec<Organisation>,
}

impl Service {
    /// One's own seat.
    pub fn own_seat(&self, actor: &Actor, invitation: &str) -> Result<SeatView, Refusal> {
        let (turn, position) = self.own_turn(actor, invitation)?;
        let (case, day) = self.day_of(&turn.row.id)?;
        let signed = day.arrivals.iter().rev().find(|arrival| arrival.position == position);
        let station = |arrival: &Arrival| (arrival.site, station_name(&day, arrival));
        let others = match signed {
            Some(own) if own.declared.is_some() && own.left.is_none() => {
                day.all_present().map(station).collect()
            }
            _ => Vec::new(),
        };
        let code = match signed {
            None if turn.book.accepted(position) => {
                let number = own_number(actor)?;
                Some(self.committed_draw(&turn.row.id)?.record.header.key.sign_in_code(&number))
            }
            _ => None,
        };
        let chair = day.chair.and_then(|(chair, _)| day.present(chair)).map(station);
        Ok(SeatView {
            invitation: invitation.to_owned(),
            state: case.state,
            sign_in: day.sign_in,
            code,
            workstation: signed.map(station),
            discipline: signed.map(|_| day.discipline.clone()),
            steps: signed.map_or((None, None, None), |own| (own.acknowledged, own.shown, own.declared)),
            others,
            chair: chair.filter(|_| signed.is_some()),
            left: signed.and_then(|own| own.left.as_ref().map(|(why, _)| why.clone())),
        })
    }

    /// Acknowledges the discipline. `digest` is SHA-256 of the text that was shown, so that what was read is
    /// what is recorded.
    pub fn acknowledge_discipline(
        &self,
        actor: &Actor,
        invitation: &str,
        digest: &str,
        key: &IdempotencyKey,
    ) -> Result<SeatView, Refusal> {
        self.own_day_step(actor, "acknowledge", invitation, key, |_, _, day, position| {
            if discipline_digest(day).to_hex() != digest {
                let (zh, en) = ("与所示纪律文本不符", "not the digest of the text that was shown");
                return Err(Refusal::field("digest", digest, "digest", zh, en));
            }
            let now = self.clock.now().0;
            present(day, position)?.acknowledged.get_or_insert(now);
            Ok(Step::only(()))
        })
    }

    /// Project and suppliers, once the discipline is acknowledged. That they were shown is recorded first.
    pub fn show_suppliers(
        &self,
        actor: &Actor,
        invitation: &str,
        key: &IdempotencyKey,
    ) -> Result<Shown, Refusal> {
        self.own_day_step(actor, "declare", invitation, key, |_, _, day, position| {
            let now = self.clock.now().0;
            let own = present(day, position)?;
            if own.acknowledged.is_none() {
                let en = "acknowledge the discipline first";
                return Err(not_now("discipline_first", "请先确认评审纪律", en));
            }
            own.shown.get_or_insert(now);
            Ok(Step::only(()))
        })?;
        let (turn, _) = self.own_turn(actor, invitation)?;
        let (_, day) = self.day_of(&turn.row.id)?;
        let request = &turn.trail.request;
        Ok(Shown {
            numbers: (request.plan.clone(), request.package.clone()),
            parties: (request.purchaser.clone(), request.agency.clone()),
            suppliers: taking_part(&day, &self.package_facts(&day.package)?),
        })
    }

    /// Declares to have nothing to recuse from.
    pub fn declare_no_conflict(
        &self,
        actor: &Actor,
        invitation: &str,
        key: &IdempotencyKey,
    ) -> Result<SeatView, Refusal> {
        self.own_day_step(actor, "declare", invitation, key, |_, _, day, position| {
            let now = self.clock.now().0;
            let own = present(day, position)?;
            if own.shown.is_none() {
                let en = "look at the suppliers first";
                return Err(not_now("suppliers_first", "请先查看供应商名单", en));
            }
            own.declared.get_or_insert(now);
            Ok(Step::only(()))
        })
    }

    /// Recuses oneself: the seat is vacated and filled anew.
    pub fn recuse(&self, actor: &Actor, invitation: &str, key: &IdempotencyKey) -> Result<SeatView, Refusal> {
        let view = self.own_day_step(actor, "recuse", invitation, key, |turn, case, day, position| {
            let now = self.clock.now().0;
            present(day, position)?;
            leave(day, position, Why::Recused, now);
            interrupt(case, day, now);
            let said = Vacated {
                alpha: turn.alpha,
                position,
                why: Why::Recused,
                by: VacatedBy::Expert,
                receipt: None,
                actor: None,
                approver: None,
            };
            Ok(Step { state: Some(state::CALLING), ..Step::say(Call::Vacated(said), ()) })
        })?;
        let (turn, _) = self.own_turn(actor, invitation)?;
        self.advance_calls_or_leave(&turn.row.id);
        Ok(view)
    }

    /// Votes for a chair by workstation. Whom more than half of the members name is the chair.
    pub fn vote_chair(
        &self,
        actor: &Actor,
        invitation: &str,
        (site, workstation): (u32, &str),
        key: &IdempotencyKey,
    ) -> Result<SeatView, Refusal> {
        self.own_day_step(actor, "vote_chair", invitation, key, |turn, _, day, position| {
            let there =
                |arrival: &&Arrival| arrival.site == site && station_name(day, arrival) == workstation;
            let chosen = day.all_present().find(there).map(|arrival| arrival.position);
            let chosen = chosen.ok_or_else(|| {
                let (zh, en) = ("该工位无已签到的成员", "no member has signed in at that workstation");
                Refusal::field("workstation", workstation, "workstation", zh, en)
            })?;
            let now = self.clock.now().0;
            let own = present(day, position)?;
            if own.declared.is_none() {
                let en = "declare first whether you have to recuse yourself";
                return Err(not_now("declaration_first", "请先声明有无须回避的情形", en));
            }
            own.votes_for = Some(chosen);
            let votes = |wanted: u32| day.all_present().filter(|one| one.votes_for == Some(wanted)).count();
            let elected = turn.book.panel().iter().map(|seat| seat.position);
            let majority = turn.book.panel().len() / 2 + 1;
            let chair = elected.into_iter().find(|position| votes(*position) >= majority);
            if let Some(chair) = chair.filter(|chair| day.chair.map(|(now, _)| now) != Some(*chair)) {
                day.chair = Some((chair, now));
            }
            Ok(Step::only(()))
        })
    }

    /// The draw of an own invitation, and the own position.
    fn own_turn(&self, actor: &Actor, invitation: &str) -> Result<(Turn, u32), Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = own_number(actor)?;
        let draw = {
            let engagements = self.engagements()?;
            let found = engagements.of(&number).find(|(trail, _)| trail.invitation_id(&number) == invitation);
            let (trail, position) = found.ok_or_else(no_seat)?;
            (trail.id.clone(), position)
        };
        Ok((self.calls_of(&draw.0)?, draw.1))
    }

    fn own_day_step(
        &self,
        actor: &Actor,
        event: &'static str,
        invitation: &str,
        key: &IdempotencyKey,
        change: impl Fn(&Turn, &mut Case, &mut Day, u32) -> Result<Step<()>, Refusal>,
    ) -> Result<SeatView, Refusal> {
        let (turn, position) = self.own_turn(actor, invitation)?;
        let draw = turn.row.id.clone();
        let step = || {
            let parties = actor.parties();
            self.day_step(actor, (&parties, event), &draw, Some(key), |turn, case, day| {
                change(turn, case, day, position)
            })
        };
        self.once(actor, Some(key), |_| Ok(()), step)?;
        self.own_seat(actor, invitation)
    }
}

/// SHA-256 of the discipline's text.
fn discipline_digest(day: &Day) -> Hash {
    crate::codec::sha256(&[day.discipline.as_bytes()])
}

/// The name of somebody's workstation.
pub(super) fn station_name(day: &Day, arrival: &Arrival) -> String {
    let names = day.site(arrival.site).map(|site| site.workstations.as_slice()).unwrap_or_default();
    let at = usize::try_from(arrival.workstation).unwrap_or_default();
    at.checked_sub(1).and_then(|at| names.get(at)).cloned().unwrap_or_else(|| arrival.workstation.to_string())
}

fn present(day: &mut Day, position: u32) -> Result<&mut Arrival, Refusal> {
    day.present_mut(position).ok_or_else(|| {
        let en = "you have not signed in at your site, or your seat was vacated";
        not_now("not_signed_in", "您尚未在场所签到，或席位已空出", en)
    })
}

fn no_seat() -> Refusal {
    Refusal::not_found("邀请", "invitation")
}
