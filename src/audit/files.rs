//! The evidence file of each draw, verified as a stranger would and held against the log that was read: same
//! history, nothing of the draw left out.

use super::draws::DrawTold;
use super::finding::Finding;
use crate::codec::{Hash, sha256};
use crate::evidence::bundle::Audience;
use crate::evidence::parties::Parties;
use crate::evidence::sites::{self, SitesEvidence};
use crate::evidence::verify::verify_keeping;
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
    /// Whether the file holds every entry of its draw that the log has, so that its check of the contributions is
    /// the log's.
    pub covers: bool,
    /// How many entries of its draw the log had when the file was verified.
    pub life: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// Verifies a file of a draw.
pub fn check(
    draw: &DrawTold,
    bytes: &[u8],
    tree: &GrownTree,
    policy: &Policy,
    parties: Option<&Parties>,
) -> FileTold {
    let (digest, life) = (Some(sha256(&[bytes])), draw.life.len() as u64);
    let mut told = FileTold { digest, life, level: "operator", ..FileTold::default() };
    let at = |name, what: String| Finding::new(name, what).at(draw.index).of(draw.alpha);
    let (failed, checkpoint, alpha, life) = if draw.of_sites {
        let report = sites::verify(bytes, policy, Some(Audience::Public));
        let failed = report.checks.iter().find(|check| !check.passed);
        let failed = failed.map(|check| format!("{}: {}", check.name, check.detail));
        let Ok(file) = SitesEvidence::read(bytes) else {
            told.findings.push(at("evidence", failed.unwrap_or_default()));
            return told;
        };
        (failed, file.checkpoint, file.alpha, file.life)
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
        let opened = file.openings.map(|open| (open.package.plan, open.package.package));
        told.number = opened.filter(|_| failed.is_none());
        (failed, file.checkpoint, file.alpha, file.life)
    };
    if let Some(why) = failed {
        told.findings.push(at("evidence", why));
    }
    if alpha != draw.alpha {
        told.findings.push(at("evidence", format!("is of another draw, {alpha}")));
        return told;
    }
    let head = SignedNote::parse(checkpoint.as_bytes()).ok();
    let head = head.and_then(|note| Checkpoint::from_note(&note).ok());
    match head.map(|head| (tree.root(head.size), head)) {
        Some((Some(root), head)) if root == head.root => {
            let should: Vec<u64> = draw.life.iter().copied().filter(|index| *index < head.size).collect();
            told.covers = should.len() == draw.life.len();
            if life != should {
                let left_out: Vec<String> =
                    should.iter().filter(|index| !life.contains(index)).map(u64::to_string).collect();
                told.findings.push(at("evidence_life", format!("leaves out {}", left_out.join(", "))));
            }
        }
        // Made after the head that is audited here: what it says beyond is not looked at.
        Some((None, _)) => {}
        Some((Some(_), head)) => {
            let what = format!("its checkpoint of size {} is no head of this log", head.size);
            told.findings.push(at("evidence_log", what));
        }
        None => told.findings.push(at("evidence_log", "no checkpoint".to_owned())),
    }
    told.verified = told.findings.is_empty();
    told
}
