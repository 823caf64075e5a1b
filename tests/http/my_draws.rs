//! Prove-me: after the unsealing an expert learns their own place in a draw and gets the file that proves it.

use expert_draw::evidence::membership::{Report, verify};
use expert_draw::log::Policy;
use expert_draw::service::actor::Action;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, credit_code, expert};
use crate::conduct::expert_account;
use crate::draws::{one, pool, recorded, request};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    an_expert_proves_the_own_place_after_the_unsealing_and_nobody_elses
    the_seat_of_a_called_draw_is_that_of_the_last_settlement
    a_place_in_a_draw_that_outlived_its_keys_is_proved_with_the_keys_of_the_log
}

/// The operations of prove-me.
pub fn operations() -> Vec<Operation> {
    use Action::OwnRecord;
    vec![
        ("GET", "/me/draws", OwnRecord, Value::Null),
        ("GET", "/me/draws/{id}", OwnRecord, Value::Null),
        ("GET", "/me/draws/{id}/proof", OwnRecord, Value::Null),
    ]
}

fn verified(app: &TestApp, file: &Answer) -> Report {
    let keys = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
    let text = keys["policy"].as_str().unwrap();
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let report = verify(&file.bytes, &policy);
    assert!(report.verified(), "{:?}", report.checks);
    crate::second_verifier::agrees(&app.fresh.folder, &file.bytes, text, &report.to_json());
    report
}

fn an_expert_proves_the_own_place_after_the_unsealing_and_nobody_elses(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 8);
    let other = |serial: u32, change: &dyn Fn(&mut Value)| {
        let mut draft = expert(serial);
        draft["employments"][0]["unit"] = json!(credit_code(100 + serial));
        draft["past"] = json!([]);
        draft["name"] = json!(format!("专家{serial}"));
        change(&mut draft);
        let made = app.post(&app.bureau, "/api/v1/experts", &format!("more-{serial}"), &draft).expect(201);
        made.json()["number"].as_str().unwrap().to_owned()
    };
    let excluded = other(50, &|draft| draft["employments"][0]["unit"] = json!(credit_code(31)));
    let elsewhere = other(51, &|draft| {
        draft["specialities"] = json!(["ndrc316:B0132"]);
    });
    let package = recorded(&app, 1);
    let draw = app.post(&app.agency, "/api/v1/draws", "draw", &request(&package, 2)).expect(201).json();
    let id = draw["id"].as_str().unwrap().to_owned();
    let evidence = app.get(&app.auditor, &format!("{}/evidence?audience=auditor&purpose=审计", one(&draw)));
    let evidence = evidence.expect(200).json();
    let candidates = evidence["openings"]["candidates"].as_array().unwrap();
    let seat = &draw["result"]["seats"][0];
    let at = usize::try_from(seat["position"].as_u64().unwrap()).unwrap();
    let seated = candidates[at]["number"].as_str().unwrap().to_owned();
    let taken: Vec<u64> =
        draw["result"]["seats"].as_array().unwrap().iter().map(|s| s["position"].as_u64().unwrap()).collect();
    let free = (0..8).find(|at| !taken.contains(at)).unwrap();
    let unseated = candidates[usize::try_from(free).unwrap()]["number"].as_str().unwrap().to_owned();

    let tokens = [&seated, &unseated, &excluded, &elsewhere].map(|number| expert_account(&app, number));
    let path = format!("/api/v1/me/draws/{id}");
    for token in &tokens {
        app.get(token, &path).problem(404, "not_found");
        app.get(token, &format!("{path}/proof")).problem(404, "not_found");
        assert_eq!(app.get(token, "/api/v1/me/draws").expect(200).json()["items"], json!([]));
    }
    let announced = json!({"announcement": "岳采公告2026-1"});
    app.post(&app.bureau, &format!("{}/unseal", one(&draw)), "unseal", &announced).expect(200);
    let listed = |token: &str| app.get(token, "/api/v1/me/draws").expect(200).json()["items"].clone();
    assert_eq!(listed(&tokens[0])[0]["id"], id);
    assert_eq!(listed(&tokens[3]), json!([]), "a draw of other specialities does not concern them");

    let size = app.size();
    let mine = app.get(&tokens[0], &path).expect(200).json();
    assert_eq!(
        (&mine["place"], &mine["group"], &mine["pool_size"]),
        (&json!("pool"), &seat["group"], &json!(8))
    );
    assert_eq!(app.size(), size + 1, "recorded");
    let proof = verified(&app, &app.get(&tokens[0], &format!("{path}/proof")).expect(200));
    assert_eq!(proof.facts.person.unwrap().0, seated);
    assert_eq!(proof.facts.group, seat["group"].as_u64().map(|n| n as u8));

    let proof = verified(&app, &app.get(&tokens[1], &format!("{path}/proof")).expect(200));
    assert_eq!((proof.facts.position.map(u64::from), proof.facts.group), (Some(free), None));
    let out = app.get(&tokens[2], &path).expect(200).json();
    assert_eq!((&out["place"], &out["rules"]), (&json!("excluded"), &json!(["conflict_employment_3y"])));
    let file = app.get(&tokens[2], &format!("{path}/proof")).expect(200);
    assert_eq!(verified(&app, &file).facts.rules, ["conflict_employment_3y"]);
    for (number, name) in candidates.iter().map(|c| (c["number"].as_str().unwrap(), "专家1")) {
        assert!(!file.text().contains(number) && !file.text().contains(&format!("{name}\"")));
    }
    assert_eq!(app.get(&tokens[3], &path).expect(200).json()["place"], "neither");
    app.get(&tokens[3], &format!("{path}/proof")).problem(404, "no_proof");
    // The look stands among those at the own record.
    let looks = app.get(&tokens[2], "/api/v1/me/looks");
    assert!(looks.status != 200 || looks.text().contains("membership"), "{}", looks.text());
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn the_seat_of_a_called_draw_is_that_of_the_last_settlement(kind: Kind) {
    let called = crate::calls::Called::new(kind, 12);
    let before: Vec<u64> = called.seats().iter().map(|(position, _)| *position).collect();
    let of = called.positions();
    let declines = of[&before[0]].clone();
    called.decline(&declines);
    for number in called.who(expert_draw::service::calls::InvitationState::Open) {
        called.accept(&number);
    }
    let app = &called.app;
    let path = format!("/api/v1/draws/{}", called.draw);
    let announced = json!({"announcement": "岳采公告2026-1"});
    app.post(&app.bureau, &format!("{path}/unseal"), "unseal", &announced).expect(200);
    let panel = app.get(&app.agency, &path).expect(200).json()["result"]["seats"].clone();
    let place = |number: &str| {
        let token = expert_account(app, number);
        let file = app.get(&token, &format!("/api/v1/me/draws/{}/proof", called.draw)).expect(200);
        verified(app, &file).facts
    };
    assert_eq!(place(&declines).group, None, "who declined has no seat, whatever the draw said");
    let positions = called.positions();
    for seat in panel.as_array().unwrap() {
        let facts = place(&positions[&seat["position"].as_u64().unwrap()]);
        assert_eq!(facts.group.map(u64::from), seat["group"].as_u64());
    }
    called.is_sound();
}

fn a_place_in_a_draw_that_outlived_its_keys_is_proved_with_the_keys_of_the_log(kind: Kind) {
    use expert_draw::evidence::membership::Membership;
    use expert_draw::log::{KeyRetired, KeyUse, RetiredBecause};
    use expert_draw::service::actor::{Actor, Role};
    let app = TestApp::new(kind);
    pool(&app, 8);
    let package = recorded(&app, 1);
    let draw = app.post(&app.agency, "/api/v1/draws", "draw", &request(&package, 2)).expect(201).json();
    let evidence = app.get(&app.auditor, &format!("{}/evidence?audience=auditor&purpose=审计", one(&draw)));
    let evidence = evidence.expect(200).json();
    let number = evidence["openings"]["candidates"][0]["number"].as_str().unwrap().to_owned();
    let token = expert_account(&app, &number);
    let administrator = Actor::of_role("console", Role::Administrator);
    let rotate = |usage| app.service.rotate_key(&administrator, usage).unwrap();
    rotate(KeyUse::Statements);
    let announced = json!({"announcement": "岳采公告2026-1"});
    app.post(&app.bureau, &format!("{}/unseal", one(&draw)), "unseal", &announced).expect(200);
    let path = format!("/api/v1/me/draws/{}/proof", draw["id"].as_str().unwrap());
    let file = || app.get(&token, &path).expect(200);
    verified(&app, &file());
    let log = rotate(KeyUse::Log);
    let said = KeyRetired { key: log.before, reason: RetiredBecause::Succeeded };
    app.service.retire_key(&administrator, said).unwrap();
    let good = file();
    let report = verified(&app, &good);
    assert_eq!(report.facts.person.unwrap().0, number);
    let keys = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
    let policy = Policy::parse(keys["policy"].as_str().unwrap().as_bytes()).unwrap();
    let fails_at = |spoilt: &Membership| {
        let report = verify(&spoilt.write(), &policy);
        report.checks.iter().find(|check| !check.passed).map(|check| check.name)
    };
    let good = Membership::read(&good.bytes).unwrap();
    assert_eq!((good.keys.as_ref().unwrap().len(), fails_at(&good)), (3, None));
    let without = |place: usize| {
        let mut spoilt = good.clone();
        spoilt.keys.as_mut().unwrap().remove(place);
        spoilt
    };
    // The key of statements, the log key; that the first log key was retired changes nothing for this file.
    assert_eq!(
        [0, 1, 2].map(|place| fails_at(&without(place))),
        [Some("signatures"), Some("signatures"), None]
    );
    let mut turned = good.clone();
    turned.keys.as_mut().unwrap().reverse();
    assert_eq!(fails_at(&turned), Some("entries"));
    let mut other = good.clone();
    other.keys.as_mut().unwrap()[0] = good.committed.clone();
    assert_eq!(fails_at(&other), Some("entries"));
    assert_eq!(fails_at(&Membership { keys: None, ..good }), Some("signatures"));
}
