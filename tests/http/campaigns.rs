//! Special check campaigns: a population examined in chunks, worked off by two people, reported upward.

use expert_draw::codes::Region;
use expert_draw::service::actor::{Action, Actor, Role};
use serde_json::{Value, json};

use crate::app::{TestApp, credit_code, expert, id_number};
use crate::conduct::{account, all};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    a_campaign_examines_everybody_once_however_it_is_cut
    what_was_found_is_decided_by_two_people_and_reported
    a_population_is_what_was_asked_for
    a_narrowed_account_sees_its_county_only
}

const PATH: &str = "/api/v1/campaigns";

/// Everything but the evidence, which none of these has.
const CHECKS: [&str; 9] = [
    "age",
    "title",
    "citizen",
    "clean_record",
    "not_banned",
    "same_phone",
    "same_person",
    "term_ended",
    "employer_unknown",
];

/// The operations of campaigns.
pub fn operations() -> Vec<Operation> {
    use Action::*;
    let plan = json!({"title": "核查", "basis": "通知", "due": "2026-12-31"});
    let decide = json!({"items": ["I1"], "decision": "keep", "reason": "理由"});
    vec![
        ("POST", "/campaigns", ReviewCases, plan),
        ("GET", "/campaigns", ReadCases, Value::Null),
        ("GET", "/campaigns/{id}", ReadCases, Value::Null),
        ("POST", "/campaigns/{id}/run", ReviewCases, json!({})),
        ("POST", "/campaigns/{id}/close", ApproveCases, Value::Null),
        ("POST", "/campaigns/{id}/cancel", ApproveCases, json!({"reason": "理由"})),
        ("GET", "/campaigns/{id}/items", ReadCases, Value::Null),
        ("GET", "/campaigns/{id}/items/{item}?purpose=xx", ReadCases, Value::Null),
        ("POST", "/campaigns/{id}/decide", ReviewCases, decide),
        ("POST", "/campaigns/{id}/confirm", ConfirmDecision, json!({"items": ["I1"]})),
        ("POST", "/campaigns/{id}/reject", ConfirmDecision, json!({"items": ["I1"], "reason": "理由"})),
        ("GET", "/campaigns/{id}/summary", ReadCases, Value::Null),
        ("GET", "/campaigns/{id}/problems?purpose=xx", ReadCases, Value::Null),
    ]
}

/// Registers somebody sound but for what `change` does; answers the number.
fn registered(app: &TestApp, serial: u32, region: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut one = expert(serial);
    one["name"] = json!(format!("专家{serial}"));
    one["phone"] = json!(format!("138{serial:08}"));
    one["regions"] = json!([region]);
    change(&mut one);
    let made = app.post(&app.bureau, "/api/v1/experts", &format!("e{serial}"), &one).expect(201).json();
    made["number"].as_str().unwrap().to_owned()
}

/// Ten people in two counties: six sound ones; one whose term has ended, two with one phone, and one
/// with an intermediate title and too few years.
fn people(app: &TestApp) -> [String; 4] {
    for serial in 1..=6 {
        registered(app, serial, if serial % 2 == 0 { "430602" } else { "430621" }, |_| ());
    }
    [
        registered(app, 7, "430602", |one| one["term_to"] = json!("2026-06-30")),
        registered(app, 8, "430602", |one| one["phone"] = json!("13900000000")),
        registered(app, 9, "430621", |one| one["phone"] = json!("13900000000")),
        registered(app, 10, "430621", |one| {
            one["title_level"] = json!("intermediate");
            one["field_since"] = json!("2020-01-01");
        }),
    ]
}

fn planned(app: &TestApp, population: Value) -> String {
    let plan = json!({
        "title": "评审专家专项核查清理", "basis": "岳发改法规〔2024〕382号", "due": "2026-12-31",
        "population": population, "checks": CHECKS
    });
    let made = app.post(&app.bureau, PATH, &format!("plan-{}", app.size()), &plan).expect(201);
    format!("{PATH}/{}", made.json()["id"].as_str().unwrap())
}

fn run(app: &TestApp, campaign: &str, people: u32) -> String {
    let key = format!("run-{}", app.size());
    let answer = app.post(&app.bureau, &format!("{campaign}/run"), &key, &json!({"people": people}));
    answer.expect(200).json()["state"].as_str().unwrap().to_owned()
}

fn items(app: &TestApp, campaign: &str, query: &str) -> Vec<Value> {
    let listed = app.get(&app.auditor, &format!("{campaign}/items?limit=200{query}")).expect(200).json();
    listed["items"].as_array().unwrap().clone()
}

fn findings(app: &TestApp, campaign: &str, number: &str) -> Vec<String> {
    let listed = items(app, campaign, "");
    let item = listed.iter().find(|item| item["expert"] == number).unwrap();
    let path = format!("{campaign}/items/{}?purpose=核查", item["id"].as_str().unwrap());
    let found = app.get(&app.auditor, &path).expect(200).json()["body"]["findings"].clone();
    found.as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap().to_owned()).collect()
}

fn a_campaign_examines_everybody_once_however_it_is_cut(kind: Kind) {
    let app = TestApp::new(kind);
    let [ended, first, second, junior] = people(&app);
    let campaign = planned(&app, json!({"region": "430600"}));
    app.post(&app.bureau, &format!("{campaign}/run"), "bad", &json!({"people": 0}))
        .names(422, "people", "range");
    let mut states = Vec::new();
    while states.last().map(String::as_str) != Some("open") {
        states.push(run(&app, &campaign, 4));
        assert!(states.len() < 9, "{states:?}");
    }
    assert_eq!(states, ["running", "running", "open"]);
    let key = app.post(&app.bureau, &format!("{campaign}/run"), "late", &json!({}));
    key.problem(409, "wrong_state");
    let progress = app.get(&app.auditor, &campaign).expect(200).json();
    let body = &progress["campaign"]["body"];
    assert_eq!(
        (&body["population_size"], &body["examined"], &body["found"]),
        (&json!(10), &json!(10), &json!(4))
    );
    assert_eq!(
        body["totals"]["430602"],
        json!({"examined": 5, "found": 2, "same_phone": 1, "term_ended": 1})
    );
    assert_eq!(progress["counties"], json!({"430602": {"open": 2}, "430621": {"open": 2}}));
    assert!(!progress.to_string().contains("专家1"));
    assert_eq!(findings(&app, &campaign, &ended), ["term_ended"]);
    assert_eq!(findings(&app, &campaign, &first), ["same_phone"]);
    assert_eq!(findings(&app, &campaign, &second), ["same_phone"]);
    assert_eq!(findings(&app, &campaign, &junior), ["title"]);
    assert_eq!(items(&app, &campaign, "&region=430602").len(), 2);
    assert_eq!(items(&app, &campaign, "&due_before=2026-12-30").len(), 0);
    assert_eq!(items(&app, &campaign, "&due_before=2026-12-31&state=open").len(), 4);
}

fn what_was_found_is_decided_by_two_people_and_reported(kind: Kind) {
    let app = TestApp::new(kind);
    let [ended, first, second, junior] = people(&app);
    let office = account(&app, "bureau", None);
    let campaign = planned(&app, json!({}));
    while run(&app, &campaign, 20_000) != "open" {}
    let listed = items(&app, &campaign, "");
    let id = |number: &str| listed.iter().find(|item| item["expert"] == number).unwrap()["id"].clone();
    let decide =
        |token: &str, key: &str, body: Value| app.post(token, &format!("{campaign}/decide"), key, &body);
    let both = json!([id(&first), id(&second)]);
    for (body, status, field) in [
        (json!({"items": [], "decision": "keep", "reason": "x"}), 422, "items"),
        (json!({"items": [id(&first), id(&first)], "decision": "keep", "reason": "x"}), 422, "items"),
        (json!({"items": both, "decision": "keep", "reason": ""}), 422, "reason"),
        (json!({"items": both, "decision": "forget", "reason": "x"}), 400, "decision"),
        (json!({"items": both, "decision": "suspend", "reason": "x"}), 400, "months"),
        (json!({"items": both, "decision": "suspend", "months": 5, "reason": "x"}), 422, "months"),
        (
            json!({"items": [id(&first), "I0000000000000000"], "decision": "keep", "reason": "x"}),
            404,
            "items[1]",
        ),
    ] {
        let answer = decide(&app.bureau, "bad", body);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.json()["errors"][0]["field"], field, "{}", answer.text());
    }
    let size = app.size();
    for _ in 0..2 {
        let done =
            decide(&app.bureau, "d1", json!({"items": both, "decision": "correct", "reason": "已改号"}));
        assert_eq!((done.expect(200).json()["done"].as_i64(), app.size()), (Some(2), size + 2));
    }
    decide(
        &app.bureau,
        "d2",
        json!({"items": [id(&ended)], "decision": "suspend", "months": 3, "reason": "待续聘"}),
    )
    .expect(200);
    decide(&app.bureau, "d3", json!({"items": [id(&junior)], "decision": "dismiss", "reason": "年限不足"}))
        .expect(200);
    let close = |key: &str| app.post(&app.bureau, &format!("{campaign}/close"), key, &json!({}));
    close("early").problem(409, "items_open");
    let proposed = json!({"items": [id(&ended), id(&junior)]});
    let own = app.post(&app.bureau, &format!("{campaign}/confirm"), "own", &proposed);
    own.problem(409, "second_person_required");
    own.names(409, "items[0]", "second_person_required");
    let back = json!({"items": [id(&ended)], "reason": "改为保留"});
    app.post(&office.1, &format!("{campaign}/reject"), "back", &back).expect(200);
    decide(&app.bureau, "d4", json!({"items": [id(&ended)], "decision": "keep", "reason": "已续聘"}))
        .expect(200);
    let size = app.size();
    app.post(&office.1, &format!("{campaign}/confirm"), "c", &json!({"items": [id(&junior)]})).expect(200);
    assert_eq!(app.size(), size + 2, "the item and the expert in one write");
    let dismissed = app.get(&app.auditor, "/api/v1/experts?standing=dismissed").expect(200).json();
    assert_eq!(dismissed["items"][0]["number"], junior);
    assert_eq!(close("end").expect(200).json()["state"], "closed");
    decide(&app.bureau, "late", json!({"items": [id(&ended)], "decision": "keep", "reason": "x"}))
        .problem(409, "wrong_state");

    let csv = app.get(&app.auditor, &format!("{campaign}/summary?format=csv")).expect(200).text();
    let rows: Vec<&str> = csv.lines().collect();
    let heads: Vec<&str> = rows[0].trim_start_matches('\u{feff}').split(',').collect();
    assert_eq!(heads[..4], ["行政区划代码", "行政区划", "核查人数", "发现问题人数"]);
    let total = rows.last().unwrap();
    assert!(total.contains("合计,10,4,2,1,1,1,2,1,0"), "{csv}");
    assert!(!csv.contains("专家"), "numbers only");
    let size = app.size();
    app.get(&app.auditor, &format!("{campaign}/problems?format=csv")).expect(400);
    let problems =
        app.get(&app.auditor, &format!("{campaign}/problems?format=csv&purpose=上报")).expect(200).text();
    assert_eq!(app.size(), size + 1, "one look for the table");
    assert!(
        problems.contains("专家10") && problems.contains("年限不足") && problems.contains("解聘"),
        "{problems}"
    );
    assert_eq!(problems.lines().count(), 5);
    for private in [id_number(10), "13900000000".to_owned()] {
        assert!(!problems.contains(&private));
    }
    for table in ["summary?format=xlsx", "problems?purpose=上报"] {
        let file = app.get(&app.auditor, &format!("{campaign}/{table}")).expect(200);
        assert!(file.bytes.starts_with(b"PK"), "{table}");
        assert!(file.header("Content-Disposition").contains("filename*=UTF-8''"));
    }
}

fn a_population_is_what_was_asked_for(kind: Kind) {
    let app = TestApp::new(kind);
    let [ended, ..] = people(&app);
    let stray = registered(&app, 11, "430100", |one| {
        one["specialities"] = json!(["ndrc316:B0133"]);
        one["employments"] = json!([{"unit": credit_code(77), "name": "乙", "since": "2020-01-01"}]);
    });
    app.post(&app.bureau, &format!("/api/v1/experts/{ended}/suspend"), "s", &json!({"months": 3}));
    let size = |population: Value| {
        let campaign = planned(&app, population);
        app.get(&app.auditor, &campaign).expect(200).json()["campaign"]["body"]["population_size"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(size(json!({})), 11);
    assert_eq!(size(json!({"region": "430000"})), 11);
    assert_eq!(size(json!({"region": "430602"})), 5);
    assert_eq!(size(json!({"speciality": "ndrc316:B"})), 1);
    assert_eq!(size(json!({"unit": credit_code(77)})), 1);
    assert_eq!(size(json!({"term_to": "2026-12-31"})), 1);
    assert_eq!(size(json!({"term_from": "2027-01-01", "region": "430600"})), 9);
    assert_eq!(size(json!({"standing": "banned"})), 0);
    assert!(!stray.is_empty());
    for (population, field) in [
        (json!({"region": "999999"}), "population.region"),
        (json!({"unit": "x"}), "population.unit"),
        (json!({"standing": "x"}), "population.standing"),
        (json!({"term_to": "x"}), "population.term_to"),
    ] {
        let plan = json!({"title": "t", "basis": "b", "due": "2026-12-31", "population": population});
        let answer = app.post(&app.bureau, PATH, "bad", &plan).expect(422);
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    let plan = json!({"title": "t", "basis": "b", "due": "2026-12-31", "checks": ["age", "charm"]});
    app.post(&app.bureau, PATH, "check", &plan).names(422, "checks[1]", "check");
    let plan = json!({"title": "t", "basis": "b", "due": "2026-11-23"});
    app.post(&app.bureau, PATH, "past", &plan).names(422, "due", "future");
    let campaign = planned(&app, json!({}));
    app.post(&app.bureau, &format!("{campaign}/cancel"), "c", &json!({"reason": "改期"})).expect(200);
    assert_eq!(
        app.get(&app.auditor, &format!("{PATH}?state=cancelled")).json()["items"].as_array().unwrap().len(),
        1
    );
    // Overdue campaigns are urged; a cancelled one is not.
    let open = planned(&app, json!({"region": "430602"}));
    while run(&app, &open, 5_000) != "open" {}
    app.clock.advance(60 * 86_400);
    assert_eq!(app.service.due_campaigns(app.service.now()).unwrap(), 1);
    assert_eq!(app.service.due_campaigns(app.service.now()).unwrap(), 0);
}

fn a_narrowed_account_sees_its_county_only(kind: Kind) {
    let app = TestApp::new(kind);
    people(&app);
    let campaign = planned(&app, json!({"region": "430600"}));
    while run(&app, &campaign, 5_000) != "open" {}
    let id = campaign.rsplit('/').next().unwrap();
    let mut county = Actor::of_role("AN", Role::Bureau);
    county.region = Region::parse("430602").ok();
    // The campaign is the city's; its items there are the county's.
    assert_eq!(app.service.campaign(&county, id).unwrap().counties.keys().collect::<Vec<_>>(), ["430602"]);
    assert_eq!(app.service.campaigns(&county, None, &all()).unwrap().items.len(), 1);
    let mine = app.service.campaign_items(&county, id, &Default::default(), &all()).unwrap();
    assert_eq!(mine.items.len(), 2);
    assert_eq!(app.service.campaign_summary(&county, id).unwrap().table.rows.len(), 2);
    assert_eq!(app.service.close_campaign(&county, id, None).unwrap_err().code, "not_found");
    let city = Actor { region: Region::parse("430600").ok(), ..county.clone() };
    assert_eq!(app.service.campaign(&city, id).unwrap().counties.len(), 2);
    let lines = app.service.campaign_items(&city, id, &Default::default(), &all()).unwrap();
    assert_eq!(lines.items.len(), 4);
    let elsewhere = Actor { region: Region::parse("430100").ok(), ..county };
    assert_eq!(app.service.campaign(&elsewhere, id).unwrap_err().code, "not_found");
    let draft = expert_draw::service::campaigns::CampaignDraft {
        title: "t".into(),
        basis: "b".into(),
        due: "2026-12-31".into(),
        population: expert_draw::service::campaigns::Population {
            region: Some("430600".into()),
            ..Default::default()
        },
        checks: Vec::new(),
    };
    assert_eq!(app.service.plan_campaign(&elsewhere, &draft, None).unwrap_err().code, "not_found");
}
