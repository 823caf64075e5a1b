//! The tables of `api-spec/registry-v1.md` and the tables of the code are the same.

use std::collections::BTreeSet;
use std::fs;

use expert_draw::registry::lifecycle::{BEGINNING, all};

const DOCUMENT: &str = "api-spec/registry-v1.md";

/// The heading and the table of a life cycle, as the document must have them.
fn expected(lifecycle: &expert_draw::registry::lifecycle::Lifecycle) -> String {
    format!("### `{}` {}\n\n{}", lifecycle.name, lifecycle.title_zh, lifecycle.markdown())
}

#[test]
fn the_document_shows_every_life_cycle_as_the_code_has_it() {
    let document = fs::read_to_string(DOCUMENT).unwrap();
    let missing: Vec<String> =
        all().iter().map(|lifecycle| expected(lifecycle)).filter(|text| !document.contains(text)).collect();
    assert!(missing.is_empty(), "{DOCUMENT} must have:\n\n{}", missing.join("\n"));
}

#[test]
fn the_document_shows_no_life_cycle_that_the_code_has_not() {
    let document = fs::read_to_string(DOCUMENT).unwrap();
    let known: BTreeSet<&str> = all().iter().map(|lifecycle| lifecycle.name).collect();
    let tables = document.matches("| from | event | to |").count();
    assert_eq!(tables, known.len(), "tables of {DOCUMENT} and life cycles");
    for line in document.lines().filter(|line| line.starts_with("### `")) {
        let name = line.trim_start_matches("### `").split('`').next().unwrap();
        assert!(known.contains(name), "{DOCUMENT}: {name} is no life cycle");
    }
}

#[test]
fn every_life_cycle_can_be_begun_and_lived_to_any_of_its_states() {
    let mut names = BTreeSet::new();
    for lifecycle in all() {
        let name = lifecycle.name;
        assert!(names.insert(name), "{name} stands twice");
        assert!(name.len() <= 32 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        let mut reached = BTreeSet::from([BEGINNING]);
        for _ in lifecycle.transitions {
            for row in lifecycle.transitions {
                if reached.contains(row.from) {
                    reached.insert(row.to);
                }
            }
        }
        for row in lifecycle.transitions {
            assert!(reached.contains(row.from), "{name}: nothing leads to {}", row.from);
            assert!(!row.by.is_empty() && !row.source.is_empty(), "{name} {} {}", row.from, row.event);
            assert_eq!(row.needs.is_empty(), row.needs_en.is_empty(), "{name} {} {}", row.from, row.event);
            // Two rows of one state and event would make the state after it a matter of order.
            let same = |other: &&expert_draw::registry::lifecycle::Transition| {
                (other.from, other.event) == (row.from, row.event)
                    && other.by.iter().any(|party| row.by.contains(party))
            };
            assert_eq!(
                lifecycle.transitions.iter().filter(same).count(),
                1,
                "{name} {} {}",
                row.from,
                row.event
            );
        }
    }
}

#[test]
fn the_row_of_a_draw_is_written_by_its_table_alone() {
    fn walk(dir: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut files = Vec::new();
    walk(std::path::Path::new("src"), &mut files);
    let writes = |text: &str| text.contains("draw::insert(") || text.contains("draw::update(");
    let writers: Vec<_> = files
        .into_iter()
        .filter(|path| !path.starts_with("src/store"))
        .filter(|path| writes(&fs::read_to_string(path).unwrap()))
        .collect();
    assert_eq!(writers, [std::path::PathBuf::from("src/service/draws/steps.rs")]);
}
