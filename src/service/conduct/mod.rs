//! Conduct cases (问题线索与不良行为): reported, looked at, listed. What happens to them is in `steps`,
//! what a decision does to an expert in `effect`, what a date brings in `due`.
//!
//! A case is sealed under the expert's data key. Who reported is another case (`clue_reporter`) with a
//! key of its own and no subject: nothing that shows or lists the expert's cases can show it, and
//! erasing the expert does not erase it.
//!
//! *Invariants:* the expert sees a case from the hearing on and of it only [`SEEN_BY_EXPERT`]; a
//! decision takes effect in the same write in which another account than the proposer's confirms it;
//! a reversal leaves decision and reversal in the case, and in the journal.

mod due;
mod effect;
mod steps;
mod summary;

use super::Service;
use super::actor::{Action, Actor, Role};
use super::case_body::{CaseFile, CaseLine, free_text};
use super::cases::{Case, NewCase, no_case};
use super::changes::Changes;
use super::experts::no_expert;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::looks::line;
use super::refusal::{Kind, Refusal};
use crate::codec::Object;
use crate::registry::conduct::{CLUE_REPORTER, CONDUCT, ClueSource, ConductCode, seen_by_expert};
use crate::store;
use crate::store::case::CaseFilter;
use crate::time::Date;

pub use steps::{Extension, Finding, Proposal, Step};

/// What the expert sees of a case's body: nothing of where the clue came from.
const SEEN_BY_EXPERT: [&str; 11] = [
    "allegation",
    "appeal",
    "decision",
    "finding",
    "number",
    "occurred",
    "package",
    "publication",
    "statements",
    "transfer",
    "unfounded",
];

/// A clue as reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClueDraft {
    /// The expert's number, or
    pub expert: Option<String>,
    /// an unsealed draw and a pool position in it, for those who know no numbers.
    pub seat: Option<(String, u32)>,
    /// A word of [`ClueSource`].
    pub source: String,
    /// `open` or `secret` (保密).
    pub secrecy: String,
    /// One of the seven codes, if the reporter names one.
    pub alleged: Option<String>,
    /// The day on which it happened.
    pub occurred: Option<String>,
    /// Id of a package.
    pub package: Option<String>,
    /// What happened.
    pub summary: String,
    /// Who reports, if that is to be kept.
    pub reporter: Option<String>,
}

/// Which conduct cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConductAsked {
    /// About this expert.
    pub expert: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// Of this handler.
    pub handler: Option<String>,
    /// In a region whose code begins so.
    pub region_prefix: Option<String>,
    /// Due at this time (Unix seconds) or before.
    pub due_by: Option<i64>,
}

impl Service {
    /// Reports a clue about an expert (198号 art 28).
    pub fn report_conduct(
        &self,
        actor: &Actor,
        draft: &ClueDraft,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(Action::ReportConduct)?;
        self.once(
            actor,
            key,
            |id| self.case_line(id),
            || {
                let source = check(actor, draft)?;
                let expert = self.reported_expert(actor, draft)?;
                let row = self.store.read(|conn| store::expert::find(conn, &expert))?;
                let region = row.ok_or_else(no_expert)?.row.region;
                actor.check_region(Some(&region), "专家", "expert")?;
                let body = Object::new()
                    .with("source", source.name())
                    .with("secrecy", draft.secrecy.as_str())
                    .with("summary", draft.summary.as_str())
                    .with("reported_by_role", actor.role.name())
                    .with_some("alleged", draft.alleged.clone())
                    .with_some("occurred", draft.occurred.clone())
                    .with_some("package", draft.package.clone());
                let new = NewCase {
                    lifecycle: &CONDUCT,
                    letter: 'C',
                    subject: Some(&expert),
                    region: Some(&region),
                    parent: None,
                    owner: None,
                    due: None,
                    body: body.into(),
                    sealed_for: Some(&expert),
                };
                let case = self.begin_case(actor, &actor.parties(), "report", new)?;
                let mut changes = Changes::once(self.idempotency_row(actor, key, &case.id, 201));
                changes = changes.case(self.case_change(&case)?);
                if let Some(reporter) = &draft.reporter {
                    let new = NewCase {
                        lifecycle: &CLUE_REPORTER,
                        letter: 'K',
                        subject: None,
                        region: Some(&region),
                        parent: Some(&case.id),
                        owner: None,
                        due: None,
                        body: Object::new().with("reporter", reporter.as_str()).into(),
                        sealed_for: None,
                    };
                    let reporter = self.begin_case(actor, &actor.parties(), "record", new)?;
                    changes = changes.case(self.case_change(&reporter)?);
                }
                self.write_changes("report conduct", changes)?;
                Ok(CaseLine::from(&case))
            },
        )
    }

    /// A page of conduct cases, without names.
    pub fn conduct_cases(
        &self,
        actor: &Actor,
        asked: &ConductAsked,
        paging: &Paging,
    ) -> Result<Listed<CaseLine>, Refusal> {
        actor.check(Action::ReadCases)?;
        let filter = CaseFilter {
            kinds: vec![CONDUCT.name.to_owned()],
            states: asked.state.iter().cloned().collect(),
            subject: asked.expert.clone(),
            owner: asked.handler.clone(),
            region_prefix: asked.region_prefix.clone(),
            due_by: asked.due_by,
            ..CaseFilter::default()
        };
        self.case_lines(actor, filter, paging)
    }

    /// One conduct case with everything but who reported; the look is recorded.
    pub fn conduct_case(&self, actor: &Actor, id: &str, purpose: &str) -> Result<CaseFile, Refusal> {
        actor.check(Action::ReadCases)?;
        let case = self.case(actor, &CONDUCT, id)?;
        // The expert reads who looked; before the hearing that would be a tip-off.
        let about = case.subject.as_deref().filter(|_| seen_by_expert(&case.state)).unwrap_or(id);
        self.record_look(actor, "conduct", about, purpose)?;
        Ok(CaseFile::whole(&self.case(actor, &CONDUCT, id)?))
    }

    /// Who reported a clue; the look is recorded. Not found if nobody was named.
    pub fn clue_reporter(&self, actor: &Actor, id: &str, purpose: &str) -> Result<CaseFile, Refusal> {
        actor.check(Action::ReviewCases)?;
        let case = self.case(actor, &CONDUCT, id)?;
        let filter = CaseFilter {
            kinds: vec![CLUE_REPORTER.name.to_owned()],
            parent: Some(case.id),
            ..CaseFilter::default()
        };
        let rows = self.store.read(|conn| super::cases::all_rows(conn, &filter))?;
        let row = rows.first().ok_or_else(no_case)?;
        self.record_look(actor, "clue_reporter", &row.id, purpose)?;
        Ok(CaseFile::whole(&self.case(actor, &CLUE_REPORTER, &row.id)?))
    }

    /// The expert's own conduct cases, from the hearing on.
    pub fn own_conduct(&self, actor: &Actor, paging: &Paging) -> Result<Listed<CaseFile>, Refusal> {
        actor.check(Action::OwnRecord)?;
        let states = CONDUCT.states().into_iter().filter(|state| seen_by_expert(state));
        let filter = CaseFilter {
            kinds: vec![CONDUCT.name.to_owned()],
            states: states.map(str::to_owned).collect(),
            subject: Some(own_number(actor)?),
            ..CaseFilter::default()
        };
        let page = self.cases(actor, filter, paging)?;
        let items = page.items.iter().map(|case| CaseFile::of_fields(case, &SEEN_BY_EXPERT)).collect();
        Ok(Listed { items, next: page.next })
    }

    /// A case for its own expert; not found before the hearing.
    fn own_case(&self, actor: &Actor, id: &str) -> Result<Case, Refusal> {
        let case = self.case(actor, &CONDUCT, id)?;
        let own = case.subject.is_some() && case.subject == actor.expert && seen_by_expert(&case.state);
        if own { Ok(case) } else { Err(no_case()) }
    }

    /// Whom a clue is about; agency and purchaser name a seat of their own unsealed draw.
    fn reported_expert(&self, actor: &Actor, draft: &ClueDraft) -> Result<String, Refusal> {
        let buyer = matches!(actor.role, Role::Agency | Role::Purchaser);
        match (&draft.expert, &draft.seat) {
            (Some(number), None) if !buyer => Ok(number.clone()),
            (None, Some((draw, position))) => {
                self.record_look(actor, "panel", draw, "报告问题线索")?;
                let members = self.unsealed_members(actor, draw)?;
                let found = members.into_iter().find(|(seat, _)| seat.position == *position);
                let (_, card) = found.ok_or_else(|| Refusal::not_found("席位", "seat"))?;
                Ok(card.number)
            }
            _ if buyer => Err(Refusal::field(
                "draw",
                "",
                "required",
                "须给出本单位项目的抽取和席位",
                "name a draw and a position of your own",
            )),
            _ => Err(Refusal::field(
                "expert",
                "",
                "required",
                "给出专家编号，或抽取和席位",
                "give a number, or a draw and a position",
            )),
        }
    }
}

/// The number of the expert whose account this is.
pub(super) fn own_number(actor: &Actor) -> Result<String, Refusal> {
    actor.expert.clone().ok_or_else(|| {
        let en = "this account belongs to no registered expert yet";
        Refusal::new(Kind::Conflict, "not_registered", "本账号尚未对应在库专家", en)
    })
}

fn check(actor: &Actor, draft: &ClueDraft) -> Result<ClueSource, Refusal> {
    let source = ClueSource::parse(&draft.source).ok_or_else(|| {
        Refusal::field("source", &draft.source, "source", "未知的线索来源", "not a known source of clues")
    })?;
    let buyer = matches!(actor.role, Role::Agency | Role::Purchaser);
    if buyer && source != ClueSource::BuyerReport {
        let (zh, en) = ("采购人、代理机构应为 buyer_report", "must be buyer_report for agency and purchaser");
        return Err(Refusal::field("source", &draft.source, "source", zh, en));
    }
    if !["open", "secret"].contains(&draft.secrecy.as_str()) {
        let (zh, en) = ("应为 open 或 secret", "must be open or secret");
        return Err(Refusal::field("secrecy", &draft.secrecy, "secrecy", zh, en));
    }
    if let Some(code) = draft.alleged.as_deref().filter(|code| ConductCode::parse(code).is_none()) {
        let (zh, en) = ("应为 art29_1 至 art29_7", "must be art29_1 to art29_7");
        return Err(Refusal::field("alleged", code, "conduct_code", zh, en));
    }
    if let Some(day) = &draft.occurred {
        self::day("occurred", day)?;
    }
    if let Some(package) = &draft.package {
        line("package", package, 64).map_err(|problem| Refusal::invalid(vec![problem]))?;
    }
    free_text("summary", &draft.summary)?;
    if let Some(reporter) = &draft.reporter {
        line("reporter", reporter, 200).map_err(|problem| Refusal::invalid(vec![problem]))?;
    }
    Ok(source)
}

/// A date of a body.
pub(super) fn day(field: &str, text: &str) -> Result<Date, Refusal> {
    Date::parse(text)
        .map_err(|error| Refusal::field(field, text, "date", error.message_zh(), &error.to_string()))
}
