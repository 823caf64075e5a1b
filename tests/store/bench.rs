//! How long the import of a province takes, and how fast single and grouped writes are. Not run by
//! default: `EXPERT_DRAW_BENCH=100000 cargo test --profile checked --test store bench -- --nocapture`.

use std::sync::Arc;
use std::time::Instant;

use expert_draw::codec::{Object, sha256, to_hex};
use expert_draw::store::expert::{Expert, ExpertRow};
use expert_draw::store::subject_key::SubjectKey;
use expert_draw::store::*;

use crate::support::*;

on_both! { bench_an_import }

fn bench_an_import(kind: Kind) {
    // Small by default, so that the path itself is a test.
    let wanted = std::env::var("EXPERT_DRAW_BENCH").ok().and_then(|n| n.parse().ok());
    let count: u32 = wanted.unwrap_or(300);
    let fresh = Fresh::new(kind);
    let store = Arc::new(fresh.open());
    let started = Instant::now();
    store.write("import", move |tx| import(tx, count)).unwrap();
    let import = started.elapsed();
    let singles = 200u32.min(count);
    let started = Instant::now();
    for _ in 0..singles {
        write_note(&store, "x").unwrap();
    }
    let single = started.elapsed();
    let started = Instant::now();
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let store = store.clone();
            std::thread::spawn(move || {
                (0..singles).for_each(|_| {
                    write_note(&store, "x").unwrap();
                })
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let grouped = started.elapsed();
    drop(store);
    let started = Instant::now();
    let store = fresh.open();
    let full = started.elapsed();
    drop(store);
    let mut config = fresh.config();
    config.depth = Depth::Hashes;
    let started = Instant::now();
    let store = Store::open(config).unwrap();
    let hashes = started.elapsed();
    assert_eq!(head_of(&store).size, u64::from(count + 17 * singles));
    if wanted.is_some() {
        let rate = |n: u32, time: std::time::Duration| f64::from(n) / time.as_secs_f64();
        eprintln!(
            "{kind:?}: import of {count} experts {:.1} s; single writes {:.0}/s; 16 threads {:.0}/s; \
             start check {:.1} s, hashes only {:.1} s",
            import.as_secs_f64(),
            rate(singles, single),
            rate(16 * singles, grouped),
            full.as_secs_f64(),
            hashes.as_secs_f64()
        );
    }
}

/// One entry, one key, one row and five side rows for each expert, as the service's import makes them.
fn import(tx: &mut Tx<'_>, count: u32) -> Result<(), StoreError> {
    let (mut experts, mut keys) = (Vec::new(), Vec::new());
    for n in 0..count {
        let number = format!("HN{n:08}");
        let digest = sha256(&[number.as_bytes()]);
        let entry = tx.append(Append {
            actor: "import".into(),
            kind: "expert.enrolled".into(),
            subject: format!("expert:{number}"),
            statement: Object::new().with("type", "registry.expert").with("image", digest),
            // About what a sealed card with qualifications takes.
            image: Some(to_hex(digest.as_bytes()).repeat(10).into_bytes()),
            registry: true,
        })?;
        keys.push(SubjectKey { subject: format!("expert:{number}"), wrapped: vec![0; 60], generation: 1 });
        experts.push(Expert {
            row: ExpertRow {
                number,
                id_hash: digest.0.to_vec(),
                standing: "active".into(),
                region: "430100".into(),
                unit: Some(format!("91430100{:09}X", n / 12)),
                term_to: "2028-12-31".into(),
                version: 1,
                entry: entry.entry(),
                title_level: "senior".into(),
                term_from: "2026-01-01".into(),
                confirmed: None,
            },
            specialities: vec![
                format!("mof31:A{:02}", n % 60),
                format!("mof31:B{:02}", n % 50),
                "mof31:C01".into(),
            ],
            regions: vec!["430100".into(), format!("44{:04}", n % 1400)],
        });
    }
    expert::insert_many(tx, &experts)?;
    subject_key::insert_many(tx, &keys)
}
