//! What the words of the table mean for plans, and for the day and after.

use super::people::{day, time};
use crate::codes::{Region, Speciality};
use crate::rules::facts::{Category, GroupFacts, Method, PlanFacts, SelfSelection};
use crate::rules::{Answer, PlanFinding, Profile, Rule, committee, process as processes, timing};
use crate::time::{Calendar, Timestamp};

fn speciality(code: &str) -> Speciality {
    Speciality::parse(&format!("ndrc316:{code}")).unwrap()
}

fn region(code: &str) -> Region {
    Region::parse(code).unwrap()
}

fn group(code: &str, seats: u32, site: u32) -> GroupFacts {
    let within = vec![region("430600")];
    GroupFacts { speciality: speciality(code), within, seats, site, expertise: Vec::new() }
}

/// The sound plan of the table, and its present time.
fn sound() -> (PlanFacts, Timestamp) {
    let plan = PlanFacts {
        region: region("430600"),
        method: Method::OpenTender,
        category: Some(Category::Goods),
        budget_fen: Some(500_000_000),
        threshold_reached: None,
        complex: Some(false),
        social_impact: Some(false),
        remote: Some(false),
        review_start: time("2026-11-24 09:00"),
        hours: 8,
        representatives: Some(1),
        groups: vec![group("A0832", 4, 1)],
        host_site: None,
        document_numbers: Some(vec![(speciality("A0832"), 4)]),
        self_selection: None,
        filing: None,
        confirmed: Some(true),
        approved: Some(true),
        venues_drawn: None,
        pools: Some(vec![12]),
        waived: Vec::new(),
    };
    (plan, time("2026-11-23 10:00"))
}

fn number(word: &str) -> u32 {
    match word {
        "一席" => 1,
        "两席" => 2,
        digits => digits.parse().unwrap_or_else(|_| panic!("{digits}")),
    }
}

fn take(plan: &mut PlanFacts, now: &mut Timestamp, fact: &str) {
    let words: Vec<&str> = fact.split(' ').collect();
    if let [word] = words[..] {
        if let Some(method) = Method::ALL.iter().find(|method| method.title_zh() == word) {
            return plan.method = *method;
        }
        if let Some(category) = Category::ALL.iter().find(|category| category.title_zh() == word) {
            return plan.category = Some(*category);
        }
    }
    let selection = |plan: &mut PlanFacts, consent| plan.self_selection.as_mut().unwrap().consent = consent;
    match words[..] {
        ["席位", seats] => plan.groups[0].seats = number(seats),
        ["代表", count] => plan.representatives = Some(number(count)),
        ["代表不明"] => plan.representatives = None,
        ["类别不明"] => plan.category = None,
        ["预算", amount] => {
            plan.budget_fen = Some(u64::from(number(amount.trim_end_matches("万元"))) * 1_000_000);
        }
        ["预算不明"] => plan.budget_fen = None,
        ["技术复杂"] => plan.complex = Some(true),
        ["非技术复杂"] => plan.complex = Some(false),
        ["是否复杂不明"] => plan.complex = None,
        ["社会影响较大"] => plan.social_impact = Some(true),
        ["达到公开招标数额标准"] => plan.threshold_reached = Some(true),
        ["未达公开招标数额标准"] => plan.threshold_reached = Some(false),
        ["异地"] => plan.remote = Some(true),
        ["是否异地不明"] => plan.remote = None,
        ["另设", code, seats] => plan.groups.push(group(code, number(seats), 1)),
        ["另设场所", site, seats] => plan.groups.push(group("A0832", number(seats), number(site))),
        ["采购文件人数不明"] => plan.document_numbers = None,
        ["区域", code] => plan.groups[0].within = vec![region(code)],
        ["已备案"] => plan.filing = Some(true),
        ["未备案"] => plan.filing = Some(false),
        ["自行选定", members] => {
            let members = number(members);
            plan.self_selection = Some(SelfSelection { members, own_unit: Some(0), ..Default::default() });
        }
        ["已经主管预算单位同意"] => selection(plan, Some(true)),
        ["未经主管预算单位同意"] => selection(plan, Some(false)),
        ["未确认"] => plan.confirmed = Some(false),
        ["是否确认不明"] => plan.confirmed = None,
        ["未审核"] => plan.approved = Some(false),
        ["是否审核不明"] => plan.approved = None,
        ["分会场已抽"] => plan.venues_drawn = Some(true),
        ["分会场未抽"] => plan.venues_drawn = Some(false),
        ["候选人", count] => plan.pools = Some(vec![number(count)]),
        ["候选人数不明"] => plan.pools = None,
        ["现在", day, at] => *now = time(&format!("{day} {at}")),
        ["评审", day, at] => plan.review_start = time(&format!("{day} {at}")),
        _ => panic!("unknown words: {fact}"),
    }
}

fn answer(findings: Vec<PlanFinding>, rule: Rule) -> Option<Answer> {
    let finding = findings.into_iter().find(|finding| finding.rule == rule)?;
    assert!(!finding.zh.is_empty() && !finding.en.is_empty() && !finding.source.is_empty());
    Some(finding.answer)
}

/// What a rule about plans answers; `None`: it does not apply.
pub(super) fn plan(rule: Rule, facts: &[&str], profile: &Profile) -> Option<Answer> {
    let (mut plan, mut now) = sound();
    facts.iter().for_each(|fact| take(&mut plan, &mut now, fact));
    let mut findings = committee::findings(&plan, profile);
    findings.extend(timing::findings(&plan, profile, now, Calendar::embedded()));
    answer(findings, rule)
}

/// What a rule about the day and after answers.
pub(super) fn process(rule: Rule, facts: &[&str], profile: &Profile) -> Option<Answer> {
    let (mut ended, mut evaluated, mut today) = (None, None, None);
    let mut found = None;
    for fact in facts {
        match fact.split(' ').collect::<Vec<_>>()[..] {
            ["组长", who] => {
                let known = (who != "未推选").then_some(who == "采购人代表");
                found = processes::chair(profile, known);
            }
            ["公告", state] => {
                let known = (state != "不明").then_some(state == "已发布");
                found = processes::opening_the_list(profile, known);
            }
            ["评审结束", date] => ended = Some(day(date)),
            ["评价", date] => (evaluated, today) = (Some(day(date)), Some(day(date))),
            [told, date] if told.starts_with("未评价") => today = Some(day(date)),
            _ => panic!("unknown words: {fact}"),
        }
    }
    if let (Some(ended), Some(today)) = (ended, today) {
        found = processes::evaluation(profile, ended, evaluated, today, Calendar::embedded());
    }
    answer(found.into_iter().collect(), rule)
}

#[test]
fn a_rule_in_principle_is_let_pass_by_a_waiver_and_another_is_not() {
    let national = super::profile("national");
    let (mut facts, _) = sound();
    facts.groups[0].seats = 5;
    facts.waived = vec![Rule::DrawNotTooEarly, Rule::CommitteeSizeOdd];
    let early = timing::findings(&facts, &national, time("2026-11-01 10:00"), Calendar::embedded());
    let early = early.into_iter().find(|finding| finding.rule == Rule::DrawNotTooEarly).unwrap();
    assert_eq!((early.answer, early.overridable, early.blocks), (Answer::Fail, true, false));
    let even = committee::findings(&facts, &national);
    let even = even.into_iter().find(|finding| finding.rule == Rule::CommitteeSizeOdd).unwrap();
    assert_eq!((even.answer, even.overridable, even.blocks), (Answer::Fail, false, true));
}

#[test]
fn a_profile_of_version_one_says_nothing_about_plans() {
    let first = crate::rules::embedded("hunan-2023").unwrap();
    let (facts, now) = sound();
    assert!(committee::findings(&facts, &first).is_empty());
    assert!(timing::findings(&facts, &first, now, Calendar::embedded()).is_empty());
    assert_eq!(timing::earliest_draw(&facts, &first, Calendar::embedded()), Ok(None));
}
