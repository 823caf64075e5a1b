//! Who may ask what: anonymous, wrong tokens, roles; addresses and methods that do not exist.

use serde_json::{Value, json};

use crate::app::{TestApp, bearer, expert, package};
use crate::support::{Kind, on_both};

on_both! {
    every_operation_but_the_anonymous_ones_needs_a_token
    a_wrong_expired_or_revoked_token_is_refused_alike
    roles_do_only_what_the_table_allows
    what_matches_no_route_is_a_problem_too
}

/// Every operation of the document: path with its parameters filled in, method, whether anonymous.
fn operations(app: &TestApp) -> Vec<(String, String, bool)> {
    let document = app.ask("GET", "/api/v1/openapi.json", &[], b"").expect(200).json();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.replace(['{', '}'], "");
        for (method, operation) in item.as_object().unwrap() {
            let anonymous = operation["security"].as_array().is_some_and(|list| list.contains(&json!({})));
            found.push((path.clone(), method.to_uppercase(), anonymous));
        }
    }
    assert!(found.len() > 15, "{found:?}");
    found
}

fn every_operation_but_the_anonymous_ones_needs_a_token(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    for (path, method, anonymous) in operations(&app) {
        let answer = app.ask(&method, &path, &[], b"");
        if anonymous {
            assert_ne!(answer.status, 401, "{method} {path}");
        } else {
            answer.problem(401, "unauthenticated");
            assert!(answer.header("WWW-Authenticate").starts_with("Bearer"), "{method} {path}");
        }
    }
    assert_eq!(app.size(), before);
}

fn a_wrong_expired_or_revoked_token_is_refused_alike(kind: Kind) {
    let app = TestApp::new(kind);
    let path = "/api/v1/experts";
    app.get(&app.bureau, path).expect(200);
    let wrong = format!("edt_{}", "A".repeat(43));
    let detail = app.get(&wrong, path).problem(401, "unauthenticated")["detail"].clone();
    for header in ["", "Bearer", "Bearer ", "Basic YTpi", "edt_x", &format!("Bearer {wrong} x")] {
        let answer = app.ask("GET", path, &[("Authorization", header)], b"");
        assert_eq!(answer.problem(401, "unauthenticated")["detail"], detail, "{header:?}");
    }
    // Anonymous places refuse a wrong token too: a client should learn that it is wrong.
    app.get(&wrong, "/api/v1/health").problem(401, "unauthenticated");
    // No token is taken from a URL.
    let query = format!("{path}?access_token={}", app.bureau);
    app.ask("GET", &query, &[], b"").problem(401, "unauthenticated");
    app.clock.advance(30 * 86_400 - 1);
    app.get(&app.bureau, path).expect(200);
    app.clock.advance(1);
    assert_eq!(app.get(&app.bureau, path).problem(401, "unauthenticated")["detail"], detail);
}

fn roles_do_only_what_the_table_allows(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let before = app.size();
    let account = json!({"role": "auditor", "name": "x", "days": 1});
    let unit = json!({"code": "x", "name": "x", "region": "430600"});
    let none = Value::Null;
    let one = format!("/api/v1/experts/{number}?purpose=xx");
    let decision = json!({"act": "suspend", "expert": number, "basis": "x1", "months": 3});
    let (bureau, agency, auditor) = (app.bureau.as_str(), app.agency.as_str(), app.auditor.as_str());
    let cells: [(&[&str], &str, &str, &Value); 10] = [
        (&[agency, auditor], "POST", "/api/v1/experts", &expert(2)),
        (&[agency], "GET", "/api/v1/experts", &none),
        (&[agency], "GET", &one, &none),
        (&[agency, auditor], "POST", "/api/v1/decisions", &decision),
        (&[agency, auditor], "POST", "/api/v1/units", &unit),
        (&[agency], "GET", "/api/v1/units", &none),
        (&[agency, auditor], "POST", "/api/v1/accounts", &account),
        (&[agency, auditor], "GET", "/api/v1/accounts", &none),
        (&[agency, auditor], "DELETE", "/api/v1/accounts/x", &none),
        (&[bureau, auditor], "POST", "/api/v1/packages", &package(1)),
    ];
    for (tokens, method, path, body) in cells {
        for token in tokens {
            let answer = match method {
                "POST" => app.post(token, path, "k", body),
                _ => app.ask(method, path, &[("Authorization", &bearer(token))], b""),
            };
            answer.problem(403, "not_permitted");
        }
    }
    assert_eq!(app.size(), before);
}

fn what_matches_no_route_is_a_problem_too(kind: Kind) {
    let app = TestApp::new(kind);
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v1/experts/",
        "/api/v2/experts",
        "/api/v1/experts/%ff?purpose=xx",
    ] {
        let answer = app.get(&app.bureau, path);
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        answer.problem(404, answer.json()["type"].as_str().unwrap().trim_start_matches("/problems/"));
    }
    let paths: std::collections::BTreeMap<String, Vec<String>> =
        operations(&app).into_iter().fold(Default::default(), |mut map, (path, method, _)| {
            map.entry(path).or_insert_with(Vec::new).push(method);
            map
        });
    for (path, methods) in paths {
        let absent = ["PUT", "PATCH"].into_iter().find(|method| !methods.iter().any(|known| known == method));
        let answer = app.ask(absent.unwrap(), &path, &[("Authorization", &bearer(&app.bureau))], b"");
        answer.problem(405, "method_not_allowed");
        for method in methods {
            assert!(answer.header("Allow").split(", ").any(|allowed| allowed == method), "{method} {path}");
        }
    }
    let head = app.ask("HEAD", "/api/v1/health", &[], b"").expect(200);
    assert!(head.bytes.is_empty());
    for (name, value) in [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")] {
        assert_eq!(head.header(name), value);
    }
}
