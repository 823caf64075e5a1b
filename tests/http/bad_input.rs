//! Bodies that no client should send: refused with a clear 4xx, nothing changed.

use serde_json::json;

use crate::app::{TestApp, bearer, expert};
use crate::support::{Kind, on_both};

on_both! {
    bodies_that_are_not_what_they_should_be_change_nothing
    a_body_of_ten_megabytes_is_refused_and_the_server_lives
    facts_that_break_rules_are_named_by_field_and_rule
    a_post_without_its_key_is_refused
}

const PATH: &str = "/api/v1/experts";

fn bodies_that_are_not_what_they_should_be_change_nothing(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let sound = expert(1).to_string();
    let post = |body: &[u8]| app.post_text(&app.bureau, PATH, "k", body);
    post(b"").problem(400, "not_json");
    post(b"{").problem(400, "not_json");
    post(b"{\"name\":\"\xff\xfe\"}").problem(400, "not_utf8");
    let nested = format!("{{\"name\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let answer = post(nested.as_bytes());
    answer.problem(400, "malformed");
    assert_eq!(answer.json()["errors"][0]["rule"], "depth");
    let twice = sound.replacen('{', "{\"name\":\"甲\",", 1);
    post(twice.as_bytes()).names(400, "name", "duplicate_key");
    let inner = sound.replacen("\"since\"", "\"unit\":\"x\",\"since\"", 1);
    post(inner.as_bytes()).names(400, "employments[0].unit", "duplicate_key");
    let mut extra = expert(1);
    extra["nickname"] = json!("x");
    post(extra.to_string().as_bytes()).names(400, "nickname", "unknown_field");
    let mut inner = expert(1);
    inner["employments"][0]["salary"] = json!(1);
    post(inner.to_string().as_bytes()).names(400, "employments[0].salary", "unknown_field");
    let mut missing = expert(1);
    missing.as_object_mut().unwrap().remove("phone");
    post(missing.to_string().as_bytes()).names(400, "phone", "required");
    let mut number = expert(1);
    number["regions"][1] = json!(430100);
    post(number.to_string().as_bytes()).names(400, "regions[1]", "type");

    let authorization = bearer(&app.bureau);
    let headers = |extra: &[(&'static str, &'static str)]| {
        let mut headers = vec![("Authorization", authorization.as_str()), ("Idempotency-Key", "k")];
        headers.extend(extra.iter().copied());
        app.ask("POST", PATH, &headers, sound.as_bytes())
    };
    headers(&[("Content-Type", "text/plain")]).problem(415, "unsupported_media_type");
    headers(&[("Content-Type", "application/json; charset=gbk")]).problem(415, "unsupported_media_type");
    headers(&[("Content-Type", "application/json"), ("Content-Encoding", "gzip")])
        .problem(415, "unsupported_media_type");
    assert_eq!(app.size(), before);
    headers(&[("Content-Type", "application/json; charset=UTF-8")]).expect(201);
}

fn a_body_of_ten_megabytes_is_refused_and_the_server_lives(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let body = vec![b' '; 10_000_000];
    for _ in 0..3 {
        app.post_text(&app.bureau, PATH, "k", &body).problem(413, "too_large");
    }
    assert_eq!(app.size(), before);
    app.post(&app.bureau, PATH, "k", &expert(1)).expect(201);
}

fn facts_that_break_rules_are_named_by_field_and_rule(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let check = |field: &str, value: serde_json::Value, place: &str, rule: &str| {
        let mut body = expert(1);
        body[field] = value.clone();
        let answer = app.post(&app.bureau, PATH, "k", &body);
        answer.problem(422, "invalid_input");
        answer.names(422, place, rule);
        let text = value.as_str().unwrap_or("\u{0}");
        assert!(text.is_empty() || !answer.text().contains(text), "{}", answer.text());
    };
    check("id_number", json!("990000197001011000"), "id_number", "check_character");
    check("specialities", json!(["ndrc316:A0832", "ndrc316:QQ"]), "specialities[1]", "unknown_speciality");
    check("regions", json!(["430699"]), "regions[0]", "unknown_region");
    check("regions", json!(["430600", "430600"]), "regions[1]", "duplicate");
    check("term_to", json!("2024-02-30"), "term_to", "date");
    check("name", json!(""), "name", "required");
    check("title_level", json!("professor"), "title_level", "title_level");
    check("id_kind", json!("41"), "id_kind", "id_kind");
    check("id_kind", json!("414"), "birth", "required");
    check("mail", json!("wang"), "mail", "mail");
    check("educations", json!([{"code": "01"}]), "educations[0].code", "unknown_education");
    check("titles", json!([{"name": "工程师", "level": "intermediate"}]), "title_level", "highest_title");
    assert_eq!(app.size(), before);
}

fn a_post_without_its_key_is_refused(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let (authorization, body) = (bearer(&app.bureau), expert(1).to_string());
    let with = |keys: &[&str]| {
        let mut headers =
            vec![("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
        headers.extend(keys.iter().map(|key| ("Idempotency-Key", *key)));
        app.ask("POST", PATH, &headers, body.as_bytes())
    };
    with(&[]).names(400, "Idempotency-Key", "required");
    let long = "a".repeat(65);
    for keys in [&["a b"][..], &[""], &[long.as_str()], &["a", "b"]] {
        with(keys).names(400, "Idempotency-Key", "idempotency_key");
    }
    assert_eq!(app.size(), before);
}
