//! Experts: registered once per person, amended by version, looked at.

use serde_json::{Value, json};

use crate::app::{TestApp, credit_code, expert, id_number};
use crate::support::{Kind, on_both};

on_both! {
    an_expert_is_registered_once_whatever_is_repeated
    an_amendment_names_the_version_it_was_made_from
    every_look_at_a_name_is_recorded_first
    lists_name_nobody_and_filter_by_codes
    a_record_with_everything_comes_back_and_is_amended_part_by_part
    somebody_without_identity_card_is_registered_once_too
    rows_of_an_earlier_version_are_filled_from_their_images
}

const PATH: &str = "/api/v1/experts";

fn an_expert_is_registered_once_whatever_is_repeated(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let made = app.post(&app.bureau, PATH, "k1", &expert(1)).expect(201);
    assert_eq!((made.header("ETag"), app.size()), ("\"1\"", before + 1));
    let number = made.json()["number"].as_str().unwrap().to_owned();
    assert_eq!(made.header("Location"), format!("{PATH}/{number}"));
    assert!(!made.text().contains("王小明"));

    let again = app.post(&app.bureau, PATH, "k1", &expert(1)).expect(201);
    assert_eq!(again.json(), made.json());
    app.post(&app.bureau, PATH, "k1", &expert(2)).problem(409, "idempotency_key_reused");
    app.post(&app.bureau, PATH, "k2", &expert(1)).problem(409, "already_registered");
    app.post(&app.bureau, PATH, "k2", &expert(1)).names(409, "id_number", "already_registered");
    assert_eq!(app.size(), before + 1);

    // The same key at once from many sides: one entry, one answer.
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| app.post(&app.bureau, PATH, "k3", &expert(3)).expect(201).json()))
            .collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(app.size(), before + 2);
}

fn an_amendment_names_the_version_it_was_made_from(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let (one, look) = (format!("{PATH}/{number}"), format!("{PATH}/{number}?purpose=核对"));
    let before = app.size();
    let change = json!({"phone": "0730-8888888", "employments": null, "regions": ["430100"]});
    app.patch(&app.bureau, &one, "", &change).problem(428, "if_match_required");
    app.patch(&app.bureau, &one, "\"7\"", &change).problem(412, "changed_meanwhile");
    for etag in ["*", "1", "W/\"1\"", "\"1\", \"2\""] {
        app.patch(&app.bureau, &one, etag, &change).names(400, "If-Match", "etag");
    }
    app.patch(&app.bureau, &one, "\"1\"", &json!({"regions": []})).names(422, "regions", "count");
    app.patch(&app.bureau, &one, "\"1\"", &json!({"number": "x"})).names(400, "number", "unknown_field");
    app.patch(&app.bureau, &format!("{PATH}/E0"), "\"1\"", &change).problem(404, "not_found");
    assert_eq!(app.size(), before);

    let amended = app.patch(&app.bureau, &one, "\"1\"", &change).expect(200);
    assert_eq!((amended.header("ETag"), app.size()), ("\"2\"", before + 1));
    assert_eq!(amended.json()["regions"], json!(["430100"]));
    app.patch(&app.bureau, &one, "\"1\"", &change).problem(412, "changed_meanwhile");
    let facts = app.get(&app.bureau, &look).expect(200).json();
    assert_eq!((&facts["phone"], &facts["name"]), (&json!("0730-8888888"), &json!("王小明")));
    assert_eq!((facts.get("employments"), &facts["past"]), (None, &expert(1)["past"]));
    app.patch(&app.bureau, &one, "\"2\"", &json!({"employments": []})).expect(200);
    assert_eq!(app.get(&app.bureau, &look).json()["employments"], json!([]));
}

fn every_look_at_a_name_is_recorded_first(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let before = app.size();
    app.get(&app.auditor, &format!("{PATH}/{number}")).names(400, "purpose", "required");
    app.get(&app.auditor, &format!("{PATH}/{number}?purpose=")).expect(422);
    app.get(&app.auditor, &format!("{PATH}/E0000000000000000?purpose=抽查")).problem(404, "not_found");
    assert_eq!(app.size(), before);
    for (token, size) in [(&app.auditor, before + 1), (&app.bureau, before + 2), (&app.auditor, before + 3)] {
        let facts = app.get(token, &format!("{PATH}/{number}?purpose=抽查")).expect(200);
        assert_eq!((facts.json()["name"].as_str(), app.size()), (Some("王小明"), size));
        assert_eq!(facts.json()["id_number"], id_number(1));
        assert_eq!(facts.header("Cache-Control"), "no-store");
    }
}

fn lists_name_nobody_and_filter_by_codes(kind: Kind) {
    let app = TestApp::new(kind);
    let first = app.expert(1);
    let mut other = expert(2);
    other["regions"] = json!(["430102"]);
    other["specialities"] = json!(["ndrc316:C0602"]);
    other["employments"] = json!([{"unit": credit_code(14), "name": "乙", "since": "2020-01-01"}]);
    let second =
        app.post(&app.bureau, PATH, "k", &other).expect(201).json()["number"].as_str().unwrap().to_owned();
    let before = app.size();
    let listed = |query: &str| {
        let answer = app.get(&app.auditor, &format!("{PATH}?{query}")).expect(200);
        for private in ["王小明", &id_number(1), "13800000000", "岳阳某大学"] {
            assert!(!answer.text().contains(private));
        }
        let mut found: Vec<String> = answer.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["number"].as_str().unwrap().to_owned())
            .collect();
        found.sort();
        found
    };
    let mut both = vec![first.clone(), second.clone()];
    both.sort();
    for (query, expected) in [
        ("", &both),
        ("region=430000", &both),
        ("region=430100", &both),
        ("region=430600", &vec![first.clone()]),
        ("region=430102", &vec![second.clone()]),
        ("speciality=ndrc316:A08", &vec![first.clone()]),
        ("speciality=ndrc316:C0602", &both),
        ("standing=active", &both),
        ("standing=banned", &vec![]),
        (&format!("unit={}", credit_code(14)), &vec![second.clone()]),
    ] {
        assert_eq!(&listed(query), expected, "{query}");
    }
    for (query, field) in [("region=999999", "region"), ("standing=x", "standing"), ("unit=1", "unit")] {
        assert_eq!(app.get(&app.auditor, &format!("{PATH}?{query}")).json()["errors"][0]["field"], field);
    }
    assert_eq!(app.size(), before);
}

/// Everything that may be said beside the sample.
fn further() -> Value {
    json!({
        "further_phones": ["0730-8888888"],
        "mail": "wang@example.cn",
        "address": "岳阳市岳阳楼区某路1号",
        "work_status": "employed",
        "educations": [{"code": "14", "school": "某大学", "degree": "工学硕士", "date": "1995-06-30"}],
        "titles": [
            {"code": "081", "name": "正高级工程师", "level": "senior", "date": "2012-12-01", "issuer": "某厅"},
            {"name": "工程师", "level": "intermediate"}
        ],
        "equal_level": {"text": "省级科技奖", "evidence": ["证书"]},
        "certificates": [{"name": "一级建造师", "number": "X-1", "issued": "2020-01-01", "valid_to": "2029-12-31"}],
        "claims": [
            {"speciality": "ndrc316:C0602", "evidence": ["学位证"], "decision": "approved", "decided": "2025-01-01"},
            {"speciality": "ndrc316:A0801", "evidence": [], "decision": "pending"}
        ],
        "relatives": [{"relation": "spouse", "name": "李某", "units": [credit_code(51)]}],
        "e_evaluation": "yes",
        "trainings": [{"name": "普法培训", "date": "2025-03-01"}],
        "relaxation": {"reason": "紧缺专业", "approved_by": "p1", "specialities": ["ndrc316:C0602"]},
        "documents": [{"kind": "photo", "digest": "b".repeat(64), "name": "照片"}],
        "appointment": {"number": "聘2025-1", "issued": "2025-01-01"}
    })
}

fn a_record_with_everything_comes_back_and_is_amended_part_by_part(kind: Kind) {
    let app = TestApp::new(kind);
    let mut full = expert(1);
    let further = further();
    for (field, value) in further.as_object().unwrap() {
        full[field] = value.clone();
    }
    let made = app.post(&app.bureau, PATH, "k1", &full).expect(201);
    for private in ["wang@", "某路", "李某", "工程师", "b".repeat(64).as_str()] {
        assert!(!made.text().contains(private), "{private}");
    }
    assert_eq!(
        (&made.json()["title_level"], &made.json()["term_from"]),
        (&json!("senior"), &json!("2025-01-01"))
    );
    let one = format!("{PATH}/{}", made.json()["number"].as_str().unwrap());
    let look = format!("{one}?purpose=核对");
    let facts = app.get(&app.bureau, &look).expect(200).json();
    for (field, value) in full.as_object().unwrap() {
        assert_eq!(&facts[field], value, "{field}");
    }
    assert_eq!((&facts["birth"], &facts["sex"]), (&json!("1970-01-01"), &json!("1")));
    assert_eq!(facts.get("leaves").or(facts.get("pending_units")).or(facts.get("confirmed")), None);

    // The plain list alone, and claims alone, bring the other into step.
    let plain = json!({"specialities": ["ndrc316:A0801"]});
    app.patch(&app.bureau, &one, "\"1\"", &plain).expect(200);
    let facts = app.get(&app.bureau, &look).json();
    assert_eq!((&facts["specialities"], &facts["claims"]), (&json!(["ndrc316:A0801"]), &Value::Null));
    let rejected =
        json!([{"speciality": "ndrc316:C0602", "evidence": [], "decision": "rejected", "reason": "不符"}]);
    let amended = app.patch(&app.bureau, &one, "\"2\"", &json!({"claims": rejected})).expect(200);
    assert_eq!(amended.json()["specialities"], json!(["ndrc316:A0801"]));
    let wrong = json!({"specialities": ["ndrc316:C0602"], "claims": rejected});
    app.patch(&app.bureau, &one, "\"3\"", &wrong).names(422, "claims[0].decision", "in_step");
    let less = json!({"titles": [], "title_level": "none", "mail": "", "equal_level": null, "documents": []});
    assert_eq!(app.patch(&app.bureau, &one, "\"3\"", &less).expect(200).json()["title_level"], "none");
    let facts = app.get(&app.bureau, &look).json();
    for gone in ["titles", "mail", "equal_level", "documents"] {
        assert_eq!(facts.get(gone), None, "{gone}");
    }
    assert_eq!((&facts["address"], &facts["relatives"]), (&further["address"], &further["relatives"]));
    app.patch(&app.bureau, &one, "\"4\"", &json!({"leaves": []})).names(400, "leaves", "unknown_field");
    let listed =
        |level: &str| app.get(&app.auditor, &format!("{PATH}?title_level={level}")).json()["items"].clone();
    assert_eq!((listed("none").as_array().unwrap().len(), listed("senior")), (1, json!([])));
    app.get(&app.auditor, &format!("{PATH}?title_level=x")).names(400, "title_level", "title_level");
}

fn somebody_without_identity_card_is_registered_once_too(kind: Kind) {
    let app = TestApp::new(kind);
    let mut passport = expert(1);
    passport["id_kind"] = json!("414");
    passport["id_number"] = json!("E12345678");
    app.post(&app.bureau, PATH, "k1", &passport).names(422, "birth", "required");
    passport["birth"] = json!("1965-05-05");
    passport["sex"] = json!("2");
    app.post(&app.bureau, PATH, "k2", &passport).expect(201);
    app.post(&app.bureau, PATH, "k3", &passport).problem(409, "already_registered");
    // The kind is part of the identity: another document with the same number is another person.
    passport["id_kind"] = json!("511");
    app.post(&app.bureau, PATH, "k4", &passport).expect(201);
    let mut card = expert(2);
    card["birth"] = json!("1965-05-05");
    app.post(&app.bureau, PATH, "k5", &card).names(422, "birth", "derived");
}

fn rows_of_an_earlier_version_are_filled_from_their_images(kind: Kind) {
    let app = TestApp::new(kind);
    let (number, before) = (app.expert(1), app.size());
    app.fresh.by_hand("UPDATE expert SET title_level = '', term_from = '', confirmed = NULL").unwrap();
    let listed =
        || app.get(&app.auditor, &format!("{PATH}?title_level=senior")).expect(200).json()["items"].clone();
    assert_eq!(listed(), json!([]));
    app.service.fill_rows().unwrap();
    let found = listed();
    assert_eq!((&found[0]["number"], &found[0]["term_from"]), (&json!(number), &json!("2025-01-01")));
    assert_eq!((&found[0]["version"], app.size()), (&json!(1), before), "no entry, no other version");
}
