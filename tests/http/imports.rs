//! Imports: a file is checked whole; a bad row stops it, unless bad rows are to be skipped.

use expert_draw::pool_sample::write_sample;
use expert_draw::service::actor::Action;
use expert_draw::service::imports::{ImportOptions, Progress};
use expert_draw::time::Date;
use serde_json::{Value, json};

use crate::app::{Answer, NOW, TestApp, bearer, credit_code, id_number};
use crate::bad_rows::{Expected, spoilt as spoilt_file};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    a_sound_file_is_imported_once_and_whole
    every_bad_row_is_named_and_nothing_of_the_file_is_imported
    bad_rows_are_skipped_when_asked
    what_is_no_such_file_is_refused
    the_command_line_gets_the_rejects_as_they_stood
    twenty_kinds_of_bad_rows_are_named_in_every_form_of_file
    a_dry_run_writes_nothing_and_the_report_holds_no_value
    a_provincial_workbook_is_understood_and_a_mapping_helps
    what_is_no_workbook_or_too_large_is_refused_by_name
}

/// Operations of this area, for the permission table.
pub fn operations() -> Vec<Operation> {
    vec![
        ("POST", "/imports/experts", Action::KeepRegistry, Value::Null),
        ("POST", "/imports/experts/report", Action::KeepRegistry, Value::Null),
    ]
}

fn sample(rows: u32) -> String {
    let mut file = Vec::new();
    write_sample(&mut file, rows, 1, Date::of(NOW)).unwrap();
    String::from_utf8(file).unwrap()
}

/// Ten rows of which line 3 has a wrong id, line 5 an unknown speciality, line 11 is line 2 again.
fn spoilt() -> String {
    let mut lines: Vec<String> = sample(9).lines().map(str::to_owned).collect();
    let cell = |line: &str, at: usize| line.split(',').nth(at).unwrap().to_owned();
    let id = cell(&lines[2], 2);
    let last = if id.ends_with('0') { "1" } else { "0" };
    lines[2] = lines[2].replace(&id, &format!("{}{last}", &id[..17]));
    let speciality = cell(&lines[4], 10);
    lines[4] = lines[4].replace(&speciality, "ndrc316:ZZ");
    lines.push(lines[1].clone());
    lines.join("\r\n") + "\r\n"
}

fn a_sound_file_is_imported_once_and_whole(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let report = app.import("k", "", &sample(300)).expect(200).json();
    let numbers = |report: &Value| {
        let of = |key: &str| report[key].as_u64().unwrap();
        [of("rows"), of("imported"), of("bad_rows"), report["errors"].as_array().unwrap().len() as u64]
    };
    assert_eq!(numbers(&report), [300, 300, 0, 0]);
    assert_eq!((&report["form"], &report["columns"][0]["field"]), (&json!("csv utf-8"), &json!("name")));
    assert_eq!(app.size(), before + 300);
    assert_eq!(numbers(&app.import("k", "", &sample(300)).expect(200).json()), [300, 300, 0, 0]);
    let refused = app.import("l", "", &sample(300));
    assert_eq!(refused.problem(422, "bad_rows")["errors"][299]["rule"], "already_registered");
    assert_eq!(app.size(), before + 300);
    let page = app.get(&app.bureau, "/api/v1/experts?limit=200").json();
    assert_eq!(page["items"].as_array().unwrap().len(), 200);
    let number = page["items"][0]["number"].as_str().unwrap();
    app.get(&app.bureau, &format!("/api/v1/experts/{number}?purpose=核对")).expect(200);
}

fn every_bad_row_is_named_and_nothing_of_the_file_is_imported(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let answer = app.import("k", "", &spoilt());
    let body = answer.problem(422, "bad_rows");
    let found: Vec<_> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["field"].as_str().unwrap(), error["rule"].as_str().unwrap()))
        .collect();
    let expected = [
        ("line 3: id_number", "check_character"),
        ("line 5: specialities[0]", "unknown_speciality"),
        ("line 11: id_number", "duplicate"),
    ];
    assert_eq!(found, expected);
    assert_eq!(body["errors"][0]["class"], "18 characters, digits");
    assert_eq!(app.size(), before);
    assert_eq!(app.get(&app.bureau, "/api/v1/experts").json()["items"], json!([]));
}

fn bad_rows_are_skipped_when_asked(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let report = app.import("k", "?skip_bad=true", &spoilt()).expect(200).json();
    assert_eq!(
        (&report["rows"], &report["imported"], &report["bad_rows"]),
        (&json!(10), &json!(7), &json!(3))
    );
    assert_eq!(report["errors"].as_array().unwrap().len(), 3);
    assert_eq!(app.size(), before + 7);
    app.import("l", "?skip_bad=perhaps", &spoilt()).names(400, "skip_bad", "boolean");
}

fn what_is_no_such_file_is_refused(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let header = sample(1).lines().next().unwrap().to_owned();
    app.import("k", "", "").names(422, "name", "missing_column");
    app.import("k", "", &header).problem(422, "no_rows");
    app.import("k", "", &header.replace("phone", "fax")).names(422, "column[3]", "unknown_column");
    app.import("k", "", &format!("{header}\na,b\n")).names(422, "line 2: record", "cells");
    let options = ImportOptions { max_rows: 5, ..ImportOptions::default() };
    let many = app.service.import_experts_at_console(sample(6).as_bytes(), &options, &mut |_| ());
    assert_eq!(many.err().unwrap().code, "too_many_rows");
    assert_eq!(app.size(), before);
}

fn the_command_line_gets_the_rejects_as_they_stood(kind: Kind) {
    let app = TestApp::new(kind);
    let (file, mut seen) = (spoilt(), Vec::new());
    let options = ImportOptions { skip_bad: true, ..ImportOptions::default() };
    let report = app
        .service
        .import_experts_at_console(file.as_bytes(), &options, &mut |step| seen.push(step))
        .unwrap();
    assert_eq!((report.rows, report.imported, report.bad_rows), (10, 7, 3));
    assert_eq!(seen.last(), Some(&Progress::Writing(7)));
    for row in &report.bad {
        let line = file.lines().nth(usize::try_from(row.line).unwrap() - 1).unwrap();
        let cells: Vec<String> =
            row.cells.iter().map(|cell| String::from_utf8(cell.clone()).unwrap()).collect();
        assert_eq!(cells.join(","), line);
    }
    // A person who is registered already is found again, with the row as it stood.
    let again = app.service.import_experts_at_console(file.as_bytes(), &options, &mut |_| ()).unwrap();
    assert_eq!((again.imported, again.bad_rows), (0, 10));
    assert!(again.bad.iter().all(|row| row.cells.len() == 15));
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn send(app: &TestApp, path: &str, key: &str, media: &str, file: &[u8]) -> Answer {
    let authorization = bearer(&app.bureau);
    let headers =
        [("Authorization", authorization.as_str()), ("Idempotency-Key", key), ("Content-Type", media)];
    app.ask("POST", &format!("/api/v1/imports/experts{path}"), &headers, file)
}

fn found(errors: &Value) -> Vec<(u64, String, String)> {
    let one = |error: &Value| {
        let (line, field) = error["field"].as_str().unwrap().split_once(": ").unwrap();
        let line = line.strip_prefix("line ").unwrap().parse().unwrap();
        (line, field.to_owned(), error["rule"].as_str().unwrap().to_owned())
    };
    errors.as_array().unwrap().iter().map(one).collect()
}

fn owned(expected: &[Expected]) -> Vec<(u64, String, String)> {
    expected.iter().map(|(line, field, rule)| (*line, (*field).to_owned(), (*rule).to_owned())).collect()
}

fn twenty_kinds_of_bad_rows_are_named_in_every_form_of_file(kind: Kind) {
    let app = TestApp::new(kind);
    // Somebody who is registered already.
    app.expert(1);
    let text = spoilt_file(120, 2, &id_number(1), true, Date::of(NOW));
    let sheet = spoilt_file(120, 2, &id_number(1), false, Date::of(NOW));
    let rules: std::collections::BTreeSet<_> =
        text.expected.iter().map(|(_, field, rule)| (*field, *rule)).collect();
    assert!(rules.len() > 20, "{} kinds", rules.len());
    for (at, (media, form, file, expected)) in [
        ("text/csv", "csv utf-8", text.csv(), &text.expected),
        ("text/csv", "csv gb18030", text.gb18030(), &text.expected),
        ("text/csv; charset=gbk", "csv gb18030", text.gb18030(), &text.expected),
        (XLSX, "xlsx", sheet.xlsx(), &sheet.expected),
    ]
    .into_iter()
    .enumerate()
    {
        let before = app.size();
        let refused = send(&app, "", &format!("r{at}"), media, &file);
        assert_eq!(found(&refused.problem(422, "bad_rows")["errors"]), owned(expected), "{form}");
        assert!(!refused.text().contains("王王王"), "no value is repeated");
        assert_eq!(app.size(), before, "nothing was written");
        let report = send(&app, "?dry_run=true", &format!("d{at}"), media, &file).expect(200).json();
        assert_eq!((&report["form"], &report["imported"]), (&json!(form), &json!(0)));
        assert_eq!((&report["good"], &report["bad_rows"]), (&json!(120), &json!(expected.len())));
        assert_eq!(app.size(), before);
    }
    let report = send(&app, "?skip_bad=true", "go", XLSX, &sheet.xlsx()).expect(200).json();
    assert_eq!((&report["imported"], &report["bad_rows"]), (&json!(120), &json!(sheet.expected.len())));
    // The same people from the other form are all registered now.
    let again = send(&app, "?dry_run=true", "again", "text/csv", &text.gb18030()).expect(200).json();
    assert_eq!(again["good"], json!(0));
}

fn a_dry_run_writes_nothing_and_the_report_holds_no_value(kind: Kind) {
    let app = TestApp::new(kind);
    let file = spoilt();
    let before = app.size();
    let csv = send(&app, "/report?format=csv", "k", "text/csv", file.as_bytes()).expect(200);
    assert_eq!(csv.header("Content-Type"), "text/csv; charset=utf-8");
    assert!(csv.header("Content-Disposition").contains("filename*=UTF-8''"));
    let text = csv.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("\u{feff}行号,列,表头,字段,规则"), "{text}");
    assert!(lines[1].starts_with("3,C,id_number,id_number,check_character,18 个字符"), "{text}");
    assert!(lines[2].starts_with("5,K,specialities,specialities[0],unknown_speciality"), "{text}");
    for row in file.lines().skip(1) {
        let id = row.split(',').nth(2).unwrap();
        assert!(!text.contains(id), "an id stands in the report");
    }
    let book = send(&app, "/report", "l", "text/csv", file.as_bytes()).expect(200);
    assert_eq!(book.header("Content-Type"), XLSX);
    assert!(book.bytes.starts_with(b"PK\x03\x04"));
    let rejects = send(&app, "/report?what=rejects", "m", "text/csv", file.as_bytes()).expect(200);
    let text = rejects.text();
    assert_eq!(text.lines().count(), 4, "heading and three rows");
    assert_eq!(text.lines().nth(1), file.lines().nth(2));
    assert_eq!(app.size(), before);
    send(&app, "/report?what=all", "n", "text/csv", file.as_bytes()).names(400, "what", "what");
    send(&app, "/report?format=pdf", "o", "text/csv", file.as_bytes()).names(400, "format", "format");
}

/// A workbook as a province exports it: a title, Chinese headings, days in several spellings, ids and
/// phones as texts or numbers.
fn provincial(call: &str, id: &str) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().set_name("说明").unwrap().write_string(0, 0, "填表说明").unwrap();
    let sheet = book.add_worksheet().set_name("名单").unwrap();
    sheet.write_string(0, 0, "湖南省政府采购评审专家信息表").unwrap();
    let headings = [
        "序号",
        call,
        "性别",
        "公民身份号码",
        "联系电话",
        "工作单位",
        "单位统一社会信用代码",
        "入职时间",
        "职称级别",
        "参加工作时间",
        "专业代码",
        "行政区划",
        "聘期",
        "备注",
    ];
    for (at, heading) in (0u16..).zip(headings) {
        sheet.write_string(1, at, heading).unwrap();
    }
    let code = credit_code(11);
    for (at, cell) in (1u16..).zip([
        "王小明",
        "女",
        id,
        "",
        "岳阳某大学",
        code.as_str(),
        "",
        "副高",
        "1995年7月1日",
        "A0832、C0602",
        "岳阳市；湖南省长沙市",
        "2025.1.1-2027.12.31",
        "\u{3000}",
    ]) {
        if !cell.is_empty() {
            sheet.write_string(2, at, cell).unwrap();
        }
    }
    sheet.write_number(2, 0, 1).unwrap();
    sheet.write_number(2, 4, 13_800_000_000_f64).unwrap();
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2015, 9, 1).unwrap();
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy/m/d");
    sheet.write_datetime_with_format(2, 7, &day, &date).unwrap();
    book.save_to_buffer().unwrap()
}

fn a_provincial_workbook_is_understood_and_a_mapping_helps(kind: Kind) {
    let app = TestApp::new(kind);
    // The sixteenth digit of this id is even: a woman.
    let id = (1..).map(id_number).find(|id| id.as_bytes()[16] % 2 == 0).unwrap();
    let file = provincial("姓名", &id);
    let query = "?sheet=名单&scheme=ndrc316";
    let report = send(&app, query, "k", XLSX, &file).expect(200).json();
    assert_eq!((&report["rows"], &report["imported"]), (&json!(1), &json!(1)), "{report}");
    let page = app.get(&app.bureau, "/api/v1/experts").json();
    let number = page["items"][0]["number"].as_str().unwrap();
    let person = app.get(&app.bureau, &format!("/api/v1/experts/{number}?purpose=核对")).expect(200).json();
    assert_eq!(person["phone"], "13800000000");
    assert_eq!(person["specialities"], json!(["ndrc316:A0832", "ndrc316:C0602"]));
    assert_eq!(person["regions"], json!(["430600", "430100"]));
    assert_eq!(person["title_level"], "deputy_senior");
    assert_eq!((&person["field_since"], &person["term_to"]), (&json!("1995-07-01"), &json!("2027-12-31")));
    assert_eq!(person["employments"][0]["since"], "2015-09-01");
    // Another sex than the id tells, an unknown heading, a mapping.
    let man = (1..).map(id_number).find(|id| id.as_bytes()[16] % 2 == 1).unwrap();
    let differs = send(&app, query, "l", XLSX, &provincial("姓名", &man));
    differs.names(422, "line 3: sex", "sex_differs");
    let other = provincial("称呼", &man);
    send(&app, query, "m", XLSX, &other).names(422, "column[1]", "unknown_column");
    let map = "%7B%22称呼%22:%22name%22,%22性别%22:%22-%22%7D";
    let mapped = send(&app, &format!("{query}&map={map}"), "n", XLSX, &other).expect(200).json();
    assert_eq!(mapped["imported"], 1);
    send(&app, "?map=1", "o", XLSX, &other).names(400, "map", "map");
    send(&app, "?sheet=别的", "p", XLSX, &other).problem(422, "no_such_sheet");
    send(&app, "?scheme=X", "q", XLSX, &other).names(400, "scheme", "unknown_scheme");
    send(&app, "?scheme=nobody1", "r", XLSX, &other).names(422, "scheme", "unknown_scheme");
}

fn what_is_no_workbook_or_too_large_is_refused_by_name(kind: Kind) {
    let app = TestApp::new(kind);
    let refused = |file: &[u8]| send(&app, "", "k", XLSX, file);
    refused(b"PK\x03\x04torn").problem(422, "not_xlsx");
    refused(b"\xd0\xcf\x11\xe0").problem(422, "old_workbook");
    refused(b"\xff\xfea\0").problem(422, "utf16");
    // The first entry declares that it unpacks to 700 MiB.
    let mut bomb = provincial("姓名", &id_number(1));
    let at = bomb.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bomb[at + 24..at + 28].copy_from_slice(&(700u32 << 20).to_le_bytes());
    refused(&bomb).problem(422, "unpacks_too_large");
    let json = send(&app, "", "k", "application/json", b"{}");
    json.problem(415, "unsupported_media_type");
}
