//! Decisions (处理决定): suspend, reinstate, dismiss, ban, proposed by one person and confirmed by another.
//!
//! A proposal changes nothing about the expert. The confirmation compares the standing with the one
//! that the proposal was made for, and writes decision, expert and whatever ends with it in one
//! transaction (`carrying`). A bulk act is a case of its own (`bulk`), confirmed as a whole.
//!
//! *Invariants:* no account confirms or rejects what it proposed; the standing of an expert changes
//! by a confirmed decision or by a date, and by nothing else here; an answer without a recorded look
//! shows neither basis nor note.
//!
//! *Deliberately not here:* conduct records (their decisions come here as proposals), open seats of
//! running draws.

use super::Service;
use super::actor::{Action, Actor};
use super::cases::{Case, NewCase, another_person, no_case};
use super::changes::Changes;
use super::experts::{ExpertRecord, no_expert};
use super::idempotency::IdempotencyKey;
use super::looks::line;
use super::refusal::{Kind, Refusal};
use super::sealing::SubjectKey;
use crate::registry::act_draft::{ActDraft, Step, on_file_problems};
use crate::registry::consequences::{Consequence, consequences};
use crate::registry::decision::{
    Act, BULK, BULK_MAX, Bulk, DECISION, Decision, Grounds, OnFile, Term, standing_word,
};
use crate::registry::lifecycle::Lifecycle;
use crate::registry::{self, ExpertNumber, Problem, Standing, Until};
use crate::rules::registry_profile::SuspensionEnd;
use crate::store::case::CaseFilter;
use crate::time::Date;

/// Days within which a proposal is to be confirmed or rejected; then it is urged (项目规则).
pub(super) const CONFIRM_DAYS: i64 = 7;
const DAY: i64 = 86_400;
const BASIS_MAX: usize = 200;
const NOTE_MAX: usize = 1000;
const DOCUMENTS_MAX: usize = 8;

/// A decision as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionDraft {
    /// What is decided.
    pub act: ActDraft,
    /// Expert numbers: one, or 1–500 for a bulk act.
    pub experts: Vec<String>,
    /// Whether it is a bulk act, whatever the length of the list.
    pub bulk: bool,
    /// 依据: number or title of the document, 2–200 characters.
    pub basis: String,
    /// At most 1000 characters.
    pub note: Option<String>,
    /// Attachments by digest, at most 8.
    pub documents: Vec<String>,
}

/// A decision as shown.
#[derive(Clone, Debug)]
pub struct DecisionView {
    /// Its id.
    pub id: String,
    /// `decision` or `bulk_decision`.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// What is decided.
    pub act: Act,
    /// What follows when it is confirmed.
    pub consequences: Vec<Consequence>,
    /// The persons with what came of each: `proposed`, `done`, or the rule by which it was not done.
    pub persons: Vec<(String, String)>,
    /// The bulk act that it is a part of.
    pub parent: Option<String>,
    /// The account that proposed.
    pub proposed_by: String,
    /// The account that confirmed, rejected or withdrew.
    pub decided_by: Option<String>,
    /// The day of that.
    pub decided_on: Option<Date>,
    /// Basis, note, documents, reason of a rejection: after a recorded look only.
    pub grounds: Option<Grounds>,
    /// Unix seconds until when it is to be decided.
    pub due: Option<i64>,
    /// Grows with every change.
    pub version: i64,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds.
    pub updated: i64,
}

impl Service {
    /// Proposes a decision about one person, or a bulk act.
    pub fn propose_decision(
        &self,
        actor: &Actor,
        draft: &DecisionDraft,
        key: Option<&IdempotencyKey>,
    ) -> Result<DecisionView, Refusal> {
        actor.check(Action::ProposeDecision)?;
        self.once(
            actor,
            key,
            |id| self.decision_view(id),
            || {
                let grounds = draft.check(&actor.account)?;
                let case = match draft.experts.as_slice() {
                    [one] if !draft.bulk => self.proposal(actor, one, grounds)?,
                    _ => self.bulk_proposal(actor, &draft.experts, grounds)?,
                };
                let row = self.idempotency_row(actor, key, &case.id, 201);
                self.write_changes("propose decision", Changes::once(row).case(self.case_change(&case)?))?;
                view(&case)
            },
        )
    }

    /// Confirms what another person proposed and carries it out.
    pub fn confirm_decision(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<DecisionView, Refusal> {
        actor.check(Action::ConfirmDecision)?;
        self.once(
            actor,
            key,
            |id| self.decision_view(id),
            || {
                let (case, cycle) = self.decision_case(actor, id)?;
                let changes = Changes::once(self.idempotency_row(actor, key, id, 200));
                let (case, changes) = if cycle.name == DECISION.name {
                    self.confirmed(actor, case, changes)?
                } else {
                    self.bulk_confirmed(actor, case, changes)?
                };
                self.write_changes("confirm decision", changes)?;
                view(&case)
            },
        )
    }

    /// Rejects what another person proposed.
    pub fn reject_decision(
        &self,
        actor: &Actor,
        id: &str,
        why: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<DecisionView, Refusal> {
        actor.check(Action::ConfirmDecision)?;
        self.put_down(actor, id, "reject", Some(why), key)
    }

    /// Withdraws what this account proposed.
    pub fn withdraw_decision(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<DecisionView, Refusal> {
        actor.check(Action::ProposeDecision)?;
        self.put_down(actor, id, "withdraw", None, key)
    }

    /// A decision with its grounds, after the look is recorded with its purpose.
    pub fn decision(&self, actor: &Actor, id: &str, purpose: &str) -> Result<DecisionView, Refusal> {
        actor.check(Action::ReadCases)?;
        let (case, _) = self.decision_case(actor, id)?;
        self.record_look(actor, "decision", case.subject.as_deref().unwrap_or(&case.id), purpose)?;
        // Read again: the look is an entry, and what is shown is what stands after it.
        let (case, _) = self.decision_case(actor, id)?;
        let shown = view(&case)?;
        Ok(DecisionView { grounds: Some(grounds(&case)?), ..shown })
    }

    fn put_down(
        &self,
        actor: &Actor,
        id: &str,
        event: &'static str,
        why: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<DecisionView, Refusal> {
        self.once(
            actor,
            key,
            |id| self.decision_view(id),
            || {
                if let Some(why) = why {
                    line("reason", why, NOTE_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
                }
                let (mut case, cycle) = self.decision_case(actor, id)?;
                let proposed_by = grounds(&case)?.proposed_by;
                match event {
                    "withdraw" if proposed_by != actor.account => return Err(not_the_proposer()),
                    "withdraw" => {}
                    _ => another_person(actor, &proposed_by)?,
                }
                self.step_case(actor, &actor.parties(), cycle, &mut case, event)?;
                case.due = None;
                let today = Date::of(self.clock.now());
                change_grounds(&mut case, |grounds| {
                    grounds.decided_by = Some(actor.account.clone());
                    grounds.decided_on = Some(today);
                    grounds.why = why.map(str::to_owned);
                })?;
                let changes = Changes::once(self.idempotency_row(actor, key, id, 200));
                self.write_changes("put a proposal down", changes.case(self.case_change(&case)?))?;
                view(&case)
            },
        )
    }

    /// The case of a proposal about one person, after everything that can be known now is checked.
    pub(super) fn proposal(&self, actor: &Actor, number: &str, grounds: Grounds) -> Result<Case, Refusal> {
        let record = self.decidable(actor, number, &grounds)?;
        let standing = record.expert.standing().on(record.today);
        let body = Decision { grounds, before: standing_word(&standing), after: None };
        let region = record.expert.regions().first().map(|region| region.as_str());
        self.begin_case(
            actor,
            &actor.parties(),
            "propose",
            NewCase {
                lifecycle: &DECISION,
                letter: 'D',
                subject: Some(number),
                region,
                parent: None,
                owner: None,
                due: Some(self.clock.now().0 + CONFIRM_DAYS * DAY),
                body: body.to_json(),
                sealed_for: Some(number),
            },
        )
    }

    /// The person, if this act can be proposed about them today by this account.
    pub(super) fn decidable(
        &self,
        actor: &Actor,
        number: &str,
        grounds: &Grounds,
    ) -> Result<ExpertRecord, Refusal> {
        let record = self.expert_in_region(actor, number)?.0;
        let act = &grounds.act;
        let event = act.event(record.today).ok_or_else(|| Refusal::internal("an act without an event"))?;
        if let Act::Reinstate(file) = act {
            // First whether there is anything to lift, then what lifting it needs.
            record.expert.standing().apply(registry::Event::Reinstate, record.today).map_err(refused)?;
            self.may_be_lifted(&record, file, grounds.note.is_some())?;
        }
        match act {
            Act::Merge(into) => self.may_absorb(actor, into)?,
            Act::Decease(died) if *died > record.today => {
                return Err(Refusal::field("died", "", "future", "不得晚于今日", "must not lie after today"));
            }
            _ => {}
        }
        record.expert.decided(event, record.today).map_err(refused)?;
        let alike = CaseFilter {
            kinds: vec![DECISION.name.to_owned()],
            states: vec!["proposed".to_owned()],
            subject: Some(number.to_owned()),
            ..CaseFilter::default()
        };
        for case in self.store.read(|conn| self.all_cases(conn, &alike))? {
            if read(&case)?.grounds.act.kind() == act.kind() {
                let en = "a like decision about this expert is proposed already";
                return Err(Refusal::new(Kind::Conflict, "already_proposed", "该专家已有同类待定决定", en));
            }
        }
        Ok(record)
    }

    /// A duplicate is merged into a record that goes on: not into one that itself was merged or whose
    /// person has died, nor beyond the account's region.
    pub(super) fn may_absorb(&self, actor: &Actor, into: &ExpertNumber) -> Result<(), Refusal> {
        match self.expert_in_region(actor, into.as_str())?.0.expert.standing() {
            Standing::Merged(_) | Standing::Deceased => {
                let en = "the record to merge into is itself merged, or its person has died";
                Err(Refusal::new(
                    Kind::Conflict,
                    "not_a_record_that_goes_on",
                    "目标记录已归并或已登记去世",
                    en,
                ))
            }
            _ => Ok(()),
        }
    }

    /// The newest facts of an expert whose main region this account covers, with the data key.
    pub(super) fn expert_in_region(
        &self,
        actor: &Actor,
        number: &str,
    ) -> Result<(ExpertRecord, SubjectKey), Refusal> {
        let (record, key) = self.expert_record(number)?;
        let main = record.expert.regions().first().map(|region| region.as_str());
        if actor.covers(main) { Ok((record, key)) } else { Err(no_expert()) }
    }

    /// What the ladder asks for before a suspension ends on request. Lifting one before its last day,
    /// or one that a decision ends, needs a note that says why.
    fn may_be_lifted(&self, record: &ExpertRecord, file: &OnFile, has_note: bool) -> Result<(), Refusal> {
        let Standing::Suspended(until) = record.expert.standing().on(record.today) else { return Ok(()) };
        let runs = until.day().is_none_or(|last| record.today <= last);
        let on_request = matches!(until, Until::RequestAfter(_));
        if (runs || !on_request) && !has_note {
            let zh = "暂停期限未满或须以决定恢复：请在 note 中说明理由";
            let en = "the suspension still runs, or ends by decision only: say why in the note";
            return Err(Refusal::field("note", "", "required", zh, en));
        }
        let step = match self.suspended_months(record.expert.number())? {
            Some(months) if on_request && !runs => self.ladder(months),
            None if on_request && !runs => Step { months: 0, request: true, pledge: true, test: false },
            _ => Step { months: 0, request: false, pledge: false, test: false },
        };
        let problems = on_file_problems(step, file, record.today);
        if problems.is_empty() { Ok(()) } else { Err(Refusal::invalid(problems)) }
    }

    /// The step of the profile's ladder; for a length that it does not have, the nearest shorter one
    /// that ends on request.
    fn ladder(&self, months: u32) -> Step {
        let mut steps = self.registry_profile().suspensions.iter();
        let step = steps.rfind(|step| step.months <= months);
        let ends = step.map_or(SuspensionEnd::Request, |step| step.ends);
        Step { months, request: true, pledge: true, test: ends == SuspensionEnd::RequestAndTest }
    }

    /// For how many months the running suspension was decided, if a decision of the ladder made it.
    fn suspended_months(&self, number: &ExpertNumber) -> Result<Option<u32>, Refusal> {
        let filter = CaseFilter {
            kinds: vec![DECISION.name.to_owned()],
            states: vec!["confirmed".to_owned()],
            subject: Some(number.as_str().to_owned()),
            ..CaseFilter::default()
        };
        let mut newest: Option<(i64, Option<u32>)> = None;
        for case in self.store.read(|conn| self.all_cases(conn, &filter))? {
            if let Act::Suspend(term) = read(&case)?.grounds.act
                && newest.is_none_or(|(time, _)| time < case.updated)
            {
                let months = if let Term::Months(months) = term { Some(months) } else { None };
                newest = Some((case.updated, months));
            }
        }
        Ok(newest.and_then(|(_, months)| months))
    }

    /// A decision or bulk act that this account may see.
    fn decision_case(&self, actor: &Actor, id: &str) -> Result<(Case, &'static Lifecycle), Refusal> {
        let case = self.store.read(|conn| self.read_case(conn, id))?;
        let case = case.filter(|case| actor.covers(case.region.as_deref())).ok_or_else(no_case)?;
        let cycle = [&DECISION, &BULK].into_iter().find(|cycle| cycle.name == case.kind);
        Ok((case, cycle.ok_or_else(no_case)?))
    }

    /// What a repeated request is answered with.
    fn decision_view(&self, id: &str) -> Result<DecisionView, Refusal> {
        let case = self.store.read(|conn| self.read_case(conn, id))?.ok_or_else(no_case)?;
        view(&case)
    }
}

impl DecisionDraft {
    fn check(&self, proposer: &str) -> Result<Grounds, Refusal> {
        let mut problems = Vec::new();
        let act = self.act.check().map_err(|found| problems.extend(found)).ok();
        let short = |field: &str, text: &str, max| line(field, text, max).err();
        problems.extend(short("basis", &self.basis, BASIS_MAX));
        if self.basis.chars().count() == 1 {
            let (zh, en) = ("至少 2 个字符", "must have at least 2 characters");
            problems.push(Problem::new("basis", &self.basis, "length", zh, en));
        }
        problems.extend(self.note.as_deref().and_then(|note| short("note", note, NOTE_MAX)));
        problems.extend(check_documents(&self.documents));
        if self.experts.is_empty() || self.experts.len() > BULK_MAX {
            let (zh, en) = (format!("应为 1 至 {BULK_MAX} 人"), format!("must name 1 to {BULK_MAX}"));
            problems.push(Problem::new("experts", "", "count", zh, en));
        }
        let place = |position: usize| {
            if self.bulk { format!("experts[{position}]") } else { "expert".to_owned() }
        };
        for (position, number) in self.experts.iter().enumerate().take(BULK_MAX) {
            if ExpertNumber::parse(number).is_none() {
                let (zh, en) = ("不是专家编号", "is not an expert number");
                problems.push(Problem::new(place(position), number, "expert_number", zh, en));
            } else if self.experts.iter().take(position).any(|earlier| earlier == number) {
                let (zh, en) = ("重复", "stands twice");
                problems.push(Problem::new(place(position), number, "duplicate", zh, en));
            }
        }
        let grounds = act.map(|act| Grounds {
            act,
            basis: self.basis.clone(),
            note: self.note.clone(),
            documents: self.documents.clone(),
            proposed_by: proposer.to_owned(),
            decided_by: None,
            decided_on: None,
            why: None,
        });
        grounds.filter(|_| problems.is_empty()).ok_or_else(|| Refusal::invalid(problems))
    }
}

/// Attachments by digest: at most 8, 64 lower-case hex digits each.
pub(super) fn check_documents(documents: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if documents.len() > DOCUMENTS_MAX {
        let (zh, en) = (format!("不得超过 {DOCUMENTS_MAX} 件"), format!("must be at most {DOCUMENTS_MAX}"));
        problems.push(Problem::new("documents", "", "count", zh, en));
    }
    for (position, digest) in documents.iter().enumerate().take(DOCUMENTS_MAX) {
        if crate::codec::Hash::from_hex(digest).is_none() {
            let (zh, en) =
                ("应为附件摘要（64 位小写十六进制）", "must be a digest of 64 lower-case hex digits");
            problems.push(Problem::new(format!("documents[{position}]"), digest, "digest", zh, en));
        }
    }
    problems
}

/// The body of a decision.
pub(super) fn read(case: &Case) -> Result<Decision, Refusal> {
    Decision::from_json(&case.body).map_err(Refusal::internal)
}

fn grounds(case: &Case) -> Result<Grounds, Refusal> {
    if case.kind == DECISION.name {
        return Ok(read(case)?.grounds);
    }
    Ok(Bulk::from_json(&case.body).map_err(Refusal::internal)?.grounds)
}

/// Changes the grounds in the body of either kind.
pub(super) fn change_grounds(case: &mut Case, change: impl FnOnce(&mut Grounds)) -> Result<(), Refusal> {
    case.body = if case.kind == DECISION.name {
        let mut body = read(case)?;
        change(&mut body.grounds);
        body.to_json()
    } else {
        let mut body = Bulk::from_json(&case.body).map_err(Refusal::internal)?;
        change(&mut body.grounds);
        body.to_json()
    };
    Ok(())
}

/// What is shown without a look.
pub(super) fn view(case: &Case) -> Result<DecisionView, Refusal> {
    let grounds = grounds(case)?;
    let persons = if case.kind == DECISION.name {
        let result = if case.state == "confirmed" { "done" } else { &case.state };
        case.subject.iter().map(|number| (number.clone(), result.to_owned())).collect()
    } else {
        let bulk = Bulk::from_json(&case.body).map_err(Refusal::internal)?;
        bulk.items.into_iter().map(|item| (item.number.as_str().to_owned(), item.result)).collect()
    };
    Ok(DecisionView {
        id: case.id.clone(),
        kind: case.kind.clone(),
        state: case.state.clone(),
        consequences: consequences(&grounds.act),
        act: grounds.act,
        persons,
        parent: case.parent.clone(),
        proposed_by: grounds.proposed_by,
        decided_by: grounds.decided_by,
        decided_on: grounds.decided_on,
        grounds: None,
        due: case.due,
        version: case.version,
        created: case.created,
        updated: case.updated,
    })
}

/// Why the standing does not allow it.
pub(super) fn refused(why: registry::Refusal) -> Refusal {
    super::experts::refused(why)
}

pub(super) fn not_the_proposer() -> Refusal {
    let en = "only the account that proposed may withdraw; others reject";
    Refusal::new(Kind::Conflict, "not_the_proposer", "仅提出者本人可撤回；他人可不予批准", en)
}
