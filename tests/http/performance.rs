//! Performance both ways: tasks after the draw was unsealed, answered back-to-back, urged, lapsed.

use std::collections::BTreeMap;

use expert_draw::service::actor::Action;
use expert_draw::service::performance::Task;
use serde_json::{Value, json};

use crate::app::{TestApp, credit_code};
use crate::conduct::{account, all, own};
use crate::draws::{drawn, one, pool, recorded, request};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    tasks_are_opened_once_for_the_seated_after_the_unsealing
    neither_side_reads_the_other_before_both_are_in
    a_poor_evaluation_becomes_a_record_and_the_expert_states_a_view
    what_nobody_answers_is_urged_and_then_lapses
    a_due_day_beyond_the_calendar_is_refused_and_never_guessed
}

/// The operations of performance.
pub fn operations() -> Vec<Operation> {
    use Action::*;
    vec![
        ("POST", "/packages/{id}/evaluations", Evaluate, json!({"by": "agency"})),
        ("GET", "/evaluations", Evaluate, Value::Null),
        ("GET", "/evaluations/{id}", Evaluate, Value::Null),
        ("POST", "/evaluations/{id}/answer", Evaluate, json!({"answers": {"punctual": 1}})),
        ("GET", "/me/evaluations", OwnRecord, Value::Null),
        ("POST", "/me/evaluations/{id}/statement", OwnRecord, json!({"text": "说明"})),
        ("GET", "/performance", ReadCases, Value::Null),
        ("GET", "/performance/{id}?purpose=xx", ReadCases, Value::Null),
    ]
}

fn unsealed(app: &TestApp, draw: &Value) -> String {
    let announced = json!({"announcement": "岳采公告2026-1"});
    app.post(&app.bureau, &format!("{}/unseal", one(draw)), "unseal", &announced).expect(200);
    draw["package"].as_str().unwrap().to_owned()
}

fn opened(app: &TestApp) -> String {
    let package = unsealed(app, &drawn(app));
    let path = format!("/api/v1/packages/{package}/evaluations");
    app.post(&app.agency, &path, "open", &json!({"by": "agency"})).expect(201);
    package
}

/// The tasks of both sides of one pair: number of the expert, task of the unit, task of the expert.
fn pair(app: &TestApp, package: &str) -> (String, String, String) {
    let listed = app.get(&app.auditor, &format!("/api/v1/performance?package={package}")).expect(200).json();
    let items = listed["items"].as_array().unwrap();
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    let number = text(&items[0], "expert");
    let of = |owner: &str| {
        let found = items.iter().find(|item| item["expert"] == number && item["owner"] == owner).unwrap();
        text(found, "id")
    };
    (number.clone(), of(&credit_code(1)), of(&number))
}

fn unit_answers(each: u32) -> Value {
    let names = ["punctual", "discipline", "competence", "independent", "careful"];
    json!({"answers": names.into_iter().map(|name| (name, each)).collect::<BTreeMap<_, _>>(), "comment": "认真"})
}

fn expert_answers() -> BTreeMap<String, u32> {
    let names = ["organised", "documents", "no_leading", "conditions", "fee"];
    names.into_iter().map(|name| (name.to_owned(), 18)).collect()
}

fn task(app: &TestApp, number: &str, id: &str) -> Task {
    app.service.task(&own(number), id).unwrap()
}

fn tasks_are_opened_once_for_the_seated_after_the_unsealing(kind: Kind) {
    let app = TestApp::new(kind);
    let draw = drawn(&app);
    let path = format!("/api/v1/packages/{}/evaluations", draw["package"].as_str().unwrap());
    let by = |who: &str| json!({"by": who});
    app.post(&app.agency, &path, "early", &by("agency")).problem(409, "wrong_state");
    unsealed(&app, &draw);
    app.post(&app.other_agency, &path, "other", &by("agency")).problem(404, "not_found");
    app.post(&app.agency, &path, "by", &by("bureau")).names(422, "by", "side");
    let size = app.size();
    for _ in 0..2 {
        let made = app.post(&app.agency, &path, "open", &by("agency")).expect(201).json();
        assert_eq!(
            (made["items"].as_array().unwrap().len(), app.size()),
            (6, size + 7),
            "a look and six tasks"
        );
        assert!(!made.to_string().contains("\"expert\""), "an agency learns no number");
    }
    app.post(&app.agency, &path, "again", &by("purchaser")).problem(409, "opened_already");

    let own_tasks = app.get(&app.agency, "/api/v1/evaluations?state=open").expect(200).json();
    let items = own_tasks["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    // Five working days after Friday the 27th of November.
    assert!(items.iter().all(|item| item["due"] == "2026-12-04T15:59:59Z"), "{own_tasks}");
    let first = app.get(&app.agency, &format!("/api/v1/evaluations/{}", items[0]["id"].as_str().unwrap()));
    let first = first.expect(200).json();
    assert!(first["body"]["name"].as_str().unwrap().starts_with("专家"), "the list is public by now");
    assert_eq!(first["questions"].as_array().unwrap().len(), 5);
    let purchaser = account(&app, "purchaser", Some(21));
    assert_eq!(app.get(&purchaser.1, "/api/v1/evaluations").expect(200).json()["items"], json!([]));
    assert_eq!(app.get(&app.other_agency, "/api/v1/evaluations").expect(200).json()["items"], json!([]));
    let listed = app.get(&app.auditor, "/api/v1/performance?due_before=2026-12-04").expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 6);
}

fn neither_side_reads_the_other_before_both_are_in(kind: Kind) {
    let app = TestApp::new(kind);
    let package = opened(&app);
    let (number, unit, expert) = pair(&app, &package);
    let answer = format!("/api/v1/evaluations/{unit}/answer");
    let mut wrong = unit_answers(18);
    wrong["answers"]["punctual"] = json!(21);
    app.post(&app.agency, &answer, "w1", &wrong).names(422, "answers.punctual", "range");
    wrong["answers"].as_object_mut().unwrap().remove("punctual");
    app.post(&app.agency, &answer, "w2", &wrong).names(422, "answers.punctual", "required");
    wrong["answers"]["charm"] = json!(1);
    app.post(&app.agency, &answer, "w3", &wrong).names(422, "answers.charm", "unknown_question");
    app.post(&app.other_agency, &answer, "w4", &unit_answers(18)).problem(404, "not_found");
    let of_expert = format!("/api/v1/evaluations/{expert}");
    app.get(&app.agency, &of_expert).problem(404, "not_found");
    for _ in 0..2 {
        let answered = app.post(&app.agency, &answer, "a1", &unit_answers(18)).expect(200).json();
        assert_eq!(answered["state"], "answered");
    }
    app.post(&app.agency, &answer, "a2", &unit_answers(1)).problem(409, "wrong_state");

    assert_eq!(task(&app, &number, &expert).other, None);
    assert!(app.service.own_evaluations(&own(&number), &all()).unwrap().items.is_empty());
    let own_side = format!("/api/v1/evaluations/{unit}");
    assert!(app.get(&app.agency, &own_side).expect(200).json().get("other").is_none());
    app.service.answer_task(&own(&number), &expert, &expert_answers(), Some("组织有序"), None).unwrap();
    let other = app.get(&app.agency, &own_side).expect(200).json()["other"].clone();
    assert_eq!((&other["score"], &other["comment"]), (&json!(90), &json!("组织有序")));
    assert!(task(&app, &number, &expert).other.is_some());
    assert_eq!(app.service.own_evaluations(&own(&number), &all()).unwrap().items.len(), 1);
    let size = app.size();
    let seen = app.get(&app.auditor, &format!("/api/v1/performance/{unit}?purpose=检查")).expect(200).json();
    assert_eq!((&seen["body"]["score"], app.size()), (&json!(90), size + 1));
    let tier =
        app.get(&app.auditor, &format!("/api/v1/experts/{number}/tier?purpose=核对")).expect(200).json();
    assert_eq!((&tier["reviews"], &tier["score_sum"]), (&json!(1), &json!(90)));
}

fn a_poor_evaluation_becomes_a_record_and_the_expert_states_a_view(kind: Kind) {
    let app = TestApp::new(kind);
    let package = opened(&app);
    let (number, unit, expert) = pair(&app, &package);
    app.post(&app.agency, &format!("/api/v1/evaluations/{unit}/answer"), "a", &unit_answers(5)).expect(200);
    let remarks = || app.service.own_remarks(&own(&number), &all()).unwrap().items;
    assert!(remarks().is_empty(), "it would tell the expert what the unit said");
    let view = "评审中曾提出不同意见";
    let early = app.service.state_on_evaluation(&own(&number), &unit, view, None).unwrap_err();
    assert_eq!(early.code, "not_found");
    app.service.answer_task(&own(&number), &expert, &expert_answers(), None, None).unwrap();
    assert_eq!(remarks().len(), 1);
    app.service.state_on_evaluation(&own(&number), &unit, view, None).unwrap();
    let stranger = app.service.state_on_evaluation(&own("E1111111111111111"), &unit, view, None);
    assert_eq!(stranger.unwrap_err().code, "not_found");
    let seen = app.get(&app.auditor, &format!("/api/v1/performance/{unit}?purpose=检查")).expect(200).json();
    assert_eq!(seen["body"]["statements"][0]["text"], view);
    let tier =
        app.get(&app.auditor, &format!("/api/v1/experts/{number}/tier?purpose=核对")).expect(200).json();
    assert_eq!((&tier["points"], &tier["row"]["name"]), (&json!(5), &json!("d")));
}

fn what_nobody_answers_is_urged_and_then_lapses(kind: Kind) {
    let app = TestApp::new(kind);
    let package = opened(&app);
    let (number, unit, expert) = pair(&app, &package);
    let due = || app.service.due_performance(app.service.now()).unwrap();
    app.service.answer_task(&own(&number), &expert, &expert_answers(), None, None).unwrap();
    assert_eq!(due(), 0);
    // After the 4th of December in China.
    app.clock.advance(10 * 86_400 + 15 * 3_600);
    assert_eq!((due(), due()), (5, 0), "five of six were not answered; each is urged once");
    let late = app
        .post(&app.agency, &format!("/api/v1/evaluations/{unit}/answer"), "a", &unit_answers(20))
        .expect(200);
    assert_eq!(late.json()["state"], "answered");
    let seen = app.get(&app.auditor, &format!("/api/v1/performance/{unit}?purpose=检查")).expect(200).json();
    assert_eq!(seen["body"]["late"], "yes");
    let urged = app.get(&app.auditor, "/api/v1/performance?state=urged").expect(200).json();
    assert_eq!(urged["items"][0]["due"], "2026-12-11T15:59:59Z");
    app.clock.advance(7 * 86_400);
    assert_eq!((due(), due()), (4, 0));
    let lapsed = app.get(&app.agency, "/api/v1/evaluations?state=lapsed").expect(200).json();
    let id = lapsed["items"][0]["id"].as_str().unwrap();
    app.post(&app.agency, &format!("/api/v1/evaluations/{id}/answer"), "late", &unit_answers(20))
        .problem(409, "wrong_state");
    let shown = app.get(&app.agency, &format!("/api/v1/evaluations/{id}")).expect(200).json();
    assert!(shown.get("other").is_some(), "time is over");
}

fn a_due_day_beyond_the_calendar_is_refused_and_never_guessed(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 8);
    let package = recorded(&app, 1);
    let mut late = request(&package, 2);
    late["review_start"] = json!("2026-12-29T01:00:00Z");
    let draw = app.post(&app.agency, "/api/v1/draws", "draw", &late).expect(201).json();
    unsealed(&app, &draw);
    let size = app.size();
    let path = format!("/api/v1/packages/{package}/evaluations");
    let refused =
        app.post(&app.agency, &path, "open", &json!({"by": "agency"})).problem(409, "calendar_not_covered");
    assert!(refused["detail"].as_str().unwrap().contains("2027-01-01"), "{refused}");
    assert_eq!(app.size(), size);
}
