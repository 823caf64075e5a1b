//! Lives of draws to which others contribute, on the log of the fixture: two supervisors, two witnesses, a
//! beacon of a chain of our own. One supervisor and one witness are independent of the operator, the other
//! of each is not.

use blst::min_sig;
use ed25519_dalek::{Signer, SigningKey};
use expert_draw::codec::{Hash, LabelledHash, Object, sha256, to_hex};
use expert_draw::draw::beacon::{ChainInfo, Scheme};
use expert_draw::draw::commitment::Contributor;
use expert_draw::draw::contributions::texts::{
    AnswerText, nonce_commitment, nonce_text, not_released_text, reveal_text,
};
use expert_draw::draw::contributions::{Answer, BeaconRound, NonceCommitted, NotReleased, Reveal, Share};
use expert_draw::draw::decide;
use expert_draw::draw::identity::DrawKey;
use expert_draw::draw::seed::{self, Contribution};
use expert_draw::draw::statements::{Contributed, Drawn, Unsealed, Void, VoidReason};
use expert_draw::draw::tags::tags;
use expert_draw::draw::vrf::VrfSecret;
use expert_draw::evidence::bundle::{HeadEntry, Shared as SharedPart};
use expert_draw::evidence::parties::Parties;
use expert_draw::evidence::{Audience, Evidence, EvidenceEntry, Format};
use expert_draw::log::opened::LogOpened;
use expert_draw::log::{
    Algorithm, Checkpoint, KeyName, KeyRegistered, KeyRetired, KeyUse, Policy, RetiredBecause, SignedNote,
    VerifierKey, cosign, key_digest, merkle, sign_note,
};

use crate::fixture::{Attempt, Draw, EXCLUDING, Log, PROFILE, Person, bytes, exclusion, person, request};

/// Who contributes beside the operator: the first of each kind is independent of it.
#[derive(Clone, Copy, Debug)]
pub struct Others {
    pub supervisors: &'static [usize],
    pub witnesses: &'static [usize],
    pub beacon: bool,
}

pub const ALL: Others = Others { supervisors: &[0, 1], witnesses: &[0, 1], beacon: true };
pub const WITNESSED: Others = Others { supervisors: &[], witnesses: &[0, 1], beacon: false };
pub const NONCE: Others = Others { supervisors: &[0], witnesses: &[], beacon: false };
pub const DEPENDENT: Others = Others { supervisors: &[1], witnesses: &[1], beacon: false };
pub const BEACON: Others = Others { supervisors: &[], witnesses: &[], beacon: true };
pub const NOBODY: Others = Others { supervisors: &[], witnesses: &[], beacon: false };

/// A head that both witnesses have cosigned.
struct Head {
    size: u64,
    date: i64,
}

pub struct Shared {
    pub draw: Draw,
    pub others: Others,
    pub supervisors: [SigningKey; 2],
    pub witnesses: [SigningKey; 2],
    pub vrfs: [VrfSecret; 2],
    /// Every log key that signs checkpoints now.
    pub log_keys: Vec<SigningKey>,
    pub chain: ChainInfo,
    pub round: u64,
    beacon: min_sig::SecretKey,
    /// Entries about keys, and the supervisors' commitments of this draw.
    pub keys: Vec<u64>,
    pub nonces: Vec<u64>,
    heads: Vec<Head>,
    /// By how much the witnesses' clocks are ahead of the operator's.
    lateness: i64,
    /// Index and what enters the seed, in committed order.
    pub given: Vec<(u64, Contribution)>,
}

/// What changes in the keys before the draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Nothing.
    First,
    /// Every key of the operator has a successor; the old ones are retired, the statements key as
    /// compromised, so that what it signed late is doubtful.
    Succeeded,
}

impl Shared {
    /// A log with keys of others, and a committed draw.
    pub fn committed(others: Others, keys: Keys) -> Self {
        Self::committed_under(others, keys, bytes("draw key"))
    }

    /// Under a draw key of somebody's choice.
    pub fn committed_under(others: Others, keys: Keys, draw_key: [u8; 32]) -> Self {
        let secret = |name: &str| SigningKey::from_bytes(&bytes(name));
        let mut log = Log::new();
        let opened = LogOpened {
            jurisdiction: "430600".into(),
            log: log.log_key.verifying_key().to_bytes(),
            statements: log.statements_key.verifying_key().to_bytes(),
            draw_vrf: *log.draw_vrf.public().as_bytes(),
            tag_vrf: *log.tag_vrf.public().as_bytes(),
        };
        log.say(LogOpened::TYPE, opened.fields());
        let profile = LabelledHash::new("profile").variable(PROFILE.as_bytes()).finish();
        log.say("profile.loaded", Object::new().with("profile", profile));
        let mut shared = Parts {
            supervisors: [secret("supervisor 0"), secret("supervisor 1")],
            witnesses: [secret("witness 0"), secret("witness 1")],
            vrfs: ["witness vrf 0", "witness vrf 1"].map(|name| VrfSecret::from_seed(bytes(name))),
            log_keys: vec![log.log_key.clone()],
            keys: vec![],
        };
        shared.register_others(&mut log);
        if keys == Keys::Succeeded {
            shared.succeed(&mut log);
        }
        let people: Vec<Person> = (0..44).map(|n| person(&mut log, n)).collect();
        log.say("package.recorded", Object::new().with("image", Hash(bytes("package"))));
        let excluded = people[40..].iter().map(|person| exclusion(person, &EXCLUDING)).collect();
        let nonces = others.supervisors.iter().map(|n| shared.commit_nonce(&mut log, *n)).collect();
        let (beacon, chain) = chain();
        let round = (log.next_time() + 3_600 - chain.genesis as i64) as u64 / u64::from(chain.period) + 1;
        log.others = shared.contributors(&log, others, &chain, round);
        let attempt = Attempt { number: 1, predecessor: None, kept: vec![], key: DrawKey(draw_key) };
        let draw = Draw::commit(log, people, 40, excluded, attempt);
        let Parts { supervisors, witnesses, vrfs, log_keys, keys } = shared;
        let (heads, given) = (vec![], vec![]);
        let mut shared = Self {
            draw,
            others,
            supervisors,
            witnesses,
            vrfs,
            log_keys,
            chain,
            round,
            beacon,
            keys,
            nonces,
            heads,
            lateness: 0,
            given,
        };
        shared.cosign();
        shared
    }

    /// The witnesses cosign the newest head.
    pub fn cosign(&mut self) {
        let size = self.draw.log.statements.len() as u64;
        if self.heads.last().is_some_and(|head| head.size == size) {
            return;
        }
        let date = self.draw.log.next_time() - 30 + self.lateness;
        self.heads.push(Head { size, date });
    }

    /// The witnesses' clocks say that the heads up to now are later than the operator's clock says.
    pub fn heads_are_late(&mut self, seconds: i64) {
        self.lateness = seconds;
        self.heads.iter_mut().for_each(|head| head.date += seconds);
    }

    /// Everybody contributes in order, each head cosigned at once.
    pub fn contribute(&mut self) {
        self.reveal();
        self.operate();
        for n in self.others.witnesses {
            self.answer(*n);
        }
        self.cosign();
        if self.others.beacon {
            self.wait_for_round();
            self.beacon();
        }
    }

    /// The supervisors' nonces.
    pub fn reveal(&mut self) {
        for n in self.others.supervisors {
            self.reveal_one(*n);
        }
    }

    /// One supervisor's nonce.
    pub fn reveal_one(&mut self, n: usize) {
        let (alpha, nonce) = (self.draw.alpha, nonce(n));
        let key = key_digest(&self.supervisors[n].verifying_key().to_bytes());
        let text = reveal_text(&self.draw.log.origin, &alpha, &nonce);
        let signature = self.supervisors[n].sign(text.as_bytes()).to_bytes();
        self.say(Share::Nonce(Reveal { alpha, key, nonce, signature }), Contribution::Nonce(nonce));
    }

    /// The operator's VRF, and a head that covers it.
    pub fn operate(&mut self) {
        let alpha = self.draw.alpha;
        let vrf = &self.draw.log.draw_vrf;
        let proof = vrf.prove(alpha.as_bytes());
        let beta = vrf.public().verify(alpha.as_bytes(), &proof).unwrap();
        let key = key_digest(vrf.public().as_bytes());
        let share = Share::Operator(Contributed { alpha, key, proof });
        self.say(share, Contribution::Operator(beta.0));
        self.cosign();
    }

    /// A witness's VRF, over the newest head.
    pub fn answer(&mut self, n: usize) {
        let size = self.heads.last().unwrap().size;
        let (said, beta) = self.answer_over(n, size, self.draw.log.next_time() - 10);
        self.say(Share::Witness(said), Contribution::Witness(beta));
    }

    /// A witness's answer over a head.
    pub fn answer_over(&self, n: usize, size: u64, answered: i64) -> (Answer, [u8; 64]) {
        let alpha = self.draw.alpha;
        let proof = self.vrfs[n].prove(alpha.as_bytes());
        let beta = self.vrfs[n].public().verify(alpha.as_bytes(), &proof).unwrap();
        let key = key_digest(self.vrfs[n].public().as_bytes());
        let root = self.root_of(size);
        let index = self.draw.entries[2];
        let text = AnswerText { index, alpha: &alpha, key: &key, proof: &proof, size, root: &root, answered };
        let signature = self.witnesses[n].sign(text.text(&self.draw.log.origin).as_bytes()).to_bytes();
        (Answer { alpha, key, proof, size, root, answered, signature }, beta.0)
    }

    pub fn wait_for_round(&mut self) {
        let time = self.chain.time_of(self.round).unwrap();
        self.draw.log.waited += (time + 1 - self.draw.log.next_time()).max(0);
    }

    /// The beacon's round.
    pub fn beacon(&mut self) {
        let message = sha256(&[&self.round.to_be_bytes()]);
        let tag = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
        let signature = self.beacon.sign(message.as_bytes(), tag, &[]).compress().to_vec();
        let value = Contribution::Beacon(sha256(&[&signature]).0);
        let (alpha, chain, round) = (self.draw.alpha, self.chain.hash(), self.round);
        self.say(Share::Beacon(BeaconRound { alpha, chain, round, signature, previous: None }), value);
        self.cosign();
    }

    /// A party declares that it releases nothing.
    pub fn withhold(&mut self, key: Hash, signer: SigningKey) {
        let (alpha, stated) = (self.draw.alpha, self.draw.log.next_time() - 5);
        let text = not_released_text(&self.draw.log.origin, &alpha, &key, stated);
        let signature = signer.sign(text.as_bytes()).to_bytes();
        let said = NotReleased { alpha, key, stated, signature };
        self.note(NotReleased::TYPE, said.fields());
    }

    pub fn say(&mut self, share: Share, value: Contribution) {
        let index = self.note(Share::TYPE, share.fields());
        self.given.push((index, value));
    }

    /// Puts a statement of the draw into the log.
    pub fn note(&mut self, kind: &str, fields: Object) -> u64 {
        let index = self.draw.log.say(kind, fields);
        self.draw.entries.push(index);
        index
    }

    /// The result that follows from what was given.
    pub fn draw_now(&mut self) {
        let parts: Vec<Contribution> = self.given.iter().map(|(_, part)| part.clone()).collect();
        let seed = seed::seed(&self.draw.alpha, &parts).unwrap();
        let decision = decide::panel(&self.draw.commitment, &self.draw.pool.leaves, &seed).unwrap();
        let drawn = Drawn {
            alpha: self.draw.alpha,
            contributions: self.given.iter().map(|(index, _)| *index).collect(),
            seed,
            seats: decision.seats,
            branches: decision.branches,
        };
        self.note(Drawn::TYPE, drawn.fields());
        self.draw.drawn = Some(drawn);
    }

    pub fn void(&mut self, reason: VoidReason) {
        let void = |approver: Option<&str>| Void {
            alpha: self.draw.alpha,
            reason,
            actor: "A-agency".into(),
            approver: approver.map(str::to_owned),
        };
        let (proposed, confirmed) = (void(None), void(Some("A-bureau")));
        self.note(Void::PROPOSED, proposed.fields());
        self.note(Void::CONFIRMED, confirmed.fields());
    }

    pub fn unseal(&mut self) {
        let unsealed = Unsealed { alpha: self.draw.alpha, announcement: "岳采公告2026-17".into() };
        self.note(Unsealed::TYPE, unsealed.fields());
    }

    /// The operator's draw VRF key has a successor and is retired as compromised.
    pub fn operator_is_found_out(&mut self) {
        let log = &mut self.draw.log;
        let next = VrfSecret::from_seed(bytes("draw vrf after the theft"));
        let key = *next.public().as_bytes();
        let text = KeyRegistered::possession_text(log.origin.as_str(), KeyUse::DrawVrf, &key);
        let proof = Some(next.prove(text.as_bytes()).0.to_vec());
        let said = KeyRegistered { usage: KeyUse::DrawVrf, key, proof, name: None, witness: None };
        let doubtful_from = log.say(KeyRegistered::TYPE, said.fields());
        let reason = RetiredBecause::Compromised { doubtful_from };
        let old = KeyRetired { key: key_digest(log.draw_vrf.public().as_bytes()), reason };
        let retired = log.say(KeyRetired::TYPE, old.fields());
        self.keys.extend([doubtful_from, retired]);
    }

    pub fn wait_until_deadline_is_past(&mut self) {
        let late = self.draw.commitment.deadline + 60 - self.draw.log.next_time();
        self.draw.log.waited += late.max(0);
    }

    fn root_of(&self, size: u64) -> Hash {
        merkle::root(&self.draw.log.leaf_hashes()[..size as usize])
    }

    /// The checkpoint of a size, signed by every log key, cosigned by both witnesses at a time.
    fn checkpoint(&self, size: u64, date: i64) -> String {
        let origin = self.draw.log.origin.clone();
        let head = Checkpoint { origin: origin.clone(), size, root: self.root_of(size) };
        let line = |key: &SigningKey| {
            let public = key.verifying_key().to_bytes();
            let name = origin.log_key_name().clone();
            let public = VerifierKey::new(name, Algorithm::Ed25519, public).unwrap();
            sign_note(&head.to_text(), &public, |m| key.sign(m).to_bytes()).unwrap()
        };
        let mut note = line(&self.log_keys[0]);
        for key in &self.log_keys[1..] {
            note.add(line(key).signatures()[0].clone()).unwrap();
        }
        for (n, witness) in self.witnesses.iter().enumerate() {
            let key = cosigner(n, witness);
            note.add(cosign(&head, date + n as i64, &key, |m| witness.sign(m).to_bytes()).unwrap()).unwrap();
        }
        note.to_string()
    }

    /// The evidence, with the heads that were cosigned.
    pub fn evidence(&mut self, audience: Audience, open: bool) -> Evidence {
        self.draw.look();
        let size = self.draw.log.statements.len() as u64;
        let leaves = self.draw.log.leaf_hashes();
        let mut evidence = self.draw.evidence(audience, open);
        evidence.format = Format::V3;
        evidence.checkpoint = self.checkpoint(size, self.draw.log.next_time() - 30);
        for index in self.keys.iter().chain(&self.nonces) {
            evidence.entries.push(EvidenceEntry {
                index: *index,
                note: self.draw.log.notes[*index as usize].clone(),
                proof: merkle::inclusion_proof(&leaves, *index).unwrap(),
            });
        }
        evidence.entries.sort_by_key(|entry| entry.index);
        let head = |head: &Head| HeadEntry {
            size: head.size,
            root: self.root_of(head.size),
            proof: merkle::consistency_proof(&leaves, head.size).unwrap(),
            note: Some(self.checkpoint(head.size, head.date)),
        };
        evidence.shared = Some(SharedPart {
            heads: self.heads.iter().map(head).collect(),
            keys: self.keys.clone(),
            chain: self.others.beacon.then(|| self.chain.clone()),
        });
        evidence
    }

    pub fn policy_text(&self) -> String {
        let name = self.draw.log.origin.log_key_name().clone();
        let key = self.log_keys.last().unwrap().verifying_key().to_bytes();
        let log = VerifierKey::new(name, Algorithm::Ed25519, key).unwrap();
        let [first, second] = [0, 1].map(|n| cosigner(n, &self.witnesses[n]));
        format!("log {log}\nwitness w0 {first}\nwitness w1 {second}\ngroup both all w0 w1\nquorum both\n")
    }

    pub fn policy(&self) -> Policy {
        Policy::parse(self.policy_text().as_bytes()).unwrap()
    }

    pub fn parties_text(&self) -> String {
        let key = |key: &SigningKey| to_hex(&key.verifying_key().to_bytes());
        let vrf = |n: usize| to_hex(self.vrfs[n].public().as_bytes());
        let bodies = ["湖南省审计厅", "岳阳市财政局"];
        let mut text = "# 审计人员的信任文件\noperator = \"岳阳市财政局\"\n".to_owned();
        for (n, body) in bodies.iter().enumerate() {
            let (key, vrf) = (key(&self.witnesses[n]), vrf(n));
            text += &format!(
                "\n[[witness]]\nname = \"见证 {n}\"\nbody = \"{body}\"\nkey = \"{key}\"\nvrf = \"{vrf}\"\n"
            );
        }
        for (n, body) in bodies.iter().enumerate() {
            let key = key(&self.supervisors[n]);
            text += &format!("\n[[supervisor]]\nname = \"监督 {n}\"\nbody = \"{body}\"\nkey = \"{key}\"\n");
        }
        let chain = self.chain.hash().to_hex();
        text + &format!("\n[beacon]\nchain = \"{chain}\"\nmargin = 60\nmax_ahead = 86400\n")
    }

    pub fn parties(&self) -> Parties {
        Parties::parse(self.parties_text().as_bytes()).unwrap()
    }
}

/// What is made before there is a draw.
struct Parts {
    supervisors: [SigningKey; 2],
    witnesses: [SigningKey; 2],
    vrfs: [VrfSecret; 2],
    log_keys: Vec<SigningKey>,
    keys: Vec<u64>,
}

impl Parts {
    fn register(&mut self, log: &mut Log, said: &KeyRegistered) {
        let index = log.say(KeyRegistered::TYPE, said.fields());
        self.keys.push(index);
    }

    fn register_others(&mut self, log: &mut Log) {
        for n in 0..2 {
            let other = |usage, key, witness| KeyRegistered {
                usage,
                key,
                proof: None,
                name: Some(format!("他方 {n}")),
                witness,
            };
            let signer = self.witnesses[n].verifying_key().to_bytes();
            let supervisor = self.supervisors[n].verifying_key().to_bytes();
            let vrf = *self.vrfs[n].public().as_bytes();
            self.register(log, &other(KeyUse::Witness, signer, None));
            self.register(log, &other(KeyUse::WitnessVrf, vrf, Some(key_digest(&signer))));
            self.register(log, &other(KeyUse::Supervisor, supervisor, None));
        }
    }

    /// New keys of every use of the operator's, and the old ones retired.
    fn succeed(&mut self, log: &mut Log) {
        let next = |name: &str| SigningKey::from_bytes(&bytes(name));
        let (log_key, statements) = (next("second log"), next("second statements"));
        let (draw, tag) =
            (VrfSecret::from_seed(bytes("second draw vrf")), VrfSecret::from_seed(bytes("second tag vrf")));
        let origin = log.origin.as_str().to_owned();
        let text = |usage, key: &[u8; 32]| KeyRegistered::possession_text(&origin, usage, key);
        let own =
            |usage, key, proof| KeyRegistered { usage, key, proof: Some(proof), name: None, witness: None };
        for (usage, key) in [(KeyUse::Log, &log_key), (KeyUse::Statements, &statements)] {
            let public = key.verifying_key().to_bytes();
            let proof = key.sign(text(usage, &public).as_bytes()).to_vec();
            self.register(log, &own(usage, public, proof));
        }
        let doubtful_from = log.statements.len() as u64;
        let old_statements = key_digest(&log.statements_key.verifying_key().to_bytes());
        let old_log = key_digest(&log.log_key.verifying_key().to_bytes());
        log.statements_key = statements;
        for (usage, key) in [(KeyUse::DrawVrf, &draw), (KeyUse::TagVrf, &tag)] {
            let public = *key.public().as_bytes();
            let proof = key.prove(text(usage, &public).as_bytes()).0.to_vec();
            self.register(log, &own(usage, public, proof));
        }
        let old = [log.draw_vrf.public(), log.tag_vrf.public()].map(|key| key_digest(key.as_bytes()));
        (log.draw_vrf, log.tag_vrf) = (draw, tag);
        let compromised = RetiredBecause::Compromised { doubtful_from: doubtful_from - 1 };
        for (key, reason) in [
            (old_log, RetiredBecause::Succeeded),
            (old_statements, compromised),
            (old[0], RetiredBecause::Retired),
            (old[1], RetiredBecause::Succeeded),
        ] {
            let index = log.say(KeyRetired::TYPE, KeyRetired { key, reason }.fields());
            self.keys.push(index);
        }
        log.log_key = log_key.clone();
        self.log_keys = vec![log_key];
    }

    fn commit_nonce(&self, log: &mut Log, n: usize) -> u64 {
        let request = request();
        let package_tag = tags(&log.tag_vrf, &request.plan, &request.package).unwrap().package;
        let key = key_digest(&self.supervisors[n].verifying_key().to_bytes());
        let commitment = nonce_commitment(&key, &package_tag, 1, &nonce(n));
        let text = nonce_text(&log.origin, &package_tag, 1, &commitment);
        let signature = self.supervisors[n].sign(text.as_bytes()).to_bytes();
        let said = NonceCommitted { key, commitment, package_tag, attempt: 1, signature };
        log.say(NonceCommitted::TYPE, said.fields())
    }

    fn contributors(&self, log: &Log, others: Others, chain: &ChainInfo, round: u64) -> Vec<Contributor> {
        let request = request();
        let tag = tags(&log.tag_vrf, &request.plan, &request.package).unwrap().package;
        let supervisors = others.supervisors.iter().map(|n| {
            let key = key_digest(&self.supervisors[*n].verifying_key().to_bytes());
            Contributor::Nonce { key, commitment: nonce_commitment(&key, &tag, 1, &nonce(*n)) }
        });
        let witnesses = others
            .witnesses
            .iter()
            .map(|n| Contributor::Witness { key: key_digest(self.vrfs[*n].public().as_bytes()) });
        let beacon = others.beacon.then(|| Contributor::Beacon { chain: chain.hash(), round });
        supervisors.chain(witnesses).chain(beacon).collect()
    }
}

fn nonce(n: usize) -> [u8; 32] {
    bytes(&format!("nonce {n}"))
}

/// A chain of our own, so that rounds of any time can be made.
pub fn chain() -> (min_sig::SecretKey, ChainInfo) {
    let secret = min_sig::SecretKey::key_gen(&bytes("beacon"), &[]).unwrap();
    let chain = ChainInfo {
        scheme: Scheme::Unchained,
        public_key: secret.sk_to_pk().compress().to_vec(),
        period: 3,
        genesis: 1_692_803_367,
        group_hash: Hash(bytes("group")),
        beacon_id: "fixture".into(),
    };
    (secret, chain)
}

fn cosigner(n: usize, key: &SigningKey) -> VerifierKey {
    let name = KeyName::new(format!("w{n}.example")).unwrap();
    VerifierKey::new(name, Algorithm::CosignatureV1, key.verifying_key().to_bytes()).unwrap()
}

/// A note with one more line, or fewer; for files that are spoilt on purpose.
pub fn without_line(note: &str, line: usize) -> String {
    let parsed = SignedNote::parse(note.as_bytes()).unwrap();
    let mut lines = parsed.signatures().to_vec();
    lines.remove(line);
    SignedNote::new(parsed.text(), lines).unwrap().to_string()
}
