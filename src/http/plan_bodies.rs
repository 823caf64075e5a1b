//! Bodies of plans: what is sent, and the parts that are shown as they were sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::times::Rfc3339;
use crate::registry::{
    InvolvedDraft, PlanDraft, PlanGroupDraft, ProvinceFilingDraft, SelectedDraft, SelfSelectionDraft,
    SitesDraft,
};
use crate::service::plans::PlanInput;

/// 席位组 · One seat group of a plan.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanGroup {
    /// 专业: `scheme:code`.
    speciality: String,
    /// Region codes within which the expert reviews; empty only with `of_site`.
    #[serde(default)]
    within: Vec<String>,
    /// Region codes that do not count although they lie within.
    #[serde(default)]
    except: Vec<String>,
    /// The regions are those of the group's site, which the draw of sites decides.
    #[serde(default)]
    of_site: bool,
    /// Seats, 1–64, at most 64 over all groups.
    seats: u32,
    /// 评审场所 number, 1–32; 1 is the host (主场).
    site: u32,
    /// 法律专家.
    #[serde(default)]
    legal: bool,
}

/// Experts of a speciality as the procurement document says.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentNumber {
    /// `scheme:code`.
    pub(super) speciality: String,
    /// 1–64.
    pub(super) experts: u32,
}

/// 前期参与人员 · Somebody who took part in the project before.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvolved {
    /// Expert number.
    number: Option<String>,
    /// Identity card number; only its keyed hash is kept.
    id_number: Option<String>,
    /// The keyed hash as an earlier answer showed it.
    id_hash: Option<String>,
    /// Name.
    name: Option<String>,
    /// `demonstration`, `requirements`, `design`, `market_survey`, `import_argument` or `other_relation`.
    part: String,
    /// The written reason; required for `other_relation`.
    note: Option<String>,
}

/// A member whom the purchaser selects.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSelected {
    /// Name, as the announcement will have it.
    name: String,
    /// Expert number, if in the registry.
    number: Option<String>,
    /// Credit code of the employer.
    unit: Option<String>,
    /// `scheme:code`.
    speciality: Option<String>,
    /// 法律专家.
    #[serde(default)]
    legal: bool,
}

/// 自行选定 · Self-selection.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSelfSelection {
    /// Digest of the plan's attachment that is the consent of the competent budget department; needed
    /// before the plan is submitted.
    consent: Option<String>,
    /// Why random drawing can hardly find suitable experts.
    reason: String,
    /// Who, at least one.
    members: Vec<NewSelected>,
}

/// A departure from a rule that holds in principle (原则上).
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanOverride {
    /// Name of the rule.
    pub(super) rule: String,
    /// Why.
    pub(super) reason: String,
}

/// 外省专家备案 · The filing for another province's experts.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvinceFiling {
    /// Region code of the other province.
    pub(super) province: String,
    /// 备案号.
    pub(super) number: String,
    /// `YYYY-MM-DD`.
    pub(super) filed_on: String,
}

/// 抽取副场 · The draw of sub-venues before the experts.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanSites {
    /// Sub-venues, 1–31; they become the sites 2, 3, ….
    pub(super) count: u32,
    /// Region codes in which venues count.
    pub(super) within: Vec<String>,
    /// Workstations that each must have free.
    pub(super) workstations: u32,
}

/// 抽取方案 · A plan as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    /// Id of the package.
    package: String,
    /// Region code of the purchaser's finance bureau.
    region: String,
    /// `open_tender`, `invited_tender`, `negotiation`, `inquiry`, `consultation`, `framework`,
    /// `single_source`, `cooperative_innovation` or `ppp`.
    method: String,
    /// `goods`, `works` or `services`.
    category: String,
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
    /// Expected hours, 1–240.
    hours: u32,
    /// 采购人代表, 0–32.
    representatives: u32,
    /// Seat groups in order; empty only if every expert is self-selected.
    groups: Vec<PlanGroup>,
    /// Experts by speciality as in the procurement document.
    #[serde(default)]
    document_numbers: Vec<DocumentNumber>,
    /// People involved earlier.
    #[serde(default)]
    involved: Vec<NewInvolved>,
    /// Why the regions are smaller than the province.
    region_reason: Option<String>,
    /// Self-selection.
    self_selection: Option<NewSelfSelection>,
    /// Departures from rules that hold in principle.
    #[serde(default)]
    overrides: Vec<PlanOverride>,
    /// Filing for another province.
    province_filing: Option<ProvinceFiling>,
    /// Draw of sites.
    sites: Option<PlanSites>,
}

impl NewPlan {
    /// As the use-cases take it.
    pub(super) fn input(self) -> PlanInput {
        let id_numbers = self.involved.iter().map(|person| person.id_number.clone()).collect();
        let member = |member: NewSelected| SelectedDraft {
            name: member.name,
            number: member.number,
            unit: member.unit,
            speciality: member.speciality,
            legal: member.legal,
        };
        let draft = PlanDraft {
            package: self.package,
            region: self.region,
            method: self.method,
            category: self.category,
            budget_fen: self.budget_fen,
            threshold_reached: self.threshold_reached,
            complex: self.complex,
            social_impact: self.social_impact,
            remote: self.remote,
            review_start: self.review_start.0.0,
            hours: self.hours,
            representatives: self.representatives,
            groups: self.groups.into_iter().map(PlanGroupDraft::from).collect(),
            document_numbers: self
                .document_numbers
                .into_iter()
                .map(|asked| (asked.speciality, asked.experts))
                .collect(),
            involved: self.involved.into_iter().map(involved).collect(),
            region_reason: self.region_reason,
            self_selection: self.self_selection.map(|selection| SelfSelectionDraft {
                consent: selection.consent,
                reason: selection.reason,
                members: selection.members.into_iter().map(member).collect(),
            }),
            overrides: self
                .overrides
                .into_iter()
                .map(|departure| (departure.rule, departure.reason))
                .collect(),
            province_filing: self.province_filing.map(|filing| ProvinceFilingDraft {
                province: filing.province,
                number: filing.number,
                filed_on: filing.filed_on,
            }),
            sites: self.sites.map(|sites| SitesDraft {
                count: sites.count,
                within: sites.within,
                workstations: sites.workstations,
            }),
        };
        PlanInput { draft, id_numbers }
    }
}

/// A person who is named by an identity card alone has a hash only once it is made.
fn involved(person: NewInvolved) -> InvolvedDraft {
    InvolvedDraft {
        number: person.number,
        id_hash: person.id_hash,
        name: person.name,
        part: person.part,
        note: person.note,
    }
}

impl From<PlanGroup> for PlanGroupDraft {
    fn from(group: PlanGroup) -> Self {
        Self {
            speciality: group.speciality,
            within: group.within,
            except: group.except,
            of_site: group.of_site,
            seats: group.seats,
            site: group.site,
            legal: group.legal,
        }
    }
}

impl From<PlanGroupDraft> for PlanGroup {
    fn from(group: PlanGroupDraft) -> Self {
        Self {
            speciality: group.speciality,
            within: group.within,
            except: group.except,
            of_site: group.of_site,
            seats: group.seats,
            site: group.site,
            legal: group.legal,
        }
    }
}
