//! Tests of judging under profiles of version 1: what a draw came to, it comes to still.

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
        review_end: Timestamp(nine_o_clock().0 + 8 * 3600),
        package: None,
        involved: None,
        barred: Vec::new(),
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
