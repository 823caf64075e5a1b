//! Draws over the API: drawn, refused with the Hall explanation, planned and accepted, voided by two
//! people, unsealed; who sees what and when; and every evidence file verified.

use expert_draw::evidence::Audience;
use expert_draw::evidence::verify::{Report, verify};
use expert_draw::log::Policy;
use expert_draw::service::accounts::AccountDraft;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, credit_code, expert, package};
use crate::support::{Kind, on_both};

on_both! {
    a_draw_is_made_once_and_verified_by_strangers
    names_stay_sealed_until_the_result_is_announced
    impossible_seats_are_explained_to_each_role_as_far_as_it_may_know
    what_is_wrong_in_a_request_is_named_and_nothing_is_changed
    forced_seats_wait_for_the_bureau
    a_plan_that_is_given_up_makes_room_for_another
    a_public_file_is_fetched_again_only_when_something_moved
    a_void_takes_two_people_and_allows_one_repeat
    conflicts_are_excluded_and_counted_by_rule
    an_agency_sees_no_count_that_could_point_to_a_bidder
    the_log_is_public_and_its_proofs_hold
}

const PATH: &str = "/api/v1/draws";

/// A pool of `n` experts, each at a unit of their own, all software people in Yueyang.
pub fn pool(app: &TestApp, n: u32) {
    for serial in 0..n {
        let mut one = expert(serial);
        one["employments"][0]["unit"] = json!(credit_code(100 + serial));
        one["past"] = json!([]);
        one["name"] = json!(format!("专家{serial}"));
        app.post(&app.bureau, "/api/v1/experts", &format!("pool-{serial}"), &one).expect(201);
    }
}

pub fn recorded(app: &TestApp, number: u32) -> String {
    let made = app.post(&app.agency, "/api/v1/packages", &format!("package-{number}"), &package(number));
    made.expect(201).json()["id"].as_str().unwrap().to_owned()
}

pub fn request(package: &str, seats: u32) -> Value {
    json!({
        "package": package,
        "review_start": "2026-11-27T01:00:00Z",
        "groups": [
            {"speciality": "ndrc316:A0832", "within": ["430600"], "except": [], "seats": seats, "site": 1},
            {"speciality": "ndrc316:C06", "within": ["430000"], "except": ["430600"], "seats": 1, "site": 2}
        ]
    })
}

pub fn drawn(app: &TestApp) -> Value {
    pool(app, 8);
    let id = recorded(app, 1);
    app.post(&app.agency, PATH, "draw", &request(&id, 2)).expect(201).json()
}

pub fn one(draw: &Value) -> String {
    format!("{PATH}/{}", draw["id"].as_str().unwrap())
}

pub fn verified(app: &TestApp, file: &Answer, audience: Audience) -> Report {
    let keys = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
    let policy = Policy::parse(keys["policy"].as_str().unwrap().as_bytes()).unwrap();
    let report = verify(&file.bytes, &policy, Some(audience));
    assert!(report.verified(), "{:?}", report.checks);
    report
}

fn a_draw_is_made_once_and_verified_by_strangers(kind: Kind) {
    let app = TestApp::new(kind);
    let draw = drawn(&app);
    assert_eq!((&draw["state"], &draw["level"]), (&json!("drawn"), &json!("operator")));
    assert_eq!(draw["result"]["seats"].as_array().unwrap().len(), 3);
    let size = app.size();
    let id = draw["package"].as_str().unwrap();
    let again = app.post(&app.agency, PATH, "draw", &request(id, 2)).expect(201).json();
    assert_eq!(again, draw);
    app.post(&app.agency, PATH, "draw", &request(id, 1)).problem(409, "idempotency_key_reused");
    app.post(&app.agency, PATH, "other", &request(id, 2)).problem(409, "wrong_state");
    assert_eq!(app.size(), size);

    let public = app.ask("GET", &format!("{}/evidence", one(&draw)), &[], b"").expect(200);
    let report = verified(&app, &public, Audience::Public);
    assert_eq!((report.facts.pool_size, report.facts.names.len()), (Some(8), 0));
    let path = format!("{}/evidence?audience=auditor&purpose=审计", one(&draw));
    let auditor = app.get(&app.auditor, &path).expect(200);
    assert_eq!(verified(&app, &auditor, Audience::Auditor).facts.names.len(), 3);
    assert_eq!(app.size(), size + 1, "the auditor's look is an entry");
    app.get(&app.bureau, &path).problem(403, "not_permitted");
    app.ask("GET", &path, &[], b"").expect(401);
    app.get(&app.auditor, &format!("{}/evidence?audience=auditor", one(&draw))).expect(422);
}

fn names_stay_sealed_until_the_result_is_announced(kind: Kind) {
    let app = TestApp::new(kind);
    let draw = drawn(&app);
    let path = one(&draw);
    for token in [&app.bureau, &app.agency, &app.auditor] {
        assert!(!app.get(token, &path).expect(200).text().contains("专家"));
        assert!(!app.get(token, &format!("{path}/record")).expect(200).text().contains("专家1"));
    }
    assert!(app.get(&app.agency, &path).json().get("excluded").is_none());
    assert!(app.get(&app.bureau, &path).json().get("excluded").is_some());
    app.get(&app.other_agency, &path).problem(404, "not_found");

    let size = app.size();
    let look = json!({"purpose": "电话通知"});
    app.post(&app.agency, &format!("{path}/open"), "look", &look).problem(403, "not_permitted");
    app.post(&app.bureau, &format!("{path}/open"), "no", &json!({"purpose": ""})).expect(422);
    assert_eq!(app.size(), size);
    let members = app.post(&app.bureau, &format!("{path}/open"), "look", &look).expect(200).json();
    assert_eq!(members["items"].as_array().unwrap().len(), 3);
    assert_eq!(app.size(), size + 1);

    let announced = json!({"announcement": "岳采公告2026-1"});
    app.post(&app.agency, &format!("{path}/unseal"), "unseal", &announced).problem(403, "not_permitted");
    app.post(&app.bureau, &format!("{path}/unseal"), "empty", &json!({"announcement": ""})).expect(422);
    app.post(&app.bureau, &format!("{path}/unseal"), "blank", &json!({"announcement": "　 "})).names(
        422,
        "announcement",
        "length",
    );
    let unsealed = app.post(&app.bureau, &format!("{path}/unseal"), "unseal", &announced).expect(200).json();
    assert_eq!(unsealed["state"], "unsealed");
    let shown = app.get(&app.agency, &path).json();
    assert!(shown["result"]["seats"][0]["name"].as_str().unwrap().starts_with("专家"));
    let public = app.ask("GET", &format!("{path}/evidence"), &[], b"").expect(200);
    let mut names = verified(&app, &public, Audience::Public).facts.names;
    names.sort();
    let mut opened: Vec<&str> =
        members["items"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    opened.sort_unstable();
    assert_eq!(names, opened);
    app.post(&app.bureau, &format!("{path}/void"), "late", &json!({"reason": "request_wrong"}))
        .problem(409, "wrong_state");
}

fn impossible_seats_are_explained_to_each_role_as_far_as_it_may_know(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 4);
    let id = recorded(&app, 1);
    let size = app.size();
    let refused = app.post(&app.agency, PATH, "draw", &request(&id, 9)).problem(422, "no_full_panel");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("第1、2组"), "{detail}");
    assert!(!detail.contains('4'), "an agency hears no numbers: {detail}");
    assert_eq!(app.size(), size, "a refused request changes nothing");
    let told = app
        .post(&app.bureau, &format!("{PATH}/check"), "check", &request(&id, 9))
        .problem(422, "no_full_panel");
    let detail = told["detail_en"].as_str().unwrap();
    assert!(detail.contains("10 seats, 4 candidates, 6 short"), "{detail}");
    let fine = app.post(&app.bureau, &format!("{PATH}/check"), "fine", &request(&id, 2)).expect(200).json();
    assert_eq!((&fine["pool_size"], &fine["forced_seats"]), (&json!(4), &json!(0)));
    let fine = app.post(&app.agency, &format!("{PATH}/check"), "fine", &request(&id, 2)).expect(200).json();
    assert!(fine.get("pool_size").is_none());
}

fn what_is_wrong_in_a_request_is_named_and_nothing_is_changed(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 4);
    let id = recorded(&app, 1);
    let size = app.size();
    let refused = |change: &dyn Fn(&mut Value), field: &str, rule: &str| {
        let mut body = request(&id, 1);
        change(&mut body);
        app.post(&app.agency, PATH, "draw", &body).names(422, field, rule);
    };
    refused(
        &|b| b["groups"][0]["speciality"] = json!("ndrc316:Z99"),
        "groups[0].speciality",
        "unknown_speciality",
    );
    refused(&|b| b["groups"][0]["speciality"] = json!("x:A01"), "groups[0].speciality", "unknown_scheme");
    refused(&|b| b["groups"][1]["within"] = json!(["999999"]), "groups[1].within[0]", "unknown_region");
    refused(&|b| b["groups"][1]["within"] = json!([]), "groups[1].within", "required");
    refused(&|b| b["groups"][0]["seats"] = json!(0), "groups[0].seats", "range");
    refused(&|b| b["groups"][0]["seats"] = json!(10_000), "groups[0].seats", "range");
    refused(&|b| b["groups"][0]["site"] = json!(0), "groups[0].site", "range");
    refused(&|b| b["groups"] = json!([]), "groups", "count");
    refused(&|b| b["review_start"] = json!("2020-01-01T00:00:00Z"), "review_start", "in_the_past");
    refused(&|b| b["review_start"] = json!("2029-01-01T00:00:00Z"), "review_start", "too_far");
    app.post(&app.agency, PATH, "none", &request("Pnone", 1)).problem(404, "not_found");
    app.post(&app.other_agency, PATH, "theirs", &request(&id, 1)).problem(404, "not_found");
    app.post(&app.bureau, PATH, "bureau", &request(&id, 1)).problem(403, "not_permitted");
    app.post(&app.bureau, &format!("{PATH}/Dnone/void"), "v", &json!({"reason": "whim"})).names(
        422,
        "reason",
        "unknown_reason",
    );
    assert_eq!(app.size(), size);
}

/// Two software people only, so both sit in every panel of two seats.
fn planned(app: &TestApp) -> Value {
    pool(app, 3);
    let id = recorded(app, 1);
    let made = app.post(&app.agency, PATH, "draw", &request(&id, 2)).expect(202).json();
    assert_eq!((&made["state"], made.get("commitment")), (&json!("planned"), None));
    made
}

fn forced_seats_wait_for_the_bureau(kind: Kind) {
    let app = TestApp::new(kind);
    let draw = planned(&app);
    let path = format!("{}/accept", one(&draw));
    app.post(&app.agency, &path, "mine", &json!({})).problem(403, "not_permitted");
    let accepted = app.post(&app.bureau, &path, "accept", &json!({})).expect(200).json();
    assert_eq!(
        (&accepted["state"], &accepted["commitment"]["forced_seats_accepted"]),
        (&json!("drawn"), &json!(true))
    );
    assert_eq!(app.post(&app.bureau, &path, "accept", &json!({})).expect(200).json(), accepted);
    let public = app.ask("GET", &format!("{}/evidence", one(&draw)), &[], b"").expect(200);
    assert_eq!(verified(&app, &public, Audience::Public).facts.forced_seats, Some(3));
}

fn a_plan_that_is_given_up_makes_room_for_another(kind: Kind) {
    let app = TestApp::new(kind);
    let draw = planned(&app);
    app.ask("GET", &format!("{}/evidence", one(&draw)), &[], b"").problem(409, "wrong_state");
    let gone = app.post(&app.agency, &format!("{}/withdraw", one(&draw)), "w", &json!({})).expect(200).json();
    assert_eq!(gone["state"], "withdrawn");
    app.post(&app.bureau, &format!("{}/accept", one(&draw)), "late", &json!({})).problem(409, "wrong_state");
    let package = draw["package"].as_str().unwrap();
    let next = app.post(&app.agency, PATH, "next", &request(package, 1)).expect(201).json();
    assert_eq!((&next["state"], &next["attempt"]), (&json!("drawn"), &json!(1)));
}

fn a_public_file_is_fetched_again_only_when_something_moved(kind: Kind) {
    let app = TestApp::new(kind);
    let draw = drawn(&app);
    let path = format!("{}/evidence", one(&draw));
    let index = app.get(&app.agency, &one(&draw)).json()["commitment"]["index"].as_u64().unwrap();
    for path in [path.clone(), format!("/api/v1/log/draws/{index}")] {
        let first = app.ask("GET", &path, &[], b"").expect(200);
        let tag = first.header("ETag").to_owned();
        assert_eq!(first.header("Cache-Control"), "public, max-age=2, must-revalidate");
        let held = app.ask("GET", &path, &[("If-None-Match", &tag)], b"").expect(304);
        assert!(held.bytes.is_empty());
        assert_eq!(app.ask("GET", &path, &[], b"").expect(200).bytes, first.bytes, "kept");
        // Another process over the same database has moved the log.
        let other = app.second_process();
        other.found_account(&AccountDraft::new("bureau", "另一人", None, 30)).unwrap();
        let moved = app.ask("GET", &path, &[("If-None-Match", &tag)], b"").expect(200);
        assert_ne!((moved.header("ETag"), &moved.bytes), (tag.as_str(), &first.bytes));
        verified(&app, &moved, Audience::Public);
    }
    // An auditor's file is nobody else's and is never kept.
    let auditor = app.get(&app.auditor, &format!("{path}?audience=auditor&purpose=核验")).expect(200);
    assert_eq!(auditor.header("Cache-Control"), "no-store");
}

fn a_void_takes_two_people_and_allows_one_repeat(kind: Kind) {
    let app = TestApp::new(kind);
    let draw = drawn(&app);
    let second = AccountDraft::new("bureau", "第二人", None, 30);
    let second = app.service.found_account(&second).unwrap().token.unwrap();
    let reason = json!({"reason": "request_wrong"});
    let void = |draw: &Value, key: &str| {
        let (propose, confirm) = (format!("{}/void", one(draw)), format!("{}/void/confirm", one(draw)));
        app.post(&second, &confirm, &format!("early-{key}"), &json!({})).problem(409, "wrong_state");
        app.post(&app.bureau, &propose, &format!("propose-{key}"), &reason).expect(200);
        app.post(&app.bureau, &confirm, &format!("self-{key}"), &json!({})).problem(403, "same_person");
        let ended = app.post(&second, &confirm, &format!("confirm-{key}"), &json!({})).expect(200).json();
        assert_eq!(ended["state"], "voided");
        let public = app.ask("GET", &format!("{}/evidence", one(draw)), &[], b"").expect(200);
        assert_eq!(verified(&app, &public, Audience::Public).seen_voids(), 1);
    };
    void(&draw, "1");
    let package = draw["package"].as_str().unwrap();
    let repeat = app.post(&app.agency, PATH, "repeat", &request(package, 2)).expect(201).json();
    assert_eq!(repeat["attempt"], 2);
    let public = app.ask("GET", &format!("{}/evidence", one(&repeat)), &[], b"").expect(200);
    assert_eq!(verified(&app, &public, Audience::Public).facts.attempt, Some(2));
    void(&repeat, "2");
    app.post(&app.agency, PATH, "third", &request(package, 2)).problem(409, "attempts_used_up");
    let listed = app.get(&app.agency, &format!("{PATH}?package={package}&state=voided")).expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(app.get(&app.other_agency, PATH).expect(200).json()["items"].as_array().unwrap().len(), 0);
}

fn conflicts_are_excluded_and_counted_by_rule(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 6);
    // Employers of package(1): purchaser 21, agency 1, suppliers 31 to 33.
    let employed: [(u32, u32, &str); 3] =
        [(50, 21, "own_unit_only_as_rep"), (51, 1, "no_agent_staff"), (52, 32, "conflict_employment_3y")];
    for (serial, unit, _) in employed {
        let mut one = expert(serial);
        one["employments"][0]["unit"] = json!(credit_code(unit));
        app.post(&app.bureau, "/api/v1/experts", &format!("c-{serial}"), &one).expect(201);
    }
    let mut declared = expert(53);
    declared["employments"][0]["unit"] = json!(credit_code(900));
    declared["declared_units"] = json!([credit_code(33)]);
    app.post(&app.bureau, "/api/v1/experts", "declared", &declared).expect(201);
    let mut past = expert(54);
    past["employments"][0]["unit"] = json!(credit_code(901));
    past["past"] = json!([{"unit": credit_code(31), "from": "2015-01-01", "to": "2023-11-27"}]);
    app.post(&app.bureau, "/api/v1/experts", "past", &past).expect(201);
    let id = recorded(&app, 1);
    let draw = app.post(&app.agency, PATH, "draw", &request(&id, 2)).expect(201).json();
    let seen = app.get(&app.bureau, &one(&draw)).json();
    assert_eq!(seen["commitment"]["pool_size"], 6);
    assert_eq!(
        seen["excluded"],
        json!({"own_unit_only_as_rep": 1, "no_agent_staff": 1, "conflict_employment_3y": 2, "conflict_declared": 1})
    );
}

fn an_agency_sees_no_count_that_could_point_to_a_bidder(kind: Kind) {
    let app = TestApp::drawing_under(kind, crate::replay::hunan());
    crate::replay::people(&app, 0..8);
    let employed = |serials: std::ops::Range<u32>, unit: u32| {
        for serial in serials {
            crate::replay::person(&app, serial, |one| {
                one["employments"][0]["unit"] = json!(credit_code(unit))
            });
        }
    };
    // Of suppliers five, of the purchaser four: the profile tells an agency from five on.
    employed(50..55, 31);
    employed(60..64, 21);
    let draw = app.post(&app.agency, PATH, "draw", &request(&recorded(&app, 1), 2)).expect(201).json();
    let seen = |token: &str| app.get(token, &one(&draw)).expect(200).json()["excluded"].clone();
    assert_eq!(seen(&app.bureau)["conflict_employment_3y"], 5);
    assert_eq!(seen(&app.bureau)["own_unit_only_as_rep"], 4);
    assert_eq!(seen(&app.agency), json!({"conflict_employment_3y": 5}));
    assert_eq!(draw["excluded"], json!({"conflict_employment_3y": 5}), "in the answer to the request too");
}

fn the_log_is_public_and_its_proofs_hold(kind: Kind) {
    use expert_draw::log::{Checkpoint, LogProof, SignedNote, merkle, unpack_entries};
    let app = TestApp::new(kind);
    let draw = drawn(&app);
    let open = |path: &str| app.ask("GET", path, &[], b"").expect(200);
    let note = SignedNote::parse(&open("/api/v1/log/checkpoint").bytes).unwrap();
    let head = Checkpoint::from_note(&note).unwrap();
    assert_eq!(head.size, app.size());
    let bundle = open(&format!("/api/v1/log/tile/entries/000.p/{}", head.size));
    let entries = unpack_entries(&bundle.bytes, u16::try_from(head.size).unwrap()).unwrap();
    let leaves: Vec<_> = entries.iter().map(|entry| merkle::leaf_hash(entry)).collect();
    assert_eq!(merkle::root(&leaves), head.root);
    let tile = open(&format!("/api/v1/log/tile/0/000.p/{}", head.size)).bytes;
    assert_eq!(tile, leaves.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>());
    let keys = open("/api/v1/keys").json();
    let policy = Policy::parse(keys["policy"].as_str().unwrap().as_bytes()).unwrap();
    let index = draw["commitment"]["index"].as_u64().unwrap();
    let proof = open(&format!("/api/v1/log/proofs/{index}")).json();
    let proof = LogProof::parse(proof["proof"].as_str().unwrap().as_bytes()).unwrap();
    proof.verify(&leaves[usize::try_from(index).unwrap()], &policy).unwrap();
    for path in ["tile/0/001.p/1", "tile/0/000.p/0", "tile/x", "tile/entries/999", "proofs/999"] {
        assert!(
            [400, 404].contains(&app.ask("GET", &format!("/api/v1/log/{path}"), &[], b"").status),
            "{path}"
        );
    }
}
