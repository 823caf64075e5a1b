//! Venues: kept by the bureau, booked for the time of a review, no workstation twice.

use expert_draw::service::actor::Action;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::draws::recorded;
use crate::plans::{created, one, plan, step};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    a_venue_is_kept_by_the_bureau_and_seen_by_who_books
    no_workstation_is_booked_twice
}

pub const PATH: &str = "/api/v1/venues";

pub fn operations() -> Vec<Operation> {
    use Action::*;
    let (none, empty) = (Value::Null, json!({}));
    let booking = json!({"plan": "L0000000000000000", "site": 1, "workstations": 1});
    vec![
        ("POST", "/venues", KeepVenues, venue("430600", 4)),
        ("GET", "/venues", ReadVenues, none.clone()),
        ("GET", "/venues/{id}", ReadVenues, none),
        ("PUT", "/venues/{id}", KeepVenues, venue("430600", 4)),
        ("POST", "/venues/{id}/close", KeepVenues, json!({"reason": "装修"})),
        ("POST", "/venues/{id}/reopen", KeepVenues, empty.clone()),
        ("POST", "/venues/{id}/bookings", RequestDraw, booking),
        ("POST", "/bookings/{id}/release", RequestDraw, empty),
    ]
}

/// A centre that is open on weekdays from eight to eighteen, in two rooms.
pub fn venue(region: &str, workstations: u32) -> Value {
    json!({
        "region": region,
        "centre": format!("{region}公共资源交易中心"),
        "address": "某路1号",
        "rooms": [{"name": "301", "workstations": workstations - 1}, {"name": "302", "workstations": 1}],
        "weekdays": [1, 2, 3, 4, 5],
        "opens": 480,
        "closes": 1080,
        "contact": "值班员",
        "phone": "0730-8000000"
    })
}

pub fn added(app: &TestApp, body: &Value) -> String {
    let made = app.post(&app.bureau, PATH, &format!("venue-{}", app.size()), body).expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

fn a_venue_is_kept_by_the_bureau_and_seen_by_who_books(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    let id = added(&app, &venue("430600", 4));
    let path = format!("{PATH}/{id}");
    for token in [&app.bureau, &app.agency, &app.auditor] {
        assert_eq!(app.get(token, &path).expect(200).json()["centre"], "430600公共资源交易中心");
        assert_eq!(
            app.get(token, &format!("{PATH}?region=430600")).json()["items"].as_array().unwrap().len(),
            1
        );
        assert_eq!(
            app.get(token, &format!("{PATH}?region=430100")).json()["items"].as_array().unwrap().len(),
            0
        );
    }
    app.get(&app.agency, &format!("{PATH}?region=999999")).names(422, "region", "unknown_region");
    let mut wrong = venue("430600", 4);
    wrong["closes"] = json!(480);
    app.post(&app.bureau, PATH, "wrong", &wrong).names(422, "closes", "order");
    app.put(&app.bureau, &path, "\"9\"", &venue("430600", 6)).problem(412, "changed_meanwhile");
    let changed = app.put(&app.bureau, &path, "\"1\"", &venue("430600", 6)).expect(200);
    assert_eq!((changed.header("ETag"), &changed.json()["rooms"][0]["workstations"]), ("\"2\"", &json!(5)));
    let reason = json!({"reason": "装修"});
    assert_eq!(
        app.post(&app.bureau, &format!("{path}/close"), "c", &reason).expect(200).json()["state"],
        "closed"
    );
    app.post(&app.bureau, &format!("{path}/close"), "d", &reason).problem(409, "wrong_state");
    let open = app.post(&app.bureau, &format!("{path}/reopen"), "r", &json!({})).expect(200).json();
    assert_eq!(open["state"], "active");
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn no_workstation_is_booked_twice(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    let id = added(&app, &venue("430600", 5));
    let ready = |number: u32| {
        let draft = created(&app, &plan(&recorded(&app, number)));
        step(&app, &app.agency, &draft, "submit", &json!({})).expect(200).json()
    };
    let (first, second) = (ready(1), ready(2));
    let path = format!("{PATH}/{id}/bookings");
    let booking = |plan: &Value, n: u32| json!({"plan": plan["id"], "site": 1, "workstations": n});
    app.post(&app.other_agency, &path, "theirs", &booking(&first, 3)).problem(404, "not_found");
    let held = app.post(&app.agency, &path, "one", &booking(&first, 3)).expect(201).json();
    assert_eq!(held["workstations"], json!(["301/1", "301/2", "301/3"]));
    assert_eq!(
        (&held["from"], &held["to"]),
        (&json!("2026-11-27T01:00:00Z"), &json!("2026-11-27T05:00:00Z"))
    );
    assert_eq!(app.post(&app.agency, &path, "one", &booking(&first, 3)).expect(201).json(), held);
    app.post(&app.agency, &path, "two", &booking(&second, 3)).problem(409, "workstations_taken");
    let rest = app.post(&app.agency, &path, "three", &booking(&second, 2)).expect(201).json();
    assert_eq!(rest["workstations"], json!(["301/4", "302/1"]));
    // Booked workstations cannot be taken out of the catalogue.
    let etag = format!("\"{}\"", app.get(&app.bureau, &format!("{PATH}/{id}")).json()["version"]);
    app.put(&app.bureau, &format!("{PATH}/{id}"), &etag, &venue("430600", 3)).names(422, "rooms", "booked");
    let listed = app.get(&app.agency, &format!("{}/bookings", one(&first))).expect(200).json();
    assert_eq!(listed["items"], json!([held]));
    let release = format!("/api/v1/bookings/{}/release", held["id"].as_str().unwrap());
    app.post(&app.other_agency, &release, "x", &json!({})).problem(404, "not_found");
    assert_eq!(app.post(&app.agency, &release, "r", &json!({})).expect(200).json()["state"], "released");
    app.post(&app.agency, &path, "four", &booking(&second, 3)).expect(201);
    // After the review the day's run finishes what was held.
    app.clock.advance(5 * 86_400);
    assert_eq!(app.service.run_due().unwrap().count("bookings_finished"), 2);
    // A venue that is closed on Sundays is not booked for one.
    let mut sunday = plan(&recorded(&app, 3));
    sunday["review_start"] = json!("2026-12-06T01:00:00Z");
    let draft = created(&app, &sunday);
    let draft = step(&app, &app.agency, &draft, "submit", &json!({})).expect(200).json();
    app.post(&app.agency, &path, "sunday", &booking(&draft, 1)).problem(409, "venue_closed");
    assert_eq!(app.fsck(), Vec::<String>::new());
}
