//! The desk of a venue: who stands there, sign-in with the workstation by lot, seats reported as vacant.
//!
//! Whoever arrives shows the code of their own page or an identity document. The look is recorded first;
//! then the name of exactly that person is opened to exactly that venue, if they are expected there.
//! Somebody who is expected elsewhere, or nowhere, gives the same answer. The number of the document is
//! compared and kept nowhere.

use super::body::{Arrival, DOCUMENTS, Day, DaySite, Vacancy};
use super::{Step, not_now};
use crate::codec::hmac_sha256;
use crate::draw::calls::{Call, SignedIn, Vacated, VacatedBy, Why};
use crate::draw::statements::Drawn;
use crate::draw::workstations::workstation;
use crate::registry::day::takes_arrivals;
use crate::registry::lifecycle::Party;
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::archive::Committed;
use crate::service::calls::Turn;
use crate::service::calls::trail::Trail;
use crate::service::case_body::free_text;
use crate::service::draws::state;
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::{Kind, Refusal};
use crate::service::sight::{Field, Sight, Stage};
use crate::service::{ITSELF, day::view::DayView};
use crate::store;

/// Minutes beside the way there for who is seated on the day itself (项目规则).
const LATER_MINUTES: u32 = 30;

/// What somebody shows at the desk.
#[derive(Clone, PartialEq, Eq)]
pub enum Presented {
    /// The code of the own page, eight digits.
    Code(String),
    /// Kind (GA/T 517) and number of an identity document.
    Document {
        /// Kind.
        kind: String,
        /// Number; compared, never kept.
        number: String,
    },
}

/// Somebody at the desk who is expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtTheDesk {
    /// Pool position.
    pub position: u32,
    /// Name, to be compared with the document.
    pub name: String,
    /// Group of the seat.
    pub group: u8,
    /// Site.
    pub site: u32,
    /// Whether they have signed in already.
    pub signed_in: bool,
}

impl Service {
    /// Who stands at the desk. Recorded first, found or not.
    pub fn look_at_desk(&self, actor: &Actor, draw: &str, shown: &Presented) -> Result<AtTheDesk, Refusal> {
        actor.check(Action::KeepDesk)?;
        let (_, case, day) = self.seen_day(actor, draw)?;
        if !takes_arrivals(&case.state) {
            return Err(not_now("wrong_state", "当前不在签到阶段", "nobody signs in at present"));
        }
        let now = self.clock.now().0;
        if now < day.sign_in.0 {
            return Err(not_now("too_early", "签到尚未开始", "signing in has not begun yet"));
        }
        self.record_look(actor, "desk", draw, "签到核验身份")?;
        let (turn, committed) = (self.calls_of(draw)?, self.committed_draw(draw)?);
        let (position, site) = self.expected(actor, &day, &turn, &committed, shown)?;
        // Kept after signing in to an earlier attempt, a member comes to this day like everybody.
        let signed_in = day.present(position).is_some();
        if !signed_in && !day.may_sign_in(position, now) {
            return Err(too_late());
        }
        let seat = turn.book.seat_of(position).ok_or_else(not_expected)?;
        let person = committed.record.candidates.get(position as usize).ok_or_else(not_expected)?;
        let card = self.store.read(|conn| self.archive().seated_card(conn, draw, person))?;
        let sight = Sight::of(actor, "", Stage::AtTheDesk);
        Ok(AtTheDesk {
            position,
            name: sight.text(Field::Name, &card.name).unwrap_or_default(),
            group: seat.group,
            site: site.site,
            signed_in,
        })
    }

    /// Signs somebody in whose identity was checked with a document, and gives them their workstation by lot.
    /// A conflict that the full list of suppliers shows vacates the seat in the same act.
    pub fn sign_in_member(
        &self,
        actor: &Actor,
        draw: &str,
        shown: &Presented,
        document: &str,
        key: &IdempotencyKey,
    ) -> Result<DayView, Refusal> {
        actor.check(Action::KeepDesk)?;
        if !DOCUMENTS.contains(&document) {
            let names = DOCUMENTS.join(", ");
            let (zh, en) = (format!("应为 {names} 之一"), format!("must be one of {names}"));
            return Err(Refusal::field("document", document, "document", &zh, &en));
        }
        let sign = || {
            let at_desk = self.look_at_desk(actor, draw, shown)?;
            if at_desk.signed_in {
                return Err(not_now("signed_in", "该专家已签到", "this expert has signed in already"));
            }
            let seed = self.seed_of(draw)?;
            self.day_step(actor, (&actor.parties(), "arrive"), draw, Some(key), |turn, case, day| {
                let seat = turn.book.seat_of(at_desk.position).ok_or_else(not_expected)?;
                let site = turn.trail.site_of(seat).ok_or_else(not_expected)?;
                let here = day.site(site).ok_or_else(not_expected)?;
                let taken: Vec<u32> = day
                    .all_present()
                    .filter(|arrival| arrival.site == site)
                    .map(|arrival| arrival.workstation)
                    .collect();
                let count = u32::try_from(here.workstations.len()).unwrap_or_default();
                let workstation = workstation(&seed, site, count, seat.position, &taken).ok_or_else(full)?;
                let now = self.clock.now().0;
                day.arrivals.push(Arrival {
                    position: seat.position,
                    group: seat.group,
                    site,
                    workstation,
                    document: document.to_owned(),
                    by: actor.account.clone(),
                    at: now,
                    acknowledged: None,
                    shown: None,
                    declared: None,
                    left: None,
                    breach: None,
                    votes_for: None,
                });
                case.due = Some(day.review_start);
                let said = SignedIn {
                    alpha: turn.alpha,
                    position: seat.position,
                    group: u32::from(seat.group),
                    site,
                };
                // In the log they are signed in already (draw-v2 §7): once, and for this group.
                if turn.book.signed_in(seat.position) {
                    return Ok(Step::only(seat.position));
                }
                Ok(Step::say(Call::SignedIn(said), seat.position))
            })
        };
        let position = self.once(actor, Some(key), |_| Ok(None), || sign().map(Some))?;
        if let Some(position) = position {
            self.find_late_conflict(draw, position)?;
        }
        self.day(actor, draw)
    }

    /// Holds the full list of suppliers against somebody who has just signed in; a conflict vacates the seat.
    pub(super) fn find_late_conflict(&self, draw: &str, position: u32) -> Result<(), Refusal> {
        let (_, day) = self.day_of(draw)?;
        let turn = self.calls_of(draw)?;
        let Some(number) = turn.trail.number(position).map(str::to_owned) else { return Ok(()) };
        let itself = Actor::of_service();
        let (_, package) = self.package_record(&itself, &day.package)?;
        let against = self.late_conflicts(&number, &day, &package)?;
        if against.is_empty() {
            return Ok(());
        }
        self.day_step(&itself, (&[Party::Clock], "find_conflict"), draw, None, |turn, _, day| {
            let now = self.clock.now().0;
            if let Some(arrival) = day.present_mut(position) {
                arrival.left = Some((Why::Conflict.name().to_owned(), now));
            }
            let said = Vacated {
                alpha: turn.alpha,
                position,
                why: Why::Conflict,
                by: VacatedBy::Operator,
                receipt: None,
                actor: Some(ITSELF.to_owned()),
                approver: None,
            };
            Ok(Step { state: Some(state::CALLING), ..Step::say(Call::Vacated(said), ()) })
        })?;
        self.advance_calls_or_leave(draw);
        Ok(())
    }

    /// Reports that a seat of this venue will not be taken: nobody came, or who came may not review.
    pub fn report_vacancy(
        &self,
        actor: &Actor,
        draw: &str,
        position: u32,
        (why, reason): (&str, &str),
        key: &IdempotencyKey,
    ) -> Result<DayView, Refusal> {
        actor.check(Action::KeepDesk)?;
        free_text("reason", reason)?;
        let known = [Why::Absent, Why::Withdrawn, Why::Unfit];
        let why = known.into_iter().find(|known| known.name() == why).ok_or_else(|| {
            let (zh, en) = ("应为 absent、withdrawn 或 unfit", "must be absent, withdrawn or unfit");
            Refusal::field("why", why, "why", zh, en)
        })?;
        let report = || {
            self.seen_day(actor, draw)?;
            self.day_step(actor, (&actor.parties(), "report_vacancy"), draw, Some(key), |turn, _, day| {
                let seat = turn.book.seat_of(position).ok_or_else(not_expected)?;
                let site =
                    turn.trail.site_of(seat).and_then(|site| day.site(site)).ok_or_else(not_expected)?;
                if Some(site.venue.as_str()) != actor.own_venue() || turn.book.out_why(position).is_some() {
                    return Err(not_expected());
                }
                let now = self.clock.now().0;
                if why == Why::Withdrawn && day.present(position).is_none() {
                    let en = "who has not signed in withdraws on the own page, or is absent";
                    return Err(not_now("not_signed_in", "未签到的专家由本人退出，或到时限后报告缺席", en));
                }
                if why == Why::Absent && now <= last_moment(&turn.trail, day, position) {
                    let en = "the time of sign-in is not over";
                    return Err(not_now("too_early", "签到时限未到，不能报告缺席", en));
                }
                if why == Why::Absent && turn.book.signed_in(position) {
                    return Err(not_now("signed_in", "该专家已签到", "this expert has signed in"));
                }
                day.vacancies.retain(|open| open.position != position || open.confirmed_by.is_some());
                day.vacancies.push(Vacancy {
                    position,
                    why: why.name().to_owned(),
                    reason: reason.to_owned(),
                    reported_by: actor.account.clone(),
                    at: now,
                    confirmed_by: None,
                });
                Ok(Step::only(()))
            })
        };
        self.once(actor, Some(key), |_| Ok(()), report)?;
        self.day(actor, draw)
    }

    /// Confirms a vacancy that another account reported: the seat is vacated and settled anew.
    pub fn confirm_vacancy(
        &self,
        actor: &Actor,
        draw: &str,
        position: u32,
        key: &IdempotencyKey,
    ) -> Result<DayView, Refusal> {
        actor.check(Action::ConfirmVacancy)?;
        let confirm = || {
            self.seen_day(actor, draw)?;
            self.day_step(actor, (&actor.parties(), "confirm_vacancy"), draw, Some(key), |turn, case, day| {
                let now = self.clock.now().0;
                let open =
                    day.vacancies.iter_mut().find(|v| v.position == position && v.confirmed_by.is_none());
                let open = open.ok_or_else(|| {
                    not_now("not_reported", "尚无该席位的空缺报告", "nobody reported this seat as vacant")
                })?;
                if open.reported_by == actor.account {
                    let en = "another account than the one that reported has to confirm";
                    return Err(not_now("second_person_required", "须由报告人以外的另一账号确认", en));
                }
                open.confirmed_by = Some(actor.account.clone());
                let why = Why::parse(&open.why).ok_or_else(|| Refusal::internal("unknown why"))?;
                let reported_by = open.reported_by.clone();
                leave(day, position, why, now);
                interrupt(case, day, now);
                let said = Vacated {
                    alpha: turn.alpha,
                    position,
                    why,
                    by: VacatedBy::Operator,
                    receipt: None,
                    actor: Some(reported_by),
                    approver: Some(actor.account.clone()),
                };
                Ok(Step { state: Some(state::CALLING), ..Step::say(Call::Vacated(said), ()) })
            })
        };
        self.once(actor, Some(key), |_| Ok(()), confirm)?;
        self.advance_calls_or_leave(draw);
        self.day(actor, draw)
    }

    /// The position of whoever shows this, if they are expected at a site of the actor's venue.
    fn expected<'a>(
        &self,
        actor: &Actor,
        day: &'a Day,
        turn: &Turn,
        committed: &Committed,
        shown: &Presented,
    ) -> Result<(u32, &'a DaySite), Refusal> {
        let hash = match shown {
            Presented::Code(_) => None,
            Presented::Document { kind, number } => {
                Some(hmac_sha256(&self.keys.uniqueness, &[kind.as_bytes(), b"\n", number.as_bytes()]))
            }
        };
        let by_document = match &hash {
            Some(hash) => self.store.read(|conn| store::expert::number_of(conn, hash))?,
            None => None,
        };
        for seat in turn.book.members() {
            let site = turn.trail.site_of(seat).and_then(|site| day.site(site));
            let Some(site) = site.filter(|site| Some(site.venue.as_str()) == actor.own_venue()) else {
                continue;
            };
            let Some(number) = turn.trail.number(seat.position) else { continue };
            let is = match shown {
                Presented::Code(code) => *code == committed.record.header.key.sign_in_code(number),
                Presented::Document { .. } => by_document.as_deref() == Some(number),
            };
            if is && turn.book.accepted(seat.position) {
                return Ok((seat.position, site));
            }
        }
        Err(not_expected())
    }

    pub(super) fn committed_draw(&self, draw: &str) -> Result<Committed, Refusal> {
        self.store.read(|conn| self.archive().committed(conn, draw))
    }

    fn seed_of(&self, draw: &str) -> Result<crate::codec::Hash, Refusal> {
        let committed = self.committed_draw(draw)?;
        let drawn: Option<Drawn> = committed.drawn()?;
        Ok(drawn.ok_or_else(|| Refusal::internal("a day without a result"))?.seed)
    }
}

/// Until when somebody may still come: the close of the sign-in for who was seated when the day was opened; for
/// who came to a seat later, the way there and [`LATER_MINUTES`] from the moment at which they were told.
fn last_moment(trail: &Trail, day: &Day, position: u32) -> i64 {
    let close = day.sign_in.1;
    if day.expected.contains(&position) {
        return close;
    }
    let answered = trail.people.get(&position).and_then(|person| person.answered).map_or(0, |told| told.time);
    let settled = trail.rounds.iter().filter_map(|round| round.settled).max().unwrap_or(0);
    let told = answered.max(settled).max(trail.seated_at);
    close.max(told + i64::from(trail.terms.travel_minutes + LATER_MINUTES) * 60)
}

/// Marks somebody as gone, and their opinions void with them.
pub(super) fn leave(day: &mut Day, position: u32, why: Why, now: i64) {
    if let Some(arrival) = day.present_mut(position) {
        arrival.left = Some((why.name().to_owned(), now));
    }
    for arrival in &mut day.arrivals {
        if arrival.votes_for == Some(position) {
            arrival.votes_for = None;
        }
    }
    if day.chair.is_some_and(|(chair, _)| chair == position) {
        day.chair = None;
    }
}

/// A seat became vacant while the panel sat: the sitting ends there.
pub(super) fn interrupt(case: &mut crate::service::cases::Case, day: &mut Day, now: i64) {
    if let Some((_, to @ None)) = day.sittings.last_mut() {
        *to = Some(now);
    }
    case.due = None;
}

fn not_expected() -> Refusal {
    let zh = "此人不在本场所今日应到名单之列";
    let en = "this person is not expected at this venue today";
    Refusal::new(Kind::NotFound, "not_expected", zh, en)
}

fn too_late() -> Refusal {
    not_now("too_late", "签到时限已过，逾时不得签到", "the time of sign-in is over: late is absent")
}

fn full() -> Refusal {
    not_now("no_workstation", "该场所已无空闲工位", "no workstation of this site is free")
}
