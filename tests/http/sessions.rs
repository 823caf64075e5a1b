//! Signing in: passwords, lockout, idle and absolute end, the second factor, sessions listed and ended.

use expert_draw::service::access::AccessRules;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::app::{Answer, TestApp};
use crate::support::{Kind, on_both};

on_both! {
    a_one_time_password_is_changed_before_anything_else
    every_failure_has_one_text_and_the_fifth_locks
    a_session_ends_when_idle_and_in_any_case
    changing_the_password_ends_the_other_sessions
    sessions_are_seen_and_ended_by_their_owner_and_by_who_keeps_the_account
    a_second_factor_is_asked_for_and_a_code_is_taken_once
    a_reset_gives_a_one_time_password_that_grows_old
    nothing_that_signs_in_stands_in_the_database
    a_rule_makes_every_bureau_account_have_a_second_factor
    many_at_once_use_a_code_once_and_lock_once
}

const PATH: &str = "/api/v1/sessions";
const EXPERTS: &str = "/api/v1/experts";
const PASSWORD: &str = "Lake-Dongting-42";

/// An account with a login.
pub struct Person {
    pub id: String,
    pub login: String,
    pub password: String,
}

/// Makes an account with a login; its password is still the one-time one.
fn newcomer(app: &TestApp, role: &str, login: &str) -> Person {
    let draft = json!({"role": role, "name": "某人", "days": 300, "login": login});
    let made = app.post(&app.bureau, "/api/v1/accounts", login, &draft).expect(201).json();
    assert_eq!(made.get("token"), None, "{made}");
    let again = app.post(&app.bureau, "/api/v1/accounts", login, &draft).expect(201).json();
    assert_eq!((&again["id"], again.get("password")), (&made["id"], None));
    Person {
        id: made["id"].as_str().unwrap().to_owned(),
        login: login.to_owned(),
        password: made["password"].as_str().unwrap().to_owned(),
    }
}

/// Makes an account whose password was changed.
pub fn person(app: &TestApp, role: &str, login: &str) -> Person {
    let person = newcomer(app, role, login);
    let token = signed_in(app, &person);
    change(app, &token, &person.password, PASSWORD).expect(204);
    Person { password: PASSWORD.to_owned(), ..person }
}

fn sign_in(app: &TestApp, login: &str, password: &str, totp: Option<&str>) -> Answer {
    let mut body = json!({"login": login, "password": password});
    if let Some(code) = totp {
        body["totp"] = json!(code);
    }
    let headers = [("Idempotency-Key", "s"), ("Content-Type", "application/json")];
    app.ask("POST", PATH, &headers, body.to_string().as_bytes())
}

/// Signs in and answers the token.
pub fn signed_in(app: &TestApp, person: &Person) -> String {
    let made = sign_in(app, &person.login, &person.password, None).expect(201).json();
    made["token"].as_str().unwrap().to_owned()
}

fn change(app: &TestApp, token: &str, old: &str, new: &str) -> Answer {
    let key = format!("{}-{}", app.size(), new.len());
    app.post(token, "/api/v1/account/password", &key, &json!({"old": old, "new": new}))
}

/// A code of RFC 6238, computed here once more.
fn code(secret: &str, time: i64) -> String {
    let bits: String = secret
        .bytes()
        .map(|b| format!("{:05b}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(char::from(b)).unwrap()))
        .collect();
    let key: Vec<u8> =
        (0..bits.len() / 8).map(|i| u8::from_str_radix(&bits[i * 8..i * 8 + 8], 2).unwrap()).collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&(time / 30).to_be_bytes());
    let tag = mac.finalize().into_bytes();
    let at = usize::from(tag[19] & 15);
    let word = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

fn a_one_time_password_is_changed_before_anything_else(kind: Kind) {
    let app = TestApp::new(kind);
    let wang = newcomer(&app, "bureau", "wang.li");
    let before = app.size();
    let made = sign_in(&app, "wang.li", &wang.password, None).expect(201);
    let session = made.json();
    assert_eq!(app.size(), before + 1, "signing in is an entry");
    let token = session["token"].as_str().unwrap();
    assert_eq!((token.len(), &token[..4]), (47, "eds_"));
    assert_eq!(session["duty"], "password_change_required");
    assert_eq!(session["expires"], "2026-11-24T14:00:00Z");
    assert_eq!(made.header("Location"), format!("{PATH}/{}", session["id"].as_str().unwrap()));
    app.get(token, EXPERTS).problem(403, "password_change_required");
    let own = app.get(token, "/api/v1/account").expect(200).json();
    assert_eq!((&own["duty"], &own["actions"]), (&json!("password_change_required"), &json!([])));

    for (old, new, field, rule) in [
        ("x", PASSWORD, "old", "wrong_password"),
        (wang.password.as_str(), "Short-1", "new", "password_length"),
        (&wang.password, "lower-only-words", "new", "password_classes"),
        (&wang.password, "Wang.Li-is-me-1", "new", "password_contains_login"),
    ] {
        let refused = change(&app, token, old, new);
        refused.names(422, field, rule);
        assert!(!refused.text().contains(new));
    }
    change(&app, token, &wang.password, PASSWORD).expect(204);
    app.get(token, EXPERTS).expect(200);
    change(&app, token, PASSWORD, PASSWORD).names(422, "new", "password_unchanged");
    sign_in(&app, "wang.li", &wang.password, None).problem(401, "sign_in_failed");

    // After 90 days it has to be changed again.
    app.clock.advance(89 * 86_400);
    let made = sign_in(&app, "wang.li", PASSWORD, None).expect(201).json();
    assert_eq!(made.get("duty"), None);
    app.clock.advance(86_400);
    let made = sign_in(&app, "wang.li", PASSWORD, None).expect(201).json();
    assert_eq!(made["duty"], "password_change_required");
    assert_eq!(app.fsck(), [""; 0]);
}

fn every_failure_has_one_text_and_the_fifth_locks(kind: Kind) {
    let app = TestApp::new(kind);
    person(&app, "auditor", "shen.ji");
    let before = app.size();
    let text = |answer: Answer| answer.problem(401, "sign_in_failed")["detail"].clone();
    let first = text(sign_in(&app, "nobody.here", PASSWORD, None));
    for login in ["shen.ji", "", "王小明", "-", &"a".repeat(500)] {
        assert_eq!(text(sign_in(&app, login, "wrong", None)), first, "{login}");
    }
    for _ in 0..3 {
        assert_eq!(text(sign_in(&app, "shen.ji", "wrong", None)), first);
    }
    assert_eq!(app.size(), before, "failures are no entries");
    text(sign_in(&app, "shen.ji", "wrong", None));
    assert_eq!(app.size(), before + 1, "a lockout is one");
    assert_eq!(text(sign_in(&app, "shen.ji", PASSWORD, None)), first, "the right password does not help");
    app.clock.advance(15 * 60 - 1);
    assert_eq!(text(sign_in(&app, "shen.ji", PASSWORD, None)), first);
    // The second lockout without a success between is twice as long.
    app.clock.advance(1);
    for _ in 0..5 {
        text(sign_in(&app, "shen.ji", "wrong", None));
    }
    app.clock.advance(15 * 60);
    text(sign_in(&app, "shen.ji", PASSWORD, None));
    app.clock.advance(15 * 60);
    sign_in(&app, "shen.ji", PASSWORD, None).expect(201);

    // Whoever keeps accounts lifts a lockout.
    for _ in 0..5 {
        text(sign_in(&app, "shen.ji", "wrong", None));
    }
    let accounts = app.get(&app.bureau, "/api/v1/accounts").expect(200).json();
    let shen =
        accounts["items"].as_array().unwrap().iter().find(|a| a["login"] == "shen.ji").unwrap().clone();
    assert!(shen["locked_until"].is_string(), "{shen}");
    let unlock = format!("/api/v1/accounts/{}/unlock", shen["id"].as_str().unwrap());
    app.post(&app.bureau, &unlock, "u", &json!({})).expect(200);
    sign_in(&app, "shen.ji", PASSWORD, None).expect(201);
    // What has no form is refused by form, before anything is looked up.
    let headers = [("Idempotency-Key", "s"), ("Content-Type", "application/json")];
    app.ask("POST", PATH, &headers, b"{}").problem(400, "malformed");
    app.ask("POST", PATH, &headers, &vec![b' '; 5_000]).problem(413, "too_large");
    app.ask("POST", PATH, &headers[1..], b"{}").problem(400, "malformed");
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_session_ends_when_idle_and_in_any_case(kind: Kind) {
    let app = TestApp::new(kind);
    let wang = person(&app, "bureau", "wang.li");
    let token = signed_in(&app, &wang);
    app.clock.advance(29 * 60);
    app.get(&token, EXPERTS).expect(200);
    app.clock.advance(29 * 60);
    app.get(&token, EXPERTS).expect(200);
    app.clock.advance(30 * 60);
    app.get(&token, EXPERTS).problem(401, "unauthenticated");

    let token = signed_in(&app, &wang);
    for _ in 0..35 {
        app.clock.advance(20 * 60);
        app.get(&token, EXPERTS).expect(200);
    }
    app.clock.advance(20 * 60);
    app.get(&token, EXPERTS).problem(401, "unauthenticated");
    assert_eq!(app.fsck(), [""; 0]);
}

fn changing_the_password_ends_the_other_sessions(kind: Kind) {
    let app = TestApp::new(kind);
    let wang = person(&app, "bureau", "wang.li");
    let tokens: Vec<String> = (0..3).map(|_| signed_in(&app, &wang)).collect();
    tokens.iter().for_each(|token| drop(app.get(token, EXPERTS).expect(200)));
    change(&app, &tokens[1], PASSWORD, "Quite-Another-9").expect(204);
    app.get(&tokens[0], EXPERTS).problem(401, "unauthenticated");
    app.get(&tokens[1], EXPERTS).expect(200);
    app.get(&tokens[2], EXPERTS).problem(401, "unauthenticated");
    // Guessing the old password from a stolen session locks the account too.
    for _ in 0..5 {
        change(&app, &tokens[1], "guess", "Quite-Another-8").names(422, "old", "wrong_password");
    }
    change(&app, &tokens[1], "Quite-Another-9", "Quite-Another-8").names(422, "old", "wrong_password");
    sign_in(&app, "wang.li", "Quite-Another-9", None).problem(401, "sign_in_failed");
    assert_eq!(app.fsck(), [""; 0]);
}

fn sessions_are_seen_and_ended_by_their_owner_and_by_who_keeps_the_account(kind: Kind) {
    let app = TestApp::new(kind);
    let (wang, shen) = (person(&app, "bureau", "wang.li"), person(&app, "auditor", "shen.ji"));
    let (one, two, other) = (signed_in(&app, &wang), signed_in(&app, &wang), signed_in(&app, &shen));
    let listed = |token: &str, query: &str| -> Vec<Value> {
        let page = app.get(token, &format!("{PATH}{query}")).expect(200).json();
        page["items"].as_array().unwrap().clone()
    };
    // The session in which the password was changed is the third.
    let own = listed(&one, "");
    assert_eq!(own.len(), 3);
    assert_eq!(own.iter().filter(|session| session["current"] == true).count(), 1);
    assert!(!app.get(&one, PATH).text().contains("eds_"));
    let of_shen = format!("?account={}", shen.id);
    assert_eq!(listed(&one, &of_shen).len(), 2);
    app.get(&other, &format!("{PATH}?account={}", wang.id)).problem(403, "not_permitted");
    assert_eq!(listed(&other, "?limit=1").len(), 1);
    app.get(&one, &format!("{PATH}?limit=0")).problem(400, "malformed");

    let current = listed(&two, "").into_iter().find(|session| session["current"] == true).unwrap();
    let path = format!("{PATH}/{}", current["id"].as_str().unwrap());
    // Nobody learns which sessions others have.
    app.delete(&other, &path).problem(404, "not_found");
    app.delete(&other, &format!("{PATH}/S0")).problem(404, "not_found");
    let before = app.size();
    for _ in 0..2 {
        app.delete(&one, &path).expect(204);
    }
    assert_eq!(app.size(), before + 1);
    app.get(&two, EXPERTS).problem(401, "unauthenticated");
    app.get(&one, EXPERTS).expect(200);
    for session in listed(&one, &of_shen) {
        app.delete(&one, &format!("{PATH}/{}", session["id"].as_str().unwrap())).expect(204);
    }
    app.get(&other, EXPERTS).problem(401, "unauthenticated");
    // A token in use is no session.
    assert_eq!(listed(&app.auditor, "").len(), 0);
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_second_factor_is_asked_for_and_a_code_is_taken_once(kind: Kind) {
    let app = TestApp::new(kind);
    let wang = person(&app, "bureau", "wang.li");
    let token = signed_in(&app, &wang);
    let (begin, confirm) = ("/api/v1/account/totp", "/api/v1/account/totp/confirm");
    app.post(&token, confirm, "c", &json!({"code": "123456"})).problem(409, "no_second_factor_begun");
    app.post(&token, begin, "b", &json!({"password": "wrong"})).names(422, "password", "wrong_password");
    let begun = app.post(&token, begin, "b2", &json!({"password": PASSWORD})).expect(200).json();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), 32);
    let uri = begun["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/expert-draw:wang.li?secret=") && uri.contains(&secret), "{uri}");
    let now = || app.service.now().0;
    // Not in force before it is confirmed.
    sign_in(&app, "wang.li", PASSWORD, None).expect(201);
    let wrong = code(&secret, now() + 600);
    app.post(&token, confirm, "c2", &json!({"code": wrong})).names(422, "code", "code");
    let right = code(&secret, now());
    app.post(&token, confirm, "c3", &json!({"code": right})).expect(204);
    app.post(&token, confirm, "c3", &json!({"code": right})).expect(204);

    // The code that confirmed it is used up; the next step's is taken, once.
    sign_in(&app, "wang.li", PASSWORD, None).problem(401, "sign_in_failed");
    sign_in(&app, "wang.li", PASSWORD, Some(&right)).problem(401, "sign_in_failed");
    app.clock.advance(30);
    let right = code(&secret, now());
    sign_in(&app, "wang.li", PASSWORD, Some(&right)).expect(201);
    sign_in(&app, "wang.li", PASSWORD, Some(&right)).problem(401, "sign_in_failed");
    app.clock.advance(30);
    sign_in(&app, "wang.li", "wrong", Some(&code(&secret, now()))).problem(401, "sign_in_failed");
    let late = code(&secret, now());
    app.clock.advance(30);
    sign_in(&app, "wang.li", PASSWORD, Some(&late)).expect(201);

    // Taken away after a lost device; where one is required, it comes first.
    let account = format!("/api/v1/accounts/{}", wang.id);
    app.delete(&app.bureau, &format!("{account}/totp")).expect(204);
    let etag = app.get(&app.bureau, &account).expect(200).header("ETag").to_owned();
    app.patch(&app.bureau, &account, &etag, &json!({"totp_required": true})).expect(200);
    let made = sign_in(&app, "wang.li", PASSWORD, None).expect(201).json();
    assert_eq!(made["duty"], "second_factor_required");
    let token = made["token"].as_str().unwrap();
    app.get(token, EXPERTS).problem(403, "second_factor_required");
    let begun = app.post(token, begin, "d", &json!({"password": PASSWORD})).expect(200).json();
    app.clock.advance(30);
    let right = code(begun["secret"].as_str().unwrap(), now());
    app.post(token, confirm, "e", &json!({"code": right})).expect(204);
    app.get(token, EXPERTS).expect(200);
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_reset_gives_a_one_time_password_that_grows_old(kind: Kind) {
    let app = TestApp::new(kind);
    let wang = person(&app, "bureau", "wang.li");
    let token = signed_in(&app, &wang);
    let reset = format!("/api/v1/accounts/{}/password", wang.id);
    app.post(&token, &reset, "r", &json!({})).problem(409, "own_account");
    let made = app.post(&app.bureau, &reset, "r", &json!({})).expect(200).json();
    let once = made["password"].as_str().unwrap();
    assert_eq!(app.post(&app.bureau, &reset, "r", &json!({})).expect(200).json().get("password"), None);
    app.get(&token, EXPERTS).problem(403, "password_change_required");
    sign_in(&app, "wang.li", PASSWORD, None).problem(401, "sign_in_failed");
    sign_in(&app, "wang.li", once, None).expect(201);
    app.clock.advance(7 * 86_400);
    sign_in(&app, "wang.li", once, None).problem(401, "sign_in_failed");
    assert_eq!(app.fsck(), [""; 0]);
}

fn nothing_that_signs_in_stands_in_the_database(kind: Kind) {
    let app = TestApp::new(kind);
    let wang = newcomer(&app, "bureau", "wang.li");
    let token = signed_in(&app, &wang);
    change(&app, &token, &wang.password, PASSWORD).expect(204);
    let begun =
        app.post(&token, "/api/v1/account/totp", "b", &json!({"password": PASSWORD})).expect(200).json();
    let secret = begun["secret"].as_str().unwrap();
    let now = app.service.now().0;
    let confirm = json!({"code": code(secret, now)});
    app.post(&token, "/api/v1/account/totp/confirm", "c", &confirm).expect(204);
    // The files of SQLite, its WAL included; on PostgreSQL every row as text.
    let dump = app.fresh.dump();
    assert!(find(&dump, b"wang.li"), "the dump holds what was written");
    for hidden in [wang.password.as_str(), PASSWORD, &token, &app.bureau, secret] {
        assert!(!find(&dump, hidden.as_bytes()), "{hidden}");
    }
}

fn a_rule_makes_every_bureau_account_have_a_second_factor(kind: Kind) {
    let app = TestApp::with_access(kind, AccessRules { require_totp: true, ..AccessRules::default() });
    for (role, login, duty) in [("bureau", "wang.li", true), ("auditor", "shen.ji", false)] {
        let person = person(&app, role, login);
        let made = sign_in(&app, login, &person.password, None).expect(201).json();
        let expected = duty.then(|| json!("second_factor_required"));
        assert_eq!(made.get("duty"), expected.as_ref(), "{made}");
        let own = app.get(made["token"].as_str().unwrap(), "/api/v1/account").expect(200).json();
        assert_eq!(own["totp_required"], duty);
    }
    // Tokens of programs have no second factor.
    app.get(&app.bureau, EXPERTS).expect(200);
}

fn many_at_once_use_a_code_once_and_lock_once(kind: Kind) {
    let app = TestApp::new(kind);
    let wang = person(&app, "bureau", "wang.li");
    let token = signed_in(&app, &wang);
    let begun =
        app.post(&token, "/api/v1/account/totp", "b", &json!({"password": PASSWORD})).expect(200).json();
    let secret = begun["secret"].as_str().unwrap();
    let confirm = json!({"code": code(secret, app.service.now().0)});
    app.post(&token, "/api/v1/account/totp/confirm", "c", &confirm).expect(204);
    app.clock.advance(60);
    let right = code(secret, app.service.now().0);
    let together = |login: &str, password: &str, code: &str| -> Vec<u16> {
        std::thread::scope(|scope| {
            let ask = || sign_in(&app, login, password, Some(code)).status;
            let asking: Vec<_> = (0..6).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    };
    let mut statuses = together("wang.li", PASSWORD, &right);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401, 401, 401, 401, 401]);

    person(&app, "auditor", "shen.ji");
    let before = app.size();
    assert_eq!(together("shen.ji", "wrong", "000000"), [401; 6]);
    assert_eq!(app.size(), before + 1, "one lockout");
    sign_in(&app, "shen.ji", PASSWORD, None).problem(401, "sign_in_failed");
    assert_eq!(app.fsck(), [""; 0]);
}

fn find(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
