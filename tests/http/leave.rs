//! Leave, confirmation, lost contact: by the expert or at the expert's word, never for the past.

use expert_draw::registry::Standing;
use expert_draw::service::actor::{Action, Actor, Role};
use expert_draw::service::leave::Whose;
use expert_draw::service::listing::Paging;
use expert_draw::time::{Date, Timestamp};
use serde_json::{Value, json};

use crate::app::{NOW, TestApp};
use crate::decisions::{decided, second, sound};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    leave_is_entered_by_the_hour_and_never_changed_for_the_past
    a_registrar_enters_leave_at_the_experts_word_only
    a_confirmation_brings_a_record_that_was_not_reached_back
    a_dismissal_ends_leave_and_reports
}

pub fn operations() -> Vec<Operation> {
    use Action::*;
    let none = Value::Null;
    let span = json!({"from": "2026-12-01T00:00:00Z", "to": "2026-12-02T00:00:00Z"});
    let noted = json!({"from": "2026-12-01T00:00:00Z", "to": "2026-12-02T00:00:00Z", "note": "来电"});
    let note = json!({"note": "来电确认"});
    vec![
        ("GET", "/me/leaves", OwnRecord, none.clone()),
        ("POST", "/me/leaves", OwnRecord, span),
        ("POST", "/me/leaves/{id}/cancel", OwnRecord, none.clone()),
        ("POST", "/me/confirmation", OwnRecord, none.clone()),
        ("POST", "/experts/{number}/leaves", KeepRegistry, noted),
        ("POST", "/experts/{number}/leaves/{id}/cancel", KeepRegistry, none),
        ("POST", "/experts/{number}/confirm", KeepRegistry, note.clone()),
        ("POST", "/experts/{number}/unreachable", KeepRegistry, note),
        ("POST", "/due", KeepRegistry, Value::Null),
    ]
}

const HOUR: i64 = 3_600;

/// The account of an expert.
pub fn of_expert(number: &str) -> Actor {
    Actor { expert: Some(number.to_owned()), ..Actor::of_role("A00000000000000e", Role::Expert) }
}

fn at(hours: i64) -> Timestamp {
    Timestamp(NOW.0 + hours * HOUR)
}

fn leave_is_entered_by_the_hour_and_never_changed_for_the_past(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let expert = of_expert(&number);
    let set = |from: i64, to: i64| {
        app.service
            .set_leave(&expert, &Whose::Own, (at(from), at(to)), None, None)
            .map_err(|refusal| refusal.problems.first().map_or(refusal.code, |problem| problem.rule))
    };
    let leaves = || {
        let auditor = app.service.authenticate(&app.auditor).unwrap();
        let record = app.service.expert(&auditor, &number, "核对").unwrap().expert;
        record.leaves().iter().map(|leave| (leave.from, leave.to)).collect::<Vec<_>>()
    };
    let before = app.size();
    assert_eq!(set(-1, 5).unwrap_err(), "past");
    assert_eq!(set(5, 5).unwrap_err(), "order");
    assert_eq!(set(0, 181 * 24).unwrap_err(), "range");
    assert_eq!(app.size(), before);
    let first = set(2, 26).unwrap();
    // Expert and case, in one write.
    assert_eq!((leaves(), app.size()), (vec![(at(2), at(26))], before + 3));
    assert_eq!(set(25, 30).unwrap_err(), "overlapping_leave");
    let second = set(26, 30).unwrap();
    assert_eq!(leaves(), [(at(2), at(26)), (at(26), at(30))]);

    // The second is cancelled before it begins; the first runs, and ends with the present hour.
    let cancelled = app.service.cancel_leave(&expert, &Whose::Own, &second.id, None).unwrap();
    assert_eq!((cancelled.state.as_str(), leaves()), ("cancelled", vec![(at(2), at(26))]));
    app.clock.advance(4 * HOUR + 600);
    let cut = app.service.cancel_leave(&expert, &Whose::Own, &first.id, None).unwrap();
    assert_eq!((cut.state.as_str(), cut.to, leaves()), ("ended", at(5), vec![(at(2), at(5))]));
    let again = app.service.cancel_leave(&expert, &Whose::Own, &first.id, None).unwrap_err();
    assert_eq!(again.code, "wrong_state");
    app.clock.advance(2 * HOUR);
    assert_eq!(
        app.service.cancel_leave(&expert, &Whose::Own, &first.id, None).unwrap_err().code,
        "leave_over"
    );

    // What is over leaves the record with the next one and stays in its case.
    set(10, 11).unwrap();
    assert_eq!(leaves(), [(at(10), at(11))]);
    let listed = app.service.my_leaves(&expert, &Paging { limit: 50, after: None }).unwrap().items;
    assert_eq!(listed.len(), 3);
    let stranger = of_expert(&app.expert(2));
    let other = app.service.cancel_leave(&stranger, &Whose::Own, &listed[0].id, None).unwrap_err();
    assert_eq!(other.code, "not_found");
    sound(&app);
}

fn a_registrar_enters_leave_at_the_experts_word_only(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let path = format!("/api/v1/experts/{number}/leaves");
    let span = |from: &str, to: &str, note: &str| json!({"from": from, "to": to, "note": note});
    let (from, to) = ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z");
    let before = app.size();
    app.post(&app.bureau, &path, "l", &json!({"from": from, "to": to})).names(400, "note", "required");
    app.post(&app.bureau, &path, "l", &span(from, to, "")).names(422, "note", "required");
    app.post(&app.bureau, &path, "l", &span("2026-12-01T00:30:00Z", to, "来电")).names(
        422,
        "from",
        "whole_hour",
    );
    app.post(&app.bureau, &path, "l", &span("tomorrow", to, "来电")).names(400, "from", "type");
    app.post(&app.auditor, &path, "l", &span(from, to, "来电")).problem(403, "not_permitted");
    assert_eq!(app.size(), before);
    for _ in 0..2 {
        let made = app.post(&app.bureau, &path, "l1", &span(from, to, "本人来电请假")).expect(201);
        assert_eq!((made.json()["state"].as_str(), app.size()), (Some("set"), before + 2));
        assert!(!made.text().contains("来电"));
    }
    let id = app.post(&app.bureau, &path, "l1", &span(from, to, "本人来电请假")).json()["id"].clone();
    let cancel = format!("{path}/{}/cancel", id.as_str().unwrap());
    assert_eq!(app.post(&app.bureau, &cancel, "c", &json!({})).expect(200).json()["state"], "cancelled");
    app.post(&app.bureau, &cancel, "c2", &json!({})).problem(409, "wrong_state");
    sound(&app);
}

fn a_confirmation_brings_a_record_that_was_not_reached_back(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let report = format!("/api/v1/experts/{number}/unreachable");
    let note = json!({"note": "手机停机，24日9时"});
    let first = app.post(&app.bureau, &report, "u1", &note).expect(201).json();
    assert_eq!((first["state"].as_str(), first["standing"].as_str()), (Some("reported"), Some("active")));
    app.post(&app.bureau, &report, "u2", &note).problem(409, "reported_today");
    app.clock.advance(24 * HOUR);
    let second = app.post(&app.bureau, &report, "u3", &note).expect(201).json();
    assert_eq!((second["id"].clone(), second["standing"].as_str()), (first["id"].clone(), Some("stale")));

    let confirm = format!("/api/v1/experts/{number}/confirm");
    app.post(&app.bureau, &confirm, "k", &json!({})).names(400, "note", "required");
    let done = app.post(&app.bureau, &confirm, "k1", &json!({"note": "新号码已核实"})).expect(201).json();
    assert_eq!((done["kind"].as_str(), done["standing"].as_str()), (Some("confirmation"), Some("active")));
    let reached = app.get(&app.auditor, "/api/v1/cases?kind=unreachable&state=reached").expect(200).json();
    assert_eq!(reached["items"][0]["id"], first["id"]);

    // The expert's own confirmation, a day later.
    app.clock.advance(24 * HOUR);
    app.service.confirm_record(&of_expert(&number), &Whose::Own, None, None).unwrap();
    let auditor = app.service.authenticate(&app.auditor).unwrap();
    let record = app.service.expert(&auditor, &number, "核对").unwrap().expert;
    assert_eq!(record.confirmed(), Date::parse("2026-11-26").ok());
    assert_eq!(record.standing(), Standing::Active);
    sound(&app);
}

fn a_dismissal_ends_leave_and_reports(kind: Kind) {
    let app = TestApp::new(kind);
    let (number, second) = (app.expert(1), second(&app));
    let expert = of_expert(&number);
    app.service.set_leave(&expert, &Whose::Own, (at(24), at(48)), None, None).unwrap();
    app.post(&app.bureau, &format!("/api/v1/experts/{number}/unreachable"), "u", &json!({"note": "停机"}))
        .expect(201);
    decided(&app, &second, &number, "dismiss", &json!({"reason": 2}));
    for kind in ["leave", "unreachable"] {
        let found = app.get(&app.auditor, &format!("/api/v1/cases?kind={kind}")).expect(200).json();
        assert_eq!(found["items"][0]["state"], "ended", "{kind}");
    }
    let refused = app.service.set_leave(&expert, &Whose::Own, (at(72), at(96)), None, None).unwrap_err();
    assert_eq!(refused.code, "not_in_registry");
    sound(&app);
}
