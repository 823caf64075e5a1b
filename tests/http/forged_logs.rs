//! Logs that break a rule although every signature and the tree are right: the operator has written them with its
//! own keys. Each is named by an audit (`api-spec/audit-v1.md` §3).

use std::collections::BTreeMap;

use ed25519_dalek::{Signer, SigningKey};
use expert_draw::audit::source::Source;
use expert_draw::audit::state::State;
use expert_draw::codec::{Hash, Json, to_hex};
use expert_draw::draw::commitment::Commitment;
use expert_draw::draw::tags::tags;
use expert_draw::log::opened::LogOpened;
use expert_draw::log::{
    Algorithm, Checkpoint, KeyName, KeyRegistered, KeyRetired, KeyUse, Policy, RetiredBecause, SignedNote,
    Statement, TagsMoved, VerifierKey, cosign, key_digest, merkle, sign_note,
};
use expert_draw::ports::LogSigner;
use expert_draw::service::actor::{Actor, Role};
use serde_json::json;

use crate::app::TestApp;
use crate::audited::{Asked, Changed, Forged, Served};
use crate::draws::{drawn, one, pool, recorded, request};
use crate::second_verifier::sealed;
use crate::support::{Kind, on_both};

on_both! {
    an_entry_of_no_known_form_or_backwards_in_time_is_named
    an_entry_about_a_key_that_breaks_a_rule_is_named
    a_commitment_to_a_key_out_of_force_or_to_a_far_deadline_is_named
    entries_dated_against_the_witnesses_clocks_are_named
    a_compromised_key_is_named_and_the_log_stays_clean
    a_tag_moved_to_another_package_is_named_once_a_number_is_opened
}

/// The body of an entry about a record, which nothing rests on.
fn record() -> Json {
    Json::Map(BTreeMap::from([("image".into(), Json::from(Hash([1; 32])))]))
}

fn administrator() -> Actor {
    Actor::of_role("console", Role::Administrator)
}

fn an_entry_of_no_known_form_or_backwards_in_time_is_named(kind: Kind) {
    let app = TestApp::new(kind);
    drawn(&app);
    let asked = Asked::new(&app);
    let with = |kind: &str, later: i64, body: &Json| {
        let mut forged = Forged::of(&app);
        let time = forged.time() + later;
        forged.say(kind, time, body);
        asked.names(&forged)
    };
    assert_eq!(with("access.recorded", 0, &record()), [""; 0]);
    assert_eq!(with("access.recorded", -1, &record()), ["time"]);
    assert_eq!(with("expert.preferred", 0, &record()), ["type"]);
    assert_eq!(with(Commitment::TYPE, 0, &record()), ["type"]);
    let opened = Forged::of(&app).statements[0].body_json();
    assert_eq!(with(LogOpened::TYPE, 0, &opened), ["statement"]);
}

fn an_entry_about_a_key_that_breaks_a_rule_is_named(kind: Kind) {
    let app = TestApp::new(kind);
    let asked = Asked::new(&app);
    let with = |kind: &str, body: Json| {
        let mut forged = Forged::of(&app);
        let time = forged.time();
        forged.say(kind, time, &body);
        asked.names(&forged)
    };
    let key = app.service.keys().in_force(KeyUse::DrawVrf);
    let retired = |key: Hash| Json::from(KeyRetired { key, reason: RetiredBecause::Retired }.fields());
    assert_eq!(with(KeyRetired::TYPE, retired(key_digest(&key))), ["key"], "it is in force");
    assert_eq!(with(KeyRetired::TYPE, retired(Hash([7; 32]))), ["key"], "nobody knows it");
    let supervisor = |key: [u8; 32]| {
        let (usage, name) = (KeyUse::Supervisor, Some("监督".to_owned()));
        Json::from(KeyRegistered { usage, key, proof: None, name, witness: None }.fields())
    };
    let fresh = SigningKey::from_bytes(&[9; 32]).verifying_key().to_bytes();
    assert_eq!(with(KeyRegistered::TYPE, supervisor(fresh)), [""; 0]);
    let known = app.service.keys().in_force(KeyUse::Log);
    assert_eq!(with(KeyRegistered::TYPE, supervisor(known)), ["key"], "registered before, for another use");
}

fn a_commitment_to_a_key_out_of_force_or_to_a_far_deadline_is_named(kind: Kind) {
    let app = TestApp::new(kind);
    drawn(&app);
    let asked = Asked::new(&app);
    let again = |change: &dyn Fn(&mut Commitment)| {
        let mut forged = Forged::of(&app);
        let index = forged.find(Commitment::TYPE);
        let mut said = Commitment::read(&forged.statements[index].body_json()).unwrap();
        // As if it were of another package, so that only what is changed is wrong.
        said.package_tag.0[0] ^= 1;
        change(&mut said);
        let time = forged.time();
        said.deadline += time - forged.statements[index].time();
        forged.say(Commitment::TYPE, time, &Json::from(said.fields()));
        asked.names(&forged)
    };
    assert_eq!(again(&|_| {}), [""; 0]);
    assert_eq!(again(&|said| said.tag_key = Hash([5; 32])), ["commitment_keys"]);
    assert_eq!(again(&|said| said.deadline += 7 * 86_400), ["deadline"]);
}

fn entries_dated_against_the_witnesses_clocks_are_named(kind: Kind) {
    let app = TestApp::new(kind);
    drawn(&app);
    let witness = SigningKey::from_bytes(&[4; 32]);
    let name = KeyName::new("witness.example/clock").unwrap();
    let public = witness.verifying_key().to_bytes();
    let key = VerifierKey::new(name, Algorithm::CosignatureV1, public).unwrap();
    let mut asked = Asked::new(&app);
    let log = app.service.keys().trust_policy();
    let log = log.lines().find(|line| line.starts_with("log ")).unwrap().to_owned();
    asked.policy = Policy::parse(format!("{log}\nwitness clock {key}\nquorum clock\n").as_bytes()).unwrap();
    // A head of some size, cosigned so many seconds after the last entry.
    let named = |size: usize, later: i64| {
        let mut forged = Forged::of(&app);
        let date = forged.time() + later;
        let leaves: Vec<Hash> = forged.statements[..size].iter().map(Statement::leaf_hash).collect();
        let root = merkle::root(&leaves);
        let head = Checkpoint { origin: forged.origin.clone(), size: size as u64, root };
        let log = forged.keys.log_key();
        let sign = |text: &[u8]| forged.keys.sign(log, text).unwrap();
        let mut note = sign_note(&head.to_text(), log, sign).unwrap();
        note.add(cosign(&head, date, &key, |text| witness.sign(text).to_bytes()).unwrap()).unwrap();
        forged.heads = Some(note.to_string().into_bytes());
        // The newest head has its cosignature too, so that the policy takes it.
        let mut newest = SignedNote::parse(&forged.get("checkpoint").unwrap().unwrap()).unwrap();
        let head = Checkpoint::from_note(&newest).unwrap();
        newest.add(cosign(&head, date, &key, |text| witness.sign(text).to_bytes()).unwrap()).unwrap();
        let mut served = Changed::new(&forged);
        served.files.insert("checkpoint".into(), Some(newest.to_string().into_bytes()));
        asked.names(&served)
    };
    let all = Forged::of(&app).statements.len();
    assert_eq!(named(all, 0), [""; 0]);
    assert_eq!(named(all, -300), [""; 0]);
    assert_eq!(named(all, -301), ["clock"], "an entry from the future");
    assert_eq!(named(all - 1, 300), [""; 0]);
    assert_eq!(named(all - 1, 301), ["clock"], "an entry that is dated back behind a head without it");
}

fn a_compromised_key_is_named_and_the_log_stays_clean(kind: Kind) {
    let app = TestApp::new(kind);
    drawn(&app);
    let rotated = app.service.rotate_key(&administrator(), KeyUse::Statements).unwrap();
    let reason = RetiredBecause::Compromised { doubtful_from: 3 };
    app.service.retire_key(&administrator(), KeyRetired { key: rotated.before, reason }).unwrap();
    let served = Served(&app);
    let report = Asked::new(&app).with(&served).run(&served, &mut State::default()).unwrap();
    let names: Vec<&str> = report.findings.iter().map(|found| found.name).collect();
    assert_eq!(names, ["doubtful"]);
    assert!(report.is_clean());
    assert_eq!(report.findings[0].index, Some(3));
    assert!(report.findings[0].detail.contains(&rotated.before.to_hex()));
}

/// An evidence file as it would be made of another history: its entries with other proofs, under its head.
fn of_history(file: &[u8], forged: &Forged) -> Vec<u8> {
    let mut file: serde_json::Value = serde_json::from_slice(file).unwrap();
    let leaves: Vec<Hash> = forged.statements.iter().map(Statement::leaf_hash).collect();
    for entry in file["entries"].as_array_mut().unwrap() {
        let proof = merkle::inclusion_proof(&leaves, entry["index"].as_u64().unwrap()).unwrap();
        entry["proof"] = proof.iter().map(|hash| json!(hash.to_hex())).collect();
    }
    file["checkpoint"] = json!(String::from_utf8(forged.get("checkpoint").unwrap().unwrap()).unwrap());
    file.as_object_mut().unwrap().remove("digest");
    sealed(file)
}

fn a_tag_moved_to_another_package_is_named_once_a_number_is_opened(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 8);
    let make = |number: u32| {
        let id = recorded(&app, number);
        app.post(&app.agency, "/api/v1/draws", &format!("draw-{number}"), &request(&id, 2)).expect(201).json()
    };
    let unseal = |draw: &serde_json::Value, key: &str| {
        let announced = json!({ "announcement": format!("岳采公告2026-{key}") });
        app.post(&app.bureau, &format!("{}/unseal", one(draw)), key, &announced).expect(200);
    };
    let voided = make(1);
    let other = make(2);
    unseal(&other, "2");
    let old_tag = app.service.keys().vrf(&key_digest(&app.service.keys().in_force(KeyUse::TagVrf))).unwrap();
    app.service.rotate_key(&administrator(), KeyUse::TagVrf).unwrap();
    let path = format!("{}/void", one(&voided));
    app.post(&app.agency, &path, "void", &json!({"reason": "request_wrong"})).expect(200);
    app.post(&app.bureau, &format!("{path}/confirm"), "ok", &json!({})).expect(200);
    let again = request(voided["package"].as_str().unwrap(), 2);
    let again = app.post(&app.agency, "/api/v1/draws", "again", &again).expect(201).json();
    unseal(&again, "1");
    let served = Served(&app);
    let report = Asked::new(&app).with(&served).run(&served, &mut State::default()).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let newest = report.draws.last().unwrap().index;
    let package = report.packages.iter().find(|package| package.draws.len() == 2).unwrap();
    assert_eq!(
        package.tag,
        Commitment::read(&Forged::of(&app).statements[newest as usize].body_json()).unwrap().package_tag.0,
        "the tag of its newest draw"
    );
    // The operator says that the second attempt belongs to the other package, with the tag and proof of that one.
    let mut forged = Forged::of(&app);
    let index = forged.find(TagsMoved::TYPE);
    let mut said = TagsMoved::read(&forged.statements[index].body_json()).unwrap();
    let honest = said.clone();
    let theirs = tags(old_tag.vrf().unwrap(), "HNYY-2026-1024", "2").unwrap();
    said.packages[0].from = theirs.package.0;
    said.packages[0].from_proof = *theirs.package_proof.as_bytes();
    let mut replace = |said: &TagsMoved| {
        let Json::Map(body) = Json::from(said.fields()) else { unreachable!() };
        let time = forged.statements[index].time();
        let statement = Statement::new(TagsMoved::TYPE, forged.origin.clone(), time, body).unwrap();
        forged.statements[index] = statement;
        let path = format!("draws/{newest}");
        let file = of_history(&served.get(&path).unwrap().unwrap(), &forged);
        let mut files = Changed::new(&served);
        files.files.insert(path, Some(file));
        let names = Asked::new(&app).with(&files).names(&forged);
        names.into_iter().filter(|name| !name.starts_with("evidence")).collect::<Vec<_>>()
    };
    assert_eq!(replace(&honest), [""; 0]);
    let names = replace(&said);
    assert!(names.contains(&"tags_moved") && names.contains(&"predecessor"), "{names:?}");
    // Or moves it under a proof that does not give the tag, or to a key that is not in force.
    let mut unproven = honest.clone();
    unproven.packages[0].from_proof = said.packages[0].from_proof;
    assert!(replace(&unproven).contains(&"tags_moved"), "{}", to_hex(&unproven.packages[0].from));
    let mut elsewhere = honest;
    elsewhere.to = elsewhere.from;
    assert!(replace(&elsewhere).contains(&"tags_moved"));
}
