//! A plan (采购评审专家抽取方案): what an agency asks for one package before anything is drawn, and the
//! life cycle through purchaser, finance bureau and draw.
//!
//! Sources: 财库〔2016〕198号 arts 12–17, 财政部令第87号 arts 47–49, 第74号 arts 7, 41, 财库〔2014〕214号
//! art 14 (which facts decide the committee); the steps (代理录入、采购人确认、财政审核后系统抽取) are those
//! of Hunan's system and of 粤财规 2025 arts 22–23. Where no instrument speaks the source is `项目规则`.
//!
//! *Invariant:* a [`Plan`] is made by [`super::PlanDraft::check`] alone and is valid: codes exist by form,
//! numbers are within their limits, nothing stands twice.
//!
//! *Deliberately not here:* the arithmetic of the committee and the timing (`rules::committee`), who acts
//! when and what is kept of it (`service::plans`), suppliers (they stay in the package).

use crate::codes::{CreditCode, Region, Speciality};
use crate::time::{Date, Timestamp};

use super::expert::ExpertNumber;

/// The most seat groups of a plan (`api-spec/draw-v1.md`: G ≤ 32).
pub const PLAN_GROUPS_MAX: usize = 32;
/// The most seats of a plan, over all groups (`api-spec/draw-v1.md`).
pub const PLAN_SEATS_MAX: u32 = 64;
/// The most people that a plan names (involved earlier; self-selected).
pub const PLAN_PEOPLE_MAX: usize = 64;
/// The most regions that one group names, either way.
pub const PLAN_REGIONS_MAX: usize = 64;
/// The longest review, in hours.
pub const PLAN_HOURS_MAX: u32 = 240;

/// How is procured (采购方式).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// 公开招标 (87号令).
    OpenTender,
    /// 邀请招标 (87号令).
    InvitedTender,
    /// 竞争性谈判 (74号令).
    Negotiation,
    /// 询价 (74号令).
    Inquiry,
    /// 竞争性磋商 (财库〔2014〕214号).
    Consultation,
    /// 框架协议 (110号令).
    Framework,
    /// 单一来源 (74号令).
    SingleSource,
    /// 合作创新采购 (财库〔2024〕13号).
    CooperativeInnovation,
    /// 政府和社会资本合作 (财库〔2014〕215号).
    Ppp,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 9] = [
        Self::OpenTender,
        Self::InvitedTender,
        Self::Negotiation,
        Self::Inquiry,
        Self::Consultation,
        Self::Framework,
        Self::SingleSource,
        Self::CooperativeInnovation,
        Self::Ppp,
    ];

    /// The word in the API and the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenTender => "open_tender",
            Self::InvitedTender => "invited_tender",
            Self::Negotiation => "negotiation",
            Self::Inquiry => "inquiry",
            Self::Consultation => "consultation",
            Self::Framework => "framework",
            Self::SingleSource => "single_source",
            Self::CooperativeInnovation => "cooperative_innovation",
            Self::Ppp => "ppp",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == word)
    }
}

/// What is procured (采购类别).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// 货物.
    Goods,
    /// 工程.
    Works,
    /// 服务.
    Services,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 3] = [Self::Goods, Self::Works, Self::Services];

    /// The word in the API and the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Goods => "goods",
            Self::Works => "works",
            Self::Services => "services",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == word)
    }
}

/// One seat group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanGroup {
    /// The speciality, or a coarser one above it.
    pub speciality: Speciality,
    /// The expert reviews in one of these, ascending; empty only with [`PlanGroup::of_site`].
    pub within: Vec<Region>,
    /// … and in none of these, ascending.
    pub except: Vec<Region>,
    /// Whether the regions are those of the group's site, which a draw of sites decides (先抽副场).
    pub of_site: bool,
    /// Seats, 1 to 64.
    pub seats: u32,
    /// Site number, 1 to 32; 1 is the host (主场).
    pub site: u32,
    /// Whether these are the legal experts that 74号令 art 7 asks for.
    pub legal: bool,
}

/// How many experts of a speciality the procurement document asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentNumber {
    /// The speciality.
    pub speciality: Speciality,
    /// How many, 1 to 64.
    pub experts: u32,
}

/// Somebody who took part in the project before (论证、需求调查、进口论证 …): no member of the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Involved {
    /// Expert number, if the person is known to be in the registry.
    pub number: Option<ExpertNumber>,
    /// Keyed hash of the identity document, 64 hexadecimal characters; the number itself is never kept.
    pub id_hash: Option<String>,
    /// Name as the agency gave it.
    pub name: Option<String>,
    /// In what part.
    pub part: InvolvedPart,
    /// The written reason, for another relation.
    pub note: Option<String>,
}

/// In what part of a project somebody was involved (前期工作).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvolvedPart {
    /// 论证.
    Demonstration,
    /// 需求编制.
    Requirements,
    /// 设计.
    Design,
    /// 市场调查.
    MarketSurvey,
    /// 进口产品论证.
    ImportArgument,
    /// 其他可能影响公正的关系, with a written reason.
    OtherRelation,
}

impl InvolvedPart {
    /// Every part.
    pub const ALL: [Self; 6] = [
        Self::Demonstration,
        Self::Requirements,
        Self::Design,
        Self::MarketSurvey,
        Self::ImportArgument,
        Self::OtherRelation,
    ];

    /// The word in the API and the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Demonstration => "demonstration",
            Self::Requirements => "requirements",
            Self::Design => "design",
            Self::MarketSurvey => "market_survey",
            Self::ImportArgument => "import_argument",
            Self::OtherRelation => "other_relation",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == word)
    }
}

/// A member whom the purchaser selects itself (自行选定, 198号 art 13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Name, as the announcement will have it.
    pub name: String,
    /// Expert number, if the person is in the registry.
    pub number: Option<ExpertNumber>,
    /// Where they work.
    pub unit: Option<CreditCode>,
    /// For which speciality.
    pub speciality: Option<Speciality>,
    /// Whether they sit as legal expert.
    pub legal: bool,
}

/// Self-selection with the consent of the competent budget department (主管预算单位).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfSelection {
    /// Digest of the attachment of the plan that is the consent, 64 hexadecimal characters; `None`: not
    /// filed yet, and then the plan cannot be submitted.
    pub consent: Option<String>,
    /// Why random drawing can hardly find suitable experts.
    pub reason: String,
    /// Who: at least one.
    pub members: Vec<Selected>,
}

/// A rule that says "in principle" (原则上) and is departed from, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Name of the rule.
    pub rule: String,
    /// Why.
    pub reason: String,
}

/// A written filing before experts of another province are drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvinceFiling {
    /// The other province.
    pub province: Region,
    /// Number of the filing (备案号).
    pub number: String,
    /// The day it was filed.
    pub filed_on: Date,
}

/// What a draw of sites is to decide: how many sub-venues, and from which regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitesAsked {
    /// Sub-venues to be drawn, 1 to 31; they become the sites 2, 3, … of the plan.
    pub count: u32,
    /// Venues lie in one of these regions, ascending.
    pub within: Vec<Region>,
    /// Workstations that each venue must have free for the review.
    pub workstations: u32,
}

/// A plan: the facts of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Id of the package.
    pub package: String,
    /// Region of the purchaser's finance bureau.
    pub region: Region,
    /// How is procured.
    pub method: Method,
    /// What is procured.
    pub category: Category,
    /// Budget in fen (0.01 yuan).
    pub budget_fen: i64,
    /// Whether the budget reaches the open-tender amount (公开招标数额标准).
    pub threshold_reached: bool,
    /// Technically complex (技术复杂).
    pub complex: bool,
    /// Of large social impact (社会影响较大).
    pub social_impact: bool,
    /// Remote review (异地评审).
    pub remote: bool,
    /// When the review begins.
    pub review_start: Timestamp,
    /// How long it is expected to last, in hours, 1 to 240.
    pub hours: u32,
    /// Representatives of the purchaser (采购人代表).
    pub representatives: u32,
    /// Seat groups in order; empty only if all experts are self-selected.
    pub groups: Vec<PlanGroup>,
    /// Experts by speciality as in the procurement document; empty: none stated.
    pub document_numbers: Vec<DocumentNumber>,
    /// People involved earlier.
    pub involved: Vec<Involved>,
    /// Why the regions are limited as they are.
    pub region_reason: Option<String>,
    /// Members selected by the purchaser.
    pub self_selection: Option<SelfSelection>,
    /// Departures from rules that hold in principle, ascending by rule.
    pub overrides: Vec<Override>,
    /// Filing for another province's experts.
    pub province_filing: Option<ProvinceFiling>,
    /// The draw of sites before the draw of experts.
    pub sites: Option<SitesAsked>,
}

impl Plan {
    /// Seats that are drawn.
    pub fn drawn_seats(&self) -> u32 {
        self.groups.iter().map(|group| group.seats).sum()
    }

    /// Members whom the purchaser selects.
    pub fn selected(&self) -> &[Selected] {
        self.self_selection.as_ref().map_or(&[], |selection| selection.members.as_slice())
    }

    /// Experts of the committee: drawn and self-selected.
    pub fn experts(&self) -> u32 {
        self.drawn_seats().saturating_add(u32::try_from(self.selected().len()).unwrap_or(u32::MAX))
    }

    /// Members of the committee: experts and representatives.
    pub fn members(&self) -> u32 {
        self.experts().saturating_add(self.representatives)
    }

    /// When the review is expected to end.
    pub fn review_end(&self) -> Timestamp {
        Timestamp(self.review_start.0.saturating_add(i64::from(self.hours) * 3_600))
    }

    /// Seats at each site, ascending by site.
    pub fn seats_by_site(&self) -> Vec<(u32, u32)> {
        let mut seats = std::collections::BTreeMap::new();
        for group in &self.groups {
            let at: &mut u32 = seats.entry(group.site).or_default();
            *at = at.saturating_add(group.seats);
        }
        seats.into_iter().collect()
    }

    /// Whether nothing is drawn: every expert is self-selected.
    pub fn is_wholly_self_selected(&self) -> bool {
        self.groups.is_empty()
    }
}
