//! What one rule says about a plan: answer, article, words in two languages, and whether it stands in
//! the way. A plan is no person, so the words may tell numbers.

use std::sync::Arc;

use super::facts::PlanFacts;
use super::finding::Answer;
use super::profile::{Profile, UnknownPolicy};
use super::registry_profile::{Mark, Rule as Sourced};
use super::rule::Rule;

/// A finding about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFinding {
    /// The rule.
    pub rule: Rule,
    /// Its answer.
    pub answer: Answer,
    /// The legal source with its article, from the profile.
    pub source: Arc<str>,
    /// How sure the source is.
    pub status: Mark,
    /// Whether the law says "in principle" (原则上): a reason and an approver may let it pass.
    pub overridable: bool,
    /// Whether it stands in the way: failed, or unknown where the profile excludes for that, and not
    /// let pass.
    pub blocks: bool,
    /// Why, in Chinese.
    pub zh: String,
    /// Why, in English.
    pub en: String,
}

impl PlanFinding {
    /// One line in Chinese: 评审小组人数：……（财政部令第87号第47条）.
    pub fn text_zh(&self) -> String {
        format!("{}：{}（{}）", self.rule.title_zh(), self.zh, self.source)
    }

    /// One line in English; the source keeps its Chinese name.
    pub fn text_en(&self) -> String {
        format!("{}: {} ({})", self.rule.title_en(), self.en, self.source)
    }
}

/// An answer with its words, before profile and waivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub answer: Answer,
    pub zh: String,
    pub en: String,
    /// The article of the very row that was applied, where a rule has several.
    pub source: Option<Sourced>,
}

impl Said {
    /// With the article of a row.
    pub fn after(self, source: &Sourced) -> Said {
        Said { source: Some(source.clone()), ..self }
    }
}

pub(super) fn pass(zh: impl Into<String>, en: impl Into<String>) -> Said {
    Said { answer: Answer::Pass, zh: zh.into(), en: en.into(), source: None }
}

pub(super) fn fail(zh: impl Into<String>, en: impl Into<String>) -> Said {
    Said { answer: Answer::Fail, zh: zh.into(), en: en.into(), source: None }
}

pub(super) fn unknown(zh: impl Into<String>, en: impl Into<String>) -> Said {
    Said { answer: Answer::Unknown, zh: zh.into(), en: en.into(), source: None }
}

/// The finding of a rule; `None` where the profile does not apply it.
pub(super) fn finding(
    rule: Rule,
    profile: &Profile,
    waived: &[Rule],
    said: impl FnOnce() -> Said,
) -> Option<PlanFinding> {
    let entry = profile.rule(rule).filter(|entry| entry.applies)?;
    let Said { answer, zh, en, source } = said();
    let source = source.unwrap_or_else(|| Sourced { source: entry.source.clone(), mark: entry.status });
    let against = match answer {
        Answer::Pass => false,
        Answer::Fail => true,
        Answer::Unknown => entry.unknown == UnknownPolicy::Exclude,
    };
    let blocks = against && !(entry.overridable && waived.contains(&rule));
    Some(PlanFinding {
        rule,
        answer,
        source: source.source,
        status: source.mark,
        overridable: entry.overridable,
        blocks,
        zh,
        en,
    })
}

/// The findings of a family about a plan.
pub(super) fn about(
    plan: &PlanFacts,
    profile: &Profile,
    rules: &[(Rule, &dyn Fn() -> Said)],
) -> Vec<PlanFinding> {
    rules.iter().filter_map(|(rule, said)| finding(*rule, profile, &plan.waived, said)).collect()
}
