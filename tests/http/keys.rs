//! Keys in generations: rotated, retired, found out; draws before, across and after; two processes; tags
//! that move. What is said about every draw is verified by a stranger.

use std::sync::Arc;

use expert_draw::codec::Hash;
use expert_draw::draw::commitment::Commitment;
use expert_draw::draw::tags::package_input;
use expert_draw::draw::vrf::{Proof, VrfPublic};
use expert_draw::evidence::{Audience, Evidence, Format};
use expert_draw::log::{
    Checkpoint, KeyRegistered, KeyRetired, KeyUse, RetiredBecause, SignedNote, Statement, TagsMoved,
    VerifierKey, key_digest,
};
use expert_draw::ports::LogSigner;
use expert_draw::service::Service;
use expert_draw::service::actor::{Actor, Role};
use expert_draw::service::draws::{DrawDraft, GroupDraft};
use expert_draw::service::idempotency::IdempotencyKey;
use expert_draw::service::keys::{NewKey, Rotated, retirement};
use expert_draw::service::refusal::Refusal;
use expert_draw::store::{Failpoints, Fault};
use expert_draw::time::Timestamp;
use serde_json::{Value, json};

use crate::app::{NOW, TestApp};
use crate::draws::{one, pool, recorded, request, verified};
use crate::support::{Kind, on_both};

on_both! {
    a_draw_after_every_rotation_is_told_with_its_keys_and_verifies
    a_draw_committed_before_a_rotation_is_finished_with_the_key_that_it_names
    a_draw_whose_key_was_found_out_waits_for_its_void
    a_retired_key_signs_nothing_and_the_log_goes_on
    what_breaks_a_rule_of_keys_is_refused_by_name
    an_entry_signed_with_an_earlier_key_is_found_and_the_start_refused
    a_rotation_by_another_process_is_followed_under_the_lock
    tags_of_packages_that_are_not_closed_move_with_their_key
    a_start_without_a_key_in_force_is_refused_by_its_name
    a_second_signature_stands_beside_every_note_and_in_no_evidence_file
}

const OWN: [KeyUse; 4] = [KeyUse::Log, KeyUse::Statements, KeyUse::DrawVrf, KeyUse::TagVrf];

fn administrator() -> Actor {
    Actor::of_role("console", Role::Administrator)
}

fn rotate(service: &Service, usage: KeyUse) -> Rotated {
    service.rotate_key(&administrator(), usage).unwrap()
}

fn retire(service: &Service, key: &Hash, reason: RetiredBecause) {
    service.retire_key(&administrator(), KeyRetired { key: *key, reason }).unwrap();
}

fn make(app: &TestApp, number: u32) -> Value {
    let id = recorded(app, number);
    let mut asked = request(&id, 2);
    asked["review_start"] = json!(format!("2026-12-{:02}T01:00:00Z", number + 1));
    app.post(&app.agency, "/api/v1/draws", &format!("draw-{number}"), &asked).expect(201).json()
}

fn evidence(app: &TestApp, draw: &Value) -> Evidence {
    let file = app.ask("GET", &format!("{}/evidence", one(draw)), &[], b"").expect(200);
    verified(app, &file, Audience::Public);
    Evidence::read(&file.bytes).unwrap()
}

fn is_sound(app: &TestApp) {
    assert_eq!(app.fsck(), Vec::<String>::new());
    drop(app.second_process());
}

/// The statements of the log of a type, with their indices.
fn said(app: &TestApp, kind: &str) -> Vec<(u64, Statement)> {
    let mut found = Vec::new();
    for index in 0..app.size() {
        let proof = app.ask("GET", &format!("/api/v1/log/proofs/{index}"), &[], b"").expect(200).json();
        let note = SignedNote::parse(proof["note"].as_str().unwrap().as_bytes()).unwrap();
        let statement = Statement::parse(note.text().trim_end().as_bytes()).unwrap();
        if statement.kind() == kind {
            found.push((index, statement));
        }
    }
    found
}

fn a_draw_after_every_rotation_is_told_with_its_keys_and_verifies(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 8);
    let first = make(&app, 1);
    let before = app.ask("GET", &format!("{}/evidence", one(&first)), &[], b"").expect(200);
    let old_policy = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json()["policy"].clone();
    for usage in OWN {
        let rotated = rotate(&app.service, usage);
        assert_eq!((rotated.key.usage, rotated.key.index), (usage, app.size() - 1 - rotated.packages as u64));
    }
    // A draw under the first keys is told as before, and whoever pinned the first log key reads on.
    let told = evidence(&app, &first);
    assert_eq!(told.format, Format::V1);
    let old = expert_draw::log::Policy::parse(old_policy.as_str().unwrap().as_bytes()).unwrap();
    for file in [&before.bytes, &told.write()] {
        assert!(expert_draw::evidence::verify::verify(file, &old, None).verified());
    }
    let second = make(&app, 2);
    let told = evidence(&app, &second);
    assert_eq!((told.format, told.shared.unwrap().keys.len()), (Format::V3, 4));
    let commitment = said(&app, Commitment::TYPE).pop().unwrap().1;
    let commitment = Commitment::read(&commitment.body_json()).unwrap();
    let keys = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
    let digest = |name: &str| key_digest(&Hash::from_hex(keys[name].as_str().unwrap()).unwrap().0);
    assert_eq!(commitment.tag_key, digest("tag_vrf"));
    assert_eq!(commitment.operator_key(), Some(digest("draw_vrf")));
    assert_eq!(keys["registered"].as_array().unwrap().len(), 8);
    // Both log keys sign until the first is retired.
    let policy = keys["policy"].as_str().unwrap();
    let pinned: Vec<VerifierKey> =
        policy.lines().filter_map(|line| line.strip_prefix("log ")?.parse().ok()).collect();
    let checkpoint = || {
        let text = app.ask("GET", "/api/v1/log/checkpoint", &[], b"").expect(200).bytes;
        SignedNote::parse(&text).unwrap()
    };
    assert_eq!((pinned.len(), checkpoint().signatures().len()), (2, 2));
    assert!(pinned.iter().all(|key| checkpoint().verify(key).is_ok()));
    is_sound(&app);
    retire(&app.service, &key_digest(pinned[0].key_bytes()), RetiredBecause::Succeeded);
    assert!(checkpoint().verify(&pinned[0]).is_err() && checkpoint().verify(&pinned[1]).is_ok());
    // The first log key signs no more: the first draw too is told with its keys from now on.
    assert_eq!(evidence(&app, &first).format, Format::V3);
    assert_eq!(evidence(&app, &second).format, Format::V3);
    let third = make(&app, 3);
    assert_eq!(evidence(&app, &third).format, Format::V3);
    is_sound(&app);
}

/// A draw that is committed and got no further.
fn committed(app: &TestApp, number: u32) -> String {
    let package = recorded(app, number);
    let points = Arc::new(Failpoints::default());
    let other = app.process_with(points.clone());
    points.before_commit.arm_nth(Fault::Error, 2);
    let asked = request(&package, 2);
    let group = |group: &Value| GroupDraft {
        speciality: group["speciality"].as_str().unwrap().to_owned(),
        within: group["within"].as_array().unwrap().iter().map(|r| r.as_str().unwrap().to_owned()).collect(),
        except: group["except"].as_array().unwrap().iter().map(|r| r.as_str().unwrap().to_owned()).collect(),
        seats: u32::try_from(group["seats"].as_u64().unwrap()).unwrap(),
        site: u32::try_from(group["site"].as_u64().unwrap()).unwrap(),
    };
    let draft = DrawDraft {
        package: package.clone(),
        review_start: Timestamp(NOW.0 + 5 * 86_400),
        groups: asked["groups"].as_array().unwrap().iter().map(group).collect(),
        calls: None,
    };
    let agency = app.service.authenticate(&app.agency).unwrap();
    let key = IdempotencyKey::new(&format!("committed-{number}"), Hash([9; 32])).unwrap();
    other.request_draw(&agency, &draft, &key).unwrap_err();
    let draws = app.get(&app.agency, &format!("/api/v1/draws?package={package}")).expect(200).json();
    assert_eq!(draws["items"][0]["state"], "committed");
    draws["items"][0]["id"].as_str().unwrap().to_owned()
}

fn a_draw_committed_before_a_rotation_is_finished_with_the_key_that_it_names(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 8);
    let id = committed(&app, 1);
    let draw_key = rotate(&app.service, KeyUse::DrawVrf);
    retire(&app.service, &draw_key.before, RetiredBecause::Succeeded);
    let tag_key = rotate(&app.service, KeyUse::TagVrf);
    assert_eq!(tag_key.packages, 1);
    rotate(&app.service, KeyUse::Statements);
    // The next start finishes it.
    drop(app.second_process());
    let draw = app.get(&app.agency, &format!("/api/v1/draws/{id}")).expect(200).json();
    assert_eq!(draw["state"], "drawn");
    let told = evidence(&app, &draw);
    assert_eq!(told.format, Format::V3);
    let contributed = said(&app, "draw.contributed").pop().unwrap().1;
    assert_eq!(contributed.body()["key"].as_str(), Some(draw_key.before.to_hex().as_str()));
    is_sound(&app);
}

fn a_draw_whose_key_was_found_out_waits_for_its_void(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 8);
    let id = committed(&app, 1);
    let rotated = rotate(&app.service, KeyUse::DrawVrf);
    let reason = RetiredBecause::Compromised { doubtful_from: app.size() };
    retire(&app.service, &rotated.before, reason);
    let restarted = app.second_process();
    let path = format!("/api/v1/draws/{id}");
    assert_eq!(app.get(&app.agency, &path).expect(200).json()["state"], "committed");
    assert!(restarted.keys().vrf(&rotated.before).is_err());
    drop(restarted);
    let missing = json!({"reason": "contribution_missing"});
    app.post(&app.bureau, &format!("{path}/void"), "early", &missing).problem(409, "before_deadline");
    app.clock.advance(86_401);
    app.post(&app.bureau, &format!("{path}/void"), "propose", &missing).expect(200);
    let second = expert_draw::service::accounts::AccountDraft::new("bureau", "第二人", None, 30);
    let second = app.service.found_account(&second).unwrap().token.unwrap();
    app.post(&second, &format!("{path}/void/confirm"), "confirm", &json!({})).expect(200);
    let draw = app.get(&app.agency, &path).expect(200).json();
    assert_eq!(evidence(&app, &draw).format, Format::V1, "it names keys of entry 0 only");
    is_sound(&app);
}

fn a_retired_key_signs_nothing_and_the_log_goes_on(kind: Kind) {
    let app = TestApp::new(kind);
    let keys = app.service.keys();
    let (log, statements) = (keys.log_key().clone(), keys.statements_key().clone());
    let earlier = keys.book().unwrap();
    for (usage, key) in [(KeyUse::Log, log), (KeyUse::Statements, statements)] {
        assert!(keys.sign(&key, b"text\n").is_ok());
        let rotated = rotate(&app.service, usage);
        assert_eq!(rotated.before, key_digest(key.key_bytes()));
        assert!(keys.sign(&key, b"text\n").is_ok(), "an earlier key of checkpoints still signs");
        let reason = RetiredBecause::Compromised { doubtful_from: rotated.key.index };
        retire(&app.service, &rotated.before, reason);
        let refused = keys.sign(&key, b"text\n").unwrap_err();
        assert!(refused.0.contains("已停用") && refused.0.contains("retired"), "{refused}");
        recorded(&app, u32::from(usage == KeyUse::Log) + 1);
    }
    is_sound(&app);
    // Who read the log before that and tells of it later changes nothing.
    keys.follow(&earlier);
    assert_eq!(keys.book().unwrap().entries().len(), 4);
    // The file of a retired key may go.
    for name in ["log.pem", "statements.pem"] {
        std::fs::remove_file(app.fresh.folder.join("keys").join(name)).unwrap();
    }
    is_sound(&app);
}

fn what_breaks_a_rule_of_keys_is_refused_by_name(kind: Kind) {
    let app = TestApp::new(kind);
    let service = &app.service;
    let rule = |refusal: Refusal| {
        let problem = refusal.problems.first().map(|p| (p.field.clone(), p.rule.to_string()));
        problem.unwrap_or_else(|| (String::new(), refusal.code.to_string()))
    };
    let retired = |key: &str, reason: &str, from: Option<u64>| {
        let said = retirement(key, reason, from);
        rule(said.and_then(|said| service.retire_key(&administrator(), said)).unwrap_err())
    };
    let is = |field: &str, rule: &str| (field.to_owned(), rule.to_owned());
    let first = key_digest(&service.keys().in_force(KeyUse::Statements)).to_hex();
    assert_eq!(retired("00", "succeeded", None), is("key", "shape"));
    assert_eq!(retired(&first, "lost", None), is("reason", "shape"));
    assert_eq!(retired(&first, "compromised", None), is("doubtful_from", "shape"));
    assert_eq!(retired(&first, "retired", Some(1)), is("doubtful_from", "shape"));
    assert_eq!(retired(&"ab".repeat(32), "retired", None), is("key", "unknown_key"));
    assert_eq!(retired(&first, "succeeded", None), is("key", "in_force"));
    rotate(service, KeyUse::Statements);
    let end = app.size();
    assert_eq!(retired(&first, "compromised", Some(0)), is("doubtful_from", "doubtful_from"));
    assert_eq!(retired(&first, "compromised", Some(end + 1)), is("doubtful_from", "doubtful_from"));
    retire(service, &Hash::from_hex(&first).unwrap(), RetiredBecause::Succeeded);
    assert_eq!(retired(&first, "succeeded", None), is("key", "retired_before"));

    let secret = |n: u8| ed25519_dalek::SigningKey::from_bytes(&[n; 32]).verifying_key().to_bytes();
    let new = |usage, key| NewKey { usage, key, name: "省审计厅".into(), witness: None };
    let register = |new: NewKey| service.register_key(&administrator(), new);
    let size = app.size();
    assert_eq!(rule(register(new(KeyUse::Log, secret(1))).unwrap_err()), is("use", "not_others"));
    assert_eq!(rule(register(new(KeyUse::Witness, [0; 32])).unwrap_err()), is("key", "key"));
    let mut nameless = new(KeyUse::Witness, secret(1));
    nameless.name.clear();
    assert_eq!(rule(register(nameless).unwrap_err()), is("name", "shape"));
    assert_eq!(rule(register(new(KeyUse::WitnessVrf, secret(1))).unwrap_err()), is("name", "shape"));
    let known = service.keys().in_force(KeyUse::Log);
    assert_eq!(rule(register(new(KeyUse::Supervisor, known)).unwrap_err()), is("key", "not_new"));
    let mut vrf = new(KeyUse::WitnessVrf, service.keys().in_force(KeyUse::DrawVrf));
    vrf.witness = Some(Hash([7; 32]));
    assert_eq!(rule(register(vrf).unwrap_err()), is("key", "not_new"));
    let mut vrf = new(KeyUse::WitnessVrf, secret(5));
    vrf.witness = Some(Hash([7; 32]));
    assert_eq!(rule(register(vrf.clone()).unwrap_err()), is("witness", "witness"));
    let rotated = service.rotate_key(&administrator(), KeyUse::Supervisor).unwrap_err();
    assert_eq!(rule(rotated), is("use", "not_own"));
    let agency = service.authenticate(&app.agency).unwrap();
    assert_eq!(service.rotate_key(&agency, KeyUse::Log).unwrap_err().code, "not_permitted");
    assert_eq!(app.size(), size, "nothing was said");
    let witness = register(new(KeyUse::Witness, secret(4))).unwrap();
    vrf.witness = Some(witness.digest);
    register(vrf).unwrap();
    let listed = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
    let last = listed["registered"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["use"], &last["name"]), (&json!("witness_vrf"), &json!("省审计厅")));
    is_sound(&app);
}

fn a_rotation_by_another_process_is_followed_under_the_lock(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 8);
    let other = app.second_process();
    // The server still believes that the first keys are in force.
    for usage in OWN {
        rotate(&other, usage);
    }
    let draw = make(&app, 1);
    assert_eq!(evidence(&app, &draw).format, Format::V3);
    let key = rotate(&app.service, KeyUse::DrawVrf);
    assert_eq!(said(&app, KeyRegistered::TYPE).last().unwrap().0, key.key.index);
    retire(&other, &key.before, RetiredBecause::Succeeded);
    // One that lies ready is taken by whoever comes first, and by nobody else.
    let ready = app.service.prepare_key(&administrator(), KeyUse::Statements).unwrap();
    let rotated = rotate(&other, KeyUse::Statements);
    assert!(rotated.lay_ready && rotated.key.digest == ready);
    assert!(!rotate(&app.service, KeyUse::Statements).lay_ready);
    is_sound(&app);
}

fn tags_of_packages_that_are_not_closed_move_with_their_key(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 8);
    let (open, closed) = (make(&app, 1), make(&app, 2));
    recorded(&app, 3);
    let announced = json!({"announcement": "岳采公告2026-2"});
    app.post(&app.bureau, &format!("{}/unseal", one(&closed)), "unseal", &announced).expect(200);
    let of = |index: usize| {
        let statement = said(&app, Commitment::TYPE).remove(index).1;
        Commitment::read(&statement.body_json()).unwrap()
    };
    let old_key = app.service.keys().in_force(KeyUse::TagVrf);
    let rotated = rotate(&app.service, KeyUse::TagVrf);
    assert_eq!(rotated.packages, 1, "not the closed one, not the one that was never drawn");
    let moved = said(&app, TagsMoved::TYPE);
    assert_eq!((moved.len(), moved[0].0), (1, rotated.key.index + 1));
    let moved = TagsMoved::read(&moved[0].1.body_json()).unwrap();
    assert_eq!((moved.from, moved.to), (rotated.before, rotated.key.digest));
    let tag = &moved.packages[0];
    assert_eq!(tag.from, of(0).package_tag.0);
    let input = package_input("HNYY-2026-1024", "1");
    for (key, proof, beta) in [(old_key, tag.from_proof, tag.from), (rotated.key.key, tag.to_proof, tag.to)] {
        let key = VrfPublic::from_bytes(key).unwrap();
        assert_eq!(key.verify(&input, &Proof(proof)).unwrap().0, beta);
    }
    // The attempt after a void is counted on, under the new tag.
    let path = one(&open);
    let second = expert_draw::service::accounts::AccountDraft::new("bureau", "第二人", None, 30);
    let second = app.service.found_account(&second).unwrap().token.unwrap();
    let reason = json!({"reason": "request_wrong"});
    app.post(&app.bureau, &format!("{path}/void"), "propose", &reason).expect(200);
    app.post(&second, &format!("{path}/void/confirm"), "confirm", &json!({})).expect(200);
    let again = request(open["package"].as_str().unwrap(), 2);
    let repeat = app.post(&app.agency, "/api/v1/draws", "repeat", &again).expect(201).json();
    assert_eq!(repeat["attempt"], 2);
    assert_eq!(of(2).package_tag.0, tag.to);
    assert_eq!(evidence(&app, &repeat).format, Format::V3);
    // And it moves again from there.
    assert_eq!(rotate(&app.service, KeyUse::TagVrf).packages, 1);
    let last = said(&app, TagsMoved::TYPE).pop().unwrap().1;
    assert_eq!(TagsMoved::read(&last.body_json()).unwrap().packages[0].from, tag.to);
    is_sound(&app);
}

fn a_start_without_a_key_in_force_is_refused_by_its_name(kind: Kind) {
    let app = TestApp::new(kind);
    let rotated = rotate(&app.service, KeyUse::Statements);
    let (file, aside) = ("keys/statements-2.pem", "statements-2.pem");
    std::fs::rename(app.fresh.folder.join(file), app.fresh.folder.join(aside)).unwrap();
    let profile = expert_draw::rules::embedded("hunan-2023").unwrap();
    let refused = app.reopened(profile.clone()).err().expect("opened without its key");
    let cause = refused.cause.unwrap();
    assert!(cause.contains(&rotated.key.digest.to_hex()) && cause.contains("keys"), "{cause}");
    std::fs::rename(app.fresh.folder.join(aside), app.fresh.folder.join(file)).unwrap();
    app.reopened(profile.clone()).unwrap();
    rotate(&app.service, KeyUse::TagVrf);
    std::fs::rename(app.fresh.folder.join("keys/tag-vrf-2.key"), app.fresh.folder.join("tag")).unwrap();
    let refused = app.reopened(profile).err().expect("opened without its key");
    assert!(refused.cause.unwrap().contains("缺少现行密钥"));
}

fn a_second_signature_stands_beside_every_note_and_in_no_evidence_file(kind: Kind) {
    use expert_draw::keys::sm2::Sm2Signer;
    use expert_draw::log::{Origin, SignatureLine};
    let app = TestApp::new(kind);
    pool(&app, 8);
    let folder = app.fresh.folder.join("keys");
    let entropy = expert_draw::ports::SeededEntropy::new(77);
    let origin = Origin::new("draw.example/430600").unwrap();
    Sm2Signer::create(&folder, &origin, &entropy).unwrap();
    assert!(Sm2Signer::create(&folder, &origin, &entropy).is_err(), "made once");
    let other = app.second_process();
    let before = app.size();
    let rotated = rotate(&other, KeyUse::Statements);
    let (note, proof) = other.log_proof(rotated.key.index).unwrap();
    let note = SignedNote::parse(note.as_bytes()).unwrap();
    assert_eq!(note.signatures().len(), 2);
    let signer = other.keys().second().unwrap();
    assert!(signer.accepts_statement(note.text().as_bytes(), &note.signatures()[1]));
    assert_eq!(note.signatures()[1].name.as_str(), "draw.example/430600/statements/sm2");
    let checkpoint = SignedNote::parse(other.checkpoint().unwrap().as_bytes()).unwrap();
    let line: &SignatureLine = &checkpoint.signatures()[1];
    assert_eq!(line.name.as_str(), "draw.example/430600/sm2");
    checkpoint.verify(other.keys().log_key()).unwrap();
    assert_eq!(Checkpoint::from_note(&checkpoint).unwrap().size, before + 1);
    assert!(proof.contains("/sm2 "), "the checkpoint of a proof is the same note");
    let size = app.size();
    let bundle = app.ask("GET", &format!("/api/v1/log/signatures/000.p/{size}"), &[], b"").expect(200).bytes;
    let lines = expert_draw::log::unpack_entries(&bundle, u16::try_from(size).unwrap()).unwrap();
    let second = |lines: &[u8]| String::from_utf8_lossy(lines).contains("/statements/sm2 ");
    assert!(!second(lines[0]) && second(lines[usize::try_from(rotated.key.index).unwrap()]));
    // What was written before has one line; a draw's file has one line a note, and verifies.
    let first = SignedNote::parse(other.log_proof(0).unwrap().0.as_bytes()).unwrap();
    assert_eq!(first.signatures().len(), 1);
    let draw = make(&app, 1);
    let told = evidence(&app, &draw);
    assert!(told.entries.iter().all(|entry| !entry.note.contains("/sm2 ")));
    // The check holds the second lines against their key.
    assert_eq!(app.fsck(), Vec::<String>::new());
    let index = rotated.key.index;
    app.fresh.by_hand(&format!("UPDATE entry_second SET line = line || 'A' WHERE idx = {index}")).unwrap();
    assert!(app.fsck().iter().any(|finding| finding.contains("second-signature")), "{:?}", app.fsck());
}

fn an_entry_signed_with_an_earlier_key_is_found_and_the_start_refused(kind: Kind) {
    let app = TestApp::new(kind);
    let keys = app.service.keys();
    let earlier = keys.statements_key().clone();
    let rotated = rotate(&app.service, KeyUse::Statements);
    recorded(&app, 1);
    let index = app.size() - 1;
    let proof = app.ask("GET", &format!("/api/v1/log/proofs/{index}"), &[], b"").expect(200).json();
    let note = SignedNote::parse(proof["note"].as_str().unwrap().as_bytes()).unwrap();
    let signature = keys.sign(&earlier, note.text().as_bytes()).unwrap();
    let line = expert_draw::codec::to_hex(&[earlier.id().as_slice(), &signature].concat());
    let bytes = if kind == Kind::Sqlite { format!("X'{line}'") } else { format!("'\\x{line}'::bytea") };
    app.fresh.alter_journal(&format!("UPDATE journal SET signature = {bytes} WHERE idx = {index}"));
    let found = app.fsck();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(&format!("entry {index}")) && found[0].contains("(signature)"), "{found:?}");
    let refused = app.reopened(expert_draw::rules::embedded("hunan-2023").unwrap()).err().expect("opened");
    assert!(refused.cause.unwrap().contains("signature"));
    // An entry about a key whose kind was altered is no secret from the check either.
    let at = rotated.key.index;
    app.fresh.alter_journal(&format!("UPDATE journal SET kind = 'note' WHERE idx = {at}"));
    let found = app.fsck();
    assert!(
        found.iter().any(|finding| finding.contains(&format!("entry {at}")) && finding.contains("(key)")),
        "{found:?}"
    );
}
