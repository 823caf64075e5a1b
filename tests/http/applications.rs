//! Applications: written by the person or by a registrar, handed in whole, reviewed by three accounts,
//! entered in one write.

use std::sync::Arc;

use expert_draw::keys::Keys;
use expert_draw::ports::SystemEntropy;
use expert_draw::rules::{RegistryProfile, embedded, embedded_registry};
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::Action;
use expert_draw::service::{Service, ServiceConfig};
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, credit_code, id_number};
use crate::decisions::{decided, second};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    an_applicant_becomes_an_expert_through_both_reviews
    a_draft_is_saved_half_written_and_handed_in_whole
    everything_that_is_missing_is_named_at_once
    failing_conditions_are_named_with_their_sources
    a_return_gives_reasons_and_the_review_begins_anew
    a_rejection_ends_it_and_a_withdrawal_too
    three_accounts_decide_and_never_the_one_who_applied
    one_person_applies_once_and_is_registered_once
    a_relaxation_is_granted_by_the_final_review_alone
    applications_stay_in_their_region_and_with_their_owner
    lists_name_nobody_and_every_look_is_recorded
    a_test_comes_before_entry_where_the_profile_asks_for_one
    a_profile_is_loaded_once_and_never_edited
    a_dismissed_expert_comes_back_under_the_old_number_when_the_profile_allows
}

pub fn operations() -> Vec<Operation> {
    use Action::*;
    let none = Value::Null;
    let begin = json!({"channel": "self_recommendation", "region": "430600"});
    let review = json!({"decision": "return", "reason": "补正"});
    let mut operations = Vec::new();
    for (base, writes) in [("/me/applications", OwnRecord), ("/applications", KeepRegistry)] {
        let leak = |path: String| -> &'static str { Box::leak(path.into_boxed_str()) };
        operations.push(("POST", base, writes, begin.clone()));
        operations.push(("PATCH", leak(format!("{base}/{{id}}")), writes, json!({})));
        for step in ["submit", "withdraw"] {
            operations.push(("POST", leak(format!("{base}/{{id}}/{step}")), writes, none.clone()));
        }
    }
    operations.extend([
        ("GET", "/me", OwnRecord, none.clone()),
        ("GET", "/me/applications", OwnRecord, none.clone()),
        ("GET", "/me/applications/{id}", OwnRecord, none.clone()),
        ("GET", "/applications", ReadCases, none.clone()),
        ("GET", "/applications/{id}?purpose=xx", ReadCases, none.clone()),
        ("POST", "/applications/{id}/take", ReviewCases, none),
        ("POST", "/applications/{id}/first-review", ReviewCases, review.clone()),
        ("POST", "/applications/{id}/final-review", ApproveCases, review),
        ("POST", "/applications/{id}/test", ApproveCases, json!({"points": 60})),
    ]);
    operations
}

/// Accounts of a bureau at work, and of somebody who applies.
pub struct Staff {
    pub registrar: String,
    pub reviewer: String,
    pub approver: String,
    pub applicant: String,
}

impl Staff {
    pub fn of(app: &TestApp) -> Self {
        let one = |right: &str| bureau(app, right, None);
        Self {
            registrar: one("registrar"),
            reviewer: one("reviewer"),
            approver: one("approver"),
            applicant: applicant(app),
        }
    }
}

pub fn bureau(app: &TestApp, right: &str, region: Option<&str>) -> String {
    let draft = AccountDraft {
        rights: Some(vec![right.to_owned()]),
        region: region.map(str::to_owned),
        ..AccountDraft::new("bureau", "测试", None, 30)
    };
    app.service.found_account(&draft).unwrap().token.unwrap()
}

pub fn applicant(app: &TestApp) -> String {
    let draft = AccountDraft::new("expert", "申请人", None, 30);
    app.service.found_account(&draft).unwrap().token.unwrap()
}

pub const OWN: &str = "/api/v1/me/applications";
pub const ALL: &str = "/api/v1/applications";

/// Everything that an application needs, of the person with a serial number.
pub fn application(serial: u32) -> Value {
    let document =
        |kind: &str| json!({"kind": kind, "digest": "ab".repeat(32), "name": format!("{kind}.pdf")});
    let material: Vec<Value> =
        ["cv", "application", "commitment", "degree", "title", "id_card"].map(document).to_vec();
    json!({
        "channel": "self_recommendation",
        "declaration": "listed",
        "privacy_notice": "2026-01",
        "region": "430600",
        "facts": {
            "name": "李小红",
            "id_number": id_number(serial),
            "phone": "13900000000",
            "employments": [{"unit": credit_code(11), "name": "岳阳某大学", "since": "2015-09-01"}],
            "past": [{"unit": credit_code(12), "from": "1995-07-01", "to": "2015-08-31"}],
            "title_level": "senior",
            "field_since": "1995-07-01",
            "specialities": ["ndrc316:A0832", "ndrc316:C0602"],
            "claims": [
                {"speciality": "ndrc316:A0832", "evidence": ["高级工程师（信息）"]},
                {"speciality": "ndrc316:C0602", "evidence": ["法学学位"]}
            ],
            "regions": ["430600", "430100"],
            "declared_units": [credit_code(13)],
            "e_evaluation": "yes",
            "documents": material
        }
    })
}

pub fn pass() -> Value {
    let yes = json!({"pass": true});
    json!({
        "decision": "pass", "material": yes, "credit": yes,
        "specialities": [{"code": "ndrc316:A0832", "pass": true}, {"code": "ndrc316:C0602", "pass": true}]
    })
}

pub fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

pub fn step(app: &TestApp, token: &str, id: &str, step: &str, body: &Value) -> Answer {
    let base = if step == "own-submit" || step == "own-withdraw" { OWN } else { ALL };
    let path = format!("{base}/{id}/{}", step.trim_start_matches("own-"));
    let key = format!("{step}-{}", app.size());
    if body.is_null() { app.post_text(token, &path, &key, b"{}") } else { app.post(token, &path, &key, body) }
}

/// An application handed in and taken up.
pub fn taken(app: &TestApp, staff: &Staff, serial: u32) -> String {
    let begun = app.post(&staff.applicant, OWN, &format!("begin-{serial}"), &application(serial)).expect(201);
    let id = id(&begun);
    step(app, &staff.applicant, &id, "own-submit", &Value::Null).expect(200);
    step(app, &staff.reviewer, &id, "take", &Value::Null).expect(200);
    id
}

/// The whole way; answers the number.
pub fn entered(app: &TestApp, staff: &Staff, serial: u32) -> String {
    let id = taken(app, staff, serial);
    step(app, &staff.reviewer, &id, "first-review", &pass()).expect(200);
    let done = step(app, &staff.approver, &id, "final-review", &pass()).expect(200);
    done.json()["expert"].as_str().unwrap().to_owned()
}

fn an_applicant_becomes_an_expert_through_both_reviews(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let begun = app.post(&staff.applicant, OWN, "b", &application(1)).expect(201);
    let id = id(&begun);
    assert_eq!((begun.json()["state"].as_str(), begun.header("ETag")), (Some("draft"), "\"1\""));
    assert_eq!(begun.header("Location"), format!("{OWN}/{id}"));
    let submitted = step(&app, &staff.applicant, &id, "own-submit", &Value::Null).expect(200).json();
    // Tuesday 24 November and twenty working days: 22 December.
    assert_eq!(
        (submitted["state"].as_str(), submitted["due"].as_str()),
        (Some("submitted"), Some("2026-12-22T15:59:59Z"))
    );
    assert_eq!(step(&app, &staff.reviewer, &id, "take", &Value::Null).json()["state"], "first_review");
    let first = step(&app, &staff.reviewer, &id, "first-review", &pass()).expect(200).json();
    assert_eq!(
        (first["state"].as_str(), first["opinions"][0]["level"].as_str()),
        (Some("final_review"), Some("first"))
    );

    let mut last = pass();
    last["specialities"][1] = json!({"code": "ndrc316:C0602", "pass": false, "reason": "依据不足"});
    last["certificate"] = json!("HN-2026-001");
    let before = app.size();
    let path = format!("{ALL}/{id}/final-review");
    let done = app.post(&staff.approver, &path, "f", &last).expect(200);
    let number = done.json()["expert"].as_str().unwrap().to_owned();
    assert_eq!(done.json()["state"], "active");
    // The expert, the case, the account: one write, once.
    assert_eq!(app.size(), before + 3);
    assert_eq!(app.post(&staff.approver, &path, "f", &last).expect(200).json(), done.json());
    assert_eq!(app.size(), before + 3);

    let look = format!("/api/v1/experts/{number}?purpose=核对");
    let facts = app.get(&app.auditor, &look).expect(200).json();
    assert_eq!(facts["specialities"], json!(["ndrc316:A0832"]), "one by one");
    assert_eq!(
        (facts["term_from"].as_str(), facts["term_to"].as_str()),
        (Some("2026-11-24"), Some("2029-11-23"))
    );
    assert_eq!(facts["standing_today"], "active");
    let me = app.get(&staff.applicant, "/api/v1/me").expect(200).json();
    assert_eq!(me["expert"]["number"], number.as_str(), "the account is the expert's");
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_draft_is_saved_half_written_and_handed_in_whole(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let begin = json!({"channel": "public_call", "region": "430600"});
    let begun = app.post(&staff.applicant, OWN, "b", &begin).expect(201);
    let (one, id) = (format!("{OWN}/{}", id(&begun)), id(&begun));
    let half = json!({"facts": {"name": "李小红", "phone": "139"}});
    app.patch(&staff.applicant, &one, "", &half).problem(428, "if_match_required");
    let saved = app.patch(&staff.applicant, &one, "\"1\"", &half).expect(200);
    assert_eq!((saved.header("ETag"), saved.json()["facts"]["name"].as_str()), ("\"2\"", Some("李小红")));
    app.patch(&staff.applicant, &one, "\"1\"", &half).problem(412, "changed_meanwhile");
    let cleared = app.patch(&staff.applicant, &one, "\"2\"", &json!({"facts": {"phone": null}})).expect(200);
    assert_eq!(cleared.json()["facts"].get("phone"), None);
    for (body, field, rule) in [
        (json!({"facts": {"nickname": "x"}}), "facts.nickname", "unknown_field"),
        (json!({"facts": {"phone": 1}}), "facts.phone", "shape"),
        (json!({"facts": {"phone": true}}), "facts.phone", "type"),
        (json!({"facts": {"term_to": "2099-01-01"}}), "facts.term_to", "bureau_only"),
        (
            json!({"facts": {"claims": [{"speciality": "ndrc316:A0832", "decision": "approved"}]}}),
            "facts.claims",
            "bureau_only",
        ),
        (json!({"declaration": "some"}), "declaration", "declaration"),
        (json!({"channel": "letter"}), "channel", "channel"),
        (json!({"recommender": "1"}), "recommender", "credit_code"),
        (json!({"facts": {"regions": ["999999"]}}), "facts.regions[0]", "unknown_region"),
    ] {
        let answer = app.patch(&staff.applicant, &one, "\"3\"", &body);
        let found = &answer.json()["errors"][0];
        assert_eq!((found["field"].as_str(), found["rule"].as_str()), (Some(field), Some(rule)), "{body}");
    }
    let mut whole = application(1);
    whole["channel"] = json!("public_call");
    whole["call"] = json!("湘财采征集2026-1号");
    app.patch(&staff.applicant, &one, "\"3\"", &whole).expect(200);
    step(&app, &staff.applicant, &id, "own-submit", &Value::Null).expect(200);
    app.patch(&staff.applicant, &one, "\"5\"", &half).problem(409, "wrong_state");
}

fn everything_that_is_missing_is_named_at_once(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let begin = json!({"channel": "unit_recommendation", "region": "430600",
        "facts": {"specialities": ["ndrc316:A0832"]}});
    let id = id(&app.post(&staff.applicant, OWN, "b", &begin).expect(201));
    let before = app.size();
    let refused = step(&app, &staff.applicant, &id, "own-submit", &Value::Null).expect(422).json();
    let fields: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    for field in [
        "recommender",
        "declaration",
        "privacy_notice",
        "facts.documents.cv",
        "facts.documents.application",
        "facts.documents.commitment",
        "facts.documents.degree",
        "facts.documents.title",
        "facts.documents.id_card",
        "facts.specialities[0]",
        "facts.e_evaluation",
        "facts.name",
        "facts.id_number",
        "facts.phone",
        "facts.title_level",
        "facts.field_since",
        "facts.regions",
        "conditions.title",
        "conditions.age",
    ] {
        assert!(fields.contains(&field), "{field} in {fields:?}");
    }
    assert_eq!(app.size(), before, "nothing was written");
    // Proof of equal level stands in for a title certificate; "none" and a list contradict each other.
    let mut body = application(2);
    body["declaration"] = json!("none");
    body["facts"]["documents"][4]["kind"] = json!("equal_level_proof");
    let saved = app.patch(&staff.applicant, &format!("{OWN}/{id}"), "\"1\"", &body).expect(200);
    let refused = step(&app, &staff.applicant, &id, "own-submit", &Value::Null);
    refused.names(422, "declaration", "contradiction");
    assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 1);
    let none = json!({"facts": {"declared_units": []}});
    app.patch(&staff.applicant, &format!("{OWN}/{id}"), saved.header("ETag"), &none).expect(200);
    step(&app, &staff.applicant, &id, "own-submit", &Value::Null).expect(200);
}

fn failing_conditions_are_named_with_their_sources(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let mut body = application(1);
    body["facts"]["title_level"] = json!("intermediate");
    body["facts"]["field_since"] = json!("2020-01-01");
    body["facts"]["e_evaluation"] = json!("no");
    let id = id(&app.post(&staff.applicant, OWN, "b", &body).expect(201));
    let refused = step(&app, &staff.applicant, &id, "own-submit", &Value::Null).expect(422).json();
    let errors = refused["errors"].as_array().unwrap();
    let fields: Vec<&str> = errors.iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["conditions.title", "conditions.evaluation_skill"]);
    assert!(
        errors.iter().all(|e| e["message"].as_str().unwrap().contains("湘财购〔2023〕22号")),
        "{errors:?}"
    );
    // What the conditions say is shown in the application too.
    let shown = app.get(&staff.applicant, &format!("{OWN}/{id}")).expect(200).json();
    let title = shown["conditions"].as_array().unwrap().iter().find(|c| c["condition"] == "title").unwrap();
    assert_eq!(
        (&title["answer"], &title["excludes"], &title["status"]),
        (&json!("fail"), &json!(true), &json!("C"))
    );
}

fn a_return_gives_reasons_and_the_review_begins_anew(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let id = taken(&app, &staff, 1);
    let back = |reason: Option<&str>| json!({"decision": "return", "reason": reason});
    let silent = json!({"decision": "return"});
    step(&app, &staff.reviewer, &id, "first-review", &silent).names(422, "reason", "required");
    let returned = step(&app, &staff.reviewer, &id, "first-review", &back(Some("请补职称证书"))).expect(200);
    assert_eq!(returned.json()["state"], "draft");
    let shown = app.get(&staff.applicant, &format!("{OWN}/{id}")).expect(200).json();
    assert_eq!(shown["opinions"][0]["reason"], "请补职称证书");
    step(&app, &staff.applicant, &id, "own-submit", &Value::Null).expect(200);
    step(&app, &staff.reviewer, &id, "take", &Value::Null).expect(200);
    step(&app, &staff.reviewer, &id, "first-review", &pass()).expect(200);
    step(&app, &staff.approver, &id, "final-review", &back(Some("再核专业"))).expect(200);
    let shown = app.get(&staff.applicant, &format!("{OWN}/{id}")).expect(200).json();
    assert_eq!((shown["state"].as_str(), shown["opinions"].as_array().unwrap().len()), (Some("draft"), 3));
    step(&app, &staff.approver, &id, "final-review", &pass()).problem(409, "wrong_state");
}

fn a_rejection_ends_it_and_a_withdrawal_too(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let id = taken(&app, &staff, 1);
    let reject = json!({"decision": "reject", "reason": "信用核查未通过",
        "credit": {"pass": false, "reason": "有行贿记录"}});
    let rejected = step(&app, &staff.reviewer, &id, "first-review", &reject).expect(200).json();
    assert_eq!((rejected["state"].as_str(), rejected.get("due")), (Some("rejected"), None));
    step(&app, &staff.applicant, &id, "own-submit", &Value::Null).problem(409, "wrong_state");
    // A negative decision contradicts passing, and all three are needed to pass.
    let other = taken(&app, &staff, 2);
    let mut bad = pass();
    bad["credit"] = json!({"pass": false, "reason": "待查"});
    step(&app, &staff.reviewer, &other, "first-review", &bad).problem(422, "decisions_contradict");
    bad["credit"] = Value::Null;
    step(&app, &staff.reviewer, &other, "first-review", &bad).names(422, "credit", "required");
    let mut bad = pass();
    bad["specialities"] =
        json!([{"code": "ndrc316:A0832", "pass": true}, {"code": "ndrc316:B01", "pass": true}]);
    let answer = step(&app, &staff.reviewer, &other, "first-review", &bad).expect(422).json();
    assert_eq!(answer["errors"][0]["field"], "specialities.ndrc316:C0602");
    assert_eq!(answer["errors"][1]["rule"], "not_claimed");
    let withdrawn = step(&app, &staff.applicant, &other, "own-withdraw", &Value::Null).expect(200);
    assert_eq!(withdrawn.json()["state"], "withdrawn");
    step(&app, &staff.reviewer, &other, "first-review", &pass()).problem(409, "wrong_state");
}

fn three_accounts_decide_and_never_the_one_who_applied(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    // `app.bureau` holds all rights: it enters for somebody recommended, then may decide nothing.
    let mut body = application(1);
    body["channel"] = json!("unit_recommendation");
    body["recommender"] = json!(credit_code(11));
    let id = id(&app.post(&app.bureau, ALL, "b", &body).expect(201));
    step(&app, &staff.registrar, &id, "submit", &Value::Null).expect(200);
    step(&app, &app.bureau, &id, "take", &Value::Null).expect(200);
    step(&app, &app.bureau, &id, "first-review", &pass()).problem(409, "second_person_required");
    step(&app, &staff.approver, &id, "first-review", &pass()).problem(403, "not_permitted");
    let both =
        app.service.found_account(&AccountDraft::new("bureau", "兼", None, 30)).unwrap().token.unwrap();
    step(&app, &both, &id, "first-review", &pass()).expect(200);
    step(&app, &both, &id, "final-review", &pass()).problem(409, "second_person_required");
    step(&app, &app.bureau, &id, "final-review", &pass()).problem(409, "second_person_required");
    step(&app, &staff.reviewer, &id, "final-review", &pass()).problem(403, "not_permitted");
    step(&app, &staff.approver, &id, "final-review", &pass()).expect(200);
    // What the bureau entered is the bureau's to write, what the person entered the person's.
    let own = app.post(&staff.applicant, OWN, "o", &application(2)).expect(201);
    let path = format!("{ALL}/{}", own.json()["id"].as_str().unwrap());
    app.patch(&staff.registrar, &path, "\"1\"", &json!({})).problem(409, "applicants_own");
}

fn one_person_applies_once_and_is_registered_once(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    app.post(&staff.applicant, OWN, "b", &application(1)).expect(201);
    app.post(&staff.applicant, OWN, "c", &application(1)).problem(409, "application_open");
    // Another account with the same identity is found when it hands in.
    let id = id(&app.post(&staff.registrar, ALL, "d", &application(2)).expect(201));
    step(&app, &staff.registrar, &id, "submit", &Value::Null).expect(200);
    let twin = applicant(&app);
    let other =
        app.post(&twin, OWN, "e", &application(2)).expect(201).json()["id"].as_str().unwrap().to_owned();
    step(&app, &twin, &other, "own-submit", &Value::Null).problem(409, "application_open");
    step(&app, &staff.reviewer, &id, "take", &Value::Null).expect(200);
    step(&app, &staff.reviewer, &id, "first-review", &pass()).expect(200);
    step(&app, &staff.approver, &id, "final-review", &pass()).expect(200);
    let again = step(&app, &twin, &other, "own-submit", &Value::Null);
    again.problem(409, "already_registered");
    again.names(409, "id_number", "already_registered");
    assert!(!again.text().contains(&id_number(2)));
}

fn a_relaxation_is_granted_by_the_final_review_alone(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let mut body = application(1);
    body["facts"]["title_level"] = json!("intermediate");
    body["facts"]["field_since"] = json!("2022-01-01");
    body["facts"]["educations"] =
        json!([{"code": "11", "school": "某大学", "degree": "博士", "date": "2021-06-30"}]);
    let id = id(&app.post(&staff.applicant, OWN, "b", &body).expect(201));
    step(&app, &staff.applicant, &id, "own-submit", &Value::Null).names(422, "conditions.title", "title");
    let asked = json!({"relaxation": "紧缺专业，博士"});
    app.patch(&staff.applicant, &format!("{OWN}/{id}"), "\"1\"", &asked).expect(200);
    step(&app, &staff.applicant, &id, "own-submit", &Value::Null).expect(200);
    step(&app, &staff.reviewer, &id, "take", &Value::Null).expect(200);
    let mut granted = pass();
    granted["relaxation"] = json!({"reason": "本省紧缺", "specialities": ["ndrc316:A0832"]});
    step(&app, &staff.reviewer, &id, "first-review", &granted).names(422, "relaxation", "relaxation");
    step(&app, &staff.reviewer, &id, "first-review", &pass()).expect(200);
    step(&app, &staff.approver, &id, "final-review", &pass()).names(422, "conditions.title", "title");
    let done = step(&app, &staff.approver, &id, "final-review", &granted).expect(200).json();
    assert_eq!(done["state"], "active");
    let title = done["conditions"].as_array().unwrap().iter().find(|c| c["condition"] == "title").unwrap();
    assert_eq!((&title["answer"], &title["relaxed"]), (&json!("pass"), &json!(true)));
}

fn applications_stay_in_their_region_and_with_their_owner(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let id = id(&app.post(&staff.applicant, OWN, "b", &application(1)).expect(201));
    step(&app, &staff.applicant, &id, "own-submit", &Value::Null).expect(200);
    let stranger = applicant(&app);
    app.get(&stranger, &format!("{OWN}/{id}")).problem(404, "not_found");
    step(&app, &stranger, &id, "own-withdraw", &Value::Null).problem(404, "not_found");
    assert_eq!(app.get(&stranger, OWN).expect(200).json()["items"], json!([]));
    let (near, far) = (bureau(&app, "reviewer", Some("430600")), bureau(&app, "reviewer", Some("430100")));
    assert_eq!(app.get(&far, ALL).expect(200).json()["items"], json!([]));
    app.get(&far, &format!("{ALL}/{id}?purpose=审核")).problem(404, "not_found");
    step(&app, &far, &id, "take", &Value::Null).problem(404, "not_found");
    assert_eq!(app.get(&near, ALL).expect(200).json()["items"][0]["id"], id.as_str());
    step(&app, &near, &id, "take", &Value::Null).expect(200);
    let abroad = bureau(&app, "registrar", Some("430100"));
    app.post(&abroad, ALL, "x", &application(3)).names(422, "region", "out_of_region");
}

fn lists_name_nobody_and_every_look_is_recorded(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let id = taken(&app, &staff, 1);
    let before = app.size();
    for query in ["", "?state=first_review", "?region=430000", "?due_by=2027-01-01T00:00:00Z"] {
        let listed = app.get(&staff.reviewer, &format!("{ALL}{query}")).expect(200);
        assert_eq!(listed.json()["items"][0]["id"], id.as_str(), "{query}");
        for private in ["李小红", &id_number(1), "13900000000"] {
            assert!(!listed.text().contains(private));
        }
    }
    for query in ["?state=draft", "?region=440000", "?due_by=2026-11-25T00:00:00Z"] {
        assert_eq!(app.get(&staff.reviewer, &format!("{ALL}{query}")).json()["items"], json!([]), "{query}");
    }
    for (query, field) in
        [("state=x", "state"), ("region=1", "region"), ("due_by=x", "due_by"), ("limit=0", "limit")]
    {
        let answer = app.get(&staff.reviewer, &format!("{ALL}?{query}")).expect(400);
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    assert_eq!(app.size(), before);
    let one = format!("{ALL}/{id}");
    app.get(&staff.reviewer, &one).names(400, "purpose", "required");
    let seen = app.get(&staff.reviewer, &format!("{one}?purpose=初审")).expect(200).json();
    assert_eq!((seen["facts"]["name"].as_str(), app.size()), (Some("李小红"), before + 1));
}

fn a_test_comes_before_entry_where_the_profile_asks_for_one(kind: Kind) {
    let app = TestApp::under(kind, "registry-fujian-2025");
    let staff = Staff::of(&app);
    let shown = app.get(&staff.applicant, "/api/v1/registry-profile").expect(200).json();
    assert_eq!(shown["name"], "registry-fujian-2025");
    assert_eq!(shown["profile"]["conditions"]["age_entry"]["status"], "C2");
    let tested = |serial: u32, points: u32| {
        let id = taken(&app, &Staff { applicant: applicant(&app), ..Staff::of(&app) }, serial);
        step(&app, &staff.reviewer, &id, "first-review", &pass()).expect(200);
        let waiting = step(&app, &staff.approver, &id, "final-review", &pass()).expect(200).json();
        assert_eq!((waiting["state"].as_str(), waiting.get("expert")), (Some("in_test"), None));
        step(&app, &staff.approver, &id, "test", &json!({"points": 101})).names(422, "points", "range");
        step(&app, &staff.reviewer, &id, "test", &json!({"points": 60})).problem(403, "not_permitted");
        step(&app, &staff.approver, &id, "test", &json!({"points": points})).expect(200).json()
    };
    let (failed, passed) = (tested(1, 59), tested(2, 60));
    assert_eq!((failed["state"].as_str(), failed.get("expert")), (Some("rejected"), None));
    assert_eq!((passed["state"].as_str(), passed["points"].as_u64()), (Some("active"), Some(60)));
    assert!(passed["expert"].is_string());
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_profile_is_loaded_once_and_never_edited(kind: Kind) {
    let app = TestApp::new(kind);
    let open = |profile: RegistryProfile| {
        let keys = Keys::load(&app.fresh.folder.join("keys")).unwrap();
        let entropy = Arc::new(SystemEntropy);
        let draws = embedded("hunan-2023").unwrap();
        let database = app.fresh.database.clone();
        let config = ServiceConfig::new(database, keys, app.clock.clone(), entropy, draws, profile);
        Service::open(config).map(drop).map_err(|refusal| refusal.code)
    };
    let hunan = embedded_registry("registry-hunan-2023").unwrap();
    let before = app.size();
    open(hunan.clone()).unwrap();
    assert_eq!(app.size(), before, "again the same: nothing to say");
    let edited = String::from_utf8(hunan.bytes().to_vec()).unwrap().replace("\"value\": 69", "\"value\": 99");
    assert_eq!(open(RegistryProfile::parse(edited.as_bytes()).unwrap()), Err("profile_edited"));
    assert_eq!(app.size(), before);
    open(embedded_registry("registry-fujian-2025").unwrap()).unwrap();
    assert_eq!(app.size(), before + 2, "one retired, one loaded, in one write");
    open(hunan).unwrap();
    assert_eq!(app.size(), before + 4);
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_dismissed_expert_comes_back_under_the_old_number_when_the_profile_allows(kind: Kind) {
    let app = TestApp::new(kind);
    let (staff, other) = (Staff::of(&app), second(&app));
    let number = entered(&app, &staff, 1);
    let begin = |staff: &Staff, key: &str, serial: u32| {
        app.post(&staff.registrar, ALL, key, &application(serial)).expect(201).json()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let enter = |staff: &Staff, id: &str| {
        step(&app, &staff.reviewer, id, "take", &Value::Null).expect(200);
        step(&app, &staff.reviewer, id, "first-review", &pass()).expect(200);
        step(&app, &staff.approver, id, "final-review", &pass()).expect(200).json()["expert"].clone()
    };
    app.post(&staff.applicant, OWN, "again", &application(1)).problem(409, "already_registered");
    // Reason 2, the own request: back as soon as asked for, by the same account, under the old number.
    decided(&app, &other, &number, "dismiss", &json!({"reason": 2}));
    let own = id(&app.post(&staff.applicant, OWN, "back", &application(1)).expect(201));
    step(&app, &staff.applicant, &own, "own-submit", &Value::Null).expect(200);
    assert_eq!(enter(&staff, &own), number.as_str());
    let facts = app.get(&app.auditor, &format!("/api/v1/experts/{number}?purpose=核对")).expect(200).json();
    assert_eq!(facts["standing_today"], "active");
    // Reason 3, bad conduct: not before three years.
    decided(&app, &other, &number, "dismiss", &json!({"reason": 3}));
    let early = begin(&staff, "early", 1);
    step(&app, &staff.registrar, &early, "submit", &Value::Null).problem(409, "reentry_too_early");
    // Reason 4, criminal punishment: not at all; a ban: never.
    let stranger = Staff { applicant: applicant(&app), ..Staff::of(&app) };
    let punished = entered(&app, &stranger, 2);
    decided(&app, &other, &punished, "dismiss", &json!({"reason": 4}));
    let never = begin(&staff, "never", 2);
    step(&app, &staff.registrar, &never, "submit", &Value::Null).problem(409, "no_reentry");
    decided(&app, &other, &punished, "ban", &json!({}));
    step(&app, &staff.registrar, &never, "submit", &Value::Null).problem(409, "banned_is_final");
    app.clock.advance(3 * 366 * 86_400);
    let later = Staff::of(&app);
    step(&app, &later.registrar, &early, "submit", &Value::Null).expect(200);
    assert_eq!(enter(&later, &early), number.as_str());
    assert_eq!(app.fsck(), [""; 0]);
}
