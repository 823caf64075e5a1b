//! Records that stood for a moment only: somebody who was out of a draw's pool, or in it, by an entry made
//! shortly before its commitment and undone shortly after (an expert suspended for a minute). Nothing in
//! this breaks a rule by itself; an auditor asks why.
//!
//! *Invariant:* who would have been in the pool is judged by the draw's own rules and inputs, with the record
//! before, the one at the draw, and the one after.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::asked::Asked;
use super::differences::Difference;
use crate::rules::people_facts::{EngagementBook, Engagements, PersonFacts};
use crate::rules::{Judging, Outcome, Profile, Project};
use crate::service::index::{DrawingIndex, Indexed};
use crate::service::tier_book::Lots;

/// How long a record stands at most to count as brief, in seconds: three days.
pub const BRIEF: i64 = 72 * 3600;

/// What one draw judged people by.
pub(super) struct JudgedBy {
    pub index: u64,
    pub draw: String,
    pub time: i64,
    pub profile: Profile,
    pub asked: Asked,
    pub engagements: Option<Arc<EngagementBook>>,
    pub lots: Arc<Lots>,
}

/// A record that somebody has now, and the one before it.
struct Newest {
    since: (u64, i64),
    before: Option<Box<Indexed>>,
    /// Draws for which the newest record made a difference, and whether it let the person in.
    mattered: Vec<(Arc<JudgedBy>, bool)>,
}

/// The newest records of everybody whose record is not older than [`BRIEF`].
#[derive(Default)]
pub(super) struct BriefRecords {
    people: BTreeMap<String, Newest>,
}

impl BriefRecords {
    /// Somebody's record changes by the entry `at` (index, time); `index` still holds the one before.
    pub fn changes(
        &mut self,
        number: &str,
        after: Option<&Indexed>,
        at: (u64, i64),
        index: &DrawingIndex,
    ) -> Vec<Difference> {
        let before = index.find(number).cloned().map(Box::new);
        let last = self.people.insert(number.to_owned(), Newest { since: at, before, mattered: Vec::new() });
        let Some(last) = last.filter(|last| at.1 - last.since.1 <= BRIEF) else { return Vec::new() };
        let undone = |(by, let_in): &(Arc<JudgedBy>, bool)| {
            let inside = after.is_some_and(|after| by.would_draw(after, index));
            (inside != *let_in).then(|| by.told(number, *let_in, last.since, at))
        };
        last.mattered.iter().filter_map(undone).collect()
    }

    /// A draw was committed; `inside` says who is in its pool.
    pub fn drawn(&mut self, by: JudgedBy, inside: &dyn Fn(&str) -> bool, index: &DrawingIndex) {
        self.people.retain(|_, newest| by.time - newest.since.1 <= BRIEF || !newest.mattered.is_empty());
        let by = Arc::new(by);
        for (number, newest) in &mut self.people {
            if by.time - newest.since.1 > BRIEF {
                continue;
            }
            let was = newest.before.as_ref().is_some_and(|before| by.would_draw(before, index));
            let is = inside(number);
            if was != is {
                newest.mattered.push((by.clone(), is));
            }
        }
    }
}

impl JudgedBy {
    /// Whether the pool of this draw would hold somebody with that record.
    fn would_draw(&self, indexed: &Indexed, index: &DrawingIndex) -> bool {
        let project = Project { same: index.same().clone(), ..self.asked.project.clone() };
        let judging = Judging::new(&project, &self.asked.requirements, &self.profile, index.units());
        let number = indexed.expert.number().as_str();
        let none = Engagements::default();
        let person = PersonFacts {
            expert: &indexed.expert,
            keys: Some(&indexed.keys),
            engagements: self.engagements.as_deref().map(|book| book.find(number).unwrap_or(&none)),
            tier_lots: self.lots.of(number),
        };
        judging.outcome(&person).2 == Outcome::Candidate
    }

    fn told(&self, number: &str, let_in: bool, from: (u64, i64), to: (u64, i64)) -> Difference {
        let (stood, from, to) = (to.1 - from.1, from.0, to.0);
        let place = if let_in { "in the pool" } else { "out of the pool" };
        Difference {
            name: "brief_change",
            index: self.index,
            draw: self.draw.clone(),
            what: format!(
                "{number} was {place} by a record that stood {stood} seconds, entries {from} to {to}"
            ),
        }
    }
}
