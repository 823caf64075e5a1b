//! The steps of a plan between people: submitted, taken back, confirmed by the purchaser, approved or
//! returned by the bureau, cancelled by two, formed without a draw, closed.

use super::body::{act, ids, read, read_act};
use super::findings::{FindingView, refuse_blocking};
use super::view::PlanView;
use crate::codec::Json;
use crate::draw::sites::HOST_SITE;
use crate::registry::lifecycle::Party;
use crate::registry::plan_table::{CONFIRMED, PLAN};
use crate::registry::{Plan, Problem};
use crate::service::ITSELF;
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::case_body::{free_text, set, take, text};
use crate::service::cases::{Case, another_person};
use crate::service::changes::Changes;
use crate::service::draws::state;
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::{Kind, Refusal};
use crate::service::sites_draw::draw_of;
use crate::store;
use crate::store::case::CaseFilter;

/// What the bureau says when it approves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approval {
    /// Departures from rules that it accepts, by the names of the rules: exactly those of the plan.
    pub overrides: Vec<String>,
    /// Experts who broke the rules in an earlier committee of this package and may not sit again
    /// (87号令 art 67); numbers.
    pub barred: Vec<String>,
}

impl Service {
    /// Submits a plan: the committee, its papers and the time are examined, and what stands in the way
    /// is answered with its article.
    pub fn submit_plan(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<PlanView, Refusal> {
        self.step(actor, Action::RequestDraw, id, key, |case, plan| {
            let now = self.clock.now().0;
            if plan.review_start.0 <= now {
                let (zh, en) = ("评审开始时间已过", "the review's time has passed");
                return Err(Refusal::field("review_start", "", "in_the_past", zh, en));
            }
            self.check_papers(case, plan)?;
            let found = self.findings_of(case, plan)?;
            refuse_blocking(&found, &case.state)?;
            self.step_case(actor, &actor.parties(), &PLAN, case, "submit")?;
            take(&mut case.body, "returned");
            set(&mut case.body, "submitted", act(&actor.account, now, None));
            let kept = found.iter().map(|finding| FindingView::of(finding).to_json()).collect::<Json>();
            set(&mut case.body, "findings", kept);
            // Whoever broke the discipline in an earlier committee of this package may not sit again (87号令
            // art 67); from what the day recorded, not from what somebody remembers.
            for number in self.past_of(&plan.package)?.broke {
                super::body::add_id(&mut case.body, "barred", &number);
            }
            Ok(())
        })
    }

    /// Takes a submitted plan back, to write it anew.
    pub fn withdraw_submitted_plan(
        &self,
        actor: &Actor,
        id: &str,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        self.step(actor, Action::RequestDraw, id, key, |case, _| {
            self.step_case(actor, &actor.parties(), &PLAN, case, "withdraw")?;
            take(&mut case.body, "submitted");
            Ok(())
        })
    }

    /// The purchaser confirms the plan of its own procurement.
    pub fn confirm_plan(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<PlanView, Refusal> {
        self.step(actor, Action::ConfirmPlan, id, key, |case, _| {
            self.step_case(actor, &actor.parties(), &PLAN, case, "confirm")?;
            set(&mut case.body, "confirmed", act(&actor.account, case.updated, None));
            Ok(())
        })
    }

    /// The purchaser returns the plan with reasons.
    pub fn refuse_plan(
        &self,
        actor: &Actor,
        id: &str,
        reason: &str,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        self.return_with(actor, Action::ConfirmPlan, id, reason, key)
    }

    /// The bureau approves: each departure from a rule is accepted by the rule's name.
    pub fn approve_plan(
        &self,
        actor: &Actor,
        id: &str,
        approval: &Approval,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        self.step(actor, Action::ApprovePlan, id, key, |case, plan| {
            let submitter = read_act(&case.body, "submitted").map(|act| act.by).unwrap_or_default();
            another_person(actor, &submitter)?;
            let mut accepted = approval.overrides.clone();
            accepted.sort();
            let asked: Vec<&str> = plan.overrides.iter().map(|departure| departure.rule.as_str()).collect();
            if !accepted.iter().map(String::as_str).eq(asked.iter().copied()) {
                let (zh, en) = (
                    format!("须逐项列明所同意的例外：{}", asked.join("、")),
                    format!("must name exactly the departures of the plan: {}", asked.join(", ")),
                );
                return Err(Refusal::field("overrides", "", "overrides", &zh, &en));
            }
            if let Some(bad) =
                approval.barred.iter().position(|n| crate::registry::ExpertNumber::parse(n).is_none())
            {
                let (zh, en) = ("应为专家编号", "must be an expert number");
                return Err(Refusal::field(&format!("barred[{bad}]"), "", "expert_number", zh, en));
            }
            // Nobody is removed by hand: only who was called for this very package can have broken its rules.
            let past = self.past_of(&plan.package)?;
            if let Some(bad) = approval.barred.iter().position(|number| !past.called.contains(number)) {
                let zh = "须为本包此前抽取中应邀的专家";
                let en = "must be somebody who was called for this package before";
                return Err(Refusal::field(&format!("barred[{bad}]"), "", "called_before", zh, en));
            }
            self.step_case(actor, &actor.parties(), &PLAN, case, "approve")?;
            let names = accepted.iter().map(|rule| Json::from(rule.as_str())).collect::<Json>();
            // With the package as it was: suppliers are part of what is agreed to.
            let (package, _) = self.package_record(actor, &plan.package)?;
            let approved = act(&actor.account, case.updated, None)
                .with("overrides", names)
                .with("package_version", package.version);
            set(&mut case.body, "approved", approved);
            for number in &approval.barred {
                super::body::add_id(&mut case.body, "barred", number);
            }
            Ok(())
        })
    }

    /// The bureau returns the plan with reasons.
    pub fn return_plan(
        &self,
        actor: &Actor,
        id: &str,
        reason: &str,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        self.return_with(actor, Action::ApprovePlan, id, reason, key)
    }

    /// Gives up a plan that nobody agreed to yet; a reason is kept.
    pub fn discard_plan(
        &self,
        actor: &Actor,
        id: &str,
        reason: &str,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        free_text("reason", reason)?;
        self.step(actor, Action::RequestDraw, id, key, |case, _| {
            if draw_of(&case.body).is_some() || !ids(&case.body, "draws").is_empty() {
                let en = "something was drawn from this plan: submit it, and propose to cancel it";
                return Err(Refusal::new(
                    Kind::Conflict,
                    "drawn_from",
                    "本方案已抽取过场所或专家，须提交后申请取消，由另一人同意",
                    en,
                ));
            }
            self.step_case(actor, &actor.parties(), &PLAN, case, "discard")?;
            set(&mut case.body, "ended", act(&actor.account, case.updated, Some(reason)));
            Ok(())
        })
    }

    /// Proposes that a submitted plan be cancelled; another person, of the bureau, has to agree.
    pub fn propose_cancel(
        &self,
        actor: &Actor,
        id: &str,
        reason: &str,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        free_text("reason", reason)?;
        self.step(actor, Action::RequestDraw, id, key, |case, plan| {
            self.all_draws_ended(&plan.package)?;
            self.step_case(actor, &actor.parties(), &PLAN, case, "propose_cancel")?;
            set(&mut case.body, "cancelling", act(&actor.account, case.updated, Some(reason)));
            Ok(())
        })
    }

    /// Agrees to a cancellation, or keeps the plan with a reason. What was drawn from a cancelled plan
    /// stays sealed for ever; drawn sites end, and their workstations are free again.
    pub fn decide_cancel(
        &self,
        actor: &Actor,
        id: &str,
        keep: Option<&str>,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        if let Some(reason) = keep {
            free_text("reason", reason)?;
        }
        actor.check(Action::ApprovePlan)?;
        self.once(
            actor,
            Some(key),
            |id| self.plan_view(actor, &self.plan_case(actor, id)?, false),
            || {
                let mut case = self.plan_case(actor, id)?;
                let (_, plan) = read(&case)?;
                let proposed = read_act(&case.body, "cancelling").ok_or_else(|| {
                    let en = "no cancellation was proposed";
                    Refusal::new(Kind::Conflict, "wrong_state", "没有待确认的取消申请", en)
                })?;
                another_person(actor, &proposed.by)?;
                let mut changes = Changes::once(self.idempotency_row(actor, Some(key), id, 200));
                match keep {
                    Some(_) => {
                        self.step_case(actor, &actor.parties(), &PLAN, &mut case, "keep")?;
                    }
                    None => {
                        self.all_draws_ended(&plan.package)?;
                        self.step_case(actor, &actor.parties(), &PLAN, &mut case, "cancel")?;
                        let ended = act(&actor.account, case.updated, proposed.reason.as_deref());
                        set(&mut case.body, "ended", ended.with("proposed_by", proposed.by.as_str()));
                        let ending = crate::draw::sites::SitesEnding::Cancelled;
                        changes = self.end_sites(actor, &mut case, ending, &proposed.by, changes)?;
                    }
                }
                take(&mut case.body, "cancelling");
                self.write_changes("decide cancellation", changes.case(self.case_change(&case)?))?;
                self.plan_view(actor, &case, false)
            },
        )
    }

    /// Forms a committee of which every expert is self-selected: nothing is drawn.
    pub fn form_committee(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<PlanView, Refusal> {
        self.step(actor, Action::RequestDraw, id, key, |case, plan| {
            if !plan.is_wholly_self_selected() {
                let en = "seats are to be drawn";
                return Err(Refusal::new(Kind::Conflict, "seats_to_draw", "方案有须抽取的席位", en));
            }
            self.step_case(actor, &actor.parties(), &PLAN, case, "form")?;
            set(&mut case.body, "formed", act(&actor.account, case.updated, None));
            Ok(())
        })
    }

    /// The result of a committee that was not drawn is announced: names are public and marked.
    pub fn announce_committee(
        &self,
        actor: &Actor,
        id: &str,
        announcement: &str,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        crate::service::looks::line("announcement", announcement, 128)
            .map_err(|problem| Refusal::invalid(vec![problem]))?;
        self.step(actor, Action::Unseal, id, key, |case, _| {
            self.step_case(actor, &actor.parties(), &PLAN, case, "announce")?;
            set(
                &mut case.body,
                "ended",
                act(&actor.account, case.updated, None).with("announcement", announcement),
            );
            Ok(())
        })
    }

    /// Closes a plan whose draw is unsealed.
    pub fn close_plan(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<PlanView, Refusal> {
        self.step(actor, Action::Unseal, id, key, |case, plan| {
            if !self.is_unsealed(&plan.package)? {
                let en = "the draw is not unsealed";
                return Err(Refusal::new(Kind::Conflict, "wrong_state", "抽取名单尚未公开", en));
            }
            self.step_case(actor, &actor.parties(), &PLAN, case, "close")?;
            set(&mut case.body, "ended", act(&actor.account, case.updated, None));
            Ok(())
        })
    }

    /// Closes plans whose draws are unsealed, for the daily run. Answers how many.
    pub(in crate::service) fn close_unsealed_plans(&self) -> Result<u64, Refusal> {
        let filter = CaseFilter {
            kinds: vec![PLAN.name.to_owned()],
            states: vec![crate::registry::plan_table::DRAWN.to_owned()],
            ..CaseFilter::default()
        };
        let itself = Actor::of_service();
        let mut closed = 0;
        for mut case in self.store.read(|conn| self.all_cases(conn, &filter))? {
            let (_, plan) = read(&case)?;
            if self.is_unsealed(&plan.package)? {
                self.step_case(&itself, &[Party::Clock], &PLAN, &mut case, "close")?;
                set(&mut case.body, "ended", act(ITSELF, case.updated, None));
                let changes = Changes::default().case(self.case_change(&case)?);
                closed += u64::from(self.write_or_later("close plan", changes)?);
            }
        }
        Ok(closed)
    }

    fn is_unsealed(&self, package: &str) -> Result<bool, Refusal> {
        let draws = self.store.read(|conn| store::draw::of_package(conn, package))?;
        Ok(draws.iter().any(|draw| draw.state == state::UNSEALED))
    }

    fn return_with(
        &self,
        actor: &Actor,
        action: Action,
        id: &str,
        reason: &str,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        free_text("reason", reason)?;
        self.step(actor, action, id, key, |case, _| {
            self.step_case(actor, &actor.parties(), &PLAN, case, "return")?;
            for gone in ["submitted", "confirmed"] {
                take(&mut case.body, gone);
            }
            set(&mut case.body, "returned", act(&actor.account, case.updated, Some(reason)));
            Ok(())
        })
    }

    /// One step of one plan, and after it what the profile does by itself.
    fn step(
        &self,
        actor: &Actor,
        action: Action,
        id: &str,
        key: &IdempotencyKey,
        change: impl FnOnce(&mut Case, &Plan) -> Result<(), Refusal>,
    ) -> Result<PlanView, Refusal> {
        actor.check(action)?;
        self.once(
            actor,
            Some(key),
            |id| self.plan_view(actor, &self.plan_case(actor, id)?, false),
            || {
                let mut case = self.plan_case(actor, id)?;
                let (_, plan) = read(&case)?;
                change(&mut case, &plan)?;
                let changes = Changes::once(self.idempotency_row(actor, Some(key), id, 200));
                let mut changes = changes.case(self.case_change(&case)?);
                while let Some(event) = self.by_rule(&case, &plan) {
                    self.step_case(&Actor::of_service(), &[Party::Clock], &PLAN, &mut case, event)?;
                    let what = if event == "confirm_by_rule" { "confirmed" } else { "approved" };
                    set(&mut case.body, what, act(ITSELF, case.updated, None));
                    changes = changes.case(self.case_change(&case)?);
                }
                self.write_changes("step plan", changes).map_err(Refusal::unversioned)?;
                self.plan_view(actor, &case, false)
            },
        )
    }

    /// What the profile does with a plan by itself, if anything.
    fn by_rule(&self, case: &Case, plan: &Plan) -> Option<&'static str> {
        let needs_eyes = !plan.overrides.is_empty()
            || plan.self_selection.is_some()
            || text(&case.body, &["predecessor"]).is_some();
        match (case.state.as_str(), case.event.as_str()) {
            (crate::registry::plan_table::SUBMITTED, "submit") if !self.asks_confirmation() => {
                Some("confirm_by_rule")
            }
            (CONFIRMED, "confirm" | "confirm_by_rule") if !self.asks_approval() && !needs_eyes => {
                Some("approve_by_rule")
            }
            _ => None,
        }
    }

    /// Papers and reasons that no rule of the profile looks at.
    fn check_papers(&self, case: &Case, plan: &Plan) -> Result<(), Refusal> {
        let mut problems = Vec::new();
        if let Some(selection) = &plan.self_selection {
            let filed = self.attachments_of(&case.id)?;
            let there = |digest: &String| filed.iter().any(|attachment| attachment.digest == *digest);
            if !selection.consent.as_ref().is_some_and(there) {
                let (zh, en) = (
                    "自行选定须先上传主管预算单位的同意文件，并以其摘要填写",
                    "file the consent of the competent budget department with the plan and name its digest",
                );
                problems.push(Problem::new("self_selection.consent", "", "consent_missing", zh, en));
            }
        }
        let limited = |group: &crate::registry::PlanGroup| {
            !group.of_site && group.within.iter().all(|region| region.parent().is_some())
        };
        if plan.region_reason.is_none() && plan.groups.iter().any(limited) {
            let (zh, en) = (
                "评审区域小于本省的，须写明理由",
                "give the reason for regions that are smaller than the province",
            );
            problems.push(Problem::new("region_reason", "", "region_reason", zh, en));
        }
        let most =
            plan.seats_by_site().into_iter().filter(|(site, _)| *site != HOST_SITE).map(|(_, n)| n).max();
        if let (Some(asked), Some(most)) = (&plan.sites, most)
            && asked.workstations < most
        {
            let (zh, en) =
                ("副场工位不得少于该场所的席位数", "each site needs a workstation for every seat there");
            problems.push(Problem::new("sites.workstations", "", "too_few_workstations", zh, en));
        }
        if problems.is_empty() { Ok(()) } else { Err(Refusal::invalid(problems)) }
    }
}
