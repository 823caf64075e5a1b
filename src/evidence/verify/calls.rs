//! Checks `calls`, `settlements`, `sign_in`, `outcome`: the statements of calls folded in the order of
//! the log (`api-spec/evidence-v2.md` §4), and what the verdict says of them.
//!
//! *Invariant:* the fold is the one that the service uses, [`CallBook`]; nothing about calls is decided
//! here. It ends at the first statement that breaks a rule.

use super::report::OF_CALLS;
use super::{Draw, EARLIER, Run};
use crate::codec::{Json, Object};
use crate::draw::calls::{Call, CallBook, Remaining, Shortfall, StopReason, Violation, Why, Word};
use crate::draw::pool::Leaf;
use crate::draw::seats::Seated;
use crate::draw::statements::Drawn;
use crate::evidence::said::Said;

/// Somebody who is out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    /// Pool position.
    pub position: u32,
    /// Why.
    pub why: Why,
    /// On whose word.
    pub word: Word,
    /// Expert number, where `openings.candidates` passed.
    pub number: Option<String>,
}

/// What the calls of a draw came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFacts {
    /// Number of the newest round.
    pub rounds: u32,
    /// Whether every seat's member has accepted.
    pub filled: bool,
    /// The shortfall that a settlement found.
    pub shortfall: Option<Shortfall>,
    /// Why the draw was stopped.
    pub stopped: Option<StopReason>,
    /// How many are out on the operator's word alone.
    pub passed_over_on_operators_word: u32,
    /// How many are out by what they said on the service's own pages.
    pub out_on_own_pages: u32,
    /// Everybody who is out, ascending by position.
    pub out: Vec<Out>,
    /// The final members, in drawn order.
    pub members: Vec<Seated>,
    /// The final members who have accepted, with what a successor must keep them to.
    pub remaining: Vec<Remaining>,
    /// The panel as drawn.
    pub drawn: Vec<Seated>,
    /// How many members the commitment keeps from the attempt before.
    pub kept: u32,
}

/// Runs the four checks; facts when all pass. `known`: leaves and result, if the checks before passed.
pub(super) fn check(
    run: &mut Run,
    draw: &Draw<'_>,
    known: Option<(&Vec<Leaf>, &Drawn)>,
) -> Option<CallFacts> {
    let book = known.map(|(leaves, drawn)| CallBook::of_drawn(draw.commitment, leaves, drawn));
    let mut book = match book {
        Some(Ok(book)) => book,
        refused => {
            let why = refused.and_then(Result::err).map_or(EARLIER.to_owned(), |error| error.to_string());
            for name in OF_CALLS {
                run.check::<()>(name, Err(why.clone()));
            }
            return None;
        }
    };
    let failed = fold(draw, &mut book);
    let mut broken = false;
    for name in OF_CALLS {
        let answer = match &failed {
            Some((check, reason)) if *check == name => Err(reason.clone()),
            Some(_) if broken => Err(EARLIER.to_owned()),
            Some(_) => Ok(((), "as far as the log was read".to_owned())),
            None => Ok(((), seen(name, draw, &book))),
        };
        broken |= run.check(name, answer).is_none();
    }
    failed.is_none().then(|| facts(draw, &book, known.map(|(_, drawn)| drawn)))
}

/// Folds the statements; the check and the reason of the first that breaks a rule.
fn fold(draw: &Draw<'_>, book: &mut CallBook) -> Option<(&'static str, String)> {
    for entry in &draw.entries.0 {
        let (check, applied) = match &entry.said {
            Said::Call(call) => (check_of(call), book.apply(call, entry.time)),
            Said::Unsealed(_) if !book.may_be_unsealed() => ("outcome", Err(Violation::NotFilled)),
            _ => continue,
        };
        if let Err(violation) = applied {
            return Some((check, format!("entry {}: {violation} ({})", entry.index, violation.name())));
        }
    }
    None
}

/// The check to which a statement belongs.
fn check_of(call: &Call) -> &'static str {
    match call {
        Call::Invited(_) | Call::Delivered(_) | Call::Answered(_) | Call::Vacated(_) => "calls",
        Call::Settled(_) => "settlements",
        Call::SignedIn(_) => "sign_in",
        Call::Stopped(_) => "outcome",
    }
}

fn seen(check: &str, draw: &Draw<'_>, book: &CallBook) -> String {
    let calls = draw.entries.0.iter().filter_map(|entry| match &entry.said {
        Said::Call(call) if check_of(call) == check => Some(()),
        _ => None,
    });
    let count = calls.count();
    match check {
        "calls" => format!("{} rounds, {} out", book.round(), book.out().len()),
        "settlements" => format!("{count} settlements recomputed"),
        "sign_in" => format!("{count} signed in"),
        _ => match (book.stopped(), book.shortfall()) {
            (Some(reason), _) => format!("stopped: {}", reason.name()),
            (None, Some(shortfall)) => format!("shortfall: {}", shortfall.name()),
            (None, None) if book.is_filled() => "every seat's member has accepted".to_owned(),
            (None, None) => format!("{} seats open", book.open_seats().len()),
        },
    }
}

fn facts(draw: &Draw<'_>, book: &CallBook, drawn: Option<&Drawn>) -> CallFacts {
    let auditor = draw.evidence.openings.as_ref().and_then(|open| open.auditor.as_ref());
    let number = |position: u32| {
        let position = usize::try_from(position).ok()?;
        Some(auditor?.candidates.get(position)?.number.clone())
    };
    let out = |(position, why, word)| Out { position, why, word, number: number(position) };
    CallFacts {
        rounds: book.round(),
        filled: book.is_filled(),
        shortfall: book.shortfall(),
        stopped: book.stopped(),
        passed_over_on_operators_word: book.passed_over_on_operators_word(),
        out_on_own_pages: book.out_on_own_pages(),
        out: book.out().into_iter().map(out).collect(),
        members: book.members(),
        remaining: book.remaining(),
        drawn: drawn.map(|drawn| drawn.seats.clone()).unwrap_or_default(),
        kept: u32::try_from(draw.commitment.kept.len()).unwrap_or(u32::MAX),
    }
}

impl CallFacts {
    /// Whether somebody ended the draw without being compelled by a shortfall.
    pub fn stopped_by_choice(&self) -> bool {
        self.stopped.is_some_and(|reason| reason != StopReason::Shortfall)
    }

    /// Adds the facts to a report.
    pub(super) fn write(&self, report: Object) -> Object {
        let seat = |seat: &Seated| -> Json {
            Object::new().with("position", seat.position).with("group", u32::from(seat.group)).into()
        };
        let out = |out: &Out| -> Json {
            Object::new()
                .with("position", out.position)
                .with("why", out.why.name())
                .with("word", out.word.name())
                .with_some("number", out.number.as_deref())
                .into()
        };
        report
            .with("drawn_seats", self.drawn.iter().map(seat).collect::<Json>())
            .with("rounds", self.rounds)
            .with("filled", if self.filled { "yes" } else { "no" })
            .with_some("shortfall", self.shortfall.map(Shortfall::name))
            .with_some("stopped", self.stopped.map(StopReason::name))
            .with("passed_over_on_operators_word", self.passed_over_on_operators_word)
            .with("out_on_own_pages", self.out_on_own_pages)
            .with("out", self.out.iter().map(out).collect::<Json>())
            .with("kept", self.kept)
    }
}
