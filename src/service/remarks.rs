//! Non-punitive records (履职记录): recorded, corrected by two people, seen and commented by the expert.
//!
//! They carry no points themselves: how much each counts is the profile's table on the day on which a
//! tier is computed (`tier`).

use super::Service;
use super::actor::{Action, Actor, Role};
use super::case_body::{CaseFile, CaseLine, free_text, push, set, take, text};
use super::cases::{Case, NewCase, another_person, no_case};
use super::changes::Changes;
use super::conduct::{day, own_number};
use super::experts::no_expert;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::looks::line;
use super::refusal::Refusal;
use crate::codec::Object;
use crate::registry::remark::{REMARK, RemarkKind};
use crate::store;
use crate::store::case::CaseFilter;
use crate::time::Date;

/// A record as made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemarkDraft {
    /// The expert's number.
    pub expert: String,
    /// `late`, `absent`, `late_cancel`.
    pub what: String,
    /// The day on which it happened.
    pub day: String,
    /// Id of a package.
    pub package: Option<String>,
    /// What happened.
    pub note: Option<String>,
}

/// A step of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemarkStep {
    /// The expert's view.
    State(String),
    /// A correction proposed, with a reason.
    Propose(String),
    /// Confirmed by another account: it no longer counts.
    Confirm,
    /// Rejected.
    Reject,
}

/// Which records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemarksAsked {
    /// About this expert.
    pub expert: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// In a region whose code begins so.
    pub region_prefix: Option<String>,
}

impl Service {
    /// Records that an expert was late, absent, or cancelled late.
    pub fn record_remark(
        &self,
        actor: &Actor,
        draft: &RemarkDraft,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(Action::ProposeDecision)?;
        self.once(
            actor,
            key,
            |id| self.case_line(id),
            || {
                let kind = RemarkKind::parse(&draft.what).filter(|kind| *kind != RemarkKind::PoorEvaluation);
                let kind = kind.ok_or_else(|| {
                    let (zh, en) =
                        ("应为 late、absent 或 late_cancel", "must be late, absent or late_cancel");
                    Refusal::field("what", &draft.what, "remark", zh, en)
                })?;
                let happened = day("day", &draft.day)?;
                if happened > Date::of(self.clock.now()) {
                    let (zh, en) = ("不得在今天之后", "must not lie after today");
                    return Err(Refusal::field("day", &draft.day, "not_future", zh, en));
                }
                if let Some(package) = &draft.package {
                    line("package", package, 64).map_err(|problem| Refusal::invalid(vec![problem]))?;
                }
                if let Some(note) = &draft.note {
                    free_text("note", note)?;
                }
                let row = self.store.read(|conn| store::expert::find(conn, &draft.expert))?;
                let region = row.ok_or_else(no_expert)?.row.region;
                actor.check_region(Some(&region), "专家", "expert")?;
                let body = Object::new()
                    .with("what", kind.name())
                    .with("day", happened.to_string())
                    .with_some("package", draft.package.clone())
                    .with_some("note", draft.note.clone());
                let case =
                    self.begin_case(actor, &actor.parties(), "record", remark(&draft.expert, &region, body))?;
                let idempotency = self.idempotency_row(actor, key, &case.id, 201);
                self.write_changes(
                    "record remark",
                    Changes::once(idempotency).case(self.case_change(&case)?),
                )?;
                Ok(CaseLine::from(&case))
            },
        )
    }

    /// A page of records, without names.
    pub fn remarks(
        &self,
        actor: &Actor,
        asked: &RemarksAsked,
        paging: &Paging,
    ) -> Result<Listed<CaseLine>, Refusal> {
        actor.check(Action::ReadCases)?;
        let filter = CaseFilter {
            kinds: vec![REMARK.name.to_owned()],
            states: asked.state.iter().cloned().collect(),
            subject: asked.expert.clone(),
            region_prefix: asked.region_prefix.clone(),
            ..CaseFilter::default()
        };
        self.case_lines(actor, filter, paging)
    }

    /// One record; the look is recorded.
    pub fn remark(&self, actor: &Actor, id: &str, purpose: &str) -> Result<CaseFile, Refusal> {
        actor.check(Action::ReadCases)?;
        let case = self.case(actor, &REMARK, id)?;
        self.record_look(actor, "remark", case.subject.as_deref().unwrap_or(id), purpose)?;
        Ok(CaseFile::whole(&self.case(actor, &REMARK, id)?))
    }

    /// The expert's own records.
    pub fn own_remarks(&self, actor: &Actor, paging: &Paging) -> Result<Listed<CaseFile>, Refusal> {
        actor.check(Action::OwnRecord)?;
        let filter = CaseFilter {
            kinds: vec![REMARK.name.to_owned()],
            subject: Some(own_number(actor)?),
            ..CaseFilter::default()
        };
        let page = self.cases(actor, filter, paging)?;
        let seen = ["day", "note", "package", "statements", "what"];
        let items = page.items.iter().map(|case| CaseFile::of_fields(case, &seen)).collect();
        Ok(Listed { items, next: page.next })
    }

    /// Takes a record one step further.
    pub fn remark_step(
        &self,
        actor: &Actor,
        id: &str,
        step: &RemarkStep,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        let (action, event) = match step {
            RemarkStep::State(_) => (Action::OwnRecord, "state"),
            RemarkStep::Propose(_) => (Action::ProposeDecision, "propose_correction"),
            RemarkStep::Confirm => (Action::ConfirmDecision, "confirm_correction"),
            RemarkStep::Reject => (Action::ConfirmDecision, "reject_correction"),
        };
        actor.check(action)?;
        self.once(
            actor,
            key,
            |id| self.case_line(id),
            || {
                let mut case = self.case(actor, &REMARK, id)?;
                if actor.role == Role::Expert && (case.subject.is_none() || case.subject != actor.expert) {
                    return Err(no_case());
                }
                self.step_case(actor, &actor.parties(), &REMARK, &mut case, event)?;
                self.add_to_remark(actor, &mut case, step)?;
                let line = CaseLine::from(&case);
                let idempotency = self.idempotency_row(actor, key, id, 200);
                self.write_changes("step remark", Changes::once(idempotency).case(self.case_change(&case)?))?;
                Ok(line)
            },
        )
    }

    fn add_to_remark(&self, actor: &Actor, case: &mut Case, step: &RemarkStep) -> Result<(), Refusal> {
        let now = self.clock.now().0;
        let at = |object: Object| object.with("at", now).with("by", actor.account.as_str());
        match step {
            RemarkStep::State(view) => {
                free_text("text", view)?;
                push(&mut case.body, "statements", at(Object::new().with("text", view.as_str())))
            }
            RemarkStep::Propose(reason) => {
                free_text("reason", reason)?;
                set(&mut case.body, "correction", at(Object::new().with("reason", reason.as_str())));
                Ok(())
            }
            RemarkStep::Confirm | RemarkStep::Reject => {
                let Some(proposed) = take(&mut case.body, "correction") else { return Err(no_case()) };
                another_person(actor, text(&proposed, &["by"]).unwrap_or_default())?;
                let answer = if *step == RemarkStep::Confirm { "confirmed" } else { "rejected" };
                push(
                    &mut case.body,
                    "corrections",
                    at(Object::new().with("asked", proposed).with("answer", answer)),
                )
            }
        }
    }
}

/// A record to begin.
pub(super) fn remark<'a>(expert: &'a str, region: &'a str, body: Object) -> NewCase<'a> {
    NewCase {
        lifecycle: &REMARK,
        letter: 'M',
        subject: Some(expert),
        region: Some(region),
        parent: None,
        owner: None,
        due: None,
        body: body.into(),
        sealed_for: Some(expert),
    }
}
