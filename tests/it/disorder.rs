//! Whatever anybody does, in whatever order: sequences of events by all roles, half of them what a sensible
//! person would do next, half of them anything at anything by anybody.
//!
//! After every answer: no fault of the service; no name, telephone, identity or expert number where it may
//! not be seen; every draw in a state of its table, reached by a way of its table. At the end: nobody with
//! a known conflict was ever asked, nobody with one found at the desk stayed; once what is due has run no
//! draw hangs, and two people can end each that has not ended; every file verifies; fsck and the replay of
//! every pool find nothing.
//!
//! `EXPERT_DRAW_TEST_SEED` repeats one sequence (the seed is in every failure), `EXPERT_DRAW_TEST_STEPS`
//! asks for longer ones.

use std::collections::{BTreeMap, BTreeSet};

use expert_draw::evidence::verify::verify;
use expert_draw::log::Policy;
use expert_draw::outside::gateway::Gateway;
use expert_draw::outside::reference::{ReferenceGateway, Unkind};
use expert_draw::registry::draw_table::DRAW;
use expert_draw::registry::plan_table::PLAN;
use serde_json::{Value, json};

use crate::app::credit_code;
use crate::chance::Chance;
use crate::disorder_steps::{anything, sensible};
use crate::life::{Life, Person, text};
use crate::lives::open_tender;
use crate::support::{Kind, on_both};

on_both! {
    no_sequence_of_events_breaks_a_draw
}

const SEQUENCES: u64 = 3;
const STEPS: u32 = 160;
/// Candidates; few, so that draws run short of them.
const EXPERTS: u32 = 18;
/// Registered with a conflict that is known: employed by a bidder, by the purchaser, a bidder declared.
const CONFLICTED: std::ops::Range<u32> = 80..83;
/// Starts of reviews, each a Friday morning in China; drawn from two working days before.
pub const STARTS: [(&str, &str); 5] = [
    ("2026-11-25T02:00:00Z", "2026-11-27T01:00:00Z"),
    ("2026-12-02T02:00:00Z", "2026-12-04T01:00:00Z"),
    ("2026-12-09T02:00:00Z", "2026-12-11T01:00:00Z"),
    ("2026-12-16T02:00:00Z", "2026-12-18T01:00:00Z"),
    ("2026-12-23T02:00:00Z", "2026-12-25T01:00:00Z"),
];

/// The world of one sequence.
pub struct World {
    pub life: Life,
    pub chance: Chance,
    /// Everybody who acts: role and token.
    pub actors: Vec<(&'static str, String)>,
    pub plans: Vec<String>,
    pub packages: u32,
    /// Draws with the state in which each was seen last.
    pub draws: BTreeMap<String, String>,
    /// Employers of experts that were bidders when a day was opened, by draw.
    pub late: BTreeMap<String, Vec<String>>,
    /// Experts whose employer became a bidder: package, number, the draws there were by then.
    pub joined: Vec<(String, String, BTreeSet<String>)>,
    /// Serials of those who stood at a desk.
    pub at_desks: BTreeSet<u32>,
    /// States that draws were seen in.
    reached: BTreeSet<String>,
    /// Names that an unsealing has made public.
    open: BTreeSet<String>,
    /// What was done, for the message of a failure.
    pub told: Vec<String>,
    /// Sites of every plan, each with a desk in a city of its own.
    pub sites: u64,
    /// A gateway that loses, doubles, delays and reorders, and the service's way to it.
    pub gateway: (ReferenceGateway, Gateway),
}

fn no_sequence_of_events_breaks_a_draw(kind: Kind) {
    let setting = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let steps = setting("EXPERT_DRAW_TEST_STEPS").map_or(STEPS, |steps| steps as u32);
    let seeds = match setting("EXPERT_DRAW_TEST_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..4 * SEQUENCES + 1,
    };
    let whole = steps >= STEPS && seeds.end - seeds.start > 1;
    let mut reached = BTreeSet::new();
    // Sequences that never get anywhere would show nothing: there are more until each of these was reached.
    let least = ["calling", "filled", "in_review", "unsealed", "stopped", "voided"];
    for seed in seeds {
        if seed > SEQUENCES && least.iter().all(|state| reached.contains(*state)) && whole {
            break;
        }
        let mut world = World::new(kind, seed);
        for _ in 0..steps {
            if world.chance.of(2) {
                sensible(&mut world)
            } else {
                anything(&mut world)
            }
            world.looks_at_draws();
        }
        world.ends();
        println!("seed {seed}: {:?}", world.reached);
        reached.append(&mut world.reached);
    }
    assert!(!whole || least.iter().all(|state| reached.contains(*state)), "{reached:?}");
}

impl World {
    fn new(kind: Kind, seed: u64) -> Self {
        let mut life = Life::of(kind, "hunan", EXPERTS);
        life.registers(CONFLICTED, |serial, one| match serial % 3 {
            0 => one["employments"][0]["unit"] = json!(credit_code(31)),
            1 => one["employments"][0]["unit"] = json!(credit_code(21)),
            _ => one["declared_units"] = json!([credit_code(32)]),
        });
        // Every second sequence reviews in two cities at once.
        let sites = 1 + (seed + 1) % 2;
        for (site, city) in (1..=sites).zip(["430600", "430100"]) {
            life.has_desk(site, city, None);
        }
        let unkind = Unkind { lose_request: 40, lose_answer: 40, double: 80, delay: 80, reorder: true };
        let gateway = life.app.gateway(unkind);
        let mut actors = vec![
            ("agency", life.app.agency.clone()),
            ("bureau", life.app.bureau.clone()),
            ("bureau", life.second.clone()),
            ("purchaser", life.purchaser.clone()),
            ("auditor", life.app.auditor.clone()),
            ("other_agency", life.app.other_agency.clone()),
        ];
        actors.extend(life.desks.values().map(|desk| ("venue", desk.token.clone())));
        for role in ["supervisor", "administrator"] {
            let draft = expert_draw::service::accounts::AccountDraft::new(role, role, None, 60);
            actors.push((role, life.app.service.found_account(&draft).unwrap().token.unwrap()));
        }
        let mut world = Self {
            life,
            chance: Chance::new(seed),
            actors,
            plans: Vec::new(),
            packages: 1,
            draws: BTreeMap::new(),
            late: BTreeMap::new(),
            joined: Vec::new(),
            at_desks: BTreeSet::new(),
            reached: BTreeSet::new(),
            open: BTreeSet::new(),
            told: vec![format!("EXPERT_DRAW_TEST_SEED={seed}")],
            sites,
            gateway,
        };
        let body = world.plan_body();
        world.writes_plan(&body);
        world
    }

    /// A plan for the package of now, with the first review that can still be drawn for.
    pub fn plan_body(&self) -> Value {
        let now = self.life.app.service.now();
        let parse = |time: &str| expert_draw::time::Timestamp::parse(time).unwrap();
        let start =
            STARTS.iter().find(|(draw, _)| now <= parse(draw)).map_or(STARTS[4].1, |(_, start)| *start);
        let mut body = open_tender(&self.life.package);
        body["review_start"] = json!(start);
        body["groups"][1]["site"] = json!(self.sites);
        body
    }

    pub fn writes_plan(&mut self, body: &Value) {
        let agency = self.life.app.agency.clone();
        let (status, made) = self.ask(("agency", &agency), "POST", "/plans", body);
        if status == 201 {
            self.plans.push(format!("/plans/{}", text(&made["id"])));
        }
    }

    /// Any request by anybody; answers status and body. Nothing that may not be seen is in it.
    pub fn ask(&mut self, who: (&str, &str), method: &str, path: &str, body: &Value) -> (u16, Value) {
        let (role, token) = who;
        let answer = match method {
            "GET" => self.life.get(token, path),
            _ => self.life.post(token, path, body),
        };
        self.told.push(format!("{role} {method} {path} {body} → {}", answer.status));
        assert!(answer.status < 500, "{}\n{}", answer.text(), self.story());
        if answer.status < 300 && path.ends_with("/unseal") {
            let day = path.replace("/unseal", "/day");
            let day = self.life.get(&self.life.app.agency, &day).expect(200).json();
            assert!(
                day["report"].is_object(),
                "unsealed before its review was over: {day}\n{}",
                self.story()
            );
            let seats = serde_json::from_slice::<Value>(&answer.bytes).unwrap()["result"]["seats"].clone();
            self.open.extend(seats.as_array().unwrap().iter().map(|seat| text(&seat["name"])));
        }
        self.hides_people(role, token, path, &answer.bytes);
        (answer.status, serde_json::from_slice(&answer.bytes).unwrap_or(Value::Null))
    }

    /// Who may see whom: nobody anybody, but the exceptions of the sight table.
    fn hides_people(&self, role: &str, token: &str, path: &str, bytes: &[u8]) {
        let shown = String::from_utf8_lossy(bytes);
        for person in &self.life.people {
            let name = format!("专家{}", person.serial);
            let named = shown.contains(&format!("\"{name}\"")) || is_in_pdf(bytes, &name);
            let numbered = shown.contains(&person.number);
            let private = [format!("139{:08}", person.serial), crate::app::id_number(person.serial)];
            let reached = private.iter().any(|secret| shown.contains(secret.as_str()));
            if !(named || numbered || reached) {
                continue;
            }
            let opened = (role == "bureau" || role == "auditor") && path.ends_with("/open");
            let audited = role == "auditor" && path.contains("audience=auditor");
            let here = path.contains("/day/present") || path.ends_with("/day/desk");
            let may = opened
                || audited
                || (here && !reached && self.at_desks.contains(&person.serial))
                || (!reached && self.open.contains(&name))
                // Who came and left before the review is paid for coming, by whom the announcement made the payer.
                || (!reached && self.paid(path) && self.at_desks.contains(&person.serial))
                || (path.starts_with("/me/") && person.token == token && !reached);
            assert!(may, "{role} sees {name} by {path}: {shown}\n{}", self.story());
        }
    }

    /// Whether a path shows the fees of a draw that is unsealed.
    fn paid(&self, path: &str) -> bool {
        let draw = path.strip_suffix("/fees");
        draw.and_then(|draw| self.draws.get(draw)).is_some_and(|state| state == "unsealed")
    }

    /// Every draw is in a state of the table, and came there by a way of the table.
    fn looks_at_draws(&mut self) {
        let agency = self.life.app.agency.clone();
        let listed = self.life.get(&agency, "/draws?limit=200").expect(200).json()["items"].clone();
        for draw in listed.as_array().unwrap() {
            let (path, state) = (format!("/draws/{}", text(&draw["id"])), text(&draw["state"]));
            assert!(DRAW.states().contains(&state.as_str()), "{path} is {state}\n{}", self.story());
            self.reached.insert(state.clone());
            let from = self.draws.insert(path.clone(), state.clone()).unwrap_or_else(|| "–".into());
            assert!(from == state || leads(&from, &state), "{path}: {from} → {state}\n{}", self.story());
            if !self.life.draws.contains(&path) {
                self.life.draws.push(path);
            }
        }
        let plans = self.life.get(&agency, "/plans?limit=200").expect(200).json()["items"].clone();
        for plan in plans.as_array().unwrap() {
            assert!(PLAN.states().contains(&text(&plan["state"]).as_str()), "{plan}");
        }
    }

    /// What is due runs; nothing hangs; what has not ended is ended by two; and everything holds.
    fn ends(&mut self) {
        for _ in 0..40 {
            let size = self.life.app.size();
            self.life.app.clock.advance(2 * 3_600);
            self.life.due();
            if self.life.app.size() == size {
                break;
            }
        }
        self.looks_at_draws();
        let agency = ("agency", self.life.app.agency.clone());
        let bureau = ("bureau", self.life.app.bureau.clone());
        for (draw, state) in self.draws.clone() {
            let ask = |world: &mut Self, who: &(&str, String), what: &str, body: Value| {
                world.ask((who.0, &who.1), "POST", &format!("{draw}/{what}"), &body).0
            };
            match state.as_str() {
                "committed" | "drawn" => panic!("{draw} hangs as {state}\n{}", self.story()),
                "planned" => assert_eq!(ask(self, &agency, "withdraw", json!({})), 200),
                "reviewed" => {
                    let body = json!({"announcement": "岳采公告2026-1"});
                    if ask(self, &bureau, "unseal", body) != 200 {
                        // Somebody has proposed to void it: another account confirms.
                        let second = ("bureau", self.life.second.clone());
                        let confirmed = [&second, &bureau, &agency]
                            .into_iter()
                            .any(|who| ask(self, who, "void/confirm", json!({})) == 200);
                        assert!(confirmed, "{}", self.story());
                    }
                }
                "calling" | "filled" | "in_review" => {
                    let calls = self.life.get(&agency.1, &format!("{draw}/calls")).expect(200).json();
                    let short = calls["shortfall"].is_string();
                    assert!(state != "calling" || short, "{draw} hangs: {calls}\n{}", self.story());
                    let reason = if short { "shortfall" } else { "procurement_stopped" };
                    assert_eq!(
                        ask(self, &agency, "stop", json!({"reason": reason})),
                        200,
                        "{}",
                        self.story()
                    );
                    assert_eq!(ask(self, &bureau, "stop/confirm", json!({})), 200, "{}", self.story());
                }
                _ => {}
            }
        }
        self.looks_at_draws();
        self.life.due();
        let final_states: Vec<String> = self.draws.values().cloned().collect();
        assert!(final_states.iter().all(|state| DRAW.is_final(state)), "{final_states:?}");
        self.nobody_conflicted_sat();
        self.files_verify();
        assert_eq!(self.life.app.fsck(), Vec::<String>::new(), "{}", self.story());
    }

    fn nobody_conflicted_sat(&self) {
        let asked = |person: &Person| {
            let seen = self.life.get(&person.token, "/me/invitations?limit=200").expect(200).json();
            seen["items"].as_array().unwrap().len()
        };
        for person in self.life.people.iter().filter(|person| CONFLICTED.contains(&person.serial)) {
            assert_eq!(asked(person), 0, "{} was asked\n{}", person.serial, self.story());
        }
        for (draw, units) in &self.late {
            let seen = self.life.get(&self.life.app.agency, draw).expect(200).json();
            let seats = seen["result"]["seats"].as_array().unwrap().iter();
            let names: Vec<&str> = seats.filter_map(|seat| seat["name"].as_str()).collect();
            let late = |person: &&Person| units.contains(&credit_code(100 + person.serial));
            for person in self.life.people.iter().filter(late) {
                let name = format!("专家{}", person.serial);
                assert!(!names.contains(&name.as_str()), "{name} sat in {draw}\n{}", self.story());
            }
        }
        for (package, number, before) in &self.joined {
            for draw in self.draws.keys().filter(|draw| !before.contains(*draw)) {
                let seen = self.life.get(&self.life.app.agency, draw).expect(200).json();
                if seen["package"] != *package || seen["commitment"].is_null() {
                    continue;
                }
                let file = format!("{draw}/evidence?audience=auditor&purpose=审计");
                let file = self.life.get(&self.life.app.auditor, &file).expect(200).json();
                let pool = file["openings"]["candidates"].as_array().unwrap();
                let there = pool.iter().any(|person| person["number"] == *number);
                assert!(!there, "{number} is in the pool of {draw}\n{}", self.story());
            }
        }
    }

    fn files_verify(&self) {
        let app = &self.life.app;
        let keys = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
        let policy = Policy::parse(keys["policy"].as_str().unwrap().as_bytes()).unwrap();
        for (draw, state) in &self.draws {
            if state == "withdrawn" {
                continue;
            }
            let public = app.ask("GET", &format!("/api/v1{draw}/evidence"), &[], b"").expect(200);
            let path = format!("{draw}/evidence?audience=auditor&purpose=审计");
            for file in [public, self.life.get(&app.auditor, &path).expect(200)] {
                let report = verify(&file.bytes, &policy, None);
                assert!(report.verified(), "{draw}: {:?}\n{}", report.checks, self.story());
            }
        }
    }

    fn story(&self) -> String {
        self.told.join("\n")
    }
}

/// Whether steps of the table lead from one state to another.
fn leads(from: &str, to: &str) -> bool {
    let mut reached = BTreeSet::from([from]);
    for _ in DRAW.transitions {
        for row in DRAW.transitions {
            if reached.contains(row.from) {
                reached.insert(row.to);
            }
        }
    }
    reached.contains(to)
}

/// Whether a PDF shows a text, as it is or in hexadecimal.
fn is_in_pdf(file: &[u8], text: &str) -> bool {
    if !file.starts_with(b"%PDF") {
        return false;
    }
    // With what follows a name: nothing of the same number of digits.
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let hex: String = units.iter().map(|byte| format!("{byte:02X}")).collect();
    let whole = String::from_utf8_lossy(file).to_uppercase();
    whole.contains(&format!("{hex}>")) || whole.contains(&format!("{hex}0020"))
}
