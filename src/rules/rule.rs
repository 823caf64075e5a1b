//! The rules, by the names that profiles, findings and exclusions use: one table of everything that
//! domain and law ask of a draw.
//!
//! A rule of the first ten is in every profile; the others came with version 2 of the profile's form
//! (`api-spec/profile-v2.md`), and a profile says of each whether it applies.

/// Where a rule works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// The expert alone: state, term, age, title.
    Standing,
    /// Expert and requirement: speciality, region.
    Matching,
    /// Expert and parties of the project.
    Conflicts,
    /// Expert and earlier or other reviews: time, load, this package's own past.
    Engagements,
    /// The panel: no finding about one expert, but a constraint on seats.
    Seats,
    /// The plan: size and composition of the committee, papers that must be there.
    Committee,
    /// The plan: what must come before the draw, and when it may begin.
    Timing,
    /// The day of the review and after: chair, secrecy, evaluations.
    Process,
    /// No finding: how many lots a candidate has.
    Weights,
}

impl Family {
    /// In Chinese.
    pub fn title_zh(self) -> &'static str {
        match self {
            Self::Standing => "专家自身条件",
            Self::Matching => "专业与区域",
            Self::Conflicts => "回避",
            Self::Engagements => "时间与频次",
            Self::Seats => "评审小组席位",
            Self::Committee => "评审小组组成",
            Self::Timing => "抽取前程序与时间",
            Self::Process => "评审当日及之后",
            Self::Weights => "抽取概率",
        }
    }

    /// Whether the rule answers about one expert.
    pub fn about_people(self) -> bool {
        matches!(self, Self::Standing | Self::Matching | Self::Conflicts | Self::Engagements)
    }

    /// Whether the rule answers about a plan.
    pub fn about_plans(self) -> bool {
        matches!(self, Self::Committee | Self::Timing)
    }
}

/// The table: variants, names, families, titles.
macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $family:ident $zh:literal $en:literal,)*) => {
        /// A rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule { $($(#[$doc])* $variant,)* }

        impl Rule {
            /// All rules, in the order in which findings stand.
            pub const ALL: &[Rule] = &[$(Rule::$variant,)*];

            /// The name in files and statements.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Where it works.
            pub fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family,)* }
            }

            /// A short title in Chinese, for counts and lists; the profile has its own wording.
            pub fn title_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }

            /// The same in English.
            pub fn title_en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
        }
    };
}

rules! {
    /// In the registry, and within the term of appointment on the review day.
    StatusActive = "status_active" Standing "在库且在聘期内" "in the registry and within the term",
    /// Not banned, no suspension running on the review day. (The credit list is not consulted yet.)
    NotBannedNotSuspended = "not_banned_not_suspended" Standing "未被禁止、未在暂停期间" "neither banned nor suspended",
    /// Younger than the profile's limit on the review day.
    AgeLimit = "age_limit" Standing "年龄限制" "age limit",
    /// A title of the profile's level, or what was accepted as equal.
    TitleOrEqual = "title_or_equal" Standing "职称或同等专业水平" "title or equal level",
    /// So many years in the field as the title asks.
    YearsInField = "years_in_field" Standing "从业年限" "years in the field",
    /// Able to work with electronic evaluation.
    ESkill = "e_skill" Standing "电子评审能力" "electronic evaluation",
    /// An approved speciality is the required one or under it.
    SpecialtyMatch = "specialty_match" Matching "评审专业相符" "speciality",
    /// A review region lies where the requirement asks.
    RegionMatch = "region_match" Matching "评审区域相符" "review region",
    /// No employment at a supplier in the years before the review.
    ConflictEmployment3y = "conflict_employment_3y" Conflicts "与供应商的劳动关系" "employment at a supplier",
    /// Not director or supervisor of a supplier in those years.
    ConflictDirector3y = "conflict_director_3y" Conflicts "担任供应商董事、监事" "director or supervisor of a supplier",
    /// Not controlling shareholder or actual controller of a supplier in those years.
    ConflictControl3y = "conflict_control_3y" Conflicts "供应商控股股东、实际控制人" "controller of a supplier",
    /// No relative leads a supplier.
    ConflictKinship = "conflict_kinship" Conflicts "与供应商负责人的亲属关系" "relatives who lead a supplier",
    /// No other relation was recorded with a written reason.
    ConflictOther = "conflict_other" Conflicts "其他可能影响公正的关系" "another relation that may affect fairness",
    /// The purchaser's own people sit only as its representatives.
    OwnUnitOnlyAsRep = "own_unit_only_as_rep" Conflicts "采购人本单位人员" "purchaser's own staff",
    /// The agency's people do not review its projects.
    NoAgentStaff = "no_agent_staff" Conflicts "采购代理机构人员" "agency's staff",
    /// Staff of procurement supervision never review.
    NoSupervisionStaff = "no_supervision_staff" Conflicts "政府采购监督管理人员" "staff of procurement supervision",
    /// No part in the project's planning, argument or design.
    NoPriorInvolvement = "no_prior_involvement" Conflicts "参与过本项目前期工作" "earlier part in the project",
    /// No unit from which the expert declared to recuse takes part.
    ConflictDeclared = "conflict_declared" Conflicts "本人申报的回避单位" "declared unit",
    /// Free during the hours of the review, the way there and back included.
    Availability = "availability" Engagements "评审时间可用" "availability",
    /// Not drawn, refused, recused or in breach in an earlier attempt on this package.
    NoRepeatInDraw = "no_repeat_in_draw" Engagements "本包此前抽取中已出现" "earlier attempt on the package",
    /// At most so many reviews in so many days.
    LoadCap = "load_cap" Engagements "评审次数上限" "number of reviews",
    /// A pause between reviews for one purchaser or agency.
    Cooldown = "cooldown" Engagements "同一采购人或代理机构的间隔" "pause for one purchaser or agency",
    /// Members in a relation with each other do not sit together.
    NoMutualRelation = "no_mutual_relation" Seats "成员之间的关系" "relations between members",
    /// At most the profile's `unit_cap` members of one unit in a panel.
    OnePerLegalEntity = "one_per_legal_entity" Seats "同一单位人数上限" "members of one unit",
    /// The committee has an odd number of members and the least that the method asks.
    CommitteeSizeOdd = "committee_size_odd" Committee "评审小组人数" "size of the committee",
    /// Experts are two thirds of it or more.
    ExpertsTwoThirds = "experts_two_thirds" Committee "评审专家不少于三分之二" "experts are two thirds",
    /// A legal, economic or financial expert where one is asked for.
    LegalExpertRequired = "legal_expert_required" Committee "法律等专家" "legal and other experts",
    /// The experts of each speciality are as many as the procurement document says.
    NumbersMatchDocument = "numbers_match_document" Committee "人数与采购文件一致" "numbers as in the document",
    /// Remote review: how experts are spread over sites.
    RemoteSiteMix = "remote_site_mix" Committee "异地评审场所分布" "sites of a remote review",
    /// Experts of another province only after a written filing.
    OtherProvinceFiling = "other_province_filing" Committee "使用外省专家事先备案" "filing for another province",
    /// Self-selection only with the consent of the competent department.
    SelfSelectionConsent = "self_selection_consent" Committee "自行选定经主管预算单位同意" "consent to self-selection",
    /// The purchaser confirmed the plan.
    PlanConfirmed = "plan_confirmed" Timing "采购人确认抽取方案" "plan confirmed",
    /// The finance bureau approved the plan.
    PlanApproved = "plan_approved" Timing "财政部门审核抽取方案" "plan approved",
    /// The sub-venue is drawn before the experts.
    SubVenueFirst = "sub_venue_first" Timing "先抽分会场再抽专家" "sub-venue before experts",
    /// Not earlier before the review than the law allows.
    DrawNotTooEarly = "draw_not_too_early" Timing "抽取时间不早于规定" "not drawn too early",
    /// So many candidates for each seat.
    MinPoolRatio = "min_pool_ratio" Timing "候选人数与席位之比" "candidates for each seat",
    /// A representative of the purchaser does not chair.
    ChairNotRep = "chair_not_rep" Process "采购人代表不得担任组长" "no representative in the chair",
    /// The list is secret until the result is announced.
    ListSealedUntilAnnounced = "list_sealed_until_announced" Process "结果公告前名单保密" "list sealed until announced",
    /// Evaluations within the working days that the law gives.
    EvaluationDue5wd = "evaluation_due_5wd" Process "履职评价期限" "evaluation in time",
    /// Lots by the tier of performance.
    TieredProbability = "tiered_probability" Weights "阶梯抽取概率" "lots by tier",
}

/// Rules known to the domain and **not applied**; each would stand here with the reason. A profile
/// that lists one is refused: it would state a rule that nobody applies.
pub const NOT_YET_APPLIED: &[&str] = &[];

impl Rule {
    /// The rules of profiles of version 1, in the order in which their findings stand.
    pub const V1: [Rule; 10] = [
        Self::StatusActive,
        Self::NotBannedNotSuspended,
        Self::AgeLimit,
        Self::SpecialtyMatch,
        Self::RegionMatch,
        Self::ConflictEmployment3y,
        Self::OwnUnitOnlyAsRep,
        Self::NoAgentStaff,
        Self::ConflictDeclared,
        Self::OnePerLegalEntity,
    ];

    /// The rule of that name.
    pub fn parse(name: &str) -> Option<Rule> {
        Self::ALL.iter().copied().find(|rule| rule.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_either_applied_or_not_yet_and_has_one_name() {
        let names: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        assert!(NOT_YET_APPLIED.iter().all(|name| Rule::parse(name).is_none()));
        assert!(NOT_YET_APPLIED.is_sorted());
        assert!(Rule::ALL.iter().all(|rule| Rule::parse(rule.name()) == Some(*rule)));
    }

    #[test]
    fn the_order_of_findings_is_that_of_the_first_version_too() {
        assert!(Rule::V1.is_sorted());
    }
}
