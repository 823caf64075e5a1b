//! Findings: what one rule says about one expert, with its legal source, in two languages.

use std::sync::Arc;

use super::rule::Rule;

/// What a rule answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 符合
    Pass,
    /// 不符合
    Fail,
    /// 不明: data is missing; the profile's policy for the rule decides.
    Unknown,
}

impl Answer {
    /// `pass`, `fail`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

/// The table of details: variants, codes, answers, words.
macro_rules! details {
    ($($(#[$doc:meta])* $variant:ident = $code:literal $answer:ident $zh:literal $en:literal,)*) => {
        /// Why a rule answers so. It names no unit and no date: findings are shown to people who may not
        /// know which supplier it was.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Detail { $($(#[$doc])* $variant,)* }

        impl Detail {
            /// All details.
            pub const ALL: &[Detail] = &[$(Detail::$variant,)*];

            /// The code in answers of the service.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The answer that goes with it.
            pub fn answer(self) -> Answer {
                match self { $(Self::$variant => Answer::$answer,)* }
            }

            /// In Chinese.
            pub fn text_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }

            /// In English.
            pub fn text_en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
        }
    };
}

details! {
    /// The rule is met.
    Met = "met" Pass "符合" "met",
    /// Dismissed.
    Dismissed = "dismissed" Fail "已解聘" "dismissed",
    /// The term has not begun on the review day.
    TermNotBegun = "term_not_begun" Fail "评审之日聘期尚未开始" "the term has not begun on the review day",
    /// The term is over on the review day.
    TermOver = "term_over" Fail "评审之日聘期已满" "the term is over on the review day",
    /// The record is not confirmed, or the person cannot be reached.
    Stale = "stale" Fail "信息待确认" "the record waits for confirmation",
    /// On leave during the review.
    OnLeave = "on_leave" Fail "评审期间请假" "on leave during the review",
    /// Died.
    Deceased = "deceased" Fail "已去世" "deceased",
    /// A duplicate; the record that goes on is judged by itself.
    Merged = "merged" Fail "该记录已归并" "the record was merged into another one",
    /// A suspension runs on the review day.
    Suspended = "suspended" Fail "评审之日在暂停期间" "suspended on the review day",
    /// Banned.
    Banned = "banned" Fail "已被禁止参加评审" "banned",
    /// As old as the limit or older on the review day.
    TooOld = "too_old" Fail "评审之日已达年龄上限" "at or over the age limit on the review day",
    /// The title is below the level, and nothing was accepted as equal.
    TitleTooLow = "title_too_low" Fail "职称低于要求，也没有认定的同等专业水平" "the title is below the level asked for",
    /// Too few years in the field on the review day.
    YearsTooFew = "years_too_few" Fail "从业年限不足" "too few years in the field",
    /// Cannot work with electronic evaluation.
    NoESkill = "no_e_skill" Fail "不能使用电子评审系统" "cannot work with electronic evaluation",
    /// Whether electronic evaluation can be used is not known.
    ESkillUnknown = "e_skill_unknown" Unknown "能否使用电子评审系统不明" "whether electronic evaluation can be used is not known",
    /// No approved speciality serves any requirement.
    NoSpeciality = "no_speciality" Fail "没有相符的评审专业" "no speciality matches",
    /// No review region serves a requirement whose speciality matches.
    NoRegion = "no_region" Fail "没有相符的评审区域" "no review region matches",
    /// Employed there now.
    Employed = "employed" Fail "现任职于该方" "employed there now",
    /// Employed there within the years before the review.
    EmployedBefore = "employed_before" Fail "规定年限内曾任职于该方" "employed there within the years that count",
    /// A declared unit takes part.
    Declared = "declared" Fail "参与方中有本人申报的回避单位" "a unit that the expert declared takes part",
    /// The present employer is not known.
    EmployerUnknown = "employer_unknown" Unknown "现工作单位不明" "the present employer is not known",
    /// Director, supervisor or head of a supplier within the years before the review.
    PostHeld = "post_held" Fail "规定年限内任供应商董事、监事或负责人" "held a post at a supplier within the years that count",
    /// Controlling shareholder or actual controller within the years before the review.
    ControlHeld = "control_held" Fail "规定年限内为供应商控股股东或实际控制人" "controlled a supplier within the years that count",
    /// Key persons of a supplier are not recorded.
    PersonsUnknown = "persons_unknown" Unknown "供应商的任职、股权情况未登记" "key persons of a supplier are not recorded",
    /// A key person of the same name, without a number to tell by.
    Namesake = "namesake" Unknown "与其中一人同名，是否本人不明" "a person of the same name: whether it is the same is not known",
    /// A declared relative has the name of somebody who leads a supplier.
    KinLeads = "kin_leads" Fail "申报的亲属与供应商负责人同名" "a declared relative has the name of a supplier's head",
    /// A declared relative leads, owns or works for a supplier.
    KinUnit = "kin_unit" Fail "申报的亲属任职于供应商" "a declared relative leads, owns or works for a supplier",
    /// No relatives were declared, which does not mean that there are none.
    KinUndeclared = "kin_undeclared" Unknown "本人未申报亲属" "no relatives were declared",
    /// Another relation was recorded with a written reason.
    OtherRelation = "other_relation" Fail "有书面记录的其他利害关系" "another relation is on record",
    /// Employed at an affiliate of a supplier.
    Affiliated = "affiliated" Fail "规定年限内任职于供应商的关联单位" "employed at an affiliate of a supplier within the years that count",
    /// The plan does not state who took part before.
    PartsUnknown = "parts_unknown" Unknown "方案未填写前期参与人员" "the plan does not state who took part before",
    /// Employed at the purchaser's competent department or a unit below it.
    OwnUnit = "own_unit" Fail "任职于采购人的主管部门或所属单位" "employed at the purchaser's department or below it",
    /// Holds a post or a share at the agency.
    AgencyHolder = "agency_holder" Fail "为采购代理机构的股东、董事、监事或负责人" "holds a post or a share at the agency",
    /// Staff of procurement supervision.
    Supervision = "supervision" Fail "为政府采购监督管理工作人员" "staff of procurement supervision",
    /// The employer has no record as a unit.
    UnitUnknown = "unit_unknown" Unknown "工作单位没有单位档案" "the employer has no record as a unit",
    /// Took part in the project before.
    TookPart = "took_part" Fail "参与过本项目前期工作" "took part in the project before",
    /// Another review or an open invitation takes the time.
    SlotTaken = "slot_taken" Fail "评审期间或往返途中已有其他评审或邀请" "another review or invitation takes the time",
    /// Other engagements are not known.
    EngagementsUnknown = "engagements_unknown" Unknown "其他评审的安排不明" "other engagements are not known",
    /// Out of this package since an earlier attempt.
    OutOfPackage = "out_of_package" Fail "本包此前的抽取中曾抽中、拒绝、回避或违规" "out of this package since an earlier attempt",
    /// As many reviews as the limit allows, or more.
    TooManyReviews = "too_many_reviews" Fail "近期评审次数已达上限" "as many reviews as the limit allows",
    /// Members in a relation with each other sit together.
    Related = "related" Fail "成员之间有亲属等关系" "members are related",
    /// More members of one unit than the cap allows.
    SameUnit = "same_unit" Fail "同一单位的成员超过上限" "too many members of one unit",
    /// Too soon after a review for this purchaser or agency.
    TooSoon = "too_soon" Fail "距上次为该采购人或代理机构评审未满间隔" "too soon after a review for this purchaser or agency",
}

/// What one rule says about one expert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// Its answer, that of the detail.
    pub answer: Answer,
    /// The legal source, from the profile.
    pub source: Arc<str>,
    /// Why.
    pub detail: Detail,
}

impl Finding {
    /// One line in Chinese: 年龄限制：评审之日已达年龄上限（财库〔2016〕198号第6条）.
    pub fn text_zh(&self) -> String {
        format!("{}：{}（{}）", self.rule.title_zh(), self.detail.text_zh(), self.source)
    }

    /// One line in English; the source keeps its Chinese name.
    pub fn text_en(&self) -> String {
        format!("{}: {} ({})", self.rule.title_en(), self.detail.text_en(), self.source)
    }
}
