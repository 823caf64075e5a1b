//! Eligibility: every rule about one expert in one project, and what follows for the draw.
//!
//! Who matches no requirement is not in the draw at all. Who matches one and fails a rule (or is
//! unknown where the profile says `exclude`) is excluded, with **all** reasons, and stands in the
//! table of exclusions. Everybody else is a candidate (`api-spec/draw-v1.md` §4).
//!
//! *Invariant:* adding a supplier, a declared unit or an employment never makes a candidate of
//! somebody who was excluded.

use crate::codes::{CreditCode, Region, Speciality};
use crate::registry::{Expert, Package};
use crate::time::{Date, Timestamp};

use super::conflicts::Sides;
use super::finding::{Answer, Detail, Finding};
use super::people_facts::{Involved, PersonFacts};
use super::profile::{Profile, UnknownPolicy};
use super::rule::Rule;
use super::same_units::SameUnits;
use super::unit_graph::UnitGraph;
use super::{conflicts, engagements, matching, standing};

/// The greatest number of requirements: the seat groups of a draw, G ≤ 32.
pub const REQUIREMENTS_MAX: usize = 32;

/// How long a review is taken to last where nobody says: eight hours.
pub const REVIEW_HOURS: u32 = 8;

/// What the rules need to know of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Purchaser (采购人).
    pub purchaser: CreditCode,
    /// Agency (采购代理机构).
    pub agency: CreditCode,
    /// Suppliers (供应商).
    pub suppliers: Vec<CreditCode>,
    /// The day of the review, in China.
    pub review_date: Date,
    /// When the review begins; it lies on that day.
    pub review_start: Timestamp,
    /// When it is expected to end.
    pub review_end: Timestamp,
    /// Id of the package, whose earlier attempts count; `None`: none counts.
    pub package: Option<String>,
    /// Who had a part in the project before; `None`: not stated.
    pub involved: Option<Vec<Involved>>,
    /// Numbers of experts who may not sit again after breaking the rules in an earlier committee
    /// (财政部令第87号 art 67).
    pub barred: Vec<String>,
    /// Which codes are one unit; none if nothing was merged.
    pub same: SameUnits,
}

impl Project {
    /// The project of a package whose review begins at a time and lasts as long as most do.
    pub fn of(package: &Package, review_start: Timestamp) -> Project {
        Project {
            purchaser: package.purchaser().code.clone(),
            agency: package.agency().code.clone(),
            suppliers: package.suppliers().iter().map(|supplier| supplier.code.clone()).collect(),
            review_date: Date::of(review_start),
            review_start,
            review_end: end(review_start, REVIEW_HOURS),
            package: None,
            involved: None,
            barred: Vec::new(),
            same: SameUnits::default(),
        }
    }

    /// The same with the hours that a plan expects.
    pub fn lasting(self, hours: u32) -> Project {
        Project { review_end: end(self.review_start, hours), ..self }
    }
}

fn end(start: Timestamp, hours: u32) -> Timestamp {
    Timestamp(start.0.saturating_add(i64::from(hours).saturating_mul(3600)))
}

/// What a seat group asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The speciality, or a coarser one above it.
    pub speciality: Speciality,
    /// The review region lies in one of these; empty: anywhere.
    pub within: Vec<Region>,
    /// … and in none of these.
    pub except: Vec<Region>,
}

/// What all rules together say about one expert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Bit i: requirement i (from 0) is matched by speciality and region.
    pub groups: u32,
    /// One finding for each rule about people that the profile applies, in the order of [`Rule::ALL`]; of
    /// somebody who matches nothing only the two about matching.
    pub findings: Vec<Finding>,
    /// Lots, from 1 to the profile's greatest number.
    pub lots: u32,
    /// What follows.
    pub outcome: Outcome,
}

/// What follows for the draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// In the pool.
    Candidate,
    /// Among the exclusions, with all reasons in ascending order of their names.
    Excluded(Vec<Rule>),
    /// Not in the draw.
    NotMatching,
}

/// Judges one expert by the record alone, as under profiles of version 1. At most [`REQUIREMENTS_MAX`]
/// requirements have a bit; a request with more is refused before, and here those beyond are matched by
/// nobody.
pub fn judge(expert: &Expert, project: &Project, requirements: &[Requirement], profile: &Profile) -> Verdict {
    let units = UnitGraph::default();
    Judging::new(project, requirements, profile, &units).judge(&PersonFacts::of_record(expert))
}

/// One project under one profile, ready to judge people by: what is the same for everybody is looked up
/// once.
pub struct Judging<'a> {
    project: &'a Project,
    requirements: &'a [Requirement],
    profile: &'a Profile,
    /// The rules about people that apply, in order.
    applied: Vec<Rule>,
    sides: Sides<'a>,
}

/// A verdict without its words.
struct Decided {
    groups: u32,
    details: Vec<(Rule, Detail)>,
    outcome: Outcome,
}

impl<'a> Judging<'a> {
    /// Prepares to judge.
    pub fn new(
        project: &'a Project,
        requirements: &'a [Requirement],
        profile: &'a Profile,
        units: &'a UnitGraph,
    ) -> Self {
        let sides = Sides::of(project, profile, units);
        let rules = Rule::ALL.iter().copied();
        let applied = rules.filter(|rule| rule.family().about_people() && profile.applies(*rule)).collect();
        Self { project, requirements, profile, applied, sides }
    }

    /// Judges one person.
    pub fn judge(&self, person: &PersonFacts<'_>) -> Verdict {
        let Decided { groups, details, outcome } = self.decide(person);
        let finding = |(rule, detail): (Rule, Detail)| Finding {
            rule,
            answer: detail.answer(),
            // Every profile has an entry for every rule that it applies.
            source: self.profile.rule(rule).map(|entry| entry.source.clone()).unwrap_or_default(),
            detail,
        };
        let findings = details.into_iter().map(finding).collect();
        Verdict { groups, findings, lots: self.lots(person), outcome }
    }

    /// Groups, lots and outcome alone, for whoever judges everybody.
    pub fn outcome(&self, person: &PersonFacts<'_>) -> (u32, u32, Outcome) {
        let Decided { groups, outcome, .. } = self.decide(person);
        (groups, self.lots(person), outcome)
    }

    fn decide(&self, person: &PersonFacts<'_>) -> Decided {
        let (mut groups, mut speciality, mut region) = (0u32, Detail::NoSpeciality, Detail::NoRegion);
        for (bit, requirement) in self.requirements.iter().enumerate().take(REQUIREMENTS_MAX) {
            let matched = matching::matches(person.expert, requirement);
            if matched.speciality {
                speciality = Detail::Met;
            }
            if matched.speciality && matched.region {
                region = Detail::Met;
                groups |= 1 << bit;
            }
        }
        let matching = [(Rule::SpecialtyMatch, speciality), (Rule::RegionMatch, region)];
        if groups == 0 {
            return Decided { groups, details: matching.into(), outcome: Outcome::NotMatching };
        }
        let mut details = Vec::with_capacity(self.applied.len());
        for rule in &self.applied {
            let known = matching.iter().find(|(matched, _)| matched == rule).map(|(_, detail)| *detail);
            if let Some(detail) = known.or_else(|| self.detail(*rule, person, &mut groups)) {
                details.push((*rule, detail));
            }
        }
        let mut against: Vec<Rule> =
            details.iter().filter(|(rule, detail)| self.excludes(*rule, *detail)).map(|(r, _)| *r).collect();
        against.sort_by_key(|rule| rule.name());
        let outcome = if against.is_empty() { Outcome::Candidate } else { Outcome::Excluded(against) };
        Decided { groups, details, outcome }
    }

    /// What one rule says; `None` for a rule that is not about one expert.
    fn detail(&self, rule: Rule, person: &PersonFacts<'_>, groups: &mut u32) -> Option<Detail> {
        let (expert, project, sides) = (person.expert, self.project, &self.sides);
        let (review, given) = (project.review_date, self.profile.parameters());
        Some(match rule {
            Rule::StatusActive => standing::status_active(expert, project, self.profile),
            Rule::NotBannedNotSuspended => standing::not_banned_not_suspended(expert, review),
            Rule::AgeLimit => {
                let plain = standing::younger(expert, review, given.max_age);
                let scarce = given.max_age_scarce.map(|limit| standing::younger(expert, review, limit));
                self.relaxed(expert, plain, scarce, groups)
            }
            Rule::TitleOrEqual => standing::title(expert, given),
            Rule::YearsInField => {
                let scarce = standing::years_scarce(expert, review, given);
                self.relaxed(expert, standing::years(expert, review, given), Some(scarce), groups)
            }
            Rule::ESkill => standing::e_skill(expert),
            Rule::ConflictEmployment3y => sides.employed_at_supplier(expert, review, given.employment_years),
            Rule::ConflictDirector3y => sides.post(person, review, given.director_years),
            Rule::ConflictControl3y => sides.control(person, review, given.control_years),
            Rule::ConflictKinship => sides.kinship(person, review, &given.kin_positions),
            Rule::ConflictOther => {
                sides.other(person, project, given.affiliates.then_some(given.affiliate_years))
            }
            Rule::OwnUnitOnlyAsRep => sides.own_unit(expert, review, given.own_unit_years),
            Rule::NoAgentStaff => sides.agency_staff(person, review, given.agent_years, given.agent_holders),
            Rule::NoSupervisionStaff => sides.supervision(expert),
            Rule::NoPriorInvolvement => conflicts::involved(person, project),
            Rule::ConflictDeclared => conflicts::declared(expert, project, &project.same),
            Rule::Availability => engagements::availability(person, project, given.travel_hours),
            Rule::NoRepeatInDraw => engagements::repeated(person, project),
            Rule::LoadCap => engagements::load(person, review, given.load_reviews, given.load_days),
            Rule::Cooldown => engagements::cooldown(person, project, given.cooldown_days),
            _ => return None,
        })
    }

    /// A rule that may be relaxed for scarce specialities: who meets only the relaxed one keeps the
    /// groups that ask for a speciality of the relaxation.
    fn relaxed(&self, expert: &Expert, plain: Detail, scarce: Option<Detail>, groups: &mut u32) -> Detail {
        if plain == Detail::Met || scarce != Some(Detail::Met) {
            return plain;
        }
        let Some(relaxation) = &expert.particulars().relaxation else { return plain };
        let granted =
            |claim: &&Speciality| relaxation.specialities.iter().any(|granted| granted.covers(claim));
        let scarce: Vec<&Speciality> = expert.specialities().iter().filter(granted).collect();
        let mut kept = 0u32;
        for (bit, requirement) in self.requirements.iter().enumerate().take(REQUIREMENTS_MAX) {
            if scarce.iter().any(|claim| requirement.speciality.covers(claim)) {
                kept |= 1 << bit;
            }
        }
        if *groups & kept == 0 {
            return plain;
        }
        *groups &= kept;
        Detail::Met
    }

    /// Lots by tier, at most the profile's; one where the rule does not apply or there is no tier.
    fn lots(&self, person: &PersonFacts<'_>) -> u32 {
        let weighted = self.profile.applies(Rule::TieredProbability);
        let lots = person.tier_lots.filter(|_| weighted).unwrap_or(1);
        lots.clamp(1, self.profile.lots())
    }

    fn excludes(&self, rule: Rule, detail: Detail) -> bool {
        match detail.answer() {
            Answer::Pass => false,
            Answer::Fail => true,
            Answer::Unknown => {
                self.profile.rule(rule).is_none_or(|entry| entry.unknown == UnknownPolicy::Exclude)
            }
        }
    }
}

#[cfg(test)]
#[path = "eligibility_tests.rs"]
mod tests;
