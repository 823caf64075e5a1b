//! The verifier: every named check of `api-spec/evidence-v1.md` §4, `evidence-v2.md` §4 and
//! `evidence-v3.md` §4, in their order; a file's format says which.
//!
//! It takes raw bytes and a policy and believes nothing that it did not recompute. A check whose
//! input an earlier failed check should have given fails too: nothing is skipped.

mod calls;
mod contributed;
mod entries;
mod openings;
mod report;
mod result;
mod shared;
mod standing;
mod successor;

use crate::codec::Hash;
use crate::draw::commitment::Commitment;
use crate::draw::pool::Leaf;
use crate::evidence::parties::Parties;
use crate::log::{KeyBook, Policy};

use super::bundle::{Audience, Evidence, Format};
use super::said::Said;
pub use calls::{CallFacts, Out};
use entries::Entries;
pub use report::{CHECKS, Check, Ending, Facts, HEADS, OF_CALLS, PREDECESSOR, Report};
use result::Life;
pub use standing::{ContributorFacts, Level, SharedFacts};
pub use successor::{verify_after, verify_after_with};

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
/// reader wants to find. Nobody counts as independent of the operator: [`verify_with`].
pub fn verify(bytes: &[u8], policy: &Policy, expect: Option<Audience>) -> Report {
    verify_with(bytes, policy, None, expect)
}

/// Verifies an evidence file under a trust policy and the auditor's file of independent parties.
pub fn verify_with(
    bytes: &[u8],
    policy: &Policy,
    parties: Option<&Parties>,
    expect: Option<Audience>,
) -> Report {
    verify_keeping(bytes, policy, parties, expect).0
}

/// As [`verify_with`], with the file that was read, if it is one: whoever holds it against a log needs no second
/// reading.
pub fn verify_keeping(
    bytes: &[u8],
    policy: &Policy,
    parties: Option<&Parties>,
    expect: Option<Audience>,
) -> (Report, Option<Evidence>) {
    let mut run = Run { report: Report::default() };
    let mut kept = None;
    if verify_into(&mut run, bytes, policy, parties, expect, &mut kept).is_none() {
        // Whatever did not get its turn failed: the reader sees every name, none silently left out.
        let done: Vec<&str> = run.report.checks.iter().map(|check| check.name).collect();
        let claimed = Format::claimed(bytes);
        let has_calls = claimed.is_some_and(Format::may_have_calls);
        for (name, _) in CHECKS {
            let asked = !name.starts_with("openings.")
                && (has_calls || !OF_CALLS.contains(&name))
                && (claimed == Some(Format::V3) || name != HEADS);
            if asked && !done.contains(&name) {
                run.check::<()>(name, Err(EARLIER.into()));
            }
        }
    }
    (run.report, kept)
}

fn verify_into(
    run: &mut Run,
    bytes: &[u8],
    policy: &Policy,
    parties: Option<&Parties>,
    expect: Option<Audience>,
    kept: &mut Option<Evidence>,
) -> Option<()> {
    let evidence: &Evidence = kept.insert(run.check("file", file(bytes, expect))?);
    let head = run.check("checkpoint", entries::checkpoint(evidence, policy));
    if let Some(head) = &head {
        run.report.facts.tree_size = Some(head.checkpoint.size);
        run.report.facts.origin = Some(head.checkpoint.origin.as_str().to_owned());
        run.report.facts.unknown_signatures = head.unknown_signatures;
    }
    let head = head?;
    let entries = run.check("entries", entries::entries(evidence, &head.checkpoint))?;
    let before = if evidence.format == Format::V3 {
        by_generations(run, evidence, &entries, &head, policy)?
    } else {
        by_first_keys(run, evidence, &entries, &head)?
    };
    let (commitment, index) = (&before.commitment, before.index);
    let facts = &mut run.report.facts;
    facts.alpha = Some(evidence.alpha);
    facts.attempt = Some(commitment.attempt);
    facts.committed = Some(index);
    facts.pool_size = Some(commitment.pool_size);
    let draw = Draw { evidence, entries: &entries, commitment, index, alpha: &evidence.alpha };
    let profile = run.check("profile", result::profile(&draw));
    let leaves = run.check("pool", result::pool(&draw));
    let forced = run.check("feasible", later(&leaves, |leaves| result::feasible(&draw, leaves)));
    run.report.facts.forced_seats = forced;
    let (contributions, given) = match &before.shared {
        None => (run.check("contributions", result::contributions(&draw, &before.keys)), None),
        Some((book, heads)) => {
            let log = &head.checkpoint.origin;
            let answer = contributed::check(&draw, book, heads, log);
            let given = run.check("contributions", answer);
            (given.as_ref().map(contributed::Given::there), given)
        }
    };
    let mut ending = result::ending(&draw);
    if let (Ok(_), Some(given), Some((book, heads))) = (&ending, &given, &before.shared) {
        ending = result::voids(&draw, given, book, heads.dated_by_quorum).and(ending);
    }
    let mut life = run.check("ending", ending);
    if let Some(life) = &life {
        run.report.facts.ending = Some(life.ending);
        run.report.facts.unsealed = life.unsealed.is_some();
        run.report.facts.seats = life.seats();
    }
    if let (Some((book, heads)), Some(given)) = (&before.shared, &given) {
        let facts = standing::facts(&draw, given, life.as_ref(), book, heads, parties);
        run.report.facts.shared = Some(facts);
    }
    let given = contributions.zip(life.as_ref());
    let seed = run.check("seed", later(&given, |(given, life)| result::seed(&draw, given, life)));
    let walked = seed.as_ref().zip(leaves.as_ref()).zip(life.as_ref());
    let panel =
        run.check("panel", later(&walked, |((seed, leaves), life)| result::panel(&draw, seed, leaves, life)));
    // Which openings are due follows from what was said, whatever else is wrong with it.
    let unsealed = entries.0.iter().any(|entry| matches!(entry.said, Said::Unsealed(_)));
    if evidence.format.may_have_calls() {
        fold_calls(run, &draw, panel.and(leaves.as_ref()), &mut life);
    }
    let ready = life.zip(leaves);
    check_openings(run, &draw, &before.keys, ready.as_ref(), unsealed);
    (before.signed && profile.is_some()).then_some(())
}

/// What the checks up to `commitment` give.
struct Before {
    keys: entries::Keys,
    /// Whether `signatures` passed.
    signed: bool,
    commitment: Commitment,
    index: u64,
    /// Keys in generations and dated heads, in a file of evidence-v3.
    shared: Option<(KeyBook, shared::Heads)>,
}

/// `keys` to `commitment` where entry 0 has all keys: evidence-v1 and -v2.
fn by_first_keys(
    run: &mut Run,
    evidence: &Evidence,
    entries: &Entries,
    head: &entries::Head,
) -> Option<Before> {
    let keys = run.check("keys", entries::keys(entries, head))?;
    let signed = run.check("signatures", entries::signatures(entries, head, &keys)).is_some();
    let (commitment, index) = run.check("commitment", result::commitment(evidence, entries, &keys))?;
    Some(Before { keys, signed, commitment, index, shared: None })
}

/// `keys` to `commitment` where keys have generations: evidence-v3.
fn by_generations(
    run: &mut Run,
    evidence: &Evidence,
    entries: &Entries,
    head: &entries::Head,
    policy: &Policy,
) -> Option<Before> {
    let book = run.check("keys", shared::keys(evidence, entries, head, policy))?;
    let signed = run.check("signatures", shared::signatures(entries, head, &book)).is_some();
    let heads = run.check("heads", shared::heads(evidence, entries, head, policy, &book))?;
    let commitment = run.check("commitment", shared::commitment(evidence, entries, &book));
    let (commitment, index, keys) = commitment?;
    Some(Before { keys, signed, commitment, index, shared: Some((book, heads)) })
}

/// The four checks of calls; the life's members become those whom the calls left seated.
fn fold_calls(run: &mut Run, draw: &Draw<'_>, leaves: Option<&Vec<Leaf>>, life: &mut Option<Life>) {
    let is_called = draw.entries.0.iter().any(|entry| matches!(entry.said, Said::Call(_)));
    if !is_called && draw.evidence.format == Format::V3 {
        for name in OF_CALLS {
            run.check::<()>(name, Ok(((), "the file holds no calls".to_owned())));
        }
        return;
    }
    let known = leaves.zip(life.as_ref().and_then(|life| life.drawn.as_ref()));
    let facts = calls::check(run, draw, known);
    match (life.as_mut(), &facts) {
        (Some(life), Some(facts)) => life.members = Some(facts.members.clone()),
        // Whoever opens members of an unknown panel opens nothing.
        _ => *life = None,
    }
    run.report.facts.seats = life.as_ref().map(result::Life::seats).unwrap_or_default();
    run.report.facts.calls = facts;
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
