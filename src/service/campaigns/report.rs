//! The two tables that go upward: 汇总表 (numbers by county) and 情况表 (one line per item, with names,
//! for a stated purpose and recorded as one look).

use std::collections::BTreeMap;

use super::super::Service;
use super::super::actor::{Action, Actor};
use super::super::case_body::{get, text};
use super::super::cases::{Case, all_rows, scoped};
use super::super::refusal::Refusal;
use super::super::tables::{Cell, Column, Table};
use super::items_of;
use crate::codec::Json;
use crate::codes::Region;
use crate::rules::registry_profile::Condition;
use crate::rules::special_check::record_finding;

/// A table with the campaign's title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The table.
    pub table: Table,
}

impl Service {
    /// 汇总表: who was examined, what was found, what became of it, by county and together. It names
    /// nobody.
    pub fn campaign_summary(&self, actor: &Actor, id: &str) -> Result<Report, Refusal> {
        actor.check(Action::ReadCases)?;
        let case = self.seen_campaign(actor, id)?;
        let mut totals = totals(&case);
        totals.retain(|county, _| actor.covers(Some(county)));
        let mut names: Vec<String> = totals.values().flat_map(|counts| counts.keys().cloned()).collect();
        names.sort();
        names.dedup();
        names.retain(|name| name != "examined" && name != "found");
        let mut results: BTreeMap<String, BTreeMap<&'static str, i64>> = BTreeMap::new();
        for row in self.store.read(|conn| all_rows(conn, &scoped(actor, items_of(id))))? {
            let what = match row.state.as_str() {
                "kept" => "kept",
                "corrected" => "corrected",
                "done" => "decided",
                _ => "waiting",
            };
            *results.entry(row.region.unwrap_or_default()).or_default().entry(what).or_insert(0) += 1;
        }
        let mut columns = vec!["行政区划代码", "行政区划", "核查人数", "发现问题人数"];
        let titles: Vec<String> = names.iter().map(|name| self.finding_title(name)).collect();
        columns.extend(titles.iter().map(String::as_str));
        columns.extend(["保留", "已更正", "暂停或解聘", "待办"]);
        let mut table = Table {
            title: "专项核查情况汇总表".to_owned(),
            columns: columns.into_iter().map(Column::of).collect(),
            rows: Vec::new(),
        };
        let mut sums = vec![0i64; names.len() + 6];
        for (county, counts) in &totals {
            let count = |name: &str| counts.get(name).copied().unwrap_or(0);
            let result = |name: &str| results.get(county).and_then(|r| r.get(name)).copied().unwrap_or(0);
            let mut numbers = vec![count("examined"), count("found")];
            numbers.extend(names.iter().map(|name| count(name)));
            numbers.extend(["kept", "corrected", "decided", "waiting"].map(result));
            sums.iter_mut().zip(&numbers).for_each(|(sum, number)| *sum += number);
            let mut row = vec![Cell::text(county.as_str()), Cell::text(region_name(county))];
            row.extend(numbers.into_iter().map(Cell::Number));
            table.rows.push(row);
        }
        let mut last = vec![Cell::Empty, Cell::text("合计")];
        last.extend(sums.into_iter().map(Cell::Number));
        table.rows.push(last);
        Ok(Report { table })
    }

    /// 情况表: every item with the expert's name and unit. One look for the whole table.
    pub fn campaign_problems(&self, actor: &Actor, id: &str, purpose: &str) -> Result<Report, Refusal> {
        actor.check(Action::ReadCases)?;
        self.seen_campaign(actor, id)?;
        self.record_look(actor, "campaign", id, purpose)?;
        let filter = scoped(actor, items_of(id));
        let items = self.store.read(|conn| self.all_cases(conn, &filter))?;
        let columns =
            ["序号", "专家编号", "姓名", "工作单位", "行政区划", "问题", "依据", "处理", "理由", "办理状态"];
        let mut table = Table {
            title: "专项核查问题情况表".to_owned(),
            columns: columns.into_iter().map(Column::of).collect(),
            rows: Vec::new(),
        };
        let index = self.current_index()?;
        for (number, item) in (1i64..).zip(&items) {
            let expert = item.subject.as_deref().unwrap_or_default();
            let found = index.find(expert);
            let name = found.map(|indexed| indexed.expert.name().to_owned()).unwrap_or_default();
            let unit = found.and_then(|indexed| indexed.expert.unit()).map(|unit| unit.name.clone());
            let decision = get(&item.body, "decision").or_else(|| get(&item.body, "proposal"));
            let of = |key: &str| decision.and_then(|d| text(d, &[key])).unwrap_or_default().to_owned();
            table.rows.push(vec![
                Cell::Number(number),
                Cell::text(expert),
                Cell::text(name),
                Cell::text(unit.unwrap_or_default()),
                Cell::text(region_name(item.region.as_deref().unwrap_or_default())),
                Cell::text(joined(item, "title")),
                Cell::text(joined(item, "source")),
                Cell::text(decision_zh(&of("decision"))),
                Cell::text(of("reason")),
                Cell::text(state_zh(&item.state)),
            ]);
        }
        Ok(Report { table })
    }

    fn finding_title(&self, name: &str) -> String {
        let rule = |condition: Condition| {
            let mut rules = self.registry_profile().conditions.rules();
            rules.find(|(known, _)| *known == condition).map(|(_, rule)| rule.title.clone())
        };
        let condition = Condition::ALL.into_iter().find(|condition| condition.name() == name);
        let titled = condition.and_then(rule).map(|title| format!("不符合：{title}"));
        titled.or_else(|| record_finding(name).map(str::to_owned)).unwrap_or_else(|| name.to_owned())
    }
}

fn totals(case: &Case) -> BTreeMap<String, BTreeMap<String, i64>> {
    let counties = get(&case.body, "totals").and_then(Json::as_map).into_iter().flatten();
    let counts = |json: &Json| {
        let counts = json.as_map().into_iter().flatten();
        counts.filter_map(|(name, count)| Some((name.clone(), count.as_int()?))).collect()
    };
    counties.map(|(county, json)| (county.clone(), counts(json))).collect()
}

/// One field of all findings of an item, none twice.
fn joined(item: &Case, key: &str) -> String {
    let findings = get(&item.body, "findings").and_then(Json::as_list).unwrap_or_default();
    let mut words: Vec<&str> = findings.iter().filter_map(|finding| text(finding, &[key])).collect();
    words.dedup();
    words.join("；")
}

fn region_name(code: &str) -> String {
    Region::parse(code).map(|region| region.name().to_owned()).unwrap_or_default()
}

fn decision_zh(word: &str) -> &'static str {
    match word {
        "keep" => "保留",
        "correct" => "更正",
        "suspend" => "暂停",
        "dismiss" => "解聘",
        _ => "",
    }
}

fn state_zh(state: &str) -> &'static str {
    match state {
        "open" => "待办",
        "proposed" => "待确认",
        "kept" | "corrected" | "done" => "办结",
        _ => "",
    }
}
