//! Leave, confirmation, and reports that somebody cannot be reached: what an expert does with the own
//! record, or a registrar at the expert's word.
//!
//! Each changes the record and a case together. A leave's case is its history; the record holds those
//! leaves that are not over, which is what a draw asks.
//!
//! *Invariants:* leave is never changed for the past: one that runs ends with the present hour; a
//! registrar's act carries a note; a stale record becomes drawable again only by a confirmation.
//!
//! *Deliberately not here:* answers to invitations (`calls`); leave that overlaps one is refused here.

use super::Service;
use super::actor::{Action, Actor};
use super::carrying::journal_kind;
use super::cases::{Case, NewCase, no_case};
use super::changes::Changes;
use super::decisions::refused;
use super::engagements::Hold;
use super::experts::ExpertRecord;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::looks::line;
use super::refusal::{Kind, Refusal};
use super::sealing::SubjectKey;
use crate::registry::keeping::{CONFIRMATION, LEAVE, LeaveBody, ReachBody, UNREACHABLE, confirmation_body};
use crate::registry::lifecycle::{Lifecycle, Party};
use crate::registry::{Event, EventKind, Expert, Leave, StaleReason, Standing};
use crate::store::case::CaseFilter;
use crate::time::Timestamp;

const NOTE_MAX: usize = 200;

/// Whose record: the account's own, or somebody's by a registrar with a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The expert's own.
    Own,
    /// This expert's, by a registrar.
    Of(String),
}

/// A leave as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveView {
    /// Id of its case.
    pub id: String,
    /// Whose.
    pub expert: String,
    /// `set`, `ended`, `cancelled`.
    pub state: String,
    /// First second.
    pub from: Timestamp,
    /// The second after the last.
    pub to: Timestamp,
    /// Grows with every change.
    pub version: i64,
}

/// A confirmation, or a report that somebody cannot be reached, as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptView {
    /// Id of its case.
    pub id: String,
    /// Kind of the case.
    pub kind: String,
    /// State of the case.
    pub state: String,
    /// Whose.
    pub expert: String,
    /// The standing afterwards.
    pub standing: String,
}

impl Service {
    /// Enters a leave.
    pub fn set_leave(
        &self,
        actor: &Actor,
        whose: &Whose,
        leave: (Timestamp, Timestamp),
        note: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<LeaveView, Refusal> {
        self.check_whose(actor, whose, note)?;
        self.once(
            actor,
            key,
            |id| self.leave_view(id),
            || {
                let (record, data_key, parties) = self.kept_record(actor, whose)?;
                in_registry(&record.expert)?;
                let (from, to) = leave;
                let now = self.clock.now();
                let problems = LeaveBody::problems(from, to, now);
                if !problems.is_empty() {
                    return Err(Refusal::invalid(problems));
                }
                if record.expert.on_leave(from, to) {
                    let en = "overlaps a leave that is entered already";
                    return Err(Refusal::new(Kind::Conflict, "overlapping_leave", "与已登记的请假重叠", en));
                }
                self.check_engaged(record.expert.number().as_str(), from, to)?;
                // What is over stays in its case and need not be asked by draws.
                let mut leaves: Vec<Leave> =
                    record.expert.leaves().iter().copied().filter(|leave| leave.to > now).collect();
                leaves.push(Leave { from, to });
                let body = LeaveBody { from, to, note: note.map(str::to_owned) };
                let case =
                    self.kept_case(actor, &parties, "set", &LEAVE, &record.expert, body.to_json(), 'L')?;
                let case = Case { due: Some(to.0), ..case };
                let expert = record.expert.with_leaves(leaves).map_err(Refusal::invalid)?;
                let change = self.expert_change(
                    actor,
                    &expert,
                    record.version + 1,
                    "expert.leave_set",
                    Some(data_key),
                )?;
                let changes = Changes::once(self.idempotency_row(actor, key, &case.id, 201));
                self.write_changes("set leave", changes.expert(change).case(self.case_change(&case)?))?;
                view(&case)
            },
        )
    }

    /// Leave is no way out of an invitation or a seat: who is invited answers, who has accepted withdraws,
    /// which is late from the cut-off on (请假截止).
    fn check_engaged(&self, number: &str, from: Timestamp, to: Timestamp) -> Result<(), Refusal> {
        let slot = self.engagements()?.overlap(number, from.0, to.0, None);
        let Some(slot) = slot else { return Ok(()) };
        let of = |code, zh: &str, en: &str| Err(Refusal::new(Kind::Conflict, code, zh, en));
        if slot.hold == Hold::Invited {
            let en = "an invitation for this time waits for an answer: decline it first";
            of("invited", "该时段有待答复的评审邀请，请先答复不参加", en)
        } else if self.clock.now().0 < slot.cutoff {
            let en = "a review at this time was accepted: withdraw from it first";
            of("engaged", "该时段已接受评审，请先退出该次评审", en)
        } else {
            let en = "too near to an accepted review: leave is closed; withdraw, which is recorded as late";
            of("leave_closed", "临近已接受的评审，请假已截止；确不能参加请退出，将记为临近取消", en)
        }
    }

    /// Cancels a leave; one that runs ends with the present hour.
    pub fn cancel_leave(
        &self,
        actor: &Actor,
        whose: &Whose,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<LeaveView, Refusal> {
        self.check_whose(actor, whose, Some("-"))?;
        self.once(
            actor,
            key,
            |id| self.leave_view(id),
            || {
                let (record, data_key, parties) = self.kept_record(actor, whose)?;
                let number = record.expert.number().as_str();
                let found = self.store.read(|conn| self.read_case(conn, id))?;
                let own =
                    found.filter(|case| case.kind == LEAVE.name && case.subject.as_deref() == Some(number));
                let mut case = own.ok_or_else(no_case)?;
                let mut body = LeaveBody::from_json(&case.body).map_err(Refusal::internal)?;
                let now = self.clock.now();
                if body.to <= now {
                    let en = "the leave is over";
                    return Err(Refusal::new(Kind::Conflict, "leave_over", "该请假已结束", en));
                }
                let kept = record.expert.leaves().iter().copied().filter(|leave| leave.from != body.from);
                let mut leaves: Vec<Leave> = kept.collect();
                let event = if body.from > now {
                    "cancel"
                } else {
                    body.to = body.cut_at(now);
                    leaves.push(Leave { from: body.from, to: body.to });
                    "cut"
                };
                self.step_case(actor, &parties, &LEAVE, &mut case, event)?;
                case.body = body.to_json();
                case.due = None;
                let expert = record.expert.with_leaves(leaves).map_err(Refusal::invalid)?;
                let kind = "expert.leave_cancelled";
                let change = self.expert_change(actor, &expert, record.version + 1, kind, Some(data_key))?;
                let changes = Changes::once(self.idempotency_row(actor, key, id, 200));
                self.write_changes("cancel leave", changes.expert(change).case(self.case_change(&case)?))?;
                view(&case)
            },
        )
    }

    /// A page of the leaves of the expert whose account this is.
    pub fn my_leaves(&self, actor: &Actor, paging: &Paging) -> Result<Listed<LeaveView>, Refusal> {
        actor.check(Action::OwnRecord)?;
        let filter = CaseFilter {
            kinds: vec![LEAVE.name.to_owned()],
            subject: Some(self.own_number(actor)?),
            ..CaseFilter::default()
        };
        let page = self.cases(actor, filter, paging)?;
        let items = page.items.iter().map(view).collect::<Result<_, _>>()?;
        Ok(Listed { items, next: page.next })
    }

    /// The record is right as of today: the yearly confirmation, or a registrar's word with a note. A
    /// stale record is active again.
    pub fn confirm_record(
        &self,
        actor: &Actor,
        whose: &Whose,
        note: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<KeptView, Refusal> {
        self.check_whose(actor, whose, note)?;
        self.once(
            actor,
            key,
            |id| self.kept_view(id),
            || {
                let (record, data_key, parties) = self.kept_record(actor, whose)?;
                in_registry(&record.expert)?;
                let today = record.today;
                let expert = record.expert.with_confirmed(today).map_err(Refusal::invalid)?;
                let stale = matches!(expert.standing(), Standing::Stale(_));
                let (expert, kind) = if stale {
                    (
                        expert.decided(Event::Refresh, today).map_err(refused)?,
                        journal_kind(EventKind::Refresh),
                    )
                } else {
                    (expert, "expert.confirmed")
                };
                let body = confirmation_body(today, note);
                let case = self.kept_case(actor, &parties, "confirm", &CONFIRMATION, &expert, body, 'K')?;
                let change = self.expert_change(actor, &expert, record.version + 1, kind, Some(data_key))?;
                let changes = Changes::once(self.idempotency_row(actor, key, &case.id, 201));
                let mut changes = changes.expert(change).case(self.case_change(&case)?);
                if let Some(mut open) = self.open_report(expert.number().as_str())? {
                    self.step_case(actor, &parties, &UNREACHABLE, &mut open, "reach")?;
                    changes = changes.case(self.case_change(&open)?);
                }
                self.write_changes("confirm record", changes)?;
                Ok(kept(&case, &expert))
            },
        )
    }

    /// Reports that somebody cannot be reached. The second report, on another day, makes the record
    /// stale.
    pub fn report_unreachable(
        &self,
        actor: &Actor,
        number: &str,
        note: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<KeptView, Refusal> {
        let whose = Whose::Of(number.to_owned());
        self.check_whose(actor, &whose, Some(note))?;
        self.once(
            actor,
            key,
            |id| self.kept_view(id),
            || {
                let (record, data_key, parties) = self.kept_record(actor, &whose)?;
                in_registry(&record.expert)?;
                let report = (record.today, note.to_owned());
                let Some(mut case) = self.open_report(number)? else {
                    let body = ReachBody { reports: vec![report] };
                    let expert = &record.expert;
                    let case =
                        self.kept_case(actor, &parties, "report", &UNREACHABLE, expert, body.to_json(), 'U')?;
                    let changes = Changes::once(self.idempotency_row(actor, key, &case.id, 201));
                    self.write_changes("report unreachable", changes.case(self.case_change(&case)?))?;
                    return Ok(kept(&case, &record.expert));
                };
                let mut body = ReachBody::from_json(&case.body).map_err(Refusal::internal)?;
                if body.reports.iter().any(|(day, _)| *day == record.today) {
                    let en = "the second report has to be made on another day";
                    return Err(Refusal::new(Kind::Conflict, "reported_today", "须在另一日再次核实", en));
                }
                self.step_case(actor, &parties, &UNREACHABLE, &mut case, "report_again")?;
                body.reports.push(report);
                case.body = body.to_json();
                let changes = Changes::once(self.idempotency_row(actor, key, &case.id, 201));
                let mut changes = changes.case(self.case_change(&case)?);
                let mut expert = record.expert.clone();
                // One who is suspended or stale already is not drawn anyway.
                if expert.standing().on(record.today) == Standing::Active {
                    let event = Event::MarkStale(StaleReason::Unreachable);
                    expert = expert.decided(event, record.today).map_err(refused)?;
                    let kind = journal_kind(EventKind::MarkStale);
                    let change =
                        self.expert_change(actor, &expert, record.version + 1, kind, Some(data_key))?;
                    changes = changes.expert(change);
                }
                self.write_changes("report unreachable again", changes)?;
                Ok(kept(&case, &expert))
            },
        )
    }

    /// Right, and a note where a registrar acts.
    fn check_whose(&self, actor: &Actor, whose: &Whose, note: Option<&str>) -> Result<(), Refusal> {
        match whose {
            Whose::Own => actor.check(Action::OwnRecord)?,
            Whose::Of(_) => actor.check(Action::KeepRegistry)?,
        }
        match (whose, note) {
            (Whose::Of(_), None) => line("note", "", NOTE_MAX),
            (_, Some(note)) => line("note", note, NOTE_MAX),
            (Whose::Own, None) => Ok(()),
        }
        .map_err(|problem| Refusal::invalid(vec![problem]))
    }

    /// The record with its data key, and as whom the account acts.
    fn kept_record(
        &self,
        actor: &Actor,
        whose: &Whose,
    ) -> Result<(ExpertRecord, SubjectKey, Vec<Party>), Refusal> {
        let (record, key) = match whose {
            Whose::Own => self.expert_record(&self.own_number(actor)?)?,
            Whose::Of(number) => self.expert_in_region(actor, number)?,
        };
        Ok((record, key, actor.parties()))
    }

    /// A case about a person, sealed for the person.
    #[allow(clippy::too_many_arguments)]
    fn kept_case(
        &self,
        actor: &Actor,
        parties: &[Party],
        event: &'static str,
        lifecycle: &'static Lifecycle,
        expert: &Expert,
        body: crate::codec::Json,
        letter: char,
    ) -> Result<Case, Refusal> {
        let number = expert.number().as_str();
        self.begin_case(
            actor,
            parties,
            event,
            NewCase {
                lifecycle,
                letter,
                subject: Some(number),
                region: expert.regions().first().map(|region| region.as_str()),
                parent: None,
                owner: None,
                due: None,
                body,
                sealed_for: Some(number),
            },
        )
    }

    /// The report about a person that is not settled.
    fn open_report(&self, number: &str) -> Result<Option<Case>, Refusal> {
        let filter = CaseFilter {
            kinds: vec![UNREACHABLE.name.to_owned()],
            states: vec!["reported".to_owned(), "unreachable".to_owned()],
            subject: Some(number.to_owned()),
            ..CaseFilter::default()
        };
        Ok(self.store.read(|conn| self.all_cases(conn, &filter))?.pop())
    }

    fn leave_view(&self, id: &str) -> Result<LeaveView, Refusal> {
        view(&self.store.read(|conn| self.read_case(conn, id))?.ok_or_else(no_case)?)
    }

    fn kept_view(&self, id: &str) -> Result<KeptView, Refusal> {
        let case = self.store.read(|conn| self.read_case(conn, id))?.ok_or_else(no_case)?;
        let number = case.subject.clone().unwrap_or_default();
        Ok(kept(&case, &self.expert_record(&number)?.0.expert))
    }
}

fn view(case: &Case) -> Result<LeaveView, Refusal> {
    let body = LeaveBody::from_json(&case.body).map_err(Refusal::internal)?;
    Ok(LeaveView {
        id: case.id.clone(),
        expert: case.subject.clone().unwrap_or_default(),
        state: case.state.clone(),
        from: body.from,
        to: body.to,
        version: case.version,
    })
}

fn kept(case: &Case, expert: &Expert) -> KeptView {
    KeptView {
        id: case.id.clone(),
        kind: case.kind.clone(),
        state: case.state.clone(),
        expert: expert.number().as_str().to_owned(),
        standing: expert.standing().kind().as_str().to_owned(),
    }
}

/// Refuses for somebody who is no expert of this registry any more.
pub(super) fn in_registry(expert: &Expert) -> Result<(), Refusal> {
    match expert.standing() {
        Standing::Active | Standing::Suspended(_) | Standing::Stale(_) => Ok(()),
        Standing::Dismissed(_) | Standing::Banned | Standing::Deceased | Standing::Merged(_) => {
            let en = "the expert is not in the registry any more";
            Err(Refusal::new(Kind::Conflict, "not_in_registry", "该专家已不在库", en))
        }
    }
}
