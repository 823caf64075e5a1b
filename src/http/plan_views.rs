//! Plans as shown: what the service answers, as JSON. What may be shown is decided by the service.

use serde::Serialize;
use utoipa::ToSchema;

use super::plan_bodies::{DocumentNumber, PlanGroup, PlanOverride, PlanSites, ProvinceFiling};
use super::times::Rfc3339;
use crate::registry;
use crate::service::plans::{self, Feasibility, FindingView, PlanLine, PlanView};

/// A person involved, as kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanInvolved {
    /// Expert number.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// Keyed hash of the identity card number.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_hash: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// In what part.
    part: String,
    /// The written reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// A self-selected member, marked as such to the end.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanSelected {
    /// Name; shown to agency and purchaser, to others with a purpose or once announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Expert number, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// Credit code of the employer.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// Whether the employer is the purchaser itself.
    own_unit: bool,
    /// `scheme:code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    speciality: Option<String>,
    /// 法律专家.
    legal: bool,
    /// Always true: 自行选定.
    self_selected: bool,
}

/// Self-selection as shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanSelfSelection {
    /// Digest of the consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<String>,
    /// Why.
    reason: String,
    /// Members of the purchaser's own unit.
    own_unit_members: u32,
    /// Who.
    members: Vec<PlanSelected>,
}

/// Somebody did something.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanAct {
    /// The account; `service` for what the profile does by itself.
    by: String,
    /// When.
    at: Rfc3339,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What one rule says.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanFinding {
    /// Name of the rule.
    rule: String,
    /// Its title.
    title: String,
    /// `pass`, `fail` or `unknown`.
    answer: String,
    /// The article.
    source: String,
    /// Whether a reason and an approver may let it pass (原则上).
    overridable: bool,
    /// Whether it stands in the way.
    blocks: bool,
    /// Why.
    detail: String,
    /// Why, in English.
    detail_en: String,
}

/// The findings about a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanFindings {
    /// In the order of the rules.
    items: Vec<PlanFinding>,
}

/// A question about feasibility.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanQuery {
    /// The account.
    by: String,
    /// When.
    at: Rfc3339,
    /// Version of the plan.
    plan_version: u32,
    /// Groups that were short.
    short: Vec<u32>,
}

/// A group widened by the profile's rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanWidened {
    /// Group number.
    group: u32,
    /// `speciality` or `region`.
    step: String,
    /// What it was.
    from: String,
    /// What it became.
    to: String,
    /// The version that this made.
    plan_version: u32,
}

/// A drawn site.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanSite {
    /// Site number, from 2.
    site: u32,
    /// Id of the venue.
    venue: String,
    /// Region code.
    region: String,
    /// Id of the booking.
    booking: String,
}

/// A plan in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanSummary {
    /// Id.
    id: String,
    /// `draft`, `submitted`, `returned`, `confirmed`, `approved`, `drawn`, `formed`, `closed` or `cancelled`.
    state: String,
    /// Id of the package.
    package: String,
    /// Credit code of the agency.
    agency_code: String,
    /// Credit code of the purchaser.
    purchaser_code: String,
    /// Region of the bureau.
    region: String,
    /// When it was begun.
    created: Rfc3339,
    /// When it last changed.
    updated: Rfc3339,
    /// Grows with every change; the ETag.
    version: i64,
}

/// 抽取方案 · A plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Plan {
    /// What lists show.
    #[serde(flatten)]
    summary: PlanSummary,
    /// Version of the facts; a change after approval makes the next.
    plan_version: u32,
    /// 采购方式.
    method: &'static str,
    /// 采购类别.
    category: &'static str,
    /// 预算, in fen.
    budget_fen: i64,
    /// 达到公开招标数额标准.
    threshold_reached: bool,
    /// 技术复杂.
    complex: bool,
    /// 社会影响较大.
    social_impact: bool,
    /// 异地评审.
    remote: bool,
    /// Start of the review.
    review_start: Rfc3339,
    /// Expected hours.
    hours: u32,
    /// 采购人代表.
    representatives: u32,
    /// Members of the committee: experts and representatives.
    members: u32,
    /// Seat groups.
    groups: Vec<PlanGroup>,
    /// Experts by speciality as in the procurement document.
    document_numbers: Vec<DocumentNumber>,
    /// People involved earlier.
    involved: Vec<PlanInvolved>,
    /// Why the regions are smaller than the province.
    #[serde(skip_serializing_if = "Option::is_none")]
    region_reason: Option<String>,
    /// Self-selection.
    #[serde(skip_serializing_if = "Option::is_none")]
    self_selection: Option<PlanSelfSelection>,
    /// Departures from rules.
    overrides: Vec<PlanOverride>,
    /// Filing for another province.
    #[serde(skip_serializing_if = "Option::is_none")]
    province_filing: Option<ProvinceFiling>,
    /// Draw of sites asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    sites: Option<PlanSites>,
    /// Sites that were drawn.
    drawn_sites: Vec<PlanSite>,
    /// Id of the draw of sites that stands, for its evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    sites_draw: Option<String>,
    /// Draws of sites that were ended.
    sites_ended: Vec<String>,
    /// First day on which it may be drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest_draw: Option<String>,
    /// What the rules said at submission.
    findings: Vec<PlanFinding>,
    /// Submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    submitted: Option<PlanAct>,
    /// Confirmed by the purchaser.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<PlanAct>,
    /// Approved by the bureau.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved: Option<PlanAct>,
    /// Returned with reasons.
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<PlanAct>,
    /// A cancellation that waits for another person.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelling: Option<PlanAct>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<PlanAct>,
    /// Questions about feasibility; for bureau, auditor, supervisor.
    #[serde(skip_serializing_if = "Option::is_none")]
    queries: Option<Vec<PlanQuery>>,
    /// 条件可能被逐步收窄: too many questions; for bureau, auditor, supervisor.
    #[serde(skip_serializing_if = "Option::is_none")]
    narrowing_warning: Option<bool>,
    /// What the profile's rule widened.
    widened: Vec<PlanWidened>,
    /// Applications of people recommended for entry.
    recommended: Vec<String>,
    /// Draws made from it.
    draws: Vec<String>,
    /// The plan whose failure this one follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    predecessor: Option<String>,
    /// The plan that follows this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    successor: Option<String>,
}

/// Whether a group has enough candidates.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupFeasible {
    /// Group number.
    group: u32,
    /// Seats.
    seats: u32,
    /// At least `ratio` candidates for each seat.
    enough: bool,
    /// Candidates; for bureau and auditor.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<u32>,
}

/// Whether a plan can be filled.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanFeasibility {
    /// Candidates that the profile asks for each seat.
    ratio: u32,
    /// By group.
    groups: Vec<GroupFeasible>,
}

impl From<PlanLine> for PlanSummary {
    fn from(line: PlanLine) -> Self {
        Self {
            id: line.id,
            state: line.state,
            package: line.package,
            agency_code: line.agency,
            purchaser_code: line.purchaser,
            region: line.region,
            created: Rfc3339::of(line.created),
            updated: Rfc3339::of(line.updated),
            version: line.version,
        }
    }
}

impl From<FindingView> for PlanFinding {
    fn from(finding: FindingView) -> Self {
        Self {
            rule: finding.rule,
            title: finding.title_zh,
            answer: finding.answer,
            source: finding.source,
            overridable: finding.overridable,
            blocks: finding.blocks,
            detail: finding.zh,
            detail_en: finding.en,
        }
    }
}

impl From<Vec<FindingView>> for PlanFindings {
    fn from(found: Vec<FindingView>) -> Self {
        Self { items: found.into_iter().map(PlanFinding::from).collect() }
    }
}

impl From<Feasibility> for PlanFeasibility {
    fn from(answer: Feasibility) -> Self {
        let group = |group: plans::GroupFeasibility| GroupFeasible {
            group: group.group,
            seats: group.seats,
            enough: group.enough,
            candidates: group.candidates,
        };
        Self { ratio: answer.ratio, groups: answer.groups.into_iter().map(group).collect() }
    }
}

impl From<plans::Act> for PlanAct {
    fn from(act: plans::Act) -> Self {
        Self { by: act.by, at: Rfc3339(act.at), reason: act.reason }
    }
}

impl From<PlanView> for Plan {
    fn from(view: PlanView) -> Self {
        let own = view.line.purchaser.clone();
        let shown = view.names_shown;
        let plan = &view.plan;
        let draft = plan.draft();
        let selection = plan.self_selection.as_ref().map(|selection| selected(selection, &own, shown));
        let query = |query: plans::Query| PlanQuery {
            by: query.by,
            at: Rfc3339(query.at),
            plan_version: query.version,
            short: query.short,
        };
        Self {
            plan_version: view.plan_version,
            method: plan.method.as_str(),
            category: plan.category.as_str(),
            budget_fen: plan.budget_fen,
            threshold_reached: plan.threshold_reached,
            complex: plan.complex,
            social_impact: plan.social_impact,
            remote: plan.remote,
            review_start: Rfc3339(plan.review_start),
            hours: plan.hours,
            representatives: plan.representatives,
            members: plan.members(),
            groups: draft.groups.into_iter().map(PlanGroup::from).collect(),
            document_numbers: draft
                .document_numbers
                .into_iter()
                .map(|(speciality, experts)| DocumentNumber { speciality, experts })
                .collect(),
            involved: draft
                .involved
                .into_iter()
                .map(|person| PlanInvolved {
                    number: person.number,
                    id_hash: person.id_hash,
                    name: person.name.filter(|_| shown),
                    part: person.part,
                    note: person.note,
                })
                .collect(),
            region_reason: draft.region_reason,
            self_selection: selection,
            overrides: draft
                .overrides
                .into_iter()
                .map(|(rule, reason)| PlanOverride { rule, reason })
                .collect(),
            province_filing: draft.province_filing.map(|filing| ProvinceFiling {
                province: filing.province,
                number: filing.number,
                filed_on: filing.filed_on,
            }),
            sites: draft.sites.map(|sites| PlanSites {
                count: sites.count,
                within: sites.within,
                workstations: sites.workstations,
            }),
            drawn_sites: view
                .sites
                .into_iter()
                .map(|site| PlanSite {
                    site: site.site,
                    venue: site.venue,
                    region: site.region,
                    booking: site.booking,
                })
                .collect(),
            sites_draw: view.sites_draw,
            sites_ended: view.sites_ended,
            earliest_draw: view.earliest_draw.map(|day| day.to_string()),
            findings: view.findings.into_iter().map(PlanFinding::from).collect(),
            submitted: view.submitted.map(PlanAct::from),
            confirmed: view.confirmed.map(PlanAct::from),
            approved: view.approved.map(PlanAct::from),
            returned: view.returned.map(PlanAct::from),
            cancelling: view.cancelling.map(PlanAct::from),
            ended: view.ended.map(PlanAct::from),
            queries: view.queries.map(|queries| queries.into_iter().map(query).collect()),
            narrowing_warning: view.narrowing_warning,
            widened: view
                .widened
                .into_iter()
                .map(|step| PlanWidened {
                    group: step.group,
                    step: step.step,
                    from: step.from,
                    to: step.to,
                    plan_version: step.version,
                })
                .collect(),
            recommended: view.recommended,
            draws: view.draws,
            predecessor: view.predecessor,
            successor: view.successor,
            summary: PlanSummary::from(view.line),
        }
    }
}

fn selected(selection: &registry::plan::SelfSelection, purchaser: &str, shown: bool) -> PlanSelfSelection {
    let is_own = |member: &registry::plan::Selected| {
        member.unit.as_ref().is_some_and(|unit| unit.as_str() == purchaser)
    };
    let members: Vec<PlanSelected> = selection
        .members
        .iter()
        .map(|member| PlanSelected {
            name: shown.then(|| member.name.clone()),
            number: member.number.as_ref().filter(|_| shown).map(|number| number.as_str().to_owned()),
            unit: member.unit.as_ref().map(|unit| unit.as_str().to_owned()),
            own_unit: is_own(member),
            speciality: member.speciality.as_ref().map(|code| code.as_str().to_owned()),
            legal: member.legal,
            self_selected: true,
        })
        .collect();
    PlanSelfSelection {
        consent: selection.consent.clone(),
        reason: selection.reason.clone(),
        own_unit_members: u32::try_from(members.iter().filter(|member| member.own_unit).count())
            .unwrap_or(u32::MAX),
        members,
    }
}
