//! Tests of `csv_row`.

use super::csv_row::*;
use super::draft::samples::{self, credit_code, id_number};
use super::expert::{Expert, ExpertNumber, TitleLevel};
use super::problem::Problem;

fn number() -> ExpertNumber {
    ExpertNumber::from_random([7; 10])
}

fn columns() -> Columns {
    Columns::from_header(Columns::names()).unwrap()
}

/// The sample draft as a row, in the order of [`Columns::names`].
fn row() -> Vec<String> {
    let past = format!("{}:1995-07-01:2015-08-31", credit_code(2));
    let cells = [
        "王小明",
        "111",
        &id_number("19700101"),
        "13800000000",
        &credit_code(1),
        "岳阳某大学",
        "2015-09-01",
        &past,
        "senior",
        "1995-07-01",
        "ndrc316:A0832;ndrc316:C0602",
        "430600; 430100",
        &credit_code(3),
        "2025-01-01",
        "2027-12-31",
    ];
    cells.map(str::to_owned).to_vec()
}

fn read(row: &[String]) -> Result<Expert, Vec<Problem>> {
    let cells: Vec<&str> = row.iter().map(String::as_str).collect();
    columns().read(&cells, number())
}

fn problems(change: impl FnOnce(&mut Vec<String>)) -> Vec<(String, &'static str)> {
    let mut row = row();
    change(&mut row);
    read(&row).err().unwrap_or_default().into_iter().map(|p| (p.field, p.rule)).collect()
}

#[test]
fn a_row_is_the_expert_of_the_same_draft() {
    assert!(read(&row()).unwrap() == samples::draft().check(number()).unwrap());
}

#[test]
fn chinese_headings_in_another_order_mean_the_same() {
    let header = [
        "\u{feff}聘期止",
        "姓名",
        "证件类型",
        "身份证号",
        "手机号",
        "工作单位代码",
        "工作单位",
        "入职日期",
        "工作经历",
        "职称级别",
        "从业起始日期",
        "评审专业",
        "评审区域",
        "回避单位",
        "聘期起",
    ];
    let mut cells = row();
    cells.rotate_right(1);
    (cells[2], cells[9]) = ("身份证".into(), "正高".into());
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let read = Columns::from_header(header).unwrap().read(&cells, number()).unwrap();
    assert!(read == samples::draft().check(number()).unwrap());
}

#[test]
fn further_columns_may_be_there_and_their_entries_have_parts() {
    let further = [
        ("其他电话", "0730-8888888;0731-7777777"),
        ("邮箱", "wang@example.cn"),
        ("在职状态", "在职"),
        ("学历", "大学本科毕业:某大学:工学学士:1992-07-01；14:某大学;本科"),
        ("职称明细", "正高级工程师:正高:2012-12-01:某厅:081;工程师：中级"),
        ("同等专业水平", "省级科技奖"),
        ("同等专业水平证明", "证书甲;证书乙"),
        ("执业资格", "一级建造师:X-1:2020-01-01:2029-12-31"),
        ("电子评审", "是"),
        ("培训", "普法培训:2025-03-01"),
        ("聘书编号", "聘1"),
        ("聘书日期", "2025-01-01"),
    ];
    let header = Columns::names().chain(further.iter().map(|(heading, _)| *heading));
    let columns = Columns::from_header(header).unwrap();
    let mut cells = row();
    cells[7].push_str(":某公司");
    let with = |further: &[(&str, &str)]| {
        let all: Vec<String> =
            cells.iter().cloned().chain(further.iter().map(|(_, cell)| (*cell).to_owned())).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        columns.read(&all, number())
    };
    let expert = with(&further).unwrap();
    let told = expert.particulars();
    assert_eq!(expert.past()[0].name.as_deref(), Some("某公司"));
    assert_eq!((told.further_phones.len(), told.mail.as_deref()), (2, Some("wang@example.cn")));
    let levels: Vec<&str> = told.educations.iter().map(|e| e.level.as_str()).collect();
    assert_eq!(levels, ["21", "14", "20"]);
    let titles: Vec<_> = told.titles.iter().map(|t| (t.level, t.code.as_deref())).collect();
    assert_eq!(titles, [(TitleLevel::Senior, Some("081")), (TitleLevel::Intermediate, None)]);
    assert_eq!(told.equal_level.as_ref().unwrap().evidence.len(), 2);
    assert_eq!(told.certificates[0].valid_to.unwrap().to_string(), "2029-12-31");
    assert_eq!((told.e_evaluation, told.trainings.len()), (Some(true), 1));
    assert_eq!(told.appointment.as_ref().unwrap().number, "聘1");

    let mut broken = further;
    (broken[3].1, broken[4].1, broken[6].1) = ("01", "工程师:中级:2012-13-01", ";");
    (broken[9].1, broken[11].1) = ("培训:2025-03-01:x", "");
    let found: Vec<_> = with(&broken).unwrap_err().into_iter().map(|p| (p.field, p.rule)).collect();
    let expected = [
        ("trainings[0]", "parts"),
        ("educations[0].code", "unknown_education"),
        ("titles[0].date", "date"),
        ("equal_level_evidence", "count"),
        ("appointment_issued", "required"),
    ];
    assert_eq!(found.iter().map(|(f, r)| (f.as_str(), *r)).collect::<Vec<_>>(), expected);
}

#[test]
fn a_heading_with_unknown_doubled_or_missing_columns_is_refused() {
    let header = Columns::names().map(|n| if n == "phone" { "姓名" } else { n }).chain(["王小明"]);
    let found = Columns::from_header(header).unwrap_err();
    let found: Vec<_> = found.iter().map(|p| (p.field.as_str(), p.rule)).collect();
    let expected =
        [("name", "duplicate_column"), ("column[15]", "unknown_column"), ("phone", "missing_column")];
    assert_eq!(found, expected);
}

#[test]
fn all_problems_of_a_row_are_named_by_column_and_rule() {
    let found = problems(|row| {
        row[2] = "990000197001010011".into();
        row[4] = "91990000".into();
        row[7] = "x:2020-01-01:2019-01-01".into();
        row[11] = "430600;430600".into();
    });
    let expected = [
        ("id_number", "check_character"),
        ("employer_code", "length"),
        ("past_employments[0].unit", "length"),
        ("past_employments[0].to", "order"),
        ("regions[1]", "duplicate"),
    ];
    assert_eq!(found.iter().map(|(f, r)| (f.as_str(), *r)).collect::<Vec<_>>(), expected);
}

#[test]
fn a_row_of_another_width_and_a_misshapen_employment_are_refused() {
    assert_eq!(problems(|row| drop(row.pop())), [("record".to_owned(), "cells")]);
    assert_eq!(problems(|row| row.push(String::new())), [("record".to_owned(), "cells")]);
    let found = problems(|row| (row[0], row[7]) = (String::new(), "2015".into()));
    assert_eq!(found, [("past_employments[0]".to_owned(), "past_form"), ("name".to_owned(), "required")]);
}

#[test]
fn an_empty_employer_is_unknown_and_a_mark_is_none() {
    let with = |code: &str| {
        let mut row = row();
        row[4] = code.into();
        (row[5], row[6]) = (String::new(), String::new());
        read(&row)
    };
    assert_eq!(with("").unwrap().employments(), None);
    assert_eq!(with("无").unwrap().employments(), Some(&[][..]));
    assert_eq!(with("-").unwrap().employments(), Some(&[][..]));
    let fields: Vec<_> = with(&credit_code(1)).unwrap_err().into_iter().map(|p| p.field).collect();
    assert_eq!(fields, ["employer_name", "employed_since"]);
}

#[cfg(feature = "server")]
#[test]
fn every_row_of_the_synthetic_pool_is_an_expert() {
    let today = crate::time::Date::parse("2026-11-24").unwrap();
    let (mut plain, mut full) = (Vec::new(), Vec::new());
    crate::pool_sample::write_sample(&mut plain, 500, 1, today).unwrap();
    crate::pool_sample::write_full_sample(&mut full, 500, 1, today).unwrap();
    all_are_experts(&plain);
    all_are_experts(&full);
}

#[cfg(feature = "server")]
fn all_are_experts(file: &[u8]) {
    let mut reader = csv::Reader::from_reader(file);
    let columns = Columns::from_header(reader.headers().unwrap()).unwrap();
    for record in reader.records() {
        let record = record.unwrap();
        let cells: Vec<&str> = record.iter().collect();
        if let Err(problems) = columns.read(&cells, number()) {
            panic!("{problems:?}");
        }
    }
}
