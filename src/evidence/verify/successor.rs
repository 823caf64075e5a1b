//! Check `predecessor`: that a repeated draw follows the attempt that it names (`api-spec/evidence-v2.md`
//! §7). Two auditor's files, because only their openings say who stands at which position.
//!
//! *Invariant:* whom a supplementary draw keeps is nobody's choice: all who remained, or none.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{Check, Ending, PREDECESSOR, Report};
use super::verify_with;
use crate::draw::commitment::{Commitment, Kept};
use crate::evidence::bundle::{Audience, Evidence};
use crate::evidence::openings::AuditorOpenings;
use crate::evidence::parties::Parties;
use crate::evidence::said::Said;
use crate::log::{Policy, SignedNote, Statement};

/// Verifies a file and, by one more check, that its draw follows the one of another file.
pub fn verify_after(bytes: &[u8], predecessor: &[u8], policy: &Policy, expect: Option<Audience>) -> Report {
    verify_after_with(bytes, predecessor, policy, None, expect)
}

/// The same with the auditor's file of independent parties.
pub fn verify_after_with(
    bytes: &[u8],
    predecessor: &[u8],
    policy: &Policy,
    parties: Option<&Parties>,
    expect: Option<Audience>,
) -> Report {
    let mut report = verify_with(bytes, policy, parties, expect);
    let before = verify_with(predecessor, policy, parties, Some(Audience::Auditor));
    let answer = if !report.verified() {
        Err(super::EARLIER.to_owned())
    } else if let Some(failed) = before.checks.iter().find(|check| !check.passed) {
        Err(format!("the predecessor's file is refused at {}", failed.name))
    } else {
        parts(bytes)
            .zip(parts(predecessor))
            .ok_or("both must be auditor's files".to_owned())
            .and_then(|(after, earlier)| follows(&after, &report, &earlier, &before))
    };
    let (passed, detail) = match answer {
        Ok(seen) => (true, seen),
        Err(reason) => (false, reason),
    };
    report.checks.push(Check { name: PREDECESSOR.0, passed, detail });
    report
}

/// What two files are compared by.
struct Parts {
    commitment: Commitment,
    /// Index of the draw's last entry.
    last: u64,
    people: AuditorOpenings,
}

/// The parts of a file that has been verified; `None` for one without the auditor's openings.
fn parts(bytes: &[u8]) -> Option<Parts> {
    let evidence = Evidence::read(bytes).ok()?;
    let commitment = evidence.entries.iter().find_map(|entry| {
        let note = SignedNote::parse(entry.note.as_bytes()).ok()?;
        let statement = Statement::parse(note.text().strip_suffix('\n')?.as_bytes()).ok()?;
        match Said::read(statement.kind(), &statement.body_json()) {
            Ok(Said::Committed(commitment)) => Some(*commitment),
            _ => None,
        }
    })?;
    Some(Parts { commitment, last: *evidence.life.last()?, people: evidence.openings?.auditor? })
}

impl Parts {
    fn number(&self, position: u32) -> Option<&str> {
        let position = usize::try_from(position).ok()?;
        Some(self.people.candidates.get(position)?.number.as_str())
    }
}

/// Where somebody may sit: at a site, or in a group after sign-in.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Site(u32),
    Group(u32),
}

fn follows(after: &Parts, report: &Report, earlier: &Parts, before: &Report) -> Result<String, String> {
    let (own, old) = (&after.commitment, &earlier.commitment);
    if report.facts.origin != before.facts.origin {
        return Err("the predecessor is in another log".into());
    }
    if own.predecessor.is_none() || own.predecessor != before.facts.alpha {
        return Err("the commitment names another predecessor".into());
    }
    if own.attempt != old.attempt.saturating_add(1) || own.package_tag != old.package_tag {
        return Err("not the next attempt on the same package".into());
    }
    let ended = !matches!(before.facts.ending, Some(Ending::Drawn) | None);
    if !ended || report.facts.committed.is_none_or(|committed| committed <= earlier.last) {
        return Err("the predecessor had not ended when this draw was committed".into());
    }
    let calls = before.facts.calls.as_ref();
    let candidates: BTreeSet<&str> =
        after.people.candidates.iter().map(|person| person.number.as_str()).collect();
    for out in calls.iter().flat_map(|calls| &calls.out) {
        if earlier.number(out.position).is_none_or(|number| candidates.contains(number)) {
            return Err(format!("position {} of the predecessor was out and is in the pool", out.position));
        }
    }
    let kept = own.kept.iter().map(|kept| {
        let place = match kept {
            Kept::Site { site, .. } => Place::Site(*site),
            Kept::Group { group, .. } => Place::Group(*group),
        };
        (after.number(kept.position()), place)
    });
    let kept: BTreeMap<Option<&str>, Place> = kept.collect();
    if kept.is_empty() {
        return Ok(format!("attempt {} after {}, nobody kept", own.attempt, old.attempt));
    }
    let stopped = calls.filter(|_| before.facts.ending == Some(Ending::Stopped));
    let calls = stopped.ok_or("members are kept of a draw that was not stopped")?;
    let remaining = calls.remaining.iter().filter_map(|member| {
        let place = match (member.group, member.site) {
            (Some(group), _) => Place::Group(group),
            (None, site) => Place::Site(site?),
        };
        Some((earlier.number(member.position), place))
    });
    if kept != remaining.collect() {
        return Err("those kept are not all who remained, each at their site or in their group".into());
    }
    if own.groups != old.groups {
        return Err("members are kept, and seats or sites of the groups are not the predecessor's".into());
    }
    Ok(format!("attempt {} after {}, {} kept, all who remained", own.attempt, old.attempt, kept.len()))
}
