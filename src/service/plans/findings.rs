//! A plan's facts as the rules ask for them, and what they answer: before submission as a list with
//! articles, at submission and at the draw as guards.

use super::body::{read, read_act};
use crate::codec::{Json, Object, ShapeError, object};
use crate::codes::Region;
use crate::registry::plan_table::{APPROVED, CONFIRMED, DRAWN};
use crate::registry::{Plan, Problem};
use crate::rules::facts::{self, Expertise, GroupFacts, PlanFacts};
use crate::rules::{Answer, PlanFinding, Rule, committee, timing};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::cases::Case;
use crate::service::refusal::{Kind, Refusal};
use crate::time::{Calendar, Date};

/// What one rule says about a plan, as shown and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingView {
    /// Name of the rule.
    pub rule: String,
    /// Its title in Chinese.
    pub title_zh: String,
    /// `pass`, `fail`, `unknown`.
    pub answer: String,
    /// The article.
    pub source: String,
    /// Whether a reason and an approver may let it pass (原则上).
    pub overridable: bool,
    /// Whether it stands in the way.
    pub blocks: bool,
    /// Why, in Chinese.
    pub zh: String,
    /// Why, in English.
    pub en: String,
}

impl FindingView {
    /// Of a finding.
    pub(super) fn of(finding: &PlanFinding) -> Self {
        Self {
            rule: finding.rule.name().to_owned(),
            title_zh: finding.rule.title_zh().to_owned(),
            answer: answer(finding.answer).to_owned(),
            source: finding.source.to_string(),
            overridable: finding.overridable,
            blocks: finding.blocks,
            zh: finding.zh.clone(),
            en: finding.en.clone(),
        }
    }

    /// As the case keeps it.
    pub(super) fn to_json(&self) -> Json {
        Object::new()
            .with("rule", self.rule.as_str())
            .with("title_zh", self.title_zh.as_str())
            .with("answer", self.answer.as_str())
            .with("source", self.source.as_str())
            .with_some("overridable", self.overridable.then_some("yes"))
            .with_some("blocks", self.blocks.then_some("yes"))
            .with("zh", self.zh.as_str())
            .with("en", self.en.as_str())
            .into()
    }

    /// The findings that a body keeps.
    pub(super) fn list(json: Option<&Json>) -> Vec<Self> {
        let read = |json: &Json| -> Result<Self, ShapeError> {
            object(json, "", |f| {
                let mut yes = |key: &str| f.optional(key).is_some();
                let (overridable, blocks) = (yes("overridable"), yes("blocks"));
                let mut text = |key: &str| f.str(key).map(str::to_owned);
                Ok(Self {
                    rule: text("rule")?,
                    title_zh: text("title_zh")?,
                    answer: text("answer")?,
                    source: text("source")?,
                    overridable,
                    blocks,
                    zh: text("zh")?,
                    en: text("en")?,
                })
            })
        };
        let list = json.and_then(Json::as_list).unwrap_or_default();
        list.iter().filter_map(|json| read(json).ok()).collect()
    }
}

fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Pass => "pass",
        Answer::Fail => "fail",
        Answer::Unknown => "unknown",
    }
}

impl Service {
    /// What the rules say about a plan as it stands: committee, papers, timing; nothing is changed.
    pub fn plan_findings(&self, actor: &Actor, id: &str) -> Result<Vec<FindingView>, Refusal> {
        actor.check(Action::ReadPlans)?;
        let case = self.plan_case(actor, id)?;
        let (_, plan) = read(&case)?;
        let found = self.findings_of(&case, &plan)?;
        Ok(found.iter().map(FindingView::of).collect())
    }

    /// Everything about the committee and its papers, departures asked for counting as let pass.
    pub(super) fn findings_of(&self, case: &Case, plan: &Plan) -> Result<Vec<PlanFinding>, Refusal> {
        let facts = self.plan_facts(case, plan, None)?;
        Ok(committee::findings(&facts, &self.profile))
    }

    /// The first day on which the plan may be drawn; `None`: any day, or a year whose working days are
    /// not known yet.
    pub(super) fn earliest_draw(&self, case: &Case, plan: &Plan) -> Result<Option<Date>, Refusal> {
        let facts = self.plan_facts(case, plan, None)?;
        Ok(timing::earliest_draw(&facts, &self.profile, Calendar::embedded()).ok().flatten())
    }

    /// Everything that must hold for a draw that begins now; `open`: seats of each group to be filled.
    pub(super) fn draw_findings(
        &self,
        case: &Case,
        plan: &Plan,
        pools: Vec<u32>,
        open: &[u32],
    ) -> Result<Vec<PlanFinding>, Refusal> {
        let mut facts = self.plan_facts(case, plan, Some(pools))?;
        let mut found = committee::findings(&facts, &self.profile);
        for (group, seats) in facts.groups.iter_mut().zip(open) {
            group.seats = *seats;
        }
        found.extend(timing::findings(&facts, &self.profile, self.clock.now(), Calendar::embedded()));
        Ok(found)
    }

    /// The facts of a plan in the words of the rules; `pools`: candidates by group, once counted.
    pub(in crate::service) fn plan_facts(
        &self,
        case: &Case,
        plan: &Plan,
        pools: Option<Vec<u32>>,
    ) -> Result<PlanFacts, Refusal> {
        let word = |what: &str| Refusal::internal(format!("plan {}: {what}", case.id));
        let method = facts::Method::parse(plan.method.as_str()).ok_or_else(|| word("method"))?;
        let drawn = self.sites_of(case)?;
        let at = |site: u32| drawn.iter().find(|drawn| drawn.site == site);
        let group = |group: &crate::registry::PlanGroup| GroupFacts {
            speciality: group.speciality,
            within: match (group.of_site, at(group.site), &plan.sites) {
                (false, ..) => group.within.clone(),
                (true, Some(site), _) => Region::parse(&site.region).into_iter().collect(),
                (true, None, Some(asked)) => asked.within.clone(),
                (true, None, None) => Vec::new(),
            },
            seats: group.seats,
            site: group.site,
            expertise: if group.legal { vec![Expertise::Legal] } else { Vec::new() },
        };
        let purchaser = case.subject.as_deref();
        let self_selection = plan.self_selection.as_ref().map(|selection| facts::SelfSelection {
            members: u32::try_from(selection.members.len()).unwrap_or(u32::MAX),
            own_unit: selection
                .members
                .iter()
                .map(|member| member.unit.as_ref().map(|unit| u32::from(Some(unit.as_str()) == purchaser)))
                .sum(),
            consent: Some(selection.consent.is_some()),
            expertise: if selection.members.iter().any(|member| member.legal) {
                vec![Expertise::Legal]
            } else {
                Vec::new()
            },
        });
        let numbers = plan.document_numbers.iter().map(|asked| (asked.speciality, asked.experts));
        Ok(PlanFacts {
            region: plan.region,
            method,
            category: facts::Category::parse(plan.category.as_str()),
            budget_fen: u64::try_from(plan.budget_fen).ok(),
            threshold_reached: Some(plan.threshold_reached),
            complex: Some(plan.complex),
            social_impact: Some(plan.social_impact),
            remote: Some(plan.remote),
            review_start: plan.review_start,
            hours: plan.hours,
            representatives: Some(plan.representatives),
            groups: plan.groups.iter().map(group).collect(),
            host_site: plan.remote.then_some(crate::draw::sites::HOST_SITE),
            document_numbers: (!plan.document_numbers.is_empty()).then(|| numbers.collect()),
            self_selection,
            filing: Some(self.filing_covers(plan)),
            confirmed: Some(read_act(&case.body, "confirmed").is_some()),
            approved: Some([APPROVED, DRAWN].contains(&case.state.as_str())),
            venues_drawn: Some(match &plan.sites {
                Some(asked) => drawn.len() == usize::try_from(asked.count).unwrap_or(usize::MAX),
                None => !plan.remote || plan.seats_by_site().len() < 2,
            }),
            pools,
            waived: plan.overrides.iter().filter_map(|departure| Rule::parse(&departure.rule)).collect(),
        })
    }

    /// Whether a filing is there, made by now, for every other province that experts are asked from.
    fn filing_covers(&self, plan: &Plan) -> bool {
        let Some(filing) = &plan.province_filing else { return false };
        let own = plan.region.ancestors().last().unwrap_or(plan.region);
        let other = |region: &&Region| !region.is_within(&own);
        let mut foreign = plan.groups.iter().flat_map(|group| &group.within).filter(other);
        filing.filed_on <= Date::of(self.clock.now())
            && foreign.all(|region| region.is_within(&filing.province))
    }

    /// Whether the profile asks the purchaser to confirm plans.
    pub(super) fn asks_confirmation(&self) -> bool {
        self.profile.applies(Rule::PlanConfirmed)
    }

    /// Whether the profile asks the bureau to approve plans, and so refuses draws without one.
    pub(in crate::service) fn asks_approval(&self) -> bool {
        self.profile.applies(Rule::PlanApproved)
    }
}

/// The refusal for findings that stand in the way, each with its rule and article; nothing if none does.
pub(super) fn refuse_blocking(found: &[PlanFinding], state: &str) -> Result<(), Refusal> {
    let problem = |finding: &PlanFinding| {
        let field = format!("rules.{}", finding.rule.name());
        Problem::new(field, "", finding.rule.name(), finding.text_zh(), finding.text_en())
    };
    let problems: Vec<Problem> = found.iter().filter(|finding| finding.blocks).map(problem).collect();
    if problems.is_empty() {
        return Ok(());
    }
    let (code, zh, en) = match state {
        APPROVED | DRAWN | CONFIRMED => {
            ("not_yet", "方案尚不能抽取，见各项规则", "the plan cannot be drawn yet, see each rule")
        }
        _ => ("plan_findings", "方案不符合规则，见各项规则", "the plan breaks rules, see each"),
    };
    Err(Refusal { problems, ..Refusal::new(Kind::Invalid, code, zh, en) })
}
