//! Renewals: everybody examined anew, what fails named, nobody renewed by one person alone.

use expert_draw::codes::NationalId;
use expert_draw::service::actor::Action;
use serde_json::{Value, json};

use crate::app::{TestApp, expert};
use crate::decisions::{second, sound};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    a_batch_renews_who_passes_and_names_every_condition_that_fails
    whoever_fails_is_relaxed_by_two_people_or_proposed_for_dismissal
    a_batch_is_confirmed_by_another_person_or_put_down
    persons_named_are_refused_one_by_one_with_the_rule
}

const PATH: &str = "/api/v1/renewals";

pub fn operations() -> Vec<Operation> {
    use Action::*;
    let none = Value::Null;
    let batch = json!({"basis": "2026年度续聘", "experts": ["E0000000000000000"]});
    vec![
        ("POST", "/renewals", ProposeDecision, batch),
        ("GET", "/renewals/{id}", ReadCases, none.clone()),
        ("GET", "/renewals/{id}/persons?purpose=xx", ReadCases, none.clone()),
        ("GET", "/renewals/{id}/table?purpose=xx", ReadCases, none.clone()),
        ("POST", "/renewals/{id}/confirm", ConfirmDecision, none.clone()),
        ("POST", "/renewals/{id}/reject", ConfirmDecision, json!({"reason": "材料不全"})),
        ("POST", "/renewals/{id}/withdraw", ProposeDecision, none.clone()),
        ("POST", "/renewals/persons/{id}/relax", ProposeDecision, json!({"reason": "紧缺专业"})),
        ("POST", "/renewals/persons/{id}/confirm", ConfirmDecision, none.clone()),
        ("POST", "/renewals/persons/{id}/refuse", ConfirmDecision, none),
        ("POST", "/renewals/persons/{id}/dismissal", ProposeDecision, json!({"basis": "岳财采〔2026〕3号"})),
    ]
}

/// An expert whose term ends in 68 days, born on a day, with a change.
fn ending(app: &TestApp, serial: u32, birth: &str, change: impl FnOnce(&mut Value)) -> String {
    let body = format!("990000{birth}{serial:03}");
    let mut written = expert(serial);
    written["id_number"] = json!(format!("{body}{}", NationalId::check_character(&body).unwrap()));
    written["term_to"] = json!("2027-01-31");
    change(&mut written);
    let made = app.post(&app.bureau, "/api/v1/experts", &format!("e{serial}"), &written).expect(201);
    made.json()["number"].as_str().unwrap().to_owned()
}

fn persons(app: &TestApp, batch: &str) -> Vec<Value> {
    let found = app.get(&app.auditor, &format!("{PATH}/{batch}/persons?purpose=核对")).expect(200);
    assert!(!found.text().contains("王小明") && !found.text().contains("19560601"));
    found.json()["items"].as_array().unwrap().clone()
}

fn state_of(app: &TestApp, batch: &str, number: &str) -> Value {
    persons(app, batch).into_iter().find(|person| person["expert"] == number).unwrap()
}

fn term_to(app: &TestApp, number: &str) -> Value {
    app.get(&app.auditor, &format!("/api/v1/experts/{number}?purpose=核对")).expect(200).json()["term_to"]
        .clone()
}

fn window() -> Value {
    json!({"basis": "2026年度续聘", "region": "430600", "term_to_from": "2027-01-01", "term_to_until": "2027-12-31"})
}

fn a_batch_renews_who_passes_and_names_every_condition_that_fails(kind: Kind) {
    let app = TestApp::new(kind);
    let second = second(&app);
    let sound_one = ending(&app, 1, "19700101", |_| {});
    let old_novice = ending(&app, 2, "19560601", |e| {
        e["title_level"] = json!("intermediate");
        e["field_since"] = json!("2022-01-01");
    });
    let later = ending(&app, 3, "19700101", |e| e["term_to"] = json!("2027-06-30"));
    let elsewhere = ending(&app, 4, "19700101", |e| e["regions"] = json!(["430100", "430600"]));
    let before = app.size();
    let made = app.post(&app.bureau, PATH, "b", &window()).expect(201).json();
    let counts =
        |answer: &Value| ["passed", "failed", "left_off", "renewed"].map(|key| answer[key].as_u64().unwrap());
    // One passes, one fails, one is too early; the batch and two persons are three entries.
    assert_eq!((counts(&made), app.size()), ([1, 1, 1, 0], before + 3));
    let batch = made["id"].as_str().unwrap();
    let failed = state_of(&app, batch, &old_novice);
    let names: Vec<&str> =
        failed["failing"].as_array().unwrap().iter().map(|one| one["condition"].as_str().unwrap()).collect();
    assert_eq!((failed["state"].as_str(), names), (Some("failed"), vec!["title", "age"]));
    assert!(failed["failing"][1]["source"].as_str().unwrap().contains("湘财购"));
    assert!(persons(&app, batch).iter().all(|person| person["expert"] != later.as_str()));
    assert!(persons(&app, batch).iter().all(|person| person["expert"] != elsewhere.as_str()));
    let again = app.post(&app.bureau, PATH, "b2", &json!({"basis": "再次", "experts": [sound_one]}));
    again.names(422, "experts[0]", "already_proposed");

    let before = app.size();
    for _ in 0..2 {
        let done = app.post(&second, &format!("{PATH}/{batch}/confirm"), "c", &json!({})).expect(200).json();
        assert_eq!((done["state"].as_str(), counts(&done)), (Some("confirmed"), [1, 1, 1, 1]));
        assert_eq!(app.size(), before + 3);
    }
    assert_eq!(term_to(&app, &sound_one), "2030-01-31");
    assert_eq!(term_to(&app, &old_novice), "2027-01-31");
    assert_eq!(state_of(&app, batch, &sound_one)["state"], "renewed");

    let csv = app.get(&app.auditor, &format!("{PATH}/{batch}/table?purpose=核对&format=csv")).expect(200);
    assert!(
        csv.text().contains("已续聘")
            && csv.text().contains("不符合条件")
            && csv.text().contains(&old_novice)
    );
    app.get(&app.auditor, &format!("{PATH}/{batch}/table?purpose=核对&format=pdf"))
        .names(400, "format", "format");
    sound(&app);
}

fn whoever_fails_is_relaxed_by_two_people_or_proposed_for_dismissal(kind: Kind) {
    let app = TestApp::new(kind);
    let second = second(&app);
    let old = ending(&app, 1, "19560601", |_| {});
    let older = ending(&app, 2, "19540601", |_| {});
    let made = app.post(&app.bureau, PATH, "b", &window()).expect(201).json();
    let batch = made["id"].as_str().unwrap();
    app.post(&second, &format!("{PATH}/{batch}/confirm"), "c", &json!({})).expect(200);
    let id = |number: &str| state_of(&app, batch, number)["id"].as_str().unwrap().to_owned();
    let of = |number: &str, what: &str| format!("{PATH}/persons/{}/{what}", id(number));

    // 70 years: within the relaxation of Hunan for scarce specialities.
    app.post(&second, &of(&old, "confirm"), "x", &json!({})).problem(409, "wrong_state");
    app.post(&app.bureau, &of(&old, "relax"), "r", &json!({"reason": ""})).names(422, "reason", "required");
    app.post(&app.bureau, &of(&old, "relax"), "r", &json!({"reason": "紧缺专业"})).expect(200);
    app.post(&app.bureau, &of(&old, "confirm"), "own", &json!({})).problem(409, "second_person_required");
    let done = app.post(&second, &of(&old, "confirm"), "c2", &json!({})).expect(200).json();
    assert_eq!(
        (done["state"].as_str(), done["failing"][0]["answer"].as_str()),
        (Some("renewed"), Some("relaxed"))
    );
    assert_eq!(term_to(&app, &old), "2030-01-31");

    // 72 years: beyond it.
    app.post(&app.bureau, &of(&older, "relax"), "r2", &json!({"reason": "紧缺专业"})).expect(200);
    app.post(&second, &of(&older, "confirm"), "c3", &json!({})).problem(409, "still_failing");
    app.post(&second, &of(&older, "refuse"), "f", &json!({})).expect(200);
    // The look at the list, the renewal, the proposal.
    let before = app.size();
    let basis = json!({"basis": "岳财采〔2026〕3号"});
    let done = app.post(&app.bureau, &of(&older, "dismissal"), "d", &basis).expect(200).json();
    assert_eq!((done["state"].as_str(), app.size()), (Some("dismissal_proposed"), before + 3));
    let decision = done["decision"].as_str().unwrap();
    let confirmed = app
        .post(&second, &format!("/api/v1/decisions/{decision}/confirm"), "dc", &json!({}))
        .expect(200)
        .json();
    assert_eq!((confirmed["act"].as_str(), confirmed["reason"].as_u64()), (Some("dismiss"), Some(1)));
    sound(&app);
}

fn a_batch_is_confirmed_by_another_person_or_put_down(kind: Kind) {
    let app = TestApp::new(kind);
    let second = second(&app);
    let number = ending(&app, 1, "19700101", |_| {});
    let propose = |key: &str| {
        app.post(&app.bureau, PATH, key, &window()).expect(201).json()["id"].as_str().unwrap().to_owned()
    };
    let batch = propose("b");
    app.post(&app.bureau, &format!("{PATH}/{batch}/confirm"), "c", &json!({}))
        .problem(409, "second_person_required");
    app.post(&second, &format!("{PATH}/{batch}/withdraw"), "w", &json!({})).problem(409, "not_the_proposer");
    let reason = json!({"reason": "材料不全"});
    app.post(&second, &format!("{PATH}/{batch}/reject"), "r", &reason).expect(200);
    assert_eq!(state_of(&app, &batch, &number)["state"], "dropped");
    let batch = propose("b2");
    app.post(&app.bureau, &format!("{PATH}/{batch}/withdraw"), "w2", &json!({})).expect(200);

    // Somebody dismissed meanwhile is not renewed.
    let batch = propose("b3");
    crate::decisions::decided(&app, &second, &number, "dismiss", &json!({"reason": 2}));
    assert_eq!(state_of(&app, &batch, &number)["state"], "ended");
    let done = app.post(&second, &format!("{PATH}/{batch}/confirm"), "c3", &json!({})).expect(200).json();
    assert_eq!(done["renewed"], 0);
    assert_eq!(term_to(&app, &number), "2027-01-31");
    app.post(&app.bureau, PATH, "b4", &window()).problem(409, "nobody_to_renew");
    sound(&app);
}

fn persons_named_are_refused_one_by_one_with_the_rule(kind: Kind) {
    let app = TestApp::new(kind);
    let (early, number) = (app.expert(9), ending(&app, 1, "19700101", |_| {}));
    let before = app.size();
    let named = |numbers: Value| json!({"basis": "个别续聘", "experts": numbers});
    let answer =
        app.post(&app.bureau, PATH, "n", &named(json!([early, number, number, "x", "E0000000000000000"])));
    let errors = answer.json()["errors"].clone();
    let rules: Vec<(&str, &str)> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["field"].as_str().unwrap(), e["rule"].as_str().unwrap()))
        .collect();
    let expected = [
        ("experts[0]", "too_early"),
        ("experts[2]", "duplicate"),
        ("experts[3]", "expert_number"),
        ("experts[4]", "not_found"),
    ];
    assert_eq!((answer.status, rules), (422, expected.to_vec()));
    app.post(&app.bureau, PATH, "n", &named(json!([]))).names(422, "experts", "count");
    for (body, field, rule) in [
        (json!({"basis": "x"}), "term_to_from", "required"),
        (
            json!({"basis": "x", "term_to_from": "2027-13-01", "term_to_until": "2027-12-31"}),
            "term_to_from",
            "date",
        ),
        (json!({"basis": "x", "experts": [number], "region": "430600"}), "experts", "one_of"),
    ] {
        app.post(&app.bureau, PATH, "n", &body).names(400, field, rule);
    }
    let backwards = json!({"basis": "x", "term_to_from": "2027-12-31", "term_to_until": "2027-01-01"});
    app.post(&app.bureau, PATH, "n", &backwards).names(422, "term_to_until", "order");
    assert_eq!(app.size(), before);
}
