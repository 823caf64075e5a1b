//! API tokens: what scopes leave out is refused; whose tokens one may make, see and revoke.

use serde_json::json;

use crate::app::{TestApp, expert};
use crate::sessions::{person, signed_in};
use crate::support::{Kind, on_both};

on_both! {
    a_token_does_what_its_scopes_name_until_it_is_revoked_or_expires
    only_its_owner_makes_tokens_for_a_person
}

const EXPERTS: &str = "/api/v1/experts";

fn a_token_does_what_its_scopes_name_until_it_is_revoked_or_expires(kind: Kind) {
    let app = TestApp::new(kind);
    let made = app.post(
        &app.bureau,
        "/api/v1/accounts",
        "m",
        &json!({"role": "bureau", "name": "对接系统", "days": 300, "rights": ["registrar"]}),
    );
    let made = made.expect(201).json();
    let tokens = format!("/api/v1/accounts/{}/tokens", made["id"].as_str().unwrap());
    let draft = |scopes: &[&str], days: u32| json!({"label": "对接", "scopes": scopes, "days": days});
    for (draft, field, rule) in [
        (draft(&[], 1), "scopes", "required"),
        (draft(&["request_draw"], 1), "scopes[0]", "scope"),
        (draft(&["read", "king"], 1), "scopes[1]", "scope"),
        (draft(&["read", "read"], 1), "scopes[1]", "duplicate"),
        (draft(&["read"], 0), "days", "range"),
        (draft(&["read"], 367), "days", "range"),
        (json!({"label": "", "scopes": ["read"], "days": 1}), "label", "required"),
    ] {
        app.post(&app.bureau, &tokens, "k", &draft).names(422, field, rule);
    }
    let before = app.size();
    let reading = app.post(&app.bureau, &tokens, "r", &draft(&["read"], 10)).expect(201).json();
    let again = app.post(&app.bureau, &tokens, "r", &draft(&["read"], 10)).expect(201).json();
    assert_eq!((&again["id"], again.get("token")), (&reading["id"], None));
    let keeping = app.post(&app.bureau, &tokens, "w", &draft(&["keep_registry"], 366)).expect(201).json();
    assert_eq!(app.size(), before + 2);
    // Never later than the account.
    assert_eq!(keeping["expires"], made["expires"]);

    let (read, keep) = (reading["token"].as_str().unwrap(), keeping["token"].as_str().unwrap());
    app.get(read, EXPERTS).expect(200);
    app.post(read, EXPERTS, "e", &expert(1)).problem(403, "not_permitted");
    app.post(keep, EXPERTS, "e", &expert(1)).expect(201);
    app.get(keep, EXPERTS).problem(403, "not_permitted");
    assert_eq!(app.get(keep, "/api/v1/account").expect(200).json()["actions"], json!(["keep_registry"]));

    let listed = app.get(&app.bureau, &tokens).expect(200);
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 2);
    assert!(!listed.text().contains(read) && !listed.text().contains(keep));
    let one = format!("{tokens}/{}", keeping["id"].as_str().unwrap());
    for _ in 0..2 {
        app.delete(&app.bureau, &one).expect(204);
    }
    app.post(keep, EXPERTS, "e", &expert(1)).problem(401, "unauthenticated");
    app.delete(&app.bureau, &format!("{tokens}/T0")).problem(404, "not_found");
    app.clock.advance(10 * 86_400);
    app.get(read, EXPERTS).problem(401, "unauthenticated");
    assert_eq!(app.get(&app.bureau, &tokens).json()["items"].as_array().unwrap().len(), 0);
    assert_eq!(app.fsck(), [""; 0]);
}

fn only_its_owner_makes_tokens_for_a_person(kind: Kind) {
    let app = TestApp::new(kind);
    let wang = person(&app, "bureau", "wang.li");
    let session = signed_in(&app, &wang);
    let tokens = format!("/api/v1/accounts/{}/tokens", wang.id);
    let draft = json!({"label": "脚本", "scopes": ["read_registry"], "days": 30});
    app.post(&app.bureau, &tokens, "a", &draft).problem(409, "owner_only");
    app.post(&app.auditor, &tokens, "a", &draft).problem(403, "not_permitted");
    let made = app.post(&session, &tokens, "a", &draft).expect(201).json();
    let token = made["token"].as_str().unwrap();
    app.get(token, EXPERTS).expect(200);
    // A token makes no tokens, changes no password and begins no second factor.
    app.post(token, &tokens, "b", &draft).problem(403, "session_required");
    let passwords = json!({"old": wang.password, "new": "Another-Pass-1"});
    app.post(token, "/api/v1/account/password", "c", &passwords).problem(403, "session_required");
    let again = json!({"password": wang.password});
    app.post(token, "/api/v1/account/totp", "d", &again).problem(403, "session_required");
    // Whoever keeps accounts sees and revokes them.
    assert_eq!(app.get(&app.bureau, &tokens).expect(200).json()["items"][0]["id"], made["id"]);
    app.get(&app.auditor, &tokens).problem(403, "not_permitted");
    app.delete(&app.bureau, &format!("{tokens}/{}", made["id"].as_str().unwrap())).expect(204);
    app.get(token, EXPERTS).problem(401, "unauthenticated");

    // A token with scopes makes no wider ones for its own account.
    let program = json!({"role": "administrator", "name": "程序", "days": 30});
    let program = app.post(&app.bureau, "/api/v1/accounts", "p", &program).expect(201).json();
    let tokens = format!("/api/v1/accounts/{}/tokens", program["id"].as_str().unwrap());
    let narrow = json!({"label": "x", "scopes": ["keep_accounts"], "days": 30});
    let narrow = app.post(&app.bureau, &tokens, "n", &narrow).expect(201).json();
    let wide = json!({"label": "x", "scopes": ["keep_keys"], "days": 30});
    app.post(narrow["token"].as_str().unwrap(), &tokens, "w", &wide).problem(403, "not_permitted");
    app.post(program["token"].as_str().unwrap(), &tokens, "w", &wide).expect(201);
    assert_eq!(app.fsck(), [""; 0]);
}
