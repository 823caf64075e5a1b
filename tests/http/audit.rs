//! The audit of a whole log: over HTTP, from a directory, and of logs that a cheating operator has written anew
//! with the real keys (`api-spec/threats.md`). Each trick is named.

use std::collections::BTreeMap;

use expert_draw::audit::AuditError;
use expert_draw::audit::source::{Folder, Source};
use expert_draw::audit::state::State;
use expert_draw::codec::{Hash, Json};
use expert_draw::draw::commitment::Commitment;
use expert_draw::draw::contributions::Answer;
use expert_draw::draw::statements::{Drawn, VoidReason};
use expert_draw::keys::Keys;
use expert_draw::log::Statement;
use expert_draw::ports::SystemEntropy;
use expert_draw::service::evidence_export;
use expert_draw::service::log_export::{UpTo, export};
use expert_draw::store::Reader;
use serde_json::json;

use crate::app::TestApp;
use crate::audited::{Asked, Changed, Forged, Served};
use crate::draws::{one, pool, recorded, request};
use crate::shared_site::Site;
use crate::support::{Kind, on_both};

on_both! {
    a_log_of_every_kind_of_draw_is_clean_by_url_and_as_a_directory
    the_next_audit_goes_on_where_the_last_one_ended
    a_file_that_passed_is_read_again_once_the_log_has_said_more_of_its_draw
    a_file_that_passed_beside_another_history_is_held_against_this_one
    an_entry_that_was_altered_or_left_out_is_named
    a_log_written_anew_is_no_continuation_of_what_was_audited
    a_suppressed_result_a_second_one_and_a_silent_redraw_are_named
    evidence_that_is_missing_spoilt_or_of_another_history_is_named
    a_void_that_a_witness_refutes_is_named
}

fn void(app: &TestApp, draw: &serde_json::Value, key: &str) {
    let path = format!("{}/void", one(draw));
    app.post(&app.agency, &path, &format!("void-{key}"), &json!({"reason": "request_wrong"})).expect(200);
    app.post(&app.bureau, &format!("{path}/confirm"), &format!("ok-{key}"), &json!({})).expect(200);
}

/// Draws of three packages: one unsealed, one voided and repeated, one that stands.
fn busy(kind: Kind) -> TestApp {
    let app = TestApp::new(kind);
    pool(&app, 8);
    let draw = |number: u32, key: &str| {
        let id = recorded(&app, number);
        app.post(&app.agency, "/api/v1/draws", key, &request(&id, 2)).expect(201).json()
    };
    let first = draw(1, "first");
    let body = json!({"announcement": "2026-1"});
    app.post(&app.bureau, &format!("{}/unseal", one(&first)), "unseal", &body).expect(200);
    let second = draw(2, "second");
    void(&app, &second, "second");
    let package = second["package"].as_str().unwrap();
    app.post(&app.agency, "/api/v1/draws", "again", &request(package, 2)).expect(201);
    draw(3, "third");
    app
}

fn a_log_of_every_kind_of_draw_is_clean_by_url_and_as_a_directory(kind: Kind) {
    let app = busy(kind);
    let served = Served(&app);
    let asked = Asked::new(&app).with(&served);
    let report = asked.run(&served, &mut State::default()).unwrap();
    assert_eq!(report.findings, [], "{}", report.text(true));
    assert!(report.is_clean() && report.text(false).contains("未发现违反规则之处"));
    let standing: Vec<&str> = report.draws.iter().map(|draw| draw.standing).collect();
    assert_eq!(standing, ["unsealed", "voided", "drawn", "drawn"]);
    assert!(report.draws.iter().all(|draw| draw.level == Some("operator")));
    assert_eq!((report.packages.len(), report.draws[0].number.is_some()), (3, true));
    let repeated = report.packages.iter().find(|package| package.draws.len() == 2).unwrap();
    assert_eq!(repeated.seen_voids, 1);
    // The same from a directory, without the service.
    let out = app.fresh.folder.join("exported");
    let reader = Reader::open(&app.fresh.database, 1, std::time::Duration::from_secs(20)).unwrap();
    export(&reader, &out, &UpTo::Newest, &mut |_| {}).unwrap();
    let keys = Keys::load(&app.fresh.folder.join("keys")).unwrap();
    let done = evidence_export::export(&reader, &keys, &SystemEntropy, &out, &mut |_, _| {}).unwrap();
    assert_eq!((done.written, done.without), (4, 0));
    let again = evidence_export::export(&reader, &keys, &SystemEntropy, &out, &mut |_, _| {}).unwrap();
    assert_eq!((again.written, again.kept), (0, 4));
    let folder = Folder(out);
    let offline = asked_offline(&app, &folder).run(&folder, &mut State::default()).unwrap();
    assert_eq!(offline.to_json(), report.to_json());
    // Without evidence files the report says what was not looked at.
    let bare = Asked::new(&app).run(&served, &mut State::default()).unwrap();
    assert!(bare.is_clean() && bare.text(true).contains("were not looked at"));
}

fn asked_offline<'a>(app: &TestApp, folder: &'a Folder) -> Asked<'a> {
    Asked::new(app).with(folder)
}

fn the_next_audit_goes_on_where_the_last_one_ended(kind: Kind) {
    let app = busy(kind);
    let served = Served(&app);
    let asked = Asked::new(&app).with(&served);
    let mut state = State::default();
    asked.run(&served, &mut state).unwrap();
    assert_eq!(state.head.unwrap().0, app.size());
    assert_eq!(state.files.len(), 4);
    assert_eq!(State::read(&state.write()), Some(state.clone()));
    // A signature below the head that was checked is not looked at again, one above is.
    let width = app.size();
    let mut spoilt = Changed::new(&served);
    spoilt.change(&format!("signatures/000.p/{width}"), |bytes| {
        let at = bytes.len() - 10;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    });
    let mut known = state.clone();
    assert!(asked.run(&spoilt, &mut known).unwrap().is_clean());
    let fresh = asked.run(&spoilt, &mut State::default()).unwrap();
    assert_eq!(fresh.findings[0].name, "signature");
    // Another policy or another history begins anew.
    let mut other = State { trust: Some(Hash([9; 32])), ..state.clone() };
    assert!(!asked.run(&spoilt, &mut other).unwrap().is_clean());
    let mut foreign = State { head: Some((5, Hash([7; 32]))), ..state };
    let report = asked.run(&served, &mut foreign).unwrap();
    assert_eq!(report.findings.iter().map(|found| found.name).collect::<Vec<_>>(), ["history"]);
}

fn a_file_that_passed_is_read_again_once_the_log_has_said_more_of_its_draw(kind: Kind) {
    let app = busy(kind);
    let served = Served(&app);
    let asked = Asked::new(&app).with(&served);
    let mut state = State::default();
    let report = asked.run(&served, &mut state).unwrap();
    let last = report.draws.last().unwrap();
    let path = format!("draws/{}", last.index);
    let before = served.get(&path).unwrap().unwrap();
    assert!(state.files[&last.alpha].covers && state.files[&last.alpha].life == 3);
    let seen = app.get(&app.bureau, "/api/v1/draws?limit=200").expect(200).json();
    let mut all = seen["items"].as_array().unwrap().iter();
    let whole = |draw: &serde_json::Value| app.get(&app.bureau, &one(draw)).expect(200).json();
    let is_last = |draw: &&serde_json::Value| whole(draw)["commitment"]["index"] == json!(last.index);
    let draw = all.find(is_last).unwrap().clone();
    app.post(&app.bureau, &format!("{}/unseal", one(&draw)), "late", &json!({"announcement": "2026-9"}))
        .expect(200);
    // The operator goes on serving the file of before, which leaves that out: to a first audit and to the next.
    let mut stale = Changed::new(&served);
    stale.files.insert(path.clone(), Some(before));
    let asked = Asked::new(&app).with(&stale);
    assert_eq!(asked.names(&served), ["evidence_life"]);
    let report = asked.run(&served, &mut state).unwrap();
    assert_eq!(report.findings.iter().map(|found| found.name).collect::<Vec<_>>(), ["evidence_life"]);
    // A file made after the head that is audited is held against it all the same.
    let (folder, head) = (app.fresh.folder.join("older"), app.size());
    let reader = Reader::open(&app.fresh.database, 1, std::time::Duration::from_secs(20)).unwrap();
    export(&reader, &folder, &UpTo::Newest, &mut |_| {}).unwrap();
    assert_eq!(Asked::new(&app).with(&served).names(&Folder(folder.clone())), [""; 0]);
    recorded(&app, 9);
    assert!(app.size() > head);
    assert_eq!(Asked::new(&app).with(&served).names(&Folder(folder.clone())), [""; 0]);
    let mut newer = Changed::new(&served);
    newer.change(&path, |bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
        file.as_object_mut().unwrap().remove("digest");
        let life = file["life"].as_array_mut().unwrap();
        let gone = life.pop().unwrap();
        file["entries"].as_array_mut().unwrap().retain(|entry| entry["index"] != gone);
        *bytes = crate::second_verifier::sealed(file);
    });
    let names = Asked::new(&app).with(&newer).names(&Folder(folder));
    assert!(names.contains(&"evidence_life"), "{names:?}");
}

fn an_entry_that_was_altered_or_left_out_is_named(kind: Kind) {
    let app = busy(kind);
    let served = Served(&app);
    let asked = Asked::new(&app);
    let width = app.size();
    let path = format!("tile/entries/000.p/{width}");
    let mut altered = Changed::new(&served);
    altered.change(&path, |bytes| {
        // A digit of some digest.
        let at = bytes.windows(9).position(|some| some == b"\"image\":\"").unwrap() + 12;
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    });
    let names = asked.names(&altered);
    assert!(names.contains(&"tree") && names.contains(&"signature"), "{names:?}");
    let mut shorter = Changed::new(&served);
    shorter.files.insert(path, None);
    assert!(matches!(asked.run(&shorter, &mut State::default()), Err(AuditError::Read(_))));
    // A head of the log's own key that is not of this history.
    let (keys, mut forged) = (Keys::load(&app.fresh.folder.join("keys")).unwrap(), Forged::of(&app));
    let index = forged.find("package.recorded");
    forged.statements.remove(index);
    let other = forged.get("checkpoint").unwrap().unwrap();
    let mut two = Changed::new(&served);
    two.files.insert("heads/000".into(), Some(other));
    assert_eq!(asked.names(&two), ["head"]);
    drop(keys);
}

fn a_log_written_anew_is_no_continuation_of_what_was_audited(kind: Kind) {
    let app = busy(kind);
    let served = Served(&app);
    let mut asked = Asked::new(&app);
    let last = served.get("checkpoint").unwrap();
    // It changes an old record, signs everything again, and goes on.
    let mut forged = Forged::of(&app);
    let index = forged.find("package.recorded");
    let time = forged.statements[index].time();
    let body = Json::Map(BTreeMap::from([("image".to_owned(), Json::from(Hash([3; 32])))]));
    let Json::Map(body) = body else { unreachable!() };
    forged.statements[index] = Statement::new("package.recorded", forged.origin.clone(), time, body).unwrap();
    let names = asked.names(&forged);
    // Commitments above it have another alpha now, so what follows them belongs to nobody.
    assert!(
        !names.contains(&"tree") && !names.contains(&"signature"),
        "signed with the real keys: {names:?}"
    );
    asked.last = last;
    assert!(asked.names(&forged).contains(&"history"), "and yet it is not the log of before");
    assert!(asked.names(&served).is_empty());
}

fn a_suppressed_result_a_second_one_and_a_silent_redraw_are_named(kind: Kind) {
    let app = busy(kind);
    let asked = Asked::new(&app);
    // Nobody hears of the last result.
    let mut silent = Forged::of(&app);
    let drawn = silent.statements.iter().rposition(|said| said.kind() == Drawn::TYPE).unwrap();
    silent.statements.truncate(drawn);
    let late = silent.time() + 2 * 86_400;
    silent.say(
        "access.recorded",
        late,
        &Json::Map(BTreeMap::from([("image".into(), Json::from(Hash([1; 32])))])),
    );
    assert_eq!(asked.names(&silent), ["no_result"]);
    // A second result for the same commitment.
    let mut twice = Forged::of(&app);
    let index = twice.statements.iter().rposition(|said| said.kind() == Drawn::TYPE).unwrap();
    let (body, time) = (twice.statements[index].body_json(), twice.time());
    twice.say(Drawn::TYPE, time, &body);
    assert_eq!(asked.names(&twice), ["second_ending"]);
    // The same package drawn again as if for the first time, while the first result stands.
    let mut again = Forged::of(&app);
    let index = again.statements.iter().rposition(|said| said.kind() == Commitment::TYPE).unwrap();
    let (body, time) = (again.statements[index].body_json(), again.time());
    again.say(Commitment::TYPE, time, &body);
    assert_eq!(asked.names(&again), ["attempt", "predecessor"]);
    // A void that is followed by a third attempt.
    let mut third = Forged::of(&app);
    let commitments: Vec<usize> =
        (0..third.statements.len()).filter(|n| third.statements[*n].kind() == Commitment::TYPE).collect();
    let second = commitments[2];
    let mut said = Commitment::read(&third.statements[second].body_json()).unwrap();
    assert_eq!(said.attempt, 2);
    let leaf = third.statements[second].leaf_hash();
    let alpha = expert_draw::draw::seed::alpha(second as u64, &leaf);
    let void = |approver: Option<&str>| {
        let (reason, actor) = (VoidReason::RegistryWrong, "A1".to_owned());
        let approver = approver.map(str::to_owned);
        Json::from(expert_draw::draw::statements::Void { alpha, reason, actor, approver }.fields())
    };
    let time = third.time();
    third.say("draw.void_proposed", time, &void(None));
    third.say("draw.voided", time, &void(Some("A2")));
    (said.attempt, said.predecessor) = (3, Some(alpha));
    said.registry =
        Commitment::read(&third.statements[*commitments.last().unwrap()].body_json()).unwrap().registry;
    third.say(Commitment::TYPE, time, &Json::from(said.fields()));
    assert_eq!(asked.names(&third), ["repeats"]);
    // A pool from an older registry, and a statement about no draw.
    let mut old = Forged::of(&app);
    let index = old.find(Commitment::TYPE);
    let mut said = Commitment::read(&old.statements[index].body_json()).unwrap();
    said.registry -= 1;
    let Json::Map(body) = Json::from(said.fields()) else { unreachable!() };
    let time = old.statements[index].time();
    old.statements[index] = Statement::new(Commitment::TYPE, old.origin.clone(), time, body).unwrap();
    let names = asked.names(&old);
    assert!(names.contains(&"registry_position") && names.contains(&"nobody"), "{names:?}");
}

fn evidence_that_is_missing_spoilt_or_of_another_history_is_named(kind: Kind) {
    let app = busy(kind);
    let served = Served(&app);
    let first = Forged::of(&app).find(Commitment::TYPE);
    let path = format!("draws/{first}");
    let named = |files: &Changed<'_>| {
        let asked = Asked::new(&app).with(files);
        asked.names(&served)
    };
    let mut missing = Changed::new(&served);
    missing.files.insert(path.clone(), None);
    assert_eq!(named(&missing), ["evidence_missing"]);
    let mut spoilt = Changed::new(&served);
    spoilt.change(&path, |bytes| {
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
    });
    assert_eq!(named(&spoilt), ["evidence"]);
    // A whole file of another draw, and one made before the unsealing, which leaves that out.
    let mut other = Changed::new(&served);
    let last = Forged::of(&app).statements.iter().rposition(|said| said.kind() == Commitment::TYPE).unwrap();
    let bytes = served.get(&format!("draws/{last}")).unwrap();
    other.files.insert(path, bytes);
    assert!(named(&other).contains(&"evidence"));
}

fn a_void_that_a_witness_refutes_is_named(kind: Kind) {
    let site = Site::new(kind, 0, 2, false);
    let app = &site.app;
    crate::contributions::people(&site);
    let package = recorded(app, 1);
    let body = crate::contributions::request(&package);
    let draw = app.post(&app.agency, "/api/v1/draws", "draw", &body).expect(201).json();
    site.push();
    assert_eq!(site.ask(0), 1);
    // The second answers too, and the operator pretends that it did not.
    let request = site.request(1);
    let answer = site.witnesses[1].1.0.answer(&request).unwrap();
    crate::shared_site::wait(&app.clock, 120 * 60 + 1);
    let path = format!("{}/void", one(&draw));
    let reason = json!({"reason": "contribution_missing"});
    app.post(&app.agency, &path, "void", &reason).expect(200);
    app.post(&app.bureau, &format!("{path}/confirm"), "ok", &json!({})).expect(200);
    site.push();
    let served = Served(app);
    let mut asked = Asked::new(app).with(&served);
    (asked.policy, asked.parties) = (site.policy(), Some(site.parties()));
    let quiet = asked.run(&served, &mut State::default()).unwrap();
    assert!(quiet.is_clean(), "one log alone does not show it: {:?}", quiet.findings);
    assert_eq!(quiet.packages[0].seen_voids, 1, "though it is counted");
    asked.answers = vec![Answer::read_published(&answer).unwrap()];
    assert_eq!(asked.names(&served), ["refuted"]);
}

fn a_file_that_passed_beside_another_history_is_held_against_this_one(kind: Kind) {
    let app = busy(kind);
    let served = Served(&app);
    let asked = Asked::new(&app).with(&served);
    let mut state = State::default();
    asked.run(&served, &mut state).unwrap();
    // As an audit leaves it that was interrupted, or found something.
    state.head = None;
    let mut forged = Forged::of(&app);
    let index = forged.find(Drawn::TYPE);
    let statement = &forged.statements[index];
    let mut said = Drawn::read(&statement.body_json()).unwrap();
    said.branches += 1;
    let body = Json::from(said.fields());
    forged.replace(index, Drawn::TYPE, &body);
    let named = |state: &mut State| -> Vec<&str> {
        asked.run(&forged, state).unwrap().findings.iter().map(|found| found.name).collect()
    };
    let fresh = named(&mut State::default());
    assert!(fresh.contains(&"evidence_log"), "{fresh:?}");
    assert_eq!(named(&mut state), fresh);
}
