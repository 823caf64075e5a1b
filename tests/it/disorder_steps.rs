//! What may happen next in a world of disorder: what a sensible person would do, or anything by anybody.

use expert_draw::codec::sha256;
use expert_draw::outside::wire::Said;
use expert_draw::time::Timestamp;
use serde_json::{Value, json};

use crate::app::{credit_code, package};
use crate::disorder::World;
use crate::life::{Desk, Invitation, text};
use crate::life_day::DISCIPLINE;

/// The most packages of one sequence.
const PACKAGES: u32 = 4;

/// One step that leads on, as far as it is let.
pub fn sensible(world: &mut World) {
    let Some(plan) = world.plans.last().cloned() else { return };
    let agency = world.life.app.agency.clone();
    let seen = world.life.get(&agency, &plan).expect(200).json();
    let by = |world: &mut World, role: &'static str, path: String, body: Value| {
        let token = world.actors.iter().find(|(known, _)| *known == role).unwrap().1.clone();
        world.ask((role, &token), "POST", &path, &body)
    };
    match seen["state"].as_str().unwrap() {
        "draft" => drop(by(world, "agency", format!("{plan}/submit"), json!({}))),
        "submitted" => drop(by(world, "purchaser", format!("{plan}/confirm"), json!({}))),
        "confirmed" => drop(by(world, "bureau", format!("{plan}/approve"), json!({}))),
        "returned" => amends(world, &plan, &seen),
        "approved" => {
            // Two working days before the review at the earliest.
            let start = Timestamp::parse(seen["review_start"].as_str().unwrap()).unwrap();
            later(world, start.0 - 47 * 3_600);
            by(world, "agency", format!("{plan}/draw"), json!({}));
        }
        "drawn" => {
            let draw = format!("/draws/{}", text(seen["draws"].as_array().unwrap().last().unwrap()));
            let start = Timestamp::parse(seen["review_start"].as_str().unwrap()).unwrap().0;
            draw_goes_on(world, &plan, &draw, start);
        }
        _ if world.packages < PACKAGES => {
            world.packages += 1;
            let made = by(world, "agency", "/packages".into(), package(world.packages)).1;
            world.life.package = text(&made["id"]);
            let body = world.plan_body();
            world.writes_plan(&body);
        }
        _ => {}
    }
}

fn amends(world: &mut World, plan: &str, seen: &Value) {
    let etag = format!("\"{}\"", seen["version"]);
    let mut body = world.plan_body();
    body["package"] = seen["package"].clone();
    let (app, path) = (&world.life.app, format!("/api/v1{plan}"));
    let status = app.put(&app.agency, &path, &etag, &body).status;
    assert!(status < 500);
    world.told.push(format!("agency PUT {plan} → {status}"));
}

fn later(world: &World, time: i64) {
    let clock = &world.life.app.clock;
    let now = world.life.app.service.now().0;
    clock.set(Timestamp(now.max(time)));
}

fn draw_goes_on(world: &mut World, plan: &str, draw: &str, start: i64) {
    let agency = world.life.app.agency.clone();
    let by = |world: &mut World, role: &'static str, path: String, body: Value| {
        let token = world.actors.iter().find(|(known, _)| *known == role).unwrap().1.clone();
        world.ask((role, &token), "POST", &path, &body).0
    };
    let state = text(&world.life.get(&agency, draw).expect(200).json()["state"]);
    if world.chance.of(20) && ["calling", "filled", "in_review"].contains(&state.as_str()) {
        // The request was wrong: two people void the draw.
        by(world, "bureau", format!("{draw}/void"), json!({"reason": "request_wrong"}));
        let second = world.life.second.clone();
        world.ask(("bureau", &second), "POST", &format!("{draw}/void/confirm"), &json!({}));
        return;
    }
    if world.chance.of(25) && ["filled", "in_review"].contains(&state.as_str()) {
        by(world, "agency", format!("{draw}/stop"), json!({"reason": "procurement_stopped"}));
        by(world, "bureau", format!("{draw}/stop/confirm"), json!({}));
        return;
    }
    match state.as_str() {
        "planned" => drop(by(world, "bureau", format!("{draw}/accept"), json!({}))),
        "calling" => {
            let open = world.life.invitations(&["open"]);
            if let Some(one) = world.chance.one(&open) {
                let what = if world.chance.of(4) { "decline" } else { "accept" };
                own(world, &one, what, json!({}));
                return;
            }
            let calls = world.life.get(&agency, &format!("{draw}/calls")).expect(200).json();
            if calls["shortfall"].is_string() {
                by(world, "agency", format!("{draw}/stop"), json!({"reason": "shortfall"}));
                by(world, "bureau", format!("{draw}/stop/confirm"), json!({}));
            } else {
                later(world, world.life.app.service.now().0 + 3_700);
                world.life.due();
            }
        }
        "filled" => {
            let day = world.life.get(&agency, &format!("{draw}/day"));
            if day.status == 404 {
                opens_day(world, draw);
            } else {
                day_goes_on(world, draw, &day.json(), start);
            }
        }
        "in_review" => {
            let day = world.life.get(&agency, &format!("{draw}/day")).expect(200).json();
            day_goes_on(world, draw, &day, start);
        }
        "unsealed" => drop(by(world, "bureau", format!("{plan}/close"), json!({}))),
        _ if world.chance.of(2) => drop(by(world, "agency", format!("{plan}/draw"), json!({}))),
        _ => {
            by(world, "agency", format!("{plan}/cancel"), json!({"reason": "采购任务取消"}));
            by(world, "bureau", format!("{plan}/cancel/confirm"), json!({}));
        }
    }
}

fn opens_day(world: &mut World, draw: &str) {
    let agency = world.life.app.agency.clone();
    let package = text(&world.life.get(&agency, draw).expect(200).json()["package"]);
    let known = world.life.get(&agency, &format!("/packages/{package}")).expect(200).json();
    let mut suppliers: Vec<String> =
        known["suppliers"].as_array().unwrap().iter().map(|known| text(&known["code"])).collect();
    let seated = world.life.invitations(&["seated"]);
    let late = world.chance.one(&seated).filter(|_| world.chance.of(2));
    suppliers.extend(late.iter().map(|one| credit_code(100 + one.who.serial)));
    suppliers.dedup();
    let employers = suppliers.clone();
    let supplier = |code: &String| json!({"code": code, "name": format!("供应商{code}")});
    let suppliers: Vec<Value> = suppliers.iter().map(supplier).collect();
    let desks = world.life.desks.iter();
    let desks: Vec<Value> = desks
        .map(|(site, desk)| json!({"site": site, "venue": desk.venue, "workstations": desk.workstations}))
        .collect();
    let body = json!({
        "sites": desks,
        "suppliers": suppliers, "discipline": DISCIPLINE, "representatives": 0
    });
    let (status, _) = world.ask(("agency", &agency), "POST", &format!("{draw}/day"), &body);
    if status == 201 {
        world.late.insert(draw.to_owned(), employers);
    }
}

/// A bidder joins late; it employs somebody of the registry.
fn joins(world: &mut World) {
    let Some(person) = world.chance.one(&world.life.people.clone()) else { return };
    let (app, package) = (&world.life.app, world.life.package.clone());
    let path = format!("/api/v1/packages/{package}");
    let seen = app.get(&app.agency, &path).expect(200);
    let unit = credit_code(100 + person.serial);
    let body = json!({"add_suppliers": [{"code": unit, "name": format!("供应商{unit}")}]});
    let status = app.patch(&app.agency, &path, seen.header("ETag"), &body).status;
    assert!(status < 500);
    if status == 200 {
        let before = world.draws.keys().cloned().collect();
        world.joined.push((package, person.number.clone(), before));
    }
    world.told.push(format!("the employer of {} joins → {status}", person.serial));
}

fn day_goes_on(world: &mut World, draw: &str, day: &Value, start: i64) {
    let agency = world.life.app.agency.clone();
    let act = |world: &mut World, what: &str, body: Value| {
        world.ask(("agency", &agency), "POST", &format!("{draw}/day/{what}"), &body).0
    };
    match day["state"].as_str().unwrap() {
        "signing_in" => {
            later(world, start - 3_000);
            let expected = world.life.seated(false);
            if let Some(one) = world.chance.one(&expected) {
                arrives(world, draw, &one);
                return;
            }
            let present = world.life.seated(true);
            let silent = present.iter().find(|one| world.life.seat(one)["declared"].is_null()).cloned();
            if let Some(one) = silent {
                let digest = sha256(&[DISCIPLINE.as_bytes()]).to_hex();
                own(world, &one, "discipline", json!({"digest": digest}));
                own(world, &one, "suppliers", json!({}));
                let what = if world.chance.of(8) { "recuse" } else { "declare" };
                own(world, &one, what, json!({}));
            } else if day["chair"].is_null() && !present.is_empty() {
                let station = world.life.seat(&present[0])["station"].clone();
                for one in &present {
                    own(world, one, "chair", station.clone());
                }
            } else {
                later(world, start);
                act(world, "begin", json!({}));
            }
        }
        "waiting" | "paused" | "undecided" => drop(act(world, "resume", json!({}))),
        "in_review" => {
            later(world, world.life.app.service.now().0 + 7_200);
            act(world, "end", json!({}));
        }
        "ended" => drop(act(world, "report", json!({"digest": "ab".repeat(32), "signed": 5, "dissents": 0}))),
        "reviewed" => {
            let bureau = world.life.app.bureau.clone();
            let body = json!({"announcement": "岳采公告2026-1"});
            world.ask(("bureau", &bureau), "POST", &format!("{draw}/unseal"), &body);
        }
        _ => {
            world.ask(
                ("agency", &agency),
                "POST",
                &format!("{draw}/stop"),
                &json!({"reason": "site_failure"}),
            );
            let bureau = world.life.app.bureau.clone();
            world.ask(("bureau", &bureau), "POST", &format!("{draw}/stop/confirm"), &json!({}));
        }
    }
}

fn own(world: &mut World, one: &Invitation, what: &str, body: Value) {
    let path = format!("/me/invitations/{}/{what}", one.id);
    world.ask(("expert", &one.who.token), "POST", &path, &body);
}

fn arrives(world: &mut World, draw: &str, one: &Invitation) {
    let seat = world.life.get(&one.who.token, &format!("/me/invitations/{}/seat", one.id));
    if seat.status != 200 {
        return;
    }
    let shown = json!({"code": seat.json()["code"]});
    let body = json!({"shown": shown, "document": "id_card"});
    let desks = world.life.desks.clone();
    let path = format!("{draw}/day/desk");
    let knows = |desk: &Desk| world.life.post(&desk.token, &path, &shown).status == 200;
    let here: Vec<u64> = desks.iter().filter(|(_, desk)| knows(desk)).map(|(site, _)| *site).collect();
    assert!(here.len() <= 1, "expected at two desks\n{}", world.told.join("\n"));
    // The other desk signs nobody in, and tells nobody's name.
    for (_, desk) in desks.iter().filter(|(site, _)| !here.contains(site)) {
        for (what, body) in [("desk", &shown), ("sign-in", &body)] {
            let (status, _) = world.ask(("venue", &desk.token), "POST", &format!("{draw}/day/{what}"), body);
            assert!(status >= 400, "{}", world.told.join("\n"));
        }
    }
    let Some(own) = here.first() else { return };
    world.at_desks.insert(one.who.serial);
    let desk = desks[own].token.clone();
    world.ask(("venue", &desk), "POST", &format!("{draw}/day/desk"), &shown);
    world.ask(("venue", &desk), "POST", &format!("{draw}/day/sign-in"), &body);
}

/// What waits is sent; somebody who was sent something is reached, or not, or answers; reports arrive, late,
/// twice or never.
fn reports(world: &mut World) {
    let (gateway, client) = &world.gateway;
    let report = world.life.app.service.send_waiting(client).unwrap();
    let (sent, said) = (gateway.sent(), world.chance.below(5));
    if let Some(one) = world.chance.one(&sent) {
        let said = match said {
            0 | 1 => Said::Delivered,
            2 => Said::Undeliverable,
            3 => Said::Answered { accepted: true, reason: None },
            _ => Said::Answered { accepted: false, reason: Some("busy".into()) },
        };
        gateway.happened(&one.key, &said);
    }
    gateway.round();
    assert!(gateway.taken().iter().all(|(_, answer)| !answer.contains("/problems/internal")));
    world.told.push(format!("the gateway takes {} messages and reports on one", report.sent));
}

/// Anything, at anything, by anybody.
pub fn anything(world: &mut World) {
    let (role, token) = world.chance.one(&world.actors.clone()).unwrap();
    let expert = world.chance.one(&world.life.people.clone()).unwrap();
    let (role, token) = if world.chance.of(3) { ("expert", expert.token.clone()) } else { (role, token) };
    let drawn: Vec<String> = world.draws.keys().cloned().collect();
    let plan = world.chance.one(&world.plans.clone());
    let draw = world.chance.one(&drawn);
    let empty = json!({});
    let why = world.chance.one(&["shortfall", "site_failure", "procurement_stopped"]).unwrap();
    let left = world.chance.one(&["absent", "withdrawn", "unfit"]).unwrap();
    let position = json!(world.chance.below(18));
    let site = world.chance.below(3);
    let reason = json!({"reason": "理由"});
    let mut events: Vec<(&str, String, Value)> = Vec::new();
    if let Some(plan) = plan {
        for what in
            ["submit", "withdraw", "confirm", "approve", "draw", "form", "close", "cancel/confirm", "sites"]
        {
            events.push(("POST", format!("{plan}/{what}"), empty.clone()));
        }
        for what in ["refuse", "return", "discard", "cancel", "cancel/keep"] {
            events.push(("POST", format!("{plan}/{what}"), reason.clone()));
        }
        events.push(("POST", format!("{plan}/widen"), json!({"group": 1})));
        events.push(("POST", format!("{plan}/announce"), json!({"announcement": "1"})));
        events.push(("POST", format!("{plan}/feasibility"), json!({"purpose": "核对"})));
        events.push(("POST", format!("{plan}/reform"), world.plan_body()));
        for what in ["", "/findings", "?purpose=核对", "/bookings"] {
            events.push(("GET", format!("{plan}{what}"), Value::Null));
        }
    }
    if let Some(draw) = draw {
        for what in ["void/confirm", "stop/confirm", "accept", "withdraw", "calls/advance"] {
            events.push(("POST", format!("{draw}/{what}"), empty.clone()));
        }
        for what in ["begin", "end", "resume"] {
            events.push(("POST", format!("{draw}/day/{what}"), empty.clone()));
        }
        let post = [
            ("void", json!({"reason": "request_wrong"})),
            ("stop", json!({"reason": why})),
            ("unseal", json!({"announcement": "岳采公告"})),
            ("open", json!({"purpose": "核对"})),
            ("calls/open", json!({"purpose": "核对"})),
            ("day/desk", json!({"code": "12345678"})),
            ("day/vacancies", json!({"position": position, "why": left, "reason": "未到"})),
            ("day/vacancies/confirm", json!({"position": position})),
            ("day/pause", json!({"site": site, "what": "网络中断"})),
            ("day/breaches", json!({"position": position, "what": "拍摄"})),
            ("day/report", json!({"digest": "ab".repeat(32), "signed": 5, "dissents": 0})),
        ];
        events.extend(post.into_iter().map(|(what, body)| ("POST", format!("{draw}/{what}"), body)));
        for what in [
            "",
            "/calls",
            "/record",
            "/evidence",
            "/evidence?audience=auditor&purpose=审计",
            "/record.pdf",
            "/day",
            "/day/present?purpose=核对",
            "/fees",
        ] {
            events.push(("GET", format!("{draw}{what}"), Value::Null));
        }
    }
    // An invitation of this expert, perhaps asked for by somebody else.
    let own = world.life.get(&expert.token, "/me/invitations").expect(200).json()["items"].clone();
    if let Some(one) = world.chance.one(own.as_array().unwrap()) {
        let path = format!("/me/invitations/{}", text(&one["id"]));
        for what in ["accept", "decline", "withdraw", "recuse", "declare", "suppliers"] {
            events.push(("POST", format!("{path}/{what}"), empty.clone()));
            events.push(("POST", format!("{path}/{what}"), empty.clone()));
        }
        events.push(("GET", format!("{path}/seat"), Value::Null));
        events.push(("GET", path, Value::Null));
    }
    match world.chance.below(10) {
        0 => {
            let minutes = world.chance.below(240) as i64;
            later(world, world.life.app.service.now().0 + 60 * minutes);
            world.life.due();
            world.told.push(format!("{minutes} minutes pass"));
        }
        1 if world.chance.of(3) => joins(world),
        2 => reports(world),
        _ => {
            let Some((method, path, body)) = world.chance.one(&events) else { return };
            // Half of what experts do, they do with their own.
            let mine = path.starts_with("/me/") && world.chance.of(2);
            let (role, token) = if mine { ("expert", expert.token.clone()) } else { (role, token) };
            world.ask((role, &token), method, &path, &body);
        }
    }
}
