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

/// Why a rule answers so. It names no unit and no date: findings are shown to people who may not
/// know which supplier it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// The rule is met.
    Met,
    /// Dismissed.
    Dismissed,
    /// The term has not begun on the review day.
    TermNotBegun,
    /// The term is over on the review day.
    TermOver,
    /// The record is not confirmed, or the person cannot be reached.
    Stale,
    /// On leave during the review.
    OnLeave,
    /// Died.
    Deceased,
    /// A duplicate; the record that goes on is judged by itself.
    Merged,
    /// A suspension runs on the review day.
    Suspended,
    /// Banned.
    Banned,
    /// As old as the limit or older on the review day.
    TooOld,
    /// No approved speciality serves any requirement.
    NoSpeciality,
    /// No review region serves a requirement whose speciality matches.
    NoRegion,
    /// Employed there now.
    Employed,
    /// Employed there within the years before the review.
    EmployedBefore,
    /// A declared unit takes part.
    Declared,
    /// The present employer is not known.
    EmployerUnknown,
}

impl Detail {
    /// The code in answers of the service.
    pub fn code(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Dismissed => "dismissed",
            Self::TermNotBegun => "term_not_begun",
            Self::TermOver => "term_over",
            Self::Stale => "stale",
            Self::OnLeave => "on_leave",
            Self::Deceased => "deceased",
            Self::Merged => "merged",
            Self::Suspended => "suspended",
            Self::Banned => "banned",
            Self::TooOld => "too_old",
            Self::NoSpeciality => "no_speciality",
            Self::NoRegion => "no_region",
            Self::Employed => "employed",
            Self::EmployedBefore => "employed_before",
            Self::Declared => "declared",
            Self::EmployerUnknown => "employer_unknown",
        }
    }

    /// The answer that goes with it.
    pub fn answer(self) -> Answer {
        match self {
            Self::Met => Answer::Pass,
            Self::EmployerUnknown => Answer::Unknown,
            _ => Answer::Fail,
        }
    }

    /// In Chinese.
    pub fn text_zh(self) -> &'static str {
        match self {
            Self::Met => "符合",
            Self::Dismissed => "已解聘",
            Self::TermNotBegun => "评审之日聘期尚未开始",
            Self::TermOver => "评审之日聘期已满",
            Self::Stale => "信息待确认",
            Self::OnLeave => "评审期间请假",
            Self::Deceased => "已去世",
            Self::Merged => "该记录已归并",
            Self::Suspended => "评审之日在暂停期间",
            Self::Banned => "已被禁止参加评审",
            Self::TooOld => "评审之日已达年龄上限",
            Self::NoSpeciality => "没有相符的评审专业",
            Self::NoRegion => "没有相符的评审区域",
            Self::Employed => "现任职于该方",
            Self::EmployedBefore => "规定年限内曾任职于该方",
            Self::Declared => "参与方中有本人申报的回避单位",
            Self::EmployerUnknown => "现工作单位不明",
        }
    }

    /// In English.
    pub fn text_en(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Dismissed => "dismissed",
            Self::TermNotBegun => "the term has not begun on the review day",
            Self::TermOver => "the term is over on the review day",
            Self::Stale => "the record waits for confirmation",
            Self::OnLeave => "on leave during the review",
            Self::Deceased => "deceased",
            Self::Merged => "the record was merged into another one",
            Self::Suspended => "suspended on the review day",
            Self::Banned => "banned",
            Self::TooOld => "at or over the age limit on the review day",
            Self::NoSpeciality => "no speciality matches",
            Self::NoRegion => "no review region matches",
            Self::Employed => "employed there now",
            Self::EmployedBefore => "employed there within the years that count",
            Self::Declared => "a unit that the expert declared takes part",
            Self::EmployerUnknown => "the present employer is not known",
        }
    }
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
