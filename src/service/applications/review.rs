//! Review of applications (财库〔2016〕198号 art. 9): taken up and reviewed in the region, approved by
//! another account, tested where the profile says so, entered.
//!
//! *Invariants:* who entered the application, who reviewed it first and who approves it are three
//! accounts; a positive decision carries all three decisions (material, each claimed speciality,
//! credit); a negative one its reason. Entry is one write: the expert with number, term and approved
//! specialities, the case, the account. Conditions are asked again on the day of entry. Somebody who
//! was dismissed comes back under the old number.

use super::body::{ApplicationBody, Level, Opinion, Verdict};
use super::complete::{REASON_MAX, not_met};
use super::{ApplicationRecord, Side};
use crate::registry::application::{APPLICATION, FINAL_REVIEW};
use crate::registry::{DraftAppointment, DraftRelaxation, Event, Expert, ExpertNumber, Problem};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::cases::{Case, another_person};
use crate::service::changes::Changes;
use crate::service::conditions::due_after;
use crate::service::experts::{ExpertChange, refused};
use crate::service::idempotency::IdempotencyKey;
use crate::service::looks::line;
use crate::service::refusal::{Kind, Refusal};
use crate::time::Date;

/// What a level decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Passes: on to the next level, or entry.
    Pass,
    /// Back to the applicant, with reasons.
    Return,
    /// Rejected, with reasons.
    Reject,
}

impl Decision {
    /// Reads `pass`, `return`, `reject`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "pass" => Some(Self::Pass),
            "return" => Some(Self::Return),
            "reject" => Some(Self::Reject),
            _ => None,
        }
    }

    fn event(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Return => "return",
            Self::Reject => "reject",
        }
    }
}

/// One decision as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictInput {
    /// Whether it passes.
    pub pass: bool,
    /// Why; required when it does not.
    pub reason: Option<String>,
}

/// A review as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewInput {
    /// The decision.
    pub decision: Decision,
    /// Why; required for return and rejection.
    pub reason: Option<String>,
    /// The material.
    pub material: Option<VerdictInput>,
    /// Each claimed speciality.
    pub specialities: Vec<(String, VerdictInput)>,
    /// The credit record.
    pub credit: Option<VerdictInput>,
    /// Granted by the final review only: reason, and the scarce specialities.
    pub relaxation: Option<(String, Vec<String>)>,
    /// Number of the certificate of appointment; the expert's number if absent.
    pub certificate: Option<String>,
}

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

/// The opinion of a level, checked.
fn opinion(
    body: &ApplicationBody,
    level: Level,
    event: &str,
    input: &ReviewInput,
    actor: &Actor,
    now: i64,
) -> Result<Opinion, Refusal> {
    let mut problems = Vec::new();
    let positive = input.decision == Decision::Pass;
    let claimed = body.claimed();
    if !positive && input.reason.is_none() {
        let zh = "退回或不予通过须写明理由";
        problems.push(Problem::new("reason", "", "required", zh, "a return or a rejection needs its reason"));
    }
    problems.extend(input.reason.as_deref().and_then(|reason| line("reason", reason, REASON_MAX).err()));
    let mut verdict = |field: &str, given: Option<&VerdictInput>| -> Option<Verdict> {
        let Some(given) = given else {
            if positive {
                let zh = "材料、专业、信用三项均须有意见";
                let en = "material, each speciality and credit need a decision each";
                problems.push(Problem::new(field, "", "required", zh, en));
            }
            return None;
        };
        let place = format!("{field}.reason");
        match &given.reason {
            None if !given.pass => {
                let zh = "不通过须写明理由";
                problems.push(Problem::new(place, "", "required", zh, "not passing needs its reason"));
            }
            Some(reason) => problems.extend(line(&place, reason, REASON_MAX).err()),
            None => {}
        }
        Some(Verdict { pass: given.pass, reason: given.reason.clone() })
    };
    let material = verdict("material", input.material.as_ref());
    let credit = verdict("credit", input.credit.as_ref());
    let mut specialities = Vec::new();
    for code in &claimed {
        let given = input.specialities.iter().find(|(known, _)| known == code).map(|(_, given)| given);
        if let Some(decided) = verdict(&format!("specialities.{code}"), given) {
            specialities.push((code.clone(), decided));
        }
    }
    for (position, (code, _)) in input.specialities.iter().enumerate() {
        let field = format!("specialities[{position}]");
        if !claimed.contains(code) {
            let zh = "申请中没有申报此专业";
            problems.push(Problem::new(field, code, "not_claimed", zh, "not claimed in the application"));
        } else if input.specialities.iter().take(position).any(|(earlier, _)| earlier == code) {
            problems.push(Problem::new(
                field,
                code,
                "duplicate",
                "与前面的项重复",
                "repeats an earlier entry",
            ));
        }
    }
    if let Some((reason, codes)) = &input.relaxation {
        problems.extend(line("relaxation.reason", reason, REASON_MAX).err());
        let known = codes.iter().all(|code| claimed.contains(code));
        if level == Level::First || !positive || codes.is_empty() || !known {
            let zh = "放宽条件只由终审批准，须写明理由和所申报的紧缺专业";
            let en =
                "a relaxation is granted by the final review, with reason and claimed scarce specialities";
            problems.push(Problem::new("relaxation", "", "relaxation", zh, en));
        }
    }
    if !problems.is_empty() {
        return Err(Refusal::invalid(problems));
    }
    let passes = |verdict: &Option<Verdict>| verdict.as_ref().is_some_and(|verdict| verdict.pass);
    let some = specialities.iter().any(|(_, verdict)| verdict.pass);
    if positive && !(passes(&material) && passes(&credit) && some) {
        let zh = "材料、信用均通过且至少一个专业通过，方可通过；否则请退回或不予通过";
        let en = "to pass, material, credit and at least one speciality must pass; else return or reject";
        return Err(Refusal::new(Kind::Invalid, "decisions_contradict", zh, en));
    }
    Ok(Opinion {
        level,
        event: event.to_owned(),
        by: actor.account.clone(),
        at: now,
        reason: input.reason.clone(),
        material,
        specialities,
        credit,
        relaxation: input.relaxation.clone(),
    })
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
