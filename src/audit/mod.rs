//! The audit of a whole log from what is public (`api-spec/audit-v1.md`): tree, signatures, keys by index,
//! cosigned heads, every draw's order and ending, attempts per package, and every draw's evidence file, held
//! against the log.
//!
//! | file | holds |
//! |---|---|
//! | `source` | where from: files under fixed paths |
//! | `entries` | the log read whole, on several threads |
//! | `said` | what an entry says, as far as an audit asks |
//! | `draws`, `packages` | what follows which commitment; attempts |
//! | `heads` | what witnesses have cosigned |
//! | `files` | evidence files against the log |
//! | `finding`, `report` | what was found, in words, JSON |
//! | `state`, `private_state` | what the next audit need not do again |
//!
//! *Invariants:* nothing that is served is believed; what was not looked at is said; a shortened audit skips
//! only what is provably the same as before.
//!
//! *Deliberately not here:* that a pool was complete and its people real. That takes the registry's private
//! images; what their replay finds (`service::replay`) is added to the report by [`Report::add_private`].

pub mod draws;
pub mod entries;
pub mod files;
pub mod finding;
mod heads;
mod packages;
pub mod private_state;
pub mod report;
mod said;
pub mod source;
pub mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::codec::{Hash, sha256};
use crate::draw::beacon::ChainInfo;
use crate::draw::commitment::Contributor;
use crate::draw::contributions::{Answer, Judge, Share};
use crate::evidence::parties::Parties;
use crate::log::{Checkpoint, GrownTree, KeyUse, Policy, RetiredBecause, SignedNote};

use draws::{DrawTold, Draws, Standing};
use entries::{Entries, ReadError, Reading, side_by_side};
use files::FileTold;
pub use finding::{FINDINGS, Finding, Severity};
pub use packages::PackageTold;
pub use report::{DrawLine, PrivateTold, Report};
use source::{Source, evidence_path};
use state::State;

/// Draws whose evidence is looked at before the state is handed out once more.
const BATCH: usize = 512;

/// What an audit is given.
pub struct Audit<'a> {
    /// The log's files.
    pub log: &'a dyn Source,
    /// The draws' public evidence files; `None`: they are not looked at, and the report says so.
    pub evidence: Option<&'a dyn Source>,
    /// The auditor's policy.
    pub policy: &'a Policy,
    /// The auditor's file of parties.
    pub parties: Option<&'a Parties>,
    /// Digest of policy and parties: what the state was made under.
    pub trust: Hash,
    /// The checkpoint of an earlier audit, as a note.
    pub last: Option<&'a [u8]>,
    /// The tree of the auditor's private export, which has to be of this log.
    pub private: Option<&'a GrownTree>,
    /// Answers that witnesses have published.
    pub answers: &'a [(String, u64, Answer)],
    /// The chain of the beacon that draws may name.
    pub chain: Option<ChainInfo>,
    /// Threads.
    pub jobs: usize,
    /// Hears what is done: step, done, of how many.
    pub progress: &'a (dyn Fn(Step, u64, u64) + Sync),
    /// Somebody asks to stop.
    pub stop: &'a AtomicBool,
}

/// What an audit is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Entries are read.
    Entries,
    /// Evidence files are verified.
    Evidence,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The checkpoint is refused by the policy, or is none.
    #[error("检查点不被信任策略接受 (the policy does not accept the checkpoint): {0}")]
    Checkpoint(String),
}

/// Digest of the auditor's two files.
pub fn trust(policy: &[u8], parties: Option<&[u8]>) -> Hash {
    sha256(&[&sha256(&[policy]).0, &sha256(&[parties.unwrap_or_default()]).0])
}

impl Audit<'_> {
    /// Audits the log. `state` goes in as the last audit left it and comes out as the next may take it;
    /// `save` hears it now and then on the way.
    pub fn run(&self, state: &mut State, save: &mut dyn FnMut(&State)) -> Result<Report, AuditError> {
        if state.trust != Some(self.trust) {
            *state = State { trust: Some(self.trust), ..State::default() };
        }
        let (note, head) = self.checkpoint()?;
        let mut entries = self.entries(&head, state)?;
        if state.head.is_some() && entries.findings.iter().any(|found| found.name == "history") {
            // What was skipped is of another history: everything is looked at again, and that is said.
            let history = entries.findings.iter().find(|found| found.name == "history").cloned();
            *state = State { trust: Some(self.trust), ..State::default() };
            entries = self.entries(&head, state)?;
            entries.findings.extend(history);
        }
        let mut findings = std::mem::take(&mut entries.findings);
        if entries.tree.root(head.size) != Some(head.root) {
            findings.push(Finding::new("tree", format!("size {}", head.size)));
        }
        findings.extend(self.log_key(&note, &head, &entries));
        findings.extend(self.last_head(&entries));
        findings.extend(self.private.and_then(|private| of_this_log(private, &entries.tree)));
        let (dated, found) = heads::read(self.log, head.size, self.policy, &entries)?;
        findings.extend(found);
        // The operator's clock, or the witnesses' where they are further: nothing stays open by standing still.
        let newest = dated.iter().map(|(_, date)| *date).max().unwrap_or_default();
        entries.draws.close(newest.max(entries.times.last().copied().unwrap_or_default()));
        findings.append(&mut entries.draws.findings);
        let told = self.files(&entries, state, save)?;
        for (alpha, told) in &told {
            findings.extend(told.findings.iter().cloned());
            if told.verified {
                state.files.insert(*alpha, FileTold { findings: Vec::new(), ..told.clone() });
            }
        }
        findings.extend(self.contributions(&entries, &told));
        findings.extend(self.refuted(&entries));
        let blind: BTreeSet<Hash> = told.iter().filter(|(_, told)| told.blind).map(|(a, _)| *a).collect();
        let (packages, found) = packages::packages(&entries.draws, &blind);
        findings.extend(found);
        findings.extend(packages::opened(&entries, &told));
        findings.extend(doubtful(&entries));
        findings.sort_by_key(|found| (found.severity(), found.index, found.name));
        if findings.iter().all(|found| found.severity() != Severity::Violation) {
            state.head = Some((head.size, head.root));
        }
        save(state);
        let note = note.to_string();
        Ok(Report::new(
            (head, note),
            dated.len(),
            &entries,
            packages,
            told,
            findings,
            self.evidence.is_some(),
        ))
    }

    fn checkpoint(&self) -> Result<(SignedNote, Checkpoint), AuditError> {
        let refused = |why: String| AuditError::Checkpoint(why);
        let mut why = "no file `checkpoint`".to_owned();
        // The newest first; where a quorum is asked that it has not yet, the newest that has enough.
        let wanted = self.policy.witnesses().len();
        let paths = (1..=wanted).rev().map(|n| format!("checkpoint?witnessed={n}"));
        for path in std::iter::once("checkpoint".to_owned()).chain(paths) {
            let got = self.log.get(&path).map_err(|source| ReadError::Io { path: path.clone(), source })?;
            let Some(bytes) = got else { continue };
            let note = match SignedNote::parse(&bytes) {
                Ok(note) => note,
                Err(error) => return Err(refused(error.to_string())),
            };
            match self.policy.accept(&note) {
                Ok(outcome) => return Ok((note, outcome.checkpoint)),
                Err(error) => why = error.to_string(),
            }
        }
        Err(refused(why))
    }

    fn entries(&self, head: &Checkpoint, state: &State) -> Result<Entries, AuditError> {
        let draws = Draws::new(head.origin.clone(), self.chain.clone());
        let reading = Reading {
            source: self.log,
            origin: &head.origin,
            size: head.size,
            jobs: self.jobs,
            known: state.head.filter(|(size, _)| *size <= head.size),
            progress: &|done| (self.progress)(Step::Entries, done, head.size),
            stop: self.stop,
        };
        let mut entries = entries::read(&reading, draws)?;
        if let Some((size, _)) = state.head.filter(|(size, _)| *size > head.size) {
            let what = format!("the log had {size} entries when it was audited before, now {}", head.size);
            entries.findings.push(Finding::new("history", what));
        }
        Ok(entries)
    }

    fn log_key(&self, note: &SignedNote, head: &Checkpoint, entries: &Entries) -> Option<Finding> {
        let book = entries.book.as_ref()?;
        let live: Vec<[u8; 32]> = book.of_checkpoint(head.size).map(|key| key.key).collect();
        let mut pinned = self.policy.logs().iter().filter(|key| key.name() == head.origin.log_key_name());
        let signed = pinned.any(|key| live.contains(key.key_bytes()) && note.verify(key).is_ok());
        (!signed).then(|| Finding::new("log_key", format!("size {}", head.size)))
    }

    /// The checkpoint of an earlier audit is a head of this log.
    fn last_head(&self, entries: &Entries) -> Option<Finding> {
        let note = SignedNote::parse(self.last?).ok();
        let Some(last) = note.and_then(|note| Checkpoint::from_note(&note).ok()) else {
            return Some(Finding::new("history", "the checkpoint of the last audit is none"));
        };
        let same = entries.draws_origin() == &last.origin && entries.tree.root(last.size) == Some(last.root);
        let what = format!("the last audit ended at size {}, root {}", last.size, last.root);
        (!same).then(|| Finding::new("history", what))
    }

    fn files(
        &self,
        entries: &Entries,
        state: &mut State,
        save: &mut dyn FnMut(&State),
    ) -> Result<BTreeMap<Hash, FileTold>, AuditError> {
        let mut told = BTreeMap::new();
        let Some(source) = self.evidence else { return Ok(told) };
        let of = entries.draws.order.len() as u64;
        for some in entries.draws.order.chunks(BATCH) {
            if self.stop.load(Ordering::SeqCst) {
                return Err(ReadError::Stopped.into());
            }
            let known = &state.files;
            let files = side_by_side(some, self.jobs, |alpha| self.file(source, entries, known, alpha));
            for (alpha, file) in some.iter().zip(files) {
                let file = file?;
                if file.verified {
                    state.files.insert(*alpha, FileTold { findings: Vec::new(), ..file.clone() });
                }
                told.insert(*alpha, file);
            }
            save(state);
            (self.progress)(Step::Evidence, told.len() as u64, of);
        }
        Ok(told)
    }

    fn file(
        &self,
        source: &dyn Source,
        entries: &Entries,
        known: &BTreeMap<Hash, FileTold>,
        alpha: &Hash,
    ) -> Result<FileTold, AuditError> {
        let Some(draw) = entries.draws.all.get(alpha) else { return Ok(FileTold::default()) };
        let path = evidence_path(draw.index);
        let got = source.get(&path).map_err(|source| ReadError::Io { path: path.clone(), source })?;
        let Some(bytes) = got else {
            let mut told = FileTold { level: "operator", ..FileTold::default() };
            // A draw that has not ended has a file only where others contribute.
            if draw.standing != Standing::Open {
                let what = format!("{path} is not there");
                told.findings.push(Finding::new("evidence_missing", what).at(draw.index).of(*alpha));
            }
            return Ok(told);
        };
        let same = known.get(alpha).filter(|told| told.digest == Some(sha256(&[&bytes])));
        // The same file passes again unless the log has said more of its draw since.
        if let Some(told) = same
            && told.life == draw.life.len() as u64
            && draw.standing != Standing::Open
        {
            // What it quotes is held against this log all the same: the one it was verified beside may have been
            // another history.
            return Ok(files::again(draw, &bytes, &self.against(entries), told));
        }
        Ok(files::check(draw, &bytes, &self.against(entries), self.policy, self.parties))
    }

    fn against<'a>(&self, entries: &'a Entries) -> files::Against<'a> {
        let mut draw_keys = entries.book.iter().flat_map(|book| book.all());
        let first_draw_key =
            draw_keys.all(|key| key.usage != KeyUse::DrawVrf || (key.index == 0 && key.retired.is_none()));
        files::Against { tree: &entries.tree, keys: &entries.about_keys, first_draw_key }
    }

    /// What is wrong with contributions, of draws whose evidence file has not answered it.
    fn contributions(&self, entries: &Entries, told: &BTreeMap<Hash, FileTold>) -> Vec<Finding> {
        let Some(book) = &entries.book else { return Vec::new() };
        let answered = |alpha: &Hash| told.get(alpha).is_some_and(|file| file.verified && file.covers);
        let open: Vec<&DrawTold> = entries.draws.all.values().filter(|draw| !answered(&draw.alpha)).collect();
        let judged = side_by_side(&open, self.jobs, |draw| entries.draws.invalid(draw, book, &entries.tree));
        judged.into_iter().flatten().collect()
    }

    /// Voids for a missing contribution that its witness has published (draw-v3 §5.5).
    fn refuted(&self, entries: &Entries) -> Vec<Finding> {
        let mut found = Vec::new();
        let Some(book) = &entries.book else { return found };
        for (log, index, answer) in self.answers {
            let Some(draw) = entries.draws.all.get(&answer.alpha) else { continue };
            let Some(commitment) =
                draw.commitment.as_ref().filter(|_| log == entries.draws_origin().as_str())
            else {
                continue;
            };
            let place = commitment
                .contributions
                .iter()
                .position(|wanted| matches!(wanted, Contributor::Witness { key } if *key == answer.key));
            let missing = place.is_some_and(|place| draw.given.get(place) == Some(&false));
            if draw.void_reason != Some("contribution_missing") || !missing || *index != draw.index {
                continue;
            }
            let (log, alpha) = (entries.draws_origin(), &draw.alpha);
            let judge = Judge { log, alpha, index: draw.index, commitment, book, chain: None };
            let share = Share::Witness(answer.clone());
            // By the keys as they were when it was voided: who says later that the witness's key was compromised does not
            // undo the answer.
            let voided = draw.ended.map_or(u64::MAX, |(index, _)| index);
            if judge.share(voided, &share, draw.operator).is_ok() {
                let what = format!("answered at {}, deadline {}", answer.answered, draw.deadline);
                found.push(Finding::new("refuted", what).at(draw.index).of(draw.alpha));
            }
        }
        found
    }
}

/// What the export of private records is to the log: of another history, or ahead of what was published.
fn of_this_log(private: &GrownTree, log: &GrownTree) -> Option<Finding> {
    let both = private.size().min(log.size());
    if private.root(both) != log.root(both) {
        let what = format!("of {} entries, with another root than the log at size {both}", private.size());
        return Some(Finding::new("private_log", what));
    }
    let more = private.size() - both;
    let what =
        || Finding::new("private_ahead", format!("{more} entries more than the head that was audited"));
    (more > 0).then(what)
}

/// What compromised keys signed or made where it may not be their holder's (log-v2 §2.6).
fn doubtful(entries: &Entries) -> Vec<Finding> {
    let keys = entries.book.iter().flat_map(|book| book.all());
    let found = keys.filter_map(|key| {
        let Some((retired, RetiredBecause::Compromised { doubtful_from })) = key.retired else { return None };
        let usage = key.usage.name();
        let what = format!("{usage} {}, from entry {doubtful_from} to {retired}", key.digest);
        Some(Finding::new("doubtful", what).at(doubtful_from))
    });
    found.collect()
}
