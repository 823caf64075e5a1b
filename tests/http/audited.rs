//! What audits in tests read from: the service, files changed on the way, and logs that a cheating operator has
//! written anew with the real keys; and what an audit is asked.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use expert_draw::audit::source::Source;
use expert_draw::audit::state::State;
use expert_draw::audit::{Audit, AuditError, Report, trust};
use expert_draw::codec::{Hash, Json};
use expert_draw::draw::contributions::Answer;
use expert_draw::evidence::parties::Parties;
use expert_draw::keys::Keys;
use expert_draw::log::{
    Algorithm, Checkpoint, GrownTree, Origin, Policy, SignedNote, Statement, VerifierKey, merkle,
    pack_entries, sign_note, sign_statement, unpack_entries,
};
use expert_draw::ports::LogSigner;

use crate::app::{Answer as Said, TestApp};

/// The files of a running service.
pub struct Served<'a>(pub &'a TestApp);

impl Source for Served<'_> {
    fn get(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let Said { status, bytes, .. } = self.0.ask("GET", &format!("/api/v1/log/{path}"), &[], b"");
        match status {
            200 => Ok(Some(bytes)),
            404 | 409 => Ok(None),
            other => Err(io::Error::other(other.to_string())),
        }
    }
}

/// Some files of another source replaced, or taken away.
pub struct Changed<'a> {
    below: &'a dyn Source,
    pub files: BTreeMap<String, Option<Vec<u8>>>,
    asked: Mutex<u32>,
}

impl<'a> Changed<'a> {
    pub fn new(below: &'a dyn Source) -> Self {
        Self { below, files: BTreeMap::new(), asked: Mutex::default() }
    }

    pub fn change(&mut self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.below.get(path).unwrap().unwrap();
        change(&mut bytes);
        self.files.insert(path.to_owned(), Some(bytes));
    }
}

impl Source for Changed<'_> {
    fn get(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        *self.asked.lock().unwrap() += 1;
        match self.files.get(path) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.below.get(path),
        }
    }
}

/// A log that the operator writes anew with its own keys: other entries, signed and counted like real ones.
pub struct Forged {
    pub origin: Origin,
    pub statements: Vec<Statement>,
    pub keys: Keys,
    /// Cosigned heads, as one file.
    pub heads: Option<Vec<u8>>,
}

impl Forged {
    /// The log of an app, as its operator holds it.
    pub fn of(app: &TestApp) -> Self {
        let served = Served(app);
        let note = served.get("checkpoint").unwrap().unwrap();
        let head = Checkpoint::from_note(&SignedNote::parse(&note).unwrap()).unwrap();
        let width = u16::try_from(head.size).unwrap();
        assert!(width < 256, "one bundle is enough for these tests");
        let bundle = served.get(&format!("tile/entries/000.p/{width}")).unwrap().unwrap();
        let statements = unpack_entries(&bundle, width).unwrap();
        let statements = statements.iter().map(|bytes| Statement::parse(bytes).unwrap()).collect();
        let keys = Keys::load(&app.fresh.folder.join("keys")).unwrap();
        Self { origin: head.origin, statements, keys, heads: None }
    }

    pub fn find(&self, kind: &str) -> usize {
        self.statements.iter().position(|said| said.kind() == kind).unwrap()
    }

    pub fn say(&mut self, kind: &str, time: i64, body: &Json) {
        let Json::Map(body) = body.clone() else { unreachable!() };
        self.statements.push(Statement::new(kind, self.origin.clone(), time, body).unwrap());
    }

    /// Another statement of a kind in the place of one, at the same time.
    pub fn replace(&mut self, index: usize, kind: &str, body: &Json) {
        let Json::Map(body) = body.clone() else { unreachable!() };
        let time = self.statements[index].time();
        self.statements[index] = Statement::new(kind, self.origin.clone(), time, body).unwrap();
    }

    pub fn time(&self) -> i64 {
        self.statements.last().unwrap().time()
    }

    fn verifier(&self, key: &VerifierKey) -> VerifierKey {
        VerifierKey::new(key.name().clone(), Algorithm::Ed25519, *key.key_bytes()).unwrap()
    }
}

impl Source for Forged {
    fn get(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let width = self.statements.len();
        let (log, statements) = (self.keys.log_key(), self.keys.statements_key());
        let sign = |key: &VerifierKey, text: &[u8]| self.keys.sign(key, text).unwrap();
        Ok(match path {
            "checkpoint" => {
                let leaves: Vec<Hash> = self.statements.iter().map(Statement::leaf_hash).collect();
                let (origin, size) = (self.origin.clone(), leaves.len() as u64);
                let text = Checkpoint { origin, size, root: merkle::root(&leaves) }.to_text();
                Some(sign_note(&text, log, |m| sign(log, m)).unwrap().to_string().into_bytes())
            }
            _ if path == format!("tile/entries/000.p/{width}") => {
                let bytes: Vec<Vec<u8>> = self.statements.iter().map(Statement::to_bytes).collect();
                Some(pack_entries(&bytes).unwrap())
            }
            _ if path == format!("signatures/000.p/{width}") => {
                let key = self.verifier(statements);
                let lines = self.statements.iter().map(|said| {
                    let note = sign_statement(said, &key, |m| sign(statements, m)).unwrap();
                    format!("{}\n", note.signatures()[0])
                });
                Some(pack_entries(&lines.collect::<Vec<_>>()).unwrap())
            }
            "heads/000" => self.heads.clone(),
            _ if path == format!("heads/000.p/{width}") => self.heads.clone(),
            _ => None,
        })
    }
}

pub struct Asked<'a> {
    pub policy: Policy,
    pub parties: Option<Parties>,
    pub last: Option<Vec<u8>>,
    pub answers: Vec<(String, u64, Answer)>,
    evidence: Option<&'a dyn Source>,
    private: Option<&'a GrownTree>,
}

impl<'a> Asked<'a> {
    pub fn new(app: &TestApp) -> Self {
        let policy = app.service.keys().trust_policy();
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        Self { policy, parties: None, last: None, answers: vec![], evidence: None, private: None }
    }

    pub fn with(self, evidence: &'a dyn Source) -> Self {
        Self { evidence: Some(evidence), ..self }
    }

    pub fn beside(self, private: &'a GrownTree) -> Self {
        Self { private: Some(private), ..self }
    }

    pub fn run(&self, log: &dyn Source, state: &mut State) -> Result<Report, AuditError> {
        let audit = Audit {
            log,
            evidence: self.evidence,
            policy: &self.policy,
            parties: self.parties.as_ref(),
            trust: trust(b"policy", None),
            last: self.last.as_deref(),
            private: self.private,
            answers: &self.answers,
            chain: None,
            jobs: 2,
            progress: &|_, _, _| {},
            stop: &AtomicBool::new(false),
        };
        audit.run(state, &mut |_| {})
    }

    pub fn names(&self, log: &dyn Source) -> Vec<&'static str> {
        let report = self.run(log, &mut State::default()).unwrap();
        report.findings.iter().map(|found| found.name).collect()
    }
}
