//! A bureau whose rule profile asks for contributions of others: supervisors with their keys, witnesses that are
//! the product's own (`expert_draw::witness`) in this process, a beacon of a private chain.

use std::sync::Arc;

use blst::min_sig;
use ed25519_dalek::{Signer, SigningKey};
use expert_draw::codec::{Hash, Json, from_hex, sha256, to_hex};
use expert_draw::config::beacon::Beacon;
use expert_draw::draw::beacon::{ChainInfo, Scheme};
use expert_draw::draw::contributions::Reveal;
use expert_draw::draw::contributions::texts::{nonce_commitment, nonce_text, not_released_text, reveal_text};
use expert_draw::draw::vrf::Beta;
use expert_draw::evidence::parties::Parties;
use expert_draw::log::{AddCheckpoint, KeyUse, Origin, Policy, VerifierKey, key_digest, signature_lines};
use expert_draw::outside::asking::{self, Answerer, Relay, Round};
use expert_draw::outside::witness::{Answer, Cosigner, Trouble, Witness as Configured};
use expert_draw::ports::{FixedClock, LogSigner, SeededEntropy};
use expert_draw::profile_source::{compile, embedded_source};
use expert_draw::rules::Profile;
use expert_draw::service::ServiceConfig;
use expert_draw::service::actor::{Actor, Role};
use expert_draw::service::keys::NewKey;
use expert_draw::witness::Witness;
use expert_draw::witness::keys::WitnessKeys;
use expert_draw::witness::logs::Logs;
use expert_draw::witness::refusal::Refusal;
use serde_json::{Value, json};

use crate::app::{Answer as Said, TestApp};
use crate::support::Kind;

/// A witness of the product in this process.
pub struct InProcess(pub Arc<Witness>);

impl Cosigner for InProcess {
    fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<Answer, Trouble> {
        match self.0.add_checkpoint(request.to_string().as_bytes()) {
            Ok(line) => Ok(Answer::Lines(signature_lines(line.as_bytes()).unwrap())),
            Err(Refusal::OldSize(size)) => Ok(Answer::Size(size)),
            Err(other) => panic!("{other:?}"),
        }
    }
}

impl Answerer for InProcess {
    fn answer(&self, request: &[u8]) -> Result<Json, asking::Trouble> {
        self.0.answer(request).map_err(|_| asking::Trouble::Refused)
    }
}

/// Keeps what it is asked and answers nothing.
#[derive(Default)]
struct Capture(std::sync::Mutex<Vec<u8>>);

impl Answerer for Capture {
    fn answer(&self, request: &[u8]) -> Result<Json, asking::Trouble> {
        *self.0.lock().unwrap() = request.to_vec();
        Err(asking::Trouble::Refused)
    }
}

/// A relay of the private chain.
pub struct TestRelay {
    pub secret: min_sig::SecretKey,
    /// What it does to a round before it answers.
    pub change: fn(&mut Round),
}

impl Relay for TestRelay {
    fn round(&self, _chain: &Hash, round: u64) -> Result<Round, asking::Trouble> {
        let message = sha256(&[&round.to_be_bytes()]);
        let tag = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
        let signature = self.secret.sign(message.as_bytes(), tag, &[]).compress().to_vec();
        let mut said = Round { round, signature, previous: None };
        (self.change)(&mut said);
        Ok(said)
    }

    fn address(&self) -> &str {
        "relay of the test"
    }
}

pub struct Site {
    pub app: TestApp,
    pub witnesses: Vec<(Configured, InProcess)>,
    pub supervisors: Vec<SigningKey>,
    pub beacon: min_sig::SecretKey,
    pub chain: ChainInfo,
}

/// The profile of Hunan with a table of contributions, no approval asked.
pub fn profile(rows: &str) -> Profile {
    let find = |name: &str| embedded_source(name).map(str::to_owned);
    let text = format!(
        "name = \"test\"\nedition = \"1\"\nparent = \"hunan\"\ntitle = \"测试\"\njurisdiction = \"430000\"\n\
         valid_from = \"2026-01-01\"\n[rules.plan_approved]\napplies = \"no\"\nsource = \"测试\"\nstatus = \"policy\"\n{rows}"
    );
    compile("test", &text, &find).unwrap().profile
}

pub fn row(supervisors: u32, witnesses: u32, beacon: bool) -> String {
    let beacon = if beacon { "yes" } else { "no" };
    format!(
        "[[contributions]]\nwhen = \"always\"\nsupervisors = {supervisors}\nwitnesses = {witnesses}\nbeacon = \"{beacon}\"\n\
         minutes = 120\nsource = \"测试\"\nstatus = \"policy\"\n"
    )
}

impl Site {
    pub fn new(kind: Kind, supervisors: u8, witnesses: u8, beacon: bool) -> Self {
        let profile = profile(&row(supervisors.into(), witnesses.into(), beacon));
        let secret = min_sig::SecretKey::key_gen(&[7; 32], &[]).unwrap();
        let chain = ChainInfo {
            scheme: Scheme::Unchained,
            public_key: secret.sk_to_pk().compress().to_vec(),
            period: 30,
            genesis: 1_692_803_367,
            group_hash: Hash([3; 32]),
            beacon_id: "test".into(),
        };
        let mut made = Vec::new();
        let app = TestApp::configured(kind, profile, |config| {
            for n in 1..=witnesses {
                made.push(witness(&config, n));
            }
            let configured = made.iter().map(|(witness, _): &(Configured, _)| witness.clone()).collect();
            let beacon = beacon.then(|| Beacon { chain: chain.clone(), relays: vec![] });
            ServiceConfig { witnesses: configured, beacon, ..config }
        });
        let site = Self {
            app,
            witnesses: made,
            supervisors: (1..=supervisors).map(|n| SigningKey::from_bytes(&[100 + n; 32])).collect(),
            beacon: secret,
            chain,
        };
        site.register();
        site
    }

    fn register(&self) {
        let administrator = Actor::of_role("console", Role::Administrator);
        let register = |usage, key, witness| {
            let name = "他方".to_owned();
            self.app.service.register_key(&administrator, NewKey { usage, key, name, witness }).unwrap();
        };
        for (configured, _) in &self.witnesses {
            let signer = *configured.key.key_bytes();
            register(KeyUse::Witness, signer, None);
            register(KeyUse::WitnessVrf, configured.vrf.unwrap(), Some(key_digest(&signer)));
        }
        for key in &self.supervisors {
            register(KeyUse::Supervisor, key.verifying_key().to_bytes(), None);
        }
    }

    pub fn register_supervisor(&self, key: [u8; 32]) {
        let administrator = Actor::of_role("console", Role::Administrator);
        let new = NewKey { usage: KeyUse::Supervisor, key, name: "监督员".to_owned(), witness: None };
        self.app.service.register_key(&administrator, new).unwrap();
    }

    /// The witnesses cosign what there is.
    pub fn push(&self) {
        for (configured, witness) in &self.witnesses {
            self.app.service.push_to(configured, witness).unwrap();
        }
    }

    pub fn ask(&self, n: usize) -> usize {
        let (configured, witness) = &self.witnesses[n];
        self.app.service.ask_witness(configured, witness).unwrap()
    }

    /// What a witness would be asked now, without being asked.
    pub fn request(&self, n: usize) -> Vec<u8> {
        let capture = Capture::default();
        self.app.service.ask_witness(&self.witnesses[n].0, &capture).unwrap();
        capture.0.into_inner().unwrap()
    }

    pub fn origin(&self) -> Origin {
        Origin::new(self.app.service.keys().origin()).unwrap()
    }

    pub fn key(&self, n: usize) -> Hash {
        key_digest(&self.supervisors[n].verifying_key().to_bytes())
    }

    /// A supervisor commits to a nonce for the next attempt at a package.
    pub fn commit(&self, n: usize, package: &str, nonce: [u8; 32]) -> Said {
        let path = format!("/api/v1/packages/{package}/next-attempt");
        let next = self.app.get(&self.app.bureau, &path).expect(200).json();
        let tag = next["package_tag"].as_str().unwrap();
        let attempt = u32::try_from(next["attempt"].as_u64().unwrap()).unwrap();
        let beta = Beta(from_hex(tag).unwrap().try_into().unwrap());
        let key = self.key(n);
        let commitment = nonce_commitment(&key, &beta, attempt, &nonce);
        let text = nonce_text(&self.origin(), &beta, attempt, &commitment);
        let signature = to_hex(&self.supervisors[n].sign(text.as_bytes()).to_bytes());
        let body = json!({"key": key.to_hex(), "commitment": commitment.to_hex(), "package_tag": tag,
                          "attempt": attempt, "signature": signature});
        let idempotency = format!("nonce-{n}-{}-{attempt}", nonce[0]);
        self.app.post(&self.app.bureau, "/api/v1/nonces", &idempotency, &body)
    }

    /// What a supervisor says when it reveals its nonce.
    pub fn revealed(&self, n: usize, draw: &Value, nonce: [u8; 32]) -> Reveal {
        let standing = self.standing(draw);
        let alpha = Hash::from_hex(standing["alpha"].as_str().unwrap()).unwrap();
        let text = reveal_text(&self.origin(), &alpha, &nonce);
        let signature = self.supervisors[n].sign(text.as_bytes()).to_bytes();
        Reveal { alpha, key: self.key(n), nonce, signature }
    }

    pub fn reveal(&self, n: usize, draw: &Value, nonce: [u8; 32]) -> Said {
        let signature = to_hex(&self.revealed(n, draw, nonce).signature);
        let body = json!({"key": self.key(n).to_hex(), "nonce": to_hex(&nonce), "signature": signature});
        let path = format!("{}/reveals", crate::draws::one(draw));
        self.app.post(&self.app.bureau, &path, &format!("reveal-{n}-{}-{}", nonce[0], draw["id"]), &body)
    }

    pub fn withhold(&self, n: usize, draw: &Value) -> Said {
        let standing = self.standing(draw);
        let alpha = Hash::from_hex(standing["alpha"].as_str().unwrap()).unwrap();
        let text = not_released_text(&self.origin(), &alpha, &self.key(n), 1_795_485_700);
        let signature = to_hex(&self.supervisors[n].sign(text.as_bytes()).to_bytes());
        let body = json!({"key": self.key(n).to_hex(), "stated": 1_795_485_700, "signature": signature});
        let path = format!("{}/not-released", crate::draws::one(draw));
        self.app.post(&self.app.bureau, &path, &format!("withhold-{n}"), &body)
    }

    pub fn standing(&self, draw: &Value) -> Value {
        let path = format!("{}/contributions", crate::draws::one(draw));
        self.app.get(&self.app.bureau, &path).expect(200).json()
    }

    pub fn policy(&self) -> Policy {
        Policy::parse(self.policy_text().as_bytes()).unwrap()
    }

    pub fn policy_text(&self) -> String {
        let vkey: &VerifierKey = self.app.service.keys().log_key();
        let mut text = format!("log {vkey}\n");
        let mut names = Vec::new();
        for (n, (configured, _)) in self.witnesses.iter().enumerate() {
            text += &format!("witness w{n} {}\n", configured.key);
            names.push(format!("w{n}"));
        }
        text += &match names.len() {
            0 => "quorum none\n".to_owned(),
            n => format!("group g {n} {}\nquorum g\n", names.join(" ")),
        };
        text
    }

    /// Everybody is independent.
    pub fn parties(&self) -> Parties {
        Parties::parse(self.parties_text().as_bytes()).unwrap()
    }

    pub fn parties_text(&self) -> String {
        let mut text = "operator = \"财政局\"\n".to_owned();
        for (n, (configured, _)) in self.witnesses.iter().enumerate() {
            let (key, vrf) = (to_hex(configured.key.key_bytes()), to_hex(&configured.vrf.unwrap()));
            text +=
                &format!("[[witness]]\nname = \"w{n}\"\nbody = \"b{n}\"\nkey = \"{key}\"\nvrf = \"{vrf}\"\n");
        }
        for (n, key) in self.supervisors.iter().enumerate() {
            let key = to_hex(&key.verifying_key().to_bytes());
            text += &format!("[[supervisor]]\nname = \"s{n}\"\nbody = \"c{n}\"\nkey = \"{key}\"\n");
        }
        text += &format!(
            "[beacon]\nchain = \"{}\"\nmargin = 60\nmax_ahead = 86400\n",
            self.chain.hash().to_hex()
        );
        text
    }
}

/// A witness whose directories lie beside the attachments of the service, and its line of configuration.
fn witness(config: &ServiceConfig, n: u8) -> (Configured, InProcess) {
    let folder = config.attachments.with_file_name(format!("witness-{n}"));
    let entropy = SeededEntropy::new(500 + u64::from(n));
    let name = format!("witness.example/{n}");
    let keys = WitnessKeys::create(&folder.join("keys"), Some(&name), &entropy).unwrap();
    let logs = Logs::new([config.keys.log_key().clone()]).unwrap();
    let vrf = *keys.vrf.public().as_bytes();
    let key = keys.cosigner().clone();
    let clock = config.clock.clone();
    let opened = Witness::open(&folder.join("data"), keys, logs, clock, None).unwrap();
    let url = "http://127.0.0.1:9".to_owned();
    let configured = Configured { name: format!("见证{n}"), url, key, vrf: Some(vrf) };
    (configured, InProcess(Arc::new(opened)))
}

/// Moves the clock of a site.
pub fn wait(clock: &FixedClock, seconds: i64) {
    clock.advance(seconds);
}
