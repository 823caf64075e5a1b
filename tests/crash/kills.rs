//! `kill -9` at a random moment under 16 clients creating draws, again and again on one database:
//! every answered draw is there, none twice, the log verifies, the service starts by itself.
//!
//! The moments come from a seed that is printed; `EXPERT_DRAW_TEST_SEED` repeats them (the machine's
//! own timing it cannot repeat), `EXPERT_DRAW_TEST_KILLS` asks for more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;
use std::time::Duration;

use expert_draw::ports::{Entropy, SystemEntropy};
use serde_json::Value;

use crate::clients::{Client, DRAWS, PACKAGES, Told, draw_until_the_end, id};
use crate::site::Site;
use crate::support::{Kind, on_both};

on_both! { every_answered_draw_outlives_kill_9_and_none_is_made_twice }

const CLIENTS: usize = 16;
const KILLS: u64 = 30;
/// After so many kills the service is asked to end, and the database checked by `fsck`.
const CHECKED_EVERY: u64 = 5;
/// When the kill comes, after the clients began.
const SOONEST_MS: u64 = 50;
const LATEST_MS: u64 = 400;

fn every_answered_draw_outlives_kill_9_and_none_is_made_twice(kind: Kind) {
    let mut random = Random::new();
    let kills = setting("EXPERT_DRAW_TEST_KILLS").unwrap_or(KILLS);
    let site = Site::new(kind);
    let mut seen = Seen::default();
    let mut answered: BTreeMap<String, Value> = BTreeMap::new();
    let mut unanswered = Vec::new();
    for round in 0..kills {
        let mut server = site.serve();
        let client = Client::new(&server.address, &site.agency);
        // What the last kill left is looked at by the very start that has to cope with it.
        after_the_start(&site, &client, &answered, std::mem::take(&mut unanswered), &mut seen, &mut random);
        if round % CHECKED_EVERY == CHECKED_EVERY - 1 {
            server.stop();
            site.is_sound();
            server = site.serve();
        }
        let told = killed(&mut server, &site, round, random.between(SOONEST_MS, LATEST_MS));
        seen.half_made += site.count("SELECT count(*) AS n FROM draw WHERE state = 'committed'");
        for told in told {
            answered.extend(told.draws.iter().map(|draw| (id(draw).to_owned(), draw.clone())));
            unanswered.push(told);
        }
    }
    let server = site.serve();
    let client = Client::new(&server.address, &site.agency);
    after_the_start(&site, &client, &answered, unanswered, &mut seen, &mut random);
    for (id, draw) in &answered {
        assert_eq!(client.get_json(&format!("{DRAWS}/{id}")), *draw);
    }
    server.stop();
    site.is_sound();
    println!("{kind:?}: {kills} kills, {} draws answered, {seen:?}", answered.len());
    assert!(answered.len() as u64 > kills, "too few draws to say anything: {}", answered.len());
    assert!(seen.kills_inside > 0, "no kill landed inside a write: {seen:?}");
}

/// What the kills met. A kill landed inside a write if something stands that nobody was told of.
#[derive(Debug, Default)]
struct Seen {
    /// Kills after which a draw or package stood that was not answered.
    kills_inside: u32,
    /// Requests under way when the process was killed.
    under_way: u32,
    /// Of those, how many stood after the start.
    stood_unanswered: u32,
    /// Draws that were committed and not drawn when the process was killed.
    half_made: u64,
}

/// Lets the clients work and kills the server under them.
fn killed(server: &mut crate::site::Server, site: &Site, round: u64, after_ms: u64) -> Vec<Told> {
    let ready = Barrier::new(CLIENTS + 1);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let (ready, address) = (&ready, server.address.clone());
                scope.spawn(move || {
                    let client = Client::new(&address, &site.agency);
                    draw_until_the_end(&client, &format!("R{round}C{n}"), ready)
                })
            })
            .collect();
        ready.wait();
        std::thread::sleep(Duration::from_millis(after_ms));
        server.kill();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    })
}

/// Holds the started service against what the clients of the last round were told.
fn after_the_start(
    site: &Site,
    client: &Client,
    answered: &BTreeMap<String, Value>,
    last: Vec<Told>,
    seen: &mut Seen,
    random: &mut Random,
) {
    let draws = client.all(DRAWS);
    let packages: BTreeSet<String> = client.all(PACKAGES).iter().map(|p| id(p).to_owned()).collect();
    none_twice(&draws);
    let standing: BTreeSet<&str> = draws.iter().map(id).collect();
    let missing: Vec<_> = answered.keys().filter(|id| !standing.contains(id.as_str())).collect();
    assert!(missing.is_empty(), "answered and gone: {missing:?}");
    let of_package: BTreeSet<&str> = draws.iter().map(|draw| draw["package"].as_str().unwrap()).collect();

    let mut stood = 0;
    for told in &last {
        for package in &told.packages {
            assert!(packages.contains(id(package)), "answered and gone: {package}");
        }
        for draw in &told.draws {
            assert_eq!(client.get_json(&format!("{DRAWS}/{}", id(draw))), *draw);
        }
        let asked = told.unanswered.as_ref().expect("every client worked until the server went away");
        seen.under_way += 1;
        // The repetition answers what stands, or makes it; a second one never makes another.
        let made = client.ask(asked).unwrap();
        assert_eq!(client.ask(asked).unwrap(), made);
        stood += u32::from(match asked.path {
            DRAWS => {
                assert_eq!(made["state"], "drawn");
                of_package.contains(made["package"].as_str().unwrap())
            }
            _ => packages.contains(id(&made)),
        });
    }
    seen.stood_unanswered += stood;
    seen.kills_inside += u32::from(stood > 0);
    none_twice(&client.all(DRAWS));

    let made: Vec<&Value> = last.iter().flat_map(|told| &told.draws).collect();
    if !made.is_empty() {
        let one = made[random.between(0, made.len() as u64 - 1) as usize];
        let (code, said) = site.verify(&client.get(&format!("{DRAWS}/{}/evidence", id(one))));
        assert_eq!(code, Some(0), "{said}");
    }
}

/// Every draw is drawn, and no package has two.
fn none_twice(draws: &[Value]) {
    let mut packages = BTreeSet::new();
    for draw in draws {
        assert_eq!(draw["state"], "drawn", "the start finishes what was committed: {draw}");
        assert!(packages.insert(draw["package"].as_str().unwrap()), "a second draw: {draw}");
    }
}

/// SplitMix64: small, and the same everywhere.
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        let seed = setting("EXPERT_DRAW_TEST_SEED").unwrap_or_else(|| {
            let mut bytes = [0; 8];
            SystemEntropy.fill(&mut bytes);
            u64::from_le_bytes(bytes)
        });
        println!("EXPERT_DRAW_TEST_SEED={seed}");
        Self(seed)
    }

    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        least + (z ^ (z >> 31)) % (most - least + 1)
    }
}

pub fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
}
