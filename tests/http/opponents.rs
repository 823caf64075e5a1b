//! What somebody would try first: a registrar with a friend, a county beyond its border, a colleague who
//! confirms what they proposed themselves, an agency or a stranger who wants to see the list.

use serde_json::{Value, json};

use crate::app::{TestApp, expert};
use crate::applications::{Staff, bureau, entered};
use crate::support::{Kind, on_both};

on_both! {
    one_registrar_lets_nobody_in_and_changes_nobody
    a_county_touches_nobody_beyond_its_border
    who_draws_or_bids_sees_nothing_of_the_registry
}

const PATH: &str = "/api/v1/experts";

fn facts(app: &TestApp, number: &str) -> Value {
    app.get(&app.auditor, &format!("{PATH}/{number}?purpose=核对")).expect(200).json()
}

fn one_registrar_lets_nobody_in_and_changes_nobody(kind: Kind) {
    let app = TestApp::closed(kind);
    let staff = Staff::of(&app);
    let number = entered(&app, &staff, 1);
    let one = format!("{PATH}/{number}");
    let before = (app.size(), facts(&app, &number));
    let size = app.size();
    // A friend by the form, and a friend by a file of one row.
    for token in [&app.bureau, &staff.registrar] {
        app.post(token, PATH, "friend", &expert(2)).problem(409, "direct_entry_closed");
    }
    let mut csv = Vec::new();
    let today = expert_draw::time::Date::of(app.service.now());
    expert_draw::pool_sample::write_sample(&mut csv, 1, 1, today).unwrap();
    app.import("friends", "", &String::from_utf8(csv).unwrap()).problem(409, "direct_entry_closed");
    // The employer that would be a conflict, the speciality that is asked for, another term, a relaxation.
    let etag = format!("\"{}\"", before.1["version"]);
    for (change, field) in [
        (json!({"employments": []}), "employments"),
        (json!({"declared_units": []}), "declared_units"),
        (json!({"specialities": ["ndrc316:A0801"]}), "specialities"),
        (json!({"regions": ["430100"]}), "regions"),
        (json!({"term_to": "2099-12-31"}), "term_to"),
        (json!({"relatives": [{"relation": "spouse", "name": "李某", "units": []}]}), "relatives"),
        (json!({"name": "某某"}), "name"),
    ] {
        for token in [&app.bureau, &staff.registrar] {
            let refused = app.patch(token, &one, &etag, &change);
            let problem = refused.problem(422, "invalid_input");
            let errors = problem["errors"].as_array().unwrap();
            let named = |e: &Value| e["field"] == field && e["rule"] == "review_required";
            assert!(errors.iter().any(named), "{field}: {problem}");
        }
    }
    assert_eq!(app.size(), size, "nothing was written");
    // A wrong phone is mended at once; what is given unchanged asks for nobody.
    let name = before.1["name"].clone();
    app.patch(&staff.registrar, &one, &etag, &json!({"phone": "13811112222", "name": name})).expect(200);
    assert_eq!(facts(&app, &number)["phone"], "13811112222");
    // The registrar files the change, and does not decide it.
    let change = json!({"facts": {"declared_units": []}, "reason": "本人来函"});
    let filed = app.post(&staff.registrar, &format!("{one}/changes"), "c", &change).expect(201).json();
    let decide = format!("/api/v1/changes/{}/decide", filed["id"].as_str().unwrap());
    let yes = json!({"approve": true, "reason": "已核"});
    app.post(&staff.registrar, &decide, "d", &yes).problem(403, "not_permitted");
    app.post(&staff.reviewer, &decide, "d", &yes).expect(200);
    assert_eq!(facts(&app, &number)["declared_units"], json!([]));
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_county_touches_nobody_beyond_its_border(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let before = app.size();
    let elsewhere = bureau(&app, "registrar", Some("430100"));
    let opened = app.size();
    assert!(opened > before);
    let one = format!("{PATH}/{number}");
    app.patch(&elsewhere, &one, "\"1\"", &json!({"phone": "13811112222"})).problem(404, "not_found");
    app.get(&elsewhere, &format!("{one}?purpose=核对")).problem(404, "not_found");
    app.post(&elsewhere, PATH, "k", &expert(2)).names(422, "regions", "outside_region");
    let ban = json!({"act": "ban", "expert": number, "basis": "岳财采〔2026〕1号"});
    assert!([403, 404].contains(&app.post(&elsewhere, "/api/v1/decisions", "b", &ban).status));
    assert_eq!(app.size(), opened, "nothing was written");
}

fn who_draws_or_bids_sees_nothing_of_the_registry(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    for path in [
        PATH.to_owned(),
        format!("{PATH}/{number}?purpose=核对"),
        format!("{PATH}/counts"),
        "/api/v1/search/experts?name=王&purpose=查找".to_owned(),
        "/api/v1/exports/experts".to_owned(),
        "/api/v1/cases".to_owned(),
        "/api/v1/units".to_owned(),
        "/api/v1/looks?account=A".to_owned(),
        format!("{PATH}/{number}/tier?purpose=核对"),
    ] {
        app.get(&app.agency, &path).problem(403, "not_permitted");
        let stranger = app.ask("GET", &path, &[], b"");
        stranger.problem(401, "unauthenticated");
        for private in [number.as_str(), "王小明"] {
            assert!(!stranger.text().contains(private), "{path}");
        }
    }
    // What is open to anybody names nobody.
    for path in ["/api/v1/tiers", "/api/v1/keys", "/api/v1/log/checkpoint"] {
        let open = app.ask("GET", path, &[], b"").expect(200).text();
        for private in [number.as_str(), "王小明", "13800000000"] {
            assert!(!open.contains(private), "{path}");
        }
    }
}
