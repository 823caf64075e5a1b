//! Time and memory of an import: 100,000 experts with 500 bad rows of twenty kinds, from CSV or XLSX.
//!
//! `bench_import files DIR [ROWS]` writes `experts.csv`, `experts-gb18030.csv` and `experts.xlsx`;
//! `bench_import run URL FILE` opens a fresh service on the database, imports the file with its bad
//! rows skipped, and prints one row of the README's table: rows, bad rows, kinds, seconds of checking
//! and of writing, peak memory of the process (`VmHWM`, Linux).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use expert_draw::keys::Keys;
use expert_draw::pool_sample::write_sample;
use expert_draw::ports::{Clock, SystemClock, SystemEntropy};
use expert_draw::rules::{embedded, embedded_registry};
use expert_draw::service::imports::{FileForm, ImportOptions, Progress};
use expert_draw::service::{Service, ServiceConfig};
use expert_draw::store::Database;
use expert_draw::time::Date;

#[path = "../tests/http/bad_rows.rs"]
mod bad_rows;

/// Bad rows of each of the twenty kinds.
const EACH: usize = 25;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["files", dir] => files(Path::new(dir), 100_000),
        ["files", dir, rows] => files(Path::new(dir), rows.parse().expect("ROWS")),
        ["run", url, file] => run(url, Path::new(file)),
        _ => eprintln!("bench_import files DIR [ROWS] | bench_import run URL FILE"),
    }
}

fn today() -> Date {
    Date::of(SystemClock.now())
}

/// One person who is in the registry before the file comes.
fn somebody() -> Vec<u8> {
    let mut file = Vec::new();
    write_sample(&mut file, 1, 99, today()).unwrap();
    file
}

fn files(dir: &Path, rows: usize) {
    std::fs::create_dir_all(dir).unwrap();
    let somebody = String::from_utf8(somebody()).unwrap();
    let registered = somebody.lines().nth(1).unwrap().split(',').nth(2).unwrap();
    let file = |torn| bad_rows::spoilt(rows - 20 * EACH, EACH, registered, torn, today());
    let text = file(true);
    std::fs::write(dir.join("experts.csv"), text.csv()).unwrap();
    std::fs::write(dir.join("experts-gb18030.csv"), text.gb18030()).unwrap();
    std::fs::write(dir.join("experts.xlsx"), file(false).xlsx()).unwrap();
    println!("{rows} rows, {} of them bad, in {}", text.expected.len(), dir.display());
}

fn run(url: &str, file: &Path) {
    let dir = std::env::temp_dir().join(format!("expert-draw-import-{}", std::process::id()));
    let keys = Keys::create(&dir.join("keys"), "bench.example/430600", "430600", &SystemEntropy).unwrap();
    let service = Service::open(ServiceConfig {
        checkpoint_path: Some(dir.join("checkpoint")),
        ..ServiceConfig::new(
            Database::parse(url).unwrap(),
            keys,
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
            embedded("hunan-2023").unwrap(),
            embedded_registry("registry-hunan-2023").unwrap(),
        )
    });
    let service = service.unwrap();
    let skip = ImportOptions { skip_bad: true, ..ImportOptions::default() };
    service.import_experts_at_console(&somebody(), &skip, &mut |_| {}).unwrap();
    let before = peak_mib();
    let bytes = std::fs::read(file).unwrap();
    let (began, mut checked) = (Instant::now(), Duration::ZERO);
    let report = service
        .import_experts_at_console(&bytes, &skip, &mut |progress| {
            if matches!(progress, Progress::Checked(_)) {
                checked = began.elapsed();
            }
        })
        .unwrap();
    let took = began.elapsed();
    let rules: std::collections::BTreeSet<(&str, &str)> = report
        .bad
        .iter()
        .flat_map(|row| &row.problems)
        .map(|problem| (problem.field.split('[').next().unwrap_or_default(), problem.rule))
        .collect();
    println!(
        "| {} | {} MiB | {} | {} | {} in {} kinds | {:.1} s | {:.1} s | {} MiB (before: {before}) |",
        report.form.as_ref().map_or("", FileForm::name),
        bytes.len() >> 20,
        report.rows,
        report.imported,
        report.bad_rows,
        rules.len(),
        checked.as_secs_f64(),
        took.as_secs_f64(),
        peak_mib(),
    );
    std::fs::remove_dir_all(dir).unwrap();
}

/// Peak resident memory of this process.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kib.unwrap_or(0) >> 10
}
