//! Accounts: a token is shown once, works until it is revoked or expires, and is listed without it.

use serde_json::json;

use crate::app::{TestApp, bearer, credit_code};
use crate::support::{Kind, on_both};

on_both! {
    a_token_is_shown_once_and_works_until_revoked
    an_account_that_breaks_rules_is_not_made
    pages_of_a_list_follow_each_other
}

const PATH: &str = "/api/v1/accounts";

fn a_token_is_shown_once_and_works_until_revoked(kind: Kind) {
    let app = TestApp::new(kind);
    let draft = json!({"role": "agency", "name": "代理", "unit": credit_code(3), "days": 1});
    let made = app.post(&app.bureau, PATH, "a", &draft).expect(201);
    let (account, before) = (made.json(), app.size());
    let token = account["token"].as_str().unwrap();
    assert_eq!((token.len(), &token[..4]), (47, "edt_"));
    app.get(token, "/api/v1/packages").expect(200);
    assert_eq!(account["expires"], "2026-11-25T02:00:00Z");
    assert_eq!(made.header("Location"), format!("{PATH}/{}", account["id"].as_str().unwrap()));

    let again = app.post(&app.bureau, PATH, "a", &draft).expect(201).json();
    assert_eq!((&again["id"], again.get("token")), (&account["id"], None));
    let mut other = draft.clone();
    other["days"] = json!(2);
    app.post(&app.bureau, PATH, "a", &other).problem(409, "idempotency_key_reused");
    assert_eq!(app.size(), before);

    let listed = app.get(&app.bureau, PATH).expect(200);
    assert!(!listed.text().contains("token") && !listed.text().contains(token));
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 5);

    let one = format!("{PATH}/{}", account["id"].as_str().unwrap());
    for _ in 0..2 {
        app.ask("DELETE", &one, &[("Authorization", &bearer(&app.bureau))], b"").expect(204);
        assert_eq!(app.size(), before + 1);
    }
    app.get(token, "/api/v1/packages").problem(401, "unauthenticated");
    app.ask("DELETE", &format!("{PATH}/nobody"), &[("Authorization", &bearer(&app.bureau))], b"")
        .problem(404, "not_found");
    let items = app.get(&app.bureau, PATH).json()["items"].clone();
    let own = items.as_array().unwrap().iter().find(|item| item["role"] == "bureau").unwrap()["id"].clone();
    let own = format!("{PATH}/{}", own.as_str().unwrap());
    app.ask("DELETE", &own, &[("Authorization", &bearer(&app.bureau))], b"").problem(409, "own_account");
}

fn an_account_that_breaks_rules_is_not_made(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    for (draft, field, rule) in [
        (json!({"role": "king", "name": "x", "days": 1}), "role", "role"),
        (json!({"role": "auditor", "name": "", "days": 1}), "name", "required"),
        (json!({"role": "agency", "name": "x", "days": 1}), "unit", "required"),
        (json!({"role": "agency", "name": "x", "unit": "91", "days": 1}), "unit", "credit_code"),
        (json!({"role": "purchaser", "name": "x", "days": 1}), "unit", "required"),
        (json!({"role": "auditor", "name": "x", "days": 0}), "days", "range"),
        (json!({"role": "auditor", "name": "x", "days": 1, "rights": ["draws"]}), "rights", "role"),
        (json!({"role": "bureau", "name": "x", "days": 1, "rights": []}), "rights", "rights"),
        (json!({"role": "bureau", "name": "x", "days": 1, "rights": ["king"]}), "rights", "rights"),
        (json!({"role": "bureau", "name": "x", "days": 1, "rights": ["draws", "draws"]}), "rights", "rights"),
        (json!({"role": "bureau", "name": "x", "days": 1, "region": "999999"}), "region", "region"),
        (json!({"role": "bureau", "name": "x", "days": 1, "expert": "E1"}), "expert", "role"),
        (json!({"role": "expert", "days": 1, "expert": "E0000000000000000"}), "expert", "unknown"),
        (json!({"role": "bureau", "name": "x", "days": 1, "login": "13800000000"}), "login", "login"),
        (json!({"role": "bureau", "name": "x", "days": 1, "id_number": "1"}), "id_number", "id_number"),
        (json!({"role": "bureau", "name": "x", "days": 1, "totp_required": true}), "totp_required", "login"),
        (json!({"role": "auditor", "name": "x", "days": 367}), "days", "range"),
    ] {
        app.post(&app.bureau, PATH, "k", &draft).names(422, field, rule);
    }
    assert_eq!(app.size(), before);
}

fn pages_of_a_list_follow_each_other(kind: Kind) {
    let app = TestApp::new(kind);
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = app.get(&app.bureau, &format!("{PATH}?limit=3{after}")).expect(200).json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen.len(), 4);
    assert!(seen.is_sorted());
    for (query, field) in
        [("limit=0", "limit"), ("limit=201", "limit"), ("after=%20", "after"), ("page=2", "page")]
    {
        let answer = app.get(&app.bureau, &format!("{PATH}?{query}"));
        assert_eq!(answer.problem(400, "malformed")["errors"][0]["field"], field);
    }
}
