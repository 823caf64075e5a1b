//! What a date brings (到期办理): suspensions that end by themselves, leave that is over, records that
//! become stale, reminders, overdue cases that are urged. As account `service`, as `Party::Clock`.
//!
//! `serve` runs it at start and every minute, `expert-draw due` and `POST /due` once. Idempotent: a
//! second run finds nothing to do. Resumable: it writes at most [`CHUNK`] changes at once and keeps no
//! state but the journal; whatever somebody else changed meanwhile is left for the next run.
//!
//! *Deliberately not here:* what a kind's date means beyond its step; another part adds a line to
//! [`STEPS`].

use super::Service;
use super::actor::{Action, Actor};
use super::carrying::ENDING;
use super::cases::CaseChange;
use super::cases::{Case, all_rows};
use super::changes::Changes;
use super::experts::ExpertChange;
use super::leave::in_registry;
use super::refusal::{Kind, Refusal};
use crate::registry::application::APPLICATION;
use crate::registry::change::CHANGE;
use crate::registry::decision::{BULK, DECISION};
use crate::registry::keeping::LEAVE;
use crate::registry::lifecycle::{Lifecycle, Party};
use crate::registry::renewal::RENEWAL_BATCH;
use crate::store::case::{CaseFilter, CaseRow};
use crate::store::expert::ExpertFilter;
use crate::store::{self, Page};
use crate::time::Date;

/// Changes of one write.
pub(super) const CHUNK: usize = 500;
/// After so many days an overdue case is urged again (项目规则).
const URGE_DAYS: i64 = 7;

/// A step: what it did, as a count.
type Step = fn(&Service) -> Result<u64, Refusal>;

/// The steps in order, each with the name of its count. A part adds a line.
const STEPS: &[(&str, Step)] = &[
    ("suspensions_ended", Service::end_suspensions),
    ("affairs_ended", Service::end_affairs),
    ("leaves_elapsed", Service::elapse_leaves),
    ("records_marked_stale", Service::mark_stale),
    ("reminders_closed", Service::close_reminders),
    ("reminders_sent", Service::remind),
    ("cases_urged", Service::urge),
    ("conduct_urged", |service| service.due_conduct(service.now())),
    ("evaluations_urged_or_lapsed", |service| service.due_performance(service.now())),
    ("campaigns_urged", |service| service.due_campaigns(service.now())),
    ("days_stepped", |service| service.due_days(service.now())),
    ("days_archived", Service::due_archives),
    ("calls_advanced", Service::due_calls),
    ("bookings_finished", Service::finish_bookings),
    ("plans_closed", Service::close_unsealed_plans),
];

/// The same without the steps that look at every record; a date brings those once a day.
const OFTEN: &[&str] = &[
    "leaves_elapsed",
    "cases_urged",
    "conduct_urged",
    "evaluations_urged_or_lapsed",
    "campaigns_urged",
    "calls_advanced",
    "days_stepped",
    "days_archived",
    "bookings_finished",
    "plans_closed",
];

/// Kinds whose overdue cases are urged (督办): their tables have `urge` by the clock. A part adds a line.
const URGED: &[&Lifecycle] = &[&DECISION, &BULK, &RENEWAL_BATCH, &APPLICATION, &CHANGE];

/// What was done, by the name of the step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueReport {
    /// Step and count, in the order of the steps.
    pub counts: Vec<(&'static str, u64)>,
}

impl DueReport {
    /// The count of a step; 0 if it did not run.
    pub fn count(&self, step: &str) -> u64 {
        self.counts.iter().find(|(name, _)| *name == step).map_or(0, |(_, count)| *count)
    }
}

impl Service {
    /// Everything that is due now.
    pub fn run_due(&self) -> Result<DueReport, Refusal> {
        self.run_steps(|_| true)
    }

    /// What can be due at any minute; the rest is due with a new day.
    pub fn run_due_often(&self) -> Result<DueReport, Refusal> {
        self.run_steps(|step| OFTEN.contains(&step))
    }

    /// Everything that is due now, asked for by a registrar.
    pub fn run_due_for(&self, actor: &Actor) -> Result<DueReport, Refusal> {
        actor.check(Action::KeepRegistry)?;
        self.run_due()
    }

    fn run_steps(&self, wanted: impl Fn(&str) -> bool) -> Result<DueReport, Refusal> {
        let mut report = DueReport::default();
        for (name, step) in STEPS {
            if wanted(name) {
                report.counts.push((name, step(self)?));
            }
        }
        Ok(report)
    }

    /// Writes the end of suspensions that ended by themselves, so that the tables say what
    /// [`crate::registry::Standing::on`] says.
    fn end_suspensions(&self) -> Result<u64, Refusal> {
        let (itself, today) = (Actor::of_service(), Date::of(self.clock.now()));
        let mut batch = Batch::new(self, "end suspensions");
        let filter = ExpertFilter { standing: Some("suspended".to_owned()), ..ExpertFilter::default() };
        let mut after = None;
        loop {
            let page = Page { after: after.clone(), limit: Page::MAX };
            let rows = self.store.read(|conn| store::expert::list(conn, &filter, &page))?;
            let Some(last) = rows.last() else { return batch.finish() };
            after = Some(last.row.number.clone());
            for row in &rows {
                let (record, key) = self.expert_record(&row.row.number)?;
                let settled = record.expert.settled(today);
                if settled.standing() != record.expert.standing() {
                    let kind = "expert.suspension_ended";
                    batch.expert(self.expert_change(
                        &itself,
                        &settled,
                        record.version + 1,
                        kind,
                        Some(key),
                    )?)?;
                }
            }
        }
    }

    /// Open affairs of people who are no experts of this registry any more, whoever decided that. A
    /// decision of this part ends them in its own write; conduct and campaigns decide too. Proposals
    /// stay: one who was dismissed can still be banned.
    fn end_affairs(&self) -> Result<u64, Refusal> {
        let mut batch = Batch::new(self, "end affairs");
        for cycle in ENDING.iter().filter(|cycle| cycle.name != DECISION.name) {
            let open =
                cycle.transitions.iter().filter(|row| row.event == "end").map(|row| row.from.to_owned());
            let filter = CaseFilter {
                kinds: vec![cycle.name.to_owned()],
                states: open.collect(),
                ..CaseFilter::default()
            };
            for row in self.store.read(|conn| all_rows(conn, &filter))? {
                let number = row.subject.as_deref().unwrap_or_default();
                let gone = {
                    let index = self.current_index()?;
                    index.find(number).is_some_and(|indexed| in_registry(&indexed.expert).is_err())
                };
                if gone {
                    batch.step(cycle, &row, "end", |case| case.due = None)?;
                }
            }
        }
        batch.finish()
    }

    /// Leave whose end is past; the record sheds it with its next change.
    fn elapse_leaves(&self) -> Result<u64, Refusal> {
        let mut batch = Batch::new(self, "elapse leaves");
        for row in self.rows_due(&LEAVE, &["set"])? {
            batch.step(&LEAVE, &row, "elapse", |case| case.due = None)?;
        }
        batch.finish()
    }

    /// Overdue cases go to whoever may decide, and stand in the worklist as urged.
    fn urge(&self) -> Result<u64, Refusal> {
        let mut batch = Batch::new(self, "urge cases");
        let again = self.clock.now().0 + URGE_DAYS * 86_400;
        for cycle in URGED {
            let states: Vec<&str> =
                cycle.transitions.iter().filter(|row| row.event == "urge").map(|row| row.from).collect();
            for row in self.rows_due(cycle, &states)? {
                batch.step(cycle, &row, "urge", |case| {
                    case.due = Some(again);
                    // Whose turn it was is everybody's now; an application stays the applicant's.
                    if cycle.name != APPLICATION.name && cycle.name != CHANGE.name {
                        case.owner = None;
                    }
                })?;
            }
        }
        batch.finish()
    }

    /// Cases of a kind in these states whose time is past.
    pub(super) fn rows_due(&self, cycle: &Lifecycle, states: &[&str]) -> Result<Vec<CaseRow>, Refusal> {
        let filter = CaseFilter {
            kinds: vec![cycle.name.to_owned()],
            states: states.iter().map(|state| (*state).to_owned()).collect(),
            due_by: Some(self.clock.now().0),
            ..CaseFilter::default()
        };
        Ok(self.store.read(|conn| all_rows(conn, &filter))?)
    }
}

/// Changes gathered to writes of at most [`CHUNK`].
pub(super) struct Batch<'a> {
    service: &'a Service,
    name: &'static str,
    changes: Changes,
    waiting: usize,
    done: u64,
}

impl<'a> Batch<'a> {
    /// For writes of a name.
    pub fn new(service: &'a Service, name: &'static str) -> Self {
        Self { service, name, changes: Changes::default(), waiting: 0, done: 0 }
    }

    /// A change of an expert.
    pub fn expert(&mut self, change: ExpertChange) -> Result<(), Refusal> {
        self.changes = std::mem::take(&mut self.changes).expert(change);
        self.one_more()
    }

    /// A change of a case.
    pub fn case(&mut self, change: CaseChange) -> Result<(), Refusal> {
        self.changes = std::mem::take(&mut self.changes).case(change);
        self.one_more()
    }

    /// Steps the case of a row by the clock.
    pub fn step(
        &mut self,
        cycle: &'static Lifecycle,
        row: &CaseRow,
        event: &'static str,
        change: impl FnOnce(&mut Case),
    ) -> Result<(), Refusal> {
        let mut case = self.service.store.read(|conn| self.service.open_case(conn, row))?;
        self.service.step_case(&Actor::of_service(), &[Party::Clock], cycle, &mut case, event)?;
        change(&mut case);
        self.case(self.service.case_change(&case)?)
    }

    fn one_more(&mut self) -> Result<(), Refusal> {
        self.waiting += 1;
        if self.waiting >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Refusal> {
        let (changes, waiting) = (std::mem::take(&mut self.changes), std::mem::take(&mut self.waiting));
        if waiting == 0 {
            return Ok(());
        }
        match self.service.write_changes(self.name, changes) {
            Ok(()) => self.done += waiting as u64,
            // Somebody changed one of them meanwhile: the next run reads them anew.
            Err(refusal) if refusal.kind == Kind::Stale => {}
            Err(refusal) => return Err(refusal),
        }
        Ok(())
    }

    /// Writes what is left; answers how many changes were written.
    pub fn finish(mut self) -> Result<u64, Refusal> {
        self.flush()?;
        Ok(self.done)
    }
}
