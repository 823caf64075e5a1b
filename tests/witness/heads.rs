//! One history: growth is cosigned, a fork by the real key never, whoever asks how often and at once.

use std::collections::BTreeMap;
use std::sync::Barrier;

use expert_draw::codec::Hash;
use expert_draw::log::SignedNote;
use expert_draw::time::Timestamp;
use expert_draw::witness::add_checkpoint::{Asked, Decision};
use expert_draw::witness::state::Head;

use crate::log::{ORIGIN, TestLog, body};
use crate::site::{NOW, Site, cosigned};

#[test]
fn every_growth_of_a_log_is_cosigned_and_nothing_but_its_own_proof_will_do() {
    let log = TestLog::of(34);
    let head = |size| Head { size, root: log.root(size), time: 1, note: String::new() };
    let decide = |old: u64, size: u64, proof: &[Hash], newest: Option<&Head>| {
        Asked::parse(&body(old, proof, &log.note(size).to_string())).unwrap().decide(newest)
    };
    let mut refused = 0;
    for size in 0..=34 {
        assert_eq!(decide(0, size, &[], None), Ok(Decision::Cosign));
        for old in 0..=size {
            let proof = log.proof(old, size);
            let wanted = if old == size { Decision::Again } else { Decision::Cosign };
            assert_eq!(decide(old, size, &proof, Some(&head(old))), Ok(wanted), "{old} to {size}");
            for at in 0..proof.len() {
                let mut changed = proof.clone();
                changed[at].0[0] ^= 0x80;
                assert!(decide(old, size, &changed, Some(&head(old))).is_err(), "{old} to {size}");
                assert!(decide(old, size, &proof[..at], Some(&head(old))).is_err());
                refused += 1;
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn a_fork_signed_with_the_real_key_is_refused_at_the_same_size_and_at_every_larger_one() {
    let log = TestLog::of(40);
    let fork = log.forked_at(20);
    let site = Site::new(&[&log.key]);
    site.cosigns(&log, 0, 21);
    let told = site.client.add(&fork.body(21, 21));
    assert_eq!(told.status, 422, "same size: {}", told.body);
    for size in 22..=40 {
        let note = fork.note(size).to_string();
        for proof in [fork.proof(21, size), log.proof(21, size), Vec::new(), fork.proof(20, size)] {
            let told = site.client.add(&body(21, &proof, &note));
            assert_eq!(told.status, 422, "{size}: {}", told.body);
        }
    }
    // Below the fork both are one history; the fork's own head of that size is the log's.
    assert_eq!(fork.text(20), log.text(20));
    assert_eq!(site.client.newest(ORIGIN), 21);
    site.cosigns(&log, 21, 40);
}

#[test]
fn many_parallel_requests_never_give_two_heads_that_contradict_each_other() {
    const CLIENTS: u64 = 16;
    const SIZES: u64 = 120;
    const FORK: u64 = 9;
    let log = TestLog::of(SIZES);
    let fork = log.forked_at(FORK);
    let site = Site::new(&[&log.key]);
    let ready = Barrier::new(CLIENTS as usize);
    let cosigned: Vec<(u64, Hash)> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let (ready, client, key) = (&ready, site.client.clone(), &site.cosigner);
                let mine = if n % 2 == 0 { &log } else { &fork };
                scope.spawn(move || {
                    ready.wait();
                    let (mut old, mut got) = (0, Vec::new());
                    for step in 0..60 {
                        let size = (old + 1 + (n + step) % 5).min(SIZES);
                        let told = client.add(&mine.body(old.min(size), size));
                        match told.status {
                            200 => {
                                cosigned(key, &mine.text(size), &told.body);
                                got.push((size, mine.root(size)));
                                old = size;
                            }
                            409 => old = told.body.trim_end().parse().unwrap(),
                            422 => old = client.newest(ORIGIN),
                            other => panic!("{other}: {}", told.body),
                        }
                    }
                    got
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    let one_history = |one: &TestLog| cosigned.iter().all(|(size, root)| one.root(*size) == *root);
    assert!(one_history(&log) || one_history(&fork), "two histories were cosigned: {cosigned:?}");
    let roots: BTreeMap<u64, Hash> = cosigned.iter().copied().collect();
    assert!(roots.len() > 20, "too few heads to say anything: {}", roots.len());
    assert!(roots.keys().any(|size| *size > FORK), "the histories never parted");
}

#[test]
fn either_key_of_a_log_is_taken_and_a_wrong_line_of_either_spoils_the_checkpoint() {
    let log = TestLog::of(9);
    let mut after = TestLog::new(ORIGIN, 2);
    after.grow(9);
    let site = Site::new(&[&log.key, &after.key]);
    site.cosigns(&log, 0, 3);
    site.cosigns(&after, 3, 5);
    let text = log.text(9);
    let mut wrong = after.line(&text);
    wrong.signature[5] ^= 1;
    let note = SignedNote::new(text.clone(), vec![log.line(&text), wrong]).unwrap();
    assert_eq!(site.client.add(&body(5, &log.proof(5, 9), &note.to_string())).status, 403);
    let note = SignedNote::new(text.clone(), vec![log.line(&text), after.line(&text)]).unwrap();
    assert_eq!(site.client.add(&body(5, &log.proof(5, 9), &note.to_string())).status, 200);
    let head = site.client.get(&format!("/expert-draw/v1/head?log={ORIGIN}")).body;
    let head = SignedNote::parse(head.as_bytes()).unwrap();
    head.verify(&log.key).and_then(|()| head.verify(&after.key)).unwrap();
}

#[test]
fn extension_lines_of_other_peoples_logs_are_cosigned_with_the_rest() {
    let log = TestLog::of(4);
    let site = Site::new(&[&log.key]);
    let text = format!("{}extension one\nanother\n", log.text(4));
    let told = site.client.add(&body(0, &[], &log.sign(&text).to_string()));
    assert_eq!(told.status, 200, "{}", told.body);
    cosigned(&site.cosigner, &text, &told.body);
    let huge = format!("{}{}\n", log.text(4), "x".repeat(17 << 10));
    assert_eq!(site.client.add(&body(4, &[], &log.sign(&huge).to_string())).status, 400);
}

#[test]
fn the_same_head_again_has_the_same_line_for_a_minute_and_a_new_time_after_it() {
    let log = TestLog::of(6);
    let site = Site::new(&[&log.key]);
    let first = site.client.add(&log.body(0, 6)).body;
    site.clock.set(Timestamp(NOW + 59));
    assert_eq!(site.client.add(&log.body(6, 6)).body, first);
    site.clock.set(Timestamp(NOW + 60));
    assert_eq!(site.cosigns(&log, 6, 6), NOW + 60);
}

#[test]
fn a_clock_that_went_back_signs_nothing() {
    let mut log = TestLog::of(6);
    let mut site = Site::new(&[&log.key]);
    site.cosigns(&log, 0, 6);
    log.grow(7);
    site.clock.set(Timestamp(NOW - 1));
    assert_eq!(site.client.add(&log.body(6, 7)).status, 503);
    site.restart();
    assert_eq!(site.client.add(&log.body(6, 7)).status, 503);
    assert_eq!(site.client.newest(ORIGIN), 6);
    site.clock.set(Timestamp(NOW));
    assert_eq!(site.cosigns(&log, 6, 7), NOW);
}

#[test]
fn heads_that_come_too_fast_are_taken_later_and_those_of_another_log_at_once() {
    let log = TestLog::of(700);
    let other = TestLog::new("other.example/log", 9);
    let site = Site::new(&[&log.key, &other.key]);
    let mut told = 0;
    let refused = loop {
        let answer = site.client.add(&log.body(told, told + 1));
        match answer.status {
            200 => told += 1,
            _ => break answer,
        }
    };
    assert_eq!((told, refused.status), (600, 429), "{}", refused.body);
    assert_eq!(site.client.newest(ORIGIN), 600, "nothing of it was kept");
    // The same head again costs nothing while it is young.
    assert_eq!(site.client.add(&log.body(600, 600)).status, 200);
    let mut other = other;
    other.grow(3);
    assert_eq!(site.client.add(&other.body(0, 3)).status, 200);
    site.clock.set(Timestamp(NOW + 1));
    assert_eq!(site.cosigns(&log, 600, 601), NOW + 1);
}
