//! Accounts as they change: rights, regions, locks, one person's hands; and the journal that says so.

use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::Action;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, credit_code, id_number};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    rights_change_with_the_next_request_and_never_ones_own
    a_narrowed_account_keeps_its_own_region_only
    one_person_has_no_accounts_of_two_hands
    an_expert_has_one_account_and_no_name_in_it
    a_locked_account_is_refused_until_it_is_unlocked
    a_row_that_was_altered_is_found
}

const PATH: &str = "/api/v1/accounts";

/// The operations of this area in the permission table.
pub fn operations() -> Vec<Operation> {
    use Action::KeepAccounts;
    let none = Value::Null;
    vec![
        ("GET", "/accounts/{id}", KeepAccounts, none.clone()),
        ("PATCH", "/accounts/{id}", KeepAccounts, json!({"days": 1})),
        ("POST", "/accounts/{id}/lock", KeepAccounts, none.clone()),
        ("POST", "/accounts/{id}/unlock", KeepAccounts, none.clone()),
        ("POST", "/accounts/{id}/password", KeepAccounts, none.clone()),
        ("DELETE", "/accounts/{id}/totp", KeepAccounts, none),
    ]
}

/// Makes an account and answers its path, its ETag and its token.
fn made(app: &TestApp, key: &str, draft: &Value) -> (String, String, String) {
    let made = app.post(&app.bureau, PATH, key, draft).expect(201).json();
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let etag = app.get(&app.bureau, &path).expect(200).header("ETag").to_owned();
    (path, etag, made["token"].as_str().unwrap_or_default().to_owned())
}

fn rights_change_with_the_next_request_and_never_ones_own(kind: Kind) {
    let app = TestApp::new(kind);
    let draft = json!({"role": "bureau", "name": "初审岗", "days": 30, "rights": ["reviewer"]});
    let (path, etag, token) = made(&app, "a", &draft);
    let experts = "/api/v1/experts";
    app.get(&token, experts).expect(200);
    app.get(&token, PATH).problem(403, "not_permitted");
    app.post(&token, experts, "e", &crate::app::expert(1)).problem(403, "not_permitted");

    let before = app.size();
    let changes = json!({"rights": ["draws", "accounts"], "days": 60});
    let changed = app.patch(&app.bureau, &path, &etag, &changes).expect(200);
    assert_eq!(changed.json()["rights"], json!(["draws", "accounts"]));
    assert_eq!(changed.json()["expires"], "2027-01-23T02:00:00Z");
    assert_eq!(app.size(), before + 1);
    app.get(&token, experts).problem(403, "not_permitted");
    app.get(&token, PATH).expect(200);

    // The version that was read is named; nothing changes twice.
    app.patch(&app.bureau, &path, &etag, &changes).problem(412, "changed_meanwhile");
    let etag = changed.header("ETag");
    app.patch(&app.bureau, &path, "", &changes).problem(428, "if_match_required");
    app.patch(&app.bureau, &path, etag, &json!({"rights": ["king"]})).names(422, "rights", "rights");
    app.patch(&app.bureau, &path, etag, &json!({"days": 367})).names(422, "days", "range");
    app.patch(&app.bureau, &path, etag, &json!({"totp_required": true})).names(422, "totp_required", "login");
    app.patch(&app.bureau, &path, etag, &json!({})).expect(200);
    assert_eq!(app.size(), before + 1);

    let own = app.get(&token, "/api/v1/account").expect(200).json();
    assert!(own["actions"].as_array().unwrap().contains(&json!("keep_accounts")));
    app.patch(&token, &path, etag, &json!({"rights": ["approver"]})).problem(409, "own_account");
    app.post(&token, &format!("{path}/lock"), "l", &json!({})).problem(409, "own_account");
    let agency = made(&app, "b", &json!({"role": "agency", "name": "x", "unit": credit_code(3), "days": 1}));
    app.patch(&app.bureau, &agency.0, &agency.1, &json!({"rights": ["draws"]})).names(422, "rights", "role");
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_narrowed_account_keeps_its_own_region_only(kind: Kind) {
    let app = TestApp::new(kind);
    let (_, _, city) =
        made(&app, "city", &json!({"role": "bureau", "name": "市局", "days": 30, "region": "430600"}));
    let (other, etag, _) =
        made(&app, "other", &json!({"role": "bureau", "name": "他市", "days": 30, "region": "430100"}));
    let county = json!({"role": "bureau", "name": "县局", "days": 30, "region": "430621"});
    let county = app.post(&city, PATH, "county", &county).expect(201).json();
    let agency = json!({"role": "agency", "name": "代理", "unit": credit_code(3), "days": 30});
    assert_eq!(app.post(&city, PATH, "agency", &agency).expect(201).json()["region"], "430600");
    let outside = json!({"role": "bureau", "name": "他县", "days": 30, "region": "430121"});
    app.post(&city, PATH, "outside", &outside).names(422, "region", "outside");

    let listed = app.get(&city, PATH).expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 3, "{listed}");
    app.get(&city, &other).problem(404, "not_found");
    app.patch(&city, &other, &etag, &json!({"days": 1})).problem(404, "not_found");
    app.delete(&city, &other).problem(404, "not_found");
    let county = format!("{PATH}/{}", county["id"].as_str().unwrap());
    let etag = app.get(&city, &county).expect(200).header("ETag").to_owned();
    app.patch(&city, &county, &etag, &json!({"region": ""})).names(422, "region", "outside");
    app.patch(&city, &county, &etag, &json!({"region": "430600"})).expect(200);
    assert_eq!(app.fsck(), [""; 0]);
}

fn one_person_has_no_accounts_of_two_hands(kind: Kind) {
    let app = TestApp::new(kind);
    let account = |role: &str, serial: u32| {
        let unit = ["agency", "purchaser"].contains(&role).then(|| credit_code(3));
        json!({"role": role, "name": "某人", "days": 30, "unit": unit, "id_number": id_number(serial)})
    };
    let post = |key: &str, role: &str, serial: u32| -> Answer {
        app.post(&app.bureau, PATH, key, &account(role, serial))
    };
    let bureau = post("1", "bureau", 70).expect(201).json();
    for (at, role) in ["agency", "purchaser", "expert", "auditor", "administrator"].iter().enumerate() {
        let refused = post(&format!("2-{at}"), role, 70);
        refused.problem(409, "different_hands");
        assert!(!refused.text().contains(&id_number(70)));
    }
    // The same hand, another person, and a former hand are no obstacle.
    post("3", "bureau", 70).expect(201);
    post("4", "agency", 71).expect(201);
    post("5", "expert", 71).expect(201);
    let (one, two) = (bureau["id"].as_str().unwrap(), post("3", "bureau", 70).json());
    for id in [one, two["id"].as_str().unwrap()] {
        app.delete(&app.bureau, &format!("{PATH}/{id}")).expect(204);
    }
    post("6", "agency", 70).expect(201);

    // Staff of a bureau are no experts (198号 art. 16), whichever was first.
    app.expert(72);
    post("7", "bureau", 72).problem(409, "staff_are_no_experts");
    let listed = app.get(&app.bureau, PATH).expect(200).text();
    assert!(!listed.contains(&id_number(70)));
    assert_eq!(app.fsck(), [""; 0]);
}

fn an_expert_has_one_account_and_no_name_in_it(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let registrar = AccountDraft {
        rights: Some(vec!["registrar".into()]),
        ..AccountDraft::new("bureau", "登记岗", None, 30)
    };
    let registrar = app.service.found_account(&registrar).unwrap().token.unwrap();
    let draft = json!({"role": "expert", "name": "王小明", "days": 30, "expert": number, "login": "wang.xm"});
    let made = app.post(&registrar, PATH, "a", &draft).expect(201).json();
    assert_eq!((&made["name"], &made["expert"]), (&json!(number), &json!(number)));
    let mut second = draft.clone();
    second["login"] = json!("wang.xm2");
    app.post(&registrar, PATH, "b", &second).problem(409, "expert_has_account");
    second = json!({"role": "expert", "days": 30, "login": "wang.xm"});
    app.post(&registrar, PATH, "c", &second).problem(409, "login_taken");
    second["login"] = json!("shen.q");
    let applicant = app.post(&registrar, PATH, "d", &second).expect(201).json();
    assert_eq!((&applicant["name"], applicant.get("expert")), (&json!("申请人"), None));
    // A registrar makes accounts of experts and no others, and lists none.
    let auditor = json!({"role": "auditor", "name": "x", "days": 1});
    app.post(&registrar, PATH, "e", &auditor).problem(403, "not_permitted");
    app.get(&registrar, PATH).problem(403, "not_permitted");
    // A revoked account makes room for another; its login stays taken.
    app.delete(&app.bureau, &format!("{PATH}/{}", made["id"].as_str().unwrap())).expect(204);
    second = draft;
    app.post(&registrar, PATH, "f", &second).problem(409, "login_taken");
    second["login"] = json!("wang.xm3");
    app.post(&registrar, PATH, "g", &second).expect(201);
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_locked_account_is_refused_until_it_is_unlocked(kind: Kind) {
    let app = TestApp::new(kind);
    let (path, _, token) = made(&app, "a", &json!({"role": "auditor", "name": "审计", "days": 30}));
    app.get(&token, "/api/v1/experts").expect(200);
    let before = app.size();
    for key in ["l", "l", "l2"] {
        let locked = app.post(&app.bureau, &format!("{path}/lock"), key, &json!({})).expect(200).json();
        assert_eq!(locked["locked"], "2026-11-24T02:00:00Z");
    }
    assert_eq!(app.size(), before + 1);
    app.get(&token, "/api/v1/experts").problem(401, "unauthenticated");
    app.post(&app.bureau, &format!("{path}/unlock"), "u", &json!({})).expect(200);
    app.get(&token, "/api/v1/experts").expect(200);
    assert_eq!(app.size(), before + 2, "lock and unlock are entries");
    app.post(&app.bureau, &format!("{path}/password"), "p", &json!({})).problem(409, "no_login");
}

fn a_row_that_was_altered_is_found(kind: Kind) {
    let app = TestApp::new(kind);
    let (path, ..) =
        made(&app, "a", &json!({"role": "bureau", "name": "x", "days": 30, "rights": ["draws"]}));
    let (tokens, id) = (format!("{path}/tokens"), path.rsplit('/').next().unwrap());
    let token = json!({"label": "对接", "scopes": ["read"], "days": 30});
    app.post(&app.bureau, &tokens, "t", &token).expect(201);
    assert_eq!(app.fsck(), [""; 0]);
    for (alter, back, word) in [
        ("UPDATE account SET rights = 'accounts'", "UPDATE account SET rights = 'draws'", "account"),
        ("UPDATE account SET must_change = 1 = 1", "UPDATE account SET must_change = 1 = 0", "account"),
        ("UPDATE account SET locked_until = 5", "UPDATE account SET locked_until = NULL", "account"),
    ] {
        app.fresh.by_hand(&format!("{alter} WHERE id = '{id}'")).unwrap();
        let found = app.fsck();
        assert!(found.len() == 1 && found[0].contains(word) && found[0].contains(id), "{alter}: {found:?}");
        app.fresh.by_hand(&format!("{back} WHERE id = '{id}'")).unwrap();
    }
    for (alter, back) in [
        ("scopes = 'keep_registry'", "scopes = 'read'"),
        ("expires = expires + 1", "expires = expires - 1"),
        ("ended = 1", "ended = NULL"),
    ] {
        app.fresh.by_hand(&format!("UPDATE access_token SET {alter}")).unwrap();
        let found = app.fsck();
        assert!(found.len() == 1 && found[0].contains("access_token"), "{alter}: {found:?}");
        app.fresh.by_hand(&format!("UPDATE access_token SET {back}")).unwrap();
    }
    // The last use is no part of the record.
    app.fresh.by_hand("UPDATE access_token SET used = used + 5").unwrap();
    assert_eq!(app.fsck(), [""; 0]);
    app.fresh.by_hand("DELETE FROM access_token").unwrap();
    assert!(app.fsck()[0].contains("missing"));
}
