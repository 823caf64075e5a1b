//! schemathesis over every operation with the token of every role: no fault of the service (5xx) and
//! no answer that the document does not name, whatever is sent.
//!
//! Each role gets a service of its own and the same requests, made from the document and what was
//! answered. The number of operations that the
//! tool reports is compared with the document, so that a run that tested nothing fails.

use std::process::Command;

use serde_json::Value;

use crate::site::{Site, credit_code};
use crate::support::Kind;

/// Requests per operation beside the examples and the systematic ones.
const EXAMPLES: &str = "2";
/// Makes every run of one build send the same requests.
const SEED: &str = "20261125";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance";

#[test]
fn no_role_meets_a_fault_or_an_undocumented_answer() {
    let roles =
        ["bureau", "agency", "purchaser", "expert", "auditor", "supervisor", "administrator", "venue"];
    // Two at a time: the tool is slower than the service.
    let (first, second) = roles.split_at(roles.len() / 2);
    let failed: Vec<String> = std::thread::scope(|scope| {
        let other = scope.spawn(|| second.iter().filter_map(|role| ask_as(role)).collect::<Vec<_>>());
        let mut failed: Vec<String> = first.iter().filter_map(|role| ask_as(role)).collect();
        failed.extend(other.join().unwrap());
        failed
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// What the tool found fault with in this role; each has a service of its own, because the tool takes
/// up ids that it was answered and an administrator among them locks the others' accounts.
fn ask_as(role: &str) -> Option<String> {
    let site = Site::new(Kind::Sqlite);
    let mut args = vec!["keys", "token", "--role", role, "--name", role];
    let number = site.text("SELECT number AS t FROM expert ORDER BY number LIMIT 1");
    let (agency, purchaser) = (credit_code(1), credit_code(21));
    match role {
        "agency" => args.extend(["--unit", &agency]),
        "purchaser" => args.extend(["--unit", &purchaser]),
        "expert" => args.extend(["--expert", &number]),
        "venue" => args.extend(["--unit", "V0000000000000000"]),
        _ => {}
    }
    let token = site.succeeds(&args).trim().to_owned();
    let server = site.serve();
    let base = format!("http://{}/api/v1", server.address);
    let document = format!("{base}/openapi.json");
    let operations = operations(&document);
    assert!(operations > 35, "{operations}");
    let (ok, said) = run(&site, &document, &token, operations);
    // Whoever was signed out on the way has tested nothing from there on.
    let status = ureq::get(format!("{base}/account"))
        .header("authorization", format!("Bearer {token}"))
        .call()
        .map(|answer| answer.status().as_u16());
    server.stop();
    site.is_sound();
    let in_force = matches!(status, Ok(200));
    (!ok || !in_force).then(|| format!("as {role}: the token is in force at the end: {in_force}\n{said}"))
}

fn operations(document: &str) -> usize {
    let text = ureq::get(document).call().unwrap().body_mut().read_to_vec().unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len()).sum()
}

/// Whether the tool tested every operation and found nothing; and what it said.
fn run(site: &Site, document: &str, token: &str, operations: usize) -> (bool, String) {
    let python = std::env::var("EXPERT_DRAW_TEST_PYTHON").expect("EXPERT_DRAW_TEST_PYTHON: run `make test`");
    let tool = std::fs::canonicalize(std::path::Path::new(&python).parent().unwrap()).unwrap();
    let output = Command::new(tool.join("schemathesis"))
        // It keeps notes of its own where it runs.
        .current_dir(&site.fresh.folder)
        .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it"))
        .env("SCHEMATHESIS_HOOKS", "media_types")
        .args(["run", document, "--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", CHECKS, "--max-examples", EXAMPLES, "--seed", SEED, "--workers", "1"])
        .args(["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-color"])
        .args(["--suppress-health-check", "all", "--warnings", "off"])
        .output()
        .expect("schemathesis is beside EXPERT_DRAW_TEST_PYTHON: run `make test`");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    // It leaves the address out from which it read the document.
    let all = said.contains(&format!("Tested: {}\n", operations - 1));
    // The secret must not stand in a test's log.
    (output.status.success() && all, said.replace(token, "…"))
}
