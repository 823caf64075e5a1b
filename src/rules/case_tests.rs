//! The table of cases (`data/cases.md`), row by row: every rule has a pass, a fail, an unknown and a
//! boundary, with its article. A lawyer reads and corrects the table; this file only says what its words
//! mean.

mod people;
mod plans;

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, Family, Profile, Rule};
use crate::profile_source::{compile, embedded_source};

const TABLE: &str = include_str!("data/cases.md");

/// A row of the table.
struct Row<'a> {
    rule: Rule,
    kind: &'a str,
    profile: &'a str,
    facts: Vec<&'a str>,
    expected: &'a str,
    text: &'a str,
}

/// The profiles of the table: those of the product, and one that limits load and sets a pause.
fn profile(name: &str) -> Profile {
    let find = |name: &str| embedded_source(name).map(str::to_owned);
    if name == "strict" {
        let on = |rule| format!("[rules.{rule}]\napplies = \"yes\"\nsource = \"x\"\nstatus = \"policy\"\n");
        let head = "name = \"strict\"\nedition = \"1\"\nparent = \"national\"\ntitle = \"x\"\njurisdiction = \"430000\"\nvalid_from = \"2026-01-01\"\n";
        let text = [head, &on("load_cap"), &on("cooldown")].concat();
        return compile("strict", &text, &find).unwrap().profile;
    }
    compile(name, &find(name).unwrap(), &find).unwrap().profile
}

/// The rows of the table, and the article that each rule's section names.
fn table() -> (Vec<Row<'static>>, BTreeMap<Rule, &'static str>) {
    let (mut rows, mut articles, mut rule) = (Vec::new(), BTreeMap::new(), None);
    for line in TABLE.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            rule = Some(Rule::parse(name).unwrap_or_else(|| panic!("{name}")));
        }
        let Some(rule) = rule else { continue };
        if let Some(article) = line.strip_prefix("依据：") {
            articles.insert(rule, article);
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", kind, profile, facts, expected, ""] = cells[..]
            && !["种类", "---"].contains(&kind)
        {
            let facts = facts.split('；').filter(|fact| !fact.is_empty()).collect();
            rows.push(Row { rule, kind, profile, facts, expected, text: line });
        }
    }
    (rows, articles)
}

fn word(answer: Option<Answer>) -> &'static str {
    match answer {
        Some(Answer::Pass) => "符合",
        Some(Answer::Fail) => "不符合",
        Some(Answer::Unknown) => "不明",
        None => "不适用",
    }
}

#[test]
fn every_row_of_the_table_is_answered_as_it_says() {
    let mut profiles: BTreeMap<&str, Profile> = BTreeMap::new();
    let (rows, _) = table();
    assert!(rows.len() > 150, "{} rows read", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let profile = profiles.entry(row.profile).or_insert_with(|| profile(row.profile));
        let answered = match row.rule.family() {
            Family::Weights => format!("{}签", people::lots(&row.facts, profile)),
            Family::Seats => word(people::panel(row.rule, &row.facts, profile)).to_owned(),
            Family::Committee | Family::Timing => word(plans::plan(row.rule, &row.facts, profile)).to_owned(),
            Family::Process => word(plans::process(row.rule, &row.facts, profile)).to_owned(),
            _ => word(people::person(row.rule, &row.facts, profile)).to_owned(),
        };
        if answered != row.expected {
            wrong.push(format!("{}：{} 实际为{answered}", row.rule.name(), row.text));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_pass_a_fail_an_unknown_and_a_boundary_with_its_article() {
    let (rows, articles) = table();
    let national = profile("national");
    for rule in Rule::ALL {
        let kinds: BTreeSet<&str> = rows.iter().filter(|row| row.rule == *rule).map(|row| row.kind).collect();
        for kind in ["符合", "不符合", "不明", "临界"] {
            assert!(kinds.contains(kind), "{}: {kind}", rule.name());
        }
        assert!(kinds.len() == 4, "{}: {kinds:?}", rule.name());
        let source = &national.rule(*rule).unwrap().source;
        assert_eq!(articles.get(rule), Some(&&**source), "{}", rule.name());
    }
    for row in rows.iter().filter(|row| ["符合", "不符合", "不明"].contains(&row.kind)) {
        // A rule that cannot be unknown says so in its row of that kind; lots are no answer.
        let told = row.facts.iter().any(|fact| fact.starts_with("不会不明"));
        let lots = row.rule.family() == Family::Weights;
        assert!(told || lots || row.kind == row.expected, "{}", row.text);
    }
}
