//! Sections `suspensions` and `reentry`: the ladder of suspensions with how each ends, and who may
//! come back after a dismissal (198号 art. 11; the ladder is Fujian's of 2025).
//!
//! *Invariants:* no length of suspension twice; the re-entry rules name the four reasons of art. 11
//! once each. A ban is final and has no parameter (实施条例 art. 75).

use crate::codec::{Fields, ShapeError};
use crate::registry::DismissalReason;

use super::read::{self, Flag, Rule};

/// How a suspension ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuspensionEnd {
    /// By itself after the last day.
    Itself,
    /// After the last day, on a written request with a pledge (书面申请和承诺).
    Request,
    /// After the last day, on request and pledge, and a test passed; failing it ends in dismissal.
    RequestAndTest,
}

impl SuspensionEnd {
    /// The word in the file and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Itself => "itself",
            Self::Request => "request",
            Self::RequestAndTest => "request_and_test",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Itself, Self::Request, Self::RequestAndTest].into_iter().find(|end| end.name() == word)
    }
}

/// One step of the ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspensionRule {
    /// Its length.
    pub months: u32,
    /// How it ends.
    pub ends: SuspensionEnd,
    /// Its source.
    pub rule: Rule,
}

/// Whether and when somebody comes back after a dismissal for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReentryRule {
    /// The reason of the dismissal.
    pub reason: DismissalReason,
    /// Whether at all.
    pub allowed: bool,
    /// Not before so many months after the dismissal.
    pub after_months: u32,
    /// Its source.
    pub rule: Rule,
}

/// The section `reentry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reentry {
    rules: Vec<ReentryRule>,
    /// Whether somebody who gave false material may come back at all (never, where `no`).
    pub after_false_material: Flag,
}

impl Reentry {
    /// The rule of a reason; every reason has one.
    pub fn rule(&self, reason: DismissalReason) -> Option<&ReentryRule> {
        self.rules.iter().find(|rule| rule.reason == reason)
    }

    pub(super) fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        let rules = f.each("rules", |json, path| {
            read::item(json, path, |f| {
                let reason = DismissalReason::from_number(f.u32("reason", 4)?);
                Ok(ReentryRule {
                    reason: reason.ok_or_else(|| f.wrong("reason", "must be 1 to 4"))?,
                    allowed: read::yes_no(f, "allowed")?,
                    after_months: f.u32("after_months", 600)?,
                    rule: read::rule(f)?,
                })
            })
        })?;
        let once = |reason: &DismissalReason| rules.iter().filter(|rule| rule.reason == *reason).count() == 1;
        if rules.len() != 4 || !DismissalReason::ALL.iter().all(once) {
            return Err(f.wrong("rules", "must name the four reasons of dismissal once each"));
        }
        Ok(Self { rules, after_false_material: read::flag(f, "after_false_material")? })
    }
}

pub(super) fn suspensions(f: &mut Fields<'_>, key: &str) -> Result<Vec<SuspensionRule>, ShapeError> {
    let ladder = f.each(key, |json, path| {
        read::item(json, path, |f| {
            let ends = SuspensionEnd::parse(f.str("ends")?);
            Ok(SuspensionRule {
                months: read::between(f, "months", 1, 120)?,
                ends: ends.ok_or_else(|| f.wrong("ends", "must be itself, request or request_and_test"))?,
                rule: read::rule(f)?,
            })
        })
    })?;
    let ascending = ladder.windows(2).all(|pair| match pair {
        [shorter, longer] => shorter.months < longer.months,
        _ => true,
    });
    if ladder.is_empty() || !ascending {
        return Err(f.wrong(key, "must have at least one step, months ascending"));
    }
    Ok(ladder)
}
