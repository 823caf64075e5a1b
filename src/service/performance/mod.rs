//! Performance both ways (履职评价, 198号 arts 21–22): tasks for the seated experts of an unsealed draw.
//!
//! One case per side and expert, both with the package as parent and the expert as subject: that is
//! the pair. A task belongs to a unit (its credit code as owner) or to an expert (the number). The
//! opening takes the seated from the draw's record, which is a look and recorded as one.
//!
//! *Invariants:* back-to-back: nobody reads the other side before both are final, and a side that is
//! final cannot answer any more; the write that finishes a pair compares the other side's version, so
//! that exactly one of two simultaneous answers sees itself as the last. A poor evaluation becomes a
//! non-punitive record only then, because the expert can read that record.
//!
//! *Deliberately not here:* the fee, and who pays it.

mod opening;

use std::collections::BTreeMap;

use super::actor::{Action, Actor, Role};
use super::case_body::{CaseFile, CaseLine, end_of, free_text, get, int, push, set, text};
use super::cases::{Case, all_rows, no_case};
use super::changes::Changes;
use super::conduct::own_number;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::refusal::Refusal;
use super::remarks::remark;
use super::{ITSELF, Service};
use crate::codec::{Json, Object};
use crate::registry::lifecycle::Party;
use crate::registry::performance::{EVALUATION, Side, is_in};
use crate::registry::remark::RemarkKind;
use crate::registry::{Package, Problem};
use crate::rules::registry_profile::Question;
use crate::store::case::{CaseFilter, CaseRow};
use crate::store::{self, StoreError};
use crate::time::{Date, Timestamp};

/// Cases of one write of the clock's.
const AT_ONCE: u32 = 200;

/// A task with what is to be answered, and the other side's answers once both are final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The row.
    pub line: CaseLine,
    /// Own body.
    pub body: Json,
    /// The questions of this side.
    pub questions: Vec<Question>,
    /// The other side's body, once both sides are final.
    pub other: Option<Json>,
}

/// Which tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TasksAsked {
    /// In this state.
    pub state: Option<String>,
    /// Of this package.
    pub package: Option<String>,
    /// About this expert.
    pub expert: Option<String>,
    /// In a region whose code begins so.
    pub region_prefix: Option<String>,
    /// Due at this time (Unix seconds) or before.
    pub due_by: Option<i64>,
}

impl Service {
    /// The tasks of this account's unit, or of this expert.
    pub fn tasks(
        &self,
        actor: &Actor,
        asked: &TasksAsked,
        paging: &Paging,
    ) -> Result<Listed<CaseLine>, Refusal> {
        actor.check(Action::Evaluate)?;
        let Some(owner) = task_owner(actor) else { return Ok(Listed { items: Vec::new(), next: None }) };
        let filter = CaseFilter { owner: Some(owner), ..filter(asked) };
        self.case_lines(actor, filter, paging)
    }

    /// One of this account's own tasks.
    pub fn task(&self, actor: &Actor, id: &str) -> Result<Task, Refusal> {
        actor.check(Action::Evaluate)?;
        let case = self.own_task(actor, id)?;
        let side = side_of(&case)?;
        let other = self.other_side(&case)?;
        let both = is_in(&case.state) && other.as_ref().is_some_and(|other| is_in(&other.state));
        Ok(Task {
            line: CaseLine::from(&case),
            body: case.body,
            questions: self.registry_profile().performance.questions(side).to_vec(),
            other: if both { other.map(|other| other.body) } else { None },
        })
    }

    /// Answers a task: every question, and a comment if one likes.
    pub fn answer_task(
        &self,
        actor: &Actor,
        id: &str,
        answers: &BTreeMap<String, u32>,
        comment: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(Action::Evaluate)?;
        self.once(
            actor,
            key,
            |id| self.case_line(id),
            || {
                let mut case = self.own_task(actor, id)?;
                let late = case.state == "urged";
                let side = side_of(&case)?;
                let score = self.registry_profile().performance.score(side, answers).map_err(|wrong| {
                    let field = format!("answers.{}", wrong.question);
                    let (zh, en) = ("须逐题回答，且在各题分值之内", "every question, each within its range");
                    Refusal::invalid(vec![Problem::new(field, "", wrong.rule, zh, en)])
                })?;
                if let Some(comment) = comment {
                    free_text("comment", comment)?;
                }
                self.step_case(actor, &actor.parties(), &EVALUATION, &mut case, "answer")?;
                let given = answers.iter().fold(Object::new(), |object, (name, n)| object.with(name, *n));
                set(&mut case.body, "answers", Json::from(given));
                set(&mut case.body, "score", score);
                set(&mut case.body, "answered", Date::of(self.clock.now()).to_string());
                set(&mut case.body, "late", if late { "yes" } else { "no" });
                if let Some(comment) = comment {
                    set(&mut case.body, "comment", comment);
                }
                case.due = None;
                let line = CaseLine::from(&case);
                let changes = Changes::once(self.idempotency_row(actor, key, id, 200));
                let changes = self.finish_side(changes.case(self.case_change(&case)?), &case)?;
                self.write_changes("answer evaluation", changes)?;
                Ok(line)
            },
        )
    }

    /// What units said about this expert, once both sides are final.
    pub fn own_evaluations(&self, actor: &Actor, paging: &Paging) -> Result<Listed<CaseFile>, Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = own_number(actor)?;
        let filter = CaseFilter {
            kinds: vec![EVALUATION.name.to_owned()],
            subject: Some(number.clone()),
            ..CaseFilter::default()
        };
        let all = self.store.read(|conn| self.all_cases(conn, &filter))?;
        let unit_side = |case: &&Case| side_of(case).ok() == Some(Side::Unit) && both_in(case, &all);
        let mut items: Vec<CaseFile> = all.iter().filter(unit_side).map(CaseFile::whole).collect();
        items.retain(|file| paging.after.as_ref().is_none_or(|after| file.line.id > *after));
        let wanted = paging.limit as usize;
        let next =
            if items.len() > wanted { items.get(wanted - 1).map(|file| file.line.id.clone()) } else { None };
        items.truncate(wanted);
        Ok(Listed { items, next })
    }

    /// The expert's statement about what a unit said (art 21).
    pub fn state_on_evaluation(
        &self,
        actor: &Actor,
        id: &str,
        view: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(Action::OwnRecord)?;
        self.once(
            actor,
            key,
            |id| self.case_line(id),
            || {
                let number = own_number(actor)?;
                let mut case = self.case(actor, &EVALUATION, id)?;
                let other = self.other_side(&case)?;
                let both = is_in(&case.state) && other.is_some_and(|other| is_in(&other.state));
                let own = case.subject.as_deref() == Some(&number);
                if !own || side_of(&case)? != Side::Unit || !both {
                    return Err(no_case());
                }
                free_text("text", view)?;
                self.step_case(actor, &actor.parties(), &EVALUATION, &mut case, "state")?;
                let entry = Object::new().with("text", view).with("at", self.clock.now().0);
                push(&mut case.body, "statements", entry.with("by", actor.account.as_str()))?;
                let line = CaseLine::from(&case);
                let changes = Changes::once(self.idempotency_row(actor, key, id, 200));
                self.write_changes("state on evaluation", changes.case(self.case_change(&case)?))?;
                Ok(line)
            },
        )
    }

    /// All tasks, for the bureau: who is late. No answers.
    pub fn evaluations(
        &self,
        actor: &Actor,
        asked: &TasksAsked,
        paging: &Paging,
    ) -> Result<Listed<CaseLine>, Refusal> {
        actor.check(Action::ReadCases)?;
        self.case_lines(actor, filter(asked), paging)
    }

    /// One task with its answers, for the bureau; the look is recorded.
    pub fn evaluation(&self, actor: &Actor, id: &str, purpose: &str) -> Result<CaseFile, Refusal> {
        actor.check(Action::ReadCases)?;
        let case = self.case(actor, &EVALUATION, id)?;
        self.record_look(actor, "evaluation", case.subject.as_deref().unwrap_or(id), purpose)?;
        Ok(CaseFile::whole(&self.case(actor, &EVALUATION, id)?))
    }

    /// Urges what nobody answered in time, and lets lapse what nobody answered after that.
    pub fn due_performance(&self, now: Timestamp) -> Result<u64, Refusal> {
        let clock = Actor::of_role(ITSELF, Role::Administrator);
        let filter = CaseFilter {
            kinds: vec![EVALUATION.name.to_owned()],
            states: vec!["open".to_owned(), "urged".to_owned()],
            due_by: Some(now.0),
            ..CaseFilter::default()
        };
        let (mut stepped, mut after) = (0, None);
        loop {
            let page = store::Page { after: after.clone(), limit: AT_ONCE };
            let rows = self.store.read(|conn| store::case::list(conn, &filter, &page))?;
            let Some(last) = rows.last() else { return Ok(stepped) };
            after = Some(last.id.clone());
            let (mut urged, mut steps) = (Changes::default(), 0);
            for row in &rows {
                // What does not open (an erased expert's task) is fsck's business, and holds up nobody else.
                let Ok(mut case) = self.store.read(|conn| self.open_case(conn, row)) else { continue };
                if case.state == "open" {
                    self.step_case(&clock, &[Party::Clock], &EVALUATION, &mut case, "urge")?;
                    let closes = text(&case.body, &["closes_day"]).and_then(|day| Date::parse(day).ok());
                    case.due = closes.map(end_of);
                    urged = urged.case(self.case_change(&case)?);
                    steps += 1;
                } else {
                    self.step_case(&clock, &[Party::Clock], &EVALUATION, &mut case, "lapse")?;
                    case.due = None;
                    // One write each: finishing a pair looks at the other side, which may lapse here too.
                    let change = Changes::default().case(self.case_change(&case)?);
                    let change = self.finish_side(change, &case)?;
                    stepped += u64::from(self.write_or_later("lapse evaluation", change)?);
                }
            }
            if self.write_or_later("urge evaluations", urged)? {
                stepped += steps;
            }
        }
    }

    /// A package of the actor's own unit.
    fn own_package(&self, actor: &Actor, id: &str) -> Result<Package, Refusal> {
        let missing = || Refusal::not_found("包", "package");
        if !matches!(actor.role, Role::Agency | Role::Purchaser) {
            return Err(missing());
        }
        let (row, facts) = self.package_record(actor, id)?;
        let unit = if actor.role == Role::Agency { row.agency } else { row.purchaser };
        if actor.unit.as_deref() == Some(&unit) { Ok(facts) } else { Err(missing()) }
    }

    fn tasks_of_package(&self, package: &str) -> Result<Vec<CaseLine>, Refusal> {
        let rows = self.store.read(|conn| all_rows(conn, &of_package(package)))?;
        Ok(rows.into_iter().map(CaseLine::from).collect())
    }

    fn own_task(&self, actor: &Actor, id: &str) -> Result<Case, Refusal> {
        let case = self.case(actor, &EVALUATION, id)?;
        let own = case.owner.is_some() && case.owner == task_owner(actor);
        if own { Ok(case) } else { Err(no_case()) }
    }

    /// The other side of a pair.
    fn other_side(&self, case: &Case) -> Result<Option<Case>, Refusal> {
        self.store.read(|conn| match other_row(conn, case)? {
            Some(row) => self.open_case(conn, &row).map(Some),
            None => Ok(None),
        })
    }

    /// Adds to the change that makes a side final: if the other one is final too, a poor evaluation
    /// becomes a record. The other side must not have moved meanwhile.
    fn finish_side(&self, mut changes: Changes, case: &Case) -> Result<Changes, Refusal> {
        let Some(other) = self.other_side(case)? else { return Ok(changes) };
        if is_in(&other.state) {
            for side in [case, &other] {
                if let Some(record) = self.poor(side)? {
                    changes = changes.case(self.case_change(&record)?);
                }
            }
        }
        let (id, version) = (other.id, other.version);
        Ok(changes.part(move |tx| match store::case::find(tx, &id)? {
            Some(row) if row.version == version => Ok(()),
            _ => Err(StoreError::Stale(format!("case {id}"))),
        }))
    }

    /// The record of a poor evaluation, if this is one.
    fn poor(&self, case: &Case) -> Result<Option<Case>, Refusal> {
        let score = int(&case.body, &["score"]);
        let poor = score
            .is_some_and(|score| score < i64::from(self.registry_profile().performance.poor_below.value));
        let (Some(number), Some(region)) = (&case.subject, &case.region) else { return Ok(None) };
        if !poor || side_of(case)? != Side::Unit {
            return Ok(None);
        }
        let body = Object::new()
            .with("what", RemarkKind::PoorEvaluation.name())
            .with("day", text(&case.body, &["answered"]).unwrap_or_default())
            .with("evaluation", case.id.as_str())
            .with_some("package", get(&case.body, "package").cloned());
        let clock = Actor::of_role(ITSELF, Role::Administrator);
        self.begin_case(&clock, &[Party::Clock], "record", remark(number, region, body)).map(Some)
    }
}

/// Whose tasks an account answers.
fn task_owner(actor: &Actor) -> Option<String> {
    match actor.role {
        Role::Agency | Role::Purchaser => actor.unit.clone(),
        Role::Expert => actor.expert.clone(),
        _ => None,
    }
}

pub(super) fn side_of(case: &Case) -> Result<Side, Refusal> {
    let side = text(&case.body, &["side"]).and_then(Side::parse);
    side.ok_or_else(|| Refusal::internal(format!("case {}: no side", case.id)))
}

/// Whether both sides of a case's pair are final, among all cases of the same expert.
pub(super) fn both_in(case: &Case, all: &[Case]) -> bool {
    let pair = all.iter().filter(|other| other.kind == EVALUATION.name && other.parent == case.parent);
    pair.filter(|other| is_in(&other.state)).count() == 2
}

fn other_row(conn: &mut store::Conn, case: &Case) -> Result<Option<CaseRow>, StoreError> {
    let filter = CaseFilter {
        kinds: vec![EVALUATION.name.to_owned()],
        subject: case.subject.clone(),
        parent: case.parent.clone(),
        ..CaseFilter::default()
    };
    Ok(all_rows(conn, &filter)?.into_iter().find(|row| row.id != case.id))
}

fn filter(asked: &TasksAsked) -> CaseFilter {
    CaseFilter {
        kinds: vec![EVALUATION.name.to_owned()],
        states: asked.state.iter().cloned().collect(),
        parent: asked.package.clone(),
        subject: asked.expert.clone(),
        region_prefix: asked.region_prefix.clone(),
        due_by: asked.due_by,
        ..CaseFilter::default()
    }
}

fn of_package(package: &str) -> CaseFilter {
    CaseFilter {
        kinds: vec![EVALUATION.name.to_owned()],
        parent: Some(package.to_owned()),
        ..CaseFilter::default()
    }
}
