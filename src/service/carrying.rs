//! Decisions carried out: the expert's new standing, the decision, and what ends with it, together.
//!
//! *Invariants:* a confirmation is about the standing that the proposal was made for; if that has
//! changed, nothing happens and the rule is named (`standing_changed`). Versions are compared in the
//! writer, so two confirmations cannot both succeed.

use super::Service;
use super::actor::Actor;
use super::cases::{Case, CaseChange, NewCase, another_person};
use super::changes::Changes;
use super::decisions::{CONFIRM_DAYS, change_grounds, read, refused};
use super::experts::ExpertChange;
use super::refusal::{Kind, Refusal};
use crate::registry::change::CHANGE;
use crate::registry::decision::{Act, BULK, Bulk, BulkItem, DECISION, Decision, Grounds, standing_word};
use crate::registry::keeping::{LEAVE, REMINDER, UNREACHABLE};
use crate::registry::lifecycle::{Lifecycle, Party};
use crate::registry::renewal::RENEWAL;
use crate::registry::{EventKind, ExpertNumber};
use crate::store::case::CaseFilter;
use crate::time::Date;

/// Kinds of cases about a person that end (event `end`, by date) when the person is dismissed,
/// banned, has died or was merged. A part whose cases shall end then names its life cycle here.
const ENDING: &[&Lifecycle] = &[&CHANGE, &DECISION, &LEAVE, &REMINDER, &UNREACHABLE, &RENEWAL];

/// An act about one person, ready to be written.
struct Carried {
    change: ExpertChange,
    region: Option<String>,
    after: String,
    ending: Vec<CaseChange>,
}

impl Service {
    /// Steps one proposal to `confirmed`, with everything it changes.
    pub(super) fn confirmed(
        &self,
        actor: &Actor,
        mut case: Case,
        changes: Changes,
    ) -> Result<(Case, Changes), Refusal> {
        let mut body = read(&case)?;
        another_person(actor, &body.grounds.proposed_by)?;
        self.step_case(actor, &actor.parties(), &DECISION, &mut case, "confirm")?;
        let number = case.subject.clone().unwrap_or_default();
        let carried = self.carried(actor, &number, &body.before, &body.grounds.act, Some(&case.id))?;
        let today = Date::of(self.clock.now());
        body.grounds.decided_by = Some(actor.account.clone());
        body.grounds.decided_on = Some(today);
        body.after = Some(carried.after.clone());
        case.body = body.to_json();
        case.due = None;
        let changes = changes.expert(carried.change).case(self.case_change(&case)?);
        let changes = carried.ending.into_iter().fold(changes, Changes::case);
        Ok((case, changes))
    }

    /// The case of a bulk act: whoever cannot be decided upon is named with the rule and left out.
    pub(super) fn bulk_proposal(
        &self,
        actor: &Actor,
        numbers: &[String],
        grounds: Grounds,
    ) -> Result<Case, Refusal> {
        let mut items = Vec::with_capacity(numbers.len());
        for number in numbers {
            let Some(parsed) = ExpertNumber::parse(number) else { continue };
            let (before, result) = match self.decidable(actor, number, &grounds) {
                Ok(record) => {
                    (standing_word(&record.expert.standing().on(record.today)), "proposed".to_owned())
                }
                Err(refusal) => (String::new(), rule_of(refusal)?),
            };
            items.push(BulkItem { number: parsed, before, result });
        }
        if !items.iter().any(|item| item.result == "proposed") {
            let first = items.first().map(|item| item.result.clone()).unwrap_or_default();
            let zh = format!("名单中没有可以作此决定的专家（首人：{first}）");
            let en = format!("nobody in the list can be decided upon so (the first: {first})");
            return Err(Refusal::new(Kind::Conflict, "nobody_to_decide", zh, en));
        }
        self.begin_case(
            actor,
            &actor.parties(),
            "propose",
            NewCase {
                lifecycle: &BULK,
                letter: 'B',
                subject: None,
                region: actor.region.as_ref().map(|region| region.as_str()),
                parent: None,
                owner: None,
                due: Some(self.clock.now().0 + CONFIRM_DAYS * 86_400),
                body: Bulk { grounds, items }.to_json(),
                sealed_for: None,
            },
        )
    }

    /// Steps a bulk act to `confirmed`: one decision for each person who can still be decided upon.
    pub(super) fn bulk_confirmed(
        &self,
        actor: &Actor,
        mut case: Case,
        mut changes: Changes,
    ) -> Result<(Case, Changes), Refusal> {
        let mut bulk = Bulk::from_json(&case.body).map_err(Refusal::internal)?;
        another_person(actor, &bulk.grounds.proposed_by)?;
        self.step_case(actor, &actor.parties(), &BULK, &mut case, "confirm")?;
        let today = Date::of(self.clock.now());
        bulk.grounds.decided_by = Some(actor.account.clone());
        bulk.grounds.decided_on = Some(today);
        for item in bulk.items.iter_mut().filter(|item| item.result == "proposed") {
            let number = item.number.as_str();
            let carried = match self.carried(actor, number, &item.before, &bulk.grounds.act, None) {
                Ok(carried) => carried,
                Err(refusal) => {
                    item.result = rule_of(refusal)?;
                    continue;
                }
            };
            let body = Decision {
                grounds: bulk.grounds.clone(),
                before: item.before.clone(),
                after: Some(carried.after),
            };
            let decision = self.begin_case(
                actor,
                &actor.parties(),
                "carry_out",
                NewCase {
                    lifecycle: &DECISION,
                    letter: 'D',
                    subject: Some(number),
                    region: carried.region.as_deref(),
                    parent: Some(&case.id),
                    owner: None,
                    due: None,
                    body: body.to_json(),
                    sealed_for: Some(number),
                },
            )?;
            changes = changes.expert(carried.change).case(self.case_change(&decision)?);
            changes = carried.ending.into_iter().fold(changes, Changes::case);
            item.result = "done".to_owned();
        }
        case.body = bulk.to_json();
        case.due = None;
        let changes = changes.case(self.case_change(&case)?);
        Ok((case, changes))
    }

    /// The expert after an act of today, if the standing is still what it was when proposed.
    fn carried(
        &self,
        actor: &Actor,
        number: &str,
        before: &str,
        act: &Act,
        confirming: Option<&str>,
    ) -> Result<Carried, Refusal> {
        let (record, key) = self.expert_in_region(actor, number)?;
        if standing_word(&record.expert.standing().on(record.today)) != before {
            let en = "the expert's standing changed since the proposal: withdraw it and propose anew";
            let zh = "专家状态自提出后已变更，请撤回后重新提出";
            return Err(Refusal::new(Kind::Conflict, "standing_changed", zh, en));
        }
        if let Act::Merge(into) = act {
            self.may_absorb(actor, into)?;
        }
        let event = act.event(record.today).ok_or_else(|| Refusal::internal("an act without an event"))?;
        let (kind, ends) = (journal_kind(event.kind()), ends_affairs(event.kind()));
        let decided = record.expert.decided(event, record.today).map_err(refused)?;
        let after = standing_word(&decided.standing());
        let change = self.expert_change(actor, &decided, record.version + 1, kind, Some(key))?;
        let ending = if ends { self.affairs_ended(number, confirming)? } else { Vec::new() };
        let region = decided.regions().first().map(|region| region.as_str().to_owned());
        Ok(Carried { change, region, after, ending })
    }

    /// The person's open affairs, each stepped to its end; not the case that is being confirmed.
    fn affairs_ended(&self, number: &str, confirming: Option<&str>) -> Result<Vec<CaseChange>, Refusal> {
        let itself = Actor::of_service();
        let mut ended = Vec::new();
        for cycle in ENDING {
            let open = |state: &&str| cycle.step(state, "end", &[Party::Clock]).is_ok();
            let filter = CaseFilter {
                kinds: vec![cycle.name.to_owned()],
                states: cycle.states().into_iter().filter(open).map(str::to_owned).collect(),
                subject: Some(number.to_owned()),
                ..CaseFilter::default()
            };
            for mut case in self.store.read(|conn| self.all_cases(conn, &filter))? {
                if confirming == Some(case.id.as_str()) {
                    continue;
                }
                self.step_case(&itself, &[Party::Clock], cycle, &mut case, "end")?;
                case.due = None;
                if cycle.name == DECISION.name {
                    change_grounds(&mut case, |grounds| {
                        grounds.decided_on = Some(Date::of(self.clock.now()));
                    })?;
                }
                ended.push(self.case_change(&case)?);
            }
        }
        Ok(ended)
    }
}

/// The rule by which somebody was left out; a fault stays a fault.
fn rule_of(refusal: Refusal) -> Result<String, Refusal> {
    match refusal.kind {
        Kind::Conflict | Kind::NotFound | Kind::Gone => Ok(refusal.code.to_owned()),
        Kind::Invalid => {
            let problem = refusal.problems.first();
            Ok(problem.map_or_else(|| refusal.code.to_owned(), |p| format!("{}_{}", p.field, p.rule)))
        }
        _ => Err(refusal),
    }
}

/// Whether the person's open affairs end with an event.
fn ends_affairs(event: EventKind) -> bool {
    matches!(event, EventKind::Dismiss | EventKind::Ban | EventKind::Decease | EventKind::Merge)
}

/// The journal kind of the expert's entry.
pub(super) fn journal_kind(event: EventKind) -> &'static str {
    match event {
        EventKind::Suspend => "expert.suspended",
        EventKind::Reinstate => "expert.reinstated",
        EventKind::MarkStale => "expert.stale",
        EventKind::Refresh => "expert.refreshed",
        EventKind::Dismiss => "expert.dismissed",
        EventKind::Reenter => "expert.reentered",
        EventKind::Ban => "expert.banned",
        EventKind::Decease => "expert.deceased",
        EventKind::Merge => "expert.merged",
    }
}
