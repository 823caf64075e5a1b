//! The rules this version applies, by the names that profiles, findings and exclusions use.

/// A rule that is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// In the registry, and within the term of appointment on the review day.
    StatusActive,
    /// Not banned, no suspension running on the review day. (The credit list is not consulted yet.)
    NotBannedNotSuspended,
    /// Younger than the profile's `max_age` on the review day.
    AgeLimit,
    /// An approved speciality is the required one or under it.
    SpecialtyMatch,
    /// A review region lies where the requirement asks.
    RegionMatch,
    /// No employment at a supplier in the years before the review.
    ConflictEmployment3y,
    /// The purchaser's own people sit only as its representatives.
    OwnUnitOnlyAsRep,
    /// The agency's people do not review its projects.
    NoAgentStaff,
    /// No unit from which the expert declared to recuse takes part.
    ConflictDeclared,
    /// At most the profile's `unit_cap` members of one unit in a panel.
    OnePerLegalEntity,
}

/// Where a rule works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The expert alone: state, term, age.
    Standing,
    /// Expert and requirement: speciality, region.
    Matching,
    /// Expert and parties of the project.
    Conflicts,
    /// The panel: no finding about one expert, but a constraint on seats.
    Seats,
}

/// Rules known to the domain and **not yet applied**. A profile that lists one is refused: it would
/// state a rule that nobody applies. Applying a rule moves its name from here into [`Rule`].
pub const NOT_YET_APPLIED: &[&str] = &[
    "availability",
    "chair_not_rep",
    "committee_size_odd",
    "conflict_control_3y",
    "conflict_director_3y",
    "conflict_kinship",
    "conflict_other",
    "cooldown",
    "draw_not_too_early",
    "e_skill",
    "evaluation_due_5wd",
    "experts_two_thirds",
    "legal_expert_required",
    "list_sealed_until_announced",
    "load_cap",
    "min_pool_ratio",
    "no_mutual_relation",
    "no_prior_involvement",
    "no_repeat_in_draw",
    "no_supervision_staff",
    "numbers_match_document",
    "other_province_filing",
    "plan_approved",
    "plan_confirmed",
    "remote_site_mix",
    "self_selection_consent",
    "sub_venue_first",
    "tiered_probability",
    "title_or_equal",
    "years_in_field",
];

impl Rule {
    /// All rules, in the order in which findings stand.
    pub const ALL: [Rule; 10] = [
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

    /// The name in files and statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::StatusActive => "status_active",
            Self::NotBannedNotSuspended => "not_banned_not_suspended",
            Self::AgeLimit => "age_limit",
            Self::SpecialtyMatch => "specialty_match",
            Self::RegionMatch => "region_match",
            Self::ConflictEmployment3y => "conflict_employment_3y",
            Self::OwnUnitOnlyAsRep => "own_unit_only_as_rep",
            Self::NoAgentStaff => "no_agent_staff",
            Self::ConflictDeclared => "conflict_declared",
            Self::OnePerLegalEntity => "one_per_legal_entity",
        }
    }

    /// The rule of that name.
    pub fn parse(name: &str) -> Option<Rule> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// Where it works.
    pub fn family(self) -> Family {
        match self {
            Self::StatusActive | Self::NotBannedNotSuspended | Self::AgeLimit => Family::Standing,
            Self::SpecialtyMatch | Self::RegionMatch => Family::Matching,
            Self::ConflictEmployment3y
            | Self::OwnUnitOnlyAsRep
            | Self::NoAgentStaff
            | Self::ConflictDeclared => Family::Conflicts,
            Self::OnePerLegalEntity => Family::Seats,
        }
    }

    /// A short title in Chinese, for counts and lists; the profile has its own wording.
    pub fn title_zh(self) -> &'static str {
        match self {
            Self::StatusActive => "在库且在聘期内",
            Self::NotBannedNotSuspended => "未被禁止、未在暂停期间",
            Self::AgeLimit => "年龄限制",
            Self::SpecialtyMatch => "评审专业相符",
            Self::RegionMatch => "评审区域相符",
            Self::ConflictEmployment3y => "与供应商的劳动关系",
            Self::OwnUnitOnlyAsRep => "采购人本单位人员",
            Self::NoAgentStaff => "采购代理机构人员",
            Self::ConflictDeclared => "本人申报的回避单位",
            Self::OnePerLegalEntity => "同一单位人数上限",
        }
    }

    /// The same in English.
    pub fn title_en(self) -> &'static str {
        match self {
            Self::StatusActive => "in the registry and within the term",
            Self::NotBannedNotSuspended => "neither banned nor suspended",
            Self::AgeLimit => "age limit",
            Self::SpecialtyMatch => "speciality",
            Self::RegionMatch => "review region",
            Self::ConflictEmployment3y => "employment at a supplier",
            Self::OwnUnitOnlyAsRep => "purchaser's own staff",
            Self::NoAgentStaff => "agency's staff",
            Self::ConflictDeclared => "declared unit",
            Self::OnePerLegalEntity => "members of one unit",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_either_applied_or_not_yet_and_has_one_name() {
        let names: std::collections::BTreeSet<_> = Rule::ALL.map(Rule::name).into_iter().collect();
        assert_eq!(names.len(), Rule::ALL.len());
        assert!(NOT_YET_APPLIED.iter().all(|name| Rule::parse(name).is_none()));
        assert!(NOT_YET_APPLIED.is_sorted());
        assert!(Rule::ALL.into_iter().all(|rule| Rule::parse(rule.name()) == Some(rule)));
    }
}
