//! The evidence file of each draw, verified as a stranger would and held against the log that was read: same
//! history, nothing of the draw left out.

use super::draws::DrawTold;
use super::finding::Finding;
use crate::codec::{Hash, sha256};
use crate::evidence::Evidence;
use crate::evidence::bundle::Audience;
use crate::evidence::parties::Parties;
use crate::evidence::sites::{self, SitesEvidence};
use crate::evidence::verify::verify_keeping;
use crate::log::merkle::leaf_hash;
use crate::log::{Checkpoint, GrownTree, Policy, SignedNote};

/// What a file came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileTold {
    /// Digest of the bytes.
    pub digest: Option<Hash>,
    /// Whether every check passed.
    pub verified: bool,
    /// The level by the auditor's own files.
    pub level: &'static str,
    /// Forced seats.
    pub forced: u32,
    /// Passed over on the operator's word alone.
    pub on_operators_word: u32,
    /// Whether its void is blind to this auditor.
    pub blind: bool,
    /// Plan and package number, once opened.
    pub number: Option<(String, String)>,
    /// Whether the file knows every entry about keys that the log has, so that its check of the contributions is
    /// the log's.
    pub covers: bool,
    /// How many entries of its draw the log had when the file was verified.
    pub life: u64,
    /// How many about keys.
    pub keys: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// The log that files are held against.
pub struct Against<'a> {
    /// Its tree.
    pub tree: &'a GrownTree,
    /// Its entries about keys, ascending.
    pub keys: &'a [u64],
    /// Whether its first draw key is still the only one, and not retired.
    pub first_draw_key: bool,
}

/// What a file says of the log, beyond its verdict.
struct Quoted {
    checkpoint: String,
    alpha: Hash,
    life: Vec<u64>,
    /// Index and note of every entry.
    entries: Vec<(u64, String)>,
    /// Entries about keys; `None`: the format has none.
    keys: Option<Vec<u64>>,
}

/// Verifies a file of a draw.
pub fn check(
    draw: &DrawTold,
    bytes: &[u8],
    log: &Against<'_>,
    policy: &Policy,
    parties: Option<&Parties>,
) -> FileTold {
    let (digest, life, keys) = (Some(sha256(&[bytes])), draw.life.len() as u64, log.keys.len() as u64);
    let mut told = FileTold { digest, life, keys, level: "operator", ..FileTold::default() };
    let at = |name, what: String| Finding::new(name, what).at(draw.index).of(draw.alpha);
    let (failed, file) = if draw.of_sites {
        let report = sites::verify(bytes, policy, Some(Audience::Public));
        let failed = report.checks.iter().find(|check| !check.passed);
        let failed = failed.map(|check| format!("{}: {}", check.name, check.detail));
        let Ok(file) = SitesEvidence::read(bytes) else {
            told.findings.push(at("evidence", failed.unwrap_or_default()));
            return told;
        };
        (failed, Quoted::from(file))
    } else {
        let (report, file) = verify_keeping(bytes, policy, parties, Some(Audience::Public));
        let failed = report.checks.iter().find(|check| !check.passed);
        let failed = failed.map(|check| format!("{}: {}", check.name, check.detail));
        let Some(file) = file else {
            told.findings.push(at("evidence", failed.unwrap_or_default()));
            return told;
        };
        told.level = report.level();
        told.forced = report.facts.forced_seats.unwrap_or_default();
        told.on_operators_word =
            report.facts.calls.as_ref().map_or(0, |calls| calls.passed_over_on_operators_word);
        told.blind = report.facts.shared.as_ref().is_some_and(|shared| shared.blind_voids > 0);
        let opened = file.openings.as_ref().map(|open| open.package.clone());
        told.number = opened.filter(|_| failed.is_none()).map(|package| (package.plan, package.package));
        (failed, Quoted::from(file))
    };
    if let Some(why) = failed {
        told.findings.push(at("evidence", why));
    }
    if file.alpha != draw.alpha {
        told.findings.push(at("evidence", format!("is of another draw, {}", file.alpha)));
        return told;
    }
    held_against(&mut told, draw, &file, log, &at);
    told.verified = told.findings.is_empty();
    told
}

/// A file that passed before, held against the log once more.
pub fn again(draw: &DrawTold, bytes: &[u8], log: &Against<'_>, before: &FileTold) -> FileTold {
    let at = |name, what: String| Finding::new(name, what).at(draw.index).of(draw.alpha);
    let mut told = FileTold { keys: log.keys.len() as u64, ..before.clone() };
    match quoted(draw, bytes) {
        Some(file) if file.alpha == draw.alpha => held_against(&mut told, draw, &file, log, &at),
        _ => told.findings.push(at("evidence", "is of another draw".to_owned())),
    }
    told.verified = told.findings.is_empty();
    told
}

/// What a file quotes; nothing if it is none.
fn quoted(draw: &DrawTold, bytes: &[u8]) -> Option<Quoted> {
    if draw.of_sites {
        return SitesEvidence::read(bytes).ok().map(Quoted::from);
    }
    Evidence::read(bytes).ok().map(Quoted::from)
}

impl From<SitesEvidence> for Quoted {
    fn from(file: SitesEvidence) -> Self {
        let entries = file.entries.into_iter().map(|entry| (entry.index, entry.note)).collect();
        Self { checkpoint: file.checkpoint, alpha: file.alpha, life: file.life, entries, keys: None }
    }
}

impl From<Evidence> for Quoted {
    fn from(file: Evidence) -> Self {
        let keys = file.shared.map(|shared| shared.keys);
        let entries = file.entries.into_iter().map(|entry| (entry.index, entry.note)).collect();
        Self { checkpoint: file.checkpoint, alpha: file.alpha, life: file.life, entries, keys }
    }
}

/// Holds what a file quotes against the log that was read: each entry is the log's, and below the head that is
/// audited none of the draw's is left out, nor any about keys that could judge its contributions.
fn held_against(
    told: &mut FileTold,
    draw: &DrawTold,
    file: &Quoted,
    log: &Against<'_>,
    at: &dyn Fn(&'static str, String) -> Finding,
) {
    let size = log.tree.size();
    let head = SignedNote::parse(file.checkpoint.as_bytes()).ok();
    let Some(head) = head.and_then(|note| Checkpoint::from_note(&note).ok()) else {
        told.findings.push(at("evidence_log", "no checkpoint".to_owned()));
        return;
    };
    // A head beyond the one that is audited is held against it entry by entry.
    if head.size <= size && log.tree.root(head.size) != Some(head.root) {
        let what = format!("its checkpoint of size {} is no head of this log", head.size);
        told.findings.push(at("evidence_log", what));
    }
    let other = file.entries.iter().find(|(index, note)| {
        let statement = note.lines().next().unwrap_or_default();
        log.tree.leaf(*index).is_some_and(|leaf| *leaf != leaf_hash(statement.as_bytes()))
    });
    if let Some((index, _)) = other {
        told.findings.push(at("evidence_log", format!("its entry {index} is not the log's")));
    }
    let below = |all: &[u64]| -> Vec<u64> { all.iter().copied().filter(|index| *index < size).collect() };
    let left_out = |all: &[u64], held: &[u64]| -> Vec<String> {
        all.iter().filter(|index| !held.contains(index)).map(u64::to_string).collect()
    };
    let missing = left_out(&draw.life, &file.life);
    if !missing.is_empty() || below(&file.life).len() != draw.life.len() {
        told.findings.push(at("evidence_life", format!("leaves out {}", missing.join(", "))));
    }
    let missing = left_out(log.keys, file.keys.as_deref().unwrap_or_default());
    // Where the file does not know a key's end, its contributions are judged once more from the log. A file of a
    // format without keys has one contribution, by the first draw key.
    told.covers = missing.is_empty() || (file.keys.is_none() && log.first_draw_key);
    let known = log.keys.iter().filter(|index| **index < head.size).count();
    let told_of = log.keys.len() - missing.len();
    if file.keys.is_some() && told_of < known {
        let what = format!("leaves out {}, about keys", missing.join(", "));
        told.findings.push(at("evidence_life", what));
    }
}
