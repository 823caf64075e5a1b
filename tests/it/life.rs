//! The life of one package, told step by step through the API: who does what, in the words of the people
//! who do it. Every step is a request with the token of the role whose step it is; the clock is passed in.
//!
//! *Invariant:* nothing here looks into the database or calls a use-case, except to found accounts and to
//! run what a date brings.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use expert_draw::codec::sha256;
use expert_draw::service::accounts::AccountDraft;
use expert_draw::time::Timestamp;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, bearer, credit_code, expert, id_number, package};
use crate::support::Kind;

pub const DISCIPLINE: &str = "一、不得泄露评审情况。\n二、独立评审，个人负责。";

/// An expert of the registry, with the token of the own account.
#[derive(Clone, Debug)]
pub struct Person {
    pub serial: u32,
    pub number: String,
    pub token: String,
}

/// An invitation of somebody, as they see it.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub who: Person,
    pub id: String,
}

/// A venue with its staff.
#[derive(Clone, Debug)]
pub struct Desk {
    pub venue: String,
    pub token: String,
    pub workstations: Vec<String>,
}

/// The life of one package.
pub struct Life {
    pub app: TestApp,
    pub second: String,
    pub purchaser: String,
    pub people: Vec<Person>,
    pub package: String,
    /// Path of the plan in force.
    pub plan: String,
    /// Path of the draw in force.
    pub draw: String,
    /// Paths of all draws, the first first.
    pub draws: Vec<String>,
    pub desks: BTreeMap<u64, Desk>,
    keys: RefCell<u32>,
}

impl Life {
    /// A registry of experts for software and law who review in Yueyang and Changsha, each at a unit of
    /// their own; and a package of the agency.
    pub fn of(kind: Kind, profile: &str, experts: u32) -> Self {
        let app = TestApp::ruled(kind, profile);
        let account = |role: &str, unit: Option<u32>| {
            let draft = AccountDraft::new(role, &format!("{role}二"), unit.map(credit_code), 60);
            app.service.found_account(&draft).unwrap().token.unwrap()
        };
        let (second, purchaser) = (account("bureau", None), account("purchaser", Some(21)));
        let mut life = Self {
            app,
            second,
            purchaser,
            people: Vec::new(),
            package: String::new(),
            plan: String::new(),
            draw: String::new(),
            draws: Vec::new(),
            desks: BTreeMap::new(),
            keys: RefCell::new(0),
        };
        life.rules_are_complete(profile);
        life.registers(0..experts, |_, _| {});
        life.package = text(&life.post(&life.app.agency, "/packages", &package(1)).expect(201).json()["id"]);
        life
    }

    /// What the rules ask about and no package can do without: the table of fees of the province, put in
    /// force by two people; and who holds posts at the agency, because not known is not "nobody".
    fn rules_are_complete(&self, profile: &str) {
        let region = if profile == "fujian" { "350000" } else { "430000" };
        let shandong = expert_draw::rules::fees::FeeTable::embedded("fees-shandong").unwrap();
        let table = shandong.replace("370000", region).replace("fees-shandong", &format!("fees-{region}"));
        let made = self.post(&self.app.bureau, "/fee-tables", &json!({"table": table})).expect(201).json();
        self.post(&self.second, &format!("/fee-tables/{}/confirm", text(&made["id"])), &json!({})).expect(200);
        let agency = json!({
            "code": credit_code(1), "name": "代理机构", "region": region,
            "persons": [{
                "position": "legal_representative", "name": "赵某某", "id_number": id_number(900),
                "from": "2020-01-01"
            }]
        });
        self.post(&self.app.bureau, "/units", &agency).expect(201);
    }

    /// The bureau registers experts; each gets an account.
    pub fn registers(&mut self, serials: std::ops::Range<u32>, change: impl Fn(u32, &mut Value)) {
        for serial in serials {
            let mut one = expert(serial);
            one["name"] = json!(format!("专家{serial}"));
            one["employments"][0]["unit"] = json!(credit_code(100 + serial));
            one["past"] = json!([]);
            one["phone"] = json!(format!("139{serial:08}"));
            change(serial, &mut one);
            let made = self.post(&self.app.bureau, "/experts", &one).expect(201).json();
            let number = text(&made["number"]);
            let draft =
                AccountDraft { expert: Some(number.clone()), ..AccountDraft::new("expert", "专家", None, 60) };
            let token = self.app.service.found_account(&draft).unwrap().token.unwrap();
            self.people.push(Person { serial, number, token });
        }
    }

    pub fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        *self.keys.borrow_mut() += 1;
        let key = format!("life-{}", self.keys.borrow());
        self.app.post(token, &format!("/api/v1{path}"), &key, body)
    }

    pub fn get(&self, token: &str, path: &str) -> Answer {
        self.app.get(token, &format!("/api/v1{path}"))
    }

    /// It is now so late.
    pub fn now(&self, time: &str) {
        self.app.clock.set(Timestamp::parse(time).unwrap());
    }

    pub fn hours_pass(&self, hours: i64) {
        self.app.clock.advance(hours * 3_600);
    }

    /// What a date brings.
    pub fn due(&self) {
        self.app.service.run_due_often().unwrap();
        self.app.service.run_due().unwrap();
    }

    // ---- the plan ----

    /// The agency writes the plan.
    pub fn writes_plan(&mut self, body: &Value) -> Value {
        let made = self.post(&self.app.agency, "/plans", body).expect(201).json();
        self.plan = format!("/plans/{}", text(&made["id"]));
        made
    }

    /// The agency writes a plan in the place of the one whose draws have ended.
    pub fn forms_anew(&mut self, body: &Value) {
        let made = self.post(&self.app.agency, &format!("{}/reform", self.plan), body).expect(201).json();
        assert_eq!(self.see_plan()["state"], "closed");
        self.plan = format!("/plans/{}", text(&made["id"]));
    }

    pub fn see_plan(&self) -> Value {
        self.get(&self.app.agency, &self.plan).expect(200).json()
    }

    /// One step of the plan.
    pub fn plan_step(&self, token: &str, what: &str, body: &Value) -> Answer {
        self.post(token, &format!("{}/{what}", self.plan), body)
    }

    /// Submitted; agreed to by whom the profile asks.
    pub fn plan_is_approved(&self) {
        self.plan_step(&self.app.agency, "submit", &json!({})).expect(200);
        if self.see_plan()["state"] == "submitted" {
            self.plan_step(&self.purchaser, "confirm", &json!({})).expect(200);
        }
        if self.see_plan()["state"] == "confirmed" {
            self.plan_step(&self.app.bureau, "approve", &json!({})).expect(200);
        }
        assert_eq!(self.see_plan()["state"], "approved");
    }

    /// The consent of the competent department, filed with the plan; answers its digest.
    pub fn files_consent(&self) -> String {
        let (authorization, path) =
            (bearer(&self.app.agency), format!("/api/v1{}/attachments?kind=consent", self.plan));
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Idempotency-Key", "consent"),
            ("Content-Type", "application/pdf"),
        ];
        let filed = self.app.ask("POST", &path, &headers, b"%PDF-1.7\nconsent\n%%EOF").expect(201).json();
        text(&filed["digest"])
    }

    /// The agency changes the plan.
    pub fn changes_plan(&self, body: &Value) {
        let etag = format!("\"{}\"", self.see_plan()["version"]);
        self.app.put(&self.app.agency, &format!("/api/v1{}", self.plan), &etag, body).expect(200);
    }

    // ---- the draw and its calls ----

    /// Drawn from the plan; the first invitations are out.
    pub fn draws(&mut self) -> Value {
        let drawn = self.plan_step(&self.app.agency, "draw", &json!({})).expect(201).json();
        self.draw = format!("/draws/{}", text(&drawn["id"]));
        self.draws.push(self.draw.clone());
        drawn
    }

    pub fn see_draw(&self) -> Value {
        self.get(&self.app.agency, &self.draw).expect(200).json()
    }

    pub fn state(&self) -> String {
        text(&self.see_draw()["state"])
    }

    pub fn calls(&self) -> Value {
        self.get(&self.app.agency, &format!("{}/calls", self.draw)).expect(200).json()
    }

    /// Everybody's invitations in one of these states.
    pub fn invitations(&self, states: &[&str]) -> Vec<Invitation> {
        let mut found = Vec::new();
        for who in &self.people {
            let items = self.get(&who.token, "/me/invitations?limit=200").expect(200).json()["items"].clone();
            for one in items.as_array().unwrap() {
                let state = text(&one["state"]);
                if states.contains(&state.as_str()) {
                    found.push(Invitation { who: who.clone(), id: text(&one["id"]) });
                }
            }
        }
        found
    }

    pub fn answers(&self, invitation: &Invitation, what: &str) -> Answer {
        let body = if what == "decline" { json!({"reason": "busy"}) } else { json!({}) };
        self.post(&invitation.who.token, &format!("/me/invitations/{}/{what}", invitation.id), &body)
    }

    /// Everybody who is asked comes.
    pub fn everybody_accepts(&self) {
        for invitation in self.invitations(&["open"]) {
            self.answers(&invitation, "accept").expect(200);
        }
        assert_eq!(self.state(), "filled");
    }

    /// The first `coming` say yes, all others no, until nobody is left to be asked; answers who comes.
    pub fn only_some_accept(&self, coming: usize) -> Vec<Person> {
        let mut accepted = Vec::new();
        loop {
            let open = self.invitations(&["open"]);
            if open.is_empty() {
                return accepted;
            }
            for invitation in open {
                if accepted.len() < coming {
                    self.answers(&invitation, "accept").expect(200);
                    accepted.push(invitation.who);
                } else {
                    self.answers(&invitation, "decline").expect(200);
                }
            }
        }
    }

    /// Stopped by two: the agency proposes, the bureau confirms.
    pub fn is_stopped(&self, reason: &str) {
        self.post(&self.app.agency, &format!("{}/stop", self.draw), &json!({"reason": reason})).expect(200);
        let stopped = self.post(&self.app.bureau, &format!("{}/stop/confirm", self.draw), &json!({}));
        assert_eq!(stopped.expect(200).json()["state"], "stopped");
    }

    // ---- the day ----

    /// A venue with staff at its desk; its own or one that a draw of sites named.
    pub fn has_desk(&mut self, site: u64, region: &str, drawn: Option<(String, Vec<String>)>) {
        let (venue, workstations) = drawn.unwrap_or_else(|| {
            let id = self.adds_venue(region, 9);
            (id, (1..=8).map(|n| format!("301/{n}")).collect())
        });
        let draft = AccountDraft::new("venue", "签到台", Some(venue.clone()), 60);
        let token = self.app.service.found_account(&draft).unwrap().token.unwrap();
        self.desks.insert(site, Desk { venue, token, workstations });
    }

    pub fn adds_venue(&self, region: &str, workstations: u32) -> String {
        let body = json!({
            "region": region, "centre": format!("{region}公共资源交易中心"), "address": "某路1号",
            "rooms": [
                {"name": "301", "workstations": workstations - 1}, {"name": "302", "workstations": 1}
            ],
            "weekdays": [1, 2, 3, 4, 5], "opens": 480, "closes": 1080,
            "contact": "值班员", "phone": "0730-8000000"
        });
        text(&self.post(&self.app.bureau, "/venues", &body).expect(201).json()["id"])
    }

    /// The agency opens the day with the suppliers that were known and these late ones.
    pub fn opens_day(&self, late: &[String]) -> Value {
        let plan = self.see_plan();
        let sites: Vec<Value> = self
            .desks
            .iter()
            .map(|(site, desk)| json!({"site": site, "venue": desk.venue, "workstations": desk.workstations}))
            .collect();
        let known = (31..=33).map(credit_code);
        let supplier = |code: String| json!({"name": format!("供应商{code}"), "code": code});
        let suppliers: Vec<Value> = known.chain(late.iter().cloned()).map(supplier).collect();
        let body = json!({
            "sites": sites, "suppliers": suppliers, "discipline": DISCIPLINE,
            "representatives": plan["representatives"],
        });
        self.post(&self.app.agency, &format!("{}/day", self.draw), &body).expect(201).json()
    }

    pub fn day(&self) -> Value {
        self.get(&self.app.agency, &format!("{}/day", self.draw)).expect(200).json()
    }

    pub fn day_step(&self, token: &str, what: &str, body: &Value) -> Answer {
        self.post(token, &format!("{}/day/{what}", self.draw), body)
    }

    /// Somebody comes to the desk of their site, and nobody else's desk knows them; answers what the desk
    /// sees of the day after the sign-in.
    pub fn signs_in(&self, invitation: &Invitation) -> Value {
        let seat = self.seat(invitation);
        let shown = json!({"code": seat["code"]});
        let mut here = None;
        for desk in self.desks.values() {
            let found = self.day_step(&desk.token, "desk", &shown);
            if found.status == 200 {
                assert!(here.is_none(), "expected at two desks");
                assert_eq!(found.json()["name"], format!("专家{}", invitation.who.serial));
                here = Some(desk);
            } else {
                found.problem(404, "not_expected");
            }
        }
        let desk = here.unwrap_or_else(|| panic!("expected nowhere: {seat}"));
        let body = json!({"shown": shown, "document": "id_card"});
        self.day_step(&desk.token, "sign-in", &body).expect(200).json()
    }

    pub fn seat(&self, invitation: &Invitation) -> Value {
        let path = format!("/me/invitations/{}/seat", invitation.id);
        self.get(&invitation.who.token, &path).expect(200).json()
    }

    pub fn seat_step(&self, invitation: &Invitation, what: &str, body: &Value) -> Answer {
        self.post(&invitation.who.token, &format!("/me/invitations/{}/{what}", invitation.id), body)
    }

    /// Discipline read, suppliers seen, nothing to recuse from.
    pub fn declares(&self, invitation: &Invitation) {
        let digest = json!({"digest": sha256(&[DISCIPLINE.as_bytes()]).to_hex()});
        self.seat_step(invitation, "discipline", &digest).expect(200);
        self.seat_step(invitation, "suppliers", &json!({})).expect(200);
        self.seat_step(invitation, "declare", &json!({})).expect(200);
    }

    /// Everybody with a seat who has not come yet comes and declares; the first of them becomes the chair.
    pub fn everybody_comes(&self) {
        for invitation in self.invitations(&["seated"]) {
            self.signs_in(&invitation);
            self.declares(&invitation);
        }
        let present = self.invitations(&["signed_in"]);
        let first = self.seat(&present[0])["station"].clone();
        for invitation in &present {
            self.seat_step(invitation, "chair", &first).expect(200);
        }
        assert!(self.day()["chair"].is_u64(), "{}", self.day());
    }

    pub fn review_begins(&self) {
        let begun = self.day_step(&self.app.agency, "begin", &json!({})).expect(200).json();
        assert_eq!((&begun["state"], self.state().as_str()), (&json!("in_review"), "in_review"));
    }

    /// Reviewed, the report signed by every member, the result announced; the names are public.
    pub fn is_reviewed_and_announced(&self) {
        self.hours_pass(3);
        self.day_step(&self.app.agency, "end", &json!({})).expect(200);
        let experts = self.see_draw()["result"]["seats"].as_array().unwrap().len() as u64;
        let signed = experts + self.see_plan()["representatives"].as_u64().unwrap();
        let report = json!({"digest": "ab".repeat(32), "signed": signed, "dissents": 0});
        self.day_step(&self.app.agency, "report", &report).expect(200);
        self.names_are_sealed();
        let announced = json!({"announcement": "岳采公告2026-1"});
        let open = self.post(&self.app.bureau, &format!("{}/unseal", self.draw), &announced);
        assert_eq!(open.expect(200).json()["state"], "unsealed");
        self.due();
        assert_eq!(self.day()["state"], "archived");
        let seats = self.see_draw()["result"]["seats"].clone();
        let named = |seat: &Value| seat["name"].as_str().is_some_and(|name| name.starts_with("专家"));
        assert!(seats.as_array().unwrap().iter().all(named), "{seats}");
    }

    /// Neither agency nor bureau nor the public sees a name of this draw.
    pub fn names_are_sealed(&self) {
        for draw in &self.draws {
            if self.get(&self.app.agency, draw).json()["state"] == "unsealed" {
                continue;
            }
            for token in [&self.app.agency, &self.app.bureau, &self.app.auditor] {
                for what in ["", "/calls", "/record"] {
                    let seen = self.get(token, &format!("{draw}{what}"));
                    assert!(seen.status >= 400 || !seen.text().contains("专家0"), "{what}");
                    assert!(!self.people.iter().any(|one| seen.text().contains(&one.number)), "{what}");
                }
            }
            let public = self.app.ask("GET", &format!("/api/v1{draw}/evidence"), &[], b"").expect(200);
            let names = (0..100).map(|n| format!("专家{n}\""));
            assert!(!names.into_iter().any(|name| public.text().contains(&name)));
        }
    }

    // ---- the end ----

    /// Every draw of this life verifies with the auditor's own program, from the public's file and from the
    /// auditor's, a successor's beside its predecessor's; every pool and every exclusion comes out of the
    /// journal again; and the tables are what the journal adds up to.
    pub fn ends_well(&self, judged: u64) {
        self.due();
        let mut before: Option<PathBuf> = None;
        for (n, draw) in self.draws.iter().enumerate() {
            let public = self.app.ask("GET", &format!("/api/v1{draw}/evidence"), &[], b"").expect(200);
            self.verifies(&format!("public-{n}"), &public, &["--expect", "public"]);
            let path = format!("{draw}/evidence?audience=auditor&purpose=审计");
            let auditor = self.get(&self.app.auditor, &path).expect(200);
            let file = match &before {
                None => self.verifies(&format!("auditor-{n}"), &auditor, &["--expect", "auditor"]),
                Some(before) => {
                    let with = ["--expect", "auditor", "--predecessor", before.to_str().unwrap()];
                    self.verifies(&format!("auditor-{n}"), &auditor, &with)
                }
            };
            before = Some(file);
        }
        let replayed = self.app.replay();
        let found: Vec<String> = replayed.findings.iter().map(ToString::to_string).collect();
        assert_eq!(found, Vec::<String>::new());
        assert_eq!((replayed.draws, replayed.people), (self.draws.len() as u64, judged));
        assert_eq!(self.app.fsck(), Vec::<String>::new());
    }

    /// Runs `expert-draw-verify` on a file and answers where it lies.
    pub fn verifies(&self, name: &str, file: &Answer, further: &[&str]) -> PathBuf {
        let folder = &self.app.fresh.folder;
        let keys = self.app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
        let policy = folder.join("trust.policy");
        std::fs::write(&policy, keys["policy"].as_str().unwrap()).unwrap();
        let path = folder.join(format!("{name}.json"));
        std::fs::write(&path, &file.bytes).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_expert-draw-verify"))
            .args([path.to_str().unwrap(), "--policy", policy.to_str().unwrap()])
            .args(further)
            .output()
            .unwrap();
        let said = [run.stdout, run.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert_eq!(run.status.code(), Some(0), "{name}: {said}");
        path
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
