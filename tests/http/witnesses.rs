//! Heads of the log go to witnesses; what comes back is verified, stored, served. Witnesses that lie, stall or
//! are gone hold up neither the log nor each other.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use expert_draw::evidence::Audience;
use expert_draw::evidence::verify::verify;
use expert_draw::http::server::{Running, Serving, spawn};
use expert_draw::log::{AddCheckpoint, Checkpoint, KeyUse, Policy, SignedNote, unpack_entries};
use expert_draw::outside::witness::{Answer, BODY_LIMIT, Cosigner, HttpWitness, Trouble};
use expert_draw::ports::LogSigner as _;
use expert_draw::service::Service;
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::{Actor, Role};
use expert_draw::service::log_export::{UpTo, export};
use expert_draw::service::witnesses::Witness;
use expert_draw::service::witnesses::drive::push_over;
use expert_draw::service::witnesses::push::{GRACE, PAUSE_LIMIT, Pushed};
use expert_draw::store::Reader;

use crate::app::TestApp;
use crate::support::{Kind, on_both};
use crate::witness_double::{Double, Mood, answering, serve};

on_both! {
    heads_are_cosigned_stored_and_merged_into_the_served_checkpoint
    a_witness_that_knows_another_size_is_caught_up_with_a_proof
    a_witness_that_was_away_for_hundreds_of_heads_still_dates_what_lies_below
    all_witnesses_cosign_the_same_heads
    a_head_that_nobody_cosigned_is_replaced_and_one_that_was_cosigned_is_kept
    lies_are_named_and_tried_again_later_and_harm_nobody_else
    a_fork_is_refused_by_the_witness_and_shown
    nothing_is_asked_twice_after_a_restart
    fsck_names_a_head_that_is_not_the_trees_and_a_line_that_does_not_verify
    a_witness_that_never_answers_holds_up_neither_the_log_nor_the_others
    an_evidence_file_carries_the_quorum_that_its_draw_got
    a_file_with_later_keys_holds_those_that_its_head_covers
    a_file_keeps_a_head_of_an_earlier_log_key_unless_that_was_found_out
    tiles_are_immutable_and_what_grows_is_cached_for_seconds
    an_exported_directory_holds_the_heads_and_follows_late_cosignatures
}

fn of(doubles: &[Arc<Double>]) -> Vec<Witness> {
    doubles.iter().map(|double| double.witness.clone()).collect()
}

struct Watched {
    app: TestApp,
    service: Arc<Service>,
    running: Running,
    doubles: Vec<Arc<Double>>,
}

impl Watched {
    /// A service with so many witnesses, over the database of a test's app.
    fn by(kind: Kind, count: u8) -> Self {
        let app = TestApp::new(kind);
        let log_key = app.service.keys().log_key().clone();
        let doubles: Vec<_> = (1..=count).map(|number| Arc::new(Double::new(number, &log_key))).collect();
        let service = Arc::new(app.process_watched(of(&doubles)));
        let running = spawn(service.clone(), Serving::on("127.0.0.1:0".parse().unwrap())).unwrap();
        Self { app, service, running, doubles }
    }

    fn write(&self) -> u64 {
        let draft = AccountDraft::new("auditor", "审计", None, 9);
        self.service.found_account(&draft).unwrap();
        self.app.size()
    }

    fn push(&self, number: usize) -> Pushed {
        let double = &self.doubles[number];
        self.service.push_to(&double.witness, double.as_ref()).unwrap()
    }

    fn get(&self, path: &str) -> crate::app::Answer {
        let url = format!("http://{}/api/v1{path}", self.running.address);
        self.app.fetch(&url)
    }

    fn checkpoint(&self) -> SignedNote {
        SignedNote::parse(&self.get("/log/checkpoint").expect(200).bytes).unwrap()
    }

    fn policy(&self, quorum: usize) -> Policy {
        let mut text = format!("log {}\n", self.service.keys().log_key());
        for (number, double) in self.doubles.iter().enumerate() {
            text += &format!("witness w{number} {}\n", double.vkey());
        }
        let all: Vec<String> = (0..self.doubles.len()).map(|number| format!("w{number}")).collect();
        text += &format!("group g {quorum} {}\nquorum g\n", all.join(" "));
        Policy::parse(text.as_bytes()).unwrap()
    }

    fn trouble(&self, number: usize) -> (u64, Option<&'static str>) {
        let (_, standings) = self.service.witness_standings().unwrap();
        (standings[number].failures, standings[number].trouble.map(|(trouble, _)| trouble.word()))
    }
}

fn heads_are_cosigned_stored_and_merged_into_the_served_checkpoint(kind: Kind) {
    let watched = Watched::by(kind, 3);
    let size = watched.write();
    for number in 0..3 {
        assert_eq!(watched.push(number), Pushed::Cosigned(size));
        assert_eq!(watched.push(number), Pushed::Nothing, "idempotent");
        let note = watched.checkpoint();
        assert_eq!(note.signatures().len(), 2 + number, "the log's line and each cosignature, no stranger's");
    }
    let outcome = watched.policy(3).accept(&watched.checkpoint()).unwrap();
    assert_eq!(outcome.checkpoint.size, size);
    assert_eq!(
        watched.get("/log/checkpoint?witnessed=3").expect(200).bytes,
        watched.checkpoint().to_string().as_bytes()
    );
    let (index, proof) = (size - 1, watched.service.log_proof(size - 1).unwrap().1);
    assert!(proof.ends_with(&watched.checkpoint().to_string()), "a proof leads to the merged checkpoint");

    let newer = watched.write();
    let newest = Checkpoint::from_note(&watched.checkpoint()).unwrap();
    assert_eq!(newest.size, newer, "the served checkpoint is the newest, cosigned or not");
    assert_eq!(watched.checkpoint().signatures().len(), 1);
    let witnessed = watched.get("/log/checkpoint?witnessed=3").expect(200);
    let witnessed = SignedNote::parse(&witnessed.bytes).unwrap();
    assert_eq!(watched.policy(3).accept(&witnessed).unwrap().checkpoint.size, size);
    assert_eq!(watched.push(1), Pushed::Cosigned(newer));
    let one = SignedNote::parse(&watched.get("/log/checkpoint?witnessed=1").expect(200).bytes).unwrap();
    assert_eq!(Checkpoint::from_note(&one).unwrap().size, newer);
    watched.get("/log/checkpoint?witnessed=4").problem(404, "not_found");
    for bad in ["0", "33", "-1", "x", ""] {
        watched.get(&format!("/log/checkpoint?witnessed={bad}")).names(400, "witnessed", "range");
    }

    let service = &watched.service;
    let heads = service.cosigned_heads(0, 9).unwrap();
    let sizes: Vec<_> = heads.iter().map(|head| (head.size, head.cosigners.len())).collect();
    assert_eq!(sizes, [(size, 3), (newer, 1)]);
    assert_eq!(service.cosigned_head_covering(index).unwrap().as_ref(), Some(&heads[0]));
    assert_eq!(service.cosigned_head_covering(newer - 1).unwrap().as_ref(), Some(&heads[1]));
    assert_eq!(service.cosigned_head_covering(newer).unwrap(), None);
    assert_eq!(service.cosigned_heads_covering(index).unwrap(), heads[..1], "the later one has nobody new");
    let known = service.witness_sizes().unwrap();
    assert_eq!(known.iter().map(|(_, size)| *size).collect::<Vec<_>>(), [size, newer, size]);
    assert_eq!(known[0].0, watched.doubles[0].vkey());

    let page = watched.get("/log/heads?limit=1").expect(200).json();
    assert_eq!(
        (page["items"][0]["size"].as_u64(), page["next"].as_str()),
        (Some(size), Some(size.to_string().as_str()))
    );
    assert_eq!(page["items"][0]["cosignatures"].as_array().unwrap().len(), 3);
    let rest = watched.get(&format!("/log/heads?after={size}")).expect(200).json();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &serde_json::Value::Null));
    assert_eq!(
        watched.get(&format!("/log/heads?covering={index}")).expect(200).json()["items"],
        page["items"]
    );
    let text = watched.get("/log/heads/000").expect(200).text();
    assert_eq!(text, format!("{}\n{}", heads[0].note, heads[1].note));
    let shown = watched.get("/log/witnesses").expect(200).json();
    assert_eq!(shown["size"], newer);
    assert_eq!(
        (&shown["witnesses"][1]["state"], &shown["witnesses"][0]["state"]),
        (&"current".into(), &"behind".into())
    );
    assert_eq!(
        (&shown["witnesses"][0]["name"], shown["witnesses"][0]["behind"].as_u64()),
        (&"见证方1".into(), Some(newer - size))
    );
    assert!(shown["witnesses"][0].get("trouble").is_none());
    assert!(
        !watched.get("/log/witnesses").text().contains("127.0.0.1"),
        "where a witness listens is nobody's business"
    );
    assert_eq!(watched.app.fsck(), [""; 0]);
}

fn a_witness_that_knows_another_size_is_caught_up_with_a_proof(kind: Kind) {
    let watched = Watched::by(kind, 1);
    let double = &watched.doubles[0];
    let first = watched.write();
    assert_eq!(watched.push(0), Pushed::Cosigned(first));
    // The state was lost here, not there: 409 names the size, the proof begins there.
    watched.app.fresh.by_hand("DELETE FROM witness").unwrap();
    let second = watched.write();
    double.asked.store(0, Ordering::SeqCst);
    assert_eq!(watched.push(0), Pushed::Cosigned(second));
    assert_eq!((double.asked.load(Ordering::SeqCst), double.size()), (2, second));
    // The witness had stored this very head, its answer was lost: it cosigns it again.
    watched.app.fresh.by_hand("DELETE FROM witness; DELETE FROM cosignature").unwrap();
    assert_eq!(watched.push(0), Pushed::Cosigned(second));
    // Somebody else brought it a later head than the one offered here: the next that is offered is later.
    let third = watched.write();
    let other = watched.app.process_watched(of(&watched.doubles));
    watched.app.fresh.by_hand("DELETE FROM witness").unwrap();
    assert_eq!(other.push_to(&double.witness, double.as_ref()).unwrap(), Pushed::Cosigned(third));
    watched
        .app
        .fresh
        .by_hand(&format!(
            "DELETE FROM cosignature WHERE size = {third}; DELETE FROM cosigned_head WHERE size = {third}"
        ))
        .unwrap();
    watched.app.fresh.by_hand("DELETE FROM witness").unwrap();
    let fourth = watched.write();
    watched.app.clock.advance(GRACE);
    assert_eq!(watched.push(0), Pushed::Cosigned(fourth));
    assert_eq!(watched.app.fsck(), [""; 0]);
}

fn a_witness_that_was_away_for_hundreds_of_heads_still_dates_what_lies_below(kind: Kind) {
    let watched = Watched::by(kind, 2);
    let index = watched.write() - 1;
    for _ in 0..257 {
        assert_eq!(watched.push(0), Pushed::Cosigned(watched.app.size()));
        watched.app.clock.advance(GRACE + 1);
        watched.write();
    }
    assert_eq!(watched.push(0), watched.push(1));
    let covering = watched.service.cosigned_heads_covering(index).unwrap();
    let sizes: Vec<_> = covering.iter().map(|head| (head.size, head.cosigners.len())).collect();
    assert_eq!(sizes, [(index + 1, 1), (watched.app.size(), 2)]);
}

fn all_witnesses_cosign_the_same_heads(kind: Kind) {
    let watched = Watched::by(kind, 3);
    let first = watched.write();
    assert_eq!(watched.push(0), Pushed::Cosigned(first));
    watched.write();
    assert_eq!(watched.push(0), Pushed::Nothing, "the next head waits for the other two");
    assert_eq!(watched.push(1), Pushed::Cosigned(first));
    watched.doubles[2].set(Mood::Fails(Trouble::Busy));
    assert_eq!(watched.push(2), Pushed::Failed(Trouble::Busy));
    let third = watched.write();
    assert_eq!(watched.push(0), Pushed::Cosigned(third), "nobody waits for one that fails");
    watched.doubles[2].set(Mood::Honest);
    watched.app.clock.advance(2);
    assert_eq!(watched.push(2), Pushed::Cosigned(third), "it comes back to the head that is offered now");
    let fourth = watched.write();
    assert_eq!(watched.push(0), Pushed::Nothing);
    watched.app.clock.advance(GRACE);
    assert_eq!(watched.push(0), Pushed::Cosigned(fourth), "one that is slow is waited for a short while");
    let sizes = |head: &expert_draw::service::witnesses::CosignedHead| (head.size, head.cosigners.len());
    let heads: Vec<_> = watched.service.cosigned_heads(0, 9).unwrap().iter().map(sizes).collect();
    assert_eq!(heads, [(first, 2), (third, 2), (fourth, 1)]);
    let dating: Vec<_> =
        watched.service.cosigned_heads_covering(first - 1).unwrap().iter().map(sizes).collect();
    assert_eq!(dating, [(first, 2), (third, 2)], "the second has a cosigner whom the first had not");
}

fn a_head_that_nobody_cosigned_is_replaced_and_one_that_was_cosigned_is_kept(kind: Kind) {
    let watched = Watched::by(kind, 1);
    watched.doubles[0].set(Mood::Fails(Trouble::Unreachable));
    for _ in 0..4 {
        watched.write();
        watched.app.clock.advance(PAUSE_LIMIT);
        assert_eq!(watched.push(0), Pushed::Failed(Trouble::Unreachable));
    }
    assert_eq!(watched.service.cosigned_heads(0, 9).unwrap(), []);
    watched.get("/log/heads/000").problem(404, "not_found");
    watched.doubles[0].set(Mood::Honest);
    watched.app.clock.advance(PAUSE_LIMIT);
    let last = watched.app.size();
    assert_eq!(watched.push(0), Pushed::Cosigned(last));
    let next = watched.write();
    assert_eq!(watched.push(0), Pushed::Cosigned(next));
    let sizes: Vec<_> = watched.service.cosigned_heads(0, 9).unwrap().iter().map(|head| head.size).collect();
    assert_eq!(sizes, [last, next]);
}

fn lies_are_named_and_tried_again_later_and_harm_nobody_else(kind: Kind) {
    let watched = Watched::by(kind, 2);
    let liar = &watched.doubles[1];
    let lies = [
        (Mood::OtherKey, Trouble::OtherKey),
        (Mood::BadSignature, Trouble::BadCosignature),
        (Mood::WrongSize, Trouble::WrongSize),
        (Mood::SameSize, Trouble::WrongSize),
        (Mood::OtherRoot, Trouble::Inconsistent),
        (Mood::Ahead, Trouble::Ahead),
        (Mood::Fails(Trouble::Malformed), Trouble::Malformed),
    ];
    for (number, (mood, trouble)) in lies.into_iter().enumerate() {
        let size = watched.write();
        liar.set(mood);
        liar.asked.store(0, Ordering::SeqCst);
        assert_eq!(watched.push(0), Pushed::Cosigned(size), "{mood:?}");
        assert_eq!(watched.push(1), Pushed::Failed(trouble), "{mood:?}");
        assert!(liar.asked.load(Ordering::SeqCst) <= 3, "{mood:?}");
        let failures = number as u64 + 1;
        assert_eq!(watched.trouble(1), (failures, Some(trouble.word())));
        let pause = (1 << number).min(PAUSE_LIMIT);
        let until = watched.app.service.now().0 + pause;
        liar.asked.store(0, Ordering::SeqCst);
        watched.app.clock.advance(pause - 1);
        assert_eq!(watched.push(1), Pushed::Until(expert_draw::time::Timestamp(until)));
        assert_eq!(liar.asked.load(Ordering::SeqCst), 0, "it is left alone for a while");
        watched.app.clock.advance(1);
    }
    assert_eq!(watched.checkpoint().signatures().len(), 2);
    let shown = watched.get("/log/witnesses").expect(200).json();
    let shown = &shown["witnesses"][1];
    assert_eq!(
        (&shown["state"], &shown["trouble"]["class"], shown["size"].as_u64()),
        (&"failing".into(), &"malformed".into(), Some(0))
    );
    assert!(shown["trouble"]["title_zh"].is_string() && shown["next_try"].is_string());
    liar.set(Mood::Honest);
    assert_eq!(watched.push(1), Pushed::Cosigned(watched.app.size()));
    let (failures, trouble) = watched.trouble(1);
    assert_eq!((failures, trouble), (0, Some("malformed")), "what it was stays readable");
    assert_eq!(watched.app.fsck(), [""; 0]);
}

/// A witness that cosigned one history refuses another under the same key, and says so.
fn a_fork_is_refused_by_the_witness_and_shown(kind: Kind) {
    let (one, other) = (Watched::by(kind, 1), Watched::by(kind, 1));
    let double = &one.doubles[0];
    let size = one.write();
    assert_eq!(one.push(0), Pushed::Cosigned(size));
    // The same keys, other entries.
    other.service.found_account(&AccountDraft::new("bureau", "另一个", None, 9)).unwrap();
    while other.write() <= size {}
    let answer = other.service.push_to(&double.witness, double.as_ref()).unwrap();
    assert_eq!(answer, Pushed::Failed(Trouble::Inconsistent));
    assert_eq!(other.trouble(0), (1, Some("inconsistent")));
    assert_eq!(double.size(), size, "its view is as it was");
}

fn nothing_is_asked_twice_after_a_restart(kind: Kind) {
    let watched = Watched::by(kind, 2);
    let size = watched.write();
    watched.doubles[1].set(Mood::Fails(Trouble::Timeout));
    assert_eq!(watched.push(0), Pushed::Cosigned(size));
    assert_eq!(watched.push(1), Pushed::Failed(Trouble::Timeout));
    let before = watched.checkpoint();
    let again = watched.app.process_watched(of(&watched.doubles));
    for double in &watched.doubles {
        double.asked.store(0, Ordering::SeqCst);
    }
    let push = |number: usize| {
        let double = &watched.doubles[number];
        again.push_to(&double.witness, double.as_ref()).unwrap()
    };
    assert_eq!(push(0), Pushed::Nothing);
    assert!(matches!(push(1), Pushed::Until(_)));
    assert_eq!(watched.doubles.iter().map(|d| d.asked.load(Ordering::SeqCst)).sum::<usize>(), 0);
    assert_eq!(again.checkpoint().unwrap(), before.to_string());
}

fn fsck_names_a_head_that_is_not_the_trees_and_a_line_that_does_not_verify(kind: Kind) {
    let watched = Watched::by(kind, 1);
    let size = watched.write();
    assert_eq!(watched.push(0), Pushed::Cosigned(size));
    assert_eq!(watched.app.fsck(), [""; 0]);
    let found = |change: &str, back: &str, what: &str| {
        watched.app.fresh.by_hand(change).unwrap();
        let found = watched.app.fsck();
        assert!(found.iter().any(|finding| finding.contains(what)), "{change}: {found:?}");
        watched.app.fresh.by_hand(back).unwrap();
        assert_eq!(watched.app.fsck(), [""; 0]);
    };
    found(
        "UPDATE cosignature SET time = time + 1",
        "UPDATE cosignature SET time = time - 1",
        "does not verify",
    );
    let (zero, one) = (format!("\n{size}\n"), format!("\n{}\n", size - 1));
    found(
        &format!("UPDATE cosigned_head SET note = replace(note, '{zero}', '{one}')"),
        &format!("UPDATE cosigned_head SET note = replace(note, '{one}', '{zero}')"),
        "none of this log's tree",
    );
}

fn an_evidence_file_carries_the_quorum_that_its_draw_got(kind: Kind) {
    let watched = Watched::by(kind, 2);
    let app = &watched.app;
    let draw = crate::draws::drawn(app);
    let path = format!("/api/v1/draws/{}", draw["id"].as_str().unwrap());
    let strict = watched.policy(2);
    let accepted = || {
        let file = app.ask("GET", &format!("{path}/evidence"), &[], b"").expect(200);
        let alone = crate::draws::verified(app, &file, Audience::Public).facts.tree_size;
        (alone, verify(&file.bytes, &strict, Some(Audience::Public)).verified())
    };
    let quorum = || -> Vec<usize> {
        let seen = app.get(&app.agency, &format!("{path}/cosignatures")).expect(200).json();
        let entries = seen["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["cosignatures"].as_array().unwrap().len()).collect()
    };
    let ended = app.size();
    assert_eq!((accepted(), quorum()), ((Some(ended), false), vec![0, 0, 0]));
    assert_eq!(watched.push(0), Pushed::Cosigned(ended));
    assert_eq!((accepted(), quorum()), ((Some(ended), false), vec![1, 1, 1]));
    assert_eq!(watched.push(1), Pushed::Cosigned(ended));
    watched.write();
    assert_eq!(watched.push(0), Pushed::Cosigned(ended + 1));
    // The newest head has one cosignature, an older one that covers the draw has both.
    assert_eq!((accepted(), quorum()), ((Some(ended), true), vec![2, 2, 2]));
    let seen = app.get(&app.agency, &format!("{path}/cosignatures")).json();
    assert_eq!(seen["entries"][0]["kind"], "draw.committed");
    assert_eq!(seen["entries"][0]["cosignatures"][1]["witness"], watched.doubles[1].vkey());
    app.get(&app.other_agency, &format!("{path}/cosignatures")).problem(404, "not_found");
    assert_eq!(app.fsck(), [""; 0]);
}

fn a_file_with_later_keys_holds_those_that_its_head_covers(kind: Kind) {
    let watched = Watched::by(kind, 1);
    let app = &watched.app;
    let administrator = Actor::of_role("console", Role::Administrator);
    let rotate = || watched.service.rotate_key(&administrator, KeyUse::Statements).unwrap();
    rotate();
    let draw = crate::draws::drawn(app);
    let path = format!("/api/v1/draws/{}/evidence", draw["id"].as_str().unwrap());
    let size = || {
        let file = app.ask("GET", &path, &[], b"").expect(200);
        crate::draws::verified(app, &file, Audience::Public).facts.tree_size
    };
    let ended = app.size();
    assert_eq!(watched.push(0), Pushed::Cosigned(ended));
    watched.write();
    assert_eq!(size(), Some(ended), "the cosigned head, not the newest");
    // An entry about keys above the head is left to later files: the head that has a quorum stays.
    rotate();
    assert_eq!(size(), Some(ended));
    assert_eq!(watched.push(0), Pushed::Cosigned(app.size()));
    assert_eq!(size(), Some(ended));
}

fn a_file_keeps_a_head_of_an_earlier_log_key_unless_that_was_found_out(kind: Kind) {
    use expert_draw::evidence::{Evidence, Format};
    use expert_draw::log::{KeyRetired, KeyUse, RetiredBecause};
    use expert_draw::service::actor::{Actor, Role};
    for found_out in [false, true] {
        let watched = Watched::by(kind, 1);
        let app = &watched.app;
        let draw = crate::draws::drawn(app);
        let ended = app.size();
        assert_eq!(watched.push(0), Pushed::Cosigned(ended));
        let administrator = Actor::of_role("console", Role::Administrator);
        let before = app.service.rotate_key(&administrator, KeyUse::Log).unwrap().before;
        let doubtful_from = ended;
        let reason =
            if found_out { RetiredBecause::Compromised { doubtful_from } } else { RetiredBecause::Succeeded };
        app.service.retire_key(&administrator, KeyRetired { key: before, reason }).unwrap();
        let path = format!("/api/v1/draws/{}/evidence", draw["id"].as_str().unwrap());
        let file = app.ask("GET", &path, &[], b"").expect(200);
        let report = crate::draws::verified(app, &file, Audience::Public);
        let format = Evidence::read(&file.bytes).unwrap().format;
        // The witnessed head, as it was; or the newest, which no witness has seen, under the new key alone.
        let expected = if found_out { (Some(app.size()), Format::V3) } else { (Some(ended), Format::V1) };
        assert_eq!((report.facts.tree_size, format), expected, "found out: {found_out}");
        let keys = app.ask("GET", "/api/v1/keys", &[], b"").expect(200).json();
        assert_eq!(keys["policy"].as_str().unwrap().matches("\nlog ").count(), if found_out { 1 } else { 2 });
        assert_eq!(app.fsck(), [""; 0]);
    }
}

fn tiles_are_immutable_and_what_grows_is_cached_for_seconds(kind: Kind) {
    let watched = Watched::by(kind, 1);
    let size = watched.write();
    for width in 1..=size {
        for path in ["tile/0/000", "tile/entries/000", "signatures/000"] {
            let answer = watched.get(&format!("/log/{path}.p/{width}")).expect(200);
            assert_eq!(answer.header("Cache-Control"), "public, max-age=31536000, immutable");
            assert_eq!(answer.header("Content-Type"), "application/octet-stream");
        }
    }
    assert_eq!(watched.push(0), Pushed::Cosigned(size));
    for path in ["checkpoint", "heads/000"] {
        let answer = watched.get(&format!("/log/{path}")).expect(200);
        assert_eq!(answer.header("Cache-Control"), "public, max-age=2, must-revalidate");
        assert_eq!(answer.header("Content-Type"), "text/plain; charset=utf-8");
    }
    // What is not there yet may be there in a moment: nobody keeps the answer.
    for path in ["tile/0/000", "tile/entries/000", "signatures/000", "tile/1/000.p/1", "heads/001"] {
        assert_eq!(watched.get(&format!("/log/{path}")).expect(404).header("Cache-Control"), "no-store");
    }
    let next = format!("/log/tile/entries/000.p/{}", size + 1);
    watched.get(&next).problem(404, "not_found");
    watched.write();
    watched.get(&next).expect(200);
    for bad in ["after=x", "covering=-1", "covering=1&after=1", "limit=0", "after=99999999999999999"] {
        watched.get(&format!("/log/heads?{bad}")).expect(400);
    }
    // A signature beside its entry makes the note that the proof's page shows.
    let bundle = |path: &str| {
        let bytes = watched.get(&format!("/log/{path}/000.p/{size}")).expect(200).bytes;
        let parts = unpack_entries(&bytes, u16::try_from(size).unwrap()).unwrap();
        parts.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    for (index, (entry, lines)) in bundle("tile/entries").iter().zip(bundle("signatures")).enumerate() {
        let note = [entry.as_slice(), b"\n\n", &lines].concat();
        assert_eq!(note, watched.service.log_proof(index as u64).unwrap().0.as_bytes());
    }
}

fn an_exported_directory_holds_the_heads_and_follows_late_cosignatures(kind: Kind) {
    let watched = Watched::by(kind, 2);
    let reader = Reader::open(&watched.app.fresh.database, 1, Duration::from_secs(20)).unwrap();
    let out = watched.app.fresh.folder.join("out");
    let run = |up_to: &UpTo| export(&reader, &out, up_to, &mut |_| {});
    let read = |path: &str| std::fs::read(out.join(path)).unwrap();
    let vkeys = || watched.doubles.iter().map(|double| double.vkey()).collect::<Vec<_>>();
    assert_eq!(run(&UpTo::Witnessed(1, vkeys())).unwrap_err().code, "not_found");
    let size = watched.write();
    assert_eq!(watched.push(0), Pushed::Cosigned(size));
    let newer = watched.write();
    watched.app.clock.advance(GRACE);
    assert_eq!(watched.push(0), Pushed::Cosigned(newer));
    assert_eq!(run(&UpTo::Witnessed(1, vkeys())).unwrap().size, newer);
    let served = watched.get("/log/heads/000").expect(200).bytes;
    assert_eq!(
        (read("heads/000"), read("checkpoint")),
        (served, watched.checkpoint().to_string().into_bytes())
    );
    // The other witness comes late, and the log has grown: the head that both cosigned is not the newest.
    assert_eq!(watched.push(1), Pushed::Cosigned(newer));
    let served = watched.get("/log/heads/000").expect(200);
    assert_eq!(served.text().matches("\n\n").count(), 3, "two notes, a line between them");
    let newest = watched.write();
    assert_eq!(watched.push(0), Pushed::Cosigned(newest));
    let done = run(&UpTo::Witnessed(2, vkeys())).unwrap();
    assert_eq!((done.before, done.size, done.written), (newer, newer, 2), "the heads and the checkpoint");
    assert_eq!(read("heads/000"), served.bytes, "no head that is larger than the checkpoint");
    assert_eq!(read("checkpoint"), watched.get("/log/checkpoint?witnessed=2").expect(200).bytes);
    let done = run(&UpTo::Newest).unwrap();
    assert_eq!((done.before, done.size), (newer, newest));
    // An older head than the directory's is a step back, and refused.
    assert_eq!(run(&UpTo::Witnessed(2, vkeys())).unwrap_err().code, "other_history");
}

/// Holds every request until it is told to go on.
struct Stalls {
    double: Arc<Double>,
    heard: Sender<()>,
    goes_on: Mutex<Receiver<()>>,
}

impl Cosigner for Stalls {
    fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<Answer, Trouble> {
        let _ = self.heard.send(());
        let _ = self.goes_on.lock().unwrap().recv_timeout(Duration::from_secs(60));
        self.double.add_checkpoint(request)
    }
}

struct Plain(Arc<Double>);

impl Cosigner for Plain {
    fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<Answer, Trouble> {
        self.0.add_checkpoint(request)
    }
}

fn a_witness_that_never_answers_holds_up_neither_the_log_nor_the_others(kind: Kind) {
    let watched = Watched::by(kind, 3);
    let ((heard, hears), (go_on, goes_on)) = (channel(), channel());
    let stalls =
        Mutex::new(Some(Stalls { double: watched.doubles[2].clone(), heard, goes_on: Mutex::new(goes_on) }));
    let drive = push_over(&watched.service, |witness| {
        let number = watched.doubles.iter().position(|double| double.witness == *witness).unwrap();
        if number == 2 {
            Box::new(stalls.lock().unwrap().take().unwrap())
        } else {
            Box::new(Plain(watched.doubles[number].clone()))
        }
    })
    .unwrap();
    watched.write();
    hears.recv_timeout(Duration::from_secs(20)).expect("the slow one was asked");
    let sizes = |least: u64| {
        let begun = Instant::now();
        while !watched.doubles[..2].iter().all(|double| double.size() >= least) {
            assert!(begun.elapsed() < Duration::from_secs(20), "the others cosign {least}");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    for _ in 0..3 {
        let begun = Instant::now();
        let size = watched.write();
        assert!(begun.elapsed() < Duration::from_secs(10), "a write waits for no witness");
        watched.app.clock.advance(GRACE);
        sizes(size);
    }
    assert_eq!(watched.doubles[2].size(), 0);
    go_on.send(()).unwrap();
    drop(go_on);
    let begun = Instant::now();
    while watched.doubles[2].size() < watched.app.size() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the slow one catches up");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(drive);
    assert_eq!(watched.app.fsck(), [""; 0]);
}

#[test]
fn the_client_ends_in_time_with_a_class_whatever_the_server_does() {
    use std::io::Write;
    use std::net::TcpStream;
    fn say(stream: &mut TcpStream, head: &str, body: &[u8]) {
        let length = body.len();
        let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    }
    let watched = Watched::by(Kind::Sqlite, 1);
    watched.write();
    let note = watched.checkpoint();
    let ask = |url: String, limit: Duration| {
        let request = AddCheckpoint { old: 0, proof: vec![], note: note.clone() };
        let begun = Instant::now();
        let answer = HttpWitness::with_timeout(&url, limit).add_checkpoint(&request);
        assert!(begun.elapsed() < limit + Duration::from_secs(3), "{answer:?}");
        answer
    };
    let cases: Vec<(crate::witness_double::Reply, Result<Answer, Trouble>)> = vec![
        (|s| say(s, "409 x\r\nContent-Type: text/x.tlog.size", b"7\n"), Ok(Answer::Size(7))),
        (|s| say(s, "409 x\r\nContent-Type: text/plain", b"7\n"), Err(Trouble::Malformed)),
        (|s| say(s, "409 x\r\nContent-Type: text/x.tlog.size", b"seven"), Err(Trouble::Malformed)),
        (|s| say(s, "200 x", b"<html>"), Err(Trouble::Malformed)),
        (|s| say(s, "200 x", b""), Err(Trouble::Malformed)),
        (|s| say(s, "204 x", b""), Err(Trouble::Malformed)),
        (|s| say(s, "302 x\r\nLocation: http://127.0.0.1:1/", b""), Err(Trouble::Redirect)),
        (|s| say(s, "400 x", b""), Err(Trouble::Request)),
        (|s| say(s, "403 x", b""), Err(Trouble::Signature)),
        (|s| say(s, "404 x", b""), Err(Trouble::UnknownLog)),
        (|s| say(s, "422 x", b""), Err(Trouble::Inconsistent)),
        (|s| say(s, "503 x", b""), Err(Trouble::Busy)),
        (|s| say(s, "200 x", &vec![b'a'; BODY_LIMIT as usize + 1]), Err(Trouble::TooLarge)),
        // Without end: read up to the limit and no further.
        (
            |s| {
                let _ = s.write_all(b"HTTP/1.1 200 x\r\nConnection: close\r\n\r\n");
                while s.write_all(&[b'a'; 4096]).is_ok() {}
            },
            Err(Trouble::TooLarge),
        ),
        (|s| drop(s.write_all(b"nonsense\r\n\r\n")), Err(Trouble::Malformed)),
        (|_| std::thread::sleep(Duration::from_secs(9)), Err(Trouble::Timeout)),
        // A byte now and then is no answer in time.
        (
            |s| {
                let _ = s.write_all(b"HTTP/1.1 200 x\r\nContent-Length: 1000\r\n\r\n");
                while s.write_all(b"a").is_ok() {
                    std::thread::sleep(Duration::from_millis(100));
                }
            },
            Err(Trouble::Timeout),
        ),
    ];
    for (number, (reply, expected)) in cases.into_iter().enumerate() {
        let answer = ask(format!("http://{}/", answering(reply)), Duration::from_secs(2));
        assert_eq!(answer, expected, "case {number}");
    }
    assert_eq!(ask("http://127.0.0.1:1".into(), Duration::from_secs(2)), Err(Trouble::Unreachable));
    // And an honest one over the same client.
    let address = serve(watched.doubles[0].clone());
    let Ok(Answer::Lines(lines)) = ask(format!("http://{address}"), Duration::from_secs(5)) else {
        panic!("no lines")
    };
    assert_eq!(lines.len(), 2);
}
