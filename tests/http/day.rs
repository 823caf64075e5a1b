//! The day of a review over HTTP: opened, signed in at the desk of each venue, reviewed, announced, archived; and
//! that nobody is named before they stand at the desk of their own venue.

use std::collections::BTreeMap;

use expert_draw::codec::sha256;
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::Action;
use expert_draw::service::calls::InvitationState;
use expert_draw::service::day::SeatView;
use expert_draw::time::Timestamp;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, credit_code, id_number};
use crate::calls::{Called, key, mine, start};
use crate::leave::of_expert;
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    a_day_goes_from_the_first_arrival_to_the_archive
    nobody_is_named_before_they_stand_at_the_desk_of_their_own_venue
    an_expert_reads_the_discipline_before_the_suppliers_and_these_before_declaring
    a_day_is_opened_once_with_everything_that_it_needs
}

/// The operations of the day.
pub fn operations() -> Vec<Operation> {
    use Action::*;
    let (none, empty) = (Value::Null, json!({}));
    let day = json!({
        "sites": [{"site": 1, "venue": "V0000000000000000", "workstations": ["A/1"]}],
        "suppliers": [{"code": credit_code(31), "name": "供应商"}], "discipline": "评审纪律"
    });
    let code = json!({"code": "00000000"});
    let sign_in = json!({"shown": code, "document": "id_card"});
    let vacancy = json!({"position": 1, "why": "absent", "reason": "逾时未到"});
    let pause = json!({"site": 1, "what": "网络中断"});
    let breach = json!({"position": 1, "what": "拍摄评审资料"});
    let report = json!({"digest": "0".repeat(64), "signed": 3});
    let digest = json!({"digest": "0".repeat(64)});
    vec![
        ("POST", "/draws/{id}/day", RunDay, day),
        ("GET", "/draws/{id}/day", ReadDay, none.clone()),
        ("POST", "/draws/{id}/day/desk", KeepDesk, code),
        ("POST", "/draws/{id}/day/sign-in", KeepDesk, sign_in),
        ("POST", "/draws/{id}/day/vacancies", KeepDesk, vacancy),
        ("POST", "/draws/{id}/day/begin", RunDay, empty.clone()),
        ("POST", "/draws/{id}/day/end", RunDay, empty.clone()),
        ("POST", "/draws/{id}/day/report", RunDay, report),
        ("GET", "/draws/{id}/record.pdf", ReadDraws, none.clone()),
        ("GET", "/draws/{id}/dossier?purpose=xx", FetchDossier, none.clone()),
        ("GET", "/me/invitations/{id}/seat", OwnRecord, none),
        ("POST", "/me/invitations/{id}/discipline", OwnRecord, digest),
        ("POST", "/me/invitations/{id}/suppliers", OwnRecord, empty.clone()),
        ("POST", "/me/invitations/{id}/declare", OwnRecord, empty.clone()),
        ("POST", "/me/invitations/{id}/recuse", OwnRecord, empty.clone()),
        ("POST", "/me/invitations/{id}/chair", OwnRecord, json!({"site": 1, "workstation": "A/1"})),
        ("GET", "/draws/{id}/day/present?purpose=xx", SeePresent, Value::Null),
        ("POST", "/draws/{id}/day/vacancies/confirm", ConfirmVacancy, json!({"position": 1})),
        ("POST", "/draws/{id}/day/pause", KeepSite, pause),
        ("POST", "/draws/{id}/day/resume", KeepSite, empty),
        ("POST", "/draws/{id}/day/breaches", KeepSite, breach),
    ]
}

pub const DISCIPLINE: &str = "一、不得泄露评审情况。\n二、独立评审，个人负责。";

/// A draw whose seats are all accepted, with two venues and their staff.
pub struct Ready {
    pub called: Called,
    /// Token of the staff of each site's venue, by site.
    pub desks: BTreeMap<u64, String>,
    /// Id of each site's venue.
    pub venues: BTreeMap<u64, String>,
    /// Number by position, of all who were invited.
    pub positions: BTreeMap<u64, String>,
}

impl Ready {
    pub fn new(kind: Kind, people: u32) -> Self {
        Self::of(Called::new(kind, people))
    }

    pub fn of(called: Called) -> Self {
        for number in called.who(InvitationState::Open) {
            called.accept(&number);
        }
        assert_eq!(called.calls()["state"], "filled");
        let positions = called.positions();
        let app = &called.app;
        let (mut desks, mut venues) = (BTreeMap::new(), BTreeMap::new());
        for (site, region) in [(1, "430600"), (2, "430100")] {
            let id = venue(app, site, region);
            desks.insert(site, staff(app, &id));
            venues.insert(site, id);
        }
        Self { called, desks, venues, positions }
    }

    pub fn app(&self) -> &TestApp {
        &self.called.app
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/draws/{}/day{rest}", self.called.draw)
    }

    pub fn body(&self) -> Value {
        let names = |site: u64| (1..=4).map(|n| format!("{site}室/{n}")).collect::<Vec<_>>();
        let site =
            |site: u64| json!({"site": site, "venue": self.venues[&site], "workstations": names(site)});
        let party = |n: u32| json!({"code": credit_code(n), "name": format!("单位{n}")});
        json!({
            "sites": [site(1), site(2)],
            "suppliers": [party(31), party(32), party(33), party(34)],
            "discipline": DISCIPLINE,
            "representatives": 2,
        })
    }

    pub fn opened(self) -> Self {
        self.app().post(&self.app().agency, &self.path(""), "open-day", &self.body()).expect(201);
        self
    }

    /// With the positions of those who were invited meanwhile.
    pub fn again(mut self) -> Self {
        self.positions = self.called.positions();
        self
    }

    /// The clock stands an hour before the start.
    pub fn in_the_morning(self) -> Self {
        self.app().clock.set(Timestamp(start().0 - 3_600));
        self
    }

    /// Positions of the present panel that have not left, with their sites.
    pub fn seats(&self) -> Vec<(u64, u64)> {
        let day = self.day();
        let members = day["members"].as_array().unwrap().iter();
        let here = members.filter(|member| member.get("left").is_none());
        here.map(|member| (member["position"].as_u64().unwrap(), member["site"].as_u64().unwrap())).collect()
    }

    pub fn day(&self) -> Value {
        self.app().get(&self.app().agency, &self.path("")).expect(200).json()
    }

    pub fn invitation(&self, position: u64) -> String {
        mine(self.app(), &self.positions[&position])[0].id.clone()
    }

    pub fn seat(&self, position: u64) -> SeatView {
        let actor = of_expert(&self.positions[&position]);
        self.app().service.own_seat(&actor, &self.invitation(position)).unwrap()
    }

    /// Signs in whoever sits at a position, at the desk of a site.
    pub fn sign_in(&self, position: u64, site: u64) -> Answer {
        let code = self.seat(position).code.unwrap_or_default();
        let body = json!({"shown": {"code": code}, "document": "id_card"});
        let id = format!("sign-{position}-{}", self.app().size());
        self.app().post(&self.desks[&site], &self.path("/sign-in"), &id, &body)
    }

    /// Discipline, suppliers, declaration; then the vote for the first of the panel.
    pub fn declares(&self, position: u64) {
        let (actor, invitation) = (of_expert(&self.positions[&position]), self.invitation(position));
        let service = &self.app().service;
        let digest = sha256(&[DISCIPLINE.as_bytes()]).to_hex();
        let of = |what: &str| key(&format!("{what}-{position}"));
        service.acknowledge_discipline(&actor, &invitation, &digest, &of("ack")).unwrap();
        assert_eq!(service.show_suppliers(&actor, &invitation, &of("sup")).unwrap().suppliers.len(), 4);
        service.declare_no_conflict(&actor, &invitation, &of("dec")).unwrap();
    }

    pub fn votes(&self, position: u64, (site, station): (u32, &str)) -> SeatView {
        let actor = of_expert(&self.positions[&position]);
        let vote = key(&format!("vote-{position}-{}", self.app().size()));
        self.app().service.vote_chair(&actor, &self.invitation(position), (site, station), &vote).unwrap()
    }

    /// Everybody signed in and declared, a chair chosen.
    pub fn assembled(self) -> Self {
        for (position, site) in self.seats() {
            self.sign_in(position, site).expect(200);
            self.declares(position);
        }
        let chair = self.seat(self.seats()[0].0).workstation.unwrap();
        for (position, _) in self.seats() {
            self.votes(position, (chair.0, &chair.1));
        }
        self
    }

    /// The review has begun.
    pub fn reviewing(self) -> Self {
        let ready = self.opened().in_the_morning().assembled();
        ready.app().clock.set(start());
        ready.act("begin", &json!({})).expect(200);
        ready
    }

    pub fn act(&self, what: &str, body: &Value) -> Answer {
        let id = format!("{what}-{}", self.app().size());
        self.app().post(&self.app().agency, &self.path(&format!("/{what}")), &id, body)
    }
}

fn venue(app: &TestApp, number: u64, region: &str) -> String {
    let body = json!({
        "region": region, "centre": format!("公共资源交易中心{number}"), "address": "某路1号",
        "rooms": [{"name": format!("{number}室"), "workstations": 8}],
        "weekdays": [1, 2, 3, 4, 5, 6, 7], "opens": 0, "closes": 1440,
        "contact": "某人", "phone": "0730-0000000"
    });
    let made = app.post(&app.bureau, "/api/v1/venues", &format!("venue-{number}"), &body).expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

fn staff(app: &TestApp, venue: &str) -> String {
    let draft = AccountDraft::new("venue", "签到台", Some(venue.to_owned()), 30);
    app.service.found_account(&draft).unwrap().token.unwrap()
}

fn a_day_goes_from_the_first_arrival_to_the_archive(kind: Kind) {
    let ready = Ready::new(kind, 12).reviewing();
    let app = ready.app();
    let draw = ready.called.draw.clone();
    let path = format!("/api/v1/draws/{draw}");
    assert_eq!(app.get(&app.agency, &path).expect(200).json()["state"], "in_review");
    crate::fees::table_in_force(app, "430000");

    let unseal = json!({"announcement": "岳采公告2026-1"});
    app.post(&app.bureau, &format!("{path}/unseal"), "early", &unseal).problem(409, "not_reviewed");
    app.clock.advance(4 * 3_600);
    ready.act("end", &json!({})).expect(200);
    let mut report = json!({"digest": "ab".repeat(32), "signed": 4, "dissents": 1});
    ready.act("report", &report).names(422, "signed", "signed");
    report["signed"] = json!(5);
    assert_eq!(ready.act("report", &report).expect(200).json()["state"], "reviewed");
    assert!(!ready.day().to_string().contains("专家"), "a day holds no name");

    let announced = app.post(&app.bureau, &format!("{path}/unseal"), "unseal", &unseal).expect(200).json();
    assert_eq!(announced["result"]["seats"].as_array().unwrap().len(), 3);
    assert!(announced["result"]["seats"][0]["name"].as_str().unwrap().starts_with("专家"));
    let again = app.post(&app.bureau, &format!("{path}/unseal"), "unseal", &unseal).expect(200).json();
    assert_eq!(again["state"], "unsealed");
    // What follows is done already: tasks of both sides, fees, the digest of the package.
    let tasks = app.get(&app.agency, "/api/v1/evaluations").expect(200).json();
    assert_eq!(tasks["items"].as_array().unwrap().len(), 3);
    let fees = app.get(&app.agency, &format!("{path}/fees")).expect(200).json();
    let amounts: Vec<u64> = fees["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fee| fee["body"]["fee_fen"].as_u64().unwrap())
        .collect();
    assert_eq!(amounts, [50_000; 3], "four hours");
    assert_eq!(ready.day()["state"], "archived");
    let size = app.size();
    assert_eq!(app.service.due_archives().unwrap(), 0);
    assert_eq!(app.size(), size);

    ready.called.verified();
    for token in [&app.agency, &app.auditor] {
        dossier(&ready, token);
    }
    app.get(&app.other_agency, &format!("{path}/dossier?purpose=归档")).problem(404, "not_found");
    let pdf = app.get(&app.agency, &format!("{path}/record.pdf")).expect(200);
    assert_eq!(pdf.header("Content-Type"), "application/pdf");
    assert!(pdf.bytes.starts_with(b"%PDF-1.7"));
    paper(&ready, &pdf.bytes);
    ready.called.is_sound();
}

/// One page, the names that are public by now, and a QR code that leads to the newest entry of the draw:
/// seen by readers that are not ours.
fn paper(ready: &Ready, pdf: &[u8]) {
    let app = ready.app();
    let file = app.fresh.folder.join("record.pdf");
    std::fs::write(&file, pdf).unwrap();
    let python = std::env::var("EXPERT_DRAW_TEST_PYTHON").expect("EXPERT_DRAW_TEST_PYTHON: run `make test`");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/read_paper.py");
    let read = std::process::Command::new(python).args([script.as_ref(), file.as_os_str()]).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(read["pages"], 1);
    let text = read["text"].as_str().unwrap();
    assert!(text.contains("政府采购评审专家抽取记录表") && text.contains("专家"), "{text}");
    let [code] = read["codes"].as_array().unwrap().as_slice() else { panic!("one code: {read}") };
    let (entry, leaf) = code.as_str().unwrap().split_once(' ').unwrap();
    let (origin, index) = entry.split_once('#').unwrap();
    assert!(text.contains(entry) && text.contains(leaf), "the code says what stands beside it: {text}");
    let proof = app.get(&app.agency, &format!("/api/v1/log/proofs/{index}")).expect(200).json();
    let note = proof["note"].as_str().unwrap();
    let (statement, _) = note.split_once("\n\n").unwrap();
    assert_eq!(sha256(&[&[0], statement.as_bytes()]).to_hex(), leaf, "RFC 6962 §2.1");
    assert!(note.contains("draw.unsealed") && note.contains(&format!("\"log\":\"{origin}\"")), "{note}");
}

/// Fetches the package and holds every file against the manifest.
fn dossier(ready: &Ready, token: &str) {
    let app = ready.app();
    let path = format!("/api/v1/draws/{}/dossier", ready.called.draw);
    app.get(token, &path).expect(400);
    let size = app.size();
    let package = app.get(token, &format!("{path}?purpose=归档")).expect(200);
    assert_eq!(app.size(), size + 1, "the fetch is an entry");
    assert_eq!(package.header("Content-Type"), "application/zip");
    let folder = app.fresh.folder.join(format!("dossier-{size}"));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("package.zip");
    std::fs::write(&file, &package.bytes).unwrap();
    // With a tool that is not ours.
    let python = std::env::var("EXPERT_DRAW_TEST_PYTHON").expect("EXPERT_DRAW_TEST_PYTHON: run `make test`");
    let done = std::process::Command::new(python)
        .args(["-m", "zipfile", "-e", file.to_str().unwrap(), folder.to_str().unwrap()])
        .status()
        .unwrap();
    assert!(done.success());
    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    assert_eq!(sha256(&[&manifest]).to_hex(), package.header("X-Manifest-Sha256"));
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["keep_until"], "2041-11-27", "fifteen years");
    let files = manifest["files"].as_array().unwrap();
    assert!(files.len() > 12, "{manifest}");
    for listed in files {
        let bytes = std::fs::read(folder.join(listed["path"].as_str().unwrap())).unwrap();
        assert_eq!(sha256(&[&bytes]).to_hex(), listed["sha256"].as_str().unwrap());
    }
    let all = std::fs::read_to_string(folder.join("day.json")).unwrap();
    assert!(all.contains("arrive") && !all.contains(&id_number(0)[..14]), "positions, no numbers");
    let mine = manifest["audience"] == "auditor";
    assert_eq!(folder.join("calls.json").exists(), mine);
    let evidence = std::fs::read_to_string(folder.join("evidence.json")).unwrap();
    assert_eq!(evidence.contains("\"candidates\""), mine, "people beside the panel are for the auditor");
}

fn nobody_is_named_before_they_stand_at_the_desk_of_their_own_venue(kind: Kind) {
    let ready = Ready::new(kind, 12).opened();
    let app = ready.app();
    let seats = ready.seats();
    let purpose = ready.path("/present?purpose=核对身份");
    let tokens = [&app.agency, &app.bureau, &app.auditor, &ready.desks[&1], &ready.desks[&2]];
    for token in tokens {
        assert!(!app.get(token, &ready.path("")).expect(200).text().contains("专家"));
        let present = app.get(token, &purpose);
        assert!(present.status == 403 || present.json()["items"] == json!([]), "{}", present.text());
    }
    app.get(&app.other_agency, &ready.path("")).problem(404, "not_found");
    let elsewhere = staff(app, "V1111111111111111");
    app.get(&elsewhere, &ready.path("")).problem(404, "not_found");
    let (position, site) = *seats.iter().find(|(_, site)| *site == 1).unwrap();
    let code = ready.seat(position).code.unwrap();
    let shown = json!({"code": code});
    let desk = |token: &str, shown: &Value| {
        let id = format!("desk-{}", app.size());
        app.post(token, &ready.path("/desk"), &id, shown)
    };
    desk(&ready.desks[&site], &shown).problem(409, "too_early");
    app.clock.set(Timestamp(start().0 - 3_600));
    let size = app.size();
    desk(&ready.desks[&2], &shown).problem(404, "not_expected");
    assert_eq!(app.size(), size + 1, "who asked in vain is recorded too");
    desk(&ready.desks[&site], &json!({"code": "12345678"})).problem(404, "not_expected");
    desk(&ready.desks[&site], &json!({})).expect(400);
    desk(&ready.desks[&site], &json!({"code": code, "id_kind": "111", "id_number": "1"})).expect(400);
    let named = desk(&ready.desks[&site], &shown).expect(200).json();
    let name = named["name"].as_str().unwrap().to_owned();
    assert!(name.starts_with("专家") && named["position"] == position, "{named}");
    // The same person by the identity document, whose number is compared and kept nowhere.
    let serial: u32 = name.trim_start_matches("专家").parse().unwrap();
    let document = json!({"id_kind": "111", "id_number": id_number(serial)});
    assert_eq!(desk(&ready.desks[&site], &document).expect(200).json()["name"], name);
    let stranger = (0..12).find(|n| {
        let document = json!({"id_kind": "111", "id_number": id_number(*n)});
        let found = desk(&ready.desks[&site], &document);
        found.status == 404
    });
    assert!(stranger.is_some(), "somebody of the pool is not expected here");

    let signed = ready.sign_in(position, site).expect(200).json();
    assert!(!signed.to_string().contains("专家"));
    ready.sign_in(position, site).expect(404);
    let here = app.get(&ready.desks[&1], &purpose).expect(200).json();
    assert_eq!((&here["items"][0]["name"], here["items"].as_array().unwrap().len()), (&json!(name), 1));
    assert_eq!(app.get(&ready.desks[&2], &purpose).expect(200).json()["items"], json!([]), "another site");
    assert_eq!(app.get(&app.agency, &purpose).expect(200).json()["items"][0]["name"], name);
    // A venue sees its own site only.
    let theirs = app.get(&ready.desks[&2], &ready.path("")).expect(200).json();
    assert!(theirs["members"].as_array().unwrap().iter().all(|member| member["site"] == 2), "{theirs}");
    let dump = app.fresh.dump();
    let number = id_number(serial);
    assert!(!dump.windows(number.len()).any(|window| window == number.as_bytes()));
    ready.called.is_sound();
}

fn an_expert_reads_the_discipline_before_the_suppliers_and_these_before_declaring(kind: Kind) {
    let ready = Ready::new(kind, 12).opened().in_the_morning();
    let app = ready.app();
    let seats = ready.seats();
    let (position, site) = seats[0];
    let draft = AccountDraft {
        expert: Some(ready.positions[&position].clone()),
        ..AccountDraft::new("expert", "专家", None, 30)
    };
    let token = app.service.found_account(&draft).unwrap().token.unwrap();
    let path = format!("/api/v1/me/invitations/{}", ready.invitation(position));
    let act = |what: &str, body: &Value| {
        let id = format!("{what}-{}", app.size());
        app.post(&token, &format!("{path}/{what}"), &id, body)
    };
    let before = app.get(&token, &format!("{path}/seat")).expect(200).json();
    for hidden in ["discipline", "station", "智慧校园"] {
        assert!(!before.to_string().contains(hidden), "{hidden}: {before}");
    }
    let digest = json!({"digest": sha256(&[DISCIPLINE.as_bytes()]).to_hex()});
    act("discipline", &digest).problem(409, "not_signed_in");
    act("suppliers", &json!({})).problem(409, "not_signed_in");
    ready.sign_in(position, site).expect(200);
    act("suppliers", &json!({})).problem(409, "discipline_first");
    act("declare", &json!({})).problem(409, "suppliers_first");
    act("discipline", &json!({"digest": "0".repeat(64)})).names(422, "digest", "digest");
    let read = act("discipline", &digest).expect(200).json();
    assert_eq!(read["discipline"], DISCIPLINE);
    assert!(read.get("code").is_none() && read["station"]["site"] == site, "{read}");
    act("declare", &json!({})).problem(409, "suppliers_first");
    let parties = act("suppliers", &json!({})).expect(200).json();
    assert_eq!(parties["suppliers"].as_array().unwrap().len(), 4);
    assert_eq!(parties["plan_no"], "HNYY-2026-1024");
    act("chair", &json!({"site": site, "workstation": "x"})).names(422, "workstation", "workstation");
    let own = read["station"].clone();
    act("chair", &own).problem(409, "declaration_first");
    assert!(act("declare", &json!({})).expect(200).json()["declared"].is_string());
    // One vote of three is no majority; two are.
    assert!(act("chair", &own).expect(200).json().get("chair").is_none());
    let (second, other) = seats[1];
    ready.sign_in(second, other).expect(200);
    ready.declares(second);
    let name = own["workstation"].as_str().unwrap();
    let voted = ready.votes(second, (u32::try_from(site).unwrap(), name));
    assert_eq!(voted.chair, Some((u32::try_from(site).unwrap(), name.to_owned())));
    ready.act("begin", &json!({})).problem(409, "not_ready");
    // Nobody of the outside finds an own seat here.
    let outsider = ready.called.experts.iter().find(|number| !ready.positions.values().any(|n| n == *number));
    let outsider = of_expert(outsider.unwrap());
    let refused = app.service.own_seat(&outsider, &ready.invitation(position)).unwrap_err();
    assert_eq!(refused.code, "not_found");
    ready.called.is_sound();
}

fn a_day_is_opened_once_with_everything_that_it_needs(kind: Kind) {
    let called = Called::new(kind, 12);
    let path = format!("/api/v1/draws/{}/day", called.draw);
    let open = called.who(InvitationState::Open);
    called.accept(&open[0]);
    let early = json!({"sites": [], "suppliers": [], "discipline": "x"});
    called.app.post(&called.app.agency, &path, "early", &early).problem(409, "not_filled");
    let ready = Ready::of(called);
    let app = ready.app();
    let wrong = |change: &dyn Fn(&mut Value), field: &str, rule: &str| {
        let mut body = ready.body();
        change(&mut body);
        let id = format!("wrong-{field}-{rule}");
        app.post(&app.agency, &path, &id, &body).names(422, field, rule);
    };
    let sites = |body: &mut Value| drop(body["sites"].as_array_mut().unwrap().pop());
    wrong(&sites, "sites", "sites");
    wrong(&|body| body["sites"][0]["venue"] = json!("V9999999999999999"), "sites[0].venue", "venue");
    wrong(
        &|body| body["sites"][0]["workstations"] = json!(["1室/1"]),
        "sites[0].workstations",
        "workstations",
    );
    wrong(
        &|body| body["sites"][0]["workstations"] = json!(["a", "a", "b"]),
        "sites[0].workstations",
        "workstations",
    );
    wrong(&|body| drop(body["suppliers"].as_array_mut().unwrap().remove(0)), "suppliers", "missing");
    wrong(&|body| body["suppliers"][1] = body["suppliers"][0].clone(), "suppliers", "duplicate_supplier");
    wrong(&|body| body["discipline"] = json!(" "), "discipline", "length");
    app.post(&app.other_agency, &path, "other", &ready.body()).problem(404, "not_found");
    app.post(&app.bureau, &path, "bureau", &ready.body()).problem(403, "not_permitted");
    let size = app.size();
    let made = app.post(&app.agency, &path, "open", &ready.body()).expect(201).json();
    assert_eq!((&made["state"], app.size()), (&json!("signing_in"), size + 1));
    assert_eq!(made["sign_in_to"], "2026-11-27T00:50:00Z", "as the invitations told");
    assert_eq!(app.post(&app.agency, &path, "open", &ready.body()).expect(201).json(), made);
    app.post(&app.agency, &path, "again", &ready.body()).expect(409);
    assert!(!app.get(&app.agency, &path).text().contains("suppliers\":"), "sealed with the case");
}
