//! Review of applications (财库〔2016〕198号 art. 9): taken up and reviewed in the region, approved by
//! another account, tested where the profile says so, entered.
//!
//! *Invariants:* who entered the application, who reviewed it first and who approves it are three
//! accounts; a positive decision carries all three decisions (material, each claimed speciality,
//! credit); a negative one its reason. Entry is one write: the expert with number, term and approved
//! specialities, the case, the account. Conditions are asked again on the day of entry. Somebody who
//! was dismissed comes back under the old number.

use super::body::{ApplicationBody, Level, Verdict};
use super::complete::not_met;
use super::opinion::{Decision, ReviewInput, opinion};
use super::{ApplicationRecord, Side};
use crate::registry::application::{APPLICATION, FINAL_REVIEW};
use crate::registry::{DraftAppointment, DraftRelaxation, Event, Expert, ExpertNumber};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::cases::{Case, another_person};
use crate::service::changes::Changes;
use crate::service::conditions::due_after;
use crate::service::experts::{ExpertChange, refused};
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::Refusal;
use crate::time::Date;

impl Service {
    /// Takes an application up for first review.
    pub fn take_application(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<ApplicationRecord, Refusal> {
        actor.check(Action::ReviewCases)?;
        self.once(
            actor,
            key,
            |id| self.application_of(actor, Side::Bureau, id),
            || {
                let mut record = self.application_of(actor, Side::Bureau, id)?;
                self.step_case(actor, &actor.parties(), &APPLICATION, &mut record.case, "take")?;
                self.write_application("take application", actor, key, 200, &record.case)?;
                Ok(record)
            },
        )
    }

    /// First review, at city or county level.
    pub fn first_review(
        &self,
        actor: &Actor,
        id: &str,
        input: &ReviewInput,
        key: Option<&IdempotencyKey>,
    ) -> Result<ApplicationRecord, Refusal> {
        actor.check(Action::ReviewCases)?;
        self.once(
            actor,
            key,
            |id| self.application_of(actor, Side::Bureau, id),
            || {
                let ApplicationRecord { mut case, mut body, .. } =
                    self.application_of(actor, Side::Bureau, id)?;
                let event = input.decision.event();
                self.step_case(actor, &actor.parties(), &APPLICATION, &mut case, event)?;
                self.another_than_the_applicant(actor, &case)?;
                let opinion = opinion(&body, Level::First, event, input, actor, self.clock.now().0)?;
                body.opinions.push(opinion);
                self.decided(&mut case, input.decision);
                case.body = body.write();
                self.write_application("first review", actor, key, 200, &case)?;
                self.record_of(case)
            },
        )
    }

    /// Final review, at the province's level: enters the expert, or asks for the test first.
    pub fn final_review(
        &self,
        actor: &Actor,
        id: &str,
        input: &ReviewInput,
        key: Option<&IdempotencyKey>,
    ) -> Result<ApplicationRecord, Refusal> {
        actor.check(Action::ApproveCases)?;
        self.once(
            actor,
            key,
            |id| self.application_of(actor, Side::Bureau, id),
            || {
                let ApplicationRecord { mut case, mut body, .. } =
                    self.application_of(actor, Side::Bureau, id)?;
                if case.state != FINAL_REVIEW {
                    return Err(crate::service::cases::no_step(
                        crate::registry::lifecycle::NoStep::WrongState,
                    ));
                }
                let tested = self.registry_profile.entry.test.required.value;
                let event = match input.decision {
                    Decision::Pass if tested => "approve",
                    Decision::Pass => "enter",
                    other => other.event(),
                };
                self.step_case(actor, &actor.parties(), &APPLICATION, &mut case, event)?;
                self.another_than_the_applicant(actor, &case)?;
                if let Some(first) = body.opinion(Level::First) {
                    another_person(actor, &first.by)?;
                }
                let opinion = opinion(&body, Level::Final, event, input, actor, self.clock.now().0)?;
                body.opinions.push(opinion);
                self.decided(&mut case, input.decision);
                if input.decision == Decision::Pass {
                    let (expert, known) = self.expert_to_enter(actor, &body, input.certificate.as_deref())?;
                    if event == "enter" {
                        return self.enter(actor, key, case, body, expert, known);
                    }
                }
                case.body = body.write();
                self.write_application("final review", actor, key, 200, &case)?;
                self.record_of(case)
            },
        )
    }

    /// The result of the test: entry at the pass mark or above, rejection below.
    pub fn record_test(
        &self,
        actor: &Actor,
        id: &str,
        points: u32,
        key: Option<&IdempotencyKey>,
    ) -> Result<ApplicationRecord, Refusal> {
        actor.check(Action::ApproveCases)?;
        if points > 100 {
            return Err(Refusal::field(
                "points",
                &points.to_string(),
                "range",
                "应为 0 至 100",
                "must be 0 to 100",
            ));
        }
        self.once(
            actor,
            key,
            |id| self.application_of(actor, Side::Bureau, id),
            || {
                let ApplicationRecord { mut case, mut body, .. } =
                    self.application_of(actor, Side::Bureau, id)?;
                let passed = points >= self.registry_profile.entry.test.pass_mark.value;
                let event = if passed { "enter" } else { "fail" };
                self.step_case(actor, &actor.parties(), &APPLICATION, &mut case, event)?;
                self.another_than_the_applicant(actor, &case)?;
                body.points = Some(points);
                case.due = None;
                if passed {
                    let (expert, known) = self.expert_to_enter(actor, &body, None)?;
                    return self.enter(actor, key, case, body, expert, known);
                }
                case.body = body.write();
                self.write_application("record test", actor, key, 200, &case)?;
                self.record_of(case)
            },
        )
    }

    /// The expert that an approved application becomes, and the one of the same identity who was
    /// dismissed, if there is one; all conditions asked again.
    fn expert_to_enter(
        &self,
        actor: &Actor,
        body: &ApplicationBody,
        certificate: Option<&str>,
    ) -> Result<(Expert, Option<Expert>), Refusal> {
        let opinion = body.opinion(Level::Final).ok_or_else(|| Refusal::internal("no final opinion"))?;
        let verdict = |code: &str| opinion.specialities.iter().find(|(known, _)| known == code);
        let passes = |code: &String| verdict(code).is_some_and(|(_, verdict)| verdict.pass);
        let approved: Vec<String> = body.claimed().into_iter().filter(passes).collect();
        let today = Date::of(self.clock.now());
        let years = i32::try_from(self.registry_profile.keeping.term.years.value).unwrap_or(1);
        let last = today.plus_years(years).plus_days(-1);
        let mut draft = body.record(&approved, today, last);
        for claim in &mut draft.claims {
            if let Some((_, Verdict { pass: false, reason })) = verdict(&claim.speciality) {
                claim.decision = "rejected".to_owned();
                claim.decided = today.to_string();
                claim.reason = reason.clone().unwrap_or_default();
            }
        }
        draft.confirmed = today.to_string();
        draft.relaxation = opinion.relaxation.as_ref().map(|(reason, specialities)| DraftRelaxation {
            reason: reason.clone(),
            approved_by: actor.account.clone(),
            specialities: specialities.clone(),
        });
        let number = ExpertNumber::from_random(self.random());
        let of = |number: &ExpertNumber| {
            let mut draft = draft.clone();
            let certificate = certificate.unwrap_or(number.as_str()).to_owned();
            draft.appointment = Some(DraftAppointment { number: certificate, issued: today.to_string() });
            draft.check(number.clone()).map_err(Refusal::invalid)
        };
        let expert = of(&number)?;
        self.known_specialities(&draft)?;
        self.store.read(|conn| {
            let known = self.same_person(conn, &expert)?;
            if let Some(known) = &known {
                self.may_reenter(conn, known, today)?;
            }
            let findings = self.findings(conn, body, known.as_ref(), today)?;
            let problems = not_met(&findings, false);
            if !problems.is_empty() {
                return Err(Refusal::invalid(problems));
            }
            match known {
                None => Ok((expert, None)),
                Some(known) => {
                    let back = known.decided(Event::Reenter, today).map_err(refused)?;
                    let mut draft = draft.clone();
                    let certificate = certificate.unwrap_or(known.number().as_str()).to_owned();
                    draft.appointment =
                        Some(DraftAppointment { number: certificate, issued: today.to_string() });
                    Ok((back.amended(&draft).map_err(Refusal::invalid)?, Some(known)))
                }
            }
        })
    }

    /// Entry: the expert, the case, the account, in one write.
    fn enter(
        &self,
        actor: &Actor,
        key: Option<&IdempotencyKey>,
        mut case: Case,
        mut body: ApplicationBody,
        expert: Expert,
        known: Option<Expert>,
    ) -> Result<ApplicationRecord, Refusal> {
        let number = expert.number().clone();
        body.expert = Some(number.as_str().to_owned());
        case.subject = Some(number.as_str().to_owned());
        case.body = body.write();
        let change = self.entry_change(actor, &expert, known.is_some())?;
        let mut changes = Changes::once(self.idempotency_row(actor, key, &case.id, 200))
            .expert(change)
            .case(self.case_change(&case)?);
        if let (false, Some(owner)) = (body.by_bureau, case.owner.as_deref()) {
            changes = self.link_applicant(changes, actor, owner, &number)?;
        }
        self.write_changes("enter expert", changes)?;
        self.record_of(case)
    }

    fn entry_change(&self, actor: &Actor, expert: &Expert, again: bool) -> Result<ExpertChange, Refusal> {
        if !again {
            return self.expert_change(actor, expert, 1, "expert.entered", None);
        }
        let (record, key) = self.expert_record(expert.number().as_str())?;
        self.expert_change(actor, expert, record.version + 1, "expert.reentered", Some(key))
    }

    fn another_than_the_applicant(&self, actor: &Actor, case: &Case) -> Result<(), Refusal> {
        case.owner.as_deref().map_or(Ok(()), |owner| another_person(actor, owner))
    }

    fn decided(&self, case: &mut Case, decision: Decision) {
        let days = self.registry_profile.entry.review.working_days.value;
        case.due = match decision {
            Decision::Pass if !APPLICATION.is_final(&case.state) => Some(due_after(self.clock.now(), days)),
            _ => None,
        };
    }
}

impl Service {
    /// Binds the applicant's account to the expert; it may be bound already, of somebody who comes back.
    fn link_applicant(
        &self,
        changes: Changes,
        actor: &Actor,
        account: &str,
        number: &ExpertNumber,
    ) -> Result<Changes, Refusal> {
        if self.account_row(account)?.expert.as_deref() == Some(number.as_str()) {
            return Ok(changes);
        }
        self.link_account(changes, actor, account, number)
    }
}
