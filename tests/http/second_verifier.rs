//! The second verifier, written in Python from `api-spec/` alone, against fresh draws, spoilt files
//! and the vectors. It must say what ours says, check by check.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use expert_draw::codec::Json;
use expert_draw::evidence::verify::verify;
use expert_draw::log::Policy;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::draws;
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

/// The first failed check of each, `None` when verified; both are asserted to be the same.
fn both_say(dir: &Path, file: &[u8], policy: &str) -> Option<String> {
    let (evidence, pinned) = (dir.join("evidence.json"), dir.join("trust.policy"));
    std::fs::write(&evidence, file).unwrap();
    std::fs::write(&pinned, policy).unwrap();
    let ours = verify(file, &Policy::parse(policy.as_bytes()).unwrap(), None);
    let output = run(&[evidence.to_str().unwrap(), "--policy", pinned.to_str().unwrap(), "--json"]);
    let theirs: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    let first_theirs = theirs["checks"].as_array().unwrap().iter().find(|check| check["result"] == "failed");
    let first_theirs = first_theirs.map(|check| check["check"].as_str().unwrap().to_owned());
    let first_ours = ours.checks.iter().find(|check| !check.passed).map(|check| check.name.to_owned());
    assert_eq!(first_ours, first_theirs, "ours {:?}\ntheirs {theirs}", ours.checks);
    assert_eq!(output.status.code(), Some(i32::from(first_ours.is_some())));
    if first_ours.is_none() {
        let names: Vec<&str> = ours.checks.iter().map(|check| check.name).collect();
        let named: Vec<&str> =
            theirs["checks"].as_array().unwrap().iter().map(|c| c["check"].as_str().unwrap()).collect();
        assert_eq!(names, named);
    }
    first_ours
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
    assert!(text.lines().count() >= 10, "{text}");
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
