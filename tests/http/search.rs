//! Search, counts and saved lists: what is found is what the registry says, names only with a
//! recorded purpose, nothing for those who draw, little for those who should not count heads.

use std::collections::BTreeSet;

use expert_draw::codes::Region;
use expert_draw::service::actor::{Action, Actor, Right, Role};
use expert_draw::service::listing::Paging;
use expert_draw::service::search::{Count, SearchAsked};
use serde_json::{Value, json};

use crate::app::{TestApp, credit_code, expert};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    experts_are_found_by_name_number_unit_speciality_region_tier_and_term
    a_search_by_name_is_recorded_before_it_answers_and_needs_a_purpose
    pages_follow_the_numbers_and_a_change_is_found_at_once
    who_draws_lists_nothing_and_a_region_finds_its_own
    small_counts_are_told_to_the_bureau_alone
    a_saved_list_keeps_the_filter_for_its_owner_and_no_name
}

/// Operations of this area, for the permission table.
pub fn operations() -> Vec<Operation> {
    let list = json!({"name": "x", "filter": {}});
    vec![
        ("GET", "/search/experts", Action::ReadRegistry, Value::Null),
        ("GET", "/experts/counts", Action::ReadRegistry, Value::Null),
        ("POST", "/saved-lists", Action::ReadRegistry, list),
        ("GET", "/saved-lists", Action::ReadRegistry, Value::Null),
        ("GET", "/saved-lists/{id}/experts", Action::ReadRegistry, Value::Null),
        ("DELETE", "/saved-lists/{id}", Action::ReadRegistry, Value::Null),
    ]
}

/// Registers experts with these changes to a sound one; answers their numbers.
pub fn registered(app: &TestApp, people: &[Value]) -> Vec<String> {
    let numbers = people.iter().enumerate().map(|(at, change)| {
        let serial = u32::try_from(at).unwrap() + 1;
        let mut body = expert(serial);
        change.as_object().unwrap().iter().for_each(|(field, value)| body[field] = value.clone());
        let made = app.post(&app.bureau, "/api/v1/experts", &format!("e{serial}"), &body).expect(201);
        made.json()["number"].as_str().unwrap().to_owned()
    });
    numbers.collect()
}

fn people(app: &TestApp) -> Vec<String> {
    registered(
        app,
        &[
            json!({"name": "王小明"}),
            json!({"name": "王明", "regions": ["430602"], "specialities": ["ndrc316:C0602"]}),
            json!({"name": "小王明", "regions": ["430100"], "term_to": "2026-12-31"}),
            json!({
                "name": "买买提·吐尔逊", "title_level": "intermediate",
                "employments": [{"unit": credit_code(77), "name": "某院", "since": "2015-09-01"}]
            }),
        ],
    )
}

/// Which of the people a query finds, by their place.
fn found(app: &TestApp, numbers: &[String], query: &str) -> BTreeSet<usize> {
    let page = app.get(&app.bureau, &format!("/api/v1/search/experts?{query}")).expect(200).json();
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| numbers.iter().position(|number| item["number"] == **number).unwrap()).collect()
}

fn experts_are_found_by_name_number_unit_speciality_region_tier_and_term(kind: Kind) {
    let app = TestApp::new(kind);
    let numbers = people(&app);
    for (query, expected) in [
        ("", vec![0, 1, 2, 3]),
        ("name=王明&match=exact&purpose=查找", vec![1]),
        ("name=王&match=prefix&purpose=查找", vec![0, 1]),
        ("name=王明&purpose=查找", vec![1, 2]),
        ("name=买买提.吐尔逊&match=exact&purpose=查找", vec![3]),
        ("name=李&purpose=查找", vec![]),
        ("region=430600", vec![0, 1, 3]),
        ("region=430602", vec![1]),
        ("region=430000", vec![0, 1, 2, 3]),
        ("speciality=ndrc316:A08", vec![0, 2, 3]),
        ("speciality=ndrc316:C", vec![0, 1, 2, 3]),
        ("speciality=mof31:A", vec![]),
        ("term_to_before=2027-01-01", vec![2]),
        ("title_level=intermediate", vec![3]),
        ("standing=active", vec![0, 1, 2, 3]),
        ("standing=suspended", vec![]),
        ("region=430600&title_level=senior&name=明&purpose=查找", vec![0, 1]),
    ] {
        assert_eq!(found(&app, &numbers, query), expected.into_iter().collect(), "{query}");
    }
    for key in ["first", "second"] {
        let remark = json!({"expert": numbers[2], "what": "absent", "day": "2026-11-02"});
        app.post(&app.bureau, "/api/v1/remarks", key, &remark).expect(201);
    }
    assert_eq!(found(&app, &numbers, "tier=c"), BTreeSet::from([2]), "two absences lower the tier");
    assert_eq!(found(&app, &numbers, "tier=b"), BTreeSet::from([0, 1, 3]));
    assert_eq!(found(&app, &numbers, "tier=c&region=430600"), BTreeSet::new());
    let counts = app.get(&app.bureau, "/api/v1/experts/counts?tier=c").expect(200).json();
    assert_eq!(counts["total"]["count"], 1);
    let unit = format!("unit={}", credit_code(77));
    assert_eq!(found(&app, &numbers, &unit), BTreeSet::from([3]));
    assert_eq!(found(&app, &numbers, &format!("number={}", &numbers[2][..10])), BTreeSet::from([2]));
    for (query, field, rule) in [
        ("region=999999", "region", "unknown_region"),
        ("standing=x", "standing", "standing"),
        ("term_to_before=2027", "term_to_before", "date"),
        ("number=1", "number", "number"),
        ("tier=z", "tier", "tier"),
        ("match=like&name=a&purpose=xx", "match", "match"),
    ] {
        app.get(&app.bureau, &format!("/api/v1/search/experts?{query}")).names(422, field, rule);
    }
    app.get(&app.bureau, "/api/v1/search/experts?names=yes").names(400, "names", "boolean");
    app.get(&app.bureau, "/api/v1/search/experts?x=1").names(400, "x", "unknown_field");
}

fn a_search_by_name_is_recorded_before_it_answers_and_needs_a_purpose(kind: Kind) {
    let app = TestApp::new(kind);
    people(&app);
    let before = app.size();
    app.get(&app.bureau, "/api/v1/search/experts?region=430600").expect(200);
    assert_eq!(app.size(), before, "a list without names is no look");
    app.get(&app.bureau, "/api/v1/search/experts?name=王").names(422, "purpose", "required");
    app.get(&app.bureau, "/api/v1/search/experts?names=true").names(422, "purpose", "required");
    assert_eq!(app.size(), before);
    let page = app.get(&app.bureau, "/api/v1/search/experts?name=王&purpose=核对名册").expect(200);
    assert!(!page.text().contains("王小明"), "names are shown only when asked for");
    assert_eq!(app.size(), before + 1);
    let page = app.get(&app.auditor, "/api/v1/search/experts?names=true&purpose=审计抽查").expect(200).json();
    let names: BTreeSet<&str> =
        page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["王小明", "王明", "小王明", "买买提·吐尔逊"]));
    assert_eq!(app.size(), before + 2);
}

fn pages_follow_the_numbers_and_a_change_is_found_at_once(kind: Kind) {
    let app = TestApp::new(kind);
    let numbers = registered(&app, &vec![json!({}); 7]);
    for query in ["limit=3", "limit=3&speciality=ndrc316:A08", "limit=3&term_to_before=2030-01-01"] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/search/experts?{query}{after}");
            let page = app.get(&app.bureau, &path).expect(200).json();
            let items = page["items"].as_array().unwrap();
            assert!((1..=3).contains(&items.len()));
            seen.extend(items.iter().map(|item| item["number"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        let mut sorted = numbers.clone();
        sorted.sort();
        assert_eq!(seen, sorted, "{query}");
    }
    let path = format!("/api/v1/experts/{}", numbers[0]);
    app.patch(&app.bureau, &path, "\"1\"", &json!({"name": "赵改名", "regions": ["430100"]})).expect(200);
    let found = |query: &str| {
        let page = app.get(&app.bureau, &format!("/api/v1/search/experts?{query}")).expect(200).json();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(found("name=赵&purpose=查找"), 1);
    assert_eq!(found("name=王小明&purpose=查找"), 6);
    assert_eq!(found("region=430600"), 6);
}

fn who_draws_lists_nothing_and_a_region_finds_its_own(kind: Kind) {
    let app = TestApp::new(kind);
    people(&app);
    for path in [
        "experts",
        "experts/counts",
        "search/experts",
        "saved-lists",
        "units",
        "exports/experts",
        "exports/units",
        "exports/cases",
        "exports/ggzy-v2/experts?platform=430000A001&purpose=xx",
    ] {
        app.get(&app.agency, &format!("/api/v1/{path}")).problem(403, "not_permitted");
    }
    let draws = Actor { rights: vec![Right::Draws], ..Actor::of_role("A", Role::Bureau) };
    assert!(draws.may(Action::AcceptForcedSeats));
    let (asked, paging) = (SearchAsked::default(), Paging { limit: 50, after: None });
    let refused = [
        app.service.search_experts(&draws, &asked, false, None, &paging).err(),
        app.service.count_experts(&draws, &asked).err(),
        app.service.export_experts(&draws, &asked, false, None).err(),
        app.service.saved_lists(&draws, &paging).err(),
    ];
    assert!(refused.into_iter().all(|refusal| refusal.unwrap().code == "not_permitted"));
    let own = |region: &str| Actor {
        region: Some(Region::parse(region).unwrap()),
        ..Actor::of_role("A", Role::Bureau)
    };
    let count = |region: &str| {
        let found = app.service.search_experts(&own(region), &asked, false, None, &paging).unwrap();
        let table = app.service.export_experts(&own(region), &asked, false, None).unwrap();
        assert_eq!(table.rows.len(), found.items.len());
        assert_eq!(
            app.service.count_experts(&own(region), &asked).unwrap().total,
            Count::Exactly(found.items.len() as u64)
        );
        found.items.len()
    };
    // The first reviews in Changsha too, but belongs to Yueyang.
    assert_eq!([count("430600"), count("430602"), count("430100"), count("440000")], [3, 1, 1, 0]);
}

fn small_counts_are_told_to_the_bureau_alone(kind: Kind) {
    let app = TestApp::new(kind);
    let mut people = vec![json!({"regions": ["430600"]}); 6];
    people.extend(vec![json!({"regions": ["430100"], "specialities": ["ndrc316:C0602"]}); 2]);
    people.extend(vec![json!({"regions": ["430200"]}); 7]);
    registered(&app, &people);
    let counts = |token: &str, query: &str| {
        app.get(token, &format!("/api/v1/experts/counts?{query}")).expect(200).json()
    };
    let bureau = counts(&app.bureau, "");
    assert_eq!(bureau["total"], json!({"count": 15}));
    let (changsha, zhuzhou, yueyang) = ("430100", "430200", "430600");
    let told = |key: &str, count: u64| json!({"key": key, "count": count});
    let hidden = |key: &str| json!({"key": key, "hidden": "<5"});
    assert_eq!(bureau["regions"], json!([told(changsha, 2), told(zhuzhou, 7), told(yueyang, 6)]));
    assert_eq!(bureau["standings"], json!([told("active", 15)]));
    assert_eq!(bureau["specialities"], json!([told("ndrc316:A", 13), told("ndrc316:C", 15)]));
    let auditor = counts(&app.auditor, "");
    assert_eq!(auditor["total"], json!({"count": 15}));
    // 15 − 6 − 7 would give the two away, so a second cell is kept back.
    assert_eq!(auditor["regions"], json!([hidden(changsha), told(zhuzhou, 7), hidden(yueyang)]));
    assert_eq!(counts(&app.auditor, "region=430100")["total"], json!({"hidden": "<5"}));
    assert_eq!(counts(&app.bureau, "region=430100")["total"], json!({"count": 2}));
    app.get(&app.bureau, "/api/v1/experts/counts?name=王").names(400, "name", "unknown_field");
}

fn a_saved_list_keeps_the_filter_for_its_owner_and_no_name(kind: Kind) {
    let app = TestApp::new(kind);
    let numbers = people(&app);
    let list = json!({"name": "岳阳到期", "filter": {"region": "430600", "term_to_before": "2028-01-01"}});
    let path = "/api/v1/saved-lists";
    let made = app.post(&app.bureau, path, "k", &list).expect(201).json();
    assert_eq!(app.post(&app.bureau, path, "k", &list).expect(201).json(), made, "once per key");
    assert_eq!((&made["name"], &made["filter"]), (&list["name"], &list["filter"]));
    let open = format!("{path}/{}/experts", made["id"].as_str().unwrap());
    let found = || app.get(&app.bureau, &open).expect(200).json()["items"].as_array().unwrap().len();
    assert_eq!(found(), 3);
    // The list is a filter: who moves away is not in it any more.
    let moved = format!("/api/v1/experts/{}", numbers[0]);
    app.patch(&app.bureau, &moved, "\"1\"", &json!({"regions": ["430100"]})).expect(200);
    assert_eq!(found(), 2);
    assert_eq!(app.get(&app.bureau, path).json()["items"], json!([made]));
    // Nobody else's.
    assert_eq!(app.get(&app.auditor, path).json()["items"], json!([]));
    app.get(&app.auditor, &open).problem(404, "not_found");
    let with_name = json!({"name": "x", "filter": {"name": "王"}});
    app.post(&app.bureau, path, "l", &with_name).names(422, "filter.name", "no_names");
    let wrong = json!({"name": "x", "filter": {"region": "1"}});
    app.post(&app.bureau, path, "m", &wrong).names(422, "region", "unknown_region");
    let authorization = crate::app::bearer(&app.bureau);
    let gone = app.ask(
        "DELETE",
        &format!("{path}/{}", made["id"].as_str().unwrap()),
        &[("Authorization", &authorization)],
        b"",
    );
    gone.expect(204);
    app.get(&app.bureau, &open).problem(404, "not_found");
    assert_eq!(app.get(&app.bureau, path).json()["items"], json!([]));
}
