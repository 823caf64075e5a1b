//! The permission table, cell by cell: every operation of the API with every role, and with a bureau's
//! account of each single right.
//!
//! A role that may not do something is refused with 403 whatever it asks about; one that may gets
//! any other answer. An operation of the document that is not in the table here fails the test.

use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::{Action, Actor, PERMISSIONS, Right, Role};
use serde_json::{Value, json};

use crate::app::{TestApp, bearer, credit_code, expert, package};
use crate::support::{Kind, on_both};

on_both! {
    every_cell_of_the_permission_table_holds
}

/// An operation: method, path of the document, what it is, and a body that is well-formed.
pub type Operation = (&'static str, &'static str, Action, Value);

/// Every operation. Each area of the API names its own, in the file of its tests.
fn operations() -> Vec<Operation> {
    [
        first_operations(),
        crate::conduct::operations(),
        crate::performance::operations(),
        crate::day::operations(),
        crate::fees::operations(),
        crate::my_draws::operations(),
        crate::campaigns::operations(),
        crate::account_changes::operations(),
        crate::exports::operations(),
        crate::imports::operations(),
        crate::decisions::operations(),
        crate::leave::operations(),
        crate::renewals::operations(),
        crate::applications::operations(),
        crate::changes::operations(),
        crate::schemes::operations(),
        crate::units::operations(),
        crate::privacy::operations(),
        crate::search::operations(),
        crate::calls::operations(),
        crate::plans::operations(),
        crate::venues::operations(),
        crate::contributions::operations(),
        // One line for each area.
    ]
    .concat()
}

fn first_operations() -> Vec<Operation> {
    use Action::*;
    let draw = json!({
        "package": "P0000000000000000", "review_start": "2026-11-27T01:00:00Z",
        "groups": [{"speciality": "ndrc316:A0832", "within": ["430600"], "seats": 1, "site": 1}]
    });
    let account = json!({"role": "auditor", "name": "某人", "days": 1});
    let unit = json!({"code": "x", "name": "x", "region": "430600"});
    let (none, empty) = (Value::Null, json!({}));
    vec![
        ("POST", "/accounts", KeepAccounts, account),
        ("GET", "/accounts", KeepAccounts, none.clone()),
        ("DELETE", "/accounts/{id}", KeepAccounts, none.clone()),
        ("POST", "/experts", KeepRegistry, expert(1)),
        ("GET", "/experts", ReadRegistry, none.clone()),
        ("GET", "/experts/{number}?purpose=xx", ReadRegistry, none.clone()),
        ("PATCH", "/experts/{number}", KeepRegistry, json!({"phone": "13800000001"})),
        ("POST", "/units", KeepRegistry, unit),
        ("GET", "/units", ReadRegistry, none.clone()),
        ("GET", "/units/{code}", ReadRegistry, none.clone()),
        ("POST", "/packages", RequestDraw, package(1)),
        ("GET", "/packages", ReadDraws, none.clone()),
        ("GET", "/packages/{id}", ReadDraws, none.clone()),
        ("PATCH", "/packages/{id}", RequestDraw, json!({"add_suppliers": []})),
        ("POST", "/draws", RequestDraw, draw.clone()),
        ("POST", "/draws/check", ReadDraws, draw),
        ("GET", "/draws", ReadDraws, none.clone()),
        ("GET", "/draws/{id}", ReadDraws, none.clone()),
        ("GET", "/draws/{id}/record", ReadDraws, none.clone()),
        ("GET", "/draws/{id}/cosignatures", ReadDraws, none.clone()),
        ("POST", "/draws/{id}/accept", AcceptForcedSeats, empty.clone()),
        ("POST", "/draws/{id}/withdraw", RequestDraw, empty.clone()),
        ("POST", "/draws/{id}/void", ProposeVoid, json!({"reason": "request_wrong"})),
        ("POST", "/draws/{id}/void/confirm", ConfirmVoid, empty),
        ("POST", "/draws/{id}/unseal", Unseal, json!({"announcement": "1"})),
        ("POST", "/draws/{id}/open", OpenPanel, json!({"purpose": "通知"})),
        ("GET", "/draws/{id}/evidence?audience=auditor&purpose=xx", AuditEvidence, none),
    ]
}

/// Open to anybody, or to any account; no cell of the table.
const OPEN: &[&str] = &[
    "/tiers",
    "/fee-tables",
    "/schemes",
    "/schemes/{id}",
    "/schemes/{id}/file",
    "/schemes/{id}/crosswalks/{to}",
    "/schemes/{id}/crosswalks/{to}/file",
    "/account",
    "/account/password",
    "/account/totp",
    "/account/totp/confirm",
    // What is refused depends on whose session or account it is: tests/http/sessions.rs, tokens.rs.
    "/sessions",
    "/sessions/{id}",
    "/accounts/{id}/tokens",
    "/accounts/{id}/tokens/{token}",
    "/health",
    "/keys",
    "/openapi.json",
    "/registry-profile",
    "/specialities",
    "/regions",
    "/log/checkpoint",
    "/log/tile/{path}",
    "/log/signatures/{path}",
    "/log/witnesses",
    "/log/heads",
    "/log/draws/{index}",
    "/log/heads/{path}",
    "/log/proofs/{index}",
    "/draws/{id}/evidence",
    "/sites-draws/{id}/evidence",
    // A gateway is no account: its signature decides (tests/http/calls.rs).
    "/gateway/answers",
];

/// Actions that no operation asks for.
const WITHOUT: &[Action] = &[Action::ReadCounts];

fn content_type(path: &str) -> &'static str {
    match path {
        path if path.contains("imports") || path.contains("/schemes") => "text/csv",
        path if path.contains("attachments") => "application/pdf",
        _ => "application/json",
    }
}

/// A token of every role, and of a bureau's accounts with one right each.
fn everybody(app: &TestApp) -> Vec<(Actor, String)> {
    let token = |role: Role, rights: Option<Vec<String>>| {
        let unit = match role {
            Role::Agency | Role::Purchaser => Some(credit_code(41)),
            Role::Venue => Some(crate::sight::VENUE.to_owned()),
            _ => None,
        };
        let draft = AccountDraft { rights, ..AccountDraft::new(role.name(), "测试", unit, 30) };
        app.service.found_account(&draft).unwrap().token.unwrap()
    };
    let roles = Role::ALL.map(|role| (Actor::of_role("A", role), token(role, None)));
    let rights = Right::ALL.map(|right| {
        let actor = Actor { rights: vec![right], ..Actor::of_role("A", Role::Bureau) };
        (actor, token(Role::Bureau, Some(vec![right.name().to_owned()])))
    });
    roles.into_iter().chain(rights).collect()
}

fn every_cell_of_the_permission_table_holds(kind: Kind) {
    let app = TestApp::new(kind);
    let operations = operations();
    let document = app.ask("GET", "/api/v1/openapi.json", &[], b"").expect(200).json();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.trim_start_matches("/api/v1").replace(":.*", "");
        for method in item.as_object().unwrap().keys() {
            let listed = operations
                .iter()
                .any(|(m, p, ..)| m.to_lowercase() == *method && p.split('?').next() == Some(path.as_str()));
            assert!(listed || OPEN.contains(&path.as_str()), "{method} {path} is in no cell");
        }
    }
    let mut cells = 0;
    let everybody = everybody(&app);
    for (method, path, action, body) in &operations {
        let path =
            format!("/api/v1{}", path.replace("{number}", "E0000000000000000").replace(['{', '}'], ""));
        for (actor, token) in &everybody {
            let (authorization, content) = (bearer(token), content_type(&path));
            let headers = [
                ("Authorization", authorization.as_str()),
                ("Idempotency-Key", "k"),
                ("If-Match", "\"1\""),
                ("Content-Type", content),
            ];
            let bytes = if body.is_null() { String::new() } else { body.to_string() };
            let headers = if *method == "GET" || *method == "DELETE" { &headers[..1] } else { &headers[..] };
            let answer = app.ask(method, &path, headers, bytes.as_bytes());
            let may = actor.may(*action);
            let who = (actor.role, &actor.rights);
            assert_eq!(answer.status == 403, !may, "{method} {path} as {who:?}: {}", answer.text());
            cells += 1;
        }
    }
    assert_eq!(cells, operations.len() * (Role::ALL.len() + Right::ALL.len()));
    let used: Vec<Action> = operations.iter().map(|(_, _, action, _)| *action).collect();
    for (action, _) in PERMISSIONS {
        // Counts are a part of answers, not an operation; tests/http/draws.rs looks for them.
        assert!(used.contains(&action) || WITHOUT.contains(&action), "{action:?} is never asked for");
    }
}
