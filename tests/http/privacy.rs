//! Privacy: looks are limited and told, attachments are sealed files, sealing keys rotate, and
//! somebody erased is erased and not broken.

use std::fs;
use std::sync::Arc;

use expert_draw::evidence::Audience;
use expert_draw::keys::Keys;
use expert_draw::ports::{Clock, SeededEntropy};
use expert_draw::rules::{embedded, embedded_registry};
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::{Action, Actor, Role};
use expert_draw::service::fsck::{Checked, examine};
use expert_draw::service::listing::Paging;
use expert_draw::service::look_lists::{ALIKE, LooksAsked};
use expert_draw::service::looks::LookLimit;
use expert_draw::service::{Service, ServiceConfig};
use expert_draw::store::files::Files;
use expert_draw::store::{Against, Depth, Reader};
use serde_json::{Value, json};

use crate::app::{TestApp, bearer, expert};
use crate::draws;
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    looks_are_limited_and_the_limit_is_recorded_once
    who_looked_is_told_to_supervisors_and_to_the_expert
    an_attachment_is_a_sealed_file_that_opens_for_a_purpose
    what_is_no_document_is_refused
    a_file_that_is_gone_or_belongs_to_nobody_is_found
    a_rotation_goes_on_after_a_crash_and_beside_another_process
    somebody_erased_is_erased_and_not_broken
    a_key_that_is_gone_without_an_erasure_is_a_fault
    evidence_of_a_draw_verifies_after_a_member_was_erased
}

/// Operations of this part with the action that each asks for.
pub fn operations() -> Vec<Operation> {
    use Action::*;
    let (none, empty) = (Value::Null, json!({}));
    let erasure = json!({"about": "E0000000000000000", "ground": "request", "basis": "本人申请"});
    vec![
        ("GET", "/experts/{number}/looks", ReadLooks, none.clone()),
        ("GET", "/looks", ReadLooks, none.clone()),
        ("GET", "/me/looks", OwnRecord, none.clone()),
        ("POST", "/experts/{number}/attachments?kind=photo", KeepRegistry, none.clone()),
        ("GET", "/experts/{number}/attachments", ReadRegistry, none.clone()),
        ("GET", "/attachments/{id}?purpose=xx", ReadRegistry, none.clone()),
        ("POST", "/me/attachments?kind=photo", OwnRecord, none.clone()),
        ("GET", "/me/attachments", OwnRecord, none.clone()),
        ("GET", "/me/attachments/{id}", OwnRecord, none.clone()),
        ("POST", "/me/applications/{id}/attachments?kind=cv", OwnRecord, none.clone()),
        ("POST", "/applications/{id}/attachments?kind=cv", KeepRegistry, none.clone()),
        ("GET", "/applications/{id}/attachments", ReadCases, none.clone()),
        ("POST", "/erasures", ProposeDecision, erasure),
        ("GET", "/erasures", ReadCases, none.clone()),
        ("GET", "/erasures/{id}", ReadCases, none.clone()),
        ("POST", "/erasures/{id}/confirm", ConfirmDecision, empty.clone()),
        ("POST", "/erasures/{id}/reject", ConfirmDecision, json!({"reason": "不符合条件"})),
        ("GET", "/keys/sealing", KeepKeys, none),
        ("POST", "/keys/sealing/rotate", KeepKeys, empty),
    ]
}

const PDF: &[u8] = b"%PDF-1.7\nSECRET-CONTENT-OF-A-DIPLOMA\n%%EOF";

fn files(app: &TestApp) -> Files {
    Files::at(app.fresh.folder.join("attachments"))
}

/// Another process on the same database, or the same one after a crash.
fn another(app: &TestApp, limit: LookLimit) -> Result<Service, expert_draw::service::refusal::Refusal> {
    Service::open(ServiceConfig {
        look_limit: limit,
        ..ServiceConfig::new(
            app.fresh.database.clone(),
            Keys::load(&app.fresh.folder.join("keys")).unwrap(),
            app.clock.clone(),
            Arc::new(SeededEntropy::new(99)),
            embedded("hunan-2023").unwrap(),
            embedded_registry("registry-hunan-2023").unwrap(),
        )
    })
}

fn checked(app: &TestApp) -> Checked {
    let keys = Keys::load(&app.fresh.folder.join("keys")).unwrap();
    let reader = Reader::open(&app.fresh.database, 1, std::time::Duration::from_secs(20)).unwrap();
    let against = Against { signer: &keys, now: app.clock.now(), checkpoint_path: None, depth: Depth::Full };
    let entropy = SeededEntropy::new(1);
    examine(&reader, &keys, &entropy, &against, Some(&files(app)), &mut |_, _| {}).unwrap()
}

fn sound(app: &TestApp) -> Checked {
    let checked = checked(app);
    assert!(checked.findings.is_empty(), "{:?}", checked.findings);
    checked
}

fn page(limit: u32) -> Paging {
    Paging { limit, after: None }
}

fn attach(app: &TestApp, number: &str, key: &str, media: &str, content: &[u8]) -> crate::app::Answer {
    let authorization = bearer(&app.bureau);
    let headers =
        [("Authorization", authorization.as_str()), ("Idempotency-Key", key), ("Content-Type", media)];
    app.ask("POST", &format!("/api/v1/experts/{number}/attachments?kind=degree"), &headers, content)
}

fn looks_are_limited_and_the_limit_is_recorded_once(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let look = |purpose: &str| app.get(&app.auditor, &format!("/api/v1/experts/{number}?purpose={purpose}"));
    look("").expect(422);
    look("查").names(422, "purpose", "length");
    let auditor = Actor { account: account_of(&app, "auditor"), ..Actor::of_role("", Role::Auditor) };
    // The limit counts in the journal: what one process saw, the other knows.
    look("核对").expect(200);
    let limited = another(&app, LookLimit { most: 3, window_s: 600 }).unwrap();
    for _ in 0..2 {
        limited.expert(&auditor, &number, "核对").unwrap();
    }
    let before = app.size();
    for _ in 0..3 {
        let refused = limited.expert(&auditor, &number, "核对").unwrap_err();
        assert_eq!(refused.code, "too_many_looks");
    }
    assert_eq!(app.size(), before + 1, "that the limit was reached is one entry");
    let supervisor = Actor::of_role("S", Role::Supervisor);
    let listed =
        limited.looks(&supervisor, &LooksAsked::Account(auditor.account.clone()), &page(50)).unwrap();
    let what: Vec<&str> = listed.items.iter().map(|look| look.what.as_str()).collect();
    assert_eq!(what, ["limit", "expert", "expert", "expert"]);
    // Another account is not held up, and the window rolls on.
    let bureau = Actor { account: account_of(&app, "bureau"), ..Actor::of_role("", Role::Bureau) };
    limited.expert(&bureau, &number, "核对").unwrap();
    app.clock.advance(601);
    limited.expert(&auditor, &number, "核对").unwrap();
    sound(&app);
}

fn account_of(app: &TestApp, role: &str) -> String {
    let items = app.get(&app.bureau, "/api/v1/accounts").expect(200).json()["items"].clone();
    let found = items.as_array().unwrap().iter().find(|item| item["role"] == role).unwrap().clone();
    found["id"].as_str().unwrap().to_owned()
}

fn who_looked_is_told_to_supervisors_and_to_the_expert(kind: Kind) {
    let app = TestApp::new(kind);
    let numbers: Vec<String> = (1..=10).map(|serial| app.expert(serial)).collect();
    assert_eq!(numbers.len(), ALIKE);
    for number in &numbers {
        app.clock.advance(60);
        app.get(&app.bureau, &format!("/api/v1/experts/{number}?purpose=电话回访")).expect(200);
    }
    let of_last = app.get(&app.auditor, &format!("/api/v1/experts/{}/looks", numbers[9])).expect(200).json();
    let look = &of_last["items"][0];
    assert_eq!(
        (&look["purpose"], &look["role"], &look["what"]),
        (&json!("电话回访"), &json!("bureau"), &json!("expert"))
    );
    assert_eq!((&look["many_alike"], &look["about"]), (&json!(true), &json!(numbers[9])));
    let of_ninth = app.get(&app.auditor, &format!("/api/v1/experts/{}/looks", numbers[8])).json();
    assert_eq!(of_ninth["items"][0]["many_alike"], false, "nine are not many yet");
    app.get(&app.bureau, &format!("/api/v1/experts/{}/looks", numbers[0])).problem(403, "not_permitted");

    // The whole list pages, newest first.
    let (mut seen, mut query) = (Vec::new(), "?limit=4".to_owned());
    loop {
        let listed = app.get(&app.auditor, &format!("/api/v1/looks{query}")).expect(200).json();
        seen.extend(listed["items"].as_array().unwrap().iter().map(|item| item["entry"].as_u64().unwrap()));
        let Some(next) = listed["next"].as_str() else { break };
        query = format!("?limit=4&after={next}");
    }
    assert_eq!(seen.len(), 10);
    assert!(seen.is_sorted_by(|a, b| a > b), "{seen:?}");
    app.get(&app.auditor, "/api/v1/looks?after=x").names(422, "after", "cursor");
    let account = look["account"].as_str().unwrap();
    let by = app.get(&app.auditor, &format!("/api/v1/looks?account={account}")).json();
    assert_eq!(by["items"].as_array().unwrap().len(), 10);
    assert_eq!(app.get(&app.auditor, "/api/v1/looks?account=nobody").json()["items"], json!([]));

    // The expert hears of it without the account.
    let oneself = Actor { expert: Some(numbers[0].clone()), ..Actor::of_role("X", Role::Expert) };
    let own = app.service.own_looks(&oneself, &page(50)).unwrap();
    assert_eq!((own.items.len(), own.items[0].purpose.as_str()), (1, "电话回访"));
    let applicant = Actor::of_role("X", Role::Expert);
    assert_eq!(app.service.own_looks(&applicant, &page(50)).unwrap_err().code, "not_found");
}

fn an_attachment_is_a_sealed_file_that_opens_for_a_purpose(kind: Kind) {
    let app = TestApp::new(kind);
    let (one, other) = (app.expert(1), app.expert(2));
    let before = app.size();
    let filed = attach(&app, &one, "a1", "application/pdf", PDF).expect(201).json();
    assert_eq!(
        (&filed["kind"], &filed["size"], app.size()),
        (&json!("degree"), &json!(PDF.len()), before + 1)
    );
    // Repeated or filed anew, the same content of the same person is the same attachment.
    assert_eq!(attach(&app, &one, "a1", "application/pdf", PDF).expect(201).json(), filed);
    assert_eq!(attach(&app, &one, "a2", "application/pdf", PDF).expect(201).json(), filed);
    assert_eq!(app.size(), before + 1);
    let of_other = attach(&app, &other, "a3", "application/pdf", PDF).expect(201).json();
    assert_ne!(of_other["digest"], filed["digest"], "equal documents of two people are not linked");

    let names: Vec<String> = files(&app).names().unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 2);
    assert!(names.iter().any(|name| filed["digest"] == json!(name)));
    for name in &names {
        let bytes = files(&app).get(name).unwrap().unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"SECRET"), "the file is sealed");
    }

    let path = format!("/api/v1/attachments/{}", filed["id"].as_str().unwrap());
    app.get(&app.bureau, &path).names(400, "purpose", "required");
    app.get(&app.agency, &format!("{path}?purpose=核对")).problem(403, "not_permitted");
    let before = app.size();
    let read = app.get(&app.bureau, &format!("{path}?purpose=核对学历")).expect(200);
    assert_eq!((read.bytes.as_slice(), read.header("Content-Type")), (PDF, "application/pdf"));
    assert!(read.header("Content-Disposition").starts_with("attachment; filename=\"degree-F"));
    assert_eq!(app.size(), before + 1);
    let looks = app.get(&app.auditor, &format!("/api/v1/experts/{one}/looks")).json();
    assert_eq!(
        (&looks["items"][0]["what"], &looks["items"][0]["purpose"]),
        (&json!("attachment"), &json!("核对学历"))
    );
    app.get(&app.bureau, "/api/v1/attachments/F0000000000000000?purpose=核对").problem(404, "not_found");

    let listed = app.get(&app.auditor, &format!("/api/v1/experts/{one}/attachments")).expect(200).json();
    assert_eq!(listed["items"], json!([filed]));
    let oneself = Actor { expert: Some(one.clone()), ..Actor::of_role("X", Role::Expert) };
    let id = filed["id"].as_str().unwrap();
    assert_eq!(app.service.own_attachment(&oneself, id).unwrap().1, PDF);
    assert!(app.service.own_attachment(&oneself, of_other["id"].as_str().unwrap()).is_err());
    sound(&app);
}

fn what_is_no_document_is_refused(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let before = app.size();
    for content in [&b"<svg onload=alert(1)>"[..], b"<!DOCTYPE html>", b"GIF89a", b"plain"] {
        attach(&app, &number, "k", "application/pdf", content).names(422, "body", "media");
    }
    attach(&app, &number, "k", "application/pdf", b"").names(422, "body", "required");
    attach(&app, &number, "k", "text/html", PDF).problem(415, "unsupported_media_type");
    let mut large = PDF.to_vec();
    large.resize(5 << 20, b' ');
    attach(&app, &number, "large", "application/pdf", &large).expect(201);
    large.push(b' ');
    attach(&app, &number, "k", "application/pdf", &large).problem(413, "too_large");
    let authorization = bearer(&app.bureau);
    let headers =
        [("Authorization", authorization.as_str()), ("Idempotency-Key", "k"), ("Content-Type", "image/png")];
    let wrong = format!("/api/v1/experts/{number}/attachments?kind=secret");
    app.ask("POST", &wrong, &headers, PDF).names(400, "kind", "kind");
    attach(&app, "E0000000000000000", "k", "application/pdf", PDF).problem(404, "not_found");
    assert_eq!(app.size(), before + 1);
    for n in 1..64 {
        let content = [PDF, format!("{n}").as_bytes()].concat();
        attach(&app, &number, &format!("n{n}"), "application/pdf", &content).expect(201);
    }
    let one_more = attach(&app, &number, "more", "application/pdf", &[PDF, b"more"].concat());
    one_more.problem(409, "too_many_attachments");
}

fn a_file_that_is_gone_or_belongs_to_nobody_is_found(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let filed = attach(&app, &number, "a", "application/pdf", PDF).expect(201).json();
    let name = filed["digest"].as_str().unwrap().to_owned();
    sound(&app);
    let path = app.fresh.folder.join("attachments").join(&name[..2]).join(&name);
    let sealed = fs::read(&path).unwrap();
    // Another byte, another person's place, nothing at all.
    let mut changed = sealed.clone();
    changed[20] ^= 1;
    fs::write(&path, &changed).unwrap();
    assert_eq!(checked(&app).findings.len(), 1);
    fs::remove_file(&path).unwrap();
    assert_eq!(checked(&app).findings.len(), 1);
    let read =
        app.get(&app.bureau, &format!("/api/v1/attachments/{}?purpose=核对", filed["id"].as_str().unwrap()));
    read.problem(500, "internal");
    fs::write(&path, &sealed).unwrap();
    sound(&app);

    // A file whose entry never came: kept while it may still come, then swept.
    let orphan = "ab".repeat(32);
    files(&app).put(&orphan, b"x").unwrap();
    assert_eq!(checked(&app).findings.len(), 1);
    assert_eq!(app.service.sweep_attachments().unwrap(), 0);
    let file = fs::File::open(app.fresh.folder.join("attachments/ab").join(&orphan)).unwrap();
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(7200)).unwrap();
    drop(another(&app, LookLimit::default()).unwrap());
    assert_eq!(files(&app).names().unwrap().len(), 1);
    sound(&app);
}

fn a_rotation_goes_on_after_a_crash_and_beside_another_process(kind: Kind) {
    let app = TestApp::new(kind);
    let administrator = Actor::of_role("K", Role::Administrator);
    let number = app.expert(1);
    // More than one batch of keys.
    let sample = (2..600).map(|serial| app_row(&app, serial)).collect::<String>();
    app.import("import", "", &(header(&app) + &sample)).expect(200);
    attach(&app, &number, "a", "application/pdf", PDF).expect(201);
    let other = another(&app, LookLimit::default()).unwrap();
    let at_start = app.service.sealing_state(&administrator).unwrap();
    assert_eq!((at_start.generation, at_start.state, at_start.behind), (1, "done", 0));
    assert!(at_start.keys > 600);

    let started = app.service.rotate_sealing(&administrator, None).unwrap();
    assert_eq!((started.generation, started.state), (2, "running"));
    assert_eq!(started.behind, started.keys, "the rotation's own key too");
    assert_ne!(started.fingerprint, at_start.fingerprint);
    let twice = app.service.rotate_sealing(&administrator, None).unwrap_err();
    assert_eq!(twice.code, "rotation_running");
    assert_eq!(app.service.retire_sealing().unwrap_err().code, "rotation_running");
    assert_eq!(app.service.reseal_some().unwrap(), Some(500));

    // Everything is read and written in the middle of it, by a process that has not heard of it too.
    app.get(&app.bureau, &format!("/api/v1/experts/{number}?purpose=核对")).expect(200);
    app.expert(700);
    let bureau = Actor { account: account_of(&app, "bureau"), ..Actor::of_role("", Role::Bureau) };
    let unit = |code: u32| expert_draw::registry::UnitDraft {
        code: crate::app::credit_code(code),
        name: "某单位".into(),
        region: "430600".into(),
        ..Default::default()
    };
    let first = other.record_unit(&bureau, &unit(900), None);
    assert_eq!(first.unwrap_err().code, "busy", "it wrapped under the old key, and learns of the new one");
    other.record_unit(&bureau, &unit(900), None).unwrap();

    // A crash here: the next start and another process go on together.
    let after_crash = another(&app, LookLimit::default()).unwrap();
    std::thread::scope(|scope| {
        let one = scope.spawn(|| after_crash.reseal(&mut |_| {}).unwrap());
        let two = scope.spawn(|| other.reseal(&mut |_| {}).unwrap());
        assert!(one.join().unwrap() + two.join().unwrap() > 100);
    });
    let done = app.service.sealing_state(&administrator).unwrap();
    assert_eq!((done.generation, done.state, done.behind), (2, "done", 0));
    assert!(done.rotated.unwrap().1.is_some());
    assert_eq!(after_crash.retire_sealing().unwrap(), [1]);
    assert!(!app.fresh.folder.join("keys/sealing.key").exists());
    let fresh_start = another(&app, LookLimit::default()).unwrap();
    assert_eq!(fresh_start.expert(&bureau, &number, "核对").unwrap().expert.name(), "王小明");
    sound(&app);
    // The API's own way: started, and carried out in the background.
    let again = fresh_start.rotate_sealing(&administrator, None).unwrap();
    assert_eq!(again.generation, 3);
    fresh_start.reseal(&mut |_| {}).unwrap();
    assert_eq!(sound(&app).erased_subjects, 0);
}

/// The header and a row of an import file.
fn header(_: &TestApp) -> String {
    use expert_draw::pool_sample::write_sample;
    let mut out = Vec::new();
    write_sample(&mut out, 1, 1, expert_draw::time::Date::parse("2026-11-24").unwrap()).unwrap();
    String::from_utf8(out).unwrap().lines().next().unwrap().to_owned() + "\n"
}

fn app_row(_: &TestApp, serial: u32) -> String {
    use expert_draw::pool_sample::write_sample;
    static ROWS: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();
    let rows = ROWS.get_or_init(|| {
        let mut out = Vec::new();
        write_sample(&mut out, 700, 1, expert_draw::time::Date::parse("2026-11-24").unwrap()).unwrap();
        String::from_utf8(out).unwrap().lines().skip(1).map(|line| format!("{line}\n")).collect()
    });
    rows[serial as usize].clone()
}

/// Two accounts of a bureau, as four-eyes needs them.
fn two(app: &TestApp) -> (Actor, Actor) {
    let first = Actor { account: account_of(app, "bureau"), ..Actor::of_role("", Role::Bureau) };
    (first.clone(), Actor { account: account_of(app, "auditor"), ..first })
}

/// As if a decision had ended the standing: the row says so.
pub fn ended(app: &TestApp, number: &str, standing: &str) {
    app.fresh
        .by_hand(&format!("UPDATE expert SET standing = '{standing}' WHERE number = '{number}'"))
        .unwrap();
}

pub fn erased(app: &TestApp, number: &str) -> String {
    let (registrar, approver) = two(app);
    let ground = expert_draw::service::erasure::Ground::Request;
    let proposed = app.service.propose_erasure(&registrar, number, ground, "本人书面申请", None).unwrap();
    assert_eq!(proposed.state, "proposed");
    let same = app.service.confirm_erasure(&registrar, &proposed.id, None).unwrap_err();
    assert_eq!(same.code, "second_person_required");
    let done = app.service.confirm_erasure(&approver, &proposed.id, None).unwrap();
    assert_eq!((done.state.as_str(), &done.subjects[0]), ("done", &number.to_owned()));
    proposed.id
}

fn somebody_erased_is_erased_and_not_broken(kind: Kind) {
    let app = TestApp::new(kind);
    let (number, stays) = (app.expert(1), app.expert(2));
    attach(&app, &number, "a", "application/pdf", PDF).expect(201);
    app.patch(&app.bureau, &format!("/api/v1/experts/{number}"), "\"1\"", &json!({"phone": "13811112222"}))
        .expect(200);
    app.get(&app.bureau, &format!("/api/v1/experts/{number}?purpose=核对")).expect(200);
    let propose = json!({"about": number, "ground": "request", "basis": "本人书面申请"});
    app.post(&app.bureau, "/api/v1/erasures", "e", &propose).problem(409, "not_erasable");
    for (body, field) in [
        (json!({"about": number, "ground": "whim", "basis": "x"}), "ground"),
        (json!({"about": number, "ground": "request", "basis": ""}), "basis"),
    ] {
        assert_eq!(app.post(&app.bureau, "/api/v1/erasures", "e", &body).json()["errors"][0]["field"], field);
    }
    app.post(
        &app.bureau,
        "/api/v1/erasures",
        "e",
        &json!({"about": "E0000000000000000", "ground": "request", "basis": "x"}),
    )
    .problem(404, "not_found");
    ended(&app, &number, "dismissed");
    let own = AccountDraft {
        expert: Some(number.clone()),
        login: Some("wangxiaoming".into()),
        ..AccountDraft::new("expert", "", None, 30)
    };
    let own = app.service.found_account(&own).unwrap().account.id;
    let before = app.size();
    let id = erased(&app, &number);
    // Proposal, confirmation, tombstone, the person's account, the attachment.
    assert_eq!(app.size(), before + 5);
    let items = app.get(&app.bureau, "/api/v1/accounts").expect(200).json()["items"].clone();
    let account = items.as_array().unwrap().iter().find(|item| item["id"] == json!(own)).unwrap().clone();
    assert!(account["revoked"].is_string() && account.get("login").is_none(), "{account}");

    app.get(&app.bureau, &format!("/api/v1/experts/{number}?purpose=核对")).problem(410, "erased");
    app.patch(&app.bureau, &format!("/api/v1/experts/{number}"), "\"3\"", &json!({"phone": "13811112222"}))
        .problem(410, "erased");
    let decision = json!({"act": "ban", "expert": number, "basis": "岳财采〔2026〕1号"});
    app.post(&app.bureau, "/api/v1/decisions", "s", &decision).problem(410, "erased");
    attach(&app, &number, "b", "application/pdf", PDF).problem(410, "erased");
    assert_eq!(files(&app).names().unwrap(), [], "the attachment's file is gone");
    let listed = app.get(&app.bureau, "/api/v1/experts").expect(200).json();
    let row = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["number"] == json!(number))
        .unwrap()
        .clone();
    assert_eq!(
        (&row["standing"], &row["specialities"], row.get("unit")),
        (&json!("erased"), &json!([]), None)
    );
    assert_eq!(app.get(&app.bureau, &format!("/api/v1/erasures/{id}")).expect(200).json()["state"], "done");
    assert_eq!(
        app.get(&app.bureau, "/api/v1/erasures?state=done").json()["items"].as_array().unwrap().len(),
        1
    );
    // Who looked at them stays known.
    let looks = app.get(&app.auditor, &format!("/api/v1/experts/{number}/looks")).expect(200).json();
    assert_eq!(looks["items"].as_array().unwrap().len(), 1);

    // A restart and a replay say "erased": registration, amendment and the attachment open no more.
    let restarted = another(&app, LookLimit::default()).unwrap();
    let checked = sound(&app);
    assert_eq!((checked.erased_subjects, checked.erased_entries), (2, 3));
    let (registrar, _) = two(&app);
    assert_eq!(restarted.expert(&registrar, &number, "核对").unwrap_err().code, "erased");
    assert_eq!(restarted.expert(&registrar, &stays, "核对").unwrap().expert.name(), "王小明");
    // The person may come back: nothing keeps them out.
    app.post(&app.bureau, "/api/v1/experts", "again", &expert(1)).expect(201);

    // Another erasure of the same person, and one that is rejected.
    let (registrar, approver) = two(&app);
    let ground = expert_draw::service::erasure::Ground::RetentionEnded;
    assert_eq!(
        app.service.propose_erasure(&registrar, &number, ground, "x", None).unwrap_err().code,
        "erased"
    );
    ended(&app, &stays, "deceased");
    let proposed = app.service.propose_erasure(&registrar, &stays, ground, "期满", None).unwrap();
    assert_eq!(
        app.service.propose_erasure(&registrar, &stays, ground, "期满", None).unwrap_err().code,
        "already_proposed"
    );
    assert_eq!(
        app.service.reject_erasure(&registrar, &proposed.id, "不符", None).unwrap_err().code,
        "second_person_required"
    );
    assert_eq!(
        app.service.reject_erasure(&approver, &proposed.id, "未到期", None).unwrap().state,
        "rejected"
    );
    assert_eq!(app.service.confirm_erasure(&approver, &proposed.id, None).unwrap_err().code, "wrong_state");
    ended(&app, &stays, "active");
    sound(&app);
}

fn a_key_that_is_gone_without_an_erasure_is_a_fault(kind: Kind) {
    let app = TestApp::new(kind);
    let (gone, swapped, lawful) = (app.expert(1), app.expert(2), app.expert(3));
    ended(&app, &lawful, "dismissed");
    erased(&app, &lawful);
    sound(&app);
    app.fresh.by_hand(&format!("DELETE FROM subject_key WHERE subject = '{gone}'")).unwrap();
    assert!(checked(&app).findings.iter().any(|finding| finding.to_string().contains(&gone)));
    assert!(another(&app, LookLimit::default()).is_err(), "nobody is left out of the pools quietly");
    app.fresh
        .by_hand(&format!(
            "INSERT INTO subject_key (subject, wrapped, generation) \
             SELECT '{gone}', wrapped, generation FROM subject_key WHERE subject = '{swapped}'"
        ))
        .unwrap();
    assert!(checked(&app).findings.iter().any(|finding| finding.to_string().contains(&gone)));
    // The row of an erasure that is altered, or taken away, makes a fault of what it allowed.
    app.fresh.by_hand("DELETE FROM case_file WHERE kind = 'erasure'").unwrap();
    let findings = checked(&app).findings;
    assert!(
        findings.iter().any(|finding| finding.to_string().contains("is missing from the table")),
        "{findings:?}"
    );
}

fn evidence_of_a_draw_verifies_after_a_member_was_erased(kind: Kind) {
    let app = TestApp::new(kind);
    let draw = draws::drawn(&app);
    let path = draws::one(&draw);
    let look = json!({"purpose": "电话通知"});
    let open = |key: &str| app.post(&app.bureau, &format!("{path}/open"), key, &look).expect(200).json();
    let members = open("look")["items"].clone();
    let member = members[0].clone();
    let number = member["number"].as_str().unwrap().to_owned();
    ended(&app, &number, "dismissed");
    erased(&app, &number);
    sound(&app);

    let restarted = another(&app, LookLimit::default()).unwrap();
    let public = app.ask("GET", &format!("{path}/evidence"), &[], b"").expect(200);
    draws::verified(&app, &public, Audience::Public);
    let asked = format!("{path}/evidence?audience=auditor&purpose=审计");
    let auditor = app.get(&app.auditor, &asked).expect(200);
    assert_eq!(draws::verified(&app, &auditor, Audience::Auditor).facts.names.len(), 3);
    // The draw keeps the name that the announcement will name, and no phone.
    let now = open("again")["items"][0].clone();
    assert_eq!((&now["name"], &now["number"], now.get("phone")), (&member["name"], &member["number"], None));
    let announced = json!({"announcement": "岳采公告2026-1"});
    app.post(&app.bureau, &format!("{path}/unseal"), "unseal", &announced).expect(200);
    let public = app.ask("GET", &format!("{path}/evidence"), &[], b"").expect(200);
    let names = draws::verified(&app, &public, Audience::Public).facts.names;
    assert!(names.iter().any(|name| Some(name.as_str()) == member["name"].as_str()), "{names:?}");
    assert_eq!(restarted.public_evidence(draw["id"].as_str().unwrap()).unwrap(), public.bytes);
    sound(&app);
    // The pool is rebuilt without whoever cannot be judged any more, and says so.
    let replayed = app.replay();
    assert_eq!((replayed.findings.len(), replayed.draws, replayed.people, replayed.erased), (0, 1, 7, 1));
}
