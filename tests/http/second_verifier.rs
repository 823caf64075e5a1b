//! The second verifier, written in Python from `api-spec/` alone, against fresh draws with and without calls,
//! a draw beside its predecessor, spoilt files and the vectors. It must say what ours says, check by check.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use expert_draw::codec::{Json, sha256};
use expert_draw::evidence::verify::{verify, verify_after};
use expert_draw::log::Policy;
use expert_draw::service::calls::InvitationState;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::calls::Called;
use crate::draws;
use crate::plans_short::{answered, supplementary};
use crate::support::Kind;

/// The Python with the libraries of `tests/requirements.txt`; `make test` makes it.
fn python() -> PathBuf {
    let named = std::env::var_os("EXPERT_DRAW_TEST_PYTHON");
    named
        .map(PathBuf::from)
        .expect("EXPERT_DRAW_TEST_PYTHON is not set: run `make test`, which sets up the second verifier")
}

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(python());
    command
        .current_dir("tests")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-m", "second_verifier"])
        .args(args);
    command.output().unwrap()
}

/// What the second verifier says of a file.
pub fn says(dir: &Path, file: &[u8], policy: &str, parties: Option<&str>) -> Value {
    let (evidence, pinned, trusted) =
        (dir.join("evidence.json"), dir.join("trust.policy"), dir.join("trust.parties"));
    std::fs::write(&evidence, file).unwrap();
    std::fs::write(&pinned, policy).unwrap();
    let mut args = vec![evidence.to_str().unwrap(), "--policy", pinned.to_str().unwrap(), "--json"];
    if let Some(parties) = parties {
        std::fs::write(&trusted, parties).unwrap();
        args.extend(["--parties", trusted.to_str().unwrap()]);
    }
    let output = run(&args);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Fields of the machine form that evidence-v3 §5 fixes, where `contributions` passed.
const OF_SHARES: [&str; 8] = [
    "level",
    "contributors",
    "missing",
    "blind_voids",
    "seen_voids",
    "doubtful",
    "committed_by",
    "decided_by",
];

/// Both say the same: verdict, every check with its result, and what a shared draw is worth.
pub fn same(ours: &Value, theirs: &Value) {
    let checks = |said: &Value| -> Vec<(Value, Value)> {
        let checks = said["checks"].as_array().unwrap().iter();
        checks.map(|check| (check["check"].clone(), check["result"].clone())).collect()
    };
    assert_eq!(checks(ours), checks(theirs), "{theirs}");
    assert_eq!(ours["verdict"], theirs["verdict"]);
    for field in OF_SHARES.iter().filter(|_| ours["contributors"].is_array()) {
        assert_eq!(ours[*field], theirs[*field], "{field}: {theirs}");
    }
}

/// The second verifier says of a file what ours says of it.
pub fn agrees(dir: &Path, file: &[u8], policy: &str, ours: &Json) {
    let ours: Value = serde_json::from_slice(&ours.canonical()).unwrap();
    same(&ours, &says(dir, file, policy, None));
}

/// The first failed check of each, `None` when verified; both are asserted to be the same.
fn both_say(dir: &Path, file: &[u8], policy: &str) -> Option<String> {
    both_say_after(dir, file, None, policy)
}

/// The same of a file beside that of the attempt before. Both list the same checks, whatever they answer.
fn both_say_after(dir: &Path, file: &[u8], before: Option<&[u8]>, policy: &str) -> Option<String> {
    let (evidence, pinned) = (dir.join("evidence.json"), dir.join("trust.policy"));
    let predecessor = dir.join("predecessor.json");
    std::fs::write(&evidence, file).unwrap();
    std::fs::write(&pinned, policy).unwrap();
    let mut args = vec![evidence.to_str().unwrap(), "--policy", pinned.to_str().unwrap(), "--json"];
    let trusted = Policy::parse(policy.as_bytes()).unwrap();
    let ours = match before {
        Some(before) => {
            std::fs::write(&predecessor, before).unwrap();
            args.extend(["--predecessor", predecessor.to_str().unwrap()]);
            verify_after(file, before, &trusted, None)
        }
        None => verify(file, &trusted, None),
    };
    let output = run(&args);
    let theirs: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    let checks = theirs["checks"].as_array().unwrap();
    let first_theirs = checks.iter().find(|check| check["result"] == "failed");
    let first_theirs = first_theirs.map(|check| check["check"].as_str().unwrap().to_owned());
    let first_ours = ours.checks.iter().find(|check| !check.passed).map(|check| check.name.to_owned());
    assert_eq!(first_ours, first_theirs, "ours {:?}\ntheirs {theirs}", ours.checks);
    assert_eq!(output.status.code(), Some(i32::from(first_ours.is_some())));
    let names: Vec<&str> = ours.checks.iter().map(|check| check.name).collect();
    let named: Vec<&str> = checks.iter().map(|check| check["check"].as_str().unwrap()).collect();
    assert_eq!(names, named);
    // What is said of calls is the same, word for word.
    let said: Value = serde_json::from_slice(&ours.to_json().canonical()).unwrap();
    for field in OF_CALLS {
        assert!(ours.facts.calls.is_none() || said[field] == theirs[field], "{field}: {said}\n{theirs}");
    }
    first_ours
}

/// Fields of the machine form that evidence-v2 §5 fixes.
const OF_CALLS: [&str; 11] = [
    "ending",
    "seats",
    "drawn_seats",
    "rounds",
    "filled",
    "shortfall",
    "stopped",
    "passed_over_on_operators_word",
    "out_on_own_pages",
    "out",
    "kept",
];

fn policy(app: &TestApp) -> String {
    let keys = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
    keys["policy"].as_str().unwrap().to_owned()
}

fn auditors(app: &TestApp, draw: &str) -> Vec<u8> {
    app.get(&app.auditor, &format!("{draw}/evidence?audience=auditor&purpose=审计")).expect(200).bytes
}

/// A file changed, and its digest computed anew.
fn changed(whole: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut file: Value = serde_json::from_slice(whole).unwrap();
    file.as_object_mut().unwrap().remove("digest");
    change(&mut file);
    sealed(file)
}

/// The bytes of a file without its digest, which is computed.
pub fn sealed(mut file: Value) -> Vec<u8> {
    let canonical = |file: &Value| Json::parse(file.to_string().as_bytes(), usize::MAX).unwrap().canonical();
    file["digest"] = json!(sha256(&[&canonical(&file)]).to_hex());
    canonical(&file)
}

/// Cuts an entry out of a file: of those of a type the n-th.
fn cut(file: &mut Value, kind: &str, n: usize) {
    let is = |entry: &&Value| entry["note"].as_str().unwrap().contains(&format!("\"type\":\"{kind}\""));
    let entries = file["entries"].as_array_mut().unwrap();
    let index = entries.iter().filter(is).nth(n).unwrap()["index"].clone();
    entries.retain(|entry| entry["index"] != index);
    file["life"].as_array_mut().unwrap().retain(|own| *own != index);
}

#[test]
fn the_second_verifier_agrees_on_every_vector() {
    let output = Command::new(python())
        .current_dir("tests")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-m", "second_verifier.run_vectors", "vectors"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.lines().count() >= 17, "{text}");
}

#[test]
fn both_verifiers_say_the_same_of_files_altered_by_a_number() {
    let output = Command::new(python())
        .current_dir("tests")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-m", "second_verifier.alterations", "vectors", "200"])
        .arg(env!("CARGO_BIN_EXE_expert-draw-verify"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("200 altered files"), "{text}");
}

#[test]
fn both_verifiers_say_the_same_of_fresh_draws_and_of_spoilt_files() {
    let app = TestApp::new(Kind::Sqlite);
    let draw = draws::drawn(&app);
    let path = draws::one(&draw);
    let policy = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
    let policy = policy["policy"].as_str().unwrap();
    let dir = app.fresh.folder.clone();
    let public = |app: &TestApp| app.ask("GET", &format!("{path}/evidence"), &[], b"").expect(200).bytes;
    let auditor = |app: &TestApp| {
        app.get(&app.auditor, &format!("{path}/evidence?audience=auditor&purpose=审计")).expect(200).bytes
    };
    assert_eq!(both_say(&dir, &public(&app), policy), None);
    assert_eq!(both_say(&dir, &auditor(&app), policy), None);
    let announced = json!({"announcement": "岳采公告2026-1"});
    app.post(&app.bureau, &format!("{path}/unseal"), "unseal", &announced).expect(200);
    assert_eq!(both_say(&dir, &public(&app), policy), None);
    let whole = auditor(&app);
    assert_eq!(both_say(&dir, &whole, policy), None);

    let spoilt = |change: &dyn Fn(&mut std::collections::BTreeMap<String, Json>)| {
        let Json::Map(mut map) = Json::parse(&whole, usize::MAX).unwrap() else { unreachable!() };
        map.remove("digest");
        change(&mut map);
        let digest = expert_draw::codec::sha256(&[&Json::Map(map.clone()).canonical()]);
        map.insert("digest".into(), digest.into());
        both_say(&dir, &Json::Map(map).canonical(), policy).expect("a spoilt file was verified")
    };
    let list = |json: &mut Json| match json {
        Json::List(items) => std::mem::take(items),
        _ => unreachable!(),
    };
    assert_eq!(
        spoilt(&|map| {
            let mut pool = list(map.get_mut("pool").unwrap());
            pool.swap(0, 1);
            map.insert("pool".into(), Json::List(pool));
        }),
        "pool"
    );
    assert_eq!(
        spoilt(&|map| {
            let mut entries = list(map.get_mut("entries").unwrap());
            entries.pop();
            map.insert("entries".into(), Json::List(entries));
        }),
        "entries"
    );
    assert_eq!(spoilt(&|map| drop(map.insert("profile".into(), Json::from("{}")))), "profile");
    // Without openings the entries of the seated belong to nobody.
    assert_eq!(spoilt(&|map| drop(map.remove("openings"))), "entries");
    assert_eq!(spoilt(&|map| drop(map.insert("checkpoint".into(), Json::from("x\n")))), "checkpoint");
}

#[test]
fn both_verifiers_say_the_same_of_fresh_draws_with_calls_and_of_spoilt_files() {
    let called = Called::new(Kind::Sqlite, 12);
    let app = &called.app;
    let (policy, dir, path) =
        (policy(app), app.fresh.folder.clone(), format!("/api/v1/draws/{}", called.draw));
    let whole = |app: &TestApp| {
        let public = app.ask("GET", &format!("{path}/evidence"), &[], b"").expect(200).bytes;
        assert_eq!(both_say(&dir, &public, &policy), None);
        let auditor = auditors(app, &path);
        assert_eq!(both_say(&dir, &auditor, &policy), None);
        assert!(String::from_utf8_lossy(&auditor).contains("expert-draw/evidence-v2"));
        auditor
    };
    whole(app);
    let declines = called.positions()[&called.seats()[0].0].clone();
    called.decline(&declines);
    // One more is silent: the window closes on them.
    let open = called.who(InvitationState::Open);
    for number in &open[1..] {
        called.accept(number);
    }
    whole(app);
    called.window_closes();
    called.advance();
    whole(app);
    for number in called.who(InvitationState::Open) {
        called.accept(&number);
    }
    whole(app);
    let announced = json!({"announcement": "岳采公告2026-2"});
    app.post(&app.bureau, &format!("{path}/unseal"), "unseal", &announced).expect(200);
    let auditor = whole(app);

    let spoilt = |change: &dyn Fn(&mut Value)| {
        both_say(&dir, &changed(&auditor, change), &policy).expect("a spoilt file was verified")
    };
    let settled = String::from_utf8_lossy(&auditor).matches("\\\"type\\\":\\\"draw.settled\\\"").count();
    assert!(settled >= 1);
    assert_eq!(spoilt(&|file| cut(file, "draw.invited", 0)), "calls");
    assert_eq!(spoilt(&|file| cut(file, "draw.answered", 0)), "settlements");
    assert_eq!(spoilt(&|file| cut(file, "draw.settled", settled - 1)), "outcome");
    assert_eq!(spoilt(&|file| cut(file, "draw.drawn", 0)), "ending");
    for kind in ["log.opened", "profile.loaded", "draw.committed", "registry.expert"] {
        assert_eq!(spoilt(&|file| cut(file, kind, 0)), "entries", "{kind}");
    }
    assert_eq!(spoilt(&|file| drop(file["life"].as_array_mut().unwrap().pop())), "entries");
    assert_eq!(
        spoilt(&|file| {
            file["v"] = json!(1);
            file["format"] = json!("expert-draw/evidence-v1");
        }),
        "entries"
    );
    assert_eq!(spoilt(&|file| file["v"] = json!(1)), "file");
    assert_eq!(spoilt(&|file| file["format"] = json!("expert-draw/evidence-v1")), "file");
    let swap = |list: &mut Value| list.as_array_mut().unwrap().swap(0, 1);
    assert_eq!(spoilt(&|file| swap(&mut file["pool"])), "pool");
    assert_eq!(spoilt(&|file| swap(&mut file["openings"]["seated"])), "openings.seated");
    assert_eq!(spoilt(&|file| swap(&mut file["openings"]["candidates"])), "openings.candidates");
    assert_eq!(spoilt(&|file| file["checkpoint"] = json!("x\n")), "checkpoint");
    // Not even JSON, and JSON that is no such file.
    assert_eq!(both_say(&dir, &auditor[..auditor.len() - 1], &policy).as_deref(), Some("file"));
    assert_eq!(both_say(&dir, br#"{"format":"expert-draw/evidence-v2"}"#, &policy).as_deref(), Some("file"));
}

#[test]
fn both_verifiers_say_the_same_of_a_supplementary_draw_and_its_predecessor() {
    let (app, _, first, second) = supplementary(Kind::Sqlite);
    let (policy, dir) = (policy(&app), app.fresh.folder.clone());
    answered(&app, 3);
    let (before, after) = (auditors(&app, &first), auditors(&app, &second));
    let says = |after: &[u8], before: &[u8]| both_say_after(&dir, after, Some(before), &policy);
    assert_eq!(says(&after, &before), None);
    let refused = Some("predecessor".to_owned());
    assert_eq!(says(&after, &after), refused, "a draw does not follow itself");
    assert_eq!(says(&before, &after), refused, "nor the one after it");
    let public = app.ask("GET", &format!("{first}/evidence"), &[], b"").expect(200).bytes;
    assert_eq!(says(&after, &public), refused, "positions without numbers");
    let public = app.ask("GET", &format!("{second}/evidence"), &[], b"").expect(200).bytes;
    assert_eq!(says(&public, &before), refused, "positions without numbers");
    // Whoever cuts out the stop shows a draw that had not ended.
    assert_eq!(says(&after, &changed(&before, |file| cut(file, "draw.stopped", 0))), refused);
    let life = |file: &mut Value| drop(file["life"].as_array_mut().unwrap().pop());
    assert_eq!(says(&after, &changed(&before, life)), refused);
    assert_eq!(says(&changed(&after, life), &before).as_deref(), Some("entries"));
}
