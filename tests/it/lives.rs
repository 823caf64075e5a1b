//! Whole lives of a package, from the plan to the archive, each as a story: what the agency, the purchaser,
//! the bureau, the experts and the staff of the venues do, and what the law makes of it.
//!
//! Each ends with the evidence verified by `expert-draw-verify`, every pool and every exclusion rebuilt from
//! the journal, and the tables held against it.

use serde_json::{Value, json};

use crate::app::credit_code;
use crate::life::{Life, text};
use crate::support::{Kind, on_both};

on_both! {
    a_plain_open_tender
    a_negotiation_with_an_expert_of_law
    a_remote_review_with_two_sub_venues_drawn_before_the_experts
    every_seat_refuses_until_nobody_is_left
    a_conflict_that_shows_only_at_the_desk
    a_site_fails_and_the_committee_is_formed_anew
    a_room_fails_in_the_morning_and_the_same_people_sit_a_week_later
    a_procurement_is_cancelled_and_the_list_stays_sealed
    a_void_ends_the_day_as_well
    a_supplementary_draw_keeps_who_would_come
    some_members_are_selected_by_the_purchaser
}

/// An open tender of five experts in Yueyang.
pub fn open_tender(package: &str) -> Value {
    json!({
        "package": package, "region": "430600", "method": "open_tender", "category": "services",
        "budget_fen": 120_000_000, "threshold_reached": true, "complex": false, "social_impact": false,
        "remote": false, "review_start": "2026-11-27T01:00:00Z", "hours": 4, "representatives": 0,
        "groups": [
            {"speciality": "ndrc316:A0832", "within": ["430600"], "except": [], "seats": 4, "site": 1},
            {"speciality": "ndrc316:C06", "within": ["430000"], "except": [], "seats": 1, "site": 1}
        ],
        "region_reason": "本地项目，需熟悉现场"
    })
}

/// The eve of the review: two working days before are over, one hour of answers is left.
const MAY_BE_DRAWN: &str = "2026-11-25T02:00:00Z";
const MORNING: &str = "2026-11-27T00:10:00Z";
const START: &str = "2026-11-27T01:00:00Z";

/// From the approved plan of an open tender to invitations.
fn called(kind: Kind, experts: u32) -> Life {
    let mut life = Life::of(kind, "hunan", experts);
    life.has_desk(1, "430600", None);
    let body = open_tender(&life.package);
    life.writes_plan(&body);
    life.plan_is_approved();
    life.plan_step(&life.app.agency, "draw", &json!({})).problem(422, "not_yet");
    life.now(MAY_BE_DRAWN);
    assert_eq!(life.draws()["state"], "calling");
    life
}

fn a_plain_open_tender(kind: Kind) {
    let life = called(kind, 15);
    let calls = life.calls();
    assert_eq!((&calls["open_seats"], &calls["rounds"][0]["invited"]), (&json!(5), &json!(7)));
    life.everybody_accepts();
    life.names_are_sealed();
    life.opens_day(&[]);
    life.now(MORNING);
    life.everybody_comes();
    life.day_step(&life.app.agency, "begin", &json!({})).problem(409, "too_early");
    life.now(START);
    life.review_begins();
    life.is_reviewed_and_announced();
    life.plan_step(&life.app.bureau, "close", &json!({}));
    assert_eq!(life.see_plan()["state"], "closed");
    // The archive of fifteen years holds the same evidence.
    let dossier = life.get(&life.app.agency, &format!("{}/dossier?purpose=归档", life.draw)).expect(200);
    assert!(dossier.bytes.starts_with(b"PK"));
    life.ends_well(15);
}

fn a_negotiation_with_an_expert_of_law(kind: Kind) {
    let mut life = Life::of(kind, "hunan", 14);
    life.has_desk(1, "430600", None);
    let mut body = open_tender(&life.package);
    body["method"] = json!("negotiation");
    (body["threshold_reached"], body["complex"], body["representatives"]) =
        (json!(false), json!(true), json!(1));
    body["groups"] = json!([
        {"speciality": "ndrc316:A0832", "within": ["430600"], "except": [], "seats": 2, "site": 1}
    ]);
    life.writes_plan(&body);
    // 财政部令第74号 art 7: a complex negotiation has an expert of law.
    let refused = life.plan_step(&life.app.agency, "submit", &json!({})).problem(422, "plan_findings");
    assert_eq!(refused["errors"][0]["rule"], "legal_expert_required");
    body["groups"] = json!([
        {"speciality": "ndrc316:A0832", "within": ["430600"], "except": [], "seats": 1, "site": 1},
        {"speciality": "ndrc316:C06", "within": ["430000"], "except": [], "seats": 1, "site": 1, "legal": true}
    ]);
    life.changes_plan(&body);
    life.plan_is_approved();
    // Negotiations are exempt from the two working days.
    life.draws();
    life.everybody_accepts();
    life.opens_day(&[]);
    life.now(MORNING);
    life.everybody_comes();
    life.now(START);
    life.review_begins();
    life.is_reviewed_and_announced();
    life.ends_well(14);
}

fn a_remote_review_with_two_sub_venues_drawn_before_the_experts(kind: Kind) {
    let cities = ["350100", "350200", "350300", "350400", "350500"];
    let mut life = Life::of(kind, "fujian", 0);
    life.registers(0..45, |serial, one| one["regions"] = json!([cities[serial as usize % cities.len()]]));
    for region in &cities[1..] {
        life.adds_venue(region, 4);
    }
    let mut body = open_tender(&life.package);
    (body["region"], body["remote"]) = (json!("350100"), json!(true));
    body["groups"] = json!([
        {"speciality": "ndrc316:A0832", "within": ["350000"], "seats": 2, "site": 1},
        {"speciality": "ndrc316:A0832", "of_site": true, "seats": 2, "site": 2},
        {"speciality": "ndrc316:C06", "of_site": true, "seats": 1, "site": 3}
    ]);
    body["sites"] = json!({"count": 2, "within": ["350000"], "workstations": 3});
    body["document_numbers"] = json!([
        {"speciality": "ndrc316:A0832", "experts": 4}, {"speciality": "ndrc316:C06", "experts": 1}
    ]);
    life.writes_plan(&body);
    life.plan_is_approved();
    // Fujian draws on the day itself, the sites before the experts.
    life.now("2026-11-26T17:00:00Z");
    let first = life.plan_step(&life.app.agency, "draw", &json!({})).problem(422, "not_yet");
    assert_eq!(first["errors"][0]["rule"], "sub_venue_first");
    let drawn = life.plan_step(&life.app.agency, "sites", &json!({})).expect(200).json();
    let sites = drawn["drawn_sites"].as_array().unwrap().clone();
    assert_eq!(sites.len(), 2);
    let path = format!("/api/v1/sites-draws/{}/evidence", text(&drawn["sites_draw"]));
    let public = life.app.ask("GET", &path, &[], b"").expect(200);
    assert!(!public.text().contains("交易中心"), "blind to venue and city");
    life.verifies("sites-public", &public, &["--expect", "public"]);
    let auditor =
        life.app.get(&life.app.auditor, &format!("{path}?audience=auditor&purpose=审计")).expect(200);
    life.verifies("sites-auditor", &auditor, &["--expect", "auditor"]);

    let booked = life.get(&life.app.agency, &format!("{}/bookings", life.plan)).expect(200).json();
    life.has_desk(1, "350100", None);
    for site in &sites {
        let held = booked["items"].as_array().unwrap().iter().find(|held| held["venue"] == site["venue"]);
        let names = held.unwrap()["workstations"].as_array().unwrap().iter().map(text).collect();
        life.has_desk(site["site"].as_u64().unwrap(), "", Some((text(&site["venue"]), names)));
    }
    life.draws();
    life.everybody_accepts();
    life.opens_day(&[]);
    life.now(MORNING);
    // Each finds their name at the desk of their own city only.
    life.everybody_comes();
    let stations: Vec<String> = life.day()["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| format!("{}:{}", member["site"], text(&member["workstation"])))
        .collect();
    assert_eq!(stations.len(), 5);
    life.now(START);
    life.review_begins();
    life.is_reviewed_and_announced();
    life.ends_well(45);
}

fn every_seat_refuses_until_nobody_is_left(kind: Kind) {
    let life = called(kind, 15);
    // Everybody who is asked says no; then nobody is left, and that is said.
    assert_eq!(life.only_some_accept(0).len(), 0);
    let calls = life.calls();
    assert_eq!((&calls["state"], &calls["shortfall"]), (&json!("calling"), &json!("infeasible")));
    assert!(calls["rounds"].as_array().unwrap().len() > 1);
    let announced = json!({"announcement": "1"});
    life.post(&life.app.bureau, &format!("{}/unseal", life.draw), &announced).problem(409, "wrong_state");
    life.hours_pass(2);
    life.due();
    assert_eq!(life.state(), "calling", "nobody but two people ends it");
    life.is_stopped("shortfall");
    life.names_are_sealed();
    // Nobody is left to be drawn: those who refused are not asked again.
    life.plan_step(&life.app.agency, "draw", &json!({})).problem(422, "pool_short");
    life.names_are_sealed();
    life.ends_well(15);
}

fn a_conflict_that_shows_only_at_the_desk(kind: Kind) {
    let mut life = Life::of(kind, "hunan", 20);
    life.has_desk(1, "430600", None);
    let body = open_tender(&life.package);
    life.writes_plan(&body);
    life.plan_is_approved();
    life.now(MAY_BE_DRAWN);
    life.draws();
    life.everybody_accepts();
    let seated = life.invitations(&["seated"]);
    assert_eq!(seated.len(), 5);
    // A bidder of the last minute employs somebody on the panel.
    life.opens_day(&[credit_code(100 + seated[0].who.serial)]);
    life.now(MORNING);
    let seen = life.signs_in(&seated[0]);
    let gone = seen["members"].as_array().unwrap().iter().filter(|member| member["left"] == "conflict");
    assert_eq!(gone.count(), 1, "{seen}");
    life.seat_step(&seated[0], "suppliers", &json!({})).problem(409, "not_signed_in");
    // Who stood by in drawn order has the seat.
    assert_eq!(life.state(), "filled", "{}", life.calls());
    life.everybody_comes();
    life.now(START);
    life.review_begins();
    life.is_reviewed_and_announced();
    let names: Vec<Value> = life.see_draw()["result"]["seats"].as_array().unwrap().clone();
    assert!(names.iter().all(|seat| seat["name"] != format!("专家{}", seated[0].who.serial)), "{names:?}");
    life.ends_well(20);
}

fn a_site_fails_and_the_committee_is_formed_anew(kind: Kind) {
    let mut life = called(kind, 24);
    life.everybody_accepts();
    life.opens_day(&[]);
    life.now(MORNING);
    life.everybody_comes();
    life.now(START);
    life.review_begins();
    let position = life.day()["members"][0]["position"].clone();
    let breach = json!({"position": position, "what": "拍摄评审资料"});
    life.day_step(&life.desks[&1].token, "breaches", &breach).expect(200);
    let failed = json!({"site": 1, "what": "电力中断"});
    life.day_step(&life.desks[&1].token, "pause", &failed).expect(200);
    life.hours_pass(5);
    life.due();
    assert_eq!(life.day()["state"], "failed");
    life.is_stopped("site_failure");
    life.due();
    assert_eq!(life.day()["state"], "archived");
    let mut again = open_tender(&life.package);
    again["review_start"] = json!("2026-12-04T01:00:00Z");
    life.forms_anew(&again);
    life.plan_is_approved();
    life.now("2026-12-02T02:00:00Z");
    let drawn = life.draws();
    assert_eq!(drawn["attempt"], 2);
    // Whoever broke the discipline is barred without anybody having to remember it; the others may sit again.
    let seen = life.get(&life.app.bureau, &life.draw).expect(200).json();
    assert_eq!(seen["excluded"]["no_repeat_in_draw"], 1, "{seen}");
    life.everybody_accepts();
    life.opens_day(&[]);
    life.now("2026-12-04T00:10:00Z");
    life.everybody_comes();
    life.now("2026-12-04T01:00:00Z");
    life.review_begins();
    life.is_reviewed_and_announced();
    // The first list stays sealed although the second is open.
    life.names_are_sealed();
    life.ends_well(48);
}

fn a_room_fails_in_the_morning_and_the_same_people_sit_a_week_later(kind: Kind) {
    let mut life = called(kind, 24);
    life.everybody_accepts();
    life.opens_day(&[]);
    life.now(MORNING);
    for invitation in life.invitations(&["seated"]) {
        life.signs_in(&invitation);
    }
    let failed = json!({"site": 1, "what": "电力中断"});
    life.day_step(&life.desks[&1].token, "pause", &failed).expect(200);
    life.hours_pass(3);
    life.due();
    assert_eq!(life.day()["state"], "undecided", "the purchaser decides: not to wait");
    life.is_stopped("site_failure");
    // The same committee, another time: a new version of the plan, agreed to anew; who came is kept.
    let mut again = open_tender(&life.package);
    again["review_start"] = json!("2026-12-04T01:00:00Z");
    life.changes_plan(&again);
    life.plan_is_approved();
    life.now("2026-12-02T02:00:00Z");
    let drawn = life.draws();
    assert_eq!(drawn["attempt"], 2);
    assert_eq!((life.invitations(&["open"]).len(), life.invitations(&["seated", "signed_in"]).len()), (0, 5));
    life.opens_day(&[]);
    life.now("2026-12-04T00:10:00Z");
    life.everybody_comes();
    life.now("2026-12-04T01:00:00Z");
    life.review_begins();
    life.is_reviewed_and_announced();
    life.ends_well(48);
}

fn a_procurement_is_cancelled_and_the_list_stays_sealed(kind: Kind) {
    let life = called(kind, 15);
    life.everybody_accepts();
    let reason = json!({"reason": "采购任务取消"});
    life.plan_step(&life.app.agency, "cancel", &reason).problem(409, "draw_stands");
    let early = json!({"announcement": "岳采公告2026-1"});
    life.post(&life.app.bureau, &format!("{}/unseal", life.draw), &early).problem(409, "not_reviewed");
    let stop = json!({"reason": "procurement_stopped"});
    life.post(&life.app.bureau, &format!("{}/stop", life.draw), &stop).expect(200);
    life.post(&life.app.bureau, &format!("{}/stop/confirm", life.draw), &json!({}))
        .problem(403, "same_person");
    life.post(&life.second, &format!("{}/stop/confirm", life.draw), &json!({})).expect(200);
    life.plan_step(&life.app.agency, "cancel", &reason).expect(200);
    life.plan_step(&life.app.agency, "cancel/confirm", &json!({})).problem(403, "not_permitted");
    assert_eq!(
        life.plan_step(&life.app.bureau, "cancel/confirm", &json!({})).expect(200).json()["state"],
        "cancelled"
    );
    let announced = json!({"announcement": "1"});
    life.post(&life.app.bureau, &format!("{}/unseal", life.draw), &announced).problem(409, "wrong_state");
    life.plan_step(&life.app.agency, "draw", &json!({})).problem(409, "not_approved");
    // Those who had said yes are free again.
    assert_eq!(life.invitations(&["seated", "standby", "accepted", "open"]).len(), 0);
    life.names_are_sealed();
    life.ends_well(15);
}

fn a_void_ends_the_day_as_well(kind: Kind) {
    let life = called(kind, 15);
    life.everybody_accepts();
    life.opens_day(&[]);
    life.now(MORNING);
    let seated = life.seated(false);
    life.signs_in(&seated[0]);
    let wrong = json!({"reason": "request_wrong"});
    life.post(&life.app.bureau, &format!("{}/void", life.draw), &wrong).expect(200);
    life.post(&life.second, &format!("{}/void/confirm", life.draw), &json!({})).expect(200);
    // Nobody's step on the day brings a voided draw back.
    life.seat_step(&seated[0], "recuse", &json!({})).problem(409, "wrong_state");
    life.day_step(&life.desks[&1].token, "pause", &json!({"site": 1, "what": "停电"}))
        .problem(409, "wrong_state");
    assert_eq!(life.state(), "voided");
    life.due();
    assert_eq!(life.state(), "voided");
    life.names_are_sealed();
    life.ends_well(15);
}

fn a_supplementary_draw_keeps_who_would_come(kind: Kind) {
    let mut life = called(kind, 15);
    let coming = life.only_some_accept(2);
    assert_eq!((coming.len(), &life.calls()["shortfall"]), (2, &json!("infeasible")));
    life.plan_step(&life.app.agency, "draw", &json!({})).problem(409, "wrong_state");
    life.is_stopped("shortfall");
    life.registers(40..54, |_, _| {});
    let drawn = life.draws();
    assert_eq!((&drawn["attempt"], &life.calls()["open_seats"]), (&json!(2), &json!(3)));
    life.everybody_accepts();
    life.opens_day(&[]);
    life.now(MORNING);
    life.everybody_comes();
    life.now(START);
    life.review_begins();
    life.is_reviewed_and_announced();
    let names: Vec<String> = life.see_draw()["result"]["seats"]
        .as_array()
        .unwrap()
        .iter()
        .map(|seat| text(&seat["name"]))
        .collect();
    assert!(coming.iter().all(|one| names.contains(&format!("专家{}", one.serial))), "{names:?}");
    life.ends_well(15 + 29);
}

fn some_members_are_selected_by_the_purchaser(kind: Kind) {
    let mut life = Life::of(kind, "hunan", 16);
    life.has_desk(1, "430600", None);
    let mut body = open_tender(&life.package);
    body["complex"] = json!(true);
    body["self_selection"] = json!({
        "reason": "技术复杂，随机难以确定",
        "members": [{"name": "自选甲", "unit": credit_code(61)}, {"name": "自选乙", "number": life.people[0].number}]
    });
    life.writes_plan(&body);
    life.plan_step(&life.app.agency, "submit", &json!({})).names(
        422,
        "self_selection.consent",
        "consent_missing",
    );
    body["self_selection"]["consent"] = json!(life.files_consent());
    life.changes_plan(&body);
    life.plan_is_approved();
    let sealed = life.get(&life.app.bureau, &life.plan).expect(200);
    assert!(!sealed.text().contains("自选甲"), "names of selected members are sealed too");
    life.now(MAY_BE_DRAWN);
    life.draws();
    // Who is selected is not drawn as well.
    let asked = life.invitations(&["open"]);
    assert!(asked.iter().all(|invitation| invitation.who.number != life.people[0].number));
    life.everybody_accepts();
    life.opens_day(&[]);
    life.now(MORNING);
    life.everybody_comes();
    life.now(START);
    life.review_begins();
    let record =
        |life: &Life, token: &str| life.get(token, &format!("{}/record", life.draw)).expect(200).text();
    assert!(!record(&life, &life.app.agency).contains("自选"), "nor on paper");
    life.is_reviewed_and_announced();
    let printed = record(&life, &life.app.bureau);
    for marked in ["自行选定", "自选甲", "自选乙"] {
        assert!(printed.contains(marked), "{marked} on the printed record");
    }
    life.plan_step(&life.app.bureau, "close", &json!({}));
    let closed = life.see_plan();
    let members = closed["self_selection"]["members"].as_array().unwrap();
    assert!(members.iter().all(|member| member["self_selected"] == true), "marked to the end: {closed}");
    life.ends_well(16);
}
