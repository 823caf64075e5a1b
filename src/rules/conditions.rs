//! The conditions of selection (财库〔2016〕198号 art. 6 and a province's own), asked of one person on
//! one day: at entry, at renewal, in a special check. Every condition answers, so that whoever fails
//! hears all of it at once.
//!
//! *Invariants:* missing data answers unknown, never pass; a finding names facts by their field and
//! never repeats a value; a relaxation for scarce specialities counts only where the facts say that
//! somebody granted it, and the finding then says so.
//!
//! *Deliberately not here:* what follows (a refusal, a renewal, a worklist); who may grant what.

use std::sync::Arc;

use crate::codes::NationalId;
use crate::registry::{Draft, TitleLevel};
use crate::time::Date;

use super::finding::Answer;
use super::profile::UnknownPolicy;
use super::registry_profile::{Condition, Mark, Number, RegistryProfile};

/// For what the conditions are asked: the age limit differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Entry of somebody new, or again after a dismissal.
    Entry,
    /// Renewal of the term, or a check of somebody in the registry.
    Staying,
}

/// The highest degree, as far as rules ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Degree {
    /// 博士
    Doctor,
    /// 硕士
    Master,
    /// Any other, or none.
    Other,
}

/// What the conduct record says (198号 arts 6(6), 29).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConductSummary {
    /// The day of the newest decision on bad conduct of art. 29 that stands; `None`: there is none.
    pub last_bad_conduct: Option<Date>,
    /// Whether false material was ever found (art. 29(5)).
    pub false_material: bool,
    /// Whether a ban was decided (实施条例 art. 75).
    pub banned: bool,
}

/// The facts of one person, as far as the conditions ask; `None`: not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConditionFacts {
    /// Birth date.
    pub birth: Option<Date>,
    /// Whether the identity document is a citizen's.
    pub citizen: Option<bool>,
    /// Level of the title, or of what was accepted as equal.
    pub title: Option<TitleLevel>,
    /// Since when in the field.
    pub field_since: Option<Date>,
    /// Highest degree.
    pub degree: Option<Degree>,
    /// Whether the commitment letter is there: knows the rules, is independent and healthy.
    pub committed: Option<bool>,
    /// Whether the credit check found nothing.
    pub credit: Option<bool>,
    /// The conduct record.
    pub conduct: Option<ConductSummary>,
    /// Kinds of the present employers; an empty list: none, or none of a kind that matters.
    pub employer_kinds: Option<Vec<String>>,
    /// Whether the person can work with the electronic system.
    pub evaluation_skill: Option<bool>,
    /// Whether the relaxation for scarce specialities was granted, with a reason, by an approver.
    pub scarce_granted: bool,
}

impl ConditionFacts {
    /// What a record alone says; credit, conduct and kinds of employers are not in it.
    pub fn of_draft(draft: &Draft) -> Self {
        let citizen = draft.id_kind == "111";
        let birth = match NationalId::parse(&draft.id_number) {
            Ok(id) if citizen => Some(id.birth_date()),
            _ => Date::parse(&draft.birth).ok(),
        };
        let degree = |code: &str| match code {
            // GB/T 4658: 11 博士研究生毕业, 14 硕士研究生毕业.
            "11" => Degree::Doctor,
            "14" => Degree::Master,
            _ => Degree::Other,
        };
        Self {
            birth,
            citizen: (!draft.id_kind.is_empty()).then_some(citizen),
            title: TitleLevel::parse(&draft.title_level),
            field_since: Date::parse(&draft.field_since).ok(),
            degree: draft.educations.iter().map(|education| degree(&education.code)).min(),
            committed: draft.documents.iter().any(|document| document.kind == "commitment").then_some(true),
            credit: None,
            conduct: None,
            employer_kinds: None,
            evaluation_skill: match draft.e_evaluation.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            scarce_granted: draft.relaxation.is_some(),
        }
    }
}

/// What one condition answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionFinding {
    /// The condition.
    pub condition: Condition,
    /// Its answer.
    pub answer: Answer,
    /// Whether it stands in the way: failed, or unknown where the profile excludes for that.
    pub excludes: bool,
    /// Whether it is met only by the relaxation for scarce specialities.
    pub relaxed: bool,
    /// The profile's wording, in Chinese.
    pub title: String,
    /// The same in English.
    pub title_en: String,
    /// The legal source.
    pub source: Arc<str>,
    /// How sure the source is.
    pub status: Mark,
    /// Which facts were asked, by field; no values.
    pub facts: &'static [&'static str],
}

/// Asks every condition that applies, in the order of the article.
pub fn examine(
    facts: &ConditionFacts,
    profile: &RegistryProfile,
    purpose: Purpose,
    today: Date,
) -> Vec<ConditionFinding> {
    let ask = Asked { facts, profile, purpose, today };
    let rules = profile.conditions.rules().filter(|(_, rule)| rule.applies);
    rules
        .map(|(condition, rule)| {
            let (answer, relaxed) = ask.condition(condition);
            let excludes = match answer {
                Answer::Pass => false,
                Answer::Fail => true,
                Answer::Unknown => rule.unknown == UnknownPolicy::Exclude,
            };
            ConditionFinding {
                condition,
                answer,
                excludes,
                relaxed,
                title: rule.title.clone(),
                title_en: rule.title_en.clone(),
                source: rule.rule.source.clone(),
                status: rule.rule.mark,
                facts: asked_of(condition),
            }
        })
        .collect()
}

/// Which facts a condition asks.
fn asked_of(condition: Condition) -> &'static [&'static str] {
    match condition {
        Condition::Credit => &["credit"],
        Condition::Title => &["title_level", "field_since", "education"],
        Condition::KnowsRules | Condition::Health => &["commitment"],
        Condition::Citizen => &["id_kind", "commitment"],
        Condition::Age => &["birth_date"],
        Condition::CleanRecord | Condition::NotBanned => &["conduct"],
        Condition::Employer => &["employments"],
        Condition::EvaluationSkill => &["evaluation_skill"],
    }
}

struct Asked<'a> {
    facts: &'a ConditionFacts,
    profile: &'a RegistryProfile,
    purpose: Purpose,
    today: Date,
}

impl Asked<'_> {
    /// The answer, and whether it rests on the relaxation.
    fn condition(&self, condition: Condition) -> (Answer, bool) {
        let facts = self.facts;
        let plain = |answer| (answer, false);
        match condition {
            Condition::Credit => plain(known(facts.credit)),
            Condition::Title => self.with_relaxation(self.title(), || self.scarce_years()),
            Condition::KnowsRules | Condition::Health => plain(known(facts.committed)),
            // Nationality fails by itself; the promise alone does not make a citizen.
            Condition::Citizen => plain(match (facts.citizen, facts.committed) {
                (Some(false), _) | (_, Some(false)) => Answer::Fail,
                (Some(true), _) => Answer::Pass,
                (None, _) => Answer::Unknown,
            }),
            Condition::Age => {
                let conditions = &self.profile.conditions;
                let limit = match self.purpose {
                    Purpose::Entry => &conditions.age_entry,
                    Purpose::Staying => &conditions.age_renewal,
                };
                let relaxed = || conditions.scarce.as_ref().map_or(Answer::Fail, |s| self.younger(&s.age));
                self.with_relaxation(self.younger(limit), relaxed)
            }
            Condition::CleanRecord => plain(match facts.conduct {
                None => Answer::Unknown,
                Some(conduct) => {
                    let years = self.profile.conditions.clean_years.value;
                    let clean = conduct.last_bad_conduct.is_none_or(|day| self.past(day, years));
                    known(Some(clean))
                }
            }),
            Condition::NotBanned => plain(known(facts.conduct.map(|conduct| !conduct.banned))),
            Condition::Employer => plain(match &facts.employer_kinds {
                None => Answer::Unknown,
                Some(kinds) => {
                    let excluded = &self.profile.conditions.excluded_employers;
                    known(Some(!excluded.iter().any(|kind| kinds.contains(&kind.value))))
                }
            }),
            Condition::EvaluationSkill => plain(known(facts.evaluation_skill)),
        }
    }

    /// Intermediate and the years, or senior and (usually no) years.
    fn title(&self) -> Answer {
        let conditions = &self.profile.conditions;
        let years = match self.facts.title {
            None => return Answer::Unknown,
            Some(TitleLevel::Senior | TitleLevel::DeputySenior) => conditions.years_senior.value,
            Some(TitleLevel::Intermediate) => conditions.years_intermediate.value,
            #[allow(unreachable_patterns)]
            Some(_) => return Answer::Fail,
        };
        self.in_field(years)
    }

    fn scarce_years(&self) -> Answer {
        let Some(scarce) = &self.profile.conditions.scarce else { return Answer::Fail };
        let years = match self.facts.degree {
            Some(Degree::Doctor) => Some(&scarce.years_doctor),
            Some(Degree::Master) => Some(&scarce.years_master),
            Some(Degree::Other) | None => scarce.years_other.as_ref(),
        };
        years.map_or(Answer::Fail, |years| self.in_field(years.value))
    }

    fn in_field(&self, years: u32) -> Answer {
        if years == 0 {
            return Answer::Pass;
        }
        known(self.facts.field_since.map(|since| self.past(since, years)))
    }

    fn younger(&self, limit: &Number) -> Answer {
        let age = self.facts.birth.map(|birth| i64::from(birth.age_on(self.today)));
        known(age.map(|age| age < i64::from(limit.value)))
    }

    /// Whether so many years have passed since a day, the corresponding day included.
    fn past(&self, day: Date, years: u32) -> bool {
        day.plus_years(i32::try_from(years).unwrap_or(i32::MAX)) <= self.today
    }

    /// A relaxation counts where it was granted and the plain rule does not pass.
    fn with_relaxation(&self, plain: Answer, relaxed: impl FnOnce() -> Answer) -> (Answer, bool) {
        if plain != Answer::Pass && self.facts.scarce_granted && relaxed() == Answer::Pass {
            (Answer::Pass, true)
        } else {
            (plain, false)
        }
    }
}

fn known(fact: Option<bool>) -> Answer {
    match fact {
        Some(true) => Answer::Pass,
        Some(false) => Answer::Fail,
        None => Answer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry_profile::embedded_registry;
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn sound() -> ConditionFacts {
        ConditionFacts {
            birth: Some(day("1970-01-01")),
            citizen: Some(true),
            title: Some(TitleLevel::Senior),
            field_since: Some(day("1995-07-01")),
            degree: Some(Degree::Other),
            committed: Some(true),
            credit: Some(true),
            conduct: Some(ConductSummary::default()),
            employer_kinds: Some(Vec::new()),
            evaluation_skill: Some(true),
            scarce_granted: false,
        }
    }

    const TODAY: &str = "2026-11-24";

    fn against(
        profile: &str,
        purpose: Purpose,
        change: impl FnOnce(&mut ConditionFacts),
    ) -> Vec<&'static str> {
        let mut facts = sound();
        change(&mut facts);
        let profile = embedded_registry(profile).unwrap();
        let found = examine(&facts, &profile, purpose, day(TODAY));
        found.into_iter().filter(|f| f.excludes).map(|f| f.condition.name()).collect()
    }

    fn hunan(change: impl FnOnce(&mut ConditionFacts)) -> Vec<&'static str> {
        against("registry-hunan-2023", Purpose::Entry, change)
    }

    #[test]
    fn a_sound_person_meets_every_condition_of_every_profile() {
        for profile in ["registry-national-2017", "registry-hunan-2023", "registry-fujian-2025"] {
            assert_eq!(against(profile, Purpose::Entry, |_| ()), [""; 0], "{profile}");
        }
    }

    #[test]
    fn every_failing_condition_is_named_at_once() {
        let failing = hunan(|f| {
            f.birth = Some(day("1940-01-01"));
            f.title = Some(TitleLevel::Intermediate);
            f.field_since = Some(day("2026-01-01"));
            f.citizen = Some(false);
            f.credit = Some(false);
            f.committed = Some(false);
            f.evaluation_skill = Some(false);
            f.employer_kinds = Some(vec!["supervision".into()]);
            f.conduct = Some(ConductSummary {
                last_bad_conduct: Some(day("2026-01-01")),
                false_material: false,
                banned: true,
            });
        });
        let all: Vec<&str> = Condition::ALL.iter().map(|condition| condition.name()).collect();
        assert_eq!(failing, all);
    }

    #[test]
    fn the_age_limit_ends_on_the_birthday_and_differs_by_profile_and_purpose() {
        let born = |text: &'static str| move |f: &mut ConditionFacts| f.birth = Some(day(text));
        assert_eq!(hunan(born("1957-11-25")), [""; 0], "68 until tomorrow");
        assert_eq!(hunan(born("1957-11-24")), ["age"], "69 today");
        let national = |f: &'static str| against("registry-national-2017", Purpose::Entry, born(f));
        assert_eq!((national("1956-11-25"), national("1956-11-24")), (vec![], vec!["age"]));
        let fujian = |purpose, f: &'static str| against("registry-fujian-2025", purpose, born(f));
        assert_eq!(fujian(Purpose::Entry, "1961-11-24"), ["age"], "65 today");
        assert_eq!(fujian(Purpose::Staying, "1961-11-24"), [""; 0]);
        assert_eq!(fujian(Purpose::Staying, "1956-11-24"), ["age"], "70 today");
    }

    #[test]
    fn an_intermediate_title_needs_eight_whole_years() {
        let since = |text: &'static str| {
            move |f: &mut ConditionFacts| {
                f.title = Some(TitleLevel::Intermediate);
                f.field_since = Some(day(text));
            }
        };
        assert_eq!(hunan(since("2018-11-24")), [""; 0]);
        assert_eq!(hunan(since("2018-11-25")), ["title"]);
        assert_eq!(hunan(|f| f.title = None), ["title"], "unknown excludes");
    }

    #[test]
    fn a_relaxation_counts_only_when_granted_and_for_whom_the_profile_says() {
        let young = |degree, granted| {
            move |f: &mut ConditionFacts| {
                f.title = Some(TitleLevel::Intermediate);
                f.field_since = Some(day("2022-11-24"));
                f.degree = Some(degree);
                f.scarce_granted = granted;
            }
        };
        assert_eq!(hunan(young(Degree::Doctor, false)), ["title"]);
        assert_eq!(hunan(young(Degree::Doctor, true)), [""; 0], "four years");
        assert_eq!(hunan(young(Degree::Master, true)), ["title"], "six are needed");
        assert_eq!(hunan(young(Degree::Other, true)), ["title"]);
        let national = |f| against("registry-national-2017", Purpose::Entry, f);
        assert_eq!(national(young(Degree::Other, true)), [""; 0], "at the approver's discretion");
        let old = |granted| {
            hunan(move |f| {
                f.birth = Some(day("1956-11-24"));
                f.scarce_granted = granted;
            })
        };
        assert_eq!((old(false), old(true)), (vec!["age"], vec![]), "70 today");
        // Whoever meets the plain rule is not marked as relaxed.
        let facts = ConditionFacts { scarce_granted: true, ..sound() };
        let profile = embedded_registry("registry-hunan-2023").unwrap();
        assert!(examine(&facts, &profile, Purpose::Entry, day(TODAY)).iter().all(|f| !f.relaxed));
    }

    #[test]
    fn bad_conduct_counts_for_three_years_to_the_day() {
        let decided = |text: &'static str| {
            move |f: &mut ConditionFacts| {
                let last_bad_conduct = Some(day(text));
                f.conduct = Some(ConductSummary { last_bad_conduct, ..ConductSummary::default() });
            }
        };
        assert_eq!(hunan(decided("2023-11-25")), ["clean_record"]);
        assert_eq!(hunan(decided("2023-11-24")), [""; 0]);
        assert_eq!(hunan(|f| f.conduct = None), ["clean_record", "not_banned"], "unknown excludes");
    }

    #[test]
    fn a_finding_names_facts_and_no_values() {
        let profile = embedded_registry("registry-hunan-2023").unwrap();
        let facts = ConditionFacts { birth: Some(day("1941-02-03")), ..sound() };
        let found = examine(&facts, &profile, Purpose::Entry, day(TODAY));
        assert!(!format!("{found:?}").contains("1941"));
        let age = found.iter().find(|f| f.condition == Condition::Age).unwrap();
        assert_eq!((age.facts, &*age.source), (&["birth_date"][..], "湘财购〔2023〕22号"));
    }
}
