//! Worklists: cases of every kind as their rows say, without names and bodies; one case with its body
//! after a recorded look; counts; an expert's own cases.
//!
//! *Invariants:* a list is narrowed to the account's region before anything else; a body is shown
//! after the look is recorded; an expert sees a case about themselves only in a state in which it
//! concerns them ([`shown_to_subject`]): not while colleagues still deliberate.
//!
//! *Deliberately not here:* what a kind's body means; each kind has views of its own.

use std::collections::BTreeMap;

use super::Service;
use super::actor::{Action, Actor};
use super::cases::{Case, all_rows, no_case, scoped};
use super::experts::within;
use super::listing::{Listed, Paging};
use super::refusal::Refusal;
use crate::codes::Region;
use crate::registry::conduct::{CLUE_REPORTER, CONDUCT, seen_by_expert};
use crate::registry::lifecycle;
use crate::store;
use crate::store::case::{CaseFilter, CaseRow};

/// Which cases; empty: all that the account may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CasesAsked {
    /// Kind.
    pub kind: Option<String>,
    /// State.
    pub state: Option<String>,
    /// In this region or a part of it.
    pub region: Option<Region>,
    /// About this.
    pub subject: Option<String>,
    /// Part of this case.
    pub parent: Option<String>,
    /// Due at this time or before, Unix seconds.
    pub due_before: Option<i64>,
}

/// A case as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseSummary {
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: String,
    /// The kind in Chinese; empty if this version does not know it.
    pub title_zh: &'static str,
    /// State.
    pub state: String,
    /// Whether nothing follows.
    pub closed: bool,
    /// What it is about.
    pub subject: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// The case that it is a part of.
    pub parent: Option<String>,
    /// Unix seconds until when something has to happen.
    pub due: Option<i64>,
    /// Whether that time is past.
    pub overdue: bool,
    /// Grows with every change.
    pub version: i64,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds.
    pub updated: i64,
}

/// How many cases of a kind are in a state in a county.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseCount {
    /// Kind.
    pub kind: String,
    /// State.
    pub state: String,
    /// Region; `None`: none.
    pub region: Option<String>,
    /// How many.
    pub count: u64,
    /// How many of them are overdue.
    pub overdue: u64,
}

impl Service {
    /// A page of cases: no names, no bodies.
    pub fn case_list(
        &self,
        actor: &Actor,
        asked: &CasesAsked,
        paging: &Paging,
    ) -> Result<Listed<CaseSummary>, Refusal> {
        actor.check(Action::ReadCases)?;
        let filter = scoped(actor, filter(asked));
        let now = self.clock.now().0;
        let page = self.store.read(|conn| {
            paging.read(|page| store::case::list(conn, &filter, page), |row| &row.id, |row| summary(row, now))
        })?;
        Ok(page)
    }

    /// How many cases there are by kind, state and region.
    pub fn case_counts(&self, actor: &Actor, asked: &CasesAsked) -> Result<Vec<CaseCount>, Refusal> {
        actor.check(Action::ReadCases)?;
        let filter = scoped(actor, filter(asked));
        let now = self.clock.now().0;
        let rows = self.store.read(|conn| all_rows(conn, &filter))?;
        let mut counts: BTreeMap<(String, String, Option<String>), (u64, u64)> = BTreeMap::new();
        for row in rows {
            let late = u64::from(row.due.is_some_and(|due| due < now));
            let count = counts.entry((row.kind, row.state, row.region)).or_default();
            *count = (count.0 + 1, count.1 + late);
        }
        let count =
            |((kind, state, region), (count, overdue))| CaseCount { kind, state, region, count, overdue };
        Ok(counts.into_iter().map(count).collect())
    }

    /// One case with its body, after the look is recorded with its purpose.
    pub fn case_with_body(
        &self,
        actor: &Actor,
        id: &str,
        purpose: &str,
    ) -> Result<(CaseSummary, Case), Refusal> {
        actor.check(Action::ReadCases)?;
        let case = self.store.read(|conn| self.read_case(conn, id))?;
        // Who reported a clue is shown by an operation of its own, to fewer people.
        let shown = |case: &Case| case.kind != CLUE_REPORTER.name && actor.covers(case.region.as_deref());
        let case = case.filter(shown).ok_or_else(no_case)?;
        // The expert reads who looked; before the hearing of a clue that would be a tip-off.
        let told = case.kind != CONDUCT.name || seen_by_expert(&case.state);
        let about = case.subject.as_deref().filter(|_| told).unwrap_or(&case.id);
        self.record_look(actor, "case", about, purpose)?;
        let case = self.store.read(|conn| self.read_case(conn, id))?.ok_or_else(no_case)?;
        Ok((summary(case.row(), self.clock.now().0), case))
    }

    /// A page of the cases about the expert whose account this is.
    pub fn my_cases(&self, actor: &Actor, paging: &Paging) -> Result<Listed<CaseSummary>, Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = self.own_number(actor)?;
        let now = self.clock.now().0;
        let (mut items, mut after) = (Vec::new(), paging.after.clone());
        // Rows that do not concern the person are skipped, so a page may take several reads.
        loop {
            let step = Paging { after: after.clone(), limit: paging.limit };
            let filter = CaseFilter { subject: Some(number.clone()), ..CaseFilter::default() };
            let page = self.store.read(|conn| {
                step.read(|page| store::case::list(conn, &filter, page), |row| &row.id, |row| row)
            })?;
            for row in page.items {
                if shown_to_subject(&row.kind, &row.state) {
                    if items.len() == paging.limit as usize {
                        let next = items.last().map(|item: &CaseSummary| item.id.clone());
                        return Ok(Listed { items, next });
                    }
                    items.push(summary(row, now));
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(Listed { items, next: None }),
            }
        }
    }

    /// One case about the expert whose account this is, with its body. It is their own: no look.
    pub fn my_case(&self, actor: &Actor, id: &str) -> Result<(CaseSummary, Case), Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = self.own_number(actor)?;
        let case = self.store.read(|conn| self.read_case(conn, id))?;
        let own = case.filter(|case| {
            case.subject.as_deref() == Some(number.as_str()) && shown_to_subject(&case.kind, &case.state)
        });
        let case = own.ok_or_else(no_case)?;
        Ok((summary(case.row(), self.clock.now().0), case))
    }

    /// The number of the expert whose account this is; not found for an applicant.
    pub(super) fn own_number(&self, actor: &Actor) -> Result<String, Refusal> {
        actor.expert.clone().ok_or_else(super::experts::no_expert)
    }
}

/// Whether a case in a state concerns the expert it is about. A part whose cases the expert shall see
/// in `/me/cases` names its kind here.
pub(super) fn shown_to_subject(kind: &str, state: &str) -> bool {
    match kind {
        // Proposals are deliberations; what was decided is the person's to know.
        "decision" => state == "confirmed",
        "renewal" => ["renewed", "failed", "relaxed", "dismissal_proposed"].contains(&state),
        "leave" | "reminder" | "unreachable" => true,
        _ => false,
    }
}

fn filter(asked: &CasesAsked) -> CaseFilter {
    CaseFilter {
        kinds: asked.kind.iter().cloned().collect(),
        states: asked.state.iter().cloned().collect(),
        subject: asked.subject.clone(),
        region_prefix: asked.region.map(within),
        parent: asked.parent.clone(),
        owner: None,
        due_by: asked.due_before,
    }
}

fn summary(row: CaseRow, now: i64) -> CaseSummary {
    let cycle = lifecycle::all().into_iter().find(|cycle| cycle.name == row.kind);
    let closed = cycle.is_some_and(|cycle| cycle.is_final(&row.state));
    CaseSummary {
        title_zh: cycle.map_or("", |cycle| cycle.title_zh),
        closed,
        overdue: !closed && row.due.is_some_and(|due| due < now),
        id: row.id,
        kind: row.kind,
        state: row.state,
        subject: row.subject,
        region: row.region,
        parent: row.parent,
        due: row.due,
        version: row.version,
        created: row.created,
        updated: row.updated,
    }
}
