//! Whether an application can be handed in: everything that is missing or wrong at once
//! (财库〔2016〕198号 arts 6–8; PIPL art. 17).
//!
//! *Invariant:* problems name the field and the rule, never a value.

use super::body::{ApplicationBody, Declaration};
use crate::codes::CreditCode;
use crate::registry::{Draft, Expert, ExpertNumber, Problem};
use crate::rules::RegistryProfile;
use crate::rules::conditions::ConditionFinding;
use crate::rules::registry_profile::{Channel, Condition, Material};
use crate::service::looks::line;
use crate::time::Date;

/// Longest text of a reason.
pub(super) const REASON_MAX: usize = 200;
/// Longest number of a public call.
const CALL_MAX: usize = 64;

impl ApplicationBody {
    /// What only the bureau writes into a record; refused in an application.
    pub(super) fn not_the_applicants(&self) -> Vec<Problem> {
        let facts = &self.facts;
        let decided = facts
            .claims
            .iter()
            .any(|claim| !(claim.decision.is_empty() && claim.decided.is_empty() && claim.reason.is_empty()));
        let given = [
            ("facts.term_from", !facts.term_from.is_empty()),
            ("facts.term_to", !facts.term_to.is_empty()),
            ("facts.claims", decided),
            ("facts.relaxation", facts.relaxation.is_some()),
            ("facts.leaves", !facts.leaves.is_empty()),
            ("facts.pending_units", !facts.pending_units.is_empty()),
            ("facts.confirmed", !facts.confirmed.is_empty()),
            ("facts.appointment", facts.appointment.is_some()),
        ];
        let (zh, en) = ("由财政部门决定，申请中不填", "decided by the bureau: not part of an application");
        let problem = |(field, _): (&str, bool)| Problem::new(field, "", "bureau_only", zh, en);
        given.into_iter().filter(|(_, given)| *given).map(problem).collect()
    }

    /// Checks of single values while it is being written.
    pub(super) fn wrong_values(&self) -> Vec<Problem> {
        let mut problems = self.not_the_applicants();
        let lines = [
            ("call", &self.call, CALL_MAX),
            ("privacy_notice", &self.privacy_notice, CALL_MAX),
            ("relaxation", &self.relaxation, REASON_MAX),
        ];
        for (field, value, max) in lines {
            problems.extend(value.as_deref().and_then(|value| line(field, value, max).err()));
        }
        if let Some(code) = &self.recommender
            && let Err(error) = CreditCode::parse(code)
        {
            let (zh, en) = (error.message_zh(), error.to_string());
            problems.push(Problem::new("recommender", code, "credit_code", zh, en));
        }
        problems
    }

    /// Everything that is missing before it can be handed in; else the record that it would become.
    pub(super) fn complete(&self, profile: &RegistryProfile, today: Date) -> Result<Expert, Vec<Problem>> {
        let mut problems = self.wrong_values();
        let mut needs = |field: &str, rule, zh: &str, en: &str| {
            problems.push(Problem::new(field, "", rule, zh, en));
        };
        let entry = &profile.entry;
        if !entry.channels.contains(&self.channel) {
            needs("channel", "channel", "规则档案未设此申请渠道", "the profile has no such channel");
        }
        if self.channel == Channel::PublicCall && self.call.is_none() {
            needs("call", "required", "公开征集须填征集编号", "a public call has a number");
        }
        if self.channel == Channel::UnitRecommendation && self.recommender.is_none() {
            let (zh, en) =
                ("单位推荐须填推荐单位的统一社会信用代码", "the credit code of the unit that recommends");
            needs("recommender", "required", zh, en);
        }
        let has = |material: Material| self.facts.documents.iter().any(|d| d.kind == material.name());
        for rule in entry.material.iter().filter(|rule| rule.required) {
            if !has(rule.material) && !rule.instead.is_some_and(has) {
                let field = format!("facts.documents.{}", rule.material.name());
                let (zh, en) = (format!("缺少：{}", rule.title), format!("missing: {}", rule.title_en));
                needs(&field, "required", &zh, &en);
            }
        }
        let units = self.facts.declared_units.len();
        match self.declaration {
            None if entry.declaration.value => {
                let zh = "须声明回避单位，没有的声明没有";
                needs("declaration", "required", zh, "declare the units to avoid, or that there are none");
            }
            Some(Declaration::Listed) if units == 0 => {
                let zh = "声明有回避单位，但未列出";
                needs("facts.declared_units", "required", zh, "declared as listed, but none is listed");
            }
            Some(Declaration::None) if units > 0 => {
                let zh = "声明没有回避单位，但列出了单位";
                needs("declaration", "contradiction", zh, "declared as none, but some are listed");
            }
            _ => {}
        }
        let notice = &entry.privacy_notice.value;
        if self.privacy_notice.as_ref() != Some(notice) {
            let zh = format!("须确认已阅隐私告知（版本 {notice}）");
            let en = format!("confirm that the privacy notice was read (version {notice})");
            needs("privacy_notice", "required", &zh, &en);
        }
        let claimed = self.claimed();
        if claimed.len() > entry.specialities_max.value as usize {
            let most = entry.specialities_max.value;
            let (zh, en) = (format!("不得超过 {most} 个"), format!("must be at most {most}"));
            needs("facts.specialities", "count", &zh, &en);
        }
        for (position, code) in claimed.iter().enumerate() {
            let claims = &self.facts.claims;
            if !claims.iter().any(|claim| claim.speciality == *code && !claim.evidence.is_empty()) {
                let field = format!("facts.specialities[{position}]");
                let zh = "申报的专业须附依据（claims 中的 evidence）";
                needs(&field, "evidence", zh, "a claimed speciality needs evidence");
            }
        }
        if self.facts.regions.len() > entry.regions_max.value as usize {
            let most = entry.regions_max.value;
            let (zh, en) = (format!("不得超过 {most} 个"), format!("must be at most {most}"));
            needs("facts.regions", "count", &zh, &en);
        }
        if profile.conditions.rule(Condition::EvaluationSkill).is_some_and(|rule| rule.applies)
            && self.facts.e_evaluation.is_empty()
        {
            let zh = "须说明能否使用电子评审系统";
            needs(
                "facts.e_evaluation",
                "required",
                zh,
                "say whether you can work with the electronic system",
            );
        }
        // The whole record under the number of nobody: all its own rules, as at entry.
        let nobody = ExpertNumber::from_random([0; 10]);
        let record = self.record(&claimed, today, today).check(nobody);
        match record {
            Ok(expert) if problems.is_empty() => Ok(expert),
            Ok(_) => Err(problems),
            Err(found) => {
                problems.extend(found.into_iter().map(inside_facts));
                Err(problems)
            }
        }
    }

    /// The record with these specialities as the approved ones and a term.
    pub(super) fn record(&self, approved: &[String], from: Date, to: Date) -> Draft {
        let mut draft = self.facts.clone();
        draft.specialities = approved.to_vec();
        for claim in &mut draft.claims {
            claim.decision =
                if approved.contains(&claim.speciality) { "approved" } else { "pending" }.to_owned();
            if approved.contains(&claim.speciality) {
                claim.decided = from.to_string();
            }
        }
        draft.term_from = from.to_string();
        draft.term_to = to.to_string();
        draft
    }
}

/// What is said about conditions that stand in the way. Those that a relaxation may lift are let
/// through where it is asked for: the approver decides.
pub(super) fn not_met(findings: &[ConditionFinding], relaxation_asked: bool) -> Vec<Problem> {
    let lifted = |finding: &ConditionFinding| {
        relaxation_asked && matches!(finding.condition, Condition::Title | Condition::Age)
    };
    let problem = |finding: &ConditionFinding| {
        let field = format!("conditions.{}", finding.condition.name());
        let zh = format!("不符合选聘条件：{}（{}）", finding.title, finding.source);
        let en = format!("condition not met: {} ({})", finding.title_en, finding.source);
        Problem::new(field, "", finding.condition.name(), zh, en)
    };
    findings.iter().filter(|finding| finding.excludes && !lifted(finding)).map(problem).collect()
}

/// A problem of the record, as a problem of the application that holds it.
pub(super) fn inside_facts(problem: Problem) -> Problem {
    Problem { field: format!("facts.{}", problem.field), ..problem }
}
