//! Change requests: contacts at once, anything else after review; meanwhile nothing is drawn that the
//! change puts in doubt.

use expert_draw::service::actor::Action;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, credit_code, package};
use crate::applications::{Staff, applicant, bureau, entered};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    contacts_are_changed_alone_and_at_once
    a_reviewed_change_waits_and_is_then_entered
    both_employers_count_while_a_change_of_employer_is_open
    specialities_and_regions_to_go_are_not_drawn_and_come_back_when_refused
    new_specialities_are_approved_one_by_one
    one_change_is_open_at_a_time_and_may_be_taken_back
    identity_and_term_are_not_changed_by_a_request
    a_change_is_decided_in_its_region_by_another_person
}

pub fn operations() -> Vec<Operation> {
    use Action::*;
    let none = Value::Null;
    let change = json!({"facts": {"phone": "13800000001"}});
    let decision = json!({"approve": true, "reason": "核对属实"});
    vec![
        ("POST", "/me/changes", OwnRecord, change.clone()),
        ("GET", "/me/changes", OwnRecord, none.clone()),
        ("GET", "/me/changes/{id}", OwnRecord, none.clone()),
        ("POST", "/me/changes/{id}/withdraw", OwnRecord, none.clone()),
        ("POST", "/experts/{number}/changes", KeepRegistry, change),
        ("GET", "/changes", ReadCases, none.clone()),
        ("GET", "/changes/{id}?purpose=xx", ReadCases, none.clone()),
        ("POST", "/changes/{id}/withdraw", KeepRegistry, none),
        ("POST", "/changes/{id}/decide", ReviewCases, decision),
    ]
}

const OWN: &str = "/api/v1/me/changes";
const ALL: &str = "/api/v1/changes";

fn file(app: &TestApp, token: &str, facts: Value) -> Answer {
    app.post(token, OWN, &format!("f-{}", app.size()), &json!({"facts": facts}))
}

fn decide(app: &TestApp, token: &str, id: &str, body: &Value) -> Answer {
    app.post(token, &format!("{ALL}/{id}/decide"), &format!("d-{}", app.size()), body)
}

fn approve() -> Value {
    json!({"approve": true, "reason": "核对属实"})
}

fn refuse() -> Value {
    json!({"approve": false, "reason": "证明材料不足"})
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn record(app: &TestApp, number: &str) -> Value {
    app.get(&app.auditor, &format!("/api/v1/experts/{number}?purpose=核对")).expect(200).json()
}

/// How many there are to draw one seat from, as the check says.
fn candidates(app: &TestApp, speciality: &str, region: &str, suppliers: &Value) -> u64 {
    let serial = u32::try_from(app.size()).unwrap();
    let mut body = package(serial);
    body["suppliers"] = suppliers.clone();
    let made = app.post(&app.agency, "/api/v1/packages", &format!("p-{serial}"), &body).expect(201).json();
    let draw = json!({
        "package": made["id"], "review_start": "2026-11-27T01:00:00Z",
        "groups": [{"speciality": speciality, "within": [region], "seats": 1, "site": 1}]
    });
    let checked = app.post(&app.auditor, "/api/v1/draws/check", &format!("c-{serial}"), &draw);
    if checked.status == 422 {
        checked.problem(422, "no_full_panel");
        return 0;
    }
    checked.expect(200).json()["pool_size"].as_u64().unwrap()
}

fn others() -> Value {
    json!([{"code": credit_code(31), "name": "单位31"}, {"code": credit_code(32), "name": "单位32"}])
}

fn contacts_are_changed_alone_and_at_once(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let number = entered(&app, &staff, 1);
    let before = app.size();
    let body =
        json!({"facts": {"phone": "0730-8888888", "mail": "li@example.cn", "address": "岳阳市某路1号"}});
    let done = app.post(&staff.applicant, OWN, "k", &body).expect(201);
    assert_eq!((done.json()["state"].as_str(), app.size()), (Some("entered"), before + 2));
    assert_eq!(app.post(&staff.applicant, OWN, "k", &body).expect(201).json(), done.json());
    assert_eq!(app.size(), before + 2);
    assert_eq!(done.json()["fields"], json!(["phone", "address", "mail"]));
    assert_eq!(record(&app, &number)["phone"], "0730-8888888");
    file(&app, &staff.applicant, json!({"phone": "0730-8888888"})).problem(422, "nothing_changed");
    file(&app, &staff.applicant, json!({"phone": "x"})).names(422, "phone", "phone");
    let nobody = applicant(&app);
    file(&app, &nobody, json!({"phone": "0730-8888888"})).problem(409, "no_own_record");
    assert_eq!(app.get(&nobody, OWN).expect(200).json()["items"], json!([]));
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_reviewed_change_waits_and_is_then_entered(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let number = entered(&app, &staff, 1);
    let body = json!({"facts": {"name": "李晓红", "title_level": "deputy_senior", "phone": "13911111111"},
        "reason": "户籍改名"});
    let filed = app.post(&staff.applicant, OWN, "k", &body).expect(201).json();
    // Seven working days from Tuesday 24 November: Thursday 3 December.
    assert_eq!(
        (filed["state"].as_str(), filed["due"].as_str()),
        (Some("open"), Some("2026-12-03T15:59:59Z"))
    );
    assert_eq!((&filed["before"]["name"], &filed["after"]["name"]), (&json!("李小红"), &json!("李晓红")));
    assert_eq!(record(&app, &number)["name"], "李小红");
    let id = filed["id"].as_str().unwrap();
    let listed = app.get(&staff.reviewer, &format!("{ALL}?state=open")).expect(200);
    assert_eq!(listed.json()["items"][0]["id"], id);
    assert!(!listed.text().contains("李"));
    app.get(&staff.reviewer, &format!("{ALL}/{id}")).names(400, "purpose", "required");
    let before = app.size();
    let seen = app.get(&staff.reviewer, &format!("{ALL}/{id}?purpose=审核")).expect(200).json();
    assert_eq!((seen["reason"].as_str(), app.size()), (Some("户籍改名"), before + 1));
    decide(&app, &staff.reviewer, id, &json!({"approve": true, "reason": ""}))
        .names(422, "reason", "required");
    let done = decide(&app, &staff.reviewer, id, &approve()).expect(200).json();
    assert_eq!((done["state"].as_str(), done.get("due")), (Some("entered"), None));
    let facts = record(&app, &number);
    assert_eq!((&facts["name"], &facts["title_level"]), (&json!("李晓红"), &json!("deputy_senior")));
    decide(&app, &staff.reviewer, id, &approve()).problem(409, "wrong_state");
    assert_eq!(app.fsck(), [""; 0]);
}

fn both_employers_count_while_a_change_of_employer_is_open(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let number = entered(&app, &staff, 1);
    let (old, new) = (credit_code(11), credit_code(31));
    let against =
        |unit: &str| json!([{"code": unit, "name": "某单位"}, {"code": credit_code(32), "name": "单位32"}]);
    let drawn = |unit: &str| candidates(&app, "ndrc316:A0832", "430600", &against(unit));
    assert_eq!((drawn(&old), drawn(&new)), (0, 1));
    let facts = json!({"employments": [{"unit": new, "name": "新单位", "since": "2026-11-01"}]});
    let change = file(&app, &staff.applicant, facts).expect(201);
    assert_eq!(change.json()["pending_units"], json!([new]));
    assert_eq!((drawn(&old), drawn(&new)), (0, 0), "both");
    // Refused: only the old one. Approved: the old one is a former employer for three years.
    decide(&app, &staff.reviewer, &id(&change), &refuse()).expect(200);
    assert_eq!((drawn(&old), drawn(&new)), (0, 1));
    let facts = json!({"employments": [{"unit": new, "name": "新单位", "since": "2026-11-01"}]});
    let change = file(&app, &staff.applicant, facts).expect(201);
    decide(&app, &staff.reviewer, &id(&change), &approve()).expect(200);
    assert_eq!((drawn(&old), drawn(&new)), (0, 0));
    let facts = record(&app, &number);
    assert_eq!(facts["employments"][0]["unit"], new.as_str());
    let past = facts["past"].as_array().unwrap();
    assert!(past.iter().any(|p| p["unit"] == old.as_str() && p["to"] == "2026-11-24"), "{past:?}");
}

fn specialities_and_regions_to_go_are_not_drawn_and_come_back_when_refused(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let number = entered(&app, &staff, 1);
    let drawn = |speciality: &str, region: &str| candidates(&app, speciality, region, &others());
    assert_eq!((drawn("ndrc316:A0832", "430600"), drawn("ndrc316:C0602", "430600")), (1, 1));
    let change = file(&app, &staff.applicant, json!({"specialities": ["ndrc316:C0602"]})).expect(201);
    assert_eq!(change.json()["held_specialities"], json!(["ndrc316:A0832"]));
    assert_eq!((drawn("ndrc316:A0832", "430600"), drawn("ndrc316:C0602", "430600")), (0, 1));
    decide(&app, &staff.reviewer, &id(&change), &refuse()).expect(200);
    assert_eq!((drawn("ndrc316:A0832", "430600"), drawn("ndrc316:C0602", "430600")), (1, 1));
    assert_eq!(record(&app, &number)["specialities"], json!(["ndrc316:A0832", "ndrc316:C0602"]));

    // One region goes: the other is still drawn. All go: nothing is, until it is decided.
    let change = file(&app, &staff.applicant, json!({"regions": ["430100"]})).expect(201);
    assert_eq!((drawn("ndrc316:C0602", "430600"), drawn("ndrc316:C0602", "430100")), (0, 1));
    let path = format!("{OWN}/{}/withdraw", id(&change));
    app.post_text(&staff.applicant, &path, "w", b"{}").expect(200);
    assert_eq!(record(&app, &number)["regions"], json!(["430600", "430100"]), "in the old order");
    let change = file(&app, &staff.applicant, json!({"regions": ["430200"]})).expect(201);
    assert_eq!((drawn("ndrc316:C0602", "430600"), drawn("ndrc316:C0602", "430100")), (0, 0));
    assert_eq!(drawn("ndrc316:C0602", "430200"), 0);
    decide(&app, &staff.reviewer, &id(&change), &approve()).expect(200);
    assert_eq!((drawn("ndrc316:C0602", "430600"), drawn("ndrc316:C0602", "430200")), (0, 1));
    assert_eq!(record(&app, &number)["specialities"], json!(["ndrc316:A0832", "ndrc316:C0602"]));
    assert_eq!(app.fsck(), [""; 0]);
}

fn new_specialities_are_approved_one_by_one(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let number = entered(&app, &staff, 1);
    let mine = json!(["ndrc316:A0832", "ndrc316:C0602", "ndrc316:C0305", "ndrc316:C0306"]);
    let change = file(&app, &staff.applicant, json!({"specialities": mine})).expect(201);
    assert_eq!(record(&app, &number)["specialities"], json!(["ndrc316:A0832", "ndrc316:C0602"]));
    let mut verdict = approve();
    verdict["refused_specialities"] = json!(["ndrc316:A0832"]);
    decide(&app, &staff.reviewer, &id(&change), &verdict).names(422, "refused_specialities[0]", "not_new");
    verdict["refused_specialities"] = json!(["ndrc316:C0306"]);
    decide(&app, &staff.reviewer, &id(&change), &verdict).expect(200);
    let specialities = json!(["ndrc316:A0832", "ndrc316:C0602", "ndrc316:C0305"]);
    assert_eq!(record(&app, &number)["specialities"], specialities);
    // Nobody decides about their own claim.
    let claims =
        json!({"claims": [{"speciality": "ndrc316:C0307", "evidence": ["证书"], "decision": "approved"}]});
    file(&app, &staff.applicant, claims).names(422, "facts.claims[0].decision", "bureau_only");
}

fn one_change_is_open_at_a_time_and_may_be_taken_back(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    entered(&app, &staff, 1);
    let change = file(&app, &staff.applicant, json!({"title_level": "deputy_senior"})).expect(201);
    file(&app, &staff.applicant, json!({"name": "李晓红"})).problem(409, "change_open");
    file(&app, &staff.applicant, json!({"phone": "13911111111"})).expect(201);
    let own = app.get(&staff.applicant, OWN).expect(200).json();
    assert_eq!(own["items"].as_array().unwrap().len(), 2);
    let stranger = applicant(&app);
    let path = format!("{OWN}/{}", id(&change));
    app.get(&stranger, &path).problem(404, "not_found");
    app.post_text(&stranger, &format!("{path}/withdraw"), "w", b"{}").problem(404, "not_found");
    let back = app.post_text(&staff.applicant, &format!("{path}/withdraw"), "w", b"{}").expect(200);
    assert_eq!(back.json()["state"], "withdrawn");
    file(&app, &staff.applicant, json!({"name": "李晓红"})).expect(201);
    assert_eq!(app.fsck(), [""; 0]);
}

fn identity_and_term_are_not_changed_by_a_request(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    entered(&app, &staff, 1);
    let before = app.size();
    for (facts, field) in [
        (json!({"id_number": "110105194912310021"}), "facts.id_number"),
        (json!({"term_to": "2099-12-31"}), "facts.term_to"),
        (json!({"pending_units": [credit_code(31)]}), "facts.pending_units"),
        (json!({"confirmed": "2026-11-01"}), "facts.confirmed"),
    ] {
        file(&app, &staff.applicant, facts).names(422, field, "bureau_only");
    }
    file(&app, &staff.applicant, json!({"regions": []})).names(422, "regions", "count");
    file(&app, &staff.applicant, json!({"nickname": "x"})).names(422, "facts.nickname", "unknown_field");
    assert_eq!(app.size(), before);
}

fn a_change_is_decided_in_its_region_by_another_person(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let number = entered(&app, &staff, 1);
    // A registrar files what was reported by telephone; whoever filed it does not decide it.
    let path = format!("/api/v1/experts/{number}/changes");
    let body = json!({"facts": {"title_level": "deputy_senior"}});
    let filed = app.post(&app.bureau, &path, "k", &body).expect(201);
    assert_eq!(filed.header("Location"), format!("{ALL}/{}", id(&filed)));
    decide(&app, &app.bureau, &id(&filed), &approve()).problem(409, "second_person_required");
    let far = bureau(&app, "reviewer", Some("430100"));
    decide(&app, &far, &id(&filed), &approve()).problem(404, "not_found");
    assert_eq!(app.get(&far, ALL).expect(200).json()["items"], json!([]));
    let abroad = bureau(&app, "registrar", Some("430100"));
    app.post(&abroad, &path, "x", &body).problem(404, "not_found");
    let near = bureau(&app, "reviewer", Some("430600"));
    decide(&app, &near, &id(&filed), &approve()).expect(200);
    app.post(&app.bureau, "/api/v1/experts/E0000000000000000/changes", "n", &body).problem(404, "not_found");
}
