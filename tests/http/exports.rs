//! Exports: a file holds what the list holds, names only with a recorded purpose, no formulas.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use expert_draw::service::actor::Action;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, credit_code, id_number, package};
use crate::roles::Operation;
use crate::search::registered;
use crate::support::{Kind, on_both};

on_both! {
    a_list_of_experts_is_exported_without_names_unless_a_purpose_is_recorded
    every_form_holds_the_same_rows_and_no_formula
    units_cases_and_accounts_are_exported_as_their_lists_are
    looks_packages_and_draws_are_exported_to_those_who_see_their_lists
    the_exchange_format_has_its_fields_and_says_what_they_rest_on
    what_was_exported_can_be_imported_elsewhere
}

/// Operations of this area, for the permission table.
pub fn operations() -> Vec<Operation> {
    let ggzy = "/exports/ggzy-v2/experts?platform=430000A001&purpose=xx";
    vec![
        ("GET", "/exports/experts", Action::ReadRegistry, Value::Null),
        ("GET", "/exports/units", Action::ReadRegistry, Value::Null),
        ("GET", "/exports/cases", Action::ReadCases, Value::Null),
        ("GET", "/exports/accounts", Action::KeepAccounts, Value::Null),
        ("GET", "/exports/looks", Action::ReadLooks, Value::Null),
        ("GET", "/exports/packages", Action::ReadDraws, Value::Null),
        ("GET", "/exports/draws", Action::ReadDraws, Value::Null),
        ("GET", ggzy, Action::ReadRegistry, Value::Null),
    ]
}

fn csv_rows(answer: &Answer) -> Vec<Vec<String>> {
    let text = answer.text();
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark for spreadsheets");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn a_list_of_experts_is_exported_without_names_unless_a_purpose_is_recorded(kind: Kind) {
    let app = TestApp::new(kind);
    let numbers =
        registered(&app, &[json!({"name": "甲一"}), json!({"name": "乙二", "regions": ["430200"]})]);
    let before = app.size();
    let bare = app.get(&app.bureau, "/api/v1/exports/experts?format=csv").expect(200);
    let rows = csv_rows(&bare);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0][..3], ["专家编号", "状态", "今日状态"]);
    let mut sorted = numbers.clone();
    sorted.sort();
    assert_eq!([&rows[1][0], &rows[2][0]], [&sorted[0], &sorted[1]]);
    for sealed in ["甲一", "乙二", "13800000000", &id_number(1), &id_number(2)] {
        assert!(!bare.text().contains(sealed), "a sealed value stands in a list");
    }
    assert_eq!(app.size(), before);
    app.get(&app.bureau, "/api/v1/exports/experts?names=true").names(422, "purpose", "required");
    let named =
        app.get(&app.bureau, "/api/v1/exports/experts?format=csv&names=true&purpose=年度名册").expect(200);
    assert_eq!(app.size(), before + 1, "one look for one export");
    let rows = csv_rows(&named);
    assert_eq!(rows[0][..2], ["专家编号", "姓名"]);
    let name = |number: &str| rows.iter().find(|row| row[0] == number).unwrap()[1].clone();
    assert_eq!([name(&numbers[0]), name(&numbers[1])], ["甲一", "乙二"]);
    assert!(!named.text().contains("13800000000"), "names, and nothing else that is sealed");
    let one = app.get(&app.bureau, "/api/v1/exports/experts?format=csv&region=430200").expect(200);
    assert_eq!(csv_rows(&one).len(), 2);
    app.get(&app.bureau, "/api/v1/exports/experts?format=pdf").names(400, "format", "format");
    app.get(&app.bureau, "/api/v1/exports/experts?region=1").names(422, "region", "unknown_region");
}

fn every_form_holds_the_same_rows_and_no_formula(kind: Kind) {
    let app = TestApp::new(kind);
    registered(&app, &[json!({"name": "=cmd|' /C calc'!A0"}), json!({"name": "@王"})]);
    let path = "/api/v1/exports/experts?names=true&purpose=测试导出&format=";
    let csv = app.get(&app.bureau, &format!("{path}csv")).expect(200);
    assert_eq!(csv.header("Content-Type"), "text/csv; charset=utf-8");
    assert_eq!(csv.header("Cache-Control"), "no-store");
    assert!(
        csv.header("Content-Disposition")
            .starts_with("attachment; filename=\"table.csv\"; filename*=UTF-8''%E8")
    );
    let rows = csv_rows(&csv);
    let mut names: Vec<&str> = rows[1..].iter().map(|row| row[1].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["'=cmd|' /C calc'!A0", "'@王"]);
    let gb = app.get(&app.bureau, &format!("{path}csv_gb18030")).expect(200);
    let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(&gb.bytes).unwrap();
    assert_eq!(format!("\u{feff}{text}"), csv.text());
    let book = app.get(&app.bureau, &format!("{path}xlsx")).expect(200);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book.bytes)).unwrap();
    let sheet = book.worksheet_range("评审专家名单").unwrap();
    for (line, row) in (0u32..).zip(&rows) {
        for (at, cell) in (0u32..).zip(row) {
            let value = sheet.get_value((line, at)).unwrap();
            match value {
                Data::DateTime(_) => assert!(cell.contains('-')),
                Data::Empty => assert_eq!(cell, ""),
                other => assert_eq!(other.to_string(), cell.trim_start_matches('\'')),
            }
        }
    }
    let formulas = book.worksheet_formula("评审专家名单").unwrap();
    assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()));
}

fn units_cases_and_accounts_are_exported_as_their_lists_are(kind: Kind) {
    let app = TestApp::new(kind);
    let unit = json!({"code": credit_code(5), "name": "岳阳某院", "region": "430602"});
    app.post(&app.bureau, "/api/v1/units", "u", &unit).expect(201);
    let rows = csv_rows(&app.get(&app.auditor, "/api/v1/exports/units?format=csv").expect(200));
    assert_eq!(rows[1], [&credit_code(5), "岳阳某院", "430602", "湖南省岳阳市岳阳楼区"]);
    let none = app.get(&app.auditor, "/api/v1/exports/units?format=csv&region=430100").expect(200);
    assert_eq!(csv_rows(&none).len(), 1);
    let list = json!({"name": "到期", "filter": {"region": "430600"}});
    let saved = app.post(&app.bureau, "/api/v1/saved-lists", "l", &list).expect(201).json();
    let path = "/api/v1/exports/cases?format=csv&kind=saved_list";
    let rows = csv_rows(&app.get(&app.bureau, path).expect(200));
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1][..4], [saved["id"].as_str().unwrap(), "saved_list", "常用名单", "kept"]);
    assert_eq!(rows[1][9], "2026-11-24 10:00", "China's time");
    assert!(!rows.concat().join("").contains("到期"), "no bodies");
    assert_eq!(csv_rows(&app.get(&app.auditor, path).expect(200)).len(), 1, "somebody else's list");
    app.get(&app.bureau, "/api/v1/exports/cases?kind=A").names(400, "kind", "word");
    let accounts = csv_rows(&app.get(&app.bureau, "/api/v1/exports/accounts?format=csv").expect(200));
    assert!(accounts.iter().any(|row| row[1] == "auditor"));
    assert!(!accounts.concat().join("").contains("edt_"), "no tokens");
    app.get(&app.auditor, "/api/v1/exports/accounts").problem(403, "not_permitted");
}

fn looks_packages_and_draws_are_exported_to_those_who_see_their_lists(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    app.get(&app.auditor, &format!("/api/v1/experts/{number}?purpose=审计抽查")).expect(200);
    let rows = csv_rows(&app.get(&app.auditor, "/api/v1/exports/looks?format=csv").expect(200));
    assert_eq!(rows[1][5..8], ["expert", number.as_str(), "审计抽查"]);
    let nobody = app.get(&app.auditor, "/api/v1/exports/looks?format=csv&account=A0").expect(200);
    assert_eq!(csv_rows(&nobody).len(), 1);
    app.get(&app.auditor, "/api/v1/exports/looks?account=").names(400, "account", "length");
    app.get(&app.agency, "/api/v1/exports/looks").problem(403, "not_permitted");

    let package = app.post(&app.agency, "/api/v1/packages", "p", &package(1)).expect(201).json();
    let stranger = json!({"role": "agency", "name": "别家", "unit": credit_code(99), "days": 30});
    let stranger = app.post(&app.bureau, "/api/v1/accounts", "s", &stranger).expect(201).json();
    let stranger = stranger["token"].as_str().unwrap().to_owned();
    for (token, expected) in [(&app.agency, 2), (&app.bureau, 2), (&stranger, 1)] {
        let rows = csv_rows(&app.get(token, "/api/v1/exports/packages?format=csv").expect(200));
        assert_eq!(rows.len(), expected);
        assert!(expected == 1 || rows[1][..3] == [package["id"].as_str().unwrap(), "HNYY-2026-1024", "1"]);
        let rows = csv_rows(&app.get(token, "/api/v1/exports/draws?format=csv").expect(200));
        assert_eq!(rows[0][..3], ["抽取编号", "包编号", "第几次抽取"]);
    }
}

fn the_exchange_format_has_its_fields_and_says_what_they_rest_on(kind: Kind) {
    let app = TestApp::new(kind);
    let numbers = registered(&app, &[json!({"name": "甲一"}), json!({"name": "乙二"})]);
    let before = app.size();
    let path = "/api/v1/exports/ggzy-v2/experts?platform=430000A001&library=2";
    app.get(&app.bureau, path).names(400, "purpose", "required");
    app.get(&app.bureau, &format!("{path}&purpose=")).names(422, "purpose", "required");
    app.get(&app.bureau, "/api/v1/exports/ggzy-v2/experts?platform=1&purpose=xx")
        .names(400, "platform", "platform");
    assert_eq!(app.size(), before);
    let rows = csv_rows(&app.get(&app.bureau, &format!("{path}&format=csv&purpose=数据报送")).expect(200));
    assert_eq!(app.size(), before + 1);
    assert_eq!(rows[0][..6], ["expertNum", "name", "sex", "idType", "idCode", "birthday"]);
    assert_eq!(rows[0].len(), 19);
    let row = |name: &str| rows.iter().find(|row| row[1] == name).unwrap();
    let first = row("甲一");
    let sex = if id_number(1).as_bytes()[16] % 2 == 1 { "1" } else { "2" };
    let expected = ["430000A0012000001", "甲一", sex, "111", &id_number(1), "19700101", "430600"];
    assert_eq!(first[..7], expected);
    assert_eq!(row("乙二")[0], "430000A0012000002", "in the order of registration, whatever the number");
    assert_eq!((first[9].as_str(), first[12].as_str()), ("13800000000", "岳阳某大学"));
    assert_eq!(first[16], "ndrc316:A0832；ndrc316:C0602");
    assert_eq!(first[18], "31", "since 1995-07-01");
    assert!(!numbers.iter().any(|number| rows.concat().contains(number)));
    let book = app.get(&app.bureau, &format!("{path}&purpose=数据报送")).expect(200);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book.bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["GgzyExpert", "字段说明"]);
    let basis = book.worksheet_range("字段说明").unwrap();
    assert_eq!(basis.height(), 20);
    assert!(basis.get_value((1, 2)).unwrap().to_string().contains("未与原文核对"));
}

fn what_was_exported_can_be_imported_elsewhere(kind: Kind) {
    let (here, there) = (TestApp::new(kind), TestApp::new(kind));
    // A name that had to be guarded comes back as it was.
    registered(&here, &[json!({"name": "=王"})]);
    let path = "/api/v1/exports/ggzy-v2/experts?platform=430000A001&format=csv_gb18030&purpose=迁移数据";
    let file = here.get(&here.bureau, path).expect(200);
    let map = json!({
        "expertNum": "-", "sex": "sex", "idType": "id_kind", "idCode": "id_number", "birthday": "birth",
        "adminArea": "regions", "finallyCollege": "-", "topQualification": "-", "tel": "phone",
        "contactAddress": "-", "zipCode": "-", "unitsName": "-", "workStatus": "-", "job": "-",
        "workResume": "-", "majorType": "specialities", "technicalTitles": "title_name", "entirePeriod": "-"
    });
    // The format has no day since when somebody works in the field and no term: two columns more.
    let mut rows: Vec<String> =
        encoding_rs::GB18030.decode(&file.bytes).0.lines().map(str::to_owned).collect();
    rows[0].push_str(",从业起始日期,聘期");
    rows[1].push_str(",1995-07-01,2025-01-01至2027-12-31");
    let text = encoding_rs::GB18030.encode(&rows.join("\r\n")).0.into_owned();
    let query: String = map.to_string().bytes().map(|b| format!("%{b:02X}")).collect();
    let authorization = crate::app::bearer(&there.bureau);
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Idempotency-Key", "k"),
        ("Content-Type", "text/csv; charset=gb18030"),
    ];
    let report = there.ask("POST", &format!("/api/v1/imports/experts?map={query}"), &headers, &text);
    assert_eq!(report.expect(200).json()["imported"], 1);
    let page =
        there.get(&there.bureau, "/api/v1/search/experts?names=true&purpose=核对迁移").expect(200).json();
    assert_eq!(page["items"][0]["name"], "=王");
}
