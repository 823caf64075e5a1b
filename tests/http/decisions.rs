//! Decisions: proposed by one, confirmed by another, carried out whole, each person of a bulk act named.

use expert_draw::registry::Standing;
use expert_draw::service::actor::{Action, Actor, Role};
use expert_draw::service::listing::Paging;
use expert_draw::time::Date;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    a_suspension_runs_its_course_through_two_people
    the_ladder_asks_for_more_the_longer_a_suspension_was
    nobody_confirms_what_they_proposed
    a_confirmation_is_about_the_standing_it_was_proposed_for
    a_dismissal_says_what_follows_and_ends_open_proposals
    a_bulk_act_decides_whom_it_can_and_names_the_others
    grounds_are_shown_after_a_recorded_look_only
    worklists_name_nobody_and_filter_by_kind_state_region_and_due_date
    a_duplicate_is_merged_and_stays_answerable
    what_is_misshapen_is_named_and_nothing_is_written
}

const PATH: &str = "/api/v1/decisions";

pub fn operations() -> Vec<Operation> {
    let none = Value::Null;
    let proposal = json!({"act": "ban", "expert": "E0000000000000000", "basis": "岳财采〔2026〕1号"});
    vec![
        ("POST", "/decisions", Action::ProposeDecision, proposal),
        ("GET", "/decisions/{id}?purpose=xx", Action::ReadCases, none.clone()),
        ("POST", "/decisions/{id}/confirm", Action::ConfirmDecision, none.clone()),
        ("POST", "/decisions/{id}/reject", Action::ConfirmDecision, json!({"reason": "依据不足"})),
        ("POST", "/decisions/{id}/withdraw", Action::ProposeDecision, none.clone()),
        ("GET", "/cases", Action::ReadCases, none.clone()),
        ("GET", "/cases/counts", Action::ReadCases, none.clone()),
        ("GET", "/cases/{id}?purpose=xx", Action::ReadCases, none.clone()),
        ("GET", "/me/cases", Action::OwnRecord, none.clone()),
        ("GET", "/me/cases/{id}", Action::OwnRecord, none),
    ]
}

/// Another account of the bureau, its token.
pub fn second(app: &TestApp) -> String {
    let body = json!({"role": "bureau", "name": "第二人", "days": 366});
    let made = app.post(&app.bureau, "/api/v1/accounts", "second", &body).expect(201);
    made.json()["token"].as_str().unwrap().to_owned()
}

/// A proposal of the first account: its id.
pub fn propose(app: &TestApp, key: &str, body: &Value) -> String {
    app.post(&app.bureau, PATH, key, body).expect(201).json()["id"].as_str().unwrap().to_owned()
}

fn about(expert: &str, act: &str, more: &Value) -> Value {
    let mut body = json!({"act": act, "expert": expert, "basis": "岳财采〔2026〕1号"});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn confirm(app: &TestApp, token: &str, id: &str, key: &str) -> Answer {
    app.post(token, &format!("{PATH}/{id}/confirm"), key, &json!({}))
}

/// Proposed and confirmed.
pub fn decided(app: &TestApp, second: &str, expert: &str, act: &str, more: &Value) {
    let key = format!("{act}-{}", app.size());
    let id = propose(app, &key, &about(expert, act, more));
    confirm(app, second, &id, &key).expect(200);
}

fn standing(app: &TestApp, expert: &str) -> Value {
    app.get(&app.auditor, &format!("/api/v1/experts/{expert}?purpose=核对")).expect(200).json()["standing"]
        .clone()
}

fn a_suspension_runs_its_course_through_two_people(kind: Kind) {
    let app = TestApp::new(kind);
    let (number, second) = (app.expert(1), second(&app));
    let before = app.size();
    app.post(&app.bureau, PATH, "r", &about(&number, "reinstate", &json!({}))).problem(409, "not_suspended");
    let past = json!({"returns": "itself", "until": "2026-11-23"});
    app.post(&app.bureau, PATH, "s", &about(&number, "suspend", &past)).problem(409, "ends_before_it_begins");
    assert_eq!(app.size(), before);
    let body = about(&number, "suspend", &json!({"months": 3}));
    let made = app.post(&app.bureau, PATH, "s1", &body).expect(201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!((made.json()["state"].clone(), app.size()), (json!("proposed"), before + 1));
    assert_eq!(app.post(&app.bureau, PATH, "s1", &body).expect(201).json(), made.json());
    app.post(&app.bureau, PATH, "s2", &body).problem(409, "already_proposed");
    assert_eq!((standing(&app, &number), app.size()), (json!({"state": "active"}), before + 2));

    // Decision and expert: two entries, once, whatever is repeated.
    for _ in 0..2 {
        let done = confirm(&app, &second, &id, "c1").expect(200);
        assert_eq!(
            (done.json()["state"].clone(), done.json()["done"].clone()),
            (json!("confirmed"), json!(1))
        );
        assert_eq!((done.header("ETag"), app.size()), ("\"2\"", before + 4));
    }
    confirm(&app, &second, &id, "c2").problem(409, "wrong_state");
    let until = json!({"state": "suspended", "returns": "itself", "until": "2027-02-24"});
    assert_eq!(standing(&app, &number), until);
    app.post(&app.bureau, PATH, "s3", &body).problem(409, "already_suspended");

    // Lifting one that still runs needs a note.
    let lift = about(&number, "reinstate", &json!({}));
    app.post(&app.bureau, PATH, "r1", &lift).names(422, "note", "required");
    decided(&app, &second, &number, "reinstate", &json!({"note": "申诉成立"}));
    assert_eq!(standing(&app, &number), json!({"state": "active"}));
}

fn the_ladder_asks_for_more_the_longer_a_suspension_was(kind: Kind) {
    for (months, needs) in [(6, vec!["request", "pledge"]), (12, vec!["request", "pledge", "test"])] {
        let app = TestApp::new(kind);
        let number = app.expert(1);
        decided(&app, &second(&app), &number, "suspend", &json!({"months": months}));
        app.clock.advance(366 * 86_400);
        let (first, second) = (fresh(&app, "甲"), fresh(&app, "乙"));
        let answer = app.post(&first, PATH, "bare", &about(&number, "reinstate", &json!({})));
        let errors = answer.json()["errors"].clone();
        let fields: Vec<&str> =
            errors.as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!((answer.status, fields), (422, needs), "{errors}");
        let today = Date::of(app.service.now());
        let file = |request: Date, test: &str| json!({"request": request.to_string(), "pledge": today.to_string(), "test": test});
        let future = about(&number, "reinstate", &file(today.plus_days(1), "passed"));
        app.post(&first, PATH, "future", &future).names(422, "request", "future");
        let (test, expected) = if months == 12 { ("failed", "dismissed") } else { ("passed", "active") };
        let whole = about(&number, "reinstate", &file(today, test));
        let made = app.post(&first, PATH, "whole", &whole).expect(201).json();
        confirm(&app, &second, made["id"].as_str().unwrap(), "whole").expect(200);
        let look = app.get(&second, &format!("/api/v1/experts/{number}?purpose=核对")).expect(200);
        assert_eq!(look.json()["standing"]["state"], expected);
    }
}

/// A bureau's account made by whoever holds the keys, for tests that go far beyond a token's life.
pub fn fresh(app: &TestApp, name: &str) -> String {
    let draft = expert_draw::service::accounts::AccountDraft::new("bureau", name, None, 366);
    app.service.found_account(&draft).unwrap().token.unwrap()
}

/// The tables are what a replay of the journal gives.
pub fn sound(app: &TestApp) {
    use expert_draw::store::{Against, Depth, Reader};
    let keys = app.service.keys();
    let reader = Reader::open(&app.fresh.database, 1, std::time::Duration::from_secs(10)).unwrap();
    let checkpoint = app.fresh.checkpoint_path();
    let against = Against {
        signer: keys,
        now: app.service.now(),
        checkpoint_path: Some(&checkpoint),
        depth: Depth::Hashes,
    };
    let entropy = expert_draw::ports::SystemEntropy;
    let found = expert_draw::service::fsck::fsck(&reader, keys, &entropy, &against, &mut |_, _| {}).unwrap();
    assert!(found.is_empty(), "{found:?}");
}

fn nobody_confirms_what_they_proposed(kind: Kind) {
    let app = TestApp::new(kind);
    let (number, second) = (app.expert(1), second(&app));
    let id = propose(&app, "p", &about(&number, "ban", &json!({})));
    let before = app.size();
    confirm(&app, &app.bureau, &id, "c").problem(409, "second_person_required");
    let reject = format!("{PATH}/{id}/reject");
    app.post(&app.bureau, &reject, "j", &json!({"reason": "误"})).problem(409, "second_person_required");
    app.post(&second, &format!("{PATH}/{id}/withdraw"), "w", &json!({})).problem(409, "not_the_proposer");
    app.post(&second, &reject, "j", &json!({"reason": ""})).names(422, "reason", "required");
    assert_eq!(app.size(), before);
    let rejected = app.post(&second, &reject, "j", &json!({"reason": "依据不足"})).expect(200);
    assert_eq!(rejected.json()["state"], "rejected");
    confirm(&app, &second, &id, "c").problem(409, "wrong_state");

    let id = propose(&app, "p2", &about(&number, "ban", &json!({})));
    app.post(&app.bureau, &format!("{PATH}/{id}/withdraw"), "w2", &json!({})).expect(200);
    confirm(&app, &second, &id, "c3").problem(409, "wrong_state");
    assert_eq!(standing(&app, &number), json!({"state": "active"}));
    confirm(&app, &second, "D0000000000000000", "c4").problem(404, "not_found");
}

fn a_confirmation_is_about_the_standing_it_was_proposed_for(kind: Kind) {
    let app = TestApp::new(kind);
    let (number, second) = (app.expert(1), second(&app));
    let dismiss = propose(&app, "p", &about(&number, "dismiss", &json!({"reason": 3})));
    // A changed phone is no obstacle, a changed standing is.
    app.patch(&app.bureau, &format!("/api/v1/experts/{number}"), "\"1\"", &json!({"phone": "13800000001"}))
        .expect(200);
    decided(&app, &second, &number, "suspend", &json!({"months": 6}));
    let before = app.size();
    confirm(&app, &second, &dismiss, "c").problem(409, "standing_changed");
    assert_eq!(app.size(), before);

    // Two confirmations at once: one of them finds that it is done.
    let ban = propose(&app, "b", &about(&number, "ban", &json!({})));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let (app, ban, second) = (&app, &ban, &second);
        let asked: Vec<_> =
            (0..4).map(|n| scope.spawn(move || confirm(app, second, ban, &format!("k{n}")).status)).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 409, 412].contains(status)), "{statuses:?}");
    assert_eq!(standing(&app, &number), json!({"state": "banned"}));
    sound(&app);
}

fn a_dismissal_says_what_follows_and_ends_open_proposals(kind: Kind) {
    let app = TestApp::new(kind);
    let (number, second) = (app.expert(1), second(&app));
    let open = propose(&app, "s", &about(&number, "suspend", &json!({"months": 3})));
    let id = propose(&app, "d", &about(&number, "dismiss", &json!({"reason": 3})));
    let before = app.size();
    let done = confirm(&app, &second, &id, "d").expect(200).json();
    let codes: Vec<&str> =
        done["consequences"].as_array().unwrap().iter().map(|c| c["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["not_drawn", "affairs_closed", "recorded", "three_years", "ban_examined"]);
    assert_eq!(
        (standing(&app, &number), app.size()),
        (json!({"state": "dismissed", "reason": 3}), before + 4)
    );
    let ended = app.get(&app.auditor, &format!("{PATH}/{open}?purpose=核对")).expect(200).json();
    assert_eq!(ended["state"], "ended");
    app.post(&app.bureau, PATH, "again", &about(&number, "dismiss", &json!({"reason": 1})))
        .problem(409, "already_dismissed");
    sound(&app);
}

fn a_bulk_act_decides_whom_it_can_and_names_the_others(kind: Kind) {
    let app = TestApp::new(kind);
    let second = second(&app);
    let numbers: Vec<String> = (1..=5).map(|serial| app.expert(serial)).collect();
    decided(&app, &second, &numbers[0], "dismiss", &json!({"reason": 2}));
    let nobody = "E0000000000000000";
    let bulk = |numbers: &[&str]| json!({"act": "dismiss", "reason": 1, "basis": "岳财采〔2026〕2号", "experts": numbers});
    let list = [&numbers[0], &numbers[1], nobody, &numbers[2], &numbers[3]];
    let before = app.size();
    app.post(&app.bureau, PATH, "n", &bulk(&[nobody])).problem(409, "nobody_to_decide");
    app.post(&app.bureau, PATH, "n", &bulk(&[])).names(422, "experts", "count");
    app.post(&app.bureau, PATH, "n", &bulk(&[&numbers[1], &numbers[1]])).names(
        422,
        "experts[1]",
        "duplicate",
    );
    assert_eq!(app.size(), before);
    let made = app.post(&app.bureau, PATH, "b", &bulk(&list)).expect(201).json();
    let results = |answer: &Value| -> Vec<String> {
        answer["persons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["result"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(results(&made), ["already_dismissed", "proposed", "not_found", "proposed", "proposed"]);
    assert_eq!((made["kind"].as_str(), app.size()), (Some("bulk_decision"), before + 1));
    let id = made["id"].as_str().unwrap();
    confirm(&app, &app.bureau, id, "own").problem(409, "second_person_required");

    // Somebody is suspended meanwhile: named, and left as is.
    decided(&app, &second, &numbers[3], "suspend", &json!({"months": 3}));
    let before = app.size();
    let done = confirm(&app, &second, id, "c").expect(200).json();
    assert_eq!(results(&done), ["already_dismissed", "done", "not_found", "done", "standing_changed"]);
    assert_eq!((done["done"].as_u64(), app.size()), (Some(2), before + 5));
    for (number, state) in numbers.iter().zip(["dismissed", "dismissed", "dismissed", "suspended", "active"])
    {
        assert_eq!(standing(&app, number)["state"], state);
    }
    sound(&app);
}

fn grounds_are_shown_after_a_recorded_look_only(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let body = about(
        &number,
        "dismiss",
        &json!({"reason": 4, "note": "判决已生效", "documents": ["ab".repeat(32)]}),
    );
    let made = app.post(&app.bureau, PATH, "d", &body).expect(201);
    assert!(!made.text().contains("岳财采") && !made.text().contains("判决"));
    let one = format!("{PATH}/{}", made.json()["id"].as_str().unwrap());
    app.get(&app.auditor, &one).names(400, "purpose", "required");
    app.get(&app.agency, &format!("{one}?purpose=核对")).problem(403, "not_permitted");
    let before = app.size();
    let shown = app.get(&app.auditor, &format!("{one}?purpose=核对")).expect(200).json();
    assert_eq!(
        (shown["basis"].as_str(), shown["note"].as_str()),
        (Some("岳财采〔2026〕1号"), Some("判决已生效"))
    );
    assert_eq!((shown["documents"].clone(), app.size()), (json!(["ab".repeat(32)]), before + 1));
    let statements = app.get(&app.auditor, "/api/v1/log/checkpoint").expect(200);
    assert!(!statements.text().contains("dismiss"));
}

fn worklists_name_nobody_and_filter_by_kind_state_region_and_due_date(kind: Kind) {
    let app = TestApp::new(kind);
    let (number, second) = (app.expert(1), second(&app));
    decided(&app, &second, &number, "suspend", &json!({"months": 3}));
    let ban = propose(&app, "b", &about(&number, "ban", &json!({"note": "王小明"})));
    let before = app.size();
    let count = |query: &str| {
        let answer = app.get(&app.auditor, &format!("/api/v1/cases?{query}")).expect(200);
        assert!(!answer.text().contains("王小明") && !answer.text().contains("岳财采"));
        answer.json()["items"].as_array().unwrap().len()
    };
    for (query, expected) in [
        ("kind=decision", 2),
        ("kind=decision&state=proposed", 1),
        ("kind=decision&region=430000", 2),
        ("kind=decision&region=430100", 0),
        (&format!("subject={number}"), 2),
        ("kind=decision&due_before=2026-12-01T01:59:59Z", 0),
        ("kind=decision&due_before=2026-12-01T02:00:00Z", 1),
        ("kind=nothing", 0),
    ] {
        assert_eq!(count(query), expected, "{query}");
    }
    for (query, field, rule) in [
        ("due_before=x", "due_before", "time"),
        ("region=999999", "region", "unknown_region"),
        ("kind=", "kind", "length"),
        ("limit=0", "limit", "range"),
        ("colour=red", "colour", "unknown_field"),
    ] {
        app.get(&app.auditor, &format!("/api/v1/cases?{query}")).names(400, field, rule);
    }
    app.get(&app.agency, "/api/v1/cases").problem(403, "not_permitted");
    assert_eq!(app.size(), before);

    app.clock.advance(8 * 86_400);
    let counts = app.get(&app.auditor, "/api/v1/cases/counts?kind=decision").expect(200).json();
    let row = |state: &str, overdue: u32| json!({"kind": "decision", "state": state, "region": "430600", "count": 1, "overdue": overdue});
    assert_eq!(counts["items"], json!([row("confirmed", 0), row("proposed", 1)]));

    // One with its body: the look first.
    let one = format!("/api/v1/cases/{ban}");
    app.get(&app.auditor, &one).names(400, "purpose", "required");
    let shown = app.get(&app.auditor, &format!("{one}?purpose=核对")).expect(200).json();
    assert_eq!((shown["body"]["note"].as_str(), shown["overdue"].as_bool()), (Some("王小明"), Some(true)));
    assert_eq!(app.size(), before + 1);

    // The expert's own: what was decided, not what is being considered.
    let expert = Actor { expert: Some(number.clone()), ..Actor::of_role("A0000000000000000", Role::Expert) };
    let paging = Paging { limit: 50, after: None };
    let own = app.service.my_cases(&expert, &paging).unwrap().items;
    assert_eq!(own.iter().map(|case| case.state.as_str()).collect::<Vec<_>>(), ["confirmed"]);
    assert_eq!(app.service.my_case(&expert, &own[0].id).unwrap().1.kind, "decision");
    assert_eq!(app.service.my_case(&expert, &ban).unwrap_err().code, "not_found");
    let applicant = Actor { expert: None, ..expert };
    assert_eq!(app.service.my_cases(&applicant, &paging).unwrap_err().code, "not_found");
}

fn a_duplicate_is_merged_and_stays_answerable(kind: Kind) {
    let app = TestApp::new(kind);
    let (second, first) = (second(&app), app.expert(1));
    let (twin, dead) = (app.expert(2), app.expert(3));
    let merge = |into: &str| json!({"into": into});
    app.post(&app.bureau, PATH, "self", &about(&twin, "merge", &merge(&twin)))
        .problem(409, "merged_into_itself");
    app.post(&app.bureau, PATH, "gone", &about(&twin, "merge", &merge("E0000000000000000")))
        .problem(404, "not_found");
    app.post(&app.bureau, PATH, "d", &about(&dead, "decease", &json!({"died": "2026-11-25"})))
        .names(422, "died", "future");
    decided(&app, &second, &dead, "decease", &json!({"died": "2026-11-20"}));
    app.post(&app.bureau, PATH, "dead", &about(&twin, "merge", &merge(&dead)))
        .problem(409, "not_a_record_that_goes_on");
    decided(&app, &second, &twin, "merge", &merge(&first));
    assert_eq!(standing(&app, &twin)["state"], "merged");
    let auditor = app.service.authenticate(&app.auditor).unwrap();
    let record = app.service.expert(&auditor, &twin, "核对").unwrap().expert;
    assert!(matches!(record.standing(), Standing::Merged(into) if into.as_str() == first));
    assert_eq!(standing(&app, &first), json!({"state": "active"}));
    assert_eq!(standing(&app, &dead), json!({"state": "deceased"}));
    app.post(&app.bureau, PATH, "late", &about(&twin, "ban", &json!({}))).problem(409, "merged_is_final");
    sound(&app);
}

fn what_is_misshapen_is_named_and_nothing_is_written(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let before = app.size();
    for (body, status, field, rule) in [
        (about(&number, "suspend", &json!({"months": 4})), 422, "months", "months"),
        (about(&number, "suspend", &json!({})), 422, "returns", "suspension"),
        (about(&number, "suspend", &json!({"months": 3, "returns": "itself"})), 422, "months", "suspension"),
        (about(&number, "ban", &json!({"reason": 1})), 422, "reason", "not_for_this_act"),
        (about(&number, "dismiss", &json!({"reason": 5})), 422, "reason", "reason"),
        (about(&number, "sleep", &json!({})), 422, "act", "act"),
        (about("E1", "ban", &json!({})), 422, "expert", "expert_number"),
        (about(&number, "ban", &json!({"basis": "x"})), 422, "basis", "length"),
        (about(&number, "ban", &json!({"note": "a\nb"})), 422, "note", "characters"),
        (about(&number, "ban", &json!({"documents": ["x"]})), 422, "documents[0]", "digest"),
        (about(&number, "ban", &json!({"experts": [number]})), 400, "experts", "one_of"),
        (json!({"act": "ban", "basis": "xx"}), 400, "expert", "required"),
        (about(&number, "ban", &json!({"by": "x"})), 400, "by", "unknown_field"),
    ] {
        let answer = app.post(&app.bureau, PATH, "m", &body);
        assert_eq!(answer.status, status, "{}", answer.text());
        answer.names(status, field, rule);
        assert!(!answer.text().contains("王小明"));
    }
    app.post(&app.bureau, PATH, "m", &about("E0000000000000000", "ban", &json!({})))
        .problem(404, "not_found");
    assert_eq!(app.size(), before);
}
