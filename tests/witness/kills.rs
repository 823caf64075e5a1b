//! `kill -9` under clients, again and again on one directory, and at each step of a write: what was answered is
//! known after the start, and no second history is ever cosigned.
//!
//! `EXPERT_DRAW_TEST_KILLS` asks for more kills.

use std::time::Duration;

use expert_draw::codec::Hash;

use crate::log::{ORIGIN, TestLog};
use crate::site::{Folder, Program, cosigned};

const KILLS: u64 = 25;
const CLIENTS: usize = 4;

/// What one client was answered, and what it was asking when the witness went away.
struct Heard {
    cosigned: Vec<(u64, Hash)>,
    under_way: u64,
}

/// Grows a log by one entry at a time as fast as the witness answers, until it is gone.
fn grow(program: &Program, log: &TestLog, mut old: u64) -> Heard {
    let (client, mut got) = (program.client.clone(), Vec::new());
    loop {
        let size = old + 1;
        let Some(told) = client.try_post("/add-checkpoint", &log.body(old, size)) else {
            return Heard { cosigned: got, under_way: size };
        };
        match told.status {
            200 => {
                cosigned(&program.cosigner, &log.text(size), &told.body);
                got.push((size, log.root(size)));
                old = size;
            }
            409 => old = told.body.trim_end().parse().unwrap(),
            // A fork meets the other's head.
            422 => {
                old = client.try_post("/add-checkpoint", &log.body(0, 1)).map_or(old, |told| {
                    if told.status == 409 { told.body.trim_end().parse().unwrap() } else { old }
                })
            }
            other => panic!("{other}: {}", told.body),
        }
    }
}

#[test]
fn no_two_histories_are_cosigned_whatever_kill_9_cuts_off() {
    let kills = std::env::var("EXPERT_DRAW_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let log = TestLog::of(3_000);
    let fork = log.forked_at(2);
    let folder = Folder::new();
    let (mut heads, mut inside): (Vec<(u64, Hash)>, u64) = (Vec::new(), 0);
    for round in 0..kills {
        let mut program = Program::start(&folder, &log.key, "");
        let newest = program.client.newest(ORIGIN);
        let heard: Vec<Heard> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|n| {
                    let (program, mine) = (&program, if n == 1 { &fork } else { &log });
                    scope.spawn(move || grow(program, mine, newest))
                })
                .collect();
            std::thread::sleep(Duration::from_millis(40 + (round * 37) % 90));
            // By its id: the handle is lent to the clients.
            kill(program.child.id());
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        program.kill();
        heads.extend(heard.iter().flat_map(|heard| &heard.cosigned));
        let answered = heads.iter().map(|(size, _)| *size).max().unwrap_or(0);
        let program = Program::start(&folder, &log.key, "");
        let stands = program.client.newest(ORIGIN);
        assert!(stands >= answered, "answered and gone: {answered}, stands {stands}");
        // A head that stands and was answered to nobody: the kill fell between record and answer.
        inside += u64::from(stands > answered && heard.iter().any(|heard| heard.under_way == stands));
    }
    let one_history = |one: &TestLog| heads.iter().all(|(size, root)| one.root(*size) == *root);
    assert!(one_history(&log) || one_history(&fork), "two histories were cosigned");
    println!("{kills} kills, {} heads answered, {inside} kills inside a write", heads.len());
    assert!(heads.len() as u64 > kills, "too few heads to say anything: {}", heads.len());
    assert!(inside > 0, "no kill landed inside a write");
}

fn kill(process: u32) {
    let status = std::process::Command::new("kill").args(["-9", &process.to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_write_cut_off_at_any_step_is_either_gone_or_kept_and_a_fork_cannot_take_its_place() {
    let log = TestLog::of(9);
    let fork = log.forked_at(6);
    for (step, stands) in [
        ("witness_before_store", 6),
        ("witness_half_written", 6),
        ("witness_unmarked", 8),
        ("witness_after_store", 8),
    ] {
        let folder = Folder::new();
        let mut program = Program::start(&folder, &log.key, "");
        assert_eq!(program.client.add(&log.body(0, 6)).status, 200);
        program.kill();
        let mut program = Program::start(&folder, &log.key, step);
        assert!(program.client.try_post("/add-checkpoint", &log.body(6, 8)).is_none(), "{step}: answered");
        assert!(!program.child.wait().unwrap().success());
        let program = Program::start(&folder, &log.key, "");
        assert_eq!(program.client.newest(ORIGIN), stands, "{step}");
        let told = program.client.add(&fork.body(stands, 9));
        assert_eq!(told.status == 200, stands == 6, "{step}: {}", told.body);
        let told = program.client.add(&log.body(stands, 9));
        assert_eq!(told.status == 200, stands == 8, "{step}: {}", told.body);
    }
}

#[test]
fn a_first_start_cut_off_at_any_step_is_gone_on_with() {
    let log = TestLog::of(3);
    for step in ["witness_before_store", "witness_half_written", "witness_unmarked", "witness_after_store"] {
        let folder = Folder::new();
        Program::fails(&folder, &log.key, step);
        let program = Program::start(&folder, &log.key, "");
        assert_eq!(program.client.add(&log.body(0, 3)).status, 200, "{step}");
    }
}
