//! What a draft must be to become an expert, rule by rule.

use super::samples::{credit_code, draft, id_number};
use super::*;

fn number() -> ExpertNumber {
    ExpertNumber::from_random([7; 10])
}

fn problems(change: impl FnOnce(&mut Draft)) -> Vec<(String, &'static str)> {
    let mut draft = draft();
    change(&mut draft);
    let found = draft.check(number()).err().unwrap_or_default();
    found.into_iter().map(|p| (p.field, p.rule)).collect()
}

fn one(field: &str, rule: &'static str) -> Vec<(String, &'static str)> {
    vec![(field.to_owned(), rule)]
}

#[test]
fn a_sound_draft_becomes_an_active_expert_with_the_same_facts() {
    let expert = draft().check(number()).unwrap();
    assert_eq!(expert.standing(), Standing::Active);
    assert!(expert.draft() == draft());
}

#[test]
fn all_problems_are_reported_at_once_and_none_repeats_a_value() {
    let broken = Draft {
        name: "王\u{202e}明".into(),
        id_number: "990000197001010011".into(),
        employments: Some(vec![DraftEmployment::default()]),
        ..Draft::default()
    };
    let found = broken.check(number()).err().unwrap();
    let fields: Vec<&str> = found.iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "name",
            "id_kind",
            "id_number",
            "phone",
            "employments[0].unit",
            "employments[0].name",
            "employments[0].since",
            "title_level",
            "field_since",
            "specialities",
            "regions",
            "term_from",
            "term_to",
        ]
    );
    assert_eq!(found[2].rule, "check_character");
    assert_eq!(found[2].class.en(), "18 characters, digits");
    assert!(!format!("{found:?}").contains("19700101"));
}

#[test]
fn each_field_is_refused_by_the_name_of_its_rule() {
    assert_eq!(problems(|d| d.name = "王".repeat(64)), []);
    assert_eq!(problems(|d| d.name = "王".repeat(65)), one("name", "length"));
    assert_eq!(problems(|d| d.name = " 王".into()), one("name", "blank_ends"));
    assert_eq!(problems(|d| d.name = "王\t明".into()), one("name", "characters"));
    assert_eq!(problems(|d| d.id_kind = "4141".into()), one("id_kind", "id_kind"));
    assert_eq!(problems(|d| d.id_number = "1".into()), one("id_number", "length"));
    for phone in ["1234", "abcdef", "-12345", "12345-", "+86 138", "123456789012345678901"] {
        assert_eq!(problems(|d| d.phone = phone.into()), one("phone", "phone"), "{phone}");
    }
    assert_eq!(problems(|d| d.phone = "+86-138-0000-0000".into()), []);
    assert_eq!(problems(|d| d.title_level = "master".into()), one("title_level", "title_level"));
    assert_eq!(problems(|d| d.field_since = "1995-13-01".into()), one("field_since", "date"));
    assert_eq!(problems(|d| d.field_since = "1969-12-31".into()), one("field_since", "order"));
    assert_eq!(problems(|d| d.field_since = "1970-01-01".into()), []);
    assert_eq!(problems(|d| d.term_to = "2024-12-31".into()), one("term_to", "order"));
    assert_eq!(problems(|d| d.term_to = "2025-01-01".into()), []);
    let unknown = |d: &mut Draft| d.specialities.push("ndrc316:Z9".into());
    assert_eq!(problems(unknown), one("specialities[2]", "unknown_speciality"));
    assert_eq!(problems(|d| d.regions[1] = "439999".into()), one("regions[1]", "unknown_region"));
    assert_eq!(problems(|d| d.past[0].to = "1995-06-30".into()), one("past[0].to", "order"));
    let early = |d: &mut Draft| d.employments.as_mut().unwrap()[0].since = "1960-01-01".into();
    assert_eq!(problems(early), one("employments[0].since", "order"));
}

#[test]
fn lists_are_limited_and_hold_nothing_twice() {
    assert_eq!(problems(|d| d.specialities.clear()), one("specialities", "count"));
    assert_eq!(problems(|d| d.regions.clear()), one("regions", "count"));
    assert_eq!(problems(|d| d.declared_units.clear()), []);
    let twice = |d: &mut Draft| d.specialities.push("ndrc316:A0832".into());
    assert_eq!(problems(twice), one("specialities[2]", "duplicate"));
    assert_eq!(problems(|d| d.regions.push("430600".into())), one("regions[2]", "duplicate"));
    assert_eq!(problems(|d| d.declared_units.push(credit_code(3))), one("declared_units[1]", "duplicate"));
    let many = |d: &mut Draft| d.declared_units = (0..65).map(credit_code).collect();
    assert_eq!(problems(many), one("declared_units", "count"));
    let past = |d: &mut Draft| d.past = vec![d.past[0].clone(); 33];
    assert_eq!(problems(past), one("past", "count"));
    let employer = |d: &mut Draft| {
        let list = d.employments.as_mut().unwrap();
        list.push(list[0].clone());
    };
    assert_eq!(problems(employer), one("employments[1]", "duplicate"));
}

#[test]
fn unknown_employers_and_no_employer_are_kept_apart() {
    let mut written = draft();
    written.employments = None;
    assert_eq!(written.check(number()).unwrap().employments(), None);
    written.employments = Some(Vec::new());
    assert_eq!(written.check(number()).unwrap().employments(), Some(&[][..]));
}

#[test]
fn a_lower_case_check_character_is_the_same_identity() {
    let id = (1..=28).map(|d| id_number(&format!("197002{d:02}"))).find(|id| id.ends_with('X')).unwrap();
    let with = |text: String| Draft { id_number: text, ..draft() }.check(number()).unwrap();
    assert!(with(id.to_lowercase()) == with(id));
}
