//! Imports: a file is checked whole; a bad row stops it, unless bad rows are to be skipped.

use expert_draw::pool_sample::write_sample;
use expert_draw::service::imports::{ImportOptions, Progress};
use expert_draw::time::Date;
use serde_json::json;

use crate::app::{NOW, TestApp};
use crate::support::{Kind, on_both};

on_both! {
    a_sound_file_is_imported_once_and_whole
    every_bad_row_is_named_and_nothing_of_the_file_is_imported
    bad_rows_are_skipped_when_asked
    what_is_no_such_file_is_refused
    the_command_line_gets_the_rejects_as_they_stood
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
    assert_eq!(report, json!({"rows": 300, "imported": 300, "bad_rows": 0, "errors": []}));
    assert_eq!(app.size(), before + 300);
    assert_eq!(app.import("k", "", &sample(300)).expect(200).json(), report);
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
    let many = app.service.import_experts_at_console(sample(6).as_bytes(), options, &mut |_| ());
    assert_eq!(many.err().unwrap().code, "too_many_rows");
    assert_eq!(app.size(), before);
}

fn the_command_line_gets_the_rejects_as_they_stood(kind: Kind) {
    let app = TestApp::new(kind);
    let (file, mut seen) = (spoilt(), Vec::new());
    let options = ImportOptions { skip_bad: true, ..ImportOptions::default() };
    let report =
        app.service.import_experts_at_console(file.as_bytes(), options, &mut |step| seen.push(step)).unwrap();
    assert_eq!((report.rows, report.imported, report.bad_rows), (10, 7, 3));
    assert_eq!(seen.last(), Some(&Progress::Writing(7)));
    for row in &report.bad {
        let line = file.lines().nth(usize::try_from(row.line).unwrap() - 1).unwrap();
        let cells: Vec<String> =
            row.cells.iter().map(|cell| String::from_utf8(cell.clone()).unwrap()).collect();
        assert_eq!(cells.join(","), line);
    }
    // A person who is registered already is found again, with the row as it stood.
    let again = app.service.import_experts_at_console(file.as_bytes(), options, &mut |_| ()).unwrap();
    assert_eq!((again.imported, again.bad_rows), (0, 10));
    assert!(again.bad.iter().all(|row| row.cells.len() == 15));
}
