//! The life of one package, told step by step through the API: who does what, in the words of the people
//! who do it. Every step is a request with the token of the role whose step it is; the clock is passed in.
//!
//! *Invariant:* nothing here looks into the database or calls a use-case, except to found accounts and to
//! run what a date brings.

use std::cell::RefCell;
use std::collections::BTreeMap;

use expert_draw::service::accounts::AccountDraft;
use expert_draw::time::Timestamp;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, bearer, credit_code, expert, id_number, package};
use crate::support::Kind;

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
        self.post(&self.second, &format!("/fee-tables/{}/confirm", text(&made["id"])), &json!({}))
            .expect(200);
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
            let draft = AccountDraft {
                expert: Some(number.clone()),
                ..AccountDraft::new("expert", "专家", None, 60)
            };
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
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
