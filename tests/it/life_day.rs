//! The day of a review and the end of a life: who comes to which desk, the review, the announcement; then the
//! evidence, the replay of the pools, and the tables held against the journal.

use std::path::PathBuf;
use std::process::Command;

use expert_draw::codec::sha256;
use expert_draw::service::accounts::AccountDraft;
use serde_json::{Value, json};

use crate::app::{Answer, credit_code};
use crate::life::{Desk, Invitation, Life, Person, text};

pub const DISCIPLINE: &str = "一、不得泄露评审情况。\n二、独立评审，个人负责。";

impl Life {
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

    /// Everybody with a seat who has come to an open day, or has not. Who signed in to an earlier attempt comes
    /// again like everybody.
    pub fn seated(&self, present: bool) -> Vec<Invitation> {
        let mut all = self.invitations(&["seated", "signed_in"]);
        all.retain(|one| {
            let seat = self.get(&one.who.token, &format!("/me/invitations/{}/seat", one.id));
            // A draw whose day is not open yet has no seats to come to.
            seat.status == 200 && seat.json()["station"].is_object() == present
        });
        all
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
        for invitation in self.seated(false) {
            self.signs_in(&invitation);
            self.declares(&invitation);
        }
        let present = self.seated(true);
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
        let plan = self.see_plan();
        let selected = plan["self_selection"]["members"].as_array().map_or(0, |members| members.len() as u64);
        let signed = experts + selected + plan["representatives"].as_u64().unwrap();
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
                    let seen = self.get(token, &format!("{draw}{what}")).text();
                    let shown = |one: &Person| {
                        seen.contains(&one.number) || seen.contains(&format!("\"专家{}\"", one.serial))
                    };
                    assert!(!self.people.iter().any(shown), "{what}: {seen}");
                }
            }
            let public = self.app.ask("GET", &format!("/api/v1{draw}/evidence"), &[], b"").expect(200).text();
            assert!(!self.people.iter().any(|one| public.contains(&format!("专家{}\"", one.serial))));
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
        let said =
            [run.stdout, run.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert_eq!(run.status.code(), Some(0), "{name}: {said}");
        path
    }
}
