//! Pools and exclusions rebuilt from the journal: under both versions of profiles, after the registry has
//! moved on; who is excluded by which rule under a profile of version 2; relations and lots.

use expert_draw::evidence::Audience;
use expert_draw::profile_source::{compile, embedded_source};
use expert_draw::rules::Profile;
use serde_json::{Value, json};

use crate::app::{TestApp, credit_code, expert, id_number};
use crate::draws::{drawn, one, recorded, request, verified};
use crate::support::{Kind, on_both};

on_both! {
    a_pool_is_rebuilt_after_the_registry_has_moved_on
    rules_about_units_relatives_and_posts_exclude_and_are_replayed
    relatives_who_are_candidates_are_related_in_the_pool
    a_draw_weighs_by_tiers_as_they_stood
    a_profile_of_draws_is_never_edited
}

const DRAWS: &str = "/api/v1/draws";

/// The product's profile of that name, with further text of TOML under it.
pub fn profile(parent: &str, change: &str) -> Profile {
    let find = |name: &str| embedded_source(name).map(str::to_owned);
    if change.is_empty() {
        return compile(parent, &find(parent).unwrap(), &find).unwrap().profile;
    }
    let head = format!(
        "name = \"test\"\nedition = \"1\"\nparent = \"{parent}\"\ntitle = \"测试\"\njurisdiction = \"430000\"\nvalid_from = \"2026-01-01\"\n"
    );
    compile("test", &[&head, change].concat(), &find).unwrap().profile
}

/// The rules of Hunan, but for draws without a plan.
pub fn hunan() -> Profile {
    profile("hunan", "[rules.plan_approved]\napplies = \"no\"\nsource = \"测试\"\nstatus = \"policy\"\n")
}

/// An expert of the tests with a unit of their own, changed.
pub fn person(app: &TestApp, serial: u32, change: impl FnOnce(&mut Value)) -> String {
    let mut one = expert(serial);
    one["name"] = json!(format!("专家{serial}"));
    one["employments"][0]["unit"] = json!(credit_code(100 + serial));
    one["past"] = json!([]);
    one["e_evaluation"] = json!("yes");
    change(&mut one);
    let made = app.post(&app.bureau, "/api/v1/experts", &format!("person-{serial}"), &one).expect(201);
    made.json()["number"].as_str().unwrap().to_owned()
}

pub fn people(app: &TestApp, serials: std::ops::Range<u32>) {
    for serial in serials {
        person(app, serial, |_| {});
    }
}

fn unit(app: &TestApp, serial: u32, change: Value) {
    let mut unit = json!({"code": credit_code(serial), "name": format!("单位{serial}"), "region": "430602"});
    for (key, value) in change.as_object().unwrap() {
        unit[key] = value.clone();
    }
    app.post(&app.bureau, "/api/v1/units", &format!("unit-{serial}"), &unit).expect(201);
}

fn a_pool_is_rebuilt_after_the_registry_has_moved_on(kind: Kind) {
    let app = TestApp::new(kind);
    let draw = drawn(&app);
    let replayed = app.replay();
    assert_eq!((replayed.findings.len(), replayed.draws, replayed.people), (0, 1, 8));
    // Whoever joins, leaves or changes later was not in that pool.
    app.expert(50);
    let first = app.get(&app.bureau, "/api/v1/experts").expect(200).json()["items"][0].clone();
    let path = format!("/api/v1/experts/{}", first["number"].as_str().unwrap());
    let shown = app.get(&app.bureau, &format!("{path}?purpose=核对")).expect(200);
    let employed = json!([{"unit": credit_code(31), "name": "供应商", "since": "2026-01-01"}]);
    app.patch(&app.bureau, &path, shown.header("ETag"), &json!({"employments": employed})).expect(200);
    let again = recorded(&app, 2);
    app.post(&app.agency, DRAWS, "second", &request(&again, 2)).expect(201);
    let replayed = app.replay();
    assert_eq!((replayed.findings.len(), replayed.draws, replayed.erased), (0, 2, 0));
    assert_eq!(app.fsck(), Vec::<String>::new());
    let public = app.ask("GET", &format!("{}/evidence", one(&draw)), &[], b"").expect(200);
    verified(&app, &public, Audience::Public);
}

fn rules_about_units_relatives_and_posts_exclude_and_are_replayed(kind: Kind) {
    let app = TestApp::drawing_under(kind, hunan());
    people(&app, 0..8);
    let post = |position: &str, name: &str, id: Option<u32>, to: Option<&str>| {
        let mut person = json!({"position": position, "name": name, "from": "2020-01-01"});
        if let Some(serial) = id {
            person["id_number"] = json!(id_number(serial));
        }
        if let Some(to) = to {
            person["to"] = json!(to);
        }
        person
    };
    // Supplier 31: led by somebody's relative; person 20 was its director until three years before.
    unit(
        &app,
        31,
        json!({"persons": [
            post("legal_representative", "李负责", Some(900), None),
            post("director", "专家20", Some(20), Some("2023-11-27")),
            post("controller", "专家21", Some(21), None),
            post("director", "专家27", Some(27), Some("2023-11-26")),
        ]}),
    );
    unit(&app, 40, json!({"controls": [{"unit": credit_code(32), "from": "2020-01-01"}]}));
    unit(&app, 41, json!({"excluded_kind": "supervision"}));
    person(&app, 20, |_| {});
    person(&app, 21, |_| {});
    person(&app, 22, |p| p["relatives"] = json!([{"relation": "spouse", "name": "李负责", "units": []}]));
    person(&app, 23, |p| p["relatives"] = json!([{"relation": "lineal", "units": [credit_code(33)]}]));
    person(&app, 24, |p| p["employments"][0]["unit"] = json!(credit_code(40)));
    person(&app, 25, |p| p["employments"][0]["unit"] = json!(credit_code(41)));
    person(&app, 26, |p| p["e_evaluation"] = json!("no"));
    // A director whose post ended a day earlier, and an intermediate title of seven years and eleven months.
    person(&app, 27, |_| {});
    person(&app, 28, |p| {
        p["title_level"] = json!("intermediate");
        p["field_since"] = json!("2018-11-28");
    });
    person(&app, 29, |p| p["title_level"] = json!("junior"));
    let id = recorded(&app, 1);
    let draw = app.post(&app.agency, DRAWS, "draw", &request(&id, 2)).expect(201).json();
    let seen = app.get(&app.bureau, &one(&draw)).expect(200).json();
    let expected = json!({
        "conflict_director_3y": 1, "conflict_control_3y": 1, "conflict_kinship": 2, "conflict_other": 1,
        "no_supervision_staff": 1, "e_skill": 1, "years_in_field": 2, "title_or_equal": 1
    });
    // A junior title has neither the level nor, by the years that an equal level would need, anything less.
    let mut expected = expected;
    expected["years_in_field"] = json!(1);
    assert_eq!(seen["excluded"], expected);
    let replayed = app.replay();
    assert_eq!(replayed.findings.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!((replayed.draws, replayed.people), (1, 8 + 10));
    // The units change; what was judged is judged again as it was.
    let shown = app.get(&app.bureau, &format!("/api/v1/units/{}", credit_code(40))).expect(200);
    let path = format!("/api/v1/units/{}", credit_code(40));
    app.patch(&app.bureau, &path, shown.header("ETag"), &json!({"controls": []})).expect(200);
    assert_eq!(app.fsck(), Vec::<String>::new());
    let path = format!("{}/evidence?audience=auditor&purpose=审计", one(&draw));
    verified(&app, &app.get(&app.auditor, &path).expect(200), Audience::Auditor);
}

fn relatives_who_are_candidates_are_related_in_the_pool(kind: Kind) {
    let app = TestApp::drawing_under(kind, hunan());
    people(&app, 0..6);
    let declared = |p: &mut Value| {
        p["relatives"] = json!([{"relation": "spouse", "name": "专家11", "units": [credit_code(111)]}]);
    };
    let one_of_them = person(&app, 10, declared);
    let other = person(&app, 11, |_| {});
    let id = recorded(&app, 1);
    let draw = app.post(&app.agency, DRAWS, "draw", &request(&id, 2)).expect(201).json();
    let path = format!("{}/evidence?audience=auditor&purpose=审计", one(&draw));
    let file = app.get(&app.auditor, &path).expect(200);
    verified(&app, &file, Audience::Auditor);
    let opened = file.json()["openings"]["candidates"].clone();
    let related = |number: &str| {
        let found = opened.as_array().unwrap().iter().find(|person| person["number"] == number);
        found.unwrap()["relations"].clone()
    };
    assert_eq!(related(&one_of_them), json!([other]));
    assert_eq!(related(&other), json!([one_of_them]));
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn a_draw_weighs_by_tiers_as_they_stood(kind: Kind) {
    let app = TestApp::drawing_under(kind, hunan());
    people(&app, 0..7);
    let late = person(&app, 10, |_| {});
    let remark = |key: &str| {
        let body = json!({"expert": late, "what": "absent", "day": "2026-11-20", "note": "未到场"});
        app.post(&app.bureau, "/api/v1/remarks", key, &body).expect(201);
    };
    let lots = |number: u32, key: &str| {
        let id = recorded(&app, number);
        let draw = app.post(&app.agency, DRAWS, key, &request(&id, 2)).expect(201).json();
        let path = format!("{}/evidence", one(&draw));
        let file = app.ask("GET", &path, &[], b"").expect(200);
        verified(&app, &file, Audience::Public);
        let pool: Vec<String> = file.json()["pool"]
            .as_array()
            .unwrap()
            .iter()
            .map(|leaf| leaf.as_str().unwrap().to_owned())
            .collect();
        // Leaf: identity 32, groups 4, lots 1.
        let mut lots: Vec<u8> =
            pool.iter().map(|leaf| u8::from_str_radix(&leaf[72..74], 16).unwrap()).collect();
        lots.sort_unstable();
        lots
    };
    assert_eq!(lots(1, "first"), [3; 8], "everybody begins with the second tier");
    (0..3).for_each(|n| remark(&format!("absent-{n}")));
    let weighed = lots(2, "second");
    assert_eq!(weighed[1..], [3; 7]);
    assert!(weighed[0] < 3, "{weighed:?}");
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn a_profile_of_draws_is_never_edited(kind: Kind) {
    let app = TestApp::drawing_under(
        kind,
        profile("hunan", "[terms.margin]\nvalue = 3\nsource = \"x\"\nstatus = \"policy\"\n"),
    );
    let size = app.size();
    let open = |profile: Profile| app.reopened(profile).map(|_| ()).map_err(|refusal| refusal.code);
    let edited = profile("hunan", "[terms.margin]\nvalue = 4\nsource = \"x\"\nstatus = \"policy\"\n");
    assert_eq!(open(edited), Err("profile_edited"));
    assert_eq!(app.size(), size);
    assert_eq!(open(profile("fujian", "")), Ok(()));
    assert_eq!(app.size(), size + 1, "loading one is an entry");
}
