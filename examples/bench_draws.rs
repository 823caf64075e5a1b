//! Draws per second over HTTP, beside bare inserts on the same database in the same run.
//!
//! `bench_draws URL LABEL`: opens a fresh service on the database, imports 2,000 synthetic experts, and
//! lets 16 clients request draws for 20 seconds; then measures single-row transactions and
//! transactions of 64 rows in a table of its own. Prints one row of the README's table.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use expert_draw::http::server::{Serving, spawn};
use expert_draw::keys::Keys;
use expert_draw::pool_sample;
use expert_draw::ports::{Clock, SystemClock, SystemEntropy};
use expert_draw::rules::{embedded, embedded_registry};
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::imports::ImportOptions;
use expert_draw::service::{Service, ServiceConfig};
use expert_draw::store::Database;
use expert_draw::time::{Date, Timestamp};
use serde_json::{Value, json};

const CLIENTS: usize = 16;
const EXPERTS: u32 = 2_000;
const PACKAGES: usize = 6_000;
const DRAWING: Duration = Duration::from_secs(20);
const INSERTING: Duration = Duration::from_secs(5);

fn main() {
    let mut args = std::env::args().skip(1);
    let (url, label) = (args.next().expect("URL"), args.next().expect("LABEL"));
    let dir = std::env::temp_dir().join(format!("expert-draw-bench-{}", std::process::id()));
    let keys = Keys::create(&dir.join("keys"), "bench.example/430600", "430600", &SystemEntropy).unwrap();
    let service = Service::open(ServiceConfig {
        checkpoint_path: Some(dir.join("checkpoint")),
        ..ServiceConfig::new(
            Database::parse(&url).unwrap(),
            keys,
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
            embedded("hunan-2023").unwrap(),
            embedded_registry("registry-hunan-2023").unwrap(),
        )
    });
    let service = Arc::new(service.unwrap());
    let mut sample = Vec::new();
    pool_sample::write_sample(&mut sample, EXPERTS, 1, Date::of(SystemClock.now())).unwrap();
    service.import_experts_at_console(&sample, &ImportOptions::default(), &mut |_| {}).unwrap();
    let unit = pool_sample::unit_code(1).as_str().to_owned();
    let draft = AccountDraft::new("agency", "bench", Some(unit), 1);
    let token = service.found_account(&draft).unwrap().token.unwrap();
    let running = spawn(service.clone(), Serving::on(([127, 0, 0, 1], 0).into())).unwrap();
    let base = format!("http://{}/api/v1", running.address);

    let packages = packages(&base, &token);
    eprintln!("{label}: {} packages recorded, {CLIENTS} clients draw for {DRAWING:?}", packages.len());
    let (mut latencies, pool, took) = draw(&base, &token, &packages);
    latencies.sort_unstable();
    let at = |share: usize| latencies[(latencies.len() - 1) * share / 100].as_secs_f64() * 1000.0;
    let rate = latencies.len() as f64 / took.as_secs_f64();
    running.stop().unwrap();
    drop(service);
    let (single, batched) = bare(&url);
    println!(
        "| {label} | {pool} | {rate:.0} | {:.1} | {:.1} | {:.1} | {single:.0} | {batched:.0} |",
        at(50),
        at(95),
        at(99)
    );
    let _ = std::fs::remove_dir_all(dir);
}

fn post(agent: &ureq::Agent, base: &str, token: &str, path: &str, key: &str, body: &Value) -> Value {
    let answer = agent
        .post(format!("{base}{path}"))
        .header("Authorization", format!("Bearer {token}"))
        .header("Idempotency-Key", key)
        .header("Content-Type", "application/json")
        .send(body.to_string().as_bytes());
    serde_json::from_slice(&answer.unwrap().body_mut().read_to_vec().unwrap()).unwrap()
}

/// Records packages, so that the timed part is draws alone.
fn packages(base: &str, token: &str) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let ids = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let agent = ureq::Agent::new_with_defaults();
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= PACKAGES {
                        return;
                    }
                    let party = |serial: u32| json!({"code": pool_sample::unit_code(serial).as_str(), "name": "单位"});
                    let body = json!({
                        "plan_no": "BENCH", "package_no": (n + 1).to_string(), "title": "压测",
                        "purchaser": party(2), "agency": party(1), "suppliers": [party(3), party(4), party(5)]
                    });
                    let made = post(&agent, base, token, "/packages", &format!("p{n}"), &body);
                    ids.lock().unwrap().push(made["id"].as_str().unwrap().to_owned());
                }
            });
        }
    });
    ids.into_inner().unwrap()
}

/// Latencies of all draws answered in the time given, the pool's size, and the time taken.
fn draw(base: &str, token: &str, packages: &[String]) -> (Vec<Duration>, u64, Duration) {
    let next = AtomicUsize::new(0);
    let all = std::sync::Mutex::new((Vec::new(), 0));
    let start = Instant::now();
    let review = Timestamp(SystemClock.now().0 + 3 * 86_400).to_string();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let agent = ureq::Agent::new_with_defaults();
                let (mut own, mut pool) = (Vec::new(), 0);
                while start.elapsed() < DRAWING {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(package) = packages.get(n) else { break };
                    let elsewhere = |speciality: &str, seats: u32| {
                        json!({"speciality": speciality, "within": ["430000"], "except": ["430600"], "seats": seats, "site": 2})
                    };
                    let body = json!({"package": package, "review_start": review, "groups": [
                        {"speciality": "ndrc316:A0832", "within": ["430600"], "except": [], "seats": 2, "site": 1},
                        elsewhere("ndrc316:A0832", 2), elsewhere("ndrc316:C06", 1)
                    ]});
                    let asked = Instant::now();
                    let made = post(&agent, base, token, "/draws", &format!("d{n}"), &body);
                    own.push(asked.elapsed());
                    assert_eq!(made["state"], "drawn", "{made}");
                    pool = made["commitment"]["pool_size"].as_u64().unwrap();
                }
                let mut all = all.lock().unwrap();
                all.0.extend(own);
                all.1 = pool.max(all.1);
            });
        }
    });
    let took = start.elapsed();
    let (latencies, pool) = all.into_inner().unwrap();
    (latencies, pool, took)
}

/// Rows per second of one-row transactions and of transactions of 64 rows, one connection.
fn bare(url: &str) -> (f64, f64) {
    match url.strip_prefix("sqlite://") {
        Some(path) => {
            let mut conn = SqliteConnection::establish(path).unwrap();
            conn.batch_execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").unwrap();
            inserts(&mut conn)
        }
        None => inserts(&mut PgConnection::establish(url).unwrap()),
    }
}

fn inserts(conn: &mut impl SimpleConnection) -> (f64, f64) {
    conn.batch_execute("CREATE TABLE bare (id BIGINT PRIMARY KEY, payload TEXT NOT NULL)").unwrap();
    let row = |n: u64| format!("INSERT INTO bare VALUES ({n}, '{}');", "x".repeat(500));
    let mut n = 0;
    let mut run = |rows: u64| {
        let (start, first) = (Instant::now(), n);
        while start.elapsed() < INSERTING {
            let body: String = (0..rows).map(|i| row(n + i)).collect();
            conn.batch_execute(&format!("BEGIN; {body} COMMIT")).unwrap();
            n += rows;
        }
        (n - first) as f64 / start.elapsed().as_secs_f64()
    };
    (run(1), run(64))
}
