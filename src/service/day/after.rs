//! What follows the announcement: evaluations open by themselves (issue of performance; 198号 arts 21–22), fees
//! are computed (arts 23–26), absences are recorded (art 21), the archive package gets its digest (政府采购法 art 42). Done right after the
//! unsealing, and by the clock for whatever a crash left undone; twice is as good as once.

use super::body::Day;
use crate::codec::Object;
use crate::codes::Region;
use crate::registry::day::DAY;
use crate::registry::fee::FEE;
use crate::registry::lifecycle::Party;
use crate::rules::fees::{FeeTable, table_at};
use crate::service::Service;
use crate::service::actor::Actor;
use crate::service::case_body::set;
use crate::service::cases::{Case, all_rows};
use crate::service::changes::Changes;
use crate::service::draws::state;
use crate::service::fees::FeeOf;
use crate::service::refusal::{Kind, Refusal};
use crate::store::{self, StoreError, case::CaseFilter};
use crate::time::{Date, Timestamp};

impl Service {
    /// Refuses to unseal a draw whose review is not over with a signed report. A draw without a plan, as a
    /// profile without approval allows, may have no day; one of a plan has.
    pub(in crate::service) fn day_allows_unsealing(&self, draw: &store::draw::Draw) -> Result<(), Refusal> {
        let over = match self.find_day(&draw.id)? {
            Some((case, _)) => matches!(case.state.as_str(), "reviewed" | "announced" | "archived"),
            None if self.plan_of_draw(draw)?.is_none() => true,
            None if draw.state != state::FILLED => {
                let en = "only a draw that was reviewed can be unsealed";
                return Err(Refusal::new(Kind::Conflict, "wrong_state", "只有评审完毕的抽取可以公开", en));
            }
            None => false,
        };
        if over {
            return Ok(());
        }
        let en = "the review of this draw is not over with a signed report";
        Err(Refusal::new(Kind::Conflict, "not_reviewed", "评审尚未结束并签署报告，不能公开", en))
    }

    /// Everything that follows the unsealing of a draw with a day; a fault is left to the clock.
    pub(in crate::service) fn follow_unsealing_or_leave(&self, draw: &str) {
        if let Err(refusal) = self.follow_unsealing(draw) {
            tracing::warn!(draw, %refusal, cause = refusal.cause, "what follows the unsealing is left to the clock");
        }
    }

    /// The step of the clock: days that are over and not archived.
    pub fn due_archives(&self) -> Result<u64, Refusal> {
        let filter = CaseFilter {
            kinds: vec![DAY.name.to_owned()],
            states: ["reviewed", "announced", "stopped"].map(str::to_owned).to_vec(),
            ..CaseFilter::default()
        };
        let mut done = 0;
        for row in self.store.read(|conn| all_rows(conn, &filter))? {
            let Some(draw) = row.parent else { continue };
            match self.follow_unsealing(&draw) {
                Ok(steps) => done += steps,
                Err(refusal) => {
                    tracing::warn!(draw, %refusal, cause = refusal.cause, "a day that is over stays open");
                }
            }
        }
        Ok(done)
    }

    fn follow_unsealing(&self, draw: &str) -> Result<u64, Refusal> {
        let Some((case, day)) = self.find_day(draw)? else { return Ok(0) };
        let row = self.store.read(|conn| store::draw::find(conn, draw))?;
        let row = row.ok_or_else(|| Refusal::internal("a day without its draw"))?;
        let mut done = 0;
        if row.state == state::UNSEALED {
            done += u64::from(self.open_evaluations_by_themselves(&row.package, draw)?);
            done += self.compute_fees(draw, &day)?;
            done += self.record_absences(draw)?;
            if case.state == "reviewed" {
                self.clock_day(case.clone(), "announce", None)?;
                done += 1;
            }
        }
        let (case, _) = self.day_of(draw)?;
        let paid = row.state != state::UNSEALED || day.arrivals.is_empty() || self.has_fees(draw)?;
        if matches!(case.state.as_str(), "announced" | "stopped") && paid {
            let digest = self.dossier_digest(draw)?;
            self.clock_day(case, "archive", Some(digest))?;
            done += 1;
        }
        Ok(done)
    }

    fn has_fees(&self, draw: &str) -> Result<bool, Refusal> {
        Ok(self.store.read(|conn| store::case::count(conn, &fees_of(draw)))? > 0)
    }

    fn clock_day(
        &self,
        mut case: Case,
        event: &'static str,
        archived: Option<Object>,
    ) -> Result<(), Refusal> {
        self.step_case(&Actor::of_service(), &[Party::Clock], &DAY, &mut case, event)?;
        if let Some(archived) = archived {
            set(&mut case.body, "archived", archived);
        }
        case.due = None;
        self.write_changes("day", Changes::default().case(self.case_change(&case)?))
    }

    /// Fees of everybody who signed in, once; how many cases were made. Nothing where no table is in force
    /// yet: the clock comes back.
    fn compute_fees(&self, draw: &str, day: &Day) -> Result<u64, Refusal> {
        if self.has_fees(draw)? {
            return Ok(0);
        }
        let filter = fees_of(draw);
        let committed = self.committed_draw(draw)?;
        let request = &committed.record.header.request;
        let payer = match &day.central_body {
            Some(body) => body,
            None => &request.purchaser,
        };
        let mut tables = self.fee_tables_in_force()?;
        let mut cases = Vec::new();
        for arrival in &day.arrivals {
            let site = day.site(arrival.site).ok_or_else(|| Refusal::internal("an arrival at no site"))?;
            let place = Region::parse(&site.region).map_err(Refusal::internal)?;
            let on = Date::of(Timestamp(day.sittings.first().map_or(day.review_start, |(from, _)| *from)));
            if table_at(&tables, &place, on).is_none() {
                tables.extend(FeeTable::of_profile(&self.profile, place));
            }
            let person = committed.record.candidates.get(arrival.position as usize);
            let person = person.ok_or_else(|| Refusal::internal("seat outside the pool"))?;
            let card = self.store.read(|conn| self.archive().seated_card(conn, draw, person))?;
            // Somebody who was erased meanwhile has no data key to seal a fee under.
            if card.phone.is_none() {
                continue;
            }
            let home = Region::parse(&self.summary(&person.number)?.region).map_err(Refusal::internal)?;
            let of = FeeOf {
                draw,
                package: &day.package,
                position: arrival.position,
                person: (&person.number, &card.name),
                home,
                place,
                day: on,
                work: &day.work(arrival),
                payer: (day.payer(), &payer.code, &payer.name),
            };
            cases.extend(self.fee_case(&tables, &of)?);
        }
        let made = cases.len() as u64;
        if made == 0 {
            return Ok(0);
        }
        let mut changes = Changes::default();
        for case in &cases {
            changes = changes.case(self.case_change(case)?);
        }
        let changes = changes.part(move |tx| match store::case::count(tx, &filter)? {
            count if count == made => Ok(()),
            _ => Err(StoreError::Conflict("fees of this draw".into())),
        });
        self.write_changes("compute fees", changes)?;
        Ok(made)
    }
}

fn fees_of(draw: &str) -> CaseFilter {
    CaseFilter { kinds: vec![FEE.name.to_owned()], parent: Some(draw.to_owned()), ..CaseFilter::default() }
}
