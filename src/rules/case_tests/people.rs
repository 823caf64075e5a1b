//! What the words of the table mean for people.

use crate::codec::{Hash, sha256};
use crate::codes::{CreditCode, Region, Speciality};
use crate::registry::samples::{self, credit_code, id_number};
use crate::registry::{
    DismissalReason, Draft, DraftEdge, DraftEducation, DraftEmployment, DraftEqualLevel, DraftPast,
    DraftPerson, DraftRelaxation, Event, Expert, ExpertNumber, Leave, StaleReason, UnitDraft, Until,
};
use crate::rules::people_facts::{
    Engagements, Involved, KinFacts, Out, Part, PastReview, PersonFacts, PersonKeys, Slot,
};
use crate::rules::unit_graph::UnitGraph;
use crate::rules::{
    Answer, Judging, Outcome, Profile, Project, Requirement, Rule, SameUnits, mutual, panel as panels,
};
use crate::time::{Date, Timestamp};

/// The units of the table, by serial.
const UNITS: [&str; 13] = [
    "本单位",
    "采购人",
    "代理机构",
    "供应商",
    "母公司",
    "子公司",
    "姊妹公司",
    "主管部门",
    "下属单位",
    "监管机构",
    "别的单位",
    "并入供应商的单位",
    "张大山的单位",
];
const REVIEW: &str = "2026-11-24";

fn unit(name: &str) -> String {
    let serial = UNITS.iter().position(|known| *known == name);
    credit_code(serial.map_or(99, |serial| u32::try_from(serial).unwrap() + 101))
}

fn code(name: &str) -> CreditCode {
    CreditCode::parse(&unit(name)).unwrap()
}

pub(super) fn day(text: &str) -> Date {
    Date::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// `2026-11-24 09:00`, in China.
pub(super) fn time(text: &str) -> Timestamp {
    let (day, time) = text.split_once(' ').unwrap_or_else(|| panic!("{text}"));
    Timestamp::parse(&format!("{day}T{time}:00+08:00")).unwrap()
}

fn keyed(text: &str) -> Hash {
    sha256(&[b"key", text.as_bytes()])
}

/// Everything that a row may change.
struct World {
    draft: Draft,
    event: Option<Event>,
    leaves: Vec<Leave>,
    pending: Vec<CreditCode>,
    kin: Vec<(Option<&'static str>, Vec<String>)>,
    engagements: Option<Engagements>,
    involved: Option<Vec<Involved>>,
    barred: Vec<String>,
    /// Key persons by unit: position, name, id number, from, to.
    posts: Vec<(&'static str, DraftPerson)>,
    without_posts: Vec<&'static str>,
    /// Control: above, below, until.
    controls: Vec<(&'static str, &'static str, Option<String>)>,
    department: bool,
    requirement: (String, String),
    tier_lots: Option<u32>,
    /// How many bear the name of the second expert.
    namesakes: usize,
}

impl World {
    fn sound() -> World {
        let mut draft = samples::draft();
        draft.employments = Some(vec![employment("本单位")]);
        draft.past = Vec::new();
        draft.declared_units = Vec::new();
        draft.e_evaluation = "yes".into();
        World {
            draft,
            event: None,
            leaves: Vec::new(),
            pending: Vec::new(),
            kin: vec![(Some("某亲属"), Vec::new())],
            engagements: Some(Engagements::default()),
            involved: Some(Vec::new()),
            barred: Vec::new(),
            posts: vec![
                ("供应商", post("legal_representative", "李负责", None, "2015-01-01", None)),
                ("代理机构", post("legal_representative", "赵负责", None, "2015-01-01", None)),
            ],
            without_posts: Vec::new(),
            controls: Vec::new(),
            department: false,
            requirement: ("ndrc316:A0832".into(), "430600".into()),
            tier_lots: None,
            namesakes: 1,
        }
    }

    fn of(facts: &[&'static str]) -> World {
        let mut world = World::sound();
        for fact in facts.iter().filter(|fact| !fact.starts_with("不会不明")) {
            world.take(fact);
        }
        world
    }

    fn take(&mut self, fact: &'static str) {
        let words: Vec<&'static str> = fact.split(' ').collect();
        match words[..] {
            ["解聘"] => self.event = Some(Event::Dismiss(DismissalReason::OwnRequest)),
            ["去世"] => self.event = Some(Event::Decease),
            ["待确认"] => self.event = Some(Event::MarkStale(StaleReason::Unconfirmed)),
            ["禁止"] => self.event = Some(Event::Ban),
            ["暂停至", last] => self.event = Some(Event::Suspend(Until::Day(day(last)))),
            ["暂停至申请恢复", last] => {
                self.event = Some(Event::Suspend(Until::RequestAfter(day(last))))
            }
            ["聘期", from, "至", to] => {
                (self.draft.term_from, self.draft.term_to) = (from.into(), to.into());
            }
            ["出生", birth] => {
                self.draft.id_number = id_number(&birth.replace('-', ""));
                self.draft.field_since = self.draft.field_since.clone().max(plus_years(birth, 20));
            }
            ["职称", level] => {
                let levels = ["无", "初级", "中级", "副高级", "正高级"];
                let words = ["none", "junior", "intermediate", "deputy_senior", "senior"];
                let at = levels.iter().position(|known| *known == level).unwrap();
                self.draft.title_level = words[at].into();
            }
            ["认定同等专业水平"] => {
                let text = "省级科技奖".to_owned();
                self.draft.equal_level = Some(DraftEqualLevel { text, evidence: vec!["a".repeat(64)] });
            }
            ["从业", since] => self.draft.field_since = since.into(),
            ["学历", degree] => {
                let code = if degree == "博士" { "11" } else { "14" };
                self.draft.educations = vec![DraftEducation { code: code.into(), ..Default::default() }];
            }
            ["紧缺专业准予放宽"] => self.relaxed("ndrc316:A0832"),
            ["放宽的是别的专业"] => self.relaxed("ndrc316:C0602"),
            ["电子评审", word] => {
                self.draft.e_evaluation = if word == "不能" { "no" } else { "" }.into();
            }
            ["要求专业", code] => self.requirement.0 = format!("ndrc316:{code}"),
            ["要求区域", code] => self.requirement.1 = code.into(),
            ["现单位", "不明"] => self.draft.employments = None,
            ["现单位", name] => self.draft.employments = Some(vec![employment(name)]),
            ["兼职", name] => self.draft.employments.as_mut().unwrap().push(employment(name)),
            ["变更中", name] => self.pending.push(code(name)),
            ["曾任职", name, "至", to] => self.draft.past.push(DraftPast {
                unit: unit(name),
                from: "2015-01-01".into(),
                to: to.into(),
                ..DraftPast::default()
            }),
            [at, position @ ("董事" | "监事" | "控股"), who, from, "至今"] => {
                self.post(at, position, who, from, None);
            }
            [at, position @ ("董事" | "监事" | "控股"), who, from, "至", to] => {
                self.post(at, position, who, from, Some(to));
            }
            [fact] if fact.ends_with("没有登记任职") => {
                self.without_posts.push(fact.trim_end_matches("没有登记任职"));
            }
            ["亲属", "未申报"] => self.kin = Vec::new(),
            ["亲属", "是供应商负责人"] => self.kin = vec![(Some("李负责"), Vec::new())],
            ["亲属", "任职于供应商"] => self.kin = vec![(None, vec![unit("供应商")])],
            ["亲属", "张大山"] => self.kin = vec![(Some("张大山"), Vec::new())],
            ["亲属", former, "离任"] => {
                let left = former.trim_start_matches("是供应商原负责人，");
                self.kin = vec![(Some("钱前任"), Vec::new())];
                self.posts.push(("供应商", post("principal", "钱前任", None, "2015-01-01", Some(left))));
            }
            ["亲属任职于张大山的单位"] => self.kin[0].1 = vec![unit("张大山的单位")],
            ["亲属任职于别的单位"] => self.kin[0].1 = vec![unit("别的单位")],
            ["未填单位"] => self.kin[0].1 = Vec::new(),
            ["库中同名", count, "人"] => self.namesakes = count.parse().unwrap(),
            ["前期参与人员不明"] => self.involved = None,
            ["前期", part, who] => self.involve(Part::ALL.iter().find(|p| p.title_zh() == part), who),
            ["其他利害关系", who] => self.involve(Some(&Part::OtherRelation), who),
            ["主管部门主管采购人"] => self.department = true,
            [control] if control.contains("控制") => self.control(control, None),
            [control, until] if control.contains("控制") => self.control(control, Some(until.into())),
            ["采购人管理下属单位"] => self.controls.push(("采购人", "下属单位", None)),
            ["申报回避", name] => self.draft.declared_units = vec![unit(name)],
            ["请假", from, at, "至", to, until] => {
                let (from, to) = (time(&format!("{from} {at}")), time(&format!("{to} {until}")));
                self.leaves.push(Leave { from, to });
            }
            ["其他评审", from, at, "至", to, until] => {
                let (from, to) = (time(&format!("{from} {at}")), time(&format!("{to} {until}")));
                self.engagements.as_mut().unwrap().slots.push(Slot { from, to, seated: false });
            }
            ["重新组成前的小组中违规"] => self.barred = vec![number(1).to_string()],
            ["其他安排不明"] => self.engagements = None,
            [package @ ("本包" | "别的包"), why] => {
                let out = Out::ALL.iter().find(|out| out.title_zh() == why).unwrap();
                self.engagements.as_mut().unwrap().out_of.push((package.into(), *out));
            }
            ["评审过", when, whose, count] => {
                let review = PastReview {
                    day: day(when),
                    purchaser: code(if whose == "采购人" { "采购人" } else { "别的单位" }),
                    agency: code(if whose == "代理机构" { "代理机构" } else { "别的单位" }),
                };
                let count = count.trim_end_matches('次').parse().unwrap();
                self.engagements.as_mut().unwrap().reviews.extend(vec![review; count]);
            }
            ["分档签数", lots] => self.tier_lots = Some(lots.parse().unwrap()),
            ["分档不明"] => self.tier_lots = None,
            _ => panic!("unknown words: {fact}"),
        }
    }

    fn relaxed(&mut self, speciality: &str) {
        self.draft.relaxation = Some(DraftRelaxation {
            reason: "紧缺".into(),
            approved_by: "A1".into(),
            specialities: vec![speciality.into()],
        });
    }

    fn post(&mut self, at: &'static str, position: &str, who: &str, from: &str, to: Option<&str>) {
        let position = match position {
            "董事" => "director",
            "监事" => "supervisor",
            _ => "controller",
        };
        let id = (who == "本人").then(|| self.draft.id_number.clone());
        self.posts.push((at, post(position, "王小明", id, from, to)));
    }

    fn involve(&mut self, part: Option<&Part>, who: &str) {
        let hash = |wanted: &str, text: String| (who == wanted).then(|| keyed(&text));
        self.involved.as_mut().unwrap().push(Involved {
            part: *part.unwrap(),
            number: (who == "本人").then(|| number(1).to_string()),
            id_hash: hash("本人证件", format!("111\n{}", self.draft.id_number)),
            name_hash: hash("同名", "name\n王小明".into()),
        });
    }

    /// 母公司控制供应商, 母公司控制供应商至.
    fn control(&mut self, text: &'static str, until: Option<String>) {
        let (above, below) = text.trim_end_matches('至').split_once("控制").unwrap();
        self.controls.push((above, below, until));
    }

    fn expert(&self) -> Expert {
        let mut expert = self.draft.check(number(1)).unwrap_or_else(|problems| panic!("{problems:?}"));
        if let Some(event) = &self.event {
            expert = expert.decided(event.clone(), day("2026-10-01")).unwrap();
        }
        if !self.leaves.is_empty() {
            expert = expert.with_leaves(self.leaves.clone()).unwrap();
        }
        if self.pending.is_empty() { expert } else { expert.with_pending_units(&self.pending).unwrap() }
    }

    fn keys(&self) -> PersonKeys {
        let kin = self.kin.iter().map(|(name, units)| KinFacts {
            name_hash: name.map(|name| keyed(&format!("name\n{name}"))),
            units: units.iter().map(|unit| CreditCode::parse(unit).unwrap()).collect(),
        });
        PersonKeys {
            id_hash: keyed(&format!("111\n{}", self.draft.id_number)),
            name_hash: keyed("name\n王小明"),
            kin: kin.collect(),
        }
    }

    fn units(&self) -> UnitGraph {
        let mut graph = UnitGraph::default();
        for name in UNITS {
            let persons = self.posts.iter().filter(|(at, _)| *at == name && !self.without_posts.contains(at));
            let controls = self.controls.iter().filter(|(above, ..)| *above == name);
            let controls = controls.map(|(_, below, until)| DraftEdge {
                unit: unit(below),
                from: "2020-01-01".into(),
                to: until.clone(),
                share: None,
            });
            let draft = UnitDraft {
                code: unit(name),
                name: name.into(),
                region: "430600".into(),
                excluded_kind: (name == "监管机构").then(|| "supervision".into()),
                department: (self.department && name == "采购人").then(|| unit("主管部门")),
                controls: controls.collect(),
                persons: persons.map(|(_, person)| person.clone()).collect(),
                merged_into: (name == "并入供应商的单位").then(|| unit("供应商")),
                ..UnitDraft::default()
            };
            graph.apply(&draft.check(&keyed).unwrap_or_else(|problems| panic!("{name}: {problems:?}")));
        }
        graph
    }
}

fn plus_years(date: &str, years: i32) -> String {
    day(date).plus_years(years).to_string()
}

fn employment(name: &str) -> DraftEmployment {
    DraftEmployment { unit: unit(name), name: name.into(), since: "2016-01-01".into() }
}

fn post(position: &str, name: &str, id_number: Option<String>, from: &str, to: Option<&str>) -> DraftPerson {
    DraftPerson {
        position: position.into(),
        name: name.into(),
        id_number,
        from: from.into(),
        to: to.map(str::to_owned),
        kept: None,
    }
}

fn number(byte: u8) -> ExpertNumber {
    ExpertNumber::from_random([byte; 10])
}

fn project(world: &World, units: &UnitGraph) -> Project {
    let start = time(&format!("{REVIEW} 09:00"));
    Project {
        purchaser: code("采购人"),
        agency: code("代理机构"),
        suppliers: vec![code("供应商")],
        review_date: day(REVIEW),
        review_start: start,
        review_end: start,
        package: Some("本包".into()),
        involved: world.involved.clone(),
        barred: world.barred.clone(),
        same: units.same().clone(),
    }
    .lasting(8)
}

/// What a rule about people answers; `None`: it does not apply.
pub(super) fn person(rule: Rule, facts: &[&'static str], profile: &Profile) -> Option<Answer> {
    let world = World::of(facts);
    let (expert, keys, units) = (world.expert(), world.keys(), world.units());
    let project = project(&world, &units);
    let mut requirements = vec![Requirement {
        speciality: Speciality::parse(&world.requirement.0).unwrap(),
        within: vec![Region::parse(&world.requirement.1).unwrap()],
        except: Vec::new(),
    }];
    if [Rule::SpecialtyMatch, Rule::RegionMatch].contains(&rule) {
        requirements.truncate(1);
    }
    let person = PersonFacts {
        expert: &expert,
        keys: Some(&keys),
        engagements: world.engagements.as_ref(),
        tier_lots: None,
    };
    let verdict = Judging::new(&project, &requirements, profile, &units).judge(&person);
    verdict.findings.iter().find(|finding| finding.rule == rule).map(|finding| finding.answer)
}

/// How many lots a person has.
pub(super) fn lots(facts: &[&'static str], profile: &Profile) -> u32 {
    let world = World::of(facts);
    let (expert, units) = (world.expert(), world.units());
    let project = project(&world, &units);
    let requirement = Requirement {
        speciality: Speciality::parse(&world.requirement.0).unwrap(),
        within: Vec::new(),
        except: Vec::new(),
    };
    let person = PersonFacts { tier_lots: world.tier_lots, ..PersonFacts::of_record(&expert) };
    Judging::new(&project, &[requirement], profile, &units).judge(&person).lots
}

/// What a rule about panels answers of 王小明 and 张大山.
pub(super) fn panel(rule: Rule, facts: &[&'static str], profile: &Profile) -> Option<Answer> {
    let world = World::of(facts);
    let (expert, keys, same) = (world.expert(), world.keys(), SameUnits::default());
    let bearers: Vec<Expert> = (0..world.namesakes)
        .map(|n| {
            let mut draft = samples::draft();
            draft.name = "张大山".into();
            draft.employments =
                Some(vec![employment(if n == 0 { "张大山的单位" } else { "别的单位" })]);
            draft.past = Vec::new();
            draft.check(number(10 + u8::try_from(n).unwrap())).unwrap()
        })
        .collect();
    let bearer_keys = PersonKeys {
        id_hash: keyed("张大山"),
        name_hash: keyed("name\n张大山"),
        kin: vec![KinFacts { name_hash: Some(keyed("name\n某人")), units: Vec::new() }],
    };
    let first = PersonFacts { keys: Some(&keys), ..PersonFacts::of_record(&expert) };
    let others =
        bearers.iter().map(|e| PersonFacts { keys: Some(&bearer_keys), ..PersonFacts::of_record(e) });
    let candidates: Vec<PersonFacts<'_>> = std::iter::once(first).chain(others).collect();
    let related = mutual::pairs(&candidates, &same);
    let findings = panels::findings(&candidates[..2], &related, profile, &same);
    findings.iter().find(|finding| finding.rule == rule).map(|finding| finding.answer)
}

/// Facts that may be added to any world, and each of which can only speak against somebody.
const AGAINST: [&str; 22] = [
    "曾任职 供应商 至 2025-01-01",
    "曾任职 采购人 至 2026-01-01",
    "曾任职 代理机构 至 2023-11-23",
    "曾任职 母公司 至 2025-06-30",
    "变更中 供应商",
    "变更中 监管机构",
    "供应商 董事 本人 2020-01-01 至今",
    "供应商 监事 同名 2020-01-01 至 2024-01-01",
    "供应商 控股 本人 2020-01-01 至 2023-11-23",
    "代理机构 控股 本人 2020-01-01 至今",
    "母公司控制供应商",
    "供应商控制子公司",
    "主管部门主管采购人",
    "采购人管理下属单位",
    "前期 需求编制 本人",
    "前期 设计 同名",
    "其他利害关系 本人证件",
    "其他评审 2026-11-24 14:00 至 2026-11-24 17:00",
    "其他评审 2026-11-25 14:00 至 2026-11-25 17:00",
    "本包 曾违规",
    "评审过 2026-11-20 采购人 1次",
    "重新组成前的小组中违规",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]

    #[test]
    fn whoever_is_excluded_stays_so_whatever_more_speaks_against_them(
        chosen in proptest::collection::vec(proptest::bool::weighted(0.15), AGAINST.len()),
        added in 0..AGAINST.len(),
        which in 0..4usize,
    ) {
        let profile = super::profile(["national", "hunan", "fujian", "strict"][which]);
        let mut facts: Vec<&'static str> =
            AGAINST.iter().zip(&chosen).filter(|(_, chosen)| **chosen).map(|(fact, _)| *fact).collect();
        let against = |facts: &[&'static str]| {
            let world = World::of(facts);
            let (expert, keys, units) = (world.expert(), world.keys(), world.units());
            let project = project(&world, &units);
            let requirement = Requirement {
                speciality: Speciality::parse(&world.requirement.0).unwrap(),
                within: Vec::new(),
                except: Vec::new(),
            };
            let engagements = world.engagements.as_ref();
            let person = PersonFacts { expert: &expert, keys: Some(&keys), engagements, tier_lots: None };
            let verdict = Judging::new(&project, &[requirement], &profile, &units).judge(&person);
            let failed = verdict.findings.iter().filter(|finding| finding.answer == Answer::Fail);
            let failed: Vec<Rule> = failed.map(|finding| finding.rule).collect();
            (verdict.outcome, failed)
        };
        let (before, failed) = against(&facts);
        if !facts.contains(&AGAINST[added]) {
            facts.push(AGAINST[added]);
        }
        let (after, still) = against(&facts);
        proptest::prop_assert!(failed.iter().all(|rule| still.contains(rule)), "{failed:?} {still:?}");
        if matches!(before, Outcome::Excluded(_)) {
            proptest::prop_assert!(matches!(after, Outcome::Excluded(_)));
        }
    }
}
