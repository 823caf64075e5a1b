//! Plans over the API: from the agency's draft through purchaser and bureau to the draw; who may what,
//! who sees what; findings with their articles; versions; cancelled by two; self-selection.

use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::Action;
use expert_draw::time::Timestamp;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, bearer, credit_code, expert};
use crate::draws::{pool, recorded};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    a_plan_goes_from_draft_to_a_draw_as_the_profile_says
    the_purchaser_confirms_or_returns_where_the_profile_asks_for_it
    what_breaks_a_rule_of_the_committee_is_answered_with_its_article
    a_rule_in_principle_is_departed_from_only_with_a_reason_and_an_approver
    a_change_after_approval_is_a_new_version_and_approved_anew
    each_sees_the_plans_that_concern_them
    a_plan_is_cancelled_by_two_people_or_discarded_before_anybody_agreed
    a_package_has_one_open_plan
    a_committee_that_is_wholly_self_selected_is_marked_to_the_end
    who_is_selected_beside_a_draw_is_marked_with_it_and_not_drawn_too
    without_rules_a_plan_is_agreed_to_by_the_profile_and_old_draws_live_on
    suppliers_that_come_late_are_added_until_somebody_signs_in
}

pub const PATH: &str = "/api/v1/plans";

pub fn operations() -> Vec<Operation> {
    use Action::*;
    let (none, empty) = (Value::Null, json!({}));
    let reason = json!({"reason": "不再需要"});
    vec![
        ("POST", "/plans", RequestDraw, plan("P0000000000000000")),
        ("GET", "/plans", ReadPlans, none.clone()),
        ("GET", "/plans/{id}", ReadPlans, none.clone()),
        ("PUT", "/plans/{id}", RequestDraw, plan("P0000000000000000")),
        ("POST", "/plans/{id}/reform", RequestDraw, plan("P0000000000000000")),
        ("GET", "/plans/{id}/findings", ReadPlans, none.clone()),
        ("POST", "/plans/{id}/feasibility", ReadPlans, json!({"purpose": "核对"})),
        ("POST", "/plans/{id}/attachments?kind=consent", RequestDraw, json!("x")),
        ("GET", "/plans/{id}/attachments", ReadPlans, none.clone()),
        ("GET", "/plans/{id}/attachments/{attachment}?purpose=xx", ReadPlans, none.clone()),
        ("GET", "/plans/{id}/bookings", ReadPlans, none),
        ("POST", "/plans/{id}/submit", RequestDraw, empty.clone()),
        ("POST", "/plans/{id}/withdraw", RequestDraw, empty.clone()),
        ("POST", "/plans/{id}/confirm", ConfirmPlan, empty.clone()),
        ("POST", "/plans/{id}/refuse", ConfirmPlan, reason.clone()),
        ("POST", "/plans/{id}/approve", ApprovePlan, empty.clone()),
        ("POST", "/plans/{id}/return", ApprovePlan, reason.clone()),
        ("POST", "/plans/{id}/discard", RequestDraw, reason.clone()),
        ("POST", "/plans/{id}/cancel", RequestDraw, reason.clone()),
        ("POST", "/plans/{id}/cancel/confirm", ApprovePlan, empty.clone()),
        ("POST", "/plans/{id}/cancel/keep", ApprovePlan, reason),
        ("POST", "/plans/{id}/widen", RequestDraw, json!({"group": 1})),
        ("POST", "/plans/{id}/recommend", RequestDraw, json!({"application": "S0000000000000000"})),
        ("POST", "/plans/{id}/sites", RequestDraw, empty.clone()),
        ("POST", "/plans/{id}/sites/end", RequestDraw, json!({"reason": "site_failure"})),
        ("POST", "/plans/{id}/sites/end/confirm", ApprovePlan, empty.clone()),
        ("POST", "/plans/{id}/draw", RequestDraw, empty.clone()),
        ("POST", "/plans/{id}/form", RequestDraw, empty.clone()),
        ("POST", "/plans/{id}/announce", Unseal, json!({"announcement": "1"})),
        ("POST", "/plans/{id}/close", Unseal, empty),
    ]
}

/// A plan of an open tender: five experts, four for software in Yueyang and one lawyer in the province.
pub fn plan(package: &str) -> Value {
    json!({
        "package": package,
        "region": "430600",
        "method": "open_tender",
        "category": "services",
        "budget_fen": 120_000_000,
        "threshold_reached": true,
        "complex": false,
        "social_impact": false,
        "remote": false,
        "review_start": "2026-11-27T01:00:00Z",
        "hours": 4,
        "representatives": 0,
        "groups": [
            {"speciality": "ndrc316:A0832", "within": ["430600"], "except": [], "seats": 4, "site": 1},
            {"speciality": "ndrc316:C06", "within": ["430000"], "except": [], "seats": 1, "site": 1}
        ],
        "region_reason": "本地项目，需熟悉现场"
    })
}

/// The first working day on which the plan may be drawn.
pub fn may_be_drawn(app: &TestApp) {
    app.clock.set(Timestamp::parse("2026-11-25T02:00:00Z").unwrap());
}

pub fn account(app: &TestApp, role: &str, unit: Option<u32>) -> String {
    let draft = AccountDraft::new(role, &format!("测试 {role}"), unit.map(credit_code), 30);
    app.service.found_account(&draft).unwrap().token.unwrap()
}

pub fn created(app: &TestApp, body: &Value) -> Value {
    let key = format!("plan-{}", app.size());
    app.post(&app.agency, PATH, &key, body).expect(201).json()
}

pub fn one(plan: &Value) -> String {
    format!("{PATH}/{}", plan["id"].as_str().unwrap())
}

/// A step of a plan under a key of its own.
pub fn step(app: &TestApp, token: &str, plan: &Value, what: &str, body: &Value) -> Answer {
    app.post(token, &format!("{}/{what}", one(plan)), &format!("{what}-{}", app.size()), body)
}

/// A plan that the bureau approved; under `hunan` the profile confirms by itself.
pub fn approved(app: &TestApp, body: &Value) -> Value {
    let plan = created(app, body);
    step(app, &app.agency, &plan, "submit", &json!({})).expect(200);
    step(app, &app.bureau, &plan, "approve", &json!({})).expect(200).json()
}

fn a_plan_goes_from_draft_to_a_draw_as_the_profile_says(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    pool(&app, 14);
    let package = recorded(&app, 1);
    let draft = created(&app, &plan(&package));
    assert_eq!(
        (&draft["state"], &draft["plan_version"], &draft["members"]),
        (&json!("draft"), &json!(1), &json!(5))
    );
    assert_eq!(draft["earliest_draw"], "2026-11-25");
    step(&app, &app.agency, &draft, "draw", &json!({})).problem(409, "not_approved");
    let submitted = step(&app, &app.agency, &draft, "submit", &json!({})).expect(200).json();
    // Hunan's rules ask for the bureau's approval and not for the purchaser's confirmation.
    assert_eq!(
        (&submitted["state"], &submitted["confirmed"]["by"]),
        (&json!("confirmed"), &json!("service"))
    );
    let findings = submitted["findings"].as_array().unwrap();
    assert!(
        findings.iter().any(|finding| finding["rule"] == "committee_size_odd" && finding["answer"] == "pass")
    );
    assert!(
        findings.iter().all(|finding| finding["source"].as_str().is_some_and(|source| !source.is_empty()))
    );
    step(&app, &app.agency, &draft, "approve", &json!({})).problem(403, "not_permitted");
    let approved = step(&app, &app.bureau, &draft, "approve", &json!({})).expect(200).json();
    assert_eq!(approved["state"], "approved");

    // 198号 art 14: not before two working days.
    let early = step(&app, &app.agency, &draft, "draw", &json!({})).problem(422, "not_yet");
    assert_eq!(early["errors"][0]["rule"], "draw_not_too_early", "{early}");
    may_be_drawn(&app);
    app.post(&app.agency, "/api/v1/draws", "around", &crate::draws::request(&package, 2))
        .problem(409, "plan_required");
    let path = format!("{}/draw", one(&draft));
    let drawn = app.post(&app.agency, &path, "draw", &json!({})).expect(201).json();
    assert_eq!((&drawn["state"], &drawn["attempt"]), (&json!("calling"), &json!(1)));
    assert_eq!(app.post(&app.agency, &path, "draw", &json!({})).expect(201).json()["id"], drawn["id"]);
    let after = app.get(&app.agency, &one(&draft)).expect(200).json();
    assert_eq!((&after["state"], &after["draws"][0]), (&json!("drawn"), &drawn["id"]));
    step(&app, &app.agency, &draft, "draw", &json!({})).problem(409, "wrong_state");
    step(&app, &app.bureau, &draft, "close", &json!({})).problem(409, "wrong_state");
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn the_purchaser_confirms_or_returns_where_the_profile_asks_for_it(kind: Kind) {
    let app = TestApp::ruled(kind, "guangdong");
    let (purchaser, stranger) = (account(&app, "purchaser", Some(21)), account(&app, "purchaser", Some(22)));
    let draft = created(&app, &plan(&recorded(&app, 1)));
    let submitted = step(&app, &app.agency, &draft, "submit", &json!({})).expect(200).json();
    assert_eq!(submitted["state"], "submitted");
    step(&app, &stranger, &draft, "confirm", &json!({})).problem(404, "not_found");
    step(&app, &app.agency, &draft, "confirm", &json!({})).problem(403, "not_permitted");
    step(&app, &app.bureau, &draft, "approve", &json!({})).problem(409, "wrong_state");
    step(&app, &purchaser, &draft, "refuse", &json!({"reason": ""})).expect(422);
    let returned =
        step(&app, &purchaser, &draft, "refuse", &json!({"reason": "专业不符"})).expect(200).json();
    assert_eq!(
        (&returned["state"], &returned["returned"]["reason"]),
        (&json!("returned"), &json!("专业不符"))
    );
    step(&app, &app.agency, &draft, "submit", &json!({})).problem(409, "wrong_state");
    let etag = format!("\"{}\"", returned["version"]);
    let package = draft["package"].as_str().unwrap();
    let again = app.put(&app.agency, &one(&draft), &etag, &plan(package)).expect(200).json();
    assert_eq!((&again["state"], &again["plan_version"]), (&json!("draft"), &json!(1)));
    step(&app, &app.agency, &draft, "submit", &json!({})).expect(200);
    step(&app, &app.agency, &draft, "withdraw", &json!({})).expect(200);
    step(&app, &app.agency, &draft, "submit", &json!({})).expect(200);
    let confirmed = step(&app, &purchaser, &draft, "confirm", &json!({})).expect(200).json();
    // Guangdong's rules ask for no approval: the purchaser's word is enough.
    assert_eq!((&confirmed["state"], &confirmed["approved"]["by"]), (&json!("approved"), &json!("service")));
}

fn what_breaks_a_rule_of_the_committee_is_answered_with_its_article(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    let package = recorded(&app, 1);
    let mut four = plan(&package);
    four["groups"][0]["seats"] = json!(3);
    let draft = created(&app, &four);
    let found = app.get(&app.agency, &format!("{}/findings", one(&draft))).expect(200).json();
    let size = found["items"].as_array().unwrap().iter().find(|f| f["rule"] == "committee_size_odd").unwrap();
    assert_eq!(
        (&size["answer"], &size["blocks"], &size["overridable"]),
        (&json!("fail"), &json!(true), &json!(false))
    );
    let refused = step(&app, &app.agency, &draft, "submit", &json!({})).problem(422, "plan_findings");
    assert_eq!(refused["errors"][0]["rule"], "committee_size_odd");
    assert!(refused["errors"][0]["message"].as_str().unwrap().contains("87号"), "{refused}");
    assert_eq!(app.get(&app.agency, &one(&draft)).json()["state"], "draft");
    // Naming it as a departure does not help: the rule holds without "in principle".
    four["overrides"] = json!([{"rule": "committee_size_odd", "reason": "人数不足"}]);
    let etag = format!("\"{}\"", draft["version"]);
    app.put(&app.agency, &one(&draft), &etag, &four).expect(200);
    step(&app, &app.agency, &draft, "submit", &json!({})).problem(422, "plan_findings");
    // Complex: seven. Two representatives of nine, and the two thirds hold; three of seven, and they do not.
    let mut complex = plan(&package);
    complex["complex"] = json!(true);
    complex["representatives"] = json!(2);
    let etag = format!("\"{}\"", app.get(&app.agency, &one(&draft)).json()["version"]);
    let seven = app.put(&app.agency, &one(&draft), &etag, &complex).expect(200).json();
    assert_eq!(seven["members"], 7);
    step(&app, &app.agency, &draft, "submit", &json!({})).expect(200);
    let wrong = |change: &dyn Fn(&mut Value), field: &str, rule: &str| {
        let mut body = plan(&package);
        change(&mut body);
        app.post(&app.agency, PATH, "wrong", &body).names(422, field, rule);
    };
    wrong(&|b| b["method"] = json!("whim"), "method", "word");
    wrong(&|b| b["region"] = json!("999999"), "region", "unknown_region");
    wrong(&|b| b["review_start"] = json!("2020-01-01T00:00:00Z"), "review_start", "review_time");
    wrong(
        &|b| b["groups"][1]["speciality"] = json!("ndrc316:Z99"),
        "groups[1].speciality",
        "unknown_speciality",
    );
    wrong(&|b| b["involved"] = json!([{"part": "design"}]), "involved[0]", "required");
    wrong(
        &|b| b["involved"] = json!([{"part": "design", "id_number": "430602197001010011"}]),
        "involved[0].id_number",
        "id_number",
    );
}

fn a_rule_in_principle_is_departed_from_only_with_a_reason_and_an_approver(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    pool(&app, 14);
    let mut body = plan(&recorded(&app, 1));
    body["overrides"] = json!([{"rule": "draw_not_too_early", "reason": "外地专家须提前安排行程"}]);
    let draft = created(&app, &body);
    step(&app, &app.agency, &draft, "submit", &json!({})).expect(200);
    step(&app, &app.bureau, &draft, "approve", &json!({})).names(422, "overrides", "overrides");
    let more = json!({"overrides": ["draw_not_too_early", "min_pool_ratio"]});
    step(&app, &app.bureau, &draft, "approve", &more).names(422, "overrides", "overrides");
    let accepted = json!({"overrides": ["draw_not_too_early"]});
    let approved = step(&app, &app.bureau, &draft, "approve", &accepted).expect(200).json();
    assert_eq!(approved["state"], "approved");
    assert_ne!(approved["approved"]["by"], approved["submitted"]["by"]);
    // Three days before the review, and with the departure accepted.
    step(&app, &app.agency, &draft, "draw", &json!({})).expect(201);
}

fn a_change_after_approval_is_a_new_version_and_approved_anew(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    pool(&app, 14);
    may_be_drawn(&app);
    let package = recorded(&app, 1);
    let ready = approved(&app, &plan(&package));
    let mut changed = plan(&package);
    changed["hours"] = json!(6);
    app.put(&app.agency, &one(&ready), "", &changed).problem(428, "if_match_required");
    app.put(&app.agency, &one(&ready), "\"1\"", &changed).problem(412, "changed_meanwhile");
    let etag = format!("\"{}\"", ready["version"]);
    let next = app.put(&app.agency, &one(&ready), &etag, &changed).expect(200).json();
    assert_eq!(
        (&next["state"], &next["plan_version"], next.get("approved"), next.get("submitted")),
        (&json!("draft"), &json!(2), None, None)
    );
    step(&app, &app.agency, &ready, "draw", &json!({})).problem(409, "not_approved");
    step(&app, &app.agency, &ready, "submit", &json!({})).expect(200);
    let returned =
        step(&app, &app.bureau, &ready, "return", &json!({"reason": "时长过长"})).expect(200).json();
    assert_eq!(returned["state"], "returned");
    let etag = format!("\"{}\"", returned["version"]);
    app.put(&app.agency, &one(&ready), &etag, &changed).expect(200);
    step(&app, &app.agency, &ready, "submit", &json!({})).expect(200);
    step(&app, &app.bureau, &ready, "approve", &json!({})).expect(200);
    step(&app, &app.agency, &ready, "draw", &json!({})).expect(201);
    let last = app.get(&app.agency, &one(&ready)).json();
    assert_eq!((&last["state"], &last["plan_version"]), (&json!("drawn"), &json!(2)));
    let etag = format!("\"{}\"", last["version"]);
    app.put(&app.agency, &one(&ready), &etag, &plan(&package)).problem(409, "draw_stands");
}

fn each_sees_the_plans_that_concern_them(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    let (purchaser, stranger) = (account(&app, "purchaser", Some(21)), account(&app, "purchaser", Some(22)));
    let (supervisor, administrator) =
        (account(&app, "supervisor", None), account(&app, "administrator", None));
    let mut elsewhere = AccountDraft::new("bureau", "长沙", None, 30);
    elsewhere.region = Some("430100".into());
    let elsewhere = app.service.found_account(&elsewhere).unwrap().token.unwrap();
    let draft = created(&app, &plan(&recorded(&app, 1)));
    let path = one(&draft);
    for token in [&app.agency, &purchaser, &app.bureau, &app.auditor, &supervisor] {
        assert_eq!(app.get(token, &path).expect(200).json()["id"], draft["id"]);
        assert_eq!(app.get(token, PATH).expect(200).json()["items"].as_array().unwrap().len(), 1);
    }
    for token in [&app.other_agency, &stranger, &elsewhere] {
        app.get(token, &path).problem(404, "not_found");
        assert_eq!(app.get(token, PATH).expect(200).json()["items"].as_array().unwrap().len(), 0);
    }
    app.get(&administrator, &path).problem(403, "not_permitted");
    app.get(&app.agency, &format!("{PATH}?state=whim")).expect(400);
    step(&app, &app.other_agency, &draft, "submit", &json!({})).problem(404, "not_found");
    app.post(&app.other_agency, PATH, "theirs", &plan(draft["package"].as_str().unwrap()))
        .problem(404, "not_found");
}

fn a_plan_is_cancelled_by_two_people_or_discarded_before_anybody_agreed(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    let reason = json!({"reason": "采购终止"});
    let first = created(&app, &plan(&recorded(&app, 1)));
    step(&app, &app.agency, &first, "cancel", &reason).problem(409, "wrong_state");
    let gone = step(&app, &app.agency, &first, "discard", &reason).expect(200).json();
    assert_eq!((&gone["state"], &gone["ended"]["reason"]), (&json!("cancelled"), &json!("采购终止")));

    let second = approved(&app, &plan(&recorded(&app, 2)));
    step(&app, &app.agency, &second, "discard", &reason).problem(409, "wrong_state");
    step(&app, &app.bureau, &second, "cancel/confirm", &json!({})).problem(409, "wrong_state");
    let waiting = step(&app, &app.agency, &second, "cancel", &reason).expect(200).json();
    assert_eq!(
        (&waiting["state"], &waiting["cancelling"]["reason"]),
        (&json!("approved"), &json!("采购终止"))
    );
    step(&app, &app.agency, &second, "cancel/confirm", &json!({})).problem(403, "not_permitted");
    let kept =
        step(&app, &app.bureau, &second, "cancel/keep", &json!({"reason": "仍需评审"})).expect(200).json();
    assert_eq!((&kept["state"], kept.get("cancelling")), (&json!("approved"), None));
    step(&app, &app.agency, &second, "cancel", &reason).expect(200);
    let ended = step(&app, &app.bureau, &second, "cancel/confirm", &json!({})).expect(200).json();
    assert_eq!(ended["state"], "cancelled");
    step(&app, &app.agency, &second, "draw", &json!({})).problem(409, "not_approved");

    // While a draw of it stands, a plan is not cancelled: first the draw is stopped or voided.
    pool(&app, 14);
    may_be_drawn(&app);
    let third = approved(&app, &plan(&recorded(&app, 3)));
    let draw = step(&app, &app.agency, &third, "draw", &json!({})).expect(201).json();
    step(&app, &app.agency, &third, "cancel", &reason).problem(409, "draw_stands");
    let path = format!("/api/v1/draws/{}", draw["id"].as_str().unwrap());
    let stop = json!({"reason": "procurement_stopped"});
    app.post(&app.agency, &format!("{path}/stop"), "stop", &stop).expect(200);
    app.post(&app.bureau, &format!("{path}/stop/confirm"), "stopped", &json!({})).expect(200);
    let look = json!({"purpose": "核对"});
    app.post(&app.bureau, &format!("{path}/open"), "stopped", &look).problem(409, "sealed_for_ever");
    app.post(&app.auditor, &format!("{path}/open"), "audited", &look).expect(200);
    // Nobody else's bureau has to do with it.
    let mut elsewhere = AccountDraft::new("bureau", "长沙", None, 30);
    elsewhere.region = Some("430100".into());
    let elsewhere = app.service.found_account(&elsewhere).unwrap().token.unwrap();
    app.get(&elsewhere, &path).problem(404, "not_found");
    app.post(&elsewhere, &format!("{path}/stop/confirm"), "else", &json!({})).problem(404, "not_found");
    // What was drawn from is given up by two people only, written anew or not.
    let seen = app.get(&app.agency, &one(&third)).expect(200);
    let body = plan(third["package"].as_str().unwrap());
    app.put(&app.agency, &one(&third), seen.header("ETag"), &body).expect(200);
    step(&app, &app.agency, &third, "discard", &reason).problem(409, "drawn_from");
    step(&app, &app.agency, &third, "submit", &json!({})).expect(200);
    step(&app, &app.agency, &third, "cancel", &reason).expect(200);
    step(&app, &app.bureau, &third, "cancel/confirm", &json!({})).expect(200);
    app.post(&app.bureau, &format!("{path}/unseal"), "blank", &json!({"announcement": " "})).names(
        422,
        "announcement",
        "list_sealed_until_announced",
    );
    app.post(&app.bureau, &format!("{path}/unseal"), "u", &json!({"announcement": "1"}))
        .problem(409, "wrong_state");
    assert!(!app.get(&app.agency, &path).expect(200).text().contains("专家"), "the list stays sealed");
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn a_package_has_one_open_plan(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    let package = recorded(&app, 1);
    let first = created(&app, &plan(&package));
    let key = "same";
    app.post(&app.agency, PATH, key, &plan(&package)).problem(409, "plan_exists");
    step(&app, &app.agency, &first, "discard", &json!({"reason": "重新编制"})).expect(200);
    let second = app.post(&app.agency, PATH, key, &plan(&package)).expect(201).json();
    assert_eq!(app.post(&app.agency, PATH, key, &plan(&package)).expect(201).json()["id"], second["id"]);
}

fn a_committee_that_is_wholly_self_selected_is_marked_to_the_end(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    let mut body = plan(&recorded(&app, 1));
    body["groups"] = json!([]);
    body["complex"] = json!(true);
    let member =
        |n: u32| json!({"name": format!("自选{n}"), "unit": credit_code(if n == 0 { 21 } else { 60 + n })});
    body["self_selection"] =
        json!({"reason": "技术复杂，随机难以确定", "members": (0..7).map(member).collect::<Vec<_>>()});
    let draft = created(&app, &body);
    step(&app, &app.agency, &draft, "submit", &json!({})).names(
        422,
        "self_selection.consent",
        "consent_missing",
    );
    let (authorization, path) = (bearer(&app.agency), format!("{}/attachments?kind=consent", one(&draft)));
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Idempotency-Key", "doc"),
        ("Content-Type", "application/pdf"),
    ];
    let filed = app.ask("POST", &path, &headers, b"%PDF-1.7\nconsent\n%%EOF").expect(201).json();
    body["self_selection"]["consent"] = filed["digest"].clone();
    let etag = format!("\"{}\"", app.get(&app.agency, &one(&draft)).json()["version"]);
    app.put(&app.agency, &one(&draft), &etag, &body).expect(200);
    step(&app, &app.agency, &draft, "submit", &json!({})).expect(200);
    let document = format!("{}/attachments/{}", one(&draft), filed["id"].as_str().unwrap());
    app.get(&app.agency, &document).expect(200);
    app.get(&app.bureau, &document).expect(422);
    app.get(&app.bureau, &format!("{document}?purpose=审核")).expect(200);
    app.get(&app.other_agency, &format!("{document}?purpose=审核")).problem(404, "not_found");

    // The names are the purchaser's and the agency's until the announcement; others give a purpose.
    let sealed = app.get(&app.bureau, &one(&draft)).expect(200);
    assert!(!sealed.text().contains("自选1") && sealed.json()["self_selection"]["own_unit_members"] == 1);
    assert!(
        app.get(&app.bureau, &format!("{}?purpose=审核方案", one(&draft)))
            .expect(200)
            .text()
            .contains("自选1")
    );
    step(&app, &app.bureau, &draft, "approve", &json!({})).expect(200);
    step(&app, &app.agency, &draft, "draw", &json!({})).problem(409, "nothing_to_draw");
    step(&app, &app.bureau, &draft, "announce", &json!({"announcement": "1"})).problem(409, "wrong_state");
    step(&app, &app.agency, &draft, "form", &json!({})).expect(200);
    assert!(!app.get(&app.auditor, &one(&draft)).expect(200).text().contains("自选1"));
    let announced = json!({"announcement": "岳采公告2026-9"});
    let closed = step(&app, &app.bureau, &draft, "announce", &announced).expect(200).json();
    assert_eq!(closed["state"], "closed");
    let members = closed["self_selection"]["members"].as_array().unwrap();
    assert!(members.iter().all(|member| member["self_selected"] == true && member["name"].is_string()));
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn who_is_selected_beside_a_draw_is_marked_with_it_and_not_drawn_too(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    pool(&app, 15);
    may_be_drawn(&app);
    let listed = app.get(&app.bureau, "/api/v1/experts").expect(200).json();
    let selected = listed["items"][0]["number"].as_str().unwrap().to_owned();
    let mut body = plan(&recorded(&app, 1));
    body["complex"] = json!(true);
    let member = |name: &str, number: Option<&str>| {
        let mut one = json!({"name": name, "unit": credit_code(61)});
        number.into_iter().for_each(|number| one["number"] = json!(number));
        one
    };
    body["self_selection"] =
        json!({"reason": "技术复杂", "members": [member("自选甲", Some(&selected)), member("自选乙", None)]});
    let draft = created(&app, &body);
    assert_eq!(draft["members"], 7);
    let (authorization, path) = (bearer(&app.agency), format!("{}/attachments?kind=consent", one(&draft)));
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Idempotency-Key", "doc"),
        ("Content-Type", "application/pdf"),
    ];
    let filed = app.ask("POST", &path, &headers, b"%PDF-1.7\nconsent\n%%EOF").expect(201).json();
    body["self_selection"]["consent"] = filed["digest"].clone();
    let etag = format!("\"{}\"", app.get(&app.agency, &one(&draft)).json()["version"]);
    app.put(&app.agency, &one(&draft), &etag, &body).expect(200);
    step(&app, &app.agency, &draft, "submit", &json!({})).expect(200);
    step(&app, &app.bureau, &draft, "approve", &json!({})).expect(200);
    let draw = step(&app, &app.agency, &draft, "draw", &json!({})).expect(201).json();
    let path = format!("/api/v1/draws/{}", draw["id"].as_str().unwrap());
    let seen = app.get(&app.bureau, &path).expect(200).json();
    assert_eq!(seen["plan"], draft["id"]);
    // Not named while the list is sealed; and who sits already is not drawn as well.
    assert!(seen.get("self_selected").is_none() && !seen.to_string().contains("自选"), "{seen}");
    assert_eq!(
        (&seen["excluded"]["no_repeat_in_draw"], &seen["commitment"]["pool_size"]),
        (&json!(1), &json!(14))
    );
}

fn without_rules_a_plan_is_agreed_to_by_the_profile_and_old_draws_live_on(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 8);
    // A profile of version 1 knows no rules about plans: who wants one gets it, nobody has to.
    let made = app.post(&app.agency, "/api/v1/draws", "old", &crate::draws::request(&recorded(&app, 1), 2));
    assert_eq!(made.expect(201).json()["state"], "drawn");
    let package = recorded(&app, 2);
    let draft = created(&app, &plan(&package));
    app.post(&app.agency, "/api/v1/draws", "around", &crate::draws::request(&package, 2))
        .problem(409, "plan_required");
    let ready = step(&app, &app.agency, &draft, "submit", &json!({})).expect(200).json();
    assert_eq!((&ready["state"], &ready["approved"]["by"]), (&json!("approved"), &json!("service")));
    let drawn = step(&app, &app.agency, &draft, "draw", &json!({})).expect(201).json();
    assert_eq!(drawn["state"], "calling");
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn suppliers_that_come_late_are_added_until_somebody_signs_in(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    pool(&app, 14);
    may_be_drawn(&app);
    let package = recorded(&app, 1);
    let path = format!("/api/v1/packages/{package}");
    let late = |n: u32| json!({"add_suppliers": [{"code": credit_code(n), "name": format!("单位{n}")}]});
    app.patch(&app.other_agency, &path, "\"1\"", &late(34)).problem(404, "not_found");
    app.patch(&app.agency, &path, "\"1\"", &late(31)).names(422, "suppliers[3]", "duplicate_supplier");
    app.patch(&app.agency, &path, "\"1\"", &json!({"add_suppliers": []})).names(422, "suppliers", "required");
    let more = app.patch(&app.agency, &path, "\"1\"", &late(34)).expect(200);
    assert_eq!((more.header("ETag"), more.json()["suppliers"].as_array().unwrap().len()), ("\"2\"", 4));
    app.patch(&app.agency, &path, "\"1\"", &late(35)).problem(412, "changed_meanwhile");
    // Somebody who works for the late supplier is in no pool of a draw that follows.
    let mut one = expert(70);
    one["employments"][0]["unit"] = json!(credit_code(34));
    one["past"] = json!([]);
    app.post(&app.bureau, "/api/v1/experts", "late", &one).expect(201);
    let ready = approved(&app, &plan(&package));
    // Who takes part decides who is excluded: added after the approval, it is agreed to anew.
    app.patch(&app.agency, &path, "\"2\"", &late(36)).expect(200);
    step(&app, &app.agency, &ready, "draw", &json!({})).problem(409, "suppliers_changed");
    let tag = app.get(&app.agency, &crate::plans::one(&ready)).expect(200).header("ETag").to_owned();
    app.put(&app.agency, &crate::plans::one(&ready), &tag, &plan(&package)).expect(200);
    step(&app, &app.agency, &ready, "submit", &json!({})).expect(200);
    step(&app, &app.bureau, &ready, "approve", &json!({})).expect(200);
    let draw = step(&app, &app.agency, &ready, "draw", &json!({})).expect(201).json();
    let seen = app.get(&app.bureau, &format!("/api/v1/draws/{}", draw["id"].as_str().unwrap())).json();
    assert_eq!(seen["excluded"]["conflict_employment_3y"], 1, "{seen}");
    app.patch(&app.agency, &path, "\"3\"", &late(35)).expect(200);
    assert_eq!(app.fsck(), Vec::<String>::new());
}
