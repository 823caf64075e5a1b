//! Change requests (变更, 财库〔2016〕198号 art. 10): contacts are entered at once; what is reviewed waits
//! in a case while the record stands so that nothing is drawn that the change puts in doubt.
//!
//! *Invariants:* one open change per expert: filing and deciding both amend the record, so two at
//! once meet at its version. While a change of employer is open the new employers stand in
//! `pending_units`, so that both count for conflicts; specialities and regions that are to go are not
//! drawn, and if no region would stay, no speciality is. A refusal or withdrawal gives back what was
//! held. An employer left out of the new list becomes a former one, so that three years stay known.
//!
//! *Deliberately not here:* which fields are reviewed (`registry::change`); corrections by the bureau
//! itself (`experts`).

mod record;

use super::Service;
use super::actor::{Action, Actor};
use super::applications::{CasesAsked, Side};
use super::cases::{Case, NewCase, another_person, no_case, scoped};
use super::changes::Changes;
use super::conditions::due_after;
use super::experts::ExpertRecord;
use super::facts_patch::FactsPatch;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::looks::line;
use super::refusal::{Kind, Refusal};
use crate::registry::change::{CHANGE, FieldClass, OPEN, class_of};
use crate::registry::lifecycle::Party;
use crate::registry::{Expert, Problem, StandingKind};
use crate::store;
use crate::store::case::CaseFilter;

pub use record::{ChangeBody, ChangeDecision};

/// First letter of the ids.
const LETTER: char = 'B';
/// Longest reason.
const REASON_MAX: usize = 200;

/// A change with its case.
#[derive(Clone)]
pub struct ChangeRecord {
    /// The case.
    pub case: Case,
    /// What it says.
    pub body: ChangeBody,
}

/// A decision about a change as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeVerdict {
    /// Whether it is approved.
    pub approve: bool,
    /// Why.
    pub reason: String,
    /// New specialities that are not approved, though the rest is.
    pub refused_specialities: Vec<String>,
}

impl Service {
    /// Files a change: of contacts alone it is entered at once, of anything else it waits for review.
    pub fn file_change(
        &self,
        actor: &Actor,
        side: Side,
        number: Option<&str>,
        patch: &FactsPatch,
        reason: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<ChangeRecord, Refusal> {
        actor.check(side.action())?;
        let number = self.number_of(actor, side, number)?;
        self.once(
            actor,
            key,
            |id| self.change_of(actor, side, id),
            || {
                if let Some(reason) = reason {
                    line("reason", reason, REASON_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
                }
                let (record, data_key) = self.expert_record(&number)?;
                in_registry(&record)?;
                let before = record.expert.draft();
                let body = ChangeBody::of(&before, &patch.apply(&before)?, record.today, reason)?;
                check_fields(&body)?;
                // The whole record as it will be: its own rules speak now, not at the review.
                let after = body.approved(&before, record.today, &[])?;
                let amended = self.known(&after, record.expert.amended(&after))?;
                let alone = body.fields().all(|field| class_of(field) == FieldClass::Alone);
                let event = if alone { "enter_alone" } else { "file" };
                let days = self.registry_profile.changes.working_days.value;
                let region = record.expert.regions().first().map(|region| region.as_str());
                let party = match side {
                    Side::Own => Party::Expert,
                    Side::Bureau => Party::Registrar,
                };
                if !alone {
                    self.no_open_change(&number)?;
                }
                let new = NewCase {
                    lifecycle: &CHANGE,
                    letter: LETTER,
                    subject: Some(&number),
                    region,
                    parent: None,
                    owner: Some(&actor.account),
                    due: (!alone).then(|| due_after(self.clock.now(), days)),
                    body: body.write(),
                    sealed_for: Some(&number),
                };
                let case = self.begin_case(actor, &[party], event, new)?;
                let (expert, kind) = if alone {
                    (amended, "expert.amended")
                } else {
                    let held = body.held(&before);
                    (record.expert.amended(&held).map_err(Refusal::invalid)?, "expert.change_filed")
                };
                let change = self.expert_change(actor, &expert, record.version + 1, kind, Some(data_key))?;
                let changes = Changes::once(self.idempotency_row(actor, key, &case.id, 201));
                self.write_changes("file change", changes.expert(change).case(self.case_change(&case)?))?;
                Ok(ChangeRecord { case, body })
            },
        )
    }

    /// Approves or refuses a change.
    pub fn decide_change(
        &self,
        actor: &Actor,
        id: &str,
        verdict: &ChangeVerdict,
        key: Option<&IdempotencyKey>,
    ) -> Result<ChangeRecord, Refusal> {
        actor.check(Action::ReviewCases)?;
        self.once(
            actor,
            key,
            |id| self.change_of(actor, Side::Bureau, id),
            || {
                let wrong = line("reason", &verdict.reason, REASON_MAX);
                wrong.map_err(|problem| Refusal::invalid(vec![problem]))?;
                let event = if verdict.approve { "approve" } else { "refuse" };
                let ChangeRecord { mut case, mut body } = self.change_of(actor, Side::Bureau, id)?;
                self.step_case(actor, &actor.parties(), &CHANGE, &mut case, event)?;
                if let Some(owner) = &case.owner {
                    another_person(actor, owner)?;
                }
                body.check_refused(&verdict.refused_specialities)?;
                body.decision = Some(ChangeDecision {
                    approve: verdict.approve,
                    by: actor.account.clone(),
                    at: self.clock.now().0,
                    reason: verdict.reason.clone(),
                    refused_specialities: verdict.refused_specialities.clone(),
                });
                let refused = verdict.approve.then_some(verdict.refused_specialities.as_slice());
                self.close_change(actor, key, case, body, refused)
            },
        )
    }

    /// Takes a change back that is not decided.
    pub fn withdraw_change(
        &self,
        actor: &Actor,
        side: Side,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<ChangeRecord, Refusal> {
        actor.check(side.action())?;
        self.once(
            actor,
            key,
            |id| self.change_of(actor, side, id),
            || {
                let ChangeRecord { mut case, body } = self.change_of(actor, side, id)?;
                let party = if side == Side::Own { Party::Expert } else { Party::Registrar };
                self.step_case(actor, &[party], &CHANGE, &mut case, "withdraw")?;
                self.close_change(actor, key, case, body, None)
            },
        )
    }

    /// One's own change.
    pub fn own_change(&self, actor: &Actor, id: &str) -> Result<ChangeRecord, Refusal> {
        actor.check(Action::OwnRecord)?;
        self.change_of(actor, Side::Own, id)
    }

    /// One's own changes.
    pub fn own_changes(&self, actor: &Actor, paging: &Paging) -> Result<Listed<Case>, Refusal> {
        actor.check(Action::OwnRecord)?;
        // Nobody has this number: an applicant has no changes.
        let subject = actor.expert.clone().or_else(|| Some(String::new()));
        let filter = CaseFilter { kinds: vec![CHANGE.name.to_owned()], subject, ..CaseFilter::default() };
        self.cases(actor, filter, paging)
    }

    /// A page of changes, without names.
    pub fn changes(
        &self,
        actor: &Actor,
        asked: &CasesAsked,
        paging: &Paging,
    ) -> Result<Listed<Case>, Refusal> {
        actor.check(Action::ReadCases)?;
        self.cases(actor, scoped(actor, asked.filter(CHANGE.name)), paging)
    }

    /// One change, everything, after the look is recorded with its purpose.
    pub fn read_change(&self, actor: &Actor, id: &str, purpose: &str) -> Result<ChangeRecord, Refusal> {
        actor.check(Action::ReadCases)?;
        let case = self.case(actor, &CHANGE, id)?;
        self.record_look(actor, "change", case.subject.as_deref().unwrap_or(id), purpose)?;
        self.change_of(actor, Side::Bureau, id)
    }

    /// The own record of somebody with the account of an expert.
    pub fn own_record(&self, actor: &Actor) -> Result<Option<ExpertRecord>, Refusal> {
        actor.check(Action::OwnRecord)?;
        match &actor.expert {
            Some(number) => Ok(Some(self.expert_record(number)?.0)),
            None => Ok(None),
        }
    }

    fn change_of(&self, actor: &Actor, side: Side, id: &str) -> Result<ChangeRecord, Refusal> {
        let case = self.case(actor, &CHANGE, id)?;
        if side == Side::Own && (actor.expert.is_none() || case.subject != actor.expert) {
            return Err(no_case());
        }
        let body = ChangeBody::read(&case.body).map_err(Refusal::internal)?;
        Ok(ChangeRecord { case, body })
    }

    /// Ends an open change: `approved` holds the specialities left out of it, `None` gives back what
    /// was held.
    fn close_change(
        &self,
        actor: &Actor,
        key: Option<&IdempotencyKey>,
        mut case: Case,
        body: ChangeBody,
        approved: Option<&[String]>,
    ) -> Result<ChangeRecord, Refusal> {
        let number = case.subject.clone().unwrap_or_default();
        let (record, data_key) = self.expert_record(&number)?;
        let now = record.expert.draft();
        let draft = match approved {
            Some(refused) => body.approved(&body.released(&now), record.today, refused)?,
            None => body.released(&now),
        };
        let expert: Expert = record.expert.amended(&draft).map_err(Refusal::invalid)?;
        let kind = if approved.is_some() { "expert.amended" } else { "expert.change_closed" };
        let change = self.expert_change(actor, &expert, record.version + 1, kind, Some(data_key))?;
        case.due = None;
        case.body = body.write();
        let changes = Changes::once(self.idempotency_row(actor, key, &case.id, 200));
        self.write_changes("close change", changes.expert(change).case(self.case_change(&case)?))?;
        Ok(ChangeRecord { case, body })
    }

    /// Whose record it is about, in the region of the account.
    fn number_of(&self, actor: &Actor, side: Side, number: Option<&str>) -> Result<String, Refusal> {
        match side {
            Side::Own => actor.expert.clone().ok_or_else(|| {
                let en = "no expert is registered under this account";
                Refusal::new(Kind::Conflict, "no_own_record", "本账号尚无在库专家记录", en)
            }),
            Side::Bureau => {
                let summary = self.summary(number.unwrap_or_default())?;
                actor.check_region(Some(&summary.region), "专家", "expert")?;
                Ok(summary.number)
            }
        }
    }

    fn no_open_change(&self, number: &str) -> Result<(), Refusal> {
        let open = CaseFilter {
            kinds: vec![CHANGE.name.to_owned()],
            states: vec![OPEN.to_owned()],
            subject: Some(number.to_owned()),
            ..CaseFilter::default()
        };
        if self.store.read(|conn| store::case::count(conn, &open))? == 0 {
            return Ok(());
        }
        let en = "another change of this expert is open: it is decided or withdrawn first";
        Err(Refusal::new(Kind::Conflict, "change_open", "该专家有在办变更，请先办结或撤回", en))
    }
}

/// Only somebody in the registry changes a record.
fn in_registry(record: &ExpertRecord) -> Result<(), Refusal> {
    match record.expert.standing().on(record.today).kind() {
        StandingKind::Active | StandingKind::Suspended | StandingKind::Stale => Ok(()),
        _ => {
            let en = "only somebody in the registry changes the record";
            Err(Refusal::new(Kind::Conflict, "not_in_registry", "只有在库专家可以变更信息", en))
        }
    }
}

/// Something must change, and nothing that no request changes.
fn check_fields(body: &ChangeBody) -> Result<(), Refusal> {
    if body.fields().next().is_none() {
        let en = "nothing differs from the record";
        return Err(Refusal::new(Kind::Invalid, "nothing_changed", "与现有记录没有差别", en));
    }
    let fixed: Vec<Problem> = body
        .fields()
        .filter(|field| class_of(field) == FieldClass::Fixed)
        .map(|field| {
            let zh = "不能以变更申请修改，由财政部门办理";
            let en = "not changed by a request: the bureau does that";
            Problem::new(format!("facts.{field}"), "", "bureau_only", zh, en)
        })
        .collect();
    if fixed.is_empty() { Ok(()) } else { Err(Refusal::invalid(fixed)) }
}
