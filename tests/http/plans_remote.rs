//! Remote review: sub-venues drawn before the experts, blind to city, venue and workstation; verified by
//! strangers; given up by two people; experts drawn where the sites are.

use expert_draw::evidence::Audience;
use expert_draw::evidence::sites::{SitesReport, verify};
use expert_draw::log::Policy;
use serde_json::{Value, json};

use crate::app::{TestApp, credit_code, expert, id_number};
use crate::draws::recorded;
use crate::plans::{account, created, one, plan, step};
use crate::support::{Kind, on_both};
use crate::venues::{added, venue};

on_both! {
    sites_are_drawn_before_the_experts_and_verified_by_strangers
    drawn_sites_are_given_up_by_two_people_and_drawn_again_as_the_next_attempt
    what_stands_in_the_way_of_sites_is_named
    sites_drawn_after_a_rotation_are_told_with_the_keys_of_the_log
}

/// Five experts: two at the host in Fuzhou, three at two drawn sites.
pub fn remote(package: &str) -> Value {
    let mut body = plan(package);
    body["region"] = json!("350100");
    body["remote"] = json!(true);
    body["groups"] = json!([
        {"speciality": "ndrc316:A0832", "within": ["350000"], "seats": 2, "site": 1},
        {"speciality": "ndrc316:A0832", "of_site": true, "seats": 2, "site": 2},
        {"speciality": "ndrc316:C06", "of_site": true, "seats": 1, "site": 3}
    ]);
    body["sites"] = json!({"count": 2, "within": ["350000"], "workstations": 2});
    body["document_numbers"] =
        json!([{"speciality": "ndrc316:A0832", "experts": 4}, {"speciality": "ndrc316:C06", "experts": 1}]);
    body
}

/// Centres in four cities of Fujian and one in the host city.
pub fn centres(app: &TestApp) -> Vec<String> {
    ["350200", "350300", "350400", "350500", "350100"].map(|region| added(app, &venue(region, 4))).to_vec()
}

fn people(app: &TestApp) {
    // Fujian's rules ask who holds posts and shares at the agency: not known is not "nobody".
    let agency = json!({
        "code": credit_code(1), "name": "代理机构", "region": "350100",
        "persons": [{
            "position": "legal_representative", "name": "赵某某", "id_number": id_number(900), "from": "2020-01-01"
        }]
    });
    app.post(&app.bureau, "/api/v1/units", "agency", &agency).expect(201);
    let cities = ["350100", "350200", "350300", "350400", "350500"];
    for serial in 0..60u32 {
        let mut one = expert(serial);
        one["employments"][0]["unit"] = json!(credit_code(100 + serial));
        one["past"] = json!([]);
        one["regions"] = json!([cities[serial as usize % cities.len()]]);
        app.post(&app.bureau, "/api/v1/experts", &format!("f-{serial}"), &one).expect(201);
    }
}

pub fn checked(app: &TestApp, draw: &str, audience: Audience) -> SitesReport {
    let path = match audience {
        Audience::Public => format!("/api/v1/sites-draws/{draw}/evidence"),
        Audience::Auditor => format!("/api/v1/sites-draws/{draw}/evidence?audience=auditor&purpose=审计"),
    };
    let file = match audience {
        Audience::Public => app.ask("GET", &path, &[], b""),
        Audience::Auditor => app.get(&app.auditor, &path),
    };
    let file = file.expect(200);
    let keys = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
    let text = keys["policy"].as_str().unwrap();
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let report = verify(&file.bytes, &policy, Some(audience));
    assert!(report.verified(), "{:?}", report.checks);
    crate::second_verifier::agrees(&app.fresh.folder, &file.bytes, text, &report.to_json());
    // Nothing of a public file tells which venue or city it was.
    if audience == Audience::Public {
        assert!(!file.text().contains("3502") && !file.text().contains("交易中心"), "{}", file.text());
    }
    report
}

fn sites_are_drawn_before_the_experts_and_verified_by_strangers(kind: Kind) {
    let app = TestApp::ruled(kind, "fujian");
    let venues = centres(&app);
    people(&app);
    let ready = approved_by_rule(&app, &remote(&recorded(&app, 1)));
    // Fujian draws experts on the day itself; and sites first.
    app.clock.set(expert_draw::time::Timestamp::parse("2026-11-26T17:00:00Z").unwrap());
    let first = step(&app, &app.agency, &ready, "draw", &json!({})).problem(422, "not_yet");
    assert_eq!(first["errors"][0]["rule"], "sub_venue_first", "{first}");
    step(&app, &app.bureau, &ready, "sites", &json!({})).problem(403, "not_permitted");
    let path = format!("{}/sites", one(&ready));
    let drawn = app.post(&app.agency, &path, "sites", &json!({})).expect(200).json();
    let size = app.size();
    assert_eq!(app.post(&app.agency, &path, "sites", &json!({})).expect(200).json(), drawn);
    assert_eq!(app.size(), size);
    let sites = drawn["drawn_sites"].as_array().unwrap();
    assert_eq!((sites.len(), &sites[0]["site"], &sites[1]["site"]), (2, &json!(2), &json!(3)));
    assert!(sites.iter().all(|site| venues[..4].contains(&site["venue"].as_str().unwrap().to_owned())));
    assert_ne!(sites[0]["region"], sites[1]["region"], "two cities");
    step(&app, &app.agency, &ready, "sites", &json!({})).problem(409, "sites_drawn");
    let bookings = app.get(&app.agency, &format!("{}/bookings", one(&ready))).expect(200).json();
    assert!(
        bookings["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|b| b["workstations"].as_array().unwrap().len() == 2)
    );

    let draw = drawn["sites_draw"].as_str().unwrap();
    let public = checked(&app, draw, Audience::Public);
    assert_eq!((public.facts.attempt, public.facts.venues, public.facts.sites.len()), (Some(1), Some(4), 2));
    let size = app.size();
    checked(&app, draw, Audience::Auditor);
    assert_eq!(app.size(), size + 1, "the auditor's look is an entry");
    app.get(&app.agency, &format!("/api/v1/sites-draws/{draw}/evidence?audience=auditor&purpose=xx"))
        .problem(403, "not_permitted");
    app.ask("GET", "/api/v1/sites-draws/S0000000000000000/evidence", &[], b"").problem(404, "not_found");

    let made = step(&app, &app.agency, &ready, "draw", &json!({})).expect(201).json();
    assert_eq!(made["groups"][1]["within"], json!([sites[0]["region"]]));
    assert_eq!(made["groups"][2]["within"], json!([sites[1]["region"]]));
    // A site fails: first the draw is stopped, then its sites are ended, then a committee is formed anew.
    let failed = json!({"reason": "site_failure"});
    step(&app, &app.agency, &ready, "sites/end", &failed).problem(409, "draw_stands");
    let draw = format!("/api/v1/draws/{}", made["id"].as_str().unwrap());
    app.post(&app.agency, &format!("{draw}/stop"), "p", &failed).expect(200);
    app.post(&app.bureau, &format!("{draw}/stop/confirm"), "c", &json!({})).expect(200);
    let anew = format!("{}/reform", one(&ready));
    let body = remote(ready["package"].as_str().unwrap());
    app.post(&app.agency, &anew, "early", &body).problem(409, "sites_drawn");
    step(&app, &app.agency, &ready, "sites/end", &failed).expect(200);
    step(&app, &app.bureau, &ready, "sites/end/confirm", &json!({})).expect(200);
    let next = app.post(&app.agency, &anew, "anew", &body).expect(201).json();
    step(&app, &app.agency, &next, "submit", &json!({})).expect(200);
    // What follows a failure is looked at by the bureau, whatever the profile leaves to itself.
    step(&app, &app.bureau, &next, "approve", &json!({})).expect(200);
    let second = step(&app, &app.agency, &next, "sites", &json!({})).expect(200).json();
    let second = checked(&app, second["sites_draw"].as_str().unwrap(), Audience::Auditor);
    assert_eq!(second.facts.attempt, Some(2), "attempts count over all plans of the package");
    assert_eq!(app.fsck(), Vec::<String>::new());
}

/// Fujian's rules ask for no approval by the bureau: what the agency submits is agreed to by rule.
pub fn approved_by_rule(app: &TestApp, body: &Value) -> Value {
    let draft = created(app, body);
    let ready = step(app, &app.agency, &draft, "submit", &json!({})).expect(200).json();
    assert_eq!(ready["state"], "approved", "{ready}");
    ready
}

fn drawn_sites_are_given_up_by_two_people_and_drawn_again_as_the_next_attempt(kind: Kind) {
    let app = TestApp::ruled(kind, "fujian");
    centres(&app);
    let ready = approved_by_rule(&app, &remote(&recorded(&app, 1)));
    let drawn = step(&app, &app.agency, &ready, "sites", &json!({})).expect(200).json();
    let first = drawn["sites_draw"].as_str().unwrap().to_owned();
    // Another time would be another draw.
    let mut later = remote(ready["package"].as_str().unwrap());
    later["hours"] = json!(6);
    let etag = format!("\"{}\"", drawn["version"]);
    app.put(&app.agency, &one(&ready), &etag, &later).problem(409, "sites_drawn");
    step(&app, &app.agency, &ready, "sites/end", &json!({"reason": "cancelled"})).names(
        422,
        "reason",
        "unknown_reason",
    );
    step(&app, &app.bureau, &ready, "sites/end/confirm", &json!({})).problem(409, "wrong_state");
    step(&app, &app.agency, &ready, "sites/end", &json!({"reason": "site_failure"})).expect(200);
    step(&app, &app.agency, &ready, "sites/end/confirm", &json!({})).problem(403, "not_permitted");
    let ended = step(&app, &app.bureau, &ready, "sites/end/confirm", &json!({})).expect(200).json();
    assert_eq!((&ended["drawn_sites"], &ended["sites_ended"]), (&json!([]), &json!([first])));
    assert_eq!(checked(&app, &first, Audience::Public).facts.ended, Some("site_failure"));
    let bookings = app.get(&app.agency, &format!("{}/bookings", one(&ready))).expect(200).json();
    assert!(bookings["items"].as_array().unwrap().iter().all(|booking| booking["state"] == "released"));

    let again = step(&app, &app.agency, &ready, "sites", &json!({})).expect(200).json();
    let second = again["sites_draw"].as_str().unwrap();
    assert_ne!(second, first);
    assert_eq!(checked(&app, second, Audience::Auditor).facts.attempt, Some(2));
    // Cancelled with its plan, and the workstations are free.
    step(&app, &app.agency, &ready, "cancel", &json!({"reason": "采购终止"})).expect(200);
    step(&app, &app.bureau, &ready, "cancel/confirm", &json!({})).expect(200);
    assert_eq!(checked(&app, second, Audience::Public).facts.ended, Some("cancelled"));
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn what_stands_in_the_way_of_sites_is_named(kind: Kind) {
    let app = TestApp::ruled(kind, "fujian");
    let only = added(&app, &venue("350200", 4));
    let ready = approved_by_rule(&app, &remote(&recorded(&app, 1)));
    step(&app, &app.agency, &ready, "sites", &json!({})).problem(422, "venues_short");
    // One that is closed, one too small, one in the host's city: no better.
    let closed = added(&app, &venue("350300", 4));
    app.post(&app.bureau, &format!("/api/v1/venues/{closed}/close"), "c", &json!({"reason": "装修"}))
        .expect(200);
    let mut small = venue("350400", 4);
    small["rooms"] = json!([{"name": "1", "workstations": 1}]);
    added(&app, &small);
    added(&app, &venue("350100", 9));
    step(&app, &app.agency, &ready, "sites", &json!({})).problem(422, "venues_short");
    added(&app, &venue("350200", 2));
    let drawn = step(&app, &app.agency, &ready, "sites", &json!({})).expect(200).json();
    // Two in one city, because there are no others: the strictest limits that can be met.
    let sites = drawn["drawn_sites"].as_array().unwrap();
    assert!(sites.iter().any(|site| site["venue"] == only) && sites[0]["region"] == sites[1]["region"]);
    checked(&app, drawn["sites_draw"].as_str().unwrap(), Audience::Auditor);
    let mut not_remote = remote(&recorded(&app, 2));
    not_remote["remote"] = json!(false);
    app.post(&app.agency, "/api/v1/plans", "wrong", &not_remote).names(422, "sites", "not_remote");
    // One site only, or too few workstations: no remote review of five.
    let mut one_site = remote(&recorded(&app, 3));
    one_site["groups"] =
        json!([{"speciality": "ndrc316:A0832", "within": ["350000"], "seats": 5, "site": 1}]);
    one_site["document_numbers"] = json!([{"speciality": "ndrc316:A0832", "experts": 5}]);
    let draft = created(&app, &one_site);
    let refused = step(&app, &app.agency, &draft, "submit", &json!({})).problem(422, "plan_findings");
    assert_eq!(refused["errors"][0]["rule"], "remote_site_mix", "{refused}");
    let mut tight = remote(one_site["package"].as_str().unwrap());
    tight["sites"]["workstations"] = json!(1);
    let etag = format!("\"{}\"", draft["version"]);
    app.put(&app.agency, &one(&draft), &etag, &tight).expect(200);
    step(&app, &app.agency, &draft, "submit", &json!({})).names(
        422,
        "sites.workstations",
        "too_few_workstations",
    );
    let purchaser = account(&app, "purchaser", Some(21));
    step(&app, &purchaser, &ready, "sites", &json!({})).problem(403, "not_permitted");
}

fn sites_drawn_after_a_rotation_are_told_with_the_keys_of_the_log(kind: Kind) {
    use expert_draw::codec::Hash;
    use expert_draw::evidence::sites::SitesEvidence;
    use expert_draw::log::{KeyRetired, KeyUse, RetiredBecause};
    use expert_draw::service::actor::{Actor, Role};
    let app = TestApp::ruled(kind, "fujian");
    centres(&app);
    people(&app);
    let administrator = Actor::of_role("console", Role::Administrator);
    let rotate = |usage| app.service.rotate_key(&administrator, usage).unwrap();
    let ready = approved_by_rule(&app, &remote(&recorded(&app, 1)));
    app.clock.set(expert_draw::time::Timestamp::parse("2026-11-26T17:00:00Z").unwrap());
    let first = step(&app, &app.agency, &ready, "sites", &json!({})).expect(200).json();
    let first = first["sites_draw"].as_str().unwrap().to_owned();
    let file = |draw: &str| {
        let file = app.ask("GET", &format!("/api/v1/sites-draws/{draw}/evidence"), &[], b"").expect(200);
        SitesEvidence::read(&file.bytes).unwrap()
    };
    let log = rotate(KeyUse::Log);
    assert_eq!(rotate(KeyUse::TagVrf).packages, 1, "a draw of sites uses the tag too");
    rotate(KeyUse::DrawVrf);
    rotate(KeyUse::Statements);
    assert_eq!(file(&first).keys, None, "made with the first keys");
    checked(&app, &first, Audience::Auditor);
    step(&app, &app.agency, &ready, "sites/end", &json!({"reason": "site_failure"})).expect(200);
    step(&app, &app.bureau, &ready, "sites/end/confirm", &json!({})).expect(200);
    // Its end is signed with the new key of statements.
    assert_eq!(file(&first).keys.unwrap().len(), 4);
    checked(&app, &first, Audience::Auditor);
    let retired = KeyRetired { key: log.before, reason: RetiredBecause::Succeeded };
    app.service.retire_key(&administrator, retired).unwrap();
    let second = step(&app, &app.agency, &ready, "sites", &json!({})).expect(200).json();
    let second = second["sites_draw"].as_str().unwrap();
    for draw in [first.as_str(), second] {
        checked(&app, draw, Audience::Public);
        checked(&app, draw, Audience::Auditor);
    }
    // Nothing about the keys can be left out or put off.
    let keys = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
    let policy = Policy::parse(keys["policy"].as_str().unwrap().as_bytes()).unwrap();
    let good = file(second);
    let fails_at = |spoilt: &SitesEvidence| {
        let report = verify(&spoilt.write(), &policy, None);
        report.checks.iter().find(|check| !check.passed).map(|check| check.name)
    };
    assert_eq!(fails_at(&good), None);
    let without = |place: usize| {
        let mut spoilt = good.clone();
        let index = spoilt.keys.as_mut().unwrap().remove(place);
        spoilt.entries.retain(|entry| entry.index != index);
        spoilt
    };
    // The log key, the tag key, the draw key, the key of statements, the end of the first log key.
    let expected = [Some("keys"), Some("commitment"), Some("commitment"), Some("signatures"), None];
    assert_eq!([0, 1, 2, 3, 4].map(|place| fails_at(&without(place))), expected);
    let mut unlisted = good.clone();
    unlisted.keys.as_mut().unwrap().pop();
    assert_eq!(fails_at(&unlisted), Some("entries"));
    let plain = SitesEvidence { keys: None, ..good.clone() };
    assert_eq!(fails_at(&plain), Some("entries"), "sites-v1 knows no such statements");
    let mut foreign = good;
    foreign.alpha = Hash([1; 32]);
    assert_eq!(fails_at(&foreign), Some("entries"));
    assert_eq!(app.fsck(), Vec::<String>::new());
}
