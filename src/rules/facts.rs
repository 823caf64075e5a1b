//! What the rules about a plan are told: the plan's own facts, as far as somebody stated them.
//!
//! *Invariant:* `None` is "not known" and never "no"; a rule that needs what is not known answers
//! unknown. No person stands here: members are counted, not named.
//!
//! *Deliberately not here:* facts about people ([`super::people_facts`]) and units ([`super::unit_graph`]);
//! how a plan is kept (`registry`, `service`).

use crate::codes::{Region, Speciality};
use crate::time::{Date, Timestamp};

use super::rule::Rule;

/// A closed list of words: variants, words of files, Chinese names.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$line:meta])* $variant:ident = $word:literal $zh:literal $en:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$line])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The word in the API, in plans and in profiles.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the word.
            pub fn parse(text: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }

            /// In Chinese.
            pub fn title_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }

            /// In English.
            pub fn title_en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
        }
    };
}
pub(super) use words;

words! {
    /// The method of procurement (采购方式).
    Method {
        /// 公开招标
        OpenTender = "open_tender" "公开招标" "open tender",
        /// 邀请招标
        InvitedTender = "invited_tender" "邀请招标" "invited tender",
        /// 竞争性谈判
        Negotiation = "negotiation" "竞争性谈判" "competitive negotiation",
        /// 询价
        Inquiry = "inquiry" "询价" "inquiry",
        /// 竞争性磋商
        Consultation = "consultation" "竞争性磋商" "competitive consultation",
        /// 框架协议
        Framework = "framework" "框架协议" "framework agreement",
        /// 单一来源
        SingleSource = "single_source" "单一来源" "single source",
        /// 合作创新采购
        CooperativeInnovation = "cooperative_innovation" "合作创新采购" "cooperative innovation",
        /// 政府和社会资本合作
        Ppp = "ppp" "政府和社会资本合作" "public-private partnership",
    }
}

words! {
    /// What is procured (采购品目).
    Category {
        /// 货物
        Goods = "goods" "货物" "goods",
        /// 工程
        Works = "works" "工程" "works",
        /// 服务
        Services = "services" "服务" "services",
    }
}

words! {
    /// Experts whom some methods ask for by their field.
    Expertise {
        /// 法律专家
        Legal = "legal" "法律专家" "a legal expert",
        /// 经济专家
        Economic = "economic" "经济专家" "an economic expert",
        /// 财务专家
        Financial = "financial" "财务专家" "a financial expert",
    }
}

/// One seat group of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFacts {
    /// The speciality.
    pub speciality: Speciality,
    /// Regions where the experts review; empty: anywhere.
    pub within: Vec<Region>,
    /// Seats.
    pub seats: u32,
    /// Number of the site.
    pub site: u32,
    /// Expertise that the plan states of the group, beyond what its speciality says.
    pub expertise: Vec<Expertise>,
}

/// Members whom the purchaser selected itself (自行选定).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelfSelection {
    /// How many.
    pub members: u32,
    /// How many of them belong to the purchaser's own unit; `None`: not known.
    pub own_unit: Option<u32>,
    /// Whether the written consent of the competent department (主管预算单位) is there; `None`: not stated.
    pub consent: Option<bool>,
    /// Expertise that the plan states of them.
    pub expertise: Vec<Expertise>,
}

/// A plan (抽取方案), as far as rules ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFacts {
    /// Region of the purchaser's bureau.
    pub region: Region,
    /// The method.
    pub method: Method,
    /// Goods, works or services.
    pub category: Option<Category>,
    /// Budget in fen.
    pub budget_fen: Option<u64>,
    /// Whether it is at or above the amount from which open tender is due (公开招标数额标准).
    pub threshold_reached: Option<bool>,
    /// Technically complex or specialised (技术复杂、专业性强).
    pub complex: Option<bool>,
    /// Of large social impact (社会影响较大).
    pub social_impact: Option<bool>,
    /// Remote review (异地评审).
    pub remote: Option<bool>,
    /// When the review begins.
    pub review_start: Timestamp,
    /// How long it is expected to take, in hours.
    pub hours: u32,
    /// Representatives of the purchaser (采购人代表).
    pub representatives: Option<u32>,
    /// The seat groups.
    pub groups: Vec<GroupFacts>,
    /// The host site (主场), if the review has several; `None`: none was named.
    pub host_site: Option<u32>,
    /// Experts by speciality as the procurement document says; `None`: not stated.
    pub document_numbers: Option<Vec<(Speciality, u32)>>,
    /// Members selected by the purchaser itself; `None`: none.
    pub self_selection: Option<SelfSelection>,
    /// Whether a written filing with the own bureau is there for experts of another province.
    pub filing: Option<bool>,
    /// Whether the purchaser confirmed this version of the plan (a purchaser's own plan is).
    pub confirmed: Option<bool>,
    /// Whether the finance bureau approved this version.
    pub approved: Option<bool>,
    /// Whether the sub-venues were drawn.
    pub venues_drawn: Option<bool>,
    /// Candidates who can fill each group, in the order of the groups; `None`: not counted.
    pub pools: Option<Vec<u32>>,
    /// Rules let pass by somebody else than who asked, with a reason ("原则上").
    pub waived: Vec<Rule>,
}

impl PlanFacts {
    /// The day of the review, in China.
    pub fn review_date(&self) -> Date {
        Date::of(self.review_start)
    }

    /// When the review is expected to end.
    pub fn review_end(&self) -> Timestamp {
        Timestamp(self.review_start.0.saturating_add(i64::from(self.hours).saturating_mul(3600)))
    }

    /// Experts, drawn and self-selected together.
    pub fn experts(&self) -> u32 {
        let selected = self.self_selection.as_ref().map_or(0, |selection| selection.members);
        self.groups.iter().fold(selected, |sum, group| sum.saturating_add(group.seats))
    }

    /// Members of the committee; `None` while the representatives are not known.
    pub fn members(&self) -> Option<u32> {
        self.representatives.map(|representatives| representatives.saturating_add(self.experts()))
    }

    /// The province of the purchaser's bureau.
    pub fn province(&self) -> Region {
        self.region.ancestors().last().unwrap_or(self.region)
    }

    /// Whether a group asks for experts of another province.
    pub fn other_province(&self) -> bool {
        let own = self.province();
        self.groups.iter().flat_map(|group| &group.within).any(|region| !region.is_within(&own))
    }
}
