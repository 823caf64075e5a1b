//! Too few candidates, and committees that could not be filled: questions about feasibility and their
//! warning, the three ways out, the supplementary draw that keeps who accepted, forming anew.

use expert_draw::codec::Hash;
use expert_draw::evidence::Audience;
use expert_draw::service::calls::{Decline, InvitationState};
use expert_draw::service::idempotency::IdempotencyKey;
use expert_draw::service::listing::Paging;
use serde_json::{Value, json};

use crate::app::{TestApp, credit_code, expert};
use crate::applications::{applicant, application};
use crate::calls::mine;
use crate::draws::{pool, recorded, verified};
use crate::leave::of_expert;
use crate::plans::{account, approved, created, may_be_drawn, one, plan, step};
use crate::support::{Kind, on_both};

on_both! {
    feasibility_is_answered_coarsely_kept_and_warned_about
    a_pool_that_is_too_small_is_widened_by_rule_or_filled_by_entry
    another_province_s_experts_are_drawn_only_after_the_filing
    a_supplementary_draw_keeps_who_accepted
    a_committee_formed_anew_bars_who_broke_the_rules_and_the_innocent_may_sit_again
    who_took_part_before_is_not_drawn
}

fn feasibility_is_answered_coarsely_kept_and_warned_about(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    let (supervisor, purchaser) = (account(&app, "supervisor", None), account(&app, "purchaser", Some(21)));
    pool(&app, 13);
    let draft = created(&app, &plan(&recorded(&app, 1)));
    let ask = |token: &str, body: &Value| step(&app, token, &draft, "feasibility", body);
    let size = app.size();
    let told = ask(&app.agency, &json!({})).expect(200);
    assert!(!told.text().contains("candidates") && !told.text().contains("13"), "{}", told.text());
    assert_eq!(
        told.json(),
        json!({"ratio": 3, "groups": [
            {"group": 1, "seats": 4, "enough": true}, {"group": 2, "seats": 1, "enough": true}
        ]})
    );
    assert_eq!(app.size(), size + 1, "the question is an entry");
    ask(&purchaser, &json!({"purpose": "核对"})).problem(403, "not_permitted");
    ask(&supervisor, &json!({"purpose": "核对"})).problem(403, "not_permitted");
    ask(&app.bureau, &json!({})).expect(422);
    let counts = ask(&app.bureau, &json!({"purpose": "审核"})).expect(200).json();
    assert_eq!(counts["groups"][0]["candidates"], 13);
    assert_eq!(
        ask(&app.auditor, &json!({"purpose": "审计"})).expect(200).json()["groups"][1]["candidates"],
        13
    );

    // Narrowing condition by condition: kept, and shown to those who watch.
    for _ in 0..4 {
        ask(&app.agency, &json!({})).expect(200);
    }
    for token in [&app.bureau, &app.auditor, &supervisor] {
        let seen = app.get(token, &one(&draft)).expect(200).json();
        assert_eq!(seen["narrowing_warning"], true, "{seen}");
        assert_eq!(seen["queries"].as_array().unwrap().len(), 5);
    }
    for token in [&app.agency, &purchaser] {
        let seen = app.get(token, &one(&draft)).expect(200).json();
        assert_eq!((seen.get("narrowing_warning"), seen.get("queries")), (None, None));
    }
    // The same question again is of the same plan only.
    let again = format!("{}/feasibility", one(&draft));
    app.post(&app.agency, &again, "again", &json!({})).expect(200);
    let size = app.size();
    app.post(&app.agency, &again, "again", &json!({})).expect(200);
    assert_eq!(app.size(), size);
    let mut narrow = plan(draft["package"].as_str().unwrap());
    narrow["groups"][0]["within"] = json!(["430602"]);
    let tag = app.get(&app.agency, &one(&draft)).expect(200).header("ETag").to_owned();
    app.put(&app.agency, &one(&draft), &tag, &narrow).expect(200);
    app.post(&app.agency, &again, "again", &json!({})).problem(409, "changed_since");
    // The way around the plan is closed.
    let around = crate::draws::request(draft["package"].as_str().unwrap(), 2);
    app.post(&app.agency, "/api/v1/draws/check", "around", &around).problem(409, "plan_required");
    assert_eq!(app.fsck(), Vec::<String>::new());
}

/// People who review in Changsha only.
fn elsewhere(app: &TestApp, serials: std::ops::Range<u32>) {
    for serial in serials {
        let mut one = expert(serial);
        one["employments"][0]["unit"] = json!(credit_code(100 + serial));
        one["past"] = json!([]);
        one["regions"] = json!(["430100"]);
        app.post(&app.bureau, "/api/v1/experts", &format!("else-{serial}"), &one).expect(201);
    }
}

fn a_pool_that_is_too_small_is_widened_by_rule_or_filled_by_entry(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    may_be_drawn(&app);
    pool(&app, 8);
    elsewhere(&app, 20..26);
    let ready = approved(&app, &plan(&recorded(&app, 1)));
    let refused = step(&app, &app.agency, &ready, "draw", &json!({})).problem(422, "pool_short");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("第1组") && detail.contains("widen") && !detail.contains('8'), "{detail}");

    // Recommended, reviewed, entered, and then drawn like everybody.
    let unknown = json!({"application": "S0000000000000000"});
    step(&app, &app.agency, &ready, "recommend", &unknown).names(422, "application", "application");
    let token = applicant(&app);
    let made = app.post(&token, "/api/v1/me/applications", "apply", &application(90)).expect(201).json();
    let linked =
        step(&app, &app.agency, &ready, "recommend", &json!({"application": made["id"]})).expect(200);
    assert_eq!(linked.json()["recommended"], json!([made["id"]]));

    step(&app, &app.agency, &ready, "widen", &json!({"group": 9})).names(422, "group", "group");
    step(&app, &app.agency, &ready, "widen", &json!({"group": 2})).problem(409, "not_short");
    let wide = step(&app, &app.agency, &ready, "widen", &json!({"group": 1})).expect(200).json();
    assert_eq!((&wide["state"], &wide["plan_version"]), (&json!("approved"), &json!(2)));
    assert_eq!(
        wide["widened"][0],
        json!({"group": 1, "step": "region", "from": "430600", "to": "430000", "plan_version": 2})
    );
    step(&app, &app.agency, &ready, "widen", &json!({"group": 1})).problem(409, "not_short");
    let draw = step(&app, &app.agency, &ready, "draw", &json!({})).expect(201).json();
    assert_eq!(draw["groups"][0]["within"], json!(["430000"]));
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn another_province_s_experts_are_drawn_only_after_the_filing(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    let mut body = plan(&recorded(&app, 1));
    body["groups"][1]["within"] = json!(["420000", "430000"]);
    let draft = created(&app, &body);
    let refused = step(&app, &app.agency, &draft, "submit", &json!({})).problem(422, "plan_findings");
    assert_eq!(refused["errors"][0]["rule"], "other_province_filing");
    body["province_filing"] = json!({"province": "420100", "number": "备2026-3", "filed_on": "2026-11-23"});
    let etag = format!("\"{}\"", draft["version"]);
    app.put(&app.agency, &one(&draft), &etag, &body).names(422, "province_filing.province", "province");
    body["province_filing"]["province"] = json!("420000");
    app.put(&app.agency, &one(&draft), &etag, &body).expect(200);
    let filed = step(&app, &app.agency, &draft, "submit", &json!({})).expect(200).json();
    assert_eq!(filed["province_filing"]["number"], "备2026-3");
}

fn numbers(app: &TestApp) -> Vec<String> {
    let bureau = app.service.authenticate(&app.bureau).unwrap();
    let all = Paging { limit: 200, after: None };
    let listed = app.service.experts(&bureau, &Default::default(), &all).unwrap();
    listed.items.iter().map(|line| line.number.clone()).collect()
}

fn key(text: String) -> IdempotencyKey {
    IdempotencyKey::new(&text, Hash([7; 32])).unwrap()
}

/// Those with an open invitation answer: the first `accepting` of them yes, the others no; until nobody
/// is left to be invited. Answers who accepted.
pub fn answered(app: &TestApp, accepting: usize) -> Vec<String> {
    let mut accepted: Vec<String> = Vec::new();
    loop {
        let open: Vec<(String, String)> = numbers(app)
            .into_iter()
            .filter_map(|number| {
                let open = mine(app, &number).into_iter().find(|view| view.state == InvitationState::Open)?;
                Some((number, open.id))
            })
            .collect();
        if open.is_empty() {
            return accepted;
        }
        for (number, id) in open {
            let size = app.size();
            if accepted.len() < accepting {
                app.service.accept_invitation(&of_expert(&number), &id, &key(format!("a-{size}"))).unwrap();
                accepted.push(number);
            } else {
                let no = Decline { reason: None, note: None };
                let key = key(format!("d-{size}"));
                app.service.decline_invitation(&of_expert(&number), &id, &no, &key).unwrap();
            }
        }
    }
}

fn draw_of(app: &TestApp, plan: &Value) -> String {
    let drawn = step(app, &app.agency, plan, "draw", &json!({})).expect(201).json();
    format!("/api/v1/draws/{}", drawn["id"].as_str().unwrap())
}

fn stop(app: &TestApp, draw: &str, reason: &str) {
    let size = app.size();
    app.post(&app.agency, &format!("{draw}/stop"), &format!("p-{size}"), &json!({"reason": reason}))
        .expect(200);
    let stopped = app.post(&app.bureau, &format!("{draw}/stop/confirm"), &format!("c-{size}"), &json!({}));
    assert_eq!(stopped.expect(200).json()["state"], "stopped");
}

/// Everybody's file of a draw verifies.
fn is_verified(app: &TestApp, draw: &str) -> Value {
    let file = app.ask("GET", &format!("{draw}/evidence"), &[], b"").expect(200);
    verified(app, &file, Audience::Public);
    file.json()
}

/// A plan whose first draw found a shortfall and was stopped, and whose second keeps the two who accepted:
/// app, plan, and the paths of both draws.
pub fn supplementary(kind: Kind) -> (TestApp, Value, String, String) {
    let app = TestApp::ruled(kind, "hunan");
    may_be_drawn(&app);
    pool(&app, 15);
    let ready = approved(&app, &plan(&recorded(&app, 1)));
    let first = draw_of(&app, &ready);
    let accepted = answered(&app, 2);
    assert_eq!(accepted.len(), 2);
    let calls = app.get(&app.agency, &format!("{first}/calls")).expect(200).json();
    assert_eq!(calls["shortfall"], "infeasible", "{calls}");
    step(&app, &app.agency, &ready, "draw", &json!({})).problem(409, "wrong_state");
    stop(&app, &first, "shortfall");
    // Nobody who declined is in the next pool; new people are.
    let short = step(&app, &app.agency, &ready, "draw", &json!({})).problem(422, "pool_short");
    assert!(short["detail"].as_str().unwrap().contains("recommend"));
    // Twelve for the four seats of the first group are not asked for: two of them are kept.
    for serial in 40..50 {
        let mut one = expert(serial);
        one["employments"][0]["unit"] = json!(credit_code(100 + serial));
        one["past"] = json!([]);
        app.post(&app.bureau, "/api/v1/experts", &format!("new-{serial}"), &one).expect(201);
    }
    let second = draw_of(&app, &ready);
    (app, ready, first, second)
}

fn a_supplementary_draw_keeps_who_accepted(kind: Kind) {
    let (app, ready, _, second) = supplementary(kind);
    let file = is_verified(&app, &second);
    let commitment = file["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["note"].as_str().unwrap().lines().next().unwrap().to_owned())
        .find(|line| line.contains("draw.committed"))
        .unwrap();
    let commitment: Value = serde_json::from_str(&commitment).unwrap();
    assert_eq!((&commitment["attempt"], commitment["kept"].as_array().unwrap().len()), (&json!(2), 2));
    assert!(commitment["predecessor"].is_string());
    let calls = app.get(&app.agency, &format!("{second}/calls")).expect(200).json();
    assert_eq!(calls["open_seats"], 3, "two of five are kept: {calls}");
    answered(&app, 3);
    let filled = app.get(&app.agency, &second).expect(200).json();
    assert_eq!(filled["state"], "filled");
    is_verified(&app, &second);
    let seen = app.get(&app.agency, &one(&ready)).json();
    assert_eq!(seen["draws"].as_array().unwrap().len(), 2);
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn a_committee_formed_anew_bars_who_broke_the_rules_and_the_innocent_may_sit_again(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    may_be_drawn(&app);
    pool(&app, 16);
    let package = recorded(&app, 1);
    let old = approved(&app, &plan(&package));
    let path = format!("{}/reform", one(&old));
    app.post(&app.agency, &path, "early", &plan(&package)).problem(409, "wrong_state");
    let draw = draw_of(&app, &old);
    app.post(&app.agency, &path, "standing", &plan(&package)).problem(409, "draw_stands");
    let accepted = answered(&app, 5);
    stop(&app, &draw, "procurement_stopped");
    let anew = app.post(&app.agency, &path, "anew", &plan(&package)).expect(201).json();
    assert_eq!((&anew["state"], &anew["predecessor"]), (&json!("draft"), &old["id"]));
    let closed = app.get(&app.agency, &one(&old)).json();
    assert_eq!((&closed["state"], &closed["successor"]), (&json!("closed"), &anew["id"]));
    step(&app, &app.agency, &anew, "submit", &json!({})).expect(200);
    let violator = &accepted[0];
    step(&app, &app.bureau, &anew, "approve", &json!({"barred": ["nobody"]})).names(
        422,
        "barred[0]",
        "expert_number",
    );
    let uncalled = numbers(&app).into_iter().find(|number| mine(&app, number).is_empty()).unwrap();
    let by_hand = json!({"barred": [violator, uncalled]});
    step(&app, &app.bureau, &anew, "approve", &by_hand).names(422, "barred[1]", "called_before");
    step(&app, &app.bureau, &anew, "approve", &json!({"barred": [violator]})).expect(200);
    let next = draw_of(&app, &anew);
    let seen = app.get(&app.bureau, &next).expect(200).json();
    // The violator, and those who declined before; the other four of the committee may sit again.
    assert_eq!(seen["attempt"], 2);
    assert!(seen["excluded"]["no_repeat_in_draw"].as_u64().unwrap() >= 1, "{seen}");
    let open = |number: &String| mine(&app, number).iter().any(|view| view.state == InvitationState::Open);
    assert!(!open(violator), "barred for good");
    is_verified(&app, &next);
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn who_took_part_before_is_not_drawn(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    may_be_drawn(&app);
    pool(&app, 16);
    let all = numbers(&app);
    let mut body = plan(&recorded(&app, 1));
    body["involved"] = json!([
        {"part": "demonstration", "number": all[0]},
        {"part": "requirements", "id_number": crate::app::id_number(5)},
        {"part": "design", "name": "没有这个人"}
    ]);
    let ready = approved(&app, &body);
    assert!(
        !app.get(&app.agency, &one(&ready)).text().contains(&crate::app::id_number(5)),
        "only its hash is kept"
    );
    let draw = draw_of(&app, &ready);
    let seen = app.get(&app.bureau, &draw).expect(200).json();
    assert_eq!(seen["excluded"], json!({"no_prior_involvement": 2}), "{seen}");
    assert_eq!(seen["commitment"]["pool_size"], 14);
}
