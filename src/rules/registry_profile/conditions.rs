//! Section `conditions`: who may become and stay an expert (财库〔2016〕198号 art. 6 and the provinces'
//! own rules), with the numbers; what each condition means is `rules::conditions`'s.
//!
//! *Invariant:* the section lists exactly the conditions of [`Condition`], each once.

use std::collections::BTreeMap;

use crate::codec::{Fields, ShapeError};

use super::super::profile::UnknownPolicy;
use super::read::{self, Number, Rule, Text};

/// A condition of selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Art. 6(1): good ethics, no bad credit record for bribery or fraud.
    Credit,
    /// Art. 6(2): intermediate title or equal level and years in the field, or a senior one.
    Title,
    /// Art. 6(3): knows the rules of procurement.
    KnowsRules,
    /// Art. 6(4): a Chinese citizen who promises independence and legal responsibility.
    Citizen,
    /// Art. 6(5): younger than the limit.
    Age,
    /// Art. 6(5): healthy enough.
    Health,
    /// Art. 6(6): no bad conduct of art. 29 within the years before.
    CleanRecord,
    /// 实施条例 art. 75: not banned from reviewing.
    NotBanned,
    /// Art. 16 and provincial rules: not employed where experts may not come from.
    Employer,
    /// Provincial rules: can work with the electronic system.
    EvaluationSkill,
}

impl Condition {
    /// All of them, in the order of the article.
    pub const ALL: [Condition; 10] = [
        Self::Credit,
        Self::Title,
        Self::KnowsRules,
        Self::Citizen,
        Self::Age,
        Self::Health,
        Self::CleanRecord,
        Self::NotBanned,
        Self::Employer,
        Self::EvaluationSkill,
    ];

    /// The word in the file and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Title => "title",
            Self::KnowsRules => "knows_rules",
            Self::Citizen => "citizen",
            Self::Age => "age",
            Self::Health => "health",
            Self::CleanRecord => "clean_record",
            Self::NotBanned => "not_banned",
            Self::Employer => "employer",
            Self::EvaluationSkill => "evaluation_skill",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Condition> {
        Self::ALL.into_iter().find(|condition| condition.name() == word)
    }
}

/// A condition's entry in a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionRule {
    /// The profile's wording, in Chinese.
    pub title: String,
    /// The same in English.
    pub title_en: String,
    /// Whether the condition applies here.
    pub applies: bool,
    /// What missing data means.
    pub unknown: UnknownPolicy,
    /// Its source.
    pub rule: Rule,
}

/// What is relaxed for scarce specialities (紧缺专业), with a reason and an approver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scarce {
    /// Fewer completed years of life than this.
    pub age: Number,
    /// Years in the field of a doctor (博士).
    pub years_doctor: Number,
    /// Years in the field of a master (硕士).
    pub years_master: Number,
    /// Years in the field of anybody else; `None`: not relaxed for them.
    pub years_other: Option<Number>,
}

/// The section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    rules: BTreeMap<Condition, ConditionRule>,
    /// Years in the field with an intermediate title.
    pub years_intermediate: Number,
    /// Years in the field with a senior or deputy senior title.
    pub years_senior: Number,
    /// At entry: fewer completed years of life than this.
    pub age_entry: Number,
    /// Afterwards: fewer completed years of life than this.
    pub age_renewal: Number,
    /// So many years without bad conduct.
    pub clean_years: Number,
    /// What is relaxed for scarce specialities; `None`: nothing is known.
    pub scarce: Option<Scarce>,
    /// Kinds of units whose staff cannot be experts (`registry::Unit` kinds), with sources.
    pub excluded_employers: Vec<Text>,
}

impl Conditions {
    /// A condition's entry; every condition has one.
    pub fn rule(&self, condition: Condition) -> Option<&ConditionRule> {
        self.rules.get(&condition)
    }

    /// All entries in the order of the article.
    pub fn rules(&self) -> impl Iterator<Item = (Condition, &ConditionRule)> {
        self.rules.iter().map(|(condition, rule)| (*condition, rule))
    }

    pub(super) fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        let listed = f.each("rules", |json, path| {
            read::item(json, path, |f| {
                let condition = Condition::parse(f.str("name")?);
                let condition = condition.ok_or_else(|| f.wrong("name", "unknown condition"))?;
                let unknown = match f.str("unknown")? {
                    "exclude" => UnknownPolicy::Exclude,
                    "allow" => UnknownPolicy::Allow,
                    _ => return Err(f.wrong("unknown", "must be exclude or allow")),
                };
                Ok((
                    condition,
                    ConditionRule {
                        title: read::line(f, "title")?,
                        title_en: read::line(f, "title_en")?,
                        applies: read::yes_no(f, "applies")?,
                        unknown,
                        rule: read::rule(f)?,
                    },
                ))
            })
        })?;
        let count = listed.len();
        let rules: BTreeMap<_, _> = listed.into_iter().collect();
        if rules.len() != count || Condition::ALL.iter().any(|known| !rules.contains_key(known)) {
            return Err(f.wrong("rules", "must list every condition once"));
        }
        let scarce = match f.optional("scarce") {
            None => None,
            Some(_) => Some(f.object("scarce", |f| {
                Ok(Scarce {
                    age: read::number(f, "age", 18, 150)?,
                    years_doctor: read::number(f, "years_doctor", 0, 50)?,
                    years_master: read::number(f, "years_master", 0, 50)?,
                    years_other: match f.optional("years_other") {
                        None => None,
                        Some(_) => Some(read::number(f, "years_other", 0, 50)?),
                    },
                })
            })?),
        };
        let path = f.at("excluded_employers");
        let excluded_employers = f
            .list("excluded_employers")?
            .iter()
            .enumerate()
            .map(|(position, json)| {
                read::item(json, &format!("{path}[{position}]"), |f| {
                    Ok(Text { value: read::line(f, "value")?, rule: read::rule(f)? })
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            rules,
            years_intermediate: read::number(f, "years_intermediate", 0, 50)?,
            years_senior: read::number(f, "years_senior", 0, 50)?,
            age_entry: read::number(f, "age_entry", 18, 150)?,
            age_renewal: read::number(f, "age_renewal", 18, 150)?,
            clean_years: read::number(f, "clean_years", 0, 50)?,
            scarce,
            excluded_employers,
        })
    }
}
