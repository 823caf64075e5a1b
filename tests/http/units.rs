//! Units: recorded, amended, found, with history; duplicates merged by two people, for draws too.

use serde_json::{Value, json};

use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::Action;

use crate::app::{TestApp, credit_code, expert, id_number, package};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    a_unit_is_recorded_once_and_amended_by_version
    names_of_key_persons_are_sealed_and_matched_by_hash
    units_are_found_by_what_they_are_called_and_what_leads_to_them
    a_merge_needs_two_people_and_both_codes_answer
    a_merge_that_cannot_be_is_refused
    an_expert_of_the_record_that_went_conflicts_with_the_one_that_stays
}

/// The operations of this area.
pub fn operations() -> Vec<Operation> {
    use Action::*;
    let merge = json!({"merged": credit_code(1), "survivor": credit_code(2), "reason": "同一单位"});
    let (none, empty) = (Value::Null, json!({}));
    vec![
        ("PATCH", "/units/{code}", KeepRegistry, json!({"name": "x"})),
        ("GET", "/units/{code}/persons?purpose=xx", ReadRegistry, none.clone()),
        ("POST", "/unit-merges", ProposeDecision, merge),
        ("GET", "/unit-merges", ReadCases, none.clone()),
        ("GET", "/unit-merges/{id}", ReadCases, none),
        ("POST", "/unit-merges/{id}/confirm", ConfirmDecision, empty.clone()),
        ("POST", "/unit-merges/{id}/reject", ConfirmDecision, json!({"reason": "不是同一单位"})),
        ("POST", "/unit-merges/{id}/withdraw", ProposeDecision, empty),
    ]
}

const PATH: &str = "/api/v1/units";
const MERGES: &str = "/api/v1/unit-merges";

/// A second account of the bureau.
pub fn colleague(app: &TestApp) -> String {
    app.service.found_account(&AccountDraft::new("bureau", "同事", None, 30)).unwrap().token.unwrap()
}

fn plain(serial: u32, name: &str) -> Value {
    json!({"code": credit_code(serial), "name": name, "region": "430602"})
}

fn full(serial: u32) -> Value {
    json!({
        "code": credit_code(serial), "name": "岳阳某大学", "region": "430602",
        "former_names": [{"name": "岳阳某学院ABC", "until": "2010-08-31"}],
        "kinds": ["employer", "purchaser"],
        "excluded_kind": "supervision",
        "department": credit_code(52),
        "parents": [{"unit": credit_code(52), "from": "2010-09-01"}],
        "controls": [{"unit": credit_code(53), "from": "2015-01-01", "to": "2020-12-31", "share": 5100}],
        "persons": [
            {"position": "legal_representative", "name": "赵某某", "id_number": id_number(1), "from": "2020-01-01"},
            {"position": "director", "name": "钱某某", "from": "2020-01-01", "to": "2021-01-01"}
        ]
    })
}

fn record(app: &TestApp, unit: &Value) {
    app.post(&app.bureau, PATH, unit["code"].as_str().unwrap(), unit).expect(201);
}

fn one(serial: u32) -> String {
    format!("{PATH}/{}", credit_code(serial))
}

fn a_unit_is_recorded_once_and_amended_by_version(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    for _ in 0..2 {
        let made = app.post(&app.bureau, PATH, "u", &full(41)).expect(201);
        assert_eq!(
            (made.header("ETag"), made.json()["kinds"].clone()),
            ("\"1\"", json!(["employer", "purchaser"]))
        );
    }
    app.post(&app.bureau, PATH, "v", &full(41)).names(409, "code", "already_recorded");
    assert_eq!(app.size(), before + 1);
    let change = json!({"name": "岳阳新大学", "excluded_kind": null, "kinds": ["supplier"]});
    app.patch(&app.bureau, &one(41), "", &change).problem(428, "if_match_required");
    app.patch(&app.bureau, &one(41), "\"2\"", &change).problem(412, "changed_meanwhile");
    app.patch(&app.bureau, &one(41), "\"1\"", &json!({"kinds": ["x"]})).names(422, "kinds[0]", "kind");
    app.patch(&app.bureau, &one(41), "\"1\"", &json!({"code": "x"})).names(400, "code", "unknown_field");
    app.patch(&app.bureau, &one(42), "\"1\"", &change).problem(404, "not_found");
    assert_eq!(app.size(), before + 1);
    let amended = app.patch(&app.bureau, &one(41), "\"1\"", &change).expect(200);
    assert_eq!((amended.header("ETag"), app.size()), ("\"2\"", before + 2));
    let facts = app.get(&app.auditor, &one(41)).expect(200);
    assert_eq!(facts.header("ETag"), "\"2\"");
    let facts = facts.json();
    assert_eq!((&facts["name"], &facts["kinds"]), (&json!("岳阳新大学"), &json!(["supplier"])));
    assert_eq!((facts.get("excluded_kind"), &facts["department"]), (None, &json!(credit_code(52))));
    assert_eq!((&facts["parents"], &facts["controls"]), (&full(41)["parents"], &full(41)["controls"]));
    assert_eq!(facts["former_names"], full(41)["former_names"]);
    let history = facts["history"].as_array().unwrap();
    assert_eq!((&history[0]["kind"], &history[0]["changed"]), (&json!("unit.recorded"), &json!([])));
    assert_eq!(history[1]["changed"], json!(["excluded_kind", "kinds", "name"]));
    assert_eq!((history.len(), &history[1]["time"]), (2, &json!("2026-11-24T02:00:00Z")));
    assert_eq!(app.fsck(), [""; 0]);
}

fn names_of_key_persons_are_sealed_and_matched_by_hash(kind: Kind) {
    let app = TestApp::new(kind);
    record(&app, &full(41));
    let shown = app.get(&app.auditor, &one(41)).expect(200);
    for private in ["赵某某", "钱某某", &id_number(1)] {
        assert!(!shown.text().contains(private));
    }
    let persons = shown.json()["persons"].clone();
    assert_eq!(persons[0], json!({"position": "legal_representative", "from": "2020-01-01", "by_id": true}));
    assert_eq!((&persons[1]["by_id"], &persons[1]["to"]), (&json!(false), &json!("2021-01-01")));
    let before = app.size();
    app.get(&app.auditor, &format!("{}/persons", one(41))).names(400, "purpose", "required");
    assert_eq!(app.size(), before);
    let named = app.get(&app.auditor, &format!("{}/persons?purpose=核对", one(41))).expect(200);
    assert_eq!((&named.json()["items"][0]["name"], app.size()), (&json!("赵某某"), before + 1));
    assert!(!named.text().contains(&id_number(1)), "an id number is hashed and not kept");
    // An expert with the same id number is found as its key person; another one is not.
    let (number, other) = (app.expert(1), app.expert(2));
    let found = |number: &str| {
        app.get(&app.auditor, &format!("{PATH}?key_person={number}")).expect(200).json()["items"].clone()
    };
    assert_eq!((&found(&number)[0]["code"], found(&other)), (&json!(credit_code(41)), json!([])));
    // An amendment of something else keeps the hash.
    app.patch(&app.bureau, &one(41), "\"1\"", &json!({"region": "430600"})).expect(200);
    assert_eq!(found(&number)[0]["code"], json!(credit_code(41)));
}

fn units_are_found_by_what_they_are_called_and_what_leads_to_them(kind: Kind) {
    let app = TestApp::new(kind);
    record(&app, &full(41));
    record(
        &app,
        &json!({"code": credit_code(42), "name": "长沙100%公司", "region": "430100", "kinds": ["supplier"]}),
    );
    let found = |query: &str| -> Vec<String> {
        let page = app.get(&app.auditor, &format!("{PATH}?{query}")).expect(200).json();
        page["items"].as_array().unwrap().iter().map(|u| u["code"].as_str().unwrap().to_owned()).collect()
    };
    let (first, second) = (vec![credit_code(41)], vec![credit_code(42)]);
    for (query, expected) in [
        ("region=430600", &first),
        ("region=430100", &second),
        ("name=某大", &first),
        ("name=学院abc", &first),
        ("name=100%25", &second),
        ("name=长_", &vec![]),
        ("kind=supplier", &second),
        ("kind=purchaser&region=430600", &first),
        ("kind=agency", &vec![]),
        (&format!("parent={}", credit_code(52)), &first),
        (&format!("department={}", credit_code(52)), &first),
        (&format!("parent={}", credit_code(41)), &vec![]),
    ] {
        assert_eq!(&found(query), expected, "{query}");
    }
    for (query, status, field) in [
        ("kind=x", 400, "kind"),
        ("parent=1", 400, "parent"),
        ("name=", 400, "name"),
        ("region=1", 400, "region"),
    ] {
        let answer = app.get(&app.auditor, &format!("{PATH}?{query}"));
        assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (status, &json!(field)));
    }
    app.get(&app.auditor, &format!("{PATH}?key_person=E0")).problem(404, "not_found");
}

fn a_merge_needs_two_people_and_both_codes_answer(kind: Kind) {
    let app = TestApp::new(kind);
    let other = colleague(&app);
    for (serial, name) in [(41, "某大学"), (42, "某大学（重复）"), (43, "某大学（再重复）")]
    {
        record(&app, &plain(serial, name));
    }
    let input = |merged: u32, survivor: u32| json!({"merged": credit_code(merged), "survivor": credit_code(survivor), "reason": "同一单位"});
    let before = app.size();
    let proposed = app.post(&app.bureau, MERGES, "m", &input(43, 42)).expect(201);
    assert_eq!(app.post(&app.bureau, MERGES, "m", &input(43, 42)).expect(201).json(), proposed.json());
    app.post(&app.bureau, MERGES, "n", &input(43, 41)).problem(409, "already_proposed");
    assert_eq!(app.size(), before + 1);
    let path = proposed.header("Location").to_owned();
    let act =
        |token: &str, what: &str, key: &str| app.post(token, &format!("{path}/{what}"), key, &json!({}));
    act(&app.bureau, "confirm", "c0").problem(409, "second_person_required");
    act(&other, "withdraw", "w0").problem(403, "not_permitted");
    let merged = act(&other, "confirm", "c1").expect(200).json();
    assert_eq!((&merged["state"], app.size()), (&json!("merged"), before + 3));
    assert_eq!(act(&other, "confirm", "c1").expect(200).json(), merged);
    act(&other, "confirm", "c2").problem(409, "wrong_state");
    assert_eq!(app.size(), before + 3);

    // The code that went answers with the record that stays; so does one that went before it.
    let again = app.post(&app.bureau, MERGES, "p", &input(42, 41)).expect(201).header("Location").to_owned();
    app.post(&other, &format!("{again}/confirm"), "c3", &json!({})).expect(200);
    for serial in [42, 43] {
        let facts = app.get(&app.auditor, &one(serial)).expect(200).json();
        assert_eq!((&facts["code"], &facts["asked"]), (&json!(credit_code(41)), &json!(credit_code(serial))));
        assert_eq!((&facts["name"], &facts["merged_into"]), (&json!("某大学"), &json!(credit_code(41))));
    }
    let facts = app.get(&app.auditor, &one(41)).expect(200).json();
    let mut codes = vec![credit_code(42), credit_code(43)];
    codes.sort();
    assert_eq!((&facts["merged"], facts.get("asked")), (&json!(codes), None));
    let kinds: Vec<&str> =
        facts["history"].as_array().unwrap().iter().map(|h| h["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "unit.merged").count(), 2);
    app.patch(&app.bureau, &one(42), "\"2\"", &json!({"name": "x"})).problem(409, "unit_merged");
    let listed = app.get(&app.auditor, &format!("{MERGES}?state=merged")).expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_merge_that_cannot_be_is_refused(kind: Kind) {
    let app = TestApp::new(kind);
    let other = colleague(&app);
    for (serial, name) in [(41, "甲"), (42, "乙"), (43, "丙")] {
        record(&app, &plain(serial, name));
    }
    let before = app.size();
    let propose = |merged: u32, survivor: u32, key: &str| {
        let input =
            json!({"merged": credit_code(merged), "survivor": credit_code(survivor), "reason": "同一单位"});
        app.post(&app.bureau, MERGES, key, &input)
    };
    propose(41, 41, "a").names(422, "survivor", "itself");
    propose(41, 49, "b").names(422, "survivor", "unknown_unit");
    propose(49, 41, "c").names(422, "merged", "unknown_unit");
    let empty = json!({"merged": credit_code(41), "survivor": credit_code(42), "reason": ""});
    app.post(&app.bureau, MERGES, "d", &empty).names(422, "reason", "required");
    app.get(&app.auditor, &format!("{MERGES}?state=x")).names(400, "state", "state");
    app.get(&app.auditor, &format!("{MERGES}/U0000000000000000")).problem(404, "not_found");
    assert_eq!(app.size(), before);

    let path = |answer: crate::app::Answer| answer.expect(201).header("Location").to_owned();
    let (there, back) = (path(propose(41, 42, "e")), path(propose(42, 41, "f")));
    app.post(&other, &format!("{there}/confirm"), "g", &json!({})).expect(200);
    // The other way round would make a circle.
    app.post(&other, &format!("{back}/confirm"), "h", &json!({})).problem(409, "unit_merged");
    let reason = json!({"reason": "已反向合并"});
    app.post(&app.bureau, &format!("{back}/reject"), "i", &reason).problem(409, "second_person_required");
    let rejected = app.post(&other, &format!("{back}/reject"), "j", &reason).expect(200).json();
    assert_eq!((&rejected["state"], &rejected["answer"]), (&json!("rejected"), &json!("已反向合并")));
    let taken = path(propose(43, 42, "k"));
    let withdrawn = app.post(&app.bureau, &format!("{taken}/withdraw"), "l", &json!({})).expect(200).json();
    assert_eq!(withdrawn["state"], "withdrawn");
    propose(43, 41, "m").problem(409, "unit_merged");
    assert_eq!(app.fsck(), [""; 0]);
}

fn an_expert_of_the_record_that_went_conflicts_with_the_one_that_stays(kind: Kind) {
    let app = TestApp::new(kind);
    let other = colleague(&app);
    // Supplier 3 of the package was once recorded as 60; one expert works at 60, two elsewhere.
    let supplier = package(1)["suppliers"][0]["code"].as_str().unwrap().to_owned();
    record(&app, &json!({"code": supplier, "name": "供应商", "region": "430600"}));
    record(&app, &plain(60, "供应商（重复）"));
    for (serial, unit) in [(1, 60), (2, 61), (3, 62)] {
        let mut body = expert(serial);
        body["employments"] = json!([{"unit": credit_code(unit), "name": "某单位", "since": "2015-09-01"}]);
        body["past"] = json!([]);
        body["declared_units"] = json!([]);
        app.post(&app.bureau, "/api/v1/experts", &format!("e{serial}"), &body).expect(201);
    }
    let made = app.post(&app.agency, "/api/v1/packages", "p", &package(1)).expect(201).json();
    let counts = |key: &str| {
        let draw = json!({
            "package": made["id"], "review_start": "2026-11-27T01:00:00Z",
            "groups": [{"speciality": "ndrc316:A0832", "within": ["430600"], "seats": 1, "site": 1}]
        });
        let told = app.post(&app.bureau, "/api/v1/draws/check", key, &draw).expect(200).json();
        (told["pool_size"].clone(), told["excluded"].clone())
    };
    assert_eq!(counts("d1").0, json!(3));
    let input = json!({"merged": credit_code(60), "survivor": supplier, "reason": "同一单位"});
    let path = app.post(&app.bureau, MERGES, "m", &input).expect(201).header("Location").to_owned();
    assert_eq!(counts("d2").0, json!(3), "a proposal changes nothing");
    app.post(&other, &format!("{path}/confirm"), "c", &json!({})).expect(200);
    let (pool, excluded) = counts("d3");
    assert_eq!(pool, json!(2));
    assert!(excluded.to_string().contains("conflict_employment_3y"), "{excluded}");
    // A process that starts afterwards knows it from the journal.
    drop(app.second_process());
}
