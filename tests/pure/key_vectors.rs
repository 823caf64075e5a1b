//! `tests/vectors/keys.json`: books of keys without a log around them, statement by statement, with what
//! must be refused and under which name, and what is asked of the end (`api-spec/log-v2.md` §4).

use ed25519_dalek::{Signer, SigningKey};
use expert_draw::codec::{Hash, Json, Object, ShapeError};
use expert_draw::draw::contributions::VRF_KEYS;
use expert_draw::draw::moved_tags::MovedTags;
use expert_draw::draw::tags::tags;
use expert_draw::draw::vrf::VrfSecret;
use expert_draw::log::opened::LogOpened;
use expert_draw::log::{
    KeyBook, KeyRegistered, KeyRetired, KeyUse, MovedTag, RetiredBecause, TagsMoved, key_digest,
};

use crate::vectors::{hold, path};

const LOG: &str = "draw.example/430600";

fn ed(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

fn vrf(n: u8) -> VrfSecret {
    VrfSecret::from_seed([n; 32])
}

fn public(usage: KeyUse, n: u8) -> [u8; 32] {
    if usage.is_vrf() { *vrf(n).public().as_bytes() } else { ed(n).verifying_key().to_bytes() }
}

fn digest(usage: KeyUse, n: u8) -> Hash {
    key_digest(&public(usage, n))
}

fn opened() -> LogOpened {
    LogOpened {
        jurisdiction: "430600".into(),
        log: public(KeyUse::Log, 1),
        statements: public(KeyUse::Statements, 2),
        draw_vrf: public(KeyUse::DrawVrf, 3),
        tag_vrf: public(KeyUse::TagVrf, 4),
    }
}

/// One of the operator's keys, proven.
fn own(usage: KeyUse, n: u8) -> KeyRegistered {
    let key = public(usage, n);
    let text = KeyRegistered::possession_text(LOG, usage, &key);
    let proof = if usage.is_vrf() {
        vrf(n).prove(text.as_bytes()).as_bytes().to_vec()
    } else {
        ed(n).sign(text.as_bytes()).to_bytes().to_vec()
    };
    KeyRegistered { usage, key, proof: Some(proof), name: None, witness: None }
}

fn others(usage: KeyUse, n: u8, witness: Option<Hash>) -> KeyRegistered {
    KeyRegistered { usage, key: public(usage, n), proof: None, name: Some("省审计厅".into()), witness }
}

fn moved(old: u8, new: u8, packages: &[&str]) -> TagsMoved {
    let one = |package: &&str| {
        let (from, to) = (tags(&vrf(old), "P-1", package).unwrap(), tags(&vrf(new), "P-1", package).unwrap());
        MovedTag {
            from: from.package.0,
            from_proof: *from.package_proof.as_bytes(),
            to: to.package.0,
            to_proof: *to.package_proof.as_bytes(),
        }
    };
    let mut packages: Vec<MovedTag> = packages.iter().map(one).collect();
    packages.sort_by_key(|moved| moved.from);
    TagsMoved { from: digest(KeyUse::TagVrf, old), to: digest(KeyUse::TagVrf, new), packages }
}

/// A case under construction.
struct Case {
    name: &'static str,
    entries: Vec<Json>,
    asked: Vec<Json>,
}

impl Case {
    fn new(name: &'static str) -> Self {
        let case = Self { name, entries: Vec::new(), asked: Vec::new() };
        case.says(0, LogOpened::TYPE, opened().fields(), None)
    }

    fn says(mut self, index: u64, kind: &str, fields: Object, refused: Option<&str>) -> Self {
        let entry = Object::new().with("index", index).with("kind", kind).with("fields", fields);
        self.entries.push(entry.with_some("refused", refused).into());
        self
    }

    fn registers(self, index: u64, said: &KeyRegistered) -> Self {
        self.says(index, KeyRegistered::TYPE, said.fields(), None)
    }

    fn retires(self, index: u64, key: Hash, reason: RetiredBecause) -> Self {
        self.says(index, KeyRetired::TYPE, KeyRetired { key, reason }.fields(), None)
    }

    fn asks(mut self, question: Object) -> Self {
        self.asked.push(question.into());
        self
    }

    fn in_force(self, at: u64, n: u8) -> Self {
        let key = digest(KeyUse::Statements, n);
        self.asks(Object::new().with("ask", "statements").with("at", at).with("key", key))
    }

    fn signs(self, size: u64, keys: &[u8]) -> Self {
        let keys = keys.iter().map(|n| Json::from(digest(KeyUse::Log, *n))).collect::<Json>();
        self.asks(Object::new().with("ask", "checkpoint").with("size", size).with("keys", keys))
    }

    fn contributes(self, (committed, at): (u64, u64), key: Hash, answer: &str) -> Self {
        let ask = Object::new().with("ask", "may_contribute").with("committed", committed).with("at", at);
        self.asks(ask.with("key", key).with("answer", answer))
    }

    fn doubts(self, key: Hash, at: u64, answer: &str) -> Self {
        self.asks(
            Object::new().with("ask", "doubtful").with("key", key).with("at", at).with("answer", answer),
        )
    }

    fn json(self) -> Json {
        Object::new()
            .with("name", self.name)
            .with("log", LOG)
            .with("entries", self.entries.into_iter().collect::<Json>())
            .with("asked", self.asked.into_iter().collect::<Json>())
            .into()
    }
}

fn cases() -> Vec<Case> {
    let first = digest(KeyUse::Statements, 2);
    let found_out = |doubtful_from| RetiredBecause::Compromised { doubtful_from };
    let succession = Case::new("succession")
        .registers(5, &own(KeyUse::Statements, 10))
        .registers(6, &own(KeyUse::Log, 11))
        .retires(9, digest(KeyUse::Log, 1), RetiredBecause::Succeeded)
        .registers(12, &own(KeyUse::Statements, 12))
        .in_force(0, 2)
        .in_force(5, 2)
        .in_force(6, 10)
        .in_force(12, 10)
        .in_force(13, 12)
        .signs(6, &[1])
        .signs(7, &[1, 11])
        .signs(9, &[1, 11])
        .signs(10, &[11]);
    let draw = |n| digest(KeyUse::DrawVrf, n);
    let compromise = Case::new("compromise")
        .registers(5, &own(KeyUse::DrawVrf, 10))
        .registers(6, &own(KeyUse::DrawVrf, 11))
        .retires(8, draw(3), RetiredBecause::Succeeded)
        .retires(9, draw(10), found_out(7))
        .contributes((4, 20), draw(3), "yes")
        .contributes((6, 9), draw(10), "yes")
        .contributes((6, 10), draw(10), "no")
        .contributes((5, 6), draw(10), "no")
        .contributes((9, 10), draw(3), "no")
        .doubts(draw(10), 6, "no")
        .doubts(draw(10), 7, "yes")
        .doubts(draw(3), 20, "no");
    let witness = others(KeyUse::Witness, 20, None);
    let of_others = Case::new("others")
        .registers(1, &witness)
        .registers(2, &others(KeyUse::WitnessVrf, 21, Some(digest(KeyUse::Witness, 20))))
        .registers(3, &others(KeyUse::Supervisor, 22, None))
        .retires(5, digest(KeyUse::Supervisor, 22), RetiredBecause::Retired)
        .contributes((3, 9), digest(KeyUse::WitnessVrf, 21), "yes")
        .contributes((2, 9), digest(KeyUse::WitnessVrf, 21), "no")
        .contributes((5, 9), digest(KeyUse::Supervisor, 22), "yes")
        .contributes((6, 9), digest(KeyUse::Supervisor, 22), "no");
    let refused = |case: Case, kind: &str, fields: Object, word: &str| case.says(3, kind, fields, Some(word));
    let registered =
        |name, said: &KeyRegistered, word| refused(Case::new(name), KeyRegistered::TYPE, said.fields(), word);
    let changed = |said: KeyRegistered, change: &dyn Fn(&mut KeyRegistered)| {
        let mut said = said;
        change(&mut said);
        said
    };
    let mut weak = own(KeyUse::Statements, 10);
    weak.key = [0; 32];
    weak.key[0] = 1;
    let small = changed(own(KeyUse::TagVrf, 10), &|said| said.key = [0; 32]);
    let foreign = changed(own(KeyUse::Statements, 10), &|said| said.usage = KeyUse::Log);
    let mut proof_of_another = own(KeyUse::DrawVrf, 10);
    proof_of_another.proof = own(KeyUse::DrawVrf, 11).proof;
    let mut cases = vec![
        succession,
        compromise,
        of_others,
        registered("shape-nameless", &changed(witness.clone(), &|said| said.name = None), "shape"),
        registered("shape-unproven", &changed(own(KeyUse::Log, 10), &|said| said.proof = None), "shape"),
        registered(
            "shape-short-proof",
            &changed(own(KeyUse::TagVrf, 10), &|s| s.proof = Some(vec![1; 64])),
            "shape",
        ),
        registered("shape-witness-unnamed", &others(KeyUse::WitnessVrf, 21, None), "shape"),
        registered("key-weak", &weak, "key"),
        registered("key-no-vrf", &small, "key"),
        registered("not-new", &own(KeyUse::Log, 2), "not_new"),
        registered("witness-unknown", &others(KeyUse::WitnessVrf, 21, Some(first)), "witness"),
        registered("proof-for-another-use", &foreign, "proof"),
        registered("proof-of-another-key", &proof_of_another, "proof"),
    ];
    let retired = |name, case: Case, key: Hash, reason, word| {
        refused(case, KeyRetired::TYPE, KeyRetired { key, reason }.fields(), word).name(name)
    };
    let succeeded = || Case::new("").registers(1, &own(KeyUse::Statements, 10));
    let lost = Object::new().with("key", first).with("reason", "lost");
    let undated = Object::new().with("key", first).with("reason", "compromised");
    let dated =
        KeyRetired { key: first, reason: RetiredBecause::Retired }.fields().with("doubtful_from", 1u64);
    cases.extend([
        refused(succeeded().name("shape-reason"), KeyRetired::TYPE, lost, "shape"),
        refused(succeeded().name("shape-undated"), KeyRetired::TYPE, undated, "shape"),
        refused(succeeded().name("shape-dated"), KeyRetired::TYPE, dated, "shape"),
        retired("unknown-key", succeeded(), Hash([9; 32]), RetiredBecause::Retired, "unknown_key"),
        retired(
            "retired-before",
            succeeded().retires(2, first, RetiredBecause::Succeeded),
            first,
            found_out(1),
            "retired_before",
        ),
        retired("in-force", succeeded(), digest(KeyUse::Statements, 10), RetiredBecause::Retired, "in_force"),
        retired("doubtful-entry-0", succeeded(), first, found_out(0), "doubtful_from"),
        retired("doubtful-later", succeeded(), first, found_out(4), "doubtful_from"),
    ]);
    let rotated = || Case::new("").registers(1, &own(KeyUse::TagVrf, 10));
    let say =
        |case: Case, index, said: &TagsMoved, word| case.says(index, TagsMoved::TYPE, said.fields(), word);
    let good = moved(4, 10, &["1", "2", "3"]);
    let unordered = TagsMoved { packages: good.packages.iter().rev().cloned().collect(), ..good.clone() };
    let mut same_target = moved(4, 10, &["4", "5"]);
    same_target.packages[1].to = same_target.packages[0].to;
    same_target.packages[1].to_proof = same_target.packages[0].to_proof;
    let mut unproven = good.clone();
    unproven.packages[2].to_proof = unproven.packages[1].to_proof;
    let backward = TagsMoved { from: good.to, to: good.from, ..good.clone() };
    let twice = rotated().registers(2, &own(KeyUse::TagVrf, 11));
    cases.extend([
        say(say(rotated().name("tags-move"), 2, &good, None), 3, &moved(4, 10, &["4"]), None),
        say(rotated().name("tags-too-early"), 1, &good, Some("unknown_key")),
        say(rotated().name("tags-backward"), 2, &backward, Some("unknown_key")),
        say(twice.name("tags-of-an-earlier-pair"), 3, &good, Some("unknown_key")),
        say(rotated().name("tags-order"), 2, &unordered, Some("order")),
        say(
            say(rotated().name("tags-moved-before"), 2, &good, None),
            3,
            &moved(4, 10, &["2"]),
            Some("moved_before"),
        ),
        say(rotated().name("tags-same-target"), 2, &same_target, Some("moved_before")),
        say(rotated().name("tags-unproven"), 2, &unproven, Some("proof")),
    ]);
    cases
}

impl Case {
    fn name(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }
}

/// Says one entry to the books; the word of the rule if it is refused.
fn tell(
    book: &mut Option<KeyBook>,
    tags: &mut MovedTags,
    index: u64,
    kind: &str,
    fields: &Json,
) -> Result<(), String> {
    let shape = |error: ShapeError| {
        // Of `tags.moved` the order is a rule of its own.
        if error.rule.contains("ascending") { "order".to_owned() } else { "shape".to_owned() }
    };
    match (kind, book) {
        (LogOpened::TYPE, book) => {
            let opened = LogOpened::read(fields).map_err(shape)?;
            *book = Some(KeyBook::open(LOG, &opened, VRF_KEYS).map_err(|refusal| refusal.name().to_owned())?);
            Ok(())
        }
        (KeyRegistered::TYPE, Some(book)) => {
            let said = KeyRegistered::read(fields).map_err(shape)?;
            book.register(index, &said).map_err(|refusal| refusal.name().to_owned())
        }
        (KeyRetired::TYPE, Some(book)) => {
            let said = KeyRetired::read(fields).map_err(shape)?;
            book.retire(index, &said).map_err(|refusal| refusal.name().to_owned())
        }
        (TagsMoved::TYPE, Some(book)) => {
            let said = TagsMoved::read(fields).map_err(shape)?;
            tags.apply(index, &said, book).map_err(|refusal| refusal.name().to_owned())
        }
        other => panic!("{other:?}"),
    }
}

fn answer(book: &KeyBook, ask: &Json) {
    let map = ask.as_map().unwrap();
    let number = |name: &str| u64::try_from(map[name].as_int().unwrap()).unwrap();
    let key = || Hash::from_hex(map["key"].as_str().unwrap()).unwrap();
    let yes =
        |answer: bool| assert_eq!(map["answer"].as_str(), Some(if answer { "yes" } else { "no" }), "{ask:?}");
    match map["ask"].as_str().unwrap() {
        "statements" => {
            assert_eq!(book.in_force(KeyUse::Statements, number("at")).unwrap().digest, key(), "{ask:?}");
        }
        "checkpoint" => {
            let keys: Json = book.of_checkpoint(number("size")).map(|key| Json::from(key.digest)).collect();
            assert_eq!(keys, map["keys"], "{ask:?}");
        }
        // Named by a commitment at `committed`, and contributing at `at`.
        "may_contribute" => yes(book.find(&key()).is_some_and(|key| {
            let named = if key.usage.is_operators() {
                book.in_force(key.usage, number("committed")).is_some_and(|now| now.digest == key.digest)
            } else {
                key.is_live_at(number("committed"))
            };
            named && key.may_contribute_at(number("at"))
        })),
        "doubtful" => yes(book.find(&key()).is_some_and(|key| key.is_doubtful_at(number("at")))),
        other => panic!("{other}"),
    }
}

#[test]
fn books_of_keys_are_told_and_asked_as_the_vectors_say() {
    let ours = Object::new().with("cases", cases().into_iter().map(Case::json).collect::<Json>());
    hold("keys.json", &Json::from(ours).canonical());
    let file = Json::parse_canonical(&std::fs::read(path("keys.json")).unwrap(), 1 << 20).unwrap();
    for case in file.as_map().unwrap()["cases"].as_list().unwrap() {
        let case = case.as_map().unwrap();
        let name = case["name"].as_str().unwrap();
        let (mut book, mut tags) = (None, MovedTags::default());
        for entry in case["entries"].as_list().unwrap() {
            let entry = entry.as_map().unwrap();
            let index = u64::try_from(entry["index"].as_int().unwrap()).unwrap();
            let told = tell(&mut book, &mut tags, index, entry["kind"].as_str().unwrap(), &entry["fields"]);
            let refused = entry.get("refused").map(|word| word.as_str().unwrap().to_owned());
            assert_eq!(told.err(), refused, "{name}, entry {index}");
        }
        let book = book.unwrap();
        case["asked"].as_list().unwrap().iter().for_each(|ask| answer(&book, ask));
    }
}

#[test]
fn tags_that_were_moved_twice_are_one_package() {
    let mut book = KeyBook::open(LOG, &opened(), VRF_KEYS).unwrap();
    let mut tags = MovedTags::default();
    let (first, second) = (moved(4, 10, &["1", "2"]), moved(10, 11, &["1"]));
    book.register(1, &own(KeyUse::TagVrf, 10)).unwrap();
    tags.apply(2, &first, &book).unwrap();
    book.register(3, &own(KeyUse::TagVrf, 11)).unwrap();
    tags.apply(4, &second, &book).unwrap();
    let start = tags.first(&second.packages[0].to);
    assert!(first.packages.iter().any(|moved| moved.from == start && moved.to == second.packages[0].from));
    assert_eq!(tags.first(&start), start);
    assert_ne!(tags.first(&first.packages[0].to), tags.first(&first.packages[1].to));
}
