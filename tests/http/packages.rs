//! Packages: recorded by their agency, seen by nobody else's.

use serde_json::json;

use crate::app::{TestApp, credit_code, package};
use crate::support::{Kind, on_both};

on_both! {
    a_package_is_seen_by_its_agency_and_with_a_purpose_by_bureau_and_auditor
    a_package_that_breaks_rules_is_not_recorded
}

const PATH: &str = "/api/v1/packages";

fn a_package_is_seen_by_its_agency_and_with_a_purpose_by_bureau_and_auditor(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let made = app.post(&app.agency, PATH, "k", &package(1)).expect(201);
    let body = made.json();
    assert_eq!((made.header("ETag"), &body["suppliers"]), ("\"1\"", &package(1)["suppliers"]));
    assert_eq!(app.post(&app.agency, PATH, "k", &package(1)).expect(201).json(), body);
    app.post(&app.agency, PATH, "l", &package(1)).problem(409, "already_recorded");
    assert_eq!(app.size(), before + 1);

    let one = format!("{PATH}/{}", body["id"].as_str().unwrap());
    assert_eq!(app.get(&app.agency, &one).expect(200).json(), body);
    app.get(&app.other_agency, &one).problem(404, "not_found");
    for token in [&app.bureau, &app.auditor] {
        app.get(token, &one).expect(422);
        assert_eq!(app.size(), before + 1);
    }
    assert_eq!(app.get(&app.auditor, &format!("{one}?purpose=投诉处理")).expect(200).json(), body);
    assert_eq!(app.size(), before + 2);

    let listed = |token: &str, query: &str| {
        app.get(token, &format!("{PATH}?{query}")).expect(200).json()["items"].as_array().unwrap().len()
    };
    let other = format!("agency={}", credit_code(1));
    assert_eq!([listed(&app.agency, ""), listed(&app.bureau, ""), listed(&app.auditor, &other)], [1, 1, 1]);
    assert_eq!([listed(&app.other_agency, ""), listed(&app.other_agency, &other)], [0, 0]);
}

fn a_package_that_breaks_rules_is_not_recorded(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let mut twice = package(1);
    twice["suppliers"].as_array_mut().unwrap().push(json!({"code": credit_code(31), "name": "别名"}));
    app.post(&app.agency, PATH, "k", &twice).names(422, "suppliers[3]", "duplicate_supplier");
    let mut foreign = package(1);
    foreign["agency"]["code"] = json!(credit_code(2));
    app.post(&app.agency, PATH, "k", &foreign).names(422, "agency.code", "own_unit");
    let mut wrong = package(1);
    wrong["purchaser"]["code"] = json!("919900000000000001");
    app.post(&app.agency, PATH, "k", &wrong).names(422, "purchaser.code", "check_character");
    let mut extra = package(1);
    extra["suppliers"][1]["phone"] = json!("1");
    app.post(&app.agency, PATH, "k", &extra).names(400, "suppliers[1].phone", "unknown_field");
    assert_eq!(app.size(), before);
}
