//! The verifier: every named check of `api-spec/evidence-v1.md` §4 and `evidence-v2.md` §4, in their
//! order; a file's format says which.
//!
//! It takes raw bytes and a policy and believes nothing that it did not recompute. A check whose
//! input an earlier failed check should have given fails too: nothing is skipped.

mod calls;
mod entries;
mod openings;
mod report;
mod result;
mod successor;

use crate::codec::Hash;
use crate::draw::commitment::Commitment;
use crate::draw::pool::Leaf;
use crate::log::Policy;

use super::bundle::{Audience, Evidence, Format};
pub use calls::{CallFacts, Out};
use entries::Entries;
pub use report::{CHECKS, Check, Ending, Facts, OF_CALLS, PREDECESSOR, Report};
use result::Life;
pub use successor::verify_after;

/// What a check answers: a value and what was seen, or why it failed.
type Answer<T> = Result<(T, String), String>;

/// Collects the answers of checks in order.
struct Run {
    report: Report,
}

impl Run {
    /// Records the answer of a check and hands its value on.
    fn check<T>(&mut self, name: &'static str, answer: Answer<T>) -> Option<T> {
        let (value, passed, detail) = match answer {
            Ok((value, seen)) => (Some(value), true, seen),
            Err(reason) => (None, false, reason),
        };
        self.report.checks.push(Check { name, passed, detail });
        value
    }
}

/// Everything known about a draw once its commitment is read.
struct Draw<'a> {
    evidence: &'a Evidence,
    entries: &'a Entries,
    commitment: &'a Commitment,
    /// Log index of the commitment.
    index: u64,
    alpha: &'a Hash,
}

/// A check of openings against the draw's life and leaves.
type OpeningCheck<'a> = &'a dyn Fn(&super::Openings, &Life, &[Leaf]) -> Answer<()>;

const EARLIER: &str = "not checked: an earlier check failed";

/// Verifies an evidence file under a trust policy; `expect` is the audience whose openings the
/// reader wants to find.
pub fn verify(bytes: &[u8], policy: &Policy, expect: Option<Audience>) -> Report {
    let mut run = Run { report: Report::default() };
    if verify_into(&mut run, bytes, policy, expect).is_none() {
        // Whatever did not get its turn failed: the reader sees every name, none silently left out.
        let done: Vec<&str> = run.report.checks.iter().map(|check| check.name).collect();
        let has_calls = Format::claimed(bytes) == Some(Format::V2);
        for (name, _) in CHECKS {
            let asked = !name.starts_with("openings.") && (has_calls || !OF_CALLS.contains(&name));
            if asked && !done.contains(&name) {
                run.check::<()>(name, Err(EARLIER.into()));
            }
        }
    }
    run.report
}

fn verify_into(run: &mut Run, bytes: &[u8], policy: &Policy, expect: Option<Audience>) -> Option<()> {
    let evidence = run.check("file", file(bytes, expect))?;
    let head = run.check("checkpoint", entries::checkpoint(&evidence, policy));
    if let Some(head) = &head {
        run.report.facts.tree_size = Some(head.checkpoint.size);
        run.report.facts.origin = Some(head.checkpoint.origin.as_str().to_owned());
        run.report.facts.unknown_signatures = head.unknown_signatures;
    }
    let head = head?;
    let entries = run.check("entries", entries::entries(&evidence, &head.checkpoint))?;
    let keys = run.check("keys", entries::keys(&entries, &head))?;
    let signed = run.check("signatures", entries::signatures(&entries, &head, &keys));
    let (commitment, index) = run.check("commitment", result::commitment(&evidence, &entries, &keys))?;
    let facts = &mut run.report.facts;
    facts.alpha = Some(evidence.alpha);
    facts.attempt = Some(commitment.attempt);
    facts.committed = Some(index);
    facts.pool_size = Some(commitment.pool_size);
    let draw = Draw {
        evidence: &evidence,
        entries: &entries,
        commitment: &commitment,
        index,
        alpha: &evidence.alpha,
    };
    let profile = run.check("profile", result::profile(&draw));
    let leaves = run.check("pool", result::pool(&draw));
    let forced = run.check("feasible", later(&leaves, |leaves| result::feasible(&draw, leaves)));
    run.report.facts.forced_seats = forced;
    let contributions = run.check("contributions", result::contributions(&draw, &keys));
    let mut life = run.check("ending", result::ending(&draw));
    if let Some(life) = &life {
        run.report.facts.ending = Some(life.ending);
        run.report.facts.unsealed = life.unsealed.is_some();
        run.report.facts.seats = life.seats();
    }
    let given = contributions.zip(life.as_ref());
    let seed = run.check("seed", later(&given, |(given, life)| result::seed(&draw, given, life)));
    let walked = seed.as_ref().zip(leaves.as_ref()).zip(life.as_ref());
    let panel =
        run.check("panel", later(&walked, |((seed, leaves), life)| result::panel(&draw, seed, leaves, life)));
    let known = life.as_ref().zip(leaves.as_ref());
    let unsealed = known.is_none_or(|(life, _)| life.unsealed.is_some());
    if evidence.format == Format::V2 {
        let known = panel.and(leaves.as_ref()).zip(life.as_ref().and_then(|life| life.drawn.as_ref()));
        let facts = calls::check(run, &draw, known);
        match (&mut life, &facts) {
            (Some(life), Some(facts)) => life.members = Some(facts.members.clone()),
            // Whoever opens members of an unknown panel opens nothing.
            _ => life = None,
        }
        run.report.facts.seats = life.as_ref().map(result::Life::seats).unwrap_or_default();
        run.report.facts.calls = facts;
    }
    let ready = life.zip(leaves);
    check_openings(run, &draw, &keys, ready.as_ref(), unsealed);
    (signed.is_some() && profile.is_some()).then_some(())
}

/// Runs the opening checks that the audience and the draw's state ask for.
fn check_openings(
    run: &mut Run,
    draw: &Draw<'_>,
    keys: &entries::Keys,
    ready: Option<&(Life, Vec<Leaf>)>,
    unsealed: bool,
) {
    let audience = draw.evidence.audience;
    let open = draw.evidence.openings.as_ref();
    if open.is_none() && audience == Audience::Public && !unsealed {
        return;
    }
    let missing = || "the file holds no openings, though its audience should see them".to_owned();
    let early = audience == Audience::Public && !unsealed;
    let open = if early {
        Err("openings in a public file of a draw that is not unsealed".to_owned())
    } else {
        open.ok_or_else(missing)
    };
    let with = open.and_then(|open| ready.map(|ready| (open, ready)).ok_or_else(|| EARLIER.to_owned()));
    let both = |f: OpeningCheck<'_>| -> Answer<()> {
        with.clone().and_then(|(open, (life, leaves))| f(open, life, leaves))
    };
    run.check("openings.package", both(&|open, _, _| openings::package(draw, keys, open)));
    run.check("openings.names", both(&|open, _, _| openings::names(draw, open)));
    let seated = run.check(
        "openings.seated",
        with.clone().and_then(|(open, (life, leaves))| openings::seated(draw, open, life, leaves)),
    );
    run.report.facts.names = seated.unwrap_or_default();
    if audience == Audience::Auditor {
        run.check("openings.request", both(&|open, _, _| openings::request(draw, open)));
        let candidates = both(&|open, _, leaves| openings::candidates(draw, open, leaves));
        let known = run.check("openings.candidates", candidates);
        if let (None, Some(calls)) = (known, &mut run.report.facts.calls) {
            // Numbers that nothing binds to their positions are nobody's.
            calls.out.iter_mut().for_each(|out| out.number = None);
        }
        run.check("openings.excluded", both(&|open, _, _| openings::excluded(draw, open)));
    }
}

/// Runs a check on a value that an earlier check gave.
fn later<T, U>(value: &Option<T>, check: impl FnOnce(&T) -> Answer<U>) -> Answer<U> {
    value.as_ref().ok_or_else(|| EARLIER.to_owned()).and_then(check)
}

fn file(bytes: &[u8], expect: Option<Audience>) -> Answer<Evidence> {
    let evidence = Evidence::read(bytes).map_err(|error| error.to_string())?;
    match expect {
        Some(expected) if expected != evidence.audience => {
            Err(format!("made for {}, not for {}", evidence.audience.name(), expected.name()))
        }
        _ => {
            let seen = format!("{} bytes, audience {}", bytes.len(), evidence.audience.name());
            Ok((evidence, seen))
        }
    }
}
