//! Applications (入库申请): begun, saved, handed in, withdrawn, read, listed; reviewed in `review`.
//!
//! | file | holds |
//! |---|---|
//! | `body` | what an application says |
//! | `edit` | what is written besides the record |
//! | `persons` | who applies, and whether they may |
//! | `complete` | what is missing before it can be handed in |
//! | `review`, `opinion` | first and final review, test, entry |
//!
//! Two sides write applications: the person with an account of its own, and a registrar for somebody
//! recommended. Neither writes the other's. An application is a case with a data key of its own until
//! entry, when it names the expert as its subject.
//!
//! *Invariants:* one open application per person (by identity) and per account; nobody who is in the
//! registry applies, unless dismissed and allowed back by the profile.

pub mod body;
mod complete;
mod edit;
mod opinion;
mod persons;
mod review;

use super::Service;
use super::actor::{Action, Actor};
use super::cases::{Case, NewCase, no_case, scoped};
use super::changes::Changes;
use super::conditions::due_after;
use super::experts::within;
use super::facts_patch::FactsPatch;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use crate::codes::Region;
use crate::registry::Expert;
use crate::registry::application::APPLICATION;
use crate::registry::lifecycle::Party;
use crate::rules::conditions::{ConditionFinding, Purpose, examine};
use crate::rules::registry_profile::Channel;
use crate::store::case::CaseFilter;
use crate::store::{Conn, StoreError};
use crate::time::{Date, Timestamp};

use body::ApplicationBody;
pub use edit::ApplicationEdit;
use edit::{apply, no_channel};
pub use opinion::{Decision, ReviewInput, VerdictInput};

/// First letter of the ids.
const LETTER: char = 'S';

/// From which side an application or a change is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// By the person.
    Own,
    /// By a registrar.
    Bureau,
}

impl Side {
    /// What the account must be allowed to.
    pub(super) fn action(self) -> Action {
        match self {
            Self::Own => Action::OwnRecord,
            Self::Bureau => Action::KeepRegistry,
        }
    }
}

/// An application with what the conditions say about it today.
#[derive(Clone)]
pub struct ApplicationRecord {
    /// The case.
    pub case: Case,
    /// What it says.
    pub body: ApplicationBody,
    /// The conditions of selection as of now.
    pub conditions: Vec<ConditionFinding>,
    /// Documents that the application names and whose content nobody filed, by position in its list.
    pub not_filed: Vec<usize>,
}

/// Which cases of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CasesAsked {
    /// In this state.
    pub state: Option<String>,
    /// In this region or a part of it.
    pub region: Option<Region>,
    /// Due at this time or before.
    pub due_by: Option<Timestamp>,
}

impl CasesAsked {
    /// As a filter over a kind.
    pub(super) fn filter(&self, kind: &str) -> CaseFilter {
        CaseFilter {
            kinds: vec![kind.to_owned()],
            states: self.state.iter().cloned().collect(),
            region_prefix: self.region.map(within),
            due_by: self.due_by.map(|time| time.0),
            ..CaseFilter::default()
        }
    }
}

impl Service {
    /// Begins an application; `facts` goes into the empty record.
    pub fn begin_application(
        &self,
        actor: &Actor,
        side: Side,
        edit: &ApplicationEdit,
        facts: &FactsPatch,
        key: Option<&IdempotencyKey>,
    ) -> Result<ApplicationRecord, Refusal> {
        actor.check(side.action())?;
        self.once(
            actor,
            key,
            |id| self.application_of(actor, side, id),
            || {
                if side == Side::Own {
                    self.check_applicant(actor)?;
                }
                let mut body = ApplicationBody::new(Channel::SelfRecommendation, side == Side::Bureau);
                let Some(asked) = edit.channel.as_deref().and_then(Channel::parse) else {
                    return Err(no_channel(edit.channel.as_deref()));
                };
                body.channel = asked;
                body.facts = facts.apply(&body.facts)?;
                let region = apply(edit, &mut body)?;
                let region = region.ok_or_else(|| {
                    Refusal::field(
                        "region",
                        "",
                        "required",
                        "须填受理地区",
                        "the region of the bureau it goes to",
                    )
                })?;
                self.check_scope(actor, side, &region)?;
                let new = NewCase {
                    lifecycle: &APPLICATION,
                    letter: LETTER,
                    subject: None,
                    region: Some(&region),
                    parent: None,
                    owner: Some(&actor.account),
                    due: None,
                    body: body.write(),
                    sealed_for: None,
                };
                let case = self.begin_case(actor, &party(side), "begin", new)?;
                self.write_application("begin application", actor, key, 201, &case)?;
                self.record_of(case)
            },
        )
    }

    /// Saves what is given; anything may still be missing.
    pub fn save_application(
        &self,
        actor: &Actor,
        side: Side,
        id: &str,
        version: i64,
        edit: &ApplicationEdit,
        facts: &FactsPatch,
    ) -> Result<ApplicationRecord, Refusal> {
        actor.check(side.action())?;
        let (mut case, mut body) = self.application_to_write(actor, side, id)?;
        if case.version != version {
            return Err(StoreError::Stale(format!("case {id}")).into());
        }
        self.step_case(actor, &party(side), &APPLICATION, &mut case, "save")?;
        body.facts = facts.apply(&body.facts)?;
        if let Some(region) = apply(edit, &mut body)? {
            self.check_scope(actor, side, &region)?;
            case.region = Some(region);
        }
        case.body = body.write();
        self.write_changes("save application", Changes::default().case(self.case_change(&case)?))?;
        self.record_of(case)
    }

    /// Hands an application in; everything that is missing is named at once.
    pub fn submit_application(
        &self,
        actor: &Actor,
        side: Side,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<ApplicationRecord, Refusal> {
        actor.check(side.action())?;
        self.once(
            actor,
            key,
            |id| self.application_of(actor, side, id),
            || {
                let (mut case, body) = self.application_to_write(actor, side, id)?;
                self.step_case(actor, &party(side), &APPLICATION, &mut case, "submit")?;
                let today = Date::of(self.clock.now());
                let expert = body.complete(&self.registry_profile, today);
                let (mut problems, expert) = match expert {
                    Ok(expert) => (Vec::new(), Some(expert)),
                    Err(problems) => (problems, None),
                };
                let unknown = self.book()?.of_draft(&body.facts);
                problems.extend(unknown.into_iter().map(complete::inside_facts));
                self.store.read(|conn| -> Result<(), Refusal> {
                    let known = match &expert {
                        Some(expert) => self.same_person(conn, expert)?,
                        None => None,
                    };
                    if let Some(known) = &known {
                        self.may_reenter(conn, known, today)?;
                        self.check_own_number(actor, side, known)?;
                    }
                    let findings = self.findings(conn, &body, known.as_ref(), today)?;
                    problems.extend(complete::not_met(&findings, body.relaxation.is_some()));
                    match &expert {
                        Some(expert) => self.no_other_application(conn, expert, &case.id, today),
                        None => Ok(()),
                    }
                })?;
                if !problems.is_empty() {
                    return Err(Refusal::invalid(problems));
                }
                case.due =
                    Some(due_after(self.clock.now(), self.registry_profile.entry.review.working_days.value));
                self.write_application("submit application", actor, key, 200, &case)?;
                self.record_of(case)
            },
        )
    }

    /// Withdraws an application that is not decided.
    pub fn withdraw_application(
        &self,
        actor: &Actor,
        side: Side,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<ApplicationRecord, Refusal> {
        actor.check(side.action())?;
        self.once(
            actor,
            key,
            |id| self.application_of(actor, side, id),
            || {
                let (mut case, _) = self.application_to_write(actor, side, id)?;
                self.step_case(actor, &party(side), &APPLICATION, &mut case, "withdraw")?;
                case.due = None;
                self.write_application("withdraw application", actor, key, 200, &case)?;
                self.record_of(case)
            },
        )
    }

    /// One's own application.
    pub fn own_application(&self, actor: &Actor, id: &str) -> Result<ApplicationRecord, Refusal> {
        actor.check(Action::OwnRecord)?;
        self.application_of(actor, Side::Own, id)
    }

    /// One's own applications.
    pub fn own_applications(&self, actor: &Actor, paging: &Paging) -> Result<Listed<Case>, Refusal> {
        actor.check(Action::OwnRecord)?;
        let filter = CaseFilter {
            kinds: vec![APPLICATION.name.to_owned()],
            owner: Some(actor.account.clone()),
            ..CaseFilter::default()
        };
        self.cases(actor, filter, paging)
    }

    /// A page of applications, without names.
    pub fn applications(
        &self,
        actor: &Actor,
        asked: &CasesAsked,
        paging: &Paging,
    ) -> Result<Listed<Case>, Refusal> {
        actor.check(Action::ReadCases)?;
        let filter = scoped(actor, asked.filter(APPLICATION.name));
        self.cases(actor, filter, paging)
    }

    /// One application, everything, after the look is recorded with its purpose.
    pub fn read_application(
        &self,
        actor: &Actor,
        id: &str,
        purpose: &str,
    ) -> Result<ApplicationRecord, Refusal> {
        actor.check(Action::ReadCases)?;
        let case = self.case(actor, &APPLICATION, id)?;
        self.record_look(actor, "application", case.subject.as_deref().unwrap_or(id), purpose)?;
        self.record_of(case)
    }

    /// An application as the account that wrote it, or reviews it, sees it.
    pub(super) fn application_of(
        &self,
        actor: &Actor,
        side: Side,
        id: &str,
    ) -> Result<ApplicationRecord, Refusal> {
        let case = self.case(actor, &APPLICATION, id)?;
        if side == Side::Own && case.owner.as_ref() != Some(&actor.account) {
            return Err(no_case());
        }
        self.record_of(case)
    }

    pub(super) fn record_of(&self, case: Case) -> Result<ApplicationRecord, Refusal> {
        let body = ApplicationBody::read(&case.body).map_err(Refusal::internal)?;
        let today = Date::of(self.clock.now());
        let conditions = self.store.read(|conn| {
            let known = match &case.subject {
                Some(number) => self.expert_as_of_now(conn, number)?,
                None => None,
            };
            self.findings(conn, &body, known.as_ref(), today)
        })?;
        let filed = self.attachments_of(&case.id)?;
        let absent = |digest: &str| !filed.iter().any(|attachment| attachment.digest == digest);
        let documents = body.facts.documents.iter().enumerate();
        let not_filed = documents.filter(|(_, d)| absent(&d.digest)).map(|(position, _)| position).collect();
        Ok(ApplicationRecord { case, body, conditions, not_filed })
    }

    /// An application with its body, for the side that writes it.
    pub(super) fn application_to_write(
        &self,
        actor: &Actor,
        side: Side,
        id: &str,
    ) -> Result<(Case, ApplicationBody), Refusal> {
        let record = self.application_of(actor, side, id)?;
        if record.body.by_bureau != (side == Side::Bureau) {
            let en = "the applicant's own: only the applicant writes it";
            return Err(Refusal::new(
                Kind::Conflict,
                "applicants_own",
                "申请人本人填写的申请，由本人修改",
                en,
            ));
        }
        Ok((record.case, record.body))
    }

    fn write_application(
        &self,
        name: &'static str,
        actor: &Actor,
        key: Option<&IdempotencyKey>,
        status: i64,
        case: &Case,
    ) -> Result<(), Refusal> {
        let changes = Changes::once(self.idempotency_row(actor, key, &case.id, status));
        self.write_changes(name, changes.case(self.case_change(case)?))
    }

    /// What the conditions say; a credit decision and a granted relaxation count once they are there.
    pub(super) fn findings(
        &self,
        conn: &mut Conn,
        body: &ApplicationBody,
        known: Option<&Expert>,
        today: Date,
    ) -> Result<Vec<ConditionFinding>, Refusal> {
        let mut facts = self.condition_facts(conn, &body.facts, known)?;
        let opinion = body.opinion(body::Level::Final).or(body.opinion(body::Level::First));
        facts.credit = opinion.and_then(|opinion| opinion.credit.as_ref()).map(|verdict| verdict.pass);
        facts.scarce_granted = body.opinion(body::Level::Final).is_some_and(|o| o.relaxation.is_some());
        Ok(examine(&facts, &self.registry_profile, Purpose::Entry, today))
    }

    /// A registrar files in the own region only; an applicant anywhere.
    fn check_scope(&self, actor: &Actor, side: Side, region: &str) -> Result<(), Refusal> {
        if side == Side::Own || actor.covers(Some(region)) {
            return Ok(());
        }
        let (zh, en) = ("不在本账号的辖区内", "outside the region of this account");
        Err(Refusal::field("region", region, "out_of_region", zh, en))
    }
}

/// As whom a side acts.
fn party(side: Side) -> [Party; 1] {
    match side {
        Side::Own => [Party::Applicant],
        Side::Bureau => [Party::Registrar],
    }
}
