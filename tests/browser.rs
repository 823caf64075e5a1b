//! The verifier for browsers (`verifier/`, JavaScript, written from `api-spec/` alone) against the vectors and
//! against `expert-draw-verify`: in headless Chromium, from disk, with the network off, and under Node.
//!
//! Node, its packages and Chromium come from `tools/test`; without them these tests fail, they never pass by skipping.
#![cfg(feature = "server")]

use std::path::Path;
use std::process::{Command, Output};

/// Node with arguments, in `verifier/`; what it said when it failed.
fn node(arguments: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("verifier");
    assert!(
        folder.join("node_modules/esbuild").is_dir(),
        "no packages in verifier/: run tools/test, or npm ci there"
    );
    let chromium =
        std::env::var("EXPERT_DRAW_TEST_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    assert!(Path::new(&chromium).exists(), "{chromium} is not there: run tools/test");
    let ran = Command::new("node")
        .args(arguments)
        .current_dir(folder)
        .env("EXPERT_DRAW_TEST_CHROMIUM", chromium)
        .env("EXPERT_DRAW_TEST_VERIFIER", env!("CARGO_BIN_EXE_expert-draw-verify"))
        .output()
        .expect("node runs: tools/test installs it");
    let said = text(&ran);
    assert!(ran.status.success(), "node {}:\n{said}", arguments.join(" "));
    said
}

fn text(ran: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr))
}

#[test]
fn the_committed_page_is_what_its_sources_give() {
    assert!(node(&["build.mjs", "--check"]).contains("is what its sources give"));
}

#[test]
fn every_vector_holds_under_node_and_files_altered_by_chance_are_told_as_by_the_auditors_binary() {
    let files = std::fs::read_dir("verifier/test").unwrap().map(|file| file.unwrap().file_name());
    let mut files: Vec<String> = files.filter_map(|name| name.into_string().ok()).collect();
    files.retain(|name| name.ends_with(".test.mjs"));
    files.sort();
    let files: Vec<String> = files.iter().map(|name| format!("test/{name}")).collect();
    let mut arguments = vec!["--test", "--test-reporter=tap"];
    arguments.extend(files.iter().map(String::as_str));
    let said = node(&arguments);
    let passed =
        said.lines().find_map(|line| line.strip_prefix("# pass ")).and_then(|n| n.parse::<u32>().ok());
    assert!(passed.is_some_and(|n| n >= 46), "{said}");
    assert!(said.contains("# fail 0") && said.contains("# skipped 0"), "{said}");
}

#[test]
fn the_page_in_chromium_says_of_every_file_what_the_auditors_binary_says() {
    let said = node(&["test/browser.mjs"]);
    assert!(said.contains("the page agrees with the binary on every file"), "{said}");
}

#[test]
fn the_program_writes_the_page_as_it_was_committed() {
    let built = std::fs::read("verifier/dist/verify.html").unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_expert-draw")).arg("verifier").output().unwrap();
    assert!(ran.status.success(), "{}", text(&ran));
    assert!(ran.stdout == built, "another page than the committed one");
    let out = std::env::temp_dir().join(format!("expert-draw-verify-{}.html", std::process::id()));
    let ran = Command::new(env!("CARGO_BIN_EXE_expert-draw"))
        .args(["verifier", "--out"])
        .arg(&out)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", text(&ran));
    let written = std::fs::read(&out).unwrap();
    std::fs::remove_file(&out).unwrap();
    assert!(written == built, "another page than the committed one");
}
