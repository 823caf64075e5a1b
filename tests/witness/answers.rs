//! Contributions to draws (`api-spec/witness-v1.md` §§4–6): once, in time, only when the operator's own is fixed in
//! a cosigned head; kept, published, the same again; and never after a statement that there will be none.

use expert_draw::codec::{Hash, Json, Object, to_hex};
use expert_draw::draw::commitment::{Commitment, Contributor, Group};
use expert_draw::draw::contributions::texts::{AnswerText, nonce_commitment, not_released_text, verifies};
use expert_draw::draw::contributions::{Reveal, Share};
use expert_draw::draw::seed;
use expert_draw::draw::statements::{Contributed, Void, VoidReason};
use expert_draw::draw::vrf::{Beta, Proof, VrfPublic, VrfSecret};
use expert_draw::log::{Origin, Statement, key_digest};
use expert_draw::time::Timestamp;

use crate::log::{ORIGIN, TestLog};
use crate::site::{NOW, Site, Told, hash};

const DEADLINE: i64 = NOW + 600;
pub const ANSWER: &str = "/expert-draw/v1/answer";
pub const NOT_RELEASED: &str = "/expert-draw/v1/not-released";

/// A log with a draw that waits for two nonces, the operator and this witness.
pub struct Draw {
    pub log: TestLog,
    pub operator: VrfSecret,
    alpha: Hash,
    /// Indices: commitment, reveals, the operator's.
    pub entries: Vec<u64>,
}

fn origin() -> Origin {
    Origin::new(ORIGIN).unwrap()
}

fn say(log: &mut TestLog, kind: &str, fields: Object) -> u64 {
    let Json::Map(body) = Json::from(fields) else { unreachable!() };
    log.add(Statement::new(kind, origin(), NOW, body).unwrap().to_bytes())
}

fn supervisor(n: u8) -> Hash {
    key_digest(&[n; 32])
}

fn nonce(n: u8) -> [u8; 32] {
    [0x40 + n; 32]
}

fn commitment(operator: &VrfSecret, witnesses: &[Hash], attempt: u32) -> Commitment {
    let tag = Beta([9; 64]);
    let nonces = [1, 2].map(|n| Contributor::Nonce {
        key: supervisor(n),
        commitment: nonce_commitment(&supervisor(n), &tag, attempt, &nonce(n)),
    });
    let own = Contributor::Operator { key: key_digest(operator.public().as_bytes()) };
    let witnesses = witnesses.iter().map(|key| Contributor::Witness { key: *key });
    Commitment {
        attempt,
        predecessor: (attempt > 1).then_some(Hash([5; 32])),
        package_tag: tag,
        plan_tag: Beta([8; 64]),
        tag_key: Hash([1; 32]),
        request: Hash([2; 32]),
        names: Hash([3; 32]),
        profile: Hash([4; 32]),
        registry: 1,
        groups: vec![Group { seats: 5, site: 1 }],
        unit_cap: 1,
        lots: 1,
        margin: 2,
        window_minutes: 30,
        pool_size: 60,
        pool_root: Hash([6; 32]),
        excluded: Hash([7; 32]),
        kept: Vec::new(),
        forced_accepted_by: None,
        contributions: nonces.into_iter().chain([own]).chain(witnesses).collect(),
        deadline: DEADLINE,
    }
}

impl Draw {
    pub fn new() -> (Site, Self) {
        let mut log = TestLog::of(0);
        log.grow(4);
        let site = Site::new(&[&log.key]);
        let witness = site.folder.load_keys().vrf_digest();
        let draw = Self::on(log, &[Hash([0xee; 32]), witness], 1);
        (site, draw)
    }

    /// Commits a draw and contributes everything that the witness waits for.
    fn on(mut log: TestLog, witnesses: &[Hash], attempt: u32) -> Self {
        let operator = VrfSecret::from_seed([0x77; 32]);
        let index = say(&mut log, Commitment::TYPE, commitment(&operator, witnesses, attempt).fields());
        let alpha = seed::alpha(index, &expert_draw::log::merkle::leaf_hash(&log.leaves[index as usize]));
        let mut draw = Self { log, operator, alpha, entries: vec![index] };
        // In another order than committed: among nonces any order will do.
        for n in [2, 1] {
            let reveal = draw.reveal(n, nonce(n));
            let index = draw.share(&reveal);
            draw.entries.push(index);
        }
        let own = draw.own(draw.operator.prove(draw.alpha.as_bytes()));
        let index = draw.share(&own);
        draw.entries.push(index);
        draw.log.grow(draw.log.size() + 3);
        draw
    }

    fn reveal(&self, n: u8, nonce: [u8; 32]) -> Share {
        Share::Nonce(Reveal { alpha: self.alpha, key: supervisor(n), nonce, signature: [0; 64] })
    }

    fn own(&self, proof: Proof) -> Share {
        let key = key_digest(self.operator.public().as_bytes());
        Share::Operator(Contributed { alpha: self.alpha, key, proof })
    }

    fn share(&mut self, share: &Share) -> u64 {
        say(&mut self.log, Share::TYPE, share.fields())
    }

    pub fn propose(&mut self, kind: &str) -> u64 {
        let (alpha, reason) = (self.alpha, VoidReason::ContributionMissing);
        let void = Void { alpha, reason, actor: "A1".into(), approver: None };
        say(&mut self.log, kind, void.fields())
    }

    fn entry(&self, index: u64, size: u64) -> Json {
        let leaf = String::from_utf8_lossy(&self.log.leaves[index as usize]).into_owned();
        let note = self.log.sign(&format!("{leaf}\n")).to_string();
        let proof: Json = self.log.inclusion(index, size).into_iter().map(Json::from).collect();
        Object::new().with("index", index).with("note", note).with("proof", proof).into()
    }

    pub fn request(&self, entries: &[u64], size: u64) -> Object {
        let entries: Json = entries.iter().map(|index| self.entry(*index, size)).collect();
        Object::new().with("v", 1u32).with("log", ORIGIN).with("size", size).with("entries", entries)
    }

    /// An honest request at a size.
    pub fn asks(&self, size: u64) -> Vec<u8> {
        self.asks_with(&self.entries, size)
    }

    fn asks_with(&self, entries: &[u64], size: u64) -> Vec<u8> {
        let vrf = to_hex(self.operator.public().as_bytes());
        bytes(self.request(entries, size).with("vrf", vrf))
    }

    pub fn withholds(&self, proposed: u64, size: u64) -> Vec<u8> {
        bytes(self.request(&[self.entries[0], proposed], size))
    }
}

pub fn bytes(object: Object) -> Vec<u8> {
    Json::from(object).canonical()
}

fn refused(told: &Told, status: u16, word: &str) {
    assert_eq!(told.status, status, "{word}: {}", told.body);
    let json = told.json();
    assert_eq!(json.as_map().unwrap()["error"].as_str(), Some(word), "{}", told.body);
}

fn int(json: &Json, field: &str) -> i64 {
    json.as_map().unwrap()[field].as_int().unwrap()
}

fn text<'a>(json: &'a Json, field: &str) -> &'a str {
    json.as_map().unwrap()[field].as_str().unwrap()
}

#[test]
fn a_draw_is_answered_with_a_proof_and_a_signature_that_verify_and_the_answer_is_published() {
    let (site, draw) = Draw::new();
    let size = draw.log.size();
    site.cosigns(&draw.log, 0, size);
    site.clock.set(Timestamp(DEADLINE));
    let told = site.client.post(ANSWER, &draw.asks(size));
    assert_eq!(told.status, 200, "{}", told.body);
    let answer = told.json();
    let keys = site.client.get("/expert-draw/v1/keys").json();
    let vrf = Hash::from_hex(text(&keys, "vrf")).unwrap();
    let proof = Proof::from_hex(text(&answer, "proof")).unwrap();
    VrfPublic::from_bytes(vrf.0).unwrap().verify(draw.alpha.as_bytes(), &proof).unwrap();
    let key = key_digest(&vrf.0);
    assert_eq!((hash(&answer, "alpha"), hash(&answer, "key")), (draw.alpha, key));
    assert_eq!((int(&answer, "time"), int(&answer, "size") as u64), (DEADLINE, size));
    let root = draw.log.root(size);
    let index = draw.entries[0];
    let said = AnswerText {
        index,
        alpha: &draw.alpha,
        key: &key,
        proof: &proof,
        size,
        root: &root,
        answered: DEADLINE,
    };
    let signature = expert_draw::codec::from_hex(text(&answer, "signature")).unwrap();
    assert!(verifies(site.cosigner.key_bytes(), &said.text(&origin()), &signature.try_into().unwrap()));
    let alone = site.client.get(&format!("/expert-draw/v1/answers/{}", draw.alpha.to_hex()));
    assert_eq!((alone.status, alone.body), (200, told.body));
    let list = site.client.get(&format!("/expert-draw/v1/answers?log={ORIGIN}&after=0&limit=9")).json();
    let item = Object::new().with("kind", "answer").with("number", 1u32).with("value", answer);
    let items: Json = [Json::from(item)].into_iter().collect();
    assert_eq!(list, Object::new().with("items", items).with("next", 1u32).into());
}

#[test]
fn one_draw_is_answered_once_and_the_same_again_whatever_the_size_the_time_and_the_rest_of_the_request() {
    let (mut site, mut draw) = Draw::new();
    let size = draw.log.size();
    site.cosigns(&draw.log, 0, size);
    let first = site.client.post(ANSWER, &draw.asks(size));
    assert_eq!(first.status, 200, "{}", first.body);
    draw.log.grow(size + 5);
    site.cosigns(&draw.log, size, size + 5);
    site.clock.set(Timestamp(DEADLINE + 1_000));
    site.restart();
    let only = &draw.entries[..1];
    for body in [draw.asks(size), draw.asks(size + 5), draw.asks(size + 2), draw.asks_with(only, size)] {
        let told = site.client.post(ANSWER, &body);
        assert_eq!((told.status, &told.body), (200, &first.body));
    }
    // A statement that there is none can no longer be had.
    let proposed = draw.propose(Void::PROPOSED);
    let larger = draw.log.size();
    site.cosigns(&draw.log, size + 5, larger);
    let told = site.client.post(NOT_RELEASED, &draw.withholds(proposed, larger));
    refused(&told, 409, "answered");
    assert_eq!(told.json().as_map().unwrap()["answer"], first.json());
    // Another attempt is another alpha.
    let witness = site.folder.load_keys().vrf_digest();
    let again = Draw::on(draw.log, &[witness], 2);
    let newest = again.log.size();
    site.cosigns(&again.log, larger, newest);
    refused(&site.client.post(ANSWER, &again.asks(newest)), 403, "past_deadline");
}

#[test]
fn after_a_statement_that_there_is_none_a_draw_is_never_answered() {
    let (mut site, mut draw) = Draw::new();
    let voided = draw.propose("draw.voided");
    let proposed = draw.propose(Void::PROPOSED);
    let size = draw.log.size();
    site.cosigns(&draw.log, 0, size);
    refused(&site.client.post(NOT_RELEASED, &draw.withholds(voided, size)), 403, "too_early");
    refused(&site.client.post(NOT_RELEASED, &draw.withholds(draw.entries[3], size)), 403, "too_early");
    refused(&site.client.post(NOT_RELEASED, &bytes(draw.request(&draw.entries, size))), 400, "shape");
    // After the deadline, too: it is then that a void needs it.
    site.clock.set(Timestamp(DEADLINE + 5));
    let told = site.client.post(NOT_RELEASED, &draw.withholds(proposed, size));
    assert_eq!(told.status, 200, "{}", told.body);
    let statement = told.json();
    let key = site.folder.load_keys().vrf_digest();
    let said = not_released_text(&origin(), &draw.alpha, &key, DEADLINE + 5);
    let signature = expert_draw::codec::from_hex(text(&statement, "signature")).unwrap();
    assert!(verifies(site.cosigner.key_bytes(), &said, &signature.try_into().unwrap()));
    site.restart();
    for _ in 0..2 {
        let told = site.client.post(ANSWER, &draw.asks(size));
        refused(&told, 403, "not_released");
        assert_eq!(told.json().as_map().unwrap()["statement"], statement);
    }
    assert_eq!(site.client.post(NOT_RELEASED, &draw.withholds(proposed, size)).body, told.body);
    let path = format!("/expert-draw/v1/answers/{}", draw.alpha.to_hex());
    assert_eq!(site.client.get(&path).body, told.body);
    let list = site.client.get(&format!("/expert-draw/v1/answers?log={ORIGIN}")).body;
    assert!(list.contains("\"kind\":\"not_released\",\"number\":1"), "{list}");
}

#[test]
fn each_refusal_of_the_table_is_named_and_nothing_is_kept_of_it() {
    let (site, mut draw) = Draw::new();
    let before = draw.log.size();
    let late = draw.reveal(1, nonce(1));
    let late = draw.share(&late);
    let wrong_nonce = draw.reveal(2, [1; 32]);
    let wrong_nonce = draw.share(&wrong_nonce);
    let wrong_proof = draw.own(VrfSecret::from_seed([1; 32]).prove(draw.alpha.as_bytes()));
    let wrong_proof = draw.share(&wrong_proof);
    let foreign =
        Statement::new("registry.expert", Origin::new("a").unwrap(), NOW, Default::default()).unwrap();
    let foreign = draw.log.add(foreign.to_bytes());
    let size = draw.log.size();
    site.cosigns(&draw.log, 0, before);
    site.cosigns(&draw.log, before, size);
    let [committed, second, first, own] = draw.entries[..] else { unreachable!() };
    let ask = |entries: &[u64]| site.client.post(ANSWER, &draw.asks_with(entries, size));

    for bad in [
        b"".as_slice(),
        b"{}",
        b"[]",
        b"\xff",
        &draw.asks(size)[1..],
        &[draw.asks(size), b"\n".to_vec()].concat(),
    ] {
        refused(&site.client.post(ANSWER, bad), 400, "shape");
    }
    refused(&site.client.post(ANSWER, &bytes(draw.request(&draw.entries, size))), 400, "shape");
    let vrf = to_hex(draw.operator.public().as_bytes());
    let more = draw.request(&draw.entries, size).with("vrf", vrf.as_str()).with("please", 1u32);
    refused(&site.client.post(ANSWER, &bytes(more)), 400, "shape");
    refused(&ask(&[]), 400, "shape");
    refused(&ask(&[second, committed, first, own]), 400, "shape");
    refused(&ask(&[committed, second, second, own]), 400, "shape");
    let elsewhere = draw.request(&draw.entries, size).with("vrf", vrf.as_str()).with("log", "draw.example/x");
    refused(&site.client.post(ANSWER, &bytes(elsewhere)), 404, "unknown_log");
    let told = site.client.post(ANSWER, &draw.asks(size - 1));
    refused(&told, 409, "unknown_head");
    assert_eq!(int(&told.json(), "size") as u64, size);

    // Proofs of another head, and of an entry that is none of this log's.
    let other = draw.request(&draw.entries, before).with("vrf", vrf.as_str()).with("size", size);
    refused(&site.client.post(ANSWER, &bytes(other)), 422, "proof");
    refused(&ask(&[committed, second, first, own, foreign]), 422, "proof");
    refused(&ask(&[1, second, first, own]), 422, "proof");

    refused(&ask(&[second, first, own]), 403, "not_named");
    for entries in [
        &[committed][..],
        &[committed, own],
        &[committed, second, own],
        &[committed, first, own],
        &[committed, second, first],
        &[committed, first, own, wrong_nonce],
        &[committed, second, first, own, late],
        &[committed, second, first, wrong_proof],
        &[committed, second, first, own, wrong_proof],
    ] {
        refused(&ask(entries), 403, "too_early");
    }
    // A key that is not the one that the commitment names.
    let other = to_hex(VrfSecret::from_seed([1; 32]).public().as_bytes());
    let other = draw.request(&draw.entries, size).with("vrf", other);
    refused(&site.client.post(ANSWER, &bytes(other)), 403, "too_early");

    site.clock.set(Timestamp(DEADLINE + 1));
    refused(&ask(&draw.entries), 403, "past_deadline");
    assert_eq!(site.client.get(&format!("/expert-draw/v1/answers/{}", draw.alpha.to_hex())).status, 404);
    assert_eq!(site.client.get("/expert-draw/v1/answers/x").status, 404);
    let list = site.client.get(&format!("/expert-draw/v1/answers?log={ORIGIN}")).body;
    assert_eq!(list, r#"{"items":[],"next":0}"#);
    refused(&site.client.get("/expert-draw/v1/answers"), 400, "shape");
    refused(&site.client.get("/expert-draw/v1/answers?log=x"), 404, "unknown_log");
}

#[test]
fn a_commitment_that_names_the_witness_twice_or_not_at_all_is_not_answered() {
    let (site, _) = Draw::new();
    let witness = site.folder.load_keys().vrf_digest();
    let mut old = 0;
    let mut log = TestLog::of(2);
    for (names, status) in
        [(vec![], 403), (vec![Hash([1; 32])], 403), (vec![witness, witness], 403), (vec![witness], 200)]
    {
        let draw = Draw::on(log, &names, 1);
        let size = draw.log.size();
        site.cosigns(&draw.log, old, size);
        let told = site.client.post(ANSWER, &draw.asks(size));
        assert_eq!(told.status, status, "{names:?}: {}", told.body);
        (old, log) = (size, draw.log);
    }
}

#[test]
fn what_was_cut_off_before_it_left_is_the_same_answer_after_the_start() {
    let (site, draw) = Draw::new();
    let size = draw.log.size();
    site.cosigns(&draw.log, 0, size);
    let many: Vec<String> = std::thread::scope(|scope| {
        let ask = || site.client.post(ANSWER, &draw.asks(size)).body;
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(many.iter().all(|one| *one == many[0]), "one answer for all who ask at once");
    // The same with a disk that fails under the record of the answer.
    let (mut site, draw) = Draw::new();
    site.cosigns(&draw.log, 0, size);
    let blocked = site.folder.keys().join("mark.new");
    std::fs::create_dir(&blocked).unwrap();
    refused(&site.client.post(ANSWER, &draw.asks(size)), 503, "storage");
    std::fs::remove_dir(&blocked).unwrap();
    site.clock.set(Timestamp(NOW + 50));
    site.restart();
    let told = site.client.post(ANSWER, &draw.asks(size));
    assert_eq!((told.status, int(&told.json(), "time")), (200, NOW), "kept before, told now");
}

#[test]
fn lists_go_page_by_page_in_the_order_of_the_answers() {
    let (site, _) = Draw::new();
    let witness = site.folder.load_keys().vrf_digest();
    let (mut old, mut log, mut alphas) = (0, TestLog::of(2), Vec::new());
    for _ in 0..5 {
        let draw = Draw::on(log, &[witness], 1);
        let size = draw.log.size();
        site.cosigns(&draw.log, old, size);
        assert_eq!(site.client.post(ANSWER, &draw.asks(size)).status, 200);
        alphas.push(draw.alpha);
        (old, log) = (size, draw.log);
    }
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page =
            site.client.get(&format!("/expert-draw/v1/answers?log={ORIGIN}&after={after}&limit=2")).json();
        let items = page.as_map().unwrap()["items"].as_list().unwrap().to_vec();
        if items.is_empty() {
            assert_eq!(int(&page, "next"), after);
            break;
        }
        seen.extend(items.iter().map(|item| hash(&item.as_map().unwrap()["value"], "alpha")));
        after = int(&page, "next");
    }
    assert_eq!((seen, after), (alphas, 5));
}
