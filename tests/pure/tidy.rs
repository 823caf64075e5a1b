//! The house's own rules: who imports whom, how long a file may be, what is not left open.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Layers of ARCHITECTURE.md: each module with those it may use. A module missing here is an error.
const MAY_USE: &[(&str, &[&str])] = &[
    ("codec", &[]),
    ("time", &["codec"]),
    ("codes", &["codec", "time"]),
    ("log", &["codec"]),
    ("registry", &["codec", "codes", "time"]),
    ("rules", &["codec", "codes", "time", "registry"]),
    ("draw", &["codec", "codes", "log"]),
    ("evidence", &["codec", "codes", "time", "log", "registry", "rules", "draw"]),
    ("ports", &["codec", "time", "log"]),
    ("keys", &["codec", "log", "draw", "ports"]),
    ("outside", &["codec", "time", "log", "ports"]),
    ("witness", &["codec", "log", "draw", "ports"]),
    ("audit", &["codec", "log", "draw", "evidence"]),
    ("supervisor", &["codec", "log", "draw", "evidence", "ports"]),
    ("config", &["codec", "codes", "log", "draw", "outside"]),
    ("paper", &[]),
    ("pool_sample", &["codec", "codes", "time"]),
    ("profile_source", &["codec", "codes", "time", "registry", "rules"]),
    ("store", &["codec", "codes", "time", "log", "draw", "ports"]),
    (
        "service",
        &[
            "codec", "codes", "time", "log", "registry", "rules", "draw", "evidence", "ports", "keys",
            "config", "outside", "store", "paper",
        ],
    ),
    (
        "http",
        &[
            "codec", "codes", "time", "log", "registry", "rules", "draw", "evidence", "ports", "outside",
            "service",
        ],
    ),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new("src"), &mut found);
    found.sort();
    assert!(found.len() > 50, "sources not found: run from the package root");
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The module that a file belongs to: the first folder or file name under `src`.
fn module(path: &Path) -> String {
    let first = path.strip_prefix("src").unwrap().components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// Whether a file is compiled for tests only: its module is declared under `#[cfg(test)]`.
fn is_test_file(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let parent = path.parent().unwrap();
    let declared = [parent.join("mod.rs"), parent.with_extension("rs")];
    let mut declarations = declared.iter().filter_map(|file| fs::read_to_string(file).ok());
    declarations.any(|text| {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let declaration = format!("mod {name};");
        lines.windows(2).any(|pair| {
            pair[0].starts_with("#[cfg(") && pair[0].contains("test") && pair[1].ends_with(&declaration)
        })
    }) || name.ends_with("_tests")
}

#[test]
fn modules_import_only_what_lies_below_them() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut checked = 0;
    for (path, text) in sources() {
        let module = module(&path);
        if ["lib", "bin"].contains(&module.as_str()) || is_test_file(&path) {
            continue;
        }
        let may = allowed.get(module.as_str()).unwrap_or_else(|| panic!("{module} is not in the table"));
        // Test modules may reach for samples elsewhere; the rule is about the product.
        let product = text.split("#[cfg(test)]").next().unwrap();
        for line in product.lines() {
            let line = line.trim_start();
            let Some(at) = line.find("crate::") else { continue };
            if line.starts_with("//") {
                continue;
            }
            let rest = &line[at + "crate::".len()..];
            let used: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if used.is_empty() {
                continue;
            }
            checked += 1;
            let ok = used == module || may.contains(&used.as_str());
            assert!(ok, "{}: {module} may not use {used}: {line}", path.display());
        }
    }
    assert!(checked > 100, "only {checked} imports seen");
}

#[test]
fn diesel_stays_in_the_store_and_actix_in_http() {
    for (path, text) in sources() {
        let module = module(&path);
        let homes = [
            ("diesel::", &["store"][..]),
            ("actix_web::", &["http", "witness", "bin"]),
            ("ureq::", &["outside", "bin"]),
        ];
        for (word, home) in homes {
            let used = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word));
            assert!(!used || home.contains(&module.as_str()), "{}: {word} outside {home:?}", path.display());
        }
    }
}

#[test]
fn files_hold_one_idea_and_say_what_they_are_for() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 600, "{}: {lines} lines", path.display());
        assert!(text.starts_with("//!"), "{}: does not begin with what it is for", path.display());
    }
}

#[test]
fn pure_modules_forbid_themselves_what_could_make_two_machines_differ() {
    for module in ["codec", "time", "codes", "registry", "log", "rules", "draw", "evidence"] {
        let head = fs::read_to_string(format!("src/{module}/mod.rs")).unwrap();
        for lint in ["float_arithmetic", "iter_over_hash_type", "indexing_slicing", "unwrap_used", "panic"] {
            assert!(head.contains(&format!("clippy::{lint}")), "{module} does not deny {lint}");
        }
    }
    for (path, text) in sources() {
        let pure = ["codec", "time", "codes", "registry", "log", "rules", "draw", "evidence"];
        let product = text.split("#[cfg(test)]").next().unwrap();
        if pure.contains(&module(&path).as_str()) && !is_test_file(&path) {
            for word in ["std::fs", "std::net", "SystemTime", "Instant", "thread_rng", "getrandom", "HashMap"]
            {
                assert!(!product.contains(word), "{}: {word} in a pure module", path.display());
            }
        }
    }
}
