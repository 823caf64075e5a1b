//! Draws to which others contribute: whole lives with supervisors, witnesses and a beacon; what is late, wrong
//! or missing; two processes at once. What comes out is verified by a stranger with their own file of parties.

use expert_draw::codec::{Hash, Json, to_hex};
use expert_draw::draw::contributions::Answer;
use expert_draw::draw::contributions::texts::AnswerText;
use expert_draw::evidence::Audience;
use expert_draw::evidence::verify::{Level, Report, verify_with};
use expert_draw::outside::asking::{Answerer, Relay, Trouble};
use expert_draw::ports::SystemEntropy;
use expert_draw::service::actor::Action;
use expert_draw::supervisor::{Supervisor, SupervisorError, package_tag};
use expert_draw::witness::keys::WitnessKeys;
use serde_json::{Value, json};

use crate::draws::{one, recorded};
use crate::roles::Operation;
use crate::shared_site::{Site, TestRelay, wait};
use crate::support::{Kind, on_both};

on_both! {
    supervisors_and_witnesses_decide_a_draw_with_the_operator
    a_called_draw_that_waits_for_others_holds_up_no_other
    a_draw_is_not_decided_before_every_witness_that_it_names_has_dated_it
    two_runs_of_the_supervisors_tool_keep_every_nonce
    a_draw_waits_for_whoever_is_missing_and_ends_in_a_void_at_the_deadline
    a_witness_that_cosigned_another_history_is_not_believed
    a_nonce_counts_once_as_committed_and_in_time
    one_supervisor_does_not_fill_the_room_of_the_others
    whoever_has_declared_to_release_nothing_makes_the_void_blind
    a_beacon_lifts_a_draw_and_no_relay_can_bend_it
    fewer_contributors_than_the_profile_asks_for_draw_nothing
    two_processes_gather_every_contribution_once
    a_kill_between_contributions_changes_nothing
    the_supervisors_tool_reveals_once_after_it_has_seen_the_commitment
}

pub fn operations() -> Vec<Operation> {
    use Action::*;
    let hex = "00".repeat(32);
    let signature = "00".repeat(64);
    let nonce = json!({"key": hex, "commitment": hex, "package_tag": signature, "attempt": 1, "signature": signature});
    vec![
        ("GET", "/packages/{id}/next-attempt", FileContribution, Value::Null),
        ("POST", "/nonces", FileContribution, nonce),
        ("GET", "/draws/{id}/contributions", ReadContributions, Value::Null),
        (
            "POST",
            "/draws/{id}/reveals",
            FileContribution,
            json!({"key": hex, "nonce": hex, "signature": signature}),
        ),
        (
            "POST",
            "/draws/{id}/not-released",
            FileContribution,
            json!({"key": hex, "stated": 1, "signature": signature}),
        ),
    ]
}

const DRAWS: &str = "/api/v1/draws";

pub fn people(site: &Site) {
    for serial in 0..8 {
        let mut one = crate::app::expert(serial);
        one["employments"][0]["unit"] = json!(crate::app::credit_code(100 + serial));
        one["past"] = json!([]);
        one["e_evaluation"] = json!("yes");
        let app = &site.app;
        app.post(&app.bureau, "/api/v1/experts", &format!("pool-{serial}"), &one).expect(201);
    }
}

pub fn request(package: &str) -> Value {
    json!({
        "package": package,
        "review_start": "2026-11-27T01:00:00Z",
        "groups": [{"speciality": "ndrc316:A0832", "within": ["430000"], "except": [], "seats": 3, "site": 1}]
    })
}

/// A package with nonces of all supervisors on file.
pub fn committed_to(site: &Site, number: u32) -> String {
    let package = recorded(&site.app, number);
    for n in 0..site.supervisors.len() {
        site.commit(n, &package, [10 + n as u8; 32]).expect(201);
    }
    package
}

pub fn ask_for(site: &Site, package: &str) -> Value {
    let app = &site.app;
    app.post(&app.agency, DRAWS, &format!("draw-{package}"), &request(package)).expect(201).json()
}

pub fn state(site: &Site, draw: &Value) -> String {
    let seen = site.app.get(&site.app.bureau, &one(draw)).expect(200).json();
    seen["state"].as_str().unwrap().to_owned()
}

pub fn judged(site: &Site, draw: &Value) -> Report {
    let file = site.app.ask("GET", &format!("{}/evidence", one(draw)), &[], b"").expect(200);
    let report = verify_with(&file.bytes, &site.policy(), Some(&site.parties()), Some(Audience::Public));
    assert!(report.verified(), "{:?}", report.checks.iter().find(|check| !check.passed));
    // The verifier in Python says the same, and of the same worth.
    let (policy, parties) = (site.policy_text(), site.parties_text());
    let theirs = crate::second_verifier::says(&site.app.fresh.folder, &file.bytes, &policy, Some(&parties));
    let ours: Value = serde_json::from_slice(&report.to_json().canonical()).unwrap();
    crate::second_verifier::same(&ours, &theirs);
    report
}

pub fn reveal_all(site: &Site, draw: &Value) {
    for n in 0..site.supervisors.len() {
        site.reveal(n, draw, [10 + n as u8; 32]).expect(200);
    }
}

fn supervisors_and_witnesses_decide_a_draw_with_the_operator(kind: Kind) {
    let site = Site::new(kind, 2, 2, false);
    people(&site);
    let package = committed_to(&site, 1);
    let draw = ask_for(&site, &package);
    assert_eq!(state(&site, &draw), "committed");
    let standing = site.standing(&draw);
    let kinds: Vec<&str> =
        standing["contributions"].as_array().unwrap().iter().map(|c| c["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["nonce", "nonce", "operator", "witness", "witness"]);
    assert_eq!((&standing["state"], &standing["at_most"]), (&json!("waiting"), &json!("witnessed")));
    // No witness answers before it has seen the operator's part, which waits for the nonces.
    site.push();
    assert_eq!((site.ask(0), site.ask(1)), (0, 0));
    reveal_all(&site, &draw);
    assert!(site.standing(&draw)["contributions"][2]["entry"].is_u64(), "the operator has contributed");
    assert_eq!(site.ask(0), 0, "no head covers it yet");
    site.push();
    assert_eq!((site.ask(0), site.ask(1)), (1, 1));
    assert_eq!(site.standing(&draw)["state"], "decided");
    assert_eq!(state(&site, &draw), "committed", "until the witnesses have dated it");
    site.push();
    site.app.service.advance_contributions().unwrap();
    assert_eq!(state(&site, &draw), "drawn");
    site.push();
    let report = judged(&site, &draw);
    let facts = report.facts.shared.as_ref().unwrap();
    assert_eq!((facts.level, facts.missing, facts.contributors.len()), (Level::Witnessed, 0, 5));
    assert!(facts.committed_by.is_some() && facts.decided_by.is_some());
    assert_eq!(site.app.fsck(), Vec::<String>::new());
    assert_eq!((site.ask(0), site.ask(1)), (0, 0), "asked once");
}

pub fn void(site: &Site, draw: &Value, reason: &str) {
    let path = format!("{}/void", one(draw));
    site.app.post(&site.app.agency, &path, &format!("void-{reason}"), &json!({"reason": reason})).expect(200);
    site.app
        .post(&site.app.bureau, &format!("{path}/confirm"), &format!("ok-{reason}"), &json!({}))
        .expect(200);
}

fn a_called_draw_that_waits_for_others_holds_up_no_other(kind: Kind) {
    let site = Site::new(kind, 0, 1, false);
    people(&site);
    let app = &site.app;
    let agency = app.service.authenticate(&app.agency).unwrap();
    let ask = |number: u32| {
        let mut draft = crate::calls::draft(&recorded(app, number), crate::calls::start(), 2);
        draft.groups.truncate(1);
        if let Some(calls) = &mut draft.calls {
            calls.sites.truncate(1);
        }
        let key = crate::calls::key(&format!("called-{number}"));
        app.service.request_draw(&agency, &draft, &key).map(|draw| draw.state)
    };
    // Each waits for its witness, for hours perhaps.
    for number in 1..4 {
        assert_eq!(ask(number).map_err(|refusal| refusal.code), Ok("committed".into()), "{number}");
    }
}

fn a_draw_is_not_decided_before_every_witness_that_it_names_has_dated_it(kind: Kind) {
    let site = Site::new(kind, 0, 2, false);
    people(&site);
    let draw = ask_for(&site, &committed_to(&site, 1));
    site.push();
    assert_eq!((site.ask(0), site.ask(1)), (1, 1));
    let push = |n: usize| site.app.service.push_to(&site.witnesses[n].0, &site.witnesses[n].1).unwrap();
    push(0);
    // However long the other takes: an auditor whose quorum is both would refuse the file.
    wait(&site.app.clock, 90);
    site.app.service.advance_contributions().unwrap();
    assert_eq!(state(&site, &draw), "committed");
    push(1);
    site.app.service.advance_contributions().unwrap();
    assert_eq!(state(&site, &draw), "drawn");
    site.push();
    assert_eq!(judged(&site, &draw).facts.shared.unwrap().level, Level::Witnessed);
}

fn two_runs_of_the_supervisors_tool_keep_every_nonce(kind: Kind) {
    let site = Site::new(kind, 0, 0, false);
    let folder = &site.app.fresh.folder;
    let (key, state) = (folder.join("own.pem"), folder.join("own.json"));
    let tool = Supervisor::create(&key, &SystemEntropy).unwrap();
    let tag = package_tag(&"ab".repeat(64)).unwrap();
    let log = site.origin();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for attempt in 1..=20 {
                    tool.commit(&state, log.as_str(), &tag, attempt, &SystemEntropy).unwrap();
                }
            });
        }
    });
    let kept = std::fs::read_to_string(&state).unwrap();
    assert_eq!(kept.matches("\"commitment\"").count(), 40);
}

fn a_draw_waits_for_whoever_is_missing_and_ends_in_a_void_at_the_deadline(kind: Kind) {
    let site = Site::new(kind, 0, 2, false);
    people(&site);
    let package = committed_to(&site, 1);
    let draw = ask_for(&site, &package);
    site.push();
    assert_eq!(site.ask(0), 1);
    site.push();
    // An open draw can be looked at: what stands agrees with its commitment.
    let open = judged(&site, &draw);
    assert_eq!(open.facts.shared.as_ref().unwrap().missing, 1);
    wait(&site.app.clock, 120 * 60 + 1);
    assert_eq!(site.ask(1), 0, "after the deadline nobody is asked");
    site.app.service.advance_contributions().unwrap();
    assert_eq!(
        (state(&site, &draw).as_str(), &site.standing(&draw)["state"]),
        ("committed", &json!("overdue"))
    );
    void(&site, &draw, "contribution_missing");
    site.push();
    let report = judged(&site, &draw);
    let facts = report.facts.shared.as_ref().unwrap();
    assert_eq!((facts.missing, facts.seen_voids, facts.blind_voids), (1, 1, 0));
    // One repeat, and no further one.
    let again = site.app.post(&site.app.agency, DRAWS, "again", &request(&package)).expect(201).json();
    assert_eq!(again["attempt"], 2);
    void(&site, &again, "request_wrong");
    site.app.post(&site.app.agency, DRAWS, "third", &request(&package)).problem(409, "attempts_used_up");
    assert_eq!(site.app.fsck(), Vec::<String>::new());
}

/// A witness that names, with its own signature, another head than it was asked about.
struct Elsewhere<'a>(&'a Site, fn(&mut Answer));

impl Answerer for Elsewhere<'_> {
    fn answer(&self, request: &[u8]) -> Result<Json, Trouble> {
        let honest = self.0.witnesses[0].1.answer(request)?;
        let (log, index, mut said) = Answer::read_published(&honest).unwrap();
        (self.1)(&mut said);
        let Answer { alpha, key, proof, size, root, answered, .. } = &said;
        let text = AnswerText { index, alpha, key, proof, size: *size, root, answered: *answered }
            .text(&self.0.origin());
        let keys = WitnessKeys::load(&self.0.app.fresh.folder.join("witness-1/keys")).unwrap();
        let Json::Map(mut map) = honest else { unreachable!() };
        map.insert("size".into(), said.size.into());
        map.insert("root".into(), said.root.to_hex().into());
        map.insert("signature".into(), to_hex(&keys.sign(text.as_bytes())).into());
        assert_eq!(log, self.0.origin().as_str());
        Ok(Json::Map(map))
    }
}

fn a_witness_that_cosigned_another_history_is_not_believed(kind: Kind) {
    let site = Site::new(kind, 0, 1, false);
    people(&site);
    let draw = ask_for(&site, &committed_to(&site, 1));
    site.push();
    let ask = |change: fn(&mut Answer)| {
        site.app.service.ask_witness(&site.witnesses[0].0, &Elsewhere(&site, change)).unwrap()
    };
    assert_eq!(ask(|said| said.root = Hash([7; 32])), 0);
    assert_eq!(ask(|said| said.size += 1_000), 0);
    assert_eq!(ask(|said| said.size = 0), 0);
    assert!(site.standing(&draw)["contributions"][1]["entry"].is_null(), "nothing was written");
    assert_eq!(ask(|_| {}), 1);
    site.push();
    site.app.service.advance_contributions().unwrap();
    site.push();
    assert_eq!(judged(&site, &draw).facts.shared.unwrap().level, Level::Witnessed);
}

fn a_nonce_counts_once_as_committed_and_in_time(kind: Kind) {
    let site = Site::new(kind, 1, 0, false);
    people(&site);
    let package = recorded(&site.app, 1);
    site.commit(0, &package, [1; 32]).expect(201);
    // The newest commitment in force before the draw is the one that counts.
    site.commit(0, &package, [2; 32]).expect(201);
    let filed = site.commit(0, &package, [2; 32]).expect(201).json();
    let draw = ask_for(&site, &package);
    let next = format!("/api/v1/packages/{package}/next-attempt");
    site.app.get(&site.app.bureau, &next).problem(409, "wrong_state");
    site.reveal(0, &draw, [1; 32]).problem(409, "contribution_refused");
    site.reveal(0, &draw, [3; 32]).problem(409, "contribution_refused");
    assert_eq!(state(&site, &draw), "committed");
    site.reveal(0, &draw, [2; 32]).expect(200);
    assert_eq!(state(&site, &draw), "drawn");
    site.reveal(0, &draw, [2; 32]).expect(200);
    assert!(filed["entry"].is_u64());
    assert_eq!(judged(&site, &draw).facts.shared.unwrap().level, Level::Witnessed);
    // Too late.
    let package = recorded(&site.app, 2);
    site.commit(0, &package, [4; 32]).expect(201);
    let mut asked = request(&package);
    asked["review_start"] = json!("2026-11-28T01:00:00Z");
    let late = site.app.post(&site.app.agency, DRAWS, "late", &asked).expect(201).json();
    wait(&site.app.clock, 120 * 60 + 1);
    site.reveal(0, &late, [4; 32]).problem(409, "past_deadline");
    let wrong = json!({"key": "xyz", "nonce": "00", "signature": ""});
    let path = format!("{}/reveals", one(&late));
    site.app.post(&site.app.bureau, &path, "shape", &wrong).names(422, "key", "hex");
}

fn one_supervisor_does_not_fill_the_room_of_the_others(kind: Kind) {
    let site = Site::new(kind, 2, 0, false);
    people(&site);
    let package = recorded(&site.app, 1);
    for n in 0..8 {
        site.commit(0, &package, [n; 32]).expect(201);
    }
    site.commit(0, &package, [8; 32]).problem(409, "too_many");
    site.commit(0, &package, [7; 32]).expect(201);
    site.commit(1, &package, [9; 32]).expect(201);
    let draw = ask_for(&site, &package);
    site.reveal(0, &draw, [7; 32]).expect(200);
    site.reveal(1, &draw, [9; 32]).expect(200);
    assert_eq!(state(&site, &draw), "drawn");
}

fn whoever_has_declared_to_release_nothing_makes_the_void_blind(kind: Kind) {
    let site = Site::new(kind, 2, 0, false);
    people(&site);
    let package = committed_to(&site, 1);
    let draw = ask_for(&site, &package);
    site.withhold(0, &draw).expect(200);
    site.reveal(0, &draw, [10; 32]).problem(409, "not_released");
    site.reveal(1, &draw, [11; 32]).expect(200);
    site.withhold(1, &draw).problem(409, "contributed");
    void(&site, &draw, "procurement_ended");
    let facts = judged(&site, &draw).facts.shared.unwrap();
    assert_eq!((facts.blind_voids, facts.seen_voids), (1, 0));
    // A blind void is nobody's second chance, so it uses none up.
    for attempt in 2..=3 {
        for n in 0..2 {
            site.commit(n, &package, [10 + n as u8; 32]).expect(201);
        }
        let key = format!("attempt-{attempt}");
        let next = site.app.post(&site.app.agency, DRAWS, &key, &request(&package)).expect(201).json();
        assert_eq!(next["attempt"], attempt);
        let path = format!("{}/void", one(&next));
        let body = json!({"reason": "request_wrong"});
        site.app.post(&site.app.agency, &path, &format!("v-{attempt}"), &body).expect(200);
        let confirm = format!("{path}/confirm");
        site.app.post(&site.app.bureau, &confirm, &format!("c-{attempt}"), &json!({})).expect(200);
    }
}

fn a_beacon_lifts_a_draw_and_no_relay_can_bend_it(kind: Kind) {
    let site = Site::new(kind, 0, 1, true);
    people(&site);
    let package = committed_to(&site, 1);
    let draw = ask_for(&site, &package);
    site.push();
    assert_eq!(site.ask(0), 1);
    site.push();
    let relay = |change| -> Box<dyn Relay> { Box::new(TestRelay { secret: site.beacon.clone(), change }) };
    let honest = [relay(|_| {})];
    assert_eq!(site.app.service.ask_beacon(&honest).unwrap(), 0, "before its time nobody is asked");
    let due = site.standing(&draw)["contributions"][2].clone();
    assert!(due["due"].is_string() && due["round"].is_u64(), "{due}");
    wait(&site.app.clock, 61 * 60);
    let lying = [
        relay(|round| round.round += 1),
        relay(|round| round.signature[5] ^= 1),
        relay(|round| round.signature.truncate(20)),
        relay(|round| round.previous = Some(vec![1; 96])),
    ];
    assert_eq!(site.app.service.ask_beacon(&lying).unwrap(), 0);
    assert_eq!(site.standing(&draw)["state"], "waiting");
    let mixed = [relay(|round| round.signature[5] ^= 1), relay(|_| {})];
    assert_eq!(site.app.service.ask_beacon(&mixed).unwrap(), 1);
    site.push();
    site.app.service.advance_contributions().unwrap();
    assert_eq!(state(&site, &draw), "drawn");
    site.push();
    let report = judged(&site, &draw);
    let facts = report.facts.shared.as_ref().unwrap();
    assert_eq!((facts.level, facts.beacon_remark), (Level::Beacon, None));
}

fn fewer_contributors_than_the_profile_asks_for_draw_nothing(kind: Kind) {
    let site = Site::new(kind, 2, 1, false);
    people(&site);
    let package = recorded(&site.app, 1);
    site.commit(0, &package, [1; 32]).expect(201);
    let before = site.app.size();
    site.app.post(&site.app.agency, DRAWS, "d", &request(&package)).problem(409, "contributors_missing");
    assert_eq!(site.app.size(), before, "nothing was written");
    site.commit(1, &package, [2; 32]).expect(201);
    site.app.post(&site.app.agency, DRAWS, "d2", &request(&package)).expect(201);
    // A stranger's signature files nothing.
    let other = recorded(&site.app, 2);
    let path = format!("/api/v1/packages/{other}/next-attempt");
    let next = site.app.get(&site.app.bureau, &path).expect(200).json();
    let body = json!({"key": site.key(0).to_hex(), "commitment": "01".repeat(32),
                      "package_tag": next["package_tag"], "attempt": 1, "signature": "02".repeat(64)});
    site.app.post(&site.app.bureau, "/api/v1/nonces", "forged", &body).names(422, "signature", "signature");
    let mut unknown = body.clone();
    unknown["key"] = json!("03".repeat(32));
    site.app.post(&site.app.bureau, "/api/v1/nonces", "unknown", &unknown).names(422, "key", "unknown_key");
}

fn two_processes_gather_every_contribution_once(kind: Kind) {
    let site = Site::new(kind, 1, 2, false);
    people(&site);
    let package = committed_to(&site, 1);
    let draw = ask_for(&site, &package);
    reveal_all(&site, &draw);
    site.push();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            for n in 0..2 {
                let site = &site;
                scope.spawn(move || {
                    let _ = site.ask(n);
                    let _ = site.app.service.advance_contributions();
                });
            }
        }
    });
    site.push();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let site = &site;
            scope.spawn(move || site.app.service.advance_contributions().unwrap());
        }
    });
    assert_eq!(state(&site, &draw), "drawn");
    site.push();
    assert_eq!(judged(&site, &draw).facts.shared.unwrap().contributors.len(), 4);
    assert_eq!(site.app.fsck(), Vec::<String>::new());
}

fn a_kill_between_contributions_changes_nothing(kind: Kind) {
    let site = Site::new(kind, 1, 0, false);
    people(&site);
    let package = committed_to(&site, 1);
    let draw = ask_for(&site, &package);
    // Another process finds what this one left: it waits, and goes on when the nonce is there.
    let second = site.app.second_process();
    assert_eq!(state(&site, &draw), "committed");
    reveal_all(&site, &draw);
    assert_eq!(state(&site, &draw), "drawn");
    second.advance_contributions().unwrap();
    assert_eq!(judged(&site, &draw).facts.shared.unwrap().level, Level::Witnessed);
}

fn the_supervisors_tool_reveals_once_after_it_has_seen_the_commitment(kind: Kind) {
    let site = Site::new(kind, 1, 1, false);
    people(&site);
    let folder = site.app.fresh.folder.join("supervisor");
    std::fs::create_dir(&folder).unwrap();
    let (key, state) = (folder.join("key.pem"), folder.join("nonces.json"));
    let tool = Supervisor::create(&key, &SystemEntropy).unwrap();
    site.register_supervisor(tool.public());
    let package = recorded(&site.app, 1);
    let next = site
        .app
        .get(&site.app.bureau, &format!("/api/v1/packages/{package}/next-attempt"))
        .expect(200)
        .json();
    let tag = package_tag(next["package_tag"].as_str().unwrap()).unwrap();
    let body = tool.commit(&state, next["log"].as_str().unwrap(), &tag, 1, &SystemEntropy).unwrap();
    let body: Value = serde_json::from_slice(&body.canonical()).unwrap();
    site.app.post(&site.app.bureau, "/api/v1/nonces", "tool", &body).expect(201);
    site.commit(0, &package, [10; 32]).expect(201);
    let draw = ask_for(&site, &package);
    let file = || site.app.ask("GET", &format!("{}/evidence", one(&draw)), &[], b"").expect(200).bytes;
    // Not yet in a head with the quorum of the supervisor's own policy.
    let early = tool.reveal(&state, &file(), &site.policy()).unwrap_err();
    assert!(matches!(early, SupervisorError::Refused { .. } | SupervisorError::NotDated), "{early}");
    site.push();
    let body = tool.reveal(&state, &file(), &site.policy()).unwrap();
    let again = Supervisor::load(&key).unwrap().reveal(&state, &file(), &site.policy()).unwrap();
    assert_eq!(body, again, "the same draw gets the same word");
    let other = tool.withhold(&state, &file(), &site.policy(), 1_795_485_700).unwrap_err();
    assert!(matches!(other, SupervisorError::Declared));
    let body: Value = serde_json::from_slice(&body.canonical()).unwrap();
    site.app.post(&site.app.bureau, &format!("{}/reveals", one(&draw)), "tool-reveal", &body).expect(200);
    site.push();
    // The same commitment in another draw (a void, and the next attempt under the same number elsewhere) gets
    // nothing: the state file knows the alpha. A spoilt file gets nothing either.
    let mut spoilt = file();
    let at = spoilt.len() / 2;
    spoilt[at] ^= 1;
    assert!(matches!(
        tool.reveal(&state, &spoilt, &site.policy()).unwrap_err(),
        SupervisorError::Refused { .. }
    ));
    let stranger = Supervisor::create(&folder.join("other.pem"), &SystemEntropy).unwrap();
    assert!(matches!(
        stranger.reveal(&state, &file(), &site.policy()).unwrap_err(),
        SupervisorError::NotNamed
    ));
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert!(matches!(Supervisor::load(&key), Err(SupervisorError::Mode(_))));
}
