//! The day (评审当日): from the first arrival to the signed report, and what follows the announcement.
//!
//! | file | holds |
//! |---|---|
//! | `body` | what the case of a day keeps: positions and times, no names |
//! | `opening` | the agency opens the day: venues, suppliers, discipline |
//! | `desk` | the venue's desk: who stands there, sign-in with a workstation by lot, vacancies |
//! | `seat` | the member's own: code, discipline, suppliers, declaration, chair |
//! | `conflicts` | the full list of suppliers held against somebody who has signed in |
//! | `course` | begin, pause, resume, end, report; timers |
//! | `after` | the announcement: evaluations, fees, the archive package |
//! | `absences` | the announcement: who did not come, or took their word back late |
//! | `view` | what each role sees |
//!
//! *Invariants:* nobody signs in for themselves or for another: the desk of the site does, with the person
//! before it; one name is opened to one venue at one moment, and recorded before it is; what is said in
//! the log (`draw.signed_in`, `draw.vacated`) and the case of the day are one write; whatever a member of
//! staff says about a seat takes a second account; positions, never names, stand in the case.

mod absences;
mod after;
mod body;
mod body_json;
mod conflicts;
mod course;
mod desk;
mod opening;
mod seat;
mod view;

pub use body::{Arrival, DOCUMENTS, Day, DaySite, Pause, Report, Vacancy};
pub use course::ReportDraft;
pub use desk::{AtTheDesk, Presented};
pub use opening::{DayDraft, SiteDraft};
pub use seat::{SeatView, Shown};
pub use view::{DayView, MemberOfDay, NamedMember, SiteOfDay};

use super::Service;
use super::actor::{Actor, Role};
use super::calls::{Act, Decided, Turn};
use super::cases::Case;
use super::changes::Changes;
use super::draws::{state, steps};
use super::idempotency::IdempotencyKey;
use super::refusal::{Kind, Refusal};
use crate::draw::calls::Call;
use crate::registry::day::DAY;
use crate::registry::lifecycle::Party;
use crate::store::case::CaseFilter;
use crate::store::{self, StoreError};

/// First letter of the ids.
const LETTER: char = 'Y';

/// What a step of a day says and changes besides the case.
struct Step<T> {
    /// What the log is told, if anything.
    call: Option<Call>,
    /// The state of the draw from now on, where the step decides it.
    state: Option<&'static str>,
    answer: T,
}

impl<T> Step<T> {
    fn only(answer: T) -> Self {
        Self { call: None, state: None, answer }
    }

    fn say(call: Call, answer: T) -> Self {
        Self { call: Some(call), state: None, answer }
    }
}

impl Service {
    /// The day of a draw; not found if there is none.
    fn day_of(&self, draw: &str) -> Result<(Case, Day), Refusal> {
        self.find_day(draw)?.ok_or_else(no_day)
    }

    /// Whether somebody has signed in on the day of a draw and not left.
    pub(super) fn is_present(&self, draw: &str, position: u32) -> Result<bool, Refusal> {
        Ok(self.find_day(draw)?.is_some_and(|(_, day)| day.present(position).is_some()))
    }

    pub(in crate::service) fn find_day(&self, draw: &str) -> Result<Option<(Case, Day)>, Refusal> {
        let filter = CaseFilter {
            kinds: vec![DAY.name.to_owned()],
            parent: Some(draw.to_owned()),
            ..CaseFilter::default()
        };
        let found = self.store.read(|conn| self.all_cases(conn, &filter))?.into_iter().next();
        let Some(case) = found else { return Ok(None) };
        let day = Day::read(&case.body).map_err(Refusal::internal)?;
        Ok(Some((case, day)))
    }

    /// A day that an account may see: an own draw's, or one at its venue.
    fn seen_day(&self, actor: &Actor, draw: &str) -> Result<(store::draw::Draw, Case, Day), Refusal> {
        let row = match actor.role {
            Role::Venue => self.store.read(|conn| store::draw::find(conn, draw))?.ok_or_else(no_day)?,
            _ => self.own_draw(actor, draw)?,
        };
        let (case, day) = self.day_of(draw)?;
        let own = actor.own_venue();
        let here = day.sites.iter().any(|site| Some(site.venue.as_str()) == own);
        if actor.role == Role::Venue && !here { Err(no_day()) } else { Ok((row, case, day)) }
    }

    /// One step of a day, once per key: the case is stepped by `event`, changed by `change`, and written with
    /// what is said. Runs again when somebody else spoke about the draw first.
    fn day_step<T>(
        &self,
        actor: &Actor,
        (parties, event): (&[Party], &'static str),
        draw: &str,
        key: Option<&IdempotencyKey>,
        change: impl Fn(&Turn, &mut Case, &mut Day) -> Result<Step<T>, Refusal>,
    ) -> Result<T, Refusal> {
        self.turn(
            draw,
            || self.day_of(draw),
            |turn, (mut case, mut day)| {
                // Until the clock has stopped the day of a draw that has ended, nothing happens on it any more.
                if state::ENDED_WITHOUT.contains(&turn.row.state.as_str()) {
                    return Err(not_now(
                        "wrong_state",
                        "抽取已作废或已终止",
                        "the draw was voided or stopped",
                    ));
                }
                self.step_case(actor, parties, &DAY, &mut case, event)?;
                let step = change(turn, &mut case, &mut day)?;
                case.body = day.to_json();
                let mut changes = Changes::default().case(self.case_change(&case)?);
                let idempotency = self.idempotency_row(actor, key, draw, 200);
                match step.call {
                    Some(call) => {
                        let mut act = Act::new("day", actor.account.clone(), call);
                        act.idempotency = Some(idempotency);
                        act.state = step.state;
                        act.beside = Some(changes.into_part());
                        Ok(Decided::Say(Box::new(act), step.answer))
                    }
                    None => {
                        if let Some(state) = step.state {
                            let (id, version) = (draw.to_owned(), turn.row.version);
                            changes = changes.part(move |tx| {
                                let row = store::draw::find(tx, &id)?;
                                let mut row = row.ok_or_else(|| StoreError::Stale("draw".into()))?;
                                let from = std::mem::replace(&mut row.state, state.to_owned());
                                (row.version, row.updated) = (version + 1, tx.time().0);
                                steps::step(tx, (&from, version), &row, event)
                            });
                        }
                        let changes = changes.part(move |tx| idempotency.insert(tx));
                        self.write_changes("day", changes).map_err(Refusal::unversioned)?;
                        Ok(Decided::Nothing(step.answer))
                    }
                }
            },
        )
    }
}

/// No day was opened for the draw, or it is not visible.
fn no_day() -> Refusal {
    Refusal::not_found("评审当日记录", "day of a review")
}

/// Somebody at this position cannot do this now.
fn not_now(code: &'static str, zh: &str, en: &str) -> Refusal {
    Refusal::new(Kind::Conflict, code, zh, en)
}
