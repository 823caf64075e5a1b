//! Whether people were judged by what stood then: the engagements and tiers of the moment of the commitment
//! and not of an earlier one, the tiers of that day, and of a plan's people exactly those that the approved
//! plan names. Otherwise somebody could be left out by a record that says so and by nothing else.

use std::collections::BTreeMap;

use super::Replay;
use crate::log::Statement;
use crate::registry::plan_table::PLAN;
use crate::rules::Stakes;
use crate::rules::people_facts::Involved;
use crate::service::archive::Archive;
use crate::service::cases::{Case, RECORDED};
use crate::service::draws::judged::Judged;
use crate::service::draws::record::DrawRecord;
use crate::service::engagements::MOVING;
use crate::service::erased::Erased;
use crate::service::plans::{people_named, read_plan};
use crate::service::refusal::Refusal;
use crate::store::{self, Conn};
use crate::time::{Date, Timestamp};

/// How long before a commitment its inputs may have been read, in seconds.
const FRESH: i64 = 300;
/// Lines read at once.
const BATCH: u32 = 500;

/// What the approved plan of a package says, as of the newest entry.
struct Terms {
    plan: String,
    stakes: Stakes,
    hours: u32,
    involved: Vec<Involved>,
    barred: Vec<String>,
}

/// The newest plans, by the package that they are for.
#[derive(Default)]
pub(super) struct Plans(BTreeMap<String, Terms>);

impl Plans {
    /// Takes an entry, if it is about a plan. Every case has to open unless an erasure closed it: an error
    /// otherwise.
    pub fn take(
        &mut self,
        archive: &Archive<'_>,
        conn: &mut Conn,
        entry: &store::journal::Entry,
        statement: &Statement,
        erased: Option<&Erased>,
    ) -> Result<(), Refusal> {
        if statement.kind() != RECORDED {
            return Ok(());
        }
        let record = match archive.opaque(conn, entry) {
            Ok(record) => record,
            Err(_) if erased.is_some_and(|erased| erased.covers(&entry.subject, entry.index())) => {
                return Ok(());
            }
            Err(refusal) => return Err(refusal),
        };
        let case = Case::read(&record, &entry.subject).map_err(Refusal::internal)?;
        if case.kind == PLAN.name {
            let (_, plan) = read_plan(&case)?;
            let name_hash = |name: &str| archive.keyed(&format!("name\n{name}"));
            let (involved, barred) = people_named(&case, &plan, &name_hash)?;
            let terms = Terms {
                plan: case.id.clone(),
                stakes: Stakes::of(&plan),
                hours: plan.hours,
                involved,
                barred,
            };
            self.0.insert(plan.package, terms);
        }
        Ok(())
    }
}

/// Whether a draw says who had a part in the project, as only one from a plan does.
fn names_people(judged: &Judged) -> bool {
    judged.involved.is_some() || !judged.barred.is_empty()
}

impl Replay<'_> {
    /// The plan that a draw was made from. One that was requested without a plan names nobody and, of a
    /// package with a plan, calls nobody.
    fn terms(&self, judged: &Judged, with_calls: bool) -> Option<&Terms> {
        let plan = judged.package.as_ref().and_then(|package| self.plans.0.get(package));
        plan.filter(|_| names_people(judged) || with_calls)
    }

    /// What is at stake in a draw's project, as far as a plan says it.
    pub(super) fn stakes(&self, record: &DrawRecord) -> Option<Stakes> {
        let judged = record.header.judged.as_ref()?;
        self.terms(judged, record.header.calls.is_some()).map(|terms| terms.stakes)
    }

    /// In what a record was judged by something else than what stood when it was committed.
    pub(super) fn not_judged_by(
        &self,
        conn: &mut Conn,
        (index, time): (u64, i64),
        record: &DrawRecord,
    ) -> Result<Vec<String>, Refusal> {
        let Some(judged) = &record.header.judged else { return Ok(Vec::new()) };
        let mut found = self.not_the_plan(judged, record.header.calls.is_some());
        let day = |time: i64| Date::of(Timestamp(time));
        if ![day(time), day(time - FRESH)].contains(&judged.day) {
            found.push(format!("tiers of {} for a commitment of {}", judged.day, day(time)));
        }
        if judged.before > index {
            found.push(format!("judged by entries below {}, which were not there yet", judged.before));
        }
        let first = store::journal::find(conn, judged.before)?.filter(|entry| entry.index() < index);
        if first.is_some_and(|entry| entry.time <= time - FRESH) {
            found.push(format!(
                "judged by entries below {} only, although later ones stood for more than {FRESH} seconds",
                judged.before
            ));
        }
        // A draw with calls is not committed while anybody is engaged or released.
        if record.header.calls.is_some() {
            let lines = store::journal::draw_lines(conn, judged.before, index, BATCH)?;
            if let Some(line) = lines.iter().find(|line| MOVING.contains(&line.kind.as_str())) {
                found.push(format!("the engagement of entry {} was left out", line.idx));
            }
        }
        Ok(found)
    }

    fn not_the_plan(&self, judged: &Judged, with_calls: bool) -> Vec<String> {
        let mut found = Vec::new();
        match self.terms(judged, with_calls) {
            None if names_people(judged) => found.push("names people of a plan that is not there".to_owned()),
            None => {}
            Some(terms) => {
                let plan = &terms.plan;
                if judged.barred != terms.barred {
                    found.push(format!("bars others than plan {plan}"));
                }
                if judged.involved.as_ref() != Some(&terms.involved) {
                    found.push(format!("other people had a part in the project than plan {plan} names"));
                }
                if judged.hours != terms.hours {
                    found.push(format!("{} hours, plan {plan} expects {}", judged.hours, terms.hours));
                }
            }
        }
        found
    }
}
