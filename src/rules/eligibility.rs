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

use super::finding::{Answer, Detail, Finding};
use super::profile::{Profile, UnknownPolicy};
use super::rule::Rule;
use super::same_units::SameUnits;
use super::{conflicts, matching, standing};

/// The greatest number of requirements: the seat groups of a draw, G ≤ 32.
pub const REQUIREMENTS_MAX: usize = 32;

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
    /// Which codes are one unit; none if nothing was merged.
    pub same: SameUnits,
}

impl Project {
    /// The project of a package whose review begins at a time.
    pub fn of(package: &Package, review_start: Timestamp) -> Project {
        Project {
            purchaser: package.purchaser().code.clone(),
            agency: package.agency().code.clone(),
            suppliers: package.suppliers().iter().map(|supplier| supplier.code.clone()).collect(),
            review_date: Date::of(review_start),
            review_start,
            same: SameUnits::default(),
        }
    }
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
    /// One finding per rule in the order of [`Rule::ALL`], seat rules apart; of somebody who matches
    /// nothing only the two about matching.
    pub findings: Vec<Finding>,
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

/// Judges one expert. At most [`REQUIREMENTS_MAX`] requirements have a bit; a request with more is
/// refused before, and here those beyond are matched by nobody.
pub fn judge(expert: &Expert, project: &Project, requirements: &[Requirement], profile: &Profile) -> Verdict {
    let (mut groups, mut speciality, mut region) = (0u32, Detail::NoSpeciality, Detail::NoRegion);
    for (bit, requirement) in requirements.iter().enumerate().take(REQUIREMENTS_MAX) {
        let matched = matching::matches(expert, requirement);
        if matched.speciality {
            speciality = Detail::Met;
        }
        if matched.speciality && matched.region {
            region = Detail::Met;
            groups |= 1 << bit;
        }
    }
    let finding = |(rule, detail): (Rule, Detail)| Finding {
        rule,
        answer: detail.answer(),
        // Every profile has an entry for every rule.
        source: profile.rule(rule).map(|entry| entry.source.clone()).unwrap_or_default(),
        detail,
    };
    let matching = [(Rule::SpecialtyMatch, speciality), (Rule::RegionMatch, region)];
    if groups == 0 {
        let findings = matching.into_iter().map(finding).collect();
        return Verdict { groups, findings, outcome: Outcome::NotMatching };
    }
    let review = project.review_date;
    let employed =
        |units: &[CreditCode]| conflicts::employment(expert, &project.same.all(units), review, profile);
    let alone = [
        (Rule::StatusActive, standing::status_active(expert, project)),
        (Rule::NotBannedNotSuspended, standing::not_banned_not_suspended(expert, review)),
        (Rule::AgeLimit, standing::age_limit(expert, review, profile)),
    ];
    let conflicts = [
        (Rule::ConflictEmployment3y, employed(&project.suppliers)),
        (Rule::OwnUnitOnlyAsRep, employed(std::slice::from_ref(&project.purchaser))),
        (Rule::NoAgentStaff, employed(std::slice::from_ref(&project.agency))),
        (Rule::ConflictDeclared, conflicts::declared(expert, project)),
    ];
    let findings: Vec<Finding> = alone.into_iter().chain(matching).chain(conflicts).map(finding).collect();
    let mut against: Vec<Rule> =
        findings.iter().filter(|finding| excludes(finding, profile)).map(|finding| finding.rule).collect();
    against.sort_by_key(|rule| rule.name());
    let outcome = if against.is_empty() { Outcome::Candidate } else { Outcome::Excluded(against) };
    Verdict { groups, findings, outcome }
}

fn excludes(finding: &Finding, profile: &Profile) -> bool {
    match finding.answer {
        Answer::Pass => false,
        Answer::Fail => true,
        Answer::Unknown => {
            profile.rule(finding.rule).is_none_or(|entry| entry.unknown == UnknownPolicy::Exclude)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::profile::{PROFILES, embedded};
    use super::super::rule::Family;
    use super::*;
    use crate::registry::samples::{credit_code, draft, id_number};
    use crate::registry::{
        DismissalReason, Draft, DraftClaim, DraftPast, Event, ExpertNumber, Leave, StaleReason, Until,
    };

    const REVIEW: &str = "2026-11-24";

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn nine_o_clock() -> Timestamp {
        Timestamp::parse(&format!("{REVIEW}T09:00:00+08:00")).unwrap()
    }

    fn code(serial: u32) -> CreditCode {
        CreditCode::parse(&credit_code(serial)).unwrap()
    }

    /// Purchaser 11, agency 12, suppliers 13 and 14: nobody the sample draft (1, 2, 3) knows.
    fn project() -> Project {
        Project {
            purchaser: code(11),
            agency: code(12),
            suppliers: vec![code(13), code(14)],
            review_date: day(REVIEW),
            review_start: nine_o_clock(),
            same: SameUnits::default(),
        }
    }

    fn requirement(speciality: &str, within: &[&str], except: &[&str]) -> Requirement {
        let regions = |codes: &[&str]| codes.iter().map(|code| Region::parse(code).unwrap()).collect();
        Requirement {
            speciality: Speciality::parse(speciality).unwrap(),
            within: regions(within),
            except: regions(except),
        }
    }

    /// The sample draft claims ndrc316:A0832 and C0602, regions 430600 and 430100.
    fn at_home() -> Vec<Requirement> {
        vec![requirement("ndrc316:A08", &["430600"], &[])]
    }

    fn expert(change: impl FnOnce(&mut Draft)) -> Expert {
        let mut draft = draft();
        change(&mut draft);
        draft.check(ExpertNumber::from_random([7; 10])).unwrap()
    }

    fn outcome(expert: &Expert) -> Outcome {
        judge(expert, &project(), &at_home(), &embedded("national-2017").unwrap()).outcome
    }

    fn excluded(rules: &[Rule]) -> Outcome {
        Outcome::Excluded(rules.to_vec())
    }

    #[test]
    fn who_matches_and_passes_every_rule_is_a_candidate_with_a_finding_for_each() {
        let profile = embedded("national-2017").unwrap();
        let verdict = judge(&expert(|_| {}), &project(), &at_home(), &profile);
        assert_eq!((verdict.groups, &verdict.outcome), (1, &Outcome::Candidate));
        let rules: Vec<Rule> = verdict.findings.iter().map(|f| f.rule).collect();
        let expected: Vec<Rule> = Rule::V1.into_iter().filter(|r| r.family() != Family::Seats).collect();
        assert_eq!(rules, expected);
        for finding in &verdict.findings {
            assert_eq!((finding.answer, finding.detail), (Answer::Pass, Detail::Met));
            assert!(!finding.source.is_empty());
        }
    }

    #[test]
    fn groups_name_every_requirement_matched_by_speciality_and_region_at_once() {
        let requirements = [
            requirement("ndrc316:A0832", &["430600"], &[]),
            requirement("ndrc316:A083203", &["430600"], &[]),
            requirement("ndrc316:C06", &["430000"], &["430600"]),
            requirement("ndrc316:C06", &["430000"], &["430600", "430100"]),
            requirement("ndrc316:A", &[], &[]),
            requirement("mof31:A02", &[], &[]),
            requirement("ndrc316:A0832", &["430602"], &[]),
        ];
        let profile = embedded("national-2017").unwrap();
        let verdict = judge(&expert(|_| {}), &project(), &requirements, &profile);
        assert_eq!(verdict.groups, 0b0010101);
    }

    #[test]
    fn who_matches_nothing_is_not_in_the_draw_whatever_else_holds() {
        let profile = embedded("national-2017").unwrap();
        let banned = expert(|d| d.employments = None).decided(Event::Ban, day(REVIEW)).unwrap();
        for (requirement, details) in [
            (requirement("mof31:A02", &[], &[]), [Detail::NoSpeciality, Detail::NoRegion]),
            (requirement("ndrc316:A08", &["430200"], &[]), [Detail::Met, Detail::NoRegion]),
        ] {
            let verdict = judge(&banned, &project(), &[requirement], &profile);
            assert_eq!((verdict.groups, verdict.outcome), (0, Outcome::NotMatching));
            assert!(verdict.findings.iter().map(|f| f.detail).eq(details));
        }
        assert_eq!(judge(&banned, &project(), &[], &profile).outcome, Outcome::NotMatching);
    }

    #[test]
    fn the_thirty_second_requirement_has_a_bit_and_the_thirty_third_has_none() {
        let profile = embedded("national-2017").unwrap();
        let mut requirements = vec![requirement("mof31:A02", &[], &[]); 31];
        requirements.extend(at_home());
        assert_eq!(judge(&expert(|_| {}), &project(), &requirements, &profile).groups, 1 << 31);
        requirements.insert(0, requirement("mof31:A02", &[], &[]));
        assert_eq!(judge(&expert(|_| {}), &project(), &requirements, &profile).outcome, Outcome::NotMatching);
    }

    #[test]
    fn each_standing_is_judged_on_the_day_of_the_review() {
        let decided = day("2026-10-01");
        let after = |event| outcome(&expert(|_| {}).decided(event, decided).unwrap());
        let suspended = excluded(&[Rule::NotBannedNotSuspended]);
        assert_eq!(after(Event::Ban), suspended);
        assert_eq!(after(Event::Dismiss(DismissalReason::OwnRequest)), excluded(&[Rule::StatusActive]));
        assert_eq!(after(Event::Suspend(Until::Day(day(REVIEW)))), suspended);
        assert_eq!(after(Event::Suspend(Until::Day(day("2026-11-23")))), Outcome::Candidate);
        assert_eq!(after(Event::Suspend(Until::RequestAfter(day("2026-11-23")))), suspended);
        assert_eq!(after(Event::Suspend(Until::Reinstated)), suspended);
    }

    #[test]
    fn stale_deceased_and_merged_records_are_out_and_a_refreshed_one_is_in() {
        let decided = day("2026-10-01");
        let detail = |expert: &Expert| {
            let verdict = judge(expert, &project(), &at_home(), &embedded("national-2017").unwrap());
            (verdict.outcome, verdict.findings[0].detail)
        };
        let other = ExpertNumber::from_random([9; 10]);
        for (event, found) in [
            (Event::MarkStale(StaleReason::Unconfirmed), Detail::Stale),
            (Event::Decease, Detail::Deceased),
            (Event::Merge(other), Detail::Merged),
        ] {
            let expert = expert(|_| {}).decided(event, decided).unwrap();
            assert_eq!(detail(&expert), (excluded(&[Rule::StatusActive]), found));
        }
        let stale = expert(|_| {}).decided(Event::MarkStale(StaleReason::NearLimit), decided).unwrap();
        assert_eq!(outcome(&stale.decided(Event::Refresh, decided).unwrap()), Outcome::Candidate);
        let gone = expert(|_| {}).decided(Event::Dismiss(DismissalReason::OwnRequest), decided).unwrap();
        assert_eq!(outcome(&gone.decided(Event::Reenter, decided).unwrap()), Outcome::Candidate);
    }

    #[test]
    fn a_leave_counts_from_the_start_of_the_review_for_eight_hours() {
        let start = nine_o_clock().0;
        let away = |from: i64, to: i64| {
            let leave = Leave { from: Timestamp(start + from), to: Timestamp(start + to) };
            outcome(&expert(|_| {}).with_leaves(vec![leave]).unwrap())
        };
        let eight_hours = 8 * 3600;
        assert_eq!(away(-3600, 0), Outcome::Candidate);
        assert_eq!(away(-3600, 1), excluded(&[Rule::StatusActive]));
        assert_eq!(away(eight_hours - 1, eight_hours + 1), excluded(&[Rule::StatusActive]));
        assert_eq!(away(eight_hours, eight_hours + 1), Outcome::Candidate);
    }

    #[test]
    fn while_a_change_of_employer_is_open_both_employers_count() {
        for (serial, rule) in
            [(11, Rule::OwnUnitOnlyAsRep), (12, Rule::NoAgentStaff), (14, Rule::ConflictEmployment3y)]
        {
            let changing = expert(|_| {}).with_pending_units(&[code(serial)]).unwrap();
            assert_eq!(outcome(&changing), excluded(&[rule]));
            let both = expert(|d| d.employments.as_mut().unwrap()[0].unit = credit_code(serial));
            let both = both.with_pending_units(&[code(40)]).unwrap();
            assert_eq!(outcome(&both), excluded(&[rule]), "the old one counts still");
        }
    }

    #[test]
    fn the_age_of_somebody_without_identity_card_is_that_of_the_birth_date_given() {
        let with = |birth: &str| {
            outcome(&expert(|d| {
                (d.id_kind, d.id_number) = ("414".into(), "E12345678".into());
                (d.birth, d.sex) = (birth.into(), "2".into());
            }))
        };
        assert_eq!(with("1956-11-25"), Outcome::Candidate);
        assert_eq!(with("1956-11-24"), excluded(&[Rule::AgeLimit]));
    }

    #[test]
    fn a_claim_that_is_not_approved_matches_nothing() {
        let pending = expert(|d| {
            d.set_specialities(Vec::new());
            d.claims = vec![DraftClaim { speciality: "ndrc316:A0832".into(), ..DraftClaim::default() }];
        });
        assert_eq!(outcome(&pending), Outcome::NotMatching);
    }

    #[test]
    fn the_term_holds_on_its_first_and_last_day() {
        let with = |from: &str, to: &str| {
            outcome(&expert(|d| (d.term_from, d.term_to) = (from.to_owned(), to.to_owned())))
        };
        assert_eq!(with(REVIEW, REVIEW), Outcome::Candidate);
        assert_eq!(with("2026-11-25", "2027-01-01"), excluded(&[Rule::StatusActive]));
        assert_eq!(with("2025-01-01", "2026-11-23"), excluded(&[Rule::StatusActive]));
    }

    #[test]
    fn an_expert_is_out_from_the_birthday_of_the_limit_on() {
        let born =
            |birth: &str| expert(|d| (d.id_number, d.field_since) = (id_number(birth), "1995-07-01".into()));
        let judged = |birth: &str, profile: &str| {
            judge(&born(birth), &project(), &at_home(), &embedded(profile).unwrap()).outcome
        };
        // The review is on 2026-11-24: under 70 nationally, 68 at most in Hunan.
        assert_eq!(judged("19561125", "national-2017"), Outcome::Candidate);
        assert_eq!(judged("19561124", "national-2017"), excluded(&[Rule::AgeLimit]));
        assert_eq!(judged("19571125", "hunan-2023"), Outcome::Candidate);
        assert_eq!(judged("19571124", "hunan-2023"), excluded(&[Rule::AgeLimit]));
    }

    #[test]
    fn an_employment_counts_until_exactly_three_years_after_its_end() {
        for (serial, rule) in
            [(11, Rule::OwnUnitOnlyAsRep), (12, Rule::NoAgentStaff), (14, Rule::ConflictEmployment3y)]
        {
            let left = |to: &str| {
                let past = DraftPast {
                    unit: credit_code(serial),
                    from: "2010-01-01".into(),
                    to: to.into(),
                    ..DraftPast::default()
                };
                outcome(&expert(|d| d.past = vec![past]))
            };
            assert_eq!(left("2023-11-23"), Outcome::Candidate, "{rule:?}");
            assert_eq!(left("2023-11-24"), excluded(&[rule]));
            assert_eq!(left("2026-11-23"), excluded(&[rule]));
            let employed = expert(|d| d.employments.as_mut().unwrap()[0].unit = credit_code(serial));
            assert_eq!(outcome(&employed), excluded(&[rule]));
        }
    }

    #[test]
    fn a_second_employer_counts_like_the_first() {
        let second = expert(|d| {
            let list = d.employments.as_mut().unwrap();
            list.push(crate::registry::DraftEmployment { unit: credit_code(13), ..list[0].clone() });
        });
        assert_eq!(outcome(&second), excluded(&[Rule::ConflictEmployment3y]));
    }

    #[test]
    fn a_declared_unit_excludes_in_every_part_it_may_play() {
        for serial in [11, 12, 13, 14] {
            let declared = expert(|d| d.declared_units.push(credit_code(serial)));
            assert_eq!(outcome(&declared), excluded(&[Rule::ConflictDeclared]));
        }
    }

    #[test]
    fn an_unknown_employer_is_out_unless_the_profile_allows_it_and_none_at_all_is_in() {
        let rules = [Rule::ConflictEmployment3y, Rule::NoAgentStaff, Rule::OwnUnitOnlyAsRep];
        let unknown = expert(|d| d.employments = None);
        assert_eq!(outcome(&unknown), excluded(&rules));
        assert_eq!(outcome(&expert(|d| d.employments = Some(Vec::new()))), Outcome::Candidate);
        let text = String::from_utf8(PROFILES[0].1.to_vec()).unwrap();
        let allowing = Profile::parse(text.replace("\"exclude\"", "\"allow\"").as_bytes()).unwrap();
        let verdict = judge(&unknown, &project(), &at_home(), &allowing);
        assert_eq!(verdict.outcome, Outcome::Candidate);
        assert_eq!(verdict.findings.iter().filter(|f| f.answer == Answer::Unknown).count(), 3);
        let known_past = expert(|d| {
            d.employments = None;
            d.past = vec![DraftPast {
                unit: credit_code(13),
                from: "2010-01-01".into(),
                to: "2026-01-01".into(),
                ..DraftPast::default()
            }];
        });
        let verdict = judge(&known_past, &project(), &at_home(), &allowing);
        assert_eq!(verdict.outcome, excluded(&[Rule::ConflictEmployment3y]));
    }

    #[test]
    fn all_reasons_are_given_in_the_canonical_order() {
        let everything = expert(|d| {
            d.id_number = id_number("19400101");
            d.employments.as_mut().unwrap()[0].unit = credit_code(11);
            d.term_to = "2026-01-01".into();
            d.declared_units = vec![credit_code(12)];
        });
        let Outcome::Excluded(rules) = outcome(&everything) else { panic!("not excluded") };
        let names: Vec<&str> = rules.iter().map(|rule| rule.name()).collect();
        assert_eq!(names, ["age_limit", "conflict_declared", "own_unit_only_as_rep", "status_active"]);
    }

    #[test]
    fn findings_speak_both_languages_and_name_their_source() {
        let old = expert(|d| d.id_number = id_number("19400101"));
        let verdict = judge(&old, &project(), &at_home(), &embedded("hunan-2023").unwrap());
        let finding = verdict.findings.iter().find(|f| f.rule == Rule::AgeLimit).unwrap();
        assert_eq!(finding.text_zh(), "年龄限制：评审之日已达年龄上限（湘财购〔2023〕22号）");
        assert_eq!(
            finding.text_en(),
            "age limit: at or over the age limit on the review day (湘财购〔2023〕22号)"
        );
    }

    /// Experts whose employers, history and declarations are drawn from a few units.
    fn any_expert() -> impl Strategy<Value = Expert> {
        let past = (0u32..8, 2015i32..2027, 0i32..5);
        (
            prop::option::of(prop::collection::btree_set(0u32..8, 0..3)),
            prop::collection::vec(past, 0..4),
            prop::collection::btree_set(0u32..8, 0..3),
            1950u32..1965,
        )
            .prop_map(|(employers, past, declared, birth)| {
                expert(|d| {
                    let sample = d.employments.as_ref().unwrap()[0].clone();
                    let employment =
                        |n: u32| crate::registry::DraftEmployment { unit: credit_code(n), ..sample.clone() };
                    d.employments = employers.map(|set| set.into_iter().map(employment).collect());
                    d.past = past
                        .into_iter()
                        .map(|(unit, from, years)| DraftPast {
                            unit: credit_code(unit),
                            from: format!("{from}-11-24"),
                            to: format!("{}-11-24", from + years),
                            ..DraftPast::default()
                        })
                        .collect();
                    d.declared_units = declared.into_iter().map(credit_code).collect();
                    d.id_number = id_number(&format!("{birth}1124"));
                })
            })
    }

    proptest! {
        #[test]
        fn adding_a_supplier_never_makes_a_candidate_of_the_excluded(
            expert in any_expert(), suppliers in prop::collection::btree_set(0u32..8, 0..4), more in 0u32..8,
        ) {
            let profile = embedded("national-2017").unwrap();
            let mut project = project();
            project.suppliers = suppliers.into_iter().map(code).collect();
            let before = judge(&expert, &project, &at_home(), &profile);
            project.suppliers.push(code(more));
            let after = judge(&expert, &project, &at_home(), &profile);
            if let Outcome::Excluded(before) = before.outcome {
                let Outcome::Excluded(after) = after.outcome else { panic!("{before:?} became a candidate") };
                prop_assert!(before.iter().all(|rule| after.contains(rule)));
            }
        }

        #[test]
        fn declaring_a_unit_or_having_worked_somewhere_never_helps(
            expert in any_expert(), unit in 0u32..16, year in 2015i32..2027,
        ) {
            let before = outcome(&expert);
            let mut draft = expert.draft();
            draft.past.push(DraftPast {
                unit: credit_code(unit), from: format!("{year}-01-01"), to: format!("{year}-11-24"),
                ..DraftPast::default()
            });
            if !draft.declared_units.contains(&credit_code(unit)) {
                draft.declared_units.push(credit_code(unit));
            }
            let after = outcome(&expert.amended(&draft).unwrap());
            prop_assert!(before == Outcome::Candidate || after != Outcome::Candidate);
        }

        #[test]
        fn an_outcome_is_excluded_exactly_when_a_finding_is_not_a_pass(expert in any_expert()) {
            let profile = embedded("national-2017").unwrap();
            let verdict = judge(&expert, &project(), &at_home(), &profile);
            let against = verdict.findings.iter().any(|f| f.answer != Answer::Pass);
            prop_assert_eq!(against, matches!(verdict.outcome, Outcome::Excluded(_)));
        }
    }
}
