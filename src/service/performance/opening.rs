//! The opening of tasks: for everybody seated, both sides, once for a package; by hand after an
//! unsealing, or by itself after a day.

use super::of_package;
use crate::codec::Object;
use crate::draw::seats::Seated;
use crate::registry::Package;
use crate::registry::lifecycle::Party;
use crate::registry::performance::{EVALUATION, Side};
use crate::service::Service;
use crate::service::actor::{Action, Actor, Role};
use crate::service::archive::SeatedCard;
use crate::service::case_body::{CaseLine, end_of};
use crate::service::cases::{Case, NewCase};
use crate::service::changes::Changes;
use crate::service::draws::state;
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::{Kind, Refusal};
use crate::store::{self, StoreError};
use crate::time::{Calendar, Date, OutsideCalendar, Timestamp};

impl Service {
    /// Opens the tasks of a package after its draw was unsealed; `by` says whether the agency or the
    /// purchaser evaluates (art 21 names either).
    pub fn open_evaluations(
        &self,
        actor: &Actor,
        package: &str,
        by: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<Vec<CaseLine>, Refusal> {
        actor.check(Action::Evaluate)?;
        self.once(
            actor,
            key,
            |id| self.tasks_of_package(id),
            || {
                let facts = self.own_package(actor, package)?;
                if !matches!(by, "agency" | "purchaser") {
                    let (zh, en) = ("应为 agency 或 purchaser", "must be agency or purchaser");
                    return Err(Refusal::field("by", by, "side", zh, en));
                }
                let draw = self.unsealed_draw(package)?;
                if !self.tasks_of_package(package)?.is_empty() {
                    return Err(opened_already());
                }
                // A due day that cannot be known is refused before anybody is looked at.
                self.task_times(&draw)?;
                self.record_look(actor, "panel", &draw, "履职评价任务")?;
                let changes = Changes::once(self.idempotency_row(actor, key, package, 201));
                let cases = self.evaluation_cases(actor, &actor.parties(), package, &facts, by, &draw)?;
                self.write_tasks(changes, package, &cases)?;
                let mut lines: Vec<CaseLine> = cases.iter().map(CaseLine::from).collect();
                lines.sort_by(|a, b| a.id.cmp(&b.id));
                Ok(lines)
            },
        )
    }

    /// Opens the tasks of a package whose draw was unsealed after a day, by themselves: the agency evaluates
    /// (art 21 names it or the purchaser). `false` if they are open already.
    pub(in crate::service) fn open_evaluations_by_themselves(
        &self,
        package: &str,
        draw: &str,
    ) -> Result<bool, Refusal> {
        if !self.tasks_of_package(package)?.is_empty() {
            return Ok(false);
        }
        let itself = Actor::of_service();
        let (_, facts) = self.package_record(&itself, package)?;
        let cases = self.evaluation_cases(&itself, &[Party::Clock], package, &facts, "agency", draw)?;
        self.write_tasks(Changes::default(), package, &cases)?;
        Ok(true)
    }

    /// Writes the tasks of a package. Of two who open at once the second finds more tasks than it made,
    /// and nothing of it stays.
    fn write_tasks(&self, mut changes: Changes, package: &str, cases: &[Case]) -> Result<(), Refusal> {
        for case in cases {
            changes = changes.case(self.case_change(case)?);
        }
        let (filter, made) = (of_package(package), cases.len() as u64);
        let changes = changes.part(move |tx| match store::case::count(tx, &filter)? {
            count if count == made => Ok(()),
            _ => Err(StoreError::Conflict("evaluations of this package".into())),
        });
        self.write_changes("open evaluations", changes)
    }

    /// Both sides' tasks for everybody seated; the look is the caller's to record.
    fn evaluation_cases(
        &self,
        actor: &Actor,
        parties: &[Party],
        package: &str,
        facts: &Package,
        by: &str,
        draw: &str,
    ) -> Result<Vec<Case>, Refusal> {
        let unit = if by == "purchaser" { facts.purchaser() } else { facts.agency() };
        let (review, times) = self.task_times(draw)?;
        let mut cases = Vec::new();
        for (seat, expert) in self.unsealed_members(actor, draw)? {
            // Somebody who was erased meanwhile neither evaluates nor is evaluated.
            if expert.phone.is_none() {
                continue;
            }
            let summary = self.summary(&expert.number)?;
            let number = expert.number.as_str();
            for (side, owner) in [(Side::Unit, unit.code.as_str()), (Side::Expert, number)] {
                let (due, closes) = if side == Side::Unit { times.unit } else { times.expert };
                let body = Object::new()
                    .with("side", side.name())
                    .with("package", package)
                    .with("plan_no", facts.plan_no().as_str())
                    .with("package_no", facts.package_no().as_str())
                    .with("draw", draw)
                    .with("position", seat.position)
                    .with("name", expert.name.as_str())
                    .with("unit", unit.code.as_str())
                    .with("unit_name", unit.name.as_str())
                    .with("by", by)
                    .with("review_day", review.to_string())
                    .with("due_day", due.to_string())
                    .with("closes_day", closes.to_string());
                let new = NewCase {
                    lifecycle: &EVALUATION,
                    letter: 'V',
                    subject: Some(number),
                    region: Some(&summary.region),
                    parent: Some(package),
                    owner: Some(owner),
                    due: Some(end_of(due)),
                    body: body.into(),
                    sealed_for: Some(number),
                };
                cases.push(self.begin_case(actor, parties, "open", new)?);
            }
        }
        Ok(cases)
    }

    /// Members of an unsealed draw that this account may know: the bureau, the draw's own agency, the
    /// package's own purchaser. The look is the caller's to record.
    pub(in crate::service) fn unsealed_members(
        &self,
        actor: &Actor,
        draw: &str,
    ) -> Result<Vec<(Seated, SeatedCard)>, Refusal> {
        let row = self.draw_row(actor, draw)?;
        if actor.role == Role::Purchaser {
            self.own_package(actor, &row.package)?;
        }
        if row.state != state::UNSEALED {
            return Err(not_unsealed());
        }
        self.store.read(|conn| {
            let committed = self.archive().committed(conn, draw)?;
            self.archive().members(conn, &committed)
        })
    }

    fn unsealed_draw(&self, package: &str) -> Result<String, Refusal> {
        let draws = self.store.read(|conn| store::draw::of_package(conn, package))?;
        draws
            .into_iter()
            .find(|draw| draw.state == state::UNSEALED)
            .map(|draw| draw.id)
            .ok_or_else(not_unsealed)
    }

    /// Day of the review, and for each side the last day and the day on which the task lapses.
    fn task_times(&self, draw: &str) -> Result<(Date, Times), Refusal> {
        let start = self.store.read(|conn| {
            let committed = self.archive().committed(conn, draw)?;
            Ok::<_, Refusal>(committed.record.header.request.review_start)
        })?;
        let review = Date::of(Timestamp(start));
        let rules = &self.registry_profile().performance;
        let calendar = Calendar::embedded();
        let side = |days: u32| {
            let due = calendar.working_days_after(review, days).map_err(|error| outside(&error))?;
            let closes = calendar.working_days_after(due, rules.grace_working_days.value);
            Ok::<_, Refusal>((due, closes.map_err(|error| outside(&error))?))
        };
        let times = Times {
            unit: side(rules.unit_working_days.value)?,
            expert: side(rules.expert_working_days.value)?,
        };
        Ok((review, times))
    }
}

struct Times {
    unit: (Date, Date),
    expert: (Date, Date),
}

fn not_unsealed() -> Refusal {
    let en = "the package has no draw that was unsealed";
    Refusal::new(Kind::Conflict, "wrong_state", "抽取结果尚未公开", en)
}

fn opened_already() -> Refusal {
    let en = "the evaluations of this package were opened already";
    Refusal::new(Kind::Conflict, "opened_already", "本包的履职评价已经发起", en)
}

fn outside(error: &OutsideCalendar) -> Refusal {
    Refusal::new(Kind::Conflict, "calendar_not_covered", error.message_zh(), error.to_string())
}
